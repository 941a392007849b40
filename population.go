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
// wanted, and brought up to the database whenever it is used: all evidence has a seq and all other changes have a rev,
// both taken under the programme's row as the last act of a transaction, so that who has seen number n has seen all before it.
// Nothing is told from process to process; each reads what is new.
type population struct {
	name string

	mu       sync.RWMutex // held for reading while results are made and looked at
	run      *Running     // the version that the evidence was read by
	all      *assess.Population
	members  map[string]*member // by subject ID
	seq, rev int64              // the last ones seen
	day      programme.Day      // as of which matters are overdue or not
	evidence int
	bytes    int64
	loaded   time.Time

	scoring sync.Mutex
	results map[assess.Options]*assess.Result // by the running version, of what is in all
	levers  map[leversOf][]assess.Lever       // the same

	used  atomic.Int64 // microseconds since 1970, by the machine's clock
	timer *time.Timer
}

type leversOf struct {
	asOf programme.Day
	unit string
}

type member struct {
	assess.Subject
	bytes int64
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
	Bytes     int64 // estimated, of evidence and bookkeeping; the engine's columns come on top
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
			out = append(out, PopulationSize{p.name, p.run.Version.Version, len(p.members), p.evidence, p.bytes, p.seq, p.loaded, time.UnixMicro(p.used.Load())})
		}
		p.mu.RUnlock()
	}
	return out
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
			return s.loadPopulation(ctx, tx, p, run, seq, rev)
		}
		var ids []string
		err = tx.Each(ctx, `SELECT subject_id FROM evidence WHERE programme = $1 AND seq > $2
			UNION SELECT subject_id FROM subject_change WHERE programme = $1 AND rev > $3`, []any{p.name, p.seq, p.rev},
			func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				ids = append(ids, id)
				return err
			})
		if err != nil {
			return err
		}
		if today := s.Today(); p.day != today && run.readsMatters { // what was in time may be overdue
			if err := tx.Each(ctx, "SELECT DISTINCT subject_id FROM matter WHERE programme = $1 AND outcome = ''", []any{p.name}, func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				ids = append(ids, id)
				return err
			}); err != nil {
				return err
			}
			slices.Sort(ids)
			ids = slices.Compact(ids)
		}
		changed, err := s.membersIn(ctx, tx, run, ids)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			p.apply(ids, changed)
		}
		p.seq, p.rev, p.day = seq, rev, s.Today()
		return nil
	})
}

// loadPopulation reads everybody, a few hundred at a time: what has been read is decoded once, and nothing else is kept.
func (s *Site) loadPopulation(ctx context.Context, tx *db.Tx, p *population, run *Running, seq, rev int64) error {
	began, said := time.Now(), time.Now()
	ids, err := memberIDs(ctx, tx, p.name)
	if err != nil {
		return err
	}
	members := make(map[string]*member, len(ids))
	for done := 0; done < len(ids); {
		end := min(done+2*db.Chunk, len(ids))
		part, err := s.membersIn(ctx, tx, run, ids[done:end])
		if err != nil {
			return err
		}
		maps.Copy(members, part)
		done = end
		if time.Since(said) > 2*time.Second {
			said = time.Now()
			s.log.Info("loading population", "programme", p.name, "subjects", done, "of", len(ids))
		}
	}
	p.run, p.members, p.seq, p.rev, p.day, p.loaded = run, members, seq, rev, s.Today(), s.Now()
	p.rebuild()
	if len(ids) >= 10_000 {
		s.log.Info("population loaded", "programme", p.name, "subjects", len(members), "evidence", p.evidence, "bytes", p.bytes, "took", time.Since(began))
	}
	return nil
}

// membersIn reads those of the subjects that have not left, with the evidence that counts.
func (s *Site) membersIn(ctx context.Context, tx *db.Tx, run *Running, ids []string) (map[string]*member, error) {
	out := make(map[string]*member, len(ids))
	err := db.Chunks(ids, func(ids []string) error {
		return tx.Each(ctx, "SELECT id, unit FROM subject WHERE left_at IS NULL AND id IN ("+db.In(len(ids), 1)+")", db.Args(ids), func(scan func(...any) error) error {
			m := &member{}
			err := scan(&m.Key, &m.Unit)
			out[m.Key] = m
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	facts, err := s.allFactsOf(ctx, tx, run, slices.Collect(maps.Keys(out)), s.Today(), nil)
	for id, m := range out {
		m.Subject = facts.of(id, m.Unit)
		m.bytes = weigh(m.Subject)
	}
	return out, err
}

// apply puts changed subjects in; those of ids that are not among them are gone.
func (p *population) apply(ids []string, changed map[string]*member) {
	left := false
	for _, id := range ids {
		was, is := p.members[id], changed[id]
		if was != nil {
			p.evidence -= len(was.Evidence)
			p.bytes -= was.bytes
		}
		switch {
		case is != nil:
			p.members[id] = is
			p.all.Put(is.Subject)
			p.evidence += len(is.Evidence)
			p.bytes += is.bytes
		case was != nil:
			delete(p.members, id)
			left = true
		}
	}
	if left {
		p.rebuild() // a population has no way out
	}
	p.results, p.levers = nil, nil
}

// rebuild makes the engine's population anew of the members, in the order of their IDs.
func (p *population) rebuild() {
	p.all, p.evidence, p.bytes = p.run.Assess.NewPopulation(), 0, 0
	p.results, p.levers = nil, nil
	for _, id := range slices.Sorted(maps.Keys(p.members)) {
		m := p.members[id]
		p.all.Put(m.Subject)
		p.evidence += len(m.Evidence)
		p.bytes += m.bytes
	}
}

// asIs gives everybody's scores by the running version, made once for what is in the population.
func (p *population) asIs(o assess.Options) *assess.Result {
	p.scoring.Lock()
	defer p.scoring.Unlock()
	r := p.results[o]
	if r == nil {
		if len(p.results) >= 4 {
			p.results = nil // yesterday's
		}
		if p.results == nil {
			p.results = map[assess.Options]*assess.Result{}
		}
		r = p.run.Assess.Run(p.all, o)
		p.results[o] = r
	}
	return r
}

// weigh estimates the bytes that a subject takes in memory.
func weigh(s assess.Subject) int64 {
	const subject, evidence, value = 320, 240, 56 // what Go's structs, map entries and headers come to, measured
	n := int64(subject + len(s.Key) + len(s.Unit))
	for _, e := range s.Evidence {
		n += evidence + int64(len(e.ID)+len(e.Form)+len(e.By)+len(e.Filer))
		for name, v := range e.Values {
			n += value + int64(len(name))
			switch v := v.(type) {
			case string:
				n += int64(len(v))
			case []string:
				for _, x := range v {
					n += 16 + int64(len(x))
				}
			case programme.Decimal:
				n += 32
			}
		}
	}
	return n
}
