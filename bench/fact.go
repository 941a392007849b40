package main

import (
	"fmt"
	"math/rand/v2"
)

// kind is the type of a fact, as an author would declare it.
type kind uint8

const (
	boolean kind = iota
	count        // a small whole number, such as accidents
	integer
	number // two decimals
	money  // yuan with two decimals
	date
	choice
)

// options is how many a choice has.
const options = 8

// fact is one field of one form. Values are integers: numbers and money in hundredths, dates in days since 1970, choices as
// the place of the option, truth as 0 or 1.
type fact struct {
	form, name string
	kind       kind
	lo, hi     int32 // the declared range, in the same integers
	read       bool  // some clause reads it
}

// forms is how many the facts are spread over.
const forms = 8

// fact counts by kind: all of them, and how many of them the clauses may read.
var factPlan = []struct {
	kind       kind
	letter     string
	all, read  int
	lo, hi     int32
	programmes string // the type in the programme language
}{
	{boolean, "yes", 13, 10, 0, 1, "bool"},
	{count, "cases", 13, 10, 0, 5, "int"},
	{integer, "people", 20, 16, 0, 500, "int"},
	{number, "rate", 38, 30, 0, 100_000, "number"},
	{money, "yuan", 11, 8, 0, 200_000_000, "money"},
	{date, "day", 11, 8, 16801, 19357, "date"}, // 2016 to 2022
	{choice, "level", 14, 10, 0, options - 1, "choice"},
}

// newFacts lists the 120 facts, of which the clauses read 92.
func newFacts() []fact {
	var all []fact
	for _, p := range factPlan {
		for i := range p.all {
			all = append(all, fact{form: fmt.Sprintf("f%d", len(all)%forms+1), name: fmt.Sprintf("%s%d", p.letter, i+1), kind: p.kind, lo: p.lo, hi: p.hi})
		}
	}
	return all
}

// column holds one fact of every subject.
type column struct {
	values []int32
	valid  []uint64
}

func (c *column) has(i int) bool { return c.valid[i>>6]>>(i&63)&1 != 0 }

func (c *column) set(i int, v int32) {
	c.values[i] = v
	c.valid[i>>6] |= 1 << (i & 63)
}

// newColumns draws the facts of n subjects, uniform over their ranges, 5 % missing. The facts of a subject depend neither on n
// nor on the other facts.
func newColumns(facts []fact, n int) []column {
	out := make([]column, len(facts))
	for j, f := range facts {
		r := rand.New(rand.NewPCG(20210121, uint64(j)))
		c := column{values: make([]int32, n), valid: make([]uint64, (n+63)/64)}
		span := uint32(f.hi - f.lo + 1)
		for i := range n {
			x := r.Uint64()
			if uint32(x>>32)%100 < 5 {
				continue
			}
			c.set(i, f.lo+int32(uint64(uint32(x))*uint64(span)>>32))
		}
		out[j] = c
	}
	return out
}
