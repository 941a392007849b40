package assess

import (
	"math"
)

// clause finds what became of a clause for the batch, apart from what depends on other subjects.
func (m *machine) clause(c *clause, x *cells) { m.clauseOf(c, x, nil) }

// clauseOf does so with the measures that the clause is known to have, if they are; those that it keeps are then not made.
func (m *machine) clauseOf(c *clause, x *cells, known *val) {
	m.temp.reset()
	m.left = nil
	x.begin(c, m.words)
	live := m.live()
	lc := m.pr.ir.clauses[c.index]
	if lc == nil {
		m.interpret(c, x, live)
		return
	}
	asked := m.temp.bits.take(m.words)
	copy(asked, live)
	if lc.applies != nil {
		a := m.at(lc.applies, nil)
		for i := range asked {
			asked[i] &= a.t[i]
			x.na[i] = live[i] & a.f[i]
		}
	}
	for _, form := range c.proof {
		for i := range asked {
			asked[i] &= m.f.proofs[form][i]
		}
	}
	measure := banded{low: lc.low, high: lc.high}
	if lc.measure != nil {
		had := known != nil
		if had {
			measure.val = *known
		} else if m.lean {
			measure, had = m.unrounded(lc)
		}
		if !had {
			measure = banded{m.at(lc.measure, nil), lc.low, lc.high}
		}
		for i := range asked {
			asked[i] &= measure.ok[i]
		}
		copy(x.measured, asked)
		if known == nil && (!m.lean || c.shape == rankShape) {
			copy(x.measure, measure.x[:m.words*64])
		}
	}
	m.shape(c, lc, x, asked, measure)
	m.policies(c, x, live)
	if m.left != nil {
		m.interpret(c, x, m.left)
	}
}

// shape computes the points of the rows in asked.
func (m *machine) shape(c *clause, lc *compiled, x *cells, asked []uint64, measure banded) {
	switch c.shape {
	case passShape:
		v := m.at(lc.nodes[0], nil)
		for i := range asked {
			x.met[i], x.unmet[i] = asked[i]&v.t[i], asked[i]&v.f[i]
		}
		if x.points != nil {
			clear(x.points)
			addUnder(x.points, x.met, lc.full)
		}
		return
	case rankShape: // the place comes later
		copy(x.unmet, asked)
		clear(x.points)
		return
	case judgedShape:
		j := &m.f.judged[c.index]
		for row := range m.n {
			w, b := row>>6, uint64(1)<<(row&63)
			if x.points[row] = int64(j.points[row] / m.pr.unit); j.given[row] == 0 {
				x.pending[w] |= asked[w] & b
				asked[w] &^= b
			}
		}
	case tickShape:
		if lc.adding != nil {
			m.addUp(c, lc, x, asked)
			return
		}
		m.ticks(lc, x, asked)
	case deductShape:
		if lc.adding != nil {
			m.addUp(c, lc, x, asked)
			return
		}
		m.deductions(lc, x, asked)
	case bandShape:
		m.bands(c, lc, x, asked, measure)
		if x.points == nil {
			return
		}
	case linearShape:
		if lc.low != nil {
			m.bands(c, lc, x, asked, measure)
			if x.points == nil {
				return
			}
			break
		}
		m.linear(c, lc, x, asked, measure.x)
	case proportionalShape:
		m.proportional(lc, x, asked, measure.x)
	case eachShape:
		v := m.at(lc.nodes[0], nil)
		for i := range asked {
			asked[i] &= v.ok[i]
		}
		limit := int64(math.MaxInt32) / max(lc.each, 1)
		for i, n := range v.x[:len(x.points)] {
			if n > limit || n == math.MinInt64 {
				m.leave(nil, i)
				n = 0
			}
			n = max(n, 0)
			p := m.pr.toUnits(n*lc.each, lc.scale)
			if lc.most > 0 {
				p = min(p, lc.most)
			}
			x.points[i] = p
		}
	case formulaShape:
		v := m.at(lc.nodes[0], nil)
		for i := range asked {
			asked[i] &= v.ok[i]
		}
		for i, d := range v.x[:len(x.points)] {
			if d > 1<<40 || d < -1<<40 {
				m.leave(nil, i)
				d = 0
			}
			p := max(m.pr.toUnits(d, lc.scale), 0)
			if lc.full > 0 {
				p = min(p, lc.full)
			}
			x.points[i] = p
		}
	}
	x.settle(lc.full, asked, m.temp.bits.take(m.words))
}

