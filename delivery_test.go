package bihuan_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/dbtest"
	"bihuan.dev/bihuan/programme"
)

// outsider is the world outside: what it is told, and how it answers.
type outsider struct {
	*httptest.Server
	heard  chan call
	answer func(n int, w http.ResponseWriter) // n counts from 1
	mu     sync.Mutex
	n      int
}

type call struct {
	path, query string
	header      http.Header
	body        string
}

func outsideWorld(t *testing.T, answer func(n int, w http.ResponseWriter)) *outsider {
	o := &outsider{heard: make(chan call, 1000), answer: answer}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		o.mu.Lock()
		o.n++
		n, answer := o.n, o.answer
		o.mu.Unlock()
		o.heard <- call{r.URL.Path, r.URL.RawQuery, r.Header, string(b)}
		answer(n, w)
	}))
	t.Cleanup(o.Close)
	return o
}

func wellReceived(_ int, w http.ResponseWriter) {
	fmt.Fprint(w, `{"errcode":0,"errmsg":"ok","code":0}`)
}

// next gives what is heard next.
func next[T any](t testing.TB, heard chan T) T {
	t.Helper()
	select {
	case x := <-heard:
		return x
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was heard")
		panic("unreachable")
	}
}

// postOffice is an SMTP server that takes everything.
func postOffice(t *testing.T) (port int, heard chan string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	heard = make(chan string, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				lines := bufio.NewReader(c)
				say := func(s string) { fmt.Fprint(c, s+"\r\n") }
				say("220 ready")
				for {
					line, err := lines.ReadString('\n')
					switch verb := strings.ToUpper(strings.TrimSpace(line)); {
					case err != nil:
						return
					case strings.HasPrefix(verb, "EHLO"):
						say("250-here\r\n250 8BITMIME")
					case verb == "DATA":
						say("354 go on")
						var letter strings.Builder
						for line != ".\r\n" && err == nil {
							line, err = lines.ReadString('\n')
							letter.WriteString(line)
						}
						heard <- letter.String()
						say("250 taken")
					case verb == "QUIT":
						return // without a word
					default:
						say("250 ok")
					}
				}
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, heard
}

// run runs the jobs of the site until the test ends.
func (r *runner) run() {
	r.Helper()
	stop, err := r.site.StartJobs(r.ctx)
	r.must(err)
	r.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := stop(ctx); err != nil {
			r.Error(err)
		}
	})
}

// eachImpatient is each with a site that does not wait long for anybody outside.
func eachImpatient(t *testing.T, test func(r *runner)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, url string) {
		r := openAs(t, bihuan.Config{Database: url, Files: t.TempDir(), Sending: 300 * time.Millisecond, Retry: 20 * time.Microsecond})
		r.furnish()
		loop(r)
		for _, key := range []string{"E1", "W1"} { // nothing is due, of which robots would hear
			for _, id := range []string{r.ID(key), r.home(key)} {
				_, err := r.site.File(r.ctx, bihuan.System(), bihuan.Filing{Subject: id, Form: "roster", Values: values{"people": 10, "members": 9}})
				r.must(err)
			}
		}
		test(r)
	})
}

func (r *runner) channel(login string, n bihuan.NewChannel) (bihuan.Channel, string) {
	r.Helper()
	c, secret, err := r.site.AddChannel(r.ctx, r.Login(login), n)
	r.must(err)
	return c, secret
}

