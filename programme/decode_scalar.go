package programme

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

func (d *decoder) string(n *node, v reflect.Value, m member) bool {
	s, ok := d.text(n)
	if !ok {
		return false
	}
	if len(m.words) > 0 && indexOf(m.words, s) < 0 {
		d.wordWrong(n, s, m.words)
		return false
	}
	v.SetString(s)
	return true
}

func (d *decoder) wordWrong(n *node, s string, words []string) {
	hint := meant(s, T("可写的", "words that may stand here"), words)
	if len(words) == 1 {
		hint = T("只能写 {0}", "only {0} may stand here").Fill(words[0])
	}
	d.wrong(n.pos, T("{0} 不能写在这里", "{0} cannot stand here").Fill(s), hint)
}

// text takes any scalar as it is written: 2021.1 and 091330482 stay what they are, no and yes too.
func (d *decoder) text(n *node) (string, bool) {
	if n.kind != scalar {
		d.wrong(n.pos, T("这里应是一段文本", "a text must stand here"), Text{})
		return "", false
	}
	return n.text, true
}

func (d *decoder) bool(n *node, v reflect.Value) bool {
	if n.kind != scalar || n.text != "true" && n.text != "false" || n.quoted() {
		d.wrong(n.pos, T("这里应写 true 或 false", "true or false must stand here"), Text{})
		return false
	}
	v.SetBool(n.text == "true")
	return true
}

func (d *decoder) int(n *node, v reflect.Value, m member) bool {
	i, err := strconv.ParseInt(n.text, 10, 32)
	if n.kind != scalar || err != nil || n.quoted() {
		d.wrong(n.pos, T("这里应是一个整数", "a whole number must stand here"), Text{})
		return false
	}
	if (m.lo != 0 || m.hi != 0) && (i < m.lo || i > m.hi) {
		d.wrong(n.pos, T("应在 {0} 到 {1} 之间", "must be from {0} to {1}").Fill(m.lo, m.hi), Text{})
		return false
	}
	v.SetInt(i)
	return true
}

// numberForm is how numbers are written: exactly, without exponents.
const numberForm = `^[-+]?[0-9]+(\.[0-9]+)?$`
const percentForm = `^[0-9]+(\.[0-9]+)?%$`

var numberRe, percentRe = regexp.MustCompile(numberForm), regexp.MustCompile(percentForm)

func (d *decoder) decimal(n *node, out *Decimal, percent bool) bool {
	if n.kind == scalar && percent && percentRe.MatchString(n.text) {
		x, err := ParseDecimal(strings.TrimSuffix(n.text, "%"))
		if err == nil {
			*out = x.Mul(NewDecimal(1, 2))
			return true
		}
	}
	if n.kind != scalar || !numberRe.MatchString(n.text) || n.quoted() {
		hint := Text{}
		if n.kind == scalar && n.quoted() && numberRe.MatchString(n.text) {
			hint = T("去掉引号", "leave the quotes out")
		} else if percent {
			hint = T("写成 0.1 或 10%", "write 0.1 or 10%")
		} else if n.kind == scalar && percentRe.MatchString(n.text) {
			hint = T("写成小数，如 0.95", "write a decimal, such as 0.95")
		}
		d.wrong(n.pos, T("这里应是一个数", "a number must stand here"), hint)
		return false
	}
	x, err := ParseDecimal(n.text)
	if err != nil {
		d.wrong(n.pos, T("数太大或位数太多", "the number is too large or has too many digits"), Text{})
		return false
	}
	*out = x
	return true
}

// spanForm is how lengths of time are written; ParseSpan also forgives capitals and spaces.
const spanForm = `^([0-9]{1,5} ?)?(days?|d|working days?|workdays?|wd|weeks?|w|months?|m|quarters?|half-years?|years?|y)$`

var spanRe = regexp.MustCompile(spanForm)

func (d *decoder) span(n *node, out *Span) bool {
	s, err := ParseSpan(n.text)
	if n.kind != scalar || err != nil || !spanRe.MatchString(n.text) {
		d.wrong(n.pos, T("这里应是一段时间", "a length of time must stand here"), T("如 30 days、5 working days、18 months、1 year", "such as 30 days, 5 working days, 18 months, 1 year"))
		return false
	}
	*out = s
	return true
}

// limits reads one length of time, or a list of them.
func (d *decoder) limits(n *node, out *Limits) bool {
	each := n.items
	if n.kind != list {
		each = []*node{n}
	}
	ok := true
	for _, x := range each {
		var s Span
		if d.span(x, &s) {
			*out = append(*out, s)
		} else {
			ok = false
		}
	}
	return ok
}

