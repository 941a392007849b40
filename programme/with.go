package programme

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"
)

// Change gives one value of a programme another content: `1.1.2.points=12`.
//
// An address begins with a clause's number, or with `grades`, `veto.NAME`, `section.NUMBER`, `part.NUMBER`, `total` or
// `version`; then follow the keys as in the file, the places in lists counted from 0: `1.1.2.linear.full_at`,
// `1.1.2.bands.0.at_least`, `1.1.2.pass`, `veto.accident.when`, `grades.five_star.at_least`, `grades.quota.five_star`. After a rule
// may stand `#` and the place of a number in it: `1.1.4.pass#0` is the 20 of `site.area >= 20 && site.hours >= 10`.
type Change struct{ Address, Value string }

// ParseChange reads ADDRESS=VALUE; ok is false when there is no address or no equals sign.
func ParseChange(s string) (c Change, ok bool) {
	address, value, ok := strings.Cut(s, "=")
	c = Change{strings.TrimSpace(address), strings.TrimSpace(value)}
	return c, ok && c.Address != ""
}

// String writes ADDRESS=VALUE.
func (c Change) String() string { return c.Address + "=" + c.Value }

// With gives a copy of the programme in which values are changed, checked like one that was loaded. The changes are made in the
// text of its files, so that nothing else in them moves: Files of the copy can be downloaded, compared and published.
// When the points of a clause change, the written sums of its section, its part and the standard follow. Of several
// changes of one address the last counts. When an address or a value is wrong, there is no copy and Mistakes say why.
func (p *Programme) With(changes []Change) (*Programme, Mistakes) {
	d := p.draft()
	for _, c := range d.sums(changes) {
		d.change(c)
	}
	if len(d.mistakes.Fatal()) > 0 {
		return nil, d.mistakes.sorted()
	}
	fsys := fstest.MapFS{}
	for name, data := range p.Files {
		fsys[name] = &fstest.MapFile{Data: edited(data, d.edits[name])}
	}
	return load(fsys, p.Name, p)
}

// draft is the tree of a loaded programme's files, and what is to be changed in their text.
type draft struct {
	*report
	p     *Programme
	top   map[string]*node // by top-level key
	edits map[string][]edit
	rules map[*node]string // texts as changed so far
}

// edit replaces the bytes of a file between two offsets.
type edit struct {
	from, to int
	text     string
}

func (p *Programme) draft() *draft {
	d := &draft{report: &report{sources: map[string]*source{}}, p: p, top: map[string]*node{}, edits: map[string][]edit{},
		rules: map[*node]string{}}
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		if strings.Contains(name, "/") {
			continue
		}
		src := &source{name: name, data: p.Files[name]}
		d.sources[name] = src
		for _, doc := range d.parse(src) {
			for i, k := range doc.keys {
				d.top[k.text] = doc.vals[i]
			}
		}
	}
	return d
}

// edited makes the edits, which do not overlap; of those of the same place the last one counts.
func edited(data []byte, edits []edit) []byte {
	edits = slices.Clone(edits)
	slices.Reverse(edits)
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(b.from, a.from) })
	out := string(data)
	for i, e := range edits {
		if i > 0 && e.to > e.from && edits[i-1].from == e.from {
			continue
		}
		out = out[:e.from] + e.text + out[e.to:]
	}
	return []byte(out)
}

// sums adds what follows from changed points: the written points of ticks' clauses, sections, parts and the standard.
func (d *draft) sums(changes []Change) []Change {
	last := map[string]string{}
	for _, c := range changes {
		last[c.Address] = c.Value
	}
	all := slices.Clone(changes)
	var total Decimal
	parts := map[*Part]Decimal{}
	follow := func(address string, old Decimal, by Decimal) {
		if _, given := last[address]; !given && !by.IsZero() {
			all = append(all, Change{address, old.Add(by).String()})
		}
	}
	difference := func(address string, old Decimal) Decimal {
		if v, ok := last[address]; ok {
			if is, err := ParseDecimal(v); err == nil {
				return is.Sub(old)
			}
		}
		return Decimal{}
	}
	for part, section := range d.p.Sections() {
		var by Decimal
		for _, c := range section.Clauses {
			var ticks Decimal
			for i, t := range c.Ticks {
				ticks = ticks.Add(difference(c.Clause+".parts."+strconv.Itoa(i)+".points", t.Points))
			}
			if n, _ := d.clause(c.Clause); n != nil {
				if k, _ := n.key("points"); k != nil {
					follow(c.Clause+".points", c.Points, ticks)
				}
			}
			if _, given := last[c.Clause+".points"]; given {
				ticks = Decimal{}
			}
			by = by.Add(ticks).Add(difference(c.Clause+".points", c.Points))
		}
		if section.Bonus == nil {
			if section.Points != nil {
				follow("section."+section.Section+".points", *section.Points, by)
			}
			parts[part] = parts[part].Add(by)
			total = total.Add(by)
		}
	}
	if s := d.p.Standard; s != nil {
		for _, part := range s.Parts {
			if part.Points != nil {
				follow("part."+part.Part+".points", *part.Points, parts[part])
			}
		}
		if n := d.top["standard"]; n != nil {
			if k, _ := n.key("total"); k != nil {
				follow("total", s.Total, total)
			}
		}
	}
	return all
}

