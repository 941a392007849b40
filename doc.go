// Package bihuan runs written standards as closed loops: nouns, verbs, and their SQL.
//
// A [Site] is a running house. Every verb is a method of Site, takes the [Actor] who acts, checks what he may do, is one
// transaction, and reads downwards. What a person can act on comes back as *[Error], with the mistakes by field or by row;
// anything else that goes wrong is a plain error.
//
// Facts enter as filled forms. [Site.File] and its bulk twin [Site.FileMany] make evidence of them, which is never changed:
// it may be superseded or withdrawn. Each piece has two dates, the day it is true and the moment it was recorded, so that
// every score can be had as of any day, as it was known at any moment: [Site.Columns].
package bihuan
