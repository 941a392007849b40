package assess

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bihuan.dev/bihuan/programme"
)

// drawFacts draws facts for any programme: values of the field's type near the numbers and days that rules look at, many missing.
func drawFacts(t *rapid.T, p *programme.Programme, key string) Subject {
	s := Subject{Key: key, Matters: map[string][]programme.Values{}}
	chance := func(n int) bool { return rapid.IntRange(0, n).Draw(t, "chance") > 0 }
	value := func(f *programme.Field) any {
		switch f.Type {
		case programme.Bool:
			return rapid.Bool().Draw(t, "b")
		case programme.Int:
			return rapid.OneOf(rapid.Int64Range(0, 12), rapid.Int64Range(0, 1200)).Draw(t, "i")
		case programme.Number, programme.Money:
			return programme.NewDecimal(rapid.Int64Range(0, 5000).Draw(t, "n"), min(f.Decimals, 2))
		case programme.Date:
			return today + programme.Day(rapid.IntRange(-800, 100).Draw(t, "d"))
		case programme.Choice:
			return f.Of[rapid.IntRange(0, len(f.Of)-1).Draw(t, "k")].Name
		case programme.Choices:
			var out []string
			for _, o := range f.Of {
				if rapid.Bool().Draw(t, "s") {
					out = append(out, o.Name)
				}
			}
			return out
		case programme.Photo, programme.File:
			return []string{"a"}
		}
		return rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "t")
	}
	fill := func(fields []*programme.Field) programme.Values {
		v := programme.Values{}
		for _, f := range fields {
			if chance(9) {
				v[f.Name] = value(f)
			}
		}
		return v
	}
	subject, _ := p.Form(programme.SubjectForm)
	for _, f := range append(slices.Clone(p.Forms), subject) {
		n := rapid.IntRange(0, 1).Draw(t, "once")
		if f.Many {
			n = rapid.IntRange(0, 4).Draw(t, "many")
		}
		if f.Ballot {
			n = rapid.IntRange(0, 2).Draw(t, "ballots")
			f = f.Figures()
		}
		for range n {
			s.Evidence = append(s.Evidence, Evidence{ID: fmt.Sprint(len(s.Evidence)), Form: f.Name, On: today - programme.Day(rapid.IntRange(0, 700).Draw(t, "on")),
				By: p.Parties[len(p.Parties)-1].Name, Values: fill(f.Fields)})
		}
	}
	for _, m := range p.Matters {
		for range rapid.IntRange(0, 3).Draw(t, "matters") {
			v := programme.Values{}
			shape := p.Shape(programme.MattersVar)
			i, _ := shape.Index(m.Name)
			for j := range shape.Sub(i).Len() {
				if f := shape.Sub(i).Field(j); f != nil && f.Name != "stage" && chance(6) {
					v[f.Name] = value(f)
				}
			}
			if chance(1) {
				v["closed"], v["outcome"] = today-programme.Day(rapid.IntRange(0, 700).Draw(t, "closed")), rapid.SampledFrom([]string{"benefited", "withdrawn"}).Draw(t, "outcome")
			}
			v["overdue"], v["on_time"] = rapid.Bool().Draw(t, "late"), rapid.Bool().Draw(t, "in time")
			s.Matters[m.Name] = append(s.Matters[m.Name], v)
		}
	}
	return s
}

// Every rule of every shipped programme is compiled, and gives over random facts what the interpreter gives.
func TestShippedProgrammes(t *testing.T) {
	dirs, err := os.ReadDir("../programmes")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if _, err := os.Stat("../programmes/" + d.Name() + "/programme.yaml"); err != nil {
			continue
		}
		t.Run(d.Name(), func(t *testing.T) {
			p, m := programme.LoadDir("../programmes/" + d.Name())
			if len(m.Fatal()) > 0 {
				t.Fatal(m.Fatal()[0])
			}
			pr, err := Compile(p)
			if err != nil {
				t.Fatal(err)
			}
			compiled, all := 0, pr.Explain()
			for _, x := range all {
				if x.Compiled {
					compiled++
				} else {
					t.Logf("%s is not compiled: %s", x.Clause, x.Reason.En)
				}
			}
			if compiled*100 < len(all)*98 {
				t.Errorf("only %d of %d rules are compiled", compiled, len(all))
			}
			rapid.Check(t, func(rt *rapid.T) {
				pop := pr.NewPopulation()
				for i := range rapid.IntRange(1, 6).Draw(rt, "subjects") {
					pop.Put(drawFacts(rt, p, fmt.Sprint(i)))
				}
				if _, diff := compare(pr, pop, Options{AsOf: today}); len(diff) > 0 {
					rt.Fatalf("%v\n%s", diff, describe(pr, pop, diff))
				}
			})
		})
	}
}
