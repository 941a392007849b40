package bihuan

import (
	"context"
	"database/sql"
	"fmt"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// carryObjections makes matters of the objections of a site that is older than matters: each once, under its own ID, with what was
// said, by whom and when. The table objection is read here and nowhere else. Nobody is told: they were told then.
func (s *Site) carryObjections(ctx context.Context) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var old []oldObjection
		err := tx.Each(ctx, `SELECT o.id, o.round_id, o.subject_id, o.clause, o.account_id, o.body, o.filed_at, o.outcome, o.answer, o.answered_at, COALESCE(o.answered_by, '')
			FROM objection o WHERE NOT EXISTS (SELECT 1 FROM matter m WHERE m.id = o.id) ORDER BY o.filed_at, o.id`, nil, func(scan func(...any) error) error {
			var o oldObjection
			err := scan(&o.id, &o.round, &o.subject, &o.clause, &o.account, &o.body, &o.filed, &o.outcome, &o.answer, &o.answered, &o.answeredBy)
			old = append(old, o)
			return err
		})
		if err != nil || len(old) == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE site_lock SET rev = rev + 1 WHERE name = 'programmes'"); err != nil { // two processes may open it at once
			return err
		}
		w := writes{past: true}
		for _, o := range old {
			var n int
			if err := tx.Row(ctx, "SELECT count(*) FROM matter WHERE id = $1", []any{o.id}, &n); err != nil || n > 0 {
				return err
			}
			if err := s.carry(ctx, tx, &w, o); err != nil {
				return fmt.Errorf("objection %s: %w", o.id, err)
			}
		}
		return s.store(ctx, tx, &w)
	})
	if err != nil {
		return fmt.Errorf("carry objections over: %w", err)
	}
	return nil
}

type oldObjection struct {
	id, round, subject, clause, account, body, outcome, answer, answeredBy string
	filed                                                                  int64
	answered                                                               sql.NullInt64
}

// carry makes the matter of an objection.
func (s *Site) carry(ctx context.Context, tx *db.Tx, w *writes, o oldObjection) error {
	r, run, err := s.round(ctx, tx, o.round)
	if err != nil {
		return err
	}
	var b subjectBrief
	if err := tx.Row(ctx, "SELECT "+briefSubject+" FROM subject s WHERE s.id = $1", []any{o.subject}, b.into()...); err != nil {
		return err
	}
	x, err := s.process(run, objectionMatter)
	if err != nil {
		return err
	}
	at := s.moment(o.filed)
	form, ok := x.Form(x.Matter.Raise.Form)
	if !ok {
		return fmt.Errorf("no form %s", x.Matter.Raise.Form)
	}
	values := programme.Values{}
	for name, v := range saying(form, o.clause, o.body) {
		values[name] = v
	}
	e := programme.Event{Kind: programme.EventRaise, At: at, To: o.id, Person: o.account, Roles: x.Matter.Raise.By, Forms: map[string]programme.Values{form.Name: values}}
	state, _, err := x.Begin(e, 0, nil)
	if err != nil {
		return err
	}
	sub := b.subject(s)
	m := stored{run: run, x: x, state: state, Matter: Matter{ID: o.id, Code: newCode(programme.DayOf(at)), Programme: run.Name, Name: objectionMatter,
		Subject: sub, Unit: sub.Unit, Clause: o.clause, Round: r.ID, VersionID: run.Version.ID, Title: titleOfResult(run, o.clause)}}
	w.begin(m, at, o.filed)
	w.tie(o.id, o.account, tieRaiser, o.filed)
	w.event(&m, "", e, tieRaiser, o.account, o.filed, programme.Text{})
	w.form(m, form.Name, o.account, values, nil)
	if !o.answered.Valid {
		return nil
	}
	meaning := programme.Answered
	if o.outcome == string(ObjectionUpheld) {
		meaning = programme.Good
	}
	act, ok := leadingTo(&m, meaning)
	if !ok {
		return fmt.Errorf("no action of stage %s means %s", m.state.Stage, meaning)
	}
	moment := max(o.answered.Int64, o.filed)
	e = programme.Event{Kind: programme.EventAct, Action: act.Name, At: s.moment(moment), Person: o.answeredBy, Roles: act.By, Reason: o.answer, Forms: map[string]programme.Values{}}
	for _, name := range []string{act.Form, act.Needs} {
		if form, ok := x.Form(name); ok {
			e.Forms[name] = programme.Values{}
			for field, v := range saying(form, "", o.answer) {
				e.Forms[name][field] = v
			}
		}
	}
	before := m.state.Stage
	if m.state, _, err = x.Next(m.state, e); err != nil {
		return err
	}
	w.event(&m, before, e, actedAs(x, act.By, act.By), o.answeredBy, moment, programme.Text{})
	for name, values := range e.Forms {
		w.form(m, name, o.answeredBy, values, nil)
	}
	return nil
}
