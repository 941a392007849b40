package main

import (
	"fmt"
	"strconv"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type indicatorsCommand struct {
	storage   `embed:""`
	Indicator string `arg:"" optional:"" help:"Open this one: its units, periods and subjects." zh:"打开这一项：按单位、按期、按评价对象。"`
	Programme string `placeholder:"P" help:"Programme (default: the only one)." zh:"规范程序（默认唯一的那个）。"`
	Unit      string `placeholder:"CODE" help:"Of this unit (default: the root of the tree)." zh:"这个单位的（默认最上级）。"`
	JSON      bool   `name:"json" help:"One figure a line." zh:"每行一个 JSON 对象，一个数值一行。"`
}

// figureLine is a figure as scripts read it: of a unit, of one right below it, of the end of a past period, or of a subject.
type figureLine struct {
	Indicator string             `json:"indicator"`
	Unit      string             `json:"unit,omitempty"`
	Subject   string             `json:"subject,omitempty"`
	On        programme.Day      `json:"on"`
	Value     *programme.Decimal `json:"value"` // null: not known; shares are parts of 1
	Counted   int                `json:"counted"`
	Meant     int                `json:"meant"`
	Rank      int                `json:"rank,omitempty"`

	title string
}

func figureOf(name, title, unit string, on programme.Day, v bihuan.IndicatorValue) figureLine {
	l := figureLine{Indicator: name, Unit: unit, On: on, Counted: v.Counted, Meant: v.Meant, title: title}
	if v.Known {
		l.Value = &v.Value
	}
	return l
}

// Run prints the indicators of a unit, or one of them with what it opens into.
func (k *indicatorsCommand) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	running, err := theProgramme(c, site, k.Programme)
	if err != nil {
		return err
	}
	out := c.listing(k.JSON, c.t("指标", "indicator"), c.t("单位／对象", "unit or subject"), c.t("截至", "as of"), c.t("数值", "figure"), c.t("有数据的", "with facts"), c.t("名次", "rank"))
	add := func(l figureLine) error {
		value, rank := "–", ""
		if l.Value != nil {
			value = l.Value.String()
		}
		if l.Rank > 0 {
			rank = strconv.Itoa(l.Rank)
		}
		return out.add(l, l.Indicator, l.title, l.On.String(), value, fmt.Sprintf("%d/%d", l.Counted, l.Meant), rank)
	}
	if k.Indicator == "" {
		err = listIndicators(c, site, running.Name, k.Unit, add)
	} else {
		err = openIndicator(c, site, bihuan.IndicatorQuery{Programme: running.Name, Name: k.Indicator, Unit: k.Unit, Page: bihuan.Page{Limit: 1000}}, add)
	}
	if err != nil {
		return err
	}
	return out.end()
}

func listIndicators(c *console, site *bihuan.Site, name, unit string, add func(figureLine) error) error {
	all, err := site.Indicators(c.ctx, bihuan.System(), name, unit)
	if err != nil {
		return err
	}
	own := all.Path[len(all.Path)-1]
	for _, x := range all.List {
		l := figureOf(x.Indicator.Name, own.Name, own.Code, all.AsOf, x.IndicatorValue)
		l.Rank = x.Rank
		if err := add(l); err != nil {
			return err
		}
	}
	return nil
}

// openIndicator lists an indicator's past, today, the units right below and the subjects.
func openIndicator(c *console, site *bihuan.Site, q bihuan.IndicatorQuery, add func(figureLine) error) error {
	d, err := site.Indicator(c.ctx, bihuan.System(), q)
	if err != nil {
		return err
	}
	own := d.Path[len(d.Path)-1]
	var lines []figureLine
	if n := len(d.Trend); n > 0 {
		for _, p := range d.Trend[:n-1] {
			lines = append(lines, figureOf(q.Name, own.Name, own.Code, p.On, p.IndicatorValue))
		}
	}
	today := figureOf(q.Name, own.Name, own.Code, d.AsOf, d.IndicatorValue)
	today.Rank = d.Rank
	lines = append(lines, today)
	for _, u := range d.Units {
		l := figureOf(q.Name, u.Unit.Name, u.Unit.Code, d.AsOf, u.IndicatorValue)
		l.Rank = u.Rank
		lines = append(lines, l)
	}
	for _, l := range lines {
		if err := add(l); err != nil {
			return err
		}
	}
	for {
		for _, s := range d.Subjects {
			l := figureOf(q.Name, s.Name, "", d.AsOf, bihuan.IndicatorValueOf(d.Indicator, s.Figure))
			l.Subject = s.Key
			if err := add(l); err != nil {
				return err
			}
		}
		if q.Offset += len(d.Subjects); len(d.Subjects) == 0 || q.Offset >= d.Total {
			return nil
		}
		if d, err = site.Indicator(c.ctx, bihuan.System(), q); err != nil {
			return err
		}
	}
}
