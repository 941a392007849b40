package programme_test

import (
	"fmt"
	"os"
	"testing/fstest"

	"bihuan.dev/bihuan/programme"
)

func ExampleLoad() {
	p, mistakes := programme.Load(fstest.MapFS{"programme.yaml": {Data: []byte(`
programme: team
title: {zh: 示范班组, en: Model team}
subject: {key: code, fields: {code: {type: text}}}
parties: {self: {title: 自评, role: leader}}
roles: {leader: {title: 班组长}}
forms: {roster: {fields: {workers: {type: int}, trained: {type: int}}}}
standard:
  parts:
    - part: "1"
      sections:
        - section: "1.1"
          clauses:
            - {clause: "1.1.1", points: 10, pass: roster.traind == roster.workers}
`)}}, "team")
	mistakes.Render(os.Stdout, programme.En, false)
	fmt.Println(p != nil)
	// Output:
	// programme.yaml:14:58: form roster has no field traind
	//   - {clause: "1.1.1", points: 10, pass: roster.traind == roster.workers}
	//                                                ^^^^^^
	//   hint: did you mean trained?
	// false
}
