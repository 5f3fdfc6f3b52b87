package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"kept/internal/db"
	"kept/vault"
)

// loading fills a database from a snapshot.
type loading struct {
	From     Store
	DSN      string
	Fetched  string // folder for chunks that were fetched, so that none is fetched twice; empty keeps none
	Progress Progress
}

// load makes the database anew and marks it as restored, so that nobody opens
// it before the restore journal was replayed.
func (l *loading) load(ctx context.Context, s *Snapshot) (err error) {
	if err := db.Drop(ctx, l.DSN); err != nil {
		return err
	}
	d, err := db.OpenToLoad(ctx, l.DSN)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Settle()) }()
	if err := d.MigrateTo(ctx, s.Schema); err != nil {
		return err
	}
	if err := vault.MigrateTo(ctx, d.Write, d.VaultDialect(), s.Vault); err != nil {
		return err
	}
	if err := clearTables(ctx, d); err != nil {
		return err
	}
	if err := l.chunks(ctx, d, s); err != nil {
		return err
	}
	return vault.MarkRestored(ctx, d.Write)
}

// clearTables removes what the migrations put in.
func clearTables(ctx context.Context, d *db.DB) error {
	return d.Transact(ctx, func(tx *sql.Tx) error {
		tables, err := d.Engine.Tables(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range tables {
			if _, err := tx.ExecContext(ctx, `DELETE FROM "`+t.Name+`"`); err != nil {
				return err
			}
		}
		return nil
	})
}

// ready is a chunk whose rows can be inserted.
type ready struct {
	tables []db.Table
	groups []group
	rows   int64
	size   int64 // of the file
}

// chunks fetches and unpacks beside the writing.
func (l *loading) chunks(ctx context.Context, d *db.DB, s *Snapshot) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ch := make(chan ready, 1)
	go func() {
		defer close(ch)
		if err := l.fetchAll(ctx, s, ch); err != nil {
			cancel(err)
		}
	}()
	var rows, bytes int64
	for r := range ch {
		if err := insertChunk(ctx, d, r); err != nil {
			cancel(err)
			for range ch { // let the other end
			}
			return err
		}
		rows, bytes = rows+r.rows, bytes+r.size
		if l.Progress != nil {
			l.Progress(rows, bytes, s.size())
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if rows != s.Rows {
		return damaged(snapshotName(s.ID), fmt.Sprintf("it has %d rows, its chunks %d", s.Rows, rows))
	}
	return nil
}

func (s *Snapshot) size() (n int64) {
	for _, p := range s.Chunks {
		n += p.Size
	}
	return n
}

func (l *loading) fetchAll(ctx context.Context, s *Snapshot, ch chan<- ready) error {
	z, err := newDecoder()
	if err != nil {
		return err
	}
	defer z.Close()
	for _, p := range s.Chunks {
		u, err := l.fetch(ctx, z, p)
		if err != nil {
			return err
		}
		groups, rows, err := u.groups(p)
		if err != nil {
			return err
		}
		select {
		case ch <- ready{u.tables, groups, rows, p.Size}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// fetch reads a chunk, from where an earlier attempt left it if it did.
func (l *loading) fetch(ctx context.Context, z *zstd.Decoder, p Part) (unpacked, error) {
	path := filepath.Join(l.Fetched, p.Name)
	if l.Fetched != "" {
		if b, err := os.ReadFile(path); err == nil {
			if u, err := unpack(z, p.Name, b); err == nil {
				return u, nil
			}
		}
	}
	b, err := l.From.Get(ctx, chunkFolder+p.Name)
	if err != nil {
		return unpacked{}, fmt.Errorf("backup: read %s: %w", p.Name, err)
	}
	u, err := unpack(z, p.Name, b)
	if err == nil && u.count != p.Rows {
		err = damaged(p.Name, "it does not hold the rows that it should")
	}
	if err == nil && l.Fetched != "" {
		err = os.WriteFile(path, b, 0o600)
	}
	return u, err
}

// insertChunk writes rows of a chunk, in one transaction.
func insertChunk(ctx context.Context, d *db.DB, r ready) error {
	return d.Transact(ctx, func(tx *sql.Tx) error {
		statements := map[[2]int]*sql.Stmt{}
		for _, g := range r.groups {
			key := [2]int{g.table, g.rows}
			if statements[key] == nil {
				t := r.tables[g.table]
				text := fmt.Sprintf(`INSERT INTO "%s" (%s) VALUES %s`, t.Name, columnList(t), d.VaultDialect().Rows(g.rows, len(t.Columns)))
				st, err := tx.PrepareContext(ctx, text)
				if err != nil {
					return fmt.Errorf("backup: restore rows: %w", err)
				}
				statements[key] = st
			}
			if _, err := statements[key].ExecContext(ctx, g.values...); err != nil {
				return fmt.Errorf("backup: restore rows: %w", err)
			}
		}
		return nil
	})
}

// group are rows of one table that one statement writes.
type group struct {
	table, rows int
	values      []any
}

// together is how many rows a group has at most.
const together = 128

// groups takes those rows of a chunk apart that belong to a snapshot.
func (u unpacked) groups(p Part) (all []group, rows int64, err error) {
	number := 0
	for row, err := range u.each() {
		if err != nil {
			return nil, 0, damaged(p.Name, err.Error())
		}
		number++
		if !p.has(number - 1) {
			continue
		}
		if n := len(all); n == 0 || all[n-1].table != row.table || all[n-1].rows == together {
			all = append(all, group{table: row.table, values: make([]any, 0, together*len(u.tables[row.table].Columns))})
		}
		g := &all[len(all)-1]
		if g.values, err = u.appendValues(g.values, row); err != nil {
			return nil, 0, damaged(p.Name, err.Error())
		}
		g.rows++
		rows++
	}
	return all, rows, nil
}
