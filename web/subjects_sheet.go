package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// subjectsSheet answers with the list as it stands on the screen, all its pages, as a workbook.
func subjectsSheet(r *request) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	q := subjectQuery(run.Name, r.URL.Query())
	q.Offset, q.Limit = 0, 1000
	var all []bihuan.SubjectRow
	for {
		rows, total, err := r.f.site.Subjects(r.ctx(), r.actor, q)
		if err != nil {
			return err
		}
		all = append(all, rows...)
		q.Offset += len(rows)
		if len(rows) == 0 || q.Offset >= total {
			break
		}
	}
	v := r.view(run.Subject.Title)
	v.Programme = run.Programme
	var b bytes.Buffer
	if err := exchange.WriteTable(&b, exchange.XLSX, subjectsSheetHead(v, run), func(yield func([]any) bool) {
		for _, row := range all {
			if !yield(subjectsSheetRow(v, run, row)) {
				return
			}
		}
	}); err != nil {
		return fmt.Errorf("export subjects of %s: %w", run.Name, err)
	}
	name := v.In(run.Title) + " " + v.In(run.Subject.Title) + " " + r.f.site.Today().String() + ".xlsx"
	return r.download(name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
}

func subjectsSheetHead(v view, run *bihuan.Running) []string {
	head := []string{v.T("名次", "Rank"), v.T("名称", "Name"), v.T("代码", "Key"), v.T("单位", "Unit"), v.T("单位代码", "Unit code")}
	for _, p := range run.Parties {
		head = append(head, v.by(run.Programme, p.Name))
	}
	if len(run.Parties) > 1 {
		head = append(head, v.T("差异", "Change"))
	}
	return append(head, v.T("等级", "Grade"), v.T("上次评定", "Last decision"), v.T("最近变动", "Last change"))
}

func subjectsSheetRow(v view, run *bihuan.Running, row bihuan.SubjectRow) []any {
	cells := []any{nil, row.Name, row.Key, row.UnitName, row.Unit}
	if row.Rank > 0 {
		cells[0] = row.Rank
	}
	for _, p := range run.Parties {
		if t, ok := row.Totals[p.Name]; ok {
			cells = append(cells, exactPoints(t))
		} else {
			cells = append(cells, nil)
		}
	}
	if len(run.Parties) > 1 {
		if d, ok := difference(run, row.Totals); ok {
			cells = append(cells, exactPoints(d))
		} else {
			cells = append(cells, nil)
		}
	}
	grade := v.T("不评分", "not scored")
	if row.Scored && row.Grade != "" {
		grade = gradeTitle(v, run.Programme, row.Grade)
	}
	decided := ""
	if row.Decided != "" {
		decided = gradeTitle(v, run.Programme, row.Decided)
	}
	changed := ""
	if !row.ChangedAt.IsZero() {
		changed = programme.DayOf(row.ChangedAt).String()
	}
	return append(cells, grade, decided, changed)
}

func exactPoints(p assess.Points) programme.Decimal { return programme.NewDecimal(int64(p), 6) }

// download answers with a file under a name that may be Chinese.
func (r *request) download(name, media string, content []byte) error {
	h := r.ResponseWriter.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Cache-Control", "no-store")
	r.WriteHeader(http.StatusOK)
	_, _ = r.ResponseWriter.Write(content) // the browser may have gone away
	return nil
}
