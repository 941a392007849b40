package assess

import (
	"math"
	"math/bits"

	"bihuan.dev/bihuan/programme"
)

// isQuotient reports whether a node is a quotient. What is wanted of it rounded, or against a constant, is had sooner from the two
// numbers than from the quotient in full, even where somebody else makes that.
func isQuotient(n *node) bool { return n.op == opRatio || n.op == opQuo }

// quotientShift is by what power of ten a is to be multiplied so that a ÷ b has the decimals of a quotient.
func quotientShift(n *node) int { return programme.QuoDecimals + n.args[1].scale - n.args[0].scale }

// quotient is ratio(a, b) or a / b with 12 decimals, half to even. Nothing is divided by 0.
func (m *machine) quotient(n *node) val {
	a, b := m.at(n.args[0], n.level), m.at(n.args[1], n.level)
	v := m.newInts(n, m.span(n.level).words)
	shift := quotientShift(n)
	for w := range v.ok {
		ok := a.ok[w] & b.ok[w]
		v.ok[w] = ok
		for ok != 0 {
			i := w<<6 | bits.TrailingZeros64(ok)
			ok &= ok - 1
			if b.x[i] == 0 {
				v.x[i] = 0
				v.ok[w] &^= 1 << (i & 63)
				continue
			}
			q, fits := divide(a.x[i], b.x[i], shift)
			if v.x[i] = q; !fits {
				m.overflow(n, &v, i)
			}
		}
	}
	return v
}

// divide gives a × 10^shift ÷ b, half to even, for a b that is not 0.
func divide(a, b int64, shift int) (int64, bool) {
	if shift < 0 || shift > maxScale {
		return 0, false
	}
	den := magnitude(b)
	hi, lo := bits.Mul64(magnitude(a), uint64(power(shift)))
	if hi >= den {
		return 0, false
	}
	q, r := bits.Div64(hi, lo, den)
	if r > den-r || r == den-r && q&1 == 1 {
		q++
	}
	if q > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(q), true
	}
	return int64(q), true
}

// quotientBelow compares a quotient with a constant of its scale: by its floats alone where the range of the divisor shows that they
// tell it apart. Elsewhere they decide only where they are far from the constant, so that no rounding of theirs can be seen; near it the
// quotient is made in full.
func (m *machine) quotientBelow(n, quotient *node, c int64, v val) {
	a, b := m.at(quotient.args[0], n.level), m.at(quotient.args[1], n.level)
	shift := quotientShift(quotient)
	if t := newThreshold(c, programme.QuoDecimals, shift); t.tells(reach(a), reach(b)) {
		x := m.floated(a, b, len(v.t))
		compareConst(opLess, v.t, x, t.key)
		for w, has := range x.ok {
			v.t[w], v.f[w] = v.t[w]&has, has&^v.t[w]
		}
		return
	}
	factor := math.Pow10(quotient.args[1].scale - quotient.args[0].scale)
	at := float64(c) / 1e12
	margin := 1e-11 + math.Abs(at)*1e-13
	for w := range v.t {
		has := a.ok[w] & b.ok[w]
		p, q := (*[64]int64)(a.x[w*64:]), (*[64]int64)(b.x[w*64:])
		var below, near, zero uint64
		for j := range p {
			d := float64(p[j])/float64(q[j])*factor - at
			below |= bit(d < 0) << (j & 63)
			near |= bit(!(math.Abs(d) > margin)) << (j & 63) // true also for what is no number
			zero |= bit(q[j] == 0) << (j & 63)
		}
		has &^= zero
		for near &= has; near != 0; near &= near - 1 {
			j := bits.TrailingZeros64(near)
			below &^= 1 << j
			x, fits := divide(p[j], q[j], shift)
			if !fits {
				m.leave(n.level, w<<6|j)
			}
			below |= bit(x < c) << j
		}
		v.t[w], v.f[w] = below&has, has&^below
	}
}

// roundedQuotient gives a quotient rounded to its 12 decimals and then to so many: the same two roundings as in full, made by
// floats where no doubt is left.
func (m *machine) roundedQuotient(n *node, decimals int, v val) {
	a, b := m.at(n.args[0], n.level), m.at(n.args[1], n.level)
	shift := quotientShift(n)
	factor := math.Pow10(decimals + n.args[1].scale - n.args[0].scale)
	p12 := power(programme.QuoDecimals - decimals)
	sure := decimals <= 6
	zero := m.temp.bits.take(len(v.ok))
	compareConst(opEqual, zero, b, 0)
	for w := range v.ok {
		has := a.ok[w] & b.ok[w] &^ zero[w]
		p, q, out := (*[64]int64)(a.x[w*64:]), (*[64]int64)(b.x[w*64:]), (*[64]int64)(v.x[w*64:])
		var doubt uint64
		for j := range p {
			y := float64(p[j]) / float64(q[j]) * factor
			// Adding and taking away 1.5 × 2^52 rounds to a whole number, which is right unless y is near a half. What is large is in
			// doubt too.
			r := float64(y+0x1.8p52) - 0x1.8p52
			out[j] = int64(r)
			left := math.Float64bits(0.4999 - float64(math.Abs(y-r)+float64(math.Abs(y)*1e-10))) // negative: it is in doubt
			_, sign := bits.Add64(left, left, 0)
			doubt, _ = bits.Add64(doubt, doubt, sign)
		}
		doubt = bits.Reverse64(doubt)
		if !sure {
			doubt = math.MaxUint64
		}
		for r := ^has; r != 0; r &= r - 1 {
			out[bits.TrailingZeros64(r)] = 0
		}
		for doubt &= has; doubt != 0; doubt &= doubt - 1 {
			j := bits.TrailingZeros64(doubt)
			x, fits := divide(p[j], q[j], shift)
			if !fits {
				m.leave(n.level, w<<6|j)
			}
			out[j] = halfEven(x, p12)
		}
		v.ok[w] = has
	}
}

