package bihuan

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// ChannelKind is how a channel is reached.
type ChannelKind string

// The kinds of channels. The robots are those of group chats; their address is the one that the messenger shows when a robot is
// added, on whatever host it runs.
const (
	ChannelEmail    ChannelKind = "email"
	ChannelWeCom    ChannelKind = "wecom"
	ChannelDingTalk ChannelKind = "dingtalk"
	ChannelFeishu   ChannelKind = "feishu"
	ChannelWebhook  ChannelKind = "webhook" // a machine: told of matters as everybody may see them
)

// ChannelKinds lists the kinds in their order.
var ChannelKinds = []ChannelKind{ChannelEmail, ChannelWeCom, ChannelDingTalk, ChannelFeishu, ChannelWebhook}

// Text gives the word for a kind of channel.
func (k ChannelKind) Text() programme.Text {
	switch k {
	case ChannelEmail:
		return programme.T("电子邮件", "E-mail")
	case ChannelWeCom:
		return programme.T("企业微信机器人", "WeCom robot")
	case ChannelDingTalk:
		return programme.T("钉钉机器人", "DingTalk robot")
	case ChannelFeishu:
		return programme.T("飞书机器人", "Feishu robot")
	case ChannelWebhook:
		return programme.T("系统对接（Webhook）", "Webhook")
	}
	return programme.Text{}
}

// publicHosts are where the public robots are. On others there are privately deployed ones.
var publicHosts = map[ChannelKind]string{ChannelWeCom: "qyapi.weixin.qq.com", ChannelDingTalk: "oapi.dingtalk.com", ChannelFeishu: "open.feishu.cn"}

// Channel is a way out of the house for notices: of one's own, or of a unit. Its secrets are never given out again.
type Channel struct {
	ID             string
	Kind           ChannelKind
	Account        string // whose, its ID; empty: of a unit
	Unit, UnitName string
	Programme      string // only of this one; empty: of all
	Name           string
	Shown          string // its address as far as it is no secret
	Signed         bool
	Lang           programme.Lang
	CreatedAt      time.Time
	SentAt         time.Time // when a message last went out; zero: never
	Waiting        int       // messages on their way
	Failed         int       // messages that were given up
}

// NewChannel is a channel to be made.
type NewChannel struct {
	Kind      ChannelKind
	Unit      string // whose administrator the actor is; empty: the actor's own
	Programme string // of a unit's: only of this one; empty: of all
	Name      string // empty: the kind's
	Address   string // an e-mail address, or a URL
	Secret    string // of a robot that checks signatures; a webhook's is made
	Lang      programme.Lang
}

