package exchange

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"bihuan.dev/bihuan/programme"
)

// Matter is a matter that runs elsewhere, as a file says it, unchecked: where it stands, or, in JSON Lines, what happened to it.
type Matter struct {
	Row                       int
	Subject, Code, By, Raiser string
	Raised                    programme.Day
	Values                    map[string]any // of the form that raises it
	Clause                    string
	Stage                     string // its name, or the name of its end
	Since                     programme.Day
	Days                      map[string]programme.Day // by stage
	Forms                     map[string]map[string]any
	Why, Lead                 string
	With                      []string
	Who                       string // the login of who raised it
	Events                    []MatterEvent
}

// MatterEvent is something that happened to a matter.
type MatterEvent struct {
	On                                      programme.Day
	Kind, Action, By, Who, Reason, To, Seen string // Seen: the stage that it found
	With                                    []string
	Forms                                   map[string]map[string]any
	Figures                                 *programme.Figures
}

// matterReader knows what the columns and words of one kind of matter are.
type matterReader struct {
	x      *programme.Process
	stages map[string]string // by name or title, those of ends too
	who    map[string]string
	raise  *programme.Form
	forms  []*programme.Form // the others
}

// ReadMatters reads matters that ran elsewhere. In a table every row is one: `subject`, `code`, `raised`, `stage` (its name or title, or
// an end), `since`, and where they are known `by`, `raiser`, `lead`, `with`, `why`, `clause`; the fields of the form that raises it
// by name or title; `STAGE.on` for the day it came to an earlier stage; `form.field` for forms on file. A line of JSON Lines is {"subject",
// "code", "raised", "values", "stage", "since", "days", "forms", …}, or has its "events".
func ReadMatters(r io.Reader, format Format, p *programme.Programme, name string) (*File[Matter], error) {
	m, err := readerOf(p, name)
	if err != nil {
		return nil, err
	}
	if format == JSONLines {
		return m.lines(r)
	}
	return m.table(r, format)
}

// MatterColumn is a column of a table of matters.
type MatterColumn struct {
	Name  string         // by which mistakes call it
	Title programme.Text // under which ReadMatters finds it
}

// MatterColumns lists the columns to fill in of a table of matters, without photographs and files.
func MatterColumns(p *programme.Programme, name string) ([]MatterColumn, error) {
	m, err := readerOf(p, name)
	if err != nil {
		return nil, err
	}
	out := []MatterColumn{{"subject", programme.T("评价对象", "subject")}, {"code", programme.T("编号", "code")}, {"raised", programme.T("提起日期", "raised")},
		{"by", programme.T("提起方", "by")}, {"raiser", programme.T("提起人", "raiser")}, {"clause", programme.T("条款", "clause")}}
	taken := map[string]bool{}
	for _, c := range m.columns() {
		if !strings.Contains(c.name, ".") {
			for _, called := range append(c.called, c.name) {
				taken[plain(called)] = true
			}
		}
	}
	for _, f := range m.raise.Fields {
		if f.HoldsAttachments() {
			continue
		}
		title := titleOr(f.Title, f.Name)
		if taken[plain(title.Zh)] || taken[plain(title.En)] {
			title = programme.T(m.raise.Name+"."+title.Zh, m.raise.Name+"."+title.En)
		}
		out = append(out, MatterColumn{f.Name, title})
	}
	out = append(out, MatterColumn{"stage", programme.T("环节", "stage")}, MatterColumn{"since", programme.T("到达日期", "since")},
		MatterColumn{"lead", programme.T("主办账号", "lead")}, MatterColumn{"with", programme.T("会办账号", "with")}, MatterColumn{"why", programme.T("公开理由", "why")})
	for _, form := range m.forms {
		for _, f := range form.Fields {
			if !f.HoldsAttachments() {
				of, title := titleOr(form.Title, form.Name), titleOr(f.Title, f.Name)
				out = append(out, MatterColumn{form.Name + "." + f.Name, programme.T(of.Zh+"."+title.Zh, of.En+"."+title.En)})
			}
		}
	}
	return out, nil
}

// titleOr is a title in both languages, or a name without one.
func titleOr(t programme.Text, name string) programme.Text {
	return programme.T(cmp.Or(t.In(programme.Zh), name), cmp.Or(t.In(programme.En), name))
}

func readerOf(p *programme.Programme, name string) (matterReader, error) {
	x, ok := p.Process(name)
	if !ok {
		return matterReader{}, refuse("方案中没有事项 {0}", "the programme has no matter {0}", name)
	}
	m := matterReader{x: x, stages: map[string]string{}, who: whoMayFile(p)}
	for _, name := range x.Matter.Forms() {
		form, ok := x.Form(name)
		switch {
		case !ok || form.Ballot:
		case name == x.Matter.Raise.Form:
			m.raise = form
		default:
			m.forms = append(m.forms, form)
		}
	}
	if m.raise == nil {
		return m, refuse("事项 {0} 没有表单", "matter {0} has no form", name)
	}
	for _, s := range x.Matter.Stages {
		m.stage(s.Stage)
	}
	for _, e := range x.Matter.Ends {
		m.stage(e.Name)
	}
	m.stage(programme.Withdrawn)
	return m, nil
}

