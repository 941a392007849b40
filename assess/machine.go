package assess

import (
	"math"

	"bihuan.dev/bihuan/programme"
)

// machine runs nodes over one batch of facts at a time. It belongs to one goroutine.
//
// What would leave the range of its numbers it does not decide: it marks the row, and the interpreter, which has wider
// numbers, decides that clause for that row.
type machine struct {
	pr     *Program
	f      *facts
	n      int
	words  int
	asOf   int64
	epoch  int
	memo   []memo
	spans  []rowSpan
	root   rowSpan
	left   []uint64 // rows left to the interpreter by what is being evaluated; nil: none
	keep   memory   // for what several nodes use; lives as long as the batch
	temp   memory   // lives until the next clause
	cells  []cells
	sums   sums
	adder  adder
	earned []earned
	codes  []uint8 // of one clause
	lost   bool    // what is computed for one row by itself is not to be had so
	warmth uint64  // of readAhead, so that it is not left out
	lean   bool    // measures are computed, and not kept
	fr     *frame
}

// val is a batch of values: of truths t and f, of days and texts s, of numbers x; ok says where there is one. Whole words of 64 rows
// are there; what stands beyond the last row means nothing.
type val struct {
	t, f []uint64
	x    []int64
	s    []int32
	ok   []uint64
	cut  *planes // the same numbers by bits; nil: they are not at hand
	keys bool    // x are keys of floats, which are only compared by <; see keyOf
}

type memo struct {
	epoch int
	val   val
	left  []uint64
}

// memory hands out buffers that are all given back at once.
type memory struct {
	ints   arena[int64]
	smalls arena[int32]
	bits   arena[uint64]
	sets   arena[[]uint64]
}

func (m *memory) reset() { m.ints.used, m.smalls.used, m.bits.used, m.sets.used = 0, 0, 0, 0 }

type arena[T any] struct {
	buf  []T
	used int
}

func (a *arena[T]) take(n int) []T {
	if a.used+n > len(a.buf) {
		a.buf, a.used = make([]T, max(2*len(a.buf), n, 1<<13)), 0
	}
	out := a.buf[a.used : a.used+n : a.used+n]
	a.used += n
	return out
}

func (pr *Program) newMachine() *machine {
	return &machine{pr: pr, memo: make([]memo, len(pr.ir.graph.nodes)), spans: make([]rowSpan, len(pr.ir.graph.levels)),
		cells: make([]cells, len(pr.clauses))}
}

// begin turns to a batch of facts, which must be sealed.
func (m *machine) begin(f *facts) {
	m.f, m.n, m.words = f, len(f.rows), (len(f.rows)+63)/64
	m.asOf = int64(f.asOf)
	m.epoch++
	m.keep.reset()
	m.temp.reset()
	m.root = rowSpan{n: m.n, words: m.words}
	m.fr, m.lean = nil, false
}

// frame gives the interpreter's view of the batch.
func (m *machine) frame(row int) *frame {
	if m.fr == nil {
		m.fr = newFrame(m.f)
	}
	m.fr.row = row
	return m.fr
}

func (m *machine) mem(n *node) *memory {
	if n.uses > 1 {
		return &m.keep
	}
	return &m.temp
}

// truth makes room for a node's truth over so many words; only words that are written mean anything.
func (m *machine) newTruth(n *node, words int) val {
	b := m.mem(n).bits.take(2 * words)
	return val{t: b[:words:words], f: b[words:]}
}

func (m *machine) newInts(n *node, words int) val {
	return val{x: m.mem(n).ints.take(words * 64), ok: m.mem(n).bits.take(words)}
}

func (m *machine) newSmalls(n *node, words int) val {
	return val{s: m.mem(n).smalls.take(words * 64), ok: m.mem(n).bits.take(words)}
}

// at gives the values of a node for the rows of a level; a constant is repeated for each of them.
func (m *machine) at(n *node, lv *level) val {
	if c, ok := m.scalar(n); ok {
		return m.fill(n, c, m.span(lv).words)
	}
	return m.eval(n)
}

// steady reports whether a node is the same for every row.
func (o op) steady() bool { return o == opConst || o == opAsOf || o == opAgo }

// scalar gives what is the same for every row.
func (m *machine) scalar(n *node) (int64, bool) {
	switch n.op {
	case opConst:
		return n.c, true
	case opAsOf:
		return m.asOf, true
	case opAgo:
		return int64(m.pr.calendar.Sub(m.f.asOf, programme.Span{N: int(n.c), Unit: n.unit})), true
	}
	return 0, false
}

func (m *machine) fill(n *node, c int64, words int) val {
	switch n.typ {
	case truth:
		b := m.temp.bits.take(2 * words)
		v := val{t: b[:words], f: b[words:]}
		for i := range words {
			v.t[i], v.f[i] = -uint64(c), ^-uint64(c)
		}
		return v
	case day, textCode:
		v := val{s: m.temp.smalls.take(words * 64), ok: m.temp.bits.take(words)}
		for i := range v.s {
			v.s[i] = int32(c)
		}
		set(v.ok)
		return v
	}
	v := val{x: m.temp.ints.take(words * 64), ok: m.temp.bits.take(words)}
	for i := range v.x {
		v.x[i] = c
	}
	set(v.ok)
	return v
}

