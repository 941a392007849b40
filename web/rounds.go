package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type roundsArgs struct {
	Running *bihuan.Running
	Rounds  []bihuan.Round
	Today   programme.Day
	Units   []bihuan.Unit // where the viewer may open a round; none: he may not
	Form    openRoundForm
	Error   *bihuan.Error // what was wrong with the form
}

// openRoundForm is what somebody typed to open a round.
type openRoundForm struct{ Kind, Title, Unit, AsOf, Starts string }

// rounds lists the assessment periods of a programme, and lets the deciding party open one.
func rounds(r *request) error {
	return r.roundsPage(http.StatusOK, openRoundForm{}, nil)
}

func (r *request) roundsPage(status int, form openRoundForm, wrong *bihuan.Error) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	a := roundsArgs{Running: run, Today: r.f.site.Today(), Form: form, Error: wrong}
	if a.Rounds, err = r.f.site.Rounds(r.ctx(), r.actor, run.Name); err != nil {
		return err
	}
	if a.Units, err = r.unitsToDecide(run); err != nil {
		return err
	}
	if a.Form.AsOf == "" {
		a.Form.AsOf = a.Today.String()
	}
	if a.Form.Starts == "" {
		a.Form.Starts = a.Today.String()
	}
	return r.pageWith(status, roundsPage(r.inProgramme(programme.T("考核", "Rounds"), run.Programme, "rounds"), a))
}

// unitsToDecide lists the units at which the actor holds the role of the deciding party, and those right below.
func (r *request) unitsToDecide(run *bihuan.Running) ([]bihuan.Unit, error) {
	if len(run.Parties) == 0 || len(run.Rounds) == 0 {
		return nil, nil
	}
	role := run.Parties[len(run.Parties)-1].Role
	var units []bihuan.Unit
	for _, g := range r.actor.Grants {
		if g.Programme != run.Name || g.Role != role {
			continue
		}
		u, err := r.f.site.Unit(r.ctx(), g.Unit)
		if err != nil {
			return nil, err
		}
		below, err := r.f.site.Children(r.ctx(), g.Unit)
		if err != nil {
			return nil, err
		}
		units = append(append(units, u), below...)
	}
	return units, nil
}

// openRound opens a round: it pins the version, the day and the subjects.
func openRound(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	form := openRoundForm{Kind: r.PostForm.Get("kind"), Title: strings.TrimSpace(r.PostForm.Get("title")), Unit: r.PostForm.Get("unit"),
		AsOf: r.PostForm.Get("as_of"), Starts: r.PostForm.Get("starts")}
	n := bihuan.NewRound{Programme: r.PathValue("programme"), Kind: form.Kind, Title: form.Title, Unit: form.Unit}
	var wrong []programme.FieldError
	n.AsOf, wrong = dayField(wrong, "as_of", form.AsOf)
	n.Starts, wrong = dayField(wrong, "starts", form.Starts)
	if len(wrong) > 0 {
		return r.roundsPage(http.StatusUnprocessableEntity, form, &bihuan.Error{Text: programme.T("有填写错误，请改正后再提交", "Some entries are wrong"), Fields: wrong})
	}
	opened, err := r.f.site.OpenRound(r.ctx(), r.actor, n)
	var known *bihuan.Error
	if errors.As(err, &known) && (known.Kind == bihuan.Invalid || known.Kind == bihuan.Conflict) {
		return r.roundsPage(statuses[known.Kind], form, known)
	}
	if err != nil {
		return err
	}
	return r.redirect(roundURL(opened.ID), programme.T("考核已启动：{0} 个对象", "The round is open: {0} subjects").Fill(opened.Subjects))
}

// dayField reads a day that was typed; empty is 0.
func dayField(wrong []programme.FieldError, field, text string) (programme.Day, []programme.FieldError) {
	if text == "" {
		return 0, wrong
	}
	d, err := programme.ParseDay(text)
	if err != nil {
		wrong = append(wrong, programme.FieldError{Field: field, Message: programme.T("日期应像 2021-01-20", "a day is like 2021-01-20")})
	}
	return d, wrong
}

func roundURL(id string) string { return "/rounds/" + url.PathEscape(id) }

// decisionURL is the address of the result of a subject in a round.
func decisionURL(round, subject string) string {
	return roundURL(round) + "/subjects/" + url.PathEscape(subject)
}

// roundClass colours the state of a round.
func roundClass(s bihuan.RoundState) string {
	switch s {
	case bihuan.RoundDecided:
		return "met"
	case bihuan.RoundPublicity:
		return "pending"
	case bihuan.RoundDeciding:
		return "soon"
	}
	return "open"
}

// roundShare is how far the loop of a round has closed, 0 to 1.
func roundShare(x bihuan.Round) float64 {
	if x.State == bihuan.RoundDecided {
		return 1
	}
	return float64(x.Step) / float64(len(x.Steps)+1)
}

// daysLeft says how long a step still runs.
func daysLeft(v view, today, ends programme.Day) string {
	n := int(ends - today)
	switch {
	case n > 0:
		return v.In(programme.T("还有 {0} 天", "{0} days left").Fill(n))
	case n == 0:
		return v.T("今天截止", "ends today")
	}
	return v.In(programme.T("已到期 {0} 天", "ended {0} days ago").Fill(-n))
}

// stepTitle names a step as the programme names its party.
func stepTitle(v view, p *programme.Programme, s bihuan.RoundStep) string {
	if s.Name == bihuan.Publicity {
		return v.T("公示", "Publicity")
	}
	if !s.Title.Empty() {
		return v.In(s.Title)
	}
	return v.by(p, s.Name)
}

// roundKind names a kind of round, with its rhythm where it has no title.
func roundKind(v view, k *programme.Round) string {
	if !k.Title.Empty() {
		return v.In(k.Title)
	}
	return k.Name
}

// fieldsOf gives the mistakes by field of an error that may be nil.
func fieldsOf(e *bihuan.Error) []programme.FieldError {
	if e == nil {
		return nil
	}
	return e.Fields
}

func fieldWrong(name string, e *bihuan.Error) bool {
	for _, f := range fieldsOf(e) {
		if f.Field == name {
			return true
		}
	}
	return false
}

// daysText writes a first and a last day, the year once where it is the same.
func daysText(v view, from, to programme.Day) string {
	last := v.day(to)
	if from.Time().Year() == to.Time().Year() {
		if v.Lang == programme.En {
			return from.Time().Format("2 Jan") + " – " + last
		}
		last = to.Time().Format("1月2日")
	}
	return v.day(from) + " – " + last
}
