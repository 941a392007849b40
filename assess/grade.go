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

// grade finds everybody's grade: by bands or ladder, then quotas, then what drops, caps or sets it.
func (r *Result) grade(fr *frame) {
	pr := r.pr
	if len(pr.grades) == 0 {
		return
	}
	g := pr.p.Standard.Grades
	for i := range r.rows {
		r.wanted[i] = pr.lowest()
		if r.totals[i].scored {
			r.wanted[i] = pr.reached(r, i)
		}
	}
	copy(r.base, r.wanted)
	r.quotas(g)
	copy(r.final, r.base)
	for i := range r.rows {
		t := &r.totals[i]
		if !t.scored {
			r.final[i] = pr.lowest()
			continue
		}
		fr.row = i
		if g.DropWhen != nil {
			if drop, err := g.DropWhen.Bool(fr); err == nil && drop {
				r.final[i] = min(r.final[i]+1, len(pr.grades)-1)
			}
		}
		set := -1
		for _, st := range r.vetoes[i] {
			v := pr.vetoes[st.veto]
			if st.state != InForce {
				continue
			}
			switch v.Effect {
			case programme.CapGrade:
				r.final[i] = max(r.final[i], v.target)
			case programme.SetGrade:
				set = max(set, v.target)
			}
		}
		if set >= 0 {
			r.final[i] = set
		}
		if t.failed {
			r.final[i] = pr.lowest()
		}
	}
}

// reached gives the best grade whose band or ladder step the row reaches.
func (pr *Program) reached(r *Result, i int) int {
	g := pr.p.Standard.Grades
	total := r.totals[i].total.Decimal()
	for place, name := range pr.grades {
		for _, b := range g.Bands {
			if b.Grade == name && total.Cmp(b.AtLeast) >= 0 {
				return place
			}
		}
	}
	best := pr.lowest()
	for _, step := range g.Ladder {
		for _, need := range step.Needs {
			c, ok := pr.byClause[need]
			if !ok {
				return best
			}
			if s := r.clauses[c].out[i].status; s != Met && s != NotApplicable {
				return best
			}
		}
		best = slices.Index(pr.grades, step.Grade)
	}
	return best
}

// quotas lets a grade go to at most its share of those scored, by total. When those at the edge are even and not all fit, all
// of them go one grade down, and count there. One who is alone has no share to take.
func (r *Result) quotas(g programme.Grades) {
	var scored []int
	for i := range r.rows {
		if r.totals[i].scored {
			scored = append(scored, i)
		}
	}
	if len(scored) < 2 || len(g.Quota) == 0 {
		return
	}
	for place, name := range r.pr.grades[:len(r.pr.grades)-1] {
		q := slices.IndexFunc(g.Quota, func(q programme.Quota) bool { return q.Name == name })
		if q < 0 {
			continue
		}
		seats, _ := g.Quota[q].Share.Mul(programme.DecimalOf(int64(len(scored)))).Floor().Int64()
		var in []int
		for _, i := range scored {
			if r.base[i] == place {
				in = append(in, i)
			}
		}
		if int64(len(in)) <= seats {
			continue
		}
		slices.SortFunc(in, func(a, b int) int { return cmp.Compare(r.totals[b].total, r.totals[a].total) })
		cut := int(seats)
		for cut > 0 && r.totals[in[cut-1]].total == r.totals[in[cut]].total {
			cut--
		}
		for _, i := range in[cut:] {
			r.base[i] = place + 1
		}
	}
}