func (m matterReader) stage(name string) {
	t := m.x.StageTitle(name)
	for _, called := range []string{name, t.Zh, t.En} {
		if key := plain(called); m.stages[key] == "" {
			m.stages[key] = name
		}
	}
}

// stageNamed finds a stage or end by what people call it.
func stageNamed[T any](f *File[T], m matterReader, row int, column, text string) string {
	if text == "" {
		return ""
	}
	if name := m.stages[plain(text)]; name != "" {
		return name
	}
	f.Errors = append(f.Errors, RowError{row, column, noSuch(programme.T("环节或结果", "stage or end"), text, slices.Sorted(maps.Values(m.stages)))})
	return ""
}

func (m matterReader) columns() []column {
	p := m.x.Programme
	key := column{"subject", []string{"评价对象", p.Subject.Title.Zh, p.Subject.Title.En}, true}
	for _, f := range p.Subject.Fields {
		if f.Name == p.Subject.Key {
			key.called = append(key.called, f.Name, f.Title.Zh, f.Title.En)
		}
	}
	columns := []column{ // a name that a subject's key has too means the matter's own
		{"code", []string{"编号", "事项编号", "查询码"}, true},
		{"raised", []string{"提起日期", "登记日期", "提出日期"}, true},
		{"stage", []string{"环节", "当前环节", "现状", "结果"}, false},
		{"since", []string{"到达日期", "进入环节日期", "何时到此环节"}, false},
		{"by", []string{"提起方", "提起角色"}, false},
		{"raiser", []string{"提起人", "申请人", "提出人"}, false},
		{"lead", []string{"主办账号", "主办"}, false},
		{"with", []string{"会办账号", "会办"}, false},
		{"why", []string{"公开理由", "办结理由"}, false},
		{"clause", []string{"条款"}, false},
		key,
	}
	taken := map[string]bool{}
	for _, c := range columns {
		for _, called := range append(c.called, c.name) {
			taken[plain(called)] = true
		}
	}
	for _, f := range m.raise.Fields {
		c := column{name: m.raise.Name + "." + f.Name}
		for _, called := range []string{f.Name, f.Title.Zh, f.Title.En} {
			if called == "" {
				continue
			}
			c.called = append(c.called, m.raise.Name+"."+called, m.raise.Title.Zh+"."+called)
			if !taken[plain(called)] {
				c.called = append(c.called, called)
			}
		}
		columns = append(columns, c)
	}
	for _, form := range m.forms {
		for _, f := range form.Fields {
			c := column{name: form.Name + "." + f.Name}
			for _, of := range []string{form.Name, form.Title.Zh, form.Title.En} {
				for _, called := range []string{f.Name, f.Title.Zh, f.Title.En} {
					if of != "" && called != "" {
						c.called = append(c.called, of+"."+called)
					}
				}
			}
			columns = append(columns, c)
		}
	}
	for _, s := range m.x.Matter.Stages {
		t := m.x.StageTitle(s.Stage)
		columns = append(columns, column{s.Stage + ".on", []string{t.Zh + ".日期", t.Zh + ".on", t.En + ".on"}, false})
	}
	return columns
}

func (m matterReader) table(r io.Reader, format Format) (*File[Matter], error) {
	t, err := ReadTable(r, format)
	if err != nil {
		return nil, err
	}
	f := &File[Matter]{Table: t}
	at, errs := t.match(m.columns())
	if f.Errors = errs; errs != nil {
		return f, nil
	}
	for _, row := range t.Rows {
		mistakes := len(f.Errors)
		cellOf := func(name string) string {
			if i, ok := at[name]; ok {
				return row.Cell(i)
			}
			return ""
		}
		dayOf := func(name string) programme.Day {
			if i, ok := at[name]; ok {
				return f.day(row, i)
			}
			return 0
		}
		x := Matter{Row: row.Number, Subject: cellOf("subject"), Code: cellOf("code"), Raised: dayOf("raised"), Since: dayOf("since"), Raiser: cellOf("raiser"),
			Why: cellOf("why"), Lead: cellOf("lead"), Clause: cellOf("clause"), Values: map[string]any{}, Forms: map[string]map[string]any{}, Days: map[string]programme.Day{}}
		x.With = listed(cellOf("with"))
		for _, needed := range []string{"subject", "code", "raised"} {
			if cellOf(needed) == "" {
				f.wrong(row.Number, t.Header[at[needed]], "不能为空", "it is empty")
			}
		}
		if i, ok := at["stage"]; ok {
			x.Stage = stageNamed(f, m, row.Number, t.Header[i], row.Cell(i))
		}
		if i, ok := at["by"]; ok && row.Cell(i) != "" {
			if x.By = m.who[plain(row.Cell(i))]; x.By == "" {
				f.wrong(row.Number, t.Header[i], "没有“{0}”这一评价方或角色", "there is no party or role {0}", row.Cell(i))
			}
		}
		for _, s := range m.x.Matter.Stages {
			if d := dayOf(s.Stage + ".on"); d != 0 {
				x.Days[s.Stage] = d
			}
		}
		m.fill(x, m.raise, cellOf)
		for _, form := range m.forms {
			m.fill(x, form, cellOf)
		}
		if len(f.Errors) == mistakes {
			f.Records = append(f.Records, x)
		}
	}
	return f, nil
}

