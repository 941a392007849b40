package assess

import (
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"bihuan.dev/bihuan/programme"
)

// lowerer brings one checked rule into the intermediate form. What it cannot bring is left to the interpreter, with the reason.
type lowerer struct {
	pr     *Program
	g      *graph
	tree   *ast.AST
	vars   map[string]variable
	reason programme.Text
}

// variable is what a comprehension runs over: the records or values of a level.
type variable struct {
	list  *list
	level *level
}

// lowerExpr gives the node of a rule; nil and why when it has none.
func (pr *Program) lowerExpr(g *graph, e *programme.Expr) (*node, programme.Text) {
	l := &lowerer{pr: pr, g: g, tree: e.AST(), vars: map[string]variable{}}
	n := l.expr(l.tree.Expr())
	if n == nil || n.level != nil {
		if l.reason.Empty() {
			l.reason = programme.T("规则的形式不在编译范围内", "the form of the rule is not among those compiled")
		}
		return nil, l.reason
	}
	return n, programme.Text{}
}

// no notes why the rule stays with the interpreter.
func (l *lowerer) no(zh, en string, args ...any) *node {
	if l.reason.Empty() {
		l.reason = programme.T(zh, en).Fill(args...)
	}
	return nil
}

// make gives a node over args, all brought to the deepest level among them. Without one of them there is none.
func (l *lowerer) make(n node) *node {
	for _, a := range n.args {
		if a == nil {
			return nil
		}
		n.level = deeper(n.level, a.level)
	}
	for i, a := range n.args {
		n.args[i] = l.up(a, n.level)
	}
	return l.g.node(n)
}

// up repeats a value for the rows of a deeper level.
func (l *lowerer) up(n *node, to *level) *node {
	if n == nil || n.level == to || n.op == opConst || n.op == opAsOf || n.op == opAgo {
		return n
	}
	below := l.up(n, to.parent)
	return l.g.node(node{op: opUp, typ: n.typ, scale: n.scale, level: to, args: []*node{below}})
}

func (l *lowerer) constant(t typ, scale int, c int64) *node {
	return l.g.node(node{op: opConst, typ: t, scale: scale, c: c})
}

func (l *lowerer) truth(b bool) *node {
	if b {
		return l.constant(truth, 0, 1)
	}
	return l.constant(truth, 0, 0)
}

func (l *lowerer) not(n *node) *node {
	if n != nil && n.op == opConst {
		return l.truth(n.c == 0)
	}
	if n != nil && n.op == opNot {
		return n.args[0]
	}
	return l.make(node{op: opNot, args: []*node{n}})
}

func (l *lowerer) expr(e ast.Expr) *node {
	switch e.Kind() {
	case ast.LiteralKind:
		return l.literal(e.AsLiteral())
	case ast.IdentKind:
		if e.AsIdent() == "as_of" {
			return l.g.node(node{op: opAsOf, typ: day})
		}
		if v, ok := l.vars[e.AsIdent()]; ok && v.list.elem != nil {
			return v.list.elem
		}
		return l.no("“{0}”整体不能编译", "“{0}” as a whole is not compiled", e.AsIdent())
	case ast.SelectKind:
		return l.selection(e)
	case ast.CallKind:
		return l.call(e)
	case ast.ComprehensionKind:
		return l.quantifier(e)
	}
	return l.no("这里的清单或映射不能编译", "a list or map in this place is not compiled")
}

