package assess

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
)

// Trial scores a population by one draft of a standard after another, and computes only what differs from the draft before: while
// a number is turned, the clause that has it, and what follows from that. It is for one goroutine at a time, and for as long as the
// population does not change.
//
// Where a draft reads facts differently, or subjects are compared with each other, everybody is scored in full.
type Trial struct {
	pop     *Population
	over    *Population // the same subjects as the draft reads them
	options Options
	last    int
	pr      *Program // the draft tried last
	r       *Result
	batches []*facts
	plain   []bool                 // by batch: all totals are sums of clauses, and grades follow from totals
	kept    [][]cells              // by batch, of those that were not plain once: all clauses
	cuts    []map[int]*cutMeasures // by batch and clause: the measures of clauses whose numbers were turned
	counts  Counts
	units   []int64 // totals in units of points
	spread  []int   // subjects by total in units
	mu      sync.Mutex
}

// mostSpread is the total in units up to which totals are told apart in histograms.
const mostSpread = 1 << 22

// NewTrial begins with a program as it is.
func (pr *Program) NewTrial(pop *Population, o Options) *Trial {
	t := &Trial{pop: pop, options: o}
	t.full(pr)
	return t
}

// Try scores everybody by a draft. The result equals that of draft.Run over the same subjects; it is good until the next one.
func (t *Trial) Try(draft *Program) *Result {
	switch {
	case draft == t.pr:
	case draft.alike(t.pr) && draft.reads(t.over):
		t.follow(draft)
	default:
		t.full(draft)
	}
	return t.r
}

// Counts tells how many subjects have each grade by the draft tried last.
func (t *Trial) Counts() Counts {
	out := t.counts
	out.Grades = slices.Clone(out.Grades)
	return out
}

// Histogram counts the totals by the draft tried last in so many steps of a width, from 0 on; what is above the last is counted there.
func (t *Trial) Histogram(width Points, steps int) []int {
	out := make([]int, steps)
	for u, n := range t.spread {
		if n != 0 {
			out[min(int(Points(u)*t.pr.unit/width), steps-1)] += n
		}
	}
	return out
}

// full scores everybody by a draft, whatever the one before was.
func (t *Trial) full(draft *Program) {
	t.over = draft.Over(t.pop)
	t.pr, t.last = draft, draft.last(t.options.Party)
	t.r = draft.RunAgain(t.r, t.over, t.options)
	t.r.again = true
	t.batches = t.over.columns(t.options.AsOf, t.last)
	t.plain, t.kept, t.cuts = make([]bool, len(t.batches)), make([][]cells, len(t.batches)), make([]map[int]*cutMeasures, len(t.batches))
	for k := range t.batches {
		t.plain[k] = !draft.crowd && t.isPlain(k)
	}
	t.counts, t.spread, t.units = Counts{Grades: make([]int, len(draft.grades))}, nil, make([]int64, t.r.Len())
	for i := range t.units {
		t.count(i, 1)
	}
}

// count adds a row to the counts, or takes it away.
func (t *Trial) count(i, by int) {
	r := t.r
	t.counts.Subjects += by
	if isSet(r.excluded, int32(i)) {
		t.counts.Excluded += by
	} else if len(t.counts.Grades) > 0 {
		t.counts.Grades[r.final[i]] += by
	}
	if r.Scored(i) {
		t.counts.Scored += by
	}
	t.counts.Total += Points(by) * r.totals[i]
	t.units[i] = int64(r.totals[i] / t.pr.unit)
	t.spreadBy(t.units[i], by)
}

func (t *Trial) spreadBy(units int64, by int) {
	u := int(min(max(units, 0), mostSpread))
	for u >= len(t.spread) {
		t.spread = append(t.spread, make([]int, u-len(t.spread)+1)...)
	}
	t.spread[u] += by
}

