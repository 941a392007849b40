package programme

import (
	"maps"
	"sync"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"
)

// Calendar tells working days from days off. Public holidays and make-up working days are data, a year at a time; in a year
// that it does not know, Saturdays and Sundays are off and nothing else, and Knows says so.
type Calendar struct {
	Name  string
	years map[int]bool
	off   map[Day]bool // holidays; false: a weekend day that is worked
}

// NewCalendar gives a calendar with weekends only.
func NewCalendar(name string) *Calendar {
	return &Calendar{Name: name, years: map[int]bool{}, off: map[Day]bool{}}
}

// Copy gives a calendar of its own that knows the same.
func (c *Calendar) Copy() *Calendar {
	return &Calendar{c.Name, maps.Clone(c.years), maps.Clone(c.off)}
}

// AddYear adds what is known of a year: the holidays, and the weekend days that are worked. It replaces what was known before.
func (c *Calendar) AddYear(year int, holidays, workdays []Day) {
	maps.DeleteFunc(c.off, func(d Day, _ bool) bool { return d.Time().Year() == year })
	c.years[year] = true
	for _, d := range holidays {
		c.off[d] = true
	}
	for _, d := range workdays {
		c.off[d] = false
	}
}

// Knows reports whether the holidays of a year are known.
func (c *Calendar) Knows(year int) bool { return c.years[year] }

// CalendarFor gives the calendar of a programme: "cn" (the default) or "weekends".
func CalendarFor(name string) (*Calendar, bool) {
	switch name {
	case "", "cn":
		return chinese(), true
	case "weekends":
		return NewCalendar(name), true
	}
	return nil, false
}

// calendar gives the programme's calendar.
func (p *Programme) calendar() *Calendar {
	if c, ok := CalendarFor(p.Calendar); ok {
		return c
	}
	return NewCalendar(p.Calendar)
}

// chinese is the calendar of the yearly State Council notices.
var chinese = sync.OnceValue(func() *Calendar {
	c := NewCalendar("cn")
	for year := 2002; year < 2100; year++ {
		list := HolidayUtil.GetHolidaysByYear(year)
		if list.Len() == 0 {
			continue
		}
		var off, on []Day
		for e := list.Front(); e != nil; e = e.Next() {
			h := e.Value.(*HolidayUtil.Holiday)
			d, err := ParseDay(h.GetDay())
			if err != nil {
				continue
			}
			if h.IsWork() {
				on = append(on, d)
			} else {
				off = append(off, d)
			}
		}
		c.AddYear(year, off, on)
	}
	return c
})

// Workday reports whether people work on the day.
func (c *Calendar) Workday(d Day) bool {
	if off, ok := c.off[d]; ok {
		return !off
	}
	w := d.Time().Weekday()
	return w != time.Saturday && w != time.Sunday
}

// Workdays counts the working days after a, up to and including b; negative when b is before a.
func (c *Calendar) Workdays(a, b Day) int {
	if b < a {
		return -c.Workdays(b, a)
	}
	// A mistyped year must not cost a loop over centuries.
	const far = 400 * 366
	if b-a > far {
		return int(b-a) / 7 * 5
	}
	n := 0
	for d := a + 1; d <= b; d++ {
		if c.Workday(d) {
			n++
		}
	}
	return n
}

// AddWorkdays gives the n-th working day after d (before it, when n is negative). Zero gives d itself.
func (c *Calendar) AddWorkdays(d Day, n int) Day {
	step := Day(1)
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d += step
		if c.Workday(d) {
			n--
		}
	}
	return d
}

// Add gives the day a span after d. Months and years keep the day of the month, or take the last one of a shorter month.
func (c *Calendar) Add(d Day, s Span) Day { return c.shift(d, s, 1) }

// Sub gives the day a span before d.
func (c *Calendar) Sub(d Day, s Span) Day { return c.shift(d, s, -1) }

func (c *Calendar) shift(d Day, s Span, sign int) Day {
	n := sign * s.N
	switch s.Unit {
	case "workday":
		return c.AddWorkdays(d, n)
	case "week":
		return d + Day(7*n)
	case "month":
		return addMonths(d, n)
	case "year":
		return addMonths(d, 12*n)
	}
	return d + Day(n)
}

func addMonths(d Day, n int) Day {
	y, m, day := d.Time().Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return DayOf(first.AddDate(0, 0, min(day, last)-1))
}

// Zero reports whether no span is set.
func (s Span) Zero() bool { return s.N == 0 && s.Unit == "" }

// Text says the span in words.
func (s Span) Text() Text {
	u, ok := spanTexts[s.Unit]
	if !ok {
		return Text{}
	}
	if s.N != 1 {
		u.En += "s"
	}
	return T("{0} "+u.Zh, "{0} "+u.En).Fill(s.N)
}

// String says the span in English, as an author would write it.
func (s Span) String() string { return s.Text().En }

var spanTexts = map[string]Text{
	"day": T("天", "day"), "workday": T("个工作日", "working day"), "week": T("周", "week"),
	"month": T("个月", "month"), "year": T("年", "year"),
}
