package assess

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"bihuan.dev/bihuan/programme"
)

// under gives the deepest level among the variables that an expression looks at: what it gives has a value for each row there.
func (l *lowerer) under(e ast.Expr) *level {
	var out *level
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.IdentKind {
			if v, ok := l.vars[x.AsIdent()]; ok {
				out = deeper(out, v.level)
			}
		}
	}))
	return out
}

// over runs f with a variable bound to a list.
func (l *lowerer) over(name string, in *list, f func() *node) *node {
	was, had := l.vars[name]
	l.vars[name] = variable{in, in.level}
	n := f()
	if delete(l.vars, name); had {
		l.vars[name] = was
	}
	if n == nil {
		return nil
	}
	return l.up(n, in.level)
}

// quantifier is all, exists or exists_one, which cel-go writes as loops.
func (l *lowerer) quantifier(e ast.Expr) *node {
	c := e.AsComprehension()
	var o op
	var pred ast.Expr
	if c.HasIterVar2() || c.LoopStep().Kind() != ast.CallKind {
		return l.no("这种循环不能编译", "a loop of this form is not compiled")
	}
	step := c.LoopStep().AsCall()
	switch name := step.FunctionName(); {
	case name == operators.LogicalAnd && isTruth(c.AccuInit(), true) && len(step.Args()) == 2 && isIdent(step.Args()[0], c.AccuVar()):
		o, pred = opAll, step.Args()[1]
	case name == operators.LogicalOr && isTruth(c.AccuInit(), false) && len(step.Args()) == 2 && isIdent(step.Args()[0], c.AccuVar()):
		o, pred = opExists, step.Args()[1]
	case name == operators.Conditional && c.AccuInit().Kind() == ast.LiteralKind && c.AccuInit().AsLiteral() == types.IntZero &&
		c.Result().Kind() == ast.CallKind && isIdent(step.Args()[2], c.AccuVar()):
		o, pred = opOne, step.Args()[0]
	default:
		return l.no("这种循环不能编译", "a loop of this form is not compiled")
	}
	in := l.list(c.IterRange(), l.under(e))
	if in == nil {
		return nil
	}
	holds := l.over(c.IterVar(), in, func() *node { return l.expr(pred) })
	if holds == nil {
		return nil
	}
	return l.reduce(o, truth, 0, in, holds)
}

// reduce gives a node that makes one value of the list for each row of the level above it.
func (l *lowerer) reduce(o op, t typ, scale int, in *list, elem *node, args ...*node) *node {
	x := *in
	x.elem = elem
	return l.g.node(node{op: o, typ: t, scale: scale, level: in.level.parent, list: &x, args: args})
}

func isTruth(e ast.Expr, want bool) bool {
	return e.Kind() == ast.LiteralKind && e.AsLiteral() == types.Bool(want)
}

func isIdent(e ast.Expr, name string) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == name }

// list brings a list into the intermediate form, with a level below under; nil when it has none.
func (l *lowerer) list(e ast.Expr, under *level) *list {
	switch e.Kind() {
	case ast.IdentKind:
		if i, ok := l.pr.byForm[e.AsIdent()]; ok && l.pr.forms[i].kind == many {
			return &list{level: l.g.findLevel(level{parent: under, kind: recordLevel, place: place{form: i, slot: -1, sub: -1}, name: e.AsIdent()})}
		}
	case ast.SelectKind:
		if isIdent(e.AsSelect().Operand(), programme.MattersVar) && !e.AsSelect().IsTestOnly() {
			if i, ok := l.pr.matters.Index(e.AsSelect().FieldName()); ok {
				return &list{level: l.g.findLevel(level{parent: under, kind: recordLevel, place: place{matter: true, form: i, slot: -1, sub: -1},
					name: "matters." + e.AsSelect().FieldName()})}
			}
		}
		at, holder, s, ok := l.where(e)
		if !ok || s.typ == nil || newColumn(s.typ, s.field, nil).kind != lists {
			break
		}
		lv := l.g.findLevel(level{parent: under, kind: itemLevel, place: at, holder: holder, typ: textCode, name: l.name(e)})
		has := l.g.node(node{op: opHas, level: holder, place: at, text: holder.String() + l.name(e)})
		return &list{level: lv, given: l.up(has, under), elem: l.g.node(node{op: opElement, typ: textCode, level: lv})}
	case ast.ListKind:
		t, scale, consts, ok := l.constants(e)
		if !ok {
			return nil
		}
		lv := l.g.findLevel(level{parent: under, kind: constLevel, consts: consts, typ: t, scale: scale})
		return &list{level: lv, elem: l.g.node(node{op: opElement, typ: t, scale: scale, level: lv})}
	case ast.ComprehensionKind:
		return l.mapped(e, under)
	}
	l.no("这种清单不能编译", "a list of this form is not compiled")
	return nil
}

// constants gives the values of a list of constants of one type.
func (l *lowerer) constants(e ast.Expr) (t typ, scale int, out []int64, ok bool) {
	var all []*node
	for _, x := range e.AsList().Elements() {
		if x.Kind() != ast.LiteralKind {
			l.no("清单里只能有常数", "a list is compiled when it holds constants only")
			return t, scale, nil, false
		}
		n := l.literal(x.AsLiteral())
		if n == nil {
			return t, scale, nil, false
		}
		all, scale = append(all, n), max(scale, n.scale)
	}
	for _, n := range all {
		if n.typ == decimal {
			if n = l.rescale(n, scale); n == nil {
				return t, scale, nil, false
			}
		}
		if n.typ != all[0].typ || n.typ == truth {
			l.no("清单里的常数类型不同", "the constants of a list are of different kinds")
			return t, scale, nil, false
		}
		out = append(out, n.c)
	}
	if len(all) == 0 {
		l.no("空清单不能编译", "an empty list is not compiled")
		return t, scale, nil, false
	}
	return all[0].typ, scale, out, true
}

