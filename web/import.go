package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// mostTable bounds a table. One with mistakes is kept as an upload, and uploads have the same bound.
const mostTable = 20 << 20

// What can be imported.
const (
	importUnits    = "units"
	importSubjects = "subjects"
	importEvidence = "evidence"
	importMatters  = "matters" // under way elsewhere
)

type importArgs struct {
	Kinds      []string // what the viewer may import
	Kind       string
	Programmes []*bihuan.Running
	Programme  string
	Matters    []matterChoice // that may be imported
	Matter     string         // the chosen one's Value
	Error      *bihuan.Error  // why the file could not be read at all
}

// matterChoice is a kind of matters of a programme.
type matterChoice struct {
	Value string // programme/name
	Of    *bihuan.Running
	Title programme.Text
}

// importForm asks for a table, and offers an empty one to fill in.
func importForm(r *request) error {
	q := r.URL.Query()
	return r.importPage(http.StatusOK, importArgs{Kind: q.Get("kind"), Programme: q.Get("programme"), Matter: q.Get("matter")})
}

func (r *request) importPage(status int, a importArgs) error {
	var err error
	if a.Programmes, err = r.f.site.Programmes(r.ctx()); err != nil {
		return err
	}
	a.Kinds = importKinds(r.actor, a.Programmes)
	if !slices.Contains(a.Kinds, a.Kind) {
		a.Kind = a.Kinds[0]
	}
	v, err := r.inUsual(programme.T("导入表格", "Import tables"), "admin")
	if err != nil {
		return err
	}
	if a.Programme == "" && v.Programme != nil {
		a.Programme = v.Programme.Name
	}
	for _, run := range a.Programmes {
		for _, x := range mattersToImport(r.actor, run) {
			a.Matters = append(a.Matters, matterChoice{run.Name + "/" + x.Matter.Name, run, matterKindTitle(x)})
		}
	}
	if !slices.ContainsFunc(a.Matters, func(m matterChoice) bool { return m.Value == a.Matter }) && len(a.Matters) > 0 {
		i := slices.IndexFunc(a.Matters, func(m matterChoice) bool { return m.Of.Name == a.Programme })
		a.Matter = a.Matters[max(i, 0)].Value
	}
	return r.pageWith(status, importPage(v, a))
}

// importKinds lists what somebody may import at all: administrators everything, a party that looks at others subjects and
// evidence, everybody else evidence, and those who handle matters these. Which rows they may is for the verbs to say.
func importKinds(a bihuan.Actor, programmes []*bihuan.Running) []string {
	kinds := []string{importEvidence}
	if admin(a) {
		kinds = []string{importUnits, importSubjects, importEvidence}
	} else if slices.ContainsFunc(programmes, func(run *bihuan.Running) bool { return looksAtOthers(a, run) }) {
		kinds = []string{importSubjects, importEvidence}
	}
	if slices.ContainsFunc(programmes, func(run *bihuan.Running) bool { return len(mattersToImport(a, run)) > 0 }) {
		kinds = append(kinds, importMatters)
	}
	return kinds
}

// looksAtOthers tells whether somebody is of a party after the first.
func looksAtOthers(a bihuan.Actor, run *bihuan.Running) bool {
	for i, party := range run.Parties {
		if i > 0 && slices.ContainsFunc(a.Grants, func(g bihuan.Grant) bool { return g.Programme == run.Name && g.Role == party.Role }) {
			return true
		}
	}
	return false
}

// mattersToImport lists the kinds of a programme's own matters that somebody handles; to administrators all of them.
func mattersToImport(a bihuan.Actor, run *bihuan.Running) (list []*programme.Process) {
	for _, x := range run.Processes() {
		if !x.BuiltIn && (admin(a) || slices.ContainsFunc(a.Grants, func(g bihuan.Grant) bool { return g.Programme == run.Name && x.Among(x.Handlers(), []string{g.Role}) })) {
			list = append(list, x)
		}
	}
	return list
}

