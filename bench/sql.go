package main

import (
	"fmt"
	"slices"
	"strings"
)

// dialect writes the standard as SQL. Numbers are integers in hundredths, days are integers, a choice is a single bit, so that
// every engine can be exact. A clause is NULL when it is missing, else its points in hundredths; 100 × 100 = the full total.
type dialect struct {
	w     *workload
	tuned bool   // spelled as DuckDB runs it fastest: bit masks instead of IN, or cast to a number, zero divisors first
	div   string // division of integers
	most  string // the larger of two
	least string
	fence string // keeps a subquery from being flattened, and its clauses from being computed again
}

var (
	plainDuck = dialect{div: "//", most: "greatest", least: "least"}
	tunedDuck = dialect{div: "//", most: "greatest", least: "least", tuned: true}
	liteSQL   = dialect{div: "/", most: "max", least: "min", fence: " LIMIT -1 OFFSET 0"}
	postgres  = dialect{div: "/", most: "greatest", least: "least", fence: " OFFSET 0"}
)

func (d dialect) of(w *workload) dialect { d.w = w; return d }

// clause gives the points of a clause, NULL when it is missing.
func (d dialect) clause(c clause) string {
	if d.tuned {
		return d.tunedClause(c, "NULL")
	}
	switch c.shape {
	case "pass":
		cond := d.cond(c.cond)
		return fmt.Sprintf("CASE WHEN %s THEN %d WHEN NOT (%s) THEN 0 END", cond, c.points, cond)
	case "bands":
		var b strings.Builder
		b.WriteString("CASE")
		for _, x := range c.bands {
			fmt.Fprintf(&b, " WHEN %s THEN %d", d.atLeast(c.m, x.from), x.points)
		}
		return b.String() + fmt.Sprintf(" WHEN %s THEN 0 END", d.present(c.m))
	case "linear":
		at := d.atLeast(c.m, c.line.zero)
		return fmt.Sprintf("CASE WHEN %s THEN %s WHEN NOT (%s) THEN 0 END", at, d.falling(c), at)
	}
	a, b := d.name(c.deduct[0].fact), d.name(c.deduct[1].fact)
	return fmt.Sprintf("CASE WHEN %s IS NULL OR %s IS NULL THEN NULL ELSE %s END", a, b, d.deducted(c))
}

// earned gives the points of a clause, 0 when it is missing: what a sum needs.
func (d dialect) earned(c clause) string {
	switch {
	case d.tuned:
		return d.tunedClause(c, "0")
	case c.shape == "pass":
		return fmt.Sprintf("CASE WHEN %s THEN %d ELSE 0 END", d.cond(c.cond), c.points)
	}
	return "coalesce(" + d.clause(c) + ", 0)"
}

// tunedClause gives the points of a clause, or missing: NULL, or 0 where only the sum counts. What is fastest was measured shape
// by shape: a simple comparison in a CASE costs a quarter of its cast to a number, a disjunction is cheaper cast, a zero divisor is
// best set aside first, and small numbers keep the sums narrow.
func (d dialect) tunedClause(c clause, missing string) string {
	var b strings.Builder
	when := func(cond string, points int) { fmt.Fprintf(&b, " WHEN %s THEN %d::SMALLINT", cond, points) }
	end := func(otherwise string) string {
		if missing == "NULL" {
			return "CASE" + b.String() + " WHEN " + otherwise + " THEN 0::SMALLINT END"
		}
		return "CASE" + b.String() + " ELSE 0::SMALLINT END"
	}
	if c.m.ratio {
		fmt.Fprintf(&b, " WHEN %s = 0 THEN %s::SMALLINT", d.name(c.m.b), missing)
	}
	switch c.shape {
	case "pass":
		cond := d.cond(c.cond)
		switch {
		case c.cond.op == "or" && missing == "NULL":
			return fmt.Sprintf("(%s)::SMALLINT * %d::SMALLINT", cond, c.points)
		case c.cond.op == "or":
			return fmt.Sprintf("coalesce((%s)::SMALLINT, 0::SMALLINT) * %d::SMALLINT", cond, c.points)
		}
		when(cond, c.points)
		return end("NOT (" + cond + ")")
	case "bands":
		for _, x := range c.bands {
			when(d.atLeast(c.m, x.from), x.points)
		}
		return end(d.present(c.m))
	case "linear":
		when(d.atLeast(c.m, c.line.full), c.points)
		fmt.Fprintf(&b, " WHEN %s THEN (%d - %d * %s)::SMALLINT", d.atLeast(c.m, c.line.zero), c.points, c.line.minus, d.steps(c))
		return end(d.present(c.m))
	}
	x, y := c.deduct[0], c.deduct[1]
	n, m := d.name(x.fact), d.name(y.fact)
	fmt.Fprintf(&b, " WHEN %d * %s + %d * %s < %d THEN (%d - %d * %s - %d * %s)::SMALLINT", x.each, n, y.each, m, min(c.points, y.most), c.points, x.each, n, y.each, m)
	fmt.Fprintf(&b, " WHEN %d * %s >= %d AND %d * %s < %d THEN (%d - %d * %s)::SMALLINT", y.each, m, y.most, x.each, n, c.points-y.most, c.points-y.most, x.each, n)
	fmt.Fprintf(&b, " WHEN %d * %s < %d AND %d * %s + %d * %s < %d THEN (%d - %d * %s - %d * %s)::SMALLINT", y.each, m, y.most, x.each, n, y.each, m, c.points, c.points, x.each, n, y.each, m)
	return end(n + " + " + m + " IS NOT NULL")
}

