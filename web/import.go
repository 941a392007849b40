package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

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
)

type importArgs struct {
	Kinds      []string // what the viewer may import
	Kind       string
	Programmes []*bihuan.Running
	Programme  string
	Error      *bihuan.Error // why the file could not be read at all
}

// importForm asks for a table, and offers an empty one to fill in.
func importForm(r *request) error {
	q := r.URL.Query()
	return r.importPage(http.StatusOK, importArgs{Kind: q.Get("kind"), Programme: q.Get("programme")})
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
	return r.pageWith(status, importPage(v, a))
}

// importKinds lists what somebody may import at all: administrators everything, a party that looks at others subjects and
// evidence, everybody else evidence. Which rows they may is for the verbs to say.
func importKinds(a bihuan.Actor, programmes []*bihuan.Running) []string {
	if admin(a) {
		return []string{importUnits, importSubjects, importEvidence}
	}
	for _, run := range programmes {
		for i, party := range run.Parties {
			for _, g := range a.Grants {
				if i > 0 && g.Programme == run.Name && g.Role == party.Role {
					return []string{importSubjects, importEvidence}
				}
			}
		}
	}
	return []string{importEvidence}
}

// importTable takes a table. One bad row keeps everything out; what is wrong is then shown row by row, with the choice of
// correcting the file or taking the good rows alone.
func importTable(r *request) error {
	_, _, content, name, err := r.readUpload(mostTable)
	kind, programmeName := r.Request.FormValue("kind"), r.Request.FormValue("programme")
	var report importReport
	if err == nil {
		report = importReport{Kind: kind, Programme: programmeName, Name: name}
		err = r.runImport(&report, content, false)
	}
	if known := mendable(err); known != nil {
		return r.importPage(statuses[known.Kind], importArgs{Kind: kind, Programme: programmeName, Error: known})
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
	report := importReport{Kind: before.Kind, Programme: before.Programme, Name: before.Name}
	if err := r.runImport(&report, before.source, true); err != nil {
		return err
	}
	return r.reported(report)
}

// reported shows what became of an import: a word when all went in, the report otherwise.
func (r *request) reported(report importReport) error {
	if len(report.Errors) == 0 {
		return r.redirect("/admin/import?kind="+url.QueryEscape(report.Kind)+"&programme="+url.QueryEscape(report.Programme),
			programme.T("“{0}”已全部导入：新增或更新 {1} 行，{2} 行没有变化", "All of {0} is in: {1} rows new or changed, {2} unchanged").Fill(report.Name, report.New, report.Unchanged))
	}
	sha, err := r.keepReport(report)
	if err != nil {
		return err
	}
	return r.redirect(importURL(sha), programme.Text{})
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
		if header, err = templateHeader(v, run.Programme, kind, r.URL.Query()["form"]); err != nil {
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
