package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

type importCommand struct {
	Units    importUnits    `cmd:"" help:"Import the tree of units: code, parent, name, level." zh:"导入单位树：代码、上级代码、名称、级别。"`
	Subjects importSubjects `cmd:"" help:"Import what is to be assessed: unit, and the programme's fields." zh:"导入评价对象：所属单位和规范程序规定的各项。"`
	Evidence importEvidence `cmd:"" help:"Import filed forms." zh:"导入填报的表单。"`
	Matters  importMatters  `cmd:"" help:"Take over matters that run elsewhere: where each stands, and since when." zh:"接过别处正在办的事项：每件办到哪一步、从何时起。"`
}

// importing is what every import can be told.
type importing struct {
	storage  `embed:""`
	File     string `arg:"" help:"CSV, xlsx or JSON Lines; - reads from the pipe." zh:"CSV、xlsx 或 JSON Lines 文件；- 表示从管道读取。"`
	GoodRows bool   `help:"Store the good rows and leave the bad ones out (default: nothing is stored if one row is bad)." zh:"只导入正确的行（默认有一行出错就全部不导入）。"`
	Errors   string `placeholder:"FILE" help:"Write the table with what is wrong with each row, to be corrected and imported again." zh:"把错误写在各行旁边另存为此文件，改正后可再次导入。"`
}

type importUnits struct {
	importing `embed:""`
}

type importSubjects struct {
	importing `embed:""`
	Programme string `placeholder:"P" help:"Programme (default: the only one)." zh:"规范程序（默认唯一的那个）。"`
}

type importEvidence struct {
	importing `embed:""`
	Programme string `placeholder:"P" help:"Programme (default: the only one)." zh:"规范程序（默认唯一的那个）。"`
}

// Run imports units.
func (k *importUnits) Run(c *console) error {
	site, err := k.storage.open(c, bihuan.Config{})
	if err != nil {
		return err
	}
	defer site.Close()
	return importFile(c, k.importing, exchange.ReadUnits, func(units []exchange.Unit, opt bihuan.Import) (bihuan.Imported, error) {
		rows := unitRows(units)
		if _, there, err := site.Units(c.ctx, bihuan.UnitQuery{}); err != nil {
			return bihuan.Imported{}, err
		} else if there == 0 {
			if top := topmost(rows); top != nil {
				c.say("{0} {1} 作为最上级单位：文件中没有它的上级 {2}", "{0} {1} is taken for the topmost unit: {2} above it is not in the file", top.Code, top.Name, top.Parent)
				top.Parent = ""
			}
		}
		return site.ImportUnits(c.ctx, bihuan.System(), rows, opt)
	})
}

func unitRows(units []exchange.Unit) []bihuan.UnitRow {
	rows := make([]bihuan.UnitRow, len(units))
	for i, u := range units {
		rows[i] = bihuan.UnitRow(u)
	}
	return rows
}

// topmost finds the one unit of a tree whose parent is outside of it: a county's list names the city above, which is not
// its own. Nil when there is none, when there are several, or when the tree has a root.
func topmost(rows []bihuan.UnitRow) *bihuan.UnitRow {
	inside := map[string]bool{}
	for _, u := range rows {
		inside[u.Code] = true
	}
	var top *bihuan.UnitRow
	for i, u := range rows {
		switch {
		case inside[u.Parent]:
		case u.Parent == "", top != nil:
			return nil
		default:
			top = &rows[i]
		}
	}
	return top
}

// Run enrols subjects.
func (k *importSubjects) Run(c *console) error {
	site, running, err := k.importing.at(c, k.Programme)
	if err != nil {
		return err
	}
	defer site.Close()
	read := func(r io.Reader, f exchange.Format) (*exchange.File[exchange.Subject], error) {
		return exchange.ReadSubjects(r, f, running.Programme)
	}
	return importFile(c, k.importing, read, func(subjects []exchange.Subject, opt bihuan.Import) (bihuan.Imported, error) {
		rows := make([]bihuan.NewSubject, len(subjects))
		for i, s := range subjects {
			rows[i] = bihuan.NewSubject(s)
		}
		return site.Enrol(c.ctx, bihuan.System(), running.Name, rows, opt)
	})
}

