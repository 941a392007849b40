package exchange_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// school is the smallest programme that has all that files can carry.
var school = &programme.Programme{
	Name: "school",
	Subject: programme.Subject{Kind: "school", Title: programme.T("学校", "School"), Key: "code", Fields: []*programme.Field{
		{Name: "code", Type: programme.TextType, Title: programme.T("学校代码", "School code"), Required: true},
		{Name: "name", Type: programme.TextType, Title: programme.T("校名", "Name")},
	}},
	Parties: []programme.Party{{Name: "self", Title: programme.T("自评", "Self"), Role: "head"}, {Name: "town", Title: programme.T("镇评", "Town"), Role: "clerk"}},
	Roles:   []programme.Role{{Name: "head", Title: programme.T("校长", "Head")}, {Name: "clerk", Title: programme.T("镇办事员", "Clerk")}},
	Forms: []*programme.Form{
		{Name: "roll", Title: programme.T("名册", "Roll"), Fields: []*programme.Field{
			{Name: "pupils", Type: programme.Int, Title: programme.T("学生数", "Pupils")},
			{Name: "note", Type: programme.TextType, Title: programme.T("说明", "Note")},
			{Name: "days", Type: programme.Choices, Title: programme.T("开放日", "Open days")},
		}},
		{Name: "visit", Many: true, Title: programme.T("走访", "Visit"), Fields: []*programme.Field{
			{Name: "note", Type: programme.TextType, Title: programme.T("说明", "Note")},
			{Name: "seen", Type: programme.Date, Title: programme.T("走访日", "Seen on"), Is: "date"},
		}},
	},
}

const unitsCSV = "代码,上级代码,名称,级别\r\n330482,,平湖市,county\r\n\r\n330482102,330482,新埭镇,town\r\n"

