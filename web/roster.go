package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rsc.io/qr"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

const mostRoster = 4 << 20 // bytes of a table

// rosterPage is the list of those who may speak for a role at a subject.
type rosterPage struct {
	Running *bihuan.Running
	Roster  bihuan.Roster
	Search  string
	Pager   pagerArgs
	Text    string // pasted
	Link    string // the whole address
	QR      qrCode // of it
	Error   *bihuan.Error
}

// roster shows a roster.
func roster(r *request) error { return r.rosterPage(http.StatusOK, rosterPage{}) }

func (r *request) rosterPage(status int, p rosterPage) error {
	run, sub, err := r.rosterHere()
	if err != nil {
		return err
	}
	const limit = 100
	p.Running, p.Search = run, r.URL.Query().Get("q")
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	if p.Roster, err = r.f.site.Roster(r.ctx(), r.actor, sub.ID, r.PathValue("role"), p.Search, bihuan.Page{Offset: offset, Limit: limit}); err != nil {
		return err
	}
	p.Pager = pagerArgs{offset: max(offset, 0), limit: limit, total: p.Roster.Total, href: func(offset int) string {
		return rosterURL(sub, p.Roster.Role) + "?q=" + url.QueryEscape(p.Search) + "&offset=" + strconv.Itoa(offset)
	}}
	if p.Roster.Link != "" {
		p.Link = r.base() + "/join/" + p.Roster.Link
		if p.QR, err = qrOf(p.Link); err != nil {
			return err
		}
	}
	return r.pageWith(status, rosterView(r.inProgramme(programme.T("名册", "Roster"), run.Programme, "subjects"), p))
}

func (r *request) rosterHere() (*bihuan.Running, bihuan.Subject, error) {
	run, err := r.running()
	if err != nil {
		return nil, bihuan.Subject{}, err
	}
	sub, err := r.subjectHere(run)
	return run, sub, err
}

func rosterURL(sub bihuan.Subject, role string) string {
	return subjectURL(sub.Programme, sub.ID) + "/rosters/" + url.PathEscape(role)
}

// addVoices takes a table or pasted lines into a roster and answers with the slips, which are shown this once.
func addVoices(r *request) error {
	run, sub, err := r.rosterHere()
	if err != nil {
		return err
	}
	people, text, err := r.readRoster()
	if known := mendable(err); known != nil {
		return r.rosterPage(statuses[known.Kind], rosterPage{Text: text, Error: known})
	}
	if err != nil {
		return err
	}
	list, err := r.f.site.AddVoices(r.ctx(), r.actor, sub.ID, r.PathValue("role"), people)
	if known := mendable(err); known != nil {
		return r.rosterPage(statuses[known.Kind], rosterPage{Text: text, Error: known})
	}
	if err != nil {
		return err
	}
	if len(list.Slips) == 0 {
		return r.redirect(rosterURL(sub, r.PathValue("role")), programme.T("{0}人都已在名册上", "All {0} were on the roster already").Fill(list.Known))
	}
	return r.slips(run, sub, list.Slips, list.Known)
}

// readRoster reads the people that were sent, as a table or as pasted lines.
func (r *request) readRoster() (people []bihuan.Person, text string, err error) {
	_, _, content, name, err := r.readUpload(mostRoster)
	text = r.Request.FormValue("people")
	if strings.TrimSpace(text) != "" {
		for _, p := range exchange.ReadRosterText(text) {
			people = append(people, bihuan.Person(p))
		}
		return people, text, nil
	}
	if err != nil {
		return nil, "", err
	}
	format, err := exchange.FormatOf(name, content[:min(len(content), 512)])
	if err != nil {
		return nil, "", unreadableTable(err)
	}
	file, err := exchange.ReadRoster(bytes.NewReader(content), format)
	if err != nil {
		return nil, "", unreadableTable(err)
	}
	if len(file.Errors) > 0 {
		wrong := &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("名册中有{0}处错误，没有录入任何人", "Mistakes in the roster: {0}. Nobody was taken in").Fill(len(file.Errors))}
		for _, e := range file.Errors {
			wrong.Rows = append(wrong.Rows, bihuan.RowError(e))
		}
		return nil, "", wrong
	}
	for _, p := range file.Records {
		people = append(people, bihuan.Person(p))
	}
	return people, "", nil
}

