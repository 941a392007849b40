package web

import (
	"net/url"
	"strconv"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// noticesPage is what somebody was told, the newest first.
type noticesPage struct {
	bihuan.NoticePage
	Pager pagerArgs
}

func notices(r *request) error {
	const limit = 30
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	offset = max(offset, 0)
	list, err := r.f.site.Notices(r.ctx(), r.actor, bihuan.Page{Offset: offset, Limit: limit})
	if err != nil {
		return err
	}
	v, err := r.inUsual(programme.T("消息", "Notices"), "notices")
	if err != nil {
		return err
	}
	return r.page(noticesView(v, noticesPage{list, pagerArgs{offset: offset, limit: limit, total: list.Total, href: func(o int) string {
		return "/notices?" + url.Values{"offset": {strconv.Itoa(o)}}.Encode()
	}}}))
}

// openNotice leads to what a notice is about, and marks it as read.
func openNotice(r *request) error {
	n, err := r.f.site.OpenNotice(r.ctx(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.redirect(noticeHref(n), programme.Text{})
}

// readNotices marks as read the one that was pressed, or all.
func readNotices(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	ids := r.PostForm["notice"]
	if len(ids) == 0 && r.PostForm.Get("all") == "" {
		return &bihuan.Error{Kind: bihuan.Invalid, Text: programme.T("没有选消息", "No notice was chosen")}
	}
	if err := r.f.site.ReadNotices(r.ctx(), r.actor, ids...); err != nil {
		return err
	}
	back := local(r.PostForm.Get("back"))
	if back == "" {
		back = "/notices"
	}
	return r.redirect(back, programme.Text{})
}

func noticeHref(n bihuan.Notice) string {
	switch {
	case n.Kind == "vote" && n.Ballot != "":
		return "/ballots/" + n.Ballot
	case n.Matter != "":
		return "/matters/" + n.Matter
	case n.Kind == "calendar":
		return "/admin/holidays"
	}
	return "/todo"
}

// noticeWord says what sort of notice it is.
func noticeWord(kind string) programme.Text {
	if t, ok := noticeWords[kind]; ok {
		return t
	}
	return noticeWords["tell"]
}

var noticeWords = map[string]programme.Text{
	"turn": programme.T("待办", "to do"), "remind": programme.T("催办", "reminder"), "soon": programme.T("临期", "due soon"),
	"escalate": programme.T("上报", "escalated"), "vote": programme.T("评价", "vote"), "closed": programme.T("办结", "closed"),
	"warn": programme.T("警示", "warning"), "tell": programme.T("告知", "news"), "due": programme.T("到期", "due"),
	"round": programme.T("考核", "round"), "calendar": programme.T("日历", "calendar"),
}

func noticeClass(kind string) string {
	switch kind {
	case "remind", "escalate", "warn":
		return "late"
	case "soon", "due":
		return "soon"
	case "turn", "vote":
		return "open"
	}
	return ""
}
