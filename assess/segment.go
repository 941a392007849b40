package assess

import (
	"encoding/binary"
	"errors"
)

// SegmentFormat numbers the way in which Pack writes. Another number means that Load cannot read it.
const SegmentFormat = 1

// Pack writes all subjects with their evidence into one text of bytes, for Load to read much faster than evidence is read piece by
// piece. Matters and invitations are not in it: they change without evidence.
func (pop *Population) Pack() []byte {
	n := &names{}
	data := make([][]byte, len(pop.rows))
	for i, x := range pop.rows {
		if data[i] = x.data; x.names != pop.rows[0].names {
			n = nil
		}
	}
	if n == nil { // numbered by different names
		n = &names{}
		for i := range pop.rows {
			data[i] = pop.packAll(pop.Subject(i).Evidence, n)
		}
	} else if len(pop.rows) > 0 {
		n.list = append(n.list, pop.rows[0].names.list...)
	}
	units := make([]uint64, len(pop.rows))
	for i, x := range pop.rows {
		units[i] = n.code(x.Unit)
	}
	b := binary.AppendUvarint(nil, uint64(len(n.list)))
	for _, s := range n.list {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(pop.rows)))
	for i, x := range pop.rows {
		b = binary.AppendUvarint(appendText(b, x.Key), units[i])
		b = append(binary.AppendUvarint(b, uint64(len(data[i]))), data[i]...)
	}
	return b
}

var errSegment = errors.New("these bytes hold no subjects")

// Load adds the subjects that Pack wrote, by a program of the same version of the programme. The population keeps the bytes. It is an
// error when they are no such text, or hold a subject that is there already; then nothing is added.
func (pop *Population) Load(b []byte) error {
	ok := true
	number := func() uint64 {
		n, k := binary.Uvarint(b)
		if k <= 0 {
			ok, b = false, nil
			return 0
		}
		b = b[k:]
		return n
	}
	bytes := func() []byte {
		n := number()
		if !ok || n > uint64(len(b)) {
			ok = false
			return nil
		}
		out := b[:n:n]
		b = b[n:]
		return out
	}
	count := func() uint64 {
		n := number()
		if n > uint64(len(b)) { // each takes a byte at least
			ok, n = false, 0
		}
		return n
	}
	n := &names{}
	for range count() {
		n.list = append(n.list, string(bytes()))
	}
	all := make([]subject, count())
	for i := range all {
		x := &all[i]
		x.Key, x.names = string(bytes()), n
		if unit := number(); unit < uint64(len(n.list)) {
			x.Unit = n.list[unit]
		} else {
			ok = false
		}
		x.data = bytes()
		if _, known := pop.byKey[x.Key]; known || !ok || !complete(x.data) {
			return errSegment
		}
	}
	if !ok || len(b) > 0 {
		return errSegment
	}
	for i := range all {
		row := pop.add(&all[i])
		pop.changed[row/batchRows]++
		pop.weigh(&all[i], 1)
	}
	return nil
}

// complete reports whether the pieces of evidence end where the bytes end.
func complete(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return false
		}
		b = nextPiece(b)
	}
	return true
}
