package assess

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bihuan.dev/bihuan/programme"
)

// One piece of evidence after the other — late, early, of the same moment, superseding another, of every form — gives what a
// population gives that is put together anew, in the scores that are kept and in runs over the same columns.
func TestFiledOneByOne(t *testing.T) {
	base, m := programme.LoadDir("testdata/differential/random")
	if len(m.Fatal()) > 0 {
		t.Fatal(m)
	}
	scope := programme.RuleScope(base)
	filed, direct := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt}
		p := w.programme(*base, scope, rapid.IntRange(1, 6).Draw(rt, "clauses"))
		if rapid.IntRange(0, 3).Draw(rt, "plain") > 0 { // without what makes one look at the whole subject
			p.Standard.Vetoes, p.Standard.Grades.DropWhen, p.Standard.Grades.Quota = nil, nil, nil
			for _, c := range p.Clauses() {
				if c.Veto = nil; c.Rank != nil {
					c.Rank, c.Judged = nil, &programme.Judged{}
				}
				for _, policy := range []*programme.Policy{&c.NA, &c.Missing} {
					if policy.Word == "peer_mean" {
						policy.Word = "full"
					}
				}
			}
		}
		pr, err := Compile(p)
		if err != nil {
			rt.Skip(err)
		}
		o := Options{AsOf: today, Party: rapid.SampledFrom([]string{"", "self"}).Draw(rt, "party")}
		all, live := map[string]Subject{}, pr.NewPopulation()
		for i := range rapid.IntRange(1, 4).Draw(rt, "subjects") {
			s := drawSubject(rt, fmt.Sprint(i))
			for k := range s.Evidence {
				s.Evidence[k].ID = fmt.Sprintf("%d.%d", i, k)
			}
			all[s.Key] = s
			live.Put(s)
		}
		scores := pr.NewScores(live, o)
		for n := range rapid.IntRange(1, 8).Draw(rt, "changes") {
			key := fmt.Sprint(rapid.IntRange(0, len(all)-1).Draw(rt, "who"))
			news := drawSubject(rt, key).Evidence
			if len(news) == 0 {
				continue
			}
			e := rapid.SampledFrom(news).Draw(rt, "news")
			if rapid.IntRange(0, 9).Draw(rt, "judges") == 0 {
				e.Form, e.Filer = programme.JudgementForm, rapid.SampledFrom([]string{"ann", "bob"}).Draw(rt, "filer")
				e.Values = programme.Values{"clause": rapid.SampledFrom(pr.Clauses()).Draw(rt, "clause"), "level": "A",
					"points": programme.NewDecimal(rapid.Int64Range(0, 300).Draw(rt, "given"), 2)}
			}
			e.ID, e.Recorded = fmt.Sprint("new ", n), rapid.Int64Range(0, 5).Draw(rt, "recorded")
			x, supersedes := all[key], ""
			if len(x.Evidence) > 0 && rapid.Bool().Draw(rt, "corrects") {
				supersedes = rapid.SampledFrom(x.Evidence).Draw(rt, "wrong").ID
			}
			x.Evidence = append(slices.DeleteFunc(slices.Clone(x.Evidence), func(old Evidence) bool { return old.ID == supersedes }), e)
			all[key] = x
			row, _ := live.Row(key)
			if scores.one != nil {
				scores.one.reset()
			}
			c := scores.File(row, pr.Record(&e), supersedes)
			if filed++; c.Recomputed > 0 && (scores.one == nil || len(scores.one.rows) == 0) {
				direct++ // the subject was not looked at as a whole
			}
			plain := pr.NewPopulation()
			for i := range len(all) {
				plain.Put(all[fmt.Sprint(i)])
			}
			same := pr.Run(plain, o)
			if diff := differ2(pr, scores, same); diff != "" {
				rt.Fatal(diff)
			}
			if want := rankOf(same, c.Row); c.Rank != want || c.Total != same.Total(c.Row) || c.Grade != same.Grade(c.Row) {
				rt.Fatalf("%s has %s %s and ranks %d, want %s %s %d", key, c.Total, c.Grade, c.Rank, same.Total(c.Row), same.Grade(c.Row), want)
			}
			for _, o := range []Options{o, {AsOf: today - 3, Party: "self"}} {
				if _, diff := pr.reference(plain, o).differences(pr.Run(live, o)); len(diff) > 0 {
					rt.Fatal(diff)
				}
			}
		}
	})
	if direct == 0 {
		t.Error("nothing was scored field by field")
	}
	t.Logf("%d pieces filed, %d of them scored field by field", filed, direct)
}
