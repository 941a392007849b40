package assess

import (
	"errors"
	"slices"

	"bihuan.dev/bihuan/programme"
)

// explainer makes the texts of one row. What it tells was computed by Run; it only looks the facts up again.
type explainer struct {
	pr  *Program
	r   *Result
	row int
	ch  chosen
	fr  *frame

	outs   []outcome // what Run found, with what the texts tell beside it
	states []vetoState
	zeroed map[int]outcome // by clause: what it was before a veto zeroed it
}

// Score assembles the full explanation of row i.
func (r *Result) Score(i int) Score {
	pr := r.pr
	x := &explainer{pr: pr, r: r, row: i, ch: pr.choose(r.rows[i], r.options.AsOf, r.last)}
	f := pr.newFacts(r.options.AsOf, nil)
	f.add(r.rows[i], &x.ch)
	x.fr = newFrame(f)
	x.fr.row = 0
	x.ch.open()
	t := x.retrace()
	s := Score{Subject: r.rows[i].Key, AsOf: r.options.AsOf, Party: r.options.Party, Scored: t.scored, Total: t.total, Most: pr.total,
		Grade: r.Grade(i), NoAward: t.noAward}
	if s.Party == "" && len(pr.p.Parties) > 0 {
		s.Party = pr.p.Parties[len(pr.p.Parties)-1].Name
	}
	for _, c := range pr.clauses {
		s.Clauses = append(s.Clauses, x.clause(c))
	}
	for k, p := range pr.parts {
		s.Parts = append(s.Parts, x.part(k, p, t))
	}
	s.Struck = x.struck(t)
	s.Note = x.note(t)
	return s
}

// retrace finds again what led to the result of the row: verdicts, points and totals are those of Run, the rest is for the texts.
func (x *explainer) retrace() *tally {
	pr, r := x.pr, x.r
	x.outs = make([]outcome, len(pr.clauses))
	for j, c := range pr.clauses {
		out := &x.outs[j]
		if *out = pr.evaluate(c, x.fr); c.shape == rankShape && out.status == Unmet {
			place, _ := r.Place(x.row, j)
			*out = pr.placed(c, *out, place)
		} else if out.status == Missing && c.missing.Word == "peer_mean" || out.status == NotApplicable && c.na.Word == "peer_mean" {
			out.points = r.clauses[j].mean
		}
	}
	x.states = pr.vetoStates(r.rows[x.row], r.last, x.fr, x.outs)
	x.zeroed = map[int]outcome{}
	for _, st := range x.states {
		if v := pr.vetoes[st.veto]; v.Effect == programme.ZeroItem && st.state == InForce && x.outs[v.target].status != NotApplicable {
			x.zeroed[v.target] = x.outs[v.target]
		}
	}
	for j := range pr.clauses {
		out := &x.outs[j]
		out.status, out.points = r.Status(x.row, j), r.Points(x.row, j)
		out.measure, out.measured = r.Measure(x.row, j)
	}
	t := pr.tally(x.outs, func(section int) Points { return x.fr.ladders[section][0] })
	pr.repair(&t, x.states)
	return &t
}

func (x *explainer) clause(c *clause) ClauseScore {
	out := &x.outs[c.index]
	s := ClauseScore{Clause: c.Clause.Clause, Status: out.status, Points: out.points, Most: c.full, Rule: x.pr.rule(c), Why: x.why(c, out)}
	if out.measured {
		m := out.measure
		s.Measure = &m
	}
	for _, e := range c.exprs {
		if out.status != Missing {
			s.Steps = append(s.Steps, x.steps(e)...)
		}
	}
	if c.Measure != nil && out.measured {
		if raw, err := c.Measure.Number(x.fr); err == nil && raw.Cmp(out.measure) != 0 {
			s.Steps = append(s.Steps, Step{say("保留 {0} 位小数", "rounded to {0} decimals", c.digits), plain(out.measure.String())})
		}
	}
	s.Inputs = x.inputs(c)
	if out.status == Missing || out.status == Pending {
		s.Lacks = x.lacks(c, out)
	} else if c.shape == tickShape {
		for _, t := range c.Ticks {
			if _, err := t.Pass.Bool(x.fr); err != nil {
				for _, l := range x.exprLacks(t.Pass, err) {
					if !slices.Contains(s.Lacks, l) {
						s.Lacks = append(s.Lacks, l)
					}
				}
			}
		}
	}
	return s
}

// steps gives the intermediate values of an expression.
func (x *explainer) steps(e *programme.Expr) []Step {
	_, on, _ := e.Trace(x.fr)
	var out []Step
	for _, s := range on {
		step := Step{s.Text, programme.T(programme.ShowCEL(s.Value, nil, programme.Zh), programme.ShowCEL(s.Value, nil, programme.En))}
		if !slices.Contains(out, step) {
			out = append(out, step)
		}
	}
	return out
}