// bands gives each row the points of the first band that its measure is in; asked are those who have one.
func (m *machine) bands(c *clause, lc *compiled, x *cells, asked []uint64, measure banded) {
	below, above, open := m.temp.bits.take(m.words), m.temp.bits.take(m.words), m.temp.bits.take(m.words)
	copy(open, asked)
	if x.points != nil {
		clear(x.points)
	}
	for k, points := range lc.points {
		clear(below)
		if low := measure.low[k]; low != math.MinInt64 {
			compareConst(opLess, below, measure.val, low)
		}
		if high := measure.high[k]; high != math.MaxInt64 {
			compareConst(opLess, above, measure.val, high+1)
			for i, r := range above {
				below[i] |= ^r
			}
		}
		for i, r := range open {
			out := r & below[i]
			open[i], below[i] = out, r&^out
		}
		if x.points != nil {
			addUnder(x.points, below, points)
			continue
		}
		x.stand(c, below, points)
	}
	if x.points == nil {
		x.stand(c, open, 0)
	}
}

// stand notes that rows have earned so many points, which are one of the clause's steps, or all, or nothing.
func (x *cells) stand(c *clause, rows []uint64, points int64) {
	to := x.unmet
	switch {
	case points == c.worth[Met]:
		to = x.met
	case points > 0:
		to = x.steps[c.step(points)]
		for i, r := range rows {
			x.partly[i] |= r
		}
	}
	for i, r := range rows {
		to[i] |= r
	}
}

// addUp passes rows from sum to sum, one deduction or tick after the other.
func (m *machine) addUp(c *clause, lc *compiled, x *cells, asked []uint64) {
	a := lc.adding
	known := m.temp.bits.take(m.words) // of ticks: rows in which at least one can be told
	clear(known)
	all := m.temp.bits.take(m.words)
	set(all)
	sums := append(m.temp.sets.take(1)[:0], all)
	for k, n := range lc.nodes {
		v := m.at(n, nil)
		var levels [][]uint64
		if c.shape == tickShape {
			rest := m.temp.bits.take(m.words)
			for i, t := range v.t {
				known[i] |= t | v.f[i]
				rest[i] = ^t
			}
			levels = append(m.temp.sets.take(2)[:0], rest, v.t)
		} else {
			for i := range asked {
				asked[i] &= v.ok[i]
			}
			levels = m.cut(v, a.from[k])
			m.leaveLowest(v)
		}
		then := m.temp.sets.take(len(sums) * len(levels))[:0]
		for i, from := range sums {
			for l, to := range a.next[k][i] {
				if to == len(then) {
					then = append(then, m.temp.bits.take(m.words))
					clear(then[to])
				}
				for w, r := range levels[l][:m.words] {
					then[to][w] |= from[w] & r
				}
			}
		}
		sums = then
	}
	if c.shape == tickShape {
		for i := range asked {
			asked[i] &= known[i]
		}
	}
	for s, rows := range sums {
		for i := range rows {
			rows[i] &= asked[i]
		}
		x.stand(c, rows, a.points[s])
	}
}

// leaveLowest leaves to the interpreter the rows with the lowest number there is, which is no count there.
func (m *machine) leaveLowest(v val) {
	rows, live := m.temp.bits.take(m.words), m.live()
	if compareConst(opEqual, rows, v, math.MinInt64); lastSet(rows) < 0 {
		return
	}
	for i := range rows {
		rows[i] &= v.ok[i] & live[i]
	}
	m.leaveAll(rows)
}

// cut tells which rows are on each level; the levels after the first begin where from says.
func (m *machine) cut(v val, from []int64) [][]uint64 {
	levels := m.temp.sets.take(len(from) + 1)
	under := m.temp.bits.take(m.words)
	clear(under)
	for l := range levels {
		levels[l] = m.temp.bits.take(m.words)
		if l == len(from) {
			set(levels[l])
		} else {
			compareConst(opLess, levels[l], v, from[l])
		}
	}
	for w := range under {
		for _, rows := range levels {
			rows[w] &^= under[w]
			under[w] |= rows[w]
		}
	}
	return levels
}

// toUnits gives a number of so many decimals as points, rounded half to even.
func (pr *Program) toUnits(x int64, scale int) int64 {
	switch {
	case scale < pr.digits:
		return x * pr.powers[pr.digits-scale]
	case scale > pr.digits:
		return halfEven(x, pr.powers[scale-pr.digits])
	}
	return x
}

// ticks adds up the conditions that hold; where none can be told the clause is missing.
func (m *machine) ticks(lc *compiled, x *cells, asked []uint64) {
	clear(x.points)
	known := m.temp.bits.take(m.words)
	clear(known)
	for k, n := range lc.nodes {
		v := m.at(n, nil)
		for i := range known {
			known[i] |= v.t[i] | v.f[i]
		}
		addUnder(x.points, v.t, lc.points[k])
	}
	for i := range asked {
		asked[i] &= known[i]
	}
	if lc.scale != m.pr.digits {
		for i, p := range x.points {
			x.points[i] = m.pr.toUnits(p, lc.scale)
		}
	}
}

