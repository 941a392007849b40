package main

import (
	"bytes"
	"fmt"
	"path"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
	"bihuan.dev/bihuan/programmes"
)

// desk is the centre whose people sign in to the demo.
const desk = "MT330482102"

// proposals lets the employees' proposals come in with all that happened to them in two years. Rounds and scores of the past
// see of each what had happened by then.
func (h *history) proposals() error {
	h.clock.set(h.moment(h.day("2024-07-02"), 0))
	if err := h.enrol(h.day("2024-07-01")); err != nil {
		return err
	}
	return h.matters(h.p, "proposal", "proposals.jsonl", func(m exchange.Matter, as string) string {
		switch {
		case as == "assessor" && h.towns[m.Subject] != town:
			return "assessor-" + h.towns[m.Subject]
		case as == "assessor":
			return "assessor"
		case as == "officer" && m.Subject != enterprise:
			return "unions"
		case as == "officer":
			return "officer"
		}
		return ""
	})
}

// mediation makes the second programme: ten centres, a year of what they filed, and the disputes that they took in.
func (h *history) mediation() error {
	h.clock.set(h.moment(h.day("2025-07-01"), 0))
	run, err := h.site.Running(h.ctx, "mediation")
	if err != nil {
		return err
	}
	p := run.Programme
	table, err := programmes.FS.ReadFile("mediation/demo/centres.csv")
	if err != nil {
		return err
	}
	centres, err := exchange.ReadSubjects(bytes.NewReader(table), exchange.CSV, p)
	if err != nil {
		return err
	}
	var rows []bihuan.NewSubject
	for _, s := range centres.Records {
		s.On = h.day("2025-07-01")
		rows = append(rows, bihuan.NewSubject(s))
	}
	if _, err := h.site.Enrol(h.ctx, bihuan.System(), p.Name, rows, bihuan.Import{}); err != nil {
		return err
	}
	h.clock.set(h.now)
	if err := h.evidence(p); err != nil {
		return err
	}
	who := func(m exchange.Matter, as string) string {
		if m.Subject == desk && as != "resident" || as == "reviewer" || as == "judge" {
			return map[string]string{"clerk": "clerk", "mediator": "mediator", "head": "head", "reviewer": "reviewer", "judge": "committee"}[as]
		}
		return ""
	}
	if err := h.matters(p, "dispute", "disputes.jsonl", who); err != nil {
		return err
	}
	return h.matters(p, "accusation", "accusations.jsonl", who)
}

// evidence files what the centres and those who assess them filed. Papers of the demo are pictures that say so.
func (h *history) evidence(p *programme.Programme) error {
	lines, err := programmes.FS.ReadFile(path.Join(p.Name, "demo", "evidence.jsonl"))
	if err != nil {
		return err
	}
	file, err := exchange.ReadEvidence(bytes.NewReader(lines), exchange.JSONLines, p)
	if err != nil {
		return err
	}
	var rows []bihuan.Filing
	for _, f := range file.Records {
		form, ok := p.Form(f.Form)
		if f.Form == programme.SubjectForm || !ok {
			continue
		}
		h.move(form, f.Values)
		for _, x := range form.Fields {
			if _, ok := f.Values[x.Name]; ok && x.Type == programme.Photo {
				f.Values[x.Name] = []any{h.sample}
			}
		}
		account := map[string]string{"self": "clerk", "bureaus": "reviewer", "committee": "committee"}[f.By]
		rows = append(rows, bihuan.Filing{Subject: f.Subject, Form: f.Form, On: f.On + h.shift, By: f.By, Values: f.Values, Row: f.Row,
			Recorded: h.notLater(h.moment(f.On+h.shift, 0), 0), Account: h.who[account].ID})
	}
	_, err = h.site.FileMany(h.ctx, bihuan.System(), p.Name, rows, bihuan.Import{})
	return err
}

// matters takes in the matters of a file of a programme's demo; as tells which account of the demo acted in a role.
func (h *history) matters(p *programme.Programme, name, file string, as func(exchange.Matter, string) string) error {
	lines, err := programmes.FS.ReadFile(path.Join(p.Name, "demo", file))
	if err != nil {
		return err
	}
	read, err := exchange.ReadMatters(bytes.NewReader(lines), exchange.JSONLines, p, name)
	if err != nil {
		return err
	}
	if len(read.Errors) > 0 {
		return fmt.Errorf("%s: row %d: %s", file, read.Errors[0].Row, read.Errors[0].Text.En)
	}
	var rows []bihuan.PastMatter
	for _, m := range read.Records {
		x := pastMatter(m)
		left := len(x.Moves)
		x.Raised, x.At = x.Raised+h.shift, h.notLater(h.moment(m.Raised+h.shift, 0), left+1)
		h.moveForm(p, p.Matters, name, x.Values)
		for i := range x.Moves {
			mv := &x.Moves[i]
			mv.On += h.shift
			mv.At = h.notLater(h.moment(mv.On, 0).Add(time.Duration(i+1)*7*time.Minute), left-i)
			if mv.Who == "" {
				mv.Who = as(m, mv.As)
			}
			for name, values := range mv.Forms {
				if form, ok := p.Form(name); ok {
					h.move(form, values)
				}
			}
		}
		rows = append(rows, x)
	}
	_, err = h.site.ImportMatters(h.ctx, bihuan.System(), p.Name, name, rows, bihuan.Import{AsItHappened: true})
	return err
}

// moveForm moves the dates of what a matter was raised with.
func (h *history) moveForm(p *programme.Programme, matters []*programme.Matter, name string, values map[string]any) {
	for _, m := range matters {
		if form, ok := p.Form(m.Raise.Form); ok && m.Name == name {
			h.move(form, values)
		}
	}
}

// notLater keeps what happened on the last day before the moment the demo is started, in its order.
func (h *history) notLater(at time.Time, left int) time.Time {
	if latest := h.now.Add(-time.Duration(left+1) * time.Minute); at.After(latest) {
		return latest
	}
	return at
}
