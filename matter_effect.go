package bihuan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// follow does what follows from an event, as the process says, in the transaction of the event.
func (s *Site) follow(ctx context.Context, tx *db.Tx, w *writes, h heldForMatter, m *stored, e programme.Event, effects []programme.Effect) error {
	if !w.past && (m.state.Over() || e.Kind != programme.EventBallot && e.Kind != programme.EventRaise) {
		if err := s.breakOffBallot(ctx, tx, m); err != nil {
			return err
		}
	}
	for _, f := range effects {
		var err error
		switch f.Kind {
		case programme.EffectEntered:
			m.warned = 0
			err = s.tellThem(ctx, tx, w, m, "turn", f.Who, programme.T("{0}：请办理“{1}”", "{0}: “{1}” is for you to do").Fill(m.titled(), m.x.StageTitle(f.Stage)))
		case programme.EffectCollecting: // the board shows what may be joined; a notice to everybody for each would be noise
		case programme.EffectBallotStarts:
			if w.past {
				err = s.pollBegins(ctx, tx, w, m, e, f)
			} else {
				err = s.openMatterBallot(ctx, tx, w, m, f)
			}
		case programme.EffectBallotAgain:
			if !w.past {
				err = s.prolongBallot(ctx, tx, w, m, f.Text)
			}
		case programme.EffectCountBallot:
			err = s.countMatterBallot(ctx, tx, w, h, m)
		case programme.EffectRemind:
			err = s.tellThem(ctx, tx, w, m, "remind", f.Who, m.about(f.Text))
		case programme.EffectEscalate:
			err = s.escalate(ctx, tx, w, m, f)
		case programme.EffectTell:
			err = s.tellThem(ctx, tx, w, m, "tell", f.Who, m.about(withheld(m, e, f.Text)))
		case programme.EffectHandOver:
			m.Unit = cmp.Or(m.state.Unit, m.Subject.Unit)
			err = s.tellThem(ctx, tx, w, m, "turn", m.state.Holder, m.about(f.Text))
		case programme.EffectRaisePart:
			err = s.raisePart(ctx, tx, w, h, m, e, f)
		case programme.EffectCarryOver:
			err = s.carryOver(ctx, tx, w, m, f.To)
		case programme.EffectPublish:
			err = s.tellThem(ctx, tx, w, m, "closed", []string{tieFollows}, m.about(f.Text))
		case programme.EffectClosed: // who is told of it comes as effects of their own
		case programme.EffectWarn:
			err = s.tellAdministrators(ctx, tx, w, m, f.Text)
		default:
			err = fmt.Errorf("nobody does %s", f.Kind)
		}
		if err != nil {
			return fmt.Errorf("after %s of matter %s: %w", e.Kind, m.ID, err)
		}
	}
	return nil
}

// titled names a matter in a notice.
func (m *stored) titled() programme.Text {
	return programme.T("{0} {1}", "{0} {1}").Fill(m.Kind, m.called())
}

// about puts the name of the matter before a text.
func (m *stored) about(t programme.Text) programme.Text {
	return programme.T("{0}：{1}", "{0}: {1}").Fill(m.titled(), t)
}

// withheld takes the figures out of a text when they would tell what single people said.
func withheld(m *stored, e programme.Event, t programme.Text) programme.Text {
	if e.Kind != programme.EventBallot || m.state.Ballot == nil {
		return t
	}
	var form *programme.Form
	if st, ok := m.x.Matter.Stage(m.state.Ballot.Stage); ok && st.Ballot != nil {
		form, _ = m.x.Form(st.Ballot.Form)
	}
	if f := (programme.Figures{Cast: m.state.Ballot.Cast, Count: m.state.Ballot.Count}); form == nil || f.Tells(form, LeastShown) {
		return programme.T("表决已计票，转到“{0}”", "the ballot was counted; on to “{0}”").Fill(m.x.StageTitle(m.state.Stage))
	}
	return t
}

// raisePart begins one of the parts that a matter was split into: with what the whole says, under a title of its own. Who raised
// the whole or joined it is tied to the part alike.
func (s *Site) raisePart(ctx context.Context, tx *db.Tx, w *writes, h heldForMatter, m *stored, e programme.Event, f programme.Effect) error {
	form, ok := m.x.Form(m.x.Matter.Raise.Form)
	if !ok {
		return fmt.Errorf("matter %s has no form", m.Name)
	}
	var doc, person string
	if err := tx.Row(ctx, "SELECT doc, person FROM matter_form WHERE matter_id = $1 AND form = $2 ORDER BY seq LIMIT 1", []any{m.ID, form.Name}, &doc, &person); err != nil {
		return fmt.Errorf("what matter %s says: %w", m.ID, err)
	}
	values := maps.Clone(readValues(form, []byte(doc)))
	title := m.Title
	if i := slices.Index(e.Others, f.To); i >= 0 && i < len(w.parts) {
		title = w.parts[i]
	}
	whole := m.state
	part, err := s.begin(ctx, tx, w, h, beginning{actor: Actor{ID: person}, person: person, roles: []string{programme.SystemRole}, x: m.x, values: values,
		title: title, clause: m.Clause, round: m.Round, origin: &whole, id: f.To, unit: m.state.Unit})
	if err != nil {
		return err
	}
	return s.copyTies(ctx, tx, w, m.ID, part.ID, "")
}

// carryOver lets those who are tied to a matter be tied to the one it was merged into; who raised it takes part in that one.
func (s *Site) carryOver(ctx context.Context, tx *db.Tx, w *writes, m *stored, to string) error {
	return s.copyTies(ctx, tx, w, m.ID, to, tieJoined)
}

// copyTies copies ties of people; raiser becomes what is given, or is left to the caller.
func (s *Site) copyTies(ctx context.Context, tx *db.Tx, w *writes, from, to, raiser string) error {
	now := s.Now().UnixMicro()
	return tx.Each(ctx, "SELECT person, tie FROM matter_person WHERE matter_id = $1", []any{from}, func(scan func(...any) error) error {
		var person, tie string
		if err := scan(&person, &tie); err != nil {
			return err
		}
		if tie == tieRaiser {
			tie = raiser
		}
		if tie != "" {
			w.tie(to, person, tie, now)
		}
		return nil
	})
}
