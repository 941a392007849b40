package bihuan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// A ballot of a subject itself (会员评家) is of a form with `ballot: true` that no matter uses. Whoever holds a party there calls it
// for some days; everybody who holds one of the form's roles at the subject is invited, with an account or a voice. When its time is
// over, or all have voted, it is counted: its figures become evidence of the form, and the score moves.

// The days that a ballot of a subject may run, after the one on which it is called.
const (
	shortestBallot = 1
	LongestBallot  = 92
)

// BallotForms lists the ballots of subjects: those that no matter uses.
func (r *Running) BallotForms() []*programme.Form {
	var out []*programme.Form
	for _, f := range r.Forms {
		ofMatter := slices.ContainsFunc(r.Matters, func(m *programme.Matter) bool {
			return slices.ContainsFunc(m.Stages, func(st *programme.Stage) bool { return st.Ballot != nil && st.Ballot.Form == f.Name })
		})
		if f.Ballot && !ofMatter {
			out = append(out, f)
		}
	}
	return out
}

// CallBallot opens a ballot of a subject until the end of a day, for whoever holds a party there and for administrators. It gives the
// ballot's ID. One of a form runs at a time; those who join the roster later are not invited.
func (s *Site) CallBallot(ctx context.Context, a Actor, subjectID, formName string, closes programme.Day) (string, error) {
	if a.Visitor() {
		return "", signInFirst()
	}
	var id string
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		h, err := s.holdForMatter(ctx, tx, subjectID)
		if err != nil {
			return err
		}
		form, err := s.mayCall(ctx, tx, a, h, formName)
		if err != nil {
			return err
		}
		today := s.Today()
		if closes < today+shortestBallot || closes > today+LongestBallot {
			return wrongFields([]programme.FieldError{wrongField("closes", "截止日应在{0}至{1}之间", "the last day must lie between {0} and {1}", today+shortestBallot, today+LongestBallot)})
		}
		invited, err := s.electorate(ctx, tx, h, form)
		if err != nil {
			return err
		}
		if len(invited) < LeastShown {
			return refuse(Invalid, "只有{0}人可投票，不足{1}人的表决无法保密", "only {0} may vote; a ballot of fewer than {1} cannot be secret", len(invited), LeastShown).
				hint("请先录入名册", "upload the roster first")
		}
		if _, err := s.ballotWhere(ctx, tx, "WHERE b.subject_id = $1 AND b.form = $2 AND b.matter_id IS NULL AND b.ended_at IS NULL", subjectID, form.Name); err == nil {
			return refuse(Conflict, "{0}正在进行，结束后才能再发起", "{0} is under way; another can follow when it is over", formTitle(form))
		} else if k, refused := KindOf(err); !refused || k != NotFound {
			return err
		}
		w := writes{actor: a.ID}
		id, err = s.openBallot(ctx, tx, &w, newBallot{run: h.run, form: form, subject: subjectID, by: a.ID, closes: closes, invited: invited,
			invitationText: programme.T("{0}：{1}，请在{2}前投票，无记名", "{0}: {1}; please vote by {2}; nobody learns who said what").Fill(h.sub.Name, formTitle(form), closes)})
		if err != nil {
			return err
		}
		return s.store(ctx, tx, &w)
	})
	if err != nil {
		return "", fmt.Errorf("call a ballot on %s for %s: %w", formName, subjectID, err)
	}
	return id, nil
}

func (s *Site) mayCall(ctx context.Context, tx *db.Tx, a Actor, h heldForMatter, name string) (*programme.Form, error) {
	at, err := heldAt(ctx, tx, a, h.run.Name, h.sub.Unit)
	switch {
	case err != nil:
		return nil, err
	case !at.any():
		return nil, notFound("该评价对象", "subject")
	case !at.calls(h.run):
		return nil, mayNot()
	case h.sub.Left:
		return nil, refuse(Conflict, "{0}已退出评价", "{0} has left the programme", h.sub.Name)
	}
	forms := h.run.BallotForms()
	i := slices.IndexFunc(forms, func(f *programme.Form) bool { return f.Name == name })
	if i < 0 {
		return nil, refuse(Invalid, "方案中没有表决{0}", "the programme has no ballot {0}", name)
	}
	return forms[i], nil
}

