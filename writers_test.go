package bihuan_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/db"
)

// order reads how many pieces of evidence there are and the last number given: equal at every moment, or somebody who
// follows the numbers misses one.
func (r *runner) order(d *db.DB, p string) (count, last int64) {
	err := d.Read(r.ctx, func(tx *db.Tx) error {
		return tx.Row(r.ctx, "SELECT count(*), COALESCE(max(seq), 0) FROM evidence WHERE programme = $1", []any{p}, &count, &last)
	})
	r.must(err)
	return count, last
}

// Sixteen people file, correct, withdraw, move and import at once, while somebody follows and a new version comes in.
func TestManyWriters(t *testing.T) {
	each(t, func(r *runner) {
		const writers, homes = 16, 60
		filings := 200
		if testing.Short() {
			filings = 20
		}
		keys := []string{"E1"}
		for i := range homes {
			keys = append(keys, fmt.Sprint("H", i))
			r.Enrol("home", "e1", values{"code": keys[i+1], "title": fmt.Sprint("家", i)})
		}
		ids := map[string]string{}
		for _, k := range keys {
			ids[k] = r.ID(k)
		}
		d, err := db.Open(r.ctx, r.url)
		r.must(err)
		defer func() { _ = d.Close() }()
		before, _ := r.order(d, "home")
		actors := []bihuan.Actor{r.Login("officer"), r.Login("officer2"), r.Login("assessor"), r.Login("admin")}

		stop := make(chan struct{})
		var follower, wg sync.WaitGroup
		follower.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(2 * time.Millisecond):
					if count, last := r.order(d, "home"); count != last {
						t.Errorf("%d pieces of evidence, but number %d is given", count, last)
						return
					}
				}
			}
		})
		var stored atomic.Int64
		for w := range writers {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(7, uint64(w)))
				a := actors[w%len(actors)]
				for i := range filings {
					key := keys[random.IntN(len(keys))]
					var err error
					switch random.IntN(20) {
					case 0: // a few at once, in an order of its own
						var rows []bihuan.Filing
						for _, j := range random.Perm(len(keys))[:4] {
							rows = append(rows, bihuan.Filing{Subject: keys[j], Form: "visit", By: byOf(a), Values: values{"day": "2021-02-01", "hours": i}})
						}
						if _, err = r.site.FileMany(r.ctx, a, "home", rows, bihuan.Import{}); err == nil {
							stored.Add(4)
						}
					case 1:
						if _, err = r.site.Enrol(r.ctx, actors[2], "home", []bihuan.NewSubject{
							{Unit: "e1", Fields: values{"code": key, "title": fmt.Sprint("家", w, i)}}}, bihuan.Import{}); err == nil {
							stored.Add(1)
						}
					case 2, 3:
						var filed bihuan.Filed
						if filed, err = r.site.File(r.ctx, a, bihuan.Filing{Subject: ids[key], Form: "visit", By: byOf(a), Values: values{"day": "2021-03-01"}}); err == nil {
							stored.Add(1)
							err = r.site.Withdraw(r.ctx, a, filed.ID, "试")
						}
					default:
						if _, err = r.site.File(r.ctx, a, bihuan.Filing{Subject: ids[key], Form: "roster", By: byOf(a),
							Values: values{"people": 100, "members": 50 + random.IntN(50)}}); err == nil {
							stored.Add(1)
						}
					}
					if err != nil {
						t.Errorf("writer %d: %v", w, err)
						return
					}
				}
			})
		}
		r.Publish("home", map[string]string{`version: "1"`: `version: "2"`, "points: 10, most: 30": "points: 5, most: 30"})
		wg.Wait()
		close(stop)
		follower.Wait()
		if count, last := r.order(d, "home"); count != before+stored.Load() || last != count {
			t.Errorf("%d stored, %d there, last number %d", before+stored.Load(), count, last)
		}
		r.sameAsAnew("home")
	})
}

func byOf(a bihuan.Actor) string {
	if a.Grants[0].Role == "assessor" {
		return "town"
	}
	return "self"
}

// Two officers file for one subject at the same time: both are kept, and their order is clear.
func TestTwoOfficersAtOnce(t *testing.T) {
	each(t, func(r *runner) {
		id := r.ID("E1")
		var wg sync.WaitGroup
		for i, login := range []string{"officer", "officer2"} {
			a := r.Login(login)
			wg.Go(func() {
				_, err := r.site.File(r.ctx, a, bihuan.Filing{Subject: id, Form: "roster", Values: values{"people": 100, "members": 80 + i}})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		list, err := r.site.EvidenceOf(r.ctx, r.Login("officer"), id, "roster")
		if err != nil || len(list) != 2 || !list[0].Recorded.After(list[1].Recorded) || list[0].Seq <= list[1].Seq {
			t.Fatalf("%+v %v", list, err)
		}
		want := map[string]string{"演示officer": "30", "演示officer2": "31"}[list[0].AccountName]
		if got := r.Total("E1", "self"); got != want {
			t.Errorf("the later one, of %s, counts: %s, want %s", list[0].AccountName, got, want)
		}
	})
}

// The same key enrolled by many at once is one subject.
func TestOneSubjectToAKey(t *testing.T) {
	each(t, func(r *runner) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_, err := r.site.Enrol(r.ctx, bihuan.System(), "home", []bihuan.NewSubject{{Unit: "e1", Fields: values{"code": "N", "title": fmt.Sprint("名", i)}}}, bihuan.Import{})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if _, total, err := r.site.Subjects(r.ctx, bihuan.System(), bihuan.SubjectQuery{Programme: "home", Search: "名"}); err != nil || total != 1 {
			t.Errorf("%d subjects, %v", total, err)
		}
		r.sameAsAnew("home")
	})
}

// A programme that ranks scores everybody anew, whoever files.
func TestRanksMoveEverybody(t *testing.T) {
	each(t, func(r *runner) {
		r.Publish("contest", nil)
		for i := range 5 {
			r.Enrol("contest", "city", values{"code": fmt.Sprint("T", i)})
		}
		var wg sync.WaitGroup
		for i := range 5 {
			sub, err := r.site.SubjectByKey(r.ctx, bihuan.System(), "contest", fmt.Sprint("T", i))
			r.must(err)
			wg.Go(func() {
				for n := range 5 {
					if _, err := r.site.File(r.ctx, bihuan.System(), bihuan.Filing{Subject: sub.ID, Form: "run", Values: values{"points": (i*7 + n*3) % 10}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		r.sameAsAnew("contest")
		rows, _, err := r.site.Subjects(r.ctx, bihuan.System(), bihuan.SubjectQuery{Programme: "contest", Sort: "rank"})
		r.must(err)
		// points at the end: 2, 9, 6, 3, 0
		want := []string{"T1 30 1", "T2 20 2", "T3 10 3", "T0 0 4", "T4 0 4"}
		for i, row := range rows {
			if got := fmt.Sprint(row.Key, " ", points(row.Totals["judge"]), " ", row.Rank); got != want[i] {
				t.Errorf("%d: %s, want %s", i, got, want[i])
			}
		}
		r.must(r.site.Leave(r.ctx, bihuan.System(), rows[0].ID, "解散"))
		r.sameAsAnew("contest")
	})
}