// threshold is a constant that a rounded quotient is compared with, taken back to before the roundings: the quotient is below the
// constant where the key of the float of a ÷ b is below this one.
type threshold struct {
	key int64
	p   uint64 // a ÷ b is compared with p ÷ q
	q   uint64
	gap uint64 // other quotients must be farther from it than 1 ÷ gap; 0: the constant cannot be taken back
}

// newThreshold takes back a constant, above 0, of so many decimals, of a quotient a × 10^shift ÷ b that is rounded to a whole number x,
// half to even, and then from its 12 decimals to so many.
//
// With P = 10^(12 − decimals) the second rounding ends below c where x is below t = c × P − P ÷ 2, and at t itself when c is odd. Of the
// first nothing is to be seen where no quotient but t itself is within a half of t.
func newThreshold(c int64, decimals, shift int) threshold {
	step := power(programme.QuoDecimals - decimals)
	if c <= 0 || c > 1<<53/step || shift < 0 || shift > maxScale {
		return threshold{}
	}
	t := threshold{p: uint64(c*step - step/2), q: uint64(power(shift)), gap: 2 * uint64(power(shift))}
	twos := min(bits.TrailingZeros64(t.p), shift)
	t.p, t.q = t.p>>twos, t.q>>twos
	for n := 0; n < shift && t.p%5 == 0; n++ {
		t.p, t.q = t.p/5, t.q/5
	}
	if t.q > 1<<53 {
		return threshold{}
	}
	t.key = keyOf(float64(t.p) / float64(t.q))
	if step > 1 && c&1 != 0 {
		t.key++
	}
	return t
}

// tells reports whether floats tell quotients of numbers up to a and b apart from the threshold. What is not p ÷ q differs from it by
// 1 ÷ (b × q) at least. That must be more than what the first rounding moves, which is a half of 10^−shift; and, as a share of p ÷ q,
// more than 2^−50, so that the floats of both, of which division rounds each to the nearest, are some units apart.
func (t *threshold) tells(a, b uint64) bool {
	return a < 1<<53 && b < 1<<53 && t.gap != 0 && b < t.gap/t.q && b < 1<<50/t.p
}

// reach gives what the magnitudes of a batch of numbers do not exceed.
func reach(v val) uint64 {
	if v.cut != nil {
		top := v.cut.base + int64(1)<<v.cut.width - 1
		return max(magnitude(v.cut.base), magnitude(top))
	}
	var all uint64
	for _, x := range v.x {
		all |= uint64(x ^ x>>63)
	}
	return all + 1
}

// keyOf gives the bits of a float so that, taken as numbers without a sign, those from 0 on are ordered as the floats are, and those of
// negative floats are below.
func keyOf(x float64) int64 { return int64(math.Float64bits(x) ^ 1<<63) }

// floated divides as floats, and gives the keys of the quotients.
func (m *machine) floated(a, b val, words int) val {
	v := val{x: m.temp.ints.take(words * 64), ok: m.temp.bits.take(words), keys: true}
	compareConst(opEqual, v.ok, b, 0)
	for w, zero := range v.ok {
		v.ok[w] = a.ok[w] & b.ok[w] &^ zero
		p, q, out := (*[64]int64)(a.x[w*64:]), (*[64]int64)(b.x[w*64:]), (*[64]int64)(v.x[w*64:])
		for j := range out {
			out[j] = keyOf(float64(p[j]) / float64(q[j]))
		}
	}
	return v
}

// banded are the measures of a clause, or numbers in the same order, and where its bands begin and end in these numbers.
type banded struct {
	val
	low, high []int64
}

// takeBack notes the bands of a clause as they are before a quotient is rounded.
func (lc *compiled) takeBack() {
	n, decimals := lc.measure, programme.QuoDecimals
	if n != nil && n.op == opRound {
		n, decimals = n.args[0], n.scale
	}
	if n == nil || !isQuotient(n) || lc.low == nil {
		return
	}
	lc.quotient = n
	for k := range lc.low {
		var low, end threshold
		if lc.low[k] != math.MinInt64 {
			low = newThreshold(lc.low[k], decimals, quotientShift(n))
		}
		if lc.high[k] != math.MaxInt64 {
			end = newThreshold(lc.high[k]+1, decimals, quotientShift(n))
		}
		lc.begin, lc.end = append(lc.begin, low), append(lc.end, end)
	}
}

// unrounded gives for the measures of a clause the quotients that they are rounded from, if floats tell these apart by the bands.
func (m *machine) unrounded(lc *compiled) (banded, bool) {
	if lc.quotient == nil {
		return banded{}, false
	}
	a, b := m.at(lc.quotient.args[0], nil), m.at(lc.quotient.args[1], nil)
	most, least := reach(a), reach(b)
	x := banded{low: m.temp.ints.take(len(lc.low)), high: m.temp.ints.take(len(lc.high))}
	for k := range lc.low {
		if x.low[k] = math.MinInt64; lc.low[k] != math.MinInt64 {
			if x.low[k] = lc.begin[k].key; !lc.begin[k].tells(most, least) {
				return banded{}, false
			}
		}
		if x.high[k] = math.MaxInt64; lc.high[k] != math.MaxInt64 {
			if x.high[k] = lc.end[k].key - 1; !lc.end[k].tells(most, least) {
				return banded{}, false
			}
		}
	}
	x.val = m.floated(a, b, m.words)
	return x, true
}
