package programme

import (
	"fmt"
	"time"
)

// Day is a calendar day, counted from 1970-01-01. Days have no zone: the day a record is true is the day on the wall.
type Day int32

// DayOf gives the day of t in its own zone.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDay reads 2021-01-20.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("day %q is not like 2021-01-20", s)
	}
	return DayOf(t), nil
}

// Time gives midnight UTC of the day, the form in which CEL sees it.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// MarshalText and UnmarshalText use the form 2021-01-20.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form 2021-01-20.
func (d *Day) UnmarshalText(b []byte) (err error) { *d, err = ParseDay(string(b)); return err }
