//go:build ignore

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// start files what is filed once: the set-up, the chair, the contract, the moves forward.
func (e *enterprise) start() {
	delay := e.between(-20, 40)
	if !e.good(0.02) {
		delay = e.between(30, 380)
	}
	e.founded = e.landed.AddDate(0, 0, delay)
	e.term = e.founded
	if e.founded.Before(day("2023-08-01")) {
		e.term = day("2023-08-01").AddDate(0, 0, e.between(0, 320))
	}
	years := 3
	if e.chance(0.4) {
		years = 5
	}
	if e.odd == "expired" {
		e.term, years = day("2022-09-01").AddDate(0, 0, e.between(0, 270)), 3
		e.founded = earlier(e.founded, e.term)
	}
	on := later(first.AddDate(0, 0, e.between(0, 50)), e.term.AddDate(0, 0, 12))
	if on.After(anchor) {
		return
	}
	e.file("setup", "self", on, proof("approval", v{"elected": e.odd != "appointed", "founded": date(e.founded), "term_start": date(e.term),
		"term_end": date(e.term.AddDate(years, 0, -1)), "approval_no": fmt.Sprintf("平示工〔%d〕%d号", e.term.Year(), e.between(1, 90))}, "approval"))

	rate := min(1, 0.80+0.19*e.q+e.r.Float64()*0.035)
	e.members = int(float64(e.employees)*rate + 0.5)
	e.women = e.members * e.between(15, 60) / 100
	if e.employees < 60 && e.chance(0.06) {
		e.women = 0
	}
	posted := e.term.AddDate(0, 0, -e.between(12, 20))
	days := e.between(6, 9)
	if e.odd == "hasty" {
		days = e.between(2, 4)
	}
	entitled := e.members
	if entitled > 100 {
		entitled = 40 + entitled/20
	}
	present := entitled * e.between(80, 99) / 100
	relation := "none"
	if e.odd == "personnel" {
		relation = "personnel"
	}
	chair := v{"taken_office": date(e.term), "relation": relation, "posted_from": date(posted), "posted_to": date(posted.AddDate(0, 0, days)),
		"entitled": entitled, "present": present, "votes": present * e.between(75, 99) / 100}
	if e.employees >= 200 {
		chair["full_time"] = e.good(-0.25)
	}
	e.file("chair", "self", on, chair)

	if e.good(0.06) {
		signed := later(day("2023-09-01").AddDate(0, 0, e.between(0, 330)), e.founded.AddDate(0, 1, 0))
		e.file("contract", "self", later(on, signed), proof("contract", v{"signed": date(signed), "until": date(signed.AddDate(3, 0, -1)), "passed": true,
			"wages": e.good(0.08), "number": fmt.Sprintf("示备%d-%03d", signed.Year(), e.between(1, 400))}, "copy"))
	}
	if !e.landed.Before(day("2021-01-20")) && e.good(0.1) {
		moves := v{}
		near := func(name string, of time.Time, good, bad int) {
			d := good
			if !e.good(0) {
				d = bad
			}
			if t := of.AddDate(0, 0, d); !of.IsZero() && t.Before(anchor) {
				moves[name] = date(t)
			}
		}
		near("publicised", e.signed, e.between(3, 28), e.between(40, 160))
		near("prepared", e.landed, -e.between(3, 30), e.between(10, 90))
		near("joined", later(e.produced, e.landed), -e.between(5, 60), e.between(10, 90))
		near("served", later(e.produced, e.landed), -e.between(1, 30), e.between(10, 120))
		e.file("forward", "self", later(on, e.produced.AddDate(0, 1, 0)), moves)
	}
}

