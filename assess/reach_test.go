package assess

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"bihuan.dev/bihuan/programme"
)

// ticking makes a standard of clauses that are met by a tick of their own, so that meeting a clause is filing its tick.
func ticking(t testing.TB, random *rand.Rand) (p *programme.Programme, clauses int) {
	t.Helper()
	clauses = 6 + random.IntN(4)
	var fields, rules strings.Builder
	total := 0
	for part := range 2 {
		fmt.Fprintf(&rules, "    - part: \"%d\"\n      sections:\n", part+1)
		for section := range 2 {
			fmt.Fprintf(&rules, "        - section: \"%d.%d\"\n          clauses:\n", part+1, section+1)
			for i := range clauses {
				if i%4 != part*2+section {
					continue
				}
				points := 1 + random.IntN(12)
				extra := fmt.Sprint(", points: ", points)
				if random.IntN(8) == 0 && i > 3 {
					extra = ", gate: true"
				} else {
					total += points
				}
				if random.IntN(3) == 0 {
					extra += fmt.Sprintf(", applies: tick.a%d", i)
				}
				if random.IntN(8) == 0 {
					extra += ", veto: {effect: cap_grade, to: third}"
				}
				fmt.Fprintf(&rules, "            - {clause: \"c%d\", pass: tick.c%d%s}\n", i, i, extra)
			}
		}
	}
	for i := range clauses {
		fmt.Fprintf(&fields, "      c%d: {type: bool}\n      a%d: {type: bool}\n", i, i)
	}
	effects := []string{"cap_grade, to: second", "gate", "zero_item, to: c0", "set_score, to: 2", "fail", "exclude"}
	ladder := random.IntN(3) == 0
	grades := fmt.Sprintf("    bands: [{grade: first, at_least: %d}, {grade: second, at_least: %d}, {grade: third, at_least: %d}]\n", total*9/10, total*6/10, total*3/10)
	if ladder {
		grades = "    ladder: [{grade: third, needs: [c1]}, {grade: second, needs: [c2, c3]}, {grade: first, needs: [c4]}]\n"
	}
	text := "programme: ticks\ntitle: Ticks\nsubject: {key: code, fields: {code: {type: text}}}\nparties: {self: {role: officer}}\nroles: {officer: {title: Officer}}\n" +
		"forms:\n  tick:\n    fields:\n" + fields.String() + "      v: {type: bool}\n      w: {type: bool}\nstandard:\n  parts:\n" + rules.String() +
		"  vetoes:\n    - {veto: one, when: tick.v, effect: " + effects[random.IntN(len(effects))] + "}\n" +
		"    - {veto: two, when: tick.w, effect: " + effects[random.IntN(len(effects))] + ", for: 2 years}\n  grades:\n" + grades
	p, mistakes := programme.Load(fstest.MapFS{"programme.yaml": {Data: []byte(text)}}, "")
	if p == nil {
		t.Fatalf("%v\n%s", mistakes, text)
	}
	return p, clauses
}

