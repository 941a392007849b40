package bihuan_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// loop publishes the programme of matters and enrols a home in each town: members m1 … m6 and an officer in the first, an assessor
// of each town, a judge of the city.
func loop(r *runner, replace ...map[string]string) {
	r.Helper()
	r.Publish("loop", append(replace, nil)[0])
	r.Enrol("loop", "e1", values{"code": "E1", "title": "东一之家"})
	r.Enrol("loop", "w1", values{"code": "W1", "title": "西一之家"})
	grants := map[string]bihuan.Grant{"chair": {Programme: "loop", Role: "officer", Unit: "e1"}, "chair2": {Programme: "loop", Role: "officer", Unit: "w1"},
		"east": {Programme: "loop", Role: "assessor", Unit: "east"}, "west": {Programme: "loop", Role: "assessor", Unit: "west"}, "city": {Programme: "loop", Role: "judge", Unit: "city"},
		"other": {Programme: "loop", Role: "member", Unit: "w1"}}
	for i := range 6 {
		grants[fmt.Sprint("m", i+1)] = bihuan.Grant{Programme: "loop", Role: "member", Unit: "e1"}
	}
	for login, g := range grants {
		_, err := r.site.CreateAccount(r.ctx, bihuan.System(), bihuan.NewAccount{Login: login, Name: "演示" + login, Grants: []bihuan.Grant{g}})
		r.must(err)
	}
}

func (r *runner) home(key string) string {
	r.Helper()
	sub, err := r.site.SubjectByKey(r.ctx, bihuan.System(), "loop", key)
	r.must(err)
	return sub.ID
}

// Raise raises a matter for the first home.
func (r *runner) Raise(name string, v values) bihuan.MatterFile {
	r.Helper()
	var raised bihuan.Raised
	raised, r.err = r.site.Raise(r.ctx, r.as, bihuan.NewMatter{Subject: r.home("E1"), Name: name, Values: v})
	return raised.Matter
}

// Do does something with a matter: "accept", or "transfer:" for what every matter can do.
func (r *runner) Do(id, what string, with ...func(*bihuan.Move)) bihuan.MatterFile {
	r.Helper()
	mv := bihuan.Move{Kind: programme.EventAct, Action: what}
	if kind, rest, ok := strings.Cut(what, ":"); ok {
		mv.Kind, mv.Action = programme.EventKind(kind), rest
	}
	for _, w := range with {
		w(&mv)
	}
	var m bihuan.MatterFile
	m, r.err = r.site.Act(r.ctx, r.as, id, mv)
	return m
}

func form(name string, v values) func(*bihuan.Move) {
	return func(mv *bihuan.Move) {
		if mv.Forms == nil {
			mv.Forms = map[string]map[string]any{}
		}
		mv.Forms[name] = v
	}
}
func reason(s string) func(*bihuan.Move) { return func(mv *bihuan.Move) { mv.Reason = s } }
func to(s string, with ...string) func(*bihuan.Move) {
	return func(mv *bihuan.Move) { mv.To, mv.With = s, with }
}

// Vote casts a vote in the ballot that a matter has now.
func (r *runner) Vote(id, choice string) {
	r.Helper()
	m, err := r.site.Matter(r.ctx, bihuan.System(), id)
	r.must(err)
	r.err = r.site.Vote(r.ctx, r.as, m.Ballot.ID, values{"overall": choice})
}

// At checks where a matter stands, and until when.
func (r *runner) At(id, stage, due string) bihuan.MatterFile {
	r.Helper()
	m, err := r.site.Matter(r.ctx, bihuan.System(), id)
	r.must(err)
	got := ""
	if m.Clock.Runs {
		got = m.Clock.Due.String()
	}
	if m.Stage != stage || got != due {
		r.Fatalf("at %s until %s, want %s until %s", m.Stage, got, stage, due)
	}
	return m
}

func (r *runner) Day(d string) {
	r.Helper()
	r.now.mu.Lock()
	r.now.now = noon(d)
	r.now.mu.Unlock()
	_, err := r.site.Tick(r.ctx)
	r.must(err)
}