// importTable takes a table. One bad row keeps everything out; what is wrong is then shown row by row, with the choice of
// correcting the file or taking the good rows alone.
func importTable(r *request) error {
	_, _, content, name, err := r.readUpload(mostTable)
	report := importReport{Kind: r.Request.FormValue("kind"), Programme: r.Request.FormValue("programme"), Name: name}
	if report.Kind == importMatters {
		report.Programme, report.Matter, _ = strings.Cut(r.Request.FormValue("matter"), "/")
	}
	if err == nil {
		err = r.runImport(&report, content, false)
	}
	if known := mendable(err); known != nil {
		return r.importPage(statuses[known.Kind], importArgs{Kind: report.Kind, Programme: report.Programme, Matter: report.Programme + "/" + report.Matter, Error: known})
	}
	if err != nil {
		return err
	}
	return r.reported(report)
}

// importGood takes the good rows of a file that was refused before.
func importGood(r *request) error {
	before, err := r.readReport(r.PathValue("sha"))
	if err != nil {
		return err
	}
	if before.Stored {
		return r.redirect(importURL(r.PathValue("sha")), programme.Text{}) // pressed twice: what was stored stands there
	}
	report := importReport{Kind: before.Kind, Programme: before.Programme, Matter: before.Matter, Name: before.Name}
	if err := r.runImport(&report, before.source, true); err != nil {
		return err
	}
	return r.reported(report)
}

// reported shows what became of an import: a word when all went in, the report otherwise.
func (r *request) reported(report importReport) error {
	if len(report.Errors) == 0 {
		return r.redirect(report.another(),
			programme.T("“{0}”已全部导入：新增或更新 {1} 行，{2} 行没有变化", "All of {0} is in: {1} rows new or changed, {2} unchanged").Fill(report.Name, report.New, report.Unchanged))
	}
	sha, err := r.keepReport(report)
	if err != nil {
		return err
	}
	return r.redirect(importURL(sha), programme.Text{})
}

// another is where one more table like that is imported.
func (x importReport) another() string {
	q := url.Values{"kind": {x.Kind}, "programme": {x.Programme}}
	if x.Matter != "" {
		q.Set("matter", x.Programme+"/"+x.Matter)
	}
	return "/admin/import?" + q.Encode()
}

func importURL(sha string) string { return "/admin/import/" + url.PathEscape(sha) }

// runImport reads the file and stores its rows. Bad rows are no error: they stand in the report.
func (r *request) runImport(report *importReport, content []byte, goodOnly bool) error {
	programmes, err := r.f.site.Programmes(r.ctx())
	if err != nil {
		return err
	}
	if !slices.Contains(importKinds(r.actor, programmes), report.Kind) {
		return &bihuan.Error{Kind: bihuan.Forbidden, Text: programme.T("您不能导入{0}", "You may not import this: {0}").Fill(kindTitle(report.Kind))}
	}
	format, err := exchange.FormatOf(report.Name, content[:min(len(content), 512)])
	if err != nil {
		return unreadableTable(err)
	}
	report.source, report.Format = content, format
	switch report.Kind {
	case importUnits:
		report.fields = unitTitles
		return importRows(report, r.lang, goodOnly, func(in io.Reader) (*exchange.File[exchange.Unit], error) { return exchange.ReadUnits(in, format) },
			func(list []exchange.Unit, opt bihuan.Import) (bihuan.Imported, error) {
				rows := make([]bihuan.UnitRow, len(list))
				for i, u := range list {
					rows[i] = bihuan.UnitRow(u)
				}
				return r.f.site.ImportUnits(r.ctx(), r.actor, rows, opt)
			})
	}
	run, err := r.f.site.Running(r.ctx(), report.Programme)
	if err != nil {
		return err
	}
	if report.Kind == importMatters {
		return r.runMatters(report, run, goodOnly)
	}
	report.fields = fieldTitles(run.Programme, report.Kind)
	if report.Kind == importSubjects {
		return importRows(report, r.lang, goodOnly, func(in io.Reader) (*exchange.File[exchange.Subject], error) {
			return exchange.ReadSubjects(in, format, run.Programme)
		}, func(list []exchange.Subject, opt bihuan.Import) (bihuan.Imported, error) {
			rows := make([]bihuan.NewSubject, len(list))
			for i, s := range list {
				rows[i] = bihuan.NewSubject(s)
			}
			return r.f.site.Enrol(r.ctx(), r.actor, run.Name, rows, opt)
		})
	}
	return importRows(report, r.lang, goodOnly, func(in io.Reader) (*exchange.File[exchange.Filing], error) {
		return exchange.ReadEvidence(in, format, run.Programme)
	}, func(list []exchange.Filing, opt bihuan.Import) (bihuan.Imported, error) {
		rows := make([]bihuan.Filing, len(list))
		for i, x := range list {
			rows[i] = bihuan.Filing{Subject: x.Subject, Form: x.Form, On: x.On, By: x.By, Values: x.Values, Row: x.Row}
		}
		return r.f.site.FileMany(r.ctx(), r.actor, run.Name, rows, opt)
	})
}

