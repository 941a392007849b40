package exchange

import (
	"archive/zip"
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"bihuan.dev/bihuan/programme"
)

func (t *Table) readXLSX(content []byte) error {
	if err := checkZip(content); err != nil {
		return err
	}
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		UnzipSizeLimit: MaxUnzip, UnzipXMLSizeLimit: 16 << 20, ShortDatePattern: "yyyy-mm-dd",
	})
	if err != nil {
		return notWorkbook()
	}
	defer book.Close()
	sheet := firstSheet(book)
	if sheet == "" {
		return notWorkbook()
	}
	since1904 := false
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		since1904 = *props.Date1904
	}
	// A cell is read twice, as stored and as shown: only what is shown tells that a number is a date, and only what is
	// stored has all the digits of a unit code that Excel shows as 3.30482E+11.
	stored, err := book.Rows(sheet)
	if err != nil {
		return notWorkbook()
	}
	defer stored.Close()
	shown, err := book.Rows(sheet)
	if err != nil {
		return notWorkbook()
	}
	defer shown.Close()
	for number := 1; stored.Next() && shown.Next(); number++ {
		raw, err := stored.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return notWorkbook()
		}
		seen, err := shown.Columns()
		if err != nil {
			return notWorkbook()
		}
		for i := range raw {
			if i < len(seen) && raw[i] != seen[i] {
				raw[i] = cellValue(raw[i], seen[i], since1904)
			}
		}
		if err := t.add(number, raw); err != nil {
			return err
		}
	}
	if stored.Error() != nil {
		return notWorkbook()
	}
	return nil
}

// checkZip refuses what would unpack to too much. The sizes in the directory can be trusted as upper bounds: archive/zip
// stops reading at them.
func checkZip(content []byte) error {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return notWorkbook()
	}
	bomb := func() error {
		return refuse("工作簿解压后过大，已拒绝", "the workbook unpacks to far too much and was refused").
			hint("请把数据复制到新的工作簿，或另存为 CSV", "copy the data into a new workbook, or save it as CSV")
	}
	if len(z.File) > MaxEntries {
		return bomb()
	}
	var total uint64
	for _, f := range z.File {
		total += f.UncompressedSize64
		if f.UncompressedSize64 > MaxUnzip || total > MaxUnzip {
			return bomb()
		}
		if f.UncompressedSize64 > 8<<20 && f.UncompressedSize64/max(f.CompressedSize64, 1) > MaxRatio {
			return bomb()
		}
	}
	return nil
}

func notWorkbook() *Error {
	return refuse("打不开这个工作簿：文件已损坏，或不是 xlsx", "the workbook cannot be opened: it is damaged, or not xlsx").
		hint("请用 Excel 或 WPS 打开后另存为 .xlsx", "open it in Excel or WPS and save it as .xlsx")
}

func firstSheet(book *excelize.File) string {
	names := book.GetSheetList()
	for _, name := range names {
		if visible, err := book.GetSheetVisible(name); err == nil && visible {
			return name
		}
	}
	if len(names) > 0 {
		return names[0]
	}
	return ""
}

// cellValue gives the value of a cell that shows something other than it stores: a date as 2021-01-20, a number with the
// 15 digits that Excel counts with.
func cellValue(stored, shown string, since1904 bool) string {
	d, err := programme.ParseDecimal(stored)
	if err != nil {
		return stored
	}
	if day, ok := shownDay(d, shown, since1904); ok {
		return day
	}
	if s := d.String(); len(strings.Trim(s, "-0.")) > 15 {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			if short, err := programme.ParseDecimal(strconv.FormatFloat(f, 'e', 14, 64)); err == nil {
				return short.String()
			}
		}
	}
	return d.String()
}

var (
	digitGroups = regexp.MustCompile(`\d+|[A-Za-z]{3,}`)
	firstDay    = programme.DecimalOf(10_000)    // 1927: a smaller number is taken for a number
	lastDay     = programme.DecimalOf(2_958_465) // 9999-12-31
)

// shownDay reports whether the cell shows its number as a date: its month, and its day or year, then stand in what is seen.
func shownDay(d programme.Decimal, shown string, since1904 bool) (string, bool) {
	if d.Cmp(firstDay) < 0 || d.Cmp(lastDay) > 0 {
		return "", false
	}
	day, err := excelize.ExcelDateToTime(d.Float64(), since1904)
	if err != nil {
		return "", false
	}
	var month, other bool
	for i, group := range digitGroups.FindAllString(shown, -1) {
		n, err := strconv.Atoi(group)
		switch {
		case err != nil:
			month = month || strings.HasPrefix(strings.ToLower(day.Month().String()), strings.ToLower(group))
		case n == int(day.Month()) && !month:
			month = true
		case n == day.Day() || n == day.Year() || n == day.Year()%100 && i != 1:
			other = true
		}
	}
	if !month || !other {
		return "", false
	}
	return day.Format("2006-01-02"), true
}
