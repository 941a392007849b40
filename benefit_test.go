package bihuan_test

import (
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// gained brings a proposal of the first home to the confirmation of what was gained.
func (r *runner) gained(persons string) string {
	r.Helper()
	m := r.Who("m1").Raise("proposal", values{"title": "食堂排队", "reason": "太久"})
	r.Want()
	r.Who("chair").Do(m.ID, "accept")
	r.Do(m.ID, "start", form("plan", values{"steps": "错峰", "due": "2021-06-20"}))
	r.Do(m.ID, "done", form("result", values{"done": "错峰"}))
	r.Want()
	r.Who("m1").Vote(m.ID, "satisfied")
	r.Want()
	r.Who("chair").Do(m.ID, "file:", form("gain", values{"measure": "排队分钟", "before": "20", "after": "6.5", "persons": persons}))
	r.Want()
	return m.ID
}

func (r *runner) benefits(login, unit string) bihuan.Benefits {
	r.Helper()
	b, err := r.site.Benefits(r.ctx, r.Login(login), bihuan.BenefitQuery{Programme: "loop", Unit: unit})
	r.must(err)
	return b
}

// What was gained is in the ledger when those affected confirm it, once, and out of it while the matter is open again.
func TestBenefits(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		first := r.gained("480")
		if b := r.benefits("city", ""); b.Total.Persons != 0 {
			t.Errorf("not confirmed yet: %+v", b.Total)
		}
		r.Who("m1").Do(first, "confirm")
		r.Want()
		r.Do(first, "confirm")
		r.Want(bihuan.Conflict)
		second := r.gained("20")
		r.Who("m1").Do(second, "partly")
		r.Want()
		b := r.benefits("city", "")
		if b.Total.Persons != 500 || b.Total.Matters != 2 || len(b.Years) != 1 || b.Years[0].Year != 2021 || len(b.Units) != 1 || b.Units[0].Unit.Code != "east" {
			t.Errorf("ledger %+v %+v %+v", b.Total, b.Years, b.Units)
		}
		if x := b.List[1]; x.Matter != first || x.Measure.In(programme.En) != "排队分钟" || x.Before.String() != "20" || x.After.String() != "6.5" || x.Partly || !b.List[0].Partly {
			t.Errorf("record %+v", x)
		}
		if b := r.benefits("", ""); b.Total.Persons != 500 { // proposals are public
			t.Errorf("a visitor's ledger: %+v", b.Total)
		}
		of, err := r.site.Benefits(r.ctx, r.Login("city"), bihuan.BenefitQuery{Programme: "loop", Subject: b.List[0].Subject.ID, Year: 2021})
		r.must(err)
		if len(of.Measures) != 1 || of.Measures[0].Before.String() != "40" || of.Measures[0].After.String() != "13" || of.Measures[0].Persons != 500 || of.Measures[0].Matters != 2 || of.Total.Persons != 500 {
			t.Errorf("of the subject: %+v", of.Measures)
		}
		r.Who("m1").Do(first, "reopen:", reason("又排队了"))
		r.Want()
		if b := r.benefits("city", ""); b.Total.Persons != 20 || b.Total.Matters != 1 {
			t.Errorf("after it was reopened: %+v", b.Total)
		}
		r.Do(first, "confirm")
		r.Want()
		if b := r.benefits("city", "east"); b.Total.Persons != 500 {
			t.Errorf("confirmed again: %+v", b.Total)
		}
		p, err := r.site.Promises(r.ctx, bihuan.System(), bihuan.PromiseQuery{Programme: "loop"})
		r.must(err)
		if len(p) != 1 || len(p[0].Breaches) != 0 || p[0].Over != 2 {
			t.Errorf("promises %+v", p)
		}
	})
}

// What was measured, when it is chosen from a list, is called so in the reader's language, record by record and summed.
func TestBenefitOfAChoice(t *testing.T) {
	each(t, func(r *runner) {
		loop(r, map[string]string{"measure: {type: text, title: 量什么, required: true}": "measure: {type: choice, required: true, of: {排队分钟: {zh: 排队分钟, en: Minutes in the queue}}}"})
		m := r.gained("480")
		r.Who("m1").Do(m, "confirm")
		r.Want()
		b := r.benefits("city", "")
		of, err := r.site.Benefits(r.ctx, r.Login("city"), bihuan.BenefitQuery{Programme: "loop", Subject: b.List[0].Subject.ID})
		r.must(err)
		if want := programme.T("排队分钟", "Minutes in the queue"); b.List[0].Measure != want || of.Measures[0].Measure != want {
			t.Errorf("%v, %v", b.List[0].Measure, of.Measures)
		}
	})
}

// A new version carries running matters over where it says so, and notes how many.
func TestAdopt(t *testing.T) {
	each(t, func(r *runner) {
		loop(r)
		m := r.Who("m1").Raise("proposal", values{"title": "修路灯", "reason": "太暗"})
		letter := r.Raise("accusation", values{"about": "账目", "charge": "报销"})
		r.Want()
		v := r.Publish("loop", map[string]string{`version: "1"`: `version: "2"`, "benefit: gain": "benefit: gain\n    running: adopt", "within: 5 working days": "within: 2 working days"})
		if v.Adopted != 1 || v.Kept != 1 {
			t.Errorf("%d adopted, %d kept", v.Adopted, v.Kept)
		}
		got, err := r.site.Matter(r.ctx, bihuan.System(), m.ID)
		r.must(err)
		kept, err := r.site.Matter(r.ctx, bihuan.System(), letter.ID)
		r.must(err)
		if got.VersionID != v.ID || got.Clock.Due != day("2021-06-03") || kept.VersionID == v.ID {
			t.Errorf("until %s", got.Clock.Due)
		}
		r.Who("chair").Do(m.ID, "accept")
		r.Want()
		if m := r.At(m.ID, "joining", "2021-06-11"); m.Outcome != "" || m.Meaning == programme.Good {
			t.Errorf("%+v", m.Matter)
		}
	})
}
