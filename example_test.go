package bihuan_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// A site with one unit, one programme and one subject, to which a form is filed.
func Example() {
	dir, err := os.MkdirTemp("", "bihuan")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	ctx, system := context.Background(), bihuan.System()
	site, err := bihuan.Open(ctx, bihuan.Config{Database: filepath.Join(dir, "bihuan.db")})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = site.Close() }()

	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	_, err = site.ImportUnits(ctx, system, []bihuan.UnitRow{{Row: 2, Code: "330482", Name: "平湖市", Level: "county"}}, bihuan.Import{})
	must(err)
	_, err = site.Publish(ctx, system, os.DirFS("testdata/home"), "home", "")
	must(err)
	_, err = site.Enrol(ctx, system, "home", []bihuan.NewSubject{
		{Row: 2, Unit: "330482", Fields: map[string]any{"code": "A1", "title": "示范之家"}}}, bihuan.Import{})
	must(err)
	home, err := site.SubjectByKey(ctx, system, "home", "A1")
	must(err)

	filed, err := site.File(ctx, system, bihuan.Filing{Subject: home.ID, Form: "roster", By: "self",
		Values: map[string]any{"people": 480, "members": 420}})
	must(err)
	scores, err := site.Columns(ctx, system, home.ID, bihuan.At{})
	must(err)
	why := scores[0].Clauses[0]
	fmt.Println(filed.Before.Own.Total, "→", filed.After.Own.Total)
	fmt.Println(why.Clause, why.Status, why.Why.In(programme.En))
	// Output:
	// 0 → 38
	// 1.1.1 partly 会员 420 ÷ 人数 480 = 0.875, which is 0.025 short of 0.9, 2 steps, 2 points off: 38 points.
}
