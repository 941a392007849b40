package bihuan

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// writes collects what a transaction does to matters, so that a decision that raises a thousand rectifications is a few
// statements and not ten thousand.
type writes struct {
	actor   string // who acts; nobody is told of what he did himself
	matters []*stored
	fresh   map[string]bool  // those that are new
	moved   map[string]int64 // when they last moved, microseconds

	ties, events, forms, blobs [][]any
	notices                    []notice
	people                     map[string][]string // who holds which roles where, as far as it was asked
	parts                      []string            // what the parts of a split are called
	touched                    bool                // something happened that rules may look at

	quiet  bool             // nobody is told one by one
	past   bool             // it is the history of matters that is written: nobody is told of it, and its ballots are over
	late   bool             // and it is known from now on only, whenever it happened
	born   map[string]int64 // when a new matter was raised, microseconds
	voices [][]any          // of those who had no account
	polls  []*poll
}

// moments give when something happens, and when it is known: now, unless the site is told of the past.
func (w *writes) moments(s *Site, h heldForMatter, at time.Time) (happened time.Time, known int64) {
	switch {
	case at.IsZero():
		known = h.next()
		return s.moment(known), known
	case w.late:
		return at, h.next()
	}
	return at, at.UnixMicro()
}

func (w *writes) put(m *stored, moment int64) {
	if w.moved == nil {
		w.moved, w.fresh, w.born = map[string]int64{}, map[string]bool{}, map[string]int64{}
	}
	if _, there := w.moved[m.ID]; there {
		i := slices.IndexFunc(w.matters, func(x *stored) bool { return x.ID == m.ID })
		w.matters[i] = m
	} else {
		w.matters = append(w.matters, m)
	}
	w.moved[m.ID] = moment
}

// begin notes a new matter.
func (w *writes) begin(m stored, raised time.Time, moment int64) {
	w.put(&m, moment)
	w.fresh[m.ID], w.born[m.ID] = true, raised.UnixMicro()
}

// join takes in what other writes collected, of other matters.
func (w *writes) join(o *writes) {
	for _, m := range o.matters {
		w.put(m, o.moved[m.ID])
	}
	maps.Copy(w.fresh, o.fresh)
	maps.Copy(w.born, o.born)
	w.ties, w.events, w.forms, w.blobs = append(w.ties, o.ties...), append(w.events, o.events...), append(w.forms, o.forms...), append(w.blobs, o.blobs...)
	w.notices, w.voices, w.polls, w.touched = append(w.notices, o.notices...), append(w.voices, o.voices...), append(w.polls, o.polls...), w.touched || o.touched
}

func (w *writes) tie(matter, person, tie string, moment int64) {
	w.ties = append(w.ties, []any{matter, person, tie, moment})
}

// event notes what happened to a matter, which stands after it as m says.
func (w *writes) event(m *stored, from string, e programme.Event, as, person string, moment int64, told programme.Text) {
	w.put(m, moment)
	w.touched = true
	target := e.To
	if e.Kind == programme.EventRaise {
		target = ""
	}
	var closed, due any
	if m.state.Over() {
		closed = int64(programme.DayOf(m.state.Entered))
	}
	if c := m.x.Clock(m.state, m.x.Calendar); c.Runs && !c.Stopped {
		due = int64(c.Due)
	}
	w.events = append(w.events, []any{m.ID, m.state.Seq, string(e.Kind), e.Action, person, as, e.Reason, target, textDoc(told), int64(programme.DayOf(e.At)), moment,
		from, m.state.Stage, m.state.Outcome, closed, due, m.state.Late})
}

func (w *writes) form(m stored, form, person string, values programme.Values, attachments []Attachment) {
	w.forms = append(w.forms, []any{m.ID, m.state.Seq, form, person, string(values.JSON())})
	for i, x := range attachments {
		w.blobs = append(w.blobs, []any{m.ID, m.state.Seq, form, x.Field, i, x.SHA256, x.Name})
	}
}

