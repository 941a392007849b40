package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// boxList is one of somebody's boxes: matters to handle, handled, raised, followed.
type boxList struct {
	bihuan.MatterPage
	Query      bihuan.MatterQuery
	Programmes []*bihuan.Running // to narrow it down by
	Handlers   []bihuan.Handler  // who may be named lead handler of the first one
	Pager      pagerArgs
}

// boxStates are the states by which a box is narrowed down.
var boxStates = []struct {
	name string
	text programme.Text
}{
	{"", programme.T("全部状态", "Every state")}, {"open", programme.T("办理中", "In hand")}, {"soon", programme.T("临期", "Due soon")},
	{"overdue", programme.T("逾期", "Overdue")}, {"over", programme.T("已办结", "Over")},
}

// boxQuery reads which box an address asks for, and what of it.
func boxQuery(q url.Values) bihuan.MatterQuery {
	out := bihuan.MatterQuery{Box: bihuan.BoxTodo, Programme: q.Get("programme"), Search: q.Get("q"), Sort: "moved"}
	if b := bihuan.Box(q.Get("box")); slices.Contains(bihuan.Boxes, b) {
		out.Box = b
	}
	for _, s := range boxStates {
		if s.name == q.Get("state") {
			out.State = s.name
		}
	}
	if out.Box == bihuan.BoxTodo {
		out.Sort = "due"
	}
	offset, _ := strconv.Atoi(q.Get("offset"))
	out.Page = bihuan.Page{Offset: max(offset, 0), Limit: 30}
	return out
}

// boxHref is the address of a whole box; what there is to do begins with everything, not with matters alone.
func boxHref(b bihuan.Box) string {
	if b == bihuan.BoxTodo {
		return "/todo"
	}
	return "/todo?box=" + string(b)
}

// boxURL is the address of a list at an offset; file is todo or todo.xlsx.
func boxURL(file string, q bihuan.MatterQuery, offset int) string {
	values := url.Values{"box": {string(q.Box)}}
	if q.Box == bihuan.BoxTodo {
		values.Set("kind", string(bihuan.TaskMatter))
	}
	for name, v := range map[string]string{"programme": q.Programme, "q": q.Search, "state": q.State} {
		if v != "" {
			values.Set(name, v)
		}
	}
	if offset > 0 {
		values.Set("offset", strconv.Itoa(offset))
	}
	return "/" + file + "?" + values.Encode()
}

// box reads a box, as far as the page shows it.
func (r *request) box(q bihuan.MatterQuery) (*boxList, error) {
	page, err := r.f.site.Matters(r.ctx(), r.actor, q)
	if err != nil {
		return nil, err
	}
	out := &boxList{MatterPage: page, Query: q, Pager: pagerArgs{offset: q.Offset, limit: q.Limit, total: page.Total, href: func(o int) string { return boxURL("todo", q, o) }}}
	if out.Programmes, err = r.f.site.Programmes(r.ctx()); err != nil {
		return nil, err
	}
	out.Handlers, err = r.leads(page)
	return out, err
}

// leads are those who may be named lead handler of the first matter of a list that can be assigned together with others.
func (r *request) leads(page bihuan.MatterPage) ([]bihuan.Handler, error) {
	i := slices.IndexFunc(page.Matters, func(m bihuan.Matter) bool { return m.Together })
	if i < 0 || !hasAssign(page.Together) {
		return nil, nil
	}
	list, err := r.f.site.MatterHandlers(r.ctx(), r.actor, page.Matters[i].ID)
	if k, refused := bihuan.KindOf(err); refused && k == bihuan.NotFound { // not of the house of that one
		return nil, nil
	}
	return list, err
}

// boxSheet answers with a box as it stands on the screen, all its pages, as a workbook.
func boxSheet(r *request) error {
	q := boxQuery(r.URL.Query())
	q.Page = bihuan.Page{Limit: 1000}
	var all []bihuan.Matter
	for {
		page, err := r.f.site.Matters(r.ctx(), r.actor, q)
		if err != nil {
			return err
		}
		all = append(all, page.Matters...)
		if q.Offset += len(page.Matters); len(page.Matters) == 0 || q.Offset >= page.Total {
			break
		}
	}
	v := r.view(q.Box.Text())
	columns := matterColumns(v, all)
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = c.title
	}
	var b bytes.Buffer
	if err := exchange.WriteTable(&b, exchange.XLSX, head, func(yield func([]any) bool) {
		for _, m := range all {
			cells := make([]any, len(columns))
			for i, c := range columns {
				cells[i] = c.cell(m)
			}
			if !yield(cells) {
				return
			}
		}
	}); err != nil {
		return fmt.Errorf("export matters: %w", err)
	}
	name := v.T("事项 ", "Matters ") + v.In(q.Box.Text()) + " " + r.f.site.Today().String() + ".xlsx"
	return r.download(name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
}

type matterColumn struct {
	title string
	cell  func(bihuan.Matter) any
}

