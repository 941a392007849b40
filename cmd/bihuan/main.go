// Command bihuan runs written standards as closed loops: it checks programmes, assesses evidence in a pipe, serves a site,
// and shows a filled demo.
//
//	bihuan demo
//	bihuan check --cover programmes/union
//	bihuan assess programmes/union --evidence evidence.jsonl --json
//
// Data goes to stdout, talk to stderr. It exits 0 when done, 1 when the answer is no, 2 when used wrongly.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"bihuan.dev/bihuan/programme"
)

// commands is the command line: one struct is flags, environment and help. The Chinese help stands beside the English one.
type commands struct {
	Lang string `help:"Language of texts: zh or en (default: that of the environment)." zh:"文字的语言：zh 或 en（默认随系统环境）。" placeholder:"LANG" env:"BIHUAN_LANG"`

	Demo       demoCommand       `cmd:"" set:"data=.data/demo" help:"Serve a county filled with invented enterprises, to look around." zh:"启动示例站点：一个县，几百家虚构企业。"`
	Serve      serveCommand      `cmd:"" help:"Serve a site." zh:"启动站点服务。"`
	Check      checkCommand      `cmd:"" help:"Check programmes: tell every mistake, run the cases." zh:"检查规范程序：列出全部错误，运行样例。"`
	Assess     assessCommand     `cmd:"" help:"Score evidence from a file or pipe, with reasons; needs no server and no database." zh:"对文件或管道中的佐证评分并说明理由，不需要服务器和数据库。"`
	Whatif     whatifCommand     `cmd:"" help:"Show what a change of a standard would do to those who are scored; needs no server and no database." zh:"试算：修改规范后谁升谁降，不需要服务器和数据库。"`
	Import     importCommand     `cmd:"" help:"Import units, subjects, evidence or running matters from CSV, xlsx or JSON Lines." zh:"从 CSV、xlsx 或 JSON Lines 导入单位、评价对象、佐证或在办事项。"`
	Matters    mattersCommand    `cmd:"" help:"List, show, raise and act upon matters, for scripts." zh:"列出、查看、提起、办理事项，供脚本使用。"`
	Objections objectionsCommand `cmd:"" help:"List, raise and answer objections to results, and appeal, for scripts." zh:"列出、提出、答复对结果的异议，申请复核，供脚本使用。"`
	Promises   promisesCommand   `cmd:"" help:"Count what breaks the promises of the house, with the cases; exits 1 when one is broken." zh:"清点违背承诺之处并列出每一处；有违背时退出码为 1。"`
	Benefits   benefitsCommand   `cmd:"" help:"What people gained by their matters: sums and records." zh:"职工得益台账：合计与记录。"`
	Indicators indicatorsCommand `cmd:"" help:"The indicators of a unit, or one of them with its units, periods and subjects." zh:"一个单位的指标，或其中一项：按单位、按期、按评价对象。"`
	Rosters    rostersCommand    `cmd:"" help:"Keep the rosters of those who speak without an account, and their one-time codes." zh:"管理凭码发言的名册和一次性的码。"`
	Ballots    ballotsCommand    `cmd:"" help:"Call secret ballots of a subject and read their figures." zh:"发起对评价对象的无记名评议，查看票数。"`
	Publish    publishCommand    `cmd:"" help:"Publish a programme: check it and let it run on the site." zh:"发布规范程序：检查通过后在站点上运行。"`
	Account    accountCommand    `cmd:"" help:"Add accounts, set passwords, grant roles." zh:"新增账号、设置密码、授予角色。"`
	Config     configCommand     `cmd:"" help:"Print every setting and where it came from." zh:"列出每项设置及其来源。"`
	Schema     schemaCommand     `cmd:"" help:"Print the JSON Schema of programme.yaml, for editors." zh:"输出 programme.yaml 的 JSON Schema，供编辑器使用。"`
	Version    versionCommand    `cmd:"" help:"Print the version." zh:"输出版本号。"`
}

// console is where a command reads and writes, and in which language.
type console struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer // data
	err    io.Writer // talk
	lang   programme.Lang
	parsed *kong.Context
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does what the arguments say and gives the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) (code int) {
	c := &console{ctx: ctx, in: in, out: out, err: errs, lang: langOf(args, os.Getenv)}
	var all commands
	type exited int
	defer func() {
		switch left := recover().(type) {
		case nil:
		case exited:
			code = int(left)
		default:
			panic(left)
		}
	}()
	parser, err := kong.New(&all, kong.Name("bihuan"), kong.Writers(out, errs), kong.Bind(c), kong.Vars{"addr": defaultAddr, "data": ".data/site"},
		kong.Description(programme.T("闭环：让成文的规范真正运转起来，每一分都说得清。", "Run any written standard as a closed loop, and account for every point of it.").In(c.lang)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(code int) { panic(exited(code)) }))
	if err != nil {
		return c.fail(fmt.Errorf("command line: %w", err))
	}
	if c.lang == programme.Zh {
		speakChinese(parser.Model.Node)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if c.parsed, err = parser.Parse(args); err != nil {
		return c.fail(usageError{err})
	}
	if l := all.Lang; l != "" && l != "zh" && l != "en" {
		return c.fail(usageError{fmt.Errorf("--lang must be zh or en, not %q", l)})
	}
	if err := c.parsed.Run(c); err != nil {
		return c.fail(err)
	}
	return 0
}

// speakChinese puts the Chinese help in the place of the English one.
func speakChinese(n *kong.Node) {
	if n.Tag != nil {
		if zh := n.Tag.Get("zh"); zh != "" {
			n.Help = zh
		}
	}
	for _, f := range n.Flags {
		if zh := f.Tag.Get("zh"); zh != "" { // kong has filled in the English one only
			f.Help = strings.NewReplacer("${default}", f.Default, "${addr}", defaultAddr).Replace(zh)
		}
	}
	for _, p := range n.Positional {
		if zh := p.Tag.Get("zh"); zh != "" {
			p.Help = zh
		}
	}
	for _, child := range n.Children {
		speakChinese(child)
	}
}

// langOf finds the language before the arguments are parsed, since it is also that of the help.
func langOf(args []string, env func(string) string) programme.Lang {
	for i, a := range args {
		if a == "--" {
			break
		}
		if l, ok := strings.CutPrefix(a, "--lang="); ok {
			return langNamed(l)
		}
		if a == "--lang" && i+1 < len(args) {
			return langNamed(args[i+1])
		}
	}
	for _, name := range []string{"BIHUAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if l := env(name); l != "" {
			return langNamed(l)
		}
	}
	return programme.En
}

func langNamed(l string) programme.Lang {
	if strings.HasPrefix(strings.ToLower(l), "zh") {
		return programme.Zh
	}
	return programme.En
}

// settingsOf lists the flags of a command that are settings of the site: those with an environment variable.
func settingsOf(n *kong.Node) []*kong.Flag {
	var flags []*kong.Flag
	for _, f := range n.Flags {
		if len(f.Envs) > 0 && f.Target.Kind() != reflect.Invalid {
			flags = append(flags, f)
		}
	}
	return flags
}
