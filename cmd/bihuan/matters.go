package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type mattersCommand struct {
	List  mattersList  `cmd:"" help:"List matters, the most urgent first." zh:"列出事项，最急的在前。"`
	Show  mattersShow  `cmd:"" help:"Show a matter: where it stands, what happened, what can be done." zh:"查看一件事项：办到哪一步、经过、可以做什么。"`
	Raise mattersRaise `cmd:"" help:"Raise a matter." zh:"提起一件事项。"`
	Act   mattersAct   `cmd:"" help:"Do something with a matter." zh:"办理一件事项。"`
	Tick  mattersTick  `cmd:"" help:"Let the day begin: remind, escalate, count ballots that are over. Again does no harm." zh:"过一天：提醒、升级、计到期的票；重复运行无妨。"`
}

type mattersList struct {
	storage   `embed:""`
	Programme string `placeholder:"P" help:"Of this programme." zh:"只列这个规范程序的。"`
	Matter    string `placeholder:"M" help:"Of this kind." zh:"只列这一种。"`
	Unit      string `placeholder:"CODE" help:"Of this unit and below." zh:"只列这个单位及下级的。"`
	State     string `placeholder:"S" help:"open, over, overdue, or what an end means: good, partly, answered, open_to_public." zh:"open、over、overdue，或者结果的含义：good、partly、answered、open_to_public。"`
	Stage     string `placeholder:"STAGE" help:"At this stage or end." zh:"只列在这个环节或结果的。"`
	Search    string `placeholder:"WORDS" help:"Words of the title or the code." zh:"标题或编号中的词。"`
	JSON      bool   `name:"json" help:"One object a line." zh:"每行一个 JSON 对象。"`
}

// matterLine is a matter as scripts read it. No name of a person is in it.
type matterLine struct {
	Code      string         `json:"code"`
	Programme string         `json:"programme"`
	Matter    string         `json:"matter"`
	Title     string         `json:"title"`
	Subject   string         `json:"subject"`
	Unit      string         `json:"unit"`
	Stage     string         `json:"stage"`
	Outcome   string         `json:"outcome,omitempty"`
	Meaning   string         `json:"meaning,omitempty"`
	Why       string         `json:"why,omitempty"`
	Raised    programme.Day  `json:"raised"`
	Closed    *programme.Day `json:"closed,omitempty"`
	Due       *programme.Day `json:"due,omitempty"`
	Left      *int           `json:"left,omitempty"` // days, working days where the clock counts these; negative: overdue
	Light     bihuan.Light   `json:"light,omitempty"`
	Late      int            `json:"late"`
	Joined    int            `json:"joined"`
	Seq       int            `json:"seq"`
}

func lineOf(m bihuan.Matter, lang programme.Lang) matterLine {
	l := matterLine{Code: m.Code, Programme: m.Programme, Matter: m.Name, Title: m.Called.In(lang), Subject: m.Subject.Key, Unit: m.Unit, Stage: m.Stage, Outcome: m.Outcome,
		Meaning: m.Meaning, Why: m.Why, Raised: m.RaisedOn, Light: m.Light, Late: m.Late, Joined: m.Joined, Seq: m.Seq}
	if m.ClosedOn != 0 {
		l.Closed = &m.ClosedOn
	}
	if m.Clock.Runs {
		l.Due, l.Left = &m.Clock.Due, &m.Left
	}
	return l
}

// Run lists matters.
func (k *mattersList) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	list := c.listing(k.JSON, c.t("编号", "code"), c.t("事项", "title"), c.t("对象", "subject"), c.t("环节", "stage"), c.t("时限", "due"), c.t("剩余", "left"))
	q := bihuan.MatterQuery{Programme: k.Programme, Name: k.Matter, Unit: k.Unit, State: k.State, Stage: k.Stage, Search: k.Search, Sort: "due", Page: bihuan.Page{Limit: 1000}}
	for {
		page, err := site.Matters(c.ctx, bihuan.System(), q)
		if err != nil {
			return err
		}
		for _, m := range page.Matters {
			due, left := "", ""
			if m.Clock.Runs {
				due, left = m.Clock.Due.String(), strconv.Itoa(m.Left)
			}
			if err := list.add(lineOf(m, c.lang), m.Code, m.Called.In(c.lang), m.Subject.Key, m.StageTitle.In(c.lang), due, left); err != nil {
				return err
			}
		}
		if q.Offset += len(page.Matters); len(page.Matters) == 0 || q.Offset >= page.Total {
			break
		}
	}
	return list.end()
}

