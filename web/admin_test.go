package web

import (
	"archive/zip"
	"bytes"
	"html"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
)

// A table with bad rows is told row by row, nothing of it is stored, and then its good rows are, if one chooses so.
func TestImportRowByRow(t *testing.T) {
	throughTheDoor(t, 2, func(d *door) {
		table := "单位代码,上级代码,单位名称,级别\n330482901,330482,示例新区,town\n,330482,没有代码,town\n330482902,330482999,上级不存在,town\n330482903,330482901,示例一村,village\n"
		to := d.sendFile("admin", "/admin/import", "units.csv", []byte(table), url.Values{"kind": {"units"}}, http.StatusSeeOther)
		hygiene(t, d.page("admin", to, "4 行中有 2 行有错，什么都没有导入", "缺少单位代码", "330482999", "只导入正确的 2 行"))
		if _, err := d.site.Unit(t.Context(), "330482901"); err == nil {
			t.Fatal("a refused table is stored")
		}
		_, file := d.get("admin", strings.Replace(to, "/admin/import/", "/admin/import/errors/", 1))
		if !strings.Contains(file, "错误") || !strings.Contains(file, "缺少单位代码") || !strings.Contains(file, "示例新区") {
			t.Errorf("the error file:\n%s", file)
		}
		if status, _ := d.get("judge", to); status != http.StatusNotFound {
			t.Errorf("another one reads the import: %d", status)
		}
		to = d.done("admin", to+"/good", nil)
		page := d.page("admin", to, "已导入 2 行", "2 行有错未导入")
		if strings.Contains(page, "只导入正确的") {
			t.Error("good rows can be taken again")
		}
		if _, err := d.site.Unit(t.Context(), "330482903"); err != nil {
			t.Error(err)
		}

		// What is no table is refused with what to do.
		for name, content := range map[string]string{"old.xls": "\xd0\xcf\x11\xe0 old", "units.xlsx": "no workbook", "units.pdf": "%PDF-1.7", "empty.csv": "", "head.csv": "单位代码,上级代码,单位名称\n"} {
			if page := d.sendFile("admin", "/admin/import", name, []byte(content), url.Values{"kind": {"units"}}, http.StatusUnprocessableEntity); !strings.Contains(page, `role="alert"`) {
				t.Errorf("%s: no message", name)
			}
		}
		d.sendFile("admin", "/admin/import", "big.csv", bytes.Repeat([]byte("x"), 22<<20), url.Values{"kind": {"units"}}, http.StatusRequestEntityTooLarge)
		d.sendFile("assessor", "/admin/import", "units.csv", []byte(table), url.Values{"kind": {"units"}}, http.StatusForbidden)
	})
}

// Subjects and evidence go in by the templates that the page offers.
func TestImportByTemplate(t *testing.T) {
	throughTheDoor(t, 2, func(d *door) {
		fill := func(path string, values map[string]string) []byte {
			t.Helper()
			_, sheet := d.get("assessor", path)
			head, err := exchange.ReadTable(strings.NewReader(sheet), exchange.XLSX)
			d.must(err)
			row := make([]any, len(head.Header))
			for i, name := range head.Header {
				row[i] = values[name]
				delete(values, name)
			}
			if len(values) > 0 {
				t.Errorf("the template has no columns %v: %v", values, head.Header)
			}
			var b bytes.Buffer
			d.must(exchange.WriteTable(&b, exchange.XLSX, head.Header, func(yield func([]any) bool) { yield(row) }))
			return b.Bytes()
		}
		roster := fill("/admin/import/template/evidence?programme=union&form=roster", map[string]string{"评价对象": d.subjects[0].Key, "日期": "2026-06-30", "职工与会员名册.职工人数": "100", "职工与会员名册.会员人数": "101"})
		to := d.sendFile("assessor", "/admin/import", "roster.xlsx", roster, url.Values{"kind": {"evidence"}, "programme": {"union"}}, http.StatusSeeOther)
		d.page("assessor", to, "1 行有错", "会员")
		roster = fill("/admin/import/template/evidence?programme=union&form=roster", map[string]string{"评价对象": d.subjects[0].Key, "日期": "2026-06-30", "职工与会员名册.职工人数": "100", "职工与会员名册.会员人数": "100", "职工与会员名册.其中女会员": "40"})
		d.page("assessor", d.sendFile("assessor", "/admin/import", "roster.xlsx", roster, url.Values{"kind": {"evidence"}, "programme": {"union"}}, http.StatusSeeOther), "已全部导入")
		list, err := d.site.EvidenceOf(t.Context(), bihuan.System(), d.subjects[0].ID, "roster")
		d.must(err)
		if list[0].By != "town" || list[0].Values["members"] != int64(100) {
			t.Errorf("filed: %+v", list[0])
		}
	})
}

