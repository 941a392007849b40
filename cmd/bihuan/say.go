package main

import (
	"errors"
	"fmt"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

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