func (r *runner) notices(login string) (kinds []string) {
	r.Helper()
	page, err := r.site.Notices(r.ctx, r.Login(login), bihuan.Page{})
	r.must(err)
	for _, n := range page.Notices {
		kinds = append(kinds, n.Kind)
	}
	return kinds
}

func (r *runner) loopTotal() string {
	r.Helper()
	rows, _, err := r.site.Subjects(r.ctx, bihuan.System(), bihuan.SubjectQuery{Programme: "loop", Search: "E1"})
	r.must(err)
	return points(rows[0].Totals["city"])
}

// A proposal from the first word to the benefit: returned, accepted, joined, done, rated too badly, done again within a month,
// rated well, and over only when who raised it confirms what was gained. Then the score moves.
func TestProposalLoop(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		m := r.Who("m1").Raise("proposal", values{"title": "食堂排队太久", "reason": "午间排队 20 分钟", "phone": "13800000000"})
		r.Want()
		id := m.ID
		r.At(id, "proposed", "2021-06-08")
		r.Who("m1").Do(id, "accept")
		r.Want(bihuan.Forbidden)
		r.Who("chair").Do(id, "return")
		r.Want(bihuan.Invalid) // no reason
		r.Do(id, "return", reason("写明地点"))
		r.Want()
		r.Do(id, "accept", func(mv *bihuan.Move) { mv.Seen = m.Seq })
		r.Want()
		r.At(id, "joining", "2021-06-11")
		for _, who := range []string{"m2", "m3", "m4", "m5"} {
			r.Who(who).Do(id, "file:", form("joining", values{"word": "支持"}))
			r.Want()
		}
		r.Do(id, "file:", form("joining", values{}))
		r.Want(bihuan.Conflict) // once
		r.Who("m1").Do(id, "withdraw:")
		r.Want(bihuan.Invalid) // others have joined
		r.Who("chair").Do(id, "start")
		r.Want(bihuan.Invalid)
		if f := fieldsOf(r.err); !slices.Equal(f, []string{"plan"}) {
			r.Errorf("fields %v", f)
		}
		r.Do(id, "start", form("plan", values{"steps": "分时就餐", "due": "2021-06-20"}))
		r.Want()
		r.Do(id, "done", form("result", values{"done": "错峰"}))
		r.Want()
		for who, choice := range map[string]string{"m1": "dissatisfied", "m2": "dissatisfied", "m3": "satisfied", "m4": "satisfied"} {
			r.Who(who).Vote(id, choice)
			r.Want()
		}
		r.Vote(id, "satisfied")
		r.Want(bihuan.Conflict) // twice
		r.Who("m6").Vote(id, "satisfied")
		r.Want(bihuan.NotFound) // did not join
		r.Who("m5").Vote(id, "satisfied")
		r.Want()
		r.At(id, "doing", "2021-07-01") // within a month
		r.Who("chair").Do(id, "done", form("result", values{"done": "加开窗口"}))
		for _, who := range []string{"m1", "m2", "m3", "m4", "m5"} {
			r.Who(who).Vote(id, "satisfied")
			r.Want()
		}
		m = r.At(id, "benefit", "2021-07-01")
		if m.Ballot.Tally["satisfied"] != 5 || m.Ballot.Votes != 5 {
			r.Errorf("ballot %+v", m.Ballot)
		}
		r.Who("m1").Do(id, "confirm")
		r.Want(bihuan.Invalid) // nothing measured yet
		r.Who("chair").Do(id, "file:", form("gain", values{"measure": "排队分钟", "before": "20", "after": "6", "persons": "480"}))
		r.Want()
		r.Who("chair").Do(id, "confirm")
		r.Want(bihuan.Forbidden) // never by the office alone
		if got := r.loopTotal(); got != "0" {
			r.Errorf("total %s before", got)
		}
		r.Who("m2").Do(id, "confirm")
		r.Want()
		m = r.At(id, "benefited", "")
		if m.Meaning != programme.Good || r.loopTotal() != "5" {
			r.Errorf("%s, total %s", m.Meaning, r.loopTotal())
		}
		r.sameAsAnew("loop")
		r.Who("chair").Do(id, "done", form("result", values{"done": "再办"}))
		r.Want(bihuan.Conflict)
		r.Who("m3").Do(id, "reopen:", reason("又排队了"))
		r.Want()
		if r.At(id, "benefit", "2021-07-01"); r.loopTotal() != "0" {
			r.Errorf("total %s after it was reopened", r.loopTotal())
		}
		boxes, err := r.site.MatterCounts(r.ctx, r.Login("m1"), bihuan.MatterQuery{})
		r.must(err)
		if boxes[bihuan.BoxRaised] != 1 || boxes[bihuan.BoxTodo] != 1 {
			r.Errorf("boxes %v", boxes)
		}
	})
}

