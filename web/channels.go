package web

import (
	"errors"
	"strconv"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// channelsArgs is the channels of somebody, or of the units that an administrator looks after.
type channelsArgs struct {
	Base     string // where the forms are posted: /me/channels or /admin/channels
	Channels []bihuan.Channel
	Failed   bihuan.DeliveryPage
	New      bihuan.NewChannel // what was typed and is wrong
	Secret   string            // of a webhook just made: shown once
	Error    *bihuan.Error

	// of the units only
	Units      []bihuan.Unit
	Programmes []*bihuan.Running
	Mail       bihuan.MailSettings
	Address    string
	Whole      bool // the viewer administers the whole site
	Jobs       bihuan.JobState
	Settings   bool // the error belongs to the settings

	// of oneself only
	Feed      bool
	FeedToken string // just made: shown once
}

func (a channelsArgs) wrong(settings bool) []programme.FieldError {
	if a.Error == nil || a.Settings != settings {
		return nil
	}
	return a.Error.Fields
}

// kinds are those that may be added here.
func (a channelsArgs) kinds() []bihuan.ChannelKind {
	if a.Base == myChannelsBase {
		return bihuan.ChannelKinds[:4]
	}
	return bihuan.ChannelKinds
}

const (
	myChannelsBase    = "/me/channels"
	adminChannelsBase = "/admin/channels"
)

// adminChannels shows how messages leave the house, what failed, and what runs by itself.
func adminChannels(r *request) error { return r.channelsPage(channelsArgs{Base: adminChannelsBase}) }

// myNotices shows where one's own notices go, and one's calendar.
func myNotices(r *request) error { return r.channelsPage(channelsArgs{Base: myChannelsBase}) }

func (r *request) channelsPage(a channelsArgs) error {
	site, own := r.f.site, a.Base == myChannelsBase
	title, place := programme.T("通知渠道与后台任务", "Channels and background work"), "admin"
	if own {
		title, place = programme.T("通知与日历", "Notices and calendar"), "me"
	} else if err := r.administers(); err != nil {
		return err
	}
	v, err := r.inUsual(title, place)
	if err != nil {
		return err
	}
	if a.Failed, err = site.Deliveries(r.ctx(), r.actor, !own, "failed", bihuan.Page{Limit: 20}); err != nil {
		return err
	}
	if own {
		if a.Channels, err = site.MyChannels(r.ctx(), r.actor); err != nil {
			return err
		}
		since, err := site.FeedSince(r.ctx(), r.actor)
		if err != nil {
			return err
		}
		a.Feed = !since.IsZero()
	} else if err := r.unitChannels(&a); err != nil {
		return err
	}
	if a.Error != nil {
		return r.pageWith(statuses[a.Error.Kind], channelsView(v, a))
	}
	return r.page(channelsView(v, a))
}

func (r *request) unitChannels(a *channelsArgs) (err error) {
	site := r.f.site
	if a.Channels, err = site.UnitChannels(r.ctx(), r.actor); err != nil {
		return err
	}
	if a.Units, err = r.adminUnitsOf(); err != nil {
		return err
	}
	if a.Programmes, err = site.Programmes(r.ctx()); err != nil {
		return err
	}
	mail, address, err := site.Outside(r.ctx(), r.actor)
	if kind, refused := bihuan.KindOf(err); refused && kind == bihuan.Forbidden {
		return nil // looks after a part of the site
	}
	if err != nil {
		return err
	}
	if !a.Settings {
		a.Mail, a.Address = mail, address
	}
	a.Mail.Kept, a.Whole = mail.Kept, true
	a.Jobs, err = site.JobState(r.ctx(), r.actor)
	return err
}

// addChannel takes a new channel, for the one who asks or for a unit.
func addChannel(base string) func(*request) error {
	return func(r *request) error {
		if err := r.parseForm(); err != nil {
			return err
		}
		f := r.PostForm
		n := bihuan.NewChannel{Kind: bihuan.ChannelKind(f.Get("kind")), Name: f.Get("name"), Address: f.Get("address"), Secret: f.Get("secret"), Lang: r.lang}
		if base == adminChannelsBase {
			n.Unit, n.Programme = f.Get("unit"), f.Get("programme")
			if n.Unit == "" {
				return r.channelsPage(channelsArgs{Base: base, New: n, Error: &bihuan.Error{Kind: bihuan.Invalid,
					Fields: []programme.FieldError{{Field: "unit", Message: programme.T("请填单位代码", "give the unit's code")}}}})
			}
		}
		c, secret, err := r.f.site.AddChannel(r.ctx(), r.actor, n)
		var known *bihuan.Error
		switch {
		case errors.As(err, &known) && known.Kind != bihuan.Forbidden:
			n.Secret = ""
			return r.channelsPage(channelsArgs{Base: base, New: n, Error: known})
		case err != nil:
			return err
		case secret != "":
			return r.channelsPage(channelsArgs{Base: base, Secret: secret})
		}
		return r.redirect(channelsHome(base), programme.T("已添加“{0}”，可以发一条测试消息。", "“{0}” is added; try it with a test.").Fill(c.Name))
	}
}

// channelsHome is the page that a list of channels stands on.
func channelsHome(base string) string {
	if base == myChannelsBase {
		return "/me/notices"
	}
	return base
}

func testChannel(base string) func(*request) error {
	return func(r *request) error {
		err := r.f.site.TestChannel(r.ctx(), r.actor, r.PathValue("id"))
		var known *bihuan.Error
		if errors.As(err, &known) && known.Kind == bihuan.Invalid {
			return r.channelsPage(channelsArgs{Base: base, Error: known})
		}
		if err != nil {
			return err
		}
		return r.redirect(channelsHome(base), programme.T("测试消息已发出。", "The test went out."))
	}
}

func removeChannel(base string) func(*request) error {
	return func(r *request) error {
		if err := r.f.site.RemoveChannel(r.ctx(), r.actor, r.PathValue("id")); err != nil {
			return err
		}
		return r.redirect(channelsHome(base), programme.T("已删除。", "Removed."))
	}
}

func resendChannel(base string) func(*request) error {
	return func(r *request) error {
		n, err := r.f.site.Resend(r.ctx(), r.actor, r.PathValue("id"))
		if err != nil {
			return err
		}
		return r.redirect(channelsHome(base), programme.T("{0}条消息正在重新发送。", "{0} messages are sent again.").Fill(n))
	}
}

// setOutside takes the mail server and the address of the site.
func setOutside(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	f := r.PostForm
	m := bihuan.MailSettings{Host: f.Get("host"), Security: f.Get("security"), User: f.Get("user"), Password: f.Get("password"), From: f.Get("from")}
	m.Port, _ = strconv.Atoi(f.Get("port")) // what is no number is a port that is refused
	err := r.f.site.SetOutside(r.ctx(), r.actor, m, f.Get("address"))
	var known *bihuan.Error
	if errors.As(err, &known) && known.Kind == bihuan.Invalid {
		m.Password = ""
		return r.channelsPage(channelsArgs{Base: adminChannelsBase, Error: known, Settings: true, Mail: m, Address: f.Get("address")})
	}
	if err != nil {
		return err
	}
	return r.redirect(adminChannelsBase, programme.T("已保存。", "Saved."))
}

// jobsText says in a sentence whether what runs by itself does.
func jobsText(j bihuan.JobState) programme.Text {
	switch {
	case j.Behind > 0:
		return programme.T("有{0}件事项的时限或评分到今天还没有处理。刚过零点时片刻即好；若一直如此，请确认有一个进程在运行后台任务",
			"{0} deadlines or scores are not yet brought to today. Just after midnight that passes; if it stays, see that a process runs the background work").Fill(j.Behind)
	case j.Stuck:
		return programme.T("有消息超过十分钟没有人处理，请确认有一个进程在运行后台任务", "messages have waited for more than ten minutes: see that a process runs the background work")
	}
	return programme.T("今天的时限、提醒和评分都已处理", "today's deadlines, reminders and scores are done")
}

func problemOf(d bihuan.Delivery) programme.Text {
	if d.Problem == "removed" {
		return programme.T("渠道已删除", "the channel was removed")
	}
	return programme.T(d.Problem, d.Problem)
}

// lastUnit is the unit that stands in the form: what was typed, or the first that one administers.
func lastUnit(a channelsArgs) string {
	if a.New.Unit != "" || len(a.Units) == 0 {
		return a.New.Unit
	}
	return a.Units[0].Code
}

func portText(port int) string {
	if port == 0 {
		return ""
	}
	return strconv.Itoa(port)
}
