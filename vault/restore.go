package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kept/vault/journal"
	"kept/vault/keyring"
	"kept/vault/sabotage"
)

// MarkRestored marks a database as restored from a snapshot, so that Open
// refuses it until OpenRestored has replayed the journal. Restore calls it
// before anything else; a snapshot may carry the mark already.
func MarkRestored(ctx context.Context, q Querier) error { return setMeta(ctx, q, "restored", "1") }

// OpenRestored opens a database that was restored from a snapshot: it replays
// the restore journal (erased owners, deleted records, narrowed audiences, moved
// dates, withdrawn consents), drops what is never brought back, such as sessions,
// removes what no key opens, and makes the look-ups anew. It can be called
// again after a crash. ringCopy is the sequence number of the ring copy that
// the ring was restored from; a copy older than the newest one that the journal
// tells of is refused with ErrOldRing. Use 0 for a ring that was never lost.
func OpenRestored(ctx context.Context, reg *Registry, o Options, ringCopy uint64) (*Vault, error) {
	v, err := build(reg, o)
	if err != nil {
		return nil, err
	}
	if err := MarkRestored(ctx, o.DB); err != nil {
		return nil, err
	}
	if err := v.replay(ctx, ringCopy); err != nil {
		return nil, fmt.Errorf("vault: replay: %w", err)
	}
	if err := v.Recover(ctx); err != nil {
		return nil, err
	}
	// After Recover, which turns what the erased held into reservations.
	if err := v.Rebuild(ctx); err != nil {
		return nil, fmt.Errorf("vault: rebuild look-ups: %w", err)
	}
	return v, v.inTx(ctx, func(tx *sql.Tx) error { return v.unmark(ctx, tx) })
}

// unmark opens the database for use, and notes the day for sweepKeys.
func (v *Vault) unmark(ctx context.Context, tx *sql.Tx) error {
	if err := setMeta(ctx, tx, "restored-on", strconv.Itoa(int(v.Today()))); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM vault_meta WHERE key = 'restored'`)
	return err
}

func (v *Vault) replay(ctx context.Context, ringCopy uint64) error {
	entries, known, err := v.journalled(ctx, ringCopy)
	if err != nil {
		return err
	}
	r := replayer{v: v, standIns: map[OwnerID][]OwnerID{}}
	for _, e := range entries {
		if err := v.inTx(ctx, func(tx *sql.Tx) error { return r.redo(ctx, tx, e, known[e.ID]) }); err != nil {
			return fmt.Errorf("%s on %s: %w", e.Op, Day(e.Day), err)
		}
	}
	if err := v.checkRing(ctx); err != nil {
		return err
	}
	if err := v.dropUnrestored(ctx); err != nil {
		return err
	}
	return v.dropUnreadable(ctx)
}

// journalled returns what the journal file tells, and what of it the snapshot's
// own table knows: that happened before the snapshot, or was redone before a crash.
func (v *Vault) journalled(ctx context.Context, ringCopy uint64) (entries []journal.Entry, known map[string]bool, err error) {
	ids, err := owners(ctx, v.db, `SELECT id FROM vault_journal`)
	if err != nil {
		return nil, nil, err
	}
	known = map[string]bool{}
	for _, id := range ids {
		known[string(id)] = true
	}
	forgotten, err := metaNumber(ctx, v.db, "pruned")
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{} // a crash between file and table writes one twice
	err = v.journal.Read(func(e journal.Entry) error {
		if e.Op == OpCopied {
			return tooOld(e, ringCopy)
		}
		if !seen[e.ID] && int(e.Day) >= forgotten {
			seen[e.ID] = true
			entries = append(entries, e)
		}
		return nil
	})
	return entries, known, err
}

// OpCopied is the journal's word for "copy ARG of the key ring was made".
const OpCopied = "copied"

func tooOld(e journal.Entry, ringCopy uint64) error {
	sequence, err := strconv.ParseUint(e.Arg, 10, 64)
	if err != nil {
		return err
	}
	if ringCopy != 0 && ringCopy < sequence {
		return ErrOldRing
	}
	return nil
}

// replayer does again what the journal tells. An owner that came to be after the
// snapshot is not there; if another was merged into it, what was done to their
// records afterwards is done to those of that other.
type replayer struct {
	v        *Vault
	standIns map[OwnerID][]OwnerID
}

// redo does again what a journal entry tells, and remembers the entry. Of a
// known one it only learns who stands in for whom.
func (r replayer) redo(ctx context.Context, tx *sql.Tx, e journal.Entry, known bool) error {
	if known && e.Op != opMerged {
		return nil
	}
	owners, err := r.who(ctx, tx, OwnerID(e.Owner))
	if err != nil {
		return err
	}
	switch {
	case e.Op == opMoved, e.Op == opNoted:
		owners = []OwnerID{""} // an anchor is nobody's, and so is what the house notes
	case e.Op == opErased && !slices.Contains(owners, OwnerID(e.Owner)): // nothing but a key is left
		err = r.v.destroyKeys([]OwnerID{OwnerID(e.Owner)}, keyring.Ordinary, keyring.Law)
	}
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if err := r.redoOne(ctx, tx, owner, e); err != nil {
			return err
		}
	}
	if known {
		return nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO vault_journal (id, seq, day, op, owner, kind, record, arg, shipped)
		VALUES ($1, 0, $2, $3, $4, $5, $6, $7, $8)`, e.ID, int64(e.Day), e.Op, e.Owner, e.Kind, e.Record, e.Arg, true)
	return err
}

