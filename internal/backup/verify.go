package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kept/internal/db"
	"kept/vault"
)

// Verified says what a trial restore has read.
type Verified struct {
	Snapshot *Snapshot
	People   int
	Records  int
}

// Verify restores into a place, which the caller removes, and compares: every
// row must be as it was when the snapshot was taken, and every record of every
// person must open with the restored keys.
func (r *Restoration) Verify(ctx context.Context) (Verified, error) {
	var out Verified
	r.Loaded = r.compare
	r.Look = func(v *vault.Vault, d *db.DB) (err error) {
		out.People, out.Records, err = readAll(ctx, v, d)
		return err
	}
	s, err := r.Run(ctx)
	out.Snapshot = s
	return out, err
}

var errDiffers = errors.New("backup: what was restored is not what was backed up")

// compare reads the database that was loaded, before anything is replayed.
func (r *Restoration) compare(ctx context.Context, s *Snapshot) (err error) {
	want, err := snapshotIDs(ctx, r.From, s)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, r.Database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	more := 0
	err = d.Snapshot(ctx, func(tx *sql.Tx) error {
		return eachRow(ctx, d, tx, func(id rowID) {
			if want[id] == 0 {
				more++
				return
			}
			if want[id]--; want[id] == 0 {
				delete(want, id)
			}
		})
	})
	if err != nil {
		return err
	}
	if more > 1 || len(want) > 0 { // the mark of the restore itself is one row more
		return fmt.Errorf("%w: %d rows are missing, %d are others", errDiffers, len(want), more-1)
	}
	return nil
}

// snapshotIDs counts the rows of a snapshot by their ids.
func snapshotIDs(ctx context.Context, from Store, s *Snapshot) (map[rowID]int, error) {
	reader := idReader{from: from}
	defer reader.close()
	all := make(map[rowID]int, s.Rows)
	for _, p := range s.Chunks {
		u, err := reader.fetch(ctx, p.Name)
		if err != nil {
			return nil, err
		}
		ids, err := u.ids()
		if err != nil {
			return nil, damaged(p.Name, err.Error())
		}
		for row, id := range ids {
			if row < p.Rows && p.has(row) {
				all[id]++
			}
		}
	}
	return all, nil
}

// eachRow calls do with the id of every row of a database.
func eachRow(ctx context.Context, d *db.DB, tx *sql.Tx, do func(rowID)) error {
	tables, err := d.Engine.Tables(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := eachRowOf(ctx, tx, t, do); err != nil {
			return err
		}
	}
	return nil
}

func eachRowOf(ctx context.Context, tx *sql.Tx, t db.Table, do func(rowID)) error {
	rows, err := tx.QueryContext(ctx, `SELECT `+columnList(t)+` FROM "`+t.Name+`"`)
	if err != nil {
		return err
	}
	defer rows.Close()
	to, err := places(rows)
	if err != nil {
		return err
	}
	shape := shape(t)
	var b []byte
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if b, err = appendRow(append(b[:0], make([]byte, 8)...), t.Columns, to); err != nil {
			return err
		}
		do(idOf(shape, b))
	}
	return rows.Err()
}

// readAll opens every record of every person.
func readAll(ctx context.Context, v *vault.Vault, d *db.DB) (people, records int, err error) {
	var after vault.OwnerID
	for {
		ids, err := v.ListOwners(ctx, d.Read, vault.Person, after, 500)
		if err != nil || len(ids) == 0 {
			return people, records, err
		}
		for _, id := range ids {
			err := v.Subject(id).Each(ctx, d.Read, func(vault.Item) error { records++; return nil })
			if err != nil {
				return people, records, err
			}
		}
		people, after = people+len(ids), ids[len(ids)-1]
	}
}
