package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
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

// ourLive takes in a list of changes. A fact comes as the server has it when a form was corrected: the whole record, read
// and ready, which supersedes the one before.
type ourLive struct {
	s       *scene
	changes []change
	scores  *assess.Scores
	box     *boxes
	values  map[[2]int]programme.Values // by subject and form: what is on file
	files   []assess.Filing             // of the changes from first on
	first   int
}

func (s *scene) newOurLive(changes []change) *ourLive {
	return &ourLive{s: s, changes: changes, scores: s.pr.NewScores(s.pop, s.options), box: newBoxes(), values: map[[2]int]programme.Values{}}
}

// file makes the records of the changes from one on, as a server has just read them.
func (o *ourLive) file(from, n int) {
	o.first, o.files = from, make([]assess.Filing, min(n, len(o.changes)-from))
	for k := range o.files {
		c := o.changes[from+k]
		form := c.fact % forms
		at := [2]int{c.subject, form}
		if o.values[at] == nil {
			o.values[at] = o.s.w.subject(o.box, o.s.columns, c.subject).Evidence[form].Values
		}
		now := maps.Clone(o.values[at])
		if f := o.s.w.facts[c.fact]; c.has {
			now[f.name] = o.box.value(f.kind, c.v)
		} else {
			delete(now, f.name)
		}
		o.values[at] = now
		e := o.s.w.evidence(c.subject, form, int64(forms+from+k), now)
		o.files[k] = assess.Filing{Row: c.subject, Record: o.s.pr.Record(&e), Supersedes: e.ID}
	}
}

// apply takes in n changes, of which the records are made, one after the other, and tells what follows from each.
func (o *ourLive) apply(from, n int, each func(k int, s standing)) {
	o.scores.FileAll(o.files[from-o.first:from-o.first+n], func(i int, c assess.Change) {
		out := standing{total: int(c.Total / (assess.PointsScale / 100)), rank: c.Rank, grade: placeOf(c.Grade)}
		o.scores.CountGrades(out.counts[:])
		each(from+i, out)
	})
}

// mostChanges is how many facts come at most: each once, since one that says again what stands already would be little work here.
const mostChanges = 500_000

// oneFact takes one new fact after the other: total, grade, counts of grades and rank follow.
func (s *scene) oneFact() (*group, error) {
	changes := s.w.changes(s.n, mostChanges)
	g := &group{work: "one fact", unit: "a fact", cores: 1}
	ours, at := s.newOurLive(changes), 0
	const some = 100
	g.tasks = append(g.tasks, task{engine: ourName, prepare: func(times int) { ours.file(at, times*some) }, run: func() (float64, error) {
		if at+some > len(changes) {
			return 0, errors.New("there are too few facts for so many rounds")
		}
		var err error
		ours.apply(at, some, func(k int, s standing) {
			if s.rank == 0 {
				err = fmt.Errorf("no rank after change %d", k)
			}
		})
		at += some
		return some, err
	}})
	if s.lite != nil {
		live, err := newLiveSQLite(s.lite, changes)
		if err != nil {
			return nil, err
		}
		at := 0
		g.tasks = append(g.tasks, task{engine: "SQLite", run: func() (float64, error) {
			if at == len(changes) {
				return 0, errors.New("there are too few facts for so many rounds")
			}
			_, err := live.apply(changes[at])
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
	ours := s.newOurLive(changes)
	ours.file(0, len(changes))
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
	ours.apply(0, len(changes), func(k int, here standing) {
		theirs, wrong := live.apply(changes[k])
		if last = here; wrong == nil && here != theirs {
			wrong = fmt.Errorf("the engines do not agree after %d facts: %+v here, %+v in SQLite", k+1, here, theirs)
		}
		err = cmp.Or(err, wrong)
	})
	if err != nil {
		return err
	}
	if full := s.ourCounts(); full != last.counts {
		return fmt.Errorf("after %d facts one by one %v have the grades, assessed anew %v", len(changes), last.counts, full)
	}
	fmt.Fprintf(log, "  %-22s %d facts one by one: equal\n", "SQLite", len(changes))
	return nil
}
