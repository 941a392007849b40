package bihuan

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"bihuan.dev/bihuan/internal/db"
)

const (
	signInTries = 5
	lockedFor   = 15 * time.Minute
)

// SignIn gives the actor whose login and password these are. After five wrong passwords a login is locked for a quarter of
// an hour. Whether there is such an account shows neither in the answer nor in the time it takes.
func (s *Site) SignIn(ctx context.Context, login, password string) (Actor, error) {
	login = strings.ToLower(strings.TrimSpace(login))
	var id, stored string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		err := tx.Row(ctx, "SELECT id, password FROM account WHERE login = $1 AND disabled_at IS NULL", []any{login}, &id, &stored)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return Actor{}, fmt.Errorf("sign in: %w", err)
	}
	if err := s.tryPassword(ctx, login, password, stored); err != nil {
		return Actor{}, err
	}
	return s.ActorByID(ctx, id)
}

// tryPassword compares a password and counts what was wrong. A try counts before it is compared, so that many at once do
// not get more tries than one after the other.
func (s *Site) tryPassword(ctx context.Context, login, password, stored string) error {
	key, now := sha256Hex(login), s.Now()
	var locked int64
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		locked = 0
		if rand.IntN(50) == 0 {
			if _, err := tx.Exec(ctx, "DELETE FROM sign_in_failure WHERE failed_at < $1", now.Add(-24*time.Hour).UnixMicro()); err != nil {
				return err
			}
		}
		var failures, until int64
		err := tx.Row(ctx, `INSERT INTO sign_in_failure AS f (login, failures, failed_at, locked_until) VALUES ($1, 1, $2, 0)
			ON CONFLICT (login) DO UPDATE SET failures = f.failures + 1, failed_at = $2 RETURNING failures, locked_until`,
			[]any{key, now.UnixMicro()}, &failures, &until)
		switch {
		case err != nil:
			return err
		case until > now.UnixMicro():
			locked = until
			return nil
		case until > 0: // a lock has run out: this is the first of five new tries
			failures = 1
			until = 0
		}
		if failures >= signInTries {
			until = now.Add(lockedFor).UnixMicro() // lifted again below if this very try is right
		}
		_, err = tx.Exec(ctx, "UPDATE sign_in_failure SET failures = $2, locked_until = $3 WHERE login = $1", key, failures, until)
		return err
	})
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if locked > 0 {
		return refuse(TooMany, "密码错误次数过多，账号已锁定，请在{0}后再试", "too many wrong passwords; try again after {0}",
			s.moment(locked).Format("15:04"))
	}
	right, err := s.isPassword(ctx, password, stored)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if !right {
		return refuse(Unauthenticated, "账号或密码不对", "wrong login or password").
			hint("连续输错5次将锁定15分钟", "after five wrong passwords the login is locked for 15 minutes")
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM sign_in_failure WHERE login = $1", key)
		return err
	})
}

// ActorByID gives the actor of an account, with its grants as they are now. A disabled account is Unauthenticated.
func (s *Site) ActorByID(ctx context.Context, id string) (Actor, error) {
	a := Actor{ID: id}
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if a.Voice() {
			a, err = s.voiceActor(ctx, tx, id)
			return err
		}
		var password string
		err = tx.Row(ctx, "SELECT login, name, lang, password FROM account WHERE id = $1 AND disabled_at IS NULL", []any{id},
			&a.Login, &a.Name, &a.Lang, &password)
		if errors.Is(err, sql.ErrNoRows) {
			return signInFirst()
		}
		if err != nil {
			return err
		}
		a.Stamp = sha256Hex(password)[:16]
		grants, err := grantsOf(ctx, tx, []string{id})
		a.Grants = grants[id]
		return err
	})
	if err != nil {
		return Actor{}, fmt.Errorf("actor %s: %w", id, err)
	}
	return a, nil
}

// Sessions keeps web sessions in the database, in the shape that scs wants of a store, and by the machine's clock, as scs does. Tokens
// are stored as their hash: who reads the database cannot use them.
type Sessions struct{ s *Site }

// SessionStore gives the store of web sessions.
func (s *Site) SessionStore() *Sessions { return &Sessions{s} }

// FindCtx gives the data of a session that has not expired.
func (x *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = x.s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Row(ctx, "SELECT data FROM session WHERE token = $1 AND expires_at > $2",
			[]any{sha256Hex(token), time.Now().UnixMicro()}, &data)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// CommitCtx stores the data of a session, also when the browser has not waited for the answer: what it asked for was done.
// It ends at a full hour, so that it does not tell when somebody was last here: he may have voted.
func (x *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	ctx = context.WithoutCancel(ctx)
	return x.s.db.Tx(ctx, func(tx *db.Tx) error {
		if rand.IntN(100) == 0 {
			if _, err := tx.Exec(ctx, "DELETE FROM session WHERE expires_at <= $1", time.Now().UnixMicro()); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO session (token, data, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
			sha256Hex(token), data, expiry.Truncate(time.Hour).UnixMicro())
		return err
	})
}

// DeleteCtx ends a session.
func (x *Sessions) DeleteCtx(ctx context.Context, token string) error {
	return x.s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM session WHERE token = $1", sha256Hex(token))
		return err
	})
}

// Find, Commit and Delete are for callers of scs that have no context.
func (x *Sessions) Find(token string) ([]byte, bool, error) {
	return x.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (x *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return x.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (x *Sessions) Delete(token string) error { return x.DeleteCtx(context.Background(), token) }

func sha256Hex(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}
