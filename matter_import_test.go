package bihuan_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// ImportMatters takes matters over for the homes of loop.
func (r *runner) ImportMatters(name string, opt bihuan.Import, rows ...bihuan.PastMatter) bihuan.Imported {
	r.Helper()
	var done bihuan.Imported
	done, r.err = r.site.ImportMatters(r.ctx, r.as, "loop", name, rows, opt)
	return done
}

// Proposals that ran on paper go on here: each stands where it stood, with the time it had left, and the loop goes on to its end.
func TestImportMatters(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		said := values{"title": "修路灯", "reason": "太暗"}
		plan := map[string]map[string]any{"plan": {"steps": "换灯", "due": "2021-06-20"}}
		rows := []bihuan.PastMatter{
			{Subject: "E1", Code: "P-1", Raised: day("2021-05-31"), Values: said, Raiser: "演示某人"},
			{Subject: "E1", Code: "P-2", Raised: day("2021-05-06"), Values: said, Stage: "doing", Since: day("2021-05-20"), Forms: plan, Lead: "chair"},
			{Subject: "W1", Code: "P-3", Raised: day("2021-04-01"), Values: said, Stage: "declined", Since: day("2021-04-06")},
			{Subject: "E1", Code: "P-4", Raised: day("2021-04-01"), Values: said, Stage: "unresolved", Since: day("2021-05-06"), Why: "要等整条路改造"},
		}
		r.Who("chair").ImportMatters("proposal", bihuan.Import{}, rows[:2]...)
		r.Want()
		r.Who("m1").ImportMatters("proposal", bihuan.Import{}, rows[3])
		r.Want(bihuan.Invalid)
		done := r.As(bihuan.System()).ImportMatters("proposal", bihuan.Import{}, rows...)
		r.Want()
		if done.Stored != 2 || done.Unchanged != 2 {
			r.Errorf("%+v", done)
		}
		r.At("P-1", "proposed", "2021-06-07")
		if m := r.At("P-2", "doing", "2021-06-21"); m.Lead != "演示chair" || len(m.Events) != 2 || len(m.Forms) != 2 || m.Left != 20 {
			r.Errorf("P-2: %+v", m) // 19 June is a Saturday
		}
		if m := r.At("P-4", "unresolved", ""); m.Why != "要等整条路改造" || m.Meaning != programme.OpenToPublic || m.ClosedOn != day("2021-05-06") {
			r.Errorf("P-4: %+v", m.Matter)
		}
		if n := append(r.notices("chair"), r.notices("east")...); len(n) != 0 {
			r.Errorf("told of the past: %v", n)
		}
		boxes, err := r.site.MatterCounts(r.ctx, r.Login("chair"), bihuan.MatterQuery{})
		r.must(err)
		if boxes[bihuan.BoxTodo] != 2 {
			r.Errorf("boxes %v", boxes)
		}
		r.Day("2021-06-22")
		if total := r.loopTotal(); total != "0" {
			r.Errorf("total %s", total)
		}
		r.Who("chair").Do("P-2", "done", form("result", values{"done": "换了"}))
		r.Want()
		r.At("P-2", "rating", "2021-07-02")
		r.sameAsAnew("loop")
	})
}

// Each bad row says what to do about it, and nothing is half written.
func TestImportMattersBadRows(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		said := values{"title": "修路灯", "reason": "太暗"}
		good := bihuan.PastMatter{Subject: "E1", Code: "G", Raised: day("2021-05-31"), Values: said}
		bad := func(code string, change func(*bihuan.PastMatter)) bihuan.PastMatter {
			m := good
			m.Code = code
			change(&m)
			return m
		}
		rows := []bihuan.PastMatter{good,
			bad("B1", func(m *bihuan.PastMatter) { m.Subject = "nobody" }),
			bad("B2", func(m *bihuan.PastMatter) { m.Values = values{"title": "只有标题"} }),
			bad("B3", func(m *bihuan.PastMatter) { m.Stage, m.Since = "doing", day("2021-06-01") }),
			bad("B4", func(m *bihuan.PastMatter) { m.Stage, m.Since = "joining", day("2021-05-30") }),
			bad("B5", func(m *bihuan.PastMatter) { m.Stage, m.Since = "joining", day("2021-06-02") }),
			bad("G", func(m *bihuan.PastMatter) {}),
			bad("", func(m *bihuan.PastMatter) {}),
			bad("B8", func(m *bihuan.PastMatter) { m.Stage = "unresolved" }),
			bad("B9", func(m *bihuan.PastMatter) { m.Stage, m.Lead = "joining", "m1" }),
			bad("B10", func(m *bihuan.PastMatter) { m.By = "officer" }),
			bad("B11", func(m *bihuan.PastMatter) {
				m.Stage, m.Forms = "joining", map[string]map[string]any{"letter": {"charge": "x", "about": "y"}}
			}),
		}
		r.As(bihuan.System()).ImportMatters("proposal", bihuan.Import{}, rows...)
		r.Want(bihuan.Invalid)
		e, _ := errors.AsType[*bihuan.Error](r.err)
		var said2 []string
		for _, x := range e.Rows {
			said2 = append(said2, fmt.Sprintf("%d %s: %s", x.Row, x.Field, x.Text.En))
		}
		all := strings.Join(said2, "\n")
		for _, want := range []string{"2 subject:", "3 reason:", "4 plan: to stand at “Doing” it lacks the form “方案”", "5 stage: it came to its stage on 2021-05-30, before", "6 since: 2021-06-02 is still to come",
			"7 code: the code G stands twice", "8 code:", "9 why:", "10 to: m1 cannot handle this", "11 by:", "12 stage: no form “Accusation”"} {
			if !strings.Contains(all, want) && !strings.Contains(all, strings.ReplaceAll(want, "方案", "Plan")) {
				r.Errorf("lacks %q in\n%s", want, all)
			}
		}
		if len(e.Rows) != 11 {
			r.Errorf("%d mistakes:\n%s", len(e.Rows), all)
		}
		page, err := r.site.Matters(r.ctx, bihuan.System(), bihuan.MatterQuery{})
		r.must(err)
		if page.Total != 0 {
			r.Errorf("%d were written", page.Total)
		}
		done := r.ImportMatters("proposal", bihuan.Import{GoodRowsOnly: true}, rows...)
		r.Want()
		if page, err = r.site.Matters(r.ctx, bihuan.System(), bihuan.MatterQuery{}); err != nil || page.Total != 1 || done.Stored != 1 {
			r.Errorf("%v %+v %+v", err, page, done)
		}
	})
}