// matterColumns are the columns of an exported list. What the viewer may know of none of the matters has no column.
func matterColumns(v view, list []bihuan.Matter) []matterColumn {
	day := func(d programme.Day) any {
		if d == 0 {
			return nil
		}
		return d.String()
	}
	columns := []matterColumn{
		{v.T("编号", "Code"), func(m bihuan.Matter) any { return m.Code }},
		{v.T("类别", "Kind"), func(m bihuan.Matter) any { return v.In(m.Kind) }},
		{v.T("标题", "Title"), func(m bihuan.Matter) any { return v.In(m.Called) }},
		{v.T("对象", "Subject"), func(m bihuan.Matter) any { return m.Subject.Name }},
		{v.T("承办单位", "Handled by"), func(m bihuan.Matter) any { return m.UnitName }},
		{v.T("环节", "Stage"), func(m bihuan.Matter) any { return v.In(m.StageTitle) }},
		{v.T("时限", "Due"), func(m bihuan.Matter) any { return day(due(m)) }},
		{v.T("剩余天数", "Days left"), func(m bihuan.Matter) any {
			if due(m) == 0 {
				return nil
			}
			return m.Left
		}},
		{v.T("亮灯", "Light"), func(m bihuan.Matter) any { return v.In(m.Light.Text()) }},
		{v.T("轮到", "Whose turn"), func(m bihuan.Matter) any { return v.In(m.Holder) }},
		{v.T("提出日", "Raised"), func(m bihuan.Matter) any { return day(m.RaisedOn) }},
		{v.T("办结日", "Closed"), func(m bihuan.Matter) any { return day(m.ClosedOn) }},
	}
	if slices.ContainsFunc(list, func(m bihuan.Matter) bool { return due(m) != 0 && m.Clock.Lacks != 0 }) {
		columns = append(columns, matterColumn{v.T("时限可能有出入", "Due may be wrong"), func(m bihuan.Matter) any {
			if due(m) == 0 || m.Clock.Lacks == 0 {
				return nil
			}
			return lacksWords(v, m.Clock)
		}})
	}
	if slices.ContainsFunc(list, func(m bihuan.Matter) bool { return m.Lead != "" }) {
		columns = append(columns, matterColumn{v.T("主办", "Lead"), func(m bihuan.Matter) any { return m.Lead }})
	}
	if slices.ContainsFunc(list, func(m bihuan.Matter) bool { return m.Raiser != "" }) {
		columns = append(columns, matterColumn{v.T("提出人", "Raised by"), func(m bihuan.Matter) any { return m.Raiser }})
	}
	return columns
}

// due is the last day of a matter's stage; 0 when no clock runs.
func due(m bihuan.Matter) programme.Day {
	if m.Over() || !m.Clock.Runs || m.Clock.Stopped {
		return 0
	}
	return m.Clock.Due
}

// batchPage tells what became of several matters.
type batchPage struct {
	Lines []bihuan.BatchLine
	Done  int
	Back  string
	Error *bihuan.Error
}

// batch does the same with all the matters that were ticked.
func batch(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	kind, action, _ := strings.Cut(r.PostForm.Get("do"), ":")
	b := bihuan.Batch{Move: bihuan.Move{Kind: programme.EventKind(kind), Action: action, Reason: r.PostForm.Get("reason"), To: r.PostForm.Get("to")}}
	for _, m := range r.PostForm["matter"] {
		b.Matters = append(b.Matters, unpick(m))
	}
	page := batchPage{Back: local(r.PostForm.Get("back"))}
	if page.Back == "" {
		page.Back = "/todo"
	}
	v, err := r.inUsual(programme.T("批量办理", "Several at once"), "todo")
	if err != nil {
		return err
	}
	lines, err := r.f.site.ActOnMany(r.ctx(), r.actor, b)
	if errors.As(err, &page.Error) {
		return r.pageWith(statuses[page.Error.Kind], batchView(v, page))
	}
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.Done {
			page.Done++
		}
	}
	if page.Done == len(lines) {
		return r.redirect(page.Back, programme.T("已办理 {0} 件。", "Done: {0}.").Fill(page.Done))
	}
	page.Lines = lines
	return r.page(batchView(v, page))
}

// pick is what a tick sends of a matter: which it is, and what of it was seen. unpick reads it.
func pick(m bihuan.Matter) string { return m.ID + ":" + strconv.Itoa(m.Seq) + ":" + m.Stage }

func unpick(s string) bihuan.Picked {
	id, rest, _ := strings.Cut(s, ":")
	seen, stage, _ := strings.Cut(rest, ":")
	n, _ := strconv.Atoi(seen) // what cannot be read was not seen
	return bihuan.Picked{ID: id, Seen: n, Stage: stage}
}

// pickable tells whether something of a list can be done from its ticks.
func pickable(ways []programme.Way) bool {
	return slices.ContainsFunc(ways, func(w programme.Way) bool { return w.Kind != programme.EventTransfer })
}

// wayWords name what can be done with several matters.
func wayWords(v view, w programme.Way) string {
	text := sentence(v, w.Title)
	switch {
	case w.Kind == programme.EventReturn:
		return v.T("不归本单位办，退回", "Not for this body: return")
	case w.Kind == programme.EventPause:
		text += v.T("（", " (") + w.Action + v.T("）", ")")
	case w.Kind == programme.EventAssign:
		text += v.T("主办人", " a lead handler")
	}
	if w.Reason {
		text += v.T("（写明理由）", " (with a reason)")
	}
	return text
}

func hasAssign(ways []programme.Way) bool {
	return slices.ContainsFunc(ways, func(w programme.Way) bool { return w.Kind == programme.EventAssign })
}
