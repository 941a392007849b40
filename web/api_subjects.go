package web

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bihuan.dev/bihuan"
)

// apiProgrammes: programmes, units, tasks, boards.
func (f *face) apiProgrammes(api huma.API) {
	verb(f, api, "GET", "/programmes", "programmes", "The programmes that run here",
		func(ctx context.Context, c caller, _ *struct{}) (*[]programmeJSON, error) {
			running, err := f.site.Programmes(ctx)
			if err != nil {
				return nil, err
			}
			list := []programmeJSON{}
			for _, r := range running {
				list = append(list, asProgramme(r, c.lang))
			}
			return &list, nil
		})
	verb(f, api, "GET", "/programmes/{programme}", "programme", "A programme with its forms",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
		}) (*programmeJSON, error) {
			r, err := f.site.Running(ctx, in.Programme)
			if err != nil {
				return nil, err
			}
			p := asProgramme(r, c.lang)
			return &p, nil
		})
	type unitJSON struct {
		Code   string `json:"code"`
		Parent string `json:"parent,omitempty"`
		Name   string `json:"name"`
		Level  string `json:"level"`
	}
	type unitsJSON struct {
		Total int        `json:"total"`
		Units []unitJSON `json:"units"`
	}
	verb(f, api, "GET", "/units", "units", "Units, by name, code or pinyin",
		func(ctx context.Context, _ caller, in *struct {
			Search string `query:"search"`
			Within string `query:"within" doc:"Code of a unit: it and everything below"`
			Offset int    `query:"offset" minimum:"0"`
			Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*unitsJSON, error) {
			units, total, err := f.site.Units(ctx, bihuan.UnitQuery{Search: in.Search, Within: in.Within, Page: bihuan.Page{Offset: in.Offset, Limit: in.Limit}})
			if err != nil {
				return nil, err
			}
			out := &unitsJSON{Total: total, Units: []unitJSON{}}
			for _, u := range units {
				out.Units = append(out.Units, unitJSON{u.Code, u.Parent, u.Name, u.Level})
			}
			return out, nil
		})
}

// apiSubjects: enrolment, lists, scores.
func (f *face) apiSubjects(api huma.API) {
	type subjectsJSON struct {
		Total    int              `json:"total"`
		Subjects []subjectRowJSON `json:"subjects"`
	}
	verb(f, api, "GET", "/programmes/{programme}/subjects", "subjects", "Subjects with their live standing",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
			Unit      string `query:"unit" doc:"Code of a unit: it and everything below"`
			Search    string `query:"search" doc:"Name, key, pinyin or its initials"`
			Grade     string `query:"grade"`
			Clause    string `query:"clause" doc:"With status: the verdict on this clause"`
			Status    string `query:"status" enum:"missing,met,partly,unmet,not_applicable,pending"`
			Sort      string `query:"sort" enum:"name,total,-total,rank,grade,changed" default:"name"`
			Offset    int    `query:"offset" minimum:"0"`
			Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*subjectsJSON, error) {
			rows, total, err := f.site.Subjects(ctx, c.actor, bihuan.SubjectQuery{Programme: in.Programme, Unit: in.Unit, Search: in.Search,
				Grade: in.Grade, Clause: in.Clause, Status: in.Status, Sort: in.Sort, Offset: in.Offset, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := &subjectsJSON{Total: total, Subjects: []subjectRowJSON{}}
			for _, row := range rows {
				out.Subjects = append(out.Subjects, asSubjectRow(row))
			}
			return out, nil
		})
	verb(f, api, "POST", "/programmes/{programme}/subjects", "enrol", "Enrol subjects, or bring their fields up to date",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
			Body      struct {
				GoodRowsOnly bool        `json:"good_rows_only,omitempty" doc:"Store the good rows and report the others; otherwise one bad row refuses all"`
				Rows         []enrolJSON `json:"rows" minItems:"1"`
			}
		}) (*importedJSON, error) {
			var rows []bihuan.NewSubject
			for i, row := range in.Body.Rows {
				on, err := dayIn(row.On, "on")
				if err != nil {
					return nil, err
				}
				rows = append(rows, bihuan.NewSubject{Row: i + 1, Unit: row.Unit, Fields: exact(row.Fields), On: on})
			}
			done, err := f.site.Enrol(ctx, c.actor, in.Programme, rows, bihuan.Import{GoodRowsOnly: in.Body.GoodRowsOnly})
			if err != nil {
				return nil, err
			}
			return asImported(done, c.lang), nil
		})
	verb(f, api, "GET", "/subjects/{subject}", "subject", "A subject",
		func(ctx context.Context, c caller, in *SubjectPath) (*SubjectJSON, error) {
			s, err := f.site.Subject(ctx, c.actor, in.Subject)
			if err != nil {
				return nil, err
			}
			out := asSubject(s)
			return &out, nil
		})
	verb(f, api, "GET", "/subjects/{subject}/scores", "scores", "The score in every column, every point with its reasons, as of any day and as known at any moment",
		func(ctx context.Context, c caller, in *struct {
			SubjectPath
			AsOf    string    `query:"as_of" doc:"A day; default today"`
			KnownAt time.Time `query:"known_at" doc:"Only evidence recorded by then; default now"`
			Version string    `query:"version" doc:"ID of a programme version; default the running one"`
		}) (*[]scoreJSON, error) {
			asOf, err := dayIn(in.AsOf, "as_of")
			if err != nil {
				return nil, err
			}
			columns, err := f.site.Columns(ctx, c.actor, in.Subject, bihuan.At{AsOf: asOf, Known: in.KnownAt, Version: in.Version})
			if err != nil {
				return nil, err
			}
			out := []scoreJSON{}
			for _, s := range columns {
				out = append(out, asScore(s, c.lang))
			}
			return &out, nil
		})
	type changeJSON struct {
		At       time.Time `json:"at"`
		AsOf     dayJSON   `json:"as_of"`
		Scored   bool      `json:"scored"`
		Total    float64   `json:"total"`
		Grade    string    `json:"grade"`
		Cause    string    `json:"cause" enum:"evidence,withdrawal,version,day"`
		Evidence string    `json:"evidence,omitempty"`
	}
	verb(f, api, "GET", "/subjects/{subject}/history", "history", "How the total and the grade changed, and why",
		func(ctx context.Context, c caller, in *struct {
			SubjectPath
			Party string `query:"party" doc:"Default: the deciding one"`
		}) (*[]changeJSON, error) {
			changes, err := f.site.History(ctx, c.actor, in.Subject, in.Party)
			if err != nil {
				return nil, err
			}
			out := []changeJSON{}
			for _, x := range changes {
				j := changeJSON{At: x.At, AsOf: dayJSON{x.AsOf}, Scored: x.Scored, Total: asPoints(x.Total), Grade: x.Grade, Cause: x.Cause}
				if x.Evidence != nil {
					j.Evidence = x.Evidence.ID
				}
				out = append(out, j)
			}
			return &out, nil
		})
}

type enrolJSON struct {
	Unit   string         `json:"unit" doc:"Code"`
	On     string         `json:"on,omitempty" doc:"Since when it is so; default today"`
	Fields map[string]any `json:"fields" doc:"The programme's key field among them"`
}

type SubjectPath struct {
	Subject string `path:"subject" doc:"ID"`
}
