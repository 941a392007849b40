package assess

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bihuan.dev/bihuan/programme"
)

var update = flag.Bool("update", false, "rewrite want.txt")

// fixture is a folder of testdata: a programme, its evidence, and what must come out, as of 2021-01-20.
type fixture struct {
	p        *programme.Programme
	pr       *Program
	subjects []Subject
}

var today, _ = programme.ParseDay("2021-01-20")

func load(t testing.TB, name string) *fixture {
	t.Helper()
	dir := filepath.Join("testdata", name)
	p, m := programme.LoadDir(dir)
	if m = m.Fatal(); len(m) > 0 {
		var b bytes.Buffer
		m.Render(&b, programme.En, false)
		t.Fatalf("%s:\n%s", name, b.String())
	}
	pr, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{p: p, pr: pr}
	data, err := os.ReadFile(filepath.Join(dir, "evidence.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	row := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		var x struct {
			Subject, Unit, Form, On, By, Filer string
			Values, Fields                     map[string]any
			Matter                             string
		}
		dec := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		dec.UseNumber()
		if err := dec.Decode(&x); err != nil {
			t.Fatalf("%s evidence line %d: %v", name, n, err)
		}
		i, ok := row[x.Subject]
		if !ok {
			i = len(f.subjects)
			row[x.Subject] = i
			f.subjects = append(f.subjects, Subject{Key: x.Subject, Unit: x.Unit, Matters: map[string][]programme.Values{}})
		}
		on := today - 3650
		if x.On != "" {
			if on, err = programme.ParseDay(x.On); err != nil {
				t.Fatal(err)
			}
		}
		if x.Fields != nil {
			x.Form, x.Values = programme.SubjectForm, x.Fields
		}
		form, ok := p.Form(x.Form)
		if !ok {
			t.Fatalf("%s line %d: no form %s", name, n, x.Form)
		}
		v, errs := form.Fill(p, x.Values)
		for _, e := range errs {
			if !form.Ballot && e.Message.En != "this is required" {
				t.Fatalf("%s line %d: %v", name, n, e)
			}
		}
		if form.Ballot {
			v = programme.Values{}
			for k, x := range x.Values {
				v[k], _ = x.(json.Number).Int64()
			}
		}
		f.subjects[i].Evidence = append(f.subjects[i].Evidence,
			Evidence{ID: fmt.Sprintf("e%d", n), Form: x.Form, On: on, Recorded: int64(n), By: x.By, Filer: x.Filer, Values: v})
	}
	return f
}

func (f *fixture) population() *Population {
	pop := f.pr.NewPopulation()
	for _, s := range f.subjects {
		pop.Put(s)
	}
	return pop
}

// text writes a score as want.txt has it.
func text(b *strings.Builder, s Score) {
	both := func(indent string, t programme.Text) {
		if !t.Empty() {
			fmt.Fprintf(b, "%s%s\n%s%s\n", indent, t.Zh, indent, t.En)
		}
	}
	fmt.Fprintf(b, "\n== %s (%s)\ntotal %s of %s, grade %q, scored %v", s.Subject, s.Party, s.Total, s.Most, s.Grade, s.Scored)
	if s.NoAward {
		b.WriteString(", no award")
	}
	b.WriteString("\n")
	both("", s.Note)
	for _, v := range s.Struck {
		fmt.Fprintf(b, "! %s %s %s %s", v.Veto, v.Effect, v.To, v.State)
		if v.Since != 0 {
			fmt.Fprintf(b, " since %s", v.Since)
		}
		if v.Ends != 0 {
			fmt.Fprintf(b, " ends %s", v.Ends)
		}
		b.WriteString("\n")
		both("    ", v.Why)
	}
	for _, p := range s.Parts {
		fmt.Fprintf(b, "part %s: %s of %s\n", p.Part, p.Earned, p.Points)
		both("  ", p.Note)
		for _, x := range p.Sections {
			fmt.Fprintf(b, "  section %s: %s of %s\n", x.Section, x.Earned, x.Points)
			both("    ", x.Note)
			if x.Ladder != nil {
				fmt.Fprintf(b, "    ladder: %s\n", x.Ladder.Points)
				both("      ", x.Ladder.Why)
			}
		}
	}
	for _, c := range s.Clauses {
		fmt.Fprintf(b, "%s: %s %s of %s", c.Clause, c.Status, c.Points, c.Most)
		if c.Measure != nil {
			fmt.Fprintf(b, " measure %s", c.Measure)
		}
		b.WriteString("\n")
		both("    ", c.Why)
		for _, l := range c.Lacks {
			fmt.Fprintf(b, "    lacks %s.%s: %s / %s\n", l.Form, l.Field, l.Title.Zh+l.Reason.Zh, l.Title.In(programme.En)+" "+l.Reason.En)
		}
	}
}

func TestFixtures(t *testing.T) {
	dirs, _ := filepath.Glob("testdata/*/programme.yaml")
	for _, d := range dirs {
		name := filepath.Base(filepath.Dir(d))
		t.Run(name, func(t *testing.T) {
			f := load(t, name)
			var b strings.Builder
			parties := []string{""}
			if name == "columns" {
				parties = []string{"self", "town", "city"}
			}
			for _, party := range parties {
				r := f.pr.Run(f.population(), Options{AsOf: today, Party: party})
				if b.Len() == 0 && r.Len() > 0 {
					for _, c := range r.Score(0).Clauses {
						fmt.Fprintf(&b, "%s\n    %s\n    %s\n", c.Clause, c.Rule.Zh, c.Rule.En)
					}
				}
				for i := range r.Len() {
					text(&b, r.Score(i))
				}
			}
			path := filepath.Join("testdata", name, "want.txt")
			if *update {
				if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, _ := os.ReadFile(path)
			if string(want) != b.String() {
				t.Errorf("%s differs; run go test ./assess -run Fixtures -update and read the diff\n%s", path, firstDifference(string(want), b.String()))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d:\nwant %s\ngot  %s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("want %d lines, got %d", len(w), len(g))
}
