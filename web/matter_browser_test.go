package web

import (
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/browser"
	"bihuan.dev/bihuan/internal/dbtest"
)

// The whole loop of a proposal as people walk it: raised on a phone with a photo, accepted, joined by others, done, found wanting,
// done again within a month, found good, its benefit measured and confirmed. Then the union's score moves.
func TestProposalInABrowser(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		d.colleagues(4)
		subject := "/p/union/subjects/" + d.subjects[0].ID
		officer := d.browse("officer", 1280, 900)
		officer.Go(subject)
		before := officer.Text(".ring-text b")

		employee := d.browse("employee", 360, 780)
		employee.Go(subject)
		employee.Press("提出职工提案")
		employee.Press("提交")
		employee.Want("必填")
		employee.Sound()
		employee.Fill("title", "食堂排队太久")
		choose(employee, "topic", "canteen")
		employee.Fill("reason", "午间排队二十分钟，休息时间不够")
		employee.Upload("[data-photos=photo] input[type=file]", photoFile(t))
		employee.Await(`document.querySelector("[data-photos=photo] .shot img")`)
		employee.Sound()
		employee.Shot("raise")
		employee.Press("提交")
		employee.Want("已提交，编号", "食堂排队太久", "还剩")
		matter := employee.Eval("location.pathname")
		employee.Sound()
		employee.Shot("raised")

		others := []*browser.Page{}
		officer.Go("/p/union/matters/proposal")
		officer.Want("食堂排队太久", "1")
		officer.Sound()
		officer.Go(matter)
		officer.WantNot("示例employee")
		officer.Sound()
		officer.Press("受理")
		officer.Want("已办：受理", "现在：参与")
		for _, login := range []string{"employee2", "employee3", "employee4"} {
			p := d.browse(login, 320, 640)
			p.Go(matter)
			choose(p, "part", "support")
			p.Press("参与提案")
			p.Want("已办：参与提案")
			p.Sound()
			others = append(others, p)
		}
		do := func(p *browser.Page, key, press string, fields map[string]string) {
			t.Helper()
			p.Go(matter + "?do=" + key)
			for name, value := range fields {
				p.Set(name, value)
			}
			p.Sound()
			p.Click(".doing button.main")
			p.Want("已办：" + press)
		}
		do(officer, "start", "开始办理", map[string]string{"holder": "后勤岗", "steps": "分时就餐", "due": "2026-07-20"})
		finish := func(how string) {
			t.Helper()
			officer.Go(matter + "?do=done")
			officer.Set("done", how)
			choose(officer, "solved", "fully")
			officer.Click(".doing button.main")
			officer.Want("现在：评价")
		}
		vote := func(choices ...string) {
			t.Helper()
			for i, login := range []string{"employee", "employee2", "employee3", "employee4"} {
				if login == "employee2" { // one of them on the page, as people do
					p := others[0]
					p.Go(matter)
					p.Press("去评价")
					p.Sound()
					choose(p, "overall", choices[i])
					p.Press("投出这一票")
					p.Want("谢谢，您的票已入箱")
					p.Sound()
					continue
				}
				a, err := d.site.SignIn(d.Context(), login, password)
				d.must(err)
				m, err := d.site.Matter(d.Context(), a, matter[len("/matters/"):])
				d.must(err)
				d.must(d.site.Vote(d.Context(), a, m.Ballot.ID, map[string]any{"overall": choices[i]}))
			}
		}
		finish("错峰就餐")
		vote("dissatisfied", "dissatisfied", "satisfied", "satisfied")
		officer.Go(matter)
		officer.Want("现在：办理", "2026年7月30日", "参与的人太少") // within a month; four votes are too few to be shown
		officer.Sound()
		d.later(20)
		finish("加开两个窗口")
		vote("satisfied", "satisfied", "satisfied", "basically")
		employee.Go(matter)
		employee.Want("现在：得益", "先填“得益登记”")
		officer.Go(matter + "?do=file%3Again")
		for name, value := range map[string]string{"measure": "排队分钟", "before": "20", "after": "6", "persons": "480"} {
			officer.Fill(name, value)
		}
		choose(officer, "better", "less")
		officer.Click(".doing button.main")
		officer.Want("已办：得益登记")
		others[0].Go(matter)
		others[0].Sound()
		others[0].Press("确认得益")
		others[0].Want("当事人确认已经解决")
		others[0].Shot("confirmed")
		officer.Go(subject)
		if after := officer.Text(".ring-text b"); after == before {
			t.Errorf("the score did not move: still %s", after)
		}
		officer.Sound()
		visitor := d.browse("", 320, 640)
		visitor.Go("/")
		visitor.Press("看公开答复")
		visitor.Sound()
		visitor.Press("食堂排队太久")
		visitor.Want("当事人确认已经解决", "加开两个窗口", "480")
		visitor.WantNot("示例employee")
		visitor.WantNot("示例同事")
		visitor.Sound()
		visitor.Shot("answered")
	})
}

