package assess

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"bihuan.dev/bihuan/programme"
)

// Figure is what an indicator finds of one subject.
type Figure struct {
	Meant  bool              // the indicator's condition holds
	Known  bool              // and the facts are there: it counts
	Value  programme.Decimal // of a ratio: what stands above the line; of a count: 1
	Over   programme.Decimal // of a ratio: what stands below the line
	Groups []string          // the options of the choices that the indicator is told by, in their order; "": not filled in
}

// Figures computes an indicator for everybody, by row of the population.
func (pr *Program) Figures(pop *Population, o Options, x *programme.Indicator) []Figure {
	batches := pop.columns(o.AsOf, pr.last(o.Party))
	out := make([]Figure, len(pop.rows))
	choices := pr.choicesOf(x)
	pr.parallel(len(batches), func(_ *machine, k int) {
		fr := newFrame(batches[k])
		for i := range fr.rows {
			fr.row = i
			f := figureOf(x, fr)
			for _, c := range choices {
				word, _ := fr.forms[c.form].columns[c.field].get(i).(types.String)
				f.Groups = append(f.Groups, string(word))
			}
			out[k*batchRows+i] = f
		}
	})
	return out
}

func figureOf(x *programme.Indicator, fr *frame) (f Figure) {
	if x.Where != nil {
		if ok, err := x.Where.Bool(fr); err != nil || !ok {
			return f
		}
	}
	f.Meant = true
	switch {
	case x.Function == "count":
		f.Value = programme.DecimalOf(1)
		if f.Known = x.Value == nil; !f.Known {
			v, err := x.Value.Eval(fr)
			is, condition := v.(types.Bool)
			f.Known = err == nil && (!condition || bool(is))
		}
	default:
		var err error
		if f.Value, err = x.Value.Number(fr); err == nil && x.Over != nil {
			f.Over, err = x.Over.Number(fr)
		}
		f.Known = err == nil
	}
	return f
}

// ratioDecimals are those of a ratio, a mean or a median.
const ratioDecimals = 6

// Sum puts the figures of several subjects together as the indicator says. It is not known when nobody counts, or a ratio has nothing
// below its line; a count is always known.
func Sum(x *programme.Indicator, list []Figure) (total programme.Decimal, known bool) {
	var over programme.Decimal
	var values []programme.Decimal
	for _, f := range list {
		if f.Known {
			total, over = total.Add(f.Value), over.Add(f.Over)
			values = append(values, f.Value)
		}
	}
	n := programme.DecimalOf(int64(len(values)))
	switch x.Function {
	case "count":
		return total, true
	case "ratio":
		if over.IsZero() {
			return programme.Decimal{}, false
		}
		return total.QuoRound(over, ratioDecimals), true
	}
	if len(values) == 0 {
		return total, false
	}
	switch x.Function {
	case "mean":
		total = total.QuoRound(n, ratioDecimals)
	case "median":
		slices.SortFunc(values, programme.Decimal.Cmp)
		half := len(values) / 2
		total = values[half]
		if len(values)%2 == 0 {
			total = total.Add(values[half-1]).QuoRound(programme.DecimalOf(2), ratioDecimals)
		}
	case "min":
		total = slices.MinFunc(values, programme.Decimal.Cmp)
	case "max":
		total = slices.MaxFunc(values, programme.Decimal.Cmp)
	}
	return total, true
}

// ChoicesOf gives the fields that an indicator is told by, in the order of Figure.Groups.
func (pr *Program) ChoicesOf(x *programme.Indicator) []*programme.Field {
	var out []*programme.Field
	for _, c := range pr.choicesOf(x) {
		out = append(out, pr.forms[c.form].shape.Field(c.field))
	}
	return out
}

// choice is a field that an indicator is told by.
type choice struct{ form, field int }

// choicesOf finds the choices that an indicator is told by; the other words of by are units and periods. A form with several records a
// subject has no one choice.
func (pr *Program) choicesOf(x *programme.Indicator) []choice {
	var out []choice
	for _, by := range x.By {
		form, field, ok := strings.Cut(by, ".")
		i, known := pr.byForm[form]
		if !ok || !known || pr.forms[i].kind == many || pr.forms[i].kind == ballot {
			continue
		}
		if j, ok := pr.forms[i].shape.Index(field); ok {
			out = append(out, choice{i, j})
		}
	}
	return out
}
