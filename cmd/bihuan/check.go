package main

import (
	"encoding/json"
	"fmt"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

type checkCommand struct {
	Dirs    []string `arg:"" name:"dir" help:"Directories of programmes." zh:"规范程序所在目录。"`
	Cover   bool     `help:"Fail unless the cases see every clause met and unmet, every veto strike, every grade reached." zh:"要求样例覆盖每条条款的达到与未达到、每项否决和每个等级。"`
	Explain bool     `help:"Tell of every rule whether it is compiled for columns, and why not." zh:"列出每条规则是否已编译为列式运算，以及未编译的原因。"`
	JSON    bool     `name:"json" help:"One mistake a line, as JSON." zh:"每行一处错误，JSON 格式。"`
}

// Run is silent when all is right. Mistakes are the data of this command: they go to stdout.
func (k *checkCommand) Run(c *console) error {
	bad := 0
	for _, dir := range k.Dirs {
		for _, m := range findMistakes(dir, k.Cover) {
			bad++ // a warning does not keep a programme from running, but its author has something to look at
			if k.JSON {
				fmt.Fprintf(c.out, "%s\n", m.JSON(c.lang))
				continue
			}
			if bad > 1 {
				fmt.Fprintln(c.out)
			}
			programme.Mistakes{m}.Render(c.out, c.lang, colored(c.out))
		}
	}
	if k.Explain && bad == 0 {
		for _, dir := range k.Dirs {
			if err := k.explain(c, dir); err != nil {
				return err
			}
		}
	}
	if bad == 0 {
		return nil
	}
	if !k.JSON {
		c.say("{0} 处错误", map[bool]string{true: "1 mistake", false: "{0} mistakes"}[bad == 1], bad)
	}
	return answerNo{}
}

// explain writes a line for every clause and veto: compiled, with its intermediate form, or not, and why.
func (k *checkCommand) explain(c *console, dir string) error {
	p, err := c.load(dir)
	if err != nil {
		return err
	}
	pr, err := assess.Compile(p)
	if err != nil {
		return err
	}
	compiled, all := 0, 0
	for _, x := range pr.Explain() {
		if all++; x.Compiled {
			compiled++
		}
		if k.JSON {
			line, err := json.Marshal(struct {
				Clause   string `json:"clause"`
				Compiled bool   `json:"compiled"`
				Reason   string `json:"reason,omitempty"`
				IR       string `json:"ir,omitempty"`
			}{x.Clause, x.Compiled, x.Reason.In(c.lang), x.IR})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "%s\n", line)
			continue
		}
		what := programme.T("已编译", "compiled").In(c.lang) + "\t" + x.IR
		if !x.Compiled {
			what = programme.T("解释执行", "interpreted").In(c.lang) + "\t" + x.Reason.In(c.lang)
		}
		fmt.Fprintf(c.out, "%s\t%s\n", x.Clause, what)
	}
	c.say("{0}：{2} 条规则中 {1} 条已编译", "{0}: {1} of {2} rules compiled", p.Name, compiled, all)
	return nil
}

// findMistakes loads a programme, runs its cases, and looks what they cover. Each stage needs the one before.
func findMistakes(dir string, cover bool) programme.Mistakes {
	p, mistakes := programme.LoadDir(dir)
	if p == nil || len(mistakes.Fatal()) > 0 {
		return mistakes.Under(dir)
	}
	mistakes = append(mistakes, assess.RunCases(p)...)
	if cover && len(mistakes.Fatal()) == 0 {
		mistakes = append(mistakes, assess.Cover(p)...)
	}
	return mistakes.Under(dir)
}

// load loads a programme that must be right. Its mistakes go to stderr.
func (c *console) load(dir string) (*programme.Programme, error) {
	p, mistakes := programme.LoadDir(dir)
	if fatal := mistakes.Fatal(); p == nil || len(fatal) > 0 {
		fatal.Under(dir).Render(c.err, c.lang, colored(c.err))
		return nil, wrong("规范程序有 {0} 处错误", "the programme has mistakes: {0}", len(fatal)).
			do("请先用 bihuan check {0} 检查并改正", "correct them first: bihuan check {0}", dir)
	}
	return p, nil
}
