package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report gathers what was measured, and writes it as tables.
type report struct {
	machine string
	sizes   []int
	works   []string            // in order of first appearance
	units   map[string]string   // by work: what a time is of
	engines map[string][]string // by work, in order of first appearance
	timings map[key]timing
	ratios  ratios
	memory  []usage
}

type key struct {
	n            int
	work, engine string
}

func (r *report) add(n int, g *group, timings []timing) {
	if r.timings == nil {
		r.timings, r.units, r.engines = map[key]timing{}, map[string]string{}, map[string][]string{}
	}
	if !slices.Contains(r.sizes, n) {
		r.sizes = append(r.sizes, n)
	}
	if !slices.Contains(r.works, g.work) {
		r.works = append(r.works, g.work)
	}
	r.units[g.work] = g.unit
	for _, t := range timings {
		if !slices.Contains(r.engines[g.work], t.Engine) {
			r.engines[g.work] = append(r.engines[g.work], t.Engine)
		}
		r.timings[key{n, g.work, t.Engine}] = t
	}
	r.ratios.add(n, g.work, timings)
}

// goal is what was set out to be reached, as a ratio to a peer in the same run.
type goal struct {
	work, engine string
	sizes        []int
	atLeast      float64
	bound        bool // the ratio is below 1: how near to the bound
}

var goals = []goal{
	{"bulk, counts", "DuckDB, tuned", []int{100_000, 1_000_000}, 8, false},
	{"bulk, counts", "DuckDB, CASE", []int{100_000, 1_000_000}, 12, false},
	{"bulk, everything stored", "cel-go, frame reused", []int{100_000, 1_000_000}, 60, false},
	{"bulk, everything stored", "OPA, prepared query", []int{100_000, 1_000_000}, 2500, false},
	{"bulk, counts", "reading every used column", []int{100_000, 1_000_000}, 0.1, true},
	{"what-if, threshold", "DuckDB, tuned", []int{100_000}, 10, false},
	{"what-if, bands", "DuckDB, tuned", []int{100_000}, 10, false},
	{"what-if, bands of a ratio", "DuckDB, tuned", []int{100_000}, 10, false},
	{"what-if, line over a ratio", "DuckDB, tuned", []int{100_000}, 10, false},
	{"one fact", "SQLite", []int{100_000}, 500, false},
	{"load at start", "rows of facts, modernc", []int{100_000, 1_000_000}, 8, false},
	{"load at start", "rows of evidence", []int{100_000}, 8, false},
}

// markdown writes the tables.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n### Goals\n\n| work | against | subjects | goal | measured | |\n|---|---|--:|--:|--:|---|\n", r.machine)
	for _, g := range goals {
		for _, n := range g.sizes {
			t, ok := r.timings[key{n, g.work, g.engine}]
			if !ok || t.Ratio == 0 {
				continue
			}
			want, is, verdict := "≥ "+digits(g.atLeast)+" ×", digits(t.Ratio)+" ×", "not reached"
			if g.bound {
				want, is = "within "+digits(1/g.atLeast)+" ×", digits(1/t.Ratio)+" ×"
			}
			if t.Ratio >= g.atLeast {
				verdict = "holds"
			}
			fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s |\n", g.work, g.engine, n, want, is, verdict)
		}
	}
	if flat, from, to, ok := r.flatness(); ok {
		verdict := "not reached"
		if flat <= 8 {
			verdict = "holds"
		}
		fmt.Fprintf(&b, "| one fact | itself | %d to %d | within 8 × | %s × | %s |\n", from, to, digits(flat), verdict)
	}
	for _, w := range r.works {
		fmt.Fprintf(&b, "\n### %s\n\nMedian time for %s; in brackets how many times as long as ours.\n\n| |", w, r.units[w])
		for _, n := range r.sizes {
			fmt.Fprintf(&b, " %d |", n)
		}
		b.WriteString("\n|---|" + strings.Repeat("--:|", len(r.sizes)) + "\n")
		for _, e := range r.engines[w] {
			fmt.Fprintf(&b, "| %s |", e)
			for _, n := range r.sizes {
				b.WriteString(" " + r.cell(n, w, e) + " |")
			}
			b.WriteString("\n")
		}
	}
	if len(r.memory) > 0 {
		b.WriteString("\n### Memory\n\nMB beyond the shared columns, each engine in a process of its own: once the facts are loaded, and at the peak while everybody is scored and every outcome kept.\n\n| | subjects | loaded | peak |\n|---|--:|--:|--:|\n")
		for _, u := range r.memory {
			fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", u.Engine, u.Subjects, u.Loaded, u.Peak)
		}
	}
	return b.String()
}

func (r *report) cell(n int, work, engine string) string {
	t, ok := r.timings[key{n, work, engine}]
	if !ok {
		return "–"
	}
	text := nanoseconds(t.Median)
	if engine != ourName && t.Ratio > 0 {
		text += " (" + digits(t.Ratio) + ")"
	}
	if t.Note != "" {
		text += " *" + t.Note + "*"
	}
	return text
}

// flatness gives how much longer one fact takes with the most subjects than with the fewest.
func (r *report) flatness() (ratio float64, from, to int, ok bool) {
	if len(r.sizes) < 2 {
		return 0, 0, 0, false
	}
	from, to = slices.Min(r.sizes), slices.Max(r.sizes)
	a, some := r.timings[key{from, "one fact", ourName}]
	b, all := r.timings[key{to, "one fact", ourName}]
	return b.Median / a.Median, from, to, some && all
}

// machine says where and when this was measured.
func machine(root string) string {
	name := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if k, v, _ := strings.Cut(line, ":"); strings.TrimSpace(k) == "model name" {
				name = strings.TrimSpace(v)
				break
			}
		}
	}
	commit := "unknown commit"
	if out, err := exec.Command("git", "-C", root, "describe", "--always", "--dirty").Output(); err == nil {
		commit = "commit " + strings.TrimSpace(string(out))
	}
	load := ""
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load " + strings.Fields(string(text))[0] + " at the start"
	}
	return fmt.Sprintf("Measured %s, %s, %s, %d cores, %s%s.", time.Now().UTC().Format(time.DateOnly), commit, name, runtime.NumCPU(), runtime.Version(), load)
}

// write writes the ratios and the tables into the repository.
func (r *report) write(root string) error {
	if err := r.ratios.write(filepath.Join(root, "bench", "ratios.json")); err != nil {
		return err
	}
	return writeTables(filepath.Join(root, "docs", "performance.md"), r.markdown())
}

const (
	tablesBegin = "<!-- make bench writes from here -->\n"
	tablesEnd   = "<!-- to here -->\n"
)

// writeTables replaces the tables in a document.
func writeTables(file, tables string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tablesBegin)
	_, after, ends := strings.Cut(rest, tablesEnd)
	if !ok || !ends {
		return errors.New(file + " has no place for tables: two comments, " + strings.TrimSpace(tablesBegin) + " and " + strings.TrimSpace(tablesEnd))
	}
	return os.WriteFile(file, []byte(before+tablesBegin+tables+tablesEnd+after), 0o644)
}
