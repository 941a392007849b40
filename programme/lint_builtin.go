package programme

import "slices"

// lintBuiltIn checks a matter that a programme has in place of one that every programme has: what starts and ends it by itself,
// and the pages of a result, fill in its forms and take its steps, so these must be ones that they can fill in and take.
func (l *loader) lintBuiltIn(m *Matter) {
	if l.p.Standard == nil || l.d.broken[&m.Stages] || l.d.broken[&m.Ends] || l.d.broken[&m.Raise] {
		return
	}
	switch m.Name {
	case "rectification":
		l.lintRectification(m)
	case "objection":
		l.asksText(&m.Raise.Form)
		l.leadsTo(m, Good, T("异议成立", "an objection is upheld"))
		l.leadsTo(m, Answered, T("异议不成立", "an objection is rejected"))
		for _, s := range m.Stages {
			for _, a := range s.Actions {
				if e, ok := m.End(a.To); ok && (e.Meaning == Good || e.Meaning == Answered) {
					l.asksText(&a.Form)
					if a.Needs != "reason" {
						l.asksText(&a.Needs)
					}
				}
			}
		}
	case "appeal":
		l.asksText(&m.Raise.Form)
		l.leadsTo(m, Good, T("结果更正", "the result is corrected"))
	}
}

// lintRectification: a decision raises it, new evidence ends it; nobody is there to fill anything in.
func (l *loader) lintRectification(m *Matter) {
	if !slices.Contains(m.Raise.By, SystemRole) && !l.d.broken[&m.Raise.By] {
		l.wrong(l.d.keyAt[&m.Raise.By], T("整改由评定自动提起，raise 的 by 里要有 system", "a decision raises rectifications by itself: system has to be in the by of raise"), T("写成 by: [system, …]", "write by: [system, …]"))
	}
	if f, ok := l.p.Form(m.Raise.Form); ok {
		for _, x := range f.Fields {
			if x.Required && !(x.Type == TextType && slices.Contains([]string{"clause", "what", "evidence"}, x.Name)) {
				l.wrong(x.Pos, T("整改自动提起，没有人填必填字段 {0}", "rectifications are raised by the rules, and nobody is there to fill in the required field {0}").Fill(x.Name),
					T("自动填写的只有文本字段 clause、what、evidence；其他字段去掉 required", "the rules fill in the texts clause, what and evidence; others cannot be required"))
			}
		}
	}
	ends := false
	for _, s := range m.Stages {
		i := slices.IndexFunc(s.Actions, func(a *Action) bool { return slices.Contains(a.By, SystemRole) })
		if i < 0 {
			continue
		}
		a := s.Actions[i]
		e, over := m.End(a.To)
		ends = ends || over && e.Meaning == Good
		switch {
		case a.Form != "":
			l.wrong(l.at(&a.Form), T("由 system 做的 {0} 不能要求填表", "{0} is taken by the rules and cannot ask for a form").Fill(a.Name), T("去掉 form，或从 by 里去掉 system", "leave form out, or system out of by"))
		case a.Needs != "":
			l.wrong(l.at(&a.Needs), T("由 system 做的 {0} 不能要求 {1}", "{0} is taken by the rules and cannot need {1}").Fill(a.Name, a.Needs), T("去掉 needs，或从 by 里去掉 system", "leave needs out, or system out of by"))
		case s.Needs != nil:
			l.wrong(l.at(&s.Needs.Form), T("环节 {0} 要先有表单 {1}，由 system 做的 {2} 等不到", "the stage {0} needs the form {1}, for which {2}, taken by the rules, cannot wait").Fill(s.Stage, s.Needs.Form, a.Name), Text{})
		}
	}
	if !ends {
		l.wrong(m.Pos, T("新的佐证符合条款时没有办法结束整改", "nothing ends a rectification when new evidence meets the clause"),
			T("在环节里写由 system 做、通向含义为 good 的结局的 action", "write an action by: [system] that leads to an end meaning good"))
	}
}

// leadsTo wants some action to end the matter with a meaning.
func (l *loader) leadsTo(m *Matter, meaning string, when Text) {
	for _, s := range m.Stages {
		for _, a := range s.Actions {
			if e, ok := m.End(a.To); ok && e.Meaning == meaning {
				return
			}
		}
	}
	l.wrong(m.Pos, T("{0}时没有办法办结：没有 action 通向含义为 {1} 的结局", "there is no way to end it when {0}: no action leads to an end meaning {1}").Fill(when, meaning),
		T("在 ends 里写 名称: {0}，并让一个 action 通向它", "write NAME: {0} into ends, and let an action lead to it").Fill(meaning))
}

// asksText wants a form that the page of a result can fill in with what somebody writes there: one text, and the clause where there is one.
func (l *loader) asksText(name *string) {
	f, ok := l.p.Form(*name)
	if !ok {
		return // none asked for, or told where the matter names it
	}
	said := sayingField(f)
	if said == nil {
		l.wrong(l.at(name), T("表单 {0} 没有写理由的字段", "the form {0} has no field for what is said").Fill(f.Name), T("加一个文本字段 text", "add a field text: {type: text}"))
	}
	for _, x := range f.Fields {
		if x.Required && x != said {
			l.wrong(x.Pos, T("结果页上只写理由，没有地方填必填字段 {0}", "the page of a result asks for one text, and has no place for the required field {0}").Fill(x.Name), T("去掉 required", "leave required out"))
		}
	}
}

// sayingField is the field into which what somebody says goes: text, or else the first required text that is no clause.
func sayingField(f *Form) *Field {
	var said *Field
	for _, x := range f.Fields {
		if x.Type == TextType && (x.Name == "text" || said == nil && x.Required && x.Name != "clause") {
			said = x
		}
	}
	return said
}
