package assess

import (
	"math"

	"bihuan.dev/bihuan/programme"
)

// reduce makes one value of each row's part of a list.
func (m *machine) reduce(n *node) val {
	l := n.list
	s := m.span(l.level)
	m.leaveAll(s.left)
	above := m.span(n.level)
	broken := m.broken(l, s)
	var sel []uint64
	if l.sel != nil {
		sel = m.at(l.sel, l.level).t
	}
	var elem val
	if l.elem != nil && n.op != opSize {
		elem = m.at(l.elem, l.level)
	}
	var v val
	switch n.op {
	case opAll, opExists, opOne:
		v = m.quantify(n, s, above, sel, elem, broken)
	case opSize:
		v = m.newInts(n, above.words)
		clear(v.x)
		set(v.ok)
		for p := range above.n {
			a, b := s.starts[p], s.starts[p+1]
			if v.x[p] = int64(b - a); sel != nil {
				v.x[p] = int64(countIn(sel, a, b))
			}
		}
		without(v.ok, broken, s, above)
	case opLatest:
		v = m.latest(n, s, above, sel, elem)
		if v.t != nil {
			without(v.t, broken, s, above)
			without(v.f, broken, s, above)
		} else {
			without(v.ok, broken, s, above)
		}
	default:
		v = m.newInts(n, above.words)
		clear(v.x)
		clear(v.ok)
		m.aggregate(n, s, above, sel, elem, broken, v)
	}
	if l.given != nil {
		has := m.at(l.given, n.level).t
		for _, w := range [][]uint64{v.t, v.f, v.ok} {
			for i := range w {
				w[i] &= has[i]
			}
		}
	}
	return v
}

// broken marks the rows of a list that lack what it takes to make the list; nil when none can.
func (m *machine) broken(l *list, s *rowSpan) []uint64 {
	if len(l.strict) == 0 {
		return nil
	}
	out := m.temp.bits.take(s.words)
	clear(out)
	for _, x := range l.strict {
		v := m.at(x.what, l.level)
		var under []uint64
		if x.under != nil {
			under = m.at(x.under, l.level).t
		}
		for i := range out {
			var has uint64
			if v.t != nil {
				has = v.t[i] | v.f[i]
			} else {
				has = v.ok[i]
			}
			if under == nil {
				out[i] |= ^has
			} else {
				out[i] |= under[i] &^ has
			}
		}
	}
	return out
}

// without takes the value from the rows above that have a broken row.
func without(ok, broken []uint64, s, above *rowSpan) {
	if broken == nil {
		return
	}
	for p := range above.n {
		if anyIn(broken, s.starts[p], s.starts[p+1]) {
			ok[p>>6] &^= 1 << (p & 63)
		}
	}
}

func (m *machine) quantify(n *node, s, above *rowSpan, sel []uint64, elem val, broken []uint64) val {
	v := m.newTruth(n, above.words)
	clear(v.t)
	clear(v.f)
	hit, open := m.temp.bits.take(s.words), m.temp.bits.take(s.words)
	for i := range hit {
		hit[i], open[i] = elem.t[i], ^(elem.t[i] | elem.f[i])
		if n.op == opAll {
			hit[i] = elem.f[i]
		}
		if sel != nil {
			hit[i] &= sel[i]
			open[i] &= sel[i]
		}
	}
	for p := range above.n {
		a, b := s.starts[p], s.starts[p+1]
		if broken != nil && anyIn(broken, a, b) {
			continue
		}
		bit := uint64(1) << (p & 63)
		yes, no := &v.t[p>>6], &v.f[p>>6]
		switch n.op {
		case opOne:
			if !anyIn(open, a, b) {
				if countIn(hit, a, b) == 1 {
					*yes |= bit
				} else {
					*no |= bit
				}
			}
			continue
		case opAll:
			yes, no = no, yes // a hit is one that does not hold
		}
		if anyIn(hit, a, b) {
			*yes |= bit
		} else if !anyIn(open, a, b) {
			*no |= bit
		}
	}
	return v
}

func (m *machine) latest(n *node, s, above *rowSpan, sel []uint64, elem val) val {
	var v val
	switch n.typ {
	case truth:
		v = m.newTruth(n, above.words)
		clear(v.t)
		clear(v.f)
	case day, textCode:
		v = m.newSmalls(n, above.words)
		clear(v.ok)
	default:
		v = m.newInts(n, above.words)
		clear(v.ok)
	}
	for p := range above.n {
		i := s.starts[p+1] - 1
		if sel != nil {
			for i >= s.starts[p] && !isSet(sel, i) {
				i--
			}
		}
		if i < s.starts[p] {
			continue
		}
		bit := uint64(1) << (p & 63)
		switch {
		case n.typ == truth:
			if isSet(elem.t, i) {
				v.t[p>>6] |= bit
			} else if isSet(elem.f, i) {
				v.f[p>>6] |= bit
			}
			continue
		case v.s != nil:
			v.s[p] = elem.s[i]
		default:
			v.x[p] = elem.x[i]
		}
		if isSet(elem.ok, i) {
			v.ok[p>>6] |= bit
		}
	}
	return v
}

// aggregate is sum, mean, min, max and percentile. Without values only a sum has one.
func (m *machine) aggregate(n *node, s, above *rowSpan, sel []uint64, elem val, broken []uint64, v val) {
	scale := n.list.elem.scale
	var at val
	if n.op == opPercentile {
		at = m.at(n.args[0], n.level)
	}
	var picked []programme.Decimal
	for p := range above.n {
		a, b := s.starts[p], s.starts[p+1]
		if broken != nil && anyIn(broken, a, b) {
			continue
		}
		var sum, count int64
		least, most := int64(math.MaxInt64), int64(math.MinInt64)
		over, lacks := false, false
		picked = picked[:0]
		for i := a; i < b; i++ {
			if sel != nil && !isSet(sel, i) {
				continue
			}
			if !isSet(elem.ok, i) {
				lacks = true
				break
			}
			x := elem.x[i]
			t := sum + x
			over = over || (t^sum)&(t^x) < 0
			sum, least, most = t, min(least, x), max(most, x)
			count++
			if n.op == opPercentile {
				picked = append(picked, programme.NewDecimal(x, scale))
			}
		}
		if lacks || count == 0 && n.op != opSum {
			continue
		}
		fits := !over
		switch n.op {
		case opSum:
			v.x[p] = sum
		case opLeast:
			v.x[p], fits = least, true
		case opMost:
			v.x[p], fits = most, true
		case opMean:
			if fits {
				v.x[p], fits = divide(sum, count, programme.QuoDecimals-scale)
			}
		case opPercentile:
			if at.ok[p>>6]>>(p&63)&1 == 0 {
				continue
			}
			var has bool
			if v.x[p], has, fits = percentile(picked, programme.NewDecimal(at.x[p], n.args[0].scale)); !has && fits {
				continue
			}
		}
		if !fits || v.x[p] == math.MinInt64 { // which the interpreter's decimals do not bring back
			m.leave(n.level, p)
			v.x[p] = 0
		}
		v.ok[p>>6] |= 1 << (p & 63)
	}
}

// percentile gives a percentile with 12 decimals; has is false when p is no percentage, fits when it is too large.
func percentile(x []programme.Decimal, p programme.Decimal) (out int64, has, fits bool) {
	if p.Sign() < 0 || p.Cmp(programme.DecimalOf(100)) > 0 {
		return 0, false, true
	}
	d, _ := programme.Percentile(x, p)
	out, fits = d.Scaled(programme.QuoDecimals)
	return out, true, fits
}
