package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"kept/vault/journal"
)

// What the restore journal tells, so that a restore brings none of it back.
const (
	opErased     = "erased"     // an owner, wholly
	opDeleted    = "deleted"    // a record
	opLowered    = "lowered"    // a record's audience, to arg
	opClosed     = "closed"     // an owner said no to being public
	opRestricted = "restricted" // an owner restricted processing
	opObjected   = "objected"   // an owner objected to the purpose arg
	opMerged     = "merged"     // an owner, into arg
	opShortened  = "shortened"  // a record's life, or an owner's, to the day arg
	opMoved      = "moved"      // the anchor record, to the day arg
	opNoted      = "noted"      // what the house has to do again by itself; see Note
)

// JournalDays is how long the restore journal remembers: a day more than
// backups are kept.
const JournalDays Days = 8

var errUndeclared = errors.New("its kind is not declared")

// entry is a line of the journal. seq puts the entries of one owner in order:
// it is the owner's version, which a merge lifts above those of both.
type entry struct {
	seq    int64
	op     string
	owner  OwnerID
	kind   string
	record string
	arg    string
}

// note writes a journal entry in the transaction that it tells about. It
// reaches the file by Flush, so the file never tells what did not happen.
func (v *Vault) note(ctx context.Context, tx *sql.Tx, e entry) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO vault_journal (id, seq, day, op, owner, kind, record, arg, shipped)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		NewID(), e.seq, int64(v.Today()), e.op, string(e.owner), e.kind, e.record, e.arg, false)
	return err
}

// Noted is something that is kept outside the vault, names nobody, and has to be
// done again after a restore: what it was, and with which two ids.
type Noted struct{ Word, Record, Arg string }

// Note writes it in the restore journal, in the transaction that does it for the
// first time. OpenRestored leaves it to whoever noted it, who asks by Notes.
func (v *Vault) Note(ctx context.Context, tx *sql.Tx, n Noted) error {
	return v.note(ctx, tx, entry{op: opNoted, kind: n.Word, record: n.Record, arg: n.Arg})
}

// Notes lists what was noted under a word in the days that the journal remembers.
func (v *Vault) Notes(ctx context.Context, word string) (all []Noted, err error) {
	rows, err := v.db.QueryContext(ctx, `SELECT kind, record, arg FROM vault_journal WHERE op = $1 AND kind = $2 ORDER BY day, id`, opNoted, word)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n Noted
		if err := rows.Scan(&n.Word, &n.Record, &n.Arg); err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

// Flush appends what has been committed since to the journal file, and returns
// when that is on the disk. An erasure does so by itself; a program that serves
// calls it every second or so.
func (v *Vault) Flush(ctx context.Context) error {
	entries, err := v.waiting(ctx)
	if err != nil || len(entries) == 0 {
		return err
	}
	if err := v.journal.Append(entries); err != nil {
		return fmt.Errorf("vault: restore journal: %w", err)
	}
	v.residue.Store(true)
	return v.inTx(ctx, func(tx *sql.Tx) error {
		for _, e := range entries {
			if _, err := tx.ExecContext(ctx, `UPDATE vault_journal SET shipped = $1 WHERE id = $2`, true, e.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// waiting lists what is not in the file yet, so that what hangs on another entry
// comes after it.
func (v *Vault) waiting(ctx context.Context) ([]journal.Entry, error) {
	rows, err := v.db.QueryContext(ctx, `SELECT id, day, op, owner, kind, record, arg FROM vault_journal
		WHERE NOT shipped ORDER BY seq, id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []journal.Entry
	for rows.Next() {
		var e journal.Entry
		if err := rows.Scan(&e.ID, &e.Day, &e.Op, &e.Owner, &e.Kind, &e.Record, &e.Arg); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// pruneJournal forgets what is older than any backup. The table says up to which
// day it has forgotten, so that a file that still knows more is not replayed.
func (v *Vault) pruneJournal(ctx context.Context) error {
	before := v.Today() - Day(JournalDays)
	if err := v.journal.Prune(int32(before)); err != nil {
		return fmt.Errorf("vault: restore journal: %w", err)
	}
	return v.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM vault_journal WHERE day < $1 AND shipped`, int64(before)); err != nil {
			return err
		}
		return setMeta(ctx, tx, "pruned", strconv.Itoa(int(before)))
	})
}
