package vault

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"slices"
	"strings"
)

// Query asks for the records that have a value in a declared look-up.
type Query struct {
	Name  string
	Value string
	Owner OwnerID // of this owner only, if set
	Limit int     // 0 for all
	After string  // cursor of the last record of the page before
}

// ErrCursor says that a page cursor was not made by this vault.
var ErrCursor = errors.New("vault: no such page")

// Find reads the records with the value, in the order of their Sort.
func (k Kind[T]) Find(ctx context.Context, q Querier, who Who, ask Query) ([]Record[T], error) {
	return k.records(k.d.read(ctx, q, who, query{owner: ask.Owner, find: &ask}))
}

// FindOne is Find for a value that one record at most has; ErrNotFound if none.
func (k Kind[T]) FindOne(ctx context.Context, q Querier, who Who, name, value string) (Record[T], error) {
	return k.first(k.d.read(ctx, q, who, query{find: &Query{Name: name, Value: value, Limit: 1}}))
}

// OwnerOf returns who holds a unique value, in whichever kind; ErrNotFound if
// nobody does. Only the program at work for a declared purpose may ask.
func (k Kind[T]) OwnerOf(ctx context.Context, q Querier, who Who, name, value string) (OwnerID, error) {
	if who.mode != work {
		return "", refuse(k.d.Name, "only the program at work may ask who holds a value")
	}
	if err := k.d.mayRead(who, k.d.vault.Today()); err != nil {
		return "", err
	}
	if ix, ok := k.d.index(name); !ok || !ix.unique {
		return "", refuse(k.d.Name, "the unique look-up "+name+" is not declared")
	}
	var owner OwnerID
	err := q.QueryRowContext(ctx, `SELECT owner FROM vault_claim WHERE name = $1 AND token = $2 AND owner <> ''`,
		name, k.d.vault.token(name, value)).Scan(&owner)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotFound
	}
	return owner, err
}

