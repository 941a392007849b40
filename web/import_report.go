package web

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// shownErrors is how many mistakes a page shows; all of them stand in the error file.
const shownErrors = 200

// importReport is what became of a table. With bad rows it is kept as an upload of whoever imports — the file as it came,
// the error file, and these words in one zip — so that the page survives a reload, another process, and the choice that
// comes after it. It does not change; taking the good rows makes a report of its own.
type importReport struct {
	Kind, Programme, Name string
	Matter                string // of matters: their process
	Format                exchange.Format
	Stored                bool // the good rows are in; otherwise nothing is
	Rows, New, Unchanged  int
	Bad                   int               // rows with mistakes
	Errors                []bihuan.RowError // the first of them
	More                  int               // how many mistakes are not in Errors

	source, errorFile []byte
	fields            map[string]programme.Text // titles of the fields
}

// setErrors notes the mistakes, in the order of the rows, and writes them beside the rows of the table. Where the good rows
// are in, the error file has the bad ones alone, so that nothing is imported twice.
func (x *importReport) setErrors(t *exchange.Table, bad []bihuan.RowError, lang programme.Lang) error {
	if len(bad) == 0 {
		return nil
	}
	bad = slices.Clone(bad)
	slices.SortStableFunc(bad, func(a, b bihuan.RowError) int { return cmp.Compare(a.Row, b.Row) })
	rows := make([]exchange.RowError, len(bad))
	for i, e := range bad {
		if title, ok := x.fields[e.Field]; ok {
			bad[i].Field = title.In(lang)
		}
		rows[i] = exchange.RowError(bad[i])
		if i == 0 || bad[i-1].Row != e.Row {
			x.Bad++
		}
	}
	x.Errors, x.More = bad[:min(len(bad), shownErrors)], max(0, len(bad)-shownErrors)
	var b bytes.Buffer
	if err := t.WriteErrors(&b, rows, lang, x.Stored); err != nil {
		return fmt.Errorf("write error file of %s: %w", x.Name, err)
	}
	x.errorFile = b.Bytes()
	return nil
}

// keepReport stores a report and gives the hash under which it is found again.
func (r *request) keepReport(x importReport) (string, error) {
	words, err := json.Marshal(x)
	if err != nil {
		return "", fmt.Errorf("keep import report: %w", err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range []struct {
		name    string
		content []byte
	}{{"report.json", words}, {"source", x.source}, {"errors", x.errorFile}} {
		w, err := z.Create(part.name)
		if err == nil {
			_, err = w.Write(part.content)
		}
		if err != nil {
			return "", fmt.Errorf("keep import report: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("keep import report: %w", err)
	}
	kept, err := r.f.site.Upload(r.ctx(), r.actor, path.Base(x.Name)+".zip", &b)
	if err != nil {
		return "", err
	}
	return kept.SHA256, nil
}

// readReport finds a report again. Only who imported the table finds it.
func (r *request) readReport(sha string) (importReport, error) {
	var x importReport
	missing := &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这份导入记录", "There is no such import")}
	file, kept, err := r.f.site.OpenAttachment(r.ctx(), r.actor, sha, "")
	if err != nil {
		return x, err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return x, fmt.Errorf("read import report %s: %w", kept.SHA256, err)
	}
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return x, missing
	}
	part := func(name string) []byte {
		f, err := z.Open(name)
		if err != nil {
			return nil
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, 2*mostTable))
		if err != nil {
			return nil
		}
		return b
	}
	if err := json.Unmarshal(part("report.json"), &x); err != nil {
		return x, missing
	}
	x.source, x.errorFile = part("source"), part("errors")
	return x, nil
}

type importReportArgs struct {
	importReport
	SHA string
}

// showImport shows what became of a table that had bad rows.
func showImport(r *request) error {
	x, err := r.readReport(r.PathValue("sha"))
	if err != nil {
		return err
	}
	v, err := r.inUsual(programme.T("导入表格", "Import tables"), "admin")
	if err != nil {
		return err
	}
	return r.page(importReportPage(v, importReportArgs{x, r.PathValue("sha")}))
}

// importErrors answers with the error file: the table as it came, with what is wrong beside each row.
func importErrors(r *request) error {
	x, err := r.readReport(r.PathValue("sha"))
	if err != nil {
		return err
	}
	media := map[exchange.Format]string{exchange.CSV: "text/csv; charset=utf-8", exchange.JSONLines: "application/x-ndjson",
		exchange.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}[x.Format]
	v := r.view(programme.Text{})
	name := x.Name[:len(x.Name)-len(path.Ext(x.Name))]
	return r.download(name+" "+v.T("错误", "errors")+"."+string(x.Format), media, x.errorFile)
}