type mattersShow struct {
	storage `embed:""`
	Code    string `arg:"" help:"The matter's code." zh:"事项编号。"`
	JSON    bool   `name:"json" help:"One object." zh:"输出一个 JSON 对象。"`
}

// matterWhole is a matter with what happened to it and what can be done.
type matterWhole struct {
	matterLine
	Events []matterStep `json:"events"`
	Forms  []matterForm `json:"forms"`
	Ways   []matterWay  `json:"ways"`
}

type matterStep struct {
	Seq    int                 `json:"seq"`
	Kind   programme.EventKind `json:"kind"`
	Action string              `json:"action,omitempty"`
	As     string              `json:"as"`
	On     programme.Day       `json:"on"`
	At     string              `json:"at"` // when the site was told of it
	Reason string              `json:"reason,omitempty"`
	Told   string              `json:"told,omitempty"` // what the rules said to it
	To     string              `json:"to,omitempty"`
	Late   bool                `json:"late,omitempty"`
}

type matterForm struct {
	Seq    int             `json:"seq"`
	Form   string          `json:"form"`
	On     programme.Day   `json:"on"`
	Values json.RawMessage `json:"values"`
}

type matterWay struct {
	Kind   programme.EventKind `json:"kind"`
	Action string              `json:"action,omitempty"`
	By     []string            `json:"by"`
	Form   string              `json:"form,omitempty"`
	Reason bool                `json:"reason,omitempty"`
	To     []string            `json:"to,omitempty"`
}

// Run shows a matter. Names of people, and what the programme hides, are left out: what stands on a screen is read by others.
func (k *mattersShow) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	m, err := site.Matter(c.ctx, bihuan.System(), k.Code)
	if err != nil {
		return err
	}
	whole := matterWhole{matterLine: lineOf(m.Matter, c.lang), Events: []matterStep{}, Forms: []matterForm{}, Ways: []matterWay{}}
	for _, e := range m.Events {
		whole.Events = append(whole.Events, matterStep{e.Seq, e.Kind, e.Action, e.As.In(c.lang), e.On, e.At.Format("2006-01-02T15:04:05Z07:00"), e.Reason, e.Told.In(c.lang), e.To.In(c.lang), e.Late})
	}
	for _, f := range m.Forms {
		values := maps.Clone(f.Values)
		for name := range values {
			if slices.Contains(m.Hides, name) || slices.Contains(m.Hides, f.Form+"."+name) {
				delete(values, name)
			}
		}
		whole.Forms = append(whole.Forms, matterForm{f.Seq, f.Form, f.On, values.JSON()})
	}
	for _, w := range m.Ways {
		whole.Ways = append(whole.Ways, matterWay{w.Kind, w.Action, w.By, w.Form, w.Reason, w.To})
	}
	if k.JSON {
		return jsonLines(c.out).Encode(whole)
	}
	fmt.Fprintf(c.out, "%s  %s\n%s", m.Code, m.Called.In(c.lang), m.StageTitle.In(c.lang))
	if m.Clock.Runs {
		fmt.Fprintf(c.out, "  %s", programme.T("时限 {0}，剩 {1} 天；{2}", "due {0}, {1} days left; {2}").Fill(m.Clock.Due, m.Left, m.Clock.Why).In(c.lang))
	}
	fmt.Fprintln(c.out)
	table := [][]string{}
	for i, e := range whole.Events {
		table = append(table, []string{m.Events[i].On.String(), m.Events[i].Title.In(c.lang), e.As, e.To, strings.TrimSpace(e.Reason + " " + e.Told)})
	}
	if err := writeAligned(c.out, table); err != nil {
		return err
	}
	for _, w := range whole.Ways {
		fmt.Fprintf(c.out, "  %s %s  (%s)\n", w.Kind, w.Action, strings.Join(w.By, " "))
	}
	return nil
}

type mattersRaise struct {
	storage   `embed:""`
	Programme string `placeholder:"P" help:"Programme (default: the only one)." zh:"规范程序（默认唯一的那个）。"`
	Matter    string `placeholder:"M" help:"Kind of matter (default: the only one of the programme)." zh:"事项种类（默认方案中唯一的那种）。"`
	Subject   string `required:"" placeholder:"KEY" help:"For which subject." zh:"为哪个评价对象。"`
	As        string `placeholder:"ROLE" help:"In which role (default: the first that may)." zh:"以什么角色（默认第一个可以提起的）。"`
	Clause    string `placeholder:"CLAUSE" help:"About which clause." zh:"关于哪一条款。"`
	Values    string `arg:"" help:"What is filled in, as a JSON object; - reads it from the pipe." zh:"填报内容，JSON 对象；- 表示从管道读取。"`
}

