package programme

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"cel.dev/cel-go/common/types/ref"
)

// union is a small programme, as the loader would give it.
func union() *Programme {
	choice := func(names ...string) []Option {
		var out []Option
		for _, n := range names {
			out = append(out, Option{Name: n})
		}
		return out
	}
	return &Programme{
		Name: "union",
		Subject: Subject{Title: T("企业工会", "union"), Fields: []*Field{
			{Name: "size", Type: Choice, Of: choice("micro", "small", "medium", "large"), Title: T("规模", "size")}}},
		Forms: []*Form{
			{Name: "roster", Title: T("名册", "roster"), Fields: []*Field{
				{Name: "employees", Type: Int, Title: T("职工人数", "employees"), Unit: T("人", "")},
				{Name: "members", Type: Int, Title: T("会员人数", "members"), Unit: T("人", "")},
				{Name: "fee", Type: Number, Decimals: 2, Title: T("会费", "fee")},
				{Name: "weight", Type: Real}, {Name: "topics", Type: Choices, Of: choice("pay", "safety")},
				{Name: "elected", Type: Bool, Title: T("依法选举", "elected")}, {Name: "term_end", Type: Date}}},
			{Name: "sample", Title: T("水样", "samples"), Many: true, Fields: []*Field{
				{Name: "tp", Type: Number, Decimals: 2, Title: T("总磷", "phosphorus")},
				{Name: "kind", Type: Choice, Of: choice("in", "out")}, {Name: "n", Type: Int}}},
			{Name: "poll", Ballot: true, Fields: []*Field{{Name: "overall", Type: Choice, Of: choice("good", "bad")}}},
		},
		Matters: []*Matter{{Name: "proposal", Raise: Raise{Form: "roster"}, Stages: []*Stage{{Stage: "proposed"}}, Ends: []End{{Name: "closed"}}}},
	}
}

// filled gives a row over values; a missing form is on nobody's file.
func filled(p *Programme, asOf Day, single map[string]Values, many map[string][]Values) Row {
	vars := map[string]ref.Val{}
	object := func(form string, v Values) ref.Val {
		s := p.Shape(form)
		return NewObject(s, ValuesRecord{Shape: s, Values: v, On: asOf})
	}
	for _, f := range append(p.Forms, &Form{Name: SubjectForm}) {
		switch {
		case f.Many:
			var l []ref.Val
			for _, v := range many[f.Name] {
				l = append(l, object(f.Name, v))
			}
			vars[f.Name] = NewObjectList(l)
		case f.Ballot:
			vars[f.Name] = NewBallot(p.Shape(f.Name), 141, many[f.Name])
		default:
			vars[f.Name] = object(f.Name, single[f.Name])
		}
	}
	return NewRow(asOf, vars)
}

