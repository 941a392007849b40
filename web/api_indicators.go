package web

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"bihuan.dev/bihuan"
)

// apiIndicators: the figures of a unit, and what each opens into.
func (f *face) apiIndicators(api huma.API) {
	type indicatorValueJSON struct {
		Value   *exactJSON `json:"value" doc:"Null: not known. Shares are parts of 1"`
		Counted int        `json:"counted" doc:"Subjects whose facts are there"`
		Meant   int        `json:"meant" doc:"Subjects that it is about"`
	}
	type indicatorJSON struct {
		Name       string     `json:"name"`
		Title      string     `json:"title"`
		Definition string     `json:"definition" doc:"How it is computed, in words"`
		Note       string     `json:"note,omitempty"`
		In         string     `json:"in,omitempty" doc:"The unit of measurement"`
		Target     *exactJSON `json:"target,omitempty"`
		Direction  string     `json:"direction,omitempty" enum:"up,down"`
		indicatorValueJSON
		Share *exactJSON `json:"share,omitempty" doc:"0 to 1, of what the unit above comes to"`
		Rank  int        `json:"rank,omitempty" doc:"Among the units beside it"`
		Of    int        `json:"of,omitempty"`
	}
	type indicatorsJSON struct {
		Unit       string          `json:"unit"`
		AsOf       dayJSON         `json:"as_of"`
		Indicators []indicatorJSON `json:"indicators"`
	}
	type indicatorUnitJSON struct {
		Code string `json:"code"`
		Name string `json:"name"`
		Rank int    `json:"rank,omitempty"`
		indicatorValueJSON
	}
	type indicatorPointJSON struct {
		On dayJSON `json:"on" doc:"The last day of a period; the last one is today"`
		indicatorValueJSON
	}
	type indicatorSubjectJSON struct {
		ID    string     `json:"id"`
		Name  string     `json:"name"`
		Value *exactJSON `json:"value" doc:"Null: its facts are not there. Of a ratio: above the line"`
		Over  *exactJSON `json:"over,omitempty" doc:"Of a ratio: below the line"`
	}
	type indicatorDetailJSON struct {
		Unit string  `json:"unit"`
		AsOf dayJSON `json:"as_of"`
		indicatorJSON
		Period   string                 `json:"period" enum:"week,month,quarter,half_year,year"`
		Units    []indicatorUnitJSON    `json:"units" doc:"Right below, the best first"`
		Trend    []indicatorPointJSON   `json:"trend" doc:"The oldest first; empty where there are too many subjects"`
		Subjects []indicatorSubjectJSON `json:"subjects" doc:"For members of the house"`
		Total    int                    `json:"total" doc:"Of subjects"`
	}
	value := func(v bihuan.IndicatorValue) indicatorValueJSON {
		out := indicatorValueJSON{Counted: v.Counted, Meant: v.Meant}
		if v.Known {
			out.Value = &exactJSON{v.Value}
		}
		return out
	}
	one := func(c caller, x bihuan.IndicatorFigure) indicatorJSON {
		out := indicatorJSON{Name: x.Indicator.Name, Title: x.Indicator.Title.In(c.lang), Definition: view{Lang: c.lang}.definition(x.Indicator), Note: x.Indicator.Note.In(c.lang),
			In: x.Indicator.Unit.In(c.lang), Direction: x.Indicator.Direction, indicatorValueJSON: value(x.IndicatorValue), Rank: x.Rank, Of: x.Of}
		if x.Indicator.Target != nil {
			out.Target = &exactJSON{*x.Indicator.Target}
		}
		if x.Shared {
			out.Share = &exactJSON{x.Share}
		}
		return out
	}
	verb(f, api, "GET", "/programmes/{programme}/indicators", "indicators", "The indicators of a unit, today",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
			Unit      string `query:"unit" doc:"Its code; absent: the root of the tree"`
		}) (*indicatorsJSON, error) {
			list, err := f.site.Indicators(ctx, c.actor, in.Programme, in.Unit)
			if err != nil {
				return nil, err
			}
			out := &indicatorsJSON{Unit: list.Path[len(list.Path)-1].Code, AsOf: dayJSON{list.AsOf}, Indicators: []indicatorJSON{}}
			for _, x := range list.List {
				out.Indicators = append(out.Indicators, one(c, x))
			}
			return out, nil
		})
	verb(f, api, "GET", "/programmes/{programme}/indicators/{indicator}", "indicator", "An indicator with the units, periods and subjects that it opens into",
		func(ctx context.Context, c caller, in *struct {
			Programme string `path:"programme"`
			Indicator string `path:"indicator"`
			Unit      string `query:"unit" doc:"Its code; absent: the root of the tree"`
			Offset    int    `query:"offset" minimum:"0"`
			Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*indicatorDetailJSON, error) {
			d, err := f.site.Indicator(ctx, c.actor, bihuan.IndicatorQuery{Programme: in.Programme, Name: in.Indicator, Unit: in.Unit, Page: bihuan.Page{Offset: in.Offset, Limit: in.Limit}})
			if err != nil {
				return nil, err
			}
			out := &indicatorDetailJSON{Unit: d.Path[len(d.Path)-1].Code, AsOf: dayJSON{d.AsOf}, indicatorJSON: one(c, d.IndicatorFigure), Period: d.Period,
				Units: []indicatorUnitJSON{}, Trend: []indicatorPointJSON{}, Subjects: []indicatorSubjectJSON{}, Total: d.Total}
			for _, u := range d.Units {
				out.Units = append(out.Units, indicatorUnitJSON{u.Unit.Code, u.Unit.Name, u.Rank, value(u.IndicatorValue)})
			}
			for _, p := range d.Trend {
				out.Trend = append(out.Trend, indicatorPointJSON{dayJSON{p.On}, value(p.IndicatorValue)})
			}
			for _, s := range d.Subjects {
				row := indicatorSubjectJSON{ID: s.ID, Name: s.Name}
				if s.Known {
					row.Value = &exactJSON{s.Value}
					if d.Indicator.Over != nil {
						row.Over = &exactJSON{s.Over}
					}
				}
				out.Subjects = append(out.Subjects, row)
			}
			return out, nil
		})
}