// fill takes the cells of a form.
func (m matterReader) fill(x Matter, form *programme.Form, cellOf func(string) string) {
	values := x.Values
	if form != m.raise {
		values = map[string]any{}
	}
	for _, field := range form.Fields {
		if text := cellOf(form.Name + "." + field.Name); text != "" {
			values[field.Name] = cell(field, text)
		}
	}
	if form != m.raise && len(values) > 0 {
		x.Forms[form.Name] = values
	}
}

// listed reads several names of one cell.
func listed(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(";；、,， \n", r) })
}

func (m matterReader) lines(r io.Reader) (*File[Matter], error) {
	f := &File[Matter]{Table: &Table{Format: JSONLines}}
	keys := []string{"subject", "code", "raised", "by", "raiser", "who", "values", "clause", "stage", "since", "days", "forms", "why", "lead", "with", "events"}
	err := readLines(f, r, keys, func(row int, line map[string]any) {
		text := func(key string) string { return lineText(f, row, line, key) }
		x := Matter{Row: row, Subject: text("subject"), Code: text("code"), Raised: lineDayOf(f, row, line, "raised"), By: text("by"), Raiser: text("raiser"), Who: text("who"),
			Clause: text("clause"), Since: lineDayOf(f, row, line, "since"), Why: text("why"), Lead: text("lead"), Days: map[string]programme.Day{}}
		x.Stage = stageNamed(f, m, row, "stage", text("stage"))
		x.Values = lineObject(f, row, line, "values")
		x.Forms = lineForms(f, row, line)
		x.With = lineTexts(f, row, line, "with")
		if line["days"] != nil {
			days := lineObject(f, row, line, "days")
			for stage := range days {
				x.Days[stage] = lineDayOf(f, row, days, stage)
			}
		}
		if x.Subject == "" {
			f.wrong(row, "subject", "没有写明评价对象", "it does not say which subject")
		}
		if line["events"] != nil {
			list, ok := line["events"].([]any)
			if !ok {
				f.wrong(row, "events", "events 应是数组", "events must be a list")
			}
			for i, e := range list {
				object, ok := e.(map[string]any)
				if !ok {
					f.wrong(row, "events", "第 {0} 项不是对象", "number {0} is no object", i+1)
					return
				}
				x.Events = append(x.Events, m.event(f, row, object))
			}
		}
		f.Records = append(f.Records, x)
	})
	return f, err
}

func (m matterReader) event(f *File[Matter], row int, line map[string]any) MatterEvent {
	text := func(key string) string { return lineText(f, row, line, key) }
	e := MatterEvent{On: lineDayOf(f, row, line, "on"), Kind: cmp.Or(text("kind"), "act"), Action: text("action"), By: text("by"), Who: text("who"), Reason: text("reason"),
		To: text("to"), Seen: stageNamed(f, m, row, "stage", text("stage")), With: lineTexts(f, row, line, "with"), Forms: lineForms(f, row, line)}
	if e.On == 0 {
		f.wrong(row, "events", "每件经过都要有 on", "each event needs its day, on")
	}
	if line["votes"] != nil {
		votes := lineObject(f, row, line, "votes")
		e.Figures = &programme.Figures{Count: map[string]int64{}}
		for option, v := range votes {
			number, _ := v.(json.Number)
			count, err := number.Int64()
			if err != nil {
				f.wrong(row, "votes", "票数应是整数", "votes are whole numbers")
			}
			if option == "invited" {
				e.Figures.Invited = count
				continue
			}
			e.Figures.Count[option] = count
			e.Figures.Cast += count
		}
	}
	return e
}

func lineForms[T any](f *File[T], row int, line map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{}
	if line["forms"] == nil {
		return out
	}
	forms := lineObject(f, row, line, "forms")
	for name := range forms {
		out[name] = lineObject(f, row, forms, name)
	}
	return out
}

func lineTexts[T any](f *File[T], row int, line map[string]any, key string) (out []string) {
	switch v := line[key].(type) {
	case nil:
	case string:
		return listed(v)
	case []any:
		for _, x := range v {
			text, ok := x.(string)
			if !ok {
				f.wrong(row, key, "{0} 应是几段文字", "{0} must be texts", key)
			}
			out = append(out, text)
		}
	default:
		f.wrong(row, key, "{0} 应是几段文字", "{0} must be texts", key)
	}
	return out
}
