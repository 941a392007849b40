package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// An administrator adds a robot with a mistake and without one, tries it, sets the mail server, and removes the robot; its address is
// not shown again.
func TestChannelsPage(t *testing.T) {
	robot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("key") == "GOODKEY-0123456789-0123456789" {
			fmt.Fprint(w, `{"errcode":0,"errmsg":"ok"}`)
			return
		}
		fmt.Fprint(w, `{"errcode":93000,"errmsg":"invalid webhook url"}`)
	}))
	t.Cleanup(robot.Close)
	throughTheDoor(t, 1, func(d *door) {
		page := d.page("admin", "/admin", "通知渠道与后台任务", "节假日")
		hygiene(t, page)
		hygiene(t, d.page("admin", "/admin/channels", "还没有渠道", "今天的时限、提醒和评分都已处理", "消息：待发 0"))
		add := func(status int, kind, address string) string {
			t.Helper()
			got, to := d.post("admin", "/admin/channels", url.Values{"kind": {kind}, "unit": {town}, "address": {address}, "programme": {"union"}})
			if got != status {
				t.Fatalf("add %s %s: %d\n%s", kind, address, got, mainPart(to))
			}
			return to
		}
		if body := add(http.StatusUnprocessableEntity, "wecom", robot.URL+"/send"); !strings.Contains(body, "key=…") {
			t.Error(mainPart(body))
		}
		add(http.StatusSeeOther, "wecom", robot.URL+"/send?key=BADKEY-0123456789-0123456789")
		add(http.StatusSeeOther, "wecom", robot.URL+"/send?key=GOODKEY-0123456789-0123456789")
		secret := add(http.StatusOK, "webhook", robot.URL+"/machine")
		if hygiene(t, secret); !strings.Contains(secret, "whsec_") {
			t.Error(mainPart(secret))
		}
		page = d.page("admin", "/admin/channels", "企业微信机器人", "…6789", robot.URL[7:])
		for _, hidden := range []string{"GOODKEY", "whsec_"} {
			if strings.Contains(page, hidden) {
				t.Errorf("%s is shown again", hidden)
			}
		}
		tests := regexp.MustCompile(`/admin/channels/[\w-]+/test`).FindAllString(page, -1)
		if len(tests) != 3 {
			t.Fatal(tests)
		}
		if status, body := d.post("admin", tests[0], nil); status != http.StatusUnprocessableEntity || !strings.Contains(body, "93000") {
			t.Errorf("a bad robot: %d %s", status, mainPart(body))
		}
		if status, to := d.post("admin", tests[1], nil); status != http.StatusSeeOther || to != "/admin/channels" {
			t.Errorf("a good robot: %d %s", status, mainPart(to))
		}
		if status, _ := d.post("officer", tests[1], nil); status != http.StatusNotFound {
			t.Errorf("somebody else tries it: %d", status)
		}
		if status, _ := d.post("admin", strings.TrimSuffix(tests[0], "test")+"remove", nil); status != http.StatusSeeOther {
			t.Error(status)
		}
		status, body := d.post("admin", "/admin/channels/settings", url.Values{"host": {"smtp.example.cn"}, "port": {"x"}, "security": {"tls"}, "from": {"a@example.cn"}, "password": {"hush"}})
		if hygiene(t, body); status != http.StatusUnprocessableEntity || !strings.Contains(body, "465") || strings.Contains(body, "hush") {
			t.Errorf("%d %s", status, mainPart(body))
		}
		status, body = d.post("admin", "/admin/channels/settings", url.Values{"host": {"smtp.example.cn"}, "port": {"465"}, "security": {"tls"}, "from": {"a@example.cn"}, "user": {"u"}, "password": {"hush"}})
		if status != http.StatusSeeOther {
			t.Errorf("%d %s", status, mainPart(body))
		}
		if page := d.page("admin", "/admin/channels", "smtp.example.cn", "已保存，不再显示"); strings.Contains(page, "hush") {
			t.Error("the password is shown")
		}
		if status, _ := d.get("officer", "/admin/channels"); status != http.StatusForbidden {
			t.Error(status)
		}
		hygiene(t, d.page("officer", "/me/notices", "还没有渠道", "日历订阅"))
		if status, to := d.post("officer", "/me/channels", url.Values{"kind": {"email"}, "address": {"me@example.cn"}}); status != http.StatusSeeOther || to != "/me/notices" {
			t.Errorf("%d %s", status, mainPart(to))
		}
		d.page("officer", "/me/notices", "me@example.cn")
	})
}

