package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

type decisionArgs struct {
	scoreArgs    // Columns is empty where the viewer may not read the reasons
	Round        bihuan.Round
	Row          bihuan.RoundRow
	Place        string
	Decision     *bihuan.Decision  // nil: not decided yet
	Proof        *recomputed       // nil: not asked for
	Others       []bihuan.Decision // of the same round: what it corrects, or what corrects it
	Objections   []bihuan.Objection
	Appeals      []bihuan.Matter
	MayObject    bool
	MayAppeal    bool
	AppealsUntil programme.Day // 0: no day ends it
	MayAnswer    bool
	Clause       string // what was typed into the objection
	Body         string
	Error        *bihuan.Error // what was wrong with the objection
	Answering    string        // the objection whose answer was wrong
	Answer       string
}

// recomputed is what came out when a decision was computed anew.
type recomputed struct {
	Total assess.Points
	Same  bool
	Known string // the evidence known at this moment was used
}

// decision shows the result of a subject in a round with its reasons, the objections to it, and the proof that it recomputes.
func decision(r *request) error {
	a, err := r.decisionArgs()
	if err != nil {
		return err
	}
	return r.decisionPage(http.StatusOK, a)
}

func (r *request) decisionPage(status int, a decisionArgs) error {
	v := r.inProgramme(programme.T(a.Row.Subject.Name+" · "+a.Round.Title, a.Row.Subject.Name+" · "+a.Round.Title), a.Running.Programme, "rounds")
	if a.Proof != nil {
		a.Proof.Known = v.moment(a.Decision.Known)
	}
	return r.pageWith(status, decisionPage(v, a))
}

func (r *request) decisionArgs() (decisionArgs, error) {
	var a decisionArgs
	var err error
	if a.Round, err = r.f.site.Round(r.ctx(), r.actor, r.PathValue("round")); err != nil {
		return a, err
	}
	if a.Running, err = r.f.site.RunningVersion(r.ctx(), a.Round.VersionID); err != nil {
		return a, err
	}
	sub, err := r.decidedOrPinned(&a)
	if err != nil {
		return a, err
	}
	if a.Row, err = r.roundRow(a.Round, sub); err != nil {
		return a, err
	}
	where, err := r.places([]string{sub.Unit})
	if err != nil {
		return a, err
	}
	a.Place, a.Base = where[sub.Unit], subjectURL(sub.Programme, sub.ID)
	a.Objections, err = r.f.site.Objections(r.ctx(), r.actor, a.Round.ID, sub.ID)
	if err := ours(err); err != nil {
		return a, err
	}
	if a.Decision != nil {
		if err := r.appeals(&a); err != nil {
			return a, err
		}
		a.Columns = []assess.Score{a.Decision.Score}
		a.Public = !showsFacts(a.Decision.Score)
		if r.URL.Query().Has("recompute") {
			score, same, err := r.f.site.Recompute(r.ctx(), r.actor, a.Decision.ID)
			if err != nil {
				return a, err
			}
			a.Proof = &recomputed{Total: score.Total, Same: same}
		}
	} else if err := r.publishedReasons(&a); err != nil {
		return a, err
	}
	if may, err := r.f.site.MayJudgeIn(r.ctx(), r.actor, a.Round.ID, sub.ID); err != nil {
		return a, err
	} else if may {
		a.Anew = a.Round.ID
	}
	return a, r.objectionRights(&a)
}

// decidedOrPinned finds the decision, or at least the subject when there is none yet.
func (r *request) decidedOrPinned(a *decisionArgs) (bihuan.Subject, error) {
	d, err := r.f.site.Decision(r.ctx(), r.actor, a.Round.ID, r.PathValue("subject"))
	if err == nil {
		a.Decision = &d
		return d.Subject, nil
	}
	if kind, known := bihuan.KindOf(err); !known || kind != bihuan.NotFound || a.Round.State == bihuan.RoundDecided {
		return bihuan.Subject{}, err
	}
	return r.f.site.Subject(r.ctx(), r.actor, r.PathValue("subject"))
}

