package main

import (
	"context"
	"database/sql"
	"fmt"
)

// database is a peer that holds the facts in a table and runs the standard as SQL, on one connection.
type database struct {
	d       dialect
	conn    *sql.Conn
	replace string // how the stored outcomes are replaced
	count   *sql.Stmt
	server  int // the process that works for it, when that is another
	close   func()
}

// prepare makes the statements for bulk work in this dialect.
func (x *database) prepare(ctx context.Context) (err error) {
	if x.count, err = x.conn.PrepareContext(ctx, x.d.counts()); err != nil {
		return fmt.Errorf("prepare counts: %w", err)
	}
	return nil
}

// counts asks how many have each grade.
func (x *database) counts(ctx context.Context) (out [4]int, err error) {
	rows, err := x.count.QueryContext(ctx)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var g, n int
		if err := rows.Scan(&g, &n); err != nil {
			return out, err
		}
		out[g] = n
	}
	return out, rows.Err()
}

// keep stores every outcome in the table stored, replacing it.
func (x *database) keep(ctx context.Context) error {
	if _, err := x.conn.ExecContext(ctx, "DROP TABLE IF EXISTS stored"); err != nil {
		return err
	}
	_, err := x.conn.ExecContext(ctx, x.replace+x.d.stored())
	return err
}

// outcomes reads what was stored.
func (x *database) outcomes(ctx context.Context, n int) (*outcomes, error) {
	out := newOutcomes(len(x.d.w.clauses), n)
	rows, err := x.conn.QueryContext(ctx, "SELECT * FROM stored ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]sql.NullInt64, len(x.d.w.clauses)+3)
	at := make([]any, len(values))
	for i := range values {
		at[i] = &values[i]
	}
	for i := 0; rows.Next(); i++ {
		if err := rows.Scan(at...); err != nil {
			return nil, err
		}
		for j := range out.points {
			out.points[j][i] = -1
			if v := values[j+1]; v.Valid {
				out.points[j][i] = int16(v.Int64)
			}
		}
		out.totals[i], out.grades[i] = int(values[len(values)-2].Int64), uint8(values[len(values)-1].Int64)
	}
	return out, rows.Err()
}

// moved asks for grades and histogram when clauses have another threshold; see dialect.whatIf.
func (x *database) moved(ctx context.Context, query *sql.Stmt) (out distribution, err error) {
	rows, err := query.QueryContext(ctx)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var g, bin, n int
		if err := rows.Scan(&g, &bin, &n); err != nil {
			return out, err
		}
		out.grades[g] += n
		out.bins[bin] += n
	}
	return out, rows.Err()
}

// distribution is how many have each grade, and how many each five points of the total.
type distribution struct {
	grades [4]int
	bins   [21]int
}
