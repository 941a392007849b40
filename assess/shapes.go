package assess

import (
	"slices"

	"bihuan.dev/bihuan/programme"
)

// shapes computes the points of a clause from the facts in the frame's row. A status of Missing or Pending says that it could not.
func (pr *Program) shapes(c *clause, fr *frame, out outcome) outcome {
	switch c.shape {
	case passShape:
		ok, err := c.Pass.Bool(fr)
		if err != nil {
			out.err = err
			return out
		}
		if out.status = Unmet; ok {
			out.status, out.points = Met, c.full
		}
		return out
	case tickShape:
		return pr.ticks(c, fr, out)
	case deductShape:
		return pr.deductions(c, fr, out)
	case bandShape:
		for i, b := range c.Bands {
			if inBand(b, out.measure) {
				out.points, out.n = pr.points(b.Points), int64(i)+1
				break
			}
		}
	case linearShape:
		return pr.linear(c, fr, out)
	case proportionalShape:
		return pr.proportional(c, fr, out)
	case eachShape:
		n, err := count(c.Each.Count, fr)
		if err != nil {
			out.err = err
			return out
		}
		out.n = n
		out.points = pr.points(c.Each.Points.Mul(programme.DecimalOf(n)))
		if most := c.most(pr); most > 0 && out.points > most {
			out.points, out.capped = most, true
		}
	case rankShape: // the place comes later; By is what is ranked
		if c.Rank.By != nil {
			d, err := c.Rank.By.Number(fr)
			if err != nil {
				out.err = err
				return out
			}
			out.measure, out.measured = d.Round(c.digits), true
		}
		out.status = Unmet
		return out
	case judgedShape:
		j := &fr.judged[c.index]
		if out.n = int64(j.given[fr.row]); out.n == 0 {
			out.status = Pending
			return out
		}
		out.points = j.points[fr.row]
	case formulaShape:
		d, err := c.Formula.Number(fr)
		if err != nil {
			out.err = err
			return out
		}
		out.points = pr.points(d)
		switch {
		case d.Sign() < 0:
			out.points, out.held = 0, true
		case c.full > 0 && out.points > c.full:
			out.points, out.held = c.full, true
		}
	}
	return c.settle(out)
}

// most gives the most that an each clause can earn: its own cap, or the clause's points; 0: no limit.
func (c *clause) most(pr *Program) Points {
	most := c.full
	if c.Each.Most != nil {
		if m := pr.points(*c.Each.Most); most == 0 || m < most {
			most = m
		}
	}
	return most
}

// count evaluates a number of cases; below 0 is 0.
func count(e *programme.Expr, fr *frame) (int64, error) {
	d, err := e.Number(fr)
	if err != nil {
		return 0, err
	}
	n, ok := d.Int64()
	if !ok {
		return 0, &programme.ComputeError{Reason: programme.T("{0} 不是个数", "{0} is no count").Fill(d)}
	}
	return max(n, 0), nil
}

// ticks adds up the conditions that hold. A tick that lacks facts earns nothing; when all do, the clause is missing.
func (pr *Program) ticks(c *clause, fr *frame, out outcome) outcome {
	var sum programme.Decimal
	lacking := 0
	for _, t := range c.Ticks {
		ok, err := t.Pass.Bool(fr)
		switch {
		case err != nil:
			lacking++
			out.err = err
		case ok:
			out.n++
			sum = sum.Add(t.Points)
		}
	}
	if lacking == len(c.Ticks) {
		return out
	}
	out.err = nil
	out.points = pr.points(sum)
	return c.settle(out)
}

func (pr *Program) deductions(c *clause, fr *frame, out outcome) outcome {
	left := c.Points
	for _, d := range c.Deduct {
		n, err := count(d.Count, fr)
		if err != nil {
			out.err = err
			return out
		}
		out.n += n
		off, all := deduct(d, n)
		if all {
			off = c.Points
		}
		left = left.Sub(off)
	}
	if left.Sign() < 0 {
		left, out.capped = programme.Decimal{}, true
	}
	out.points = pr.points(left)
	return c.settle(out)
}

// deduct gives what n cases cost, or that they cost all.
func deduct(d *programme.Deduction, n int64) (off programme.Decimal, all bool) {
	if n == 0 {
		return off, false
	}
	further := programme.DecimalOf(n - 1)
	switch {
	case d.First != nil:
		off = *d.First
		if n > 1 && d.Then != nil {
			if d.Then.All {
				return off, true
			}
			off = off.Add(d.Then.Points.Mul(further))
		} else if n > 1 && d.Each != nil {
			off = off.Add(d.Each.Mul(further))
		}
	case d.Each != nil:
		off = d.Each.Mul(programme.DecimalOf(n))
		if d.Repeat == "double" {
			off = off.Add(d.Each.Mul(further))
		}
		if n > 1 && d.Then != nil && d.Then.All {
			return off, true
		}
	case d.Then != nil && d.Then.All:
		return off, n > 1
	}
	if d.Most != nil && off.Cmp(*d.Most) > 0 {
		off = *d.Most
	}
	return off, false
}

