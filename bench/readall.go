package main

import "math/bits"

// bound reads every column that some clause reads, once, in its narrowest plain form: what no engine that keeps its facts in
// memory can beat by much.
type bound struct {
	wide  [][]int32
	small [][]uint8
	truth [][]uint64
	valid [][]uint64
}

func newBound(w *workload, columns []column) *bound {
	b := &bound{}
	for j, f := range w.facts {
		if !f.read {
			continue
		}
		c := columns[j]
		b.valid = append(b.valid, c.valid)
		switch f.kind {
		case boolean:
			set := make([]uint64, len(c.valid))
			for i, v := range c.values {
				set[i>>6] |= uint64(v) << (i & 63)
			}
			b.truth = append(b.truth, set)
		case count, choice:
			narrow := make([]uint8, len(c.values))
			for i, v := range c.values {
				narrow[i] = uint8(v)
			}
			b.small = append(b.small, narrow)
		default:
			b.wide = append(b.wide, c.values)
		}
	}
	return b
}

// read sums everything, so that nothing can be left out.
func (b *bound) read() int64 {
	var sum int64
	for _, c := range b.wide {
		var s0, s1, s2, s3 int64
		for len(c) >= 4 {
			s0, s1, s2, s3 = s0+int64(c[0]), s1+int64(c[1]), s2+int64(c[2]), s3+int64(c[3])
			c = c[4:]
		}
		for _, v := range c {
			s0 += int64(v)
		}
		sum += s0 + s1 + s2 + s3
	}
	for _, c := range b.small {
		var s0, s1, s2, s3 int64
		for len(c) >= 4 {
			s0, s1, s2, s3 = s0+int64(c[0]), s1+int64(c[1]), s2+int64(c[2]), s3+int64(c[3])
			c = c[4:]
		}
		for _, v := range c {
			s0 += int64(v)
		}
		sum += s0 + s1 + s2 + s3
	}
	for _, list := range [][][]uint64{b.truth, b.valid} {
		for _, c := range list {
			for _, v := range c {
				sum += int64(bits.OnesCount64(v))
			}
		}
	}
	return sum
}
