package programme

import (
	"maps"
	"slices"
	"time"
)

// What an end can mean. An author may use other words too.
const (
	Good         = "good"           // those affected have what they asked for
	Partly       = "partly"         // they have a part of it, and say so
	Answered     = "answered"       // declined or given up with a public reason
	OpenToPublic = "open_to_public" // closed unresolved, for everybody to see
)

// Ends that every matter has without writing them.
const (
	Withdrawn = "withdrawn" // by who raised it
	Merged    = "merged"    // a duplicate: it goes on in another one
	SplitUp   = "split"     // it goes on in its parts
)

// Those whom a matter itself makes, beside the programme's parties and roles. An event names them among its Roles.
const (
	RaiserRole = "raiser"      // who raised it
	JoinedRole = "joined"      // who took part; who raised it always does
	ParentUnit = "parent_unit" // who holds the handlers' role at the unit above
	SystemRole = "system"      // the rules themselves: new evidence, a counted ballot, the clock
)

// State is everything that a running matter is. It is a value: Next gives a new one and leaves the old one as it was.
type State struct {
	ID      string `json:"id,omitempty"`
	Matter  string `json:"matter"`
	Version string `json:"version,omitempty"` // of the programme it runs under
	Seq     int    `json:"seq"`               // how many events it has taken

	Raised  Day         `json:"raised"`
	Stage   string      `json:"stage"`            // where it is; when it is over, its end
	Entered time.Time   `json:"entered"`          // when it came there
	Last    string      `json:"last,omitempty"`   // of one that is over: the stage it ended from
	Outcome string      `json:"outcome"`          // the name of its end; "" while it runs
	Meaning string      `json:"meaning"`          // what that end means
	Why     string      `json:"why,omitempty"`    // the public reason it ended with
	Days    Dates       `json:"days,omitempty"`   // by stage: the day it was last entered
	Visits  Tally       `json:"visits,omitempty"` // by stage: how often it was entered
	Returns int         `json:"returns"`          // how often it went back, or was returned by a wrong body
	Forms   Filed       `json:"forms,omitempty"`  // forms filed on its way, the latest of each
	Joined  int         `json:"joined"`           // how many joined, beside who raised it
	Steps   []Happening `json:"steps,omitempty"`  // the last ones

	// The clock of this stage.
	From     Day         `json:"from"`               // the day the stage, or a repeated ballot, began
	Within   Limits      `json:"within,omitempty"`   // set by the decision that led here, instead of the stage's own
	Extended []Extension `json:"extended,omitempty"` // approved
	Pauses   []Break     `json:"pauses,omitempty"`   // the last one may still last
	Fired    int         `json:"fired"`              // rungs of the overdue ladder that were climbed
	Late     int         `json:"late"`               // how many stages were left after their time

	Holder   []string `json:"holder,omitempty"`   // roles or parties whose turn it is
	Unit     string   `json:"unit,omitempty"`     // the body it was handed to; "" the one where it was raised
	Assigned Day      `json:"assigned"`           // the day it came to that body
	Back     bool     `json:"back,omitempty"`     // returned by the body where it was raised; those above have not handed it on yet
	Lead     string   `json:"lead,omitempty"`     // 主办
	With     []string `json:"with,omitempty"`     // 会办
	Recused  []string `json:"recused,omitempty"`  // people who may not act in it
	Into     string   `json:"into,omitempty"`     // the matter it was merged into
	Absorbed []string `json:"absorbed,omitempty"` // duplicates merged into it
	Part     string   `json:"part,omitempty"`     // the matter it was split from
	Parts    []string `json:"parts,omitempty"`    // what it was split into

	Ballot *Count `json:"ballot,omitempty"` // the last one that was counted
	Rerun  bool   `json:"rerun,omitempty"`  // too few took part; it runs a second and last time
}

// Dates and Tally are days and numbers by name.
type (
	Dates map[string]Day
	Tally map[string]int
	// Filed are the forms of a matter by name.
	Filed map[string]Filing
)

