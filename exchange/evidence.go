package exchange

import (
	"io"

	"bihuan.dev/bihuan/programme"
)

// Filing is one filled form as a file says it, unchecked. What a subject is (`fields` in JSON Lines) is a filing of
// programme.SubjectForm.
type Filing struct {
	Row     int
	Subject string // the business key
	Unit    string // where it belongs; only said with what the subject is
	Form    string
	On      programme.Day // 0: not said
	By      string        // party or role; empty: not said
	Filer   string        // which of several assessors; empty: not said
	Values  map[string]any
}

// ReadEvidence reads filed forms. In a table every row is a subject, and its cells under `form.field` — by name or title,
// or the bare field where only one form has it — are one filing of each form that has any. `on` and `by` hold for the whole
// row, `form.on` for one form.
func ReadEvidence(r io.Reader, format Format, p *programme.Programme) (*File[Filing], error) {
	if format == JSONLines {
		return readEvidenceLines(r, p)
	}
	t, err := ReadTable(r, format)
	if err != nil {
		return nil, err
	}
	f := &File[Filing]{Table: t}
	forms := formsOf(p)
	at, errs := t.match(evidenceColumns(p, forms))
	if f.Errors = errs; errs != nil {
		return f, nil
	}
	who := whoMayFile(p)
	for _, row := range t.Rows {
		mistakes := len(f.Errors)
		filings := filingsOf(f, row, at, forms, who)
		if len(f.Errors) == mistakes {
			f.Records = append(f.Records, filings...)
		}
	}
	return f, nil
}

func filingsOf(f *File[Filing], row Row, at map[string]int, forms []*programme.Form, who map[string]string) []Filing {
	whole := Filing{Row: row.Number, Subject: row.Cell(at["subject"])}
	if whole.Subject == "" {
		f.wrong(row.Number, f.Table.Header[at["subject"]], "没有写明评价对象", "it does not say which subject")
	}
	if i, ok := at["unit"]; ok {
		whole.Unit = row.Cell(i)
	}
	if i, ok := at["on"]; ok {
		whole.On = f.day(row, i)
	}
	if i, ok := at["by"]; ok && row.Cell(i) != "" {
		if whole.By = who[plain(row.Cell(i))]; whole.By == "" {
			f.wrong(row.Number, f.Table.Header[i], "没有“{0}”这一评价方或角色", "there is no party or role {0}", row.Cell(i))
		}
	}
	var filings []Filing
	for _, form := range forms {
		one := whole
		one.Form, one.Values = form.Name, map[string]any{}
		for _, x := range form.Fields {
			if i, ok := at[form.Name+"."+x.Name]; ok && row.Cell(i) != "" {
				one.Values[x.Name] = cell(x, row.Cell(i))
			}
		}
		if i, ok := at[form.Name+".on"]; ok && row.Cell(i) != "" {
			one.On = f.day(row, i)
		}
		if len(one.Values) > 0 || form.Name == programme.SubjectForm && whole.Unit != "" {
			filings = append(filings, one)
		}
	}
	return filings
}

// formsOf lists the forms that a file may fill in: what a subject is, the programme's own, of ballots the figures, and judgements.
func formsOf(p *programme.Programme) []*programme.Form {
	var forms []*programme.Form
	if form, ok := p.Form(programme.SubjectForm); ok {
		forms = append(forms, form)
	}
	for _, form := range p.Forms {
		if form.Ballot {
			form = form.Figures()
		}
		forms = append(forms, form)
	}
	if form, ok := p.Form(programme.JudgementForm); ok {
		forms = append(forms, form)
	}
	return forms
}

// evidenceColumns are all names that a column may have. A bare field name or title serves where one form alone has it.
func evidenceColumns(p *programme.Programme, forms []*programme.Form) []column {
	key := column{"subject", []string{"评价对象", p.Subject.Title.Zh, p.Subject.Title.En}, true}
	for _, x := range p.Subject.Fields {
		if x.Name == p.Subject.Key {
			key.called = append(key.called, x.Name, x.Title.Zh, x.Title.En)
		}
	}
	columns := []column{
		key,
		{"unit", []string{"所属单位", "所属单位代码"}, false},
		{"on", []string{"日期", "填报日期"}, false},
		{"by", []string{"评价方", "填报方", "填报人"}, false},
	}
	bare := map[string]int{}
	for _, form := range forms {
		for _, x := range form.Fields {
			own := map[string]bool{}
			for _, called := range []string{x.Name, x.Title.Zh, x.Title.En} {
				if key := plain(called); !own[key] {
					own[key] = true
					bare[key]++
				}
			}
		}
	}
	for _, form := range forms {
		names := []string{form.Name, form.Title.Zh, form.Title.En}
		for _, x := range form.Fields {
			c := column{name: form.Name + "." + x.Name}
			for _, of := range names {
				for _, field := range []string{x.Name, x.Title.Zh, x.Title.En} {
					if of != "" && field != "" {
						c.called = append(c.called, of+"."+field)
					}
				}
			}
			for _, field := range []string{x.Name, x.Title.Zh, x.Title.En} {
				if bare[plain(field)] == 1 {
					c.called = append(c.called, field)
				}
			}
			columns = append(columns, c)
		}
		if _, taken := form.Field("on"); !taken {
			on := column{name: form.Name + ".on"}
			for _, of := range names[1:] {
				if of != "" {
					on.called = append(on.called, of+".日期", of+".on")
				}
			}
			columns = append(columns, on)
		}
	}
	return columns
}

// whoMayFile finds parties and roles by name or title.
func whoMayFile(p *programme.Programme) map[string]string {
	who := map[string]string{}
	enter := func(name string, title programme.Text) {
		for _, called := range []string{name, title.Zh, title.En} {
			if key := plain(called); key != "" && who[key] == "" {
				who[key] = name
			}
		}
	}
	for _, x := range p.Parties {
		enter(x.Name, x.Title)
	}
	for _, x := range p.Roles {
		enter(x.Name, x.Title)
	}
	return who
}
