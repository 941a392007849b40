package programme

func (l *loader) standardNames(s *Standard) {
	if len(l.p.Parties) == 0 && !l.d.broken[&l.p.Parties] {
		l.wrong(l.d.keyAt[&l.p.Standard], T("有 standard 却没有评价方", "a standard needs parties, and there are none"), T("写 parties: {self: {title: 自评, role: …}}", "write parties: {self: {title: …, role: …}}"))
	}
	for section := range l.eachSection() {
		if section.Bonus != nil {
			l.bonusNames(section)
		}
		for _, c := range section.Clauses {
			l.clauseNames(c, section)
		}
	}
	for _, v := range s.Vetoes {
		if !l.written(&v.Veto) {
			l.wrong(v.Pos, T("一票否决项没有名称", "the veto has no name"), T("写 veto: 名称", "write veto: NAME"))
		}
		if !l.written(&v.When) {
			l.wrong(v.Pos, T("缺少 when", "when is missing"), T("写明什么情况下否决", "say what strikes it"))
		}
		l.vetoNames(v)
	}
	l.gradeNames(&s.Grades)
}

func (l *loader) eachSection() func(func(*Section) bool) {
	return func(yield func(*Section) bool) {
		for _, s := range l.p.Sections() {
			if !yield(s) {
				return
			}
		}
	}
}

func (l *loader) clauseNames(c *Clause, section *Section) {
	if c.Pos.Line == 0 { // no clause at all, which was told
		return
	}
	for i := range c.Evidence {
		l.form(&c.Evidence[i])
	}
	shapes, first := l.shapes(c)
	switch {
	case len(shapes) == 0:
		l.wrong(c.Pos, T("条款 {0} 没有评分方式", "the clause {0} has no scoring shape").Fill(c.Clause), T("评分方式有：{0}", "shapes are: {0}").Fill("pass, parts, deduct, bands, linear, proportional, each, rank, judged, formula"))
		return
	case len(shapes) > 1:
		l.wrong(first[1], T("条款 {0} 有两种评分方式：{1} 和 {2}", "the clause {0} has two scoring shapes, {1} and {2}").Fill(c.Clause, shapes[0], shapes[1]), T("一个条款只能有一种，拆成两条", "a clause has one; make two clauses of it"))
		return
	}
	shape := shapes[0]
	if c.Gate {
		if shape != "pass" {
			l.wrong(first[0], T("门槛条款只能用 pass", "a gate has the shape pass"), Text{})
		}
		if l.written(&c.Points) && !c.Points.IsZero() {
			l.wrong(l.at(&c.Points), T("门槛条款没有分值", "a gate has no points"), Text{})
		}
	}
	measured := shape == "bands" || shape == "linear" || shape == "proportional" || shape == "rank"
	ranked := shape == "rank" && c.Rank != nil && c.Rank.By != nil
	if measured && !l.written(&c.Measure) && !ranked {
		l.wrong(first[0], T("{0} 需要 measure", "{0} needs a measure").Fill(shape), T("写 measure: 用来评分的数", "write measure: and the number to look at"))
	}
	if l.written(&c.Measure) && !measured {
		l.wrong(l.d.keyAt[&c.Measure], T("{0} 用不上 measure", "{0} does not look at the measure").Fill(shape), T("measure 用于 bands、linear、proportional、rank", "the measure is for bands, linear, proportional and rank"))
	}
	if l.written(&c.Decimals) && !measured {
		l.wrong(l.d.keyAt[&c.Decimals], T("没有 measure，用不上 decimals", "decimals belong to a measure, and there is none"), Text{})
	}
	if !l.written(&c.Points) && (shape == "deduct" || shape == "linear" || shape == "proportional" || shape == "formula" || shape == "judged" && c.Judged != nil && len(c.Judged.Levels) > 0 ||
		shape == "each" && section.Bonus == nil && c.Each != nil && c.Each.Most == nil) {
		l.wrong(c.Pos, T("条款 {0} 没有分值", "the clause {0} has no points").Fill(c.Clause), T("写 points: 满分", "write points: and what it can earn"))
	}
	if c.Points.Sign() < 0 {
		l.wrong(l.at(&c.Points), T("分值不能是负数", "points cannot be negative"), Text{})
	}
	l.shapeNames(c)
	if c.Veto != nil {
		if l.written(&c.Veto.Veto) {
			l.wrong(l.d.keyAt[&c.Veto.Veto], T("条款自带的否决没有另外的名称", "a clause's veto has no name of its own"), T("它以条款编号 {0} 为名，去掉 veto 这个键", "it goes by the clause's number, {0}; leave the key out").Fill(c.Clause))
		}
		l.vetoNames(c.Veto)
	}
}

