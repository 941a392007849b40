package programme

import (
	"slices"

	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Check type-checks e in this scope and compiles it into e. It gives every mistake that it finds, with its place in the file;
// when one of them is more than a warning, e stays unchecked and cannot be evaluated.
func (s *Scope) Check(e *Expr, want Want) Mistakes {
	if s.env == nil {
		return nil // the names themselves are wrong, which is told elsewhere
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &check{scope: s, e: e, fac: ast.NewExprFactory()}
	if len(e.Source) > 4*maxExpression {
		return c.say(0, T("规则过长（最多 {0} 个字符）", "the rule is too long (at most {0} characters)").Fill(maxExpression), Text{})
	}
	parsed, issues := s.env.Parse(e.Source)
	if issues.Err() != nil {
		for _, x := range issues.Errors() {
			c.syntax(x)
		}
		return c.mistakes
	}
	tree := parsed.NativeRep()
	c.next = ast.MaxID(tree) + 1
	c.prepare(tree, tree.Expr(), nil)
	if len(c.mistakes) > 0 {
		return c.mistakes
	}
	checked, errs := c.settle(tree, parsed.Source())
	c.ast = checked
	for _, x := range errs {
		c.typing(x)
	}
	if len(c.mistakes.Fatal()) > 0 {
		return c.mistakes
	}
	c.result(want)
	c.choices(checked.Expr())
	c.divisions(checked.Expr())
	if len(c.mistakes.Fatal()) > 0 {
		return c.mistakes
	}
	c.fold(checked.Expr())
	e.code = newCode(s, e.Source, checked)
	return c.mistakes
}

// check is one run of Scope.Check.
type check struct {
	scope    *Scope
	e        *Expr
	fac      ast.ExprFactory
	next     int64 // a free node id
	ast      *ast.AST
	mistakes Mistakes
}

func (c *check) id(tree *ast.AST, like int64) int64 {
	c.next++
	if r, ok := tree.SourceInfo().GetOffsetRange(like); ok {
		tree.SourceInfo().SetOffsetRange(c.next-1, r)
	}
	return c.next - 1
}

// prepare turns what the language adds into plain CEL: decimal literals into exact ones, bare names into fields, ago(…) into a
// call that is told the day. locals are the variables of the comprehensions around.
func (c *check) prepare(tree *ast.AST, e ast.Expr, locals []string) {
	switch e.Kind() {
	case ast.LiteralKind:
		if v, ok := e.AsLiteral().(types.Double); ok {
			text := c.fac.NewLiteral(c.id(tree, e.ID()), types.String(c.literal(tree, e.ID(), v).String()))
			e.SetKindCase(c.fac.NewCall(e.ID(), fnDecimal, text))
		}
	case ast.IdentKind:
		name := e.AsIdent()
		if c.scope.bare != nil && !slices.Contains(locals, name) {
			if _, ok := c.scope.bare.index[name]; ok {
				e.SetKindCase(c.fac.NewSelect(e.ID(), c.fac.NewIdent(c.id(tree, e.ID()), bareVar), name))
			}
		}
	case ast.SelectKind:
		c.prepare(tree, e.AsSelect().Operand(), locals)
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() == "ago" && !call.IsMemberFunction() && len(call.Args()) == 1 {
			c.ago(tree, e)
			return
		}
		if call.IsMemberFunction() {
			c.prepare(tree, call.Target(), locals)
		}
		for _, a := range call.Args() {
			c.prepare(tree, a, locals)
		}
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			c.prepare(tree, x, locals)
		}
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			c.prepare(tree, x.AsMapEntry().Key(), locals)
			c.prepare(tree, x.AsMapEntry().Value(), locals)
		}
	case ast.StructKind:
		c.say(c.offset(tree, e.ID()), T("规则中不能构造“{0}”", "a rule cannot make a “{0}”").Fill(e.AsStruct().TypeName()), Text{})
	case ast.ComprehensionKind:
		x := e.AsComprehension()
		c.prepare(tree, x.IterRange(), locals)
		c.prepare(tree, x.AccuInit(), locals)
		inner := append(slices.Clone(locals), x.IterVar(), x.AccuVar())
		if x.HasIterVar2() {
			inner = append(inner, x.IterVar2())
		}
		c.prepare(tree, x.LoopCondition(), inner)
		c.prepare(tree, x.LoopStep(), inner)
		c.prepare(tree, x.Result(), inner)
	}
}

// literal gives the number as it is written, not as the float that the parser made of it.
func (c *check) literal(tree *ast.AST, id int64, v types.Double) Decimal {
	if r, ok := tree.SourceInfo().GetOffsetRange(id); ok {
		text := []rune(c.e.Source)
		if 0 <= r.Start && r.Start < r.Stop && int(r.Stop) <= len(text) {
			d, err := ParseDecimal(string(text[r.Start:r.Stop]))
			if err != nil && text[r.Start] == '.' {
				d, err = ParseDecimal("0" + string(text[r.Start:r.Stop]))
			}
			if err == nil && d.Float64() == float64(v) {
				return d
			}
		}
	}
	return DecimalFromFloat(float64(v))
}

