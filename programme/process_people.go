package programme

import "slices"

// Among reports whether one who acts as roles is named in by: itself, as the role of a party, or as a party with that role.
func (x *Process) Among(by, roles []string) bool {
	for _, b := range by {
		if slices.Contains(roles, b) {
			return true
		}
		if i, ok := x.Programme.Party(b); ok && slices.Contains(roles, x.Programme.Parties[i].Role) {
			return true
		}
		for _, r := range roles {
			if i, ok := x.Programme.Party(r); ok && x.Programme.Parties[i].Role == b {
				return true
			}
		}
	}
	return false
}

// handles leaves out of by those who are merely affected: those who may raise the matter and are no party.
func (x *Process) handles(by []string) (out []string) {
	for _, b := range by {
		_, party := x.Programme.Party(b)
		for _, p := range x.Programme.Parties {
			party = party || p.Role == b
		}
		affected := b == RaiserRole || b == JoinedRole || slices.Contains(x.Matter.Raise.By, b)
		if b != SystemRole && (party || !affected) && !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out
}

// turn are those whose turn it is in a stage: those it names, its handlers, or else all that may act; of a ballot those invited.
func (x *Process) turn(st *Stage) []string {
	if len(st.Turn) > 0 {
		return st.Turn
	}
	var by []string
	for _, a := range st.Actions {
		for _, b := range a.By {
			if b != SystemRole && !slices.Contains(by, b) {
				by = append(by, b)
			}
		}
	}
	if h := x.handles(by); len(h) > 0 {
		return h
	}
	if len(by) == 0 && st.Ballot != nil {
		return st.Ballot.invited()
	}
	return by
}

// Handles reports whether one of those named handles the matter, so that it does not wait for those affected.
func (x *Process) Handles(by []string) bool { return len(x.handles(by)) > 0 }

// Handlers are the roles and parties that handle the matter in any of its stages.
func (x *Process) Handlers() []string {
	var by []string
	for _, st := range x.Matter.Stages {
		for _, a := range st.Actions {
			by = append(by, a.By...)
		}
	}
	return x.handles(by)
}

// Above are those who can end a matter that does not move: parent_unit, those to whom it escalates, those who approve extensions.
func (x *Process) Above() []string {
	above := []string{ParentUnit}
	add := func(by ...string) {
		for _, b := range by {
			if b != "" && !slices.Contains(above, b) {
				above = append(above, b)
			}
		}
	}
	for _, o := range x.Matter.Overdue {
		add(x.handles([]string{o.Escalate})...)
	}
	for _, st := range x.Matter.Stages {
		if st.Extend != nil {
			add(x.handles(st.Extend.By)...)
		}
	}
	return above
}

// Waiting are those who may remind the holders that they wait: who raised the matter, those who joined, those above.
func (x *Process) Waiting() []string { return append([]string{RaiserRole, JoinedRole}, x.Above()...) }

// Asks reports whether one of the roles is asked to take part in the matter on its way, beyond raising it and handling it.
func (x *Process) Asks(roles []string) bool {
	for _, st := range x.Matter.Stages {
		if st.Collect != nil && x.Among(st.Collect.By, roles) || st.Ballot != nil && x.Among(st.Ballot.invited(), roles) ||
			st.Needs != nil && x.Among(x.filers(st.Needs.Form), roles) {
			return true
		}
	}
	return false
}

// may refuses those who are not named.
func (x *Process) may(by, roles []string) error {
	if x.Among(by, roles) {
		return nil
	}
	return refused(RefusedNotYours, T("这一步由{0}办理", "this is for {0} to do"), x.People(by))
}

func needReason(e Event) error {
	if e.Reason == "" {
		return refused(RefusedNoReason, T("请写明理由", "give a reason"))
	}
	return nil
}

// Way is one thing that can be done with a matter now.
type Way struct {
	Kind   EventKind
	Action string // of act and pause
	Title  Text
	By     []string
	Form   string   // to be filed with it, or, of kind file, the form itself
	Reason bool     // a reason is needed
	To     []string // the stages and ends it can lead to
}

// Ways lists what can be done with a matter now and by whom; whether it is too late or too early, Next tells. It is never
// empty for a running matter: something can always be done.
func (x *Process) Ways(s State) []Way {
	m := x.Matter
	st, running := m.Stage(s.Stage)
	if !running {
		if s.Meaning == Merged || s.Meaning == SplitUp {
			return nil
		}
		return []Way{{Kind: EventReopen, Title: T("重新办理", "reopen"), By: x.Waiting(), Reason: true, To: []string{x.back(s)}}}
	}
	var ways []Way
	for _, a := range st.Actions {
		w := Way{Kind: EventAct, Action: a.Name, Title: actionTitle(a), By: a.By, Form: a.Form, Reason: a.Needs == "reason", To: []string{a.To}}
		if w.Form == "" && !w.Reason {
			w.Form = a.Needs
		}
		ways = append(ways, w)
	}
	if st.Collect != nil {
		ways = append(ways, Way{Kind: EventFile, Title: T("参与", "join"), By: st.Collect.By, Form: st.Collect.Form})
	}
	if st.Needs != nil {
		ways = append(ways, Way{Kind: EventFile, Title: T("填报", "file"), By: x.filers(st.Needs.Form), Form: st.Needs.Form})
	}
	if st.Ballot != nil {
		w := Way{Kind: EventBallot, Title: T("计票", "count the ballot"), By: []string{SystemRole}}
		for _, b := range st.Decide {
			w.To = append(w.To, b.to())
		}
		ways = append(ways, w)
	}
	handlers := x.Handlers()
	if _, paused := s.Paused(); paused {
		ways = append(ways, Way{Kind: EventResume, Title: wayTexts[EventResume], By: append(slices.Clone(handlers), x.Above()...)})
	} else if st.Ballot == nil {
		for _, why := range m.Pause {
			ways = append(ways, Way{Kind: EventPause, Action: why, Title: wayTexts[EventPause], By: handlers})
		}
	}
	if st.Extend != nil && len(s.Extended) == 0 {
		ways = append(ways, Way{Kind: EventExtend, Title: wayTexts[EventExtend], By: x.extenders(st), Reason: true})
	}
	if s.Joined == 0 {
		ways = append(ways, Way{Kind: EventWithdraw, Title: wayTexts[EventWithdraw], By: []string{RaiserRole}, To: []string{Withdrawn}})
	}
	ways = append(ways, x.handWays(s, handlers)...)
	if end, ok := m.openEnd(); ok {
		ways = append(ways, Way{Kind: EventClose, Title: wayTexts[EventClose], By: x.Above(), Reason: true, To: []string{end.Name}})
	}
	return ways
}

// handWays are the ways in which a matter goes to other hands.
func (x *Process) handWays(s State, handlers []string) []Way {
	if len(handlers) == 0 {
		return nil
	}
	ways := []Way{
		{Kind: EventAssign, Title: wayTexts[EventAssign], By: append(slices.Clone(handlers), x.Above()...)},
		{Kind: EventTransfer, Title: wayTexts[EventTransfer], By: handlers, Reason: true},
	}
	if s.Unit != "" || len(s.Days) <= 1 || s.Assigned != s.Raised {
		ways = append(ways, Way{Kind: EventReturn, Title: wayTexts[EventReturn], By: handlers, Reason: true})
	}
	return append(ways, Way{Kind: EventMerge, Title: wayTexts[EventMerge], By: handlers, To: []string{Merged}},
		Way{Kind: EventSplit, Title: wayTexts[EventSplit], By: handlers, Reason: true, To: []string{SplitUp}})
}

func (x *Process) extenders(st *Stage) []string {
	if len(st.Extend.By) > 0 {
		return st.Extend.By
	}
	return x.Handlers()
}

// filers are those who may file a form that a stage needs: those of the form, and the handlers.
func (x *Process) filers(form string) []string {
	by := x.Handlers()
	if f, ok := x.Form(form); ok {
		who := f.By
		if who == nil {
			who = partyNames(x.Programme)
		}
		for _, b := range who {
			if !slices.Contains(by, b) {
				by = append(by, b)
			}
		}
	}
	return by
}

func (b *Branch) to() string {
	if b.Else != "" {
		return b.Else
	}
	return b.To
}

// openEnd is the end at which a matter is closed unresolved.
func (m *Matter) openEnd() (End, bool) {
	for _, e := range m.Ends {
		if e.Meaning == OpenToPublic {
			return e, true
		}
	}
	return End{}, false
}
