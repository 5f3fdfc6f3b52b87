package vault

import (
	"context"
	"database/sql"
	"fmt"
)

// Delete erases one record, after the kind's last word. What a law holds stays,
// with a HeldError that says until when.
func (k Kind[T]) Delete(ctx context.Context, tx *sql.Tx, who Who, owner OwnerID, id string) error {
	return k.d.remove(ctx, tx, who, owner, id)
}

// DeleteAll erases the owner's records of the kind and says how many.
func (k Kind[T]) DeleteAll(ctx context.Context, tx *sql.Tx, who Who, owner OwnerID) (int, error) {
	return k.d.removeAll(ctx, tx, who, owner)
}

func (d *decl) removeAll(ctx context.Context, tx *sql.Tx, who Who, owner OwnerID) (int, error) {
	rows, err := scan(tx.QueryContext(ctx, "SELECT "+columns+` FROM vault_record r
		WHERE r.owner = $1 AND r.kind = $2 AND r.expires_day >= $3`, string(owner), d.Name, int64(d.vault.Today())))
	if err != nil {
		return 0, err
	}
	for i, s := range rows {
		if err := d.remove(ctx, tx, who, owner, s.id); err != nil {
			return i, err
		}
	}
	return len(rows), nil
}

func (d *decl) remove(ctx context.Context, tx *sql.Tx, who Who, owner OwnerID, id string) error {
	v := d.vault
	o, err := v.touch(ctx, tx, owner)
	if err != nil {
		return err
	}
	s, err := v.row(ctx, tx, d, owner, id)
	if err != nil {
		return err
	}
	if err := d.mayRemove(who, o, s, v.Today()); err != nil {
		return err
	}
	if _, err := v.sayLastWord(ctx, tx, d, s); err != nil {
		return err
	}
	if err := v.note(ctx, tx, entry{seq: o.Version, op: opDeleted, owner: owner, kind: d.Name, record: id}); err != nil {
		return err
	}
	return v.drop(ctx, tx, d, s)
}

func (d *decl) mayRemove(who Who, o Owner, s stored, today Day) error {
	if err := d.mayWrite(who, o.ID, s.scope, today); err != nil {
		return err
	}
	if d.Retention.law != "" {
		return &HeldError{d.Name, d.Retention.law, s.expires}
	}
	if o.Restricted && who.mode != self && !d.Essential {
		return ErrRestricted
	}
	return nil
}

// sayLastWord gives the kind a last look at a record. One that nobody can open
// any more is passed over: it goes all the same, untold.
func (v *Vault) sayLastWord(ctx context.Context, tx *sql.Tx, d *decl, s stored) (told bool, err error) {
	if d.lastWord == nil {
		return true, nil
	}
	value, err := v.value(d, s)
	if unopenable(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := d.lastWord(ctx, tx, s, value); err != nil {
		return false, fmt.Errorf("vault: last word of %s: %w", d.Name, err)
	}
	return true, nil
}

// drop removes a row and its look-ups.
func (v *Vault) drop(ctx context.Context, tx *sql.Tx, d *decl, s stored) error {
	if len(d.indexes) > 0 {
		if err := v.unindex(ctx, tx, d, s, nil); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM vault_record WHERE owner = $1 AND kind = $2 AND id = $3`,
		string(s.owner), s.kind, s.id)
	return err
}
