package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/exchange"
	"bihuan.dev/bihuan/programme"
)

// ofSubject is the subject that a command is about.
type ofSubject struct {
	storage   `embed:""`
	Programme string `placeholder:"P" help:"Programme (default: the only one)." zh:"规范程序（默认唯一的那个）。"`
	Subject   string `required:"" placeholder:"KEY" help:"Of which subject." zh:"哪个评价对象。"`
}

// at opens the site and finds the subject.
func (k ofSubject) at(c *console) (*bihuan.Site, *bihuan.Running, bihuan.Subject, error) {
	site, err := k.storage.existing(c)
	if err != nil {
		return nil, nil, bihuan.Subject{}, err
	}
	running, err := theProgramme(c, site, k.Programme)
	if err != nil {
		return nil, nil, bihuan.Subject{}, errors.Join(err, site.Close())
	}
	sub, err := site.SubjectByKey(c.ctx, bihuan.System(), running.Name, k.Subject)
	if err != nil {
		return nil, nil, bihuan.Subject{}, errors.Join(err, site.Close())
	}
	return site, running, sub, nil
}

type rostersCommand struct {
	List   rostersList   `cmd:"" help:"List those who may speak without an account." zh:"列出凭码发言的人。"`
	Add    rostersAdd    `cmd:"" help:"Take people into a roster and print a one-time code for each who is new." zh:"录入名册，为新的人每人打印一个一次性的码。"`
	Codes  rostersCodes  `cmd:"" help:"Give people new codes; what they had before ends." zh:"补发新码，原来的码和登录失效。"`
	Revoke rostersRevoke `cmd:"" help:"Take people off a roster: their codes and sessions end." zh:"移出名册：他们的码和登录失效。"`
}

// ofRoster is the roster that a command is about.
type ofRoster struct {
	ofSubject `embed:""`
	Role      string `placeholder:"ROLE" help:"For which role they speak (default: the only one that is no party's)." zh:"以什么角色发言（默认唯一一个不属于评价方的角色）。"`
	JSON      bool   `name:"json" help:"One object a line." zh:"每行一个 JSON 对象。"`
}

// roster opens the site and finds the subject and the role.
func (k ofRoster) roster(c *console) (*bihuan.Site, bihuan.Subject, string, error) {
	site, running, sub, err := k.at(c)
	if err != nil || k.Role != "" {
		return site, sub, k.Role, err
	}
	var names []string
	for _, r := range running.VoiceRoles() {
		names = append(names, r.Name)
	}
	if len(names) != 1 {
		err := wrong("规范程序 {0} 中有几个可以用名册的角色", "programme {0} has several roles with rosters", running.Name).
			do("用 --role 指明：{0}", "name one with --role: {0}", strings.Join(names, " "))
		return nil, sub, "", errors.Join(err, site.Close())
	}
	return site, sub, names[0], nil
}

// voiceLine is one of a roster as scripts read it.
type voiceLine struct {
	Voice  string `json:"voice"`
	Name   string `json:"name"`
	Number string `json:"number,omitempty"`
	Used   bool   `json:"used"`
	Waits  bool   `json:"waits"`
}

type slipLine struct {
	Voice  string `json:"voice"`
	Name   string `json:"name"`
	Number string `json:"number,omitempty"`
	Code   string `json:"code"`
}

type rostersList struct {
	ofRoster `embed:""`
}

// Run lists a roster by name. It tells whether a code was used, and never what anybody said.
func (k *rostersList) Run(c *console) error {
	site, sub, role, err := k.roster(c)
	if err != nil {
		return err
	}
	defer site.Close()
	list := c.listing(k.JSON, c.t("代号", "voice"), c.t("姓名", "name"), c.t("编号", "number"), c.t("状态", "state"))
	for offset := 0; ; {
		r, err := site.Roster(c.ctx, bihuan.System(), sub.ID, role, "", bihuan.Page{Offset: offset, Limit: 1000})
		if err != nil {
			return err
		}
		for _, v := range r.Voices {
			state := c.t("没有码", "no code")
			switch {
			case v.Used:
				state = c.t("已进入", "has come in")
			case v.Waits:
				state = c.t("未用", "not used")
			}
			if err := list.add(voiceLine{v.ID, v.Name, v.Number, v.Used, v.Waits}, v.ID, v.Name, v.Number, state); err != nil {
				return err
			}
		}
		if offset += len(r.Voices); len(r.Voices) == 0 || offset >= r.Total {
			break
		}
	}
	return list.end()
}

