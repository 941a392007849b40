//go:build ignore

// Generate writes the invented enterprises and their evidence: enterprises.csv and evidence.jsonl.
//
//	cd programmes/union/demo && go run generate.go hero.go invent.go
//
// The same program gives the same files. Every enterprise has a hidden quality between 0 and 1 from which all else
// follows with some luck; a few are picked by hand for what rarely happens.
package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	seed  = 20210121 // the day of the newspaper page
	count = 400
)

var (
	anchor = day("2026-06-30")
	first  = day("2024-07-01")
)

// An enterprise is one invented subject, and what it filed.
type enterprise struct {
	key, name, unit, size, sector, contact string
	signed, landed, produced               time.Time
	employees                              int
	q                                      float64 // how good its union is
	odd                                    string  // what rarely happens to it
	r                                      *rand.Rand
	filed                                  []filing

	founded, term  time.Time
	members, women int
}

// A filing is one line of evidence.jsonl.
type filing struct {
	Subject string         `json:"subject"`
	Form    string         `json:"form,omitempty"`
	On      string         `json:"on"`
	By      string         `json:"by,omitempty"`
	Values  map[string]any `json:"values,omitempty"`
	Fields  map[string]any `json:"fields,omitempty"`
}

type v = map[string]any

func main() {
	proofs()
	all := enterprises(rand.New(rand.NewPCG(seed, 1)))
	var rows [][]string
	out, err := os.Create("evidence.jsonl")
	check(err)
	w := bufio.NewWriter(out)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	n := 0
	for _, e := range all {
		e.live()
		slices.SortStableFunc(e.filed, func(a, b filing) int { return strings.Compare(a.On, b.On) })
		about := v{"credit_code": e.key, "enterprise": e.name, "size": e.size, "sector": e.sector, "landed": date(e.landed), "contact": e.contact}
		for name, t := range map[string]time.Time{"signed": e.signed, "produced": e.produced} {
			if !t.IsZero() {
				about[name] = date(t)
			}
		}
		check(lines.Encode(filing{Subject: e.key, On: date(later(first, e.landed)), Fields: about}))
		for _, f := range e.filed {
			check(lines.Encode(f))
		}
		n += 1 + len(e.filed)
		rows = append(rows, []string{e.key, e.name, e.unit, e.size, e.sector, date(e.signed), date(e.landed), date(e.produced), e.contact})
	}
	check(w.Flush())
	check(out.Close())
	table, err := os.Create("enterprises.csv")
	check(err)
	c := csv.NewWriter(table)
	check(c.Write([]string{"credit_code", "enterprise", "unit", "size", "sector", "signed", "landed", "produced", "contact"}))
	check(c.WriteAll(rows))
	check(table.Close())
	log.Printf("%d enterprises, %d lines", len(all), n)
}

