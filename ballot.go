package bihuan

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Ballots are secret by construction. Three things are kept apart: who may vote (ballot_right, written once and never touched),
// who has voted (the register: one row, a sorted list), and the votes (the box: one row of sums). A vote rewrites the two rows
// whole and touches nothing else, so that neither a key, nor an order, nor a time, nor the transaction that wrote a row says what
// anybody voted. Who copies the database before and after each single vote can still subtract; so can whoever counts heads in a
// hall. Figures are shown when the ballot is over, and only when they do not tell what single people said.

// LeastShown is how many votes there must be before figures are shown: below that they would tell what single people think. Of fewer
// than twice as many they are not shown either when all but one said the same (programme.Figures.Tells).
const LeastShown = 5

// BallotFigures is a ballot as somebody may know it.
type BallotFigures struct {
	ID       string
	Form     *programme.Form
	Subject  Subject
	Matter   string         // its ID; empty: of the subject itself
	Called   programme.Text // what the matter is called; by a link only its kind, unless everybody may know it
	OpenedAt time.Time
	ClosesOn programme.Day // its last day
	Over     bool
	Counted  bool // not broken off
	Invited  int
	Votes    int            // how many took part
	Tally    map[string]int // by option; nil while it runs, and when too few took part
	May      bool           // the actor may vote and has not
	Voted    bool           // the actor has
	Withheld bool           // it is over, but more would tell what single people said
	Why      string         // it was broken off
	Evidence string         // the ID of the evidence that holds its figures; empty: none
	Calls    bool           // the actor may call such ballots, or handles the matter, and may open this one's link
	Hides    bool           // the programme hides whom it invites: it can have no link, which would tell them by trying names
	Stops    bool           // he may break it off
	Link     string         // the last part of its link, for those who may; empty: there is none, or it has ended
}

// storedBallot is one as it stands in the database.
type storedBallot struct {
	BallotFigures
	programme, version string
	run                *Running // of that version
	link               string
	matter             *stored // nil: of the subject itself
	invites            bool    // the actor, or did until he voted
}

const selectBallot = `SELECT b.id, b.programme, b.version_id, b.form, COALESCE(b.matter_id, ''), b.opened_at, b.closes_on, b.ended_at, b.counted, b.why, b.evidence_id, COALESCE(b.link, ''),
	(SELECT count(*) FROM ballot_right r WHERE r.ballot_id = b.id), ` + briefSubject + ` FROM ballot b JOIN subject s ON s.id = b.subject_id `

