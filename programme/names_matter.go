package programme

import "strings"

func (l *loader) matterNames(m *Matter) {
	l.actors(m.Raise.By, SystemRole)
	l.form(&m.Raise.Form)
	var stages []string
	for _, s := range m.Stages {
		stages = append(stages, s.Stage)
	}
	targets := append([]string(nil), stages...)
	for i := range m.Ends {
		e := &m.Ends[i]
		targets = append(targets, e.Name)
		l.meaning(e)
	}
	goes := func(to *string) {
		l.oneOf(to, T("环节和结局", "stages and ends"), T("没有环节 {0}", "there is no stage {0}"), targets)
	}
	for _, s := range m.Stages {
		if !isIdentifier(s.Stage) && !l.d.broken[&s.Stage] {
			l.wrong(l.at(&s.Stage), T("环节名 {0} 只能用英文字母、数字和下划线", "the stage {0} may have letters a–z, digits and _ only").Fill(s.Stage), T("中文写在 title 里", "other scripts go into title"))
		}
		l.clockFrom(m, s, stages)
		l.actors(s.Turn, RaiserRole, JoinedRole)
		for _, a := range s.Actions {
			l.actors(a.By, RaiserRole, JoinedRole, SystemRole)
			goes(&a.To)
			l.form(&a.Form)
			l.needs(&a.Needs)
		}
		if s.Extend != nil {
			l.people(s.Extend.By)
			l.needs(&s.Extend.Needs)
		}
		if s.Collect != nil {
			l.people(s.Collect.By)
			l.form(&s.Collect.Form)
		}
		if s.Needs != nil {
			l.form(&s.Needs.Form)
		}
		if s.Ballot != nil {
			l.ballot(s)
		}
		if l.written(&s.Decide) && !l.written(&s.Ballot) {
			l.wrong(l.d.keyAt[&s.Decide], T("decide 要和 ballot 一起用", "decide goes with a ballot"), Text{})
		}
		for i, b := range s.Decide {
			goes(&b.To)
			goes(&b.Else)
			last := i == len(s.Decide)-1
			switch {
			case l.written(&b.Else) && (l.written(&b.When) || l.written(&b.To)):
				l.wrong(l.d.keyAt[&b.Else], T("else 单独成一项", "else stands alone"), T("写成 {when: …, to: …} 和 {else: …} 两项", "write {when: …, to: …} and {else: …}"))
			case !l.written(&b.Else) && (!l.written(&b.When) || !l.written(&b.To)):
				l.wrong(b.Pos, T("这一项要有 when 和 to，或者 else", "this needs when and to, or else"), Text{})
			case l.written(&b.Else) && !last:
				l.wrong(l.d.keyAt[&b.Else], T("else 后面的永远轮不到", "what stands after else is never looked at"), T("把 else 放在最后", "put else last"))
			case !l.written(&b.Else) && last:
				l.wrong(l.d.keyAt[&s.Decide], T("条件都不满足时往哪里走没有写", "it does not say where to go when no condition holds"), T("最后加 {else: 环节}", "add {else: STAGE} at the end"))
			}
		}
	}
	for _, o := range m.Overdue {
		who := append([]string{"holder", "raiser", "parent_unit"}, append(partyNames(l.p), roleNames(l.p)...)...)
		l.oneOf(&o.Remind, T("可提醒", "those who can be reminded"), T("没有 {0} 可以提醒", "there is no {0} to remind"), who)
		l.oneOf(&o.Escalate, T("可上报", "those it can go up to"), T("不能上报给 {0}", "there is no {0} to escalate to"), who)
		if !l.written(&o.Remind) && !l.written(&o.Escalate) {
			l.wrong(o.Pos, T("超期后做什么没有写", "it does not say what happens then"), T("写 remind 或 escalate", "write remind or escalate"))
		}
	}
	l.hides(m)
	l.benefit(m)
}

// benefit checks that the form which measures a gain is one of the matter's, and says what, before and after, and for how many.
func (l *loader) benefit(m *Matter) {
	if !l.written(&m.Benefit) || !l.oneOf(&m.Benefit, T("本事项的表单", "forms of this matter"), T("本事项没有表单 {0}", "this matter has no form {0}"), m.Forms()) {
		return
	}
	f, ok := l.p.Form(m.Benefit)
	if !ok {
		return // told where the matter names it
	}
	for _, want := range []struct {
		name  string
		types []string
	}{{"measure", []string{TextType, Choice}}, {"before", []string{Number, Int}}, {"after", []string{Number, Int}}, {"persons", []string{Int}}} {
		i := indexOf(fieldNames(f.Fields), want.name)
		switch {
		case i < 0:
			l.wrong(l.at(&m.Benefit), T("得益表单 {0} 缺少字段 {1}", "the form {0} measures a benefit and lacks the field {1}").Fill(f.Name, want.name),
				T("要有 measure（量什么）、before（之前）、after（之后）、persons（得益人数），可以有 better（more 或 less）", "it needs measure, before, after and persons, and may have better (more or less)"))
		case indexOf(want.types, f.Fields[i].Type) < 0:
			l.wrong(f.Fields[i].Pos, T("字段 {0} 用于计算得益，类型应为 {1}", "the field {0} measures a benefit and has to be of type {1}").Fill(want.name, listed(want.types)), Text{})
		case !f.Fields[i].Required:
			l.wrong(f.Fields[i].Pos, T("字段 {0} 用于计算得益，必须填写", "the field {0} measures a benefit and has to be required").Fill(want.name), T("写 required: true", "write required: true"))
		}
	}
	if i := indexOf(fieldNames(f.Fields), "better"); i >= 0 {
		for _, o := range f.Fields[i].Of {
			if o.Name != "more" && o.Name != "less" {
				l.wrong(f.Fields[i].Pos, T("better 的选项只能是 more 和 less，不能是 {0}", "the options of better are more and less, not {0}").Fill(o.Name), Text{})
			}
		}
	}
}

