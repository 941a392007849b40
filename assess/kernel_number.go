package assess

import (
	"math"
	"math/bits"
	"sync"

	"bihuan.dev/bihuan/programme"
)

// arithmetic runs + − × and the like over whole numbers and scaled decimals. Whole numbers that overflow have no value, as in
// CEL; decimals that overflow are left to the interpreter.
func (m *machine) arithmetic(n *node) val {
	words := m.span(n.level).words
	if n.op == opRound && isQuotient(n.args[0]) {
		v := m.newInts(n, words)
		m.roundedQuotient(n.args[0], n.scale, v)
		return v
	}
	a := m.at(n.args[0], n.level)
	if n.op == opDecimal && (n.uses < 2 || n.args[0].uses > 1 || n.args[0].op == opFact) {
		return a // the same numbers; they last as long as the node
	}
	v := m.newInts(n, words)
	if n.op == opDecimal {
		copy(v.x, a.x)
		copy(v.ok, a.ok)
		return v
	}
	if n.op == opRound {
		m.round(n, a, v)
		return v
	}
	if n.op == opTrunc {
		p := power(n.args[0].scale)
		copy(v.ok, a.ok)
		for i, x := range a.x[:words*64] {
			if v.x[i] = x / p; x == math.MinInt64 {
				m.overflow(n.args[0], &v, i)
			}
		}
		return v
	}
	c, constant := m.scalar(n.args[1])
	var b val
	if constant {
		copy(v.ok, a.ok[:words])
		b.x = nil
	} else {
		b = m.at(n.args[1], n.level)
		for i := range v.ok {
			v.ok[i] = a.ok[i] & b.ok[i]
		}
	}
	x := a.x[:words*64]
	switch {
	case n.op == opMul && constant:
		limit := int64(math.MaxInt64)
		if c != 0 && c != math.MinInt64 {
			limit = math.MaxInt64 / max(c, -c)
		}
		for i, p := range x {
			v.x[i] = p * c
			if p > limit || p < -limit {
				m.multiply(n, &v, i, p, c)
			}
		}
		return v
	case constant:
		b = m.fill(n.args[1], c, words)
	}
	y := b.x[:len(x)]
	switch n.op {
	case opAdd:
		for i, p := range x {
			s := p + y[i]
			if v.x[i] = s; (s^p)&(s^y[i]) < 0 {
				m.overflow(n, &v, i)
			}
		}
	case opSub:
		for i, p := range x {
			s := p - y[i]
			if v.x[i] = s; (p^y[i])&(s^p) < 0 {
				m.overflow(n, &v, i)
			}
		}
	case opMul:
		for i, p := range x {
			q := y[i]
			v.x[i] = p * q
			if (uint64(p+1<<31)|uint64(q+1<<31))>>32 != 0 {
				m.multiply(n, &v, i, p, q)
			}
		}
	case opDiv, opRem:
		for i, p := range x {
			q := y[i]
			if q == 0 || q == -1 && p == math.MinInt64 {
				// A decimal has no such lowest number to trip over; without a divisor neither has a value.
				if v.x[i] = 0; q != 0 && n.typ == decimal {
					m.overflow(n, &v, i)
				} else {
					v.ok[i>>6] &^= 1 << (i & 63)
				}
				continue
			}
			if n.op == opDiv {
				v.x[i] = p / q
			} else {
				v.x[i] = p % q
			}
		}
	}
	return v
}

// overflow is what becomes of a row whose number does not fit.
func (m *machine) overflow(n *node, v *val, i int) {
	if v.ok[i>>6]>>(i&63)&1 == 0 || i >= m.span(n.level).n {
		v.x[i] = 0
		return
	}
	v.x[i] = 0
	if n.typ == decimal {
		m.leave(n.level, i)
		return
	}
	v.ok[i>>6] &^= 1 << (i & 63)
}

func (m *machine) multiply(n *node, v *val, i int, a, b int64) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	negative := (a < 0) != (b < 0)
	if hi != 0 || lo > math.MaxInt64 && !(negative && lo == 1<<63 && n.typ != decimal) {
		m.overflow(n, v, i)
	}
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// halfEven gives x ÷ p rounded half to even (GB/T 8170), for a positive p.
func halfEven(x, p int64) int64 {
	q, r := x/p, x%p
	up := int64(1)
	if x < 0 {
		r, up = -r, -1
	}
	if r > p-r || r == p-r && q&1 != 0 {
		q += up
	}
	return q
}

