package programme

import (
	"strconv"
	"strings"
)

// Lang is a language of the face: Zh or En.
type Lang string

const (
	Zh Lang = "zh"
	En Lang = "en"
)

// Text is a text in Chinese and English. An author may write one string, which then serves both.
type Text struct{ Zh, En string }

// T pairs a Chinese text with its English one. Every text of the product is written as such a pair, beside the code that
// shows it, so that neither language can be forgotten; a catalogue of keys in other files was refused for that reason.
func T(zh, en string) Text { return Text{zh, en} }

// In gives the text in a language, and in the other one where this one is empty.
func (t Text) In(l Lang) string {
	if l == En && t.En != "" || t.Zh == "" {
		return t.En
	}
	return t.Zh
}

// Empty reports whether nothing is said in either language.
func (t Text) Empty() bool { return t.Zh == "" && t.En == "" }

// Fill puts values into the placeholders {0}, {1}, … of both languages. A value that is itself a Text goes in by language. What stands in a
// value is left as it is, also where it looks like a placeholder: people write it.
func (t Text) Fill(values ...any) Text {
	fill := func(s string, l Lang) string {
		pairs := make([]string, 0, 2*len(values))
		for i, v := range values {
			pairs = append(pairs, "{"+strconv.Itoa(i)+"}", inLang(v, l))
		}
		return strings.NewReplacer(pairs...).Replace(s)
	}
	return Text{fill(t.Zh, Zh), fill(t.En, En)}
}
