package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/a-h/templ"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// maxForm bounds what a page may be sent; uploads have their own bound.
const maxForm = 1 << 20

// request is one request on its way to an answer.
type request struct {
	http.ResponseWriter
	*http.Request
	f     *face
	actor bihuan.Actor // zero: a visitor
	lang  programme.Lang

	todo, unread int // for the frame: tasks, and notices not read
}

func (r *request) ctx() context.Context { return r.Request.Context() }

// handle wraps a route: who asks, in which language, may they be here at all, and what an error becomes.
func (f *face) handle(route route) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		if !route.upload {
			hr.Body = http.MaxBytesReader(w, hr.Body, maxForm)
		}
		r := &request{ResponseWriter: w, Request: hr, f: f}
		if err := r.identify(); err != nil {
			f.fail(w, hr, err)
			return
		}
		if route.house && r.actor.Visitor() {
			if hr.Method == http.MethodGet {
				http.Redirect(w, hr, "/login?next="+url.QueryEscape(hr.URL.RequestURI()), http.StatusSeeOther)
				return
			}
			r.fail(&bihuan.Error{Kind: bihuan.Unauthenticated, Text: programme.T("请先登录", "Please sign in first")})
			return
		}
		if err := r.count(); err != nil {
			r.fail(err)
			return
		}
		if err := r.do(route); err != nil {
			r.fail(err)
		}
	}
}

// do runs a route. A panic becomes an error like any other of ours: logged, and told as a sentence instead of an empty answer.
func (r *request) do(route route) (err error) {
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		} else if p != nil {
			panic(p)
		}
	}()
	return route.do(r)
}

// identify finds who asks. An account that is gone or disabled is a visitor again.
func (r *request) identify() error {
	ctx := r.ctx()
	if id := r.f.sessions.GetString(ctx, "account"); id != "" {
		actor, err := r.f.site.ActorByID(ctx, id)
		var known *bihuan.Error
		switch {
		case err == nil && actor.Stamp == r.f.sessions.GetString(ctx, "stamp"):
			r.actor = actor
		case err == nil: // the password was changed since
			r.f.sessions.Remove(ctx, "account")
		case errors.As(err, &known):
			r.f.sessions.Remove(ctx, "account")
		default:
			return fmt.Errorf("find account %s: %w", id, err)
		}
	}
	r.lang = r.chooseLang()
	return nil
}

// chooseLang: what was chosen in this session, then the account's language, then the browser's first one; Chinese otherwise.
func (r *request) chooseLang() programme.Lang {
	if l := r.f.sessions.GetString(r.ctx(), "lang"); l != "" {
		return programme.Lang(l)
	}
	if r.actor.Lang != "" {
		return r.actor.Lang
	}
	if strings.HasPrefix(strings.ToLower(r.Request.Header.Get("Accept-Language")), "en") {
		return programme.En
	}
	return programme.Zh
}

// page answers with a page. It is rendered whole before the first byte leaves, so that an error never leaves half a page.
func (r *request) page(c templ.Component) error { return r.pageWith(http.StatusOK, c) }

func (r *request) pageWith(status int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(r.ctx(), &b); err != nil {
		return fmt.Errorf("render %s: %w", r.URL.Path, err)
	}
	r.ResponseWriter.Header().Set("Content-Type", "text/html; charset=utf-8")
	if !r.actor.Visitor() {
		r.ResponseWriter.Header().Set("Cache-Control", "no-store")
	}
	r.WriteHeader(status)
	_, err := b.WriteTo(r.ResponseWriter)
	_ = err // the browser went away; there is nobody left to tell
	return nil
}

// redirect sends the browser on after a form was taken, with a word that the next page shows once.
func (r *request) redirect(to string, said programme.Text) error {
	if !said.Empty() {
		r.f.sessions.Put(r.ctx(), "said", said.In(r.lang))
	}
	http.Redirect(r.ResponseWriter, r.Request, to, http.StatusSeeOther)
	return nil
}

// statuses turn what a person can act on into HTTP.
var statuses = map[bihuan.Kind]int{
	bihuan.Invalid: http.StatusUnprocessableEntity, bihuan.NotFound: http.StatusNotFound, bihuan.Forbidden: http.StatusForbidden,
	bihuan.Conflict: http.StatusConflict, bihuan.TooLarge: http.StatusRequestEntityTooLarge, bihuan.TooMany: http.StatusTooManyRequests,
	bihuan.Unauthenticated: http.StatusUnauthorized,
}

// problem reads an error: its status, and what to tell the person. What is not theirs to mend is logged and told as ours.
func (f *face) problem(hr *http.Request, err error) (int, *bihuan.Error) {
	var known *bihuan.Error
	if errors.As(err, &known) {
		return statuses[known.Kind], known
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return http.StatusRequestEntityTooLarge, &bihuan.Error{Kind: bihuan.TooLarge,
			Text: programme.T("提交的内容太大，最多 {0} KB", "What was sent is too large; the limit is {0} KB").Fill(large.Limit / 1024)}
	}
	if errors.Is(err, context.Canceled) {
		return 499, &bihuan.Error{Text: programme.T("请求已取消", "The request was cancelled")}
	}
	f.log.Error("request failed", "method", hr.Method, "path", hr.URL.Path, "error", err)
	return http.StatusInternalServerError, &bihuan.Error{
		Text: programme.T("系统出了差错，不是您的问题", "Something went wrong on our side"),
		Hint: programme.T("内容没有保存。请稍后再试；若仍不行，请把时间告诉管理员。", "Nothing was saved. Please try again shortly, and tell an administrator the time if it persists.")}
}

func (r *request) fail(err error) {
	status, known := r.f.problem(r.Request, err)
	v := r.view(programme.T("出错了", "Something is wrong"))
	if e := r.pageWith(status, errorPage(v, status, known)); e != nil {
		http.Error(r.ResponseWriter, known.Text.In(r.lang), status)
	}
}

// fail answers before anyone is known: when the session itself cannot be read.
func (f *face) fail(w http.ResponseWriter, hr *http.Request, err error) {
	status, known := f.problem(hr, err)
	http.Error(w, known.Text.Zh+"\n"+known.Text.En, status)
}

// parseForm reads a posted form, with the bound on its size told clearly.
func (r *request) parseForm() error {
	if err := r.Request.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("表单无法读取", "The form cannot be read")}
	}
	return nil
}
