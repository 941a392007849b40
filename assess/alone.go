package assess

import (
	"math"
	"math/bits"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// A fact touches a clause or two of one subject. Kernels are made for 64 rows at a time and spend more on setting out than one row is
// worth, so that such a clause is computed by itself here: the same nodes and shapes, one number after the other. What is rare — lists,
// numbers that leave their range, shapes that are computed row by row anyway — is left to the kernels.

// alone is what became of a clause for one subject.
type alone struct {
	code     uint8 // as clauseColumn has it: the verdict, or what follows Pending by the step
	points   int64 // of a clause with points of its own
	measure  int64
	measured bool
	left     bool // it is the kernels' to decide; nothing else is said
}

// alone computes a clause for the only row of the batch.
func (m *machine) alone(c *clause) (out alone) {
	lc := m.pr.ir.clauses[c.index]
	if lc == nil {
		return alone{left: true}
	}
	m.lost = false
	status := m.asked(c, lc, &out)
	if status == Met { // it is asked
		status, out.points = m.earnedAlone(c, lc, out.measure)
	}
	out.code = uint8(status)
	switch status {
	case Partly:
		if !c.ownPoints {
			k := c.step(out.points)
			out.code, m.lost = uint8(Pending)+1+uint8(k), m.lost || k < 0
		}
	case Missing:
		if out.points = c.worth[Missing]; c.missing.Word == "pending" {
			out.code = uint8(Pending)
		}
	case NotApplicable:
		out.points = c.worth[NotApplicable]
	}
	out.left = m.lost
	return out
}

// asked tells whether a clause is to be decided by its shape, Met standing for yes, and gives its measure.
func (m *machine) asked(c *clause, lc *compiled, out *alone) Verdict {
	if lc.applies != nil {
		switch x, ok := m.one(lc.applies); {
		case !ok:
			return Missing
		case x == 0:
			return NotApplicable
		}
	}
	for _, form := range c.proof {
		if m.f.proofs[form][0]&1 == 0 {
			return Missing
		}
	}
	if lc.measure != nil {
		if out.measure, out.measured = m.one(lc.measure); !out.measured {
			out.measure = 0
			return Missing
		}
	}
	return Met
}

// earnedAlone gives the verdict and the points by the shape.
func (m *machine) earnedAlone(c *clause, lc *compiled, measure int64) (Verdict, int64) {
	var points int64
	switch {
	case c.shape == passShape:
		switch x, ok := m.one(lc.nodes[0]); {
		case !ok:
			return Missing, 0
		case x == 0:
			return Unmet, 0
		}
		return Met, lc.full
	case c.shape == tickShape:
		known := false
		for k, n := range lc.nodes {
			x, ok := m.one(n)
			known = known || ok
			if ok && x != 0 {
				points += lc.points[k]
			}
		}
		if !known {
			return Missing, 0
		}
		points = m.pr.toUnits(points, lc.scale)
	case c.shape == deductShape:
		points = lc.each
		for k, n := range lc.nodes {
			cases, ok := m.one(n)
			if !ok {
				return Missing, 0
			}
			if cases >= tableCases || cases == math.MinInt64 {
				m.lost = true
				return Missing, 0
			}
			points -= lc.tables[k][max(cases, 0)]
		}
		points = m.pr.toUnits(max(points, 0), lc.scale)
	case c.shape == bandShape, c.shape == linearShape && lc.low != nil:
		for k, p := range lc.points {
			if lc.low[k] <= measure && measure <= lc.high[k] {
				points = p
				break
			}
		}
	default:
		m.lost = true
	}
	return settled(points, lc.full), points
}

// one gives the value of a node for the only row of the batch, and whether there is one. A truth is 1 or 0. What it cannot decide it
// gives as lost.
func (m *machine) one(n *node) (int64, bool) {
	if x, ok := m.scalar(n); ok {
		return x, true
	}
	switch n.op {
	case opFact:
		return m.oneFact(n)
	case opHas:
		return int64(m.f.column(n.place).valid[0] & 1), true
	case opNot:
		x, ok := m.one(n.args[0])
		return x ^ 1, ok
	case opMember:
		x, ok := m.one(n.args[0])
		return int64(bit(slices.Contains(n.set, x))), ok
	case opIf:
		switch x, ok := m.one(n.args[0]); {
		case !ok:
			return 0, false
		case x != 0:
			return m.one(n.args[1])
		}
		return m.one(n.args[2])
	case opDecimal:
		return m.one(n.args[0])
	case opRound:
		x, ok := m.one(n.args[0])
		return halfEven(x, power(int(n.c)-n.scale)), ok
	case opAnd, opOr, opSame, opLess, opEqual, opAdd, opSub, opMul, opDiv, opRem, opQuo, opRatio, opDays, opWorkdays:
		a, aok := m.one(n.args[0])
		if aok && n.op.decidedBy(a) {
			return a, true
		}
		b, bok := m.one(n.args[1])
		if bok && n.op.decidedBy(b) {
			return b, true
		}
		if !aok || !bok {
			return 0, false
		}
		return m.two(n, a, b)
	}
	m.lost = true
	return 0, false
}

// decidedBy reports whether one side of && or || decides, whatever the other one is and even where it is missing.
func (o op) decidedBy(x int64) bool { return o == opAnd && x == 0 || o == opOr && x != 0 }

// oneFact reads a field of the only row.
func (m *machine) oneFact(n *node) (int64, bool) {
	c := m.f.column(n.place)
	if n.level != nil || len(c.odd) > 0 {
		m.lost = true
		return 0, false
	}
	ok := c.valid[0]&1 != 0
	switch n.typ {
	case truth:
		return int64(c.bits[0] & 1), ok
	case day, textCode:
		return int64(c.small[0]), ok
	}
	return c.wide[0], ok
}

// two computes a node of two values.
func (m *machine) two(n *node, a, b int64) (x int64, ok bool) {
	ok = true
	switch n.op {
	case opAnd:
		x = a & b
	case opOr:
		x = a | b
	case opSame, opEqual:
		x = int64(bit(a == b))
	case opLess:
		x = int64(bit(a < b))
	case opAdd:
		x = a + b
		ok = (x^a)&(x^b) >= 0
	case opSub:
		x = a - b
		ok = (a^b)&(x^a) >= 0
	case opMul:
		x = a * b
		hi, lo := bits.Mul64(magnitude(a), magnitude(b))
		ok = hi == 0 && lo <= math.MaxInt64
	case opDiv, opRem:
		if b == 0 {
			return 0, false
		}
		if ok = b != -1 || a != math.MinInt64; !ok {
			break
		}
		if x = a / b; n.op == opRem {
			x = a % b
		}
	case opQuo, opRatio:
		if b == 0 {
			return 0, false
		}
		x, ok = divide(a, b, quotientShift(n))
	case opDays:
		x = b - a
	case opWorkdays:
		known := false
		if x, known = workdaysIn(m.pr.workdays(), a, b); !known {
			x = int64(m.pr.calendar.Workdays(programme.Day(a), programme.Day(b)))
		}
	}
	m.lost = m.lost || !ok
	return x, ok
}
