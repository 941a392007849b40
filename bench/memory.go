package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
)

// usage is what an engine took beyond the columns that all share, in MB: once the facts are loaded, and at its peak while it
// scores everybody and keeps every outcome.
type usage struct {
	Engine   string
	Subjects int
	Loaded   int
	Peak     int
}

// memoryEngines are those that are measured, each in a process of its own.
var memoryEngines = []string{ourName, "DuckDB, tuned", "SQLite", "cel-go, frame reused", "OPA, prepared query"}

// memory measures every engine at a size; cel-go and OPA, which take more than they are worth, with fewer subjects.
func (b *bench) memory(n int, log io.Writer) ([]usage, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var out []usage
	for _, engine := range memoryEngines {
		subjects := n
		if engine == "OPA, prepared query" {
			subjects = min(n, 10_000)
		}
		c := exec.Command(self, "-memory", engine, "-n", strconv.Itoa(subjects))
		c.Stderr = os.Stderr
		text, err := c.Output()
		if err != nil {
			return nil, fmt.Errorf("memory of %s: %w", engine, err)
		}
		var u usage
		if err := json.Unmarshal(text, &u); err != nil {
			return nil, fmt.Errorf("memory of %s: %w", engine, err)
		}
		fmt.Fprintf(log, "  memory, %d subjects  %-26s %5d MB loaded, %5d MB at most\n", u.Subjects, u.Engine, u.Loaded, u.Peak)
		out = append(out, u)
	}
	return out, nil
}

// memoryOf runs in a process of its own: it loads one engine, scores once, and writes what that took.
func (b *bench) memoryOf(engine string, n int, out io.Writer) error {
	columns := newColumns(b.w.facts, n)
	debug.FreeOSMemory()
	before, _ := resident()
	var run func() error
	var keep any
	switch engine {
	case ourName:
		pop := b.w.population(b.pr, columns, n)
		keep = pop
		run = func() error { keep = b.pr.Run(pop, b.options); return nil }
	case "DuckDB, tuned":
		x, err := newDuckDB(b.w, columns, n, 1)
		if err != nil {
			return err
		}
		x.d = tunedDuck.of(b.w)
		run = func() error { return x.keep(context.Background()) }
	case "SQLite":
		x, err := newSQLite(b.w, columns, n)
		if err != nil {
			return err
		}
		run = func() error { return x.keep(context.Background()) }
	case "cel-go, frame reused":
		x, err := newCEL(b.w, columns, n)
		if err != nil {
			return err
		}
		run = x.store
	case "OPA, prepared query":
		x, err := newOPA(b.w, columns, n)
		if err != nil {
			return err
		}
		run = x.store
		if n > 1000 { // the inputs are what takes the memory; scoring all of them would only take time
			x.inputs = append(x.inputs[:0:0], x.inputs...)
			all := x.inputs
			run = func() error { x.inputs = all[:1000]; err := x.store(); x.inputs = all; return err }
		}
	default:
		return fmt.Errorf("no engine %q", engine)
	}
	debug.FreeOSMemory()
	loaded, _ := resident()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the peak starts anew
		return err
	}
	if err := run(); err != nil {
		return err
	}
	_, peak := resident()
	_ = keep
	return json.NewEncoder(out).Encode(usage{engine, n, (loaded - before) >> 10, (peak - before) >> 10})
}

// resident gives the memory of this process and its peak, in KB.
func resident() (now, peak int) {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(status) {
		name, value, _ := strings.Cut(string(line), ":")
		n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")))
		switch name {
		case "VmRSS":
			now = n
		case "VmHWM":
			peak = n
		}
	}
	return now, peak
}
