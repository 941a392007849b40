package bihuan_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/dbtest"
	"bihuan.dev/bihuan/programme"
)

// runner acts on a site as one person after the other and fails the test where a verb does not do what is wanted.
type runner struct {
	*testing.T
	ctx   context.Context
	site  *bihuan.Site
	url   string
	files string
	now   *clock
	as    bihuan.Actor
	err   error // of the last verb
}

type values = map[string]any

// clock is a site's clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// noon is an hour of a day in China.
func noon(d string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, d, bihuan.ChinaStandardTime)
	if err != nil {
		panic(err)
	}
	return t.Add(12 * time.Hour)
}

func day(s string) programme.Day {
	d, err := programme.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// each runs a test on a fresh site on each engine: a city with two towns and a home in each, and an account for each role.
func each(t *testing.T, test func(r *runner)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, url string) {
		r := open(t, url, t.TempDir())
		r.furnish()
		test(r)
	})
}

func open(t testing.TB, url, files string) *runner {
	t.Helper()
	return openAs(t, bihuan.Config{Database: url, Files: files})
}

// openAs opens a site with a configuration of its own.
func openAs(t testing.TB, c bihuan.Config) *runner {
	t.Helper()
	r := &runner{ctx: context.Background(), url: c.Database, files: c.Files, now: &clock{now: noon("2021-06-01")}, as: bihuan.System()}
	if t, ok := t.(*testing.T); ok {
		r.T = t
	}
	c.Now, c.Log = r.now.Now, slog.New(slog.DiscardHandler)
	var err error
	r.site, err = bihuan.Open(r.ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.site.Close() })
	return r
}

const password = "correct horse 7"

// furnish makes the units (city; east, west; and a unit for each home), publishes the programme and enrols two homes.
func (r *runner) furnish() {
	r.Helper()
	r.As(bihuan.System())
	_, err := r.site.ImportUnits(r.ctx, r.as, []bihuan.UnitRow{
		{Row: 2, Code: "e1", Parent: "east", Name: "东一公司", Level: "enterprise"}, // before its parent
		{Row: 3, Code: "city", Name: "平湖市", Level: "county"},
		{Row: 4, Code: "east", Parent: "city", Name: "东镇", Level: "town"},
		{Row: 5, Code: "west", Parent: "city", Name: "西镇", Level: "town"},
		{Row: 6, Code: "w1", Parent: "west", Name: "西一公司", Level: "enterprise"},
	}, bihuan.Import{})
	r.must(err)
	r.Publish("home", nil)
	r.Enrol("home", "e1", values{"code": "E1", "title": "东一之家", "size": "large"})
	r.Enrol("home", "w1", values{"code": "W1", "title": "西一之家"})
	for login, g := range map[string]bihuan.Grant{
		"member": {Programme: "home", Role: "member", Unit: "e1"}, "officer": {Programme: "home", Role: "officer", Unit: "e1"},
		"officer2": {Programme: "home", Role: "officer", Unit: "e1"}, "stranger": {Programme: "home", Role: "officer", Unit: "w1"},
		"assessor": {Programme: "home", Role: "assessor", Unit: "east"}, "judge": {Programme: "home", Role: "judge", Unit: "city"},
		"admin": {Role: bihuan.Admin, Unit: "city"}, "townadmin": {Role: bihuan.Admin, Unit: "east"},
	} {
		// These accounts have no password: hashing one takes a while, and only TestSignIn needs it.
		_, err := r.site.CreateAccount(r.ctx, r.as, bihuan.NewAccount{Login: login, Name: "演示" + login, Grants: []bihuan.Grant{g}})
		r.must(err)
	}
}

func (r *runner) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(describe(err))
	}
}

func describe(err error) string {
	s := err.Error()
	if e, ok := errors.AsType[*bihuan.Error](err); ok {
		s += fmt.Sprintf(" %+v %+v", e.Fields, e.Rows)
		for m := range slices.Values(mistakesIn(err)) {
			s += "\n" + m.Pos.String() + ": " + m.Message.En
		}
	}
	return s
}

func mistakesIn(err error) programme.Mistakes {
	m, _ := errors.AsType[programme.Mistakes](err)
	return m
}

// As lets somebody act from here on.
func (r *runner) As(a bihuan.Actor) *runner { r.as = a; return r }

// Login gives the actor of one of the accounts, with its grants as they are now.
func (r *runner) Login(login string) bihuan.Actor {
	r.Helper()
	if login == "" {
		return bihuan.Actor{}
	}
	page, err := r.site.Accounts(r.ctx, bihuan.System(), bihuan.AccountQuery{Search: login, Page: bihuan.Page{Limit: 100}})
	r.must(err)
	for _, x := range page.Accounts {
		if x.Login == login {
			a, err := r.site.ActorByID(r.ctx, x.ID)
			r.must(err)
			return a
		}
	}
	r.Fatalf("no account %s", login)
	return bihuan.Actor{}
}

