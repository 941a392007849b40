package programme

import (
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// decoder puts nodes into the types of the language by their `yaml` tags. It goes on after every mistake, and remembers
// where each value stood, for the checks that follow.
type decoder struct {
	*report
	at     map[any]Pos  // the place of a value, by a pointer to it
	keyAt  map[any]Pos  // the place of its key
	broken map[any]bool // values that could not be read: what depends on them is not checked
}

func newDecoder(r *report) *decoder {
	return &decoder{report: r, at: map[any]Pos{}, keyAt: map[any]Pos{}, broken: map[any]bool{}}
}

// inMap is the key, in decoder.at, of a value in a map; of is a pointer to the map or the place of the filing it belongs to.
type inMap struct {
	of  any
	key string
}

// member is one field of a type as the files see it.
type member struct {
	name     string
	index    int
	required bool
	keyed    bool     // a mapping kept in order: key → Name
	free     bool     // its keys need not be names that rules can use
	percent  bool     // 10% may be written
	peer     bool     // a case of which only the facts count
	words    []string // the only words allowed
	lo, hi   int64    // of an int; both 0: any
}

var membersOf sync.Map // reflect.Type → []member

// members lists the fields of a struct by their tags. The JSON Schema is made from the same list.
func members(t reflect.Type) []member {
	if m, ok := membersOf.Load(t); ok {
		return m.([]member)
	}
	var out []member
	for i := range t.NumField() {
		f := t.Field(i)
		parts := strings.Split(f.Tag.Get("yaml"), ",")
		if parts[0] == "" || parts[0] == "-" {
			continue
		}
		m := member{name: parts[0], index: i, words: strings.Fields(f.Tag.Get("of"))}
		for _, p := range parts[1:] {
			switch p {
			case "required":
				m.required = true
			case "keyed":
				m.keyed = true
			case "free":
				m.free = true
			case "percent":
				m.percent = true
			case "peer":
				m.peer = true
			}
		}
		if r := strings.Fields(f.Tag.Get("range")); len(r) == 2 {
			m.lo, _ = strconv.ParseInt(r[0], 10, 32)
			m.hi, _ = strconv.ParseInt(r[1], 10, 32)
		}
		out = append(out, m)
	}
	membersOf.Store(t, out)
	return out
}

// value reads n into v, and says whether it could.
func (d *decoder) value(n *node, v reflect.Value, m member) bool {
	p := v.Addr().Interface()
	d.at[p] = n.pos
	ok := d.read(n, v, p, m)
	if !ok {
		d.broken[p] = true
	}
	return ok
}

func (d *decoder) read(n *node, v reflect.Value, p any, m member) bool {
	if n.kind == scalar && n.tag == "null" && n.text == "" {
		d.wrong(n.pos, T("没有写值", "there is no value here"), T("写上值，或去掉这个键", "write one, or leave the key out"))
		return false
	}
	if ok, special := d.special(n, p, m); special {
		return ok
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(n, v.Elem(), m)
	case reflect.Struct:
		if m.peer {
			return d.peer(n, v)
		}
		return d.fields(n, v, n.pos)
	case reflect.Slice:
		if m.keyed {
			return d.keyedList(n, v, m)
		}
		return d.list(n, v, m)
	case reflect.Map:
		return d.mapped(n, v, m)
	case reflect.String:
		return d.string(n, v, m)
	case reflect.Bool:
		return d.bool(n, v)
	case reflect.Int:
		return d.int(n, v, m)
	}
	panic("programme: no way to read a " + v.Type().String())
}

// fields reads a mapping into a struct; self is the place of the whole.
func (d *decoder) fields(n *node, v reflect.Value, self Pos) bool {
	if n.kind != mapping {
		d.wrong(n.pos, T("这里应是一组“键: 值”", "a mapping of keys to values must stand here"), T("键有：{0}", "keys are: {0}").Fill(listed(memberNames(members(v.Type())))))
		return false
	}
	if pos := v.FieldByName("Pos"); pos.IsValid() {
		pos.Set(reflect.ValueOf(self))
	}
	ms := members(v.Type())
	ok := true
	for i, k := range n.keys {
		found := false
		for _, m := range ms {
			if m.name == k.text {
				f := v.Field(m.index)
				d.keyAt[f.Addr().Interface()] = k.pos
				ok = d.value(n.vals[i], f, m) && ok
				found = true
				if pos := v.FieldByName("Pos"); pos.IsValid() && naming[m.name] && n.vals[i].kind == scalar {
					pos.Set(reflect.ValueOf(n.vals[i].pos)) // what is wrong with the whole stands under its name
				}
				break
			}
		}
		if !found {
			d.unknownKey(k, memberNames(ms))
			ok = false
		}
	}
	for _, m := range ms {
		if k, _ := n.key(m.name); k == nil && m.required {
			d.wrong(self, T("缺少 {0}", "{0} is missing").Fill(m.name), Text{})
			d.broken[v.Field(m.index).Addr().Interface()] = true
			ok = false
		}
	}
	return ok
}

// naming are the keys that give an element of a list its name.
var naming = map[string]bool{"clause": true, "section": true, "part": true, "stage": true, "veto": true, "grade": true, "case": true}

func (d *decoder) unknownKey(k *node, names []string) {
	if d.full() {
		return
	}
	if strings.ContainsAny(k.text, `()[]"'=<>&|`) { // {when: all(x, x.ok)}: the comma ended the value
		d.wrong(k.pos, T("逗号把表达式断开了：{0}", "a comma has cut the expression: {0}").Fill(k.text), T("花括号里有逗号的表达式要加引号", "inside braces put quotes around an expression with commas"))
		return
	}
	d.wrong(k.pos, T("没有 {0} 这个键", "there is no key {0} here").Fill(k.text), meant(k.text, T("键", "keys"), names))
}

func memberNames(ms []member) []string {
	var names []string
	for _, m := range ms {
		names = append(names, m.name)
	}
	return names
}

// keyedList reads a mapping, kept in order, into a list whose elements take their names from the keys.
func (d *decoder) keyedList(n *node, v reflect.Value, m member) bool {
	if n.kind != mapping {
		d.wrong(n.pos, T("这里应是“名称: 内容”", "names with their contents must stand here"), T("写成 {名称: …}，不要写成列表", "write {name: …}, not a list"))
		return false
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.keys), len(n.keys)))
	ok := true
	for i, k := range n.keys {
		e := v.Index(i)
		if e.Kind() == reflect.Pointer {
			e.Set(reflect.New(e.Type().Elem()))
			e = e.Elem()
		}
		name := e.FieldByName("Name")
		name.SetString(k.text)
		d.keyAt[name.Addr().Interface()] = k.pos
		d.at[name.Addr().Interface()] = k.pos
		if !m.free {
			ok = d.identifier(k, inRules(e.Type())) && ok
		}
		if pos := e.FieldByName("Pos"); pos.IsValid() {
			pos.Set(reflect.ValueOf(k.pos))
		}
		whole := e.Addr().Interface()
		d.at[whole] = n.vals[i].pos
		var good bool
		if len(members(e.Type())) == 0 { // a name with one plain value
			good = d.value(n.vals[i], e.Field(1), member{percent: m.percent})
		} else if x := n.vals[i]; x.kind == scalar && x.tag == "null" {
			d.wrong(k.pos, T("{0} 没有写内容", "nothing is written for {0}").Fill(k.text), T("写上内容；确实没有内容时写 {}", "write it; if there is nothing to say write {}"))
		} else if s, special := d.special(x, whole, m); special {
			good = s
		} else {
			good = d.fields(x, e, k.pos)
		}
		if !good {
			d.broken[whole] = true
		}
		ok = good && ok
	}
	return ok
}

