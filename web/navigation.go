package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

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
	if v.Actor.Voice() {
		add("todo", "/v", "todo", programme.T("我的", "Mine"), programme.T("我的", "Mine"), 0)
	} else if !v.Actor.Visitor() {
		add("todo", "/todo", "todo", programme.T("待办", "My tasks"), programme.T("待办", "Tasks"), v.Todo)
	}
	if v.Programme != nil {
		b := v.base()
		add("board", b, "board", programme.T("看板", "Board"), programme.T("看板", "Board"), 0)
		if !v.Actor.Visitor() {
			title := v.Programme.Subject.Title
			if title.Empty() {
				title = programme.T("对象", "Subjects")
			}
			add("subjects", b+"/subjects", "list", title, programme.T("对象", "Subjects"), 0)
		}
		if len(v.Programme.Matters) > 0 && (!v.Actor.Visitor() || publicMatters(v.Programme)) {
			add("matters", b+"/matters", "loop", programme.T("事项", "Matters"), programme.T("事项", "Matters"), 0)
		}
		add("standard", b+"/standard", "book", programme.T("规范", "Standard"), programme.T("规范", "Standard"), 0)
		add("rounds", b+"/rounds", "ring", programme.T("考核", "Rounds"), programme.T("考核", "Rounds"), 0)
		if slices.ContainsFunc(v.Programme.Matters, func(m *programme.Matter) bool { return m.Benefit != "" }) {
			add("benefits", b+"/benefits", "", programme.T("得益", "Benefits"), programme.Text{}, 0)
		}
	}
	if admin(v.Actor) {
		add("admin", "/admin", "", programme.T("管理", "Administration"), programme.Text{}, 0)
	}
	return links
}

// hasTabs reports whether anything stands at the bottom on a phone; a guest who came by a link has nowhere else to go.
func hasTabs(v view) bool {
	return slices.ContainsFunc(navigation(v), func(l navLink) bool { return l.icon != "" })
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

// counted is how long the number of tasks is good for. It is counted anew after whatever one does, and on the list of tasks itself.
const counted = time.Minute

// count finds the numbers in the frame: unread notices at the bell, and tasks, which the session keeps for a while.
func (r *request) count() (err error) {
	if r.actor.Visitor() {
		return nil
	}
	if r.unread, err = r.f.site.Unread(r.ctx(), r.actor); err != nil {
		return err
	}
	sessions, now := r.f.sessions, r.f.site.Now()
	r.todo = sessions.GetInt(r.ctx(), "todo")
	if r.Method != http.MethodGet {
		sessions.Remove(r.ctx(), "counted")
		return nil
	}
	if now.Sub(time.UnixMicro(sessions.GetInt64(r.ctx(), "counted"))).Abs() < counted {
		return nil
	}
	tasks, err := r.f.site.Tasks(r.ctx(), r.actor, bihuan.TaskQuery{Page: bihuan.Page{Limit: 1}})
	if err == nil {
		r.keepCount(tasks)
	}
	return err
}

// keepCount keeps the number of tasks for the frame.
func (r *request) keepCount(tasks bihuan.Tasks) {
	r.todo = 0
	for _, n := range tasks.Counts {
		r.todo += n
	}
	r.f.sessions.Put(r.ctx(), "todo", r.todo)
	r.f.sessions.Put(r.ctx(), "counted", r.f.site.Now().UnixMicro())
}

// bellText says what the bell shows.
func bellText(v view) string {
	if v.Unread == 0 {
		return v.T("消息", "Notices")
	}
	return v.T("消息，", "Notices, ") + strconv.Itoa(v.Unread) + v.T(" 条未读", " unread")
}

// few writes a number that has little room.
func few(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// current marks the entry one is at, for eyes and for screen readers.
func current(here bool) templ.Attributes {
	if here {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}
