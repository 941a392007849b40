package web

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// subjectPage shows where a subject stands and why.
type subjectPage struct {
	scoreArgs
	Subject   bihuan.Subject
	Path      []bihuan.Unit
	Facts     []fact // what the subject is
	At        asOf
	Due       []bihuan.Due
	Forms     []formEntry // what the viewer may file
	History   []bihuan.Change
	Decisions []bihuan.Decision
	Today     programme.Day
	Ways      assess.Ways // to the next grade, of the present
	Matters   subjectMatters
	Gained    subjectBenefits
}

// decidedPage is what everybody may see of a subject: what was decided, with its reasons.
type decidedPage struct {
	scoreArgs
	Subject   bihuan.Subject
	Path      []bihuan.Unit
	Decision  bihuan.Decision // the one that is shown
	Decisions []bihuan.Decision
	Matters   subjectMatters
	Gained    subjectBenefits
}

// subjectMatters are the matters of a subject that the viewer may see, the open ones first, and those that he may raise.
type subjectMatters struct {
	List  []bihuan.Matter
	Total int
	Raise []matterKind
	Board string // where all of them are
}

// subjectBenefits are what a subject's people gained this year, and before.
type subjectBenefits struct {
	Year     int
	Now      bihuan.BenefitSum // of this year
	Before   bihuan.BenefitSum // of all years before
	Measures []bihuan.MeasureSum
	Ledger   string // where the records are
}

// fact is a value with its title.
type fact struct{ Title, Value string }

// formEntry is a form that the viewer may file, and when it was last.
type formEntry struct {
	Form *programme.Form
	Due  bihuan.Due // zero Form: never due
}

// asOf is the day and the moment that a page is asked for.
type asOf struct {
	On     string // as typed
	Known  string // as typed
	At     bihuan.At
	Errors []programme.FieldError
}

// Live tells whether the page shows the present.
func (a asOf) Live() bool { return a.At.AsOf == 0 && a.At.Known.IsZero() }

// readAsOf reads the day and the moment. What cannot be read is told at its field, and the present is shown.
func readAsOf(q url.Values, now time.Time) asOf {
	a := asOf{On: q.Get("on"), Known: q.Get("known")}
	if a.On != "" {
		d, err := programme.ParseDay(a.On)
		if err != nil {
			a.Errors = append(a.Errors, programme.FieldError{Field: "on", Message: programme.T("请写成 2021-01-20", "Write it like 2021-01-20")})
		} else {
			a.At.AsOf = d
		}
	}
	if a.Known != "" {
		var known time.Time
		for _, form := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.DateOnly} {
			t, err := time.ParseInLocation(form, a.Known, now.Location())
			if err != nil {
				continue
			}
			known = t
			if form == time.DateOnly { // all of that day was known at its end
				known = t.AddDate(0, 0, 1).Add(-time.Microsecond)
			}
		}
		if known.IsZero() {
			a.Errors = append(a.Errors, programme.FieldError{Field: "known", Message: programme.T("请写成 2021-01-20 或 2021-01-20T15:04", "Write it like 2021-01-20 or 2021-01-20T15:04")})
		}
		a.At.Known = known
	}
	return a
}

