package assess

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bihuan.dev/bihuan/programme"
)

var (
	crossed   = flag.Int("crossed", 0, "how many more subjects a random standard is compared over, crossed from those drawn")
	wantCells = flag.Int("cells", 200_000, "how many cells the differential tests compare at least")
)

// writer makes random rules that are well-typed, over the forms of testdata/differential/random. Mistakes of type that slip in are
// left out by the checker.
type writer struct {
	t     *rapid.T
	vars  []string // of list, of more, of texts: "l1", "m2", "s3"
	count int
}

func (w *writer) pick(list ...string) string { return rapid.SampledFrom(list).Draw(w.t, "pick") }

func (w *writer) one(n int) bool { return rapid.IntRange(0, n).Draw(w.t, "one") == 0 }

// vars of a kind.
func (w *writer) known(kind byte) []string {
	var out []string
	for _, v := range w.vars {
		if v[0] == kind {
			out = append(out, v)
		}
	}
	return out
}

func (w *writer) field(one, list, more []string) string {
	var all []string
	for _, f := range one {
		all = append(all, "one."+f)
	}
	for _, v := range w.known('l') {
		for _, f := range list {
			all = append(all, v+"."+f, v+"."+f)
		}
	}
	for _, v := range w.known('m') {
		for _, f := range more {
			all = append(all, v+"."+f, v+"."+f)
		}
	}
	return w.pick(all...)
}

// in gives a rule inside a loop over a list.
func (w *writer) in(kind string, f func() string) (name, inner string) {
	w.count++
	name = fmt.Sprintf("%s%d", kind, w.count)
	w.vars = append(w.vars, name)
	inner = f()
	w.vars = w.vars[:len(w.vars)-1]
	return name, inner
}

// list gives a list of records and the kind of its variables.
func (w *writer) list(depth int) (text, kind string) {
	text, kind = "list", "l"
	if w.one(1) {
		text, kind = "more", "m"
	}
	if depth > 0 && w.one(2) {
		v, p := w.in(kind, func() string { return w.truth(depth - 1) })
		text = fmt.Sprintf("%s.filter(%s, %s)", text, v, p)
	}
	return text, kind
}

func (w *writer) texts() string {
	out := []string{"one.s", `["red", "blue"]`, `["green"]`}
	for _, v := range w.known('l') {
		out = append(out, v+".s")
	}
	return w.pick(out...)
}

func (w *writer) truth(depth int) string {
	if depth <= 0 {
		return w.pick("true", "false", w.field([]string{"b", "c"}, []string{"b"}, []string{"d > as_of"}))
	}
	switch rapid.IntRange(0, 17).Draw(w.t, "truth") {
	case 0, 1:
		return fmt.Sprintf("(%s && %s)", w.truth(depth-1), w.truth(depth-1))
	case 2, 3:
		return fmt.Sprintf("(%s || %s)", w.truth(depth-1), w.truth(depth-1))
	case 4:
		return "!" + w.truth(depth-1)
	case 5:
		return fmt.Sprintf("(%s ? %s : %s)", w.truth(depth-1), w.truth(depth-1), w.truth(depth-1))
	case 6, 7:
		return fmt.Sprintf("(%s %s %s)", w.number(depth-1), w.pick("<", "<=", ">", ">=", "==", "!="), w.number(depth-1))
	case 8:
		return fmt.Sprintf("(%s %s %s)", w.day(), w.pick("<", "<=", ">", ">=", "==", "!="), w.day())
	case 9:
		return fmt.Sprintf("(%s %s %s)", w.text(), w.pick("==", "!="), w.text())
	case 10:
		return fmt.Sprintf("has(%s)", w.field([]string{"b", "i", "n", "d", "t", "s"}, []string{"b", "n", "s"}, []string{"d", "i"}))
	case 11:
		return fmt.Sprintf("(%s in %s)", w.text(), w.texts())
	case 12:
		return fmt.Sprintf("(%s in [%s])", w.number(depth-1), w.pick("1, 2, 3", "0.5, 1.25", "0"))
	case 13, 14:
		text, kind := w.list(depth - 1)
		v, p := w.in(kind, func() string { return w.truth(depth - 1) })
		return fmt.Sprintf("%s.%s(%s, %s)", text, w.pick("all", "exists", "exists_one"), v, p)
	case 15:
		v, p := w.in("s", func() string { return w.truth(depth - 1) })
		return fmt.Sprintf("%s.%s(%s, %s)", w.texts(), w.pick("all", "exists", "exists_one"), v, p)
	case 16:
		return fmt.Sprintf("matters.plea.%s(p, %s)", w.pick("all", "exists"), w.pick("p.overdue", "has(p.closed) && p.closed > as_of", "has(p.taken_up) ? p.taken_up < as_of : p.overdue", "p.n > p.result.saved",
			"p.on_time || p.stage == \"done\"", "p.saved >= 1.5", "has(p.result.done)", "p.k == \"red\""))
	}
	return fmt.Sprintf("(%s - %s %s duration(\"%s\"))", w.day(), w.day(), w.pick("<", ">=", "=="), w.pick("24h", "48h", "36h", "-24h"))
}

