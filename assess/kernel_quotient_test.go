package assess

import (
	"math/bits"
	"testing"

	"pgregory.net/rapid"

	"bihuan.dev/bihuan/programme"
)

// Floats compare with a threshold as quotients rounded twice do with the constant, right at it too.
func TestThresholdsCompareAsRoundedQuotients(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		decimals := rapid.IntRange(0, programme.QuoDecimals).Draw(t, "decimals")
		shift := rapid.IntRange(8, 16).Draw(t, "shift")
		c := rapid.Int64Range(-3, rapid.SampledFrom([]int64{5, 20_000, 1 << 40}).Draw(t, "up to")).Draw(t, "c")
		if rapid.Bool().Draw(t, "round") {
			c = c % 1000 * power(max(decimals-2, 0))
		}
		limit := rapid.SampledFrom([]int64{9, 1000, 100_000, 1 << 34}).Draw(t, "limit")
		r := newThreshold(c, decimals, shift)
		m := &machine{}
		a, b := val{x: make([]int64, 64), ok: []uint64{rapid.Uint64().Draw(t, "ok")}}, val{x: make([]int64, 64), ok: []uint64{^uint64(0)}}
		for i := range a.x {
			a.x[i], b.x[i] = rapid.Int64Range(-limit, limit).Draw(t, "a"), rapid.Int64Range(-limit, limit).Draw(t, "b")
			if r.gap == 0 || rapid.Bool().Draw(t, "anywhere") {
				continue
			}
			if by := rapid.Int64Range(1, limit).Draw(t, "by"); r.q < uint64(limit) { // exactly there, when that is in range
				b.x[i] = int64(r.q) * max(by/int64(r.q), 1)
			}
			if hi, lo := bits.Mul64(r.p, magnitude(b.x[i])); hi < r.q {
				near, _ := bits.Div64(hi, lo, r.q)
				a.x[i] = int64(near&(1<<60-1)) + rapid.Int64Range(-1, 1).Draw(t, "beside")
				if b.x[i] < 0 {
					a.x[i] = -a.x[i]
				}
			}
		}
		if !r.tells(reach(a), reach(b)) {
			t.Skip("floats do not tell")
		}
		x, below := m.floated(a, b, 1), make([]uint64, 1)
		compareConst(opLess, below, x, r.key)
		for i := range a.x {
			has := isSet(a.ok, int32(i)) && b.x[i] != 0
			if isSet(x.ok, int32(i)) != has {
				t.Fatalf("%d ÷ %d is there: %v", a.x[i], b.x[i], !has)
			}
			if !has {
				continue
			}
			full, fits := divide(a.x[i], b.x[i], shift)
			if want := fits && halfEven(full, power(programme.QuoDecimals-decimals)) < c || !fits && a.x[i] < 0 != (b.x[i] < 0); isSet(below, int32(i)) != want {
				t.Fatalf("%d × 10^%d ÷ %d with %d decimals below %d: %v", a.x[i], shift, b.x[i], decimals, c, !want)
			}
		}
	})
}
