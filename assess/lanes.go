package assess

// lanes add up points that follow from bits, four rows to a word: sixteen bits each, so that four rows are added to at once. What
// they hold goes to the sums before it could leave its sixteen bits.
type lanes struct {
	acc  []uint64
	most int64 // that a row may hold
}

func (l *lanes) begin(words int) {
	l.acc = sized(l.acc, words*16)
	clear(l.acc)
	l.most = 0
}

// add adds p to the rows whose bit is set.
func (l *lanes) add(sum []int64, rows []uint64, p int64) {
	if p <= 0 || p > 1<<15 {
		if p != 0 {
			addUnder(sum, rows, p)
		}
		return
	}
	if l.most += p; l.most > 1<<16-1 {
		l.flush(sum)
		l.most = p
	}
	var table [16]uint64 // by the bits of four rows
	for i := range table {
		table[i] = uint64(i&1|i&2<<15|i&4<<30|i&8<<45) * uint64(p)
	}
	for w, b := range rows[:len(l.acc)/16] {
		if b == 0 {
			continue
		}
		to := (*[16]uint64)(l.acc[w*16:])
		for j := 0; j < 16; j += 4 {
			q := (*[4]uint64)(to[j:])
			q[0] += table[b&15]
			q[1] += table[b>>4&15]
			q[2] += table[b>>8&15]
			q[3] += table[b>>12&15]
			b >>= 16
		}
	}
}

// flush brings the sums up to date, and begins anew.
func (l *lanes) flush(sum []int64) {
	if l.most == 0 {
		return
	}
	for i, a := range l.acc {
		q := (*[4]int64)(sum[i*4:])
		q[0] += int64(a & 0xffff)
		q[1] += int64(a >> 16 & 0xffff)
		q[2] += int64(a >> 32 & 0xffff)
		q[3] += int64(a >> 48)
	}
	clear(l.acc)
	l.most = 0
}
