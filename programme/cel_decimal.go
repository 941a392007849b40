package programme

import (
	"fmt"
	"math/big"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// celDecimal is the type of number and money fields in expressions.
var celDecimal = types.NewOpaqueType("decimal").WithTraits(traits.AdderType | traits.SubtractorType | traits.MultiplierType |
	traits.DividerType | traits.ModderType | traits.NegatorType | traits.ComparerType)

// decimalVal is a Decimal as CEL sees it. It is not Decimal itself because Add means two things.
type decimalVal struct{ Decimal }

// IsCELDecimal reports whether a type of a checked expression is that of number and money fields.
func IsCELDecimal(t *types.Type) bool { return t.IsExactType(celDecimal) }

// DecimalOfCEL gives the number that v holds when it is of the type of number and money fields.
func DecimalOfCEL(v ref.Val) (Decimal, bool) { d, ok := v.(decimalVal); return d.Decimal, ok }

// CELDecimal gives d as a value for expressions.
func CELDecimal(d Decimal) ref.Val { return decimalVal{d} }

func (d decimalVal) ConvertToNative(t reflect.Type) (any, error) {
	if t == reflect.TypeFor[Decimal]() {
		return d.Decimal, nil
	}
	return nil, fmt.Errorf("decimal does not convert to %v", t)
}

func (d decimalVal) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case celDecimal:
		return d
	case types.DoubleType:
		return types.Double(d.Float64())
	case types.IntType:
		if n, ok := d.Trunc().Int64(); ok {
			return types.Int(n)
		}
		return cannot(T("{0} 超出整数范围", "{0} is too large for a whole number").Fill(d.Decimal))
	case types.StringType:
		return types.String(d.String())
	case types.TypeType:
		return celDecimal
	}
	return types.NewErr("decimal does not convert to %s", t.TypeName())
}

func (d decimalVal) Equal(o ref.Val) ref.Val {
	x, ok := o.(decimalVal)
	return types.Bool(ok && d.Cmp(x.Decimal) == 0)
}

func (d decimalVal) Type() ref.Type { return celDecimal }
func (d decimalVal) Value() any     { return d.Decimal }

// with runs an operation on two decimals and says with which numbers it failed.
func (d decimalVal) with(o ref.Val, sign string, op func(a, b Decimal) Decimal) ref.Val {
	x, ok := o.(decimalVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(o)
	}
	out := op(d.Decimal, x.Decimal)
	if !out.Finite() {
		return cannot(T("{0} {1} {2} 无法计算", "{0} {1} {2} cannot be computed").Fill(d.Decimal, sign, x.Decimal))
	}
	return decimalVal{out}
}

// Add is CEL's +.
func (d decimalVal) Add(o ref.Val) ref.Val      { return d.with(o, "+", Decimal.Add) }
func (d decimalVal) Subtract(o ref.Val) ref.Val { return d.with(o, "−", Decimal.Sub) }
func (d decimalVal) Multiply(o ref.Val) ref.Val { return d.with(o, "×", Decimal.Mul) }
func (d decimalVal) Divide(o ref.Val) ref.Val   { return d.with(o, "÷", Decimal.Quo) }
func (d decimalVal) Negate() ref.Val            { return decimalVal{d.Neg()} }

func (d decimalVal) Modulo(o ref.Val) ref.Val {
	return d.with(o, "%", func(a, b Decimal) Decimal {
		if b.IsZero() {
			return Decimal{big: notFinite}
		}
		x, y, scale := align(a, b)
		return fromBig(new(big.Int).Rem(x, y), scale)
	})
}

func (d decimalVal) Compare(o ref.Val) ref.Val {
	x, ok := o.(decimalVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(o)
	}
	return types.Int(d.Cmp(x.Decimal))
}

// decimalOperators declares decimal for the standard operators. Both sides are always decimals: Scope.Check converts the
// other side before anything runs, so that no operator ever dispatches on a literal (cel-go issue 990).
func decimalOperators() []cel.EnvOption {
	two := []*cel.Type{celDecimal, celDecimal}
	opts := []cel.EnvOption{
		cel.Function("-_", cel.Overload("negate_decimal", two[:1], celDecimal)),
		cel.Function("decimal",
			cel.Overload("int_to_decimal", []*cel.Type{cel.IntType}, celDecimal, cel.UnaryBinding(toDecimal)),
			cel.Overload("double_to_decimal", []*cel.Type{cel.DoubleType}, celDecimal, cel.UnaryBinding(toDecimal)),
			cel.Overload("string_to_decimal", []*cel.Type{cel.StringType}, celDecimal, cel.UnaryBinding(toDecimal)),
			cel.Overload("decimal_to_decimal", two[:1], celDecimal, cel.UnaryBinding(toDecimal))),
	}
	for op, name := range map[string]string{"_+_": "add", "_-_": "subtract", "_*_": "multiply", "_/_": "divide", "_%_": "modulo"} {
		opts = append(opts, cel.Function(op, cel.Overload(name+"_decimal_decimal", two, celDecimal)))
	}
	for op, name := range map[string]string{"_<_": "less", "_<=_": "less_equals", "_>_": "greater", "_>=_": "greater_equals"} {
		opts = append(opts, cel.Function(op, cel.Overload(name+"_decimal_decimal", two, cel.BoolType)))
	}
	for fn, t := range map[string]*cel.Type{"double": cel.DoubleType, "int": cel.IntType, "string": cel.StringType} {
		opts = append(opts, cel.Function(fn, cel.Overload("decimal_to_"+fn, two[:1], t,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return v.ConvertToType(t) }))))
	}
	return opts
}

func toDecimal(v ref.Val) ref.Val {
	switch v := v.(type) {
	case types.Int:
		return decimalVal{DecimalOf(int64(v))}
	case types.Double:
		if d := DecimalFromFloat(float64(v)); d.Finite() {
			return decimalVal{d}
		}
		return cannot(T("{0} 不是可用的数", "{0} is not a usable number").Fill(float64(v)))
	case types.String:
		if d, err := ParseDecimal(string(v)); err == nil {
			return decimalVal{d}
		}
		return cannot(T("“{0}”不是数", "“{0}” is not a number").Fill(string(v)))
	case decimalVal:
		return v
	}
	return types.MaybeNoSuchOverloadErr(v)
}
