package programme

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

const literalStyle, foldedStyle = yaml.LiteralStyle, yaml.FoldedStyle

// special reads the types that have a way of writing of their own. The JSON Schema of each stands in schema.go.
func (d *decoder) special(n *node, p any, m member) (ok, special bool) {
	switch out := p.(type) {
	case *Text:
		return d.bilingual(n, out), true
	case *Decimal:
		return d.decimal(n, out, m.percent), true
	case *Day:
		return d.day(n, out), true
	case *Span:
		return d.span(n, out), true
	case *Limits:
		return d.limits(n, out), true
	case *Expr:
		return d.expr(n, out), true
	case *[]Option:
		return d.options(n, out), true
	case *Policy:
		return d.policy(n, out, m.words), true
	case *Cap:
		if n.kind == scalar && n.text == "none" {
			out.None = true
			return true, true
		}
		return d.decimal(n, &out.At, false), true
	case *Then:
		return d.then(n, out), true
	case *Step:
		return d.step(n, out), true
	case *Ladder:
		return d.ladder(n, out), true
	case *Rank:
		return d.rank(n, out), true
	case *Indicator:
		return d.indicator(n, out), true
	case *CaseFiling:
		return d.filing(n, out), true
	case *ExpectClause:
		if n.kind == scalar {
			out.Pos, out.Points = n.pos, new(Decimal)
			return d.decimal(n, out.Points, false), true
		}
	case *Raw:
		if n.kind != mapping {
			d.wrong(n.pos, T("这里应是一组“字段: 值”", "a mapping of fields to values must stand here"), Text{})
			return false, true
		}
		*out = d.raw(n, n.pos)
		return true, true
	}
	return false, false
}

// options are a list of names, or names with their titles.
func (d *decoder) options(n *node, out *[]Option) bool {
	names := n.keys
	if n.kind == list {
		names = n.items
	} else if n.kind != mapping {
		d.wrong(n.pos, T("这里应是选项的列表，或“选项: 标题”", "a list of options must stand here, or options with their titles"), Text{})
		return false
	}
	*out = make([]Option, len(names))
	ok := true
	seen := map[string]bool{}
	for i, k := range names {
		o := &(*out)[i]
		s, good := d.text(k)
		if good && (k.tag == "null" || s == "") {
			good = d.plain(k)
		}
		if good && seen[s] {
			d.wrong(k.pos, T("选项 {0} 写了两次", "the option {0} is written twice").Fill(s), Text{})
		}
		seen[s] = true
		o.Name = s
		d.at[&o.Name] = k.pos
		if n.kind == mapping {
			good = d.bilingual(n.vals[i], &o.Title) && good
		}
		ok = ok && good
	}
	return ok
}

func (d *decoder) policy(n *node, out *Policy, words []string) bool {
	if n.kind == mapping && indexOf(words, "points") >= 0 {
		_, v := n.key("points")
		if v == nil || len(n.keys) != 1 {
			d.wrong(n.pos, T("这里只能写 {points: 分值}", "only {points: N} can stand here"), Text{})
			return false
		}
		out.Word = "points"
		d.at[&out.Points] = v.pos
		return d.decimal(v, &out.Points, false)
	}
	var plain []string
	for _, w := range words {
		if w != "points" {
			plain = append(plain, w)
		}
	}
	s, ok := d.text(n)
	if ok && indexOf(plain, s) < 0 {
		d.wordWrong(n, s, plain)
		ok = false
	}
	if ok {
		out.Word = s
	}
	return ok
}

func (d *decoder) then(n *node, out *Then) bool {
	if n.kind == scalar && n.text == "all" {
		out.All = true
		return true
	}
	if n.kind == mapping {
		_, v := n.key("minus")
		if v == nil || len(n.keys) != 1 {
			d.wrong(n.pos, T("这里只能写分值、all 或 {minus: 分值}", "points, all or {minus: N} must stand here"), Text{})
			return false
		}
		out.Minus = new(Decimal)
		return d.decimal(v, out.Minus, false)
	}
	return d.decimal(n, &out.Points, false)
}

// step is one name with its length of time: {self: 30d}.
func (d *decoder) step(n *node, out *Step) bool {
	if n.kind != mapping || len(n.keys) != 1 {
		d.wrong(n.pos, T("这里应是一个步骤和它的时长", "a step with its length of time must stand here"), T("如 {self: 30 days}", "such as {self: 30 days}"))
		return false
	}
	out.Name = n.keys[0].text
	d.at[&out.Name] = n.keys[0].pos
	return d.span(n.vals[0], &out.Span)
}

