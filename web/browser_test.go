package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bihuan.dev/bihuan/internal/browser"
)

// The loop as people walk it, in a real browser: the officer files a form on a phone and sees the score move, the town
// judges and hands in, the city decides, and a visitor reads why.
func TestTheLoopInABrowser(t *testing.T) {
	throughTheDoor(t, 3, func(d *door) {
		hero := d.subjects[0]
		page := "/p/union/subjects/" + hero.ID

		officer := d.browse("officer", 360, 780)
		officer.Want("待办")
		officer.Shot("todo")
		officer.Go(page)
		officer.Want("职工入会率", hero.Name, "部分达到")
		before := officer.Text(".ring-text b")
		officer.Sound()
		officer.Go(page + "/file/roster")
		officer.Fill("employees", "480")
		officer.Fill("members", "500")
		officer.Fill("women_members", "205")
		officer.Press("提交")
		officer.Want("会员不能多于职工") // the form comes back as it was, with the mistake at the field
		if got := officer.Eval(`document.querySelector("[name=employees]").value`); got != "480" {
			t.Errorf("employees came back as %q", got)
		}
		officer.Sound()
		officer.Fill("members", "480")
		officer.Upload("[data-photos] input[type=file]", photoFile(t))
		officer.Await(`document.querySelector("[data-photos] .shot img")`)
		officer.Shot("filing")
		officer.Press("提交")
		officer.Want("1.1.2")
		officer.Sound()
		officer.Shot("moved")
		officer.Go(page)
		if after := officer.Text(".ring-text b"); after == before {
			t.Errorf("the score did not move: still %s", after)
		}

		judge := d.browse("judge", 1280, 900)
		judge.Go("/p/union/rounds")
		d.openRound()
		judge.Go("/p/union/rounds")
		judge.Press("2026")
		round := judge.Eval("location.pathname")
		judge.Sound()

		officer.Go(round)
		officer.Press("全部提交")
		officer.Sound()
		judge.Go(round)
		judge.Press("结束本环节")

		town := d.browse("assessor", 1280, 900)
		town.Go(page + "/judge/2.1.3?round=" + strings.TrimPrefix(round, "/rounds/"))
		town.Eval(`document.querySelector("[name=level]").click()`)
		town.Fill("reason", "述职材料完整，职工到会过半数")
		town.Sound()
		town.Shot("judge")
		town.Press("评定后看得分")
		town.Go(page + "?party=town")
		town.Await(`document.body.textContent.includes("述职材料完整，职工到会过半数")`) // inside the fold of how the points came about
		town.Go(round)
		town.Press("全部提交")
		judge.Go(round)
		judge.Press("结束本环节")
		judge.Press("全部提交")
		judge.Press("结束本环节")
		judge.Want("公示")
		judge.Sound()
		d.later(8)
		judge.Go(round) // publicity ends by its days
		judge.Click("[name=sure]")
		judge.Press("评定")
		judge.Want("本次考核已评定")
		judge.Sound()
		judge.Shot("round")

		visitor := d.browse("", 360, 780)
		visitor.Go("/p/union")
		visitor.Want("已评定")
		visitor.Go(round + "/subjects/" + hero.ID)
		visitor.Want(hero.Name, "职工入会率", "480")
		visitor.WantNot("示例officer") // reasons are public, the people behind them are not
		visitor.Sound()
		visitor.Shot("visitor")
		visitor.Go(page + "/evidence")
		visitor.Want("密码") // evidence is for the house
	})
}

// browse opens a browser and signs in; the empty login is a visitor.
func (d *door) browse(login string, width, height int) *browser.Page {
	d.Helper()
	p := browser.Open(d.T, d.url, width, height)
	if login != "" {
		p.Go("/login")
		p.Fill("login", login)
		p.Fill("password", password)
		p.Click("main form button.main")
		p.Await(`location.pathname === "/todo"`)
	}
	return p
}

// photoFile leaves a picture where a file field can take it from.
func photoFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.jpg")
	if err := os.WriteFile(path, photo(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
