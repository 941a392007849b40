package exchange

import (
	"io"

	"bihuan.dev/bihuan/programme"
)

// File is what was read from a file: its records, the mistakes in its rows, and the table itself, to write the mistakes
// beside the rows. A row with a mistake gives no record.
type File[T any] struct {
	Table   *Table
	Records []T
	Errors  []RowError
}

func (f *File[T]) wrong(row int, field string, zh, en string, values ...any) {
	f.Errors = append(f.Errors, RowError{row, field, programme.T(zh, en).Fill(values...)})
}

// Unit is one row of a list of units.
type Unit struct {
	Row                       int
	Code, Parent, Name, Level string
}

var unitColumns = []column{
	{"code", []string{"单位代码", "代码", "区划代码", "单位编码", "编码"}, true},
	{"parent", []string{"上级代码", "上级单位代码", "上级单位", "上级"}, true},
	{"name", []string{"单位名称", "名称", "单位"}, true},
	{"level", []string{"级别", "层级", "单位级别"}, false},
}

// ReadUnits reads a list of units: code, parent (a code; empty for the topmost), name, level.
func ReadUnits(r io.Reader, format Format) (*File[Unit], error) {
	if format == JSONLines {
		return nil, refuse("单位清单应为 CSV 或 xlsx", "units come as CSV or xlsx")
	}
	t, err := ReadTable(r, format)
	if err != nil {
		return nil, err
	}
	f := &File[Unit]{Table: t}
	at, errs := t.match(unitColumns)
	if f.Errors = errs; errs != nil {
		return f, nil
	}
	level, levelled := at["level"]
	if !levelled {
		level = -1
	}
	for _, row := range t.Rows {
		u := Unit{row.Number, row.Cell(at["code"]), row.Cell(at["parent"]), row.Cell(at["name"]), row.Cell(level)}
		switch {
		case u.Code == "":
			f.wrong(u.Row, t.Header[at["code"]], "缺少单位代码", "the code is empty")
		case u.Name == "":
			f.wrong(u.Row, t.Header[at["name"]], "缺少单位名称", "the name is empty")
		default:
			f.Records = append(f.Records, u)
		}
	}
	return f, nil
}
