package main

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// storage says where a site's data are. Serving, importing and administering share it.
type storage struct {
	Data     string `default:"${data}" placeholder:"DIR" env:"BIHUAN_DATA" help:"Directory of bihuan.db and files/ (default: ${default})." zh:"数据目录，内有 bihuan.db 和 files/（默认 ${default}）。"`
	Database string `placeholder:"URL" env:"BIHUAN_DATABASE" help:"PostgreSQL instead of bihuan.db: postgres://user@host/name. Attachments stay in --data." zh:"用 PostgreSQL 代替 bihuan.db：postgres://用户@主机/库名；附件仍在 --data 中。"`
}

// open opens the site, creating what is not there yet.
func (k storage) open(c *console, config bihuan.Config) (*bihuan.Site, error) {
	config.Database, config.Files = k.Database, filepath.Join(k.Data, "files")
	if config.Database == "" {
		config.Database = filepath.Join(k.Data, "bihuan.db")
	}
	if err := os.MkdirAll(k.Data, 0o750); err != nil {
		return nil, wrong("无法创建数据目录 {0}", "cannot create the data directory {0}", k.Data).do("{0}", "{0}", err.Error())
	}
	site, err := bihuan.Open(c.ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", shownDatabase(config.Database), err)
	}
	return site, nil
}

// mustExist refuses to make an empty site where one was named by mistake.
func (k storage) mustExist() error {
	if k.Database != "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(k.Data, "bihuan.db")); err != nil {
		return wrong("{0} 里没有站点数据", "there is no site in {0}", k.Data).
			do("用 --data 指明数据目录；新站点先导入单位：bihuan import units FILE", "name its directory with --data; a new site begins with: bihuan import units FILE")
	}
	return nil
}

// shownDatabase is the database's address without its password.
func shownDatabase(database string) string {
	u, err := url.Parse(database)
	if err != nil || u.Host == "" {
		return database
	}
	return u.Redacted()
}

// listening says where and how a server answers.
type listening struct {
	Addr   string `placeholder:"HOST:PORT" env:"BIHUAN_ADDR" help:"Where to answer (default: ${addr})." zh:"监听地址（默认 ${addr}）。"`
	Secure bool   `env:"BIHUAN_SECURE" help:"Cookies over HTTPS only: set it behind a TLS proxy." zh:"Cookie 只经 HTTPS 发送：在 TLS 代理之后请打开。"`
	Jobs   bool   `default:"true" negatable:"" env:"BIHUAN_JOBS" help:"Run what runs by itself in this process: reminders, deadlines, messages (--no-jobs: leave it to others)." zh:"在本进程中运行后台任务：提醒、时限、消息发送（--no-jobs：交给其他进程）。"`
	Log    string `default:"info" enum:"debug,info,warn,error" env:"BIHUAN_LOG" help:"What to log: debug, info, warn or error (default: ${default})." zh:"日志级别：debug、info、warn 或 error（默认 ${default}）。"`
}

const defaultAddr = "127.0.0.1:8080"

func (k listening) addr() string {
	if k.Addr == "" {
		return defaultAddr
	}
	return k.Addr
}

func (k listening) logger(c *console) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(k.Log)); err != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: level}))
}

type configCommand struct {
	storage   `embed:""`
	listening `embed:""`
}

// Run prints every setting of a site, its value, and where that came from: the command line, an environment variable, or
// the default.
func (k *configCommand) Run(c *console) error {
	given := map[*kong.Flag]bool{}
	for _, step := range c.parsed.Path {
		if step.Flag != nil {
			given[step.Flag] = true
		}
	}
	table := [][]string{{programme.T("设置", "setting").In(c.lang), programme.T("值", "value").In(c.lang), programme.T("来源", "from").In(c.lang)}}
	add := func(name, value, from string) { table = append(table, []string{name, value, from}) }
	for _, f := range append(settingsOf(c.parsed.Model.Node), settingsOf(c.parsed.Selected())...) {
		value, from := fmt.Sprint(f.Target.Interface()), programme.T("默认", "default").In(c.lang)
		if given[f] {
			from = "--" + f.Name
		} else {
			for _, env := range f.Envs {
				if os.Getenv(env) != "" {
					from = env
				}
			}
		}
		switch f.Name {
		case "lang":
			if value == "" {
				for _, env := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
					if os.Getenv(env) != "" {
						from = env
						break
					}
				}
			}
			value = string(c.lang)
		case "addr":
			value = k.addr()
		case "database":
			if value == "" {
				value = filepath.Join(k.Data, "bihuan.db")
			}
			value = shownDatabase(value)
		}
		add(f.Name, value, from)
	}
	return writeAligned(c.out, table)
}
