package programme

import (
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/parser"
)

// The functions of the language beside standard CEL. Names with @ cannot be written; they are what a function that looks at
// the day of assessment or at the calendar becomes once it is checked.
const (
	fnAgo      = "@ago"      // (as_of, n, unit)
	fnLatest   = "@latest"   // (values that are there, oldest first)
	fnWorkdays = "workdays"  // (from, to)
	fnDays     = "days"      // (from, to)
	fnRatio    = "ratio"     // (of, to)
	fnDecimal  = "decimal"   // (int, double or text)
	latestVar  = "@latest_x" // the variable that latest runs over
)

func languageFunctions(cal *Calendar) []cel.EnvOption {
	at, two := cel.TimestampType, func(t *cel.Type) []*cel.Type { return []*cel.Type{t, t} }
	opts := []cel.EnvOption{
		cel.Function(fnRatio,
			cel.Overload("ratio_decimal", two(celDecimal), celDecimal, cel.BinaryBinding(ratio)),
			cel.Overload("ratio_double", two(cel.DoubleType), cel.DoubleType, cel.BinaryBinding(ratio))),
		cel.Function(fnDays, cel.Overload("days_between", two(at), cel.IntType, cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			return types.Int(celDay(b) - celDay(a))
		}))),
		cel.Function(fnWorkdays, cel.Overload("workdays_between", two(at), cel.IntType, cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			return types.Int(cal.Workdays(celDay(a), celDay(b)))
		}))),
		cel.Function(fnAgo, cel.Overload("ago", []*cel.Type{at, cel.IntType, cel.StringType}, at,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				s := Span{N: int(args[1].(types.Int)), Unit: string(args[2].(types.String))}
				return CELValue(cal.Sub(celDay(args[0]), s))
			}))),
		cel.Function(fnLatest, cel.Overload("latest", []*cel.Type{cel.ListType(cel.TypeParamType("A"))}, cel.TypeParamType("A"),
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				l := v.(traits.Lister)
				n := l.Size().(types.Int)
				if n == 0 {
					return missing(T("没有填报", "nothing was filed"))
				}
				return l.Get(n - 1)
			}))),
	}
	for name, f := range map[string]func([]Decimal) (Decimal, bool){
		"sum": sum, "mean": mean, "median": median, "min": least, "max": most,
	} {
		var overloads []cel.FunctionOpt
		for _, t := range []*cel.Type{cel.IntType, celDecimal, cel.DoubleType} {
			out := t
			if t == cel.IntType && (name == "mean" || name == "median") {
				out = celDecimal
			}
			overloads = append(overloads, cel.MemberOverload(name+"_"+t.TypeName(), []*cel.Type{cel.ListType(t)}, out,
				cel.UnaryBinding(func(v ref.Val) ref.Val { return overList(v, out, f) })))
		}
		opts = append(opts, cel.Function(name, overloads...))
	}
	var overloads []cel.FunctionOpt
	for _, t := range []*cel.Type{cel.IntType, celDecimal, cel.DoubleType} {
		out := t
		if t == cel.IntType {
			out = celDecimal
		}
		for _, p := range []*cel.Type{cel.IntType, celDecimal} {
			overloads = append(overloads, cel.MemberOverload("percentile_"+t.TypeName()+"_"+p.TypeName(), []*cel.Type{cel.ListType(t), p}, out,
				cel.BinaryBinding(func(v, p ref.Val) ref.Val {
					at := toDecimal(p).(decimalVal).Decimal
					if at.Sign() < 0 || at.Cmp(DecimalOf(100)) > 0 {
						return cannot(T("百分位 {0} 不在 0 到 100 之间", "percentile {0} is not between 0 and 100").Fill(at))
					}
					return overList(v, out, func(x []Decimal) (Decimal, bool) { return percentile(x, at) })
				})))
		}
	}
	return append(opts, cel.Function("percentile", overloads...))
}

// ratio is missing, not wrong, when there is nothing to divide by.
func ratio(a, b ref.Val) ref.Val {
	switch b := b.(type) {
	case decimalVal:
		if b.IsZero() {
			return missing(T("分母为 0", "the divisor is 0"))
		}
		return a.(decimalVal).Divide(b)
	case types.Double:
		if b == 0 {
			return missing(T("分母为 0", "the divisor is 0"))
		}
		return a.(types.Double) / b
	}
	return types.MaybeNoSuchOverloadErr(b)
}

// overList runs f over a list of numbers and gives the result as type out.
func overList(v ref.Val, out *cel.Type, f func([]Decimal) (Decimal, bool)) ref.Val {
	l, ok := v.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	n := int(l.Size().(types.Int))
	numbers := make([]Decimal, n)
	for i := range n {
		switch d := toDecimal(l.Get(types.Int(i))).(type) {
		case decimalVal:
			numbers[i] = d.Decimal
		case *types.Err:
			return d
		}
	}
	d, ok := f(numbers)
	switch {
	case !ok:
		return missing(T("没有任何数值", "there are no values"))
	case !d.Finite():
		return cannot(T("数值过大，无法计算", "the numbers are too large to compute with"))
	}
	return decimalVal{d}.ConvertToType(out)
}