func TestExpressions(t *testing.T) {
	p := union()
	s := RuleScope(p)
	if s.err != nil {
		t.Fatal(s.err)
	}
	asOf, _ := ParseDay("2021-01-20")
	end, _ := ParseDay("2024-02-29")
	votes := []Values{{"overall": "good"}, {"overall": "good"}, {"overall": "bad"}}
	row := filled(p, asOf, map[string]Values{
		"roster": {"employees": int64(480), "members": int64(462), "fee": MustDecimal("78.60"), "weight": 0.5, "term_end": end,
			"topics": []string{"pay"}},
		"subject": {"size": "medium"}},
		map[string][]Values{"poll": votes, "sample": {{"tp": MustDecimal("0.4"), "kind": "in", "n": int64(1)},
			{"tp": MustDecimal("0.5"), "n": int64(2)}, {"kind": "out", "n": int64(4)}}})
	for _, c := range []struct{ source, want string }{
		{"ratio(roster.members, roster.employees)", "0.9625"},
		{"roster.fee / 98.25 >= 0.8", "true"}, {"0.8 <= roster.fee / 98.25", "true"}, {"0.8 == roster.fee / 98.25", "true"},
		{"roster.members * 0.8", "369.6"}, {"2 * roster.fee", "157.2"}, {"roster.fee - 1", "77.6"}, {"roster.fee % 7", "1.6"},
		{"roster.members > 100 ? 1 : 0.5", "1"}, {"[1, 0.5].sum()", "1.5"}, {"roster.fee in [1, 78.6]", "true"},
		{"1 in [1, 0.5]", "true"}, {"roster.members in [462.0, 1.5]", "true"}, {"roster.weight * 0.5", "0.25"},
		{"roster.weight < 1", "true"}, {"roster.weight * roster.fee", "39.3"}, {"roster.members == 462.0", "true"}, {"-0.5 + 1", "0.5"},
		{"roster.members / roster.employees", "0"}, {"ratio(1, 0)", "missing: the divisor is 0"}, {"1.0 / 0", "1 ÷ 0 cannot be computed"},
		{"1 / 0", "division by zero"}, {"has(roster.elected)", "false"}, {"roster.elected", "roster.elected is missing"},
		{"roster.elected || roster.members > 1", "true"}, {"roster.elected && roster.members > 1", "roster.elected is missing"},
		{"roster.elected && roster.members < 1", "false"}, {"roster.members + 9223372036854775807", "integer overflow"},
		{"sample.size()", "3"}, {"sample.filter(s, has(s.tp)).map(s, s.tp).mean()", "0.45"}, {"sample.map(s, s.tp).sum()", "sample.tp is missing"},
		{"sample.map(s, s.n).sum()", "7"}, {"sample.map(s, s.n).mean()", "2.333333333333"}, {"sample.map(s, s.n).median()", "2"},
		{"sample.map(s, s.n).percentile(90)", "3.6"}, {"sample.map(s, s.n * 0.5).max()", "2"}, {"sample.map(s, s.n).min()", "1"},
		{"sample.filter(s, s.n > 9).map(s, s.n).sum()", "0"}, {"sample.filter(s, s.n > 9).map(s, s.n).mean()", "missing: there are no values"},
		{"latest(sample, tp)", "0.5"}, {"latest(sample, kind) == \"out\"", "true"}, {"latest(sample.filter(s, s.n < 2), tp) <= 0.5", "true"},
		{"sample.exists(s, s.tp > 0.45)", "true"}, {"sample.all(s, s.n > 0.5)", "true"}, {"sample.exists(s, s.on == as_of)", "true"},
		{"ago(\"11 months\") < as_of", "true"}, {"days(as_of, roster.term_end)", "1135"}, {"workdays(ago(\"7 days\"), as_of)", "5"},
		{"roster.term_end - as_of > duration(\"24h\")", "true"}, {"subject.size == \"medium\"", "true"}, {"subject.size in [\"micro\", \"small\"]", "false"},
		{"\"pay\" in roster.topics", "true"}, {"poll.cast == 3 && poll.invited == 141", "true"}, {"poll.share.good > 0.66", "true"},
		{"poll.count.bad", "1"}, {"double(roster.fee)", "78.6"}, {"string(0.50)", "0.5"}, {"int(0.9)", "0"},
		{"matters.proposal.filter(p, p.stage == \"closed\").size()", "unresolved"},
	} {
		e := &Expr{Source: c.source}
		if m := s.Check(e, WantAny).Fatal(); len(m) > 0 {
			t.Errorf("%s: %v", c.source, m)
			continue
		}
		if c.want == "unresolved" {
			continue
		}
		got := ""
		if v, err := e.Eval(row); err != nil {
			got = err.Error()
		} else if got = fmt.Sprint(v.Value()); got == "" {
			t.Errorf("%s gives nothing", c.source)
		}
		if got != c.want && !(strings.Contains(c.want, "missing") && strings.Contains(got, c.want)) {
			t.Errorf("%s = %s, want %s", c.source, got, c.want)
		}
	}
	e := &Expr{Source: "roster.elected || sample.exists(s, s.tp > 1)"}
	s.Check(e, WantBool)
	_, err := e.Bool(row)
	var lack *MissingError
	if !errors.As(err, &lack) {
		t.Errorf("%v is no MissingError", err)
	}
	if got := fmt.Sprint(e.Reads()); got != "[{roster elected} {sample } {sample tp}]" {
		t.Error("reads", got)
	}
}

