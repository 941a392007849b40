package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"bihuan.dev/bihuan/programme"
)

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
