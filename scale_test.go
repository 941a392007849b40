package bihuan_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/internal/dbtest"
)

// bigCounty is a site of ten thousand homes in nine towns under a standard of thirty clauses.
func bigCounty(b testing.TB, url string, homes int) *runner {
	r := open(b, url, b.TempDir())
	var y strings.Builder
	y.WriteString(`
programme: county
version: "1"
title: 大县
subject: {title: 户, key: code, name: title, fields: {code: {type: text, required: true}, title: {type: text, required: true}}}
roles: {officer: {}, judge: {}}
parties: {self: {role: officer}, city: {role: judge}}
forms:
`)
	for f := range 6 {
		fmt.Fprintf(&y, "  f%d: {valid: 3 years, every: 1 year, fields: {", f)
		for x := range 5 {
			fmt.Fprintf(&y, "x%d: {type: int, min: 0}, ", x)
		}
		y.WriteString("}}\n")
	}
	y.WriteString("standard:\n  total: 90\n  parts:\n    - part: \"1\"\n      sections:\n        - section: \"1.1\"\n          clauses:\n")
	for c := range 30 {
		fmt.Fprintf(&y, "            - {clause: \"1.1.%d\", points: 3, pass: f%d.x%d > 50}\n", c+1, c/5, c%5)
	}
	y.WriteString("grades: {bands: [{grade: gold, at_least: 60}, {grade: silver, at_least: 45}], else: none}\n")
	units := []bihuan.UnitRow{{Row: 2, Code: "c", Name: "平湖市", Level: "county"}}
	for t := range 9 {
		units = append(units, bihuan.UnitRow{Row: 3 + t, Code: fmt.Sprint("t", t), Parent: "c", Name: fmt.Sprint("镇", t), Level: "town"})
	}
	subjects := make([]bihuan.NewSubject, homes)
	for i := range subjects {
		code := fmt.Sprintf("e%05d", i)
		units = append(units, bihuan.UnitRow{Row: 100 + i, Code: code, Parent: fmt.Sprint("t", i%9), Name: homeName(i), Level: "enterprise"})
		subjects[i] = bihuan.NewSubject{Row: 2 + i, Unit: code, On: day("2020-01-01"), Fields: values{"code": fmt.Sprintf("H%05d", i), "title": homeName(i) + "之家"}}
	}
	step := func(what string, f func() error) {
		start := time.Now()
		if err := f(); err != nil {
			b.Fatal(describe(err))
		}
		b.Logf("%-24s %v", what, time.Since(start).Round(time.Millisecond))
	}
	step("import units", func() error { _, err := r.site.ImportUnits(r.ctx, r.as, units, bihuan.Import{}); return err })
	step("publish", func() error {
		_, err := r.site.Publish(r.ctx, r.as, fstest.MapFS{"programme.yaml": {Data: []byte(y.String())}}, "county", "")
		return err
	})
	step("enrol", func() error { _, err := r.site.Enrol(r.ctx, r.as, "county", subjects, bihuan.Import{}); return err })
	for f := range 6 {
		rows := countyRows(homes, f)
		step(fmt.Sprintf("file %d of form %d", homes, f), func() error {
			_, err := r.site.FileMany(r.ctx, r.as, "county", rows, bihuan.Import{})
			return err
		})
	}
	return r
}

func homeName(i int) string {
	names := []rune("平湖东风新光明华大海天龙金玉兴旺达通和顺安康福田水山林木")
	return fmt.Sprintf("%c%c%c%d公司", names[i%28], names[i/28%28], names[i/784%28], i)
}

func countyRows(homes, form int) []bihuan.Filing {
	random := rand.New(rand.NewPCG(1, uint64(form)))
	rows := make([]bihuan.Filing, homes)
	for i := range rows {
		v := values{}
		for x := range 5 {
			v[fmt.Sprint("x", x)] = random.IntN(100)
		}
		rows[i] = bihuan.Filing{Row: 2 + i, Subject: fmt.Sprintf("H%05d", i), Form: fmt.Sprint("f", form), On: day("2021-01-01"), By: "self", Values: v}
	}
	return rows
}

// Lists are to answer within 0.3 s with ten thousand subjects, and ten thousand rows to be filed in a second or two.
func BenchmarkCounty(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkCounty(b, dbtest.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { benchmarkCounty(b, dbtest.Postgres(b)) })
}

func benchmarkCounty(b *testing.B, url string) {
	r := bigCounty(b, url, 10_000)
	for name, q := range map[string]bihuan.SubjectQuery{
		"by name": {}, "by total": {Sort: "-total"}, "by grade": {Sort: "grade"}, "last page": {Sort: "rank", Offset: 9_950},
		"search": {Search: "平湖"}, "search pinyin": {Search: "phd"}, "clause": {Clause: "1.1.7", Status: "unmet"}, "town": {Unit: "t3", Sort: "rank"},
		"grade": {Grade: "gold", Sort: "-total"},
	} {
		q.Programme = "county"
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if rows, total, err := r.site.Subjects(r.ctx, r.as, q); err != nil || len(rows) == 0 || total < len(rows) {
					b.Fatal(len(rows), total, err)
				}
			}
		})
	}
	b.Run("file one", func(b *testing.B) {
		sub, err := r.site.SubjectByKey(r.ctx, r.as, "county", "H00007")
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			if _, err := r.site.File(r.ctx, r.as, bihuan.Filing{Subject: sub.ID, Form: "f1", By: "self", Values: values{"x0": i % 100}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
