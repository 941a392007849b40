package bihuan_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/internal/dbtest"
	"bihuan.dev/bihuan/programme"
)

// Decided brings a round of all the county's subjects from its opening to its decision.
func (c *county) Decided() bihuan.Round {
	c.Helper()
	r := c.published()
	c.Days(4)
	r = c.Decide(r)
	c.OK()
	return r
}

// Matters lists matters as somebody sees them.
func (c *county) Matters(q bihuan.MatterQuery) []bihuan.Matter {
	c.Helper()
	q.Limit = 1000
	page, err := c.site.Matters(c.ctx, c.who, q)
	c.must(err)
	if len(page.Matters) != page.Total {
		c.Fatalf("%d of %d matters", len(page.Matters), page.Total)
	}
	return page.Matters
}

// rectifications gives those of a subject that run, by clause, and how many ended well.
func (c *county) rectifications(hall int) (open map[string]string, met int) {
	c.Helper()
	who := c.who
	c.who = bihuan.System()
	defer func() { c.who = who }()
	open = map[string]string{}
	for _, m := range c.Matters(bihuan.MatterQuery{Programme: "mend", Name: "rectification", Subject: c.halls[hall].ID}) {
		if !m.Over() {
			open[m.Clause] = m.ID
		} else if m.Meaning == programme.Good {
			met++
		}
	}
	return open, met
}

// Broken counts the breaches by kind, as the system sees them.
func (c *county) Broken() map[bihuan.BreachKind]int {
	c.Helper()
	all, err := c.site.Promises(c.ctx, bihuan.System(), bihuan.PromiseQuery{Programme: "mend"})
	c.must(err)
	out := map[bihuan.BreachKind]int{}
	for _, b := range all[0].Breaches {
		out[b.Kind]++
	}
	return out
}

func (c *county) Notices(login string) []bihuan.Notice {
	c.Helper()
	page, err := c.site.Notices(c.ctx, c.actors[login], bihuan.Page{})
	c.must(err)
	return page.Notices
}

// A clause that earns points by degree is put right as soon as something is there; one that is met or not, only when it is met.
func TestPutRightByDegree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		c := newCounty(t, url, "mend", 2)
		c.Decided()
		c.As("officer")
		c.File(0, "stock", map[string]any{"books": 900, "seats": 12})
		c.OK()
		if open, met := c.rectifications(0); met != 1 || open["1.1.1"] == "" || open["1.1.2"] == "" || len(open) != 2 {
			t.Errorf("900 of 1,000 books, 12 of 20 seats: %d met, open %v", met, open)
		}
	})
}

// Who fails a gate is not scored: the gate is what has to be put right.
func TestGateIsPutRightFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		c := newCounty(t, url, "mend", 2)
		c.publish("mend", []string{`version: "1"`, `version: "2"`, `- {clause: "1.1.1"`, `- {clause: "1.1.0", title: {zh: 有书, en: Some books}, gate: true, pass: stock.books > 0}
            - {clause: "1.1.1"`})
		c.Decided()
		if open, _ := c.rectifications(0); len(open) != 1 || open["1.1.0"] == "" {
			t.Errorf("nothing filed: %v", open)
		}
	})
}

// A rectification reads in English as in Chinese: what it is called, what was found and what would meet it; it is found by both names,
// and is called so in the results of a batch.
func TestRectificationInBothLanguages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		c := newCounty(t, url, "mend", 2)
		c.Decided()
		open, _ := c.rectifications(0)
		c.As("officer")
		m, err := c.site.Matter(c.ctx, c.who, open["1.1.2"])
		c.must(err)
		zh, en := m.Forms[0].In(programme.Zh), m.Forms[0].In(programme.En)
		if m.Called.En != "1.1.2 Opening" || fmt.Sprint(zh["what"]) != fmt.Sprint(m.Forms[0].Values["what"]) || !strings.Contains(fmt.Sprint(en["what"]), "Opening") || !strings.Contains(fmt.Sprint(en["evidence"]), "Opening") {
			t.Errorf("%v: %v; %v", m.Called, zh, en)
		}
		for _, words := range []string{"opening", "开放", "kf", "1.1.2"} {
			if found := c.Matters(bihuan.MatterQuery{Programme: "mend", Name: "rectification", Search: words}); len(found) != 1 {
				t.Errorf("%q finds %d", words, len(found))
			}
		}
		lines, err := c.site.ActOnMany(c.ctx, c.who, bihuan.Batch{Matters: []bihuan.Picked{{ID: m.ID}}, Move: bihuan.Move{Kind: programme.EventRemind}})
		if err != nil || len(lines) != 1 || lines[0].Called.En != "1.1.2 Opening" {
			t.Errorf("%+v, %v", lines, err)
		}
	})
}

