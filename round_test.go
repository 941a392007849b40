package bihuan_test

import (
	"sync"
	"testing"

	"bihuan.dev/bihuan"
)

var open90 = map[string]any{"days": 90, "planned": 100} // 50 of 60

// A round from its opening to its decision, with everybody who may act and some who may not.
func TestRoundFromOpeningToDecision(t *testing.T) {
	eachCounty(t, "hall", 4, func(c *county) {
		for i := range c.halls {
			c.File(i, "roster", open90)
			c.OK()
		}
		annual := bihuan.NewRound{Programme: "hall", Unit: "c"}
		c.As("")
		c.Open(annual)
		c.Want(bihuan.Unauthenticated)
		c.As("assessor")
		c.Open(annual)
		c.Want(bihuan.Forbidden)
		c.As("judge")
		r := c.Open(annual)
		c.OK()
		if r.Subjects != 4 || r.State != bihuan.RoundCollecting || r.Title != "年度考核 2021" || r.Steps[3].Ends.String() != "2021-04-06" {
			t.Fatalf("opened %+v", r)
		}
		c.Open(bihuan.NewRound{Programme: "hall", Unit: "t0"})
		c.Want(bihuan.Conflict, "年度考核 2021", "云县")

		c.As("officer")
		if n := c.Counts(); n[bihuan.TaskSubmit] != 1 || n[bihuan.TaskJudge] != 2 || n[bihuan.TaskFile] != 0 {
			t.Errorf("tasks of an officer: %v", n)
		}
		c.Submit(r, 1, "self")
		c.Want(bihuan.Forbidden)
		c.Submit(r, 0, "town")
		c.Want(bihuan.Forbidden)
		c.Submit(r, 0, "self")
		c.OK()
		c.Submit(r, 0, "self")
		c.Want(bihuan.Conflict, "某officer")
		if n := c.Counts(); n[bihuan.TaskSubmit] != 0 {
			t.Errorf("tasks after handing in: %v", n)
		}
		c.As("assessor")
		c.Submit(r, 0, "town")
		c.Want(bihuan.Conflict, "not begun")
		c.Close(r, "self")
		c.Want(bihuan.Forbidden)
		c.Days(2)
		c.As("judge")
		r = c.Close(r, "self")
		c.OK()
		if r.Steps[0].HandedIn != 1 || r.Steps[0].TakenOver != 3 || r.Steps[0].Ends.String() != "2021-03-03" || r.Steps[1].Starts.String() != "2021-03-03" || r.Steps[1].Ends.String() != "2021-03-12" {
			t.Errorf("after closing: %+v", r.Steps)
		}
		c.Close(r, "self")
		c.Want(bihuan.Conflict, "closed", "某judge", "Town")
		c.As("officer")
		c.Submit(r, 0, "self")
		c.Want(bihuan.Conflict, "Town is under way")

		// The town judges its two halls; who is the hall's own officer may not.
		c.As("both")
		c.Level(r, 0, "A")
		c.Want(bihuan.Forbidden, "officer of this subject")
		c.As("assessor")
		if n := c.Counts(); n[bihuan.TaskJudge] != 4 || n[bihuan.TaskSubmit] != 2 {
			t.Errorf("tasks of an assessor: %v", n)
		}
		c.Level(r, 1, "A")
		c.Want(bihuan.NotFound)
		c.Level(r, 0, "Z")
		c.Want(bihuan.Invalid, "level")
		c.Points(r, 0, 21)
		c.Want(bihuan.Invalid, "from 0 to 20")
		c.Level(r, 0, "C")
		c.OK()
		c.Points(r, 0, 15)
		c.OK()
		if n := c.Counts(); n[bihuan.TaskJudge] != 2 {
			t.Errorf("tasks after judging: %v", n)
		}
		done, err := c.site.SubmitAll(c.ctx, c.who, r.ID, "town", nil)
		if err != nil || done.Stored != 2 {
			t.Fatalf("handed in %+v, %v", done, err)
		}
		c.Level(r, 0, "A")
		c.Want(bihuan.Conflict, "某assessor")
		if row := c.Row(r, 0); row.Columns["self"].Total != pts(50) || row.Columns["self"].Pending != 2 || row.Columns["town"].Total != pts(65) || row.Spread != pts(15) {
			t.Errorf("row of the first hall: %+v", row)
		}
		c.As("judge")
		r = c.Close(r, "town")
		c.OK()

		// Two judges at once: both count, and the mean is taken.
		var both sync.WaitGroup
		for _, x := range []struct {
			login string
			n     int64
		}{{"judge", 10}, {"judge2", 20}} {
			both.Go(func() {
				mine := *c
				mine.As(x.login)
				mine.Points(r, 0, x.n)
				if mine.err != nil {
					t.Error(mine.err)
				}
			})
		}
		both.Wait()
		r = c.Close(r, "city")
		c.OK()
		if r.State != bihuan.RoundPublicity || r.PublishedAt.IsZero() {
			t.Fatalf("not published: %+v", r)
		}
		if row := c.Row(r, 0); row.Columns["city"].Total != pts(65) || !row.Columns["city"].TakenOver {
			t.Errorf("city's column: %+v", row.Columns["city"])
		}
		c.objectAndDecide(r)
	})
}

