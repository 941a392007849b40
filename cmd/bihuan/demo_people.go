package main

import (
	"context"
	"errors"
	"sync"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// demoPassword is everybody's. It is printed, shown on the sign-in page of the demo, and used nowhere else.
const demoPassword = "shifan-2026-demo"

// Where the demo's people are. The enterprise is the one whose evidence is complete; see programmes/union/demo/README.md.
const (
	county     = "330482"
	town       = "330482102" // 新埭镇
	enterprise = "91330482999900011D"
)

// person is an account of the demo.
type person struct {
	login, name string
	grants      []bihuan.Grant
	role, first programme.Text
}

// people are the accounts that the demo prints, in the order in which evidence travels.
var people = []person{
	{"employee", "示例职工", []bihuan.Grant{{Programme: "union", Role: "employee", Unit: enterprise}}, programme.T("职工", "employee"),
		programme.T("我的提案 → 确认得益，看得分怎样变化；再给一件提案评价", "my proposal → confirm the benefit and watch the score move; rate another")},
	{"officer", "示例企业工会", []bihuan.Grant{{Programme: "union", Role: "officer", Unit: enterprise}}, programme.T("企业工会", "union officer"),
		programme.T("填报“职工与会员名册”：职工 480 人，会员 456 人以上，看得分和等级怎样变化", "file the roster with 480 employees and 456 or more members, and watch points and grade move")},
	{"assessor", "示例新埭镇总工会", []bihuan.Grant{{Programme: "union", Role: "assessor", Unit: town}}, programme.T("镇街道总工会", "town assessor"),
		programme.T("待办 → 评判条款、提交本镇得分栏", "my tasks → judge clauses and hand in the town's column")},
	{"judge", "示例市总工会", []bihuan.Grant{{Programme: "union", Role: "judge", Unit: county}}, programme.T("市总工会", "city judge"),
		programme.T("考核周期 → 看进度、结束环节；看板 → 从全市看到一家企业", "rounds → progress, closing a step; board → from the county down to one enterprise")},
	{"resident", "示例当事人", []bihuan.Grant{{Programme: "mediation", Role: "resident", Unit: town}}, programme.T("群众（当事人）", "resident (party to a dispute)"),
		programme.T("待办 → 楼上漏水已履行：确认办结并评价，或者要求重新办理", "my tasks → the leak has been mended: confirm and rate, or ask to do it again")},
	{"clerk", "示例新埭镇受理员", []bihuan.Grant{{Programme: "mediation", Role: "clerk", Unit: town}}, programme.T("矛调中心受理员", "clerk of a dispute centre"),
		programme.T("待办 → 受理一件登记；时限按工作日计", "my tasks → accept a dispute; its clock counts working days")},
	{"mediator", "示例新埭镇调解员", []bihuan.Grant{{Programme: "mediation", Role: "mediator", Unit: town}}, programme.T("调解员", "mediator"),
		programme.T("待办 → 记调解、登记协议", "my tasks → record an attempt, register an agreement")},
	{"head", "示例新埭镇中心主任", []bihuan.Grant{{Programme: "mediation", Role: "head", Unit: town}}, programme.T("矛调中心负责人", "head of a dispute centre"),
		programme.T("待办 → 分级交办、延期；红灯的一件已上报", "my tasks → grade, assign, extend; the red one was escalated")},
	{"reviewer", "示例市信访局", []bihuan.Grant{{Programme: "mediation", Role: "reviewer", Unit: county}}, programme.T("司法、信访、法院评估员", "reviewer of the centres"),
		programme.T("检举控告：中心的人看不到，您看得到", "accusations: you see them, the centre does not")},
	{"committee", "示例市委政法委", []bihuan.Grant{{Programme: "mediation", Role: "judge", Unit: county}}, programme.T("市委政法委", "county committee"),
		programme.T("十个中心的得分：及时受理、按期答复、满意、参评分开计", "the ten centres: timely, on time, satisfied and taking part are scored apart")},
	{"admin", "示例管理员", []bihuan.Grant{{Role: bihuan.Admin, Unit: county}}, programme.T("管理员", "administrator"),
		programme.T("管理 → 单位、账号和授权、规范程序版本", "administration → units, accounts and grants, versions")},
}

var visitor = person{role: programme.T("访客（不用登录）", "visitor (no account)"),
	first: programme.T("公开页 → 已评定的等级，每条条款为什么得分", "public page → decided grades, and why each clause got its points")}

// guest is on the roster of the demo's enterprise and has no account.
var guest = person{name: "示例会员", role: programme.T("职工（没有账号）", "employee without an account"),
	first: programme.T("打开 {0}，输入左边的码：提一件提案；每个码只用一次", "open {0} and type the code on the left: make a proposal; it works once")}

const guestNumber = "YG001"

// guestCode gives the guest a one-time code, another at every start: the site keeps no code, only what it is checked by.
func guestCode(ctx context.Context, site *bihuan.Site) (string, error) {
	sub, err := site.SubjectByKey(ctx, bihuan.System(), "union", enterprise)
	if err != nil {
		return "", err
	}
	added, err := site.AddVoices(ctx, bihuan.System(), sub.ID, "employee", []bihuan.Person{{Name: guest.name, Number: guestNumber}})
	if err != nil {
		return "", err
	}
	if len(added.Slips) > 0 {
		return added.Slips[0].Code, nil
	}
	roster, err := site.Roster(ctx, bihuan.System(), sub.ID, "employee", guestNumber, bihuan.Page{Limit: 1})
	if err != nil || len(roster.Voices) == 0 {
		return "", err
	}
	slips, err := site.NewCodes(ctx, bihuan.System(), sub.ID, "employee", roster.Voices[0].ID)
	if err != nil || len(slips) == 0 {
		return "", err
	}
	return slips[0].Code, nil
}

// hidden are those who filed the history but do not sign in: every town has an assessor, and all unions share one account.
func hidden(towns []bihuan.Unit) []person {
	list := []person{{login: "unions", name: "各企业工会（示例）", grants: []bihuan.Grant{{Programme: "union", Role: "officer", Unit: county}}}}
	for _, u := range towns {
		if u.Code != town {
			list = append(list, person{login: "assessor-" + u.Code, name: "示例" + u.Name + "总工会",
				grants: []bihuan.Grant{{Programme: "union", Role: "assessor", Unit: u.Code}}})
		}
	}
	return list
}

// enter creates the accounts, several at a time: hashing a password takes its while. Each actor that comes back has the
// account's identity and the system's power, so that history carries names and may be recorded in the past.
func enter(ctx context.Context, site *bihuan.Site, list []person, password string, who map[string]bihuan.Actor) error {
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	for _, p := range list {
		wg.Go(func() {
			account, err := site.CreateAccount(ctx, bihuan.System(), bihuan.NewAccount{Login: p.login, Name: p.name, Password: password, Lang: programme.Zh, Grants: p.grants})
			actor := bihuan.System()
			actor.ID, actor.Login, actor.Name, actor.Grants = account.ID, account.Login, account.Name, account.Grants
			mu.Lock()
			defer mu.Unlock()
			who[p.login], errs = actor, append(errs, err)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
