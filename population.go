package bihuan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// A population is everybody enrolled in a programme with the evidence that counts, in memory. It is loaded when it is first
// wanted (see segment.go), and brought up to the database whenever it is used: all evidence has a seq and all other changes have a rev,
// both taken under the programme's row as the last act of a transaction, so that who has seen number n has seen all before it.
// Nothing is told from process to process; each reads what is new.
type population struct {
	name string

	mu       sync.RWMutex       // held for reading while results are made and looked at
	run      *Running           // the version that the evidence was read by
	all      *assess.Population // by subject ID
	seq, rev int64              // the last ones seen
	day      programme.Day      // as of which matters are overdue or not
	packed   int                // subjects that came from segments
	loaded   time.Time

	scoring sync.Mutex
	live    *assess.Scores                    // those that were asked for last, kept current; nil: none
	results map[assess.Options]*assess.Result // by the running version, of what is in all
	levers  map[leversOf][]assess.Lever       // the same
	trial   trial

	indicators map[figuresKey][]assess.Figure // of what is in all
	trends     map[trendKey]keptTrend         // the same, of its past

	used  atomic.Int64 // microseconds since 1970, by the machine's clock
	timer *time.Timer
}

type leversOf struct {
	asOf programme.Day
	unit string
}

// populations are those in memory, by programme.
type populations struct {
	mu     sync.Mutex
	byName map[string]*population
}

// populationIdle is how long a population stays in memory after its last use.
const populationIdle = time.Hour

// PopulationSize tells what a population in memory costs.
type PopulationSize struct {
	Programme string
	Version   string // of the programme
	Subjects  int
	Evidence  int   // pieces that count
	Bytes     int64 // of evidence and bookkeeping
	Columns   int64 // bytes of the columns that were made of it for scoring
	Packed    int   // subjects that came from segments, not from rows, when it was loaded
	Seq       int64 // the last evidence seen
	Loaded    time.Time
	Used      time.Time
}

// Populations lists the populations that are in memory in this process, by programme.
func (s *Site) Populations() []PopulationSize {
	s.populations.mu.Lock()
	all := slices.SortedFunc(maps.Values(s.populations.byName), func(a, b *population) int { return strings.Compare(a.name, b.name) })
	s.populations.mu.Unlock()
	var out []PopulationSize
	for _, p := range all {
		p.mu.RLock()
		if p.run != nil {
			out = append(out, PopulationSize{p.name, p.run.Version.Version, p.all.Len(), p.all.Evidence(), int64(p.all.Bytes()), int64(p.all.ColumnBytes()),
				p.packed, p.seq, p.loaded, time.UnixMicro(p.used.Load())})
		}
		p.mu.RUnlock()
	}
	return out
}

// LoadPopulation brings a programme's population into memory, or up to the database when it is there, so that the first who asks need not
// wait for it.
func (s *Site) LoadPopulation(ctx context.Context, name string) error {
	return s.withPopulation(ctx, name, func(*population) error { return nil })
}

// ForgetPopulations drops the populations that were not used for so long, and tells how many. They are loaded again when
// they are wanted. The site does it by itself after an hour.
func (s *Site) ForgetPopulations(idle time.Duration) int { return s.populations.forget(idle) }

func (ps *populations) forget(idle time.Duration) int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	n := 0
	for name, p := range ps.byName {
		if idle == 0 || time.Since(time.UnixMicro(p.used.Load())) >= idle {
			p.timer.Stop()
			delete(ps.byName, name)
			n++
		}
	}
	return n
}

func (ps *populations) get(name string) *population {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.byName[name]
	if p == nil {
		p = &population{name: name}
		p.timer = time.AfterFunc(populationIdle, func() {
			if left := populationIdle - time.Since(time.UnixMicro(p.used.Load())); left > 0 {
				p.timer.Reset(left)
				return
			}
			ps.forget(populationIdle)
		})
		if ps.byName == nil {
			ps.byName = map[string]*population{}
		}
		ps.byName[name] = p
	}
	p.used.Store(time.Now().UnixMicro())
	return p
}

// withPopulation brings a programme's population up to the database and lets f use it. Results of it are good inside f only.
func (s *Site) withPopulation(ctx context.Context, name string, f func(*population) error) error {
	if _, err := s.Running(ctx, name); err != nil {
		return err // no programme, no population
	}
	p := s.populations.get(name)
	for {
		p.mu.RLock()
		fresh, err := s.upToDate(ctx, p)
		if err == nil && fresh {
			err = f(p)
			p.mu.RUnlock()
			p.used.Store(time.Now().UnixMicro())
			return err
		}
		p.mu.RUnlock()
		if err != nil {
			return err
		}
		p.mu.Lock()
		err = s.catchUp(ctx, p)
		p.mu.Unlock()
		if err != nil {
			return fmt.Errorf("population of %s: %w", name, err)
		}
	}
}

// numbers reads how far a programme has come.
func numbers(ctx context.Context, tx *db.Tx, name string) (seq, rev int64, version string, err error) {
	err = tx.Row(ctx, "SELECT seq, rev, version_id FROM programme WHERE name = $1", []any{name}, &seq, &rev, &version)
	return seq, rev, version, err
}

func (s *Site) upToDate(ctx context.Context, p *population) (fresh bool, err error) {
	if p.run == nil {
		return false, nil
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		seq, rev, version, err := numbers(ctx, tx, p.name)
		fresh = seq == p.seq && rev == p.rev && version == p.run.Version.ID && (p.day == s.Today() || !p.run.readsMatters)
		return err
	})
	return fresh, err
}

