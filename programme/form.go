package programme

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// About is what a form's conditions may look at besides the form itself: the day, and what the subject is.
type About struct {
	AsOf    Day
	Subject Values
}

// Form finds a form by name, the built-in forms "subject" and "judgement" included.
func (p *Programme) Form(name string) (*Form, bool) {
	for _, f := range p.Forms {
		if f.Name == name {
			return f, true
		}
	}
	switch name {
	case SubjectForm:
		return &Form{Name: SubjectForm, Title: p.Subject.Title, Fields: p.Subject.Fields}, true
	case JudgementForm:
		return judgementForm, true
	}
	return nil, false
}

var judgementForm = &Form{Name: JudgementForm, Title: T("评定", "Judgement"), Many: true, Fields: []*Field{
	{Name: "clause", Type: TextType, Title: T("条款", "Clause"), Required: true},
	{Name: "level", Type: TextType, Title: T("档次", "Level")},
	{Name: "points", Type: Number, Decimals: 6, Title: T("得分", "Points")},
	{Name: "reason", Type: TextType, Title: T("理由", "Reason")},
}}

// Field finds a field of the form by name.
func (f *Form) Field(name string) (*Field, bool) {
	for _, x := range f.Fields {
		if x.Name == name {
			return x, true
		}
	}
	return nil, false
}

// Fill checks what somebody filled in, given as JSON values or as texts (web form, table), and gives the typed values.
// The values that are right come back even when others are not; a field that is not shown is dropped. At most one mistake is
// told for each field, in the order of the form; unknown fields come last.
//
// Conditions (check, show_when) may look at the subject and at as_of; without about they find both missing, and a check
// that lacks something passes.
func (f *Form) Fill(p *Programme, raw map[string]any, about ...About) (Values, []FieldError) {
	values := Values{}
	wrong := map[string]Text{}
	for _, x := range f.Fields {
		v, err := x.read(raw[x.Name])
		switch {
		case err != nil:
			wrong[x.Name] = textOf(err)
		case v != nil:
			values[x.Name] = v
		}
	}
	shown := f.Shown(p, values, about...)
	for _, x := range f.Fields {
		if !shown[x.Name] {
			delete(values, x.Name)
			delete(wrong, x.Name)
		}
	}
	row := RowOf(p, f, values, one(about))
	var out []FieldError
	for _, x := range f.Fields {
		message, bad := wrong[x.Name]
		_, filled := values[x.Name]
		switch {
		case bad, !shown[x.Name]:
		case !filled && x.Required:
			message, bad = T("必填", "this is required"), true
		case filled && x.Check.Checked():
			message, bad = x.violated(row)
		}
		if bad {
			out = append(out, FieldError{x.Name, message})
		}
	}
	return values, append(out, f.unknown(raw)...)
}

func one(about []About) About {
	if len(about) > 0 {
		return about[0]
	}
	return About{}
}

// violated evaluates a field's check. What the check lacks does not count against the field.
func (x *Field) violated(row Row) (Text, bool) {
	ok, err := x.Check.Bool(row)
	var lack *MissingError
	switch {
	case errors.As(err, &lack):
		return Text{}, false
	case err != nil:
		return T("无法核对：{0}", "this cannot be checked: {0}").Fill(textOf(err)), true
	case ok:
		return Text{}, false
	case x.Else.Empty():
		return T("不符合要求：{0}", "this does not fit: {0}").Fill(x.Check.Words(nil)), true
	}
	return x.Else, true
}

func (f *Form) unknown(raw map[string]any) []FieldError {
	var out []FieldError
	var names []string
	for _, x := range f.Fields {
		names = append(names, x.Name)
	}
	for name, v := range raw {
		if slices.Contains(names, name) || v == nil || v == "" {
			continue
		}
		out = append(out, FieldError{name, T("表单 {0} 没有字段“{1}”；{2}", "form {0} has no field {1}; {2}").
			Fill(f.Name, name, meant(name, T("可用的字段", "the fields"), names))})
	}
	slices.SortFunc(out, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
	return out
}

// Shown tells which fields are to be shown, given the values so far. A condition that lacks something hides its field, and
// a hidden field counts as empty for those that depend on it.
func (f *Form) Shown(p *Programme, v Values, about ...About) map[string]bool {
	shown := map[string]bool{}
	conditions := false
	for _, x := range f.Fields {
		shown[x.Name] = true
		conditions = conditions || x.ShowWhen.Checked()
	}
	if !conditions {
		return shown
	}
	for range f.Fields {
		seen := Values{}
		for k, val := range v {
			if shown[k] {
				seen[k] = val
			}
		}
		row, changed := RowOf(p, f, seen, one(about)), false
		for _, x := range f.Fields {
			if !x.ShowWhen.Checked() {
				continue
			}
			ok, err := x.ShowWhen.Bool(row)
			if now := ok && err == nil; now != shown[x.Name] {
				shown[x.Name], changed = now, true
			}
		}
		if !changed {
			break
		}
	}
	return shown
}

// userError is an error with a text in both languages.
type userError struct{ text Text }

func (e userError) Error() string { return e.text.In(En) }

func sayErr(zh, en string, args ...any) error { return userError{T(zh, en).Fill(args...)} }

// textOf gives the text of an error for people.
func textOf(err error) Text {
	var u userError
	var c *ComputeError
	var m *MissingError
	switch {
	case errors.As(err, &u):
		return u.text
	case errors.As(err, &c):
		return c.Reason
	case errors.As(err, &m) && !m.Reason.Empty():
		return m.Reason
	}
	return T(err.Error(), err.Error())
}

// Option finds an option by name or by title in either language.
func (x *Field) Option(s string) (string, bool) {
	for _, o := range x.Of {
		if o.Name == s {
			return o.Name, true
		}
	}
	for _, o := range x.Of {
		if o.Title.Zh == s || o.Title.En != "" && strings.EqualFold(o.Title.En, s) {
			return o.Name, true
		}
	}
	return "", false
}

func (x *Field) noOption(s string) error {
	var zh, en, all []string // by title, as people fill them in; names where there is none
	for _, o := range x.Of {
		zh, en = append(zh, cmp.Or(o.Title.In(Zh), o.Name)), append(en, cmp.Or(o.Title.In(En), o.Name))
		all = append(all, o.Name, o.Title.Zh, o.Title.En)
	}
	return sayErr("“{0}”不是选项；{1}", "“{0}” is no option; {1}", s,
		nearestOr(s, all, T("选项有：{0}", "the options are: {0}").Fill(T(listed(zh), listed(en)))))
}

// HoldsAttachments reports whether the field holds photos or files.
func (x *Field) HoldsAttachments() bool { return x.Type == Photo || x.Type == File }
