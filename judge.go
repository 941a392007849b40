package bihuan

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Judgement is an assessor's decision on a judged clause.
type Judgement struct {
	Subject  string // its ID
	Round    string // its ID; empty: outside any round
	Clause   string
	Level    string             // of a clause with levels
	Points   *programme.Decimal // of a clause with a range
	Reason   string             // required
	By       string             // a party; empty: the last party that the actor may judge for
	Recorded time.Time          // System only: the moment it is taken to be recorded, for the history of a demo
}

// Judge files the decision of the actor's party on a judged clause, as evidence of the form programme.JudgementForm.
// In a round it is true on the round's day; it is possible while the party's column is being collected and not handed in,
// and for the deciding party after an objection was upheld, or while an appeal that was granted is put right. Who is an officer of the subject himself may not judge it.
func (s *Site) Judge(ctx context.Context, a Actor, j Judgement) (Filed, error) {
	if a.Visitor() {
		return Filed{}, signInFirst()
	}
	var filed Filed
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		run, err := s.programmeOf(ctx, tx, j.Subject)
		if err != nil {
			return err
		}
		if err := holdComparing(ctx, tx, run); err != nil {
			return err
		}
		// The subject is held before the round is read: who closes the step holds it too.
		_, h, err := s.take(ctx, tx, a, run, j.Subject)
		if err != nil {
			return err
		}
		party, err := judgingParty(run, h, j.By)
		if err != nil {
			return err
		}
		on := programme.Day(0)
		if j.Round != "" {
			r, pinned, err := s.round(ctx, tx, j.Round)
			if err != nil {
				return err
			}
			if err := s.mayJudgeIn(ctx, tx, a, pinned, r, j.Subject, party); err != nil {
				return err
			}
			run, on = pinned, min(r.AsOf, s.Today())
		}
		values, err := judgementValues(run, j)
		if err != nil {
			return err
		}
		filed, err = s.fileIn(ctx, tx, a, Filing{Subject: j.Subject, Form: programme.JudgementForm, On: on, By: party,
			Values: values, Recorded: j.Recorded}, true)
		if err != nil {
			return err
		}
		return s.askJudgesAgain(ctx, tx, j.Subject)
	})
	if err != nil {
		return Filed{}, fmt.Errorf("judge %s of %s: %w", j.Clause, j.Subject, err)
	}
	return filed, nil
}

// MayJudgeIn tells whether an actor may judge clauses of a subject in a round now: while his column is collected, after an objection was
// upheld, or to correct the result on appeal.
func (s *Site) MayJudgeIn(ctx context.Context, a Actor, roundID, subjectID string) (bool, error) {
	if a.Visitor() {
		return false, nil
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		r, run, err := s.round(ctx, tx, roundID)
		if err != nil {
			return err
		}
		unit, err := pinnedUnit(ctx, tx, r.ID, subjectID)
		if err != nil {
			return err
		}
		h, err := heldAt(ctx, tx, a, run.Name, unit)
		if err != nil {
			return err
		}
		party, err := judgingParty(run, h, "")
		if err != nil {
			return err
		}
		if err := recused(run, h, party); err != nil {
			return err
		}
		return s.mayJudgeIn(ctx, tx, a, run, r, subjectID, party)
	})
	if _, refused := KindOf(err); refused {
		return false, nil
	}
	return err == nil, err
}

// judgingParty gives the party that the actor judges for.
func judgingParty(run *Running, h held, wanted string) (string, error) {
	party := wanted
	if party == "" {
		party = h.party(run)
	}
	at, ok := run.Party(party)
	if !ok || !h.holds(run.Parties[at].Role) {
		return "", mayNot()
	}
	return party, recused(run, h, party)
}

// recused refuses somebody who is an officer of the subject and would judge it for another party (回避).
func recused(run *Running, h held, party string) error {
	own := run.Parties[0]
	if h.system || party == own.Name || !h.holds(own.Role) {
		return nil
	}
	return refuse(Forbidden, "您同时是该评价对象的经办人，应当回避，不能评定", "you are an officer of this subject yourself and may not judge it").
		hint("请由其他评定人员办理", "leave it to another assessor")
}