// round gives a decimal with fewer decimals. A quotient is rounded twice: to its 12 decimals, then to these.
func (m *machine) round(n *node, a, v val) {
	p := power(int(n.c) - n.scale)
	copy(v.ok, a.ok)
	for i, x := range a.x[:len(v.x)] {
		v.x[i] = halfEven(x, p)
	}
}

// isQuotient reports whether a node is a quotient. What is wanted of it rounded, or against a constant, is had sooner from the two
// numbers than from the quotient in full, even where somebody else makes that.
func isQuotient(n *node) bool { return n.op == opRatio || n.op == opQuo }

// quotient is ratio(a, b) or a / b with 12 decimals, half to even. Nothing is divided by 0.
func (m *machine) quotient(n *node) val {
	a, b := m.at(n.args[0], n.level), m.at(n.args[1], n.level)
	v := m.newInts(n, m.span(n.level).words)
	shift := programme.QuoDecimals + n.args[1].scale - n.args[0].scale
	for w := range v.ok {
		ok := a.ok[w] & b.ok[w]
		v.ok[w] = ok
		for ok != 0 {
			i := w<<6 | bits.TrailingZeros64(ok)
			ok &= ok - 1
			if b.x[i] == 0 {
				v.x[i] = 0
				v.ok[w] &^= 1 << (i & 63)
				continue
			}
			q, fits := divide(a.x[i], b.x[i], shift)
			if v.x[i] = q; !fits {
				m.overflow(n, &v, i)
			}
		}
	}
	return v
}

// divide gives a × 10^shift ÷ b, half to even, for a b that is not 0.
func divide(a, b int64, shift int) (int64, bool) {
	if shift < 0 || shift > maxScale {
		return 0, false
	}
	den := magnitude(b)
	hi, lo := bits.Mul64(magnitude(a), uint64(power(shift)))
	if hi >= den {
		return 0, false
	}
	q, r := bits.Div64(hi, lo, den)
	if r > den-r || r == den-r && q&1 == 1 {
		q++
	}
	if q > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(q), true
	}
	return int64(q), true
}

// quotientBelow compares a quotient with a constant of its scale. Floats decide where they are far from the constant, and only
// there, so that no rounding of theirs can be seen; near it the quotient is made in full.
func (m *machine) quotientBelow(n, quotient *node, c int64, v val) {
	a, b := m.at(quotient.args[0], n.level), m.at(quotient.args[1], n.level)
	shift := programme.QuoDecimals + quotient.args[1].scale - quotient.args[0].scale
	factor := math.Pow10(quotient.args[1].scale - quotient.args[0].scale)
	at := float64(c) / 1e12
	margin := 1e-11 + math.Abs(at)*1e-13
	for w := range v.t {
		has := a.ok[w] & b.ok[w]
		p, q := (*[64]int64)(a.x[w*64:]), (*[64]int64)(b.x[w*64:])
		var below, near, zero uint64
		for j := range p {
			d := float64(p[j])/float64(q[j])*factor - at
			below |= bit(d < 0) << (j & 63)
			near |= bit(!(math.Abs(d) > margin)) << (j & 63) // true also for what is no number
			zero |= bit(q[j] == 0) << (j & 63)
		}
		has &^= zero
		for near &= has; near != 0; near &= near - 1 {
			j := bits.TrailingZeros64(near)
			below &^= 1 << j
			x, fits := divide(p[j], q[j], shift)
			if !fits {
				m.leave(n.level, w<<6|j)
			}
			below |= bit(x < c) << j
		}
		v.t[w], v.f[w] = below&has, has&^below
	}
}

