package assess

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"bihuan.dev/bihuan/programme"
)

// Comparison says what differs between two results of the same subjects: before and after a change of the standard.
// Grades are counted by place: Grades[0] is the best one, and the last place, with the grade "", is that of who holds none at
// all, being excluded or no longer known.
type Comparison struct {
	Grades        []string // of after, then those of before that are gone, then ""
	Before, After []int    // subjects by grade
	Flow          [][]int  // Flow[from][to]: subjects by their grade before and after
	Subjects      int
	Scored        Pair[int]
	Mean          Pair[Points] // of those scored
	Up, Down      int          // subjects that move to a better or a worse grade
	Changed       int          // subjects whose total, grade or being scored differs
	Movers        []Mover      // those that differ: by steps between grades, then by points, then by key; at most as many as asked for

	before, after *Result
	rows          []int
}

// Pair is a figure before and after.
type Pair[T any] struct{ Before, After T }

// Mover is a subject that differs, with the clauses that made the difference, the largest first.
type Mover struct {
	Row     int
	Subject string
	Total   Pair[Points]
	Scored  Pair[bool]
	Grade   Pair[string]
	Steps   int // between the grades, up positive
	Clauses []ClauseMove
}

// ClauseMove is a clause whose points or verdict differ. A clause that one of the standards lacks has 0 points there.
type ClauseMove struct {
	Clause string
	Points Pair[Points]
	Status Pair[Verdict]
}

// GroupMove is how one group of subjects fares: those of a unit, or of a size.
type GroupMove struct {
	Group         string
	Subjects      int
	Before, After []int // by grade, as in Comparison.Grades
	Up, Down      int
	Mean          Pair[Points]
}

// Compare compares two results over the same population. Rows limits it to some rows of it, nil is all of them; ranks and
// quotas are over everybody in either case. At most so many movers are listed, all of them when most is negative.
func Compare(before, after *Result, rows []int, most int) Comparison {
	if rows == nil {
		rows = make([]int, min(before.Len(), after.Len()))
		for i := range rows {
			rows[i] = i
		}
	}
	c := Comparison{Grades: after.pr.Grades(), before: before, after: after, rows: rows, Subjects: len(rows)}
	for _, g := range before.pr.grades {
		if !slices.Contains(c.Grades, g) {
			c.Grades = append(c.Grades, g)
		}
	}
	c.Grades = append(c.Grades, "")
	n := len(c.Grades)
	c.Before, c.After, c.Flow = make([]int, n), make([]int, n), make([][]int, n)
	for i := range c.Flow {
		c.Flow[i] = make([]int, n)
	}
	place := c.places()
	from, to := before.gradePlaces(place), after.gradePlaces(place)
	var sums Pair[Points]
	var movers []Mover
	for _, i := range rows {
		m := Mover{Row: i, Total: Pair[Points]{before.Total(i), after.Total(i)}, Scored: Pair[bool]{before.Scored(i), after.Scored(i)}}
		from, to := from(i), to(i)
		c.Before[from]++
		c.After[to]++
		c.Flow[from][to]++
		m.Steps = from - to
		if m.Steps > 0 {
			c.Up++
		} else if m.Steps < 0 {
			c.Down++
		}
		if m.Scored.Before {
			c.Scored.Before++
			sums.Before += m.Total.Before
		}
		if m.Scored.After {
			c.Scored.After++
			sums.After += m.Total.After
		}
		if m.Total.Before != m.Total.After || m.Steps != 0 || m.Scored.Before != m.Scored.After {
			movers = append(movers, m)
		}
	}
	c.Mean = Pair[Points]{mean(sums.Before, c.Scored.Before), mean(sums.After, c.Scored.After)}
	c.Changed = len(movers)
	slices.SortFunc(movers, func(a, b Mover) int {
		return cmp.Or(cmp.Compare(absolute(b.Steps), absolute(a.Steps)),
			cmp.Compare(absolute(b.Total.After-b.Total.Before), absolute(a.Total.After-a.Total.Before)), cmp.Compare(before.Key(a.Row), before.Key(b.Row)))
	})
	if most >= 0 && len(movers) > most {
		movers = movers[:most]
	}
	for k := range movers {
		m := &movers[k]
		m.Grade = Pair[string]{before.Grade(m.Row), after.Grade(m.Row)}
		m.Subject, m.Clauses = before.Key(m.Row), clauseMoves(before, after, m.Row)
	}
	c.Movers = movers
	return c
}

