package web

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// mostProgramme bounds the zip of a programme that is uploaded, and mostUnpacked what it may unpack to: the demo data that
// may lie beside a programme included.
const (
	mostProgramme = 8 << 20
	mostUnpacked  = 64 << 20
	mostFiles     = 5000
)

// administers refuses everybody who administers no unit. Within which units they do is for the verbs to say.
func (r *request) administers() error {
	if admin(r.actor) {
		return nil
	}
	return &bihuan.Error{Kind: bihuan.Forbidden, Text: programme.T("这一页只供管理员使用", "This page is for administrators"),
		Hint: programme.T("需要管理权限的，请向上级管理员申请", "Ask the administrator above you for the right")}
}

// adminUnitsOf lists the units that the actor administers.
func (r *request) adminUnitsOf() ([]bihuan.Unit, error) {
	var units []bihuan.Unit
	for _, g := range r.actor.Grants {
		if g.Programme != "" || g.Role != bihuan.Admin {
			continue
		}
		u, err := r.f.site.Unit(r.ctx(), g.Unit)
		if err != nil {
			return nil, err
		}
		units = append(units, u)
	}
	return units, nil
}

type adminArgs struct {
	Units      int
	Accounts   int
	Programmes []*bihuan.Running
	Within     []bihuan.Unit // what the viewer administers
}

// adminHome leads to what an administrator does.
func adminHome(r *request) error {
	if err := r.administers(); err != nil {
		return err
	}
	var a adminArgs
	var err error
	if a.Within, err = r.adminUnitsOf(); err != nil {
		return err
	}
	for _, u := range a.Within {
		_, n, err := r.f.site.Units(r.ctx(), bihuan.UnitQuery{Within: u.Code, Page: bihuan.Page{Limit: 1}})
		if err != nil {
			return err
		}
		a.Units += n
	}
	accounts, err := r.f.site.Accounts(r.ctx(), r.actor, bihuan.AccountQuery{Page: bihuan.Page{Limit: 1}})
	if err != nil {
		return err
	}
	a.Accounts = accounts.Total
	if a.Programmes, err = r.f.site.Programmes(r.ctx()); err != nil {
		return err
	}
	v, err := r.inUsual(programme.T("管理", "Administration"), "admin")
	if err != nil {
		return err
	}
	return r.page(adminPage(v, a))
}

type adminUnitsArgs struct {
	Unit   bihuan.Unit // whose units below are shown; its code is empty when one searches
	Path   []bihuan.Unit
	Units  []bihuan.Unit
	Total  int
	Search string
	Offset int
}

// unitsPerPage is how many stand on one page of the list.
const unitsPerPage = 100

// adminUnits walks the tree of units, or searches it.
func adminUnits(r *request) error {
	if err := r.administers(); err != nil {
		return err
	}
	q := r.URL.Query()
	a := adminUnitsArgs{Search: strings.TrimSpace(q.Get("q")), Offset: subjectQuery("", q).Offset}
	within, err := r.adminUnitsOf()
	if err != nil {
		return err
	}
	unit := q.Get("unit")
	if unit == "" && len(within) > 0 {
		unit = within[0].Code
	}
	if a.Unit, err = r.f.site.Unit(r.ctx(), unit); err != nil {
		return err
	}
	if a.Path, err = r.f.site.Path(r.ctx(), unit); err != nil {
		return err
	}
	if a.Search != "" {
		a.Units, a.Total, err = r.f.site.Units(r.ctx(), bihuan.UnitQuery{Search: a.Search, Within: unit, Page: bihuan.Page{Offset: a.Offset, Limit: unitsPerPage}})
	} else {
		a.Units, err = r.f.site.Children(r.ctx(), unit)
		a.Total = len(a.Units)
		a.Offset = min(a.Offset, a.Total)
		a.Units = a.Units[a.Offset:min(a.Offset+unitsPerPage, a.Total)]
	}
	if err != nil {
		return err
	}
	v, err := r.inUsual(programme.T("单位", "Units"), "admin")
	if err != nil {
		return err
	}
	return r.page(adminUnitsPage(v, a))
}

