package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/programme"
)

// compile writes the standard to a directory, loads it as the product loads any programme, and compiles it.
func (w *workload) compile() (*assess.Program, error) {
	parent, err := os.MkdirTemp("", "bihuan")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "bench") // a programme is named as its directory
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if err := w.writeProgramme(dir); err != nil {
		return nil, err
	}
	p, mistakes := programme.LoadDir(dir)
	if m := mistakes.Fatal(); len(m) > 0 {
		var b bytes.Buffer
		m.Render(&b, programme.En, false)
		return nil, errors.New(b.String())
	}
	return assess.Compile(p)
}

// population files the facts of the first n subjects as evidence, one form after the other.
func (w *workload) population(pr *assess.Program, columns []column, n int) *assess.Population {
	pop := pr.NewPopulation()
	box := newBoxes()
	for i := range n {
		pop.Put(w.subject(box, columns, i))
	}
	return pop
}

// subject gives one subject with its evidence.
func (w *workload) subject(box *boxes, columns []column, i int) assess.Subject {
	s := assess.Subject{Key: strconv.Itoa(i), Evidence: make([]assess.Evidence, forms)}
	for f := range s.Evidence {
		s.Evidence[f] = w.evidence(i, f, int64(f), make(programme.Values, len(w.facts)/forms))
	}
	for j := range w.facts {
		if columns[j].has(i) {
			s.Evidence[j%forms].Values[w.facts[j].name] = box.value(w.facts[j].kind, columns[j].values[i])
		}
	}
	return s
}

// evidence gives a filled form of a subject.
func (w *workload) evidence(subject, form int, recorded int64, values programme.Values) assess.Evidence {
	return assess.Evidence{ID: fmt.Sprintf("%d.%d", subject, form+1), Form: formNames[form], On: asOf - 10, Recorded: recorded, By: "office", Values: values}
}

var formNames = func() (out [forms]string) {
	for f := range out {
		out[f] = fmt.Sprintf("f%d", f+1)
	}
	return out
}()

// boxes gives values as the product keeps them, each boxed once, so that a million subjects fit into memory.
type boxes struct {
	numbers map[int32]any
	wholes  map[int32]any
	days    map[int32]any
	names   [options]any
}

func newBoxes() *boxes {
	b := &boxes{map[int32]any{}, map[int32]any{}, map[int32]any{}, [options]any{}}
	for o := range options {
		b.names[o] = optionName(o)
	}
	return b
}

func (b *boxes) value(k kind, v int32) any {
	switch k {
	case boolean:
		return v == 1
	case choice:
		return b.names[v]
	case money:
		return programme.NewDecimal(int64(v), 2)
	case number:
		return boxed(b.numbers, v, func() any { return programme.NewDecimal(int64(v), 2) })
	case date:
		return boxed(b.days, v, func() any { return programme.Day(v) })
	}
	return boxed(b.wholes, v, func() any { return int64(v) })
}

func boxed(kept map[int32]any, v int32, box func() any) any {
	x, ok := kept[v]
	if !ok {
		x = box()
		kept[v] = x
	}
	return x
}