func sum(x []Decimal) (Decimal, bool) {
	var total Decimal
	for _, d := range x {
		total = total.Add(d)
	}
	return total, true
}

func mean(x []Decimal) (Decimal, bool) {
	total, _ := sum(x)
	return total.Quo(DecimalOf(int64(len(x)))), len(x) > 0
}

func least(x []Decimal) (Decimal, bool) {
	if len(x) == 0 {
		return Decimal{}, false
	}
	return slices.MinFunc(x, Decimal.Cmp), true
}

func most(x []Decimal) (Decimal, bool) {
	if len(x) == 0 {
		return Decimal{}, false
	}
	return slices.MaxFunc(x, Decimal.Cmp), true
}

func median(x []Decimal) (Decimal, bool) { return percentile(x, DecimalOf(50)) }

// Percentile gives the p-th percentile of x as the language's percentile(p) does; false when x is empty.
func Percentile(x []Decimal, p Decimal) (Decimal, bool) { return percentile(x, p) }

// percentile interpolates between neighbours as PERCENTILE.INC of spreadsheets does, and as county offices therefore do:
// the place is p ÷ 100 × (n − 1) from the smallest.
func percentile(x []Decimal, p Decimal) (Decimal, bool) {
	if len(x) == 0 {
		return Decimal{}, false
	}
	x = slices.Clone(x)
	slices.SortFunc(x, Decimal.Cmp)
	place := p.Mul(DecimalOf(int64(len(x) - 1))).Mul(NewDecimal(1, 2))
	low := place.Floor()
	i, _ := low.Int64()
	if int(i) == len(x)-1 {
		return x[i], true
	}
	return x[i].Add(x[i+1].Sub(x[i]).Mul(place.Sub(low))).Round(QuoDecimals), true
}

func celDay(v ref.Val) Day { return DayOf(v.(types.Timestamp).Time.UTC()) }

// latestMacro turns latest(list, field) into the last of the field's values that are there.
func latestMacro() parser.Macro {
	return parser.NewGlobalMacro("latest", 2, func(eh parser.ExprHelper, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		var field string
		switch a := args[1]; a.Kind() {
		case ast.IdentKind:
			field = a.AsIdent()
		case ast.LiteralKind:
			if s, ok := a.AsLiteral().(types.String); ok {
				field = string(s)
			}
		}
		if field == "" {
			return nil, eh.NewError(args[1].ID(), "latest wants the name of a field")
		}
		list, err := parser.MakeMap(eh, args[0], []ast.Expr{eh.NewIdent(latestVar),
			eh.NewPresenceTest(eh.NewIdent(latestVar), field), eh.NewSelect(eh.NewIdent(latestVar), field)})
		if err != nil {
			return nil, err
		}
		return eh.NewCall(fnLatest, list), nil
	})
}

// hasMacro is CEL's has, which also takes the bare name of a field where bare names are in scope.
func hasMacro(bare *Shape) parser.Macro {
	return parser.NewGlobalMacro("has", 1, func(eh parser.ExprHelper, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		if a := args[0]; bare != nil && a.Kind() == ast.IdentKind {
			if _, ok := bare.index[a.AsIdent()]; ok {
				return eh.NewPresenceTest(eh.NewIdent(bareVar), a.AsIdent()), nil
			}
		}
		return parser.MakeHas(eh, target, args)
	})
}

// ParseSpan reads 18 months, 1 year, 5 working days, 30d, 7 days, 2w, month, year.
func ParseSpan(s string) (Span, error) {
	text := strings.ToLower(strings.Join(strings.Fields(s), " "))
	digits := strings.TrimLeft(text, "0123456789")
	n := 1
	if d := text[:len(text)-len(digits)]; d != "" {
		var err error
		if n, err = strconv.Atoi(d); err != nil || n > 100_000 {
			return Span{}, badSpan(s)
		}
	}
	unit, ok := spanUnits[strings.TrimSpace(digits)]
	if !ok {
		return Span{}, badSpan(s)
	}
	return Span{N: n * unit.N, Unit: unit.Unit}, nil
}

type badSpan string

func (b badSpan) Error() string {
	return strconv.Quote(string(b)) + " is no length of time such as 12 months, 30 days, 5 working days, 1 year"
}

var spanUnits = map[string]Span{
	"d": {1, "day"}, "day": {1, "day"}, "days": {1, "day"},
	"wd": {1, "workday"}, "workday": {1, "workday"}, "workdays": {1, "workday"}, "working day": {1, "workday"}, "working days": {1, "workday"},
	"w": {1, "week"}, "week": {1, "week"}, "weeks": {1, "week"},
	"m": {1, "month"}, "month": {1, "month"}, "months": {1, "month"}, "quarter": {3, "month"}, "quarters": {3, "month"},
	"half-year": {6, "month"}, "half-years": {6, "month"},
	"y": {1, "year"}, "year": {1, "year"}, "years": {1, "year"},
}
