package bihuan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"bihuan.dev/bihuan/internal/jobs"
)

// Jobs are what has to be done when a transaction is committed, or a day begins. They say what to do; the verbs that they call decide
// by the clock of the site what is due, and do it once however often they are called.

// dayJob lets the day begin: see Day.
type dayJob struct{}

func (dayJob) Kind() string                 { return "day" }
func (dayJob) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: "day", MaxAttempts: 1} }

// deliverJob sends a message: see deliver.
type deliverJob struct {
	Delivery string `json:"delivery"`
}

func (deliverJob) Kind() string { return "deliver" }

// InsertOpts: when to give up is for the delivery itself to say, which lasts longer than any job.
func (deliverJob) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1000} }

// calendarJob brings open matters up to the calendar.
type calendarJob struct{}

func (calendarJob) Kind() string                 { return "calendar" }
func (calendarJob) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: "day"} }

type dayWorker struct {
	river.WorkerDefaults[dayJob]
	s *Site
}

func (w dayWorker) Timeout(*river.Job[dayJob]) time.Duration             { return time.Hour }
func (w dayWorker) Work(ctx context.Context, _ *river.Job[dayJob]) error { return w.s.Day(ctx) }

type calendarWorker struct {
	river.WorkerDefaults[calendarJob]
	s *Site
}

func (w calendarWorker) Timeout(*river.Job[calendarJob]) time.Duration { return 10 * time.Minute }
func (w calendarWorker) Work(ctx context.Context, _ *river.Job[calendarJob]) error {
	_, err := w.s.BringToCalendar(ctx)
	return err
}

type deliverWorker struct {
	river.WorkerDefaults[deliverJob]
	s *Site
}

func (w deliverWorker) Work(ctx context.Context, j *river.Job[deliverJob]) error {
	return w.s.deliver(ctx, j.Args.Delivery)
}

// NextRetry waits twice as long after each failure, up to three hours.
func (w deliverWorker) NextRetry(j *river.Job[deliverJob]) time.Time {
	return time.Now().Add(min(w.s.retry<<min(len(j.Errors), 10), 3*time.Hour))
}

// StartJobs runs what runs by itself, in this process, until stop is called: the day's work every minute, and messages on their
// way. stop waits for what is under way as long as its context lasts. Several processes may run jobs of a PostgreSQL database.
func (s *Site) StartJobs(ctx context.Context) (stop func(context.Context) error, err error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, dayWorker{s: s})
	river.AddWorker(workers, calendarWorker{s: s})
	river.AddWorker(workers, deliverWorker{s: s})
	return s.jobs.Start(ctx, jobs.Work{
		Workers: workers, Log: s.log,
		Every:  map[time.Duration]river.JobArgs{time.Minute: dayJob{}},
		Queues: map[string]int{river.QueueDefault: 8, "day": 1},
		Lasts:  s.sending * 3 / 2, Orphaned: s.sending * 2, Poll: min(max(s.retry, 10*time.Millisecond), 2*time.Second),
	})
}

// Day does what a day brings: the clocks of matters, a word about forms and rounds that are due, the scores of the day, a warning when
// holidays are missing. It may be called at any time, by several processes at once and again after a crash: each
// thing happens once. What goes wrong with one of them does not keep the others from theirs.
func (s *Site) Day(ctx context.Context) error {
	_, err := s.Tick(ctx)
	errs := []error{err, s.tellDue(ctx), s.tellRounds(ctx), s.warnOfMissingYear(ctx)}
	running, err := s.Programmes(ctx)
	errs = append(errs, err)
	for _, r := range running {
		if err := s.Rescore(ctx, r.Name); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("the day's work: %w", err)
	}
	return nil
}
