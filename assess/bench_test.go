package assess

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"bihuan.dev/bihuan/programme"
)

// The synthetic standard of the benchmarks: 120 facts, 100 clauses — conditions over numbers, choices, days and truths; ratios
// against a threshold; bands; bands of ratios; lines — 5 % of the facts missing, values uniform.
const (
	benchClauses = 100
	benchFacts   = 120
)

// benchYAML writes the standard.
func benchYAML() string {
	var b strings.Builder
	b.WriteString("programme: bench\ntitle: bench\nsubject: {kind: firm, key: name, fields: {name: {type: text}}}\nparties: {self: {role: officer}}\nroles: {officer: {title: 企业}}\nforms:\n")
	for f := range 12 {
		fmt.Fprintf(&b, "  f%d:\n    fields:\n", f)
		for i := range 10 {
			fmt.Fprintf(&b, "      x%d: %s\n", i, []string{"{type: int}", "{type: number, decimals: 2}", "{type: money}", "{type: bool}", "{type: date}",
				"{type: choice, of: [a, b, c, d, e]}", "{type: int}", "{type: number, decimals: 2}", "{type: bool}", "{type: int}"}[i])
		}
	}
	b.WriteString("standard:\n  parts:\n")
	n := 0
	for p := range 2 {
		fmt.Fprintf(&b, "    - part: \"%d\"\n      sections:\n", p+1)
		for s := range 5 {
			fmt.Fprintf(&b, "        - section: \"%d.%d\"\n          clauses:\n", p+1, s+1)
			for range benchClauses / 10 {
				f, g := n%12, (n*5+3)%12
				fmt.Fprintf(&b, "            - {clause: \"c%d\", points: 1, ", n)
				switch n % 9 {
				case 0:
					fmt.Fprintf(&b, "pass: 'f%d.x0 >= %d'}\n", f, 200+n*3)
				case 1:
					fmt.Fprintf(&b, "pass: 'f%d.x1 >= %d.5 && f%d.x6 < %d'}\n", f, 20+n%50, g, 900-n)
				case 2:
					fmt.Fprintf(&b, "pass: 'f%d.x3 || f%d.x8 && f%d.x5 in [\"a\", \"b\", \"c\"]'}\n", f, g, f)
				case 3:
					fmt.Fprintf(&b, "pass: 'f%d.x4 >= ago(\"12 months\") && f%d.x5 != \"e\"'}\n", f, g)
				case 4:
					fmt.Fprintf(&b, "pass: 'ratio(f%d.x0, f%d.x6) >= 0.8'}\n", f, g)
				case 5:
					fmt.Fprintf(&b, "measure: 'f%d.x7', bands: [{at_least: 80, points: 1}, {at_least: 60, points: 0.7}, {at_least: 30, points: 0.4}]}\n", f)
				case 6:
					fmt.Fprintf(&b, "measure: 'ratio(f%d.x9, f%d.x0)', bands: [{at_least: 0.95, points: 1}, {at_least: 0.8, points: 0.6}, {at_least: 0.5, points: 0.3}]}\n", f, g)
				case 7:
					fmt.Fprintf(&b, "pass: '!f%d.x3 && (f%d.x2 >= 5000 || f%d.x6 >= 500)'}\n", f, g, f)
				case 8:
					fmt.Fprintf(&b, "pass: 'f%d.x1 > f%d.x7'}\n", f, g)
				}
				n++
			}
		}
	}
	b.WriteString("  grades: {bands: [{grade: gold, at_least: 60}, {grade: silver, at_least: 45}], else: none}\n")
	return b.String()
}

var benchProgram = sync.OnceValues(func() (*Program, error) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	dir = filepath.Join(dir, "bench")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "programme.yaml"), []byte(benchYAML()), 0o644); err != nil {
		return nil, err
	}
	p, m := programme.LoadDir(dir)
	if m := m.Fatal(); len(m) > 0 {
		return nil, fmt.Errorf("%v", m[0].Message.En)
	}
	return Compile(p)
})