func (w *writer) text() string {
	out := []string{w.field([]string{"t", "k"}, []string{"t", "k"}, []string{"t", "k"}), `"red"`, `"green"`, `"other"`, "subject.size"}
	out = append(out, w.known('s')...)
	return w.pick(out...)
}

func (w *writer) day() string {
	return w.pick(w.field([]string{"d", "e"}, []string{"on"}, []string{"d"}), "as_of", `ago("3 months")`, `ago("5 working days")`,
		`timestamp("2021-01-01T00:00:00Z")`, "subject.landed", w.field([]string{"d"}, nil, []string{"d"})+` + duration("48h")`)
}

func (w *writer) number(depth int) string {
	if depth <= 0 {
		return w.pick("0", "1", "2", "-3", "0.5", "1.255", "9223372036854775807", w.field([]string{"i", "j", "n", "m", "y"}, []string{"i", "n"}, []string{"i"}),
			w.field([]string{"i", "n"}, []string{"i"}, []string{"i"}))
	}
	switch rapid.IntRange(0, 15).Draw(w.t, "number") {
	case 0, 1, 2:
		return fmt.Sprintf("(%s %s %s)", w.number(depth-1), w.pick("+", "-", "*"), w.number(depth-1))
	case 3:
		return fmt.Sprintf("(%s %s %s)", w.number(depth-1), w.pick("/", "%"), w.number(depth-1))
	case 4, 5:
		return fmt.Sprintf("ratio(%s, %s)", w.number(depth-1), w.number(depth-1))
	case 6:
		return fmt.Sprintf("(%s ? %s : %s)", w.truth(depth-1), w.number(depth-1), w.number(depth-1))
	case 7:
		return fmt.Sprintf("days(%s, %s)", w.day(), w.day())
	case 8:
		return fmt.Sprintf("workdays(%s, %s)", w.day(), w.day())
	case 9:
		text, kind := w.list(depth - 1)
		v, p := w.in(kind, func() string { return w.truth(depth - 1) })
		return fmt.Sprintf("%s.filter(%s, %s).size()", text, v, p)
	case 10, 11:
		text, kind := w.list(depth - 1)
		v, p := w.in(kind, func() string { return w.number(depth - 1) })
		return fmt.Sprintf("%s.map(%s, %s).%s()", text, v, p, w.pick("sum", "mean", "median", "min", "max", "size"))
	case 12:
		text, kind := w.list(depth - 1)
		v, p := w.in(kind, func() string { return w.truth(depth-1) + ", " + w.number(depth-1) })
		return fmt.Sprintf("%s.map(%s, %s).%s", text, v, p, w.pick("sum()", "percentile(25)", "percentile(90.5)", "max()"))
	case 13:
		text, _ := w.list(depth - 1)
		return fmt.Sprintf("latest(%s, i)", text)
	case 14:
		return w.pick("size(one.s)", "list.size()", "vote.cast", "vote.count.yes", "vote.share.yes", "matters.plea.size()", "matters.plea.map(p, p.result.saved).sum()",
			"vote.invited", "int(one.n)", "-one.i", "-one.n", "int(one.m * 10)", "one.s.filter(x, x != one.k).size()")
	}
	return w.number(0)
}

