package programme

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

const skeleton = `programme: t
title: 样例
subject: {key: id, fields: {id: {type: text}}}
parties: {self: {role: officer}}
roles: {officer: {title: 企业工会}}
forms: {r: {fields: {n: {type: int}, 甲: {type: int}}}}
`

// A caret stands under the wrong word of a rule however it is quoted, and columns count characters.
func TestPlacesInsideExpressions(t *testing.T) {
	for _, rule := range []string{
		`r.n > 0 && r.wrong > 1`,
		`"r.n > 0 && r.wrong > 1"`,
		`'r.n > 0 && "中文" != '''' && r.wrong > 1'`,
		`"r.n > 0 && \"\u4e2d\\n文\" != '' && r.wrong > 1"`,
		"|\n          r.n > 0 &&\n\n            r.wrong > 1",
		"|-\n              r.n > 0 &&\n              r.wrong > 1",
		">\n          r.n > 0 &&\n          r.n < 9 &&\n\n          r.wrong > 1",
		">+\n          r.n > 0 &&\n            r.wrong > 1\n\n",
		"r.n > 0\n          && r.n < 9 &&\n          r.wrong > 1",
		"\"r.n > 0 &&\n           r.n < 9 \\\n           && r.wrong > 1\"",
		"r.n > 0 && '中文 中文' != '' &&\n\n           r.wrong > 1",
	} {
		text := strings.Replace(skeleton, ", 甲: {type: int}", "", 1) + "standard:\n  parts:\n  - part: 部分\n    sections:\n    - section: 节\n      clauses:\n      - clause: 条\n        points: 1\n        pass: " + rule + "\n"
		_, found := Load(files(map[string]string{MainFile: text}), "")
		if len(found) != 1 {
			t.Errorf("%s: %v", rule, found)
			continue
		}
		m := found[0]
		lines := strings.Split(text, "\n")
		if rest := string([]rune(lines[m.Line-1])[m.Col-1:]); !strings.HasPrefix(rest, "wrong") && !strings.HasPrefix(rest, "r.wrong") {
			t.Errorf("%s: %v points at %q", rule, m.Pos, rest)
		}
	}
}

func TestRender(t *testing.T) {
	_, found := Load(files(map[string]string{MainFile: skeleton + "public: [等级, grades, 指标]\nrounds: {a: {every: year, steps: [{slef: 1d}]}}\n"}), "t")
	var zh, en bytes.Buffer
	found.Under("programmes/t").Render(&zh, Zh, false)
	found.Render(&en, En, true)
	want := `programmes/t/programme.yaml:6:38: 名称 甲 只能用英文字母、数字和下划线，且不以数字开头
  forms: {r: {fields: {n: {type: int}, 甲: {type: int}}}}
                                       ^^
  建议：中文写在 title 里

`
	if got := zh.String(); !strings.HasPrefix(got, "programmes/t/programme.yaml:6:9: 提醒：") || !strings.Contains(got, want) {
		t.Errorf("got\n%s", got)
	}
	if !strings.Contains(zh.String(), "  public: [等级, grades, 指标]\n                         ^^^^\n") {
		t.Errorf("the caret is not under 指标:\n%s", zh.String())
	}
	if !strings.Contains(en.String(), "\x1b[31m^^^^\x1b[0m\n  hint: did you mean self?") {
		t.Errorf("got\n%s", en.String())
	}
	if got, want := string(found[len(found)-1].JSON()), `"message":"there is no step slef","hint":"did you mean self?"}`; !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
}

// A line as long as the file is shown around the mistake only.
func TestRenderLongLine(t *testing.T) {
	var b bytes.Buffer
	long := fmt.Sprintf("title: {zh: %s, fr: x, en: %s}", strings.Repeat("长", 3000), strings.Repeat("long ", 3000))
	_, found := Load(files(map[string]string{MainFile: strings.Replace(skeleton, "title: 样例", long, 1)}), "t")
	found.Render(&b, En, false)
	for line := range strings.Lines(b.String()) {
		if len([]rune(line)) > 200 {
			t.Fatalf("a line of %d characters", len([]rune(line)))
		}
	}
	if !strings.Contains(b.String(), "fr: x") {
		t.Error(b.String())
	}
}

