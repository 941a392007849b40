package bihuan_test

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"strings"
	"sync"
	"testing"

	"bihuan.dev/bihuan"
)

// What a board counts is what its lists show, to whoever looks.
func TestMatterTally(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		for _, title := range []string{"修路灯", "修食堂", "修车棚"} {
			r.Who("m1").Raise("proposal", values{"title": title, "reason": "太旧"})
			r.Want()
		}
		accepted := r.Raise("proposal", values{"title": "修水管", "reason": "漏"})
		r.Who("chair").Do(accepted.ID, "accept")
		r.Want()
		r.Who("m2").Raise("accusation", values{"about": "账目", "charge": "报销造假"})
		r.Want()
		r.now.mu.Lock()
		r.now.now = noon("2021-06-10") // the three are overdue since the 8th, the fourth is due on the 11th
		r.now.mu.Unlock()
		for who, all := range map[string]int{"": 4, "chair": 4, "east": 5, "m2": 5} {
			a := r.Login(who)
			tally, err := r.site.MatterTally(r.ctx, a, bihuan.MatterQuery{Programme: "loop"})
			r.must(err)
			n := 0
			for _, c := range tally.Counts {
				page, err := r.site.Matters(r.ctx, a, bihuan.MatterQuery{Programme: "loop", Name: c.Name, Stage: c.Stage})
				r.must(err)
				if n += c.Count; page.Total != c.Count {
					r.Errorf("%q: %+v, listed %d", who, c, page.Total)
				}
				if c.Stage == "proposed" && (c.Overdue != 3 || c.Soon != 0) || c.Stage == "joining" && (c.Overdue != 0 || c.Soon != 1) {
					r.Errorf("%q: %+v", who, c)
				}
			}
			if n != all {
				r.Errorf("%q counts %d, want %d", who, n, all)
			}
			for whose, n := range tally.Waits {
				page, err := r.site.Matters(r.ctx, a, bihuan.MatterQuery{Programme: "loop", Turn: whose})
				r.must(err)
				if page.Total != n {
					r.Errorf("%q: %d wait for %s, listed %d", who, n, whose, page.Total)
				}
			}
			for state, n := range map[string]int{"overdue": 3, "soon": 1} {
				page, err := r.site.Matters(r.ctx, a, bihuan.MatterQuery{Programme: "loop", State: state})
				r.must(err)
				if page.Total != n {
					r.Errorf("%q: %d are %s", who, page.Total, state)
				}
			}
		}
	})
}

// A form that is sent eight times at once raises one matter, and all eight are led to it.
func TestRaiseOnce(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		a, home := r.Login("m1"), r.home("E1")
		ids := make(chan string, 8)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				raised, err := r.site.Raise(r.ctx, a, bihuan.NewMatter{Subject: home, Name: "proposal", Values: values{"title": "修路灯", "reason": "太暗"}, Once: "x"})
				r.must(err)
				ids <- raised.Matter.ID
			})
		}
		wg.Wait()
		first := <-ids
		for range 7 {
			if id := <-ids; id != first || id == "" {
				r.Errorf("raised %q and %q", first, id)
			}
		}
		other, err := r.site.Raise(r.ctx, r.Login("m2"), bihuan.NewMatter{Subject: home, Name: "proposal", Values: values{"title": "修食堂", "reason": "挤"}, Once: "x"})
		r.must(err)
		if other.Matter.ID == first {
			r.Error("somebody else's mark led to it")
		}
	})
}

// A photo of a matter is seen by those who see its field, under a name that does not tell whose it is.
func TestMatterAttachment(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		var picture bytes.Buffer
		r.must(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))))
		up, err := r.site.Upload(r.ctx, r.Login("m1"), "演示m1拍的.png", &picture)
		r.must(err)
		m := r.Who("m1").Raise("proposal", values{"title": "修路灯", "reason": "太暗", "photo": []string{up.SHA256}})
		r.Want()
		for _, who := range []string{"", "chair", "m2", "m1", "east"} {
			f, x, err := r.site.OpenMatterAttachment(r.ctx, r.Login(who), up.SHA256, m.Code)
			if err != nil {
				r.Errorf("%q: %v", who, err)
				continue
			}
			n, _ := io.Copy(io.Discard, f)
			f.Close()
			if told := strings.Contains(x.Name, "演示m1"); n == 0 || told != (who == "m1") {
				r.Errorf("%q reads %d bytes of %q", who, n, x.Name)
			}
		}
		for _, sha := range []string{"", "nothing", strings.Repeat("0", 64)} {
			if _, _, err := r.site.OpenMatterAttachment(r.ctx, r.Login("east"), sha, m.ID); err == nil {
				r.Errorf("opens %q", sha)
			}
		}
	})
}
