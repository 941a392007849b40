package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
)

// A round runs through the pages from opening to a decision that a visitor reads and recomputes.
func TestRoundThroughThePages(t *testing.T) {
	throughTheDoor(t, 4, func(d *door) {
		hero := d.subjects[0]
		round := d.openRound()
		result := round + "/subjects/" + hero.ID
		d.page("judge", round, "自评", "镇街道评估", "市评定", "公示", "还有 29 天", "提交 0 / 4")

		// The officer hands in his own, and nobody else's.
		d.page("officer", round, hero.Name, "全部提交")
		if status, _ := d.post("officer", round+"/submit", url.Values{"party": {"self"}, "subject": {d.subjects[1].ID}}); status != http.StatusForbidden && status != http.StatusNotFound {
			t.Errorf("an officer hands in another's column: %d", status)
		}
		if status, body := d.post("officer", round+"/submit", url.Values{"party": {"self"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "还没有选择对象") {
			t.Errorf("nothing ticked: %d", status)
		}
		d.done("officer", round+"/submit", url.Values{"party": {"self"}, "subject": {hero.ID}})
		d.page("judge", round, "提交 1 / 4")
		if status, _ := d.post("officer", round+"/close", url.Values{"step": {"self"}}); status != http.StatusForbidden {
			t.Errorf("an officer closes a step: %d", status)
		}
		d.done("judge", round+"/close", url.Values{"step": {"self"}})
		if status, body := d.post("judge", round+"/close", url.Values{"step": {"self"}}); status != http.StatusConflict {
			t.Errorf("a step closed twice: %d %.300s", status, mainPart(body))
		}

		// The town judges with a reason, and hands in all; the city too.
		d.judgeAll("assessor", round)
		d.done("assessor", round+"/submit", url.Values{"party": {"town"}, "all": {"1"}})
		d.done("judge", round+"/close", url.Values{"step": {"town"}})
		d.judgeAll("judge", round)
		d.done("judge", round+"/submit", url.Values{"party": {"city"}, "all": {"1"}})
		d.done("judge", round+"/close", url.Values{"step": {"city"}})

		// Results are published: the officer objects, the city answers, nobody decides before its time.
		d.page("officer", result, "提出异议")
		if status, body := d.post("officer", result+"/objections", url.Values{"clause": {"2.1.3"}, "body": {" "}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, `value="2.1.3" selected`) {
			t.Errorf("an empty objection: %d", status)
		}
		d.done("officer", result+"/objections", url.Values{"clause": {"2.1.3"}, "body": {"述职报告已补交，请复核"}})
		page := d.page("judge", result, "述职报告已补交", "异议是否成立")
		id := between(page, `action="/objections/`, `/answer"`)
		if status, body := d.post("judge", "/objections/"+id+"/answer", url.Values{"round": {strings.TrimPrefix(round, "/rounds/")}, "subject": {hero.ID}, "answer": {"没有选"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "没有选</textarea>") {
			t.Errorf("an answer that does not say whether it is upheld: %d", status)
		}
		d.done("judge", "/objections/"+id+"/answer", url.Values{"round": {strings.TrimPrefix(round, "/rounds/")}, "subject": {hero.ID}, "upheld": {"no"}, "answer": {"截止日后补交，计入下一年度"}})
		if status, body := d.post("judge", "/objections/"+id+"/answer", url.Values{"round": {strings.TrimPrefix(round, "/rounds/")}, "subject": {hero.ID}, "upheld": {"yes"}, "answer": {"成立"}}); status != http.StatusConflict || !strings.Contains(body, "答复：异议不成立") {
			t.Errorf("answered twice: %d\n%s", status, mainPart(body))
		}
		if status, _ := d.post("judge", round+"/decide", url.Values{"sure": {"1"}}); status != http.StatusConflict {
			t.Errorf("decided during publicity: %d", status)
		}
		if status, _ := d.get("", round); status != http.StatusUnauthorized {
			t.Errorf("a visitor sees a round before it is decided: %d", status)
		}
		d.later(30)
		d.page("judge", round, "现在：评定")
		if status, _ := d.post("judge", round+"/decide", nil); status != http.StatusUnprocessableEntity {
			t.Errorf("decided without the confirmation: %d", status)
		}
		d.done("judge", round+"/decide", url.Values{"sure": {"1"}})
		if status, body := d.post("judge", round+"/decide", url.Values{"sure": {"1"}}); status != http.StatusConflict || !strings.Contains(body, "示例judge") {
			t.Errorf("decided twice: %d", status)
		}

		// What failed is followed up, and everybody can count it; the one assessed appeals.
		d.page("officer", result, "申请复核", "可以申请到")
		if status, _ := d.post("officer", result+"/appeals", url.Values{"clause": {"2.1.3"}, "body": {""}}); status != http.StatusUnprocessableEntity {
			t.Errorf("an empty appeal: %d", status)
		}
		d.done("officer", result+"/appeals", url.Values{"clause": {"2.1.3"}, "body": {"请复核述职情况"}})
		d.page("officer", result, "待受理")
		for _, who := range []string{"", "officer", "judge"} {
			promises := d.page(who, "/promises", "有问题必有下文", "有诉求必有回音", "有数字必有依据", "违诺 0 件")
			hygiene(t, promises)
			if strings.Contains(promises, "全部重新计算") != (who == "judge") {
				t.Errorf("who may have all computed anew: %q", who)
			}
		}
		d.done("judge", "/promises/check", url.Values{"programme": {"union"}})
		d.page("judge", "/promises?programme=union", "上次全部重算", "4 个")
		if status, _ := d.post("officer", "/promises/check", url.Values{"programme": {"union"}}); status != http.StatusForbidden {
			t.Errorf("an officer has all computed anew: %d", status)
		}
		hygiene(t, d.page("", "/p/union/benefits", "还没有确认的得益"))

		// A visitor reads the decision with its reasons, and neither evidence nor names; it recomputes.
		page = d.page("", result+"?recompute", "逐条理由", "截止日后补交", "重新计算：一致")
		for _, hidden := range []string{"/evidence/", "示例judge", "示例officer", "示例assessor"} {
			if strings.Contains(page, hidden) {
				t.Errorf("a visitor reads %q", hidden)
			}
		}
		d.page("", round, hero.Name)
		d.page("", "/p/union", "已评定")
		d.page("officer", result, "/evidence/")

		// A matter about a clause is called by it in both languages; an appeal is offered as long as it can be made.
		d.page("officer", "/p/union/matters/appeal", "2.1.3 年度述职")
		d.speak("officer", "en")
		d.page("officer", "/p/union/matters/appeal", "2.1.3 Annual duty report")
		d.later(60)
		if strings.Contains(d.page("officer", result), `action="`+result+`/appeals"`) {
			t.Error("an appeal is offered after its days")
		}
	})
}

// Objections and an appeal as pages lead through them: who took his objection back stays unnamed, what was upheld or granted is judged anew
// in the round from the page of its result, and who had a part in a result reads that he stands aside.
func TestJudgedAnew(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		_, err := d.site.CreateAccount(d.Context(), bihuan.System(), bihuan.NewAccount{Login: "second", Name: "示例second", Password: password,
			Grants: []bihuan.Grant{{Programme: "union", Role: "judge", Unit: "330482"}}})
		d.must(err)
		round, hero := d.openRound(), d.subjects[0]
		id, result := strings.TrimPrefix(round, "/rounds/"), round+"/subjects/"+hero.ID
		for _, step := range []string{"self", "town", "city"} {
			d.done("judge", round+"/close", url.Values{"step": {step}})
		}
		path := "/p/union/subjects/" + hero.ID + "/judge/2.1.5"
		anew := path + "?round=" + id
		noLink := func(login, why string) {
			t.Helper()
			if strings.Contains(d.page(login, result), anew) {
				t.Errorf("%s may judge anew: %s", login, why)
			}
		}

		d.done("employee", result+"/objections", url.Values{"clause": {"1.2.1"}, "body": {"例会次数算错了"}})
		d.did("employee", "/matters/"+between(d.page("employee", "/p/union/matters/objection"), `href="/matters/`, `"`), "withdraw:", map[string][]string{"_reason": {"我是三车间的"}})
		for lang, word := range map[string]string{"zh": "已撤回", "en": "withdrawn"} {
			d.speak("officer", lang)
			for _, page := range []string{result, round} {
				body := d.page("officer", page, word)
				if strings.Contains(body, "示例employee") || strings.Contains(body, "三车间") || strings.Contains(body, ">待答复<") || strings.Contains(body, ">open<") {
					t.Errorf("%s names who took his objection back, or calls it open: %s", page, mainPart(body))
				}
			}
		}

		d.done("officer", result+"/objections", url.Values{"clause": {"2.1.5"}, "body": {"走访人数太少"}})
		noLink("judge", "nothing is upheld")
		objection := between(d.page("judge", result), `action="/objections/`, `/answer"`)
		d.done("judge", "/objections/"+objection+"/answer", url.Values{"round": {id}, "subject": {hero.ID}, "upheld": {"yes"}, "answer": {"再走访一次"}})
		d.page("judge", result, anew, "成立，待更正")
		d.page("judge", round, "件待更正")
		noLink("officer", "he is no judge")
		if status, answer := d.call("judge", "POST", "/rounds/"+id+"/decide", nil); status != http.StatusConflict {
			t.Errorf("decided before anything is corrected: %d %s", status, answer)
		}
		judged := url.Values{"round": {id}, "points": {"1.2"}, "reason": {"再次走访"}}
		if to := d.done("judge", path, judged); to != result+"#clause-2.1.5" {
			t.Errorf("judged, and on to %s", to)
		}
		d.later(30)
		d.done("judge", round+"/decide", url.Values{"sure": {"1"}})
		noLink("judge", "it is decided")

		d.done("officer", result+"/appeals", url.Values{"clause": {"2.1.5"}, "body": {"仍然偏低"}})
		appeal := "/matters/" + between(d.page("officer", result), `href="/matters/`, `"`)
		for _, x := range [][2]string{{"zh", "应当回避"}, {"en", "stand aside"}} { // he goes on in English
			d.speak("judge", x[0])
			hygiene(t, d.page("judge", appeal, x[1]))
		}
		if status, body := d.send("judge", appeal, map[string][]string{"_do": {"accept"}, "_stage": {"asked"}}, nil); status != http.StatusForbidden || !strings.Contains(body, "you had a part in the result") {
			t.Errorf("recused, he accepts: %d %s", status, mainPart(body))
		}
		d.did("second", appeal, "act:accept", nil)
		noLink("second", "nothing is granted")
		d.did("second", appeal, "act:change", map[string][]string{"text": {"申请成立"}})
		hygiene(t, d.page("second", appeal, result, "先到"))
		d.page("second", result, anew)
		noLink("judge", "he is recused")
		judged.Set("points", "1.9")
		d.done("second", path, judged)
		d.did("second", appeal, "act:corrected", nil)
		d.page("", result, "复核更正", "已被更正", "现行")
	})
}

// judgeAll judges what waits in a round, one clause after the other, as the pages lead.
func (d *door) judgeAll(login, round string) {
	d.Helper()
	_, to := d.get(login, round+"/judge")
	for n := 0; strings.Contains(to, "/judge/"); n++ {
		if n > 40 {
			d.Fatal("judging does not end")
		}
		page := d.page(login, to, "规范怎么说")
		path, _, _ := strings.Cut(to, "?")
		form := url.Values{"round": {strings.TrimPrefix(round, "/rounds/")}, "reason": {"看过材料"}}
		if strings.Contains(page, `name="level"`) {
			form.Set("level", "B")
		} else {
			form.Set("points", "1.5")
		}
		if n == 0 {
			lame := url.Values{"round": form["round"], "level": form["level"], "points": form["points"], "reason": {""}}
			if status, body := d.post(login, path, lame); status != http.StatusUnprocessableEntity || !strings.Contains(body, "err-reason") {
				d.Errorf("judged without a reason: %d", status)
			}
		}
		to = d.done(login, path, form)
	}
}

func between(s, before, after string) string {
	_, rest, _ := strings.Cut(s, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}
