package programme

import (
	"errors"
	"slices"

	"cel.dev/cel-go/common/types/ref"
)

// act takes an action of the stage.
func (x *Process) act(s *State, st *Stage, e Event) ([]Effect, error) {
	a, ok := st.action(e.Action)
	if !ok {
		return nil, refused(RefusedImpossible, T("“{0}”环节没有这个操作", "there is no such action at “{0}”"), x.StageTitle(st.Stage))
	}
	if err := x.may(a.By, e.Roles); err != nil {
		return nil, err
	}
	if a.Needs == "reason" {
		if err := needReason(e); err != nil {
			return nil, err
		}
	}
	for _, form := range []string{a.Form, a.Needs} {
		if _, filed := e.Forms[form]; form != "" && form != "reason" && !filed {
			return nil, x.noForm(form)
		}
	}
	s.file(e, DayOf(e.At))
	if err := x.leave(*s, st); err != nil {
		return nil, err
	}
	effects := x.move(s, a.To, e.At, nil, e.Reason)
	if e.Reason != "" && !s.Over() {
		effects = append(effects, Effect{Kind: EffectTell, Who: []string{RaiserRole}, Text: T("{0}：{1}", "{0}: {1}").Fill(actionTitle(a), e.Reason)})
	}
	return effects, nil
}

// leave refuses to leave a stage before what it needs is on file.
func (x *Process) leave(s State, st *Stage) error {
	if st.Needs == nil {
		return nil
	}
	if _, ok := s.Forms[st.Needs.Form]; !ok {
		return x.noForm(st.Needs.Form)
	}
	return nil
}

// fileForms takes forms that the stage collects or needs.
func (x *Process) fileForms(s *State, st *Stage, e Event) ([]Effect, error) {
	if len(e.Forms) == 0 {
		return nil, refused(RefusedNoForm, T("没有填报内容", "nothing was filed"))
	}
	for name := range e.Forms {
		switch {
		case st.Collect != nil && name == st.Collect.Form:
			if err := x.may(st.Collect.By, e.Roles); err != nil {
				return nil, err
			}
			if len(x.handles(st.Collect.By)) == 0 { // what handlers file is their work
				s.Joined++
			}
		case st.Needs != nil && name == st.Needs.Form:
			if err := x.may(x.filers(name), e.Roles); err != nil {
				return nil, err
			}
		default:
			return nil, refused(RefusedImpossible, T("“{0}”环节不收这个表单", "“{0}” does not take this form"), x.StageTitle(st.Stage))
		}
	}
	s.file(e, DayOf(e.At))
	return nil, nil
}

// counted takes the figures of a ballot and goes where they lead.
func (x *Process) counted(s *State, st *Stage, e Event) ([]Effect, error) {
	if st.Ballot == nil {
		return nil, refused(RefusedImpossible, T("“{0}”环节没有表决", "there is no ballot at “{0}”"), x.StageTitle(st.Stage))
	}
	if err := x.may([]string{SystemRole}, e.Roles); err != nil {
		return nil, err
	}
	form, ok := x.Form(st.Ballot.Form)
	if !ok || e.Figures == nil {
		return nil, refused(RefusedWrongValues, T("没有票数", "there are no figures"))
	}
	f, day := *e.Figures, DayOf(e.At)
	if err := f.check(form); err != nil {
		return nil, err
	}
	if c := x.Clock(*s, x.Calendar); f.Cast < f.Invited && c.Runs && day <= c.Due {
		return nil, refused(RefusedTooEarly, T("表决到{0}（含当日）为止，还有 {1} 人未投", "the ballot runs to the end of {0}; {1} have not voted yet"), c.Due, f.Invited-f.Cast)
	}
	if err := x.leave(*s, st); err != nil {
		return nil, err
	}
	count := Count{Stage: st.Stage, On: day, Invited: f.Invited, Cast: f.Cast, Count: f.Count}
	if l := st.Ballot.Least; l != nil && DecimalOf(f.Cast).Cmp(l.Mul(DecimalOf(f.Invited))) < 0 {
		count.TooFew = true
		if !s.Rerun { // once more for as long; then those who care have decided
			count.Why = T("参评 {0}/{1}，未达到 {2}，再征集一次", "{0} of {1} took part, fewer than {2}; it runs once more").Fill(f.Cast, f.Invited, l.Mul(DecimalOf(100)).String()+"%")
			s.Ballot, s.Rerun, s.From, s.Fired, s.Extended = &count, true, day, 0, nil
			return []Effect{{Kind: EffectBallotAgain, Who: st.Ballot.invited(), Stage: st.Stage, Form: form.Name, Text: count.Why}}, nil
		}
	}
	branch, why := x.decide(st, form, f, day)
	count.To, count.Why = branch.to(), why
	s.Ballot = &count
	effects := x.move(s, branch.to(), e.At, branch.Within, "")
	return append(effects, Effect{Kind: EffectTell, Who: []string{RaiserRole, JoinedRole, "holder"}, Text: why}), nil
}

