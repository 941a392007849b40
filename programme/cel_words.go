package programme

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Words says the expression in words: titles for names, ÷ for ratio, 且 and “and” for &&. With a row, every fact is followed
// by its value: 会员人数 462 人 ÷ 职工人数 480 人.
func (e *Expr) Words(row Row) Text {
	if !e.Checked() {
		return T(e.Source, e.Source)
	}
	say := func(l Lang) string {
		w := words{code: e.code, row: row, lang: l, source: e.Source}
		return w.say(e.code.tree.Expr(), 0)
	}
	return T(say(Zh), say(En))
}

// Fact gives the field when the expression is nothing but a field of a form.
func (e *Expr) Fact() (*Field, bool) {
	if !e.Checked() || e.code.tree.Expr().Kind() != ast.SelectKind {
		return nil, false
	}
	return fieldAt(e.code.scope, e.code.tree, e.code.tree.Expr()), true
}

// Intermediate is a value on the way to a result.
type Intermediate struct {
	Text  Text
	Value ref.Val
}

// Trace evaluates the expression and gives the intermediate values in the order of the computation: what arithmetic,
// functions, comparisons and lists gave. It is slower than Eval, for explanations only.
func (e *Expr) Trace(row Row) (ref.Val, []Intermediate, error) {
	if !e.Checked() {
		return nil, nil, &ComputeError{T("规则未通过检查", "the rule was not checked")}
	}
	p, err := e.code.tracing()
	if err != nil {
		return nil, nil, &ComputeError{T("无法解释：{0}", "cannot be explained: {0}").Fill(err.Error())}
	}
	v, details, err := p.Eval(row)
	if err != nil {
		err = evalError(err)
		v = nil
	}
	var out []Intermediate
	if details == nil || details.State() == nil {
		return v, nil, err
	}
	var walk func(x ast.Expr)
	walk = func(x ast.Expr) {
		switch x.Kind() {
		case ast.CallKind:
			call := x.AsCall()
			if call.IsMemberFunction() {
				walk(call.Target())
			}
			for _, a := range call.Args() {
				walk(a)
			}
			if quiet[call.FunctionName()] {
				return
			}
		case ast.SelectKind:
			walk(x.AsSelect().Operand())
			return
		case ast.ComprehensionKind: // its insides have a value for every record
		default:
			return
		}
		got, ok := details.State().Value(x.ID())
		if !ok || types.IsUnknownOrError(got) {
			return
		}
		if l, ok := got.(traits.Lister); ok && l.Size().(types.Int) > 0 {
			if _, object := l.Get(types.Int(0)).(*Object); object {
				got = l.Size()
			}
		}
		say := func(l Lang) string {
			w := words{code: e.code, lang: l, source: e.Source}
			return w.say(x, 0)
		}
		out = append(out, Intermediate{T(say(Zh), say(En)), got})
	}
	walk(e.code.tree.Expr())
	return v, out, err
}

// quiet are the calls whose values explain nothing that their operands do not.
var quiet = map[string]bool{fnDecimal: true, "double": true, fnAgo: true, operators.LogicalAnd: true, operators.LogicalOr: true,
	operators.Conditional: true, operators.LogicalNot: true, operators.Negate: true}

type words struct {
	code   *code
	row    Row
	lang   Lang
	source string
}

func (w words) pick(zh, en string, args ...any) string { return T(zh, en).Fill(args...).In(w.lang) }

// How tightly an operator binds; what binds looser inside of it gets brackets.
const (
	bindOr = iota + 1
	bindAnd
	bindCompare
	bindAdd
	bindMul
	bindUnary
)

type infix struct {
	zh, en string
	bind   int
}

