package bihuan_test

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"bihuan.dev/bihuan"
)

// appraised is the loop's programme with points for the members' appraisal.
func appraised(r *runner) {
	r.Helper()
	loop(r)
	r.Publish("loop", map[string]string{`version: "1"`: `version: "2"`, `measure: "ratio(roster.members, roster.people)", linear: {full_at: 0.9, each: 0.01, minus: 1}`: `formula: "ratio(appraisal.cast, appraisal.invited) < 0.3 ? 0 : ratio(10 * (appraisal.count.satisfied + appraisal.count.basically * 0.6), appraisal.cast)"`})
}

// voices takes so many people into the roster of the first home and lets them come in.
func (r *runner) voices(n int) []bihuan.Actor {
	r.Helper()
	var people []bihuan.Person
	for i := range n {
		people = append(people, bihuan.Person{Name: fmt.Sprintf("职工%03d", i), Number: fmt.Sprintf("A%03d", i)})
	}
	list, err := r.site.AddVoices(r.ctx, r.Login("chair"), r.home("E1"), "member", people)
	r.must(err)
	var out []bihuan.Actor
	for _, slip := range list.Slips {
		a, err := r.site.Speak(r.ctx, "desk", slip.Code)
		r.must(err)
		out = append(out, a)
	}
	return out
}

// Call calls a ballot on the first home.
func (r *runner) Call(closes string) string {
	r.Helper()
	var id string
	id, r.err = r.site.CallBallot(r.ctx, r.as, r.home("E1"), "appraisal", day(closes))
	return id
}

// Cast lets voters vote: the first so many one thing, the next so many another.
func (r *runner) Cast(id string, voters []bihuan.Actor, how ...any) {
	r.Helper()
	for len(how) > 0 {
		for range how[0].(int) {
			r.must(r.site.Vote(r.ctx, voters[0], id, values{"overall": how[1]}))
			voters = voters[1:]
		}
		how = how[2:]
	}
}

func (r *runner) Ballot(id string) bihuan.BallotFigures {
	r.Helper()
	b, err := r.site.Ballot(r.ctx, r.as, id)
	r.must(err)
	return b
}

// Golden vector 4 (DOMAIN 1.13): of 141 members 137 took part, 127 were satisfied and 10 basically. The score moves when the ballot is
// over, not before; the figures are evidence, as of any day and as known at any moment; only the newest count counts.
func TestMembersAppraisal(t *testing.T) {
	each(t, func(r *runner) {
		appraised(r)
		members := r.voices(135) // and the six with an account
		r.Who("m1").Call("2021-06-10")
		r.Want(bihuan.Forbidden)
		r.Who("chair2").Call("2021-06-10")
		r.Want(bihuan.NotFound)
		r.Who("chair").Call("2021-06-01")
		r.Want(bihuan.Invalid)
		id := r.Call("2021-06-10")
		r.Want()
		r.Call("2021-06-11")
		r.Want(bihuan.Conflict)
		for i := range 6 {
			members = append(members, r.Login(fmt.Sprint("m", i+1)))
		}
		r.Cast(id, members, 127, "satisfied", 10, "basically")
		r.err = r.site.Vote(r.ctx, members[0], id, values{"overall": "dissatisfied"})
		r.Want(bihuan.Conflict)
		r.err = r.site.Vote(r.ctx, members[140], id, values{"overall": "splendid"})
		r.Want(bihuan.Invalid)
		r.err = r.site.Vote(r.ctx, r.Login("other"), id, values{"overall": "satisfied"})
		r.Want(bihuan.NotFound)
		if b := r.Ballot(id); b.Tally != nil || b.Votes != 137 || b.Invited != 141 || r.loopTotal() != "0" {
			r.Errorf("while it runs: %+v, total %s", b, r.loopTotal())
		}
		before := r.now.Now()
		r.Day("2021-06-10")
		r.Day("2021-06-11")
		b := r.Ballot(id)
		if !b.Over || b.Withheld || !maps.Equal(b.Tally, map[string]int{"satisfied": 127, "basically": 10, "dissatisfied": 0}) || r.loopTotal() != "9.71" {
			r.Errorf("when it is over: %+v, total %s", b, r.loopTotal())
		}
		e, err := r.site.Evidence(r.ctx, r.Login("chair"), b.Evidence)
		r.must(err)
		if e.On != day("2021-06-10") || string(e.Values.JSON()) != `{"basically":10,"cast":137,"dissatisfied":0,"invited":141,"satisfied":127}` {
			r.Errorf("evidence %s %s", e.On, e.Values.JSON())
		}
		r.sameAsAnew("loop")
		for at, want := range map[bihuan.At]string{{AsOf: day("2021-06-09")}: "0", {Known: before}: "0", {}: "9.71"} {
			scores, err := r.site.Columns(r.ctx, r.Login("city"), r.home("E1"), at)
			r.must(err)
			if got := points(scores[2].Total); got != want {
				r.Errorf("%+v: %s, want %s", at, got, want)
			}
		}
		r.err = r.site.Vote(r.ctx, members[140], id, values{"overall": "satisfied"})
		r.Want(bihuan.Conflict) // too late
		if n := r.notices("m1"); !slices.Equal(n, []string{"closed", "vote"}) {
			r.Errorf("notices %v", n)
		}

		again := r.Call("2021-06-20")
		r.Want()
		r.Cast(again, members, 141, "satisfied") // all: counted at once
		if b := r.Ballot(again); !b.Over || r.loopTotal() != "10" {
			r.Errorf("the newest alone counts: %+v, total %s", b, r.loopTotal())
		}
		r.sameAsAnew("loop")
	})
}