// subject is the page of one subject: live and whole for members of the house, as decided for everybody else.
func subject(r *request) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	sub, err := r.subjectHere(run)
	if err != nil {
		return err
	}
	path, err := r.f.site.Path(r.ctx(), sub.Unit)
	if err != nil {
		return err
	}
	at := readAsOf(r.URL.Query(), r.f.site.Now())
	columns, err := r.f.site.Columns(r.ctx(), r.actor, sub.ID, at.At)
	if kind, known := bihuan.KindOf(err); known && (kind == bihuan.Unauthenticated || kind == bihuan.Forbidden || kind == bihuan.NotFound) {
		return decidedSubject(r, run, sub, path, err)
	}
	if err != nil {
		return err
	}
	held, err := r.rolesAt(r.ctx(), run.Programme, sub.Unit)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	page := subjectPage{Subject: sub, Path: path, At: at, Today: r.f.site.Today(), scoreArgs: scoreArgs{
		Running: run, Columns: columns, Shown: shownColumn(columns, q.Get("party")), Only: onlyOf(q.Get("only")),
		Base: subjectURL(run.Name, sub.ID), Files: map[string]bool{}, Judges: held.judges(run.Programme), Public: !held.reads(run.Programme)}}
	if page.Facts, err = r.facts(run, sub.ID); err != nil {
		return err
	}
	if at.Live() {
		if page.Ways, err = r.f.site.Ways(r.ctx(), r.actor, sub.ID, "", 3); err != nil {
			return err
		}
	}
	if page.Due, err = r.f.site.Due(r.ctx(), r.actor, sub.ID); err != nil {
		return err
	}
	if len(columns) > 0 {
		if page.History, err = r.f.site.History(r.ctx(), r.actor, sub.ID, page.Score().Party); err != nil {
			return err
		}
	}
	if page.Decisions, err = r.f.site.Decisions(r.ctx(), r.actor, sub.ID); err != nil {
		return err
	}
	if !sub.Left {
		page.Forms = formEntries(run.Programme, held, page.Due)
		for _, f := range page.Forms {
			page.Files[f.Form.Name] = true
		}
		page.Files[programme.SubjectForm] = held.reads(run.Programme)
	}
	if page.Matters, err = r.mattersOf(run, sub, held); err != nil {
		return err
	}
	if page.Gained, err = r.gainedBy(run, sub); err != nil {
		return err
	}
	return r.page(subjectView(r.inProgramme(programme.T(sub.Name, sub.Name), run.Programme, "subjects"), page))
}

// decidedSubject shows the last decision, or the one asked for; without any there is nothing that this viewer may see.
func decidedSubject(r *request, run *bihuan.Running, sub bihuan.Subject, path []bihuan.Unit, refused error) error {
	decisions, err := r.f.site.Decisions(r.ctx(), r.actor, sub.ID)
	if err != nil {
		return err
	}
	about, err := r.mattersOf(run, sub, nil)
	if err != nil {
		return err
	}
	gained, err := r.gainedBy(run, sub)
	if err != nil {
		return err
	}
	if len(decisions) == 0 {
		if about.Total == 0 {
			return refused
		}
		page := decidedPage{Subject: sub, Path: path, Matters: about, Gained: gained, scoreArgs: scoreArgs{Running: run, Public: true, Base: subjectURL(run.Name, sub.ID)}}
		return r.page(undecidedView(r.inProgramme(programme.T(sub.Name, sub.Name), run.Programme, "subjects"), page))
	}
	shown := decisions[0]
	for _, d := range decisions {
		if d.DecidedAt.After(shown.DecidedAt) {
			shown = d
		}
	}
	for _, d := range decisions {
		if d.ID == r.URL.Query().Get("decision") {
			shown = d
		}
	}
	pinned, err := r.f.site.RunningVersion(r.ctx(), shown.VersionID)
	if err != nil {
		return err
	}
	page := decidedPage{Subject: sub, Path: path, Decision: shown, Decisions: decisions, Matters: about, Gained: gained, scoreArgs: scoreArgs{Running: pinned,
		Columns: []assess.Score{shown.Score}, Only: onlyOf(r.URL.Query().Get("only")), Public: true, Base: subjectURL(run.Name, sub.ID)}}
	return r.page(decidedView(r.inProgramme(programme.T(sub.Name, sub.Name), run.Programme, "subjects"), page))
}

// mattersOf lists a few of a subject's matters, and those that somebody with these roles may raise.
func (r *request) mattersOf(run *bihuan.Running, sub bihuan.Subject, held roles) (subjectMatters, error) {
	found, err := r.f.site.Matters(r.ctx(), r.actor, bihuan.MatterQuery{Programme: run.Name, Subject: sub.ID, Sort: "due", Page: bihuan.Page{Limit: 6}})
	if err != nil {
		return subjectMatters{}, err
	}
	out := subjectMatters{List: found.Matters, Total: found.Total, Board: mattersURL(run.Name, "") + "?subject=" + url.QueryEscape(sub.ID)}
	for _, m := range run.Matters {
		if x, ok := run.Process(m.Name); ok && !sub.Left {
			if self, forWhom := held.raises(x); self || len(forWhom) > 0 {
				out.Raise = append(out.Raise, matterKind{Name: m.Name, Title: matterKindTitle(x)})
			}
		}
	}
	return out, nil
}

