package programme

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Process is a matter ready to run: which events its stages take, who may bring them about and what follows. It is pure and
// may be used by several goroutines; the caller keeps the states, the clock and the people.
type Process struct {
	Programme *Programme
	Matter    *Matter
	Calendar  *Calendar // of the programme; With takes another, into which a site has loaded more years
	BuiltIn   bool      // written by the language, not by the programme
	forms     []*Form   // of a built-in matter
}

// Process gives the process of a matter of the programme, or of one that every programme has (rectification, objection,
// appeal). It is false when there is neither.
func (p *Programme) Process(name string) (*Process, bool) {
	if m, ok := p.Matter(name); ok {
		return &Process{Programme: p, Matter: m, Calendar: p.calendar()}, true
	}
	if m, forms, ok := builtIn(p, name); ok {
		return &Process{Programme: p, Matter: m, Calendar: p.calendar(), BuiltIn: true, forms: forms}, true
	}
	return nil, false
}

// Processes lists the processes of a programme's matters, and after them those that every programme has and it does not replace.
func (p *Programme) Processes() []*Process {
	var out []*Process
	for _, list := range [][]*Matter{p.Matters, builtIns().Matters} {
		for _, m := range list {
			x, ok := p.Process(m.Name)
			if ok && !slices.ContainsFunc(out, func(y *Process) bool { return y.Matter.Name == m.Name }) {
				out = append(out, x)
			}
		}
	}
	return out
}

// With gives the same process over another calendar.
func (x *Process) With(c *Calendar) *Process {
	y := *x
	y.Calendar = c
	return &y
}

// Form gives a form of the matter: the programme's, or for a built-in matter its own.
func (x *Process) Form(name string) (*Form, bool) {
	for _, f := range x.forms {
		if f.Name == name {
			return f, true
		}
	}
	return x.Programme.Form(name)
}

// RaisedUntil is the last day on which a matter may be raised against what happened on a day; it has one only when its `raise` says `within`.
func (x *Process) RaisedUntil(since Day) Day {
	due, _, _, _ := x.earliest(x.Matter.Raise.Within, since, nil, nil, x.Calendar)
	return due
}

// Begin raises a matter. The event brings its id (To), who raises it (Roles), and the form (Forms). Since, when it is not
// zero, is the day of what it is raised against; origin, when it is not nil, is the matter that it is a part of, from which
// it takes the day it was raised and who may not act.
func (x *Process) Begin(e Event, since Day, origin *State) (State, []Effect, error) {
	m, day := x.Matter, DayOf(e.At)
	if origin == nil {
		if !x.Among(m.Raise.By, e.Roles) {
			return State{}, nil, refused(RefusedNotYours, T("“{0}”由{1}提起", "{1} may raise “{0}”"), x.title(), x.People(m.Raise.By))
		}
		if _, ok := e.Forms[m.Raise.Form]; !ok {
			return State{}, nil, x.noForm(m.Raise.Form)
		}
	}
	if len(m.Raise.Within) > 0 && since != 0 {
		if due := x.RaisedUntil(since); day > due {
			return State{}, nil, refused(RefusedTooLate, T("{0}前可以提起，已经过期", "it could be raised until {0}; that day has passed"), due)
		}
	}
	s := State{ID: e.To, Matter: m.Name, Version: x.Programme.Version, Raised: day}.clone()
	if origin != nil {
		s.Raised, s.Part, s.Recused = origin.Raised, origin.ID, slices.Clone(origin.Recused)
	}
	s.file(e, day)
	effects := x.enter(&s, m.Stages[0], e.At, nil)
	e.Kind = EventRaise
	s.note(e, "", s.Stage)
	return s, effects, nil
}