func TestNearest(t *testing.T) {
	names := []string{"self", "town", "city", "planned_investment", "公示", "members"}
	for name, want := range map[string]string{"slef": "self", "Town": "town", "planned": "planned_investment", "member": "members", "xyz": "", "公事": "公示", "s": ""} {
		if got := nearest(name, names); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
}

// Files that are too large, too deep, too many or no text are refused.
func TestRefused(t *testing.T) {
	many := map[string]string{MainFile: skeleton}
	for i := range MostFiles + 1 {
		many[fmt.Sprintf("cases/%d.yaml", i)] = "[]"
	}
	large := map[string]string{MainFile: skeleton}
	for i := range 9 {
		large[fmt.Sprintf("cases/%d.yaml", i)] = "[]\n" + strings.Repeat("# 注\n", MostFileBytes/6)
	}
	bomb := "a: &a [x, x]\n"
	for i := 'b'; i < 'z'; i++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c]\n", i, i, i-1, i-1)
	}
	for want, texts := range map[string]map[string]string{
		"larger than 1 MiB":         {MainFile: skeleton + strings.Repeat("# 注释\n", MostFileBytes/6)},
		"larger than 8 MiB":         large,
		"more than 2000 files":      many,
		"nested more than 50":       {MainFile: skeleton + "document: " + strings.Repeat("[", 60) + strings.Repeat("]", 60)},
		"nested too deep":           {MainFile: skeleton + "document: " + strings.Repeat("[", 300000)},
		"no text can have":          {MainFile: skeleton + "document: {title: \"a\x00b\"}"},
		"that no text":              {MainFile: skeleton + "document: {title: \"a\xffb\"}"},
		"references like *a":        {MainFile: bomb},
		"at most 3000 clauses":      {MainFile: skeleton + "standard: {parts: [{part: a, sections: [{section: b, clauses: [" + strings.Repeat("{clause: a, pass: r.n > 1}, ", 3001) + "]}]}]}\n"},
		"500 forms":                 {MainFile: strings.Replace(skeleton, "forms: {", "forms: {"+manyForms(501), 1)},
		"more than 100000 val":      {MainFile: skeleton + "public: [" + strings.Repeat("x,", 200000) + "]\n"},
		"there is no programme":     {"other.yaml": skeleton},
		"the file is empty":         {MainFile: "# nothing\n"},
		"too many mistakes to list": {MainFile: skeleton + "public: [" + strings.Repeat("x, ", 2000) + "y]\n"},
	} {
		_, found := Load(files(texts), "t")
		if !strings.Contains(found.Error(), want) {
			e := found.Error()
			t.Errorf("%s: not in %s", want, e[:min(len(e), 500)])
		}
	}
}

func manyForms(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "f%d: {fields: {a: {type: int, check: a > 1}}}, ", i)
	}
	return b.String()
}

// The work of checking grows with what is written, not with its square: ten times as many clauses, forms and needs take some ten times
// as many allocations. Time would say more of the machine than of us.
func TestLargest(t *testing.T) {
	load := func(clauses, forms int) (allocated uint64, found Mistakes) {
		var written, needs strings.Builder
		for i := range clauses {
			fmt.Fprintf(&written, "{clause: c%d, points: 1, pass: f1.a > %d && f2.wrong}, ", i, i)
			fmt.Fprintf(&needs, "c%d, x, ", i)
		}
		main := strings.Replace(skeleton, "forms: {", "forms: {"+manyForms(forms-1), 1) +
			"standard: {parts: [{part: a, sections: [{section: b, clauses: [" + written.String() + "]}]}], grades: {ladder: [{grade: a, needs: [" + needs.String() + "]}]}}\n"
		allocated = allocations(func() { _, found = Load(files(map[string]string{MainFile: main}), "") })
		return allocated, found
	}
	tenth, _ := load(mostClauses/10, mostForms/10)
	whole, found := load(mostClauses, mostForms)
	if len(found) != mostMistakes+1 {
		t.Errorf("%d mistakes", len(found))
	}
	if whole > 20*tenth {
		t.Errorf("the largest allocates %d times, a tenth of it %d times", whole, tenth)
	}
}

// allocations counts what f allocates, when nothing runs beside it.
func allocations(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