func set(b []uint64) {
	for i := range b {
		b[i] = math.MaxUint64
	}
}

// eval gives the values of a node that is no constant. What several nodes use is computed once.
func (m *machine) eval(n *node) val {
	if n.uses < 2 {
		return m.compute(n)
	}
	known := &m.memo[n.id]
	if known.epoch != m.epoch {
		outer := m.left
		m.left = nil
		v := m.compute(n)
		*known = memo{m.epoch, v, m.left}
		m.left = outer
	}
	m.leaveAll(known.left)
	return known.val
}

// compute runs a node.
func (m *machine) compute(n *node) val {
	switch n.op {
	case opFact:
		return m.fact(n)
	case opHas, opAnd, opOr, opNot, opSame, opLess, opEqual, opMember:
		return m.truths(n)
	case opIf:
		return m.choice(n)
	case opUp:
		return m.repeat(n)
	case opElement:
		return m.element(n)
	case opAll, opExists, opOne, opSize, opSum, opMean, opLeast, opMost, opPercentile, opLatest:
		return m.reduce(n)
	case opDays, opWorkdays, opBetween, opShift:
		return m.calendar(n)
	case opQuo, opRatio:
		return m.quotient(n)
	}
	return m.arithmetic(n)
}

// fact reads a field.
func (m *machine) fact(n *node) val {
	c := m.f.column(n.place)
	s := m.span(n.level)
	m.leaveAll(s.left)
	if c.odd != nil {
		for row := range s.n {
			at := row
			if s.rec != nil {
				at = int(s.rec[row])
			}
			if _, odd := c.odd[at]; odd {
				m.leave(n.level, row)
			}
		}
	}
	if s.rec == nil {
		if n.typ == truth {
			v := m.newTruth(n, s.words)
			for i := range v.t {
				v.t[i], v.f[i] = c.bits[i], c.valid[i]&^c.bits[i]
			}
			return v
		}
		return val{x: c.wide, s: c.small, ok: c.valid[:s.words], cut: c.cut}
	}
	switch n.typ {
	case truth:
		v := m.newTruth(n, s.words)
		clear(v.t)
		clear(v.f)
		for i, at := range s.rec {
			bit := c.bits[at>>6] >> (at & 63) & 1
			has := c.valid[at>>6] >> (at & 63) & 1
			v.t[i>>6] |= bit << (i & 63)
			v.f[i>>6] |= (has &^ bit) << (i & 63)
		}
		return v
	case day, textCode:
		v := m.newSmalls(n, s.words)
		for i, at := range s.rec {
			v.s[i] = c.small[at]
		}
		gatherBits(v.ok, c.valid, s.rec)
		return v
	}
	v := m.newInts(n, s.words)
	for i, at := range s.rec {
		v.x[i] = c.wide[at]
	}
	gatherBits(v.ok, c.valid, s.rec)
	return v
}

func gatherBits(dst, src []uint64, at []int32) {
	clear(dst)
	for i, a := range at {
		dst[i>>6] |= src[a>>6] >> (a & 63) & 1 << (i & 63)
	}
}

// repeat brings the values of the parent level down.
func (m *machine) repeat(n *node) val {
	a := m.at(n.args[0], n.level.parent)
	s := m.span(n.level)
	up := m.parents(n.level)
	switch n.typ {
	case truth:
		v := m.newTruth(n, s.words)
		gatherBits(v.t, a.t, up)
		gatherBits(v.f, a.f, up)
		return v
	case day, textCode:
		v := m.newSmalls(n, s.words)
		for i, p := range up {
			v.s[i] = a.s[p]
		}
		gatherBits(v.ok, a.ok, up)
		return v
	}
	v := m.newInts(n, s.words)
	for i, p := range up {
		v.x[i] = a.x[p]
	}
	gatherBits(v.ok, a.ok, up)
	return v
}

// element gives the constant, or the text of a list field, that a row stands for.
func (m *machine) element(n *node) val {
	s := m.span(n.level)
	lv := n.level
	if lv.kind == itemLevel {
		v := m.newSmalls(n, s.words)
		c := m.f.column(lv.place)
		for i := range s.n {
			at := i
			if s.rec != nil {
				at = int(s.rec[i])
			}
			v.s[i] = c.items[at]
		}
		set(v.ok)
		return v
	}
	k := len(lv.consts)
	if n.typ == day || n.typ == textCode {
		v := m.newSmalls(n, s.words)
		for i := range s.n {
			v.s[i] = int32(lv.consts[i%k])
		}
		set(v.ok)
		return v
	}
	v := m.newInts(n, s.words)
	for i := range s.n {
		v.x[i] = lv.consts[i%k]
	}
	set(v.ok)
	return v
}