// objectAndDecide goes on from the first day of publicity.
func (c *county) objectAndDecide(r bihuan.Round) {
	t := c.TB
	t.Helper()
	c.As("")
	_, c.err = c.site.Round(c.ctx, c.who, r.ID)
	c.Want(bihuan.Unauthenticated)
	c.Object(r, 0)
	c.Want(bihuan.Unauthenticated)
	c.As("stranger")
	c.Object(r, 0)
	c.Want(bihuan.Forbidden)
	if row := c.Row(r, 0); row.Columns["city"].Total != pts(65) {
		t.Error("published results are for the whole house")
	}
	c.As("resident")
	o := c.Object(r, 0)
	c.OK()
	c.Object(r, 0)
	c.Want(bihuan.Conflict, "already")
	c.As("judge")
	if n := c.Counts(); n[bihuan.TaskAnswer] != 1 || n[bihuan.TaskMatter] != 0 || n[bihuan.TaskDecide] != 0 {
		t.Errorf("tasks of a judge: %v", n)
	}
	c.Level(r, 0, "B")
	c.Want(bihuan.Conflict, "upheld")
	c.Decide(r)
	c.Want(bihuan.Conflict, "publicity runs")
	c.Days(8)
	c.Decide(r)
	c.Want(bihuan.Conflict, "not answered")
	c.err = c.site.Answer(c.ctx, c.who, o.ID, true, " ")
	c.Want(bihuan.Invalid)
	c.err = c.site.Answer(c.ctx, c.actors["assessor"], o.ID, true, "同意")
	c.Want(bihuan.Forbidden)
	c.err = c.site.Answer(c.ctx, c.who, o.ID, true, "复查后更正")
	c.OK()
	c.err = c.site.Answer(c.ctx, c.who, o.ID, false, "不同意")
	c.Want(bihuan.Conflict, "某judge", "upheld")
	c.Decide(r)
	c.Want(bihuan.Conflict, "nothing was corrected")
	c.wantWaits(r, true)
	c.Level(r, 0, "B")
	c.OK()
	c.wantWaits(r, false)
	c.Level(r, 1, "A")
	c.Want(bihuan.Conflict, "upheld")
	// What is filed during publicity does not change what was published without an objection.
	c.FileOn(1, "roster", "2021-03-01", map[string]any{"days": 1, "planned": 100})
	if n := c.Counts(); n[bihuan.TaskDecide] != 1 {
		t.Errorf("a round to decide is no task: %v", n)
	}
	c.decideTwice(r)
	c.As("resident")
	c.Object(r, 0)
	c.Want(bihuan.Conflict)
	d := c.Decision(r, 0)
	c.OK()
	if d.Total != pts(75) || d.Grade != "silver" || d.ValidUntil == 0 {
		t.Errorf("decided %v %s until %v", d.Total, d.Grade, d.ValidUntil)
	}
	if row := c.Row(r, 0); row.Columns["city"].Total != pts(65) || row.Decision.Total != pts(75) {
		t.Errorf("what was published is gone: %+v", row)
	}
	c.recomputesForEver(r)
	c.visitorSeesDecided(r)
}

