package assess

import (
	"slices"
	"sync"

	"bihuan.dev/bihuan/programme"
)

// Scores are the scores of a population kept current: when the facts of a subject change, only the clauses that read what
// changed are scored again, then its total and grade; counts and ranks follow at once. They equal those of Run over the
// same population.
//
// Where a score depends on other subjects (Program.NeedsPopulation), a change scores everybody again. One may Apply while others
// read.
type Scores struct {
	mu      sync.RWMutex
	pr      *Program
	pop     *Population
	options Options
	last    int
	r       *Result
	totals  *ranking // of those who are scored
	counts  Counts
	readers [][]int // by form, then by matter: the clauses that read it
	judged  []int   // clauses that assessors decide
	one     *facts  // of the subject that changed last; its room is used again
}

// Change is what became of a subject.
type Change struct {
	Row        int
	New        bool
	Total, Was Points
	Grade, Old string
	Rank       int   // competition rank by total among those scored, from 1; 0: not scored
	Recomputed int   // how many clauses were scored again
	Clauses    []int // the clauses whose verdict or points changed
}

// NewScores scores everybody, and keeps the result current from then on. The population must not be changed but by Apply.
func (pr *Program) NewScores(pop *Population, o Options) *Scores {
	s := &Scores{pr: pr, pop: pop, options: o, last: pr.last(o.Party)}
	s.readers = make([][]int, len(pr.forms)+pr.matters.Len())
	for i, c := range pr.clauses {
		for _, k := range pr.readsOf(c) {
			s.readers[k] = append(s.readers[k], i)
		}
		if c.shape == judgedShape {
			s.judged = append(s.judged, i)
		}
	}
	s.rescore()
	return s
}

