package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// api puts the JSON API on the mux: the same verbs as the pages, under /api/v1. Its OpenAPI 3.1 description is served at
// /api/v1/openapi.json; mistakes are problem+json (RFC 9457) in the language that Accept-Language asks for.
func (f *face) api(mux *http.ServeMux) huma.API {
	config := huma.DefaultConfig("Bihuan", "1")
	config.Info.Description = "Every address is one verb of the product. Sign in with `Authorization: Bearer bh_…`; make a token on your account's page.\n\n" +
		"Points are numbers of points. Days are `2021-01-20`, moments RFC 3339. A visitor may read what a programme declares public."
	config.OpenAPIPath = "/api/v1/openapi"
	config.DocsPath, config.SchemasPath = "", ""
	config.CreateHooks = nil // no $schema in bodies
	config.Transformers = append(config.Transformers, inWords)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"token": {}}, {}}
	api := humago.New(mux, config)
	api.UseMiddleware(f.apiCaller(api))
	f.apiProgrammes(api)
	f.apiSubjects(api)
	f.apiEvidence(api)
	f.apiRounds(api)
	f.apiMatters(api)
	f.apiBallots(api)
	f.apiSubjectBallots(api)
	f.apiRosters(api)
	f.apiPromises(api)
	f.apiIndicators(api)
	f.apiNotices(api)
	return api
}

// caller is who calls the API, and in which language they are told things.
type caller struct {
	actor bihuan.Actor
	lang  programme.Lang
}

type callerKey struct{}

func callerOf(ctx context.Context) caller { c, _ := ctx.Value(callerKey{}).(caller); return c }

// apiCaller finds the caller by token. The pages' session counts too, so that scripts of a page may use the API.
func (f *face) apiCaller(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := caller{lang: programme.Zh}
		if strings.HasPrefix(strings.ToLower(ctx.Header("Accept-Language")), "en") {
			c.lang = programme.En
		}
		var err error
		if token, ok := strings.CutPrefix(ctx.Header("Authorization"), "Bearer "); ok {
			c.actor, err = f.site.ActorByToken(ctx.Context(), strings.TrimSpace(token))
		} else if id := f.sessions.GetString(ctx.Context(), "account"); id != "" {
			c.actor, err = f.site.ActorByID(ctx.Context(), id)
			if err == nil && c.actor.Stamp != f.sessions.GetString(ctx.Context(), "stamp") { // the password was changed since
				c.actor = bihuan.Actor{}
			}
		}
		if err != nil {
			r, _ := humago.Unwrap(ctx)
			p := f.apiProblem(r, c.lang, err)
			huma.WriteErr(api, ctx, p.Status, p.Detail)
			return
		}
		next(huma.WithValue(ctx, callerKey{}, c))
	}
}

// apiProblem turns an error into problem+json. What is not the caller's to mend is logged and told as ours.
func (f *face) apiProblem(hr *http.Request, lang programme.Lang, err error) *huma.ErrorModel {
	status, known := f.problem(hr, err)
	p := &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: known.Text.In(lang)}
	if !known.Hint.Empty() {
		p.Detail += " — " + known.Hint.In(lang)
	}
	place := func(field string) string { return "body.values." + field }
	var elsewhere placed
	if errors.As(err, &elsewhere) {
		place = elsewhere.at
	}
	for _, e := range known.Fields {
		p.Errors = append(p.Errors, &huma.ErrorDetail{Location: place(e.Field), Message: e.Message.In(lang)})
	}
	for _, e := range known.Rows {
		location := "body.rows[" + itoa(e.Row-1) + "]"
		if e.Field != "" {
			location += "." + e.Field
		}
		p.Errors = append(p.Errors, &huma.ErrorDetail{Location: location, Message: e.Text.In(lang)})
	}
	return p
}

// verb registers one operation. Its errors become problem+json in one place.
func verb[I, O any](f *face, api huma.API, method, path, id, summary string, do func(context.Context, caller, *I) (*O, error)) {
	huma.Register(api, huma.Operation{OperationID: id, Method: method, Path: "/api/v1" + path, Summary: summary, MaxBodyBytes: maxAPIBody, BodyReadTimeout: receiveTime},
		func(ctx context.Context, in *I) (*struct{ Body *O }, error) {
			c := callerOf(ctx)
			out, err := do(ctx, c, in)
			if err != nil {
				hr, _ := http.NewRequestWithContext(ctx, method, "/api/v1"+path, nil)
				return nil, f.apiProblem(hr, c.lang, err)
			}
			return &struct{ Body *O }{out}, nil
		})
}

// maxAPIBody bounds a call; larger tables go through the import of the command line or the pages.
const maxAPIBody = 16 << 20

// apiDocs is the page that lists the operations, made from the same description.
func apiDocs(api huma.API) func(*request) error {
	return func(r *request) error {
		return r.page(apiPage(r.view(programme.T("接口文档", "API")), api.OpenAPI()))
	}
}

// operations lists the operations by address, then in the order one would use them.
func operations(o *huma.OpenAPI) []*huma.Operation {
	var list []*huma.Operation
	for _, path := range slices.Sorted(maps.Keys(o.Paths)) {
		item := o.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op != nil {
				list = append(list, op)
			}
		}
	}
	return list
}

// dayIn reads an optional day.
func dayIn(s, field string) (programme.Day, error) {
	if s == "" {
		return 0, nil
	}
	d, err := programme.ParseDay(s)
	if err != nil {
		return 0, &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("日期要写成 2021-01-20", "A day is written 2021-01-20"),
			Fields: []programme.FieldError{{Field: field, Message: programme.T("「{0}」不是日期", "“{0}” is not a day").Fill(s)}}}
	}
	return d, nil
}
