package bihuan_test

import (
	"fmt"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
)

func TestUnitsAreATree(t *testing.T) {
	each(t, func(r *runner) {
		path, err := r.site.Path(r.ctx, "e1")
		r.must(err)
		if len(path) != 3 || path[0].Code != "city" || path[2].Depth != 2 || path[1].Name != "东镇" {
			t.Errorf("path %+v", path)
		}
		children, err := r.site.Children(r.ctx, "city")
		if err != nil || len(children) != 2 || children[0].Name != "东镇" { // dong before xi
			t.Errorf("children %+v %v", children, err)
		}
		for search, want := range map[string]int{"平湖": 1, "phs": 1, "PINGHU": 1, "公司": 2, "一%": 0, "dong gs": 1, "nobody": 0} {
			if _, n, err := r.site.Units(r.ctx, bihuan.UnitQuery{Search: search}); err != nil || n != want {
				t.Errorf("search %q: %d %v, want %d", search, n, err, want)
			}
		}
		if _, n, _ := r.site.Units(r.ctx, bihuan.UnitQuery{Within: "east"}); n != 2 {
			t.Errorf("within east: %d", n)
		}
		_, r.err = r.site.Unit(r.ctx, "nowhere")
		r.Want(bihuan.NotFound)

		// A town moves with all that is below it.
		_, err = r.site.ImportUnits(r.ctx, bihuan.System(), []bihuan.UnitRow{
			{Row: 2, Code: "west", Parent: "east", Name: "西街", Level: "street"}}, bihuan.Import{})
		r.must(err)
		if path, _ := r.site.Path(r.ctx, "w1"); len(path) != 4 || path[1].Code != "east" || path[2].Name != "西街" {
			t.Errorf("path after the move %+v", path)
		}
		r.Who("assessor").File("W1", "roster", "", values{"people": 10, "members": 10})
		r.Want() // the assessor of the east now has the west below her
	})
}

func TestBadUnitRowsAreToldOneByOne(t *testing.T) {
	each(t, func(r *runner) {
		rows := []bihuan.UnitRow{
			{Row: 2, Code: "n1", Parent: "east", Name: "新村"},
			{Row: 3, Code: "", Parent: "east", Name: "无码"},
			{Row: 4, Code: "n1", Parent: "east", Name: "重码"},
			{Row: 5, Code: "n2", Parent: "nowhere", Name: "无上级"},
			{Row: 6, Code: "n3", Parent: "n2", Name: "上级有误"},
			{Row: 7, Code: "c1", Parent: "c2", Name: "环一"},
			{Row: 8, Code: "c2", Parent: "c1", Name: "环二"},
			{Row: 9, Code: "east", Parent: "e1", Name: "东镇"},
			{Row: 10, Code: "n4", Parent: "east", Name: strings.Repeat("长", 201)},
			{Row: 11, Code: "root", Name: "另一市"},
			{Row: 12, Code: "w9", Parent: "west", Name: "别镇"},
		}
		want := map[int]bool{3: true, 4: true, 5: true, 6: true, 7: true, 8: true, 9: true, 10: true, 11: true, 12: true}
		got := func(errors []bihuan.RowError) map[int]bool {
			m := map[int]bool{}
			for _, e := range errors {
				m[e.Row] = true
			}
			return m
		}
		r.Who("townadmin")
		_, r.err = r.site.ImportUnits(r.ctx, r.as, rows, bihuan.Import{Wrong: []bihuan.RowError{{Row: 13}}})
		r.Want(bihuan.Invalid)
		want[13] = true
		if rows := got(rowsOf(r.err)); fmt.Sprint(rows) != fmt.Sprint(want) {
			t.Errorf("rows %v, want %v", rows, want)
		}
		if _, err := r.site.Unit(r.ctx, "n1"); err == nil {
			t.Error("a good row of a refused file was stored")
		}
		done, err := r.site.ImportUnits(r.ctx, r.as, rows, bihuan.Import{GoodRowsOnly: true})
		r.must(err)
		if done.Rows != 11 || done.Stored != 1 || done.Unchanged != 0 || len(got(done.Errors)) != 10 {
			t.Errorf("done %+v", done)
		}
		done, err = r.site.ImportUnits(r.ctx, r.as, rows[:1], bihuan.Import{})
		if err != nil || done.Unchanged != 1 || done.Stored != 0 {
			t.Errorf("again: %+v %v", done, err)
		}
		_, r.err = r.site.ImportUnits(r.ctx, r.Login("officer"), rows[:1], bihuan.Import{})
		r.Want(bihuan.Invalid) // a row that he may not set, told as such
		_, r.err = r.site.ImportUnits(r.ctx, bihuan.Actor{}, rows[:1], bihuan.Import{})
		r.Want(bihuan.Unauthenticated)
	})
}