func mac(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Each channel is told in its own documented format, signed as it asks; a unit's robots hear the text of what is public and no more than
// that there is something of what is not, and a machine hears nothing of that.
func TestNoticesGoOut(t *testing.T) {
	eachImpatient(t, func(r *runner) {
		world := outsideWorld(r.T, wellReceived)
		port, letters := postOffice(r.T)
		r.must(r.site.SetOutside(r.ctx, bihuan.System(), bihuan.MailSettings{Host: "127.0.0.1", Port: port, Security: "none", From: "bihuan@county.example"}, "https://county.example/"))
		r.channel("admin", bihuan.NewChannel{Kind: bihuan.ChannelWeCom, Unit: "e1", Address: world.URL + "/cgi-bin/webhook/send?key=K1"})
		r.channel("admin", bihuan.NewChannel{Kind: bihuan.ChannelDingTalk, Unit: "e1", Address: world.URL + "/robot/send?access_token=T1", Secret: "SEC1"})
		r.channel("admin", bihuan.NewChannel{Kind: bihuan.ChannelFeishu, Unit: "e1", Address: world.URL + "/open-apis/bot/v2/hook/H1", Secret: "SEC2", Lang: programme.En})
		_, secret := r.channel("admin", bihuan.NewChannel{Kind: bihuan.ChannelWebhook, Unit: "city", Programme: "loop", Address: world.URL + "/machine"})
		r.channel("chair", bihuan.NewChannel{Kind: bihuan.ChannelEmail, Address: "chair@county.example"})
		r.channel("chair2", bihuan.NewChannel{Kind: bihuan.ChannelEmail, Address: "stranger@county.example"})
		r.run()
		m := r.Who("m1").Raise("proposal", values{"title": "食堂排队太久", "reason": "午间排队", "phone": "13800000000"})
		r.Want()
		const text = "提案 食堂排队太久：请办理“提出”"
		link := "https://county.example/matters/" + m.ID
		heard := map[string]call{}
		for range 4 {
			c := next(r, world.heard)
			heard[c.path] = c
		}
		for path, want := range map[string]string{
			"/cgi-bin/webhook/send": `{"msgtype":"text","text":{"content":"` + text + `\n` + link + `"}}`,
			"/robot/send":           `{"msgtype":"text","text":{"content":"` + text + `\n` + link + `"}}`,
		} {
			if c := heard[path]; c.body != want {
				r.Errorf("%s: %s, want %s", path, c.body, want)
			}
		}
		if q := heard["/cgi-bin/webhook/send"].query; q != "key=K1" {
			r.Error(q)
		}
		q, err := url.ParseQuery(heard["/robot/send"].query)
		r.must(err)
		if at := q.Get("timestamp"); q.Get("sign") != mac([]byte("SEC1"), at+"\nSEC1") || q.Get("access_token") != "T1" || len(at) != 13 {
			r.Errorf("DingTalk: %v", q)
		}
		var feishu struct {
			Timestamp, Sign string
			Type            string `json:"msg_type"`
			Content         struct{ Text string }
		}
		r.must(json.Unmarshal([]byte(heard["/open-apis/bot/v2/hook/H1"].body), &feishu))
		if feishu.Type != "text" || feishu.Sign != mac([]byte(feishu.Timestamp+"\nSEC2"), "") || len(feishu.Timestamp) != 10 || feishu.Content.Text != "Proposal 食堂排队太久: “Proposed” is for you to do\n"+link {
			r.Errorf("Feishu: %+v", feishu)
		}
		hook := heard["/machine"]
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		r.must(err)
		id, at := hook.header.Get("webhook-id"), hook.header.Get("webhook-timestamp")
		if id == "" || hook.header.Get("webhook-signature") != "v1,"+mac(key, id+"."+at+"."+hook.body) {
			r.Errorf("webhook: %v", hook.header)
		}
		var event bihuan.MatterEventDoc
		r.must(json.Unmarshal([]byte(hook.body), &event))
		if d := event.Data; event.Type != "matter.changed" || d.Code != m.Code || d.Stage != "proposed" || d.DueOn != "2021-06-08" || !strings.Contains(hook.body, `"stage_title":{"zh":"提出","en":"Proposed"}`) || !strings.Contains(hook.body, `"title":{"zh":"食堂排队太久","en":"食堂排队太久"}`) || strings.Contains(hook.body, "13800000000") || strings.Contains(hook.body, "演示m1") {
			r.Errorf("webhook: %s", hook.body)
		}
		letter := next(r, letters)
		for _, want := range []string{"To: <chair@county.example>", "Content-Type: text/plain; charset=UTF-8", "Auto-Submitted: auto-generated", "@county.example>"} {
			if !strings.Contains(letter, want) {
				r.Errorf("the letter lacks %q:\n%s", want, letter)
			}
		}

		// Of an accusation the group of those who look into it hears that there is one, and neither its own house nor the machine does.
		r.channel("admin", bihuan.NewChannel{Kind: bihuan.ChannelWeCom, Unit: "east", Address: world.URL + "/east?key=K2"})
		r.Who("m1").Raise("accusation", values{"charge": "挪用经费", "about": "经费"})
		r.Want()
		if c := next(r, world.heard); c.path != "/east" || !strings.Contains(c.body, "有一件不公开的事项需要办理") || strings.Contains(c.body, "经费") || !strings.Contains(c.body, "county.example/todo") {
			r.Errorf("of an accusation is heard: %+v", c)
		}
		r.Who("chair").Do(m.ID, "accept")
		r.Want()
		r.must(json.Unmarshal([]byte(next(r, world.heard).body), &event))
		if event.Data.Code != m.Code || event.Data.Stage != "joining" {
			r.Errorf("the machine hears %+v", event)
		}
		for len(letters) > 0 { // of a form of their own house that is due both may hear meanwhile
			letter := <-letters
			parsed, err := mail.ReadMessage(strings.NewReader(letter))
			r.must(err)
			subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
			r.must(err)
			if strings.Contains(letter, "stranger@") && !strings.Contains(subject, "西一之家的《名册》应于") {
				r.Errorf("a stranger is told %q:\n%s", subject, letter)
			}
		}
	})
}

// A message that is refused, or not answered in time, is sent again with the same ID; one that is refused too often is given up where
// people see it, and sent anew when they say so. Secrets are in nothing that is shown.
func TestMessagesAreTriedAgain(t *testing.T) {
	eachImpatient(t, func(r *runner) {
		hold := make(chan struct{})
		world := outsideWorld(r.T, func(n int, w http.ResponseWriter) {
			switch n {
			case 1:
				http.Error(w, "no", http.StatusInternalServerError)
			case 2:
				<-hold
			case 3:
				fmt.Fprint(w, `{"errcode":45009,"errmsg":"api freq out of limit"}`)
			default:
				wellReceived(n, w)
			}
		})
		defer close(hold)
		c, _ := r.channel("admin", bihuan.NewChannel{Kind: bihuan.ChannelWeCom, Unit: "e1", Address: world.URL + "/send?key=SECRETKEY"})
		r.run()
		r.Who("m1").Raise("proposal", values{"title": "甲", "reason": "x"})
		r.Want()
		first := next(r, world.heard)
		for range 3 {
			if again := next(r, world.heard); again.body != first.body {
				r.Errorf("sent %s, then %s", first.body, again.body)
			}
		}
		r.eventually(func() bool { return r.deliveries("sent").Total == 1 })
		world.mu.Lock()
		world.answer = func(_ int, w http.ResponseWriter) { http.Error(w, "no", http.StatusNotFound) }
		world.mu.Unlock()
		r.Raise("proposal", values{"title": "乙", "reason": "x"})
		r.Want()
		r.eventually(func() bool { return r.deliveries("failed").Total == 1 })
		page := r.deliveries("failed")
		if d := page.Deliveries[0]; d.Tries != 18 || !strings.Contains(d.Problem, "404") || d.Text.Zh != "提案 乙：请办理“提出”" {
			r.Errorf("%+v", d)
		}
		if shown := fmt.Sprintf("%+v %+v", page, c); strings.Contains(shown, "SECRETKEY") {
			r.Errorf("a secret is shown: %s", shown)
		}
		world.mu.Lock()
		world.answer = wellReceived
		world.mu.Unlock()
		if _, err := r.site.Resend(r.ctx, r.Login("chair"), c.ID); err == nil {
			r.Error("somebody else sends again")
		}
		n, err := r.site.Resend(r.ctx, r.Login("admin"), c.ID)
		if err != nil || n != 1 {
			r.Fatal(n, err)
		}
		r.eventually(func() bool { return r.deliveries("sent").Total == 2 && r.deliveries("failed").Total == 0 })
		r.must(r.site.TestChannel(r.ctx, r.Login("admin"), c.ID))
		r.must(r.site.RemoveChannel(r.ctx, r.Login("admin"), c.ID))
		if list, err := r.site.UnitChannels(r.ctx, r.Login("admin")); err != nil || len(list) != 0 {
			r.Error(list, err)
		}
	})
}

func (r *runner) deliveries(state string) bihuan.DeliveryPage {
	r.Helper()
	page, err := r.site.Deliveries(r.ctx, r.Login("admin"), true, state, bihuan.Page{})
	r.must(err)
	return page
}

func (r *runner) eventually(holds func() bool) {
	r.Helper()
	for range 3000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, state := range []string{"waiting", "sent", "failed"} {
		r.Logf("%s: %+v", state, r.deliveries(state))
	}
	r.Fatal("it never came about")
}

// Who may point the site where.
func TestChannelsThatAreRefused(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		for _, x := range []struct {
			who  string
			n    bihuan.NewChannel
			want bihuan.Kind
		}{
			{"", bihuan.NewChannel{Kind: bihuan.ChannelEmail, Address: "a@b.example"}, bihuan.Unauthenticated},
			{"chair", bihuan.NewChannel{Kind: bihuan.ChannelEmail, Address: "nobody"}, bihuan.Invalid},
			{"chair", bihuan.NewChannel{Kind: "fax", Address: "1"}, bihuan.Invalid},
			{"chair", bihuan.NewChannel{Kind: bihuan.ChannelWeCom, Address: "http://10.0.0.1/cgi-bin/webhook/send?key=k"}, bihuan.Invalid},
			{"chair", bihuan.NewChannel{Kind: bihuan.ChannelWeCom, Address: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, bihuan.Invalid},
			{"chair", bihuan.NewChannel{Kind: bihuan.ChannelFeishu, Address: "https://open.feishu.cn/x"}, bihuan.Invalid},
			{"chair", bihuan.NewChannel{Kind: bihuan.ChannelDingTalk, Address: "ftp://oapi.dingtalk.com/robot/send?access_token=t"}, bihuan.Invalid},
			{"chair", bihuan.NewChannel{Kind: bihuan.ChannelWebhook, Address: "https://machine.example"}, bihuan.Invalid},
			{"chair", bihuan.NewChannel{Kind: bihuan.ChannelWeCom, Unit: "e1", Address: "https://x.example/send?key=k"}, bihuan.Forbidden},
			{"townadmin", bihuan.NewChannel{Kind: bihuan.ChannelWeCom, Unit: "w1", Address: "https://x.example/send?key=k"}, bihuan.Forbidden},
			{"admin", bihuan.NewChannel{Kind: bihuan.ChannelWebhook, Unit: "city", Programme: "nothing", Address: "https://x.example"}, bihuan.NotFound},
		} {
			_, _, r.err = r.site.AddChannel(r.ctx, r.Login(x.who), x.n)
			r.Want(x.want)
		}
		r.channel("townadmin", bihuan.NewChannel{Kind: bihuan.ChannelWeCom, Unit: "e1", Address: "http://wecom.county.example/cgi-bin/webhook/send?key=k"})
		own, _ := r.channel("chair", bihuan.NewChannel{Kind: bihuan.ChannelWeCom, Address: "http://wecom.county.example/cgi-bin/webhook/send?key=mine"})
		if _, err := r.site.UnitChannels(r.ctx, r.Login("chair")); err == nil {
			r.Error("who administers nothing lists channels")
		}
		r.err = r.site.RemoveChannel(r.ctx, r.Login("admin"), own.ID)
		r.Want(bihuan.NotFound)
		r.err = r.site.TestChannel(r.ctx, r.Login("chair2"), own.ID)
		r.Want(bihuan.NotFound)
		r.err = r.site.SetOutside(r.ctx, r.Login("townadmin"), bihuan.MailSettings{}, "")
		r.Want(bihuan.Forbidden)
		r.err = r.site.SetOutside(r.ctx, r.Login("admin"), bihuan.MailSettings{Host: "smtp.example/x", Port: 0, Security: "", From: "x", User: "u"}, "nowhere")
		if f := fieldsOf(r.err); !slices.Equal(f, []string{"address", "host", "port", "security", "from"}) {
			r.Error(f)
		}
		r.must(r.site.SetOutside(r.ctx, r.Login("admin"), bihuan.MailSettings{Host: "smtp.example", Port: 465, Security: "tls", From: "x@example.cn", User: "u", Password: "hush"}, ""))
		m, _, err := r.site.Outside(r.ctx, r.Login("admin"))
		if err != nil || m.Password != "" || !m.Kept {
			r.Errorf("%+v %v", m, err)
		}
	})
}

