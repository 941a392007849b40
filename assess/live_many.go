package assess

// Filing is a piece of evidence to be filed: of the subject in a row, with the ID of the one that it supersedes, if any.
type Filing struct {
	Row        int
	Record     Record
	Supersedes string
}

// aheadBy is of how many pieces what they need is read ahead.
const aheadBy = 16

// FileAll files pieces that came together, as File does one after the other, and tells what became of each before the next is filed.
// Most of the time of filing goes into waiting for the memory that has the subject; of several pieces it is waited for together.
func (s *Scores) FileAll(list []Filing, each func(i int, c Change)) {
	for from := 0; from < len(list); from += aheadBy {
		some := list[from:min(from+aheadBy, len(list))]
		s.warmAll(some)
		for i := range some {
			f := &some[i]
			s.mu.Lock()
			c := s.file(f.Row, &f.Record, f.Supersedes)
			s.mu.Unlock()
			if each != nil {
				each(from+i, c)
			}
		}
	}
}

// warmAll reads what filing the pieces will read: step by step, since where the next thing is stands in the one before, and in each
// step what does not depend on each other.
func (s *Scores) warmAll(list []Filing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var subjects [aheadBy]*subject
	for i := range list {
		subjects[i] = s.pop.rows[list[i].Row]
		s.warm(list[i].Row, &list[i].Record)
	}
	for _, x := range subjects[:len(list)] {
		s.warmth += uint64(len(x.data))
	}
	for _, x := range subjects[:len(list)] {
		s.warmData(x)
	}
}