// slips prints codes. They are shown this once.
func (k ofRoster) slips(c *console, list []bihuan.Slip) error {
	if len(list) == 0 {
		return nil
	}
	lines := c.listing(k.JSON, c.t("姓名", "name"), c.t("编号", "number"), c.t("一次性的码", "one-time code"))
	for _, s := range list {
		if err := lines.add(slipLine(s), s.Name, s.Number, s.Code); err != nil {
			return err
		}
	}
	return lines.end()
}

type rostersAdd struct {
	ofRoster `embed:""`
	File     string `arg:"" help:"CSV or xlsx with name and number; - reads from the pipe." zh:"CSV 或 xlsx，列为姓名、编号；- 表示从管道读取。"`
}

// Run takes people in: all of them, or nobody when a row is wrong.
func (k *rostersAdd) Run(c *console) error {
	in, name, err := c.open(k.File)
	if err != nil {
		return err
	}
	defer in.Close()
	format, err := exchange.FormatOf(k.File, in.head())
	if err != nil {
		return err
	}
	file, err := exchange.ReadRoster(in, format)
	if err != nil {
		return err
	}
	if len(file.Errors) > 0 {
		c.complainRows(name, file.Errors)
		return answerNo{}
	}
	site, sub, role, err := k.roster(c)
	if err != nil {
		return err
	}
	defer site.Close()
	var people []bihuan.Person
	for _, p := range file.Records {
		people = append(people, bihuan.Person(p))
	}
	added, err := site.AddVoices(c.ctx, bihuan.System(), sub.ID, role, people)
	if err != nil {
		return err
	}
	c.say("已录入 {0} 人，{1} 人原来就在名册上", "{0} taken in, {1} were on the roster before", len(added.Slips), added.Known)
	return k.slips(c, added.Slips)
}

type rostersCodes struct {
	ofRoster `embed:""`
	Voices   []string `arg:"" optional:"" name:"voice" help:"Whom, as list names them (default: all who have not come in yet)." zh:"给谁，用 list 列出的代号（默认所有还没有进入过的人）。"`
}

// Run gives new codes.
func (k *rostersCodes) Run(c *console) error {
	site, sub, role, err := k.roster(c)
	if err != nil {
		return err
	}
	defer site.Close()
	list, err := site.NewCodes(c.ctx, bihuan.System(), sub.ID, role, k.Voices...)
	if err != nil {
		return err
	}
	return k.slips(c, list)
}

type rostersRevoke struct {
	ofRoster `embed:""`
	Voices   []string `arg:"" name:"voice" help:"Whom, as list names them." zh:"谁，用 list 列出的代号。"`
}

// Run takes people off a roster.
func (k *rostersRevoke) Run(c *console) error {
	site, sub, role, err := k.roster(c)
	if err != nil {
		return err
	}
	defer site.Close()
	return site.RevokeVoices(c.ctx, bihuan.System(), sub.ID, role, k.Voices...)
}

type ballotsCommand struct {
	List ballotsList `cmd:"" help:"List the ballots of a subject and their figures." zh:"列出一个评价对象的无记名评议及其票数。"`
	Call ballotsCall `cmd:"" help:"Call a ballot; those invited are told." zh:"发起无记名评议，受邀人会收到通知。"`
	Link ballotsLink `cmd:"" help:"Give a running ballot, also a matter's, a link of its own, or take it away." zh:"给进行中的评议（含事项的评价）开通链接，或关闭链接。"`
	Stop ballotsStop `cmd:"" help:"End a ballot without counting it; those invited are told why." zh:"中止评议，不计票，并告知受邀人理由。"`
}

// ballotLine is a ballot as scripts read it. There is no tally while it runs, and when it would tell what single people said.
type ballotLine struct {
	ID      string         `json:"id"`
	Form    string         `json:"form"`
	Closes  programme.Day  `json:"closes"`
	State   string         `json:"state"` // running, counted, stopped
	Invited int            `json:"invited"`
	Votes   int            `json:"votes"`
	Tally   map[string]int `json:"tally,omitempty"`
	Why     string         `json:"why,omitempty"`
}

