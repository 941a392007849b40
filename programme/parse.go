package programme

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// maxNesting is how deep lists and mappings may stand in one another.
const maxNesting = 50

// maxNodes is how many values all files but the cases may have together, and each file of cases alone.
const maxNodes = 100_000

// source is one file of a programme.
type source struct {
	name  string
	data  []byte
	lines [][]rune       // made when first wanted
	shown map[int]string // lines that stand in mistakes
}

// node is a value of a YAML file with its place. The language has no aliases, anchors, merge keys or tags, so a node is all
// there is to know.
type node struct {
	kind  nodeKind
	text  string // of a scalar, as written, without quotes
	tag   string // of a scalar: str int float bool null timestamp
	style yaml.Style
	pos   Pos
	src   *source
	items []*node // of a list
	keys  []*node // of a mapping, in order, scalars, each once
	vals  []*node
}

type nodeKind int

const (
	scalar nodeKind = iota
	list
	mapping
)

func (n *node) quoted() bool {
	return n.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// key finds a value of a mapping.
func (n *node) key(name string) (key, val *node) {
	for i, k := range n.keys {
		if k.text == name {
			return k, n.vals[i]
		}
	}
	return nil, nil
}

// drop takes a key out of a mapping.
func (n *node) drop(name string) {
	for i, k := range n.keys {
		if k.text == name {
			n.keys, n.vals = append(n.keys[:i:i], n.keys[i+1:]...), append(n.vals[:i:i], n.vals[i+1:]...)
			return
		}
	}
}

// parse reads the documents of a file. It tells the first mistake of syntax only: what follows one cannot be trusted.
func (r *report) parse(src *source) []*node {
	if at, ok := badText(src.data); !ok {
		r.wrong(at.in(src.name), T("文件中有不可用的字符", "the file has a character that no text can have"),
			T("请把文件存为 UTF-8 纯文本", "save the file as plain text in UTF-8"))
		return nil
	}
	loader, err := yaml.NewLoader(strings.NewReader(string(src.data)))
	if err != nil {
		r.wrong(Pos{src.name, 1, 1}, T("文件读不出来：{0}", "the file cannot be read: {0}").Fill(err.Error()), Text{})
		return nil
	}
	var docs []*node
	for {
		var n yaml.Node
		err := loader.Load(&n)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			r.syntax(src, err)
			return docs
		}
		if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
			if d := r.node(src, n.Content[0], 1); d != nil {
				docs = append(docs, d)
			}
		}
	}
}

// node turns a node of the parser into one of ours, and refuses what the language does not have.
func (r *report) node(src *source, y *yaml.Node, depth int) *node {
	n := &node{text: y.Value, tag: strings.TrimPrefix(y.ShortTag(), "!!"), style: y.Style, pos: Pos{src.name, y.Line, y.Column}, src: src}
	switch {
	case y.Kind == yaml.AliasNode:
		r.wrong(n.pos, T("这里不能用引用 *{0}", "references like *{0} are not part of the language").Fill(y.Value), T("请把内容写出来", "write the content out"))
		return nil
	case y.Anchor != "":
		r.wrong(n.pos, T("这里不能用锚点 &{0}", "anchors like &{0} are not part of the language").Fill(y.Anchor), T("请把内容写出来", "write the content out"))
	case y.Style&yaml.TaggedStyle != 0:
		r.wrong(n.pos, T("这里不能用标签 {0}", "tags like {0} are not part of the language").Fill(y.Tag), T("去掉标签，需要文本时加引号", "leave it out; put quotes around what is to be a text"))
	case r.nodes > maxNodes:
		return nil
	case r.nodes == maxNodes:
		r.nodes++
		r.wrong(n.pos, T("内容太多，超过 {0} 个值", "there is too much: more than {0} values").Fill(maxNodes), Text{})
		return nil
	case depth > maxNesting:
		r.wrong(n.pos, T("嵌套超过 {0} 层", "nested more than {0} deep").Fill(maxNesting), Text{})
		return nil
	}
	r.nodes++
	switch y.Kind {
	case yaml.SequenceNode:
		n.kind = list
		for _, c := range y.Content {
			if x := r.node(src, c, depth+1); x != nil {
				n.items = append(n.items, x)
			}
		}
	case yaml.MappingNode:
		n.kind = mapping
		seen := map[string]*node{}
		for i := 0; i+1 < len(y.Content); i += 2 {
			k, v := r.node(src, y.Content[i], depth+1), r.node(src, y.Content[i+1], depth+1)
			switch {
			case k == nil:
				continue
			case k.kind != scalar || k.tag == "null":
				r.wrong(k.pos, T("这里要写一个名称", "a name must stand here"), T("文本里有花括号、方括号或冒号时加引号", "put quotes around a text with braces, brackets or colons"))
				continue
			case k.tag == "merge":
				r.wrong(k.pos, T("这里不能用合并键 <<", "the merge key << is not part of the language"), T("请把内容写出来", "write the content out"))
				continue
			case seen[k.text] != nil:
				r.wrong(k.pos, T("{0} 写了两次，第一次在第 {1} 行", "{0} is written twice, first on line {1}").Fill(k.text, seen[k.text].pos.Line), T("只留一个", "keep one of them"))
				continue
			}
			seen[k.text] = k
			if v != nil {
				n.keys, n.vals = append(n.keys, k), append(n.vals, v)
			}
		}
	}
	return n
}