// roundedQuotient gives a quotient rounded to its 12 decimals and then to so many: the same two roundings as in full, made by
// floats where no doubt is left.
func (m *machine) roundedQuotient(n *node, decimals int, v val) {
	a, b := m.at(n.args[0], n.level), m.at(n.args[1], n.level)
	shift := programme.QuoDecimals + n.args[1].scale - n.args[0].scale
	factor := math.Pow10(decimals + n.args[1].scale - n.args[0].scale)
	p12 := power(programme.QuoDecimals - decimals)
	sure := decimals <= 6
	for w := range v.ok {
		has := a.ok[w] & b.ok[w]
		p, q, out := (*[64]int64)(a.x[w*64:]), (*[64]int64)(b.x[w*64:]), (*[64]int64)(v.x[w*64:])
		var doubt uint64
		for j := range p {
			y := float64(p[j]) / float64(q[j]) * factor
			// Adding and taking away 1.5 × 2^52 rounds to a whole number, which is right unless y is near a half.
			// What is large is in doubt too, and what is divided by 0, which is no number.
			r := float64(y+0x1.8p52) - 0x1.8p52
			out[j] = int64(r)
			doubt |= bit(!(math.Abs(y-r)+float64(math.Abs(y)*1e-10) < 0.4999)) << (j & 63)
		}
		if !sure {
			doubt = math.MaxUint64
		}
		for r := ^has; r != 0; r &= r - 1 {
			out[bits.TrailingZeros64(r)] = 0
		}
		for doubt &= has; doubt != 0; doubt &= doubt - 1 {
			j := bits.TrailingZeros64(doubt)
			if q[j] == 0 {
				has &^= 1 << j
				out[j] = 0
				continue
			}
			x, fits := divide(p[j], q[j], shift)
			if !fits {
				m.leave(n.level, w<<6|j)
			}
			out[j] = halfEven(x, p12)
		}
		v.ok[w] = has
	}
}

// calendar runs what moves or subtracts days.
func (m *machine) calendar(n *node) val {
	words := m.span(n.level).words
	a := m.at(n.args[0], n.level)
	if n.op == opShift {
		v := m.newSmalls(n, words)
		copy(v.ok, a.ok)
		for i, d := range a.s[:words*64] {
			to := int64(d) + n.args[1].c
			if v.s[i] = int32(to); (to < firstDay || to > lastDay) && i < m.span(n.level).n && isSet(v.ok, int32(i)) {
				m.leave(n.level, i)
			}
		}
		return v
	}
	b := m.at(n.args[1], n.level)
	v := m.newInts(n, words)
	for i := range v.ok {
		v.ok[i] = a.ok[i] & b.ok[i]
	}
	p, q := a.s[:words*64], b.s[:words*64]
	switch n.op {
	case opDays:
		for i := range v.x {
			v.x[i] = int64(q[i]) - int64(p[i])
		}
	case opBetween:
		for i := range v.x {
			d := int64(p[i]) - int64(q[i])
			if v.x[i] = d * nanosOfDay; d > math.MaxInt64/nanosOfDay || d < -math.MaxInt64/nanosOfDay {
				m.overflow(n, &v, i)
			}
		}
	case opWorkdays:
		table := m.pr.workdays()
		for i := range v.x {
			x, y := int(p[i])-tableFrom, int(q[i])-tableFrom
			if uint(x) < uint(len(table)) && uint(y) < uint(len(table)) {
				v.x[i] = int64(table[y] - table[x])
			} else if v.x[i] = 0; isSet(v.ok, int32(i)) && i < m.span(n.level).n {
				v.x[i] = int64(m.pr.calendar.Workdays(programme.Day(p[i]), programme.Day(q[i])))
			}
		}
	}
	return v
}

// The days that CEL's timestamps reach.
const (
	firstDay = -719162 // 0001-01-01
	lastDay  = 2932896 // 9999-12-31
)

// tableFrom is 1980-01-01, the first day of the table of working days, which reaches some hundred years.
const (
	tableFrom = 3652
	tableDays = 40_000
)

// workdayTable holds for each day how many working days there are up to it.
type workdayTable struct {
	once  sync.Once
	count []int32
}

func (pr *Program) workdays() []int32 {
	t := &pr.ir.workdays
	t.once.Do(func() {
		t.count = make([]int32, tableDays)
		for i := 1; i < tableDays; i++ {
			t.count[i] = t.count[i-1]
			if pr.calendar.Workday(programme.Day(tableFrom + i)) {
				t.count[i]++
			}
		}
	})
	return t.count
}
