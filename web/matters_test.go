package web

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"bihuan.dev/bihuan"
)

var ticks = regexp.MustCompile(`name="matter" value="([^"]+)"`)

// A deadline that reaches a year without holidays is marked wherever the time left is shown, until the year is loaded.
func TestUncertainDeadline(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home := d.closeLoop()
		text, err := os.ReadFile("../testdata/loop/programme.yaml")
		d.must(err)
		long := strings.NewReplacer(`version: "1"`, `version: "2"`, "within: 5 working days", "within: 150 working days").Replace(string(text))
		_, err = d.site.Publish(t.Context(), bihuan.System(), fstest.MapFS{"programme.yaml": {Data: []byte(long)}}, "loop", "")
		d.must(err)
		code := d.called("m1", "POST", "/matters", obj{"subject": home, "name": "proposal", "values": obj{"title": "修路灯", "reason": "太暗"}}, "matter", "code")
		shown := []string{"/matters/" + code, "/p/loop/matters", "/p/loop/matters/proposal", "/p/loop/subjects/" + home, "/todo", "/todo?kind=matter"}
		for lang, words := range map[string][]string{"en": {"may be wrong", "the holidays of 2027 are not loaded"}, "zh": {"可能有出入", "2027年放假安排未载入"}} {
			d.speak("chair", lang)
			for _, page := range shown {
				hygiene(t, d.page("chair", page, words...))
			}
		}
		d.speak("chair", "zh")
		if status, body := d.send("admin", "/admin/holidays", url.Values{"year": {"2027"}, "table": {"2027-01-01,放假,元旦"}, "store": {"1"}}, nil); status != http.StatusSeeOther {
			t.Fatalf("%d %s", status, mainPart(body))
		}
		for _, page := range shown {
			if body := d.page("chair", page, "修路灯"); strings.Contains(body, "可能有出入") {
				t.Errorf("%s: the year is loaded, and the mark stands", page)
			}
		}
	})
}

// Who may do something with matters of a board ticks them and does it at once; a visitor, and who may do nothing, have no ticks.
func TestBoardTogether(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home, board := d.closeLoop(), "/p/loop/matters/proposal"
		for _, title := range []string{"修路灯", "加座椅", "换门锁"} {
			d.called("m1", "POST", "/matters", obj{"subject": home, "name": "proposal", "values": obj{"title": title, "reason": "需要"}})
		}
		for _, login := range []string{"", "m2", "admin"} {
			if body := d.page(login, board, "修路灯"); ticks.MatchString(body) || strings.Contains(body, "/matters/batch") {
				t.Errorf("%q can tick what he can do nothing with", login)
			}
		}
		if body := d.page("m1", board, "催办"); len(ticks.FindAllString(body, -1)) != 3 || strings.Contains(body, "act:accept") {
			t.Errorf("who raised them: %s", mainPart(body))
		}
		for _, lang := range []string{"en", "zh"} {
			d.speak("chair", lang)
			for _, path := range []string{board, "/p/loop/matters"} {
				hygiene(t, d.page("chair", path, "act:accept", "assign:", `data-all="matter"`))
			}
		}
		at := board + "?sort=raised"
		picked := ticks.FindAllStringSubmatch(d.page("chair", at), -1)
		if len(picked) != 3 {
			t.Fatalf("%d ticks", len(picked))
		}
		form := url.Values{"do": {"act:decline"}, "reason": {"不归本单位"}, "matter": {picked[0][1]}, "back": {at}}
		if to := d.done("chair", "/matters/batch", form); to != at {
			t.Errorf("declined, and on to %s", to)
		}
		d.done("chair", "/matters/batch", url.Values{"do": {"act:accept"}, "matter": {picked[1][1], picked[2][1]}, "back": {at}})
		body := d.page("chair", at, "已办理 2 件")
		if n := len(ticks.FindAllString(body, -1)); n != 2 {
			t.Errorf("one of three is over: %d ticks", n)
		}
	})
}
