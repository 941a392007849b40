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

// proposals raises some proposals of the first home.
func (r *runner) proposals(n int) (list []bihuan.MatterFile) {
	r.Helper()
	for i := range n {
		list = append(list, r.Who("m1").Raise("proposal", values{"title": fmt.Sprint("提案", i), "reason": "太暗"}))
		r.Want()
	}
	return list
}

func picked(list ...bihuan.MatterFile) (out []bihuan.Picked) {
	for _, m := range list {
		out = append(out, bihuan.Picked{ID: m.ID, Seen: m.Seq, Stage: m.Stage})
	}
	return out
}

// Together does the same with several matters, and tells what became of each.
func (r *runner) Together(list []bihuan.Picked, mv bihuan.Move) []bihuan.BatchLine {
	r.Helper()
	var lines []bihuan.BatchLine
	lines, r.err = r.site.ActOnMany(r.ctx, r.as, bihuan.Batch{Matters: list, Move: mv})
	return lines
}

func act(action string) bihuan.Move {
	return bihuan.Move{Kind: programme.EventAct, Action: action}
}

// Each matter of a batch is done or refused by itself, and told.
func TestBatch(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		list := r.proposals(3)
		r.Who("chair").Do(list[1].ID, "decline", reason("不属受理范围"))
		r.Want()
		_, err := r.site.Raise(r.ctx, r.Login("other"), bihuan.NewMatter{Subject: r.home("W1"), Name: "proposal", Values: values{"title": "西边的", "reason": "x"}})
		r.must(err)
		foreign, err := r.site.Matters(r.ctx, r.Login("other"), bihuan.MatterQuery{Box: bihuan.BoxRaised})
		r.must(err)
		accused, err := r.site.Raise(r.ctx, r.Login("m2"), bihuan.NewMatter{Subject: r.home("E1"), Name: "accusation", Values: values{"about": "账目", "charge": "造假"}})
		r.must(err)

		page, err := r.site.Matters(r.ctx, r.Login("chair"), bihuan.MatterQuery{Box: bihuan.BoxTodo})
		r.must(err)
		var offered []string
		for _, w := range page.Together {
			offered = append(offered, strings.TrimSuffix(string(w.Kind)+" "+w.Action, " "))
		}
		if want := []string{"act accept", "act return", "act decline", "pause hearing", "assign", "transfer", "return"}; !slices.Equal(offered, want) {
			r.Errorf("offered %v, want %v", offered, want)
		}

		all := append(picked(list...), bihuan.Picked{ID: list[0].ID}, bihuan.Picked{ID: foreign.Matters[0].ID}, bihuan.Picked{ID: accused.Matter.Code}, bihuan.Picked{ID: "nothing"})
		lines := r.Who("chair").Together(all, act("accept"))
		r.Want()
		var told []string
		for _, l := range lines {
			told = append(told, fmt.Sprintf("%s %v %s", l.Called.Zh, l.Done, l.Why.Zh))
		}
		want := []string{"提案0 true ", "提案1 false 已经办结，结果为“已答复”：不予受理（演示chair），2021-06-01 12:00", "提案2 true ", "西边的 false 这一步由干部办理", " false 没有找到该事项", " false 没有找到该事项"}
		if !slices.Equal(told, want) {
			r.Errorf("told %q\nwant %q", told, want)
		}
		r.At(list[0].ID, "joining", "2021-06-11")

		lines = r.Together(picked(list[0], list[2]), act("return"))
		if lines[0].Done || !strings.Contains(lines[0].Why.Zh, "已经不在“提出”环节") {
			r.Errorf("returned after it moved on: %+v", lines)
		}
		more := r.proposals(2)
		lines = r.Who("chair").Together(picked(more...), act("return"))
		if lines[0].Done || lines[0].Why.Zh != "请写明理由" {
			r.Errorf("returned without a reason: %+v", lines[0])
		}
		mv := act("return")
		mv.Reason = "写明地点"
		if lines = r.Together(picked(more...), mv); !lines[0].Done || !lines[1].Done {
			r.Errorf("not returned: %+v", lines)
		}
		lines = r.Together(picked(more...), bihuan.Move{Kind: programme.EventAssign, To: "chair"})
		if m := r.At(more[1].ID, "proposed", "2021-06-08"); !lines[1].Done || m.Lead != "演示chair" {
			r.Errorf("not assigned: %+v, lead %q", lines[1], m.Lead)
		}

		for _, x := range []struct {
			list []bihuan.Picked
			mv   bihuan.Move
			want bihuan.Kind
		}{
			{nil, act("accept"), bihuan.Invalid},
			{make301(), act("accept"), bihuan.TooLarge},
			{picked(more...), bihuan.Move{Kind: programme.EventMerge, To: list[0].Code}, bihuan.Invalid},
			{picked(more...), bihuan.Move{Kind: programme.EventAct, Action: "start", Forms: map[string]map[string]any{"plan": {}}}, bihuan.Invalid},
		} {
			r.Together(x.list, x.mv)
			r.Want(x.want)
		}
		_, r.err = r.site.Matters(r.ctx, bihuan.Actor{}, bihuan.MatterQuery{Box: bihuan.BoxTodo})
		r.Want(bihuan.Unauthenticated) // nobody has no boxes
		r.As(bihuan.Actor{}).Together(picked(more...), act("accept"))
		r.Want(bihuan.Unauthenticated)
	})
}