// falling gives the points of a line above its zero.
func (d dialect) falling(c clause) string {
	return fmt.Sprintf("%s(0, %d - %d * %s(0, %s))", d.most, c.points, c.line.minus, d.most, d.steps(c))
}

// steps gives how many whole steps a measure is short of full. A ratio is rounded to ten thousandths, here a half going down: all
// steps begin at odd places, where half to even does so too; that and the step make one division.
func (d dialect) steps(c clause) string {
	l, a, b := c.line, d.name(c.m.a), d.name(c.m.b)
	if !c.m.ratio {
		return fmt.Sprintf("((%d - %s) %s %d)", l.full, a, d.div, l.each)
	}
	by := b
	if !d.tuned {
		by = "nullif(" + b + ", 0)"
	}
	return fmt.Sprintf("((%d * %s - 20000 * %s) %s (%d * %s))", 2*l.full+1, b, a, d.div, 2*l.each, by)
}

func (d dialect) deducted(c clause) string {
	x, y := c.deduct[0], c.deduct[1]
	return fmt.Sprintf("%s(0, %d - %d * %s - %s(%d * %s, %d))", d.most, c.points, x.each, d.name(x.fact), d.least, y.each, d.name(y.fact), y.most)
}

func (d dialect) present(m measure) string {
	if m.ratio {
		return fmt.Sprintf("%s IS NOT NULL AND %s <> 0", d.name(m.a), d.name(m.b))
	}
	return d.name(m.a) + " IS NOT NULL"
}

// atLeast compares a measure. A ratio rounded half to even reaches an even threshold from half a step below it; the comparison
// is done without division.
func (d dialect) atLeast(m measure, from int) string {
	switch {
	case !m.ratio:
		return fmt.Sprintf("%s >= %d", d.name(m.a), from)
	case d.tuned: // a zero divisor was set aside before
		return fmt.Sprintf("20000 * %s >= %d * %s", d.name(m.a), 2*from-1, d.name(m.b))
	}
	return d.ratio(m.a, m.b, 2*from-1, 20000)
}

// ratio asks whether a ÷ b is at least num ÷ den.
func (d dialect) ratio(a, b, num, den int) string {
	return fmt.Sprintf("%d * %s >= %d * nullif(%s, 0)", den, d.name(a), num, d.name(b))
}

func (d dialect) cond(c cond) string {
	name := func() string { return d.name(c.a) }
	switch c.op {
	case ">=", "<=":
		return fmt.Sprintf("%s %s %d", name(), c.op, c.k)
	case "past":
		return fmt.Sprintf("%s <= %d", name(), c.k)
	case "since":
		return fmt.Sprintf("%s > %d", name(), c.k)
	case "is":
		return name()
	case "not":
		return "NOT " + name()
	case "ratio":
		return d.ratio(c.a, c.b, c.k, 100)
	case "in":
		if d.tuned {
			mask := 0
			for _, o := range c.set {
				mask |= 1 << o
			}
			return fmt.Sprintf("(%s & %d::UTINYINT) <> 0", name(), mask)
		}
		bits := make([]string, len(c.set))
		for i, o := range c.set {
			bits[i] = fmt.Sprint(1 << o)
		}
		return name() + " IN (" + strings.Join(bits, ", ") + ")"
	}
	return d.w.joined(c, map[string]string{"and": " AND ", "or": " OR "}[c.op], d.cond)
}