// roundRow finds the row of a subject in a round, where the columns stand.
func (r *request) roundRow(x bihuan.Round, sub bihuan.Subject) (bihuan.RoundRow, error) {
	rows, _, err := r.f.site.RoundRows(r.ctx(), r.actor, x.ID, bihuan.SubjectQuery{Programme: x.Programme, Search: sub.Key, Limit: 20})
	if err != nil {
		return bihuan.RoundRow{}, err
	}
	for _, row := range rows {
		if row.Subject.ID == sub.ID {
			return row, nil
		}
	}
	return bihuan.RoundRow{}, &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("本次考核没有这个对象", "This round has no such subject")}
}

// publishedReasons adds the reasons of the published result, as it was known when it was handed in. Who may not see them
// sees the totals only.
func (r *request) publishedReasons(a *decisionArgs) error {
	column, there := a.Row.Columns[a.Round.Decides]
	if !there || a.Round.State == bihuan.RoundCollecting {
		return nil
	}
	columns, err := r.f.site.Columns(r.ctx(), r.actor, a.Row.Subject.ID, bihuan.At{AsOf: a.Round.AsOf, Known: column.Known, Version: a.Round.VersionID})
	if err := ours(err); err != nil {
		return err
	}
	for i, c := range columns {
		if c.Party == a.Round.Decides {
			a.Columns, a.Shown = columns, i
		}
	}
	return nil
}

// appeals adds the decisions of the round that were corrected on appeal, and the appeals that the viewer may see.
func (r *request) appeals(a *decisionArgs) error {
	all, err := r.f.site.Decisions(r.ctx(), r.actor, a.Row.Subject.ID)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Round == a.Round.ID && d.ID != a.Decision.ID {
			a.Others = append(a.Others, d)
		}
	}
	list, err := r.f.site.Matters(r.ctx(), r.actor, bihuan.MatterQuery{Name: "appeal", Programme: a.Round.Programme, Round: a.Round.ID, Subject: a.Row.Subject.ID})
	a.Appeals = list.Matters
	return err
}

func (r *request) objectionRights(a *decisionArgs) error {
	if r.actor.Visitor() {
		return nil
	}
	if a.Round.State == bihuan.RoundPublicity {
		held, err := r.rolesAt(r.ctx(), a.Running.Programme, a.Row.Subject.Unit)
		if err != nil {
			return err
		}
		for i, party := range a.Running.Parties {
			a.MayObject = a.MayObject || i == 0 && held[party.Role]
		}
		for _, role := range a.Running.Roles {
			a.MayObject = a.MayObject || held[role.Name] && !holdsParty(a.Running.Programme, role.Name)
		}
	}
	if a.Decision != nil && len(a.Running.Parties) > 0 {
		held, err := r.rolesAt(r.ctx(), a.Running.Programme, a.Row.Subject.Unit)
		if err != nil {
			return err
		}
		a.AppealsUntil = r.f.site.AppealsUntil(a.Running, a.Round)
		a.MayAppeal = held[a.Running.Parties[0].Role] && (a.AppealsUntil == 0 || r.f.site.Today() <= a.AppealsUntil)
	}
	held, err := r.rolesAt(r.ctx(), a.Running.Programme, a.Round.Unit)
	a.MayAnswer = held[roleOf(a.Running.Programme, a.Round.Decides)]
	return err
}

// object objects to a published result, or to one clause of it.
func object(r *request) error {
	return r.against(func(round, sub, clause, body string) error {
		_, err := r.f.site.Object(r.ctx(), r.actor, round, sub, clause, body)
		return err
	}, "#objections", programme.T("异议已提交，评定方答复后会在此公布", "The objection is filed; its answer will be published here"))
}

