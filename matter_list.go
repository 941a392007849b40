package bihuan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// MatterQuery selects matters that the actor may see.
type MatterQuery struct {
	Programme string // empty: all
	Name      string // of the process; empty: all
	Unit      string // and below, of the subject or of the body that handles it; empty: all
	Subject   string // its ID; empty: all
	Round     string // its ID; empty: all
	Clause    string
	Box       Box    // of the actor; empty: whatever he may see
	State     string // open, over, soon, overdue, or the meaning of an end; empty: all
	Stage     string // or the name of an end
	Turn      string // whose turn it is: a role, raiser for those affected, lead for a handler who is named; empty: anybody's
	Search    string // words of the title, the code, the pinyin or its initials
	Sort      string // moved (default: the newest first), due (the most urgent first), raised
	Page
	only []string // IDs or codes; nil: all
}

// matterState is a state that a list may be of, and its condition on a matter m.
type matterState struct {
	name  string
	where func(today int64, arg func(any) string) string
}

var matterStates = []matterState{
	{"open", func(int64, func(any) string) string { return "m.outcome = ''" }},
	{"over", func(int64, func(any) string) string { return "m.outcome <> ''" }},
	{"soon", func(today int64, arg func(any) string) string {
		return "m.outcome = '' AND m.due_on >= " + arg(today) + " AND m.due_on <= " + arg(today+soon)
	}},
	{"overdue", func(today int64, arg func(any) string) string { return "m.outcome = '' AND m.due_on < " + arg(today) }},
	meaning(programme.Good), meaning(programme.Partly), meaning(programme.Answered), meaning(programme.OpenToPublic),
}

// meaning is the state of what ended with a meaning.
func meaning(name string) matterState {
	return matterState{name, func(_ int64, arg func(any) string) string { return "m.meaning = " + arg(name) }}
}

// Box is a tray of somebody's matters.
type Box string

// The boxes.
const (
	BoxTodo      Box = "todo"      // whose turn the actor's is (待办)
	BoxDone      Box = "done"      // in which he acted (已办)
	BoxRaised    Box = "raised"    // which he raised (我发起的)
	BoxFollowing Box = "following" // which he joined or follows (我关注的)
)

// Boxes lists the boxes in their order.
var Boxes = []Box{BoxTodo, BoxDone, BoxRaised, BoxFollowing}

// Text gives the word for a box.
func (b Box) Text() programme.Text {
	switch b {
	case BoxTodo:
		return programme.T("待办", "To do")
	case BoxDone:
		return programme.T("已办", "Done")
	case BoxRaised:
		return programme.T("我发起的", "Raised by me")
	case BoxFollowing:
		return programme.T("我关注的", "Followed")
	}
	return programme.T("全部", "All")
}

// MatterPage is a part of a list of matters, and how many there are in all.
type MatterPage struct {
	Matters  []Matter
	Total    int
	Together []programme.Way // what the actor may do with several of the part at once: see ActOnMany
}

// Matters lists matters. To those without a role it lists what their programmes make public.
func (s *Site) Matters(ctx context.Context, a Actor, q MatterQuery) (MatterPage, error) {
	var out MatterPage
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := s.checkMatterQuery(ctx, tx, q); err != nil {
			return err
		}
		where, args, err := s.mattersSeen(ctx, tx, a, q)
		if err != nil {
			return err
		}
		if err := tx.Row(ctx, "SELECT count(*) FROM matter m JOIN subject s ON s.id = m.subject_id WHERE "+where, args, &out.Total); err != nil {
			return fmt.Errorf("count matters: %w", err)
		}
		limit, offset := q.clip()
		list, err := s.mattersPart(ctx, tx, where, args, matterOrder(q.Sort), limit, offset)
		if err != nil {
			return err
		}
		return s.shown(ctx, tx, a, list, func(v viewer, m *stored, shown Matter) {
			ways := waysTogether(m, v)
			shown.Together = len(ways) > 0
			out.Matters = append(out.Matters, shown)
			for _, w := range ways {
				if !slices.ContainsFunc(out.Together, func(x programme.Way) bool { return x.Kind == w.Kind && x.Action == w.Action }) {
					out.Together = append(out.Together, w)
				}
			}
		})
	})
	if err != nil {
		return MatterPage{}, fmt.Errorf("list matters: %w", err)
	}
	return out, nil
}

// checkMatterQuery refuses what no matter can have: an empty list would read as if there were none.
func (s *Site) checkMatterQuery(ctx context.Context, tx *db.Tx, q MatterQuery) error {
	if q.Programme != "" {
		run, err := s.runningIn(ctx, tx, q.Programme)
		if err != nil {
			return err
		}
		if q.Name != "" && !slices.ContainsFunc(run.processes, func(x *programme.Process) bool { return x.Matter.Name == q.Name }) {
			return notFound("这类事项", "kind of matter")
		}
	}
	if q.Unit != "" {
		if err := unitExists(ctx, tx, q.Unit); err != nil {
			return err
		}
	}
	return nil
}

// mattersPart reads a part of the matters that a condition selects. Which ones is found first, so that what is large of the others
// is neither read nor sorted.
func (s *Site) mattersPart(ctx context.Context, tx *db.Tx, where string, args []any, order string, limit, offset int) ([]stored, error) {
	return s.matters(ctx, tx, fmt.Sprintf(`WHERE m.id IN (SELECT m.id FROM matter m JOIN subject s ON s.id = m.subject_id WHERE %s
		ORDER BY %s LIMIT %d OFFSET %d) ORDER BY %[2]s`, where, order, limit, offset), args...)
}

