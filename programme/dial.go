package programme

import (
	"strconv"
	"strings"
)

// Dial is a number of a standard that a person may want to turn: points, thresholds, edges of bands, grades' bounds, and the
// numbers that stand in rules. Its address is that of a Change.
type Dial struct {
	Address string
	Clause  string // the clause's number; empty: the grades'
	Title   Text   // what the number is
	Value   Decimal
	Percent bool // written like 10%
	Points  bool // it is points, not a measure
	Least   Decimal
	Most    Decimal
	Step    Decimal
}

// dialWords name the numbers of the language; {0} is the place in a list, counted from 1.
var dialWords = map[string]Text{
	"points": T("分值", "points"), "bands.at_least": T("第{0}档起点", "band {0} from"), "bands.at_most": T("第{0}档上限", "band {0} up to"),
	"bands.below": T("第{0}档止于", "band {0} below"), "bands.points": T("第{0}档得分", "band {0} points"),
	"linear.full_at": T("满分线", "full at"), "linear.each": T("每差", "for each"), "linear.minus": T("扣分", "minus"), "linear.zero_below": T("零分线", "zero below"),
	"proportional.target": T("目标", "target"), "proportional.cap": T("上限倍数", "cap"), "proportional.below.factor": T("未达标系数", "factor below"),
	"each.points": T("每项得分", "points each"), "each.most": T("最多得分", "at most"),
	"deduct.each": T("第{0}项每次扣", "item {0} minus each"), "deduct.first": T("第{0}项首次扣", "item {0} first"), "deduct.then": T("第{0}项再次扣", "item {0} then"),
	"deduct.most": T("第{0}项最多扣", "item {0} at most"), "parts.points": T("第{0}小项得分", "item {0} points"),
	"judged.from": T("最低分", "from"), "judged.to": T("最高分", "to"), "judged.levels": T("{0}档系数", "share of {0}"), "rank.points": T("第{0}名得分", "place {0} points"),
	"pass": T("条件中第{0}个数", "number {0} in the condition"), "measure": T("指标中第{0}个数", "number {0} in the measure"), "applies": T("适用条件中第{0}个数", "number {0} in applies"),
	"parts.pass": T("第{0}小项条件", "condition of item {0}"), "formula": T("公式中第{0}个数", "number {0} in the formula"), "each.count": T("计数中第{0}个数", "number {0} in the count"),
	"deduct.count": T("第{0}项计数", "count of item {0}"),
}

// Dials lists the numbers of the standard that can be turned: those of the grades, then clause by clause, in the order of
// the files.
func (p *Programme) Dials() []Dial {
	d := p.draft()
	var out []Dial
	for _, where := range []*node{d.top["standard"], {kind: mapping, keys: []*node{{text: "grades"}}, vals: []*node{d.top["grades"]}}} {
		if where == nil {
			continue
		}
		_, g := where.key("grades")
		g.each("bands", func(b *node) {
			if _, v := b.key("at_least"); v != nil {
				out = dial(out, "grades."+b.said("grade")+".at_least", "", T("{0}分数线", "{0} from").Fill(p.GradeTitle(b.said("grade"))), v, true)
			}
		})
		if g != nil {
			if _, q := g.key("quota"); q != nil {
				for i, k := range q.keys {
					out = dial(out, "grades.quota."+k.text, "", T("{0}名额", "quota of {0}").Fill(p.GradeTitle(k.text)), q.vals[i], false)
				}
			}
		}
	}
	d.top["standard"].each("parts", func(x *node) {
		x.each("sections", func(s *node) {
			s.each("clauses", func(c *node) { out = dials(out, c.said("clause"), c.said("clause"), "", "", c) })
		})
	})
	return out
}

// dials goes through what stands below a node. word is its address without places.
func dials(out []Dial, clause, address, word, place string, n *node) []Dial {
	switch n.kind {
	case mapping:
		for i, k := range n.keys {
			w := k.text
			if word != "" {
				w = word + "." + k.text
			}
			at := place
			if word == "judged.levels" {
				w, at = word, k.text
			}
			if ticks, _ := n.key("parts"); word == "" && (k.text == "clause" || k.text == "veto" || k.text == "decimals" ||
				k.text == "points" && ticks != nil) {
				continue // the points of ticks are turned one by one
			}
			out = dials(out, clause, address+"."+k.text, w, at, n.vals[i])
		}
	case list:
		for i, x := range n.items {
			out = dials(out, clause, address+"."+strconv.Itoa(i), word, strconv.Itoa(i+1), x)
		}
	case scalar:
		title, known := dialWords[word]
		if !known {
			return out
		}
		if _, ok := numberOf(n); ok && word != "pass" && word != "measure" {
			return dial(out, address, clause, title.Fill(place), n, strings.HasSuffix(word, "points") || word == "linear.minus" || strings.HasPrefix(word, "deduct.") || word == "each.most" || word == "judged.from" || word == "judged.to")
		}
		for i, at := range numbersIn(n.text) {
			number, err := ParseDecimal(n.text[at[0]:at[1]])
			if err != nil {
				continue
			}
			t := title.Fill(strconv.Itoa(i + 1))
			if place != "" {
				t = T("{0}第{1}个数", "{0}, number {1}").Fill(title.Fill(place), strconv.Itoa(i+1))
			}
			x := Dial{Address: address + "#" + strconv.Itoa(i), Clause: clause, Title: t, Value: number}
			x.span()
			out = append(out, x)
		}
	}
	return out
}

func numberOf(n *node) (Decimal, bool) {
	d, err := ParseDecimal(strings.TrimSuffix(n.text, "%"))
	return d, err == nil && n.kind == scalar && !n.quoted()
}

func dial(out []Dial, address, clause string, title Text, n *node, points bool) []Dial {
	v, ok := numberOf(n)
	if !ok {
		return out
	}
	x := Dial{Address: address, Clause: clause, Title: title, Value: v, Percent: strings.HasSuffix(n.text, "%"), Points: points}
	x.span()
	return append(out, x)
}

// span suggests how far to turn: shares up to 1 (100 for grades' bounds and percents), others up to twice what they are.
func (x *Dial) span() {
	one, two := DecimalOf(1), DecimalOf(2)
	x.Step = NewDecimal(1, x.Value.Scale())
	switch {
	case x.Clause == "":
		x.Most, x.Step = DecimalOf(100), NewDecimal(5, 1)
		if x.Percent {
			x.Step = one
		}
	case !x.Points && x.Value.Scale() > 0 && x.Value.Sign() > 0 && x.Value.Cmp(one) <= 0:
		x.Most, x.Step = one, NewDecimal(1, max(x.Value.Scale(), 2))
	case x.Points:
		x.Most, x.Step = x.Value.Mul(two), NewDecimal(5, 1)
		if x.Most.Cmp(one) < 0 {
			x.Most = one
		}
		if x.Value.Scale() > 1 || x.Value.Cmp(one) < 0 {
			x.Step = NewDecimal(1, max(x.Value.Scale(), 1))
		}
	default:
		x.Most = x.Value.Mul(two)
		if x.Most.Cmp(DecimalOf(10)) < 0 {
			x.Most = DecimalOf(10)
		}
	}
	if x.Value.Sign() < 0 {
		x.Least = x.Value.Mul(two)
	}
	if x.Value.Cmp(x.Most) > 0 {
		x.Most = x.Value
	}
}