// Run files evidence.
func (k *importEvidence) Run(c *console) error {
	site, running, err := k.importing.at(c, k.Programme)
	if err != nil {
		return err
	}
	defer site.Close()
	read := func(r io.Reader, f exchange.Format) (*exchange.File[exchange.Filing], error) {
		return exchange.ReadEvidence(r, f, running.Programme)
	}
	return importFile(c, k.importing, read, func(filings []exchange.Filing, opt bihuan.Import) (bihuan.Imported, error) {
		rows := make([]bihuan.Filing, len(filings))
		for i, f := range filings {
			rows[i] = filing(running.Programme, f)
		}
		return site.FileMany(c.ctx, bihuan.System(), running.Name, rows, opt)
	})
}

type importMatters struct {
	importing `embed:""`
	Programme string `placeholder:"P" help:"Programme (default: the only one)." zh:"规范程序（默认唯一的那个）。"`
	Matter    string `placeholder:"M" help:"Kind of matter (default: the only one of the programme)." zh:"事项种类（默认方案中唯一的那种）。"`
}

// Run takes matters over.
func (k *importMatters) Run(c *console) error {
	site, running, err := k.importing.at(c, k.Programme)
	if err != nil {
		return err
	}
	defer site.Close()
	name, err := theMatter(running, k.Matter)
	if err != nil {
		return err
	}
	read := func(r io.Reader, f exchange.Format) (*exchange.File[exchange.Matter], error) {
		return exchange.ReadMatters(r, f, running.Programme, name)
	}
	return importFile(c, k.importing, read, func(matters []exchange.Matter, opt bihuan.Import) (bihuan.Imported, error) {
		rows := make([]bihuan.PastMatter, len(matters))
		for i, m := range matters {
			rows[i] = pastMatter(m)
		}
		return site.ImportMatters(c.ctx, bihuan.System(), running.Name, name, rows, opt)
	})
}

// theMatter finds a kind of matter by name, or the only one that a programme writes itself.
func theMatter(running *bihuan.Running, name string) (string, error) {
	if name != "" || len(running.Matters) == 1 {
		if name == "" {
			name = running.Matters[0].Name
		}
		return name, nil
	}
	var names []string
	for _, m := range running.Matters {
		names = append(names, m.Name)
	}
	if len(names) == 0 {
		return "", wrong("方案 {0} 没有事项", "programme {0} has no matters", running.Name)
	}
	return "", wrong("方案 {0} 有几种事项", "programme {0} has several kinds of matters", running.Name).do("用 --matter 指明：{0}", "name one with --matter: {0}", strings.Join(names, " "))
}

// pastMatter is a row of a file as the site takes it.
func pastMatter(m exchange.Matter) bihuan.PastMatter {
	out := bihuan.PastMatter{Row: m.Row, Subject: m.Subject, Code: m.Code, By: m.By, Raiser: m.Raiser, Raised: m.Raised, Values: m.Values, Clause: m.Clause, Stage: m.Stage,
		Since: m.Since, Days: m.Days, Forms: m.Forms, Why: m.Why, Lead: m.Lead, With: m.With, Who: m.Who}
	for _, e := range m.Events {
		out.Moves = append(out.Moves, bihuan.PastMove{On: e.On, Who: e.Who, Figures: e.Figures, Move: bihuan.Move{Kind: programme.EventKind(e.Kind), Action: e.Action,
			Stage: e.Seen, Forms: e.Forms, Reason: e.Reason, To: e.To, With: e.With, As: e.By}})
	}
	return out
}

// filing is what is filed when a line does not say by whom: by the first that may, as in cases.
func filing(p *programme.Programme, f exchange.Filing) bihuan.Filing {
	if f.By == "" {
		if form, ok := p.Form(f.Form); ok {
			f.By = filerOf(p, form)
		}
	}
	return bihuan.Filing{Subject: f.Subject, Form: f.Form, On: f.On, By: f.By, Values: f.Values, Row: f.Row}
}

// at opens the site and finds the programme.
func (k importing) at(c *console, name string) (*bihuan.Site, *bihuan.Running, error) {
	if err := k.mustExist(); err != nil {
		return nil, nil, err
	}
	site, err := k.storage.open(c, bihuan.Config{})
	if err != nil {
		return nil, nil, err
	}
	running, err := theProgramme(c, site, name)
	if err != nil {
		return nil, nil, errors.Join(err, site.Close())
	}
	return site, running, nil
}