// TestChildDelivers is no test of its own: TestKilledDelivery runs it in a process that it kills.
func TestChildDelivers(t *testing.T) {
	database := os.Getenv("BIHUAN_TEST_DELIVERS")
	if database == "" {
		t.Skip("run by TestKilledDelivery")
	}
	r := openAs(t, bihuan.Config{Database: database, Files: t.TempDir(), Sending: time.Second, Retry: time.Millisecond})
	r.run()
	fmt.Println("runs")
	select {}
}

// A process that is killed while it sends loses nothing: another one sends again, with the same ID, and what had arrived is not sent
// twice. What was to be told once is told once.
func TestKilledDelivery(t *testing.T) {
	if testing.Short() {
		t.Skip("waits until a dead process is taken for dead")
	}
	dbtest.Each(t, func(t *testing.T, database string) {
		t.Parallel()
		r := openAs(t, bihuan.Config{Database: database, Files: t.TempDir()})
		r.furnish()
		loop(r)
		const messages, arrive = 6, 2
		stuck := make(chan struct{})
		var dead sync.Once
		die := func() { dead.Do(func() { close(stuck) }) }
		defer die()
		world := outsideWorld(t, func(n int, w http.ResponseWriter) {
			if n > arrive && n <= messages {
				<-stuck // the child dies while these are sent
			}
			wellReceived(n, w)
		})
		r.channel("admin", bihuan.NewChannel{Kind: bihuan.ChannelWebhook, Unit: "city", Address: world.URL})
		for i := range messages {
			r.Who("m1").Raise("proposal", values{"title": "第" + strconv.Itoa(i), "reason": "x"})
			r.Want()
		}
		child := exec.Command(os.Args[0], "-test.run=^TestChildDelivers$", "-test.v")
		child.Env = append(os.Environ(), "BIHUAN_TEST_DELIVERS="+database, "TMPDIR="+t.TempDir())
		r.must(child.Start())
		seen := map[string]int{}
		for range messages {
			seen[next(t, world.heard).header.Get("webhook-id")]++
		}
		r.eventually(func() bool { return r.deliveries("sent").Total == arrive })
		r.must(child.Process.Kill())
		_ = child.Wait()
		die()

		other := openAs(t, bihuan.Config{Database: database, Files: t.TempDir(), Sending: time.Second, Retry: time.Millisecond})
		other.run()
		for range messages - arrive {
			seen[next(t, world.heard).header.Get("webhook-id")]++
		}
		r.eventually(func() bool { return r.deliveries("sent").Total == messages })
		twice := 0
		for _, n := range seen {
			if n == 2 {
				twice++
			}
		}
		if len(seen) != messages || twice != messages-arrive || len(world.heard) > 0 {
			t.Errorf("%d messages, %v, and %d more", messages, seen, len(world.heard))
		}
	})
}