// What an older version of the product raised is found by its English name too, once the site is opened by this one.
func TestOldRectificationsAreFoundInEnglish(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		c := newCounty(t, url, "mend", 2)
		c.Decided()
		d, err := db.Open(c.ctx, url)
		c.must(err)
		c.must(d.Tx(c.ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(c.ctx, "UPDATE matter SET terms = ''") // as the migration does
			return err
		}))
		c.must(d.Close())
		c.must(c.site.Close())
		c.site, err = bihuan.Open(c.ctx, bihuan.Config{Database: url, Files: t.TempDir(), Now: func() time.Time { return time.UnixMicro(c.clock.Load()) }})
		c.must(err)
		t.Cleanup(func() { _ = c.site.Close() })
		c.As("judge")
		for _, words := range []string{"opening", "kf"} {
			if found := c.Matters(bihuan.MatterQuery{Programme: "mend", Search: words}); len(found) != 2 {
				t.Errorf("%q finds %d", words, len(found))
			}
		}
	})
}

// 200 subjects' failed clauses become rectifications in one decision; each ends when new evidence meets its clause.
func TestFindingsAreFollowedUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		c := newCounty(t, url, "mend", 200)
		c.FileOn(0, "stock", "2021-03-01", map[string]any{"books": 1200, "seats": 12}) // books met, seats partly
		r := c.Decided()
		all := c.Matters(bihuan.MatterQuery{Programme: "mend", Name: "rectification", Round: r.ID})
		if len(all) != 200*3-2 { // three clauses each; a recommendation, a bonus and what nobody has judged ask for nothing
			t.Fatalf("%d rectifications", len(all))
		}
		open, _ := c.rectifications(0)
		if len(open) != 1 || open["1.1.2"] == "" {
			t.Errorf("the first room: %v", open)
		}
		c.As("officer")
		m, err := c.site.Matter(c.ctx, c.who, open["1.1.2"])
		c.must(err)
		if v := m.Forms[0].Values; m.Title != "1.1.2 开放" || m.Clock.Due.String() != "2021-04-06" || !strings.Contains(fmt.Sprint(v["what"]), "开放登记") || !strings.Contains(fmt.Sprint(v["evidence"]), "开放登记") {
			t.Errorf("%s until %s: %v", m.Title, m.Clock.Due, v)
		}
		if n := c.Notices("officer"); len(n) != 1 || !strings.Contains(n[0].Text.En, "1.1.2") {
			t.Errorf("notices %+v", n)
		}
		if n := c.Broken(); len(n) != 0 {
			t.Fatalf("breaches %v", n)
		}
		if p, err := c.site.CheckPromises(c.ctx, c.actors["judge"], "mend"); err != nil || p.Checked != 200 || len(p.Breaches) != 0 {
			t.Fatalf("checked %+v, %v", p, err)
		}

		// Not by saying so, not by evidence that falls short, but by evidence that meets the clause.
		act := func(id, action string, forms map[string]map[string]any, why string) {
			_, c.err = c.site.Act(c.ctx, c.who, id, bihuan.Move{Kind: programme.EventAct, Action: action, Forms: forms, Reason: why})
		}
		act(open["1.1.2"], "met", nil, "")
		c.Want(bihuan.Forbidden)
		act(open["1.1.2"], "submit", map[string]map[string]any{"correction": {"text": "延长开放"}}, "")
		c.OK()
		c.File(0, "opening", map[string]any{"hours": 15})
		c.OK()
		if open, _ := c.rectifications(0); len(open) != 1 {
			t.Errorf("15 hours: %v", open)
		}
		c.File(0, "opening", map[string]any{"hours": 20})
		c.OK()
		if open, met := c.rectifications(0); len(open) != 0 || met != 1 {
			t.Errorf("20 hours: %v, %d met", open, met)
		}
		// A waiver has a name and a reason.
		open, _ = c.rectifications(1)
		act(open["1.1.1"], "waive", nil, "不归他")
		c.Want(bihuan.NotFound)
		c.As("judge")
		act(open["1.1.1"], "waive", nil, "")
		c.Want(bihuan.Invalid)
		act(open["1.1.1"], "waive", nil, "新址在建")
		c.OK()
		p, err := c.site.Promises(c.ctx, c.who, bihuan.PromiseQuery{Programme: "mend"})
		c.must(err)
		if x := p[0]; x.Findings != 598 || x.Open != 596 || x.Met != 1 || x.Waived != 1 || len(x.Waivers) != 1 || x.Waivers[0].By != "某judge" || x.Waivers[0].Reason != "新址在建" || len(x.Breaches) != 0 {
			t.Errorf("promises %+v", x)
		}
		// What is withdrawn again opens nothing by itself; the next round raises a new one, and none where one is open.
		list, err := c.site.EvidenceOf(c.ctx, bihuan.System(), c.halls[0].ID, "opening")
		c.must(err)
		for _, e := range list {
			c.must(c.site.Withdraw(c.ctx, bihuan.System(), e.ID, "填错"))
		}
		if open, _ := c.rectifications(0); len(open) != 0 {
			t.Errorf("reopened by itself: %v", open)
		}
		r2 := c.Decided()
		if open, met := c.rectifications(0); len(open) != 1 || met != 1 {
			t.Errorf("after the second round: %v", open)
		}
		if n := len(c.Matters(bihuan.MatterQuery{Programme: "mend", Name: "rectification", Round: r2.ID})); n != 2 { // and the one waived before
			t.Errorf("%d new ones", n)
		}
		if n := c.Broken(); len(n) != 0 {
			t.Errorf("breaches %v", n)
		}
		c.plant(url, r2)
	})
}

