package programmes

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// Every dispute, accusation and proposal of the demos runs through its process as it is told and stands in the end where it
// says, on whatever day the demo is started. The README of the disputes counts them.
func TestDemoMatters(t *testing.T) {
	for _, c := range []struct{ programme, matter, file string }{
		{"mediation", "dispute", "disputes.jsonl"}, {"mediation", "accusation", "accusations.jsonl"}, {"union", "proposal", "proposals.jsonl"}} {
		x, records := told(t, one(t, c.programme), c.matter, c.file)
		anchor, _ := programme.ParseDay("2026-06-30")
		for _, shift := range []programme.Day{0, 17, 60, 93, 147, 184, 220, 301} { // over the National Day and the New Year, too
			ends, late, overdue := map[string]int{}, 0, 0
			for _, m := range records {
				s := goes(t, x, m, shift)
				if s.Stage != m.Stage {
					t.Errorf("%s stands at %s, not at %s", m.Code, s.Stage, m.Stage)
				}
				if s.Over() {
					ends[s.Outcome]++
				} else if ends["open"]++; x.Clock(s, x.Calendar).Runs && x.Clock(s, x.Calendar).Due < anchor+shift {
					overdue++
				}
				if s.Late > 0 {
					late++
				}
			}
			row := fmt.Sprintf("| %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |", len(records), ends["performed"], ends["agreed"], ends["not_agreed"], ends["decided"]+ends["final"],
				ends["declined"], ends["withdrawn"], ends["transferred"], ends["unconfirmed"]+ends["unresolved"], ends["open"], overdue, late)
			if c.matter == "proposal" {
				row = fmt.Sprintf("| %d | %d | %d | %d | %d | %d | %d | %d | %d |", len(records), ends["benefited"], ends["partly"], ends["declined"], ends["withdrawn"], ends["unresolved"], ends["open"], overdue, late)
			}
			if readme, _ := fs.ReadFile(FS, c.programme+"/demo/README.md"); shift == 0 && c.matter != "accusation" && !strings.Contains(string(readme), row) {
				t.Errorf("%s/demo/README.md should say\n%s", c.programme, row)
			}
		}
	}
}

// told reads the matters of a demo, and the process they go through.
func told(t *testing.T, p *programme.Programme, matter, file string) (*programme.Process, []exchange.Matter) {
	t.Helper()
	x, ok := p.Process(matter)
	b, err := fs.ReadFile(FS, p.Name+"/demo/"+file)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	read, err := exchange.ReadMatters(bytes.NewReader(b), exchange.JSONLines, p, matter)
	if err != nil || len(read.Errors) > 0 {
		t.Fatal(err, read.Errors)
	}
	return x, read.Records
}

// seen is a matter as rules see it.
func seen(x *programme.Process, m exchange.Matter, s programme.State, day programme.Day) programme.Values {
	v := programme.Values{"id": s.ID, "stage": s.Stage, "raised": s.Raised, "overdue": false}
	first := x.Matter.Stages[0].Stage
	for i, e := range m.Events {
		next := s.Stage
		if i+1 < len(m.Events) {
			next = m.Events[i+1].Seen
		}
		if e.Seen == first && next != first {
			v["taken_up"] = e.On
		}
		for name, raw := range e.Forms {
			form, _ := x.Form(name)
			values, _ := form.Fill(x.Programme, raw, programme.About{AsOf: e.On})
			for field, value := range values {
				v[name+"."+field] = value
			}
		}
	}
	if s.Over() {
		v["outcome"], v["closed"] = s.Outcome, programme.DayOf(s.Entered)
	} else if c := x.Clock(s, x.Calendar); c.Runs {
		v["due"], v["overdue"] = c.Due, c.Due < day
	}
	v["on_time"] = s.Late == 0 && v["overdue"] == false
	return v
}

// goes lets a matter run so many days later than it says.
func goes(t *testing.T, x *programme.Process, m exchange.Matter, shift programme.Day) programme.State {
	t.Helper()
	fill := func(name string, raw map[string]any, on programme.Day) programme.Values {
		form, ok := x.Form(name)
		if !ok {
			t.Fatalf("%s: no form %s", m.Code, name)
		}
		values, wrong := form.Fill(x.Programme, raw, programme.About{AsOf: on})
		for _, w := range wrong {
			t.Errorf("%s: %s.%s: %s", m.Code, name, w.Field, w.Message.En)
		}
		for field, v := range values {
			if d, ok := v.(programme.Day); ok {
				values[field] = d + shift
			}
		}
		return values
	}
	s, _, err := x.Begin(programme.Event{At: (m.Raised + shift).Time(), To: m.Code, Roles: []string{m.By},
		Forms: map[string]programme.Values{x.Matter.Raise.Form: fill(x.Matter.Raise.Form, m.Values, m.Raised)}}, 0, nil)
	if err != nil {
		t.Fatalf("%s: %v", m.Code, err)
	}
	for _, e := range m.Events {
		forms := map[string]programme.Values{}
		for name, raw := range e.Forms {
			forms[name] = fill(name, raw, e.On)
		}
		if s, _, err = x.Next(s, programme.Event{Kind: programme.EventKind(e.Kind), At: (e.On + shift).Time(), Stage: e.Seen, Roles: []string{e.By},
			Action: e.Action, Forms: forms, Reason: e.Reason, To: e.To, Figures: e.Figures}); err != nil {
			t.Fatalf("%s: %s %s at %s on %s, %d days later: %v", m.Code, e.Kind, e.Action, e.Seen, e.On, shift, err)
		}
	}
	return s
}

