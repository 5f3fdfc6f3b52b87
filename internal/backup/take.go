package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"kept/internal/db"
)

// Progress is told how far a backup or a restore is: rows so far, and bytes of
// them, of about so many (0 if that is not known).
type Progress func(rows, bytes, ofBytes int64)

// taking is what a snapshot is made with.
type taking struct {
	DB       *db.DB
	To       Store
	Folder   string            // of our own, beside the database: ids of stored rows, and what waits to be stored
	Leave    map[string]string // tables of which the rows that meet a condition are left out; all if it is empty
	Gentle   bool              // rest now and then, so that who serves beside is not disturbed
	Progress Progress
}

// take stores what has changed since the last backup, then the manifest. What
// is new is packed into files beside the database first and stored from there:
// a slow store must not hold the snapshot open, and a backup that was killed
// goes on with what it had packed.
func (t *taking) take(ctx context.Context, s *Snapshot) error {
	for _, dir := range []string{t.cache(), t.spool()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := t.store(ctx); err != nil { // of a backup that was broken off
		return err
	}
	k, err := learn(ctx, t.To, t.cache(), t.pace())
	if err != nil {
		return err
	}
	pk, sc, err := t.scan(ctx, k, s)
	if err != nil {
		return err
	}
	if err := t.store(ctx); err != nil {
		return err
	}
	s.Chunks, s.Rows, s.Stored = append(k.alive(), pk.parts...), sc.rows, pk.size
	return s.write(ctx, t.To)
}

// pace is how hard it works.
func (t *taking) pace() pace {
	if t.Gentle {
		return pace{share: gentleShare}
	}
	return pace{}
}

func (t *taking) cache() string { return filepath.Join(t.Folder, "rows") }
func (t *taking) spool() string { return filepath.Join(t.Folder, "waiting") }

// scan reads the database as it is now and packs what is in no chunk yet.
func (t *taking) scan(ctx context.Context, k *known, s *Snapshot) (*packing, *scanner, error) {
	size, err := t.DB.Size(ctx)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pk := &packing{spool: t.spool(), cache: t.cache(), ch: make(chan *packer, 1), done: make(chan struct{})}
	pk.pace = t.pace()
	go func() {
		defer close(pk.done)
		if err := pk.run(ctx); err != nil {
			cancel(err)
		}
	}()
	sc := &scanner{taking: t, known: k, to: pk, pack: newPacker(), of: size, pace: pk.pace}
	err = t.DB.Snapshot(ctx, func(tx *sql.Tx) error { return sc.tables(ctx, tx, s) })
	if err == nil {
		err = sc.flush(ctx, true)
	}
	close(pk.ch)
	<-pk.done
	return pk, sc, errors.Join(err, context.Cause(ctx))
}

// store moves what was packed into the store.
func (t *taking) store(ctx context.Context) error {
	files, err := os.ReadDir(t.spool())
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(t.spool(), f.Name())
		if isSum(f.Name()) {
			err = storeFile(ctx, t.To, chunkFolder+f.Name(), path)
		}
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("backup: store rows: %w", err)
		}
	}
	return nil
}

// storeFile gives a folder the file itself where it can.
func storeFile(ctx context.Context, to Store, name, path string) error {
	if f, ok := to.(Folder); ok {
		if err := f.adopt(name, path); !errors.Is(err, syscall.EXDEV) {
			return err
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return to.Put(ctx, name, b)
}

// scanner reads every row and passes on those that are in no chunk yet.
type scanner struct {
	*taking
	known *known
	to    *packing
	pack  *packer
	pace  pace
	rows  int64
	bytes int64
	of    int64

	scratch []byte
}

func (sc *scanner) tables(ctx context.Context, tx *sql.Tx, s *Snapshot) error {
	tables, err := sc.DB.Engine.Tables(ctx, tx)
	if err != nil {
		return err
	}
	if s.Schema, err = sc.DB.SchemaVersion(ctx, tx); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, `SELECT CAST(value AS BIGINT) FROM vault_meta WHERE key = 'schema'`).Scan(&s.Vault); err != nil {
		return err
	}
	for _, t := range tables {
		if err := sc.table(ctx, tx, t); err != nil {
			return fmt.Errorf("backup: table %s: %w", t.Name, err)
		}
	}
	return nil
}

func (sc *scanner) table(ctx context.Context, tx *sql.Tx, t db.Table) error {
	condition, some := sc.Leave[t.Name]
	if some && condition == "" {
		return nil
	}
	text := `SELECT ` + columnList(t) + ` FROM "` + t.Name + `"`
	if some {
		text += ` WHERE NOT (` + condition + `)`
	}
	rows, err := tx.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	to, err := places(rows)
	if err != nil {
		return err
	}
	shape := shape(t)
	sc.pace.begin()
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if err := sc.row(ctx, t, shape, to); err != nil {
			return err
		}
	}
	return rows.Err()
}

