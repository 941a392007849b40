package web

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// hygiene checks what must hold of every page: nothing inline that the policy would refuse, ids once each, every control
// labelled, every picture described, headings in order, and links that lead to an anchor find it.
func hygiene(t *testing.T, page string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, anchors, labels := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var controls []*html.Node
	level := 0
	walk(doc, func(n *html.Node) {
		id := attr(n, "id")
		if id != "" && ids[id] {
			t.Errorf("id %q stands twice", id)
		}
		ids[id] = true
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s=%q>: the policy forbids it", n.Data, a.Key, a.Val)
			}
		}
		switch n.Data {
		case "script", "style":
			if n.FirstChild != nil {
				t.Errorf("inline <%s>", n.Data)
			}
		case "h1", "h2", "h3", "h4":
			now := int(n.Data[1] - '0')
			if now > level+1 {
				t.Errorf("<%s> %q after h%d", n.Data, text(n), level)
			}
			level = now
		case "img":
			if attr(n, "alt") == "" {
				t.Errorf("<img src=%q> without alt", attr(n, "src"))
			}
		case "label":
			labels[attr(n, "for")] = true
		case "input", "select", "textarea":
			if attr(n, "type") != "hidden" {
				controls = append(controls, n)
			}
		case "button", "a", "summary":
			if strings.TrimSpace(text(n)) == "" && attr(n, "aria-label") == "" && !pictured(n) {
				t.Errorf("<%s %s> without a name", n.Data, attr(n, "href"))
			}
			if rest, ok := strings.CutPrefix(attr(n, "href"), "#"); ok {
				anchors[rest] = true
			}
		}
	})
	for _, c := range controls {
		if !labels[attr(c, "id")] && attr(c, "aria-label") == "" && !inside(c, "label") {
			t.Errorf("<%s name=%q> without a label", c.Data, attr(c, "name"))
		}
	}
	for a := range anchors {
		if !ids[a] {
			t.Errorf("a link leads to #%s, which is not there", a)
		}
	}
	return doc
}

var han = regexp.MustCompile(`\p{Han}+`)

// english tells what is Chinese on a page in English, but for what is marked as such and for names.
func english(t *testing.T, doc *html.Node, names ...string) {
	t.Helper()
	walk(doc, func(n *html.Node) {
		if n.Type != html.TextNode || inside(n, "code") {
			return
		}
		for p := n.Parent; p != nil; p = p.Parent {
			if strings.HasPrefix(attr(p, "lang"), "zh") {
				return
			}
		}
		s := n.Data
		for _, name := range names {
			s = strings.ReplaceAll(s, name, "")
		}
		if found := han.FindString(s); found != "" {
			t.Errorf("in English, but: %s", strings.TrimSpace(n.Data))
		}
	})
}

func walk(n *html.Node, do func(*html.Node)) {
	do(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, do)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	walk(n, func(n *html.Node) {
		if n.Type == html.TextNode {
			fmt.Fprint(&b, n.Data)
		}
	})
	return b.String()
}

// pictured tells whether a described picture names the thing.
func pictured(n *html.Node) bool {
	found := false
	walk(n, func(n *html.Node) { found = found || n.Data == "img" && attr(n, "alt") != "" })
	return found
}

func inside(n *html.Node, tag string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == tag {
			return true
		}
	}
	return false
}
