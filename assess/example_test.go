package assess_test

import (
	"fmt"
	"testing/fstest"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

func Example() {
	p, mistakes := programme.Load(fstest.MapFS{"programme.yaml": {Data: []byte(`
programme: home
version: "1"
title: 职工之家
subject: {kind: union, key: name, fields: {name: {type: text, title: 名称}}}
parties: {self: {title: 自评, role: officer}}
roles: {officer: {title: 企业工会}}
forms:
  roster:
    title: 名册
    fields: {employees: {type: int, title: 职工, unit: 人}, members: {type: int, title: 会员, unit: 人}}
standard:
  parts:
    - part: "1"
      sections:
        - section: "1.1"
          clauses:
            - clause: "1.1.1"
              points: 10
              measure: ratio(roster.members, roster.employees)
              linear: {full_at: 0.95, each: 0.01, minus: 1}
`)}}, "home")
	if len(mistakes) > 0 {
		fmt.Println(mistakes)
	}
	program, err := assess.Compile(p)
	if err != nil {
		fmt.Println(err)
	}
	day, _ := programme.ParseDay("2021-01-20")
	score := program.Assess(assess.Subject{Key: "s1", Evidence: []assess.Evidence{{
		Form: "roster", On: day, By: "self", Values: programme.Values{"employees": int64(480), "members": int64(462)},
	}}}, assess.Options{AsOf: day})
	fmt.Println(score.Total, score.Clauses[0].Status)
	fmt.Println(score.Clauses[0].Why.Zh)
	// Output:
	// 10 met
	// 会员 462 人 ÷ 职工 480 人 = 0.9625，达到 0.95，得满分 10 分。
}