func TestReadUnitsInEveryEncoding(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(unitsCSV))
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(strings.ReplaceAll(unitsCSV, ",", "\t")))
	if err != nil {
		t.Fatal(err)
	}
	want := []exchange.Unit{{2, "330482", "", "平湖市", "county"}, {4, "330482102", "330482", "新埭镇", "town"}}
	for name, content := range map[string][]byte{
		"UTF-8": []byte(unitsCSV), "UTF-8 with mark": []byte("\ufeff" + unitsCSV), "GB18030": gb, "UTF-16 with tabs": wide,
		"semicolons": []byte(strings.ReplaceAll(unitsCSV, ",", ";")),
	} {
		f, err := exchange.ReadUnits(bytes.NewReader(content), exchange.CSV)
		if err != nil || f.Errors != nil {
			t.Fatalf("%s: %v %v", name, err, f)
		}
		if diff := cmp.Diff(want, f.Records); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Rows are counted as a spreadsheet counts them, line breaks inside a cell notwithstanding, and all mistakes come at once.
func TestMistakesByRow(t *testing.T) {
	f, err := exchange.ReadUnits(strings.NewReader("code,parent,name,leval\n1,,\"a\nb\",x\n,1,c,x\n3,1,,x\n"), exchange.CSV)
	if err != nil {
		t.Fatal(err)
	}
	wantErrors(t, f.Errors, "1 leval: there is no column leval; did you mean level?")
	f, err = exchange.ReadUnits(strings.NewReader("code,parent,name\n1,,\"a\nb\"\n,1,c\n3,1,\n"), exchange.CSV)
	if err != nil {
		t.Fatal(err)
	}
	wantErrors(t, f.Errors, "3 code: the code is empty", "4 name: the name is empty")
	f, err = exchange.ReadUnits(strings.NewReader("代码,代码,单位名称,备注\n1,,a,b\n"), exchange.CSV)
	if err != nil {
		t.Fatal(err)
	}
	wantErrors(t, f.Errors, "1 代码: the column 代码 stands twice", "1 备注: there is no column 备注; put # before its name to leave it out",
		"1 parent: there is no column parent (上级代码、上级单位代码、上级单位、上级)")
}

func TestReadEvidenceTable(t *testing.T) {
	f, err := exchange.ReadEvidence(strings.NewReader("序号,学校代码,评价方,on,学生数（人）,roll.note,走访.说明,visit.on,roll.days,NAME\n"+
		"1,s1,镇评,2021/1/12,480,a,,,一；二,东风小学\n2,s2,self,2021年1月3日,7,,b,2020-12-01,,\n3,,nobody,12 Jan,,,c,,,\n"), exchange.CSV, school)
	if err != nil {
		t.Fatal(err)
	}
	want := []exchange.Filing{
		{Row: 2, Subject: "s1", Form: "subject", On: day("2021-01-12"), By: "town", Values: map[string]any{"name": "东风小学"}},
		{Row: 2, Subject: "s1", Form: "roll", On: day("2021-01-12"), By: "town", Values: map[string]any{"pupils": "480", "note": "a", "days": []any{"一", "二"}}},
		{Row: 3, Subject: "s2", Form: "roll", On: day("2021-01-03"), By: "self", Values: map[string]any{"pupils": "7"}},
		{Row: 3, Subject: "s2", Form: "visit", On: day("2020-12-01"), By: "self", Values: map[string]any{"note": "b"}},
	}
	if diff := cmp.Diff(want, f.Records); diff != "" {
		t.Error(diff)
	}
	wantErrors(t, f.Errors, "4 学校代码: it does not say which subject", "4 on: 12 Jan is no day; write it like 2021-01-20", "4 评价方: there is no party or role nobody")
}

func TestReadEvidenceLines(t *testing.T) {
	f, err := exchange.ReadEvidence(strings.NewReader(`{"subject":"s1","form":"roll","on":"2021-01-12","by":"self","values":{"pupils":480}}

{"subject":"s1","unit":"33","fields":{"name":"东风小学"}}
{"subject":"s1","form":"rol","values":{}}
{"subject":"s1","from":"roll","values":{}}
{"form":"roll","values":3,"by":"slef"}
not json
{"subject":"s1","form":"roll","values":{}} {}
{"subject":"s1","form":"roll","values":{},"fields":{}}
`), exchange.JSONLines, school)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Records) != 2 || f.Records[1].Form != "subject" || f.Records[1].Unit != "33" || f.Records[0].On != day("2021-01-12") {
		t.Errorf("records %+v", f.Records)
	}
	wantErrors(t, f.Errors, "4 form: there is no form rol; did you mean roll?", "5 : there is no key from; did you mean form?",
		"6 values: values must be an object { … }", "6 subject: it does not say which subject", "6 by: there is no party or role slef; did you mean self?",
		"7 : it is no JSON object: invalid character 'o' in literal null (expecting 'u')", "8 : it is no JSON object: there is something after the object",
		"9 fields: a line has either fields, or form and values")
	_, err = exchange.ReadEvidence(strings.NewReader(`{"subject":"`+strings.Repeat("x", 10<<20)), exchange.JSONLines, school)
	wantRefusal(t, err, "line 1 is longer than 1 MB")
}

