package web

import (
	"errors"
	"net/url"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// home sends people to where their work is, and shows visitors what is public.
func home(r *request) error {
	if r.actor.Voice() {
		return r.redirect("/v", programme.Text{})
	}
	if !r.actor.Visitor() {
		return r.redirect("/todo", programme.Text{})
	}
	running, err := r.f.site.Programmes(r.ctx())
	if err != nil {
		return err
	}
	return r.page(homePage(r.view(programme.T("首页", "Start")), running, r.f.config.Demo))
}

func signInForm(r *request) error {
	return r.page(signInPage(r.view(programme.T("登录", "Sign in")), signInArgs{Next: local(r.URL.Query().Get("next")), Demo: r.f.config.Demo}))
}

type signInArgs struct {
	Login, Next string
	Error       programme.Text
	Demo        []DemoLogin
}

// signIn begins a session under a new token, so that one planted before cannot be used.
func signIn(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	args := signInArgs{Login: r.PostForm.Get("login"), Next: local(r.PostForm.Get("next")), Demo: r.f.config.Demo}
	actor, err := r.f.site.SignIn(r.ctx(), args.Login, r.PostForm.Get("password"))
	var known *bihuan.Error
	if errors.As(err, &known) {
		args.Error = known.Text
		return r.pageWith(statuses[known.Kind], signInPage(r.view(programme.T("登录", "Sign in")), args))
	}
	if err != nil {
		return err
	}
	to := args.Next
	if to == "" {
		to = "/todo"
	}
	return r.enter(actor, to)
}

func signOut(r *request) error {
	if err := r.f.sessions.Destroy(r.ctx()); err != nil {
		return err
	}
	return r.redirect("/", programme.Text{})
}

func setLang(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	lang := programme.Zh
	if r.PostForm.Get("lang") == "en" {
		lang = programme.En
	}
	r.f.sessions.Put(r.ctx(), "lang", string(lang))
	if !r.actor.Visitor() {
		if err := r.f.site.SetLang(r.ctx(), r.actor, lang); err != nil {
			return err
		}
	}
	back := local(r.PostForm.Get("back"))
	if back == "" {
		back = "/"
	}
	return r.redirect(back, programme.Text{})
}

// local keeps an address only if it leads nowhere but here.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return ""
	}
	return to
}
