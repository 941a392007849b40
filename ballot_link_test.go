package bihuan_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"bihuan.dev/bihuan"
)

// A ballot's link lets everybody of the roster vote once with name and number, who came in before and who did not, also when many try at
// once. It tells who has voted to nobody, opens nothing else, and ends with the ballot.
func TestBallotLink(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		var people []bihuan.Person
		for i := range 6 {
			people = append(people, bihuan.Person{Name: "王芳", Number: fmt.Sprint("A", i)})
		}
		slips := r.Who("chair").AddVoices(people...)
		r.Want()
		r.Speak(slips[0].Code)
		r.Want()
		id, err := r.site.CallBallot(r.ctx, r.as, r.home("E1"), "appraisal", day("2021-06-10"))
		r.must(err)
		open := func(login string) (link string) {
			link, r.err = r.site.OpenBallotLink(r.ctx, r.Login(login), id)
			return link
		}
		vote := func(from, link, number string) error {
			return r.site.VoteByLink(r.ctx, from, link, " 王芳", number, values{"overall": "satisfied"})
		}
		for login, want := range map[string]bihuan.Kind{"": bihuan.Unauthenticated, "m1": bihuan.Forbidden, "chair2": bihuan.NotFound} {
			open(login)
			r.Want(want)
		}
		old := open("chair")
		r.Want()
		link := open("east")
		r.Want()
		r.err = vote("1", old, "A1")
		r.Want(bihuan.NotFound)
		for login, want := range map[string]string{"chair": link, "m1": ""} {
			if b, err := r.site.Ballot(r.ctx, r.Login(login), id); err != nil || b.Link != want {
				t.Errorf("%s is shown the link %q, %v", login, b.Link, err)
			}
		}
		r.err = r.site.VoteByLink(r.ctx, "1", link, "王芳", "A1", values{})
		r.Want(bihuan.Invalid)

		var done, told atomic.Int64
		var wg sync.WaitGroup
		for i := range 18 {
			wg.Go(func() {
				err := vote(fmt.Sprint(i), link, fmt.Sprint("ａ", i%6))
				if k, refused := bihuan.KindOf(err); err == nil {
					done.Add(1)
				} else if refused && (k == bihuan.Unauthenticated || k == bihuan.Conflict) {
					told.Add(1)
				} else {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if b, err := r.site.BallotByLink(r.ctx, link); err != nil || done.Load() != 6 || told.Load() != 12 || b.Votes != 6 || b.Invited != 12 || b.Tally != nil || b.Link != "" {
			t.Errorf("%d voted, %d told: %+v, %v", done.Load(), told.Load(), b, err)
		}
		voted, nobody := r.site.MayVoteByLink(r.ctx, "2", link, "王芳", "A1"), r.site.MayVoteByLink(r.ctx, "2", link, "王芳", "A9")
		if r.err = voted; fmt.Sprint(voted) != fmt.Sprint(nobody) {
			t.Errorf("who has voted is told: %v, %v", voted, nobody)
		}
		r.Want(bihuan.Unauthenticated)
		if list := r.Roster(); list.Used != 1 {
			t.Errorf("%d have come in", list.Used)
		}

		r.Day("2021-06-11")
		_, r.err = r.site.BallotByLink(r.ctx, link)
		r.Want(bihuan.Conflict)
		r.err = vote("3", link, "A1")
		r.Want(bihuan.Conflict)
		open("chair")
		r.Want(bihuan.Conflict)
		if b, err := r.site.Ballot(r.ctx, r.Login("chair"), id); err != nil || !b.Counted || b.Link != "" || b.Tally["satisfied"] != 6 {
			t.Errorf("counted: %+v, %v", b, err)
		}
	})
}