// who lists the owners in the snapshot that an entry about an owner is about.
func (r replayer) who(ctx context.Context, tx *sql.Tx, owner OwnerID) ([]OwnerID, error) {
	_, err := r.v.Owner(ctx, tx, owner)
	if errors.Is(err, ErrNotFound) {
		return r.standIns[owner], nil
	}
	return []OwnerID{owner}, err
}

func (r replayer) redoOne(ctx context.Context, tx *sql.Tx, owner OwnerID, e journal.Entry) error {
	switch e.Op {
	case opErased:
		return r.erased(ctx, tx, owner)
	case opDeleted:
		return r.deleted(ctx, tx, owner, e)
	case opLowered:
		return r.lowered(ctx, tx, owner, e)
	case opShortened:
		return r.shortened(ctx, tx, owner, e)
	case opMerged:
		return r.merged(ctx, tx, owner, OwnerID(e.Arg))
	case opMoved:
		return r.moved(ctx, tx, e)
	case opClosed:
		return r.flag(ctx, tx, owner, `open = $1`, false)
	case opRestricted:
		return r.flag(ctx, tx, owner, `restricted = $1`, true)
	case opNoted:
		return nil // whoever noted it does it again; see Notes
	case opObjected:
		return r.flag(ctx, tx, owner, `objects = objects || $1`, e.Arg+"|")
	}
	return fmt.Errorf("the journal has an unknown word %q", e.Op)
}

// erased leaves the tombstone; Recover does the rest.
func (r replayer) erased(ctx context.Context, tx *sql.Tx, owner OwnerID) error {
	if sabotage.Is(sabotage.TombstoneIgnored) {
		return nil
	}
	return r.flag(ctx, tx, owner, `state = 'erasing', open = $1`, false)
}

func (r replayer) deleted(ctx context.Context, tx *sql.Tx, owner OwnerID, e journal.Entry) error {
	s, d, err := r.record(ctx, tx, owner, e)
	if d == nil || err != nil {
		return err
	}
	value, err := r.v.value(d, s)
	if err != nil && !unopenable(err) {
		return err
	}
	if err := r.v.dropMoved(ctx, tx, s); err != nil || value == nil {
		return err
	}
	return r.v.releaseLost(ctx, tx, d, owner, value) // find may not have been restored
}

func (r replayer) lowered(ctx context.Context, tx *sql.Tx, owner OwnerID, e journal.Entry) error {
	seen, err := strconv.Atoi(e.Arg)
	if err != nil {
		return err
	}
	s, d, err := r.record(ctx, tx, owner, e)
	if d == nil || err != nil || s.seen <= Audience(seen) {
		return err
	}
	err = r.v.reseal(ctx, tx, d, s, Audience(seen))
	if unopenable(err) {
		return nil
	}
	return err
}

