package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

const mattersPerPage = 30

// mattersPage is the board of a programme's matters, or of one kind of them: by stage, with what is due first.
type mattersPage struct {
	Running *bihuan.Running
	Process *programme.Process // of the kind; nil: of all kinds
	Kinds   []matterKind
	Query   bihuan.MatterQuery
	Subject *bihuan.Subject // whose matters alone are listed; nil: everybody's
	List    []bihuan.Matter
	Total   int
	Open    int
	Soon    int
	Overdue int
	Over    int
	Stages  []stageCount // of the kind, those where something is, in their order
	Waits   []waitCount
	Desk    bool          // of those who handle them: what is due first, and what waits for whom
	Public  bool          // everybody may read them
	Path    []bihuan.Unit // down to the unit that is looked at
	Below   []bihuan.Unit
	Raise   string // where the viewer may raise one; empty: nowhere

	Together []programme.Way // what the viewer may do with several of the list at once
	Handlers []bihuan.Handler
}

// matterKind is a kind of matters and how many of them the viewer may see.
type matterKind struct {
	Name  string
	Title programme.Text
	Count int
}

type stageCount struct {
	Name  string
	Title programme.Text
	Count int
}

type waitCount struct {
	Who   string
	Title programme.Text
	Count int
}

// matters is the board.
func matters(r *request) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	page := mattersPage{Running: run, Query: matterQuery(run.Name, r.PathValue("name"), r.URL.Query())}
	if name := page.Query.Name; name != "" {
		x, ok := run.Process(name)
		if !ok {
			return &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这类事项", "There are no matters of this kind")}
		}
		page.Process, page.Public = x, slices.Contains(run.Public, name)
		page.Desk = r.handles(run.Name, x)
	}
	if page.Query.Subject != "" {
		sub, err := r.f.site.Subject(r.ctx(), r.actor, page.Query.Subject)
		if err != nil {
			return err
		}
		page.Subject = &sub
	}
	if page.Query.Sort == "" && (page.Desk || page.Process == nil && !r.actor.Visitor()) {
		page.Query.Sort = "due"
	}
	if err := page.count(r); err != nil {
		return err
	}
	found, err := r.f.site.Matters(r.ctx(), r.actor, page.Query)
	if err != nil {
		return err
	}
	page.List, page.Total = found.Matters, found.Total
	if !r.actor.Visitor() && pickable(found.Together) {
		page.Together = found.Together
		if page.Handlers, err = r.leads(found); err != nil {
			return err
		}
	}
	unit := page.Query.Unit
	if unit == "" {
		if unit, err = r.homeUnit(run.Name); err != nil {
			return err
		}
	}
	if page.Path, err = r.f.site.Path(r.ctx(), unit); err != nil {
		return err
	}
	if page.Below, err = r.f.site.Children(r.ctx(), unit); err != nil {
		return err
	}
	if page.Raise, err = r.raiseHere(run, page.Process, page.Query.Subject); err != nil {
		return err
	}
	return r.page(mattersView(r.inProgramme(page.title(), run.Programme, "matters"), page))
}

// count fills in the kinds, the stages, the figures, and whom the matters wait for.
func (p *mattersPage) count(r *request) error {
	all, err := r.f.site.MatterTally(r.ctx(), r.actor, bihuan.MatterQuery{Programme: p.Running.Name, Unit: p.Query.Unit, Subject: p.Query.Subject})
	if err != nil {
		return err
	}
	of := map[string]int{}
	for _, c := range all.Counts {
		of[c.Name] += c.Count
	}
	for _, x := range p.Running.Processes() {
		n, here := of[x.Matter.Name], p.Process != nil && p.Process.Matter.Name == x.Matter.Name
		public := slices.Contains(p.Running.Public, x.Matter.Name)
		if n > 0 || here || !x.BuiltIn && (public || r.handles(p.Running.Name, x)) {
			p.Kinds = append(p.Kinds, matterKind{x.Matter.Name, matterKindTitle(x), n})
		}
	}
	stages := map[string]int{}
	for _, c := range all.Counts {
		if p.Process != nil && c.Name != p.Process.Matter.Name {
			continue
		}
		stages[c.Stage] += c.Count
		p.Soon, p.Overdue = p.Soon+c.Soon, p.Overdue+c.Overdue
		if c.Over {
			p.Over += c.Count
		} else {
			p.Open += c.Count
		}
	}
	if p.Process == nil {
		return nil
	}
	for _, st := range p.Process.Matter.Stages {
		if n := stages[st.Stage]; n > 0 || len(p.Process.Matter.Stages) <= 7 {
			p.Stages = append(p.Stages, stageCount{st.Stage, p.Process.StageTitle(st.Stage), n})
		}
	}
	if !p.Desk {
		return nil
	}
	tally, err := r.f.site.MatterTally(r.ctx(), r.actor, bihuan.MatterQuery{Programme: p.Running.Name, Name: p.Process.Matter.Name, Unit: p.Query.Unit, Subject: p.Query.Subject})
	if err != nil {
		return err
	}
	for who, n := range tally.Waits {
		title := p.Process.People([]string{who})
		if who == "lead" {
			title = programme.T("已交办的主办", "a lead handler who is named")
		}
		if who == programme.RaiserRole {
			title = programme.T("当事人", "those affected")
		}
		p.Waits = append(p.Waits, waitCount{who, title, n})
	}
	slices.SortFunc(p.Waits, func(a, b waitCount) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Who, b.Who)) })
	return nil
}

