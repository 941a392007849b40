package bihuan_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/dbtest"
	"bihuan.dev/bihuan/programme"
)

// county is a house in which rounds run: two towns with villages, a hall in each village, people in every role, and a
// clock that the test moves. Verbs are called as whoever acted last.
type county struct {
	testing.TB
	ctx    context.Context
	site   *bihuan.Site
	clock  *atomic.Int64 // microseconds
	actors map[string]bihuan.Actor
	who    bihuan.Actor
	halls  []bihuan.Subject
	err    error // of the last verb
}

// eachCounty runs a test on both engines, in a county with so many halls under a programme of testdata.
func eachCounty(t *testing.T, name string, halls int, test func(c *county)) {
	dbtest.Each(t, func(t *testing.T, url string) { test(newCounty(t, url, name, halls)) })
}

func newCounty(t testing.TB, url, name string, halls int) *county {
	t.Helper()
	c := &county{TB: t, ctx: t.Context(), clock: &atomic.Int64{}, actors: map[string]bihuan.Actor{"": {}}, who: bihuan.System()}
	c.clock.Store(time.Date(2021, 3, 1, 9, 0, 0, 0, bihuan.ChinaStandardTime).UnixMicro())
	var err error
	c.site, err = bihuan.Open(c.ctx, bihuan.Config{Database: url, Files: t.TempDir(), Now: func() time.Time { return time.UnixMicro(c.clock.Load()) }})
	c.must(err)
	t.Cleanup(func() { _ = c.site.Close() })
	units := []bihuan.UnitRow{{Row: 2, Code: "c", Name: "云县", Level: "county"}, {Row: 3, Code: "t0", Parent: "c", Name: "东镇", Level: "town"}, {Row: 4, Code: "t1", Parent: "c", Name: "西镇", Level: "town"}}
	for i := range halls {
		units = append(units, bihuan.UnitRow{Row: 5 + i, Code: village(i), Parent: fmt.Sprintf("t%d", i%2), Name: fmt.Sprintf("第%d村", i), Level: "village"})
	}
	_, err = c.site.ImportUnits(c.ctx, c.who, units, bihuan.Import{})
	c.must(err)
	c.publish(name, nil)
	c.account("judge", name, "judge", "c")
	c.account("judge2", name, "judge", "c")
	c.account("assessor", name, "assessor", "t0")
	c.account("officer", name, "officer", village(0))
	c.account("resident", name, "resident", village(0))
	c.account("stranger", name, "resident", village(1))
	c.actors["both"] = c.newActor("both", bihuan.Grant{Programme: name, Role: "officer", Unit: village(0)}, bihuan.Grant{Programme: name, Role: "assessor", Unit: "t0"})
	c.actors["admin"] = c.newActor("admin", bihuan.Grant{Role: bihuan.Admin, Unit: "c"})
	rows := make([]bihuan.NewSubject, halls)
	for i := range rows {
		rows[i] = bihuan.NewSubject{Row: 2 + i, Unit: village(i), Fields: map[string]any{"code": fmt.Sprintf("h%05d", i), "name": fmt.Sprintf("第%d礼堂", i)}}
	}
	_, err = c.site.Enrol(c.ctx, c.who, name, rows, bihuan.Import{})
	c.must(err)
	for i := range min(halls, 20) {
		h, err := c.site.SubjectByKey(c.ctx, c.who, name, fmt.Sprintf("h%05d", i))
		c.must(err)
		c.halls = append(c.halls, h)
	}
	return c
}

func village(i int) string { return fmt.Sprintf("v%05d", i) }

// publish publishes a programme of testdata, with texts replaced.
func (c *county) publish(name string, replace []string) {
	c.Helper()
	file, err := os.ReadFile("testdata/" + name + "/programme.yaml")
	c.must(err)
	text := strings.NewReplacer(replace...).Replace(string(file))
	_, err = c.site.Publish(c.ctx, bihuan.System(), fstest.MapFS{"programme.yaml": {Data: []byte(text)}}, name, "")
	c.must(err)
}

func (c *county) account(login, name, role, unit string) {
	c.Helper()
	c.actors[login] = c.newActor(login, bihuan.Grant{Programme: name, Role: role, Unit: unit})
}