// store writes all that was collected.
func (s *Site) store(ctx context.Context, tx *db.Tx, w *writes) error {
	var rows [][]any
	for _, m := range w.matters {
		state, err := json.Marshal(m.state)
		if err != nil {
			return fmt.Errorf("state of matter %s: %w", m.ID, err)
		}
		st := &m.state
		var closed, due, warned any
		if st.Over() {
			closed = int64(programme.DayOf(st.Entered))
		}
		if c := m.x.Clock(*st, m.x.Calendar); c.Runs && !c.Stopped {
			due = int64(c.Due)
		}
		if m.warned != 0 {
			warned = int64(m.warned)
		}
		if w.fresh[m.ID] {
			rows = append(rows, []any{m.ID, m.Code, m.Programme, m.Name, m.VersionID, m.Subject.ID, m.Unit, m.Title, m.terms(), m.Clause, nullable(m.Round),
				st.Stage, st.Outcome, st.Meaning, int64(st.Raised), w.born[m.ID], w.moved[m.ID], closed, due, m.nextOn(), warned, st.Fired, st.Late, string(state)})
		} else {
			if _, err := tx.Exec(ctx, `UPDATE matter SET unit = $2, version_id = $3, stage = $4, outcome = $5, meaning = $6, moved_at = $7, closed_on = $8, due_on = $9, next_on = $10,
				warned_on = $11, fired = $12, late = $13, state = $14 WHERE id = $1`, m.ID, m.Unit, m.VersionID, st.Stage, st.Outcome, st.Meaning, w.moved[m.ID],
				closed, due, m.nextOn(), warned, st.Fired, st.Late, string(state)); err != nil {
				return fmt.Errorf("store matter %s: %w", m.ID, err)
			}
			if _, err := tx.Exec(ctx, "DELETE FROM matter_turn WHERE matter_id = $1", m.ID); err != nil {
				return fmt.Errorf("store whose turn it is: %w", err)
			}
		}
	}
	for _, part := range []struct {
		into     string
		rows     [][]any
		conflict string
	}{
		{"voice (id, programme, role, unit, roster, name, code_hash, stamp, created_at, created_by)", w.voices, ""},
		{`matter (id, code, programme, name, version_id, subject_id, unit, title, terms, clause, round_id, stage, outcome, meaning, raised_on, raised_at, moved_at,
			closed_on, due_on, next_on, warned_on, fired, late, state)`, rows, ""},
		{"matter_person (matter_id, person, tie, since)", w.ties, "ON CONFLICT (matter_id, person, tie) DO NOTHING"},
		{"matter_event (matter_id, seq, kind, action, person, acted_as, reason, target, told, on_day, at, from_stage, stage, outcome, closed_on, due_on, late)", w.events, ""},
		{"matter_form (matter_id, seq, form, person, doc)", w.forms, ""},
		{"matter_blob (matter_id, seq, form, field, position, sha256, name)", w.blobs, ""},
	} {
		if err := tx.Insert(ctx, part.into, part.rows, part.conflict); err != nil {
			return err
		}
	}
	if err := s.storePolls(ctx, tx, w); err != nil {
		return err
	}
	if err := s.storeBenefits(ctx, tx, w); err != nil {
		return err
	}
	if err := s.storeTurns(ctx, tx, w.matters); err != nil {
		return err
	}
	if err := s.deliverEvents(ctx, tx, w); err != nil {
		return err
	}
	return s.storeNotices(ctx, tx, w.notices)
}

// nextOn is the day on which the clock has something to do with a matter: a rung of the overdue ladder, a ballot to be counted,
// a word beforehand. It is nil when there is none.
func (m *stored) nextOn() any {
	if m.state.Over() {
		return nil
	}
	c := m.x.Clock(m.state, m.x.Calendar)
	if !c.Runs || c.Stopped {
		return nil
	}
	next := programme.Day(0)
	earlier := func(d programme.Day) {
		if next == 0 || d < next {
			next = d
		}
	}
	if rungs := m.x.Rungs(m.state, m.x.Calendar); m.state.Fired < len(rungs) {
		earlier(rungs[m.state.Fired].On)
	}
	if st, ok := m.x.Matter.Stage(m.state.Stage); ok && st.Ballot != nil {
		earlier(c.Due + 1)
	}
	if on, ok := m.warnOn(c); ok {
		earlier(on)
	}
	if next == 0 {
		return nil
	}
	return int64(next)
}

// warnOn is the day on which the holders of a matter are told that its time is running out; not for a stage that is as short.
func (m *stored) warnOn(c programme.Clock) (programme.Day, bool) {
	on := c.Due - soon
	return on, c.Runs && !c.Stopped && m.warned != c.Due && on > c.Start
}

// finish stores what was collected, and scores the subject anew when rules look at its matters. It comes last: the programme's
// row is shared.
func (s *Site) finish(ctx context.Context, tx *db.Tx, w *writes, h heldForMatter, x *programme.Process) error {
	if err := s.store(ctx, tx, w); err != nil {
		return err
	}
	if !w.touched || !h.run.readsMatters || x.BuiltIn {
		return nil
	}
	h.c.mattered = true
	return s.settle(ctx, tx, h.run, []*change{h.c})
}

// readText reads a text as it is stored; empty stands for none.
func readText(stored string) (t programme.Text) {
	if stored != "" {
		var pair inBoth
		if json.Unmarshal([]byte(stored), &pair) == nil {
			t = programme.Text(pair)
		}
	}
	return t
}

func textDoc(t programme.Text) string {
	if t.Empty() {
		return ""
	}
	b, _ := json.Marshal(inBoth(t))
	return string(b)
}

// inBoth is a text as JSON, with both languages.
type inBoth struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}
