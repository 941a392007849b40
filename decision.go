package bihuan

import (
	"bytes"
	"compress/flate"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Decision is the final result of a subject in a round. It recomputes from the version, the day and what was known.
type Decision struct {
	ID         string
	Round      string // its ID
	RoundTitle string
	Subject    Subject
	VersionID  string
	Scored     bool
	Total      assess.Points
	Grade      string
	AsOf       programme.Day
	Known      time.Time
	ValidUntil programme.Day // last day; 0: without end
	DecidedAt  time.Time
	DecidedBy  string       // a person's name; empty for visitors
	Score      assess.Score // with all reasons, as decided; for visitors without evidence and values of facts
	Corrects   string       // the ID of the decision that this one corrects; empty: the first
	Appeal     string       // the ID of the matter that led to the correction
	Corrected  bool         // by a later one, which counts instead
}

// Decide decides a round for all its subjects, once the days of publicity are over and every objection is answered. What
// was published is what is decided, except where an objection was upheld: there, what is known now counts, and something must have been
// put right since. A second time
// is a Conflict that tells who decided, and when.
func (s *Site) Decide(ctx context.Context, a Actor, roundID string) (Round, error) {
	if a.Visitor() {
		return Round{}, signInFirst()
	}
	var out Round
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, _, _, err := s.seenRound(ctx, tx, a, roundID); err != nil {
			return err
		}
		if err := s.holdRound(ctx, tx, roundID); err != nil {
			return err
		}
		r, run, err := s.round(ctx, tx, roundID)
		if err != nil {
			return err
		}
		if err := s.mustHold(ctx, tx, a, run, r.Unit, r.Decides); err != nil {
			return err
		}
		if err := s.mayDecideNow(run, r); err != nil {
			return err
		}
		now, err := s.runningIn(ctx, tx, r.Programme) // what begins today runs under today's version
		if err != nil {
			return err
		}
		if err := holdComparing(ctx, tx, now); err != nil {
			return err
		}
		list, err := pinnedSubjects(ctx, tx, r.ID)
		if err != nil {
			return err
		}
		held, err := s.hold(ctx, tx, idsOf(list), 2) // a moment for what is known, and one for the rectifications
		if err != nil {
			return err
		}
		if r, _, err = s.round(ctx, tx, roundID); err != nil { // somebody may have objected while we waited
			return err
		}
		if err := s.publicityOver(run, r); err != nil {
			return err
		}
		if err := s.mustBeCorrected(ctx, tx, run, r); err != nil {
			return err
		}
		k, err := s.knownDecided(ctx, tx, r, held)
		if err != nil {
			return err
		}
		found, err := s.storeDecisions(ctx, tx, a, run, r, list, k)
		if err != nil {
			return err
		}
		if err := s.endRound(ctx, tx, a, r); err != nil {
			return err
		}
		for _, h := range held {
			h.moment++
		}
		if err := s.rectify(ctx, tx, now, r.ID, held, found); err != nil {
			return err
		}
		out, _, err = s.round(ctx, tx, roundID)
		return err
	})
	if err != nil {
		return Round{}, fmt.Errorf("decide round %s: %w", roundID, err)
	}
	s.wroteMany(ctx, out.Subjects, "decision", "judge_due", "finding", "matter", "matter_event", "matter_form", "matter_turn", "notice")
	return out, nil
}

// mayDecideNow refuses a round that is decided, or not ready for it.
func (s *Site) mayDecideNow(run *Running, r Round) error {
	switch {
	case r.State == RoundDecided:
		return refuse(Conflict, "{0}已于{1}评定", "{0} decided it on {1}", nameOr(r.DecidedBy), when(r.DecidedAt))
	case r.State == RoundCollecting || r.Step < len(r.Steps)-1:
		return refuse(Conflict, "现为“{0}”，各环节结束后才能评定", "the round stands at “{0}”; decide when all steps are over", underWay(run, r))
	}
	return s.publicityOver(run, r)
}

