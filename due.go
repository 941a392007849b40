package bihuan

import (
	"context"
	"database/sql"
	"fmt"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Due is a form that a subject has to file, now or one day.
type Due struct {
	Form    string
	Title   programme.Text
	LastOn  programme.Day // 0: never filed
	DueOn   programme.Day
	Overdue bool // DueOn is past
	Stale   bool // the last one no longer counts
}

// dueForm is when a form falls due for a subject: on the day of enrolment when it was never filed and a clause looks at it,
// then as `every` says, or when it goes stale.
type dueForm struct{ last, due, stale programme.Day }

// dueOf gives the forms that fall due for a subject, from the evidence that counts.
func (r *Running) dueOf(facts []assess.Evidence, enrolled, today programme.Day) map[string]dueForm {
	last := map[string]programme.Day{}
	for _, e := range facts {
		if e.On <= today && e.On > last[e.Form] {
			last[e.Form] = e.On
		}
	}
	out := map[string]dueForm{}
	for name, f := range r.expected {
		on, filed := last[name]
		d := dueForm{last: on}
		if !filed {
			d.due = enrolled
			out[name] = d
			continue
		}
		if !f.Valid.Zero() {
			d.stale = r.calendar.Add(on, f.Valid) + 1
			d.due = d.stale
		}
		if !f.Every.Zero() {
			d.due = r.calendar.Add(on, f.Every)
		}
		if d.due != 0 {
			out[name] = d
		}
	}
	return out
}

// storeDue stores what differs from the stored rows.
func storeDue(ctx context.Context, tx *db.Tx, run *Running, changes []*change, today programme.Day) error {
	want := make(map[string]map[string]dueForm, len(changes))
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.sub.ID
		want[c.sub.ID] = run.dueOf(c.counting(), programme.DayOf(c.sub.EnrolledAt), today)
	}
	var dropped [][2]string
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT subject_id, form, last_on, due_on, stale_on FROM form_due WHERE subject_id IN ("+db.In(len(ids), 1)+")",
			db.Args(ids), func(scan func(...any) error) error {
				var id, form string
				var last, stale sql.NullInt64
				var due int64
				if err := scan(&id, &form, &last, &due, &stale); err != nil {
					return err
				}
				stored := dueForm{programme.Day(last.Int64), programme.Day(due), programme.Day(stale.Int64)}
				if w, ok := want[id][form]; !ok {
					dropped = append(dropped, [2]string{id, form})
				} else if w == stored {
					delete(want[id], form)
				}
				return nil
			})
	})
	if err != nil {
		return fmt.Errorf("read due forms: %w", err)
	}
	var rows [][]any
	for id, forms := range want {
		for form, d := range forms {
			rows = append(rows, []any{id, form, dayOrNull(d.last), int64(d.due), dayOrNull(d.stale)})
		}
	}
	if err := tx.Insert(ctx, "form_due (subject_id, form, last_on, due_on, stale_on)", rows,
		"ON CONFLICT (subject_id, form) DO UPDATE SET last_on = excluded.last_on, due_on = excluded.due_on, stale_on = excluded.stale_on, told = 0"); err != nil {
		return err
	}
	for _, d := range dropped {
		if _, err := tx.Exec(ctx, "DELETE FROM form_due WHERE subject_id = $1 AND form = $2", d[0], d[1]); err != nil {
			return fmt.Errorf("drop due form: %w", err)
		}
	}
	return nil
}

func dayOrNull(d programme.Day) any {
	if d == 0 {
		return nil
	}
	return int64(d)
}

// Due lists the forms that a subject has to file, in the order of the programme, whether due yet or not. Only members of
// the house see it.
func (s *Site) Due(ctx context.Context, a Actor, subjectID string) ([]Due, error) {
	var list []Due
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		sub, run, _, err := s.seen(ctx, tx, a, subjectID)
		if err != nil {
			return err
		}
		facts, err := s.factsOf(ctx, tx, run, []string{subjectID}, nil)
		if err != nil {
			return err
		}
		today := s.Today()
		due := run.dueOf(facts[subjectID], programme.DayOf(sub.EnrolledAt), today)
		for _, f := range run.Forms {
			if d, ok := due[f.Name]; ok {
				list = append(list, Due{f.Name, f.Title, d.last, d.due, d.due < today, d.stale != 0 && d.stale <= today})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("forms due of %s: %w", subjectID, err)
	}
	return list, nil
}
