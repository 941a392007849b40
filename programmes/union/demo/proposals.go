//go:build ignore

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
)

// A proposal is one line of proposals.jsonl: the form it was raised with, then what happened, then where it stands on the anchor day.
type proposal struct {
	Code    string  `json:"code"`
	Subject string  `json:"subject"`
	Raised  string  `json:"raised"`
	By      string  `json:"by"`
	Who     string  `json:"who,omitempty"` // the account of the demo that raised it
	Values  v       `json:"values"`
	Events  []event `json:"events"`
	Stage   string  `json:"stage"`
}

// An event is something that happened to it, at the stage it found.
type event struct {
	On     string       `json:"on"`
	Stage  string       `json:"stage"`
	Kind   string       `json:"kind"`
	Action string       `json:"action,omitempty"`
	By     string       `json:"by"`
	Who    string       `json:"who,omitempty"`
	Reason string       `json:"reason,omitempty"`
	Forms  map[string]v `json:"forms,omitempty"`
	Votes  v            `json:"votes,omitempty"`
}

// An idea is what a proposal can be about, what was done, and what those concerned gained by it.
type idea struct {
	topic, title, reason, measure, steps, done string
	gain                                       string
	before, after                              float64
	better                                     string
}

var ideas = []idea{
	{"canteen", "食堂午间排队太久", "午间集中下班，排队二十多分钟。", "错峰就餐，增开一个窗口", "分两批就餐，增开窗口", "十一点半和十二点分批，增开一个窗口", "午间排队分钟数", 22, 8, "less"},
	{"canteen", "夜班没有热饭", "夜班只有冷盒饭。", "夜间供应一次热饭", "与食堂商定夜餐", "每晚十一点供应热餐", "夜班热餐份数（每日）", 0, 60, "more"},
	{"canteen", "宿舍热水时间短", "晚上九点后没有热水。", "延长供水", "更换水箱", "热水供应到十一点半", "每日供热水小时数", 3, 6, "more"},
	{"safety", "冲压车间噪声大", "噪声大，耳塞不够用。", "加隔声罩、足量发耳塞", "加装隔声罩并按月发放", "四台设备加装隔声罩", "操作位噪声分贝", 88, 79, "less"},
	{"safety", "高温岗位缺降温设备", "夏季岗位温度高。", "加装岗位风机", "采购岗位风机", "装岗位风机十二台", "岗位最高温度", 37, 31, "less"},
	{"safety", "停车棚充电不安全", "电动车私拉电线。", "建集中充电棚", "建充电棚", "建成六十个充电位", "充电位个数", 0, 60, "more"},
	{"safety", "通道被货物占用", "消防通道常堆货。", "划线并每日巡查", "划线、专人巡查", "全部清理并划线", "每周堵占次数", 9, 1, "less"},
	{"pay", "加班计算不透明", "看不到加班明细。", "工资条列明细", "调整工资条", "工资条列出加班明细", "工资疑问件数（每月）", 14, 3, "less"},
	{"pay", "高温津贴发放时间", "发放时间说不清。", "随当月工资发放", "调整发放流程", "随当月工资发放", "延迟发放天数", 35, 0, "less"},
	{"training", "新员工没有师傅带", "上岗前只看视频。", "一对一带教一个月", "确定师傅名单", "二十名新员工结对", "新员工首月返工率", 9.5, 4.2, "less"},
	{"training", "想考技能等级证", "没有时间和费用。", "安排脱产培训", "与学校合办", "开班两期", "取证人数", 3, 21, "more"},
	{"process", "换模时间长", "换一次模要一小时。", "做快换夹具", "试制快换夹具", "三条线改用快换夹具", "换模分钟数", 62, 24, "less"},
	{"process", "边角料浪费", "排版不合理。", "优化排版", "试排三种方案", "采用新排版", "材料利用率（%）", 81, 88, "more"},
	{"process", "工单难找", "纸质工单常找不到。", "工位扫码看工单", "工位装终端", "六个工位装终端", "每班找单分钟数", 18, 2, "less"},
	{"other", "厂区晚上太暗", "下夜班的路灯不亮。", "换路灯", "更换灯具", "更换路灯九盏", "亮灯率（%）", 60, 100, "more"},
	{"other", "孩子暑假没人带", "双职工暑假没人看孩子。", "办暑托班", "腾出教室、请大学生", "办暑托班一期", "托管孩子人数", 0, 26, "more"},
}