func (s *Site) ballots(ctx context.Context, tx *db.Tx, where string, args ...any) ([]storedBallot, error) {
	var out []storedBallot
	var forms []string
	err := tx.Each(ctx, selectBallot+where, args, func(scan func(...any) error) error {
		var b storedBallot
		var brief subjectBrief
		var opened int64
		var ended sql.NullInt64
		var form string
		err := scan(append([]any{&b.ID, &b.programme, &b.version, &form, &b.Matter, &opened, &b.ClosesOn, &ended, &b.Counted, &b.Why, &b.Evidence, &b.link, &b.Invited}, brief.into()...)...)
		b.Subject, b.OpenedAt, b.Over = brief.subject(s), s.moment(opened), ended.Valid
		out, forms = append(out, b), append(forms, form)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read ballots: %w", err)
	}
	for i := range out {
		run, err := s.versionIn(ctx, tx, out[i].version)
		if err != nil {
			return nil, err
		}
		form, ok := run.Form(forms[i])
		if !ok {
			return nil, fmt.Errorf("ballot %s: no form %s", out[i].ID, forms[i])
		}
		out[i].run, out[i].Form = run, form
	}
	return out, s.nameMatters(ctx, tx, out)
}

// nameMatters reads the matters that ballots belong to.
func (s *Site) nameMatters(ctx context.Context, tx *db.Tx, ballots []storedBallot) error {
	of := map[string][]*storedBallot{}
	for i := range ballots {
		if b := &ballots[i]; b.Matter != "" {
			of[b.Matter] = append(of[b.Matter], b)
		}
	}
	return db.Chunks(slices.Sorted(maps.Keys(of)), func(ids []string) error {
		list, err := s.matters(ctx, tx, "WHERE m.id IN ("+db.In(len(ids), 1)+")", db.Args(ids)...)
		for i := range list {
			for _, b := range of[list[i].ID] {
				b.matter, b.Called = &list[i], list[i].called()
			}
		}
		return err
	})
}

func (s *Site) ballotWhere(ctx context.Context, tx *db.Tx, where string, args ...any) (storedBallot, error) {
	list, err := s.ballots(ctx, tx, where, args...)
	if err == nil && len(list) == 0 {
		err = notFound("该表决", "ballot")
	}
	if err != nil {
		return storedBallot{}, err
	}
	return list[0], nil
}

// showBallot fills in what of a ballot somebody may know.
func (s *Site) showBallot(ctx context.Context, tx *db.Tx, a Actor, b *storedBallot) error {
	voted, tally, err := openBox(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	var right int
	if err := tx.Row(ctx, "SELECT count(*) FROM ballot_right WHERE ballot_id = $1 AND person = $2", []any{b.ID, a.ID}, &right); err != nil {
		return err
	}
	b.Votes, b.invites = len(voted), right > 0
	b.Voted = b.invites && slices.Contains(voted, a.ID)
	b.May = b.invites && !b.Voted && !b.Over && s.Today() <= b.ClosesOn
	b.Withheld = b.Over && b.Counted && sumsOf(*b, voted, tally).Tells(b.Form, LeastShown)
	if b.Over && b.Counted && !b.Withheld {
		b.Tally = tally
	}
	return nil
}

// openBox reads the register and the box.
func openBox(ctx context.Context, tx *db.Tx, id string) (voted []string, tally map[string]int, err error) {
	var register, box string
	var votes int
	err = tx.Row(ctx, "SELECT r.voted, b.votes, b.tally FROM ballot_register r JOIN ballot_box b ON b.ballot_id = r.ballot_id WHERE r.ballot_id = $1", []any{id}, &register, &votes, &box)
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(register), &voted), json.Unmarshal([]byte(box), &tally))
	}
	if err == nil && votes != len(voted) {
		err = fmt.Errorf("%d votes of %d voters", votes, len(voted))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open the box of ballot %s: %w", id, err)
	}
	return voted, tally, nil
}

// Ballot gives a ballot to those who may vote in it and to those who see what it is about.
func (s *Site) Ballot(ctx context.Context, a Actor, id string) (BallotFigures, error) {
	var out storedBallot
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if a.Visitor() {
			return signInFirst()
		}
		if out, err = s.ballotWhere(ctx, tx, "WHERE b.id = $1", id); err != nil {
			return err
		}
		if err := s.showBallot(ctx, tx, a, &out); err != nil {
			return err
		}
		return s.showRights(ctx, tx, a, &out)
	})
	if err != nil {
		return BallotFigures{}, fmt.Errorf("ballot %s: %w", id, err)
	}
	return out.BallotFigures, nil
}

// showRights fills in what the actor may do with a ballot.
func (s *Site) showRights(ctx context.Context, tx *db.Tx, a Actor, b *storedBallot) error {
	may, err := s.ballotRights(ctx, tx, a, *b)
	switch {
	case err != nil:
		return err
	case !may.see && !b.May && !b.Voted:
		return notFound("该表决", "ballot")
	case b.Over:
		return nil
	}
	b.Calls, b.Hides, b.Stops = may.call, b.hides(), may.stop
	if may.call && s.Today() <= b.ClosesOn {
		b.Link = b.link
	}
	return nil
}

// ballotRights is what somebody may do with a ballot, beside voting in it.
type ballotRights struct {
	see  bool // that there is one, and its figures
	call bool // and open its link
	stop bool
}

// ballotRights looks it up: of a ballot of a subject by what the actor holds there, of one of a matter by what he is to the matter.
func (s *Site) ballotRights(ctx context.Context, tx *db.Tx, a Actor, b storedBallot) (ballotRights, error) {
	if b.matter != nil {
		v, err := s.viewerOf(ctx, tx, a, *b.matter)
		return ballotRights{see: v.sees >= matterPublic, call: v.callsBallots()}, err
	}
	at, err := heldAt(ctx, tx, a, b.programme, b.Subject.Unit)
	return ballotRights{see: at.any(), call: at.calls(b.run), stop: at.above(b.run)}, err
}

