package web

import (
	"strings"
	"testing"
)

// The page of a subject says what its people gained this year, once they confirmed it, and leads to the records.
func TestGainedOnSubjectPage(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		home := d.closeLoop()
		page := "/p/loop/subjects/" + home
		gain := func(before, after string, persons int) {
			id := d.called("m1", "POST", "/matters", obj{"subject": home, "name": "proposal", "values": obj{"title": "食堂排队", "reason": "太久"}}, "matter", "id")
			act := func(login string, do obj) { d.called(login, "POST", "/matters/"+id+"/act", do) }
			act("chair", obj{"kind": "act", "action": "accept"})
			act("chair", obj{"kind": "act", "action": "start", "forms": obj{"plan": obj{"steps": "错峰", "due": "2026-07-20"}}})
			act("chair", obj{"kind": "act", "action": "done", "forms": obj{"result": obj{"done": "错峰"}}})
			d.called("m1", "POST", "/ballots/"+d.called("m1", "GET", "/matters/"+id, nil, "ballot", "id")+"/vote", obj{"values": obj{"overall": "satisfied"}})
			act("chair", obj{"kind": "file", "forms": obj{"gain": obj{"measure": "排队分钟", "before": before, "after": after, "persons": persons}}})
			if body := d.page("chair", page); strings.Contains(body, "<b>"+after+"</b>") {
				t.Error("what is not confirmed yet stands there")
			}
			act("m1", obj{"kind": "act", "action": "confirm"})
		}
		if body := d.page("chair", page); strings.Contains(body, `id="gained"`) {
			t.Error("there is nothing yet, and it says so")
		}
		gain("20", "6.5", 480)
		gain("10", "2.2", 20)
		for _, login := range []string{"chair", ""} { // proposals are public
			body := d.page(login, page, "今年确认得益 2 件，500 人次", "排队分钟", "2 件合计", "8.7", "/p/loop/benefits?subject="+home+"&amp;year=2026")
			hygiene(t, body)
			hygiene(t, d.page(login, "/p/loop/benefits?subject="+home+"&year=2026", "食堂排队", "6.5", "东一之家"))
		}
		d.speak("chair", "en")
		hygiene(t, d.page("chair", page, "Benefits confirmed this year: 2; people reached: 500.", "sum of 2"))
		d.speak("chair", "zh")
		d.later(300)
		d.page("", page, "今年还没有确认的得益；以往 2 件，500 人次")
	})
}