// catchUp reads what is new: everything at first and after a new version, else the subjects that changed. All of it is read
// from one state of the database.
func (s *Site) catchUp(ctx context.Context, p *population) error {
	return s.db.Read(ctx, func(tx *db.Tx) error {
		run, err := s.runningIn(ctx, tx, p.name)
		if err != nil {
			return err
		}
		seq, rev, _, err := numbers(ctx, tx, p.name)
		if err != nil {
			return err
		}
		if p.run == nil || p.run.Version.ID != run.Version.ID {
			err := s.loadPopulation(ctx, tx, p, run, seq, rev)
			if err != nil {
				p.run = nil // what is half loaded is not gone on with
			}
			return err
		}
		changed, err := changedSince(ctx, tx, p.name, p.rev)
		if err != nil {
			return err
		}
		if today := s.Today(); p.day != today && run.readsMatters { // what was in time may be overdue
			if err := eachWithMatters(ctx, tx, p.name, "AND outcome = ''", func(id string) { changed[id] = true }); err != nil {
				return err
			}
		}
		news, err := s.newsSince(ctx, tx, p.name, p.seq)
		if err != nil {
			return err
		}
		if len(news)+len(changed) > 0 {
			p.results, p.levers, p.indicators, p.trends = nil, nil, nil, nil
		}
		if len(news) > mostNews {
			p.live = nil
		}
		var filings []assess.Filing
		for i := range news {
			e := &news[i]
			if changed[e.subject] {
				continue // read as a whole
			}
			row, known := p.all.Row(e.subject)
			form := run.forms[e.Form]
			if !known || form == nil {
				changed[e.subject] = true // it is new or has left; or this version does not know the form, but it may correct what counts
				continue
			}
			e.Values = readValues(form, []byte(e.doc))
			filings = append(filings, assess.Filing{Row: row, Record: run.Assess.Record(&e.Evidence), Supersedes: e.supersedes.String})
		}
		if p.live != nil {
			p.live.FileAll(filings, nil)
		} else {
			for _, f := range filings {
				p.all.File(f.Row, f.Record, f.Supersedes)
			}
		}
		if err := s.readAgain(ctx, tx, p, changed); err != nil {
			return err
		}
		p.seq, p.rev, p.day = seq, rev, s.Today()
		return nil
	})
}

// mostNews is how many pieces of evidence are scored one by one as they come in; when there are more, everybody is scored anew once
// somebody asks.
const mostNews = 5000

// changedSince gives the subjects that changed other than by new evidence.
func changedSince(ctx context.Context, tx *db.Tx, name string, rev int64) (map[string]bool, error) {
	out := map[string]bool{}
	err := tx.Each(ctx, "SELECT subject_id FROM subject_change WHERE programme = $1 AND rev > $2", []any{name, rev}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		out[id] = true
		return err
	})
	return out, err
}

// newsSince reads new evidence, in the order of its numbers.
func (s *Site) newsSince(ctx context.Context, tx *db.Tx, name string, seq int64) ([]storedEvidence, error) {
	var out []storedEvidence
	err := tx.Each(ctx, selectEvidence+"WHERE programme = $1 AND seq > $2 ORDER BY seq", []any{name, seq}, func(scan func(...any) error) error {
		var e storedEvidence
		err := e.scan(scan)
		out = append(out, e)
		return err
	})
	return out, err
}

// readAgain reads some subjects as they are now.
func (s *Site) readAgain(ctx context.Context, tx *db.Tx, p *population, changed map[string]bool) error {
	if len(changed) > mostNews {
		p.live = nil
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(changed)), 2*db.Chunk) {
		now, err := s.membersIn(ctx, tx, p.run, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			x, ok := now[id]
			_, known := p.all.Row(id)
			switch {
			case ok && p.live != nil:
				p.live.Apply(x)
			case ok:
				p.all.Put(x)
			case known:
				p.live = nil
				p.all.Drop(id)
			}
		}
	}
	return nil
}

// eachWithMatters calls f with the subjects that have matters of which more is true.
func eachWithMatters(ctx context.Context, tx *db.Tx, name, more string, f func(id string)) error {
	return tx.Each(ctx, "SELECT DISTINCT subject_id FROM matter WHERE programme = $1 "+more, []any{name}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		f(id)
		return err
	})
}

// membersIn reads those of the subjects that have not left, with the evidence that counts and their matters.
func (s *Site) membersIn(ctx context.Context, tx *db.Tx, run *Running, ids []string) (map[string]assess.Subject, error) {
	out := make(map[string]assess.Subject, len(ids))
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT id, unit FROM subject WHERE left_at IS NULL AND id IN ("+db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
			var x assess.Subject
			err := scan(&x.Key, &x.Unit)
			out[x.Key] = x
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	facts, err := s.allFactsOf(ctx, tx, run, slices.Collect(maps.Keys(out)), s.Today(), nil)
	for id, x := range out {
		out[id] = facts.of(id, x.Unit)
	}
	return out, err
}

// asIs gives everybody's scores by the running version, made once for what is in the population and kept current from then on.
func (p *population) asIs(o assess.Options) *assess.Result {
	p.scoring.Lock()
	defer p.scoring.Unlock()
	r := p.results[o]
	if r != nil {
		return r
	}
	if len(p.results) >= 4 {
		p.results = nil // yesterday's
	}
	if p.results == nil {
		p.results = map[assess.Options]*assess.Result{}
	}
	switch {
	case p.run.Assess.NeedsPopulation(): // each change would score everybody
		r = p.run.Assess.Run(p.all, o)
	case p.live != nil && p.live.Options() == o:
		r = p.live.Result()
	default:
		p.live = p.run.Assess.NewScores(p.all, o)
		r = p.live.Result()
	}
	p.results[o] = r
	return r
}
