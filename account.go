package bihuan

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Actor is who acts, with what he has been granted. The zero Actor is a visitor.
type Actor struct {
	ID, Login, Name string
	Lang            programme.Lang
	Grants          []Grant
	Stamp           string // changes with the password; a session that kept another stamp is over

	system bool
}

// Grant is a role at a unit; it holds for everything below the unit.
// The programme "" and the role Admin administer the unit itself: units, accounts, imports.
type Grant struct{ Programme, Role, Unit string }

// Admin is the role of administrators, granted with the programme "".
const Admin = "admin"

// System is the product acting by itself: the demo, the command line, jobs. It may do everything.
func System() Actor {
	return Actor{ID: "system", Login: "system", Name: "闭环", Lang: programme.Zh, system: true}
}

// Visitor reports whether nobody has signed in.
func (a Actor) Visitor() bool { return a.ID == "" }

// Account is what an administrator sees of somebody's account.
type Account struct {
	ID, Login, Name string
	Lang            programme.Lang
	Grants          []Grant
	CreatedAt       time.Time
	Disabled        bool
	Locked          bool // for a quarter of an hour, after five wrong passwords
}

// NewAccount is an account to be created. An empty password makes an account that cannot sign in with one.
type NewAccount struct {
	Login, Name, Password string
	Lang                  programme.Lang // empty: Zh
	Grants                []Grant
}

// AccountQuery selects accounts by name or login, and by where they hold grants.
type AccountQuery struct {
	Search string
	Unit   string // and below; empty: wherever the actor administers
	ID     string // only this one
	Page
}

// AccountPage is a part of the list of accounts, and how many there are in all.
type AccountPage struct {
	Accounts []Account
	Total    int
}

// CreateAccount makes an account. An administrator gives it at least one grant, within what he administers.
func (s *Site) CreateAccount(ctx context.Context, a Actor, n NewAccount) (Account, error) {
	if a.Visitor() {
		return Account{}, signInFirst()
	}
	login, wrong := cleanLogin(n.Login)
	name, w := cleanText("name", n.Name, 100, true)
	wrong = append(wrong, w...)
	if n.Password != "" {
		wrong = append(wrong, weakPassword("password", n.Password, login, name)...)
	}
	if n.Lang = cmp.Or(n.Lang, programme.Zh); n.Lang != programme.Zh && n.Lang != programme.En {
		wrong = append(wrong, wrongField("lang", "没有语言{0}", "there is no language {0}", string(n.Lang)))
	}
	if len(n.Grants) == 0 && !a.system {
		wrong = append(wrong, wrongField("grants", "至少要授予一项权限", "at least one grant is needed"))
	}
	if err := wrongFields(wrong); err != nil {
		return Account{}, err
	}
	password := ""
	if n.Password != "" {
		var err error
		if password, err = s.hashPassword(ctx, n.Password); err != nil {
			return Account{}, err
		}
	}
	now := s.Now()
	made := Account{ID: newID(), Login: login, Name: name, Lang: n.Lang, CreatedAt: now}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		made.Grants = nil
		added, err := tx.Exec(ctx, `INSERT INTO account (id, login, name, terms, sort, password, lang, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (login) DO NOTHING`,
			made.ID, login, name, searchTerms(name, login), sortKey(name), password, string(n.Lang), now.UnixMicro())
		if err == nil && added == 0 {
			return refuse(Conflict, "账号{0}已存在", "the login {0} is taken", login)
		}
		for _, g := range n.Grants {
			if err == nil {
				err = s.grant(ctx, tx, a, made.ID, g)
			}
			made.Grants = append(made.Grants, g)
		}
		return err
	})
	if err != nil {
		return Account{}, fmt.Errorf("create account %s: %w", login, err)
	}
	return made, nil
}

func cleanLogin(s string) (string, []programme.FieldError) {
	s, wrong := cleanText("login", strings.ToLower(s), 64, true)
	if wrong == nil && strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@+", r)
	}) {
		wrong = append(wrong, wrongField("login", "账号只能用字母、汉字、数字和 . _ - @ +", "a login is made of letters, digits and . _ - @ +"))
	}
	return s, wrong
}

// ChangePassword changes the actor's own password; it needs the old one. All sessions of the account end, by their Stamp.
func (s *Site) ChangePassword(ctx context.Context, a Actor, old, new string) error {
	if a.Visitor() || a.system {
		return signInFirst()
	}
	if a.Voice() {
		return needsAccount()
	}
	var stored string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Row(ctx, "SELECT password FROM account WHERE id = $1 AND disabled_at IS NULL", []any{a.ID}, &stored)
	})
	if err != nil {
		return fmt.Errorf("change password of %s: %w", a.ID, err)
	}
	if err := s.tryPassword(ctx, a.Login, old, stored); err != nil {
		if k, _ := KindOf(err); k == Unauthenticated {
			return wrongFields([]programme.FieldError{wrongField("old", "原密码不对", "the old password is wrong")})
		}
		return err
	}
	wrong := weakPassword("new", new, a.Login, a.Name)
	if new == old {
		wrong = append(wrong, wrongField("new", "新密码与原密码相同", "the new password is the old one"))
	}
	if err := wrongFields(wrong); err != nil {
		return err
	}
	return s.storePassword(ctx, a.ID, new, func(*db.Tx) error { return nil })
}

