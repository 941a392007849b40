package main

import (
	"fmt"
	"io"
	"math/rand/v2"
)

// changes are n new facts for random subjects, of every kind, 5 % of them missing.
func (w *workload) changes(subjects, n int) []change {
	var read []int
	for j, f := range w.facts {
		if f.read {
			read = append(read, j)
		}
	}
	r := rand.New(rand.NewPCG(11, uint64(subjects)))
	out := make([]change, n)
	for i := range out {
		j := read[r.IntN(len(read))]
		f := w.facts[j]
		out[i] = change{subject: r.IntN(subjects), fact: j, v: f.lo + int32(r.IntN(int(f.hi-f.lo)+1)), has: r.IntN(100) >= 5}
	}
	return out
}

// oneFact takes one new fact after the other: total, grade, counts of grades and rank follow.
func (s *scene) oneFact() (*group, error) {
	changes := s.w.changes(s.n, 20_000)
	g := &group{work: "one fact", unit: "a fact", cores: 1}
	ours, at := s.ourLive(changes), 0
	g.tasks = append(g.tasks, task{engine: ourName, run: func() (float64, error) {
		for range 100 {
			if ours(at%len(changes)).rank == 0 {
				return 0, fmt.Errorf("no rank after change %d", at)
			}
			at++
		}
		return 100, nil
	}})
	if s.lite != nil {
		live, err := newLiveSQLite(s.lite, changes)
		if err != nil {
			return nil, err
		}
		at := 0
		g.tasks = append(g.tasks, task{engine: "SQLite", run: func() (float64, error) {
			_, err := live.apply(changes[at%len(changes)])
			at++
			return 1, err
		}})
	}
	return g, nil
}

// agreeLive applies the same facts here and in SQLite, and compares what follows each time. This engine's state must then be
// that of a full assessment.
func (b *bench) agreeLive(n int, log io.Writer) error {
	s := &scene{bench: b, n: n, columns: newColumns(b.w.facts, n)}
	s.pop = b.w.population(b.pr, s.columns, n)
	changes := b.w.changes(n, 1000)
	ours := s.ourLive(changes)
	lite, err := newSQLite(b.w, s.columns, n)
	if err != nil {
		return err
	}
	defer lite.close()
	live, err := newLiveSQLite(lite, changes)
	if err != nil {
		return err
	}
	var last standing
	for k, c := range changes {
		theirs, err := live.apply(c)
		if err != nil {
			return err
		}
		if last = ours(k); last != theirs {
			return fmt.Errorf("the engines do not agree after %d facts: %+v here, %+v in SQLite", k+1, last, theirs)
		}
	}
	if full := s.ourCounts(); full != last.counts {
		return fmt.Errorf("after %d facts one by one %v have the grades, assessed anew %v", len(changes), last.counts, full)
	}
	fmt.Fprintf(log, "  %-22s %d facts one by one: equal\n", "SQLite", len(changes))
	return nil
}
