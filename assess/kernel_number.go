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
			known := false
			if v.x[i], known = workdaysIn(table, int64(p[i]), int64(q[i])); !known && isSet(v.ok, int32(i)) && i < m.span(n.level).n {
				v.x[i] = int64(m.pr.calendar.Workdays(programme.Day(p[i]), programme.Day(q[i])))
			}
		}
	}
	return v
}

// workdaysIn tells how many working days there are from a to b, when the table reaches both.
func workdaysIn(table []int32, a, b int64) (n int64, known bool) {
	x, y := a-tableFrom, b-tableFrom
	if uint64(x) < uint64(len(table)) && uint64(y) < uint64(len(table)) {
		return int64(table[y] - table[x]), true
	}
	return 0, false
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