func (l *lowerer) call(e ast.Expr) *node {
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	name := call.FunctionName()
	switch name {
	case operators.LogicalAnd, operators.LogicalOr:
		o := opAnd
		if name == operators.LogicalOr {
			o = opOr
		}
		out := l.expr(args[0])
		for _, a := range args[1:] {
			out = l.make(node{op: o, args: []*node{out, l.expr(a)}})
		}
		return out
	case operators.LogicalNot:
		return l.not(l.expr(args[0]))
	case operators.In:
		return l.member(args[0], args[1])
	case "size", "sum", "mean", "median", "min", "max", "percentile", "@latest":
		return l.aggregate(name, args)
	case "timestamp":
		return l.timestamp(args[0])
	case "duration":
		if text, ok := literalText(args[0]); ok {
			if d, err := time.ParseDuration(text); err == nil {
				return l.constant(span, 0, int64(d))
			}
		}
		return l.no("duration 只编译常数", "duration is compiled for constants only")
	case "@ago":
		n, ok1 := args[1].AsLiteral().(types.Int)
		unit, ok2 := args[2].AsLiteral().(types.String)
		if !ok1 || !ok2 || args[0].Kind() != ast.IdentKind {
			return l.no("ago 的写法不能编译", "this use of ago is not compiled")
		}
		return l.g.node(node{op: opAgo, typ: day, c: int64(n), unit: string(unit)})
	}
	in := make([]*node, len(args))
	for i, a := range args {
		if in[i] = l.expr(a); in[i] == nil {
			return nil
		}
	}
	return l.apply(name, in)
}

// apply gives the node of an operator or function over values.
func (l *lowerer) apply(name string, in []*node) *node {
	switch name {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return l.compare(name, in[0], in[1])
	case operators.Conditional:
		a, b := in[1], in[2]
		if a.typ == decimal && b.typ == decimal {
			if a, b = l.align(a, b); a == nil {
				return nil
			}
		}
		if a.typ != b.typ || in[0].typ != truth {
			return l.no("两种结果的类型不同", "the two results are of different kinds")
		}
		return l.make(node{op: opIf, typ: a.typ, scale: a.scale, args: []*node{in[0], a, b}})
	case operators.Negate:
		if in[0].typ == whole || in[0].typ == decimal {
			return l.arithmetic(opSub, l.constant(in[0].typ, 0, 0), in[0])
		}
	case operators.Add:
		if in[0].typ == day && in[1].typ == span {
			return l.shift(in[0], in[1], 1)
		}
		return l.arithmetic(opAdd, in[0], in[1])
	case operators.Subtract:
		if in[0].typ == day && in[1].typ == day {
			return l.make(node{op: opBetween, typ: span, args: in})
		}
		if in[0].typ == day && in[1].typ == span {
			return l.shift(in[0], in[1], -1)
		}
		return l.arithmetic(opSub, in[0], in[1])
	case operators.Multiply:
		return l.arithmetic(opMul, in[0], in[1])
	case operators.Divide:
		if in[0].typ == decimal && in[1].typ == decimal {
			return l.make(node{op: opQuo, typ: decimal, scale: programme.QuoDecimals, args: in})
		}
		return l.arithmetic(opDiv, in[0], in[1])
	case operators.Modulo:
		return l.arithmetic(opRem, in[0], in[1])
	case "ratio":
		if in[0].typ == decimal && in[1].typ == decimal {
			return l.make(node{op: opRatio, typ: decimal, scale: programme.QuoDecimals, args: in})
		}
	case "days", "workdays":
		o := opDays
		if name == "workdays" {
			o = opWorkdays
		}
		return l.make(node{op: o, typ: whole, args: in})
	case "decimal":
		switch in[0].typ {
		case decimal:
			return in[0]
		case whole:
			if in[0].op == opConst {
				return l.constant(decimal, 0, in[0].c)
			}
			return l.make(node{op: opDecimal, typ: decimal, args: in})
		}
	case "int":
		switch in[0].typ {
		case whole:
			return in[0]
		case decimal:
			return l.make(node{op: opTrunc, typ: whole, args: in})
		}
	}
	return l.no("函数或运算“{0}”不在编译范围内", "the function or operator “{0}” is not among those compiled", strings.Trim(name, "_@"))
}

// maxScale is how many decimals a number of the kernels may have.
const maxScale = 18

