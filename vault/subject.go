package vault

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Subject is all that is held about one owner, for that owner alone (GDPR's
// data subject). Pages on which people see, change, hide, take and erase their
// data are made from it; it needs no typed handle, since it can do nothing that
// the owner may not.
type Subject struct {
	v     *Vault
	owner OwnerID
}

// Subject returns the owner's own view of everything.
func (v *Vault) Subject(owner OwnerID) Subject { return Subject{v, owner} }

// Item is one record as its owner sees it.
type Item struct {
	Info     Info
	ID       string
	Rev      int64
	Audience Audience
	Scope    string
	Policy   int
	Made     Day
	Expires  Day
	Text     string          // the value in a line
	Value    json.RawMessage // without secrets
}

// Each calls fn for each record, kind by kind, in constant memory. fn must not
// use q.
func (s Subject) Each(ctx context.Context, q Querier, fn func(Item) error) error {
	return s.v.each(ctx, q, s.owner, "", func(d *decl, st stored, raw []byte) error {
		item, err := d.item(st, bytes.Clone(raw))
		if err != nil {
			return err
		}
		return fn(item)
	})
}

// Get returns one record.
func (s Subject) Get(ctx context.Context, q Querier, kind, id string) (Item, error) {
	d, err := s.v.declared(kind)
	if err != nil {
		return Item{}, err
	}
	if s.owner == "" || id == "" { // would ask for anybody's
		return Item{}, ErrNotFound
	}
	rows, err := d.read(ctx, q, Self(s.owner), query{owner: s.owner, id: id})
	if err != nil {
		return Item{}, err
	}
	if len(rows) == 0 {
		return Item{}, ErrNotFound
	}
	raw, err := s.v.open(d, rows[0])
	if err != nil {
		return Item{}, err
	}
	return d.item(rows[0], raw)
}

func (d *decl) item(s stored, raw []byte) (Item, error) {
	item := Item{Info: d.Info, ID: s.id, Rev: s.rev, Audience: s.seen, Scope: s.scope, Policy: s.policy,
		Made: s.made, Expires: s.expires}
	if d.describe != nil {
		value, err := d.decode(raw)
		if err != nil {
			return item, s.fault(err)
		}
		item.Text = d.describe(value)
	}
	shown, err := d.withoutSecrets(raw)
	if err != nil {
		return item, s.fault(err)
	}
	item.Value = shown
	return item, nil
}

// Change replaces the value of a record that still has the given rev. Secrets
// of the old value are kept.
func (s Subject) Change(ctx context.Context, tx *sql.Tx, kind, id string, rev int64, raw json.RawMessage) error {
	d, err := s.v.declared(kind)
	if err != nil {
		return err
	}
	if d.ByProgram {
		return refuse(kind, "only the program writes it")
	}
	old, err := s.v.row(ctx, tx, d, s.owner, id)
	if err != nil {
		return err
	}
	if raw, err = s.v.keepSecrets(d, old, raw); err != nil {
		return err
	}
	value, err := d.decodeStrict(raw)
	if err != nil {
		return &ValueError{kind, err}
	}
	draft := stored{owner: s.owner, kind: kind, id: id, schema: d.Schema, rev: rev, scope: old.scope, anchor: old.anchor}
	_, err = d.put(ctx, tx, Self(s.owner), draft, value)
	return err
}

var errNoObject = errors.New("it is not a JSON object")

func (v *Vault) keepSecrets(d *decl, old stored, raw json.RawMessage) (json.RawMessage, error) {
	if len(d.Secrets) == 0 {
		return raw, nil
	}
	was, err := v.open(d, old)
	if err != nil {
		return nil, err
	}
	var before, after map[string]json.RawMessage
	if err := json.Unmarshal(was, &before); err != nil {
		return nil, old.fault(err)
	}
	if err := json.Unmarshal(raw, &after); err != nil || after == nil {
		return nil, &ValueError{d.Name, errNoObject}
	}
	d.dropSecrets(after)
	for _, name := range d.Secrets {
		if value, ok := before[name]; ok {
			after[name] = value
		}
	}
	return json.Marshal(after)
}

// dropSecrets takes secret fields out of a value from outside, however their
// names are spelt: package json does not mind upper case.
func (d *decl) dropSecrets(fields map[string]json.RawMessage) {
	maps.DeleteFunc(fields, func(field string, _ json.RawMessage) bool {
		return slices.ContainsFunc(d.Secrets, func(name string) bool { return strings.EqualFold(name, field) })
	})
}

// SetAudience says who may see a record.
func (s Subject) SetAudience(ctx context.Context, tx *sql.Tx, kind, id string, seen Audience) error {
	d, err := s.v.declared(kind)
	if err != nil {
		return err
	}
	return d.setAudience(ctx, tx, Self(s.owner), s.owner, id, seen)
}

// Delete erases one record.
func (s Subject) Delete(ctx context.Context, tx *sql.Tx, kind, id string) error {
	d, err := s.v.declared(kind)
	if err != nil {
		return err
	}
	return d.remove(ctx, tx, Self(s.owner), s.owner, id)
}

// DeleteAll erases all records of a kind and says how many.
func (s Subject) DeleteAll(ctx context.Context, tx *sql.Tx, kind string) (int, error) {
	d, err := s.v.declared(kind)
	if err != nil {
		return 0, err
	}
	return d.removeAll(ctx, tx, Self(s.owner), s.owner)
}

func (v *Vault) declared(kind string) (*decl, error) {
	if d := v.reg.decls[kind]; d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("%w: kind %q is not declared", ErrNotFound, kind)
}

// each opens the owner's records in the order of the table, but for those whose
// key is gone. raw is valid during the call only.
func (v *Vault) each(ctx context.Context, q Querier, owner OwnerID, kind string, fn func(d *decl, s stored, raw []byte) error) error {
	text := "SELECT " + ofOwner + ` FROM vault_record WHERE owner = $1 AND expires_day >= $2`
	args := []any{string(owner), int64(v.Today())}
	if kind != "" {
		text += " AND kind = " + arg(&args, kind)
	}
	rows, err := q.QueryContext(ctx, text+" ORDER BY owner, kind, id", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	r := opener{v: v, rows: rows}
	r.row.into(&r.body)
	r.row.owner, r.row.known = string(owner), 1
	for rows.Next() {
		if err := r.next(fn); err != nil {
			return err
		}
	}
	return rows.Err()
}

// opener opens row after row with one buffer, and asks the ring once a kind.
type opener struct {
	v    *Vault
	rows *sql.Rows
	row  rowReader
	d    *decl
	s    stored
	body sql.RawBytes
	buf  []byte
	key  keyOf

	described []byte
}

func (o *opener) next(fn func(*decl, stored, []byte) error) error {
	var err error
	if o.s, err = o.row.next(o.rows); err != nil {
		return err
	}
	o.s.body = o.body
	if err := o.turn(); err != nil {
		if errors.Is(err, ErrErased) { // since the query, or about to be
			return nil
		}
		return err
	}
	o.described = o.s.describe(o.described[:0])
	raw, err := o.d.openWith(o.key.aead, o.s, o.buf[:0], o.described)
	if err != nil {
		return err
	}
	o.s.schema = o.d.Schema
	if cap(raw) > cap(o.buf) {
		o.buf = raw[:0]
	}
	return fn(o.d, o.s, raw)
}

// turn looks up kind and key when the rows come to another kind.
func (o *opener) turn() (err error) {
	if o.d == nil || o.d.Name != o.s.kind {
		if o.d = o.v.reg.decls[o.s.kind]; o.d == nil {
			return o.s.fault(errUndeclared)
		}
	}
	if o.key.aead == nil || o.key.class != o.d.class() {
		o.key.class = o.d.class()
		if o.key.aead, err = o.v.aead(o.s.owner, o.d); err != nil {
			return o.s.fault(err)
		}
	}
	return nil
}

// Group counts the records of one kind that share audience and last day.
type Group struct {
	Info     Info
	Audience Audience
	Expires  Day
	Count    int
}

// Groups says what is held without opening any of it.
func (s Subject) Groups(ctx context.Context, q Querier) ([]Group, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, seen, expires_day, COUNT(*) FROM vault_record
		WHERE owner = $1 AND expires_day >= $2 GROUP BY kind, seen, expires_day ORDER BY kind, seen, expires_day`,
		string(s.owner), int64(s.v.Today()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Group
	for rows.Next() {
		var g Group
		var kind string
		if err := rows.Scan(&kind, &g.Audience, &g.Expires, &g.Count); err != nil {
			return nil, err
		}
		d, err := s.v.declared(kind)
		if err != nil {
			return nil, err
		}
		g.Info = d.Info
		all = append(all, g)
	}
	return all, rows.Err()
}

// Page lists some of the owner's records, kind by kind, from the one after the
// given kind and id. kind narrows it to one, if set.
func (s Subject) Page(ctx context.Context, q Querier, kind, afterKind, afterID string, limit int) ([]Item, error) {
	args := []any{string(s.owner), int64(s.v.Today()), afterKind, afterID}
	text := "SELECT " + columns + ` FROM vault_record r WHERE r.owner = $1 AND r.expires_day >= $2 AND (r.kind, r.id) > ($3, $4)`
	if kind != "" {
		text += " AND r.kind = " + arg(&args, kind)
	}
	rows, err := scan(q.QueryContext(ctx, text+" ORDER BY r.kind, r.id LIMIT "+arg(&args, limit), args...))
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(rows))
	for _, row := range rows {
		item, err := s.opened(row)
		if errors.Is(err, ErrErased) { // since the query, or about to be
			continue
		}
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func (s Subject) opened(row stored) (Item, error) {
	d, err := s.v.declared(row.kind)
	if err != nil {
		return Item{}, err
	}
	raw, err := s.v.open(d, row)
	if err != nil {
		return Item{}, err
	}
	return d.item(row, raw)
}
