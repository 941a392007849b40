package assess

import (
	"slices"

	"bihuan.dev/bihuan/programme"
)

// Result holds what Run found, in columns; rows are in the order in which subjects were first put, clauses in that of the
// standard. It does not change when the population does, but a Score that is assembled later reads the population's evidence.
type Result struct {
	pr      *Program
	options Options
	last    int
	rows    []*subject
	byKey   map[string]int
	clauses []clauseColumn
	ladders [][]Points // by section: what the bonus ladder gave; nil for sections without one
	totals  []tally
	vetoes  [][]vetoState // by row
	base    []int         // the place of the grade before vetoes, after quotas
	wanted  []int         // before quotas
	final   []int
}

// clauseColumn is what was found of one clause.
type clauseColumn struct {
	out    []outcome
	place  []int32         // of ranks: the place, from 1; 0: not ranked
	among  []int32         // how many were ranked with it
	peers  int             // how many the mean of peers is of
	mean   Points          // of peers
	zeroed map[int]outcome // by row: what it was before a veto zeroed it
}

// Run scores everybody in one column. Every sum is exact, so that the result does not depend on order or batch.
func (pr *Program) Run(pop *Population, o Options) *Result {
	last := pr.last(o.Party)
	n := len(pop.rows)
	r := &Result{pr: pr, options: o, last: last, rows: pop.rows[:n:n], byKey: pop.byKey, clauses: make([]clauseColumn, len(pr.clauses)),
		ladders: make([][]Points, len(pr.sections)), totals: make([]tally, n), vetoes: make([][]vetoState, n), base: make([]int, n),
		wanted: make([]int, n), final: make([]int, n)}
	for i := range r.clauses {
		r.clauses[i].out = make([]outcome, n)
	}
	f := pr.newFacts(o.AsOf)
	picked := make([]chosen, n)
	for i, s := range pop.rows {
		picked[i] = pr.choose(s, o.AsOf, last)
		f.add(s, picked[i])
	}
	fr := newFrame(f)
	for i := range n {
		fr.row = i
		for j, c := range pr.clauses {
			r.clauses[j].out[i] = pr.evaluate(c, fr, &picked[i])
		}
	}
	for j, c := range pr.clauses {
		if c.shape == rankShape {
			r.rank(c, &r.clauses[j])
		}
	}
	for j, c := range pr.clauses {
		if c.na.Word == "peer_mean" || c.missing.Word == "peer_mean" {
			r.peers(c, &r.clauses[j])
		}
	}
	for k, s := range pr.sections {
		if s.Bonus != nil && s.Bonus.Ladder != nil {
			r.ladders[k] = make([]Points, n)
			for i := range n {
				sum, _ := pr.ladder(s, &picked[i])
				r.ladders[k][i] = pr.points(sum)
			}
		}
	}
	for i := range n {
		fr.row = i
		r.vetoes[i] = pr.vetoStates(r, i, fr)
		r.zero(i)
		r.totals[i] = pr.tally(r, i)
		r.repair(i)
	}
	r.grade(fr)
	return r
}

// rank gives competition ranks (ties share the best place) among those who have a measure, within their unit or over all.
func (r *Result) rank(c *clause, col *clauseColumn) {
	n := len(r.rows)
	col.place, col.among = make([]int32, n), make([]int32, n)
	groups := map[string][]int{}
	for i := range n {
		if col.out[i].status != Unmet || !col.out[i].measured {
			continue
		}
		unit := ""
		if c.Rank.Within == "unit" {
			unit = r.rows[i].Unit
		}
		groups[unit] = append(groups[unit], i)
	}
	for _, g := range groups {
		slices.SortFunc(g, func(a, b int) int {
			d := col.out[b].measure.Cmp(col.out[a].measure)
			if c.Rank.Lowest {
				d = -d
			}
			return d
		})
		place := 0
		for k, i := range g {
			if k == 0 || col.out[g[k-1]].measure.Cmp(col.out[i].measure) != 0 {
				place = k + 1
			}
			col.place[i], col.among[i] = int32(place), int32(len(g))
			out := &col.out[i]
			out.points = max(r.pr.points(c.placePoints(place)), 0)
			if c.full > 0 {
				out.points = min(out.points, c.full)
			}
			*out = c.settle(*out)
		}
	}
}

