package assess

import (
	"math"
	"math/bits"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// sums are the totals of a batch, in units of points, and what became of each subject.
type sums struct {
	section, part, total []int64
	scored, excluded     []uint64
	noAward, failed      []uint64
	wanted, final        []uint8 // places of grades
	states               [][]uint8
	struck               []uint64 // rows in which a veto says something
	drop                 []uint64
	limits               []limits
}

// limits are what vetoes do to a grade: it is capAt at best, and setTo unless that is -1.
type limits struct{ capAt, setTo int16 }

// The states of a veto in columns.
const (
	silent uint8 = iota
	inForce
	repaired
	undecided
)

func (s *sums) begin(pr *Program, words int) {
	n := words * 64
	s.section, s.part, s.total = sized(s.section, n), sized(s.part, n), sized(s.total, n)
	for _, b := range []*[]uint64{&s.scored, &s.excluded, &s.noAward, &s.failed, &s.struck, &s.drop} {
		*b = sized(*b, words)
		clear(*b)
	}
	clear(s.total)
	s.wanted, s.final = sized(s.wanted, n), sized(s.final, n)
	s.limits = sized(s.limits, n)
	if len(s.states) == 0 {
		s.states = make([][]uint8, len(pr.vetoes))
	}
	for i := range s.states {
		s.states[i] = sized(s.states[i], n)
		clear(s.states[i])
	}
}

// sized gives room for n, that of b if there is enough; never nil, which stands for a column that there is not.
func sized[T any](b []T, n int) []T {
	if b == nil || cap(b) < n {
		return make([]T, n)
	}
	return b[:n]
}

// finish goes from the points of clauses to totals and grades: vetoes, sums, what vetoes take off, grades before quotas.
func (m *machine) finish(all []cells, last int) {
	s := &m.sums
	s.begin(m.pr, m.words)
	m.temp.reset()
	live := m.live()
	copy(s.scored, live)
	m.vetoes(all, last)
	m.conclude(all)
}

// conclude goes from the state of every veto to totals and grades: what it takes to nothing, sums, gates, effects, grades.
func (m *machine) conclude(all []cells) {
	s := &m.sums
	m.zero(all)
	m.total(all)
	for _, c := range m.pr.clauses {
		if c.Gate {
			x := &all[c.index]
			for i := range s.scored {
				s.scored[i] &= x.met[i] | x.na[i]
			}
		}
	}
	m.effects()
	m.grades(all)
}

// total sums up. What does not apply and is to be left out (合理缺项) is made up for by the rest of its section, and so on.
func (m *machine) total(all []cells) {
	pr, s := m.pr, &m.sums
	unit := pr.unit
	left := m.temp.bits.take(m.words) // rows in which something in a section does not apply
	gone := m.temp.bits.take(m.words) // rows in which a section of the part is gone
	lost := m.temp.bits.take(m.words) // rows in which a part is gone
	bonus := m.temp.ints.take(m.words * 64)
	partHad := m.temp.ints.take(m.words * 64)
	had := m.temp.ints.take(m.words * 64)
	clear(bonus)
	clear(lost)
	var whole int64
	for _, p := range pr.parts {
		whole += int64(p.points / unit)
	}
	for i := range had {
		had[i] = whole
	}
	m.adder.begin(pr.grain, m.words)
	for _, p := range pr.parts {
		clear(s.part)
		clear(gone)
		for _, k := range p.sections {
			sec := pr.sections[k]
			if sec.Bonus != nil {
				m.adder.flush(s.part)
				clear(s.section)
				m.addClauses(all, sec, s.section)
				m.adder.flush(s.section)
				limit := int64(pr.points(sec.Bonus.Cap) / unit)
				for i := range m.n {
					if sec.Bonus.Ladder != nil {
						s.section[i] += int64(m.f.ladders[k][i] / unit)
					}
					bonus[i] += min(s.section[i], limit)
				}
				continue
			}
			clear(left)
			for _, c := range sec.clauses {
				if pr.clauses[c].na.Word == "rescale" && pr.clauses[c].full != 0 {
					for i, w := range all[c].na {
						left[i] |= w
					}
				}
			}
			if lastSet(left) < 0 {
				m.addClauses(all, sec, s.part)
				continue
			}
			m.adder.flush(s.part)
			clear(s.section)
			m.addClauses(all, sec, s.section)
			m.adder.flush(s.section)
			m.rescale(all, sec, left, gone, partHad, p)
			for i, e := range s.section {
				s.part[i] += e
			}
		}
		m.adder.flush(s.part)
		full := int64(p.points / unit)
		for w, r := range gone {
			for ; r != 0; r &= r - 1 {
				i := w<<6 | bits.TrailingZeros64(r)
				if partHad[i] > 0 {
					s.part[i] = pr.scaled(s.part[i], full, partHad[i])
				} else {
					had[i] -= full
					lost[w] |= r & -r
				}
			}
		}
		for i, e := range s.part {
			s.total[i] += e
		}
	}
	for w, r := range lost {
		for ; r != 0; r &= r - 1 {
			if i := w<<6 | bits.TrailingZeros64(r); had[i] != whole && had[i] > 0 {
				s.total[i] = pr.scaled(s.total[i], whole, had[i])
			}
		}
	}
	for i, e := range bonus {
		s.total[i] += e
	}
}

// rescale scales a section in the rows of left; gone are those in which nothing of it applies, with what the part still has.
func (m *machine) rescale(all []cells, sec *section, left, gone []uint64, partHad []int64, p *part) {
	pr, s := m.pr, &m.sums
	points := int64(sec.points / pr.unit)
	for w, r := range left {
		for ; r != 0; r &= r - 1 {
			b := r & -r
			i := w<<6 | bits.TrailingZeros64(r)
			had := points
			for _, c := range sec.clauses {
				if x := pr.clauses[c]; x.na.Word == "rescale" && all[c].na[w]&b != 0 {
					had -= int64(x.full / pr.unit)
				}
			}
			if had > 0 {
				s.section[i] = pr.scaled(s.section[i], points, had)
				continue
			}
			if gone[w]&b == 0 {
				gone[w] |= b
				partHad[i] = int64(p.points / pr.unit)
			}
			partHad[i] -= points
		}
	}
}

// scaled gives earned × all ÷ had, rounded half to even; 0 when that is no number of points, as with Program.points.
func (pr *Program) scaled(earned, all, had int64) int64 {
	hi, lo := bits.Mul64(magnitude(earned), uint64(all))
	if hi >= uint64(had) {
		return 0
	}
	q, r := bits.Div64(hi, lo, uint64(had))
	if r > uint64(had)-r || r == uint64(had)-r && q&1 == 1 {
		q++
	}
	if q > uint64(math.MaxInt64/int64(pr.unit)) {
		return 0
	}
	if earned < 0 {
		return -int64(q)
	}
	return int64(q)
}

// addClauses adds the points of a section's clauses to a sum; some may remain in the adder.
func (m *machine) addClauses(all []cells, sec *section, sum []int64) {
	for _, k := range sec.clauses {
		c, x := m.pr.clauses[k], &all[k]
		if x.points != nil {
			for i, p := range x.points[:len(sum)] {
				sum[i] += p
			}
			continue
		}
		m.addClause(c, x, sum)
	}
}

// grades finds the grade that total or ladder reach, and what drops, caps or sets it.
func (m *machine) grades(all []cells) {
	pr, s := m.pr, &m.sums
	if len(pr.grades) == 0 {
		return
	}
	lowest := uint8(pr.lowest())
	for i := range s.wanted {
		s.wanted[i] = lowest
	}
	g := pr.p.Standard.Grades
	if len(g.Ladder) > 0 {
		m.climbLadder(all, g)
	}
	for k := len(pr.bands) - 1; k >= 0; k-- {
		b := pr.bands[k]
		place := uint8(b.place)
		for i, t := range s.total {
			mask := -uint8(bit(t >= b.from))
			s.wanted[i] = s.wanted[i]&^mask | place&mask
		}
	}
	for w, live := range s.scored {
		for r := ^live; r != 0; r &= r - 1 {
			s.wanted[w<<6|bits.TrailingZeros64(r)] = lowest
		}
	}
	if g.DropWhen != nil {
		m.drops(g.DropWhen)
	}
	for i := range s.limits {
		s.limits[i] = limits{0, -1}
	}
	m.each(programme.CapGrade, inForce, func(row int, v *veto) { s.limits[row].capAt = max(s.limits[row].capAt, int16(v.target)) })
	m.each(programme.SetGrade, inForce, func(row int, v *veto) { s.limits[row].setTo = max(s.limits[row].setTo, int16(v.target)) })
}

func (m *machine) climbLadder(all []cells, g programme.Grades) {
	s := &m.sums
	still := m.temp.bits.take(m.words)
	copy(still, s.scored)
	for _, step := range g.Ladder {
		for _, need := range step.Needs {
			c, ok := m.pr.byClause[need]
			for i := range still {
				if !ok {
					still[i] = 0
				} else {
					still[i] &= all[c].met[i] | all[c].na[i]
				}
			}
		}
		place := uint8(slices.Index(m.pr.grades, step.Grade))
		for w, r := range still {
			for ; r != 0; r &= r - 1 {
				s.wanted[w<<6|bits.TrailingZeros64(r)] = place
			}
		}
	}
}

func (m *machine) drops(e *programme.Expr) {
	s := &m.sums
	m.left = nil
	if n := m.pr.ir.drop; n != nil {
		copy(s.drop, m.at(n, nil).t)
	} else {
		m.leaveAll(m.live())
	}
	for w := range m.left {
		for r := m.left[w]; r != 0; r &= r - 1 {
			s.drop[w] &^= r & -r
			if yes, err := e.Bool(m.frame(w<<6 | bits.TrailingZeros64(r))); err == nil && yes {
				s.drop[w] |= r & -r
			}
		}
	}
}

// final gives the place of a row's grade, from the place that it has after quotas.
func (pr *Program) final(s *sums, i, base int) int {
	if s.scored[i>>6]>>(i&63)&1 == 0 || s.failed[i>>6]>>(i&63)&1 != 0 {
		return pr.lowest()
	}
	if s.drop[i>>6]>>(i&63)&1 != 0 {
		base = min(base+1, len(pr.grades)-1)
	}
	l := s.limits[i]
	if base = max(base, int(l.capAt)); l.setTo >= 0 {
		base = int(l.setTo)
	}
	return base
}
