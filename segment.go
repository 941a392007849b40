package bihuan

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
)

// A population starts from segments: a couple of thousand subjects each, packed as the engine keeps them, so that loading a million
// is reading some hundred rows. Segments hold evidence and not columns of facts, because columns are of one day: tomorrow a record may be
// stale. The rows of evidence are the truth. Every segment says which subjects it is about, by which version's forms it was read, and what it
// has seen; what came later is replayed, and what cannot be used — missing, damaged, outdated, overlapping — is read from rows and
// written anew. Several processes may do so at once: each segment is right by itself, and the next one to load finds gaps and overlaps.

// segmentSubjects is how many subjects a segment has when it is written: a batch of the engine's.
const segmentSubjects = 2048

// mostBehind is the part of a segment's subjects that may have changed since: 1 in so many. With more, rows are read instead.
const mostBehind = 8

// segmentHead is what a segment says of itself. It is about the subjects from first up to but not upto; "" is the end.
type segmentHead struct {
	first, upto string
	seq, rev    int64
	subjects    int
	checksum    int64
}

// holds reports whether a subject's ID is in the segment's range.
func (h *segmentHead) holds(id string) bool { return id >= h.first && (h.upto == "" || id < h.upto) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum gives the checksum of a segment: of its body and of what it says of itself.
func (h *segmentHead) sum(body []byte) int64 {
	head := fmt.Sprintf("%s %s %d %d %d", h.first, h.upto, h.seq, h.rev, h.subjects)
	return int64(crc32.Update(crc32.Checksum([]byte(head), castagnoli), castagnoli, body))
}

// loader loads a population.
type loader struct {
	*Site
	tx       *db.Tx
	p        *population
	seq, rev int64
	subjects int // all there are to load
	began    time.Time
	said     time.Time
}

// loadPopulation reads everybody. All of it is of one state of the database, to which seq and rev belong.
func (s *Site) loadPopulation(ctx context.Context, tx *db.Tx, p *population, run *Running, seq, rev int64) error {
	p.live = nil
	p.run, p.results, p.levers, p.indicators, p.trends, p.packed = run, nil, nil, nil, nil, 0
	p.all = run.Assess.NewPopulation()
	l := &loader{Site: s, tx: tx, p: p, seq: seq, rev: rev, began: time.Now(), said: time.Now()}
	if err := tx.Row(ctx, "SELECT count(*) FROM subject WHERE programme = $1 AND left_at IS NULL", []any{p.name}, &l.subjects); err != nil {
		return err
	}
	heads, again, err := l.usable(ctx)
	if err != nil {
		return err
	}
	n := 0
	for i := range heads {
		n += heads[i].subjects
	}
	p.all.Reserve(n)
	from := ""
	for i := range heads {
		h := &heads[i]
		if h.first < from || i > 0 && from == "" {
			continue // overlaps what has been read
		}
		if h.first > from {
			if err := l.fromRows(ctx, from, h.first); err != nil {
				return err
			}
		}
		if err := l.loadSegment(ctx, h); err != nil {
			return err
		}
		if from = h.upto; from == "" {
			break
		}
	}
	if len(heads) == 0 || from != "" {
		if err := l.fromRows(ctx, from, ""); err != nil {
			return err
		}
	}
	if err := l.addMatters(ctx); err != nil {
		return err
	}
	if err := s.readAgain(ctx, tx, p, again); err != nil {
		return err
	}
	p.seq, p.rev, p.day, p.loaded = seq, rev, s.Today(), s.Now()
	if n := p.all.Len(); n >= 10_000 {
		s.log.Info("population loaded", "programme", p.name, "subjects", n, "from segments", l.p.packed, "read again", len(again),
			"evidence", p.all.Evidence(), "bytes", p.all.Bytes(), "took", time.Since(l.began))
	}
	return nil
}

// usable gives the segments that can be used, in order, and the subjects that changed since.
func (l *loader) usable(ctx context.Context) (heads []segmentHead, again map[string]bool, err error) {
	err = l.tx.Each(ctx, `SELECT first, upto, seq, rev, subjects, checksum FROM population_segment
		WHERE programme = $1 AND hash = $2 AND format = $3 AND seq <= $4 AND rev <= $5`,
		[]any{l.p.name, l.p.run.Version.Hash, assess.SegmentFormat, l.seq, l.rev}, func(scan func(...any) error) error {
			var h segmentHead
			err := scan(&h.first, &h.upto, &h.seq, &h.rev, &h.subjects, &h.checksum)
			heads = append(heads, h)
			return err
		})
	again = map[string]bool{}
	if err != nil || len(heads) == 0 {
		return nil, again, err
	}
	slices.SortFunc(heads, func(a, b segmentHead) int { return cmp.Compare(a.first, b.first) })
	seq, rev := heads[0].seq, heads[0].rev
	for _, h := range heads {
		seq, rev = min(seq, h.seq), min(rev, h.rev)
	}
	behind := make([]int, len(heads))
	note := func(id string, ahead func(h *segmentHead) bool) {
		i, exact := slices.BinarySearchFunc(heads, id, func(h segmentHead, id string) int { return cmp.Compare(h.first, id) })
		if !exact {
			i--
		}
		if i >= 0 && heads[i].holds(id) && ahead(&heads[i]) {
			return // it has seen this
		}
		if !again[id] && i >= 0 {
			behind[i]++
		}
		again[id] = true
	}
	for _, q := range []struct {
		query string
		since int64
		of    func(h *segmentHead) int64
	}{
		{"SELECT subject_id, max(seq) FROM evidence WHERE programme = $1 AND seq > $2 GROUP BY subject_id", seq, func(h *segmentHead) int64 { return h.seq }},
		{"SELECT subject_id, max(rev) FROM subject_change WHERE programme = $1 AND rev > $2 GROUP BY subject_id", rev, func(h *segmentHead) int64 { return h.rev }},
	} {
		err := l.tx.Each(ctx, q.query, []any{l.p.name, q.since}, func(scan func(...any) error) error {
			var id string
			var n int64
			err := scan(&id, &n)
			note(id, func(h *segmentHead) bool { return n <= q.of(h) })
			return err
		})
		if err != nil {
			return nil, again, err
		}
	}
	kept := heads[:0]
	for i, h := range heads {
		if behind[i]*mostBehind <= h.subjects {
			kept = append(kept, h)
		}
	}
	return kept, again, nil
}

// loadSegment reads a segment; when it is damaged, its subjects are read from rows.
func (l *loader) loadSegment(ctx context.Context, h *segmentHead) error {
	var body []byte
	if err := l.tx.Row(ctx, "SELECT body FROM population_segment WHERE programme = $1 AND first = $2", []any{l.p.name, h.first}, &body); err != nil {
		return err
	}
	before := l.p.all.Len()
	if h.sum(body) != h.checksum || l.p.all.Load(body) != nil {
		l.log.Warn("a segment of a population is damaged and is made anew", "programme", l.p.name, "first", h.first)
		return l.fromRows(ctx, h.first, h.upto)
	}
	l.p.packed += l.p.all.Len() - before
	l.say()
	return nil
}

// fromRows reads the subjects of a range from the rows of evidence, and writes segments of them.
func (l *loader) fromRows(ctx context.Context, first, upto string) error {
	query, args := "SELECT id FROM subject WHERE programme = $1 AND left_at IS NULL AND id >= $2", []any{l.p.name, first}
	if upto != "" {
		query, args = query+" AND id < $3", append(args, upto)
	}
	var ids []string
	err := l.tx.Each(ctx, query, args, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(ids)
	for {
		n := min(len(ids), segmentSubjects)
		h := segmentHead{first: first, upto: upto, seq: l.seq, rev: l.rev, subjects: n}
		if n < len(ids) {
			h.upto = ids[n]
		}
		members, err := l.membersIn(ctx, l.tx, l.p.run, ids[:n])
		if err != nil {
			return err
		}
		part := l.p.run.Assess.NewPopulation()
		for _, id := range ids[:n] {
			part.Put(members[id])
		}
		body := part.Pack()
		if err := l.p.all.Load(body); err != nil {
			return err
		}
		l.store(ctx, &h, body)
		l.say()
		if ids, first = ids[n:], h.upto; len(ids) == 0 {
			return nil
		}
	}
}

// fewSubjects is how many subjects are read from rows as quickly as from anywhere.
const fewSubjects = 500

// store writes a segment in place of all that begin within its range. That it fails is no harm: the next start reads rows again.
func (l *loader) store(ctx context.Context, h *segmentHead, body []byte) {
	if h.subjects < fewSubjects && h.first == "" && h.upto == "" {
		return
	}
	h.checksum = h.sum(body)
	err := l.db.Tx(ctx, func(tx *db.Tx) error {
		query, args := "DELETE FROM population_segment WHERE programme = $1 AND first >= $2", []any{l.p.name, h.first}
		if h.upto != "" {
			query, args = query+" AND first < $3", append(args, h.upto)
		}
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return err
		}
		return tx.Insert(ctx, "population_segment (programme, first, upto, hash, format, seq, rev, subjects, checksum, body)",
			[][]any{{l.p.name, h.first, h.upto, l.p.run.Version.Hash, assess.SegmentFormat, h.seq, h.rev, int64(h.subjects), h.checksum, body}},
			`ON CONFLICT (programme, first) DO UPDATE SET upto = excluded.upto, hash = excluded.hash, format = excluded.format, seq = excluded.seq,
			rev = excluded.rev, subjects = excluded.subjects, checksum = excluded.checksum, body = excluded.body`)
	})
	if err != nil && ctx.Err() == nil {
		l.log.Warn("a segment of a population was not written", "programme", l.p.name, "first", h.first, "error", err)
	}
}

// addMatters gives the subjects their matters, which no segment holds: they change with the days.
func (l *loader) addMatters(ctx context.Context) error {
	if !l.p.run.readsMatters {
		return nil
	}
	var ids []string
	if err := eachWithMatters(ctx, l.tx, l.p.name, "", func(id string) { ids = append(ids, id) }); err != nil {
		return err
	}
	return db.Chunks(ids, func(ids []string) error {
		all, err := l.mattersOf(ctx, l.tx, l.p.run, ids, l.Today(), nil)
		for id, matters := range all {
			if row, ok := l.p.all.Row(id); ok {
				l.p.all.SetMatters(row, matters)
			}
		}
		return err
	})
}

// say tells how far loading has come, every two seconds.
func (l *loader) say() {
	if time.Since(l.said) > 2*time.Second {
		l.said = time.Now()
		l.log.Info("loading population", "programme", l.p.name, "subjects", l.p.all.Len(), "of", l.subjects, "from segments", l.p.packed)
	}
}