// Nobody of the accused home finds out who accused it, that it was accused, or who made a proposal.
func TestHidden(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		accusation := r.Who("m1").Raise("accusation", values{"about": "账目", "charge": "报销造假"})
		r.Want()
		proposal := r.Who("m2").Raise("proposal", values{"title": "修路灯", "reason": "太暗", "phone": "13900000000"})
		r.Want()
		for _, who := range []string{"chair", "m3", "chair2", ""} {
			a := r.Login(who)
			if _, err := r.site.Matter(r.ctx, a, accusation.Code); err == nil {
				r.Errorf("%q sees the accusation", who)
			}
			page, err := r.site.Matters(r.ctx, a, bihuan.MatterQuery{})
			r.must(err)
			if page.Total != 1 || page.Matters[0].ID != proposal.ID {
				r.Errorf("%q lists %+v", who, page)
			}
			m, err := r.site.Matter(r.ctx, a, proposal.ID)
			r.must(err)
			if said := fmt.Sprintf("%+v %v", m, m.Forms[0].Values); strings.Contains(said, "演示m2") || strings.Contains(said, "13900000000") || m.Raiser != "" {
				r.Errorf("%q learns %s", who, said)
			}
		}
		for _, n := range append(r.notices("chair"), r.notices("chair2")...) {
			if n != "turn" {
				r.Errorf("notice %s", n)
			}
		}
		m, err := r.site.Matter(r.ctx, r.Login("east"), accusation.ID)
		r.must(err)
		if m.Raiser != "演示m1" || m.Forms[0].Values["charge"] != "报销造假" {
			r.Errorf("the town cannot handle it: %+v", m)
		}
		if m, err = r.site.Matter(r.ctx, r.Login("m1"), accusation.ID); err != nil || m.Forms[0].Values["charge"] == nil {
			r.Errorf("who raised it: %v %+v", err, m)
		}
		r.Who("chair").Do(accusation.ID, "answer", form("answer", values{"text": "没有此事"}))
		r.Want(bihuan.NotFound)
	})
}

// The ladder climbs once a rung, whoever asks and how often; holders hear of it beforehand.
func TestLadder(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		m := r.Who("m1").Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		r.Who("chair").Do(m.ID, "accept")
		r.Do(m.ID, "start", form("plan", values{"steps": "换灯", "due": "2021-06-20"}))
		r.At(m.ID, "doing", "2021-07-01")
		for _, d := range []string{"2021-06-20", "2021-06-28", "2021-06-29", "2021-07-01"} {
			r.Day(d)
		}
		if n := r.notices("chair"); n[0] != "soon" || n[1] == "soon" {
			r.Errorf("notices %v", n)
		}
		var wg sync.WaitGroup
		r.now.mu.Lock()
		r.now.now = noon("2021-07-06")
		r.now.mu.Unlock()
		for range 8 {
			wg.Go(func() { _, err := r.site.Tick(r.ctx); r.must(err) })
		}
		wg.Wait()
		if n := r.notices("chair"); !slices.Equal(n[:3], []string{"remind", "remind", "soon"}) {
			r.Errorf("chair's notices %v", n)
		}
		if n := r.notices("east"); !slices.Equal(n, []string{"escalate"}) {
			r.Errorf("the town's notices %v", n)
		}
		if m := r.At(m.ID, "doing", "2021-07-01"); m.Light != bihuan.Red || m.Left >= 0 {
			r.Errorf("light %q, left %d", m.Light, m.Left)
		}
		if total := r.loopTotal(); total != "0" {
			r.Errorf("total %s", total)
		}
		r.Who("east").Do(m.ID, "extend:", reason("缺材料"))
		r.Want(bihuan.Conflict) // too late
	})
}

