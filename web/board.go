package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

type boardArgs struct {
	bihuan.Board
	Running  *bihuan.Running
	Sort     string              // of the children: rank -rank name subjects mean top
	Subjects []bihuan.SubjectRow // the subjects of a unit without units below; for members of the house
	Decided  *bihuan.Round       // the last decided round, for those who look for single results
	Places   places              // of the subjects
	House    bool                // the viewer is a member of the house here
	Levers   []assess.Lever      // the clauses whose repair lifts most; for members of the house
	Drafts   bool                // the viewer may try drafts here

	Indicators []bihuan.IndicatorFigure // for members of the house, or where they are public
}

// board shows how the subjects within a unit stand, and leads down the tree to them.
func board(r *request) error {
	run, err := r.running()
	if err != nil {
		return err
	}
	unit := r.PathValue("unit")
	if unit == "" {
		if unit, err = r.homeUnit(run.Name); err != nil {
			return err
		}
	}
	a := boardArgs{Running: run, Sort: r.URL.Query().Get("sort")}
	if a.Board, err = r.f.site.Board(r.ctx(), r.actor, run.Name, unit); err != nil {
		return err
	}
	a.House = a.Live
	if a.House && oneEach(a.Children) {
		a.Children = nil
		a.Subjects, _, err = r.f.site.Subjects(r.ctx(), r.actor, bihuan.SubjectQuery{Programme: run.Name, Unit: unit, Sort: "rank", Limit: 100})
		if err != nil {
			return err
		}
		if a.Places, err = r.places(unitsOf(a.Subjects, func(row bihuan.SubjectRow) string { return row.Unit })); err != nil {
			return err
		}
	}
	rounds, err := r.f.site.Rounds(r.ctx(), r.actor, run.Name)
	var known *bihuan.Error
	if err != nil && !errors.As(err, &known) {
		return err
	}
	for i := range rounds {
		if rounds[i].State == bihuan.RoundDecided && (a.Decided == nil || rounds[i].DecidedAt.After(a.Decided.DecidedAt)) {
			a.Decided = &rounds[i]
		}
	}
	if a.House && a.Board.Subjects > 0 {
		a.Drafts = mayDraft(r.actor, run)
		if a.Levers, err = r.f.site.Levers(r.ctx(), r.actor, run.Name, unit); err != nil {
			return err
		}
	}
	if len(run.Programme.Indicators) > 0 && (a.House || slices.Contains(run.Public, "indicators")) {
		list, err := r.f.site.Indicators(r.ctx(), r.actor, run.Name, a.Unit.Code)
		if err != nil {
			return err
		}
		a.Indicators = list.List
	}
	sortBoard(a.Children, a.Sort)
	v := r.inProgramme(programme.T(a.Unit.Name+" · "+run.Title.Zh, a.Unit.Name+" · "+run.Title.In(programme.En)), run.Programme, "board")
	return r.page(boardPage(v, a))
}

// oneEach tells whether the units below hold at most one subject each: then the subjects themselves are worth a row, with
// all their columns, rather than the units.
func oneEach(rows []bihuan.BoardRow) bool {
	for _, row := range rows {
		if row.Subjects > 1 {
			return false
		}
	}
	return true
}

// homeUnit finds the unit that somebody begins at: the highest at which he holds a role here, else the top of the tree.
func (r *request) homeUnit(programmeName string) (string, error) {
	best, depth := "", 0
	for _, g := range r.actor.Grants {
		if g.Programme != programmeName && g.Programme != "" {
			continue
		}
		u, err := r.f.site.Unit(r.ctx(), g.Unit)
		if err != nil {
			return "", err
		}
		if best == "" || u.Depth < depth {
			best, depth = u.Code, u.Depth
		}
	}
	if best != "" {
		return best, nil
	}
	top, err := r.f.site.Children(r.ctx(), "")
	if err != nil {
		return "", err
	}
	if len(top) == 0 {
		return "", &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("还没有单位", "There are no units yet"),
			Hint: programme.T("请管理员先导入单位清单", "An administrator imports the list of units first")}
	}
	return top[0].Code, nil
}

