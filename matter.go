package bihuan

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Matter is something that people raised (事项) and that ends only as its stages allow: a proposal, a dispute, a rectification.
// What its programme hides from the actor is not in it.
type Matter struct {
	ID, Code, Programme string
	Name                string         // of its process
	Kind                programme.Text // how that is called
	Title               string
	Called              programme.Text // its title, where it is about a clause in both languages
	Subject             Subject
	Unit, UnitName      string // the body that handles it now
	Clause              string // that it is about, if any
	Round               string // the ID of the round in which it arose, if any
	VersionID           string // it runs under

	Stage      string // of one that is over: its end
	StageTitle programme.Text
	Outcome    string // the name of its end; empty while it runs
	Meaning    string // of that end: programme.Good, Partly, Answered, OpenToPublic, …
	Why        string // the public reason it ended with
	RaisedOn   programme.Day
	ClosedOn   programme.Day // 0 while it runs
	MovedAt    time.Time     // when something last happened

	Clock  programme.Clock // of the stage it is in
	Left   int             // days that are left by that clock, working days where it counts these; negative: overdue
	Works  bool            // Left counts working days
	Closed float64         // how far its loop has closed, from 0 to 1
	Light  Light
	Holder programme.Text // whose turn it is, in words
	Lead   string         // the name of the lead handler, if one is named
	With   []string       // and of the co-handlers
	Joined int            // how many took part, beside who raised it
	Late   int            // stages that were left after their time
	Seq    int            // how many events it has taken; what an action that is based on it says it has seen
	Raiser string         // the name of who raised it, for those who may know it

	Together bool // in a list: the actor may do something with it that he may do with several at once
}

// Light says at a glance how a running matter stands to its deadline: blue, yellow, red (蓝黄红).
type Light string

// The lights.
const (
	NoLight Light = ""       // over, without a clock, or in good time
	Blue    Light = "blue"   // due within three days
	Yellow  Light = "yellow" // overdue
	Red     Light = "red"    // overdue and told to those above
)

// Text gives the word for a light.
func (l Light) Text() programme.Text {
	switch l {
	case Blue:
		return programme.T("临期", "due soon")
	case Yellow:
		return programme.T("逾期", "overdue")
	case Red:
		return programme.T("已上报", "escalated")
	}
	return programme.Text{}
}

// soon is how many days before its deadline the holders of a matter are told.
const soon = 3

// Over reports whether the matter has ended.
func (m Matter) Over() bool { return m.Outcome != "" }

// stored is a matter as it stands in the database, with everything: what of it an actor may know, sight says.
type stored struct {
	Matter
	state  programme.State
	run    *Running // of its version
	x      *programme.Process
	warned programme.Day
	fired  int
}

const selectMatter = `SELECT m.id, m.code, m.programme, m.name, m.version_id, m.unit, (SELECT u.name FROM unit u WHERE u.code = m.unit),
	m.title, m.clause, COALESCE(m.round_id, ''), m.moved_at, m.closed_on, m.warned_on, m.fired, m.state, ` + briefSubject + `
	FROM matter m JOIN subject s ON s.id = m.subject_id `

