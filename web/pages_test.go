package web

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// An officer files a form on a phone without scripts: wrong first, then right with a photo, twice by accident; then corrects
// and withdraws it. Nothing typed is lost, nothing is filed twice, and the score follows.
func TestFilingFromTodoToWithdrawal(t *testing.T) {
	throughTheDoor(t, 3, func(d *door) {
		hero := d.subjects[0]
		page := "/p/union/subjects/" + hero.ID
		form := page + "/file/roster"
		d.page("officer", "/todo", hero.Name)
		d.page("officer", page, hero.Name, "1.1.2", "会员人数 450 人")
		once := d.value("officer", form, "_once")

		status, body := d.send("officer", form, map[string][]string{"employees": {"480"}, "members": {"４９２"}, "women_members": {"100"}, "_once": {once}}, nil)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "会员不能多于职工") || !strings.Contains(body, `value="480"`) || !strings.Contains(body, `value="４９２"`) {
			t.Fatalf("a wrong form: %d\n%s", status, mainPart(body))
		}

		right := map[string][]string{"employees": {"480"}, "members": {"462"}, "women_members": {"100"}, "_once": {once}}
		status, to := d.send("officer", form, right, map[string][]byte{"photo": photo(t)})
		if status != http.StatusSeeOther || !strings.HasSuffix(to, "/moved") {
			t.Fatalf("a right form: %d %s", status, mainPart(to))
		}
		moved := d.page("officer", to, "已填报", "1.1.2", "+1")
		if status, again := d.send("officer", form, right, nil); status != http.StatusSeeOther || again != to {
			t.Errorf("pressed twice: %d %s, want %s", status, mainPart(again), to)
		}
		list := d.page("officer", page+"/evidence?form=roster")
		evidence := strings.TrimSuffix(to, "/moved")
		if strings.Count(list, "462") != 1 || !strings.Contains(moved, evidence) {
			t.Errorf("filed once, but listed as\n%s", mainPart(list))
		}
		d.page("officer", page, "462")

		body = d.page("officer", evidence, "462", "1.1.2", "<img", "更正")
		picture := regexp.MustCompile(evidence + `/files/\w+`).FindString(body)
		if answer, err := d.as("officer").Get(d.url + picture); err != nil || answer.Header.Get("Content-Type") != "image/jpeg" || answer.StatusCode != 200 {
			t.Errorf("the photo: %v %v", answer, err)
		}

		correction := form + "?supersedes=" + strings.TrimPrefix(evidence, "/evidence/")
		d.page("officer", correction, `value="462"`, "正在更正", picture)
		right = map[string][]string{"employees": {"480"}, "members": {"460"}, "women_members": {"100"}, "_supersedes": {strings.TrimPrefix(evidence, "/evidence/")}, "_once": {d.value("officer", correction, "_once")}}
		status, to = d.send("officer", form, right, nil)
		if status != http.StatusSeeOther {
			t.Fatalf("a correction: %d %s", status, mainPart(to))
		}
		corrected := strings.TrimSuffix(to, "/moved")
		d.page("officer", evidence, "已更正", corrected)

		if status, body := d.post("officer", corrected+"/withdraw", url.Values{"reason": {" "}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, `id="reason"`) {
			t.Errorf("withdrawn without a reason: %d", status)
		}
		if status, _ := d.post("foreign", corrected+"/withdraw", url.Values{"reason": {"mine"}}); status != http.StatusNotFound {
			t.Errorf("withdrawn by a foreigner: %d", status)
		}
		d.done("officer", corrected+"/withdraw", url.Values{"reason": {"数字抄错"}})
		d.page("officer", corrected, "数字抄错", "已撤回")
	})
}

// What is typed is kept for the one who typed it, and fields come and go with the answers.
func TestDraftsAndShape(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		page := "/p/union/subjects/" + d.subjects[0].ID
		if status, body := d.post("officer", page+"/draft/congress", url.Values{"kind": {"everybody"}, "present": {"不止十个"}}); status != http.StatusNoContent {
			t.Fatalf("draft: %d %s", status, body)
		}
		d.page("officer", page+"/file/congress", `value="不止十个"`, "草稿")
		if body := d.page("assessor", page+"/file/congress"); strings.Contains(body, "不止十个") {
			t.Error("somebody else's draft is shown")
		}
		for kind, shown := range map[string]bool{"everybody": false, "delegates": true} {
			status, body := d.post("officer", page+"/shape/congress", url.Values{"kind": {kind}})
			var fields []string
			if err := json.Unmarshal([]byte(body), &fields); err != nil || status != http.StatusOK || slices.Contains(fields, "managers") != shown || !slices.Contains(fields, "present") {
				t.Errorf("%s: %d %s %v", kind, status, body, err)
			}
		}
	})
}

