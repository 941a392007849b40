package assess

import (
	"math/bits"
)

// cells are what was found of one clause for a batch: in which rows it is met, partly met and so on (missing is none of these), and
// the points in the standard's smallest unit. Without points they follow from the verdict, and where the clause is partly met from
// the step that it has reached.
type cells struct {
	met, partly, unmet, na, pending, missing []uint64
	steps                                    [][]uint64 // by the steps of the clause: the rows of partly that are on it
	points                                   []int64
	measured                                 []uint64
	measure                                  []int64
	wide                                     map[int]outcome // of measures that do not fit
}

// begin makes the cells of so many words empty, with room for what the clause keeps.
func (x *cells) begin(c *clause, words int) {
	if cap(x.met) < words || len(x.steps) != len(c.steps()) {
		b := make([]uint64, (7+len(c.steps()))*words)
		take := func() (p []uint64) {
			p, b = b[:words:words], b[words:]
			return p
		}
		for _, p := range [...]*[]uint64{&x.met, &x.partly, &x.unmet, &x.na, &x.pending, &x.missing, &x.measured} {
			*p = take()
		}
		x.steps = make([][]uint64, len(c.steps()))
		for i := range x.steps {
			x.steps[i] = take()
		}
		if c.Measure != nil || c.shape == rankShape {
			x.measure = make([]int64, words*64)
		}
		if c.ownPoints {
			x.points = make([]int64, words*64)
		}
	}
	for _, p := range [...]*[]uint64{&x.met, &x.partly, &x.unmet, &x.na, &x.pending, &x.missing, &x.measured} {
		*p = (*p)[:words]
		clear(*p)
	}
	for i, p := range x.steps {
		x.steps[i] = p[:words]
		clear(x.steps[i])
	}
	x.wide = nil
	if c.ownPoints {
		x.points = x.points[:words*64]
	}
}

// live has the bits of the rows that there are.
func (m *machine) live() []uint64 {
	b := m.temp.bits.take(m.words)
	set(b)
	if m.n&63 != 0 {
		b[m.words-1] = 1<<(m.n&63) - 1
	}
	return b
}

// policies decides on what is missing or does not apply.
func (m *machine) policies(c *clause, x *cells, live []uint64) {
	lack := x.missing
	for i := range lack {
		lack[i] = live[i] &^ (x.met[i] | x.partly[i] | x.unmet[i] | x.na[i] | x.pending[i])
	}
	if x.points != nil {
		missing, na := c.worth[Missing], c.worth[NotApplicable]
		for i := range lack {
			x.assign(i, x.na[i], na)
			x.assign(i, x.pending[i], 0)
			x.assign(i, lack[i], missing)
		}
	}
	if c.missing.Word == "pending" {
		for i := range lack {
			x.pending[i] |= lack[i]
			lack[i] = 0
		}
	}
}

// assign gives points to some rows of a word.
func (x *cells) assign(word int, rows uint64, points int64) {
	for ; rows != 0; rows &= rows - 1 {
		x.points[word<<6|bits.TrailingZeros64(rows)] = points
	}
}

// interpret lets the interpreter decide some rows.
func (m *machine) interpret(c *clause, x *cells, rows []uint64) {
	for w := range rows {
		for r := rows[w]; r != 0; r &= r - 1 {
			row := w<<6 | bits.TrailingZeros64(r)
			x.put(m.pr, c, row, m.pr.evaluate(c, m.frame(row)))
		}
	}
}

// put stores an outcome of the interpreter.
func (x *cells) put(pr *Program, c *clause, row int, out outcome) {
	w, b := row>>6, uint64(1)<<(row&63)
	for _, p := range [][]uint64{x.met, x.partly, x.unmet, x.na, x.pending, x.missing, x.measured} {
		p[w] &^= b
	}
	switch out.status {
	case Met:
		x.met[w] |= b
	case Partly:
		x.partly[w] |= b
	case Unmet:
		x.unmet[w] |= b
	case NotApplicable:
		x.na[w] |= b
	case Pending:
		x.pending[w] |= b
	default:
		x.missing[w] |= b
	}
	x.pay(c, row, int64(out.points/pr.unit))
	if out.measured {
		x.measured[w] |= b
		n, ok := out.measure.Scaled(c.measureScale(pr))
		if x.measure[row] = n; !ok {
			if x.wide == nil {
				x.wide = map[int]outcome{}
			}
			x.wide[row] = out
		}
	}
}

// pay stores the points of a row whose verdict stands.
func (x *cells) pay(c *clause, row int, points int64) {
	if x.points != nil {
		x.points[row] = points
		return
	}
	w, b := row>>6, uint64(1)<<(row&63)
	for k, p := range c.steps() {
		if x.steps[k][w] &^= b; p == points {
			x.steps[k][w] |= b & x.partly[w]
		}
	}
}

// measureScale is how many decimals stored measures of a clause have.
func (c *clause) measureScale(pr *Program) int {
	if lc := pr.ir.clauses[c.index]; lc != nil && lc.measure != nil {
		return lc.rounded
	}
	return c.digits
}

// settle sets the verdicts that follow from the points.
func (x *cells) settle(full int64, asked, low []uint64) {
	lessConst(low, x.points, 1)
	lessConst(x.partly, x.points, full)
	for i := range asked {
		var met uint64
		switch {
		case full > 0:
			met = ^x.partly[i]
		case full == 0:
			met = ^low[i]
		}
		x.met[i] = asked[i] & met
		x.unmet[i] = asked[i] & low[i] &^ met
		x.partly[i] = asked[i] &^ low[i] &^ met
	}
}
