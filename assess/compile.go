package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"bihuan.dev/bihuan/programme"
)

// Program is a compiled programme. It may be used by several goroutines.
type Program struct {
	p         *programme.Programme
	calendar  *programme.Calendar
	forms     []*form // those of the programme, then the subject's
	byForm    map[string]int
	parties   map[string]int
	matters   *programme.Shape
	judgement *programme.Form
	clauses   []*clause
	byClause  map[string]int
	sections  []*section
	parts     []*part
	vetoes    []*veto
	grades    []string // best first; the last one is that of who reaches none
	digits    int      // decimals of points
	total     Points
	crowd     bool
	dict      *dictionary // the options of the forms, and the texts in rules

	key    string  // what decides on totals and grades beside clauses and bands
	grain  int64   // what all points are multiples of that follow from verdicts and steps, in units
	unit   Points  // the smallest step of points that the standard knows
	powers []int64 // of ten
	bands  []gradeBand
	steps  []gradeStep

	mattersUsed []bool
	machines    sync.Pool
	ir          *lowerings
}

// form is a form as facts see it.
type form struct {
	*programme.Form
	index int
	shape *programme.Shape
	kind  formKind
	read  []bool // by place of the shape: whether a rule reads it
	field map[string]int
	slots []int     // by field: the place of the shape, or -1 when no rule reads it
	own   []int     // places that rules read and that are no field of the form: the day a record is true
	codes [][]int32 // by field: the numbers of its options in the program's dictionary
	proof bool      // whether a clause wants it on file
}

type formKind uint8

const (
	single  formKind = iota // the latest valid record counts
	many                    // all count
	ballot                  // counts only
	profile                 // the subject's own fields: the newest value of each
)

type part struct {
	*programme.Part
	sections []int
	points   Points
}

type section struct {
	*programme.Section
	part    int
	clauses []int
	points  Points // of its clauses, unless they are bonus
}

type clause struct {
	*programme.Clause
	index           int
	section         int
	full            Points
	digits          int // decimals of the measure
	shape           shape
	na              programme.Policy
	missing         programme.Policy
	exprs           []*programme.Expr
	ownPoints       bool    // points stand in a column
	worth           []int64 // else they follow: by verdict in units, then those of every step between nothing and all
	highest         int64   // the most of these; below 0 when one of them is
	key, measureKey string  // what decides on the outcome, and on the measure; "": that is not easily said
	proof           []int   // forms that must be on file, with an attachment where they can hold one
}

type shape uint8

const (
	passShape shape = iota
	tickShape
	deductShape
	bandShape
	linearShape
	proportionalShape
	eachShape
	rankShape
	judgedShape
	formulaShape
)

// Compile makes a program of a programme that programme.Load accepted. It is an error when a rule was never checked.
func Compile(p *programme.Programme) (*Program, error) {
	cal, ok := programme.CalendarFor(p.Calendar)
	if !ok {
		return nil, fmt.Errorf("compile %s: no calendar %q", p.Name, p.Calendar)
	}
	pr := &Program{p: p, calendar: cal, byForm: map[string]int{}, parties: map[string]int{}, byClause: map[string]int{},
		matters: p.Shape(programme.MattersVar), dict: newDictionary(nil)}
	pr.mattersUsed = make([]bool, pr.matters.Len())
	for i, x := range p.Parties {
		pr.parties[x.Name] = i
	}
	subject, _ := p.Form(programme.SubjectForm)
	pr.judgement, _ = p.Form(programme.JudgementForm)
	for _, f := range append(slices.Clone(p.Forms), subject) {
		x := &form{Form: f, index: len(pr.forms), shape: p.Shape(f.Name)}
		x.read = make([]bool, x.shape.Len())
		switch {
		case f.Name == programme.SubjectForm:
			x.kind = profile
		case f.Ballot:
			x.kind = ballot
		case f.Many:
			x.kind = many
		}
		pr.byForm[f.Name] = x.index
		pr.forms = append(pr.forms, x)
	}
	if s := p.Standard; s != nil {
		pr.digits = s.PointsDecimals
		if err := pr.standard(s); err != nil {
			return nil, fmt.Errorf("compile %s: %w", p.Name, err)
		}
	}
	pr.markReads()
	pr.tables()
	pr.lower()
	pr.markSlots()
	pr.keys()
	pr.machines.New = func() any { return pr.newMachine() }
	return pr, nil
}

