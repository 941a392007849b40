package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// workload is one generated standard with the facts it reads. Every engine's rules are written from the same clauses.
type workload struct {
	facts   []fact
	clauses []clause
}

// clause is one clause; its points and all thresholds are integers in hundredths, or in the scale of its measure.
type clause struct {
	shape  string // pass bands linear deduct
	points int
	cond   cond // of pass
	m      measure
	bands  []band // of bands, highest first
	line   line
	deduct []deduction
}

// measure is a fact, or the ratio of two in ten thousandths, rounded half to even.
type measure struct {
	a, b  int
	ratio bool
}

type band struct{ from, points int }

// line is full at full, minus points less for each whole each short of it, and nothing below zero.
type line struct{ full, each, minus, zero int }

// deduction takes each off for every case, most at most; 0: no limit.
type deduction struct{ fact, each, most int }

// cond is a condition. Its op is one of >= <= in is not since past ratio and or; since is after a span before the day of
// assessment, past is not after that day, ratio is a ÷ b >= k hundredths.
type cond struct {
	op   string
	a, b int
	k    int
	set  []int
	kids []cond
}

// spans before the day of assessment, 2021-01-20, and the days they lead to.
var spans = []struct {
	text string
	day  int
}{{"6 months", 18463}, {"12 months", 18281}, {"18 months", 18097}, {"24 months", 17916}}

// asOf is the day of assessment, 2021-01-20.
const asOf = 18647

// grades with the totals from which they are given, in hundredths of a point, best first. They split the population roughly
// into 10, 25, 35 and 30 %.
var grades = []struct {
	name string
	from int
}{{"three_star", 5250}, {"two_star", 4800}, {"one_star", 4350}, {"none", 0}}

// gradeOf gives the place of the grade of a total.
func gradeOf(total int) int {
	for g, x := range grades {
		if total >= x.from {
			return g
		}
	}
	return len(grades) - 1
}

// newWorkload generates the standard. It is always the same.
func newWorkload() *workload {
	w := &workload{facts: newFacts()}
	g := &generator{w: w, r: rand.New(rand.NewPCG(87, 5)), at: map[kind]int{}}
	shapes := []struct {
		n    int
		make func() clause
	}{
		{20, g.threshold}, {18, g.logic}, {10, g.in}, {8, g.day}, {14, func() clause { return g.band(false) }},
		{10, func() clause { return g.band(true) }}, {6, func() clause { return g.linear(false) }},
		{6, func() clause { return g.linear(true) }}, {8, g.deduction},
	}
	w.clauses = make([]clause, 100)
	i := 0
	for _, s := range shapes {
		for range s.n {
			at := i * 37 % 100 // shapes stand mixed, as in real standards
			g.points = []int{50, 100, 150}[at%3]
			if at == 99 {
				g.points = 100 // so that all make 100 points
			}
			w.clauses[at] = s.make()
			i++
		}
	}
	read := 0
	for _, f := range w.facts {
		if f.read {
			read++
		}
	}
	if read != 92 {
		panic(fmt.Sprintf("the clauses read %d facts, not 92", read))
	}
	return w
}

type generator struct {
	w      *workload
	r      *rand.Rand
	at     map[kind]int
	points int
	n, m   int // logic and thresholds, measures made so far
}

// pick gives the next fact of a kind, going round, so that each is read.
func (g *generator) pick(k kind) int {
	first := 0
	for _, p := range factPlan {
		if p.kind == k {
			i := first + g.at[k]%p.read
			g.at[k]++
			g.w.facts[i].read = true
			return i
		}
		first += p.all
	}
	panic("no such kind")
}

// part gives a threshold about a share of the way through a fact's range.
func (g *generator) part(fact int, percent int) int {
	f := g.w.facts[fact]
	return int(f.lo) + int(int64(f.hi-f.lo)*int64(percent)/100)
}

func (g *generator) compare(k kind) cond {
	a := g.pick(k)
	op := []string{">=", "<="}[g.r.IntN(2)]
	return cond{op: op, a: a, k: g.part(a, 20+15*g.r.IntN(5))}
}

func (g *generator) choose() cond {
	set := g.r.Perm(options)[:2+g.r.IntN(4)]
	slices.Sort(set)
	return cond{op: "in", a: g.pick(choice), set: set}
}

func (g *generator) dated() cond {
	if g.r.IntN(3) == 0 {
		return cond{op: "past", a: g.pick(date), k: asOf}
	}
	s := spans[g.r.IntN(len(spans))]
	return cond{op: "since", a: g.pick(date), k: s.day}
}

func (g *generator) truth() cond {
	return cond{op: []string{"is", "is", "not"}[g.r.IntN(3)], a: g.pick(boolean)}
}

func (g *generator) pass(c cond) clause { return clause{shape: "pass", points: g.points, cond: c} }

func (g *generator) threshold() clause {
	g.n++
	switch {
	case g.n%5 == 0:
		return g.pass(g.compare(money))
	case g.n%5 < 3:
		return g.pass(g.compare(number))
	}
	return g.pass(g.compare(integer))
}

func (g *generator) in() clause  { return g.pass(g.choose()) }
func (g *generator) day() clause { return g.pass(g.dated()) }

// logic joins conditions of several types by && and ||.
func (g *generator) logic() clause {
	g.n++
	and := func(kids ...cond) cond { return cond{op: "and", kids: kids} }
	or := func(kids ...cond) cond { return cond{op: "or", kids: kids} }
	switch g.n % 6 {
	case 0:
		return g.pass(and(g.truth(), g.compare(number)))
	case 1:
		return g.pass(or(g.choose(), and(g.truth(), g.dated())))
	case 2:
		return g.pass(or(g.truth(), g.compare(number), g.compare(integer)))
	case 3:
		a, b := g.pick(number), g.pick(number)
		return g.pass(and(or(g.truth(), g.choose()), cond{op: "ratio", a: a, b: b, k: 80}))
	case 4:
		a, b := g.pick(integer), g.pick(integer)
		return g.pass(or(cond{op: "ratio", a: a, b: b, k: 90}, g.truth()))
	}
	return g.pass(and(g.truth(), or(g.dated(), g.compare(number)), g.choose()))
}

func (g *generator) measure(ratio bool) measure {
	g.m++
	if !ratio {
		return measure{a: g.pick([]kind{number, money, number, integer, money}[g.m%5])}
	}
	k := number
	if g.m%3 == 0 {
		k = integer
	}
	return measure{a: g.pick(k), b: g.pick(k), ratio: true}
}

func (g *generator) band(ratio bool) clause {
	c := clause{shape: "bands", points: g.points, m: g.measure(ratio)}
	at := []int{9500, 8000, 5000}
	if !ratio {
		at = []int{g.part(c.m.a, 75), g.part(c.m.a, 50), g.part(c.m.a, 30)}
	}
	c.bands = []band{{at[0], g.points}, {at[1], g.points * 6 / 10}, {at[2], g.points * 3 / 10}}
	return c
}

func (g *generator) linear(ratio bool) clause {
	c := clause{shape: "linear", points: g.points}
	if ratio {
		c.m = g.measure(true)
		c.line = line{full: 9600, each: 400, minus: g.points / 10, zero: 6000}
		return c
	}
	c.m = measure{a: g.pick(number)}
	c.line = line{full: 80_000, each: 5_000, minus: g.points / 10, zero: 35_000}
	return c
}

func (g *generator) deduction() clause {
	return clause{shape: "deduct", points: g.points, deduct: []deduction{
		{g.pick(count), g.points / 5, 0}, {g.pick(count), g.points * 3 / 10, g.points * 6 / 10}}}
}