// A calendar reads what is due without signing in, until its owner ends it.
func TestCalendarFeed(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		d.openRound()
		status, body := d.post("officer", "/me/calendar", nil)
		address := regexp.MustCompile(`/calendar/[\w-]+\.ics`).FindString(body)
		if hygiene(t, body); status != http.StatusOK || address == "" {
			t.Fatalf("%d %s", status, mainPart(body))
		}
		read := func() (int, string) {
			answer, err := http.Get(d.url + address)
			d.must(err)
			defer answer.Body.Close()
			b, err := io.ReadAll(answer.Body)
			d.must(err)
			return answer.StatusCode, string(b)
		}
		_, first := read()
		c, err := ics.ParseCalendar(strings.NewReader(first))
		d.must(err)
		people, err := d.site.Accounts(t.Context(), bihuan.System(), bihuan.AccountQuery{Search: "officer"})
		d.must(err)
		actor, err := d.site.ActorByID(t.Context(), people.Accounts[0].ID)
		d.must(err)
		tasks, err := d.site.Tasks(t.Context(), actor, bihuan.TaskQuery{Kind: bihuan.TaskSubmit, Page: bihuan.Page{Limit: 1000}})
		d.must(err)
		if len(c.Events()) != tasks.Total || tasks.Total == 0 {
			t.Fatalf("%d events of %d tasks\n%s", len(c.Events()), tasks.Total, first)
		}
		uids := map[string]bool{}
		for _, e := range c.Events() {
			on, err := e.GetAllDayStartAt()
			d.must(err)
			if uids[e.Id()] || programme.DayOf(on) != tasks.List[0].Due || !strings.HasPrefix(e.GetProperty(ics.ComponentPropertySummary).Value, "提交") {
				t.Errorf("%s %v %+v", e.Id(), on, e.GetProperty(ics.ComponentPropertySummary))
			}
			uids[e.Id()] = true
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(first, "\r\n"), "\r\n") {
			if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
				t.Errorf("not folded: %q", line)
			}
		}
		if _, again := read(); !strings.Contains(again, c.Events()[0].Id()) {
			t.Error("UIDs change")
		}
		if status, to := d.post("officer", "/me/calendar/revoke", nil); status != http.StatusSeeOther {
			t.Error(status, to)
		}
		if status, _ := read(); status != http.StatusNotFound {
			t.Errorf("after it was ended: %d", status)
		}
	})
}

// What stands in a title does not break a calendar.
func TestCalendarEscapes(t *testing.T) {
	day, _ := programme.ParseDay("2027-02-28")
	title := "甲，乙; 丙, \\ 丁\n戊" + strings.Repeat("很长", 60)
	text := calendarOf([]bihuan.Deadline{{UID: "x", Title: programme.T(title, title), On: day, Path: "/todo", Uncertain: true}}, programme.Zh, "https://h.example", day.Time())
	c, err := ics.ParseCalendar(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	e := c.Events()[0]
	if got := e.GetProperty(ics.ComponentPropertySummary).Value; got != title+"（期限可能有出入：缺少节假日）" || !strings.Contains(text, "DTSTART;VALUE=DATE:20270228\r\n") || !strings.Contains(text, "DTEND;VALUE=DATE:20270301\r\n") || !strings.Contains(strings.ReplaceAll(text, "\r\n ", ""), `甲，乙\; 丙\, \\ 丁\n戊`) {
		t.Errorf("%q\n%s", got, text)
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 75 {
			t.Errorf("not folded: %d %q", len(line), line)
		}
	}
}

// A year is checked, shown, and stored; mistakes are told by row.
func TestHolidaysPage(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		d.later(150) // into November
		hygiene(t, d.page("admin", "/admin/holidays", "2027 年的节假日还没有载入"))
		send := func(want int, year, table, store string) string {
			t.Helper()
			status, body := d.send("admin", "/admin/holidays", url.Values{"year": {year}, "table": {table}, "store": {store}}, nil)
			if status != want {
				t.Fatalf("%d %s", status, mainPart(body))
			}
			return body
		}
		wrong := send(http.StatusUnprocessableEntity, "2027", "日期,安排,节名\n2027-01-01,放假,元旦\n2027-01-04,上班,元旦\n2026-01-01,放假,元旦", "")
		if hygiene(t, wrong); !strings.Contains(wrong, "第3行") || !strings.Contains(wrong, "第4行") {
			t.Error(mainPart(wrong))
		}
		preview := send(http.StatusOK, "2027", "2027-01-01 放假 元旦\n2027-02-06 放假 春节\n2027-02-20 上班 春节", "")
		if hygiene(t, preview); !strings.Contains(preview, "没有名为“国庆”的假期") || !strings.Contains(preview, "2027年2月20日") {
			t.Error(mainPart(preview))
		}
		if to := send(http.StatusSeeOther, "2027", "2027-01-01,放假,元旦", "1"); to != "/admin/holidays" {
			t.Error(to)
		}
		page := d.page("admin", "/admin/holidays", "示例admin")
		if strings.Contains(page, "还没有载入") {
			t.Error("still missing")
		}
		d.sendFile("admin", "/admin/holidays", "2028.csv", []byte("day,kind,name\n2028-01-01,holiday,元旦\n"), url.Values{"year": {"2028"}}, http.StatusOK)
		if status, _ := d.get("officer", "/admin/holidays"); status != http.StatusForbidden {
			t.Error(status)
		}
	})
}
