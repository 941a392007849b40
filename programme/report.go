package programme

// mostMistakes is after how many mistakes nobody reads on.
const mostMistakes = 500

// report gathers mistakes while files are read and checked.
type report struct {
	mistakes Mistakes
	sources  map[string]*source
	nodes    int // how many values were read so far
}

// full reports whether nobody will read what else is found.
func (r *report) full() bool { return len(r.mistakes) > mostMistakes }

func (r *report) wrong(at Pos, message, hint Text) {
	r.add(Mistake{Pos: at, Message: message, Hint: hint})
}

func (r *report) warn(at Pos, message, hint Text) {
	r.add(Mistake{Pos: at, Message: message, Hint: hint, Warning: true})
}

// add takes a mistake, and completes it with the line it stands on.
func (r *report) add(m Mistake) {
	switch {
	case len(r.mistakes) > mostMistakes:
		return
	case len(r.mistakes) == mostMistakes:
		m.Message = T("错误太多，后面的不再列出", "there are too many mistakes to list the rest")
		m.Hint, m.Warning = Text{}, false
	}
	if src := r.sources[m.File]; src != nil {
		m.Pos = src.within(mark{m.Line, m.Col})
		m.Excerpt = src.line(m.Line)
	}
	r.mistakes = append(r.mistakes, m)
}
