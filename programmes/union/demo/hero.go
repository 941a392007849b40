//go:build ignore

package main

import "encoding/json"

// hero files, by hand, the evidence of the enterprise that the browser test walks through: complete, filed by itself, seen by
// the town and the city, and a little short of five stars. The town and the city override none of its forms, so that what its
// officer files moves its score: a roster with 456 or more members of 480 is worth a point and the fifth star.
func (e *enterprise) hero() {
	f := func(form, by, on string, values v) { e.file(form, by, day(on), values) }
	f("setup", "self", "2025-03-05", proof("approval", v{"elected": true, "founded": "2022-03-01", "term_start": "2025-03-01", "term_end": "2028-02-28", "approval_no": "平示工〔2025〕8号"}, "approval"))
	f("setup", "self", "2024-07-08", proof("approval", v{"elected": true, "founded": "2022-03-01", "term_start": "2022-03-01", "term_end": "2025-02-28", "approval_no": "平示工〔2022〕3号"}, "approval"))
	f("chair", "self", "2024-07-08", v{"taken_office": "2022-03-01", "relation": "none", "posted_from": "2022-02-10", "posted_to": "2022-02-17", "entitled": 66, "present": 61, "votes": 55, "full_time": true})
	f("chair", "self", "2025-03-05", v{"taken_office": "2025-03-01", "relation": "none", "posted_from": "2025-02-10", "posted_to": "2025-02-17", "entitled": 68, "present": 64, "votes": 60, "full_time": true})
	f("forward", "self", "2024-07-10", v{"publicised": "2021-11-20", "prepared": "2022-02-20", "joined": "2022-09-01", "served": "2022-09-10"})
	f("contract", "self", "2024-07-12", proof("contract", v{"signed": "2024-06-01", "until": "2027-05-31", "passed": true, "wages": true, "number": "示备2024-017"}, "copy"))
	f("roster", "self", "2025-01-10", v{"employees": 470, "members": 432, "women_members": 190, "joined": 25})
	f("roster", "self", "2026-01-12", v{"employees": 480, "members": 450, "women_members": 205, "joined": 31})
	f("organisation", "self", "2025-01-10", v{"committee": 7, "audit": "committee", "women": "committee", "groups": 11, "cadres": 21})
	f("organisation", "self", "2026-01-12", v{"committee": 7, "audit": "committee", "women": "committee", "groups": 12, "cadres": 21})
	f("funds", "self", "2025-02-14", v{"year": 2024, "wages": 36500000, "paid": 730000, "account": "own_account", "audited": true, "published": true})
	f("funds", "self", "2026-02-10", v{"year": 2025, "wages": 38200000, "paid": 764000, "account": "own_account", "audited": true, "published": false})
	f("rulebook", "self", "2025-04-02", v{"in_force": []string{"election", "congress", "openness", "funds"}})
	f("channel", "self", "2025-04-02", v{"box": true, "code": false, "desk": "工会办公室", "promise": 15})
	f("channel", "self", "2026-03-18", v{"box": true, "code": true, "desk": "工会办公室", "promise": 25})
	for i, year := range []string{"2025", "2026"} {
		area := []string{"58.0", "86.5"}[i]
		f("site", "self", year+"-03-06", proof("site", v{"plaque": true, "seal": true, "board": true, "area": json.Number(area), "hours": 30}, "photo"))
		f("home", "self", year+"-03-06", proof("home", v{"activity_room": true, "reading_corner": true, "talk_corner": false}, "photo"))
		f("women_care", "self", year+"-03-08", v{"agreement": true, "checkup": year == "2026"})
		f("duty_report", "self", year+"-03-20", proof("report", v{"before": "congress"}, "report"))
	}
	f("congress", "self", "2025-03-18", v{"kind": "delegates", "entitled": 66, "present": 60, "in_favour": 55, "managers": 11})
	f("congress", "self", "2026-03-20", v{"kind": "delegates", "entitled": 68, "present": 63, "in_favour": 58, "managers": 11})
	f("home_item", "self", "2025-05-20", v{"item": "gym", "in_use": true, "users": 260})
	f("home_item", "self", "2026-01-20", v{"item": "mother_room", "in_use": true, "users": 35})
	f("home_item", "self", "2026-04-16", v{"item": "dining", "in_use": true, "users": 9800})
	for _, d := range []string{"2024-09-12", "2024-12-11", "2025-03-12", "2025-06-11", "2025-09-10", "2025-12-10", "2026-03-11", "2026-06-10"} {
		f("meeting", "self", d, v{"kind": "committee", "due": 7, "present": 6, "topic": "工作安排"})
	}
	f("disclosure", "self", "2025-04-15", v{"topic": "wages", "comments": 4, "late": 0})
	f("disclosure", "self", "2025-10-15", v{"topic": "contract", "comments": 2, "late": 0})
	f("disclosure", "self", "2026-04-15", v{"topic": "wages", "comments": 5, "late": 1})
	f("supervision", "self", "2026-03-02", v{"topic": "高温津贴", "answered": "2026-03-12"})
	f("service", "self", "2024-08-02", v{"kind": "visit", "persons": 470, "topic": "高温送清凉"})
	f("service", "self", "2025-05-01", v{"kind": "culture", "persons": 390, "topic": "趣味运动会"})
	f("service", "self", "2025-08-05", v{"kind": "visit", "persons": 460, "topic": "高温送清凉"})
	f("service", "self", "2026-05-01", v{"kind": "culture", "persons": 380, "topic": "趣味运动会"})
	f("training", "self", "2025-07-18", v{"who": "chair", "course": "induction", "hours": 24})
	f("training", "self", "2024-10-18", v{"who": "chair", "course": "yearly", "hours": 24})
	f("training", "self", "2026-04-10", v{"who": "leader", "course": "special", "hours": 6})
	f("certificate", "self", "2024-07-12", proof("certificate", v{"number": "示证2023-017", "grade": "third", "issued": "2023-06-01", "until": "2026-05-31", "verified": "2024-06-20"}, "photo"))
	f("certificate", "self", "2025-05-12", proof("certificate", v{"number": "示证2025-006", "grade": "second", "issued": "2025-04-20", "until": "2028-04-19"}, "photo"))
	f("certificate", "self", "2026-05-12", proof("certificate", v{"number": "示证2025-006", "grade": "second", "issued": "2025-04-20", "until": "2028-04-19", "verified": "2026-05-08"}, "photo"))
	f("absence", "town", "2026-01-20", v{"what": "工会主席例会"})
	f("appraisal", "employee", "2025-04-22", v{"invited": 432, "cast": 380, "satisfied": 270, "basically": 85, "dissatisfied": 25})
	f("appraisal", "employee", "2026-04-21", v{"invited": 450, "cast": 421, "satisfied": 330, "basically": 68, "dissatisfied": 23})
	f("award", "self", "2025-12-05", v{"event": "职工书屋建设", "level": "county"})
	for _, j := range []struct{ by, on, level, points, why, how string }{
		{"town", "2025-06-03", "C", "1.2", "写工作多，写成效少", "现场座谈后评定"},
		{"city", "2025-06-18", "B", "1.3", "内容完整，少量数据未更新", "结合日常工作情况评定"},
		{"town", "2026-05-28", "B", "1.5", "内容完整，少量数据未更新", "走访职工，多数认可"},
		{"city", "2026-06-18", "C", "1.6", "任务逐项对照，个别数据未附", "走访职工，多数认可"},
	} {
		f("judgement", j.by, j.on, v{"clause": "2.1.3", "level": j.level, "reason": j.why})
		f("judgement", j.by, j.on, v{"clause": "2.1.5", "points": json.Number(j.points), "reason": j.how})
	}
}