var infixes = map[string]infix{
	operators.LogicalOr: {" 或 ", " or ", bindOr}, operators.LogicalAnd: {" 且 ", " and ", bindAnd},
	operators.Equals: {" 等于 ", " is ", bindCompare}, operators.NotEquals: {" 不等于 ", " is not ", bindCompare},
	operators.Less: {" 小于 ", " is below ", bindCompare}, operators.LessEquals: {" 不超过 ", " is at most ", bindCompare},
	operators.Greater: {" 大于 ", " is above ", bindCompare}, operators.GreaterEquals: {" 不低于 ", " is at least ", bindCompare},
	operators.Add: {" + ", " + ", bindAdd}, operators.Subtract: {" − ", " − ", bindAdd},
	operators.Multiply: {" × ", " × ", bindMul}, operators.Divide: {" ÷ ", " ÷ ", bindMul}, operators.Modulo: {" 除余 ", " mod ", bindMul},
	fnRatio: {" ÷ ", " ÷ ", bindMul},
}

// texted are the comparisons of choices and texts.
var texted = map[string]infix{operators.Equals: {"为", " is ", bindCompare}, operators.NotEquals: {"不为", " is not ", bindCompare}}

// dated are the comparisons of days.
var dated = map[string]infix{
	operators.Less: {" 早于 ", " is before ", bindCompare}, operators.LessEquals: {" 不晚于 ", " is not after ", bindCompare},
	operators.Greater: {" 晚于 ", " is after ", bindCompare}, operators.GreaterEquals: {" 不早于 ", " is not before ", bindCompare},
}

func (w words) say(e ast.Expr, outer int) string {
	if call, ok := w.code.tree.SourceInfo().GetMacroCall(e.ID()); ok && call.Kind() == ast.CallKind {
		if s := w.macro(call); s != "" {
			return s
		}
	}
	switch e.Kind() {
	case ast.LiteralKind:
		return w.literal(e.AsLiteral(), nil)
	case ast.IdentKind:
		return w.ident(e)
	case ast.SelectKind:
		return w.selection(e)
	case ast.CallKind:
		return w.call(e, outer)
	case ast.ListKind:
		return w.list(e, nil)
	}
	return w.source
}

func (w words) literal(v ref.Val, f *Field) string {
	switch x := v.(type) {
	case types.Bool:
		return map[bool]string{true: w.pick("是", "yes"), false: w.pick("否", "no")}[bool(x)]
	case types.String:
		if f != nil {
			return w.quoted(OptionTitle(f, string(x)).In(w.lang))
		}
		return w.quoted(w.option(string(x)))
	}
	if d, ok := number(v); ok {
		if f != nil {
			return f.Show(d, w.lang)
		}
		return d.String()
	}
	return ShowCEL(v, nil, w.lang)
}

// option gives the title of an option that a text names by itself, such as in a list of options, when all forms in sight that
// have such an option call it the same.
func (w words) option(name string) string {
	title := ""
	for _, s := range w.code.scope.vars {
		for i := range s.slots {
			f := s.slots[i].field
			if f == nil || !slices.ContainsFunc(f.Of, func(o Option) bool { return o.Name == name }) {
				continue
			}
			t := OptionTitle(f, name).In(w.lang)
			if title != "" && t != title {
				return name
			}
			title = t
		}
	}
	return cmp.Or(title, name)
}

func (w words) quoted(s string) string { return w.pick("“{0}”", "“{0}”", s) }

func (w words) list(e ast.Expr, f *Field) string {
	var items []string
	for _, x := range e.AsList().Elements() {
		if x.Kind() == ast.LiteralKind {
			items = append(items, w.literal(x.AsLiteral(), f))
		} else {
			items = append(items, w.say(x, 0))
		}
	}
	return strings.Join(items, w.pick("、", ", "))
}

func (w words) ident(e ast.Expr) string {
	name := e.AsIdent()
	if name == asOfVar {
		return w.pick("评定日", "the day of assessment")
	}
	if b := w.code.scope.bare; b != nil {
		if i, ok := b.index[name]; ok {
			return b.slots[i].title.In(w.lang)
		}
	}
	if s := w.code.scope.vars[name]; s != nil {
		if t := s.Title.In(w.lang); t != "" {
			return t
		}
	}
	if s := shapeAt(w.code.scope, w.code.tree, e); s != nil && !strings.HasPrefix(name, "@") {
		return s.Title.In(w.lang)
	}
	if !strings.HasPrefix(name, "@") { // what a list of plain values runs over
		return w.pick("该项", "the one")
	}
	return name
}

