package bihuan_test

import (
	"fmt"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
)

func TestSubjectLists(t *testing.T) {
	each(t, func(r *runner) {
		names := []string{"阳光", "安康", "100%纯", "重名", "重名"}
		for i, n := range names {
			r.Enrol("home", "w1", values{"code": fmt.Sprint("S", i), "title": n})
		}
		r.As(bihuan.System())
		for key, members := range map[string]int{"S0": 90, "S1": 85, "S2": 85, "E1": 60} {
			_, r.err = r.site.File(r.ctx, r.as, bihuan.Filing{Subject: r.ID(key), Form: "roster", By: "self", Values: values{"people": 100, "members": members}})
			r.Want()
		}
		for i := range 3 {
			r.now.Now()
			_, r.err = r.site.File(r.ctx, r.as, bihuan.Filing{Subject: r.ID("S0"), Form: "visit", By: "self", Values: values{"day": fmt.Sprintf("2021-01-0%d", i+1)}})
			r.Want()
		}
		for _, c := range []struct {
			who  string
			q    bihuan.SubjectQuery
			want string // keys in order, and how many in all
		}{
			{"judge", bihuan.SubjectQuery{}, "S2 S1 E1 W1 S0 S3 S4 of 7"}, // 100%, ankang, dong…, xi…, yang…, zhong…
			{"judge", bihuan.SubjectQuery{Sort: "-total", Limit: 4}, "S0 S2 S1 E1 of 7"},
			{"judge", bihuan.SubjectQuery{Sort: "total", Limit: 1}, "W1 of 7"},
			{"judge", bihuan.SubjectQuery{Sort: "-total", Limit: 2, Offset: 3}, "E1 W1 of 7"},
			{"judge", bihuan.SubjectQuery{Offset: 100}, " of 7"},
			{"judge", bihuan.SubjectQuery{Sort: "changed", Limit: 1}, "S0 of 7"},
			{"judge", bihuan.SubjectQuery{Sort: "grade", Limit: 1}, "S0 of 7"},
			{"judge", bihuan.SubjectQuery{Grade: "silver"}, "S0 of 1"},
			{"judge", bihuan.SubjectQuery{Unit: "east"}, "E1 of 1"},
			{"judge", bihuan.SubjectQuery{Unit: "w1", Search: "yg"}, "S0 of 1"},
			{"judge", bihuan.SubjectQuery{Search: "%"}, "S2 of 1"},
			{"judge", bihuan.SubjectQuery{Search: "zhongming s4"}, "S4 of 1"},
			{"judge", bihuan.SubjectQuery{Clause: "1.1.1", Status: "met"}, "S0 of 1"},
			{"judge", bihuan.SubjectQuery{Status: "partly"}, "S2 S1 E1 of 3"},
			{"assessor", bihuan.SubjectQuery{}, "E1 of 1"},
			{"assessor", bihuan.SubjectQuery{Unit: "west"}, " of 0"},
			{"assessor", bihuan.SubjectQuery{Unit: "city"}, "E1 of 1"},
			{"stranger", bihuan.SubjectQuery{Search: "安"}, "S1 of 1"},
			{"", bihuan.SubjectQuery{}, " of 0"}, // nothing is decided
		} {
			c.q.Programme = "home"
			rows, total, err := r.site.Subjects(r.ctx, r.Login(c.who), c.q)
			r.must(err)
			var keys []string
			for _, row := range rows {
				keys = append(keys, row.Key)
			}
			if got := strings.Join(keys, " ") + fmt.Sprint(" of ", total); got != c.want {
				t.Errorf("%s %+v:\n got %s\nwant %s", c.who, c.q, got, c.want)
			}
		}
		rows, _, err := r.site.Subjects(r.ctx, r.Login("judge"), bihuan.SubjectQuery{Programme: "home", Search: "S2"})
		if err != nil || rows[0].Rank != 2 || rows[0].UnitName != "西一公司" || points(rows[0].Totals["self"]) != "35" {
			t.Errorf("%+v %v", rows, err) // two share the second place
		}
		_, _, r.err = r.site.Subjects(r.ctx, r.Login("judge"), bihuan.SubjectQuery{Programme: "home", Sort: "sort; DROP TABLE subject"})
		r.Want(bihuan.Invalid)
		_, _, r.err = r.site.Subjects(r.ctx, r.Login("judge"), bihuan.SubjectQuery{Programme: "nothing"})
		r.Want(bihuan.NotFound)
		r.Publish("contest", nil)
		_, _, r.err = r.site.Subjects(r.ctx, bihuan.Actor{}, bihuan.SubjectQuery{Programme: "contest"})
		r.Want(bihuan.Unauthenticated) // it shows nothing to visitors
	})
}

func TestFormsDue(t *testing.T) {
	each(t, func(r *runner) {
		show := func() string {
			list, err := r.site.Due(r.ctx, r.Login("officer"), r.ID("E1"))
			r.must(err)
			var b strings.Builder
			for _, d := range list {
				fmt.Fprintf(&b, "%s last %s due %s overdue %v stale %v;", d.Form, d.LastOn, d.DueOn, d.Overdue, d.Stale)
			}
			return b.String()
		}
		// A visit may be nothing to report, an opinion is nobody's duty: only the roster is due.
		if got := show(); got != "roster last 1970-01-01 due 2021-06-01 overdue false stale false;" {
			t.Error(got)
		}
		r.Who("officer").File("E1", "roster", "2021-05-01", values{"people": 3})
		if got := show(); got != "roster last 2021-05-01 due 2022-05-01 overdue false stale false;" {
			t.Error(got)
		}
		r.now.now = noon("2022-11-02")
		if got := show(); got != "roster last 2021-05-01 due 2022-05-01 overdue true stale true;" {
			t.Error(got)
		}
	})
}

func TestDrafts(t *testing.T) {
	each(t, func(r *runner) {
		id := r.ID("E1")
		r.Who("officer")
		r.must(r.site.SaveDraft(r.ctx, r.as, id, "roster", values{"people": "1x", "n": 1}))
		r.must(r.site.SaveDraft(r.ctx, r.as, id, "roster", values{"people": "12"}))
		d, err := r.site.Draft(r.ctx, r.as, id, "roster")
		if err != nil || d.Values["people"] != "12" || len(d.Values) != 1 || d.UpdatedAt.IsZero() {
			t.Errorf("%+v %v", d, err)
		}
		_, r.err = r.site.Draft(r.ctx, r.Login("officer2"), id, "roster")
		r.Want(bihuan.NotFound)
		r.err = r.site.SaveDraft(r.ctx, r.as, id, "roster", values{"people": strings.Repeat("x", 300<<10)})
		r.Want(bihuan.TooLarge)
		r.err = r.site.SaveDraft(r.ctx, r.as, id, "roster", values{"people": "\x00"})
		r.Want(bihuan.Invalid)
		r.err = r.site.SaveDraft(r.ctx, r.as, id, "nothing", values{})
		r.Want(bihuan.NotFound)
		r.File("E1", "roster", "", values{"people": 12})
		r.Want()
		_, r.err = r.site.Draft(r.ctx, r.as, id, "roster")
		r.Want(bihuan.NotFound)
		r.must(r.site.SaveDraft(r.ctx, r.as, id, "roster", values{}))
		r.must(r.site.DropDraft(r.ctx, r.as, id, "roster"))
	})
}
