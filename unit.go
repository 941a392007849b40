package bihuan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sort"
	"strings"

	"bihuan.dev/bihuan/internal/db"
)

// Unit is a place in the tree of units: a city, a town, a village, an enterprise.
type Unit struct {
	Code   string
	Parent string // empty: a root
	Name   string
	Level  string // county, town, village, enterprise: a free word
	Depth  int    // 0: a root
}

// UnitRow is a unit as a file gives it.
type UnitRow struct {
	Row                       int // in the file, from 1 with the header as row 1
	Code, Parent, Name, Level string
}

// UnitQuery selects units by name, pinyin or code.
type UnitQuery struct {
	Search string
	Within string // and below; empty: anywhere
	Page
}

const selectUnit = `SELECT u.code, COALESCE(u.parent, ''), u.name, u.level,
	(SELECT count(*) - 1 FROM unit_within w WHERE w.unit = u.code) FROM unit u `

// Unit gives a unit by its code. Units are no secret.
func (s *Site) Unit(ctx context.Context, code string) (Unit, error) {
	units, err := s.units(ctx, selectUnit+"WHERE u.code = $1", code)
	if err == nil && len(units) == 0 {
		return Unit{}, notFound("该单位", "unit")
	}
	if err != nil {
		return Unit{}, fmt.Errorf("unit %s: %w", code, err)
	}
	return units[0], nil
}

// Path gives a unit and those above it, the root first.
func (s *Site) Path(ctx context.Context, code string) ([]Unit, error) {
	units, err := s.units(ctx, selectUnit+`JOIN unit_within up ON up.within = u.code WHERE up.unit = $1 ORDER BY up.depth DESC`, code)
	if err == nil && len(units) == 0 {
		return nil, notFound("该单位", "unit")
	}
	return units, err
}

// Children gives the units right below one, by name; with an empty code, the roots.
func (s *Site) Children(ctx context.Context, code string) ([]Unit, error) {
	if code == "" {
		return s.units(ctx, selectUnit+`WHERE u.parent IS NULL ORDER BY u.sort`)
	}
	return s.units(ctx, selectUnit+`WHERE u.parent = $1 ORDER BY u.sort`, code)
}

// Units finds units, by name, and tells how many there are in all.
func (s *Site) Units(ctx context.Context, q UnitQuery) ([]Unit, int, error) {
	where, args := []string{"1 = 1"}, []any{}
	if q.Within != "" {
		args = append(args, q.Within)
		where = append(where, "u.code IN (SELECT unit FROM unit_within WHERE within = $1)")
	}
	for _, w := range searchWords(q.Search) {
		args = append(args, w)
		where = append(where, fmt.Sprintf(`u.terms LIKE $%d ESCAPE '\'`, len(args)))
	}
	condition := "WHERE " + strings.Join(where, " AND ")
	var total int
	var units []Unit
	limit, offset := q.clip()
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if err := tx.Row(ctx, "SELECT count(*) FROM unit u "+condition, args, &total); err != nil {
			return err
		}
		units, err = unitsIn(ctx, tx, fmt.Sprintf("%s%s ORDER BY u.sort, u.code LIMIT %d OFFSET %d", selectUnit, condition, limit, offset), args...)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("find units: %w", err)
	}
	return units, total, nil
}

func (s *Site) units(ctx context.Context, query string, args ...any) (units []Unit, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error { units, err = unitsIn(ctx, tx, query, args...); return err })
	return units, err
}

func unitsIn(ctx context.Context, tx *db.Tx, query string, args ...any) ([]Unit, error) {
	var units []Unit
	err := tx.Each(ctx, query, args, func(scan func(...any) error) error {
		var u Unit
		if err := scan(&u.Code, &u.Parent, &u.Name, &u.Level, &u.Depth); err != nil {
			return err
		}
		units = append(units, u)
		return nil
	})
	return units, err
}