// mapped is map or filter.
func (l *lowerer) mapped(e ast.Expr, under *level) *list {
	c := e.AsComprehension()
	no := func() *list {
		l.no("这种循环不能编译", "a loop of this form is not compiled")
		return nil
	}
	if c.HasIterVar2() || c.AccuInit().Kind() != ast.ListKind || c.LoopStep().Kind() != ast.CallKind || !isIdent(c.Result(), c.AccuVar()) {
		return no()
	}
	step := c.LoopStep().AsCall()
	var pred ast.Expr
	if step.FunctionName() == operators.Conditional {
		pred = step.Args()[0]
		if !isIdent(step.Args()[2], c.AccuVar()) || step.Args()[1].Kind() != ast.CallKind {
			return no()
		}
		step = step.Args()[1].AsCall()
	}
	if step.FunctionName() != operators.Add || !isIdent(step.Args()[0], c.AccuVar()) || step.Args()[1].Kind() != ast.ListKind ||
		len(step.Args()[1].AsList().Elements()) != 1 {
		return no()
	}
	give := step.Args()[1].AsList().Elements()[0]
	in := l.list(c.IterRange(), under)
	if in == nil {
		return nil
	}
	out := *in
	out.strict = slices.Clone(in.strict)
	if pred != nil {
		holds := l.over(c.IterVar(), in, func() *node { return l.expr(pred) })
		if holds == nil {
			return nil
		}
		out.strict = append(out.strict, strict{in.sel, holds})
		if out.sel = holds; in.sel != nil {
			out.sel = l.up(l.make(node{op: opAnd, args: []*node{in.sel, holds}}), in.level) // two constants are of no level
		}
	}
	if isIdent(give, c.IterVar()) {
		return &out
	}
	elem := l.over(c.IterVar(), in, func() *node { return l.expr(give) })
	if elem == nil {
		return nil
	}
	out.elem = elem
	out.strict = append(out.strict, strict{out.sel, elem})
	return &out
}

// member is `x in list`.
func (l *lowerer) member(x, in ast.Expr) *node {
	n := l.expr(x)
	if n == nil {
		return nil
	}
	if in.Kind() == ast.ListKind && n.typ != truth {
		t, scale, consts, ok := l.constants(in)
		switch {
		case !ok:
			return nil
		case t != n.typ:
			return l.no("两边的类型不同", "the two sides are of different kinds")
		}
		var set []int64
		for _, c := range consts {
			if t == decimal {
				if c, ok = programme.NewDecimal(c, scale).Scaled(n.scale); !ok {
					continue
				}
			}
			set = append(set, c)
		}
		slices.Sort(set)
		return l.make(node{op: opMember, args: []*node{n}, set: slices.Compact(set)})
	}
	if l.tree.GetType(in.ID()).Kind() != types.ListKind {
		return l.no("只能在清单中查找", "only lists are searched")
	}
	under := deeper(l.under(x), l.under(in))
	li := l.list(in, under)
	if li == nil || li.elem == nil {
		return l.no("这种清单不能编译", "a list of this form is not compiled")
	}
	n = l.up(n, under)
	holds := l.compare(operators.Equals, li.elem, n)
	if holds == nil {
		return nil
	}
	found := l.reduce(opExists, truth, 0, li, l.up(holds, li.level))
	defined := l.compare(operators.Equals, n, n) // what is looked for must be there, even if the list is empty
	if n.op == opConst {
		return found
	}
	return l.make(node{op: opIf, args: []*node{defined, found, found}})
}

// aggregate is size, sum and the like.
func (l *lowerer) aggregate(name string, args []ast.Expr) *node {
	if l.tree.GetType(args[0].ID()).Kind() != types.ListKind {
		return l.no("{0} 只编译用于清单的", "{0} is compiled for lists only", name)
	}
	under := l.under(args[0])
	if len(args) > 1 {
		under = deeper(under, l.under(args[1]))
	}
	in := l.list(args[0], under)
	if in == nil {
		return nil
	}
	if name == "size" {
		return l.reduce(opSize, whole, 0, in, nil)
	}
	if in.elem == nil {
		return l.no("{0} 不编译用于记录的", "{0} is not compiled for records", name)
	}
	t, scale := in.elem.typ, in.elem.scale
	if name == "@latest" {
		return l.reduce(opLatest, t, scale, in, in.elem)
	}
	if t != whole && t != decimal {
		return l.no("{0} 不编译用于这种值", "{0} is not compiled for such values", name)
	}
	switch name {
	case "sum":
		return l.reduce(opSum, t, scale, in, in.elem)
	case "min":
		return l.reduce(opLeast, t, scale, in, in.elem)
	case "max":
		return l.reduce(opMost, t, scale, in, in.elem)
	case "mean":
		return l.reduce(opMean, decimal, programme.QuoDecimals, in, in.elem)
	}
	at := l.constant(whole, 0, 50)
	if name == "percentile" {
		if at = l.up(l.expr(args[1]), under); at == nil {
			return nil
		}
	}
	if scale > programme.QuoDecimals {
		return l.no("小数位数过多", "too many decimals")
	}
	return l.reduce(opPercentile, decimal, programme.QuoDecimals, in, in.elem, at)
}