// readsOf lists the forms, and after them the matters, that a clause reads or wants on file.
func (pr *Program) readsOf(c *clause) []int {
	out := slices.Clone(c.proof)
	for _, e := range c.exprs {
		for _, read := range e.Reads() {
			k := -1
			if read.Form == programme.MattersVar {
				if i, ok := pr.matters.Index(read.Field); ok {
					k = len(pr.forms) + i
				}
			} else if i, ok := pr.byForm[read.Form]; ok {
				k = i
			}
			if k >= 0 && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}

func (s *Scores) rescore() {
	s.r = s.pr.Run(s.pop, s.options)
	s.totals = newRanking()
	s.counts = Counts{Grades: make([]int, len(s.pr.grades))}
	for i := range s.r.rows {
		s.count(i, 1)
	}
}

// count adds a row to the counts and ranks, or takes it away.
func (s *Scores) count(i, by int) {
	s.counts.Subjects += by
	if isSet(s.r.excluded, int32(i)) {
		s.counts.Excluded += by
	} else if len(s.counts.Grades) > 0 {
		s.counts.Grades[s.r.final[i]] += by
	}
	if s.r.Scored(i) {
		s.counts.Scored += by
		s.totals.add(int64(s.r.totals[i]/s.pr.unit), by)
	}
	s.counts.Total += Points(by) * s.r.totals[i]
}

// Apply takes a subject's facts as they are now, all of them, and brings everything up to date. One with a new key is added.
func (s *Scores) Apply(x Subject) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	pr := s.pr
	row, known := s.pop.byKey[x.Key]
	var before *subject
	if known {
		before = s.pop.rows[row]
	}
	s.pop.Put(x)
	row = s.pop.byKey[x.Key]
	out := Change{Row: row, New: !known}
	if known {
		out.Was, out.Old = s.r.totals[row], s.r.Grade(row)
	}
	switch {
	case pr.crowd:
		old := s.r
		s.rescore()
		out.Recomputed = len(pr.clauses)
		for j := range pr.clauses {
			if !known || old.Status(row, j) != s.r.Status(row, j) || old.Points(row, j) != s.r.Points(row, j) {
				out.Clauses = append(out.Clauses, j)
			}
		}
	default:
		if known {
			s.count(row, -1)
		} else {
			s.r.extend(s.pop)
		}
		s.update(before, row, &out)
		s.count(row, 1)
	}
	out.Total, out.Grade, out.Rank = s.r.totals[row], s.r.Grade(row), s.rank(row)
	return out
}

// mostTexts is how many texts the room for one subject gathers before it is made anew.
const mostTexts = 10_000

// update scores a row again; before is what was known of it, or nil.
func (s *Scores) update(before *subject, row int, out *Change) {
	pr, r := s.pr, s.r
	now := s.pop.rows[row]
	if s.one == nil || len(s.one.dict.vals) > mostTexts {
		s.one = pr.newFacts(s.options.AsOf, nil)
	}
	f := s.one
	f.reset()
	ch := pr.choose(now, s.options.AsOf, s.last)
	f.add(now, &ch)
	f.seal()
	again := s.stale(before, now, &ch)
	m := pr.machines.Get().(*machine)
	defer pr.machines.Put(m)
	m.begin(f)
	for j, c := range pr.clauses {
		x := &m.cells[j]
		if again == nil || again[j] {
			m.clause(c, x)
			out.Recomputed++
		} else {
			m.recall(r, c, x, row)
		}
	}
	was := make([]Verdict, len(pr.clauses))
	points := make([]Points, len(pr.clauses))
	for j := range pr.clauses {
		was[j], points[j] = r.Status(row, j), r.Points(row, j)
	}
	m.finish(m.cells, s.last)
	m.settleGrades(nil)
	r.storeRow(row, m)
	r.rows[row] = now
	for j := range pr.clauses {
		if before == nil || r.Status(row, j) != was[j] || r.Points(row, j) != points[j] {
			out.Clauses = append(out.Clauses, j)
		}
	}
}

// stale tells which clauses read what changed; nil: all of them.
func (s *Scores) stale(before, now *subject, ch *chosen) []bool {
	pr := s.pr
	if before == nil {
		return nil
	}
	again := make([]bool, len(pr.clauses))
	mark := func(list []int) {
		for _, j := range list {
			again[j] = true
		}
	}
	was := pr.choose(before, s.options.AsOf, s.last)
	for i := range pr.forms {
		if was.stale[i] != ch.stale[i] || !sameRecords(was.records[i], ch.records[i]) {
			mark(s.readers[i])
		}
		if pr.forms[i].kind == ballot && before.Invited[pr.forms[i].Name] != now.Invited[pr.forms[i].Name] {
			mark(s.readers[i])
		}
	}
	for i := range pr.matters.Len() {
		name := pr.matters.Name(i)
		a, b := before.Matters[name], now.Matters[name]
		if !slices.EqualFunc(a, b, sameValues) {
			mark(s.readers[len(pr.forms)+i])
		}
	}
	for _, j := range s.judged {
		if !sameRecords(was.judged[j], ch.judged[j]) {
			again[j] = true
		}
	}
	for _, v := range pr.vetoes { // what a veto zeroed is not what the clause itself would have
		if v.Effect == programme.ZeroItem {
			again[v.target] = true
		}
	}
	return again
}

func sameRecords(a, b []*Evidence) bool {
	return slices.EqualFunc(a, b, func(x, y *Evidence) bool {
		if x == nil || y == nil || x == y {
			return x == y
		}
		return x.On == y.On && sameValues(x.Values, y.Values)
	})
}

// sameValues reports whether two filled forms hold the same. It may take equal numbers of more than 18 digits for different.
func sameValues(a, b programme.Values) bool {
	if len(a) != len(b) {
		return false
	}
	for name, x := range a {
		y, ok := b[name]
		if !ok {
			return false
		}
		if list, ok := x.([]string); ok {
			other, ok := y.([]string)
			if !ok || !slices.Equal(list, other) {
				return false
			}
		} else if _, ok := y.([]string); ok || x != y {
			return false
		}
	}
	return true
}

// recall fills the cells of a clause that need not be scored again from the result.
func (m *machine) recall(r *Result, c *clause, x *cells, row int) {
	x.begin(c, m.words)
	out := outcome{status: r.Status(row, c.index), points: r.Points(row, c.index)}
	out.measure, out.measured = r.Measure(row, c.index)
	x.put(m.pr, c, 0, out)
}

// extend makes room for subjects that are new.
func (r *Result) extend(pop *Population) {
	n := len(pop.rows)
	r.rows = slices.Clone(pop.rows)
	words := (n + 63) / 64
	grow := func(b *[]uint64) {
		for len(*b) < words {
			*b = append(*b, 0)
		}
	}
	for i := range r.clauses {
		col := &r.clauses[i]
		for len(col.status) < words*64 {
			col.status = append(col.status, 0)
		}
		if col.points != nil {
			col.points = append(col.points, make([]int32, n-len(col.points))...)
		}
		if col.measure != nil {
			col.measure = append(col.measure, make([]int64, n-len(col.measure))...)
			grow(&col.measured)
		}
	}
	grow(&r.scored)
	grow(&r.excluded)
	grow(&r.noAward)
	more := n - len(r.totals)
	r.totals = append(r.totals, make([]Points, more)...)
	r.wanted, r.final = append(r.wanted, make([]uint8, more)...), append(r.final, make([]uint8, more)...)
	r.base = r.wanted
	for k := range r.states {
		r.states[k] = append(r.states[k], make([]uint8, more)...)
	}
}

// storeRow keeps the first row of a batch as a row of the result.
func (r *Result) storeRow(row int, m *machine) {
	one := func(to, from []uint64) {
		to[row>>6] = to[row>>6]&^(1<<(row&63)) | from[0]&1<<(row&63)
	}
	for i := range m.cells {
		x, col := &m.cells[i], &r.clauses[i]
		for v, bits := range [...][]uint64{Missing: x.missing, Met: x.met, Partly: x.partly, Unmet: x.unmet, NotApplicable: x.na, Pending: x.pending} {
			if bits[0]&1 != 0 {
				col.status[row] = uint8(v)
			}
		}
		for k, rows := range x.steps {
			if rows[0]&1 != 0 {
				col.status[row] = uint8(Pending) + 1 + uint8(k)
			}
		}
		if col.points != nil {
			delete(col.wide, row)
			p := x.points[0]
			if col.points[row] = int32(p); int64(int32(p)) != p {
				if col.wide == nil {
					col.wide = map[int]int64{}
				}
				col.wide[row] = p
			}
		}
		if col.measure != nil {
			delete(col.far, row)
			col.measure[row] = x.measure[0]
			one(col.measured, x.measured)
			if out, far := x.wide[0]; far {
				r.keepFar(col, row, out.measure)
			}
		}
	}
	s := &m.sums
	r.totals[row] = Points(s.total[0]) * r.pr.unit
	one(r.scored, s.scored)
	one(r.excluded, s.excluded)
	one(r.noAward, s.noAward)
	r.wanted[row], r.final[row] = s.wanted[0], s.final[0]
	for k := range r.states {
		r.states[k][row] = s.states[k][0]
	}
}

// Result gives the scores as Run would. They change with the next Apply.
func (s *Scores) Result() *Result { return s.r }

// Counts tells how many subjects have each grade.
func (s *Scores) Counts() Counts {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := s.counts
	out.Grades = slices.Clone(out.Grades)
	return out
}

// Rank gives the competition rank of a subject by its total, among all that are scored; 0 when it is not.
func (s *Scores) Rank(key string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	row, ok := s.pop.byKey[key]
	if !ok {
		return 0
	}
	return s.rank(row)
}

func (s *Scores) rank(row int) int {
	if !s.r.Scored(row) {
		return 0
	}
	return s.totals.above(int64(s.r.totals[row]/s.pr.unit)) + 1
}
