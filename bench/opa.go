package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// opaEngine is the standard as a Rego policy, prepared once and asked for each subject. Its inputs are parsed beforehand.
type opaEngine struct {
	query  rego.PreparedEvalQuery
	inputs []ast.Value
	points [][]int16 // by clause; -1: missing
	totals []int
	grades []uint8
}

func newOPA(w *workload, columns []column, n int) (*opaEngine, error) {
	e := &opaEngine{totals: make([]int, n), grades: make([]uint8, n)}
	query, err := rego.New(rego.Query("data.bench.p"), rego.Module("bench.rego", w.rego())).PrepareForEval(context.Background())
	if err != nil {
		return nil, fmt.Errorf("opa: %w", err)
	}
	e.query = query
	for range w.clauses {
		e.points = append(e.points, make([]int16, n))
	}
	for i := range n {
		input := map[string]any{}
		for j, f := range w.facts {
			if !f.read || !columns[j].has(i) {
				continue
			}
			switch v := columns[j].values[i]; f.kind {
			case boolean:
				input[f.name] = v == 1
			case choice:
				input[f.name] = optionName(int(v))
			default:
				input[f.name] = int64(v)
			}
		}
		v, err := ast.InterfaceToValue(input)
		if err != nil {
			return nil, err
		}
		e.inputs = append(e.inputs, v)
	}
	return e, nil
}

// store scores everybody and keeps every outcome.
func (e *opaEngine) store() error {
	ctx := context.Background()
	for i, input := range e.inputs {
		found, err := e.query.Eval(ctx, rego.EvalParsedInput(input))
		if err != nil {
			return fmt.Errorf("opa: %w", err)
		}
		points, ok := found[0].Expressions[0].Value.([]any)
		if !ok {
			return fmt.Errorf("opa gave %T", found[0].Expressions[0].Value)
		}
		total := 0
		for j, v := range points {
			n, err := v.(json.Number).Int64()
			if err != nil {
				return fmt.Errorf("opa, clause %d: %w", j, err)
			}
			e.points[j][i] = int16(n)
			total += int(max(n, 0))
		}
		e.totals[i], e.grades[i] = total, uint8(gradeOf(total))
	}
	return nil
}

func regoKey(i int) string { return fmt.Sprintf("c%d", i) }

// rego writes the standard as a policy: a rule for each clause, and the list of what they give.
func (w *workload) rego() string {
	var b strings.Builder
	b.WriteString("package bench\n\n")
	var keys []string
	for i, c := range w.clauses {
		fmt.Fprintf(&b, "default %s := -1\n\n", regoKey(i))
		next := regoKey(i) // rules joined by else: once one holds, the rest is not looked at
		rule := func(points any, body ...string) {
			fmt.Fprintf(&b, "%s := %v if {\n\t%s\n}", next, points, strings.Join(body, "\n\t"))
			next = " else"
		}
		in := func(i int) string { return "input." + w.facts[i].name }
		switch c.shape {
		case "pass":
			for _, body := range w.regoCond(c.cond, true) {
				rule(c.points, body...)
			}
			for _, body := range w.regoCond(c.cond, false) {
				rule(0, body...)
			}
		case "bands":
			var body []string
			if c.m.ratio {
				body = append(body, in(c.m.b)+" != 0")
			}
			for _, x := range c.bands {
				rule(x.points, append(body, w.regoAtLeast(c.m, ">=", x.from))...)
			}
			rule(0, append(body, w.regoAtLeast(c.m, ">=", 0))...)
		case "linear":
			l := c.line
			steps, body := fmt.Sprintf("(%d - %s) / %d", l.full, in(c.m.a), l.each), []string{}
			if c.m.ratio { // see dialect.steps
				steps = fmt.Sprintf("(%d * %s - 20000 * %s) / (%d * %s)", 2*l.full+1, in(c.m.b), in(c.m.a), 2*l.each, in(c.m.b))
				body = append(body, in(c.m.b)+" != 0")
			}
			rule(0, append(body, w.regoAtLeast(c.m, "<", l.zero))...)
			rule("points", append(body, w.regoAtLeast(c.m, ">=", l.zero), fmt.Sprintf("points := %d - %d * max([0, floor(%s)])", c.points, l.minus, steps))...)
		case "deduct":
			x, y := c.deduct[0], c.deduct[1]
			rule("points", fmt.Sprintf("points := max([0, %d - %d * %s - min([%d * %s, %d])])", c.points, x.each, in(x.fact), y.each, in(y.fact), y.most))
		}
		b.WriteString("\n\n")
		keys = append(keys, regoKey(i))
	}
	return b.String() + "p := [" + strings.Join(keys, ", ") + "]\n"
}

func (w *workload) regoAtLeast(m measure, op string, from int) string {
	a := "input." + w.facts[m.a].name
	if m.ratio {
		return fmt.Sprintf("20000 * %s %s %d * input.%s", a, op, max(2*from-1, 0), w.facts[m.b].name)
	}
	return fmt.Sprintf("%s %s %d", a, op, from)
}

// regoCond gives the bodies any of which shows that a condition holds, or that it does not: what is missing shows neither.
func (w *workload) regoCond(c cond, holds bool) [][]string {
	if len(c.kids) > 0 {
		if (c.op == "and") != holds {
			var any [][]string
			for _, k := range c.kids {
				any = append(any, w.regoCond(k, holds)...)
			}
			return any
		}
		all := [][]string{nil}
		for _, k := range c.kids {
			var next [][]string
			for _, body := range all {
				for _, more := range w.regoCond(k, holds) {
					next = append(next, append(append([]string{}, body...), more...))
				}
			}
			all = next
		}
		return all
	}
	name := "input." + w.facts[c.a].name
	one := func(yes, no string) [][]string {
		if holds {
			return [][]string{{yes}}
		}
		return [][]string{{no}}
	}
	switch c.op {
	case ">=":
		return one(fmt.Sprintf("%s >= %d", name, c.k), fmt.Sprintf("%s < %d", name, c.k))
	case "<=", "past":
		return one(fmt.Sprintf("%s <= %d", name, c.k), fmt.Sprintf("%s > %d", name, c.k))
	case "since":
		return one(fmt.Sprintf("%s > %d", name, c.k), fmt.Sprintf("%s <= %d", name, c.k))
	case "is":
		return one(name+" == true", name+" == false")
	case "not":
		return one(name+" == false", name+" == true")
	case "ratio":
		b := "input." + w.facts[c.b].name
		body := one(fmt.Sprintf("100 * %s >= %d * %s", name, c.k, b), fmt.Sprintf("100 * %s < %d * %s", name, c.k, b))
		return [][]string{append([]string{b + " != 0"}, body[0]...)}
	}
	names := make([]string, len(c.set))
	for i, o := range c.set {
		names[i] = `"` + optionName(o) + `"`
	}
	set := "{" + strings.Join(names, ", ") + "}"
	if !holds { // of what is missing, not would hold
		return [][]string{{"is_string(" + name + ")", "not " + name + " in " + set}}
	}
	return [][]string{{name + " in " + set}}
}
