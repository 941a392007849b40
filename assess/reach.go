package assess

import (
	"cmp"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// Ways are the ways of one subject to a grade: the smallest sets of clauses that reach it once they are met in full.
type Ways struct {
	Subject string
	Grade   string   // the one it has, or "" when it is excluded
	Target  string   // the one to be reached; empty when there is none above
	Reached bool     // it has the target or a better one
	Repairs []Struck // vetoes in force that have to be repaired first, whatever else is done
	Blocked []Struck // vetoes in force that bar the way until they end; then Sets is empty
	Quota   bool     // the target goes to a limited share only: the sets reach it by points, the quota decides
	Sets    []Way    // by number of clauses, then by the points that are missing; empty when nothing reaches it
	Greedy  bool     // more than three clauses are needed: a small set was found, perhaps not the smallest
}

// Way is one set of clauses, in the order of the standard.
type Way struct {
	Clauses []WayClause
	Missing Points // what the clauses lack together
	Total   Points // the total then
	Grade   string // the grade then: the target, or a better one
}

// WayClause is a clause to be met in full, and what it takes.
type WayClause struct {
	Clause string
	Status Verdict
	Points Points
	Most   Points
	Lacks  []Lack   // the facts that it looks for in vain
	Forms  []string // the forms that it looks at, so that they can be filed better
	Judged bool     // an assessor has to decide
}

// How far the search goes: among so many open clauses all sets of up to so many are tried.
const (
	mostOpen = 40
	mostSet  = 3
	tryRows  = 512
)

// Ways finds the ways of row i to a grade, to the next better one when target is empty; at most so many. Every set is scored
// by the very program that scores everybody: gates, vetoes, rescaling, rounding and ladders count as they do. Ranks and means of
// peers stay what they are.
func (r *Result) Ways(i int, target string, most int) Ways {
	pr := r.pr
	w := Ways{Subject: r.rows[i].Key, Grade: r.Grade(i), Target: target}
	has := slices.Index(pr.grades, w.Grade)
	if has < 0 {
		has = len(pr.grades)
	}
	place := has - 1
	if target != "" {
		if place = slices.Index(pr.grades, target); place < 0 {
			w.Target = ""
		}
	}
	if place < 0 {
		return w
	}
	w.Target = pr.grades[place]
	if w.Reached = has <= place; w.Reached {
		return w
	}
	w.Quota = slices.ContainsFunc(pr.p.Standard.Grades.Quota, func(q programme.Quota) bool { return q.Name == w.Target })
	s := r.search(i, place)
	score := r.Score(i)
	if !s.clearTheWay(&w, score) {
		return w
	}
	for _, set := range s.sets(&w, max(most, 1)) {
		w.Sets = append(w.Sets, s.way(set, score))
	}
	return w
}

// search tries sets of clauses for one subject: the rows of a batch are all that subject, each with other clauses met.
type search struct {
	r      *Result
	row    int
	place  int // to be reached
	m      *machine
	f      *facts
	base   []cells
	all    []cells
	open   []int // clauses that are not full, by what they lack
	forced []int // of these, the ones without which there is no way: gates, and what a ladder needs
	lifted []int // vetoes that count as repaired
}

func (r *Result) search(row, place int) *search {
	pr := r.pr
	s := &search{r: r, row: row, place: place, f: pr.newFacts(r.options.AsOf, nil), m: pr.newMachine(),
		base: make([]cells, len(pr.clauses)), all: make([]cells, len(pr.clauses))}
	ch := pr.choose(r.rows[row], r.options.AsOf, r.last)
	for range tryRows {
		s.f.add(r.rows[row], &ch)
	}
	s.f.seal()
	s.m.begin(s.f)
	for j, c := range pr.clauses {
		s.base[j].repeat(r, row, j, s.m)
		s.all[j].begin(c, s.m.words)
	}
	needed := pr.needed(place)
	for j, c := range pr.clauses {
		status := r.Status(row, j)
		if status == NotApplicable || status == Met && r.Points(row, j) >= c.full {
			continue
		}
		forced := (c.Gate || needed[j]) && status != Met
		if !forced && c.full <= r.Points(row, j) && !slices.ContainsFunc(pr.vetoes, func(v *veto) bool { return v.clause == j && v.When == nil }) {
			continue // nothing to be had
		}
		if forced {
			s.forced = append(s.forced, j)
		} else {
			s.open = append(s.open, j)
		}
	}
	slices.SortStableFunc(s.open, func(a, b int) int { return cmp.Compare(s.lack(b), s.lack(a)) })
	if len(s.open) > mostOpen {
		s.open = s.open[:mostOpen]
	}
	return s
}

// needed tells which clauses a ladder needs for a grade that no band gives.
func (pr *Program) needed(place int) map[int]bool {
	out := map[int]bool{}
	for _, step := range pr.p.Standard.Grades.Ladder {
		for _, number := range step.Needs {
			if c, ok := pr.byClause[number]; ok {
				out[c] = true
			}
		}
		if step.Grade == pr.grades[place] {
			return out
		}
	}
	return nil
}

func (s *search) lack(clause int) Points {
	return s.r.pr.clauses[clause].full - s.r.Points(s.row, clause)
}

// repeat gives a clause's outcome for one row to all rows of the machine's batch. What a veto zeroed is found anew, as it is
// without the veto.
func (x *cells) repeat(r *Result, row, j int, m *machine) {
	c := r.pr.clauses[j]
	if c.shape != rankShape && r.pr.zeroes(j) {
		m.clause(c, x)
		return
	}
	x.begin(c, m.words)
	points := int64(r.Points(row, j) / r.pr.unit)
	for i := range m.n {
		x.set(c, i, r.Status(row, j), points)
	}
}

// zeroes reports whether a veto may zero a clause.
func (pr *Program) zeroes(clause int) bool {
	return slices.ContainsFunc(pr.vetoes, func(v *veto) bool { return v.Effect == programme.ZeroItem && v.target == clause })
}

// set gives a row a verdict and points.
func (x *cells) set(c *clause, i int, v Verdict, points int64) {
	w, b := i>>6, uint64(1)<<(i&63)
	for k, p := range [...][]uint64{Missing: x.missing, Met: x.met, Partly: x.partly, Unmet: x.unmet, NotApplicable: x.na, Pending: x.pending} {
		p[w] &^= b
		if Verdict(k) == v {
			p[w] |= b
		}
	}
	x.pay(c, i, points)
}

// copyFrom takes over verdicts and points.
func (x *cells) copyFrom(o *cells) {
	for _, p := range [...]struct{ to, from []uint64 }{{x.met, o.met}, {x.partly, o.partly}, {x.unmet, o.unmet}, {x.na, o.na}, {x.pending, o.pending}, {x.missing, o.missing}} {
		copy(p.to, p.from)
	}
	for k := range x.steps {
		copy(x.steps[k], o.steps[k])
	}
	copy(x.points, o.points)
}

// outlook is what a set of clauses would come to.
type outlook struct {
	place int
	total Points
}

// try scores sets of clauses, each on its own.
func (s *search) try(sets [][]int) []outlook {
	out := make([]outlook, 0, len(sets))
	pr := s.r.pr
	for part := range slices.Chunk(sets, tryRows) {
		for j := range s.all {
			s.all[j].copyFrom(&s.base[j])
		}
		for i, set := range part {
			for _, j := range set {
				s.all[j].set(pr.clauses[j], i, Met, int64(pr.clauses[j].full/pr.unit))
			}
		}
		s.m.finishLifted(s.all, s.r.last, s.lifted)
		s.m.settleGrades(nil)
		sums := &s.m.sums
		for i := range part {
			place := int(sums.final[i])
			if isSet(sums.excluded, int32(i)) {
				place = len(pr.grades)
			}
			out = append(out, outlook{place, Points(sums.total[i]) * pr.unit})
		}
	}
	return out
}

func (s *search) reaches(set []int) bool { return s.try([][]int{set})[0].place <= s.place }

// finishLifted is finish with some vetoes taken as repaired.
func (m *machine) finishLifted(all []cells, last int, lifted []int) {
	s := &m.sums
	s.begin(m.pr, m.words)
	m.temp.reset()
	copy(s.scored, m.live())
	m.vetoes(all, last)
	for _, k := range lifted {
		for i, state := range s.states[k][:m.n] {
			if state == inForce {
				if s.states[k][i] = silent; m.pr.vetoes[k].Until != nil {
					s.states[k][i] = repaired
				}
			}
		}
	}
	m.conclude(all)
}

// clearTheWay finds out whether the target can be reached at all, and which vetoes have to be repaired for it.
func (s *search) clearTheWay(w *Ways, score Score) bool {
	everything := slices.Concat(s.forced, s.open)
	if s.reaches(everything) {
		return true
	}
	pr := s.r.pr
	var mend, bar []int
	for k, v := range pr.vetoes {
		if s.m.sums.states[k][0] != inForce { // with everything met: those that a clause lifts are silent
			continue
		}
		if v.For.Zero() || v.Until != nil {
			mend = append(mend, k)
		} else {
			bar = append(bar, k)
		}
	}
	if s.lifted = mend; s.reaches(everything) {
		for _, k := range mend { // only those that matter
			s.lifted = slices.DeleteFunc(slices.Clone(s.lifted), func(x int) bool { return x == k })
			if !s.reaches(everything) {
				s.lifted = append(s.lifted, k)
			}
		}
		w.Repairs = struckOf(pr, score, s.lifted)
		return true
	}
	if s.lifted = slices.Concat(mend, bar); len(bar) > 0 && s.reaches(everything) {
		w.Repairs, w.Blocked = struckOf(pr, score, mend), struckOf(pr, score, bar)
	}
	return false
}

func struckOf(pr *Program, score Score, vetoes []int) (out []Struck) {
	for _, k := range vetoes {
		for _, st := range score.Struck {
			if st.Veto == pr.vetoes[k].name && st.State == InForce {
				out = append(out, st)
			}
		}
	}
	return out
}

// sets finds the smallest sets that reach the place: all of those of one size before the next size.
func (s *search) sets(w *Ways, most int) [][]int {
	if s.reaches(s.forced) {
		return [][]int{s.forced}
	}
	var found [][]int
	for size := 1; size <= mostSet && len(found) < most; size++ {
		var sets [][]int
		combine(len(s.open), size, func(pick []int) {
			set := make([]int, 0, len(s.forced)+size)
			set = append(set, s.forced...)
			for _, k := range pick {
				set = append(set, s.open[k])
			}
			if !slices.ContainsFunc(found, func(small []int) bool { return amongst(small, set) }) {
				sets = append(sets, set)
			}
		})
		var fit [][]int
		for i, o := range s.try(sets) {
			if o.place <= s.place {
				fit = append(fit, sets[i])
			}
		}
		slices.SortStableFunc(fit, func(a, b []int) int { return cmp.Compare(s.missing(a), s.missing(b)) })
		found = append(found, fit...)
	}
	if len(found) == 0 {
		w.Greedy = true
		return [][]int{s.greedy()}
	}
	return found[:min(most, len(found))]
}

// greedy adds the clause that brings most until the place is reached, then takes out what was not needed.
func (s *search) greedy() []int {
	set, left := slices.Clone(s.forced), slices.Clone(s.open)
	for len(left) > 0 && !s.reaches(set) {
		var sets [][]int
		for _, j := range left {
			sets = append(sets, append(slices.Clone(set), j))
		}
		best := 0
		results := s.try(sets)
		for i, o := range results {
			if b := results[best]; o.place < b.place || o.place == b.place && o.total > b.total {
				best = i
			}
		}
		set, left = sets[best], slices.Delete(left, best, best+1)
	}
	for _, j := range slices.Clone(set) {
		if less := slices.DeleteFunc(slices.Clone(set), func(x int) bool { return x == j }); s.reaches(less) {
			set = less
		}
	}
	return set
}

func (s *search) missing(set []int) (p Points) {
	for _, j := range set {
		p += s.lack(j)
	}
	return p
}

func amongst(small, set []int) bool {
	for _, j := range small {
		if !slices.Contains(set, j) {
			return false
		}
	}
	return true
}

// combine calls f with every choice of k of n.
func combine(n, k int, f func([]int)) {
	pick := make([]int, k)
	var choose func(at, from int)
	choose = func(at, from int) {
		if at == k {
			f(pick)
			return
		}
		for i := from; i <= n-(k-at); i++ {
			pick[at] = i
			choose(at+1, i+1)
		}
	}
	choose(0, 0)
}

// way tells what a set takes.
func (s *search) way(set []int, score Score) Way {
	o := s.try([][]int{set})[0]
	pr := s.r.pr
	out := Way{Missing: s.missing(set), Total: o.total}
	if o.place < len(pr.grades) {
		out.Grade = pr.grades[o.place]
	}
	slices.Sort(set)
	for _, j := range set {
		c := pr.clauses[j]
		x := WayClause{Clause: c.Clause.Clause, Status: s.r.Status(s.row, j), Points: s.r.Points(s.row, j), Most: c.full,
			Lacks: score.Clauses[j].Lacks, Judged: c.shape == judgedShape}
		for _, e := range c.exprs {
			for _, read := range e.Reads() {
				if k, ok := pr.byForm[read.Form]; ok && pr.forms[k].kind != profile && !slices.Contains(x.Forms, read.Form) {
					x.Forms = append(x.Forms, read.Form)
				}
			}
		}
		for _, k := range c.proof {
			if !slices.Contains(x.Forms, pr.forms[k].Name) {
				x.Forms = append(x.Forms, pr.forms[k].Name)
			}
		}
		out.Clauses = append(out.Clauses, x)
	}
	return out
}