func (c *county) newActor(login string, grants ...bihuan.Grant) bihuan.Actor {
	c.Helper()
	account, err := c.site.CreateAccount(c.ctx, bihuan.System(), bihuan.NewAccount{Login: login, Name: "某" + login, Grants: grants})
	c.must(err)
	a, err := c.site.ActorByID(c.ctx, account.ID)
	c.must(err)
	return a
}

func (c *county) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// As lets somebody act from here on; "" is a visitor.
func (c *county) As(login string) { c.who = c.actors[login] }

// Days lets days pass.
func (c *county) Days(n int) { c.clock.Add(int64(n) * 24 * time.Hour.Microseconds()) }

// Want checks how the last verb was refused, and that its text says something.
func (c *county) Want(kind bihuan.Kind, says ...string) {
	c.Helper()
	got, ok := bihuan.KindOf(c.err)
	if !ok || got != kind {
		c.Fatalf("got %v, want %v", c.err, kind)
	}
	for _, s := range says {
		if !strings.Contains(c.err.Error(), s) {
			c.Fatalf("%q does not say %q", c.err, s)
		}
	}
}

// OK checks that the last verb was done.
func (c *county) OK() {
	c.Helper()
	c.must(c.err)
}

func (c *county) File(hall int, form string, values map[string]any) {
	c.Helper()
	_, c.err = c.site.File(c.ctx, c.who, bihuan.Filing{Subject: c.halls[hall].ID, Form: form, Values: values})
}

// FileOn files as the system what is true on a day.
func (c *county) FileOn(hall int, form, on string, values map[string]any) {
	c.Helper()
	day, err := programme.ParseDay(on)
	c.must(err)
	_, err = c.site.File(c.ctx, bihuan.System(), bihuan.Filing{Subject: c.halls[hall].ID, Form: form, On: day, Values: values})
	c.must(err)
}

func (c *county) Open(n bihuan.NewRound) (r bihuan.Round) {
	r, c.err = c.site.OpenRound(c.ctx, c.who, n)
	return r
}

func (c *county) Submit(r bihuan.Round, hall int, party string) {
	c.err = c.site.Submit(c.ctx, c.who, r.ID, c.halls[hall].ID, party)
}

func (c *county) Close(r bihuan.Round, step string) (out bihuan.Round) {
	out, c.err = c.site.CloseStep(c.ctx, c.who, r.ID, step)
	return out
}

func (c *county) Level(r bihuan.Round, hall int, level string) {
	_, c.err = c.site.Judge(c.ctx, c.who, bihuan.Judgement{Subject: c.halls[hall].ID, Round: r.ID, Clause: "2.1.1", Level: level, Reason: "现场查看"})
}

func (c *county) Points(r bihuan.Round, hall int, points int64) {
	p := programme.NewDecimal(points, 0)
	_, c.err = c.site.Judge(c.ctx, c.who, bihuan.Judgement{Subject: c.halls[hall].ID, Round: r.ID, Clause: "2.1.2", Points: &p, Reason: "查看台账"})
}

func (c *county) Object(r bihuan.Round, hall int) (o bihuan.Objection) {
	o, c.err = c.site.Object(c.ctx, c.who, r.ID, c.halls[hall].ID, "2.1.1", "评定偏低")
	return o
}

func (c *county) Decide(r bihuan.Round) (out bihuan.Round) {
	out, c.err = c.site.Decide(c.ctx, c.who, r.ID)
	return out
}

func (c *county) Decision(r bihuan.Round, hall int) (d bihuan.Decision) {
	d, c.err = c.site.Decision(c.ctx, c.who, r.ID, c.halls[hall].ID)
	return d
}

func (c *county) Row(r bihuan.Round, hall int) bihuan.RoundRow {
	c.Helper()
	rows, _, err := c.site.RoundRows(c.ctx, c.who, r.ID, bihuan.SubjectQuery{Search: c.halls[hall].Key})
	c.must(err)
	if len(rows) != 1 {
		c.Fatalf("%d rows for %s", len(rows), c.halls[hall].Key)
	}
	return rows[0]
}

func (c *county) Counts() map[bihuan.TaskKind]int {
	c.Helper()
	t, err := c.site.Tasks(c.ctx, c.who, bihuan.TaskQuery{})
	c.must(err)
	return t.Counts
}

func pts(n float64) assess.Points { return assess.Points(n * assess.PointsScale) }