// What is too much, or of the wrong kind, is refused in words.
func TestRefusals(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		page := "/p/union/subjects/" + d.subjects[0].ID
		long := strings.Repeat("长", 4<<20)
		if status, body := d.send("officer", page+"/file/meeting", map[string][]string{"topic": {long}}, nil); status != http.StatusRequestEntityTooLarge || !strings.Contains(body, "太长") || len(body) > 1<<20 {
			t.Errorf("12 MB of text in parts: %d, %d bytes", status, len(body))
		}
		if status, body := d.post("officer", page+"/file/meeting", url.Values{"topic": {long}}); status != http.StatusRequestEntityTooLarge || !strings.Contains(body, "太长") {
			t.Errorf("12 MB of text: %d, %d bytes", status, len(body))
		}
		if status, body := d.send("officer", page+"/file/meeting", map[string][]string{"topic": {strings.Repeat("长", 21_000)}}, nil); status != http.StatusUnprocessableEntity || !strings.Contains(body, "太长") {
			t.Errorf("21 000 characters: %d", status)
		}
		if status, body := d.send("officer", page+"/file/meeting", map[string][]string{"topic": {"x"}}, map[string][]byte{"minutes": []byte("no picture at all")}); status != http.StatusUnprocessableEntity || !strings.Contains(body, `value="x"`) && !strings.Contains(body, ">x</textarea>") {
			t.Errorf("a text as a photo: %d %s", status, mainPart(body))
		}
		for name, x := range map[string]struct {
			body   []byte
			status int
		}{"huge.jpg": {make([]byte, 50<<20), http.StatusRequestEntityTooLarge}, "odd.exe": {[]byte("MZ\x90\x00 something"), http.StatusUnprocessableEntity}, "empty.jpg": {nil, http.StatusUnprocessableEntity}} {
			answer, err := d.as("officer").Post(d.url+"/uploads?name="+name, "application/octet-stream", bytes.NewReader(x.body))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var problem struct{ Title string }
			if err := json.NewDecoder(answer.Body).Decode(&problem); err != nil || answer.StatusCode != x.status || answer.Header.Get("Content-Type") != "application/problem+json" || problem.Title == "" {
				t.Errorf("%s: %d %q %v", name, answer.StatusCode, problem.Title, err)
			}
			answer.Body.Close()
		}
		answer, err := d.as("officer").Post(d.url+"/uploads?name=a.jpg", "image/jpeg", bytes.NewReader(photo(t)))
		d.must(err)
		var up struct {
			SHA256 string
			Image  bool
		}
		d.must(json.NewDecoder(answer.Body).Decode(&up))
		answer.Body.Close()
		for login, want := range map[string]int{"officer": http.StatusOK, "judge": http.StatusNotFound, "": http.StatusSeeOther} {
			if status, _ := d.get(login, "/uploads/"+up.SHA256); status != want || !up.Image {
				t.Errorf("%q looks at the officer's upload: %d, want %d", login, status, want)
			}
		}
	})
}

// Every page here answers those whom it is for, in both languages and as it should be made, and nobody else.
func TestPagesForWhom(t *testing.T) {
	throughTheDoor(t, 2, func(d *door) {
		hero := d.subjects[0]
		page := "/p/union/subjects/" + hero.ID
		list := d.page("officer", page+"/evidence")
		evidence := regexp.MustCompile(`/evidence/[0-9a-f-]{36}`).FindString(list)
		sign, no, may := http.StatusSeeOther, http.StatusNotFound, http.StatusForbidden
		for _, login := range []string{"", "employee", "officer", "foreign", "admin"} { // each with a browser in each language
			for _, lang := range []string{"zh", "en"} {
				d.speak(login, lang)
				d.people[login+" "+lang] = d.as(login)
				delete(d.people, login)
			}
		}
		for _, x := range []struct {
			path                                       string
			visitor, employee, officer, foreign, admin int
		}{
			{"/todo", sign, 200, 200, 200, 200},
			{"/me", sign, 200, 200, 200, 200},
			{page, no, 200, 200, no, 200},
			{page + "?on=2025-06-30&known=2025-07-15T12:00&only=lost&party=town", no, 200, 200, no, 200},
			{page + "?on=gestern&known=never", no, 200, 200, no, 200},
			{page + "/evidence", sign, 200, 200, no, 200},
			{page + "/evidence?form=roster&offset=7000", sign, 200, 200, no, 200},
			{page + "/file/roster", sign, may, 200, no, 200},
			{page + "/file/congress", sign, may, 200, no, 200},
			{page + "/file/subject", sign, may, 200, no, 200},
			{page + "/file/judgement", sign, no, no, no, no},
			{page + "/file/nothing", sign, no, no, no, no},
			{"/p/nothing/subjects/" + hero.ID, no, no, no, no, no},
			{evidence, sign, no, 200, no, 200},
			{"/evidence/nothing", sign, no, no, no, no},
		} {
			for login, want := range map[string]int{"": x.visitor, "employee": x.employee, "officer": x.officer, "foreign": x.foreign, "admin": x.admin} {
				for _, lang := range []string{"zh", "en"} {
					status, body := d.get(login+" "+lang, x.path)
					if status != want {
						t.Errorf("%q at %s: %d, want %d\n%.800s", login, x.path, status, want, mainPart(body))
						continue
					}
					if status != sign {
						hygiene(t, body)
					}
				}
			}
		}
		d.speak("employee", "zh")
		if body := d.page("employee", page, hero.Name); strings.Contains(body, `href="/evidence/`) || strings.Contains(body, "<table class=\"inputs") {
			t.Error("an employee is led to evidence that he may not read")
		}
	})
}

