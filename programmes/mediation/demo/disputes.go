//go:build ignore

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A dispute is one line of disputes.jsonl: the form it was raised with, then what happened, then where it stands on the anchor day.
type dispute struct {
	Code    string  `json:"code"`
	Subject string  `json:"subject"`
	Raised  string  `json:"raised"`
	By      string  `json:"by"`
	Who     string  `json:"who,omitempty"` // the account of the demo that raised it
	Values  v       `json:"values"`
	Events  []event `json:"events"`
	Stage   string  `json:"stage"`
}

// An event is told as programme.Event has it: kind act, file, extend, pause, resume or transfer, at the stage it found.
type event struct {
	On     string       `json:"on"`
	Stage  string       `json:"stage"`
	Kind   string       `json:"kind"`
	Action string       `json:"action,omitempty"`
	By     string       `json:"by"`
	Reason string       `json:"reason,omitempty"`
	To     string       `json:"to,omitempty"`
	Forms  map[string]v `json:"forms,omitempty"`
}

// A story is what a dispute can be about.
type story struct {
	category, title, facts, wish, terms string
	sum                                 int
}

var stories = []story{
	{"neighbour", "楼上漏水损坏吊顶", "楼上卫生间渗水，楼下吊顶起泡脱落。", "修好漏水并赔偿吊顶", "按期修好并赔偿维修费", 2600},
	{"neighbour", "空调外机噪声", "外机对着邻居卧室窗户，夜间声音大。", "移位或者加装隔声", "外机移到北侧墙面", 800},
	{"neighbour", "院墙滴水", "屋檐雨水滴到邻家院内。", "加装落水管", "加装落水管并接入雨水井", 600},
	{"neighbour", "宠物犬未拴绳", "小区内遛狗未拴绳，惊到老人。", "道歉并拴绳", "当面道歉，今后拴绳", 0},
	{"family", "赡养费分担", "三兄妹对父亲护理费用分担不一致。", "明确每人每月承担数额", "三人每月各承担六百元", 600},
	{"family", "分家析产", "老宅拆建后份额说不清。", "分清各自份额", "按约定比例登记", 30000},
	{"land", "田埂边界", "相邻承包地翻耕后田埂移位。", "恢复原田埂", "请村里测量后恢复田埂", 0},
	{"land", "宅基地采光", "新建房屋影响后排采光。", "降低檐口或者补偿", "檐口退让并补偿", 5000},
	{"property", "停车位收费", "物业调整车位费未公示。", "公示并退还多收部分", "公示收费依据并退还多收费用", 480},
	{"property", "电梯停运", "电梯多次停运，维修不及时。", "限期维修并减免物业费", "按期修复，减免一个月物业费", 150},
	{"debt", "借款到期未还", "借款到期后一直未归还。", "归还本金", "分三期归还本金", 20000},
	{"debt", "装修尾款", "装修完工后对质量有争议，尾款未付。", "整改后结清尾款", "整改瑕疵后付清尾款", 12000},
	{"injury", "电动车碰擦", "路口两车碰擦，一方手臂擦伤。", "赔偿医药费和误工费", "赔偿医药费和误工费", 3500},
	{"injury", "树枝砸坏车辆", "大风后小区树枝掉落砸坏车顶。", "赔偿修车费", "物业承担修车费七成", 4200},
	{"consumer", "健身卡退费", "门店搬迁后不愿退卡。", "退还剩余费用", "按期退还剩余费用", 1800},
	{"consumer", "家具色差", "到货家具与样品颜色不符。", "换货或者退款", "换货并承担运费", 5200},
	{"medical", "口腔修复争议", "义齿佩戴不适，双方对原因看法不一。", "重做或者退费", "免费重做", 3000},
	{"environment", "油烟扰民", "餐馆排烟口朝向居民楼。", "改道排烟", "按期加高烟道", 0},
	{"other", "广场舞音量", "晚间音量大，影响学生休息。", "降低音量、缩短时间", "九点前结束并降低音量", 0},
}