func (c *check) ago(tree *ast.AST, e ast.Expr) {
	arg := e.AsCall().Args()[0]
	bad := T("ago 要写时间长度，例如 ago(\"12 months\")", "ago wants a length of time such as ago(\"12 months\")")
	if arg.Kind() != ast.LiteralKind {
		c.say(c.offset(tree, arg.ID()), bad, Text{})
		return
	}
	text, _ := arg.AsLiteral().(types.String)
	span, err := ParseSpan(string(text))
	if err != nil {
		c.say(c.offset(tree, arg.ID()), bad, Text{})
		return
	}
	e.SetKindCase(c.fac.NewCall(e.ID(), fnAgo, c.fac.NewIdent(c.id(tree, e.ID()), asOfVar),
		c.fac.NewLiteral(c.id(tree, arg.ID()), types.Int(span.N)), c.fac.NewLiteral(c.id(tree, arg.ID()), types.String(span.Unit))))
}

// settle checks the tree and, as long as that helps, brings operands of different number types together.
func (c *check) settle(tree *ast.AST, src common.Source) (*ast.AST, []*common.Error) {
	for range 64 {
		checked, errs := checker.Check(tree, src, c.scope.checker)
		changed := false
		ast.PostOrderVisit(checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
			if c.coerce(checked, e) {
				changed = true
			}
		}))
		if !changed {
			return checked, errs.GetErrors()
		}
		tree = ast.NewAST(checked.Expr(), checked.SourceInfo())
	}
	checked, errs := checker.Check(tree, src, c.scope.checker)
	return checked, errs.GetErrors()
}

// coerce makes the operands of one node the same kind of number, and reports whether it changed anything.
func (c *check) coerce(tree *ast.AST, e ast.Expr) bool {
	switch e.Kind() {
	case ast.ListKind:
		elems := e.AsList().Elements()
		return c.unify(tree, elems, widest(tree, elems))
	case ast.CallKind:
	default:
		return false
	}
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Equals,
		operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return c.unify(tree, args, widest(tree, args))
	case operators.Conditional:
		return len(args) == 3 && c.unify(tree, args[1:], widest(tree, args[1:]))
	case fnRatio:
		if w := widest(tree, args); w == types.IntType {
			return c.unify(tree, args, celDecimal)
		} else {
			return c.unify(tree, args, w)
		}
	case operators.In:
		if len(args) != 2 || tree.GetType(args[1].ID()).Kind() != types.ListKind {
			return false
		}
		elem := tree.GetType(args[1].ID()).Parameters()[0]
		one := tree.GetType(args[0].ID())
		if rank(elem) == 0 || rank(one) == 0 || rank(elem) == rank(one) {
			return false
		}
		if rank(elem) > rank(one) {
			return c.convert(tree, args[0], elem)
		}
		if args[1].Kind() == ast.ListKind {
			return c.unify(tree, args[1].AsList().Elements(), one)
		}
	}
	return false
}

// rank orders the number types by which one wins when they meet; 0 is no number.
func rank(t *types.Type) int {
	switch {
	case t.Kind() == types.IntKind:
		return 1
	case t.IsExactType(celDecimal):
		return 2
	case t.Kind() == types.DoubleKind:
		return 3
	}
	return 0
}

// widest gives the number type that all of them can become, or nil when one is no number.
func widest(tree *ast.AST, nodes []ast.Expr) *types.Type {
	var out *types.Type
	for _, n := range nodes {
		t := tree.GetType(n.ID())
		if rank(t) == 0 {
			return nil
		}
		if out == nil || rank(t) > rank(out) {
			out = t
		}
	}
	return out
}

func (c *check) unify(tree *ast.AST, nodes []ast.Expr, to *types.Type) bool {
	changed := false
	if to != nil {
		for _, n := range nodes {
			changed = c.convert(tree, n, to) || changed
		}
	}
	return changed
}

// convert wraps a node into decimal(…) or double(…), or changes a literal.
func (c *check) convert(tree *ast.AST, e ast.Expr, to *types.Type) bool {
	from := tree.GetType(e.ID())
	if rank(from) == 0 || rank(from) >= rank(to) {
		return false
	}
	fn := fnDecimal
	if rank(to) == 3 {
		fn = "double"
	}
	inner := c.fac.CopyExpr(e)
	moved := c.id(tree, e.ID())
	inner.RenumberIDs(func(id int64) int64 {
		if id == e.ID() {
			return moved
		}
		return id
	})
	if call, ok := tree.SourceInfo().GetMacroCall(e.ID()); ok {
		tree.SourceInfo().SetMacroCall(moved, call)
		tree.SourceInfo().ClearMacroCall(e.ID())
	}
	e.SetKindCase(c.fac.NewCall(e.ID(), fn, inner))
	tree.SetType(e.ID(), to)
	return true
}

// fold makes literals of decimal("0.8"), decimal(2) and double(decimal("0.8")), so that nothing is converted at run time.
func (c *check) fold(e ast.Expr) {
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		if call.IsMemberFunction() || len(call.Args()) != 1 || call.Args()[0].Kind() != ast.LiteralKind {
			return
		}
		lit := call.Args()[0].AsLiteral()
		switch call.FunctionName() {
		case fnDecimal:
			if d, ok := toDecimal(lit).(decimalVal); ok {
				e.SetKindCase(c.fac.NewLiteral(e.ID(), d))
			}
		case "double":
			switch v := lit.(type) {
			case decimalVal:
				e.SetKindCase(c.fac.NewLiteral(e.ID(), types.Double(v.Float64())))
			case types.Int:
				e.SetKindCase(c.fac.NewLiteral(e.ID(), types.Double(v)))
			}
		case operators.Negate:
			if v, ok := lit.(decimalVal); ok {
				e.SetKindCase(c.fac.NewLiteral(e.ID(), decimalVal{v.Neg()}))
			}
		}
	}))
}
