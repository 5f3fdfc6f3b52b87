package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"kept/vault/keyring"
	"kept/vault/sabotage"
)

// Receipt tells what an erasure did, or would do.
type Receipt struct {
	Day    Day            `json:"-"`
	Erased map[string]int `json:"erased"` // records by kind
	Held   []Held         `json:"held"`   // what a law keeps, by kind
	Untold int            `json:"untold"` // records that had last words and could not be opened
}

// Held is what stays by law.
type Held struct {
	Kind  string `json:"kind"`
	Law   string `json:"law"`
	Count int    `json:"count"`
	Until Day    `json:"-"` // when the last of them goes
}

// Preview says what an erasure of the owner would remove, and what the law holds.
func (v *Vault) Preview(ctx context.Context, q Querier, owner OwnerID) (Receipt, error) {
	r := Receipt{Day: v.Today(), Erased: map[string]int{}}
	rows, err := q.QueryContext(ctx, `SELECT kind, COUNT(*), MAX(expires_day) FROM vault_record
		WHERE owner = $1 GROUP BY kind ORDER BY kind`, string(owner))
	if err != nil {
		return r, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var count int
		var last Day
		if err := rows.Scan(&kind, &count, &last); err != nil {
			return r, err
		}
		if d := v.reg.decls[kind]; d != nil && d.Retention.law != "" && last >= v.Today() {
			r.Held = append(r.Held, Held{kind, d.Retention.law, count, last})
		} else {
			r.Erased[kind] = count
		}
	}
	return r, rows.Err()
}

// EraseOwner erases an owner: the last words of its records, tombstone and
// journal, then the key, at which all is unreadable, then the rows. It returns
// when that is on the disk. What a law holds stays sealed under the owner's
// second key until its day.
//
// A crash at any point is finished by Open. Only an error before the tombstone
// leaves everything as it was; after it the erasure stands, even if the error
// says that the rest is still to be done.
func (v *Vault) EraseOwner(ctx context.Context, owner OwnerID) (Receipt, error) {
	var r Receipt
	err := v.inTx(ctx, func(tx *sql.Tx) (err error) {
		o, err := v.touch(ctx, tx, owner)
		if err != nil {
			return err
		}
		if r, err = v.Preview(ctx, tx, owner); err != nil {
			return err
		}
		r.Untold, err = v.bury(ctx, tx, o)
		return err
	})
	if err != nil {
		return r, err
	}
	return r, v.finish(context.WithoutCancel(ctx), owner)
}