func (d dialect) name(i int) string { return d.w.facts[i].name }

// grade gives the place of the grade of a total.
func (d dialect) grade(total string) string {
	if d.tuned {
		var parts []string
		for _, g := range grades[:len(grades)-1] {
			parts = append(parts, fmt.Sprintf("(%s < %d)::TINYINT", total, g.from))
		}
		return strings.Join(parts, " + ")
	}
	var b strings.Builder
	b.WriteString("CASE")
	for i, g := range grades[:len(grades)-1] {
		fmt.Fprintf(&b, " WHEN %s >= %d THEN %d", total, g.from, i)
	}
	fmt.Fprintf(&b, " ELSE %d END", len(grades)-1)
	return b.String()
}

// total gives the sum of all clauses.
func (d dialect) total() string {
	parts := make([]string, len(d.w.clauses))
	for i, c := range d.w.clauses {
		parts[i] = d.earned(c)
	}
	return strings.Join(parts, " + ")
}

// counts asks how many have each grade.
func (d dialect) counts() string {
	return fmt.Sprintf("SELECT grade, count(*) FROM (SELECT %s AS grade FROM (SELECT %s AS total FROM facts%s) t) g GROUP BY grade",
		d.grade("total"), d.total(), d.fence)
}

// stored asks for every clause, the total and the grade of everybody.
func (d dialect) stored() string {
	var clauses, sum []string
	for i, c := range d.w.clauses {
		clauses = append(clauses, fmt.Sprintf("%s AS p%d", d.clause(c), i))
		sum = append(sum, fmt.Sprintf("coalesce(p%d, 0)", i))
	}
	return fmt.Sprintf("SELECT t.*, %s AS grade FROM (SELECT c.*, %s AS total FROM (SELECT id, %s FROM facts%s) c%s) t",
		d.grade("total"), strings.Join(sum, " + "), strings.Join(clauses, ", "), d.fence, d.fence)
}

// whatIf asks for grades and the histogram of totals when one clause is another: from the stored totals, computing that clause
// alone. The table holds the facts, the totals and the points of the clauses that may be moved.
func (d dialect) whatIf(table string, i int, c clause) string {
	return fmt.Sprintf("SELECT grade, bin, count(*) FROM (SELECT %s AS grade, total %s 500 AS bin FROM (SELECT total - coalesce(p%d, 0) + %s AS total FROM %s%s) t) g GROUP BY grade, bin",
		d.grade("total"), d.div, i, d.earned(c), table, d.fence)
}

// whatIfTable creates the table that whatIf reads, of those columns alone that it needs.
func (d dialect) whatIfTable(table string, moved []int) string {
	var used []int
	columns := []string{"s.total"}
	for _, i := range moved {
		columns = append(columns, fmt.Sprintf("s.p%d", i))
		used = append(used, d.w.clauses[i].reads()...)
	}
	slices.Sort(used)
	for _, f := range slices.Compact(used) {
		columns = append(columns, "f."+d.name(f))
	}
	return fmt.Sprintf("CREATE TABLE %s AS SELECT %s FROM facts f JOIN stored s ON f.id = s.id", table, strings.Join(columns, ", "))
}

// reads lists the facts that a clause reads.
func (c clause) reads() []int {
	var out []int
	var walk func(cond)
	walk = func(x cond) {
		switch {
		case len(x.kids) > 0:
			for _, k := range x.kids {
				walk(k)
			}
		case x.op == "ratio":
			out = append(out, x.a, x.b)
		default:
			out = append(out, x.a)
		}
	}
	switch c.shape {
	case "pass":
		walk(c.cond)
	case "deduct":
		for _, d := range c.deduct {
			out = append(out, d.fact)
		}
	default:
		if out = append(out, c.m.a); c.m.ratio {
			out = append(out, c.m.b)
		}
	}
	return out
}

// createFacts creates the table of facts, one row a subject; types has the column type of each kind.
func (w *workload) createFacts(types map[kind]string, key string) string {
	columns := []string{"id " + key}
	for _, f := range w.facts {
		columns = append(columns, f.name+" "+types[f.kind])
	}
	return "CREATE TABLE facts (" + strings.Join(columns, ", ") + ")"
}

// bit gives the value of a fact as the SQL engines keep it: a choice as a single bit.
func bit(k kind, v int32) int32 {
	if k == choice {
		return 1 << v
	}
	return v
}
