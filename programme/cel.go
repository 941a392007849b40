package programme

import (
	"cmp"
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/types"
)

// Scope is the set of names that an expression may use, with their types.
//
// Making one costs about a millisecond; checking many expressions in it is cheap. A Scope and the expressions that it has
// checked may be used by several goroutines.
type Scope struct {
	vars    map[string]*Shape // every variable that is an object or a list of objects
	bare    *Shape            // the object whose fields stand as bare names, or nil
	shapes  map[string]*Shape // by type name
	env     *cel.Env
	err     error // why there is no env
	checker *checker.Env

	mu sync.Mutex // held while a rule is checked
}

const (
	bareVar = "@bare" // the object behind the bare names
	asOfVar = "as_of"
	// MattersVar is the variable that holds the matters.
	MattersVar = "matters"
)

// RuleScope is for rules over a subject: every form by its name, subject, matters and as_of.
func RuleScope(p *Programme) *Scope { return newScope(p, nil, true) }

// FieldScope is for conditions inside a form (check, show_when): its fields as bare names, subject and as_of.
func FieldScope(p *Programme, f *Form) *Scope { return newScope(p, shapeOf(f), false) }

// BallotScope is for decisions over a ballot: invited, cast, count.NAME and share.NAME, subject and as_of.
func BallotScope(p *Programme, f *Form) *Scope { return newScope(p, ballotShape(f), false) }

// CertificateScope is for certificates: grade and total, and all that RuleScope has.
func CertificateScope(p *Programme) *Scope { return newScope(p, certificateShape(p), true) }

func certificateShape(p *Programme) *Shape {
	s := newShape("@certificate", Text{})
	grade := &Field{Name: "grade", Type: Choice, Title: T("等级", "grade"), Of: p.GradeOptions()}
	s.add(slot{name: "grade", field: grade, title: grade.Title, typ: types.StringType})
	s.add(slot{name: "total", title: T("总分", "total"), typ: celDecimal})
	return s
}

// GradeOptions lists the programme's grades with their titles, best first for bands, and the one that is none of them last.
func (p *Programme) GradeOptions() []Option {
	if p.Standard == nil {
		return nil
	}
	g := p.Standard.Grades
	var out []Option
	add := func(name string, title Text) {
		for _, t := range g.Titles {
			if t.Name == name {
				title = t.Title
			}
		}
		for _, o := range out {
			if o.Name == name {
				return
			}
		}
		if name != "" {
			out = append(out, Option{name, title})
		}
	}
	for _, b := range g.Bands {
		add(b.Grade, b.Title)
	}
	for _, s := range g.Ladder {
		add(s.Grade, s.Title)
	}
	add(cmp.Or(g.Else, "none"), T("未评等级", "no grade"))
	return out
}

func newScope(p *Programme, bare *Shape, rules bool) *Scope {
	s := &Scope{bare: bare, vars: map[string]*Shape{}, shapes: map[string]*Shape{}}
	var opts []cel.EnvOption
	declare := func(name string, shape *Shape, list bool) {
		t := shape.typ
		if list {
			t = types.NewListType(t)
		}
		s.vars[name] = shape
		s.know(shape)
		opts = append(opts, cel.Variable(name, t))
	}
	if bare != nil {
		declare(bareVar, bare, false)
	}
	declare(SubjectForm, p.Shape(SubjectForm), false)
	if rules {
		for _, f := range p.Forms {
			declare(f.Name, p.Shape(f.Name), f.Many && !f.Ballot)
		}
		declare(MattersVar, p.Shape(MattersVar), false)
	}
	registry, err := types.NewRegistry()
	if err != nil {
		panic(fmt.Errorf("programme: CEL registry: %w", err))
	}
	opts = append(opts, cel.Variable(asOfVar, cel.TimestampType),
		cel.CustomTypeAdapter(registry), cel.CustomTypeProvider(provider{registry, s.shapes}),
		cel.Macros(latestMacro(), hasMacro(bare)), cel.EnableMacroCallTracking(),
		cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(60), cel.DefaultUTCTimeZone(true))
	opts = append(opts, decimalOperators()...)
	opts = append(opts, languageFunctions(p.calendar())...)
	if s.env, err = cel.NewEnv(opts...); err != nil {
		// Only a name that is no CEL name, or one that is taken, can bring this about; those are mistakes of their own.
		s.env, s.err = nil, err
		return s
	}
	if s.checker, err = checkerOf(s.env, provider{registry, s.shapes}); err != nil {
		s.env, s.err = nil, err
	}
	return s
}

// maxExpression is how many characters an expression may have.
const maxExpression = 4000