func make301() (list []bihuan.Picked) {
	for i := range bihuan.MostTogether + 1 {
		list = append(list, bihuan.Picked{ID: fmt.Sprint(i)})
	}
	return list
}

// Of several who do the same with the same matters at once, each matter is done by one of them, and the others are told so.
func TestBatchByMany(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		list := picked(r.proposals(6)...)
		chair := r.Login("chair")
		done := make([]int, len(list))
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 6 {
			mine := slices.Clone(list)
			if i%2 == 1 {
				slices.Reverse(mine)
			}
			wg.Go(func() {
				lines, err := r.site.ActOnMany(r.ctx, chair, bihuan.Batch{Matters: mine, Move: act("accept")})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					r.Errorf("broke: %v", err)
				}
				for _, l := range lines {
					if l.Done {
						done[slices.IndexFunc(list, func(p bihuan.Picked) bool { return p.ID == l.ID })]++
					} else if !strings.Contains(l.Why.En, "done already") {
						r.Errorf("told %s", l.Why.En)
					}
				}
			})
		}
		wg.Wait()
		if !slices.Equal(done, []int{1, 1, 1, 1, 1, 1}) {
			r.Errorf("done %v", done)
		}
	})
}

// Who waits reminds whose turn it is, once a day, however often he presses; the matter stays as it was, and so does the score.
func TestRemind(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		m := r.proposals(1)[0]
		before := r.At(m.ID, "proposed", "2021-06-08")
		r.now.mu.Lock()
		r.now.now = noon("2021-06-10") // overdue since the 8th, which no rule has looked at yet
		r.now.mu.Unlock()
		total := r.loopTotal()
		for who, want := range map[string][]bihuan.Kind{"m1": nil, "east": nil, "city": nil, "chair": {bihuan.Forbidden}, "m2": {bihuan.Forbidden}, "west": {bihuan.Forbidden}, "": {bihuan.Unauthenticated}} { // the west reads it only
			r.Who(who).Do(m.ID, "remind:", reason("等了很久"))
			r.Want(want...)
		}
		r.Who("m1").Do(m.ID, "remind:")
		r.Want(bihuan.Conflict) // once a day
		if f, err := r.site.Matter(r.ctx, r.Login("m1"), m.ID); err != nil || f.Reminds {
			r.Errorf("is to remind again: %v", err)
		}
		if f, err := r.site.Matter(r.ctx, r.Login("chair"), m.ID); err != nil || f.Reminds || f.Events[1].Kind != programme.EventRemind || strings.Contains(fmt.Sprintf("%+v", f), "演示m1") {
			r.Errorf("%v, the office learns %+v", err, f.Events)
		}
		if n := r.notices("chair"); !slices.Equal(n, []string{"remind", "remind", "remind", "turn"}) {
			r.Errorf("chair's notices %v", n)
		}
		after := r.At(m.ID, "proposed", "2021-06-08")
		if after.MovedAt != before.MovedAt || after.Seq != before.Seq+3 || r.loopTotal() != total {
			r.Errorf("it moved: %+v", after.Matter)
		}
		counts, err := r.site.MatterCounts(r.ctx, r.Login("m1"), bihuan.MatterQuery{})
		r.must(err)
		if counts[bihuan.BoxDone] != 0 || counts[bihuan.BoxRaised] != 1 {
			r.Errorf("boxes %v", counts)
		}
		r.Day("2021-06-11")
		total = r.loopTotal()
		done := 0
		var mu sync.Mutex
		var wg sync.WaitGroup
		m1 := r.Login("m1")
		for range 8 {
			wg.Go(func() {
				_, err := r.site.Act(r.ctx, m1, m.ID, bihuan.Move{Kind: programme.EventRemind})
				mu.Lock()
				defer mu.Unlock()
				if k, refused := bihuan.KindOf(err); err == nil {
					done++
				} else if !refused || k != bihuan.Conflict {
					r.Errorf("broke: %v", err)
				}
			})
		}
		wg.Wait()
		if done != 1 || r.loopTotal() != total {
			r.Errorf("reminded %d times, total %s, was %s", done, r.loopTotal(), total)
		}
		r.Who("chair").Do(m.ID, "accept", func(mv *bihuan.Move) { mv.Seen, mv.Stage = m.Seq, m.Stage })
		r.Want() // who looked at it before it was reminded of is not held up
	})
}
