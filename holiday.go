package bihuan

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Public holidays are data, a year at a time: the State Council tells each November which days of the next year are off and which
// weekend days are worked instead. The product carries the years that it knew when it was built; an administrator loads those that
// came later, or corrects one. They hold for the clocks of matters. Rules keep to the calendar of the product, so that a
// score stays a function of evidence, version and day.

const chineseCalendar = "cn"

// Holiday is a day that is not what its weekday says.
type Holiday struct {
	Day  programme.Day
	Work bool // a Saturday or Sunday that is worked; otherwise nobody works
	Name string
}

// HolidayYear is what is known of a year.
type HolidayYear struct {
	Year     int
	Days     []Holiday // of one that was loaded
	Known    bool      // loaded, or carried by the product
	StoredAt time.Time // of one that was loaded
	StoredBy string    // a person's name
}

// HolidayRow is a row of a table of holidays as somebody wrote it.
type HolidayRow struct {
	Row             int // as in the file, counted from 1
	Day, Kind, Name string
}

// ReadHolidays reads the table of a year. What is wrong comes back row by row in an Error; what is only odd, as warnings.
func ReadHolidays(year int, rows []HolidayRow) (days []Holiday, warnings []RowError, err error) {
	var wrong []RowError
	bad := func(r HolidayRow, field, zh, en string, values ...any) {
		wrong = append(wrong, RowError{r.Row, field, programme.T(zh, en).Fill(values...)})
	}
	if year < 2000 || year > 2100 {
		return nil, nil, wrongFields([]programme.FieldError{wrongField("year", "请填写2000到2100之间的年份", "give a year from 2000 to 2100")})
	}
	seen := map[programme.Day]int{}
	for _, r := range rows {
		d, err := programme.ParseDay(dayWritten(r.Day))
		work, known := holidayKind(r.Kind)
		first, twice := seen[d]
		weekend := d.Time().Weekday() == time.Saturday || d.Time().Weekday() == time.Sunday
		switch {
		case err != nil:
			bad(r, "day", "日期“{0}”无法读取，请写成 {1}-01-01", "the day {0} cannot be read; write it like {1}-01-01", r.Day, year)
		case d.Time().Year() != year:
			bad(r, "day", "{0}不在{1}年，请删去或改正", "{0} is not in {1}; remove or correct it", d, year)
		case !known && strings.TrimSpace(r.Kind) == "":
			bad(r, "kind", "没有写明{0}是放假还是上班，请填 holiday（放假）或 workday（上班）", "it is not said what {0} is; write holiday or workday", d)
		case !known:
			bad(r, "kind", "“{0}”不是 holiday（放假）或 workday（上班）", "{0} is neither holiday nor workday", r.Kind)
		case twice:
			bad(r, "day", "{0}在第{1}行已经写过，请只留一行", "{0} stands in row {1} already; keep one of them", d, first)
		case work && !weekend:
			bad(r, "kind", "{0}是{1}，本来就上班；调休上班日只能是周末，请核对", "{0} is a {1}, which is worked anyway; only a weekend day can be worked instead", d, weekdayText(d))
		default:
			seen[d] = r.Row
			days = append(days, Holiday{d, work, strings.TrimSpace(r.Name)})
		}
	}
	switch {
	case len(wrong) > 0:
		return nil, nil, &Error{Kind: Invalid, Text: programme.T("有{0}行有错，整年都没有存", "{0} rows are wrong; nothing of the year was stored").Fill(len(wrong)), Rows: wrong}
	case len(days) == 0:
		return nil, nil, refuse(Invalid, "表里没有{0}年的任何一天", "the table holds no day of {0}", year).
			hint("请按国务院办公厅的通知，一行一天：日期、放假或上班、节名", "one row a day, as the State Council's notice says: day, holiday or workday, name")
	}
	slices.SortFunc(days, func(a, b Holiday) int { return cmp.Compare(a.Day, b.Day) })
	return days, oddHolidays(days, seen), nil
}

