package vault

import (
	"context"
	"fmt"
	"strconv"
)

// readersMay is how long an emptying of SQLite's write-ahead log waits for
// readers. Nobody can write meanwhile, so it is short.
const readersMay = 100 // ms

// Settle empties SQLite's write-ahead log if anything was deleted since it was
// last emptied: until then the log and the file hold the deleted rows, sealed.
// Readers can keep it from that; then it does nothing, and the next call tries
// again. An erasure calls it by itself; a program that serves calls it every
// minute or so. On PostgreSQL there is nothing to do, see Compact.
func (v *Vault) Settle(ctx context.Context) error {
	if v.dialect != SQLite || !v.residue.CompareAndSwap(true, false) {
		return nil
	}
	done, err := v.checkpoint(ctx)
	if !done {
		v.residue.Store(true)
	}
	if err != nil {
		return fmt.Errorf("vault: empty the write-ahead log: %w", err)
	}
	return nil
}

// Settled reports whether Settle has nothing to do.
func (v *Vault) Settled() bool { return v.dialect != SQLite || !v.residue.Load() }

func (v *Vault) checkpoint(ctx context.Context) (done bool, err error) {
	conn, err := v.db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	var before int
	if err := conn.QueryRowContext(ctx, `PRAGMA busy_timeout`).Scan(&before); err != nil {
		return false, err
	}
	if _, err := conn.ExecContext(ctx, `PRAGMA busy_timeout = `+strconv.Itoa(min(before, readersMay))); err != nil {
		return false, err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA busy_timeout = `+strconv.Itoa(before))
	var busy, log, moved int
	err = conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved)
	return err == nil && busy == 0, err
}

// Compact gives back the space of what was deleted, and with it the last
// remains: SQLite's file is written anew when more than a fifth of it is free,
// PostgreSQL's tables are vacuumed. It can take long; a program that serves
// calls it from a timetable.
func (v *Vault) Compact(ctx context.Context) error {
	if v.dialect == PostgreSQL {
		_, err := v.db.ExecContext(ctx, `VACUUM vault_record, vault_find, vault_claim, vault_owner, vault_journal`)
		return err
	}
	var pages, free int64
	if err := v.db.QueryRowContext(ctx, `PRAGMA page_count`).Scan(&pages); err != nil {
		return err
	}
	if err := v.db.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free); err != nil {
		return err
	}
	if free*5 > pages {
		if _, err := v.db.ExecContext(ctx, `VACUUM`); err != nil {
			return err
		}
	}
	v.residue.Store(true)
	return v.Settle(ctx)
}
