package web

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// stranger gives a browser that nobody has signed in with.
func (d *door) stranger(name string) {
	d.Helper()
	jar, err := cookiejar.New(nil)
	d.must(err)
	d.people[name] = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

var codes = regexp.MustCompile(`<p class="code">([A-Z2-9-]{14})</p>`)

// An officer pastes a roster and prints its slips; a colleague scans his, sees what waits for him and votes, once; when the ballot is over
// everybody sees the figures. Looking at the address of a code does not use it up, and a used one answers as a wrong one does.
func TestVoices(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home := "/p/union/subjects/" + d.subjects[0].ID
		roster := home + "/rosters/employee"
		status, body := d.send("officer", roster, url.Values{"people": {"王芳,A1\n\n王芳,A1\n"}}, nil)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "同名的请填编号") {
			t.Fatalf("a mistaken roster: %d %s", status, mainPart(body))
		}
		status, body = d.send("officer", roster, url.Values{"people": {"王芳,A1,包装车间"}}, nil)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "一行只写一个人的姓名和编号") {
			t.Fatalf("three columns pasted: %d %s", status, mainPart(body))
		}
		if status, _ := d.get("officer", home+"/rosters/nobody"); status != http.StatusNotFound {
			t.Errorf("the roster of no role: %d", status)
		}
		status, body = d.send("officer", roster, url.Values{"people": {"王芳,A1\n李强 A2\n赵敏;A3\n孙丽\t4\n周杰"}}, nil)
		found := codes.FindAllStringSubmatch(body, -1)
		if status != http.StatusOK || len(found) != 5 || strings.Count(body, `class="qr"`) != 5 || !strings.Contains(body, d.url+"/v") {
			t.Fatalf("slips: %d, %d codes", status, len(found))
		}
		d.page("officer", roster, "王芳", "未用")
		if status, body := d.post("officer", roster+"/codes", url.Values{"chosen": {"yes"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "请选择要补发码的人") {
			t.Errorf("new codes for nobody: %d %s", status, mainPart(body))
		} // and the codes that were handed out still work, below
		if status, _ := d.get("employee", roster); status != http.StatusForbidden {
			t.Errorf("an employee reads the roster: %d", status)
		}

		to := d.done("officer", home+"/ballots", url.Values{"form": {"appraisal"}, "closes": {"2026-07-10"}})
		d.page("officer", to, "进行中", "为什么可以放心")
		for i, choice := range []string{"satisfied", "satisfied", "satisfied", "basically", "basically"} {
			who := fmt.Sprint("voice", i)
			d.stranger(who)
			code := found[i][1]
			d.page(who, "/v/"+code, code)
			d.page(who, "/v/"+code, code)
			if at := d.done(who, "/v", url.Values{"code": {strings.ToLower(code)}}); at != "/v" {
				t.Fatalf("came to %s", at)
			}
			if i == 0 {
				d.stranger("second")
				_, used := d.post("second", "/v", url.Values{"code": {code}})
				status, wrong := d.post("second", "/v", url.Values{"code": {"AAAA-AAAA-AAAA"}})
				if status != http.StatusUnauthorized || used != wrong {
					t.Errorf("%d: a used code and a wrong one are told apart", status)
				}
				d.page(who, "/v", "会员评家", "无记名")
				if at := d.done(who, "/lang", url.Values{"lang": {"en"}, "back": {"/v"}}); at != "/v" {
					t.Errorf("language: %s", at)
				}
				d.page(who, "/v", "Members&#39; appraisal")
				for _, path := range []string{"/todo", "/me", "/"} {
					if status, at := d.get(who, path); status != http.StatusSeeOther || at != "/v" {
						t.Errorf("%s leads to %d %s", path, status, at)
					}
				}
				d.done(who, "/lang", url.Values{"lang": {"zh"}})
			}
			if status, _ := d.post(who, to, url.Values{}); status != http.StatusUnprocessableEntity {
				t.Errorf("an empty vote: %d", status)
			}
			d.done(who, to, url.Values{"overall": {choice}})
			if status, body := d.post(who, to, url.Values{"overall": {choice}}); status != http.StatusConflict || !strings.Contains(body, "已经投过票") {
				t.Errorf("a second vote: %d", status)
			}
			d.page(who, to, "谢谢")
		}
		if status, _ := d.get("foreign", to); status != http.StatusNotFound {
			t.Errorf("another town reads the ballot: %d", status)
		}
		d.later(11)
		_, err := d.site.Tick(t.Context())
		d.must(err)
		body = d.page("officer", to, "已计票", "/evidence/")
		e := regexp.MustCompile(`/evidence/[0-9a-f-]+`).FindString(body)
		d.page("officer", e, "应参评", "6 人", "基本满意", "2 人", "1.3.6")
		if !strings.Contains(body, "60%") {
			t.Errorf("no shares:\n%s", mainPart(body))
		}

		d.stranger("guesser")
		for range 101 {
			status, body = d.post("guesser", "/v", url.Values{"code": {"AAAA-AAAA-AAAA"}})
		}
		if status != http.StatusTooManyRequests || !strings.Contains(body, "后再试") {
			t.Errorf("guessing on: %d", status)
		}
	})
}