// rules draws rules of a kind that the checker takes.
func (w *writer) rule(s *programme.Scope, want programme.Want, make func() string) *programme.Expr {
	for range 20 {
		e := &programme.Expr{Source: make()}
		if len(s.Check(e, want).Fatal()) == 0 && e.Checked() {
			return e
		}
	}
	return nil
}

// drawSubject draws facts, many missing.
func drawSubject(t *rapid.T, key string) Subject {
	s := Subject{Key: key, Unit: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "unit"), Matters: map[string][]programme.Values{}, Invited: map[string]int64{}}
	chance := func(n int) bool { return rapid.IntRange(0, n).Draw(t, "chance") > 0 }
	texts := rapid.SampledFrom([]string{"red", "green", "blue", "other", "x"})
	integers := rapid.OneOf(rapid.Int64Range(-3, 12), rapid.Int64Range(-3, 12), rapid.Int64Range(-3, 12), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64, 1 << 40, 1000}))
	number := func(scale int) programme.Decimal { return programme.NewDecimal(integers.Draw(t, "n"), scale) }
	date := func() programme.Day { return today + programme.Day(rapid.IntRange(-40, 5).Draw(t, "day")) }
	values := func(fields map[string]func() any) programme.Values {
		v := programme.Values{}
		for _, name := range []string{"b", "c", "i", "j", "n", "m", "y", "d", "e", "t", "k", "s", "r", "proof", "on"} {
			if f := fields[name]; f != nil && chance(6) {
				v[name] = f()
			}
		}
		return v
	}
	boolean := func() any { return rapid.Bool().Draw(t, "b") }
	integer := func() any { return integers.Draw(t, "i") }
	word := func() any { return texts.Draw(t, "t") }
	words := func() any { return rapid.SliceOfN(texts, 0, 3).Draw(t, "s") }
	day := func() any { return date() }
	one := map[string]func() any{"b": boolean, "c": boolean, "i": integer, "j": integer, "n": func() any { return number(2) }, "m": func() any { return number(4) },
		"y": func() any { return number(2) }, "d": day, "e": day, "t": word, "k": word, "s": words, "r": func() any { return 0.5 }, "proof": words}
	many := map[string]func() any{"b": boolean, "i": integer, "n": func() any { return number(2) }, "k": word, "t": word, "s": words}
	more := map[string]func() any{"d": day, "i": integer, "k": word, "t": word}
	file := func(form string, fields map[string]func() any) {
		s.Evidence = append(s.Evidence, Evidence{ID: fmt.Sprint(len(s.Evidence)), Form: form, On: date(), Recorded: int64(len(s.Evidence)),
			By: rapid.SampledFrom([]string{"self", "city"}).Draw(t, "by"), Values: values(fields)})
	}
	for range rapid.IntRange(0, 2).Draw(t, "ones") {
		file("one", one)
	}
	for range rapid.IntRange(0, 4).Draw(t, "lists") {
		file("list", many)
	}
	for range rapid.IntRange(0, 3).Draw(t, "mores") {
		file("more", more)
	}
	for range rapid.IntRange(0, 3).Draw(t, "votes") {
		s.Evidence = append(s.Evidence, Evidence{Form: "vote", On: date(), By: "self", Values: programme.Values{"overall": rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "v")}})
	}
	if chance(1) {
		s.Invited["vote"] = 4
	}
	if chance(2) {
		s.Evidence = append(s.Evidence, Evidence{Form: programme.SubjectForm, On: today - 100, Values: programme.Values{"size": "small", "landed": date()}})
	}
	for range rapid.IntRange(0, 3).Draw(t, "pleas") {
		v := values(one)
		v["id"], v["stage"] = "p", rapid.SampledFrom([]string{"open", "done"}).Draw(t, "stage")
		if chance(1) {
			v["taken_up"], v["closed"], v["on_time"] = date(), date(), true
		} else {
			v["overdue"] = rapid.Bool().Draw(t, "overdue")
		}
		if chance(1) {
			v["result.saved"], v["result.done"] = number(2), date()
		}
		s.Matters["plea"] = append(s.Matters["plea"], v)
	}
	return s
}

