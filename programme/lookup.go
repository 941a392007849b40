package programme

import "iter"

// Shape is the keyword of the clause's scoring shape: pass parts deduct bands linear proportional each rank judged formula;
// "" when it has none, which a loaded programme never has.
func (c *Clause) Shape() string {
	switch {
	case c.Pass != nil:
		return "pass"
	case c.Ticks != nil:
		return "parts"
	case c.Deduct != nil:
		return "deduct"
	case c.Bands != nil:
		return "bands"
	case c.Linear != nil:
		return "linear"
	case c.Proportional != nil:
		return "proportional"
	case c.Each != nil:
		return "each"
	case c.Rank != nil:
		return "rank"
	case c.Judged != nil:
		return "judged"
	case c.Formula != nil:
		return "formula"
	}
	return ""
}

// worth is what the points of a clause are when the author leaves them out and the shape tells.
func (c *Clause) worth() Decimal {
	var d Decimal
	switch c.Shape() {
	case "parts":
		for _, t := range c.Ticks {
			d = d.Add(t.Points)
		}
	case "bands":
		for _, b := range c.Bands {
			d = larger(d, b.Points)
		}
	case "rank":
		for _, p := range c.Rank.Points {
			d = larger(d, p)
		}
	case "each":
		if c.Each.Most != nil {
			d = *c.Each.Most
		}
	case "judged":
		if c.Judged.To != nil {
			d = larger(d, *c.Judged.To)
		}
	}
	return d
}

func larger(a, b Decimal) Decimal {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}

// worth is what a section counts in its part: what is written, or the sum of its clauses; nothing when it is one of extra points.
func (s *Section) worth() Decimal {
	if s.Bonus != nil {
		return Decimal{}
	}
	if s.Points != nil {
		return *s.Points
	}
	return s.sum()
}

func (s *Section) sum() (d Decimal) {
	for _, c := range s.Clauses {
		d = d.Add(c.Points)
	}
	return d
}

// Worth is what a section counts: its points as written, or the sum of its clauses. A section of extra points counts 0.
func (s *Section) Worth() Decimal { return s.worth() }

// Worth is what a part counts: its points as written, or the sum of its sections.
func (p *Part) Worth() Decimal {
	if p.Points != nil {
		return *p.Points
	}
	return p.sum()
}

func (p *Part) sum() (d Decimal) {
	for _, s := range p.Sections {
		d = d.Add(s.worth())
	}
	return d
}

func (s *Standard) sum() (d Decimal) {
	for _, p := range s.Parts {
		d = d.Add(p.Worth())
	}
	return d
}

// Sections gives the sections of the standard with their parts, in order. It gives none when there is no standard.
func (p *Programme) Sections() iter.Seq2[*Part, *Section] {
	return func(yield func(*Part, *Section) bool) {
		if p.Standard == nil {
			return
		}
		for _, part := range p.Standard.Parts {
			for _, s := range part.Sections {
				if !yield(part, s) {
					return
				}
			}
		}
	}
}

// Clauses gives the clauses of the standard with their sections, in order.
func (p *Programme) Clauses() iter.Seq2[*Section, *Clause] {
	return func(yield func(*Section, *Clause) bool) {
		for _, s := range p.Sections() {
			for _, c := range s.Clauses {
				if !yield(s, c) {
					return
				}
			}
		}
	}
}

// Clause finds a clause by its number.
func (p *Programme) Clause(number string) (*Clause, bool) {
	for _, c := range p.Clauses() {
		if c.Clause == number {
			return c, true
		}
	}
	return nil, false
}

// Party finds a party by name; its index is its place among the score columns.
func (p *Programme) Party(name string) (int, bool) {
	for i, x := range p.Parties {
		if x.Name == name {
			return i, true
		}
	}
	return 0, false
}

// Matter finds a matter by name.
func (p *Programme) Matter(name string) (*Matter, bool) {
	for _, m := range p.Matters {
		if m.Name == name {
			return m, true
		}
	}
	return nil, false
}

// Stage finds a stage of the matter by name.
func (m *Matter) Stage(name string) (*Stage, bool) {
	for _, s := range m.Stages {
		if s.Stage == name {
			return s, true
		}
	}
	return nil, false
}

// End finds an end of the matter by name.
func (m *Matter) End(name string) (End, bool) {
	for _, e := range m.Ends {
		if e.Name == name {
			return e, true
		}
	}
	return End{}, false
}

// GradeNames lists the grades, best first, and the one of those that reach none last.
func (p *Programme) GradeNames() []string {
	if p.Standard == nil {
		return nil
	}
	g := p.Standard.Grades
	var names []string
	for _, b := range g.Bands {
		names = append(names, b.Grade)
	}
	for i := len(g.Ladder) - 1; i >= 0; i-- {
		names = append(names, g.Ladder[i].Grade)
	}
	if g.Else != "" && indexOf(names, g.Else) < 0 {
		names = append(names, g.Else)
	}
	return names
}

// GradeTitle is how a grade is called, or its name when it has no title.
func (p *Programme) GradeTitle(grade string) Text {
	if p.Standard != nil {
		g := p.Standard.Grades
		for _, b := range g.Bands {
			if b.Grade == grade && !b.Title.Empty() {
				return b.Title
			}
		}
		for _, s := range g.Ladder {
			if s.Grade == grade && !s.Title.Empty() {
				return s.Title
			}
		}
		for _, o := range g.Titles {
			if o.Name == grade && !o.Title.Empty() {
				return o.Title
			}
		}
	}
	if grade == "none" {
		return T("未定等级", "no grade")
	}
	return T(grade, grade)
}

// DayField is the field that names the day a record is true, or nil.
func (f *Form) DayField() *Field {
	for _, x := range f.Fields {
		if x.Is == "date" && x.Type == Date {
			return x
		}
	}
	return nil
}

// MayFile reports whether a party or role may file the form: it is named in `by`, or is a party whose role is; without `by`
// every party may.
func (p *Programme) MayFile(f *Form, by string) bool {
	i, party := p.Party(by)
	if f.By == nil {
		return party
	}
	return indexOf(f.By, by) >= 0 || party && indexOf(f.By, p.Parties[i].Role) >= 0
}
