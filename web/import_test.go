package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
)

// Matters that ran elsewhere come in by the template of their kind: all of them, or none while a row is bad, or the good rows by choice.
func TestImportMattersOnPage(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		d.closeLoop()
		page := "/admin/import?kind=matters&programme=loop"
		for _, lang := range []string{"en", "zh"} {
			d.speak("chair", lang)
			hygiene(t, d.page("chair", page, "loop/proposal", "/admin/import/template/matters?programme=loop&amp;matter=proposal"))
		}
		_, sheet := d.get("chair", "/admin/import/template/matters?programme=loop&matter=proposal")
		head, err := exchange.ReadTable(strings.NewReader(sheet), exchange.XLSX)
		d.must(err)
		table := func(rows ...map[string]any) []byte {
			t.Helper()
			var b bytes.Buffer
			d.must(exchange.WriteTable(&b, exchange.XLSX, head.Header, func(yield func([]any) bool) {
				for _, values := range rows {
					cells := make([]any, len(head.Header))
					for i, name := range head.Header {
						cells[i] = values[name]
					}
					yield(cells)
				}
			}))
			return b.Bytes()
		}
		row := func(code, title string, more map[string]any) map[string]any {
			out := map[string]any{"评价对象": "E1", "编号": code, "提起日期": "2026-06-01", "标题": title, "理由": "需要"}
			for k, v := range more {
				out[k] = v
			}
			return out
		}
		kind := url.Values{"kind": {"matters"}, "matter": {"loop/proposal"}}
		doing := map[string]any{"环节": "办理", "到达日期": "2026-06-20", "主办账号": "chair", "方案.措施": "换灯", "方案.计划": "2026-07-15"}
		to := d.sendFile("chair", "/admin/import", "旧事项.xlsx", table(row("P-1", "修路灯", doing), row("P-2", "加座椅", nil)), kind, http.StatusSeeOther)
		d.page("chair", to, "已全部导入：新增或更新 2 行")
		d.page("chair", "/matters/P-1", "修路灯", "换灯", "演示chair", "2026年7月20日")

		bad := table(row("P-3", "", nil), row("P-4", "换门锁", map[string]any{"环节": "没有这一步"}), row("P-5", "刷墙", map[string]any{"环节": "办理", "到达日期": "2026-06-20"}), row("P-6", "通风", nil))
		to = d.sendFile("chair", "/admin/import", "bad.xlsx", bad, kind, http.StatusSeeOther)
		hygiene(t, d.page("chair", to, "4 行中有 3 行有错，什么都没有导入", "标题", "没有这一步", ">方案<", "只导入正确的 1 行"))
		for _, code := range []string{"P-3", "P-4", "P-5", "P-6"} {
			if status, _ := d.get("chair", "/matters/"+code); status != http.StatusNotFound {
				t.Errorf("%s of a refused table: %d", code, status)
			}
		}
		d.page("chair", d.done("chair", to+"/good", nil), "已导入 1 行", "3 行有错未导入")
		d.page("chair", "/matters/P-6", "通风")

		broken := d.sendFile("chair", "/admin/import", "broken.xlsx", table(row("P-9", "刷墙", map[string]any{"理由": "#REF!"})), kind, http.StatusUnprocessableEntity)
		if !strings.Contains(broken, "第 2 行“理由”这一格的公式出错：#REF!") {
			t.Errorf("a formula without a value: %s", mainPart(broken))
		}

		line := `{"subject":"E1","code":"P-7","raised":"2026-06-01","values":{"title":"甲","reason":"乙"},"events":[{"on":"2026-06-02","action":"accept","by":"officer"}]}`
		d.page("chair", d.sendFile("chair", "/admin/import", "past.jsonl", []byte(line), kind, http.StatusSeeOther), "经过只能用命令行导入", "什么都没有导入")
		for login, want := range map[string]int{"m1": http.StatusForbidden, "officer": http.StatusSeeOther, "east": http.StatusSeeOther} { // the latter two handle others, and are refused row by row
			d.sendFile(login, "/admin/import", "more.xlsx", table(row("P-8", "不该进来", nil)), kind, want)
		}
		if _, err := d.site.Matter(t.Context(), bihuan.System(), "P-8"); err == nil {
			t.Error("somebody else brings in matters")
		}
	})
}