// shapes lists the scoring shapes that the author wrote for a clause, and where.
func (l *loader) shapes(c *Clause) (names []string, at []Pos) {
	for _, s := range []struct {
		name string
		p    any
	}{{"pass", &c.Pass}, {"parts", &c.Ticks}, {"deduct", &c.Deduct}, {"bands", &c.Bands}, {"linear", &c.Linear},
		{"proportional", &c.Proportional}, {"each", &c.Each}, {"rank", &c.Rank}, {"judged", &c.Judged}, {"formula", &c.Formula}} {
		if pos, ok := l.d.keyAt[s.p]; ok {
			names, at = append(names, s.name), append(at, pos)
		}
	}
	return names, at
}

func (l *loader) shapeNames(c *Clause) {
	empty := func(p any, n int) {
		if l.written(p) && n == 0 && !l.d.broken[p] {
			l.wrong(l.at(p), T("这里至少要有一项", "there must be at least one here"), Text{})
		}
	}
	empty(&c.Ticks, len(c.Ticks))
	empty(&c.Deduct, len(c.Deduct))
	empty(&c.Bands, len(c.Bands))
	for i, x := range c.Deduct {
		switch {
		case l.written(&x.Each) && l.written(&x.First):
			l.wrong(l.d.keyAt[&x.First], T("each 和 first 只能写一个", "each and first exclude one another"), Text{})
		case !l.written(&x.Each) && !l.written(&x.First):
			l.wrong(l.at(&c.Deduct[i]), T("没写每次扣几分", "it does not say what a case costs"), T("写 each: 分值", "write each: and the points"))
		case l.written(&x.Then) && !l.written(&x.First):
			l.wrong(l.d.keyAt[&x.Then], T("then 要和 first 一起用", "then goes with first"), Text{})
		}
		if x.Then != nil && x.Then.Minus != nil {
			l.wrong(l.at(&x.Then), T("扣分的 then 只能是分值或 all", "then of a deduction is points or all"), Text{})
		}
		if x.Repeat != "" && !l.written(&x.Each) {
			l.wrong(l.d.keyAt[&x.Repeat], T("repeat 要和 each 一起用", "repeat goes with each"), Text{})
		}
		l.positive(x.Each, true)
		l.positive(x.First, true)
		l.positive(x.Most, true)
	}
	if x := c.Linear; x != nil {
		l.positive(&x.Each, false)
		l.positive(&x.Minus, true)
	}
	if x := c.Proportional; x != nil && x.Cap != nil && !x.Cap.None && !l.d.broken[&x.Cap] && x.Cap.At.Sign() <= 0 {
		l.wrong(l.at(&x.Cap), T("封顶应大于 0", "the cap must be above 0"), Text{})
	}
	if x := c.Rank; x != nil {
		if len(x.Points) == 0 && !l.d.broken[&c.Rank] {
			l.wrong(l.at(&c.Rank), T("名次没有对应的分值", "there are no points for any place"), Text{})
		}
		if x.Then != nil && x.Then.All {
			l.wrong(l.at(&c.Rank), T("名次的 then 只能是分值或 {minus: 分值}", "then of a rank is points or {minus: N}"), Text{})
		}
	}
	if x := c.Judged; x != nil && !l.d.broken[&c.Judged] {
		ranged := x.From != nil || x.To != nil
		switch {
		case ranged && len(x.Levels) > 0:
			l.wrong(l.at(&c.Judged), T("levels 和 from/to 只能写一种", "levels and from/to exclude one another"), Text{})
		case !ranged && len(x.Levels) == 0:
			l.wrong(l.at(&c.Judged), T("没写怎么评", "it does not say how to judge"), T("写 levels: {A: 1.0, …} 或 from、to", "write levels: {A: 1.0, …} or from and to"))
		case ranged && (x.From == nil || x.To == nil):
			l.wrong(l.at(&c.Judged), T("from 和 to 要一起写", "from and to go together"), Text{})
		case ranged && x.From.Cmp(*x.To) >= 0:
			l.wrong(l.at(&x.To), T("to 应大于 from", "to must be above from"), Text{})
		}
	}
}

