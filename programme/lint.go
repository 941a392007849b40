package programme

import "slices"

// lints finds what loads and runs but cannot be meant: errors that real standards have (DOMAIN 1.3, 1.10). What makes a
// result ambiguous or wrong is a mistake; what merely looks like one is a warning.
func (l *loader) lints() {
	p := l.p
	if p.Standard != nil {
		l.lintSums(p.Standard)
		l.lintNumbers(p.Standard)
		l.lintCaps()
		l.lintBands()
		l.lintGrades(&p.Standard.Grades)
		l.lintTwice()
		l.lintFilers()
	}
	for _, m := range p.Matters {
		l.lintMatter(m)
		l.lintBuiltIn(m)
	}
	l.lintUnread()
}

// soundPoints reports whether all points below were read, so that sums mean something.
func (l *loader) soundPoints(s *Section) bool {
	if l.d.broken[&s.Clauses] && len(s.Clauses) == 0 {
		return false
	}
	for _, c := range s.Clauses {
		if l.d.broken[&c.Points] || !l.written(&c.Points) && l.d.broken[c] {
			return false
		}
	}
	return !l.d.broken[&s.Points]
}

// lintSums compares what is written with the sum of what is below it.
func (l *loader) lintSums(s *Standard) {
	allSound := !l.d.broken[&s.Total]
	for _, part := range s.Parts {
		sound := !l.d.broken[&part.Points]
		for _, sec := range part.Sections {
			ok := l.soundPoints(sec)
			sound = sound && ok
			switch {
			case !ok:
			case sec.Bonus != nil:
				if sec.Points != nil && sec.Points.Cmp(sec.Bonus.Cap) != 0 && !l.d.broken[&sec.Bonus.Cap] {
					l.wrong(l.at(sec.Points), T("加分项写了 {0} 分，封顶却是 {1} 分", "the section of extra points says {0}, its cap is {1}").Fill(*sec.Points, sec.Bonus.Cap), T("两个数写成一样，或去掉 points", "make them the same, or leave points out"))
				}
			case sec.Points != nil && sec.Points.Cmp(sec.sum()) != 0:
				l.wrong(l.at(sec.Points), T("{0} 写了 {1} 分，各条款之和是 {2} 分", "section {0} says {1} points, its clauses sum to {2}").Fill(sec.Section, *sec.Points, sec.sum()), T("改分值，使两边相等", "change one of them"))
			}
		}
		allSound = allSound && sound
		if sound && part.Points != nil && part.Points.Cmp(part.sum()) != 0 {
			l.wrong(l.at(part.Points), T("第 {0} 部分写了 {1} 分，各节之和是 {2} 分", "part {0} says {1} points, its sections sum to {2}").Fill(part.Part, *part.Points, part.sum()), T("改分值，使两边相等", "change one of them"))
		}
	}
	if l.written(&s.Total) && allSound && s.Total.Cmp(s.sum()) != 0 {
		l.wrong(l.at(&s.Total), T("总分写了 {0} 分，各部分之和是 {1} 分", "the total says {0} points, the parts sum to {1}").Fill(s.Total, s.sum()), T("改分值，使两边相等；加分不计入总分", "change one of them; extra points do not count in it"))
	}
	for _, c := range l.p.Clauses() {
		if c.Ticks == nil || !l.written(&c.Points) || l.d.broken[&c.Ticks] || l.d.broken[&c.Points] {
			continue
		}
		if sum := c.worth(); sum.Cmp(c.Points) != 0 {
			l.wrong(l.at(&c.Points), T("条款 {0} 写了 {1} 分，各小项之和是 {2} 分", "clause {0} says {1} points, its parts sum to {2}").Fill(c.Clause, c.Points, sum), T("改分值，使两边相等", "change one of them"))
		}
	}
}