// bury says the last words and writes the tombstones of the owner and of those
// merged into it.
func (v *Vault) bury(ctx context.Context, tx *sql.Tx, o Owner) (untold int, err error) {
	if untold, err = v.sayLastWords(ctx, tx, o.ID); err != nil {
		return 0, err
	}
	parts, err := v.parts(ctx, tx, o.ID)
	if err != nil {
		return 0, err
	}
	for _, id := range parts {
		if err := v.note(ctx, tx, entry{seq: o.Version, op: opErased, owner: id}); err != nil {
			return 0, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE vault_owner SET state = 'erasing', open = $1 WHERE id = $2`, false, string(id)); err != nil {
			return 0, err
		}
	}
	return untold, nil
}

// sayLastWords reads the records of kinds that have something to say.
func (v *Vault) sayLastWords(ctx context.Context, tx *sql.Tx, owner OwnerID) (untold int, err error) {
	for _, info := range v.Kinds() {
		d := v.reg.decls[info.Name]
		if d.lastWord == nil || d.Retention.law != "" {
			continue
		}
		rows, err := scan(tx.QueryContext(ctx, "SELECT "+columns+` FROM vault_record r
			WHERE r.owner = $1 AND r.kind = $2`, string(owner), d.Name))
		if err != nil {
			return 0, err
		}
		for _, s := range rows {
			told, err := v.sayLastWord(ctx, tx, d, s)
			if err != nil {
				return 0, err
			}
			if !told {
				untold++
			}
		}
	}
	return untold, nil
}

// parts lists an owner and all who were merged into it.
func (v *Vault) parts(ctx context.Context, q Querier, owner OwnerID) ([]OwnerID, error) {
	all := []OwnerID{owner}
	for i := 0; i < len(all); i++ {
		rows, err := q.QueryContext(ctx, `SELECT id FROM vault_owner WHERE joined = $1`, string(all[i]))
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var id OwnerID
			if err := rows.Scan(&id); err != nil {
				rows.Close()
				return nil, err
			}
			all = append(all, id)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// end erases an owner whose day is over; nobody need be told by the journal,
// since a restore knows the day, too.
func (v *Vault) end(ctx context.Context, owner OwnerID) error {
	over := false
	err := v.inTx(ctx, func(tx *sql.Tx) (err error) {
		over, err = changed(tx.ExecContext(ctx, `UPDATE vault_owner SET state = 'erasing', version = version + 1
			WHERE id = $2 AND `+ended, int64(v.Today()), string(owner)))
		if err != nil || !over {
			return err
		}
		_, err = v.sayLastWords(ctx, tx, owner)
		return err
	})
	if err != nil || !over {
		return err
	}
	return v.finish(ctx, owner)
}

// Recover finishes erasures that a crash interrupted and ships the journal. Open
// calls it.
func (v *Vault) Recover(ctx context.Context) error {
	ids, err := owners(ctx, v.db, `SELECT id FROM vault_owner WHERE state = 'erasing'`)
	if err != nil {
		return err
	}
	if err := v.Flush(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		if err := v.finish(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// finish does what follows a tombstone. Each step can be done again.
func (v *Vault) finish(ctx context.Context, owner OwnerID) error {
	if err := v.Flush(ctx); err != nil {
		return err
	}
	o, err := v.Owner(ctx, v.db, owner)
	if errors.Is(err, ErrNotFound) {
		return nil // somebody else has finished
	}
	if err != nil {
		return err
	}
	parts, err := v.parts(ctx, v.db, owner)
	if err != nil {
		return err
	}
	if err := v.destroyKeys(parts, keyring.Ordinary); err != nil {
		return fmt.Errorf("vault: erase keys: %w", err)
	}
	remains, err := v.eraseRows(ctx, parts)
	if err != nil {
		return fmt.Errorf("vault: erase rows: %w", err)
	}
	// What the law holds of somebody merged lies with another now, but in backups
	// still under the first one's key: that waits for sweepKeys.
	if !remains && o.Joined == "" {
		if err := v.destroyKeys(parts, keyring.Law); err != nil {
			return fmt.Errorf("vault: erase keys: %w", err)
		}
	}
	v.residue.Store(true)
	return v.Settle(ctx)
}

func (v *Vault) destroyKeys(owners []OwnerID, classes ...keyring.Class) error {
	if sabotage.Is(sabotage.KeyKept) {
		return nil
	}
	var refs []keyring.Ref
	for _, id := range owners {
		slot, err := id.slot()
		if err != nil {
			return err
		}
		for _, class := range classes {
			refs = append(refs, keyring.Ref{ID: slot, Class: class})
		}
	}
	return v.ring.Destroy(refs...)
}

// eraseRows removes what the law does not hold, and the owners unless something
// remains.
func (v *Vault) eraseRows(ctx context.Context, parts []OwnerID) (remains bool, err error) {
	err = v.inTx(ctx, func(tx *sql.Tx) error {
		for _, id := range parts {
			left, err := v.eraseOwnerRows(ctx, tx, id)
			if err != nil {
				return err
			}
			remains = remains || left
		}
		return nil
	})
	return remains, err
}

func (v *Vault) eraseOwnerRows(ctx context.Context, tx *sql.Tx, owner OwnerID) (held bool, err error) {
	if sabotage.Is(sabotage.RowsKept) {
		return false, nil
	}
	keep, args := v.heldKinds(owner)
	for _, text := range []string{
		`DELETE FROM vault_record WHERE owner = $1 AND NOT (` + keep + `)`,
		`DELETE FROM vault_find WHERE owner = $1 AND NOT (` + keep + `)`,
	} {
		if _, err := tx.ExecContext(ctx, text, args...); err != nil {
			return false, err
		}
	}
	if err := v.releaseClaims(ctx, tx, owner); err != nil {
		return false, err
	}
	var left int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM vault_record WHERE owner = $1`, string(owner)).Scan(&left); err != nil {
		return false, err
	}
	if left > 0 {
		_, err = tx.ExecContext(ctx, `UPDATE vault_owner SET state = 'held', open = $2, expires_day = $3, objects = '|' WHERE id = $1`,
			string(owner), false, int64(Never))
		return true, err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM vault_owner WHERE id = $1`, string(owner))
	return false, err
}

// heldKinds is a condition for the kinds that a law holds.
func (v *Vault) heldKinds(owner OwnerID) (string, []any) {
	args := []any{string(owner)}
	text := "1 = 0"
	for _, info := range v.Kinds() {
		if info.Retention.law != "" {
			text += " OR kind = " + arg(&args, info.Name)
		}
	}
	return text, args
}

// releaseClaims frees the owner's unique values, or reserves them as bare tokens.
func (v *Vault) releaseClaims(ctx context.Context, tx *sql.Tx, owner OwnerID) error {
	reserves := map[string]Days{}
	for _, d := range v.reg.decls {
		for _, ix := range d.indexes {
			reserves[ix.name] = max(reserves[ix.name], ix.reserve)
		}
	}
	for name, days := range reserves {
		if days == 0 {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE vault_claim SET owner = '', until_day = $1 WHERE owner = $2 AND name = $3`,
			int64(v.Today())+int64(days), string(owner), name); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM vault_claim WHERE owner = $1`, string(owner))
	return err
}

// UnreadableKinds lists kinds that stand in the database and are not declared:
// a feature was removed without saying what becomes of its records.
func (v *Vault) UnreadableKinds(ctx context.Context) ([]string, error) {
	rows, err := v.db.QueryContext(ctx, `SELECT DISTINCT kind FROM vault_record`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var unknown []string
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			return nil, err
		}
		if v.reg.decls[kind] == nil {
			unknown = append(unknown, kind)
		}
	}
	slices.Sort(unknown)
	return unknown, rows.Err()
}

// KeepsKey reports whether the database has an owner who is to have such a key:
// not one who was erased, or never came to be. It is for mending a key ring.
func KeepsKey(ctx context.Context, q Querier, ref keyring.Ref) (bool, error) {
	var state string
	err := q.QueryRowContext(ctx, `SELECT state FROM vault_owner WHERE id = $1`, string(OwnerOf(ref.ID))).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return state == live || state == joined || ref.Class == keyring.Law, err
}