// live lets the enterprise's union run for two years. The order of the calls is part of the result: each draws luck.
func (e *enterprise) live() {
	if e.odd == "nothing" {
		return
	}
	if e.odd == "hero" {
		e.hero()
		return
	}
	e.start()
	e.everyYear()
	e.records(first, anchor.AddDate(-1, 0, 0), 0.3)
	e.records(anchor.AddDate(-1, 0, 0), anchor, 1)
	e.team()
	e.others()
	e.oddities()
	e.filed = slices.DeleteFunc(e.filed, func(f filing) bool { return f.On > date(anchor) || f.On < date(first) || f.On < date(e.landed) })
}

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
	e.yearly("roster", 0.45, func() v {
		e.employees = max(8, e.employees*e.between(97, 104)/100)
		e.members = min(e.employees, e.members*e.between(98, 104)/100)
		e.women = min(e.women, e.members)
		return v{"employees": e.employees, "members": e.members, "women_members": e.women, "joined": min(e.members, e.employees*e.between(2, 12)/100)}
	})
	e.yearly("organisation", 0.2, func() v {
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
	e.yearly("funds", 0.3, func() v {
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
	e.yearly("channel", 0.15, func() v {
		out := v{"box": e.good(0), "code": e.good(-0.15), "promise": e.where(0.03, e.between(5, 20), e.between(25, 45))}
		if e.good(0.05) {
			out["desk"] = "工会办公室"
		}
		return out
	})
	e.yearly("site", 0.2, func() v {
		tenths := e.between(220, 1200)
		if !e.good(0.03) {
			tenths = e.between(60, 190)
		}
		return proof("site", v{"plaque": e.good(0.12), "seal": e.good(0.1), "board": e.good(0.05), "area": json.Number(fmt.Sprintf("%d.%d", tenths/10, tenths%10)),
			"hours": e.where(0.03, e.between(10, 50), e.between(2, 9))}, "photo")
	})
	e.yearly("home", 0.2, func() v {
		return proof("home", v{"activity_room": e.good(0.05), "reading_corner": e.good(0), "talk_corner": e.good(-0.05)}, "photo")
	})
	if e.women > 0 {
		e.yearly("women_care", 0.15, func() v { return v{"agreement": e.good(0), "checkup": e.good(0.02)} })
	}
	for _, x := range []string{"mother_room", "gym", "counselling", "canteen", "classroom", "holiday_care", "rest_stop", "craft_studio"} {
		if e.chance(0.05 + 0.30*e.q*e.q) {
			e.file("home_item", "self", day("2025-02-01").AddDate(0, 0, e.between(0, 420)), v{"item": x, "in_use": e.good(0.1), "users": e.between(20, 400)})
		}
	}
	for _, year := range []int{2025, 2026} {
		held := time.Date(year, 1, 10+e.between(0, 110), 0, 0, 0, 0, time.UTC)
		if !e.good(0.06) || year == 2025 && e.chance(0.5) {
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
	if !e.good(0.16) {
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
	meetings := 4
	if share < 1 {
		meetings = 1
	}
	for range meetings {
		if e.good(0.02) {
			due := e.between(3, 7)
			e.file("meeting", "self", e.within(from, to), v{"kind": "committee", "due": due, "present": max(1, due-e.between(0, 2)), "topic": e.one("工作安排", "困难职工慰问", "集体协商准备", "高温防护", "经费收支")})
		}
	}
	for range 2 {
		if e.good(0.05) && e.chance(share) {
			comments := e.between(0, 6)
			late := 0
			if comments > 0 && !e.good(0.06) {
				late = 1
			}
			e.file("disclosure", "self", e.within(from, to), v{"topic": e.one("wages", "contract", "safety", "funds"), "comments": comments, "late": late})
		}
	}
	for range 2 {
		if e.good(0.08) && e.chance(share) {
			persons := float64(e.employees) * (0.35 + 0.9*e.q) * (0.75 + e.r.Float64()*0.5)
			e.file("service", "self", e.within(from, to), v{"kind": e.one("visit", "health", "skills", "culture", "legal"), "persons": int(persons), "topic": e.one("高温送清凉", "职工体检", "趣味运动会", "法律咨询", "技能比武", "年货慰问")})
		}
	}
	if e.good(0.12) && e.chance(share+0.1) {
		e.file("training", "self", e.within(from, to), v{"who": "chair", "course": "yearly", "hours": e.between(12, 20) + int(12*e.q)})
	}
	if e.good(-0.05) && e.chance(share) {
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
	if e.good(0.08) {
		issued := e.term.AddDate(0, 2, e.between(0, 60))
		grade := "third"
		switch x := e.q + e.r.Float64()*0.16; {
		case x > 0.96:
			grade = "first"
		case x > 0.80:
			grade = "second"
		}
		c := v{"number": fmt.Sprintf("示证%d-%03d", issued.Year(), e.between(1, 400)), "grade": grade, "issued": date(issued), "until": date(issued.AddDate(3, 0, -1))}
		e.file("certificate", "self", later(first.AddDate(0, 1, e.between(0, 40)), issued), proof("certificate", c, "photo"))
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
		if e.good(0.1) && (year == 2026 || e.chance(0.6)) {
			on := time.Date(year, 2, 1+e.between(0, 100), 0, 0, 0, 0, time.UTC)
			e.file("duty_report", "self", on, proof("report", v{"before": e.one("congress", "members", "committee")}, "report"))
		}
	}
}

// others files what the town and the city do: count the appraisal, correct what they see, judge.
func (e *enterprise) others() {
	for _, year := range []int{2025, 2026} {
		if e.members < 5 || !e.good(0.13) || e.founded.Year() >= year || year == 2025 && e.chance(0.45) {
			continue
		}
		cast := e.members * e.between(55, 98) / 100
		if !e.good(0.14) {
			cast = e.members * e.between(18, 45) / 100
		}
		rest := cast - cast*e.between(0, 3)/100
		happy := int(float64(rest) * min(1, 0.42+0.52*e.q+e.r.Float64()*0.12))
		basically := (rest - happy) * e.between(60, 95) / 100
		e.file("appraisal", "town", time.Date(year, 3, 20+e.between(0, 60), 0, 0, 0, 0, time.UTC), v{"invited": e.members, "cast": cast, "satisfied": happy,
			"basically": basically, "dissatisfied": rest - happy - basically, "told": e.good(0.05)})
	}
	visited := func(by string, on time.Time) {
		switch e.between(0, 3) {
		case 0:
			members := e.members * e.between(90, 99) / 100
			e.file("roster", by, on, v{"employees": e.employees, "members": members, "women_members": min(e.women, members)})
		case 1:
			e.file("site", by, on, proof("site", v{"plaque": true, "seal": e.good(0), "board": e.good(0), "area": e.between(12, 90), "hours": e.where(0, e.between(10, 40), e.between(2, 9))}, "photo"))
		case 2:
			e.file("home", by, on, proof("home", v{"activity_room": true, "reading_corner": e.good(0), "talk_corner": e.good(-0.1)}, "photo"))
		case 3:
			e.file("channel", by, on, v{"box": true, "code": e.good(0), "desk": "工会办公室", "promise": e.between(5, 25)})
		}
	}
	if e.chance(0.30) {
		visited("town", day("2026-05-06").AddDate(0, 0, e.between(0, 45)))
	}
	if e.chance(0.10) {
		visited("city", day("2025-06-05").AddDate(0, 0, e.between(0, 24)))
	}
	judge := func(by string, on time.Time) {
		levels, mood := []string{"A", "B", "C", "D"}, min(3, max(0, int((0.97-e.q)*8+e.r.Float64()*1.1)))
		e.file("judgement", by, on, v{"clause": "2.1.3", "level": levels[mood],
			"reason": []string{"任务逐项对照，数据可查", "内容完整，少量数据未更新", "写工作多，写成效少", "与上年雷同"}[mood]})
		tenths := min(20, max(0, int(20*(e.q*1.05-0.02+e.r.Float64()*0.08))))
		e.file("judgement", by, on, v{"clause": "2.1.5", "points": json.Number(fmt.Sprintf("%d.%d", tenths/10, tenths%10)),
			"reason": e.one("走访职工，多数认可", "结合日常工作情况评定", "现场座谈后评定")})
	}
	if !e.founded.After(day("2025-05-01")) {
		if e.chance(0.08) {
			judge("town", day("2025-05-25").AddDate(0, 0, e.between(0, 15)))
		}
		if e.chance(0.95) {
			judge("city", day("2025-06-12").AddDate(0, 0, e.between(0, 15)))
		}
	}
	if e.chance(0.30) {
		judge("town", day("2026-05-25").AddDate(0, 0, e.between(0, 30)))
	}
	if e.chance(0.10) {
		judge("city", day("2026-06-15").AddDate(0, 0, e.between(0, 14)))
	}
}

// oddities files what rarely happens.
func (e *enterprise) oddities() {
	kind, settled, _ := strings.Cut(e.odd, "+")
	on, known := map[string]string{"mass_incident": "2025-10-14", "safety_accident": "2026-01-22", "wage_arrears": "2026-02-06", "falsified": "2025-06-20",
		"criticised": "2025-11-03", "penalised": "2026-03-17", "funds_misused": "2025-09-09", "shut_down": "2026-04-02"}[kind]
	if !known {
		return
	}
	found := day(on).AddDate(0, 0, e.between(0, 20))
	number := fmt.Sprintf("示字〔%d〕%d号", found.Year(), e.between(10, 99))
	by := "town"
	if kind == "falsified" || kind == "criticised" {
		by = "city"
	}
	e.file("incident", by, found, v{"kind": kind, "number": number})
	if settled != "" {
		e.file("settlement", by, found.AddDate(0, 0, e.between(20, 60)), v{"number": number})
	}
}

// dated names the field that says when a record of the form is true.
var dated = map[string]string{"meeting": "held", "congress": "held", "disclosure": "posted", "supervision": "raised", "service": "held", "appraisal": "held",
	"duty_report": "reported", "training": "done", "absence": "missed", "award": "awarded", "incident": "happened", "settlement": "settled"}

// file keeps a filled form; what is filed before there was a union is dropped.
func (e *enterprise) file(form, by string, on time.Time, values v) {
	if on.Before(e.founded) {
		return
	}
	if f, ok := dated[form]; ok {
		if at, set := values[f]; set {
			on = day(at.(string))
		}
		values[f] = date(on)
	}
	if p, ok := values["missing_proof"]; ok {
		delete(values, "missing_proof")
		if e.odd != "hero" && e.chance((1-e.q)*0.3) {
			delete(values, p.(string))
		}
	}
	e.filed = append(e.filed, filing{Subject: e.key, Form: form, On: date(on), By: by, Values: values})
}