// each goes through the mappings in a list under a key.
func (n *node) each(key string, f func(*node)) {
	if n == nil {
		return
	}
	if _, l := n.key(key); l != nil {
		for _, x := range l.items {
			f(x)
		}
	}
}

// said gives the text of a scalar under a key.
func (n *node) said(key string) string {
	if _, v := n.key(key); v != nil {
		return v.text
	}
	return ""
}

// clause finds the mapping of a clause, and names all there are.
func (d *draft) clause(number string) (found *node, all []string) {
	d.top["standard"].each("parts", func(p *node) {
		p.each("sections", func(s *node) {
			s.each("clauses", func(c *node) {
				all = append(all, c.said("clause"))
				if c.said("clause") == number {
					found = c
				}
			})
		})
	})
	return found, all
}

// under finds the mapping in a list whose own name is given, and names all of them.
func under(lists []*node, key, name string) (found *node, all []string) {
	for _, l := range lists {
		for _, x := range l.items {
			all = append(all, x.said(key))
			if x.said(key) == name {
				found = x
			}
		}
	}
	return found, all
}

// place finds where an address begins, and what is left of it.
func (d *draft) place(address string) (n *node, rest string, ok bool) {
	fail := func(what Text, name string, all []string) (*node, string, bool) {
		d.wrong(Pos{MainFile, 1, 1}, T("{0}：没有 {1}", "{0}: there is no {1}").Fill(address, name), meant(name, what, all))
		return nil, "", false
	}
	standard := d.top["standard"]
	of := func(key string) (lists []*node) {
		if standard != nil {
			if _, v := standard.key(key); v != nil {
				lists = append(lists, v)
			}
		}
		if v := d.top[key]; v != nil {
			lists = append(lists, v)
		}
		return lists
	}
	head, rest, _ := strings.Cut(address, ".")
	switch head {
	case "version":
		return &node{kind: mapping, keys: []*node{{text: "version"}}, vals: []*node{d.top["version"]}}, "version", d.top["version"] != nil
	case "total":
		if standard != nil {
			return standard, "total", true
		}
	case "veto":
		name, rest, _ := strings.Cut(rest, ".")
		if n, all := under(of("vetoes"), "veto", name); n != nil {
			return n, rest, true
		} else {
			return fail(T("一票否决", "vetoes"), name, all)
		}
	case "grades":
		if all := of("grades"); len(all) > 0 {
			g := all[0]
			name, more, _ := strings.Cut(rest, ".")
			for _, key := range []string{"bands", "ladder"} {
				if _, l := g.key(key); l != nil {
					if n, _ := under([]*node{l}, "grade", name); n != nil {
						return n, more, true
					}
				}
			}
			return g, rest, true
		}
	case "section", "part":
		var found *node
		longest := ""
		try := func(n *node, name string) {
			if strings.HasPrefix(rest, name+".") && len(name) > len(longest) {
				found, longest = n, name
			}
		}
		standard.each("parts", func(p *node) {
			if head == "part" {
				try(p, p.said("part"))
			}
			p.each("sections", func(s *node) {
				if head == "section" {
					try(s, s.said("section"))
				}
			})
		})
		if found != nil {
			return found, rest[len(longest)+1:], true
		}
	}
	_, all := d.clause("")
	longest := ""
	for _, name := range all {
		if strings.HasPrefix(address, name+".") && len(name) > len(longest) {
			longest = name
		}
	}
	if longest == "" {
		return fail(T("条款", "clauses"), address, append(all, "grades", "veto", "version"))
	}
	n, _ = d.clause(longest)
	return n, address[len(longest)+1:], true
}

