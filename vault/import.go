package vault

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Imported counts what an import did, by kind.
type Imported struct {
	Kind    string
	Taken   int
	Skipped int
	Why     string // of the last one skipped
}

// MaxImport is the size of the largest document that is imported, and
// MaxImportRecord that of its largest part, in bytes.
const (
	MaxImport       = 256 << 20
	MaxImportRecord = 16 << 20
)

// ErrImport wraps what is wrong with a document as a whole.
var ErrImport = errors.New("this is not a complete export")

// Import takes the portable records of an export into an owner's, in the
// caller's transaction: visible to nobody else, dated today, with new ids. It
// says for each kind what was taken and what not; roll back for a preview.
func (v *Vault) Import(ctx context.Context, tx *sql.Tx, owner OwnerID, r io.Reader) ([]Imported, error) {
	in := importer{v: v, tx: tx, owner: owner, meter: &meter{r: io.LimitReader(r, MaxImport)}}
	in.dec = json.NewDecoder(in.meter)
	if err := in.document(ctx); err != nil {
		return nil, err
	}
	return in.done, nil
}

type importer struct {
	v      *Vault
	tx     *sql.Tx
	owner  OwnerID
	dec    *json.Decoder
	meter  *meter
	format string
	done   []Imported
}

// meter ends a document whose next part is too large to be held in memory.
type meter struct {
	r    io.Reader
	left int
}

var errTooLarge = fmt.Errorf("%w: a part of it is larger than %d MB", ErrImport, MaxImportRecord>>20)

func (m *meter) Read(b []byte) (int, error) {
	if m.left == 0 {
		return 0, errTooLarge
	}
	n, err := m.r.Read(b[:min(len(b), m.left)])
	m.left -= n
	return n, err
}

func (in *importer) token() (json.Token, error) {
	in.meter.left = MaxImportRecord
	return in.dec.Token()
}

func (in *importer) decode(to any) error {
	in.meter.left = MaxImportRecord
	return in.dec.Decode(to)
}

// more reports whether an object or array goes on.
func (in *importer) more() bool {
	in.meter.left = MaxImportRecord
	return in.dec.More()
}

func (in *importer) document(ctx context.Context) error {
	err := in.object(func(key string) error {
		switch key {
		case "format":
			return in.wrong(in.decode(&in.format))
		case "kinds":
			if in.format != ExportFormat {
				return fmt.Errorf("%w: its format is not %q", ErrImport, ExportFormat)
			}
			return in.object(func(kind string) error { return in.kind(ctx, kind) })
		}
		var ignored json.RawMessage
		return in.wrong(in.decode(&ignored))
	})
	if err == nil && in.format == "" {
		return fmt.Errorf("%w: it names no format", ErrImport)
	}
	return err
}

// object reads { and calls fn after each key.
func (in *importer) object(fn func(key string) error) error {
	if err := in.delim('{'); err != nil {
		return err
	}
	for in.more() {
		key, err := in.token()
		if err != nil {
			return in.wrong(err)
		}
		if err := fn(key.(string)); err != nil { // a key of an object is a string
			return err
		}
	}
	return in.delim('}')
}

// wrong says that the document is at fault. The text holds nothing of it.
func (in *importer) wrong(err error) error {
	if err == nil || errors.Is(err, ErrImport) {
		return err
	}
	return fmt.Errorf("%w: at byte %d it is not as it should be", ErrImport, in.dec.InputOffset())
}

func (in *importer) delim(want json.Delim) error {
	token, err := in.token()
	if err != nil {
		return in.wrong(err)
	}
	if token != want {
		return fmt.Errorf("%w: %v is missing at byte %d", ErrImport, want, in.dec.InputOffset())
	}
	return nil
}

func (in *importer) kind(ctx context.Context, name string) error {
	d := in.v.reg.decls[name]
	result := Imported{Kind: name}
	if err := in.delim('['); err != nil {
		return err
	}
	for in.more() {
		var e exported
		if err := in.decode(&e); err != nil {
			return in.wrong(err)
		}
		why, err := in.take(ctx, d, e)
		if err != nil {
			return err
		}
		if why == "" {
			result.Taken++
		} else {
			result.Skipped, result.Why = result.Skipped+1, why
		}
	}
	in.done = append(in.done, result)
	return in.delim(']')
}

// take writes one record, or says in words why not.
func (in *importer) take(ctx context.Context, d *decl, e exported) (why string, err error) {
	if d == nil {
		return "this site does not know this kind", nil
	}
	if !d.Portable {
		return "it has a meaning only where it was made", nil
	}
	value, err := d.valueFromOutside(e)
	if err != nil {
		return "its value does not fit: " + err.Error(), nil
	}
	if d.Single {
		if _, err := in.v.row(ctx, in.tx, d, in.owner, SingleID); !errors.Is(err, ErrNotFound) {
			return "you have one already", err
		}
	}
	return in.write(ctx, d, value)
}

// valueFromOutside reads an exported value: what has no place in the kind is an
// error, and secrets are not taken from anybody.
func (d *decl) valueFromOutside(e exported) (any, error) {
	raw, err := d.upgraded(e.Schema, e.Value)
	if err != nil {
		return nil, err
	}
	if len(d.Secrets) > 0 {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
			return nil, errNoObject
		}
		d.dropSecrets(fields)
		if raw, err = json.Marshal(fields); err != nil {
			return nil, err
		}
	}
	return d.decodeStrict(raw)
}

// write puts one record. One that is refused leaves nothing behind: its row may
// stand before its look-up turns out to be taken.
func (in *importer) write(ctx context.Context, d *decl, value any) (why string, err error) {
	undo := slices.ContainsFunc(d.indexes, func(ix index) bool { return ix.unique })
	if undo {
		if _, err := in.tx.ExecContext(ctx, `SAVEPOINT vault_import`); err != nil {
			return "", err
		}
	}
	s := stored{owner: in.owner, kind: d.Name, schema: d.Schema, seen: OnlyMe}
	_, err = d.put(ctx, in.tx, Self(in.owner), s, value)
	why, err = in.refused(err)
	if err != nil || !undo {
		return why, err
	}
	end := `RELEASE SAVEPOINT vault_import`
	if why != "" {
		end = `ROLLBACK TO SAVEPOINT vault_import`
	}
	_, err = in.tx.ExecContext(ctx, end)
	return why, err
}

// refused turns what is wrong with one record into words; other errors stay.
func (in *importer) refused(err error) (string, error) {
	var value *ValueError
	var taken *TakenError
	switch {
	case errors.As(err, &value):
		return value.Err.Error(), nil
	case errors.As(err, &taken):
		return taken.Error(), nil
	}
	return "", err
}

var errTrailing = errors.New("something follows the value")

// decodeStrict reads a value from outside: unknown fields are an error.
func (d *decl) decodeStrict(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	value, err := d.decodeFrom(dec)
	if err == nil && dec.More() {
		err = errTrailing
	}
	return value, err
}
