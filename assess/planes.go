package assess

import "math/bits"

// planes are the values of a column cut into bits: plane k tells bit k of (value − base) of every row, negated. A comparison with a
// constant then takes one operation for 64 rows and plane, and few facts need more than twenty planes. Rows without a value have
// that of base.
type planes struct {
	base  int64
	width int
	not   [][8]uint64 // for every 512 rows their planes, from the lowest bit up; 0 beyond the last word
}

// mostPlanes is up to how many bits a column is cut into planes; beyond, values are compared one by one.
const mostPlanes = 32

// leastRows is from how many rows on planes are worth making.
const leastRows = 256

// newPlanes cuts the values of the rows that have one; nil when they are too far apart or too few.
func newPlanes[T int32 | int64](values []T, valid []uint64) *planes {
	if len(values) < leastRows {
		return nil
	}
	low, high, first := T(0), T(0), true
	for w, r := range valid {
		for ; r != 0; r &= r - 1 {
			v := values[w<<6|bits.TrailingZeros64(r)]
			if first {
				low, high, first = v, v, false
			}
			low, high = min(low, v), max(high, v)
		}
	}
	p := &planes{base: int64(low), width: bits.Len64(uint64(high) - uint64(low))}
	if p.width > mostPlanes {
		return nil
	}
	p.not = make([][8]uint64, p.width*((len(valid)+7)/8))
	for w, r := range valid {
		var block [64]uint64
		for j, v := range (*[64]T)(values[w<<6:]) {
			block[j] = (uint64(v) - uint64(low)) & -(r >> j & 1)
		}
		transpose(&block)
		for k := range p.width {
			p.not[w>>3*p.width+k][w&7] = ^block[k]
		}
	}
	return p
}

// transpose makes columns of rows, of 64 × 64 bits, by swapping ever smaller blocks.
func transpose(a *[64]uint64) {
	mask := uint64(1<<32 - 1)
	for j := 32; j != 0; j >>= 1 {
		for k := 0; k < 64; k = (k | j + 1) &^ j {
			x, y := &a[k&63], &a[(k|j)&63]
			t := (*x>>j ^ *y) & mask
			*y ^= t
			*x ^= t << j
		}
		mask ^= mask << (j >> 1)
	}
}

// less tells which values are below c. From the lowest bit up, where the bits of a value and of c differ the higher one decides
// anew.
func (p *planes) less(dst []uint64, c int64) {
	d := uint64(c) - uint64(p.base)
	if c <= p.base {
		clear(dst)
		return
	}
	if d>>p.width != 0 {
		set(dst)
		return
	}
	from := bits.TrailingZeros64(d)
	for w := 0; w < len(dst); w += 8 {
		block := p.not[w>>3*p.width:][from:p.width]
		if to := dst[w:]; len(to) >= 8 {
			lessIn((*[8]uint64)(to), block, d>>from)
		} else {
			var last [8]uint64
			lessIn(&last, block, d>>from)
			copy(to, last[:])
		}
	}
}

// lessIn does so for 512 rows: a is that of the bits so far.
func lessIn(a *[8]uint64, planes [][8]uint64, d uint64) {
	*a = [8]uint64{}
	for k := range planes {
		n := &planes[k]
		if d&1 != 0 {
			a[0] |= n[0]
			a[1] |= n[1]
			a[2] |= n[2]
			a[3] |= n[3]
			a[4] |= n[4]
			a[5] |= n[5]
			a[6] |= n[6]
			a[7] |= n[7]
		} else {
			a[0] &= n[0]
			a[1] &= n[1]
			a[2] &= n[2]
			a[3] &= n[3]
			a[4] &= n[4]
			a[5] &= n[5]
			a[6] &= n[6]
			a[7] &= n[7]
		}
		d >>= 1
	}
}

// equal tells which values are c.
func (p *planes) equal(dst []uint64, c int64) {
	d := uint64(c) - uint64(p.base)
	if c < p.base || d>>p.width != 0 {
		clear(dst)
		return
	}
	set(dst)
	for w := 0; w < len(dst); w += 8 {
		to := dst[w:min(w+8, len(dst))]
		for k := range p.width {
			n := &p.not[w>>3*p.width+k]
			flip := -(d >> (k & 63) & 1)
			for i := range to {
				to[i] &= n[i&7] ^ flip
			}
		}
	}
}