// gainedBy adds up what a subject's matters brought, as far as the viewer may see it. It is nothing where no matters tell of it.
func (r *request) gainedBy(run *bihuan.Running, sub bihuan.Subject) (subjectBenefits, error) {
	out := subjectBenefits{Year: r.f.site.Today().Time().Year()}
	if !slices.ContainsFunc(run.Matters, func(m *programme.Matter) bool { return m.Benefit != "" }) {
		return out, nil
	}
	found, err := r.f.site.Benefits(r.ctx(), r.actor, bihuan.BenefitQuery{Programme: run.Name, Subject: sub.ID, Year: out.Year, Page: bihuan.Page{Limit: 1}})
	if kind, known := bihuan.KindOf(err); known && (kind == bihuan.Unauthenticated || kind == bihuan.Forbidden) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Now, out.Measures = found.Total, found.Measures
	for _, y := range found.Years {
		if y.Year != out.Year {
			out.Before.Matters, out.Before.Persons = out.Before.Matters+y.Matters, out.Before.Persons+y.Persons
		}
	}
	q := url.Values{"subject": {sub.ID}}
	if out.Now.Matters > 0 {
		q.Set("year", strconv.Itoa(out.Year))
	}
	out.Ledger = "/p/" + url.PathEscape(run.Name) + "/benefits?" + q.Encode()
	return out, nil
}

// shownColumn finds the column of a party; the deciding one otherwise.
func shownColumn(columns []assess.Score, party string) int {
	for i, c := range columns {
		if c.Party == party {
			return i
		}
	}
	return len(columns) - 1
}

func onlyOf(s string) string {
	if s == "lost" || s == assess.Missing.String() || s == assess.Pending.String() {
		return s
	}
	return ""
}

// subjectValues are what the subject is today: of each field its newest value.
func (r *request) subjectValues(id string) (programme.Values, error) {
	list, err := r.f.site.EvidenceOf(r.ctx(), r.actor, id, programme.SubjectForm)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b bihuan.Evidence) int {
		if a.On != b.On {
			return int(a.On - b.On)
		}
		return a.Recorded.Compare(b.Recorded)
	})
	values := programme.Values{}
	for _, e := range list {
		if e.SupersededBy != "" || e.Withdrawn != nil {
			continue
		}
		for name, value := range e.Values {
			values[name] = value
		}
	}
	return values, nil
}

func (r *request) facts(run *bihuan.Running, id string) ([]fact, error) {
	values, err := r.subjectValues(id)
	if err != nil {
		return nil, err
	}
	v := view{Lang: r.lang}
	var facts []fact
	for _, f := range run.Subject.Fields {
		if value, ok := values[f.Name]; ok {
			facts = append(facts, fact{v.fieldTitle(f), f.Show(value, r.lang)})
		}
	}
	return facts, nil
}

// formEntries lists the forms that somebody may file for a score, in the order of the programme. Those that belong to a
// matter are filed there.
func formEntries(p *programme.Programme, held roles, due []bihuan.Due) []formEntry {
	var list []formEntry
	for _, f := range p.Forms {
		if f.Ballot || ofMatter(p, f.Name) || len(held.files(p, f)) == 0 {
			continue
		}
		entry := formEntry{Form: f}
		for _, d := range due {
			if d.Form == f.Name {
				entry.Due = d
			}
		}
		list = append(list, entry)
	}
	return list
}

// query is the address of this page with one thing changed.
func (p subjectPage) query(key, value string) string {
	q := url.Values{}
	if p.At.On != "" && p.At.At.AsOf != 0 {
		q.Set("on", p.At.On)
	}
	if p.At.Known != "" && !p.At.At.Known.IsZero() {
		q.Set("known", p.At.Known)
	}
	if p.Shown != len(p.Columns)-1 {
		q.Set("party", p.Score().Party)
	}
	if p.Only != "" {
		q.Set("only", p.Only)
	}
	q.Set(key, value)
	if value == "" {
		q.Del(key)
	}
	if len(q) == 0 {
		return p.Base
	}
	return p.Base + "?" + q.Encode()
}

