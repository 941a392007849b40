package main

import (
	"fmt"
	"strconv"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type promisesCommand struct {
	storage   `embed:""`
	Programme string `placeholder:"P" help:"Of this programme (default: all)." zh:"只看这个规范程序的（默认全部）。"`
	Unit      string `placeholder:"CODE" help:"Of this unit and below." zh:"只看这个单位及下级的。"`
	Check     bool   `help:"Compute all decisions anew first." zh:"先把全部评定结果重新计算一遍。"`
	JSON      bool   `name:"json" help:"One case a line." zh:"每行一个 JSON 对象，一处一行。"`
}

// breachLine is a broken promise as scripts read it.
type breachLine struct {
	Programme string            `json:"programme"`
	Promise   int               `json:"promise"`
	Kind      bihuan.BreachKind `json:"kind"`
	Text      string            `json:"text"`
	Unit      string            `json:"unit"`
	Subject   string            `json:"subject,omitempty"`
	Clause    string            `json:"clause,omitempty"`
	Title     string            `json:"title,omitempty"` // of the round, or of the matter
	Matter    string            `json:"matter,omitempty"`
}

// Run prints how often the promises are broken and each case. It exits 1 when one is.
func (k *promisesCommand) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	q := bihuan.PromiseQuery{Programme: k.Programme, Unit: k.Unit}
	list, err := site.Promises(c.ctx, bihuan.System(), q)
	if err == nil && k.Check {
		for _, p := range list {
			if _, err := site.CheckPromises(c.ctx, bihuan.System(), p.Programme.Name); err != nil {
				return err
			}
		}
		list, err = site.Promises(c.ctx, bihuan.System(), q)
	}
	if err != nil {
		return err
	}
	sums := [][]string{{c.t("规范程序", "programme"), c.t("有问题必有下文", "no follow-up"), c.t("有诉求必有回音", "no answer"), c.t("有数字必有依据", "no evidence")}}
	cases, broken := c.listing(k.JSON), 0
	for _, p := range list {
		sums = append(sums, []string{p.Programme.Name, strconv.Itoa(p.Broken(1)), strconv.Itoa(p.Broken(2)), strconv.Itoa(p.Broken(3))})
		for _, b := range p.Breaches {
			l := breachLine{p.Programme.Name, b.Kind.Promise(), b.Kind, b.Kind.Text().In(c.lang), b.Subject.Unit, b.Subject.Key, b.Clause, b.Called.In(c.lang), b.Code}
			if err := cases.add(l, l.Programme, l.Unit, l.Subject, l.Clause, l.Matter, l.Title, l.Text); err != nil {
				return err
			}
			broken++
		}
	}
	if !k.JSON {
		if err := writeAligned(c.out, sums); err != nil {
			return err
		}
	}
	if err := cases.end(); err != nil {
		return err
	}
	if broken > 0 {
		return answerNo{}
	}
	return nil
}

type benefitsCommand struct {
	storage   `embed:""`
	Programme string `placeholder:"P" help:"Programme (default: the only one)." zh:"规范程序（默认唯一的那个）。"`
	Unit      string `placeholder:"CODE" help:"Of this unit and below." zh:"只看这个单位及下级的。"`
	Year      int    `placeholder:"YEAR" help:"Of this year." zh:"只看这一年的。"`
	JSON      bool   `name:"json" help:"One record a line." zh:"每行一个 JSON 对象，一条记录一行。"`
}

// benefitLine is what people gained by a matter as scripts read it.
type benefitLine struct {
	Matter  string            `json:"matter"`
	Title   string            `json:"title"`
	Subject string            `json:"subject"`
	On      programme.Day     `json:"on"`
	Measure string            `json:"measure"`
	In      string            `json:"in,omitempty"` // the unit of before and after
	Before  programme.Decimal `json:"before"`
	After   programme.Decimal `json:"after"`
	Persons int               `json:"persons"`
	Partly  bool              `json:"partly,omitempty"`
	Proof   int               `json:"proof"`
}

// Run prints what was gained: the sums of years and units, then the records, the newest first.
func (k *benefitsCommand) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	running, err := theProgramme(c, site, k.Programme)
	if err != nil {
		return err
	}
	sums := [][]string{{"", c.t("件数", "matters"), c.t("得益人次", "persons")}}
	records := c.listing(k.JSON)
	q := bihuan.BenefitQuery{Programme: running.Name, Unit: k.Unit, Year: k.Year, Page: bihuan.Page{Limit: 1000}}
	for {
		b, err := site.Benefits(c.ctx, bihuan.System(), q)
		if err != nil {
			return err
		}
		if q.Offset == 0 {
			sum := func(of string, x bihuan.BenefitSum) {
				sums = append(sums, []string{of, strconv.Itoa(x.Matters), strconv.Itoa(x.Persons)})
			}
			for _, x := range b.Years {
				sum(strconv.Itoa(x.Year), x)
			}
			for _, x := range b.Units {
				sum(x.Unit.Name, x)
			}
			sum(c.t("合计", "total"), b.Total)
		}
		for _, x := range b.List {
			l := benefitLine{x.Code, x.Called.In(c.lang), x.Subject.Key, x.On, x.Measure.In(c.lang), x.Unit.In(c.lang), x.Before, x.After, x.Persons, x.Partly, x.Proof}
			if err := records.add(l, l.On.String(), l.Matter, l.Title, l.Subject, l.Measure, fmt.Sprintf("%s → %s %s", l.Before, l.After, l.In), strconv.Itoa(l.Persons)); err != nil {
				return err
			}
		}
		if q.Offset += len(b.List); len(b.List) == 0 || q.Offset >= b.Total.Matters {
			break
		}
	}
	if !k.JSON {
		if err := writeAligned(c.out, sums); err != nil {
			return err
		}
	}
	return records.end()
}
