package web

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// whatifArgs is the page on which numbers of a standard are turned and everybody is seen to move.
type whatifArgs struct {
	Running *bihuan.Running
	Unit    string
	Path    []bihuan.Unit
	Clauses []*programme.Clause // all, to be picked from
	Groups  []dialGroup         // what is shown: the grades, then the clauses that were picked
	Version string              // of the draft; as typed
	Changed []programme.Change
	Effect  bihuan.Effect
	Wrong   *bihuan.Error
}

// dialGroup is the dials of the grades, or of one clause.
type dialGroup struct {
	Clause *programme.Clause // nil: the grades
	Dials  []dialInput
}

type dialInput struct {
	programme.Dial
	Typed string // the value as typed, without %
}

func (d dialInput) changed() bool { return d.Typed != d.Value.String() }

// moversShown is how many of those that move stand on the page.
const moversShown = 20

// whatif shows the dials and what they come to. It is asked for by GET, and with turned dials by POST.
func whatif(r *request) error {
	a, err := r.whatif()
	if err != nil {
		return err
	}
	status := http.StatusOK
	if a.Wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	v := r.inProgramme(programme.T("试算", "What if"), a.Running.Programme, "board")
	return r.pageWith(status, whatifPage(v, a))
}

// whatifEffect answers with what the dials come to, while they are dragged: the same part of the page, by itself.
func whatifEffect(r *request) error {
	a, err := r.whatif()
	if err != nil {
		return err
	}
	status := http.StatusOK
	if a.Wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	return r.pageWith(status, effectPart(r.inProgramme(programme.Text{}, a.Running.Programme, "board"), a))
}

// whatifDraft hands out the draft's files.
func whatifDraft(r *request) error {
	run, changes, _, err := r.turned()
	if err != nil {
		return err
	}
	unit, err := r.whatifUnit(run)
	if err != nil {
		return err
	}
	if version := strings.TrimSpace(r.PostForm.Get("version")); version != "" {
		changes = append(changes, programme.Change{Address: "version", Value: version})
	}
	packed, err := r.f.site.DraftFiles(r.ctx(), r.actor, run.Name, unit, changes)
	if err != nil {
		return err
	}
	h := r.ResponseWriter.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+run.Name+`-draft.zip"`)
	h.Set("Content-Length", strconv.Itoa(len(packed)))
	_, err = bytes.NewReader(packed).WriteTo(r.ResponseWriter)
	_ = err // the browser went away
	return nil
}

func (r *request) whatifUnit(run *bihuan.Running) (string, error) {
	if unit := r.Form.Get("unit"); unit != "" {
		return unit, nil
	}
	return r.homeUnit(run.Name)
}

// turned reads the dials of the form: those that are not what they are in the running standard are changes.
func (r *request) turned() (*bihuan.Running, []programme.Change, []dialGroup, error) {
	run, err := r.running()
	if err != nil {
		return nil, nil, nil, err
	}
	if err := r.parseForm(); err != nil {
		return nil, nil, nil, err
	}
	picked := r.Form["clause"]
	var changes []programme.Change
	groups := []dialGroup{{}}
	for _, d := range run.Dials() {
		if d.Clause != "" && !slices.Contains(picked, d.Clause) {
			continue
		}
		if g := groups[len(groups)-1].Clause; d.Clause != "" && (g == nil || g.Clause != d.Clause) {
			c, _ := run.Clause(d.Clause)
			groups = append(groups, dialGroup{Clause: c})
		}
		in := dialInput{d, d.Value.String()}
		if typed := strings.TrimSpace(r.PostForm.Get("dial." + d.Address)); typed != "" {
			in.Typed = typed
			if is, err := programme.ParseDecimal(typed); err == nil {
				in.Typed = is.String()
			}
		}
		if in.changed() {
			value := in.Typed
			if d.Percent {
				value += "%"
			}
			changes = append(changes, programme.Change{Address: d.Address, Value: value})
		}
		groups[len(groups)-1].Dials = append(groups[len(groups)-1].Dials, in)
	}
	return run, changes, groups, nil
}

