package main

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// celEngine is what somebody builds who has cel-go and nothing else: each clause a compiled program that gives points, run row
// by row. Its frame is made once, and its facts are boxed beforehand.
type celEngine struct {
	w        *workload
	programs []cel.Program
	frame    *celFrame
	n        int
	points   [][]int16 // by clause; -1: missing
	totals   []int
	grades   []uint8
}

// celFrame shows one row of boxed facts.
type celFrame struct {
	places map[string]int
	values [][]ref.Val
	row    int
}

func (f *celFrame) ResolveName(name string) (any, bool) {
	i, ok := f.places[name]
	if !ok {
		return nil, false
	}
	return f.values[i][f.row], true
}

func (f *celFrame) Parent() interpreter.Activation { return nil }

var errMissing = types.NewErrFromString("missing").(*types.Err)

func newCEL(w *workload, columns []column, n int) (*celEngine, error) {
	e := &celEngine{w: w, n: n, totals: make([]int, n), grades: make([]uint8, n), frame: &celFrame{places: map[string]int{}}}
	var vars []cel.EnvOption
	for j, f := range w.facts {
		if !f.read {
			continue
		}
		t := cel.IntType
		switch f.kind {
		case boolean:
			t = cel.BoolType
		case choice:
			t = cel.StringType
		}
		vars = append(vars, cel.Variable(f.name, t))
		values := make([]ref.Val, n)
		for i := range values {
			values[i] = errMissing
			if columns[j].has(i) {
				switch v := columns[j].values[i]; f.kind {
				case boolean:
					values[i] = types.Bool(v == 1)
				case choice:
					values[i] = types.String(optionName(int(v)))
				default:
					values[i] = types.Int(v)
				}
			}
		}
		e.frame.places[f.name] = len(e.frame.values)
		e.frame.values = append(e.frame.values, values)
	}
	env, err := cel.NewEnv(vars...)
	if err != nil {
		return nil, err
	}
	for i, c := range w.clauses {
		ast, issues := env.Compile(w.celClause(c))
		if issues.Err() != nil {
			return nil, fmt.Errorf("cel-go, clause %d: %w", i, issues.Err())
		}
		p, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			return nil, err
		}
		e.programs = append(e.programs, p)
		e.points = append(e.points, make([]int16, n))
	}
	return e, nil
}

// store scores everybody and keeps every outcome.
func (e *celEngine) store() error {
	for i := range e.n {
		e.frame.row = i
		total := 0
		for j, p := range e.programs {
			v, _, err := p.Eval(e.frame)
			if err != nil {
				e.points[j][i] = -1
				continue
			}
			points, ok := v.(types.Int)
			if !ok {
				return errors.New("cel-go gave no number")
			}
			e.points[j][i] = int16(points)
			total += int(points)
		}
		e.totals[i], e.grades[i] = total, uint8(gradeOf(total))
	}
	return nil
}

// celClause writes a clause as CEL over integers.
func (w *workload) celClause(c clause) string {
	name := func(i int) string { return w.facts[i].name }
	m := func(from int) string { return fmt.Sprintf("%s >= %d", name(c.m.a), from) }
	if c.m.ratio {
		// Dividing, so that a ratio to 0 is an error; x ÷ y ≥ k just when its whole part is, for a whole k.
		m = func(from int) string {
			return fmt.Sprintf("%s * 20000 / %s >= %d", name(c.m.a), name(c.m.b), 2*from-1)
		}
	}
	switch c.shape {
	case "pass":
		return fmt.Sprintf("%s ? %d : 0", w.celCond(c.cond), c.points)
	case "bands":
		var b strings.Builder
		for _, x := range c.bands {
			fmt.Fprintf(&b, "%s ? %d : ", m(x.from), x.points)
		}
		return b.String() + "0"
	case "linear":
		l := c.line
		steps := fmt.Sprintf("(%d - %s) / %d", l.full, name(c.m.a), l.each)
		if c.m.ratio { // see dialect.steps
			steps = fmt.Sprintf("(%d * %s - 20000 * %s) / (%d * %s)", 2*l.full+1, name(c.m.b), name(c.m.a), 2*l.each, name(c.m.b))
		}
		return fmt.Sprintf("%s ? (%s ? %d : %d - %d * (%s)) : 0", m(l.zero), m(l.full), c.points, c.points, l.minus, steps)
	}
	x, y := c.deduct[0], c.deduct[1]
	second := fmt.Sprintf("(%d * %s < %d ? %d * %s : %d)", y.each, name(y.fact), y.most, y.each, name(y.fact), y.most)
	left := fmt.Sprintf("%d - %d * %s - %s", c.points, x.each, name(x.fact), second)
	return fmt.Sprintf("%s > 0 ? %s : 0", left, left)
}

func (w *workload) celCond(c cond) string {
	name := w.facts[c.a].name
	switch c.op {
	case ">=", "<=":
		return fmt.Sprintf("%s %s %d", name, c.op, c.k)
	case "past":
		return fmt.Sprintf("%s <= %d", name, c.k)
	case "since":
		return fmt.Sprintf("%s > %d", name, c.k)
	case "is":
		return name
	case "not":
		return "!" + name
	case "ratio":
		return fmt.Sprintf("%s * 100 / %s >= %d", name, w.facts[c.b].name, c.k)
	case "in":
		names := make([]string, len(c.set))
		for i, o := range c.set {
			names[i] = `"` + optionName(o) + `"`
		}
		return name + " in [" + strings.Join(names, ", ") + "]"
	}
	return "(" + w.joined(c, map[string]string{"and": " && ", "or": " || "}[c.op], w.celCond) + ")"
}