// mark is a place in a file whose name is known elsewhere.
type mark struct{ line, col int }

func (m mark) in(file string) Pos { return Pos{file, m.line, m.col} }

// badText finds the first character that YAML does not allow.
func badText(data []byte) (mark, bool) {
	m := mark{1, 1}
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && size == 1,
			c < ' ' && c != '\n' && c != '\r' && c != '\t', c >= 0x7f && c < 0xa0 && c != 0x85, c == 0xfffe, c == 0xffff,
			c == 0xfeff && i > 0:
			return m, false
		case c == '\n':
			m = mark{m.line + 1, 0}
		case c == 0xfeff:
			m.col--
		}
		m.col++
		i += size
	}
	return m, true
}

// syntax tells what the YAML parser stumbled over, in words that help.
func (r *report) syntax(src *source, err error) {
	at, message := mark{1, 1}, err.Error()
	var le *yaml.LoadError
	if errors.As(err, &le) {
		at, message = mark{le.Mark.Line, max(1, le.Mark.Column)}, le.Message
	}
	text, hint := T("YAML 写法有误：{0}", "this is not valid YAML: {0}").Fill(message), Text{}
	for _, s := range syntaxTexts {
		if strings.Contains(message, s.part) {
			text, hint = s.text, s.hint
			if line := src.runes(); s.part == "cannot start any token" && at.line <= len(line) && at.col <= len(line[at.line-1]) && line[at.line-1][at.col-1] == '\t' {
				text, hint = T("缩进不能用制表符", "tabs cannot indent"), T("请用空格缩进", "indent with spaces")
			}
			if s.context && le.ContextMark.Line > 0 {
				at = mark{le.ContextMark.Line, max(1, le.ContextMark.Column)}
			}
			break
		}
	}
	r.wrong(src.within(at), text, hint)
}

// within keeps a place inside the file.
func (s *source) within(m mark) Pos {
	lines := s.runes()
	line := min(max(m.line, 1), len(lines))
	return Pos{s.name, line, min(max(m.col, 1), len(lines[line-1])+1)}
}

// runes gives the lines of the file, without a byte order mark and line breaks.
func (s *source) runes() [][]rune {
	if s.lines == nil {
		for line := range strings.SplitSeq(strings.TrimPrefix(string(s.data), "\ufeff"), "\n") {
			s.lines = append(s.lines, []rune(strings.TrimSuffix(line, "\r")))
		}
	}
	return s.lines
}

// line gives a line, from 1.
func (s *source) line(n int) string {
	if s.shown == nil {
		s.shown = map[int]string{}
	}
	if _, ok := s.shown[n]; !ok {
		s.shown[n] = string(s.runes()[n-1])
	}
	return s.shown[n]
}

var quoteIt = T("文本里有冒号、# 或以特殊符号开头时，整段加引号", "put quotes around a text that has a colon, a # or begins with a special sign")

var syntaxTexts = []struct {
	part       string
	text, hint Text
	context    bool // the place where the construct began says more than the place where it failed
}{
	{"mapping values are not allowed", T("这里不能有冒号", "a colon cannot stand here"), quoteIt, false},
	{"could not find expected ':'", T("缺少冒号", "a colon is missing"), T("写成“键: 值”，冒号后空一格", "write “key: value”, with a space after the colon"), true},
	{"did not find expected key", T("缩进或写法有误，这里应是一个键", "a key was expected here; the indentation may be wrong"), T("同一层的键要对齐；"+quoteIt.Zh, "keys of one level stand in one column; "+quoteIt.En), false},
	{"did not find expected '-' indicator", T("缩进有误，这里应是以 - 开头的一项", "an item with - was expected here; the indentation may be wrong"), Text{}, false},
	{"did not find expected ',' or ']'", T("方括号没有配对，或缺逗号", "a comma or ] is missing"), quoteIt, false},
	{"did not find expected ',' or '}'", T("花括号没有配对，或缺逗号", "a comma or } is missing"), quoteIt, false},
	{"unexpected end of stream", T("引号没有配对", "a quotation mark is not closed"), Text{}, true},
	{"tab character", T("缩进不能用制表符", "tabs cannot indent"), T("请用空格缩进", "indent with spaces"), false},
	{"cannot start any token", T("文本不能以这个符号开头", "a text cannot begin with this sign"), T("整段加引号", "put quotes around it"), false},
	{"unknown escape character", T("双引号里的反斜杠写法有误", "this backslash means nothing inside double quotes"), T("改用单引号", "use single quotes"), false},
	{"undefined alias", T("这里不能用引用 *", "references like * are not part of the language"), quoteIt, false},
	{"exceeded max depth", T("嵌套太深", "nested too deep"), Text{}, false},
}