// A poster with the link of a ballot: name and number, the question, thanks; no session, nothing but the vote, and an end with the ballot.
func TestBallotLinkOnPages(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		var people []bihuan.Person
		for i := range 5 {
			people = append(people, bihuan.Person{Name: "王芳", Number: fmt.Sprint("A", i)})
		}
		_, err := d.site.AddVoices(t.Context(), bihuan.System(), d.subjects[0].ID, "employee", people)
		d.must(err)
		id, err := d.site.CallBallot(t.Context(), bihuan.System(), d.subjects[0].ID, "appraisal", d.site.Today()+10)
		d.must(err)
		ballot := "/ballots/" + id
		d.done("officer", ballot+"/link", url.Values{"open": {"yes"}})
		link := regexp.MustCompile(`/vote/[A-Z2-9]{12}`).FindString(hygienic(t, d.page("officer", ballot, `class="qr"`, "关闭链接")))
		if status, _ := d.post("employee", ballot+"/link", url.Values{}); status != http.StatusForbidden {
			t.Errorf("closed by an employee: %d", status)
		}
		if body := d.page("employee", ballot); strings.Contains(body, link) {
			t.Error("an employee is shown the link")
		}
		d.stranger("poster")
		hygienic(t, d.page("poster", link, "会员评家", "姓名"))
		send := func(want int, words string, form url.Values) {
			t.Helper()
			form.Set("_name", "王芳")
			if status, body := d.post("poster", link, form); status != want || !strings.Contains(body, words) {
				t.Errorf("%v: %d, want %d and %q\n%s", form, status, want, words, mainPart(body))
			} else {
				hygienic(t, body)
			}
		}
		send(http.StatusUnauthorized, "受邀名册不符", url.Values{"_number": {"B1"}})
		send(http.StatusOK, "投出这一票", url.Values{"_number": {"A1"}})
		send(http.StatusUnprocessableEntity, "投出这一票", url.Values{"_number": {"A1"}, "_vote": {"yes"}})
		send(http.StatusOK, "谢谢", url.Values{"_number": {"A1"}, "_vote": {"yes"}, "overall": {"satisfied"}})
		send(http.StatusUnauthorized, "已经投过票", url.Values{"_number": {"A1"}, "_vote": {"yes"}, "overall": {"satisfied"}})
		d.page("poster", "/v", "一次性的码") // nobody is signed in by it
		if status, _ := d.get("poster", ballot); status != http.StatusSeeOther {
			t.Errorf("the ballot itself: %d", status)
		}
		d.done("assessor", ballot+"/stop", url.Values{"reason": {"名册有误"}})
		if status, body := d.get("poster", link); status != http.StatusConflict || !strings.Contains(body, "已中止：名册有误") || strings.Contains(body, `class="tabs`) {
			t.Errorf("after the ballot: %d", status)
		}
		if body := d.page("officer", ballot); strings.Contains(body, link) {
			t.Error("the link is still shown")
		}
	})
}