// mayJudgeIn refuses a judgement when the column of the party is not being collected, and says what happened to it.
func (s *Site) mayJudgeIn(ctx context.Context, tx *db.Tx, a Actor, run *Running, r Round, subject, party string) error {
	if _, err := pinnedUnit(ctx, tx, r.ID, subject); err != nil {
		return err
	}
	if r.State == RoundDecided {
		appeal, granted, err := s.appealOf(ctx, tx, r.ID, subject)
		switch {
		case err != nil:
			return err
		case granted && slices.Contains(appeal.state.Recused, a.ID):
			return refuse(Forbidden, "您参与过这次评定，应当回避复核", "you had a part in the result and are recused from its appeal")
		case granted && party == r.Decides:
			return nil
		}
		return refuse(Conflict, "{0}已于{1}评定，不能再改", "{0} decided the round on {1}; it cannot be changed", nameOr(r.DecidedBy), when(r.DecidedAt))
	}
	if r.State == RoundCollecting || party != r.Decides {
		if err := stepIs(run, r, party); err != nil {
			return err
		}
		_, err := s.notHandedIn(ctx, tx, r, party, []string{subject}, true)
		return err
	}
	var upheld int
	err := tx.Row(ctx, "SELECT count(*) FROM matter WHERE round_id = $1 AND subject_id = $2 AND name = 'objection' AND meaning = 'good'", []any{r.ID, subject}, &upheld)
	if err != nil || upheld > 0 {
		return err
	}
	return refuse(Conflict, "结果已公示，只有异议成立的才能更正", "the results are published; only those with an upheld objection can be corrected").
		hint("请先受理异议", "answer an objection first")
}

// judgementValues checks a judgement against the clause.
func judgementValues(run *Running, j Judgement) (map[string]any, error) {
	reason, wrong := cleanText("reason", j.Reason, mostReason, true)
	values := map[string]any{"clause": j.Clause, "reason": reason}
	clause, ok := run.judged[j.Clause]
	switch {
	case !ok:
		return nil, wrongFields([]programme.FieldError{wrongField("clause", "没有可评定的条款{0}", "there is no judged clause {0}", j.Clause)})
	case len(clause.Judged.Levels) > 0:
		if !slices.ContainsFunc(clause.Judged.Levels, func(l programme.Level) bool { return l.Name == j.Level }) {
			wrong = append(wrong, wrongField("level", "请选择档次", "choose a level"))
		}
		values["level"] = j.Level
	case j.Points == nil:
		wrong = append(wrong, wrongField("points", "请给出得分", "give the points"))
	default:
		from, to := clause.Judged.From, clause.Judged.To
		if from != nil && j.Points.Cmp(*from) < 0 || to != nil && j.Points.Cmp(*to) > 0 {
			wrong = append(wrong, wrongField("points", "得分应在{0}到{1}之间", "the points must be from {0} to {1}", showBound(from), showBound(to)))
		}
		values["points"] = j.Points.String()
	}
	return values, wrongFields(wrong)
}

func showBound(d *programme.Decimal) string {
	if d == nil {
		return "…"
	}
	return d.String()
}

// askJudgesAgain brings up to date what is still to be judged of a subject in the rounds that collect its columns.
func (s *Site) askJudgesAgain(ctx context.Context, tx *db.Tx, subject string) error {
	var rounds, parties []string
	err := tx.Each(ctx, `SELECT r.id, t.name FROM round_subject rs JOIN round r ON r.id = rs.round_id
		JOIN round_step t ON t.round_id = r.id AND t.position = r.step
		WHERE rs.subject_id = $1 AND r.decided_at IS NULL AND NOT EXISTS (SELECT 1 FROM round_column c
			WHERE c.round_id = r.id AND c.subject_id = rs.subject_id AND c.party = t.name)`, []any{subject},
		func(scan func(...any) error) error {
			var round, party string
			err := scan(&round, &party)
			rounds, parties = append(rounds, round), append(parties, party)
			return err
		})
	if err != nil {
		return err
	}
	for i, id := range rounds {
		if parties[i] == Publicity {
			continue
		}
		r, run, err := s.round(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.askJudgesOf(ctx, tx, run, r, parties[i], []string{subject}); err != nil {
			return err
		}
	}
	return nil
}
