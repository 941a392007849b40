package programme

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func num(s string) *Decimal { d := MustDecimal(s); return &d }

func visitForm(t testing.TB) (*Programme, *Form) {
	f := &Form{Name: "visit", Title: T("走访", "Visit"), Fields: []*Field{
		{Name: "staff", Type: Int, Min: num("1"), Required: true, Unit: T("人", "")},
		{Name: "members", Type: Int, Check: &Expr{Source: "members <= staff"}, Else: T("会员不能多于职工", "more members than staff")},
		{Name: "tp", Type: Number, Decimals: 2, Unit: T("mg/L", ""), Max: num("100")},
		{Name: "cost", Type: Money, Min: num("0")},
		{Name: "rate", Type: Number, Decimals: 4}, {Name: "share", Type: Number, Decimals: 1, Unit: T("%", "")}, {Name: "w", Type: Real},
		{Name: "day", Type: Date}, {Name: "ok", Type: Bool}, {Name: "note", Type: TextType},
		{Name: "kind", Type: Choice, Of: []Option{{"a", T("甲类", "first")}, {"b", Text{}}}},
		{Name: "kinds", Type: Choices, Of: []Option{{"a", T("甲类", "first")}, {"b", Text{}}}},
		{Name: "photo", Type: Photo, Most: 2}, {Name: "phone", Type: Phone}, {Name: "code", Type: CreditCode},
		{Name: "why", Type: TextType, Required: true, ShowWhen: &Expr{Source: "has(ok) && !ok"}},
		{Name: "more", Type: TextType, ShowWhen: &Expr{Source: "has(why) && subject.big"}},
	}}
	p := &Programme{Forms: []*Form{f}, Subject: Subject{Fields: []*Field{{Name: "big", Type: Bool}}}}
	for _, x := range f.Fields {
		for _, e := range []*Expr{x.Check, x.ShowWhen} {
			if e != nil {
				if m := FieldScope(p, f).Check(e, WantBool); len(m) > 0 {
					t.Fatal(m)
				}
			}
		}
	}
	return p, f
}

func TestFill(t *testing.T) {
	p, f := visitForm(t)
	for _, c := range []struct{ field, raw, want string }{
		{"staff", " １２ 人", "12"}, {"staff", "1,200", "1200"}, {"staff", "0", "!at least 1"}, {"staff", "1.5", "!whole number"}, {"staff", "x", "!not a number"},
		{"staff", "99999999999999999999", "!too large"}, {"staff", "", "!required"}, {"members", "13", "!more members"}, {"members", "5", "5"},
		{"tp", "0.5 mg/L", "0.5"}, {"tp", "0.125", "!at most 2 decimals"}, {"tp", "101", "!at most 100"}, {"tp", ".5", "0.5"}, {"tp", "1e-2", "0.01"},
		{"cost", "12.5万元", "125000"}, {"cost", "1.2亿", "120000000"}, {"cost", "¥1,200.50", "1200.5"}, {"cost", "300元", "300"}, {"cost", "0.001", "!2 decimals"},
		{"cost", "-1", "!at least"}, {"cost", "many", "!amount of money"}, {"rate", "96.25%", "0.9625"}, {"share", "96.2%", "96.2"}, {"w", "0.1", "0.1"},
		{"day", "2021-01-20", "2021-01-20"}, {"day", "2021/1/2", "2021-01-02"}, {"day", "2021年1月20日", "2021-01-20"}, {"day", "２０２１．１．２", "2021-01-02"},
		{"day", "2021-02-30", "!not a day"}, {"day", "soon", "!not a day"}, {"ok", "是", "true"}, {"ok", "on", "true"}, {"ok", "maybe", "!yes or no"},
		{"kind", "甲类", "a"}, {"kind", "First", "a"}, {"kind", "c", "!no option"}, {"kinds", "甲类、b、a", "[a b]"}, {"kinds", "a,x", "!no option"},
		{"photo", "p1,p2", "[p1 p2]"}, {"photo", "p1,p2,p3", "!at most 2"}, {"phone", "0573-8510 1234", "057385101234"}, {"phone", "12", "!phone"},
		{"code", "91330482ma2cxxxx8x", "91330482MA2CXXXX8X"}, {"code", "9133", "!18 digits"}, {"code", "91330482MA2CXXXXOI", "!18 digits"},
		{"note", "a\r\nb", "a\nb"}, {"note", "a\x00b", "!control"}, {"note", strings.Repeat("长", 20001), "!too long"}, {"note", "\xff", "!cannot be read"},
		{"nots", "x", "!no field nots; did you mean note"},
	} {
		raw := map[string]any{"staff": "10", c.field: c.raw}
		v, errs := f.Fill(p, raw)
		got := fmt.Sprint(v[c.field])
		if len(errs) > 0 {
			got = "!" + errs[0].Message.En
			if len(errs) > 1 || errs[0].Field != c.field || errs[0].Message.Zh == errs[0].Message.En {
				t.Errorf("%s %q: %v", c.field, c.raw, errs)
			}
		}
		if strings.HasPrefix(c.want, "!") && !regexp.MustCompile(c.want[1:]).MatchString(got) || !strings.HasPrefix(c.want, "!") && got != c.want {
			t.Errorf("%s %.40q gives %q, want %s", c.field, c.raw, got, c.want)
		}
	}
}

