package assess

import (
	"math"

	"bihuan.dev/bihuan/programme"
)

// lowerings are the rules of a program in the intermediate form.
type lowerings struct {
	graph    *graph
	clauses  []*compiled // nil: the interpreter's
	vetoes   []compiledVeto
	drop     *node // nil: there is none, or it is the interpreter's
	list     []Lowered
	ahead    []reading // what is read ahead of a batch
	workdays workdayTable
}

// Lowered says what became of a rule: compiled for columns, or left to the interpreter and why.
type Lowered struct {
	Clause   string // the clause's number, the veto's name, or "grades"
	Compiled bool
	Reason   programme.Text // why it is not compiled
	IR       string         // the intermediate form
}

// Explain lists every clause and veto, and whether it runs compiled. The results are the same either way; what is not compiled
// takes about a hundred times as long.
func (pr *Program) Explain() []Lowered { return append([]Lowered(nil), pr.ir.list...) }

// compiled is a clause in the intermediate form: its nodes, and the numbers of its shape as integers.
type compiled struct {
	applies  *node
	measure  *node // rounded
	nodes    []*node
	rounded  int // decimals of the measure
	points   []int64
	low      []int64 // of bands, and of a line that is bands: from low to high
	high     []int64
	quotient *node       // what the measure of these is rounded from; nil: it is no quotient
	begin    []threshold // the same bands before the quotient is rounded
	end      []threshold
	scale    int // decimals of what the shape computes with
	full     int64
	each     int64
	minus    int64
	fullAt   *node
	zero     *node
	tables   [][]int64 // of deductions: what so many cases cost
	most     int64
	factor   float64
	cap      float64
	short    float64 // the factor for a completion under the target
	uncapped bool
	adding   *adding // of deductions and ticks that can come to few sums
}

// compiledVeto holds the conditions of a veto; nil: there is none, or it is the interpreter's.
type compiledVeto struct{ when, until *node }

// lower brings all rules of the program into the intermediate form.
func (pr *Program) lower() {
	ir := &lowerings{graph: newGraph()}
	for _, f := range pr.forms {
		for _, x := range f.Fields {
			for _, o := range x.Of {
				pr.dict.code(o.Name)
			}
		}
	}
	pr.ir = ir
	for _, c := range pr.clauses {
		lc, why := pr.lowerClause(c)
		pr.lowerSteps(c, lc)
		ir.clauses = append(ir.clauses, lc)
		x := Lowered{Clause: c.Clause.Clause, Compiled: lc != nil, Reason: why}
		if lc != nil {
			x.IR = lc.String()
		}
		ir.list = append(ir.list, x)
	}
	pr.findGrain()
	ir.ahead = ir.readings()
	for _, v := range pr.vetoes {
		x := Lowered{Clause: v.name, Compiled: true}
		one := func(e *programme.Expr) *node {
			if e == nil {
				return nil
			}
			n, why := pr.lowerExpr(ir.graph, e)
			if n == nil {
				x.Compiled, x.Reason = false, why
				return nil
			}
			n.uses++
			x.IR += n.text
			return n
		}
		ir.vetoes = append(ir.vetoes, compiledVeto{one(v.When), one(v.Until)})
		ir.list = append(ir.list, x)
	}
	if pr.p.Standard != nil && pr.p.Standard.Grades.DropWhen != nil {
		x := Lowered{Clause: "grades"}
		if ir.drop, x.Reason = pr.lowerExpr(ir.graph, pr.p.Standard.Grades.DropWhen); ir.drop != nil {
			ir.drop.uses++
			x.Compiled, x.IR = true, ir.drop.text
		}
		ir.list = append(ir.list, x)
	}
}

func (lc *compiled) String() string {
	out := ""
	for _, n := range append([]*node{lc.applies, lc.measure, lc.fullAt, lc.zero}, lc.nodes...) {
		if n != nil {
			if out != "" {
				out += "; "
			}
			out += n.text
		}
	}
	return out
}

// units gives points in the smallest unit that the standard knows.
func (pr *Program) units(d programme.Decimal) int64 { return int64(pr.points(d) / pr.unit) }

