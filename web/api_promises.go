package web

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// BreachJSON is a case in which a promise is broken.
type BreachJSON struct {
	Promise  int    `json:"promise" doc:"Which of them, from 1"`
	Kind     string `json:"kind" enum:"not_followed,not_recorded,not_ended,by_office,silent,unanswered,differs,no_evidence,figure"`
	Text     string `json:"text" doc:"What is wrong"`
	Unit     string `json:"unit"`
	UnitName string `json:"unit_name"`
	Subject  string `json:"subject,omitempty" doc:"ID; absent of a figure"`
	Name     string `json:"subject_name,omitempty"`
	Clause   string `json:"clause,omitempty"`
	Round    string `json:"round,omitempty" doc:"ID"`
	Title    string `json:"title,omitempty" doc:"Of the round, or of the matter"`
	Matter   string `json:"matter,omitempty" doc:"ID"`
	Code     string `json:"code,omitempty" doc:"Of the matter"`
	Decision string `json:"decision,omitempty" doc:"ID"`
}

func asBreaches(list []bihuan.Breach, l programme.Lang) []BreachJSON {
	out := []BreachJSON{}
	for _, b := range list {
		out = append(out, BreachJSON{b.Kind.Promise(), string(b.Kind), b.Kind.Text().In(l), b.Subject.Unit, b.Subject.UnitName, b.Subject.ID, b.Subject.Name,
			b.Clause, b.Round, b.Called.In(l), b.Matter, b.Code, b.Decision})
	}
	return out
}

// apiPromises: what breaks the promises of the house, and what people gained.
func (f *face) apiPromises(api huma.API) {
	type waiverJSON struct {
		Matter  string    `json:"matter"`
		Code    string    `json:"code"`
		Clause  string    `json:"clause"`
		Subject string    `json:"subject"`
		By      string    `json:"by,omitempty" doc:"A name, for members of the house"`
		Reason  string    `json:"reason"`
		At      time.Time `json:"at"`
	}
	type brokenJSON struct {
		Unit   string `json:"unit"`
		Name   string `json:"name"`
		Broken [3]int `json:"broken" minItems:"3" maxItems:"3"`
	}
	type promisesJSON struct {
		Programme string       `json:"programme"`
		Title     string       `json:"title"`
		Broken    [3]int       `json:"broken" minItems:"3" maxItems:"3" doc:"How often the first, the second and the third promise are broken"`
		Units     []brokenJSON `json:"units" doc:"The units where they are, each by itself"`
		Findings  int          `json:"findings" doc:"Clauses that failed in decisions that count"`
		Open      int          `json:"open" doc:"Of them, being put right"`
		Met       int          `json:"met" doc:"Of them, put right"`
		Waived    int          `json:"waived" doc:"Of them, waived"`
		Late      int          `json:"late" doc:"Rectifications that are overdue"`
		Matters   int          `json:"matters" doc:"That people raised"`
		Over      int          `json:"over" doc:"Of them, over"`
		Overdue   int          `json:"overdue" doc:"Of them, overdue"`
		Decisions int          `json:"decisions"`
		Sampled   int          `json:"sampled" doc:"Of them, computed anew for this answer"`
		Checked   *time.Time   `json:"checked_at,omitempty" doc:"When all were computed anew"`
		Breaches  []BreachJSON `json:"breaches" doc:"The cases"`
		Waivers   []waiverJSON `json:"waivers" doc:"The newest 200"`
	}
	verb(f, api, "GET", "/promises", "promises", "How often the promises of the house are broken, by programme and unit, with the cases",
		func(ctx context.Context, c caller, in *struct {
			Programme string `query:"programme"`
			Unit      string `query:"unit" doc:"Code of a unit: it and everything below"`
		}) (*[]promisesJSON, error) {
			list, err := f.site.Promises(ctx, c.actor, bihuan.PromiseQuery{Programme: in.Programme, Unit: in.Unit})
			if err != nil {
				return nil, err
			}
			out := []promisesJSON{}
			for _, p := range list {
				j := promisesJSON{Programme: p.Programme.Name, Title: p.Programme.Title.In(c.lang), Broken: [3]int{p.Broken(1), p.Broken(2), p.Broken(3)}, Units: []brokenJSON{},
					Findings: p.Findings, Open: p.Open, Met: p.Met, Waived: p.Waived, Late: p.Late, Matters: p.Matters, Over: p.Over, Overdue: p.Overdue,
					Decisions: p.Decisions, Sampled: p.Sampled, Breaches: asBreaches(p.Breaches, c.lang), Waivers: []waiverJSON{}}
				if p.Checked != nil {
					j.Checked = &p.Checked.At
				}
				for _, u := range breachesByUnit(p.Breaches) {
					j.Units = append(j.Units, brokenJSON{u.Code, u.Name, u.Broken})
				}
				for _, w := range p.Waivers {
					j.Waivers = append(j.Waivers, waiverJSON{w.Matter, w.Code, w.Clause, w.Subject.ID, w.By, w.Reason, w.At})
				}
				out = append(out, j)
			}
			return &out, nil
		})
	type checkedJSON struct {
		At       time.Time    `json:"at"`
		Checked  int          `json:"checked" doc:"How many decisions were computed anew"`
		Breaches []BreachJSON `json:"breaches"`
	}
	verb(f, api, "POST", "/programmes/{programme}/promises/check", "checkPromises", "Compute all decisions of a programme anew, and tell which do not hold",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
		}) (*checkedJSON, error) {
			p, err := f.site.CheckPromises(ctx, c.actor, in.Programme)
			if err != nil {
				return nil, err
			}
			return &checkedJSON{p.At, p.Checked, asBreaches(p.Breaches, c.lang)}, nil
		})
	f.apiBenefits(api)
}