// benchSubjects invents subjects whose facts are uniform.
func benchSubjects(n int) []Subject {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]Subject, n)
	for i := range out {
		s := Subject{Key: fmt.Sprint(i)}
		for f := range 12 {
			v := programme.Values{}
			for j := range 10 {
				if r.IntN(20) == 0 {
					continue
				}
				var x any
				switch j {
				case 0, 6, 9:
					x = int64(r.IntN(1000))
				case 1, 7:
					x = programme.NewDecimal(int64(r.IntN(10000)), 2)
				case 2:
					x = programme.NewDecimal(int64(r.IntN(1_000_000)), 2)
				case 3, 8:
					x = r.IntN(2) == 0
				case 4:
					x = today - programme.Day(r.IntN(730))
				case 5:
					x = string(rune('a' + r.IntN(5)))
				}
				v[fmt.Sprintf("x%d", j)] = x
			}
			s.Evidence = append(s.Evidence, Evidence{Form: fmt.Sprintf("f%d", f), On: today, By: "self", Values: v})
		}
		out[i] = s
	}
	return out
}

var benchPopulations sync.Map

func benchPopulation(b testing.TB, n int) (*Program, *Population) {
	pr, err := benchProgram()
	if err != nil {
		b.Fatal(err)
	}
	if pop, ok := benchPopulations.Load(n); ok {
		return pr, pop.(*Population)
	}
	pop := pr.NewPopulation()
	for _, s := range benchSubjects(n) {
		pop.Put(s)
	}
	pop.columns(today, pr.last(""))
	benchPopulations.Store(n, pop)
	return pr, pop
}

// interpretAll scores every clause with cel-go over the same columns, one frame reused: what the kernels are measured against.
func interpretAll(pr *Program, batches []*facts) (met int) {
	for _, f := range batches {
		fr := newFrame(f)
		for i := range f.rows {
			fr.row = i
			for _, c := range pr.clauses {
				if pr.evaluate(c, fr).status == Met {
					met++
				}
			}
		}
	}
	return met
}

// readAll reads every column that a rule reads once: what no engine can go below.
func readAll(batches []*facts) (sum int64) {
	for _, f := range batches {
		for i := range f.forms {
			for j := range f.forms[i].columns {
				if f.pr.forms[i].read[j] {
					c := &f.forms[i].columns[j]
					for _, x := range c.wide {
						sum += x
					}
					for _, x := range c.small {
						sum += int64(x)
					}
					for k := range c.bits {
						sum += int64(c.bits[k])
					}
					for k := range c.valid {
						sum += int64(c.valid[k])
					}
				}
			}
		}
	}
	return sum
}

func perCell(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n)/benchClauses, "ns/cell")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkBulk(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		pr, pop := benchPopulation(b, n)
		batches := pop.columns(today, pr.last(""))
		o := Options{AsOf: today}
		b.Run(fmt.Sprintf("read/%d", n), func(b *testing.B) {
			for b.Loop() {
				readAll(batches)
			}
			perCell(b, n)
		})
		b.Run(fmt.Sprintf("counts/%d", n), func(b *testing.B) {
			for b.Loop() {
				pr.Count(pop, o)
			}
			perCell(b, n)
		})
		b.Run(fmt.Sprintf("stored/%d", n), func(b *testing.B) {
			for b.Loop() {
				pr.Run(pop, o)
			}
			perCell(b, n)
		})
		if n <= 10_000 {
			b.Run(fmt.Sprintf("interpreter/%d", n), func(b *testing.B) {
				for b.Loop() {
					interpretAll(pr, batches)
				}
				perCell(b, n)
			})
		}
	}
}

// Several batches, on several processors when -cells asks for more, give what the reference gives.
func TestBatchesEqualReference(t *testing.T) {
	n := batchRows + 70
	if *wantCells > 500_000 {
		n = 4*batchRows + 70
	}
	pr, pop := benchPopulation(t, n)
	same(t, pr, pop, Options{AsOf: today})
}
