package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// startPostgres starts a throw-away PostgreSQL by the repository's script; stop removes it.
func startPostgres(root string) (url string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "bench-postgres")
	if err != nil {
		return "", nil, err
	}
	os.Chmod(dir, 0o755) // the server runs as another user
	script := filepath.Join(root, "scripts", "postgres.sh")
	out, err := exec.Command(script, "start", dir).Output()
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, fmt.Errorf("postgres: %w", err)
	}
	return strings.TrimSpace(string(out)), func() {
		exec.Command(script, "stop", dir).Run()
		os.RemoveAll(dir)
	}, nil
}

// newPostgres loads the facts into a PostgreSQL, one process, without JIT, which only costs here.
func newPostgres(w *workload, columns []column, n int, url string) (*database, error) {
	ctx := context.Background()
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	db.SetMaxOpenConns(1)
	x := &database{d: postgres.of(w), replace: "CREATE UNLOGGED TABLE stored AS ", close: func() { db.Close() }}
	if x.conn, err = db.Conn(ctx); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if err := x.conn.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&x.server); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	types := map[kind]string{boolean: "boolean", count: "smallint", integer: "integer", number: "integer", money: "integer", date: "integer", choice: "smallint"}
	create := strings.Replace(w.createFacts(types, "integer PRIMARY KEY"), "CREATE TABLE", "CREATE UNLOGGED TABLE", 1)
	for _, q := range []string{"SET jit = off", "SET max_parallel_workers_per_gather = 0", "SET work_mem = '256MB'",
		"DROP TABLE IF EXISTS facts, stored, moved", create} {
		if _, err := x.conn.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("postgres: %w", err)
		}
	}
	names := []string{"id"}
	for _, f := range w.facts {
		names = append(names, f.name)
	}
	err = x.conn.Raw(func(c any) error {
		row := make([]any, len(names))
		_, err := c.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"facts"}, names, pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			w.sqlRow(columns, i, row)
			for j, f := range w.facts {
				if f.kind == boolean && row[j+1] != nil {
					row[j+1] = row[j+1] == int64(1)
				}
			}
			return row, nil
		}))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if _, err := x.conn.ExecContext(ctx, "VACUUM ANALYZE facts"); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return x, nil
}
