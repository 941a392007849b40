package web

import (
	"net/http"

	"bihuan.dev/bihuan/programme"
)

// linkedBallotPage is the ballot of a link: who are you, then the question, then thanks. Nobody is signed in by it; name and number go
// along with the vote, in the form itself.
type linkedBallotPage struct {
	ballotPage
	Token        string // the last part of the link
	Name, Number string
	Asked        bool // name and number fit: the question is shown
	Done         bool
}

func linkedBallot(r *request) error { return r.linkedBallot(http.StatusOK, linkedBallotPage{}) }

func (r *request) linkedBallot(status int, p linkedBallotPage) error {
	p.Token = r.PathValue("link")
	if p.Ballot.ID == "" {
		var err error
		if p.Ballot, err = r.f.site.BallotByLink(r.ctx(), p.Token); err != nil {
			return err
		}
	}
	title := programme.T("无记名评议", "Secret ballot")
	if !p.Ballot.Form.Title.Empty() {
		title = p.Ballot.Form.Title
	}
	return r.pageWith(status, linkedBallotView(r.view(title), p))
}

// voteByLink takes name and number, and then the vote with them.
func voteByLink(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	link := r.PathValue("link")
	p := linkedBallotPage{Name: r.PostForm.Get("_name"), Number: r.PostForm.Get("_number")}
	choices := map[string]any{}
	p.Typed = map[string]string{}
	for name, list := range r.PostForm {
		if name != "_name" && name != "_number" && name != "_vote" && list[0] != "" {
			choices[name], p.Typed[name] = list[0], list[0]
		}
	}
	var err error
	if p.Done = r.PostForm.Has("_vote"); p.Done {
		p.Ballot, err = r.f.site.VoteByLink(r.ctx(), r.from(), link, p.Name, p.Number, choices)
	} else {
		p.Ballot, err = r.f.site.MayVoteByLink(r.ctx(), r.from(), link, p.Name, p.Number)
	}
	if known := refusedEntry(err); known != nil {
		return r.linkedBallot(statuses[known.Kind], linkedBallotPage{Name: p.Name, Number: p.Number, ballotPage: ballotPage{Error: known}})
	}
	if known := mendable(err); known != nil {
		p.Error, p.Done, p.Asked = known, false, true
		return r.linkedBallot(statuses[known.Kind], p)
	}
	if err != nil {
		return err
	}
	p.Asked = !p.Done
	return r.linkedBallot(http.StatusOK, p)
}

// ballotLink opens the link of a ballot, or closes it.
func ballotLink(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	id := r.PathValue("id")
	said := programme.T("链接已关闭", "The link is closed")
	var err error
	if r.PostForm.Get("open") != "" {
		said = programme.T("链接已启用，原来的链接失效", "The link is open; an earlier one no longer works")
		_, err = r.f.site.OpenBallotLink(r.ctx(), r.actor, id)
	} else {
		err = r.f.site.CloseBallotLink(r.ctx(), r.actor, id)
	}
	if known := mendable(err); known != nil {
		return r.ballotPage(statuses[known.Kind], ballotPage{Error: known})
	}
	if err != nil {
		return err
	}
	return r.redirect("/ballots/"+id+"#link", said)
}

// linkedBallotURL is where a ballot's link leads.
func linkedBallotURL(link string) string { return "/vote/" + link }
