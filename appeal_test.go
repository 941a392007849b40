package bihuan_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/internal/dbtest"
	"bihuan.dev/bihuan/programme"
)

// An appeal is decided by another judge than those who had a part; the correction stands beside the first decision.
func TestAppeal(t *testing.T) {
	eachCounty(t, "mend", 3, func(c *county) {
		c.FileOn(0, "stock", "2021-03-01", map[string]any{"books": 900, "seats": 20})
		c.FileOn(0, "opening", "2021-03-01", map[string]any{"hours": 30})
		c.As("judge")
		r := c.Open(bihuan.NewRound{Programme: "mend", Unit: "c"})
		c.OK()
		c.Close(r, "self")
		level := func(round, l string) {
			_, c.err = c.site.Judge(c.ctx, c.who, bihuan.Judgement{Subject: c.halls[0].ID, Round: round, Clause: "1.1.4", Level: l, Reason: "现场查看"})
		}
		level(r.ID, "C")
		c.OK()
		c.Close(r, "city")
		c.OK()
		appeal := func(clause string) (m bihuan.MatterFile) {
			m, c.err = c.site.Appeal(c.ctx, c.who, r.ID, c.halls[0].ID, clause, "整洁评得偏低")
			return m
		}
		act := func(m bihuan.MatterFile, action string) {
			mv := bihuan.Move{Kind: programme.EventAct, Action: action}
			if action == "change" {
				mv.Forms = map[string]map[string]any{"answer": {"text": "申请成立"}}
			}
			_, c.err = c.site.Act(c.ctx, c.who, m.ID, mv)
		}
		c.As("officer")
		appeal("1.1.4")
		c.Want(bihuan.Conflict, "nothing is decided")
		c.Days(4)
		c.As("judge")
		c.Decide(r)
		c.OK()
		first := c.Decision(r, 0)
		if open, _ := c.rectifications(0); len(open) != 2 || open["1.1.4"] == "" { // books, tidiness
			t.Fatalf("rectifications %v", open)
		}
		c.As("resident")
		appeal("1.1.4")
		c.Want(bihuan.Forbidden)
		c.As("officer")
		var m bihuan.MatterFile
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for range 4 { // from four screens at once: one appeal
			wg.Go(func() {
				got, err := c.site.Appeal(c.ctx, c.actors["officer"], r.ID, c.halls[0].ID, "1.1.4", "整洁评得偏低")
				mu.Lock()
				defer mu.Unlock()
				if k, ok := bihuan.KindOf(err); err == nil {
					m = got
					done++
				} else if !ok || k != bihuan.Conflict {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done != 1 || m.Clause != "1.1.4" || m.Stage != "asked" {
			t.Fatalf("%d appeals: %+v", done, m.Matter)
		}
		todo := func(login string) int {
			counts, err := c.site.MatterCounts(c.ctx, c.actors[login], bihuan.MatterQuery{Name: "appeal"})
			c.must(err)
			return counts[bihuan.BoxTodo]
		}
		if todo("judge") != 0 || todo("judge2") != 1 || len(c.Notices("judge2")) != 1 {
			t.Errorf("whose turn it is: %d, %d", todo("judge"), todo("judge2"))
		}
		for _, n := range c.Notices("judge") {
			if n.Matter == m.ID {
				t.Errorf("the recused judge was told: %+v", n)
			}
		}
		c.As("judge")
		act(m, "accept")
		c.Want(bihuan.Forbidden, "recused")
		if seen, err := c.site.Matter(c.ctx, c.who, m.ID); err != nil || len(seen.Ways) != 0 {
			t.Errorf("the recused judge may do %+v, %v", seen.Ways, err)
		}
		c.As("judge2")
		level(r.ID, "A")
		c.Want(bihuan.Conflict)
		act(m, "accept")
		c.OK()
		act(m, "change")
		c.OK()
		act(m, "corrected")
		c.Want(bihuan.Conflict, "the same")
		c.As("judge")
		level(r.ID, "A")
		c.Want(bihuan.Forbidden, "recused")
		c.As("judge2")
		level(r.ID, "A")
		c.OK()
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = c.site.Act(c.ctx, c.actors["judge2"], m.ID, bihuan.Move{Kind: programme.EventAct, Action: "corrected"})
			})
		}
		wg.Wait()
		done = 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if k, ok := bihuan.KindOf(err); !ok || k != bihuan.Conflict {
				t.Error(err)
			}
		}
		now := c.Decision(r, 0)
		if done != 1 || first.Total != pts(50) || now.Total != pts(55) || now.Corrects != first.ID || now.Appeal != m.ID || now.DecidedBy != "某judge2" {
			t.Fatalf("%d corrections; %v, then %v: %+v", done, first.Total, now.Total, now)
		}
		list, err := c.site.Decisions(c.ctx, c.who, c.halls[0].ID)
		c.must(err)
		if len(list) != 2 || list[0].Corrected || !list[1].Corrected || list[1].ID != first.ID {
			t.Errorf("decisions %+v", list)
		}
		for _, d := range list {
			if score, same, err := c.site.Recompute(c.ctx, c.who, d.ID); err != nil || !same {
				t.Errorf("decided %v, recomputed %v, %v", d.Total, score.Total, err)
			}
		}
		if open, _ := c.rectifications(0); len(open) != 1 || open["1.1.1"] == "" {
			t.Errorf("rectifications %v", open)
		}
		if row := c.Row(r, 0); row.Decision.Total != pts(55) {
			t.Errorf("row %+v", row.Decision)
		}
		if b, err := c.site.Board(c.ctx, bihuan.Actor{}, "mend", "c"); err != nil || b.Scored != 3 || b.Mean != (pts(55)+2)/3 && b.Mean != pts(55)/3 {
			t.Errorf("board %+v, %v", b.Mean, err)
		}
		if p, err := c.site.CheckPromises(c.ctx, bihuan.System(), "mend"); err != nil || p.Checked != 4 || len(p.Breaches) != 0 || len(c.Broken()) != 0 {
			t.Errorf("promises %+v, %v, %v", p, c.Broken(), err)
		}
		c.As("officer")
		appeal("1.1.4")
		c.Want(bihuan.Conflict, "already")
		c.Days(30)
		appeal("1.1.1")
		c.Want(bihuan.Conflict, "2021")
	})
}

