package main

import (
	"fmt"
	"os"
	"path/filepath"

	"bihuan.dev/bihuan"
)

type publishCommand struct {
	storage `embed:""`
	Dir     string `arg:"" help:"Directory of the programme." zh:"规范程序所在目录。"`
	Note    string `help:"What has changed, for the list of versions." zh:"变更说明，列在版本清单中。"`
}

// Run publishes a programme. Its mistakes are told as check tells them; all live scores are computed anew.
func (k *publishCommand) Run(c *console) error {
	if fatal := findMistakes(k.Dir, false).Fatal(); len(fatal) > 0 {
		fatal.Render(c.err, c.lang, colored(c.err))
		return wrong("规范程序有 {0} 处错误，未发布", "the programme has mistakes ({0}), it was not published", len(fatal)).
			do("请先用 bihuan check {0} 检查并改正", "correct them first: bihuan check {0}", k.Dir)
	}
	dir, err := filepath.Abs(k.Dir)
	if err != nil {
		return fmt.Errorf("publish %s: %w", k.Dir, err)
	}
	site, err := k.storage.open(c, bihuan.Config{})
	if err != nil {
		return err
	}
	defer site.Close()
	version, err := site.Publish(c.ctx, bihuan.System(), os.DirFS(dir), filepath.Base(dir), k.Note)
	if err != nil {
		return err
	}
	if e := version.Effect; e != nil && e.Subjects > 0 {
		c.say("较 {0} 版：{2} 个对象中 {1} 个得分有变化，{3} 个升级，{4} 个降级", "against version {0}: {1} of {2} subjects change, {3} move up, {4} move down",
			e.Against, e.Changed, e.Subjects, e.Up, e.Down)
		for i, grade := range e.Grades {
			if e.Before[i]+e.After[i] > 0 && grade != "" {
				c.say("{0}：{1} → {2}", "{0}: {1} → {2}", grade, e.Before[i], e.After[i])
			}
		}
	}
	_, err = fmt.Fprintf(c.out, "%s %s %s\n", version.Programme, version.Version, version.Hash)
	return err
}
