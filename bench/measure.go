package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// task is one engine's way of doing a piece of work. run does it once and gives how many units it did: cells, or operations.
type task struct {
	engine  string
	prepare func(times int) // makes what so many runs take in, before the clock starts; or nil
	run     func() (units float64, err error)
	note    string // where it does not do quite the same as the others
	server  int    // the process that works for it, when that is another
}

// ready makes what so many runs take in.
func (t *task) ready(times int) {
	if t.prepare != nil {
		t.prepare(times)
	}
}

// group is a piece of work that several engines do, measured in turn so that a disturbance meets all of them.
type group struct {
	work  string
	unit  string // what a time is of
	cores int
	tasks []task
}

// timing is what was measured of one engine: nanoseconds a unit.
type timing struct {
	Engine string
	Note   string
	Median float64
	Best   float64
	Ratio  float64 // how many times as long as this engine's it takes: the median over the rounds; 0: this engine was not measured
}

// least is how long a sample takes at least; what is quicker is repeated.
const least = 20 * time.Millisecond

// measure runs the tasks of a group in rounds, each time beginning with another one, and gives the timings in order.
func (g *group) measure(rounds int, log io.Writer) ([]timing, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(g.cores, 1)))
	// Without garbage collection: our population is on the same heap, and the peers would pay for looking through it.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	samples := make([][]float64, len(g.tasks))
	repeat := make([]int, len(g.tasks))
	for i, t := range g.tasks { // before it counts: caches warm, plans made
		for n := 1; ; n *= 4 {
			t.ready(n)
			begin := time.Now()
			for range n {
				if _, err := t.run(); err != nil {
					return nil, fmt.Errorf("%s, %s: %w", g.work, t.engine, err)
				}
			}
			if took := time.Since(begin); took > least/4 { // the first runs are slow, and would tell too few
				repeat[i] = max(1, int(time.Duration(n)*least/took))
				break
			}
		}
	}
	var held uint64
	for round := range rounds {
		for k := range g.tasks {
			held = collect(held)
			i := (k + round) % len(g.tasks)
			units := 0.0
			g.tasks[i].ready(repeat[i])
			begin := g.now(g.tasks[i].server)
			for range repeat[i] {
				n, err := g.tasks[i].run()
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", g.work, g.tasks[i].engine, err)
				}
				units += n
			}
			samples[i] = append(samples[i], float64(g.now(g.tasks[i].server)-begin)/units)
		}
	}
	base := slices.IndexFunc(g.tasks, func(t task) bool { return t.engine == ourName })
	var out []timing
	for i, t := range g.tasks {
		ratio := 0.0
		if base >= 0 {
			var ratios []float64
			for round := range rounds {
				ratios = append(ratios, samples[i][round]/samples[base][round])
			}
			slices.Sort(ratios)
			ratio = ratios[len(ratios)/2]
		}
		s := slices.Sorted(slices.Values(samples[i]))
		x := timing{Engine: t.engine, Note: t.note, Median: s[len(s)/2], Best: s[0], Ratio: ratio}
		fmt.Fprintf(log, "  %-34s %-26s %12s  best %-10s × %s\n", g.work, t.engine, nanoseconds(x.Median), nanoseconds(x.Best), digits(x.Ratio))
		out = append(out, x)
	}
	return out, nil
}

// now reads the clock of a group in nanoseconds. Work on one core is measured by the processor time of this process, and of the
// server that works for it, so that others on the machine do not count; work on several by the clock on the wall.
func (g *group) now(server int) int64 {
	if g.cores > 1 {
		return time.Now().UnixNano()
	}
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	sum := t.Nano()
	if server > 0 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", server))
		if err != nil {
			panic(err)
		}
		first, _, _ := strings.Cut(string(text), " ")
		ran, _ := strconv.ParseInt(first, 10, 64)
		sum += ran
	}
	return sum
}

// collect frees memory between samples when a good deal of garbage has come together since the last time, and gives what the heap
// then holds.
func collect(held uint64) uint64 {
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); held > 0 && m.HeapAlloc < held+1<<30 {
		return held
	}
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// nanoseconds writes a time with three digits that mean something.
func nanoseconds(ns float64) string {
	switch {
	case ns < 1e3:
		return digits(ns) + " ns"
	case ns < 1e6:
		return digits(ns/1e3) + " µs"
	case ns < 1e9:
		return digits(ns/1e6) + " ms"
	}
	return digits(ns/1e9) + " s"
}

func digits(x float64) string {
	switch {
	case x < 1 && x > 0:
		return fmt.Sprintf("%.2g", x)
	case x < 10:
		return fmt.Sprintf("%.2f", x)
	case x < 100:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
