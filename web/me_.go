package web

import (
	"errors"
	"strconv"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// mePage is one's own account. (The file is me_.go since me is the corner of the frame.)
type mePage struct {
	Grants   []grantRow
	Tokens   []bihuan.Token
	Plain    string // a token just made: shown once
	Name     string // of the token that could not be made
	Error    *bihuan.Error
	Password bool // the error belongs to the password
}

// grantRow is a grant in words.
type grantRow struct{ Programme, Role, Unit string }

// me_ shows one's own account.
func me_(r *request) error {
	if r.actor.Voice() {
		return r.redirect("/v", programme.Text{})
	}
	return mineWith(r, mePage{})
}

func mineWith(r *request, page mePage) error {
	v, err := r.inUsual(programme.T("我的账号", "My account"), "me")
	if err != nil {
		return err
	}
	if page.Tokens, err = r.f.site.Tokens(r.ctx(), r.actor); err != nil {
		return err
	}
	for _, g := range r.actor.Grants {
		row := grantRow{Role: v.T("管理员", "Administrator")}
		if g.Programme != "" {
			run, err := r.f.site.Running(r.ctx(), g.Programme)
			if err != nil {
				return err
			}
			row = grantRow{Programme: v.In(run.Title), Role: v.by(run.Programme, g.Role)}
		}
		unit, err := r.f.site.Unit(r.ctx(), g.Unit)
		if err != nil {
			return err
		}
		row.Unit = unit.Name
		page.Grants = append(page.Grants, row)
	}
	if page.Error != nil {
		return r.pageWith(statuses[page.Error.Kind], meView(v, page))
	}
	return r.page(meView(v, page))
}

// changePassword asks for the old one, and for the new one twice.
func changePassword(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	password := r.PostForm.Get("new")
	var err error
	if password != r.PostForm.Get("again") {
		err = &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("两次输入的新密码不一样", "The two new passwords differ"),
			Fields: []programme.FieldError{{Field: "again", Message: programme.T("与上面的新密码不一样", "It differs from the one above")}}}
	} else {
		err = r.f.site.ChangePassword(r.ctx(), r.actor, r.PostForm.Get("old"), password)
	}
	var known *bihuan.Error
	if errors.As(err, &known) {
		return mineWith(r, mePage{Error: known, Password: true})
	}
	if err != nil {
		return err
	}
	if err := r.stayIn(); err != nil {
		return err
	}
	return r.redirect("/me", programme.T("密码已修改。", "Your password has been changed."))
}

// newToken makes a token for programs and shows it this once.
func newToken(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	page := mePage{Name: r.PostForm.Get("name")}
	days, err := strconv.Atoi(r.PostForm.Get("days"))
	if err != nil {
		days = 90
	}
	page.Plain, _, err = r.f.site.NewToken(r.ctx(), r.actor, page.Name, days)
	var known *bihuan.Error
	if errors.As(err, &known) {
		page.Error = known
	} else if err != nil {
		return err
	}
	return mineWith(r, page)
}

func revokeToken(r *request) error {
	if err := r.f.site.RevokeToken(r.ctx(), r.actor, r.PathValue("id")); err != nil {
		return err
	}
	return r.redirect("/me", programme.T("令牌已作废。", "The token has been revoked."))
}

// wrong are the mistakes of one half of the page.
func (p mePage) wrong(password bool) []programme.FieldError {
	if p.Error == nil || p.Password != password {
		return nil
	}
	return p.Error.Fields
}

func pressed(on bool) string { return strconv.FormatBool(on) }

// stayIn keeps the session of the one who has just changed his own password; all his others are over.
func (r *request) stayIn() error {
	actor, err := r.f.site.ActorByID(r.ctx(), r.actor.ID)
	if err != nil {
		return err
	}
	r.f.sessions.Put(r.ctx(), "stamp", actor.Stamp)
	return r.f.sessions.RenewToken(r.ctx())
}
