package programme

import (
	"reflect"
	"slices"
	"strconv"
)

// filing reads one filed form of a case: {roster: {employees: 480, on: 2021-01-12, by: self}}.
func (d *decoder) filing(n *node, out *CaseFiling) bool {
	if n.kind != mapping || len(n.keys) != 1 || n.vals[0].kind != mapping {
		d.wrong(n.pos, T("这里应是一张填好的表单", "a filed form must stand here"), T("如 roster: {members: 462, by: self}", "such as roster: {members: 462, by: self}"))
		return false
	}
	out.Form, out.Pos = n.keys[0].text, n.keys[0].pos
	d.at[&out.Form] = out.Pos
	out.Values = d.raw(n.vals[0], out.Pos)
	return true
}

// raw keeps values as they stand in the file; a value that was left empty is left out.
func (d *decoder) raw(n *node, of Pos) Raw {
	out := Raw{}
	for i, k := range n.keys {
		d.at[inMap{of, k.text}] = n.vals[i].pos
		d.keyAt[inMap{of, k.text}] = k.pos
		if v := n.vals[i].plain(); v != nil {
			out[k.text] = v
		}
	}
	return out
}

// plain is a value without its places: a string, a list of such, a mapping of such, or nil.
func (n *node) plain() any {
	switch n.kind {
	case list:
		out := make([]any, 0, len(n.items))
		for _, x := range n.items {
			out = append(out, x.plain())
		}
		return out
	case mapping:
		out := map[string]any{}
		for i, k := range n.keys {
			out[k.text] = n.vals[i].plain()
		}
		return out
	}
	if n.tag == "null" {
		return nil
	}
	return n.text
}

// readCases reads the documents of cases/*.yaml: each is a case or a list of cases.
func (l *loader) readCases() {
	for _, doc := range l.casing {
		items := []*node{doc}
		if doc.kind == list {
			items = doc.items
		}
		for _, n := range items {
			var c *Case
			ok := l.d.value(n, reflect.ValueOf(&c).Elem(), member{})
			if c == nil || !ok && c.Pos == (Pos{}) {
				continue
			}
			c.places = map[string]Pos{}
			l.p.Cases = append(l.p.Cases, c)
		}
	}
}

// cases checks what the cases say against the programme.
func (l *loader) cases() {
	seen := map[string]Pos{}
	for _, c := range l.p.Cases {
		if was, dup := seen[c.Case]; dup && c.Case != "" {
			l.wrong(l.at(&c.Case), T("案例 {0} 重名，另一个在 {1}", "the case {0} is there twice, also at {1}").Fill(c.Case, was), Text{})
		}
		seen[c.Case] = l.at(&c.Case)
		l.party(&c.Party)
		l.caseFacts(c, c.AsOf)
		for _, peer := range c.Peers {
			if peer != nil {
				peer.AsOf = c.AsOf
				l.caseFacts(peer, c.AsOf)
			}
		}
		l.caseExpects(c)
	}
}

// caseFacts checks what the subject is, and what is filed for it.
func (l *loader) caseFacts(c *Case, asOf Day) {
	about := About{AsOf: asOf}
	if f, ok := l.p.Form(SubjectForm); ok && c.Subject != nil {
		about.Subject = l.fill(f, c.Subject, l.at(&c.Subject), about)
	}
	for i := range c.Evidence {
		l.caseFiling(c, &c.Evidence[i], about)
	}
	for i := range c.Matters {
		l.caseMatter(&c.Matters[i])
	}
}