// AddChannel makes a channel. A unit's robot hears at once which forms fell due there before it came. secret is that of a webhook, shown
// this once.
func (s *Site) AddChannel(ctx context.Context, a Actor, n NewChannel) (c Channel, secret string, err error) {
	if a.Visitor() || a.system || a.Voice() {
		return Channel{}, "", signInFirst()
	}
	wrong := n.clean()
	if err := wrongFields(wrong); err != nil {
		return Channel{}, "", err
	}
	if n.Kind == ChannelWebhook {
		b := make([]byte, 24)
		_, _ = rand.Read(b) // never fails
		n.Secret = webhookPrefix + base64.StdEncoding.EncodeToString(b)
		secret = n.Secret
	}
	now := s.Now()
	id := newID()
	var account, unit any = a.ID, nil
	if n.Unit != "" {
		account, unit = nil, n.Unit
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if n.Unit == "" {
			if err := n.ownAddress(ctx, tx); err != nil {
				return err
			}
			if n.Kind == ChannelWebhook {
				return wrongFields([]programme.FieldError{wrongField("kind", "系统对接只能由管理员为单位添加", "a webhook belongs to a unit; ask its administrator")})
			}
		} else {
			h, err := heldAt(ctx, tx, a, "", n.Unit)
			if err != nil {
				return err
			}
			if !h.admin {
				if err := unitExists(ctx, tx, n.Unit); err != nil {
					return wrongFields([]programme.FieldError{wrongField("unit", "没有单位{0}，请填单位编码", "there is no unit {0}; give the code of one", n.Unit)})
				}
				return mayNot()
			}
			if n.Programme != "" {
				if _, err := s.runningIn(ctx, tx, n.Programme); err != nil {
					return err
				}
			}
		}
		var count int
		if err := tx.Row(ctx, "SELECT count(*) FROM channel WHERE removed_at IS NULL AND (account_id = $1 OR unit = $2)", []any{account, unit}, &count); err != nil {
			return err
		}
		if count >= mostChannels {
			return refuse(Conflict, "最多{0}个通知渠道，请先删除不用的", "there may be at most {0} channels; remove one first", mostChannels)
		}
		err := tx.Insert(ctx, "channel (id, kind, account_id, unit, programme, name, address, secret, lang, created_at, created_by)",
			[][]any{{id, string(n.Kind), account, unit, n.Programme, n.Name, n.Address, n.Secret, string(n.Lang), now.UnixMicro(), a.ID}}, "")
		if err != nil || n.Unit == "" || n.Kind == ChannelEmail || n.Kind == ChannelWebhook {
			return err
		}
		return s.dueToNewRobot(ctx, tx, id, n)
	})
	if err != nil {
		return Channel{}, "", fmt.Errorf("add channel: %w", err)
	}
	c, err = s.channel(ctx, id)
	return c, secret, err
}

// mostChannels is how many channels somebody, or a unit, may have.
const mostChannels = 20

// clean checks what was filled in.
func (n *NewChannel) clean() (wrong []programme.FieldError) {
	if !slices.Contains(ChannelKinds, n.Kind) {
		return []programme.FieldError{wrongField("kind", "请选择渠道", "choose a kind of channel")}
	}
	var more []programme.FieldError
	if n.Name, more = cleanText("name", n.Name, 100, false); n.Name == "" {
		n.Name = n.Kind.Text().In(n.Lang)
	}
	wrong = append(wrong, more...)
	n.Secret, more = cleanText("secret", n.Secret, 200, false)
	wrong = append(wrong, more...)
	if n.Address, more = cleanText("address", n.Address, 1000, true); len(more) > 0 {
		return append(wrong, more...)
	}
	if n.Lang != programme.En {
		n.Lang = programme.Zh
	}
	bad := func(zh, en string) { wrong = append(wrong, wrongField("address", zh, en)) }
	if n.Kind == ChannelEmail {
		if m, err := mail.ParseAddress(n.Address); err != nil || m.Address != n.Address {
			bad("这不是电子邮件地址，请写成 name@example.cn", "this is no e-mail address; write it like name@example.cn")
		}
		return wrong
	}
	u, err := url.Parse(n.Address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil:
		bad("请粘贴以 https:// 开头的完整地址", "paste the whole address, beginning with https://")
	case n.Kind == ChannelWeCom && u.Query().Get("key") == "":
		bad("企业微信机器人的地址里应有 key=…，请从机器人设置中完整复制", "the address of a WeCom robot holds key=…; copy all of it from the robot's settings")
	case n.Kind == ChannelDingTalk && u.Query().Get("access_token") == "":
		bad("钉钉机器人的地址里应有 access_token=…，请从机器人设置中完整复制", "the address of a DingTalk robot holds access_token=…; copy all of it from the robot's settings")
	case n.Kind == ChannelFeishu && !strings.Contains(u.Path, "/hook/"):
		bad("飞书机器人的地址里应有 /hook/…，请从机器人设置中完整复制", "the address of a Feishu robot holds /hook/…; copy all of it from the robot's settings")
	}
	return wrong
}

