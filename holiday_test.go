package bihuan_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"bihuan.dev/bihuan"
)

// newYear is a year's table with the names that a year has.
func newYear(year int, more ...bihuan.HolidayRow) []bihuan.HolidayRow {
	rows := []bihuan.HolidayRow{{Day: "01-01", Kind: "放假", Name: "元旦"}, {Day: "02-08", Kind: "holiday", Name: "春节"}, {Day: "04-05", Kind: "休", Name: "清明节"},
		{Day: "05-01", Kind: "放假", Name: "劳动节"}, {Day: "06-09", Kind: "放假", Name: "端午节"}, {Day: "09-15", Kind: "放假", Name: "中秋节"}, {Day: "10-01", Kind: "放假", Name: "国庆节"}}
	for i := range rows {
		rows[i].Day = fmt.Sprint(year, "-", rows[i].Day)
	}
	rows = append(rows, more...)
	for i := range rows {
		rows[i].Row = i + 2
	}
	return rows
}

func TestHolidayTableIsChecked(t *testing.T) {
	for _, x := range []struct {
		row  bihuan.HolidayRow
		want string // of the mistake in English; "warn …": only odd; empty: fine
	}{
		{bihuan.HolidayRow{Day: "2027/1/2", Kind: "holiday", Name: "元旦"}, ""},
		{bihuan.HolidayRow{Day: "２０２７年１月２日", Kind: "休"}, ""},
		{bihuan.HolidayRow{Day: "2027-01-03", Kind: "holiday", Name: "元旦"}, "warn the holiday 元旦 breaks off between 2027-01-01 and 2027-01-03"},
		{bihuan.HolidayRow{Day: "2027-02-20", Kind: "上班", Name: "春节"}, ""}, // a Saturday
		{bihuan.HolidayRow{Day: "2027-02-22", Kind: "上班", Name: "春节"}, "2027-02-22 is a Monday, which is worked anyway"},
		{bihuan.HolidayRow{Day: "2027-02-21", Name: "春节"}, "it is not said what 2027-02-21 is"},
		{bihuan.HolidayRow{Day: "2027-02-21", Kind: "maybe"}, "maybe is neither holiday nor workday"},
		{bihuan.HolidayRow{Day: "2026-12-31", Kind: "holiday", Name: "元旦"}, "2026-12-31 is not in 2027"},
		{bihuan.HolidayRow{Day: "2027-02-30", Kind: "holiday"}, "the day 2027-02-30 cannot be read"},
		{bihuan.HolidayRow{Day: "2027-01-01", Kind: "workday"}, "2027-01-01 stands in row 2 already"},
	} {
		_, warnings, err := bihuan.ReadHolidays(2027, newYear(2027, x.row))
		got := ""
		if rows := rowsOf(err); len(rows) == 1 && rows[0].Row == 9 {
			got = rows[0].Text.En
		} else if len(warnings) == 1 {
			got = "warn " + warnings[0].Text.En
		} else if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, x.want) || x.want == "" && got != "" {
			t.Errorf("%+v: %q, want %q", x.row, got, x.want)
		}
	}
	if _, _, err := bihuan.ReadHolidays(2027, nil); err == nil {
		t.Error("an empty year is taken")
	}
	if _, _, err := bihuan.ReadHolidays(27, newYear(27)); err == nil {
		t.Error("the year 27 is taken")
	}
	if _, warnings, err := bihuan.ReadHolidays(2027, newYear(2027)[:3]); err != nil || len(warnings) != 4 {
		t.Error(warnings, err)
	}
}

