package vault

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"kept/vault/sabotage"
)

// Get reads one record. A record that the reader may not see is ErrNotFound.
// A staff read must be given a *sql.Tx.
func (k Kind[T]) Get(ctx context.Context, q Querier, who Who, owner OwnerID, id string) (Record[T], error) {
	if owner == "" || id == "" { // would ask for anybody's
		return Record[T]{}, ErrNotFound
	}
	return k.first(k.d.read(ctx, q, who, query{owner: owner, id: id}))
}

// All reads the owner's records of the kind, in no particular order.
func (k Kind[T]) All(ctx context.Context, q Querier, who Who, owner OwnerID) ([]Record[T], error) {
	if owner == "" {
		return nil, refuse(k.d.Name, "no owner is named")
	}
	return k.records(k.d.read(ctx, q, who, query{owner: owner}))
}

// GetAll reads the named records, whoever owns them, in one query per hundred.
// Those that are missing or hidden from the reader are left out.
func (k Kind[T]) GetAll(ctx context.Context, q Querier, who Who, refs []Ref) ([]Record[T], error) {
	var all []Record[T]
	for chunk := range slices.Chunk(refs, 100) {
		some, err := k.records(k.d.read(ctx, q, who, query{refs: chunk}))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (k Kind[T]) first(rows []stored, err error) (Record[T], error) {
	all, err := k.records(rows, err)
	if err != nil {
		return Record[T]{}, err
	}
	if len(all) == 0 {
		return Record[T]{}, ErrNotFound
	}
	return all[0], nil
}

func (k Kind[T]) records(rows []stored, err error) ([]Record[T], error) {
	if err != nil {
		return nil, err
	}
	all := make([]Record[T], 0, len(rows))
	for _, s := range rows {
		raw, err := k.d.vault.open(k.d, s)
		if errors.Is(err, ErrErased) { // erased since the query, or about to be
			continue
		}
		if err != nil {
			return nil, err
		}
		r := recordOf[T](s, *new(T))
		if err := json.Unmarshal(raw, &r.Value); err != nil {
			return nil, s.fault(err)
		}
		all = append(all, r)
	}
	return all, nil
}

// query says which records of a kind are asked for.
type query struct {
	owner OwnerID
	id    string
	refs  []Ref
	find  *Query
}

func (d *decl) read(ctx context.Context, q Querier, who Who, ask query) ([]stored, error) {
	v := d.vault
	if err := d.mayRead(who, v.Today()); err != nil && !broken(err) {
		return nil, err
	}
	if who.mode == self && ask.owner != "" && ask.owner != who.owner {
		return nil, refuse(d.Name, "the records are another owner's")
	}
	text, args, err := d.selectText(who, ask)
	if err != nil {
		return nil, err
	}
	if who.mode == staff {
		return v.look(ctx, q, d, who, ask, text, args)
	}
	rows, err := q.QueryContext(ctx, text, args...)
	return d.scan(ask, rows, err)
}

// one says that a plain query names its record, whose name need not be read.
func (ask query) one() bool {
	return ask.owner != "" && ask.id != "" && ask.find == nil && ask.refs == nil
}

func (d *decl) scan(ask query, rows *sql.Rows, err error) ([]stored, error) {
	r := new(rowReader)
	if ask.one() {
		r.owner, r.kind, r.id, r.known = string(ask.owner), d.Name, ask.id, 3
	}
	return r.all(rows, err)
}

func broken(err error) bool {
	return sabotage.Is(sabotage.PurposeUnchecked) && strings.Contains(err.Error(), "purpose")
}

// shape is what the text of a plain query depends on.
type shape struct {
	mode      mode
	owner, id bool
}

// selectText writes a query, or finds one written before: only the arguments of
// plain ones differ.
func (d *decl) selectText(who Who, ask query) (string, []any, error) {
	if ask.find != nil || ask.refs != nil {
		return d.writeSelect(who, ask)
	}
	key := shape{who.mode, ask.owner != "", ask.id != ""}
	text, ok := d.texts.Load(key)
	if !ok {
		written, args, err := d.writeSelect(who, ask)
		if err == nil && !sabotage.On {
			d.texts.Store(key, written)
		}
		return written, args, err
	}
	return text.(string), d.plainArgs(who, ask), nil
}

// plainArgs are the arguments of a plain query, in the order of writeSelect.
func (d *decl) plainArgs(who Who, ask query) []any {
	args := make([]any, 1, 6)
	args[0] = d.Name
	if ask.owner != "" {
		args = append(args, string(ask.owner))
	}
	if ask.id != "" {
		args = append(args, ask.id)
	}
	args = append(args, int64(d.vault.Today()))
	_, args = d.clause(who, ask.owner, "", args)
	return args
}

func (d *decl) writeSelect(who Who, ask query) (string, []any, error) {
	var args []any
	var b strings.Builder
	table, tail := "", ""
	if ask.find != nil {
		var err error
		if tail, err = d.findText(&b, &args, *ask.find); err != nil {
			return "", nil, err
		}
		table = "r."
	} else {
		asked := columns
		if ask.one() {
			asked = described
		}
		b.WriteString("SELECT " + asked + " FROM vault_record WHERE kind = " + arg(&args, d.Name))
	}
	if ask.owner != "" {
		b.WriteString(" AND " + table + "owner = " + arg(&args, string(ask.owner)))
	}
	if ask.id != "" {
		b.WriteString(" AND id = " + arg(&args, ask.id))
	}
	if ask.refs != nil {
		b.WriteString(" AND (owner, id) IN (VALUES " + pairs(&args, ask.refs) + ")")
	}
	if !sabotage.Is(sabotage.RetentionLate) {
		b.WriteString(" AND " + table + "expires_day >= " + arg(&args, int64(d.vault.Today())))
	}
	clause, args := d.clause(who, ask.owner, table, args)
	b.WriteString(clause + tail)
	return b.String(), args, nil
}

func pairs(args *[]any, refs []Ref) string {
	var all []string
	for _, r := range refs {
		all = append(all, "("+arg(args, string(r.Owner))+", "+arg(args, r.ID)+")")
	}
	return strings.Join(all, ", ")
}

func scan(rows *sql.Rows, err error) ([]stored, error) { return new(rowReader).all(rows, err) }

// all reads every row, with copies of the bodies.
func (r *rowReader) all(rows *sql.Rows, err error) ([]stored, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []stored
	var body []byte
	r.into(&body)
	for rows.Next() {
		s, err := r.next(rows)
		if err != nil {
			return nil, err
		}
		s.body = body
		all = append(all, s)
	}
	return all, rows.Err()
}
