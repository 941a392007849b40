package bihuan

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/width"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// searchTerms gives what a search looks in: the texts themselves, their pinyin and its initials, a line each, in lower case
// and half width. Trigram and bigram indexes were refused: most Chinese words have two characters, and a scan of ten thousand
// lines takes ten milliseconds.
func searchTerms(texts ...string) string {
	var lines []string
	for _, t := range texts {
		t = fold(t)
		lines = append(lines, t)
		if whole, initials := readAloud(t); whole != t {
			lines = append(lines, whole, initials)
		}
	}
	return strings.Join(lines, "\n")
}

// sortKey gives what a list is ordered by: the pinyin, a syllable at a time, then the text itself. It is kept as bytes since
// the two engines, and two PostgreSQL servers, do not compare text alike.
func sortKey(text string) []byte {
	var b strings.Builder
	for _, r := range fold(text) {
		if s := syllable(r); s != "" {
			b.WriteString(s)
			b.WriteByte(1) // shan before shang, whatever follows
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte(0)
	b.WriteString(text)
	return []byte(b.String())
}

// searchWords splits what somebody typed into patterns that must all be found.
func searchWords(typed string) []any {
	var patterns []any
	for _, w := range strings.Fields(fold(typed)) {
		patterns = append(patterns, db.Like(w))
		if len(patterns) == 8 {
			break
		}
	}
	return patterns
}

func fold(s string) string { return strings.ToLower(width.Fold.String(strings.TrimSpace(s))) }

func readAloud(folded string) (whole, initials string) {
	var w, i strings.Builder
	for _, r := range folded {
		s := syllable(r)
		switch {
		case s != "":
			w.WriteString(s)
			i.WriteByte(s[0])
		case !unicode.IsSpace(r):
			w.WriteRune(r)
			i.WriteRune(r)
		}
	}
	return w.String(), i.String()
}

var pinyinPlain = pinyin.NewArgs()

func syllable(r rune) string {
	if r < utf8.RuneSelf {
		return ""
	}
	if s := pinyin.SinglePinyin(r, pinyinPlain); len(s) > 0 {
		return s[0]
	}
	return ""
}

// cleanText checks a text that a person typed: no longer than most characters, and nothing that a database refuses.
func cleanText(field, s string, most int, required bool) (string, []programme.FieldError) {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }):
		return "", []programme.FieldError{wrongField(field, "含有无法保存的字符", "it holds characters that cannot be stored")}
	case utf8.RuneCountInString(s) > most:
		return "", []programme.FieldError{wrongField(field, "不能超过{0}个字", "it may have at most {0} characters", most)}
	case required && s == "":
		return "", []programme.FieldError{wrongField(field, "必须填写", "this is required")}
	}
	return s, nil
}

// The most characters that texts of their kind may have.
const (
	mostName   = 200
	mostReason = 2000
)
