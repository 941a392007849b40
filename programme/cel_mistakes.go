package programme

import (
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

func (c *check) offset(tree *ast.AST, id int64) int {
	if r, ok := tree.SourceInfo().GetOffsetRange(id); ok {
		return int(r.Start)
	}
	return 0
}

func (c *check) say(offset int, message, hint Text) Mistakes {
	m := Mistake{Pos: c.e.Place(offset), Message: message, Hint: hint}
	if !slices.Contains(c.mistakes, m) {
		c.mistakes = append(c.mistakes, m)
	}
	return c.mistakes
}

// syntax says what the parser found.
func (c *check) syntax(x *common.Error) {
	p := c.e.PlaceAt(x.Location.Line(), x.Location.Column())
	text := strings.TrimPrefix(x.Message, "Syntax error: ")
	hint := Text{}
	switch {
	case strings.Contains(c.e.Source, "=") && regexp.MustCompile(`[^=!<>]=[^=]`).MatchString(c.e.Source):
		hint = T("比较是否相等用 ==", "to compare, write ==")
	case regexp.MustCompile(`(?i)\b(and|or|not)\b`).MatchString(c.e.Source):
		hint = T("并且写作 &&，或者写作 ||，非写作 !", "write && for and, || for or, ! for not")
	case strings.ContainsAny(c.e.Source, "（）“”‘’，；："):
		hint = T("标点请用半角英文字符", "use ASCII punctuation")
	case strings.Contains(text, "EOF"):
		hint = T("规则没有写完，或括号不配对", "the rule is not finished, or a bracket is missing")
	}
	m := Mistake{Pos: p, Message: T("规则写法有误：{0}", "the rule cannot be read: {0}").Fill(text), Hint: hint}
	if len(c.mistakes) == 0 { // what follows the first one is mostly noise
		c.mistakes = append(c.mistakes, m)
	}
}

var quotedName = regexp.MustCompile(`'([^']*)'`)

// typing says what the checker found, in the words of the programme.
func (c *check) typing(x *common.Error) {
	at := c.offset(c.ast, x.ExprID)
	if x.ExprID == 0 {
		at = 0
	}
	name := ""
	if m := quotedName.FindStringSubmatch(x.Message); m != nil {
		name = m[1]
	}
	node := c.find(x.ExprID)
	switch {
	case strings.HasPrefix(x.Message, "undeclared reference"):
		c.undeclared(at, name, node)
	case strings.HasPrefix(x.Message, "undefined field"):
		c.noField(at, name, node)
	case strings.HasPrefix(x.Message, "found no matching overload") && node != nil:
		c.noOverload(at, node)
	case strings.HasPrefix(x.Message, "type '") && strings.Contains(x.Message, "field selection"):
		t := types.DynType
		if node != nil && node.Kind() == ast.SelectKind {
			t = c.ast.GetType(node.AsSelect().Operand().ID())
			name = node.AsSelect().FieldName()
			at = c.fieldAt(node, at)
		}
		hint := Text{}
		if t.Kind() == types.ListKind {
			hint = T("这是一份清单：用 exists、all、filter、map 或 latest 取其中的记录", "this is a list: use exists, all, filter, map or latest to look into it")
		}
		c.say(at, T("{0}没有“{1}”这一项", "{0} has no field {1}").Fill(c.typeText(t), name), hint)
	case strings.HasPrefix(x.Message, "expected type"):
		t := types.DynType
		if node != nil {
			t = c.ast.GetType(node.ID())
		}
		c.say(at, T("这里要的是条件（是或否），却是{0}", "a condition (true or false) is wanted here, not {0}").Fill(c.typeText(t)), Text{})
	case strings.Contains(x.Message, "comprehension"):
		c.say(at, T("这里要的是清单", "a list is wanted here"), T("exists、all、filter、map 只能用在清单上", "exists, all, filter and map work on lists only"))
	default:
		c.say(at, T("规则类型不符：{0}", "the rule does not fit together: {0}").Fill(x.Message), Text{})
	}
}

// undeclared is a name that nobody declared: a variable or a function.
func (c *check) undeclared(at int, name string, node ast.Expr) {
	if node != nil && node.Kind() == ast.CallKind {
		at = c.nameAt(node, at)
		if c.alreadyWrong(at) {
			return
		}
		c.say(at, T("没有函数“{0}”", "there is no function {0}").Fill(node.AsCall().FunctionName()),
			meant(node.AsCall().FunctionName(), T("可用的函数", "functions"), functionNames))
		return
	}
	first, _, _ := strings.Cut(name, ".")
	names := c.names()
	hint := meant(first, T("这里可用的名称", "the names here"), names)
	if f := c.holder(first); f != "" {
		hint = T("是不是 {0}.{1}？", "did you mean {0}.{1}?").Fill(f, first)
	}
	c.say(at, T("没有名为“{0}”的表单或名称", "there is no form or name {0}").Fill(first), hint)
}

// alreadyWrong reports whether something was said about this very place; what follows from it needs no second mistake.
func (c *check) alreadyWrong(offset int) bool {
	p := c.e.Place(offset)
	return slices.ContainsFunc(c.mistakes, func(m Mistake) bool { return m.Pos == p })
}

// holder gives the one form that has a field of this name.
func (c *check) holder(field string) string {
	out := ""
	for v, s := range c.scope.vars {
		if _, ok := s.index[field]; ok && v != bareVar && v != MattersVar && field != "on" {
			if out != "" {
				return ""
			}
			out = v
		}
	}
	return out
}

func (c *check) names() []string {
	out := []string{asOfVar}
	for v := range c.scope.vars {
		if v != bareVar {
			out = append(out, v)
		}
	}
	if c.scope.bare != nil {
		out = append(out, c.scope.bare.names()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// functionNames are those an author may call.
var functionNames = []string{"ratio", "ago", "days", "workdays", "latest", "sum", "mean", "median", "min", "max", "percentile", "has",
	"all", "exists", "exists_one", "filter", "map", "size", "int", "double", "string", "decimal", "bool", "timestamp", "duration",
	"contains", "startsWith", "endsWith", "matches", "getFullYear", "getMonth", "getDate", "getDayOfWeek", "getDayOfYear", "getHours"}

// nameAt gives the offset of a called function's name; the node itself stands at its bracket.
func (c *check) nameAt(node ast.Expr, at int) int {
	text, name := []rune(c.e.Source), []rune(node.AsCall().FunctionName())
	if from := at - len(name); from >= 0 && at < len(text) && string(text[from:at]) == string(name) {
		return from
	}
	return at
}

// fieldAt gives the offset of a selected field's name; the node itself stands at its dot.
func (c *check) fieldAt(node ast.Expr, at int) int {
	text := []rune(c.e.Source)
	if node != nil && node.Kind() == ast.SelectKind {
		for i := at; i < len(text); i++ {
			if text[i] == '.' {
				for i++; i < len(text) && text[i] == ' '; i++ {
				}
				return i
			}
			if text[i] != ' ' {
				break
			}
		}
	}
	return at
}

func (c *check) noField(at int, name string, node ast.Expr) {
	at = c.fieldAt(node, at)
	s := (*Shape)(nil)
	if node != nil && node.Kind() == ast.SelectKind {
		s = c.shape(node.AsSelect().Operand())
	}
	if s == nil {
		c.say(at, T("没有字段“{0}”", "there is no field {0}").Fill(name), Text{})
		return
	}
	what := T("表单 {0} 没有字段“{1}”", "form {0} has no field {1}")
	switch {
	case s.Form == MattersVar:
		what = T("没有名为“{1}”的事项", "there is no matter {1}")
	case strings.HasPrefix(s.Form, MattersVar+"."):
		what = T("事项 {0} 没有“{1}”这一项", "matter {0} has no {1}")
	case strings.HasPrefix(s.Form, "@"):
		what = T("没有“{1}”这一项", "there is no {1}")
	}
	c.say(at, what.Fill(strings.TrimPrefix(s.Form, MattersVar+"."), name), meant(name, T("可用的字段", "the fields"), s.names()))
}

// shape gives the shape of a node that is a record, or a list of records.
func (c *check) shape(e ast.Expr) *Shape { return shapeAt(c.scope, c.ast, e) }

func shapeAt(s *Scope, tree *ast.AST, e ast.Expr) *Shape {
	t := tree.GetType(e.ID())
	if t.Kind() == types.ListKind {
		t = t.Parameters()[0]
	}
	return s.shapes[t.TypeName()]
}

func (c *check) noOverload(at int, node ast.Expr) {
	call := node.AsCall()
	args := slices.Clone(call.Args())
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	var kinds []any
	for _, a := range args {
		t := c.ast.GetType(a.ID())
		if t.Kind() == types.ErrorKind || t.Kind() == types.DynKind {
			return // something inside is wrong, and has been told
		}
		kinds = append(kinds, c.typeText(t))
	}
	fn := call.FunctionName()
	hint := Text{}
	dates := slices.ContainsFunc(args, func(a ast.Expr) bool { return c.ast.GetType(a.ID()).Kind() == types.TimestampKind })
	lists := slices.ContainsFunc(args, func(a ast.Expr) bool {
		return c.ast.GetType(a.ID()).Kind() == types.ListKind || c.ast.GetType(a.ID()).Kind() == types.StructKind
	})
	switch {
	case dates && fn != operators.In:
		hint = T("日期可与 as_of、ago(\"12 months\")、timestamp(\"2021-01-01T00:00:00Z\") 比较；相差天数用 days(a, b)",
			"a day compares with as_of, ago(\"12 months\") or timestamp(\"2021-01-01T00:00:00Z\"); days(a, b) counts the days between two")
	case lists:
		hint = T("清单先用 map 取出数值，例如 sample.map(s, s.tp).mean()", "take the values out of a list first, as in sample.map(s, s.tp).mean()")
	}
	switch sign := operatorSigns[fn]; {
	case fn == operators.Conditional:
		c.say(at, T("“? :” 前面要是条件，两种结果要同类，而这里是{0}、{1}、{2}", "? : wants a condition and two results of one kind, not {0}, {1} and {2}").Fill(kinds...), hint)
	case fn == operators.LogicalNot || fn == operators.Negate:
		c.say(at, T("“{0}”不能用于{1}", "{0} does not work on {1}").Fill(sign, kinds[0]), hint)
	case fn == operators.In:
		c.say(at, T("不能在{1}中查找{0}", "cannot look for {0} in {1}").Fill(kinds...), hint)
	case comparison[fn]:
		c.say(at, T("不能把{0}与{1}比较", "cannot compare {0} with {1}").Fill(kinds...), hint)
	case sign != "":
		c.say(at, T("不能对{1}与{2}作“{0}”运算", "cannot compute {1} {0} {2}").Fill(append([]any{sign}, kinds...)...), hint)
	default:
		var zh, en []string
		for _, k := range kinds {
			zh, en = append(zh, k.(Text).Zh), append(en, k.(Text).En)
		}
		c.say(c.nameAt(node, at), T("函数 {0} 不能这样用：给的是{1}", "{0} cannot be used like this: it was given {1}").
			Fill(fn, T(strings.Join(zh, "、"), strings.Join(en, ", "))), usage[fn])
	}
}

var comparison = map[string]bool{operators.Equals: true, operators.NotEquals: true, operators.Less: true,
	operators.LessEquals: true, operators.Greater: true, operators.GreaterEquals: true}

var operatorSigns = map[string]string{operators.Add: "+", operators.Subtract: "−", operators.Multiply: "×", operators.Divide: "÷",
	operators.Modulo: "%", operators.LogicalNot: "!", operators.Negate: "-"}

// usage says how a function is called.
var usage = map[string]Text{
	"ratio":      T("写作 ratio(甲, 乙)，两者都是数", "write ratio(a, b) with two numbers"),
	"days":       T("写作 days(起, 止)，两者都是日期", "write days(from, to) with two days"),
	"workdays":   T("写作 workdays(起, 止)，两者都是日期", "write workdays(from, to) with two days"),
	"sum":        T("写作 sample.map(s, s.tp).sum()", "write sample.map(s, s.tp).sum()"),
	"mean":       T("写作 sample.map(s, s.tp).mean()", "write sample.map(s, s.tp).mean()"),
	"median":     T("写作 sample.map(s, s.tp).median()", "write sample.map(s, s.tp).median()"),
	"min":        T("写作 sample.map(s, s.tp).min()", "write sample.map(s, s.tp).min()"),
	"max":        T("写作 sample.map(s, s.tp).max()", "write sample.map(s, s.tp).max()"),
	"percentile": T("写作 sample.map(s, s.tp).percentile(90)", "write sample.map(s, s.tp).percentile(90)"),
	"ago":        T("写作 ago(\"12 months\")", "write ago(\"12 months\")"),
	fnLatest:     T("写作 latest(清单, 字段)", "write latest(list, field)"),
}

// typeText names a type in words.
func (c *check) typeText(t *types.Type) Text {
	switch {
	case t.IsExactType(celDecimal):
		return T("数", "a number")
	case t.Kind() == types.ListKind:
		if s := c.scope.shapes[t.Parameters()[0].TypeName()]; s != nil {
			return T("清单 {0}", "the list {0}").Fill(s.Form)
		}
		return T("一组值", "a list")
	case t.Kind() == types.StructKind:
		if s := c.scope.shapes[t.TypeName()]; s != nil {
			return T("整张表单 {0}", "the whole form {0}").Fill(s.Form)
		}
	}
	if x, ok := typeTexts[t.Kind()]; ok {
		return x
	}
	return T(t.String(), t.String())
}

var typeTexts = map[types.Kind]Text{
	types.BoolKind: T("是否", "yes/no"), types.IntKind: T("数", "a number"), types.DoubleKind: T("数", "a number"),
	types.StringKind: T("文字", "text"), types.TimestampKind: T("日期", "a day"), types.DurationKind: T("时长", "a length of time"),
	types.DynKind: T("未定类型", "a value of unknown type"), types.MapKind: T("映射", "a map"), types.NullTypeKind: T("空值", "null"),
	types.UintKind: T("无符号整数", "an unsigned number"), types.BytesKind: T("字节", "bytes"),
}

// result checks what the whole rule gives.
func (c *check) result(want Want) {
	t := c.ast.GetType(c.ast.Expr().ID())
	first := 0
	for i, r := range []rune(c.e.Source) {
		if r != ' ' {
			first = i
			break
		}
	}
	switch want {
	case WantBool:
		if t.Kind() != types.BoolKind {
			c.say(first, T("这里要的是条件（是或否），却是{0}", "a condition (true or false) is wanted here, not {0}").Fill(c.typeText(t)), Text{})
		}
	case WantNumber:
		if rank(t) == 0 {
			c.say(first, T("这里要的是数，却是{0}", "a number is wanted here, not {0}").Fill(c.typeText(t)), Text{})
		}
	case WantCount:
		if t.Kind() != types.IntKind {
			c.say(first, T("这里要的是个数（整数），却是{0}", "a count (a whole number) is wanted here, not {0}").Fill(c.typeText(t)),
				T("清单的个数用 .size()", "the number of records in a list is .size()"))
		}
	}
}

// choices finds texts compared with a choice that are none of its options.
func (c *check) choices(root ast.Expr) {
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 || e.AsCall().IsMemberFunction() {
			return
		}
		a, b := e.AsCall().Args()[0], e.AsCall().Args()[1]
		switch e.AsCall().FunctionName() {
		case operators.Equals, operators.NotEquals:
			c.option(c.field(a), b)
			c.option(c.field(b), a)
		case operators.In:
			if b.Kind() == ast.ListKind {
				for _, x := range b.AsList().Elements() {
					c.option(c.field(a), x)
				}
			} else {
				c.option(c.field(b), a)
			}
		}
	}))
}

// field gives the form field that a node selects, or nil.
func (c *check) field(e ast.Expr) *Field { return fieldAt(c.scope, c.ast, e) }

func fieldAt(s *Scope, tree *ast.AST, e ast.Expr) *Field {
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() {
		return nil
	}
	shape := shapeAt(s, tree, e.AsSelect().Operand())
	if shape == nil {
		return nil
	}
	i, ok := shape.index[e.AsSelect().FieldName()]
	if !ok {
		return nil
	}
	return shape.slots[i].field
}

func (c *check) option(f *Field, lit ast.Expr) {
	if f == nil || f.Type != Choice && f.Type != Choices || len(f.Of) == 0 || lit.Kind() != ast.LiteralKind {
		return
	}
	v, ok := lit.AsLiteral().(types.String)
	if !ok {
		return
	}
	var names []string
	for _, o := range f.Of {
		if o.Name == string(v) {
			return
		}
		names = append(names, o.Name)
	}
	c.say(c.offset(c.ast, lit.ID()), T("“{0}”不是 {1} 的选项", "“{0}” is no option of {1}").Fill(string(v), f.Name),
		meant(string(v), T("选项", "the options"), names))
}

// divisions warns of divisions of whole numbers, which drop the decimals.
func (c *check) divisions(root ast.Expr) {
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Divide && c.ast.GetType(e.ID()).Kind() == types.IntKind {
			m := Mistake{Pos: c.e.Place(c.offset(c.ast, e.ID())), Warning: true,
				Message: T("整数相除会舍去小数（7 / 2 得 3）", "dividing whole numbers drops the decimals (7 / 2 is 3)"),
				Hint:    T("要得到比例，用 ratio(甲, 乙)", "for a share, write ratio(a, b)")}
			c.mistakes = append(c.mistakes, m)
		}
	}))
}

// find gives the node with an id, or nil.
func (c *check) find(id int64) (out ast.Expr) {
	ast.PreOrderVisit(c.ast.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.ID() == id && id != 0 {
			out = e
		}
	}))
	return out
}

// OptionTitle gives the title of an option, or its name.
func OptionTitle(f *Field, name string) Text {
	for _, o := range f.Of {
		if o.Name == name && !o.Title.Empty() {
			return o.Title
		}
	}
	return T(name, name)
}