// placePoints gives the points of a place. Beyond the list `then` says what follows: points, so much less for every further
// place, or nothing.
func (c *clause) placePoints(place int) programme.Decimal {
	list := c.Rank.Points
	if place <= len(list) {
		return list[place-1]
	}
	then := c.Rank.Then
	switch {
	case then == nil || len(list) == 0 && then.Minus != nil:
		return programme.Decimal{}
	case then.Minus != nil:
		return list[len(list)-1].Sub(then.Minus.Mul(programme.DecimalOf(int64(place - len(list)))))
	}
	return then.Points
}

// peers gives those who lack facts, or whom the clause does not concern, the mean of the others, where the clause says so.
// Without any others it is 0.
func (r *Result) peers(c *clause, col *clauseColumn) {
	var sum programme.Decimal
	for i := range col.out {
		switch col.out[i].status {
		case Met, Partly, Unmet:
			sum = sum.Add(col.out[i].points.Decimal())
			col.peers++
		}
	}
	if col.peers > 0 {
		col.mean = r.pr.points(sum.QuoRound(programme.DecimalOf(int64(col.peers)), r.pr.digits))
	}
	for i := range col.out {
		out := &col.out[i]
		if out.status == Missing && c.missing.Word == "peer_mean" || out.status == NotApplicable && c.na.Word == "peer_mean" {
			out.points = col.mean
		}
	}
}

// Len tells how many subjects there are.
func (r *Result) Len() int { return len(r.rows) }

// Key gives the key of row i.
func (r *Result) Key(i int) string { return r.rows[i].Key }

// Row gives the row of a key.
func (r *Result) Row(key string) (int, bool) {
	i, ok := r.byKey[key]
	return i, ok && i < len(r.rows)
}

// Options gives the day and the column.
func (r *Result) Options() Options { return r.options }

// Scored reports whether row i is scored at all: no gate stopped it, and no veto excludes it.
func (r *Result) Scored(i int) bool { return r.totals[i].scored }

// Total gives the total of row i; 0 when it is not scored.
func (r *Result) Total(i int) Points { return r.totals[i].total }

// Grade gives the grade of row i, or "" when a veto excludes it.
func (r *Result) Grade(i int) string {
	if r.totals[i].excluded || len(r.pr.grades) == 0 {
		return ""
	}
	return r.pr.grades[r.final[i]]
}

// NoAward reports whether a veto bars row i from honours.
func (r *Result) NoAward(i int) bool { return r.totals[i].noAward }

// Status gives the verdict on a clause.
func (r *Result) Status(i, clause int) Verdict { return r.clauses[clause].out[i].status }

// Points gives the points of a clause.
func (r *Result) Points(i, clause int) Points { return r.clauses[clause].out[i].points }

// Measure gives the measure of a clause after rounding, when it has one that could be computed.
func (r *Result) Measure(i, clause int) (programme.Decimal, bool) {
	out := &r.clauses[clause].out[i]
	return out.measure, out.measured
}

// Place gives the place of row i in a clause's ranking, and among how many; 0 when it is not ranked.
func (r *Result) Place(i, clause int) (place, among int) {
	if col := &r.clauses[clause]; col.place != nil {
		return int(col.place[i]), int(col.among[i])
	}
	return 0, 0
}

// Assess scores one subject by itself: a population of one. Quotas do not apply to it; in ranks it is the first.
func (pr *Program) Assess(s Subject, o Options) Score {
	pop := pr.NewPopulation()
	pop.Put(s)
	return pr.Run(pop, o).Score(0)
}