// inputs lists the facts that a clause looks at, with the evidence they come from.
func (x *explainer) inputs(c *clause) []Input {
	var out []Input
	var seen []programme.Read
	for _, e := range c.exprs {
		for _, read := range e.Reads() {
			if slices.Contains(seen, read) {
				continue
			}
			seen = append(seen, read)
			if in, ok := x.input(read); ok {
				out = append(out, in)
			}
		}
	}
	for _, form := range c.proof {
		if !slices.ContainsFunc(out, func(in Input) bool { return in.Form == x.pr.forms[form].Name }) {
			out = append(out, x.proofInputs(form)...)
		}
	}
	for _, e := range x.ch.judged[c.index] {
		var value []programme.Text
		for _, name := range []string{"level", "points", "reason"} {
			if v, ok := e.Values[name]; ok {
				value = append(value, shown(&programme.Field{}, v))
			}
		}
		out = append(out, Input{Form: programme.JudgementForm, Title: programme.T("评定", "judgement"), Value: join(" ", " ", value),
			Evidence: []string{e.ID}, On: e.On, By: e.By})
	}
	return out
}

func (x *explainer) input(read programme.Read) (Input, bool) {
	if read.Form == programme.MattersVar {
		n := len(x.r.rows[x.row].Matters[read.Field])
		return Input{Form: read.Form, Field: read.Field, Title: x.matterTitle(read.Field), Value: plain(programme.DecimalOf(int64(n)).String())}, true
	}
	i, ok := x.pr.byForm[read.Form]
	if !ok {
		return Input{}, false
	}
	form := x.pr.forms[i]
	field, _ := form.Field(read.Field)
	in := Input{Form: read.Form, Field: read.Field, Title: fieldTitle(form, read.Field)}
	records := x.ch.records[i]
	switch form.kind {
	case single:
		e := x.ch.record(i)
		if e == nil {
			return in, false
		}
		if read.Field != "" && read.Field != "on" {
			v, ok := e.Values[read.Field]
			if !ok {
				return in, false
			}
			in.Value = shown(field, v)
		}
		in.of(&e.Evidence)
		return in, true
	case profile:
		for j, f := range form.Fields {
			if f.Name == read.Field && len(records) > 0 && records[j] != nil {
				in.Value = shown(f, records[j].Values[f.Name])
				in.of(&records[j].Evidence)
				return in, true
			}
		}
		return in, false
	}
	var values []programme.Text
	for n, e := range records {
		if n < 20 && field != nil {
			if v, ok := e.Values[read.Field]; ok {
				values = append(values, shown(field, v))
			}
		}
		in.of(&e.Evidence)
	}
	in.Value = join("、", ", ", values)
	if field == nil || form.kind == ballot {
		in.Value = plain(programme.DecimalOf(int64(len(records))).String())
	}
	return in, len(records) > 0
}

// shown writes a value of a field in both languages.
func shown(f *programme.Field, v any) programme.Text {
	return programme.T(f.Show(v, programme.Zh), f.Show(v, programme.En))
}

// plain is a text that is the same in both languages.
func plain(s string) programme.Text { return programme.T(s, s) }

// of adds a record to where an input comes from.
func (in *Input) of(e *Evidence) {
	if e.ID != "" {
		in.Evidence = append(in.Evidence, e.ID)
	}
	in.On, in.By = e.On, e.By
}

func (x *explainer) proofInputs(form int) []Input {
	f := x.pr.forms[form]
	var out []Input
	for _, e := range x.ch.records[form] {
		if e == nil || x.ch.stale[form] != 0 && f.kind == single {
			continue
		}
		in := Input{Form: f.Name, Title: f.Title}
		for _, field := range f.Fields {
			if v, ok := e.Values[field.Name]; ok && field.HoldsAttachments() {
				in.Field, in.Value = field.Name, shown(field, v)
			}
		}
		in.of(&e.Evidence)
		out = append(out, in)
	}
	return out
}

func fieldTitle(f *form, name string) programme.Text {
	if x, ok := f.Field(name); ok && !x.Title.Empty() {
		return x.Title
	}
	switch {
	case name == "" && !f.Title.Empty():
		return f.Title
	case name == "on":
		return say("{0}的日期", "day of {0}", f.Title)
	case name == "":
		return programme.T(f.Name, f.Name)
	}
	return programme.T(name, name)
}

func (x *explainer) matterTitle(name string) programme.Text {
	for _, m := range x.pr.p.Matters {
		if m.Name == name && !m.Title.Empty() {
			return m.Title
		}
	}
	return programme.T(name, name)
}