// The page looks back on both axes: the day it was true, and the moment it was known.
func TestLookingBack(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		page := "/p/union/subjects/" + d.subjects[0].ID
		d.page("officer", page+"?on=2025-06-30", "回看", "2025年6月30日")
		// Nothing was on record before the test filled the site, whatever days the evidence speaks of.
		d.page("officer", page+"?known=2026-01-01", "回看", "未填报")
		d.page("officer", page+"?on=soon", "请写成 2021-01-20")
	})
}

// A password is changed with the old one only; other sessions end. A token is shown once and lets a program in until revoked.
func TestMyAccount(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		d.as("officer")
		d.people["elsewhere"], d.people["officer"] = d.people["officer"], nil
		delete(d.people, "officer")
		d.page("officer", "/me", "企业工会")
		for _, wrong := range []url.Values{{"old": {"nonsense"}, "new": {"another-good-9"}, "again": {"another-good-9"}},
			{"old": {password}, "new": {"another-good-9"}, "again": {"another-good-8"}}, {"old": {password}, "new": {"short"}, "again": {"short"}}} {
			if status, body := d.post("officer", "/me/password", wrong); status < 400 || status >= 500 || !strings.Contains(body, `class="err"`) && !strings.Contains(body, "note bad") {
				t.Errorf("%v: %d", wrong, status)
			}
		}
		d.done("officer", "/me/password", url.Values{"old": {password}, "new": {"another-good-9"}, "again": {"another-good-9"}})
		d.page("officer", "/me", "密码已修改")
		if status, to := d.get("elsewhere", "/me"); status != http.StatusSeeOther || !strings.HasPrefix(to, "/login") {
			t.Errorf("the other session lives on: %d %s", status, to)
		}
		_, body := d.post("officer", "/me/tokens", url.Values{"name": {"报表"}, "days": {"30"}})
		token := regexp.MustCompile(`bh_[\w-]+`).FindString(body)
		if token == "" {
			t.Fatalf("no token: %s", mainPart(body))
		}
		ask := func() int {
			r, _ := http.NewRequest("GET", d.url+"/api/v1/tasks", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			answer, err := http.DefaultClient.Do(r)
			d.must(err)
			answer.Body.Close()
			return answer.StatusCode
		}
		if status := ask(); status != http.StatusOK {
			t.Errorf("with the token: %d", status)
		}
		body = d.page("officer", "/me", "报表")
		if strings.Contains(body, token) {
			t.Error("the token is shown again")
		}
		d.done("officer", regexp.MustCompile(`/me/tokens/[\w-]+/revoke`).FindString(body), nil)
		if status := ask(); status != http.StatusUnauthorized {
			t.Errorf("with a revoked token: %d", status)
		}
	})
}

// value gives what stands in a named input of a page.
func (d *door) value(login, path, name string) string {
	d.Helper()
	doc, err := html.Parse(strings.NewReader(d.page(login, path)))
	d.must(err)
	var found string
	for n := range doc.Descendants() {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		if at["name"] == name {
			found = at["value"]
		}
	}
	return found
}

// send posts a form in parts, as a browser without scripts does.
func (d *door) send(login, path string, fields map[string][]string, files map[string][]byte) (int, string) {
	d.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, list := range fields {
		for _, v := range list {
			d.must(w.WriteField(name, v))
		}
	}
	for name, content := range files {
		part, err := w.CreateFormFile(name, name+".jpg")
		d.must(err)
		_, err = part.Write(content)
		d.must(err)
	}
	d.must(w.Close())
	answer, err := d.as(login).Post(d.url+path, w.FormDataContentType(), io.NopCloser(&b))
	d.must(err)
	return d.read(answer)
}

// photo is a small picture.
func photo(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		m.Set(x, x%48, color.RGBA{13, 110, 93, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
