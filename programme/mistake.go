package programme

import (
	"fmt"
	"strings"
)

func inLang(v any, l Lang) string {
	switch v := v.(type) {
	case Text:
		return v.In(l)
	case string:
		return v
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprint(v)
}

// Pos is a place in a programme's files; lines and columns count from 1, columns in characters.
type Pos struct {
	File string
	Line int
	Col  int
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// A Mistake is something wrong in a programme's files: where, what, and what to do about it.
// A warning does not keep the programme from being used.
type Mistake struct {
	Pos
	Message Text
	Hint    Text
	Warning bool
	Excerpt string // the line it stands on, without its line break
}

// Mistakes are all that was found at once, in the order of the files and lines.
type Mistakes []Mistake

// Error gives the English texts, a line each. Render shows them to a person.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, x := range m {
		lines[i] = x.Pos.String() + ": " + x.Message.In(En)
	}
	return strings.Join(lines, "\n")
}

// Fatal keeps those that are no mere warnings.
func (m Mistakes) Fatal() Mistakes {
	var out Mistakes
	for _, x := range m {
		if !x.Warning {
			out = append(out, x)
		}
	}
	return out
}
