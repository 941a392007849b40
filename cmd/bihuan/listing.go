package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// listing is what a command lists: an object a line as scripts read it, or columns under each other.
type listing struct {
	out   io.Writer
	json  bool
	table [][]string
}

// listing begins a list; head names its columns, which a list under another may do without.
func (c *console) listing(json bool, head ...string) *listing {
	l := &listing{out: c.out, json: json}
	if len(head) > 0 {
		l.table = append(l.table, head)
	}
	return l
}

// add lists one thing.
func (l *listing) add(line any, cells ...string) error {
	if l.json {
		return jsonLines(l.out).Encode(line)
	}
	l.table = append(l.table, cells)
	return nil
}

// end writes the columns.
func (l *listing) end() error {
	if l.json {
		return nil
	}
	return writeAligned(l.out, l.table)
}

// jsonLines writes an object a line, and < and & as they are.
func jsonLines(out io.Writer) *json.Encoder {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e
}

// writeAligned writes columns under each other; Chinese characters are two cells wide on a terminal.
func writeAligned(w io.Writer, table [][]string) error {
	var wide []int
	for _, row := range table {
		for i, cell := range row {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], cells(cell))
		}
	}
	for _, row := range table {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", wide[i]-cells(cell)+2))
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

func cells(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}
