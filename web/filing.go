package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
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
	filled, _ := p.Form.Fill(p.Running.Programme, rawValues(p.Form, values), about)
	shown := p.Form.Shown(p.Running.Programme, filled, about)
	p.Fields, p.Stray = nil, nil
	known := map[string]bool{onField: p.AskDay}
	for _, f := range p.Form.Fields {
		field := filingField{Field: f, Values: values[f.Name], Hidden: !shown[f.Name]}
		field.Value = first(field.Values)
		if f.Is == "date" && len(values) == 0 {
			field.Value = p.Today.String()
		}
		if p.Last != nil && !p.Form.Many && !f.HoldsAttachments() && p.Form.Name != programme.SubjectForm {
			if last, ok := p.Last.Values[f.Name]; ok {
				field.Last = f.Show(last, r.lang)
			}
		}
		if f.HoldsAttachments() {
			for _, sha := range field.Values {
				field.Files = append(field.Files, r.attachmentIn(f, sha, from))
			}
		}
		if p.Error != nil {
			for _, e := range p.Error.Fields {
				if e.Field == f.Name {
					field.Error, field.Hidden = e.Message, false
				}
			}
		}
		known[f.Name] = true
		p.Fields = append(p.Fields, field)
	}
	if p.Error != nil {
		for _, e := range p.Error.Fields {
			if !known[e.Field] {
				p.Stray = append(p.Stray, e)
			}
		}
	}
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

// maxTyped bounds the texts of a filing; each attachment has its own bound.
const maxTyped = 256 << 10

// own puts a mistake in the day at the field of the page that asks for it.
func (p filingPage) own(e *bihuan.Error) *bihuan.Error {
	mine := *e
	mine.Fields = slices.Clone(e.Fields)
	for i, f := range mine.Fields {
		if f.Field == "on" && p.AskDay {
			mine.Fields[i].Field = onField
		}
	}
	return &mine
}

// readFiling reads a posted form part by part: texts within their bound, and files, which become attachments at once so
// that none is lost when another field is wrong.
func (r *request) readFiling(form *programme.Form) (map[string][]string, []programme.FieldError, error) {
	tooLarge := &bihuan.Error{Kind: bihuan.TooLarge, Text: programme.T("填写的文字太长，全部文字最多 {0} KB", "What was typed is too long; all texts together may have {0} KB").Fill(maxTyped >> 10),
		Hint: programme.T("请按浏览器的“后退”，删短后再提交；较长的材料请作为附件上传。", "Go back, shorten it, and send it again; attach longer material as a file.")}
	kind, _, _ := mime.ParseMediaType(r.Request.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		r.Body = http.MaxBytesReader(r.ResponseWriter, r.Body, 3*maxTyped) // escapes take up to three bytes for one
		if err := r.parseForm(); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return nil, nil, tooLarge
			}
			return nil, nil, err
		}
		return r.PostForm, nil, nil
	}
	const mostFiles = 40
	r.Body = http.MaxBytesReader(r.ResponseWriter, r.Body, mostFiles*bihuan.MostUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, unreadable(err)
	}
	values, typed, files := map[string][]string{}, 0, 0
	var wrong []programme.FieldError
	for {
		part, err := parts.NextPart()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return values, wrong, nil
			}
			return nil, nil, unreadable(err)
		}
		name := part.FormName()
		field, ok := form.Field(name)
		if part.FileName() == "" {
			text, err := readAtMost(part, maxTyped-typed)
			if errors.Is(err, errTooLong) {
				return nil, nil, tooLarge
			}
			if err != nil {
				return nil, nil, unreadable(err)
			}
			typed += len(text)
			if _, isFile := part.Header["Content-Type"]; !isFile { // an empty file input sends an empty part
				values[name] = append(values[name], text)
			}
			continue
		}
		if !ok || !field.HoldsAttachments() || files == mostFiles {
			continue
		}
		files++
		a, err := r.f.site.Upload(r.ctx(), r.actor, part.FileName(), part)
		var known *bihuan.Error
		switch {
		case errors.As(err, &known):
			wrong = append(wrong, programme.FieldError{Field: name, Message: programme.T("{0}：{1}", "{0}: {1}").Fill(part.FileName(), known.Text)})
		case err != nil:
			return nil, nil, err
		default:
			values[name] = append(values[name], a.SHA256)
		}
	}
}

func unreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("表单无法读取，可能是传输中断", "The form cannot be read; perhaps the connection broke"),
		Hint: programme.T("手机上留有草稿，请重新打开这张表再提交。", "Your phone kept a draft: open the form and send it again.")}
}

// rawValues gives typed texts in the shape that Form.Fill takes.
func rawValues(form *programme.Form, values map[string][]string) map[string]any {
	raw := map[string]any{}
	for _, f := range form.Fields {
		list := slices.DeleteFunc(slices.Clone(values[f.Name]), func(s string) bool { return s == "" })
		switch {
		case len(list) == 0:
		case f.Type == programme.Choices || f.HoldsAttachments():
			raw[f.Name] = list
		default:
			raw[f.Name] = list[0]
		}
	}
	return raw
}

// typedValues writes checked values as they would be typed.
func typedValues(form *programme.Form, filled programme.Values) map[string][]string {
	values := map[string][]string{}
	for _, f := range form.Fields {
		switch value := filled[f.Name].(type) {
		case nil:
		case []string:
			values[f.Name] = value
		case bool:
			values[f.Name] = []string{map[bool]string{true: "true", false: "false"}[value]}
		default: // numbers, decimals, days and texts write themselves as they are read
			values[f.Name] = []string{fmt.Sprint(value)}
		}
	}
	return values
}

// draftValues reads a draft back: lists of texts, however the store kept them.
func draftValues(doc map[string]any) map[string][]string {
	values := map[string][]string{}
	for name, value := range doc {
		switch value := value.(type) {
		case string:
			values[name] = []string{value}
		case []string:
			values[name] = value
		case []any:
			for _, x := range value {
				if s, ok := x.(string); ok {
					values[name] = append(values[name], s)
				}
			}
		}
	}
	return values
}

// first gives the first text that is not empty.
func first(list []string, otherwise ...string) string {
	for _, s := range append(list[:len(list):len(list)], otherwise...) {
		if s != "" {
			return s
		}
	}
	return ""
}
