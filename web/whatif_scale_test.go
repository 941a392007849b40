package web

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/dbtest"
	"bihuan.dev/bihuan/programme"
)

// manyYAML is a standard with a threshold, a ratio and a line over a ratio, fifty points or so each.
const manyYAML = `
programme: many
version: "1"
title: 众户
subject: {title: 户, key: code, name: title, fields: {code: {type: text, required: true}, title: {type: text, required: true}}}
roles: {officer: {}, judge: {}}
parties: {self: {role: officer}, city: {role: judge}}
forms:
  sheet: {fields: {x: {type: int, min: 0}, people: {type: int, min: 0}, members: {type: int, min: 0}}}
standard:
  total: 100
  parts:
    - part: "1"
      sections:
        - section: "1.1"
          clauses:
            - {clause: "1.1.1", points: 50, pass: sheet.x >= 500}
            - {clause: "1.1.2", points: 30, pass: "ratio(sheet.members, sheet.people) >= 0.5"}
            - {clause: "1.1.3", points: 20, measure: "ratio(sheet.members, sheet.people)", linear: {full_at: 0.9, each: 0.1, minus: 2, step: floor, zero_below: 0.2}}
grades: {bands: [{grade: gold, at_least: 80}, {grade: silver, at_least: 50}], else: none}
`

// household is what one of the many has filed.
type household struct{ x, people, members int }

// total gives its points in the standard whose thresholds are x, and percent for the full line and below which it earns nothing.
func (h household) total(x, full, zero int) (points int) {
	if h.x >= x {
		points += 50
	}
	if h.members*2 >= h.people {
		points += 30
	}
	// Rounded to four decimals, as measures are.
	rate := h.members * 100_000 / h.people
	rate = (rate + 5) / 10
	switch short := full*100 - rate; {
	case rate < zero*100:
	case short <= 0:
		points += 20
	default:
		points += max(20-short/1000*2, 0)
	}
	return points
}

func gradeAt(points int) int {
	switch {
	case points >= 80:
		return 2
	case points >= 50:
		return 1
	}
	return 0
}

// A judge drags thresholds over many invented subjects, and each answer says who moves as it can be counted by hand. BIHUAN_SUBJECTS=100000
// fills that many, which takes some minutes; the log then says how long answers took.
func TestDraggingOverMany(t *testing.T) {
	n := 400
	if !testing.Short() {
		n = 3_000
	}
	if given := os.Getenv("BIHUAN_SUBJECTS"); given != "" {
		var err error
		if n, err = strconv.Atoi(given); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Each(t, func(t *testing.T, database string) {
		d, homes := manyDoor(t, database, n)
		begin := time.Now()
		d.must(d.site.LoadPopulation(t.Context(), "many"))
		t.Logf("%d subjects loaded in %v", n, time.Since(begin))
		var took []time.Duration
		drag := func(x, full, zero int) {
			t.Helper()
			want := map[string]int{}
			for _, h := range homes {
				if before, after := gradeAt(h.total(500, 90, 20)), gradeAt(h.total(x, full, zero)); after > before {
					want["up"]++
				} else if after < before {
					want["down"]++
				}
			}
			begin := time.Now()
			status, body := d.post("judge", "/p/many/whatif/effect", url.Values{"clause": {"1.1.1", "1.1.3"}, "dial.1.1.1.pass#0": {strconv.Itoa(x)},
				"dial.1.1.3.linear.full_at": {fmt.Sprintf("0.%02d", full)}, "dial.1.1.3.linear.zero_below": {fmt.Sprintf("0.%02d", zero)}})
			took = append(took, time.Since(begin))
			if status != http.StatusOK {
				t.Fatalf("%d\n%s", status, body)
			}
			for _, figure := range []string{"up", "down"} {
				found := regexp.MustCompile(`data-figure="` + figure + `">(\d+)<`).FindStringSubmatch(body)
				if found == nil || found[1] != strconv.Itoa(want[figure]) {
					t.Errorf("from %d, full at %d %%, nothing below %d %%: %v move %s, want %d", x, full, zero, found, figure, want[figure])
				}
			}
		}
		for i := range 8 {
			drag(500+i*13, 90, 20)
		}
		for i := range 8 {
			drag(591, 90-i*3, 20+i*2)
		}
		drag(500, 90, 20)
		slices.Sort(took)
		t.Logf("%d answers: median %v, longest %v", len(took), took[len(took)/2], took[len(took)-1])
	})
}

// manyDoor is a site with so many households, and a judge.
func manyDoor(t *testing.T, database string, n int) (*door, []household) {
	t.Helper()
	d := &door{T: t, people: map[string]*http.Client{}, now: time.Date(2026, 6, 30, 9, 0, 0, 0, bihuan.ChinaStandardTime)}
	var err error
	d.site, err = bihuan.Open(t.Context(), bihuan.Config{Database: database, Files: t.TempDir(), Now: d.clock, Log: slog.New(slog.DiscardHandler)})
	d.must(err)
	t.Cleanup(func() { d.site.Close() })
	_, err = d.site.ImportUnits(t.Context(), bihuan.System(), []bihuan.UnitRow{{Row: 2, Code: "c", Name: "云县", Level: "county"},
		{Row: 3, Code: "t0", Parent: "c", Name: "东镇", Level: "town"}, {Row: 4, Code: "t1", Parent: "c", Name: "西镇", Level: "town"}}, bihuan.Import{})
	d.must(err)
	_, err = d.site.Publish(t.Context(), bihuan.System(), fstest.MapFS{"programme.yaml": {Data: []byte(manyYAML)}}, "many", "")
	d.must(err)
	_, err = d.site.CreateAccount(t.Context(), bihuan.System(), bihuan.NewAccount{Login: "judge", Name: "示例judge", Password: password,
		Grants: []bihuan.Grant{{Programme: "many", Role: "judge", Unit: "c"}}})
	d.must(err)
	random := rand.New(rand.NewPCG(7, uint64(n)))
	homes := make([]household, n)
	for from := 0; from < n; from += 10_000 {
		var subjects []bihuan.NewSubject
		var sheets []bihuan.Filing
		for i := from; i < min(from+10_000, n); i++ {
			h := household{x: random.IntN(1000), people: 1 + random.IntN(400)}
			h.members = random.IntN(h.people + 1)
			homes[i] = h
			code := fmt.Sprintf("H%06d", i)
			subjects = append(subjects, bihuan.NewSubject{Row: 2 + i, Unit: fmt.Sprint("t", i%2), Fields: map[string]any{"code": code, "title": code}})
			sheets = append(sheets, bihuan.Filing{Row: 2 + i, Subject: code, Form: "sheet", On: programme.DayOf(d.now), By: "self",
				Values: map[string]any{"x": h.x, "people": h.people, "members": h.members}})
		}
		_, err := d.site.Enrol(t.Context(), bihuan.System(), "many", subjects, bihuan.Import{})
		d.must(err)
		_, err = d.site.FileMany(t.Context(), bihuan.System(), "many", sheets, bihuan.Import{})
		d.must(err)
	}
	server := httptest.NewServer(New(d.site, Config{Log: slog.New(slog.NewTextHandler(t.Output(), nil))}))
	t.Cleanup(server.Close)
	d.url = server.URL
	return d, homes
}
