package programmes

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// The golden cases of a shipped programme hold, and together they show every clause, veto and grade.
func TestCases(t *testing.T) {
	for _, p := range load(t) {
		for _, m := range append(assess.RunCases(p), assess.Cover(p)...) {
			t.Errorf("%s: %s: %s (%s)", p.Name, m.Pos, m.Message.En, m.Hint.En)
		}
	}
}

// The demo's enterprises have the grades that its README tells, and its hero is one roster away from five stars.
func TestDemoGrades(t *testing.T) {
	readme, err := fs.ReadFile(FS, "union/demo/README.md")
	if err != nil {
		t.Fatal(err)
	}
	p := one(t, "union")
	subjects := map[string]*assess.Subject{}
	var order []string
	demoLines(t, p, func(l line, v programme.Values) {
		if subjects[l.Subject] == nil {
			subjects[l.Subject] = &assess.Subject{Key: l.Subject}
			order = append(order, l.Subject)
		}
		s := subjects[l.Subject]
		s.Evidence = append(s.Evidence, assess.Evidence{Form: l.Form, On: l.On, Recorded: int64(len(s.Evidence)), By: l.By, Values: v})
	})
	pr, err := assess.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, on := range []string{"2025-06-30", "2026-06-30"} {
		day, _ := programme.ParseDay(on)
		pop := pr.NewPopulation()
		for _, key := range order {
			if s := subjects[key]; s.Evidence[0].On <= day {
				pop.Put(*s)
			}
		}
		r := pr.Run(pop, assess.Options{AsOf: day})
		n := map[string]int{}
		for i := range r.Len() {
			switch grade := r.Grade(i); {
			case grade == "":
				n["excluded"]++
			case !r.Scored(i):
				n["not scored"]++
			default:
				n[grade]++
			}
		}
		row := fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d |", on, n["five_star"], n["four_star"], n["three_star"], n["none"], n["not scored"], n["excluded"])
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md should say\n%s", row)
		}
	}

	hero, _, _ := strings.Cut(string(readme)[strings.Index(string(readme), "`9133"):][1:], "`")
	anchor, _ := programme.ParseDay("2026-06-30")
	roster, _ := p.Form("roster")
	for _, c := range []struct{ members, total, grade string }{{"450", "89.63", "four_star"}, {"462", "90.63", "five_star"}} {
		v, wrong := roster.Fill(p, map[string]any{"employees": "480", "members": c.members, "women_members": "205"})
		if wrong != nil {
			t.Fatal(wrong)
		}
		s := *subjects[hero]
		s.Evidence = append(s.Evidence[:len(s.Evidence):len(s.Evidence)], assess.Evidence{Form: "roster", On: anchor, By: "self", Values: v})
		score := pr.Assess(s, assess.Options{AsOf: anchor})
		if score.Total.String() != c.total || score.Grade != c.grade {
			t.Errorf("with %s members the hero has %s, %s, want %s, %s", c.members, score.Total, score.Grade, c.total, c.grade)
		}
	}
}