func (l *loader) caseFiling(c *Case, x *CaseFiling, about About) {
	if x.Form == "" {
		return
	}
	names := append(formNames(l.p), SubjectForm, JudgementForm)
	if !l.oneOf(&x.Form, T("表单", "forms"), T("没有表单 {0}", "there is no form {0}"), names) {
		return
	}
	f, _ := l.p.Form(x.Form)
	x.On = c.AsOf
	if x.On == 0 {
		x.On = about.AsOf
	}
	take := func(key string) (string, Pos, bool) {
		if _, own := f.Field(key); own {
			return "", Pos{}, false
		}
		v, ok := x.Values[key]
		delete(x.Values, key)
		s, _ := v.(string)
		return s, l.d.at[inMap{x.Pos, key}], ok
	}
	if s, at, ok := take("on"); ok {
		if day, err := ParseDay(s); err != nil {
			l.wrong(at, T("这里应是一个日期", "a day must stand here"), T("如 2021-01-20", "such as 2021-01-20"))
		} else {
			x.On = day
		}
	}
	if s, at, ok := take("by"); ok {
		x.By = s
		who := append(partyNames(l.p), roleNames(l.p)...)
		if !slices.Contains(who, s) {
			l.wrong(at, T("没有评价方或角色 {0}", "there is no party or role {0}").Fill(s), meant(s, T("评价方和角色", "parties and roles"), who))
		} else if x.Form != SubjectForm && x.Form != JudgementForm && !l.p.MayFile(f, s) {
			l.wrong(at, T("{0} 不能填报 {1}", "{0} may not file {1}").Fill(s, x.Form), T("可填报的有：{0}", "those who may are: {0}").Fill(listed(l.p.Filers(f))))
		}
	} else if x.Form == JudgementForm && len(l.p.Parties) > 0 {
		x.By = l.p.Parties[len(l.p.Parties)-1].Name
	} else if who := l.p.Filers(f); len(who) > 0 {
		x.By = who[0]
	}
	if x.Form == JudgementForm {
		l.caseJudgement(x)
	}
	if f.Ballot {
		l.caseBallot(f, x)
		return
	}
	v := l.fill(f, x.Values, x.Pos, about)
	if day := f.DayField(); day != nil {
		if on, ok := v[day.Name].(Day); ok {
			x.On = on
		}
	}
}

// fill checks values against their form. What a case leaves out is not asked for: cases of missing facts need that.
func (l *loader) fill(f *Form, raw Raw, of Pos, about About) Values {
	for _, x := range f.Fields {
		if x.Type == "" || l.d.broken[x] {
			return nil // a mistake in the form was told already
		}
	}
	v, errs := f.Fill(l.p, raw, about)
	for _, e := range errs {
		at, ok := l.d.at[inMap{of, e.Field}]
		if !ok {
			continue
		}
		if _, known := f.Field(e.Field); !known {
			at = l.d.keyAt[inMap{of, e.Field}]
			l.wrong(at, T("表单 {0} 没有字段 {1}", "the form {0} has no field {1}").Fill(f.Name, e.Field), meant(e.Field, T("字段", "fields"), fieldNames(f.Fields)))
			continue
		}
		l.wrong(at, T("{0}：{1}", "{0}: {1}").Fill(e.Field, e.Message), Text{})
	}
	return v
}

func (l *loader) caseJudgement(x *CaseFiling) {
	number, _ := x.Values["clause"].(string)
	at := func(key string) Pos {
		if p, ok := l.d.at[inMap{x.Pos, key}]; ok {
			return p
		}
		return x.Pos
	}
	c, ok := l.p.Clause(number)
	switch {
	case !ok:
		l.wrong(at("clause"), T("没有条款 {0}", "there is no clause {0}").Fill(number), meant(number, T("条款", "clauses"), clauseNumbers(l.p)))
		return
	case c.Judged == nil:
		l.wrong(at("clause"), T("条款 {0} 不由人评定", "the clause {0} is not judged by anybody").Fill(number), Text{})
		return
	}
	level, leveled := x.Values["level"].(string)
	var levels []string
	for _, x := range c.Judged.Levels {
		levels = append(levels, x.Name)
	}
	if leveled && !slices.Contains(levels, level) {
		l.wrong(at("level"), T("条款 {0} 没有档次 {1}", "the clause {0} has no level {1}").Fill(number, level), meant(level, T("档次", "levels"), levels))
	}
}

// mostVotes is how many votes a ballot of a case may have.
const mostVotes = 100_000_000

// caseBallot checks the figures of a ballot: how many were invited and took part, and for every option how many votes it got.
func (l *loader) caseBallot(f *Form, x *CaseFiling) {
	names := []string{"invited", "cast"}
	for _, c := range f.Fields {
		names = append(names, optionNames(c.Of)...)
	}
	for key, v := range x.Values {
		s, _ := v.(string)
		n, err := strconv.ParseUint(s, 10, 32)
		if !slices.Contains(names, key) {
			l.wrong(l.d.keyAt[inMap{x.Pos, key}], T("表决 {0} 没有 {1}", "the ballot {0} has no {1}").Fill(f.Name, key), meant(key, T("数", "figures"), names))
		} else if err != nil || n > mostVotes {
			l.wrong(l.d.at[inMap{x.Pos, key}], T("这里应是票数", "a number of votes must stand here"), Text{})
		}
	}
}