// What two do at once is done once, and the second is told so.
func TestActTwice(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		m := r.Who("m1").Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		chair := r.Login("chair")
		done, told := 0, 0
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := r.site.Act(r.ctx, chair, m.ID, bihuan.Move{Kind: programme.EventAct, Action: "accept", Seen: m.Seq, Stage: m.Stage})
				mu.Lock()
				defer mu.Unlock()
				if k, refused := bihuan.KindOf(err); err == nil {
					done++
				} else if refused && k == bihuan.Conflict && strings.Contains(err.Error(), "done already") {
					told++
				} else {
					r.Errorf("broke: %v", err)
				}
			})
		}
		wg.Wait()
		if done != 1 || told != 7 {
			r.Errorf("%d did it, %d were told", done, told)
		}
	})
}

// A ballot may ask a sample of those affected, who are drawn by lot and vote like all others.
func TestSample(t *testing.T) {
	each(t, func(r *runner) {
		loop(r, map[string]string{"invite: joined, least: 30%": "invite: member, sample: 5, least: 30%"})
		m := r.Who("m1").Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		r.Who("chair").Do(m.ID, "accept")
		r.Do(m.ID, "start", form("plan", values{"steps": "换灯", "due": "2021-06-20"}))
		got := r.Do(m.ID, "done", form("result", values{"done": "已换"}))
		if r.Want(); got.Ballot.Invited != 5 {
			r.Fatalf("%d invited", got.Ballot.Invited)
		}
		voted := 0
		for i := range 6 {
			if r.Who(fmt.Sprint("m", i+1)).Vote(m.ID, "satisfied"); r.err == nil {
				voted++
			}
		}
		r.At(m.ID, "benefit", "2021-07-01")
		if voted != 5 {
			r.Errorf("%d voted", voted)
		}
	})
}

// Hands over, merges and splits: who may, and where everybody finds it afterwards.
func TestHands(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		m := r.Who("m1").Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		r.Who("chair").Do(m.ID, "transfer:", to("nowhere"), reason("不归我管"))
		r.Want(bihuan.Invalid)
		r.Do(m.ID, "transfer:", to("east"), reason("不归我管"))
		r.Want(bihuan.Invalid) // no officer there or above
		r.Do(m.ID, "transfer:", to("w1"), reason("不归我管"))
		r.Want()
		r.Do(m.ID, "accept")
		r.Want(bihuan.Forbidden) // no longer his; who reads the board may know whose it is
		r.Do(m.ID, "transfer:", to("w1"), reason("不归我管"), func(mv *bihuan.Move) { mv.Seen = 1 })
		r.Want(bihuan.Conflict) // pressed twice
		r.Do(m.ID, "transfer:", to(""), reason("不归我管"))
		r.Want(bihuan.Forbidden)
		got := r.Who("chair2").Do(m.ID, "return:", reason("也不归我管"))
		if r.Want(); got.Unit != "e1" {
			r.Errorf("at %s", got.Unit)
		}
		r.Who("chair").Do(m.ID, "assign:", to("m2"))
		r.Want(bihuan.Invalid) // no handler
		got = r.Do(m.ID, "assign:", to("chair"))
		if r.Want(); got.Lead != "演示chair" {
			r.Errorf("lead %q", got.Lead)
		}
		twin := r.Who("m2").Raise("proposal", values{"title": "路灯坏了", "reason": "摔跤"})
		r.Who("chair").Do(twin.ID, "merge:", to(m.Code))
		r.Want()
		r.At(twin.ID, "merged", "")
		if got = r.At(m.ID, "proposed", "2021-06-08"); got.Joined != 1 || len(got.Absorbed) != 1 || got.Absorbed[0].ID != twin.ID {
			r.Errorf("joined %d, absorbed %+v", got.Joined, got.Absorbed)
		}
		r.Who("chair").Do(m.ID, "accept")
		r.Who("m2").Do(m.ID, "file:", form("joining", values{}))
		r.Want(bihuan.Conflict) // takes part already, by the merger
		r.Who("chair").Do(m.ID, "split:", reason("两件事"), func(mv *bihuan.Move) { mv.Parts = []string{"东路路灯"} })
		r.Want(bihuan.Invalid)
		got = r.Do(m.ID, "split:", reason("两件事"), func(mv *bihuan.Move) { mv.Parts = []string{"东路路灯", "西路路灯"} })
		if r.Want(); got.Stage != "split" || len(got.Parts) != 2 || got.Parts[1].Called.Zh != "西路路灯" {
			r.Errorf("%s, parts %+v", got.Stage, got.Parts)
		}
		part, err := r.site.Matter(r.ctx, r.Login("m1"), got.Parts[0].ID)
		r.must(err)
		if part.RaisedOn != got.RaisedOn || part.Part.ID != m.ID || part.Stage != "proposed" || part.Forms[0].Values["reason"] != "太暗" {
			r.Errorf("part %+v", part.Matter)
		}
		r.Who("m1").Do(part.ID, "withdraw:")
		r.Want()
		r.At(part.ID, "withdrawn", "")
	})
}