// The ballot of a matter on a poster: those who handle it open the link, its page says what is rated and not who raised it, and the API
// tells the same. Where those invited are hidden there is no link, and the page says why.
func TestMatterBallotLinkOnPages(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home := d.closeLoop("invite: joined, least: 30%", "invite: member, least: 30%")
		_, err := d.site.AddVoices(d.Context(), bihuan.System(), home, "member", []bihuan.Person{{Name: "王芳", Number: "A1"}})
		d.must(err)
		rating := func(title string) (matter, ballot string) {
			status, to := d.send("m1", "/p/loop/subjects/"+home+"/raise/proposal", map[string][]string{"title": {title}, "reason": {"太暗"}}, nil)
			if status != http.StatusSeeOther {
				t.Fatalf("raise: %d %s", status, mainPart(to))
			}
			matter = strings.TrimSuffix(to, "?raised")
			for _, mv := range []bihuan.Move{{Action: "accept"}, {Action: "start", Forms: map[string]map[string]any{"plan": {"steps": "换灯", "due": "2026-07-20"}}},
				{Action: "done", Forms: map[string]map[string]any{"result": {"done": "已换"}}}} {
				mv.Kind = programme.EventAct
				chair, err := d.site.SignIn(d.Context(), "chair", password)
				d.must(err)
				m, err := d.site.Act(d.Context(), chair, matter[len("/matters/"):], mv)
				d.must(err)
				if m.Ballot != nil {
					ballot = "/ballots/" + m.Ballot.ID
				}
			}
			return matter, ballot
		}
		matter, ballot := rating("修路灯")
		d.page("chair", matter, ballot+"#link")
		if body := d.page("m2", matter); strings.Contains(body, "#link") {
			t.Error("a member is shown the way to the link")
		}
		d.done("chair", ballot+"/link", url.Values{"open": {"yes"}})
		link := regexp.MustCompile(`/vote/[A-Z2-9]{12}`).FindString(hygienic(t, d.page("chair", ballot, `class="qr"`, "修路灯", "关闭链接")))
		if status, body := d.call("chair", "GET", ballot, nil); status != http.StatusOK || !strings.Contains(body, link) || !strings.Contains(body, `"called":"修路灯"`) {
			t.Errorf("the API: %d %s", status, body)
		}
		if status, body := d.call("m2", "POST", ballot+"/link", map[string]any{"open": true}); status != http.StatusForbidden {
			t.Errorf("a member opens it: %d %s", status, body)
		}
		d.stranger("poster")
		if body := hygienic(t, d.page("poster", link, "评价", "修路灯", "东一之家", "姓名")); strings.Contains(body, "m1") || strings.Contains(body, matter) {
			t.Errorf("by the link:\n%s", mainPart(body))
		}
		who := url.Values{"_name": {"王芳"}, "_number": {"a1"}, "_vote": {"yes"}, "overall": {"satisfied"}}
		if status, body := d.post("poster", link, who); status != http.StatusOK || !strings.Contains(body, "谢谢") {
			t.Errorf("voted: %d %s", status, mainPart(body))
		}
		if status, body := d.post("poster", link, who); status != http.StatusUnauthorized || !strings.Contains(body, "已经投过票") {
			t.Errorf("voted twice: %d %s", status, mainPart(body))
		}
		d.later(11)
		_, err = d.site.Tick(d.Context())
		d.must(err)
		if status, _ := d.get("poster", link); status != http.StatusConflict {
			t.Errorf("after the ballot: %d", status)
		}

		d.publishLoop(`version: "1"`, `version: "2"`)
		_, ballot = rating("修水管")
		if body := d.page("chair", ballot, "这次评议没有链接"); strings.Contains(body, "启用链接") {
			t.Error("a link to the hidden is offered")
		}
		if status, body := d.post("chair", ballot+"/link", url.Values{"open": {"yes"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "受邀人不公开") {
			t.Errorf("a link to the hidden: %d %s", status, mainPart(body))
		}
	})
}

// hygienic is a page that is as it should be made.
func hygienic(t *testing.T, page string) string { t.Helper(); hygiene(t, page); return page }

// The pages of those without an account, on a telephone and on paper.
func TestVoicesSeen(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		if testing.Short() {
			d.Skip("a browser takes a while")
		}
		home := d.subjects[0]
		var people []bihuan.Person
		for i := range 10 {
			people = append(people, bihuan.Person{Name: []string{"王芳", "李强", "赵敏", "孙丽", "周杰"}[i%5], Number: fmt.Sprintf("A%03d", i)})
		}
		list, err := d.site.AddVoices(t.Context(), bihuan.System(), home.ID, "employee", people)
		d.must(err)
		id, err := d.site.CallBallot(t.Context(), bihuan.System(), home.ID, "appraisal", d.site.Today()+10)
		d.must(err)
		p := d.browse("", 360, 780)
		p.Go("/v/" + list.Slips[0].Code)
		p.Shot("voice-code")
		p.Click("main form button.main")
		p.Await(`location.pathname === "/v"`)
		p.Want("会员评家")
		p.Shot("voice-home")
		p.Go("/ballots/" + id)
		p.Shot("ballot-vote")
		p.Click(`input[value="satisfied"]`)
		p.Click("main form button.main")
		p.Until("thanks", `document.body.innerText.includes("谢谢")`)
		p.Sound()
		p.Shot("ballot-thanks")
		for i, s := range list.Slips[1:9] {
			a, err := d.site.Speak(t.Context(), "test", s.Code)
			d.must(err)
			d.must(d.site.Vote(t.Context(), a, id, map[string]any{"overall": []string{"satisfied", "basically"}[i%2]}))
		}
		d.later(12)
		_, err = d.site.Tick(t.Context())
		d.must(err)
		o := d.browse("officer", 1440, 900)
		o.Go("/ballots/" + id)
		o.Sound()
		o.Shot("ballot-over")
		roster := "/p/union/subjects/" + home.ID + "/rosters/employee"
		o.Go("/p/union/subjects/" + home.ID + "/ballots")
		o.Shot("ballots")
		o.Go(roster)
		o.Sound()
		o.Shot("roster")
		o.Fill("people", "钱一,B1\n钱二,B2\n钱三,B3\n钱四,B4")
		o.Click("#add button.main")
		o.Until("slips", `document.querySelectorAll(".slips .qr").length === 4`)
		o.Sound()
		o.Shot("slips")
	})
}
