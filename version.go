package bihuan

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"bihuan.dev/bihuan/assess"
	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Version is a published version of a programme. Its content never changes.
type Version struct {
	ID, Programme, Version, Hash, Note string
	PublishedAt                        time.Time
	PublishedBy                        string         // the account's ID
	Effect                             *VersionEffect // what it did to those enrolled; nil: it took over from none, or is not asked for
	Adopted, Kept                      int            // matters that ran when it was published: carried over to it, and left under their own
}

// Running is a version that is loaded and compiled. It is shared: read it, do not change it.
type Running struct {
	Version Version
	*programme.Programme
	Assess *assess.Program

	clauses  []*programme.Clause          // in the order of the standard, as assess counts them
	calendar *programme.Calendar          // for spans
	expected map[string]*programme.Form   // forms that clauses look at, or that fall due again
	forms    map[string]*programme.Form   // all, the built-in ones included
	judged   map[string]*programme.Clause // clauses that are judged
	bonus    map[string]bool              // clauses that earn extra points

	processes    []*programme.Process // of its matters, and of those that every programme has
	readsMatters bool                 // rules may look at them
}

// Deciding gives the party whose column decides: the last one.
func (r *Running) Deciding() string {
	if len(r.Parties) == 0 {
		return ""
	}
	return r.Parties[len(r.Parties)-1].Name
}

// running compiles a loaded programme.
func running(v Version, p *programme.Programme) (*Running, error) {
	program, err := assess.Compile(p)
	if err != nil {
		return nil, fmt.Errorf("compile programme %s %s: %w", p.Name, p.Version, err)
	}
	r := &Running{Version: v, Programme: p, Assess: program, expected: map[string]*programme.Form{},
		forms: map[string]*programme.Form{}, judged: map[string]*programme.Clause{}, bonus: map[string]bool{}}
	if r.calendar, _ = programme.CalendarFor(p.Calendar); r.calendar == nil {
		r.calendar = programme.NewCalendar("")
	}
	for _, name := range []string{programme.SubjectForm, programme.JudgementForm} {
		r.forms[name], _ = p.Form(name)
	}
	for _, f := range p.Forms {
		r.forms[f.Name] = f
	}
	if p.Standard != nil {
		for _, part := range p.Standard.Parts {
			for _, section := range part.Sections {
				for _, c := range section.Clauses {
					r.bonus[c.Clause] = section.Bonus != nil
				}
			}
		}
	}
	looksAt := func(names ...string) {
		for _, n := range names {
			if f := r.forms[n]; f != nil && !f.Ballot && n != programme.SubjectForm && n != programme.JudgementForm {
				r.expected[n] = f
			}
		}
	}
	for _, c := range p.Clauses() {
		r.clauses = append(r.clauses, c)
		if c.Judged != nil {
			r.judged[c.Clause] = c
		}
		looksAt(c.Evidence...)
		for _, e := range expressionsOf(c) {
			for _, read := range e.Reads() {
				looksAt(read.Form)
			}
		}
	}
	for name, f := range r.expected {
		if f.Many && f.Every.Zero() {
			delete(r.expected, name) // there may be nothing to report
		}
	}
	for _, f := range p.Forms {
		if !f.Every.Zero() && !f.Ballot {
			r.expected[f.Name] = f
		}
	}
	r.processes, r.readsMatters = p.Processes(), len(p.Matters) > 0
	return r, nil
}

// expressionsOf lists what a clause looks at. Vetoes are left out: nobody is to be asked for an accident.
func expressionsOf(c *programme.Clause) []*programme.Expr {
	list := []*programme.Expr{c.Measure, c.Applies, c.Pass, c.Formula}
	for _, t := range c.Ticks {
		list = append(list, t.Pass)
	}
	for _, d := range c.Deduct {
		list = append(list, d.Count)
	}
	if c.Linear != nil {
		list = append(list, c.Linear.FullAt, c.Linear.ZeroBelow)
	}
	if c.Proportional != nil {
		list = append(list, c.Proportional.Target)
	}
	if c.Each != nil {
		list = append(list, c.Each.Count)
	}
	if c.Rank != nil {
		list = append(list, c.Rank.By)
	}
	return slices.DeleteFunc(list, func(e *programme.Expr) bool { return e == nil })
}

