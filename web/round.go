package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type roundArgs struct {
	Running    *bihuan.Running // the version that the round pins
	Round      bihuan.Round
	Today      programme.Day
	Rows       []bihuan.RoundRow
	Total      int
	Places     places
	Query      bihuan.SubjectQuery
	Objections []bihuan.Objection
	MaySubmit  bool // the party of the step under way, for what he sees
	MayClose   bool
	MayDecide  bool
	ToJudge    int // clauses of this round that wait for the viewer's judgement
	Error      *bihuan.Error
}

// round shows a round: where it is, what to do now, and its subjects with the columns side by side.
func round(r *request) error { return r.roundPage(http.StatusOK, nil) }

func (r *request) roundPage(status int, wrong *bihuan.Error) error {
	a := roundArgs{Today: r.f.site.Today(), Error: wrong}
	var err error
	if a.Round, err = r.f.site.Round(r.ctx(), r.actor, r.PathValue("round")); err != nil {
		return err
	}
	if a.Running, err = r.f.site.RunningVersion(r.ctx(), a.Round.VersionID); err != nil {
		return err
	}
	a.Query = roundQuery(a.Round.Programme, r.URL.Query())
	if a.Rows, a.Total, err = r.f.site.RoundRows(r.ctx(), r.actor, a.Round.ID, a.Query); err != nil {
		return err
	}
	if a.Places, err = r.places(unitsOf(a.Rows, func(row bihuan.RoundRow) string { return row.Subject.Unit })); err != nil {
		return err
	}
	if a.Round.State != bihuan.RoundCollecting {
		a.Objections, err = r.f.site.Objections(r.ctx(), r.actor, a.Round.ID, "")
		var known *bihuan.Error
		if err != nil && !errors.As(err, &known) {
			return err
		}
	}
	if err := r.roundRights(&a); err != nil {
		return err
	}
	return r.pageWith(status, roundPage(r.inProgramme(programme.T(a.Round.Title, a.Round.Title), a.Running.Programme, "rounds"), a))
}

// roundRights finds what the viewer may do now. The verbs decide again; this is for what the page offers.
func (r *request) roundRights(a *roundArgs) error {
	if r.actor.Visitor() {
		return nil
	}
	held, err := r.rolesAt(r.ctx(), a.Running.Programme, a.Round.Unit)
	if err != nil {
		return err
	}
	deciding := held[roleOf(a.Running.Programme, a.Round.Decides)]
	if step, ok := a.Round.UnderWay(); ok {
		role := roleOf(a.Running.Programme, step.Name)
		a.MayClose = deciding || held[role]
		for _, g := range r.actor.Grants {
			a.MaySubmit = a.MaySubmit || role != "" && g.Programme == a.Round.Programme && g.Role == role
		}
		if _, a.ToJudge, err = r.f.site.JudgeList(r.ctx(), r.actor, a.Round.Programme, bihuan.JudgeQuery{Round: a.Round.ID, Page: bihuan.Page{Limit: 1}}); err != nil {
			var known *bihuan.Error
			if !errors.As(err, &known) {
				return err
			}
		}
	}
	a.MayDecide = deciding && a.Round.State != bihuan.RoundDecided
	return nil
}

// roleOf gives the role of a party; empty when there is no such party.
func roleOf(p *programme.Programme, party string) string {
	for _, x := range p.Parties {
		if x.Name == party {
			return x.Role
		}
	}
	return ""
}

// submitColumns hands in the chosen columns of the step under way, or all that the actor may.
func submitColumns(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	chosen := r.PostForm["subject"]
	if r.PostForm.Get("all") == "" && len(chosen) == 0 {
		return r.roundPage(http.StatusUnprocessableEntity, &bihuan.Error{Text: programme.T("还没有选择对象", "Nothing is chosen yet"),
			Hint: programme.T("勾选要提交的对象，或者选“全部提交”", "Tick those to hand in, or hand in all")})
	}
	if r.PostForm.Get("all") != "" {
		chosen = nil
	}
	done, err := r.f.site.SubmitAll(r.ctx(), r.actor, r.PathValue("round"), r.PostForm.Get("party"), chosen)
	if err != nil {
		return r.roundRefused(err)
	}
	return r.redirect(roundURL(r.PathValue("round")), programme.T("已提交 {0} 个对象的评分", "{0} scores handed in").Fill(done.Stored))
}

// closeStep ends the step under way; what was not handed in is taken over as it stands.
func closeStep(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	now, err := r.f.site.CloseStep(r.ctx(), r.actor, r.PathValue("round"), r.PostForm.Get("step"))
	if err != nil {
		return r.roundRefused(err)
	}
	said := programme.T("本环节已结束", "The step is closed")
	if step, ok := now.UnderWay(); ok {
		said = programme.T("本环节已结束，进入：{0}", "The step is closed; now: {0}").Fill(step.Title)
	}
	return r.redirect(roundURL(now.ID), said)
}

