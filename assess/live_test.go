package assess

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bihuan.dev/bihuan/programme"
)

// Scores that are kept current equal those of a full run, with counts and ranks, after every change.
func TestScoresStayCurrent(t *testing.T) {
	base, m := programme.LoadDir("testdata/differential/random")
	if len(m.Fatal()) > 0 {
		t.Fatal(m)
	}
	scope := programme.RuleScope(base)
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt}
		pr, err := Compile(w.programme(*base, scope, 2))
		if err != nil {
			rt.Skip(err)
		}
		o := Options{AsOf: today}
		live, plain := pr.NewPopulation(), pr.NewPopulation()
		for i := range rapid.IntRange(0, 5).Draw(rt, "subjects") {
			s := drawSubject(rt, fmt.Sprint(i))
			live.Put(s)
			plain.Put(s)
		}
		scores := pr.NewScores(live, o)
		for range rapid.IntRange(1, 6).Draw(rt, "changes") {
			s := drawSubject(rt, fmt.Sprint(rapid.IntRange(0, 6).Draw(rt, "who")))
			if row, ok := plain.byKey[s.Key]; ok && rapid.Bool().Draw(rt, "little") { // only one record more
				old := plain.Subject(row)
				if len(s.Evidence) > 0 {
					old.Evidence = append(slices.Clone(old.Evidence), s.Evidence[0])
				}
				s = old
			}
			plain.Put(s)
			c := scores.Apply(s)
			same := pr.Run(plain, o)
			if diff := differ2(pr, scores, same); diff != "" {
				rt.Fatal(diff)
			}
			if want := rankOf(same, c.Row); c.Rank != want || scores.Rank(s.Key) != want {
				rt.Fatalf("%s ranks %d, want %d", s.Key, c.Rank, want)
			}
		}
	})
}

func rankOf(r *Result, row int) int {
	if !r.Scored(row) {
		return 0
	}
	rank := 1
	for i := range r.Len() {
		if r.Scored(i) && r.Total(i) > r.Total(row) {
			rank++
		}
	}
	return rank
}

// differ2 compares kept scores with a run, cell by cell and as counts.
func differ2(pr *Program, s *Scores, want *Result) string {
	got := s.Result()
	if got.Len() != want.Len() {
		return fmt.Sprintf("%d subjects, want %d", got.Len(), want.Len())
	}
	counts := Counts{Subjects: want.Len(), Grades: make([]int, len(pr.grades))}
	for i := range want.Len() {
		for j, c := range pr.clauses {
			a, hasA := got.Measure(i, j)
			b, hasB := want.Measure(i, j)
			if got.Status(i, j) != want.Status(i, j) || got.Points(i, j) != want.Points(i, j) || hasA != hasB || hasA && a.Cmp(b) != 0 {
				return fmt.Sprintf("%s clause %s is %s %s %s, want %s %s %s", want.Key(i), c.Clause.Clause, got.Status(i, j), got.Points(i, j), a,
					want.Status(i, j), want.Points(i, j), b)
			}
		}
		for k := range pr.vetoes {
			if got.states[k][i] != want.states[k][i] {
				return fmt.Sprintf("%s veto %s is %d, want %d", want.Key(i), pr.vetoes[k].name, got.states[k][i], want.states[k][i])
			}
		}
		if got.Total(i) != want.Total(i) || got.Grade(i) != want.Grade(i) || got.Scored(i) != want.Scored(i) || got.NoAward(i) != want.NoAward(i) {
			return fmt.Sprintf("%s has %s %q, want %s %q", want.Key(i), got.Total(i), got.Grade(i), want.Total(i), want.Grade(i))
		}
		if g := want.Grade(i); g != "" {
			counts.Grades[slices.Index(pr.grades, g)]++
		} else if isSet(want.excluded, int32(i)) {
			counts.Excluded++
		}
		if want.Scored(i) {
			counts.Scored++
		}
		counts.Total += want.Total(i)
	}
	if c := s.Counts(); fmt.Sprint(c) != fmt.Sprint(counts) {
		return fmt.Sprintf("counts %v, want %v", c, counts)
	}
	return ""
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			pr, _ := benchPopulation(b, 1_000)
			pop := pr.NewPopulation()
			subjects := benchSubjects(n)
			for _, s := range subjects {
				pop.Put(s)
			}
			s := pr.NewScores(pop, Options{AsOf: today})
			i := 0
			for b.Loop() {
				x := subjects[i*7919%n]
				x.Evidence = slices.Clone(x.Evidence)
				x.Evidence[0] = subjects[i*104729%n].Evidence[0]
				s.Apply(x)
				i++
			}
		})
	}
}

// benchNews gives a population of n and 20,000 corrections of what it says, each subject's twice with another value each time.
func benchNews(t testing.TB, n int) (*Program, *Population, []Filing) {
	pr, _ := benchPopulation(t, 1_000)
	pop := pr.NewPopulation()
	subjects := benchSubjects(n)
	for i := range subjects {
		for k := range subjects[i].Evidence {
			subjects[i].Evidence[k].ID = fmt.Sprint(k)
		}
		pop.Put(subjects[i])
	}
	news := make([]Filing, 20_000)
	for i := range news {
		at := i % 10_000
		row := at * 7919 % n
		e := subjects[row].Evidence[at%12]
		e.Recorded, e.Values = int64(i+1), maps.Clone(e.Values)
		name := fmt.Sprintf("x%d", at/12%10)
		if e.Values[name] = subjects[i*104729%n].Evidence[at%12].Values[name]; e.Values[name] == nil {
			delete(e.Values, name)
		}
		news[i] = Filing{row, pr.Record(&e), e.ID}
	}
	return pr, pop, news
}

// Pieces that come together do what they do one by one, those of one subject too.
func TestFileAll(t *testing.T) {
	pr, pop, news := benchNews(t, 500)
	_, other, _ := benchNews(t, 500)
	o := Options{AsOf: today}
	alone, together := pr.NewScores(pop, o), pr.NewScores(other, o)
	moved := 0
	together.FileAll(news[:3000], func(i int, c Change) {
		want := alone.File(news[i].Row, news[i].Record, news[i].Supersedes)
		if fmt.Sprint(c) != fmt.Sprint(want) || !slices.Equal(together.Counts().Grades, alone.Counts().Grades) {
			t.Fatalf("piece %d: %v, want %v", i, c, want)
		}
		moved += len(c.Clauses)
	})
	if diff := differ2(pr, together, pr.Run(other, o)); diff != "" || moved < 1000 {
		t.Errorf("%d clauses moved; %s", moved, diff)
	}
}

func BenchmarkFile(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		for _, some := range []int{1, 100} {
			b.Run(fmt.Sprintf("%d/%d", n, some), func(b *testing.B) {
				pr, pop, news := benchNews(b, n)
				s := pr.NewScores(pop, Options{AsOf: today})
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if i%some == 0 {
						k := i % len(news)
						s.FileAll(news[k:k+some], nil)
					}
					i++
				}
			})
		}
	}
}
