package bihuan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bihuan.dev/bihuan/internal/db"
)

// A ballot may have a link of its own: a link for one round, on a poster or in a group chat. Who follows it gives the name
// and number that he has on the roster, and votes, once, whether he ever came in before or not. It ends with the ballot. There is no
// session behind it and nothing else can be done with it: with somebody's name and number one must not come to what he raised. Like
// the link of a roster it is weaker than a code, since whoever knows the number may come first. A ballot of a matter whose proposer is
// hidden has none when it asks those who raised and joined it: whoever knows the roster would learn by trying who they are. They came in
// with a code or an account before, and vote by that.

// OpenBallotLink gives a running ballot a link, or a new one that ends the old, for whoever may call it or handles its matter.
func (s *Site) OpenBallotLink(ctx context.Context, a Actor, id string) (string, error) {
	link := strings.ReplaceAll(oneTimeCode(), "-", "")
	return link, s.setBallotLink(ctx, a, id, link)
}

// CloseBallotLink takes a ballot's link away. Votes that came by it stay.
func (s *Site) CloseBallotLink(ctx context.Context, a Actor, id string) error {
	return s.setBallotLink(ctx, a, id, nil)
}

func (s *Site) setBallotLink(ctx context.Context, a Actor, id string, link any) error {
	if a.Visitor() {
		return signInFirst()
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		b, may, err := s.lockBallotOf(ctx, tx, a, id)
		switch {
		case err != nil:
			return err
		case !may.call:
			return mayNot()
		case b.Over || s.Today() > b.ClosesOn:
			return refuse(Conflict, "表决已经结束", "the ballot is over")
		case link != nil && b.hides():
			return refuse(Invalid, "受邀人不公开，这次评议不能有链接：拿着名册一试就知道是谁", "those invited are hidden, so this ballot can have no link: with the roster at hand anybody could find out who they are").
				hint("受邀人凭一次性的码或账号投票", "they vote with their one-time code or their account")
		}
		_, err = tx.Exec(ctx, "UPDATE ballot SET link = $2 WHERE id = $1", id, link)
		return err
	})
	if err != nil {
		return fmt.Errorf("link of ballot %s: %w", id, err)
	}
	return nil
}

// calls reports whether somebody may call the ballots of a subject: administrators, and whoever holds a party there.
func (h held) calls(run *Running) bool { return h.system || h.admin || h.party(run) != "" }

// BallotByLink gives the running ballot that a link leads to, to whoever has the link.
func (s *Site) BallotByLink(ctx context.Context, link string) (BallotFigures, error) {
	var out BallotFigures
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		b, err := s.linkedBallot(ctx, tx, link)
		if err == nil {
			err = s.showBallot(ctx, tx, Actor{}, &b)
		}
		if m := b.matter; m != nil && !slices.Contains(m.run.Public, m.Name) {
			b.Called = m.Kind
		}
		out = b.BallotFigures
		return err
	})
	if err != nil {
		return BallotFigures{}, fmt.Errorf("ballot by link: %w", err)
	}
	return out, nil
}

func (s *Site) linkedBallot(ctx context.Context, tx *db.Tx, link string) (storedBallot, error) {
	b, err := s.ballotWhere(ctx, tx, "WHERE b.link = $1", link)
	if k, ok := KindOf(err); ok && k == NotFound || err == nil && b.hides() {
		return storedBallot{}, notFound("该链接", "link").hint("可能抄错了，也可能已换新或关闭：请向发链接的人要新的", "it may be mistyped, replaced or closed: ask whoever gave it to you for a new one")
	}
	if err == nil && (b.Over || s.Today() > b.ClosesOn) {
		err = refuse(Conflict, "{0}已经结束，这个链接不再有效", "{0} is over; this link has ended with it", formTitle(b.Form))
		if b.Why != "" && b.Matter == "" { // why a matter moved on is for those who may read it
			err = refuse(Conflict, "{0}已中止：{1}", "{0} was broken off: {1}", formTitle(b.Form), b.Why).
				hint("这个链接不再有效，投过的票不计入", "this link has ended with it, and the votes are not counted")
		}
	}
	return b, err
}

// MayVoteByLink gives the ballot of a link to somebody whose name and number are of one who is invited and has not voted; tries are
// bounded as in SpeakByLink. Who has voted is told the same as who is not invited: whether somebody took part is his own affair.
func (s *Site) MayVoteByLink(ctx context.Context, from, link, name, number string) (BallotFigures, error) {
	_, b, err := s.voterByLink(ctx, from, link, name, number)
	return b, err
}

// VoteByLink is Vote for whoever MayVoteByLink. It gives the ballot as that does, also when the choices are refused.
func (s *Site) VoteByLink(ctx context.Context, from, link, name, number string, choices map[string]any) (BallotFigures, error) {
	voter, b, err := s.voterByLink(ctx, from, link, name, number)
	if err != nil {
		return BallotFigures{}, err
	}
	return b, s.Vote(ctx, Actor{ID: voter}, b.ID, choices)
}

func (s *Site) voterByLink(ctx context.Context, from, link, name, number string) (voter string, ballot BallotFigures, err error) {
	name, number = cleanPerson(name), cleanPerson(number)
	err = s.trying(ctx, []limit{{"from " + from, triesFrom}, {"link " + link, triesOfLink}, {"all", triesInAll}}, func(tx *db.Tx) error {
		b, err := s.linkedBallot(ctx, tx, link)
		if err != nil {
			return err
		}
		voted, _, err := openBox(ctx, tx, b.ID)
		if err != nil {
			return err
		}
		ballot = b.BallotFigures
		err = tx.Row(ctx, `SELECT v.id FROM voice v JOIN ballot_right r ON r.person = v.id AND r.ballot_id = $1
			WHERE v.revoked_at IS NULL AND v.roster <> '' AND v.name = $2 AND lower(v.number) = lower($3) AND v.number <> '' ORDER BY v.id LIMIT 1`,
			[]any{b.ID, name, number}, &voter)
		if errors.Is(err, sql.ErrNoRows) || err == nil && slices.Contains(voted, voter) {
			return refuse(Unauthenticated, "姓名和编号与受邀名册不符，或者已经投过票", "nobody of this name and number is invited, or they have voted already").
				hint("请核对；仍不行的，请向发起人要一个一次性的码", "check them, or ask whoever gave you the link for a one-time code")
		}
		return err
	})
	if err != nil {
		return "", BallotFigures{}, fmt.Errorf("vote by link: %w", err)
	}
	return voter, ballot, nil
}
