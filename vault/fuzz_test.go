package vault_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"kept/vault"
	"kept/vault/vaulttest"
)

var errUndo = errors.New("undo")

// fuzzed is a vault that lives as long as a fuzz target.
func fuzzed(f *testing.F) (*sql.DB, *vault.Vault, *vaulttest.Kinds, vault.OwnerID) {
	db := vaulttest.SQLite(f)
	reg, kinds := vaulttest.Declare()
	v := vaulttest.New(f, reg, db, vault.SQLite, func() time.Time { return time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC) })
	var me vault.OwnerID
	vaulttest.Tx(f, db, func(ctx context.Context, tx *sql.Tx) (err error) {
		me, err = v.NewOwner(ctx, tx, vault.Person, vault.Never)
		return err
	})
	return db, v, kinds, me
}

// FuzzImport takes any document: it is refused as a whole, or what came of it is
// the owner's alone and exports again.
func FuzzImport(f *testing.F) {
	db, v, kinds, me := fuzzed(f)
	for _, seed := range []string{
		`{"format":"kept-export-1","kinds":{"note":[{"schema":1,"value":{"text":"a","handle":"b","place":1,"secret":"s"}}],"name":[{"schema":1,"value":{"name":"n"}}]}}`,
		`{"format":"kept-export-1","kinds":{"gift":[{"schema":1,"value":{"until":99999}}],"look":[{}],"":[]}}`,
		`{"format":"kept-export-1","kinds":{"note":[{"schema":-1,"value":null},{"schema":9e9},[]]}}`,
		`{"format":"kept-export-1","kinds":[]}`, `{"kinds":{}}`, `[]`, ``, `{"format":1}`, `{"format":"kept-export-1","kinds":{"note":[`,
		`{"format":"kept-export-1","` + strings.Repeat(`a":{"`, 50),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := vaulttest.InTx(t.Context(), db, func(ctx context.Context, tx *sql.Tx) error {
			done, err := v.Import(ctx, tx, me, bytes.NewReader(doc))
			if err != nil {
				return err
			}
			lookAtImport(t, ctx, tx, v, kinds, me, done)
			return errUndo
		})
		if !errors.Is(err, errUndo) && !errors.Is(err, vault.ErrImport) {
			t.Errorf("got %v", err)
		}
	})
}

func lookAtImport(t *testing.T, ctx context.Context, tx *sql.Tx, v *vault.Vault, kinds *vaulttest.Kinds, me vault.OwnerID, done []vault.Imported) {
	taken := 0
	for _, d := range done {
		taken += d.Taken
		if d.Taken > 0 && d.Kind != "note" && d.Kind != "name" {
			t.Errorf("took %s", d.Kind)
		}
	}
	n := 0
	err := v.Subject(me).Each(ctx, tx, func(i vault.Item) error {
		n++
		if i.Audience != vault.OnlyMe || i.Scope != "" || i.Made != v.Today() {
			t.Errorf("imported %+v", i)
		}
		return nil
	})
	if err != nil || n != taken {
		t.Errorf("%d records of %d, %v", n, taken, err)
	}
	notes, err := kinds.Notes.All(ctx, tx, vault.Self(me), me)
	for _, r := range notes {
		if r.Value.Secret != "" {
			t.Error("a secret was planted")
		}
	}
	if err := errors.Join(err, v.Export(ctx, tx, me, &bytes.Buffer{})); err != nil {
		t.Error(err)
	}
}

// FuzzBody stores any bytes as a body: they are never taken for a value.
func FuzzBody(f *testing.F) {
	db, _, kinds, me := fuzzed(f)
	var r vault.Record[vaulttest.Note]
	var whole []byte
	vaulttest.Tx(f, db, func(ctx context.Context, tx *sql.Tx) (err error) {
		r, err = kinds.Notes.Put(ctx, tx, vault.Self(me), vault.Record[vaulttest.Note]{Owner: me, Value: vaulttest.Note{Text: "x"}})
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT body FROM vault_record`).Scan(&whole)
	})
	f.Add(whole)
	f.Add(whole[:12])
	f.Add([]byte{})
	f.Add([]byte(`{"text":"plain"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := db.Exec(`UPDATE vault_record SET body = $1`, append([]byte{}, body...)); err != nil {
			t.Fatal(err)
		}
		_, err := kinds.Notes.Get(t.Context(), db, vault.Self(me), me, r.ID)
		if same := bytes.Equal(body, whole); same != (err == nil) || !same && !errors.Is(err, vault.ErrDamaged) {
			t.Errorf("got %v", err)
		}
	})
}

// FuzzCursor pages from any cursor, by any value.
func FuzzCursor(f *testing.F) {
	db, _, kinds, me := fuzzed(f)
	ask := vault.Query{Name: "word", Value: "x"}
	vaulttest.Tx(f, db, func(ctx context.Context, tx *sql.Tx) error {
		r, err := kinds.Notes.Put(ctx, tx, vault.Self(me), vault.Record[vaulttest.Note]{Owner: me, Value: vaulttest.Note{Text: "x", Place: 5}})
		f.Add(kinds.Notes.Cursor(ask, r), "x")
		return err
	})
	f.Add("", "x")
	f.Add("AAAA", "y")
	f.Add(strings.Repeat("A", 60), "x\x00word")
	f.Fuzz(func(t *testing.T, after, value string) {
		found, err := kinds.Notes.Find(t.Context(), db, vault.Work("page"), vault.Query{Name: "word", Value: value, After: after, Limit: 3})
		if err != nil && !errors.Is(err, vault.ErrCursor) {
			t.Errorf("got %v", err)
		}
		for _, r := range found {
			if r.Value.Text != value {
				t.Errorf("%q is found by %q", r.Value.Text, value)
			}
		}
	})
}

// FuzzOwner asks for any owner and id: what is malformed is nobody's.
func FuzzOwner(f *testing.F) {
	db, v, kinds, me := fuzzed(f)
	vaulttest.Tx(f, db, func(ctx context.Context, tx *sql.Tx) error {
		_, err := kinds.Notes.Put(ctx, tx, vault.Self(me), vault.Record[vaulttest.Note]{Owner: me})
		return err
	})
	f.Add(string(me), "")
	f.Add(string(me), "-")
	f.Add("", "")
	f.Add(strings.ToUpper(string(me)), "x' OR '1'='1")
	f.Add(strings.Repeat("u", 26), "\x00")
	f.Fuzz(func(t *testing.T, owner, id string) {
		who := vault.OwnerID(owner)
		_, err := kinds.Notes.Get(t.Context(), db, vault.Work("page"), who, id)
		if !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("Get: %v", err)
		}
		all, err := kinds.Notes.All(t.Context(), db, vault.Work("page"), who)
		if who != me && len(all) > 0 {
			t.Errorf("All: %d records, %v", len(all), err)
		}
		if _, err := v.Owner(t.Context(), db, who); who != me && !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("Owner: %v", err)
		}
	})
}