// handles tells whether the viewer is among those who handle such matters anywhere, or above them.
func (r *request) handles(programmeName string, x *programme.Process) bool {
	for _, g := range r.actor.Grants {
		if g.Programme == programmeName && x.Among(append(x.Handlers(), x.Above()...), []string{g.Role}) || g.Programme == "" && g.Role == bihuan.Admin {
			return true
		}
		for i, party := range x.Programme.Parties {
			if i > 0 && g.Programme == programmeName && g.Role == party.Role {
				return true
			}
		}
	}
	return false
}

// raiseHere finds where the viewer may raise a matter of this kind, when there is only one place for it.
func (r *request) raiseHere(run *bihuan.Running, x *programme.Process, subject string) (string, error) {
	if x == nil || x.BuiltIn {
		return "", nil
	}
	for _, g := range r.actor.Grants {
		if g.Programme != run.Name || !x.Among(x.Matter.Raise.By, []string{g.Role}) {
			continue
		}
		if subject != "" {
			return raiseURL(run.Name, subject, x.Matter.Name), nil
		}
		rows, total, err := r.f.site.Subjects(r.ctx(), r.actor, bihuan.SubjectQuery{Programme: run.Name, Unit: g.Unit, Limit: 1})
		if err != nil {
			return "", err
		}
		if total == 1 {
			return raiseURL(run.Name, rows[0].ID, x.Matter.Name), nil
		}
	}
	return "", nil
}

// matterQuery reads what the address of the board asks for. What it does not understand it leaves out.
func matterQuery(programmeName, name string, q url.Values) bihuan.MatterQuery {
	offset, _ := strconv.Atoi(q.Get("offset"))
	state, sort := q.Get("state"), q.Get("sort")
	if !slices.ContainsFunc(matterStates, func(s matterState) bool { return s.name == state }) {
		state = ""
	}
	if !slices.Contains([]string{"due", "raised", "moved"}, sort) {
		sort = ""
	}
	return bihuan.MatterQuery{Programme: programmeName, Name: name, Unit: q.Get("unit"), Subject: q.Get("subject"), State: state, Stage: q.Get("stage"), Turn: q.Get("turn"),
		Search: q.Get("q"), Sort: sort, Page: bihuan.Page{Offset: max(offset, 0), Limit: mattersPerPage}}
}

// url is the address of the board with some things changed: keys and values in turn; the first page, unless the offset is changed.
func (p mattersPage) url(changes ...string) string {
	q := p.Query
	values := url.Values{}
	for k, s := range map[string]string{"unit": q.Unit, "subject": q.Subject, "state": q.State, "stage": q.Stage, "turn": q.Turn, "q": q.Search, "sort": q.Sort} {
		if s != "" {
			values.Set(k, s)
		}
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if changes[i+1] == "" {
			values.Del(changes[i])
		} else {
			values.Set(changes[i], changes[i+1])
		}
	}
	to := mattersURL(q.Programme, q.Name)
	if len(values) > 0 {
		to += "?" + values.Encode()
	}
	return to
}

func (p mattersPage) filtered() bool {
	return p.Query.Search != "" || p.Query.State != "" || p.Query.Stage != "" || p.Query.Turn != ""
}

// title is what the board is called: a board of what everybody may read, the desk of those who handle what is not for everybody.
func (p mattersPage) title() programme.Text {
	switch {
	case p.Process == nil:
		return programme.T("事项", "Matters")
	case p.Desk && !p.Public:
		return programme.T("{0}工作台", "{0} desk").Fill(matterKindTitle(p.Process))
	}
	return programme.T("{0}看板", "{0} board").Fill(matterKindTitle(p.Process))
}

// matterState is a way to narrow a board down.
type matterState struct {
	name string
	text programme.Text
}