// runMatters takes over matters that ran elsewhere.
func (r *request) runMatters(report *importReport, run *bihuan.Running, goodOnly bool) error {
	columns, err := exchange.MatterColumns(run.Programme, report.Matter)
	if err != nil {
		return unreadableTable(err)
	}
	report.fields = map[string]programme.Text{}
	for _, c := range columns {
		if _, there := report.fields[c.Name]; !there {
			report.fields[c.Name] = c.Title
		}
	}
	if x, ok := run.Process(report.Matter); ok {
		for _, name := range x.Matter.Forms() { // one that is not on file at all
			if form, ok := x.Form(name); ok && !form.Title.Empty() {
				report.fields[name] = form.Title
			}
		}
	}
	return importRows(report, r.lang, goodOnly, func(in io.Reader) (*exchange.File[exchange.Matter], error) {
		return exchange.ReadMatters(in, report.Format, run.Programme, report.Matter)
	}, func(list []exchange.Matter, opt bihuan.Import) (bihuan.Imported, error) {
		rows := make([]bihuan.PastMatter, len(list))
		for i, m := range list {
			rows[i] = bihuan.PastMatter{Row: m.Row, Subject: m.Subject, Code: m.Code, By: m.By, Raiser: m.Raiser, Raised: m.Raised, Values: m.Values, Clause: m.Clause,
				Stage: m.Stage, Since: m.Since, Days: m.Days, Forms: m.Forms, Why: m.Why, Lead: m.Lead, With: m.With, Who: m.Who,
				Moves: make([]bihuan.PastMove, len(m.Events))} // what happened step by step is refused here, whatever it was
		}
		return r.f.site.ImportMatters(r.ctx(), r.actor, run.Name, report.Matter, rows, opt)
	})
}

// importRows reads the rows of a file, stores them, and notes what became of them and what is wrong with the bad ones.
func importRows[T any](report *importReport, lang programme.Lang, goodOnly bool, read func(io.Reader) (*exchange.File[T], error),
	store func([]T, bihuan.Import) (bihuan.Imported, error)) error {
	file, err := read(bytes.NewReader(report.source))
	if err != nil {
		return unreadableTable(err)
	}
	if len(file.Records) == 0 && len(file.Errors) == 0 {
		return &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("文件里没有数据行", "The file has no rows")}
	}
	opt := bihuan.Import{GoodRowsOnly: goodOnly}
	for _, e := range file.Errors {
		opt.Wrong = append(opt.Wrong, bihuan.RowError(e))
	}
	done, err := store(file.Records, opt)
	bad := done.Errors
	var refused *bihuan.Error
	if errors.As(err, &refused) && len(refused.Rows) > 0 {
		bad, err = refused.Rows, nil
		done = bihuan.Imported{}
	} else if err == nil {
		report.Stored = true
	}
	if err != nil {
		return err
	}
	report.Rows, report.New, report.Unchanged = len(file.Table.Rows), done.Stored, done.Unchanged
	return report.setErrors(file.Table, bad, lang)
}

// unreadableTable turns what package exchange says of a file into what a page shows.
func unreadableTable(err error) error {
	var known *exchange.Error
	if errors.As(err, &known) {
		return &bihuan.Error{Kind: bihuan.Invalid, Text: known.Text, Hint: known.Hint}
	}
	return err
}