func (r replayer) shortened(ctx context.Context, tx *sql.Tx, owner OwnerID, e journal.Entry) error {
	day, err := strconv.Atoi(e.Arg)
	if err != nil {
		return err
	}
	if e.Kind == "" {
		_, err := tx.ExecContext(ctx, `UPDATE vault_owner SET expires_day = $1 WHERE id = $2 AND expires_day > $1`, int64(day), string(owner))
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE vault_record SET expires_day = $1, told_day = CASE WHEN told_day < $1 THEN told_day ELSE $1 END
		WHERE owner = $2 AND kind = $3 AND id = $4 AND expires_day > $1`, int64(day), string(owner), e.Kind, e.Record)
	return err
}

func (r replayer) moved(ctx context.Context, tx *sql.Tx, e journal.Entry) error {
	day, err := strconv.Atoi(e.Arg)
	if err != nil {
		return err
	}
	// As on that day: what was over by then does not come back.
	_, err = r.v.setAnchor(ctx, tx, e.Record, Day(day), Day(e.Day))
	return err
}

// record finds what an entry is about. A kind that is not declared any more is
// read by nobody: nothing need be done.
func (r replayer) record(ctx context.Context, tx *sql.Tx, owner OwnerID, e journal.Entry) (stored, *decl, error) {
	d := r.v.reg.decls[e.Kind]
	if d == nil {
		return stored{}, nil, nil
	}
	s, err := r.v.rowEver(ctx, tx, d, owner, e.Record)
	if errors.Is(err, ErrNotFound) {
		return s, nil, nil
	}
	return s, d, err
}

// merged merges again if both are there as they were.
func (r replayer) merged(ctx context.Context, tx *sql.Tx, from, into OwnerID) error {
	first, err := r.alive(ctx, tx, from)
	if err != nil || !first {
		return err
	}
	_, err = r.v.Owner(ctx, tx, into)
	if errors.Is(err, ErrNotFound) {
		r.standIns[into] = append(r.standIns[into], from)
		return nil
	}
	second, err := r.alive(ctx, tx, into)
	if err != nil || !second {
		return err
	}
	a, b, err := r.v.touchBoth(ctx, tx, from, into)
	if err != nil {
		return err
	}
	return r.v.merge(ctx, tx, a, b)
}

// alive reports whether an owner has a key and no tombstone.
func (r replayer) alive(ctx context.Context, tx *sql.Tx, id OwnerID) (bool, error) {
	o, err := r.v.Owner(ctx, tx, id)
	if err != nil {
		return false, err
	}
	slot, err := id.slot()
	return o.State == live && r.v.ring.Has(slot, keyring.Ordinary), err
}

func (r replayer) flag(ctx context.Context, tx *sql.Tx, owner OwnerID, set string, value any) error {
	_, err := tx.ExecContext(ctx, `UPDATE vault_owner SET version = version + 1, `+set+` WHERE id = $2`, value, string(owner))
	return err
}

// dropUnrestored removes what no restore may bring back.
func (v *Vault) dropUnrestored(ctx context.Context) error {
	var args []any
	var places []string
	for _, d := range v.reg.decls {
		if d.dropAtRestore {
			places = append(places, arg(&args, d.Name))
		}
	}
	if len(args) == 0 {
		return nil
	}
	_, err := v.db.ExecContext(ctx, `DELETE FROM vault_record WHERE kind IN (`+strings.Join(places, ", ")+`)`, args...)
	return err
}

// dropUnreadable removes the rows of owners whose key is gone: they were erased
// longer ago than the journal remembers.
func (v *Vault) dropUnreadable(ctx context.Context) error {
	ids, err := owners(ctx, v.db, `SELECT id FROM vault_owner WHERE state <> 'held'`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		slot, err := id.slot()
		if err != nil {
			return err
		}
		if v.ring.Has(slot, keyring.Ordinary) {
			continue
		}
		if _, err := v.db.ExecContext(ctx, `UPDATE vault_owner SET state = 'erasing' WHERE id = $1`, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// checkRing refuses a key ring that knows none of the owners: replaced, or made
// anew in an empty folder. Reads would show nothing instead of an error, and a
// restore would remove everybody.
func (v *Vault) checkRing(ctx context.Context) error {
	ids, err := owners(ctx, v.db, `SELECT id FROM vault_owner WHERE state = 'live' AND expires_day >= $1 LIMIT 16`, int64(v.Today()))
	if err != nil || len(ids) == 0 {
		return err
	}
	for _, id := range ids {
		slot, err := id.slot()
		if err != nil {
			return err
		}
		if _, err := v.ring.Key(slot, keyring.Ordinary); !errors.Is(err, keyring.ErrNoKey) {
			return err
		}
	}
	return ErrWrongRing
}
