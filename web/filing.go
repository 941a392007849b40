package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// filingPage is a form to be filled in for a subject.
type filingPage struct {
	Running    *bihuan.Running
	Subject    bihuan.Subject
	Form       *programme.Form
	Fields     []filingField
	AskDay     bool // the form has no field that names the day, so the page asks for it
	On         string
	As         []string // parties and roles that the viewer may file as
	By         string
	Supersedes string                 // the evidence that is corrected
	Last       *bihuan.Evidence       // the newest one on file, for hints
	Fresh      bool                   // nothing was typed yet: what the phone kept may be put back
	Draft      bool                   // filled from the draft on the server
	Once       string                 // marks this filling, so that it is not filed twice
	Error      *bihuan.Error          // what was wrong, with the fields
	Stray      []programme.FieldError // mistakes that belong to no field shown
	Today      programme.Day
}

// filingField is a field with what stands in it.
type filingField struct {
	*programme.Field
	Value  string            // of single values
	Values []string          // of choices and attachments
	Files  []filedAttachment // of attachments
	Last   string            // what was filed last, for a hint
	Hidden bool              // does not matter for what is filled in so far
	Error  programme.Text
}

// filedAttachment is an attachment that stands in a form.
type filedAttachment struct {
	SHA256, Name string
	Image        bool
	URL          string
}

// Names of what a filing page sends beside the form's own fields. Field names never begin with an underscore.
const (
	onField         = "_on"
	byField         = "_by"
	supersedesField = "_supersedes"
	onceField       = "_once"
)

// filingForm shows a form, filled with the draft, with the evidence to correct, or with that to begin from.
func filingForm(r *request) error {
	page, err := r.filing()
	if err != nil {
		return err
	}
	q := r.URL.Query()
	values := map[string][]string{}
	switch {
	case q.Get("supersedes") != "" || q.Get("like") != "":
		from := q.Get("supersedes") + q.Get("like")
		e, err := r.f.site.Evidence(r.ctx(), r.actor, from)
		if err != nil {
			return err
		}
		if e.Subject != page.Subject.ID || e.Form != page.Form.Name {
			return &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这份佐证", "There is no such evidence")}
		}
		values = typedValues(page.Form, e.Values)
		if q.Get("supersedes") != "" {
			page.Supersedes, page.By, page.On = e.ID, e.By, e.On.String()
		}
		page.fill(r, values, e)
	default:
		draft, err := r.f.site.Draft(r.ctx(), r.actor, page.Subject.ID, page.Form.Name)
		if kind, known := bihuan.KindOf(err); err != nil && !(known && kind == bihuan.NotFound) {
			return err
		}
		if len(draft.Values) > 0 {
			values = draftValues(draft.Values)
			page.Draft = true
			page.On, page.By = first(values[onField], page.On), first(values[byField], page.By)
		}
		page.Fresh = true
		page.fill(r, values)
	}
	if page.Form.Name == programme.SubjectForm && len(values) == 0 { // what it is now, to be changed
		now, err := r.subjectValues(page.Subject.ID)
		if err != nil {
			return err
		}
		page.fill(r, typedValues(page.Form, now))
	}
	return r.page(filingView(page.view(r), page))
}

