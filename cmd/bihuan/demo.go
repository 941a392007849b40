package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
	"bihuan.dev/bihuan/web"
)

type demoCommand struct {
	storage       `embed:""`
	listening     `embed:""`
	Fresh         bool `help:"Throw the demo's data away and begin anew." zh:"清除示例数据，重新开始。"`
	ExitWhenReady bool `hidden:"" help:"Answer once and stop: for tests." zh:"应答一次后停止，供测试用。"`
}

// Run fills a demo where there is none, and serves it. A second start finds the data of the first.
func (k *demoCommand) Run(c *console) error {
	listener, err := k.listen(c)
	if err != nil {
		return err
	}
	defer listener.Close()
	log := slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: max(slog.LevelWarn, level(k.Log))}))
	if k.Database == "" {
		err = k.fillDirectory(c, log)
	} else {
		err = k.fillDatabase(c, log)
	}
	if err != nil {
		return err
	}
	site, err := k.storage.open(c, bihuan.Config{Log: log})
	if err != nil {
		return err
	}
	defer site.Close()
	config := web.Config{Log: log, Secure: k.Secure}
	for _, p := range people {
		config.Demo = append(config.Demo, web.DemoLogin{Login: p.login, Password: demoPassword, Role: p.role})
	}
	code, err := guestCode(c.ctx, site)
	if err != nil {
		return fmt.Errorf("code of the demo's guest: %w", err)
	}
	return serve(c, site, listener, log, k.listening, k.ExitWhenReady, config, func(address string) {
		k.welcome(c, address, listener.Addr(), code)
	})
}

func level(name string) slog.Level {
	var l slog.Level
	if err := l.UnmarshalText([]byte(name)); err != nil {
		return slog.LevelInfo
	}
	return l
}

// listen takes the default address, or a free port of this machine when that is taken; an address that was asked for is
// taken or refused.
func (k *demoCommand) listen(c *console) (net.Listener, error) {
	listener, err := net.Listen("tcp", k.addr())
	if err != nil && k.Addr == "" {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, wrong("无法监听 {0}", "cannot answer at {0}", k.addr()).do("{0}；可用 --addr 换一个地址", "{0}; choose another with --addr", err.Error())
	}
	return listener, nil
}

// marker is the file that says that a directory holds a demo and nothing that anybody would miss.
const marker = "demo.json"

// fillDirectory fills a demo beside its place and puts it there when it is whole, so that a fill that was broken off leaves
// nothing behind but its own directory.
func (k *demoCommand) fillDirectory(c *console, log *slog.Logger) error {
	database, demo := filepath.Join(k.Data, "bihuan.db"), filepath.Join(k.Data, marker)
	filling := filepath.Join(k.Data, "filling")
	if exists(database) && !exists(demo) {
		return wrong("{0} 里是正式站点，不是示例", "{0} holds a real site, not a demo", k.Data).do("用 --data 换一个目录", "choose another directory with --data")
	}
	if exists(database) && !k.Fresh {
		return nil
	}
	for _, name := range []string{demo, database, database + "-wal", database + "-shm", filepath.Join(k.Data, "files"), filling} {
		if err := os.RemoveAll(name); err != nil {
			return wrong("无法清除旧的示例数据 {0}", "cannot remove the old demo data {0}", name).do("{0}", "{0}", err.Error())
		}
	}
	if err := makeDemo(c, storage{Data: filling}, log); err != nil {
		return errors.Join(err, os.RemoveAll(filling))
	}
	for _, name := range []string{"files", "bihuan.db"} {
		if err := os.Rename(filepath.Join(filling, name), filepath.Join(k.Data, name)); err != nil {
			return fmt.Errorf("put the demo in its place: %w", err)
		}
	}
	said, err := json.Marshal(map[string]string{"demo": "union", "filled": time.Now().Format(time.RFC3339)})
	if err != nil {
		return fmt.Errorf("mark the demo: %w", err)
	}
	if err := os.WriteFile(demo, append(said, '\n'), 0o640); err != nil {
		return fmt.Errorf("mark the demo: %w", err)
	}
	return os.RemoveAll(filling)
}

