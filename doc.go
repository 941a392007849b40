// Package bihuan runs written standards as closed loops: nouns, verbs, and their SQL.
//
// A Site is a running house. Every verb is a method of Site, takes the Actor who acts, checks what he may do, is one
// transaction, and reads downwards. What a person can act on comes back as *Error.
package bihuan