// SetPassword gives somebody else a new password, and lifts a lock. It needs an administrator of all units where the
// account holds grants.
func (s *Site) SetPassword(ctx context.Context, a Actor, accountID, new string) error {
	if a.Visitor() {
		return signInFirst()
	}
	var login, name string
	if err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := s.administersAccount(ctx, tx, a, accountID); err != nil {
			return err
		}
		return tx.Row(ctx, "SELECT login, name FROM account WHERE id = $1", []any{accountID}, &login, &name)
	}); err != nil {
		return fmt.Errorf("set password of %s: %w", accountID, err)
	}
	if err := wrongFields(weakPassword("new", new, login, name)); err != nil {
		return err
	}
	return s.storePassword(ctx, accountID, new, func(tx *db.Tx) error {
		if err := s.administersAccount(ctx, tx, a, accountID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM sign_in_failure WHERE login = $1", sha256Hex(login))
		return err
	})
}

func (s *Site) storePassword(ctx context.Context, id, password string, alsoWhile func(*db.Tx) error) error {
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := alsoWhile(tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE account SET password = $2, rev = rev + 1 WHERE id = $1", id, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("store password of %s: %w", id, err)
	}
	return nil
}

// SetLang keeps the language that the actor reads. That of a voice is kept by its session.
func (s *Site) SetLang(ctx context.Context, a Actor, lang programme.Lang) error {
	if a.Visitor() {
		return signInFirst()
	}
	if lang != programme.Zh && lang != programme.En {
		return wrongFields([]programme.FieldError{wrongField("lang", "没有语言{0}", "there is no language {0}", string(lang))})
	}
	if a.Voice() {
		return nil
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE account SET lang = $2 WHERE id = $1", a.ID, string(lang))
		return err
	})
}

// Disable keeps an account from signing in and acting, or lets it again. What it filed stays.
func (s *Site) Disable(ctx context.Context, a Actor, accountID string, disabled bool) error {
	if a.ID == accountID && !a.Visitor() {
		return refuse(Invalid, "不能停用自己的账号", "you cannot disable your own account")
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.administersAccount(ctx, tx, a, accountID); err != nil {
			return err
		}
		var at any
		if disabled {
			at = s.Now().UnixMicro()
		}
		_, err := tx.Exec(ctx, "UPDATE account SET disabled_at = $2, rev = rev + 1 WHERE id = $1", accountID, at)
		return err
	})
}

// AddGrant grants a role; the actor administers the unit.
func (s *Site) AddGrant(ctx context.Context, a Actor, accountID string, g Grant) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		var one int
		err := tx.Row(ctx, "SELECT 1 FROM account WHERE id = $1", []any{accountID}, &one)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("该账号", "account")
		} else if err != nil {
			return err
		}
		return s.grant(ctx, tx, a, accountID, g)
	})
}

// RemoveGrant takes a role away; the actor administers the unit.
func (s *Site) RemoveGrant(ctx context.Context, a Actor, accountID string, g Grant) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := administers(ctx, tx, a, g.Unit); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "DELETE FROM account_grant WHERE account_id = $1 AND programme = $2 AND role = $3 AND unit = $4",
			accountID, g.Programme, g.Role, g.Unit)
		if err == nil && n == 0 {
			return notFound("该授权", "grant")
		}
		return err
	})
}

