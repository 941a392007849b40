package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"bihuan.dev/bihuan/assess"
)

// outcomes are what an engine found: points by clause and subject, -1 where the clause is missing; totals; places of grades.
type outcomes struct {
	points [][]int16
	totals []int
	grades []uint8
}

func newOutcomes(clauses, n int) *outcomes {
	o := &outcomes{totals: make([]int, n), grades: make([]uint8, n), points: make([][]int16, clauses)}
	for j := range o.points {
		o.points[j] = make([]int16, n)
	}
	return o
}

// found reads the outcomes of this engine. It is an error when a status does not follow from the points.
func (w *workload) found(r *assess.Result) (*outcomes, error) {
	o := newOutcomes(len(w.clauses), r.Len())
	place := map[string]uint8{}
	for g, x := range grades {
		place[x.name] = uint8(g)
	}
	for i := range r.Len() {
		for j, c := range w.clauses {
			p := int16(r.Points(i, j) / (assess.PointsScale / 100))
			want := assess.Partly
			switch {
			case int(p) == c.points:
				want = assess.Met
			case p == 0:
				want = assess.Unmet
			}
			switch s := r.Status(i, j); {
			case s == assess.Missing:
				p = -1
			case s != want:
				return nil, fmt.Errorf("subject %s, clause %s: %s with %d hundredths of %d", r.Key(i), w.clauseNumber(j), s, p, c.points)
			}
			o.points[j][i] = p
		}
		o.totals[i], o.grades[i] = int(r.Total(i)/(assess.PointsScale/100)), place[r.Grade(i)]
	}
	return o, nil
}

// sums gives a checksum of every clause, of the totals and of the grades over the first n subjects, in which each subject has a
// weight of its own.
func (o *outcomes) sums(n int) []uint64 {
	out := make([]uint64, 0, len(o.points)+2)
	weight := func(i int) uint64 { return (uint64(i) + 1) * 0x9e3779b97f4a7c15 >> 7 }
	for _, column := range o.points {
		var s uint64
		for i, p := range column[:n] {
			s += weight(i) * uint64(p+2)
		}
		out = append(out, s)
	}
	var totals, places uint64
	for i := range n {
		totals += weight(i) * uint64(o.totals[i])
		places += weight(i) * uint64(o.grades[i]+1)
	}
	return append(out, totals, places)
}

func (o *outcomes) distribution() (d distribution) {
	for i, t := range o.totals {
		d.grades[o.grades[i]]++
		d.bins[t/500]++
	}
	return d
}

// differs says where another engine's outcomes differ from these, or "".
func (w *workload) differs(ours, theirs *outcomes) string {
	n := min(len(ours.totals), len(theirs.totals))
	a, b := ours.sums(n), theirs.sums(n)
	for j := range a {
		if a[j] == b[j] {
			continue
		}
		for i := range n {
			switch {
			case j < len(w.clauses) && ours.points[j][i] != theirs.points[j][i]:
				return fmt.Sprintf("clause %s of subject %d: %d here, %d there", w.clauseNumber(j), i, ours.points[j][i], theirs.points[j][i])
			case j == len(w.clauses) && ours.totals[i] != theirs.totals[i]:
				return fmt.Sprintf("total of subject %d: %d here, %d there", i, ours.totals[i], theirs.totals[i])
			case j > len(w.clauses) && ours.grades[i] != theirs.grades[i]:
				return fmt.Sprintf("grade of subject %d: %d here, %d there", i, ours.grades[i], theirs.grades[i])
			}
		}
	}
	return ""
}

// agree runs every engine over the same subjects and compares all outcomes: the clauses' points and statuses by checksum, the
// totals, the grades, and the counts of grades. It says what was compared, and is an error when anything differs.
func (b *bench) agree(n int, log io.Writer) error {
	w, columns := b.w, newColumns(b.w.facts, n)
	pop := w.population(b.pr, columns, n)
	ours, err := w.found(b.pr.Run(pop, b.options))
	if err != nil {
		return err
	}
	var wrong []string
	compare := func(name string, theirs *outcomes) {
		if d := w.differs(ours, theirs); d != "" {
			wrong = append(wrong, name+": "+d)
			return
		}
		fmt.Fprintf(log, "  %-22s %d outcomes, totals and grades: equal\n", name, len(theirs.totals)*len(w.clauses))
	}
	compareCounts := func(name string, counts [4]int) {
		if want := ours.distribution().grades; counts != want {
			wrong = append(wrong, fmt.Sprintf("%s, counts of grades: %v here, %v there", name, want, counts))
		}
	}
	c, err := newCEL(w, columns, n)
	if err != nil {
		return err
	}
	if err := c.store(); err != nil {
		return err
	}
	compare("cel-go", &outcomes{c.points, c.totals, c.grades})
	o, err := newOPA(w, columns, min(n, b.opaSubjects))
	if err != nil {
		return err
	}
	if err := o.store(); err != nil {
		return err
	}
	compare("OPA", &outcomes{o.points, o.totals, o.grades})
	ctx := context.Background()
	check := func(name string, x *database) error {
		if err := x.prepare(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		counts, err := x.counts(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		compareCounts(name, counts)
		if err := x.keep(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		theirs, err := x.outcomes(ctx, n)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		compare(name, theirs)
		return nil
	}
	duck, err := newDuckDB(w, columns, n, 1)
	if err != nil {
		return err
	}
	defer duck.close()
	for _, x := range []struct {
		name string
		d    dialect
	}{{"DuckDB, CASE", plainDuck}, {"DuckDB, tuned", tunedDuck}} {
		duck.d = x.d.of(w)
		if err := check(x.name, duck); err != nil {
			return err
		}
	}
	lite, err := newSQLite(w, columns, n)
	if err != nil {
		return err
	}
	defer lite.close()
	if err := check("SQLite", lite); err != nil {
		return err
	}
	if b.postgres != "" {
		pg, err := newPostgres(w, columns, n, b.postgres)
		if err != nil {
			return err
		}
		defer pg.close()
		if err := check("PostgreSQL", pg); err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the engines do not agree:\n  %s", strings.Join(wrong, "\n  "))
	}
	return nil
}
