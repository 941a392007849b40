package bihuan

import (
	"context"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// After a decision the one assessed may appeal (复核). Another judge than those who had a part in it decides. When the result
// changes, the correction is a further decision of the same subject and round; the first one stays beside it.

// Appeal appeals against the decided result of a subject, or against one clause of it, within the days that the matter gives, 15
// working days from the decision as the language has it. The subject's own party may, one appeal at a time, and not again on what
// was decided on appeal.
func (s *Site) Appeal(ctx context.Context, a Actor, roundID, subjectID, clause, body string) (MatterFile, error) {
	if a.Visitor() {
		return MatterFile{}, signInFirst()
	}
	var id string
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		h, r, run, err := s.holdResult(ctx, tx, a, roundID, subjectID)
		if err != nil {
			return err
		}
		if err := s.mayAppeal(ctx, tx, a, run, r, subjectID); err != nil {
			return err
		}
		b, err := s.against(ctx, tx, a, h, run, appealMatter, r.ID, clause, body)
		if err != nil {
			return err
		}
		if err := appealedOnce(ctx, tx, r.ID, subjectID, clause); err != nil {
			return err
		}
		if b.recused, err = hadAPart(ctx, tx, r, subjectID); err != nil {
			return err
		}
		b.since = programme.DayOf(r.DecidedAt)
		w := writes{}
		m, err := s.begin(ctx, tx, &w, h, b)
		if err != nil {
			return err
		}
		id = m.ID
		if err := s.anotherJudge(ctx, tx, &w, &m); err != nil {
			return err
		}
		return s.finish(ctx, tx, &w, h, m.x)
	})
	if err != nil {
		return MatterFile{}, fmt.Errorf("appeal for %s in round %s: %w", subjectID, roundID, err)
	}
	return s.Matter(ctx, a, id)
}

// AppealsUntil is the last day on which the results of a decided round may be appealed against; zero when no day ends it, or nothing is
// decided.
func (s *Site) AppealsUntil(run *Running, r Round) programme.Day {
	x, err := s.process(run, appealMatter)
	if err != nil || len(x.Matter.Raise.Within) == 0 || r.State != RoundDecided {
		return 0
	}
	return x.RaisedUntil(programme.DayOf(r.DecidedAt))
}

// mayAppeal refuses who does not speak for the subject, and what is not decided yet.
func (s *Site) mayAppeal(ctx context.Context, tx *db.Tx, a Actor, run *Running, r Round, subjectID string) error {
	unit, err := pinnedUnit(ctx, tx, r.ID, subjectID)
	if err != nil {
		return err
	}
	var own []string
	if len(run.Parties) > 0 {
		own = append(own, run.Parties[0].Name)
	}
	if err := s.mustHold(ctx, tx, a, run, unit, own...); err != nil {
		return err
	}
	if r.State != RoundDecided {
		return refuse(Conflict, "还没有评定，现为“{0}”；公示期间可以提出异议", "nothing is decided yet, the round stands at “{0}”; objections can be made while results are published", underWay(run, r))
	}
	return nil
}

func appealedOnce(ctx context.Context, tx *db.Tx, round, subject, clause string) error {
	var open, decided int
	err := tx.Row(ctx, `SELECT COALESCE(sum(CASE WHEN outcome = '' THEN 1 ELSE 0 END), 0),
		COALESCE(sum(CASE WHEN outcome <> '' AND outcome <> 'withdrawn' AND clause = $3 THEN 1 ELSE 0 END), 0)
		FROM matter WHERE name = 'appeal' AND round_id = $1 AND subject_id = $2`, []any{round, subject, clause}, &open, &decided)
	switch {
	case err != nil:
		return err
	case open > 0:
		return refuse(Conflict, "已经申请复核，请等待结果", "an appeal is under way; wait for its result")
	case decided > 0:
		return refuse(Conflict, "对此已经复核过，不能再次申请", "this was decided on appeal already")
	}
	return nil
}

