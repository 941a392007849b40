package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

type judgeArgs struct {
	Running  *bihuan.Running
	Subject  bihuan.Subject
	Place    string
	Clause   *programme.Clause
	Rule     programme.Text
	Columns  []judgedColumn    // what each party's column says of the clause
	Evidence []judgedOn        // the evidence to judge by, newest first
	Before   []bihuan.Evidence // judgements on this clause, newest first
	Round    *bihuan.Round     // nil: outside any round
	Waiting  int               // how many wait for the viewer, this one included
	Next     *bihuan.ToJudge
	MayNot   bool // the viewer is an officer of the subject
	Form     judgementTyped
	Error    *bihuan.Error
}

// judgementTyped is what was typed.
type judgementTyped struct{ Level, Points, Reason, By string }

type judgedColumn struct {
	Party  string
	Clause assess.ClauseScore
}

// judgedOn is evidence with the form that says what its values mean.
type judgedOn struct {
	bihuan.Evidence
	Form *programme.Form
}

// judgeForm shows a clause beside the evidence to judge it by.
func judgeForm(r *request) error {
	a, err := r.judgeArgs(r.URL.Query().Get("round"))
	if err != nil {
		return err
	}
	return r.judgePage(http.StatusOK, a)
}

func (r *request) judgePage(status int, a judgeArgs) error {
	title := programme.T("评定 "+a.Clause.Clause+" · "+a.Subject.Name, "Judge "+a.Clause.Clause+" · "+a.Subject.Name)
	return r.pageWith(status, judgePage(r.inProgramme(title, a.Running.Programme, "todo"), a))
}

func (r *request) judgeArgs(round string) (judgeArgs, error) {
	var a judgeArgs
	var err error
	if a.Running, err = r.running(); err != nil {
		return a, err
	}
	if a.Subject, err = r.subjectHere(a.Running); err != nil {
		return a, err
	}
	where, err := r.places([]string{a.Subject.Unit})
	if err != nil {
		return a, err
	}
	a.Place = where[a.Subject.Unit]
	at := bihuan.At{}
	if round != "" {
		x, err := r.f.site.Round(r.ctx(), r.actor, round)
		if err != nil {
			return a, err
		}
		if a.Running, err = r.f.site.RunningVersion(r.ctx(), x.VersionID); err != nil {
			return a, err
		}
		a.Round, at = &x, bihuan.At{AsOf: x.AsOf, Version: x.VersionID}
	}
	var found bool
	if a.Clause, found = clauseOf(a.Running.Programme, r.PathValue("clause")); !found || a.Clause.Judged == nil {
		return a, &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有需要评定的这一条", "There is no such clause to judge")}
	}
	columns, err := r.f.site.Columns(r.ctx(), r.actor, a.Subject.ID, at)
	if err != nil {
		return a, err
	}
	for _, column := range columns {
		for _, c := range column.Clauses {
			if c.Clause == a.Clause.Clause {
				a.Columns, a.Rule = append(a.Columns, judgedColumn{column.Party, c}), c.Rule
			}
		}
	}
	if err := r.judgeEvidence(&a); err != nil {
		return a, err
	}
	return a, r.judgeQueue(&a, round)
}

// judgeEvidence gathers what the clause is judged by: the forms that it names, and where it names none, all that is on file.
func (r *request) judgeEvidence(a *judgeArgs) error {
	all, err := r.f.site.EvidenceOf(r.ctx(), r.actor, a.Subject.ID, "")
	if err != nil {
		return err
	}
	named := clauseForms(a.Running.Programme, a.Clause)
	const most = 12
	for _, e := range all {
		if e.Withdrawn != nil || e.SupersededBy != "" {
			continue
		}
		if e.Form == programme.JudgementForm {
			if e.Values["clause"] == a.Clause.Clause {
				a.Before = append(a.Before, e)
			}
			continue
		}
		form, ok := a.Running.Form(e.Form)
		if !ok || e.Form == programme.SubjectForm && len(named) > 0 {
			continue
		}
		if len(named) > 0 && !slices.ContainsFunc(named, func(f *programme.Form) bool { return f.Name == e.Form }) {
			continue
		}
		if len(a.Evidence) < most {
			a.Evidence = append(a.Evidence, judgedOn{e, form})
		}
	}
	slices.SortStableFunc(a.Evidence, func(x, y judgedOn) int { return cmp.Compare(y.On, x.On) })
	return nil
}