func columnList(t db.Table) string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, `"`+c.Name+`"`)
	}
	return strings.Join(names, ", ")
}

// places are where database/sql puts a row's values: texts and bytes without a
// copy, the rest as they are.
func places(rows *sql.Rows) ([]any, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	to := make([]any, len(types))
	for i, c := range types {
		switch c.DatabaseTypeName() {
		case "TEXT", "BYTEA", "VARCHAR":
			to[i] = new(sql.RawBytes)
		default:
			to[i] = new(any)
		}
	}
	return to, nil
}

// restEvery is after how many rows a gentle backup looks at the clock.
const restEvery = 64

func (sc *scanner) row(ctx context.Context, t db.Table, shape [8]byte, values []any) (err error) {
	b := append(sc.scratch[:0], make([]byte, 8)...)
	if b, err = appendRow(b, t.Columns, values); err != nil {
		return err
	}
	sc.scratch = b
	sc.rows++
	sc.bytes += int64(len(b))
	if id := idOf(shape, b); !sc.known.mark(id) {
		sc.pack.add(t, b[8:], id)
	}
	if sc.rows%restEvery == 0 {
		if err := sc.pace.rest(ctx); err != nil {
			return err
		}
		if sc.Progress != nil && sc.rows%4096 == 0 {
			sc.Progress(sc.rows, sc.bytes, sc.of)
		}
	}
	return sc.flush(ctx, false)
}

// flush passes a full chunk on, or any at the end.
func (sc *scanner) flush(ctx context.Context, end bool) error {
	if !sc.pack.full() && !(end && len(sc.pack.ids) > 0) {
		return nil
	}
	select {
	case sc.to.ch <- sc.pack:
		sc.pack = newPacker()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// packing packs chunks into files, beside the scanner.
type packing struct {
	spool, cache string
	ch           chan *packer
	done         chan struct{}
	pace         pace
	parts        []Part
	size         int64
}

func (pk *packing) run(ctx context.Context) error {
	z, err := newEncoder()
	if err != nil {
		return err
	}
	defer z.Close()
	for p := range pk.ch {
		if ctx.Err() != nil {
			continue
		}
		pk.pace.begin()
		c := p.seal(z)
		path := filepath.Join(pk.spool, c.name)
		if err := os.WriteFile(path+unfinished, c.file, 0o600); err != nil {
			return fmt.Errorf("backup: pack rows: %w", err)
		}
		if err := os.Rename(path+unfinished, path); err != nil {
			return fmt.Errorf("backup: pack rows: %w", err)
		}
		if err := writeIDs(pk.cache, c.name, c.ids); err != nil {
			return err
		}
		pk.parts = append(pk.parts, Part{Name: c.name, Size: int64(len(c.file)), Rows: len(c.ids)})
		pk.size += int64(len(c.file))
		if err := pk.pace.rest(ctx); err != nil {
			return err
		}
	}
	return nil
}

// gentleShare is the part of the time in which a gentle backup works.
const gentleShare = 0.1

// pace rests so that work takes no more than its share of the time. Zero never
// rests.
type pace struct {
	share float64
	since time.Time
}

func (p *pace) begin() { p.since = time.Now() }

const restAfter = 2 * time.Millisecond

func (p *pace) rest(ctx context.Context) error {
	if p.share == 0 {
		return ctx.Err()
	}
	busy := time.Since(p.since)
	if busy < restAfter {
		return ctx.Err()
	}
	t := time.NewTimer(time.Duration(float64(busy) * (1 - p.share) / p.share))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
	}
	p.begin()
	return nil
}
