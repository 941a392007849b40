package assess

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"bihuan.dev/bihuan/programme"
)

// unlike says in what two results differ.
func unlike(a, b *Result) string {
	for i := range a.Len() {
		say := func(what string, x, y any) string {
			return fmt.Sprintf("%s of %s is %v, want %v", what, a.Key(i), x, y)
		}
		switch {
		case a.Total(i) != b.Total(i):
			return say("total", a.Total(i), b.Total(i))
		case a.Grade(i) != b.Grade(i):
			return say("grade", a.Grade(i), b.Grade(i))
		case a.Scored(i) != b.Scored(i) || a.NoAward(i) != b.NoAward(i):
			return say("scored", a.Scored(i), b.Scored(i))
		}
		for j, c := range a.pr.clauses {
			x, xok := a.Measure(i, j)
			y, yok := b.Measure(i, j)
			switch {
			case a.Status(i, j) != b.Status(i, j):
				return say("status on "+c.Clause.Clause, a.Status(i, j), b.Status(i, j))
			case a.Points(i, j) != b.Points(i, j):
				return say("points on "+c.Clause.Clause, a.Points(i, j), b.Points(i, j))
			case xok != yok || x.Cmp(y) != 0:
				return say("measure of "+c.Clause.Clause, x, y)
			}
		}
		for k := range a.states {
			if a.states[k][i] != b.states[k][i] {
				return say("veto "+a.pr.vetoes[k].name, a.states[k][i], b.states[k][i])
			}
		}
	}
	return ""
}

// sameTrial compares what a trial says of a draft with a run in full.
func sameTrial(trial *Trial, draft *Program, pop *Population, o Options) string {
	got, over := trial.Try(draft), draft.Over(pop)
	if diff := unlike(got, draft.Run(over, o)); diff != "" {
		return diff
	}
	if a, b := fmt.Sprint(trial.Counts()), fmt.Sprint(draft.Count(over, o)); a != b {
		return fmt.Sprintf("counts are %s, want %s", a, b)
	}
	bins := make([]int, 20)
	for i := range got.Len() {
		bins[min(max(int(got.Total(i)/(5*PointsScale)), 0), 19)]++
	}
	if found := trial.Histogram(5*PointsScale, 20); !slices.Equal(found, bins) {
		return fmt.Sprintf("histogram is %v, want %v", found, bins)
	}
	return ""
}

// redraft changes a few things of a random standard, as authors do.
func (w *writer) redraft(p *programme.Programme, s *programme.Scope) *programme.Programme {
	out, std := *p, *p.Standard
	out.Standard = &std
	small := func() programme.Decimal { return programme.NewDecimal(rapid.Int64Range(0, 400).Draw(w.t, "small"), 2) }
	std.Parts = nil
	for _, part := range p.Standard.Parts {
		x := *part
		x.Sections = nil
		for _, section := range part.Sections {
			y := *section
			y.Clauses = slices.Clone(section.Clauses)
			for i, c := range y.Clauses {
				if !w.one(7) {
					continue
				}
				z := *c
				y.Clauses[i] = &z
				switch w.pick("points", "rule", "gate", "na", "shape", "shape") {
				case "points":
					z.Points = programme.NewDecimal(rapid.Int64Range(0, 100).Draw(w.t, "points"), 1)
				case "rule":
					if z.Pass != nil {
						if e := w.rule(s, programme.WantBool, func() string { return w.truth(2) }); e != nil {
							z.Pass = e
						}
					}
				case "gate":
					z.Gate = !z.Gate
				case "na":
					z.NA = programme.Policy{Word: w.pick("", "full", "zero")}
				case "shape":
					switch {
					case z.Bands != nil:
						at := small()
						z.Bands = append([]*programme.Band{{AtLeast: &at, Points: small()}}, z.Bands[1:]...)
					case z.Linear != nil:
						l := *z.Linear
						l.Minus = small()
						z.Linear = &l
					case z.Deduct != nil:
						d := *z.Deduct[0]
						each := small()
						d.Each = &each
						z.Deduct = append([]*programme.Deduction{&d}, z.Deduct[1:]...)
					case z.Ticks != nil:
						t := *z.Ticks[0]
						t.Points = small()
						z.Ticks = append([]*programme.Tick{&t}, z.Ticks[1:]...)
					case z.Each != nil:
						e := *z.Each
						e.Points = small()
						z.Each = &e
					}
				}
			}
			x.Sections = append(x.Sections, &y)
		}
		std.Parts = append(std.Parts, &x)
	}
	if std.Grades.Bands != nil && w.one(3) {
		std.Grades.Bands = []*programme.GradeBand{{Grade: "gold", AtLeast: programme.DecimalOf(8).Add(small())}, {Grade: "silver", AtLeast: small()}}
	}
	if len(std.Vetoes) > 0 && w.one(5) {
		std.Vetoes = slices.Clone(std.Vetoes)
		v := *std.Vetoes[0]
		if v.Effect == "no_award" || v.Effect == "fail" {
			v.Effect = w.pick("no_award", "fail", "exclude")
		}
		std.Vetoes[0] = &v
	}
	return &out
}