// ladder is {form:, level:, event:, points: {national: 3}}, or only the last of these.
func (d *decoder) ladder(n *node, out *Ladder) bool {
	if n.kind != mapping {
		d.wrong(n.pos, T("这里应是“级别: 分值”", "levels with their points must stand here"), T("如 {national: 3, provincial: 2}", "such as {national: 3, provincial: 2}"))
		return false
	}
	points := n
	ok := true
	if k, v := n.key("points"); k != nil && v.kind == mapping {
		points = v
		for i, k := range n.keys {
			var to *string
			switch k.text {
			case "points":
				continue
			case "form":
				to = &out.Form
			case "level":
				to = &out.Level
			case "event":
				to = &out.Event
			default:
				d.unknownKey(k, []string{"form", "level", "event", "points"})
				ok = false
				continue
			}
			s, good := d.text(n.vals[i])
			*to, ok = s, ok && good
			d.at[to] = n.vals[i].pos
		}
	}
	out.Points = make([]Level, len(points.keys))
	for i, k := range points.keys {
		out.Points[i].Name = k.text
		d.at[&out.Points[i].Name] = k.pos
		d.at[&out.Points[i].Factor] = points.vals[i].pos
		ok = d.decimal(points.vals[i], &out.Points[i].Factor, false) && ok
	}
	return ok
}

// rankKeys has the keys of a rank apart from `by`, which may be a word or an expression.
type rankKeys struct {
	By     *Expr     `yaml:"by"`
	Within string    `yaml:"within" of:"unit all"`
	Points []Decimal `yaml:"points,required"`
	Then   *Then     `yaml:"then"`
}

func (d *decoder) rank(n *node, out *Rank) bool {
	var by *node
	if n.kind == mapping {
		if _, v := n.key("by"); v != nil && v.kind == scalar && (v.text == "highest" || v.text == "lowest") {
			by = v
			rest := *n
			rest.drop("by")
			n = &rest
		}
	}
	var r rankKeys
	ok := d.fieldsOf(n, &r)
	*out = Rank{By: r.By, Within: r.Within, Points: r.Points, Then: r.Then}
	if r.Points != nil {
		for i := range out.Points {
			d.at[&out.Points[i]] = d.at[&r.Points[i]]
		}
	}
	d.at[&out.Points], d.at[&out.Then] = d.at[&r.Points], d.at[&r.Then]
	if by != nil {
		out.Lowest = by.text == "lowest"
	}
	return ok
}

// indicatorKeys are those of an Indicator; its value is a function over subjects.
type indicatorKeys Indicator

func (d *decoder) indicator(n *node, out *Indicator) bool {
	name, pos := out.Name, out.Pos
	ok := d.fieldsOf(n, (*indicatorKeys)(out))
	out.Name, out.Pos = name, pos
	if out.Value == nil || out.Value.Source == "" {
		return ok
	}
	return d.figure(out) && ok
}

// figures are the functions over subjects and how many expressions each takes.
var figures = map[string]int{"sum": 1, "count": 1, "mean": 1, "median": 1, "ratio": 2, "min": 1, "max": 1}
var figureNames = []string{"sum", "count", "mean", "median", "ratio", "min", "max"}

// figure takes `sum(x)` or `ratio(a, b)` apart.
func (d *decoder) figure(out *Indicator) bool {
	whole := out.Value
	text := []rune(whole.Source)
	for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\n') {
		text = text[:len(text)-1]
	}
	open := strings.IndexRune(string(text), '(')
	if open < 0 || text[len(text)-1] != ')' {
		d.wrong(whole.Pos, T("指标的值应是一个汇总函数", "the value of an indicator must be a function over subjects"),
			T("如 sum(signing.amount)；函数有：{0}", "such as sum(signing.amount); functions are: {0}").Fill(listed(figureNames)))
		out.Value = nil
		return false
	}
	open = len([]rune(string(text)[:open]))
	name := strings.TrimSpace(string(text[:open]))
	most, known := figures[name]
	if !known {
		d.wrong(whole.Pos, T("没有汇总函数 {0}", "there is no function {0} over subjects").Fill(name), meant(name, T("函数", "functions"), figureNames))
		out.Value = nil
		return false
	}
	out.Function = name
	args := arguments(whole, open+1, len(text)-1)
	if name == "count" && len(args) == 0 {
		out.Value = nil
		return true
	}
	if len(args) != most {
		d.wrong(whole.Pos, T("{0} 需要 {1} 个式子", "{0} takes {1} expressions").Fill(name, most), Text{})
		out.Value = nil
		return false
	}
	out.Value = args[0]
	if most == 2 {
		out.Over = args[1]
	}
	return true
}

// arguments splits a part of an expression at the commas that stand outside brackets and quotes.
func arguments(e *Expr, from, to int) []*Expr {
	text := []rune(e.Source)
	var out []*Expr
	depth, quote, start := 0, rune(0), from
	cut := func(a, b int) {
		for a < b && (text[a] == ' ' || text[a] == '\n' || text[a] == '\t') {
			a++
		}
		for a < b && (text[b-1] == ' ' || text[b-1] == '\n' || text[b-1] == '\t') {
			b--
		}
		if a < b {
			out = append(out, e.slice(a, b))
		}
	}
	for i := from; i < to; i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case c == ',' && depth == 0:
			cut(start, i)
			start = i + 1
		}
	}
	cut(start, to)
	return out
}
