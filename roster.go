package bihuan

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/width"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// A roster lists those without an account who may speak for a role at a subject: one voice each, with a one-time code that is handed
// to them on paper. It is kept by the subject's own officers (the programme's first party there), by the later parties and by
// administrators. It tells whether a code was used, and never what anybody said.
//
// The subject's own officers may give a new code only to those who have not spoken yet: with somebody's new code one sees what he
// raised, and officers must not find out who raised what.

// Person is one of a roster, on his way into it.
type Person struct {
	Row          int    // in the file, from 1 with the header as row 1
	Name, Number string // Number: a staff number; may be empty
}

// Slip is what is handed to somebody: his code, shown this once.
type Slip struct{ Voice, Name, Number, Code string }

// Rostered is what came of an upload: a slip for everybody who is new, and how many were on the roster before.
type Rostered struct {
	Slips []Slip
	Known int
}

// RosterVoice is one of a roster.
type RosterVoice struct {
	ID, Name, Number string
	Used             bool // has come in with a code
	Waits            bool // has a code that was not used yet
}

// Roster is the list of those who may speak for a role at a subject.
type Roster struct {
	Subject Subject
	Role    string
	Voices  []RosterVoice // those of the page asked for, by name
	Total   int
	Used    int    // of all
	Link    string // the last part of the roster's link; empty: there is none
	Above   bool   // the actor may give new codes to those who have spoken
}

const mostRostered = 5000 // people in one upload

// VoiceRoles lists the roles that voices may have: those that are no party's.
func (r *Running) VoiceRoles() []programme.Role {
	var out []programme.Role
	for _, x := range r.Roles {
		if !isPartyRole(r, x.Name) {
			out = append(out, x)
		}
	}
	return out
}

// cleanPerson takes the full-width letters and the spaces out of a name or number that people put in when they type it.
func cleanPerson(s string) string { return strings.Join(strings.Fields(width.Fold.String(s)), " ") }

// AddVoices takes people into the roster of a role at a subject and gives each who is new a one-time code. Who is on it already is
// counted and left alone. When anything is wrong nobody is taken in, and all mistakes come back by row.
func (s *Site) AddVoices(ctx context.Context, a Actor, subjectID, role string, people []Person) (Rostered, error) {
	if a.Visitor() {
		return Rostered{}, signInFirst()
	}
	people, err := checkPeople(people)
	if err != nil {
		return Rostered{}, err
	}
	var out Rostered
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		out = Rostered{}
		k, err := s.keepRoster(ctx, tx, a, subjectID, role)
		if err != nil {
			return err
		}
		known := map[[2]string]bool{}
		err = tx.Each(ctx, "SELECT name, number FROM voice WHERE roster = $1 AND revoked_at IS NULL", []any{k.id}, func(scan func(...any) error) error {
			var p [2]string
			err := scan(&p[0], &p[1])
			known[p] = true
			return err
		})
		if err != nil {
			return err
		}
		var rows [][]any
		now := s.Now().UnixMicro()
		for _, p := range people {
			if known[[2]string{p.Name, p.Number}] {
				out.Known++
				continue
			}
			slip := Slip{voicePrefix + newID(), p.Name, p.Number, oneTimeCode()}
			rows = append(rows, []any{slip.Voice, k.run.Name, role, k.sub.Unit, k.id, p.Name, p.Number, codeHash(slip.Code), newID(), now, a.ID})
			out.Slips = append(out.Slips, slip)
		}
		return tx.Insert(ctx, "voice (id, programme, role, unit, roster, name, number, code_hash, stamp, created_at, created_by)", rows, "")
	})
	if err != nil {
		return Rostered{}, fmt.Errorf("add %d voices at %s: %w", len(people), subjectID, err)
	}
	return out, nil
}

// checkPeople cleans names and numbers and refuses what cannot be told apart.
func checkPeople(people []Person) ([]Person, error) {
	if len(people) == 0 {
		return nil, refuse(Invalid, "名册是空的", "the roster is empty")
	}
	if len(people) > mostRostered {
		return nil, refuse(TooLarge, "一次最多{0}人", "at most {0} people at a time", mostRostered)
	}
	var wrong []RowError
	first := map[[2]string]int{}
	out := make([]Person, 0, len(people))
	for i, p := range people {
		p.Row = cmp.Or(p.Row, i+1)
		at := len(wrong)
		for _, x := range []struct {
			field string
			value *string
			need  bool
		}{{"name", &p.Name, true}, {"number", &p.Number, false}} {
			text, errs := cleanText(x.field, cleanPerson(*x.value), 60, x.need)
			*x.value = text
			for _, e := range errs {
				wrong = append(wrong, RowError{p.Row, e.Field, e.Message})
			}
			if strings.ContainsAny(text, ",;、") { // folded: the full-width ones are among them
				wrong = append(wrong, RowError{p.Row, x.field, programme.T("一行只写一个人的姓名和编号：多了“{0}”", "a row holds one name and one number: “{0}” is more").Fill(text)})
			}
		}
		if len(wrong) > at {
			continue
		}
		key := [2]string{p.Name, p.Number}
		if n, twice := first[key]; twice {
			wrong = append(wrong, RowError{p.Row, "name", programme.T("与第{0}行是同一个人；同名的请填编号", "the same as row {0}; give namesakes a number").Fill(n)})
			continue
		}
		first[key] = p.Row
		out = append(out, p)
	}
	if len(wrong) > 0 {
		return nil, &Error{Kind: Invalid, Text: programme.T("名册中有{0}行有误，没有录入任何人", "Wrong rows in the roster: {0}. Nobody was taken in").Fill(len(wrong)), Rows: wrong}
	}
	return out, nil
}