// Next tells what becomes of a matter by an event, and what has to be done in consequence. What may not be comes back as a
// *Refusal with what happened instead, and the state as it was. These may bring an event about:
//
//   - EventAct: those in the action's `by`
//   - EventFile: those in `collect.by`; for what the stage needs, those who may file the form, and the handlers
//   - EventBallot and EventDay: the system; a ballot is over when its time is, or when all have voted
//   - EventPause, EventResume, EventTransfer, EventReturn, EventMerge, EventSplit: the handlers
//   - EventAssign: the handlers and those above; EventAbsorb: the system
//   - EventExtend: those in `extend.by`; without it the handlers
//   - EventWithdraw: who raised it, as long as nobody joined
//   - EventReopen and EventRemind: who raised it, those who joined, those above; EventClose: those above
//
// Handlers are those who act in any stage and are not merely affected, that is, no party and named in `raise.by`. Above are
// parent_unit, those to whom `overdue` escalates and those who approve extensions.
func (x *Process) Next(state State, e Event) (State, []Effect, error) {
	if state.Matter != x.Matter.Name || state.Version != x.Programme.Version {
		return state, nil, fmt.Errorf("programme: matter %s of version %q given to %s of version %q", state.Matter, state.Version, x.Matter.Name, x.Programme.Version)
	}
	if err := x.stale(state, e); err != nil {
		return state, nil, err
	}
	if e.Person != "" && slices.Contains(state.Recused, e.Person) {
		return state, nil, refused(RefusedNotYours, T("您参与过它所针对的评定，应当回避，不能办理", "you had a part in the result it is against, and are recused from it"))
	}
	s := state.clone()
	stage, running := x.Matter.Stage(s.Stage)
	if !running && e.Kind != EventReopen {
		if e.Kind == EventDay {
			return state, nil, nil
		}
		return state, nil, x.over(s)
	}
	var effects []Effect
	var err error
	switch e.Kind {
	case EventAct:
		effects, err = x.act(&s, stage, e)
	case EventFile:
		effects, err = x.fileForms(&s, stage, e)
	case EventBallot:
		effects, err = x.counted(&s, stage, e)
	case EventDay:
		effects, err = x.day(&s, stage, e)
		if len(effects) == 0 && err == nil {
			return state, nil, nil
		}
	case EventPause:
		effects, err = x.pause(&s, stage, e)
	case EventResume:
		effects, err = x.resume(&s, e)
	case EventExtend:
		effects, err = x.extend(&s, stage, e)
	case EventTransfer, EventReturn, EventAssign:
		effects, err = x.hand(&s, stage, e)
	case EventMerge, EventAbsorb, EventSplit:
		effects, err = x.join(&s, stage, e)
	case EventWithdraw, EventClose:
		effects, err = x.closeBy(&s, stage, e)
	case EventReopen:
		effects, err = x.reopen(&s, e)
	case EventRemind:
		effects, err = x.remind(s, stage, e)
	default:
		err = refused(RefusedImpossible, T("没有这种操作", "there is nothing of this kind to do"))
	}
	if err != nil {
		return state, nil, err
	}
	if c := x.Clock(state, x.Calendar); (s.Over() || s.Visits[s.Stage] != state.Visits[s.Stage]) && c.late(state, DayOf(e.At)) && e.Kind != EventBallot {
		s.Late++ // a ballot runs to the end of its time: nobody is late that it is counted the day after
	}
	s.note(e, state.Stage, s.Stage)
	return s, effects, nil
}

// stale refuses who looks at what is no more, and tells what happened.
func (x *Process) stale(s State, e Event) error {
	if e.Kind == EventDay {
		return nil
	}
	for _, h := range slices.Backward(s.Steps) {
		same := h.Kind == e.Kind && h.Action == e.Action
		if same && (e.Seen > 0 && h.Seq > e.Seen && h.Kind != EventFile || e.Stage != "" && e.Stage != s.Stage && h.From == e.Stage) {
			return refused(RefusedDone, T("{0}已经做过：{1}", "this was done already, {0}: {1}"), when(h.At), x.Happened(h))
		}
	}
	if e.Stage == "" || e.Stage == s.Stage {
		return nil
	}
	if s.Over() {
		return x.over(s)
	}
	what := Text{}
	if n := len(s.Steps); n > 0 {
		what = T("：{0}，{1}", ": {0}, {1}").Fill(x.Happened(s.Steps[n-1]), when(s.Steps[n-1].At))
	}
	return refused(RefusedMoved, T("已经不在“{0}”环节，现为“{1}”{2}", "it is no longer at “{0}” but at “{1}”{2}"), x.StageTitle(e.Stage), x.StageTitle(s.Stage), what)
}

func (x *Process) over(s State) error {
	what := Text{}
	if n := len(s.Steps); n > 0 {
		what = T("：{0}，{1}", ": {0}, {1}").Fill(x.Happened(s.Steps[n-1]), when(s.Steps[n-1].At))
	}
	return refused(RefusedOver, T("已经办结，结果为“{0}”{1}", "it is over, as “{0}”{1}"), x.StageTitle(s.Stage), what)
}