// The sets found are exactly the smallest ones that reach the grade when the clauses are really met: every set of up to three
// clauses is filed and scored anew.
func TestWaysAreTheSmallest(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 5))
	reached, repaired, blocked, greedy := 0, 0, 0, 0
	for range 30 {
		p, n := ticking(t, random)
		pr, err := Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			ticks := programme.Values{"v": random.IntN(5) == 0, "w": random.IntN(8) == 0}
			for i := range n {
				ticks[fmt.Sprint("c", i)], ticks[fmt.Sprint("a", i)] = random.IntN(2) == 0, random.IntN(4) > 0
				if random.IntN(10) == 0 {
					delete(ticks, fmt.Sprint("c", i))
				}
			}
			score := func(v programme.Values) (int, *Result) {
				pop := pr.NewPopulation()
				pop.Put(Subject{Key: "s", Evidence: []Evidence{{ID: "1", Form: "tick", On: today - 5, By: "self", Values: v}}})
				r := pr.Run(pop, Options{AsOf: today})
				place := slices.Index(pr.Grades(), r.Grade(0))
				if place < 0 {
					place = len(pr.Grades())
				}
				return place, r
			}
			with := func(set []string, mend bool) programme.Values {
				v := programme.Values{}
				for k, x := range ticks {
					v[k] = x
				}
				for _, c := range set {
					v[c] = true
				}
				if mend {
					v["v"] = false
				}
				return v
			}
			has, r := score(ticks)
			target := random.IntN(3)
			w := r.Ways(0, pr.Grades()[target], 10_000)
			if w.Reached != (has <= target) {
				t.Fatalf("has %d, target %d, reached %v", has, target, w.Reached)
			}
			if w.Reached {
				continue
			}
			mend := len(w.Repairs) > 0
			if mend {
				repaired++
			}
			var open, forced []string
			for j, c := range pr.Clauses() {
				if s := r.Status(0, j); s == NotApplicable || ticks[c] == true {
					continue
				}
				open = append(open, c)
			}
			if place, _ := score(with(open, mend)); (place <= target) != (len(w.Sets) > 0) {
				t.Fatalf("everything met comes to %d, target %d, but there are %d sets (%+v)", place, target, len(w.Sets), w)
			}
			if len(w.Sets) == 0 {
				if len(w.Blocked) > 0 {
					blocked++
				}
				continue
			}
			if place, _ := score(with(open, false)); mend && place <= target {
				t.Fatalf("repairs are asked for that are not needed: %+v", w.Repairs)
			}
			if w.Greedy {
				greedy++
				continue
			}
			reached++
			for _, c := range pr.clauses { // what the search always puts in, and so may be more than three
				needed := pr.needed(target)[c.index]
				if slices.Contains(open, c.Clause.Clause) && (c.Gate || needed) {
					forced = append(forced, c.Clause.Clause)
				}
			}
			free := slices.DeleteFunc(slices.Clone(open), func(c string) bool { return slices.Contains(forced, c) })
			var want []string
			var sets [][]string
			for size := 0; size <= mostSet; size++ {
				combine(len(free), size, func(pick []int) {
					set := slices.Clone(forced)
					for _, k := range pick {
						set = append(set, free[k])
					}
					for _, small := range sets {
						if !slices.ContainsFunc(small, func(c string) bool { return !slices.Contains(set, c) }) {
							return
						}
					}
					if place, _ := score(with(set, mend)); place <= target {
						sets = append(sets, set)
						slices.Sort(set)
						want = append(want, strings.Join(set, " "))
					}
				})
			}
			var got []string
			for i, x := range w.Sets {
				var set []string
				for _, c := range x.Clauses {
					set = append(set, c.Clause)
				}
				slices.Sort(set)
				got = append(got, strings.Join(set, " "))
				place, after := score(with(set, mend))
				if x.Grade != pr.Grades()[place] || x.Total != after.Total(0) {
					t.Errorf("%v comes to %s %v, not to %s %v", set, pr.Grades()[place], after.Total(0), x.Grade, x.Total)
				}
				if i > 0 && (len(x.Clauses) < len(w.Sets[i-1].Clauses) || len(x.Clauses) == len(w.Sets[i-1].Clauses) && x.Missing < w.Sets[i-1].Missing) {
					t.Error("the sets are out of order")
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("target %d, has %d, repairs %d\ngot  %q\nwant %q\n%s", target, has, len(w.Repairs), got, want, p.Files["programme.yaml"])
			}
		}
	}
	if reached < 20 || repaired < 2 || blocked < 2 {
		t.Errorf("only %d ways, %d with repairs, %d blocked, %d greedy", reached, repaired, blocked, greedy)
	}
}

// A lever lifts as many as reach a better grade when it alone is really met.
func TestLevers(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 9))
	for range 10 {
		p, n := ticking(t, random)
		pr, err := Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		pops := make([]*Population, n+1) // as it is, then with each clause met by all
		for k := range pops {
			pops[k] = pr.NewPopulation()
		}
		for i := range 300 {
			ticks := programme.Values{"v": random.IntN(9) == 0, "w": random.IntN(9) == 0}
			for j := range n {
				ticks[fmt.Sprint("c", j)], ticks[fmt.Sprint("a", j)] = random.IntN(2) == 0, random.IntN(4) > 0
			}
			for k, pop := range pops {
				v := programme.Values{}
				for name, x := range ticks {
					v[name] = x
				}
				if k > 0 {
					v[fmt.Sprint("c", k-1)] = true
				}
				pop.Put(Subject{Key: fmt.Sprint(i), Evidence: []Evidence{{ID: "1", Form: "tick", On: today, By: "self", Values: v}}})
			}
		}
		before := pr.Run(pops[0], Options{AsOf: today})
		var rows []int
		for i := range 200 {
			rows = append(rows, i+50)
		}
		levers := before.Levers(pops[0], rows)
		for k, c := range pr.Clauses() {
			at := slices.Index(fields(n), c)
			after := pr.Run(pops[at+1], Options{AsOf: today})
			lifted := Compare(before, after, rows, 0).Up
			i := slices.IndexFunc(levers, func(x Lever) bool { return x.Clause == c })
			if i < 0 && lifted > 0 || i >= 0 && levers[i].Lifted != lifted {
				t.Errorf("clause %d %s lifts %d, told %+v\n%s", k, c, lifted, levers, p.Files["programme.yaml"])
			}
		}
	}
}

func fields(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint("c", i))
	}
	return out
}
