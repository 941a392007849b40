package programme

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// code is what a checked expression has become.
type code struct {
	scope    *Scope
	tree     *ast.AST
	program  cel.Program
	reads    []Read
	needs    []Read // reads that are not only asked for with has
	constant *Decimal
	tracing  func() (cel.Program, error) // made when the first explanation is wanted
}

// Row is what an expression is evaluated over: it resolves the name of each form to an *Object or a list of them, and as_of.
type Row = cel.Activation

// MissingError says which fact an expression lacked. CEL's && and || absorb it when the other side decides.
type MissingError struct {
	Form, Field string // empty when no single fact is to blame
	Reason      Text   // may be empty
}

// Error gives the English text.
func (e *MissingError) Error() string {
	if e.Form == "" {
		return "missing: " + e.Reason.In(En)
	}
	return strings.TrimSpace(fmt.Sprintf("%s.%s is missing %s", e.Form, e.Field, e.Reason.In(En)))
}

// ComputeError says why a value cannot be computed, with the numbers.
type ComputeError struct{ Reason Text }

// Error gives the English text.
func (e *ComputeError) Error() string { return e.Reason.In(En) }

func missing(reason Text) ref.Val { return types.WrapErr(&MissingError{Reason: reason}) }
func cannot(reason Text) ref.Val  { return types.WrapErr(&ComputeError{reason}) }

// costLimit bounds the steps of an expression that runs over lists; without lists its length bounds it.
const costLimit = 5_000_000

func newCode(s *Scope, source string, tree *ast.AST) *code {
	c := &code{scope: s, tree: tree}
	loops := false
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		loops = loops || e.Kind() == ast.ComprehensionKind
	}))
	opts := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if loops {
		opts = append(opts, cel.CostLimit(costLimit))
	}
	var err error
	if c.program, err = s.env.PlanProgram(tree, opts...); err != nil {
		c.program = failing{err: fmt.Errorf("plan %q: %w", source, err)}
	}
	c.tracing = sync.OnceValues(func() (cel.Program, error) {
		return s.env.PlanProgram(tree, cel.EvalOptions(cel.OptTrackState), cel.CostLimit(costLimit))
	})
	c.collect(tree.Expr())
	if root := tree.Expr(); root.Kind() == ast.LiteralKind {
		if d, ok := number(root.AsLiteral()); ok {
			c.constant = &d
		}
	}
	return c
}

// failing is a program that could not be planned.
type failing struct {
	cel.Program
	err error
}

func (f failing) Eval(any) (ref.Val, *cel.EvalDetails, error) { return nil, nil, f.err }

// collect notes what is read, in the order of the text.
func (c *code) collect(root ast.Expr) {
	type found struct {
		at     int32
		read   Read
		tested bool
	}
	var all []found
	selected := map[int64]bool{} // operands of selections: what is read there is the field
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		at := int32(0)
		if r, ok := c.tree.SourceInfo().GetOffsetRange(e.ID()); ok {
			at = r.Start
		}
		switch e.Kind() {
		case ast.SelectKind:
			sel := e.AsSelect()
			selected[sel.Operand().ID()] = true
			s := shapeAt(c.scope, c.tree, sel.Operand())
			if s == nil || strings.HasPrefix(s.Form, "@") {
				return
			}
			form, field := s.Form, sel.FieldName()
			if rest, ok := strings.CutPrefix(form, MattersVar+"."); ok {
				form = MattersVar
				field, _, _ = strings.Cut(rest, ".")
			} else if main, _, sub := strings.Cut(form, "."); sub {
				form = main
			}
			all = append(all, found{at, Read{form, field}, sel.IsTestOnly()})
		case ast.IdentKind:
			if s := c.scope.vars[e.AsIdent()]; s != nil && !selected[e.ID()] && e.AsIdent() != bareVar && e.AsIdent() != MattersVar {
				all = append(all, found{at, Read{Form: e.AsIdent()}, false})
			}
		}
	}))
	slices.SortStableFunc(all, func(a, b found) int { return int(a.at - b.at) })
	for _, f := range all {
		if !slices.Contains(c.reads, f.read) {
			c.reads = append(c.reads, f.read)
		}
		if !f.tested && !slices.Contains(c.needs, f.read) {
			c.needs = append(c.needs, f.read)
		}
	}
}

// Eval computes the expression. What is missing comes back as a *MissingError, what cannot be computed as a *ComputeError.
func (e *Expr) Eval(row Row) (ref.Val, error) {
	if !e.Checked() {
		return nil, &ComputeError{T("规则未通过检查", "the rule was not checked")}
	}
	v, _, err := e.code.program.Eval(row)
	if err != nil {
		return nil, evalError(err)
	}
	return v, nil
}

func evalError(err error) error {
	var missing *MissingError
	if errors.As(err, &missing) {
		return missing
	}
	var cannot *ComputeError
	if errors.As(err, &cannot) {
		return cannot
	}
	text := err.Error()
	for _, x := range celTexts {
		if strings.Contains(text, x.En) {
			return &ComputeError{x}
		}
	}
	return &ComputeError{T("无法计算：{0}", "cannot be computed: {0}").Fill(text)}
}

var celTexts = []Text{T("除数为 0", "division by zero"), T("除数为 0", "modulus by zero"), T("整数超出范围", "integer overflow"),
	T("时间超出范围", "timestamp overflow"), T("时长超出范围", "duration overflow"), T("序号超出清单", "index out of bounds"),
	T("没有这个键", "no such key"), T("计算量过大", "cost limit exceeded")}

// Bool computes a condition.
func (e *Expr) Bool(row Row) (bool, error) {
	v, err := e.Eval(row)
	if err != nil {
		return false, err
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, &ComputeError{T("结果不是是或否", "the result is neither true nor false")}
	}
	return bool(b), nil
}