// plant breaks each promise straight in the database and looks whether it is found.
func (c *county) plant(url string, r bihuan.Round) {
	c.Helper()
	d, err := db.Open(c.ctx, url)
	c.must(err)
	defer func() { _ = d.Close() }()
	exec := func(query string, args ...any) {
		c.Helper()
		c.must(d.Tx(c.ctx, func(tx *db.Tx) error {
			n, err := tx.Exec(c.ctx, query, args...)
			if err == nil && n != 1 {
				err = fmt.Errorf("%d rows: %s", n, query)
			}
			return err
		}))
	}
	want := func(want map[bihuan.BreachKind]int) {
		c.Helper()
		if got := c.Broken(); fmt.Sprint(got) != fmt.Sprint(want) {
			c.Errorf("breaches %v, want %v", got, want)
		}
	}
	check := func(want ...bihuan.BreachKind) {
		c.Helper()
		p, err := c.site.CheckPromises(c.ctx, bihuan.System(), "mend")
		c.must(err)
		var got []bihuan.BreachKind
		for _, b := range p.Breaches {
			got = append(got, b.Kind)
		}
		slices.Sort(got)
		if got = slices.Compact(got); fmt.Sprint(got) != fmt.Sprint(want) {
			c.Errorf("the check finds %v, want %v", got, want)
		}
	}
	of := func(hall int) string { return c.Decision(r, hall).ID }
	open, _ := c.rectifications(2)
	exec("UPDATE finding SET matter_id = NULL WHERE decision_id = $1 AND clause = '1.1.1'", of(2))
	want(map[bihuan.BreachKind]int{bihuan.BreachNotFollowed: 1})
	exec("UPDATE finding SET matter_id = $2 WHERE decision_id = $1 AND clause = '1.1.1'", of(2), open["1.1.1"])
	exec("UPDATE matter SET outcome = 'corrected', meaning = 'good', stage = 'corrected' WHERE id = $1", open["1.1.1"])
	want(map[bihuan.BreachKind]int{bihuan.BreachNotEnded: 1})
	exec("UPDATE matter SET outcome = '', meaning = '', stage = 'fixing' WHERE id = $1", open["1.1.1"])
	exec("DELETE FROM finding WHERE decision_id = $1 AND clause = '1.1.2'", of(3))
	check(bihuan.BreachNotRecorded)
	want(map[bihuan.BreachKind]int{bihuan.BreachNotRecorded: 1})
	open, _ = c.rectifications(3)
	exec("INSERT INTO finding (decision_id, clause, status, matter_id) VALUES ($1, '1.1.2', 'missing', $2)", of(3), open["1.1.2"])
	exec("UPDATE decision SET total = total + 1000000 WHERE id = $1", of(4))
	check(bihuan.BreachDiffers)
	want(map[bihuan.BreachKind]int{bihuan.BreachDiffers: 1})
	exec("UPDATE decision SET total = total - 1000000 WHERE id = $1", of(4))
	exec("UPDATE round_clause SET subjects = subjects + 1 WHERE round_id = $1 AND unit = $2 AND clause = '1.1.1'", r.ID, village(5))
	check(bihuan.BreachFigure)
	exec("UPDATE round_clause SET subjects = subjects - 1 WHERE round_id = $1 AND unit = $2 AND clause = '1.1.1'", r.ID, village(5))
	exec("UPDATE evidence SET subject_id = $2 WHERE subject_id = $1 AND form = 'stock'", c.halls[0].ID, c.halls[6].ID)
	check(bihuan.BreachDiffers, bihuan.BreachNoEvidence)
	exec("UPDATE evidence SET subject_id = $2 WHERE subject_id = $1 AND form = 'stock'", c.halls[6].ID, c.halls[0].ID)
	check()
	want(map[bihuan.BreachKind]int{})
}

// Many file at once what meets a clause: its rectification ends once.
func TestRectificationEndsOnce(t *testing.T) {
	eachCounty(t, "mend", 2, func(c *county) {
		c.Decided()
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				form, values := "opening", map[string]any{"hours": 20 + i}
				if i%2 == 0 {
					form, values = "stock", map[string]any{"books": 1000 + i, "seats": 20}
				}
				_, err := c.site.File(c.ctx, bihuan.System(), bihuan.Filing{Subject: c.halls[i/2%2].ID, Form: form, Values: values})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for hall := range 2 {
			if open, met := c.rectifications(hall); len(open) != 0 || met != 3 {
				t.Errorf("room %d: %v, %d met", hall, open, met)
			}
		}
		if n := c.Broken(); len(n) != 0 {
			t.Errorf("breaches %v", n)
		}
	})
}
