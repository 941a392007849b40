package programme

import (
	"slices"
)

// names checks that everything that is named exists, and that what is said fits together.
func (l *loader) names(directory string) {
	p := l.p
	if !l.d.broken[&p.Name] {
		if !isSlug(p.Name) {
			l.wrong(l.at(&p.Name), T("方案名只能用小写英文字母、数字、- 和 _", "the name of a programme may have letters a–z, digits, - and _ only"), Text{})
		} else if directory != "" && p.Name != directory {
			l.wrong(l.at(&p.Name), T("方案名应与目录名 {0} 相同", "the name must be that of the directory, {0}").Fill(directory), Text{})
		}
	}
	l.fieldNames(p.Subject.Fields, nil)
	l.oneOf(&p.Subject.Key, T("字段", "fields"), T("评价对象没有字段 {0}", "the subject has no field {0}"), fieldNames(p.Subject.Fields))
	l.oneOf(&p.Subject.Name, T("字段", "fields"), T("评价对象没有字段 {0}", "the subject has no field {0}"), fieldNames(p.Subject.Fields))
	for _, f := range p.Subject.Fields {
		if f.Name == p.Subject.Key && !slices.Contains([]string{TextType, CreditCode, Phone, Int, Choice, ""}, f.Type) {
			l.wrong(l.at(&p.Subject.Key), T("{0} 字段不能作主键", "a field of type {0} cannot be the key").Fill(f.Type), T("用 text、credit_code、phone 或 int", "use text, credit_code, phone or int"))
		}
	}
	for i := range p.Parties {
		l.oneOf(&p.Parties[i].Role, T("角色", "roles"), T("没有角色 {0}", "there is no role {0}"), roleNames(p))
	}
	words := append([]string{"standard", "grades", "scores", "rounds", "indicators", "certificates"}, matterNames(p)...)
	for i := range p.Public {
		l.oneOf(&p.Public[i], T("可公开的", "what can be public"), T("没有 {0} 可以公开", "there is nothing called {0} to make public"), words)
	}
	for _, f := range p.Forms {
		l.formNames(f)
	}
	for _, r := range p.Rounds {
		l.roundNames(r)
	}
	if p.Standard != nil {
		l.standardNames(p.Standard)
	}
	for _, m := range p.Matters {
		l.matterNames(m)
	}
	if len(p.Deadlines) > 0 {
		var stages []string
		for _, m := range builtIns().Matters {
			if _, own := p.Matter(m.Name); own {
				continue // its deadlines stand with its stages
			}
			for _, s := range m.Stages {
				stages = append(stages, m.Name+"."+s.Stage)
			}
		}
		for i := range p.Deadlines {
			l.oneOf(&p.Deadlines[i].Name, T("通用事项的环节", "stages of the matters that every programme has"), T("没有通用事项的环节 {0}", "no matter of every programme has a stage {0}"), stages)
		}
	}
	for _, i := range p.Indicators {
		l.indicatorNames(i)
	}
}

// at gives the place of a value that was read, by a pointer to it.
func (l *loader) at(p any) Pos {
	if pos, ok := l.d.at[p]; ok {
		return pos
	}
	return Pos{MainFile, 1, 1}
}

// written reports whether the author wrote this key.
func (l *loader) written(p any) bool {
	_, ok := l.d.keyAt[p]
	return ok
}

// oneOf checks that a name, if any was written, is one of those that exist.
func (l *loader) oneOf(name *string, what, missing Text, names []string) bool {
	if _, ok := l.d.at[name]; !ok || l.d.broken[name] || l.full() || slices.Contains(names, *name) {
		return true
	}
	l.wrong(l.at(name), missing.Fill(*name), meant(*name, what, names))
	return false
}

func (l *loader) form(name *string) bool {
	return l.oneOf(name, T("表单", "forms"), T("没有表单 {0}", "there is no form {0}"), formNames(l.p))
}

func (l *loader) party(name *string) bool {
	return l.oneOf(name, T("评价方", "parties"), T("没有评价方 {0}", "there is no party {0}"), partyNames(l.p))
}

func (l *loader) clause(name *string) bool {
	return l.oneOf(name, T("条款", "clauses"), T("没有条款 {0}", "there is no clause {0}"), clauseNumbers(l.p))
}

func (l *loader) grade(name *string) bool {
	return l.oneOf(name, T("等级", "grades"), T("没有等级 {0}", "there is no grade {0}"), l.p.GradeNames())
}

func (l *loader) people(by []string) {
	names := append(partyNames(l.p), roleNames(l.p)...)
	for i := range by {
		l.oneOf(&by[i], T("评价方和角色", "parties and roles"), T("没有评价方或角色 {0}", "there is no party or role {0}"), names)
	}
}

func (l *loader) formNames(f *Form) {
	switch f.Name {
	case SubjectForm, JudgementForm, "matters", "as_of":
		l.wrong(f.Pos, T("{0} 另有含义，不能作表单名", "{0} has a meaning of its own and cannot be a form").Fill(f.Name), Text{})
	}
	l.people(f.By)
	if f.Many && f.Ballot {
		l.wrong(l.d.keyAt[&f.Ballot], T("表决不能再写 many", "a ballot cannot be many"), T("表决本来就是一人一票", "a ballot has one vote a voter anyway"))
	}
	if f.Ballot {
		for _, x := range f.Fields {
			if x.Type != Choice && x.Type != "" {
				l.wrong(l.at(&x.Type), T("表决只能有单选字段", "a ballot has fields of type choice only"), T("意见另立一个表单", "let another form take opinions"))
			}
			for i := range x.Of {
				if o := &x.Of[i]; !isIdentifier(o.Name) || celWords[o.Name] {
					l.wrong(l.at(&o.Name), T("表决的选项 {0} 要在规则里用，只能用英文字母、数字和下划线", "the option {0} is used in rules; it may have letters a–z, digits and _ only").Fill(o.Name), T("写成 {name: 标题}", "write {name: title}"))
				}
			}
		}
	}
	l.fieldNames(f.Fields, f)
	if len(f.Fields) == 0 && !l.d.broken[&f.Fields] && !l.d.broken[f] {
		l.wrong(f.Pos, T("表单 {0} 没有字段", "the form {0} has no fields").Fill(f.Name), Text{})
	}
}

