package programme

import (
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// A Record gives the values of one filled form, or of nothing at all, to an expression.
type Record interface {
	// Get gives the value of the i-th field of the shape, or nil when it is missing.
	Get(i int) ref.Val
	// Why tells why the i-th field is missing; it may be empty.
	Why(i int) Text
}

// A Shape is the type that a form has in expressions: its fields in order, then "on", the day the record is true, unless a
// field has that name.
type Shape struct {
	Form  string // the form; "" for what is no form
	Title Text
	slots []slot
	index map[string]int
	typ   *types.Type
	first []string // of a ballot: the options of its first choice
}

type slot struct {
	name  string
	field *Field // titles, options; nil for what the language adds itself
	title Text
	typ   *types.Type
	shape *Shape // of objects and lists of objects
	ft    *types.FieldType
}

func newShape(name string, title Text) *Shape {
	return &Shape{Form: name, Title: title, index: map[string]int{}, typ: types.NewObjectType("form." + name)}
}

// shapeOf gives the type of one record of a form.
func shapeOf(f *Form) *Shape {
	s := newShape(f.Name, f.Title)
	s.addFields(f)
	s.add(slot{name: "on", title: T("日期", "day"), typ: types.TimestampType})
	return s
}

func (s *Shape) addFields(f *Form) {
	for _, x := range f.Fields {
		s.add(slot{name: x.Name, field: x, title: x.Title, typ: fieldType(x)})
	}
}

// add appends a field unless its name is taken.
func (s *Shape) add(x slot) {
	if _, taken := s.index[x.name]; taken {
		return
	}
	if x.title.Empty() {
		x.title = T(x.name, x.name)
	}
	i := len(s.slots)
	form, name := s.Form, x.name
	x.ft = &types.FieldType{
		Type:  x.typ,
		IsSet: func(o any) bool { obj, ok := o.(*Object); return ok && obj.Record.Get(i) != nil },
		GetFrom: func(o any) (any, error) {
			obj, ok := o.(*Object)
			if !ok {
				return nil, fmt.Errorf("no record of form %s", form)
			}
			if v := obj.Record.Get(i); v != nil {
				return v, nil
			}
			return nil, &MissingError{Form: form, Field: name, Reason: obj.Record.Why(i)}
		},
	}
	s.index[x.name] = i
	s.slots = append(s.slots, x)
}

// Index gives the number of a field within the shape.
func (s *Shape) Index(field string) (int, bool) { i, ok := s.index[field]; return i, ok }

// Len tells how many fields the shape has.
func (s *Shape) Len() int { return len(s.slots) }

// Name gives the name of the i-th field.
func (s *Shape) Name(i int) string { return s.slots[i].name }

// Field gives the field that the i-th place was made from, or nil.
func (s *Shape) Field(i int) *Field { return s.slots[i].field }

// Type gives the type that the i-th place has in expressions.
func (s *Shape) Type(i int) *types.Type { return s.slots[i].typ }

// Sub gives the shape of the objects that the i-th place holds, or nil.
func (s *Shape) Sub(i int) *Shape { return s.slots[i].shape }

func (s *Shape) names() []string {
	out := make([]string, len(s.slots))
	for i, x := range s.slots {
		out[i] = x.name
	}
	return out
}

// fieldType gives the CEL type of a field.
func fieldType(f *Field) *types.Type {
	switch f.Type {
	case Bool:
		return types.BoolType
	case Int:
		return types.IntType
	case Number, Money:
		return celDecimal
	case Real:
		return types.DoubleType
	case Date:
		return types.TimestampType
	case Choices, Photo, File:
		return types.NewListType(types.StringType)
	case "": // the type was a mistake, told elsewhere; no rule shall be blamed for it
		return types.DynType
	}
	return types.StringType
}

// CELValue gives a value of Values as expressions see it, or nil for what is no such value.
func CELValue(v any) ref.Val {
	switch v := v.(type) {
	case bool:
		return types.Bool(v)
	case int64:
		return types.Int(v)
	case int:
		return types.Int(v)
	case Decimal:
		return decimalVal{v}
	case float64:
		return types.Double(v)
	case Day:
		return types.Timestamp{Time: v.Time()}
	case string:
		return types.String(v)
	case []string:
		return types.NewStringList(types.DefaultTypeAdapter, v)
	}
	return nil
}

// Object is a record as CEL sees it.
type Object struct {
	Shape  *Shape
	Record Record
}

// NewObject gives a record of a shape as a value for expressions.
func NewObject(s *Shape, r Record) *Object { return &Object{s, r} }

// NewObjectList gives records of one shape as a list for expressions.
func NewObjectList(objects []ref.Val) ref.Val {
	return types.NewRefValList(types.DefaultTypeAdapter, objects)
}

// ConvertToNative is not possible.
func (o *Object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a record does not convert to %v", t)
}

// ConvertToType gives only the type.
func (o *Object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.Shape.typ
	}
	return types.NewErr("a record does not convert to %s", t.TypeName())
}

// Equal compares identity: two records are never the same one.
func (o *Object) Equal(v ref.Val) ref.Val { x, ok := v.(*Object); return types.Bool(ok && x == o) }

// Type gives the shape's type.
func (o *Object) Type() ref.Type { return o.Shape.typ }

// Value gives the object itself.
func (o *Object) Value() any { return o }

// ValuesRecord is a record over plain values, with the day it is true.
type ValuesRecord struct {
	Shape  *Shape
	Values Values
	On     Day
}

// Get gives the i-th value.
func (r ValuesRecord) Get(i int) ref.Val {
	if v, ok := r.Values[r.Shape.slots[i].name]; ok {
		return CELValue(v)
	}
	if s := r.Shape.slots[i]; s.name == "on" && s.field == nil && r.On != 0 {
		return CELValue(r.On)
	}
	return nil
}

// Why has nothing to add.
func (r ValuesRecord) Why(int) Text { return Text{} }

// provider tells cel-go about shapes. The standard types it leaves to cel-go's own registry.
type provider struct {
	types.Provider
	shapes map[string]*Shape
}

func (p provider) FindStructType(name string) (*types.Type, bool) {
	if s, ok := p.shapes[name]; ok {
		return types.NewTypeTypeWithParam(s.typ), true
	}
	return p.Provider.FindStructType(name)
}

func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if s, ok := p.shapes[name]; ok {
		return s.names(), true
	}
	return p.Provider.FindStructFieldNames(name)
}

func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if s, ok := p.shapes[name]; ok {
		i, ok := s.index[field]
		if !ok {
			return nil, false
		}
		return s.slots[i].ft, true
	}
	return p.Provider.FindStructFieldType(name, field)
}

func (p provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if strings.HasPrefix(name, "form.") {
		return types.NewErr("records cannot be made in an expression")
	}
	return p.Provider.NewValue(name, fields)
}
