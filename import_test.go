package bihuan_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/db"
)

func TestBadRowsAreToldOneByOne(t *testing.T) {
	each(t, func(r *runner) {
		r.Who("assessor")
		rows := []bihuan.Filing{
			{Row: 2, Subject: "E1", Form: "roster", Values: values{"people": "100", "members": "90"}},
			{Row: 3, Subject: "E1", Form: "roster", Values: values{"people": "many", "members": "-1"}},
			{Row: 4, Subject: "W1", Form: "roster", Values: values{"people": "100"}},
			{Row: 5, Subject: "X", Form: "roster", Values: values{"people": "100"}},
			{Row: 6, Subject: "E1", Form: "rooster", Values: values{"people": "100"}},
			{Row: 7, Subject: "E1", Form: "visit", Values: values{"day": "2021-13-01"}},
			{Row: 8, Subject: "E1", Form: "visit", Values: values{"day": "2021年1月5日", "hours": "２.5"}},
			{Row: 9, Subject: "E1", Form: "opinion", Values: values{"content": "x"}},
			{Row: 10, Subject: "E1", Form: "visit", On: day("2030-01-01"), Values: values{"day": "2030-01-01"}},
		}
		_, r.err = r.site.FileMany(r.ctx, r.as, "home", rows, bihuan.Import{})
		r.Want(bihuan.Invalid)
		var got []string
		for _, e := range rowsOf(r.err) {
			got = append(got, fmt.Sprint(e.Row, e.Field))
		}
		if want := "3people 3members 4subject 5subject 6 7day 9 10day"; strings.Join(got, " ") != want {
			t.Errorf("rows %v, want %s", got, want)
		}
		if r.Total("E1", "city") != "0" {
			t.Error("something of a refused file was stored")
		}
		done, err := r.site.FileMany(r.ctx, r.as, "home", rows, bihuan.Import{GoodRowsOnly: true})
		r.must(err)
		if done.Rows != 9 || done.Stored != 2 || len(done.Errors) != 8 || r.Total("E1", "city") != "50" {
			t.Errorf("%+v, total %s", done, r.Total("E1", "city"))
		}
		done, err = r.site.FileMany(r.ctx, r.as, "home", rows[:1], bihuan.Import{}) // the corrected file comes again
		if err != nil || done.Unchanged != 1 || done.Stored != 0 {
			t.Errorf("%+v %v", done, err)
		}
		r.sameAsAnew("home")
	})
}

func TestEnrolmentRows(t *testing.T) {
	each(t, func(r *runner) {
		r.Who("assessor")
		rows := []bihuan.NewSubject{
			{Row: 2, Unit: "e1", Fields: values{"code": "A", "title": "甲", "size": "small"}},
			{Row: 3, Unit: "e1", Fields: values{"code": "", "title": "无号"}},
			{Row: 4, Unit: "e1", Fields: values{"code": "A", "title": "重号"}},
			{Row: 5, Unit: "moon", Fields: values{"code": "B", "title": "乙"}},
			{Row: 6, Unit: "w1", Fields: values{"code": "C", "title": "丙"}},
			{Row: 7, Unit: "e1", Fields: values{"code": "D", "title": "丁", "size": "huge"}},
			{Row: 8, Unit: "e1", Fields: values{"code": "W1", "title": "抢来"}},
			{Row: 9, Unit: "e1", Fields: values{"code": "E1", "title": "东一之家"}}, // as it is
			{Row: 10, Unit: "east", Fields: values{"code": "F", "title": "戊"}, On: day("2030-01-01")},
		}
		_, r.err = r.site.Enrol(r.ctx, r.as, "home", rows, bihuan.Import{})
		r.Want(bihuan.Invalid)
		done, err := r.site.Enrol(r.ctx, r.as, "home", rows, bihuan.Import{GoodRowsOnly: true})
		r.must(err)
		if done.Rows != 9 || done.Stored != 1 || done.Unchanged != 1 || len(done.Errors) != 7 {
			t.Errorf("%+v", done)
		}
		// The same key again, with another size and unit: new evidence, moved, and still one.
		done, err = r.site.Enrol(r.ctx, r.as, "home", []bihuan.NewSubject{{Unit: "east", Fields: values{"code": "A", "title": "甲新", "size": "large"}}}, bihuan.Import{})
		if err != nil || done.Stored != 1 {
			t.Errorf("%+v %v", done, err)
		}
		sub, err := r.site.SubjectByKey(r.ctx, r.as, "home", "A")
		if err != nil || sub.Name != "甲新" || sub.Unit != "east" || sub.UnitName != "东镇" {
			t.Errorf("%+v %v", sub, err)
		}
		if list, _ := r.site.EvidenceOf(r.ctx, r.as, sub.ID, "subject"); len(list) != 2 {
			t.Errorf("%d pieces of evidence", len(list))
		}
		if _, n, _ := r.site.Subjects(r.ctx, r.as, bihuan.SubjectQuery{Programme: "home", Search: "jx"}); n != 1 {
			t.Error("the new name is not found by its initials")
		}
		r.must(r.site.Leave(r.ctx, r.as, sub.ID, "注销"))
		r.File("A", "roster", "", values{"people": 1})
		r.Want(bihuan.Conflict)
		if _, n, _ := r.site.Subjects(r.ctx, r.as, bihuan.SubjectQuery{Programme: "home", Search: "甲新"}); n != 0 {
			t.Error("one that has left is still listed")
		}
		_, err = r.site.Enrol(r.ctx, r.as, "home", []bihuan.NewSubject{{Unit: "east", Fields: values{"code": "A", "title": "甲新"}}}, bihuan.Import{})
		r.must(err)
		r.File("A", "roster", "", values{"people": 1, "members": 1})
		r.Want()
		r.sameAsAnew("home")
	})
}

