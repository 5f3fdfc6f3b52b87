package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kept/vault/keyring"
)

// Owner is what is known in clear about an owner: nothing but switches.
type Owner struct {
	ID         OwnerID
	Type       OwnerType
	State      string // live, joined, erasing or held
	Open       bool   // said yes to being public at all
	Restricted bool   // asked to have the data kept but not used
	Private    bool   // new records start as narrow as they can be
	Objects    []string
	Joined     OwnerID // into whom it was merged
	Version    int64   // moves at every change of anything the owner has
	Expires    Day
}

const (
	live    = "live"
	joined  = "joined"  // merged into another; its key lives as long as backups may need it
	erasing = "erasing" // the tombstone stands; keys and rows go
	held    = "held"    // erased but for what a law holds
)

const ownerColumns = `id, type, state, open, restricted, private, objects, joined, version, expires_day`

// NewOwner makes an owner with its key, in the caller's transaction. An errand
// ends on the given day, at most ErrandDays from now; the others use Never or a
// day of their own.
func (v *Vault) NewOwner(ctx context.Context, tx *sql.Tx, t OwnerType, until Day) (OwnerID, error) {
	ids, err := v.NewOwners(ctx, tx, t, until, 1)
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// NewOwners is NewOwner for many at the cost of one write to the key ring.
func (v *Vault) NewOwners(ctx context.Context, tx *sql.Tx, t OwnerType, until Day, n int) ([]OwnerID, error) {
	if t == Errand {
		until = min(until, v.Today()+Day(ErrandDays))
	}
	ids, slots := make([]OwnerID, n), make([]keyring.ID, n)
	for i := range ids {
		ids[i] = OwnerID(NewID())
		slots[i], _ = ids[i].slot() // made one line above
	}
	if err := v.ring.New(keyring.Ordinary, int32(v.Today()), slots...); err != nil {
		return nil, fmt.Errorf("vault: keys for new owners: %w", err)
	}
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, `INSERT INTO vault_owner (`+ownerColumns+`)
			VALUES ($1, $2, 'live', $3, $3, $3, '|', '', 1, $4)`, string(id), string(t), false, int64(until)); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// Owner reads an owner; ErrNotFound if there is none, or no more.
func (v *Vault) Owner(ctx context.Context, q Querier, id OwnerID) (Owner, error) {
	return scanOwner(q.QueryRowContext(ctx, `SELECT `+ownerColumns+` FROM vault_owner WHERE id = $1`, string(id)))
}

func scanOwner(row interface{ Scan(...any) error }) (Owner, error) {
	var o Owner
	var objects string
	err := row.Scan(&o.ID, &o.Type, &o.State, &o.Open, &o.Restricted, &o.Private, &objects, &o.Joined, &o.Version, &o.Expires)
	if errors.Is(err, sql.ErrNoRows) {
		return o, ErrNotFound
	}
	o.Objects = splitObjects(objects)
	return o, err
}

func splitObjects(text string) []string {
	if text == "|" {
		return nil
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == '|' })
}

// touch moves the owner's version and locks its row until the transaction ends.
func (v *Vault) touch(ctx context.Context, tx *sql.Tx, id OwnerID) (Owner, error) {
	o := Owner{ID: id, State: live}
	var kind, objects string
	var expires int64
	err := tx.QueryRowContext(ctx, `UPDATE vault_owner SET version = version + 1 WHERE id = $1 AND state = 'live'
		RETURNING type, open, restricted, private, objects, version, expires_day`, string(id)).Scan(
		&kind, &o.Open, &o.Restricted, &o.Private, &objects, &o.Version, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return o, ErrErased
	}
	o.Type, o.Objects, o.Expires = OwnerType(kind), splitObjects(objects), Day(expires)
	return o, err
}

// SetOpen records the owner's yes or no to being public at all.
func (v *Vault) SetOpen(ctx context.Context, tx *sql.Tx, id OwnerID, open bool) error {
	return v.flag(ctx, tx, id, "open", open, !open, opClosed)
}

// Restrict keeps the owner's data from being used, but for what the owner does
// and for kinds that are essential (GDPR Art. 18).
func (v *Vault) Restrict(ctx context.Context, tx *sql.Tx, id OwnerID, on bool) error {
	return v.flag(ctx, tx, id, "restricted", on, on, opRestricted)
}

// SetPrivate makes the owner's new records start as narrow as their kinds allow.
func (v *Vault) SetPrivate(ctx context.Context, tx *sql.Tx, id OwnerID, on bool) error {
	return v.flag(ctx, tx, id, "private", on, false, "")
}

// flag sets a switch of an owner; told says whether a restore must know it.
func (v *Vault) flag(ctx context.Context, tx *sql.Tx, id OwnerID, column string, on, told bool, op string) error {
	o, err := v.touch(ctx, tx, id)
	if err != nil {
		return err
	}
	if told {
		if err := v.note(ctx, tx, entry{seq: o.Version, op: op, owner: id}); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE vault_owner SET `+column+` = $1 WHERE id = $2`, on, string(id))
	return err
}

// Object keeps work for a purpose from the owner's records from now on, or
// allows it again (GDPR Art. 21).
func (v *Vault) Object(ctx context.Context, tx *sql.Tx, id OwnerID, purpose string, on bool) error {
	if !v.reg.hasPurpose(purpose) {
		return refuse("owner", "the purpose is not declared by any kind")
	}
	o, err := v.touch(ctx, tx, id)
	if err != nil {
		return err
	}
	o.Objects = slices.DeleteFunc(o.Objects, func(p string) bool { return p == purpose })
	if on {
		o.Objects = append(o.Objects, purpose)
		if err := v.note(ctx, tx, entry{seq: o.Version, op: opObjected, owner: id, arg: purpose}); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE vault_owner SET objects = $1 WHERE id = $2`,
		joinObjects(o.Objects), string(id))
	return err
}

func joinObjects(purposes []string) string { return "|" + strings.Join(purposes, "|") + "|" }

// SetExpires moves the last day of an owner that is not a person.
func (v *Vault) SetExpires(ctx context.Context, tx *sql.Tx, id OwnerID, until Day) error {
	o, err := v.touch(ctx, tx, id)
	if err != nil {
		return err
	}
	if o.Type == Errand && until > o.Expires {
		return refuse("errand", "its life cannot be lengthened")
	}
	if until < o.Expires {
		e := entry{seq: o.Version, op: opShortened, owner: id, arg: strconv.Itoa(int(until))}
		if err := v.note(ctx, tx, e); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE vault_owner SET expires_day = $1 WHERE id = $2`, int64(until), string(id))
	return err
}

// Resolve follows merges: the owner that id has become part of, or id itself.
func (v *Vault) Resolve(ctx context.Context, q Querier, id OwnerID) (OwnerID, error) {
	for range 8 {
		o, err := v.Owner(ctx, q, id)
		if err != nil {
			return "", err
		}
		if o.State != joined {
			return id, nil
		}
		id = o.Joined
	}
	return "", ErrNotFound
}

// mergeKeyDays is how long the key of a merged owner lives on, so that a
// restore of an older backup can merge it again.
const mergeKeyDays = 8
