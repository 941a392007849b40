package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// ballotPage is a ballot: to vote in, or what came of it.
type ballotPage struct {
	Ballot  bihuan.BallotFigures
	Running *bihuan.Running
	Typed   map[string]string
	Error   *bihuan.Error
	Thanks  bool // the actor has just voted, or did before
	Reason  string
	Link    string // the whole address of its link, for those who may open one; empty: there is none
	QR      qrCode // of it
}

// ballot shows a ballot.
func ballot(r *request) error { return r.ballotPage(http.StatusOK, ballotPage{}) }

func (r *request) ballotPage(status int, p ballotPage) error {
	var err error
	if p.Ballot, err = r.f.site.Ballot(r.ctx(), r.actor, r.PathValue("id")); err != nil {
		return err
	}
	if p.Running, err = r.f.site.Running(r.ctx(), p.Ballot.Subject.Programme); err != nil {
		return err
	}
	p.Thanks = p.Ballot.Voted
	if p.Ballot.Link != "" {
		p.Link = r.base() + linkedBallotURL(p.Ballot.Link)
		if p.QR, err = qrOf(p.Link); err != nil {
			return err
		}
	}
	v := r.inProgramme(p.Ballot.Form.Title, p.Running.Programme, "")
	if v.Title.Empty() {
		v.Title = programme.T(p.Ballot.Form.Name, p.Ballot.Form.Name)
	}
	return r.pageWith(status, ballotView(v, p))
}

// vote casts a vote. What was chosen is shown again only when it was refused, and kept nowhere.
func vote(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	id := r.PathValue("id")
	choices, typed := map[string]any{}, map[string]string{}
	for name, list := range r.PostForm {
		if len(list) > 0 && list[0] != "" {
			choices[name], typed[name] = list[0], list[0]
		}
	}
	err := r.f.site.Vote(r.ctx(), r.actor, id, choices)
	var known *bihuan.Error
	if errors.As(err, &known) && (known.Kind == bihuan.Invalid || known.Kind == bihuan.Conflict) {
		return r.ballotPage(statuses[known.Kind], ballotPage{Typed: typed, Error: known})
	}
	if err != nil {
		return err
	}
	return r.redirect("/ballots/"+id, programme.Text{})
}

// breakOffBallot ends a ballot that was called by mistake.
func breakOffBallot(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	err := r.f.site.BreakOffBallot(r.ctx(), r.actor, r.PathValue("id"), r.PostForm.Get("reason"))
	if known := mendable(err); known != nil {
		return r.ballotPage(statuses[known.Kind], ballotPage{Error: known, Reason: r.PostForm.Get("reason")})
	}
	if err != nil {
		return err
	}
	return r.redirect("/ballots/"+r.PathValue("id"), programme.T("已中止", "Broken off"))
}

// ballotsPage are the ballots of a subject itself.
type ballotsPage struct {
	Running *bihuan.Running
	Subject bihuan.Subject
	Forms   []*programme.Form // that may be called
	Ballots []bihuan.BallotFigures
	Rosters []programme.Role
	May     bool
	First   string // the first and the last day it may run to, and the one proposed
	Last    string
	Closes  string
	Form    string
	Error   *bihuan.Error
}

// subjectBallots lists the ballots of a subject and lets those who may call one.
func subjectBallots(r *request) error { return r.subjectBallots(http.StatusOK, ballotsPage{}) }

func (r *request) subjectBallots(status int, p ballotsPage) error {
	var err error
	if p.Running, err = r.running(); err != nil {
		return err
	}
	if p.Subject, err = r.subjectHere(p.Running); err != nil {
		return err
	}
	if p.Ballots, err = r.f.site.SubjectBallots(r.ctx(), r.actor, p.Subject.ID); err != nil {
		return err
	}
	held, err := r.rolesAt(r.ctx(), p.Running.Programme, p.Subject.Unit)
	if err != nil {
		return err
	}
	p.Forms, p.May = p.Running.BallotForms(), keepsRoster(p.Running, held) && !p.Subject.Left
	if p.May {
		p.Rosters = p.Running.VoiceRoles()
	}
	today := r.f.site.Today()
	p.First, p.Last = (today + 1).String(), (today + bihuan.LongestBallot).String()
	if p.Closes == "" {
		p.Closes = programme.DayOf(today.Time().Add(14 * 24 * time.Hour)).String()
	}
	return r.pageWith(status, ballotsView(r.inProgramme(programme.T("无记名评议", "Secret ballots"), p.Running.Programme, "subjects"), p))
}

// keepsRoster tells whether somebody who holds these roles keeps the rosters of a subject and calls its ballots.
func keepsRoster(run *bihuan.Running, held roles) bool {
	return held[bihuan.Admin] || slices.ContainsFunc(run.Parties, func(x programme.Party) bool { return held[x.Role] })
}

// callBallot opens a ballot of a subject.
func callBallot(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	run, err := r.running()
	if err != nil {
		return err
	}
	sub, err := r.subjectHere(run)
	if err != nil {
		return err
	}
	p := ballotsPage{Form: r.PostForm.Get("form"), Closes: r.PostForm.Get("closes")}
	closes, err := programme.ParseDay(p.Closes)
	if err != nil {
		p.Error = &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("请填截止日", "Give the last day"),
			Fields: []programme.FieldError{{Field: "closes", Message: programme.T("请填截止日", "give the last day")}}}
		return r.subjectBallots(http.StatusUnprocessableEntity, p)
	}
	id, err := r.f.site.CallBallot(r.ctx(), r.actor, sub.ID, p.Form, closes)
	if p.Error = mendable(err); p.Error != nil {
		return r.subjectBallots(statuses[p.Error.Kind], p)
	}
	if err != nil {
		return err
	}
	return r.redirect("/ballots/"+id, programme.T("已发起，受邀人都会收到通知", "Called; those invited are told"))
}

// ballotTitle says what a ballot is about.
func (v view) ballotTitle(b bihuan.BallotFigures) string {
	if b.Form.Title.Empty() {
		return b.Form.Name
	}
	return v.In(b.Form.Title)
}

// posterTitle is ballotTitle with the matter that is rated.
func (v view) posterTitle(b bihuan.BallotFigures) string {
	if b.Matter == "" {
		return v.ballotTitle(b)
	}
	return v.ballotTitle(b) + v.T("：", ": ") + v.In(b.Called)
}

func (v view) matterTitle(m *programme.Matter) string {
	if m.Title.Empty() {
		return m.Name
	}
	return v.In(m.Title)
}

// voteShare is n of all as a share, for a bar.
func voteShare(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func ballotsURL(sub bihuan.Subject) string { return subjectURL(sub.Programme, sub.ID) + "/ballots" }

func count(n int) string { return strconv.Itoa(n) }
