package bihuan_test

import (
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
)

func TestFilingMovesTheScore(t *testing.T) {
	each(t, func(r *runner) {
		r.Who("officer")
		filed := r.File("E1", "roster", "2021-05-01", values{"people": 100, "members": "85"})
		r.Want()
		if filed.Before.Own.Total != 0 || points(filed.After.Own.Total) != "35" || filed.After.Own.Party != "self" || filed.After.Deciding.Party != "city" {
			r.Fatalf("filed %+v", filed)
		}
		if len(filed.Moved) != 1 || filed.Moved[0].Clause != "1.1.1" || filed.Moved[0].Before != assess.Missing || filed.Moved[0].After != assess.Partly {
			r.Fatalf("moved %+v", filed.Moved)
		}
		r.Who("assessor").File("E1", "roster", "", values{"people": 100, "members": 90})
		r.Want()
		if self, city := r.Total("E1", "self"), r.Total("E1", "city"); self != "35" || city != "40" {
			r.Fatalf("self %s city %s: the town's roster overrides from its column on", self, city)
		}
		r.File("E1", "visit", "", values{"day": "2021-03-01", "hours": "1.5"})
		r.Want()
		list, err := r.site.EvidenceOf(r.ctx, r.as, r.ID("E1"), "visit")
		if err != nil || len(list) != 1 || list[0].On != day("2021-03-01") || list[0].By != "town" || list[0].AccountName != "演示assessor" {
			r.Fatalf("%+v %v", list, err)
		}
		r.sameAsAnew("home")
	})
}

func TestWrongFormsComeBackByField(t *testing.T) {
	each(t, func(r *runner) {
		r.Who("officer")
		for _, c := range []struct {
			form  string
			v     values
			field string
		}{
			{"roster", values{"people": 0}, "people"},
			{"roster", values{"members": 3}, "people"},
			{"roster", values{"people": 3, "members": 4}, "members"},
			{"roster", values{"people": 3, "photo": []any{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}, "photo"},
			{"roster", values{"people": 3, "peopel": 4}, "peopel"},
			{"visit", values{"day": "2031-01-01"}, "day"},
			{"subject", values{"code": "E9", "title": "改号"}, "code"},
			{"subject", values{"title": ""}, "title"},
			{"subject", values{"title": "a\x00b"}, "title"},
		} {
			r.File("E1", c.form, "", c.v)
			r.Want(bihuan.Invalid)
			if fields := fieldsOf(r.err); len(fields) != 1 || fields[0] != c.field {
				t.Errorf("%s %v: wrong fields %v, want %s (%v)", c.form, c.v, fields, c.field, r.err)
			}
		}
		r.File("E1", "nothing", "", nil)
		r.Want(bihuan.Invalid)
		r.File("E1", "judgement", "", values{"clause": "1.1.3", "level": "A"})
		r.Want(bihuan.Forbidden)
		if list, err := r.site.EvidenceOf(r.ctx, r.as, r.ID("E1"), ""); err != nil || len(list) != 1 {
			t.Errorf("something was stored: %v %v", list, err)
		}
	})
}

// What did we know then? Four pieces of evidence, one late, one superseded, one withdrawn.
func TestAsOfOnBothAxes(t *testing.T) {
	each(t, func(r *runner) {
		at := func(when string) { r.now.mu.Lock(); r.now.now = noon(when); r.now.mu.Unlock() }
		id := r.ID("E1")
		r.Who("assessor")
		at("2021-06-10")
		first := r.File("E1", "roster", "2021-06-10", values{"people": 100, "members": 80}) // 30
		r.Want()
		at("2021-07-10")
		_, err := r.site.File(r.ctx, r.as, bihuan.Filing{Subject: id, Form: "roster", On: day("2021-06-10"), Supersedes: first.ID,
			Values: values{"people": 100, "members": 85}}) // 35
		r.must(err)
		at("2021-08-10")
		visit := r.File("E1", "visit", "", values{"day": "2021-05-01"}) // late: true in May, known in August; 45
		at("2021-09-10")
		r.must(r.site.Withdraw(r.ctx, r.as, visit.ID, "填错单位")) // 35
		at("2021-10-10")
		for _, c := range []struct{ asOf, known, want string }{
			{"2021-06-09", "2021-10-01", "0"}, {"2021-06-10", "2021-06-11", "30"}, {"2021-06-10", "2021-07-11", "35"},
			{"2021-06-10", "2021-08-11", "45"}, {"2021-05-02", "2021-08-11", "10"}, {"2021-04-30", "2021-08-11", "0"},
			{"2021-06-10", "2021-09-11", "35"}, {"2021-10-10", "2021-06-01", "0"}, {"2021-10-10", "", "35"},
			{"2022-12-10", "", "35"}, {"2022-12-11", "", "0"}, // the roster is valid for 18 months
		} {
			moment := bihuan.At{AsOf: day(c.asOf)}
			if c.known != "" {
				moment.Known = noon(c.known)
			}
			scores, err := r.site.Columns(r.ctx, r.as, id, moment)
			r.must(err)
			if got := points(scores[2].Total); got != c.want {
				t.Errorf("as of %s, known %s: %s, want %s", c.asOf, c.known, got, c.want)
			}
		}
		history, err := r.site.History(r.ctx, r.as, id, "town")
		r.must(err)
		var got []string
		for _, h := range history {
			got = append(got, h.AsOf.String()+" "+h.Cause+" "+points(h.Total))
		}
		want := []string{"2021-06-01 evidence 0", "2021-06-10 evidence 30", "2021-07-10 evidence 35", "2021-08-10 evidence 45", "2021-09-10 withdrawal 35"}
		if len(got) != len(want) {
			t.Fatalf("history %q", got)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("history %q, want %q", got, want)
			}
		}
		e, err := r.site.Evidence(r.ctx, r.as, visit.ID)
		if err != nil || e.Withdrawn == nil || e.Withdrawn.Reason != "填错单位" || e.Withdrawn.AccountName != "演示assessor" {
			t.Errorf("%+v %v", e, err)
		}
		r.must(r.site.Rescore(r.ctx, "home"))
		r.sameAsAnew("home")
		at("2022-12-11")
		if r.Total("E1", "city") != "35" {
			t.Error("the score moved without anybody bringing it up to the day")
		}
		r.must(r.site.Rescore(r.ctx, "home"))
		if got := r.Total("E1", "city"); got != "0" {
			t.Errorf("stale: %s", got)
		}
	})
}