// fileEvidence files what was filled in. What is wrong comes back filled, with the mistake at its field.
func fileEvidence(r *request) error {
	page, err := r.filing()
	if err != nil {
		return err
	}
	values, wrong, err := r.readFiling(page.Form)
	if err != nil {
		return err
	}
	page.On, page.By, page.Supersedes, page.Once = first(values[onField], page.On), first(values[byField], page.By), first(values[supersedesField]), first(values[onceField])
	if id := r.filedOnce(page.Once); id != "" {
		return r.redirect("/evidence/"+id+"/moved", programme.Text{})
	}
	filing := bihuan.Filing{Subject: page.Subject.ID, Form: page.Form.Name, By: page.By, Supersedes: page.Supersedes, Values: rawValues(page.Form, values)}
	if page.AskDay && page.On != "" {
		day, err := programme.ParseDay(page.On)
		if err != nil {
			wrong = append(wrong, programme.FieldError{Field: onField, Message: programme.T("请写成 2021-01-20", "Write it like 2021-01-20")})
		}
		filing.On = day
	}
	var filed bihuan.Filed
	if len(wrong) == 0 {
		filed, err = r.f.site.File(r.ctx(), r.actor, filing)
	} else {
		err = &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("有填写错误，请改正后再提交", "Some entries are wrong; nothing was filed yet"), Fields: wrong}
	}
	var known *bihuan.Error
	if errors.As(err, &known) && (known.Kind == bihuan.Invalid || known.Kind == bihuan.Conflict || known.Kind == bihuan.TooLarge) {
		page.Error = page.own(known)
		page.fill(r, values)
		return r.pageWith(statuses[known.Kind], filingView(page.view(r), page))
	}
	if err != nil {
		return err
	}
	if err := r.keepFiled(page, filed); err != nil {
		return err
	}
	return r.redirect("/evidence/"+filed.ID+"/moved", programme.Text{})
}

// saveDraft keeps what is typed, unchecked, for the one who types it.
func saveDraft(r *request) error {
	_, sub, form, err := r.formHere()
	if err != nil {
		return err
	}
	if err := r.parseForm(); err != nil {
		return err
	}
	doc := map[string]any{}
	for name, list := range r.PostForm {
		if _, ok := form.Field(name); (ok || name == onField || name == byField) && strings.Join(list, "") != "" {
			doc[name] = list
		}
	}
	if err := r.f.site.SaveDraft(r.ctx(), r.actor, sub.ID, form.Name, doc); err != nil {
		return err
	}
	r.WriteHeader(http.StatusNoContent)
	return nil
}

// formShape tells which fields matter for what is filled in so far.
func formShape(r *request) error {
	run, sub, form, err := r.formHere()
	if err != nil {
		return err
	}
	if err := r.parseForm(); err != nil {
		return err
	}
	about, err := r.about(sub)
	if err != nil {
		return err
	}
	filled, _ := form.Fill(run.Programme, rawValues(form, r.PostForm), about)
	shown := []string{}
	for _, f := range form.Fields {
		if form.Shown(run.Programme, filled, about)[f.Name] {
			shown = append(shown, f.Name)
		}
	}
	r.ResponseWriter.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(r.ResponseWriter).Encode(shown)
}

// formHere finds the programme, the subject and the form that the address names.
func (r *request) formHere() (*bihuan.Running, bihuan.Subject, *programme.Form, error) {
	run, err := r.running()
	if err != nil {
		return nil, bihuan.Subject{}, nil, err
	}
	sub, err := r.subjectHere(run)
	if err != nil {
		return nil, bihuan.Subject{}, nil, err
	}
	form, ok := run.Form(r.PathValue("form"))
	if !ok || form.Ballot || form.Name == programme.JudgementForm {
		return nil, bihuan.Subject{}, nil, &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这张表", "There is no such form")}
	}
	return run, sub, form, nil
}

// filing begins a filing page: who may file as what, and what was filed last.
func (r *request) filing() (filingPage, error) {
	run, sub, form, err := r.formHere()
	if err != nil {
		return filingPage{}, err
	}
	held, err := r.rolesAt(r.ctx(), run.Programme, sub.Unit)
	if err != nil {
		return filingPage{}, err
	}
	page := filingPage{Running: run, Subject: sub, Form: form, As: held.files(run.Programme, form), Today: r.f.site.Today(), Once: uuid.NewString()}
	if len(page.As) == 0 {
		return filingPage{}, &bihuan.Error{Kind: bihuan.Forbidden, Text: programme.T("这张表不由您填报", "This form is not yours to file"),
			Hint: programme.T("如果应当由您填报，请联系管理员授权。", "If it should be, ask an administrator for the role.")}
	}
	page.By = page.As[0]
	page.AskDay = form.DayField() == nil
	page.On = page.Today.String()
	list, err := r.f.site.EvidenceOf(r.ctx(), r.actor, sub.ID, form.Name)
	if err != nil {
		return filingPage{}, err
	}
	for _, e := range list {
		if e.SupersededBy == "" && e.Withdrawn == nil {
			page.Last = &e
			break
		}
	}
	return page, nil
}

