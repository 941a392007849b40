package web

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
)

// publishLoop publishes the programme of matters, with some of its words replaced.
func (d *door) publishLoop(replace ...string) {
	d.Helper()
	text, err := os.ReadFile("../testdata/loop/programme.yaml")
	d.must(err)
	_, err = d.site.Publish(d.Context(), bihuan.System(), fstest.MapFS{"programme.yaml": {Data: []byte(strings.NewReplacer(replace...).Replace(string(text)))}}, "loop", "")
	d.must(err)
}

// closeLoop lets the first enterprise run a second programme, of matters: an officer, members, and the town.
func (d *door) closeLoop(replace ...string) (home string) {
	d.Helper()
	d.publishLoop(replace...)
	unit := d.subjects[0].Unit
	_, err := d.site.Enrol(d.Context(), bihuan.System(), "loop", []bihuan.NewSubject{{Row: 2, Unit: unit, Fields: map[string]any{"code": "E1", "title": "东一之家"}}}, bihuan.Import{})
	d.must(err)
	for login, g := range map[string]bihuan.Grant{"chair": {Programme: "loop", Role: "officer", Unit: unit}, "m1": {Programme: "loop", Role: "member", Unit: unit},
		"m2": {Programme: "loop", Role: "member", Unit: unit}, "east": {Programme: "loop", Role: "assessor", Unit: town}} {
		_, err := d.site.CreateAccount(d.Context(), bihuan.System(), bihuan.NewAccount{Login: login, Name: "演示" + login, Password: password, Grants: []bihuan.Grant{g}})
		d.must(err)
	}
	sub, err := d.site.SubjectByKey(d.Context(), bihuan.System(), "loop", "E1")
	d.must(err)
	return sub.ID
}

// token gives somebody's token of the API.
func (d *door) token(login string) string {
	d.Helper()
	if d.tokens[login] == "" {
		actor, err := d.site.SignIn(d.Context(), login, password)
		d.must(err)
		plain, _, err := d.site.NewToken(d.Context(), actor, "test", 300)
		d.must(err)
		if d.tokens == nil {
			d.tokens = map[string]string{}
		}
		d.tokens[login] = plain
	}
	return d.tokens[login]
}

// call calls the API with somebody's token: the status, and what came back.
func (d *door) call(login, method, path string, body any) (int, string) {
	d.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		d.must(err)
		in = bytes.NewReader(b)
	}
	r, err := http.NewRequest(method, d.url+"/api/v1"+path, in)
	d.must(err)
	r.Header.Set("Authorization", "Bearer "+d.token(login))
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	d.must(err)
	return d.read(answer)
}

// called is a call that must be taken, and gives one of its texts.
func (d *door) called(login, method, path string, body any, field ...string) string {
	d.Helper()
	status, answer := d.call(login, method, path, body)
	if status >= 300 {
		d.Fatalf("%s %s by %s: %d %s", method, path, login, status, answer)
	}
	var out any
	d.must(json.Unmarshal([]byte(answer), &out))
	for _, f := range field {
		out = out.(map[string]any)[f]
	}
	s, _ := out.(string)
	return s
}

type obj = map[string]any