// callsBallots tells whether the viewer looks after the ballots of a matter: the house of those who handle it does.
func (v viewer) callsBallots() bool { return v.sees == matterHouse && !v.ties[tieRecused] }

// hides tells whether the programme hides whom a ballot invites: those who raised its matter, or joined it.
func (b storedBallot) hides() bool {
	m := b.matter
	if m == nil {
		return false
	}
	return slices.ContainsFunc(b.run.Matters, func(opened *programme.Matter) bool { // of the version under which it was opened
		return opened.Name == m.Name && (hidesPeople(opened) || hidesPeople(m.x.Matter)) && slices.ContainsFunc(opened.Stages, func(st *programme.Stage) bool {
			return st.Ballot != nil && st.Ballot.Form == b.Form.Name && (st.Ballot.Invite == tieRaiser || st.Ballot.Invite == tieJoined)
		})
	})
}

func hidesPeople(m *programme.Matter) bool { return hides(m, "proposer", tieRaiser, tieJoined) }

// lockBallotOf locks a ballot for somebody who wants to do something with it. Who may not see it does not learn that there is one.
func (s *Site) lockBallotOf(ctx context.Context, tx *db.Tx, a Actor, id string) (storedBallot, ballotRights, error) {
	b, err := s.lockBallot(ctx, tx, id)
	if err != nil {
		return storedBallot{}, ballotRights{}, err
	}
	may, err := s.ballotRights(ctx, tx, a, b)
	if err == nil && !may.see {
		err = notFound("该表决", "ballot")
	}
	return b, may, err
}

// MyBallots lists the ballots in which the actor may vote and has not, the most urgent first.
func (s *Site) MyBallots(ctx context.Context, a Actor) ([]BallotFigures, error) {
	if a.Visitor() {
		return nil, signInFirst()
	}
	var out []BallotFigures
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		list, err := s.toVote(ctx, tx, a, "", a.ID)
		for _, b := range list {
			out = append(out, b.BallotFigures)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ballots of %s: %w", a.ID, err)
	}
	return out, nil
}

// toVote reads the ballots in which the actor may vote and has not; also narrows them down, and args begin with who he is.
func (s *Site) toVote(ctx context.Context, tx *db.Tx, a Actor, also string, args ...any) ([]storedBallot, error) {
	list, err := s.ballots(ctx, tx, "WHERE b.ended_at IS NULL AND b.id IN (SELECT ballot_id FROM ballot_right WHERE person = $1)"+also+" ORDER BY b.closes_on, b.id", args...)
	for i := range list {
		if err := s.showBallot(ctx, tx, a, &list[i]); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(list, func(b storedBallot) bool { return !b.May }), err
}

// Vote casts the actor's vote, once. The vote cannot be read or changed by anybody afterwards. Casting it holds the ballot and nothing
// else, so that no other row tells when somebody voted. When all have voted the ballot is counted at once.
func (s *Site) Vote(ctx context.Context, a Actor, id string, choices map[string]any) error {
	if a.Visitor() {
		return signInFirst()
	}
	all := false
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		b, err := s.lockBallot(ctx, tx, id)
		if err == nil {
			all, err = s.castVote(ctx, tx, a, b, choices)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("vote in %s: %w", id, err)
	}
	if all {
		if err := s.countBallot(ctx, id); err != nil { // the vote is in; the ballot is counted when its time is over
			s.log.Error("count a ballot in which all have voted", "ballot", id, "error", err)
		}
	}
	return nil
}

// countBallot counts a ballot that is over. Who comes second finds nothing to do.
func (s *Site) countBallot(ctx context.Context, id string) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		b, err := s.ballotWhere(ctx, tx, "WHERE b.id = $1", id)
		if err != nil {
			return err
		}
		h, err := s.holdForMatter(ctx, tx, b.Subject.ID)
		if err != nil {
			return err
		}
		if b.Matter == "" {
			return s.countSubjectBallot(ctx, tx, h, id)
		}
		m, err := s.lockMatter(ctx, tx, b.Matter)
		if err != nil {
			return err
		}
		if b, err = s.lockBallot(ctx, tx, id); err != nil || b.Over {
			return err
		}
		w := writes{}
		if err := s.countMatterBallot(ctx, tx, &w, h, &m); err != nil {
			return err
		}
		return s.finish(ctx, tx, &w, h, m.x)
	})
	if err != nil {
		return fmt.Errorf("count ballot %s: %w", id, err)
	}
	return nil
}

