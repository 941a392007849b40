package main

import (
	"fmt"

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

func placeOf(grade string) int {
	for g := range grades {
		if grades[g].name == grade {
			return g
		}
	}
	return -1
}