// A proposal and an accusation by the API, from raising to the vote, with the boxes, batches and notices of those concerned; and the
// accused office finds out nothing by any of its addresses, by a page, an export or a notice.
func TestMattersByTheAPI(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home := d.closeLoop()
		proposal := d.called("m1", "POST", "/matters", obj{"subject": home, "name": "proposal", "values": obj{"title": "修路灯", "reason": "太暗", "phone": "13800000000"}}, "matter", "id")
		accusation := d.called("m1", "POST", "/matters", obj{"subject": home, "name": "accusation", "values": obj{"about": "账目不清", "charge": "报销造假"}}, "matter", "id")
		code := d.called("m1", "GET", "/matters/"+accusation, nil, "code")
		if status, body := d.call("m1", "POST", "/matters", obj{"subject": home, "name": "proposal", "values": obj{"title": "只有标题"}}); status != 422 || !strings.Contains(body, "body.values.reason") {
			t.Errorf("without a reason: %d %s", status, body)
		}
		for path, want := range map[string]string{"programme=nothing": "没有找到该方案", "programme=loop&name=nothing": "没有找到这类事项", "unit=nowhere": "没有单位nowhere", "state=closed": "没有状态closed", "limit=many": "应是数"} {
			if status, body := d.call("m1", "GET", "/matters?"+path, nil); status != 404 && status != 422 || !strings.Contains(body, want) {
				t.Errorf("%s: %d %s, want %s", path, status, body, want)
			}
		}
		if status, body := d.call("m1", "POST", "/matters", obj{"name": 7, "who": "me"}); status != 422 || !strings.Contains(body, "缺少“subject”") || !strings.Contains(body, "应是文字") || !strings.Contains(body, "没有这一项") {
			t.Errorf("a call that does not fit: %d %s", status, body)
		}

		secret := regexp.MustCompile("账目不清|报销造假|accusation|检举|演示m1|13800000000|" + accusation + "|" + code)
		for _, path := range []string{"/matters", "/matters?box=todo", "/matters?name=accusation", "/matters?search=账目", "/matters/boxes", "/matters/" + proposal,
			"/tasks", "/notices", "/ballots"} {
			if status, body := d.call("chair", "GET", path, nil); status != 200 || secret.MatchString(body) && !strings.Contains(path, "accus") || strings.Contains(body, code) {
				t.Errorf("the accused office at %s: %d %s", path, status, body)
			}
		}
		for _, x := range []struct {
			method, path string
			body         any
		}{{"GET", "", nil}, {"GET", "/handlers", nil}, {"POST", "/follow", obj{"follows": true}}, {"POST", "/act", obj{"kind": "act", "action": "answer"}}, {"POST", "/act", obj{"kind": "remind"}}} {
			for _, id := range []string{accusation, code} {
				status, body := d.call("chair", x.method, "/matters/"+id+x.path, x.body)
				_, nothing := d.call("chair", x.method, "/matters/nothing"+x.path, x.body)
				if status != 404 || body != nothing {
					t.Errorf("the accused office at %s%s: %d %s, of one that is not there %s", id, x.path, status, body, nothing)
				}
			}
		}
		status, body := d.call("chair", "POST", "/matters/batch", obj{"kind": "act", "action": "accept", "matters": []obj{{"matter": proposal, "seen": 1, "stage": "proposed"}, {"matter": accusation}, {"matter": "nothing"}}})
		if status != 200 || !strings.Contains(body, `"done":1`) || !strings.Contains(body, `"refused":2`) || strings.Count(body, "没有找到该事项") != 2 || strings.Contains(body, "账目") {
			t.Errorf("batch: %d %s", status, body)
		}
		if status, body := d.call("chair", "POST", "/matters/"+proposal+"/act", obj{"kind": "act", "action": "start", "forms": obj{"plan": obj{"steps": "换灯"}}}); status != 422 || !strings.Contains(body, "body.forms.plan.due") {
			t.Errorf("a form with a mistake: %d %s", status, body)
		}
		for _, page := range []string{"/todo", "/todo?kind=matter", "/todo?box=done", "/todo?box=following", "/notices"} {
			if body := d.page("chair", page); secret.MatchString(mainPart(body)) {
				t.Errorf("the accused office at %s: %s", page, mainPart(body))
			}
		}

		d.called("m2", "POST", "/matters/"+proposal+"/act", obj{"kind": "file", "forms": obj{"joining": obj{"word": "支持"}}})
		d.called("m1", "POST", "/matters/"+proposal+"/act", obj{"kind": "remind", "reason": "天黑得早"})
		if status, _ := d.call("m1", "POST", "/matters/"+proposal+"/act", obj{"kind": "remind"}); status != 409 {
			t.Errorf("reminded twice: %d", status)
		}
		d.called("chair", "POST", "/matters/"+proposal+"/act", obj{"kind": "act", "action": "start", "forms": obj{"plan": obj{"steps": "换灯", "due": "2026-07-20"}}})
		d.called("chair", "POST", "/matters/"+proposal+"/act", obj{"kind": "act", "action": "done", "forms": obj{"result": obj{"done": "换好了"}}})
		ballot := d.called("m2", "GET", "/matters/"+proposal, nil, "ballot", "id")
		if _, body := d.call("m2", "GET", "/tasks?kind=vote", nil); !strings.Contains(body, ballot) || !strings.Contains(body, "修路灯") {
			t.Errorf("a vote is no task: %s", body)
		}
		if status, _ := d.call("chair", "POST", "/ballots/"+ballot+"/vote", obj{"values": obj{"overall": "satisfied"}}); status != 404 {
			t.Errorf("the office votes: %d", status)
		}
		d.called("m2", "POST", "/ballots/"+ballot+"/vote", obj{"values": obj{"overall": "satisfied"}})
		if status, _ := d.call("m2", "POST", "/ballots/"+ballot+"/vote", obj{"values": obj{"overall": "satisfied"}}); status != 409 {
			t.Errorf("voted twice: %d", status)
		}
		if _, body := d.call("m2", "GET", "/ballots/"+ballot, nil); !strings.Contains(body, `"votes":1`) || strings.Contains(body, "tally") {
			t.Errorf("figures of a running ballot: %s", body)
		}
		d.called("m2", "POST", "/matters/"+proposal+"/follow", obj{"follows": true})
		if _, body := d.call("m2", "GET", "/matters/boxes", nil); !strings.Contains(body, `"done":1`) || !strings.Contains(body, `"following":1`) {
			t.Errorf("boxes %s", body)
		}
		d.called("chair", "POST", "/notices/read", obj{})
		if _, body := d.call("chair", "GET", "/notices", nil); !strings.Contains(body, `"unread":0`) || !strings.Contains(body, "提出人催办：天黑得早") {
			t.Errorf("notices %s", body)
		}
	})
}

