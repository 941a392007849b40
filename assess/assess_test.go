package assess

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bihuan.dev/bihuan/programme"
)

// The published totals, by hand: 0.48+0.60+0.50+0.50+0.30+0.40 and 0.45+0.60+0.50+0.50+0.50+0.40; 1.85 = 2 − 3 × 0.05, because
// only whole percentage points count.
func TestPublishedResults(t *testing.T) {
	for _, c := range []struct{ fixture, subject, clause, points string }{
		{"investment", "A", "", "2.78"}, {"investment", "B", "", "2.95"}, {"investment", "A", "2", "0.6"}, {"investment", "A", "3", "0.5"},
		{"department", "the department", "3.232", "1.85"}, {"department", "the department", "3.231", "2.5"},
		{"department", "the department", "1.1", "50.34375"}, {"department", "the department", "2.1", "19.1792"},
		{"department", "the department", "3.1", "2"}, {"department", "the department", "3.211", "2"},
		{"department", "another professional", "3.241", "0"}, {"department", "professional", "3.212", "0.6"},
		{"appraisal", "home", "", "7"},
	} {
		f := load(t, c.fixture)
		r := f.pr.Run(f.population(), Options{AsOf: today})
		i, _ := r.Row(c.subject)
		got := r.Total(i)
		if c.clause != "" {
			got = r.Points(i, f.pr.byClause[c.clause])
		}
		if got.String() != c.points {
			t.Errorf("%s %s %s = %s, want %s", c.fixture, c.subject, c.clause, got, c.points)
		}
	}
}

// 61 villages: 59, 44 and 10 at 70, 80 and 90, which is 96.7, 72.1 and 16.4 %; places with ties as published.
func TestPublishedVillages(t *testing.T) {
	f := load(t, "villages")
	r := f.pr.Run(f.population(), Options{AsOf: today})
	least := map[int64]int64{}
	for i := range r.Len() {
		for _, line := range []int64{70, 80, 90} {
			if r.Points(i, 0) >= Points(line*PointsScale) {
				least[line]++
			}
		}
	}
	for line, want := range map[int64]string{70: "59 96.7", 80: "44 72.1", 90: "10 16.4"} {
		share := programme.DecimalOf(least[line]*100).QuoRound(programme.DecimalOf(61), 1)
		if got := fmt.Sprint(least[line], " ", share); got != want {
			t.Errorf("at %d: %s, want %s", line, got, want)
		}
	}
	var places []int
	for i := range 10 {
		p, _ := r.Place(i, 1)
		places = append(places, p)
	}
	if got := fmt.Sprint(places); got != "[1 2 2 4 5 6 6 6 9 10]" {
		t.Error("places", got)
	}
}

// What floats get wrong: every pair that sits on its threshold.
func TestThresholdsAreExact(t *testing.T) {
	p := programme.MustDecimal
	if q := p("78.60").Quo(p("98.25")); q.Cmp(p("0.8")) != 0 {
		t.Error("78.60 / 98.25 =", q)
	}
	if n := p("0.95").Sub(p("0.88")).QuoFloor(p("0.01")); n.String() != "7" {
		t.Error("0.95 - 0.88 is", n, "steps of 0.01")
	}
	on := 0
	for b := int64(1); b <= 10000; b++ {
		for _, th := range []string{"0.8", "0.9", "0.95", "1.1"} {
			a := p(th).Mul(programme.NewDecimal(b, 2))
			if a.Scale() > 2 {
				continue
			}
			on++
			if a.Quo(programme.NewDecimal(b, 2)).Cmp(p(th)) != 0 {
				t.Fatalf("%s / %s is not %s", a, programme.NewDecimal(b, 2), th)
			}
		}
	}
	if on < 4000 {
		t.Error("only", on, "pairs")
	}
}

func everything(r *Result) map[string]string {
	out := map[string]string{}
	for i := range r.Len() {
		var b strings.Builder
		text(&b, r.Score(i))
		out[r.Key(i)] = b.String()
	}
	return out
}

