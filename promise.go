package bihuan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// The promises of the house, and what breaks them. They should read 0; here is where it is counted.
//
//  1. No finding without follow-up: every clause that fails in a decision that counts has a rectification, a waiver with a name and
//     a reason, or a pending objection or appeal. Subjects that left are not asked for any more.
//  2. No voice without an answer: a matter ends confirmed by those affected, or by the rules themselves, or with a public reason.
//     An objection or appeal that is not answered in time breaks the promise at once; another voice does when those above were told and
//     it still stands still. What is merely overdue is a number of its own.
//  3. No number without evidence: what was decided is computed anew and must come out the same, from evidence that is there.

// BreachKind is how a promise is broken.
type BreachKind string

// The kinds of breaches.
const (
	BreachNotFollowed BreachKind = "not_followed" // 1: a clause that fails, and nobody follows it up
	BreachNotRecorded BreachKind = "not_recorded" // 1: a clause that fails in the reasons of a decision and is no finding
	BreachNotEnded    BreachKind = "not_ended"    // 2: a matter that is over, and nothing that happened ended it
	BreachByOffice    BreachKind = "by_office"    // 2: the office alone said that it is solved
	BreachSilent      BreachKind = "silent"       // 2: it ended without a public reason
	BreachUnanswered  BreachKind = "unanswered"   // 2: no answer in time
	BreachDiffers     BreachKind = "differs"      // 3: it does not come out the same
	BreachNoEvidence  BreachKind = "no_evidence"  // 3: evidence that it names is not there
	BreachFigure      BreachKind = "figure"       // 3: a figure is not the sum of its decisions
)

// Promise tells which of the promises is broken, from 1.
func (k BreachKind) Promise() int {
	switch k {
	case BreachNotFollowed, BreachNotRecorded:
		return 1
	case BreachNotEnded, BreachByOffice, BreachSilent, BreachUnanswered:
		return 2
	}
	return 3
}

// Text says what is wrong.
func (k BreachKind) Text() programme.Text {
	switch k {
	case BreachNotFollowed:
		return programme.T("条款不符合，没有整改、免予整改或待答复的异议", "a clause fails without rectification, waiver or pending objection")
	case BreachNotRecorded:
		return programme.T("条款不符合，没有登记为整改问题", "a clause fails and was not noted as a finding")
	case BreachNotEnded:
		return programme.T("显示已办结，但没有办结的记录", "it is over, and nothing on record ended it")
	case BreachByOffice:
		return programme.T("由承办单位单方办结，当事人没有确认", "the office alone closed it; those affected did not confirm")
	case BreachSilent:
		return programme.T("办结时没有公开理由", "it ended without a public reason")
	case BreachUnanswered:
		return programme.T("到期没有答复", "no answer in time")
	case BreachDiffers:
		return programme.T("重新计算，结果不一致", "computed anew, it does not come out the same")
	case BreachNoEvidence:
		return programme.T("所依据的佐证找不到", "evidence that it names is not there")
	case BreachFigure:
		return programme.T("汇总数与各个评定结果之和不一致", "a figure is not the sum of its decisions")
	}
	return programme.Text{}
}

// Breach is a case in which a promise is broken. What it names leads to where it can be looked at.
type Breach struct {
	Kind     BreachKind
	Subject  Subject // of figures only its unit is there
	Clause   string
	Round    string         // its ID
	Title    string         // of the round, or of the matter as it is stored
	Called   programme.Text `json:"-"` // the same as people read it
	Matter   string         // its ID
	Code     string         // of the matter
	Decision string         // its ID
}

// Promises is how the promises of a programme stand, as far as somebody may see it.
type Promises struct {
	Programme *Running
	House     bool // seen as a member; others see what is public
	Breaches  []Breach

	Findings  int // 1: clauses that failed in decisions that count
	Open      int // of them, being put right
	Met       int // of them, put right
	Waived    int // of them, waived
	Late      int // rectifications that are overdue
	Waivers   []Waiver
	Matters   int // 2: matters that people raised
	Over      int // of them, over
	Overdue   int // of them, overdue: told to those who hold them
	Decisions int // 3: decisions, those that were corrected included
	Sampled   int // of them, computed anew for this look
	Checked   *PromiseCheck
}

