// Package web is the face: pages and JSON over the same verbs.
//
// All addresses stand in routes.go. A handler decodes the request, calls one verb of the site, and answers with a page or
// an error; what an error looks like is decided once, in respond.go. Pages are templ components that stand beside their
// handler: subject.go has subject.templ.
package web

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// Config is what a face needs beside its site.
type Config struct {
	Log    *slog.Logger // nil: slog.Default()
	Secure bool         // cookies only over HTTPS; set behind a TLS proxy
	Demo   []DemoLogin  // shown on the sign-in page of a demo; nil elsewhere
}

// DemoLogin is an account that the demo offers on its sign-in page.
type DemoLogin struct {
	Login, Password string
	Role            programme.Text
}

type face struct {
	site     *bihuan.Site
	config   Config
	log      *slog.Logger
	sessions *scs.SessionManager
}

// New gives the handler that serves a site.
func New(site *bihuan.Site, config Config) http.Handler {
	f := &face{site: site, config: config, log: config.Log, sessions: scs.New()}
	if f.log == nil {
		f.log = slog.Default()
	}
	f.sessions.Store = site.SessionStore()
	f.sessions.Lifetime = 14 * 24 * time.Hour
	f.sessions.IdleTimeout = 3 * 24 * time.Hour
	f.sessions.Cookie.Name = "bihuan"
	f.sessions.Cookie.HttpOnly = true
	f.sessions.Cookie.SameSite = http.SameSiteLaxMode
	f.sessions.Cookie.Secure = config.Secure
	f.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { f.fail(w, r, err) }

	mux := http.NewServeMux()
	for _, route := range f.routes() {
		if h := f.handle(route); route.beside {
			mux.Handle(route.pattern, f.readsSession(h))
		} else {
			mux.Handle(route.pattern, f.sessions.LoadAndSave(h))
		}
	}
	mux.Handle("GET /assets/", assets())
	mux.Handle("GET /favicon.ico", http.RedirectHandler(asset("ring.svg"), http.StatusMovedPermanently)) // asked for where a page names none, such as a download
	calls := http.NewServeMux()
	api := f.api(calls)
	mux.Handle("/api/", f.readsSession(calls))
	mux.Handle("GET /api", f.sessions.LoadAndSave(f.handle(route{do: apiDocs(api)})))
	return received(secured(http.NewCrossOriginProtection().Handler(mux)))
}

// readsSession loads the session and does not save it, for what is asked for beside a page: pictures, drafts, the effect of a draft. Saving
// would write back what it was before a form that was sent meanwhile, and the word that the form was taken would be lost.
func (f *face) readsSession(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := ""
		if c, err := r.Cookie(f.sessions.Cookie.Name); err == nil {
			token = c.Value
		}
		ctx, err := f.sessions.Load(r.Context(), token)
		if err != nil {
			f.fail(w, r, err)
			return
		}
		w.Header().Add("Vary", "Cookie")
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// secured sets the headers that every answer carries. Nothing comes from outside, no script or style stands in a page.
func secured(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
		h.ServeHTTP(w, r)
	})
}
