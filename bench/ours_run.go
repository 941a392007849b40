package main

import (
	"fmt"
	"maps"
	"slices"

	"bihuan.dev/bihuan/assess"
)

// ourCounts reassesses everybody and gives how many have each grade.
func (s *scene) ourCounts() (out [4]int) {
	copy(out[:], s.pr.Count(s.pop, s.options).Grades)
	return out
}

func countGrades(r *assess.Result) (out [4]int) {
	for i := range r.Len() {
		out[placeOf(r.Grade(i))]++
	}
	return out
}

// ourWhatIf gives the functions that answer what follows when clause i is another, and when it is what it was. The draft is compiled
// beforehand, as the peers' statements are prepared; the trial goes from one to the other and back.
func (s *scene) ourWhatIf(i int, to clause) (there, back func() distribution, err error) {
	other := *s.w
	other.clauses = append([]clause{}, s.w.clauses...)
	other.clauses[i] = to
	pr, err := other.compile()
	if err != nil {
		return nil, nil, err
	}
	if pr.Over(s.pop) != s.pop {
		return nil, nil, fmt.Errorf("clause %d: a moved threshold wants a population of its own", i)
	}
	trial := s.pr.NewTrial(s.pop, s.options)
	answer := func(pr *assess.Program) func() distribution {
		return func() (d distribution) {
			trial.Try(pr)
			copy(d.grades[:], trial.Counts().Grades)
			copy(d.bins[:], trial.Histogram(5*assess.PointsScale, len(d.bins)))
			return d
		}
	}
	return answer(pr), answer(s.pr), nil
}

// ourLive gives the function that takes in change k of a list and says what follows. What the subjects then have on file is
// made beforehand, as a server has it at hand.
func (s *scene) ourLive(changes []change) func(k int) standing {
	scores := s.pr.NewScores(s.pop, s.options)
	box, now, files := newBoxes(), map[int]assess.Subject{}, make([]assess.Subject, len(changes))
	for k, c := range changes {
		x, ok := now[c.subject]
		if !ok {
			x = s.w.subject(box, s.columns, c.subject)
		}
		x.Evidence = slices.Clone(x.Evidence)
		e := &x.Evidence[c.fact%forms]
		e.ID, e.Recorded, e.Values = fmt.Sprintf("%s.%d", e.ID, k), int64(forms+k), maps.Clone(e.Values)
		if f := s.w.facts[c.fact]; c.has {
			e.Values[f.name] = box.value(f.kind, c.v)
		} else {
			delete(e.Values, f.name)
		}
		now[c.subject], files[k] = x, x
	}
	return func(k int) (out standing) {
		c := scores.Apply(files[k])
		out.total, out.rank, out.grade = int(c.Total/(assess.PointsScale/100)), c.Rank, placeOf(c.Grade)
		copy(out.counts[:], scores.Counts().Grades)
		return out
	}
}

func placeOf(grade string) int {
	for g := range grades {
		if grades[g].name == grade {
			return g
		}
	}
	return -1
}