// Broken counts the breaches of one promise.
func (p Promises) Broken(promise int) (n int) {
	for _, b := range p.Breaches {
		if b.Kind.Promise() == promise {
			n++
		}
	}
	return n
}

// Waiver is a rectification that somebody waived.
type Waiver struct {
	Matter, Code, Clause string
	Subject              Subject
	By                   string // a name, for members; empty for others
	Reason               string
	At                   time.Time
}

// PromiseQuery says where to look.
type PromiseQuery struct {
	Programme string // empty: all
	Unit      string // and below; empty: all
}

// sampled is how many decisions are computed anew on each look.
const sampled = 20

// Promises counts the breaches of the first three promises, by programme, with the cases. Members of the house see their units;
// everybody sees the programmes that make their grades public.
func (s *Site) Promises(ctx context.Context, a Actor, q PromiseQuery) ([]Promises, error) {
	var out []Promises
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if q.Unit != "" {
			if err := unitExists(ctx, tx, q.Unit); err != nil {
				return err
			}
		}
		var names []string
		err := tx.Each(ctx, "SELECT name FROM programme WHERE name = $1 OR $1 = '' ORDER BY name", []any{q.Programme}, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			names = append(names, name)
			return err
		})
		if err != nil {
			return err
		}
		for _, name := range names {
			run, err := s.runningIn(ctx, tx, name)
			if err != nil {
				return err
			}
			look := promiseLook{s: s, tx: tx, actor: a, run: run, unit: q.Unit, units: grantUnits(a, name)}
			if !look.house() && !run.showsGrades() {
				continue
			}
			p, err := look.look(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			out = append(out, p)
		}
		if q.Programme != "" && len(names) == 0 {
			return notFound("该方案", "programme")
		}
		if q.Programme != "" && len(out) == 0 {
			if a.Visitor() {
				return signInFirst()
			}
			return mayNot()
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("promises: %w", err)
	}
	return out, nil
}

// promiseLook is somebody's look at the promises of one programme.
type promiseLook struct {
	s     *Site
	tx    *db.Tx
	actor Actor
	run   *Running
	unit  string   // looked at; empty: all
	units []string // in which he is a member

	out  Promises
	told map[Breach]bool
}

func (l *promiseLook) house() bool { return l.actor.system || len(l.units) > 0 }

// where limits a query to what may be seen, by the unit in a column.
func (l *promiseLook) where(column string, arg func(any) string) string {
	cond := "1 = 1"
	if l.house() && !l.actor.system {
		cond += " AND " + withinUnits(column, l.units, arg)
	}
	if l.unit != "" {
		cond += " AND " + withinUnits(column, []string{l.unit}, arg)
	}
	return cond
}

func (l *promiseLook) look(ctx context.Context) (Promises, error) {
	l.out, l.told = Promises{Programme: l.run, House: l.house()}, map[Breach]bool{}
	for _, part := range []func(context.Context) error{l.findings, l.waivers, l.ended, l.late, l.sample, l.lastCheck} {
		if err := part(ctx); err != nil {
			return Promises{}, err
		}
	}
	if err := l.name(ctx); err != nil {
		return Promises{}, err
	}
	slices.SortStableFunc(l.out.Breaches, func(x, y Breach) int { return cmp.Compare(x.Kind.Promise(), y.Kind.Promise()) })
	return l.out, nil
}

// name calls what the breaches are about as people read it.
func (l *promiseLook) name(ctx context.Context) error {
	var ids []string
	for _, b := range l.out.Breaches {
		if b.Matter != "" && b.Kind.Promise() == 2 {
			ids = append(ids, b.Matter)
		}
	}
	links, err := l.s.linksTo(ctx, l.tx, ids)
	for i := range l.out.Breaches {
		b := &l.out.Breaches[i]
		if b.Called = programme.T(b.Title, b.Title); b.Kind.Promise() == 2 && links[b.Matter].ID != "" {
			b.Called = links[b.Matter].Called
		}
	}
	return err
}