// The list leaves as it stands on the screen.
func TestListLeavesAsItStands(t *testing.T) {
	throughTheDoor(t, 5, func(d *door) {
		_, sheet := d.get("judge", "/p/union/subjects.xlsx?sort=-total")
		table, err := exchange.ReadTable(strings.NewReader(sheet), exchange.XLSX)
		d.must(err)
		if len(table.Rows) != 5 || table.Rows[0].Cell(0) != "1" || table.Header[1] != "名称" {
			t.Errorf("%v\n%v", table.Header, table.Rows)
		}
		_, sheet = d.get("judge", "/p/union/subjects.xlsx?q="+d.subjects[3].Key)
		if table, err = exchange.ReadTable(strings.NewReader(sheet), exchange.XLSX); err != nil || len(table.Rows) != 1 || table.Rows[0].Cell(2) != d.subjects[3].Key {
			t.Errorf("%v %v", table, err)
		}
		d.page("judge", "/p/union/subjects?q="+d.subjects[3].Key, d.subjects[3].Name)
	})
}

// A programme with mistakes is shown with each of them where it stands, and nothing is published.
func TestPublishShowsMistakes(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		broken := zipOf(t, "../programmes/union", map[string][2]string{"standard.yaml": {"linear: {full_at: 0.95", "linear: {full_at: ninety"}, "programme.yaml": {`version: "2026.1"`, `version: "2026.2"`}})
		page := d.sendFile("admin", "/admin/programmes", "union.zip", broken, nil, http.StatusUnprocessableEntity)
		hygiene(t, page)
		for _, want := range []string{"standard.yaml:", "ninety", "^</pre>"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not show %q\n%.2000s", want, mainPart(page))
			}
		}
		better := zipOf(t, "../programmes/union", map[string][2]string{"standard.yaml": {"linear: {full_at: 0.95", "linear: {full_at: 0.9"}, "programme.yaml": {`version: "2026.1"`, `version: "2026.2"`}, "cases/": {}})
		effect := d.sendFile("admin", "/admin/programmes", "union.zip", better, url.Values{"note": {"入会率放宽"}}, http.StatusOK)
		hygiene(t, effect)
		for _, want := range []string{"尚未发布", "个升级", "之前合计", "2026.1"} {
			if !strings.Contains(effect, want) {
				t.Errorf("the effect does not show %q\n%.2000s", want, mainPart(effect))
			}
		}
		if page := d.page("admin", "/admin/programmes"); strings.Contains(page, "2026.2") {
			t.Error("it was published before its effect was shown")
		}
		seen := url.Values{"note": {"入会率放宽"}}
		for _, field := range []string{"name", "packed", "shown"} {
			_, value, _ := strings.Cut(effect, `name="`+field+`" value="`)
			value, _, _ = strings.Cut(value, `"`)
			seen.Set(field, html.UnescapeString(value))
		}
		to := d.sendFile("admin", "/admin/programmes", "", nil, seen, http.StatusSeeOther)
		d.page("admin", to, "2026.2", "入会率放宽", "执行中", "相对 2026.1 版")
		d.sendFile("admin", "/admin/programmes", "", nil, url.Values{"name": seen["name"], "packed": seen["packed"], "shown": {"something else"}}, http.StatusConflict)
		for name, content := range map[string][]byte{"not a zip": []byte("no zip"), "no programme": zipOf(t, "../docs", nil)} {
			if page := d.sendFile("admin", "/admin/programmes", "x.zip", content, nil, http.StatusUnprocessableEntity); !strings.Contains(page, `role="alert"`) {
				t.Errorf("%s: no message", name)
			}
		}
		d.sendFile("judge", "/admin/programmes", "union.zip", better, nil, http.StatusForbidden)
	})
}