// fillDatabase fills a PostgreSQL database that holds nothing yet. It never empties one.
func (k *demoCommand) fillDatabase(c *console, log *slog.Logger) error {
	demo := filepath.Join(k.Data, marker)
	site, err := k.storage.open(c, bihuan.Config{Log: log})
	if err != nil {
		return err
	}
	_, units, err := site.Units(c.ctx, bihuan.UnitQuery{})
	if err = errors.Join(err, site.Close()); err != nil {
		return err
	}
	switch {
	case k.Fresh && units > 0:
		return wrong("示例不会清空 PostgreSQL 数据库", "the demo does not empty a PostgreSQL database").do("请换一个空库", "give it an empty one")
	case units > 0 && !exists(demo):
		return wrong("{0} 里已有数据，且不是完整的示例", "{0} holds data that are no whole demo", shownDatabase(k.Database)).do("请换一个空库", "give it an empty one")
	case units > 0:
		return nil
	}
	if err := makeDemo(c, k.storage, log); err != nil {
		return err
	}
	return os.WriteFile(demo, []byte("{\"demo\":\"union\"}\n"), 0o640)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// makeDemo makes the site and lets its two years pass.
func makeDemo(c *console, where storage, log *slog.Logger) error {
	clock := &clock{}
	site, err := where.open(c, bihuan.Config{Log: log, Now: clock.now})
	if err != nil {
		return err
	}
	if !onTerminal(c.err) {
		c.say("正在填充示例数据……", "filling the demo …")
	}
	show, done := c.progress("填充示例数据", "filling the demo")
	began := time.Now()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // much is read and thrown away in a few seconds
	err = pass(c.ctx, site, clock, show)
	done()
	if err = errors.Join(err, site.Close()); err != nil {
		return fmt.Errorf("fill the demo: %w", err)
	}
	log.Debug("demo filled", "took", time.Since(began))
	return nil
}

// clock is the site's clock while the demo is filled: it shows the moment that is being played.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (k *clock) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.at.IsZero() {
		return time.Now()
	}
	return k.at
}

func (k *clock) set(at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = at
}

// welcome says where the demo is, who can sign in, and what to try first. It speaks both languages: a demo is shown around.
func (k *demoCommand) welcome(c *console, address string, at net.Addr, code string) {
	fmt.Fprintf(c.out, "%s\n\n", address)
	say := func(t programme.Text) {
		if c.lang == programme.Zh {
			fmt.Fprintf(c.out, "%s\n%s\n", t.Zh, t.En)
		} else {
			fmt.Fprintf(c.out, "%s\n%s\n", t.En, t.Zh)
		}
	}
	say(programme.T("示例已就绪：平湖的真实单位树，企业、人员和数据均为虚构。密码公开，仅供示例。",
		"The demo is ready: the real tree of units of Pinghu; enterprises, people and data are invented. The passwords are public and for the demo only."))
	fmt.Fprintln(c.out)
	table := [][]string{{"账号 login", "密码 password", "角色 role", "先试试 try first"}}
	for _, p := range people {
		table = append(table, []string{p.login, demoPassword, p.role.Zh, p.first.Zh}, []string{"", "", p.role.En, p.first.En})
	}
	first := guest.first.Fill(address + "/v")
	table = append(table, []string{"–", code, guest.role.Zh, first.Zh}, []string{"", "", guest.role.En, first.En})
	table = append(table, []string{"–", "–", visitor.role.Zh, visitor.first.Zh}, []string{"", "", visitor.role.En, visitor.first.En})
	if err := writeAligned(c.out, table); err != nil {
		return // whoever asked is gone; the site goes on
	}
	fmt.Fprintln(c.out)
	if tcp, ok := at.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		c.say("注意：其他机器也能访问此示例，而密码是公开的", "note: other machines can reach this demo, and its passwords are public")
	}
	c.say("按 Ctrl-C 停止；数据留在 {0}，--fresh 重新开始", "stop with Ctrl-C; the data stay in {0}, --fresh begins anew", k.Data)
}
