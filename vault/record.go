package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"kept/vault/sabotage"
)

// SingleID is the id of the record of a kind that an owner has once.
const SingleID = "-"

// Record is one record with its value opened.
type Record[T any] struct {
	Owner    OwnerID
	ID       string // empty in Put for a new one
	Rev      int64  // 0 in Put for a new one, else the one that was read
	Audience Audience
	Scope    string // what a role may be limited to, as "workshop-12"
	Anchor   string // what its date hangs on
	Policy   int    // version of the policy when it was written
	Made     Day
	Expires  Day // last day of its life
	Value    T
}

// stored is a record as its row has it.
type stored struct {
	owner   OwnerID
	kind    string
	id      string
	schema  int
	rev     int64
	seen    Audience
	scope   string
	policy  int
	made    Day
	anchor  string
	told    Day
	expires Day
	body    []byte
}

// Names without a table before them are a tenth faster to parse for SQLite, which
// parses every time.
const (
	columns      = `owner, ` + ofOwner
	ofOwner      = `kind, id, ` + described
	described    = `schema, rev, seen, scope, policy, made_day, anchor, told_day, expires_day, body`
	foundColumns = `r.owner, r.kind, r.id, r.schema, r.rev, r.seen, r.scope, r.policy, r.made_day, r.anchor, r.told_day, r.expires_day, r.body`
)

// rowReader reads row after row into the same places, of the types that
// database/sql copies without a detour.
type rowReader struct {
	owner, kind, id, scope, anchor                 string
	schema, rev, seen, policy, made, told, expires int64
	to                                             [13]any
	known                                          int // how many of the first columns are not asked for: owner, or owner, kind and id
}

// into sets where bodies go: to a *[]byte, which is a copy, or a *sql.RawBytes,
// which lasts until the next row.
func (r *rowReader) into(body any) *rowReader {
	r.to = [...]any{&r.owner, &r.kind, &r.id, &r.schema, &r.rev, &r.seen, &r.scope, &r.policy,
		&r.made, &r.anchor, &r.told, &r.expires, body}
	return r
}

func (r *rowReader) next(rows *sql.Rows) (stored, error) {
	err := rows.Scan(r.to[r.known:]...)
	return stored{owner: OwnerID(r.owner), kind: r.kind, id: r.id, schema: int(r.schema), rev: r.rev,
		seen: Audience(r.seen), scope: r.scope, policy: int(r.policy), made: Day(r.made), anchor: r.anchor,
		told: Day(r.told), expires: Day(r.expires)}, err
}

func recordOf[T any](s stored, value T) Record[T] {
	return Record[T]{Owner: s.owner, ID: s.id, Rev: s.rev, Audience: s.seen, Scope: s.scope,
		Anchor: s.anchor, Policy: s.policy, Made: s.made, Expires: s.expires, Value: value}
}

// Ref names a record of a kind.
type Ref struct {
	Owner OwnerID
	ID    string
}

// Put writes a record: a new one if Rev is 0, else the one that was read, which
// fails with ErrConflict if somebody else has changed it since. It returns the
// record as it is stored now.
func (k Kind[T]) Put(ctx context.Context, tx *sql.Tx, who Who, r Record[T]) (Record[T], error) {
	s, err := k.d.put(ctx, tx, who, draft(k.d, r), r.Value)
	return recordOf(s, r.Value), err
}

// PutAll writes many records, of any owners.
func (k Kind[T]) PutAll(ctx context.Context, tx *sql.Tx, who Who, records []Record[T]) error {
	for i, r := range records {
		s, err := k.d.put(ctx, tx, who, draft(k.d, r), r.Value)
		if err != nil {
			return fmt.Errorf("record %d of %d: %w", i+1, len(records), err)
		}
		records[i] = recordOf(s, r.Value)
	}
	return nil
}

func draft[T any](d *decl, r Record[T]) stored {
	return stored{owner: r.Owner, kind: d.Name, id: r.ID, schema: d.Schema, rev: r.Rev, seen: r.Audience,
		scope: r.Scope, anchor: r.Anchor}
}

// put writes a draft with its value, which is of the kind's type.
func (d *decl) put(ctx context.Context, tx *sql.Tx, who Who, s stored, value any) (stored, error) {
	v := d.vault
	if err := d.mayWrite(who, s.owner, s.scope, v.Today()); err != nil && !broken(err) {
		return s, err
	}
	if d.check != nil {
		if err := d.check(value); err != nil {
			return s, &ValueError{d.Name, err}
		}
	}
	o, err := v.touch(ctx, tx, s.owner)
	if err != nil {
		return s, err
	}
	if err := d.mayUse(who, o); err != nil {
		return s, err
	}
	if d.Single {
		s.id = SingleID
	}
	if s.rev == 0 {
		return v.insert(ctx, tx, d, o, s, value)
	}
	return v.update(ctx, tx, d, change{who, o}, s, value)
}