// check refuses figures that no ballot can have, such as two votes of one voter.
func (f Figures) check(form *Form) error {
	wrong := refused(RefusedWrongValues, T("票数不合：应参评 {0}，参评 {1}", "the figures do not fit: {0} invited, {1} cast"), f.Invited, f.Cast)
	if f.Cast < 0 || f.Invited < f.Cast {
		return wrong
	}
	known := map[string]bool{}
	for _, field := range form.Fields {
		sum := int64(0)
		for _, o := range field.Of {
			n := f.Count[o.Name]
			if n < 0 || n > f.Cast {
				return wrong
			}
			sum += n
			known[o.Name] = true
		}
		if len(form.Fields) == 1 && sum > f.Cast {
			return wrong
		}
	}
	for o := range f.Count {
		if !known[o] {
			return refused(RefusedWrongValues, T("没有选项 {0}", "there is no option {0}"), o)
		}
	}
	return nil
}

// decide gives the first branch that holds, and says why. What cannot be computed, because nobody voted, does not hold.
func (x *Process) decide(st *Stage, form *Form, f Figures, day Day) (*Branch, Text) {
	shape := ballotShape(form)
	tally := Values{"cast": f.Cast}
	for o, n := range f.Count {
		tally[o] = n
	}
	votes := []Values{tally}
	if f.Cast == 0 {
		votes = nil
	}
	subject := x.Programme.Shape(SubjectForm)
	row := NewRow(day, map[string]ref.Val{
		bareVar:     NewBallot(shape, f.Invited, votes),
		SubjectForm: NewObject(subject, ValuesRecord{Shape: subject}),
	})
	took := T("参评 {0}/{1}", "{0} of {1} took part").Fill(f.Cast, f.Invited)
	for _, o := range shape.first {
		took = T("{0}，{1} {2}", "{0}, {1} {2}").Fill(took, OptionTitle(form.Fields[0], o), f.Count[o])
	}
	for _, b := range st.Decide {
		if b.Else != "" {
			return b, T("{0}；转到“{1}”", "{0}; on to “{1}”").Fill(took, x.StageTitle(b.Else))
		}
		holds, err := b.When.Bool(row)
		var missing *MissingError
		var cannot *ComputeError
		if errors.As(err, &missing) || errors.As(err, &cannot) {
			continue
		}
		if err == nil && holds {
			return b, T("{0}；转到“{1}”", "{0}; on to “{1}”").Fill(took, x.StageTitle(b.To))
		}
	}
	return st.Decide[len(st.Decide)-1], took // the language sees to it that the last one is else
}

// pause stops the clock.
func (x *Process) pause(s *State, st *Stage, e Event) ([]Effect, error) {
	if st.Ballot != nil || len(x.Matter.Pause) == 0 {
		return nil, refused(RefusedImpossible, T("“{0}”环节不能停钟", "the clock of “{0}” cannot be stopped"), x.StageTitle(st.Stage))
	}
	if err := x.may(x.Handlers(), e.Roles); err != nil {
		return nil, err
	}
	if !slices.Contains(x.Matter.Pause, e.Action) {
		return nil, refused(RefusedImpossible, T("只有这些事由可以停钟：{0}", "the clock may only stop for: {0}"), pauseTexts(x.Matter.Pause))
	}
	if b, ok := s.Paused(); ok {
		return nil, refused(RefusedDone, T("{0}起已停钟（{1}）", "the clock has stood still since {0} ({1})"), b.Since, PauseText(b.For))
	}
	day := DayOf(e.At)
	if c := x.Clock(*s, x.Calendar); c.Runs && day > c.Due {
		return nil, refused(RefusedTooLate, T("时限{0}已过，不能再停钟", "the time ran out on {0}; the clock cannot be stopped any more"), c.Due)
	}
	s.Pauses = append(s.Pauses, Break{For: e.Action, Since: day, Lasts: true})
	return []Effect{{Kind: EffectTell, Who: []string{RaiserRole, JoinedRole}, Text: T("计时暂停（{0}）{1}", "the clock has stopped ({0}) {1}").Fill(PauseText(e.Action), e.Reason)}}, nil
}

