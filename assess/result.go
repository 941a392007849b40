package assess

import "bihuan.dev/bihuan/programme"

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
func (r *Result) Scored(i int) bool { return isSet(r.scored, int32(i)) }

// Total gives the total of row i; 0 when it is not scored.
func (r *Result) Total(i int) Points { return r.totals[i] }

// Grade gives the grade of row i, or "" when a veto excludes it.
func (r *Result) Grade(i int) string {
	if isSet(r.excluded, int32(i)) || len(r.pr.grades) == 0 {
		return ""
	}
	return r.pr.grades[r.final[i]]
}

// NoAward reports whether a veto bars row i from honours.
func (r *Result) NoAward(i int) bool { return isSet(r.noAward, int32(i)) }

// Status gives the verdict on a clause.
func (r *Result) Status(i, clause int) Verdict {
	return verdictOf(r.clauses[clause].status[i])
}

// verdictOf gives the verdict that a clauseColumn's code stands for.
func verdictOf(code uint8) Verdict {
	if v := Verdict(code); v <= Pending {
		return v
	}
	return Partly
}

// Points gives the points of a clause.
func (r *Result) Points(i, clause int) Points {
	col := &r.clauses[clause]
	if col.points == nil {
		return Points(r.pr.clauses[clause].worth[col.status[i]]) * r.pr.unit
	}
	if p, ok := col.wide[i]; ok {
		return Points(p) * r.pr.unit
	}
	return Points(col.points[i]) * r.pr.unit
}

// Measure gives the measure of a clause after rounding, when it has one that could be computed.
func (r *Result) Measure(i, clause int) (programme.Decimal, bool) {
	col := &r.clauses[clause]
	if col.measured == nil || !isSet(col.measured, int32(i)) {
		return programme.Decimal{}, false
	}
	if d, ok := col.far[i]; ok {
		return d, true
	}
	return programme.NewDecimal(col.measure[i], r.pr.clauses[clause].measureScale(r.pr)), true
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
