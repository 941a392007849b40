package bihuan_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bihuan.dev/bihuan"
)

// namesakes are six people whom only their numbers tell apart: A0 to A5.
func namesakes() (people []bihuan.Person) {
	for i := range 6 {
		people = append(people, bihuan.Person{Name: "王芳", Number: fmt.Sprint("A", i)})
	}
	return people
}

func (r *runner) OpenBallotLink(ballot, login string) (link string) {
	r.Helper()
	link, r.err = r.site.OpenBallotLink(r.ctx, r.Login(login), ballot)
	return link
}

// voteByLink votes as one of the namesakes.
func (r *runner) voteByLink(from, link, number string) error {
	_, err := r.site.VoteByLink(r.ctx, from, link, " 王芳", number, values{"overall": "satisfied"})
	return err
}

// crowdVotes lets each of the namesakes vote three times at once, and counts the votes that were taken and the others.
func (r *runner) crowdVotes(link string) (done, told int64) {
	var taken, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 18 {
		wg.Go(func() {
			err := r.voteByLink(fmt.Sprint(i), link, fmt.Sprint("ａ", i%6))
			if k, known := bihuan.KindOf(err); err == nil {
				taken.Add(1)
			} else if known && (k == bihuan.Unauthenticated || k == bihuan.Conflict) {
				refused.Add(1)
			} else {
				r.Error(err)
			}
		})
	}
	wg.Wait()
	return taken.Load(), refused.Load()
}

// A ballot's link lets everybody of the roster vote once with name and number, who came in before and who did not, also when many try at
// once. It tells who has voted to nobody, opens nothing else, and ends with the ballot.
func TestBallotLink(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		slips := r.Who("chair").AddVoices(namesakes()...)
		r.Want()
		r.Speak(slips[0].Code)
		r.Want()
		id, err := r.site.CallBallot(r.ctx, r.as, r.home("E1"), "appraisal", day("2021-06-10"))
		r.must(err)
		for login, want := range map[string]bihuan.Kind{"": bihuan.Unauthenticated, "m1": bihuan.Forbidden, "chair2": bihuan.NotFound} {
			r.OpenBallotLink(id, login)
			r.Want(want)
		}
		old := r.OpenBallotLink(id, "chair")
		r.Want()
		link := r.OpenBallotLink(id, "east")
		r.Want()
		r.err = r.voteByLink("1", old, "A1")
		r.Want(bihuan.NotFound)
		for login, want := range map[string]string{"chair": link, "m1": ""} {
			if b, err := r.site.Ballot(r.ctx, r.Login(login), id); err != nil || b.Link != want {
				t.Errorf("%s is shown the link %q, %v", login, b.Link, err)
			}
		}
		_, r.err = r.site.VoteByLink(r.ctx, "1", link, "王芳", "A1", values{})
		r.Want(bihuan.Invalid)

		done, told := r.crowdVotes(link)
		if b, err := r.site.BallotByLink(r.ctx, link); err != nil || done != 6 || told != 12 || b.Votes != 6 || b.Invited != 12 || b.Tally != nil || b.Link != "" {
			t.Errorf("%d voted, %d told: %+v, %v", done, told, b, err)
		}
		_, voted := r.site.MayVoteByLink(r.ctx, "2", link, "王芳", "A1")
		_, nobody := r.site.MayVoteByLink(r.ctx, "2", link, "王芳", "A9")
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
		r.err = r.voteByLink("3", link, "A1")
		r.Want(bihuan.Conflict)
		r.OpenBallotLink(id, "chair")
		r.Want(bihuan.Conflict)
		if b, err := r.site.Ballot(r.ctx, r.Login("chair"), id); err != nil || !b.Counted || b.Link != "" || b.Tally["satisfied"] != 6 {
			t.Errorf("counted: %+v, %v", b, err)
		}
	})
}

// The ballot of a matter has a link as well, for those who handle it: it tells what is rated and never who raised it, takes a vote of
// each who is invited, also when many try at once, moves the matter on, and ends with the stage.
func TestMatterBallotLink(t *testing.T) {
	each(t, func(r *runner) {
		loop(r, map[string]string{"invite: joined": "invite: member"})
		slips := r.Who("chair").AddVoices(namesakes()...)
		m := r.As(r.Speak(slips[0].Code)).Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		r.Want()
		r.Who("chair").Do(m.ID, "accept")
		r.Do(m.ID, "start", form("plan", values{"steps": "换灯", "due": "2021-06-20"}))
		id := r.Do(m.ID, "done", form("result", values{"done": "已换"})).Ballot.ID
		for login, want := range map[string]bihuan.Kind{"": bihuan.Unauthenticated, "m1": bihuan.Forbidden, "chair2": bihuan.Forbidden} { // proposals are public: there is no secret in the ballot
			r.OpenBallotLink(id, login)
			r.Want(want)
		}
		old := r.OpenBallotLink(id, "east")
		r.Want()
		link := r.OpenBallotLink(id, "chair")
		r.Want()
		r.err = r.voteByLink("1", old, "A1")
		r.Want(bihuan.NotFound)
		r.err = r.voteByLink("1", link, "A9")
		r.Want(bihuan.Unauthenticated)
		r.err = r.site.BreakOffBallot(r.ctx, r.Login("east"), id, "x")
		r.Want(bihuan.Invalid)
		seen, err := r.site.BallotByLink(r.ctx, link)
		r.must(err)
		if told := fmt.Sprintf("%+v", seen); seen.Called.Zh != "修路灯" || seen.Link != "" || strings.Contains(told, "王芳") || strings.Contains(told, "A0") {
			t.Errorf("by the link: %s", told)
		}
		if b, err := r.site.Ballot(r.ctx, r.Login("m1"), id); err != nil || b.Link != "" || b.Calls {
			t.Errorf("a member is shown %+v, %v", b, err)
		}

		done, told := r.crowdVotes(link)
		if done != 6 || told != 12 {
			t.Errorf("%d voted, %d were told", done, told)
		}
		r.Day("2021-06-12")
		if m := r.At(m.ID, "benefit", "2021-07-12"); m.Ballot.Tally["satisfied"] != 6 || m.Ballot.Invited != 12 {
			t.Errorf("%+v", m.Ballot)
		}
		r.err = r.voteByLink("2", link, "A1")
		r.Want(bihuan.Conflict)
		r.OpenBallotLink(id, "chair")
		r.Want(bihuan.Conflict)
	})
}

// A ballot that asks those whose names are hidden has no link: whoever holds the roster would learn by trying who they are.
func TestNoLinkToTheHidden(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		m := r.Who("m1").Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		r.Who("chair").Do(m.ID, "accept")
		r.Do(m.ID, "start", form("plan", values{"steps": "换灯", "due": "2021-06-20"}))
		m = r.Do(m.ID, "done", form("result", values{"done": "已换"}))
		_, r.err = r.site.OpenBallotLink(r.ctx, r.as, m.Ballot.ID)
		r.Want(bihuan.Invalid)
		if b, err := r.site.Ballot(r.ctx, r.as, m.Ballot.ID); err != nil || !b.Calls || !b.Hides {
			t.Errorf("%+v, %v", b, err)
		}
	})
}