func TestFillShowsWhatConcerns(t *testing.T) {
	p, f := visitForm(t)
	// A condition hides its field: what was filled in is dropped, and nothing is required.
	v, errs := f.Fill(p, map[string]any{"staff": 5, "ok": true, "why": "x"})
	if len(errs) > 0 || v["why"] != nil {
		t.Error(v, errs)
	}
	_, errs = f.Fill(p, map[string]any{"staff": 5.0, "ok": false})
	if len(errs) != 1 || errs[0].Field != "why" {
		t.Error(errs)
	}
	raw := map[string]any{"staff": 5, "ok": false, "why": "late", "more": "and so"}
	v, _ = f.Fill(p, raw, About{Subject: Values{"big": true}})
	if v["more"] != "and so" {
		t.Error(v)
	}
	v, _ = f.Fill(p, raw) // what is not known of the subject hides the field
	if v["more"] != nil {
		t.Error(v)
	}
	// A second rung hides with the first.
	raw["ok"] = true
	if v, _ = f.Fill(p, raw, About{Subject: Values{"big": true}}); v["more"] != nil || v["why"] != nil {
		t.Error(v)
	}
	_, errs = f.Fill(p, map[string]any{})
	if len(errs) != 1 || errs[0].Field != "staff" {
		t.Error("required", errs)
	}
}

func TestValuesAreStoredExactly(t *testing.T) {
	p, f := visitForm(t)
	v, errs := f.Fill(p, map[string]any{"staff": 480, "members": 462, "tp": "12.34", "cost": "1.2亿元", "day": "2021-01-20", "ok": "是", "w": "0.1",
		"kinds": []any{"b", "a"}, "photo": []string{"p"}, "note": "a <b> & “c”", "rate": "0.9625"})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	doc := string(v.JSON())
	want := `{"cost":120000000,"day":"2021-01-20","kinds":["b","a"],"members":462,"note":"a <b> & “c”","ok":true,"photo":["p"],"rate":0.9625,"staff":480,"tp":12.34,"w":0.1}`
	if doc != want {
		t.Errorf("got  %s\nwant %s", doc, want)
	}
	back, err := f.ParseJSON([]byte(doc))
	if err != nil || string(back.JSON()) != doc {
		t.Error(err, string(back.JSON()))
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if fmt.Sprintf("%T %v", v[name], v[name]) != fmt.Sprintf("%T %v", back[name], back[name]) {
			t.Errorf("%s: %T %v became %T %v", name, v[name], v[name], back[name], back[name])
		}
	}
	if _, err := f.ParseJSON([]byte(`{"staff":"many"}`)); err == nil {
		t.Error("a wrong type is read")
	}
	if v, err := f.ParseJSON([]byte(`{"gone":1,"tp":0.125}`)); err != nil || len(v) != 1 {
		t.Error("an older version is not read", v, err)
	}
}

func TestShow(t *testing.T) {
	for _, c := range []struct {
		f      Field
		v      any
		zh, en string
	}{
		{Field{Type: Money}, MustDecimal("19200000000"), "192 亿元", "¥19,200,000,000"},
		{Field{Type: Money}, MustDecimal("125000.5"), "125000.5 元", "¥125,000.5"},
		{Field{Type: Money}, MustDecimal("125000"), "12.5 万元", "¥125,000"},
		{Field{Type: Money}, MustDecimal("-20000"), "-2 万元", "¥-20,000"},
		{Field{Type: Number, Unit: T("mg/L", "")}, MustDecimal("0.5"), "0.5 mg/L", "0.5 mg/L"},
		{Field{Type: Number, Unit: T("%", "")}, MustDecimal("96.2"), "96.2%", "96.2%"},
		{Field{Type: Date}, today(t), "2021年1月20日", "20 Jan 2021"},
		{Field{Type: Bool}, true, "是", "yes"},
		{Field{Type: Choice, Of: []Option{{"a", T("甲", "first")}}}, "a", "甲", "first"},
		{Field{Type: Choices, Of: []Option{{"a", T("甲", "first")}, {"b", Text{}}}}, []string{"a", "b"}, "甲、b", "first, b"},
		{Field{Type: Photo}, []string{"x", "y"}, "2 个附件", "2 attached"},
	} {
		if zh, en := c.f.Show(c.v, Zh), c.f.Show(c.v, En); zh != c.zh || en != c.en {
			t.Errorf("%v: %q %q, want %q %q", c.v, zh, en, c.zh, c.en)
		}
	}
}

