package bihuan

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
)

// VersionEffect is what a version does to those who are enrolled when it takes over from another: who moves from which grade to which, in the
// deciding column, as of the day. It is shown before a version is published and kept with it.
type VersionEffect struct {
	Against   string // the version that ran before
	AgainstID string
	At        time.Time // when it was found
	AsOf      string    // the day, as 2006-01-02
	Subjects  int
	Changed   int // whose total, grade or being scored differs
	Up, Down  int // who moves to a better or a worse grade
	Scored    assess.Pair[int]
	Mean      assess.Pair[assess.Points] // of those scored
	Grades    []string                   // of the version, then those that are gone, then "" for who holds none at all
	Before    []int                      // subjects by grade
	After     []int
	Flow      [][]int // Flow[from][to]
}

// VersionPreview is a version that was checked and is not published.
type VersionPreview struct {
	Programme, Version, Hash string
	Effect                   *VersionEffect // nil: there is nothing that it takes over from, or nothing is scored
	Shown                    string         // to be given back to PublishShown by who has seen the effect
}

// Preview checks a programme's directory as Publish does, and tells what publishing it would do. It stores nothing. It needs an
// administrator of the whole site.
func (s *Site) Preview(ctx context.Context, a Actor, fsys fs.FS, name string) (VersionPreview, error) {
	if a.Visitor() {
		return VersionPreview{}, signInFirst()
	}
	if err := s.db.Read(ctx, func(tx *db.Tx) error { return administersAll(ctx, tx, a) }); err != nil {
		return VersionPreview{}, err
	}
	run, _, err := s.checked(a, fsys, name, "")
	if err != nil {
		return VersionPreview{}, err
	}
	effect, err := s.effectOf(ctx, run)
	if err != nil {
		return VersionPreview{}, fmt.Errorf("preview of %s: %w", name, err)
	}
	return VersionPreview{run.Name, run.Programme.Version, run.Hash, effect, shownOf(run, effect)}, nil
}

// PublishShown is Publish for who has been shown by Preview what it does. When another version has been published since, it is a Conflict: what
// was shown no longer holds.
func (s *Site) PublishShown(ctx context.Context, a Actor, fsys fs.FS, name, note, shown string) (Version, error) {
	return s.publish(ctx, a, fsys, name, note, &shown)
}

// shownOf names what was shown: which draft against which version.
func shownOf(run *Running, e *VersionEffect) string {
	if e == nil {
		return run.Hash
	}
	return run.Hash + " " + e.AgainstID
}

// effectOf finds what a version would do in place of the one that runs.
func (s *Site) effectOf(ctx context.Context, run *Running) (*VersionEffect, error) {
	var e *VersionEffect
	err := s.withPopulation(ctx, run.Name, func(p *population) error {
		if run.Standard == nil || p.run.Standard == nil || p.run.Version.Hash == run.Hash {
			return nil
		}
		o := assess.Options{AsOf: s.Today()}
		c := assess.Compare(p.asIs(o), run.Assess.Run(run.Assess.Over(p.all), o), nil, 0)
		e = &VersionEffect{Against: p.run.Version.Version, AgainstID: p.run.Version.ID, At: s.Now(), AsOf: o.AsOf.String(),
			Subjects: c.Subjects, Changed: c.Changed, Up: c.Up, Down: c.Down, Scored: c.Scored, Mean: c.Mean,
			Grades: c.Grades, Before: c.Before, After: c.After, Flow: c.Flow}
		return nil
	})
	if k, ok := KindOf(err); ok && k == NotFound {
		return nil, nil // the first version takes over from none
	}
	return e, err
}

// keepEffect stores the effect with its version.
func keepEffect(ctx context.Context, tx *db.Tx, v Version) error {
	if v.Effect == nil {
		return nil
	}
	doc, err := json.Marshal(v.Effect)
	if err != nil {
		return err
	}
	return tx.Insert(ctx, "version_effect (version_id, doc)", [][]any{{v.ID, string(doc)}}, "")
}

// addEffects fills in the effects that are kept with the versions of a programme.
func addEffects(ctx context.Context, tx *db.Tx, s *Site, name string, list []Version) error {
	docs := map[string]string{}
	err := tx.Each(ctx, "SELECT e.version_id, e.doc FROM version_effect e JOIN programme_version v ON v.id = e.version_id WHERE v.programme = $1", []any{name},
		func(scan func(...any) error) error {
			var id, doc string
			err := scan(&id, &doc)
			docs[id] = doc
			return err
		})
	if err != nil {
		return err
	}
	for i := range list {
		doc, ok := docs[list[i].ID]
		if !ok {
			continue
		}
		e := &VersionEffect{}
		if err := json.Unmarshal([]byte(doc), e); err != nil {
			return fmt.Errorf("effect of version %s: %w", list[i].ID, err)
		}
		e.At = e.At.In(s.zone)
		list[i].Effect = e
	}
	return nil
}
