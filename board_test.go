package bihuan_test

import (
	"fmt"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/dbtest"
)

// The board of a county: grades, mean, median, bins, towns ranked with ties, and the same one level down.
func TestBoardDrillsDown(t *testing.T) {
	eachCounty(t, "hall", 6, func(c *county) {
		for i, days := range []int{100, 90, 100, 90, 80, 90} { // towns by turns: 60 60 40, 50 50 50
			c.File(i, "roster", map[string]any{"days": days, "planned": 100})
			c.OK()
		}
		b, err := c.site.Board(c.ctx, c.actors["judge"], "hall", "c")
		c.must(err)
		if !b.Live || b.Subjects != 6 || b.Scored != 6 || b.Mean != 51_666_667 || b.Median != pts(50) || b.Of != 0 {
			t.Errorf("county: %+v", b)
		}
		if len(b.Bins) != 20 || b.Bins[8] != 1 || b.Bins[10] != 3 || b.Bins[12] != 2 {
			t.Errorf("bins: %v", b.Bins)
		}
		if got := fmt.Sprint(b.Grades); got != "[{gold {金 Gold} 0} {silver {银 Silver} 2} {none {未定等级 no grade} 4}]" {
			t.Errorf("grades: %v", got)
		}
		if len(b.Children) != 2 || b.Children[0].Unit.Code != "t0" || b.Children[0].Rank != 1 || b.Children[1].Rank != 2 || b.Children[1].Mean != pts(50) {
			t.Errorf("towns: %+v", b.Children)
		}
		b, err = c.site.Board(c.ctx, c.actors["assessor"], "hall", "t0")
		c.must(err)
		if !b.Live || b.Rank != 1 || b.Of != 2 || len(b.Path) != 2 || len(b.Children) != 3 || b.Children[1].Rank != 1 || b.Children[2].Rank != 3 {
			t.Errorf("town: %+v", b)
		}
		rates, err := c.site.PassRates(c.ctx, c.actors["judge"], "hall", "c")
		c.must(err)
		if r := rates["1.1.1"]; r.Met != 2 || r.Partly != 4 || r.MeanShare < 0.86 || r.MeanShare > 0.87 || rates["2.1.1"].Pending != 6 {
			t.Errorf("pass rates: %+v", rates)
		}
		// Those outside see what was decided: nothing yet.
		for _, login := range []string{"", "assessor"} {
			b, err := c.site.Board(c.ctx, c.actors[login], "hall", "c")
			if err != nil || b.Live || b.Subjects != 0 {
				t.Errorf("county to %q: %+v, %v", login, b, err)
			}
		}
		c.As("judge")
		r := c.Open(bihuan.NewRound{Programme: "hall", Unit: "c"})
		c.OK()
		for _, step := range []string{"self", "town", "city"} {
			c.Close(r, step)
			c.OK()
		}
		c.Days(7)
		c.Decide(r)
		c.OK()
		c.File(0, "roster", map[string]any{"days": 1, "planned": 100})
		b, err = c.site.Board(c.ctx, c.actors[""], "hall", "t0")
		if err != nil || b.Live || b.Subjects != 3 || b.Mean != 53_333_333 || b.Rank != 1 || len(b.Children) != 3 {
			t.Errorf("decided: %+v, %v", b, err)
		}
		rates, err = c.site.PassRates(c.ctx, c.actors[""], "hall", "c")
		if r := rates["1.1.1"]; err != nil || r.Met != 2 || r.Partly != 4 || r.MeanShare < 0.86 || r.MeanShare > 0.87 {
			t.Errorf("decided pass rates: %+v, %v", rates, err)
		}
	})
}