func (l *promiseLook) breach(b Breach) {
	if !l.told[b] {
		l.told[b] = true
		l.out.Breaches = append(l.out.Breaches, b)
	}
}

// args collects the values of a query.
func args(first ...any) (*[]any, func(any) string) {
	list := &first
	return list, func(v any) string { *list = append(*list, v); return fmt.Sprintf("$%d", len(*list)) }
}

// findings looks at the first promise.
func (l *promiseLook) findings(ctx context.Context) error {
	values, arg := args(l.run.Name)
	from := `FROM finding f JOIN decision_now d ON d.id = f.decision_id JOIN round r ON r.id = d.round_id JOIN subject s ON s.id = d.subject_id
		LEFT JOIN matter m ON m.id = f.matter_id AND m.name = 'rectification' AND m.subject_id = d.subject_id AND m.clause = f.clause
		WHERE r.programme = $1 AND s.left_at IS NULL AND ` + l.where("s.unit", arg)
	const n = "COALESCE(sum(CASE WHEN "
	if err := l.tx.Row(ctx, "SELECT count(*), "+n+"m.outcome = '' THEN 1 ELSE 0 END), 0), "+n+"m.meaning IN ('good', 'partly') THEN 1 ELSE 0 END), 0), "+
		n+"m.outcome = 'waived' THEN 1 ELSE 0 END), 0) "+from, *values, &l.out.Findings, &l.out.Open, &l.out.Met, &l.out.Waived); err != nil {
		return fmt.Errorf("findings: %w", err)
	}
	err := l.tx.Each(ctx, "SELECT f.clause, d.id, r.id, r.title, COALESCE(m.id, ''), COALESCE(m.code, ''), "+briefSubject+" "+from+`
		AND (m.id IS NULL OR m.outcome <> '' AND m.meaning NOT IN ('good', 'partly', 'merged', 'split') AND NOT EXISTS (
			SELECT 1 FROM matter_event e WHERE e.matter_id = m.id AND e.outcome = m.outcome AND e.person <> '' AND e.reason <> ''))
		AND NOT EXISTS (SELECT 1 FROM matter o WHERE o.subject_id = d.subject_id AND o.round_id = d.round_id AND o.name IN ('objection', 'appeal')
			AND o.outcome = '' AND o.clause IN ('', f.clause)) ORDER BY s.sort, s.id, f.clause`, *values, func(scan func(...any) error) error {
		var b subjectBrief
		x := Breach{Kind: BreachNotFollowed}
		err := scan(append([]any{&x.Clause, &x.Decision, &x.Round, &x.Title, &x.Matter, &x.Code}, b.into()...)...)
		x.Subject = b.subject(l.s)
		l.breach(x)
		return err
	})
	if err != nil {
		return fmt.Errorf("findings without follow-up: %w", err)
	}
	return nil
}

// waivers lists who waived what, and why.
func (l *promiseLook) waivers(ctx context.Context) error {
	values, arg := args(l.run.Name)
	return l.tx.Each(ctx, `SELECT m.id, m.code, m.clause, COALESCE(a.name, ''), e.reason, e.at, `+briefSubject+`
		FROM matter m JOIN subject s ON s.id = m.subject_id JOIN matter_event e ON e.matter_id = m.id AND e.outcome = m.outcome AND e.stage = m.outcome
		LEFT JOIN account a ON a.id = e.person
		WHERE m.programme = $1 AND m.name = 'rectification' AND m.outcome = 'waived' AND `+l.where("s.unit", arg)+" ORDER BY e.at DESC, m.id DESC LIMIT 200", *values,
		func(scan func(...any) error) error {
			var w Waiver
			var b subjectBrief
			var at int64
			err := scan(append([]any{&w.Matter, &w.Code, &w.Clause, &w.By, &w.Reason, &at}, b.into()...)...)
			w.Subject, w.At = b.subject(l.s), l.s.moment(at)
			if !l.house() {
				w.By = ""
			}
			l.out.Waivers = append(l.out.Waivers, w)
			return err
		})
}