// PauseText names the usual reasons to stop a clock; others are the programme's own words.
func PauseText(why string) Text {
	switch why {
	case "hearing":
		return T("听证", "hearing")
	case "appraisal":
		return T("鉴定", "expert appraisal")
	}
	return T(why, why)
}

func pauseTexts(reasons []string) Text {
	var zh, en []string
	for _, why := range reasons {
		t := PauseText(why)
		zh, en = append(zh, t.Zh), append(en, t.En)
	}
	return T(listed(zh), listed(en))
}

// remind tells those whose turn it is that somebody waits. It is no way on: the matter stays as it was.
func (x *Process) remind(s State, st *Stage, e Event) ([]Effect, error) {
	if err := x.may(x.Waiting(), e.Roles); err != nil {
		return nil, err
	}
	if st.Ballot != nil && len(st.Actions) == 0 {
		return nil, refused(RefusedImpossible, T("正在表决，到期自动计票，不用催办", "a ballot runs, which is counted by itself; there is nobody to remind"))
	}
	if x.Among(s.Holder, e.Roles) && !slices.Contains(e.Roles, ParentUnit) {
		return nil, refused(RefusedImpossible, T("正轮到您自己办理", "it is your own turn"))
	}
	text := T("{0}催办", "{0} waits for it")
	if e.Reason != "" {
		text = T("{0}催办：{1}", "{0} waits for it: {1}")
	}
	return []Effect{{Kind: EffectRemind, Who: s.Holder, Text: text.Fill(x.People(x.waitingAs(e.Roles)), e.Reason)}}, nil
}

// waitingAs picks as what somebody waits.
func (x *Process) waitingAs(roles []string) []string {
	for _, w := range x.Waiting() {
		if x.Among([]string{w}, roles) {
			return []string{w}
		}
	}
	return nil
}

func (x *Process) resume(s *State, e Event) ([]Effect, error) {
	if err := x.may(append(x.Handlers(), append(x.Above(), SystemRole)...), e.Roles); err != nil {
		return nil, err
	}
	if _, ok := s.Paused(); !ok {
		return nil, refused(RefusedDone, T("计时没有停", "the clock is running"))
	}
	b := &s.Pauses[len(s.Pauses)-1]
	b.Until, b.Lasts = max(b.Since, DayOf(e.At)), false
	return []Effect{{Kind: EffectTell, Who: []string{RaiserRole, JoinedRole}, Text: T("恢复计时", "the clock goes on")}}, nil
}

// extend lengthens the stage's time, once a visit and only while it runs; the person is told why.
func (x *Process) extend(s *State, st *Stage, e Event) ([]Effect, error) {
	if st.Extend == nil || len(st.Within) == 0 && len(s.Within) == 0 {
		return nil, refused(RefusedImpossible, T("“{0}”环节不能延期", "the time of “{0}” cannot be extended"), x.StageTitle(st.Stage))
	}
	if err := x.may(x.extenders(st), e.Roles); err != nil {
		return nil, err
	}
	if len(s.Extended) > 0 {
		return nil, refused(RefusedDone, T("已于{0}延期一次", "it was extended on {0}; that is possible once"), s.Extended[0].On)
	}
	if err := needReason(e); err != nil {
		return nil, err
	}
	if n := st.Extend.Needs; n != "" && n != "reason" {
		if _, ok := e.Forms[n]; !ok {
			return nil, x.noForm(n)
		}
	}
	day := DayOf(e.At)
	if c := x.Clock(*s, x.Calendar); c.late(*s, day) {
		return nil, refused(RefusedTooLate, T("时限{0}已过，延期要在期内批准", "the time ran out on {0}; an extension is approved before that"), c.Due)
	}
	s.file(e, day)
	s.Extended, s.Fired = append(s.Extended, Extension{By: st.Extend.Once, On: day, Why: e.Reason, From: e.By}), 0
	c := x.Clock(*s, x.Calendar)
	return []Effect{{Kind: EffectTell, Who: []string{RaiserRole, JoinedRole, "holder"}, Text: T("延期至{0}：{1}", "extended to {0}: {1}").Fill(c.Due, e.Reason)}}, nil
}
