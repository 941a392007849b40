//go:build ignore

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// others files what the town and the city do: correct what they see, judge; and the members' appraisal, as it was counted.
func (e *enterprise) others() {
	for _, year := range []int{2025, 2026} {
		if e.members < 5 || !e.good(0.22) || e.founded.Year() >= year || year == 2025 && e.chance(0.2) {
			continue
		}
		cast := e.members * e.between(55, 98) / 100
		if !e.good(0.14) {
			cast = e.members * e.between(18, 45) / 100
		}
		rest := cast - cast*e.between(0, 3)/100
		happy := int(float64(rest) * min(1, 0.42+0.52*e.q+e.r.Float64()*0.12))
		basically := (rest - happy) * e.between(60, 95) / 100
		e.file("appraisal", "employee", time.Date(year, 3, 20+e.between(0, 60), 0, 0, 0, 0, time.UTC), v{"invited": e.members, "cast": cast, "satisfied": happy,
			"basically": basically, "dissatisfied": rest - happy - basically})
		e.good(0.05) // keeps what follows as it was
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
