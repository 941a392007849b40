package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Every page answers in both languages to those whom it is for, and to nobody else.
func TestWhoSeesWhat(t *testing.T) {
	throughTheDoor(t, 6, func(d *door) {
		hero := d.subjects[0]
		round := strings.TrimPrefix(d.openRound(), "/rounds/")
		sign, no := http.StatusSeeOther, http.StatusNotFound
		for _, x := range []struct {
			path                             string
			visitor, officer, foreign, judge int
		}{
			{"/p/union", 200, 200, 200, 200},
			{"/p/union/unit/" + town, 200, 200, 200, 200},
			{"/p/union/unit/nowhere", no, no, no, no},
			{"/p/union/standard", 200, 200, 200, 200},
			{"/p/nothing", no, no, no, no},
			{"/p/union/subjects", sign, 200, 200, 200},
			{"/p/union/subjects.xlsx", sign, 200, 200, 200},
			{"/p/union/rounds", 200, 200, 200, 200},
			{"/rounds/" + round, http.StatusUnauthorized, 200, 200, 200},
			{"/rounds/nothing", http.StatusUnauthorized, no, no, no},
			{"/rounds/" + round + "/subjects/" + hero.ID, http.StatusUnauthorized, 200, no, 200},
			{"/p/union/subjects/" + hero.ID + "/judge/2.1.3", sign, 200, no, 200},
			{"/p/union/subjects/" + hero.ID + "/judge/1.1.2", sign, no, no, no},
			{"/admin", sign, 403, 403, 403},
			{"/admin/units", sign, 403, 403, 403},
			{"/admin/accounts", sign, 403, 403, 403},
			{"/admin/programmes", sign, 403, 403, 403},
		} {
			for login, want := range map[string]int{"": x.visitor, "officer": x.officer, "foreign": x.foreign, "judge": x.judge} {
				if status, body := d.get(login, x.path); status != want {
					d.Errorf("%q at %s: %d, want %d\n%.800s", login, x.path, status, want, mainPart(body))
				}
			}
		}
	})
}

// Every page holds to what all pages must hold to, in both languages.
func TestBoardPagesInBothLanguages(t *testing.T) {
	throughTheDoor(t, 6, func(d *door) {
		round := d.openRound()
		hero := d.subjects[0]
		pages := map[string][]string{
			"": {"/p/union", "/p/union/standard", "/p/union/rounds"},
			"judge": {"/p/union", "/p/union/unit/" + town, "/p/union/unit/" + hero.Unit, "/p/union/subjects", "/p/union/subjects?q=zzzz", "/p/union/subjects?clause=1.1.2&status=met&sort=-total",
				"/p/union/standard", "/p/union/rounds", round, round + "?status=waiting", round + "/subjects/" + hero.ID, "/p/union/subjects/" + hero.ID + "/judge/2.1.3", "/p/union/subjects/" + hero.ID + "/judge/2.1.5?round=" + strings.TrimPrefix(round, "/rounds/")},
			"admin": {"/admin", "/admin/units", "/admin/units?q=xdz", "/admin/accounts", "/admin/accounts?unit=" + town, "/admin/import", "/admin/import?kind=subjects", "/admin/import?kind=evidence", "/admin/programmes"},
		}
		for login, paths := range pages {
			for _, lang := range []string{"zh", "en"} {
				d.speak(login, lang)
				for _, path := range paths {
					t.Run(lang+" "+path, func(t *testing.T) { hygiene(t, d.page(login, path)) })
				}
			}
		}
	})
}

// openRound opens the yearly round of the whole city and gives its address.
func (d *door) openRound() string {
	d.Helper()
	return d.done("judge", "/p/union/rounds", url.Values{"kind": {"annual"}, "unit": {"330482"}, "as_of": {"2026-06-30"}, "starts": {"2026-06-30"}})
}
