package exchange

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Table is a file as it was read: a header and rows of texts. In JSON Lines there is no header, and a row's only cell is
// its line. It is kept so that the mistakes can be written beside the rows.
type Table struct {
	Format Format
	Header []string
	Rows   []Row
}

// Row is one row that is not empty. Cells may be fewer than the header has.
type Row struct {
	Number int // as the person sees it, the header being row 1
	Cells  []string
}

// Cell gives the cell of a column, or "" where the row is shorter.
func (r Row) Cell(i int) string {
	if i < 0 || i >= len(r.Cells) {
		return ""
	}
	return r.Cells[i]
}

// ReadTable reads a CSV or xlsx file of at most MaxFile bytes. Empty rows are left out, cells are trimmed, and cells that
// hold dates become 2021-01-20 whatever the cell shows. Errors are of type *Error.
func ReadTable(r io.Reader, f Format) (*Table, error) {
	content, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	if len(content) > MaxFile {
		return nil, refuse("文件超过 {0} MB", "the file is larger than {0} MB", MaxFile>>20).
			hint("请分成几个文件导入", "split it into several files")
	}
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, refuse("文件是空的", "the file is empty")
	}
	t := &Table{Format: f}
	if f == XLSX {
		err = t.readXLSX(content)
	} else {
		err = t.readCSV(content)
	}
	if err != nil {
		return nil, err
	}
	if len(t.Header) == 0 {
		return nil, refuse("文件里没有表头", "the file has no header row").
			hint("第一行应写各列的名称", "the first row names the columns")
	}
	return t, nil
}

// add takes a row in: the first one that is not empty is the header.
func (t *Table) add(number int, cells []string) error {
	last := 0
	for i, c := range cells {
		c = clean(c)
		if !utf8.ValidString(c) || strings.ContainsRune(c, 0) {
			return refuse("第 {0} 行有无法识别的字符", "row {0} has characters that are no text", number)
		}
		if utf8.RuneCountInString(c) > MaxCell {
			return refuse("第 {0} 行有一格超过 {1} 个字符", "row {0} has a cell of more than {1} characters", number, MaxCell)
		}
		if t.Header != nil && i < len(t.Header) && !ignored(t.Header[i]) && formulaErrors[c] {
			return refuse("第 {0} 行“{1}”这一格的公式出错：{2}", "in row {0} the formula under {1} has gone wrong: {2}", number, t.Header[i], c).
				hint("请在表格软件中改正，或者换成数值后再导入", "correct it in the spreadsheet, or put its value there, and import again")
		}
		if cells[i] = c; c != "" {
			last = i + 1
		}
	}
	if last == 0 {
		return nil
	}
	if last > MaxColumns {
		return refuse("第 {0} 行有 {1} 列，最多 {2} 列", "row {0} has {1} columns, {2} are allowed", number, last, MaxColumns)
	}
	if t.Header == nil {
		t.Header = cells[:last]
		return nil
	}
	if len(t.Rows) == MaxRows {
		return refuse("超过 {0} 行", "more than {0} rows", MaxRows).hint("请分成几个文件导入", "split it into several files")
	}
	t.Rows = append(t.Rows, Row{number, cells[:last]})
	return nil
}

// formulaErrors are what a spreadsheet shows, and writes to a file, where a formula has no value. They are nobody's words.
var formulaErrors = map[string]bool{"#DIV/0!": true, "#N/A": true, "#NAME?": true, "#NULL!": true, "#NUM!": true, "#REF!": true, "#VALUE!": true}

// clean trims, and takes away the apostrophe that WriteTable puts before what a spreadsheet would take for a formula.
func clean(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' })
	if len(s) > 1 && s[0] == '\'' && strings.IndexByte("=+-@", s[1]) >= 0 {
		return s[1:]
	}
	return s
}
