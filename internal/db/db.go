// Package db opens SQLite or PostgreSQL and runs transactions on either with one SQL text. It is the only package that
// knows there are two engines.
//
// What the SQL may use is what both understand: $1, ON CONFLICT, RETURNING, CTEs, windows, integer microseconds.
// Not now(), arrays, JSON operators, SKIP LOCKED, max(id)+1, or LIKE without lower case on both sides.
package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"modernc.org/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is an open database with its schema up to date. It is safe for concurrent use.
type DB struct {
	write    *sql.DB
	read     *sql.DB // the same pool as write on PostgreSQL
	url      string
	postgres bool
}

// Open opens the SQLite file at a path, making it if need be, or the PostgreSQL database of a postgres:// URL, and brings
// the schema up to date.
func Open(ctx context.Context, url string) (*DB, error) {
	var d *DB
	var err error
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		d, err = openPostgres(url)
	} else {
		d, err = openSQLite(url)
	}
	if err != nil {
		return nil, err
	}
	d.url = url
	if err := d.migrate(ctx); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// openSQLite keeps one connection for writing, so that writers queue in Go instead of meeting SQLITE_BUSY, and eight that
// cannot write. Inside a write nothing may ask for a second write: it would wait for itself.
func openSQLite(path string) (*DB, error) {
	dsn := func(extra string) string {
		q := "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)" +
			"&_pragma=cache_size(-32000)&_pragma=temp_store(MEMORY)" + extra
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q
	}
	write, err := sql.Open("sqlite", dsn("&_txlock=immediate"))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := write.Ping(); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", dsn("&_pragma=query_only(1)"))
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	return &DB{write: write, read: read}, nil
}

func openPostgres(url string) (*DB, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("open database: the PostgreSQL URL cannot be read") // pgx's own text holds the password
	}
	pool := stdlib.OpenDB(*c)
	pool.SetMaxOpenConns(max(16, 4*runtime.NumCPU()))
	pool.SetMaxIdleConns(8)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{write: pool, read: pool, postgres: true}, nil
}

func (d *DB) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{}
	if d.postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker() // two processes may start at once
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, d.write, files, options...)
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

// Analyze tells PostgreSQL anew what tables hold, after much was written at once: its own daemon takes a minute to notice,
// and until then plans are made for empty tables and take seconds. SQLite plans by the shape of its indexes.
func (d *DB) Analyze(ctx context.Context, tables ...string) error {
	if !d.postgres {
		return nil
	}
	if _, err := d.write.ExecContext(ctx, "ANALYZE "+strings.Join(tables, ", ")); err != nil {
		return fmt.Errorf("analyze %s: %w", strings.Join(tables, ", "), err)
	}
	return nil
}

// Close waits for what is under way and closes the database.
func (d *DB) Close() error {
	if d.read == d.write {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// Postgres reports which engine it is. Only tests and operators should want to know.
func (d *DB) Postgres() bool { return d.postgres }

// Own gives what internal/jobs needs to run its own statements: the pool that writes to SQLite, or the URL of PostgreSQL.
func (d *DB) Own() (sqlite *sql.DB, postgres string) {
	if d.postgres {
		return nil, d.url
	}
	return d.write, ""
}

// ErrAgain, returned by the function of a Tx, rolls back and runs it again: what it relied on has changed meanwhile.
var ErrAgain = errors.New("run the transaction again")

const tries = 20

// Tx runs f in a transaction that may write, commits when f gives no error, and otherwise rolls back. f runs again when
// the engine breaks a deadlock: it must set, not add to, what it leaves outside. On PostgreSQL each statement sees what
// was committed before it began (READ COMMITTED); rows are held by updating them.
func (d *DB) Tx(ctx context.Context, f func(*Tx) error) error {
	for try := 1; ; try++ {
		err := d.run(ctx, d.write, nil, f)
		if err == nil || !again(err) || try == tries {
			return err
		}
		pause := time.Duration(1+rand.IntN(4*try)) * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Read runs f over one unchanging state of the database. What f writes is an error.
func (d *DB) Read(ctx context.Context, f func(*Tx) error) error {
	var o *sql.TxOptions
	if d.postgres {
		o = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return d.run(ctx, d.read, o, f)
}

func (d *DB) run(ctx context.Context, pool *sql.DB, o *sql.TxOptions, f func(*Tx) error) error {
	conn, err := pool.Conn(ctx) // held by hand, so that what speaks PostgreSQL itself can share the transaction
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = conn.Close() }()
	tx, err := conn.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback() // f panicked or refused; the connection is good again either way
		}
	}()
	if err := f(&Tx{tx: tx, conn: conn, postgres: d.postgres}); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// again tells whether the engine gave up only because others were in the way.
func again(err error) bool {
	if errors.Is(err, ErrAgain) {
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == 5 // SQLITE_BUSY: another process wrote for longer than busy_timeout
	}
	return false
}

// Duplicate reports whether a statement failed because a row with the same key exists.
func Duplicate(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == 2067 || e.Code() == 1555 // unique, primary key
	}
	return false
}