// theProgramme finds a programme by name, or the only one that runs.
func theProgramme(c *console, site *bihuan.Site, name string) (*bihuan.Running, error) {
	if name != "" {
		return site.Running(c.ctx, name)
	}
	all, err := site.Programmes(c.ctx)
	if err != nil {
		return nil, err
	}
	switch len(all) {
	case 0:
		return nil, wrong("站点上还没有规范程序", "no programme runs on this site").do("先发布一个：bihuan publish DIR", "publish one first: bihuan publish DIR")
	case 1:
		return all[0], nil
	}
	var names []string
	for _, r := range all {
		names = append(names, r.Name)
	}
	return nil, wrong("站点上有几个规范程序", "several programmes run on this site").
		do("用 --programme 指明：{0}", "name one with --programme: {0}", strings.Join(names, " "))
}

// importFile reads the file, stores its rows, and says what became of them. Bad rows are told one by one, and written to the
// error file; unless the good rows alone are wanted, one bad row keeps everything out.
func importFile[T any](c *console, k importing, read func(io.Reader, exchange.Format) (*exchange.File[T], error),
	store func([]T, bihuan.Import) (bihuan.Imported, error)) error {
	in, name, err := c.open(k.File)
	if err != nil {
		return err
	}
	defer in.Close()
	format, err := exchange.FormatOf(k.File, in.head())
	if err != nil {
		return err
	}
	file, err := read(in, format)
	if err != nil {
		return err
	}
	if len(file.Records) == 0 && len(file.Errors) == 0 {
		return wrong("{0} 里没有数据行", "{0} has no rows", name)
	}
	show, done := c.progress("导入", "importing")
	opt := bihuan.Import{GoodRowsOnly: k.GoodRows, Progress: show}
	for _, e := range file.Errors {
		opt.Wrong = append(opt.Wrong, bihuan.RowError(e))
	}
	imported, err := store(file.Records, opt)
	done()
	bad := imported.Errors
	var refused *bihuan.Error
	if errors.As(err, &refused) && len(refused.Rows) > 0 {
		bad, err = refused.Rows, nil
	}
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		if err := c.tellBadRows(k, name, file.Table, bad, refused == nil); err != nil {
			return err
		}
	}
	if refused != nil {
		return problem{refused.Text, programme.T("改正后重新导入，或用 --good-rows 只导入正确的行", "correct them and import again, or take the good rows alone with --good-rows")}
	}
	c.say("已导入 {0} 行，{1} 行没有变化，{2} 行有误未导入", "{0} rows imported, {1} unchanged, {2} bad rows left out", imported.Stored, imported.Unchanged, rowsOf(bad))
	if len(bad) > 0 {
		return answerNo{}
	}
	return nil
}

// tellBadRows says what is wrong with the rows, on stderr and in the error file. Where the good rows are in, the error file
// has the bad ones alone, so that nothing is imported twice.
func (c *console) tellBadRows(k importing, name string, table *exchange.Table, bad []bihuan.RowError, stored bool) error {
	rows := make([]exchange.RowError, len(bad))
	for i, e := range bad {
		rows[i] = exchange.RowError(e)
	}
	sortRows(rows)
	c.complainRows(name, rows)
	if k.Errors == "" {
		return nil
	}
	f, err := os.Create(k.Errors)
	if err != nil {
		return wrong("无法写入 {0}", "cannot write {0}", k.Errors).do("{0}", "{0}", err.Error())
	}
	if err := errors.Join(table.WriteErrors(f, rows, c.lang, stored), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", k.Errors, err)
	}
	if ext := "." + string(table.Format); filepath.Ext(k.Errors) != ext {
		c.say("注意：{0} 的内容是 {1} 格式", "note: {0} is in the format {1}, as the file that was sent", k.Errors, string(table.Format))
	}
	c.say("已把错误写在各行旁边：{0}", "the rows with their mistakes are in {0}", k.Errors)
	return nil
}

func rowsOf(errs []bihuan.RowError) int {
	rows := map[int]bool{}
	for _, e := range errs {
		rows[e.Row] = true
	}
	return len(rows)
}
