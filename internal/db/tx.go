package db

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Tx is a transaction. It belongs to one goroutine.
type Tx struct {
	tx       *sql.Tx
	conn     *sql.Conn // on which it runs
	postgres bool
}

// SQL gives the transaction itself, for internal/jobs.
func (t *Tx) SQL() *sql.Tx { return t.tx }

// Pgx calls f with the same transaction as pgx knows it, for internal/jobs. Only on PostgreSQL.
func (t *Tx) Pgx(f func(pgx.Tx) error) error {
	return t.conn.Raw(func(driver any) error { return f(pgxTx{conn: driver.(*stdlib.Conn).Conn()}) })
}

// Exec runs a statement and tells how many rows it touched.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Row runs a query for one row and scans it; sql.ErrNoRows when there is none.
func (t *Tx) Row(ctx context.Context, query string, args []any, into ...any) error {
	return t.tx.QueryRowContext(ctx, query, args...).Scan(into...)
}

// Each runs a query and calls f for every row; scan reads the row's columns.
func (t *Tx) Each(ctx context.Context, query string, args []any, f func(scan func(into ...any) error) error) error {
	rows, err := t.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// In writes n placeholders from $start on: In(3, 2) is "$2,$3,$4". For an empty list it writes NULL, which is in nothing.
func In(n, start int) string {
	if n == 0 {
		return "NULL"
	}
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(start + i))
	}
	return b.String()
}

// Args makes arguments of a list, to follow those given first.
func Args[T any](list []T, first ...any) []any {
	out := append(make([]any, 0, len(first)+len(list)), first...)
	for _, x := range list {
		out = append(out, x)
	}
	return out
}

// Chunk is how many values of a list go into one statement; both engines take more parameters than that.
const Chunk = 500

// Chunks calls f with parts of a list no longer than Chunk.
func Chunks[T any](list []T, f func([]T) error) error {
	for len(list) > 0 {
		n := min(len(list), Chunk)
		if err := f(list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// Insert inserts rows, many to a statement. into is "table (column, …)"; conflict is empty or an ON CONFLICT clause.
// All rows have as many values as columns are named.
func (t *Tx) Insert(ctx context.Context, into string, rows [][]any, conflict string) error {
	if len(rows) == 0 {
		return nil
	}
	width := len(rows[0])
	per := max(1, min(Chunk, 6000/width))
	var full *sql.Stmt // the statement for a whole chunk, parsed once
	for len(rows) > 0 {
		n := min(len(rows), per)
		args := make([]any, 0, n*width)
		for _, r := range rows[:n] {
			if len(r) != width {
				return fmt.Errorf("insert into %s: a row has %d values, not %d", into, len(r), width)
			}
			args = append(args, r...)
		}
		var err error
		switch {
		case n < per || len(rows) == per && full == nil:
			_, err = t.tx.ExecContext(ctx, t.insertText(into, n, width, conflict), args...)
		default:
			if full == nil {
				if full, err = t.tx.PrepareContext(ctx, t.insertText(into, n, width, conflict)); err != nil {
					return fmt.Errorf("insert into %s: %w", into, err)
				}
				defer func() { _ = full.Close() }()
			}
			_, err = full.ExecContext(ctx, args...)
		}
		if err != nil {
			return fmt.Errorf("insert into %s: %w", into, err)
		}
		rows = rows[n:]
	}
	return nil
}

// insertText writes plain ? for SQLite: $1 is a name there, and its driver looks every name up in a list as long as the
// statement has parameters, which took half the time of a bulk import.
func (t *Tx) insertText(into string, rows, width int, conflict string) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", width), ",") + ")"
	var b strings.Builder
	b.WriteString("INSERT INTO " + into + " VALUES ")
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		if t.postgres {
			row = "(" + In(width, 1+i*width) + ")"
		}
		b.WriteString(row)
	}
	b.WriteString(" " + conflict)
	return b.String()
}

// Like makes a pattern that finds a text anywhere, for `column LIKE $1 ESCAPE '\'`. The caller lowers the case of both.
func Like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
