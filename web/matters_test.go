package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A deadline that reaches a year without holidays is marked wherever the time left is shown, until the year is loaded.
func TestUncertainDeadline(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home := d.closeLoop()
		d.later(181) // the 28th of December
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