// everyYear files what describes the present. A record of the first half of 2025 counts for both rounds; some file again.
func (e *enterprise) everyYear() {
	e.yearly("roster", 0.15, func() v {
		e.employees = max(8, e.employees*e.between(97, 104)/100)
		e.members = min(e.employees, e.members*e.between(98, 104)/100)
		e.women = min(e.women, e.members)
		return v{"employees": e.employees, "members": e.members, "women_members": e.women, "joined": min(e.members, e.employees*e.between(2, 12)/100)}
	})
	e.yearly("organisation", 0.08, func() v {
		committee := 3 + e.between(0, 4)
		if !e.good(0.1) {
			committee = e.between(1, 2)
		}
		women := "committee"
		if e.women < 10 {
			women = "officer"
		}
		if !e.good(0.05) {
			women = "none"
		}
		groups := 1 + e.members/45
		share := 0.015 + 0.045*e.q + e.r.Float64()*0.012
		return v{"committee": committee, "audit": e.pick3(0.05, "committee", "auditor", "none"), "women": women, "groups": e.where(0.1, groups, 0),
			"cadres": max(committee, int(float64(e.members)*share+0.5))}
	})
	e.yearly("funds", 0.1, func() v {
		wages := e.employees * e.between(620, 980) * 100
		paid := wages / 50
		if !e.good(-0.1) {
			paid = paid * e.between(35, 95) / 100
		}
		return v{"year": 2024, "wages": wages, "paid": paid, "account": e.pick3(0.08, "own_account", "own_books", "none"), "audited": e.good(0), "published": e.good(0)}
	})
	e.yearly("rulebook", 0, func() v {
		var rules []string
		for _, x := range []string{"election", "congress", "openness", "appraisal", "funds"} {
			if e.good(0.04) {
				rules = append(rules, x)
			}
		}
		if rules == nil {
			rules = []string{"none"}
		}
		return v{"in_force": rules}
	})
	e.yearly("channel", 0.05, func() v {
		out := v{"box": e.good(0), "code": e.good(-0.15), "promise": e.where(0.03, e.between(5, 20), e.between(25, 45))}
		if e.good(0.05) {
			out["desk"] = "工会办公室"
		}
		return out
	})
	e.yearly("site", 0.08, func() v {
		tenths := e.between(220, 1200)
		if !e.good(0.03) {
			tenths = e.between(60, 190)
		}
		return proof("site", v{"plaque": e.good(0.12), "seal": e.good(0.1), "board": e.good(0.05), "area": json.Number(fmt.Sprintf("%d.%d", tenths/10, tenths%10)),
			"hours": e.where(0.03, e.between(10, 50), e.between(2, 9))}, "photo")
	})
	e.yearly("home", 0.08, func() v {
		return proof("home", v{"activity_room": e.good(0.05), "reading_corner": e.good(0), "talk_corner": e.good(-0.05)}, "photo")
	})
	if e.women > 0 {
		e.yearly("women_care", 0.03, func() v { return v{"agreement": e.good(0), "checkup": e.good(0.02)} })
	}
	for _, x := range []string{"mother_room", "gym", "counselling", "dining", "classroom", "holiday_care", "rest_stop", "craft_studio"} {
		if e.chance(0.05 + 0.30*e.q*e.q) {
			e.file("home_item", "self", day("2025-01-06").AddDate(0, 0, e.between(0, 260)), v{"item": x, "in_use": e.good(0.1), "users": e.between(20, 400)})
		}
	}
	for _, year := range []int{2025, 2026} {
		held := time.Date(year, 1, 10+e.between(0, 110), 0, 0, 0, 0, time.UTC)
		if !e.good(0.14) || year == 2025 && e.chance(0.2) {
			continue
		}
		c := v{"held": date(held)}
		if e.employees < 100 && e.chance(0.6) {
			c["kind"], c["entitled"] = "everybody", e.employees
		} else {
			seats := 30
			if e.employees >= 100 {
				seats = 40 + e.employees/100*7
			}
			c["kind"], c["entitled"] = "delegates", e.where(0.05, seats, seats*2/3)
			c["managers"] = c["entitled"].(int) * e.where(0.06, e.between(5, 19), e.between(22, 35)) / 100
		}
		entitled := c["entitled"].(int)
		c["present"] = entitled * e.where(0.08, e.between(70, 98), e.between(45, 65)) / 100
		c["in_favour"] = min(c["present"].(int), entitled*e.where(0.08, e.between(60, 95), e.between(35, 48))/100)
		e.file("congress", "self", held, c)
	}
}

// yearly files a form in the first half of 2025, and again a year later with chance again; the poorer forget it, or filed it
// so long ago that it is stale by now.
func (e *enterprise) yearly(form string, again float64, values func() v) {
	likely := 0.22
	if form == "roster" {
		likely = 0.36
	}
	if !e.good(likely) {
		return
	}
	on := day("2025-01-05").AddDate(0, 0, e.between(0, 150))
	if e.chance((1 - e.q) * 0.22) {
		on = day("2024-08-01").AddDate(0, 0, e.between(0, 130))
	}
	if e.founded.After(on) {
		on = e.founded.AddDate(0, 0, e.between(15, 60))
	}
	e.file(form, "self", on, values())
	if e.chance(again*e.q) && e.founded.Before(day("2025-10-01")) {
		second := values()
		if form == "funds" {
			second["year"] = 2025
		}
		e.file(form, "self", day("2026-01-05").AddDate(0, 0, e.between(0, 150)), second)
	}
}