// isPlain looks through the result of a batch.
func (t *Trial) isPlain(k int) bool {
	pr, r := t.pr, t.r
	if s := pr.p.Standard; s == nil || len(s.Grades.Ladder) > 0 || s.Grades.DropWhen != nil {
		return false
	}
	from, to := k*batchRows, k*batchRows+len(t.batches[k].rows)
	for i := from; i < to; i++ {
		if !r.Scored(i) || isSet(r.excluded, int32(i)) {
			return false
		}
	}
	for _, states := range r.states {
		if slices.ContainsFunc(states[from:to], func(s uint8) bool { return s != silent }) {
			return false
		}
	}
	for j, c := range pr.clauses {
		if c.leaves(pr) && bytes.IndexByte(r.clauses[j].status[from:to], uint8(NotApplicable)) >= 0 {
			return false
		}
	}
	return true
}

// leaves reports whether what does not apply of the clause is made up for by others.
func (c *clause) leaves(pr *Program) bool {
	return c.na.Word == "rescale" && c.full != 0 && pr.sections[c.section].Bonus == nil
}

// alike reports whether results of the two programs have the same columns, so that one can be made of the other.
func (pr *Program) alike(o *Program) bool {
	return !pr.crowd && !o.crowd && pr.unit == o.unit && slices.Equal(pr.grades, o.grades) && len(pr.vetoes) == len(o.vetoes) &&
		slices.EqualFunc(pr.clauses, o.clauses, func(a, b *clause) bool {
			return a.section == b.section && a.ownPoints == b.ownPoints && (a.Measure == nil) == (b.Measure == nil) &&
				a.measureScale(pr) == b.measureScale(o)
		})
}

// countsOnly reports whether nothing but the sum of points depends on a clause.
func (pr *Program) countsOnly(j int) bool {
	c := pr.clauses[j]
	return !c.Gate && !pr.zeroes(j) && pr.sections[c.section].Bonus == nil &&
		!slices.ContainsFunc(pr.vetoes, func(v *veto) bool { return v.clause == j && v.When == nil })
}

// follow goes on from the draft before to one that has the same columns.
func (t *Trial) follow(draft *Program) {
	before := t.pr
	var changed []int
	simple := draft.key != "" && draft.key == before.key
	for j, c := range draft.clauses {
		if c.key == "" || c.key != before.clauses[j].key {
			changed = append(changed, j)
			simple = simple && draft.countsOnly(j) && before.countsOnly(j)
		}
	}
	regrade := !slices.Equal(draft.bands, before.bands)
	t.pr, t.r.pr = draft, draft
	steady := t.steady(changed, before)
	draft.parallel(len(t.batches), func(m *machine, k int) {
		m.begin(t.batches[k])
		if !simple || !t.plain[k] || !t.add(m, k, before, changed, steady, regrade) {
			t.conclude(m, k, before, changed)
		}
	})
}

// add scores what changed in a plain batch, and adds what it earns more or less to the totals. It reports false, and has done nothing,
// when the batch is plain no more.
func (t *Trial) add(m *machine, k int, before *Program, changed []int, steady []bool, regrade bool) bool {
	pr, r, from := t.pr, t.r, k*batchRows
	for i, j := range changed {
		c, x := pr.clauses[j], &m.cells[j]
		if steady[i] {
			m.clauseOf(c, x, t.measures(k, j))
		} else {
			m.clause(c, x)
		}
		if c.leaves(pr) && lastSet(x.na) >= 0 || r.isWide(j) {
			return false
		}
	}
	more := m.sums.total[:0]
	more = sized(more, m.words*64)
	clear(more)
	for i, j := range changed {
		c, x, col := pr.clauses[j], &m.cells[j], &r.clauses[j]
		if c.ownPoints {
			for i, p := range col.points[from : from+m.n] {
				more[i] += x.points[i] - int64(p)
			}
			x.codes(col.status[from:])
			r.storePoints(from, j, x, m.n)
		} else {
			m.codes = sized(m.codes, m.words*64)
			x.codes(m.codes)
			gain(more, before.clauses[j].worth, c.worth, col.status[from:], m.codes)
			copy(col.status[from:], m.codes)
		}
		if !steady[i] {
			r.storeMeasures(from, j, x, m.n)
			delete(t.cuts[k], j)
		}
	}
	m.sums.total = more
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, d := range more[:m.n] {
		if d == 0 && !regrade {
			continue
		}
		row := from + i
		was := t.units[row]
		now := was + d
		t.units[row], r.totals[row] = now, Points(now)*pr.unit
		t.spreadBy(was, -1)
		t.spreadBy(now, 1)
		t.counts.Total += Points(d) * pr.unit
		if len(pr.grades) > 0 {
			place := pr.place(now)
			t.counts.Grades[r.final[row]]--
			t.counts.Grades[place]++
			r.wanted[row], r.final[row] = place, place
		}
	}
	t.kept[k] = nil // what was kept of a time when the batch was not plain is of an older draft now
	return true
}