// lintNumbers finds numbers and names that are used twice.
func (l *loader) lintNumbers(s *Standard) {
	twice := func(kind Text) func(*string) {
		seen := map[string]Pos{}
		return func(name *string) {
			at, ok := l.d.at[name]
			if !ok || l.d.broken[name] {
				return
			}
			if was, dup := seen[*name]; dup {
				l.wrong(at, T("{0} {1} 重复，第一次在第 {2} 行", "the {0} {1} is there twice, first on line {2}").Fill(kind, *name, was.Line), T("编号不能重复", "give each its own"))
				return
			}
			seen[*name] = at
		}
	}
	part, section, clause := twice(T("部分编号", "part number")), twice(T("节编号", "section number")), twice(T("条款编号", "clause number"))
	for _, p := range s.Parts {
		part(&p.Part)
		for _, sec := range p.Sections {
			section(&sec.Section)
			for _, c := range sec.Clauses {
				clause(&c.Clause)
			}
		}
	}
	veto := twice(T("否决项", "veto"))
	for _, v := range s.Vetoes {
		veto(&v.Veto)
	}
	grade := twice(T("等级", "grade"))
	for _, b := range s.Grades.Bands {
		grade(&b.Grade)
	}
	for _, b := range s.Grades.Ladder {
		grade(&b.Grade)
	}
}

// lintCaps finds limits that lie above what they limit.
func (l *loader) lintCaps() {
	for sec, c := range l.p.Clauses() {
		if l.d.broken[&c.Points] || !l.written(&c.Points) && c.Points.IsZero() {
			continue
		}
		above := func(d *Decimal, what Text) {
			if _, written := l.d.at[d]; d != nil && written && !l.d.broken[d] && d.Cmp(c.Points) > 0 {
				l.wrong(l.at(d), T("{0} {1} 超过了条款的 {2} 分", "{0} of {1} is above the {2} points of the clause").Fill(what, *d, c.Points), T("改小，或提高条款分值", "lower it, or raise the clause's points"))
			}
		}
		for _, x := range c.Deduct {
			above(x.Most, T("扣分上限", "a cap"))
		}
		if c.Each != nil {
			above(c.Each.Most, T("得分上限", "a cap"))
		}
		for _, b := range c.Bands {
			above(&b.Points, T("档次分值", "a band"))
		}
		if c.Rank != nil {
			for i := range c.Rank.Points {
				above(&c.Rank.Points[i], T("名次分值", "a place"))
			}
		}
		if c.Judged != nil {
			above(c.Judged.To, T("最高评分", "a judgement"))
			for i := range c.Judged.Levels {
				if x := &c.Judged.Levels[i]; x.Factor.Cmp(DecimalOf(1)) > 0 && !l.d.broken[x] {
					l.wrong(l.at(&x.Factor), T("档次 {0} 的系数 {1} 超过 1", "the factor {1} of level {0} is above 1").Fill(x.Name, x.Factor), T("系数是满分的几成，如 0.9", "it is a share of the points, such as 0.9"))
				}
			}
		}
		if c.NA.Word == "points" {
			above(&c.NA.Points, T("不适用时的分值", "the points when it does not apply"))
		}
		if sec.Bonus != nil && c.Points.Cmp(sec.Bonus.Cap) > 0 && !l.d.broken[&sec.Bonus] {
			l.wrong(l.pointsPos(c), T("条款 {0} 的 {1} 分超过了加分封顶 {2} 分", "the {1} points of clause {0} are above the section's cap of {2}").Fill(c.Clause, c.Points, sec.Bonus.Cap), T("改小，或提高封顶", "lower them, or raise the cap"))
		}
	}
	for _, sec := range l.p.Sections() {
		if sec.Bonus == nil || sec.Bonus.Ladder == nil || l.d.broken[&sec.Bonus] {
			continue
		}
		for i := range sec.Bonus.Ladder.Points {
			if x := &sec.Bonus.Ladder.Points[i]; x.Factor.Cmp(sec.Bonus.Cap) > 0 {
				l.wrong(l.at(&x.Factor), T("级别 {0} 的 {1} 分超过了加分封顶 {2} 分", "the {1} points of level {0} are above the section's cap of {2}").Fill(x.Name, x.Factor, sec.Bonus.Cap), T("改小，或提高封顶", "lower them, or raise the cap"))
			}
		}
	}
}

func (l *loader) pointsPos(c *Clause) Pos {
	if at, ok := l.d.at[&c.Points]; ok {
		return at
	}
	return c.Pos
}

