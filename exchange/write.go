package exchange

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"bihuan.dev/bihuan/programme"
)

// WriteTable writes a list as CSV (UTF-8 with byte order mark, so that Excel reads Chinese; PlainCSV has none), xlsx, or
// JSON Lines with the header as keys. Rows stream; a hundred thousand cost little memory. Cells may be string, bool, any int, Decimal, Day,
// time.Time or nil; everything else is written with fmt. A text that a spreadsheet would take for a formula stays a text.
func WriteTable(w io.Writer, format Format, header []string, rows iter.Seq[[]any]) error {
	switch format {
	case CSV:
		return writeCSV(w, header, rows, true)
	case PlainCSV:
		return writeCSV(w, header, rows, false)
	case XLSX:
		return writeXLSX(w, header, rows, nil)
	case JSONLines:
		return writeLines(w, header, rows)
	}
	return fmt.Errorf("write table: unknown format %q", format)
}

func writeCSV(w io.Writer, header []string, rows iter.Seq[[]any], office bool) error {
	out := csv.NewWriter(w)
	if out.UseCRLF = office; office {
		if _, err := w.Write(bom); err != nil {
			return err
		}
	}
	if err := out.Write(header); err != nil {
		return err
	}
	line := make([]string, 0, len(header))
	for row := range rows {
		line = line[:0]
		for _, v := range row {
			line = append(line, guard(v))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// guard puts an apostrophe before a text that begins like a formula. Numbers keep their sign; clean takes it off again.
func guard(v any) string {
	s := show(v)
	if _, isText := v.(string); !isText || s == "" || strings.IndexByte("=+-@\t\r", s[0]) < 0 {
		return s
	}
	if _, err := programme.ParseDecimal(s); err == nil && s[0] == '-' {
		return s
	}
	return "'" + s
}

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case time.Time:
		return v.Format("2006-01-02 15:04:05")
	}
	return fmt.Sprint(v)
}

func writeXLSX(w io.Writer, header []string, rows iter.Seq[[]any], marked map[int]bool) error {
	book := excelize.NewFile()
	defer book.Close()
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF2"}}})
	if err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	mark, err := book.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FDE2DD"}}})
	if err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	for i, name := range header {
		width := min(max(10, float64(2*utf8.RuneCountInString(name)+2)), 40)
		if err := sheet.SetColWidth(i+1, i+1, width); err != nil {
			return fmt.Errorf("write xlsx: %w", err)
		}
	}
	if err := sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	cells := make([]any, len(header))
	for i, name := range header {
		cells[i] = excelize.Cell{StyleID: bold, Value: name}
	}
	if err := sheet.SetRow("A1", cells); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	number := 1
	for row := range rows {
		number++
		cells = cells[:0]
		for _, v := range row {
			v = xlsxValue(v)
			if marked[number] {
				v = excelize.Cell{StyleID: mark, Value: v}
			}
			cells = append(cells, v)
		}
		if err := sheet.SetRow("A"+strconv.Itoa(number), cells); err != nil {
			return fmt.Errorf("write xlsx: row %d: %w", number, err)
		}
	}
	if err := sheet.Flush(); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	if err := book.Write(w); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	return nil
}

// xlsxValue gives what the cell holds: numbers as numbers, texts always as texts (excelize writes a string as inline text,
// never as a formula), days as texts that read the same everywhere.
func xlsxValue(v any) any {
	switch v := v.(type) {
	case nil, bool, int, int32, int64, uint64:
		return v
	case programme.Decimal:
		if !v.Finite() {
			return nil
		}
		if len(strings.Trim(v.String(), "-0.")) > 15 {
			return v.String() // Excel would drop digits
		}
		return v.Float64()
	case string:
		if utf8.RuneCountInString(v) > MaxCell {
			return string([]rune(v)[:MaxCell])
		}
		return v
	}
	return show(v)
}

func writeLines(w io.Writer, header []string, rows iter.Seq[[]any]) error {
	var line []byte
	for row := range rows {
		line = append(line[:0], '{')
		for i, name := range header {
			if i >= len(row) {
				break
			}
			key, err := json.Marshal(name)
			if err != nil {
				return err
			}
			value, err := json.Marshal(row[i])
			if err != nil {
				return fmt.Errorf("write %s: %w", name, err)
			}
			if i > 0 {
				line = append(line, ',')
			}
			line = append(append(append(line, key...), ':'), value...)
		}
		if _, err := w.Write(append(line, '}', '\n')); err != nil {
			return err
		}
	}
	return nil
}

// WriteErrors writes the table again, in the format in which it came, with a last column that says what is wrong with each
// row, so that it can be corrected and imported again. With onlyBad it has the bad rows alone: the good ones are in.
// A mistake in the header stands above, in the first row after it.
func (t *Table) WriteErrors(w io.Writer, errs []RowError, lang programme.Lang, onlyBad bool) error {
	said := map[int]string{}
	for _, e := range errs {
		text := e.Text.In(lang)
		if e.Field != "" && !strings.Contains(text, e.Field) {
			text = e.Field + ": " + text
		}
		if said[e.Row] != "" {
			text = said[e.Row] + "; " + text
		}
		said[e.Row] = text
	}
	if t.Format == JSONLines {
		return t.writeErrorLines(w, said, onlyBad)
	}
	column := -1
	for i, name := range t.Header {
		if p := plain(name); p == ErrorColumn.Zh || p == ErrorColumn.En {
			column = i
		}
	}
	header := t.Header
	if column < 0 {
		column, header = len(header), append(header[:len(header):len(header)], ErrorColumn.In(lang))
	}
	marked := map[int]bool{}
	rows := func(yield func([]any) bool) {
		number := 1
		one := func(cells []string, text string) bool {
			number++
			row := make([]any, len(header))
			for i := range row {
				if i < len(cells) {
					row[i] = cells[i]
				}
			}
			row[column], marked[number] = text, text != ""
			return yield(row)
		}
		if text := said[1]; text != "" && !one(nil, text) {
			return
		}
		for _, r := range t.Rows {
			if text := said[r.Number]; (text != "" || !onlyBad) && !one(r.Cells, text) {
				return
			}
		}
	}
	if t.Format == XLSX {
		return writeXLSX(w, header, rows, marked)
	}
	return writeCSV(w, header, rows, true)
}

func (t *Table) writeErrorLines(w io.Writer, said map[int]string, onlyBad bool) error {
	for _, r := range t.Rows {
		text, line := said[r.Number], r.Cell(0)
		if text == "" && onlyBad {
			continue
		}
		if text != "" {
			note, err := json.Marshal(text)
			if err != nil {
				return err
			}
			var object map[string]json.RawMessage
			if json.Unmarshal([]byte(line), &object) == nil && object != nil {
				object["error"] = note
				whole, err := json.Marshal(object)
				if err != nil {
					return err
				}
				line = string(whole)
			} else {
				line = fmt.Sprintf(`{"error":%s,"line":%s}`, note, quoteJSON(line))
			}
		}
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func quoteJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}