func (d *decoder) day(n *node, out *Day) bool {
	x, err := Day(0), error(nil)
	if n.kind == scalar {
		x, err = ParseDay(n.text)
	}
	if n.kind != scalar || err != nil {
		d.wrong(n.pos, T("这里应是一个日期", "a day must stand here"), T("如 2021-01-20", "such as 2021-01-20"))
		return false
	}
	*out = x
	return true
}

func (d *decoder) bilingual(n *node, out *Text) bool {
	if n.kind == scalar {
		if n.tag == "null" {
			return d.plain(n)
		}
		*out = Text{Zh: n.text}
		return true
	}
	if n.kind != mapping {
		d.wrong(n.pos, T("这里应是一段文本，或 {zh: …, en: …}", "a text must stand here, or {zh: …, en: …}"), Text{})
		return false
	}
	ok := true
	for i, k := range n.keys {
		s, good := "", false
		switch {
		case k.text != "zh" && k.text != "en":
			d.unknownKey(k, []string{"zh", "en"})
		case n.vals[i].kind == scalar && n.vals[i].tag == "null":
			good = d.plain(n.vals[i])
		default:
			s, good = d.text(n.vals[i])
		}
		if k.text == "en" {
			out.En = s
		} else if k.text == "zh" {
			out.Zh = s
		}
		ok = ok && good
	}
	return ok
}

// plain refuses null where a text is wanted.
func (d *decoder) plain(n *node) bool {
	d.wrong(n.pos, T("这里应是一段文本", "a text must stand here"), T("要写“{0}”这几个字时加引号", "put quotes around {0} if these letters are meant").Fill(n.text))
	return false
}

// expr keeps the source of an expression with its place.
func (d *decoder) expr(n *node, out *Expr) bool {
	if n.kind != scalar {
		hint := T("花括号或方括号开头的表达式要加引号", "put quotes around an expression that begins with a brace or bracket")
		d.wrong(n.pos, T("这里应是一个表达式", "an expression must stand here"), hint)
		return false
	}
	if strings.TrimSpace(n.text) == "" {
		d.wrong(n.pos, T("表达式是空的", "the expression is empty"), Text{})
		return false
	}
	*out = *n.expression()
	return true
}

// expression finds where every character of a scalar stands in its file.
func (n *node) expression() *Expr {
	e := &Expr{Source: n.text, Pos: n.pos}
	text := []rune(n.text)
	lines := n.src.runes()
	line, col := n.pos.Line-1, n.pos.Col-1
	if line >= len(lines) {
		return e
	}
	here := func() rune {
		if line < len(lines) && col < len(lines[line]) {
			return lines[line][col]
		}
		return '\n'
	}
	block := n.style&(literalStyle|foldedStyle) != 0
	quote := rune(0)
	switch {
	case block:
		line, col = line+1, 0
	case n.quoted():
		if quote = here(); quote == '"' || quote == '\'' {
			col++
		}
	default: // plain: in one line the places are simply next to each other
		if at := lines[line]; col+len(text) <= len(at) && string(at[col:col+len(text)]) == n.text {
			return e
		}
	}
	places := make([]Pos, 0, len(text)+1)
	for _, r := range text {
		for line < len(lines) && r != ' ' && r != '\n' && r != '\t' { // indentation and breaks that folding swallowed
			if c := here(); c == '\n' && col >= len(lines[line]) || quote == '"' && c == '\\' && col+1 == len(lines[line]) {
				line, col = line+1, 0
			} else if (c == ' ' || c == '\t') && c != r {
				col++
			} else {
				break
			}
		}
		places = append(places, Pos{n.pos.File, line + 1, col + 1})
		switch c := here(); {
		case line >= len(lines):
		case quote == '"' && c == '\\' && col+1 < len(lines[line]):
			col += 2 + map[rune]int{'x': 2, 'u': 4, 'U': 8}[lines[line][col+1]]
		case quote == '\'' && c == '\'':
			col += 2
		case col >= len(lines[line]):
			line, col = line+1, 0
		case (r == ' ' || r == '\n') && c != ' ' && c != '\t': // a break that was folded away: stay
		default:
			col++
		}
	}
	e.places = append(places, Pos{n.pos.File, min(line+1, len(lines)), col + 1})
	e.Pos = e.places[0]
	return e
}
