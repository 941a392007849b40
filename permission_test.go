package bihuan_test

import (
	"testing"

	"bihuan.dev/bihuan"
)

// Who may what: every verb of this half by everybody, on a home in the east.
func TestWhoMayWhat(t *testing.T) {
	const (
		ok = -1
		no = int(bihuan.Forbidden)
		nf = int(bihuan.NotFound)
		si = int(bihuan.Unauthenticated)
	)
	who := []string{"", "member", "officer", "stranger", "assessor", "judge", "townadmin", "admin"}
	each(t, func(r *runner) {
		id, wid := r.ID("E1"), r.ID("W1")
		r.Who("officer")
		filed := r.File("E1", "visit", "", values{"day": "2021-05-01"})
		r.Want()
		n := 0
		roster := func() values { n++; return values{"people": 100 + n, "members": 50} }
		for _, c := range []struct {
			verb string
			do   func(a bihuan.Actor) error
			want []int
		}{
			{"File roster", func(a bihuan.Actor) error {
				_, err := r.site.File(r.ctx, a, bihuan.Filing{Subject: id, Form: "roster", Values: roster()})
				return err
			}, []int{si, no, ok, nf, ok, no, ok, ok}}, // the judge's party may not file it; administrators type in for the first that may
			{"File roster as the town", func(a bihuan.Actor) error {
				_, err := r.site.File(r.ctx, a, bihuan.Filing{Subject: id, Form: "roster", By: "town", Values: roster()})
				return err
			}, []int{si, no, no, nf, ok, no, ok, ok}},
			{"File opinion", func(a bihuan.Actor) error {
				_, err := r.site.File(r.ctx, a, bihuan.Filing{Subject: id, Form: "opinion", Values: values{"content": "好"}})
				return err
			}, []int{si, ok, no, nf, no, no, ok, ok}},
			{"File what it is", func(a bihuan.Actor) error {
				_, err := r.site.File(r.ctx, a, bihuan.Filing{Subject: id, Form: "subject", Values: values{"title": "东一之家"}})
				return err
			}, []int{si, no, ok, nf, ok, ok, ok, ok}},
			{"FileMany", func(a bihuan.Actor) error {
				_, err := r.site.FileMany(r.ctx, a, "home", []bihuan.Filing{{Subject: "E1", Form: "visit", By: "self", Values: values{"day": "2021-02-01"}}}, bihuan.Import{})
				return err
			}, []int{si, int(bihuan.Invalid), ok, int(bihuan.Invalid), int(bihuan.Invalid), int(bihuan.Invalid), ok, ok}},
			{"Withdraw", func(a bihuan.Actor) error {
				fresh, err := r.site.File(r.ctx, r.Login("officer2"), bihuan.Filing{Subject: id, Form: "visit", Values: values{"day": "2021-05-02"}})
				r.must(err)
				return r.site.Withdraw(r.ctx, a, fresh.ID, "填错了")
			}, []int{si, no, ok, nf, no, no, ok, ok}},
			{"Evidence", func(a bihuan.Actor) error { _, err := r.site.Evidence(r.ctx, a, filed.ID); return err },
				[]int{si, nf, ok, nf, ok, ok, ok, ok}},
			{"Columns", func(a bihuan.Actor) error { _, err := r.site.Columns(r.ctx, a, id, bihuan.At{}); return err },
				[]int{si, ok, ok, nf, ok, ok, ok, ok}},
			{"Columns of nobody", func(a bihuan.Actor) error { _, err := r.site.Columns(r.ctx, a, "nobody", bihuan.At{}); return err },
				[]int{si, nf, nf, nf, nf, nf, nf, nf}},
			{"History", func(a bihuan.Actor) error { _, err := r.site.History(r.ctx, a, id, "town"); return err },
				[]int{si, ok, ok, nf, ok, ok, ok, ok}},
			{"Due", func(a bihuan.Actor) error { _, err := r.site.Due(r.ctx, a, id); return err },
				[]int{si, ok, ok, nf, ok, ok, ok, ok}},
			{"Subject", func(a bihuan.Actor) error { _, err := r.site.Subject(r.ctx, a, id); return err }, // nothing is decided yet
				[]int{nf, ok, ok, nf, ok, ok, ok, ok}},
			{"SaveDraft", func(a bihuan.Actor) error { return r.site.SaveDraft(r.ctx, a, id, "roster", values{"people": "1x"}) },
				[]int{si, ok, ok, nf, ok, ok, ok, ok}},
			{"Enrol in the east", func(a bihuan.Actor) error {
				_, err := r.site.Enrol(r.ctx, a, "home", []bihuan.NewSubject{{Unit: "e1", Fields: values{"code": "N1", "title": "新"}}}, bihuan.Import{})
				return err
			}, []int{si, int(bihuan.Invalid), int(bihuan.Invalid), int(bihuan.Invalid), ok, ok, ok, ok}},
			{"Move from the west", func(a bihuan.Actor) error {
				_, err := r.site.Enrol(r.ctx, a, "home", []bihuan.NewSubject{{Unit: "e1", Fields: values{"code": "W1", "title": "西一之家"}}}, bihuan.Import{})
				r.Enrol("home", "w1", values{"code": "W1", "title": "西一之家"})
				return err
			}, []int{si, int(bihuan.Invalid), int(bihuan.Invalid), int(bihuan.Invalid), int(bihuan.Invalid), ok, int(bihuan.Invalid), ok}},
			{"Leave", func(a bihuan.Actor) error {
				defer r.Enrol("home", "e1", values{"code": "E1", "title": "东一之家"})
				return r.site.Leave(r.ctx, a, id, "注销")
			}, []int{si, no, no, nf, ok, ok, ok, ok}},
			{"Publish", func(a bihuan.Actor) error {
				_, err := r.site.Publish(r.ctx, a, fixture(r, "home", nil), "home", "")
				return err
			}, []int{si, no, no, no, no, no, no, ok}},
			{"File for the west", func(a bihuan.Actor) error {
				_, err := r.site.File(r.ctx, a, bihuan.Filing{Subject: wid, Form: "roster", Values: roster()})
				return err
			}, []int{si, nf, nf, ok, nf, no, nf, ok}},
		} {
			for i, login := range who {
				err := c.do(r.Login(login))
				got := ok
				if k, refused := bihuan.KindOf(err); refused {
					got = int(k)
				} else if err != nil {
					t.Fatalf("%s by %q broke: %v", c.verb, login, err)
				}
				if got != c.want[i] {
					t.Errorf("%s by %q: got %v (%v), want %v", c.verb, login, got, err, c.want[i])
				}
			}
		}
		for login, want := range map[string]int{"member": 2, "officer": 2, "stranger": 1, "assessor": 2, "judge": 3, "townadmin": 2, "": 0} {
			rows, total, err := r.site.Subjects(r.ctx, r.Login(login), bihuan.SubjectQuery{Programme: "home"})
			if err != nil || total != want || len(rows) != want {
				t.Errorf("%q sees %d of %d subjects, %v; want %d", login, len(rows), total, err, want)
			}
		}
		list, err := r.site.EvidenceOf(r.ctx, r.Login("member"), id, "")
		if err != nil || len(list) != 1 || list[0].Form != "opinion" {
			t.Errorf("a member reads %d pieces of evidence, %v", len(list), err)
		}
		r.sameAsAnew("home")
	})
}
