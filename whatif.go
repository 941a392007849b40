package bihuan

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Effect is what a draft of a standard would do to those who are enrolled, as of today in the deciding column.
type Effect struct {
	assess.Comparison
	Running *Running
	Draft   *programme.Programme
	AsOf    programme.Day
	Unit    Unit
	Names   map[string]Subject // of the movers, by subject ID
	Units   []UnitEffect       // by the units right below, those with most movement first
	Choices []ChoiceEffect     // by each choice field of the subject
}

// UnitEffect is what becomes of the subjects of one unit.
type UnitEffect struct {
	Unit Unit
	assess.GroupMove
}

// ChoiceEffect is what becomes of the subjects by what they are, such as by size.
type ChoiceEffect struct {
	Field  *programme.Field
	Groups []assess.GroupMove // Group is the option's name
}

// mostChanges is how many values of a standard a draft may change.
const mostChanges = 200

// WhatIf tells what would become of everybody within a unit if values of the running standard were changed. It stores nothing.
// Ranks and quotas are over the whole programme. At most so many movers are listed. Whoever holds the deciding party's role at
// the unit may ask, and administrators; the empty unit is the root of the tree. Mistakes in the changes come back as programme.Mistakes inside
// the Error.
func (s *Site) WhatIf(ctx context.Context, a Actor, name, unit string, changes []programme.Change, movers int) (Effect, error) {
	e, err := s.mayDraft(ctx, a, name, unit)
	if err != nil {
		return Effect{}, err
	}
	within, err := s.childOf(ctx, e.Unit.Code)
	if err != nil {
		return Effect{}, err
	}
	err = s.withPopulation(ctx, name, func(p *population) error {
		e.Running, e.AsOf = p.run, s.Today()
		draft, err := s.drafts.compile(p.run, changes)
		if err != nil {
			return err
		}
		e.Draft = draft.p
		o := assess.Options{AsOf: e.AsOf}
		before := p.asIs(o)
		if len(changes) == 0 {
			e.compare(before, before, within, movers)
			return nil
		}
		p.try(draft.program, o, func(after *assess.Result) { e.compare(before, after, within, movers) })
		return nil
	})
	if err != nil {
		return Effect{}, fmt.Errorf("what if in %s: %w", name, err)
	}
	return e, s.nameEffect(ctx, &e)
}

// trial is that of the drafts of a population. It is good as long as the population is what it was.
type trial struct {
	mu    sync.Mutex
	of    trialOf
	trial *assess.Trial
}

type trialOf struct {
	all      *assess.Population
	seq, rev int64
	day      programme.Day
	options  assess.Options
}

// try scores everybody by a draft, computing what differs from the draft tried before, and lets f look at the result.
func (p *population) try(draft *assess.Program, o assess.Options, f func(*assess.Result)) {
	t := &p.trial
	t.mu.Lock()
	defer t.mu.Unlock()
	if of := (trialOf{p.all, p.seq, p.rev, p.day, o}); t.trial == nil || t.of != of {
		t.of, t.trial = of, p.run.Assess.NewTrial(p.all, o)
	}
	f(t.trial.Try(draft))
}

// compare limits the results to the subjects within the unit, and splits them.
func (e *Effect) compare(before, after *assess.Result, within map[string]string, movers int) {
	var rows []int
	for i := range before.Len() {
		if _, ok := within[before.Unit(i)]; ok {
			rows = append(rows, i)
		}
	}
	if rows == nil {
		rows = []int{}
	}
	e.Comparison = assess.Compare(before, after, rows, movers)
	for _, g := range e.By(func(i int) string { return within[before.Unit(i)] }) {
		e.Units = append(e.Units, UnitEffect{Unit{Code: g.Group}, g})
	}
	for _, f := range e.Running.Subject.Fields {
		if f.Type == programme.Choice {
			e.Choices = append(e.Choices, ChoiceEffect{f, e.By(func(i int) string { return before.Choice(i, f.Name) })})
		}
	}
}

// mayDraft tells whether the actor may try a draft at a unit.
func (s *Site) mayDraft(ctx context.Context, a Actor, name, unit string) (Effect, error) {
	var e Effect
	if a.Visitor() {
		return e, signInFirst()
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, name)
		if err != nil {
			return err
		}
		path, err := unitPath(ctx, tx, unit)
		if err != nil {
			return err
		}
		e.Unit = path[len(path)-1]
		h, err := heldAt(ctx, tx, a, name, e.Unit.Code)
		if err != nil {
			return err
		}
		if !a.system && !h.admin && !run.decidesWith(h) {
			return mayNot()
		}
		if run.Standard == nil {
			return refuse(Invalid, "该方案没有评分标准", "this programme has no standard to score by")
		}
		return nil
	})
	return e, err
}

