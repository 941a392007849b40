package web

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// told calls the API and reads what comes back.
func told[T any](d *door, login, method, path string, body any) (out T) {
	d.Helper()
	status, answer := d.call(login, method, path, body)
	if status >= 300 {
		d.Fatalf("%s %s by %s: %d %s", method, path, login, status, answer)
	}
	d.must(json.Unmarshal([]byte(answer), &out))
	return out
}

// A roster by the API: codes are told once, what is wrong comes back by row, and a ballot is called, voted in and told.
func TestRostersByTheAPI(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		roster, ballots := "/subjects/"+d.subjects[0].ID+"/rosters/employee", "/subjects/"+d.subjects[0].ID+"/ballots"
		type slips []struct{ Voice, Name, Code string }
		if status, body := d.call("officer", "POST", roster, obj{"rows": []obj{{"name": "王芳", "number": "A1"}, {"name": " "}}}); status != 422 || !strings.Contains(body, "body.rows[1].name") {
			t.Errorf("a row without a name: %d %s", status, body)
		}
		var people []obj
		for i := range 5 {
			people = append(people, obj{"name": fmt.Sprint("王", i), "number": fmt.Sprint("A", i)})
		}
		added := told[struct {
			Slips slips
			Known int
		}](d, "officer", "POST", roster, obj{"rows": people})
		if again := told[struct{ Known int }](d, "officer", "POST", roster, obj{"rows": people}); len(added.Slips) != 5 || again.Known != 5 {
			t.Fatalf("%d slips, then %d known", len(added.Slips), again.Known)
		}
		_, err := d.site.Speak(d.Context(), "test", added.Slips[0].Code)
		d.must(err)
		list := told[struct {
			Total, Used int
			Voices      []obj
		}](d, "officer", "GET", roster+"?search=王0", nil)
		if list.Total != 1 || list.Used != 1 || len(list.Voices) != 1 {
			t.Errorf("listed %+v", list)
		}
		if status, _ := d.call("officer", "POST", roster+"/codes", obj{"voices": []string{added.Slips[0].Voice}}); status != 403 {
			t.Errorf("a code for one who has spoken, by his own officer: %d", status)
		}
		if fresh := told[slips](d, "officer", "POST", roster+"/codes", obj{}); len(fresh) != 4 || fresh[0].Code == added.Slips[1].Code {
			t.Errorf("new codes %+v", fresh)
		}
		if _, err := d.site.Speak(d.Context(), "test", added.Slips[1].Code); err == nil {
			t.Error("an old code works")
		}

		call := obj{"form": "appraisal", "closes": "2026-07-10"}
		if status, body := d.call("officer", "POST", ballots, obj{"form": "appraisal", "closes": "2020-01-01"}); status != 422 || !strings.Contains(body, "body.closes") {
			t.Errorf("closed before it is called: %d %s", status, body)
		}
		id := d.called("officer", "POST", ballots, call, "id")
		if status, _ := d.call("officer", "POST", ballots, call); status != 409 {
			t.Errorf("called twice: %d", status)
		}
		d.called("employee", "POST", "/ballots/"+id+"/vote", obj{"values": obj{"overall": "satisfied"}})
		type state struct {
			Over           bool
			Invited, Votes int
			Tally          map[string]int
		}
		if b := told[[]state](d, "officer", "GET", ballots, nil); len(b) != 1 || b[0].Invited != 6 || b[0].Votes != 1 || b[0].Tally != nil {
			t.Errorf("while it runs %+v", b)
		}
		link := d.called("officer", "POST", "/ballots/"+id+"/link", obj{"open": true}, "link")
		if status, _ := d.get("", link); status != 200 {
			t.Errorf("the ballot's link: %d", status)
		}
		if status, _ := d.call("employee", "POST", "/ballots/"+id+"/link", obj{"open": false}); status != 403 {
			t.Errorf("closed by an employee: %d", status)
		}
		if status, _ := d.call("officer", "POST", "/ballots/"+id+"/stop", obj{"reason": "不满意的多"}); status != 403 {
			t.Errorf("stopped by the one it is about: %d", status)
		}
		d.called("assessor", "POST", "/ballots/"+id+"/stop", obj{"reason": "名册有误"})
		if b := told[state](d, "officer", "GET", "/ballots/"+id, nil); !b.Over || b.Tally != nil {
			t.Errorf("broken off %+v", b)
		}
		if status, _ := d.get("", link); status != 409 {
			t.Errorf("its link: %d", status)
		}
		d.called("officer", "POST", roster+"/revoke", obj{"voices": []string{added.Slips[4].Voice}})
		if list := told[struct{ Total int }](d, "officer", "GET", roster, nil); list.Total != 4 {
			t.Errorf("%d after one was taken off", list.Total)
		}
		for login, want := range map[string]int{"employee": 403, "foreign": 404} {
			for _, x := range []struct {
				method, path string
				body         any
			}{{"GET", roster, nil}, {"POST", roster, obj{"rows": people}}, {"POST", roster + "/codes", obj{}}, {"POST", roster + "/revoke", obj{"voices": []string{"x"}}}, {"POST", ballots, call}} {
				if status, body := d.call(login, x.method, x.path, x.body); status != want {
					t.Errorf("%s %s by %s: %d %s, want %d", x.method, x.path, login, status, body, want)
				}
			}
		}
	})
}

