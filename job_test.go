package bihuan_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// texts gives the English texts of somebody's notices of a kind, the oldest first.
func (r *runner) texts(login, kind string) (texts []string) {
	r.Helper()
	page, err := r.site.Notices(r.ctx, r.Login(login), bihuan.Page{Limit: 1000})
	r.must(err)
	for _, n := range page.Notices {
		if n.Kind == kind {
			texts = append([]string{n.Text.En}, texts...)
		}
	}
	return texts
}

// days lets days begin, each several times.
func (r *runner) days(list ...string) {
	r.Helper()
	for _, d := range list {
		r.now.mu.Lock()
		r.now.now = noon(d)
		r.now.mu.Unlock()
		for range 3 {
			r.must(r.site.Day(r.ctx))
		}
	}
}

func wantTexts(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Who files a form is told a week before it is due, and once more when it is overdue: all forms at once, and nobody else.
func TestDueFormsAreTold(t *testing.T) {
	each(t, func(r *runner) {
		r.days("2021-06-02")
		before := len(r.texts("officer", "due"))
		if before != 1 {
			t.Fatalf("told %d times of what was never filed: %q", before, r.texts("officer", "due"))
		}
		r.Who("officer").File("E1", "roster", "2021-06-02", values{"people": 10, "members": 9})
		r.Want()
		due := r.dueOn("E1", "roster")
		r.days((due - 8).String(), (due - 7).String(), due.String(), (due + 1).String(), (due + 30).String())
		wantTexts(t, r.texts("officer", "due")[before:], fmt.Sprintf("Model homes: “Roster” of 东一之家 is to be filed by %s", due), fmt.Sprintf("Model homes: “Roster” of 东一之家 is to be filed by %s; it is overdue", due))
		wantTexts(t, r.texts("assessor", "due"))
	})
}

// The robots of units are told in one message a day what is due in them and below, once as it falls due and once as it is overdue, however
// many processes begin the day, and when they are added of what fell due before. They name units, never subjects, who may be people; a robot of one programme hears of no other, and a
// unit's mailbox hears nothing of it.
func TestDueFormsReachRobots(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		r.days("2021-06-02") // what was never filed falls due before there is a robot
		for _, key := range []string{"E1", "W1"} {
			r.As(bihuan.System()).File(key, "roster", "2021-06-02", values{"people": 10, "members": 9})
			r.Want()
		}
		robot := func(unit, programme string, kind bihuan.ChannelKind, address string) {
			_, _, err := r.site.AddChannel(r.ctx, r.Login("admin"), bihuan.NewChannel{Kind: kind, Unit: unit, Programme: programme, Address: address, Lang: "zh"})
			r.must(err)
		}
		robot("city", "", bihuan.ChannelWeCom, "https://robots.example/send?key=C")
		robot("east", "home", bihuan.ChannelFeishu, "https://robots.example/hook/E")
		robot("west", "loop", bihuan.ChannelWeCom, "https://robots.example/send?key=W")
		robot("east", "", bihuan.ChannelEmail, "east@county.example")
		told := func(days ...programme.Day) (texts []string) {
			for _, d := range days {
				r.days(d.String())
				var wg sync.WaitGroup
				for range 4 {
					wg.Go(func() { r.must(r.site.Day(r.ctx)) })
				}
				wg.Wait()
			}
			page, err := r.site.Deliveries(r.ctx, r.Login("admin"), true, "waiting", bihuan.Page{})
			r.must(err)
			for _, d := range page.Deliveries {
				if d.More != 0 {
					t.Errorf("%d more lines", d.More)
				}
				texts = append(texts, d.Channel.Unit+" "+d.Text.Zh)
			}
			slices.Sort(texts)
			return texts
		}
		const before, beforeWest = "city 闭环之家：东一公司等2家的《名册》应于2021-06-01前填报，均已逾期", "west 闭环之家：西一公司的《名册》应于2021-06-01前填报，已逾期"
		due := r.dueOn("E1", "roster")
		wantTexts(t, told(due-8), before, beforeWest)
		first := []string{fmt.Sprintf("city 示范之家：东一公司等2家的《名册》应于%s前填报", due), fmt.Sprintf("east 示范之家：东一公司的《名册》应于%s前填报", due)}
		wantTexts(t, told(due-7, due-6, due), first[0], before, first[1], beforeWest)
		r.As(bihuan.System()).File("W1", "roster", due.String(), values{"people": 10, "members": 9})
		r.Want()
		wantTexts(t, told(due+1, due+2), fmt.Sprintf("city 示范之家：东一公司的《名册》应于%s前填报，已逾期", due), first[0], before, first[1], fmt.Sprintf("east 示范之家：东一公司的《名册》应于%s前填报，已逾期", due), beforeWest)
	})
}

