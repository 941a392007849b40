package assess

import (
	"fmt"
	"strconv"
	"strings"
)

// The intermediate form. A rule becomes a graph of nodes; equal nodes are one node, so that what several clauses ask for is
// computed once for a batch. Every node gives one value for each row of its level, or none where a fact is missing or the
// value cannot be computed: for what becomes of a clause the two are the same.
type node struct {
	id    int
	op    op
	typ   typ
	scale int // decimals, of typ decimal
	level *level
	args  []*node
	c     int64 // of constants; of rounding the scale before
	place place // of facts
	list  *list // of what runs over a list
	set   []int64
	unit  string // of ago
	text  string // how it is written, which is also what makes two nodes equal
	uses  int
}

type typ uint8

const (
	truth    typ = iota // two bitmaps: certainly true, certainly false
	whole               // int64, with CEL's overflow errors
	decimal             // int64 with a scale known beforehand
	span                // nanoseconds
	day                 // int32 days
	textCode            // int32 codes
)

type op uint8

const (
	opConst op = iota
	opFact     // a field of the record of the level
	opHas      // whether it is there
	opAnd
	opOr
	opNot
	opSame   // of two truths
	opLess   // a < b
	opEqual  // a = b
	opMember // a is one of set
	opIf     // args: condition, then, else
	opAdd
	opSub
	opMul
	opDiv // of whole numbers, truncated
	opRem
	opQuo   // of decimals: 12 decimals, half to even
	opRatio // the same
	opRound // half to even, from scale c
	opTrunc
	opDecimal // a whole number as a decimal
	opDays    // b − a in days
	opWorkdays
	opBetween // a − b of days as a span
	opShift   // a day and a span of whole days
	opAgo     // a day before as_of; c and text say how long
	opAsOf
	opUp      // the value of the row of the parent level
	opElement // of the list of constants that the level runs over, or of the list of texts
	opAll
	opExists
	opOne
	opSize
	opSum
	opMean
	opLeast
	opMost
	opPercentile
	opLatest
)

var opNames = [...]string{"const", "fact", "has", "and", "or", "not", "same", "<", "=", "in", "if", "+", "-", "*", "div", "rem", "/", "ratio",
	"round", "trunc", "decimal", "days", "workdays", "between", "shift", "ago", "as_of", "up", "element", "all", "exists", "one", "size", "sum",
	"mean", "min", "max", "percentile", "latest"}

var typNames = [...]string{"truth", "int", "decimal", "span", "day", "text"}

// place says where a fact stands.
type place struct {
	matter bool
	form   int // of the forms, or of the matters
	slot   int
	sub    int // of a slot that is an object; -1: none
}

func (f *facts) column(p place) *column {
	ff := f.formFacts(p)
	if p.sub >= 0 {
		return &ff.subs[p.slot][p.sub]
	}
	return &ff.columns[p.slot]
}

func (f *facts) formFacts(p place) *formFacts {
	if p.matter {
		return &f.matters[p.form]
	}
	return &f.forms[p.form]
}

// level is what rows stand for: subjects (nil), or for each row of the parent level the records of a form, the texts of a
// list field, or the elements of a list of constants.
type level struct {
	id     int
	depth  int
	parent *level
	kind   levelKind
	place  place  // of the records, or of the list field
	holder *level // of a list field: the level whose record has it
	consts []int64
	typ    typ
	scale  int
	name   string // of the form, matter or field
	text   string
}

type levelKind uint8

const (
	recordLevel levelKind = iota
	itemLevel
	constLevel
)

func (l *level) String() string {
	if l == nil {
		return ""
	}
	return l.text
}

// list is a list of an expression: those rows of a level that sel leaves, with a value each, or the records themselves.
type list struct {
	level  *level
	sel    *node    // truth at the level; nil: all of them
	strict []strict // what must be defined for the list to be
	elem   *node    // nil: the record
	given  *node    // the list field must be there; nil: it always is
}

// strict says that what must have a value wherever under is true.
type strict struct{ under, what *node }

func (l *list) String() string {
	var b strings.Builder
	b.WriteString(l.level.text)
	for _, s := range l.strict {
		fmt.Fprintf(&b, " must %s", s.what.text)
		if s.under != nil {
			fmt.Fprintf(&b, " where %s", s.under.text)
		}
	}
	if l.sel != nil {
		fmt.Fprintf(&b, " where %s", l.sel.text)
	}
	if l.elem != nil {
		fmt.Fprintf(&b, " give %s", l.elem.text)
	}
	return b.String()
}

// graph holds the nodes and levels of a program.
type graph struct {
	nodes   []*node
	byText  map[string]*node
	levels  []*level
	byLevel map[string]*level
}

func newGraph() *graph { return &graph{byText: map[string]*node{}, byLevel: map[string]*level{}} }

// node gives the node that is like n, making n it when there is none.
func (g *graph) node(n node) *node {
	var b strings.Builder
	b.WriteByte('(')
	b.WriteString(opNames[n.op])
	if n.typ == decimal {
		b.WriteString("." + strconv.Itoa(n.scale))
	}
	switch n.op {
	case opConst:
		b.WriteString(":" + typNames[n.typ] + " " + strconv.FormatInt(n.c, 10))
	case opFact, opHas:
		b.WriteString(" " + n.text)
	case opMember, opAgo:
		fmt.Fprintf(&b, " %d %s%d", n.c, n.unit, n.set)
	case opRound:
		b.WriteString(" " + strconv.FormatInt(n.c, 10))
	case opElement, opUp:
		b.WriteString(" " + n.level.text)
	}
	for _, a := range n.args {
		b.WriteString(" " + a.text)
	}
	if n.list != nil {
		b.WriteString(" over " + n.list.String())
	}
	b.WriteByte(')')
	key := b.String()
	if old, ok := g.byText[key]; ok {
		return old
	}
	n.text, n.id = key, len(g.nodes)
	for _, a := range n.args {
		a.uses++
	}
	if n.list != nil {
		n.list.each(func(a *node) { a.uses++ })
	}
	out := &n
	g.nodes = append(g.nodes, out)
	g.byText[key] = out
	return out
}

func (l *list) each(f func(*node)) {
	for _, s := range l.strict {
		if s.under != nil {
			f(s.under)
		}
		f(s.what)
	}
	for _, n := range []*node{l.sel, l.elem, l.given} {
		if n != nil {
			f(n)
		}
	}
}

// findLevel gives the level that is like l.
func (g *graph) findLevel(l level) *level {
	if l.text = l.name; l.kind == constLevel {
		l.text = fmt.Sprintf("%s.%d%v", typNames[l.typ], l.scale, l.consts)
	}
	if l.holder != nil {
		l.text += " of " + l.holder.text
	}
	if l.parent != nil {
		l.text = l.parent.text + " × " + l.text
	}
	l.text = "[" + l.text + "]"
	if old, ok := g.byLevel[l.text]; ok {
		return old
	}
	l.id, l.depth = len(g.levels), 1
	if l.parent != nil {
		l.depth = l.parent.depth + 1
	}
	out := &l
	g.levels = append(g.levels, out)
	g.byLevel[l.text] = out
	return out
}

func depth(l *level) int {
	if l == nil {
		return 0
	}
	return l.depth
}

func deeper(a, b *level) *level {
	if depth(b) > depth(a) {
		return b
	}
	return a
}
