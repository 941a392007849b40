package programme

import (
	"errors"
	"slices"
)

// Figures gives the form of a ballot's figures: how many were invited, how many took part, and for every option how many chose
// it. A vote is never filed; the figures of the whole ballot are. Without the options they say how many took part and no more, as
// when too few did: count and share are then missing in rules.
func (f *Form) Figures() *Form {
	out := &Form{Name: f.Name, Title: f.Title, Help: f.Help, By: f.By, Ballot: true, Every: f.Every, Valid: f.Valid}
	people, zero := T("人", "people"), NewDecimal(0, 0)
	add := func(name string, title Text, required bool) {
		if _, known := out.Field(name); !known {
			out.Fields = append(out.Fields, &Field{Name: name, Type: Int, Unit: people, Title: title, Min: &zero, Required: required})
		}
	}
	add("invited", T("应参评", "Invited"), true)
	add("cast", T("参评", "Took part"), true)
	for _, x := range f.Fields {
		for _, o := range x.Of {
			add(o.Name, OptionTitle(x, o.Name), false)
		}
	}
	return out
}

// FillFigures reads the figures of a ballot, as Fill reads what is filled in, and refuses those that no ballot can have.
func (f *Form) FillFigures(p *Programme, raw map[string]any) (Values, []FieldError) {
	values, wrong := f.Figures().Fill(p, raw)
	if len(wrong) > 0 {
		return values, wrong
	}
	fig := Figures{Count: map[string]int64{}}
	for name, v := range values {
		switch n, _ := v.(int64); name {
		case "invited":
			fig.Invited = n
		case "cast":
			fig.Cast = n
		default:
			fig.Count[name] = n
		}
	}
	var refusal *Refusal
	if err := fig.check(f); errors.As(err, &refusal) {
		wrong = append(wrong, FieldError{"cast", refusal.Text})
	}
	return values, wrong
}

// Values writes figures as evidence of a ballot holds them; without the options when told is false.
func (f Figures) Values(told bool) Values {
	v := Values{"invited": f.Invited, "cast": f.Cast}
	if told {
		for o, n := range f.Count {
			v[o] = n
		}
	}
	return v
}

// Tells reports whether figures tell what single voters said: fewer than least took part; or fewer than twice as many, of whom all
// but one chose the same, so that everybody in the room would know who the one is.
func (f Figures) Tells(form *Form, least int64) bool {
	if f.Cast < least {
		return true
	}
	return f.Cast < 2*least && slices.ContainsFunc(form.Fields, func(x *Field) bool {
		return slices.ContainsFunc(x.Of, func(o Option) bool { return f.Count[o.Name] == f.Cast-1 })
	})
}