// judgeQueue finds how many wait for the viewer, and which one comes after this.
func (r *request) judgeQueue(a *judgeArgs, round string) error {
	list, total, err := r.f.site.JudgeList(r.ctx(), r.actor, a.Running.Name, bihuan.JudgeQuery{Round: round, Page: bihuan.Page{Limit: 200}})
	if err := ours(err); err != nil {
		return err
	}
	a.Waiting = total
	here := -1
	for i, t := range list {
		if t.Subject.ID == a.Subject.ID && t.Clause == a.Clause.Clause {
			here, a.MayNot = i, t.MayNotJudge
		}
	}
	for i := range list {
		t := &list[(here+1+i)%len(list)]
		if !t.MayNotJudge && (t.Subject.ID != a.Subject.ID || t.Clause != a.Clause.Clause) {
			a.Next = t
			break
		}
	}
	return nil
}

// judge files the judgement and leads on to the next clause that waits.
func judge(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	round := r.PostForm.Get("round")
	form := judgementTyped{Level: r.PostForm.Get("level"), Points: strings.TrimSpace(r.PostForm.Get("points")), Reason: r.PostForm.Get("reason"), By: r.PostForm.Get("by")}
	j := bihuan.Judgement{Subject: r.PathValue("subject"), Round: round, Clause: r.PathValue("clause"), Level: form.Level, Reason: form.Reason, By: form.By}
	var err error
	if form.Points != "" {
		d, e := programme.ParseDecimal(form.Points)
		if e != nil {
			err = &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("有填写错误，请改正后再提交", "Some entries are wrong"),
				Fields: []programme.FieldError{{Field: "points", Message: programme.T("请填数字，如 1.5", "a number, such as 1.5")}}}
		}
		j.Points = &d
	}
	if err == nil {
		_, err = r.f.site.Judge(r.ctx(), r.actor, j)
	}
	var known *bihuan.Error
	if errors.As(err, &known) && (known.Kind == bihuan.Invalid || known.Kind == bihuan.Conflict || known.Kind == bihuan.TooLarge) {
		a, err := r.judgeArgs(round)
		if err != nil {
			return err
		}
		a.Form, a.Error = form, known
		return r.judgePage(statuses[known.Kind], a)
	}
	if err != nil {
		return err
	}
	return r.afterJudging(round)
}

// afterJudging goes on to the next clause that waits; when none does, back to where one came from.
func (r *request) afterJudging(round string) error {
	clause, judged := "#clause-"+r.PathValue("clause"), programme.T("已评定", "Judged")
	if round != "" {
		x, err := r.f.site.Round(r.ctx(), r.actor, round)
		if err != nil {
			return err
		}
		if x.State != bihuan.RoundCollecting { // judged anew, from the page of the result
			return r.redirect(decisionURL(round, r.PathValue("subject"))+clause, judged)
		}
	}
	here := subjectURL(r.PathValue("programme"), r.PathValue("subject"))
	if r.PostForm.Get("then") == "subject" {
		return r.redirect(here+clause, judged)
	}
	list, total, err := r.f.site.JudgeList(r.ctx(), r.actor, r.PathValue("programme"), bihuan.JudgeQuery{Round: round, Page: bihuan.Page{Limit: 200}})
	if err := ours(err); err != nil {
		return err
	}
	// Those of the same subject first: its evidence is still in mind.
	slices.SortStableFunc(list, func(x, y bihuan.ToJudge) int {
		return cmp.Compare(awayFrom(x, r.PathValue("subject")), awayFrom(y, r.PathValue("subject")))
	})
	for _, t := range list {
		if !t.MayNotJudge {
			return r.redirect(judgeURL(r.PathValue("programme"), t), programme.T("已评定，还有 {0} 条待评", "Judged; {0} more wait").Fill(total))
		}
	}
	if round != "" {
		return r.redirect(roundURL(round), programme.T("已评定，本次考核没有待评条款了", "Judged; nothing else waits in this round"))
	}
	return r.redirect(here, programme.T("已评定，没有待评条款了", "Judged; nothing else waits"))
}

