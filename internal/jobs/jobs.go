// Package jobs keeps and runs jobs: what has to be done after a transaction, once it is committed, and again until it is done. A job
// goes into the database in the transaction of the caller and is gone when that is rolled back. River keeps and runs
// them on both engines; here stands only what differs between these.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"bihuan.dev/bihuan/internal/db"
)

// Queue keeps jobs. It is safe for concurrent use.
type Queue struct {
	db   *db.DB
	keep keeper
}

// Open makes the tables of jobs where they are not there yet, and gives the queue.
func Open(ctx context.Context, d *db.DB) (*Queue, error) {
	if err := migrate(ctx, d); err != nil {
		return nil, fmt.Errorf("tables of jobs: %w", err)
	}
	k, err := client(d, nil, &river.Config{})
	if err != nil {
		return nil, fmt.Errorf("open jobs: %w", err)
	}
	return &Queue{d, k}, nil
}

// Add adds jobs in the caller's transaction.
func (q *Queue) Add(ctx context.Context, tx *db.Tx, list ...river.JobArgs) error {
	return q.AddAt(ctx, tx, time.Time{}, list...)
}

// AddAt adds jobs that run at a moment of real time at the earliest.
func (q *Queue) AddAt(ctx context.Context, tx *db.Tx, at time.Time, list ...river.JobArgs) error {
	if len(list) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(list))
	for i, args := range list {
		params[i].Args = args
		if !at.IsZero() {
			params[i].InsertOpts = &river.InsertOpts{ScheduledAt: at}
		}
	}
	if err := q.keep.add(ctx, tx, params); err != nil {
		return fmt.Errorf("add jobs: %w", err)
	}
	return nil
}

// Work says what runs jobs, and how patiently.
type Work struct {
	Workers  *river.Workers
	Every    map[time.Duration]river.JobArgs // jobs that are added again and again, and at once
	Queues   map[string]int                  // how many jobs of a queue run at a time in this process
	Lasts    time.Duration                   // how long a job may take, unless its worker says otherwise
	Orphaned time.Duration                   // after how long a job whose process died is given to another; more than Lasts
	Poll     time.Duration                   // how often to look for jobs of which nobody told: those that wait for their time
	Log      *slog.Logger
}

// Start runs jobs until stop is called, which waits for those under way as long as its context lasts and then breaks them off; they
// will be run again. Several processes may run jobs of the same PostgreSQL database: each job is given to one of them.
func (q *Queue) Start(ctx context.Context, w Work) (stop func(context.Context) error, err error) {
	var stopping atomic.Bool
	if w.Log != nil {
		w.Log = slog.New(untilStopping{w.Log.Handler(), &stopping})
	}
	c := &river.Config{Workers: w.Workers, Queues: map[string]river.QueueConfig{}, JobTimeout: w.Lasts, RescueStuckJobsAfter: w.Orphaned, Logger: w.Log,
		CompletedJobRetentionPeriod: time.Hour, FetchPollInterval: w.Poll, FetchCooldown: min(w.Poll, river.FetchCooldownDefault)}
	for name, n := range w.Queues {
		c.Queues[name] = river.QueueConfig{MaxWorkers: n}
	}
	for period, args := range w.Every {
		c.PeriodicJobs = append(c.PeriodicJobs, river.NewPeriodicJob(river.PeriodicInterval(period),
			func() (river.JobArgs, *river.InsertOpts) { return args, nil }, &river.PeriodicJobOpts{RunOnStart: true}))
	}
	var pool *pgxpool.Pool
	if _, url := q.db.Own(); url != "" {
		if pool, err = openPool(ctx, url); err != nil {
			return nil, err
		}
	}
	release := func() {
		if pool != nil {
			pool.Close()
		}
	}
	k, err := client(q.db, pool, c)
	if err == nil {
		err = k.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		release()
		return nil, fmt.Errorf("start jobs: %w", err)
	}
	return func(ctx context.Context) error {
		defer release()
		stopping.Store(true)
		err := k.Stop(ctx)
		if err != nil {
			now, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			err = k.StopAndCancel(now)
		}
		if err != nil {
			return fmt.Errorf("stop jobs: %w", err)
		}
		return nil
	}, nil
}

// untilStopping is a log that falls silent when one stops: that River's own errands are broken off then is no error.
type untilStopping struct {
	slog.Handler
	stopping *atomic.Bool
}

func (h untilStopping) Enabled(ctx context.Context, l slog.Level) bool {
	return !h.stopping.Load() && h.Handler.Enabled(ctx, l)
}

func (h untilStopping) WithAttrs(attrs []slog.Attr) slog.Handler {
	return untilStopping{h.Handler.WithAttrs(attrs), h.stopping}
}

func (h untilStopping) WithGroup(name string) slog.Handler {
	return untilStopping{h.Handler.WithGroup(name), h.stopping}
}

// keeper is what both engines' clients do.
type keeper interface {
	add(context.Context, *db.Tx, []river.InsertManyParams) error
	Start(context.Context) error
	Stop(context.Context) error
	StopAndCancel(context.Context) error
}

type sqliteKeeper struct{ *river.Client[*sql.Tx] }

func (k sqliteKeeper) add(ctx context.Context, tx *db.Tx, list []river.InsertManyParams) error {
	_, err := k.InsertManyFastTx(ctx, tx.SQL(), list)
	return err
}

type postgresKeeper struct{ *river.Client[pgx.Tx] }

func (k postgresKeeper) add(ctx context.Context, tx *db.Tx, list []river.InsertManyParams) error {
	return tx.Pgx(func(tx pgx.Tx) error {
		_, err := k.InsertManyFastTx(ctx, tx, list)
		return err
	})
}

// client makes a client; one without a pool can add to PostgreSQL and nothing else.
func client(d *db.DB, pool *pgxpool.Pool, c *river.Config) (keeper, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if sqlite, _ := d.Own(); sqlite != nil {
		k, err := river.NewClient(riversqlite.New(sqlite), c)
		return sqliteKeeper{k}, err
	}
	k, err := river.NewClient(riverpgxv5.New(pool), c)
	return postgresKeeper{k}, err
}

func openPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("open jobs: the PostgreSQL URL cannot be read") // pgx's own text holds the password
	}
	c.MaxConns = 6
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open jobs: %w", err)
	}
	return pool, nil
}

// migrate makes River's own tables, or brings them up to this version of it. Its files differ by engine, so that they cannot stand
// among ours.
func migrate(ctx context.Context, d *db.DB) error {
	if sqlite, _ := d.Own(); sqlite != nil {
		return up(ctx, riversqlite.New(sqlite))
	}
	_, url := d.Own()
	pool, err := openPool(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	// Two processes may start at once. The number is any that nobody else uses; the lock goes with the connection.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(7105001)"); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(7105001)") }()
	return up(ctx, riverpgxv5.New(pool))
}

func up[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}