// ownAddress lets people point their own robots only to hosts that are public, or that an administrator uses already: the site must
// not be made to call whatever is in its network.
func (n *NewChannel) ownAddress(ctx context.Context, tx *db.Tx) error {
	if n.Kind == ChannelEmail || n.Kind == ChannelWebhook {
		return nil
	}
	u, err := url.Parse(n.Address)
	if err != nil {
		return fmt.Errorf("address of a robot: %w", err)
	}
	known := u.Host == publicHosts[n.Kind] && u.Scheme == "https"
	err = tx.Each(ctx, "SELECT address FROM channel WHERE unit IS NOT NULL AND kind = $1 AND removed_at IS NULL", []any{string(n.Kind)}, func(scan func(...any) error) error {
		var address string
		err := scan(&address)
		if other, bad := url.Parse(address); bad == nil && other.Host == u.Host && other.Scheme == u.Scheme {
			known = true
		}
		return err
	})
	if err != nil || known {
		return err
	}
	return wrongFields([]programme.FieldError{wrongField("address", "不认识{0}；私有部署的地址请先由管理员为单位添加一个机器人", "{0} is not known; for one that is privately deployed an administrator adds a unit's robot first", u.Host)})
}

const selectChannel = `SELECT c.id, c.kind, COALESCE(c.account_id, ''), COALESCE(c.unit, ''), COALESCE(u.name, ''), c.programme, c.name, c.address, c.secret, c.lang, c.created_at,
	(SELECT max(d.sent_at) FROM delivery d WHERE d.channel_id = c.id), (SELECT count(*) FROM delivery d WHERE d.channel_id = c.id AND d.state = 'waiting'),
	(SELECT count(*) FROM delivery d WHERE d.channel_id = c.id AND d.state = 'failed') FROM channel c LEFT JOIN unit u ON u.code = c.unit `

// channels reads channels, with their secrets beside.
func (s *Site) channels(ctx context.Context, tx *db.Tx, where string, args ...any) (list []Channel, secrets []secretOf, err error) {
	err = tx.Each(ctx, selectChannel+where, args, func(scan func(...any) error) error {
		var c Channel
		var x secretOf
		var created int64
		var sent sql.NullInt64
		if err := scan(&c.ID, &c.Kind, &c.Account, &c.Unit, &c.UnitName, &c.Programme, &c.Name, &x.address, &x.secret, &c.Lang, &created, &sent, &c.Waiting, &c.Failed); err != nil {
			return err
		}
		c.CreatedAt, c.SentAt, c.Signed, c.Shown = s.moment(created), s.momentIf(sent), x.secret != "", x.shown(c.Kind)
		list, secrets = append(list, c), append(secrets, x)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read channels: %w", err)
	}
	return list, secrets, nil
}

// secretOf is what of a channel is not shown.
type secretOf struct{ address, secret string }

// shown is as much of an address as is no secret: of a robot the host and the last four letters, by which people tell them apart.
func (x secretOf) shown(kind ChannelKind) string {
	u, err := url.Parse(x.address)
	switch {
	case kind == ChannelEmail:
		return x.address
	case err != nil:
		return "…"
	case kind == ChannelWebhook:
		return u.Scheme + "://" + u.Host + u.Path
	case len(x.address) > 40:
		return u.Host + " …" + x.address[len(x.address)-4:]
	}
	return u.Host + " …"
}

func (s *Site) channel(ctx context.Context, id string) (Channel, error) {
	var c Channel
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		list, _, err := s.channels(ctx, tx, "WHERE c.id = $1", id)
		if err == nil && len(list) == 0 {
			return notFound("该通知渠道", "channel")
		}
		if err == nil {
			c = list[0]
		}
		return err
	})
	if err != nil {
		return Channel{}, fmt.Errorf("channel %s: %w", id, err)
	}
	return c, nil
}