// matters gives the condition that selects the matters that count for the second promise: those that may be seen; of the ones
// that every programme has, everybody may know that they are there.
func (l *promiseLook) matters(ctx context.Context) (string, []any, error) {
	seen, values, err := l.s.mattersSeen(ctx, l.tx, l.actor, MatterQuery{Programme: l.run.Name, Unit: l.unit})
	if err != nil || l.house() {
		return seen, values, err
	}
	seen2, more := "m.programme = ", append(values, l.run.Name)
	seen2 += fmt.Sprintf("$%d AND m.name IN ('rectification', 'objection', 'appeal')", len(more))
	if l.unit != "" {
		more = append(more, l.unit)
		seen2 += fmt.Sprintf(" AND s.unit IN (SELECT unit FROM unit_within WHERE within = $%d)", len(more))
	}
	return "(" + seen + " OR " + seen2 + ")", more, nil
}

// ended looks at how matters ended.
func (l *promiseLook) ended(ctx context.Context) error {
	seen, values, err := l.matters(ctx)
	if err != nil {
		return err
	}
	if err := l.tx.Row(ctx, "SELECT count(*), COALESCE(sum(CASE WHEN m.outcome <> '' THEN 1 ELSE 0 END), 0) FROM matter m JOIN subject s ON s.id = m.subject_id WHERE "+seen+
		" AND EXISTS (SELECT 1 FROM matter_person p WHERE p.matter_id = m.id AND p.tie = 'raiser')", values, &l.out.Matters, &l.out.Over); err != nil {
		return fmt.Errorf("count matters: %w", err)
	}
	for _, x := range l.run.processes {
		if err := l.endedOf(ctx, x, seen, values); err != nil {
			return fmt.Errorf("how %s ended: %w", x.Matter.Name, err)
		}
	}
	return nil
}

func (l *promiseLook) endedOf(ctx context.Context, x *programme.Process, seen string, values []any) error {
	list, arg := args(slices.Clone(values)...)
	name, affected := arg(x.Matter.Name), ""
	for _, who := range append([]string{programme.SystemRole, tieRaiser, tieJoined}, l.run.affected(x)...) {
		affected += ", " + arg(who)
	}
	affected = affected[2:]
	told := "(e.reason <> '' OR EXISTS (SELECT 1 FROM matter_form f WHERE f.matter_id = m.id AND f.seq = e.seq))"
	confirmed := "e.acted_as IN (" + affected + ")"
	if x.Matter.Name == objectionMatter || x.Matter.Name == appealMatter {
		confirmed = "(e.reason <> '' OR EXISTS (SELECT 1 FROM matter_form f WHERE f.matter_id = m.id AND f.form <> " + arg(x.Matter.Raise.Form) + "))" // results are for the deciding party to judge; it answers in public
	}
	err := l.tx.Each(ctx, `SELECT m.id, m.code, m.title, m.clause, COALESCE(m.round_id, ''),
			CASE WHEN e.outcome IS NULL OR e.outcome <> m.outcome THEN 'not_ended' WHEN m.meaning IN ('good', 'partly') THEN 'by_office' ELSE 'silent' END, `+briefSubject+`
		FROM matter m JOIN subject s ON s.id = m.subject_id
		LEFT JOIN matter_event e ON e.matter_id = m.id AND e.seq = (SELECT max(l.seq) FROM matter_event l WHERE l.matter_id = m.id)
		WHERE `+seen+" AND m.name = "+name+` AND m.outcome <> '' AND (e.outcome IS NULL OR e.outcome <> m.outcome
			OR m.meaning IN ('good', 'partly') AND NOT `+confirmed+`
			OR m.meaning NOT IN ('good', 'partly', 'merged', 'split') AND NOT `+told+" AND NOT e.acted_as IN ("+affected+")) ORDER BY m.moved_at DESC, m.id", *list,
		func(scan func(...any) error) error {
			var b subjectBrief
			var y Breach
			err := scan(append([]any{&y.Matter, &y.Code, &y.Title, &y.Clause, &y.Round, &y.Kind}, b.into()...)...)
			y.Subject = b.subject(l.s)
			l.breach(y)
			return err
		})
	return err
}