// Figures that would tell what single people said are neither shown nor filed: how many took part is.
func TestBallotWithheld(t *testing.T) {
	each(t, func(r *runner) {
		appraised(r)
		members := append(r.voices(3), r.Login("m1"), r.Login("m2"), r.Login("m3"), r.Login("m4"), r.Login("m5"), r.Login("m6"))
		for i, c := range []struct {
			how  []any
			want string
		}{
			{[]any{4, "satisfied"}, `{"cast":4,"invited":9}`},
			{[]any{7, "dissatisfied", 1, "satisfied"}, `{"cast":8,"invited":9}`},
			{[]any{6, "satisfied", 2, "basically"}, `{"basically":2,"cast":8,"dissatisfied":0,"invited":9,"satisfied":6}`},
		} {
			id := r.Who("east").Call(fmt.Sprintf("2021-06-%d2", i))
			r.Want()
			r.Cast(id, members, c.how...)
			r.Day(fmt.Sprintf("2021-06-%d3", i))
			b := r.Ballot(id)
			e, err := r.site.Evidence(r.ctx, r.as, b.Evidence)
			r.must(err)
			if got := string(e.Values.JSON()); got != c.want || b.Withheld != !strings.Contains(c.want, "satisfied") || b.Withheld != (b.Tally == nil) {
				r.Errorf("%v: %+v, evidence %s", c.how, b, got)
			}
			r.sameAsAnew("loop")
		}
	})
}

// A ballot of few is not called, and one that was called by mistake is broken off from above.
func TestBallotBrokenOff(t *testing.T) {
	each(t, func(r *runner) {
		appraised(r)
		_, err := r.site.CallBallot(r.ctx, r.Login("city"), r.home("W1"), "appraisal", day("2021-06-10"))
		if k, _ := bihuan.KindOf(err); k != bihuan.Invalid {
			r.Errorf("one member: %v", err)
		}
		_, err = r.site.CallBallot(r.ctx, r.Login("chair"), r.home("E1"), "satisfaction", day("2021-06-10"))
		if k, _ := bihuan.KindOf(err); k != bihuan.Invalid {
			r.Errorf("a ballot of matters: %v", err)
		}
		id := r.Who("chair").Call("2021-06-10")
		r.err = r.site.BreakOffBallot(r.ctx, r.as, id, "改期")
		r.Want(bihuan.Forbidden)
		r.Who("east").err = r.site.BreakOffBallot(r.ctx, r.Login("east"), id, "")
		r.Want(bihuan.Invalid)
		r.err = r.site.BreakOffBallot(r.ctx, r.as, id, "名册不全")
		r.Want()
		r.err = r.site.Vote(r.ctx, r.Login("m1"), id, values{"overall": "satisfied"})
		r.Want(bihuan.Conflict)
		if b := r.Ballot(id); !b.Over || b.Counted || b.Why != "名册不全" || b.Evidence != "" {
			r.Errorf("%+v", b)
		}
		r.Call("2021-06-20")
		r.Want()
	})
}

