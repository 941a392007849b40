package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"bytes"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
	"bihuan.dev/bihuan/programmes"
)

// anchor is the last day of the evidence in programmes/union/demo; all days move so that it becomes today.
const anchor = "2026-06-30"

// history is the demo's past while it is being played: what is still to be enrolled and filed, in the order of its moments.
type history struct {
	ctx      context.Context
	site     *bihuan.Site
	clock    *clock
	now      time.Time // when the demo is started
	shift    programme.Day
	p        *programme.Programme
	towns    map[string]string // enterprise → its town
	who      map[string]bihuan.Actor
	subjects []exchange.Subject // not enrolled yet
	filings  []past             // not filed yet
	proofs   map[string]string  // attachment of the programme's demo → the one uploaded in its place
	sample   string             // an attachment that says no more than that it is one
	total    int
	show     func(done, total int)
}

// past is a filing with its moment.
type past struct {
	exchange.Filing
	at time.Time
	as string // the login of the account that files it
}

// pass lets the demo's two years pass: enterprises land, evidence comes in month by month, one round is decided and a
// second one is under way.
func pass(ctx context.Context, site *bihuan.Site, clock *clock, show func(done, total int)) error {
	h := &history{ctx: ctx, site: site, clock: clock, now: time.Now().In(bihuan.ChinaStandardTime), who: map[string]bihuan.Actor{}, show: show}
	for _, step := range []func() error{h.publish, h.read, h.begin, h.proposals, h.decidedRound, h.roundUnderWay, h.loose, h.mediation} {
		if err := step(); err != nil {
			return err
		}
	}
	clock.set(time.Time{})
	if err := site.Rescore(ctx, h.p.Name); err != nil {
		return err
	}
	_, err := site.Tick(ctx)
	return err
}

// publish lets the programmes run, from the first day.
func (h *history) publish() error {
	h.shift = programme.DayOf(h.now) - mustDay(anchor)
	h.clock.set(h.moment(h.day("2024-07-01"), 0))
	for _, name := range []string{"union", "mediation"} {
		dir, err := fs.Sub(programmes.FS, name)
		if err != nil {
			return err
		}
		if _, err := h.site.Publish(h.ctx, bihuan.System(), dir, name, "示例首版"); err != nil {
			return err
		}
	}
	union, err := h.site.Running(h.ctx, "union")
	if err != nil {
		return err
	}
	h.p = union.Programme
	return nil
}

// read reads the demo data of the programme and moves its days.
func (h *history) read() error {
	p := h.p
	file := func(name string) ([]byte, error) { return programmes.FS.ReadFile(path.Join("union/demo", name)) }
	table, err := file("enterprises.csv")
	if err != nil {
		return err
	}
	subjects, err := exchange.ReadSubjects(bytes.NewReader(table), exchange.CSV, p)
	if err != nil {
		return err
	}
	lines, err := file("evidence.jsonl")
	if err != nil {
		return err
	}
	evidence, err := exchange.ReadEvidence(bytes.NewReader(lines), exchange.JSONLines, p)
	if err != nil {
		return err
	}
	if bad := append(subjects.Errors, evidence.Errors...); len(bad) > 0 {
		return fmt.Errorf("demo data: row %d: %s", bad[0].Row, bad[0].Text.En)
	}
	h.towns = map[string]string{}
	since := map[string]programme.Day{}
	for _, f := range evidence.Records {
		if f.Form == programme.SubjectForm {
			since[f.Subject] = f.On + h.shift
			continue
		}
		h.filings = append(h.filings, h.past(f))
	}
	about, _ := p.Form(programme.SubjectForm)
	for _, s := range subjects.Records {
		key := fmt.Sprint(s.Fields[p.Subject.Key])
		s.On = since[key]
		h.move(about, s.Fields)
		h.towns[key] = s.Unit[:min(len(s.Unit), len(town))]
		h.subjects = append(h.subjects, s)
	}
	slices.SortStableFunc(h.subjects, func(a, b exchange.Subject) int { return int(a.On - b.On) })
	for i := range h.filings {
		h.filings[i].as = h.filer(h.filings[i].Filing)
	}
	slices.SortStableFunc(h.filings, func(a, b past) int { return a.at.Compare(b.at) })
	h.total = len(h.filings)
	return nil
}

// past moves a filing to its day, and gives it a moment at work on that day or, now and then, a day or two later.
func (h *history) past(f exchange.Filing) past {
	form, _ := h.p.Form(f.Form)
	h.move(form, f.Values)
	f.On += h.shift
	luck := fnv.New32a()
	fmt.Fprint(luck, f.Row, f.Subject, f.Form)
	n := luck.Sum32()
	late := 0
	if n%10 >= 7 && f.Form != programme.JudgementForm {
		late = int(n % 3)
	}
	at := h.moment(f.On, late).Add(time.Duration(n/10%(8*3600)) * time.Second)
	if latest := h.now.Add(-time.Hour); at.After(latest) {
		at = latest.Add(-time.Duration(n%600) * time.Second)
	}
	return past{Filing: f, at: at}
}

// moment is the beginning of the working day, some days after a day.
func (h *history) moment(d programme.Day, later int) time.Time {
	y, m, day := (d + programme.Day(later)).Time().Date()
	return time.Date(y, m, day, 9, 0, 0, 0, bihuan.ChinaStandardTime)
}

// move shifts every date in the values of a form.
func (h *history) move(form *programme.Form, values map[string]any) {
	for _, x := range form.Fields {
		text, ok := values[x.Name].(string)
		if x.Type != programme.Date || !ok {
			continue
		}
		if day, err := exchange.ParseDay(text); err == nil {
			values[x.Name] = (day + h.shift).String()
		}
	}
}