func today(t testing.TB) Day {
	d, err := ParseDay("2021-01-20")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCreditCode(t *testing.T) {
	for code, want := range map[string]bool{"91350100M000100Y43": true, "91350100M000100Y44": false, "91350100M000100Y4": false} {
		if CheckCreditCode(code) != want {
			t.Error(code, !want)
		}
	}
}

func TestCalendar(t *testing.T) {
	c, _ := CalendarFor("cn")
	day := func(s string) Day { d, _ := ParseDay(s); return d }
	for s, want := range map[string]bool{"2021-02-07": true, "2021-02-11": false, "2021-02-17": false, "2021-02-18": true, "2021-02-20": true, "2021-01-20": true,
		"2021-01-23": false, "2026-01-01": false} {
		if c.Workday(day(s)) != want {
			t.Errorf("%s working: %v", s, !want)
		}
	}
	if n := c.Workdays(day("2021-02-10"), day("2021-02-20")); n != 3 { // 18, 19 and the make-up Saturday
		t.Error("working days over the festival:", n)
	}
	if d := c.AddWorkdays(day("2021-02-10"), 1); d != day("2021-02-18") {
		t.Error("the working day after", d)
	}
	if d := c.AddWorkdays(day("2021-02-18"), -1); d != day("2021-02-10") {
		t.Error("the working day before", d)
	}
	if !c.Knows(2021) || !c.Knows(2026) || c.Knows(2050) || c.Knows(1990) {
		t.Error("known years are wrong")
	}
	if c.Workday(day("2050-10-01")) {
		t.Error("a Saturday of an unknown year")
	}
	for _, x := range []struct{ from, span, after, before string }{
		{"2021-01-31", "1 month", "2021-02-28", "2020-12-31"}, {"2020-02-29", "1 year", "2021-02-28", "2019-02-28"}, {"2021-01-20", "2 weeks", "2021-02-03", "2021-01-06"},
		{"2021-01-20", "30d", "2021-02-19", "2020-12-21"}, {"2021-02-10", "5 working days", "2021-02-23", "2021-02-04"}, {"2021-01-20", "month", "2021-02-20", "2020-12-20"},
	} {
		s, err := ParseSpan(x.span)
		if err != nil || c.Add(day(x.from), s) != day(x.after) || c.Sub(day(x.from), s) != day(x.before) {
			t.Errorf("%s ± %s: %s, %s %v", x.from, x.span, c.Add(day(x.from), s), c.Sub(day(x.from), s), err)
		}
	}
	own := NewCalendar("own")
	own.AddYear(2030, []Day{day("2030-01-02")}, []Day{day("2030-01-05")})
	if own.Workday(day("2030-01-02")) || !own.Workday(day("2030-01-05")) || !own.Knows(2030) {
		t.Error("an owner's year does not count")
	}
}

func FuzzFill(f *testing.F) {
	p, form := visitForm(f)
	for _, s := range []string{"12", "1.5万元", "2021年1月20日", "是", "甲类", "１２", "\x00", "1e38", "-.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw := map[string]any{}
		for _, x := range form.Fields {
			raw[x.Name] = s
		}
		v, _ := form.Fill(p, raw)
		back, err := form.ParseJSON(v.JSON())
		if err != nil || string(back.JSON()) != string(v.JSON()) {
			t.Errorf("%q: %s came back as %s %v", s, v.JSON(), back.JSON(), err)
		}
	})
}

func FuzzCheck(f *testing.F) {
	p := union()
	scope := RuleScope(p)
	for _, s := range []string{"ratio(roster.members, roster.employees) >= 0.8", "sample.exists(s, s.tp > 0.5)", "latest(sample, tp)", "ago(\"1 month\")", "1 ? 2 : 0.5",
		"[1, 0.5].percentile(90)", "roster{members: 1}", "{'a': 1}.a", "a.b.c(d)", "matters.proposal[0].stage", "-0.5", "\"\\u0000\"", "1.0 in [1]"} {
		f.Add(s)
	}
	d, _ := ParseDay("2021-01-20")
	row := filled(p, d, map[string]Values{"roster": {"members": int64(1)}}, map[string][]Values{"sample": {{"n": int64(2)}}})
	f.Fuzz(func(t *testing.T, s string) {
		e := &Expr{Source: s, Pos: Pos{"f", 1, 1}}
		for _, m := range scope.Check(e, WantAny) {
			if m.Line < 1 || m.Col < 1 || m.Message.Empty() {
				t.Errorf("%q: mistake without place or text: %+v", s, m)
			}
		}
		if e.Checked() {
			_, _ = e.Eval(row)
			_ = e.Words(row)
			_, _, _ = e.Trace(row)
			_ = e.Reads()
		}
	})
}

// What is no option is told with those that there are, as people call them.
func TestNoOption(t *testing.T) {
	p, f := visitForm(t)
	_, wrong := f.Fill(p, map[string]any{"staff": "3", "kind": "完全不同的"}, About{})
	if len(wrong) != 1 || wrong[0].Message != T("“完全不同的”不是选项；选项有：甲类, b", "“完全不同的” is no option; the options are: first, b") {
		t.Errorf("%+v", wrong)
	}
}