// decideRound decides all subjects of the round at once.
func decideRound(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	if r.PostForm.Get("sure") == "" {
		return r.roundPage(http.StatusUnprocessableEntity, &bihuan.Error{Text: programme.T("请先勾选确认", "Please tick the confirmation first")})
	}
	decided, err := r.f.site.Decide(r.ctx(), r.actor, r.PathValue("round"))
	if err != nil {
		return r.roundRefused(err)
	}
	return r.redirect(roundURL(decided.ID), programme.T("已评定，结果即时公布", "Decided; the results are public now"))
}

// roundRefused shows the page again with what kept the action from being done.
func (r *request) roundRefused(err error) error {
	var known *bihuan.Error
	if errors.As(err, &known) && (known.Kind == bihuan.Conflict || known.Kind == bihuan.Invalid) {
		return r.roundPage(statuses[known.Kind], known)
	}
	return err
}

// roundQuery reads what the address of the rows asks for.
func roundQuery(programmeName string, values url.Values) bihuan.SubjectQuery {
	q := subjectQuery(programmeName, values)
	if q.Clause = ""; !slices.Contains([]string{"waiting", "handed_in", "objected"}, q.Status) {
		q.Status = ""
	}
	if q.Sort = values.Get("sort"); !slices.Contains([]string{"total", "-total", "spread"}, q.Sort) {
		q.Sort = ""
	}
	return q
}

// roundRowsURL is the address of the rows with one thing changed.
func roundRowsURL(a roundArgs, key, value string) string {
	to := subjectsURL("x", a.Query, key, value)
	return roundURL(a.Round.ID) + to[len("/p/"+a.Query.Programme+"/x"):]
}

// toCorrect counts the upheld objections for which nothing is corrected yet.
func toCorrect(list []bihuan.Objection) (n int) {
	for _, o := range list {
		if o.Waits {
			n++
		}
	}
	return n
}

// ripe tells whether nothing but the decision is left: every step is over, the days of publicity have run, and every
// objection is answered, and corrected where it was upheld.
func ripe(a roundArgs) bool {
	step, ok := a.Round.UnderWay()
	return toCorrect(a.Objections) == 0 && (a.Round.State == bihuan.RoundDeciding ||
		ok && step.Name == bihuan.Publicity && step.Ends < a.Today && a.Round.OpenObjections == 0)
}

// stepState is where a step stands: past, now or next.
func stepState(a roundArgs, i int) string {
	switch {
	case i < a.Round.Step || a.Round.State == bihuan.RoundDecided || ripe(a):
		return "past"
	case i == a.Round.Step:
		return "now"
	}
	return "next"
}

// waits tells whether a row still waits for the column of the step under way.
func waits(a roundArgs, row bihuan.RoundRow) bool {
	step, ok := a.Round.UnderWay()
	if !ok || !a.MaySubmit {
		return false
	}
	_, there := row.Columns[step.Name]
	return !there
}

// waitingCount counts the rows on this page that wait to be handed in.
func waitingCount(a roundArgs) int {
	n := 0
	for _, row := range a.Rows {
		if waits(a, row) {
			n++
		}
	}
	return n
}

// currentStep marks the step under way for screen readers.
func currentStep(here bool) templ.Attributes {
	if here {
		return templ.Attributes{"aria-current": "step"}
	}
	return nil
}

// shownParties are those whose columns the table has: visitors see decisions, no columns.
func shownParties(a roundArgs) []programme.Party {
	for _, row := range a.Rows {
		if len(row.Columns) > 0 {
			return a.Running.Parties
		}
	}
	if a.Round.State == bihuan.RoundDecided {
		return nil
	}
	return a.Running.Parties
}

// handedInText says how many columns a party handed in, and how many were taken as they stood.
func handedInText(v view, s bihuan.RoundStep, subjects int) string {
	text := programme.T("提交 {0} / {1}", "handed in {0} of {1}").Fill(s.HandedIn, subjects)
	if s.TakenOver > 0 {
		text = programme.T("{0}，按现状计入 {1}", "{0}, taken over {1}").Fill(text, s.TakenOver)
	}
	return v.In(text)
}

// tellsPending tells whether clauses that nobody had judged are worth a word: those of the first party wait for others by
// nature, and once it is decided only the deciding column counts.
func tellsPending(a roundArgs, party string) bool {
	if a.Round.State == bihuan.RoundDecided {
		return party == a.Round.Decides
	}
	return len(a.Running.Parties) > 0 && party != a.Running.Parties[0].Name
}