// knownDecided says what was known of each subject for the decision: what was when the deciding column was handed in; what
// is now, where an objection was upheld.
func (s *Site) knownDecided(ctx context.Context, tx *db.Tx, r Round, held map[string]*heldSubject) (known, error) {
	k := known{}
	err := tx.Each(ctx, `SELECT c.subject_id, c.known_at, (SELECT count(*) FROM matter j
			WHERE j.round_id = c.round_id AND j.subject_id = c.subject_id AND j.name = 'objection' AND j.meaning = 'good')
		FROM round_column c WHERE c.round_id = $1 AND c.party = $2`, []any{r.ID, r.Decides}, func(scan func(...any) error) error {
		var id string
		var at int64
		var upheld int
		if err := scan(&id, &at, &upheld); err != nil {
			return err
		}
		if k[id] = at; upheld > 0 {
			k[id] = held[id].moment
		}
		return nil
	})
	if err == nil && len(k) != r.Subjects {
		err = fmt.Errorf("round %s has %d deciding columns for %d subjects", r.ID, len(k), r.Subjects)
	}
	return k, err
}

func (s *Site) storeDecisions(ctx context.Context, tx *db.Tx, a Actor, run *Running, r Round, list []pinned, k known) ([]finding, error) {
	units := make(map[string]string, len(list))
	for _, p := range list {
		units[p.ID] = p.Unit
	}
	var until any
	if last := validUntil(run, s.Today()); last != 0 {
		until = int64(last)
	}
	now := s.Now().UnixMicro()
	rates := clauseRates{}
	var pack packer
	var rows [][]any
	var found []finding
	store := func() error {
		err := tx.Insert(ctx, `decision (id, round_id, subject_id, scored, total, grade, as_of, known_at, doc, valid_until, decided_at, decided_by)`, rows, "")
		rows = rows[:0]
		return err
	}
	n := 0
	err := s.assessRound(ctx, tx, run, r, r.Decides, idsOf(list), k, func(id string, result *assess.Result, i int) error {
		score := result.Score(i)
		doc, err := pack.pack(score)
		if err != nil {
			return err
		}
		rates.add(units[id], score)
		decision := newID()
		for _, c := range run.failing(score) {
			found = append(found, finding{decision, id, c})
		}
		rows = append(rows, []any{decision, r.ID, id, score.Scored, int64(score.Total), score.Grade, int64(r.AsOf), k[id], doc, until, now, a.ID})
		if n++; len(rows) == db.Chunk {
			return store()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if n != len(list) {
		return nil, fmt.Errorf("scored %d of %d subjects of round %s", n, len(list), r.ID)
	}
	if err := store(); err != nil {
		return nil, err
	}
	return found, rates.store(ctx, tx, r.ID)
}

func (s *Site) endRound(ctx context.Context, tx *db.Tx, a Actor, r Round) error {
	now := s.Now().UnixMicro()
	_, err := tx.Exec(ctx, "UPDATE round_step SET closed_at = $2, closed_by = $3 WHERE round_id = $1 AND closed_at IS NULL", r.ID, now, a.ID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE round SET step = $2, decided_at = $3, decided_by = $4 WHERE id = $1", r.ID, len(r.Steps), now, a.ID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM judge_due WHERE round_id = $1", r.ID)
	return err
}

// clauseRates counts the verdicts of a round by the unit of the subjects, the clause and the verdict.
type clauseRates map[[3]string]*clauseRate

type clauseRate struct {
	subjects     int
	points, most assess.Points
}

func (c clauseRates) add(unit string, score assess.Score) {
	for _, x := range score.Clauses {
		key := [3]string{unit, x.Clause, x.Status.String()}
		if c[key] == nil {
			c[key] = &clauseRate{}
		}
		c[key].subjects++
		c[key].points += x.Points
		c[key].most += x.Most
	}
}

func (c clauseRates) store(ctx context.Context, tx *db.Tx, round string) error {
	rows := make([][]any, 0, len(c))
	for key, x := range c {
		rows = append(rows, []any{round, key[0], key[1], key[2], x.subjects, int64(x.points), int64(x.most)})
	}
	return tx.Insert(ctx, "round_clause (round_id, unit, clause, status, subjects, points, most)", rows, "")
}

// packer writes scores as deflated JSON: an explained score has thousands of words, and a round thousands of scores. It is
// kept over all of them, since a new deflater costs more than a score.
type packer struct{ w *flate.Writer }

func (p *packer) pack(score assess.Score) ([]byte, error) {
	var b bytes.Buffer
	if p.w == nil {
		var err error
		if p.w, err = flate.NewWriter(&b, flate.BestSpeed); err != nil {
			return nil, err
		}
	}
	p.w.Reset(&b)
	if err := json.NewEncoder(p.w).Encode(score); err != nil {
		return nil, fmt.Errorf("write score: %w", err)
	}
	err := p.w.Close()
	return b.Bytes(), err
}

func unpackScore(doc []byte) (score assess.Score, err error) {
	r := flate.NewReader(bytes.NewReader(doc))
	plain, err := io.ReadAll(r)
	if err == nil {
		err = json.Unmarshal(plain, &score)
	}
	if err != nil {
		return score, fmt.Errorf("read score: %w", err)
	}
	return score, nil
}

// Decision gives what was decided for a subject in a round; where it was corrected on appeal, the correction. Members of its house see all of it; others, where the programme
// publishes grades, the verdicts with their reasons, but no evidence and no names.
func (s *Site) Decision(ctx context.Context, a Actor, roundID, subjectID string) (Decision, error) {
	var out Decision
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if _, _, _, err := s.seenRound(ctx, tx, a, roundID); err != nil {
			return err
		}
		list, err := s.decisions(ctx, tx, a, "d.round_id = $1 AND d.subject_id = $2", roundID, subjectID)
		if err == nil && len(list) == 0 {
			err = notFound("该评定结果", "decision")
		}
		if err != nil {
			return err
		}
		out = list[0]
		return nil
	})
	return out, err
}

// Decisions gives all decisions on a subject that the actor may see, the newest first, corrections and what they correct alike.
func (s *Site) Decisions(ctx context.Context, a Actor, subjectID string) ([]Decision, error) {
	var out []Decision
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		var err error
		out, err = s.decisions(ctx, tx, a, "d.subject_id = $1", subjectID)
		return err
	})
	return out, err
}

