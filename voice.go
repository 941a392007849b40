package bihuan

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// A voice is somebody without an account who may speak: an employee of a roster, one who came to a desk. It acts as an Actor with
// one grant of a role that scores nothing, and signs in with a one-time code.

// voiceOf says whose voice it is to be.
type voiceOf struct {
	run          *Running
	role, unit   string
	roster, name string
	number       string
}

const voicePrefix = "v-"

// codeLetters are letters that are not mistaken for one another on paper or on the telephone.
const codeLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// newVoice makes a voice and gives its one-time code, which is kept only as its hash.
func (s *Site) newVoice(ctx context.Context, tx *db.Tx, a Actor, v voiceOf) (id, code string, err error) {
	id, code = voicePrefix+newID(), oneTimeCode()
	err = tx.Insert(ctx, "voice (id, programme, role, unit, roster, name, number, code_hash, stamp, created_at, created_by)",
		[][]any{{id, v.run.Name, v.role, v.unit, v.roster, v.name, v.number, codeHash(code), newID(), s.Now().UnixMicro(), a.ID}}, "")
	return id, code, err
}

// oneTimeCode makes a code of 60 random bits, in groups of four.
func oneTimeCode() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = codeLetters[int(b[i])%len(codeLetters)]
	}
	return string(b[:4]) + "-" + string(b[4:8]) + "-" + string(b[8:])
}

// codeHash folds what people do to a code when they type it, and hashes it.
func codeHash(code string) string {
	code = strings.ToUpper(fold(code))
	code = strings.Map(func(r rune) rune {
		switch {
		case r == '0':
			return 'O'
		case r == '1':
			return 'I'
		case strings.ContainsRune(codeLetters, r):
			return r
		case r == ' ' || r == '-' || r == '–' || r == '_':
			return -1
		}
		return r
	}, code)
	return sha256Hex("voice:" + code)
}

// voiceActor gives the actor of a voice; one that was revoked is Unauthenticated.
func (s *Site) voiceActor(ctx context.Context, tx *db.Tx, id string) (Actor, error) {
	a := Actor{ID: id, Lang: programme.Zh}
	var g Grant
	err := tx.Row(ctx, "SELECT name, programme, role, unit, stamp FROM voice WHERE id = $1 AND revoked_at IS NULL", []any{id}, &a.Name, &g.Programme, &g.Role, &g.Unit, &a.Stamp)
	if errors.Is(err, sql.ErrNoRows) {
		return Actor{}, signInFirst()
	}
	a.Grants = []Grant{g}
	return a, err
}

// Voice reports whether the actor is a voice: somebody who speaks without an account.
func (a Actor) Voice() bool { return strings.HasPrefix(a.ID, voicePrefix) }

// Speak takes a one-time code and gives the actor whose it is. The code is used up: whoever comes second with it is refused like one
// who guesses. from is where the try comes from, such as a network address: too many wrong ones from there, or in all, have to wait.
func (s *Site) Speak(ctx context.Context, from, code string) (Actor, error) {
	return s.tryToSpeak(ctx, []limit{{"code from " + from, triesOfCode}, {"all", triesInAll}}, refuse(Unauthenticated, "这个码不对，或者已经用过", "this code is wrong, or was used already").
		hint("一个码只能用一次；换了手机请向发码的人要新码", "a code works once; ask whoever gave it to you for a new one"),
		"code_hash = $1", codeHash(code))
}

// SpeakByLink is Speak for somebody who came by the link of a roster and gives his name and number as they stand on it: of a voice that
// has never spoken. Numbers can be guessed, so fewer tries are allowed for a link.
func (s *Site) SpeakByLink(ctx context.Context, from, link, name, number string) (Actor, error) {
	name, number = cleanPerson(name), cleanPerson(number)
	return s.tryToSpeak(ctx, []limit{{"from " + from, triesFrom}, {"link " + link, triesOfLink}, {"all", triesInAll}},
		refuse(Unauthenticated, "姓名和编号与名册不符，或者已经有人用它进入过", "this name and number are not on the roster, or were used already").
			hint("请核对；仍不行的，请向发起人要一个一次性的码", "check them, or ask whoever gave you the link for a one-time code"),
		"roster = (SELECT r.id FROM roster r WHERE r.link = $1) AND name = $3 AND lower(number) = lower($4) AND number <> '' AND spoke_at IS NULL", link, name, number)
}

