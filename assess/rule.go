package assess

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"bihuan.dev/bihuan/programme"
)

// say is a text with its values.
func say(zh, en string, args ...any) programme.Text { return programme.T(zh, en).Fill(args...) }

// join puts texts one after the other.
func join(zh, en string, list []programme.Text) programme.Text {
	var a, b []string
	for _, t := range list {
		if !t.Empty() {
			a, b = append(a, t.In(programme.Zh)), append(b, t.In(programme.En))
		}
	}
	return programme.T(strings.Join(a, zh), strings.Join(b, en))
}

// sentence makes the English text begin with a capital letter and both end with a full stop.
func sentence(t programme.Text) programme.Text {
	if first, n := utf8.DecodeRuneInString(t.En); n > 0 {
		t.En = string(unicode.ToUpper(first)) + t.En[n:] + "."
	}
	if t.Zh != "" {
		t.Zh += "。"
	}
	return t
}

// inner turns the quotation marks of a text into those for a quotation within a quotation.
func inner(t programme.Text) programme.Text {
	marks := strings.NewReplacer("“", "‘", "”", "’")
	return programme.T(marks.Replace(t.Zh), marks.Replace(t.En))
}

// worth says points: 10 分, 10 points.
func worth(d programme.Decimal) programme.Text {
	if d.Cmp(programme.DecimalOf(1)) == 0 {
		return programme.T("1 分", "1 point")
	}
	return say("{0} 分", "{0} points", d)
}

// rule says the clause's rule in words, the same for every subject.
func (pr *Program) rule(c *clause) programme.Text {
	list := []programme.Text{pr.shapeRule(c)}
	if c.Applies != nil {
		list = append(list, say("适用于{0}的对象", "it applies where {0}", c.Applies.Words(nil)))
	}
	switch c.na.Word {
	case "full":
		list = append(list, programme.T("不适用的得满分", "where it does not apply it counts in full"))
	case "zero":
		list = append(list, programme.T("不适用的不得分", "where it does not apply it earns nothing"))
	case "points":
		list = append(list, say("不适用的得 {0} 分", "where it does not apply it earns {0}", c.na.Points))
	case "peer_mean":
		list = append(list, programme.T("不适用的按同类平均分计", "where it does not apply it earns the mean of the others"))
	}
	switch c.missing.Word {
	case "full":
		list = append(list, programme.T("缺佐证按满分计", "without evidence it counts in full"))
	case "pending":
		list = append(list, programme.T("缺佐证暂不计分", "without evidence it stays pending"))
	case "peer_mean":
		list = append(list, programme.T("缺佐证按同类平均分计", "without evidence it earns the mean of the others"))
	}
	return sentence(join("；", "; ", list))
}