func (s *Site) grant(ctx context.Context, tx *db.Tx, a Actor, accountID string, g Grant) error {
	if err := unitExists(ctx, tx, g.Unit); err != nil {
		return err
	}
	if err := administers(ctx, tx, a, g.Unit); err != nil {
		return err
	}
	if g.Programme != "" {
		run, err := s.runningIn(ctx, tx, g.Programme)
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(run.Roles, func(r programme.Role) bool { return r.Name == g.Role }) ||
			slices.ContainsFunc(run.Parties, func(p programme.Party) bool { return p.Role == g.Role })
		if !known {
			return refuse(Invalid, "方案{0}中没有角色{1}", "the programme {0} has no role {1}", g.Programme, g.Role)
		}
	} else if g.Role != Admin {
		return refuse(Invalid, "角色{0}要注明方案", "the role {0} needs its programme", g.Role)
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_grant (account_id, programme, role, unit, granted_by, granted_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, programme, role, unit) DO NOTHING`,
		accountID, g.Programme, g.Role, g.Unit, a.ID, s.Now().UnixMicro())
	return err
}

// administers refuses one who is no administrator at the unit or above it.
func administers(ctx context.Context, tx *db.Tx, a Actor, unit string) error {
	if a.Visitor() {
		return signInFirst()
	}
	h, err := heldAt(ctx, tx, a, "", unit)
	if err == nil && !h.admin {
		return mayNot()
	}
	return err
}

// administersAll refuses one who does not administer every root of the tree.
func administersAll(ctx context.Context, tx *db.Tx, a Actor) error {
	if a.system {
		return nil
	}
	if a.Visitor() {
		return signInFirst()
	}
	roots, err := unitsIn(ctx, tx, selectUnit+"WHERE u.parent IS NULL")
	if err != nil {
		return err
	}
	for _, r := range roots {
		if !slices.Contains(a.Grants, Grant{"", Admin, r.Code}) {
			return mayNot()
		}
	}
	return nil
}

// administersAccount refuses one who does not administer every unit where the account holds a grant: an administrator of
// a town must not take over the account of one of the county.
func (s *Site) administersAccount(ctx context.Context, tx *db.Tx, a Actor, accountID string) error {
	if a.Visitor() {
		return signInFirst()
	}
	var one int
	err := tx.Row(ctx, "SELECT 1 FROM account WHERE id = $1", []any{accountID}, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound("该账号", "account")
	}
	if err != nil || a.system {
		return err
	}
	grants, err := grantsOf(ctx, tx, []string{accountID})
	if err != nil {
		return err
	}
	if len(grants[accountID]) == 0 {
		return administersAll(ctx, tx, a)
	}
	for _, g := range grants[accountID] {
		if err := administers(ctx, tx, a, g.Unit); err != nil {
			return err
		}
	}
	return nil
}

func grantsOf(ctx context.Context, tx *db.Tx, accounts []string) (map[string][]Grant, error) {
	out := map[string][]Grant{}
	err := db.Chunks(accounts, func(ids []string) error {
		return tx.Each(ctx, "SELECT account_id, programme, role, unit FROM account_grant WHERE account_id IN ("+db.In(len(ids), 1)+
			") ORDER BY account_id, programme, role, unit", db.Args(ids), func(scan func(...any) error) error {
			var id string
			var g Grant
			if err := scan(&id, &g.Programme, &g.Role, &g.Unit); err != nil {
				return err
			}
			out[id] = append(out[id], g)
			return nil
		})
	})
	return out, err
}

// Accounts lists accounts that hold a grant within what the actor administers, by name; the system sees all.
func (s *Site) Accounts(ctx context.Context, a Actor, q AccountQuery) (AccountPage, error) {
	if a.Visitor() {
		return AccountPage{}, signInFirst()
	}
	var within []string
	for _, g := range a.Grants {
		if g.Programme == "" && g.Role == Admin {
			within = append(within, g.Unit)
		}
	}
	if len(within) == 0 && !a.system {
		return AccountPage{}, mayNot()
	}
	where, args := []string{"1 = 1"}, []any{}
	in := func(units []string) {
		where = append(where, "a.id IN (SELECT g.account_id FROM account_grant g JOIN unit_within w ON w.unit = g.unit WHERE w.within IN ("+
			db.In(len(units), len(args)+1)+"))")
		args = append(args, db.Args(units)...)
	}
	if !a.system {
		in(within)
	}
	if q.Unit != "" {
		in([]string{q.Unit})
	}
	if q.ID != "" {
		args = append(args, q.ID)
		where = append(where, fmt.Sprintf("a.id = $%d", len(args)))
	}
	for _, w := range searchWords(q.Search) {
		args = append(args, w)
		where = append(where, fmt.Sprintf(`a.terms LIKE $%d ESCAPE '\'`, len(args)))
	}
	from := "FROM account a WHERE " + strings.Join(where, " AND ")
	limit, offset := q.clip()
	var out AccountPage
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Row(ctx, "SELECT count(*) "+from, args, &out.Total); err != nil {
			return err
		}
		var ids, hashes []string
		err := tx.Each(ctx, fmt.Sprintf("SELECT a.id, a.login, a.name, a.lang, a.created_at, a.disabled_at IS NOT NULL %s ORDER BY a.sort, a.id LIMIT %d OFFSET %d",
			from, limit, offset), args, func(scan func(...any) error) error {
			var x Account
			var created int64
			if err := scan(&x.ID, &x.Login, &x.Name, &x.Lang, &created, &x.Disabled); err != nil {
				return err
			}
			x.CreatedAt = s.moment(created)
			out.Accounts = append(out.Accounts, x)
			ids, hashes = append(ids, x.ID), append(hashes, sha256Hex(x.Login))
			return nil
		})
		if err != nil {
			return err
		}
		grants, err := grantsOf(ctx, tx, ids)
		if err != nil {
			return err
		}
		locked := map[string]bool{}
		err = tx.Each(ctx, "SELECT login FROM sign_in_failure WHERE locked_until > $1 AND login IN ("+db.In(len(hashes), 2)+")",
			db.Args(hashes, any(s.Now().UnixMicro())), func(scan func(...any) error) error {
				var h string
				err := scan(&h)
				locked[h] = true
				return err
			})
		for i := range out.Accounts {
			out.Accounts[i].Grants, out.Accounts[i].Locked = grants[ids[i]], locked[hashes[i]]
		}
		return err
	})
	if err != nil {
		return AccountPage{}, fmt.Errorf("list accounts: %w", err)
	}
	return out, nil
}
