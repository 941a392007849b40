package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/internal/dbtest"
	"bihuan.dev/bihuan/internal/jobs"
)

type note struct {
	N int `json:"n"`
}

func (note) Kind() string { return "note" }

// noted collects the jobs that ran.
type noted struct {
	river.WorkerDefaults[note]
	mu    sync.Mutex
	ran   map[int]int
	fails map[int]bool // the first time
	did   chan int
}

func (w *noted) Work(_ context.Context, j *river.Job[note]) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ran[j.Args.N]++
	if w.fails[j.Args.N] && w.ran[j.Args.N] == 1 {
		return errors.New("not now")
	}
	w.did <- j.Args.N
	return nil
}

func (w *noted) NextRetry(*river.Job[note]) time.Time { return time.Now() }

func open(t *testing.T, url string) (*db.DB, *jobs.Queue) {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	q, err := jobs.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return d, q
}

func start(t *testing.T, q *jobs.Queue, w *noted) (stop func()) {
	t.Helper()
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	end, err := q.Start(t.Context(), jobs.Work{Workers: workers, Queues: map[string]int{river.QueueDefault: 4}, Poll: 100 * time.Millisecond, Lasts: time.Minute, Orphaned: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := end(ctx); err != nil {
			t.Error(err)
		}
	}
}

// A job runs once when its transaction is committed, never when it is rolled back, and again when it fails; two who run jobs of the
// same database share them.
func TestJobsBelongToTheirTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		d, q := open(t, url)
		add := func(keep bool, list ...river.JobArgs) {
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				if err := q.Add(t.Context(), tx, list...); err != nil || keep {
					return err
				}
				return errors.New("rolled back")
			})
			if (err == nil) != keep {
				t.Fatal(err)
			}
		}
		w := &noted{ran: map[int]int{}, fails: map[int]bool{7: true}, did: make(chan int, 100)}
		add(false, note{1000})
		var all []river.JobArgs
		for n := range 20 {
			all = append(all, note{n})
		}
		add(true, all...) // before anybody runs jobs
		for range 2 {
			_, q := open(t, url)
			defer start(t, q, w)()
		}
		add(false, note{1001})
		add(true, note{20})
		for range 21 {
			select {
			case <-w.did:
			case <-time.After(20 * time.Second):
				t.Fatal("jobs are missing:", fmt.Sprint(w.ran))
			}
		}
		for n, times := range w.ran {
			if want := 1 + map[bool]int{true: 1}[w.fails[n]]; times != want || n >= 1000 {
				t.Errorf("job %d ran %d times", n, times)
			}
		}
	})
}