// The centres of the demo have the totals and grades that its README tells.
func TestDemoCentres(t *testing.T) {
	p := one(t, "mediation")
	pr, err := assess.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	subjects := map[string]*assess.Subject{}
	demoLines(t, p, func(l line, v programme.Values) {
		s := subjects[l.Subject]
		if s == nil {
			s = &assess.Subject{Key: l.Subject}
			subjects[l.Subject] = s
		}
		s.Evidence = append(s.Evidence, assess.Evidence{Form: l.Form, On: l.On, Recorded: int64(len(s.Evidence)), By: l.By, Values: v})
	})
	day, _ := programme.ParseDay("2026-06-30")
	x, disputes := told(t, p, "dispute", "disputes.jsonl")
	for _, m := range disputes {
		subjects[m.Subject].Matters = map[string][]programme.Values{"dispute": append(subjects[m.Subject].Matters["dispute"], seen(x, m, goes(t, x, m, 0), day))}
	}
	readme, _ := fs.ReadFile(FS, "mediation/demo/README.md")
	pop := pr.NewPopulation()
	rows := table(t, "mediation/demo/centres.csv")
	for _, c := range rows {
		pop.Put(*subjects[c["code"]])
	}
	r := pr.Run(pop, assess.Options{AsOf: day})
	for i, c := range rows {
		if row := fmt.Sprintf("| %s | %s | %s |", c["name"], r.Total(i), r.Grade(i)); !strings.Contains(string(readme), row) {
			t.Errorf("mediation/demo/README.md should say\n%s", row)
		}
	}
}

// A dispute raised before the New Year of 2026 has the deadlines that the statutes give it. 15 to 23 February were holidays, the
// Saturdays 14 and 28 February were worked; 19 to 21 June were the Dragon Boat festival.
func TestDisputeClock(t *testing.T) {
	p := one(t, "mediation")
	x, _ := p.Process("dispute")
	at := func(s string) programme.Day {
		d, err := programme.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	s, _, err := x.Begin(programme.Event{At: at("2026-02-12").Time(), To: "d", Roles: []string{"resident"},
		Forms: map[string]programme.Values{"application": {}}}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	due := func(want string) {
		t.Helper()
		if c := x.Clock(s, x.Calendar); c.Due != at(want) {
			t.Errorf("%s is due %s, want %s: %s", s.Stage, c.Due, want, c.Why.En)
		}
	}
	due("2026-02-26") // 13, 14, 24, 25, 26 February are 5 working days; the 15 days of the nation end a day later
	for _, e := range []struct {
		on, kind, action, by string
		forms                map[string]programme.Values
		due                  string
	}{
		{"2026-02-26", "act", "accept", "clerk", map[string]programme.Values{"acceptance": {}}, "2026-03-02"},   // 27, 28 February, 2 March
		{"2026-02-28", "act", "ordinary", "clerk", map[string]programme.Values{"assignment": {}}, "2026-03-26"}, // a month from acceptance
		{"2026-03-20", "extend", "", "head", nil, "2026-04-27"},                                                 // 26 April is a Sunday: the next working day
		{"2026-04-20", "act", "agree", "mediator", map[string]programme.Values{"agreement": {"effective": at("2026-04-18"), "last_day": at("2026-05-30")}}, "2026-05-18"},
		{"2026-05-06", "act", "apply", "mediator", map[string]programme.Values{"confirmation": {}}, "2026-06-05"},
		{"2026-06-05", "act", "performed", "mediator", map[string]programme.Values{"performance": {}}, "2026-06-22"}, // without 19 June
	} {
		if s, _, err = x.Next(s, programme.Event{Kind: programme.EventKind(e.kind), At: at(e.on).Time(), Roles: []string{e.by}, Action: e.action, Reason: "等待鉴定", Forms: e.forms}); err != nil {
			t.Fatalf("%s %s: %v", e.on, e.action, err)
		}
		due(e.due)
	}
	if _, _, err := x.Next(s, programme.Event{Kind: programme.EventAct, At: at("2026-06-08").Time(), Roles: []string{"clerk"}, Action: "confirm", Forms: map[string]programme.Values{"rating": {}}}); err == nil {
		t.Error("the centre closed a dispute that only those concerned can close")
	}
}
