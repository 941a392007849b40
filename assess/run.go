package assess

import (
	"encoding/binary"
	"math/bits"
	"runtime"
	"sync"

	"bihuan.dev/bihuan/programme"
)

// Result holds what Run found, in columns; rows are in the order in which subjects were first put, clauses in that of the
// standard. It does not change when the population does, but a Score that is assembled later reads the population's evidence.
type Result struct {
	pr       *Program
	options  Options
	last     int
	again    bool // what is stored may have been stored before
	rows     []*subject
	byKey    map[string]int
	clauses  []clauseColumn
	totals   []Points
	scored   []uint64
	excluded []uint64
	noAward  []uint64
	states   [][]uint8 // by veto
	wanted   []uint8   // the place of the grade by points or ladder
	base     []uint8   // the same after quotas
	final    []uint8
}

// clauseColumn is what was found of one clause. Points are in the standard's smallest unit; where the clause has steps there is no
// column of them.
type clauseColumn struct {
	status   []uint8 // the verdict, or what follows Pending by the step that is reached
	points   []int32
	wide     map[int]int64 // points that do not fit
	measure  []int64
	measured []uint64
	far      map[int]programme.Decimal // measures that do not fit
	place    []int32                   // of ranks: the place, from 1; 0: not ranked
	among    []int32                   // how many were ranked with it
	peers    int                       // how many the mean of peers is of
	mean     Points                    // of peers
}

// Run scores everybody in one column. Every sum is exact, so that the result does not depend on order or batch.
func (pr *Program) Run(pop *Population, o Options) *Result { return pr.RunAgain(nil, pop, o) }

// RunAgain does so in the room of an earlier result that nobody looks at any more, or of none: fresh memory costs more than the scores
// that are written to it.
func (pr *Program) RunAgain(room *Result, pop *Population, o Options) *Result {
	last := pr.last(o.Party)
	batches := pop.columns(o.AsOf, last)
	n := len(pop.rows)
	r := pr.newResult(n, room)
	r.options, r.last, r.rows, r.byKey = o, last, pop.rows[:n:n], pop.byKey
	pr.score(batches, last, r, func(k int, m *machine, all []cells) { r.store(k*batchRows, m, all) })
	return r
}

func (pr *Program) newResult(n int, room *Result) *Result {
	if room == nil {
		room = &Result{}
	}
	words := (n + 63) / 64
	r := &Result{pr: pr, clauses: make([]clauseColumn, len(pr.clauses)), totals: sized(room.totals, n), scored: sized(room.scored, words),
		excluded: sized(room.excluded, words), noAward: sized(room.noAward, words), states: make([][]uint8, len(pr.vetoes)),
		wanted: sized(room.wanted, n), final: sized(room.final, n)}
	r.base = r.wanted
	for i := range r.states {
		var old []uint8
		if i < len(room.states) {
			old = room.states[i]
		}
		r.states[i] = sized(old, n)
	}
	for i, c := range pr.clauses {
		col, old := &r.clauses[i], clauseColumn{}
		if i < len(room.clauses) {
			old = room.clauses[i]
		}
		col.status = sized(old.status, words*64)
		if c.ownPoints {
			col.points = sized(old.points, n)
		}
		if c.Measure != nil || c.shape == rankShape {
			col.measure, col.measured = sized(old.measure, n), sized(old.measured, words)
		}
	}
	return r
}

// Counts tells how many subjects have each grade.
type Counts struct {
	Subjects int
	Scored   int
	Excluded int    // by a veto; they have no grade
	Grades   []int  // by the places of Program.Grades; of all that are not excluded
	Total    Points // the sum of all totals
}

// Count scores everybody in one column as Run does, and keeps nothing but how many have each grade.
func (pr *Program) Count(pop *Population, o Options) Counts {
	last := pr.last(o.Party)
	out := Counts{Subjects: len(pop.rows), Grades: make([]int, len(pr.grades))}
	var mu sync.Mutex
	pr.score(pop.columns(o.AsOf, last), last, nil, func(_ int, m *machine, _ []cells) {
		s := &m.sums
		var sum int64
		var grades [256]int
		for i, t := range s.total[:m.n] {
			sum += t
			grades[s.final[i]]++
		}
		mu.Lock()
		defer mu.Unlock()
		out.Total += Points(sum) * pr.unit
		for i := range s.scored {
			out.Scored += bits.OnesCount64(s.scored[i])
			out.Excluded += bits.OnesCount64(s.excluded[i])
			for r := s.excluded[i]; r != 0; r &= r - 1 {
				grades[s.final[i<<6|bits.TrailingZeros64(r)]]--
			}
		}
		for i := range out.Grades {
			out.Grades[i] += grades[i]
		}
	})
	return out
}