// A clock that stands still is not due; an extension is told with its reason; nothing of it leaks into another stage.
func TestPauseAndExtend(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		m := r.Who("m1").Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		r.Who("chair").Do(m.ID, "accept")
		r.Do(m.ID, "start", form("plan", values{"steps": "换灯", "due": "2021-06-20"}))
		r.Day("2021-06-10")
		r.Do(m.ID, "pause:lunch")
		r.Want(bihuan.Invalid)
		r.Do(m.ID, "pause:hearing", reason("听证"))
		r.Want()
		r.Day("2021-08-10")
		if n := r.notices("chair"); slices.Contains(n, "remind") {
			r.Errorf("reminded while the clock stood still: %v", n)
		}
		r.Do(m.ID, "resume:")
		r.Want()
		r.At(m.ID, "doing", "2021-08-31") // 61 days were excluded from the first of July
		r.Do(m.ID, "extend:", reason("等配件"))
		r.Want(bihuan.Forbidden)
		r.Who("east").Do(m.ID, "extend:", reason("等配件"))
		r.Want()
		r.At(m.ID, "doing", "2021-09-30")
		if n := r.notices("m1"); n[0] != "tell" {
			r.Errorf("who raised it was not told: %v", n)
		}
	})
}

// Sixteen join at once, and act on many matters of one home: nobody is lost or counted twice.
func TestManyMatterWriters(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		m := r.Who("m1").Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		r.Who("chair").Do(m.ID, "accept")
		var wg sync.WaitGroup
		var who []bihuan.Actor
		for i := range 5 {
			who = append(who, r.Login(fmt.Sprint("m", i+2)))
		}
		for i := range 16 {
			wg.Go(func() {
				_, err := r.site.Act(r.ctx, who[i%5], m.ID, bihuan.Move{Kind: programme.EventFile, Forms: map[string]map[string]any{"joining": {"word": "好"}}})
				if k, refused := bihuan.KindOf(err); err != nil && (!refused || k != bihuan.Conflict) {
					r.Errorf("broke: %v", err)
				}
			})
			wg.Go(func() {
				_, err := r.site.Raise(r.ctx, who[i%5], bihuan.NewMatter{Subject: m.Subject.ID, Name: "proposal", Values: values{"title": fmt.Sprint("第", i), "reason": "同时提"}})
				if err != nil {
					r.Errorf("broke: %v", err)
				}
			})
		}
		wg.Wait()
		got := r.At(m.ID, "joining", "2021-06-11")
		if got.Joined != 5 || len(got.Forms) != 6 {
			r.Errorf("%d joined, %d forms", got.Joined, len(got.Forms))
		}
		page, err := r.site.Matters(r.ctx, r.Login("chair"), bihuan.MatterQuery{Programme: "loop", State: "open"})
		r.must(err)
		if page.Total != 17 {
			r.Errorf("%d matters", page.Total)
		}
		r.sameAsAnew("loop")
	})
}