// resolve gives the value of a field selected from a form, outside of any list; nil when it is missing or not at hand.
func (w words) resolve(e ast.Expr) ref.Val {
	switch e.Kind() {
	case ast.IdentKind:
		if w.row == nil {
			return nil
		}
		v, _ := w.row.ResolveName(e.AsIdent())
		out, _ := v.(ref.Val)
		return out
	case ast.SelectKind:
		if o, ok := w.resolve(e.AsSelect().Operand()).(*Object); ok {
			if i, ok := o.Shape.index[e.AsSelect().FieldName()]; ok {
				return o.Record.Get(i)
			}
		}
	}
	return nil
}

func (w words) selection(e ast.Expr) string {
	sel := e.AsSelect()
	s := shapeAt(w.code.scope, w.code.tree, sel.Operand())
	if s == nil {
		return w.say(sel.Operand(), bindUnary) + "." + sel.FieldName()
	}
	i, ok := s.index[sel.FieldName()]
	if !ok {
		return sel.FieldName()
	}
	title := s.slots[i].title.In(w.lang)
	if sel.IsTestOnly() {
		return w.pick("填有{0}", "{0} is filled in", title)
	}
	if w.row == nil || !w.rooted(sel.Operand()) {
		return title
	}
	v := w.resolve(e)
	switch v := v.(type) {
	case nil:
		return w.pick("{0}（缺）", "{0} (missing)", title)
	case *Object:
		return title
	case types.Bool:
		return w.pick("{0}（{1}）", "{0} ({1})", title, w.literal(v, nil))
	case types.String:
		return w.pick("{0}（{1}）", "{0} ({1})", title, ShowCEL(v, s.slots[i].field, w.lang))
	case traits.Lister:
		return w.pick("{0} {1} 项", "{0} ({1})", title, int64(v.Size().(types.Int)))
	default:
		return title + " " + ShowCEL(v, s.slots[i].field, w.lang)
	}
}

// rooted reports whether a node is a variable of the scope, or a part of one, so that its value can be told.
func (w words) rooted(e ast.Expr) bool {
	for e.Kind() == ast.SelectKind {
		e = e.AsSelect().Operand()
	}
	return e.Kind() == ast.IdentKind && w.code.scope.vars[e.AsIdent()] != nil
}