var labours = []story{
	{"labour", "离职工资结算", "离职后最后一个月工资未结清。", "结清工资", "按期结清工资", 6800},
	{"labour", "加班费计算", "节日加班费计算标准不一致。", "补足加班费", "补足加班费差额", 2300},
	{"labour", "工伤待遇", "轻微工伤后停工期间待遇有争议。", "补发停工留薪期工资", "补发停工留薪期工资", 5600},
}

var offices = []story{
	{"government", "道路施工影响出行", "门前道路开挖后未及时恢复。", "尽快恢复并设便道", "", 0},
	{"government", "补贴发放口径", "对种粮补贴面积核定有疑问。", "重新核定", "", 0},
}

// A path makes the events of one kind of dispute.
type path struct {
	kind  string
	count int
}

var paths = []path{{"easy", 19}, {"at_once", 14}, {"ordinary", 28}, {"extended", 6}, {"hard", 6}, {"labour", 8}, {"redo", 4}, {"long_term", 5}, {"failed", 8},
	{"arbitration", 5}, {"refused", 3}, {"breached", 3}, {"petition", 5}, {"review", 2}, {"final", 1}, {"declined", 3}, {"withdrawn", 3}, {"transferred", 2},
	{"unconfirmed", 3}, {"unresolved", 2}, {"open", 12}, {"stuck", 3}}

func disputes() []any {
	var all []dispute
	for _, p := range paths {
		for range p.count {
			all = append(all, invent(p.kind))
		}
	}
	all = append(all, desk()...)
	slices.SortStableFunc(all, func(a, b dispute) int { return strings.Compare(a.Raised, b.Raised) })
	var out []any
	for i, d := range all {
		d.Code = fmt.Sprintf("MD%s-%04d", strings.ReplaceAll(d.Raised, "-", ""), i+1)
		out = append(out, d)
	}
	return out
}

// desk are the disputes on the desk of one centre that the demo shows around: one at each turn that somebody has to take.
func desk() (all []dispute) {
	for i, stage := range []string{"registered", "accepted", "confirming", "callback", "hard"} {
		s := stories[[]int{1, 10, 8, 0, 7}[i]]
		values := v{"title": s.title, "channel": "visit", "category": s.category, "people": 2, "facts": s.facts, "wish": s.wish, "private": false}
		if s.sum > 0 {
			values["amount"] = s.sum
		}
		t := &teller{stage: "registered", q: centres[5].q}
		back := 1
		if stage != "registered" {
			t.act(1, "clerk", "accept", "accepted", map[string]v{"acceptance": {"told": then(0), "way": "on_the_spot", "rights": true}}, "")
		}
		switch stage {
		case "confirming", "callback":
			t.act(1, "clerk", "ordinary", "ordinary", map[string]v{"assignment": {"lead": "调解岗1", "chosen": "parties", "risk": "low"}}, "")
			t.attempt(4, "closer")
			t.attempt(5, "agreed")
			pact := v{"form_of": "written", "effective": then(0), "terms": s.terms, "last_day": then(8), "sum": s.sum}
			t.act(1, "mediator", "agree", "confirming", map[string]v{"agreement": pact}, "")
			back = 5
		case "hard":
			t.act(1, "head", "hard", "hard", map[string]v{"assignment": {"lead": "调解岗2", "chosen": "centre", "risk": "high"}}, "")
			t.attempt(9, "apart")
			t.tell(2, event{Kind: "pause", Action: "hearing", By: "head"})
			t.tell(7, event{Kind: "resume", By: "head"})
			t.attempt(12, "apart")
			back = 50
		}
		if stage == "callback" {
			t.act(2, "raiser", "waive", "performing", nil, "双方愿意自行履行")
			t.tell(3, event{Kind: "file", By: "mediator", Forms: map[string]v{"followup": {"visited": then(0), "share": "partly"}}})
			t.act(4, "mediator", "performed", "callback", map[string]v{"performance": {"done_on": then(0)}}, "")
			back = 2
		}
		raised := anchor.AddDate(0, 0, -t.at-back)
		d := t.dispute(centres[5].key, raised, values)
		if stage == "confirming" || stage == "callback" {
			d.Who = "resident" // whose turn it is, too
		}
		all = append(all, d)
	}
	return all
}

