package web

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// doing is a way that is being filled in.
type doing struct {
	Way      programme.Way
	Key      string
	Fields   []filingField
	Reason   string
	To       string
	With     []string
	Parts    string
	Handlers []bihuan.Handler // of assign
	Units    []bihuan.Unit    // of transfer: where it may go
	Find     string           // of transfer: what was searched
	Same     []bihuan.Matter  // of merge: others of the kind that run
	Error    *bihuan.Error
	Stray    []programme.FieldError
}

// Names of what a matter's forms send beside the fields of the programme's forms.
const (
	doField     = "_do"
	seenField   = "_seen"
	stageField  = "_stage"
	reasonField = "_reason"
	toField     = "_to"
	withField   = "_with"
	partsField  = "_parts"
	findField   = "_find"
)

// act does something with a matter. What is wrong comes back filled, with the mistake at its field; who comes too late reads what
// happened instead, and keeps what he typed.
func act(r *request) error {
	m, err := r.f.site.Matter(r.ctx(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	page, err := r.matterPage(m)
	if err != nil {
		return err
	}
	all := &programme.Form{}
	for _, st := range page.Process.Matter.Stages { // which of them it is, only what was sent tells
		for _, name := range stageForms(st) {
			if f, ok := page.Process.Form(name); ok {
				all.Fields = append(all.Fields, f.Fields...)
			}
		}
	}
	values, wrong, err := r.readFiling(all)
	if err != nil {
		return err
	}
	key, stage := first(values[doField]), first(values[stageField])
	kind, action := ofKey(key)
	if first(values[findField]) != "" && kind == programme.EventTransfer { // another search for a unit, not a transfer yet
		if way, ok := page.way(key); ok {
			if err := page.open(r, way, values, nil); err != nil {
				return err
			}
			return r.page(matterView(page.view(r), page))
		}
	}
	seen, _ := strconv.Atoi(first(values[seenField]))
	mv := bihuan.Move{Kind: kind, Seen: seen, Stage: stage, Forms: map[string]map[string]any{}, Reason: first(values[reasonField]),
		To: first(values[toField]), With: slices.DeleteFunc(slices.Clone(values[withField]), func(s string) bool { return s == "" || s == first(values[toField]) }),
		Parts: lines(first(values[partsField]))}
	if kind == programme.EventAct || kind == programme.EventPause {
		mv.Action = action
	}
	forms := page.formsOf(key, first([]string{stage}, page.Matter.Stage))
	for _, f := range forms {
		mv.Forms[f.Name] = rawValues(f, values)
	}
	if len(wrong) > 0 {
		err = &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("有填写错误，请改正后再提交", "Some entries are wrong; nothing was filed yet"), Fields: wrong}
	} else {
		m, err = r.f.site.Act(r.ctx(), r.actor, m.ID, mv)
	}
	var known *bihuan.Error
	if errors.As(err, &known) && known.Kind != bihuan.Unauthenticated {
		return r.refuseAct(known, key, forms, values)
	}
	if err != nil {
		return err
	}
	said := programme.T("已办：{0}", "Done: {0}").Fill(page.doneText(key, stage))
	if m.ID == "" { // it went where the viewer does not see it
		return r.redirect(mattersURL(page.Matter.Programme, page.Matter.Name), said)
	}
	return r.redirect(matterURL(m.Code), said)
}

// refuseAct shows the matter as it stands now, what was refused and why, and what was typed.
func (r *request) refuseAct(known *bihuan.Error, key string, forms []*programme.Form, values map[string][]string) error {
	m, err := r.f.site.Matter(r.ctx(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	page, err := r.matterPage(m)
	if err != nil {
		return err
	}
	way, ok := page.way(key)
	if ok && !page.pressed(way) {
		if err := page.open(r, way, values, known); err != nil {
			return err
		}
	}
	if !ok || page.pressed(way) || known.Kind != bihuan.Invalid {
		page.Error = known
	}
	if !ok {
		page.Typed = r.typed(forms, values)
	}
	return r.pageWith(statuses[known.Kind], matterView(page.view(r), page))
}

// typed lists what had been filled in, to be copied.
func (r *request) typed(forms []*programme.Form, values map[string][]string) []fact {
	v := view{Lang: r.lang}
	var list []fact
	for _, form := range forms {
		for _, f := range form.Fields {
			if text := first(values[f.Name]); text != "" && !f.HoldsAttachments() {
				list = append(list, fact{v.fieldTitle(f), text})
			}
		}
	}
	if text := first(values[reasonField]); text != "" {
		list = append(list, fact{v.T("理由", "Reason"), text})
	}
	return list
}

// open opens a way to be filled in, with what was typed and what was wrong with it.
func (p *matterPage) open(r *request, way programme.Way, values map[string][]string, wrong *bihuan.Error) error {
	d := &doing{Way: way, Key: wayKey(way), Reason: first(values[reasonField]), To: first(values[toField]), With: values[withField], Parts: first(values[partsField]),
		Find: first(values[findField]), Error: wrong}
	p.Do = d
	about, err := r.about(p.Matter.Subject)
	if err != nil {
		r.f.log.Warn("subject values for a form", "subject", p.Matter.Subject.ID, "error", err)
		about = programme.About{AsOf: p.Today}
	}
	for _, form := range p.formsOf(d.Key, p.Matter.Stage) {
		d.Fields = append(d.Fields, r.filled(p.Running.Programme, form, about, values, wrong)...)
	}
	d.Stray = strays(wrong, d.Fields, "reason", "to", "with", "parts")
	switch way.Kind {
	case programme.EventAssign:
		d.Handlers, err = r.f.site.MatterHandlers(r.ctx(), r.actor, p.Matter.ID)
	case programme.EventTransfer:
		err = d.findUnits(r, p.Matter)
	case programme.EventMerge:
		var found bihuan.MatterPage
		found, err = r.f.site.Matters(r.ctx(), r.actor, bihuan.MatterQuery{Programme: p.Matter.Programme, Name: p.Matter.Name, Subject: p.Matter.Subject.ID, State: "open", Page: bihuan.Page{Limit: 200}})
		d.Same = slices.DeleteFunc(found.Matters, func(m bihuan.Matter) bool { return m.ID == p.Matter.ID })
	}
	return err
}

// findUnits lists where a matter may go: what was searched, or else the units beside and above the one that has it.
func (d *doing) findUnits(r *request, m bihuan.MatterFile) (err error) {
	if d.Find != "" {
		d.Units, _, err = r.f.site.Units(r.ctx(), bihuan.UnitQuery{Search: d.Find, Page: bihuan.Page{Limit: 20}})
	} else {
		var path []bihuan.Unit
		if path, err = r.f.site.Path(r.ctx(), m.Unit); err != nil {
			return err
		}
		slices.Reverse(path)
		if len(path) > 1 {
			var beside []bihuan.Unit
			if beside, err = r.f.site.Children(r.ctx(), path[1].Code); err != nil {
				return err
			}
			d.Units = append(path[1:2:2], beside[:min(len(beside), 20)]...)
		}
	}
	d.Units = slices.DeleteFunc(d.Units, func(u bihuan.Unit) bool { return u.Code == m.Unit })
	return err
}

// doneText says what was done.
func (p matterPage) doneText(key, stage string) programme.Text {
	kind, name := ofKey(key)
	if kind == programme.EventFile {
		if f, ok := p.Process.Form(name); ok && !f.Title.Empty() {
			return f.Title
		}
	}
	return p.Process.Happened(programme.Happening{Kind: kind, Action: name, From: p.Matter.Stage})
}

// stageForms names the forms that are filled in from a stage on.
func stageForms(st *programme.Stage) []string {
	var names []string
	for _, a := range st.Actions {
		names = append(names, a.Form, a.Needs)
	}
	if st.Collect != nil {
		names = append(names, st.Collect.Form)
	}
	if st.Needs != nil {
		names = append(names, st.Needs.Form)
	}
	if st.Extend != nil {
		names = append(names, st.Extend.Needs)
	}
	return names
}

// lines splits a text into its lines that say something.
func lines(s string) []string {
	var list []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// seenText is the number of events the viewer has seen.
func seenText(m bihuan.MatterFile) string { return strconv.Itoa(m.Seq) }

// asksReason tells whether a reason may be given. A plain step that needs none is not slowed down by asking for it.
func (d *doing) asksReason() bool {
	switch d.Way.Kind {
	case programme.EventPause, programme.EventMerge, programme.EventWithdraw:
		return true
	}
	return d.Way.Reason
}

// reasonBad tells whether the reason is what is wrong; a form may have a field of that name.
func (d *doing) reasonBad() bool {
	return fieldBad("reason", fieldsOf(d.Error)) && !slices.ContainsFunc(d.Fields, func(f filingField) bool { return f.Name == "reason" })
}

// grave tells whether a way ends the matter without those affected.
func (d *doing) grave() bool {
	switch d.Way.Kind {
	case programme.EventWithdraw, programme.EventClose, programme.EventMerge, programme.EventSplit:
		return true
	}
	return false
}

// formWord names a form.
func formWord(v view, f *programme.Form) string {
	if f.Title.Empty() {
		return f.Name
	}
	return v.In(f.Title)
}
