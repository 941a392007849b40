package bihuan_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

func change(t testing.TB, texts ...string) (out []programme.Change) {
	t.Helper()
	for _, s := range texts {
		c, ok := programme.ParseChange(s)
		if !ok {
			t.Fatal(s)
		}
		out = append(out, c)
	}
	return out
}

// everybody gives what the population holds, by the totals of all: the visits count half, so that nearly all of them move.
func (r *runner) everybody(s *bihuan.Site) bihuan.Effect {
	r.Helper()
	e, err := s.WhatIf(r.ctx, bihuan.System(), "home", "", change(r, "1.1.2.each.points=5", "1.1.1.linear.minus=0.5"), -1)
	r.must(err)
	return e
}

// A population that was kept current through everything is the one that a process just started loads; and it says of the
// standard as it is what is stored.
func (r *runner) sameAsLoaded(kept *bihuan.Site) {
	r.Helper()
	fresh, err := bihuan.Open(r.ctx, bihuan.Config{Database: r.url, Files: r.files, Now: r.now.Now})
	r.must(err)
	defer func() { _ = fresh.Close() }()
	a, b := r.everybody(kept), r.everybody(fresh)
	if a.Subjects != b.Subjects || !reflect.DeepEqual(a.Flow, b.Flow) || a.Mean != b.Mean || len(a.Movers) != len(b.Movers) {
		r.Fatalf("kept: %d subjects, %v, %v; loaded: %d subjects, %v, %v", a.Subjects, a.Flow, a.Mean, b.Subjects, b.Flow, b.Mean)
	}
	for i, m := range a.Movers {
		n := b.Movers[i]
		if m.Row, n.Row = 0, 0; !reflect.DeepEqual(m, n) {
			r.Errorf("kept %+v, loaded %+v", m, n)
		}
	}
	for i, x := range kept.Populations() {
		y := fresh.Populations()[i]
		if x.Subjects != y.Subjects || x.Evidence != y.Evidence || x.Bytes != y.Bytes || x.Seq != y.Seq {
			r.Errorf("kept %+v, loaded %+v", x, y)
		}
	}
	rows, total, err := r.site.Subjects(r.ctx, bihuan.System(), bihuan.SubjectQuery{Programme: "home", Limit: 1000})
	r.must(err)
	if total != a.Subjects {
		r.Errorf("%d are enrolled, the population has %d", total, a.Subjects)
	}
	live := map[string]bihuan.SubjectRow{}
	for _, row := range rows {
		live[row.ID] = row
	}
	for _, m := range a.Movers {
		if row := live[m.Subject]; row.Totals["city"] != m.Total.Before || row.Grade != m.Grade.Before {
			r.Errorf("%s stands at %v %s, the population says %v %s", row.Key, row.Totals["city"], row.Grade, m.Total.Before, m.Grade.Before)
		}
	}
}

