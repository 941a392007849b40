package bihuan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"bihuan.dev/bihuan/internal/db"
	"bihuan.dev/bihuan/programme"
)

// Import says how a bulk verb treats bad rows, and whom it tells how far it is.
type Import struct {
	Wrong        []RowError // what was found wrong while the file was read: bad rows like those found here
	GoodRowsOnly bool       // store the good rows and report the others; otherwise nothing is stored when one row is bad
	Progress     func(done, total int)
	Recorded     time.Time // System only: the moment it is taken to be recorded, for the history of a demo
	AsItHappened bool      // System only: of matters: each thing is taken to be recorded at its own moment, for the history of a demo
}

// Imported is what became of the rows.
type Imported struct {
	Rows, Stored, Unchanged int
	Errors                  []RowError // of the rows left out, when GoodRowsOnly
}

// mostRows is how many rows one import may have.
const mostRows = 200_000

// rowMistakes collects the mistakes of a file by row.
type rowMistakes map[int][]RowError

// badRows begins with what was found wrong while the file was read.
func badRows(opt Import) rowMistakes {
	m := rowMistakes{}
	for _, e := range opt.Wrong {
		m[e.Row] = append(m[e.Row], e)
	}
	return m
}

func (m rowMistakes) add(row int, field, zh, en string, values ...any) {
	m[row] = append(m[row], RowError{row, field, programme.T(zh, en).Fill(values...)})
}

func (m rowMistakes) fields(row int, wrong []programme.FieldError) {
	for _, w := range wrong {
		m[row] = append(m[row], RowError{row, w.Field, w.Message})
	}
}

// refusal notes an Error as the mistake of a row; any other error is none of the row's and comes back.
func (m rowMistakes) refusal(row int, err error) error {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return err
	case len(e.Fields) > 0:
		m.fields(row, e.Fields)
	default:
		m[row] = append(m[row], RowError{Row: row, Text: e.Text})
	}
	return nil
}

// judge refuses the whole file when it has bad rows and the good ones alone are not wanted.
func (m rowMistakes) judge(rows int, opt Import) (Imported, error) {
	unread := map[int]bool{}
	for _, e := range opt.Wrong {
		unread[e.Row] = true
	}
	done := Imported{Rows: rows + len(unread)}
	for _, r := range m {
		done.Errors = append(done.Errors, r...)
	}
	sort.SliceStable(done.Errors, func(i, j int) bool { return done.Errors[i].Row < done.Errors[j].Row })
	if len(m) == 0 || opt.GoodRowsOnly {
		return done, nil
	}
	return Imported{}, (&Error{Kind: Invalid, Rows: done.Errors,
		Text: programme.T("{1}行中有{0}行有误，未导入任何数据", "{0} of {1} rows have mistakes; nothing was imported").Fill(len(m), done.Rows)}).
		hint("改正后重新导入，或选择只导入正确的行", "correct them and import again, or choose to import the good rows only")
}

// FileMany files many forms in one transaction: all of them, or none when one is bad, or the good ones alone if so chosen.
// A row names its subject by key or by ID. Each subject is scored once, when all of its rows are in. A row that repeats what
// is on file word for word is Unchanged, unless its form counts every record.
func (s *Site) FileMany(ctx context.Context, a Actor, programme string, rows []Filing, opt Import) (Imported, error) {
	if a.Visitor() {
		return Imported{}, signInFirst()
	}
	if len(rows) > mostRows {
		return Imported{}, refuse(TooLarge, "一次最多导入{0}行", "an import has at most {0} rows", mostRows)
	}
	rows = slices.Clone(rows)
	for i := range rows {
		if rows[i].Row == 0 {
			rows[i].Row = i + 1
		}
		if rows[i].Recorded.IsZero() {
			rows[i].Recorded = opt.Recorded
		}
	}
	var done Imported
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		done, err = s.fileMany(ctx, tx, a, programme, rows, opt)
		return err
	})
	if err != nil {
		return Imported{}, fmt.Errorf("file %d forms of %s: %w", len(rows), programme, err)
	}
	s.wroteMany(ctx, done.Stored, "evidence", "score", "score_clause", "form_due", "judge_due")
	return done, nil
}

