package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/internal/dbtest"
	"bihuan.dev/bihuan/programme"
)

// door is a site with a few enterprises of the union demo behind a real HTTP server, and people who come to it.
type door struct {
	*testing.T
	site     *bihuan.Site
	url      string
	people   map[string]*http.Client
	tokens   map[string]string // of the API, by login
	subjects []bihuan.SubjectRow

	mu  sync.Mutex
	now time.Time
}

// town is where the enterprises of the tests lie.
const town = "330482102"

const password = "not-a-common-one-7"

// throughTheDoor runs a test on each engine with a fresh site.
func throughTheDoor(t *testing.T, enterprises int, test func(d *door)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, database string) { test(openDoor(t, database, enterprises)) })
}

func openDoor(t *testing.T, database string, enterprises int) *door {
	t.Helper()
	d := &door{T: t, people: map[string]*http.Client{}, now: time.Date(2026, 6, 30, 9, 0, 0, 0, bihuan.ChinaStandardTime)}
	site, err := bihuan.Open(t.Context(), bihuan.Config{Database: database, Files: t.TempDir(), Now: d.clock, Log: slog.New(slog.DiscardHandler)})
	d.must(err)
	t.Cleanup(func() { site.Close() })
	d.site = site
	d.furnish(enterprises)
	server := httptest.NewServer(New(site, Config{Log: slog.New(slog.NewTextHandler(t.Output(), nil))}))
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

func (d *door) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *door) clock() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.now }

// later moves the clock.
func (d *door) later(days int) { d.mu.Lock(); defer d.mu.Unlock(); d.now = d.now.AddDate(0, 0, days) }

// furnish brings in the units, the programme, some enterprises of one town with their evidence, and an account for every role.
func (d *door) furnish(enterprises int) {
	d.Helper()
	ctx := context.Background()
	units := d.table("../programmes/union/demo/units.csv")
	var rows []bihuan.UnitRow
	for i, u := range units {
		row := bihuan.UnitRow{Row: i + 2, Code: u[0], Parent: u[1], Name: u[2], Level: u[3]}
		if i == 0 {
			row.Parent = ""
		}
		rows = append(rows, row)
	}
	var keys []string
	for _, e := range d.table("../programmes/union/demo/enterprises.csv") {
		if strings.HasPrefix(e[2], town) && len(keys) < enterprises {
			rows = append(rows, bihuan.UnitRow{Row: len(rows) + 2, Code: e[0], Parent: e[2], Name: e[1], Level: "enterprise"})
			keys = append(keys, e[0])
		}
	}
	_, err := d.site.ImportUnits(ctx, bihuan.System(), rows, bihuan.Import{})
	d.must(err)
	_, err = d.site.Publish(ctx, bihuan.System(), os.DirFS("../programmes/union"), "union", "")
	d.must(err)
	d.file(keys)
	for login, g := range map[string]bihuan.Grant{"admin": {Role: bihuan.Admin, Unit: "330482"}, "judge": {Programme: "union", Role: "judge", Unit: "330482"},
		"assessor": {Programme: "union", Role: "assessor", Unit: town}, "foreign": {Programme: "union", Role: "assessor", Unit: "330482103"},
		"officer": {Programme: "union", Role: "officer", Unit: keys[0]}, "employee": {Programme: "union", Role: "employee", Unit: keys[0]}} {
		_, err := d.site.CreateAccount(ctx, bihuan.System(), bihuan.NewAccount{Login: login, Name: "示例" + login, Password: password, Grants: []bihuan.Grant{g}})
		d.must(err)
	}
	d.subjects, _, err = d.site.Subjects(ctx, bihuan.System(), bihuan.SubjectQuery{Programme: "union", Sort: "-total"})
	d.must(err)
	slices.SortFunc(d.subjects, func(a, b bihuan.SubjectRow) int { return slices.Index(keys, a.Key) - slices.Index(keys, b.Key) })
}

