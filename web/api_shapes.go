package web

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// The shapes of the JSON API. They are kept apart from the product's own types, so that these may move while the API stays.
// Those that are embedded in others have exported names: huma neither describes nor reads what stands in an unexported one.

func itoa(n int) string { return strconv.Itoa(n) }

// asPoints gives points as a number. Millionths below 2^53 survive the way through float64 and JSON unchanged.
func asPoints(p assess.Points) float64 { return float64(p) / assess.PointsScale }

type programmeJSON struct {
	Name      string      `json:"name"`
	Title     string      `json:"title"`
	Version   string      `json:"version"`
	VersionID string      `json:"version_id"`
	Hash      string      `json:"hash" doc:"SHA-256 over the programme's directory"`
	Parties   []namedJSON `json:"parties" doc:"In order; the last one decides"`
	Forms     []formJSON  `json:"forms"`
}

type namedJSON struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

type formJSON struct {
	Name   string      `json:"name"`
	Title  string      `json:"title"`
	By     []string    `json:"by" doc:"Parties or roles that file it; empty: every party"`
	Many   bool        `json:"many"`
	Fields []fieldJSON `json:"fields"`
}

type fieldJSON struct {
	Name     string      `json:"name"`
	Title    string      `json:"title"`
	Type     string      `json:"type"`
	Unit     string      `json:"unit,omitempty"`
	Required bool        `json:"required"`
	Options  []namedJSON `json:"options,omitempty"`
}

func asProgramme(r *bihuan.Running, l programme.Lang) programmeJSON {
	p := programmeJSON{Name: r.Name, Title: r.Title.In(l), Version: r.Version.Version, VersionID: r.Version.ID, Hash: r.Version.Hash}
	for _, x := range r.Parties {
		p.Parties = append(p.Parties, namedJSON{x.Name, x.Title.In(l)})
	}
	for _, x := range r.Forms {
		p.Forms = append(p.Forms, asForm(x, l))
	}
	return p
}

func asForm(x *programme.Form, l programme.Lang) formJSON {
	f := formJSON{Name: x.Name, Title: x.Title.In(l), By: x.By, Many: x.Many}
	for _, y := range x.Fields {
		field := fieldJSON{Name: y.Name, Title: y.Title.In(l), Type: y.Type, Unit: y.Unit.In(l), Required: y.Required}
		for _, o := range y.Of {
			field.Options = append(field.Options, namedJSON{o.Name, o.Title.In(l)})
		}
		f.Fields = append(f.Fields, field)
	}
	return f
}

type SubjectJSON struct {
	ID        string    `json:"id"`
	Programme string    `json:"programme"`
	Key       string    `json:"key"`
	Name      string    `json:"name"`
	Unit      string    `json:"unit"`
	UnitName  string    `json:"unit_name"`
	Enrolled  time.Time `json:"enrolled_at"`
}

func asSubject(s bihuan.Subject) SubjectJSON {
	return SubjectJSON{s.ID, s.Programme, s.Key, s.Name, s.Unit, s.UnitName, s.EnrolledAt}
}

type subjectRowJSON struct {
	SubjectJSON
	Scored  bool               `json:"scored"`
	Totals  map[string]float64 `json:"totals" doc:"By party"`
	Grade   string             `json:"grade"`
	Rank    int                `json:"rank"`
	Decided string             `json:"decided" doc:"The grade last decided"`
}

func asSubjectRow(s bihuan.SubjectRow) subjectRowJSON {
	row := subjectRowJSON{SubjectJSON: asSubject(s.Subject), Scored: s.Scored, Totals: map[string]float64{}, Grade: s.Grade, Rank: s.Rank, Decided: s.Decided}
	for party, p := range s.Totals {
		row.Totals[party] = asPoints(p)
	}
	return row
}

type scoreJSON struct {
	Party   string       `json:"party"`
	AsOf    dayJSON      `json:"as_of"`
	Scored  bool         `json:"scored"`
	Total   *float64     `json:"total" doc:"null when a gate was not passed or the subject is excluded"`
	Most    float64      `json:"most"`
	Grade   string       `json:"grade"`
	Vetoes  []vetoJSON   `json:"vetoes"`
	Clauses []clauseJSON `json:"clauses"`
}

type vetoJSON struct {
	Veto   string `json:"veto"`
	Title  string `json:"title"`
	Effect string `json:"effect"`
	State  string `json:"state" enum:"in_force,repaired,undecided"`
	Why    string `json:"why"`
}

type clauseJSON struct {
	Clause  string      `json:"clause"`
	Status  string      `json:"status" enum:"missing,met,partly,unmet,not_applicable,pending"`
	Points  float64     `json:"points"`
	Most    float64     `json:"most"`
	Measure *exactJSON  `json:"measure,omitempty"`
	Rule    string      `json:"rule"`
	Why     string      `json:"why"`
	Steps   []stepJSON  `json:"steps,omitempty"`
	Inputs  []inputJSON `json:"inputs,omitempty"`
	Lacks   []lackJSON  `json:"lacks,omitempty"`
}

