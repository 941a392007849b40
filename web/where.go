package web

import (
	"context"
	"strings"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// running finds the programme that the address names, and remembers it for pages that stand outside any programme.
func (r *request) running() (*bihuan.Running, error) {
	run, err := r.f.site.Running(r.ctx(), r.PathValue("programme"))
	if err != nil {
		return nil, err
	}
	if !r.actor.Visitor() && r.f.sessions.GetString(r.ctx(), "programme") != run.Name {
		r.f.sessions.Put(r.ctx(), "programme", run.Name)
	}
	return run, nil
}

// subjectHere finds the subject that the address names, in the programme that it names.
func (r *request) subjectHere(run *bihuan.Running) (bihuan.Subject, error) {
	s, err := r.f.site.Subject(r.ctx(), r.actor, r.PathValue("subject"))
	if err == nil && s.Programme != run.Name {
		err = &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这个评价对象", "There is no such subject")}
	}
	return s, err
}

// usual finds the programme that somebody looked at last, else the first that he has a role in; nil: there is none.
func (r *request) usual() (*bihuan.Running, error) {
	all, err := r.f.site.Programmes(r.ctx())
	if err != nil {
		return nil, err
	}
	last := r.f.sessions.GetString(r.ctx(), "programme")
	var found *bihuan.Running
	for _, run := range all {
		if run.Name == last {
			return run, nil
		}
		for _, g := range r.actor.Grants {
			if found == nil && (g.Programme == run.Name || g.Programme == "" && g.Role == bihuan.Admin) {
				found = run
			}
		}
	}
	return found, nil
}

// inUsual begins a page that stands outside any programme, with the navigation of the usual one.
func (r *request) inUsual(title programme.Text, place string) (view, error) {
	run, err := r.usual()
	if err != nil {
		return view{}, err
	}
	v := r.view(title)
	v.Place = place
	if run != nil {
		v.Programme = run.Programme
	}
	return v, nil
}

// roles are what somebody may be at a unit, by the names that the programme gives. The role bihuan.Admin, which no
// programme has, is that of administrators.
type roles map[string]bool

// rolesAt tells which roles of the programme the actor holds at a unit or above it.
func (r *request) rolesAt(ctx context.Context, p *programme.Programme, unit string) (roles, error) {
	held := roles{}
	for _, g := range r.actor.Grants {
		if held[g.Role] || g.Programme != p.Name && (g.Programme != "" || g.Role != bihuan.Admin) {
			continue
		}
		ok, err := r.f.site.May(ctx, r.actor, g.Programme, unit, g.Role)
		if err != nil {
			return nil, err
		}
		if ok {
			held[g.Role] = true
		}
	}
	return held, nil
}

// files lists the parties and roles as which somebody may file a form. Administrators file for anyone.
func (held roles) files(p *programme.Programme, f *programme.Form) []string {
	var as []string
	for _, party := range p.Parties {
		if (held[party.Role] || held[bihuan.Admin]) && p.MayFile(f, party.Name) {
			as = append(as, party.Name)
		}
	}
	for _, by := range f.By {
		if _, isParty := partyTitle(p, by); !isParty && (held[by] || held[bihuan.Admin]) && !holdsParty(p, by) {
			as = append(as, by)
		}
	}
	return as
}

// judges tells whether somebody holds the role of any party.
func (held roles) judges(p *programme.Programme) bool {
	for _, party := range p.Parties {
		if held[party.Role] {
			return true
		}
	}
	return false
}

// reads tells whether somebody may read evidence: whoever scores, and administrators. Others see the score alone.
func (held roles) reads(p *programme.Programme) bool { return held[bihuan.Admin] || held.judges(p) }

func holdsParty(p *programme.Programme, role string) bool {
	for _, party := range p.Parties {
		if party.Role == role {
			return true
		}
	}
	return false
}

func partyTitle(p *programme.Programme, name string) (programme.Text, bool) {
	for _, party := range p.Parties {
		if party.Name == name {
			if party.Title.Empty() {
				return programme.T(name, name), true
			}
			return party.Title, true
		}
	}
	return programme.Text{}, false
}

// by names a party or a role as the programme does.
func (v view) by(p *programme.Programme, name string) string {
	if t, ok := partyTitle(p, name); ok {
		return v.In(t)
	}
	for _, r := range p.Roles {
		if r.Name == name && !r.Title.Empty() {
			return v.In(r.Title)
		}
	}
	return name
}

// moment writes a moment to the minute: 2021年1月20日 15:04, or 20 Jan 2021 15:04.
func (v view) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if v.Lang == programme.En {
		return t.Format("2 Jan 2006 15:04")
	}
	return t.Format("2006年1月2日 15:04")
}

// formTitle names a form as the programme does; the two built-in ones have words of their own.
func (v view) formTitle(p *programme.Programme, name string) string {
	switch name {
	case programme.SubjectForm:
		return v.T("基本情况", "Basic data")
	case programme.JudgementForm:
		return v.T("评定", "Judgement")
	}
	if f, ok := p.Form(name); ok && !f.Title.Empty() {
		return v.In(f.Title)
	}
	return name
}

// fieldTitle names a field as the programme does.
func (v view) fieldTitle(f *programme.Field) string {
	if f.Title.Empty() {
		return strings.ReplaceAll(f.Name, "_", " ")
	}
	return v.In(f.Title)
}

// clauseOf finds a clause of the standard.
func clauseOf(p *programme.Programme, number string) (*programme.Clause, bool) {
	if p.Standard == nil {
		return nil, false
	}
	for _, part := range p.Standard.Parts {
		for _, section := range part.Sections {
			for _, c := range section.Clauses {
				if c.Clause == number {
					return c, true
				}
			}
		}
	}
	return nil, false
}

// subjectURL is the address of a subject's page.
func subjectURL(p, id string) string { return "/p/" + p + "/subjects/" + id }