// kept is a roster that is held by one who may keep it.
type kept struct {
	id, link string
	run      *Running
	sub      Subject
	at       held
}

// keepRoster holds the roster of a role at a subject, made when there is none, for those who may keep it.
func (s *Site) keepRoster(ctx context.Context, tx *db.Tx, a Actor, subjectID, role string) (kept, error) {
	k, err := s.mayKeep(ctx, tx, a, subjectID, role)
	if err != nil {
		return kept{}, err
	}
	if k.sub.Left {
		return kept{}, refuse(Conflict, "{0}已退出评价", "{0} has left the programme", k.sub.Name)
	}
	if err := tx.Insert(ctx, "roster (id, programme, subject_id, role, created_at, created_by)",
		[][]any{{newID(), k.run.Name, subjectID, role, s.Now().UnixMicro(), a.ID}}, "ON CONFLICT (subject_id, role) DO NOTHING"); err != nil {
		return kept{}, err
	}
	err = tx.Row(ctx, "UPDATE roster SET rev = rev + 1 WHERE subject_id = $1 AND role = $2 RETURNING id, COALESCE(link, '')", []any{subjectID, role}, &k.id, &k.link)
	return k, err
}

// mayKeep tells those who keep the roster of a role at a subject from others.
func (s *Site) mayKeep(ctx context.Context, tx *db.Tx, a Actor, subjectID, role string) (kept, error) {
	sub, run, at, err := s.seen(ctx, tx, a, subjectID)
	if err != nil {
		return kept{}, err
	}
	if !at.system && !at.admin && at.party(run) == "" {
		return kept{}, mayNot()
	}
	var roles []string
	for _, x := range run.VoiceRoles() {
		roles = append(roles, x.Name)
	}
	if !slices.Contains(roles, role) {
		return kept{}, notFound("该名册", "roster").hint("有名册的角色：{0}", "roles with a roster: {0}", strings.Join(roles, ", "))
	}
	return kept{run: run, sub: sub, at: at}, nil
}

// Roster lists those who may speak for a role at a subject, to those who keep the list.
func (s *Site) Roster(ctx context.Context, a Actor, subjectID, role, search string, p Page) (Roster, error) {
	var out Roster
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		k, err := s.mayKeep(ctx, tx, a, subjectID, role)
		if err != nil {
			return err
		}
		out = Roster{Subject: k.sub, Role: role, Above: k.at.above(k.run)}
		err = tx.Row(ctx, "SELECT id, COALESCE(link, '') FROM roster WHERE subject_id = $1 AND role = $2", []any{subjectID, role}, &k.id, &out.Link)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		where, args := "roster = $1 AND revoked_at IS NULL", []any{k.id}
		if search = cleanPerson(search); search != "" {
			where, args = where+" AND (name = $2 OR number = $2 OR substr(name, 1, length($2)) = $2)", append(args, search)
		}
		if err := tx.Row(ctx, "SELECT count(*), COALESCE(sum(CASE WHEN spoke_at IS NULL THEN 0 ELSE 1 END), 0) FROM voice WHERE "+where, args, &out.Total, &out.Used); err != nil {
			return err
		}
		limit, offset := p.clip()
		return tx.Each(ctx, fmt.Sprintf("SELECT id, name, number, spoke_at IS NOT NULL, code_hash IS NOT NULL FROM voice WHERE %s ORDER BY name, number, id LIMIT %d OFFSET %d", where, limit, offset),
			args, func(scan func(...any) error) error {
				var v RosterVoice
				err := scan(&v.ID, &v.Name, &v.Number, &v.Used, &v.Waits)
				out.Voices = append(out.Voices, v)
				return err
			})
	})
	if err != nil {
		return Roster{}, fmt.Errorf("roster of %s at %s: %w", role, subjectID, err)
	}
	return out, nil
}