func (c *Comparison) places() map[string]int {
	place := map[string]int{}
	for i, g := range c.Grades {
		place[g] = i
	}
	return place
}

// gradePlaces gives the function that finds the place of a row's grade among those of a comparison.
func (r *Result) gradePlaces(place map[string]int) func(i int) int {
	by := make([]int, len(r.pr.grades))
	for k, g := range r.pr.grades {
		by[k] = place[g]
	}
	none := place[""]
	return func(i int) int {
		if len(by) == 0 || isSet(r.excluded, int32(i)) {
			return none
		}
		return by[r.final[i]]
	}
}

func mean(sum Points, n int) Points {
	if n == 0 {
		return 0
	}
	d, _ := sum.Decimal().QuoRound(programme.DecimalOf(int64(n)), 2).Scaled(6)
	return Points(d)
}

func absolute[T int | Points](n T) T {
	if n < 0 {
		return -n
	}
	return n
}

// clauseMoves lists the clauses that differ for a row, the largest difference of points first.
func clauseMoves(before, after *Result, row int) []ClauseMove {
	var out []ClauseMove
	for i, c := range after.pr.clauses {
		m := ClauseMove{Clause: c.Clause.Clause}
		m.Points.After, m.Status.After = after.Points(row, i), after.Status(row, i)
		if j, ok := before.pr.byClause[m.Clause]; ok {
			m.Points.Before, m.Status.Before = before.Points(row, j), before.Status(row, j)
		} else {
			m.Status.Before = NotApplicable
		}
		if m.Points.Before != m.Points.After || m.Status.Before != m.Status.After {
			out = append(out, m)
		}
	}
	for j, c := range before.pr.clauses {
		if _, ok := after.pr.byClause[c.Clause.Clause]; !ok {
			out = append(out, ClauseMove{c.Clause.Clause, Pair[Points]{Before: before.Points(row, j)}, Pair[Verdict]{before.Status(row, j), NotApplicable}})
		}
	}
	slices.SortStableFunc(out, func(a, b ClauseMove) int {
		return cmp.Compare(absolute(b.Points.After-b.Points.Before), absolute(a.Points.After-a.Points.Before))
	})
	return out
}

// By splits the comparison into groups: group names the one that a row belongs to, "" leaves it out. Those with most movement
// between grades come first.
func (c *Comparison) By(group func(row int) string) []GroupMove {
	place, at := c.places(), map[string]int{}
	before, after := c.before.gradePlaces(place), c.after.gradePlaces(place)
	var out []GroupMove
	var sums []Pair[Points]
	var scored []Pair[int]
	for _, i := range c.rows {
		name := group(i)
		if name == "" {
			continue
		}
		k, ok := at[name]
		if !ok {
			k = len(out)
			at[name] = k
			out = append(out, GroupMove{Group: name, Before: make([]int, len(c.Grades)), After: make([]int, len(c.Grades))})
			sums, scored = append(sums, Pair[Points]{}), append(scored, Pair[int]{})
		}
		g := &out[k]
		from, to := before(i), after(i)
		g.Subjects++
		g.Before[from]++
		g.After[to]++
		if to < from {
			g.Up++
		} else if to > from {
			g.Down++
		}
		if c.before.Scored(i) {
			sums[k].Before += c.before.Total(i)
			scored[k].Before++
		}
		if c.after.Scored(i) {
			sums[k].After += c.after.Total(i)
			scored[k].After++
		}
	}
	for k := range out {
		out[k].Mean = Pair[Points]{mean(sums[k].Before, scored[k].Before), mean(sums[k].After, scored[k].After)}
	}
	slices.SortFunc(out, func(a, b GroupMove) int {
		return cmp.Or(cmp.Compare(b.Up+b.Down, a.Up+a.Down), cmp.Compare(b.Subjects, a.Subjects), cmp.Compare(a.Group, b.Group))
	})
	return out
}