func (f *face) apiBenefits(api huma.API) {
	type SumJSON struct {
		Matters int `json:"matters"`
		Persons int `json:"persons" doc:"How many gained"`
	}
	type yearJSON struct {
		Year int `json:"year"`
		SumJSON
	}
	type unitSumJSON struct {
		Unit string `json:"unit"`
		Name string `json:"name"`
		SumJSON
	}
	type benefitJSON struct {
		Matter  string    `json:"matter" doc:"ID"`
		Code    string    `json:"code" doc:"Of the matter"`
		Title   string    `json:"title"`
		Name    string    `json:"name" doc:"Of its process"`
		Subject string    `json:"subject" doc:"ID"`
		Of      string    `json:"subject_name"`
		On      dayJSON   `json:"on" doc:"The day on which those affected confirmed it"`
		Measure string    `json:"measure"`
		In      string    `json:"in,omitempty" doc:"The unit of before and after"`
		Before  exactJSON `json:"before"`
		After   exactJSON `json:"after"`
		Better  bool      `json:"better" doc:"What was measured became better"`
		Persons int       `json:"persons"`
		Partly  bool      `json:"partly" doc:"A part of what was asked for"`
		Proof   int       `json:"proof" doc:"Photographs and files that stand with it"`
	}
	type benefitsJSON struct {
		Unit  string        `json:"unit"`
		Total SumJSON       `json:"total"`
		Years []yearJSON    `json:"years" doc:"The newest first, of the whole unit"`
		Units []unitSumJSON `json:"units" doc:"Of the units right below, most persons first"`
		List  []benefitJSON `json:"benefits" doc:"The newest first"`
	}
	sum := func(x bihuan.BenefitSum) SumJSON { return SumJSON{x.Matters, x.Persons} }
	verb(f, api, "GET", "/programmes/{programme}/benefits", "benefits", "What people gained by their matters: sums and records",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
			Unit      string `query:"unit" doc:"Code of a unit: it and everything below; absent: all"`
			Year      int    `query:"year" minimum:"0" doc:"Absent: all"`
			Subject   string `query:"subject" doc:"Its ID"`
			Offset    int    `query:"offset" minimum:"0"`
			Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*benefitsJSON, error) {
			b, err := f.site.Benefits(ctx, c.actor, bihuan.BenefitQuery{Programme: in.Programme, Unit: in.Unit, Year: in.Year, Subject: in.Subject,
				Page: bihuan.Page{Offset: in.Offset, Limit: in.Limit}})
			if err != nil {
				return nil, err
			}
			out := &benefitsJSON{Unit: b.Path[len(b.Path)-1].Code, Total: sum(b.Total), Years: []yearJSON{}, Units: []unitSumJSON{}, List: []benefitJSON{}}
			for _, x := range b.Years {
				out.Years = append(out.Years, yearJSON{x.Year, sum(x)})
			}
			for _, x := range b.Units {
				out.Units = append(out.Units, unitSumJSON{x.Unit.Code, x.Unit.Name, sum(x)})
			}
			for _, x := range b.List {
				out.List = append(out.List, benefitJSON{x.Matter, x.Code, x.Called.In(c.lang), x.Name, x.Subject.ID, x.Subject.Name, dayJSON{x.On}, x.Measure.In(c.lang), x.Unit.In(c.lang),
					exactJSON{x.Before}, exactJSON{x.After}, x.Better(), x.Persons, x.Partly, x.Proof})
			}
			return out, nil
		})
}