func matterOrder(sort string) string {
	switch sort {
	case "due":
		return "CASE WHEN m.outcome <> '' THEN 2 WHEN m.due_on IS NULL THEN 1 ELSE 0 END, m.due_on, m.moved_at DESC, m.id"
	case "raised":
		return "m.raised_at DESC, m.id DESC"
	}
	return "m.moved_at DESC, m.id DESC"
}

// MatterCounts tells how many matters a query selects in each box.
func (s *Site) MatterCounts(ctx context.Context, a Actor, q MatterQuery) (map[Box]int, error) {
	out := map[Box]int{}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		for _, b := range Boxes {
			q.Box = b
			where, args, err := s.mattersSeen(ctx, tx, a, q)
			if err != nil {
				return err
			}
			var n int
			if err := tx.Row(ctx, "SELECT count(*) FROM matter m JOIN subject s ON s.id = m.subject_id WHERE "+where, args, &n); err != nil {
				return fmt.Errorf("count matters: %w", err)
			}
			out[b] = n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count matters of %s: %w", a.ID, err)
	}
	return out, nil
}

// mattersSeen makes the condition that selects those of the queried matters that an actor may see, by the rules of viewOf, so
// that a list never shows what a page refuses. It reads over matter m and subject s.
func (s *Site) mattersSeen(ctx context.Context, tx *db.Tx, a Actor, q MatterQuery) (string, []any, error) {
	if q.Box != "" && a.Visitor() {
		return "", nil, signInFirst() // nobody has no boxes
	}
	var args []any
	arg := func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) }
	where := []string{"1 = 1"}
	and := func(cond string) { where = append(where, cond) }
	if !a.system {
		sees, err := s.seesMatters(ctx, tx, a, q, arg)
		if err != nil {
			return "", nil, err
		}
		and("(" + strings.Join(sees, " OR ") + ")")
	}
	for _, x := range []struct{ column, value string }{{"m.programme", q.Programme}, {"m.name", q.Name}, {"m.subject_id", q.Subject}, {"m.round_id", q.Round},
		{"m.clause", q.Clause}, {"m.stage", q.Stage}} {
		if x.value != "" {
			and(x.column + " = " + arg(x.value))
		}
	}
	if q.only != nil {
		var list []string
		for _, id := range q.only {
			list = append(list, arg(id))
		}
		in := " IN (" + strings.Join(list, ",") + ")"
		and("(m.id" + in + " OR m.code" + in + ")")
	}
	if q.Unit != "" {
		in := "IN (SELECT unit FROM unit_within WHERE within = " + arg(q.Unit) + ")"
		and("(m.unit " + in + " OR s.unit " + in + ")")
	}
	if q.State != "" {
		i := slices.IndexFunc(matterStates, func(x matterState) bool { return x.name == q.State })
		if i < 0 {
			var names []string
			for _, x := range matterStates {
				names = append(names, x.name)
			}
			return "", nil, refuse(Invalid, "没有状态{0}", "there is no state {0}", q.State).hint("可用：{0}", "one of: {0}", strings.Join(names, ", "))
		}
		and(matterStates[i].where(int64(s.Today()), arg))
	}
	if q.Turn != "" {
		and("m.outcome = '' AND EXISTS (SELECT 1 FROM matter_turn t WHERE t.matter_id = m.id AND " + whoseTurn + " = " + arg(q.Turn) + ")")
	}
	for _, w := range searchWords(q.Search) {
		and(`m.terms LIKE ` + arg(w) + ` ESCAPE '\'`)
	}
	switch q.Box {
	case BoxTodo:
		and("m.outcome = '' AND " + turnOf(a, arg))
	case BoxDone:
		and("m.id IN (SELECT e.matter_id FROM matter_event e WHERE e.person = " + arg(a.ID) + " AND e.kind NOT IN ('raise', 'remind'))")
	case BoxRaised:
		and("m.id IN (SELECT p.matter_id FROM matter_person p WHERE p.tie = 'raiser' AND p.person = " + arg(a.ID) + ")")
	case BoxFollowing:
		and("m.id IN (SELECT p.matter_id FROM matter_person p WHERE p.tie IN ('follows', 'joined') AND p.person = " + arg(a.ID) + ")")
	}
	return strings.Join(where, " AND "), args, nil
}

// turnOf is the condition that it is the actor's turn in a matter m: by a role that he holds at its unit or above, or as a person. It is
// never the turn of who is recused.
func turnOf(a Actor, arg func(any) string) string {
	mine := []string{"t.person = " + arg(a.ID)}
	for _, g := range a.Grants {
		if g.Programme != "" {
			mine = append(mine, "t.role = "+arg(g.Role)+" AND m.programme = "+arg(g.Programme)+" AND m.unit IN (SELECT unit FROM unit_within WHERE within = "+arg(g.Unit)+")")
		}
	}
	return "EXISTS (SELECT 1 FROM matter_turn t WHERE t.matter_id = m.id AND (" + strings.Join(mine, " OR ") + ")) AND NOT EXISTS (SELECT 1 FROM matter_person q " +
		"WHERE q.matter_id = m.id AND q.tie = 'recused' AND q.person = " + arg(a.ID) + ")"
}
