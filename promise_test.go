package bihuan_test

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// What breaks the second promise is found where a programme lets it happen: the office alone says that it is solved, it ends without a
// word, nobody answers. What is in order, and what is merely late, is not.
func TestVoicesWithoutAnswer(t *testing.T) {
	each(t, func(r *runner) {
		loop(r, map[string]string{"decline: {title: {zh: 不予受理, en: Decline}, by: [officer], to: declined, needs: reason}": "decline: {title: 不予受理, by: [officer], to: declined}\n" +
			"          solve: {title: 已解决, by: [officer], to: benefited}"})
		raise := func() string {
			m := r.Who("m1").Raise("proposal", values{"title": "食堂排队", "reason": "太久"})
			r.Want()
			return m.ID
		}
		want := func(want map[string]bihuan.BreachKind, overdue int) {
			r.Helper()
			for _, login := range []string{"", "city", "m2"} { // proposals are public, so are their breaches
				p, err := r.site.Promises(r.ctx, r.Login(login), bihuan.PromiseQuery{Programme: "loop"})
				r.must(err)
				got := map[string]bihuan.BreachKind{}
				for _, b := range p[0].Breaches {
					got[b.Matter] = b.Kind
				}
				if !maps.Equal(got, want) || len(p[0].Breaches) != len(want) || p[0].Overdue != overdue || p[0].Broken(2) != len(want) {
					r.Errorf("%q sees %v, %d overdue; want %v, %d", login, p[0].Breaches, p[0].Overdue, want, overdue)
				}
			}
		}
		silent, told, alone, waits := raise(), raise(), raise(), raise()
		r.Who("chair").Do(silent, "decline")
		r.Want()
		r.Do(told, "decline", reason("不归本单位"))
		r.Want()
		r.Do(alone, "solve")
		r.Want()
		found := map[string]bihuan.BreachKind{silent: bihuan.BreachSilent, alone: bihuan.BreachByOffice}
		want(found, 0)
		r.Day("2021-06-10") // two working days after the last one
		want(found, 1)
		r.Day("2021-06-11") // the third: those above are told
		found[waits] = bihuan.BreachUnanswered
		want(found, 1)
		r.Who("m1").Do(alone, "reopen:", reason("还在排队"))
		r.Want()
		r.Who("chair").Do(waits, "accept")
		r.Want()
		want(map[string]bihuan.BreachKind{silent: bihuan.BreachSilent}, 0)
	})
}

// An objection that is not answered in time breaks the promise at once, and no longer when it is answered.
func TestObjectionWithoutAnswer(t *testing.T) {
	eachCounty(t, "mend", 2, func(c *county) {
		r := c.published()
		o, err := c.site.Object(c.ctx, c.actors["officer"], r.ID, c.halls[0].ID, "1.1.1", "藏书没有数全")
		c.must(err)
		c.Days(7)
		if n := c.Broken(); len(n) != 0 {
			t.Errorf("within its seven working days: %v", n)
		}
		c.Days(7)
		if n := c.Broken(); n[bihuan.BreachUnanswered] != 1 || len(n) != 1 {
			t.Errorf("after them: %v", n)
		}
		c.must(c.site.Answer(c.ctx, c.who, o.ID, false, "按登记核对无误"))
		if n := c.Broken(); len(n) != 0 {
			t.Errorf("answered: %v", n)
		}
	})
}

// published brings a round to its publicity.
func (c *county) published() bihuan.Round {
	c.Helper()
	c.As("judge")
	r := c.Open(bihuan.NewRound{Programme: "mend", Unit: "c"})
	c.OK()
	for _, step := range []string{"self", "city"} {
		c.Close(r, step)
		c.OK()
	}
	return r
}