// Filing is a form that was filed on a matter's way.
type Filing struct {
	On    Day   `json:"on"`
	Dates Dates `json:"dates,omitempty"` // its date fields, from which a clock may start
}

// Extension is an approved one.
type Extension struct {
	By   Span   `json:"by"`
	On   Day    `json:"on"`
	Why  string `json:"why"`
	From string `json:"from,omitempty"` // who approved it
}

// Break is time for which the clock stood still: from Since up to, not including, Until.
type Break struct {
	For   string `json:"for"` // one of the matter's `pause`
	Since Day    `json:"since"`
	Until Day    `json:"until"`
	Lasts bool   `json:"lasts,omitempty"`
}

// Count are the figures of a ballot and what followed from them.
type Count struct {
	Stage   string           `json:"stage"`
	On      Day              `json:"on"`
	Invited int64            `json:"invited"`
	Cast    int64            `json:"cast"`
	Count   map[string]int64 `json:"count"` // votes by option
	TooFew  bool             `json:"too_few,omitempty"`
	To      string           `json:"to,omitempty"` // where it led
	Why     Text             `json:"why"`
}

// Happening is one thing that happened, kept to tell those who come second.
type Happening struct {
	Seq    int       `json:"seq"`
	Kind   EventKind `json:"kind"`
	Action string    `json:"action,omitempty"`
	By     string    `json:"by,omitempty"`
	As     string    `json:"as,omitempty"`
	At     time.Time `json:"at"`
	From   string    `json:"from"`
	To     string    `json:"to"`
}

// Over reports whether the matter has ended.
func (s State) Over() bool { return s.Outcome != "" }

// Paused gives the break that lasts, if one does.
func (s State) Paused() (Break, bool) {
	if n := len(s.Pauses); n > 0 && s.Pauses[n-1].Lasts {
		return s.Pauses[n-1], true
	}
	return Break{}, false
}

// clone copies what events change.
func (s State) clone() State {
	s.Days, s.Visits, s.Forms = maps.Clone(s.Days), maps.Clone(s.Visits), maps.Clone(s.Forms)
	s.Steps, s.Extended, s.Pauses = slices.Clone(s.Steps), slices.Clone(s.Extended), slices.Clone(s.Pauses)
	s.Absorbed, s.Parts, s.With = slices.Clone(s.Absorbed), slices.Clone(s.Parts), slices.Clone(s.With)
	if s.Days == nil {
		s.Days = Dates{}
	}
	if s.Visits == nil {
		s.Visits = Tally{}
	}
	if s.Forms == nil {
		s.Forms = Filed{}
	}
	return s
}

// EventKind is what can happen to a matter.
type EventKind string

// The kinds of events. Who may bring each about is told at Process.Next.
const (
	EventRaise    EventKind = "raise"    // it begins; by Process.Begin
	EventTakeOver EventKind = "takeover" // it ran elsewhere until now; by Process.TakeOver
	EventAct      EventKind = "act"      // an action of the stage: Action, with its Forms and Reason
	EventFile     EventKind = "file"     // a form that the stage collects or needs: Forms
	EventBallot   EventKind = "ballot"   // the ballot was counted: Figures
	EventDay      EventKind = "day"      // a new day has begun: the overdue ladder
	EventPause    EventKind = "pause"    // the clock stops: Action is one of the matter's `pause`
	EventResume   EventKind = "resume"   // it goes on
	EventExtend   EventKind = "extend"   // the stage's `extend` is approved: Reason
	EventTransfer EventKind = "transfer" // another body takes it on: To, Reason
	EventReturn   EventKind = "return"   // a wrong body gives it back: Reason
	EventAssign   EventKind = "assign"   // a lead handler and co-handlers: To, Others
	EventMerge    EventKind = "merge"    // it is a duplicate of another: To
	EventAbsorb   EventKind = "absorb"   // another was merged into this one: To
	EventSplit    EventKind = "split"    // it goes on as several: Others, Reason
	EventWithdraw EventKind = "withdraw" // who raised it takes it back
	EventReopen   EventKind = "reopen"   // it was over and is not: Reason
	EventClose    EventKind = "close"    // closed unresolved, open to the public: Reason
	EventRemind   EventKind = "remind"   // somebody waits for it (催办): nothing changes but that it is told
)

