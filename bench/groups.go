package main

import (
	"context"
	"fmt"
	"io"

	"bihuan.dev/bihuan/assess"
)

// ourName is how this engine is called in tables and ratios.
const ourName = "bihuan"

// scene is one size of population with the engines that hold it.
type scene struct {
	*bench
	n       int
	columns []column
	pop     *assess.Population
	result  *assess.Result
	duck    *database // holds the facts; its dialect is set for each task
	lite    *database
	pg      *database
	stored  *stored // as the product stores it
}

// open loads a population into every engine that can bear its size.
func (b *bench) open(n int, log io.Writer) (*scene, error) {
	s := &scene{bench: b, n: n, columns: newColumns(b.w.facts, n)}
	fmt.Fprintf(log, "loading %d subjects\n", n)
	s.pop = b.w.population(b.pr, s.columns, n)
	var err error
	if s.duck, err = newDuckDB(b.w, s.columns, n, 1); err != nil {
		return nil, err
	}
	if n <= 100_000 {
		if s.lite, err = newSQLite(b.w, s.columns, n); err != nil {
			return nil, err
		}
		if b.postgres != "" {
			if s.pg, err = newPostgres(b.w, s.columns, n, b.postgres); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *scene) close() {
	if s.stored != nil {
		s.stored.close()
	}
	for _, x := range []*database{s.duck, s.lite, s.pg} {
		if x != nil {
			x.close()
		}
	}
}

func (s *scene) cells() float64 { return float64(s.n) * float64(len(s.w.clauses)) }

// in gives the database with a dialect of its own and its statements prepared.
func (s *scene) in(x *database, d dialect) (*database, error) {
	y := *x
	y.d = d.of(s.w)
	return &y, y.prepare(context.Background())
}

// sqlTasks gives a task for every SQL engine there is.
func (s *scene) sqlTasks(cores int, run func(*database) error) ([]task, error) {
	var out []task
	add := func(name string, x *database, d dialect) error {
		if x == nil {
			return nil
		}
		y, err := s.in(x, d)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, task{engine: name, server: x.server, run: func() (float64, error) { return s.cells(), run(y) }})
		return nil
	}
	if err := add("DuckDB, tuned", s.duck, tunedDuck); err != nil {
		return nil, err
	}
	if err := add("DuckDB, CASE", s.duck, plainDuck); err != nil {
		return nil, err
	}
	if cores == 1 {
		if err := add("SQLite", s.lite, liteSQL); err != nil {
			return nil, err
		}
		if err := add("PostgreSQL", s.pg, postgres); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// threads sets how many threads DuckDB may use.
func (s *scene) threads(n int) error {
	_, err := s.duck.conn.ExecContext(context.Background(), fmt.Sprintf("SET threads = %d", n))
	return err
}

// bulkCounts reassesses everybody and gives how many have each grade.
func (s *scene) bulkCounts(cores int) (*group, error) {
	if err := s.threads(cores); err != nil {
		return nil, err
	}
	g := &group{work: "bulk, counts", unit: "a clause", cores: cores}
	if cores > 1 {
		g.work = fmt.Sprintf("bulk, counts, %d cores", cores)
	}
	var want [4]int
	g.tasks = append(g.tasks, task{engine: ourName, run: func() (float64, error) {
		want = s.ourCounts()
		return s.cells(), nil
	}})
	if cores == 1 {
		bound := newBound(s.w, s.columns)
		var sum int64
		g.tasks = append(g.tasks, task{engine: "reading every used column", run: func() (float64, error) {
			sum += bound.read()
			return s.cells(), nil
		}})
	}
	more, err := s.sqlTasks(cores, func(x *database) error {
		counts, err := x.counts(context.Background())
		if err == nil && counts != want {
			err = fmt.Errorf("%v have the grades, not %v", counts, want)
		}
		return err
	})
	g.tasks = append(g.tasks, more...)
	return g, err
}

// bulkStored reassesses everybody and keeps every outcome.
func (s *scene) bulkStored() (*group, error) {
	if err := s.threads(1); err != nil {
		return nil, err
	}
	g := &group{work: "bulk, everything stored", unit: "a clause", cores: 1}
	g.tasks = append(g.tasks, task{engine: ourName, run: func() (float64, error) {
		s.result = s.pr.RunAgain(s.result, s.pop, s.options) // in arrays that are there, as cel-go and OPA do
		return s.cells(), nil
	}})
	if s.n <= 100_000 { // beyond, a table of every outcome in every SQL engine wants more memory than most machines have
		more, err := s.sqlTasks(1, func(x *database) error { return x.keep(context.Background()) })
		if err != nil {
			return nil, err
		}
		g.tasks = append(g.tasks, more...)
	}
	some := min(s.n, 10_000)
	c, err := newCEL(s.w, s.columns, some)
	if err != nil {
		return nil, err
	}
	o, err := newOPA(s.w, s.columns, min(s.n, s.opaSubjects))
	if err != nil {
		return nil, err
	}
	g.tasks = append(g.tasks,
		task{engine: "cel-go, frame reused", run: func() (float64, error) { return float64(some * len(s.w.clauses)), c.store() }, note: limited(some, s.n)},
		task{engine: "OPA, prepared query", run: func() (float64, error) { return float64(len(o.inputs) * len(s.w.clauses)), o.store() }, note: limited(len(o.inputs), s.n)})
	return g, nil
}

func limited(some, all int) string {
	if some == all {
		return ""
	}
	return fmt.Sprintf("%d subjects", some)
}

// moves are the clauses of which a threshold is moved: a threshold, a ratio, bands, bands of a ratio.
func (w *workload) moves() []struct {
	name   string
	clause int
	to     clause
} {
	var out []struct {
		name   string
		clause int
		to     clause
	}
	seen := map[string]bool{}
	for i, c := range w.clauses {
		to, name := c, ""
		switch {
		case c.shape == "pass" && c.cond.op == ">=" && w.facts[c.cond.a].kind == number:
			name = "threshold"
			to.cond.k += 1_000
		case c.shape == "bands":
			name = "bands"
			by := int(w.facts[c.m.a].hi / 100)
			if c.m.ratio {
				name, by = "bands of a ratio", 100
			}
			to.bands = append([]band{}, c.bands...)
			to.bands[0].from += by
		case c.shape == "linear" && c.m.ratio:
			name = "line over a ratio"
			to.line.zero += 200
		}
		if name != "" && !seen[name] {
			seen[name] = true
			out = append(out, struct {
				name   string
				clause int
				to     clause
			}{name, i, to})
		}
	}
	return out
}

// whatIf moves one threshold, and gives the new counts of grades and the histogram of totals.
func (s *scene) whatIf() ([]*group, error) {
	ctx := context.Background()
	if err := s.threads(1); err != nil {
		return nil, err
	}
	moves := s.w.moves()
	var moved []int
	for _, m := range moves {
		moved = append(moved, m.clause)
	}
	type peer struct {
		name string
		x    *database
	}
	var peers []peer
	for _, p := range []struct {
		name string
		x    *database
		d    dialect
	}{{"DuckDB, tuned", s.duck, tunedDuck}, {"SQLite", s.lite, liteSQL}, {"PostgreSQL", s.pg, postgres}} {
		if p.x == nil {
			continue
		}
		y := *p.x
		y.d = p.d.of(s.w)
		if err := y.keep(ctx); err != nil {
			return nil, err
		}
		for _, q := range []string{"DROP TABLE IF EXISTS moved", y.d.whatIfTable("moved", moved), "DROP TABLE stored"} {
			if _, err := y.conn.ExecContext(ctx, q); err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
		}
		peers = append(peers, peer{p.name, &y})
	}
	var out []*group
	for _, m := range moves {
		g := &group{work: "what-if, " + m.name, unit: "an answer", cores: 1}
		there, back, err := s.ourWhatIf(m.clause, m.to)
		if err != nil {
			return nil, err
		}
		var want distribution
		g.tasks = append(g.tasks, task{engine: ourName, run: func() (float64, error) {
			want = there()
			back()
			return 2, nil
		}})
		for _, p := range peers {
			query, err := p.x.conn.PrepareContext(ctx, p.x.d.whatIf("moved", m.clause, m.to))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			g.tasks = append(g.tasks, task{engine: p.name, server: p.x.server, run: func() (float64, error) {
				found, err := p.x.moved(ctx, query)
				if err == nil && found != want {
					err = fmt.Errorf("%v are so distributed, not %v", found, want)
				}
				return 1, err
			}})
		}
		out = append(out, g)
	}
	return out, nil
}