func (r *request) whatif() (a whatifArgs, err error) {
	if a.Running, a.Changed, a.Groups, err = r.turned(); err != nil {
		return a, err
	}
	if a.Unit, err = r.whatifUnit(a.Running); err != nil {
		return a, err
	}
	a.Version = r.Form.Get("version")
	for _, c := range a.Running.Clauses() {
		a.Clauses = append(a.Clauses, c)
	}
	a.Effect, err = r.f.site.WhatIf(r.ctx(), r.actor, a.Running.Name, a.Unit, a.Changed, moversShown)
	if kind, ok := bihuan.KindOf(err); ok && kind == bihuan.Invalid && len(a.Changed) > 0 {
		errors.As(err, &a.Wrong)
		a.Effect, err = r.f.site.WhatIf(r.ctx(), r.actor, a.Running.Name, a.Unit, nil, 0)
	}
	if err != nil {
		return a, err
	}
	a.Path, err = r.f.site.Path(r.ctx(), a.Effect.Unit.Code)
	return a, err
}

// picked tells whether a clause's dials are shown.
func (a whatifArgs) picked(clause string) bool {
	return slices.ContainsFunc(a.Groups, func(g dialGroup) bool { return g.Clause != nil && g.Clause.Clause == clause })
}

// mistakes are what is wrong with the draft, with the line it stands on.
func (a whatifArgs) mistakes() programme.Mistakes {
	var m programme.Mistakes
	errors.As(a.Wrong, &m)
	return m[:min(len(m), 5)]
}

// counts are grades for a bar: those of the comparison that are grades.
func (a whatifArgs) counts(n []int) []bihuan.GradeCount {
	var out []bihuan.GradeCount
	for i, g := range a.Effect.Grades {
		if g != "" {
			out = append(out, bihuan.GradeCount{Grade: g, Title: a.title(g), Count: n[i]})
		}
	}
	return out
}

func (a whatifArgs) title(grade string) programme.Text {
	if grade == "" {
		return programme.T("不参评", "excluded")
	}
	return a.Running.GradeTitle(grade)
}

// flowPlaces lists the grades that anybody has, before or after.
func (a whatifArgs) flowPlaces() (out []int) {
	for i := range a.Effect.Grades {
		if a.Effect.Before[i]+a.Effect.After[i] > 0 {
			out = append(out, i)
		}
	}
	return out
}

func flowClass(from, to, n int) string {
	switch {
	case n == 0:
		return "n num faint"
	case to < from:
		return "n num up"
	case to > from:
		return "n num down"
	}
	return "n num"
}

// groupTitle names an option of a choice.
func groupTitle(v view, f *programme.Field, name string) string {
	for _, o := range f.Of {
		if o.Name == name {
			return optionTitle(v, o)
		}
	}
	return name
}

// mayDraft reports whether somebody may try drafts of a programme anywhere: its deciding party, and administrators.
func mayDraft(actor bihuan.Actor, run *bihuan.Running) bool {
	if run.Standard == nil || len(run.Parties) == 0 {
		return false
	}
	role := run.Parties[len(run.Parties)-1].Role
	return admin(actor) || slices.ContainsFunc(actor.Grants, func(g bihuan.Grant) bool { return g.Programme == run.Name && g.Role == role })
}

// formsOf lists the forms to file for a clause of a way: those it lacks first.
func formsOf(run *bihuan.Running, c assess.WayClause) (out []*programme.Form) {
	names := []string{}
	for _, l := range c.Lacks {
		names = append(names, l.Form)
	}
	for _, name := range append(names, c.Forms...) {
		if f, ok := run.Form(name); ok && name != programme.JudgementForm && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

func clauseTitle(v view, p *programme.Programme, number string) string {
	c, ok := p.Clause(number)
	if !ok {
		return ""
	}
	return v.In(c.Title)
}

// topLevers are those that lift anybody, the first few.
func topLevers(all []assess.Lever) []assess.Lever {
	n := slices.IndexFunc(all, func(l assess.Lever) bool { return l.Lifted == 0 })
	if n < 0 {
		n = len(all)
	}
	return all[:min(n, 8)]
}

func mostLifted(all []assess.Lever) int {
	if len(all) == 0 {
		return 1
	}
	return max(slices.MaxFunc(all, func(a, b assess.Lever) int { return cmp.Compare(a.Lifted, b.Lifted) }).Lifted, 1)
}
