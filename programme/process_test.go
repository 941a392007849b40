package programme

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func shipped(t testing.TB, dir, matter string) *Process {
	t.Helper()
	p, found := LoadDir(dir)
	if p == nil {
		t.Fatal(found)
	}
	x, ok := p.Process(matter)
	if !ok {
		t.Fatalf("no matter %s", matter)
	}
	return x
}

func at(day string) time.Time {
	d, err := ParseDay(day)
	if err != nil {
		panic(err)
	}
	return d.Time().Add(9 * time.Hour)
}

// do is an event as tests write it: "employee accept", with what else it needs.
func do(day, role, what string, with ...func(*Event)) Event {
	e := Event{Kind: EventAct, At: at(day), By: role, Roles: strings.Split(role, "+"), Action: what, To: ""}
	if kind, rest, ok := strings.Cut(what, ":"); ok {
		e.Kind, e.Action = EventKind(kind), rest
	}
	for _, w := range with {
		w(&e)
	}
	return e
}

func because(reason string) func(*Event) { return func(e *Event) { e.Reason = reason } }
func to(id string, others ...string) func(*Event) {
	return func(e *Event) { e.To, e.Others = id, others }
}
func seenAt(stage string) func(*Event) { return func(e *Event) { e.Stage = stage } }
func with(form string, values ...Values) func(*Event) {
	return func(e *Event) {
		e.Forms = map[string]Values{form: {}}
		for _, v := range values {
			e.Forms[form] = v
		}
	}
}
func votes(invited, satisfied, basically, dissatisfied int64) func(*Event) {
	return func(e *Event) {
		e.Figures = &Figures{invited, satisfied + basically + dissatisfied, map[string]int64{"satisfied": satisfied, "basically": basically, "dissatisfied": dissatisfied}}
	}
}

// walk takes steps, each with the stage it must lead to, and the day by which that is due ("" where there is no limit).
type walk struct {
	event      Event
	stage, due string
}

func (x *Process) walk(t *testing.T, s State, steps []walk) State {
	t.Helper()
	for i, w := range steps {
		next, _, err := x.Next(s, w.event)
		if err != nil {
			t.Fatalf("step %d, %s %s: %v", i+1, w.event.Kind, w.event.Action, err)
		}
		s = next
		due := ""
		if c := x.Clock(s, x.Calendar); c.Runs {
			due = c.Due.String()
		}
		if s.Stage != w.stage || due != w.due {
			t.Fatalf("step %d, %s %s: at %s until %s, want %s until %s", i+1, w.event.Kind, w.event.Action, s.Stage, due, w.stage, w.due)
		}
	}
	return s
}