func (w words) call(e ast.Expr, outer int) string {
	call := e.AsCall()
	args := call.Args()
	if in, ok := infixes[call.FunctionName()]; ok && len(args) == 2 {
		if d, ok := dated[call.FunctionName()]; ok && (w.isDay(args[0]) || w.isDay(args[1])) {
			in = d
		}
		if kind := w.code.tree.GetType(args[0].ID()).Kind(); kind == types.StringKind || kind == types.BoolKind {
			if t, ok := texted[call.FunctionName()]; ok {
				in = t
			}
		}
		return w.infix(e, in, outer)
	}
	switch call.FunctionName() {
	case operators.LogicalNot:
		if f := w.field(args[0]); f != nil {
			return w.pick("没有{0}", "not {0}", w.say(args[0], bindUnary))
		}
		return w.pick("并非（{0}）", "not ({0})", w.say(args[0], 0))
	case operators.Negate:
		return "−" + w.say(args[0], bindUnary)
	case operators.Conditional:
		return w.pick("（若{0}则为 {1}，否则为 {2}）", "({1} if {0}, otherwise {2})", w.say(args[0], 0), w.say(args[1], 0), w.say(args[2], 0))
	case operators.In:
		f := w.field(args[0])
		list := ""
		if args[1].Kind() == ast.ListKind {
			list = w.list(args[1], f)
		} else if g := w.field(args[1]); g != nil && args[0].Kind() == ast.LiteralKind {
			return w.pick("{1}含{0}", "{1} include {0}", w.literal(args[0].AsLiteral(), g), w.say(args[1], bindCompare))
		} else {
			list = w.say(args[1], bindCompare)
		}
		return w.pick("{0}属于{1}", "{0} is one of {1}", w.say(args[0], bindCompare), list)
	case operators.Index:
		return w.pick("{0}的第 {1} 项", "item {1} of {0}", w.say(args[0], bindUnary), w.say(args[1], 0))
	case fnDecimal, "double", "int", "string":
		if len(args) == 1 {
			return w.say(args[0], outer)
		}
	case "ago": // as it stands in a rule over a list
		if s, ok := text(args); ok {
			if span, err := ParseSpan(s); err == nil {
				return w.pick("评定日前 {0}", "{0} before the day of assessment", span.Text())
			}
		}
	case "timestamp":
		if s, ok := text(args); ok {
			if t, err := time.Parse(time.RFC3339, s); err == nil {
				return ShowCEL(types.Timestamp{Time: t}, nil, w.lang)
			}
		}
	case fnAgo:
		n, _ := number(args[1].AsLiteral())
		i, _ := n.Int64()
		unit, _ := args[2].AsLiteral().(types.String)
		return w.pick("评定日前 {0}", "{0} before the day of assessment", Span{int(i), string(unit)}.Text())
	case fnDays:
		return w.pick("{0}至{1}的天数", "days from {0} to {1}", w.say(args[0], 0), w.say(args[1], 0))
	case fnWorkdays:
		return w.pick("{0}至{1}的工作日数", "working days from {0} to {1}", w.say(args[0], 0), w.say(args[1], 0))
	case fnLatest:
		return w.pick("最近一次的{0}", "the latest {0}", w.say(args[0], bindUnary))
	}
	if call.IsMemberFunction() || call.FunctionName() == "size" && len(args) == 1 {
		target := call.Target()
		if !call.IsMemberFunction() {
			target = args[0]
		}
		if t, ok := listTexts[call.FunctionName()]; ok {
			fill := []any{w.say(target, bindUnary)}
			for _, a := range args {
				fill = append(fill, w.say(a, 0))
			}
			return t.Fill(fill...).In(w.lang)
		}
		return w.say(target, bindUnary) + "." + call.FunctionName() + w.args(args)
	}
	return call.FunctionName() + w.args(args)
}

var listTexts = map[string]Text{
	"size": T("{0}的数量", "the number of {0}"), "sum": T("{0}合计", "the sum of {0}"), "mean": T("{0}平均值", "the mean of {0}"),
	"median": T("{0}中位数", "the median of {0}"), "min": T("{0}最小值", "the lowest {0}"), "max": T("{0}最大值", "the highest {0}"),
	"percentile": T("{0}的第 {1} 百分位数", "percentile {1} of {0}"), "contains": T("{0}含{1}", "{0} contains {1}"),
	"startsWith": T("{0}以{1}开头", "{0} begins with {1}"), "endsWith": T("{0}以{1}结尾", "{0} ends with {1}"),
	"getFullYear": T("{0}的年份", "the year of {0}"),
}

// text gives the text when a function has one argument that is a text.
func text(args []ast.Expr) (string, bool) {
	if len(args) != 1 || args[0].Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := args[0].AsLiteral().(types.String)
	return string(s), ok
}

