package bihuan_test

import (
	"fmt"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// Indicators of a county, its towns and villages: what they come to, who ranks where, what the months before were, and who may open them.
func TestIndicators(t *testing.T) {
	eachCounty(t, "mend", 5, func(c *county) {
		c.publish("mend", []string{`version: "1"`, `version: "2"`, "public: [grades]", `public: [grades, indicators]
indicators:
  books: {title: 藏书, value: sum(stock.books), by: [unit, month], show: [total, share, growth, rank, trend]}
  a_seat: {title: 每座藏书, value: "ratio(stock.books, stock.seats)", target: 100, direction: up}
  rich: {title: 藏书过千, value: count(stock.books >= 1000)}
  all: {title: 书屋, value: count()}
  middle: {title: 中位藏书, value: median(stock.books), where: stock.seats > 0}
  most: {title: 最多, value: max(stock.books)}`})
		for i, x := range [][2]int{{1000, 10}, {2000, 20}, {500, 0}, {}, {4000, 25}} {
			if x[0] > 0 {
				c.File(i, "stock", values{"books": x[0], "seats": x[1]})
				c.OK()
			}
		}
		want := func(who, unit string, want map[string]string) {
			t.Helper()
			got, err := c.site.Indicators(c.ctx, c.actors[who], "mend", unit)
			c.must(err)
			for _, x := range got.List {
				text := "–"
				if x.Known {
					text = x.Value.String()
				}
				if x.Shared {
					text += " " + x.Share.String()
				}
				if x.Rank > 0 {
					text += fmt.Sprintf(" %d/%d", x.Rank, x.Of)
				}
				if text = fmt.Sprintf("%s %d of %d", text, x.Counted, x.Meant); want[x.Indicator.Name] != text {
					t.Errorf("%s of %s is %q, want %q", x.Indicator.Name, unit, text, want[x.Indicator.Name])
				}
			}
			if len(got.List) != len(want) {
				t.Errorf("%d indicators, want %d", len(got.List), len(want))
			}
		}
		want("", "", map[string]string{"books": "7500 4 of 5", "a_seat": "136.363636 4 of 5", "rich": "3 3 of 5", "all": "5 5 of 5", "middle": "2000 3 of 3", "most": "4000 4 of 5"})
		want("judge", "t0", map[string]string{"books": "5500 0.7333 1/2 3 of 3", "a_seat": "157.142857 1/2 3 of 3", "rich": "2 0.6667 1/2 2 of 3", "all": "3 0.6 1/2 3 of 3",
			"middle": "2500 1/2 2 of 2", "most": "4000 1/2 3 of 3"})
		want("officer", village(3), map[string]string{"books": "– 0 of 1", "a_seat": "– 0 of 1", "rich": "0 0 2/2 0 of 1", "all": "1 0.5 1/2 1 of 1", "middle": "– 0 of 0", "most": "– 0 of 1"})

		c.Days(40) // 10 April
		c.File(3, "stock", values{"books": 100, "seats": 50})
		c.OK()
		d, err := c.site.Indicator(c.ctx, c.actors["judge"], bihuan.IndicatorQuery{Programme: "mend", Name: "a_seat"})
		c.must(err)
		if before, ok := d.Before(); !ok || before.On.String() != "2021-03-31" || before.Value.String() != "136.363636" || d.Value.String() != "72.380952" || len(d.Trend) != 2 {
			t.Errorf("it was %+v, %v; is %s; %d points", before, ok, d.Value, len(d.Trend))
		}
		if len(d.Units) != 2 || d.Units[0].Unit.Code != "t0" || d.Units[1].Value.String() != "30" || d.Units[1].Rank != 2 {
			t.Errorf("by unit %+v", d.Units)
		}
		if !d.House || d.Total != 5 || d.Subjects[0].Name != "第3礼堂" || d.Subjects[0].Over.String() != "50" || d.Subjects[4].Name != "第2礼堂" {
			t.Errorf("subjects %+v", d.Subjects)
		}
		d, err = c.site.Indicator(c.ctx, bihuan.Actor{}, bihuan.IndicatorQuery{Programme: "mend", Name: "books", Unit: "t1"})
		if err != nil || d.House || d.Subjects != nil || d.Value.String() != "2100" || d.Trend[0].Value.String() != "2000" {
			t.Errorf("a visitor sees %+v, %v", d, err)
		}
		_, c.err = c.site.Indicator(c.ctx, c.who, bihuan.IndicatorQuery{Programme: "mend", Name: "nothing"})
		c.Want(bihuan.NotFound)
		c.publish("mend", []string{`version: "1"`, `version: "3"`, "public: [grades]", "public: [grades]\nindicators: {all: {title: 书屋, value: count()}}"})
		for login, kind := range map[string]bihuan.Kind{"": bihuan.Unauthenticated, "officer": bihuan.Forbidden} {
			_, c.err = c.site.Indicators(c.ctx, c.actors[login], "mend", "")
			c.Want(kind)
		}
	})
}

// Scores that are kept current do not keep an indicator from what no clause reads.
func TestIndicatorOfWhatNoClauseReads(t *testing.T) {
	eachCounty(t, "mend", 2, func(c *county) {
		c.publish("mend", []string{`version: "1"`, `version: "2"`, "public: [grades]", "public: [grades, indicators]\nindicators: {visits: {title: 人次, value: sum(stock.visits)}}",
			"      seats: {type", "      visits: {type: int}\n      seats: {type"})
		for _, n := range []int{3, 8, 5} {
			_, err := c.site.Levers(c.ctx, c.actors["judge"], "mend", "")
			c.must(err)
			c.File(1, "stock", values{"books": 1000, "visits": n})
			c.OK()
			_, err = c.site.Levers(c.ctx, c.actors["judge"], "mend", "")
			c.must(err)
			got, err := c.site.Indicators(c.ctx, bihuan.Actor{}, "mend", "")
			if err != nil || got.List[0].Value.Cmp(programme.DecimalOf(int64(n))) != 0 {
				t.Errorf("it is %s, %v, want %d", got.List[0].Value, err, n)
			}
		}
	})
}