// Number computes a number.
func (e *Expr) Number(row Row) (Decimal, error) {
	v, err := e.Eval(row)
	if err != nil {
		return Decimal{}, err
	}
	d, ok := number(v)
	if !ok {
		return Decimal{}, &ComputeError{T("结果不是可用的数", "the result is no usable number")}
	}
	return d, nil
}

func number(v ref.Val) (Decimal, bool) {
	switch v := v.(type) {
	case types.Int:
		return DecimalOf(int64(v)), true
	case decimalVal:
		return v.Decimal, v.Finite()
	case types.Double:
		d := DecimalFromFloat(float64(v))
		return d, d.Finite()
	}
	return Decimal{}, false
}

// Needs lists the facts without which the expression may lack something: its reads without those it only asks for with has.
func (e *Expr) Needs() []Read {
	if !e.Checked() {
		return nil
	}
	return e.code.needs
}

// AST gives the checked tree as it is evaluated: literals exact, numbers of one kind on both sides of every operator. It must
// not be changed. Objects are of the types that Programme.Shape describes.
func (e *Expr) AST() *ast.AST {
	if !e.Checked() {
		return nil
	}
	return e.code.tree
}

// activation is a row over a few named values.
type activation struct {
	asOf ref.Val
	vars map[string]ref.Val
}

// NewRow gives a row with the day and the named objects and lists.
func NewRow(asOf Day, vars map[string]ref.Val) Row { return &activation{CELValue(asOf), vars} }

// RowOf gives a row of one filled form for an expression of its FieldScope.
func RowOf(p *Programme, f *Form, v Values, about About) Row {
	form, subject := shapeOf(f), p.Shape(SubjectForm)
	return NewRow(about.AsOf, map[string]ref.Val{
		bareVar:     NewObject(form, ValuesRecord{Shape: form, Values: v}),
		SubjectForm: NewObject(subject, ValuesRecord{Shape: subject, Values: about.Subject}),
	})
}

// BallotRow gives a row for an expression of a BallotScope: how many were invited, and the votes.
func BallotRow(p *Programme, f *Form, asOf Day, invited int64, votes []Values) Row {
	return NewRow(asOf, map[string]ref.Val{
		bareVar:     NewBallot(ballotShape(f), invited, votes),
		SubjectForm: NewObject(p.Shape(SubjectForm), ValuesRecord{Shape: p.Shape(SubjectForm)}),
	})
}

// CertificateRow gives a row for an expression of a CertificateScope: the grade and total beside the facts of inner, which
// may be nil when only these are asked for.
func CertificateRow(p *Programme, inner Row, grade string, total Decimal) Row {
	s := certificateShape(p)
	return &certificateRow{inner, NewObject(s, ValuesRecord{Shape: s, Values: Values{"grade": grade, "total": total}})}
}

type certificateRow struct {
	inner Row // may be nil
	bare  ref.Val
}

func (r *certificateRow) Parent() cel.Activation { return nil }

func (r *certificateRow) ResolveName(name string) (any, bool) {
	if name == bareVar {
		return r.bare, true
	}
	if r.inner == nil {
		return nil, false
	}
	return r.inner.ResolveName(name)
}

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	if name == asOfVar {
		return a.asOf, true
	}
	v, ok := a.vars[name]
	return v, ok
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// NewBallot gives the counts of a ballot as a value for expressions; shape is that of a ballot form. A vote holds the option
// chosen in each field. A tally stands for many: how many votes each option got, as int64 under the option's name, and if known
// "invited" and "cast"; without "cast" it is the sum over the first field, and with nothing but "cast" nobody may know how the votes
// fell: count and share are missing. When invited is negative it is not known.
func NewBallot(shape *Shape, invited int64, votes []Values) *Object {
	counts := map[string]int64{}
	cast, untold := int64(0), false
	for _, v := range votes {
		tallied, given, told := false, int64(0), false
		for name, x := range v {
			switch x := x.(type) {
			case string:
				counts[x]++
			case int64:
				switch tallied = true; name {
				case "invited":
					invited = max(invited, 0) + x
				case "cast":
					given = x
				default:
					counts[name] += x
					told = true
				}
			}
		}
		switch {
		case !tallied:
			cast++
		case given > 0:
			cast += given
			untold = untold || !told
		default:
			for _, name := range shape.first {
				n, _ := v[name].(int64)
				cast += n
			}
		}
	}
	inner := func(name string, value func(option string) ref.Val) ref.Val {
		sub := shape.slots[shape.index[name]].shape
		vals := make(slots, len(sub.slots))
		for j, s := range sub.slots {
			vals[j] = value(s.name)
		}
		return NewObject(sub, vals)
	}
	out := make(slots, len(shape.slots))
	if invited >= 0 {
		out[shape.index["invited"]] = types.Int(invited)
	}
	out[shape.index["cast"]] = types.Int(cast)
	out[shape.index["count"]] = inner("count", func(o string) ref.Val {
		if untold {
			return nil
		}
		return types.Int(counts[o])
	})
	out[shape.index["share"]] = inner("share", func(o string) ref.Val {
		if cast == 0 || untold {
			return nil
		}
		return decimalVal{DecimalOf(counts[o]).Quo(DecimalOf(cast))}
	})
	return NewObject(shape, out)
}

// slots is a record whose values are at hand.
type slots []ref.Val

func (s slots) Get(i int) ref.Val { return s[i] }
func (s slots) Why(int) Text      { return Text{} }

// SlotsRecord gives a record over values at hand, by the numbers of the shape's fields; nil is missing.
func SlotsRecord(values []ref.Val) Record { return slots(values) }