// Decisions are checked by several at once while findings are put right and waived: every check counts all decisions and finds nothing,
// and the page tells of the last one.
func TestCheckWhileOthersAct(t *testing.T) {
	eachCounty(t, "mend", 16, func(c *county) {
		c.Decided()
		waived := map[int]string{}
		for hall := 8; hall < 16; hall++ {
			open, _ := c.rectifications(hall)
			waived[hall] = open["1.1.1"]
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 4 {
					if p, err := c.site.CheckPromises(c.ctx, c.actors["judge"], "mend"); err != nil || p.Checked != 16 || len(p.Breaches) != 0 {
						t.Errorf("checked %d, found %v, %v", p.Checked, p.Breaches, err)
					}
				}
			})
		}
		for hall := range 16 {
			wg.Go(func() {
				var err error
				if id := waived[hall]; id != "" {
					_, err = c.site.Act(c.ctx, c.actors["judge"], id, bihuan.Move{Kind: programme.EventAct, Action: "waive", Reason: "新址在建"})
				} else {
					_, err = c.site.File(c.ctx, bihuan.System(), bihuan.Filing{Subject: c.halls[hall].ID, Form: "opening", Values: values{"hours": 20}})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		p, err := c.site.Promises(c.ctx, c.who, bihuan.PromiseQuery{Programme: "mend"})
		c.must(err)
		if x := p[0]; x.Findings != 48 || x.Met != 8 || x.Waived != 8 || len(x.Breaches) != 0 || x.Checked == nil || x.Checked.Checked != 16 {
			t.Errorf("promises %+v", x)
		}
	})
}

// Several object to the same clauses at once, each twice; then several answer each at once, while the round is to be decided again and
// again: one objection for each person and clause, one answer each, and one decision, which comes last.
func TestObjectionsByMany(t *testing.T) {
	eachCounty(t, "mend", 2, func(c *county) {
		r := c.published()
		people, clauses := []string{"officer", "both", "resident"}, []string{"", "1.1.1", "1.1.2"}
		var done, told atomic.Int64
		ended := func(err error) {
			if k, refused := bihuan.KindOf(err); err == nil {
				done.Add(1)
			} else if refused && k == bihuan.Conflict {
				told.Add(1)
			} else {
				t.Error(err)
			}
		}
		var wg sync.WaitGroup
		for range 2 {
			for _, who := range people {
				for _, clause := range clauses {
					wg.Go(func() {
						_, err := c.site.Object(c.ctx, c.actors[who], r.ID, c.halls[0].ID, clause, "评定偏低")
						ended(err)
					})
				}
			}
		}
		wg.Wait()
		list, err := c.site.Objections(c.ctx, c.who, r.ID, "")
		c.must(err)
		if r, err := c.site.Round(c.ctx, c.who, r.ID); err != nil || done.Load() != 9 || told.Load() != 9 || len(list) != 9 || r.OpenObjections != 9 {
			t.Fatalf("%d made, %d told, %d listed, %d open, %v", done.Load(), told.Load(), len(list), r.OpenObjections, err)
		}
		c.Days(4)
		c.FileOn(0, "stock", "2021-03-01", map[string]any{"books": 100, "seats": 1}) // what is upheld is put right already
		c.FileOn(0, "opening", "2021-03-01", map[string]any{"hours": 1})
		done.Store(0)
		told.Store(0)
		var decided atomic.Int64
		for _, login := range []string{"judge", "judge2"} {
			for i, o := range list {
				wg.Go(func() { ended(c.site.Answer(c.ctx, c.actors[login], o.ID, i%2 == 0, login)) })
			}
			wg.Go(func() {
				for range 5 {
					_, err := c.site.Decide(c.ctx, c.actors[login], r.ID)
					if k, refused := bihuan.KindOf(err); err == nil {
						decided.Add(1)
					} else if !refused || k != bihuan.Conflict {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if _, err := c.site.Decide(c.ctx, c.who, r.ID); err == nil {
			decided.Add(1)
		}
		if done.Load() != 9 || told.Load() != 9 || decided.Load() != 1 {
			t.Errorf("%d answered, %d told, %d times decided", done.Load(), told.Load(), decided.Load())
		}
		list, err = c.site.Objections(c.ctx, c.who, r.ID, "")
		c.must(err)
		for _, o := range list {
			if o.Outcome != bihuan.ObjectionUpheld && o.Outcome != bihuan.ObjectionRejected || o.AnsweredBy != fmt.Sprint("某", o.Answer) {
				t.Errorf("objection %+v", o)
			}
		}
		if n := c.Broken(); len(n) != 0 {
			t.Errorf("breaches %v", n)
		}
	})
}
