package assess

import (
	"slices"

	"bihuan.dev/bihuan/programme"
)

func (x *explainer) part(k int, p *part, t *tally) PartScore {
	pt := &t.parts[k]
	out := PartScore{Part: p.Part.Part, Title: p.Title, Points: p.points, Earned: pt.earned}
	switch {
	case pt.gone:
		out.Note = sentence(programme.T("本部分全部不适用，由其他部分按比例补足", "nothing in this part applies; the other parts make up for it"))
	case pt.scaled:
		out.Note = scaleNote(pt, p.points)
	}
	for _, i := range p.sections {
		out.Sections = append(out.Sections, x.section(i, t))
	}
	return out
}

func (x *explainer) section(i int, t *tally) SectionScore {
	s, st := x.pr.sections[i], &t.sections[i]
	out := SectionScore{Section: s.Section.Section, Title: s.Title, Points: s.points, Earned: st.earned, Bonus: s.Bonus != nil}
	switch {
	case st.gone:
		out.Note = sentence(programme.T("本节全部不适用，由同部分其他各节按比例补足", "nothing in this section applies; the other sections make up for it"))
	case st.scaled:
		out.Note = scaleNote(st, s.points)
	case st.capped:
		out.Note = sentence(say("加分合计 {0}，按上限计 {1}", "the extra points come to {0} and are held at {1}", st.raw, worth(st.earned.Decimal())))
	}
	if s.Bonus != nil {
		out.Points = x.pr.points(s.Bonus.Cap)
		if s.Bonus.Ladder != nil {
			out.Ladder = x.ladderScore(s)
		}
	}
	return out
}

// scaleNote says how what applies made up for what does not (合理缺项).
func scaleNote(p *partial, all Points) programme.Text {
	return sentence(say("合理缺项：适用 {0} 分中得 {1} 分，折算为 {1} × {2} ÷ {0} = {3}",
		"some of it does not apply: {1} of the {0} points that do, scaled to {1} × {2} ÷ {0} = {3}", p.had, p.raw, all, worth(p.earned.Decimal())))
}

func (x *explainer) ladderScore(s *section) *LadderScore {
	sum, all := x.pr.ladder(s, &x.ch)
	l := &LadderScore{Points: x.pr.points(sum), Rule: x.pr.ladderRule(s)}
	var list []programme.Text
	i := x.pr.byForm[s.Bonus.Ladder.Form]
	form := x.pr.forms[i]
	field, _ := form.Field(s.Bonus.Ladder.Level)
	for _, e := range all {
		level := programme.OptionTitle(field, e.level)
		what := level
		if e.event != "" {
			what = say("{0}（{1}）", "{0} ({1})", programme.T(e.event, e.event), level)
		}
		if e.once {
			list = append(list, say("{0} 同一事项不重复计", "{0} not counted again", what))
		} else {
			list = append(list, say("{0} 加 {1}", "{0} {1}", what, worth(e.points)))
		}
		in := Input{Form: form.Name, Field: field.Name, Title: fieldTitle(form, field.Name), Value: level}
		in.of(e.evidence)
		l.Inputs = append(l.Inputs, in)
	}
	if len(list) == 0 {
		list = append(list, programme.T("没有加分记录", "nothing to add"))
	}
	l.Why = sentence(join("；", "; ", list))
	return l
}

func vetoTitle(v *veto) programme.Text {
	if !v.Title.Empty() {
		return v.Title
	}
	return programme.T(v.name, v.name)
}

// struck lists gates that are not passed and vetoes that say something, those in force first.
func (x *explainer) struck(t *tally) []Struck {
	var out []Struck
	for _, i := range t.gates {
		c := x.pr.clauses[i]
		o := &x.outs[i]
		title := c.Title
		if title.Empty() {
			title = programme.T(c.Clause.Clause, c.Clause.Clause)
		}
		out = append(out, Struck{Veto: c.Clause.Clause, Title: title, Effect: programme.GateKind, State: InForce,
			Why: say("必备条件未通过，不予评分。{0}", "A condition of being scored is not met. {0}", x.why(c, o)), Inputs: x.inputs(c)})
	}
	for _, st := range x.states {
		v := x.pr.vetoes[st.veto]
		s := Struck{Veto: v.name, Title: vetoTitle(v), Effect: v.Effect, To: v.To, State: st.state, Since: st.since, Ends: st.ends, Why: x.vetoWhy(v, st)}
		if v.Effect == programme.ZeroItem && s.To == "" {
			s.To = x.pr.clauses[v.target].Clause.Clause
		}
		if st.state == WasVetoed && v.Repaired != nil {
			s.Deduct = x.pr.points(v.Repaired.Deduct)
		}
		var exprs []*programme.Expr
		if v.When != nil {
			exprs = append(exprs, v.When)
		}
		if v.Until != nil {
			exprs = append(exprs, v.Until)
		}
		s.Inputs = x.inputs(&clause{exprs: exprs, index: -1})
		if v.When == nil {
			s.Inputs = append(x.inputs(x.pr.clauses[v.clause]), s.Inputs...)
		}
		out = append(out, s)
	}
	order := map[string]int{InForce: 0, WasVetoed: 1, Undecided: 2}
	slices.SortStableFunc(out, func(a, b Struck) int { return order[a.State] - order[b.State] })
	return out
}