// Unit gives the unit of row i.
func (r *Result) Unit(i int) string { return r.rows[i].Unit }

// Choice gives what a choice field of the subject itself says of row i as of the result's day; "" when it says nothing.
func (r *Result) Choice(i int, field string) string {
	form := r.pr.forms[r.pr.byForm[programme.SubjectForm]]
	k := slices.IndexFunc(form.Fields, func(f *programme.Field) bool { return f.Name == field })
	if k < 0 {
		return ""
	}
	var found value
	for f := range r.rows[i].pieces(r.pr) {
		if f.form == form.index && f.On <= r.options.AsOf {
			if v := f.value(r.pr, k); v.tag != tagAbsent {
				found = v
			}
		}
	}
	text, _ := found.any(form.Fields[k]).(string)
	return text
}

// Over gives the population for this program: the very same one when the program reads it alike, as a draft does in which
// points and thresholds were changed; else one of the same subjects, for which the evidence is looked through again.
func (pr *Program) Over(pop *Population) *Population {
	if pr.reads(pop) {
		return pop
	}
	if pr.packsLike(pop.pr) {
		return &Population{pr: pr, rows: slices.Clone(pop.rows), byKey: maps.Clone(pop.byKey), names: slices.Clone(pop.names), evidence: pop.evidence,
			bytes: pop.bytes, changed: make([]int, len(pop.changed))}
	}
	out := pr.NewPopulation()
	for i := range pop.rows {
		out.Put(pop.Subject(i))
	}
	return out
}

// reads reports whether the facts of a population are those that the program reads.
func (pr *Program) reads(pop *Population) bool { return pr == pop.pr || pr.readsLike(pop.pr) }

// readsLike reports whether the columns of facts that one program makes serve the other: the same forms, fields that rules read,
// parties and clauses in the same places, texts numbered alike, and judgements and bonus records that earn the same.
func (pr *Program) readsLike(o *Program) bool {
	if pr.p.Calendar != o.p.Calendar || pr.digits != o.digits || !slices.Equal(pr.mattersUsed, o.mattersUsed) {
		return false
	}
	forms := slices.EqualFunc(pr.forms, o.forms, func(f, g *form) bool {
		return f.Name == g.Name && f.kind == g.kind && f.proof == g.proof && f.Valid == g.Valid && slices.Equal(f.read, g.read) &&
			slices.EqualFunc(f.Fields, g.Fields, func(x, y *programme.Field) bool {
				return x.Name == y.Name && x.Type == y.Type && x.Decimals == y.Decimals
			})
	})
	parties := slices.EqualFunc(pr.p.Parties, o.p.Parties, func(a, b programme.Party) bool { return a.Name == b.Name })
	clauses := slices.EqualFunc(pr.clauses, o.clauses, func(a, b *clause) bool {
		return a.Clause.Clause == b.Clause.Clause && a.shape == b.shape && (a.shape != judgedShape || a.full == b.full && reflect.DeepEqual(a.Judged, b.Judged))
	})
	sections := slices.EqualFunc(pr.sections, o.sections, func(a, b *section) bool { return reflect.DeepEqual(a.Bonus, b.Bonus) })
	return forms && parties && clauses && sections &&
		slices.EqualFunc(pr.dict.vals, o.dict.vals, func(a, b ref.Val) bool { return a.Equal(b) == types.True })
}