// A workbook as people make it: unit codes as numbers that Excel shows as 3.30482E+11, days in four ways of showing them.
func TestReadXLSX(t *testing.T) {
	book := excelize.NewFile()
	set := func(cell string, v any, format string) {
		if err := book.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
		if format != "" {
			id, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
			if err != nil {
				t.Fatal(err)
			}
			if err := book.SetCellStyle("Sheet1", cell, cell, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, header := range []string{"学校代码", "日期", "学生数", "走访日", "名册.说明"} {
		set(string(rune('A'+i))+"1", header, "")
	}
	moment := time.Date(2021, 1, 12, 0, 0, 0, 0, time.UTC)
	for i, format := range []string{"", "yyyy/m/d", "m月d日", "d-mmm-yy", `yyyy"年"m"月"d"日"`} {
		row := fmt.Sprint(i + 2)
		set("A"+row, 330482001001, "")
		set("B"+row, moment, format)
		set("C"+row, 1234.5, "#,##0.00")
		set("D"+row, "2021-01-11", "")
		set("E"+row, 0.1+0.2, "0%")
	}
	set("A9", "913304820000000001", "")
	set("C9", 12, `0"人"`)
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	f, err := exchange.ReadEvidence(&out, exchange.XLSX, school)
	if err != nil || f.Errors != nil {
		t.Fatal(err, f)
	}
	var want []exchange.Filing
	for row := 2; row < 7; row++ {
		x := exchange.Filing{Row: row, Subject: "330482001001", On: day("2021-01-12")}
		x.Form, x.Values = "roll", map[string]any{"pupils": "1234.5", "note": "0.3"}
		want = append(want, x)
		x.Form, x.Values = "visit", map[string]any{"seen": "2021-01-11"}
		want = append(want, x)
	}
	want = append(want, exchange.Filing{Row: 9, Subject: "913304820000000001", Form: "roll", Values: map[string]any{"pupils": "12"}})
	if diff := cmp.Diff(want, f.Records); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	bomb := func(entries int, size int64) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for i := range entries {
			w, err := z.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", i))
			if err != nil {
				t.Fatal(err)
			}
			block := bytes.Repeat([]byte(" "), 1<<16)
			for n := int64(0); n < size; n += int64(len(block)) {
				if _, err := w.Write(block); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, c := range []struct {
		format  exchange.Format
		content []byte
		want    string
	}{
		{exchange.XLSX, bomb(1, 64<<20), "the workbook unpacks to far too much and was refused"},
		{exchange.XLSX, bomb(3000, 1), "the workbook unpacks to far too much and was refused"},
		{exchange.XLSX, []byte("PK\x03\x04 and nothing"), "the workbook cannot be opened: it is damaged, or not xlsx"},
		{exchange.XLSX, bomb(1, 100), "the workbook cannot be opened: it is damaged, or not xlsx"},
		{exchange.CSV, bytes.Repeat([]byte("a,b\n"), 9<<20), "the file is larger than 32 MB"},
		{exchange.CSV, []byte("  \n"), "the file is empty"},
		{exchange.CSV, []byte("a,b\x00\n"), "the text of the file is in an unknown encoding"},
		{exchange.CSV, []byte("a\xff\xff,b\n"), "the text of the file is in an unknown encoding"},
		{exchange.CSV, []byte("a\n" + strings.Repeat("x", 40_000)), "row 2 has a cell of more than 32767 characters"},
		{exchange.CSV, []byte("#a,b\n#REF!,1\n#REF!,#DIV/0!"), "in row 3 the formula under b has gone wrong: #DIV/0!"},
		{exchange.CSV, []byte(strings.Repeat("a,", 600) + "a"), "row 1 has 601 columns, 500 are allowed"},
	} {
		_, err := exchange.ReadTable(bytes.NewReader(c.content), c.format)
		wantRefusal(t, err, c.want)
	}
	for name, want := range map[string]string{"a.xls": "this is an old .xls file, or a workbook with a password", "a.pdf": "unknown file format .pdf"} {
		head := map[string]string{"a.xls": "\xd0\xcf\x11\xe0", "a.pdf": "%PDF"}[name]
		_, err := exchange.FormatOf(name, []byte(head))
		wantRefusal(t, err, want)
	}
}

// What is written reads back the same, and no text becomes a formula.
func TestWriteTable(t *testing.T) {
	rows := [][]any{{"=1+1", programme.MustDecimal("-0.95"), day("2021-01-20"), 7}, {"@x", programme.MustDecimal("12345678901234567.5"), nil, int64(3)}, {"+86 573", "-5", "a\"b", 0}}
	for _, format := range []exchange.Format{exchange.CSV, exchange.XLSX} {
		var out bytes.Buffer
		if err := exchange.WriteTable(&out, format, []string{"名称", "分", "日", "数"}, slices.Values(rows)); err != nil {
			t.Fatal(err)
		}
		if format == exchange.CSV && !strings.Contains(out.String(), "\n'=1+1,-0.95,2021-01-20,7\r\n'@x,12345678901234567.5,,3\r\n'+86 573,-5,\"a\"\"b\",0\r\n") {
			t.Errorf("csv: %q", out.String())
		}
		if format == exchange.XLSX {
			book, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if formula, err := book.GetCellFormula("Sheet1", "A2"); err != nil || formula != "" {
				t.Errorf("formula %q %v", formula, err)
			}
		}
		table, err := exchange.ReadTable(&out, format)
		if err != nil {
			t.Fatal(err)
		}
		want := []exchange.Row{{2, []string{"=1+1", "-0.95", "2021-01-20", "7"}}, {3, []string{"@x", "12345678901234567.5", "", "3"}}, {4, []string{"+86 573", "-5", `a"b`, "0"}}}
		if !reflect.DeepEqual(want, table.Rows) {
			t.Errorf("%s: %+v", format, table.Rows)
		}
	}
	var out bytes.Buffer
	if err := exchange.WriteTable(&out, exchange.JSONLines, []string{"名称", "分"}, slices.Values(rows[:1])); err != nil || out.String() != "{\"名称\":\"=1+1\",\"分\":-0.95}\n" {
		t.Errorf("jsonl: %s %v", out.String(), err)
	}
}

// An error file comes back as it went, corrected: its column of mistakes is no obstacle.
func TestErrorFileComesBack(t *testing.T) {
	for _, format := range []exchange.Format{exchange.CSV, exchange.XLSX} {
		var sent bytes.Buffer
		rows := [][]any{{"1", nil, "甲"}, {"", "1", "乙"}, {"3", "1", "丙"}}
		if err := exchange.WriteTable(&sent, format, []string{"代码", "上级代码", "名称"}, slices.Values(rows)); err != nil {
			t.Fatal(err)
		}
		f, err := exchange.ReadUnits(&sent, format)
		if err != nil {
			t.Fatal(err)
		}
		for onlyBad, want := range map[bool][]exchange.Row{
			true:  {{2, []string{"", "1", "乙", "缺少单位代码"}}},
			false: {{2, []string{"1", "", "甲"}}, {3, []string{"", "1", "乙", "缺少单位代码"}}, {4, []string{"3", "1", "丙"}}},
		} {
			var back bytes.Buffer
			if err := f.Table.WriteErrors(&back, f.Errors, programme.Zh, onlyBad); err != nil {
				t.Fatal(err)
			}
			again, err := exchange.ReadUnits(bytes.NewReader(back.Bytes()), format)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, again.Table.Rows); diff != "" {
				t.Errorf("%s onlyBad=%v: %s", format, onlyBad, diff)
			}
		}
	}
	f, err := exchange.ReadEvidence(strings.NewReader("{\"subject\":\"s1\",\"form\":\"roll\",\"values\":{}}\n{\"subject\":\"s1\",\"form\":\"rol\",\"values\":{\"pupils\":1}}\n"), exchange.JSONLines, school)
	if err != nil {
		t.Fatal(err)
	}
	var back strings.Builder
	if err := f.Table.WriteErrors(&back, f.Errors, programme.En, true); err != nil {
		t.Fatal(err)
	}
	fixed := strings.ReplaceAll(back.String(), `"form":"rol"`, `"form":"roll"`)
	if f, err = exchange.ReadEvidence(strings.NewReader(fixed), exchange.JSONLines, school); err != nil || f.Errors != nil || len(f.Records) != 1 {
		t.Errorf("%v %+v in %s", err, f, fixed)
	}
}

func TestReadSubjects(t *testing.T) {
	f, err := exchange.ReadSubjects(strings.NewReader("学校代码,校名,所属单位,on\ns1,东风小学,330482102,\ns2,,,2021-02-30\n"), exchange.CSV, school)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]exchange.Subject{{Row: 2, Unit: "330482102", Fields: map[string]any{"code": "s1", "name": "东风小学"}}}, f.Records); diff != "" {
		t.Error(diff)
	}
	wantErrors(t, f.Errors, "3 on: 2021-02-30 is no day; write it like 2021-01-20", "3 所属单位: the unit is empty")
}

// A hundred thousand rows are written and read in a few seconds and little memory.
func BenchmarkXLSX(b *testing.B) {
	var rows iter.Seq[[]any] = func(yield func([]any) bool) {
		for i := range 50_000 {
			if !yield([]any{fmt.Sprint(i), "330482", "单位", "village"}) {
				return
			}
		}
	}
	for b.Loop() {
		var out bytes.Buffer
		if err := exchange.WriteTable(&out, exchange.XLSX, []string{"code", "parent", "name", "level"}, rows); err != nil {
			b.Fatal(err)
		}
		if f, err := exchange.ReadUnits(&out, exchange.XLSX); err != nil || len(f.Records) != 50_000 {
			b.Fatal(err)
		}
	}
}

func day(s string) programme.Day {
	d, err := programme.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func wantErrors(t *testing.T, got []exchange.RowError, want ...string) {
	t.Helper()
	var said []string
	for _, e := range got {
		said = append(said, fmt.Sprintf("%d %s: %s", e.Row, e.Field, e.Text.In(programme.En)))
		if e.Text.Zh == "" {
			t.Errorf("no Chinese for %q", e.Text.En)
		}
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	var refusal *exchange.Error
	if !errors.As(err, &refusal) || err.Error() != want || refusal.Text.Zh == "" {
		t.Errorf("got %v, want %s", err, want)
	}
}
