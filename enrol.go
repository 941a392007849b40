package bihuan

import (
	"context"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// NewSubject is a subject to be enrolled, or a row of a file of them.
type NewSubject struct {
	Row    int // in the file, from 1 with the header as row 1
	Unit   string
	Fields map[string]any // raw, as Form.Fill takes them; the programme's key field among them
	On     programme.Day  // since when it is so; 0: today
}

// Enrol enrols subjects. One whose key is enrolled already is not enrolled twice: fields that differ become new evidence of
// what it is, another unit moves it, and one that had left is back. It needs an administrator, or a role of a party other
// than the first (which assesses itself), at the unit.
func (s *Site) Enrol(ctx context.Context, a Actor, programme string, rows []NewSubject, opt Import) (Imported, error) {
	if a.Visitor() {
		return Imported{}, signInFirst()
	}
	if len(rows) > mostRows {
		return Imported{}, refuse(TooLarge, "一次最多导入{0}行", "an import has at most {0} rows", mostRows)
	}
	rows = slices.Clone(rows)
	for i := range rows {
		if rows[i].Row == 0 {
			rows[i].Row = i + 1
		}
	}
	var done Imported
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		done, err = s.enrol(ctx, tx, a, programme, rows, opt)
		if db.Duplicate(err) { // somebody enrolled the same key meanwhile: now it is found
			return db.ErrAgain
		}
		return err
	})
	if err != nil {
		return Imported{}, fmt.Errorf("enrol %d subjects of %s: %w", len(rows), programme, err)
	}
	s.wroteMany(ctx, done.Stored, "subject", "evidence", "score", "score_clause", "form_due", "judge_due")
	return done, nil
}

func (s *Site) enrol(ctx context.Context, tx *db.Tx, a Actor, name string, rows []NewSubject, opt Import) (Imported, error) {
	run, err := s.runningIn(ctx, tx, name)
	if err != nil {
		return Imported{}, err
	}
	if err := holdComparing(ctx, tx, run); err != nil {
		return Imported{}, err
	}
	bad := badRows(opt)
	rights, err := s.rightsOfRows(ctx, tx, a, run, rows)
	if err != nil {
		return Imported{}, err
	}
	entries := s.readEntries(a, run, rows, rights, opt, bad)
	existing, err := s.enrolled(ctx, tx, run, entries)
	if err != nil {
		return Imported{}, err
	}
	var fresh [][]any
	var changed []*change
	stored := 0
	now := s.Now().UnixMicro()
	if a.system && !opt.Recorded.IsZero() {
		now = opt.Recorded.UnixMicro()
	}
	for i, e := range entries {
		if opt.Progress != nil && i%500 == 0 {
			opt.Progress(i, len(entries))
		}
		c := existing[e.key]
		if c == nil {
			c = &change{sub: &heldSubject{Subject{ID: newID(), Programme: run.Name, Key: e.key, Unit: e.unit,
				Name: run.nameOf(e.values, e.key), EnrolledAt: s.moment(now)}, now}}
			fresh = append(fresh, []any{c.sub.ID, run.Name, e.key, e.unit, c.sub.Name, searchTerms(c.sub.Name, e.key), sortKey(c.sub.Name), now, now})
		} else {
			touched, err := s.reenrol(ctx, tx, a, run, c, e)
			if err != nil {
				if err := bad.refusal(e.row, err); err != nil {
					return Imported{}, err
				}
				continue
			}
			if !touched {
				continue
			}
		}
		recorded := c.sub.moment
		if a.system && !opt.Recorded.IsZero() {
			recorded = now
		}
		if !e.same(c.facts) {
			c.added = append(c.added, newEvidence{Evidence: assess.Evidence{ID: newID(), Form: programme.SubjectForm, On: e.on, Recorded: recorded,
				By: e.by, Filer: a.ID, Values: e.values}, doc: string(e.values.JSON())})
		}
		changed = append(changed, c)
		stored++
	}
	done, err := bad.judge(len(rows), opt)
	if err != nil {
		return Imported{}, err
	}
	done.Stored, done.Unchanged = stored, done.Rows-stored-len(bad)
	if err := tx.Insert(ctx, "subject (id, programme, key, unit, name, terms, sort, enrolled_at, touched_at)", fresh, ""); err != nil {
		return Imported{}, err
	}
	if len(changed) > 0 {
		if err := s.settle(ctx, tx, run, inOrder(changed)); err != nil {
			return Imported{}, err
		}
	}
	if opt.Progress != nil {
		opt.Progress(len(rows), len(rows))
	}
	return done, nil
}

// entry is a good row of an enrolment.
type entry struct {
	row           int
	key, unit, by string
	on            programme.Day
	values        programme.Values
}

// same reports whether all that the entry says is on file.
func (e entry) same(facts []assess.Evidence) bool {
	is := whatItIs(facts, e.on)
	for field, v := range e.values {
		one := programme.Values{field: v}
		if string(one.JSON()) != string(programme.Values{field: is[field]}.JSON()) {
			return false
		}
	}
	return true
}

func (s *Site) rightsOfRows(ctx context.Context, tx *db.Tx, a Actor, run *Running, rows []NewSubject) (map[string]held, error) {
	units := map[string]bool{}
	for _, r := range rows {
		units[r.Unit] = true
	}
	rights, err := heldAtEach(ctx, tx, a, run.Name, keys(units))
	if err != nil || !a.system {
		return rights, err
	}
	known := map[string]held{} // the system may do everything, but not at a unit that does not exist
	err = db.Chunks(keys(units), func(codes []string) error {
		return tx.Each(ctx, "SELECT code FROM unit WHERE code IN ("+db.In(len(codes), 1)+")", db.Args(codes), func(scan func(...any) error) error {
			var code string
			err := scan(&code)
			known[code] = rights[code]
			return err
		})
	})
	return known, err
}