// cross adds subjects that have each form's evidence from another one of those drawn, some of their numbers changed.
func cross(pop *Population, n int, seed uint64) {
	luck := rand.New(rand.NewPCG(seed, 0))
	var drawn []Subject
	for i := range pop.rows {
		drawn = append(drawn, pop.Subject(i))
	}
	other := func() *Subject { return &drawn[luck.IntN(len(drawn))] }
	for i := range n {
		s := Subject{Key: fmt.Sprintf("x%d", i), Unit: other().Unit, Matters: other().Matters, Invited: other().Invited}
		for _, form := range []string{programme.SubjectForm, "one", "list", "more", "vote"} {
			for _, e := range other().Evidence {
				if e.Form != form {
					continue
				}
				e.Values = maps.Clone(e.Values)
				for name, v := range e.Values {
					switch v := v.(type) {
					case int64:
						if v < 1000 && luck.IntN(3) == 0 {
							e.Values[name] = v + luck.Int64N(7) - 3
						}
					case programme.Decimal:
						if luck.IntN(3) == 0 {
							e.Values[name] = v.Add(programme.NewDecimal(luck.Int64N(7)-3, v.Scale()))
						}
					case programme.Day:
						if luck.IntN(3) == 0 {
							e.Values[name] = v + programme.Day(luck.IntN(21)-10)
						}
					}
				}
				s.Evidence = append(s.Evidence, e)
			}
		}
		pop.Put(s)
	}
}

// A random programme: clauses of every shape over random rules.
func (w *writer) programme(p programme.Programme, s *programme.Scope, clauses int) *programme.Programme {
	number := func(d int) *programme.Expr {
		return w.rule(s, programme.WantNumber, func() string { return w.number(d) })
	}
	boolean := func(d int) *programme.Expr { return w.rule(s, programme.WantBool, func() string { return w.truth(d) }) }
	small := func() programme.Decimal {
		return programme.NewDecimal(rapid.Int64Range(0, 400).Draw(w.t, "small"), rapid.IntRange(0, 3).Draw(w.t, "scale"))
	}
	std := *p.Standard
	std.PointsDecimals = rapid.IntRange(0, 4).Draw(w.t, "digits")
	std.Parts, std.Vetoes = nil, nil
	var names []string
	for pi := range 2 {
		part := &programme.Part{Part: fmt.Sprint(pi)}
		for si := range 3 {
			sec := &programme.Section{Section: fmt.Sprintf("%d.%d", pi, si)}
			if w.one(5) {
				sec.Bonus = &programme.Bonus{Cap: programme.DecimalOf(3)}
			}
			for ci := range clauses {
				c := &programme.Clause{Clause: fmt.Sprintf("%d.%d.%d", pi, si, ci), Points: programme.NewDecimal(rapid.Int64Range(0, 100).Draw(w.t, "points"), 1),
					NA:      programme.Policy{Word: w.pick("", "", "full", "zero", "points", "peer_mean"), Points: programme.NewDecimal(15, 1)},
					Missing: programme.Policy{Word: w.pick("", "", "pending", "full", "peer_mean")}}
				if w.one(3) {
					c.Applies = boolean(1)
				}
				if w.one(8) {
					c.Evidence = []string{"one"}
				}
				if w.one(12) {
					c.Gate = true
				}
				if w.one(1) {
					d := rapid.IntRange(0, 6).Draw(w.t, "decimals")
					c.Decimals = &d
				}
				w.shape(c, number, boolean, small)
				if w.one(10) {
					c.Veto = &programme.Veto{Effect: w.pick("no_award", "cap_grade", "zero_item"), To: "silver"}
					if c.Veto.Effect == "zero_item" {
						c.Veto.To = ""
					}
				}
				sec.Clauses, names = append(sec.Clauses, c), append(names, c.Clause)
			}
			part.Sections = append(part.Sections, sec)
		}
		std.Parts = append(std.Parts, part)
	}
	for k := range rapid.IntRange(0, 3).Draw(w.t, "vetoes") {
		v := &programme.Veto{Veto: fmt.Sprintf("v%d", k), When: boolean(2), Effect: w.pick("fail", "gate", "cap_grade", "set_grade", "set_score", "zero_item", "no_award", "exclude")}
		switch v.Effect {
		case "cap_grade", "set_grade":
			v.To = "silver"
		case "set_score":
			v.To = "1.5"
		case "zero_item":
			v.To = w.pick(names...)
		}
		if w.one(2) {
			v.Until, v.Repaired = boolean(1), &programme.Repaired{Deduct: small()}
		}
		if w.one(4) {
			v.For = programme.Span{N: 10, Unit: "day"}
		}
		if v.When != nil {
			std.Vetoes = append(std.Vetoes, v)
		}
	}
	std.Grades = programme.Grades{Bands: []*programme.GradeBand{{Grade: "gold", AtLeast: programme.NewDecimal(1055, 2)}, {Grade: "silver", AtLeast: programme.DecimalOf(5)}}, Else: "none"}
	if w.one(2) {
		std.Grades.Bands = nil
		std.Grades.Ladder = []*programme.GradeStep{{Grade: "silver", Needs: names[:1]}, {Grade: "gold", Needs: names[1:2]}}
	}
	if w.one(3) {
		std.Grades.DropWhen = boolean(1)
	}
	if w.one(3) {
		std.Grades.Quota = []programme.Quota{{Name: "gold", Share: programme.NewDecimal(3, 1)}}
	}
	p.Standard = &std
	return &p
}

