package programme

import "slices"

// defaultReturn is the time a wrong body has to return a matter (Zhejiang rule on delegates' suggestions, art. 14).
var defaultReturn = Limits{{10, "day"}}

// hand gives a matter to other hands.
func (x *Process) hand(s *State, st *Stage, e Event) ([]Effect, error) {
	day, handlers := DayOf(e.At), x.Handlers()
	if e.Kind == EventAssign {
		return x.assign(s, e)
	}
	if err := x.may(handlers, e.Roles); err != nil {
		return nil, err
	}
	if err := needReason(e); err != nil {
		return nil, err
	}
	if e.Kind == EventTransfer {
		if e.To == "" || e.To == s.Unit {
			return nil, refused(RefusedWrongValues, T("要写明转给谁", "say to whom else it goes"))
		}
		s.Unit, s.Assigned, s.Back, s.Lead, s.With = e.To, day, false, "", nil
		return []Effect{{Kind: EffectHandOver, To: e.To, Stage: st.Stage, Text: T("转办：{0}", "transferred: {0}").Fill(e.Reason)},
			{Kind: EffectTell, Who: []string{RaiserRole}, Text: T("已转给有关单位：{0}", "it was transferred: {0}").Fill(e.Reason)}}, nil
	}
	if s.Back {
		return nil, refused(RefusedDone, T("已经退回，等上级转办", "it was returned already; those above have not handed it on yet"))
	}
	limits := x.Matter.Return
	if len(limits) == 0 {
		limits = defaultReturn
	}
	if s.Unit == "" && len(s.Days) > 1 && s.Assigned == s.Raised {
		return nil, refused(RefusedImpossible, T("本单位已经开始办理，不能再退回", "it is being handled here already and cannot be returned"))
	}
	if due, _, _, _ := x.earliest(limits, s.Assigned, nil, nil, x.Calendar); day > due {
		return nil, refused(RefusedTooLate, T("不归本单位办的，{0}前可以退回，已经过期", "what belongs elsewhere could be returned until {0}; that day has passed"), due)
	}
	s.Unit, s.Assigned, s.Back, s.Lead, s.With = "", day, s.Unit == "", "", nil
	s.Returns++
	return []Effect{{Kind: EffectHandOver, Stage: st.Stage, Who: []string{ParentUnit}, Text: T("退回：{0}", "returned: {0}").Fill(e.Reason)}}, nil
}

// assign names the lead handler and those who help; each may be changed later.
func (x *Process) assign(s *State, e Event) ([]Effect, error) {
	if err := x.may(append(x.Handlers(), x.Above()...), e.Roles); err != nil {
		return nil, err
	}
	if e.To == "" {
		return nil, refused(RefusedWrongValues, T("要有主办", "there has to be a lead handler"))
	}
	if slices.Contains(e.Others, e.To) {
		return nil, refused(RefusedWrongValues, T("主办不能同时是会办", "the lead handler cannot be a co-handler too"))
	}
	with := slices.Compact(slices.Sorted(slices.Values(e.Others)))
	if s.Lead == e.To && slices.Equal(s.With, with) {
		return nil, refused(RefusedDone, T("已经这样交办", "it is assigned like that already"))
	}
	s.Lead, s.With = e.To, with
	return []Effect{{Kind: EffectTell, Who: append([]string{e.To}, with...), Stage: s.Stage, Text: T("交办", "assigned to you")}}, nil
}

// join merges duplicates and splits what is several matters in one.
func (x *Process) join(s *State, st *Stage, e Event) ([]Effect, error) {
	by := x.Handlers()
	if e.Kind == EventAbsorb {
		by = []string{SystemRole}
	}
	if err := x.may(by, e.Roles); err != nil {
		return nil, err
	}
	if e.Kind != EventSplit && (e.To == "" || e.To == s.ID) {
		return nil, refused(RefusedWrongValues, T("不能与自己并案，请选另一件", "it cannot be merged with itself; choose another one"))
	}
	switch e.Kind {
	case EventAbsorb:
		if slices.Contains(s.Absorbed, e.To) {
			return nil, refused(RefusedDone, T("这一件已经并入", "it was merged into this one already"))
		}
		s.Absorbed = append(s.Absorbed, e.To)
		s.Joined++ // who raised the other one is affected by this one now
		return nil, nil
	case EventMerge:
		if slices.Contains(s.Absorbed, e.To) {
			return nil, refused(RefusedWrongValues, T("那一件已经并入本件", "that one was merged into this one"))
		}
		s.Into = e.To
		effects := x.end(s, Merged, Merged, e.At, e.Reason)
		return append(effects, Effect{Kind: EffectCarryOver, To: e.To}), nil
	}
	if err := needReason(e); err != nil {
		return nil, err
	}
	parts := slices.Compact(slices.Sorted(slices.Values(e.Others)))
	if len(parts) < 2 || len(parts) != len(e.Others) || slices.Contains(parts, s.ID) || slices.Contains(parts, "") {
		return nil, refused(RefusedWrongValues, T("至少分成两件", "it is split into two at least"))
	}
	s.Parts = parts
	effects := x.end(s, SplitUp, SplitUp, e.At, e.Reason)
	for _, p := range parts {
		effects = append(effects, Effect{Kind: EffectRaisePart, To: p, Stage: st.Stage})
	}
	return effects, nil
}