const childRows = 4000

// TestChildImports is no test of its own: TestKilledImport runs it in a process that it kills.
func TestChildImports(t *testing.T) {
	url := os.Getenv("BIHUAN_TEST_CHILD")
	if url == "" {
		t.Skip("run by TestKilledImport")
	}
	r := open(t, url, t.TempDir())
	_, err := r.site.FileMany(r.ctx, r.as, "home", manyVisits(), bihuan.Import{Progress: func(done, total int) { fmt.Println("progress", done) }})
	r.must(err)
	fmt.Println("committed")
}

func manyVisits() []bihuan.Filing {
	rows := make([]bihuan.Filing, childRows)
	for i := range rows {
		rows[i] = bihuan.Filing{Row: i + 2, Subject: fmt.Sprint("K", i%400), Form: "visit", By: "self", Values: values{"day": "2021-01-01", "hours": i}}
	}
	return rows
}

// A bulk import that is killed leaves all of it or nothing, and the site opens again.
func TestKilledImport(t *testing.T) {
	each(t, func(r *runner) {
		var subjects []bihuan.NewSubject
		for i := range 400 {
			subjects = append(subjects, bihuan.NewSubject{Unit: "e1", Fields: values{"code": fmt.Sprint("K", i), "title": "户"}})
		}
		_, err := r.site.Enrol(r.ctx, r.as, "home", subjects, bihuan.Import{})
		r.must(err)
		d, err := db.Open(r.ctx, r.url)
		r.must(err)
		defer func() { _ = d.Close() }()
		before, _ := r.order(d, "home")

		// How long it takes undisturbed says when to kill.
		began := time.Now()
		run := func(killAfter time.Duration) (committed bool) {
			child := exec.Command(os.Args[0], "-test.run=^TestChildImports$", "-test.v")
			child.Env = append(os.Environ(), "BIHUAN_TEST_CHILD="+r.url, "TMPDIR="+t.TempDir()) // a killed child does not tidy up
			out, err := child.StdoutPipe()
			r.must(err)
			r.must(child.Start())
			var timer *time.Timer
			for lines := bufio.NewScanner(out); lines.Scan(); {
				switch {
				case strings.HasPrefix(lines.Text(), "progress 0"):
					began = time.Now()
					if killAfter > 0 {
						timer = time.AfterFunc(killAfter, func() { _ = child.Process.Kill() }) // SIGKILL
					}
				case lines.Text() == "committed":
					committed = true
				}
			}
			_ = child.Wait()
			if timer != nil {
				timer.Stop()
			}
			return committed
		}
		check := func(committed bool) {
			t.Helper()
			count, last := r.order(d, "home")
			switch got := count - before; {
			case last != count:
				t.Fatalf("%d pieces of evidence, last number %d", count, last)
			case got == 0 && !committed:
			case got == childRows:
				before = count
			default:
				t.Fatalf("%d of %d rows are there, committed %v", got, childRows, committed)
			}
		}
		if !run(0) {
			t.Fatal("the child did not import")
		}
		took := time.Since(began)
		check(true)
		for i := range 8 {
			check(run(time.Duration(i)*took/8 + time.Millisecond))
		}
		r.sameAsAnew("home")
	})
}