func TestExpressionMistakes(t *testing.T) {
	p := union()
	for _, c := range []struct {
		source string
		want   Want
		errs   string // a regular expression for each mistake, by column, separated by " | "
	}{
		{"rooster.members > 1", WantBool, `1: no form or name rooster .*did you mean roster`},
		{"roster.membrs > 1", WantBool, `8: form roster has no field membrs .*did you mean members`},
		{"members > 1", WantBool, `1: no form or name members .*did you mean roster.members`},
		{"roster.members > \"a\"", WantBool, `16: cannot compare a number with text`},
		{"roster.term_end > \"2021-01-01\"", WantBool, `17: cannot compare a day with text .*timestamp`},
		{"subject.size == \"mediun\"", WantBool, `17: “mediun” is no option of size .*did you mean medium`},
		{"subject.size in [\"micro\", \"x\"]", WantBool, `27: “x” is no option`},
		{"sample.tp > 1", WantBool, `8: the list sample has no field tp .*exists, all`},
		{"roster.members", WantBool, `1: a condition .* not a number`},
		{"roster.fee", WantCount, `1: a count`},
		{"roster.elected", WantNumber, `1: a number is wanted here, not yes/no`},
		{"roster.members / roster.employees", WantNumber, `16: warning dividing whole numbers .*ratio`},
		{"roster.members >", WantBool, `cannot be read`},
		{"roster.members = 1", WantBool, `cannot be read.*==`},
		{"roster.elected and true", WantBool, `cannot be read.*&&`},
		{"ago(\"soon\") < as_of", WantBool, `5: ago wants`},
		{"rato(1, 2)", WantNumber, `1: no function rato .*did you mean ratio`},
		{"sample.sum() > 1", WantBool, `8: .*sum.*was given the list sample .*map`},
		{"matters.proposl.size()", WantCount, `9: no matter proposl .*did you mean proposal`},
		{"matters.proposal.exists(p, p.stage == \"done\")", WantBool, `39: “done” is no option of stage`},
		{"roster.membrs > 1 && rooster.x == 2", WantBool, `8: .*membrs | 22: .*rooster`},
		{strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300), WantNumber, `cannot be read`},
		{strings.Repeat("1+", 9000) + "1", WantNumber, `too long`},
	} {
		e := &Expr{Source: c.source, Pos: Pos{File: "f", Line: 1, Col: 1}}
		var got []string
		for _, m := range RuleScope(p).Check(e, c.want) {
			w := ""
			if m.Warning {
				w = "warning "
			}
			got = append(got, fmt.Sprintf("%d: %s%s (%s)", m.Col, w, m.Message.En, m.Hint.En))
			if m.Message.Zh == "" || m.Message.Zh == m.Message.En {
				t.Errorf("%s: no Chinese for %q", c.source, m.Message.En)
			}
		}
		want := strings.Split(c.errs, " | ")
		ok := len(got) == len(want)
		for i := range min(len(got), len(want)) {
			ok = ok && regexp.MustCompile(want[i]).MatchString(strings.ReplaceAll(strings.ReplaceAll(got[i], "there is ", ""), "  ", " "))
		}
		if !ok {
			t.Errorf("%.80s:\n got %q\nwant %q", c.source, got, want)
		}
	}
}

func TestOtherScopes(t *testing.T) {
	p := union()
	p.Standard = &Standard{Grades: Grades{Bands: []*GradeBand{{Grade: "first", AtLeast: MustDecimal("90")}}}}
	form, _ := p.Form("poll")
	day, _ := ParseDay("2021-01-20")
	votes := []Values{{"overall": "good"}, {"overall": "good"}, {"overall": "good"}, {"overall": "bad"}}
	tally := []Values{{"invited": int64(141), "good": int64(127), "bad": int64(10)}}
	for _, c := range []struct {
		scope  *Scope
		row    Row
		source string
		want   bool
	}{
		{BallotScope(p, form), BallotRow(p, form, day, 10, votes), "share.good >= 0.7 && count.bad == 1 && cast == 4 && invited == 10", true},
		{BallotScope(p, form), BallotRow(p, form, day, 10, votes), "share.good >= 0.8", false},
		{BallotScope(p, form), BallotRow(p, form, day, -1, tally), "cast == 137 && invited == 141 && share.good > 0.926", true},
		{CertificateScope(p), CertificateRow(p, nil, "first", MustDecimal("93.5")), "grade in [\"first\"] && total >= 93.5", true},
		{CertificateScope(p), CertificateRow(p, filled(p, day, map[string]Values{"roster": {"members": int64(9)}}, nil), "none", MustDecimal("1")), "grade == \"none\" && roster.members == 9", true},
	} {
		e := &Expr{Source: c.source}
		if m := c.scope.Check(e, WantBool); len(m) > 0 {
			t.Fatal(c.source, m)
		}
		if got, err := e.Bool(c.row); got != c.want || err != nil {
			t.Errorf("%s: %v %v", c.source, got, err)
		}
	}
	if m := CertificateScope(p).Check(&Expr{Source: "grade == \"frist\""}, WantBool); len(m) != 1 || m[0].Hint.En != "did you mean first?" {
		t.Error(m)
	}
	e := &Expr{Source: "has(overall) && overall == \"good\" && as_of > ago(\"1 year\")"}
	if m := FieldScope(p, form).Check(e, WantBool); len(m) > 0 {
		t.Fatal(m)
	}
	if got, err := e.Bool(RowOf(p, form, votes[0], About{AsOf: day})); !got || err != nil {
		t.Error(got, err)
	}
	if got := e.Words(nil); got.Zh != "填有overall 且 overall为“good” 且 评定日 晚于 评定日前 1 年" {
		t.Error(got)
	}
}