// decidesWith reports whether the role of the deciding party is held.
func (r *Running) decidesWith(h held) bool {
	n := len(r.Parties)
	return n > 0 && h.holds(r.Parties[n-1].Role)
}

// childOf maps every unit within a unit to the one right below it that it belongs to; those right at the unit to "".
func (s *Site) childOf(ctx context.Context, unit string) (map[string]string, error) {
	out := map[string]string{unit: ""}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Each(ctx, `SELECT w.unit, w.within FROM unit_within w JOIN unit c ON c.code = w.within WHERE c.parent = $1`, []any{unit},
			func(scan func(...any) error) error {
				var code, child string
				err := scan(&code, &child)
				out[code] = child
				return err
			})
	})
	return out, err
}

// nameEffect fills in the names of units and movers.
func (s *Site) nameEffect(ctx context.Context, e *Effect) error {
	e.Names = map[string]Subject{}
	return s.db.Read(ctx, func(tx *db.Tx) error {
		children, err := unitsIn(ctx, tx, selectUnit+"WHERE u.parent = $1", e.Unit.Code)
		if err != nil {
			return err
		}
		for i := range e.Units {
			if k := slices.IndexFunc(children, func(u Unit) bool { return u.Code == e.Units[i].Unit.Code }); k >= 0 {
				e.Units[i].Unit = children[k]
			}
		}
		var ids []string
		for _, m := range e.Movers {
			ids = append(ids, m.Subject)
		}
		e.Names, err = namesOf(ctx, tx, ids)
		return err
	})
}

// namesOf gives subjects with their key, name and unit, by ID.
func namesOf(ctx context.Context, tx *db.Tx, ids []string) (map[string]Subject, error) {
	out := map[string]Subject{}
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT s.id, s.programme, s.key, s.unit, u.name, s.name FROM subject s JOIN unit u ON u.code = s.unit WHERE s.id IN ("+
			db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
			var x Subject
			err := scan(&x.ID, &x.Programme, &x.Key, &x.Unit, &x.UnitName, &x.Name)
			out[x.ID] = x
			return err
		})
	})
	return out, err
}

// DraftFiles gives the files of the running programme with values changed, packed as a zip: what WhatIf was asked about, to be looked at,
// changed further and published. Whoever may ask there may have it.
func (s *Site) DraftFiles(ctx context.Context, a Actor, name, unit string, changes []programme.Change) ([]byte, error) {
	if _, err := s.mayDraft(ctx, a, name, unit); err != nil {
		return nil, fmt.Errorf("draft of %s: %w", name, err)
	}
	run, err := s.Running(ctx, name)
	if err != nil {
		return nil, err
	}
	draft, err := s.drafts.compile(run, changes)
	if err != nil {
		return nil, fmt.Errorf("draft of %s: %w", name, err)
	}
	return zipped(draft.p.Files)
}

// drafts are those compiled last: who turns a dial back and forth asks for the same ones again.
type drafts struct {
	mu   sync.Mutex
	last []*compiledDraft
}

type compiledDraft struct {
	key     string
	p       *programme.Programme
	program *assess.Program
}

const mostDrafts = 16

// compile makes a draft of a version, checked as at publishing but for its cases.
func (ds *drafts) compile(run *Running, changes []programme.Change) (*compiledDraft, error) {
	if len(changes) == 0 {
		return &compiledDraft{p: run.Programme, program: run.Assess}, nil
	}
	if len(changes) > mostChanges {
		return nil, refuse(TooLarge, "一次最多改{0}处", "at most {0} values can be changed at a time", mostChanges)
	}
	var key strings.Builder
	key.WriteString(run.Version.ID)
	for _, c := range changes {
		fmt.Fprintf(&key, "\n%q=%q", c.Address, c.Value)
	}
	ds.mu.Lock()
	for _, d := range ds.last {
		if d.key == key.String() {
			ds.mu.Unlock()
			return d, nil
		}
	}
	ds.mu.Unlock()
	p, mistakes := run.Programme.With(changes)
	if fatal := mistakes.Fatal(); p == nil || len(fatal) > 0 {
		return nil, &Error{Kind: Invalid, cause: fatal, Text: fatal[0].Message, Hint: fatal[0].Hint}
	}
	program, err := assess.Compile(p)
	if err != nil {
		return nil, fmt.Errorf("compile draft of %s: %w", run.Name, err)
	}
	d := &compiledDraft{key.String(), p, program}
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if ds.last = append(ds.last, d); len(ds.last) > mostDrafts {
		ds.last = slices.Delete(ds.last, 0, 1)
	}
	return d, nil
}
