package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgxTx is a transaction that database/sql has begun, as pgx knows it. Who began it ends it: Commit and Rollback are refused.
type pgxTx struct{ conn *pgx.Conn }

var errNotOurs = errors.New("the transaction belongs to database/sql")

// Begin sets a savepoint, which Commit or Rollback of what it gives ends.
func (t pgxTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if _, err := t.conn.Exec(ctx, "SAVEPOINT pgx_inner"); err != nil {
		return nil, err
	}
	return innerTx{t}, nil
}

func (t pgxTx) Commit(context.Context) error   { return errNotOurs }
func (t pgxTx) Rollback(context.Context) error { return errNotOurs }

func (t pgxTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, rows)
}
func (t pgxTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}
func (t pgxTx) LargeObjects() pgx.LargeObjects { panic("large objects: " + errNotOurs.Error()) }
func (t pgxTx) Prepare(ctx context.Context, name, text string) (*pgconn.StatementDescription, error) {
	return t.conn.Prepare(ctx, name, text)
}
func (t pgxTx) Exec(ctx context.Context, text string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, text, args...)
}
func (t pgxTx) Query(ctx context.Context, text string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, text, args...)
}
func (t pgxTx) QueryRow(ctx context.Context, text string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, text, args...)
}
func (t pgxTx) Conn() *pgx.Conn { return t.conn }

// innerTx is a savepoint within it. PostgreSQL lets inner ones hide outer ones of the same name.
type innerTx struct{ pgxTx }

func (t innerTx) Commit(ctx context.Context) error {
	_, err := t.conn.Exec(ctx, "RELEASE SAVEPOINT pgx_inner")
	return err
}

func (t innerTx) Rollback(ctx context.Context) error {
	_, err := t.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT pgx_inner; RELEASE SAVEPOINT pgx_inner")
	return err
}