func when(t time.Time) string { return t.Format("2006-01-02 15:04") }

// Happened says in words what was done.
func (x *Process) Happened(h Happening) Text {
	what := kindTexts[h.Kind]
	if st, ok := x.Matter.Stage(h.From); ok && h.Kind == EventAct {
		if a, ok := st.action(h.Action); ok {
			what = actionTitle(a)
		}
	}
	switch {
	case h.By != "":
		return T("{0}（{1}）", "{0} ({1})").Fill(what, h.By)
	case h.As != "":
		return T("{0}（{1}）", "{0} ({1})").Fill(what, x.People([]string{h.As}))
	}
	return what
}

var kindTexts = map[EventKind]Text{
	EventRaise: T("提起", "raised"), EventTakeOver: T("转入", "taken over"),
	EventFile: T("填报", "filed a form"), EventBallot: T("计票", "ballot counted"), EventPause: T("停钟", "clock stopped"),
	EventResume: T("恢复计时", "clock goes on"), EventExtend: T("延期", "extended"), EventTransfer: T("转办", "transferred"),
	EventReturn: T("退回", "returned"), EventAssign: T("交办", "assigned"), EventMerge: T("并案", "merged"), EventAbsorb: T("并入一件", "another merged into it"),
	EventSplit: T("分拆", "split"), EventWithdraw: T("撤回", "withdrawn"), EventReopen: T("重新办理", "reopened"), EventClose: T("未解决办结", "closed unresolved"),
	EventRemind: T("催办", "reminded"),
}

// wayTexts are what one may do, where kindTexts are what was done.
var wayTexts = map[EventKind]Text{
	EventPause: T("停钟", "Stop the clock"), EventResume: T("恢复计时", "Let the clock go on"), EventExtend: T("延期", "Extend"), EventTransfer: T("转办", "Transfer"),
	EventReturn: T("退回", "Return"), EventAssign: T("交办", "Assign"), EventMerge: T("并案", "Merge"), EventSplit: T("分拆", "Split"),
	EventWithdraw: T("撤回", "Withdraw"), EventClose: T("未解决办结", "Close unresolved"),
}

// mostSteps is how many happenings a state remembers.
const mostSteps = 20

func (s *State) note(e Event, from, to string) {
	s.Seq++
	if e.Kind == EventDay || e.Kind == EventRemind { // these must not push out what those who come second have to be told
		return
	}
	s.Steps = append(s.Steps, Happening{Seq: s.Seq, Kind: e.Kind, Action: e.Action, By: e.By, As: e.As, At: e.At, From: from, To: to})
	if n := len(s.Steps) - mostSteps; n > 0 {
		s.Steps = s.Steps[n:]
	}
}

// file takes what was filed with an event.
func (s *State) file(e Event, day Day) {
	for name, values := range e.Forms {
		f := Filing{On: day}
		for field, v := range values {
			if d, ok := v.(Day); ok {
				if f.Dates == nil {
					f.Dates = Dates{}
				}
				f.Dates[field] = d
			}
		}
		s.Forms[name] = f
	}
}

// move leads to a stage or an end.
func (x *Process) move(s *State, to string, at time.Time, within Limits, why string) []Effect {
	if st, ok := x.Matter.Stage(to); ok {
		if s.Visits[to] > 0 {
			s.Returns++
		}
		return x.enter(s, st, at, within)
	}
	meaning := Answered
	if end, ok := x.Matter.End(to); ok {
		meaning = end.Meaning
	} else if to != Withdrawn {
		meaning = to
	}
	return x.end(s, to, meaning, at, why)
}

// enter begins a stage anew: its clock starts, what belonged to the visit before is gone.
func (x *Process) enter(s *State, st *Stage, at time.Time, within Limits) []Effect {
	day := DayOf(at)
	s.Stage, s.Entered, s.From, s.Days[st.Stage] = st.Stage, at, day, day
	s.Visits[st.Stage]++
	s.Within, s.Extended, s.Pauses, s.Fired, s.Rerun = within, nil, nil, 0, false
	if s.Assigned == 0 {
		s.Assigned = day
	}
	s.Holder = x.turn(st)
	effects := []Effect{{Kind: EffectEntered, Who: s.Holder, Stage: st.Stage}}
	if st.Collect != nil {
		effects = append(effects, Effect{Kind: EffectCollecting, Who: st.Collect.By, Stage: st.Stage, Form: st.Collect.Form})
	}
	if st.Ballot != nil {
		effects = append(effects, Effect{Kind: EffectBallotStarts, Who: st.Ballot.invited(), Stage: st.Stage, Form: st.Ballot.Form, Draw: st.Ballot.Sample})
	}
	return effects
}

