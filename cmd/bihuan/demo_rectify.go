package main

import (
	"fmt"
	"hash/fnv"
	"slices"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// putRight is the month after the decision: the unions file what was missing, the city waives what nobody can make good, and some
// unions let the month pass.
func (h *history) putRight(round string) error {
	open, err := h.rectifications(round)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, m := range open {
		if idle(m) {
			continue
		}
		day := mustDay("2025-07-10") + programme.Day(luckOf(m.Subject.Key, m.Clause)%22)
		for _, f := range h.remedy(m.Clause, day) {
			if key := m.Subject.Key + f.Form; f.Form == programme.JudgementForm || !done[key] {
				done[key] = true
				f.Subject, f.On = m.Subject.Key, day
				p := h.past(f)
				p.as = h.filer(p.Filing)
				h.filings = append(h.filings, p)
				h.total++
			}
		}
	}
	slices.SortStableFunc(h.filings, func(a, b past) int { return a.at.Compare(b.at) })
	if err := h.until("2025-08-05"); err != nil {
		return err
	}
	if open, err = h.rectifications(round); err != nil {
		return err
	}
	judge := bihuan.Actor{ID: h.who["judge"].ID, Name: h.who["judge"].Name, Grants: h.who["judge"].Grants} // without the system's power: a waiver is a person's
	waived := map[string][]bihuan.Picked{}
	for _, m := range open {
		if why := waivers[m.Clause]; why != "" && !idle(m) {
			waived[why] = append(waived[why], bihuan.Picked{ID: m.ID})
		}
	}
	for why, list := range waived {
		for part := range slices.Chunk(list, bihuan.MostTogether) {
			lines, err := h.site.ActOnMany(h.ctx, judge, bihuan.Batch{Matters: part, Move: bihuan.Move{Kind: programme.EventAct, Action: "waive", Reason: why}})
			if err != nil {
				return err
			}
			for _, l := range lines {
				if !l.Done {
					return fmt.Errorf("waive %s: %s", l.Called.Zh, l.Why.En)
				}
			}
		}
	}
	return nil
}

// waivers are the reasons for which the city waives what cannot be put right any more.
var waivers = map[string]string{
	"1.1.2": "入会率须逐月发展会员，已列入下一年度考核跟踪。（示例）",
	"1.1.7": "建会日期已成事实，不能倒补，免予整改。（示例）",
	"1.1.8": "项目落地和投产日期已过，不能倒补，免予整改。（示例）",
	"2.2.1": "任职一年的培训期限已过，不能倒补；已列入下期培训班。（示例）",
}

// rectifications are those of a round that run.
func (h *history) rectifications(round string) (open []bihuan.Matter, err error) {
	for {
		page, err := h.site.Matters(h.ctx, bihuan.System(), bihuan.MatterQuery{Programme: h.p.Name, Name: "rectification", Round: round, State: "open", Sort: "raised",
			Page: bihuan.Page{Offset: len(open), Limit: 1000}})
		open = append(open, page.Matters...)
		if err != nil || len(page.Matters) == 0 || len(open) >= page.Total {
			return open, err
		}
	}
}

// idle are the few unions that do nothing.
func idle(m bihuan.Matter) bool { return m.Subject.Key != enterprise && luckOf(m.Subject.Key)%20 == 0 }

func luckOf(of ...string) uint32 {
	luck := fnv.New32a()
	fmt.Fprint(luck, of)
	return luck.Sum32()
}

// remedy is invented evidence that meets a clause, as filed on a day of the demo's data; none where there can be none.
func (h *history) remedy(clause string, day programme.Day) []exchange.Filing {
	on, proof := day.String(), []any{h.sample}
	later := func(years int) string { return (day + programme.Day(365*years)).String() }
	form := map[string]string{"1.1.1": "setup", "1.1.3": "organisation", "2.1.2": "organisation", "1.1.4": "funds", "1.1.5": "funds", "1.1.6": "rulebook", "1.2.1": "meeting",
		"1.2.2": "congress", "1.2.3": "disclosure", "1.2.5": "contract", "1.2.6": "channel", "1.3.1": "site", "1.3.2": "home", "1.3.4": "service", "1.3.5": "women_care",
		"1.3.6": "appraisal", "2.1.1": "chair", "2.1.3": "duty_report", "2.2.2": "certificate", "2.3.1": "certificate", "2.2.3": "training"}[clause]
	values := map[string]map[string]any{
		"setup":        {"elected": true, "founded": on, "term_start": on, "term_end": later(3), "approval_no": "平示工〔2025〕补", "approval": proof},
		"organisation": {"committee": 5, "audit": "committee", "women": "committee", "groups": 3, "cadres": 9},
		"funds":        {"year": 2024, "wages": 1200000, "paid": 24000, "account": "own_books", "audited": true, "published": true},
		"rulebook":     {"in_force": []any{"election", "congress", "openness", "appraisal", "funds"}},
		"meeting":      {"held": on, "kind": "committee", "due": 5, "present": 5, "topic": "整改事项（示例）"},
		"congress":     {"held": on, "kind": "everybody", "entitled": 60, "present": 52, "in_favour": 49},
		"disclosure":   {"posted": on, "topic": "funds", "comments": 1, "late": 0},
		"contract":     {"signed": on, "until": later(3), "passed": true, "wages": true, "number": "示备2025-补", "copy": proof},
		"channel":      {"box": true, "code": true, "desk": "工会办公室", "promise": 15},
		"site":         {"plaque": true, "seal": true, "board": true, "area": "36.0", "hours": 20, "photo": proof},
		"home":         {"activity_room": true, "reading_corner": true, "talk_corner": true, "photo": proof},
		"service":      {"held": on, "kind": "health", "persons": 40, "topic": "高温慰问（示例）"},
		"women_care":   {"agreement": true, "checkup": true},
		"appraisal":    {"invited": 40, "cast": 36, "satisfied": 27, "basically": 7, "dissatisfied": 2},
		"chair":        {"taken_office": on, "relation": "none", "posted_from": (day - 9).String(), "posted_to": (day - 2).String(), "entitled": 60, "present": 54, "votes": 47},
		"duty_report":  {"reported": on, "before": "members", "report": proof},
		"certificate":  {"number": "示证2025补", "grade": "third", "issued": on, "until": later(3), "photo": proof},
		"training":     {"done": on, "who": "member", "course": "special", "hours": "16.0"},
	}[form]
	if form == "" {
		return nil
	}
	by := "self"
	if form == "appraisal" {
		by = "employee"
	}
	list := []exchange.Filing{{Form: form, By: by, Values: values}}
	if form == "duty_report" {
		list = append(list, exchange.Filing{Form: programme.JudgementForm, By: "city", Values: map[string]any{"clause": clause, "level": "B", "reason": "补充述职，事实清楚（示例）"}})
	}
	return list
}
