package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// mostHolidays bounds the table of a year.
const mostHolidays = 1 << 20

type holidaysArgs struct {
	Years    []bihuan.HolidayYear
	Year     int
	Table    string // what was typed or uploaded, as text
	Preview  []bihuan.Holiday
	Warnings []bihuan.RowError
	Error    *bihuan.Error
	Missing  int // the year that is needed by now; 0: none
}

// holidays shows which years are known, and takes one.
func holidays(r *request) error {
	year, missing := r.f.site.MissingYear()
	a := holidaysArgs{Year: r.f.site.Today().Time().Year() + 1}
	if missing {
		a.Year = year
	}
	return r.holidaysPage(http.StatusOK, a)
}

func (r *request) holidaysPage(status int, a holidaysArgs) (err error) {
	if err := r.administers(); err != nil {
		return err
	}
	if a.Years, err = r.f.site.HolidayYears(r.ctx()); err != nil {
		return err
	}
	slices.Reverse(a.Years)
	if year, missing := r.f.site.MissingYear(); missing {
		a.Missing = year
	}
	v, err := r.inUsual(programme.T("节假日", "Holidays"), "admin")
	if err != nil {
		return err
	}
	return r.pageWith(status, holidaysView(v, a))
}

// takeHolidays checks a year's table and shows it; with `store` it stores it.
func takeHolidays(r *request) error {
	if err := r.administers(); err != nil {
		return err
	}
	var content []byte
	var file string
	r.Request.Body = http.MaxBytesReader(r.ResponseWriter, r.Request.Body, mostHolidays)
	if strings.HasPrefix(r.Request.Header.Get("Content-Type"), "multipart/") {
		_, _, sent, name, err := r.readUpload(mostHolidays)
		if err == nil {
			content, file = sent, name
		} else if kind, known := bihuan.KindOf(err); !known || kind != bihuan.Invalid {
			return err
		}
	} else if err := r.parseForm(); err != nil {
		return err
	}
	year, _ := strconv.Atoi(strings.TrimSpace(r.Request.FormValue("year"))) // what is no year is refused
	a := holidaysArgs{Year: year, Table: r.Request.FormValue("table")}
	rows, err := holidayRows(a.Table, content, file)
	if err == nil {
		a.Table = holidayText(rows)
		if r.Request.FormValue("store") != "" {
			var changed int
			if changed, err = r.f.site.StoreHolidays(r.ctx(), r.actor, year, rows); err == nil {
				return r.redirect("/admin/holidays", programme.T("{0}年的节假日已载入，{1}件事项的期限随之改变。", "The holidays of {0} are loaded; the deadlines of {1} matters moved.").Fill(year, changed))
			}
		} else {
			a.Preview, a.Warnings, err = bihuan.ReadHolidays(year, rows)
		}
	}
	var known *bihuan.Error
	switch {
	case errors.As(err, &known) && known.Kind != bihuan.Forbidden:
		a.Error = known
		return r.holidaysPage(statuses[known.Kind], a)
	case err != nil:
		return err
	}
	return r.holidaysPage(http.StatusOK, a)
}

// holidayRows reads a table that was typed, or a file: a day, what it is, and a name in each row. A first row without a day is a
// heading.
func holidayRows(typed string, content []byte, file string) ([]bihuan.HolidayRow, error) {
	var cells [][]string
	if len(content) > 0 {
		format := exchange.CSV
		if strings.HasSuffix(strings.ToLower(file), ".xlsx") {
			format = exchange.XLSX
		}
		t, err := exchange.ReadTable(strings.NewReader(string(content)), format)
		if err != nil {
			return nil, &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("文件无法读取，请上传 CSV 或 xlsx", "The file cannot be read: send CSV or xlsx")}
		}
		cells = append(cells, t.Header)
		for _, row := range t.Rows {
			line := make([]string, len(t.Header))
			for i := range line {
				line[i] = row.Cell(i)
			}
			cells = append(cells, line)
		}
	} else {
		for line := range strings.Lines(typed) {
			cells = append(cells, strings.FieldsFunc(strings.TrimSpace(line), func(c rune) bool { return c == ',' || c == '，' || c == '\t' || c == ' ' || c == '　' }))
		}
	}
	var rows []bihuan.HolidayRow
	for i, line := range cells {
		line = append(line, "", "", "")
		if strings.TrimSpace(line[0]) == "" && strings.TrimSpace(line[1]) == "" || i == 0 && !strings.ContainsAny(line[0], "0123456789０１２３４５６７８９") {
			continue
		}
		rows = append(rows, bihuan.HolidayRow{Row: i + 1, Day: line[0], Kind: line[1], Name: line[2]})
	}
	return rows, nil
}

// holidayText writes rows as they may be typed, one at the line that it came from.
func holidayText(rows []bihuan.HolidayRow) string {
	var b strings.Builder
	at := 1
	for _, r := range rows {
		for ; at < r.Row; at++ {
			b.WriteByte('\n')
		}
		b.WriteString(r.Day + "," + r.Kind + "," + r.Name)
	}
	return b.String()
}

func holidayKindText(v view, h bihuan.Holiday) string {
	if h.Work {
		return v.T("上班", "worked")
	}
	return v.T("放假", "off")
}
