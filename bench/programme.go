package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeProgramme writes the standard as a programme directory, as an author would.
func (w *workload) writeProgramme(dir string) error {
	var b strings.Builder
	b.WriteString("programme: bench\nversion: \"1\"\ntitle: {zh: 性能测试, en: Benchmark}\n")
	b.WriteString("subject:\n  kind: plant\n  title: {zh: 对象, en: Plant}\n  key: code\n  fields:\n    code: {type: text, title: {zh: 编号, en: Code}, required: true}\n")
	b.WriteString("parties:\n  office: {title: {zh: 评定, en: Office}, role: judge}\nroles:\n  judge: {title: {zh: 评定人, en: Judge}}\n")
	b.WriteString("forms:\n")
	for f := 1; f <= forms; f++ {
		fmt.Fprintf(&b, "  f%d:\n    title: {zh: 表%d, en: Form %d}\n    by: [office]\n    fields:\n", f, f, f)
		for _, x := range w.facts {
			if x.form != fmt.Sprintf("f%d", f) {
				continue
			}
			fmt.Fprintf(&b, "      %s: {type: %s, title: {zh: %s, en: %s}", x.name, factPlan[x.kind].programmes, x.name, x.name)
			switch x.kind {
			case count, integer:
				fmt.Fprintf(&b, ", min: %d, max: %d", x.lo, x.hi)
			case number:
				fmt.Fprintf(&b, ", decimals: 2, min: %s, max: %s", hundredths(int(x.lo)), hundredths(int(x.hi)))
			case money:
				fmt.Fprintf(&b, ", min: %s, max: %s", hundredths(int(x.lo)), hundredths(int(x.hi)))
			case choice:
				b.WriteString(", of: [")
				for o := range options {
					if o > 0 {
						b.WriteString(", ")
					}
					b.WriteString(optionName(o))
				}
				b.WriteString("]")
			}
			b.WriteString("}\n")
		}
	}
	b.WriteString("standard:\n  total: 100\n  parts:\n")
	for i, c := range w.clauses {
		part, section := i/50+1, i/10+1
		if i%50 == 0 {
			fmt.Fprintf(&b, "    - part: \"%d\"\n      title: {zh: 第%d部分, en: Part %d}\n      sections:\n", part, part, part)
		}
		if i%10 == 0 {
			sum := 0
			for _, x := range w.clauses[i : i+10] {
				sum += x.points
			}
			fmt.Fprintf(&b, "        - section: \"%d.%d\"\n          title: {zh: 第%d节, en: Section %d}\n          points: %s\n          clauses:\n", part, section, section, section, hundredths(sum))
		}
		fmt.Fprintf(&b, "            - clause: %q\n              title: {zh: 条款%d, en: Clause %d}\n              points: %s\n", w.clauseNumber(i), i+1, i+1, hundredths(c.points))
		w.writeRule(&b, c)
	}
	b.WriteString("  grades:\n    bands:\n")
	for _, g := range grades[:len(grades)-1] {
		fmt.Fprintf(&b, "      - {grade: %s, at_least: %s}\n", g.name, hundredths(g.from))
	}
	b.WriteString("    else: none\n")
	return os.WriteFile(filepath.Join(dir, "programme.yaml"), []byte(b.String()), 0o644)
}

// clauseNumber is that of clause i in the programme.
func (w *workload) clauseNumber(i int) string { return fmt.Sprintf("%d.%d.%d", i/50+1, i/10+1, i%10+1) }

func (w *workload) writeRule(b *strings.Builder, c clause) {
	measure := func() {
		if c.m.ratio {
			fmt.Fprintf(b, "              measure: ratio(%s, %s)\n              decimals: 4\n", w.ref(c.m.a), w.ref(c.m.b))
			return
		}
		fmt.Fprintf(b, "              measure: %s\n", w.ref(c.m.a))
	}
	switch c.shape {
	case "pass":
		fmt.Fprintf(b, "              pass: '%s'\n", w.condText(c.cond))
	case "bands":
		measure()
		b.WriteString("              bands:\n")
		for _, x := range c.bands {
			fmt.Fprintf(b, "                - {at_least: %s, points: %s}\n", w.measured(c.m, x.from), hundredths(x.points))
		}
	case "linear":
		measure()
		l := c.line
		fmt.Fprintf(b, "              linear: {full_at: %s, each: %s, minus: %s, step: floor, zero_below: %s}\n",
			w.measured(c.m, l.full), w.measured(c.m, l.each), hundredths(l.minus), w.measured(c.m, l.zero))
	case "deduct":
		b.WriteString("              deduct:\n")
		for _, d := range c.deduct {
			fmt.Fprintf(b, "                - {title: {zh: 扣分, en: Cases}, count: %s, each: %s", w.ref(d.fact), hundredths(d.each))
			if d.most > 0 {
				fmt.Fprintf(b, ", most: %s", hundredths(d.most))
			}
			b.WriteString("}\n")
		}
	}
}

// condText writes a condition in the programme's language.
func (w *workload) condText(c cond) string {
	switch c.op {
	case ">=", "<=":
		return w.ref(c.a) + " " + c.op + " " + w.literal(c.a, c.k)
	case "in":
		names := make([]string, len(c.set))
		for i, o := range c.set {
			names[i] = `"` + optionName(o) + `"`
		}
		return w.ref(c.a) + " in [" + strings.Join(names, ", ") + "]"
	case "is":
		return w.ref(c.a)
	case "not":
		return "!" + w.ref(c.a)
	case "since":
		for _, s := range spans {
			if s.day == c.k {
				return w.ref(c.a) + ` > ago("` + s.text + `")`
			}
		}
	case "past":
		return w.ref(c.a) + " <= as_of"
	case "ratio":
		return fmt.Sprintf("ratio(%s, %s) >= %s", w.ref(c.a), w.ref(c.b), hundredths(c.k))
	}
	return w.joined(c, map[string]string{"and": " && ", "or": " || "}[c.op], w.condText)
}

// joined writes the conditions that an and or an or joins.
func (w *workload) joined(c cond, by string, text func(cond) string) string {
	parts := make([]string, len(c.kids))
	for i, k := range c.kids {
		parts[i] = text(k)
		if len(k.kids) > 0 {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, by)
}

func (w *workload) ref(i int) string { return w.facts[i].form + "." + w.facts[i].name }

// literal writes a value of a fact as the author of the programme does.
func (w *workload) literal(i, v int) string {
	switch w.facts[i].kind {
	case number, money:
		return hundredths(v)
	}
	return fmt.Sprint(v)
}

func (w *workload) measured(m measure, v int) string {
	if m.ratio {
		return fmt.Sprintf("%d.%04d", v/10000, v%10000)
	}
	return w.literal(m.a, v)
}

func hundredths(v int) string { return fmt.Sprintf("%d.%02d", v/100, v%100) }

func optionName(o int) string { return string(rune('a' + o)) }
