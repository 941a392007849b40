//go:build unix

package assess

import (
	"syscall"
	"testing"
	"time"
)

// used gives the processor time that this process has used.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The kernels keep their distance to the interpreter. The ratio of one run is compared, never a time, and the processor time that
// this process used, so that a busy machine does not matter.
func TestKernelsAreFast(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	pr, pop := benchPopulation(t, 10_000)
	batches := pop.columns(today, pr.last(""))
	for _, x := range pr.Explain() {
		if !x.Compiled {
			t.Errorf("%s is not compiled: %s", x.Clause, x.Reason.En)
		}
	}
	best := func(rounds int, f func()) time.Duration {
		out := time.Hour
		for range rounds {
			start := used()
			f()
			out = min(out, used()-start)
		}
		return out
	}
	slow := best(1, func() { interpretAll(pr, batches[:2]) }) * time.Duration(len(pop.rows)) / (2 * batchRows)
	stored := best(5, func() { pr.Run(pop, Options{AsOf: today}) })
	counts := best(5, func() { pr.Count(pop, Options{AsOf: today}) })
	read := best(5, func() { readAll(batches) })
	t.Logf("stored %.1f× the interpreter, counts %.1f× reading all columns", float64(slow)/float64(stored), float64(counts)/float64(read))
	if stored*20 > slow {
		t.Errorf("everything stored takes %v, the interpreter %v: less than 20 times faster", stored, slow)
	}
}
