package assess

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"bihuan.dev/bihuan/programme"
)

// reference scores row by row with the interpreter: slow, plain, and what the kernels must equal.
type reference struct {
	pr     *Program
	rows   []*subject
	outs   [][]outcome
	states [][]vetoState
	tally  []tally
	base   []int
	final  []int
}

func (pr *Program) reference(pop *Population, o Options) *reference {
	last := pr.last(o.Party)
	n := len(pop.rows)
	r := &reference{pr: pr, rows: pop.rows, outs: make([][]outcome, n), states: make([][]vetoState, n), tally: make([]tally, n),
		base: make([]int, n), final: make([]int, n)}
	frames := make([]*frame, n)
	for i, s := range pop.rows {
		f := pr.newFacts(o.AsOf, nil)
		ch := pr.choose(s, o.AsOf, last)
		f.add(s, &ch)
		frames[i] = newFrame(f)
		frames[i].row = 0
		for _, c := range pr.clauses {
			r.outs[i] = append(r.outs[i], pr.evaluate(c, frames[i]))
		}
	}
	for j, c := range pr.clauses {
		if c.shape == rankShape {
			r.rank(c, j)
		}
	}
	for j, c := range pr.clauses {
		r.peers(c, j)
	}
	for i, s := range pop.rows {
		r.states[i] = pr.vetoStates(s, last, frames[i], r.outs[i])
		for _, st := range r.states[i] {
			if v := pr.vetoes[st.veto]; v.Effect == programme.ZeroItem && st.state == InForce {
				if out := &r.outs[i][v.target]; out.status != NotApplicable {
					out.points = 0
					if out.status == Met || out.status == Partly {
						out.status = Unmet
					}
				}
			}
		}
		r.tally[i] = pr.tally(r.outs[i], func(k int) Points { return frames[i].ladders[k][0] })
		pr.repair(&r.tally[i], r.states[i])
	}
	r.grade(frames)
	return r
}

func (r *reference) rank(c *clause, j int) {
	groups := map[string][]int{}
	for i := range r.rows {
		if out := r.outs[i][j]; out.status == Unmet && out.measured {
			unit := ""
			if c.Rank.Within == "unit" {
				unit = r.rows[i].Unit
			}
			groups[unit] = append(groups[unit], i)
		}
	}
	for _, g := range groups {
		for _, i := range g {
			place := 1
			for _, k := range g {
				d := r.outs[k][j].measure.Cmp(r.outs[i][j].measure)
				if c.Rank.Lowest {
					d = -d
				}
				if d > 0 {
					place++
				}
			}
			out := r.outs[i][j]
			out.points = max(r.pr.points(c.placePoints(place)), 0)
			if c.full > 0 {
				out.points = min(out.points, c.full)
			}
			out = c.settle(out)
			defer func() { r.outs[i][j] = out }()
		}
	}
}

func (r *reference) peers(c *clause, j int) {
	var sum programme.Decimal
	n := int64(0)
	for i := range r.rows {
		switch out := r.outs[i][j]; out.status {
		case Met, Partly, Unmet:
			sum, n = sum.Add(out.points.Decimal()), n+1
		}
	}
	mean := Points(0)
	if n > 0 {
		mean = r.pr.points(sum.QuoRound(programme.DecimalOf(n), r.pr.digits))
	}
	for i := range r.rows {
		out := &r.outs[i][j]
		if out.status == Missing && c.missing.Word == "peer_mean" || out.status == NotApplicable && c.na.Word == "peer_mean" {
			out.points = mean
		}
	}
}