// Run raises a matter and prints its code.
func (k *mattersRaise) Run(c *console) error {
	values, err := c.object(k.Values)
	if err != nil {
		return err
	}
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	running, err := theProgramme(c, site, k.Programme)
	if err != nil {
		return err
	}
	name, err := theMatter(running, k.Matter)
	if err != nil {
		return err
	}
	sub, err := site.SubjectByKey(c.ctx, bihuan.System(), running.Name, k.Subject)
	if err != nil {
		return err
	}
	as := k.As
	if m, ok := running.Programme.Matter(name); ok && as == "" {
		as = m.Raise.By[0]
	}
	raised, err := site.Raise(c.ctx, bihuan.System(), bihuan.NewMatter{Subject: sub.ID, Name: name, Values: values, Clause: k.Clause, As: as})
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, raised.Matter.Code)
	return nil
}

type mattersAct struct {
	storage `embed:""`
	Code    string            `arg:"" help:"The matter's code." zh:"事项编号。"`
	Action  string            `arg:"" help:"An action of its stage; or file, pause:WHY, resume, extend, transfer, return, assign, merge, split, withdraw, reopen, close." zh:"本环节的操作；或 file、pause:事由、resume、extend、transfer、return、assign、merge、split、withdraw、reopen、close。"`
	As      string            `required:"" placeholder:"ROLE" help:"In which role." zh:"以什么角色。"`
	Reason  string            `help:"Why." zh:"理由。"`
	To      string            `placeholder:"X" help:"Of transfer: the unit; of assign: the login; of merge: the code." zh:"转办：单位代码；交办：账号；并案：编号。"`
	With    []string          `placeholder:"LOGIN" help:"Of assign: the co-handlers." zh:"交办：会办账号。"`
	Part    []string          `placeholder:"TITLE" help:"Of split: what the parts are called." zh:"分拆：各件的标题。"`
	Form    map[string]string `placeholder:"FORM={…}" mapsep:"none" help:"A form that is filed with it, as a JSON object." zh:"随同填报的表单，JSON 对象。"`
	Seq     int               `placeholder:"N" help:"What was seen of it: refused when it has moved on since." zh:"看到时的序号：之后已有变化则拒绝。"`
}

// Run does something with a matter and prints the stage that it is in now.
func (k *mattersAct) Run(c *console) error {
	mv := bihuan.Move{Kind: programme.EventAct, Action: k.Action, As: k.As, Reason: k.Reason, To: k.To, With: k.With, Parts: k.Part, Seen: k.Seq, Forms: map[string]map[string]any{}}
	for name, text := range k.Form {
		values, err := c.object(text)
		if err != nil {
			return err
		}
		mv.Forms[name] = values
	}
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	m, err := site.Matter(c.ctx, bihuan.System(), k.Code)
	if err != nil {
		return err
	}
	has := func(kind programme.EventKind, action string) bool {
		return slices.ContainsFunc(m.Ways, func(w programme.Way) bool { return w.Kind == kind && w.Action == action })
	}
	if kind, rest, _ := strings.Cut(k.Action, ":"); !has(programme.EventAct, k.Action) && has(programme.EventKind(kind), rest) {
		mv.Kind, mv.Action = programme.EventKind(kind), rest
	}
	if m, err = site.Act(c.ctx, bihuan.System(), m.ID, mv); err != nil {
		return err
	}
	fmt.Fprintln(c.out, m.Stage)
	return nil
}

type mattersTick struct {
	storage `embed:""`
}

// Run lets the day begin and prints how many matters moved.
func (k *mattersTick) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	n, err := site.Tick(c.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, n)
	return nil
}

// existing opens a site that is there.
func (k storage) existing(c *console) (*bihuan.Site, error) {
	if err := k.mustExist(); err != nil {
		return nil, err
	}
	return k.open(c, bihuan.Config{})
}

// object reads a JSON object from an argument or the pipe.
func (c *console) object(text string) (map[string]any, error) {
	if text == "-" {
		b, err := io.ReadAll(io.LimitReader(c.in, 1<<20))
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	var out map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&out); err != nil || out == nil {
		return nil, wrong("不是 JSON 对象：{0}", "it is no JSON object: {0}", text)
	}
	return out, nil
}

func (c *console) t(zh, en string) string { return programme.T(zh, en).In(c.lang) }
