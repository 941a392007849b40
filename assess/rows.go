package assess

// rowSpan is the extent of a level in the batch.
type rowSpan struct {
	epoch    int
	n, words int
	starts   []int32 // by row of the parent level
	rec      []int32 // which record, item or constant a row is; nil: that of its own number
	up       []int32 // the row of the parent level; made when it is asked for
	left     []uint64
}

// leave marks the subject that a row belongs to for the interpreter. What stands beyond the last row means nothing: a constant has a
// value there too.
func (m *machine) leave(lv *level, row int) {
	if row >= m.span(lv).n {
		return
	}
	if m.left == nil {
		m.left = make([]uint64, m.words)
	}
	row = m.climb(lv, row, nil)
	m.left[row>>6] |= 1 << (row & 63)
}

func (m *machine) leaveAll(rows []uint64) {
	if rows == nil {
		return
	}
	if m.left == nil {
		m.left = make([]uint64, m.words)
	}
	for i, w := range rows {
		m.left[i] |= w
	}
}

// climb gives the row of a level above that a row belongs to.
func (m *machine) climb(from *level, row int, to *level) int {
	for from != to {
		row = int(m.parents(from)[row])
		from = from.parent
	}
	return row
}

// parents gives the row of the parent level for each row of a level.
func (m *machine) parents(lv *level) []int32 {
	s := m.span(lv)
	if s.up == nil {
		s.up = make([]int32, s.n)
		for p := range len(s.starts) - 1 {
			for i := s.starts[p]; i < s.starts[p+1]; i++ {
				s.up[i] = int32(p)
			}
		}
	}
	return s.up
}

// mostRows is how many rows one subject may have at a level. Beyond, the interpreter decides, which counts the steps of
// a rule and gives up on too many.
const mostRows = 5000

// span gives the extent of a level.
func (m *machine) span(lv *level) *rowSpan {
	if lv == nil {
		return &m.root
	}
	s := &m.spans[lv.id]
	if s.epoch != m.epoch {
		*s = rowSpan{epoch: m.epoch}
		m.extend(lv, s)
		s.words = (s.n + 63) / 64
	}
	return s
}

// extend finds the rows of a level.
func (m *machine) extend(lv *level, s *rowSpan) {
	parent := m.span(lv.parent)
	var from []int32
	record := func(p int) int { return p }
	switch lv.kind {
	case constLevel:
		k := len(lv.consts)
		s.n = parent.n * k
		s.starts = make([]int32, parent.n+1)
		for p := range s.starts {
			s.starts[p] = int32(p * k)
		}
		return
	case recordLevel:
		from = m.f.formFacts(lv.place).starts
		record = func(p int) int { return m.climb(lv.parent, p, nil) }
	case itemLevel:
		from = m.f.column(lv.place).start
		holder := m.span(lv.holder)
		record = func(p int) int {
			if p = m.climb(lv.parent, p, lv.holder); holder.rec != nil {
				p = int(holder.rec[p])
			}
			return p
		}
	}
	if lv.parent == nil || lv.kind == itemLevel && lv.parent == lv.holder && parent.rec == nil {
		s.starts = from[:parent.n+1]
		s.n = int(from[parent.n])
		for p := range parent.n {
			if from[p+1]-from[p] > mostRows {
				s.leave(m, m.climb(lv.parent, p, nil))
			}
		}
		return
	}
	s.starts = make([]int32, 1, parent.n+1)
	total, root := 0, -1
	for p := range parent.n {
		if r := m.climb(lv.parent, p, nil); r != root {
			total, root = 0, r
		}
		at := record(p)
		if total += int(from[at+1] - from[at]); total > mostRows {
			s.leave(m, root)
		} else {
			for i := from[at]; i < from[at+1]; i++ {
				s.rec = append(s.rec, i)
			}
		}
		s.starts = append(s.starts, int32(len(s.rec)))
	}
	if s.rec == nil {
		s.rec = []int32{}
	}
	s.n = len(s.rec)
}

func (s *rowSpan) leave(m *machine, root int) {
	if s.left == nil {
		s.left = make([]uint64, m.words)
	}
	s.left[root>>6] |= 1 << (root & 63)
}
