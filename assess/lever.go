package assess

import (
	"cmp"
	"slices"
	"sync"
)

// Lever is a clause, and what comes of it when everybody who falls short of it meets it in full.
type Lever struct {
	Clause  string
	Open    int    // subjects that fall short of it
	Missing Points // what they lack of it together
	Lifted  int    // subjects that reach a better grade by this clause alone
}

// Levers tells of every clause that somebody falls short of how many subjects it lifts to a better grade, those that lift most
// first, then those with most points missing. Only rows that count are looked at; nil is all. Quotas are left out: a subject is
// lifted when its points or its ladder reach the better grade. The population must be the one that the result is of.
func (r *Result) Levers(pop *Population, rows []int) []Lever {
	pr := r.pr
	wanted := make([]uint64, (len(r.rows)+63)/64)
	for i := range r.rows {
		if rows == nil {
			wanted[i>>6] |= 1 << (i & 63)
		}
	}
	for _, i := range rows {
		wanted[i>>6] |= 1 << (i & 63)
	}
	levers := make([]Lever, len(pr.clauses))
	var mu sync.Mutex
	batches := pop.columns(r.options.AsOf, r.last)
	pr.parallel(len(batches), func(m *machine, k int) {
		from := k * batchRows
		part := r.batchLevers(m, batches[k], from, wanted[from/64:])
		mu.Lock()
		defer mu.Unlock()
		for j, x := range part {
			levers[j].Open += x.Open
			levers[j].Missing += x.Missing
			levers[j].Lifted += x.Lifted
		}
	})
	for j, c := range pr.clauses {
		levers[j].Clause = c.Clause.Clause
	}
	levers = slices.DeleteFunc(levers, func(x Lever) bool { return x.Open == 0 })
	slices.SortStableFunc(levers, func(a, b Lever) int {
		return cmp.Or(cmp.Compare(b.Lifted, a.Lifted), cmp.Compare(b.Missing, a.Missing))
	})
	return levers
}

// batchLevers lifts one clause after the other for a whole batch, whose first row is from.
func (r *Result) batchLevers(m *machine, f *facts, from int, wanted []uint64) []Lever {
	pr := r.pr
	out := make([]Lever, len(pr.clauses))
	m.begin(f)
	all := make([]cells, len(pr.clauses))
	for j, c := range pr.clauses {
		if x := &all[j]; c.shape != rankShape && pr.zeroes(j) {
			m.clause(c, x)
		} else {
			x.begin(c, m.words)
			for i := range m.n {
				x.set(c, i, r.Status(from+i, j), int64(r.Points(from+i, j)/pr.unit))
			}
		}
	}
	pristine := map[int]*cells{} // of clauses that a veto zeroes in place
	for j, c := range pr.clauses {
		if pr.zeroes(j) {
			x := &cells{}
			x.begin(c, m.words)
			x.copyFrom(&all[j])
			pristine[j] = x
		}
	}
	before := make([]uint8, m.n)
	m.finish(all, r.last)
	m.settleGrades(nil)
	copy(before, m.sums.final)
	for j, c := range pr.clauses {
		lever, was := &out[j], all[j]
		var full cells
		full.begin(c, m.words)
		full.copyFrom(&was)
		for i := range m.n {
			status, points := r.Status(from+i, j), r.Points(from+i, j)
			if !isSet(wanted, int32(i)) || status == NotApplicable || status == Met && points >= c.full {
				continue
			}
			lever.Open++
			lever.Missing += max(c.full-points, 0)
			full.set(c, i, Met, int64(c.full/pr.unit))
		}
		if lever.Open == 0 {
			continue
		}
		for k, x := range pristine {
			all[k].copyFrom(x)
		}
		all[j] = full
		m.finish(all, r.last)
		m.settleGrades(nil)
		for i, place := range m.sums.final[:m.n] {
			if place < before[i] && isSet(wanted, int32(i)) && !isSet(m.sums.excluded, int32(i)) {
				lever.Lifted++
			}
		}
		all[j] = was
	}
	return out
}