// matterFacts are what rules see of a matter besides the fields of its forms.
var matterFacts = []string{"id", "stage", "outcome", "raised", "taken_up", "closed", "due", "overdue", "on_time"}

func (l *loader) caseMatter(x *CaseFiling) {
	if x.Form == "" || !l.oneOf(&x.Form, T("事项", "matters"), T("没有事项 {0}", "there is no matter {0}"), matterNames(l.p)) {
		return
	}
	m, ok := l.p.Matter(x.Form)
	if !ok {
		return
	}
	names := slices.Clone(matterFacts)
	for _, f := range l.matterForms(m) {
		names = append(append(names, f.Name), fieldNames(f.Fields)...)
	}
	for key := range x.Values {
		if !slices.Contains(names, key) {
			l.wrong(l.d.keyAt[inMap{x.Pos, key}], T("事项 {0} 没有 {1}", "the matter {0} has no {1}").Fill(m.Name, key), meant(key, T("字段", "fields"), names))
		}
	}
}

func (l *loader) caseExpects(c *Case) {
	e := &c.Expect
	c.places["expect"] = l.at(e)
	if e.Grade != nil {
		c.places["grade"] = l.at(&e.Grade)
		if grades := append(l.p.GradeNames(), ""); l.p.Standard != nil && !slices.Contains(grades, *e.Grade) {
			l.wrong(l.at(&e.Grade), T("没有等级 {0}", "there is no grade {0}").Fill(*e.Grade), meant(*e.Grade, T("等级", "grades"), l.p.GradeNames()))
		}
	}
	for name, p := range map[string]any{"total": &e.Total, "scored": &e.Scored, "vetoes": &e.Vetoes} {
		if at, ok := l.d.at[p]; ok {
			c.places[name] = at
		}
	}
	for i := range e.Vetoes {
		l.oneOf(&e.Vetoes[i], T("否决项", "vetoes"), T("没有否决项 {0}", "there is no veto {0}"), l.p.vetoNames())
	}
	for name := range e.Columns {
		c.places["columns."+name] = l.d.at[inMap{&e.Columns, name}]
		if _, ok := l.p.Party(name); !ok {
			l.wrong(l.d.keyAt[inMap{&e.Columns, name}], T("没有评价方 {0}", "there is no party {0}").Fill(name), meant(name, T("评价方", "parties"), partyNames(l.p)))
		}
	}
	for name := range e.Clauses {
		c.places["clauses."+name] = l.d.at[inMap{&e.Clauses, name}]
		if _, ok := l.p.Clause(name); !ok {
			l.wrong(l.d.keyAt[inMap{&e.Clauses, name}], T("没有条款 {0}", "there is no clause {0}").Fill(name), meant(name, T("条款", "clauses"), clauseNumbers(l.p)))
		}
	}
}

// At gives the place of something that the case expects: grade, total, scored, vetoes, columns.PARTY or clauses.NUMBER; the
// place of the case when it expects no such thing.
func (c *Case) At(key string) Pos {
	if p, ok := c.places[key]; ok {
		return p
	}
	return c.Pos
}

// Filers lists who may file a form, parties first.
func (p *Programme) Filers(f *Form) (names []string) {
	for _, x := range p.Parties {
		if p.MayFile(f, x.Name) {
			names = append(names, x.Name)
		}
	}
	for _, by := range f.By {
		if indexOf(names, by) < 0 {
			names = append(names, by)
		}
	}
	return names
}

// vetoNames lists the names of all vetoes; that of a clause's veto is the clause's number.
func (p *Programme) vetoNames() (names []string) {
	if p.Standard == nil {
		return nil
	}
	for _, v := range p.Standard.Vetoes {
		names = append(names, v.Veto)
	}
	for _, c := range p.Clauses() {
		if c.Veto != nil {
			names = append(names, c.Clause)
		}
		if c.Gate {
			names = append(names, c.Clause)
		}
	}
	return names
}