func (s *Site) fileMany(ctx context.Context, tx *db.Tx, a Actor, name string, rows []Filing, opt Import) (Imported, error) {
	run, err := s.runningIn(ctx, tx, name)
	if err != nil {
		return Imported{}, err
	}
	if err := holdComparing(ctx, tx, run); err != nil {
		return Imported{}, err
	}
	bad := badRows(opt)
	names := make([]string, len(rows))
	for i, f := range rows {
		names[i] = f.Subject
	}
	changes, rights, err := s.takeMany(ctx, tx, a, run, names)
	if err != nil {
		return Imported{}, err
	}
	stored := 0
	for i, f := range rows {
		if opt.Progress != nil && i%500 == 0 {
			opt.Progress(i, len(rows))
		}
		if bad[f.Row] != nil {
			continue
		}
		c := changes[f.Subject]
		if c == nil || !rights[c.sub.Unit].any() {
			bad.add(f.Row, "subject", "没有评价对象{0}", "there is no subject {0}", f.Subject)
			continue
		}
		n, err := s.check(ctx, tx, a, run, c, rights[c.sub.Unit], f, false)
		if err != nil {
			if err := bad.refusal(f.Row, err); err != nil {
				return Imported{}, err
			}
			continue
		}
		if !run.forms[f.Form].Many && c.says(n) {
			continue
		}
		c.added = append(c.added, n)
		stored++
	}
	done, err := bad.judge(len(rows), opt)
	if err != nil {
		return Imported{}, err
	}
	done.Stored, done.Unchanged = stored, done.Rows-stored-len(bad)
	var changed []*change
	for _, c := range changes {
		if len(c.added) > 0 {
			changed = append(changed, c)
		}
	}
	changed = inOrder(changed)
	if len(changed) > 0 {
		if err := s.settle(ctx, tx, run, changed); err != nil {
			return Imported{}, err
		}
	}
	if opt.Progress != nil {
		opt.Progress(len(rows), len(rows))
	}
	return done, nil
}

// takeMany holds the subjects that rows name, by key or ID, with a moment for each time, and loads their evidence; and what the
// actor holds, by unit.
func (s *Site) takeMany(ctx context.Context, tx *db.Tx, a Actor, run *Running, rows []string) (map[string]*change, map[string]held, error) {
	named, times := []string{}, map[string]int{}
	for _, name := range rows {
		if times[name] == 0 {
			named = append(named, name)
		}
		times[name]++
	}
	idOf := map[string]string{}
	for _, column := range []string{"id", "key"} { // of a name that is both, the key counts
		if err := db.Chunks(named, func(names []string) error {
			query := "SELECT " + column + ", id FROM subject WHERE programme = $1 AND " + column + " IN (" + db.In(len(names), 2) + ")"
			return tx.Each(ctx, query, db.Args(names, any(run.Name)), func(scan func(...any) error) error {
				var name, id string
				err := scan(&name, &id)
				idOf[name] = id
				return err
			})
		}); err != nil {
			return nil, nil, fmt.Errorf("find subjects: %w", err)
		}
	}
	most, perID := 1, map[string]int{}
	var ids []string
	for _, name := range named {
		if id, ok := idOf[name]; ok {
			if perID[id] == 0 {
				ids = append(ids, id)
			}
			perID[id] += times[name]
			most = max(most, perID[id])
		}
	}
	subjects, err := s.hold(ctx, tx, ids, most)
	if err != nil {
		return nil, nil, err
	}
	facts, err := s.factsOf(ctx, tx, run, ids, nil)
	if err != nil {
		return nil, nil, err
	}
	byID, changes, units := map[string]*change{}, map[string]*change{}, map[string]bool{}
	for _, id := range ids {
		byID[id] = &change{sub: subjects[id], facts: facts[id]}
		units[subjects[id].Unit] = true
	}
	for name, id := range idOf {
		changes[name] = byID[id]
	}
	rights, err := heldAtEach(ctx, tx, a, run.Name, keys(units))
	return changes, rights, err
}

// says reports whether evidence on file says exactly the same.
func (c *change) says(n newEvidence) bool {
	for _, e := range c.counting() {
		if e.Form == n.Form && e.On == n.On && e.By == n.By && string(e.Values.JSON()) == n.doc {
			return true
		}
	}
	return false
}

// inOrder sorts changes by subject and drops those that came twice, by key and by ID.
func inOrder(changes []*change) []*change {
	slices.SortFunc(changes, func(a, b *change) int {
		switch {
		case a.sub.ID < b.sub.ID:
			return -1
		case a.sub.ID > b.sub.ID:
			return 1
		}
		return 0
	})
	return slices.Compact(changes)
}

func keys(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