// file enrols the enterprises and files what the demo has of them, with one and the same picture for every attachment.
func (d *door) file(keys []string) {
	d.Helper()
	run, err := d.site.Running(d.Context(), "union")
	d.must(err)
	in, err := os.Open("../programmes/union/demo/evidence.jsonl")
	d.must(err)
	defer in.Close()
	read, err := exchange.ReadEvidence(in, exchange.JSONLines, run.Programme)
	d.must(err)
	picture, err := d.site.Upload(d.Context(), bihuan.System(), "photo.jpg", bytes.NewReader(photo(d.T)))
	d.must(err)
	var enrol []bihuan.NewSubject
	var filings []bihuan.Filing
	for _, f := range read.Records {
		if !slices.Contains(keys, f.Subject) {
			continue
		}
		if f.Form == programme.SubjectForm {
			enrol = append(enrol, bihuan.NewSubject{Row: f.Row, Unit: f.Subject, Fields: f.Values, On: f.On})
			continue
		}
		form, _ := run.Form(f.Form)
		for _, x := range form.Fields {
			if _, attached := f.Values[x.Name]; attached && x.HoldsAttachments() {
				f.Values[x.Name] = []any{picture.SHA256}
			}
		}
		filings = append(filings, bihuan.Filing{Row: f.Row, Subject: f.Subject, Form: f.Form, On: f.On, By: f.By, Values: f.Values})
	}
	_, err = d.site.Enrol(d.Context(), bihuan.System(), "union", enrol, bihuan.Import{})
	d.must(err)
	_, err = d.site.FileMany(d.Context(), bihuan.System(), "union", filings, bihuan.Import{GoodRowsOnly: true})
	d.must(err)
}

// table reads a CSV file without its header.
func (d *door) table(path string) [][]string {
	d.Helper()
	f, err := os.Open(path)
	d.must(err)
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	d.must(err)
	return all[1:]
}

// as gives the browser of somebody, signed in; the empty login is a visitor.
func (d *door) as(login string) *http.Client {
	d.Helper()
	if c, ok := d.people[login]; ok {
		return c
	}
	jar, err := cookiejar.New(nil)
	d.must(err)
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	d.people[login] = c
	if login != "" {
		if status, to := d.post(login, "/login", url.Values{"login": {login}, "password": {password}}); status != http.StatusSeeOther {
			d.Fatalf("sign in %s: %d %s", login, status, to)
		}
	}
	return c
}

// get asks for a page: its status and its text, or where it redirects to.
func (d *door) get(login, path string) (int, string) {
	d.Helper()
	answer, err := d.as(login).Get(d.url + path)
	d.must(err)
	return d.read(answer)
}

// post sends a form; a redirect gives where it leads.
func (d *door) post(login, path string, form url.Values) (int, string) {
	d.Helper()
	answer, err := d.as(login).PostForm(d.url+path, form)
	d.must(err)
	return d.read(answer)
}

func (d *door) read(answer *http.Response) (int, string) {
	d.Helper()
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	d.must(err)
	if to := answer.Header.Get("Location"); to != "" {
		return answer.StatusCode, to
	}
	return answer.StatusCode, string(b)
}

// page asks for a page that must be there, in a language, and says all these words.
func (d *door) page(login, path string, words ...string) string {
	d.Helper()
	status, body := d.get(login, path)
	if status != http.StatusOK {
		d.Fatalf("%s at %s: %d\n%.1500s", login, path, status, body)
	}
	for _, w := range words {
		if !strings.Contains(body, w) {
			d.Errorf("%s at %s does not say %q", login, path, w)
		}
	}
	return body
}

// done posts a form that must be taken, and gives where it leads.
func (d *door) done(login, path string, form url.Values) string {
	d.Helper()
	status, to := d.post(login, path, form)
	if status != http.StatusSeeOther {
		d.Fatalf("%s posts to %s: %d\n%.3000s", login, path, status, mainPart(to))
	}
	return to
}

// said cuts a page down to its main part, for messages.
func mainPart(page string) string {
	if _, rest, ok := strings.Cut(page, "<main"); ok {
		return rest
	}
	return page
}

func (d *door) speak(login, lang string) {
	d.Helper()
	d.done(login, "/lang", url.Values{"lang": {lang}, "back": {"/"}})
}
