package bihuan

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/internal/jobs"
	"bihuan.dev/bihuan/programme"
)

// Config says where a site keeps its data.
type Config struct {
	Database string           // the path of a SQLite file, or a postgres:// URL
	Files    string           // the directory of attachments; empty: "files" beside the SQLite file
	Zone     *time.Location   // whose calendar day is today; nil: China Standard Time
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: slog.Default()
	Sending  time.Duration    // how long sending one message may take; 0: 20 seconds
	Retry    time.Duration    // after how long a message that failed is sent again, doubling each time; 0: half a minute
}

// Site is a running house: its data, and the verbs on it. It is safe for use by many goroutines, and several processes
// may open the same PostgreSQL database.
type Site struct {
	db    *db.DB
	files string
	zone  *time.Location
	now   func() time.Time
	log   *slog.Logger

	sending, retry time.Duration

	mu       sync.Mutex
	versions map[string]*Running // by version ID; what a version is never changes
	hashing  chan struct{}       // holds down how many passwords are hashed at a time, at 19 MiB each

	populations populations
	calendars   calendars
	jobs        *jobs.Queue
	drafts      drafts
}

// ChinaStandardTime is the zone of the People's Republic: +08:00 all year.
var ChinaStandardTime = time.FixedZone("CST", 8*60*60)

// Open opens the database, creating it or bringing its schema up to date, and the directory of attachments.
func Open(ctx context.Context, c Config) (*Site, error) {
	s := &Site{files: c.Files, zone: c.Zone, now: c.Now, log: c.Log, sending: cmp.Or(c.Sending, 20*time.Second), retry: cmp.Or(c.Retry, 30*time.Second),
		versions: map[string]*Running{}, hashing: make(chan struct{}, 4)}
	if s.zone == nil {
		s.zone = ChinaStandardTime
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.files == "" {
		if strings.Contains(c.Database, "://") {
			return nil, fmt.Errorf("open site: a directory of attachments is needed with PostgreSQL")
		}
		s.files = filepath.Join(filepath.Dir(c.Database), "files")
	}
	if err := os.MkdirAll(s.files, 0o750); err != nil {
		return nil, fmt.Errorf("open site: directory of attachments: %w", err)
	}
	s.sweepUploads()
	var err error
	if s.db, err = db.Open(ctx, c.Database); err != nil {
		return nil, fmt.Errorf("open site: %w", err)
	}
	if s.jobs, err = jobs.Open(ctx, s.db); err != nil {
		_ = s.db.Close()
		return nil, fmt.Errorf("open site: %w", err)
	}
	for _, carry := range []func(context.Context) error{s.carryObjections, s.termMatters} { // what an older version left
		if err := carry(ctx); err != nil {
			_ = s.db.Close()
			return nil, fmt.Errorf("open site: %w", err)
		}
	}
	return s, nil
}

// Close waits for transactions under way and closes the database.
func (s *Site) Close() error {
	s.populations.forget(0)
	return s.db.Close()
}

// Now gives the moment by the site's clock, in the site's zone, to the microsecond.
func (s *Site) Now() time.Time { return s.now().In(s.zone).Truncate(time.Microsecond) }

// Today gives the calendar day where the site is.
func (s *Site) Today() programme.Day { return programme.DayOf(s.Now()) }

// moment reads what the database keeps: microseconds since 1970.
func (s *Site) moment(micros int64) time.Time { return time.UnixMicro(micros).In(s.zone) }

// dayOf gives the calendar day of a moment where the site is.
func (s *Site) dayOf(micros int64) programme.Day { return programme.DayOf(s.moment(micros)) }

// newID makes an identifier; those made later sort later, so that indexes grow at one end.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// Page is a part of a long list. A Limit of 0 means 50; the most is 1000.
type Page struct{ Offset, Limit int }

func (p Page) clip() (limit, offset int) {
	switch {
	case p.Limit <= 0:
		limit = 50
	case p.Limit > 1000:
		limit = 1000
	default:
		limit = p.Limit
	}
	return limit, max(p.Offset, 0)
}
