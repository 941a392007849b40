package web

import (
	"slices"

	"github.com/a-h/templ"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// grouped tells whether a field is entered by several controls, which then stand in a fieldset.
func grouped(f *programme.Field) bool {
	switch f.Type {
	case programme.Bool, programme.Choices, programme.Photo, programme.File:
		return true
	case programme.Choice:
		return len(f.Of) <= 7
	}
	return false
}

// draftKept tells the script where the draft of a form is kept, and where it asks which fields matter.
func draftKept(run *bihuan.Running, sub bihuan.Subject, form *programme.Form) templ.Attributes {
	page := subjectURL(run.Name, sub.ID)
	return templ.Attributes{"data-draft": sub.ID + "/" + form.Name, "data-draft-to": page + "/draft/" + form.Name, "data-shape": page + "/shape/" + form.Name}
}

// off marks a field that does not matter for the answers so far. Only scripts hide it: without them a hidden field could
// never be filled in, and what does not matter is dropped when the form is filed.
func off(hidden bool) templ.Attributes {
	if hidden {
		return templ.Attributes{"data-off": true}
	}
	return nil
}

// describe ties a control to its help and its mistake.
func describe(f filingField) templ.Attributes {
	a := templ.Attributes{}
	by := ""
	if !f.Help.Empty() || f.Type == programme.Money {
		by = "help-" + f.Name
	}
	if !f.Error.Empty() {
		a["aria-invalid"] = "true"
		if by != "" {
			by += " "
		}
		by += "err-" + f.Name
	}
	if by != "" {
		a["aria-describedby"] = by
	}
	if f.Required {
		a["aria-required"] = "true"
	}
	return a
}

// keyboard is the kind of keys a phone should show for a number.
func keyboard(f *programme.Field) string {
	switch {
	case f.Min == nil || f.Min.Sign() < 0:
		return "text" // number keys have no minus sign on many phones
	case f.Type == programme.Int:
		return "numeric"
	case f.Type == programme.Money:
		return "text" // 万 and 亿 may be typed
	}
	return "decimal"
}

// unitOf is the unit shown behind a number.
func unitOf(v view, f *programme.Field) string {
	if f.Type == programme.Money {
		return v.T("元", "yuan")
	}
	return f.Unit.In(v.Lang)
}

func optionTitle(v view, o programme.Option) string {
	if o.Title.Empty() {
		return o.Name
	}
	return v.In(o.Title)
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

func openIf(open bool) templ.Attributes {
	if open {
		return templ.Attributes{"open": true}
	}
	return nil
}