func (p filingPage) view(r *request) view {
	return r.inProgramme(programme.T(view{Lang: programme.Zh}.formTitle(p.Running.Programme, p.Form.Name), view{Lang: programme.En}.formTitle(p.Running.Programme, p.Form.Name)),
		p.Running.Programme, "subjects")
}

// about is what conditions inside forms may look at.
func (r *request) about(sub bihuan.Subject) (programme.About, error) {
	values, err := r.subjectValues(sub.ID)
	return programme.About{AsOf: r.f.site.Today(), Subject: values}, err
}

// fill puts values into the fields of the page, with the mistakes of page.Error at their fields. Attachments are named by
// the evidence given, or else by the viewer's own uploads.
func (p *filingPage) fill(r *request, values map[string][]string, from ...bihuan.Evidence) {
	about, err := r.about(p.Subject)
	if err != nil {
		r.f.log.Warn("subject values for a form", "subject", p.Subject.ID, "error", err)
	}
	p.Fields = r.filled(p.Running.Programme, p.Form, about, values, p.Error, from...)
	for i := range p.Fields {
		f := &p.Fields[i]
		if p.Last != nil && !p.Form.Many && !f.HoldsAttachments() && p.Form.Name != programme.SubjectForm {
			if last, ok := p.Last.Values[f.Name]; ok {
				f.Last = f.Show(last, r.lang)
			}
		}
	}
	also := []string{}
	if p.AskDay {
		also = append(also, onField)
	}
	p.Stray = strays(p.Error, p.Fields, also...)
}

// filled gives the fields of a form with what stands in them, and with their mistakes.
func (r *request) filled(p *programme.Programme, form *programme.Form, about programme.About, values map[string][]string, wrong *bihuan.Error, from ...bihuan.Evidence) []filingField {
	checked, _ := form.Fill(p, rawValues(form, values), about)
	shown := form.Shown(p, checked, about)
	var fields []filingField
	for _, f := range form.Fields {
		field := filingField{Field: f, Values: values[f.Name], Hidden: !shown[f.Name]}
		field.Value = first(field.Values)
		if f.Is == "date" && len(values) == 0 {
			field.Value = about.AsOf.String()
		}
		if f.HoldsAttachments() {
			for _, sha := range field.Values {
				field.Files = append(field.Files, r.attachmentIn(f, sha, from))
			}
		}
		for _, e := range fieldsOf(wrong) {
			if e.Field == f.Name {
				field.Error, field.Hidden = e.Message, false
			}
		}
		fields = append(fields, field)
	}
	return fields
}

// strays are the mistakes that belong to none of the fields, nor to what else the page asks for.
func strays(wrong *bihuan.Error, fields []filingField, also ...string) []programme.FieldError {
	var list []programme.FieldError
	for _, e := range fieldsOf(wrong) {
		if !slices.Contains(also, e.Field) && !slices.ContainsFunc(fields, func(f filingField) bool { return f.Name == e.Field }) {
			list = append(list, e)
		}
	}
	return list
}

func (r *request) attachmentIn(f *programme.Field, sha string, from []bihuan.Evidence) filedAttachment {
	for _, e := range from {
		for _, a := range e.Attachments {
			if a.SHA256 == sha {
				return filedAttachment{sha, a.Name, isImage(a.Media), "/evidence/" + e.ID + "/files/" + sha}
			}
		}
	}
	shown := filedAttachment{SHA256: sha, Name: sha[:min(8, len(sha))], Image: f.Type == programme.Photo, URL: "/uploads/" + url.PathEscape(sha)}
	if file, a, err := r.f.site.OpenAttachment(r.ctx(), r.actor, sha, ""); err == nil {
		file.Close()
		shown.Name, shown.Image = a.Name, isImage(a.Media)
	}
	return shown
}