func (c *county) wantWaits(r bihuan.Round, waits bool) {
	c.Helper()
	list, err := c.site.Objections(c.ctx, c.who, r.ID, "")
	c.must(err)
	if list[0].Waits != waits {
		c.Errorf("an objection waits to be corrected: %v", list[0].Waits)
	}
}

// decideTwice decides from two screens at once: one decides, the other is told who did.
func (c *county) decideTwice(r bihuan.Round) {
	var both sync.WaitGroup
	errs := make([]error, 2)
	for i, login := range []string{"judge", "judge2"} {
		both.Go(func() { _, errs[i] = c.site.Decide(c.ctx, c.actors[login], r.ID) })
	}
	both.Wait()
	if errs[0] != nil {
		errs[0], errs[1] = errs[1], errs[0]
	}
	c.must(errs[0])
	c.err = errs[1]
	c.Want(bihuan.Conflict, "某judge", "2021-03")
}

// recomputesForEver files late evidence and publishes a new version; decisions come out the same.
func (c *county) recomputesForEver(r bihuan.Round) {
	t := c.TB
	t.Helper()
	c.FileOn(0, "roster", "2021-03-01", map[string]any{"days": 10, "planned": 100})
	c.publish("hall", []string{`version: "1"`, `version: "2"`, "full_at: 1,", "full_at: 0.5,"})
	c.As("judge")
	for i := range c.halls {
		d := c.Decision(r, i)
		c.OK()
		score, same, err := c.site.Recompute(c.ctx, c.who, d.ID)
		if err != nil || !same || score.Total != d.Total {
			t.Errorf("hall %d: decided %v, recomputed %v, same %v, %v", i, d.Total, score.Total, same, err)
		}
	}
	if live, err := c.site.Columns(c.ctx, c.who, c.halls[1].ID, bihuan.At{}); err != nil || live[2].Total == c.Decision(r, 1).Total {
		t.Errorf("the live score did not move: %v", err)
	}
}

func (c *county) visitorSeesDecided(r bihuan.Round) {
	t := c.TB
	t.Helper()
	c.As("")
	public, err := c.site.Round(c.ctx, c.who, r.ID)
	if err != nil || public.DecidedBy != "" || public.OpenedBy != "" || public.Steps[0].ClosedBy != "" {
		t.Errorf("a visitor's round: %+v, %v", public, err)
	}
	row := c.Row(r, 0)
	if len(row.Columns) != 0 || row.Decision == nil || row.Objections != 1 {
		t.Errorf("a visitor's row: %+v", row)
	}
	d := c.Decision(r, 0)
	c.OK()
	if d.DecidedBy != "" || len(d.Score.Clauses) != 3 || d.Score.Clauses[0].Why.Empty() {
		t.Errorf("a visitor's decision: %+v", d)
	}
	for _, x := range d.Score.Clauses {
		for _, in := range x.Inputs {
			if !in.Value.Empty() || len(in.Evidence) > 0 {
				t.Errorf("a visitor sees evidence: %+v", in)
			}
		}
	}
	list, err := c.site.Objections(c.ctx, c.who, r.ID, "")
	if err != nil || len(list) != 1 || list[0].FiledBy != "" || list[0].AnsweredBy != "" || list[0].Answer != "复查后更正" {
		t.Errorf("a visitor's objections: %+v, %v", list, err)
	}
	b, err := c.site.Board(c.ctx, c.who, "hall", "c")
	if err != nil || b.Live || b.Round != "年度考核 2021" || b.Scored != 4 {
		t.Errorf("a visitor's board: %+v, %v", b, err)
	}
	_, c.err = c.site.Tasks(c.ctx, c.who, bihuan.TaskQuery{})
	c.Want(bihuan.Unauthenticated)
	_, c.err = c.site.Subject(c.ctx, c.who, c.halls[0].ID)
	if c.err == nil {
		_, c.err = c.site.Columns(c.ctx, c.who, c.halls[0].ID, bihuan.At{})
	}
	c.Want(bihuan.Unauthenticated)
}