// newCodes gives those chosen new codes, or all who have not come in yet.
func newCodes(r *request) error {
	return r.withVoices(func(run *bihuan.Running, sub bihuan.Subject, voices []string) error {
		if r.PostForm.Has("chosen") && len(voices) == 0 { // nobody ticked is not everybody: all printed slips would end
			return &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("请选择要补发码的人", "Choose who gets a new code")}
		}
		slips, err := r.f.site.NewCodes(r.ctx(), r.actor, sub.ID, r.PathValue("role"), voices...)
		if err != nil {
			return err
		}
		if len(slips) == 0 {
			return r.redirect(rosterURL(sub, r.PathValue("role")), programme.T("大家都已进入过，不用补发", "Everybody has come in; no code is needed"))
		}
		return r.slips(run, sub, slips, 0)
	})
}

// revokeVoices takes those chosen off the roster.
func revokeVoices(r *request) error {
	return r.withVoices(func(_ *bihuan.Running, sub bihuan.Subject, voices []string) error {
		if err := r.f.site.RevokeVoices(r.ctx(), r.actor, sub.ID, r.PathValue("role"), voices...); err != nil {
			return err
		}
		return r.redirect(rosterURL(sub, r.PathValue("role")), programme.T("已移出{0}人，他们的码和登录已失效", "{0} taken off; their codes and sessions have ended").Fill(len(voices)))
	})
}

// rosterLink opens the roster's link, or closes it.
func rosterLink(r *request) error {
	return r.withVoices(func(_ *bihuan.Running, sub bihuan.Subject, _ []string) error {
		var err error
		said := programme.T("链接已关闭", "The link is closed")
		if r.PostForm.Get("open") != "" {
			said = programme.T("链接已启用，原来的链接失效", "The link is open; an earlier one no longer works")
			_, err = r.f.site.OpenLink(r.ctx(), r.actor, sub.ID, r.PathValue("role"))
		} else {
			err = r.f.site.CloseLink(r.ctx(), r.actor, sub.ID, r.PathValue("role"))
		}
		if err != nil {
			return err
		}
		return r.redirect(rosterURL(sub, r.PathValue("role"))+"#link", said)
	})
}

// withVoices does something to those chosen on the page of a roster, and comes back to it when that is refused.
func (r *request) withVoices(do func(*bihuan.Running, bihuan.Subject, []string) error) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	run, sub, err := r.rosterHere()
	if err != nil {
		return err
	}
	err = do(run, sub, r.PostForm["voice"])
	known := mendable(err)
	if kind, ok := bihuan.KindOf(err); known == nil && ok && kind == bihuan.Forbidden {
		_, p := r.f.problem(r.Request, err)
		known = p
	}
	if known != nil {
		return r.rosterPage(statuses[known.Kind], rosterPage{Error: known})
	}
	return err
}

// slipsPage are codes to be printed, cut and handed out.
type slipsPage struct {
	Subject bihuan.Subject
	Slips   []slip
	Known   int
	Address string // where one types a code
	Back    string
}

type slip struct {
	bihuan.Slip
	QR qrCode
}

// slips answers with codes. They stand in this answer and nowhere else.
func (r *request) slips(run *bihuan.Running, sub bihuan.Subject, list []bihuan.Slip, known int) error {
	p := slipsPage{Subject: sub, Known: known, Address: r.base() + "/v", Back: rosterURL(sub, r.PathValue("role"))}
	for _, x := range list {
		code, err := qrOf(p.Address + "/" + x.Code)
		if err != nil {
			return err
		}
		p.Slips = append(p.Slips, slip{x, code})
	}
	return r.page(slipsView(r.inProgramme(programme.T("一次性的码", "One-time codes"), run.Programme, "subjects"), p))
}

// qrCode is a QR code as one path of an SVG picture, in modules, with the quiet zone of four that readers want.
type qrCode struct{ Path, Box string }

func qrOf(text string) (qrCode, error) {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return qrCode{}, fmt.Errorf("QR code: %w", err)
	}
	const quiet = 4
	var b strings.Builder
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			from := x
			for x < c.Size && c.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	return qrCode{b.String(), fmt.Sprintf("0 0 %d %d", c.Size+2*quiet, c.Size+2*quiet)}, nil
}