// closeBy ends a matter from any stage: taken back by who raised it, or unresolved, in the open, by those above.
func (x *Process) closeBy(s *State, st *Stage, e Event) ([]Effect, error) {
	if e.Kind == EventWithdraw {
		if err := x.may([]string{RaiserRole}, e.Roles); err != nil {
			return nil, err
		}
		if s.Joined > 0 {
			return nil, refused(RefusedImpossible, T("已有 {0} 人参与，不能由一个人撤回", "{0} others have joined; one cannot take it back alone"), s.Joined)
		}
		return x.move(s, Withdrawn, e.At, nil, e.Reason), nil
	}
	end, ok := x.Matter.openEnd()
	if !ok {
		return nil, refused(RefusedImpossible, T("这类事项没有“未解决、公开”的结局", "a matter of this kind has no end that is open to the public"))
	}
	if err := x.may(x.Above(), e.Roles); err != nil {
		return nil, err
	}
	if err := needReason(e); err != nil {
		return nil, err
	}
	return x.end(s, end.Name, end.Meaning, e.At, e.Reason), nil
}

// reopen leads back to the stage from which the matter ended; a stage that was only a ballot to the one before it.
func (x *Process) reopen(s *State, e Event) ([]Effect, error) {
	if !s.Over() {
		return nil, refused(RefusedDone, T("没有办结，正在办理", "it is not over"))
	}
	if s.Meaning == Merged || s.Meaning == SplitUp {
		return nil, refused(RefusedImpossible, T("{0}，请到那边办理", "it is {0}; go on there"), x.StageTitle(s.Stage))
	}
	if err := x.may(append([]string{RaiserRole, JoinedRole}, x.Above()...), e.Roles); err != nil {
		return nil, err
	}
	if err := needReason(e); err != nil {
		return nil, err
	}
	st, _ := x.Matter.Stage(x.back(*s))
	s.Outcome, s.Meaning, s.Why = "", "", ""
	s.Returns++
	effects := x.enter(s, st, e.At, nil)
	return append(effects, Effect{Kind: EffectTell, Who: []string{RaiserRole, JoinedRole, "holder"}, Text: T("重新办理：{0}", "reopened: {0}").Fill(e.Reason)}), nil
}

func (x *Process) back(s State) string {
	if st, ok := x.Matter.Stage(s.Last); ok && len(st.Actions) > 0 {
		return st.Stage
	}
	for _, h := range slices.Backward(s.Steps) {
		if st, ok := x.Matter.Stage(h.From); ok && len(st.Actions) > 0 {
			return st.Stage
		}
	}
	return x.Matter.Stages[0].Stage
}

// Adopt carries a running matter over to this process, which is of a newer version of its programme. Without `running: adopt`,
// or when its stage is no more, it stays under the version it began with, and Adopt says so.
func (x *Process) Adopt(state State) (State, error) {
	if x.Matter.Running != "adopt" {
		return state, refused(RefusedImpossible, T("办理中的事项按原版本办完", "running matters end under the version they began with"))
	}
	if _, ok := x.Matter.Stage(state.Stage); !ok && !state.Over() {
		return state, refused(RefusedImpossible, T("新版本没有环节 {0}，按原版本办完", "the new version has no stage {0}; it ends under its own"), state.Stage)
	}
	s := state.clone()
	s.Version = x.Programme.Version
	if st, ok := x.Matter.Stage(s.Stage); ok {
		s.Holder = x.turn(st)
	}
	return s, nil
}
