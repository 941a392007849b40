package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// todoPage is what somebody has to do.
type todoPage struct {
	Tasks  bihuan.Tasks
	Kind   bihuan.TaskKind
	Groups []taskGroup
	All    int // of every kind together
	Pager  pagerArgs
	Today  programme.Day
	Home   *bihuan.Running // where one goes when nothing is left to do
	Box    bihuan.Box
	Boxes  map[bihuan.Box]int
	List   *boxList // matters alone, of a box; nil: tasks of all kinds
}

// taskGroup are the tasks of one programme.
type taskGroup struct {
	Running *bihuan.Running
	Tasks   []bihuan.Task
}

// todo is the first page of everybody who is signed in.
func todo(r *request) error {
	if r.actor.Voice() {
		return r.redirect("/v", programme.Text{})
	}
	q := r.URL.Query()
	kind := bihuan.TaskKind("")
	for _, k := range bihuan.TaskKinds {
		if q.Get("kind") == string(k) {
			kind = k
		}
	}
	const limit = 30
	offset, _ := strconv.Atoi(q.Get("offset"))
	offset = max(offset, 0)
	tasks, err := r.f.site.Tasks(r.ctx(), r.actor, bihuan.TaskQuery{Kind: kind, Page: bihuan.Page{Offset: offset, Limit: limit}})
	if err != nil {
		return err
	}
	slices.SortStableFunc(tasks.List, func(a, b bihuan.Task) int { return late(b) - late(a) })
	page := todoPage{Tasks: tasks, Kind: kind, Today: r.f.site.Today()}
	r.keepCount(tasks)
	page.All = r.todo
	box := boxQuery(q)
	if page.Box = box.Box; page.Box != bihuan.BoxTodo || kind == bihuan.TaskMatter {
		if page.List, err = r.box(box); err != nil {
			return err
		}
	}
	if page.Boxes, err = r.f.site.MatterCounts(r.ctx(), r.actor, bihuan.MatterQuery{}); err != nil {
		return err
	}
	page.Boxes[bihuan.BoxTodo] = page.All
	for _, t := range tasks.List {
		at := -1
		for i, g := range page.Groups {
			if g.Running.Name == t.Programme {
				at = i
			}
		}
		if at < 0 {
			run, err := r.f.site.Running(r.ctx(), t.Programme)
			if err != nil {
				return err
			}
			at = len(page.Groups)
			page.Groups = append(page.Groups, taskGroup{Running: run})
		}
		page.Groups[at].Tasks = append(page.Groups[at].Tasks, t)
	}
	page.Pager = pagerArgs{offset: offset, limit: limit, total: tasks.Total, href: func(o int) string {
		return "/todo?" + url.Values{"kind": {string(kind)}, "offset": {strconv.Itoa(o)}}.Encode()
	}}
	if page.Home, err = r.usual(); err != nil {
		return err
	}
	v, err := r.inUsual(programme.T("待办", "My tasks"), "todo")
	if err != nil {
		return err
	}
	return r.page(todoView(v, page))
}

// taskHref is where a task is done.
func taskHref(t bihuan.Task) string {
	subject := ""
	if t.Subject != nil {
		subject = subjectURL(t.Programme, t.Subject.ID)
	}
	switch {
	case t.Matter != nil:
		return "/matters/" + t.Matter.Code
	case t.Ballot != "":
		return "/ballots/" + t.Ballot
	case t.Kind == bihuan.TaskFile && t.Subject != nil:
		return subject + "/file/" + t.Form
	case t.Kind == bihuan.TaskJudge && t.Subject != nil && t.Round != "":
		return subject + "/judge/" + t.Clause + "?round=" + t.Round
	case t.Kind == bihuan.TaskJudge && t.Subject != nil:
		return subject + "/judge/" + t.Clause
	case t.Kind == bihuan.TaskAnswer && t.Subject != nil:
		return "/rounds/" + t.Round + "/subjects/" + t.Subject.ID + "#objections"
	}
	return "/rounds/" + t.Round
}

// taskVerb is the word on a task's button.
func taskVerb(v view, t bihuan.Task) string {
	switch t.Kind {
	case bihuan.TaskMatter:
		return v.T("办理", "Handle")
	case bihuan.TaskVote:
		return v.T("评价", "Vote")
	case bihuan.TaskFile:
		return v.T("填报", "File")
	case bihuan.TaskJudge:
		return v.T("评定", "Judge")
	case bihuan.TaskAnswer:
		return v.T("答复", "Answer")
	case bihuan.TaskSubmit:
		return v.T("提交", "Hand in")
	}
	return v.T("去办", "Open")
}

// taskTitle says what is to be done.
func taskTitle(v view, p *programme.Programme, t bihuan.Task) string {
	switch {
	case !t.Title.Empty():
		return v.In(t.Title)
	case t.Form != "":
		return v.formTitle(p, t.Form)
	case t.Clause != "":
		if def, ok := clauseOf(p, t.Clause); ok {
			return t.Clause + " " + v.In(def.Title)
		}
		return t.Clause
	}
	return t.RoundTitle
}

// dueIn says how many days are left.
func dueIn(v view, days int) string {
	switch days {
	case 0:
		return v.T("今天到期", "today")
	case 1:
		return v.T("明天到期", "tomorrow")
	}
	return v.T("还有 ", "") + strconv.Itoa(days) + v.T(" 天", " days left")
}

// sentence begins a word with a capital letter where English wants one.
func sentence(v view, t programme.Text) string {
	s := v.In(t)
	if v.Lang == programme.En && s != "" {
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

// kinds is how many kinds of tasks there are.
func (p todoPage) kinds() int {
	n := 0
	for _, count := range p.Tasks.Counts {
		if count > 0 {
			n++
		}
	}
	return n
}

// late is 2 for what was told to those above, 1 for what is overdue.
func late(t bihuan.Task) int {
	if t.Matter != nil && t.Matter.Light == bihuan.Red {
		return 2
	}
	if t.Overdue {
		return 1
	}
	return 0
}

func (p todoPage) todoBox() bool { return p.Box == "" || p.Box == bihuan.BoxTodo }

// shownGroups are the tasks of all kinds, but for a list of matters alone.
func (p todoPage) shownGroups() []taskGroup {
	if p.List != nil {
		return nil
	}
	return p.Groups
}

func todoTitle(p todoPage) programme.Text {
	if p.todoBox() {
		return programme.T("待办", "My tasks")
	}
	return p.Box.Text()
}

// todoClass gives a list of matters the room that its columns need.
func todoClass(p todoPage) string {
	if p.List != nil {
		return "todo"
	}
	return "narrow"
}
