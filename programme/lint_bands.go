package programme

// lintBands finds gaps and overlaps between the bands of a clause.
func (l *loader) lintBands() {
	for _, c := range l.p.Clauses() {
		if l.d.broken[&c.Bands] || len(c.Bands) == 0 {
			continue
		}
		rising, falling, sound := false, false, true
		for _, b := range c.Bands {
			rising = rising || b.AtLeast != nil || b.Below != nil
			falling = falling || b.AtMost != nil
			if b.AtMost != nil && (b.AtLeast != nil || b.Below != nil) {
				l.wrong(l.d.keyAt[&b.AtMost], T("档次是半开区间，不能同时写上下两个闭边界", "bands are half-open; at_most cannot stand beside at_least or below"), T("上边界用 below", "use below for the upper bound"))
				sound = false
			}
		}
		switch {
		case !sound:
		case rising && falling:
			l.wrong(c.Pos, T("条款 {0} 的档次有的越大越好、有的越小越好", "some bands of clause {0} go up and some go down").Fill(c.Clause), T("只用 at_least，或只用 at_most", "use at_least only, or at_most only"))
		case falling:
			l.lintFalling(c.Bands)
		default:
			l.lintRising(c.Bands)
		}
	}
}

// lintRising takes bands from the highest to the lowest.
func (l *loader) lintRising(bands []*Band) {
	var above *Decimal // where the band above begins; nil for the first
	for i, b := range bands {
		if b.AtLeast == nil {
			if i < len(bands)-1 {
				l.wrong(b.Pos, T("没有 at_least 的档次只能有一个，包下其余的", "only one band may have no at_least: it takes the rest"), T("写上 at_least", "write at_least"))
				return
			}
		}
		l.lintBelow(b.Pos, b.AtLeast, b.Below, above, i == 0)
		above = b.AtLeast
	}
}

// lintBelow compares a band with the one above it.
func (l *loader) lintBelow(at Pos, low, below, above *Decimal, top bool) {
	switch {
	case low != nil && below != nil && low.Cmp(*below) >= 0:
		l.wrong(l.at(below), T("below 应大于 at_least", "below must be above at_least"), Text{})
	case top && below != nil:
		l.wrong(l.at(below), T("{0} 及以上没有档次，是空档", "from {0} on there is no band: a gap").Fill(*below), T("最高一档不写 below", "leave below out of the highest band"))
	case !top && above != nil && low != nil && low.Cmp(*above) == 0:
		l.wrong(at, T("两档都从 {0} 起，重叠了", "two bands begin at {0}: an overlap").Fill(*low), T("改其中一个的 at_least", "change one at_least"))
	case !top && above != nil && below != nil && below.Cmp(*above) < 0:
		l.wrong(l.at(below), T("{0} 到 {1} 之间没有档次，是空档", "between {0} and {1} there is no band: a gap").Fill(*below, *above), T("below 写成 {0}，或去掉", "write below: {0}, or leave it out").Fill(*above))
	case !top && above != nil && below != nil && below.Cmp(*above) > 0:
		l.wrong(l.at(below), T("{0} 到 {1} 有两个档次，重叠了", "from {0} to {1} there are two bands: an overlap").Fill(*above, *below), T("below 写成 {0}，或去掉", "write below: {0}, or leave it out").Fill(*above))
	}
}

// lintFalling takes bands from the lowest at_most to the highest.
func (l *loader) lintFalling(bands []*Band) {
	for i, b := range bands {
		switch {
		case b.AtMost == nil && i < len(bands)-1:
			l.wrong(b.Pos, T("没有 at_most 的档次只能有一个，包下其余的", "only one band may have no at_most: it takes the rest"), T("写上 at_most", "write at_most"))
		case i > 0 && b.AtMost != nil && bands[i-1].AtMost != nil && b.AtMost.Cmp(*bands[i-1].AtMost) == 0:
			l.wrong(b.Pos, T("两档都到 {0} 止，重叠了", "two bands end at {0}: an overlap").Fill(*b.AtMost), T("改其中一个的 at_most", "change one at_most"))
		}
	}
}

// lintGrades finds gaps, overlaps and grades that nobody can reach.
func (l *loader) lintGrades(g *Grades) {
	if l.d.broken[g] && l.d.broken[&g.Bands] {
		return
	}
	top, bounded := l.attainable()
	var above *Decimal
	for i, b := range g.Bands {
		if l.d.broken[&b.AtLeast] {
			return
		}
		l.lintBelow(b.Pos, &b.AtLeast, b.Below, above, i == 0)
		if bounded && b.AtLeast.Cmp(top) > 0 {
			l.wrong(l.at(&b.AtLeast), T("等级 {0} 要 {1} 分，最多却只能得 {2} 分", "grade {0} needs {1} points; {2} is the most that can be had").Fill(b.Grade, b.AtLeast, top), T("降低分数线", "lower the bound"))
		}
		above = &b.AtLeast
	}
	for i := range g.Quota {
		if q := &g.Quota[i]; q.Share.IsZero() && !l.d.broken[q] {
			l.wrong(l.at(&q.Name), T("等级 {0} 的名额是 0，没有人能得到", "the quota of grade {0} is 0: nobody can reach it").Fill(q.Name), T("改比例，或去掉这个等级", "change the share, or leave the grade out"))
		}
	}
	if len(g.Bands) == 0 && len(g.Ladder) == 0 && l.written(&l.p.Standard.Grades) && !l.d.broken[&g.Bands] && !l.d.broken[&g.Ladder] {
		l.wrong(l.d.keyAt[&l.p.Standard.Grades], T("没有等级", "there are no grades"), T("写 bands 或 ladder", "write bands or a ladder"))
	}
}

// attainable is the most points that a subject can have; false when there is no such bound or it is not known.
func (l *loader) attainable() (Decimal, bool) {
	top := l.p.Standard.Total
	for _, s := range l.p.Sections() {
		if !l.soundPoints(s) {
			return top, false
		}
		if s.Bonus != nil {
			top = top.Add(s.Bonus.Cap)
		}
		for _, c := range s.Clauses {
			if p := c.Proportional; p != nil && p.Cap != nil && s.Bonus == nil {
				if p.Cap.None {
					return top, false
				}
				if one := DecimalOf(1); p.Cap.At.Cmp(one) > 0 {
					top = top.Add(c.Points.Mul(p.Cap.At.Sub(one)))
				}
			}
		}
	}
	return top, true
}