func inBand(b *programme.Band, m programme.Decimal) bool {
	return (b.AtLeast == nil || m.Cmp(*b.AtLeast) >= 0) && (b.AtMost == nil || m.Cmp(*b.AtMost) <= 0) &&
		(b.Below == nil || m.Cmp(*b.Below) < 0)
}

// linear takes minus off for every each that the measure falls short of full_at, in whole steps unless step is exact.
func (pr *Program) linear(c *clause, fr *frame, out outcome) outcome {
	l := c.Linear
	fullAt, err := l.FullAt.Number(fr)
	if err != nil {
		out.err = err
		return out
	}
	if l.ZeroBelow != nil {
		zero, err := l.ZeroBelow.Number(fr)
		if err != nil {
			out.err = err
			return out
		}
		if out.measure.Cmp(zero) < 0 {
			out.capped = true
			return c.settle(out)
		}
	}
	short := fullAt.Sub(out.measure)
	switch {
	case short.Sign() <= 0:
		out.points = c.full
	case l.Step == "exact":
		left := c.Points.Mul(l.Each).Sub(short.Mul(l.Minus)).QuoRound(l.Each, pr.digits)
		out.points, out.n = pr.points(left), -1
	default:
		steps := short.QuoFloor(l.Each)
		if l.Step == "ceil" && steps.Mul(l.Each).Cmp(short) < 0 {
			steps = steps.Add(programme.DecimalOf(1))
		}
		out.n, _ = steps.Int64()
		out.points = pr.points(c.Points.Sub(steps.Mul(l.Minus)))
	}
	out.points = max(out.points, 0)
	return c.settle(out)
}

// proportional gives points × completion, rounded once.
func (pr *Program) proportional(c *clause, fr *frame, out outcome) outcome {
	x := c.Proportional
	target, err := x.Target.Number(fr)
	if err == nil && target.Sign() <= 0 {
		err = &programme.ComputeError{Reason: programme.T("目标值 {0} 不大于 0，无法计算完成率", "a completion cannot be computed against a target of {0}").Fill(target)}
	}
	if err != nil {
		out.err = err
		return out
	}
	num := c.Points.Mul(out.measure)
	if limit := target.Mul(capOf(x)); !uncapped(x) && out.measure.Cmp(limit) > 0 {
		num, out.capped = c.Points.Mul(limit), true
	}
	if x.Below != nil && out.measure.Cmp(target) < 0 {
		num, out.factor = num.Mul(x.Below.Factor), true
	}
	out.points = max(pr.points(num.QuoRound(target, pr.digits)), 0)
	return c.settle(out)
}

// judge gives the points that the assessors decided on, or their mean, and how many they are.
func (pr *Program) judge(c *clause, ch *chosen) (Points, int32) {
	given := pr.decisions(c, ch)
	if len(given) == 0 {
		return 0, 0
	}
	sum := programme.Decimal{}
	used := c.undropped(given)
	for _, d := range used {
		sum = sum.Add(d)
	}
	return pr.points(sum.QuoRound(programme.DecimalOf(int64(len(used))), pr.digits)), int32(len(given))
}

// decisions gives the points that each assessor gave. Points outside of from and to are held to them; a level that the clause does
// not have counts as no decision.
func (pr *Program) decisions(c *clause, ch *chosen) []programme.Decimal {
	var out []programme.Decimal
	for _, e := range ch.judged[c.index] {
		if d, ok := c.decision(e.open(pr)); ok {
			out = append(out, d)
		}
	}
	return out
}

func (c *clause) decision(e *filed) (programme.Decimal, bool) {
	if name, ok := e.Values["level"].(string); ok {
		for _, l := range c.Judged.Levels {
			if l.Name == name {
				return c.Points.Mul(l.Factor), true
			}
		}
	}
	d, ok := e.Values["points"].(programme.Decimal)
	if !ok {
		return d, false
	}
	from, to := c.judgedRange()
	if d.Cmp(from) < 0 {
		d = from
	}
	if d.Cmp(to) > 0 {
		d = to
	}
	return d, true
}

// judgedRange gives the points between which an assessor decides: from 0 to the clause's points unless it says otherwise.
func (c *clause) judgedRange() (from, to programme.Decimal) {
	to = c.Points
	if c.Judged.From != nil {
		from = *c.Judged.From
	}
	if c.Judged.To != nil {
		to = *c.Judged.To
	}
	return from, to
}

// undropped leaves out the highest and the lowest of three or more, when the clause says so.
func (c *clause) undropped(given []programme.Decimal) []programme.Decimal {
	if c.Judged.Drop != "extremes" || len(given) < 3 {
		return given
	}
	given = slices.Clone(given)
	slices.SortFunc(given, programme.Decimal.Cmp)
	return given[1 : len(given)-1]
}

func uncapped(x *programme.Proportional) bool { return x.Cap != nil && x.Cap.None }

// capOf gives the completion above which nothing more is earned; 1 unless it is written.
func capOf(x *programme.Proportional) programme.Decimal {
	if x.Cap != nil {
		return x.Cap.At
	}
	return programme.DecimalOf(1)
}
