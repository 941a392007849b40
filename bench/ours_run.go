package main

import "bihuan.dev/bihuan/assess"

// ourCounts reassesses everybody and gives how many have each grade.
func (s *scene) ourCounts() (out [4]int) {
	copy(out[:], s.pr.Count(s.pop, s.options).Grades)
	return out
}

func countGrades(r *assess.Result) (out [4]int) {
	for i := range r.Len() {
		g := r.Grade(i)
		for k := range grades {
			if grades[k].name == g {
				out[k]++
			}
		}
	}
	return out
}

// ourWhatIf gives the function that answers what follows when clause i is another.
func (s *scene) ourWhatIf(i int, to clause) (func() distribution, error) {
	other := *s.w
	other.clauses = append([]clause{}, s.w.clauses...)
	other.clauses[i] = to
	pr, err := other.compile()
	if err != nil {
		return nil, err
	}
	pop := other.population(pr, s.columns, s.n)
	return func() (d distribution) {
		r := pr.Run(pop, s.options)
		d.grades = countGrades(r)
		for i := range r.Len() {
			d.bins[int(r.Total(i)/(assess.PointsScale/100))/500]++
		}
		return d
	}, nil
}

// ourLive gives the function that takes in one new fact and says what follows; nil while the engine has none.
func (s *scene) ourLive() func(change) standing { return nil }
