package main

import (
	"fmt"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

type checkCommand struct {
	Dirs  []string `arg:"" name:"dir" help:"Directories of programmes." zh:"规范程序所在目录。"`
	Cover bool     `help:"Fail unless the cases see every clause met and unmet, every veto strike, every grade reached." zh:"要求样例覆盖每条条款的达到与未达到、每项否决和每个等级。"`
	JSON  bool     `name:"json" help:"One mistake a line, as JSON." zh:"每行一处错误，JSON 格式。"`
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
	if bad == 0 {
		return nil
	}
	if !k.JSON {
		c.say("{0} 处错误", map[bool]string{true: "1 mistake", false: "{0} mistakes"}[bad == 1], bad)
	}
	return answerNo{}
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
