//go:build ignore

// Generate writes the invented enterprises, their evidence and their proposals: enterprises.csv, evidence.jsonl, proposals.jsonl.
//
//	cd programmes/union/demo && go run *.go
//
// The same program gives the same files. Every enterprise has a hidden quality between 0 and 1 from which all else
// follows with some luck; a few are picked by hand for what rarely happens.
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
	proposals(all)
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

// dated names the field that says when a record of the form is true.
var dated = map[string]string{"meeting": "held", "congress": "held", "disclosure": "posted", "supervision": "raised", "service": "held",
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
		if e.odd != "hero" && e.chance((1-e.q)*0.16) {
			delete(values, p.(string))
		}
	}
	e.filed = append(e.filed, filing{Subject: e.key, Form: form, On: date(on), By: by, Values: values})
}
