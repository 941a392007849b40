package bihuan_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
	"bihuan.dev/bihuan/programmes"
)

// centre publishes the shipped programme of dispute centres and enrols one for the east town, with an account for each of its roles,
// and one of the west.
func centre(r *runner) (subject string) {
	r.Helper()
	dir, err := fs.Sub(programmes.FS, "mediation")
	r.must(err)
	_, err = r.site.Publish(r.ctx, bihuan.System(), dir, "mediation", "")
	r.must(err)
	r.Enrol("mediation", "east", values{"code": "MT1", "name": "示例东镇中心", "level": "town"})
	r.Enrol("mediation", "west", values{"code": "MT2", "name": "示例西镇中心", "level": "town"})
	for login, g := range map[string][2]string{"clerk": {"clerk", "east"}, "mediator": {"mediator", "east"}, "head": {"head", "east"}, "clerk2": {"clerk", "west"},
		"reviewer": {"reviewer", "city"}, "committee": {"judge", "city"}} {
		_, err := r.site.CreateAccount(r.ctx, bihuan.System(), bihuan.NewAccount{Login: login, Name: "演示" + login, Grants: []bihuan.Grant{{Programme: "mediation", Role: g[0], Unit: g[1]}}})
		r.must(err)
	}
	sub, err := r.site.SubjectByKey(r.ctx, bihuan.System(), "mediation", "MT1")
	r.must(err)
	return sub.ID
}

var leak = values{"title": "楼上漏水", "channel": "visit", "category": "neighbour", "people": 2, "facts": "渗水", "wish": "修好"}

// At a desk: the clerk registers a dispute for who came, who takes the code along.
func (r *runner) AtDesk(subject string, v values) (bihuan.MatterFile, bihuan.Actor) {
	r.Helper()
	raised, err := r.site.Raise(r.ctx, r.Login("clerk"), bihuan.NewMatter{Subject: subject, Name: "dispute", Values: v, For: "resident"})
	r.must(err)
	voice, err := r.site.Speak(r.ctx, "desk", raised.Voice)
	r.must(err)
	return raised.Matter, voice
}

// A dispute runs through its statutory clocks over the Spring Festival of 2026, which was from Sunday 15 to Monday 23 February; Saturdays
// 14 and 28 February were worked. By hand, with the day it begins not counted:
//
//	registered Wed 11 Feb, 5 working days: 12, 13, 14, 24, 25 Feb; the 15 days of the nation would end on 26 Feb: the stricter one wins
//	accepted Tue 24 Feb, 3 working days: 25, 26, 27 Feb
//	ordinary, a month from acceptance: 24 Mar; a hearing from 10 to 17 Mar is not counted: 31 Mar; extended by a month before the break is added: 24 Apr + 7 = 1 May,
//	a holiday to 5 May: the next working day is 6 May
//	agreed with effect from Mon 4 May, 30 days: 3 June
//	performing, 5 working days after the last day, Sat 20 June, within the Dragon Boat festival of 19 to 21 June: 22 … 26 June
//	callback from Wed 24 June, 10 working days: 8 July
func TestDisputeOverNewYear(t *testing.T) {
	each(t, func(r *runner) {
		subject := centre(r)
		r.Day("2026-02-11")
		m, resident := r.AtDesk(subject, leak)
		id := m.ID
		left := func(day, due string, days int) {
			t.Helper()
			r.Day(day)
			for who, a := range map[string]bihuan.Actor{"clerk": r.Login("clerk"), "resident": resident, "reviewer": r.Login("reviewer")} {
				m, err := r.site.Matter(r.ctx, a, id)
				r.must(err)
				page, err := r.site.Matters(r.ctx, a, bihuan.MatterQuery{Programme: "mediation"})
				r.must(err)
				if len(page.Matters) != 1 {
					t.Fatalf("%s lists %d", who, len(page.Matters))
				}
				for _, x := range []bihuan.Matter{m.Matter, page.Matters[0]} {
					if x.Clock.Due.String() != due || x.Left != days {
						t.Fatalf("%s on %s: %s until %s, %d left, want %s, %d", who, day, x.Stage, x.Clock.Due, x.Left, due, days)
					}
				}
			}
		}
		act := func(who, what string, with ...func(*bihuan.Move)) {
			t.Helper()
			if r.Who(who).Do(id, what, with...); r.err != nil {
				t.Fatalf("%s %s: %s", who, what, describe(r.err))
			}
		}
		left("2026-02-11", "2026-02-25", 5)
		left("2026-02-18", "2026-02-25", 2)
		left("2026-02-24", "2026-02-25", 1)
		act("clerk", "accept", form("acceptance", values{"told": "2026-02-24", "way": "on_the_spot"}))
		left("2026-02-26", "2026-02-27", 1)
		act("head", "ordinary", form("assignment", values{"lead": "调解岗1"}))
		left("2026-02-28", "2026-03-24", 24)
		r.Day("2026-03-10")
		act("mediator", "pause:hearing")
		left("2026-03-16", "2026-03-24", 14) // it stands still
		r.Day("2026-03-17")
		act("mediator", "resume:")
		left("2026-03-17", "2026-03-31", 14)
		r.Who("mediator").Do(id, "extend:", reason("等待鉴定"))
		r.Want(bihuan.Forbidden)
		act("head", "extend:", reason("等待鉴定"))
		left("2026-04-30", "2026-05-06", 6)
		r.Day("2026-05-04")
		act("mediator", "agree", form("agreement", values{"form_of": "written", "effective": "2026-05-04", "terms": "修好", "last_day": "2026-06-20"}))
		left("2026-05-20", "2026-06-03", 14)
		_, err := r.site.Act(r.ctx, resident, id, bihuan.Move{Kind: programme.EventAct, Action: "waive", Reason: "自行履行"})
		r.must(err)
		left("2026-06-22", "2026-06-26", 4)
		r.Day("2026-06-24")
		act("mediator", "performed", form("performance", values{"done_on": "2026-06-24"}))
		left("2026-06-24", "2026-07-08", 10)
		for _, who := range []string{"clerk", "mediator", "head", "reviewer"} {
			if r.Who(who).Do(id, "confirm", form("rating", values{"overall": "satisfied"})); r.err == nil {
				t.Fatalf("%s confirmed in the place of those concerned", who)
			}
		}
		done, err := r.site.Act(r.ctx, resident, id, bihuan.Move{Kind: programme.EventAct, Action: "confirm", Forms: map[string]map[string]any{"rating": {"overall": "satisfied"}}})
		r.must(err)
		if done.Meaning != programme.Good || done.Late != 0 || !done.Confirmed {
			t.Errorf("%+v", done.Matter)
		}
		r.sameAsAnew("mediation")
	})
}