// score runs all batches and gives each to done, whose cells and sums it may use until it returns. Where a score depends on other
// subjects, everybody's clauses come first, then ranks and means, then totals, then quotas; else a batch is done at one go.
func (pr *Program) score(batches []*facts, last int, r *Result, done func(k int, m *machine, all []cells)) {
	if !pr.crowd {
		pr.parallel(len(batches), func(m *machine, k int) {
			m.begin(batches[k])
			m.warmth += m.f.readAhead()
			m.lean = r == nil
			for i, c := range pr.clauses {
				m.clause(c, &m.cells[i])
				if r != nil && !pr.zeroes(i) {
					r.storeClause(k*batchRows, i, &m.cells[i], m.n) // while it is at hand
				}
			}
			m.finish(m.cells, last)
			m.settleGrades(nil)
			done(k, m, m.cells)
		})
		return
	}
	kept := make([][]cells, len(batches))
	pr.parallel(len(batches), func(m *machine, k int) {
		m.begin(batches[k])
		m.warmth += m.f.readAhead()
		kept[k] = make([]cells, len(pr.clauses))
		for i, c := range pr.clauses {
			m.clause(c, &kept[k][i])
		}
	})
	for i, c := range pr.clauses {
		col := &clauseColumn{}
		if r != nil {
			col = &r.clauses[i]
		}
		if c.shape == rankShape {
			pr.rank(c, batches, kept, col)
		}
		if c.na.Word == "peer_mean" || c.missing.Word == "peer_mean" {
			pr.peers(c, kept, col)
		}
	}
	sums := make([]sums, len(batches))
	pr.parallel(len(batches), func(m *machine, k int) {
		m.begin(batches[k])
		m.finish(kept[k], last)
		sums[k], m.sums = m.sums, sums[k]
	})
	base := pr.quotas(batches, sums)
	if r != nil && base != nil {
		r.base = base
	}
	m := pr.newMachine()
	for k, f := range batches {
		m.f, m.n, m.words, m.sums = f, len(f.rows), (len(f.rows)+63)/64, sums[k]
		if base != nil {
			m.settleGrades(base[k*batchRows:])
		} else {
			m.settleGrades(nil)
		}
		done(k, m, kept[k])
	}
}

// settleGrades finds the final grades, from those after quotas.
func (m *machine) settleGrades(base []uint8) {
	s := &m.sums
	if base == nil {
		base = s.wanted
	}
	if len(m.pr.grades) == 0 {
		clear(s.final)
		return
	}
	copy(s.final, base[:m.n])
	for w := range s.scored {
		// Only rows that a veto, a gate or drop_when says something about differ.
		for r := s.struck[w] | s.drop[w] | ^s.scored[w]; r != 0; r &= r - 1 {
			if i := w<<6 | bits.TrailingZeros64(r); i < m.n {
				s.final[i] = uint8(m.pr.final(s, i, int(base[i])))
			}
		}
	}
}

