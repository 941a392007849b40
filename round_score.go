package bihuan

import (
	"context"
	"fmt"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// A score in a round follows from the round's version, its day, and what was known of each subject at a moment of its own:
// when its column was handed in, or when it was decided. That is all that is kept, and it gives the same score later.

// known says what moment a subject's evidence is taken at, in microseconds, by subject ID; 0 or none: everything by now.
type known map[string]int64

// pinned is a subject of a round.
type pinned struct{ ID, Unit string }

// pinnedSubjects lists the subjects of a round, by ID.
func pinnedSubjects(ctx context.Context, tx *db.Tx, round string) ([]pinned, error) {
	var list []pinned
	err := tx.Each(ctx, "SELECT subject_id, unit FROM round_subject WHERE round_id = $1 ORDER BY subject_id", []any{round},
		func(scan func(...any) error) error {
			var p pinned
			if err := scan(&p.ID, &p.Unit); err != nil {
				return err
			}
			list = append(list, p)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read subjects of round %s: %w", round, err)
	}
	return list, nil
}

// assessRound scores subjects of a round in a party's column and gives each to f. In a programme that compares subjects
// all of the round's are loaded, with what is known of each; otherwise a few hundred at a time.
func (s *Site) assessRound(ctx context.Context, tx *db.Tx, run *Running, r Round, party string, ids []string, k known,
	f func(id string, result *assess.Result, i int) error) error {
	all, err := pinnedSubjects(ctx, tx, r.ID)
	if err != nil {
		return err
	}
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	part := func(list []pinned) error {
		facts, err := s.allFactsOf(ctx, tx, run, idsOf(list), r.AsOf, k)
		if err != nil {
			return fmt.Errorf("score round %s: %w", r.ID, err)
		}
		population := run.Assess.NewPopulation()
		for _, p := range list {
			population.Put(facts.of(p.ID, p.Unit))
		}
		result := run.Assess.Run(population, assess.Options{AsOf: r.AsOf, Party: party})
		for i := range result.Len() {
			if id := result.Key(i); wanted[id] {
				if err := f(id, result, i); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if run.Assess.NeedsPopulation() {
		return part(all)
	}
	chosen := all[:0]
	for _, p := range all {
		if wanted[p.ID] {
			chosen = append(chosen, p)
		}
	}
	return db.Chunks(chosen, part)
}

// toJudge lists the judged clauses that wait for a judgement.
func toJudge(run *Running, result *assess.Result, i int) []string {
	var out []string
	for n, c := range run.clauses {
		if c.Judged != nil && result.Status(i, n) == assess.Pending {
			out = append(out, c.Clause)
		}
	}
	return out
}

// pendingClauses counts the clauses that wait for somebody.
func pendingClauses(run *Running, result *assess.Result, i int) int {
	pending := 0
	for n := range run.clauses {
		if result.Status(i, n) == assess.Pending {
			pending++
		}
	}
	return pending
}

// askJudges notes which clauses the party whose step is under way has to judge.
func (s *Site) askJudges(ctx context.Context, tx *db.Tx, run *Running, r Round) error {
	step, ok := r.UnderWay()
	if !ok || step.Name == Publicity || len(run.judged) == 0 {
		return nil
	}
	list, err := pinnedSubjects(ctx, tx, r.ID)
	if err != nil {
		return err
	}
	return s.askJudgesOf(ctx, tx, run, r, step.Name, idsOf(list))
}

// askJudgesOf notes anew which clauses of some subjects a party has to judge in a round.
func (s *Site) askJudgesOf(ctx context.Context, tx *db.Tx, run *Running, r Round, party string, ids []string) error {
	if err := dropJudgeDue(ctx, tx, r.ID, party, ids); err != nil {
		return err
	}
	var rows [][]any
	err := s.assessRound(ctx, tx, run, r, party, ids, nil, func(id string, result *assess.Result, i int) error {
		for _, clause := range toJudge(run, result, i) {
			rows = append(rows, []any{id, party, clause, r.ID})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tx.Insert(ctx, "judge_due (subject_id, party, clause, round_id)", rows, "")
}

func dropJudgeDue(ctx context.Context, tx *db.Tx, round, party string, ids []string) error {
	return db.Chunks(ids, func(part []string) error {
		_, err := tx.Exec(ctx, "DELETE FROM judge_due WHERE round_id = $1 AND party = $2 AND subject_id IN ("+db.In(len(part), 3)+")",
			db.Args(part, round, party)...)
		return err
	})
}

func idsOf(list []pinned) []string {
	ids := make([]string, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	return ids
}

// validUntil gives the last day on which a grade decided on a day holds, or 0.
func validUntil(run *Running, from programme.Day) programme.Day {
	if run.Standard == nil || run.Standard.Grades.Valid.Zero() {
		return 0
	}
	return run.calendar.Add(from, run.Standard.Grades.Valid) - 1
}