// lintTwice finds the same condition scored in two places.
func (l *loader) lintTwice() {
	type condition struct{ shape, rule, applies string }
	seen := map[condition]*Expr{}
	for _, c := range l.p.Clauses() {
		if c.Gate {
			continue
		}
		applies := ""
		if c.Applies != nil {
			applies = c.Applies.normal()
		}
		shape := c.Shape()
		note := func(e *Expr, kind string) {
			if e == nil || e.Source == "" || e.Source == "true" || e.Source == "false" {
				return
			}
			k := condition{kind, e.normal(), applies}
			if was := seen[k]; was != nil {
				l.warn(e.Pos, T("同一条件评了两次分，第一次在第 {0} 行", "the same condition is scored twice, first on line {0}").Fill(was.Pos.Line), T("合成一条，或改写其中一个", "make one clause of them, or change one"))
				return
			}
			seen[k] = e
		}
		note(c.Pass, "condition")
		for _, t := range c.Ticks {
			note(t.Pass, "condition")
		}
		for _, x := range c.Deduct {
			note(x.Count, "deduct")
		}
		if c.Each != nil {
			note(c.Each.Count, "each")
		}
		note(c.Formula, "formula")
		note(c.Measure, shape)
	}
}

// lintFilers finds facts that a clause needs and nobody can give.
func (l *loader) lintFilers() {
	nobody := map[string]bool{}
	for _, f := range l.p.Forms {
		if f.By != nil && len(f.By) == 0 && !l.d.broken[&f.By] || f.By == nil && len(l.p.Parties) == 0 && !l.written(&f.By) {
			nobody[f.Name] = true
		}
	}
	for _, c := range l.p.Clauses() {
		for i, name := range c.Evidence {
			f, ok := l.p.Form(name)
			if !ok {
				continue
			}
			if nobody[name] {
				l.wrong(l.at(&c.Evidence[i]), T("条款 {0} 要的佐证 {1} 没有人可以填报", "nobody may file {1}, the evidence of clause {0}").Fill(c.Clause, name), T("在表单里写 by: [评价方或角色]", "write by: [party or role] in the form"))
			} else if f.Ballot {
				l.wrong(l.at(&c.Evidence[i]), T("表决 {0} 不能作佐证", "the ballot {0} cannot be evidence").Fill(name), T("表决没有附件；直接在规则里用它的数", "a ballot has no attachments; use its figures in the rule"))
			}
		}
		if c.Judged != nil && len(l.p.Parties) == 0 {
			l.wrong(l.d.keyAt[&c.Judged], T("条款 {0} 没有人可以评定", "nobody may judge clause {0}").Fill(c.Clause), T("写 parties", "write parties"))
		}
	}
	said := map[*Clause]map[string]bool{}
	for i := range l.rules {
		r := &l.rules[i]
		for _, x := range r.Reads() {
			c := r.clause
			if c == nil || !nobody[x.Form] || said[c][x.Form] || slices.Contains(c.Evidence, x.Form) {
				continue
			}
			if said[c] == nil {
				said[c] = map[string]bool{}
			}
			said[c][x.Form] = true
			l.wrong(r.Pos, T("条款 {0} 要看的 {1} 没有人可以填报", "nobody may file {1}, which clause {0} looks at").Fill(c.Clause, x.Form), T("在表单里写 by: [评价方或角色]", "write by: [party or role] in the form"))
		}
	}
}

// lintUnread finds forms that people fill in for nothing.
func (l *loader) lintUnread() {
	used := map[string]bool{}
	for _, m := range l.p.Matters {
		for _, f := range m.Forms() {
			used[f] = true
		}
	}
	for sec, c := range l.p.Clauses() {
		for _, f := range c.Evidence {
			used[f] = true
		}
		if sec.Bonus != nil && sec.Bonus.Ladder != nil {
			used[sec.Bonus.Ladder.Form] = true
		}
	}
	for _, sec := range l.p.Sections() {
		if sec.Bonus != nil && sec.Bonus.Ladder != nil {
			used[sec.Bonus.Ladder.Form] = true
		}
	}
	for _, i := range l.p.Indicators {
		for _, by := range i.By {
			for _, f := range l.p.Forms {
				if len(by) > len(f.Name) && by[:len(f.Name)+1] == f.Name+"." {
					used[f.Name] = true
				}
			}
		}
	}
	for _, f := range l.p.Forms {
		if used[f.Name] {
			continue
		}
		if !slices.ContainsFunc(l.rules, func(r rule) bool { return r.readsForm(f.Name) }) {
			l.warn(f.Pos, T("没有规则用到表单 {0}", "no rule reads the form {0}").Fill(f.Name), T("在条款、指标或事项里用它，或去掉它", "use it in a clause, an indicator or a matter, or leave it out"))
		}
	}
}
