package bihuan

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Token lets a program act for an account. Its text is shown once, when it is made.
type Token struct {
	ID, Name                                string
	CreatedAt, ExpiresAt, UsedAt, RevokedAt time.Time // zero: never
}

const tokenPrefix = "bh_" // so that one left in a file or a log is found by those who look for secrets

// NewToken makes a token for the actor's own account, good for some days (1 to 366). plain is shown this once.
func (s *Site) NewToken(ctx context.Context, a Actor, name string, days int) (plain string, t Token, err error) {
	if a.Visitor() || a.system {
		return "", Token{}, signInFirst()
	}
	if a.Voice() {
		return "", Token{}, needsAccount()
	}
	name, wrong := cleanText("name", name, 100, true)
	if days < 1 || days > 366 {
		wrong = append(wrong, wrongField("days", "有效期为1至366天", "a token is good for 1 to 366 days"))
	}
	if err := wrongFields(wrong); err != nil {
		return "", Token{}, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	plain = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	now := s.Now()
	t = Token{ID: newID(), Name: name, CreatedAt: now, ExpiresAt: now.AddDate(0, 0, days)}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		return tx.Insert(ctx, "token (id, account_id, name, hash, created_at, expires_at)",
			[][]any{{t.ID, a.ID, name, sha256Hex(plain), now.UnixMicro(), t.ExpiresAt.UnixMicro()}}, "")
	})
	if err != nil {
		return "", Token{}, fmt.Errorf("new token: %w", err)
	}
	return plain, t, nil
}

// Tokens lists the actor's tokens, the newest first, without their texts.
func (s *Site) Tokens(ctx context.Context, a Actor) ([]Token, error) {
	if a.Visitor() {
		return nil, signInFirst()
	}
	var list []Token
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Each(ctx, "SELECT id, name, created_at, expires_at, used_at, revoked_at FROM token WHERE account_id = $1 ORDER BY id DESC",
			[]any{a.ID}, func(scan func(...any) error) error {
				var t Token
				var created, expires int64
				var used, revoked sql.NullInt64
				if err := scan(&t.ID, &t.Name, &created, &expires, &used, &revoked); err != nil {
					return err
				}
				t.CreatedAt, t.ExpiresAt = s.moment(created), s.moment(expires)
				if used.Valid {
					t.UsedAt = s.moment(used.Int64)
				}
				if revoked.Valid {
					t.RevokedAt = s.moment(revoked.Int64)
				}
				list = append(list, t)
				return nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("tokens of %s: %w", a.ID, err)
	}
	return list, nil
}

// RevokeToken ends one of the actor's tokens.
func (s *Site) RevokeToken(ctx context.Context, a Actor, id string) error {
	if a.Visitor() {
		return signInFirst()
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE token SET revoked_at = $3 WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL",
			id, a.ID, s.Now().UnixMicro())
		if err == nil && n == 0 {
			return notFound("该令牌", "token")
		}
		return err
	})
}

// ActorByToken gives the actor of a token; Unauthenticated when it is unknown, expired or revoked.
func (s *Site) ActorByToken(ctx context.Context, token string) (Actor, error) {
	refused := (&Error{Kind: Unauthenticated, Text: programme.T("令牌无效或已过期", "the token is unknown or has expired")}).
		hint("请重新创建令牌", "make a new token")
	if !strings.HasPrefix(token, tokenPrefix) {
		return Actor{}, refused
	}
	now := s.Now()
	var id, account string
	var used sql.NullInt64
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Row(ctx, "SELECT id, account_id, used_at FROM token WHERE hash = $1 AND expires_at > $2 AND revoked_at IS NULL",
			[]any{sha256Hex(token), now.UnixMicro()}, &id, &account, &used)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Actor{}, refused
	}
	if err != nil {
		return Actor{}, fmt.Errorf("actor by token: %w", err)
	}
	if now.Sub(time.UnixMicro(used.Int64)) > time.Hour { // the hour is exact enough, and spares a write per request
		if err := s.db.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE token SET used_at = $2 WHERE id = $1", id, now.UnixMicro())
			return err
		}); err != nil {
			return Actor{}, fmt.Errorf("actor by token: %w", err)
		}
	}
	return s.ActorByID(ctx, account)
}