func (r *reference) grade(frames []*frame) {
	pr := r.pr
	if len(pr.grades) == 0 {
		return
	}
	g := pr.p.Standard.Grades
	var scored []int
	for i := range r.rows {
		r.base[i] = pr.lowest()
		if r.tally[i].scored {
			r.base[i] = r.reached(i)
			scored = append(scored, i)
		}
	}
	if len(scored) > 1 {
		for place, name := range pr.grades[:len(pr.grades)-1] {
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
			slices.SortFunc(in, func(a, b int) int { return cmp.Compare(r.tally[b].total, r.tally[a].total) })
			cut := min(int(seats), len(in))
			for cut > 0 && cut < len(in) && r.tally[in[cut-1]].total == r.tally[in[cut]].total {
				cut--
			}
			for _, i := range in[cut:] {
				r.base[i] = place + 1
			}
		}
	}
	for i := range r.rows {
		t := &r.tally[i]
		r.final[i] = r.base[i]
		if !t.scored {
			r.final[i] = pr.lowest()
			continue
		}
		if g.DropWhen != nil {
			if drop, err := g.DropWhen.Bool(frames[i]); err == nil && drop {
				r.final[i] = min(r.final[i]+1, len(pr.grades)-1)
			}
		}
		set := -1
		for _, st := range r.states[i] {
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

func (r *reference) reached(i int) int {
	pr := r.pr
	g := pr.p.Standard.Grades
	for place, name := range pr.grades {
		for _, b := range g.Bands {
			if b.Grade == name && r.tally[i].total.Decimal().Cmp(b.AtLeast) >= 0 {
				return place
			}
		}
	}
	best := pr.lowest()
	for _, step := range g.Ladder {
		for _, need := range step.Needs {
			if s := r.outs[i][pr.byClause[need]].status; s != Met && s != NotApplicable {
				return best
			}
		}
		best = slices.Index(pr.grades, step.Grade)
	}
	return best
}

func (r *reference) gradeOf(i int) string {
	if r.tally[i].excluded || len(r.pr.grades) == 0 {
		return ""
	}
	return r.pr.grades[r.final[i]]
}

// differences compares a result with the reference, cell by cell, and tells how many cells it looked at.
func (r *reference) differences(got *Result) (cells int, out []string) {
	say := func(i int, what string, got, want any) {
		if len(out) < 20 {
			out = append(out, fmt.Sprintf("%s: %s is %v, want %v", r.rows[i].Key, what, got, want))
		}
	}
	pr := r.pr
	for i := range r.rows {
		for j, c := range pr.clauses {
			cells++
			want := r.outs[i][j]
			name := "clause " + c.Clause.Clause
			if s := got.Status(i, j); s != want.status {
				say(i, "status of "+name, s, want.status)
			}
			if p := got.Points(i, j); p != want.points {
				say(i, "points of "+name, p, want.points)
			}
			if m, ok := got.Measure(i, j); ok != want.measured || ok && m.Cmp(want.measure) != 0 {
				say(i, "measure of "+name, m, want.measure)
			}
		}
		states := make([]uint8, len(pr.vetoes))
		for _, st := range r.states[i] {
			states[st.veto] = uint8(slices.Index(stateNames[:], st.state))
		}
		for k, want := range states {
			cells++
			if s := got.states[k][i]; s != want {
				say(i, "veto "+pr.vetoes[k].name, stateNames[s], stateNames[want])
			}
		}
		cells += 2
		t := &r.tally[i]
		if got.Total(i) != t.total || got.Scored(i) != t.scored || got.NoAward(i) != t.noAward {
			say(i, "total", fmt.Sprint(got.Total(i), got.Scored(i), got.NoAward(i)), fmt.Sprint(t.total, t.scored, t.noAward))
		}
		if g := got.Grade(i); g != r.gradeOf(i) {
			say(i, "grade", g, r.gradeOf(i))
		}
	}
	return cells, out
}

// counts counts what Program.Count does.
func (r *reference) counts() Counts {
	out := Counts{Subjects: len(r.rows), Grades: make([]int, len(r.pr.grades))}
	for i := range r.rows {
		switch t := &r.tally[i]; {
		case t.excluded:
			out.Excluded++
		case len(out.Grades) > 0:
			out.Grades[r.final[i]]++
		}
		if r.tally[i].scored {
			out.Scored++
		}
		out.Total += r.tally[i].total
	}
	return out
}

// same fails the test where kernels and interpreter differ, and gives how many cells were compared.
func same(t testing.TB, pr *Program, pop *Population, o Options) int {
	t.Helper()
	want := pr.reference(pop, o)
	got := pr.Run(pop, o)
	cells, diff := want.differences(got)
	for _, d := range diff {
		t.Errorf("%s", d)
	}
	_, diff = want.differences(pr.RunAgain(got, pop, o)) // in the room of what was there
	for _, d := range diff {
		t.Errorf("again: %s", d)
	}
	if counts := pr.Count(pop, o); fmt.Sprint(counts) != fmt.Sprint(want.counts()) {
		t.Errorf("counts are %+v, want %+v", counts, want.counts())
	}
	return cells
}

func TestFixturesEqualReference(t *testing.T) {
	f := load(t, "shapes")
	for _, party := range []string{"", "self"} {
		same(t, f.pr, f.population(), Options{AsOf: today, Party: party})
	}
	for _, x := range f.pr.Explain() {
		if !x.Compiled {
			t.Errorf("%s is not compiled: %s", x.Clause, x.Reason.En)
		}
	}
}