// oddHolidays warns of what a year's table rarely means: a block of holidays with a hole, and a holiday of every year that is missing.
func oddHolidays(days []Holiday, rows map[programme.Day]int) (warnings []RowError) {
	last := map[string]programme.Day{}
	for _, h := range days {
		if h.Work {
			continue
		}
		before, ok := last[h.Name]
		if gap := h.Day - before; ok && h.Name != "" && gap > 1 && gap < 8 {
			warnings = append(warnings, RowError{rows[h.Day], "day", programme.T("{0}的假期在{1}和{2}之间断开，中间的日子按平常算，请核对",
				"the holiday {0} breaks off between {1} and {2}; the days between count as usual").Fill(h.Name, before, h.Day)})
		}
		last[h.Name] = h.Day
	}
	for _, name := range []string{"元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆"} {
		if !slices.ContainsFunc(days, func(h Holiday) bool { return !h.Work && strings.Contains(h.Name, name) }) {
			warnings = append(warnings, RowError{0, "name", programme.T("表里没有名为“{0}”的假期，请核对", "no holiday is called “{0}”").Fill(name)})
		}
	}
	return warnings
}

// dayWritten folds the ways in which people write a day: 2027/1/2, 2027年1月2日, 2027.1.2.
func dayWritten(s string) string {
	parts := strings.FieldsFunc(fold(s), func(r rune) bool { return !(r >= '0' && r <= '9') })
	if len(parts) < 3 {
		return s
	}
	for i, p := range parts[1:3] {
		if len(p) == 1 {
			parts[i+1] = "0" + p
		}
	}
	return strings.Join(parts[:3], "-")
}

func holidayKind(s string) (work, known bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "holiday", "off", "放假", "休", "休息", "节假日", "假":
		return false, true
	case "workday", "work", "上班", "班", "调休上班", "补班":
		return true, true
	}
	return false, false
}

func weekdayText(d programme.Day) programme.Text {
	return [...]programme.Text{programme.T("星期日", "Sunday"), programme.T("星期一", "Monday"), programme.T("星期二", "Tuesday"), programme.T("星期三", "Wednesday"),
		programme.T("星期四", "Thursday"), programme.T("星期五", "Friday"), programme.T("星期六", "Saturday")}[d.Time().Weekday()]
}

// StoreHolidays stores the table of a year, in the place of one that was there, and brings the deadlines of all open matters up
// to it in the same transaction; it tells how many changed. Those who hold such a matter are told. It needs an
// administrator of the whole site.
func (s *Site) StoreHolidays(ctx context.Context, a Actor, year int, rows []HolidayRow) (changed int, err error) {
	if a.Visitor() {
		return 0, signInFirst()
	}
	days, _, err := ReadHolidays(year, rows)
	if err != nil {
		return 0, err
	}
	doc, err := json.Marshal(days)
	if err != nil {
		return 0, fmt.Errorf("holidays of %d: %w", year, err)
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := administersAll(ctx, tx, a); err != nil {
			return err
		}
		// The row is held from here on; what others read of it grows only at the end, when all is brought up to it.
		if _, err := tx.Exec(ctx, "UPDATE calendar SET rev = rev WHERE name = $1", chineseCalendar); err != nil {
			return err
		}
		if err := tx.Insert(ctx, "holiday_year (calendar, year, days, stored_at, stored_by)", [][]any{{chineseCalendar, year, string(doc), s.Now().UnixMicro(), a.ID}},
			"ON CONFLICT (calendar, year) DO UPDATE SET days = excluded.days, stored_at = excluded.stored_at, stored_by = excluded.stored_by"); err != nil {
			return err
		}
		cal, err := readCalendar(ctx, tx)
		if err != nil {
			return err
		}
		if changed, err = s.bringToCalendar(ctx, tx, a, cal); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE calendar SET rev = rev + 1, warned = 0 WHERE name = $1", chineseCalendar); err != nil {
			return err
		}
		// Who raised a matter meanwhile did so by the calendar before.
		return s.jobs.AddAt(ctx, tx, time.Now().Add(time.Minute), calendarJob{})
	})
	if err != nil {
		return 0, fmt.Errorf("store holidays of %d: %w", year, err)
	}
	return changed, nil
}

// BringToCalendar brings the deadlines of open matters up to the calendar as it is stored, and tells how many changed.
func (s *Site) BringToCalendar(ctx context.Context) (changed int, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		cal, err := readCalendar(ctx, tx)
		if err != nil {
			return err
		}
		changed, err = s.bringToCalendar(ctx, tx, Actor{}, cal)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("bring matters to the calendar: %w", err)
	}
	return changed, nil
}

