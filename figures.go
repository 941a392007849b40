package bihuan

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// figures say where the figures of a board come from: the live scores, or decided rounds.
type figures struct {
	run    *Running
	rounds []string // IDs; nil: live
	title  string   // of the only round
	asOf   programme.Day
}

func (f figures) live() bool { return f.rounds == nil }

// figuresFor gives the figures of a unit that the actor may see.
func (s *Site) figuresFor(ctx context.Context, tx *db.Tx, a Actor, run *Running, unit string) (figures, error) {
	h, err := heldAt(ctx, tx, a, run.Name, unit)
	if err != nil {
		return figures{}, err
	}
	if h.any() {
		return figures{run: run, asOf: s.Today()}, nil
	}
	if !slices.Contains(run.Public, "grades") {
		if a.Visitor() {
			return figures{}, signInFirst()
		}
		return figures{}, mayNot()
	}
	f := figures{run: run, rounds: []string{}}
	if err := f.findRounds(ctx, tx, unit); err != nil {
		return f, fmt.Errorf("decided rounds of %s: %w", unit, err)
	}
	return f, nil
}

// findRounds finds the last decided round that took in the whole unit; where there is none, those decided for parts of it,
// each the last for its own part.
func (f *figures) findRounds(ctx context.Context, tx *db.Tx, unit string) error {
	add := func(scan func(...any) error) error {
		var id string
		var asOf int64
		if err := scan(&id, &f.title, &asOf); err != nil {
			return err
		}
		f.rounds, f.asOf = append(f.rounds, id), max(f.asOf, programme.Day(asOf))
		return nil
	}
	err := tx.Each(ctx, `SELECT r.id, r.title, r.as_of FROM round r JOIN unit_within w ON w.within = r.unit
		WHERE r.programme = $1 AND w.unit = $2 AND r.decided_at IS NOT NULL ORDER BY r.decided_at DESC LIMIT 1`,
		[]any{f.run.Name, unit}, add)
	if err != nil || len(f.rounds) > 0 {
		return err
	}
	err = tx.Each(ctx, `SELECT r.id, r.title, r.as_of FROM round r JOIN unit_within w ON w.unit = r.unit
		WHERE r.programme = $1 AND w.within = $2 AND r.decided_at IS NOT NULL AND NOT EXISTS (
			SELECT 1 FROM round q JOIN unit_within x ON x.within = q.unit
			WHERE x.unit = r.unit AND q.programme = r.programme AND q.decided_at > r.decided_at)`,
		[]any{f.run.Name, unit}, add)
	if len(f.rounds) != 1 {
		f.title = ""
	}
	return err
}

// tallies counts the subjects within a unit, by the child of the unit that they are below and by how they stand.
func (f figures) tallies(ctx context.Context, tx *db.Tx, unit string) ([]tally, error) {
	query, args := `SELECT COALESCE(kw.within, ''), sc.scored, COALESCE(sc.total, 0), COALESCE(sc.grade, ''), count(*)
		FROM unit_within w JOIN subject s ON s.unit = w.unit
		LEFT JOIN score sc ON sc.subject_id = s.id AND sc.party = $3
		LEFT JOIN unit_within kw ON kw.unit = w.unit AND kw.depth = w.depth - 1
		WHERE w.within = $1 AND s.programme = $2 AND s.left_at IS NULL GROUP BY 1, 2, 3, 4`, []any{unit, f.run.Name, f.run.Deciding()}
	if !f.live() {
		query, args = `SELECT COALESCE(kw.within, ''), d.scored, d.total, d.grade, count(*)
			FROM unit_within w JOIN round_subject rs ON rs.unit = w.unit
			JOIN decision_now d ON d.round_id = rs.round_id AND d.subject_id = rs.subject_id
			LEFT JOIN unit_within kw ON kw.unit = w.unit AND kw.depth = w.depth - 1
			WHERE w.within = $1 AND rs.round_id IN (`+db.In(len(f.rounds), 2)+`) GROUP BY 1, 2, 3, 4`, db.Args(f.rounds, unit)
	}
	var list []tally
	err := tx.Each(ctx, query, args, func(scan func(...any) error) error {
		var x tally
		var scored sql.NullBool
		var total int64
		if err := scan(&x.child, &scored, &total, &x.grade, &x.n); err != nil {
			return err
		}
		x.scored, x.total = scored.Bool, assess.Points(total)
		list = append(list, x)
		return nil
	})
	return list, err
}