// Every page of matters fits a narrow phone, and is looked at in both languages when BIHUAN_SHOTS is set.
func TestMatterPagesFit(t *testing.T) {
	d := openDoor(t, dbtest.SQLite(t), 2)
	d.colleagues(3)
	for _, title := range []string{"食堂排队太久", "车间通风差，夏天温度超过三十五度，希望加装风扇并调整班次", "夜班补贴没有公示"} {
		a, err := d.site.SignIn(d.Context(), "employee2", password)
		d.must(err)
		_, err = d.site.Raise(d.Context(), a, bihuan.NewMatter{Subject: d.subjects[0].ID, Name: "proposal", Values: map[string]any{"title": title, "topic": "safety", "reason": "职工反映多次，一直没有答复。"}})
		d.must(err)
	}
	matter := d.raised()
	d.did("officer", matter, "accept", nil)
	d.did("employee2", matter, "file:joining", map[string][]string{"part": {"do"}, "word": {"我可以帮忙统计高峰时段"}})
	d.did("employee3", matter, "file:joining", map[string][]string{"part": {"support"}})
	d.did("officer", matter, "start", map[string][]string{"holder": {"后勤岗"}, "steps": {"分时就餐，增开窗口"}, "due": {"2026-07-20"}})
	d.later(10)
	pages := map[string]string{"board": "/p/union/matters/proposal", "all": "/p/union/matters", "matter": matter, "raise": d.raisePath(), "subject": "/p/union/subjects/" + d.subjects[0].ID,
		"done": matter + "?do=done", "transfer": matter + "?do=transfer%3A", "assign": matter + "?do=assign%3A"}
	for login, names := range map[string][]string{"officer": {"board", "all", "matter", "done", "transfer", "assign"}, "employee": {"matter", "raise", "subject"}, "": {"board", "matter", "subject"}} {
		for _, width := range []int{320, 360, 1440} {
			p := d.browse(login, width, 900)
			for _, lang := range []string{"zh", "en"} {
				p.Go("/")
				if tag := map[string]string{"zh": "zh-CN", "en": "en"}[lang]; p.Eval("document.documentElement.lang") != tag {
					p.Click(".me [name=lang]")
					p.Until("the other language", `document.documentElement.lang === "`+tag+`"`)
				}
				for _, name := range names {
					p.Go(pages[name])
					p.Sound()
					if width > 320 {
						p.Shot(name + "-" + login + "-" + lang + map[bool]string{true: "-1440", false: "-360"}[width == 1440])
					}
				}
			}
		}
	}
}

// choose presses a radio button where a thumb would find it: not under the bar at the bottom of a phone.
func choose(p *browser.Page, name, value string) {
	p.Eval(`document.querySelector('[name="` + name + `"][value="` + value + `"]').click()`)
}
