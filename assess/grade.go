package assess

import (
	"cmp"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// gradeOrder lists the grades best first. A ladder is written from its lowest step up.
func (pr *Program) gradeOrder(g programme.Grades) {
	if len(g.Bands) == 0 && len(g.Ladder) == 0 {
		return
	}
	bands := slices.Clone(g.Bands)
	slices.SortStableFunc(bands, func(a, b *programme.GradeBand) int { return b.AtLeast.Cmp(a.AtLeast) })
	for _, b := range bands {
		pr.grades = append(pr.grades, b.Grade)
	}
	for i := len(g.Ladder) - 1; i >= 0; i-- {
		pr.grades = append(pr.grades, g.Ladder[i].Grade)
	}
	if other := cmp.Or(g.Else, "none"); !slices.Contains(pr.grades, other) {
		pr.grades = append(pr.grades, other)
	}
}

// Grades lists the grades best first; the last one is that of who reaches none.
func (pr *Program) Grades() []string { return slices.Clone(pr.grades) }

// lowest is the place of the grade of who reaches none, or the worst there is.
func (pr *Program) lowest() int {
	return max(slices.Index(pr.grades, cmp.Or(pr.p.Standard.Grades.Else, "none")), 0)
}
