// Package programmes holds the programmes that Bihuan ships, as data: each directory is one written standard in the
// programme language, with its golden cases and, under demo, invented subjects and evidence to try it with.
package programmes

import "embed"

// FS holds every shipped programme as a directory of its name; programme.Load reads them from here.
//
//go:embed all:mediation all:union
var FS embed.FS