// Publish checks a programme's directory, runs its cases, stores it whole, and lets it run: all live scores are brought up
// to it in the same transaction. Publishing a version again is no mistake and changes nothing; another content under the
// same version text is a Conflict. It needs an administrator of the whole site. Mistakes in the files come back as
// programme.Mistakes inside the Error.
func (s *Site) Publish(ctx context.Context, a Actor, fsys fs.FS, name string, note string) (Version, error) {
	return s.publish(ctx, a, fsys, name, note, nil)
}

// checked loads a programme's directory, runs its cases, and compiles and packs it.
func (s *Site) checked(a Actor, fsys fs.FS, name, note string) (run *Running, files []byte, err error) {
	p, mistakes := programme.Load(fsys, name)
	if fatal := mistakes.Fatal(); len(fatal) > 0 {
		return nil, nil, programmeMistakes(name, fatal)
	}
	if failed := assess.RunCases(p).Fatal(); len(failed) > 0 {
		return nil, nil, programmeMistakes(name, failed)
	}
	if files, err = zipped(p.Files); err != nil {
		return nil, nil, err
	}
	run, err = running(Version{ID: newID(), Programme: p.Name, Version: p.Version, Hash: p.Hash, Note: note, PublishedAt: s.Now(), PublishedBy: a.ID}, p)
	return run, files, err
}