func (s *Site) lockBallot(ctx context.Context, tx *db.Tx, id string) (storedBallot, error) {
	if _, err := tx.Exec(ctx, "UPDATE ballot SET rev = rev + 1 WHERE id = $1", id); err != nil {
		return storedBallot{}, fmt.Errorf("hold ballot %s: %w", id, err)
	}
	return s.ballotWhere(ctx, tx, "WHERE b.id = $1", id)
}

// castVote puts a vote into the box and its voter on the register, and tells whether all have voted.
func (s *Site) castVote(ctx context.Context, tx *db.Tx, a Actor, b storedBallot, choices map[string]any) (all bool, err error) {
	if err := s.showBallot(ctx, tx, a, &b); err != nil {
		return false, err
	}
	switch {
	case !b.invites:
		return false, notFound("该表决", "ballot")
	case b.Voted:
		return false, refuse(Conflict, "您已经投过票，每人一票", "you have voted already; everybody votes once")
	case b.Over:
		return false, refuse(Conflict, "表决已经结束", "the ballot is over")
	case s.Today() > b.ClosesOn:
		return false, refuse(Conflict, "表决已于{0}截止", "the ballot closed on {0}", b.ClosesOn)
	}
	about, err := s.aboutOf(ctx, tx, b.run, b)
	if err != nil {
		return false, err
	}
	values, wrong := b.Form.Fill(b.run.Programme, choices, about)
	if err := wrongFields(wrong); err != nil {
		return false, err
	}
	voted, tally, err := openBox(ctx, tx, b.ID)
	if err != nil {
		return false, err
	}
	voted = append(voted, a.ID)
	slices.Sort(voted)
	for _, f := range b.Form.Fields {
		if choice, ok := values[f.Name].(string); ok {
			tally[choice]++
		}
	}
	return len(voted) == b.Invited, closeBox(ctx, tx, b.ID, voted, tally)
}

// aboutOf gives what the conditions of a ballot may look at.
func (s *Site) aboutOf(ctx context.Context, tx *db.Tx, run *Running, b storedBallot) (programme.About, error) {
	about := programme.About{AsOf: s.Today()}
	if !slices.ContainsFunc(b.Form.Fields, func(f *programme.Field) bool { return f.Check != nil || f.ShowWhen != nil }) {
		return about, nil
	}
	facts, err := s.factsOf(ctx, tx, run, []string{b.Subject.ID}, nil)
	about.Subject = whatItIs(facts[b.Subject.ID], about.AsOf)
	return about, err
}

// closeBox writes the register and the box anew.
func closeBox(ctx context.Context, tx *db.Tx, id string, voted []string, tally map[string]int) error {
	register, err := json.Marshal(voted)
	if err != nil {
		return err
	}
	box, err := json.Marshal(tally)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE ballot_register SET voted = $2 WHERE ballot_id = $1", id, string(register)); err != nil {
		return fmt.Errorf("register of ballot %s: %w", id, err)
	}
	if _, err := tx.Exec(ctx, "UPDATE ballot_box SET votes = $2, tally = $3 WHERE ballot_id = $1", id, len(voted), string(box)); err != nil {
		return fmt.Errorf("box of ballot %s: %w", id, err)
	}
	return nil
}

// newBallot is a ballot on its way to be opened.
type newBallot struct {
	run            *Running
	form           *programme.Form
	subject        string
	matter, by     string
	closes         programme.Day
	invited        []string
	invitationText programme.Text
}

