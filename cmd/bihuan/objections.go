package main

import (
	"fmt"
	"time"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

type objectionsCommand struct {
	List   objectionsList   `cmd:"" help:"List the objections to the results of a round, the newest first." zh:"列出对一轮考核结果的异议，新的在前。"`
	Raise  objectionsRaise  `cmd:"" help:"Object to a published result." zh:"对公示的结果提出异议。"`
	Answer objectionsAnswer `cmd:"" help:"Answer an objection, in public." zh:"公开答复异议。"`
	Appeal objectionsAppeal `cmd:"" help:"Appeal against a decided result; matters list, show and act go on with it." zh:"对已评定的结果申请复核；之后用 matters list、show、act 办理。"`
}

type objectionsList struct {
	storage `embed:""`
	Round   string `arg:"" help:"ID of the round, the last part of its page's address." zh:"考核轮次的代号，即其页面地址的末段。"`
	JSON    bool   `name:"json" help:"One object a line." zh:"每行一个 JSON 对象。"`
}

// objectionLine is an objection as scripts read it. No name of a person is in it.
type objectionLine struct {
	ID      string         `json:"id"`
	Subject string         `json:"subject"`
	Clause  string         `json:"clause,omitempty"`
	Body    string         `json:"body"`
	Filed   programme.Day  `json:"filed"`
	Outcome bihuan.Outcome `json:"outcome"`
	Answer  string         `json:"answer,omitempty"`
	Waits   bool           `json:"waits_for_correction,omitempty"` // it is upheld and nothing is corrected yet: its round cannot be decided
}

// Run lists objections.
func (k *objectionsList) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	list, err := site.Objections(c.ctx, bihuan.System(), k.Round, "")
	if err != nil {
		return err
	}
	lines := c.listing(k.JSON, c.t("代号", "id"), c.t("对象", "subject"), c.t("条款", "clause"), c.t("日期", "filed"), c.t("结果", "outcome"), c.t("异议", "objection"), c.t("答复", "answer"))
	for _, o := range list {
		l := objectionLine{o.ID, o.Subject.Key, o.Clause, o.Body, programme.DayOf(o.FiledAt), o.Outcome, o.Answer, o.Waits}
		outcome := o.Outcome.Text()
		if o.Waits {
			outcome = programme.T("异议成立，待更正", "upheld, to be corrected")
		}
		if err := lines.add(l, l.ID, l.Subject, l.Clause, o.FiledAt.Format(time.DateOnly), outcome.In(c.lang), l.Body, l.Answer); err != nil {
			return err
		}
	}
	return lines.end()
}

// against is the result that an objection or an appeal is made against.
type against struct {
	storage `embed:""`
	Round   string `arg:"" help:"ID of the round, the last part of its page's address." zh:"考核轮次的代号，即其页面地址的末段。"`
	Subject string `arg:"" name:"subject" help:"Key of the subject." zh:"评价对象的标识。"`
	Body    string `arg:"" help:"What is wrong, and why." zh:"异议与理由。"`
	Clause  string `placeholder:"CLAUSE" help:"To which clause (default: to the whole result)." zh:"对哪一条款（默认对整个结果）。"`
}

// at opens the site and finds the subject.
func (k against) at(c *console) (*bihuan.Site, string, error) {
	site, err := k.storage.existing(c)
	if err != nil {
		return nil, "", err
	}
	r, err := site.Round(c.ctx, bihuan.System(), k.Round)
	if err == nil {
		var sub bihuan.Subject
		if sub, err = site.SubjectByKey(c.ctx, bihuan.System(), r.Programme, k.Subject); err == nil {
			return site, sub.ID, nil
		}
	}
	_ = site.Close()
	return nil, "", err
}

type objectionsRaise struct {
	against `embed:""`
}

// Run objects and prints the objection's ID.
func (k *objectionsRaise) Run(c *console) error {
	site, subject, err := k.at(c)
	if err != nil {
		return err
	}
	defer site.Close()
	o, err := site.Object(c.ctx, bihuan.System(), k.Round, subject, k.Clause, k.Body)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, o.ID)
	return nil
}

type objectionsAppeal struct {
	against `embed:""`
}

// Run appeals and prints the appeal's code.
func (k *objectionsAppeal) Run(c *console) error {
	site, subject, err := k.at(c)
	if err != nil {
		return err
	}
	defer site.Close()
	m, err := site.Appeal(c.ctx, bihuan.System(), k.Round, subject, k.Clause, k.Body)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, m.Code)
	return nil
}

type objectionsAnswer struct {
	storage   `embed:""`
	Objection string `arg:"" help:"Which, as list names it." zh:"哪一件，用 list 列出的代号。"`
	Answer    string `arg:"" help:"The answer, for everybody to read." zh:"答复，会公开。"`
	Uphold    bool   `help:"The objection is right (default: it is not)." zh:"异议成立（默认不成立）。"`
}

// Run answers an objection.
func (k *objectionsAnswer) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	return site.Answer(c.ctx, bihuan.System(), k.Objection, k.Uphold, k.Answer)
}
