package vault

import (
	"context"
	"database/sql"
	"errors"
	"slices"
)

// Merge moves every record of one owner to another, in the caller's
// transaction: of a record that both have under one id, as single kinds do, the
// kind's Join decides, else the record of the second stays. What the first
// objected to or restricted counts for the second from then on. The first is
// gone afterwards; the second must not end before it.
func (v *Vault) Merge(ctx context.Context, tx *sql.Tx, from, into OwnerID) error {
	if from == into {
		return refuse("owner", "an owner cannot be merged with itself")
	}
	a, b, err := v.touchBoth(ctx, tx, from, into)
	if err != nil {
		return err
	}
	if b.Expires < a.Expires {
		return refuse("owner", "it would end before the one that is merged into it")
	}
	return v.merge(ctx, tx, a, b)
}

// merge does it: both are locked.
func (v *Vault) merge(ctx context.Context, tx *sql.Tx, a, b Owner) error {
	from, into := a.ID, b.ID
	if err := v.moveAll(ctx, tx, from, into); err != nil {
		return err
	}
	// What is journalled of the second from here on comes after what was of both.
	seq := max(a.Version, b.Version) + 1
	if err := v.note(ctx, tx, entry{seq: seq, op: opMerged, owner: from, arg: string(into)}); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE vault_owner SET version = $1, restricted = $2, objects = $3 WHERE id = $4`,
		seq, a.Restricted || b.Restricted, unite(a.Objects, b.Objects), string(into)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE vault_owner SET state = 'joined', joined = $1, expires_day = $2, open = $3 WHERE id = $4`,
		string(into), int64(v.Today())+mergeKeyDays, false, string(from))
	return err
}

func unite(a, b []string) string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return joinObjects(slices.Compact(all))
}

// touchBoth locks two owners, in one order for all who do.
func (v *Vault) touchBoth(ctx context.Context, tx *sql.Tx, from, into OwnerID) (a, b Owner, err error) {
	if from > into {
		b, a, err = v.touchBoth(ctx, tx, into, from)
		return a, b, err
	}
	if a, err = v.touch(ctx, tx, from); err != nil {
		return a, b, err
	}
	b, err = v.touch(ctx, tx, into)
	return a, b, err
}

func (v *Vault) moveAll(ctx context.Context, tx *sql.Tx, from, into OwnerID) error {
	rows, err := v.settled(ctx, tx, "SELECT "+columns+` FROM vault_record r WHERE r.owner = $1`, string(from))
	if err != nil {
		return err
	}
	rows, err = v.lapseOver(ctx, tx, rows)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE vault_claim SET owner = $1 WHERE owner = $2`, string(into), string(from)); err != nil {
		return err
	}
	for _, s := range rows {
		if err := v.move(ctx, tx, s, into); err != nil {
			return err
		}
	}
	return nil
}

// lapseOver removes the records whose day is over and returns the others.
func (v *Vault) lapseOver(ctx context.Context, tx *sql.Tx, rows []stored) ([]stored, error) {
	var left []stored
	for _, s := range rows {
		if s.expires >= v.Today() {
			left = append(left, s)
		} else if err := v.lapse(ctx, tx, s); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// move takes a record to another owner: opened with one key, sealed with the other.
func (v *Vault) move(ctx context.Context, tx *sql.Tx, s stored, into OwnerID) error {
	d, ok := v.reg.decls[s.kind]
	if !ok {
		return s.fault(errUndeclared)
	}
	value, err := v.value(d, s)
	if err != nil {
		return err
	}
	if err := v.dropMoved(ctx, tx, s); err != nil {
		return err
	}
	s.owner, s.schema = into, d.Schema
	there, err := v.row(ctx, tx, d, into, s.id)
	switch {
	case errors.Is(err, ErrNotFound):
		return v.store(ctx, tx, d, s, value, true)
	case err != nil:
		return err
	case there.expires < v.Today():
		if err := v.lapse(ctx, tx, there); err != nil {
			return err
		}
		return v.store(ctx, tx, d, s, value, true)
	}
	return v.join(ctx, tx, d, there, s, value)
}

// dropMoved removes the row of a record that lives on with another owner; the
// claims have moved already.
func (v *Vault) dropMoved(ctx context.Context, tx *sql.Tx, s stored) error {
	for _, text := range []string{`DELETE FROM vault_find WHERE owner = $1 AND kind = $2 AND id = $3`,
		`DELETE FROM vault_record WHERE owner = $1 AND kind = $2 AND id = $3`} {
		if _, err := tx.ExecContext(ctx, text, string(s.owner), s.kind, s.id); err != nil {
			return err
		}
	}
	return nil
}

// join makes one record of two that have one id.
func (v *Vault) join(ctx context.Context, tx *sql.Tx, d *decl, kept, joined stored, value any) error {
	mine, err := v.value(d, kept)
	if err != nil {
		return err
	}
	if d.join != nil {
		mine = d.join(mine, value)
	}
	kept.schema, kept.rev, kept.seen = d.Schema, kept.rev+1, min(kept.seen, joined.seen)
	if d.Retention.law != "" {
		kept.expires, kept.told = max(kept.expires, joined.expires), max(kept.told, joined.told)
	} else {
		kept.expires, kept.told = min(kept.expires, joined.expires), min(kept.told, joined.told)
	}
	if err := v.store(ctx, tx, d, kept, mine, false); err != nil {
		return err
	}
	return v.releaseLost(ctx, tx, d, kept.owner, value)
}

// releaseLost gives up the unique values of a record that is no more.
func (v *Vault) releaseLost(ctx context.Context, tx *sql.Tx, d *decl, owner OwnerID, value any) error {
	for _, row := range d.findRows(value) {
		ix, _ := d.index(row.name)
		if !ix.unique {
			continue
		}
		if err := v.giveUp(ctx, tx, row, owner, ix.reserve); err != nil {
			return err
		}
	}
	return nil
}