// courses are where proposals come to, and how many of them; those of the example enterprise are told apart.
var courses = []struct {
	kind  string
	count int
	hero  bool
}{{"benefited", 3, true}, {"late", 1, true}, {"planned", 1, true}, {"declined", 1, true}, {"rating", 1, true}, {"benefit", 1, true}, {"proposed", 1, true},
	{"benefited", 11, false}, {"late", 2, false}, {"redo", 2, false}, {"partly", 3, false}, {"declined", 2, false}, {"withdrawn", 1, false}, {"unresolved", 2, false},
	{"planned", 2, false}, {"rating", 1, false}, {"benefit", 1, false}, {"doing", 2, false}, {"overdue", 2, false}, {"joining", 1, false}, {"proposed", 1, false}}

// proposals writes them: of the example enterprise and of others that were there from the first day.
func proposals(all []*enterprise) {
	luck := rand.New(rand.NewPCG(seed, 7))
	between := func(low, high int) int { return low + luck.IntN(high-low+1) }
	var others []*enterprise
	for _, e := range all[1:] {
		if !e.landed.After(first) && e.odd == "" && e.size != "micro" {
			others = append(others, e)
		}
	}
	var out []proposal
	n := 0
	for _, c := range courses {
		for i := range c.count {
			of := all[0]
			if !c.hero {
				of = others[(n*7)%60]
			}
			t := story{between: between, idea: ideas[(n*5+3)%len(ideas)], kind: c.kind, joiners: between(4, 9)}
			if c.hero && (c.kind == "benefit" || c.kind == "rating") {
				t.joiners = 6
			}
			n++
			t.run()
			raised := first.AddDate(0, 1, luck.IntN(max(1, int(anchor.Sub(first).Hours()/24)-t.at-60)))
			if c.kind == "late" || c.hero && c.kind == "benefited" {
				raised = anchor.AddDate(0, 0, -t.at-40-70*i-luck.IntN(20)) // closed within twelve months
			}
			if t.open() {
				raised = anchor.AddDate(0, 0, -t.at-t.rest)
			}
			p := proposal{Subject: of.key, Raised: date(raised), By: "employee", Stage: t.stage, Events: t.events,
				Values: v{"title": t.idea.title, "topic": t.idea.topic, "reason": t.idea.reason, "measure": t.idea.measure}}
			if c.hero && c.kind == "benefit" {
				p.Who = "employee"
			}
			for k := range p.Events {
				e := &p.Events[k]
				on := raised.AddDate(0, 0, t.on[k])
				e.On = date(on)
				for _, form := range e.Forms {
					for name, x := range form {
						if days, ok := x.(then); ok {
							form[name] = date(on.AddDate(0, 0, int(days)))
						}
					}
				}
				if c.hero && c.kind == "rating" && e.Kind == "file" && e.Who == "" && k == 1 {
					e.Who = "employee"
				}
			}
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b proposal) int { return strings.Compare(a.Raised, b.Raised) })
	file, err := os.Create("proposals.jsonl")
	check(err)
	w := bufio.NewWriter(file)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for i, p := range out {
		p.Code = fmt.Sprintf("TA%s-%03d", strings.ReplaceAll(p.Raised, "-", ""), i+1)
		check(lines.Encode(p))
	}
	check(w.Flush())
	check(file.Close())
}

// then is a day some days after an event, to be turned into a date once the first day is known.
type then int

// A story is how one proposal goes: days count from the day it was raised.
type story struct {
	between func(low, high int) int
	idea    idea
	kind    string
	joiners int
	at      int
	rest    int // days since the last event, of one that is still open
	stage   string
	events  []event
	on      []int
}