// importTemplate answers with an empty table whose header is right.
func importTemplate(r *request) error {
	v := r.view(programme.T("导入表格", "Import tables"))
	kind := r.PathValue("kind")
	var header []string
	name := kindText(v, kind)
	if kind == importUnits {
		for _, field := range []string{"code", "parent", "name", "level"} {
			header = append(header, v.In(unitTitles[field]))
		}
	} else {
		run, err := r.f.site.Running(r.ctx(), r.URL.Query().Get("programme"))
		if err != nil {
			return err
		}
		name = v.In(run.Title) + " " + name
		if kind == importMatters {
			columns, err := exchange.MatterColumns(run.Programme, r.URL.Query().Get("matter"))
			if err != nil {
				return unreadableTable(err)
			}
			for _, c := range columns {
				header = append(header, v.In(c.Title))
			}
			x, _ := run.Process(r.URL.Query().Get("matter"))
			name = v.In(run.Title) + " " + v.In(matterKindTitle(x))
		} else if header, err = templateHeader(v, run.Programme, kind, r.URL.Query()["form"]); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := exchange.WriteTable(&b, exchange.XLSX, header, func(func([]any) bool) {}); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	return r.download(name+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
}

// templateHeader names the columns of a table of subjects, or of evidence of some forms.
func templateHeader(v view, p *programme.Programme, kind string, forms []string) ([]string, error) {
	switch kind {
	case importSubjects:
		header := []string{v.T("所属单位", "unit")}
		for _, f := range p.Subject.Fields {
			header = append(header, fieldHeader(v, f))
		}
		return header, nil
	case importEvidence:
		header := []string{v.T("评价对象", "subject"), v.T("日期", "on")}
		for _, f := range p.Forms {
			if len(forms) > 0 && !slices.Contains(forms, f.Name) || len(forms) == 0 && f.Ballot {
				continue
			}
			for _, x := range f.Fields {
				if x.Type != programme.Photo && x.Type != programme.File {
					header = append(header, formHeader(v, f)+"."+fieldHeader(v, x))
				}
			}
		}
		return header, nil
	}
	return nil, &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这种模板", "There is no such template")}
}

// fieldHeader and formHeader name a column as package exchange will find it again: by its title, or its name without one.
func fieldHeader(v view, f *programme.Field) string {
	if f.Title.Empty() {
		return f.Name
	}
	return v.In(f.Title)
}

func formHeader(v view, f *programme.Form) string {
	if f.Title.Empty() {
		return f.Name
	}
	return v.In(f.Title)
}

// unitTitles name the columns of a list of units.
var unitTitles = map[string]programme.Text{"code": programme.T("单位代码", "code"), "parent": programme.T("上级代码", "parent"),
	"name": programme.T("单位名称", "name"), "level": programme.T("级别", "level")}

// fieldTitles name the fields of a programme as its tables do, for mistakes that verbs tell by the field's name.
func fieldTitles(p *programme.Programme, kind string) map[string]programme.Text {
	titles := map[string]programme.Text{}
	enter := func(fields []*programme.Field) {
		for _, f := range fields {
			if _, there := titles[f.Name]; !there && !f.Title.Empty() {
				titles[f.Name] = f.Title
			}
		}
	}
	if kind == importEvidence {
		for _, f := range p.Forms {
			enter(f.Fields)
		}
	}
	enter(p.Subject.Fields)
	return titles
}

// kindTitle names what is imported.
func kindTitle(kind string) programme.Text {
	switch kind {
	case importUnits:
		return programme.T("单位", "Units")
	case importSubjects:
		return programme.T("评价对象", "Subjects")
	case importMatters:
		return programme.T("在办事项", "Running matters")
	}
	return programme.T("佐证", "Evidence")
}

func kindText(v view, kind string) string { return v.In(kindTitle(kind)) }

// importAccept names the kinds of files that the browser offers.
func importAccept(kind string) string {
	if kind == importUnits {
		return ".xlsx,.csv"
	}
	return ".xlsx,.csv,.jsonl"
}

func importCrumbs(v view, file string) []crumb {
	var way []crumb
	if admin(v.Actor) {
		way = append(way, crumb{text: v.T("管理", "Administration"), href: "/admin"})
	}
	if file == "" {
		return append(way, crumb{text: v.T("导入表格", "Import tables")})
	}
	return append(way, crumb{text: v.T("导入表格", "Import tables"), href: "/admin/import"}, crumb{text: file})
}