// MyChannels lists the actor's own channels.
func (s *Site) MyChannels(ctx context.Context, a Actor) ([]Channel, error) {
	if a.Visitor() {
		return nil, signInFirst()
	}
	return s.channelsWhere(ctx, "WHERE c.account_id = $1 AND c.removed_at IS NULL ORDER BY c.id", a.ID)
}

// UnitChannels lists the channels of the units that the actor administers.
func (s *Site) UnitChannels(ctx context.Context, a Actor) ([]Channel, error) {
	units := grantUnits(a, "", Admin)
	if len(units) == 0 {
		return nil, mayNot()
	}
	var args []any
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	where := "WHERE c.removed_at IS NULL AND " + withinUnits("c.unit", units, arg)
	return s.channelsWhere(ctx, where+" ORDER BY u.sort, c.id", args...)
}

func (s *Site) channelsWhere(ctx context.Context, where string, args ...any) (list []Channel, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		list, _, err = s.channels(ctx, tx, where, args...)
		return err
	})
	return list, err
}

// mayChannel refuses who is neither the owner of a channel nor administers its unit, as if there were none.
func mayChannel(ctx context.Context, tx *db.Tx, a Actor, c Channel) error {
	if a.system || c.Account != "" && c.Account == a.ID {
		return nil
	}
	if c.Unit != "" {
		h, err := heldAt(ctx, tx, a, "", c.Unit)
		if err != nil || h.admin {
			return err
		}
	}
	return notFound("该通知渠道", "channel")
}

// ownChannel gives a channel of the actor's, or of a unit that he administers.
func (s *Site) ownChannel(ctx context.Context, tx *db.Tx, a Actor, id string) (Channel, secretOf, error) {
	if a.Visitor() {
		return Channel{}, secretOf{}, signInFirst()
	}
	list, secrets, err := s.channels(ctx, tx, "WHERE c.id = $1 AND c.removed_at IS NULL", id)
	if err == nil && len(list) == 0 {
		err = notFound("该通知渠道", "channel")
	}
	if err == nil {
		err = mayChannel(ctx, tx, a, list[0])
	}
	if err != nil {
		return Channel{}, secretOf{}, err
	}
	return list[0], secrets[0], nil
}

// RemoveChannel ends a channel. Its secrets are forgotten, and messages that were on their way to it are given up.
func (s *Site) RemoveChannel(ctx context.Context, a Actor, id string) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, _, err := s.ownChannel(ctx, tx, a, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE delivery SET state = 'failed', problem = $2 WHERE channel_id = $1 AND state = 'waiting'", id, "removed"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE channel SET removed_at = $2, secret = '', address = '' WHERE id = $1", id, s.Now().UnixMicro())
		return err
	})
	if err != nil {
		return fmt.Errorf("remove channel %s: %w", id, err)
	}
	return nil
}

// TestChannel sends a word through a channel at once, and says what went wrong if it does not get through.
func (s *Site) TestChannel(ctx context.Context, a Actor, id string) error {
	var c Channel
	var x secretOf
	var o outside
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if c, x, err = s.ownChannel(ctx, tx, a, id); err != nil {
			return err
		}
		o, err = readOutside(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("test channel %s: %w", id, err)
	}
	p := parcel{Lines: []line{{Text: programme.T("这是一条测试消息：通知会发到这里", "This is a test: notices will come here"), Path: "/me"}}}
	if c.Kind == ChannelWebhook {
		p = parcel{Event: json.RawMessage(`{"type":"test"}`)}
	}
	if err := s.send(ctx, o, c, x, newID(), p); err != nil {
		return refuse(Invalid, "没有发出去：{0}", "it did not get through: {0}", problemText(err)).
			hint("请核对地址和密钥，再试一次", "check the address and the secret, and try again")
	}
	return nil
}

// MailSettings say through which server e-mail goes out.
type MailSettings struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Security string `json:"security"` // tls (from the first byte), starttls, none
	User     string `json:"user"`
	Password string `json:"password"` // never given out
	From     string `json:"from"`
	Kept     bool   `json:"-"` // a password is stored
}