func (pr *Program) shapeRule(c *clause) programme.Text {
	full := worth(c.Points)
	measure := programme.Text{}
	if c.Measure != nil {
		measure = c.Measure.Words(nil)
	}
	switch c.shape {
	case passShape:
		switch {
		case c.Gate:
			return say("必备条件：{0}；不满足则不予评分", "a condition of being scored at all: {0}", c.Pass.Words(nil))
		case c.full == 0:
			return say("要求：{0}", "required: {0}", c.Pass.Words(nil))
		}
		return say("{0}，得 {1}，否则不得分", "{1} when {0}; otherwise none", c.Pass.Words(nil), full)
	case tickShape:
		var list []programme.Text
		for _, t := range c.Ticks {
			list = append(list, say("{0}，得 {1}", "{1} when {0}", tickTitle(t), worth(t.Points)))
		}
		return say("分项累加：{0}", "the sum of: {0}", join("；", "; ", list))
	case deductShape:
		var list []programme.Text
		for _, d := range c.Deduct {
			list = append(list, deductionRule(d))
		}
		return say("满分 {0}；{1}；扣完为止", "{0}; {1}; not below 0", full, join("；", "; ", list))
	case bandShape:
		var list []programme.Text
		for _, b := range c.Bands {
			list = append(list, say("{0}得 {1}", "{1} {0}", bandText(b), worth(b.Points)))
		}
		return say("{0}：{1}；其余不得分", "{0}: {1}; otherwise none", measure, join("；", "; ", list))
	case linearShape:
		l := c.Linear
		t := say("{0}达到 {1} 得满分 {2}，每低 {3} 扣 {4}（{5}）", "{0} of {1} or more earns the full {2}; every {3} short of it costs {4} ({5})",
			measure, l.FullAt.Words(nil), full, l.Each, worth(l.Minus), stepText(l.Step))
		if l.ZeroBelow != nil {
			t = join("；", "; ", []programme.Text{t, say("低于 {0} 不得分", "below {0} it earns nothing", l.ZeroBelow.Words(nil))})
		}
		return t
	case proportionalShape:
		x := c.Proportional
		list := []programme.Text{say("按完成率计分：{0} ÷ {1} × {2}", "in proportion: {0} ÷ {1} × {2}", measure, x.Target.Words(nil), full)}
		switch {
		case uncapped(x):
			list = append(list, programme.T("不封顶", "without a cap"))
		default:
			list = append(list, say("完成率最高按 {0}% 计", "a completion counts up to {0}%", capOf(x).Mul(programme.DecimalOf(100))))
		}
		if x.Below != nil {
			list = append(list, say("未达目标的再乘 {0}", "short of the target it is multiplied by {0}", x.Below.Factor))
		}
		return join("，", "; ", list)
	case eachShape:
		t := say("{0}，每一项得 {1}", "{1} for each: {0}", c.Each.Count.Words(nil), worth(c.Each.Points))
		if most := c.most(pr); most > 0 {
			t = join("，", ", ", []programme.Text{t, say("最多 {0}", "at most {0}", worth(most.Decimal()))})
		}
		return t
	case rankShape:
		return c.rankRule()
	case judgedShape:
		return c.judgedRule()
	case formulaShape:
		t := say("按公式计分：{0}", "by formula: {0}", c.Formula.Words(nil))
		if c.full > 0 {
			t = join("，", ", ", []programme.Text{t, say("不低于 0，不高于 {0}", "from 0 to {0}", full)})
		}
		return t
	}
	return programme.Text{}
}

// tickTitle names a condition by its title, or says it.
func tickTitle(t *programme.Tick) programme.Text {
	if !t.Title.Empty() {
		return t.Title
	}
	return t.Pass.Words(nil)
}

func deductionTitle(d *programme.Deduction) programme.Text {
	if !d.Title.Empty() {
		return d.Title
	}
	return d.Count.Words(nil)
}

func deductionRule(d *programme.Deduction) programme.Text {
	list := []programme.Text{}
	switch {
	case d.First != nil:
		list = append(list, say("{0}：首次扣 {1}", "{0}: the first costs {1}", deductionTitle(d), worth(*d.First)))
		if d.Then != nil && !d.Then.All {
			list = append(list, say("以后每次扣 {0}", "every further one {0}", worth(d.Then.Points)))
		} else if d.Each != nil {
			list = append(list, say("以后每次扣 {0}", "every further one {0}", worth(*d.Each)))
		}
	case d.Each != nil:
		list = append(list, say("{0}：每一例扣 {1}", "{0}: each costs {1}", deductionTitle(d), worth(*d.Each)))
	default:
		list = append(list, deductionTitle(d))
	}
	if d.Repeat == "double" {
		list = append(list, programme.T("再次发生加倍扣分", "from the second on double"))
	}
	if d.Then != nil && d.Then.All {
		list = append(list, programme.T("两次及以上扣完", "two or more cost everything"))
	}
	if d.Most != nil {
		list = append(list, say("最多扣 {0}", "at most {0}", worth(*d.Most)))
	}
	return join("，", ", ", list)
}

