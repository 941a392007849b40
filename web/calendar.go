package web

import (
	"net/http"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// newFeed makes the address of one's calendar and shows it this once.
func newFeed(r *request) error {
	token, err := r.f.site.NewFeed(r.ctx(), r.actor)
	if err != nil {
		return err
	}
	return r.channelsPage(channelsArgs{Base: myChannelsBase, FeedToken: r.origin() + "/calendar/" + token + ".ics"})
}

// origin is the address under which the browser reached the site.
func (r *request) origin() string {
	if r.TLS != nil || r.f.config.Secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func revokeFeed(r *request) error {
	if err := r.f.site.RevokeFeed(r.ctx(), r.actor); err != nil {
		return err
	}
	return r.redirect("/me/notices", programme.T("日历订阅已停止。", "The calendar feed has ended."))
}

// calendarFeed answers a calendar that asks for somebody's deadlines: an event of a day each, as RFC 5545 has them.
func calendarFeed(r *request) error {
	token, ok := strings.CutSuffix(r.PathValue("file"), ".ics")
	if !ok {
		return &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有找到该日历", "there is no such calendar")}
	}
	actor, err := r.f.site.ActorByFeed(r.ctx(), token)
	if err != nil {
		return err
	}
	list, err := r.f.site.Deadlines(r.ctx(), actor)
	if err != nil {
		return err
	}
	r.lang = actor.Lang
	r.ResponseWriter.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	r.ResponseWriter.Header().Set("Cache-Control", "private, max-age=600")
	r.WriteHeader(http.StatusOK)
	_, _ = r.ResponseWriter.Write([]byte(calendarOf(list, actor.Lang, r.origin(), r.f.site.Now())))
	return nil
}

func calendarOf(list []bihuan.Deadline, lang programme.Lang, origin string, now time.Time) string {
	c := ics.NewCalendar()
	c.SetProductId("-//bihuan//deadlines//ZH")
	c.SetMethod(ics.MethodPublish)
	c.SetXWRCalName(programme.T("闭环：我的期限", "Bihuan: my deadlines").In(lang))
	c.SetRefreshInterval("PT1H")
	for _, d := range list {
		e := c.AddEvent(d.UID + "@bihuan")
		e.SetDtStampTime(now)
		e.SetAllDayStartAt(d.On.Time())
		e.SetAllDayEndAt((d.On + 1).Time())
		title := d.Title
		if d.Uncertain {
			title = programme.T("{0}（期限可能有出入：缺少节假日）", "{0} (may be wrong: holidays are missing)").Fill(title)
		}
		e.SetSummary(title.In(lang))
		e.SetURL(origin + d.Path)
		e.SetTimeTransparency(ics.TransparencyTransparent)
	}
	return c.Serialize(ics.WithNewLineWindows)
}