// appeal appeals against a decided result, or one clause of it.
func appeal(r *request) error {
	return r.against(func(round, sub, clause, body string) error {
		_, err := r.f.site.Appeal(r.ctx(), r.actor, round, sub, clause, body)
		return err
	}, "#appeals", programme.T("复核申请已提交，由没有参加评定的人员办理", "The appeal is filed; somebody who had no part in the result decides it"))
}

// against files what somebody has against a result; what is wrong comes back on the page.
func (r *request) against(verb func(round, sub, clause, body string) error, place string, said programme.Text) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	round, sub := r.PathValue("round"), r.PathValue("subject")
	clause, body := r.PostForm.Get("clause"), r.PostForm.Get("body")
	err := verb(round, sub, clause, body)
	var known *bihuan.Error
	if errors.As(err, &known) && (known.Kind == bihuan.Invalid || known.Kind == bihuan.Conflict || known.Kind == bihuan.TooLarge) {
		a, err := r.decisionArgs()
		if err != nil {
			return err
		}
		a.Clause, a.Body, a.Error = clause, body, known
		return r.decisionPage(statuses[known.Kind], a)
	}
	if err != nil {
		return err
	}
	return r.redirect(decisionURL(round, sub)+place, said)
}

// answerObjection answers an objection in public.
func answerObjection(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	upheld, answer := r.PostForm.Get("upheld") == "yes", r.PostForm.Get("answer")
	round, sub := r.PostForm.Get("round"), r.PostForm.Get("subject")
	var err error
	if r.PostForm.Get("upheld") == "" {
		err = &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("请选择异议是否成立", "Please say whether it is upheld")}
	} else {
		err = r.f.site.Answer(r.ctx(), r.actor, r.PathValue("id"), upheld, answer)
	}
	var known *bihuan.Error
	if errors.As(err, &known) && (known.Kind == bihuan.Invalid || known.Kind == bihuan.Conflict || known.Kind == bihuan.TooLarge) {
		r.Request.SetPathValue("round", round)
		r.Request.SetPathValue("subject", sub)
		a, e := r.decisionArgs()
		if e != nil {
			return e
		}
		a.Error, a.Answering, a.Answer = known, r.PathValue("id"), answer
		return r.decisionPage(statuses[known.Kind], a)
	}
	if err != nil {
		return err
	}
	said := programme.T("已答复", "Answered")
	if upheld {
		said = programme.T("已答复，请接着更正", "Answered; now correct the result")
	}
	return r.redirect("/rounds/"+url.PathEscape(round)+"/subjects/"+url.PathEscape(sub)+"#objections", said)
}

// showsFacts tells whether a score still carries the evidence it came from; for visitors the verb takes it out.
func showsFacts(s assess.Score) bool {
	for _, c := range s.Clauses {
		for _, in := range c.Inputs {
			if len(in.Evidence) > 0 {
				return true
			}
		}
	}
	return false
}

// ours keeps an error that is our fault; what is merely not for this viewer leaves that part of the page out.
func ours(err error) error {
	var known *bihuan.Error
	if errors.As(err, &known) {
		return nil
	}
	return err
}

// refusedWithoutForm tells that what was sent was refused and the form that would say so is no longer there: somebody else has answered, or
// the time is over.
func (a decisionArgs) refusedWithoutForm() bool {
	switch {
	case a.Error == nil:
		return false
	case a.Answering == "":
		return !a.MayObject && !a.MayAppeal
	}
	open := slices.ContainsFunc(a.Objections, func(o bihuan.Objection) bool { return o.ID == a.Answering && o.Outcome == bihuan.ObjectionOpen })
	return !open || !a.MayAnswer
}

// answerTyped is what was typed into the answer of an objection, when it came back.
func answerTyped(a decisionArgs, o bihuan.Objection) string {
	if a.Answering == o.ID {
		return a.Answer
	}
	return ""
}