// Forms become tasks when they are due, of those who file them first.
func TestTasksCountWhatIsDue(t *testing.T) {
	eachCounty(t, "hall", 2, func(c *county) {
		c.As("officer")
		if n := c.Counts(); n[bihuan.TaskFile] != 1 || n[bihuan.TaskJudge] != 2 {
			t.Errorf("at first: %v", n)
		}
		c.File(0, "roster", open90)
		c.OK()
		if n := c.Counts(); n[bihuan.TaskFile] != 0 {
			t.Errorf("after filing: %v", n)
		}
		c.Days(340)
		tasks, err := c.site.Tasks(c.ctx, c.who, bihuan.TaskQuery{Kind: bihuan.TaskFile})
		c.must(err)
		if tasks.Total != 1 || tasks.Overdue != 0 || tasks.List[0].Form != "roster" || tasks.List[0].Due.String() != "2022-03-01" || tasks.List[0].Subject.Key != "h00000" {
			t.Errorf("due within a month: %+v", tasks)
		}
		c.Days(60)
		tasks, err = c.site.Tasks(c.ctx, c.who, bihuan.TaskQuery{Page: bihuan.Page{Limit: 2}})
		c.must(err)
		if tasks.Total != 3 || len(tasks.List) != 2 || tasks.Overdue != 1 || !tasks.List[0].Overdue || tasks.List[1].Kind != bihuan.TaskJudge {
			t.Errorf("overdue: %+v", tasks)
		}
		c.As("judge")
		if n := c.Counts(); n[bihuan.TaskFile] != 0 || n[bihuan.TaskJudge] != 4 {
			t.Errorf("of a judge: %v", n)
		}
		c.As("both")
		if n := c.Counts(); n[bihuan.TaskJudge] != 2 { // as the officer; as the town's assessor he is recused
			t.Errorf("of somebody with two roles: %v", n)
		}
	})
}

// Two hundred halls are decided in one go.
func TestDecideManyAtOnce(t *testing.T) {
	eachCounty(t, "hall", 200, func(c *county) { c.decideAll(t, 200) })
}

// decideAll brings a round of so many halls to its decision, and logs how long the long steps take.
func (c *county) decideAll(t testing.TB, halls int) {
	c.As("judge")
	timed := func(what string, f func()) {
		start := time.Now()
		f()
		c.must(c.err)
		t.Logf("%s of %d: %v", what, halls, time.Since(start).Round(time.Millisecond))
	}
	var r bihuan.Round
	timed("open", func() { r = c.Open(bihuan.NewRound{Programme: "hall", Unit: "c"}) })
	timed("tasks", func() { _, c.err = c.site.Tasks(c.ctx, c.who, bihuan.TaskQuery{}) })
	for _, step := range []string{"self", "town"} {
		timed("close "+step, func() { r = c.Close(r, step) })
	}
	timed("tasks of the city's step", func() { _, c.err = c.site.Tasks(c.ctx, c.who, bihuan.TaskQuery{}) })
	timed("hand in", func() { _, c.err = c.site.SubmitAll(c.ctx, c.who, r.ID, "city", nil) })
	timed("close city", func() { r = c.Close(r, "city") })
	c.Days(7)
	timed("decide", func() { r = c.Decide(r) })
	timed("board", func() { _, c.err = c.site.Board(c.ctx, c.who, "hall", "c") })
	timed("pass rates", func() { _, c.err = c.site.PassRates(c.ctx, c.who, "hall", "c") })
	timed("public board", func() { _, c.err = c.site.Board(c.ctx, bihuan.Actor{}, "hall", "c") })
	timed("rows", func() {
		_, n, err := c.site.RoundRows(c.ctx, c.who, r.ID, bihuan.SubjectQuery{Sort: "-total"})
		if c.err = err; n != halls {
			t.Errorf("%d rows", n)
		}
	})
}

// BenchmarkDecide10k logs a round of ten thousand halls: go test -bench Decide10k -run '^$' -benchtime 1x -v .
func BenchmarkDecide10k(b *testing.B) {
	for range b.N {
		c := newCounty(b, dbtest.SQLite(b), "hall", 10_000)
		c.decideAll(b, 10_000)
	}
}
