package web

import (
	"errors"
	"strconv"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// evidencePage shows one filed form and what rests on it.
type evidencePage struct {
	Running  *bihuan.Running // the version it was filed under
	Subject  bihuan.Subject
	Evidence bihuan.Evidence
	Form     *programme.Form
	Clause   *programme.Clause // of a judgement: the clause that was judged
	Reads    []readBy
	Correct  bool // the viewer may correct it
	Withdraw bool // the viewer may withdraw it
	Reason   string
	Error    *bihuan.Error
}

// readBy is a clause that looked at the evidence, in which columns.
type readBy struct {
	assess.ClauseScore
	Title   programme.Text
	Parties []string
}

// evidence shows one piece of evidence.
func evidence(r *request) error {
	page, err := r.evidencePage()
	if err != nil {
		return err
	}
	return r.page(evidenceView(page.view(r), page))
}

// withdrawEvidence takes evidence out of the score. It stays readable, with the reason.
func withdrawEvidence(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	id, reason := r.PathValue("id"), r.PostForm.Get("reason")
	err := r.f.site.Withdraw(r.ctx(), r.actor, id, reason)
	var known *bihuan.Error
	if errors.As(err, &known) && known.Kind == bihuan.Invalid {
		page, err := r.evidencePage()
		if err != nil {
			return err
		}
		page.Reason, page.Error = reason, known
		return r.pageWith(statuses[known.Kind], evidenceView(page.view(r), page))
	}
	if err != nil {
		return err
	}
	return r.redirect("/evidence/"+id, programme.T("已撤回，得分已重新计算。", "Withdrawn; the score has been computed anew."))
}

func (r *request) evidencePage() (evidencePage, error) {
	e, err := r.f.site.Evidence(r.ctx(), r.actor, r.PathValue("id"))
	if err != nil {
		return evidencePage{}, err
	}
	sub, err := r.f.site.Subject(r.ctx(), r.actor, e.Subject)
	if err != nil {
		return evidencePage{}, err
	}
	run, err := r.f.site.RunningVersion(r.ctx(), e.Version)
	if err != nil {
		return evidencePage{}, err
	}
	form, ok := run.Form(e.Form)
	if !ok {
		form = &programme.Form{Name: e.Form}
	}
	if form.Ballot {
		form = form.Figures()
	}
	held, err := r.rolesAt(r.ctx(), run.Programme, sub.Unit)
	if err != nil {
		return evidencePage{}, err
	}
	page := evidencePage{Running: run, Subject: sub, Evidence: e, Form: form}
	if e.Form == programme.JudgementForm {
		number, _ := e.Values["clause"].(string)
		page.Clause, _ = clauseOf(run.Programme, number)
	}
	if e.SupersededBy == "" && e.Withdrawn == nil && !sub.Left {
		party, isParty := run.Party(e.By)
		page.Correct = e.Form != programme.JudgementForm && !form.Ballot && has(held.files(run.Programme, form), e.By)
		page.Withdraw = e.Account == r.actor.ID || held[bihuan.Admin] || isParty && held[run.Parties[party].Role]
	}
	if e.SupersededBy == "" && e.Withdrawn == nil {
		columns, err := r.f.site.Columns(r.ctx(), r.actor, sub.ID, bihuan.At{})
		if err != nil {
			return evidencePage{}, err
		}
		page.Reads = readsOf(run.Programme, columns, e.ID)
	}
	return page, nil
}

// readsOf finds the clauses that looked at a piece of evidence.
func readsOf(p *programme.Programme, columns []assess.Score, id string) []readBy {
	var list []readBy
	at := map[string]int{}
	for _, s := range columns {
		for _, c := range s.Clauses {
			if !looksAt(c, id) {
				continue
			}
			i, ok := at[c.Clause]
			if !ok {
				i = len(list)
				at[c.Clause] = i
				list = append(list, readBy{})
			}
			list[i].ClauseScore = c // of the last column that looked
			list[i].Parties = append(list[i].Parties, s.Party)
			if def, ok := clauseOf(p, c.Clause); ok {
				list[i].Title = def.Title
			}
		}
	}
	return list
}

func looksAt(c assess.ClauseScore, id string) bool {
	for _, in := range c.Inputs {
		if has(in.Evidence, id) {
			return true
		}
	}
	return false
}

func (p evidencePage) view(r *request) view {
	zh, en := view{Lang: programme.Zh}, view{Lang: programme.En}
	title := programme.T(zh.formTitle(p.Running.Programme, p.Form.Name)+" · "+p.Subject.Name, en.formTitle(p.Running.Programme, p.Form.Name)+" · "+p.Subject.Name)
	return r.inProgramme(title, p.Running.Programme, "subjects")
}

// filesOf are the attachments of a field.
func (p evidencePage) filesOf(f *programme.Field) []filedAttachment {
	var list []filedAttachment
	shas, _ := p.Evidence.Values[f.Name].([]string)
	for _, sha := range shas {
		shown := filedAttachment{SHA256: sha, Name: sha[:min(8, len(sha))], URL: "/evidence/" + p.Evidence.ID + "/files/" + sha}
		for _, a := range p.Evidence.Attachments {
			if a.SHA256 == sha {
				shown.Name, shown.Image = a.Name, isImage(a.Media)
			}
		}
		list = append(list, shown)
	}
	return list
}

// evidenceListPage lists what was filed for a subject.
type evidenceListPage struct {
	Running *bihuan.Running
	Subject bihuan.Subject
	Form    string // empty: all
	Counts  []formCount
	List    []bihuan.Evidence
	Pager   pagerArgs
}

// formCount is how many filings of a form there are.
type formCount struct {
	Form  string
	Count int
}

// subjectEvidence lists the evidence of a subject, newest first.
func subjectEvidence(r *request) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	sub, err := r.subjectHere(run)
	if err != nil {
		return err
	}
	all, err := r.f.site.EvidenceOf(r.ctx(), r.actor, sub.ID, "")
	if err != nil {
		return err
	}
	q := r.URL.Query()
	page := evidenceListPage{Running: run, Subject: sub, Form: q.Get("form")}
	page.Counts = []formCount{{"", len(all)}}
	at := map[string]int{}
	var chosen []bihuan.Evidence
	for _, e := range all {
		if page.Form == "" || page.Form == e.Form {
			chosen = append(chosen, e)
		}
		if _, ok := at[e.Form]; !ok {
			at[e.Form] = len(page.Counts)
			page.Counts = append(page.Counts, formCount{e.Form, 0})
		}
		page.Counts[at[e.Form]].Count++
	}
	const limit = 40
	offset, _ := strconv.Atoi(q.Get("offset"))
	offset = min(max(offset, 0), max(len(chosen)-1, 0))
	page.List = chosen[offset:min(offset+limit, len(chosen))]
	base := subjectURL(run.Name, sub.ID) + "/evidence?form=" + page.Form
	page.Pager = pagerArgs{offset: offset, limit: limit, total: len(chosen), href: func(o int) string { return base + "&offset=" + strconv.Itoa(o) }}
	title := programme.T("佐证 · "+sub.Name, "Evidence · "+sub.Name)
	return r.page(evidenceListView(r.inProgramme(title, run.Programme, "subjects"), page))
}

// summary tells the first few values of a filed form in a line.
func summary(v view, p *programme.Programme, e bihuan.Evidence) string {
	form, ok := p.Form(e.Form)
	if !ok {
		return ""
	}
	text, n := "", 0
	for _, f := range form.Fields {
		value, ok := e.Values[f.Name]
		if !ok || f.HoldsAttachments() || f.Is == "date" {
			continue
		}
		if n == 3 {
			return text + "…"
		}
		shown := []rune(f.Show(value, v.Lang))
		if len(shown) > 30 {
			shown = append(shown[:30], '…')
		}
		if n > 0 {
			text += v.T("，", ", ")
		}
		text += v.fieldTitle(f) + " " + string(shown)
		n++
	}
	return text
}

// firstMessage is the mistake at the first field, else the sentence of the error itself.
func firstMessage(v view, e *bihuan.Error) string {
	for _, f := range e.Fields {
		return v.In(f.Message)
	}
	return v.In(e.Text)
}
