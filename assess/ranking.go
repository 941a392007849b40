package assess

import "slices"

// ranking counts totals in a Fenwick tree, so that a change and a rank take some twenty steps however many there are. It reaches
// over the totals that occur, and widens when one is outside; where there are too many different ones, a place of the tree
// stands for several, which are looked through one by one.
type ranking struct {
	low    int64 // the least total of the first place
	step   int64 // how many totals a place stands for
	tree   []int
	count  int
	known  map[int64]int   // how often each total occurs
	inside map[int][]int64 // when step is above 1: which totals stand at a place
}

// mostPlaces bounds the tree.
const mostPlaces = 1 << 20

func newRanking() *ranking { return &ranking{step: 1, tree: make([]int, 1024), known: map[int64]int{}} }

// add counts a total by more, or less when by is negative.
func (r *ranking) add(total int64, by int) {
	if total < r.low || total >= r.low+r.step*int64(len(r.tree)) {
		r.widen(total)
	}
	was := r.known[total]
	r.put(total, by, was == 0)
	if r.count += by; was+by == 0 {
		delete(r.known, total)
		if place := r.place(total); r.step > 1 {
			r.inside[place] = slices.DeleteFunc(r.inside[place], func(t int64) bool { return t == total })
		}
	} else {
		r.known[total] = was + by
	}
}

func (r *ranking) place(total int64) int { return int((total - r.low) / r.step) }

func (r *ranking) put(total int64, by int, first bool) {
	place := r.place(total)
	for i := place + 1; i <= len(r.tree); i += i & -i {
		r.tree[i-1] += by
	}
	if first && r.step > 1 {
		r.inside[place] = append(r.inside[place], total)
	}
}

// widen makes room for a total on either side, twice as much as there is.
func (r *ranking) widen(total int64) {
	low, high := total, total
	for t := range r.known {
		low, high = min(low, t), max(high, t)
	}
	margin := (high-low)/2 + 512
	low, high = low-margin, high+margin
	r.low, r.step = low, (high-low)/mostPlaces+1
	r.tree = make([]int, (high-low)/r.step+1)
	r.inside = map[int][]int64{}
	for t, n := range r.known {
		r.put(t, n, true)
	}
}

// above counts the totals that are higher than one that is known.
func (r *ranking) above(total int64) int {
	place := r.place(total)
	n := r.count
	for i := place + 1; i > 0; i -= i & -i {
		n -= r.tree[i-1]
	}
	if r.step > 1 {
		for _, t := range r.inside[place] {
			if t > total {
				n += r.known[t]
			}
		}
	}
	return n
}
