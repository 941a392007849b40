package main

import (
	"strings"
	"testing"
)

func TestGuardSeesAFallenRatio(t *testing.T) {
	committed := ratios{"10000": {"bulk": {"DuckDB": 9, "OPA": 3000}}, "100000": {"bulk": {"DuckDB": 8}}}
	now := ratios{"10000": {"bulk": {"DuckDB": 4.4, "OPA": 2000, "SQLite": 1}}}
	fallen := now.fallen(committed)
	if len(fallen) != 1 || !strings.Contains(fallen[0], "against DuckDB") {
		t.Error(fallen)
	}
}

func TestAgreement(t *testing.T) {
	b, err := newBench()
	if err != nil {
		t.Fatal(err)
	}
	b.opaSubjects = 50
	var log strings.Builder
	if err := b.agree(300, &log); err != nil {
		t.Fatal(err)
	}
	if err := b.agreeLive(300, &log); err != nil {
		t.Fatal(err)
	}
	t.Log(log.String())
}

func TestADifferenceIsSeen(t *testing.T) {
	w := newWorkload()
	a, b := newOutcomes(len(w.clauses), 10), newOutcomes(len(w.clauses), 10)
	b.points[3][7] = 1
	if d := w.differs(a, b); !strings.Contains(d, w.clauseNumber(3)+" of subject 7") {
		t.Errorf("%q", d)
	}
	b.points[3][7], b.grades[9] = 0, 1
	if d := w.differs(a, b); !strings.Contains(d, "grade of subject 9") {
		t.Errorf("%q", d)
	}
}
