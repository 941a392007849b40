package exchange

import (
	"io"
	"strings"
)

// Person is one row of a roster.
type Person struct {
	Row          int
	Name, Number string
}

var rosterColumns = []column{
	{"name", []string{"姓名", "名字", "职工姓名", "会员姓名"}, true},
	{"number", []string{"编号", "工号", "员工编号", "会员编号", "学号", "序号"}, false},
}

// ReadRoster reads a list of people: name and, where there is one, number.
func ReadRoster(r io.Reader, format Format) (*File[Person], error) {
	if format == JSONLines {
		return nil, refuse("名册应为 CSV 或 xlsx", "a roster comes as CSV or xlsx")
	}
	t, err := ReadTable(r, format)
	if err != nil {
		return nil, err
	}
	f := &File[Person]{Table: t}
	at, errs := t.match(rosterColumns)
	if f.Errors = errs; errs != nil {
		return f, nil
	}
	number, numbered := at["number"]
	if !numbered {
		number = -1
	}
	for _, row := range t.Rows {
		p := Person{row.Number, row.Cell(at["name"]), row.Cell(number)}
		if p.Name == "" {
			f.wrong(p.Row, t.Header[at["name"]], "缺少姓名", "the name is empty")
			continue
		}
		f.Records = append(f.Records, p)
	}
	return f, nil
}

// ReadRosterText reads people as they are pasted: a line each, the name and, behind a comma, a tab, a semicolon or, when it has a digit, a space, the number. Empty lines
// are left out.
func ReadRosterText(text string) []Person {
	var out []Person
	n := 0
	for line := range strings.Lines(text) {
		n++
		name, number := strings.TrimSpace(line), ""
		if i := strings.IndexAny(name, ",，;；\t、"); i >= 0 {
			number = strings.TrimLeft(name[i:], ",，;；\t、 ")
			name = strings.TrimSpace(name[:i])
		} else if i := strings.LastIndexAny(name, " \u3000"); i >= 0 && strings.ContainsAny(name[i:], "0123456789") {
			name, number = strings.TrimSpace(name[:i]), strings.TrimSpace(name[i:])
		}
		if name != "" || number != "" {
			out = append(out, Person{n, name, number})
		}
	}
	return out
}
