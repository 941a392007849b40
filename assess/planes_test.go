package assess

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Planes compare as the values themselves do, at the edges of what they hold and beyond.
func TestPlanesCompareAsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.IntRange(4, 21).Draw(t, "words")
		from := rapid.SampledFrom([]int64{0, -5, 1 << 40, math.MinInt64, math.MaxInt64 - 300}).Draw(t, "from")
		span := rapid.SampledFrom([]int64{0, 1, 255, 100_000, math.MaxUint32}).Draw(t, "span")
		if from > math.MaxInt64-span {
			span = math.MaxInt64 - from
		}
		values, valid := make([]int64, words*64), make([]uint64, words)
		for i := range values {
			values[i] = from + rapid.Int64Range(0, span).Draw(t, "v")
			if rapid.IntRange(0, 9).Draw(t, "has") > 0 {
				valid[i>>6] |= 1 << (i & 63)
			} else {
				values[i] = 0
			}
		}
		p := newPlanes(values, valid)
		less, equal := make([]uint64, words), make([]uint64, words)
		for _, c := range []int64{values[0], values[9] + 1, from, from - 1, from + span, from + span + 1, 0, math.MinInt64, math.MaxInt64} {
			p.less(less, c)
			p.equal(equal, c)
			for i, v := range values {
				if isSet(valid, int32(i)) && (isSet(less, int32(i)) != (v < c) || isSet(equal, int32(i)) != (v == c)) {
					t.Fatalf("%d against %d: less %v, equal %v", v, c, isSet(less, int32(i)), isSet(equal, int32(i)))
				}
			}
		}
	})
}