// How many wrong codes are taken within lockedFor, and how long one has to wait then. Codes have 60 random bits: no number of tries that a
// network carries finds one; the bounds spare the house the noise.
const (
	triesOfCode = 100 // from one address, behind which there may be a whole enterprise
	triesFrom   = 20  // from one address, by name and number
	triesOfLink = 40
	triesInAll  = 1000
)

// limit bounds the tries of one kind.
type limit struct {
	of   string
	most int64
}

// tryToSpeak finds the one voice that fits, uses up its code and gives its actor.
func (s *Site) tryToSpeak(ctx context.Context, limits []limit, wrong *Error, where string, first string, more ...any) (Actor, error) {
	var a Actor
	err := s.trying(ctx, limits, func(tx *db.Tx) error {
		var id string
		args := append([]any{first, s.Today().Time().UnixMicro()}, more...)
		err := tx.Row(ctx, "UPDATE voice SET code_hash = NULL, spoke_at = $2 WHERE revoked_at IS NULL AND "+where+" RETURNING id", args, &id)
		if errors.Is(err, sql.ErrNoRows) {
			return wrong
		}
		if err == nil {
			a, err = s.voiceActor(ctx, tx, id)
		}
		return err
	})
	if err != nil {
		return Actor{}, fmt.Errorf("speak: %w", err)
	}
	return a, nil
}

// trying lets somebody try something within limits. A try counts before it is compared, so that many at once do not get more than one
// after the other; one that was right is taken off again.
func (s *Site) trying(ctx context.Context, limits []limit, try func(*db.Tx) error) error {
	now := s.Now()
	for _, l := range limits {
		until, err := s.countTry(ctx, l, now)
		if err != nil {
			return err
		}
		if !until.IsZero() {
			return refuse(TooMany, "试得太多了，请在{0}后再试", "too many tries; try again after {0}", until.Format("15:04"))
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := try(tx); err != nil {
			return err
		}
		for _, l := range limits {
			if _, err := tx.Exec(ctx, "UPDATE voice_try SET tries = tries - 1, locked_until = 0 WHERE key = $1 AND tries > 0", sha256Hex(l.of)); err != nil {
				return err
			}
		}
		return nil
	})
}

// countTry counts a try, and gives until when there are to be no more; zero: this one may be made.
func (s *Site) countTry(ctx context.Context, l limit, now time.Time) (time.Time, error) {
	var until time.Time
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		until = time.Time{}
		if mathrand.IntN(50) == 0 {
			if _, err := tx.Exec(ctx, "DELETE FROM voice_try WHERE since < $1", now.Add(-24*time.Hour).UnixMicro()); err != nil {
				return err
			}
		}
		var tries, since, locked int64
		err := tx.Row(ctx, `INSERT INTO voice_try AS t (key, tries, since, locked_until) VALUES ($1, 1, $2, 0)
			ON CONFLICT (key) DO UPDATE SET tries = t.tries + 1 RETURNING tries, since, locked_until`, []any{sha256Hex(l.of), now.UnixMicro()}, &tries, &since, &locked)
		switch {
		case err != nil:
			return err
		case locked > now.UnixMicro():
			until = s.moment(locked)
			return nil
		case locked > 0 || now.Sub(s.moment(since)) > lockedFor: // a new quarter of an hour begins
			tries, since, locked = 1, now.UnixMicro(), 0
		}
		if tries >= l.most {
			locked = now.Add(lockedFor).UnixMicro() // lifted again if this very try is right
		}
		_, err = tx.Exec(ctx, "UPDATE voice_try SET tries = $2, since = $3, locked_until = $4 WHERE key = $1", sha256Hex(l.of), tries, since, locked)
		return err
	})
	return until, err
}
