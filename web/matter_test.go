package web

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// colleagues gives further employees of the first enterprise an account: employee2, employee3, ….
func (d *door) colleagues(n int) {
	d.Helper()
	for i := range n {
		_, err := d.site.CreateAccount(d.Context(), bihuan.System(), bihuan.NewAccount{Login: fmt.Sprint("employee", i+2), Name: fmt.Sprint("示例同事", i+2), Password: password,
			Grants: []bihuan.Grant{{Programme: "union", Role: "employee", Unit: d.subjects[0].Unit}}})
		d.must(err)
	}
}

func (d *door) raisePath() string {
	return "/p/union/subjects/" + d.subjects[0].ID + "/raise/proposal"
}

var suggestion = map[string][]string{"title": {"食堂排队太久"}, "topic": {"canteen"}, "reason": {"午间排队二十分钟"}, "measure": {"错峰就餐"}}

// raised raises a proposal as the employee and gives its address.
func (d *door) raised() string {
	d.Helper()
	fields := map[string][]string{"_once": {d.value("employee", d.raisePath(), "_once")}}
	for k, v := range suggestion {
		fields[k] = v
	}
	status, to := d.send("employee", d.raisePath(), fields, map[string][]byte{"photo": photo(d.T)})
	if status != http.StatusSeeOther {
		d.Fatalf("raise: %d %s", status, mainPart(to))
	}
	return strings.TrimSuffix(to, "?raised")
}

// do does something on a matter's page as it looks now, without scripts.
func (d *door) do(login, path, key string, fields map[string][]string) (int, string) {
	d.Helper()
	form := path + "?do=" + url.QueryEscape(key)
	sent := map[string][]string{"_do": {key}, "_seen": {d.value(login, form, "_seen")}, "_stage": {d.value(login, form, "_stage")}}
	for k, v := range fields {
		sent[k] = v
	}
	return d.send(login, path, sent, nil)
}

func (d *door) did(login, path, key string, fields map[string][]string) {
	d.Helper()
	if status, body := d.do(login, path, key, fields); status != http.StatusSeeOther {
		d.Fatalf("%s does %s: %d\n%.3000s", login, key, status, mainPart(body))
	}
}

