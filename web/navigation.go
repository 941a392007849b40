package web

import (
	"github.com/a-h/templ"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// navLink is one entry of the navigation; those with an icon also stand at the bottom on a phone.
type navLink struct {
	href, icon  string
	text, short programme.Text
	here        bool
	count       int
}

// navigation lists where this viewer can go from here.
func navigation(v view) []navLink {
	var links []navLink
	add := func(place, href, icon string, text, short programme.Text, count int) {
		links = append(links, navLink{href, icon, text, short, v.Place == place, count})
	}
	if !v.Actor.Visitor() {
		add("todo", "/todo", "todo", programme.T("待办", "My tasks"), programme.T("待办", "Tasks"), v.Todo)
	}
	if v.Programme != nil {
		b := v.base()
		add("board", b, "board", programme.T("看板", "Board"), programme.T("看板", "Board"), 0)
		if !v.Actor.Visitor() {
			add("subjects", b+"/subjects", "list", v.Programme.Subject.Title, programme.T("对象", "Subjects"), 0)
		}
		add("standard", b+"/standard", "book", programme.T("规范", "Standard"), programme.T("规范", "Standard"), 0)
		add("rounds", b+"/rounds", "ring", programme.T("考核", "Rounds"), programme.T("考核", "Rounds"), 0)
	}
	if admin(v.Actor) {
		add("admin", "/admin", "", programme.T("管理", "Administration"), programme.Text{}, 0)
	}
	return links
}

// admin reports whether someone administers any unit.
func admin(a bihuan.Actor) bool {
	for _, g := range a.Grants {
		if g.Programme == "" && g.Role == "admin" {
			return true
		}
	}
	return false
}

// current marks the entry one is at, for eyes and for screen readers.
func current(here bool) templ.Attributes {
	if here {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}