// alone takes out of a random standard what compares subjects, which a trial runs in full.
func (w *writer) alone(p *programme.Programme, s *programme.Scope) {
	p.Standard.Grades.Quota = nil
	plain := w.one(1) // nor anything else that a total does not follow from
	if plain {
		p.Standard.Vetoes, p.Standard.Grades.Ladder, p.Standard.Grades.DropWhen = nil, nil, nil
		p.Standard.Grades.Bands = []*programme.GradeBand{{Grade: "gold", AtLeast: programme.DecimalOf(9)}, {Grade: "silver", AtLeast: programme.DecimalOf(5)}}
	}
	for _, c := range p.Clauses() {
		if plain {
			c.Gate, c.Veto, c.NA.Word = false, nil, "full"
		}
		if c.Rank != nil {
			c.Rank = nil
			for c.Formula == nil {
				c.Formula = w.rule(s, programme.WantNumber, func() string { return w.number(1) })
			}
		}
		for _, policy := range []*programme.Policy{&c.NA, &c.Missing} {
			if policy.Word == "peer_mean" {
				policy.Word = "full"
			}
		}
	}
}

// A trial of one random draft after another says what each of them says by itself.
func TestTrialOfRandomDrafts(t *testing.T) {
	base, m := programme.LoadDir("testdata/differential/random")
	if len(m.Fatal()) > 0 {
		t.Fatal(m)
	}
	scope := programme.RuleScope(base)
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt}
		p := w.programme(*base, scope, 2)
		if !w.one(4) {
			w.alone(p, scope)
		}
		pr, err := Compile(p)
		if err != nil {
			rt.Skip(err)
		}
		pop := pr.NewPopulation()
		for i := range rapid.IntRange(1, 9).Draw(rt, "subjects") {
			pop.Put(drawSubject(rt, fmt.Sprintf("s%d", i)))
		}
		o := Options{AsOf: today, Party: rapid.SampledFrom([]string{"self", "city"}).Draw(rt, "party")}
		trial := pr.NewTrial(pop, o)
		for k := range 5 {
			draft, err := Compile(w.redraft(p, scope))
			if err != nil {
				rt.Skip(err)
			}
			if k == 3 {
				draft = pr
			}
			if diff := sameTrial(trial, draft, pop, o); diff != "" {
				rt.Fatalf("draft %d: %s", k, diff)
			}
		}
	})
}

// Numbers of a standard of a hundred clauses are turned one by one, over several batches.
func TestTrialOfTurnedNumbers(t *testing.T) {
	pr, pop := benchPopulation(t, batchRows+70)
	o := Options{AsOf: today}
	trial := pr.NewTrial(pop, o)
	dials := pr.p.Dials()
	rapid.Check(t, func(rt *rapid.T) {
		var changes []programme.Change
		for range rapid.IntRange(0, 2).Draw(rt, "changes") {
			d := rapid.SampledFrom(dials).Draw(rt, "dial")
			value := d.Value.Mul(programme.NewDecimal(rapid.Int64Range(50, 150).Draw(rt, "by"), 2)).Round(d.Value.Scale())
			changes = append(changes, programme.Change{Address: d.Address, Value: value.String()})
		}
		p, m := pr.p.With(changes)
		if len(m.Fatal()) > 0 {
			rt.Skip(m.Fatal()[0].Message.En)
		}
		draft, err := Compile(p)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := unlikeLoaded(draft); diff != "" {
			rt.Fatal(diff)
		}
		if diff := sameTrial(trial, draft, pop, o); diff != "" {
			var texts []string
			for _, c := range changes {
				texts = append(texts, c.String())
			}
			rt.Fatalf("%s: %s", strings.Join(texts, ", "), diff)
		}
	})
}

// unlikeLoaded tells where a draft differs from one that is loaded from its files and compiled as a whole.
func unlikeLoaded(draft *Program) string {
	files := fstest.MapFS{}
	for name, data := range draft.p.Files {
		files[name] = &fstest.MapFile{Data: data}
	}
	p, m := programme.Load(files, draft.p.Name)
	if len(m.Fatal()) > 0 {
		return m.Fatal()[0].Message.En
	}
	whole, err := Compile(p)
	if err != nil {
		return err.Error()
	}
	for j, c := range whole.clauses {
		if d := draft.clauses[j]; c.key == "" || c.key != d.key || c.measureKey != d.measureKey {
			return fmt.Sprintf("clause %s is %s, want %s", c.Clause.Clause, d.key, c.key)
		}
	}
	if whole.key != draft.key || fmt.Sprint(whole.Explain()) != fmt.Sprint(draft.Explain()) {
		return "the draft compiles to something else"
	}
	return ""
}

// Whoever turns a number waits for the draft: loading, checking and compiling.
func BenchmarkDraft(b *testing.B) {
	p, m := programme.LoadDir("../programmes/union")
	if len(m.Fatal()) > 0 {
		b.Fatal(m.Fatal()[0].Message.En)
	}
	for b.Loop() {
		draft, m := p.With([]programme.Change{{Address: "1.1.2.linear.full_at", Value: "0.9"}})
		if len(m.Fatal()) > 0 {
			b.Fatal(m.Fatal()[0].Message.En)
		}
		if _, err := Compile(draft); err != nil {
			b.Fatal(err)
		}
	}
}