// A proposal of a shipped programme: sent back once, joined, done, not good enough, done again within a month, rated as
// partly good, and over only when those affected confirm what they gained.
func TestProposal(t *testing.T) {
	x := shipped(t, "../programmes/union", "proposal")
	s, effects, err := x.Begin(do("2025-01-06", "employee+raiser", "", with("suggestion"), to("p1")), 0, nil)
	if err != nil || s.Stage != "proposed" || effects[0].Who[0] != "officer" {
		t.Fatal(s, effects, err)
	}
	s = x.walk(t, s, []walk{
		{do("2025-01-07", "officer", "return", because("写明地点")), "proposed", "2025-01-14"},
		{do("2025-01-08", "officer", "accept"), "joining", "2025-01-20"}, // the tenth day is a Saturday
		{do("2025-01-09", "employee", "file:", with("joining")), "joining", "2025-01-20"},
		{do("2025-01-10", "employee", "file:", with("joining")), "joining", "2025-01-20"},
		{do("2025-01-15", "officer", "start", with("plan")), "doing", "2025-02-14"},
		{do("2025-02-10", "officer", "done", with("result")), "rating", "2025-02-20"},
		{do("2025-02-21", "system", "ballot:", votes(3, 1, 0, 2)), "doing", "2025-03-21"},
		{do("2025-03-24", "officer", "done", with("result", Values{"solved": "partly"})), "rating", "2025-04-03"}, // late; the ballot was not
		{do("2025-03-25", "system", "ballot:", votes(3, 1, 2, 0)), "benefit", "2025-04-24"},
		{do("2025-04-10", "officer", "file:", with("gain")), "benefit", "2025-04-24"},
		{do("2025-04-11", "employee+joined", "confirm"), "benefited", ""},
	})
	if !s.Over() || s.Meaning != Good || s.Joined != 2 || s.Late != 1 || s.Returns != 3 || !strings.Contains(s.Ballot.Why.Zh, "基本满意 2") {
		t.Errorf("%+v", s)
	}
	// Rung by rung, nothing twice, and not while it is planned for later.
	s, _, _ = x.Begin(do("2025-01-06", "employee", "", with("suggestion")), 0, nil)
	for _, w := range []struct {
		day  string
		want []EffectKind
	}{{"2025-01-13", nil}, {"2025-01-14", []EffectKind{EffectRemind}}, {"2025-01-14", nil}, {"2025-01-16", []EffectKind{EffectEscalate}}, {"2025-01-17", nil}} {
		next, effects, err := x.Next(s, do(w.day, "system", "day:"))
		var got []EffectKind
		for _, f := range effects {
			got = append(got, f.Kind)
		}
		if err != nil || !slices.Equal(got, w.want) {
			t.Errorf("%s: %v %v, want %v", w.day, got, err, w.want)
		}
		s = next
	}
	s = x.walk(t, s, []walk{
		{do("2025-01-17", "officer", "accept"), "joining", "2025-01-27"},
		{do("2025-01-20", "officer", "postpone", with("planned")), "planned", "2025-07-21"}, // six months, then a Sunday
		{do("2025-07-21", "officer", "resume", with("plan")), "doing", "2025-08-20"},
		{do("2025-08-01", "town", "give_up", because("须上级立项")), "unresolved", ""},
	})
	if s.Meaning != OpenToPublic || s.Why != "须上级立项" {
		t.Errorf("%+v", s)
	}
	if s, _, err = x.Next(s, do("2025-09-01", "employee+raiser", "reopen:", because("已经立项"))); err != nil || s.Stage != "doing" || s.Over() {
		t.Error(s.Stage, err)
	}
}

// A ballot in which too few take part runs once more; then those who voted decide, and when nobody did, the last branch.
func TestTooFewVotes(t *testing.T) {
	x := shipped(t, "../programmes/union", "proposal")
	begin := func() State {
		s, _, _ := x.Begin(do("2025-06-02", "employee", "", with("suggestion")), 0, nil)
		return x.walk(t, s, []walk{{do("2025-06-03", "officer", "accept"), "joining", "2025-06-13"},
			{do("2025-06-04", "officer", "start", with("plan")), "doing", "2025-07-04"},
			{do("2025-06-05", "officer", "done", with("result")), "rating", "2025-06-16"},
			{do("2025-06-17", "system", "ballot:", votes(10, 2, 0, 0)), "rating", "2025-06-27"}})
	}
	if s := begin(); !s.Rerun || !s.Ballot.TooFew || !strings.Contains(s.Ballot.Why.En, "fewer than 30%") {
		t.Errorf("%+v", s.Ballot)
	}
	s := x.walk(t, begin(), []walk{{do("2025-06-28", "system", "ballot:", votes(10, 2, 0, 0)), "benefit", "2025-07-28"}})
	if !s.Ballot.TooFew {
		t.Error("that too few took part is forgotten")
	}
	x.walk(t, begin(), []walk{{do("2025-06-28", "system", "ballot:", votes(10, 0, 0, 0)), "doing", "2025-07-28"}})
}

