package exchange

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"bihuan.dev/bihuan/programme"
)

// column is one that a table may have: its name, under which it is found, and all that people call it.
type column struct {
	name     string
	called   []string
	required bool
}

// match finds the column of each header. A header that nobody knows, stands twice, or is lacking is a mistake in row 1.
func (t *Table) match(columns []column) (at map[string]int, errs []RowError) {
	known := map[string]string{}
	for _, c := range columns {
		for _, name := range append([]string{c.name}, c.called...) {
			if key := plain(name); key != "" && known[key] == "" {
				known[key] = c.name
			}
		}
	}
	at = map[string]int{}
	for i, header := range t.Header {
		if ignored(header) || header == "" && t.emptyColumn(i) {
			continue
		}
		name := known[plain(header)]
		if name == "" {
			name = known[plain(withoutUnit(header))]
		}
		_, twice := at[name]
		switch {
		case header == "":
			errs = append(errs, RowError{1, "", programme.T("第 {0} 列有内容但没有列名", "column {0} has values but no name").Fill(i + 1)})
		case name == "":
			errs = append(errs, RowError{1, header, unknownColumn(header, columns)})
		case twice:
			errs = append(errs, RowError{1, header, programme.T("“{0}”这一列出现了两次", "the column {0} stands twice").Fill(header)})
		default:
			at[name] = i
		}
	}
	t.Rows = slices.DeleteFunc(t.Rows, func(r Row) bool { // what only has an error or a running number
		for i, header := range t.Header {
			if r.Cell(i) != "" && !ignored(header) {
				return false
			}
		}
		return true
	})
	for _, c := range columns {
		if _, there := at[c.name]; c.required && !there {
			errs = append(errs, RowError{1, c.name, programme.T("缺少列“{0}”（{1}）", "there is no column {0} ({1})").
				Fill(c.name, strings.Join(c.called, "、"))})
		}
	}
	return at, errs
}

func (t *Table) emptyColumn(i int) bool {
	for _, r := range t.Rows {
		if r.Cell(i) != "" {
			return false
		}
	}
	return true
}

// ErrorColumn is the header of the column that WriteErrors adds. Such a column is left out when the file comes back.
var ErrorColumn = programme.T("错误", "error")

// ignored are columns that carry nothing of ours: the error column, running numbers, and those marked with #.
func ignored(header string) bool {
	switch plain(header) {
	case ErrorColumn.Zh, ErrorColumn.En, "序号", "编号no", "no", "no.":
		return true
	}
	return strings.HasPrefix(header, "#")
}

func unknownColumn(header string, columns []column) programme.Text {
	var names []string
	for _, c := range columns {
		names = append(append(names, c.name), c.called...)
	}
	if best := Nearest(header, names); best != "" {
		return programme.T("没有“{0}”这一列，是不是“{1}”？", "there is no column {0}; did you mean {1}?").Fill(header, best)
	}
	return programme.T("没有“{0}”这一列；不需要的列请在列名前加 #", "there is no column {0}; put # before its name to leave it out").Fill(header)
}

// plain is how names are compared: full-width letters as ASCII, lower case, without spaces, quotes and marks for required.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), strings.ContainsRune("*“”\"'", r):
			return -1
		case strings.ContainsRune("·/:。", r):
			return '.'
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(s))
}

// withoutUnit takes away a last bracket: 职工人数（人） is 职工人数.
func withoutUnit(s string) string {
	s = norm.NFKC.String(s)
	if i := strings.LastIndex(s, "("); i > 0 && strings.HasSuffix(strings.TrimSpace(s), ")") {
		return s[:i]
	}
	return s
}

// Distance counts the letters to add, drop, change or swap to get from one word to the other.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 200 || len(y) > 200 {
		return 200
	}
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}

// Nearest gives the name that word is most likely a slip of, or "".
func Nearest(word string, names []string) string {
	best, distance := "", 1+len([]rune(word))/3
	for _, name := range names {
		if d := Distance(plain(word), plain(name)); d <= distance && (best == "" || d < distance) {
			best, distance = name, d
		}
	}
	return best
}