// A year that is loaded moves the deadlines of matters that run, and those that begin, in every process; who holds them is told; until
// then they are marked as uncertain and administrators are warned, once a month.
func TestHolidaysMoveDeadlines(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		r.Day("2029-12-28") // a Friday
		m := r.Who("m1").Raise("proposal", values{"title": "甲", "reason": "x"})
		r.Want()
		if c := r.At(m.ID, "proposed", "2030-01-04").Clock; c.Lacks == 0 {
			t.Error("2030 is known, so this test needs a later year")
		}
		far := open(t, r.url, r.files) // another process
		far.now.now = noon("2029-12-28")
		for range 2 {
			r.must(r.site.Day(r.ctx))
			r.must(far.site.Day(r.ctx))
		}
		if got := r.notices("admin"); len(got) != 1 || got[0] != "calendar" {
			t.Errorf("the administrator hears %v", got)
		}
		rows := newYear(2030, bihuan.HolidayRow{Day: "2030-01-02", Kind: "holiday", Name: "元旦"}, bihuan.HolidayRow{Day: "2030-01-05", Kind: "workday", Name: "元旦"})
		_, r.err = r.site.StoreHolidays(r.ctx, r.Login("townadmin"), 2030, rows)
		r.Want(bihuan.Forbidden)
		_, r.err = r.site.StoreHolidays(r.ctx, r.Login("admin"), 2029, rows)
		r.Want(bihuan.Invalid)
		// Fri 28 Dec, then Mon 31, Thu 3, Fri 4, Sat 5 (worked), Mon 7.
		changed, err := r.site.StoreHolidays(r.ctx, r.Login("admin"), 2030, rows)
		if err != nil || changed != 1 {
			t.Fatal(changed, err)
		}
		if year, missing := r.site.MissingYear(); !missing || year != 2029 {
			t.Errorf("missing: %d %v", year, missing)
		}
		if c := r.At(m.ID, "proposed", "2030-01-07").Clock; c.Lacks == 0 {
			t.Error("2029 is not known, and the clock begins in it")
		}
		if got := r.notices("chair"); fmt.Sprint(got) != "[tell due turn]" {
			t.Errorf("the holder hears %v", got)
		}
		far.At(m.ID, "proposed", "2030-01-07")
		far.Who("m2").Raise("proposal", values{"title": "乙", "reason": "x"})
		far.Want()
		list, err := far.site.Matters(r.ctx, bihuan.System(), bihuan.MatterQuery{Programme: "loop", Sort: "raised"})
		far.must(err)
		far.At(list.Matters[0].ID, "proposed", "2030-01-07")
		if n, err := r.site.BringToCalendar(r.ctx); n != 0 || err != nil {
			t.Error(n, err) // all is at it
		}
		r.must(errOf(r.site.StoreHolidays(r.ctx, r.Login("admin"), 2029, newYear(2029))))
		if c := r.At(m.ID, "proposed", "2030-01-07").Clock; c.Lacks != 0 {
			t.Error("both years are known, but the clock is uncertain")
		}
		years, err := r.site.HolidayYears(r.ctx)
		r.must(err)
		if last := years[len(years)-1]; last.Year != 2030 || !last.Known || last.StoredBy != "演示admin" || len(last.Days) != len(rows) {
			t.Errorf("%+v", last)
		}
		for _, y := range years {
			if want := y.Year <= 2026 || y.Year >= 2029; y.Known != want {
				t.Errorf("%d: known %v", y.Year, y.Known)
			}
		}
	})
}

func errOf(_ int, err error) error { return err }

// Several load years while matters are raised: every deadline ends up as the last table says.
func TestHolidaysWithSeveralWriters(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		r.Day("2029-12-28")
		admin, member, home := r.Login("admin"), r.Login("m1"), r.home("E1")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				rows := newYear(2030, bihuan.HolidayRow{Day: fmt.Sprintf("2030-01-%02d", 2+i%3), Kind: "holiday", Name: "元旦"})
				if _, err := r.site.StoreHolidays(r.ctx, admin, 2030, rows); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if _, err := r.site.Raise(r.ctx, member, bihuan.NewMatter{Subject: home, Name: "proposal", Values: values{"title": fmt.Sprint(i), "reason": "x"}}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if _, err := r.site.BringToCalendar(r.ctx); err != nil { // as the job does a minute later
			t.Fatal(err)
		}
		if n, err := r.site.BringToCalendar(r.ctx); n != 0 || err != nil {
			t.Errorf("%d deadlines still moved, %v", n, err)
		}
		list, err := r.site.Matters(r.ctx, bihuan.System(), bihuan.MatterQuery{Programme: "loop"})
		r.must(err)
		for _, m := range list.Matters {
			if m.Clock.Due != list.Matters[0].Clock.Due || len(list.Matters) != 8 {
				t.Errorf("%s is due on %s, %d matters", m.Title, m.Clock.Due, len(list.Matters))
			}
		}
	})
}
