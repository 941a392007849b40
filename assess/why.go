package assess

import (
	"errors"

	"bihuan.dev/bihuan/programme"
)

// why says in one sentence what was found and what followed.
func (x *explainer) why(c *clause, out *outcome) programme.Text {
	before, zeroed := x.zeroed[c.index]
	if !zeroed {
		return sentence(x.found(c, out))
	}
	return sentence(say("{0}；但因否决事项“{1}”，本项计 0 分", "{0}; but because of “{1}” it counts 0", x.found(c, &before), x.zeroing(c)))
}

// zeroing names the veto that zeroes a clause.
func (x *explainer) zeroing(c *clause) programme.Text {
	for _, st := range x.states {
		if v := x.pr.vetoes[st.veto]; v.Effect == programme.ZeroItem && v.target == c.index && st.state == InForce {
			return vetoTitle(v)
		}
	}
	return programme.Text{}
}

func (x *explainer) found(c *clause, out *outcome) programme.Text {
	switch out.status {
	case NotApplicable:
		return join("；", "; ", []programme.Text{
			say("不适用：未满足“{0}”", "it does not apply: it is not so that {0}", inner(c.Applies.Words(x.fr))), x.naText(c, out)})
	case Missing:
		return x.lackText(c, out)
	case Pending:
		if c.shape == judgedShape && out.err == nil && out.unproved == 0 {
			return programme.T("待评价方评定，暂计 0 分", "it waits for an assessor and counts 0 until then")
		}
		return x.lackText(c, out)
	}
	return x.verdict(c, out)
}

func (x *explainer) naText(c *clause, out *outcome) programme.Text {
	switch c.na.Word {
	case "full":
		return say("按规定得满分 {0}", "by rule it counts the full {0}", worth(c.Points))
	case "zero":
		return programme.T("按规定不得分", "by rule it earns nothing")
	case "points":
		return say("按规定得 {0}", "by rule it earns {0}", worth(c.na.Points))
	case "peer_mean":
		return x.meanText(c, out)
	}
	return programme.T("按合理缺项处理，不计入满分", "it is left out, and the rest makes up for it")
}

func (x *explainer) meanText(c *clause, out *outcome) programme.Text {
	n := x.r.clauses[c.index].peers
	if n == 0 {
		return programme.T("没有可比的对象，计 0 分", "there is nobody to compare with, so it counts 0")
	}
	return say("按其他 {0} 个对象的平均分得 {1}", "it earns the mean of {0} others, {1}", n, worth(out.points.Decimal()))
}

func (x *explainer) lackText(c *clause, out *outcome) programme.Text {
	then := programme.T("计 0 分", "it counts 0")
	switch c.missing.Word {
	case "full":
		then = say("按规定得满分 {0}", "by rule it counts the full {0}", worth(c.Points))
	case "pending":
		then = programme.T("待补齐后计分，暂计 0 分", "it stays pending and counts 0 until then")
	case "peer_mean":
		then = x.meanText(c, out)
	}
	var list []programme.Text
	named := false
	for i, l := range x.lacks(c, out) {
		named = named || !l.Title.Empty()
		if i == 3 {
			list = append(list, programme.T("等", "and more"))
			break
		}
		list = append(list, l.text())
	}
	if out.err != nil && out.unproved == 0 && !named {
		return say("{0}；{1}", "{0}; {1}", join("，", ", ", list), then)
	}
	return say("缺佐证：{0}；{1}", "no evidence: {0}; {1}", join("，", ", ", list), then)
}

// text says what is lacking: 名册未填报.
func (l Lack) text() programme.Text {
	if l.Title.Empty() {
		return l.Reason
	}
	return say("{0}{1}", "{0} {1}", l.Title, l.Reason)
}

// gets says what was earned: 得满分 10 分, 得 7 分, 不得分.
func (c *clause) gets(p Points) programme.Text {
	switch {
	case c.full > 0 && p == c.full:
		return say("得满分 {0}", "full {0}", worth(p.Decimal()))
	case p == 0:
		return programme.T("不得分", "no points")
	}
	return say("得 {0}", "{0}", worth(p.Decimal()))
}

// measureText says the measure with the facts it comes from: 会员人数 462 人 ÷ 职工人数 480 人 = 0.9625.
func (x *explainer) measureText(e *programme.Expr, out *outcome) programme.Text {
	if e == nil {
		return programme.Text{}
	}
	if _, constant := e.Constant(); constant {
		return say("{0}", "{0}", out.measure)
	}
	if _, fact := e.Fact(); fact { // Words tells its value already
		if raw, err := e.Number(x.fr); err == nil && raw.Cmp(out.measure) != 0 {
			return say("{0}（计 {1}）", "{0} (taken as {1})", e.Words(x.fr), out.measure)
		}
		return e.Words(x.fr)
	}
	return say("{0} = {1}", "{0} = {1}", e.Words(x.fr), out.measure)
}

