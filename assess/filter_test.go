package assess

import (
	"fmt"
	"strings"
	"testing"

	"bihuan.dev/bihuan/programme"
)

// Filters that hold for all records or for none are about every record of a list, and not about one row of the subject.
func TestFiltersByConstants(t *testing.T) {
	base, m := programme.LoadDir("testdata/differential/random")
	if len(m.Fatal()) > 0 {
		t.Fatal(m)
	}
	rule := &programme.Expr{Source: "list.filter(x, true).filter(y, true).size() + list.filter(x, true).filter(y, false).size()"}
	if p := programme.RuleScope(base).Check(rule, programme.WantNumber); len(p.Fatal()) > 0 {
		t.Fatal(p)
	}
	std := *base.Standard
	std.Parts = []*programme.Part{{Part: "1", Sections: []*programme.Section{{Section: "1.1", Clauses: []*programme.Clause{{Clause: "1.1.1", Points: programme.DecimalOf(100), Formula: rule}}}}}}
	p := *base
	p.Standard = &std
	pr, err := Compile(&p)
	if err != nil {
		t.Fatal(err)
	}
	pop := pr.NewPopulation()
	s := Subject{Key: "s", Unit: "a"}
	for i := range 200 {
		s.Evidence = append(s.Evidence, Evidence{ID: fmt.Sprint(i), Form: "list", On: today, By: "self", Values: programme.Values{"i": int64(i)}})
	}
	pop.Put(s)
	if _, diff := compare(pr, pop, Options{AsOf: today, Party: "self"}); len(diff) > 0 {
		t.Error(strings.Join(diff, "\n"))
	}
}