// steady tells of which clauses the measures are what they were in the draft before.
func (t *Trial) steady(clauses []int, before *Program) []bool {
	out := make([]bool, len(clauses))
	for i, j := range clauses {
		c, col := t.pr.clauses[j], &t.r.clauses[j]
		out[i] = c.measureKey != "" && c.measureKey == before.clauses[j].measureKey && col.measure != nil && col.far == nil && c.shape != rankShape
	}
	return out
}

// mostCuts is of how many clauses a trial keeps the measures of a batch cut into planes.
const mostCuts = 8

// cutMeasures are the measures of a clause in a batch, of which the planes tell those below a limit apart: few ratios are large, and no
// threshold is.
type cutMeasures struct {
	val
	limit int64
}

// farthest gives what the numbers that a clause's measures are compared with stay below, on either side of 0.
func (lc *compiled) farthest() int64 {
	most := uint64(0)
	for _, list := range [][]int64{lc.low, lc.high} {
		for _, c := range list {
			if c != math.MinInt64 && c != math.MaxInt64 {
				most = max(most, magnitude(c)+1)
			}
		}
	}
	return int64(min(most, math.MaxInt64/8))
}

// measures gives those of a steady clause in a batch, cut into planes: a threshold that is turned is compared with the same ones over
// and over.
func (t *Trial) measures(k, j int) *val {
	need := t.pr.ir.clauses[j].farthest()
	if v := t.cuts[k][j]; v != nil && need <= v.limit {
		return &v.val
	}
	col, from, n := &t.r.clauses[j], k*batchRows, len(t.batches[k].rows)
	words := (n + 63) / 64
	v := &cutMeasures{val{x: make([]int64, words*64), ok: slices.Clone(col.measured[from/64:][:words])}, 2 * need}
	copy(v.x, col.measure[from:][:n])
	if need < math.MaxInt64/8 {
		near := slices.Clone(v.x)
		for i, x := range near {
			near[i] = max(min(x, v.limit), -v.limit)
		}
		v.cut = newPlanes(near, v.ok)
	}
	if len(t.cuts[k]) >= mostCuts {
		t.cuts[k] = nil
	}
	if t.cuts[k] == nil {
		t.cuts[k] = map[int]*cutMeasures{}
	}
	t.cuts[k][j] = v
	return &v.val
}

// gain adds to each row what its code is worth now, less what the one before was worth. A code that is the same in both is one of those
// that both have.
func gain(more, worthWas, worthIs []int64, was, is []uint8) {
	both := min(len(worthWas), len(worthIs))
	same := slices.Equal(worthWas[:both], worthIs[:both])
	for i := 0; i+8 <= len(more); i += 8 {
		if same && binary.LittleEndian.Uint64(was[i:]) == binary.LittleEndian.Uint64(is[i:]) {
			continue
		}
		for j := i; j < i+8; j++ {
			more[j] += worthIs[is[j]] - worthWas[was[j]]
		}
	}
}

// place gives the place of the grade that a total reaches, where nothing else decides.
func (pr *Program) place(units int64) uint8 {
	for _, b := range pr.bands {
		if units >= b.from {
			return uint8(b.place)
		}
	}
	return uint8(pr.lowest())
}