func (l *lowerer) arithmetic(o op, a, b *node) *node {
	switch {
	case a == nil || b == nil:
		return nil
	case a.typ == whole && b.typ == whole:
		return l.make(node{op: o, typ: whole, args: []*node{a, b}})
	case a.typ == span && b.typ == span && (o == opAdd || o == opSub):
		return l.make(node{op: o, typ: span, args: []*node{a, b}})
	case a.typ != decimal || b.typ != decimal || o == opDiv:
		return l.no("这种运算不在编译范围内", "this arithmetic is not among what is compiled")
	case o == opMul:
		if a.scale+b.scale > maxScale {
			return l.no("乘积的小数位数超过 {0} 位", "the product has more than {0} decimals", maxScale)
		}
		return l.make(node{op: o, typ: decimal, scale: a.scale + b.scale, args: []*node{a, b}})
	}
	if a, b = l.align(a, b); a == nil {
		return nil
	}
	return l.make(node{op: o, typ: decimal, scale: a.scale, args: []*node{a, b}})
}

// align brings two decimals to one scale.
func (l *lowerer) align(a, b *node) (*node, *node) {
	to := max(a.scale, b.scale)
	a, b = l.rescale(a, to), l.rescale(b, to)
	if a == nil || b == nil {
		return nil, nil
	}
	return a, b
}

// rescale gives a decimal with more decimals.
func (l *lowerer) rescale(n *node, to int) *node {
	if n.scale == to {
		return n
	}
	if n.op == opConst {
		d := programme.NewDecimal(n.c, n.scale)
		c, ok := d.Scaled(to)
		if !ok {
			return l.no("常数过大", "a constant is too large")
		}
		return l.constant(decimal, to, c)
	}
	return l.make(node{op: opMul, typ: decimal, scale: to, args: []*node{n, l.constant(decimal, to-n.scale, power(to-n.scale))}})
}

func power(n int) int64 {
	out := int64(1)
	for range n {
		out *= 10
	}
	return out
}

// compare gives a comparison. All come down to < and =; a constant is brought to the scale of the other side, exactly.
func (l *lowerer) compare(name string, a, b *node) *node {
	if a.typ != b.typ {
		return l.no("两边的类型不同", "the two sides are of different kinds")
	}
	if a.op == opConst && b.op != opConst {
		a, b = b, a
		name = mirrored[name]
	}
	if name == operators.NotEquals {
		return l.not(l.compare(operators.Equals, a, b))
	}
	if name == operators.GreaterEquals {
		return l.not(l.compare(operators.Less, a, b))
	}
	if name == operators.Greater {
		return l.not(l.compare(operators.LessEquals, a, b))
	}
	pair := func(o op, a, b *node) *node { return l.make(node{op: o, args: []*node{a, b}}) }
	if a.typ == truth || a.typ == textCode {
		switch {
		case name != operators.Equals:
			return l.no("文字或是非的大小比较不在编译范围内", "the order of texts or truths is not compiled")
		case a.typ == truth:
			return pair(opSame, a, b)
		}
		return pair(opEqual, a, b)
	}
	if a.typ == decimal && b.op == opConst && a.op != opConst && a.scale < b.scale {
		c := programme.NewDecimal(b.c, b.scale).Mul(programme.DecimalOf(power(a.scale)))
		low, ok := c.Floor().Int64()
		if !ok {
			return l.no("常数过大", "a constant is too large")
		}
		exact := c.Cmp(programme.DecimalOf(low)) == 0
		switch {
		case name == operators.Equals && !exact: // never, but missing where a is
			less := pair(opLess, a, l.constant(decimal, a.scale, low))
			return pair(opAnd, less, l.not(less))
		case name == operators.Less && !exact:
			low++
		}
		b = l.constant(decimal, a.scale, low)
	} else if a.typ == decimal {
		if a, b = l.align(a, b); a == nil {
			return nil
		}
	}
	switch name {
	case operators.Equals:
		return pair(opEqual, a, b)
	case operators.LessEquals:
		return l.not(pair(opLess, b, a))
	}
	return pair(opLess, a, b)
}

var mirrored = map[string]string{operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals, operators.Less: operators.Greater,
	operators.Greater: operators.Less, operators.LessEquals: operators.GreaterEquals, operators.GreaterEquals: operators.LessEquals}

const nanosOfDay = int64(24 * time.Hour)
