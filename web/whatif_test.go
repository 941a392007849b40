package web

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A judge turns numbers of the standard without a script: who moves is told, mistakes are told at the top, and the draft comes
// out as files. Others are sent away.
func TestWhatIfPage(t *testing.T) {
	throughTheDoor(t, 6, func(d *door) {
		page := d.page("judge", "/p/union/whatif?clause=1.1.2", "五星分数线", "职工入会率", "满分线", "升级", "下载草案")
		if !strings.Contains(page, `name="dial.1.1.2.linear.full_at" value="0.95"`) {
			t.Error("the dial of 1.1.2 is not there")
		}
		turned := url.Values{"clause": {"1.1.2"}, "dial.1.1.2.points": {"20"}, "dial.grades.three_star.at_least": {"5"}, "version": {"2099"}}
		status, body := d.post("judge", "/p/union/whatif", turned)
		if status != http.StatusOK || !strings.Contains(body, `value="20"`) || !strings.Contains(body, "变化最大的") {
			t.Errorf("%d\n%s", status, mainPart(body))
		}
		if status, body = d.post("judge", "/p/union/whatif/effect", turned); status != http.StatusOK || strings.Contains(body, "<html") || !strings.Contains(body, "data-figure") {
			t.Errorf("%d\n%s", status, body)
		}
		status, body = d.post("judge", "/p/union/whatif", url.Values{"clause": {"1.1.2"}, "dial.1.1.2.linear.each": {"viel"}})
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "规范就不成立") || !strings.Contains(body, `value="viel"`) {
			t.Errorf("%d\n%s", status, mainPart(body))
		}
		answer, err := d.as("judge").PostForm(d.url+"/p/union/whatif/draft.zip", turned)
		d.must(err)
		packed, err := io.ReadAll(answer.Body)
		d.must(err)
		z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
		d.must(err)
		f, err := z.Open("standard.yaml")
		d.must(err)
		text, err := io.ReadAll(f)
		d.must(err)
		if !strings.Contains(string(text), "at_least: 5}") || !strings.Contains(string(text), "total: 110") {
			t.Error("the draft does not say what was turned")
		}
		for login, want := range map[string]int{"officer": http.StatusForbidden, "assessor": http.StatusForbidden, "": http.StatusUnauthorized} {
			if status, _ := d.post(login, "/p/union/whatif/effect", turned); status != want {
				t.Errorf("%s got %d", login, status)
			}
		}
		d.page("judge", "/p/union", "试算", "修好哪条带动最多")
		d.page("officer", "/p/union/subjects/"+d.subjects[0].ID, "距下一等级怎么走")
		if body := d.page("", "/p/union"); strings.Contains(body, "带动最多") {
			t.Error("a visitor sees live figures")
		}
		d.speak("judge", "en")
		d.page("judge", "/p/union/whatif?clause=1.1.2", "What if the standard were changed", "Five stars from", "full at", "Take the draft along")
		d.page("judge", "/p/union", "Which clause lifts most")
		d.page("judge", "/p/union/subjects/"+d.subjects[0].ID, "Way to the next grade")
	})
}

// A judge drags a slider in a browser, and the figures beside it follow without a page being loaded.
func TestDraggingADial(t *testing.T) {
	throughTheDoor(t, 6, func(d *door) {
		judge := d.browse("judge", 1440, 1000)
		judge.Go("/p/union/whatif?clause=1.1.2")
		judge.Sound()
		judge.Shot("whatif-first")
		judge.Eval(`window.stayed = true`)
		drag := func(address, value string) {
			judge.Eval(`(() => { const r = document.querySelector("[data-for='dial-` + address + `']"); r.value = "` + value + `"; r.dispatchEvent(new Event("input", {bubbles: true})); })()`)
		}
		for _, at := range []string{"79", "78", "76", "73", "70.5"} { // faster than answers come: the latest wins
			drag("grades.four_star.at_least", at)
		}
		judge.Await(`window.stayed && document.querySelector("[data-figure=up]").textContent === "3" && document.getElementById("dial-grades.four_star.at_least").value === "70.5"`)
		judge.Sound()
		judge.Shot("whatif")
		drag("1.1.2.linear.each", "0")
		judge.Await(`document.querySelector("[data-effect] .note.bad") !== null`)
		judge.Shot("whatif-wrong")
		drag("1.1.2.linear.each", "0.01")
		drag("grades.four_star.at_least", "80")
		judge.Await(`document.querySelector("[data-figure=up]").textContent === "0" && document.querySelector("[data-figure=down]").textContent === "0"`)
		judge.Go("/p/union")
		judge.Sound()
		judge.Shot("whatif-board")
		phone := d.browse("judge", 360, 780)
		phone.Go("/p/union/whatif?clause=1.1.2&clause=1.1.7")
		phone.Sound()
		phone.Shot("whatif-phone")
		officer := d.browse("officer", 360, 780)
		officer.Go("/p/union/subjects/" + d.subjects[0].ID)
		officer.Sound()
		officer.Eval(`document.getElementById("ways").scrollIntoView()`)
		officer.Shot("ways-phone")
	})
}