func (v *Vault) insert(ctx context.Context, tx *sql.Tx, d *decl, o Owner, s stored, value any) (stored, error) {
	if s.id == "" {
		s.id = NewID()
	}
	if err := d.choose(&s, o); err != nil {
		return s, err
	}
	s.rev, s.policy, s.made = 1, v.policy(), v.Today()
	if err := v.date(ctx, tx, d, &s, value); err != nil {
		return s, err
	}
	err := v.store(ctx, tx, d, s, value, true)
	if !errors.Is(err, ErrConflict) {
		return s, err
	}
	if err := v.makeWay(ctx, tx, d, s); err != nil {
		return s, err
	}
	return s, v.store(ctx, tx, d, s, value, true)
}

// makeWay removes a record in whose place another is put: one that has reached
// the end of its life and was not swept yet.
func (v *Vault) makeWay(ctx context.Context, tx *sql.Tx, d *decl, s stored) error {
	old, err := v.rowEver(ctx, tx, d, s.owner, s.id)
	if err != nil {
		return err
	}
	if old.expires >= v.Today() {
		return ErrConflict
	}
	return v.lapse(ctx, tx, old)
}

// choose settles the audience of a new record.
func (d *decl) choose(s *stored, o Owner) error {
	switch {
	case s.seen == 0 && o.Private && slices.Contains(d.Audiences, OnlyMe):
		s.seen = OnlyMe
	case s.seen == 0:
		s.seen = d.Audience
	case !slices.Contains(d.Audiences, s.seen):
		return refuse(d.Name, "the audience "+s.seen.String()+" is not one to choose")
	}
	return nil
}

// change says who changes a record, and what its owner was like just before.
type change struct {
	who   Who
	owner Owner
}

func (v *Vault) update(ctx context.Context, tx *sql.Tx, d *decl, c change, s stored, value any) (stored, error) {
	old, err := v.row(ctx, tx, d, s.owner, s.id)
	if err != nil {
		return s, err
	}
	if old.rev != s.rev {
		return s, ErrConflict
	}
	if s.seen == 0 {
		s.seen = old.seen
	}
	if err := d.mayChange(c.who, old, s); err != nil {
		return s, err
	}
	s.rev, s.made, s.policy = old.rev+1, old.made, v.policy()
	if err := v.date(ctx, tx, d, &s, value); err != nil {
		return s, err
	}
	if c.who.mode != self {
		s.keepPromise(d, old)
	}
	if err := v.noteChange(ctx, tx, c.owner, old, s); err != nil {
		return s, err
	}
	return s, v.store(ctx, tx, d, s, value, false)
}

// mayChange reports why a writer may not make one record of the other, if so.
func (d *decl) mayChange(w Who, old, s stored) error {
	switch {
	case w.mode == inRole && old.scope != w.scope:
		return refuse(d.Name, "the record is of another scope")
	case w.mode != self && s.seen > old.seen:
		return refuse(d.Name, "only its owner shows it to more people")
	case s.seen != old.seen && !slices.Contains(d.Audiences, s.seen):
		return refuse(d.Name, "the audience "+s.seen.String()+" is not one to choose")
	}
	return nil
}

// keepPromise is for changes that the owner did not make: a record of an older
// policy keeps it and never lives longer, and what hangs on an anchor never
// outlives the day that the owner was told.
func (s *stored) keepPromise(d *decl, old stored) {
	if old.policy != s.policy && !sabotage.Is(sabotage.PolicyBackdated) {
		s.policy, s.told, s.expires = old.policy, min(s.told, old.told), min(s.expires, old.expires)
	}
	if d.Retention.anchor {
		s.told = min(s.told, old.told)
		s.expires = min(s.expires, s.told)
	}
}

// noteChange tells the journal what a restore must not bring back.
func (v *Vault) noteChange(ctx context.Context, tx *sql.Tx, o Owner, old, s stored) error {
	e := entry{seq: o.Version, owner: s.owner, kind: s.kind, record: s.id}
	if s.seen < old.seen {
		e.op, e.arg = opLowered, strconv.Itoa(int(s.seen))
		if err := v.note(ctx, tx, e); err != nil {
			return err
		}
	}
	if s.expires < old.expires {
		e.op, e.arg = opShortened, strconv.Itoa(int(s.expires))
		return v.note(ctx, tx, e)
	}
	return nil
}

// row reads a record that is alive, and rowEver also one whose day is over.
func (v *Vault) row(ctx context.Context, tx *sql.Tx, d *decl, owner OwnerID, id string) (stored, error) {
	return v.rowSince(ctx, tx, d, owner, id, v.Today())
}

func (v *Vault) rowEver(ctx context.Context, tx *sql.Tx, d *decl, owner OwnerID, id string) (stored, error) {
	return v.rowSince(ctx, tx, d, owner, id, math.MinInt32)
}

