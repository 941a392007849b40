package bihuan

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"

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
}

const voicePrefix = "v-"

// codeLetters are letters that are not mistaken for one another on paper or on the telephone.
const codeLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// newVoice makes a voice and gives its one-time code, which is kept only as its hash.
func (s *Site) newVoice(ctx context.Context, tx *db.Tx, a Actor, v voiceOf) (id, code string, err error) {
	id, code = voicePrefix+newID(), oneTimeCode()
	err = tx.Insert(ctx, "voice (id, programme, role, unit, roster, name, code_hash, stamp, created_at, created_by)",
		[][]any{{id, v.run.Name, v.role, v.unit, v.roster, v.name, codeHash(code), newID(), s.Now().UnixMicro(), a.ID}}, "")
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

// Speak takes a one-time code and gives the actor whose it is. The code is used up: whoever comes second with it is refused.
func (s *Site) Speak(ctx context.Context, code string) (Actor, error) {
	var a Actor
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var id string
		midnight := s.Today().Time().UnixMicro()
		err := tx.Row(ctx, "UPDATE voice SET code_hash = NULL, spoke_at = $2 WHERE code_hash = $1 AND revoked_at IS NULL RETURNING id", []any{codeHash(code), midnight}, &id)
		if errors.Is(err, sql.ErrNoRows) {
			return refuse(Unauthenticated, "这个码不对，或者已经用过", "this code is wrong, or was used already").
				hint("一个码只能用一次；换了手机请向发码的人要新码", "a code works once; ask whoever gave it to you for a new one")
		}
		if err != nil {
			return err
		}
		a, err = s.voiceActor(ctx, tx, id)
		return err
	})
	if err != nil {
		return Actor{}, fmt.Errorf("speak: %w", err)
	}
	return a, nil
}
