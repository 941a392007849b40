package programme

// About is what a form's checks may look at besides the form itself: the day, and what the subject is.
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
		return &Form{Name: JudgementForm, Title: T("评定", "Judgement"), Many: true, Fields: []*Field{
			{Name: "clause", Type: TextType, Title: T("条款", "Clause"), Required: true},
			{Name: "level", Type: TextType, Title: T("档次", "Level")},
			{Name: "points", Type: Number, Decimals: 6, Title: T("得分", "Points")},
			{Name: "reason", Type: TextType, Title: T("理由", "Reason")},
		}}, true
	}
	return nil, false
}

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
// The values that are right come back even when others are not.
func (f *Form) Fill(p *Programme, raw map[string]any, about ...About) (Values, []FieldError) {
	return Values{}, nil
}

// Shown tells which fields are shown, given the values so far.
func (f *Form) Shown(v Values, about ...About) map[string]bool { return nil }

// JSON writes the values canonically: keys sorted, decimals as exact JSON numbers, days as 2021-01-20.
func (v Values) JSON() []byte { return nil }

// ParseJSON reads a document that Values.JSON wrote.
func (f *Form) ParseJSON(doc []byte) (Values, error) { return nil, nil }

// Show writes a value of the field for a person: 元/万元/亿元, units, option titles, 2021年1月20日.
func (f *Field) Show(v any, lang Lang) string { return "" }
