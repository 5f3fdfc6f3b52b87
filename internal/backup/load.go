package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
	part Part
	unpacked
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
		n, err := insertChunk(ctx, d, r)
		if err != nil {
			cancel(err)
			for range ch { // let the other end
			}
			return err
		}
		rows, bytes = rows+n, bytes+r.part.Size
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
		select {
		case ch <- ready{p, u}:
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

// insertChunk writes the rows of a chunk that belong to the snapshot, in one
// transaction.
func insertChunk(ctx context.Context, d *db.DB, r ready) (n int64, err error) {
	err = d.Transact(ctx, func(tx *sql.Tx) error {
		n = 0
		in := inserter{tx: tx, u: r.unpacked, statements: map[[2]int]*sql.Stmt{}}
		number := 0
		for row, err := range r.each() {
			if err != nil {
				return damaged(r.part.Name, err.Error())
			}
			if r.part.has(number) {
				if err := in.add(ctx, row); err != nil {
					return fmt.Errorf("backup: restore rows: %w", err)
				}
				n++
			}
			number++
		}
		return in.flush(ctx)
	})
	return n, err
}

// inserter writes rows of one table after another, many with one statement.
type inserter struct {
	tx         *sql.Tx
	u          unpacked
	table      int
	args       []any
	rows       int
	statements map[[2]int]*sql.Stmt
}

// together is how many rows one statement writes.
const together = 32

func (in *inserter) add(ctx context.Context, row packedRow) error {
	if row.table != in.table {
		if err := in.flush(ctx); err != nil {
			return err
		}
		in.table = row.table
	}
	var err error
	if in.args, err = in.u.appendValues(in.args, row); err != nil {
		return err
	}
	if in.rows++; in.rows == together {
		return in.flush(ctx)
	}
	return nil
}

func (in *inserter) flush(ctx context.Context) error {
	if in.rows == 0 {
		return nil
	}
	st, err := in.statement(ctx)
	if err == nil {
		_, err = st.ExecContext(ctx, in.args...)
	}
	in.args, in.rows = in.args[:0], 0
	return err
}

func (in *inserter) statement(ctx context.Context) (*sql.Stmt, error) {
	key := [2]int{in.table, in.rows}
	if st := in.statements[key]; st != nil {
		return st, nil
	}
	t := in.u.tables[in.table]
	var b strings.Builder
	fmt.Fprintf(&b, `INSERT INTO "%s" (%s) VALUES `, t.Name, columnList(t))
	n := 0
	for row := range in.rows {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for i := range t.Columns {
			if i > 0 {
				b.WriteString(", ")
			}
			n++
			fmt.Fprintf(&b, "$%d", n)
		}
		b.WriteByte(')')
	}
	st, err := in.tx.PrepareContext(ctx, b.String())
	in.statements[key] = st
	return st, err
}