// openBallot opens a ballot and tells those invited. The matter that it belongs to, if any, is stored before.
func (s *Site) openBallot(ctx context.Context, tx *db.Tx, w *writes, n newBallot) (string, error) {
	id := newID()
	empty := map[string]int{}
	for _, f := range n.form.Fields {
		for _, o := range f.Of {
			empty[o.Name] = 0
		}
	}
	if err := tx.Insert(ctx, "ballot (id, programme, version_id, form, subject_id, matter_id, opened_at, opened_by, closes_on, counted)",
		[][]any{{id, n.run.Name, n.run.Version.ID, n.form.Name, n.subject, nullable(n.matter), s.Now().UnixMicro(), n.by, int64(n.closes), false}}, ""); err != nil {
		return "", err
	}
	var rights [][]any
	for _, p := range n.invited {
		rights = append(rights, []any{id, p})
	}
	if err := tx.Insert(ctx, "ballot_right (ballot_id, person)", rights, ""); err != nil {
		return "", err
	}
	box, err := json.Marshal(empty)
	if err != nil {
		return "", err
	}
	if err := tx.Insert(ctx, "ballot_register (ballot_id, voted)", [][]any{{id, "[]"}}, ""); err != nil {
		return "", err
	}
	if err := tx.Insert(ctx, "ballot_box (ballot_id, votes, tally)", [][]any{{id, 0, string(box)}}, ""); err != nil {
		return "", err
	}
	w.tell(n.invited, "vote", n.matter, id, n.invitationText)
	return id, nil
}

// openMatterBallot opens the ballot of the stage that a matter entered.
func (s *Site) openMatterBallot(ctx context.Context, tx *db.Tx, w *writes, m *stored, f programme.Effect) error {
	form, ok := m.x.Form(f.Form)
	if !ok {
		return fmt.Errorf("matter %s has no form %s", m.Name, f.Form)
	}
	invited, err := s.votersOf(ctx, tx, w, m, f.Who)
	if err != nil {
		return err
	}
	if f.Draw > 0 {
		raiser, err := s.peopleOf(ctx, tx, w, m, slices.DeleteFunc(slices.Clone(f.Who), func(x string) bool { return x != tieRaiser }))
		if err != nil {
			return err
		}
		invited = drawLots(invited, raiser, f.Draw)
	}
	c := m.x.Clock(m.state, m.x.Calendar)
	_, err = s.openBallot(ctx, tx, w, newBallot{run: m.run, form: form, subject: m.Subject.ID, matter: m.ID, closes: c.Due, invited: invited,
		invitationText: programme.T("{0}：请在{1}前评价，无记名", "{0}: please rate it by {1}; nobody learns who said what").Fill(m.titled(), c.Due)})
	return err
}