// bringToCalendar goes through the open matters with a clock subject by subject, in their order, holding each subject first.
func (s *Site) bringToCalendar(ctx context.Context, tx *db.Tx, a Actor, cal *programme.Calendar) (changed int, err error) {
	var subjects []string
	err = tx.Each(ctx, "SELECT DISTINCT subject_id FROM matter WHERE outcome = '' AND (due_on IS NOT NULL OR next_on IS NOT NULL) ORDER BY subject_id", nil, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		subjects = append(subjects, id)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("matters with a clock: %w", err)
	}
	err = db.Chunks(subjects, func(subjects []string) error {
		if _, err := s.hold(ctx, tx, subjects, 1); err != nil {
			return err
		}
		list, err := s.matters(ctx, tx, "WHERE m.outcome = '' AND m.subject_id IN ("+db.In(len(subjects), 1)+") ORDER BY m.id", db.Args(subjects)...)
		if err != nil {
			return err
		}
		type stands struct{ due, next any }
		before := map[string]stands{}
		err = tx.Each(ctx, "SELECT id, due_on, next_on FROM matter WHERE outcome = '' AND subject_id IN ("+db.In(len(subjects), 1)+")", db.Args(subjects), func(scan func(...any) error) error {
			var id string
			var b stands
			err := scan(&id, &b.due, &b.next)
			before[id] = b
			return err
		})
		if err != nil {
			return err
		}
		w := writes{actor: a.ID}
		for i := range list {
			m := &list[i]
			if m.x.Calendar.Name != chineseCalendar {
				continue
			}
			m.x = m.x.With(cal)
			c := m.x.Clock(m.state, cal)
			var now any
			if c.Runs && !c.Stopped {
				now = int64(c.Due)
			}
			was := before[m.ID]
			if was.due == now && was.next == m.nextOn() {
				continue
			}
			if _, err := tx.Exec(ctx, "UPDATE matter SET due_on = $2, next_on = $3 WHERE id = $1", m.ID, now, m.nextOn()); err != nil {
				return fmt.Errorf("deadline of matter %s: %w", m.ID, err)
			}
			if due, ok := was.due.(int64); ok && was.due != now && now != nil {
				changed++
				text := programme.T("按放假安排，“{0}”的办理期限由{1}改为{2}", "by the holidays as they are now, “{0}” is due on {2} instead of {1}").Fill(m.StageTitle, programme.Day(due), c.Due)
				if err := s.tellThem(ctx, tx, &w, m, "tell", m.state.Holder, m.about(text)); err != nil {
					return err
				}
			}
		}
		return s.storeNotices(ctx, tx, w.notices)
	})
	return changed, err
}