type stepJSON struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

type inputJSON struct {
	Form     string   `json:"form"`
	Field    string   `json:"field,omitempty"`
	Title    string   `json:"title"`
	Value    string   `json:"value"`
	Evidence []string `json:"evidence" doc:"IDs"`
	On       string   `json:"on,omitempty"`
	By       string   `json:"by,omitempty"`
}

type lackJSON struct {
	Form   string `json:"form"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
}

func asScore(s assess.Score, l programme.Lang) scoreJSON {
	out := scoreJSON{Party: s.Party, AsOf: dayJSON{s.AsOf}, Scored: s.Scored, Most: asPoints(s.Most), Grade: s.Grade, Vetoes: []vetoJSON{}}
	if s.Scored {
		total := asPoints(s.Total)
		out.Total = &total
	}
	for _, x := range s.Struck {
		out.Vetoes = append(out.Vetoes, vetoJSON{x.Veto, x.Title.In(l), x.Effect, x.State, x.Why.In(l)})
	}
	for _, c := range s.Clauses {
		j := clauseJSON{Clause: c.Clause, Status: c.Status.String(), Points: asPoints(c.Points), Most: asPoints(c.Most), Rule: c.Rule.In(l), Why: c.Why.In(l)}
		if c.Measure != nil {
			j.Measure = &exactJSON{*c.Measure}
		}
		for _, x := range c.Steps {
			j.Steps = append(j.Steps, stepJSON{x.Text.In(l), x.Value.In(l)})
		}
		for _, x := range c.Inputs {
			in := inputJSON{Form: x.Form, Field: x.Field, Title: x.Title.In(l), Value: x.Value.In(l), Evidence: x.Evidence, By: x.By}
			if x.On != 0 {
				in.On = x.On.String()
			}
			j.Inputs = append(j.Inputs, in)
		}
		for _, x := range c.Lacks {
			j.Lacks = append(j.Lacks, lackJSON{x.Form, x.Field, x.Reason.In(l)})
		}
		out.Clauses = append(out.Clauses, j)
	}
	return out
}

type evidenceJSON struct {
	ID           string          `json:"id"`
	Seq          int64           `json:"seq" doc:"Its place in the programme's order of evidence"`
	Subject      string          `json:"subject"`
	Form         string          `json:"form"`
	On           dayJSON         `json:"on" doc:"The day it is true"`
	Recorded     time.Time       `json:"recorded_at"`
	By           string          `json:"by" doc:"The party or role that filed it"`
	Account      string          `json:"account"`
	Values       json.RawMessage `json:"values"`
	Supersedes   string          `json:"supersedes,omitempty"`
	SupersededBy string          `json:"superseded_by,omitempty"`
	Withdrawn    *withdrawnJSON  `json:"withdrawn,omitempty"`
	Files        []fileJSON      `json:"files,omitempty"`
}

type withdrawnJSON struct {
	At      time.Time `json:"at"`
	Account string    `json:"account"`
	Reason  string    `json:"reason"`
}

type fileJSON struct {
	Field  string `json:"field"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Media  string `json:"media"`
	Size   int64  `json:"size"`
}

func asEvidence(e bihuan.Evidence) evidenceJSON {
	out := evidenceJSON{ID: e.ID, Seq: e.Seq, Subject: e.Subject, Form: e.Form, On: dayJSON{e.On}, Recorded: e.Recorded, By: e.By, Account: e.AccountName,
		Values: json.RawMessage(e.Values.JSON()), Supersedes: e.Supersedes, SupersededBy: e.SupersededBy}
	if w := e.Withdrawn; w != nil {
		out.Withdrawn = &withdrawnJSON{w.At, w.AccountName, w.Reason}
	}
	for _, a := range e.Attachments {
		out.Files = append(out.Files, fileJSON{a.Field, a.Name, a.SHA256, a.Media, a.Size})
	}
	return out
}

type importedJSON struct {
	Rows      int           `json:"rows"`
	Stored    int           `json:"stored"`
	Unchanged int           `json:"unchanged"`
	Refused   []refusedJSON `json:"refused,omitempty" doc:"Only with good_rows_only; else a bad row refuses the whole"`
}

type refusedJSON struct {
	Row     int    `json:"row" doc:"Counted from 1"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

func asImported(i bihuan.Imported, l programme.Lang) *importedJSON {
	out := &importedJSON{Rows: i.Rows, Stored: i.Stored, Unchanged: i.Unchanged}
	for _, e := range i.Errors {
		out.Refused = append(out.Refused, refusedJSON{e.Row, e.Field, e.Text.In(l)})
	}
	return out
}

// exactJSON is a decimal as a JSON number, with every digit it has.
type exactJSON struct{ programme.Decimal }

// Schema tells the OpenAPI description that it is a number.
func (exactJSON) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeNumber} }

// dayJSON is a day as 2021-01-20.
type dayJSON struct{ programme.Day }

// Schema tells the OpenAPI description that it is a date.
func (dayJSON) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date"}
}