func TestCorrectionsAreMadeOnceAndByTheSameParty(t *testing.T) {
	each(t, func(r *runner) {
		id := r.ID("E1")
		r.Who("officer")
		first := r.File("E1", "roster", "", values{"people": 100, "members": 80})
		correct := func(of string) {
			_, r.err = r.site.File(r.ctx, r.as, bihuan.Filing{Subject: id, Form: "roster", Supersedes: of, Values: values{"people": 100, "members": 90}})
		}
		r.Who("assessor")
		correct(first.ID)
		r.Want(bihuan.Forbidden)
		r.Who("officer2")
		correct("nonsense")
		r.Want(bihuan.NotFound)
		correct(first.ID)
		r.Want()
		r.Who("officer")
		correct(first.ID)
		r.Want(bihuan.Conflict)
		r.err = r.site.Withdraw(r.ctx, r.Login("stranger"), first.ID, "乱来")
		r.Want(bihuan.NotFound)
		r.err = r.site.Withdraw(r.ctx, r.as, first.ID, " ")
		r.Want(bihuan.Invalid)
		list, _ := r.site.EvidenceOf(r.ctx, r.as, id, "roster")
		if len(list) != 2 || list[1].SupersededBy != list[0].ID {
			t.Errorf("%+v", list)
		}
		subject, _ := r.site.EvidenceOf(r.ctx, r.as, id, "subject")
		r.Who("admin").err = r.site.Withdraw(r.ctx, r.as, subject[0].ID, "重来")
		r.Want(bihuan.Conflict)
	})
}
