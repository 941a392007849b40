package programme

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// JSON writes the values canonically: keys sorted, decimals as exact JSON numbers, days as 2021-01-20.
func (v Values) JSON() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any(v)); err != nil {
		panic(fmt.Errorf("programme: values to JSON: %w", err)) // values of other types than Values allows
	}
	return bytes.TrimSpace(b.Bytes())
}

// ParseJSON reads a document that Values.JSON wrote. Fields that the form no longer has are left out; a value of the wrong
// type is an error.
func (f *Form) ParseJSON(doc []byte) (Values, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var raw map[string]any
	if err := dec.Decode(&raw); err != nil {
		return nil, fmt.Errorf("values of form %s: %w", f.Name, err)
	}
	out := Values{}
	for _, x := range f.Fields {
		r, ok := raw[x.Name]
		if !ok || r == nil {
			continue
		}
		v, err := x.stored(r)
		if err != nil {
			return nil, fmt.Errorf("values of form %s: field %s: %w", f.Name, x.Name, err)
		}
		if v != nil {
			out[x.Name] = v
		}
	}
	return out, nil
}

// stored reads a stored value, without the limits that a later version of the form may have set.
func (x *Field) stored(raw any) (any, error) {
	free := *x
	free.Min, free.Max, free.Most, free.Decimals = nil, nil, 1_000_000, maxDigits/2
	switch x.Type {
	case Choice:
		if s, ok := raw.(string); ok {
			return s, nil
		}
	case Choices, Photo, File:
		free.Type = Photo
	case TextType, Place, Phone, CreditCode:
		if s, ok := raw.(string); ok {
			return s, nil
		}
	case Number:
		if n, ok := raw.(json.Number); ok {
			return ParseDecimal(n.String())
		}
	}
	return free.read(raw)
}

// Show writes a value of the field for a person: 元/万元/亿元, units, option titles, 2021年1月20日.
func (x *Field) Show(v any, lang Lang) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		return map[bool]Text{true: T("是", "yes"), false: T("否", "no")}[v].In(lang)
	case Day:
		if lang == Zh {
			return v.Time().Format("2006年1月2日")
		}
		return v.Time().Format("2 Jan 2006")
	case int64:
		return x.withUnit(DecimalOf(v), lang)
	case Decimal:
		return x.withUnit(v, lang)
	case float64:
		return x.withUnit(DecimalFromFloat(v), lang)
	case string:
		if x.Type == Choice || x.Type == Choices {
			return OptionTitle(x, v).In(lang)
		}
		return v
	case []string:
		if x.HoldsAttachments() {
			return T("{0} 个附件", "{0} attached").Fill(len(v)).In(lang)
		}
		items := slices.Clone(v)
		for i, s := range items {
			items[i] = OptionTitle(x, s).In(lang)
		}
		return strings.Join(items, T("、", ", ").In(lang))
	}
	return fmt.Sprint(v)
}

func (x *Field) withUnit(d Decimal, lang Lang) string {
	switch {
	case x.Type == Money:
		return ShowMoney(d, lang)
	case x.Unit.In(lang) == "%":
		return d.String() + "%"
	case !x.Unit.Empty():
		return d.String() + " " + x.Unit.In(lang)
	}
	return d.String()
}

// ShowMoney writes an amount in yuan: in Chinese in the largest of 亿元, 万元 and 元 that needs at most four decimals.
func ShowMoney(d Decimal, lang Lang) string {
	if lang == En {
		return "¥" + grouped(d)
	}
	size := d
	if d.Sign() < 0 {
		size = d.Neg()
	}
	for _, u := range []struct {
		zeros int
		name  string
	}{{8, " 亿元"}, {4, " 万元"}} {
		if unit := NewDecimal(1, -u.zeros); size.Cmp(unit) >= 0 {
			if n := d.Mul(NewDecimal(1, u.zeros)); n.Scale() <= 4 {
				return n.String() + u.name
			}
		}
	}
	return d.String() + " 元"
}

// grouped writes a number with commas between the thousands.
func grouped(d Decimal) string {
	whole, frac, _ := strings.Cut(d.String(), ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if frac != "" {
		whole += "." + frac
	}
	return sign + whole
}