// ImportUnits adds units and changes those that are there. Parents may come later in the file than their children. An
// administrator may add and change units below those he administers; only the system makes roots.
func (s *Site) ImportUnits(ctx context.Context, a Actor, rows []UnitRow, opt Import) (Imported, error) {
	if a.Visitor() {
		return Imported{}, signInFirst()
	}
	var done Imported
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		// Two imports at once could close a circle that neither of them sees.
		if _, err := tx.Exec(ctx, "UPDATE site_lock SET rev = rev + 1 WHERE name = 'units'"); err != nil {
			return err
		}
		t, err := loadTree(ctx, tx)
		if err != nil {
			return err
		}
		bad := badRows(opt)
		t.plan(rows, bad, t.mayArrange(a))
		if done, err = bad.judge(len(rows), opt); err != nil {
			return err
		}
		done.Stored = len(t.added) + len(t.changed)
		done.Unchanged = done.Rows - done.Stored - len(bad)
		return t.store(ctx, tx)
	})
	if err != nil {
		return Imported{}, fmt.Errorf("import units: %w", err)
	}
	s.wroteMany(ctx, done.Stored, "unit", "unit_within")
	return done, nil
}

// tree is the whole tree of units while it is being changed.
type tree struct {
	units   map[string]Unit
	added   map[string]bool
	changed map[string]bool // name, level or parent
	moved   map[string]bool // parent
}