// A dispute through its clocks over New Year and the Spring Festival, with make-up days, a hearing and an extension.
func TestDisputeClocks(t *testing.T) {
	x := shipped(t, "testdata/right/dispute", "dispute")
	s, _, err := x.Begin(do("2024-12-25", "citizen+raiser", "", with("plea"), to("d1")), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	// 26, 27, 30, 31 December, not 1 January: the local five working days end before the fifteen days of the regulations.
	if due, why, known := x.Deadline(s, x.Calendar); due.String() != "2025-01-02" || !known || !strings.Contains(why.En, "first of several") {
		t.Fatal(due, why, known)
	}
	pact := Values{"effective": DayOf(at("2025-02-24")), "perform_by": DayOf(at("2025-05-03"))}
	s = x.walk(t, s, []walk{
		// Sunday 26 January is worked, 28 January to 4 February are off: the twentieth working day is 6 February.
		{do("2025-01-02", "mediator", "accept"), "talks", "2025-02-06"},
		{do("2025-01-13", "mediator", "pause:hearing"), "talks", "2025-02-06"},
		{do("2025-01-16", "mediator", "resume:"), "talks", "2025-02-10"}, // 13, 14, 15 January excluded; Saturday 8 February is worked
		// Ten more working days.
		{do("2025-02-10", "county_officer", "extend:", because("等待鉴定")), "talks", "2025-02-24"},
		{do("2025-02-24", "mediator", "agree", with("pact", pact)), "confirming", "2025-03-26"},
		{do("2025-02-25", "citizen+raiser", "skip"), "performing", "2025-05-03"}, // the day agreed, holiday or not
		{do("2025-05-10", "citizen+raiser", "part"), "part", ""},
	})
	if s.Meaning != Partly || s.Late != 1 {
		t.Errorf("%+v", s)
	}
	// Months end with the month, and a last day off gives the next working day.
	for _, w := range []struct {
		start string
		limit Limits
		want  string
		lacks int // the year
	}{
		{"2025-01-31", Limits{{1, "month"}}, "2025-02-28", 0},
		{"2024-12-02", Limits{{30, "day"}}, "2025-01-02", 0},
		{"2025-01-02", Limits{{30, "day"}}, "2025-02-05", 0},
		{"2025-03-31", Limits{{0, "day"}}, "2025-03-31", 0},
		{"2025-02-05", Limits{{30, "day"}, {3, "workday"}}, "2025-02-08", 0},
		{"2024-09-27", Limits{{1, "workday"}}, "2024-09-29", 0}, // a Sunday that is worked
		{"2098-01-01", Limits{{5, "workday"}}, "2098-01-08", 2098},
	} {
		due, _, _, lacks := x.earliest(w.limit, DayOf(at(w.start)), nil, nil, x.Calendar)
		if due.String() != w.want || lacks != w.lacks {
			t.Errorf("%s + %v: %s %v, want %s %v", w.start, w.limit, due, lacks, w.want, w.lacks)
		}
	}
}

// Everything that is refused, why, and that the state stays as it was.
func TestRefusals(t *testing.T) {
	union, dispute := shipped(t, "../programmes/union", "proposal"), shipped(t, "testdata/right/dispute", "dispute")
	raise := func(x *Process, form string) State {
		s, _, err := x.Begin(do("2025-01-06", "employee+citizen+raiser", "", with(form), to("m1")), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Recused = []string{"judge zhang"}
		return s
	}
	p, d := raise(union, "suggestion"), raise(dispute, "plea")
	after := func(x *Process, s State, events ...Event) State {
		for _, e := range events {
			next, _, err := x.Next(s, e)
			if err != nil {
				t.Fatal(err)
			}
			s = next
		}
		return s
	}
	accepted := after(dispute, d, do("2025-01-07", "mediator", "accept"))
	paused := after(dispute, accepted, do("2025-01-08", "mediator", "pause:hearing"))
	over := after(dispute, d, do("2025-01-07", "mediator", "decline", because("不属受理范围")))
	taken := after(dispute, d, do("2025-01-07", "citizen+raiser", "withdraw:", func(e *Event) { e.By, e.As = "", RaiserRole }))
	joined := after(union, p, do("2025-01-07", "officer", "accept"), do("2025-01-08", "employee", "file:", with("joining")))
	doing := after(union, joined, do("2025-01-09", "officer", "start", with("plan")))
	rating := after(union, doing, do("2025-01-10", "officer", "done", with("result")))
	benefit := after(union, rating, do("2025-01-11", "system", "ballot:", votes(2, 2, 0, 0)))
	extended := after(union, doing, do("2025-01-10", "assessor", "extend:", because("采购")))
	for _, w := range []struct {
		name  string
		x     *Process
		state State
		event Event
		want  RefusalKind
		text  string
	}{
		{"double click", dispute, accepted, do("2025-01-07", "mediator", "accept", seenAt("asked")), RefusedDone, "was done already, 2025-01-07 09:00: 受理 (mediator)"},
		{"moved on", dispute, accepted, do("2025-01-07", "mediator", "decline", seenAt("asked"), because("x")), RefusedMoved, "no longer at “待受理” but at “调解中”: 受理"},
		{"twice on one stage", union, after(union, p, do("2025-01-07", "officer", "return", because("x"))), do("2025-01-07", "officer", "return", because("x"), func(e *Event) { e.Seen = 1 }), RefusedDone, "done already"},
		{"over", dispute, over, do("2025-01-08", "mediator", "accept"), RefusedOver, "it is over, as “answered”: 不予受理"},
		{"over, by whom not everybody may know", dispute, taken, do("2025-01-08", "mediator", "accept"), RefusedOver, "withdrawn (who raised it)"},
		{"not yours", dispute, d, do("2025-01-07", "citizen", "accept"), RefusedNotYours, "this is for 调解员 to do"},
		{"recused", dispute, d, do("2025-01-07", "mediator", "accept", func(e *Event) { e.Person = "judge zhang" }), RefusedNotYours, "recused"},
		{"no such action", dispute, d, do("2025-01-07", "mediator", "agree"), RefusedImpossible, "no such action"},
		{"no reason", dispute, d, do("2025-01-07", "mediator", "decline"), RefusedNoReason, "give a reason"},
		{"no form", dispute, accepted, do("2025-01-08", "mediator", "agree"), RefusedNoForm, "has to be filled in"},
		{"needed before leaving", union, benefit, do("2025-01-12", "raiser", "confirm"), RefusedNoForm, "Benefit"},
		{"a form not asked for", union, benefit, do("2025-01-12", "officer", "file:", with("plan")), RefusedImpossible, "does not take"},
		{"raised by a stranger", dispute, State{}, do("2025-01-06", "visitor", "raise:", with("plea")), RefusedNotYours, "may raise"},
		{"wrong body, too late", dispute, d, do("2025-01-14", "mediator", "return:", because("不归我们")), RefusedTooLate, "until 2025-01-13"},
		{"wrong body, no reason", dispute, d, do("2025-01-07", "mediator", "return:"), RefusedNoReason, "reason"},
		{"wrong body, twice", dispute, after(dispute, d, do("2025-01-07", "mediator", "return:", because("不归我们"))), do("2025-01-08", "mediator", "return:", because("不归我们")), RefusedDone, "returned already"},
		{"wrong body, already at work", dispute, accepted, do("2025-01-08", "mediator", "return:", because("x")), RefusedImpossible, "handled here already"},
		{"transfer to nobody", dispute, d, do("2025-01-07", "mediator", "transfer:", because("x")), RefusedWrongValues, "to whom"},
		{"transfer by the raiser", dispute, d, do("2025-01-07", "citizen+raiser", "transfer:", because("x"), to("330482101")), RefusedNotYours, "for"},
		{"no lead", dispute, d, do("2025-01-07", "mediator", "assign:"), RefusedWrongValues, "lead"},
		{"lead and co-handler", dispute, d, do("2025-01-07", "mediator", "assign:", to("li", "li")), RefusedWrongValues, "co-handler"},
		{"pause for nothing", dispute, d, do("2025-01-07", "mediator", "pause:holiday"), RefusedImpossible, "only stop for: hearing"},
		{"pause twice", dispute, paused, do("2025-01-09", "mediator", "pause:hearing"), RefusedDone, "since 2025-01-08"},
		{"pause when overdue", dispute, d, do("2025-02-20", "mediator", "pause:hearing"), RefusedTooLate, "ran out"},
		{"resume what runs", dispute, d, do("2025-01-07", "mediator", "resume:"), RefusedDone, "running"},
		{"extend by the handler", union, doing, do("2025-01-10", "officer", "extend:", because("x")), RefusedNotYours, "for"},
		{"extend without reason", union, doing, do("2025-01-10", "assessor", "extend:"), RefusedNoReason, "reason"},
		{"extend twice", union, extended, do("2025-01-11", "assessor", "extend:", because("x")), RefusedDone, "possible once"},
		{"extend too late", union, doing, do("2025-02-20", "assessor", "extend:", because("x")), RefusedTooLate, "ran out on 2025-02-08"},
		{"extend what cannot be", union, p, do("2025-01-07", "assessor", "extend:", because("x")), RefusedImpossible, "cannot be extended"},
		{"merge with itself", dispute, d, do("2025-01-07", "mediator", "merge:", to("m1")), RefusedWrongValues, "with itself"},
		{"absorb by hand", dispute, d, do("2025-01-07", "mediator", "absorb:", to("m2")), RefusedNotYours, "system"},
		{"split into one", dispute, d, do("2025-01-07", "mediator", "split:", because("x"), to("", "m2", "m2")), RefusedWrongValues, "two at least"},
		{"withdraw by another", union, p, do("2025-01-07", "employee", "withdraw:"), RefusedNotYours, "who raised it"},
		{"withdraw what others joined", union, joined, do("2025-01-09", "employee+raiser", "withdraw:"), RefusedImpossible, "others have joined"},
		{"close by the handler", dispute, d, do("2025-01-07", "mediator", "close:", because("x")), RefusedNotYours, "unit above"},
		{"close without reason", dispute, d, do("2025-01-07", "parent_unit", "close:"), RefusedNoReason, "reason"},
		{"reopen what runs", dispute, d, do("2025-01-07", "raiser", "reopen:", because("x")), RefusedDone, "not over"},
		{"remind by the handler", union, p, do("2025-01-07", "officer", "remind:"), RefusedNotYours, "who raised it, who joined"},
		{"remind oneself", union, benefit, do("2025-01-12", "employee+raiser", "remind:"), RefusedImpossible, "your own turn"},
		{"remind of a ballot", union, rating, do("2025-01-11", "raiser", "remind:"), RefusedImpossible, "counted by itself"},
		{"ballot too early", union, rating, do("2025-01-11", "system", "ballot:", votes(3, 2, 0, 0)), RefusedTooEarly, "1 have not voted"},
		{"ballot with two votes", union, rating, do("2025-01-11", "system", "ballot:", votes(1, 2, 0, 0)), RefusedWrongValues, "1 invited, 2 cast"},
		{"ballot by hand", union, rating, do("2025-01-11", "officer", "ballot:", votes(2, 2, 0, 0)), RefusedNotYours, "system"},
		{"ballot where there is none", union, p, do("2025-01-11", "system", "ballot:", votes(2, 2, 0, 0)), RefusedImpossible, "no ballot"},
	} {
		before, _ := json.Marshal(w.state)
		var err error
		if w.event.Kind == EventRaise {
			_, _, err = w.x.Begin(w.event, 0, nil)
		} else {
			var next State
			next, _, err = w.x.Next(w.state, w.event)
			if now, _ := json.Marshal(next); string(now) != string(before) {
				t.Errorf("%s: the state changed", w.name)
			}
		}
		var r *Refusal
		if !errors.As(err, &r) || r.Kind != w.want || !strings.Contains(r.Text.En, w.text) || r.Text.Zh == "" || r.Text.Zh == r.Text.En {
			t.Errorf("%s: %v, want %s with %q", w.name, err, w.want, w.text)
		}
	}
	if _, _, err := dispute.Begin(do("2026-02-01", "citizen", "", with("plea")), DayOf(at("2025-01-06")), nil); err == nil {
		t.Error("raised a year late")
	}
}

// Other hands, duplicates and parts.
func TestHands(t *testing.T) {
	x := shipped(t, "testdata/right/dispute", "dispute")
	s, _, _ := x.Begin(do("2025-01-06", "citizen+raiser", "", with("plea"), to("d1")), 0, nil)
	s.Recused = []string{"zhang"}
	s = x.walk(t, s, []walk{
		{do("2025-01-07", "mediator", "transfer:", because("归镇里"), to("town")), "asked", "2025-01-13"},
		{do("2025-01-14", "mediator", "return:", because("归司法所")), "asked", "2025-01-13"}, // the person waits; the clock runs on
		{do("2025-01-14", "parent_unit", "assign:", to("li", "wang", "chen")), "asked", "2025-01-13"},
		{do("2025-01-14", "system", "absorb:", to("d2")), "asked", "2025-01-13"},
	})
	if s.Unit != "" || s.Lead != "li" || !slices.Equal(s.With, []string{"chen", "wang"}) || s.Returns != 1 || s.Joined != 1 {
		t.Errorf("%+v", s)
	}
	reminded, effects, err := x.Next(s, do("2025-01-15", "citizen+raiser", "remind:", because("等了一周")))
	if err != nil || len(effects) != 1 || effects[0].Kind != EffectRemind || effects[0].Who[0] != "mediator" || effects[0].Text.Zh != "提出人催办：等了一周" {
		t.Error(effects, err)
	}
	if reminded.Seq--; !reflect.DeepEqual(reminded, s) {
		t.Errorf("reminding moved it: %+v, want %+v", reminded, s)
	}
	merged, effects, err := x.Next(s, do("2025-01-15", "mediator", "merge:", to("d0")))
	if err != nil || merged.Into != "d0" || merged.Outcome != Merged || effects[len(effects)-1].To != "d0" {
		t.Error(merged, effects, err)
	}
	split, effects, err := x.Next(s, do("2025-01-15", "mediator", "split:", because("两件事"), to("", "d3", "d4")))
	if err != nil || split.Outcome != SplitUp || len(effects) != 4 {
		t.Fatal(split, effects, err)
	}
	part, _, err := x.Begin(do("2025-01-15", "system", "", to("d3")), 0, &split)
	if err != nil || part.Raised != s.Raised || part.Part != "d1" || !slices.Equal(part.Recused, s.Recused) {
		t.Error(part, err)
	}
	if _, err := x.Adopt(s); err != nil {
		t.Error(err)
	}
	if _, err := shipped(t, "../programmes/union", "proposal").Adopt(s); err == nil {
		t.Error("adopted without the programme saying so")
	}
}

// Every programme has rectification, objection and appeal, for its own parties.
func TestBuiltInMatters(t *testing.T) {
	if _, found := Load(files(map[string]string{MainFile: string(BuiltInYAML())}), ""); len(found) > 0 {
		t.Fatal(found)
	}
	x := shipped(t, "../programmes/union", "rectification")
	s, _, err := x.Begin(do("2025-01-06", "system", "", with("finding")), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	s = x.walk(t, s, []walk{
		{do("2025-01-20", "officer", "submit", with("correction")), "checking", "2025-02-08"},
		{do("2025-01-21", "judge", "send_back", because("照片不清")), "fixing", "2025-02-20"},
		{do("2025-01-22", "system", "met"), "corrected", ""},
	})
	if s.Meaning != Good || !x.BuiltIn {
		t.Errorf("%+v", s)
	}
	if st, _ := shipped(t, "testdata/right/dispute", "rectification").Matter.Stage("fixing"); len(st.Within) != 2 {
		t.Errorf("the programme's own deadline is not taken: %v", st.Within)
	}
	for _, name := range BuiltInMatters {
		x := shipped(t, "../programmes/union", name)
		for _, f := range x.Matter.Forms() {
			if _, ok := x.Form(f); !ok {
				t.Errorf("%s: no form %s", name, f)
			}
		}
	}
	x = shipped(t, "../programmes/union", "objection")
	if s, _, err = x.Begin(do("2025-01-06", "employee+raiser", "", with("objecting")), DayOf(at("2025-01-03")), nil); err != nil || x.StageTitle(s.Stage).Zh != "待答复" {
		t.Error(s, err)
	}
}

// Whatever happens in whatever order, a matter is in one of its stages or at an end, its past states stay as they were, and
// from wherever it is the ways it shows lead to an end.
func TestRandomEvents(t *testing.T) {
	processes := []*Process{shipped(t, "../programmes/union", "proposal"), shipped(t, "testdata/right/dispute", "dispute"), shipped(t, "testdata/right/whole", "proposal")}
	for _, name := range BuiltInMatters {
		processes = append(processes, shipped(t, "../programmes/union", name))
	}
	random := rand.New(rand.NewPCG(1, 2))
	accepted := map[EventKind]int{}
	for _, x := range processes {
		for range 30 {
			day := DayOf(at("2024-12-01"))
			s, _, err := x.Begin(x.fits(Way{Kind: EventRaise, By: x.Matter.Raise.By, Form: x.Matter.Raise.Form}, day), 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			for range 40 {
				day += Day(random.IntN(4))
				e := x.anyEvent(random, s, day)
				before, _ := json.Marshal(s)
				next, _, err := x.Next(s, e)
				if after, _ := json.Marshal(s); string(before) != string(after) {
					t.Fatalf("%s %s changed the state it was given", e.Kind, e.Action)
				}
				var r *Refusal
				if err != nil && !errors.As(err, &r) {
					t.Fatal(err)
				}
				if err == nil {
					accepted[e.Kind]++
				}
				x.possible(t, next, day)
				s = next
			}
			x.leadsOut(t, random, s, day+400)
		}
	}
	for _, k := range []EventKind{EventAct, EventFile, EventBallot, EventDay, EventPause, EventResume, EventExtend, EventTransfer, EventReturn, EventAssign, EventMerge, EventAbsorb, EventSplit, EventWithdraw, EventReopen, EventClose, EventRemind} {
		if accepted[k] == 0 {
			t.Errorf("%s was never accepted: this proves nothing of it", k)
		}
	}
}

// possible fails for a state that cannot be.
func (x *Process) possible(t *testing.T, s State, day Day) {
	t.Helper()
	_, running := x.Matter.Stage(s.Stage)
	c := x.Clock(s, x.Calendar)
	var back State
	data, _ := json.Marshal(s)
	err := json.Unmarshal(data, &back)
	again, _ := json.Marshal(back)
	switch {
	case running == s.Over(), s.Over() != (s.Meaning != ""), s.Over() && c.Runs, c.Runs && c.Due < c.Start && c.Start <= day,
		running && len(x.Ways(s)) == 0, s.Into != "" && !s.Over(), len(s.Extended) > 1, s.Fired > len(x.Matter.Overdue),
		err != nil, string(data) != string(again), len(s.Steps) > mostSteps:
		t.Fatalf("impossible: %s", data)
	}
}

// leadsOut follows random ways that the state shows until the matter is over.
func (x *Process) leadsOut(t *testing.T, random *rand.Rand, s State, day Day) {
	t.Helper()
	for range 400 {
		if s.Over() {
			return
		}
		ways := x.Ways(s)
		moved := false
		for _, i := range random.Perm(len(ways)) {
			next, _, err := x.Next(s, x.fits(ways[i], day))
			if err == nil {
				s, moved = next, true
				break
			}
		}
		if !moved {
			t.Fatalf("no way on from %+v", s)
		}
		day += 20
	}
	t.Fatalf("never over: %+v", s)
}

// fits makes the event that a way asks for.
func (x *Process) fits(w Way, day Day) Event {
	e := Event{Kind: w.Kind, At: day.Time(), Roles: w.By, Action: w.Action}
	if w.Form != "" {
		e.Forms = map[string]Values{w.Form: {}}
	}
	if w.Reason {
		e.Reason = "because"
	}
	if w.Kind == EventBallot {
		e.Figures = &Figures{Invited: 5, Cast: 5, Count: map[string]int64{"satisfied": 5}}
	}
	return e
}

// anyEvent makes an event that may or may not be possible.
func (x *Process) anyEvent(r *rand.Rand, s State, day Day) Event {
	if ways := x.Ways(s); r.IntN(2) == 0 && len(ways) > 0 {
		return x.fits(ways[r.IntN(len(ways))], day)
	}
	kinds := []EventKind{EventAct, EventFile, EventBallot, EventDay, EventPause, EventResume, EventExtend, EventTransfer, EventReturn, EventAssign, EventAbsorb, EventMerge, EventSplit, EventWithdraw, EventReopen, EventClose, EventRemind, "nonsense"}
	e := Event{Kind: kinds[r.IntN(len(kinds))], At: day.Time(), Roles: append(x.Handlers(), RaiserRole, JoinedRole, SystemRole, ParentUnit)[r.IntN(2):]}
	names := []string{"", "hearing", "accept", "a", "b", s.ID, "done"}
	e.Action, e.To, e.Others, e.Reason = names[r.IntN(len(names))], names[r.IntN(len(names))], []string{"a", names[r.IntN(len(names))]}, names[r.IntN(2)]
	if r.IntN(3) == 0 {
		e.Figures = &Figures{int64(r.IntN(9)), int64(r.IntN(5)), map[string]int64{"satisfied": int64(r.IntN(4))}}
	}
	if r.IntN(3) == 0 {
		e.Stage, e.Seen = x.Matter.Stages[r.IntN(len(x.Matter.Stages))].Stage, r.IntN(s.Seq+1)
	}
	return e
}

// A matter that ran elsewhere goes on where it stood: only where its process could have led to, with the time that is left.
func TestTakeOver(t *testing.T) {
	x := shipped(t, "../programmes/mediation", "dispute")
	begun, _, err := x.Begin(do("2026-02-02", "resident", "raise:", to("d"), with("application")), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	day := func(s string) Day { return DayOf(at(s)) }
	acceptance, assignment := Values{}, Values{}
	agreement := Values{"effective": day("2026-02-10"), "last_day": day("2026-03-10")}
	on := func(forms ...string) map[string]Values {
		all := map[string]Values{"acceptance": acceptance, "assignment": assignment, "agreement": agreement, "rating": {}, "performance": {}}
		out := map[string]Values{}
		for _, f := range forms {
			out[f] = all[f]
		}
		return out
	}
	for _, c := range []struct {
		at       Standing
		due      string
		why      RefusalKind
		contains string
	}{
		{Standing{Stage: "registered", Since: at("2026-02-02")}, "2026-02-09", "", ""},
		{Standing{Stage: "accepted", Since: at("2026-02-04"), Forms: on("acceptance")}, "2026-02-09", "", ""},
		{Standing{Stage: "ordinary", Since: at("2026-02-06"), Forms: on("acceptance", "assignment"), Days: Dates{"accepted": day("2026-02-04")}}, "2026-03-04", "", ""},
		{Standing{Stage: "confirming", Since: at("2026-02-10"), Forms: on("acceptance", "assignment", "agreement")}, "2026-03-12", "", ""},
		{Standing{Stage: "performed", Since: at("2026-03-10"), Forms: on("acceptance", "assignment", "agreement", "performance", "rating")}, "", "", ""},
		{Standing{Stage: "withdrawn", Since: at("2026-03-10")}, "", "", ""},
		{Standing{Stage: "ordinary", Since: at("2026-02-06"), Forms: on("acceptance", "assignment")}, "", RefusedWrongValues, "accepted.on"},
		{Standing{Stage: "ordinary", Since: at("2026-02-06"), Forms: on("acceptance")}, "", RefusedNoForm, "Assignment"},
		{Standing{Stage: "accepted", Since: at("2026-02-06")}, "", RefusedNoForm, "Acceptance"},
		{Standing{Stage: "performed", Since: at("2026-03-10"), Forms: on("acceptance", "assignment", "agreement")}, "", RefusedNoForm, ""},
		{Standing{Stage: "accepted", Since: at("2026-02-01"), Forms: on("acceptance")}, "", RefusedWrongValues, "before it was raised"},
		{Standing{Stage: "ordinary", Since: at("2026-02-06"), Forms: on("acceptance", "assignment"), Days: Dates{"accepted": day("2026-02-07")}}, "", RefusedWrongValues, "not between"},
		{Standing{Stage: "nowhere", Since: at("2026-02-06")}, "", RefusedWrongValues, "no stage or end"},
		{Standing{Stage: "unresolved", Since: at("2026-02-06")}, "", RefusedNoReason, "made public"},
		{Standing{Stage: "accepted", Since: at("2026-02-06"), Forms: map[string]Values{"acceptance": {}, "survey": {}}}, "", RefusedWrongValues, "no form"},
	} {
		s, _, err := x.TakeOver(begun, c.at)
		if r, ok := errors.AsType[*Refusal](err); c.why != "" {
			if !ok || r.Kind != c.why || !strings.Contains(r.Text.En, c.contains) {
				t.Errorf("%s: %v", c.at.Stage, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.at.Stage, err)
			continue
		}
		due := ""
		if k := x.Clock(s, x.Calendar); k.Runs {
			due = k.Due.String()
		}
		if s.Stage != c.at.Stage || due != c.due || s.Seq != 2 || !s.Over() && len(x.Ways(s)) == 0 {
			t.Errorf("%s until %s, want %s until %s", s.Stage, due, c.at.Stage, c.due)
		}
	}
	s, _, err := x.TakeOver(begun, Standing{Stage: "registered", Since: at("2026-02-02")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := x.TakeOver(s, Standing{Stage: "accepted", Since: at("2026-02-04"), Forms: on("acceptance")}); err == nil {
		t.Error("it was taken over twice")
	}
}