// People file, correct, withdraw, enrol, move and leave through two processes while both look at the population: neither
// ever misses a fact.
func TestPopulationFollows(t *testing.T) {
	each(t, func(r *runner) {
		other, err := bihuan.Open(r.ctx, bihuan.Config{Database: r.url, Files: r.files, Now: r.now.Now})
		r.must(err)
		defer func() { _ = other.Close() }()
		var ids []string
		for i := range 24 {
			key := fmt.Sprint("H", i)
			r.Enrol("home", "e1", values{"code": key, "title": "家" + key, "size": []string{"small", "large"}[i%2]})
			ids = append(ids, r.ID(key))
		}
		r.everybody(r.site)
		r.everybody(other)
		writings := 40
		if testing.Short() {
			writings = 12
		}
		var writers, readers sync.WaitGroup
		stop := make(chan struct{})
		for _, s := range []*bihuan.Site{r.site, other} {
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(3 * time.Millisecond):
						if _, err := s.WhatIf(r.ctx, bihuan.System(), "home", "", change(t, "1.1.2.each.points=5"), 3); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		for w := range 6 {
			writers.Go(func() {
				random := rand.New(rand.NewPCG(3, uint64(w)))
				s := []*bihuan.Site{r.site, other}[w%2]
				var mine []string
				for i := range writings {
					id := ids[random.IntN(len(ids))]
					var err error
					switch random.IntN(12) {
					case 0:
						_, err = s.Enrol(r.ctx, bihuan.System(), "home", []bihuan.NewSubject{{Row: 2, Unit: "w1", Fields: values{"code": fmt.Sprint("N", w, "-", i), "title": "新"}}}, bihuan.Import{})
					case 1: // moves, without anything new about it
						_, err = s.Enrol(r.ctx, bihuan.System(), "home", []bihuan.NewSubject{{Row: 2, Unit: []string{"e1", "w1"}[random.IntN(2)], Fields: values{"code": fmt.Sprint("H", random.IntN(24))}}}, bihuan.Import{})
					case 2:
						err = s.Leave(r.ctx, bihuan.System(), id, "迁出")
					case 3, 4:
						if len(mine) > 0 {
							err = s.Withdraw(r.ctx, bihuan.System(), mine[random.IntN(len(mine))], "填错")
						}
					case 5, 6:
						_, err = s.File(r.ctx, bihuan.System(), bihuan.Filing{Subject: id, Form: "roster", On: day("2021-05-01"), By: "self", Values: values{"people": 100, "members": 40 + random.IntN(60)}})
					default:
						var filed bihuan.Filed
						filed, err = s.File(r.ctx, bihuan.System(), bihuan.Filing{Subject: id, Form: "visit", By: "self", Values: values{"day": "2021-05-02", "hours": i}})
						if err == nil {
							mine = append(mine, filed.ID)
						}
					}
					if _, refused := bihuan.KindOf(err); err != nil && !refused {
						t.Error(err)
						return
					}
				}
			})
		}
		writers.Wait()
		close(stop)
		readers.Wait()
		r.sameAsLoaded(r.site)
		r.sameAsLoaded(other)
		r.Publish("home", map[string]string{`version: "1"`: `version: "2"`, "minus: 1,": "minus: 2,"})
		r.sameAsLoaded(other)
		if n := other.ForgetPopulations(time.Hour); n != 0 || len(other.Populations()) != 1 {
			t.Errorf("%d populations in use were forgotten", n)
		}
		if n := other.ForgetPopulations(0); n != 1 || len(other.Populations()) != 0 {
			t.Errorf("%d populations were forgotten", n)
		}
		r.sameAsLoaded(other)
	})
}

// A judge drags a bound: who moves, from which grade to which, and by which clause. Others may not ask, wrong changes are told.
func TestWhatIf(t *testing.T) {
	each(t, func(r *runner) {
		r.As(bihuan.System())
		for key, members := range map[string]int{"E1": 85, "W1": 95} {
			r.File(key, "roster", "2021-05-01", values{"people": 100, "members": members})
			r.Want()
			for range 3 {
				r.File(key, "visit", "", values{"day": "2021-05-02", "hours": 2})
				r.Want()
			}
		} // E1: 35 + 30, W1: 40 + 30, spirit waits
		ask := func(unit string, changes ...string) bihuan.Effect {
			t.Helper()
			e, err := r.site.WhatIf(r.ctx, r.as, "home", unit, change(t, changes...), 20)
			r.err = err
			return e
		}
		r.Who("judge")
		e := ask("city", "grades.silver.at_least=70")
		r.Want()
		if e.Subjects != 2 || e.Up != 0 || e.Down != 1 || e.Flow[1][2] != 1 || len(e.Movers) != 1 || e.Names[e.Movers[0].Subject].Key != "E1" {
			t.Errorf("%+v", e.Comparison)
		}
		if len(e.Units) != 2 || e.Units[0].Unit.Name != "东镇" || e.Units[0].Down != 1 || len(e.Choices) != 1 || e.Choices[0].Groups[0].Group != "large" {
			t.Errorf("units %+v, choices %+v", e.Units, e.Choices)
		}
		e = ask("east", "1.1.1.linear.full_at=0.85", "grades.silver.at_least=70")
		r.Want()
		if m := e.Movers; e.Subjects != 1 || len(m) != 1 || points(m[0].Total.After) != "70" || len(m[0].Clauses) != 1 || m[0].Clauses[0].Clause != "1.1.1" ||
			points(m[0].Clauses[0].Points.Before) != "35" || m[0].Steps != 0 {
			t.Errorf("%+v", e.Movers)
		}
		ask("city", "1.1.9.points=3")
		r.Want(bihuan.Invalid)
		if m := mistakesIn(r.err); len(m) == 0 || !strings.Contains(m.Error(), "there is no 1.1.9") {
			t.Error(m)
		}
		for login, want := range map[string]bihuan.Kind{"": bihuan.Unauthenticated, "officer": bihuan.Forbidden, "assessor": bihuan.Forbidden} {
			r.Who(login)
			ask("east", "1.1.1.points=30")
			r.Want(want)
		}
		r.Who("townadmin")
		ask("east")
		r.Want()
		ask("west")
		r.Want(bihuan.Forbidden)
		ways, err := r.site.Ways(r.ctx, r.Login("officer"), r.ID("E1"), "", 3)
		r.must(err)
		if ways.Grade != "silver" || ways.Target != "gold" || len(ways.Sets) != 1 || ways.Sets[0].Clauses[0].Clause != "1.1.3" || !ways.Sets[0].Clauses[0].Judged {
			t.Errorf("%+v", ways)
		}
		if _, err := r.site.Ways(r.ctx, r.Login("stranger"), r.ID("E1"), "", 3); err == nil {
			t.Error("a stranger sees the way")
		}
		levers, err := r.site.Levers(r.ctx, r.Login("assessor"), "home", "east")
		r.must(err)
		if len(levers) != 2 || levers[0].Clause != "1.1.3" || levers[0].Lifted != 1 || levers[1].Lifted != 0 {
			t.Errorf("%+v", levers)
		}
		if _, err := r.site.Levers(r.ctx, r.Login("assessor"), "home", "city"); err == nil {
			t.Error("a town's assessor sees the city's levers")
		}
		packed, err := r.site.DraftFiles(r.ctx, r.as, "home", "east", change(t, "1.1.1.linear.full_at=0.85", "version=2"))
		r.must(err)
		v, err := r.site.Publish(r.ctx, bihuan.System(), unzipped(t, packed), "home", "")
		r.must(err)
		if v.Version != "2" || r.Total("E1", "city") != "70" {
			t.Errorf("%+v %s", v, r.Total("E1", "city"))
		}
	})
}

func unzipped(t testing.TB, packed []byte) fs.FS {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	return z
}
