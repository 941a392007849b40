package programme

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MainFile is the file that every programme has. Other *.yaml beside it hold further top-level keys; cases/*.yaml hold cases.
const MainFile = "programme.yaml"

// What a programme may weigh. Demo data and other files in its directory are not read and do not count.
const (
	MostFileBytes = 1 << 20
	MostBytes     = 8 << 20
	MostFiles     = 2000
)

// LoadDir loads the programme in a directory; its name is that of the directory. Places in mistakes are relative to it:
// Mistakes.Under(dir) makes them openable.
func LoadDir(dir string) (*Programme, Mistakes) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	return Load(os.DirFS(dir), filepath.Base(abs))
}

// Load reads the programme at the root of fsys and checks all of it: syntax, names, rules, lints and cases' form. It runs no
// cases; assess does. Name is what the programme must be called; empty allows any name. All mistakes come at once, in the
// order of files and lines. Unless one of them is fatal the programme is there, complete and consistent; otherwise it is nil.
func Load(fsys fs.FS, name string) (*Programme, Mistakes) { return load(fsys, name, nil) }

// load does so; of what was changed nowhere but in its standard the rules that stay need not be checked again.
func load(fsys fs.FS, name string, of *Programme) (*Programme, Mistakes) {
	l := &loader{report: &report{sources: map[string]*source{}}, p: &Programme{Files: map[string][]byte{}}, of: of}
	l.d = newDecoder(l.report)
	l.files(fsys)
	l.decode()
	if l.decoded {
		l.readCases()
		l.defaults()
		l.names(name)
		l.expressions()
		l.lints()
		l.cases()
	}
	found := l.mistakes.sorted()
	if len(found.Fatal()) > 0 {
		return nil, found
	}
	l.p.Hash = hashOf(l.p.Files)
	return l.p, found
}

// loader is one run of Load.
type loader struct {
	*report
	d       *decoder
	p       *Programme
	of      *Programme // what it was before values of its standard were changed, or nil
	decoded bool       // the main file was there and is a mapping
	roots   []*node
	casing  []*node // the documents of cases/*.yaml
	rules   []rule  // every expression, once expressions has run
}

// files reads what belongs to the programme, and nothing else.
func (l *loader) files(fsys fs.FS) {
	top, err := fs.ReadDir(fsys, ".")
	if err != nil {
		l.wrong(Pos{MainFile, 1, 1}, T("目录打不开：{0}", "the directory cannot be opened: {0}").Fill(plainError(err)), Text{})
		return
	}
	var names []string
	for _, e := range top {
		switch n := e.Name(); {
		case strings.HasPrefix(n, "."):
		case strings.HasSuffix(n, ".yaml") && !e.IsDir():
			names = append(names, n)
		case strings.HasSuffix(n, ".yml") && !e.IsDir():
			l.warn(Pos{n, 1, 1}, T("没有读取 {0}", "{0} is not read").Fill(n), T("文件名以 .yaml 结尾才会读取", "files that are read end in .yaml"))
		}
	}
	if indexOf(names, MainFile) < 0 {
		l.wrong(Pos{MainFile, 1, 1}, T("目录里没有 {0}", "there is no {0} in the directory").Fill(MainFile), Text{})
	}
	cases, err := fs.ReadDir(fsys, "cases")
	if err == nil {
		for _, e := range cases {
			if n := e.Name(); !strings.HasPrefix(n, ".") && strings.HasSuffix(n, ".yaml") && !e.IsDir() {
				names = append(names, "cases/"+n)
			}
		}
	}
	if len(names) > MostFiles {
		l.wrong(Pos{MainFile, 1, 1}, T("文件超过 {0} 个", "there are more than {0} files").Fill(MostFiles), Text{})
		return
	}
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(rankOf(a)+a, rankOf(b)+b) })
	total := 0
	for _, n := range names {
		data, err := readSome(fsys, n)
		total += len(data)
		switch {
		case err != nil:
			l.wrong(Pos{n, 1, 1}, T("文件打不开：{0}", "the file cannot be read: {0}").Fill(plainError(err)), Text{})
		case len(data) > MostFileBytes:
			l.wrong(Pos{n, 1, 1}, T("文件超过 1 MB", "the file is larger than 1 MiB"), T("拆成几个文件，每个顶层键一个", "split it: each top-level key may have its own file"))
		case total > MostBytes:
			l.wrong(Pos{n, 1, 1}, T("整个方案超过 8 MB", "the whole programme is larger than 8 MiB"), Text{})
			return
		default:
			src := &source{name: n, data: data}
			l.sources[n], l.p.Files[n] = src, data
			if strings.HasPrefix(n, "cases/") {
				l.nodes = 0
			}
			docs := l.parse(src)
			if strings.HasPrefix(n, "cases/") {
				l.casing = append(l.casing, docs...)
			} else {
				l.root(src, docs)
			}
		}
	}
}

// rankOf puts the main file first and the cases last.
func rankOf(file string) string {
	switch {
	case file == MainFile:
		return "0"
	case strings.Contains(file, "/"):
		return "2"
	}
	return "1"
}

func readSome(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return io.ReadAll(io.LimitReader(f, MostFileBytes+1))
}

// plainError leaves out the path, which the place tells already.
func plainError(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// root takes the one document of a top-level file.
func (l *loader) root(src *source, docs []*node) {
	switch {
	case len(docs) == 0:
		if len(l.mistakes) == 0 || l.mistakes[len(l.mistakes)-1].File != src.name {
			l.wrong(Pos{src.name, 1, 1}, T("文件是空的", "the file is empty"), Text{})
		}
	case len(docs) > 1:
		l.wrong(docs[1].pos, T("一个文件只能有一份内容，--- 只能用在 cases 里", "a file has one document; --- is for cases only"), Text{})
	case docs[0].kind != mapping:
		l.wrong(docs[0].pos, T("这里应是一组“键: 值”", "a mapping of keys to values must stand here"), T("第一行写 programme: 名称", "the first line is programme: NAME"))
	default:
		if src.name == MainFile {
			l.decoded = true
		}
		l.roots = append(l.roots, docs[0])
	}
}

// decode joins the top-level files and reads them into the programme.
func (l *loader) decode() {
	if !l.decoded {
		return
	}
	whole := &node{kind: mapping}
	seen := map[string]*node{}
	for _, r := range l.roots {
		if r.src.name == MainFile {
			whole.pos, whole.src = r.pos, r.src
		}
		for i, k := range r.keys {
			if was := seen[k.text]; was != nil {
				l.wrong(k.pos, T("{0} 已经写在 {1} 里", "{0} already stands in {1}").Fill(k.text, was.pos), T("每个顶层键只能写一次", "each top-level key may be written once"))
				continue
			}
			seen[k.text] = k
			whole.keys, whole.vals = append(whole.keys, k), append(whole.vals, r.vals[i])
		}
	}
	l.move(whole)
	l.d.fieldsOf(whole, l.p)
	l.sizes()
	if s := l.p.Standard; s != nil {
		if _, written := l.d.at[&s.PointsDecimals]; !written {
			s.PointsDecimals = 2
		}
	}
}

// How many forms and clauses a programme may have; beyond that somebody wants to keep us busy.
const (
	mostForms   = 500
	mostClauses = 3000
)

// sizes refuses what would take long to check, and ends the checks.
func (l *loader) sizes() {
	clauses := 0
	for range l.p.Clauses() {
		clauses++
	}
	stages := 0
	for _, m := range l.p.Matters {
		stages += len(m.Stages)
	}
	if clauses > mostClauses || len(l.p.Forms)+len(l.p.Indicators)+len(l.p.Certificates)+stages > mostForms {
		l.wrong(Pos{MainFile, 1, 1}, T("内容太多：条款最多 {0} 条，表单、指标、证书和环节合计最多 {1} 个", "there is too much: at most {0} clauses, and {1} forms, indicators, certificates and stages together").Fill(mostClauses, mostForms), Text{})
		l.decoded = false
	}
}

// move puts vetoes and grades, which may also stand at top level, into the standard, and rounds, which may also stand in the
// standard, at top level.
func (l *loader) move(whole *node) {
	_, standard := whole.key("standard")
	shift := func(from, to *node, name string, where Text) {
		k, v := from.key(name)
		if k == nil {
			return
		}
		from.drop(name)
		if to == nil || to.kind != mapping {
			l.wrong(k.pos, T("没有 standard，{0} 无处可用", "{0} belongs to a standard, and there is none").Fill(name), Text{})
			return
		}
		if was, _ := to.key(name); was != nil {
			l.wrong(k.pos, T("{0} 已经写{1}（{2}）", "{0} already stands {1} ({2})").Fill(name, where, was.pos), T("只留一处", "keep one of them"))
			return
		}
		to.keys, to.vals = append(to.keys, k), append(to.vals, v)
	}
	inside := T("在 standard 里", "in standard")
	shift(whole, standard, "vetoes", inside)
	shift(whole, standard, "grades", inside)
	if standard != nil && standard.kind == mapping {
		shift(standard, whole, "rounds", T("在顶层", "at top level"))
	}
}

// defaults writes down what an author need not.
func (l *loader) defaults() {
	p := l.p
	if p.Subject.Name == "" {
		for _, f := range p.Subject.Fields {
			if f.Type == TextType {
				p.Subject.Name = f.Name
				break
			}
		}
	}
	if p.Subject.Name == "" {
		p.Subject.Name = p.Subject.Key
	}
	for _, r := range p.Rounds {
		if r.Decides == "" && len(p.Parties) > 0 {
			r.Decides = p.Parties[len(p.Parties)-1].Name
		}
	}
	for _, c := range p.Certificates {
		if c.To == "" {
			c.To = "subject"
		}
	}
	if p.Standard == nil {
		return
	}
	if p.Standard.Grades.Else == "" {
		p.Standard.Grades.Else = "none"
	}
	for _, c := range p.Clauses() {
		c.defaults()
		if _, written := l.d.at[&c.Points]; !written {
			c.Points = c.worth()
		}
	}
	slices.SortStableFunc(p.Standard.Grades.Bands, func(a, b *GradeBand) int { return b.AtLeast.Cmp(a.AtLeast) })
	if _, written := l.d.at[&p.Standard.Total]; !written {
		p.Standard.Total = p.Standard.sum()
	}
}

func (c *Clause) defaults() {
	if c.Kind == "" {
		c.Kind = "requirement"
	}
	if c.NA.Word == "" {
		c.NA.Word = "rescale"
	}
	if c.Missing.Word == "" {
		c.Missing.Word = "zero"
	}
	if c.Linear != nil && c.Linear.Step == "" {
		c.Linear.Step = "floor"
	}
	if c.Rank != nil && c.Rank.Within == "" {
		c.Rank.Within = "all"
	}
	if c.Veto != nil && c.Veto.Veto == "" {
		c.Veto.Veto = c.Clause
	}
	sortBands(c.Bands)
}

// sortBands puts the band that is looked at first in front: the highest at_least, or the lowest at_most; one without either
// takes the rest.
func sortBands(bands []*Band) {
	slices.SortStableFunc(bands, func(a, b *Band) int {
		switch {
		case a.AtLeast != nil && b.AtLeast != nil:
			return b.AtLeast.Cmp(*a.AtLeast)
		case a.AtMost != nil && b.AtMost != nil:
			return a.AtMost.Cmp(*b.AtMost)
		case a.AtLeast == nil && a.AtMost == nil && (b.AtLeast != nil || b.AtMost != nil):
			return 1
		case b.AtLeast == nil && b.AtMost == nil && (a.AtLeast != nil || a.AtMost != nil):
			return -1
		}
		return 0
	})
}

// hashOf is a SHA-256 over the sorted names and contents.
func hashOf(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%d %s %d\n", len(name), name, len(files[name]))
		h.Write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