// records files what happens from day to day, in one of the two years.
func (e *enterprise) records(from, to time.Time, share float64) {
	meetings := 3
	if share < 1 {
		meetings = e.between(0, 1)
	}
	for range meetings {
		if e.good(0.02) {
			due := e.between(3, 7)
			e.file("meeting", "self", e.within(from, to), v{"kind": "committee", "due": due, "present": max(1, due-e.between(0, 2)), "topic": e.one("工作安排", "困难职工慰问", "集体协商准备", "高温防护", "经费收支")})
		}
	}
	for range 2 {
		if e.good(0.05) && e.chance(share+0.2) {
			comments := e.between(0, 6)
			late := 0
			if comments > 0 && !e.good(0.06) {
				late = 1
			}
			e.file("disclosure", "self", e.within(from, to), v{"topic": e.one("wages", "contract", "safety", "funds"), "comments": comments, "late": late})
		}
	}
	if e.good(0.08) {
		kind, topic, _ := strings.Cut(e.one("visit 高温送清凉", "visit 年货慰问", "health 职工体检", "skills 技能比武", "culture 趣味运动会", "legal 法律咨询"), " ")
		persons := float64(e.employees) * (0.7 + 1.8*e.q) * (0.75 + e.r.Float64()*0.5)
		e.file("service", "self", e.within(from, to), v{"kind": kind, "persons": int(persons), "topic": topic})
	}
	if e.good(0.12) {
		e.file("training", "self", e.within(from, to), v{"who": "chair", "course": "yearly", "hours": e.between(16, 26) + int(12*e.q)})
	}
	if e.good(-0.05) && e.chance(share*0.5) {
		e.file("training", "self", e.within(from, to), v{"who": e.one("vice", "member", "leader"), "course": "special", "hours": e.between(6, 16)})
	}
	if e.chance(0.10) {
		raised := e.within(from, to.AddDate(0, -2, 0))
		s := v{"topic": e.one("加班工资", "高温津贴", "带薪年休假", "劳动防护用品")}
		if e.good(0) {
			s["answered"] = date(raised.AddDate(0, 0, e.between(3, 18)))
		} else if e.chance(0.6) {
			s["answered"] = date(raised.AddDate(0, 0, e.between(28, 50)))
		}
		s["raised"] = date(raised)
		e.file("supervision", "self", raised, s)
	}
	for range 3 {
		if e.chance((1 - e.q) * 0.28 * share) {
			e.file("absence", "town", e.within(from, to), v{"what": e.one("工会主席例会", "年度轮训")})
		}
	}
	if e.chance(0.12 * e.q * share) {
		e.file("award", "self", e.within(from, to), v{"event": e.one("职工书屋建设", "模范职工之家", "安康杯竞赛", "工会工作创新"), "level": e.one("county", "county", "county", "prefecture", "provincial")})
	}
}

// team files the training, certificate and duty reports of the chair.
func (e *enterprise) team() {
	if e.good(0.06) {
		e.file("training", "self", later(first, e.term.AddDate(0, 0, e.between(40, 350))), v{"who": "chair", "course": "induction", "hours": 24, "done": date(e.term.AddDate(0, 0, e.between(40, 350)))})
	}
	if e.good(0.2) {
		issued := e.term.AddDate(0, 2, e.between(0, 60))
		grade := "third"
		switch x := e.q + e.r.Float64()*0.16; {
		case x > 0.96:
			grade = "first"
		case x > 0.80:
			grade = "second"
		}
		c := v{"number": fmt.Sprintf("示证%d-%03d", issued.Year(), e.between(1, 400)), "grade": grade, "issued": date(issued), "until": date(issued.AddDate(3, 0, -1))}
		on := later(first.AddDate(0, 1, e.between(0, 40)), issued)
		if issued.AddDate(1, 0, 0).Before(anchor.AddDate(-1, 0, 0)) && e.good(0) {
			c["verified"] = date(later(issued, on.AddDate(0, 0, -e.between(2, 25))))
		}
		e.file("certificate", "self", on, proof("certificate", c, "photo"))
		if verified := day("2025-09-01").AddDate(0, 0, e.between(0, 270)); e.good(0.02) && verified.After(issued.AddDate(1, 0, 0)) {
			again := v{"verified": date(verified)}
			for k, x := range c {
				if k != "photo" {
					again[k] = x
				}
			}
			e.file("certificate", "city", verified, proof("certificate", again, "photo"))
		}
	}
	for _, year := range []int{2025, 2026} {
		if e.good(0.16) && (year == 2026 || e.chance(0.85)) {
			on := time.Date(year, 2, 1+e.between(0, 100), 0, 0, 0, 0, time.UTC)
			e.file("duty_report", "self", on, proof("report", v{"before": e.one("congress", "members", "committee")}, "report"))
		}
	}
}