// outside is what of the site's settings concerns messages to the outside.
type outside struct {
	mail    MailSettings
	address string // of the site, without a slash at the end; empty: messages carry no links
}

func readOutside(ctx context.Context, tx *db.Tx) (o outside, err error) {
	for name, into := range map[string]any{"mail": &o.mail, "address": &o.address} {
		var doc string
		err := tx.Row(ctx, "SELECT doc FROM setting WHERE name = $1", []any{name}, &doc)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			err = json.Unmarshal([]byte(doc), into)
		}
		if err != nil {
			return o, fmt.Errorf("setting %s: %w", name, err)
		}
	}
	return o, nil
}

// Outside gives the mail settings without the password, and the address of the site that stands in messages, to administrators of the
// whole site.
func (s *Site) Outside(ctx context.Context, a Actor) (m MailSettings, address string, err error) {
	var o outside
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if err := administersAll(ctx, tx, a); err != nil {
			return err
		}
		o, err = readOutside(ctx, tx)
		return err
	})
	if err != nil {
		return MailSettings{}, "", fmt.Errorf("settings of messages: %w", err)
	}
	o.mail.Kept, o.mail.Password = o.mail.Password != "", ""
	return o.mail, o.address, nil
}

// SetOutside stores them. An empty password keeps the one that is stored, as long as the server and the user stay the same.
func (s *Site) SetOutside(ctx context.Context, a Actor, m MailSettings, address string) error {
	var wrong []programme.FieldError
	if address = strings.TrimRight(strings.TrimSpace(address), "/"); address != "" {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" {
			wrong = append(wrong, wrongField("address", "请写成 https://网站地址", "write it like https://site.example"))
		}
	}
	m.Host, m.User, m.From = strings.TrimSpace(m.Host), strings.TrimSpace(m.User), strings.TrimSpace(m.From)
	if m.Host != "" {
		if strings.ContainsAny(m.Host, "/: ") {
			wrong = append(wrong, wrongField("host", "只写主机名，例如 smtp.example.cn", "only the name of the host, such as smtp.example.cn"))
		}
		if m.Port < 1 || m.Port > 65535 {
			wrong = append(wrong, wrongField("port", "端口为1至65535，常用465（TLS）或587（STARTTLS）", "a port is 1 to 65535; usual are 465 (TLS) and 587 (STARTTLS)"))
		}
		if m.Security != "tls" && m.Security != "starttls" && m.Security != "none" {
			wrong = append(wrong, wrongField("security", "请选择加密方式", "choose how it is encrypted"))
		}
		if f, err := mail.ParseAddress(m.From); err != nil || f.Address != m.From {
			wrong = append(wrong, wrongField("from", "发件人应是电子邮件地址", "the sender is an e-mail address"))
		}
		if m.User != "" && m.Security == "none" {
			wrong = append(wrong, wrongField("security", "不加密的连接不能发送密码，请改用 TLS 或 STARTTLS", "a password must not travel in the clear: choose TLS or STARTTLS"))
		}
	}
	if err := wrongFields(wrong); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := administersAll(ctx, tx, a); err != nil {
			return err
		}
		before, err := readOutside(ctx, tx)
		if err != nil {
			return err
		}
		if b := before.mail; m.Password == "" && m.Host == b.Host && m.User == b.User {
			m.Password = b.Password
		}
		var rows [][]any
		for name, value := range map[string]any{"mail": m, "address": address} {
			doc, err := json.Marshal(value)
			if err != nil {
				return err
			}
			rows = append(rows, []any{name, string(doc)})
		}
		return tx.Insert(ctx, "setting (name, doc)", rows, "ON CONFLICT (name) DO UPDATE SET doc = excluded.doc")
	})
	if err != nil {
		return fmt.Errorf("set mail: %w", err)
	}
	return nil
}
