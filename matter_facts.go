package bihuan

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Matters are facts, too: rules read them as lists (matters.proposal). They are made of what happened, not of how things stand,
// so that a score can be had as of any day, as it was known at any moment.

// matterLog is everything that happened to the matters of one subject which rules may look at.
type matterLog []*loggedMatter

type loggedMatter struct {
	id, name string
	raised   programme.Day
	events   []loggedEvent // in order
	forms    []loggedForm  // in order
}

// loggedEvent says how a matter stood after something had happened to it. That somebody was reminded is no fact.
type loggedEvent struct {
	seq            int
	at             int64
	on             programme.Day
	stage, outcome string
	closed, due    programme.Day // 0: none
	late           int
}

type loggedForm struct {
	seq       int
	form, doc string
}

// logs reads the matters of subjects, by subject ID.
func (s *Site) matterLogs(ctx context.Context, tx *db.Tx, run *Running, ids []string) (map[string]matterLog, error) {
	out := map[string]matterLog{}
	if !run.readsMatters {
		return out, nil
	}
	byID := map[string]*loggedMatter{}
	err := db.Chunks(ids, func(ids []string) error {
		in, args := db.In(len(ids), 1), db.Args(ids)
		if err := tx.Each(ctx, "SELECT id, subject_id, name, raised_on FROM matter WHERE subject_id IN ("+in+") ORDER BY raised_at, id", args,
			func(scan func(...any) error) error {
				m := &loggedMatter{}
				var subject string
				if err := scan(&m.id, &subject, &m.name, &m.raised); err != nil {
					return err
				}
				if _, ok := run.Matter(m.name); ok {
					byID[m.id] = m
					out[subject] = append(out[subject], m)
				}
				return nil
			}); err != nil || len(byID) == 0 {
			return err
		}
		if err := tx.Each(ctx, `SELECT e.matter_id, e.seq, e.at, e.on_day, e.stage, e.outcome, e.closed_on, e.due_on, e.late FROM matter_event e
			JOIN matter m ON m.id = e.matter_id WHERE e.kind <> 'remind' AND m.subject_id IN (`+in+") ORDER BY e.matter_id, e.seq", args, func(scan func(...any) error) error {
			var id string
			var e loggedEvent
			var closed, due sql.NullInt64
			if err := scan(&id, &e.seq, &e.at, &e.on, &e.stage, &e.outcome, &closed, &due, &e.late); err != nil {
				return err
			}
			e.closed, e.due = programme.Day(closed.Int64), programme.Day(due.Int64)
			if m := byID[id]; m != nil {
				m.events = append(m.events, e)
			}
			return nil
		}); err != nil {
			return err
		}
		return tx.Each(ctx, `SELECT f.matter_id, f.seq, f.form, f.doc FROM matter_form f JOIN matter m ON m.id = f.matter_id
			WHERE m.subject_id IN (`+in+") ORDER BY f.matter_id, f.seq, f.form", args, func(scan func(...any) error) error {
			var id string
			var f loggedForm
			err := scan(&id, &f.seq, &f.form, &f.doc)
			if m := byID[id]; m != nil {
				m.forms = append(m.forms, f)
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("matters of %d subjects: %w", len(ids), err)
	}
	return out, nil
}

// lists gives the matters as rules see them, as of a day, as known at a moment in microseconds; 0 is all there is.
func (l matterLog) lists(run *Running, asOf programme.Day, known int64) map[string][]programme.Values {
	var out map[string][]programme.Values
	for _, m := range l {
		now := -1
		for i, e := range m.events {
			if (known == 0 || e.at <= known) && e.on <= asOf {
				now = i
			}
		}
		if now < 0 {
			continue
		}
		if out == nil {
			out = map[string][]programme.Values{}
		}
		out[m.name] = append(out[m.name], m.values(run, m.events[now], asOf))
	}
	return out
}

// takenUp gives the day on which a matter first left its first stage, by what had happened up to an event; 0: it has not, or nobody knows when.
func (m *loggedMatter) takenUp(first string, e loggedEvent) programme.Day {
	if m.events[0].stage != first {
		return 0
	}
	for _, x := range m.events {
		if x.seq <= e.seq && x.stage != first {
			return x.on
		}
	}
	return 0
}

// values gives one matter as it stood after an event: its forms, and what the language knows of every matter.
func (m *loggedMatter) values(run *Running, e loggedEvent, asOf programme.Day) programme.Values {
	v := programme.Values{}
	matter, _ := run.Matter(m.name)
	for _, f := range m.forms {
		form := run.forms[f.form]
		if f.seq > e.seq || form == nil || !slices.Contains(matter.Forms(), f.form) {
			continue
		}
		prefix := ""
		if f.form != matter.Raise.Form {
			prefix = f.form + "."
		}
		for name, x := range readValues(form, []byte(f.doc)) {
			v[prefix+name] = x
		}
	}
	v["id"], v["stage"], v["raised"], v["overdue"] = m.id, e.stage, m.raised, e.outcome == "" && e.due != 0 && asOf > e.due
	v["on_time"] = e.late == 0 && v["overdue"] == false
	if e.outcome != "" {
		v["outcome"] = e.outcome
	}
	if day := m.takenUp(matter.Stages[0].Stage, e); day != 0 {
		v["taken_up"] = day
	}
	if e.closed != 0 {
		v["closed"] = e.closed
	}
	if e.due != 0 && e.outcome == "" {
		v["due"] = e.due
	}
	return v
}

// mattersOf gives the matters of subjects as rules see them, by subject ID and then by name; known as in factsOf.
func (s *Site) mattersOf(ctx context.Context, tx *db.Tx, run *Running, ids []string, asOf programme.Day, known map[string]int64) (map[string]map[string][]programme.Values, error) {
	logs, err := s.matterLogs(ctx, tx, run, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]map[string][]programme.Values, len(logs))
	for id, l := range logs {
		if lists := l.lists(run, asOf, known[id]); lists != nil {
			out[id] = lists
		}
	}
	return out, nil
}
