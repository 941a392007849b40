package assess

import (
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"bihuan.dev/bihuan/programme"
)

func (l *lowerer) literal(v ref.Val) *node {
	switch v := v.(type) {
	case types.Bool:
		return l.truth(bool(v))
	case types.Int:
		return l.constant(whole, 0, int64(v))
	case types.String:
		return l.constant(textCode, 0, int64(l.pr.dict.code(string(v))))
	}
	if d, ok := programme.DecimalOfCEL(v); ok {
		if n, fits := d.Scaled(d.Scale()); fits {
			return l.constant(decimal, d.Scale(), n)
		}
	}
	return l.no("不能编译的常数类型", "a constant of a kind that is not compiled")
}

// selection is a field of a record.
func (l *lowerer) selection(e ast.Expr) *node {
	at, level, s, ok := l.where(e)
	if !ok {
		return l.no("字段“{0}”不能编译", "the field “{0}” is not compiled", e.AsSelect().FieldName())
	}
	name := l.name(e)
	if s.typ == nil { // an object is always there
		if e.AsSelect().IsTestOnly() {
			return l.truth(true)
		}
		return l.no("“{0}”整体不能编译", "“{0}” as a whole is not compiled", name)
	}
	n := node{op: opFact, level: level, place: at, text: level.String() + name}
	if e.AsSelect().IsTestOnly() {
		n.op = opHas
		return l.g.node(n)
	}
	c := newColumn(s.typ, s.field, nil)
	switch c.kind {
	case bools:
		n.typ = truth
	case ints:
		n.typ = whole
	case decimals:
		n.typ, n.scale = decimal, c.scale
	case days:
		n.typ = day
	case texts:
		n.typ = textCode
	default:
		return l.no("字段“{0}”的类型不能编译", "the field “{0}” is of a type that is not compiled", name)
	}
	return l.g.node(n)
}

// slotType is what stands in a place; typ is nil for objects.
type slotType struct {
	typ   *types.Type
	field *programme.Field
}

func slotOf(s *programme.Shape, i int) slotType {
	if s.Sub(i) != nil {
		return slotType{}
	}
	return slotType{s.Type(i), s.Field(i)}
}

// where finds the place of a selection and the level of its record.
func (l *lowerer) where(e ast.Expr) (at place, lv *level, s slotType, ok bool) {
	sel := e.AsSelect()
	at, lv, shape, ok := l.record(sel.Operand())
	if !ok {
		return at, nil, s, false
	}
	i, ok := shape.Index(sel.FieldName())
	if !ok {
		return at, nil, s, false
	}
	if at.sub = -1; at.slot >= 0 {
		at.sub = i
	} else {
		at.slot = i
	}
	return at, lv, slotOf(shape, i), true
}

// record finds the record that an operand stands for; slot is the one of an object inside a record, or -1.
func (l *lowerer) record(e ast.Expr) (at place, lv *level, shape *programme.Shape, ok bool) {
	at = place{slot: -1, sub: -1}
	switch e.Kind() {
	case ast.IdentKind:
		if v, ok := l.vars[e.AsIdent()]; ok {
			if v.list.elem != nil || v.level.kind != recordLevel {
				return at, nil, nil, false
			}
			at.matter, at.form = v.level.place.matter, v.level.place.form
			return at, v.level, l.pr.shapeAt(at), true
		}
		i, ok := l.pr.byForm[e.AsIdent()]
		if !ok || l.pr.forms[i].kind == many {
			return at, nil, nil, false
		}
		at.form = i
		return at, nil, l.pr.forms[i].shape, true
	case ast.SelectKind:
		outer, lv, shape, ok := l.record(e.AsSelect().Operand())
		if !ok || outer.slot >= 0 || e.AsSelect().IsTestOnly() {
			return at, nil, nil, false
		}
		i, ok := shape.Index(e.AsSelect().FieldName())
		if !ok || shape.Sub(i) == nil {
			return at, nil, nil, false
		}
		outer.slot = i
		return outer, lv, shape.Sub(i), true
	}
	return at, nil, nil, false
}

func (pr *Program) shapeAt(p place) *programme.Shape {
	if p.matter {
		return pr.matters.Sub(p.form)
	}
	return pr.forms[p.form].shape
}

// name writes a selection as an author would.
func (l *lowerer) name(e ast.Expr) string {
	if e.Kind() == ast.SelectKind {
		return l.name(e.AsSelect().Operand()) + "." + e.AsSelect().FieldName()
	}
	name := e.AsIdent()
	if v, ok := l.vars[name]; ok && v.level.kind == recordLevel {
		return ""
	}
	return name
}

func (l *lowerer) shift(d, s *node, sign int64) *node {
	if s.op != opConst || s.c%nanosOfDay != 0 {
		return l.no("日期只能加减整天的常数", "days are moved by constants of whole days only")
	}
	return l.make(node{op: opShift, typ: day, args: []*node{d, l.constant(span, 0, sign*(s.c/nanosOfDay))}})
}

func (l *lowerer) timestamp(e ast.Expr) *node {
	if s, ok := literalText(e); ok {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			if d := programme.DayOf(t.UTC()); d.Time().Equal(t) && d >= firstDay && d <= lastDay {
				return l.constant(day, 0, int64(d))
			}
		}
	}
	return l.no("timestamp 只编译零点的常数", "timestamp is compiled for constants at midnight only")
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}