func (w *writer) shape(c *programme.Clause, number, boolean func(int) *programme.Expr, small func() programme.Decimal) {
	ref := func(d programme.Decimal) *programme.Decimal { return &d }
	constant := func() *programme.Expr { return number(0) }
	kind := w.pick("pass", "pass", "parts", "deduct", "bands", "linear", "proportional", "each", "rank", "formula", "formula", "judged")
	switch kind {
	case "bands", "linear", "proportional", "rank":
		if c.Measure = number(2); c.Measure == nil {
			kind = "pass"
		}
	}
	switch kind {
	case "parts":
		for range 3 {
			if e := boolean(2); e != nil {
				c.Ticks = append(c.Ticks, &programme.Tick{Pass: e, Points: small()})
			}
		}
	case "deduct":
		for range 2 {
			e := number(1)
			if e == nil {
				break
			}
			d := &programme.Deduction{Count: e, Each: ref(small())}
			if w.one(2) {
				d.First = ref(small())
			}
			if w.one(2) {
				d.Repeat = "double"
			}
			if w.one(3) {
				d.Then = &programme.Then{All: true}
			}
			if w.one(2) {
				d.Most = ref(small())
			}
			c.Deduct = append(c.Deduct, d)
		}
	case "bands":
		c.Bands = []*programme.Band{{AtLeast: ref(programme.NewDecimal(95, 2)), Points: small()}, {AtLeast: ref(programme.NewDecimal(5005, 4)), Points: small()}}
		if w.one(1) {
			c.Bands = append(c.Bands, &programme.Band{AtMost: ref(programme.NewDecimal(rapid.Int64Range(-2, 5).Draw(w.t, "at most"), 1)), Points: small()})
		}
	case "linear":
		c.Linear = &programme.Linear{FullAt: constant(), Each: programme.NewDecimal(1, 2), Minus: small(), Step: w.pick("floor", "ceil", "exact")}
		if w.one(2) {
			c.Linear.ZeroBelow = constant()
		}
		if c.Linear.FullAt == nil {
			c.Linear = nil
		}
	case "proportional":
		c.Proportional = &programme.Proportional{Target: constant()}
		switch {
		case w.one(2):
			c.Proportional.Cap = &programme.Cap{None: true}
		case w.one(2):
			c.Proportional.Cap = &programme.Cap{At: programme.NewDecimal(8, 1)}
		}
		if w.one(2) {
			c.Proportional.Below = &programme.Below{Factor: programme.NewDecimal(8, 1)}
		}
		if c.Proportional.Target == nil {
			c.Proportional = nil
		}
	case "each":
		if e := number(1); e != nil {
			c.Each = &programme.Each{Count: e, Points: small()}
			if w.one(1) {
				c.Each.Most = ref(small())
			}
		}
	case "rank":
		c.Rank = &programme.Rank{Points: []programme.Decimal{programme.DecimalOf(5), programme.DecimalOf(3)}, Lowest: w.one(1), Within: w.pick("unit", "all")}
	case "formula":
		c.Formula = number(3)
	case "judged":
		c.Judged = &programme.Judged{}
	}
	if c.Ticks == nil && c.Deduct == nil && c.Bands == nil && c.Linear == nil && c.Proportional == nil && c.Each == nil && c.Rank == nil && c.Formula == nil && c.Judged == nil {
		for c.Pass == nil {
			c.Pass = boolean(3)
		}
	}
}