func (pr *Program) standard(s *programme.Standard) error {
	for _, x := range s.Parts {
		pt := &part{Part: x}
		for _, y := range x.Sections {
			sec := &section{Section: y, part: len(pr.parts)}
			for _, z := range y.Clauses {
				c := pr.clause(z, len(pr.sections))
				sec.clauses = append(sec.clauses, c.index)
				if y.Bonus == nil {
					sec.points += c.full
				}
			}
			if y.Bonus == nil {
				pt.points += sec.points
			}
			pt.sections = append(pt.sections, len(pr.sections))
			pr.sections = append(pr.sections, sec)
		}
		pr.total += pt.points
		pr.parts = append(pr.parts, pt)
	}
	if !s.Total.IsZero() {
		pr.total = pr.points(s.Total)
	}
	pr.gradeOrder(s.Grades)
	if err := pr.addVetoes(s); err != nil {
		return err
	}
	pr.crowd = len(s.Grades.Quota) > 0
	for _, c := range pr.clauses {
		if c.shape == rankShape || c.na.Word == "peer_mean" || c.missing.Word == "peer_mean" {
			pr.crowd = true
		}
		for _, e := range c.exprs {
			if !e.Checked() {
				return fmt.Errorf("clause %s: the rule %q was not checked", c.Clause.Clause, e.Source)
			}
		}
		for _, name := range c.Evidence {
			i, ok := pr.byForm[name]
			if !ok {
				return fmt.Errorf("clause %s: no form %q", c.Clause.Clause, name)
			}
			c.proof = append(c.proof, i)
			pr.forms[i].proof = true
		}
	}
	return nil
}

func (pr *Program) clause(z *programme.Clause, section int) *clause {
	c := &clause{Clause: z, index: len(pr.clauses), section: section, full: pr.points(z.Points), digits: 4, na: z.NA, missing: z.Missing}
	if z.Decimals != nil {
		c.digits = *z.Decimals
	}
	c.na.Word, c.missing.Word = cmp.Or(c.na.Word, "rescale"), cmp.Or(c.missing.Word, "zero")
	add := func(list ...*programme.Expr) {
		for _, e := range list {
			if e != nil && !slices.Contains(c.exprs, e) {
				c.exprs = append(c.exprs, e)
			}
		}
	}
	add(z.Measure)
	switch {
	case z.Pass != nil:
		c.shape = passShape
		add(z.Pass)
	case len(z.Ticks) > 0:
		c.shape = tickShape
		for _, t := range z.Ticks {
			add(t.Pass)
		}
	case len(z.Deduct) > 0:
		c.shape = deductShape
		for _, d := range z.Deduct {
			add(d.Count)
		}
	case len(z.Bands) > 0:
		c.shape = bandShape
	case z.Linear != nil:
		c.shape = linearShape
		add(z.Linear.FullAt, z.Linear.ZeroBelow)
	case z.Proportional != nil:
		c.shape = proportionalShape
		add(z.Proportional.Target)
	case z.Each != nil:
		c.shape = eachShape
		add(z.Each.Count)
	case z.Rank != nil:
		c.shape = rankShape
		add(z.Rank.By)
	case z.Judged != nil:
		c.shape = judgedShape
	case z.Formula != nil:
		c.shape = formulaShape
		add(z.Formula)
	}
	add(z.Applies)
	pr.byClause[z.Clause] = c.index
	pr.clauses = append(pr.clauses, c)
	return c
}

// points gives a decimal as Points, rounded to the decimals of points.
func (pr *Program) points(d programme.Decimal) Points {
	n, _ := d.Round(pr.digits).Scaled(6)
	return Points(n)
}

// Decimal gives the points as an exact number.
func (p Points) Decimal() programme.Decimal { return programme.NewDecimal(int64(p), 6) }

// String writes the points without trailing zeros.
func (p Points) String() string { return p.Decimal().String() }

// MarshalJSON writes the points as an exact number.
func (p Points) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads a number.
func (p *Points) UnmarshalJSON(b []byte) error {
	var d programme.Decimal
	if err := d.UnmarshalJSON(b); err != nil {
		return err
	}
	n, ok := d.Scaled(6)
	if !ok {
		return fmt.Errorf("points %s have more than six decimals", d)
	}
	*p = Points(n)
	return nil
}

// NeedsPopulation reports whether a score depends on other subjects: ranks, means of peers, quotas.
func (pr *Program) NeedsPopulation() bool { return pr.crowd }

