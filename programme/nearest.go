package programme

import (
	"strings"
	"unicode"
)

// nearest gives the candidate that was most likely meant by name, or "" when none is close.
func nearest(name string, candidates []string) string {
	want := folded(name)
	if len(want) > 64 {
		return ""
	}
	best, least := "", 1+len(want)/3
	for _, c := range candidates {
		if d := distance(want, folded(c)); d < least || d == least && best == "" && d < len(want) {
			best, least = c, d
		}
	}
	if best != "" || len(want) < 3 {
		return best
	}
	for _, c := range candidates { // a part left out: planned for planned_investment
		if strings.HasPrefix(string(folded(c)), string(want)) {
			return c
		}
	}
	return ""
}

// folded is a name without case and separators.
func folded(s string) []rune {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r != '_' && r != '-' && r != ' ' {
			out = append(out, unicode.ToLower(r))
		}
	}
	return out
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that lead from a to b.
func distance(a, b []rune) int {
	if len(a) > len(b)+24 || len(b) > len(a)+24 {
		return len(a) + len(b)
	}
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// meant is the hint for an unknown name: the nearest right one, or all there are.
func meant(name string, what Text, candidates []string) Text {
	if len(candidates) == 0 {
		return T("一个{0}都没有", "there are no {0} at all").Fill(what)
	}
	return nearestOr(name, candidates, T("{0}有：{1}", "{0} are: {1}").Fill(what, listed(candidates)))
}

// nearestOr asks whether the nearest right name was meant, or says something else when none is near.
func nearestOr(name string, candidates []string, otherwise Text) Text {
	if n := nearest(name, candidates); n != "" {
		return T("是不是 {0}？", "did you mean {0}?").Fill(n)
	}
	return otherwise
}

// listed writes names one after the other, the first dozen of them.
func listed(names []string) string {
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