// HolidayYears lists what is known of years, from the first that the product carries to the next one.
func (s *Site) HolidayYears(ctx context.Context) ([]HolidayYear, error) {
	loaded := map[int]HolidayYear{}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := s.calendars.fresh(ctx, tx); err != nil {
			return err
		}
		return tx.Each(ctx, `SELECT h.year, h.days, h.stored_at, COALESCE(a.name, '') FROM holiday_year h LEFT JOIN account a ON a.id = h.stored_by WHERE h.calendar = $1`,
			[]any{chineseCalendar}, func(scan func(...any) error) error {
				y := HolidayYear{Known: true}
				var days string
				var at int64
				if err := scan(&y.Year, &days, &at, &y.StoredBy); err != nil {
					return err
				}
				y.StoredAt, loaded[y.Year] = s.moment(at), y
				if err := json.Unmarshal([]byte(days), &y.Days); err != nil {
					return err
				}
				loaded[y.Year] = y
				return nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("years of holidays: %w", err)
	}
	carried, _ := programme.CalendarFor(chineseCalendar)
	last := s.Today().Time().Year() + 1
	for y := range loaded {
		last = max(last, y)
	}
	var out []HolidayYear
	for year := 2018; year <= last; year++ {
		y, ok := loaded[year]
		if !ok {
			y = HolidayYear{Year: year, Known: carried.Knows(year)}
		}
		out = append(out, y)
	}
	return out, nil
}

// calendars is the calendar of China with the years that were loaded. Other processes may load some: who begins a
// transaction about matters looks whether there are more.
type calendars struct {
	mu  sync.Mutex
	rev int64
	cn  *programme.Calendar // nil: nothing was loaded
}

// fresh reads the years that were loaded, when there are other ones than before.
func (c *calendars) fresh(ctx context.Context, tx *db.Tx) error {
	var rev int64
	if err := tx.Row(ctx, "SELECT rev FROM calendar WHERE name = $1", []any{chineseCalendar}, &rev); err != nil {
		return fmt.Errorf("revision of the calendar: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if rev <= c.rev {
		return nil
	}
	cal, err := readCalendar(ctx, tx)
	if err != nil {
		return err
	}
	c.cn, c.rev = cal, rev
	return nil
}

// over gives a process over the calendar as it was last read.
func (c *calendars) over(x *programme.Process) *programme.Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cn == nil || x.Calendar == nil || x.Calendar.Name != chineseCalendar {
		return x
	}
	return x.With(c.cn)
}

// readCalendar gives the calendar of China with the years that were loaded.
func readCalendar(ctx context.Context, tx *db.Tx) (*programme.Calendar, error) {
	carried, _ := programme.CalendarFor(chineseCalendar)
	cal := carried.Copy()
	err := tx.Each(ctx, "SELECT year, days FROM holiday_year WHERE calendar = $1 ORDER BY year", []any{chineseCalendar}, func(scan func(...any) error) error {
		var year int
		var doc string
		var days []Holiday
		if err := scan(&year, &doc); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(doc), &days); err != nil {
			return fmt.Errorf("holidays of %d: %w", year, err)
		}
		var off, on []programme.Day
		for _, h := range days {
			if h.Work {
				on = append(on, h.Day)
			} else {
				off = append(off, h.Day)
			}
		}
		cal.AddYear(year, off, on)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the calendar: %w", err)
	}
	return cal, nil
}

// warnOfMissingYear tells the administrators of the whole site, once a month from November on, that the holidays of the next year are
// missing; and of this year at any time.
func (s *Site) warnOfMissingYear(ctx context.Context) error {
	now := s.Now()
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.calendars.fresh(ctx, tx); err != nil {
			return err
		}
		missing, ok := s.MissingYear()
		if !ok {
			return nil
		}
		month := now.Year()*100 + int(now.Month())
		n, err := tx.Exec(ctx, "UPDATE calendar SET warned = $2 WHERE name = $1 AND warned < $2", chineseCalendar, month)
		if err != nil || n == 0 {
			return err
		}
		people, err := siteAdministrators(ctx, tx)
		if err != nil {
			return err
		}
		w := writes{}
		w.tell(people, "calendar", "", "", programme.T("{0}年的节假日还没有载入，跨年的期限可能算得不准。国务院办公厅公布放假安排后，请在“管理—节假日”中载入",
			"the holidays of {0} are missing, so deadlines that reach into it may be wrong; load them under Administration, Holidays, once the State Council has told them").Fill(missing))
		return s.storeNotices(ctx, tx, w.notices)
	})
}

// MissingYear gives the year whose holidays are missing and are needed by now: this one, or from November on the next. It goes by what
// was last read of the calendar, by HolidayYears for one.
func (s *Site) MissingYear() (year int, missing bool) {
	cal, _ := programme.CalendarFor(chineseCalendar)
	s.calendars.mu.Lock()
	if s.calendars.cn != nil {
		cal = s.calendars.cn
	}
	s.calendars.mu.Unlock()
	now := s.Now()
	year = now.Year()
	if cal.Knows(year) && now.Month() >= time.November {
		year++
	}
	return year, !cal.Knows(year)
}

// siteAdministrators lists the accounts that administer the root of the tree.
func siteAdministrators(ctx context.Context, tx *db.Tx) ([]string, error) {
	var out []string
	err := tx.Each(ctx, `SELECT DISTINCT g.account_id FROM account_grant g JOIN unit u ON u.code = g.unit AND u.parent IS NULL
		JOIN account a ON a.id = g.account_id AND a.disabled_at IS NULL WHERE g.programme = '' AND g.role = $1 ORDER BY 1`, []any{Admin}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		out = append(out, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("administrators of the site: %w", err)
	}
	return out, nil
}