// votersOf lists those whom a ballot of a matter invites: people tied to it, or everybody who holds a role at its subject.
func (s *Site) votersOf(ctx context.Context, tx *db.Tx, w *writes, m *stored, who []string) ([]string, error) {
	var out, roles []string
	for _, x := range who {
		if x == tieRaiser || x == tieJoined {
			list, err := s.peopleOf(ctx, tx, w, m, []string{x})
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
		} else {
			roles = append(roles, rolesOf(m.run, []string{x})...)
		}
	}
	if len(roles) > 0 {
		if err := eachHolder(ctx, tx, m.Programme, m.Subject.Unit, roles, 0, func(p string, _ int) { out = append(out, p) }); err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// drawLots draws so many people by lot; those who are in anyway count among them.
func drawLots(people, in []string, n int) []string {
	rest := slices.DeleteFunc(slices.Clone(people), func(p string) bool { return slices.Contains(in, p) })
	for i := len(rest) - 1; i > 0; i-- {
		j, err := rand.Int(rand.Reader, big.NewInt(int64(i+1)))
		if err != nil {
			panic(err) // the reader never fails
		}
		rest[i], rest[j.Int64()] = rest[j.Int64()], rest[i]
	}
	out := append(slices.Clone(in), rest[:min(len(rest), max(n-len(in), 0))]...)
	slices.Sort(out)
	return out
}

// prolongBallot lets a ballot in which too few took part run once more, and asks those who have not voted.
func (s *Site) prolongBallot(ctx context.Context, tx *db.Tx, w *writes, m *stored, why programme.Text) error {
	b, err := s.runningBallot(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	c := m.x.Clock(m.state, m.x.Calendar)
	if _, err := tx.Exec(ctx, "UPDATE ballot SET closes_on = $2 WHERE id = $1", b.ID, int64(c.Due)); err != nil {
		return fmt.Errorf("prolong ballot %s: %w", b.ID, err)
	}
	voted, _, err := openBox(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	rest, err := invitedTo(ctx, tx, b.ID)
	rest = slices.DeleteFunc(rest, func(p string) bool { return slices.Contains(voted, p) })
	w.tell(rest, "vote", m.ID, b.ID, m.about(why))
	return err
}

func (s *Site) runningBallot(ctx context.Context, tx *db.Tx, matter string) (storedBallot, error) {
	return s.ballotWhere(ctx, tx, "WHERE b.matter_id = $1 AND b.ended_at IS NULL", matter)
}

// countMatterBallot counts the ballot of the stage that a matter is in, and lets it go where the figures lead.
func (s *Site) countMatterBallot(ctx context.Context, tx *db.Tx, w *writes, h heldForMatter, m *stored) error {
	b, err := s.runningBallot(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	if b, err = s.lockBallot(ctx, tx, b.ID); err != nil {
		return err
	}
	figures, err := figuresOf(ctx, tx, b)
	if err != nil {
		return err
	}
	moment := h.next()
	e := programme.Event{Kind: programme.EventBallot, At: s.moment(moment), Roles: []string{programme.SystemRole}, Figures: &figures}
	before := m.state
	next, effects, err := m.x.Next(before, e)
	if _, refused := errors.AsType[*programme.Refusal](err); refused && figures.Cast == figures.Invited {
		return nil // a form that the stage needs is not on file yet: it is counted when its time is over
	}
	if err != nil {
		return refusal(err)
	}
	m.state = next
	if !next.Rerun || before.Rerun {
		if err := s.endBallot(ctx, tx, b.ID, true); err != nil {
			return err
		}
	}
	w.event(m, before.Stage, e, programme.SystemRole, "", moment, withheld(m, e, next.Ballot.Why))
	return s.follow(ctx, tx, w, h, m, e, effects)
}

func figuresOf(ctx context.Context, tx *db.Tx, b storedBallot) (programme.Figures, error) {
	voted, tally, err := openBox(ctx, tx, b.ID)
	return sumsOf(b, voted, tally), err
}

func sumsOf(b storedBallot, voted []string, tally map[string]int) programme.Figures {
	f := programme.Figures{Invited: int64(b.Invited), Cast: int64(len(voted)), Count: map[string]int64{}}
	for o, n := range tally {
		f.Count[o] = int64(n)
	}
	return f
}

func (s *Site) endBallot(ctx context.Context, tx *db.Tx, id string, counted bool) error {
	if _, err := tx.Exec(ctx, "UPDATE ballot SET ended_at = $2, counted = $3 WHERE id = $1 AND ended_at IS NULL", id, s.Now().UnixMicro(), counted); err != nil {
		return fmt.Errorf("end ballot %s: %w", id, err)
	}
	return nil
}

// breakOffBallot ends the ballot of a matter that left its stage without waiting for it.
func (s *Site) breakOffBallot(ctx context.Context, tx *db.Tx, m *stored) error {
	if st, ok := m.x.Matter.Stage(m.state.Stage); ok && st.Ballot != nil {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE ballot SET ended_at = $2 WHERE matter_id = $1 AND ended_at IS NULL", m.ID, s.Now().UnixMicro())
	return err
}

// ballotOf gives the ballot of a matter that runs, or the last one; nil when it never had one.
func (s *Site) ballotOf(ctx context.Context, tx *db.Tx, v viewer, m stored) (*BallotFigures, error) {
	list, err := s.ballots(ctx, tx, "WHERE b.matter_id = $1 ORDER BY b.opened_at DESC, b.id DESC LIMIT 1", m.ID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	b := &list[0]
	b.Calls, b.Hides = !b.Over && v.callsBallots(), b.hides()
	return &b.BallotFigures, s.showBallot(ctx, tx, v.actor, b)
}