func (t *story) open() bool {
	return slices.Contains([]string{"planned", "rating", "benefit", "doing", "overdue", "joining", "proposed"}, t.kind)
}

func (t *story) tell(after int, e event) {
	t.at += after
	e.Stage = t.stage
	t.events, t.on = append(t.events, e), append(t.on, t.at)
}

func (t *story) act(after int, by, action, to string, forms map[string]v, reason string) {
	t.tell(after, event{Kind: "act", By: by, Action: action, Forms: forms, Reason: reason})
	t.stage = to
}

func (t *story) run() {
	t.stage = "proposed"
	switch t.kind {
	case "proposed":
		t.rest = 1
		return
	case "declined":
		t.act(t.between(2, 4), "officer", "decline", "declined", nil, "这件事已在本年度集体合同中约定，办理进度见公开栏")
		return
	case "withdrawn":
		t.act(1, "officer", "return", "proposed", nil, "请写明地点和班次")
		t.act(1, "raiser", "withdraw", "withdrawn", nil, "")
		return
	}
	t.act(t.between(1, 3), "officer", "accept", "joining", nil, "")
	for i := range t.joiners {
		part := "support"
		if i%4 == 3 {
			part = "do"
		}
		t.tell(i%2, event{Kind: "file", By: "employee", Forms: map[string]v{"joining": {"part": part}}})
	}
	if t.kind == "joining" {
		t.rest = 2
		return
	}
	if t.kind == "planned" {
		t.act(3, "officer", "postpone", "planned", map[string]v{"planned": {"reason": "要等车间改造时一并办理", "until": then(150)}}, "")
		t.rest = t.between(40, 90)
		return
	}
	t.act(3, "officer", "start", "doing", map[string]v{"plan": {"holder": "行政岗", "steps": t.idea.steps, "due": then(25)}}, "")
	switch t.kind {
	case "doing":
		t.rest = t.between(5, 18)
		return
	case "overdue":
		t.rest = t.between(40, 55)
		return
	case "unresolved":
		t.act(t.between(15, 25), "assessor", "give_up", "unresolved", nil, "需要调整厂区红线，企业暂无条件，向职工公开说明")
		return
	case "late":
		t.at += 25 // done after its time
	}
	t.finish(t.between(15, 25))
}

// finish is the result, the rating by all who joined, and what was gained.
func (t *story) finish(days int) {
	t.result(days)
	invited := t.joiners + 1
	if t.kind == "rating" {
		t.rest = 4
		return
	}
	if t.kind == "redo" {
		t.votes(invited, invited/2, 1, "doing")
		t.result(t.between(12, 20))
	}
	t.votes(invited, invited, 0, "benefit")
	persons := 20 + 10*t.between(0, 40)
	after := t.idea.after
	if t.kind == "partly" {
		after = (t.idea.before + t.idea.after) / 2
	}
	t.tell(t.between(3, 9), event{Kind: "file", By: "officer", Forms: map[string]v{"gain": {"measure": t.idea.gain, "before": t.idea.before, "after": after, "better": t.idea.better, "persons": persons}}})
	switch t.kind {
	case "benefit":
		t.rest = 3
	case "partly":
		t.act(t.between(2, 6), "raiser", "partly", "partly", nil, "")
	default:
		t.act(t.between(2, 6), "raiser", "confirm", "benefited", nil, "")
	}
}

func (t *story) result(days int) {
	t.act(days, "officer", "done", "rating", map[string]v{"result": {"done": t.idea.done, "solved": "fully", "cost": 500 * t.between(1, 40)}}, "")
}

// votes are those of all who were asked, so that they are counted at once.
func (t *story) votes(invited, satisfied, basically int, to string) {
	t.tell(t.between(2, 6), event{Kind: "ballot", By: "system", Votes: v{"invited": invited, "satisfied": satisfied, "basically": basically, "dissatisfied": invited - satisfied - basically}})
	t.stage = to
}
