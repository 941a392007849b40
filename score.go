package bihuan

import (
	"context"
	"fmt"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// At says as of which day, as known at which moment, and by which version a score is computed.
// The zero At is the live score.
type At struct {
	AsOf    programme.Day // 0: today
	Known   time.Time     // evidence recorded by then; zero: all
	Version string        // a version's ID; empty: the one that runs
}

// Columns computes the score of a subject in every column, in the order of the parties, with all reasons. Only members of
// the house there see it; decided scores are to be had from Decision.
func (s *Site) Columns(ctx context.Context, a Actor, subjectID string, at At) ([]assess.Score, error) {
	var scores []assess.Score
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		sub, run, _, err := s.seen(ctx, tx, a, subjectID)
		if err != nil {
			return err
		}
		if at.Version != "" {
			if run, err = s.versionIn(ctx, tx, at.Version); err != nil {
				return err
			}
			if run.Name != sub.Programme {
				return notFound("该版本", "version")
			}
		}
		scores, err = s.columnsIn(ctx, tx, run, sub, at)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("score of %s: %w", subjectID, err)
	}
	return scores, nil
}

// columnsIn computes a subject's columns. A programme that compares subjects needs everybody's evidence for it.
func (s *Site) columnsIn(ctx context.Context, tx *db.Tx, run *Running, sub Subject, at At) ([]assess.Score, error) {
	var moment int64
	if !at.Known.IsZero() {
		moment = at.Known.UnixMicro()
	}
	if at.AsOf == 0 {
		at.AsOf = s.Today()
	}
	subjects := []Subject{sub}
	if run.Assess.NeedsPopulation() {
		var err error
		if subjects, err = s.peers(ctx, tx, run, moment); err != nil {
			return nil, err
		}
	}
	ids, known := make([]string, len(subjects)), map[string]int64{}
	for i, x := range subjects {
		ids[i], known[x.ID] = x.ID, moment
	}
	facts, err := s.allFactsOf(ctx, tx, run, ids, at.AsOf, known)
	if err != nil {
		return nil, err
	}
	population := populationOf(run, subjects, facts)
	var scores []assess.Score
	for _, p := range run.Parties {
		result := run.Assess.Run(population, assess.Options{AsOf: at.AsOf, Party: p.Name})
		row, ok := result.Row(sub.ID)
		if !ok { // one that has left stands alone
			scores = append(scores, run.Assess.Assess(facts.of(sub.ID, sub.Unit),
				assess.Options{AsOf: at.AsOf, Party: p.Name}))
			continue
		}
		scores = append(scores, result.Score(row))
	}
	return scores, nil
}

// peers gives the subjects that belonged to the programme at a moment; 0 is now.
func (s *Site) peers(ctx context.Context, tx *db.Tx, run *Running, moment int64) ([]Subject, error) {
	var list []Subject
	err := tx.Each(ctx, `SELECT id, unit FROM subject WHERE programme = $1 AND
		CASE WHEN CAST($2 AS BIGINT) = 0 THEN left_at IS NULL ELSE enrolled_at <= $2 AND (left_at IS NULL OR left_at > $2) END ORDER BY id`,
		[]any{run.Name, moment}, func(scan func(...any) error) error {
			var x Subject
			err := scan(&x.ID, &x.Unit)
			list = append(list, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("peers in %s: %w", run.Name, err)
	}
	return list, nil
}

const rescoreChunk = 500

// Rescore brings all live scores of a programme up to today: evidence goes stale, vetoes end and forms fall due without
// anybody doing anything. It does nothing when that has been done today. Subjects are done a few hundred at a time, so
// that others can file meanwhile; a programme that compares subjects is done in one go.
func (s *Site) Rescore(ctx context.Context, programme string) error {
	today := s.Today()
	var ids []string
	done, compares := false, false
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, programme)
		if err != nil {
			return err
		}
		compares = run.Assess.NeedsPopulation()
		var day int64
		if err := tx.Row(ctx, "SELECT rescored FROM programme WHERE name = $1", []any{programme}, &day); err != nil {
			return err
		}
		done = day == int64(today)
		ids, err = memberIDs(ctx, tx, programme)
		return err
	})
	if err != nil || done {
		return err
	}
	for start := 0; start < len(ids); {
		end := min(len(ids), start+rescoreChunk)
		if compares {
			end = len(ids)
		}
		if err := s.db.Tx(ctx, func(tx *db.Tx) error { return s.rescoreThese(ctx, tx, programme, ids[start:end]) }); err != nil {
			return fmt.Errorf("rescore %s: %w", programme, err)
		}
		start = end
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE programme SET rescored = $2 WHERE name = $1", programme, int64(today))
		return err
	})
}

func (s *Site) rescoreThese(ctx context.Context, tx *db.Tx, programme string, ids []string) error {
	run, err := s.runningIn(ctx, tx, programme)
	if err != nil {
		return err
	}
	if err := holdComparing(ctx, tx, run); err != nil {
		return err
	}
	changes, err := s.unchanged(ctx, tx, run, ids)
	if err != nil {
		return err
	}
	return s.settle(ctx, tx, run, changes)
}

// rescoreUnder brings all live scores to a version that is about to run.
func (s *Site) rescoreUnder(ctx context.Context, tx *db.Tx, run *Running) error {
	ids, err := memberIDs(ctx, tx, run.Name)
	if err != nil {
		return err
	}
	step := rescoreChunk
	if run.Assess.NeedsPopulation() {
		step = max(1, len(ids))
	}
	for start := 0; start < len(ids); start += step {
		changes, err := s.unchanged(ctx, tx, run, ids[start:min(len(ids), start+step)])
		if err != nil {
			return err
		}
		if err := s.rescored(ctx, tx, run, changes, true); err != nil {
			return err
		}
	}
	// From here on nobody else can enrol or file; who did meanwhile was scored by the old version.
	if _, err := tx.Exec(ctx, "UPDATE programme SET rev = rev + 1 WHERE name = $1", run.Name); err != nil {
		return err
	}
	now, err := memberIDs(ctx, tx, run.Name)
	if err == nil && len(now) != len(ids) {
		return db.ErrAgain
	}
	return err
}
