package assess

import (
	"math"
	"math/bits"
)

// truths runs what gives a truth for each row.
func (m *machine) truths(n *node) val {
	words := m.span(n.level).words
	switch n.op {
	case opHas:
		return m.has(n, words)
	case opNot:
		a := m.at(n.args[0], n.level)
		if n.uses < 2 || n.args[0].uses > 1 {
			return val{t: a.f, f: a.t}
		}
		v := m.newTruth(n, words) // what stands behind would be given back before the node itself
		copy(v.t, a.f)
		copy(v.f, a.t)
		return v
	case opLess, opEqual:
		return m.compare(n, words)
	case opMember:
		return m.member(n, words)
	}
	a, b := m.at(n.args[0], n.level), m.at(n.args[1], n.level)
	v := m.newTruth(n, words)
	at, af, bt, bf := a.t[:words], a.f[:words], b.t[:words], b.f[:words]
	switch n.op {
	case opAnd: // false wins over missing
		for i := range v.t {
			v.t[i], v.f[i] = at[i]&bt[i], af[i]|bf[i]
		}
	case opOr:
		for i := range v.t {
			v.t[i], v.f[i] = at[i]|bt[i], af[i]&bf[i]
		}
	case opSame:
		for i := range v.t {
			v.t[i], v.f[i] = at[i]&bt[i]|af[i]&bf[i], at[i]&bf[i]|af[i]&bt[i]
		}
	}
	return v
}

func (m *machine) has(n *node, words int) val {
	c := m.f.column(n.place)
	s := m.span(n.level)
	m.leaveAll(s.left)
	v := m.newTruth(n, words)
	if s.rec == nil {
		copy(v.t, c.valid)
	} else {
		gatherBits(v.t, c.valid, s.rec)
	}
	for i := range v.t {
		v.f[i] = ^v.t[i]
	}
	return v
}

// compare is < or =, where a constant may stand on either side of <.
func (m *machine) compare(n *node, words int) val {
	a, b := n.args[0], n.args[1]
	v := m.newTruth(n, words)
	if c, ok := m.scalar(b); ok && n.op == opLess && isQuotient(a) {
		m.quotientBelow(n, a, c, v)
		return v
	}
	var has []uint64
	swap := false
	switch c, right := m.scalar(b); {
	case right:
		x := m.at(a, n.level)
		has = x.ok
		compareConst(n.op, v.t, x, c)
	default:
		if c, left := m.scalar(a); left && n.op == opLess { // c < x is not x < c+1
			x := m.at(b, n.level)
			has = x.ok
			if swap = true; c == math.MaxInt64 || x.s != nil && c >= math.MaxInt32 {
				set(v.t) // nothing is larger
			} else {
				compareConst(opLess, v.t, x, c+1)
			}
			break
		}
		x, y := m.at(a, n.level), m.at(b, n.level)
		switch {
		case x.s != nil && n.op == opLess:
			less(v.t, x.s, y.s)
		case x.s != nil:
			equal(v.t, x.s, y.s)
		case n.op == opLess:
			less(v.t, x.x, y.x)
		default:
			equal(v.t, x.x, y.x)
		}
		for i := range v.t {
			ok := x.ok[i] & y.ok[i]
			v.t[i], v.f[i] = v.t[i]&ok, ok&^v.t[i]
		}
		return v
	}
	t, f := v.t, v.f[:len(v.t)]
	has = has[:len(t)]
	for i, w := range t {
		if swap {
			w = ^w
		}
		t[i], f[i] = w&has[i], has[i]&^w
	}
	return v
}