// change finds the address and notes the edit.
func (d *draft) change(c Change) {
	address, nth, inRule := strings.Cut(c.Address, "#")
	n, path, ok := d.place(address)
	if !ok {
		return
	}
	wrong := func(message, hint Text) { d.wrong(Pos{MainFile, 1, 1}, message, hint) }
	if path == "" {
		wrong(T("{0} 后面要写键，如 {0}.points", "a key must follow {0}, as in {0}.points").Fill(c.Address), Text{})
		return
	}
	keys := strings.Split(path, ".")
	for i, key := range keys {
		last := i == len(keys)-1
		var v *node
		switch n.kind {
		case mapping:
			if _, v = n.key(key); v == nil && last && !inRule && len(n.keys) > 0 && n.src != nil {
				d.insert(n, key, c.Value)
				return
			}
		case list:
			if k, err := strconv.Atoi(key); err == nil && k >= 0 && k < len(n.items) {
				v = n.items[k]
			}
		}
		if v == nil {
			var names []string
			for _, k := range n.keys {
				names = append(names, k.text)
			}
			for k := range n.items {
				names = append(names, strconv.Itoa(k))
			}
			wrong(T("{0}：没有 {1}", "{0}: there is no {1}").Fill(c.Address, key), meant(key, T("这里的键", "keys here"), names))
			return
		}
		n = v
	}
	if n.kind != scalar {
		var names []string
		for _, k := range n.keys {
			names = append(names, k.text)
		}
		wrong(T("{0} 不是一个值，请写到它下面的键", "{0} is not one value; name a key below it").Fill(c.Address), T("这里的键有：{0}", "keys here are: {0}").Fill(listed(names)))
		return
	}
	text := c.Value
	if inRule {
		at, err := strconv.Atoi(nth)
		rule, again := d.rules[n]
		if !again {
			rule = n.text
		}
		numbers := numbersIn(rule)
		if err != nil || at < 0 || at >= len(numbers) {
			wrong(T("{0}：规则里没有第 {1} 个数", "{0}: the rule has no number {1}").Fill(c.Address, nth), T("从 0 数起", "they count from 0"))
			return
		}
		if _, err := ParseDecimal(text); err != nil {
			wrong(T("{0} 应是一个数，不是 {1}", "{0} must be a number, not {1}").Fill(c.Address, text), Text{})
			return
		}
		text = rule[:numbers[at][0]] + c.Value + rule[numbers[at][1]:]
	}
	from, to, ok := n.extent()
	if !ok {
		wrong(T("{0} 的写法不能就地修改", "{0} is written in a way that cannot be changed in place").Fill(c.Address), T("请在文件里修改", "change it in the file"))
		return
	}
	d.edits[n.src.name] = append(d.edits[n.src.name], edit{from, to, written(text, n)})
	d.rules[n] = text
}

// insert adds a key before the first one of a mapping.
func (d *draft) insert(n *node, key, value string) {
	first := n.keys[0]
	at := n.src.offset(first.pos)
	text := key + ": " + written(value, nil)
	if n.flow() {
		text += ", "
	} else {
		text += "\n" + strings.Repeat(" ", first.pos.Col-1)
	}
	d.edits[n.src.name] = append(d.edits[n.src.name], edit{at, at, text})
}

// flow reports whether a mapping is written in braces.
func (n *node) flow() bool {
	at := n.src.offset(n.pos)
	return at < len(n.src.data) && n.src.data[at] == '{'
}

// offset gives the byte at which a place begins.
func (s *source) offset(p Pos) int {
	at, line := 0, 1
	for line < p.Line {
		i := strings.IndexByte(string(s.data[at:]), '\n')
		if i < 0 {
			return len(s.data)
		}
		at += i + 1
		line++
	}
	col := 1
	for i, r := range string(s.data[at:]) {
		if r == '\ufeff' && at == 0 {
			continue
		}
		if col == p.Col || r == '\n' {
			return at + i
		}
		col++
	}
	return len(s.data)
}

// extent finds the bytes of a scalar. Texts over several lines are left to the author.
func (n *node) extent() (from, to int, ok bool) {
	if n.src == nil {
		return 0, 0, false
	}
	from = n.src.offset(n.pos)
	rest := string(n.src.data[from:])
	switch {
	case strings.HasPrefix(rest, "'"):
		for i := 1; i < len(rest); i++ {
			if rest[i] == '\'' {
				if i+1 < len(rest) && rest[i+1] == '\'' {
					i++
					continue
				}
				return from, from + i + 1, true
			}
		}
	case strings.HasPrefix(rest, `"`):
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case '"':
				return from, from + i + 1, true
			}
		}
	case !n.quoted() && n.text != "" && strings.HasPrefix(rest, n.text):
		return from, from + len(n.text), true
	}
	return 0, 0, false
}

var plainScalar = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_.%+-]*$`)

// written gives a value as YAML: as it is where that is safe, in quotes elsewhere. A text that was in quotes stays so.
func written(value string, was *node) string {
	if plainScalar.MatchString(value) && (was == nil || !was.quoted()) {
		return value
	}
	if strings.ContainsAny(value, "\n\r\t") {
		return strconv.Quote(value)
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}

// numbersIn finds the numbers of a rule that stand by themselves: not in quotes, names or parts of a name.
func numbersIn(rule string) (found [][2]int) {
	for i := 0; i < len(rule); {
		ch := rule[i]
		switch {
		case ch == '"' || ch == '\'':
			i++
			for i < len(rule) && rule[i] != ch {
				if rule[i] == '\\' {
					i++
				}
				i++
			}
			i++
		case ch == '_' || ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z':
			for i < len(rule) && (rule[i] == '_' || rule[i] == '.' || rule[i] >= '0' && rule[i] <= '9' || rule[i] >= 'a' && rule[i] <= 'z' || rule[i] >= 'A' && rule[i] <= 'Z') {
				i++
			}
		case ch >= '0' && ch <= '9':
			from := i
			for i < len(rule) && (rule[i] >= '0' && rule[i] <= '9' || rule[i] == '.') {
				i++
			}
			found = append(found, [2]int{from, i})
		default:
			i++
		}
	}
	return found
}