func awayFrom(t bihuan.ToJudge, subject string) int {
	if t.Subject.ID == subject {
		return 0
	}
	return 1
}

// judgeFirst leads to the first clause of a round that waits for the viewer.
func judgeFirst(r *request) error {
	x, err := r.f.site.Round(r.ctx(), r.actor, r.PathValue("round"))
	if err != nil {
		return err
	}
	list, _, err := r.f.site.JudgeList(r.ctx(), r.actor, x.Programme, bihuan.JudgeQuery{Round: x.ID, Page: bihuan.Page{Limit: 200}})
	if err != nil {
		return err
	}
	for _, t := range list {
		if !t.MayNotJudge {
			return r.redirect(judgeURL(x.Programme, t), programme.Text{})
		}
	}
	return r.redirect(roundURL(x.ID), programme.T("没有待评条款", "Nothing waits to be judged"))
}

// judgeURL is the address at which a clause of a subject is judged.
func judgeURL(p string, t bihuan.ToJudge) string {
	to := subjectURL(p, t.Subject.ID) + "/judge/" + url.PathEscape(t.Clause)
	if t.Round != "" {
		to += "?round=" + url.QueryEscape(t.Round)
	}
	return to
}

// levelPoints is what a level of a judged clause gives.
func levelPoints(c *programme.Clause, l programme.Level) string {
	return c.Points.Mul(l.Factor).Round(6).String()
}

// rangeOf gives the bounds of a clause judged by points.
func rangeOf(c *programme.Clause) (from, to programme.Decimal) {
	to = c.Points
	if c.Judged.From != nil {
		from = *c.Judged.From
	}
	if c.Judged.To != nil {
		to = *c.Judged.To
	}
	return from, to
}

// attachmentsOf lists the pictures of one field of a piece of evidence, or its other files.
func attachmentsOf(e bihuan.Evidence, field string, pictures bool) []bihuan.Attachment {
	var list []bihuan.Attachment
	for _, x := range e.Attachments {
		if x.Field == field && isImage(x.Media) == pictures {
			list = append(list, x)
		}
	}
	return list
}

func attachmentURL(e bihuan.Evidence, x bihuan.Attachment) string {
	return "/evidence/" + e.ID + "/files/" + x.SHA256
}

func judgeCrumbs(v view, a judgeArgs) []crumb {
	if a.Round != nil {
		return []crumb{{text: v.T("考核", "Rounds"), href: v.base() + "/rounds"}, {text: a.Round.Title, href: roundURL(a.Round.ID)}, {text: v.T("评定条款", "Judge")}}
	}
	return []crumb{{text: v.T("待办", "My tasks"), href: "/todo"}, {text: v.T("评定条款", "Judge")}}
}

// judgedValue is the level or the points of a judgement on file.
func judgedValue(v view, e bihuan.Evidence) string {
	if level, ok := e.Values["level"].(string); ok && level != "" {
		return level
	}
	if d, ok := e.Values["points"].(programme.Decimal); ok {
		return d.String() + v.T(" 分", " points")
	}
	return ""
}

func judgedReason(e bihuan.Evidence) string { s, _ := e.Values["reason"].(string); return s }
