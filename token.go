package bihuan

import "time"

// Token lets a program act for an account. Its text is shown once, when it is made.
type Token struct {
	ID, Name                                string
	CreatedAt, ExpiresAt, UsedAt, RevokedAt time.Time // zero: never
}
