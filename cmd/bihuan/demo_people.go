package main

import (
	"context"

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
		programme.T("看本企业工会得了多少分、为什么", "see what your union scored, and why")},
	{"officer", "示例企业工会", []bihuan.Grant{{Programme: "union", Role: "officer", Unit: enterprise}}, programme.T("企业工会", "union officer"),
		programme.T("填报“职工与会员名册”：职工 480 人，会员 456 人以上，看得分和等级怎样变化", "file the roster with 480 employees and 456 or more members, and watch points and grade move")},
	{"assessor", "示例新埭镇总工会", []bihuan.Grant{{Programme: "union", Role: "assessor", Unit: town}}, programme.T("镇街道总工会", "town assessor"),
		programme.T("待办 → 评判条款、提交本镇得分栏", "my tasks → judge clauses and hand in the town's column")},
	{"judge", "示例市总工会", []bihuan.Grant{{Programme: "union", Role: "judge", Unit: county}}, programme.T("市总工会", "city judge"),
		programme.T("考核周期 → 看进度、结束环节；看板 → 从全市看到一家企业", "rounds → progress, closing a step; board → from the county down to one enterprise")},
	{"admin", "示例管理员", []bihuan.Grant{{Role: bihuan.Admin, Unit: county}}, programme.T("管理员", "administrator"),
		programme.T("管理 → 单位、账号和授权、规范程序版本", "administration → units, accounts and grants, versions")},
}

var visitor = person{role: programme.T("访客（不用登录）", "visitor (no account)"),
	first: programme.T("公开页 → 已评定的等级，每条条款为什么得分", "public page → decided grades, and why each clause got its points")}

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

// enter creates the accounts. Each actor that comes back has the account's identity and the system's power, so that
// history carries names and may be recorded in the past.
func enter(ctx context.Context, site *bihuan.Site, list []person, password string, who map[string]bihuan.Actor) error {
	for _, p := range list {
		account, err := site.CreateAccount(ctx, bihuan.System(), bihuan.NewAccount{Login: p.login, Name: p.name, Password: password, Lang: programme.Zh, Grants: p.grants})
		if err != nil {
			return err
		}
		actor := bihuan.System()
		actor.ID, actor.Login, actor.Name, actor.Grants = account.ID, account.Login, account.Name, account.Grants
		who[p.login] = actor
	}
	return nil
}
