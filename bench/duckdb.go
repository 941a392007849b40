package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"
)

// newDuckDB loads the facts into an in-memory DuckDB.
func newDuckDB(w *workload, columns []column, n, threads int) (*database, error) {
	ctx := context.Background()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	db := sql.OpenDB(connector)
	x := &database{replace: "CREATE TABLE stored AS ", close: func() { db.Close() }}
	if x.conn, err = db.Conn(ctx); err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	types := map[kind]string{boolean: "BOOLEAN", count: "SMALLINT", integer: "INTEGER", number: "INTEGER", money: "INTEGER", date: "INTEGER", choice: "UTINYINT"}
	for _, q := range []string{fmt.Sprintf("SET threads = %d", threads), w.createFacts(types, "INTEGER")} {
		if _, err := x.conn.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("duckdb: %w", err)
		}
	}
	err = x.conn.Raw(func(c any) error {
		a, err := duckdb.NewAppenderFromConn(c.(driver.Conn), "", "facts")
		if err != nil {
			return err
		}
		row := make([]driver.Value, len(w.facts)+1)
		for i := range n {
			row[0] = int32(i)
			for j, f := range w.facts {
				row[j+1] = nil
				if !columns[j].has(i) {
					continue
				}
				switch v := bit(f.kind, columns[j].values[i]); f.kind {
				case boolean:
					row[j+1] = v == 1
				case count:
					row[j+1] = int16(v)
				case choice:
					row[j+1] = uint8(v)
				default:
					row[j+1] = v
				}
			}
			if err := a.AppendRow(row...); err != nil {
				return err
			}
		}
		return a.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	return x, nil
}
