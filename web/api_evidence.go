package web

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"bihuan.dev/bihuan"
)

// FilingJSON is a filled form on its way in.
type FilingJSON struct {
	Form       string         `json:"form"`
	On         string         `json:"on,omitempty" doc:"The day it is true; default: the form's own date field, else today"`
	By         string         `json:"by,omitempty" doc:"The party or role that files; default: the one your grants give"`
	Values     map[string]any `json:"values"`
	Supersedes string         `json:"supersedes,omitempty" doc:"ID of the evidence that this corrects"`
}

// filingOfJSON is a filled form with the subject that it is of.
type filingOfJSON struct {
	Subject string `json:"subject" doc:"Its key or ID"`
	FilingJSON
}

func (j FilingJSON) filing(subject string) (bihuan.Filing, error) {
	on, err := dayIn(j.On, "on")
	return bihuan.Filing{Subject: subject, Form: j.Form, On: on, By: j.By, Values: exact(j.Values), Supersedes: j.Supersedes}, err
}

// exact writes back numbers as text: JSON numbers that went through float64 print shortest, which is what was sent for any
// number of up to 15 digits. More digits must be sent as a string.
func exact(values map[string]any) map[string]any {
	for k, v := range values {
		if x, ok := v.(float64); ok {
			b, _ := json.Marshal(x)
			values[k] = json.Number(b)
		}
	}
	return values
}

type filedJSON struct {
	ID     string      `json:"id"`
	Before columnJSON  `json:"before" doc:"In the deciding column"`
	After  columnJSON  `json:"after"`
	Moved  []movedJSON `json:"moved"`
}

type columnJSON struct {
	Scored bool    `json:"scored"`
	Total  float64 `json:"total"`
	Grade  string  `json:"grade"`
}

type movedJSON struct {
	Clause string  `json:"clause"`
	Before string  `json:"before"`
	After  string  `json:"after"`
	From   float64 `json:"points_before"`
	To     float64 `json:"points_after"`
}

func asColumn(c bihuan.Column) columnJSON { return columnJSON{c.Scored, asPoints(c.Total), c.Grade} }

func asFiled(filed bihuan.Filed) *filedJSON {
	out := &filedJSON{ID: filed.ID, Before: asColumn(filed.Before.Deciding), After: asColumn(filed.After.Deciding), Moved: []movedJSON{}}
	for _, m := range filed.Moved {
		out.Moved = append(out.Moved, movedJSON{m.Clause, m.Before.String(), m.After.String(), asPoints(m.PointsBefore), asPoints(m.PointsAfter)})
	}
	return out
}

// apiEvidence: filing one form or many, reading, withdrawing.
func (f *face) apiEvidence(api huma.API) {
	verb(f, api, "POST", "/subjects/{subject}/evidence", "file", "File a form for a subject, and see what moved",
		func(ctx context.Context, c caller, in *struct {
			SubjectPath
			Body FilingJSON
		}) (*filedJSON, error) {
			filing, err := in.Body.filing(in.Subject)
			if err != nil {
				return nil, err
			}
			filed, err := f.site.File(ctx, c.actor, filing)
			if err != nil {
				return nil, err
			}
			return asFiled(filed), nil
		})
	verb(f, api, "POST", "/programmes/{programme}/evidence", "fileMany", "File many forms at once: all or nothing, or the good rows only",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
			Body      struct {
				GoodRowsOnly bool           `json:"good_rows_only,omitempty"`
				Rows         []filingOfJSON `json:"rows" minItems:"1"`
			}
		}) (*importedJSON, error) {
			var rows []bihuan.Filing
			for i, row := range in.Body.Rows {
				filing, err := row.filing(row.Subject)
				if err != nil {
					return nil, err
				}
				filing.Row = i + 1
				rows = append(rows, filing)
			}
			done, err := f.site.FileMany(ctx, c.actor, in.Programme, rows, bihuan.Import{GoodRowsOnly: in.Body.GoodRowsOnly})
			if err != nil {
				return nil, err
			}
			return asImported(done, c.lang), nil
		})
	verb(f, api, "GET", "/subjects/{subject}/evidence", "evidenceOf", "The evidence of a subject, newest first",
		func(ctx context.Context, c caller, in *struct {
			SubjectPath
			Form string `query:"form"`
		}) (*[]evidenceJSON, error) {
			list, err := f.site.EvidenceOf(ctx, c.actor, in.Subject, in.Form)
			if err != nil {
				return nil, err
			}
			out := []evidenceJSON{}
			for _, e := range list {
				out = append(out, asEvidence(e))
			}
			return &out, nil
		})
	verb(f, api, "GET", "/evidence/{id}", "evidence", "One piece of evidence",
		func(ctx context.Context, c caller, in *struct {
			ID string `path:"id"`
		}) (*evidenceJSON, error) {
			e, err := f.site.Evidence(ctx, c.actor, in.ID)
			if err != nil {
				return nil, err
			}
			out := asEvidence(e)
			return &out, nil
		})
	verb(f, api, "POST", "/evidence/{id}/withdraw", "withdraw", "Take evidence out of the score, with a reason; it stays readable",
		func(ctx context.Context, c caller, in *struct {
			ID   string `path:"id"`
			Body struct {
				Reason string `json:"reason" minLength:"1" maxLength:"2000"`
			}
		}) (*evidenceJSON, error) {
			if err := f.site.Withdraw(ctx, c.actor, in.ID, in.Body.Reason); err != nil {
				return nil, err
			}
			e, err := f.site.Evidence(ctx, c.actor, in.ID)
			if err != nil {
				return nil, err
			}
			out := asEvidence(e)
			return &out, nil
		})
}
