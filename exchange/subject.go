package exchange

import (
	"io"
	"strings"

	"bihuan.dev/bihuan/programme"
)

// Subject is one row of a list of what is to be assessed. Fields are those of the programme's subject, unchecked.
type Subject struct {
	Row    int
	Unit   string
	Fields map[string]any
	On     programme.Day // since when it is so; 0: not said
}

// ReadSubjects reads a list of subjects: `unit` (a code), one column per field of the programme's subject by name or title,
// and optionally `on`. In JSON Lines a line is {"unit": …, "fields": {…}, "on": …}.
func ReadSubjects(r io.Reader, format Format, p *programme.Programme) (*File[Subject], error) {
	if format == JSONLines {
		return readSubjectLines(r, p)
	}
	t, err := ReadTable(r, format)
	if err != nil {
		return nil, err
	}
	columns := []column{
		{"unit", []string{"所属单位", "所属单位代码", "单位代码", "单位"}, true},
		{"on", []string{"日期", "起始日期"}, false},
	}
	for _, x := range p.Subject.Fields {
		columns = append(columns, column{x.Name, []string{x.Title.Zh, x.Title.En}, x.Name == p.Subject.Key})
	}
	f := &File[Subject]{Table: t}
	at, errs := t.match(columns)
	if f.Errors = errs; errs != nil {
		return f, nil
	}
	for _, row := range t.Rows {
		s := Subject{Row: row.Number, Unit: row.Cell(at["unit"]), Fields: map[string]any{}}
		mistakes := len(f.Errors)
		if i, ok := at["on"]; ok {
			s.On = f.day(row, i)
		}
		for _, x := range p.Subject.Fields {
			if i, ok := at[x.Name]; ok && row.Cell(i) != "" {
				s.Fields[x.Name] = cell(x, row.Cell(i))
			}
		}
		if s.Fields[p.Subject.Key] == nil {
			f.wrong(row.Number, t.Header[at[p.Subject.Key]], "缺少{0}", "{0} is empty", fieldTitle(p.Subject.Fields, p.Subject.Key))
		}
		if s.Unit == "" {
			f.wrong(row.Number, t.Header[at["unit"]], "缺少所属单位", "the unit is empty")
		}
		if len(f.Errors) == mistakes {
			f.Records = append(f.Records, s)
		}
	}
	return f, nil
}

// day reads a cell that holds a day; an empty one is 0.
func (f *File[T]) day(row Row, i int) programme.Day {
	text := row.Cell(i)
	if text == "" {
		return 0
	}
	day, err := ParseDay(text)
	if err != nil {
		f.wrong(row.Number, f.Table.Header[i], "“{0}”不是日期，应如 2021-01-20", "{0} is no day; write it like 2021-01-20", text)
	}
	return day
}

// ParseDay reads 2021-01-20, 2021/1/20, 2021.1.20, 20210120 and 2021年1月20日.
func ParseDay(s string) (programme.Day, error) {
	s = strings.TrimSuffix(strings.TrimSpace(s), "日")
	s = strings.NewReplacer("年", "-", "月", "-", "/", "-", ".", "-").Replace(s)
	if len(s) == 8 && !strings.Contains(s, "-") {
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	parts := strings.Split(s, "-")
	for i, p := range parts {
		if i > 0 && len(p) == 1 {
			parts[i] = "0" + p
		}
	}
	return programme.ParseDay(strings.Join(parts, "-"))
}

// cell gives the value of a cell for a field: several options or files stand in one cell, separated by ； or 、.
func cell(x *programme.Field, text string) any {
	if x.Type != programme.Choices && x.Type != programme.Photo && x.Type != programme.File {
		return text
	}
	var list []any
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(";；、,，|\n", r) }) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func fieldTitle(fields []*programme.Field, name string) programme.Text {
	for _, x := range fields {
		if x.Name == name && !x.Title.Empty() {
			return x.Title
		}
	}
	return programme.T(name, name)
}