// filer is the account of who files: the union of the example enterprise, all others together, the assessor of the town, or
// the city.
func (h *history) filer(f exchange.Filing) string {
	switch {
	case f.By == "city":
		return "judge"
	case f.By == "town" && h.towns[f.Subject] != town:
		return "assessor-" + h.towns[f.Subject]
	case f.By == "town":
		return "assessor"
	case f.By == "employee":
		return "employee"
	case f.Subject == enterprise:
		return "officer"
	}
	return "unions"
}

// begin makes the site: units, the accounts, and the attachments.
func (h *history) begin() error {
	content, err := programmes.FS.ReadFile("union/demo/units.csv")
	if err != nil {
		return err
	}
	units, err := exchange.ReadUnits(bytes.NewReader(content), exchange.CSV)
	if err != nil {
		return err
	}
	rows := unitRows(units.Records)
	if top := topmost(rows); top != nil {
		top.Parent = ""
	}
	for i, s := range h.subjects { // its code is its credit code: that is what people know
		rows = append(rows, bihuan.UnitRow{Row: len(units.Records) + i + 2, Code: fmt.Sprint(s.Fields[h.p.Subject.Key]), Parent: s.Unit,
			Name: fmt.Sprint(s.Fields[h.p.Subject.Name]), Level: "enterprise"})
	}
	if _, err := h.site.ImportUnits(h.ctx, bihuan.System(), rows, bihuan.Import{}); err != nil {
		return err
	}
	towns, err := h.site.Children(h.ctx, county)
	if err != nil {
		return err
	}
	if err := enter(h.ctx, h.site, people, demoPassword, h.who); err != nil {
		return err
	}
	if err := enter(h.ctx, h.site, hidden(towns), "", h.who); err != nil {
		return err
	}
	return h.uploadProofs()
}

// uploadProofs puts a picture or document that says that it is a sample in the place of every attachment of the demo.
func (h *history) uploadProofs() error {
	h.proofs = map[string]string{}
	names, err := fs.ReadDir(programmes.FS, "union/demo/photos")
	if err != nil {
		return err
	}
	for i, entry := range names {
		original, err := programmes.FS.ReadFile(path.Join("union/demo/photos", entry.Name()))
		if err != nil {
			return err
		}
		label, kind, _ := strings.Cut(entry.Name(), ".")
		name, content := "示例文件-"+label+".pdf", sampleDocument(label)
		if kind != "txt" {
			name = "示例图片-" + label + ".jpg"
			if content, err = samplePicture(label, i); err != nil {
				return err
			}
		}
		uploaded, err := h.site.Upload(h.ctx, bihuan.System(), name, bytes.NewReader(content))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(original)
		h.proofs[hex.EncodeToString(sum[:])] = uploaded.SHA256
		if kind != "txt" {
			h.sample = uploaded.SHA256
		}
	}
	for _, f := range h.filings {
		form, _ := h.p.Form(f.Form)
		for _, x := range form.Fields {
			list, ok := f.Values[x.Name].([]any)
			if !ok || x.Type != programme.Photo && x.Type != programme.File {
				continue
			}
			for i, sum := range list {
				list[i] = h.proofs[fmt.Sprint(sum)]
			}
		}
	}
	return nil
}

// day is a day of the demo data, moved.
func (h *history) day(s string) programme.Day { return mustDay(s) + h.shift }

func mustDay(s string) programme.Day {
	d, err := programme.ParseDay(s)
	if err != nil {
		panic(err) // a constant of this package
	}
	return d
}

// until lets time pass to the evening of a day: enterprises that have landed are enrolled, and what was filed comes in with the
// moment and the name of who filed it. One batch is enough, however long the time: scores of the past are computed, not kept.
func (h *history) until(day string) error {
	if err := h.ctx.Err(); err != nil {
		return err
	}
	end := h.day(day)
	evening := h.moment(end, 0).Add(9 * time.Hour)
	if evening.After(h.now) {
		evening = h.now
	}
	h.clock.set(evening)
	if err := h.enrol(end); err != nil {
		return err
	}
	return h.file(evening)
}

// enrol enrols the enterprises that have landed by a day, each on its day.
func (h *history) enrol(by programme.Day) error {
	// In one transaction a day; most have landed before the demo begins.
	for len(h.subjects) > 0 && h.subjects[0].On <= by {
		on := h.subjects[0].On
		var rows []bihuan.NewSubject
		for len(h.subjects) > 0 && h.subjects[0].On == on {
			s := h.subjects[0]
			h.subjects = h.subjects[1:]
			s.Unit = fmt.Sprint(s.Fields[h.p.Subject.Key])
			rows = append(rows, bihuan.NewSubject(s))
		}
		if _, err := h.site.Enrol(h.ctx, bihuan.System(), h.p.Name, rows, bihuan.Import{Recorded: h.moment(on, 0).Add(-time.Hour)}); err != nil {
			return err
		}
	}
	return nil
}

// file files what was filed by a moment, in one batch: each subject is scored once.
func (h *history) file(by time.Time) error {
	n := 0
	for n < len(h.filings) && !h.filings[n].at.After(by) {
		n++
	}
	rows := make([]bihuan.Filing, n)
	for i, f := range h.filings[:n] {
		rows[i] = bihuan.Filing{Subject: f.Subject, Form: f.Form, On: f.On, By: f.By, Values: f.Values, Row: f.Row, Recorded: f.at, Account: h.who[f.as].ID}
	}
	h.filings = h.filings[n:]
	if _, err := h.site.FileMany(h.ctx, bihuan.System(), h.p.Name, rows, bihuan.Import{}); err != nil {
		return err
	}
	if h.show != nil {
		h.show(h.total-len(h.filings), h.total)
	}
	return nil
}
