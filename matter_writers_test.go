package bihuan_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// A thousand matters and sixteen people at once, several of them at the same one: each step is taken once, whoever comes second
// is told so, nothing is lost and nothing breaks.
func TestThousandMatters(t *testing.T) {
	each(t, func(r *runner) {
		const writers, homes = 16, 40
		matters := 1000
		if testing.Short() {
			matters = 160
		}
		loop(r)
		var subjects []string
		for i := range homes {
			key := fmt.Sprint("H", i)
			r.Enrol("loop", "e1", values{"code": key, "title": fmt.Sprint("家", i)})
			subjects = append(subjects, r.home(key))
		}
		member, chair := r.Login("m1"), r.Login("chair")
		codes := make([]string, matters)
		var broke, done, told atomic.Int64
		ended := func(err error) {
			if k, refused := bihuan.KindOf(err); err == nil {
				done.Add(1)
			} else if refused && k == bihuan.Conflict {
				told.Add(1)
			} else if broke.Add(1) <= 3 {
				t.Errorf("broke: %v", err)
			}
		}
		all := func(f func(i int)) {
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					for i := w; i < matters; i += writers {
						f(i)
					}
				})
			}
			wg.Wait()
		}
		all(func(i int) {
			raised, err := r.site.Raise(r.ctx, member, bihuan.NewMatter{Subject: subjects[i%homes], Name: "proposal", Values: values{"title": fmt.Sprint("第", i), "reason": "太暗"}})
			ended(err)
			codes[i] = raised.Matter.Code
		})
		if int(done.Load()) != matters {
			t.Fatalf("%d raised of %d", done.Load(), matters)
		}
		done.Store(0)
		accept := bihuan.Move{Kind: programme.EventAct, Action: "accept", Stage: "proposed", Seen: 1}
		all(func(i int) {
			for _, j := range []int{i, (i + 1) % matters} { // a neighbour tries the same one
				_, err := r.site.Act(r.ctx, chair, codes[j], accept)
				ended(err)
			}
		})
		if int(done.Load()) != matters || int(told.Load()) != matters || broke.Load() != 0 {
			t.Errorf("%d accepted, %d told, %d broke, of %d", done.Load(), told.Load(), broke.Load(), matters)
		}
		seen := map[string]bool{}
		q := bihuan.MatterQuery{Programme: "loop", Stage: "joining", Page: bihuan.Page{Limit: 1000}}
		page, err := r.site.Matters(r.ctx, chair, q)
		r.must(err)
		for _, m := range page.Matters {
			if seen[m.Code] = true; m.Seq != 2 {
				t.Errorf("%s took %d events", m.Code, m.Seq)
			}
		}
		if len(seen) != matters || page.Total != matters {
			t.Errorf("%d stand there, %d in all", len(seen), page.Total)
		}
		r.sameAsAnew("loop")
	})
}

// Versions are published one after the other, each twice at once, while people raise matters and act on them: every matter is carried
// over to the last version, whenever it was raised, and each step is taken once.
func TestAdoptWhileOthersAct(t *testing.T) {
	each(t, func(r *runner) {
		const writers, homes, matters, versions = 8, 8, 64, 4
		adopts := func(version int) map[string]string {
			return map[string]string{`version: "1"`: fmt.Sprintf("version: \"%d\"", version), "benefit: gain": "benefit: gain\n    running: adopt"}
		}
		loop(r, adopts(1))
		var subjects []string
		for i := range homes {
			key := fmt.Sprint("H", i)
			r.Enrol("loop", "e1", values{"code": key, "title": fmt.Sprint("家", i)})
			subjects = append(subjects, r.home(key))
		}
		member, chair := r.Login("m1"), r.Login("chair")
		var done, told atomic.Int64
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := w; i < matters; i += writers {
					m, err := r.site.Raise(r.ctx, member, bihuan.NewMatter{Subject: subjects[i%homes], Name: "proposal", Values: values{"title": fmt.Sprint("第", i), "reason": "太暗"}})
					if err != nil {
						t.Errorf("raise: %v", err)
						return
					}
					for range 2 {
						_, err := r.site.Act(r.ctx, chair, m.Matter.ID, bihuan.Move{Kind: programme.EventAct, Action: "accept", Stage: "proposed"})
						if k, refused := bihuan.KindOf(err); err == nil {
							done.Add(1)
						} else if refused && k == bihuan.Conflict {
							told.Add(1)
						} else {
							t.Errorf("accept: %v", err)
						}
					}
				}
			})
		}
		var last bihuan.Version
		for n := 2; n <= versions; n++ {
			dir := fixture(r, "loop", adopts(n))
			both := make([]bihuan.Version, 2)
			var twice sync.WaitGroup
			for i := range both {
				twice.Go(func() {
					var err error
					if both[i], err = r.site.Publish(r.ctx, bihuan.System(), dir, "loop", ""); err != nil {
						t.Errorf("publish: %v", err)
					}
				})
			}
			twice.Wait()
			if last = both[0]; both[0].ID != both[1].ID || last.Kept != 0 {
				t.Errorf("version %d: %s and %s, %d kept", n, both[0].ID, both[1].ID, last.Kept)
			}
		}
		wg.Wait()
		if done.Load() != matters || told.Load() != matters {
			t.Errorf("%d accepted, %d told, of %d", done.Load(), told.Load(), matters)
		}
		page, err := r.site.Matters(r.ctx, chair, bihuan.MatterQuery{Programme: "loop", Stage: "joining", Page: bihuan.Page{Limit: 1000}})
		r.must(err)
		if page.Total != matters {
			t.Errorf("%d stand there, of %d", page.Total, matters)
		}
		for _, m := range page.Matters {
			if m.Seq != 2 || m.VersionID != last.ID {
				t.Errorf("%s took %d events, and is of version %s", m.Code, m.Seq, m.VersionID)
			}
		}
		r.sameAsAnew("loop")
	})
}