// Sixteen vote at once, each in two tabs: every vote counts, and counts once.
func TestVotersAtOnce(t *testing.T) {
	each(t, func(r *runner) {
		appraised(r)
		members := r.voices(16)
		id := r.Who("chair").Call("2021-06-10")
		r.Want()
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := map[string]int{}
		for i, a := range members {
			for range 2 {
				wg.Go(func() {
					err := r.site.Vote(r.ctx, a, id, values{"overall": []string{"satisfied", "basically"}[i%2]})
					if k, refused := bihuan.KindOf(err); err != nil && (!refused || k != bihuan.Conflict) {
						r.Errorf("broke: %v", err)
					}
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						done[a.ID]++
					}
				})
			}
		}
		wg.Wait()
		r.Day("2021-06-11")
		if b := r.Ballot(id); len(done) != 16 || slices.Max(slices.Collect(maps.Values(done))) != 1 || b.Votes != 16 || b.Tally["satisfied"] != 8 || b.Tally["basically"] != 8 {
			r.Errorf("%v %+v", done, b)
		}
	})
}

// database opens the site's database beside it.
func (r *runner) database() (d *sql.DB, tables []string) {
	r.Helper()
	driver, url, list := "sqlite", "file:"+r.url, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
	if strings.Contains(r.url, "://") {
		driver, url, list = "pgx", r.url, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
	}
	d, err := sql.Open(driver, url)
	r.must(err)
	r.Cleanup(func() { _ = d.Close() })
	rows, err := d.Query(list)
	r.must(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		r.must(rows.Scan(&name))
		tables = append(tables, name)
	}
	r.must(rows.Err())
	return d, tables
}

// row is a row of a table: its columns and values.
type row struct {
	columns []string
	values  []any
}

// dump reads every row of every table, by table and first column; with it a hidden one such as xmin.
func (r *runner) dump(d *sql.DB, tables []string, also string) map[string]map[string]row {
	r.Helper()
	out := map[string]map[string]row{}
	for _, table := range tables {
		out[table] = map[string]row{}
		rows, err := d.Query("SELECT " + also + "* FROM " + table)
		r.must(err)
		columns, err := rows.Columns()
		r.must(err)
		for rows.Next() {
			x := row{columns, make([]any, len(columns))}
			into := make([]any, len(columns))
			for i := range into {
				into[i] = &x.values[i]
			}
			r.must(rows.Scan(into...))
			key := fmt.Sprint(x.values)
			if also == "" && table != "ballot_right" {
				key = fmt.Sprint(x.values[0]) + "/" + fmt.Sprint(len(out[table]))
			}
			out[table][key] = x
		}
		r.must(rows.Err())
		_ = rows.Close()
	}
	return out
}

