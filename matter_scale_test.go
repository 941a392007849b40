package bihuan_test

import (
	"fmt"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/dbtest"
	"bihuan.dev/bihuan/programme"
)

// BenchmarkInbox times the boxes of people among ten thousand matters: go test -bench Inbox -run '^$' -benchtime 20x -v .
func BenchmarkInbox(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkInbox(b, dbtest.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { benchmarkInbox(b, dbtest.Postgres(b)) })
}

func benchmarkInbox(b *testing.B, url string) {
	const homes, each = 400, 25
	r := open(b, url, b.TempDir())
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	units := []bihuan.UnitRow{{Row: 2, Code: "city", Name: "平湖市", Level: "county"}}
	for i := range 10 {
		units = append(units, bihuan.UnitRow{Row: 3 + i, Code: fmt.Sprint("t", i), Parent: "city", Name: fmt.Sprintf("第%d镇", i), Level: "town"})
	}
	var subjects []bihuan.NewSubject
	for i := range homes {
		code := fmt.Sprintf("h%03d", i)
		units = append(units, bihuan.UnitRow{Row: 20 + i, Code: code, Parent: fmt.Sprint("t", i%10), Name: homeName(i), Level: "enterprise"})
		subjects = append(subjects, bihuan.NewSubject{Row: 2 + i, Unit: code, Fields: values{"code": code, "title": homeName(i)}, On: day("2020-01-01")})
	}
	_, err := r.site.ImportUnits(r.ctx, r.as, units, bihuan.Import{})
	must(err)
	_, err = r.site.Publish(r.ctx, r.as, fixture(b, "loop", nil), "loop", "")
	must(err)
	_, err = r.site.Enrol(r.ctx, r.as, "loop", subjects, bihuan.Import{})
	must(err)
	account := func(login, role, unit string) bihuan.Actor {
		made, err := r.site.CreateAccount(r.ctx, r.as, bihuan.NewAccount{Login: login, Name: login, Grants: []bihuan.Grant{{Programme: "loop", Role: role, Unit: unit}}})
		must(err)
		a, err := r.site.ActorByID(r.ctx, made.ID)
		must(err)
		return a
	}
	city, town, officer := account("city", "judge", "city"), account("town", "assessor", "t0"), account("officer", "officer", "city")
	var member bihuan.Actor
	began := time.Now()
	for i := range homes {
		sub, err := r.site.SubjectByKey(r.ctx, r.as, "loop", fmt.Sprintf("h%03d", i))
		must(err)
		member = account(fmt.Sprint("m", i), "member", sub.Unit)
		for j := range each {
			name, v := "proposal", values{"title": fmt.Sprintf("食堂排队%d", j), "reason": "太久"}
			if j%5 == 4 {
				name, v = "accusation", values{"about": "账目", "charge": "造假"}
			}
			_, err := r.site.Raise(r.ctx, member, bihuan.NewMatter{Subject: sub.ID, Name: name, Values: v})
			must(err)
		}
	}
	b.Logf("raised %d matters in %v", homes*each, time.Since(began))
	for range 10 {
		page, err := r.site.Matters(r.ctx, officer, bihuan.MatterQuery{Stage: "proposed", Page: bihuan.Page{Limit: bihuan.MostTogether}})
		must(err)
		began := time.Now()
		lines, err := r.site.ActOnMany(r.ctx, officer, bihuan.Batch{Matters: pickedRows(page.Matters), Move: bihuan.Move{Kind: programme.EventAct, Action: "accept"}})
		must(err)
		b.Logf("accepted %d together in %v", len(lines), time.Since(began))
	}
	for _, who := range []struct {
		name  string
		actor bihuan.Actor
	}{{"city", city}, {"town", town}, {"officer", officer}, {"member", member}, {"visitor", bihuan.Actor{}}} {
		for name, q := range map[string]bihuan.MatterQuery{"all": {}, "to do by clock": {Box: bihuan.BoxTodo, Sort: "due"}, "search": {Search: "食堂排队7"}, "raised": {Box: bihuan.BoxRaised}, "last page": {Page: bihuan.Page{Offset: 7900}}} {
			if who.actor.Visitor() && q.Box != "" {
				continue
			}
			b.Run(who.name+" "+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := r.site.Matters(r.ctx, who.actor, q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		if who.actor.Visitor() {
			continue
		}
		b.Run(who.name+" counts", func(b *testing.B) {
			for b.Loop() {
				if _, err := r.site.MatterCounts(r.ctx, who.actor, bihuan.MatterQuery{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(who.name+" tasks", func(b *testing.B) {
			for b.Loop() {
				if _, err := r.site.Tasks(r.ctx, who.actor, bihuan.TaskQuery{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func pickedRows(list []bihuan.Matter) (out []bihuan.Picked) {
	for _, m := range list {
		out = append(out, bihuan.Picked{ID: m.ID, Seen: m.Seq, Stage: m.Stage})
	}
	return out
}