// PassRate is how often each verdict was found on a clause.
type PassRate struct {
	Met, Partly, Unmet, Missing, NA, Pending int
	MeanShare                                float64 // mean of points earned ÷ points to be had where the clause applies, 0 to 1; only for charts
}

// Counted gives how many subjects the clause concerns.
func (p PassRate) Counted() int { return p.Met + p.Partly + p.Unmet + p.Missing + p.Pending }

// PassRates gives, by clause, how often each verdict was found within a unit, from the same figures as its Board.
func (s *Site) PassRates(ctx context.Context, a Actor, name, unit string) (map[string]PassRate, error) {
	out := map[string]PassRate{}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, name)
		if err != nil {
			return err
		}
		path, err := unitPath(ctx, tx, unit)
		if err != nil {
			return err
		}
		unit := path[len(path)-1].Code
		f, err := s.figuresFor(ctx, tx, a, run, unit)
		if err != nil {
			return err
		}
		if err := f.passRates(ctx, tx, unit, out); err != nil {
			return fmt.Errorf("pass rates of %s: %w", unit, err)
		}
		return nil
	})
	return out, err
}

func (f figures) passRates(ctx context.Context, tx *db.Tx, unit string, out map[string]PassRate) error {
	query, args := `SELECT c.clause, c.status, count(*), CAST(sum(c.points) AS BIGINT), 0
		FROM unit_within w JOIN subject s ON s.unit = w.unit JOIN score_clause c ON c.subject_id = s.id
		WHERE w.within = $1 AND s.programme = $2 AND s.left_at IS NULL GROUP BY 1, 2`, []any{unit, f.run.Name}
	if !f.live() {
		query, args = `SELECT c.clause, c.status, CAST(sum(c.subjects) AS BIGINT), CAST(sum(c.points) AS BIGINT), CAST(sum(c.most) AS BIGINT)
			FROM unit_within w JOIN round_clause c ON c.unit = w.unit
			WHERE w.within = $1 AND c.round_id IN (`+db.In(len(f.rounds), 2)+") GROUP BY 1, 2", db.Args(f.rounds, unit)
	}
	points, most := map[string]int64{}, map[string]int64{}
	err := tx.Each(ctx, query, args, func(scan func(...any) error) error {
		var clause, status string
		var n int
		var earned, could int64
		if err := scan(&clause, &status, &n, &earned, &could); err != nil {
			return err
		}
		p := out[clause]
		p.add(status, n)
		out[clause] = p
		if status != assess.NotApplicable.String() {
			if c, ok := f.run.Clause(clause); ok && f.live() {
				worth, _ := c.Points.Scaled(6)
				could = worth * int64(n)
			}
			points[clause] += earned
			most[clause] += could
		}
		return nil
	})
	for clause, p := range out {
		switch {
		case most[clause] > 0:
			p.MeanShare = min(max(0, float64(points[clause])/float64(most[clause])), 1)
		case p.Counted() > 0: // a gate has no points
			p.MeanShare = float64(p.Met) / float64(p.Counted())
		}
		out[clause] = p
	}
	return err
}

func (p *PassRate) add(status string, n int) {
	switch status {
	case assess.Met.String():
		p.Met += n
	case assess.Partly.String():
		p.Partly += n
	case assess.Unmet.String():
		p.Unmet += n
	case assess.Missing.String():
		p.Missing += n
	case assess.NotApplicable.String():
		p.NA += n
	case assess.Pending.String():
		p.Pending += n
	}
}