// accusations are against the centre whose desk the demo shows, which never learns of them.
func accusations() []any {
	values := v{"accused": "中心窗口岗位（示例）", "charge": "反映受理时态度生硬、拖延登记（示例）"}
	checking := &teller{stage: "received"}
	checking.act(4, "reviewer", "check", "checking", map[string]v{"accusation_receipt": {"told": then(0), "handler": "信访督查岗"}}, "")
	over := &teller{stage: "received"}
	over.act(3, "reviewer", "check", "checking", map[string]v{"accusation_receipt": {"told": then(0), "handler": "信访督查岗"}}, "")
	over.act(25, "reviewer", "answer", "telling", map[string]v{"accusation_answer": {"told": then(0), "finding": "partly"}}, "")
	over.act(6, "raiser", "accept", "told", nil, "")
	var out []any
	for i, d := range []dispute{checking.dispute(centres[5].key, anchor.AddDate(0, 0, -20), values), over.dispute(centres[8].key, anchor.AddDate(0, 0, -150), values)} {
		d.Code = fmt.Sprintf("JK%s-%02d", strings.ReplaceAll(d.Raised, "-", ""), i+1)
		out = append(out, d)
	}
	return out
}

// teller writes events one after another, counting days from the day the dispute was raised.
type teller struct {
	at     int
	stage  string
	q      float64 // how well the centre works
	events []event
	on     []int // the day of each event
}

func (t *teller) tell(after int, e event) {
	t.at += after
	e.Stage = t.stage
	t.events, t.on = append(t.events, e), append(t.on, t.at)
}

func (t *teller) act(after int, by, action, to string, forms map[string]v, reason string) {
	t.tell(after, event{Kind: "act", By: by, Action: action, Forms: forms, Reason: reason})
	t.stage = to
}

// then is a day some days after the one reached, to be turned into a date once the first day is known.
type then int

func invent(kind string) dispute {
	c := centres[luck.IntN(len(centres))]
	s := stories[luck.IntN(len(stories))]
	switch kind {
	case "labour", "arbitration":
		s = labours[luck.IntN(len(labours))]
	case "petition", "review", "final":
		s = offices[luck.IntN(len(offices))]
	case "hard", "unresolved":
		s = stories[7]
	}
	values := v{"title": s.title, "channel": []string{"visit", "visit", "visit", "phone", "online", "online", "letter", "grid", "police", "court", "transfer"}[luck.IntN(11)],
		"category": s.category, "people": 2 + luck.IntN(3), "facts": s.facts, "wish": s.wish, "private": luck.IntN(6) == 0}
	sum := 0
	if s.sum > 0 {
		sum = s.sum + 50*luck.IntN(20)
		values["amount"] = sum
	}
	t := &teller{stage: "registered", q: c.q}
	switch kind {
	case "declined":
		t.act(between(1, 4), "clerk", "decline", "declined", nil, "已经由法院立案审理，不再受理，已告知本人")
	case "transferred":
		values["accused"], values["charge"] = "示例单位经办岗位", "反映办事拖延、态度生硬（示例）"
		t.act(between(2, 5), "reviewer", "hand_over", "transferred", map[string]v{"handover": {"body": "有管理权限的机关", "number": "平示移〔2026〕" + text(between(1, 30)) + "号"}}, "")
	default:
		t.begin(kind, c, sum, s)
	}
	length := t.at
	raised := first.AddDate(0, 0, luck.IntN(max(1, int(anchor.Sub(first).Hours()/24)-length)))
	switch kind {
	case "open":
		raised = anchor.AddDate(0, 0, -luck.IntN(16))
	case "stuck":
		raised = anchor.AddDate(0, 0, -60-luck.IntN(30))
	}
	return t.dispute(c.key, raised, values)
}

// dispute gives the story its days, as far as the anchor day.
func (t *teller) dispute(centre string, raised time.Time, values v) dispute {
	d := dispute{Subject: centre, Raised: date(raised), By: "resident", Values: values, Stage: t.stage, Events: []event{}}
	for i, e := range t.events {
		on := raised.AddDate(0, 0, t.on[i])
		if on.After(anchor) {
			d.Stage = e.Stage
			break
		}
		e.On = date(on)
		for _, form := range e.Forms {
			for name, x := range form {
				if n, ok := x.(then); ok {
					form[name] = date(on.AddDate(0, 0, int(n)))
				}
			}
		}
		d.Events = append(d.Events, e)
	}
	return d
}