// invited are those whom a ballot asks. Who raised a matter has joined it, so that a ballot is never without a voter.
func (b *Ballot) invited() []string {
	if b.Invite == JoinedRole {
		return []string{RaiserRole, JoinedRole}
	}
	return []string{b.Invite}
}

func (x *Process) end(s *State, end, meaning string, at time.Time, why string) []Effect {
	if n := len(s.Pauses); n > 0 && s.Pauses[n-1].Lasts {
		s.Pauses[n-1].Until, s.Pauses[n-1].Lasts = DayOf(at), false
	}
	s.Last, s.Stage, s.Outcome, s.Meaning, s.Why, s.Entered, s.Holder = s.Stage, end, end, meaning, why, at, nil
	told := T("已办结：{0}", "it is over: {0}").Fill(x.StageTitle(end))
	if why != "" {
		told = T("已办结：{0}。{1}", "it is over: {0}. {1}").Fill(x.StageTitle(end), why)
	}
	effects := []Effect{{Kind: EffectClosed, Stage: end}, {Kind: EffectTell, Who: []string{RaiserRole, JoinedRole}, Text: told}}
	if meaning != Merged && meaning != SplitUp {
		effects = append(effects, Effect{Kind: EffectPublish, Stage: end, Text: told})
	}
	return effects
}

// StageTitle is how a stage or end is called.
func (x *Process) StageTitle(name string) Text {
	if st, ok := x.Matter.Stage(name); ok {
		if !st.Title.Empty() {
			return st.Title
		}
		return T(name, name)
	}
	if t, ok := endTexts[name]; ok {
		return t
	}
	if e, ok := x.Matter.End(name); ok {
		if t, ok := endTexts[e.Meaning]; ok {
			return t
		}
	}
	return T(name, name)
}

var endTexts = map[string]Text{
	Good: T("已解决", "resolved"), Partly: T("部分解决", "partly resolved"), Answered: T("已答复", "answered"), OpenToPublic: T("未解决，公开", "unresolved, open to the public"),
	Withdrawn: T("已撤回", "withdrawn"), Merged: T("已并案", "merged"), SplitUp: T("已分拆", "split"),
}

func (x *Process) title() Text {
	if x.Matter.Title.Empty() {
		return T(x.Matter.Name, x.Matter.Name)
	}
	return x.Matter.Title
}

func (s *Stage) action(name string) (*Action, bool) {
	for _, a := range s.Actions {
		if a.Name == name {
			return a, true
		}
	}
	return nil, false
}

func actionTitle(a *Action) Text {
	if a.Title.Empty() {
		return T(a.Name, a.Name)
	}
	return a.Title
}

// People names parties, roles, and those whom a matter itself makes, in words.
func (x *Process) People(by []string) Text {
	var zh, en []string
	for _, b := range by {
		t := T(b, b)
		if r, ok := roleTexts[b]; ok {
			t = r
		}
		for _, r := range x.Programme.Roles {
			if r.Name == b && !r.Title.Empty() {
				t = r.Title
			}
		}
		if i, ok := x.Programme.Party(b); ok && !x.Programme.Parties[i].Title.Empty() {
			t = x.Programme.Parties[i].Title
		}
		zh, en = append(zh, t.In(Zh)), append(en, t.In(En))
	}
	return T(strings.Join(zh, "、"), strings.Join(en, ", "))
}

var roleTexts = map[string]Text{RaiserRole: T("提出人", "who raised it"), JoinedRole: T("参与人", "who joined"), ParentUnit: T("上级单位", "the unit above"),
	SystemRole: T("系统", "the system"), "holder": T("承办人", "who holds it")}

func (x *Process) noForm(name string) *Refusal {
	r := refused(RefusedNoForm, T("要先填报“{0}”", "“{0}” has to be filled in"), x.formTitle(name))
	r.Form = name
	return r
}