func (d *decoder) list(n *node, v reflect.Value, m member) bool {
	if n.kind != list {
		hint := Text{}
		if n.kind == scalar {
			hint = T("写成 [{0}]", "write [{0}]").Fill(n.text)
		}
		d.wrong(n.pos, T("这里应是一个列表", "a list must stand here"), hint)
		return false
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	ok := true
	for i, item := range n.items {
		e := v.Index(i)
		ok = d.value(item, e, m) && ok
		if e.Kind() == reflect.Pointer && e.IsNil() { // nobody shall trip over what was left empty
			e.Set(reflect.New(e.Type().Elem()))
		}
	}
	return ok
}

func (d *decoder) mapped(n *node, v reflect.Value, m member) bool {
	if n.kind != mapping {
		d.wrong(n.pos, T("这里应是一组“键: 值”", "a mapping of keys to values must stand here"), Text{})
		return false
	}
	v.Set(reflect.MakeMap(v.Type()))
	ok := true
	for i, k := range n.keys {
		e := reflect.New(v.Type().Elem())
		good := d.value(n.vals[i], e.Elem(), m)
		d.at[inMap{v.Addr().Interface(), k.text}] = n.vals[i].pos
		d.keyAt[inMap{v.Addr().Interface(), k.text}] = k.pos
		v.SetMapIndex(reflect.ValueOf(k.text), e.Elem())
		ok = good && ok
	}
	return ok
}

// peer reads a case of which only the facts count.
func (d *decoder) peer(n *node, v reflect.Value) bool {
	if n.kind == mapping {
		for _, k := range n.keys {
			if k.text == "peers" || k.text == "expect" || k.text == "as_of" || k.text == "party" {
				d.wrong(k.pos, T("对照对象不能写 {0}", "a peer has no {0}").Fill(k.text), T("只写 subject、unit、evidence、matters", "it has subject, unit, evidence and matters only"))
				return false
			}
		}
	}
	ms := members(v.Type())
	if n.kind != mapping {
		return d.fields(n, v, n.pos)
	}
	c := v.Addr().Interface().(*Case)
	c.Pos = n.pos
	ok := true
	for i, k := range n.keys {
		if j := indexOf(memberNames(ms), k.text); j >= 0 {
			ok = d.value(n.vals[i], v.Field(ms[j].index), ms[j]) && ok
		} else {
			d.unknownKey(k, []string{"subject", "unit", "evidence", "matters", "case"})
			ok = false
		}
	}
	return ok
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

// identifier checks a name: letters, digits and _, and, where rules use it, no word of the expression language.
func (d *decoder) identifier(k *node, rules bool) bool {
	if rules && celWords[k.text] {
		d.wrong(k.pos, T("{0} 是表达式里的保留字，不能作名称", "{0} is a word of the expression language and cannot be a name").Fill(k.text), T("换一个名称，如 {0}_", "take another name, such as {0}_").Fill(k.text))
		return false
	}
	if !isIdentifier(k.text) {
		d.wrong(k.pos, T("名称 {0} 只能用英文字母、数字和下划线，且不以数字开头", "the name {0} may have letters a–z, digits and _ only, and no digit first").Fill(k.text),
			T("中文写在 title 里", "other scripts go into title"))
		return false
	}
	return true
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if !(r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && r >= '0' && r <= '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// inRules reports whether rules call elements of this type by name.
func inRules(t reflect.Type) bool {
	return t == reflect.TypeFor[Form]() || t == reflect.TypeFor[Field]() || t == reflect.TypeFor[Matter]()
}

// celWords cannot be names in CEL.
var celWords = map[string]bool{"in": true, "true": true, "false": true, "null": true, "as": true, "break": true, "const": true, "continue": true,
	"else": true, "for": true, "function": true, "if": true, "import": true, "let": true, "loop": true, "package": true,
	"namespace": true, "return": true, "var": true, "void": true, "while": true}

// fieldsOf reads a mapping into a struct given by pointer.
func (d *decoder) fieldsOf(n *node, to any) bool {
	return d.fields(n, reflect.ValueOf(to).Elem(), n.pos)
}