// Neither the order of subjects nor that of their evidence makes a difference.
func TestOrderDoesNotMatter(t *testing.T) {
	for _, name := range []string{"shapes", "policies", "vetoes", "columns", "quota"} {
		f := load(t, name)
		want := everything(f.pr.Run(f.population(), Options{AsOf: today}))
		rapid.Check(t, func(t *rapid.T) {
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
			pop := f.pr.NewPopulation()
			for _, i := range rng.Perm(len(f.subjects)) {
				s := f.subjects[i]
				shuffled := make([]Evidence, len(s.Evidence))
				for k, j := range rng.Perm(len(s.Evidence)) {
					shuffled[k] = s.Evidence[j]
				}
				s.Evidence = shuffled
				pop.Put(Subject{Key: s.Key}) // what is replaced leaves nothing behind
				pop.Put(s)
			}
			got := everything(f.pr.Run(pop, Options{AsOf: today}))
			for key := range want {
				if got[key] != want[key] {
					t.Fatalf("%s %s: %s", name, key, firstDifference(want[key], got[key]))
				}
			}
		})
	}
}

// Without ranks, means of peers and quotas, one subject scores the same alone as among all.
func TestOneIsAPopulation(t *testing.T) {
	for _, name := range []string{"investment", "vetoes", "columns", "ladder", "appraisal"} {
		f := load(t, name)
		if f.pr.NeedsPopulation() {
			t.Errorf("%s says it needs a population", name)
		}
		r := f.pr.Run(f.population(), Options{AsOf: today})
		for i, s := range f.subjects {
			var all, alone strings.Builder
			text(&all, r.Score(i))
			text(&alone, f.pr.Assess(s, Options{AsOf: today}))
			if all.String() != alone.String() {
				t.Errorf("%s %s: %s", name, s.Key, firstDifference(all.String(), alone.String()))
			}
		}
	}
	for _, name := range []string{"shapes", "policies", "quota"} {
		if f := load(t, name); !f.pr.NeedsPopulation() {
			t.Errorf("%s does not say that it needs a population", name)
		}
	}
}

// The columns and the explanation are two ways to the same numbers.
func TestColumnsAgreeWithScores(t *testing.T) {
	for _, name := range []string{"shapes", "policies", "vetoes", "quota"} {
		f := load(t, name)
		r := f.pr.Run(f.population(), Options{AsOf: today})
		for i := range r.Len() {
			s := r.Score(i)
			if s.Total != r.Total(i) || s.Grade != r.Grade(i) || s.Scored != r.Scored(i) {
				t.Errorf("%s %s: %v %q, column %v %q", name, s.Subject, s.Total, s.Grade, r.Total(i), r.Grade(i))
			}
			for j, c := range s.Clauses {
				if c.Points != r.Points(i, j) || c.Status != r.Status(i, j) || c.Clause != f.pr.Clauses()[j] {
					t.Errorf("%s %s clause %s", name, s.Subject, c.Clause)
				}
				if c.Why.Zh == "" || c.Why.En == "" || c.Rule.Zh == "" || c.Rule.En == "" {
					t.Errorf("%s %s clause %s says nothing", name, s.Subject, c.Clause)
				}
				if strings.Contains(c.Why.En+c.Why.Zh+c.Rule.Zh+c.Rule.En, "{") {
					t.Errorf("%s %s clause %s: a placeholder is left in %q", name, s.Subject, c.Clause, c.Why.En)
				}
			}
		}
	}
}

func TestInputsOpenIntoEvidence(t *testing.T) {
	f := load(t, "shapes")
	s := f.pr.Run(f.population(), Options{AsOf: today}).Score(0)
	for _, c := range s.Clauses {
		if len(c.Inputs) == 0 {
			t.Errorf("clause %s has no inputs", c.Clause)
		}
		for _, in := range c.Inputs {
			if len(in.Evidence) == 0 && in.Form != programme.MattersVar || in.On == 0 || in.By == "" {
				t.Errorf("clause %s: input %+v does not open", c.Clause, in)
			}
		}
	}
}

func BenchmarkRun(b *testing.B) {
	f := load(b, "shapes")
	pop := f.pr.NewPopulation()
	const n = 10_000
	for i := range n {
		s := f.subjects[i%len(f.subjects)]
		s.Key = fmt.Sprint(s.Key, i)
		pop.Put(s)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.pr.Run(pop, Options{AsOf: today})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n*len(f.pr.clauses)), "ns/cell")
}