// publish publishes; shown, when there is any, says what its author was shown.
func (s *Site) publish(ctx context.Context, a Actor, fsys fs.FS, name, note string, shown *string) (Version, error) {
	if a.Visitor() {
		return Version{}, signInFirst()
	}
	note, wrong := cleanText("note", note, mostReason, false)
	if err := wrongFields(wrong); err != nil {
		return Version{}, err
	}
	run, files, err := s.checked(a, fsys, name, note)
	if err != nil {
		return Version{}, err
	}
	p, v, now := run.Programme, run.Version, run.Version.PublishedAt
	if err := s.db.Read(ctx, func(tx *db.Tx) error { return administersAll(ctx, tx, a) }); err != nil {
		return Version{}, err
	}
	effect, err := s.effectOf(ctx, run)
	if err != nil {
		return Version{}, fmt.Errorf("publish %s: %w", name, err)
	}
	if shown != nil && *shown != shownOf(run, effect) {
		return Version{}, refuse(Conflict, "展示影响之后规范有变动，请再看一遍", "the standard has changed since its effect was shown: look at it once more")
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		v = run.Version
		v.Effect = effect
		if err := administersAll(ctx, tx, a); err != nil {
			return err
		}
		// Two who publish at once come one after the other.
		if _, err := tx.Exec(ctx, "UPDATE site_lock SET rev = rev + 1 WHERE name = 'programmes'"); err != nil {
			return err
		}
		same, err := versionsIn(ctx, tx, s, "WHERE programme = $1 AND version = $2", p.Name, p.Version)
		if err != nil {
			return err
		}
		if len(same) > 0 && same[0].Hash == p.Hash {
			v = same[0]
			return nil
		}
		if len(same) > 0 {
			return refuse(Conflict, "{0}的{1}版已发布过其他内容", "version {1} of {0} was published with another content", p.Name, p.Version).
				hint("修改后请更换版本号", "give the changed programme a new version")
		}
		if err := s.keepsItsKey(ctx, tx, p); err != nil {
			return err
		}
		if err := tx.Insert(ctx, "programme_version (id, programme, version, hash, files, note, published_at, published_by)",
			[][]any{{v.ID, v.Programme, v.Version, v.Hash, files, v.Note, now.UnixMicro(), a.ID}}, ""); err != nil {
			return err
		}
		if err := keepEffect(ctx, tx, v); err != nil {
			return err
		}
		if err := s.rescoreUnder(ctx, tx, run); err != nil {
			return err
		}
		if v.Adopted, v.Kept, err = s.adopt(ctx, tx, run); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO programme AS p (name, version_id, rescored) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET version_id = excluded.version_id, rescored = excluded.rescored, rev = p.rev + 1`,
			p.Name, v.ID, int64(s.Today()))
		return err
	})
	if err != nil {
		return Version{}, fmt.Errorf("publish %s: %w", name, err)
	}
	return v, nil
}

func programmeMistakes(name string, m programme.Mistakes) *Error {
	return &Error{Kind: Invalid, cause: m,
		Text: programme.T("方案{0}有{1}处错误", "programme {0} has {1} mistakes").Fill(name, len(m)),
		Hint: programme.T("请用 bihuan check 查看并改正", "see them with bihuan check")}
}

// keepsItsKey refuses a version that would tell subjects apart by another field than those enrolled.
func (s *Site) keepsItsKey(ctx context.Context, tx *db.Tx, p *programme.Programme) error {
	old, err := s.runningIn(ctx, tx, p.Name)
	if k, ok := KindOf(err); ok && k == NotFound {
		return nil
	}
	if err == nil && old.Subject.Key != p.Subject.Key {
		return refuse(Conflict, "评价对象的标识字段不能从{0}改为{1}", "the subject's key cannot change from {0} to {1}", old.Subject.Key, p.Subject.Key)
	}
	return err
}

// zipped packs the files; the same files give the same bytes.
func zipped(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

const selectVersion = "SELECT id, programme, version, hash, note, published_at, published_by, adopted, kept FROM programme_version "

func versionsIn(ctx context.Context, tx *db.Tx, s *Site, where string, args ...any) ([]Version, error) {
	var list []Version
	err := tx.Each(ctx, selectVersion+where, args, func(scan func(...any) error) error {
		var v Version
		var at int64
		if err := scan(&v.ID, &v.Programme, &v.Version, &v.Hash, &v.Note, &at, &v.PublishedBy, &v.Adopted, &v.Kept); err != nil {
			return err
		}
		v.PublishedAt = s.moment(at)
		list = append(list, v)
		return nil
	})
	return list, err
}

// Running gives the version of a programme that runs.
func (s *Site) Running(ctx context.Context, name string) (run *Running, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error { run, err = s.runningIn(ctx, tx, name); return err })
	return run, err
}

// RunningVersion gives a version by its ID, loaded and compiled, whether or not it is the one that runs.
func (s *Site) RunningVersion(ctx context.Context, versionID string) (run *Running, err error) {
	if run := s.loaded(versionID); run != nil {
		return run, nil
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error { run, err = s.versionIn(ctx, tx, versionID); return err })
	return run, err
}

// Programmes gives the running version of every programme, by name.
func (s *Site) Programmes(ctx context.Context) ([]*Running, error) {
	var list []*Running
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		var ids []string
		err := tx.Each(ctx, "SELECT version_id FROM programme ORDER BY name", nil, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		for _, id := range ids {
			if err == nil {
				var run *Running
				run, err = s.versionIn(ctx, tx, id)
				list = append(list, run)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list programmes: %w", err)
	}
	return list, nil
}

// Versions lists the published versions of a programme, the newest first, with what each did to those enrolled.
func (s *Site) Versions(ctx context.Context, name string) (list []Version, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if list, err = versionsIn(ctx, tx, s, "WHERE programme = $1 ORDER BY published_at DESC, id DESC", name); err == nil {
			err = addEffects(ctx, tx, s, name, list)
		}
		return err
	})
	if err == nil && len(list) == 0 {
		return nil, notFound("该方案", "programme")
	}
	return list, err
}

func (s *Site) runningIn(ctx context.Context, tx *db.Tx, name string) (*Running, error) {
	var id string
	err := tx.Row(ctx, "SELECT version_id FROM programme WHERE name = $1", []any{name}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("该方案", "programme")
	}
	if err != nil {
		return nil, fmt.Errorf("programme %s: %w", name, err)
	}
	return s.versionIn(ctx, tx, id)
}

func (s *Site) loaded(versionID string) *Running {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.versions[versionID]
}

// versionIn loads and compiles a version, once.
func (s *Site) versionIn(ctx context.Context, tx *db.Tx, id string) (*Running, error) {
	if run := s.loaded(id); run != nil {
		return run, nil
	}
	list, err := versionsIn(ctx, tx, s, "WHERE id = $1", id)
	if err == nil && len(list) == 0 {
		return nil, notFound("该版本", "version")
	}
	var packed []byte
	if err == nil {
		err = tx.Row(ctx, "SELECT files FROM programme_version WHERE id = $1", []any{id}, &packed)
	}
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", id, err)
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", id, err)
	}
	p, mistakes := programme.Load(z, list[0].Programme)
	if fatal := mistakes.Fatal(); len(fatal) > 0 {
		return nil, fmt.Errorf("version %s was fine when it was published: %w", id, fatal)
	}
	run, err := running(list[0], p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.versions[id]; first != nil {
		return first, nil
	}
	s.versions[id] = run
	return run, nil
}