// An administrator makes accounts within his own units, and mistakes come back at their fields.
func TestAccountsThroughThePages(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		form := url.Values{"login": {"Town.Two"}, "name": {"示例二"}, "password": {"short"}, "role": {"union/assessor"}, "unit": {"新埭镇"}}
		status, page := d.post("admin", "/admin/accounts", form)
		if status != http.StatusUnprocessableEntity || !strings.Contains(page, "err-password") || !strings.Contains(page, `value="Town.Two"`) || strings.Contains(page, `value="short"`) {
			t.Errorf("a short password: %d", status)
		}
		form.Set("password", password)
		form.Set("unit", "村")
		if status, page = d.post("admin", "/admin/accounts", form); status != http.StatusUnprocessableEntity || !strings.Contains(page, "err-unit") {
			t.Errorf("many units match: %d", status)
		}
		form.Set("unit", "新埭镇")
		to := d.done("admin", "/admin/accounts", form)
		hygiene(t, d.page("admin", to, "town.two", "镇街道总工会", "新埭镇"))
		d.done("admin", to+"/grants", url.Values{"role": {"union/judge"}, "unit": {"330482"}})
		d.page("admin", to, "市总工会")
		d.done("admin", to+"/grants/remove", url.Values{"role": {"union/judge"}, "unit": {"330482"}})
		if page := d.page("admin", to); strings.Contains(page, `value="union/judge"/><input type="hidden" name="unit"`) {
			t.Error("the grant is still there")
		}
		d.done("admin", to+"/password", url.Values{"new": {"another-long-one-8"}})
		d.done("admin", to+"/disable", url.Values{"disabled": {"yes"}})
		d.page("admin", to, "已停用", "恢复账号")
		if status, _ := d.post("assessor", to+"/disable", url.Values{"disabled": {"no"}}); status != http.StatusForbidden && status != http.StatusNotFound {
			t.Errorf("a town enables an account: %d", status)
		}
	})
}

// sendFile posts a file and other values, and gives the answer: the page, or where it leads.
func (d *door) sendFile(login, path, name string, content []byte, form url.Values, want int) string {
	d.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, values := range form {
		for _, v := range values {
			d.must(w.WriteField(k, v))
		}
	}
	part, err := w.CreateFormFile("file", name)
	d.must(err)
	_, err = part.Write(content)
	d.must(err)
	d.must(w.Close())
	answer, err := d.as(login).Post(d.url+path, w.FormDataContentType(), &b)
	d.must(err)
	status, body := d.read(answer)
	if status != want {
		d.Fatalf("%s sends %s to %s: %d, want %d\n%.1500s", login, name, path, status, want, mainPart(body))
	}
	return body
}

// zipOf packs a directory below a directory of its own name, with some text replaced in some files; a name that ends in a
// slash is left out.
func zipOf(t *testing.T, dir string, replace map[string][2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(path, "demo/") {
			return err
		}
		if _, out := replace[strings.SplitAfter(path, "/")[0]]; out && strings.Contains(path, "/") {
			return nil
		}
		content, err := os.ReadFile(dir + "/" + path)
		if err != nil {
			return err
		}
		if r, ok := replace[path]; ok {
			content = bytes.Replace(content, []byte(r[0]), []byte(r[1]), 1)
		}
		w, err := z.Create("union/" + path)
		if err == nil {
			_, err = w.Write(content)
		}
		return err
	})
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