// Free reports whether a unique value could be taken by the owner now.
func (k Kind[T]) Free(ctx context.Context, q Querier, name, value string, owner OwnerID) (bool, error) {
	var holder OwnerID
	var until Day
	err := q.QueryRowContext(ctx, `SELECT owner, until_day FROM vault_claim WHERE name = $1 AND token = $2`,
		name, k.d.vault.token(name, value)).Scan(&holder, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if holder == "" { // reserved
		return err == nil && until < k.d.vault.Today(), err
	}
	return holder == owner, err
}

// Cursor marks a record among those that the query found, for Query.After. It
// tells nothing to who carries it.
func (k Kind[T]) Cursor(ask Query, r Record[T]) string {
	ix, ok := k.d.index(ask.Name)
	if !ok {
		return ""
	}
	p := place{Owner: r.Owner, ID: r.ID}
	for _, key := range ix.of(r.Value) {
		if key.Value == ask.Value {
			p.Sort = key.Sort
			break // of two equal values the first counts
		}
	}
	return k.d.vault.writeCursor(p)
}

type place struct {
	Sort  int64
	Owner OwnerID
	ID    string
}

func (v *Vault) writeCursor(p place) string {
	plain, _ := json.Marshal(p) // of two strings and a number: cannot fail
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(v.cursor.Seal(nonce, nonce, plain, nil))
}

func (v *Vault) readCursor(text string) (place, error) {
	var p place
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < nonceSize {
		return p, ErrCursor
	}
	plain, err := v.cursor.Open(nil, raw[:nonceSize], raw[nonceSize:], nil)
	if err != nil {
		return p, ErrCursor
	}
	if err := json.Unmarshal(plain, &p); err != nil {
		return p, ErrCursor
	}
	return p, nil
}

// findText begins a query that joins the look-up, and returns order and limit.
func (d *decl) findText(b *strings.Builder, args *[]any, ask Query) (string, error) {
	if _, ok := d.index(ask.Name); !ok {
		return "", refuse(d.Name, "the look-up "+ask.Name+" is not declared")
	}
	b.WriteString(`SELECT ` + foundColumns + ` FROM vault_record r
		JOIN vault_find f ON f.owner = r.owner AND f.kind = r.kind AND f.id = r.id
		WHERE f.name = ` + arg(args, ask.Name) + " AND f.token = " + arg(args, d.vault.token(ask.Name, ask.Value)) +
		" AND f.kind = " + arg(args, d.Name))
	if ask.After != "" {
		p, err := d.vault.readCursor(ask.After)
		if err != nil {
			return "", err
		}
		b.WriteString(" AND (f.sort, f.owner, f.id) > (" + arg(args, p.Sort) + ", " +
			arg(args, string(p.Owner)) + ", " + arg(args, p.ID) + ")")
	}
	tail := " ORDER BY f.sort, f.owner, f.id"
	if ask.Limit > 0 {
		tail += " LIMIT " + arg(args, ask.Limit)
	}
	return tail, nil
}

// token is what a value is found by: a keyed hash that says nothing without the key.
func (v *Vault) token(name, value string) []byte {
	mac, ready := v.macs.Get().(hash.Hash)
	if !ready {
		mac = hmac.New(sha256.New, v.lookup)
	}
	defer v.macs.Put(mac)
	mac.Reset()
	io.WriteString(mac, name+"\x00")
	io.WriteString(mac, value)
	return mac.Sum(make([]byte, 0, sha256.Size))[:16]
}

type findRow struct {
	name   string
	token  []byte
	sort   int64
	unique bool
}

func (d *decl) findRows(value any) []findRow {
	var rows []findRow
	for _, ix := range d.indexes {
		for _, key := range ix.of(value) {
			row := findRow{ix.name, d.vault.token(ix.name, key.Value), key.Sort, ix.unique}
			if !slices.ContainsFunc(rows, row.same) {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

func (r findRow) same(o findRow) bool { return r.name == o.name && bytes.Equal(r.token, o.token) }

// reindex makes the look-ups of a record those of its new value.
func (v *Vault) reindex(ctx context.Context, tx *sql.Tx, d *decl, s stored, value any, fresh bool) error {
	rows := d.findRows(value)
	if !fresh {
		if err := v.unindex(ctx, tx, d, s, rows); err != nil {
			return err
		}
	}
	for _, row := range rows {
		if row.unique {
			if err := v.claim(ctx, tx, row, s.owner); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO vault_find (name, token, kind, sort, owner, id, seen)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			row.name, row.token, s.kind, row.sort, string(s.owner), s.id, int64(s.seen)); err != nil {
			return err
		}
	}
	return nil
}

// claim takes a unique value for an owner.
func (v *Vault) claim(ctx context.Context, tx *sql.Tx, row findRow, owner OwnerID) error {
	ok, err := changed(tx.ExecContext(ctx, `INSERT INTO vault_claim (name, token, owner, until_day)
		VALUES ($1, $2, $3, 0) ON CONFLICT (name, token) DO UPDATE SET owner = excluded.owner, until_day = 0
		WHERE vault_claim.owner = excluded.owner OR (vault_claim.owner = '' AND vault_claim.until_day < $4)`,
		row.name, row.token, string(owner), int64(v.Today())))
	if err == nil && !ok {
		return &TakenError{row.name}
	}
	return err
}

// unindex removes the look-ups of a record, and gives up the unique values that
// no other record of the owner has and that are not kept.
func (v *Vault) unindex(ctx context.Context, tx *sql.Tx, d *decl, s stored, kept []findRow) error {
	had, err := v.indexed(ctx, tx, s)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM vault_find WHERE owner = $1 AND kind = $2 AND id = $3`,
		string(s.owner), s.kind, s.id); err != nil {
		return err
	}
	for _, row := range had {
		ix, _ := d.index(row.name)
		if !ix.unique || slices.ContainsFunc(kept, row.same) {
			continue
		}
		if err := v.giveUp(ctx, tx, row, s.owner, ix.reserve); err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) indexed(ctx context.Context, q Querier, s stored) ([]findRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT name, token FROM vault_find
		WHERE owner = $1 AND kind = $2 AND id = $3`, string(s.owner), s.kind, s.id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var had []findRow
	for rows.Next() {
		var row findRow
		if err := rows.Scan(&row.name, &row.token); err != nil {
			return nil, err
		}
		had = append(had, row)
	}
	return had, rows.Err()
}

// giveUp frees a unique value, or reserves it as its bare token for a time.
func (v *Vault) giveUp(ctx context.Context, tx *sql.Tx, row findRow, owner OwnerID, reserve Days) error {
	const nowhere = ` WHERE name = $1 AND token = $2 AND owner = $3 AND NOT EXISTS
		(SELECT 1 FROM vault_find f WHERE f.name = vault_claim.name AND f.token = vault_claim.token AND f.owner = vault_claim.owner)`
	if reserve > 0 {
		_, err := tx.ExecContext(ctx, `UPDATE vault_claim SET owner = '', until_day = $4`+nowhere,
			row.name, row.token, string(owner), int64(v.Today())+int64(reserve))
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM vault_claim`+nowhere, row.name, row.token, string(owner))
	return err
}