func (l *loader) fieldNames(fields []*Field, form *Form) {
	days := 0
	for _, f := range fields {
		if f.Name == "subject" || f.Name == "as_of" {
			l.wrong(f.Pos, T("{0} 另有含义，不能作字段名", "{0} has a meaning of its own and cannot be a field").Fill(f.Name), Text{})
		}
		if f.Type == "" {
			continue
		}
		l.onlyFor(f, &f.Unit, "unit", Int, Number, Real, Money)
		l.onlyFor(f, &f.Decimals, "decimals", Number)
		l.onlyFor(f, &f.Min, "min", Int, Number, Real, Money)
		l.onlyFor(f, &f.Max, "max", Int, Number, Real, Money)
		l.onlyFor(f, &f.Most, "most", Photo, File)
		l.onlyFor(f, &f.Of, "of", Choice, Choices)
		l.onlyFor(f, &f.Is, "is", Date)
		if (f.Type == Choice || f.Type == Choices) && len(f.Of) == 0 && !l.d.broken[&f.Of] {
			l.wrong(f.Pos, T("{0} 没有选项", "{0} has no options").Fill(f.Name), T("写 of: [选项, …]", "write of: [option, …]"))
		}
		if f.Min != nil && f.Max != nil && f.Min.Cmp(*f.Max) > 0 {
			l.wrong(l.at(&f.Max), T("max 小于 min", "max is less than min"), Text{})
		}
		if l.written(&f.Else) && !l.written(&f.Check) {
			l.wrong(l.d.keyAt[&f.Else], T("有 else 却没有 check", "there is an else without a check"), Text{})
		}
		if f.Is == "date" && f.Type == Date {
			if days++; form == nil {
				l.wrong(l.d.keyAt[&f.Is], T("评价对象的字段不能是记录日期", "a field of the subject cannot be the day of a record"), Text{})
			} else if days > 1 {
				l.wrong(l.d.keyAt[&f.Is], T("一个表单只能有一个记录日期", "a form has only one field that is the date"), Text{})
			}
		}
	}
}

// onlyFor refuses a key that means nothing for the type of a field.
func (l *loader) onlyFor(f *Field, key any, name string, types ...string) {
	if l.written(key) && !slices.Contains(types, f.Type) {
		l.wrong(l.d.keyAt[key], T("{0} 字段用不上 {1}", "{1} means nothing for a field of type {0}").Fill(f.Type, name), T("{0} 用于：{1}", "{0} is for {1}").Fill(name, listed(types)))
	}
}

func (l *loader) roundNames(r *Round) {
	l.party(&r.Decides)
	steps := append(partyNames(l.p), "publicity", "objections")
	for i := range r.Steps {
		l.oneOf(&r.Steps[i].Name, T("步骤", "steps"), T("没有步骤 {0}", "there is no step {0}"), steps)
	}
	if l.p.Standard == nil {
		l.wrong(r.Pos, T("没有 standard，考核周期无从谈起", "a round needs a standard, and there is none"), Text{})
	}
}

func (l *loader) indicatorNames(i *Indicator) {
	by := []string{"unit", "week", "month", "quarter", "half_year", "year"}
	for _, f := range append([]*Form{{Name: SubjectForm, Fields: l.p.Subject.Fields}}, l.p.Forms...) {
		if f.Many || f.Ballot {
			continue // there is no one choice of a subject
		}
		for _, x := range f.Fields {
			if x.Type == Choice {
				by = append(by, f.Name+"."+x.Name)
			}
		}
	}
	for j := range i.By {
		l.oneOf(&i.By[j], T("可按", "figures can be told by"), T("不能按 {0} 分列", "figures cannot be told by {0}"), by)
	}
}

func isSlug(s string) bool {
	for i, r := range s {
		if !(r >= 'a' && r <= 'z' || i > 0 && (r >= '0' && r <= '9' || r == '-' || r == '_')) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func fieldNames(fields []*Field) (names []string) {
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return names
}

func formNames(p *Programme) (names []string) {
	for _, f := range p.Forms {
		names = append(names, f.Name)
	}
	return names
}

func partyNames(p *Programme) (names []string) {
	for _, x := range p.Parties {
		names = append(names, x.Name)
	}
	return names
}

func roleNames(p *Programme) (names []string) {
	for _, x := range p.Roles {
		names = append(names, x.Name)
	}
	return names
}

func clauseNumbers(p *Programme) (names []string) {
	for _, c := range p.Clauses() {
		names = append(names, c.Clause)
	}
	return names
}

// BuiltInMatters exist in every programme and may be overridden.
var BuiltInMatters = []string{"rectification", "objection", "appeal"}

func matterNames(p *Programme) (names []string) {
	for _, m := range p.Matters {
		names = append(names, m.Name)
	}
	for _, b := range BuiltInMatters {
		if !slices.Contains(names, b) {
			names = append(names, b)
		}
	}
	return names
}