// sortBoard orders the rows by what was asked for; units of equal standing stay in the order of their rank.
func sortBoard(rows []bihuan.BoardRow, by string) {
	chinese := collate.New(language.Chinese)
	last := func(rank int) int {
		if rank == 0 {
			return 1 << 30
		}
		return rank
	}
	slices.SortStableFunc(rows, func(a, b bihuan.BoardRow) int {
		switch by {
		case "name":
			return chinese.CompareString(a.Unit.Name, b.Unit.Name)
		case "subjects":
			return cmp.Compare(b.Subjects, a.Subjects)
		case "top":
			return cmp.Compare(topShare(b), topShare(a))
		case "-rank":
			return cmp.Or(cmp.Compare(min(a.Scored, 1), min(b.Scored, 1))*-1, cmp.Compare(b.Rank, a.Rank))
		}
		return cmp.Compare(last(a.Rank), last(b.Rank))
	})
}

func topShare(row bihuan.BoardRow) float64 {
	if row.Subjects == 0 || len(row.Grades) == 0 {
		return -1
	}
	return float64(row.Grades[0].Count) / float64(row.Subjects)
}

// gradePart is one piece of a bar of grades.
type gradePart struct{ class, x, width, text string }

// gradeParts lays counts of grades along a bar of 400, best first; who holds none and who is not scored come last.
func gradeParts(v view, p *programme.Programme, grades []bihuan.GradeCount, all int) []gradePart {
	var parts []gradePart
	var at float64
	for i, g := range grades {
		if g.Count == 0 || all == 0 {
			continue
		}
		w := 400 * float64(g.Count) / float64(all)
		parts = append(parts, gradePart{gradeClass(p, grades, i), fmt.Sprintf("%.1f", at), fmt.Sprintf("%.1f", max(w-1, 1)),
			gradeName(v, p, g) + " " + strconv.Itoa(g.Count)})
		at += w
	}
	return parts
}

func gradeClass(p *programme.Programme, grades []bihuan.GradeCount, i int) string {
	if grades[i].Grade == elseGrade(p) {
		return "f-gnone"
	}
	return "f-g" + strconv.Itoa(min(i, 4))
}

func gradeName(v view, p *programme.Programme, g bihuan.GradeCount) string {
	if !g.Title.Empty() {
		return v.In(g.Title)
	}
	return gradeTitle(v, p, g.Grade)
}

func gradeBarText(v view, p *programme.Programme, grades []bihuan.GradeCount) string {
	var words []string
	for _, g := range grades {
		words = append(words, gradeName(v, p, g)+" "+strconv.Itoa(g.Count))
	}
	return strings.Join(words, v.T("，", ", "))
}

// unitURL is the address of the board of a unit.
func unitURL(p, unit string) string { return "/p/" + p + "/unit/" + url.PathEscape(unit) }

// unitCrumbs lead down to a unit; the last one is where one is.
func unitCrumbs(v view, path []bihuan.Unit) []crumb {
	way := make([]crumb, len(path))
	for i, u := range path {
		way[i] = crumb{text: u.Name, href: unitURL(v.Programme.Name, u.Code)}
	}
	if len(way) > 0 {
		way[len(way)-1].href = ""
	}
	return way
}

// mean writes a mean with two decimals; it is shown only where somebody is scored.
func mean(p assess.Points, scored int) string {
	if scored == 0 {
		return "–"
	}
	return programme.NewDecimal(int64(p), 6).Fixed(2)
}

// levelText names the level of a unit; levels are free words of those who import units.
func levelText(v view, level string) string {
	words := map[string]programme.Text{
		"province": programme.T("省", "province"), "city": programme.T("市", "city"), "county": programme.T("县（市、区）", "county"),
		"town": programme.T("镇（街道）", "town"), "village": programme.T("村（社区）", "village"), "enterprise": programme.T("企业", "enterprise"),
	}
	if t, ok := words[level]; ok {
		return v.In(t)
	}
	return level
}

func notGraded(b bihuan.Board) int {
	n := b.Subjects
	for _, g := range b.Grades {
		n -= g.Count
	}
	return n
}

func boardSortURL(v view, a boardArgs, by string) string {
	return unitURL(a.Running.Name, a.Unit.Code) + "?sort=" + by
}

func topGradeText(v view, a boardArgs) string {
	if len(a.Grades) == 0 {
		return ""
	}
	return gradeName(v, a.Running.Programme, a.Grades[0]) + v.T("率", " share")
}

func topGradeShare(row bihuan.BoardRow) string {
	if len(row.Grades) == 0 || row.Subjects == 0 {
		return "–"
	}
	return percent(row.Grades[0].Count, row.Subjects)
}