// conclude scores what changed in a batch, and goes all the way from there to totals and grades.
func (t *Trial) conclude(m *machine, k int, before *Program, changed []int) {
	pr, r, from := t.pr, t.r, k*batchRows
	all := t.kept[k]
	fresh := all == nil
	if fresh {
		all = make([]cells, len(pr.clauses))
		t.kept[k] = all
	}
	m.lean = false
	for j, c := range pr.clauses {
		if fresh || slices.Contains(changed, j) || pr.zeroes(j) || before.zeroes(j) {
			m.clause(c, &all[j])
		}
	}
	m.finish(all, t.last)
	m.settleGrades(nil)
	for j := range pr.clauses {
		if slices.Contains(changed, j) || pr.zeroes(j) || before.zeroes(j) {
			r.storeClause(from, j, &all[j], m.n)
			delete(t.cuts[k], j)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range m.n {
		t.count(from+i, -1)
	}
	r.storeSums(from, m)
	for i := range m.n {
		t.count(from+i, 1)
	}
	t.plain[k] = t.isPlain(k)
}

// keys notes what programs must have in common so that the result of one can be made of the other's.
func (pr *Program) keys() {
	for _, c := range pr.clauses {
		if lc := pr.ir.clauses[c.index]; lc != nil {
			c.key, c.measureKey = c.keyOf(lc)
		}
	}
	pr.key = pr.keyOf()
}

// keyOf writes down what decides on a clause's outcome, and of it what decides on its measure.
func (c *clause) keyOf(lc *compiled) (all, measure string) {
	var b strings.Builder
	nodes := func(list ...*node) {
		for _, n := range list {
			if b.WriteByte(';'); n != nil {
				b.WriteString(n.text)
			}
		}
	}
	fmt.Fprint(&b, c.proof, lc.rounded)
	nodes(lc.applies, lc.measure)
	measure = b.String()
	nodes(lc.fullAt, lc.zero)
	nodes(lc.nodes...)
	fmt.Fprint(&b, c.shape, c.full, c.digits, c.Gate, c.na.Word, c.missing.Word, c.ownPoints, c.worth, lc.points, lc.low, lc.high, lc.scale, lc.full,
		lc.each, lc.minus, lc.tables, lc.most, lc.factor, lc.cap, lc.short, lc.uncapped)
	if c.Linear != nil {
		b.WriteString(c.Linear.Step)
	}
	return b.String(), measure
}

// keyOf writes down what decides on totals and grades, apart from clauses and the bands of grades; "" when that is not easily said.
func (pr *Program) keyOf() string {
	var b strings.Builder
	for _, s := range pr.sections {
		fmt.Fprintln(&b, s.part, s.points, s.clauses)
		if s.Bonus != nil {
			fmt.Fprintln(&b, s.Bonus.Cap)
		}
	}
	for _, p := range pr.parts {
		fmt.Fprintln(&b, p.points)
	}
	for k, v := range pr.vetoes {
		lv := pr.ir.vetoes[k]
		if v.When != nil && lv.when == nil || v.Until != nil && lv.until == nil {
			return ""
		}
		fmt.Fprintln(&b, v.clause, v.target, v.Effect, v.score, v.For, v.Repaired != nil)
		if v.Repaired != nil {
			fmt.Fprintln(&b, v.Repaired.Deduct)
		}
		for _, n := range []*node{lv.when, lv.until} {
			if b.WriteByte(';'); n != nil {
				b.WriteString(n.text)
			}
		}
	}
	if s := pr.p.Standard; s != nil {
		if s.Grades.DropWhen != nil && pr.ir.drop == nil {
			return ""
		} else if pr.ir.drop != nil {
			b.WriteString(pr.ir.drop.text)
		}
		fmt.Fprintln(&b, s.Grades.Ladder, s.Grades.Else)
	}
	fmt.Fprintln(&b, pr.total)
	return b.String()
}