// Many hand the same column in at once: one does, the others are told who.
func TestColumnIsHandedInOnce(t *testing.T) {
	eachCounty(t, "hall", 2, func(c *county) {
		c.As("judge")
		r := c.Open(bihuan.NewRound{Programme: "hall", Unit: "c"})
		c.OK()
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { errs[i] = c.site.Submit(c.ctx, c.actors["officer"], r.ID, c.halls[0].ID, "self") })
		}
		wg.Wait()
		done := 0
		for _, c.err = range errs {
			if c.err == nil {
				done++
				continue
			}
			c.Want(bihuan.Conflict, "某officer")
		}
		if done != 1 {
			t.Errorf("handed in %d times", done)
		}
	})
}

// Where halls are compared, the last to hand in moves those before; the decision recomputes with all of them.
func TestRoundOfAProgrammeThatRanks(t *testing.T) {
	eachCounty(t, "race", 4, func(c *county) {
		events := []int{5, 9, 7, 1}
		for i, n := range events[:3] {
			c.File(i, "count", map[string]any{"events": n})
			c.OK()
		}
		c.As("judge")
		r := c.Open(bihuan.NewRound{Programme: "race", Unit: "c"})
		c.OK()
		if r.Steps[1].Ends.String() != "2021-03-12" { // five working days from Saturday the 6th
			t.Errorf("steps: %+v", r.Steps)
		}
		c.As("officer")
		c.Submit(r, 0, "self")
		c.OK()
		c.who = bihuan.System()
		c.File(3, "count", map[string]any{"events": 8})
		c.OK()
		c.As("judge")
		r = c.Close(r, "self")
		c.OK()
		if got := c.Row(r, 0).Columns["self"].Total; got != pts(1) { // fourth now
			t.Errorf("the first hall's own column: %v", got)
		}
		r = c.Close(r, "city")
		c.OK()
		if r.State != bihuan.RoundDeciding {
			t.Errorf("state %s", r.State)
		}
		r = c.Decide(r)
		c.OK()
		c.who = bihuan.System()
		c.File(0, "count", map[string]any{"events": 100})
		c.OK()
		for i, want := range []float64{1, 10, 6, 8} {
			d := c.Decision(r, i)
			c.OK()
			_, same, err := c.site.Recompute(c.ctx, c.who, d.ID)
			if d.Total != pts(want) || !same || err != nil {
				t.Errorf("hall %d: decided %v, want %v; recomputes %v, %v", i, d.Total, pts(want), same, err)
			}
		}
	})
}

// People go on filing and judging while steps are closed and the round is decided: every decision recomputes.
func TestDecisionRecomputesWhateverHappenedAtOnce(t *testing.T) {
	eachCounty(t, "hall", 4, func(c *county) {
		c.As("judge")
		r := c.Open(bihuan.NewRound{Programme: "hall", Unit: "c"})
		c.OK()
		on := r.AsOf
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				mine := *c
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					hall := (w + n) % len(c.halls)
					_, err := c.site.File(c.ctx, bihuan.System(), bihuan.Filing{Subject: c.halls[hall].ID, Form: "roster", On: on,
						Values: map[string]any{"days": (w*31 + n) % 100, "planned": 100}})
					if err != nil {
						t.Error(err)
						return
					}
					mine.As("judge")
					mine.Points(bihuan.Round{}, hall, int64(n%20))
					mine.Submit(r, hall, "city") // when it is its turn
				}
			})
		}
		for _, step := range []string{"self", "town", "city"} {
			c.Close(r, step)
			c.OK()
		}
		c.Days(7)
		c.Decide(r)
		c.OK()
		close(stop)
		wg.Wait()
		for i := range c.halls {
			d := c.Decision(r, i)
			c.OK()
			score, same, err := c.site.Recompute(c.ctx, c.who, d.ID)
			if row := c.Row(r, i); err != nil || !same || row.Columns["city"].Total != d.Total {
				t.Errorf("hall %d: handed in %v, decided %v, recomputed %v, %v", i, row.Columns["city"].Total, d.Total, score.Total, err)
			}
		}
	})
}
