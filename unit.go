package bihuan

// Unit is a place in the tree of units: a city, a town, a village, an enterprise.
type Unit struct {
	Code   string
	Parent string // empty: a root
	Name   string
	Level  string // county, town, village, enterprise: a free word
	Depth  int    // 0: a root
}

// UnitRow is a unit as a file gives it.
type UnitRow struct {
	Row                       int // in the file, from 1 with the header as row 1
	Code, Parent, Name, Level string
}

// UnitQuery selects units by name, pinyin or code.
type UnitQuery struct {
	Search string
	Within string // and below; empty: anywhere
	Page
}