// begin is acceptance, grading and what follows from them.
func (t *teller) begin(kind string, c centre, sum int, s story) {
	accepted := between(0, 4)
	if luck.Float64() > c.q+0.12 {
		accepted = between(11, 15) // late
	}
	if luck.IntN(25) == 0 {
		t.act(between(0, 1), "clerk", "supplement", "registered", nil, "请补充有关票据")
	}
	t.act(accepted, "clerk", "accept", "accepted", map[string]v{"acceptance": {"told": then(0), "way": []string{"on_the_spot", "message", "written"}[luck.IntN(3)], "rights": true}}, "")
	if kind == "refused" {
		t.act(1, "clerk", "refused", "advised", map[string]v{"advice": {"reason": "对方明确拒绝调解", "ways": []string{"court", "legal_aid"}}}, "")
		t.served()
		return
	}
	track := map[string]string{"easy": "easy", "at_once": "easy", "hard": "hard", "unresolved": "hard", "labour": "labour", "arbitration": "labour", "petition": "deciding", "review": "deciding", "final": "deciding"}[kind]
	if track == "" {
		track = "ordinary"
	}
	action, by := track, "clerk"
	if track == "deciding" {
		action = "petition"
	}
	if track == "hard" || track == "deciding" {
		by = "head"
	}
	t.act(between(0, 2), by, action, track, map[string]v{"assignment": {"lead": "调解岗" + text(between(1, 5)), "chosen": []string{"parties", "centre"}[luck.IntN(2)], "risk": []string{"low", "low", "middle", "high"}[luck.IntN(4)]}}, "")
	switch kind {
	case "petition", "review", "final":
		t.petition(kind)
		return
	case "withdrawn":
		t.attempt(between(2, 6), "closer")
		t.act(between(1, 3), "raiser", "withdraw", "withdrawn", nil, "")
		return
	case "stuck":
		t.attempt(between(3, 6), "apart")
		return
	case "extended":
		t.attempt(between(8, 12), "apart")
		t.tell(between(8, 12), event{Kind: "extend", By: "head", Reason: "等待鉴定意见，已告知双方"})
		t.attempt(between(10, 14), "closer")
	case "hard":
		t.attempt(between(8, 12), "apart")
		t.tell(2, event{Kind: "pause", Action: "hearing", By: "head"})
		t.tell(between(5, 9), event{Kind: "resume", By: "head"})
		t.attempt(between(8, 14), "closer")
	case "easy", "at_once", "labour":
		t.attempt(between(1, 4), "agreed")
	case "open":
		t.attempt(between(6, 9), "closer")
		t.attempt(between(8, 10), "agreed")
	default:
		t.attempt(between(3, 8), "apart")
		t.attempt(between(4, 9), "closer")
	}
	switch kind {
	case "failed", "arbitration":
		ways := []string{"court", "legal_aid"}
		if kind == "arbitration" {
			ways = []string{"arbitration", "legal_aid"}
		}
		t.act(between(1, 3), "mediator", "fail", "advised", map[string]v{"advice": {"reason": "双方分歧较大，调解不成", "ways": ways}}, "")
		t.served()
		return
	case "unresolved":
		t.act(between(10, 20), "head", "give_up", "unresolved", nil, "三次会商仍不能达成一致，双方也不愿走其他途径，向社会说明")
		return
	}
	t.agreed(kind, sum, s)
}

func (t *teller) attempt(after int, outcome string) {
	t.tell(after, event{Kind: "file", By: "mediator", Forms: map[string]v{"attempt": {"held": then(0), "present": 2, "outcome_of": outcome}}})
}

