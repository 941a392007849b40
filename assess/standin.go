package assess

import "bihuan.dev/bihuan/programme"

// Stand-ins for what is being written: delete this file when Compile lands.

// Program is a compiled programme.
type Program struct{ p *programme.Programme }

// Compile compiles a programme.
func Compile(p *programme.Programme) (*Program, error) { return &Program{p}, nil }