func bandText(b *programme.Band) programme.Text {
	switch {
	case b.AtLeast != nil && b.Below != nil:
		return say("不低于 {0}、低于 {1} ", "from {0} to below {1}", b.AtLeast, b.Below)
	case b.AtLeast != nil:
		return say("不低于 {0} ", "from {0} on", b.AtLeast)
	case b.AtMost != nil:
		return say("不超过 {0} ", "up to {0}", b.AtMost)
	case b.Below != nil:
		return say("低于 {0} ", "below {0}", b.Below)
	}
	return programme.T("其他情形", "otherwise")
}

func stepText(step string) programme.Text {
	switch step {
	case "ceil":
		return programme.T("不足一档按一档计", "a part of a step counts as one")
	case "exact":
		return programme.T("按比例计", "in proportion")
	}
	return programme.T("不足一档不计", "only whole steps count")
}

func (c *clause) rankRule() programme.Text {
	what := programme.Text{}
	switch {
	case c.Rank.By != nil:
		what = c.Rank.By.Words(nil)
	case c.Measure != nil:
		what = c.Measure.Words(nil)
	}
	order := programme.T("从高到低", "highest first")
	if c.Rank.Lowest {
		order = programme.T("从低到高", "lowest first")
	}
	among := programme.T("全部对象", "all")
	if c.Rank.Within == "unit" {
		among = programme.T("本单位", "the unit")
	}
	var list []programme.Text
	for i, p := range c.Rank.Points {
		list = append(list, say("第 {0} 名得 {1}", "place {0} earns {1}", i+1, worth(p)))
	}
	switch then := c.Rank.Then; {
	case then == nil:
		list = append(list, programme.T("其后不得分", "later places none"))
	case then.Minus != nil:
		list = append(list, say("其后每名递减 {0}", "every later place {0} less", worth(*then.Minus)))
	default:
		list = append(list, say("其后得 {0}", "later places {0}", worth(then.Points)))
	}
	return say("按{0}在{1}中{2}排名，并列同名次：{3}", "ranked by {0} within {1}, {2}, ties sharing a place: {3}", what, among, order, join("，", ", ", list))
}

func (c *clause) judgedRule() programme.Text {
	var list []programme.Text
	for _, l := range c.Judged.Levels {
		list = append(list, say("{0} 得 {1}", "{0} earns {1}", l.Name, worth(c.Points.Mul(l.Factor))))
	}
	t := say("由评价方评定：{0}", "an assessor decides: {0}", join("，", ", ", list))
	if len(list) == 0 {
		from, to := c.judgedRange()
		t = say("由评价方在 {0} 至 {1} 分之间评定", "an assessor decides between {0} and {1} points", from, to)
	}
	switch {
	case c.Judged.Drop == "extremes":
		t = join("；", "; ", []programme.Text{t, programme.T("多人评定的，三人以上去掉最高分和最低分后取平均", "of several assessors the mean counts, of three or more without the highest and the lowest")})
	case c.Judged.Mean:
		t = join("；", "; ", []programme.Text{t, programme.T("多人评定的取平均", "of several assessors the mean counts")})
	}
	return t
}

// ladderRule says how a bonus ladder gives points.
func (pr *Program) ladderRule(s *section) programme.Text {
	l := s.Bonus.Ladder
	var field *programme.Field
	title := programme.T(l.Form, l.Form)
	if i, ok := pr.byForm[l.Form]; ok {
		field, _ = pr.forms[i].Field(l.Level)
		title = pr.forms[i].Title
	}
	var list []programme.Text
	for _, x := range l.Points {
		name := programme.T(x.Name, x.Name)
		if field != nil {
			name = programme.OptionTitle(field, x.Name)
		}
		list = append(list, say("{0}得 {1}", "{0} earns {1}", name, worth(x.Factor)))
	}
	t := say("{0}：{1}；本节最多加 {2}", "{0}: {1}; the section adds at most {2}", title, join("，", ", ", list), worth(s.Bonus.Cap))
	if s.Bonus.SameEvent == "once" {
		t = join("；", "; ", []programme.Text{t, programme.T("同一事项只计最高一次", "of one event only the highest counts")})
	}
	return sentence(t)
}