// Clauses lists the numbers of the clauses in the order of the standard, which is that of Result's columns.
func (pr *Program) Clauses() []string {
	out := make([]string, len(pr.clauses))
	for i, c := range pr.clauses {
		out[i] = c.Clause.Clause
	}
	return out
}

// Most gives the total that can be had without bonus.
func (pr *Program) Most() Points { return pr.total }

// rules lists all rules that are evaluated over a subject's facts.
func (pr *Program) rules() []*programme.Expr {
	var out []*programme.Expr
	add := func(e *programme.Expr) {
		if e != nil {
			out = append(out, e)
		}
	}
	for _, c := range pr.clauses {
		out = append(out, c.exprs...)
	}
	for _, v := range pr.vetoes {
		add(v.When)
		add(v.Until)
	}
	if pr.p.Standard != nil {
		add(pr.p.Standard.Grades.DropWhen)
	}
	for _, x := range pr.p.Indicators {
		add(x.Value)
		add(x.Over)
		add(x.Where)
	}
	return out
}

// markReads notes which fields rules read, so that only these are kept in columns.
func (pr *Program) markReads() {
	for _, x := range pr.p.Indicators {
		for _, c := range pr.choicesOf(x) {
			pr.forms[c.form].read[c.field] = true
		}
	}
	for _, e := range pr.rules() {
		all := strings.Contains(e.Source, "dyn") // what is read behind dyn() is not known
		for _, read := range e.Reads() {
			if read.Form == programme.MattersVar {
				if i, ok := pr.matters.Index(read.Field); ok {
					pr.mattersUsed[i] = true
				}
				continue
			}
			i, ok := pr.byForm[read.Form]
			if !ok {
				continue
			}
			if j, ok := pr.forms[i].shape.Index(read.Field); ok {
				pr.forms[i].read[j] = true
			} else if pr.forms[i].kind == ballot {
				pr.forms[i].read[0] = true
			}
		}
		if all {
			for _, x := range pr.forms {
				for j := range x.read {
					x.read[j] = true
				}
			}
			for i := range pr.mattersUsed {
				pr.mattersUsed[i] = true
			}
		}
	}
}

// markSlots notes where the fields of a piece of evidence go.
func (pr *Program) markSlots() {
	for _, x := range pr.forms {
		x.field = make(map[string]int, len(x.Fields))
		for i, f := range x.Fields {
			x.field[f.Name] = i
		}
		x.slots, x.codes = make([]int, len(x.Fields)), make([][]int32, len(x.Fields))
		for i, f := range x.Fields {
			if j, ok := x.shape.Index(f.Name); ok && x.read[j] && x.shape.Field(j) != nil {
				x.slots[i] = j
			} else {
				x.slots[i] = -1
			}
			for _, o := range f.Of {
				x.codes[i] = append(x.codes[i], pr.dict.code(o.Name))
			}
		}
		for j, read := range x.read {
			if read && x.shape.Field(j) == nil && x.shape.Sub(j) == nil {
				x.own = append(x.own, j)
			}
		}
	}
}

// tables makes the numbers that kernels look up.
func (pr *Program) tables() {
	for i := range 19 {
		pr.powers = append(pr.powers, power(i))
	}
	pr.unit = Points(power(6 - pr.digits))
	for _, c := range pr.clauses {
		c.worth = make([]int64, Pending+1)
		c.worth[Met] = int64(c.full / pr.unit)
		c.worth[Missing] = int64(pr.lacking(c, outcome{}).points / pr.unit)
		c.worth[NotApplicable] = int64(pr.notApplicable(c).points / pr.unit)
	}
	grades := programme.Grades{}
	if pr.p.Standard != nil {
		grades = pr.p.Standard.Grades
	}
	for _, x := range grades.Ladder {
		step := gradeStep{place: uint8(slices.Index(pr.grades, x.Grade))}
		for _, name := range x.Needs {
			if c, ok := pr.byClause[name]; ok {
				step.needs = append(step.needs, c)
			}
		}
		pr.steps = append(pr.steps, step)
	}
	for place, name := range pr.grades {
		for _, b := range grades.Bands {
			if b.Grade == name {
				at, _ := b.AtLeast.Mul(programme.DecimalOf(power(pr.digits))).Ceil().Int64()
				pr.bands = append(pr.bands, gradeBand{place, at})
			}
		}
	}
}

// gradeStep is a step of a ladder: a grade, and the clauses that it needs beside those of the steps below.
type gradeStep struct {
	place uint8
	needs []int
}

// gradeBand is a grade that so many units of points reach.
type gradeBand struct {
	place int
	from  int64
}
