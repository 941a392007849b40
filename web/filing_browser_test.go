package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bihuan.dev/bihuan/internal/browser"
	"bihuan.dev/bihuan/internal/dbtest"
)

// On a phone with scripts: fields come and go, what is typed survives a reload with and without the server's draft, a photo
// is shown before it is filed, and what was filed needs no draft any more.
func TestFilingOnAPhone(t *testing.T) {
	d := openDoor(t, dbtest.SQLite(t), 1)
	form := "/p/union/subjects/" + d.subjects[0].ID + "/file/congress"
	picture := filepath.Join(t.TempDir(), "hall.jpg")
	d.must(os.WriteFile(picture, photo(t), 0o600))

	p := browser.Open(t, d.url, 390, 844)
	p.Go("/login")
	p.Fill("login", "officer")
	p.Fill("password", password)
	p.Press("登录")
	p.Go(form)
	p.Sound()
	shown := `document.querySelector("[data-field=managers]").checkVisibility()`
	p.Choose("kind", "delegates")
	p.Want("代表中的中高级管理人员")
	p.Choose("kind", "everybody")
	p.Until("the field that does not matter to go", "!"+shown)
	p.Fill("entitled", "80")
	p.Fill("present", "76")
	p.Go(form) // before the server could keep it
	if got := p.Eval(`document.querySelector("[name=present]").value`); got != "76" {
		t.Errorf("after a reload the phone gives %q back", got)
	}
	p.Fill("in_favour", "70")
	p.Want("草稿已保存")
	p.Eval(`localStorage.clear()`)
	p.Go(form)
	if got := p.Eval(`document.querySelector("[name=in_favour]").value`); got != "70" {
		t.Errorf("without the phone's draft the server gives %q back", got)
	}
	p.Upload(`[data-photos=photo] input[type=file]`, picture)
	p.Until("the photo to be shown", `document.querySelectorAll("[data-photos=photo] .shot img").length === 1`)
	p.Sound()
	p.Press("提交")
	p.Want("已填报：职工代表大会", "看得分")
	p.Sound()
	p.Shot("moved")
	if kept := p.Eval(`Object.keys(localStorage).join()`); strings.Contains(kept, "draft:") {
		t.Errorf("the phone still keeps %s", kept)
	}
	p.Press("看这份佐证")
	p.Want("80", "76", "70", "会场照片")
	if width := p.Eval(`(async () => { const i = document.querySelector(".pictures img"); i.loading = "eager"; await i.decode(); return String(i.naturalWidth); })()`); width == "0" {
		t.Error("the photo cannot be seen")
	}
	p.Sound()
	p.Go(form)
	p.Want("照上次填")
}
