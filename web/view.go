package web

import (
	"net/http"
	"strconv"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// view is what every page needs: who looks, in which language, and where in the house they are.
type view struct {
	Title     programme.Text
	Lang      programme.Lang
	Actor     bihuan.Actor
	Path      string // the address asked for, for the language switch
	Place     string // the entry of the navigation: todo board subjects standard rounds admin
	Programme *programme.Programme
	Others    []programmeLink // the programmes one can switch to
	Said      string          // shown once, after a form was taken
	Todo      int             // open tasks, shown in the navigation
	Unread    int             // notices, shown at the bell
	Demo      bool
}

// programmeLink is a programme one can switch to.
type programmeLink struct {
	Name  string
	Title programme.Text
}

// view begins a page outside any programme; inProgramme begins one inside.
func (r *request) view(title programme.Text) view {
	v := view{Title: title, Lang: r.lang, Actor: r.actor, Path: r.URL.RequestURI(), Demo: r.f.config.Demo != nil, Todo: r.todo, Unread: r.unread}
	if r.Method == http.MethodGet { // what is refused answers at once, and must not say with it that something else was done
		v.Said = r.f.sessions.PopString(r.ctx(), "said")
	}
	return v
}

func (r *request) inProgramme(title programme.Text, p *programme.Programme, place string) view {
	v := r.view(title)
	v.Programme, v.Place = p, place
	return v
}

// T gives one of two texts in the viewer's language. Either may be empty: words that one language does not need.
func (v view) T(zh, en string) string {
	if v.Lang == programme.En {
		return en
	}
	return zh
}

// In gives a text in the viewer's language.
func (v view) In(t programme.Text) string { return t.In(v.Lang) }

// base is the address of the programme one is in: /p/union.
func (v view) base() string {
	if v.Programme == nil {
		return ""
	}
	return "/p/" + v.Programme.Name
}

// htmlLang is the value of the lang attribute.
func (v view) htmlLang() string {
	if v.Lang == programme.En {
		return "en"
	}
	return "zh-CN"
}

// day writes a day as people here do: 2021年1月20日, or 20 Jan 2021.
func (v view) day(d programme.Day) string {
	if d == 0 {
		return ""
	}
	if v.Lang == programme.En {
		return d.Time().Format("2 Jan 2006")
	}
	return d.Time().Format("2006年1月2日")
}

// points writes points without trailing zeros: 87.5.
func points(p assess.Points) string {
	s := strconv.FormatFloat(float64(p)/assess.PointsScale, 'f', 6, 64) // shown only; below 2^53 it is exact to six decimals
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// percent writes a share such as 0.8420 as 84.2%.
func percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return strings.TrimSuffix(strconv.FormatFloat(float64(part)*100/float64(whole), 'f', 1, 64), ".0") + "%"
}
