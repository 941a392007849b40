package assess

import "math/bits"

// adder adds up points that follow from bits, for 64 rows at once: it keeps the sums of all rows by bits, a plane having the same bit of
// each. Three planes of one bit become two by a full adder, which takes five operations — their sum, and what is carried to the bit above
// — so that a clause costs some ten operations a word, where adding to each row costs as many as there are rows.
//
// Points are counted in grains, the largest number that all of them are multiples of.
type adder struct {
	grain  int64
	most   int64 // that a row may hold, in grains
	places [adderPlaces + 1]adderPlace
	zero   []uint64
}

// adderPlaces is how many bits a sum has at most; before it could have more it goes to the rows.
const adderPlaces = 16

// adderPlace is what is added up of one bit: the sum so far, and one plane more that waits for a third. Until two have met they are those
// that were given.
type adderPlace struct {
	sum, more []uint64
	own       []uint64
	carried   [3][]uint64 // room for what comes from the place below: two may stand here while the next comes
	turn      int
}

func (t *adder) begin(grain int64, words int) {
	for k := range t.places {
		p := &t.places[k]
		p.sum, p.more, p.own = nil, nil, sized(p.own, words)
		for i := range p.carried {
			p.carried[i] = sized(p.carried[i], words)
		}
	}
	t.grain, t.most, t.zero = grain, 0, sized(t.zero, words)
	clear(t.zero)
}

// expect makes sure that so many more points fit, which may bring what there is to the sums. It reports false when they never do.
func (t *adder) expect(sum []int64, points int64) bool {
	grains := points / t.grain
	if grains >= 1<<adderPlaces {
		return false
	}
	if t.most += grains; t.most >= 1<<adderPlaces {
		t.flush(sum)
		t.most = grains
	}
	return true
}

// add adds 2^k grains to the rows whose bit is set. These must stay as they are until the next flush.
func (t *adder) add(rows []uint64, k int) {
	for ; k < adderPlaces; k++ { // beyond, there are only rows beyond the last
		p, above := &t.places[k], &t.places[k+1]
		switch {
		case p.sum == nil:
			p.sum = rows
			return
		case p.more == nil:
			p.more = rows
			return
		}
		n := len(rows)
		a, b, own, carry := p.sum[:n], p.more[:n], p.own[:n], above.carried[above.turn][:n]
		for w, c := range rows {
			x, y := a[w], b[w]
			d := x ^ y
			carry[w], own[w] = x&y|d&c, d^c
		}
		above.turn = (above.turn + 1) % len(above.carried)
		p.sum, p.more, rows = p.own, nil, carry
	}
}

// flush brings what there is to the sums, and begins anew.
func (t *adder) flush(sum []int64) {
	if t.most == 0 {
		return
	}
	top := 0
	for k := range adderPlaces {
		if t.places[k].more != nil {
			t.add(t.zero, k)
		}
		if t.places[k].sum != nil {
			top = k + 1
		} else {
			t.places[k].sum = t.zero
		}
	}
	for w := range len(sum) / 64 {
		to := (*[64]int64)(sum[w*64:])
		for b := 0; b < 64; b += 8 {
			var low, high uint64 // a byte for each of eight rows
			for k := range min(top, 8) {
				low |= spread[t.places[k].sum[w]>>b&255] << k
			}
			for k := 8; k < top; k++ {
				high |= spread[t.places[k].sum[w]>>b&255] << (k - 8)
			}
			q := (*[8]int64)(to[b:])
			for i := range q {
				q[i] += int64(low&255|high&255<<8) * t.grain
				low, high = low>>8, high>>8
			}
		}
	}
	for k := range t.places {
		t.places[k].sum, t.places[k].more = nil, nil
	}
	t.most = 0
}

// earned are rows that have earned the same points, in grains.
type earned struct {
	rows   []uint64
	grains int64
}

// addClause adds what a clause earns whose points follow from bits: of each bit of the points all rows together, since no row is in two
// sets.
func (m *machine) addClause(c *clause, x *cells, sum []int64) {
	grain := m.pr.grain
	list := append(m.earned[:0], earned{x.met, c.worth[Met] / grain}, earned{x.missing, c.worth[Missing] / grain}, earned{x.na, c.worth[NotApplicable] / grain})
	for k, p := range c.steps() {
		list = append(list, earned{x.steps[k], p / grain})
	}
	m.earned = list
	if c.highest < 0 || !m.adder.expect(sum, c.highest) {
		for _, e := range list {
			if e.grains != 0 {
				addUnder(sum, e.rows, e.grains*grain)
			}
		}
		return
	}
	for k := range bits.Len64(uint64(c.highest / grain)) {
		var rows []uint64
		joined := false
		for _, e := range list {
			switch {
			case e.grains>>k&1 == 0:
			case rows == nil:
				rows = e.rows[:m.words]
			case joined:
				for w, r := range e.rows[:len(rows)] {
					rows[w] |= r
				}
			default:
				both := m.temp.bits.take(m.words)
				for w, r := range e.rows[:len(rows)] {
					both[w] = rows[w] | r
				}
				rows, joined = both, true
			}
		}
		if rows != nil {
			m.adder.add(rows, k)
		}
	}
}