// electorate lists those whom a ballot of a subject invites.
func (s *Site) electorate(ctx context.Context, tx *db.Tx, h heldForMatter, form *programme.Form) ([]string, error) {
	var roles, out []string
	for _, f := range h.run.filers(form) {
		roles = append(roles, f.role)
	}
	err := eachHolder(ctx, tx, h.run.Name, h.sub.Unit, roles, 0, func(p string, _ int) { out = append(out, p) })
	if err != nil {
		return nil, fmt.Errorf("who may vote at %s: %w", h.sub.ID, err)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// SubjectBallots lists the ballots of a subject itself, the newest first, to the house there.
func (s *Site) SubjectBallots(ctx context.Context, a Actor, subjectID string) ([]BallotFigures, error) {
	var out []BallotFigures
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if _, _, _, err := s.seen(ctx, tx, a, subjectID); err != nil {
			return err
		}
		list, err := s.ballots(ctx, tx, "WHERE b.subject_id = $1 AND b.matter_id IS NULL ORDER BY b.opened_at DESC, b.id DESC", subjectID)
		for i := range list {
			if err == nil {
				err = s.showBallot(ctx, tx, a, &list[i])
			}
			out = append(out, list[i].BallotFigures)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ballots of %s: %w", subjectID, err)
	}
	return out, nil
}

// BreakOffBallot ends a ballot of a subject without counting it, for a reason that those invited are told. Administrators may and the
// later parties: a subject's own officers cannot stop a ballot about themselves.
func (s *Site) BreakOffBallot(ctx context.Context, a Actor, id, reason string) error {
	if a.Visitor() {
		return signInFirst()
	}
	reason, wrong := cleanText("reason", reason, mostReason, true)
	if err := wrongFields(wrong); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		b, may, err := s.lockBallotOf(ctx, tx, a, id)
		switch {
		case err != nil:
			return err
		case b.Matter != "":
			return refuse(Invalid, "事项的评议随它的环节结束", "the ballot of a matter ends with its stage")
		case !may.stop:
			return mayNot()
		case b.Over:
			return refuse(Conflict, "表决已经结束", "the ballot is over")
		}
		if _, err := tx.Exec(ctx, "UPDATE ballot SET ended_at = $2, why = $3 WHERE id = $1", id, s.Now().UnixMicro(), reason); err != nil {
			return err
		}
		w := writes{actor: a.ID}
		invited, err := invitedTo(ctx, tx, id)
		w.tell(invited, "closed", "", id, programme.T("{0}已中止：{1}", "{0} was broken off: {1}").Fill(formTitle(b.Form), reason))
		return errors.Join(err, s.store(ctx, tx, &w))
	})
	if err != nil {
		return fmt.Errorf("break off ballot %s: %w", id, err)
	}
	return nil
}

// above reports whether somebody administers a unit, or holds a party there that is not the first, the subject's own.
func (h held) above(run *Running) bool {
	p := h.party(run)
	return h.system || h.admin || p != "" && p != run.Parties[0].Name
}

func invitedTo(ctx context.Context, tx *db.Tx, id string) ([]string, error) {
	var out []string
	err := tx.Each(ctx, "SELECT person FROM ballot_right WHERE ballot_id = $1 ORDER BY person", []any{id}, func(scan func(...any) error) error {
		var p string
		err := scan(&p)
		out = append(out, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("invited to ballot %s: %w", id, err)
	}
	return out, nil
}

// countSubjectBallot counts a ballot of a subject that is held, and files its figures as evidence of the day on which it ended. Figures
// that would tell what single people said are not filed: then the evidence says how many took part, and no more.
func (s *Site) countSubjectBallot(ctx context.Context, tx *db.Tx, h heldForMatter, id string) error {
	b, err := s.lockBallot(ctx, tx, id)
	if err != nil || b.Over {
		return err
	}
	f, err := figuresOf(ctx, tx, b)
	if err != nil {
		return err
	}
	on := min(s.Today(), b.ClosesOn)
	values := f.Values(!f.Tells(b.Form, LeastShown))
	n := newEvidence{Evidence: assess.Evidence{ID: newID(), Form: b.Form.Name, On: on, Recorded: h.next(), By: h.run.filers(b.Form)[0].by, Filer: System().ID, Values: values},
		doc: string(values.JSON())}
	if h.sub.Left {
		n.ID = ""
	}
	if _, err := tx.Exec(ctx, "UPDATE ballot SET ended_at = $2, counted = $3, evidence_id = $4 WHERE id = $1", id, s.Now().UnixMicro(), true, n.ID); err != nil {
		return fmt.Errorf("end ballot %s: %w", id, err)
	}
	invited, err := invitedTo(ctx, tx, id)
	if err != nil {
		return err
	}
	w := writes{}
	w.tell(invited, "closed", "", id, programme.T("{0}已结束，{1} / {2} 人参评", "{0} is over; {1} of {2} took part").Fill(formTitle(b.Form), f.Cast, f.Invited))
	if err := s.store(ctx, tx, &w); err != nil || h.sub.Left {
		return err
	}
	h.c.added = append(h.c.added, n)
	return s.settle(ctx, tx, h.run, []*change{h.c})
}

// countDueBallots counts the ballots of subjects whose time is over, and tells how many there were.
func (s *Site) countDueBallots(ctx context.Context) (int, error) {
	var ids []string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Each(ctx, "SELECT id FROM ballot WHERE ended_at IS NULL AND matter_id IS NULL AND closes_on < $1 ORDER BY closes_on, id", []any{int64(s.Today())},
			func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				ids = append(ids, id)
				return err
			})
	})
	if err != nil {
		return 0, fmt.Errorf("ballots that are over: %w", err)
	}
	n := 0
	var errs []error
	for _, id := range ids {
		if err := s.countBallot(ctx, id); err != nil {
			errs = append(errs, err)
		} else {
			n++
		}
	}
	return n, errors.Join(errs...)
}
