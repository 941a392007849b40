package assess

import (
	"fmt"
	"testing"

	"bihuan.dev/bihuan/programme"
)

// aloneDiffers compares what is computed for a row by itself with what the kernels find.
func aloneDiffers(pr *Program, pop *Population, o Options) (decided int, diff []string) {
	m, f := pr.newMachine(), pr.newFacts(o.AsOf, nil)
	var ch chosen
	for _, s := range pop.rows[:min(len(pop.rows), 64)] {
		f.reset()
		ch.choose(pr, s, o.AsOf, pr.last(o.Party))
		f.add(s, &ch)
		f.seal()
		m.begin(f)
		for j, c := range pr.clauses {
			a, x := m.alone(c), &m.cells[j]
			if a.left {
				continue
			}
			decided++
			m.clause(c, x)
			want := x.first(c)
			if a != want {
				diff = append(diff, fmt.Sprintf("%s clause %s alone is %+v, want %+v", s.Key, c.Clause.Clause, a, want))
			}
		}
	}
	return decided, diff
}

// A constant has a value beyond the last row too; what is left to the interpreter there is nobody's.
func TestNothingIsLeftBeyondTheLastRow(t *testing.T) {
	p, m := programme.LoadDir("testdata/shapes")
	if len(m.Fatal()) > 0 {
		t.Fatal(m)
	}
	pr, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	machine := pr.newMachine()
	f := pr.newFacts(today, nil)
	f.rows = make([]*subject, 3)
	machine.begin(f)
	one := &node{op: opConst, typ: decimal, c: 1 << 62}
	quotient := &node{op: opQuo, typ: decimal, scale: programme.QuoDecimals, args: []*node{one, {op: opConst, typ: decimal, c: 1}}}
	machine.compute(&node{op: opRound, typ: decimal, scale: 2, c: programme.QuoDecimals, args: []*node{quotient}})
	if len(machine.left) != 1 || machine.left[0] != 7 {
		t.Errorf("left %b", machine.left)
	}
}
