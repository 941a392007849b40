package programme

import "io/fs"

// Load is a stand-in for what is being written: delete this file when Load lands.
func Load(fsys fs.FS, name string) (*Programme, Mistakes) { return &Programme{Name: name}, nil }