// What was taken up late earns nothing for being timely, whatever day the centre says that it told the person.
func TestToldInTimeByItsOwnWord(t *testing.T) {
	each(t, func(r *runner) {
		subject := centre(r)
		timely := func(want string) {
			t.Helper()
			got, err := r.site.Indicator(r.ctx, r.Login("committee"), bihuan.IndicatorQuery{Programme: "mediation", Name: "timely"})
			r.must(err)
			if got.Value.Round(2).String() != want {
				t.Errorf("timely is %s, want %s", got.Value, want)
			}
		}
		accept := func(m bihuan.MatterFile, day, told string) {
			t.Helper()
			r.Day(day)
			r.Who("clerk").Do(m.ID, "accept", form("acceptance", values{"told": told, "way": "on_the_spot"}))
			r.must(r.err)
		}
		r.Day("2026-03-02")
		m, _ := r.AtDesk(subject, leak)
		late, _ := r.AtDesk(subject, leak)
		accept(m, "2026-03-06", "2026-03-06")
		timely("1")
		accept(late, "2026-03-10", "2026-03-06")
		timely("0.5")
		r.sameAsAnew("mediation")
	})
}

// Who sees what in a dispute centre: a resident his own dispute and nothing else; those accused neither the accusation nor what a
// dispute says of them; the other centre nothing.
func TestCentreSight(t *testing.T) {
	each(t, func(r *runner) {
		subject := centre(r)
		r.Day("2026-03-02")
		accusing := values{"title": "补贴口径", "channel": "online", "category": "government", "people": 1, "facts": "核定有误", "wish": "重新核定", "accused": "窗口岗位甲", "charge": "收了礼"}
		mine, me := r.AtDesk(subject, leak)
		_, she := r.AtDesk(subject, leak)
		raised, err := r.site.Raise(r.ctx, she, bihuan.NewMatter{Subject: subject, Name: "dispute", Values: accusing})
		r.must(err)
		letter, err := r.site.Raise(r.ctx, she, bihuan.NewMatter{Subject: subject, Name: "accusation", Values: values{"accused": "窗口岗位甲", "charge": "收了礼"}})
		r.must(err)
		sees := func(who string, a bihuan.Actor, want int) {
			t.Helper()
			page, err := r.site.Matters(r.ctx, a, bihuan.MatterQuery{})
			r.must(err)
			if page.Total != want {
				t.Errorf("%s sees %d matters, want %d", who, page.Total, want)
			}
		}
		sees("the resident", me, 1)
		sees("the other", she, 3)
		sees("a visitor", bihuan.Actor{}, 0)
		sees("the other centre", r.Login("clerk2"), 0)
		sees("the reviewer", r.Login("reviewer"), 4)
		for _, who := range []string{"clerk", "mediator", "head"} {
			sees(who, r.Login(who), 3)
			if _, err := r.site.Matter(r.ctx, r.Login(who), letter.Matter.ID); err == nil {
				t.Errorf("%s sees the accusation", who)
			}
			m, err := r.site.Matter(r.ctx, r.Login(who), raised.Matter.ID)
			r.must(err)
			if said := fmt.Sprintf("%+v", m); strings.Contains(said, "窗口岗位甲") || strings.Contains(said, "收了礼") {
				t.Errorf("%s learns of the accusation", who)
			}
		}
		m, err := r.site.Matter(r.ctx, r.Login("reviewer"), raised.Matter.ID)
		r.must(err)
		if m.Forms[0].Values["charge"] != "收了礼" {
			t.Error("the reviewer does not see what he has to hand over")
		}
		if _, err := r.site.Matter(r.ctx, me, raised.Matter.ID); err == nil {
			t.Error("a resident sees the dispute of another")
		}
		if _, err := r.site.Act(r.ctx, she, mine.ID, bihuan.Move{Kind: programme.EventWithdraw}); err == nil {
			t.Error("a resident withdrew the dispute of another")
		}
		ways := func(a bihuan.Actor) (out []string) {
			m, err := r.site.Matter(r.ctx, a, mine.ID)
			r.must(err)
			for _, w := range m.Ways {
				out = append(out, string(w.Kind)+":"+w.Action)
			}
			return out
		}
		if got := ways(me); !slices.Equal(got, []string{"act:withdraw", "withdraw:"}) {
			t.Errorf("the resident may %v", got)
		}
		if got := ways(r.Login("clerk")); slices.Contains(got, "act:withdraw") || slices.Contains(got, "act:hand_over") || !slices.Contains(got, "act:accept") {
			t.Errorf("the clerk may %v", got)
		}
	})
}
