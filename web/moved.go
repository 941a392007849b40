package web

import (
	"encoding/json"
	"fmt"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// movedPage shows what a filing did to the score.
type movedPage struct {
	Running *bihuan.Running
	Subject bihuan.Subject
	Form    string
	Filed   bihuan.Filed
	Next    []bihuan.Due // what else is due
	Files   map[string]bool
	Today   programme.Day
}

// lastFiled is kept in the session, so that the page can be looked at again and a second press files nothing.
type lastFiled struct {
	Once    string
	Subject string
	Form    string
	Filed   bihuan.Filed
}

// keepFiled remembers what was filed last.
func (r *request) keepFiled(page filingPage, filed bihuan.Filed) error {
	doc, err := json.Marshal(lastFiled{page.Once, page.Subject.ID, page.Form.Name, filed})
	if err != nil {
		return fmt.Errorf("keep what was filed: %w", err)
	}
	r.f.sessions.Put(r.ctx(), "filed", string(doc))
	return nil
}

func (r *request) lastFiled() (lastFiled, bool) {
	var last lastFiled
	err := json.Unmarshal([]byte(r.f.sessions.GetString(r.ctx(), "filed")), &last)
	return last, err == nil && last.Filed.ID != ""
}

// filedOnce gives the evidence that this very filling has become already.
func (r *request) filedOnce(once string) string {
	if last, ok := r.lastFiled(); ok && once != "" && last.Once == once {
		return last.Filed.ID
	}
	return ""
}

// moved shows what the last filing moved; of older ones it shows the evidence.
func moved(r *request) error {
	last, ok := r.lastFiled()
	if !ok || last.Filed.ID != r.PathValue("id") {
		return r.redirect("/evidence/"+r.PathValue("id"), programme.Text{})
	}
	sub, err := r.f.site.Subject(r.ctx(), r.actor, last.Subject)
	if err != nil {
		return err
	}
	run, err := r.f.site.Running(r.ctx(), sub.Programme)
	if err != nil {
		return err
	}
	page := movedPage{Running: run, Subject: sub, Form: last.Form, Filed: last.Filed, Files: map[string]bool{}, Today: r.f.site.Today()}
	held, err := r.rolesAt(r.ctx(), run.Programme, sub.Unit)
	if err != nil {
		return err
	}
	due, err := r.f.site.Due(r.ctx(), r.actor, sub.ID)
	if err != nil {
		return err
	}
	for _, f := range formEntries(run.Programme, held, due) {
		page.Files[f.Form.Name] = true
	}
	for _, d := range (subjectPage{Due: due, Today: page.Today}).urgent() {
		if page.Files[d.Form] && d.Form != last.Form {
			page.Next = append(page.Next, d)
		}
	}
	return r.page(movedView(r.inProgramme(programme.T("已填报", "Filed"), run.Programme, "subjects"), page))
}

// changedColumns tells whether the deciding column is another one than the actor's own.
func (p movedPage) twoColumns() bool { return p.Filed.After.Own.Party != p.Filed.After.Deciding.Party }

// same tells whether nothing moved.
func (p movedPage) same() bool {
	return len(p.Filed.Moved) == 0 && p.Filed.Before.Own == p.Filed.After.Own && p.Filed.Before.Deciding == p.Filed.After.Deciding
}

func columnTotal(c bihuan.Column) string {
	if !c.Scored {
		return "–"
	}
	return points(c.Total)
}
