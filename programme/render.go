package programme

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
	"unicode"
)

// JSON gives the mistake as one object: file, line, col, message, hint, and warning where it is one. Texts are English
// unless a language is given.
func (m Mistake) JSON(lang ...Lang) []byte {
	l := En
	if len(lang) > 0 {
		l = lang[0]
	}
	b, _ := json.Marshal(struct {
		File    string `json:"file"`
		Line    int    `json:"line"`
		Col     int    `json:"col"`
		Message string `json:"message"`
		Hint    string `json:"hint"`
		Warning bool   `json:"warning,omitempty"`
	}{m.File, m.Line, m.Col, m.Message.In(l), m.Hint.In(l), m.Warning})
	return b
}

// Under puts a directory before the file names, so that a person or an editor can open them.
func (m Mistakes) Under(dir string) Mistakes {
	out := make(Mistakes, len(m))
	for i, x := range m {
		x.File = path.Join(dir, x.File)
		out[i] = x
	}
	return out
}

// Render shows every mistake to a person: its place and what it is, the line it stands on with a caret under the word, and
// what to do about it. With color it uses the escape sequences of terminals.
func (m Mistakes) Render(w io.Writer, lang Lang, color bool) {
	bold, red, yellow, dim, off := "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
	if !color {
		bold, red, yellow, dim, off = "", "", "", "", ""
	}
	for i, x := range m {
		if i > 0 {
			fmt.Fprintln(w)
		}
		mark, word := red, ""
		if x.Warning {
			mark, word = yellow, T("提醒：", "warning: ").In(lang)
		}
		fmt.Fprintf(w, "%s%s:%s %s%s%s\n", bold, x.Pos, off, mark+word+off, x.Message.In(lang), "")
		if strings.TrimSpace(x.Excerpt) != "" {
			line, blank, carets := excerpt(x.Excerpt, x.Col)
			fmt.Fprintf(w, "  %s%s%s\n  %s%s%s%s\n", dim, line, off, blank, mark, carets, off)
		}
		if !x.Hint.Empty() {
			fmt.Fprintf(w, "  %s%s\n", T("建议：", "hint: ").In(lang), x.Hint.In(lang))
		}
	}
}

// excerpt cuts a window of the line around a column, and gives what stands before the word and the carets under it, both as
// wide on a terminal as the text above them.
func excerpt(line string, col int) (window, blank, carets string) {
	const before, after = 60, 60
	text := []rune(line)
	at := min(max(col-1, 0), len(text))
	end := at + wordLength(text[at:])
	from, to := 0, len(text)
	if at > before {
		from = at - before
	}
	if to > end+after {
		to = end + after
	}
	end = min(end, to)
	for from < at && unicode.IsSpace(text[from]) {
		from++
	}
	window = clean(text[from:to])
	if from > 0 && at > before {
		window, blank = "…"+window, " "
	}
	if to < len(text) {
		window += "…"
	}
	blank += strings.Repeat(" ", width(text[from:at]))
	return window, blank, strings.Repeat("^", max(1, width(text[at:end])))
}

// clean replaces what would move the cursor.
func clean(text []rune) string {
	out := make([]rune, len(text))
	for i, r := range text {
		if unicode.IsControl(r) {
			r = ' '
		}
		out[i] = r
	}
	return string(out)
}

// wordLength is how many characters the word at the beginning of text has: a quoted one up to its closing quote.
func wordLength(text []rune) int {
	if len(text) == 0 {
		return 0
	}
	if q := text[0]; q == '"' || q == '\'' {
		for i := 1; i < len(text); i++ {
			if text[i] == q {
				return i + 1
			}
		}
	}
	n := 0
	for n < len(text) && (unicode.IsLetter(text[n]) || unicode.IsDigit(text[n]) || strings.ContainsRune("_.-%", text[n])) {
		n++
	}
	return max(n, 1)
}

// width is how many columns a terminal gives to a text: two for Chinese characters and full-width signs.
func width(text []rune) int {
	n := 0
	for _, r := range text {
		n++
		if r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff ||
			r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 || r >= 0x1f300 && r <= 0x1faff ||
			r >= 0x20000 && r <= 0x3fffd) {
			n++
		} else if unicode.Is(unicode.Mn, r) {
			n--
		}
	}
	return n
}

// MistakeAt makes a mistake at a place in the programme's files, with the line it stands on.
func (p *Programme) MistakeAt(pos Pos, message, hint Text) Mistake {
	return Mistake{Pos: pos, Message: message, Hint: hint, Excerpt: lineOf(p.Files[pos.File], pos.Line)}
}

func lineOf(data []byte, line int) string {
	rest := strings.TrimPrefix(string(data), "\ufeff")
	for ; line > 1; line-- {
		i := strings.IndexByte(rest, '\n')
		if i < 0 {
			return ""
		}
		rest = rest[i+1:]
	}
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimSuffix(rest, "\r")
}

// sorted puts mistakes in the order of files and lines, programme.yaml first, and drops what is said twice at one place.
func (m Mistakes) sorted() Mistakes {
	sort.SliceStable(m, func(i, j int) bool {
		a, b := m[i], m[j]
		if a.File != b.File {
			return rankOf(a.File)+a.File < rankOf(b.File)+b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Col < b.Col
	})
	var out Mistakes
	for i, x := range m {
		if i == 0 || x.Pos != out[len(out)-1].Pos || x.Message != out[len(out)-1].Message {
			out = append(out, x)
		}
	}
	return out
}