// A proposal is raised on a phone without scripts: wrong first, and nothing typed is lost; then right with a photo, twice by
// accident, and it is there once. Everybody reads it, in both languages, and nobody learns from any page whose it is but the handler of the town, who is not of the enterprise.
func TestProposalOnPages(t *testing.T) {
	throughTheDoor(t, 2, func(d *door) {
		raise := d.raisePath()
		once := d.value("employee", raise, "_once")
		status, body := d.send("employee", raise, map[string][]string{"title": {""}, "reason": {"午间排队二十分钟"}, "_once": {once}}, nil)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "午间排队二十分钟") || !strings.Contains(body, `id="err-title"`) {
			t.Fatalf("a wrong proposal: %d\n%s", status, mainPart(body))
		}
		right := map[string][]string{"_once": {once}}
		for k, v := range suggestion {
			right[k] = v
		}
		status, to := d.send("employee", raise, right, map[string][]byte{"photo": photo(t)})
		if status != http.StatusSeeOther || !strings.HasPrefix(to, "/matters/") {
			t.Fatalf("raised: %d %s", status, mainPart(to))
		}
		if status, again := d.send("employee", raise, right, nil); status != http.StatusSeeOther || again != to {
			t.Errorf("sent twice: %d %s, want %s", status, mainPart(again), to)
		}
		matter := strings.TrimSuffix(to, "?raised")
		body = d.page("employee", matter, "食堂排队太久", "还剩", "个工作日", "<img", "撤回")
		file := regexp.MustCompile(matter + `/files/\w+`).FindString(body)
		subject := "/p/union/subjects/" + d.subjects[0].ID
		units, _, err := d.site.Units(d.Context(), bihuan.UnitQuery{Page: bihuan.Page{Limit: 1000}})
		d.must(err)
		names := []string{"中文"}
		for _, u := range units {
			names = append(names, u.Name)
		}
		for _, login := range []string{"", "employee", "officer", "assessor", "foreign", "judge", "admin"} {
			for _, lang := range []string{"zh", "en"} {
				d.speak(login, lang)
				for path, say := range map[string]string{"/p/union/matters": "食堂排队太久", "/p/union/matters/proposal": "食堂排队太久", "/p/union/matters?state=overdue": "", "/p/union/matters/proposal?stage=proposed&q=sttd": "",
					"/p/union/matters/proposal?turn=officer&unit=330482&sort=due&state=nonsense&offset=-3": "", matter: "食堂排队太久", subject: "食堂排队太久", matter + "?do=decline": "", matter + "?do=transfer:": "", matter + "?do=assign:": "",
					matter + "?do=merge:": "", matter + "?do=split:": "", matter + "?do=nothing": "", "/p/union/matters/proposal?subject=" + d.subjects[0].ID: "食堂排队太久"} {
					if login == "foreign" && path == subject {
						continue // sees what a visitor sees, below
					}
					body := d.page(login, path, say)
					doc := hygiene(t, body)
					if lang == "en" && path != subject {
						english(t, doc, append(names, "食堂排队太久", "午间排队二十分钟", "错峰就餐", "示例")...)
					}
					if login != "employee" && login != "assessor" && strings.Contains(body, "示例employee") {
						t.Errorf("%q learns at %s whose it is", login, path)
					}
				}
			}
			d.speak(login, "zh")
			answer, err := d.as(login).Get(d.url + file)
			d.must(err)
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "image/jpeg" || (login == "employee" || login == "assessor") != strings.Contains(answer.Header.Get("Content-Disposition"), "photo") {
				t.Errorf("%q opens the photo: %d %v", login, answer.StatusCode, answer.Header)
			}
		}
		d.page("", "/", "/p/union/matters/proposal")
		for login, want := range map[string]int{"": http.StatusSeeOther, "officer": 200, "assessor": 200, "judge": http.StatusForbidden, "foreign": http.StatusForbidden, "employee": 200} {
			if status, _ := d.get(login, raise); status != want {
				t.Errorf("%q would raise: %d, want %d", login, status, want)
			}
		}
		for path, want := range map[string]int{"/matters/nothing": 404, matter + "/files/nothing": 404, "/p/union/matters/nothing": 404, "/p/nothing/matters": 404, subject + "/raise/nothing": 404} {
			if status, _ := d.get("officer", path); status != want {
				t.Errorf("%s: %d", path, status)
			}
		}
	})
}