// Who lets one of the accounts act; "" is a visitor.
func (r *runner) Who(login string) *runner { r.Helper(); return r.As(r.Login(login)) }

// Want checks how the last verb ended: kinds of refusal, or nothing for none.
func (r *runner) Want(kinds ...bihuan.Kind) {
	r.Helper()
	k, refused := bihuan.KindOf(r.err)
	switch {
	case r.err != nil && !refused:
		r.Fatalf("broke: %v", r.err)
	case len(kinds) == 0 && r.err != nil:
		r.Fatalf("refused: %s", describe(r.err))
	case len(kinds) > 0 && (!refused || k != kinds[0]):
		r.Fatalf("got %v (%v), want %v", r.err, k, kinds[0])
	}
}

// Publish publishes a fixture, with texts replaced (old → new).
func (r *runner) Publish(name string, replace map[string]string) bihuan.Version {
	r.Helper()
	v, err := r.site.Publish(r.ctx, bihuan.System(), fixture(r, name, replace), name, "")
	r.must(err)
	return v
}

func fixture(t testing.TB, name string, replace map[string]string) fs.FS {
	b, err := os.ReadFile(filepath.Join("testdata", name, "programme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for old, new := range replace {
		if !strings.Contains(text, old) {
			t.Fatalf("the fixture does not say %q", old)
		}
		text = strings.ReplaceAll(text, old, new)
	}
	return fstest.MapFS{"programme.yaml": {Data: []byte(text)}}
}

// Enrol enrols one subject as the system.
func (r *runner) Enrol(p, unit string, fields values) {
	r.Helper()
	_, err := r.site.Enrol(r.ctx, bihuan.System(), p, []bihuan.NewSubject{{Row: 2, Unit: unit, Fields: fields, On: day("2020-01-01")}}, bihuan.Import{})
	r.must(err)
}

// ID gives the ID of a home.
func (r *runner) ID(key string) string {
	r.Helper()
	sub, err := r.site.SubjectByKey(r.ctx, bihuan.System(), "home", key)
	r.must(err)
	return sub.ID
}

// File files a form for a home.
func (r *runner) File(key, form, on string, v values) bihuan.Filed {
	r.Helper()
	f := bihuan.Filing{Subject: r.ID(key), Form: form, Values: v}
	if on != "" {
		f.On = day(on)
	}
	var filed bihuan.Filed
	filed, r.err = r.site.File(r.ctx, r.as, f)
	return filed
}

// Total gives the live total in a column as the system sees it, from the list; "-" when it is not scored.
func (r *runner) Total(key, party string) string {
	r.Helper()
	rows, _, err := r.site.Subjects(r.ctx, bihuan.System(), bihuan.SubjectQuery{Programme: "home", Search: key})
	r.must(err)
	for _, row := range rows {
		if row.Key == key {
			if total, ok := row.Totals[party]; ok {
				return points(total)
			}
		}
	}
	return "-"
}

func points(p assess.Points) string { return programme.NewDecimal(int64(p), 6).String() }

// sameAsAnew compares every stored live score with one computed from scratch.
func (r *runner) sameAsAnew(p string) {
	r.Helper()
	rows, total, err := r.site.Subjects(r.ctx, bihuan.System(), bihuan.SubjectQuery{Programme: p, Limit: 1000})
	r.must(err)
	if total != len(rows) {
		r.Fatalf("%d rows of %d", len(rows), total)
	}
	for _, row := range rows {
		scores, err := r.site.Columns(r.ctx, bihuan.System(), row.ID, bihuan.At{})
		r.must(err)
		fresh := map[string]assess.Points{}
		for _, s := range scores {
			if s.Scored {
				fresh[s.Party] = s.Total
			}
		}
		if !maps.Equal(fresh, row.Totals) || row.Grade != scores[len(scores)-1].Grade {
			r.Errorf("%s: stored %v %s, computed %v %s", row.Key, row.Totals, row.Grade, fresh, scores[len(scores)-1].Grade)
		}
	}
}

func fieldsOf(err error) (fields []string) {
	if e, ok := errors.AsType[*bihuan.Error](err); ok {
		for _, f := range e.Fields {
			fields = append(fields, f.Field)
		}
	}
	return fields
}

func rowsOf(err error) []bihuan.RowError {
	if e, ok := errors.AsType[*bihuan.Error](err); ok {
		return e.Rows
	}
	return nil
}
