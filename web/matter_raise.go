package web

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// raisePage is the form that raises a matter for a subject.
type raisePage struct {
	Running *bihuan.Running
	Process *programme.Process
	Subject bihuan.Subject
	Form    *programme.Form
	Fields  []filingField
	Self    bool     // the viewer may raise it himself
	For     []string // roles without accounts for which the viewer may register it
	As      string   // which of them; empty: himself
	Name    string   // of that somebody
	Clause  string
	Round   string
	Once    string
	Fresh   bool // nothing was typed yet: what the phone kept may be put back
	Draft   bool // filled from the draft on the server
	Error   *bihuan.Error
	Stray   []programme.FieldError
}

// Names of what the page sends beside the form's own fields.
const (
	forField     = "_for"
	forNameField = "_name"
	clauseField  = "_clause"
	roundField   = "_round"
)

// receiptPage is what somebody without an account takes along: his code, shown once.
type receiptPage struct {
	Running *bihuan.Running
	Matter  bihuan.MatterFile
	Code    string
}

// raiseForm shows the form that raises a matter, with what was typed before.
func raiseForm(r *request) error {
	page, err := r.raising()
	if err != nil {
		return err
	}
	q := r.URL.Query()
	page.Clause, page.Round, page.Fresh = q.Get("clause"), q.Get("round"), true
	values := map[string][]string{}
	if !r.actor.Voice() {
		draft, err := r.f.site.Draft(r.ctx(), r.actor, page.Subject.ID, page.Form.Name)
		if kind, known := bihuan.KindOf(err); err != nil && !(known && kind == bihuan.NotFound) {
			return err
		}
		if len(draft.Values) > 0 {
			values, page.Draft = draftValues(draft.Values), true
		}
	}
	if err := page.fill(r, values); err != nil {
		return err
	}
	return r.page(raiseView(page.view(r), page))
}

// raise raises a matter. What is wrong comes back filled, with the mistake at its field; pressed twice it is raised once.
func raise(r *request) error {
	page, err := r.raising()
	if err != nil {
		return err
	}
	values, wrong, err := r.readFiling(page.Form)
	if err != nil {
		return err
	}
	page.As, page.Name, page.Clause, page.Round, page.Once = first(values[forField]), first(values[forNameField]), first(values[clauseField]), first(values[roundField]), first(values[onceField])
	if !page.Self && page.As == "" && len(page.For) == 1 {
		page.As = page.For[0]
	}
	var raised bihuan.Raised
	if len(wrong) > 0 {
		err = &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("有填写错误，请改正后再提交", "Some entries are wrong; nothing was filed yet"), Fields: wrong}
	} else {
		raised, err = r.f.site.Raise(r.ctx(), r.actor, bihuan.NewMatter{Subject: page.Subject.ID, Name: page.Process.Matter.Name, Values: rawValues(page.Form, values),
			Clause: page.Clause, Round: page.Round, For: page.As, ForName: page.Name, Once: page.Once})
	}
	var known *bihuan.Error
	if errors.As(err, &known) && (known.Kind == bihuan.Invalid || known.Kind == bihuan.Conflict || known.Kind == bihuan.TooLarge) {
		page.Error = known
		if err := page.fill(r, values); err != nil {
			return err
		}
		return r.pageWith(statuses[known.Kind], raiseView(page.view(r), page))
	}
	if err != nil {
		return err
	}
	if !r.actor.Voice() {
		if err := r.f.site.DropDraft(r.ctx(), r.actor, page.Subject.ID, page.Form.Name); err != nil {
			r.f.log.Warn("a draft stays behind", "error", err) // the matter is raised; the draft can only be in the way
		}
	}
	if raised.Voice != "" {
		return r.page(receiptView(r.inProgramme(programme.T("回执", "Receipt"), page.Running.Programme, "matters"), receiptPage{page.Running, raised.Matter, raised.Voice}))
	}
	return r.redirect(matterURL(raised.Matter.Code)+"?raised", programme.T("已提交，编号 {0}", "It is raised, as {0}").Fill(raised.Matter.Code))
}

// raising begins the page: what is raised, for whom, and by whom.
func (r *request) raising() (raisePage, error) {
	run, err := r.running()
	if err != nil {
		return raisePage{}, err
	}
	sub, err := r.subjectHere(run)
	if err != nil {
		return raisePage{}, err
	}
	x, ok := run.Process(r.PathValue("name"))
	if !ok {
		return raisePage{}, &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这类事项", "There are no matters of this kind")}
	}
	form, ok := x.Form(x.Matter.Raise.Form)
	if !ok {
		return raisePage{}, &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这张表", "There is no such form")}
	}
	held, err := r.rolesAt(r.ctx(), run.Programme, sub.Unit)
	if err != nil {
		return raisePage{}, err
	}
	page := raisePage{Running: run, Process: x, Subject: sub, Form: form, Once: uuid.NewString()}
	page.Self, page.For = held.raises(x)
	if !page.Self && len(page.For) == 0 {
		return raisePage{}, &bihuan.Error{Kind: bihuan.Forbidden, Text: programme.T("“{0}”由{1}提起", "{1} may raise “{0}”").Fill(matterKindTitle(x), x.People(x.Matter.Raise.By))}
	}
	return page, nil
}

// raises tells whether somebody may raise such matters himself, and for which roles without accounts he may register them.
func (held roles) raises(x *programme.Process) (self bool, forWhom []string) {
	var mine []string
	for role := range held {
		mine = append(mine, role)
	}
	self = x.Among(x.Matter.Raise.By, mine)
	if x.Among(x.Handlers(), mine) {
		for _, by := range x.Matter.Raise.By {
			_, party := x.Programme.Party(by)
			if !party && !holdsParty(x.Programme, by) && slices.ContainsFunc(x.Programme.Roles, func(r programme.Role) bool { return r.Name == by }) {
				forWhom = append(forWhom, by)
			}
		}
	}
	return self, forWhom
}

func (p *raisePage) fill(r *request, values map[string][]string) error {
	about, err := r.about(p.Subject)
	if err != nil {
		return err
	}
	p.Fields = r.filled(p.Running.Programme, p.Form, about, values, p.Error)
	p.Stray = strays(p.Error, p.Fields)
	return nil
}

func (p raisePage) view(r *request) view {
	return r.inProgramme(matterKindTitle(p.Process), p.Running.Programme, "matters")
}

// Form names the form that raised the matter, whose draft on this device is done with.
func (p receiptPage) Form() string {
	if m, ok := p.Running.Matter(p.Matter.Name); ok {
		return m.Raise.Form
	}
	return ""
}
