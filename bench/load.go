package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bihuan.dev/bihuan"
)

// stored is the workload in a database of the product, a SQLite file, with the same facts beside it as a table of one row a subject.
type stored struct {
	dir  string
	path string
	site *bihuan.Site
	conn *sql.DB
	w    *workload
	n    int
}

// newStored writes the facts as the product stores them: a row of evidence for every filled form.
func newStored(w *workload, columns []column, n int) (x *stored, err error) {
	ctx := context.Background()
	x = &stored{w: w, n: n}
	if x.dir, err = os.MkdirTemp("", "bihuan"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			x.close()
		}
	}()
	x.path = filepath.Join(x.dir, "site.db")
	if x.site, err = x.open(); err != nil {
		return nil, err
	}
	dir := filepath.Join(x.dir, "bench")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if err := w.writeProgramme(dir); err != nil {
		return nil, err
	}
	version, err := x.site.Publish(ctx, bihuan.System(), os.DirFS(dir), "bench", "")
	if err != nil {
		return nil, err
	}
	if x.conn, err = sql.Open("sqlite", "file:"+x.path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(0)"); err != nil {
		return nil, err
	}
	x.conn.SetMaxOpenConns(1)
	return x, x.fill(ctx, columns, version.ID)
}

func (x *stored) open() (*bihuan.Site, error) {
	return bihuan.Open(context.Background(), bihuan.Config{Database: x.path, Log: slog.New(slog.DiscardHandler)})
}

func (x *stored) close() {
	if x.conn != nil {
		_ = x.conn.Close()
	}
	if x.site != nil {
		_ = x.site.Close()
	}
	_ = os.RemoveAll(x.dir)
}

// fill inserts everybody, past the verbs: a million filings would take hours.
func (x *stored) fill(ctx context.Context, columns []column, version string) error {
	tx, err := x.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var names []string
	for j := range x.w.facts {
		names = append(names, fmt.Sprintf("f%d INTEGER", j))
	}
	for _, q := range []string{
		"CREATE TABLE wide (subject INTEGER PRIMARY KEY, " + strings.Join(names, ", ") + ")",
		"INSERT INTO unit (code, parent, name, level, terms, sort) VALUES ('u', NULL, 'u', 'city', '', x'00')",
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	subject, err := tx.PrepareContext(ctx, "INSERT INTO subject (id, programme, key, unit, name, terms, sort, enrolled_at) VALUES (?, 'bench', ?, 'u', '', '', x'00', 0)")
	if err != nil {
		return err
	}
	evidence, err := tx.PrepareContext(ctx, `INSERT INTO evidence (id, seq, programme, subject_id, form, valid_on, recorded_at, by_party, account_id, version_id, doc)
		VALUES (?, ?, 'bench', ?, ?, ?, ?, 'office', 'a', ?, ?)`)
	if err != nil {
		return err
	}
	wide, err := tx.PrepareContext(ctx, "INSERT INTO wide VALUES (?"+strings.Repeat(",?", len(x.w.facts))+")")
	if err != nil {
		return err
	}
	box, began, seq := newBoxes(), time.Now().UnixMicro(), 0
	for i := range x.n {
		id := fmt.Sprintf("00000000-0000-7000-8000-%012x", i) // in the form of those that the product makes
		if _, err := subject.ExecContext(ctx, id, fmt.Sprint(i)); err != nil {
			return err
		}
		for f, e := range x.w.subject(box, columns, i).Evidence {
			seq++
			if _, err := evidence.ExecContext(ctx, fmt.Sprintf("%08x-0000-7000-9000-%012x", f, i), seq, id, e.Form, int64(e.On), began+int64(seq), version, string(e.Values.JSON())); err != nil {
				return err
			}
		}
		row := []any{i}
		for j := range x.w.facts {
			if columns[j].has(i) {
				row = append(row, columns[j].values[i])
			} else {
				row = append(row, nil)
			}
		}
		if _, err := wide.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "UPDATE programme SET seq = ?, rev = rev + 1 WHERE name = 'bench'", seq); err != nil {
		return err
	}
	return tx.Commit()
}

// load opens the site as a process that starts does, and brings everybody into memory.
func (x *stored) load() error {
	site, err := x.open()
	if err != nil {
		return err
	}
	defer func() { _ = site.Close() }()
	if err := site.LoadPopulation(context.Background(), "bench"); err != nil {
		return err
	}
	if p := site.Populations(); len(p) != 1 || p[0].Subjects != x.n {
		return fmt.Errorf("%+v were loaded, not %d subjects", p, x.n)
	}
	return nil
}

// readWide reads every fact row by row, with the driver of the product.
func (x *stored) readWide() error {
	rows, err := x.conn.Query("SELECT * FROM wide")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	values, into := make([]sql.NullInt64, len(x.w.facts)+1), make([]any, len(x.w.facts)+1)
	for i := range values {
		into[i] = &values[i]
	}
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil || n != x.n {
		return fmt.Errorf("%d rows, want %d: %w", n, x.n, err)
	}
	return nil
}

// loading starts a process over and over: the population from segments, against reading the same facts row by row, as a table of one row
// a subject and as the evidence that they were filed as.
func (s *scene) loading(log io.Writer) (*group, error) {
	fmt.Fprintf(log, "filing the facts of %d subjects\n", s.n)
	x, err := newStored(s.w, s.columns, s.n)
	if err != nil {
		return nil, err
	}
	s.stored = x
	if err := x.load(); err != nil { // writes the segments
		return nil, err
	}
	facts := float64(s.n) * float64(len(s.w.facts))
	timed := func(f func() error) func() (float64, error) {
		return func() (float64, error) { return facts, f() }
	}
	g := &group{work: "load at start", unit: "a fact", cores: 1, tasks: []task{
		{engine: ourName, run: timed(x.load)},
		{engine: "rows of facts, modernc", run: timed(x.readWide)},
	}}
	if s.n <= 100_000 { // what is parsed is garbage, which is not collected while we measure
		g.tasks = append(g.tasks, task{engine: "rows of evidence", note: "read, parsed, and segments written", run: timed(func() error {
			if _, err := x.conn.Exec("DELETE FROM population_segment"); err != nil {
				return err
			}
			return x.load()
		})})
	}
	return g, nil
}
