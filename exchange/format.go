package exchange

import (
	"bytes"
	"path/filepath"
	"strings"

	"bihuan.dev/bihuan/programme"
)

// Format is a format of files that people send or fetch.
type Format string

// The formats that are read and written. JSONLines holds one object a line.
const (
	CSV       Format = "csv"
	XLSX      Format = "xlsx"
	JSONLines Format = "jsonl"
	PlainCSV  Format = "plain csv" // written only: for other programs, without byte order mark and with bare line feeds
)

// Limits of what is read. They are far above what a county sends, and low enough to hold in memory.
const (
	MaxFile    = 32 << 20  // bytes of a table file
	MaxUnzip   = 256 << 20 // bytes that an xlsx may unpack to
	MaxEntries = 2000      // files inside an xlsx
	MaxRatio   = 250       // how much larger than packed one file of an xlsx may be, when it is larger than 8 MiB
	MaxRows    = 200_000
	MaxColumns = 500
	MaxCell    = 32_767  // characters in a cell, as in Excel
	MaxLine    = 1 << 20 // bytes of a line of JSON
)

// An Error says why a file cannot be read at all, and what to do.
type Error struct {
	Text programme.Text
	Hint programme.Text
}

// Error gives the English text.
func (e *Error) Error() string { return e.Text.In(programme.En) }

func refuse(zh, en string, values ...any) *Error {
	return &Error{Text: programme.T(zh, en).Fill(values...)}
}

func (e *Error) hint(zh, en string) *Error {
	e.Hint = programme.T(zh, en)
	return e
}

// RowError is a mistake in one row. Row counts as a spreadsheet does, from 1 with the header as row 1; in JSON Lines it is
// the line. Field is the column as the person wrote it, or empty.
type RowError struct {
	Row   int
	Field string
	Text  programme.Text
}

// FormatOf tells the format from a file's name and its first bytes (512 are enough). The bytes decide; the name helps.
func FormatOf(name string, head []byte) (Format, error) {
	ext := strings.ToLower(filepath.Ext(name))
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		if ext == ".ods" || ext == ".docx" {
			break
		}
		return XLSX, nil
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return "", refuse("这是旧版 .xls 文件，或设有密码的工作簿", "this is an old .xls file, or a workbook with a password").
			hint("请在 Excel 或 WPS 中另存为不设密码的 .xlsx", "save it as .xlsx without a password")
	case ext == ".jsonl" || ext == ".ndjson":
		return JSONLines, nil
	case ext == ".csv" || ext == ".tsv" || ext == ".txt":
		return CSV, nil
	case ext == ".xlsx" || ext == ".xlsm":
		return "", refuse("这不是 xlsx 文件：内容不是工作簿", "this is not an xlsx file: its content is no workbook").
			hint("请用 Excel 或 WPS 打开后另存为 .xlsx", "open it in Excel or WPS and save it as .xlsx")
	case ext == "" || ext == ".json" || name == "-":
		if first := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n"); len(first) == 0 || first[0] == '{' {
			return JSONLines, nil
		}
		return CSV, nil
	}
	return "", refuse("不认识的文件格式 {0}", "unknown file format {0}", ext).
		hint("可用 .xlsx、.csv 或 .jsonl", "use .xlsx, .csv or .jsonl")
}