// parallel runs f for each batch, on as many processors as it is worth.
func (pr *Program) parallel(n int, f func(m *machine, k int)) {
	workers := min(runtime.GOMAXPROCS(0), (n+3)/4)
	if workers <= 1 {
		m := pr.machines.Get().(*machine)
		defer pr.machines.Put(m)
		for k := range n {
			f(m, k)
		}
		return
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range workers {
		wg.Go(func() {
			m := pr.machines.Get().(*machine)
			defer pr.machines.Put(m)
			for k := range next {
				f(m, k)
			}
		})
	}
	for k := range n {
		next <- k
	}
	close(next)
	wg.Wait()
}

// spread makes a byte of each bit.
var spread = func() (out [256]uint64) {
	for i := range out {
		for j := range 8 {
			out[i] |= uint64(i>>j&1) << (8 * j)
		}
	}
	return out
}()

// fewSteps is up to how many steps it is quicker to look at them one by one.
const fewSteps = 4

// codes makes the codes of a clause's rows, for Result.
func (x *cells) codes(codes []uint8) {
	if len(x.steps) > fewSteps {
		x.manyCodes(codes)
		return
	}
	for w := range x.met {
		to := codes[w*64 : w*64+64 : w*64+64]
		met, partly, unmet, na, pending := x.met[w], x.partly[w], x.unmet[w], x.na[w], x.pending[w]
		for b := 0; b < 64; b += 8 {
			bytes := spread[met>>b&255]*uint64(Met) + spread[unmet>>b&255]*uint64(Unmet)
			if (partly|na|pending)>>b&255 != 0 {
				bytes += spread[na>>b&255]*uint64(NotApplicable) + spread[pending>>b&255]*uint64(Pending)
				if x.points != nil {
					bytes += spread[partly>>b&255] * uint64(Partly)
				}
				for k, rows := range x.steps {
					bytes += spread[rows[w]>>b&255] * (uint64(Pending) + 1 + uint64(k))
				}
			}
			binary.LittleEndian.PutUint64(to[b:], bytes)
		}
	}
}

// manyCodes does so bit by bit of the codes.
func (x *cells) manyCodes(codes []uint8) {
	n := bits.Len(uint(Pending) + uint(len(x.steps)))
	for w := range x.met {
		var planes [8]uint64
		add := func(rows uint64, code int) {
			for ; code != 0; code &= code - 1 {
				planes[bits.TrailingZeros(uint(code))&7] |= rows
			}
		}
		add(x.met[w], int(Met))
		add(x.unmet[w], int(Unmet))
		if partly := x.partly[w]; partly != 0 {
			for k, rows := range x.steps {
				add(rows[w], int(Pending)+1+k)
			}
		}
		add(x.na[w], int(NotApplicable))
		add(x.pending[w], int(Pending))
		to := (*[64]uint8)(codes[w*64:])
		for b := 0; b < 64; b += 8 {
			var bytes uint64
			for j, p := range planes[:n] {
				bytes |= spread[p>>b&255] << j
			}
			binary.LittleEndian.PutUint64(to[b:], bytes)
		}
	}
}

// store keeps what is not kept yet of a batch whose first row is from: the clauses that what came after could change.
func (r *Result) store(from int, m *machine, all []cells) {
	for i := range all {
		if r.pr.crowd || r.pr.zeroes(i) {
			r.storeClause(from, i, &all[i], m.n)
		}
	}
	r.storeSums(from, m)
}

// storeClause keeps a clause of a batch of n rows.
func (r *Result) storeClause(from, clause int, x *cells, n int) {
	x.codes(r.clauses[clause].status[from:])
	r.storePoints(from, clause, x, n)
	r.storeMeasures(from, clause, x, n)
}

// storePoints keeps a clause's own points.
func (r *Result) storePoints(from, clause int, x *cells, n int) {
	if col := &r.clauses[clause]; col.points != nil {
		to := col.points[from : from+n]
		var far int64
		for j, p := range x.points[:len(to)] {
			to[j] = int32(p)
			far |= int64(int32(p)) ^ p
		}
		if far != 0 || r.again {
			r.keepWide(col, from, x.points[:n])
		}
	}
}

// storeMeasures keeps a clause's measures.
func (r *Result) storeMeasures(from, clause int, x *cells, n int) {
	if col := &r.clauses[clause]; col.measure != nil {
		copy(col.measure[from:], x.measure[:n])
		copy(col.measured[from/64:], x.measured)
		if x.wide != nil || r.again {
			r.keepFar(col, from, n, x.wide)
		}
	}
}

// storeSums keeps the totals and grades of a batch.
func (r *Result) storeSums(from int, m *machine) {
	s, word := &m.sums, from/64
	unit := r.pr.unit
	for i, t := range s.total[:m.n] {
		r.totals[from+i] = Points(t) * unit
	}
	copy(r.scored[word:], s.scored)
	copy(r.excluded[word:], s.excluded)
	copy(r.noAward[word:], s.noAward)
	copy(r.wanted[from:], s.wanted[:m.n])
	copy(r.final[from:], s.final[:m.n])
	for k := range r.states {
		copy(r.states[k][from:], s.states[k][:m.n])
	}
}

// wideMu guards the maps of what does not fit, which batches share.
var wideMu sync.Mutex

func (r *Result) keepWide(col *clauseColumn, from int, points []int64) {
	wideMu.Lock()
	defer wideMu.Unlock()
	for i, p := range points {
		delete(col.wide, from+i)
		if int64(int32(p)) != p {
			if col.wide == nil {
				col.wide = map[int]int64{}
			}
			col.wide[from+i] = p
		}
	}
}

func (r *Result) keepFar(col *clauseColumn, from, n int, wide map[int]outcome) {
	wideMu.Lock()
	defer wideMu.Unlock()
	for i := range n {
		delete(col.far, from+i)
	}
	for i, out := range wide {
		if col.far == nil {
			col.far = map[int]programme.Decimal{}
		}
		col.far[from+i] = out.measure
	}
}

// isWide reports whether points of a clause do not fit.
func (r *Result) isWide(clause int) bool {
	wideMu.Lock()
	defer wideMu.Unlock()
	return r.clauses[clause].wide != nil
}
