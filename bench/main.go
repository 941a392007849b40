// Command bench measures this engine against what somebody would use instead — cel-go, OPA, DuckDB, SQLite and PostgreSQL — on
// the same generated standard and the same facts.
//
// All engines must first agree on every outcome, or nothing is measured. Then they run in turn, round after round; what counts
// is the ratio of their times within a round, since times are of one machine and one moment. `make bench` writes the ratios to
// bench/ratios.json and the tables to docs/performance.md; `go run . -guard` compares a short run with the committed ratios.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"bihuan.dev/bihuan/assess"
)

// bench is one run.
type bench struct {
	w           *workload
	pr          *assess.Program
	options     assess.Options
	opaSubjects int    // OPA takes some ten microseconds a clause: it scores no more than these
	postgres    string // URL; empty: without
	only        string // measure only work whose name begins so
}

func newBench() (*bench, error) {
	w := newWorkload()
	pr, err := w.compile()
	if err != nil {
		return nil, err
	}
	return &bench{w: w, pr: pr, options: assess.Options{AsOf: asOf}, opaSubjects: 200}, nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	sizes := flag.String("n", "1000,10000,100000", "numbers of subjects, apart by commas")
	million := flag.Bool("million", false, "a million subjects too, without what-if, the SQL engines for counts only: takes some 15 minutes and 12 GB of memory")
	rounds := flag.Int("rounds", 7, "rounds; the median counts")
	quick := flag.Bool("quick", false, "10 000 subjects, 5 rounds, without PostgreSQL and memory")
	guard := flag.Bool("guard", false, "as -quick, and fail when a ratio is less than half of that in ratios.json")
	write := flag.Bool("write", false, "write ratios.json and the tables in docs/performance.md, after each size")
	url := flag.String("postgres", "auto", "URL of a PostgreSQL that may be written to; auto: start one by scripts/postgres.sh; none: without")
	only := flag.String("only", "", "only work whose name begins so, such as \"bulk\"; nothing is written")
	root := flag.String("root", "..", "the repository")
	memory := flag.String("memory", "", "measure the memory of this engine alone, in this process, and write JSON")
	flag.Parse()

	b, err := newBench()
	if err != nil {
		return err
	}
	var ns []int
	for _, text := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return fmt.Errorf("-n %s: %q is no number of subjects", *sizes, text)
		}
		ns = append(ns, n)
	}
	b.only = *only
	if *memory != "" {
		return b.memoryOf(*memory, ns[0], os.Stdout)
	}
	if *million {
		ns = append(ns, 1_000_000)
	}
	if *quick || *guard {
		ns, *url, *rounds = []int{10_000}, "none", min(*rounds, 5)
	}
	switch *url {
	case "none":
	case "auto":
		started, stop, err := startPostgres(*root)
		if err != nil {
			fmt.Fprintln(os.Stderr, "without PostgreSQL:", err)
			break
		}
		defer stop()
		b.postgres = started
	default:
		b.postgres = *url
	}

	fmt.Fprintln(os.Stderr, "do all engines agree on 10 000 subjects?")
	if err := b.agree(10_000, os.Stderr); err != nil {
		return err
	}
	if err := b.agreeLive(10_000, os.Stderr); err != nil {
		return err
	}
	found := &report{machine: machine(*root), ratios: ratios{}}
	for _, n := range ns {
		if err := b.measure(n, *rounds, found); err != nil {
			return err
		}
		if n == 100_000 && *only == "" {
			if found.memory, err = b.memory(n, os.Stderr); err != nil {
				return err
			}
		}
		if *write && !*guard && *only == "" { // after each size, so that a long run that is broken off leaves something
			if err := found.write(*root); err != nil {
				return err
			}
		}
	}
	if !*guard {
		fmt.Print(found.markdown())
		return nil
	}
	committed, err := readRatios(filepath.Join(*root, "bench", "ratios.json"))
	if err != nil {
		return err
	}
	if fallen := found.ratios.fallen(committed); len(fallen) > 0 {
		return errors.New("slower than committed:\n  " + strings.Join(fallen, "\n  "))
	}
	fmt.Println("no ratio has fallen below half of what is committed")
	return nil
}

// measure does all the work at one size.
func (b *bench) measure(n, rounds int, found *report) error {
	s, err := b.open(n, os.Stderr)
	if err != nil {
		return err
	}
	defer s.close()
	groups := []func() ([]*group, error){
		one(func() (*group, error) { return s.bulkCounts(1) }), one(s.bulkStored),
	}
	if n <= 100_000 {
		groups = append(groups, s.whatIf)
	}
	if cores := runtime.NumCPU(); cores > 1 && n >= 100_000 {
		groups = append(groups, one(func() (*group, error) { return s.bulkCounts(cores) }))
	}
	if n >= 10_000 && strings.HasPrefix("load at start", b.only) {
		groups = append(groups, one(func() (*group, error) { return s.loading(os.Stderr) }))
	}
	groups = append(groups, one(s.oneFact)) // last: it changes the facts
	for _, prepare := range groups {
		list, err := prepare()
		if err != nil {
			return err
		}
		for _, g := range list {
			if !strings.HasPrefix(g.work, b.only) {
				continue
			}
			timings, err := g.measure(rounds, os.Stderr)
			if err != nil {
				return err
			}
			found.add(n, g, timings)
		}
	}
	return nil
}

func one(f func() (*group, error)) func() ([]*group, error) {
	return func() ([]*group, error) {
		g, err := f()
		return []*group{g}, err
	}
}
