package bihuan

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"bihuan.dev/bihuan/programme"
)

// How messages go out. The robots' formats are those that their makers document: WeCom "群机器人配置说明", DingTalk "自定义机器人接入"
// with signature, Feishu "自定义机器人使用指南" with signature check; webhooks are signed as Standard Webhooks says.

// webhookPrefix marks the secret of a webhook, which follows it in base64.
const webhookPrefix = "whsec_"

// sender calls robots and webhooks. It follows no redirect: a message goes where its owner said or nowhere.
var sender = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// send sends a message to a channel. What goes wrong comes back in words that hold no secret.
func (s *Site) send(ctx context.Context, o outside, c Channel, x secretOf, id string, p parcel) error {
	ctx, cancel := context.WithTimeout(ctx, s.sending)
	defer cancel()
	if x.address == "" {
		return errors.New("the channel was removed")
	}
	text := p.text(c.Lang, o.address, mostRobotBytes)
	switch c.Kind {
	case ChannelEmail:
		return s.sendMail(ctx, o, c, x.address, id, p)
	case ChannelWeCom:
		return sendRobot(ctx, x.address, map[string]any{"msgtype": "text", "text": map[string]any{"content": text}})
	case ChannelDingTalk:
		return sendRobot(ctx, dingTalkAddress(x, time.Now()), map[string]any{"msgtype": "text", "text": map[string]any{"content": text}})
	case ChannelFeishu:
		body := map[string]any{"msg_type": "text", "content": map[string]any{"text": text}}
		if x.secret != "" {
			body["timestamp"], body["sign"] = feishuSign(x.secret, time.Now())
		}
		return sendRobot(ctx, x.address, body)
	case ChannelWebhook:
		return sendWebhook(ctx, x, id, p.Event, time.Now())
	}
	return fmt.Errorf("nobody sends to %s", c.Kind)
}

// mostRobotBytes is the longest text that every robot takes: WeCom's limit.
const mostRobotBytes = 2048

// text writes the lines with their links; what goes beyond a number of bytes is counted only.
func (p parcel) text(lang programme.Lang, site string, most int) string {
	var b strings.Builder
	for i, l := range p.Lines {
		entry := l.In(lang)
		if site != "" {
			entry += "\n" + site + l.Path
		}
		rest := programme.T("……另有{0}条，请登录查看", "… and {0} more: sign in to see them").Fill(len(p.Lines) - i).In(lang)
		if b.Len()+len(entry)+len(rest)+2 > most {
			if i == 0 {
				entry = strings.ToValidUTF8(entry[:most-len(rest)-8], "")
				b.WriteString(entry + "…")
				continue
			}
			b.WriteString("\n" + rest)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(entry)
	}
	return b.String()
}

func dingTalkAddress(x secretOf, now time.Time) string {
	if x.secret == "" {
		return x.address
	}
	at := strconv.FormatInt(now.UnixMilli(), 10)
	sign := mac([]byte(x.secret), at+"\n"+x.secret)
	return x.address + "&timestamp=" + at + "&sign=" + url.QueryEscape(sign)
}

// feishuSign signs nothing with the moment and the secret as the key, as Feishu asks.
func feishuSign(secret string, now time.Time) (timestamp, sign string) {
	timestamp = strconv.FormatInt(now.Unix(), 10)
	return timestamp, mac([]byte(timestamp+"\n"+secret), "")
}

func mac(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// sendRobot posts to a robot, which answers 200 even when it refuses, and says so in the body.
func sendRobot(ctx context.Context, address string, body map[string]any) error {
	doc, err := json.Marshal(body)
	if err != nil {
		return err
	}
	answer, err := post(ctx, address, doc, nil)
	if err != nil {
		return err
	}
	var said struct {
		ErrCode int    `json:"errcode"` // WeCom, DingTalk
		ErrMsg  string `json:"errmsg"`
		Code    int    `json:"code"` // Feishu
		Msg     string `json:"msg"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return errors.New("the answer is not one of a robot")
	}
	if said.ErrCode != 0 || said.Code != 0 {
		return fmt.Errorf("the robot refused: %d %s", said.ErrCode+said.Code, clip(said.ErrMsg+said.Msg, 200))
	}
	return nil
}

// sendWebhook posts an event, signed over its ID, the moment and the body.
func sendWebhook(ctx context.Context, x secretOf, id string, event json.RawMessage, now time.Time) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(x.secret, webhookPrefix))
	if err != nil {
		return fmt.Errorf("secret of a webhook: %w", err)
	}
	at := strconv.FormatInt(now.Unix(), 10)
	_, err = post(ctx, x.address, event, map[string]string{"webhook-id": id, "webhook-timestamp": at, "webhook-signature": "v1," + mac(key, id+"."+at+"."+string(event))})
	return err
}

func post(ctx context.Context, address string, body []byte, headers map[string]string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address cannot be used")
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "bihuan")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer, err := sender.Do(request)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // its own text holds the address
		}
		return nil, fmt.Errorf("no answer from %s: %w", request.URL.Host, err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("no whole answer from %s: %w", request.URL.Host, err)
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, fmt.Errorf("%s answers %s", request.URL.Host, answer.Status)
	}
	return content, nil
}

// sendMail sends a message by the mail server of the site. Its Message-ID is that of the delivery, so that a mailbox can tell a
// second copy.
func (s *Site) sendMail(ctx context.Context, o outside, c Channel, to, id string, p parcel) error {
	if o.mail.Host == "" {
		return errNoMailServer
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(o.mail.From); err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	if err := m.To(to); err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	subject, more := p.first()
	if more > 0 {
		subject = programme.T("{0}，另有{1}条", "{0}, and {1} more").Fill(subject, more)
	}
	m.Subject(clip(subject.In(c.Lang), 120))
	m.SetMessageIDWithValue(id + "@" + o.mail.From[strings.LastIndexByte(o.mail.From, '@')+1:])
	m.SetDate()
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(mail.TypeTextPlain, p.text(c.Lang, o.address, 60<<10)+"\n")
	options := []mail.Option{mail.WithPort(o.mail.Port), mail.WithTimeout(s.sending)}
	switch o.mail.Security {
	case "tls":
		options = append(options, mail.WithSSL())
	case "starttls":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if o.mail.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(o.mail.User), mail.WithPassword(o.mail.Password))
	}
	client, err := mail.NewClient(o.mail.Host, options...)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return fmt.Errorf("mail server %s: %w", o.mail.Host, err)
	}
	defer func() { _ = client.Close() }() // once it is taken, how one parts does not matter
	if err := client.Send(m); err != nil {
		return fmt.Errorf("mail server %s: %w", o.mail.Host, err)
	}
	return nil
}

var errNoMailServer = errors.New("no mail server is set")

// problemText says what went wrong with a message.
func problemText(err error) programme.Text {
	if errors.Is(err, errNoMailServer) {
		return programme.T("还没有设置邮件服务器", "no mail server is set yet")
	}
	return programme.T(err.Error(), err.Error())
}

// clip cuts a text to a number of characters.
func clip(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}