// Event is something that happens to a matter.
type Event struct {
	Kind   EventKind
	At     time.Time // its day is that of its own zone
	Seen   int       // State.Seq that the actor was looking at; 0: not told
	Stage  string    // the stage that the actor was looking at; "": not told
	By     string    // a name to tell others, if they may know it
	As     string    // the role it was done in, told where there is no name
	Person string    // who acts, for recusal; compared only
	Roles  []string  // the parties and roles the actor acts as, and raiser, joined, parent_unit, system where it is so

	Action  string
	Forms   map[string]Values // filed with it, already checked against their fields
	Reason  string
	To      string
	Others  []string
	Figures *Figures
}

// Figures are those of a counted ballot: votes by option of all its fields.
type Figures struct {
	Invited, Cast int64
	Count         map[string]int64
}

// EffectKind is what the caller has to do.
type EffectKind string

// The kinds of effects.
const (
	EffectEntered      EffectKind = "entered"       // a stage was entered: it is the turn of Who
	EffectCollecting   EffectKind = "collecting"    // Who may file Form while the stage lasts
	EffectBallotStarts EffectKind = "ballot_starts" // invite Who to fill in Form
	EffectBallotAgain  EffectKind = "ballot_again"  // too few took part: ask those who have not yet
	EffectCountBallot  EffectKind = "count_ballot"  // its time is over: count, and send EventBallot
	EffectRemind       EffectKind = "remind"        // remind Who
	EffectEscalate     EffectKind = "escalate"      // tell Who that it is overdue
	EffectTell         EffectKind = "tell"          // tell Who the Text: a reason, an extension, a transfer
	EffectHandOver     EffectKind = "hand_over"     // give it to the unit To; "": back to who handed it out
	EffectRaisePart    EffectKind = "raise_part"    // begin a matter with the id To, of which this is the origin
	EffectCarryOver    EffectKind = "carry_over"    // those who follow this one follow To now
	EffectPublish      EffectKind = "publish"       // show the end and its reason to everybody who may see the matter
	EffectClosed       EffectKind = "closed"        // it is over
	EffectWarn         EffectKind = "warn"          // tell administrators the Text
)

// Effect is something that the caller has to do in consequence of an event, in the same transaction.
type Effect struct {
	Kind  EffectKind
	Who   []string // holder, raiser, joined, parent_unit, parties, roles
	Stage string
	Form  string
	To    string
	Draw  int // of a ballot that starts: how many of Who are drawn by lot; 0: all
	Text  Text
}

// RefusalKind is why an event is refused.
type RefusalKind string

// The kinds of refusals.
const (
	RefusedNotYours    RefusalKind = "not_yours"    // the actor may not do this
	RefusedMoved       RefusalKind = "moved"        // the matter is in another stage by now
	RefusedDone        RefusalKind = "done"         // somebody has done it already
	RefusedOver        RefusalKind = "over"         // the matter is over
	RefusedNoReason    RefusalKind = "no_reason"    // a reason is needed
	RefusedNoForm      RefusalKind = "no_form"      // a form is needed
	RefusedTooLate     RefusalKind = "too_late"     // it was possible until a day that has passed
	RefusedTooEarly    RefusalKind = "too_early"    // it is not possible yet
	RefusedImpossible  RefusalKind = "impossible"   // this matter or stage does not have it
	RefusedWrongValues RefusalKind = "wrong_values" // what was given with it cannot be
)

// Refusal says why an event was refused, and what happened instead. The state is as it was.
type Refusal struct {
	Kind RefusalKind
	Text Text
	Form string // of no_form: the one that is needed
}

// Error gives the English text.
func (r *Refusal) Error() string { return r.Text.En }

func refused(k RefusalKind, t Text, values ...any) *Refusal {
	return &Refusal{Kind: k, Text: t.Fill(values...)}
}
