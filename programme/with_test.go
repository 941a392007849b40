package programme

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Changed values stand in the file where the old ones stood, and nothing else in it moves.
func TestWith(t *testing.T) {
	p, m := LoadDir("../programmes/union")
	if p == nil {
		t.Fatal(m)
	}
	for _, c := range []struct {
		changes    string // apart by |
		gone, come string // apart by |: texts of the files that must be gone, and must be there
		mistake    string
	}{
		{"1.1.2.linear.full_at=0.9", "{full_at: 0.95, each", "linear: {full_at: 0.9, each: 0.01", ""},
		{"1.1.2.points=12", "points: 25\n", "points: 27\n|total: 102|points: 72", ""},
		{"1.1.7.bands.1.at_most=60", "{at_most: 90,", "{at_most: 60, points: 2}", ""},
		{"grades.five_star.at_least=88", "at_least: 90}", "at_least: 88}", ""},
		{"1.1.1.pass=setup.elected", "term_end >= as_of\n", "pass: setup.elected\n", ""},
		{"1.3.1.parts.2.pass#0=25|1.3.1.parts.2.pass#1=8", "site.area >= 20", "pass: 'site.area >= 25 && site.hours >= 8'", ""},
		{"1.1.3.parts.0.points=2", "", "points: 26\n|total: 101", ""},
		{"veto.mass_incident.effect=exclude", "", "effect: exclude", ""},
		{"1.1.6.missing=full", "", "missing: full", ""},
		{"1.1.2.points=12|1.1.2.points=11", "", "points: 11\n|total: 101", ""},
		{"version=2099-draft", "", "version: '2099-draft'|2099-draft", ""},
		{"1.1.99.points=3", "", "", "there is no 1.1.99.points"},
		{"1.1.2.linear.fullat=3", "", "", "unknown key|fullat"},
		{"1.1.2.linear=3", "", "", "not one value"},
		{"1.1.2.points=many", "", "", "a number must stand here"},
		{"1.1.1.pass=setup.electd", "", "", "electd"},
		{"grades.five_star.at_least=300", "", "", "is the most that can be had"},
		{"1.3.1.parts.2.pass#7=25", "", "", "has no number 7"},
	} {
		t.Run(c.changes, func(t *testing.T) {
			var changes []Change
			for s := range strings.SplitSeq(c.changes, "|") {
				x, ok := ParseChange(s)
				if !ok {
					t.Fatal(s)
				}
				changes = append(changes, x)
			}
			draft, mistakes := p.With(changes)
			if c.mistake != "" {
				told := mistakes.Error()
				if draft != nil || !slices.ContainsFunc(strings.Split(c.mistake, "|"), func(s string) bool { return strings.Contains(told, s) }) {
					t.Fatalf("told %q", told)
				}
				return
			}
			if draft == nil {
				t.Fatal(mistakes)
			}
			before, after := whole(p), whole(draft)
			for s := range strings.SplitSeq(c.come, "|") {
				if !strings.Contains(after, s) {
					t.Errorf("the draft does not say %q", s)
				}
			}
			if c.gone != "" && strings.Count(after, c.gone) >= strings.Count(before, c.gone) {
				t.Errorf("the draft still says %q", c.gone)
			}
			if a, b := strings.Count(before, "\n"), strings.Count(after, "\n"); b-a > 1 {
				t.Errorf("%d lines became %d", a, b)
			}
			if draft.Hash == p.Hash {
				t.Error("the same hash")
			}
		})
	}
}

func whole(p *Programme) string {
	var b strings.Builder
	for _, name := range []string{"programme.yaml", "standard.yaml"} {
		b.Write(p.Files[name])
	}
	return b.String()
}

// Every dial of the shipped programme can be set to what it is, which changes nothing but what is in quotes.
func TestDials(t *testing.T) {
	p, m := LoadDir("../programmes/union")
	if p == nil {
		t.Fatal(m)
	}
	dials := p.Dials()
	if len(dials) < 100 {
		t.Fatalf("only %d dials", len(dials))
	}
	var all []Change
	for _, d := range dials {
		v := d.Value.String()
		if d.Percent {
			v += "%"
		}
		all = append(all, Change{d.Address, v})
		if d.Title.Empty() || strings.Contains(d.Title.Zh+d.Title.En, "{") || d.Most.Cmp(d.Value) < 0 || d.Step.Sign() <= 0 {
			t.Errorf("%+v", d)
		}
	}
	same, mistakes := p.With(all)
	if same == nil {
		t.Fatal(mistakes)
	}
	if os.Getenv("BIHUAN_SHOW") != "" {
		for _, d := range dials {
			t.Log(d.Address, d.Title.Zh, d.Value, d.Least, d.Most, d.Step)
		}
	}
	for i, c := range same.Dials() {
		if c.Address != dials[i].Address || c.Value.Cmp(dials[i].Value) != 0 {
			t.Errorf("%v became %v", dials[i], c)
		}
	}
}

func BenchmarkWith(b *testing.B) {
	p, _ := LoadDir("../programmes/union")
	for b.Loop() {
		if d, m := p.With([]Change{{"1.1.2.linear.full_at", "0.9"}}); d == nil {
			b.Fatal(m)
		}
	}
}