func (w words) args(args []ast.Expr) string {
	var out []string
	for _, a := range args {
		out = append(out, w.say(a, 0))
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func (w words) infix(e ast.Expr, in infix, outer int) string {
	args := e.AsCall().Args()
	side := func(x, other ast.Expr, right bool) string {
		if x.Kind() == ast.LiteralKind {
			if f := w.field(other); f != nil && in.bind != bindMul { // twice as many persons are not 2 persons times
				return w.literal(x.AsLiteral(), f)
			}
			return w.literal(x.AsLiteral(), nil)
		}
		bind := in.bind
		if right && (in.bind == bindAdd || in.bind == bindMul) {
			bind++ // a − (b − c)
		}
		return w.say(x, bind)
	}
	left, right := side(args[0], args[1], false), side(args[1], args[0], true)
	out := left + map[Lang]string{Zh: in.zh, En: in.en}[w.lang] + right
	if in.bind < outer {
		return w.pick("（{0}）", "({0})", out)
	}
	return out
}

func (w words) isDay(e ast.Expr) bool {
	return w.code.tree.GetType(e.ID()).Kind() == types.TimestampKind
}

func (w words) field(e ast.Expr) *Field { return fieldAt(w.code.scope, w.code.tree, e) }

// macro says has, all, exists, filter, map and latest, which the tree holds as loops, in the form in which they were written.
func (w words) macro(call ast.Expr) string {
	m := call.AsCall()
	args := m.Args()
	if m.FunctionName() == "latest" && len(args) == 2 && args[1].Kind() == ast.IdentKind {
		name := args[1].AsIdent()
		if s := shapeAt(w.code.scope, w.code.tree, args[0]); s != nil {
			if i, ok := s.index[name]; ok {
				name = s.slots[i].title.In(w.lang)
			}
		}
		return w.pick("最近一次的{0}", "the latest {0}", name)
	}
	if m.FunctionName() == "has" && len(args) == 1 && args[0].Kind() == ast.SelectKind {
		name := args[0].AsSelect().FieldName()
		if s := shapeAt(w.code.scope, w.code.tree, args[0].AsSelect().Operand()); s != nil {
			if i, ok := s.index[name]; ok {
				name = s.slots[i].title.In(w.lang)
			}
		}
		return w.pick("填有{0}", "{0} is filled in", name)
	}
	if !m.IsMemberFunction() || len(args) < 2 {
		return ""
	}
	whole := w
	whole.row = nil // how long the list is says nothing about those in it that are meant
	list, last := whole.say(m.Target(), bindUnary), w.say(args[len(args)-1], 0)
	switch m.FunctionName() {
	case "all":
		return w.pick("每条{0}都满足：{1}", "for all of {0}: {1}", list, last)
	case "exists":
		return w.pick("有{0}满足：{1}", "there is one of {0} where {1}", list, last)
	case "exists_one", "existsOne":
		return w.pick("恰有一条{0}满足：{1}", "there is exactly one of {0} where {1}", list, last)
	case "filter":
		return w.pick("{0}（{1}）", "{0} ({1})", list, last)
	case "map":
		if len(args) == 3 {
			return w.pick("{0}（{1}）的{2}", "{2} of {0} ({1})", list, w.say(args[1], 0), last)
		}
		return w.pick("{0}的{1}", "{1} of {0}", list, last)
	}
	return ""
}

// ShowCEL writes a value for a person, as a value of the field when there is one.
func ShowCEL(v ref.Val, f *Field, lang Lang) string {
	var plain any
	switch x := v.(type) {
	case nil:
		return T("无", "none").In(lang)
	case types.Bool:
		plain = bool(x)
	case types.Int:
		plain = int64(x)
	case decimalVal:
		plain = x.Decimal
	case types.Double:
		plain = float64(x)
	case types.String:
		plain = string(x)
	case types.Timestamp:
		plain = celDay(x)
	case types.Duration:
		return x.Duration.String()
	case *Object:
		return x.Shape.Title.In(lang)
	case traits.Lister:
		var items []string
		n := int(x.Size().(types.Int))
		for i := range n {
			if i == 20 {
				items = append(items, "…")
				break
			}
			items = append(items, ShowCEL(x.Get(types.Int(i)), f, lang))
		}
		return strings.Join(items, T("、", ", ").In(lang))
	default:
		return ""
	}
	if f == nil {
		f = &Field{}
	}
	return f.Show(plain, lang)
}