var matterStates = []matterState{
	{"", programme.T("全部", "All")},
	{"open", programme.T("办理中", "Open")},
	{"soon", programme.T("临期", "Due soon")},
	{"overdue", programme.T("逾期", "Overdue")},
	{"over", programme.T("已办结", "Over")},
	{programme.Good, programme.T("已解决", "Resolved")},
	{programme.Partly, programme.T("部分解决", "Partly resolved")},
	{programme.Answered, programme.T("已答复", "Answered")},
	{programme.OpenToPublic, programme.T("未解决，公开", "Unresolved, open to the public")},
}

func matterKindTitle(x *programme.Process) programme.Text {
	if x.Matter.Title.Empty() {
		return programme.T(x.Matter.Name, x.Matter.Name)
	}
	return x.Matter.Title
}

// publicMatters tells whether a programme shows any of its matters to everybody.
func publicMatters(p *programme.Programme) bool {
	return slices.ContainsFunc(p.Matters, func(m *programme.Matter) bool { return slices.Contains(p.Public, m.Name) })
}

// firstPublic names the first kind of matters that everybody may read.
func firstPublic(p *programme.Programme) string {
	for _, m := range p.Matters {
		if slices.Contains(p.Public, m.Name) {
			return m.Name
		}
	}
	return ""
}

// timeLeft says how a running matter stands to its deadline.
func timeLeft(v view, m bihuan.Matter) string {
	n := m.Left
	switch {
	case !m.Clock.Runs:
		return v.T("不限时", "no time limit")
	case m.Clock.Stopped:
		return v.T("停钟", "clock stopped")
	case n == 0:
		return v.T("今天到期", "due today")
	case n < 0:
		return v.T("逾期 ", "") + strconv.Itoa(-n) + daysWord(v, m, -n) + v.T("", " late")
	}
	return v.T("还剩 ", "") + strconv.Itoa(n) + daysWord(v, m, n) + v.T("", " left")
}

// lacksWords say why a deadline may be wrong.
func lacksWords(v view, c programme.Clock) string {
	return v.In(programme.T("{0}年放假安排未载入", "the holidays of {0} are not loaded").Fill(c.Lacks))
}

func daysWord(v view, m bihuan.Matter, n int) string {
	one, many := " day", " days"
	if m.Works {
		one, many = " working day", " working days"
	}
	if n != 1 {
		one = many
	}
	if m.Works {
		return v.T(" 个工作日", one)
	}
	return v.T(" 天", one)
}

// lightClass is the badge of a light.
func lightClass(m bihuan.Matter) string {
	switch {
	case m.Over():
		return ""
	case m.Light == bihuan.Red:
		return "late escalated"
	case m.Light == bihuan.Yellow:
		return "soon"
	case m.Light == bihuan.Blue:
		return "pending"
	}
	return ""
}

// ringStroke colours a matter's ring: it closes in jade; how it ended is seen by its colour.
func ringStroke(m bihuan.Matter) string {
	switch {
	case !m.Over():
		return "s-jade"
	case m.Meaning == programme.Good:
		return "s-met"
	case m.Meaning == programme.Partly:
		return "s-partly"
	case m.Meaning == programme.OpenToPublic:
		return "s-unmet"
	}
	return "s-missing"
}

// endClass colours the word for how a matter ended.
func endClass(m bihuan.Matter) string {
	switch m.Meaning {
	case programme.Good:
		return "met"
	case programme.Partly:
		return "partly"
	case programme.OpenToPublic:
		return "unmet"
	}
	return "missing"
}

func ringWords(v view, m bihuan.Matter) string {
	if m.Over() {
		if m.Meaning == programme.OpenToPublic {
			return v.T("没有闭环", "the loop was left open")
		}
		return v.T("已闭环", "the loop is closed")
	}
	return v.T("闭环进度 ", "the loop has closed by ") + percent(int(m.Closed*100+.5), 100)
}

// handedTo names the body that handles a matter when it is not the subject's own.
func handedTo(m bihuan.Matter) string {
	if m.Unit != m.Subject.Unit {
		return m.UnitName
	}
	return ""
}

func mattersURL(p, name string) string {
	if name == "" {
		return "/p/" + p + "/matters"
	}
	return "/p/" + p + "/matters/" + url.PathEscape(name)
}

func matterURL(code string) string { return "/matters/" + url.PathEscape(code) }

func raiseURL(p, subject, name string) string {
	return subjectURL(p, subject) + "/raise/" + url.PathEscape(name)
}

func mattersCrumbs(v view, p mattersPage) []crumb {
	way := []crumb{{v.In(p.Running.Title), "/p/" + p.Running.Name}, {v.T("事项", "Matters"), mattersURL(p.Running.Name, "")}}
	if p.Process == nil {
		way[1].href = ""
		return way
	}
	return append(way, crumb{v.In(matterKindTitle(p.Process)), ""})
}

// turnOff lets a filter that is on be pressed off.
func turnOff(now, value string) string {
	if now == value {
		return ""
	}
	return value
}