// NewCodes gives people of a roster new codes: those named, or when none is named all who have not come in yet. What they had before
// ends, codes and sessions. Those who have spoken get a new code only from above the subject's own officers.
func (s *Site) NewCodes(ctx context.Context, a Actor, subjectID, role string, voices ...string) ([]Slip, error) {
	var slips []Slip
	err := s.changeVoices(ctx, a, subjectID, role, voices, func(tx *db.Tx, k kept, list []storedVoice) error {
		slips = nil
		for _, v := range list {
			if v.spoken && len(voices) == 0 {
				continue
			}
			if v.spoken && !k.at.above(k.run) {
				return refuse(Forbidden, "{0}已经用过码，只有上级或管理员可以补发", "{0} has used a code; only those above or an administrator give another", v.Name).
					hint("本单位补发会看到他提过的事项，所以不允许", "with it one would see what he raised")
			}
			v.Code = oneTimeCode()
			if _, err := tx.Exec(ctx, "UPDATE voice SET code_hash = $2, stamp = $3 WHERE id = $1", v.Voice, codeHash(v.Code), newID()); err != nil {
				return err
			}
			slips = append(slips, v.Slip)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("new codes at %s: %w", subjectID, err)
	}
	return slips, nil
}

// RevokeVoices takes people off a roster: their codes and sessions end. What they said stays; in a ballot that runs they stay invited.
func (s *Site) RevokeVoices(ctx context.Context, a Actor, subjectID, role string, voices ...string) error {
	if len(voices) == 0 {
		return refuse(Invalid, "请选择要移出的人", "choose whom to take off")
	}
	err := s.changeVoices(ctx, a, subjectID, role, voices, func(tx *db.Tx, k kept, list []storedVoice) error {
		for _, v := range list {
			if _, err := tx.Exec(ctx, "UPDATE voice SET code_hash = NULL, stamp = $2, revoked_at = $3 WHERE id = $1", v.Voice, newID(), s.Now().UnixMicro()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("revoke voices at %s: %w", subjectID, err)
	}
	return nil
}

type storedVoice struct {
	Slip
	spoken bool
}

// changeVoices holds a roster and gives those of it that are named; all when none is.
func (s *Site) changeVoices(ctx context.Context, a Actor, subjectID, role string, voices []string, change func(*db.Tx, kept, []storedVoice) error) error {
	if a.Visitor() {
		return signInFirst()
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		k, err := s.keepRoster(ctx, tx, a, subjectID, role)
		if err != nil {
			return err
		}
		var list []storedVoice
		err = tx.Each(ctx, "SELECT id, name, number, spoke_at IS NOT NULL FROM voice WHERE roster = $1 AND revoked_at IS NULL ORDER BY name, number, id", []any{k.id}, func(scan func(...any) error) error {
			var v storedVoice
			err := scan(&v.Voice, &v.Name, &v.Number, &v.spoken)
			if len(voices) == 0 || slices.Contains(voices, v.Voice) {
				list = append(list, v)
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(list) < len(voices) {
			return refuse(Conflict, "有人已不在名册上，请刷新后再试", "somebody is no longer on the roster; load the page again")
		}
		return change(tx, k, list)
	})
}

// OpenLink gives the roster a link, or a new one that ends the old; CloseLink takes it away. Who comes by the link has to give his name
// and number as they stand on the roster, and does so once: one voice for each person, as with codes. It is weaker than a code, since
// whoever knows the number may come first; whoever is kept out by that gets a code.
func (s *Site) OpenLink(ctx context.Context, a Actor, subjectID, role string) (string, error) {
	link := strings.ReplaceAll(oneTimeCode(), "-", "")
	return link, s.setLink(ctx, a, subjectID, role, link)
}

// CloseLink takes a roster's link away.
func (s *Site) CloseLink(ctx context.Context, a Actor, subjectID, role string) error {
	return s.setLink(ctx, a, subjectID, role, nil)
}

func (s *Site) setLink(ctx context.Context, a Actor, subjectID, role string, link any) error {
	if a.Visitor() {
		return signInFirst()
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		k, err := s.keepRoster(ctx, tx, a, subjectID, role)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE roster SET link = $2 WHERE id = $1", k.id, link)
		return err
	})
	if err != nil {
		return fmt.Errorf("link of the roster at %s: %w", subjectID, err)
	}
	return nil
}

// LinkedSubject gives the name of the subject whose roster a link is of, for the page on which people come in.
func (s *Site) LinkedSubject(ctx context.Context, link string) (string, error) {
	var name string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		err := tx.Row(ctx, "SELECT s.name FROM roster r JOIN subject s ON s.id = r.subject_id WHERE r.link = $1", []any{link}, &name)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("该链接", "link")
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("link: %w", err)
	}
	return name, nil
}
