package bihuan

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
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
