//go:build ignore

// Generate writes the invented evidence of the ten centres and 150 invented disputes: centres.csv, evidence.jsonl, disputes.jsonl, accusations.jsonl.
//
//	cd programmes/mediation/demo && go run *.go
//
// The same program gives the same files.
package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
)

const seed = 20101231

var (
	anchor = day("2026-06-30")
	first  = day("2025-07-01")
	luck   = rand.New(rand.NewPCG(seed, 1))
)

type v = map[string]any

// A centre is a subject: the unit it serves and how well it works, between 0 and 1.
type centre struct {
	key, unit, name, level string
	residents              int
	q                      float64
	odd                    string // what rarely happens to it
}

var centres = []centre{
	{"MT330482", "330482", "示例·平湖市矛调中心", "county", 500000, 0.95, ""},
	{"MT330482001", "330482001", "示例·当湖街道矛调中心", "town", 120000, 0.97, "award"},
	{"MT330482002", "330482002", "示例·钟埭街道矛调中心", "town", 70000, 0.90, ""},
	{"MT330482003", "330482003", "示例·曹桥街道矛调中心", "town", 30000, 0.74, ""},
	{"MT330482101", "330482101", "示例·乍浦镇矛调中心", "town", 60000, 0.88, "criticised"},
	{"MT330482102", "330482102", "示例·新埭镇矛调中心", "town", 45000, 0.93, ""},
	{"MT330482103", "330482103", "示例·新仓镇矛调中心", "town", 40000, 0.80, ""},
	{"MT330482106", "330482106", "示例·广陈镇矛调中心", "town", 28000, 0.55, "no_files"},
	{"MT330482107", "330482107", "示例·林埭镇矛调中心", "town", 38000, 0.96, ""},
	{"MT330482108", "330482108", "示例·独山港镇矛调中心", "town", 52000, 0.66, ""},
}

// A filing is one line of evidence.jsonl.
type filing struct {
	Subject string `json:"subject"`
	Form    string `json:"form,omitempty"`
	On      string `json:"on"`
	By      string `json:"by,omitempty"`
	Values  v      `json:"values,omitempty"`
	Fields  v      `json:"fields,omitempty"`
}

func main() {
	var lines []any
	rows := [][]string{{"code", "name", "unit", "level", "residents"}}
	for _, c := range centres {
		lines = append(lines, filing{Subject: c.key, On: date(first), Fields: v{"code": c.key, "name": c.name, "level": c.level, "residents": c.residents, "contact": "中心值班岗"}})
		filed := c.year()
		slices.SortStableFunc(filed, func(a, b filing) int { return strings.Compare(a.On, b.On) })
		for _, f := range filed {
			lines = append(lines, f)
		}
		rows = append(rows, []string{c.key, c.name, c.unit, c.level, text(c.residents)})
	}
	write("evidence.jsonl", lines)
	write("disputes.jsonl", disputes())
	write("accusations.jsonl", accusations())
	f, err := os.Create("centres.csv")
	check(err)
	check(csv.NewWriter(f).WriteAll(rows))
	check(f.Close())
}

func write(name string, lines []any) {
	f, err := os.Create(name)
	check(err)
	w := bufio.NewWriter(f)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for _, l := range lines {
		check(out.Encode(l))
	}
	check(w.Flush())
	check(f.Close())
	log.Printf("%s: %d lines", name, len(lines))
}