// Who comes second is told what happened, and keeps what he typed; what is missing is asked for at its field.
func TestActOnPages(t *testing.T) {
	throughTheDoor(t, 2, func(d *door) {
		d.colleagues(2)
		matter := d.raised()
		if status, body := d.do("officer", matter, "decline", map[string][]string{"_reason": {" "}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "请写明理由") || !strings.Contains(body, `name="_reason"`) {
			t.Errorf("declined without a reason: %d\n%s", status, mainPart(body))
		}
		seen, stage := d.value("officer", matter, "_seen"), d.value("officer", matter, "_stage")
		d.did("officer", matter, "accept", nil)
		before := map[string][]string{"_do": {"accept"}, "_seen": {seen}, "_stage": {stage}}
		if status, body := d.send("officer", matter, before, nil); status != http.StatusConflict || !strings.Contains(body, "已经做过") {
			t.Errorf("accepted twice: %d\n%s", status, mainPart(body))
		}
		before["_do"], before["_reason"] = []string{"decline"}, []string{"不属于本单位，写了很久"}
		if status, body := d.send("officer", matter, before, nil); status != http.StatusConflict || !strings.Contains(body, "现为“参与”") || !strings.Contains(body, "写了很久") {
			t.Errorf("declined too late: %d\n%s", status, mainPart(body))
		}
		d.did("employee2", matter, "file:joining", map[string][]string{"part": {"support"}, "word": {"我也排队"}})
		if status, body := d.do("employee2", matter, "file:joining", map[string][]string{"part": {"support"}}); status != http.StatusConflict || !strings.Contains(body, "您已经参与") {
			t.Errorf("joined twice: %d\n%s", status, mainPart(body))
		}
		if body := d.page("", matter, "1 人"); strings.Contains(body, "我也排队") || strings.Contains(body, "示例同事") {
			t.Error("a visitor reads what those who joined wrote")
		}
		if status, body := d.do("officer", matter, "start", map[string][]string{"steps": {"分时就餐"}, "due": {"明天"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "分时就餐") || !strings.Contains(body, `id="err-due"`) {
			t.Errorf("a wrong plan: %d\n%s", status, mainPart(body))
		}
		for login, want := range map[string]int{"": http.StatusUnauthorized, "employee": http.StatusForbidden, "foreign": http.StatusForbidden} {
			status, _ := d.send(login, matter, map[string][]string{"_do": {"start"}, "_stage": {"joining"}, "holder": {"x"}, "steps": {"x"}, "due": {"2026-07-10"}}, nil)
			if status != want {
				t.Errorf("%q starts it: %d, want %d", login, status, want)
			}
		}
		for _, nonsense := range []string{"", "nothing", "file:", "file:satisfaction", "ballot:", "day:", "raise:", "extend:", "assign:", "transfer:", "merge:", "split:", "resume:", "reopen:"} {
			if status, body := d.do("officer", matter, nonsense, map[string][]string{"_to": {"nowhere"}, "_reason": {"x"}}); status < 400 || status >= 500 {
				t.Errorf("%q: %d %s", nonsense, status, mainPart(body))
			}
		}
		d.did("officer", matter, "assign:", map[string][]string{"_to": {"officer"}})
		d.page("officer", matter, "示例officer", "主办")
		d.done("employee2", matter+"/follow", url.Values{"follows": {"true"}})
		d.page("employee2", matter, "不再关注", "已关注")
		other := d.raised()
		d.did("officer", other, "merge:", map[string][]string{"_to": {strings.TrimPrefix(matter, "/matters/")}})
		d.page("officer", other, "已并案", matter)
		d.page("officer", matter, "并入本件")
		d.page("assessor", matter+"?do=close:", "理由公开，人人可以看到")
		d.page("officer", matter+"?do=merge:", "能看到这件事的人都会看到")
		d.page("officer", matter+"?do=pause:hearing", "提出人和参与人会看到")
		d.did("officer", matter, "pause:hearing", map[string][]string{"_reason": {"开听证会"}})
		d.page("officer", matter, "起停钟（听证）", "恢复计时")
		d.did("officer", matter, "resume:", nil)
		if status, body := d.do("officer", matter, "transfer:", map[string][]string{"_find": {"当湖"}}); status != http.StatusOK || !strings.Contains(body, "当湖") {
			t.Errorf("a search for a unit: %d", status)
		}
		d.did("officer", matter, "transfer:", map[string][]string{"_to": {d.subjects[1].Unit}, "_reason": {"食堂归他们管"}})
		d.page("assessor", matter, d.subjects[1].Name, "转办", "食堂归他们管")
	})
}

// One who has no account is registered by a handler, and gets a code that is shown once; an accusation is on no page of those accused.
func TestHiddenOnPages(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		ctx, unit := d.Context(), d.subjects[0].Unit
		_, err := d.site.Publish(ctx, bihuan.System(), os.DirFS("../testdata/loop"), "loop", "")
		d.must(err)
		_, err = d.site.Enrol(ctx, bihuan.System(), "loop", []bihuan.NewSubject{{Unit: unit, Fields: map[string]any{"code": "E1", "title": "东一之家"}}}, bihuan.Import{})
		d.must(err)
		home, err := d.site.SubjectByKey(ctx, bihuan.System(), "loop", "E1")
		d.must(err)
		for login, g := range map[string]bihuan.Grant{"chair": {Role: "officer", Unit: unit}, "member": {Role: "member", Unit: unit}, "other": {Role: "member", Unit: unit}, "east": {Role: "assessor", Unit: town}} {
			g.Programme = "loop"
			_, err := d.site.CreateAccount(ctx, bihuan.System(), bihuan.NewAccount{Login: login, Name: "示例" + login, Password: password, Grants: []bihuan.Grant{g}})
			d.must(err)
		}
		base := "/p/loop/subjects/" + home.ID
		status, secret := d.send("member", base+"/raise/accusation", map[string][]string{"about": {"账目"}, "charge": {"报销造假"}}, nil)
		if status != http.StatusSeeOther {
			t.Fatalf("accused: %d %s", status, mainPart(secret))
		}
		secret = strings.TrimSuffix(secret, "?raised")
		fields := map[string][]string{"_for": {"member"}, "_name": {"王师傅"}, "title": {"修路灯"}, "reason": {"太暗"}, "phone": {"13800000000"}, "_once": {"o"}}
		status, receipt := d.send("chair", base+"/raise/proposal", fields, nil)
		code := regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}`).FindString(receipt)
		if status != http.StatusOK || code == "" || !strings.Contains(receipt, "修路灯") {
			t.Fatalf("registered: %d %s", status, mainPart(receipt))
		}
		hygiene(t, receipt)
		if a, err := d.site.Speak(ctx, "desk", code); err != nil || !a.Voice() {
			t.Errorf("the code: %v", err)
		}
		status, to := d.send("chair", base+"/raise/proposal", fields, nil)
		if status != http.StatusSeeOther || !strings.HasPrefix(to, "/matters/") {
			t.Errorf("registered twice: %d %s", status, mainPart(to))
		}
		matter := strings.TrimSuffix(to, "?raised")
		d.page("east", secret, "报销造假", "示例member")
		d.page("member", secret, "报销造假")
		for _, login := range []string{"chair", "other", "", "officer"} {
			if status, _ := d.get(login, secret); status != http.StatusNotFound {
				t.Errorf("%q at the accusation: %d", login, status)
			}
			for _, path := range []string{"/p/loop/matters", "/p/loop/matters/accusation", "/p/loop/matters/proposal", "/p/loop/matters?q=账目", "/p/loop/matters?subject=" + home.ID, matter, base, "/"} {
				_, body := d.get(login, path)
				for _, word := range []string{"账目", "报销", "示例member", "王师傅", "13800000000", strings.TrimPrefix(secret, "/matters/")} {
					if strings.Contains(strings.ReplaceAll(body, "q=账目", ""), word) && !(path == "/p/loop/matters?q=账目" && word == "账目") {
						t.Errorf("%q reads %q at %s", login, word, path)
					}
				}
			}
		}
		d.page("chair", matter, "不公开：电话")
		if status, body := d.send("chair", secret, map[string][]string{"_do": {"answer"}, "text": {"没有此事"}}, nil); status != http.StatusNotFound {
			t.Errorf("the accused answer: %d %s", status, mainPart(body))
		}
		// closed unresolved, everybody is told that and why
		m, err := d.site.Act(ctx, bihuan.System(), strings.TrimPrefix(matter, "/matters/"), bihuan.Move{Kind: programme.EventClose, As: programme.ParentUnit, Reason: "路灯归市政，已去函"})
		d.must(err)
		d.page("", matterURL(m.Code), "路灯归市政，已去函", "没有解决")
		d.page("", "/p/loop/matters/proposal?state=open_to_public", "修路灯")
	})
}

// A rectification that the rules end says that new evidence met the clause, which, and when: on its page and in the API, in both languages.
func TestPutRightByEvidence(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		roster := func(members int) {
			_, err := d.site.File(d.Context(), bihuan.System(), bihuan.Filing{Subject: d.subjects[0].ID, Form: "roster", By: "city",
				Values: map[string]any{"employees": 100, "members": members, "women_members": 0}})
			d.must(err)
		}
		roster(10)
		m, err := d.site.Raise(d.Context(), bihuan.System(), bihuan.NewMatter{Subject: d.subjects[0].ID, Name: "rectification", Clause: "1.1.2",
			Values: map[string]any{"clause": "1.1.2", "what": "入会率不足"}})
		d.must(err)
		d.later(1)
		roster(99)
		const zh, en = "新的佐证符合条款：职工与会员名册，2026-07-01 填报。", "New evidence meets the clause: Employees and members, filed 2026-07-01."
		if page := d.page("officer", "/matters/"+m.Matter.ID, zh); strings.Contains(page, "没有经当事人确认") {
			t.Error("nobody's answer ended it")
		}
		d.speak("officer", "en")
		d.page("officer", "/matters/"+m.Matter.ID, en)
		if status, answer := d.call("officer", "GET", "/matters/"+m.Matter.ID, nil); status != http.StatusOK || !strings.Contains(answer, zh) {
			t.Errorf("%d %s", status, answer)
		}
	})
}