// What was gained and what breaks a promise, by the API, as on their pages; and the accused office finds out nothing by these addresses.
func TestPromisesByTheAPI(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home := d.closeLoop()
		accusation := d.called("m1", "POST", "/matters", obj{"subject": home, "name": "accusation", "values": obj{"about": "账目不清", "charge": "报销造假"}}, "matter", "id")
		proposal := d.called("m1", "POST", "/matters", obj{"subject": home, "name": "proposal", "values": obj{"title": "食堂排队", "reason": "太久"}}, "matter", "id")
		act := func(login, id string, body obj) {
			t.Helper()
			d.called(login, "POST", "/matters/"+id+"/act", body)
		}
		act("chair", proposal, obj{"kind": "act", "action": "accept"})
		act("chair", proposal, obj{"kind": "act", "action": "start", "forms": obj{"plan": obj{"steps": "错峰", "due": "2026-07-20"}}})
		act("chair", proposal, obj{"kind": "act", "action": "done", "forms": obj{"result": obj{"done": "错峰"}}})
		ballot := d.called("m1", "GET", "/matters/"+proposal, nil, "ballot", "id")
		d.called("m1", "POST", "/ballots/"+ballot+"/vote", obj{"values": obj{"overall": "satisfied"}})
		act("chair", proposal, obj{"kind": "file", "forms": obj{"gain": obj{"measure": "排队分钟", "before": 20, "after": 6.5, "persons": 480}}})
		act("m1", proposal, obj{"kind": "act", "action": "confirm"})
		b := told[struct {
			Total    struct{ Matters, Persons int }
			Years    []struct{ Year, Persons int }
			Benefits []struct {
				Matter, On    string
				Before, After float64
				Persons       int
			}
		}](d, "m2", "GET", "/programmes/loop/benefits?year=2026", nil)
		if b.Total.Persons != 480 || len(b.Years) != 1 || len(b.Benefits) != 1 || b.Benefits[0].Matter != proposal || b.Benefits[0].After != 6.5 || b.Benefits[0].On != "2026-06-30" {
			t.Errorf("benefits %+v", b)
		}

		waits := d.called("m1", "POST", "/matters", obj{"subject": home, "name": "proposal", "values": obj{"title": "修路灯", "reason": "太暗"}}, "matter", "id")
		d.later(60)
		type promises []struct {
			Programme     string
			Broken        [3]int
			Matters, Over int
			Overdue       int
			Units         []struct{ Broken [3]int }
			Breaches      []struct{ Kind, Matter string }
		}
		if p := told[promises](d, "chair", "GET", "/promises?programme=loop&unit="+d.subjects[0].Unit, nil); len(p) != 1 || p[0].Broken != [3]int{0, 1, 0} || p[0].Matters != 2 || p[0].Over != 1 ||
			len(p[0].Units) != 1 || p[0].Units[0].Broken[1] != 1 || p[0].Breaches[0].Kind != string(bihuan.BreachUnanswered) || p[0].Breaches[0].Matter != waits {
			t.Errorf("promises %+v", p)
		}
		if p := told[promises](d, "east", "GET", "/promises?programme=loop", nil); p[0].Matters != 3 || p[0].Overdue != 2 { // who may know of the accusation
			t.Errorf("seen from the town: %+v", p)
		}
		if c := told[struct{ Checked int }](d, "judge", "POST", "/programmes/union/promises/check", nil); c.Checked != 0 {
			t.Errorf("checked %d", c.Checked)
		}
		secret := regexp.MustCompile("账目不清|报销造假|accusation|检举|演示m1|" + accusation + "|" + d.called("m1", "GET", "/matters/"+accusation, nil, "code"))
		for path, want := range map[string]int{"/promises": 200, "/promises?programme=loop": 200, "/programmes/loop/benefits": 200, "/programmes/loop/benefits?subject=" + home: 200,
			"/subjects/" + home + "/rosters/member": 200, "/subjects/" + home + "/ballots": 200, "/rounds/nothing/objections": 404} {
			if status, body := d.call("chair", "GET", path, nil); status != want || secret.MatchString(body) {
				t.Errorf("the accused office at %s: %d %s", path, status, body)
			}
		}
		for _, path := range []string{"/programmes/loop/promises/check", "/programmes/union/promises/check"} {
			if status, body := d.call("chair", "POST", path, nil); status != 403 || secret.MatchString(body) {
				t.Errorf("the accused office checks at %s: %d %s", path, status, body)
			}
		}
	})
}

