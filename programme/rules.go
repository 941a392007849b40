package programme

import (
	"regexp"
	"strings"
)

// rule is an expression of the programme that is checked.
type rule struct {
	*Expr
	scope  *Scope
	want   Want
	clause *Clause // whose it is, if it is one's
	of     *Veto   // or whose veto
	sound  bool    // it passed the check
}

// expressions type-checks every rule.
func (l *loader) expressions() {
	known := &factRules{codes: map[factRule]*code{}}
	if l.of != nil {
		known.scope = l.of.facts.scope
	} else {
		known.scope = RuleScope(l.p)
	}
	l.p.facts = known
	l.rules = l.gather(known.scope)
	for i := range l.rules {
		r := &l.rules[i]
		key := factRule{r.Source, r.want}
		if l.of != nil && r.scope == known.scope && l.of.facts.codes[key] != nil {
			r.code, r.sound = l.of.facts.codes[key], true
		} else {
			found := r.scope.Check(r.Expr, r.want)
			for _, m := range found {
				l.add(m)
			}
			if r.sound = len(found.Fatal()) == 0; len(found) > 0 {
				continue // it is told again of a copy
			}
		}
		if r.scope == known.scope {
			known.codes[key] = r.code
		}
	}
}

// factRules are the rules over a subject that were checked and nothing said of. A copy with other values in its standard has the same
// forms and matters, so that they mean the same there.
type factRules struct {
	scope *Scope
	codes map[factRule]*code
}

type factRule struct {
	source string
	want   Want
}

// gather lists every expression with the names it may use and the kind of value it must give.
func (l *loader) gather(facts *Scope) []rule {
	p := l.p
	var rules []rule
	var clause *Clause
	var veto *Veto
	add := func(s *Scope, e *Expr, w Want) {
		if e != nil && e.Source != "" {
			rules = append(rules, rule{Expr: e, scope: s, want: w, clause: clause, of: veto})
		}
	}
	fields := func(f *Form) {
		var s *Scope
		for _, x := range f.Fields {
			if s == nil && (x.Check != nil || x.ShowWhen != nil) {
				s = FieldScope(p, f)
			}
			add(s, x.Check, WantBool)
			add(s, x.ShowWhen, WantBool)
		}
	}
	fields(&Form{Name: SubjectForm, Fields: p.Subject.Fields})
	for _, f := range p.Forms {
		fields(f)
	}
	vetoes := func(v *Veto) {
		veto = v
		add(facts, v.When, WantBool)
		add(facts, v.Until, WantBool)
		veto = nil
	}
	for _, c := range p.Clauses() {
		clause = c
		add(facts, c.Applies, WantBool)
		add(facts, c.Measure, WantNumber)
		add(facts, c.Pass, WantBool)
		for _, t := range c.Ticks {
			add(facts, t.Pass, WantBool)
		}
		for _, x := range c.Deduct {
			add(facts, x.Count, WantCount)
		}
		if c.Linear != nil {
			add(facts, c.Linear.FullAt, WantNumber)
			add(facts, c.Linear.ZeroBelow, WantNumber)
		}
		if c.Proportional != nil {
			add(facts, c.Proportional.Target, WantNumber)
		}
		if c.Each != nil {
			add(facts, c.Each.Count, WantCount)
		}
		if c.Rank != nil {
			add(facts, c.Rank.By, WantNumber)
		}
		add(facts, c.Formula, WantNumber)
		if c.Veto != nil {
			vetoes(c.Veto)
		}
		clause = nil
	}
	if p.Standard != nil {
		for _, v := range p.Standard.Vetoes {
			vetoes(v)
		}
		add(facts, p.Standard.Grades.DropWhen, WantBool)
	}
	for _, m := range p.Matters {
		for _, s := range m.Stages {
			if s.Ballot == nil {
				continue
			}
			if f, ok := p.Form(s.Ballot.Form); ok && f.Ballot {
				scope := BallotScope(p, f)
				for _, b := range s.Decide {
					add(scope, b.When, WantBool)
				}
			}
		}
	}
	for _, i := range p.Indicators {
		want := WantNumber
		if i.Function == "count" {
			want = WantAny
		}
		add(facts, i.Value, want)
		add(facts, i.Over, WantNumber)
		add(facts, i.Where, WantBool)
	}
	if len(p.Certificates) > 0 {
		s := CertificateScope(p)
		for _, c := range p.Certificates {
			add(s, c.When, WantBool)
		}
	}
	return rules
}

// readsForm reports whether a rule looks at a form. Of a rule with a mistake only its text tells.
func (r *rule) readsForm(form string) bool {
	if !r.sound {
		return mentions(r.Source, form)
	}
	for _, x := range r.Reads() {
		if x.Form == form {
			return true
		}
	}
	return false
}

func mentions(source, name string) bool {
	return strings.Contains(source, name) && regexp.MustCompile(`\b`+regexp.QuoteMeta(name)+`\b`).MatchString(source)
}

// normal is the source of an expression without what does not matter, to see that two are the same.
func (e *Expr) normal() string {
	var out strings.Builder
	var quote rune
	for _, r := range e.Source {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == ' ' || r == '\n' || r == '\t':
			continue
		}
		if r == '\'' {
			r = '"'
		}
		out.WriteRune(r)
	}
	return out.String()
}