// positive refuses a number below zero, or zero too.
func (l *loader) positive(d *Decimal, zero bool) {
	if d == nil || l.d.broken[d] {
		return
	}
	if _, written := l.d.at[d]; written && (d.Sign() < 0 || d.Sign() == 0 && !zero) {
		l.wrong(l.at(d), T("这里的数应大于 0", "the number must be above 0 here"), Text{})
	}
}

func (l *loader) bonusNames(s *Section) {
	x := s.Bonus.Ladder
	if x == nil || l.d.broken[&s.Bonus.Ladder] {
		if s.Bonus.SameEvent != "" && x == nil {
			l.wrong(l.d.keyAt[&s.Bonus.SameEvent], T("same_event 要和 ladder 一起用", "same_event goes with a ladder"), Text{})
		}
		return
	}
	if x.Form == "" {
		l.guessLadder(s, x)
	} else if !l.form(&x.Form) {
		return
	}
	f, ok := l.p.Form(x.Form)
	if !ok {
		return
	}
	if !f.Many {
		l.wrong(l.at(&s.Bonus.Ladder), T("加分阶梯的表单 {0} 要写 many: true", "the form {0} of a ladder must have many: true").Fill(f.Name), Text{})
	}
	if x.Level == "" {
		for _, c := range f.Fields {
			if c.Type == Choice && coversAll(c, x.Points) {
				x.Level = c.Name
			}
		}
	}
	level, ok := f.Field(x.Level)
	switch {
	case x.Level == "":
		l.wrong(l.at(&s.Bonus.Ladder), T("表单 {0} 没有含这些级别的单选字段", "the form {0} has no choice with these levels").Fill(f.Name), Text{})
		return
	case !ok || level.Type != Choice:
		l.wrong(l.at(&x.Level), T("表单 {0} 没有单选字段 {1}", "the form {0} has no choice {1}").Fill(f.Name, x.Level), meant(x.Level, T("字段", "fields"), fieldNames(f.Fields)))
		return
	}
	for i := range x.Points {
		l.oneOf(&x.Points[i].Name, T("选项", "options"), T("没有级别 {0}", "there is no level {0}"), optionNames(level.Of))
	}
	if x.Event == "" {
		if _, ok := f.Field("event"); ok {
			x.Event = "event"
		} else if s.Bonus.SameEvent != "" {
			l.wrong(l.d.keyAt[&s.Bonus.SameEvent], T("表单 {0} 没有字段 event，分不出同一件事", "the form {0} has no field event to tell one event from another").Fill(f.Name), T("在 ladder 里写 event: 字段", "write event: FIELD in the ladder"))
		}
	} else if _, ok := f.Field(x.Event); !ok {
		l.wrong(l.at(&x.Event), T("表单 {0} 没有字段 {1}", "the form {0} has no field {1}").Fill(f.Name, x.Event), meant(x.Event, T("字段", "fields"), fieldNames(f.Fields)))
	}
}