func loadTree(ctx context.Context, tx *db.Tx) (*tree, error) {
	units, err := unitsIn(ctx, tx, "SELECT code, COALESCE(parent, ''), name, level, 0 FROM unit")
	if err != nil {
		return nil, err
	}
	t := &tree{map[string]Unit{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, u := range units {
		t.units[u.Code] = u
	}
	return t, nil
}

// mayArrange tells whether the actor may change a unit and what is below it; "" stands for the roots.
func (t *tree) mayArrange(a Actor) func(code string) bool {
	admin := map[string]bool{}
	for _, g := range a.Grants {
		if g.Programme == "" && g.Role == Admin {
			admin[g.Unit] = true
		}
	}
	return func(code string) bool {
		for range len(t.units) + 1 {
			if a.system || admin[code] {
				return true
			}
			if code == "" {
				return false
			}
			code = t.units[code].Parent
		}
		return false
	}
}

// plan puts the good rows into the tree and notes the mistakes of the others. A row that stands on a bad row is bad itself.
func (t *tree) plan(rows []UnitRow, bad rowMistakes, mayUnder func(string) bool) {
	byCode := map[string]UnitRow{}
	for _, r := range rows {
		if bad[r.Row] != nil {
			continue
		}
		check := func(field, s string, most int, required bool) string {
			s, wrong := cleanText(field, s, most, required)
			bad.fields(r.Row, wrong)
			return s
		}
		r.Code, r.Parent = check("code", r.Code, 64, true), check("parent", r.Parent, 64, false)
		r.Name, r.Level = check("name", r.Name, mostName, true), check("level", r.Level, 64, false)
		if bad[r.Row] != nil {
			continue
		}
		if first, twice := byCode[r.Code]; twice {
			bad.add(r.Row, "code", "代码{0}与第{1}行重复", "code {0} stands in row {1} already", r.Code, first.Row)
			continue
		}
		byCode[r.Code] = r
	}
	var good []UnitRow
	for dropped := true; dropped; { // until no row stands on one that was dropped
		dropped, good = false, good[:0]
		for _, r := range rows {
			r, ok := byCode[strings.TrimSpace(r.Code)]
			if !ok || bad[r.Row] != nil {
				continue
			}
			if zh, en := t.wrongPlace(r, byCode, mayUnder); zh != "" {
				bad.add(r.Row, "parent", zh, en, r.Parent)
				delete(byCode, r.Code)
				dropped = true
				continue
			}
			good = append(good, r)
		}
	}
	for _, r := range good {
		u := Unit{Code: r.Code, Parent: r.Parent, Name: r.Name, Level: r.Level}
		old, exists := t.units[r.Code]
		switch {
		case !exists:
			t.added[r.Code] = true
		case old != u:
			t.changed[r.Code] = true
			t.moved[r.Code] = old.Parent != u.Parent
		}
		t.units[r.Code] = u
	}
}

// wrongPlace says what is wrong with where a row puts its unit, given the other rows; {0} is the unit above it.
func (t *tree) wrongPlace(r UnitRow, file map[string]UnitRow, mayUnder func(string) bool) (zh, en string) {
	allowed := mayUnder("")
	for up, steps := r.Parent, 0; up != ""; steps++ {
		above, stored := t.units[up]
		parent := above.Parent
		if f, ok := file[up]; ok {
			parent = f.Parent
		} else if !stored && up == r.Parent {
			return "没有上级单位{0}，或其所在的行有误", "there is no unit {0} above it, or its row has mistakes"
		} else if !stored {
			return "上级单位{0}所在的行有误", "the row of the unit {0} above it has mistakes"
		}
		if steps > len(file)+len(t.units) {
			return "", "" // a circle of others: once their rows are dropped, this one is looked at again
		}
		if up == r.Code {
			return "上级单位{0}又在它之下，成了环", "the unit {0} above it is also below it: a circle"
		}
		allowed = allowed || stored && mayUnder(up)
		up = parent
	}
	if old, exists := t.units[r.Code]; exists {
		allowed = mayUnder(r.Code) && (old.Parent == r.Parent || allowed && mayUnder(old.Parent))
	}
	if !allowed {
		return "您不管理该单位的上级，不能设置", "you do not administer the unit above it"
	}
	return "", ""
}

// above gives the units over one and itself, nearest first.
func (t *tree) above(code string) []string {
	var up []string
	for ; code != ""; code = t.units[code].Parent {
		up = append(up, code)
	}
	return up
}

func (t *tree) store(ctx context.Context, tx *db.Tx) error {
	var added, within [][]any
	var rebuilt []string
	for code, u := range t.units {
		up := t.above(code)
		if t.added[code] {
			added = append(added, []any{code, nullable(u.Parent), u.Name, u.Level, searchTerms(u.Name, code), sortKey(u.Name)})
		}
		fresh := t.added[code]
		for _, c := range up {
			fresh = fresh || t.moved[c]
		}
		if fresh {
			rebuilt = append(rebuilt, code)
			for depth, c := range up {
				within = append(within, []any{code, c, depth})
			}
		}
	}
	sort.Slice(added, func(i, j int) bool { // what others refer to goes in first
		di, dj := len(t.above(added[i][0].(string))), len(t.above(added[j][0].(string)))
		return di < dj || di == dj && added[i][0].(string) < added[j][0].(string)
	})
	if err := tx.Insert(ctx, "unit (code, parent, name, level, terms, sort)", added, ""); err != nil {
		return err
	}
	for code := range t.changed {
		u := t.units[code]
		if _, err := tx.Exec(ctx, "UPDATE unit SET parent = $2, name = $3, level = $4, terms = $5, sort = $6 WHERE code = $1",
			code, nullable(u.Parent), u.Name, u.Level, searchTerms(u.Name, code), sortKey(u.Name)); err != nil {
			return err
		}
	}
	if err := db.Chunks(rebuilt, func(codes []string) error {
		_, err := tx.Exec(ctx, "DELETE FROM unit_within WHERE unit IN ("+db.In(len(codes), 1)+")", db.Args(codes)...)
		return err
	}); err != nil {
		return err
	}
	return tx.Insert(ctx, "unit_within (unit, within, depth)", within, "")
}

// nullable keeps an empty text as NULL, where a foreign key has to point at nothing.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// unitExists refuses a unit that does not exist.
func unitExists(ctx context.Context, tx *db.Tx, code string) error {
	var one int
	err := tx.Row(ctx, "SELECT 1 FROM unit WHERE code = $1", []any{code}, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return refuse(Invalid, "没有单位{0}", "there is no unit {0}", code)
	}
	return err
}
