package web

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// voicePage is where somebody without an account comes in.
type voicePage struct {
	Code         string // from the address; the button uses it, so that a preview of the link does not
	Link, Place  string // of a roster that lets people in by name and number, and whose it is
	Name, Number string
	Error        *bihuan.Error
}

// voice is the home of somebody with a code; to others it is where one types it.
func voice(r *request) error {
	if r.actor.Voice() {
		return voiceHome(r)
	}
	return r.voicePage(http.StatusOK, voicePage{})
}

// voiceByCode asks to go in with the code of the address.
func voiceByCode(r *request) error {
	return r.voicePage(http.StatusOK, voicePage{Code: r.PathValue("code")})
}

// voiceByLink asks for the name and number of a roster.
func voiceByLink(r *request) error { return r.linkPage(http.StatusOK, voicePage{}) }

func (r *request) voicePage(status int, p voicePage) error {
	return r.pageWith(status, voiceIn(r.view(programme.T("凭码进入", "Come in with a code")), p))
}

func (r *request) linkPage(status int, p voicePage) error {
	p.Link = r.PathValue("link")
	var err error
	if p.Place, err = r.f.site.LinkedSubject(r.ctx(), p.Link); err != nil {
		return err
	}
	return r.pageWith(status, voiceLinked(r.view(programme.T("凭姓名和编号进入", "Come in with name and number")), p))
}

// speak uses a code up and begins a session.
func speak(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	code := r.PostForm.Get("code")
	actor, err := r.f.site.Speak(r.ctx(), r.from(), code)
	if known := refusedEntry(err); known != nil {
		return r.voicePage(statuses[known.Kind], voicePage{Error: known})
	}
	if err != nil {
		return err
	}
	return r.enter(actor, "/v")
}

// speakByLink lets somebody of a roster in and begins a session.
func speakByLink(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	p := voicePage{Name: r.PostForm.Get("name"), Number: r.PostForm.Get("number")}
	actor, err := r.f.site.SpeakByLink(r.ctx(), r.from(), r.PathValue("link"), p.Name, p.Number)
	if p.Error = refusedEntry(err); p.Error != nil {
		return r.linkPage(statuses[p.Error.Kind], p)
	}
	if err != nil {
		return err
	}
	return r.enter(actor, "/v")
}

func refusedEntry(err error) *bihuan.Error {
	var known *bihuan.Error
	if errors.As(err, &known) && (known.Kind == bihuan.Unauthenticated || known.Kind == bihuan.TooMany) {
		return known
	}
	return nil
}

// enter begins a session under a new token, so that one planted before cannot be used.
func (r *request) enter(actor bihuan.Actor, to string) error {
	if err := r.f.sessions.RenewToken(r.ctx()); err != nil {
		return err
	}
	r.f.sessions.Put(r.ctx(), "account", actor.ID)
	r.f.sessions.Put(r.ctx(), "stamp", actor.Stamp)
	return r.redirect(to, programme.Text{})
}

// from is where a request comes from: its network address. Behind a TLS proxy it is the one that the proxy saw.
func (r *request) from() string {
	if list := r.Request.Header.Values("X-Forwarded-For"); r.f.config.Secure && len(list) > 0 {
		last := list[len(list)-1]
		return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// base is the address under which this house was asked.
func (r *request) base() string {
	scheme := "http"
	if r.f.config.Secure || r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// voiceHomePage is what somebody with a code may do.
type voiceHomePage struct {
	Running  *bihuan.Running
	Subjects []bihuan.SubjectRow
	Ballots  []bihuan.BallotFigures
	Raise    []*programme.Matter
	Asks     []bihuan.Matter // open to be joined or done something about
	Own      []bihuan.Matter
}

func voiceHome(r *request) error {
	g := r.actor.Grants[0]
	run, err := r.f.site.Running(r.ctx(), g.Programme)
	if err != nil {
		return err
	}
	p := voiceHomePage{Running: run}
	if p.Subjects, _, err = r.f.site.Subjects(r.ctx(), r.actor, bihuan.SubjectQuery{Programme: g.Programme, Unit: g.Unit, Limit: 20}); err != nil {
		return err
	}
	if p.Ballots, err = r.f.site.MyBallots(r.ctx(), r.actor); err != nil {
		return err
	}
	seen := map[string]bool{}
	own := func(box bihuan.Box, into *[]bihuan.Matter) error {
		page, err := r.f.site.Matters(r.ctx(), r.actor, bihuan.MatterQuery{Programme: g.Programme, Box: box, Page: bihuan.Page{Limit: 20}})
		for _, m := range page.Matters {
			if !seen[m.ID] {
				seen[m.ID] = true
				*into = append(*into, m)
			}
		}
		return err
	}
	if err := errors.Join(own(bihuan.BoxTodo, &p.Asks), own(bihuan.BoxRaised, &p.Own), own(bihuan.BoxFollowing, &p.Own)); err != nil {
		return err
	}
	for _, m := range run.Matters {
		if slices.Contains(m.Raise.By, g.Role) {
			p.Raise = append(p.Raise, m)
		}
		for _, st := range m.Stages {
			if st.Collect == nil || !slices.Contains(st.Collect.By, g.Role) {
				continue
			}
			page, err := r.f.site.Matters(r.ctx(), r.actor, bihuan.MatterQuery{Programme: g.Programme, Name: m.Name, Unit: g.Unit, Stage: st.Stage, State: "open", Page: bihuan.Page{Limit: 20}})
			if err != nil {
				return err
			}
			for _, x := range page.Matters {
				if !seen[x.ID] {
					seen[x.ID] = true
					p.Asks = append(p.Asks, x)
				}
			}
		}
	}
	v := r.inProgramme(programme.T("我的", "Mine"), run.Programme, "todo")
	return r.page(voiceHomeView(v, p))
}