// affected lists the roles in which somebody speaks for those affected by a matter: no party, and no handlers of it.
func (r *Running) affected(x *programme.Process) (out []string) {
	handlers := rolesOf(r, x.Handlers())
	for _, role := range r.Roles {
		if !isPartyRole(r, role.Name) && !slices.Contains(handlers, role.Name) {
			out = append(out, role.Name)
		}
	}
	return out
}

// late looks at what waits beyond its time.
func (l *promiseLook) late(ctx context.Context) error {
	seen, values, err := l.matters(ctx)
	if err != nil {
		return err
	}
	list, arg := args(values...)
	late, err := l.s.matters(ctx, l.tx, "WHERE "+seen+" AND m.outcome = '' AND m.due_on < "+arg(int64(l.s.Today()))+" ORDER BY m.due_on, m.id", *list...)
	if err != nil {
		return err
	}
	ids := make([]string, len(late))
	for i, m := range late {
		ids[i] = m.ID
	}
	raisers, err := l.s.raiserNames(ctx, l.tx, ids)
	if err != nil {
		return err
	}
	for _, m := range late {
		_, raised := raisers[m.ID]
		switch {
		case !raised:
			l.out.Late++
		case m.Name == objectionMatter, m.Name == appealMatter, m.x.Handles(m.state.Holder) && m.toldAbove(l.s.Today()):
			l.out.Overdue++
			l.breach(Breach{Kind: BreachUnanswered, Subject: m.Subject, Clause: m.Clause, Round: m.Round, Title: m.Title, Matter: m.ID, Code: m.Code})
		default:
			l.out.Overdue++
		}
	}
	return nil
}

// toldAbove tells whether the overdue ladder of a matter has come to the rung at which those above are told.
func (m *stored) toldAbove(today programme.Day) bool {
	return slices.ContainsFunc(m.x.Rungs(m.state, m.x.Calendar), func(r programme.Rung) bool { return r.Escalate != "" && r.On <= today })
}

// sample computes some decisions anew, others on every look.
func (l *promiseLook) sample(ctx context.Context) error {
	values, arg := args(l.run.Name)
	from := "FROM decision d JOIN round r ON r.id = d.round_id JOIN subject s ON s.id = d.subject_id WHERE r.programme = $1 AND " + l.where("s.unit", arg)
	if err := l.tx.Row(ctx, "SELECT count(*) "+from, *values, &l.out.Decisions); err != nil || l.out.Decisions == 0 {
		return err
	}
	turn := int(l.s.Now().Unix()) / 10 * sampled % l.out.Decisions
	if l.out.Decisions <= sampled {
		turn = 0
	}
	var ids []string
	err := l.tx.Each(ctx, fmt.Sprintf("SELECT d.id %s ORDER BY d.round_id, d.id LIMIT %d OFFSET %d", from, sampled, turn), *values, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return err
	}
	l.out.Sampled = len(ids)
	found, err := l.s.checkDecisions(ctx, l.tx, ids)
	for _, b := range found {
		l.breach(b)
	}
	return err
}

// lastCheck adds what the last check of all decisions found, as far as it may be seen here.
func (l *promiseLook) lastCheck(ctx context.Context) error {
	c, ok, err := l.s.lastCheck(ctx, l.tx, l.run.Name)
	if err != nil || !ok {
		return err
	}
	l.out.Checked = &c
	var units []string
	values, arg := args()
	if err := l.tx.Each(ctx, "SELECT u.code FROM unit u WHERE "+l.where("u.code", arg), *values, func(scan func(...any) error) error {
		var unit string
		err := scan(&unit)
		units = append(units, unit)
		return err
	}); err != nil {
		return err
	}
	for _, b := range c.Breaches {
		if slices.Contains(units, b.Subject.Unit) {
			l.breach(b)
		}
	}
	return nil
}