// A whole history comes in as it happened: people, forms, ballots, scores of then.
func TestImportHistory(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		act := func(on, as, action string, with ...func(*bihuan.Move)) bihuan.PastMove {
			mv := bihuan.PastMove{Move: bihuan.Move{Kind: programme.EventAct, Action: action, As: as}, On: day(on)}
			for _, w := range with {
				w(&mv.Move)
			}
			return mv
		}
		joins := func(who string) bihuan.PastMove {
			return bihuan.PastMove{Move: bihuan.Move{Kind: programme.EventFile, As: "member", Forms: map[string]map[string]any{"joining": {}}}, On: day("2021-03-08"), Who: who}
		}
		votes := bihuan.PastMove{Move: bihuan.Move{Kind: programme.EventBallot, As: "system"}, On: day("2021-04-16"),
			Figures: &programme.Figures{Invited: 6, Cast: 5, Count: map[string]int64{"satisfied": 5}}}
		past := bihuan.PastMatter{Subject: "E1", Code: "H", Raised: day("2021-03-01"), Values: values{"title": "修路灯", "reason": "太暗"}, Who: "m1", Stage: "benefited", Moves: []bihuan.PastMove{
			act("2021-03-02", "officer", "accept"), joins("m2"), joins(""), joins(""), joins(""), joins(""),
			act("2021-03-12", "officer", "start", form("plan", values{"steps": "换灯", "due": "2021-04-01"})),
			act("2021-04-01", "officer", "done", form("result", values{"done": "换了"})), votes,
			{Move: bihuan.Move{Kind: programme.EventFile, As: "officer", Forms: map[string]map[string]any{"gain": {"measure": "亮度", "before": "1", "after": "9", "persons": "30"}}}, On: day("2021-04-20")},
			act("2021-04-21", "raiser", "confirm")}}
		early := past
		early.Code, early.Moves = "E", past.Moves[:7]
		early.Stage = "doing"
		wrong := past
		wrong.Code, wrong.Moves = "W", past.Moves[1:]
		opt := bihuan.Import{AsItHappened: true}
		r.Who("chair").ImportMatters("proposal", opt, past)
		r.Want(bihuan.Invalid) // only the system may tell histories
		r.As(bihuan.System()).ImportMatters("proposal", opt, past, wrong)
		r.Want(bihuan.Invalid)
		r.ImportMatters("proposal", opt, past)
		r.Want()
		m := r.At("H", "benefited", "")
		if m.Ballot == nil || m.Ballot.Votes != 5 || m.Ballot.Invited != 6 || m.Ballot.Tally["satisfied"] != 5 || m.Joined != 5 || len(m.Events) != 12 {
			r.Errorf("%+v %+v", m.Matter, m.Ballot)
		}
		if total := r.loopTotal(); total != "5" {
			r.Errorf("total %s", total)
		}
		r.ImportMatters("proposal", opt, past, early)
		r.Want()
		r.sameAsAnew("loop")
		boxes, err := r.site.MatterCounts(r.ctx, r.Login("m2"), bihuan.MatterQuery{})
		r.must(err)
		if boxes[bihuan.BoxFollowing] != 2 {
			r.Errorf("boxes %v", boxes)
		}
		r.Who("m3").Do("H", "reopen:", reason("又坏了"))
		r.Want(bihuan.Forbidden)
		r.Who("m2").Do("H", "reopen:", reason("又坏了"))
		r.Want()
		r.Who("chair").Do("E", "done", form("result", values{"done": "换了"}))
		r.Want()
		r.Who("m2").Vote("E", "satisfied")
		r.Want()
	})
}