func (x *explainer) verdict(c *clause, out *outcome) programme.Text {
	gets := c.gets(out.points)
	switch c.shape {
	case passShape:
		if c.full == 0 {
			gets = programme.T("予以通过", "passed")
			if out.status != Met {
				gets = programme.T("未通过", "not passed")
			}
		}
		if ok, _ := c.Pass.Bool(x.fr); ok {
			return say("满足“{0}”，{1}", "it is so that {0}: {1}", inner(c.Pass.Words(x.fr)), gets)
		}
		return say("未满足“{0}”，{1}", "it is not so that {0}: {1}", inner(c.Pass.Words(x.fr)), gets)
	case tickShape:
		return x.tickText(c, gets)
	case deductShape:
		return x.deductText(c, out, gets)
	case bandShape:
		m := x.measureText(c.Measure, out)
		if out.n == 0 {
			return say("{0}，不在任何档次内，不得分", "{0}, which is in no band: no points", m)
		}
		return say("{0}，属“{1}”一档，{2}", "{0}, in the band {1}: {2}", m, trimmed(bandText(c.Bands[out.n-1])), gets)
	case linearShape:
		return x.linearText(c, out, gets)
	case proportionalShape:
		return x.proportionalText(c, out, gets)
	case eachShape:
		t := say("{0}为 {1}，每一项 {2}", "{0}: {1} at {2} each", c.Each.Count.Words(nil), out.n, worth(c.Each.Points))
		if out.capped {
			return say("{0}，封顶得 {1}", "{0}, capped at {1}", t, worth(out.points.Decimal()))
		}
		return say("{0}，{1}", "{0}: {1}", t, gets)
	case rankShape:
		e := c.Rank.By
		if e == nil {
			e = c.Measure
		}
		col := &x.r.clauses[c.index]
		return say("{0}，在 {1} 个对象中排第 {2} 名，{3}", "{0}, place {2} of {1}: {3}", x.measureText(e, out), col.among[x.row], col.place[x.row], gets)
	case judgedShape:
		return x.judgedText(c, out, gets)
	case formulaShape:
		d, _ := c.Formula.Number(x.fr)
		t := say("{0} = {1}", "{0} = {1}", c.Formula.Words(x.fr), d)
		if _, fact := c.Formula.Fact(); fact {
			t = c.Formula.Words(x.fr)
		}
		if out.held {
			return say("{0}，按 0 至 {2} 分的范围{1}", "{0}, held to 0 to {2} points: {1}", t, gets, c.Points)
		}
		return say("{0}，{1}", "{0}: {1}", t, gets)
	}
	return gets
}

func trimmed(t programme.Text) programme.Text {
	if n := len(t.Zh); n > 0 && t.Zh[n-1] == ' ' {
		t.Zh = t.Zh[:n-1]
	}
	return t
}

func (x *explainer) tickText(c *clause, gets programme.Text) programme.Text {
	var yes, no, lack []programme.Text
	for _, t := range c.Ticks {
		ok, err := t.Pass.Bool(x.fr)
		switch {
		case err != nil:
			lack = append(lack, tickTitle(t))
		case ok:
			yes = append(yes, say("{0}（{1}）", "{0} ({1})", tickTitle(t), worth(t.Points)))
		default:
			no = append(no, tickTitle(t))
		}
	}
	var list []programme.Text
	if len(yes) > 0 {
		list = append(list, say("做到：{0}", "done: {0}", join("、", ", ", yes)))
	}
	if len(no) > 0 {
		list = append(list, say("未做到：{0}", "not done: {0}", join("、", ", ", no)))
	}
	if len(lack) > 0 {
		list = append(list, say("缺佐证：{0}", "no evidence: {0}", join("、", ", ", lack)))
	}
	return say("{0}；{1}", "{0}: {1}", join("；", "; ", list), gets)
}

func (x *explainer) deductText(c *clause, out *outcome, gets programme.Text) programme.Text {
	var list []programme.Text
	for _, d := range c.Deduct {
		n, err := count(d.Count, x.fr)
		if err != nil || n == 0 {
			continue
		}
		off, all := deduct(d, n)
		if all {
			list = append(list, say("{0} {1} 例，扣完", "{0}: {1}, all points off", deductionTitle(d), n))
		} else {
			list = append(list, say("{0} {1} 例，扣 {2}", "{0}: {1}, {2} off", deductionTitle(d), n, worth(off)))
		}
	}
	if len(list) == 0 {
		return say("没有扣分情形，{0}", "nothing to deduct: {0}", gets)
	}
	if out.capped {
		return say("{0}；扣完为止，{1}", "{0}; not below 0: {1}", join("；", "; ", list), gets)
	}
	return say("{0}；{1}", "{0}: {1}", join("；", "; ", list), gets)
}