// The same election with the votes of two people swapped and cast in another order leaves the same bytes in every table; a vote adds no
// row anywhere and changes none but the ballot's three; and no row that names a voter was written together with his vote alone.
func TestBallotSecrecy(t *testing.T) {
	each(t, func(r *runner) {
		appraised(r)
		members := r.voices(8)
		id := r.Who("chair").Call("2021-06-10")
		r.Want()
		d, tables := r.database()
		before := r.dump(d, tables, "")
		choices := []string{"satisfied", "satisfied", "basically", "dissatisfied", "satisfied", "basically", "satisfied", "satisfied"}
		elect := func(order []int, swapped bool) map[string]map[string]row {
			said := slices.Clone(choices)
			if swapped {
				said[0], said[3] = said[3], said[0]
			}
			r.now.mu.Lock()
			r.now.now = noon("2021-06-02")
			r.now.mu.Unlock()
			for _, i := range order {
				_, err := r.site.Ballot(r.ctx, members[i], id)
				r.must(err)
				r.must(r.site.Vote(r.ctx, members[i], id, values{"overall": said[i]}))
			}
			return r.dump(d, tables, "")
		}
		one := elect([]int{0, 1, 2, 3, 4, 5, 6, 7}, false)
		changed := map[string]bool{}
		for table := range before {
			if len(one[table]) != len(before[table]) {
				r.Errorf("voting added or took rows of %s", table)
			}
			for key, x := range before[table] {
				y := one[table][key]
				if fmt.Sprint(x.values) == fmt.Sprint(y.values) {
					continue
				}
				changed[table] = true
				var set []string // take it back, for the second election
				args := []any{x.values[0]}
				for i, c := range x.columns[1:] {
					set = append(set, fmt.Sprintf("%s = $%d", c, i+2))
					args = append(args, x.values[i+1])
				}
				_, err := d.Exec(fmt.Sprintf("UPDATE %s SET %s WHERE %s = $1", table, strings.Join(set, ", "), x.columns[0]), args...)
				r.must(err)
			}
		}
		if got := slices.Sorted(maps.Keys(changed)); !slices.Equal(got, []string{"ballot", "ballot_box", "ballot_register"}) {
			r.Errorf("voting changed %v", got)
		}
		two := elect([]int{6, 3, 0, 7, 1, 5, 2, 4}, true)
		for table := range one {
			for key, x := range one[table] {
				if fmt.Sprint(x.values) != fmt.Sprint(two[table][key].values) {
					r.Errorf("%s tells the elections apart: %v, %v", table, x.values, two[table][key].values)
				}
			}
		}
		if strings.Contains(r.url, "://") {
			r.alone(d, tables, members)
		}
		r.sameFigures(id)
	})
}

// alone checks that the transaction of the last vote wrote no row that names a voter, but the register of all of them.
func (r *runner) alone(d *sql.DB, tables []string, members []bihuan.Actor) {
	r.Helper()
	all := r.dump(d, tables, "xmin::text, ")
	last := ""
	for _, x := range all["ballot_box"] {
		last = fmt.Sprint(x.values[0])
	}
	for table, rows := range all {
		for _, x := range rows {
			if fmt.Sprint(x.values[0]) != last {
				continue
			}
			named := 0
			for _, a := range members {
				if strings.Contains(fmt.Sprint(x.values), a.ID) {
					named++
				}
			}
			if named != 0 && named != len(members) {
				r.Errorf("%s names %d voters in the transaction of a vote", table, named)
			}
		}
	}
}

// sameFigures checks that nobody learns more of a ballot that runs than how many took part.
func (r *runner) sameFigures(id string) {
	r.Helper()
	for _, login := range []string{"admin", "city", "chair", "m1"} {
		list, err := r.site.SubjectBallots(r.ctx, r.Login(login), r.home("E1"))
		r.must(err)
		b, err := r.site.Ballot(r.ctx, r.Login(login), id)
		r.must(err)
		if b.Tally != nil || b.Votes != 8 || list[0].Tally != nil || b.Voted {
			r.Errorf("%s learns %+v", login, b)
		}
	}
	_, err := r.site.Ballot(r.ctx, r.Login("other"), id)
	if k, _ := bihuan.KindOf(err); k != bihuan.NotFound {
		r.Errorf("another home: %v", err)
	}
	err = r.site.SaveDraft(r.ctx, r.Login("m1"), r.home("E1"), "appraisal", values{"overall": "satisfied"})
	if k, _ := bihuan.KindOf(err); k != bihuan.NotFound {
		r.Errorf("a draft of a vote: %v", err)
	}
}