// guessLadder finds the only many form with a choice that has all these levels.
func (l *loader) guessLadder(s *Section, x *Ladder) {
	var found []string
	for _, f := range l.p.Forms {
		for _, c := range f.Fields {
			if f.Many && c.Type == Choice && coversAll(c, x.Points) {
				found = append(found, f.Name)
				x.Form, x.Level = f.Name, c.Name
			}
		}
	}
	if len(found) == 1 {
		return
	}
	x.Form, x.Level = "", ""
	if len(found) == 0 {
		l.wrong(l.at(&s.Bonus.Ladder), T("没有哪个 many 表单有含这些级别的单选字段", "no many form has a choice with all these levels"), T("写 {form: 表单, level: 字段, points: {…}}", "write {form: FORM, level: FIELD, points: {…}}"))
		return
	}
	l.wrong(l.at(&s.Bonus.Ladder), T("含这些级别的表单不止一个：{0}", "more than one form has these levels: {0}").Fill(listed(found)), T("写 {form: 表单, level: 字段, points: {…}}", "write {form: FORM, level: FIELD, points: {…}}"))
}

func coversAll(c *Field, levels []Level) bool {
	for _, x := range levels {
		if indexOf(optionNames(c.Of), x.Name) < 0 {
			return false
		}
	}
	return len(levels) > 0
}

func optionNames(of []Option) (names []string) {
	for _, o := range of {
		names = append(names, o.Name)
	}
	return names
}

func (l *loader) vetoNames(v *Veto) {
	if l.d.broken[&v.Effect] {
		return
	}
	needs := v.Effect == CapGrade || v.Effect == SetGrade || v.Effect == SetScore || v.Effect == ZeroItem
	switch {
	case needs && !l.written(&v.To):
		what := map[string]Text{CapGrade: T("等级", "a grade"), SetGrade: T("等级", "a grade"), SetScore: T("分数", "a number"), ZeroItem: T("条款号", "a clause")}[v.Effect]
		l.wrong(l.at(&v.Effect), T("{0} 要用 to 写明{1}", "{0} needs to: with {1}").Fill(v.Effect, what), Text{})
	case !needs && l.written(&v.To):
		l.wrong(l.d.keyAt[&v.To], T("{0} 用不上 to", "{0} has no to").Fill(v.Effect), Text{})
	case v.Effect == CapGrade || v.Effect == SetGrade:
		l.grade(&v.To)
	case v.Effect == ZeroItem:
		l.clause(&v.To)
	case v.Effect == SetScore && !numberRe.MatchString(v.To) && !l.d.broken[&v.To]:
		l.wrong(l.at(&v.To), T("set_score 的 to 应是一个数", "to of set_score must be a number"), Text{})
	}
	if v.Repaired != nil && !l.written(&v.Until) {
		l.wrong(l.d.keyAt[&v.Repaired], T("有 repaired 却没有 until", "repaired needs an until"), T("用 until 写明怎样算整改到位", "say with until when it counts as repaired"))
	}
}

func (l *loader) gradeNames(g *Grades) {
	grades := l.p.GradeNames()
	for i := range g.Quota {
		l.grade(&g.Quota[i].Name)
		if one := DecimalOf(1); g.Quota[i].Share.Sign() < 0 || g.Quota[i].Share.Cmp(one) > 0 {
			l.wrong(l.at(&g.Quota[i].Name), T("名额比例应在 0 到 100% 之间", "the share must be from 0 to 100%"), Text{})
		}
	}
	for i := range g.Titles {
		l.oneOf(&g.Titles[i].Name, T("等级", "grades"), T("没有等级 {0}", "there is no grade {0}"), grades)
	}
	if l.written(&g.Bands) && l.written(&g.Ladder) {
		l.wrong(l.d.keyAt[&g.Ladder], T("bands 和 ladder 只能写一种", "bands and a ladder exclude one another"), Text{})
	}
	for _, s := range g.Ladder {
		for i := range s.Needs {
			l.clause(&s.Needs[i])
		}
	}
}
