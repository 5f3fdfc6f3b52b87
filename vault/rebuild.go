package vault

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Rebuild makes all look-ups anew from the records, in one transaction.
// Reservations of erased values stay.
//
// Look-ups are gathered in memory and put in by their order, and their second
// index is made of all at once: in the order of records every one of millions
// would touch a page of its own.
func (v *Vault) Rebuild(ctx context.Context) error {
	return v.inTx(ctx, func(tx *sql.Tx) error {
		if err := v.lockTables(ctx, tx); err != nil {
			return err
		}
		for _, text := range []string{`DELETE FROM vault_find`, `DELETE FROM vault_claim WHERE owner <> ''`, `DROP INDEX vault_find_record`} {
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		r := rebuilding{v: v, tx: tx}
		if err := v.eachLookups(ctx, tx, func(l lookups) error { return r.add(ctx, l) }); err != nil {
			return err
		}
		if err := r.write(ctx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `CREATE INDEX vault_find_record ON vault_find (owner, kind, id)`); err != nil {
			return err
		}
		return setMeta(ctx, tx, "look-ups", v.reg.lookups())
	})
}

// renewLookups makes all look-ups anew if they were made by other declarations.
func (v *Vault) renewLookups(ctx context.Context) error {
	made, err := meta(ctx, v.db, "look-ups")
	if err != nil || made == v.reg.lookups() {
		return err
	}
	var one int
	switch err := v.db.QueryRowContext(ctx, `SELECT 1 FROM vault_record LIMIT 1`).Scan(&one); {
	case errors.Is(err, sql.ErrNoRows):
		return setMeta(ctx, v.db, "look-ups", v.reg.lookups())
	case err != nil:
		return err
	}
	if err := v.Rebuild(ctx); err != nil {
		return fmt.Errorf("vault: make look-ups anew for changed declarations: %w", err)
	}
	return nil
}

// lookups names what values are found by, each with its version.
func (r *Registry) lookups() string {
	var all []string
	for _, d := range r.decls {
		for _, ix := range d.indexes {
			all = append(all, fmt.Sprintf("%s/%s:%d", d.Name, ix.name, ix.version))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// lookups are what one record is found by.
type lookups struct {
	stored // without its body
	rows   []findRow
}

// found is a look-up as its row has it.
type found struct {
	findRow
	owner OwnerID
	kind  string
	id    string
	seen  Audience
}

// rebuilding gathers look-ups.
type rebuilding struct {
	v     *Vault
	tx    *sql.Tx
	all   []found
	args  []any
	whole *sql.Stmt // for a full group
}

// gathered is how many look-ups are held in memory, some 220 bytes each, before
// they are written.
const gathered = 1 << 19

func (r *rebuilding) add(ctx context.Context, l lookups) error {
	for _, row := range l.rows {
		if row.unique {
			if err := r.v.claim(ctx, r.tx, row, l.owner); err != nil {
				return err
			}
		}
		r.all = append(r.all, found{row, l.owner, l.kind, l.id, l.seen})
	}
	if len(r.all) < gathered {
		return nil
	}
	return r.write(ctx)
}

// writtenTogether is how many look-ups one statement writes.
const writtenTogether = 128

// write puts in what was gathered, by its order.
func (r *rebuilding) write(ctx context.Context) error {
	for group := range slices.Chunk(inOrder(r.all), writtenTogether) {
		if err := r.writeGroup(ctx, group); err != nil {
			return err
		}
	}
	r.all = r.all[:0]
	return nil
}

// inOrder sorts by name and token, small things instead of the look-ups: equal
// values stay as they came, which is near enough.
func inOrder(all []found) []*found {
	type place struct {
		name  string
		token uint64 // how it begins
		at    int
	}
	places := make([]place, len(all))
	for i := range all {
		places[i] = place{all[i].name, binary.BigEndian.Uint64(all[i].token), i}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.token, b.token), cmp.Compare(a.at, b.at))
	})
	order := make([]*found, len(all))
	for i, p := range places {
		order[i] = &all[p.at]
	}
	return order
}

func (r *rebuilding) writeGroup(ctx context.Context, group []*found) (err error) {
	r.args = r.args[:0]
	for _, f := range group {
		r.args = append(r.args, f.name, f.token, f.kind, f.sort, string(f.owner), f.id, int64(f.seen))
	}
	const insert = `INSERT INTO vault_find (name, token, kind, sort, owner, id, seen) VALUES `
	if len(group) < writtenTogether {
		_, err = r.tx.ExecContext(ctx, insert+r.v.dialect.Rows(len(group), 7), r.args...)
		return err
	}
	if r.whole == nil {
		if r.whole, err = r.tx.PrepareContext(ctx, insert+r.v.dialect.Rows(writtenTogether, 7)); err != nil {
			return err
		}
	}
	_, err = r.whole.ExecContext(ctx, r.args...)
	return err
}

// readTogether is how many records are read at once.
const readTogether = 2000

// eachLookups calls fn with the look-ups of every record that has some, in the
// records' order. To open a record takes longer than to read it: while some are
// opened, the next are read.
func (v *Vault) eachLookups(ctx context.Context, q Querier, fn func(lookups) error) error {
	var last stored
	opened := func() ([]lookups, error) { return nil, nil }
	for {
		rows, err := scan(q.QueryContext(ctx, "SELECT "+columns+` FROM vault_record
			WHERE (owner, kind, id) > ($1, $2, $3) ORDER BY owner, kind, id LIMIT $4`,
			string(last.owner), last.kind, last.id, readTogether))
		all, errOpen := opened()
		if err := errors.Join(err, errOpen); err != nil {
			return err
		}
		opened = func() ([]lookups, error) { return nil, nil }
		if len(rows) > 0 {
			last = rows[len(rows)-1]
			last.body = nil
			opened = v.openBeside(rows)
		}
		for _, l := range all {
			if err := fn(l); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
	}
}

// openBeside opens records on all processors; the result waits for them.
func (v *Vault) openBeside(rows []stored) func() ([]lookups, error) {
	all, errs := make([]lookups, len(rows)), make([]error, runtime.GOMAXPROCS(0))
	share := (len(rows) + len(errs) - 1) / len(errs)
	var wg sync.WaitGroup
	for i := range errs {
		from, to := min(i*share, len(rows)), min((i+1)*share, len(rows))
		wg.Go(func() {
			for n := from; n < to && errs[i] == nil; n++ {
				all[n], errs[i] = v.lookupsOf(rows[n])
			}
		})
	}
	return func() ([]lookups, error) {
		wg.Wait()
		return all, errors.Join(errs...)
	}
}

// lookupsOf opens a record. One that nobody can open any more has none.
func (v *Vault) lookupsOf(s stored) (lookups, error) {
	d := v.reg.decls[s.kind]
	if d == nil || len(d.indexes) == 0 {
		return lookups{}, nil
	}
	value, err := v.value(d, s)
	if errors.Is(err, ErrErased) {
		return lookups{}, nil
	}
	if err != nil {
		return lookups{}, err
	}
	s.body = nil
	return lookups{s, d.findRows(value)}, nil
}