// urgent are the forms that are due now: overdue, stale, or never filed.
func (p subjectPage) urgent() []bihuan.Due {
	var list []bihuan.Due
	for _, d := range p.Due {
		if d.Overdue || d.Stale || d.DueOn != 0 && d.DueOn <= p.Today+30 {
			list = append(list, d)
		}
	}
	slices.SortStableFunc(list, func(a, b bihuan.Due) int { return int(a.DueOn) - int(b.DueOn) })
	return list
}

// line is the score over time, up to today.
func (p subjectPage) line() []linePoint {
	var series []linePoint
	for _, c := range p.History {
		if c.Scored {
			series = append(series, linePoint{programme.DayOf(c.At), c.Total})
		}
	}
	slices.SortStableFunc(series, func(a, b linePoint) int { return int(a.day - b.day) })
	if n := len(series); n > 0 && series[n-1].day < p.Today && p.Score().Scored {
		series = append(series, linePoint{p.Today, series[n-1].total})
	}
	return series
}

// changes are the history newest first, each with what it changed.
func (p subjectPage) changes() []historyRow {
	list := slices.Clone(p.History)
	slices.SortStableFunc(list, func(a, b bihuan.Change) int { return a.At.Compare(b.At) })
	rows := make([]historyRow, len(list))
	for i, c := range list {
		rows[len(list)-1-i] = historyRow{Change: c}
		if i > 0 && list[i-1].Scored && c.Scored {
			rows[len(list)-1-i].Moved, rows[len(list)-1-i].Compared = c.Total-list[i-1].Total, true
		}
	}
	return rows
}

// historyRow is a change, and by how much the total moved against the one before.
type historyRow struct {
	bihuan.Change
	Moved    assess.Points
	Compared bool
}

// causeText says why a score changed.
func causeText(v view, p *programme.Programme, c bihuan.Change) string {
	switch {
	case c.Evidence != nil && c.Cause == "withdrawal":
		return v.T("撤回：", "withdrawn: ") + v.formTitle(p, c.Evidence.Form)
	case c.Evidence != nil:
		return v.formTitle(p, c.Evidence.Form)
	case c.Cause == "version":
		return v.T("规范改用 ", "standard changed to ") + c.Version
	case c.Cause == "matter":
		return v.T("事项有进展", "a matter moved")
	case c.Cause == "day":
		return v.T("时限到期", "a date passed")
	}
	return c.Cause
}

// subjectWay leads from the programme through the units to the subject.
func subjectWay(v view, run *bihuan.Running, s bihuan.Subject, path []bihuan.Unit) []crumb {
	way := []crumb{{v.In(run.Title), "/p/" + run.Name}}
	for _, u := range path {
		if u.Name != s.Name { // an enterprise may be a unit itself
			way = append(way, crumb{u.Name, "/p/" + run.Name + "/unit/" + url.PathEscape(u.Code)})
		}
	}
	return append(way, crumb{s.Name, ""})
}

func fieldBad(name string, errs []programme.FieldError) bool {
	return slices.ContainsFunc(errs, func(e programme.FieldError) bool { return e.Field == name })
}

// ofMatter tells whether a form is filed in the course of a matter.
func ofMatter(p *programme.Programme, form string) bool {
	for _, m := range p.Matters {
		if m.Raise.Form == form {
			return true
		}
		for _, stage := range m.Stages {
			if stage.Collect != nil && stage.Collect.Form == form || stage.Ballot != nil && stage.Ballot.Form == form || stage.Needs != nil && stage.Needs.Form == form ||
				slices.ContainsFunc(stage.Actions, func(a *programme.Action) bool { return a.Form == form }) {
				return true
			}
		}
	}
	return false
}

// decidedWhen says when a decision was taken and how long it holds.
func decidedWhen(v view, d bihuan.Decision) string {
	if d.ValidUntil == 0 {
		return v.moment(d.DecidedAt)
	}
	return v.moment(d.DecidedAt) + v.T("，有效期至 ", ", valid until ") + v.day(d.ValidUntil)
}

// reasons is where all clauses stand: on this page, or on this page without its filter.
func (p subjectPage) reasons() string {
	if p.Only == "" {
		return ""
	}
	return p.query("only", "")
}

// toJudge is how many clauses wait for a judgement that this viewer might make.
func (p subjectPage) toJudge() int {
	n := 0
	for _, c := range p.Score().Clauses {
		if c.Status == assess.Pending && p.Judges {
			n++
		}
	}
	return n
}