// decisionsWhere reads decisions, the newest first.
func (s *Site) decisionsWhere(ctx context.Context, tx *db.Tx, where string, args ...any) ([]Decision, error) {
	var all []Decision
	err := tx.Each(ctx, `SELECT d.id, d.round_id, r.title, r.version_id, d.scored, d.total, d.grade, d.as_of, d.known_at, d.doc, d.valid_until,
			d.decided_at, COALESCE(b.name, ''), COALESCE(d.corrects, ''), COALESCE(d.appeal_id, ''),
			EXISTS (SELECT 1 FROM decision n WHERE n.corrects = d.id), `+briefSubject+`
		FROM decision d JOIN round r ON r.id = d.round_id JOIN subject s ON s.id = d.subject_id
		LEFT JOIN account b ON b.id = d.decided_by WHERE `+where+" ORDER BY d.decided_at DESC, d.id DESC", args,
		func(scan func(...any) error) error {
			var d Decision
			var b subjectBrief
			var total, asOf, knownAt, decided int64
			var until sql.NullInt64
			var doc []byte
			err := scan(append([]any{&d.ID, &d.Round, &d.RoundTitle, &d.VersionID, &d.Scored, &total, &d.Grade, &asOf, &knownAt, &doc, &until,
				&decided, &d.DecidedBy, &d.Corrects, &d.Appeal, &d.Corrected}, b.into()...)...)
			if err != nil {
				return err
			}
			d.Subject, d.Total, d.AsOf = b.subject(s), assess.Points(total), programme.Day(asOf)
			d.Known, d.DecidedAt, d.ValidUntil = s.moment(knownAt), s.moment(decided), programme.Day(until.Int64)
			d.Score, err = unpackScore(doc)
			all = append(all, d)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return all, nil
}

// decisions reads decisions as the actor may see them.
func (s *Site) decisions(ctx context.Context, tx *db.Tx, a Actor, where string, args ...any) ([]Decision, error) {
	all, err := s.decisionsWhere(ctx, tx, where, args...)
	if err != nil {
		return nil, err
	}
	var seen []Decision
	for _, d := range all {
		h, err := heldAt(ctx, tx, a, d.Subject.Programme, d.Subject.Unit)
		if err != nil {
			return nil, err
		}
		run, err := s.versionIn(ctx, tx, d.VersionID)
		if err != nil {
			return nil, err
		}
		switch {
		case h.any():
			seen = append(seen, d)
		case slices.Contains(run.Public, "grades"):
			d.DecidedBy, d.Score = "", publicScore(d.Score)
			seen = append(seen, d)
		}
	}
	return seen, nil
}

// publicScore leaves out of a score what is nobody's business outside the house: facts and the evidence they come from.
func publicScore(score assess.Score) assess.Score {
	score.Struck, score.Clauses = slices.Clone(score.Struck), slices.Clone(score.Clauses)
	for i := range score.Struck {
		score.Struck[i].Inputs = publicInputs(score.Struck[i].Inputs)
	}
	for i := range score.Clauses {
		score.Clauses[i].Inputs = publicInputs(score.Clauses[i].Inputs)
	}
	return score
}

func publicInputs(inputs []assess.Input) []assess.Input {
	out := slices.Clone(inputs)
	for i := range out {
		out[i].Value, out[i].Evidence = programme.Text{}, nil
	}
	return out
}

// Recompute computes a decision anew from the evidence as it was known, and tells whether it gives the same points,
// verdicts and grade. It always should.
func (s *Site) Recompute(ctx context.Context, a Actor, decisionID string) (score assess.Score, same bool, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		list, err := s.decisions(ctx, tx, a, "d.id = $1", decisionID)
		if err == nil && len(list) == 0 {
			err = notFound("该评定结果", "decision")
		}
		if err != nil {
			return err
		}
		d := list[0]
		r, run, sees, err := s.seenRound(ctx, tx, a, d.Round)
		if err != nil {
			return err
		}
		k, err := knownWhen(ctx, tx, r.ID, d.DecidedAt.UnixMicro())
		if err != nil {
			return err
		}
		k[d.Subject.ID] = d.Known.UnixMicro()
		err = s.assessRound(ctx, tx, run, r, r.Decides, []string{d.Subject.ID}, k, func(_ string, result *assess.Result, i int) error {
			score = result.Score(i)
			return nil
		})
		same = d.sameAs(score)
		if sees == sightPublic {
			score = publicScore(score)
		}
		return err
	})
	if err != nil {
		return assess.Score{}, false, fmt.Errorf("recompute decision %s: %w", decisionID, err)
	}
	return score, same, nil
}

// knownWhen says what was known of each subject of a round for the decisions that counted at a moment.
func knownWhen(ctx context.Context, tx *db.Tx, round string, at int64) (known, error) {
	k := known{}
	err := tx.Each(ctx, "SELECT subject_id, known_at FROM decision WHERE round_id = $1 AND decided_at <= $2 ORDER BY decided_at, id", []any{round, at},
		func(scan func(...any) error) error {
			var id string
			var at int64
			err := scan(&id, &at)
			k[id] = at // the later one stays
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("what was known in round %s: %w", round, err)
	}
	return k, nil
}

// sameAs compares what counts: points, verdicts and grade. The words may have become better since.
func (d Decision) sameAs(score assess.Score) bool {
	if d.Scored != score.Scored || d.Total != score.Total || d.Grade != score.Grade {
		return false
	}
	return slices.EqualFunc(d.Score.Clauses, score.Clauses, func(x, y assess.ClauseScore) bool {
		return x.Clause == y.Clause && x.Status == y.Status && x.Points == y.Points
	})
}