// actors checks who may act in a matter: parties and roles, and those whom the matter itself makes.
func (l *loader) actors(by []string, more ...string) {
	names := append(append(partyNames(l.p), roleNames(l.p)...), more...)
	for i := range by {
		l.oneOf(&by[i], T("评价方和角色", "parties and roles"), T("没有评价方或角色 {0}", "there is no party or role {0}"), names)
	}
}

// meaning takes any word for what an end means, but not one that is nearly a known one.
func (l *loader) meaning(e *End) {
	known := []string{Good, Partly, Answered, OpenToPublic}
	if indexOf(known, e.Meaning) >= 0 || l.d.broken[&e.Meaning] {
		return
	}
	if n := nearest(e.Meaning, known); n != "" && len(e.Meaning) > 2 {
		l.wrong(l.at(&e.Meaning), T("没有结局 {0}", "there is no end {0}").Fill(e.Meaning), meant(e.Meaning, T("结局", "ends"), known))
	} else if !isIdentifier(e.Meaning) {
		l.wrong(l.at(&e.Meaning), T("结局的含义 {0} 只能用英文字母、数字和下划线", "what an end means is one word of letters a–z, digits and _, not {0}").Fill(e.Meaning), T("常用：{0}", "usual ones are: {0}").Fill(listed(known)))
	}
}

// needs is the word reason, or a form.
func (l *loader) needs(name *string) {
	l.oneOf(name, T("可要求", "what can be needed"), T("没有表单 {0}", "there is no form {0}"), append([]string{"reason"}, formNames(l.p)...))
}

// clockFrom checks where a stage's clock starts: a stage, or a date of a form as FORM.FIELD.
func (l *loader) clockFrom(m *Matter, s *Stage, stages []string) {
	if !l.written(&s.From) || indexOf(stages, s.From) >= 0 {
		return
	}
	names := append([]string(nil), stages...)
	for _, f := range l.matterForms(m) {
		for _, x := range f.Fields {
			if x.Type == Date {
				names = append(names, f.Name+"."+x.Name)
			}
		}
	}
	l.oneOf(&s.From, T("可从", "clocks can start from"), T("没有环节或日期 {0}", "there is no stage or date {0}"), names)
}

func (l *loader) ballot(s *Stage) {
	if l.form(&s.Ballot.Form) {
		if f, ok := l.p.Form(s.Ballot.Form); ok && !f.Ballot {
			l.wrong(l.at(&s.Ballot.Form), T("表单 {0} 不是表决", "the form {0} is no ballot").Fill(f.Name), T("在表单里写 ballot: true", "write ballot: true in the form"))
		}
	}
	who := append([]string{"joined", "raiser"}, append(partyNames(l.p), roleNames(l.p)...)...)
	l.oneOf(&s.Ballot.Invite, T("可邀请", "those who can be invited"), T("没有 {0} 可以邀请", "there is no {0} to invite"), who)
	if s.Ballot.Sample > 0 && (s.Ballot.Invite == "raiser") {
		l.wrong(l.at(&s.Ballot.Sample), T("只有一个人，不能抽样", "there is one only, nothing to draw from"), T("去掉 sample", "leave sample out"))
	}
	if x := s.Ballot.Least; x != nil && x.Cmp(DecimalOf(1)) > 0 {
		l.wrong(l.at(s.Ballot.Least), T("比例不能超过 100%", "the share cannot be above 100%"), T("如 30%", "such as 30%"))
	}
	if !l.written(&s.Decide) {
		l.wrong(l.d.keyAt[&s.Ballot], T("表决之后怎么办没有写", "it does not say what follows from the ballot"), T("写 decide", "write decide"))
	}
}

// hides must be exact: a name that means nothing would show what was meant to be hidden.
func (l *loader) hides(m *Matter) {
	names := []string{"proposer", "raiser", "joined"}
	for _, f := range l.matterForms(m) {
		names = append(names, fieldNames(f.Fields)...)
		for _, x := range f.Fields {
			names = append(names, f.Name+"."+x.Name)
		}
	}
	for i := range m.Hides {
		l.oneOf(&m.Hides[i], T("可隐去", "what can be hidden"), T("没有 {0} 可以隐去", "there is nothing called {0} to hide"), names)
	}
}

// Forms lists the names of the forms that a matter uses, each once.
func (m *Matter) Forms() []string {
	var names []string
	add := func(n string) {
		if n != "" && indexOf(names, n) < 0 {
			names = append(names, n)
		}
	}
	add(m.Raise.Form)
	for _, s := range m.Stages {
		if s.Collect != nil {
			add(s.Collect.Form)
		}
		if s.Ballot != nil {
			add(s.Ballot.Form)
		}
		if s.Needs != nil {
			add(s.Needs.Form)
		}
		for _, a := range s.Actions {
			add(a.Form)
			if !strings.EqualFold(a.Needs, "reason") {
				add(a.Needs)
			}
		}
	}
	return names
}

func (l *loader) matterForms(m *Matter) (forms []*Form) {
	for _, n := range m.Forms() {
		if f, ok := l.p.Form(n); ok {
			forms = append(forms, f)
		}
	}
	return forms
}
