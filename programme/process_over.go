package programme

import (
	"slices"
	"time"
)

// Standing is where a matter stands that ran elsewhere until now: on paper, in a workbook, in another system.
type Standing struct {
	Stage string            // or its end
	Since time.Time         // when it came there
	Days  Dates             // by stage: the day it came to an earlier one, where that is known
	Forms map[string]Values // on file, beside the one it was raised with; already checked against their fields
	Why   string            // of one that is over: the public reason
	Lead  string            // 主办, an account
	With  []string          // 会办
}

// TakeOver carries a matter that has just begun to where it stands elsewhere, so that its clock runs on from there. It refuses,
// with what is lacking, what could not have come about under this process: a stage that nothing leads to with these forms on
// file, days in the wrong order, a clock without the day that it counts from.
func (x *Process) TakeOver(begun State, at Standing) (State, []Effect, error) {
	if begun.Matter != x.Matter.Name || begun.Version != x.Programme.Version || begun.Over() || begun.Seq != 1 {
		return begun, nil, refused(RefusedImpossible, T("只有刚提起的事项可以转入", "only a matter that has just begun can be taken over"))
	}
	s := begun.clone()
	since := DayOf(at.Since)
	if since < s.Raised {
		return begun, nil, refused(RefusedWrongValues, T("到达本环节的日期{0}早于提起日期{1}", "it came to its stage on {0}, before it was raised on {1}"), since, s.Raised)
	}
	for name := range at.Forms {
		if name == x.Matter.Raise.Form || !slices.Contains(x.Matter.Forms(), name) {
			return begun, nil, refused(RefusedWrongValues, T("这类事项的办理中没有表单“{0}”", "no form “{0}” is filed on the way of such a matter"), x.formTitle(name))
		}
	}
	if err := x.canStand(at); err != nil {
		return begun, nil, err
	}
	for _, st := range x.Matter.Stages {
		day, known := at.Days[st.Stage]
		if !known || st.Stage == at.Stage {
			continue
		}
		if day < s.Raised || day > since {
			return begun, nil, refused(RefusedWrongValues, T("到达“{0}”的日期{1}应在提起日期{2}和{3}之间", "it came to “{0}” on {1}, which is not between {2} and {3}"),
				x.StageTitle(st.Stage), day, s.Raised, since)
		}
		s.Days[st.Stage] = day
		s.Visits[st.Stage] = max(1, s.Visits[st.Stage])
	}
	s.file(Event{Forms: at.Forms}, since)
	first := s.Stage
	var effects []Effect
	switch st, running := x.Matter.Stage(at.Stage); {
	case !running:
		effects = x.move(&s, at.Stage, at.Since, nil, at.Why)
	case st.Stage == first && since == s.Raised:
		effects = nil // it has not moved
	default:
		if st.Stage == first {
			s.Visits[first] = 0 // it came there once, later
		}
		if err := x.countsFrom(s, st); err != nil {
			return begun, nil, err
		}
		effects = x.enter(&s, st, at.Since, nil)
		s.Assigned = s.Raised
	}
	s.Lead, s.With = at.Lead, slices.Compact(slices.Sorted(slices.Values(at.With)))
	s.note(Event{Kind: EventTakeOver, At: at.Since}, first, s.Stage)
	return s, effects, nil
}

// countsFrom refuses a stage whose clock counts from a day that is not known.
func (x *Process) countsFrom(s State, st *Stage) error {
	if st.From == "" || st.From == st.Stage {
		return nil
	}
	if from, ok := x.Matter.Stage(st.From); ok {
		if _, known := s.Days[from.Stage]; !known {
			return refused(RefusedWrongValues, T("“{0}”的时限从“{1}”起算，请写明哪天到了那个环节（{2}.on）", "the time of “{0}” counts from “{1}”: say on which day it came there ({2}.on)"),
				x.StageTitle(st.Stage), x.StageTitle(from.Stage), from.Stage)
		}
		return nil
	}
	for form, filing := range s.Forms {
		for field := range filing.Dates {
			if form+"."+field == st.From {
				return nil
			}
		}
	}
	return refused(RefusedWrongValues, T("“{0}”的时限从 {1} 起算，请写明这个日期", "the time of “{0}” counts from {1}: say which day that is"), x.StageTitle(st.Stage), st.From)
}

// canStand refuses a stage or end to which nothing leads with the forms on file, and says which form is lacking.
func (x *Process) canStand(at Standing) error {
	_, stage := x.Matter.Stage(at.Stage)
	end, ends := x.Matter.End(at.Stage)
	switch {
	case !stage && !ends && at.Stage != Withdrawn:
		return refused(RefusedWrongValues, T("没有环节或结果 {0}", "there is no stage or end {0}"), at.Stage)
	case ends && end.Meaning == OpenToPublic && at.Why == "":
		return refused(RefusedNoReason, T("“{0}”要写明公开的理由", "“{0}” needs the reason that is made public"), x.StageTitle(at.Stage))
	case at.Stage == Withdrawn, ends && end.Meaning == OpenToPublic:
		return nil // from any stage
	}
	has := func(form string) bool {
		_, filed := at.Forms[form]
		return form == "" || form == "reason" || filed
	}
	reached := []string{x.Matter.Stages[0].Stage}
	var lacking string // of the way that came the furthest
	for i := 0; i < len(reached); i++ {
		st, ok := x.Matter.Stage(reached[i])
		if !ok {
			continue
		}
		lead := func(to string, forms ...string) {
			if st.Needs != nil {
				forms = append(forms, st.Needs.Form)
			}
			if n := slices.IndexFunc(forms, func(f string) bool { return !has(f) }); n >= 0 {
				if to == at.Stage || lacking == "" {
					lacking = forms[n]
				}
				return
			}
			if !slices.Contains(reached, to) {
				reached = append(reached, to)
			}
		}
		for _, a := range st.Actions {
			lead(a.To, a.Form, a.Needs)
		}
		for _, b := range st.Decide {
			lead(b.to())
		}
	}
	if slices.Contains(reached, at.Stage) {
		return nil
	}
	if lacking == "" {
		return refused(RefusedWrongValues, T("到不了“{0}”", "nothing leads to “{0}”"), x.StageTitle(at.Stage))
	}
	r := refused(RefusedNoForm, T("要到“{0}”，还缺表单“{1}”", "to stand at “{0}” it lacks the form “{1}”"), x.StageTitle(at.Stage), x.formTitle(lacking))
	r.Form = lacking
	return r
}

func (x *Process) formTitle(name string) Text {
	if f, ok := x.Form(name); ok && !f.Title.Empty() {
		return f.Title
	}
	return T(name, name)
}