// lacks lists what a clause looked for in vain.
func (x *explainer) lacks(c *clause, out *outcome) []Lack {
	if out.unproved > 0 {
		return []Lack{x.proofLack(c.proof[out.unproved-1])}
	}
	var list []Lack
	if c.Applies != nil {
		if _, err := c.Applies.Bool(x.fr); err != nil {
			return x.exprLacks(c.Applies, err)
		}
	}
	for _, e := range c.exprs {
		if e == c.Applies {
			continue
		}
		if _, err := e.Eval(x.fr); err != nil {
			for _, l := range x.exprLacks(e, err) {
				if !slices.Contains(list, l) {
					list = append(list, l)
				}
			}
		}
	}
	if t := reasonOf(out.err); len(list) == 0 && !t.Empty() {
		list = append(list, Lack{Reason: t})
	}
	if len(list) == 0 && c.shape == judgedShape {
		list = append(list, Lack{Form: programme.JudgementForm, Title: programme.T("评定", "the judgement"), Reason: programme.T("尚未作出", "has not been made")})
	}
	return list
}

// proofLack says why a form does not serve as proof.
func (x *explainer) proofLack(form int) Lack {
	f := x.pr.forms[form]
	if l, ok := x.formLack(form); ok {
		return l
	}
	return Lack{Form: f.Name, Title: fieldTitle(f, ""), Reason: programme.T("没有附件", "has no attachment")}
}

// formLack says that a form was never filed, or is stale.
func (x *explainer) formLack(form int) (Lack, bool) {
	f := x.pr.forms[form]
	l := Lack{Form: f.Name, Title: fieldTitle(f, "")}
	switch {
	case x.ch.stale[form] != 0 && (f.kind == single || len(x.ch.records[form]) == 0):
		l.Stale = x.ch.stale[form]
		day := &programme.Field{}
		l.Reason = programme.T("自 "+day.Show(l.Stale, programme.Zh)+" 起过期", "is out of date since "+day.Show(l.Stale, programme.En))
		return l, true
	case f.kind == single && len(x.ch.records[form]) == 0, f.kind != single && f.kind != profile && len(x.ch.records[form]) == 0:
		l.Reason = programme.T("未填报", "was never filed")
		return l, true
	}
	return l, false
}

// exprLacks lists the facts that an expression could not do without.
func (x *explainer) exprLacks(e *programme.Expr, err error) []Lack {
	var list []Lack
	add := func(l Lack) {
		if !slices.Contains(list, l) {
			list = append(list, l)
		}
	}
	var m *programme.MissingError
	if !errors.As(err, &m) || m.Form == "" {
		if t := reasonOf(err); !t.Empty() {
			for _, l := range x.emptyLists(e) {
				add(l)
			}
			if len(list) == 0 {
				add(Lack{Reason: t})
			}
			return list
		}
	}
	for _, read := range e.Needs() {
		if l, ok := x.factLack(read); ok {
			add(l)
		}
	}
	if len(list) == 0 && m != nil {
		l, ok := x.factLack(programme.Read{Form: m.Form, Field: m.Field})
		if !ok {
			l = Lack{Form: m.Form, Field: m.Field, Title: programme.T(m.Field, m.Field), Reason: programme.T("未填", "was left empty")}
			if i, known := x.pr.byForm[m.Form]; known {
				l.Title = fieldTitle(x.pr.forms[i], m.Field)
			}
		}
		add(l)
	}
	return list
}

// emptyLists names the lists that an expression reads and that hold nothing.
func (x *explainer) emptyLists(e *programme.Expr) []Lack {
	var list []Lack
	for _, read := range e.Needs() {
		i, ok := x.pr.byForm[read.Form]
		if !ok || x.pr.forms[i].kind == single || x.pr.forms[i].kind == profile {
			continue
		}
		if l, ok := x.formLack(i); ok && !slices.Contains(list, l) {
			list = append(list, l)
		}
	}
	return list
}

// factLack says that a fact is missing, and why; ok is false when it is there, or is one of a list.
func (x *explainer) factLack(read programme.Read) (Lack, bool) {
	i, ok := x.pr.byForm[read.Form]
	if !ok || read.Field == "" {
		return Lack{}, false
	}
	f := x.pr.forms[i]
	empty := Lack{Form: f.Name, Field: read.Field, Title: fieldTitle(f, read.Field), Reason: programme.T("未填", "was left empty")}
	switch f.kind {
	case single:
		if l, lacks := x.formLack(i); lacks {
			return l, true
		}
		_, filled := x.ch.record(i).Values[read.Field]
		return empty, !filled && read.Field != "on"
	case profile:
		for j, field := range f.Fields {
			if field.Name == read.Field {
				return empty, len(x.ch.records[i]) == 0 || x.ch.records[i][j] == nil
			}
		}
	}
	return Lack{}, false
}