// agreed is an agreement, its performance, and the word of those concerned.
func (t *teller) agreed(kind string, sum int, s story) {
	days := between(5, 20)
	terms := s.terms
	if kind == "at_once" {
		days, terms = 0, "当场履行："+s.terms
	}
	pact := v{"form_of": "written", "effective": then(0), "terms": terms, "last_day": then(days)}
	if sum > 0 {
		pact["sum"] = sum
	}
	t.act(1, "mediator", "agree", "confirming", map[string]v{"agreement": pact}, "")
	if kind == "at_once" {
		t.act(0, "mediator", "performed", "callback", map[string]v{"performance": {"done_on": then(0)}}, "")
	} else {
		if luck.IntN(4) == 0 || kind == "breached" {
			t.act(between(1, 4), "mediator", "apply", "performing", map[string]v{"confirmation": {"applied": then(0), "court": "示例人民法院"}}, "")
		} else {
			t.act(between(1, 4), "raiser", "waive", "performing", nil, "双方愿意自行履行")
		}
		t.tell(days/2, event{Kind: "file", By: "mediator", Forms: map[string]v{"followup": {"visited": then(0), "share": "partly"}}})
		switch kind {
		case "breached":
			t.act(days, "mediator", "breached", "advised", map[string]v{"advice": {"reason": "到期未履行", "ways": []string{"execution", "court"}}}, "")
			t.served()
			return
		case "long_term":
			t.act(days/2+1, "raiser", "long_term", "agreed", t.rating(true), "")
			return
		}
		t.act(days/2+1, "mediator", "performed", "callback", map[string]v{"performance": {"done_on": then(0)}}, "")
	}
	switch kind {
	case "redo":
		t.act(between(2, 5), "raiser", "redo", "redo", nil, "履行后问题又出现，没有真正解决")
		t.attempt(between(4, 9), "agreed")
		t.agreed("easy", sum, s)
	case "unconfirmed":
		t.act(11, "clerk", "silent", "unconfirmed", map[string]v{"contact": {"first": then(-8), "second": then(-4), "third": then(0)}}, "")
	default:
		t.act(between(1, 9), "raiser", "confirm", "performed", t.rating(true), "")
	}
}

// rating is the word of who raised a dispute: better where the centre works well, and where there was an agreement.
func (t *teller) rating(agreed bool) map[string]v {
	satisfied, basically := 0.3+0.65*t.q, 0.97
	if !agreed {
		satisfied, basically = 0.45*t.q, 0.4+0.5*t.q
	}
	overall, n := "dissatisfied", luck.Float64()
	if n < satisfied {
		overall = "satisfied"
	} else if n < basically {
		overall = "basically"
	}
	return map[string]v{"rating": {"overall": overall}}
}

// served ends without an agreement: the ways that are open were told.
func (t *teller) served() {
	if luck.Float64() < 0.6*t.q {
		t.act(between(1, 3), "raiser", "received", "not_agreed", t.rating(false), "")
		return
	}
	t.act(between(2, 4), "clerk", "served", "not_agreed", map[string]v{"delivery": {"served_on": then(0)}}, "")
}

// petition is a written decision and, if asked for, its review and final review.
func (t *teller) petition(kind string) {
	t.act(between(12, 22), "head", "reply", "replied", map[string]v{"decision": {"served": then(0), "result": []string{"support", "partly", "explain"}[luck.IntN(3)], "grounds": "现场核实，依据有关规定"}}, "")
	if kind == "petition" {
		t.act(between(3, 15), "raiser", "satisfied", "decided", t.rating(false), "")
		return
	}
	t.act(between(8, 20), "raiser", "review", "reviewing", nil, "对处理意见不服")
	t.act(between(15, 25), "reviewer", "opinion", "reviewed", map[string]v{"review": {"told": then(0), "stands": "upheld", "why": "事实清楚，依据适当"}}, "")
	if kind == "review" {
		t.act(between(5, 15), "raiser", "accept", "decided", t.rating(false), "")
		return
	}
	t.act(between(8, 20), "raiser", "again", "final_review", nil, "仍不服")
	t.act(between(15, 25), "judge", "opinion", "final", map[string]v{"final_opinion": {"told": then(0), "stands": "changed", "why": "部分面积应重新核定"}}, "")
}

func between(low, high int) int { return low + luck.IntN(high-low+1) }

func day(s string) time.Time {
	t, err := time.Parse("2006-01-02", s)
	check(err)
	return t
}

func date(t time.Time) string { return t.Format("2006-01-02") }
func text(n int) string       { return strconv.Itoa(n) }

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