// The objections of a site that is older than matters become matters once, with all that was said.
func TestOldObjectionsAreCarriedOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		c := newCounty(t, url, "mend", 2)
		c.As("judge")
		r := c.Open(bihuan.NewRound{Programme: "mend", Unit: "c"})
		c.OK()
		for _, step := range []string{"self", "city"} {
			c.Close(r, step)
			c.OK()
		}
		d, err := db.Open(c.ctx, url)
		c.must(err)
		filed := c.clock.Load()
		c.must(d.Tx(c.ctx, func(tx *db.Tx) error {
			return tx.Insert(c.ctx, "objection (id, round_id, subject_id, clause, account_id, body, filed_at, outcome, answer, answered_at, answered_by)", [][]any{
				{"old-1", r.ID, c.halls[0].ID, "1.1.1", c.actors["officer"].ID, "藏书没有数全", filed, "upheld", "已核对", filed + int64(time.Hour/time.Microsecond), c.actors["judge"].ID},
				{"old-2", r.ID, c.halls[1].ID, "", c.actors["stranger"].ID, "整体偏高", filed + 1, "open", "", nil, nil}}, "")
		}))
		c.must(d.Close())
		c.must(c.site.Close())
		for range 2 { // opened twice, carried over once
			c.site, err = bihuan.Open(c.ctx, bihuan.Config{Database: url, Files: t.TempDir(), Now: func() time.Time { return time.UnixMicro(c.clock.Load()) }})
			c.must(err)
			t.Cleanup(func() { _ = c.site.Close() })
			list, err := c.site.Objections(c.ctx, c.who, r.ID, "")
			c.must(err)
			if len(list) != 2 || list[1].ID != "old-1" || list[1].Outcome != bihuan.ObjectionUpheld || list[1].Body != "藏书没有数全" || list[1].Answer != "已核对" || list[1].FiledBy != "某officer" ||
				list[1].AnsweredBy != "某judge" || !list[1].FiledAt.Equal(time.UnixMicro(filed)) || list[0].Outcome != bihuan.ObjectionOpen || list[0].Clause != "" {
				t.Errorf("objections %+v", list)
			}
		}
		if n := c.Notices("judge"); len(n) != 0 {
			t.Errorf("notices %+v", n)
		}
		c.Days(4)
		c.Decide(r)
		c.Want(bihuan.Conflict, "not answered")
		c.must(c.site.Answer(c.ctx, c.who, "old-2", false, "按标准评定"))
		c.FileOn(0, "stock", "2021-03-01", map[string]any{"books": 900, "seats": 1}) // what was upheld is corrected
		c.Decide(r)
		c.OK()
		m, err := c.site.Matter(c.ctx, c.who, "old-2")
		c.must(err)
		if m.Outcome != "rejected" || m.Why != "按标准评定" || m.Raiser != "某stranger" || !strings.HasPrefix(m.Code, "2103") {
			t.Errorf("%+v", m.Matter)
		}
		_, err = c.site.Act(c.ctx, c.actors["admin"], m.ID, bihuan.Move{Kind: programme.EventReopen, Reason: "再议"})
		if err == nil {
			t.Error("reopened after the decision")
		}
		if n := c.Broken(); len(n) != 0 {
			t.Errorf("breaches %v", n)
		}
	})
}