type adminProgrammesArgs struct {
	Programmes []*bihuan.Running
	Versions   map[string][]bihuan.Version // by programme, the newest first
	Name, Note string
	Mistakes   programme.Mistakes
	Error      *bihuan.Error

	Preview *bihuan.VersionPreview // what was sent would do this: to be confirmed
	Packed  string                 // what was sent, to be sent again
}

// adminProgrammes lists the programmes with their versions, and takes a new one.
func adminProgrammes(r *request) error {
	return r.programmesPage(http.StatusOK, adminProgrammesArgs{})
}

func (r *request) programmesPage(status int, a adminProgrammesArgs) error {
	if err := r.administers(); err != nil {
		return err
	}
	var err error
	if a.Programmes, err = r.f.site.Programmes(r.ctx()); err != nil {
		return err
	}
	a.Versions = map[string][]bihuan.Version{}
	for _, p := range a.Programmes {
		if a.Versions[p.Name], err = r.f.site.Versions(r.ctx(), p.Name); err != nil {
			return err
		}
	}
	v, err := r.inUsual(programme.T("规范与版本", "Programmes"), "admin")
	if err != nil {
		return err
	}
	return r.pageWith(status, adminProgrammesPage(v, a))
}

// publishProgramme takes a programme's directory as a zip and checks all of it. Mistakes are shown where they stand; else what it
// would do to those enrolled is shown, and who has seen that lets it run.
func publishProgramme(r *request) error {
	if err := r.administers(); err != nil {
		return err
	}
	name, note, content, _, err := r.readUpload(mostProgramme)
	a := adminProgrammesArgs{Name: name, Note: note}
	if err == nil {
		err = r.publish(&a, content)
	}
	var known *bihuan.Error
	if errors.As(err, &known) && known.Kind != bihuan.Forbidden {
		a.Error = known
		errors.As(err, &a.Mistakes)
		return r.programmesPage(statuses[known.Kind], a)
	}
	if err == nil && a.Preview != nil {
		return r.programmesPage(http.StatusOK, a)
	}
	return err
}

// publish publishes what was sent when its effect was shown, or has none, and answers; else it finds the effect.
func (r *request) publish(a *adminProgrammesArgs, content []byte) error {
	dir, name, err := programmeZip(content, a.Name)
	if err != nil {
		return err
	}
	shown := r.Request.FormValue("shown")
	if shown == "" {
		preview, err := r.f.site.Preview(r.ctx(), r.actor, dir, name)
		if err != nil {
			return err
		}
		if shown = preview.Shown; preview.Effect != nil {
			a.Name, a.Preview, a.Packed = name, &preview, base64.StdEncoding.EncodeToString(content)
			return nil
		}
	}
	published, err := r.f.site.PublishShown(r.ctx(), r.actor, dir, name, a.Note, shown)
	if err != nil {
		return err
	}
	return r.redirect("/admin/programmes", programme.T("已发布 {0} {1}", "Published: {0} {1}").Fill(published.Programme, published.Version))
}

// programmeZip opens the zip of a programme: its files at the top, or in the one directory that it holds, which then names
// the programme. A zip that would unpack to too much is refused by what it declares, and again while it is read.
func programmeZip(content []byte, name string) (fs.FS, string, error) {
	refuse := func(zh, en string) error {
		return &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T(zh, en),
			Hint: programme.T("请把规范目录（含 programme.yaml）压缩成 zip 上传", "Zip the directory that holds programme.yaml")}
	}
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, name, refuse("这不是 zip 文件", "This is not a zip file")
	}
	if len(z.File) > mostFiles {
		return nil, name, refuse("压缩包里的文件太多", "There are too many files in the zip")
	}
	var total uint64
	main := ""
	for _, f := range z.File {
		total += f.UncompressedSize64
		if path.Base(f.Name) == programme.MainFile && strings.Count(f.Name, "/") <= 1 && (main == "" || len(f.Name) < len(main)) {
			main = f.Name
		}
	}
	if total > mostUnpacked {
		return nil, name, &bihuan.Error{Kind: bihuan.TooLarge, Text: programme.T("压缩包解开后太大，最多 {0} MB", "The zip unpacks to too much; the limit is {0} MB").Fill(mostUnpacked >> 20)}
	}
	if main == "" {
		return nil, name, refuse("压缩包里没有 programme.yaml", "There is no programme.yaml in the zip")
	}
	dir := path.Dir(main)
	if dir == "." {
		return z, name, nil
	}
	sub, err := fs.Sub(z, dir)
	if err != nil {
		return nil, name, refuse("压缩包里的目录无法读取", "The directory in the zip cannot be read")
	}
	if name == "" {
		name = path.Base(dir)
	}
	return sub, name, nil
}

