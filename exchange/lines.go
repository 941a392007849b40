package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"bihuan.dev/bihuan/programme"
)

// readEvidenceLines reads JSON Lines: {"subject","form","on","by","values"} for a filed form, {"subject","fields"} for what
// a subject is, with its "unit" where ranks need it, and "filer" where several assessors judge one clause.
func readEvidenceLines(r io.Reader, p *programme.Programme) (*File[Filing], error) {
	f := &File[Filing]{Table: &Table{Format: JSONLines}}
	var forms []string
	known := map[string]bool{}
	for _, form := range formsOf(p) {
		forms, known[form.Name] = append(forms, form.Name), true
	}
	who := whoMayFile(p)
	err := readLines(f, r, []string{"subject", "form", "on", "by", "filer", "values", "fields", "unit"}, func(row int, line map[string]any) {
		x := Filing{Row: row, Subject: lineText(f, row, line, "subject"), Unit: lineText(f, row, line, "unit"),
			Form: lineText(f, row, line, "form"), By: lineText(f, row, line, "by"), Filer: lineText(f, row, line, "filer"),
			On: lineDay(f, row, line)}
		_, fields := line["fields"]
		_, values := line["values"]
		switch {
		case fields && (values || x.Form != ""):
			f.wrong(row, "fields", "一行要么写 fields，要么写 form 和 values", "a line has either fields, or form and values")
		case fields:
			x.Form, x.Values = programme.SubjectForm, lineObject(f, row, line, "fields")
		case x.Form == "":
			f.wrong(row, "form", "没有写明表单", "it does not say which form")
		case !known[x.Form]:
			f.Errors = append(f.Errors, RowError{row, "form", noSuch(programme.T("表单", "form"), x.Form, forms)})
		case !values:
			f.wrong(row, "values", "没有 values", "it has no values")
		default:
			x.Values = lineObject(f, row, line, "values")
		}
		if x.Subject == "" {
			f.wrong(row, "subject", "没有写明评价对象", "it does not say which subject")
		}
		if x.By != "" {
			if name := who[plain(x.By)]; name != "" {
				x.By = name
			} else {
				f.Errors = append(f.Errors, RowError{row, "by", noSuch(programme.T("评价方或角色", "party or role"), x.By, slices.Sorted(maps.Values(who)))})
			}
		}
		f.Records = append(f.Records, x)
	})
	return f, err
}

func readSubjectLines(r io.Reader, p *programme.Programme) (*File[Subject], error) {
	f := &File[Subject]{Table: &Table{Format: JSONLines}}
	err := readLines(f, r, []string{"unit", "fields", "on", "subject"}, func(row int, line map[string]any) {
		x := Subject{Row: row, Unit: lineText(f, row, line, "unit"), Fields: lineObject(f, row, line, "fields"), On: lineDay(f, row, line)}
		if key := lineText(f, row, line, "subject"); key != "" && x.Fields != nil && x.Fields[p.Subject.Key] == nil {
			x.Fields[p.Subject.Key] = key
		}
		if x.Unit == "" {
			f.wrong(row, "unit", "缺少所属单位", "the unit is empty")
		}
		f.Records = append(f.Records, x)
	})
	return f, err
}

// readLines gives every object of the file to take. What take adds to the records is dropped again where it found mistakes.
func readLines[T any](f *File[T], r io.Reader, keys []string, take func(row int, line map[string]any)) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for row := 1; ; row++ {
		raw, err := readLine(in)
		if errors.Is(err, bufio.ErrTooLong) {
			return refuse("第 {0} 行超过 {1} MB", "line {0} is longer than {1} MB", row, MaxLine>>20)
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("read line %d: %w", row, err)
		}
		if row == 1 {
			raw = bytes.TrimPrefix(raw, bom)
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			f.Table.Rows = append(f.Table.Rows, Row{row, []string{string(raw)}})
			records, mistakes := len(f.Records), len(f.Errors)
			if line, bad := parseLine(raw, keys); bad.Empty() {
				take(row, line)
			} else {
				f.Errors = append(f.Errors, RowError{row, "", bad})
			}
			if len(f.Errors) > mistakes {
				f.Records = f.Records[:records]
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > MaxLine {
			return nil, bufio.ErrTooLong
		}
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

func parseLine(raw []byte, keys []string) (line map[string]any, bad programme.Text) {
	if !utf8.Valid(raw) {
		return nil, programme.T("不是 UTF-8 文字", "it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // exact: 0.95 stays 0.95
	err := d.Decode(&line)
	if err == nil && d.InputOffset() < int64(len(raw)) {
		err = errors.New("there is something after the object")
	}
	if err == nil && line == nil {
		err = errors.New("it is null")
	}
	if err != nil {
		return nil, programme.T("不是 JSON 对象：{0}", "it is no JSON object: {0}").Fill(strings.TrimPrefix(err.Error(), "json: "))
	}
	for key := range line {
		if !slices.Contains(keys, key) && key != "error" {
			return nil, noSuch(programme.T("键", "key"), key, keys)
		}
	}
	return line, programme.Text{}
}

func lineText[T any](f *File[T], row int, line map[string]any, key string) string {
	switch v := line[key].(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	f.wrong(row, key, "{0} 应是一段文字", "{0} must be a text", key)
	return ""
}

func lineDay[T any](f *File[T], row int, line map[string]any) programme.Day {
	return lineDayOf(f, row, line, "on")
}

func lineDayOf[T any](f *File[T], row int, line map[string]any, key string) programme.Day {
	text := lineText(f, row, line, key)
	if text == "" {
		return 0
	}
	day, err := ParseDay(text)
	if err != nil {
		f.wrong(row, key, "“{0}”不是日期，应如 2021-01-20", "{0} is no day; write it like 2021-01-20", text)
	}
	return day
}

func lineObject[T any](f *File[T], row int, line map[string]any, key string) map[string]any {
	object, ok := line[key].(map[string]any)
	if !ok {
		f.wrong(row, key, "{0} 应是对象 { … }", "{0} must be an object { … }", key)
	}
	return object
}

// noSuch says that a name is unknown, with the nearest one.
func noSuch(kind programme.Text, name string, names []string) programme.Text {
	if near := Nearest(name, names); near != "" {
		return programme.T("没有“{1}”这个{0}，是不是“{2}”？", "there is no {0} {1}; did you mean {2}?").Fill(kind, name, near)
	}
	return programme.T("没有“{1}”这个{0}", "there is no {0} {1}").Fill(kind, name)
}