func (x *explainer) vetoWhy(v *veto, st vetoState) programme.Text {
	day := func(d programme.Day) programme.Text {
		f := &programme.Field{}
		return programme.T(f.Show(d, programme.Zh), f.Show(d, programme.En))
	}
	cause := say("条款 {0} 未达到", "clause {0} is not met", v.name)
	if v.When != nil {
		cause = say("出现“{0}”", "it is so that {0}", inner(v.When.Words(x.fr)))
		if ok, err := v.When.Bool(x.fr); err != nil || !ok {
			cause = say("曾出现“{0}”", "it was so that {0}", inner(v.When.Words(nil)))
		}
	}
	list := []programme.Text{}
	switch st.state {
	case Undecided:
		what := programme.Text{}
		if v.When != nil {
			for _, l := range x.exprLacks(v.When, st.err) {
				what = join("，", ", ", []programme.Text{what, l.text()})
			}
		} else {
			what = say("条款 {0} 缺佐证", "clause {0} has no evidence", v.name)
		}
		return sentence(say("无法判定：{0}", "cannot be decided: {0}", what))
	case WasVetoed:
		list = append(list, say("{0}（自 {1}），现已整改", "{0} (since {1}), and has been repaired", cause, day(st.since)))
		if v.Repaired != nil && !v.Repaired.Deduct.IsZero() {
			list = append(list, say("从总分中扣 {0}", "{0} off the total", worth(v.Repaired.Deduct)))
		}
		return sentence(join("；", "; ", list))
	}
	list = append(list, say("{0}，自 {1} 起", "{0}, since {1}", cause, day(st.since)))
	if st.ends != 0 {
		list = append(list, say("至 {0} 止", "until {0}", day(st.ends)))
	}
	if v.Until != nil {
		list = append(list, say("整改条件：{0}", "repaired once {0}", v.Until.Words(nil)))
	}
	list = append(list, x.pr.effectText(v))
	return sentence(join("；", "; ", list))
}

// effectText says what a veto does.
func (pr *Program) effectText(v *veto) programme.Text {
	switch v.Effect {
	case programme.Fail:
		return say("结果为“{0}”", "the result is “{0}”", pr.gradeTitle(pr.lowestName()))
	case programme.GateKind:
		return programme.T("不予评分", "no score is given")
	case programme.CapGrade:
		return say("等级最高为“{0}”", "the grade is “{0}” at most", pr.gradeTitle(v.To))
	case programme.SetGrade:
		return say("等级直接定为“{0}”", "the grade is set to “{0}”", pr.gradeTitle(v.To))
	case programme.SetScore:
		return say("总分直接定为 {0}", "the total is set to {0}", v.score)
	case programme.ZeroItem:
		return say("条款 {0} 计 0 分", "clause {0} counts 0", pr.clauses[v.target].Clause.Clause)
	case programme.NoAward:
		return programme.T("不得评先评优", "no honours are awarded")
	case programme.Exclude:
		return programme.T("本期不参加评价", "the subject is not assessed this time")
	}
	return programme.Text{}
}

func (pr *Program) lowestName() string {
	if len(pr.grades) == 0 {
		return ""
	}
	return pr.grades[pr.lowest()]
}

func (pr *Program) gradeTitle(name string) programme.Text {
	for _, o := range pr.p.GradeOptions() {
		if o.Name == name && !o.Title.Empty() {
			return o.Title
		}
	}
	return programme.T(name, name)
}

// note says what became of the sum on its way to total and grade.
func (x *explainer) note(t *tally) programme.Text {
	var list []programme.Text
	if t.scaled {
		list = append(list, programme.T("有部分不适用，总分按比例折算", "a part does not apply, so that the total was scaled"))
	}
	if t.deducted > 0 && t.scored {
		list = append(list, say("整改后仍扣 {0}", "{0} stay off after repair", worth(t.deducted.Decimal())))
	}
	if t.set && t.scored {
		list = append(list, say("总分由 {0} 直接定为 {1}", "the total was set from {0} to {1}", t.sum, t.total))
	}
	r, pr := x.r, x.pr
	if len(pr.grades) > 0 && t.scored {
		wanted, base, final := r.wanted[x.row], r.base[x.row], r.final[x.row]
		if base != wanted {
			list = append(list, say("按得分可评“{0}”，因名额限制为“{1}”", "the points reach “{0}”; its quota leaves “{1}”", pr.gradeTitle(pr.grades[wanted]), pr.gradeTitle(pr.grades[base])))
		}
		if final != base {
			list = append(list, say("等级由“{0}”调整为“{1}”", "the grade was moved from “{0}” to “{1}”", pr.gradeTitle(pr.grades[base]), pr.gradeTitle(pr.grades[final])))
		}
	}
	if len(list) == 0 {
		return programme.Text{}
	}
	return sentence(join("；", "; ", list))
}