func (v *Vault) rowSince(ctx context.Context, tx *sql.Tx, d *decl, owner OwnerID, id string, day Day) (stored, error) {
	rows, err := v.settled(ctx, tx, "SELECT "+columns+` FROM vault_record r
		WHERE r.owner = $1 AND r.kind = $2 AND r.id = $3 AND r.expires_day >= $4`, string(owner), d.Name, id, int64(day))
	if err != nil {
		return stored{}, err
	}
	if len(rows) == 0 {
		return stored{}, ErrNotFound
	}
	return rows[0], nil
}

// settled reads rows that are about to be written again, with the anchors that
// they hang on held in place.
func (v *Vault) settled(ctx context.Context, tx *sql.Tx, text string, args ...any) ([]stored, error) {
	rows, err := scan(tx.QueryContext(ctx, text, args...))
	if err != nil || v.dialect == SQLite {
		return rows, err
	}
	var anchors []string
	for _, s := range rows {
		if s.anchor != "" {
			anchors = append(anchors, s.anchor)
		}
	}
	if len(anchors) == 0 {
		return rows, nil
	}
	slices.Sort(anchors)
	for _, name := range slices.Compact(anchors) {
		if err := v.lockAnchor(ctx, tx, name, false); err != nil {
			return nil, err
		}
	}
	return scan(tx.QueryContext(ctx, text, args...))
}

// store seals the value and writes row and look-ups.
func (v *Vault) store(ctx context.Context, tx *sql.Tx, d *decl, s stored, value any, fresh bool) error {
	raw, err := d.encode(value)
	if err != nil {
		return &ValueError{d.Name, err}
	}
	if err := v.write(ctx, tx, d, s, raw, fresh); err != nil {
		return err
	}
	if len(d.indexes) == 0 {
		return nil
	}
	return v.reindex(ctx, tx, d, s, value, fresh)
}

func (v *Vault) write(ctx context.Context, tx *sql.Tx, d *decl, s stored, raw []byte, fresh bool) error {
	key, err := v.sealKey(s.owner, d)
	if err != nil {
		return err
	}
	s.body = seal(key, s, raw)
	if fresh {
		return s.insertRow(ctx, tx)
	}
	return s.updateRow(ctx, tx, s.rev-1)
}

func (s stored) insertRow(ctx context.Context, tx *sql.Tx) error {
	ok, err := changed(tx.ExecContext(ctx, `INSERT INTO vault_record (owner, kind, id, schema, rev, seen, scope,
		policy, made_day, anchor, told_day, expires_day, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		string(s.owner), s.kind, s.id, s.schema, s.rev, int64(s.seen), s.scope, s.policy, int64(s.made), s.anchor,
		int64(s.told), int64(s.expires), s.body))
	if err == nil && !ok {
		return ErrConflict
	}
	return err
}

// updateRow replaces a row that still has the given rev.
func (s stored) updateRow(ctx context.Context, tx *sql.Tx, rev int64) error {
	ok, err := changed(tx.ExecContext(ctx, `UPDATE vault_record SET schema = $1, rev = $2, seen = $3, scope = $4,
		policy = $5, anchor = $6, told_day = $7, expires_day = $8, body = $9
		WHERE owner = $10 AND kind = $11 AND id = $12 AND rev = $13`,
		s.schema, s.rev, int64(s.seen), s.scope, s.policy, s.anchor, int64(s.told), int64(s.expires), s.body,
		string(s.owner), s.kind, s.id, rev))
	if err == nil && !ok {
		return ErrConflict
	}
	return err
}

// SetAudience says who may see a record from now on.
func (k Kind[T]) SetAudience(ctx context.Context, tx *sql.Tx, who Who, owner OwnerID, id string, seen Audience) error {
	return k.d.setAudience(ctx, tx, who, owner, id, seen)
}

func (d *decl) setAudience(ctx context.Context, tx *sql.Tx, who Who, owner OwnerID, id string, seen Audience) error {
	v := d.vault
	if who.mode != self || who.owner != owner {
		return refuse(d.Name, "only its owner says who sees it")
	}
	if !slices.Contains(d.Audiences, seen) {
		return refuse(d.Name, "the audience "+seen.String()+" is not one to choose")
	}
	o, err := v.touch(ctx, tx, owner)
	if err != nil {
		return err
	}
	old, err := v.row(ctx, tx, d, owner, id)
	if err != nil || old.seen == seen {
		return err
	}
	s := old
	s.seen = seen
	if err := v.noteChange(ctx, tx, o, old, s); err != nil {
		return err
	}
	return v.reseal(ctx, tx, d, old, seen)
}

// reseal gives a record another audience, to which its body is bound.
func (v *Vault) reseal(ctx context.Context, tx *sql.Tx, d *decl, s stored, seen Audience) error {
	raw, err := v.open(d, s)
	if err != nil {
		return err
	}
	s.schema, s.rev, s.seen = d.Schema, s.rev+1, seen
	if err := v.write(ctx, tx, d, s, raw, false); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE vault_find SET seen = $1 WHERE owner = $2 AND kind = $3 AND id = $4`,
		int64(s.seen), string(s.owner), s.kind, s.id)
	return err
}
