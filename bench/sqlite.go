package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	_ "modernc.org/sqlite"
)

// newSQLite loads the facts into an in-memory SQLite.
func newSQLite(w *workload, columns []column, n int) (*database, error) {
	ctx := context.Background()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	db.SetMaxOpenConns(1)
	x := &database{d: liteSQL.of(w), replace: "CREATE TABLE stored AS ", close: func() { db.Close() }}
	if x.conn, err = db.Conn(ctx); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	types := map[kind]string{}
	for k := boolean; k <= choice; k++ {
		types[k] = "INTEGER"
	}
	if _, err := x.conn.ExecContext(ctx, w.createFacts(types, "INTEGER PRIMARY KEY")); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	tx, err := x.conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO facts VALUES (?"+strings.Repeat(", ?", len(w.facts))+")")
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	row := make([]any, len(w.facts)+1)
	for i := range n {
		w.sqlRow(columns, i, row)
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return nil, fmt.Errorf("sqlite: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return x, nil
}

// sqlRow fills in a row of the table of facts.
func (w *workload) sqlRow(columns []column, i int, row []any) {
	row[0] = int64(i)
	for j, f := range w.facts {
		row[j+1] = nil
		if columns[j].has(i) {
			row[j+1] = int64(bit(f.kind, columns[j].values[i]))
		}
	}
}

// change is one new fact: value v of a fact for a subject, or that it is missing.
type change struct {
	subject, fact int
	v             int32
	has           bool
}

// standing is what follows from a change: the subject's total and grade, how many have each grade, and its rank.
type standing struct {
	total, grade int
	counts       [4]int
	rank         int
}

// liveSQLite answers one new fact after the other, each in a transaction, with prepared statements: store the fact, score the
// subject again, store total and grade, keep the counts, and count who stands above.
type liveSQLite struct {
	*database
	set                                   map[int]*sql.Stmt
	score, was, keep, add, tally, standUp *sql.Stmt
}

func newLiveSQLite(x *database, changes []change) (*liveSQLite, error) {
	ctx := context.Background()
	for _, q := range []string{
		"CREATE TABLE live (id INTEGER PRIMARY KEY, total INTEGER NOT NULL, grade INTEGER NOT NULL)",
		"INSERT INTO live SELECT id, total, " + x.d.grade("total") + " FROM (SELECT id, " + x.d.total() + " AS total FROM facts LIMIT -1 OFFSET 0)",
		"CREATE INDEX live_total ON live (total)",
		"CREATE TABLE tally (grade INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
		"INSERT INTO tally VALUES (0, 0), (1, 0), (2, 0), (3, 0)",
		"UPDATE tally SET n = (SELECT count(*) FROM live WHERE live.grade = tally.grade)",
		"ANALYZE",
	} {
		if _, err := x.conn.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("sqlite live: %w", err)
		}
	}
	l := &liveSQLite{database: x, set: map[int]*sql.Stmt{}}
	for _, c := range changes {
		if l.set[c.fact] == nil {
			s, err := x.conn.PrepareContext(ctx, "UPDATE facts SET "+x.d.name(c.fact)+" = ? WHERE id = ?")
			if err != nil {
				return nil, err
			}
			l.set[c.fact] = s
		}
	}
	for _, s := range []struct {
		at    **sql.Stmt
		query string
	}{
		{&l.score, "SELECT total, " + x.d.grade("total") + " FROM (SELECT " + x.d.total() + " AS total FROM facts WHERE id = ? LIMIT -1 OFFSET 0)"},
		{&l.was, "SELECT grade FROM live WHERE id = ?"},
		{&l.keep, "UPDATE live SET total = ?, grade = ? WHERE id = ?"},
		{&l.add, "UPDATE tally SET n = n + ? WHERE grade = ?"},
		{&l.tally, "SELECT n FROM tally ORDER BY grade"},
		{&l.standUp, "SELECT count(*) + 1 FROM live WHERE total > ?"},
	} {
		var err error
		if *s.at, err = x.conn.PrepareContext(ctx, s.query); err != nil {
			return nil, fmt.Errorf("sqlite live: %w", err)
		}
	}
	return l, nil
}

// apply takes one change in.
func (l *liveSQLite) apply(c change) (s standing, err error) {
	ctx := context.Background()
	if _, err = l.conn.ExecContext(ctx, "BEGIN"); err != nil {
		return s, err
	}
	var v any
	if c.has {
		v = int64(bit(l.d.w.facts[c.fact].kind, c.v))
	}
	if _, err = l.set[c.fact].ExecContext(ctx, v, c.subject); err != nil {
		return s, err
	}
	if err = l.score.QueryRowContext(ctx, c.subject).Scan(&s.total, &s.grade); err != nil {
		return s, err
	}
	was := 0
	if err = l.was.QueryRowContext(ctx, c.subject).Scan(&was); err != nil {
		return s, err
	}
	if _, err = l.keep.ExecContext(ctx, s.total, s.grade, c.subject); err != nil {
		return s, err
	}
	if was != s.grade {
		for g, by := range map[int]int{was: -1, s.grade: 1} {
			if _, err = l.add.ExecContext(ctx, by, g); err != nil {
				return s, err
			}
		}
	}
	rows, err := l.tally.QueryContext(ctx)
	if err != nil {
		return s, err
	}
	for g := 0; rows.Next(); g++ {
		if err = rows.Scan(&s.counts[g]); err != nil {
			return s, err
		}
	}
	if err = rows.Err(); err != nil {
		return s, err
	}
	if err = l.standUp.QueryRowContext(ctx, s.total).Scan(&s.rank); err != nil {
		return s, err
	}
	_, err = l.conn.ExecContext(ctx, "COMMIT")
	return s, err
}