type ballotsList struct {
	ofSubject `embed:""`
	JSON      bool `name:"json" help:"One object a line." zh:"每行一个 JSON 对象。"`
}

// Run lists ballots, the newest first.
func (k *ballotsList) Run(c *console) error {
	site, _, sub, err := k.at(c)
	if err != nil {
		return err
	}
	defer site.Close()
	list, err := site.SubjectBallots(c.ctx, bihuan.System(), sub.ID)
	if err != nil {
		return err
	}
	lines := c.listing(k.JSON, c.t("代号", "id"), c.t("评议", "ballot"), c.t("截止", "closes"), c.t("状态", "state"), c.t("已参评/受邀", "voted/invited"), c.t("票数", "votes"))
	for _, b := range list {
		l := ballotLine{b.ID, b.Form.Name, b.ClosesOn, "running", b.Invited, b.Votes, b.Tally, b.Why}
		state := c.t("进行中", "under way")
		switch {
		case b.Over && b.Counted:
			l.State, state = "counted", c.t("已计票", "counted")
		case b.Over:
			l.State, state = "stopped", c.t("已中止", "broken off")
		}
		var votes []string
		for _, f := range b.Form.Fields {
			for _, o := range f.Of {
				if n, told := b.Tally[o.Name]; told {
					votes = append(votes, programme.OptionTitle(f, o.Name).In(c.lang)+" "+strconv.Itoa(n))
				}
			}
		}
		if err := lines.add(l, b.ID, b.Form.Name, b.ClosesOn.String(), state, strconv.Itoa(b.Votes)+"/"+strconv.Itoa(b.Invited), strings.Join(votes, ", ")); err != nil {
			return err
		}
	}
	return lines.end()
}

type ballotsCall struct {
	ofSubject `embed:""`
	Form      string `arg:"" help:"A ballot of the programme that no matter uses." zh:"方案中不属于事项的评议表单。"`
	Closes    string `placeholder:"DAY" help:"Its last day, such as 2026-07-10 (default: in 14 days)." zh:"截止日，如 2026-07-10（默认 14 天后）。"`
}

// Run calls a ballot and prints its ID.
func (k *ballotsCall) Run(c *console) error {
	site, _, sub, err := k.at(c)
	if err != nil {
		return err
	}
	defer site.Close()
	closes := site.Today() + 14
	if k.Closes != "" {
		if closes, err = programme.ParseDay(k.Closes); err != nil {
			return wrong("「{0}」不是日期", "“{0}” is not a day", k.Closes).do("日期要写成 2021-01-20", "a day is written 2021-01-20")
		}
	}
	id, err := site.CallBallot(c.ctx, bihuan.System(), sub.ID, k.Form, closes)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, id)
	return nil
}

type ballotsLink struct {
	storage `embed:""`
	Ballot  string `arg:"" help:"Which, as list names it; or the code of the matter whose ballot runs." zh:"哪一次，用 list 列出的代号；事项的评价用事项编号。"`
	Close   bool   `help:"Take the link away; votes that came by it stay." zh:"关闭链接，已投的票有效。"`
}

// Run opens or closes a link, and prints the path of one that is open.
func (k *ballotsLink) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	id := k.Ballot
	m, err := site.Matter(c.ctx, bihuan.System(), k.Ballot)
	if kind, _ := bihuan.KindOf(err); err != nil && kind != bihuan.NotFound {
		return err
	} else if m.Ballot != nil {
		id = m.Ballot.ID
	}
	if k.Close {
		return site.CloseBallotLink(c.ctx, bihuan.System(), id)
	}
	link, err := site.OpenBallotLink(c.ctx, bihuan.System(), id)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, "/vote/"+link)
	return nil
}

type ballotsStop struct {
	storage `embed:""`
	Ballot  string `arg:"" help:"Which, as list names it." zh:"哪一次，用 list 列出的代号。"`
	Reason  string `required:"" help:"Why; those invited are told." zh:"理由，会告知受邀人。"`
}

// Run breaks a ballot off.
func (k *ballotsStop) Run(c *console) error {
	site, err := k.storage.existing(c)
	if err != nil {
		return err
	}
	defer site.Close()
	return site.BreakOffBallot(c.ctx, bihuan.System(), k.Ballot, k.Reason)
}