// Who files for many is told of all of them in one notice, with the first and how many there are.
func TestDueFormsOfMany(t *testing.T) {
	each(t, func(r *runner) {
		for i := range 30 {
			r.Enrol("home", "e1", values{"code": fmt.Sprintf("E%02d", i+10), "title": fmt.Sprintf("东%02d之家", i)})
		}
		r.days("2021-06-02")
		wantTexts(t, r.texts("officer", "due"), "Model homes: “Roster” of 东00之家 and 30 more is to be filed by 2021-06-01; all are overdue")
		wantTexts(t, r.texts("stranger", "due"), "Model homes: “Roster” of 西一之家 is to be filed by 2021-06-01; it is overdue")
	})
}

func (r *runner) dueOn(key, form string) programme.Day {
	r.Helper()
	list, err := r.site.Due(r.ctx, r.as, r.ID(key))
	r.must(err)
	for _, d := range list {
		if d.Form == form {
			return d.DueOn
		}
	}
	r.Fatalf("%s is not due", form)
	return 0
}

// TestChildDay is no test of its own: TestKilledDay runs it in a process that it kills.
func TestChildDay(t *testing.T) {
	database := os.Getenv("BIHUAN_TEST_DAY")
	if database == "" {
		t.Skip("run by TestKilledDay")
	}
	r := open(t, database, t.TempDir())
	r.now.now = noon("2021-07-01")
	fmt.Println("begins")
	r.must(r.site.Day(r.ctx))
	fmt.Println("done")
}

// However often the day's work is killed, at the end everybody has been told of everything once.
func TestKilledDay(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		const matters = 60
		for i := range matters {
			r.Who("m1").Raise("proposal", values{"title": fmt.Sprint("提案", i), "reason": "x"})
			r.Want()
		}
		run := func(killAfter time.Duration) (done bool) {
			child := exec.Command(os.Args[0], "-test.run=^TestChildDay$", "-test.v")
			child.Env = append(os.Environ(), "BIHUAN_TEST_DAY="+r.url, "TMPDIR="+t.TempDir())
			out, err := child.StdoutPipe()
			r.must(err)
			r.must(child.Start())
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if lines.Text() == "begins" && killAfter > 0 {
					defer time.AfterFunc(killAfter, func() { _ = child.Process.Kill() }).Stop() // SIGKILL
				}
				done = done || lines.Text() == "done"
			}
			_ = child.Wait()
			return done
		}
		for i := range 8 {
			run(time.Duration(1+i*i) * 3 * time.Millisecond)
		}
		if first, second := run(0), run(0); !first || !second {
			t.Fatal("the child did not do the day's work")
		}
		counts := map[string]int{}
		d, err := db.Open(r.ctx, r.url)
		r.must(err)
		defer func() { _ = d.Close() }()
		r.must(d.Read(r.ctx, func(tx *db.Tx) error {
			return tx.Each(r.ctx, "SELECT kind, person, zh, COALESCE(matter_id, ''), count(*) FROM notice GROUP BY kind, person, zh, matter_id", nil, func(scan func(...any) error) error {
				var kind, person, text, matter string
				var n int
				if err := scan(&kind, &person, &text, &matter, &n); err != nil {
					return err
				}
				counts[kind]++
				if kind == "escalate" || kind == "remind" {
					if n != 1 {
						t.Errorf("%s told %d times: %s", person, n, text)
					}
				}
				return nil
			})
		}))
		// By the rungs of the fixture: overdue on the first day to the chair, and on the third working day to those above and, that they were, to the chair.
		if counts["escalate"] != matters || counts["remind"] != 2*matters {
			t.Errorf("told: %v", counts)
		}
	})
}

// Those who have not handed in are told a week before a round's step ends and once when it has ended; then also who leads the round.
func TestRoundsAreTold(t *testing.T) {
	each(t, func(r *runner) {
		round, err := r.site.OpenRound(r.ctx, r.Login("judge"), bihuan.NewRound{Programme: "home", Kind: "annual", Title: "2021", Unit: "city", AsOf: day("2021-05-31")})
		r.must(err)
		end := round.Steps[0].Ends
		r.days((end - 8).String())
		wantTexts(t, r.texts("officer", "round"))
		r.days((end - 7).String(), end.String(), (end + 1).String(), (end + 9).String())
		first, last := fmt.Sprintf("2021: hand in Self by %s", end), fmt.Sprintf("2021: Self ended on %s and was not handed in", end)
		wantTexts(t, r.texts("officer", "round"), first, last)
		wantTexts(t, r.texts("stranger", "round"), first, last)
		wantTexts(t, r.texts("judge", "round"), fmt.Sprintf("2021: Self ended on %s; the step can be closed", end))
		wantTexts(t, r.texts("assessor", "round"))
	})
}