// What is sent by the API in rows is taken as its description says.
func TestRowsByTheAPI(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		row := obj{"subject": d.subjects[0].Key, "form": "roster", "values": obj{"employees": 480, "members": 470, "women_members": 100}}
		if status, body := d.call("officer", "POST", "/programmes/union/evidence", obj{"rows": []obj{row}}); status != 200 || !strings.Contains(body, `"stored":1`) {
			t.Errorf("%d %s", status, body)
		}
	})
}

// The inbox without scripts: tasks with their clocks, boxes, several at once, notices that lead on, and the list as a workbook.
func TestInbox(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home := d.closeLoop()
		for _, title := range []string{"修路灯", "加座椅", "换门锁"} {
			d.called("m1", "POST", "/matters", obj{"subject": home, "name": "proposal", "values": obj{"title": title, "reason": "需要"}})
		}
		d.later(10)
		for _, lang := range []string{"zh", "en"} {
			for _, who := range []string{"chair", "m1"} {
				d.speak(who, lang)
				for _, page := range []string{"/todo", "/todo?kind=matter", "/todo?box=done", "/todo?box=raised", "/todo?box=following", "/todo?box=raised&q=nothing&state=over", "/notices"} {
					hygiene(t, d.page(who, page))
				}
			}
		}
		d.speak("chair", "zh")
		d.speak("m1", "zh")
		d.page("chair", "/todo", "修路灯", "逾期", "消息，3 条未读")
		list := d.page("chair", "/todo?kind=matter&q=xld", "修路灯", "受理")
		if strings.Contains(list, "加座椅") {
			t.Error("the search finds everything")
		}
		list = d.page("chair", "/todo?kind=matter")
		ticks := regexp.MustCompile(`name="matter" value="([^"]+)"`).FindAllStringSubmatch(list, -1)
		if len(ticks) != 3 {
			t.Fatalf("%d ticks\n%s", len(ticks), mainPart(list))
		}
		form := url.Values{"do": {"act:accept"}, "matter": {ticks[0][1], ticks[1][1]}, "back": {"/todo?kind=matter"}}
		if to := d.done("chair", "/matters/batch", form); to != "/todo?kind=matter" {
			t.Errorf("done, and on to %s", to)
		}
		d.page("chair", "/todo?kind=matter", "已办理 2 件")
		form.Set("matter", ticks[0][1])
		form.Add("matter", ticks[2][1])
		if status, body := d.post("chair", "/matters/batch", form); status != 200 || !strings.Contains(body, "已经做过") || !strings.Contains(body, "已办") {
			t.Errorf("done twice: %d %s", status, mainPart(body))
		} else {
			hygiene(t, body)
		}
		if status, body := d.post("chair", "/matters/batch", url.Values{"do": {"act:accept"}}); status != 422 || !strings.Contains(body, "请先勾选事项") {
			t.Errorf("nothing ticked: %d", status)
		}
		d.page("m1", "/todo?box=raised", "修路灯", "催办")

		answer, err := d.as("chair").Get(d.url + "/todo.xlsx?box=done")
		d.must(err)
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		d.must(err)
		table, err := exchange.ReadTable(bytes.NewReader(b), exchange.XLSX)
		d.must(err)
		if text := string(mustJSON(t, table)); !strings.Contains(text, "修路灯") || strings.Contains(text, "提出人") || strings.Contains(text, "演示m1") {
			t.Errorf("exported %s", text)
		}

		page := d.page("chair", "/notices")
		notice := regexp.MustCompile(`/notices/([0-9a-f-]{36})`).FindStringSubmatch(page)
		if status, to := d.get("chair", notice[0]); status != http.StatusSeeOther || !strings.HasPrefix(to, "/matters/") {
			t.Errorf("a notice leads to %d %s", status, to)
		}
		d.page("chair", "/notices", "消息，2 条未读")
		if status, _ := d.get("m1", notice[0]); status != 404 {
			t.Errorf("somebody else's notice: %d", status)
		}
		d.done("chair", "/notices/read", url.Values{"all": {"1"}})
		if body := d.page("chair", "/notices"); strings.Contains(body, "条未读") {
			t.Error("not all are read")
		}
	})
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