// year is what a centre and those who assess it filed from July 2025 to June 2026.
func (c centre) year() (filed []filing) {
	file := func(form, by, on string, values v) {
		filed = append(filed, filing{Subject: c.key, Form: form, On: on, By: by, Values: values})
	}
	good := func(bad float64) bool { return luck.Float64() > bad*(1-c.q)*4 }
	size := 1
	if c.level == "county" {
		size = 3
	}
	file("setup", "self", "2025-07-03", v{"decided": true, "term_start": "2024-04-01", "term_end": "2027-03-31", "decision": proof("decision")})
	file("site", "self", "2026-01-14", v{"guide": good(0.2), "windows": 3*size + between(0, 2), "rooms": 2*size + between(0, 1), "quiet": good(0.3), "hours": pick(40, 44, 35, c.q), "accessible": good(0.3), "photo": proof("site")})
	file("openness", "self", "2026-01-14", v{"channels": true, "times": true, "procedure": good(0.4), "progress": good(0.5), "photo": proof("board")})
	mediators := 8*size + between(0, 4)
	file("staff", "self", "2026-01-15", v{"members": 5 + between(0, 2), "women": between(1, 2), "mediators": mediators, "full_time": pick(3*size, 3*size+1, 2*size, c.q), "lawyers": size + between(0, 2), "listed": good(0.3)})
	rules := []string{"first_contact", "grading", "consultation", "secrecy", "recusal", "archive"}
	file("rulebook", "self", "2025-07-10", v{"in_force": rules[:6-int((1-c.q)*6)]})
	for _, on := range []string{"2025-09-18", "2026-03-19"} {
		file("training", "self", on, v{"held": on, "topic": "调解业务", "hours": 13, "persons": mediators - int((1-c.q)*1.4*float64(mediators))})
	}
	for m := range 12 {
		month := time.Date(2025, time.Month(8+m), 0, 0, 0, 0, 0, time.UTC)
		if !good(0.06) {
			continue
		}
		received := 6*size*size + between(0, 12*size)
		lost := func(n int, most float64) int { return n - int(float64(n)*(1-c.q)*most*luck.Float64()+0.3) }
		mediated, due := received-between(1, 4), received/2
		again := 0
		if !good(0.25) {
			again = 1
		}
		file("monthly", "self", date(month), v{"month": date(month), "received": received, "mediated": mediated,
			"agreed": lost(mediated-mediated/20, 1.2), "to_perform": due, "performed": lost(due, 0.9), "repeated": again})
	}
	for _, on := range []string{"2025-12-16", "2026-06-16"} {
		if c.odd != "no_files" {
			file("file_check", "bureaus", on, v{"checked": on, "sampled": 40, "complete": 40 - int((1-c.q)*24), "finding": "个别案卷缺回访记录"})
		}
	}
	for i, on := range []string{"2025-08-20", "2025-10-22", "2025-12-17", "2026-02-11", "2026-04-15", "2026-06-17"} {
		if good(0.3) {
			file("consultation", "self", on, v{"held": on, "bodies": between(3, 7), "topic": "疑难纠纷会商"})
		}
		if i%2 == 0 && good(0.2) || i == 1 {
			file("publicity", "self", on, v{"held": on, "kind": []string{"lecture", "street", "hearing"}[i/2], "persons": between(25, 160)})
		}
	}
	for i, reviewer := range []float64{c.q, c.q - 0.05} {
		level := "C"
		if reviewer > 0.9 {
			level = "A"
		} else if reviewer > 0.75 {
			level = "B"
		}
		on := date(day("2026-06-22").AddDate(0, 0, i))
		file("judgement", "committee", on, v{"clause": "3.2.2", "level": level, "reason": "现场评议，听取评议员意见"})
	}
	switch c.odd {
	case "award":
		file("award", "self", "2026-03-05", v{"awarded": "2026-03-05", "event": "一码办理（示例）", "level": "prefecture"})
	case "criticised":
		file("incident", "committee", "2026-04-02", v{"happened": "2026-04-02", "kind": "criticised", "number": "平示矛〔2026〕3号"})
	}
	return filed
}

// proof names an attachment by its SHA-256; the demo has none of these, which is enough to say that one was attached.
func proof(what string) []string { return []string{sum(what)} }

// pick gives the middle value, the better one to good centres and the worse one to bad ones.
func pick(middle, better, worse int, q float64) int {
	switch {
	case q > 0.92:
		return better
	case q < 0.72:
		return worse
	}
	return middle
}
