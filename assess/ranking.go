package assess

// ranking counts totals in a Fenwick tree, so that a change and a rank take some twenty steps however many there are. It reaches
// over the totals that occur, and widens when one is outside; where there are too many different ones, a place of the tree
// stands for several, which are looked through one by one.
type ranking struct {
	low    int64 // the least total of the first place
	step   int64 // how many totals a place stands for
	tree   []int32
	at     []int32 // by place: how many
	count  int
	inside map[int]map[int64]int // when step is above 1: how often each total stands at a place
}

// mostPlaces bounds the tree.
const mostPlaces = 1 << 20

func newRanking() *ranking {
	return &ranking{step: 1, tree: make([]int32, 1024), at: make([]int32, 1024)}
}

// add counts a total by more, or less when by is negative.
func (r *ranking) add(total int64, by int) {
	if total < r.low || total >= r.low+r.step*int64(len(r.tree)) {
		r.widen(total)
	}
	r.count += by
	r.put(total, by)
}

func (r *ranking) place(total int64) int { return int((total - r.low) / r.step) }

func (r *ranking) put(total int64, by int) {
	place := r.place(total)
	r.at[place] += int32(by)
	for i := place + 1; i <= len(r.tree); i += i & -i {
		r.tree[i-1] += int32(by)
	}
	if r.step == 1 {
		return
	}
	known := r.inside[place]
	if known == nil {
		known = map[int64]int{}
		r.inside[place] = known
	}
	if known[total] += by; known[total] == 0 {
		delete(known, total)
	}
}

// each goes through the totals that occur.
func (r *ranking) each(yield func(total int64, n int) bool) {
	for place, n := range r.at {
		if n == 0 {
			continue
		}
		if r.step == 1 {
			if !yield(r.low+int64(place), int(n)) {
				return
			}
			continue
		}
		for total, n := range r.inside[place] {
			if !yield(total, n) {
				return
			}
		}
	}
}

// widen makes room for a total on either side, twice as much as there is.
func (r *ranking) widen(total int64) {
	low, high := total, total
	for t := range r.each {
		low, high = min(low, t), max(high, t)
	}
	margin := (high-low)/2 + 512
	low, high = low-margin, high+margin
	wide := &ranking{low: low, step: (high-low)/mostPlaces + 1, count: r.count, inside: map[int]map[int64]int{}}
	wide.tree = make([]int32, (high-low)/wide.step+1)
	wide.at = make([]int32, len(wide.tree))
	for t, n := range r.each {
		wide.put(t, n)
	}
	*r = *wide
}

// above counts the totals that are higher than one that is known.
func (r *ranking) above(total int64) int {
	place := r.place(total)
	n := r.count
	for i := place + 1; i > 0; i -= i & -i {
		n -= int(r.tree[i-1])
	}
	if r.step > 1 {
		for t, k := range r.inside[place] {
			if t > total {
				n += k
			}
		}
	}
	return n
}