// Objections and an appeal by the API: raised, listed without the name of who raised them, answered; the second told so.
func TestObjectionsByTheAPI(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		ctx, system := d.Context(), bihuan.System()
		r, err := d.site.OpenRound(ctx, system, bihuan.NewRound{Programme: "union", Unit: "330482"})
		d.must(err)
		for step, _ := r.UnderWay(); step.Name != bihuan.Publicity; step, _ = r.UnderWay() {
			r, err = d.site.CloseStep(ctx, system, r.ID, step.Name)
			d.must(err)
		}
		round, subject := "/rounds/"+r.ID, d.subjects[0].ID
		objection := obj{"subject": subject, "clause": "1.1.2", "body": "会员人数没有算对"}
		id := d.called("employee", "POST", round+"/objections", objection, "id")
		if status, _ := d.call("employee", "POST", round+"/objections", objection); status != 409 {
			t.Errorf("objected twice: %d", status)
		}
		type list []struct {
			ID, Outcome, Answer string
			FiledBy             string `json:"filed_by"`
		}
		for login, name := range map[string]string{"officer": "", "judge": "示例employee", "employee": "示例employee"} {
			if l := told[list](d, login, "GET", round+"/objections?subject="+subject, nil); len(l) != 1 || l[0].ID != id || l[0].Outcome != "open" || l[0].FiledBy != name {
				t.Errorf("%s reads %+v", login, l)
			}
		}
		if status, _ := d.call("officer", "POST", round+"/appeals", objection); status != 409 {
			t.Errorf("an appeal before the decision: %d", status)
		}
		if status, _ := d.call("officer", "POST", "/objections/"+id+"/answer", obj{"upheld": true, "answer": "成立"}); status != 403 {
			t.Errorf("answered by the officer: %d", status)
		}
		d.called("judge", "POST", "/objections/"+id+"/answer", obj{"upheld": false, "answer": "按登记核对无误"})
		if status, _ := d.call("judge", "POST", "/objections/"+id+"/answer", obj{"upheld": true, "answer": "成立"}); status != 409 {
			t.Errorf("answered twice: %d", status)
		}
		if l := told[list](d, "officer", "GET", round+"/objections", nil); l[0].Outcome != "rejected" || l[0].Answer != "按登记核对无误" {
			t.Errorf("answered %+v", l)
		}
		d.later(60)
		_, err = d.site.Decide(ctx, system, r.ID)
		d.must(err)
		if status, body := d.call("officer", "POST", round+"/appeals", obj{"subject": subject, "clause": "9.9.9", "body": "请复核"}); status != 422 || !strings.Contains(body, "body.clause") {
			t.Errorf("an appeal on a clause that is not there: %d %s", status, body)
		}
		appeal := d.called("officer", "POST", round+"/appeals", objection, "id")
		if status, _ := d.call("officer", "POST", round+"/appeals", objection); status != 409 {
			t.Errorf("appealed twice: %d", status)
		}
		if status, body := d.call("officer", "GET", "/matters?name=appeal&round="+r.ID, nil); status != 200 || !strings.Contains(body, appeal) {
			t.Errorf("appeals: %d %s", status, body)
		}
		d.called("judge", "POST", "/matters/"+appeal+"/act", obj{"kind": "act", "action": "refuse", "forms": obj{"answer": obj{"text": "没有新的理由"}}})
		if m, err := d.site.Matter(ctx, system, appeal); err != nil || m.Meaning != programme.Answered {
			t.Errorf("answered: %+v, %v", m.Matter, err)
		}
	})
}
