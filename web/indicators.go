package web

import (
	"net/url"
	"strconv"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type indicatorPage struct {
	bihuan.IndicatorDetail
	Pager pagerArgs
}

const indicatorSubjects = 50

// indicator opens a figure of a unit: how it is defined, the units below, groups, past periods, and the subjects that it is made of.
func indicator(r *request) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	q := r.URL.Query()
	offset, _ := strconv.Atoi(q.Get("offset")) // nonsense is the beginning
	name, unit := r.PathValue("indicator"), q.Get("unit")
	p := indicatorPage{Pager: pagerArgs{offset: max(offset, 0), limit: indicatorSubjects, href: func(o int) string {
		return indicatorURL(run.Name, name, unit) + "&offset=" + strconv.Itoa(o)
	}}}
	p.IndicatorDetail, err = r.f.site.Indicator(r.ctx(), r.actor, bihuan.IndicatorQuery{Programme: run.Name, Name: name, Unit: unit,
		Page: bihuan.Page{Limit: indicatorSubjects, Offset: p.Pager.offset}})
	if err != nil {
		return err
	}
	p.Pager.total = p.Total
	return r.page(indicatorView(r.inProgramme(p.Indicator.Title, run.Programme, "board"), p))
}

// indicatorURL is the page of an indicator of a unit; the empty unit is the root of the tree.
func indicatorURL(p, name, unit string) string {
	return "/p/" + url.PathEscape(p) + "/indicators/" + url.PathEscape(name) + "?unit=" + url.QueryEscape(unit)
}

// way leads down the units, each of which has the same indicator.
func (p indicatorPage) way() []crumb {
	var list []crumb
	for i, u := range p.Path {
		c := crumb{text: u.Name, href: indicatorURL(p.Running.Name, p.Indicator.Name, u.Code)}
		if i == len(p.Path)-1 {
			c.href = ""
		}
		list = append(list, c)
	}
	return list
}

func (p indicatorPage) board() string {
	return unitURL(p.Running.Name, p.Path[len(p.Path)-1].Code)
}

// figure writes what an indicator comes to. A ratio whose aim is a part of the whole is a percentage.
func (v view) figure(x *programme.Indicator, d bihuan.IndicatorValue) string {
	if !d.Known {
		return "–"
	}
	return v.indicatorNumber(x, d.Value)
}

func (v view) indicatorNumber(x *programme.Indicator, d programme.Decimal) string {
	if isShare(x) {
		return d.Mul(programme.DecimalOf(100)).Round(1).String() + "%"
	}
	text := d.Round(2).String()
	if unit := v.In(x.Unit); unit != "" {
		text += " " + unit
	}
	return text
}

func isShare(x *programme.Indicator) bool {
	return x.Function == "ratio" && x.Unit.Empty() && (x.Target == nil || x.Target.Cmp(programme.DecimalOf(1)) <= 0)
}

// change says how a figure moved since another one.
func (v view) change(f bihuan.IndicatorFigure, before, now bihuan.IndicatorValue) string {
	moved, unit := movedBy(f, before, now)
	switch {
	case !before.Known || !now.Known:
		return "–"
	case moved.Sign() > 0:
		return "+" + moved.String() + v.In(unit)
	}
	return moved.String() + v.In(unit)
}

// changeClass colours a move that can be seen by whether it is for the better; an indicator without a direction has neither.
func changeClass(f bihuan.IndicatorFigure, before, now bihuan.IndicatorValue) string {
	moved, _ := movedBy(f, before, now)
	good := moved.Sign()
	if f.Indicator.Direction == "down" {
		good = -good
	}
	switch {
	case f.Indicator.Direction == "" || good == 0:
		return ""
	case good > 0:
		return "up"
	}
	return "down"
}

// movedBy is by how much a figure moved: in percentage points for shares, in percent for what adds up, else in the figure itself; 0 where one is not known.
func movedBy(f bihuan.IndicatorFigure, before, now bihuan.IndicatorValue) (programme.Decimal, programme.Text) {
	hundred := programme.DecimalOf(100)
	by := now.Value.Sub(before.Value)
	switch {
	case !before.Known || !now.Known:
		return programme.Decimal{}, programme.Text{}
	case isShare(f.Indicator):
		return by.Mul(hundred).Round(1), programme.T("个百分点", " points")
	case f.Adds() && before.Value.Sign() > 0:
		return by.Mul(hundred).QuoRound(before.Value, 1), programme.T("%", "%")
	}
	return by.Round(2), programme.Text{}
}

// reached tells how much of its target a figure has reached, 0 to 1; false: there is no target, or it is one to stay below.
func reached(x *programme.Indicator, d bihuan.IndicatorValue) (float64, bool) {
	if x.Target == nil || x.Target.Sign() <= 0 || x.Direction == "down" || !d.Known {
		return 0, false
	}
	return d.Value.Float64() / x.Target.Float64(), true
}

// definition says in words how an indicator is computed.
func (v view) definition(x *programme.Indicator) string {
	words := map[string]programme.Text{"sum": programme.T("合计：{0}", "Sum of: {0}"), "mean": programme.T("平均：{0}", "Mean of: {0}"), "median": programme.T("中位数：{0}", "Median of: {0}"),
		"min": programme.T("最小：{0}", "Least of: {0}"), "max": programme.T("最大：{0}", "Greatest of: {0}"), "count": programme.T("计数：{0}", "How many: {0}"),
		"ratio": programme.T("（{0}）之和 ÷（{1}）之和", "sum of ({0}) ÷ sum of ({1})")}
	value, over := programme.T("评价对象", "subjects"), programme.Text{}
	if x.Value != nil {
		value = x.Value.Words(nil)
	}
	if x.Over != nil {
		over = x.Over.Words(nil)
	}
	text := v.In(words[x.Function].Fill(value, over))
	if x.Where != nil {
		text += v.In(programme.T("；只计“{0}”的", "; only where {0}").Fill(x.Where.Words(nil)))
	}
	return text
}

// periodWord names a period.
func (v view) periodWord(period string) string {
	return v.In(map[string]programme.Text{"week": programme.T("上周末", "a week ago"), "month": programme.T("上月末", "last month"), "quarter": programme.T("上季末", "last quarter"),
		"half_year": programme.T("上半年末", "last half-year"), "year": programme.T("上年末", "last year")}[period])
}

// most is the greatest figure of a trend, for the length of its bars.
func (p indicatorPage) most() float64 {
	most := 0.0
	for _, x := range p.Trend {
		most = max(most, x.Value.Float64())
	}
	return most
}

func shareOf(d bihuan.IndicatorValue, most float64) float64 {
	if !d.Known || most <= 0 {
		return 0
	}
	return max(0, d.Value.Float64()/most)
}

// counted says how many subjects a figure is made of, and how many it is about.
func (v view) counted(d bihuan.IndicatorValue) string {
	if d.Counted == d.Meant {
		return strconv.Itoa(d.Counted)
	}
	return strconv.Itoa(d.Counted) + " / " + strconv.Itoa(d.Meant)
}

func known(ok bool, d programme.Decimal) string {
	if !ok {
		return "–"
	}
	return d.Round(2).String()
}
