package assess

import (
	"math/bits"

	"bihuan.dev/bihuan/programme"
)

var stateNames = [...]string{"", InForce, WasVetoed, Undecided}

// vetoes finds how things stand with every veto.
func (m *machine) vetoes(all []cells, last int) {
	s := &m.sums
	for k, v := range m.pr.vetoes {
		m.left = nil
		holds, open := m.temp.bits.take(m.words), m.temp.bits.take(m.words)
		lv := m.pr.ir.vetoes[k]
		switch {
		case v.When == nil:
			x := &all[v.clause]
			for i := range holds {
				holds[i], open[i] = x.unmet[i], x.missing[i]|x.pending[i]
			}
		case lv.when != nil:
			a := m.at(lv.when, nil)
			live := m.live()
			for i := range holds {
				holds[i], open[i] = a.t[i]&live[i], live[i]&^(a.t[i]|a.f[i])
			}
		default:
			clear(holds)
			clear(open)
			m.leaveAll(m.live())
		}
		for w := range m.left {
			for r := m.left[w]; r != 0; r &= r - 1 {
				b := r & -r
				holds[w] &^= b
				open[w] &^= b
				switch yes, err := v.When.Bool(m.frame(w<<6 | bits.TrailingZeros64(r))); {
				case err != nil:
					open[w] |= b
				case yes:
					holds[w] |= b
				}
			}
		}
		if !v.For.Zero() {
			m.replay(v, holds, last)
		}
		over := m.over(v, lv, holds)
		for w := range holds {
			for r := holds[w] | open[w]; r != 0; r &= r - 1 {
				b := r & -r
				state := undecided
				if holds[w]&b != 0 {
					if state = inForce; over != nil && over[w]&b != 0 {
						state = repaired
					}
				}
				s.states[k][w<<6|bits.TrailingZeros64(r)] = state
			}
			s.struck[w] |= holds[w] | open[w]
		}
	}
}

// replay adds those whom the veto struck on an earlier day that still counts.
func (m *machine) replay(v *veto, holds []uint64, last int) {
	for row, s := range m.f.rows {
		if isSet(holds, int32(row)) {
			continue
		}
		for _, d := range m.pr.days(s, v, m.f.asOf) {
			if m.f.asOf >= m.pr.calendar.Add(d, v.For) {
				break // this day and all before it are over
			}
			if m.pr.heldOn(s, last, v, d) {
				holds[row>>6] |= 1 << (row & 63)
				break
			}
		}
	}
}

// over tells for whom the veto is repaired.
func (m *machine) over(v *veto, lv compiledVeto, holds []uint64) []uint64 {
	if v.Until == nil || lastSet(holds) < 0 {
		return nil
	}
	m.left = nil
	out := m.temp.bits.take(m.words)
	if lv.until != nil {
		copy(out, m.at(lv.until, nil).t)
	} else {
		clear(out)
		m.leaveAll(holds)
	}
	for w := range m.left {
		for r := m.left[w] & holds[w]; r != 0; r &= r - 1 {
			out[w] &^= r & -r
			if yes, err := v.Until.Bool(m.frame(w<<6 | bits.TrailingZeros64(r))); err == nil && yes {
				out[w] |= r & -r
			}
		}
	}
	return out
}

func eachBit(w uint64, f func(j int)) {
	for ; w != 0; w &= w - 1 {
		f(bits.TrailingZeros64(w))
	}
}

// lastSet gives the highest bit that is set, or -1.
func lastSet(w []uint64) int {
	for i := len(w) - 1; i >= 0; i-- {
		if w[i] != 0 {
			return i<<6 + 63 - bits.LeadingZeros64(w[i])
		}
	}
	return -1
}

// each calls f for every row in which a veto of this effect has this state.
func (m *machine) each(effect string, state uint8, f func(row int, v *veto)) {
	s := &m.sums
	for k, v := range m.pr.vetoes {
		if effect != "" && v.Effect != effect {
			continue
		}
		for w := range s.struck {
			for r := s.struck[w]; r != 0; r &= r - 1 {
				if row := w<<6 | bits.TrailingZeros64(r); s.states[k][row] == state {
					f(row, v)
				}
			}
		}
	}
}

// zero takes the points of the clauses that a veto in force zeroes.
func (m *machine) zero(all []cells) {
	m.each(programme.ZeroItem, inForce, func(row int, v *veto) {
		x := &all[v.target]
		w, b := row>>6, uint64(1)<<(row&63)
		if x.na[w]&b != 0 {
			return
		}
		x.points[row] = 0
		x.unmet[w] |= b & (x.met[w] | x.partly[w])
		x.met[w] &^= b
		x.partly[w] &^= b
	})
}

// effects takes off what remains of repaired vetoes, then lets those in force set the score, fail, bar or exclude.
func (m *machine) effects() {
	pr, s := m.pr, &m.sums
	if lastSet(s.struck) >= 0 {
		m.each("", repaired, func(row int, v *veto) {
			if v.Repaired != nil {
				if d := int64(pr.points(v.Repaired.Deduct) / pr.unit); d > 0 {
					s.total[row] = max(s.total[row]-d, 0)
				}
			}
		})
		fixed := map[int]bool{}
		m.each("", inForce, func(row int, v *veto) {
			w, b := row>>6, uint64(1)<<(row&63)
			switch v.Effect {
			case programme.SetScore:
				if score := int64(v.score / pr.unit); !fixed[row] || score < s.total[row] { // of several the lowest
					s.total[row], fixed[row] = score, true
				}
			case programme.Fail:
				s.failed[w] |= b
			case programme.GateKind:
				s.scored[w] &^= b
			case programme.Exclude:
				s.scored[w] &^= b
				s.excluded[w] |= b
			case programme.NoAward:
				s.noAward[w] |= b
			}
		})
	}
	for w, live := range s.scored {
		for r := ^live; r != 0; r &= r - 1 {
			s.total[w<<6|bits.TrailingZeros64(r)] = 0
		}
	}
}