func (x *explainer) linearText(c *clause, out *outcome, gets programme.Text) programme.Text {
	l := c.Linear
	m := x.measureText(c.Measure, out)
	if out.capped {
		zero, _ := l.ZeroBelow.Number(x.fr)
		return say("{0}，低于 {1}，不得分", "{0}, which is below {1}: no points", m, zero)
	}
	fullAt, _ := l.FullAt.Number(x.fr)
	short := fullAt.Sub(out.measure)
	switch {
	case short.Sign() <= 0:
		return say("{0}，达到 {1}，{2}", "{0}, which reaches {1}: {2}", m, fullAt, gets)
	case out.n < 0:
		return say("{0}，比 {1} 低 {2}，每 {3} 扣 {4}，{5}", "{0}, which is {2} short of {1}, {4} off for every {3}: {5}", m, fullAt, short, l.Each, worth(l.Minus), gets)
	}
	off := l.Minus.Mul(programme.DecimalOf(out.n))
	return say("{0}，比 {1} 低 {2}，计 {3} 档，扣 {4}，{5}", "{0}, which is {2} short of {1}, {3} steps, {4} off: {5}", m, fullAt, short, out.n, worth(off), gets)
}

func (x *explainer) proportionalText(c *clause, out *outcome, gets programme.Text) programme.Text {
	p := c.Proportional
	target, _ := p.Target.Number(x.fr)
	rate := out.measure.Mul(programme.DecimalOf(100)).QuoRound(target, 4)
	against := p.Target.Words(x.fr)
	if f, ok := c.Measure.Fact(); ok && f != nil {
		if _, constant := p.Target.Constant(); constant { // an amount of money is shown as one
			against = programme.T(f.Show(target, programme.Zh), f.Show(target, programme.En))
		}
	}
	t := say("{0}，目标 {1}，完成率 {2}%", "{0} against {1}, {2}% done", x.measureText(c.Measure, out), against, rate)
	switch {
	case out.capped:
		return say("{0}，按 {1}% 封顶，{2}", "{0}, counted up to {1}%: {2}", t, capOf(p).Mul(programme.DecimalOf(100)), gets)
	case out.factor:
		return say("{0}，未达目标再乘 {1}，{2}", "{0}, short of the target and so times {1}: {2}", t, p.Below.Factor, gets)
	}
	return say("{0}，{1}", "{0}: {1}", t, gets)
}

func (x *explainer) judgedText(c *clause, out *outcome, gets programme.Text) programme.Text {
	given := x.pr.decisions(c, &x.ch)
	used := c.undropped(given)
	e := x.ch.judged[c.index][0]
	by := x.pr.partyTitle(e.By)
	if len(given) == 1 {
		for _, one := range x.ch.judged[c.index] {
			if _, ok := c.decision(one); ok {
				e = one
			}
		}
		reason, _ := e.Values["reason"].(string)
		t := say("{0}评定", "decided by {0}", by)
		if level, ok := e.Values["level"].(string); ok {
			t = say("{0}评定为 {1}", "{0} decided {1}", by, level)
		}
		if reason != "" {
			t = say("{0}（{1}）", "{0} ({1})", t, reason)
		}
		return say("{0}，{1}", "{0}: {1}", t, gets)
	}
	var list []programme.Text
	for _, d := range given {
		list = append(list, programme.T(d.String(), d.String()))
	}
	t := say("{0} {1} 人评定：{2}", "{1} assessors of {0} gave {2}", by, len(given), join("、", ", ", list))
	if len(used) < len(given) {
		t = join("，", ", ", []programme.Text{t, programme.T("去掉最高和最低", "without the highest and the lowest")})
	}
	return say("{0}，取平均{1}", "{0}, mean: {1}", t, gets)
}

// partyTitle names a party or role.
func (pr *Program) partyTitle(name string) programme.Text {
	for _, p := range pr.p.Parties {
		if p.Name == name && !p.Title.Empty() {
			return p.Title
		}
	}
	for _, p := range pr.p.Roles {
		if p.Name == name && !p.Title.Empty() {
			return p.Title
		}
	}
	return programme.T(name, name)
}

// reasonOf says what an error of an expression means for people; nothing when it is a plain missing fact.
func reasonOf(err error) programme.Text {
	var m *programme.MissingError
	var c *programme.ComputeError
	switch {
	case errors.As(err, &c):
		return say("无法计算：{0}", "cannot be computed: {0}", c.Reason)
	case errors.As(err, &m) && m.Form == "" && !m.Reason.Empty():
		return say("无法得出：{0}", "cannot be told: {0}", m.Reason)
	case errors.Is(err, errWaiting):
		return programme.T("待评定", "waits for an assessor")
	}
	return programme.Text{}
}
