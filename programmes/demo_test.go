package programmes

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io/fs"
	"slices"
	"testing"

	"bihuan.dev/bihuan/programme"
)

// A line of demo/evidence.jsonl.
type line struct {
	Subject, Form, By string
	On                programme.Day
	Values, Fields    map[string]any
}

// demoLines gives the demo evidence of a programme, with what each line comes to as typed values.
func demoLines(t *testing.T, p *programme.Programme, each func(line, programme.Values)) {
	t.Helper()
	b, err := fs.ReadFile(FS, p.Name+"/demo/evidence.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	in := json.NewDecoder(bytes.NewReader(b))
	in.UseNumber()
	in.DisallowUnknownFields()
	about := map[string]programme.Values{}
	for n := 1; in.More(); n++ {
		var l line
		if err := in.Decode(&l); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		if l.Fields != nil {
			l.Form, l.Values = programme.SubjectForm, l.Fields
		}
		form, ok := p.Form(l.Form)
		if !ok {
			t.Fatalf("line %d: no form %q", n, l.Form)
		}
		values, wrong := form.Fill(p, l.Values, programme.About{AsOf: l.On, Subject: about[l.Subject]})
		if form.Ballot {
			values, wrong = form.FillFigures(p, l.Values)
		}
		if l.Form != programme.SubjectForm && len(form.By) > 0 && !slices.Contains(form.By, l.By) {
			t.Errorf("line %d: %s is not filed by %q", n, l.Form, l.By)
		}
		for _, e := range wrong {
			t.Errorf("line %d: %s.%s: %s", n, l.Form, e.Field, e.Message.En)
		}
		if l.Form == programme.SubjectForm {
			about[l.Subject] = values
			if key, _ := form.Field(p.Subject.Key); key.Type == programme.CreditCode && !programme.CheckCreditCode(l.Subject) {
				t.Errorf("line %d: %s has wrong check characters", n, l.Subject)
			}
		}
		for _, f := range form.Fields {
			if day, ok := values[f.Name].(programme.Day); ok && f.Is == "date" && day != l.On {
				t.Errorf("line %d: on %s, but %s is %s", n, l.On, f.Name, day)
			}
		}
		each(l, values)
	}
}

// table reads a CSV file of the demo and gives its rows by the name of the column.
func table(t *testing.T, name string) []map[string]string {
	t.Helper()
	b, err := fs.ReadFile(FS, name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}

// Every enterprise of the demo lies in a unit that exists and says what its evidence says.
func TestDemoEnterprises(t *testing.T) {
	units := map[string]bool{}
	for _, u := range table(t, "union/demo/units.csv") {
		units[u["code"]] = true
	}
	rows := map[string]map[string]string{}
	for _, e := range table(t, "union/demo/enterprises.csv") {
		if !units[e["unit"]] {
			t.Errorf("%s: no unit %s", e["enterprise"], e["unit"])
		}
		rows[e["credit_code"]] = e
	}
	seen := map[string]bool{}
	demoLines(t, one(t, "union"), func(l line, v programme.Values) {
		seen[l.Subject] = true
		if l.Form == programme.SubjectForm && rows[l.Subject]["enterprise"] != v["enterprise"] {
			t.Errorf("%s is called %v here and %s there", l.Subject, v["enterprise"], rows[l.Subject]["enterprise"])
		}
	})
	if len(seen) != len(rows) {
		t.Errorf("evidence of %d enterprises, %d are listed", len(seen), len(rows))
	}
}
