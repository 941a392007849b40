package bihuan

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"bihuan.dev/bihuan/programme"
)

// What OWASP asks of argon2id at least: 19 MiB, two passes, one thread.
var passwordCost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobodysPassword is compared with when there is no such account, so that both take as long.
var nobodysPassword = sync.OnceValue(func() string {
	h, err := argon2id.CreateHash("nobody has this password", passwordCost)
	if err != nil {
		panic(err) // only when the machine has no randomness
	}
	return h
})

func (s *Site) hashPassword(ctx context.Context, password string) (string, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	h, err := argon2id.CreateHash(password, passwordCost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return h, nil
}

// isPassword compares a password with what is stored, and takes as long when nothing is stored.
func (s *Site) isPassword(ctx context.Context, password, stored string) (bool, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	none := stored == ""
	if none {
		stored = nobodysPassword()
	}
	same, err := argon2id.ComparePasswordAndHash(password, stored)
	return same && !none && err == nil, err
}

// weakPassword says what is wrong with a new password: nobody should guess it in the five tries before the lock.
func weakPassword(field, password, login, name string) []programme.FieldError {
	low := strings.ToLower(password)
	wrong := func(zh, en string) []programme.FieldError {
		return []programme.FieldError{{Field: field, Message: programme.T(zh, en)}}
	}
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return wrong("含有无法使用的字符", "it holds characters that cannot be used")
	case utf8.RuneCountInString(password) < 10:
		return wrong("密码至少10位", "a password has at least 10 characters")
	case len(password) > 400:
		return wrong("密码太长", "the password is too long")
	case len(login) > 2 && strings.Contains(low, strings.ToLower(login)), len(name) > 3 && strings.Contains(low, strings.ToLower(name)):
		return wrong("密码不能包含账号或姓名", "a password may not hold the login or the name")
	case simplePassword(low):
		return wrong("密码太简单", "the password is too simple")
	}
	return nil
}

// simplePassword recognises those tried first: few different characters, runs of the keyboard, a well-known word with
// digits around it.
func simplePassword(low string) bool {
	seen := map[rune]bool{}
	for _, r := range low {
		seen[r] = true
	}
	if len(seen) < 4 {
		return true
	}
	for _, run := range []string{"01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz",
		"qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujm"} {
		if strings.Contains(run, low) {
			return true
		}
	}
	rest := strings.Trim(low, "0123456789!@#$%^&*._- ")
	for _, word := range []string{"", "password", "passw0rd", "p@ssw0rd", "p@ssword", "pass", "admin", "administrator", "root", "user", "test",
		"guest", "welcome", "letmein", "iloveyou", "woaini", "woaini1314", "wodemima", "mima", "zhongguo", "china", "pinghu", "zhejiang",
		"gonghui", "bihuan", "qwer", "qwerty", "qwertyuiop", "asdf", "asdfgh", "asdfghjkl", "zxcvbn", "abc", "abcd", "aa", "a", "q", "qq",
		"changeme", "default", "secret", "sunshine", "princess", "football", "baseball", "dragon", "master", "monkey", "login"} {
		if rest == word {
			return true
		}
	}
	return false
}