func compareConst(o op, dst []uint64, x val, c int64) {
	switch {
	case x.cut != nil && o == opLess:
		x.cut.less(dst, c)
	case x.cut != nil:
		x.cut.equal(dst, c)
	case x.s != nil && int64(int32(c)) != c:
		clear(dst)
		if o == opLess && c > 0 {
			set(dst)
		}
	case x.s != nil && o == opLess:
		lessConst(dst, x.s, int32(c))
	case x.s != nil:
		equalConst(dst, x.s, int32(c))
	case x.keys:
		lessKey(dst, x.x, uint64(c))
	case o == opLess:
		lessConst(dst, x.x, c)
	default:
		equalConst(dst, x.x, c)
	}
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// shiftIn shifts in whether x is below c. What is borrowed for the difference is the carry, and a word of bits that is added to itself
// takes it in: three instructions with the load of x, where a comparison takes five.
func shiftIn(out, x, c uint64) uint64 {
	_, below := bits.Sub64(x, c, 0)
	out, _ = bits.Add64(out, out, below)
	return out
}

// lessConst sets the bit of each row whose value is below c.
func lessConst[T int32 | int64](dst []uint64, x []T, c T) {
	const sign = 1 << 63 // with this added, they are ordered as numbers without a sign are
	lessSigned(dst, x, uint64(int64(c))+sign, sign)
}

// lessSigned is given the sign, because the compiler makes slower instructions of a constant. Two words keep the chains of shifts short.
func lessSigned[T int32 | int64](dst []uint64, x []T, c, sign uint64) {
	for w := range dst {
		p := (*[64]T)(x[w*64:])
		var low, high uint64
		for j := 0; j < 32; j += 4 {
			q, r := (*[4]T)(p[j:]), (*[4]T)(p[j+32:])
			low = shiftIn(low, uint64(q[0])+sign, c)
			high = shiftIn(high, uint64(r[0])+sign, c)
			low = shiftIn(low, uint64(q[1])+sign, c)
			high = shiftIn(high, uint64(r[1])+sign, c)
			low = shiftIn(low, uint64(q[2])+sign, c)
			high = shiftIn(high, uint64(r[2])+sign, c)
			low = shiftIn(low, uint64(q[3])+sign, c)
			high = shiftIn(high, uint64(r[3])+sign, c)
		}
		dst[w] = bits.Reverse64(low<<32 | high)
	}
}

// lessKey does so for the keys of floats, which need no sign: bands of ratios are compared so often that the addition would be felt.
func lessKey(dst []uint64, x []int64, c uint64) {
	for w := range dst {
		p := (*[64]int64)(x[w*64:])
		var low, high uint64
		for j := 0; j < 32; j += 4 {
			q, r := (*[4]int64)(p[j:]), (*[4]int64)(p[j+32:])
			low = shiftIn(low, uint64(q[0]), c)
			high = shiftIn(high, uint64(r[0]), c)
			low = shiftIn(low, uint64(q[1]), c)
			high = shiftIn(high, uint64(r[1]), c)
			low = shiftIn(low, uint64(q[2]), c)
			high = shiftIn(high, uint64(r[2]), c)
			low = shiftIn(low, uint64(q[3]), c)
			high = shiftIn(high, uint64(r[3]), c)
		}
		dst[w] = bits.Reverse64(low<<32 | high)
	}
}

func equalConst[T int32 | int64](dst []uint64, x []T, c T) {
	for w := range dst {
		p := (*[64]T)(x[w*64:])
		var out uint64
		for j := 0; j < 64; j += 8 {
			q := (*[8]T)(p[j:])
			out = out>>8 | (bit(q[0] == c)|bit(q[1] == c)<<1|bit(q[2] == c)<<2|bit(q[3] == c)<<3|
				bit(q[4] == c)<<4|bit(q[5] == c)<<5|bit(q[6] == c)<<6|bit(q[7] == c)<<7)<<56
		}
		dst[w] = out
	}
}

func less[T int32 | int64](dst []uint64, x, y []T) {
	for w := range dst {
		p, q := (*[64]T)(x[w*64:]), (*[64]T)(y[w*64:])
		var out uint64
		for j := 0; j < 64; j += 4 {
			a, b := (*[4]T)(p[j:]), (*[4]T)(q[j:])
			out = out>>4 | (bit(a[0] < b[0])|bit(a[1] < b[1])<<1|bit(a[2] < b[2])<<2|bit(a[3] < b[3])<<3)<<60
		}
		dst[w] = out
	}
}

func equal[T int32 | int64](dst []uint64, x, y []T) {
	for w := range dst {
		p, q := (*[64]T)(x[w*64:]), (*[64]T)(y[w*64:])
		var out uint64
		for j := 0; j < 64; j += 4 {
			a, b := (*[4]T)(p[j:]), (*[4]T)(q[j:])
			out = out>>4 | (bit(a[0] == b[0])|bit(a[1] == b[1])<<1|bit(a[2] == b[2])<<2|bit(a[3] == b[3])<<3)<<60
		}
		dst[w] = out
	}
}

// member says whether a value is one of the set.
func (m *machine) member(n *node, words int) val {
	x := m.at(n.args[0], n.level)
	v := m.newTruth(n, words)
	if x.s == nil || x.cut != nil && len(n.set)*x.cut.width < 128 || len(n.set) == 0 || n.set[0] < 0 || n.set[len(n.set)-1] > 1<<16 {
		clear(v.t)
		hit := m.temp.bits.take(words)
		for _, c := range n.set {
			compareConst(opEqual, hit, x, c)
			for i := range hit {
				v.t[i] |= hit[i]
			}
		}
	} else {
		table := m.temp.bits.take(int(n.set[len(n.set)-1])/64 + 1)
		clear(table)
		for _, c := range n.set {
			table[c>>6] |= 1 << (c & 63)
		}
		for w := range v.t {
			var out uint64
			for j, c := range (*[64]int32)(x.s[w*64:]) {
				var word uint64
				if at := uint32(c) >> 6; at < uint32(len(table)) {
					word = table[at]
				}
				out |= word >> (uint32(c) & 63) & 1 << j
			}
			v.t[w] = out
		}
	}
	for i := range v.t {
		v.t[i], v.f[i] = v.t[i]&x.ok[i], x.ok[i]&^v.t[i]
	}
	return v
}

// choice is condition ? a : b.
func (m *machine) choice(n *node) val {
	words := m.span(n.level).words
	c := m.at(n.args[0], n.level)
	a, b := m.at(n.args[1], n.level), m.at(n.args[2], n.level)
	switch n.typ {
	case truth:
		v := m.newTruth(n, words)
		for i := range v.t {
			v.t[i], v.f[i] = c.t[i]&a.t[i]|c.f[i]&b.t[i], c.t[i]&a.f[i]|c.f[i]&b.f[i]
		}
		return v
	case day, textCode:
		v := m.newSmalls(n, words)
		for i := range v.ok {
			v.ok[i] = c.t[i]&a.ok[i] | c.f[i]&b.ok[i]
			choose(v.s[i*64:], a.s[i*64:], b.s[i*64:], c.t[i])
		}
		return v
	}
	v := m.newInts(n, words)
	for i := range v.ok {
		v.ok[i] = c.t[i]&a.ok[i] | c.f[i]&b.ok[i]
		choose(v.x[i*64:], a.x[i*64:], b.x[i*64:], c.t[i])
	}
	return v
}

func choose[T int32 | int64](dst, a, b []T, w uint64) {
	d, p, q := (*[64]T)(dst), (*[64]T)(a), (*[64]T)(b)
	for j := range d {
		mask := -T(w & 1)
		d[j] = p[j]&mask | q[j]&^mask
		w >>= 1
	}
}

// anyIn reports whether a bit is set from a to before b.
func anyIn(w []uint64, a, b int32) bool {
	if a >= b {
		return false
	}
	i, j := a>>6, (b-1)>>6
	first, last := uint64(math.MaxUint64)<<(a&63), uint64(math.MaxUint64)>>(63-(b-1)&63)
	if i == j {
		return w[i]&first&last != 0
	}
	if w[i]&first != 0 || w[j]&last != 0 {
		return true
	}
	for i++; i < j; i++ {
		if w[i] != 0 {
			return true
		}
	}
	return false
}

// countIn counts the bits that are set from a to before b.
func countIn(w []uint64, a, b int32) int {
	if a >= b {
		return 0
	}
	i, j := a>>6, (b-1)>>6
	first, last := uint64(math.MaxUint64)<<(a&63), uint64(math.MaxUint64)>>(63-(b-1)&63)
	if i == j {
		return bits.OnesCount64(w[i] & first & last)
	}
	n := bits.OnesCount64(w[i]&first) + bits.OnesCount64(w[j]&last)
	for i++; i < j; i++ {
		n += bits.OnesCount64(w[i])
	}
	return n
}

func isSet(w []uint64, i int32) bool { return w[i>>6]>>(i&63)&1 != 0 }