// readUpload reads a form with one file: what was typed as `name` and `note`, the file's content and what it is called.
// The whole request is bounded, so that a file beyond the limit is refused while it arrives.
func (r *request) readUpload(most int64) (name, note string, content []byte, file string, err error) {
	r.Request.Body = http.MaxBytesReader(r.ResponseWriter, r.Request.Body, most+maxForm)
	tooLarge := &bihuan.Error{Kind: bihuan.TooLarge, Text: programme.T("文件太大，最多 {0} MB", "The file is too large; the limit is {0} MB").Fill(most >> 20),
		Hint: programme.T("请拆成几份，或者去掉用不到的内容再传。", "Split it, or leave out what is not needed, and send it again.")}
	if err := r.Request.ParseMultipartForm(1 << 20); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return "", "", nil, "", tooLarge
		}
		return "", "", nil, "", &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("表单无法读取", "The form cannot be read")}
	}
	defer r.Request.MultipartForm.RemoveAll()
	name, note = strings.TrimSpace(r.Request.FormValue("name")), r.Request.FormValue("note")
	if packed := r.Request.FormValue("packed"); packed != "" { // sent before, and sent back by the page
		if content, err = base64.StdEncoding.DecodeString(packed); err != nil {
			err = &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("表单无法读取", "The form cannot be read")}
		}
		return name, note, content, "", err
	}
	f, head, err := r.Request.FormFile("file")
	if err != nil {
		return name, note, nil, "", &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("请选择文件", "Please choose a file"),
			Fields: []programme.FieldError{{Field: "file", Message: programme.T("请选择文件", "choose a file")}}}
	}
	defer f.Close()
	if head.Size > most {
		return name, note, nil, "", tooLarge
	}
	content, err = io.ReadAll(f)
	if err != nil {
		return name, note, nil, "", fmt.Errorf("read upload: %w", err)
	}
	return name, note, content, head.Filename, nil
}

// caretLine is the line of a mistake, cut around the word, and the caret that goes below.
func caretLine(m programme.Mistake) (line, caret string) {
	const around = 50
	text := []rune(strings.ReplaceAll(m.Excerpt, "\t", " "))
	at := min(max(m.Col-1, 0), len(text))
	from, to := max(0, at-around), min(len(text), at+around)
	blank := strings.Map(func(c rune) rune {
		if c > 0x2e80 {
			return '\u3000' // as wide as the character above
		}
		return ' '
	}, string(text[from:at]))
	return string(text[from:to]), blank + "^"
}

func adminUnitsCrumbs(v view, a adminUnitsArgs) []crumb {
	way := []crumb{{text: v.T("管理", "Administration"), href: "/admin"}}
	for _, u := range a.Path {
		way = append(way, crumb{text: u.Name, href: "/admin/units?unit=" + url.QueryEscape(u.Code)})
	}
	way[len(way)-1].href = ""
	return way
}

// effectPlaces lists the grades that anybody has, before or after.
func effectPlaces(e *bihuan.VersionEffect) (out []int) {
	for i := range e.Grades {
		if e.Before[i]+e.After[i] > 0 {
			out = append(out, i)
		}
	}
	return out
}

// effectGrade names a grade of either version.
func effectGrade(p *programme.Programme, grade string) programme.Text {
	if grade == "" {
		return programme.T("不参评", "excluded")
	}
	return p.GradeTitle(grade)
}