// mayEnrol tells whether subjects are enrolled by one who holds this, and as whom.
func (r *Running) mayEnrol(h held) (by string, ok bool) {
	if h.admin || h.system {
		return Admin, true
	}
	by = h.party(r)
	return by, by != "" && (by != r.Parties[0].Name || len(r.Parties) == 1)
}

// readEntries checks the rows by themselves.
func (s *Site) readEntries(a Actor, run *Running, rows []NewSubject, rights map[string]held, opt Import, bad rowMistakes) []entry {
	form := run.forms[programme.SubjectForm]
	firstRow := map[string]int{}
	var entries []entry
	for _, r := range rows {
		if bad[r.Row] != nil {
			continue
		}
		h, exists := rights[r.Unit]
		by, may := run.mayEnrol(h)
		if !may {
			if a.system && !exists {
				bad.add(r.Row, "unit", "没有单位{0}", "there is no unit {0}", r.Unit)
			} else {
				bad.add(r.Row, "unit", "没有单位{0}，或您不能在该单位登记", "there is no unit {0}, or you may not enrol there", r.Unit)
			}
			continue
		}
		e := entry{row: r.Row, unit: r.Unit, by: by, on: r.On}
		if e.on == 0 {
			e.on = s.Today()
			if a.system && !opt.Recorded.IsZero() {
				e.on = s.dayOf(opt.Recorded.UnixMicro())
			}
		}
		if e.on > s.Today() {
			bad.add(r.Row, "on", "日期{0}晚于今天", "the day {0} is later than today", e.on)
			continue
		}
		values, wrong := form.Fill(run.Programme, r.Fields, programme.About{AsOf: e.on})
		bad.fields(r.Row, wrong)
		e.values, e.key = values, keyText(values[run.Subject.Key])
		if e.key == "" && len(wrong) == 0 {
			bad.add(r.Row, run.Subject.Key, "必须填写", "this is required")
		}
		if bad[r.Row] != nil {
			continue
		}
		if first, twice := firstRow[e.key]; twice {
			bad.add(r.Row, run.Subject.Key, "与第{0}行重复", "it is the same as in row {0}", first)
			continue
		}
		firstRow[e.key] = r.Row
		entries = append(entries, e)
	}
	return entries
}

// enrolled holds those that are enrolled already, by key.
func (s *Site) enrolled(ctx context.Context, tx *db.Tx, run *Running, entries []entry) (map[string]*change, error) {
	var ids []string
	if err := db.Chunks(entries, func(part []entry) error {
		args := []any{run.Name}
		for _, e := range part {
			args = append(args, e.key)
		}
		return tx.Each(ctx, "SELECT id FROM subject WHERE programme = $1 AND key IN ("+db.In(len(part), 2)+")", args, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	}); err != nil {
		return nil, err
	}
	held, err := s.hold(ctx, tx, ids, 1)
	if err != nil {
		return nil, err
	}
	facts, err := s.factsOf(ctx, tx, run, ids, nil)
	out := map[string]*change{}
	for id, h := range held {
		out[h.Key] = &change{sub: h, facts: facts[id]}
	}
	return out, err
}

// reenrol moves a subject that is enrolled already, or lets it back, and tells whether anything about it is new.
func (s *Site) reenrol(ctx context.Context, tx *db.Tx, a Actor, run *Running, c *change, e entry) (bool, error) {
	h, err := heldAt(ctx, tx, a, run.Name, c.sub.Unit)
	if err != nil {
		return false, err
	}
	if _, may := run.mayEnrol(h); !may {
		return false, refuse(Conflict, "{0}已在其他单位登记", "{0} is enrolled at another unit", e.key)
	}
	if !c.sub.Left && c.sub.Unit == e.unit {
		return !e.same(c.facts), nil
	}
	c.sub.Unit, c.sub.Left, c.moved = e.unit, false, true
	_, err = tx.Exec(ctx, "UPDATE subject SET unit = $2, left_at = NULL, left_reason = '' WHERE id = $1", c.sub.ID, e.unit)
	return true, err
}

// Leave takes a subject out of the lists, ranks and boards from now on; what was decided of it stays.
func (s *Site) Leave(ctx context.Context, a Actor, subjectID, reason string) error {
	if a.Visitor() {
		return signInFirst()
	}
	reason, wrong := cleanText("reason", reason, mostReason, true)
	if err := wrongFields(wrong); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		run, err := s.programmeOf(ctx, tx, subjectID)
		if err != nil {
			return err
		}
		if err := holdComparing(ctx, tx, run); err != nil {
			return err
		}
		c, h, err := s.take(ctx, tx, a, run, subjectID)
		if err != nil {
			return err
		}
		if _, may := run.mayEnrol(h); !may {
			return mayNot()
		}
		if c.sub.Left {
			return refuse(Conflict, "{0}已退出评价", "{0} has left the programme", c.sub.Name)
		}
		if _, err := tx.Exec(ctx, "UPDATE subject SET left_at = $2, left_reason = $3 WHERE id = $1", subjectID, c.sub.moment, reason); err != nil {
			return err
		}
		if err := forget(ctx, tx, []*change{c}); err != nil {
			return err
		}
		if err := s.settle(ctx, tx, run, nil); err != nil { // the others may move up
			return err
		}
		return noteChanged(ctx, tx, run, []string{subjectID})
	})
	if err != nil {
		return fmt.Errorf("leave of %s: %w", subjectID, err)
	}
	return nil
}