// hadAPart lists the accounts that judged clauses of a subject since a round began, handed in its deciding column, or decided.
func hadAPart(ctx context.Context, tx *db.Tx, r Round, subject string) ([]string, error) {
	var out []string
	err := tx.Each(ctx, `SELECT account_id FROM evidence WHERE subject_id = $2 AND form = $3 AND recorded_at >= $4
		UNION SELECT submitted_by FROM round_column WHERE round_id = $1 AND subject_id = $2 AND party = $5
		UNION SELECT decided_by FROM round WHERE id = $1 AND decided_by IS NOT NULL
		UNION SELECT decided_by FROM decision WHERE round_id = $1 AND subject_id = $2 ORDER BY 1`,
		[]any{r.ID, subject, programme.JudgementForm, r.OpenedAt.UnixMicro(), r.Decides}, func(scan func(...any) error) error {
			var id string
			if err := scan(&id); err != nil {
				return err
			}
			if id != "" && id != System().ID {
				out = append(out, id)
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("who had a part in the result of %s: %w", subject, err)
	}
	return out, nil
}

// anotherJudge tells those who administer when everybody who could decide an appeal is recused: they have to find somebody.
func (s *Site) anotherJudge(ctx context.Context, tx *db.Tx, w *writes, m *stored) error {
	left := false
	err := eachHolder(ctx, tx, m.Programme, m.Unit, rolesOf(m.run, m.x.Handlers()), 0, func(person string, _ int) {
		left = left || !slices.Contains(m.state.Recused, person)
	})
	if err != nil || left {
		return err
	}
	return s.tellAdministrators(ctx, tx, w, m, programme.T("能办理的人都应回避，请另行指定", "everybody who could decide it is recused; name somebody else"))
}

// correctable tells whether a matter is an appeal that has come so far that the result can be put right.
func (m *stored) correctable() bool {
	_, ok := leadingTo(m, programme.Good)
	return m.Name == appealMatter && ok
}

// appealOf gives the appeal in which the result of a subject can be put right now, if there is one.
func (s *Site) appealOf(ctx context.Context, tx *db.Tx, round, subject string) (appeal stored, ok bool, err error) {
	list, err := s.matters(ctx, tx, "WHERE m.name = 'appeal' AND m.outcome = '' AND m.round_id = $1 AND m.subject_id = $2", round, subject)
	for _, m := range list {
		if m.correctable() {
			return m, true, nil
		}
	}
	return stored{}, false, err
}

// correct makes the further decision to which an appeal led, from what was known before the event e of it. What the corrected
// result no longer finds is no longer to be put right, and what it finds anew is.
func (s *Site) correct(ctx context.Context, tx *db.Tx, a Actor, h heldForMatter, m *stored, e programme.Event) error {
	r, run, err := s.round(ctx, tx, m.Round)
	if err != nil {
		return err
	}
	last, err := s.decisionsWhere(ctx, tx, "d.round_id = $1 AND d.subject_id = $2", r.ID, m.Subject.ID)
	if err != nil {
		return err
	}
	if len(last) == 0 {
		return refuse(Conflict, "没有可更正的结果", "there is no result to correct")
	}
	was := last[0]
	k, err := knownWhen(ctx, tx, r.ID, s.Now().UnixMicro())
	if err != nil {
		return err
	}
	k[m.Subject.ID] = e.At.UnixMicro() - 1
	var score assess.Score
	if err := s.assessRound(ctx, tx, run, r, r.Decides, []string{m.Subject.ID}, k, func(_ string, result *assess.Result, i int) error {
		score = result.Score(i)
		return nil
	}); err != nil {
		return err
	}
	if was.sameAs(score) {
		return refuse(Conflict, "结果没有变化，不能按更正办结", "the result is the same; there is nothing to correct").
			hint("请先重新评定有关条款，或者补充佐证", "judge the clauses anew first, or file evidence")
	}
	id := newID()
	var pack packer
	doc, err := pack.pack(score)
	if err != nil {
		return err
	}
	var until any
	if was.ValidUntil != 0 {
		until = int64(was.ValidUntil)
	}
	if err := tx.Insert(ctx, "decision (id, round_id, subject_id, scored, total, grade, as_of, known_at, doc, valid_until, decided_at, decided_by, corrects, appeal_id)",
		[][]any{{id, r.ID, m.Subject.ID, score.Scored, int64(score.Total), score.Grade, int64(r.AsOf), k[m.Subject.ID], doc, until, e.At.UnixMicro(), a.ID, was.ID, m.ID}}, ""); err != nil {
		return err
	}
	unit, err := pinnedUnit(ctx, tx, r.ID, m.Subject.ID)
	if err != nil {
		return err
	}
	if err := recount(ctx, tx, r.ID, unit, was.Score, score); err != nil {
		return err
	}
	var found []finding
	for _, c := range run.failing(score) {
		found = append(found, finding{id, m.Subject.ID, c})
	}
	sub := *h.sub
	sub.moment = h.next()
	held := map[string]*heldSubject{sub.ID: &sub}
	if err := s.rectify(ctx, tx, h.run, r.ID, held, found); err != nil {
		return err
	}
	told := func(_, _, _ string) (programme.Text, error) {
		return programme.T("复核后的结果不再要求整改。", "The corrected result no longer asks for it."), nil
	}
	read, err := s.endRectifications(ctx, tx, held, []string{sub.ID}, told,
		`EXISTS (SELECT 1 FROM finding f WHERE f.matter_id = m.id)
		AND NOT EXISTS (SELECT 1 FROM finding f JOIN decision_now d ON d.id = f.decision_id WHERE f.matter_id = m.id)`, func(_, _ string) bool { return true })
	if err != nil || len(read) == 0 || !h.run.readsMatters {
		return err
	}
	return s.settleMattered(ctx, tx, h.run, held, []string{sub.ID})
}

// recount puts a corrected result in the place of the one before in the figures of its round.
func recount(ctx context.Context, tx *db.Tx, round, unit string, was, is assess.Score) error {
	for _, x := range []struct {
		score assess.Score
		sign  int64
	}{{was, -1}, {is, 1}} {
		rates := clauseRates{}
		rates.add(unit, x.score)
		var rows [][]any
		for key, c := range rates {
			rows = append(rows, []any{round, key[0], key[1], key[2], x.sign * int64(c.subjects), x.sign * int64(c.points), x.sign * int64(c.most)})
		}
		if err := tx.Insert(ctx, "round_clause AS c (round_id, unit, clause, status, subjects, points, most)", rows,
			`ON CONFLICT (round_id, unit, clause, status) DO UPDATE SET subjects = c.subjects + excluded.subjects, points = c.points + excluded.points, most = c.most + excluded.most`); err != nil {
			return err
		}
	}
	return nil
}