// Random standards over random facts come out the same from kernels and interpreter, cell by cell.
func TestRandomProgrammes(t *testing.T) {
	base, m := programme.LoadDir("testdata/differential/random")
	if len(m.Fatal()) > 0 {
		t.Fatal(m)
	}
	scope := programme.RuleScope(base)
	cells, compiled, all := 0, 0, 0
	reasons := map[string]int{}
	for done := false; !done && !t.Failed(); done = cells >= *wantCells {
		rapid.Check(t, func(rt *rapid.T) {
			w := &writer{t: rt}
			p := w.programme(*base, scope, 4+min(*crossed, 12)) // many clauses where they are compared over many subjects
			if w.one(1) {
				w.alone(p, scope)
			}
			pr, err := Compile(p)
			if err != nil {
				rt.Skip(err)
			}
			for _, x := range pr.Explain() {
				if all++; x.Compiled {
					compiled++
				} else {
					reasons[x.Reason.En]++
				}
			}
			pop := pr.NewPopulation()
			for i := range rapid.IntRange(1, 9).Draw(rt, "subjects") {
				pop.Put(drawSubject(rt, fmt.Sprintf("s%d", i)))
			}
			if *crossed > 0 {
				cross(pop, *crossed, rapid.Uint64().Draw(rt, "seed"))
			}
			o := Options{AsOf: today, Party: rapid.SampledFrom([]string{"self", "city"}).Draw(rt, "party")}
			for range 1 + min(*crossed, 4) { // a large population is compared on several days
				n, diff := compare(pr, pop, o)
				cells += n
				if len(diff) > 0 {
					rt.Fatalf("%s\n%s", strings.Join(diff, "\n"), describe(pr, pop, diff))
				}
				o.AsOf -= 9
			}
		})
	}
	t.Logf("%d cells compared; %d of %d rules compiled; not: %v", cells, compiled, all, reasons)
}

func compare(pr *Program, pop *Population, o Options) (int, []string) {
	want, got := pr.reference(pop, o), pr.Run(pop, o)
	n, diff := want.differences(got)
	_, again := want.differences(pr.RunAgain(got, pop, o)) // in the room of what was there
	diff = append(diff, again...)
	if counts := want.counts(); fmt.Sprint(pr.Count(pop, o)) != fmt.Sprint(counts) {
		diff = append(diff, fmt.Sprintf("counts: %+v, want %+v", pr.Count(pop, o), counts))
	}
	_, alone := aloneDiffers(pr, pop, o)
	return n, append(diff, alone...)
}

// describe writes the rules of the clauses that differ.
func describe(pr *Program, pop *Population, diff []string) string {
	var b strings.Builder
	for i, s := range pop.rows {
		if strings.HasPrefix(diff[0], s.Key+":") {
			for _, e := range pop.Subject(i).Evidence {
				fmt.Fprintf(&b, "%s %s by %s %s\n", e.Form, e.On, e.By, e.Values.JSON())
			}
			fmt.Fprintf(&b, "%v\n", s.Matters)
		}
	}
	for _, c := range pr.clauses {
		if strings.Contains(strings.Join(diff, " ")+" ", "clause "+c.Clause.Clause+" ") {
			for _, e := range c.exprs {
				fmt.Fprintf(&b, "%s: %s\n", c.Clause.Clause, e.Source)
			}
			fmt.Fprintf(&b, "%+v\n", c.Clause)
			for _, s := range pop.rows {
				if strings.HasPrefix(diff[0], s.Key+":") {
					f := pr.newFacts(today, nil)
					ch := pr.choose(s, today, 1)
					f.add(s, &ch)
					fr := newFrame(f)
					fr.row = 0
					fmt.Fprintf(&b, "interpreter: %+v\n", pr.evaluate(c, fr))
				}
			}
			fmt.Fprintf(&b, "shape %d digits %d full %s %+v\n", c.shape, c.digits, c.full, pr.ir.clauses[c.index])
		}
	}
	return b.String()
}