// lowerClause brings a clause into the intermediate form; nil and why when it stays with the interpreter.
func (pr *Program) lowerClause(c *clause) (*compiled, programme.Text) {
	lc := &compiled{full: int64(c.full / pr.unit)}
	var why programme.Text
	no := func(zh, en string) {
		if why.Empty() {
			why = programme.T(zh, en)
		}
	}
	lower := func(e *programme.Expr) *node {
		if e == nil || !why.Empty() {
			return nil
		}
		n, reason := pr.lowerExpr(pr.ir.graph, e)
		if n == nil {
			why = reason
			return nil
		}
		n.uses++
		return n
	}
	number := func(e *programme.Expr) *node {
		n := lower(e)
		if n != nil && n.typ != whole && n.typ != decimal {
			no("不是数", "it is no number")
		}
		return n
	}
	counted := func(e *programme.Expr) {
		if n := lower(e); n != nil {
			if n.typ != whole {
				no("不是整数个数", "it is no whole number")
			}
			lc.nodes = append(lc.nodes, n)
		}
	}
	lc.applies = lower(c.Applies)
	by := c.Measure
	if c.shape == rankShape && c.Rank.By != nil {
		if by = c.Rank.By; c.Measure != nil {
			no("名次另有依据", "it is ranked by something else than its measure")
		}
	}
	if n := number(by); n != nil {
		lc.measure, lc.rounded = n, n.scale
		if n.scale > c.digits {
			n.uses--
			lc.measure = pr.ir.graph.node(node{op: opRound, typ: decimal, scale: c.digits, c: int64(n.scale), args: []*node{n}})
			lc.measure.uses++
			lc.rounded = c.digits
		}
	}
	integer := func(d programme.Decimal, scale int) int64 {
		n, ok := d.Scaled(scale)
		if !ok {
			no("数值过大", "a number is too large")
		}
		return n
	}
	switch c.shape {
	case passShape:
		lc.nodes = append(lc.nodes, lower(c.Pass))
	case tickShape:
		for _, t := range c.Ticks {
			lc.nodes, lc.scale = append(lc.nodes, lower(t.Pass)), max(lc.scale, t.Points.Scale())
		}
		for _, t := range c.Ticks {
			lc.points = append(lc.points, integer(t.Points, lc.scale))
		}
	case deductShape:
		pr.lowerDeduct(c, lc, counted, integer)
	case bandShape:
		if lc.measure == nil {
			no("没有度量", "it has no measure")
		}
		for _, b := range c.Bands {
			low, high := int64(math.MinInt64), int64(math.MaxInt64)
			if b.AtLeast != nil {
				low = whole64(b.AtLeast.Mul(programme.DecimalOf(power(lc.rounded))).Ceil(), no)
			}
			if b.AtMost != nil {
				high = whole64(b.AtMost.Mul(programme.DecimalOf(power(lc.rounded))).Floor(), no)
			}
			if b.Below != nil {
				high = min(high, whole64(b.Below.Mul(programme.DecimalOf(power(lc.rounded))).Ceil(), no)-1)
			}
			if low > high {
				no("档次是空的", "a band is empty")
			}
			lc.low, lc.high, lc.points = append(lc.low, low), append(lc.high, high), append(lc.points, pr.units(b.Points))
		}
	case linearShape:
		pr.lowerLinear(c, lc, number, integer, no)
	case proportionalShape:
		pr.lowerProportional(c, lc, number, no)
	case eachShape:
		counted(c.Each.Count)
		lc.scale = c.Each.Points.Scale()
		lc.each = integer(c.Each.Points, lc.scale)
		lc.most = int64(c.most(pr) / pr.unit)
	case formulaShape:
		if n := number(c.Formula); n != nil {
			lc.nodes, lc.scale = append(lc.nodes, n), n.scale
		}
	}
	if !why.Empty() {
		return nil, why
	}
	lc.takeBack()
	return lc, programme.Text{}
}

func whole64(d programme.Decimal, no func(zh, en string)) int64 {
	n, ok := d.Int64()
	if !ok {
		no("数值过大", "a number is too large")
	}
	return n
}

// tableCases is up to how many cases what they cost stands in a table.
const tableCases = 64

func (pr *Program) lowerDeduct(c *clause, lc *compiled, counted func(*programme.Expr), integer func(programme.Decimal, int) int64) {
	lc.scale = c.Points.Scale()
	costs := make([][]programme.Decimal, len(c.Deduct))
	for k, d := range c.Deduct {
		counted(d.Count)
		for n := range tableCases {
			off, all := deduct(d, int64(n))
			if all {
				off = c.Points
			}
			costs[k] = append(costs[k], off)
			lc.scale = max(lc.scale, off.Scale())
		}
	}
	for _, list := range costs {
		var table []int64
		for _, off := range list {
			table = append(table, integer(off, lc.scale))
		}
		lc.tables = append(lc.tables, table)
	}
	lc.each = integer(c.Points, lc.scale)
}

func (pr *Program) lowerLinear(c *clause, lc *compiled, number func(*programme.Expr) *node, integer func(programme.Decimal, int) int64, no func(zh, en string)) {
	l := c.Linear
	lc.fullAt, lc.zero = number(l.FullAt), number(l.ZeroBelow)
	if lc.measure == nil || lc.fullAt == nil || l.Each.Sign() <= 0 || l.Minus.Sign() < 0 {
		no("线性计分的数值不能编译", "the numbers of linear are not compiled")
		return
	}
	lc.scale = max(lc.rounded, lc.fullAt.scale, l.Each.Scale())
	if lc.zero != nil {
		lc.scale = max(lc.scale, lc.zero.scale)
	}
	lc.each = integer(l.Each, lc.scale)
	points := max(c.Points.Scale(), l.Minus.Scale())
	lc.points = []int64{integer(c.Points, points), int64(points)}
	lc.minus = integer(l.Minus, points)
	if points > maxScale || lc.each > math.MaxInt32 || lc.minus > math.MaxInt32 || lc.points[0] > math.MaxInt32 || lc.scale > 12 || points > 6 {
		no("线性计分的数值过大", "the numbers of linear are too large")
		return
	}
	low, worth := pr.lineSteps(c, lc)
	for range low {
		lc.high = append(lc.high, math.MaxInt64)
	}
	if lc.low = low; low != nil {
		lc.points = worth
	}
}

func (pr *Program) lowerProportional(c *clause, lc *compiled, number func(*programme.Expr) *node, no func(zh, en string)) {
	x := c.Proportional
	target := number(x.Target)
	if lc.measure == nil || target == nil {
		no("没有度量或目标", "it has no measure or no target")
		return
	}
	lc.nodes = append(lc.nodes, target)
	lc.scale = max(lc.rounded, target.scale)
	lc.uncapped = uncapped(x)
	lc.cap, lc.factor, lc.short = capOf(x).Float64(), c.Points.Float64()*math.Pow10(pr.digits), 1
	if x.Below != nil {
		lc.short = x.Below.Factor.Float64()
	}
}