// matters reads matters as they stand.
func (s *Site) matters(ctx context.Context, tx *db.Tx, where string, args ...any) ([]stored, error) {
	if err := s.calendars.fresh(ctx, tx); err != nil {
		return nil, err
	}
	var list []stored
	err := tx.Each(ctx, selectMatter+where, args, func(scan func(...any) error) error {
		var m stored
		var b subjectBrief
		var moved int64
		var closed, warned sql.NullInt64
		var state string
		if err := scan(append([]any{&m.ID, &m.Code, &m.Programme, &m.Name, &m.VersionID, &m.Unit, &m.UnitName, &m.Title, &m.Clause, &m.Round,
			&moved, &closed, &warned, &m.fired, &state}, b.into()...)...); err != nil {
			return err
		}
		m.Subject, m.MovedAt, m.ClosedOn, m.warned = b.subject(s), s.moment(moved), programme.Day(closed.Int64), programme.Day(warned.Int64)
		if err := json.Unmarshal([]byte(state), &m.state); err != nil {
			return fmt.Errorf("state of matter %s: %w", m.ID, err)
		}
		list = append(list, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read matters: %w", err)
	}
	for i := range list {
		if err := s.prepare(ctx, tx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Site) matterWhere(ctx context.Context, tx *db.Tx, where string, args ...any) (stored, error) {
	list, err := s.matters(ctx, tx, where, args...)
	if err == nil && len(list) == 0 {
		err = notFound("该事项", "matter")
	}
	if err != nil {
		return stored{}, err
	}
	return list[0], nil
}

// prepare finds the process of a matter, and what follows from its state.
func (s *Site) prepare(ctx context.Context, tx *db.Tx, m *stored) (err error) {
	if m.run, err = s.versionIn(ctx, tx, m.VersionID); err != nil {
		return err
	}
	if m.x, err = s.process(m.run, m.Name); err != nil {
		return err
	}
	m.Kind = matterTitle(m.x.Matter)
	m.derive(s.Today())
	return nil
}

// derive fills in what follows from the state on a day.
func (m *stored) derive(today programme.Day) {
	st := &m.state
	m.Stage, m.StageTitle, m.Outcome, m.Meaning, m.Why = st.Stage, m.x.StageTitle(st.Stage), st.Outcome, st.Meaning, st.Why
	m.RaisedOn, m.Joined, m.Late, m.Seq = st.Raised, st.Joined, st.Late, st.Seq
	m.Clock, m.Light = m.x.Clock(*st, m.x.Calendar), NoLight
	m.Left, _ = m.x.Left(*st, today, m.x.Calendar)
	m.Works, m.Closed = m.x.InWorkdays(*st), m.x.Closed(*st)
	m.Holder = m.x.People(st.Holder)
	late := today > m.Clock.Due
	switch {
	case m.Over() || !m.Clock.Runs || m.Clock.Stopped:
	case late && slices.ContainsFunc(m.climbed(), func(r programme.Rung) bool { return r.Escalate != "" }):
		m.Light = Red
	case late:
		m.Light = Yellow
	case m.Clock.Due-today <= soon:
		m.Light = Blue
	}
}

// climbed lists the rungs of the overdue ladder that were climbed in this stage.
func (m *stored) climbed() []programme.Rung {
	rungs := m.x.Rungs(m.state, m.x.Calendar)
	return rungs[:min(m.state.Fired, len(rungs))]
}

// process gives a process of a programme, by the calendar of the site.
func (s *Site) process(run *Running, name string) (*programme.Process, error) {
	i := slices.IndexFunc(run.processes, func(x *programme.Process) bool { return x.Matter.Name == name })
	if i < 0 {
		return nil, refuse(NotFound, "方案中没有事项{0}", "the programme has no matter {0}", name)
	}
	return s.calendars.over(run.processes[i]), nil
}

func matterTitle(m *programme.Matter) programme.Text {
	if m.Title.Empty() {
		return programme.T(m.Name, m.Name)
	}
	return m.Title
}

// freeCode makes a code that no matter has.
func freeCode(ctx context.Context, tx *db.Tx, w *writes, day programme.Day) (string, error) {
	for {
		code := newCode(day)
		var n int
		if err := tx.Row(ctx, "SELECT count(*) FROM matter WHERE code = $1", []any{code}, &n); err != nil {
			return "", fmt.Errorf("find a code: %w", err)
		}
		if n == 0 && !slices.ContainsFunc(w.matters, func(m *stored) bool { return m.Code == code }) {
			return code, nil
		}
	}
}

// newCode makes the code by which people speak of a matter: the day and five letters that are not mistaken for one another.
// It tells nobody anything.
func newCode(day programme.Day) string {
	const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return day.Time().Format("060102") + "-" + string(b)
}

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
	states := []string{"", "open", "over", "soon", "overdue", programme.Good, programme.Partly, programme.Answered, programme.OpenToPublic}
	if !slices.Contains(states, q.State) {
		return refuse(Invalid, "没有状态{0}", "there is no state {0}", q.State).hint("可用：{0}", "one of: {0}", strings.Join(states[1:], ", "))
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

// MatterFile is a matter with all that happened to it, as far as the actor may know it.
type MatterFile struct {
	Matter
	Stages    []StageMark // the way it went and may go
	Forms     []MatterForm
	Events    []MatterEvent   // the oldest first
	Ways      []programme.Way // that the actor may go
	Next      []programme.Way // what can happen to it now, whoever may bring it about: actions, forms, a ballot
	Confirmed bool            // those affected brought its end about: who raised it or joined it, by themselves or by their ballot
	ByRules   programme.Text  // why the rules ended it; empty: people did
	Ballot    *BallotFigures  // the one that runs, or the last one
	Hides     []string        // what the programme hides
	Follows   bool            // the actor does
	Recused   bool            // the actor had a part in what it is against, and may do nothing with it
	Reminds   bool            // the actor may remind those whose turn it is, and has not today
	House     bool            // the actor belongs to those who handle it, or are above
	Parts     []MatterLink    // what it was split into
	Part      *MatterLink     // what it was split from
	Into      *MatterLink     // what it was merged into
	Absorbed  []MatterLink    // what was merged into it
}

// MatterLink points to another matter.
type MatterLink struct {
	ID, Code string
	Called   programme.Text
}

// linksTo gives the links to matters, by their IDs.
func (s *Site) linksTo(ctx context.Context, tx *db.Tx, ids []string) (map[string]MatterLink, error) {
	type named struct {
		MatterLink
		title, clause, version string
	}
	var list []named
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT id, code, title, clause, version_id FROM matter WHERE id IN ("+db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
			var l named
			err := scan(&l.ID, &l.Code, &l.title, &l.clause, &l.version)
			list = append(list, l)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("titles of matters: %w", err)
	}
	out := map[string]MatterLink{}
	for _, l := range list {
		run, err := s.versionIn(ctx, tx, l.version)
		if err != nil {
			return nil, err
		}
		l.Called = run.called(l.clause, l.title)
		out[l.ID] = l.MatterLink
	}
	return out, nil
}

// StageMark is a stage of a matter's process: passed, now, ahead, or one of its ends.
type StageMark struct {
	Stage   string
	Title   programme.Text
	Entered programme.Day // the last time; 0: never
	Visits  int
	Now     bool
	End     bool
}

// MatterForm is a form that was filed on a matter's way, without the fields that are hidden.
type MatterForm struct {
	Seq         int // of the event
	Form        string
	Title       programme.Text
	Definition  *programme.Form // to show the values by
	Values      programme.Values
	Told        map[string]programme.Text // fields that the rules filled in: the same in both languages
	Hidden      []string                  // names of fields that hold something and are hidden from the actor
	By          programme.Text
	On          programme.Day
	Attachments []Attachment
}

// MatterEvent is something that happened to a matter.
type MatterEvent struct {
	Seq      int
	Kind     programme.EventKind
	Action   string
	Title    programme.Text // what was done, in words
	As       programme.Text // the role or tie in which it was done
	Name     string         // of who did it, for those of the house, unless it is hidden
	Reason   string
	Told     programme.Text // what the rules said to it
	Target   string         // to whom or what, in words
	From, To programme.Text // stages; alike when it stayed
	At       time.Time      // when the site was told of it
	On       programme.Day  // when it happened; earlier, of what was taken over from elsewhere
	Late     bool           // it left its stage after its time
}

// Matter gives a matter by its ID or its code, to those who may see it.
func (s *Site) Matter(ctx context.Context, a Actor, id string) (MatterFile, error) {
	var out MatterFile
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		m, err := s.matterWhere(ctx, tx, "WHERE m.id = $1 OR m.code = $1", id)
		if err != nil {
			return err
		}
		v, err := s.viewerOf(ctx, tx, a, m)
		if err != nil {
			return err
		}
		if v.sees == matterUnseen {
			return notFound("该事项", "matter")
		}
		out, err = s.matterFile(ctx, tx, a, v, m)
		return err
	})
	if err != nil {
		return MatterFile{}, fmt.Errorf("matter %s: %w", id, err)
	}
	return out, nil
}

func (s *Site) matterFile(ctx context.Context, tx *db.Tx, a Actor, v viewer, m stored) (MatterFile, error) {
	raisers, err := s.raiserNames(ctx, tx, []string{m.ID})
	if err != nil {
		return MatterFile{}, err
	}
	if err := s.nameHandlers(ctx, tx, []*stored{&m}); err != nil {
		return MatterFile{}, err
	}
	out := MatterFile{Matter: v.show(m, raisers[m.ID]), Stages: marks(m), Hides: m.x.Matter.Hides, House: v.sees == matterHouse, Follows: v.ties[tieFollows], Recused: v.ties[tieRecused]}
	if v.sees == matterTold {
		return out, nil // that it ended, how, and the public reason
	}
	if err = s.matterEvents(ctx, tx, v, m, &out); err != nil {
		return MatterFile{}, err
	}
	if out.Forms, err = s.matterForms(ctx, tx, v, m); err != nil {
		return MatterFile{}, err
	}
	for _, w := range m.x.Ways(m.state) {
		joins := w.Kind == programme.EventFile && collects(m.x, m.Stage, map[string]programme.Values{w.Form: nil})
		if (a.system || v.may(m.x, w.By)) && w.Kind != programme.EventBallot && !(joins && (v.ties[tieRaiser] || v.ties[tieJoined])) {
			out.Ways = append(out.Ways, w)
		}
		if w.Kind == programme.EventAct || w.Kind == programme.EventFile || w.Kind == programme.EventBallot {
			out.Next = append(out.Next, w)
		}
	}
	if out.Ballot, err = s.ballotOf(ctx, tx, v, m); err != nil {
		return MatterFile{}, err
	}
	if out.Reminds, err = s.mayRemind(ctx, tx, m, v); err != nil {
		return MatterFile{}, err
	}
	return out, s.matterLinks(ctx, tx, m, &out)
}

func (s *Site) matterLinks(ctx context.Context, tx *db.Tx, m stored, out *MatterFile) error {
	ids := slices.Concat(m.state.Parts, m.state.Absorbed, []string{m.state.Part, m.state.Into})
	links, err := s.linksTo(ctx, tx, ids)
	if err != nil {
		return fmt.Errorf("matters beside %s: %w", m.ID, err)
	}
	of := func(ids []string) (list []MatterLink) {
		for _, id := range ids {
			if l, ok := links[id]; ok {
				list = append(list, l)
			}
		}
		return list
	}
	one := func(id string) *MatterLink {
		if l, ok := links[id]; ok {
			return &l
		}
		return nil
	}
	out.Parts, out.Absorbed, out.Part, out.Into = of(m.state.Parts), of(m.state.Absorbed), one(m.state.Part), one(m.state.Into)
	return nil
}

// marks gives the stages of a matter's process in their order, and the end it came to.
func marks(m stored) []StageMark {
	var out []StageMark
	for _, st := range m.x.Matter.Stages {
		out = append(out, StageMark{st.Stage, m.x.StageTitle(st.Stage), m.state.Days[st.Stage], m.state.Visits[st.Stage], st.Stage == m.Stage, false})
	}
	if m.Over() {
		out = append(out, StageMark{m.Outcome, m.StageTitle, m.ClosedOn, 1, true, true})
	}
	return out
}

// matterEvents reads what happened to a matter, whether those affected brought its end about, and why the rules did.
func (s *Site) matterEvents(ctx context.Context, tx *db.Tx, v viewer, m stored, out *MatterFile) error {
	late := 0
	err := tx.Each(ctx, `SELECT e.seq, e.kind, e.action, e.person, COALESCE(a.name, v.name, ''), e.acted_as, e.reason, e.target, e.told, e.at, e.on_day, e.from_stage, e.stage, e.late
		FROM matter_event e LEFT JOIN account a ON a.id = e.person LEFT JOIN voice v ON v.id = e.person WHERE e.matter_id = $1 ORDER BY e.seq`, []any{m.ID},
		func(scan func(...any) error) error {
			var e MatterEvent
			var person, name, as, from, to, told string
			var at int64
			var lates int
			if err := scan(&e.Seq, &e.Kind, &e.Action, &person, &name, &as, &e.Reason, &e.Target, &told, &at, &e.On, &from, &to, &lates); err != nil {
				return err
			}
			e.Title, e.As, e.At = m.x.Happened(programme.Happening{Kind: e.Kind, Action: e.Action, From: from}), m.x.People([]string{as}), s.moment(at)
			e.From, e.To = m.x.StageTitle(from), m.x.StageTitle(to)
			e.Told = readText(told)
			if from == "" {
				e.From = programme.Text{}
			}
			if v.knowsName(m.x, person, as) {
				e.Name = name
			}
			e.Late, late = lates > late, lates
			if m.Over() && from != to && to == m.Outcome {
				out.Confirmed, out.ByRules = as == tieRaiser || as == tieJoined || e.Kind == programme.EventBallot, e.Told
			}
			out.Events = append(out.Events, e)
			return nil
		})
	if err != nil {
		return fmt.Errorf("events of matter %s: %w", m.ID, err)
	}
	return s.nameTargets(ctx, tx, v, out.Events)
}

// nameTargets puts names in the place of what events point to: units, handlers, other matters.
func (s *Site) nameTargets(ctx context.Context, tx *db.Tx, v viewer, events []MatterEvent) error {
	for i := range events {
		e := &events[i]
		if e.Target == "" {
			continue
		}
		var name string
		query := ""
		switch e.Kind {
		case programme.EventTransfer:
			query = "SELECT name FROM unit WHERE code = $1"
		case programme.EventAssign:
			query = "SELECT name FROM account WHERE id = $1"
		default:
			query = "SELECT code FROM matter WHERE id = $1"
		}
		err := tx.Row(ctx, query, []any{e.Target}, &name)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("name what an event points to: %w", err)
		}
		e.Target = name
		if e.Kind == programme.EventAssign && v.sees != matterHouse {
			e.Target = ""
		}
	}
	return nil
}

func (s *Site) matterForms(ctx context.Context, tx *db.Tx, v viewer, m stored) ([]MatterForm, error) {
	var out []MatterForm
	secret := map[int]bool{} // events whose actor the viewer may not know
	err := tx.Each(ctx, `SELECT f.seq, f.form, f.person, f.doc, e.acted_as, e.on_day FROM matter_form f
		JOIN matter_event e ON e.matter_id = f.matter_id AND e.seq = f.seq WHERE f.matter_id = $1 ORDER BY f.seq, f.form`, []any{m.ID},
		func(scan func(...any) error) error {
			var f MatterForm
			var person, doc, as string
			if err := scan(&f.Seq, &f.Form, &person, &doc, &as, &f.On); err != nil {
				return err
			}
			form, ok := m.x.Form(f.Form)
			if !ok {
				return nil // a later version carried it over
			}
			if form.Name != m.x.Matter.Raise.Form && v.sees == matterPublic && !publicForm(m.x, form.Name) {
				return nil
			}
			f.Definition, f.Title, f.By = form, formTitle(form), m.x.People([]string{as})
			f.Values, f.Hidden = v.hideFields(m.x, form, person, readValues(form, []byte(doc)))
			secret[f.Seq] = person != "" && hides(m.x.Matter, "proposer", tieRaiser, tieJoined) && !v.knowsName(m.x, person, as)
			out = append(out, f)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("forms of matter %s: %w", m.ID, err)
	}
	if err := s.tellFindings(ctx, tx, m, out); err != nil {
		return nil, err
	}
	return out, matterAttachments(ctx, tx, m.ID, out, secret)
}

// In gives what a form says, what the rules filled in in a language.
func (f MatterForm) In(l programme.Lang) programme.Values {
	if len(f.Told) == 0 {
		return f.Values
	}
	out := maps.Clone(f.Values)
	for name, t := range f.Told {
		if out[name] != nil {
			out[name] = t.In(l)
		}
	}
	return out
}

// publicForm tells whether visitors may read a form on the way of a public matter: the answers of those who handle it, not what
// those who took part wrote.
func publicForm(x *programme.Process, form string) bool {
	for _, st := range x.Matter.Stages {
		if st.Collect != nil && st.Collect.Form == form {
			return false
		}
	}
	return true
}

// matterAttachments adds the files that stand in fields which are shown. What people call their files may tell who they are: of
// those who are hidden a file has a number instead of its name.
func matterAttachments(ctx context.Context, tx *db.Tx, id string, forms []MatterForm, secret map[int]bool) error {
	return tx.Each(ctx, `SELECT x.seq, x.form, x.field, x.sha256, x.name, b.media, b.size FROM matter_blob x JOIN blob b ON b.sha256 = x.sha256
		WHERE x.matter_id = $1 ORDER BY x.seq, x.form, x.field, x.position`, []any{id}, func(scan func(...any) error) error {
		var seq int
		var form string
		var x Attachment
		if err := scan(&seq, &form, &x.Field, &x.SHA256, &x.Name, &x.Media, &x.Size); err != nil {
			return err
		}
		for i := range forms {
			if f := &forms[i]; f.Seq == seq && f.Form == form && f.Values[x.Field] != nil {
				if secret[seq] {
					x.Name = fmt.Sprint(len(f.Attachments)+1) + filepath.Ext(x.Name)
				}
				f.Attachments = append(f.Attachments, x)
			}
		}
		return nil
	})
}

// titleOf gives what a matter is called: the first text of the form that raised it, unless that is hidden.
func titleOf(x *programme.Process, values programme.Values, key string) string {
	form, ok := x.Form(x.Matter.Raise.Form)
	if !ok {
		return key
	}
	for _, f := range form.Fields {
		if f.Type != programme.TextType || hidesField(x.Matter, form.Name, f.Name) {
			continue
		}
		if text, _ := values[f.Name].(string); text != "" {
			line, _, _ := strings.Cut(text, "\n")
			if r := []rune(line); len(r) > mostTitle {
				line = string(r[:mostTitle]) + "…"
			}
			return line
		}
	}
	return cmp.Or(key, x.Matter.Name)
}

const mostTitle = 60

// readText reads a text as it is stored; empty stands for none.
func readText(stored string) (t programme.Text) {
	if stored != "" {
		var pair inBoth
		if json.Unmarshal([]byte(stored), &pair) == nil {
			t = programme.Text(pair)
		}
	}
	return t
}

func textDoc(t programme.Text) string {
	if t.Empty() {
		return ""
	}
	b, _ := json.Marshal(inBoth(t))
	return string(b)
}

// inBoth is a text as JSON, with both languages.
type inBoth struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}