// checkerOf gives cel-go's checker over the same names. Its own Check hides the types it found when there are mistakes,
// and these are needed to tell authors, in their words, what is wrong, and to bring mixed numbers together.
func checkerOf(env *cel.Env, p types.Provider) (*checker.Env, error) {
	c, err := checker.NewEnv(env.Container, p)
	if err != nil {
		return nil, err
	}
	if err := c.AddIdents(env.Variables()...); err != nil {
		return nil, err
	}
	for _, f := range env.Functions() {
		if err := c.AddFunctions(f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// know makes a shape and those inside it known by their type names.
func (s *Scope) know(shape *Shape) {
	s.shapes[shape.typ.TypeName()] = shape
	for i := range shape.slots {
		if sub := shape.slots[i].shape; sub != nil {
			s.know(sub)
		}
	}
}

// Shape gives the type of a form in rules: the fields of one record; of a ballot its counts; of "matters" a list for each
// matter. An unknown name gives an empty shape.
func (p *Programme) Shape(name string) *Shape {
	if name == MattersVar {
		s := newShape(MattersVar, T("事项", "matters"))
		for _, m := range p.Matters {
			sub := matterShape(p, m)
			s.add(slot{name: m.Name, title: m.Title, typ: types.NewListType(sub.typ), shape: sub})
		}
		return s
	}
	f, ok := p.Form(name)
	switch {
	case !ok:
		return newShape(name, Text{})
	case f.Ballot:
		return ballotShape(f)
	}
	return shapeOf(f)
}

// ballotShape has invited, cast, and for every choice count.NAME and share.NAME of those cast. A name that is an option of
// two fields means the first.
func ballotShape(f *Form) *Shape {
	s := newShape(f.Name, f.Title)
	s.add(slot{name: "invited", title: T("应参评人数", "invited"), typ: types.IntType})
	s.add(slot{name: "cast", title: T("参评人数", "votes cast"), typ: types.IntType})
	count, share := newShape(f.Name+".count", Text{}), newShape(f.Name+".share", Text{})
	for _, x := range f.Fields {
		if x.Type != Choice {
			continue
		}
		first := len(s.first) == 0
		for _, o := range x.Of {
			if first {
				s.first = append(s.first, o.Name)
			}
			name := OptionTitle(x, o.Name)
			count.add(slot{name: o.Name, title: T("“{0}”人数", "votes for “{0}”").Fill(name), typ: types.IntType})
			share.add(slot{name: o.Name, title: T("“{0}”占比", "share of “{0}”").Fill(name), typ: celDecimal})
		}
	}
	s.add(slot{name: "count", title: T("票数", "count"), typ: count.typ, shape: count})
	s.add(slot{name: "share", title: T("占比", "share"), typ: share.typ, shape: share})
	return s
}

// matterShape has what is known of every matter, the fields of the form that raised it, and the forms filed on its way,
// each as an object (p.result.saved) and, where the name is free, with its fields directly (p.saved).
func matterShape(p *Programme, m *Matter) *Shape {
	s := newShape(MattersVar+"."+m.Name, m.Title)
	stages := &Field{Name: "stage", Type: Choice, Title: T("环节", "stage")}
	for _, st := range m.Stages {
		stages.Of = append(stages.Of, Option{st.Stage, st.Title})
	}
	for _, e := range m.Ends {
		stages.Of = append(stages.Of, Option{Name: e.Name})
	}
	s.add(slot{name: "id", title: T("编号", "number"), typ: types.StringType})
	s.add(slot{name: "stage", field: stages, title: stages.Title, typ: types.StringType})
	s.add(slot{name: "outcome", title: T("结果", "outcome"), typ: types.StringType})
	for _, d := range []slot{{name: "raised", title: T("提出日期", "day raised")}, {name: "taken_up", title: T("开始处理日期", "day taken up")}, {name: "closed", title: T("办结日期", "day closed")},
		{name: "due", title: T("到期日期", "day due")}} {
		d.typ = types.TimestampType
		s.add(d)
	}
	s.add(slot{name: "overdue", title: T("已逾期", "overdue"), typ: types.BoolType})
	s.add(slot{name: "on_time", title: T("按期", "on time"), typ: types.BoolType})
	if f, ok := p.Form(m.Raise.Form); ok {
		s.addFields(f)
	}
	for _, name := range m.forms() {
		if f, ok := p.Form(name); ok {
			sub := newShape(MattersVar+"."+m.Name+"."+name, f.Title)
			sub.addFields(f)
			s.add(slot{name: name, title: f.Title, typ: sub.typ, shape: sub})
		}
	}
	for _, name := range m.forms() {
		if f, ok := p.Form(name); ok {
			s.addFields(f)
		}
	}
	return s
}

// forms lists the forms that are filed on a matter's way, other than the one that raises it.
func (m *Matter) forms() []string {
	var out []string
	seen := map[string]bool{"": true, m.Raise.Form: true}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	for _, st := range m.Stages {
		for _, a := range st.Actions {
			add(a.Form)
		}
		if st.Needs != nil {
			add(st.Needs.Form)
		}
	}
	return out
}
