package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
	"bihuan.dev/bihuan/web"
)

type serveCommand struct {
	storage       `embed:""`
	listening     `embed:""`
	ExitWhenReady bool `hidden:"" help:"Answer once and stop: for tests." zh:"应答一次后停止，供测试用。"`
}

// Run serves until a signal comes. With an empty database it says how to begin.
func (k *serveCommand) Run(c *console) error {
	log := k.logger(c)
	site, err := k.storage.open(c, bihuan.Config{Log: log})
	if err != nil {
		return err
	}
	defer site.Close()
	if err := k.firstSteps(c, site); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", k.addr())
	if err != nil {
		return wrong("无法监听 {0}", "cannot answer at {0}", k.addr()).do("{0}；可用 --addr 换一个地址", "{0}; choose another with --addr", err.Error())
	}
	return serve(c, site, listener, log, k.listening, k.ExitWhenReady, web.Config{Log: log, Secure: k.Secure}, func(address string) {
		fmt.Fprintln(c.out, address)
	})
}

// firstSteps says what a site still needs before people can work with it.
func (k *serveCommand) firstSteps(c *console, site *bihuan.Site) error {
	_, units, err := site.Units(c.ctx, bihuan.UnitQuery{})
	if err != nil {
		return err
	}
	accounts, err := site.Accounts(c.ctx, bihuan.System(), bihuan.AccountQuery{})
	if err != nil {
		return err
	}
	programmes, err := site.Programmes(c.ctx)
	if err != nil {
		return err
	}
	where := "--data " + k.Data
	if k.Database != "" {
		where += " --database " + shownDatabase(k.Database)
	}
	step := func(missing bool, zh, en, command string) {
		if missing {
			fmt.Fprintf(c.err, "%s\n  bihuan %s %s\n", programme.T(zh, en).In(c.lang), command, where)
		}
	}
	step(units == 0, "还没有单位，请先导入：", "there are no units yet; import them:", "import units FILE")
	step(accounts.Total == 0, "还没有账号，请创建第一个管理员（会询问密码）：", "there are no accounts yet; create the first administrator (it asks for a password):", "account add --admin LOGIN")
	step(len(programmes) == 0, "还没有规范程序，请发布一个：", "no programme runs yet; publish one:", "publish DIR")
	return nil
}

// What a request may cost. Uploads from a phone on a bad network take minutes.
const (
	readTimeout  = 5 * time.Minute
	writeTimeout = 5 * time.Minute
	largestBody  = 40 << 20 // the largest upload is a table of 32 MiB; routes have narrower limits of their own
	graceful     = 20 * time.Second
)

// serve answers until the context ends, runs the jobs of the site unless that is switched off, and stops cleanly: requests and jobs
// under way are finished. Once it answers it brings everybody into memory, whom the first visitor would else wait for.
func serve(c *console, site *bihuan.Site, listener net.Listener, log *slog.Logger, how listening, once bool, config web.Config, ready func(address string)) error {
	ctx, stop := context.WithCancel(c.ctx)
	defer stop()
	server := &http.Server{
		Handler:     http.MaxBytesHandler(web.New(site, config), largestBody),
		ReadTimeout: readTimeout, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: writeTimeout, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	stopJobs := func(context.Context) error { return nil }
	if how.Jobs {
		var err error
		if stopJobs, err = site.StartJobs(ctx); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	address := "http://" + shownHost(listener.Addr())
	err := answers(ctx, address)
	var loading sync.WaitGroup
	if err == nil {
		ready(address)
		loading.Go(func() { loadPopulations(ctx, site, log) })
		if once {
			stop()
		}
		select {
		case err = <-stopped:
		case <-ctx.Done():
		}
	}
	stop()
	loading.Wait() // it ends with the context
	finish, cancel := context.WithTimeout(context.Background(), graceful)
	defer cancel()
	if down := server.Shutdown(finish); down != nil && err == nil {
		err = down
	}
	if left := stopJobs(finish); left != nil {
		log.Warn("jobs were broken off; they will be run again", "error", left)
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) && c.ctx.Err() == nil {
		return fmt.Errorf("serve at %s: %w", address, err)
	}
	return nil
}

// loadPopulations brings the subjects of all programmes that score into memory, one programme after the other, until the context ends.
func loadPopulations(ctx context.Context, site *bihuan.Site, log *slog.Logger) {
	began := time.Now()
	programmes, err := site.Programmes(ctx)
	for _, p := range programmes {
		if err == nil && p.Standard != nil {
			err = site.LoadPopulation(ctx, p.Name)
		}
	}
	subjects := 0
	for _, p := range site.Populations() {
		subjects += p.Subjects
	}
	switch {
	case ctx.Err() != nil: // whoever asks after the next start loads the rest
	case err != nil:
		log.Warn("a population is not in memory; it is loaded when somebody asks for it", "error", err)
	default:
		log.Info("populations are in memory", "subjects", subjects, "took", time.Since(began))
	}
}

// answers waits for the first answer, so that an address that is printed works.
func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/", nil)
	if err != nil {
		return err
	}
	// The answer of the site itself counts, not what a redirect or proxy leads to.
	client := &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= 500 {
		return fmt.Errorf("the first page answers %s", answer.Status)
	}
	return nil
}

// shownHost is an address that a browser on this machine can open.
func shownHost(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
