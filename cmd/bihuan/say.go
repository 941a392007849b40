package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"golang.org/x/term"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// usageError is a wrong use of the command line: exit code 2.
type usageError struct{ error }

// answerNo says that the answer is no and all has been said: exit code 1.
type answerNo struct{}

func (answerNo) Error() string { return "the answer is no" }

// problem is what a person can act on, said by the command line itself.
type problem struct{ text, hint programme.Text }

func (p problem) Error() string { return p.text.In(programme.En) }

func wrong(zh, en string, values ...any) problem {
	return problem{text: programme.T(zh, en).Fill(values...)}
}

func (p problem) do(zh, en string, values ...any) problem {
	p.hint = programme.T(zh, en).Fill(values...)
	return p
}

// say writes a sentence to stderr.
func (c *console) say(zh, en string, values ...any) {
	fmt.Fprintln(c.err, programme.T(zh, en).Fill(values...).In(c.lang))
}

// fail says what went wrong, what to do next, and gives the exit code.
func (c *console) fail(err error) int {
	var (
		ours    *bihuan.Error
		file    *exchange.Error
		own     problem
		misused usageError
		no      answerNo
	)
	switch {
	case errors.As(err, &no):
		return 1
	case errors.As(err, &misused):
		c.complain(programme.T(misuseInChinese(misused.Error()), misused.Error()), programme.T("bihuan --help 列出全部命令", "bihuan --help lists the commands"))
		return 2
	case errors.As(err, &ours):
		c.complain(ours.Text, ours.Hint)
		for _, f := range ours.Fields {
			fmt.Fprintf(c.err, "  %s: %s\n", f.Field, f.Message.In(c.lang))
		}
		for _, r := range ours.Rows[:min(len(ours.Rows), 10)] {
			fmt.Fprintf(c.err, "  %d: %s\n", r.Row, r.Text.In(c.lang))
		}
	case errors.As(err, &file):
		c.complain(file.Text, file.Hint)
	case errors.As(err, &own):
		c.complain(own.text, own.hint)
	default:
		c.complain(programme.T(err.Error(), err.Error()), programme.Text{})
	}
	return 1
}

func (c *console) complain(text, hint programme.Text) {
	fmt.Fprintf(c.err, "bihuan: %s\n", strings.TrimSuffix(text.In(c.lang), "。"))
	if !hint.Empty() {
		fmt.Fprintf(c.err, "%s%s\n", programme.T("提示：", "hint: ").In(c.lang), hint.In(c.lang))
	}
}

// complainRows says what is wrong with the rows of a file, at most 50 of them.
func (c *console) complainRows(file string, errs []exchange.RowError) {
	for i, e := range errs {
		if i == 50 {
			c.say("……另有 {0} 处", "… and {0} more", len(errs)-i)
			break
		}
		field := ""
		if e.Field != "" {
			field = e.Field + ": "
		}
		fmt.Fprintf(c.err, "%s:%d: %s%s\n", file, e.Row, field, e.Text.In(c.lang))
	}
}

// onTerminal tells whether a person watches.
func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colored tells whether to color what is written to w.
func colored(w io.Writer) bool { return os.Getenv("NO_COLOR") == "" && onTerminal(w) }

// progress gives a function that shows how far long work is, on a terminal only; done takes it away again.
func (c *console) progress(zh, en string) (show func(done, total int), done func()) {
	if !onTerminal(c.err) {
		return nil, func() {}
	}
	text, last := programme.T(zh, en).In(c.lang), -1
	return func(done, total int) {
			if percent := 100 * done / max(total, 1); percent != last {
				last = percent
				fmt.Fprintf(c.err, "\r%s %d %%\x1b[K", text, percent)
			}
		}, func() {
			if last >= 0 {
				fmt.Fprint(c.err, "\r\x1b[K")
			}
		}
}

// misuses are what the parser of the command line says, in its English, and the same in Chinese.
var misuses = []struct {
	says *regexp.Regexp
	zh   string
}{
	{regexp.MustCompile(`^missing flags: (.*)$`), "缺少参数：$1"},
	{regexp.MustCompile(`^expected (".*")$`), "缺少：$1"},
	{regexp.MustCompile(`^expected one of (.*)$`), "缺少子命令，可用：$1"},
	{regexp.MustCompile(`^unknown flag ([^,]*), did you mean (?:one of )?(.*)\?$`), "没有参数 $1，是不是 $2？"},
	{regexp.MustCompile(`^unknown flag (.*)$`), "没有参数 $1"},
	{regexp.MustCompile(`^unexpected argument ([^,]*), did you mean (?:one of )?(.*)\?$`), "不认识 $1，是不是 $2？"},
	{regexp.MustCompile(`^unexpected argument (.*)$`), "不认识 $1"},
	{regexp.MustCompile(`^(\S+): expected a value.*$|^(\S+): missing value.*$`), "$1$2 后面缺少值"},
	{regexp.MustCompile(`^(\S+): expected a valid .* value but got (.*)$`), "$1 的值 $2 不对"},
	{regexp.MustCompile(`^(\S+) must be one of (.*) but got (.*)$`), "$1 应是其中之一：$2，不能是 $3"},
}

func misuseInChinese(said string) string {
	for _, m := range misuses {
		if m.says.MatchString(said) {
			return m.says.ReplaceAllString(said, m.zh)
		}
	}
	return said
}
