package web

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/a-h/templ"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// TestPagesWithSamples renders the pages with invented contents in both languages and checks what must hold of every page.
// With BIHUAN_PAGES set to a directory the pages are left there, to be looked at.
func TestPagesWithSamples(t *testing.T) {
	run := sampleRunning(t)
	for _, lang := range []programme.Lang{programme.Zh, programme.En} {
		v := view{Title: programme.T("样例", "Sample"), Lang: lang, Path: "/", Programme: run.Programme, Place: "subjects", Todo: 7,
			Actor: bihuan.Actor{ID: "a", Login: "officer", Name: "Officer", Grants: []bihuan.Grant{{Programme: "union", Role: "officer", Unit: "x"}}}}
		for name, page := range samplePages(t, run, v) {
			t.Run(fmt.Sprintf("%s %s", name, lang), func(t *testing.T) {
				var b bytes.Buffer
				if err := page.Render(t.Context(), &b); err != nil {
					t.Fatal(err)
				}
				doc := hygiene(t, b.String())
				if lang == programme.En {
					english(t, doc, sampleUnits...)
				}
				if dir := os.Getenv("BIHUAN_PAGES"); dir != "" {
					if err := os.WriteFile(filepath.Join(dir, name+"."+string(lang)+".html"), b.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// sampleUnits are written as they are in both languages: names of places, units of numbers, and what people wrote.
var sampleUnits = []string{"嘉兴市平湖市", "新埭镇", "示例村", "工会办公室", "走访职工，多数认可", "任务逐项对照，个别数据未附",
	"个工作日", "小时", "学时", "人次", "人", "票", "个", "条"}

func sampleRunning(t *testing.T) *bihuan.Running {
	t.Helper()
	p, mistakes := programme.LoadDir("../programmes/union")
	if len(mistakes.Fatal()) > 0 {
		t.Fatal(mistakes)
	}
	return &bihuan.Running{Programme: p, Version: bihuan.Version{ID: "v1", Version: p.Version}}
}

func samplePages(t *testing.T, run *bihuan.Running, v view) map[string]templ.Component {
	p := run.Programme
	today, _ := programme.ParseDay("2026-06-30")
	now := time.Date(2026, 6, 30, 9, 41, 0, 0, bihuan.ChinaStandardTime)
	sub := bihuan.Subject{ID: "s1", Programme: "union", Key: "91330482MA2CXX0018", Unit: "330482105", UnitName: "新埭镇", Name: "Sample Star River Textiles"}
	path := []bihuan.Unit{{Code: "330482", Name: "嘉兴市平湖市"}, {Code: "330482105", Name: "新埭镇"}, {Code: "330482105201", Name: "示例村"}}
	columns := sampleColumns(t, p, "91330482999900011D")
	due := []bihuan.Due{{Form: "roster", LastOn: today - 400, DueOn: today - 35, Overdue: true}, {Form: "site", LastOn: today - 900, DueOn: today - 300, Overdue: true, Stale: true}, {Form: "channel", DueOn: today + 12, LastOn: today - 353}}
	all := map[string]bool{}
	var entries []formEntry
	for _, f := range p.Forms {
		if f.Ballot || ofMatter(p, f.Name) {
			continue
		}
		all[f.Name] = true
		entry := formEntry{Form: f}
		for _, d := range due {
			if d.Form == f.Name {
				entry.Due = d
			}
		}
		entries = append(entries, entry)
	}
	args := scoreArgs{Running: run, Columns: columns, Shown: 2, Base: "/p/union/subjects/s1", Files: all, Judges: true}
	var changes []bihuan.Change
	for i := range 12 {
		c := bihuan.Change{At: now.AddDate(0, 0, -660+i*55), Scored: true, Total: assess.Points(61_000_000 + i*i*220_000 - i%3*2_500_000), Grade: "three_star", Cause: "evidence",
			Evidence: &bihuan.EvidenceBrief{ID: "e", Form: "roster", By: "self", On: today - 660 + programme.Day(i*55)}}
		if i == 7 {
			c.Evidence, c.Cause = nil, "day"
		}
		changes = append(changes, c)
	}
	decisions := []bihuan.Decision{{ID: "d1", Round: "r1", RoundTitle: v.T("2025 年度", "Annual 2025"), Subject: sub, Scored: true, Total: 84_500_000, Grade: "four_star", AsOf: today - 200, DecidedAt: now.AddDate(0, -6, 0), ValidUntil: today + 900, Score: columns[2]}}
	page := subjectPage{scoreArgs: args, Subject: sub, Path: path, Facts: []fact{{v.T("企业规模", "Size"), v.T("中型", "medium")}, {v.T("行业", "Sector"), v.T("纺织服装", "textiles")}},
		Due: due, Forms: entries, History: changes, Decisions: decisions, Today: today}
	gated := page
	gated.Columns = append([]assess.Score{}, columns...)
	gated.Columns[2].Scored, gated.Columns[2].Total, gated.Columns[2].Grade = false, 0, "none"
	gated.Columns[2].Struck = []assess.Struck{{Veto: "1.1.1", Title: programme.T("依法建会", "Lawful union"), Effect: "gate", State: "in_force", Since: today - 90, Why: programme.T("届满未换届，2026年4月1日届满。", "The term ended on 1 Apr 2026 and no new one began.")},
		{Veto: "wage_arrears", Title: programme.T("拖欠工资", "Wage arrears"), Effect: "fail", State: "repaired", Deduct: 5_000_000, Since: today - 300, Ends: today + 65}}
	gated.At = asOf{On: "2026-04-20", At: bihuan.At{AsOf: today - 71}}

	congress, _ := p.Form("congress")
	setup, _ := p.Form("setup")
	filing := func(f *programme.Form, err *bihuan.Error) filingPage {
		fp := filingPage{Running: run, Subject: sub, Form: f, AskDay: f.Name == "setup", On: today.String(), As: []string{"self", "town"}, By: "self", Fresh: err == nil, Today: today, Error: err,
			Last: &bihuan.Evidence{ID: "e0", On: today - 300, By: "self"}}
		for i, x := range f.Fields {
			field := filingField{Field: x}
			if i%2 == 0 && !x.HoldsAttachments() && x.Type != programme.Choices {
				field.Last = "462"
			}
			if err != nil {
				for _, e := range err.Fields {
					if e.Field == x.Name {
						field.Error = e.Message
					}
				}
			}
			fp.Fields = append(fp.Fields, field)
		}
		return fp
	}
	e := bihuan.Evidence{ID: "e1", Subject: "s1", Form: "congress", By: "self", Account: "a", AccountName: "Officer", Seq: 1284, On: today - 20, Recorded: now,
		Values:      programme.Values{"held": today - 20, "kind": "delegates", "entitled": int64(46), "present": int64(41), "in_favour": int64(40), "managers": int64(7), "photo": []string{"aa11", "bb22"}},
		Attachments: []bihuan.Attachment{{SHA256: "aa11", Name: "hall.jpg", Media: "image/jpeg", Field: "photo"}, {SHA256: "bb22", Name: "resolution.pdf", Media: "application/pdf", Field: "photo"}}}
	withdrawn := e
	withdrawn.ID, withdrawn.Withdrawn = "e2", &bihuan.Withdrawal{AccountName: "Officer", Reason: "wrong year", At: now}

	tasks := bihuan.Tasks{Counts: map[bihuan.TaskKind]int{bihuan.TaskFile: 5, bihuan.TaskJudge: 14, bihuan.TaskSubmit: 38, bihuan.TaskAnswer: 1}, Overdue: 3, Total: 58}
	for i, d := range due {
		tasks.List = append(tasks.List, bihuan.Task{Kind: bihuan.TaskFile, Programme: "union", Subject: &sub, Form: d.Form, Due: d.DueOn, Overdue: d.Overdue, Stale: i == 1})
	}
	tasks.List = append(tasks.List, bihuan.Task{Kind: bihuan.TaskSubmit, Programme: "union", Round: "r2", RoundTitle: v.T("2026 年度", "Annual 2026"), Party: "town", Due: today + 3, Count: 38},
		bihuan.Task{Kind: bihuan.TaskJudge, Programme: "union", Subject: &sub, Clause: "1.1.2", Round: "r2", RoundTitle: v.T("2026 年度", "Annual 2026"), Due: today + 3})

	moved := movedPage{Running: run, Subject: sub, Form: "congress", Today: today, Next: due[:1], Filed: bihuan.Filed{ID: "e1",
		Before: bihuan.Standing{Own: bihuan.Column{Party: "self", Scored: true, Total: 78_500_000, Grade: "three_star"}, Deciding: bihuan.Column{Party: "city", Scored: true, Total: 76_000_000, Grade: "three_star"}},
		After:  bihuan.Standing{Own: bihuan.Column{Party: "self", Scored: true, Total: 83_500_000, Grade: "four_star"}, Deciding: bihuan.Column{Party: "city", Scored: true, Total: 79_000_000, Grade: "three_star"}},
		Moved:  []bihuan.ClauseMove{{Clause: columns[0].Clauses[3].Clause, Before: assess.Missing, After: assess.Met, PointsAfter: 5_000_000}, {Clause: columns[0].Clauses[5].Clause, Before: assess.Partly, After: assess.Partly, PointsBefore: 3_000_000, PointsAfter: 2_500_000}}}}
	wrong := &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("有填写错误，请改正后再提交", "Some entries are wrong"), Fields: []programme.FieldError{{Field: "present", Message: programme.T("实到不能多于总数", "More present than entitled")}, {Field: "kind", Message: programme.T("必填", "This is required")}}}
	return map[string]templ.Component{
		"subject":       subjectView(v, page),
		"subject_gated": subjectView(v, gated),
		"decided":       decidedView(v, decidedPage{scoreArgs: scoreArgs{Running: run, Columns: columns[2:], Public: true, Base: args.Base}, Subject: sub, Path: path, Decision: decisions[0], Decisions: decisions}),
		"filing":        filingView(v, filing(congress, nil)),
		"filing_setup":  filingView(v, filing(setup, nil)),
		"filing_wrong":  filingView(v, filing(congress, wrong)),
		"moved":         movedView(v, moved),
		"evidence":      evidenceView(v, evidencePage{Running: run, Subject: sub, Evidence: e, Form: congress, Correct: true, Withdraw: true, Reads: []readBy{{ClauseScore: columns[2].Clauses[4], Title: programme.T("职工代表大会", "Workers' congress")}}}),
		"evidence_gone": evidenceView(v, evidencePage{Running: run, Subject: sub, Evidence: withdrawn, Form: congress}),
		"evidences": evidenceListView(v, evidenceListPage{Running: run, Subject: sub, Counts: []formCount{{"", 2}, {"congress", 2}}, List: []bihuan.Evidence{e, withdrawn},
			Pager: pagerArgs{limit: 40, total: 2, href: func(int) string { return "/" }}}),
		"todo": todoView(v, todoPage{Tasks: tasks, All: 58, Groups: []taskGroup{{run, tasks.List}}, Today: today, Pager: pagerArgs{limit: 30, total: 58, href: func(int) string { return "/todo" }}}),
		"done": todoView(v, todoPage{Today: today, Home: run}),
		"me":   meView(v, mePage{Plain: "bh_0123456789abcdef0123456789abcdef", Grants: []grantRow{{v.In(p.Title), v.T("企业工会", "Officer"), "新埭镇"}}, Tokens: []bihuan.Token{{ID: "t", Name: "script", ExpiresAt: now}}}),
	}
}

// sampleColumns are the columns of one enterprise of the demo, with the reasons the engine gives.
func sampleColumns(t *testing.T, p *programme.Programme, key string) []assess.Score {
	t.Helper()
	file, err := os.Open("../programmes/union/demo/evidence.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	day, _ := programme.ParseDay("2026-06-30")
	subject := assess.Subject{Key: key, Unit: "330482102221"}
	about := programme.About{AsOf: day}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Subject, Form, On, By string
			Values, Fields        map[string]any
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Subject != key {
			continue
		}
		if line.Fields != nil {
			line.Form, line.Values, line.On = programme.SubjectForm, line.Fields, "2024-06-30"
		}
		form, _ := p.Form(line.Form)
		values, wrong := form.Fill(p, line.Values, about)
		if form.Ballot {
			values, wrong = form.FillFigures(p, line.Values)
		}
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		on, err := programme.ParseDay(line.On)
		if err != nil {
			t.Fatal(err)
		}
		subject.Evidence = append(subject.Evidence, assess.Evidence{ID: fmt.Sprint("e", len(subject.Evidence)), Form: line.Form, On: on, By: line.By, Values: values})
	}
	program, err := assess.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	var columns []assess.Score
	for _, party := range p.Parties {
		columns = append(columns, program.Assess(subject, assess.Options{AsOf: day, Party: party.Name}))
	}
	return columns
}