// addUnder adds p to the rows whose bit is set.
func addUnder(dst []int64, rows []uint64, p int64) {
	for w := range len(dst) / 64 {
		d, b := (*[64]int64)(dst[w*64:]), rows[w]
		for j := 0; j < 64; j += 4 {
			q := (*[4]int64)(d[j:])
			q[0] += p & -int64(b&1)
			q[1] += p & -int64(b>>1&1)
			q[2] += p & -int64(b>>2&1)
			q[3] += p & -int64(b>>3&1)
			b >>= 4
		}
	}
}

func (m *machine) deductions(lc *compiled, x *cells, asked []uint64) {
	for i := range x.points {
		x.points[i] = lc.each
	}
	for k, n := range lc.nodes {
		v := m.at(n, nil)
		for i := range asked {
			asked[i] &= v.ok[i]
		}
		table := (*[tableCases]int64)(lc.tables[k])
		for i, cases := range v.x[:len(x.points)] {
			if cases >= tableCases || cases == math.MinInt64 {
				m.leave(nil, i)
				cases = 0
			}
			x.points[i] -= table[max(cases, 0)&(tableCases-1)]
		}
	}
	for i, p := range x.points {
		x.points[i] = m.pr.toUnits(max(p, 0), lc.scale)
	}
}

// linear takes minus off for every each that the measure falls short of full_at.
func (m *machine) linear(c *clause, lc *compiled, x *cells, asked []uint64, measure []int64) {
	number := func(n *node) ([]int64, int64) {
		v := m.at(n, nil)
		for i := range asked {
			asked[i] &= v.ok[i]
		}
		return v.x, power(lc.scale - n.scale)
	}
	fullAt, up := number(lc.fullAt)
	var zero []int64
	var zeroUp int64
	if lc.zero != nil {
		zero, zeroUp = number(lc.zero)
	}
	raise := power(lc.scale - lc.rounded)
	const limit = math.MaxInt64 / 4
	points, scale := lc.points[0], int(lc.points[1])
	far := (points + lc.minus) / max(lc.minus, 1) // so many steps cost everything
	for i := range x.points {
		v, top := measure[i], fullAt[i]
		if !within(v, limit/raise) || !within(top, limit/up) || zero != nil && !within(zero[i], limit/zeroUp) {
			m.leave(nil, i)
			x.points[i] = 0
			continue
		}
		v *= raise
		if zero != nil && v < zero[i]*zeroUp {
			x.points[i] = 0
			continue
		}
		short := top*up - v
		switch {
		case short <= 0:
			x.points[i] = lc.full
			continue
		case c.Linear.Step == "exact":
			if short > limit/max(lc.minus, 1) || short/lc.each > far {
				x.points[i] = 0
				if lc.minus == 0 {
					m.leave(nil, i)
				}
				continue
			}
			left := points*lc.each - short*lc.minus
			var p int64
			fits := true
			if d := m.pr.digits - scale; d >= 0 {
				p, fits = divide(left, lc.each, d)
			} else {
				p, fits = divide(left, lc.each*power(-d), 0)
			}
			if !fits {
				m.leave(nil, i)
			}
			x.points[i] = max(p, 0)
			continue
		}
		steps := short / lc.each
		if c.Linear.Step == "ceil" && steps*lc.each < short {
			steps++
		}
		if steps > far {
			if x.points[i] = 0; lc.minus == 0 {
				x.points[i] = lc.full
			}
			continue
		}
		x.points[i] = max(m.pr.toUnits(points-steps*lc.minus, scale), 0)
	}
}

func within(x, limit int64) bool { return -limit <= x && x <= limit }

// proportional gives points × completion, rounded once. Floats compute it where that leaves no doubt about the rounding.
func (m *machine) proportional(lc *compiled, x *cells, asked []uint64, measure []int64) {
	n := lc.nodes[0]
	v := m.at(n, nil)
	for i := range asked {
		asked[i] &= v.ok[i]
	}
	raise, up := power(lc.scale-lc.rounded), power(lc.scale-n.scale)
	const limit = math.MaxInt64
	for i := range x.points {
		done, target := measure[i], v.x[i]
		x.points[i] = 0
		if target <= 0 {
			if i>>6 < len(asked) {
				asked[i>>6] &^= 1 << (i & 63)
			}
			continue
		}
		if !within(done, limit/raise) || target > limit/up {
			m.leave(nil, i)
			continue
		}
		done, target = done*raise, target*up
		rate := float64(done) / float64(target)
		if !lc.uncapped {
			rate = min(rate, lc.cap)
		}
		if done < target {
			rate *= lc.short
		}
		y := float64(rate * lc.factor)
		r := float64(y+0x1.8p52) - 0x1.8p52
		if !(math.Abs(y-r) < 0.4999) || !(math.Abs(y) < 1e9) {
			m.leave(nil, i)
			continue
		}
		x.points[i] = max(int64(r), 0)
	}
}
