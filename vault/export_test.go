package vault_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"kept/vault"
	"kept/vault/vaulttest"
)

// wide has a field of every sort that JSON knows.
type wide struct {
	Text    string             `json:"text" doc:"what was written"`
	Empty   string             `json:"empty,omitempty"`
	At      time.Time          `json:"at"`
	Maybe   *int               `json:"maybe"`
	List    []string           `json:"list"`
	Names   map[string]int     `json:"names"`
	Bytes   []byte             `json:"bytes"`
	Numbers [2]float64         `json:"numbers"`
	Any     json.RawMessage    `json:"any"`
	Inner   struct{ A, B int } `json:"inner"`
	Self    []wide             `json:"self"`
	Day     vault.Day          `json:"day"`
	Hidden  string             `json:"hidden" vault:"secret"`
}

func declareWide(r *vault.Registry) vault.Kind[wide] {
	return vault.Declare(r, vault.Spec[wide]{Name: "wide", Sentence: "s", Purposes: []string{"p"}, Basis: vault.Consent,
		Retention: vault.UntilErased(), Audience: vault.OnlyMe, Portable: true})
}

func someWide() wide {
	three := 3
	return wide{Text: "a <b> & \u2028 \x00 é", At: time.Date(2027, 1, 2, 3, 4, 5, 678, time.UTC), Maybe: &three, List: []string{"x"},
		Names: map[string]int{"b": 2, "a": 1}, Bytes: []byte{0, 255}, Numbers: [2]float64{0.1, -1e300}, Any: json.RawMessage(`{"z":[1,null]}`),
		Self: []wide{{Text: "inside", Any: json.RawMessage(`0`)}}, Day: 7, Hidden: "hush"}
}

// document is an export, read back.
type document struct {
	Format string
	Made   string
	Owner  json.RawMessage
	Kinds  map[string][]struct {
		ID, Audience, Made, Expires, Scope, Anchor string
		Schema, Policy                             int
		Value                                      json.RawMessage
	}
}

func exported(t *testing.T, v *vault.Vault, db *sql.DB, owner vault.OwnerID) ([]byte, document) {
	t.Helper()
	var raw bytes.Buffer
	if err := v.Export(t.Context(), db, owner, &raw); err != nil {
		t.Fatal(err)
	}
	var doc document
	dec := json.NewDecoder(bytes.NewReader(raw.Bytes()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		t.Fatalf("%v in %s", err, raw.Bytes())
	}
	return raw.Bytes(), doc
}

func TestAnExportedImportExportsTheSame(t *testing.T) {
	vaulttest.Engines(t, func(t *testing.T, db *sql.DB, dialect vault.Dialect) {
		reg := vault.NewRegistry()
		kind := declareWide(reg)
		v := vaulttest.New(t, reg, db, dialect, time.Now)
		var owners [2]vault.OwnerID
		vaulttest.Tx(t, db, func(ctx context.Context, tx *sql.Tx) (err error) {
			for i := range owners {
				if owners[i], err = v.NewOwner(ctx, tx, vault.Person, vault.Never); err != nil {
					return err
				}
			}
			_, err = kind.Put(ctx, tx, vault.Self(owners[0]), vault.Record[wide]{Owner: owners[0], Value: someWide()})
			return err
		})
		raw, first := exported(t, v, db, owners[0])
		if bytes.Contains(raw, []byte("hush")) {
			t.Error("the export shows a secret")
		}
		valid(t, reg, raw)
		vaulttest.Tx(t, db, func(ctx context.Context, tx *sql.Tx) error {
			_, err := v.Import(ctx, tx, owners[1], bytes.NewReader(raw))
			return err
		})
		_, second := exported(t, v, db, owners[1])
		a, b := first.Kinds["wide"][0], second.Kinds["wide"][0]
		if !bytes.Equal(a.Value, b.Value) || a.ID == b.ID {
			t.Errorf("first\n%s\nsecond\n%s", a.Value, b.Value)
		}
		a.ID = b.ID
		if !reflect.DeepEqual(a, b) {
			t.Errorf("first\n%+v\nsecond\n%+v", a, b)
		}
	})
}

// valid holds an export against the schema that the registry makes.
func valid(t *testing.T, reg *vault.Registry, raw []byte) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(reg.ExportSchema("https://example.org/export")))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("https://example.org/export", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("https://example.org/export")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(doc); err != nil {
		t.Errorf("%v in %s", err, raw)
	}
	doc.(map[string]any)["more"] = 1
	if compiled.Validate(doc) == nil {
		t.Error("the schema takes anything")
	}
}

func TestAnExportOfEveryKindFitsTheSchema(t *testing.T) {
	each(t, func(t *testing.T, w *vaulttest.World) {
		me := w.Person()
		reg, _ := vaulttest.Declare()
		raw, _ := exported(t, w.Vault, w.DB, me)
		valid(t, reg, raw)
		vaulttest.Put(w, w.Notes, vault.Record[vaulttest.Note]{Owner: me, Scope: `"`})
		vaulttest.Put(w, w.Gifts, vault.Record[vaulttest.Gift]{Owner: me, Value: vaulttest.Gift{Until: w.Today()}})
		vaulttest.Put(w, w.SignUps, vault.Record[vaulttest.SignUp]{Owner: me, Anchor: "w\\1"})
		vaulttest.Put(w, w.Names, vault.Record[vaulttest.Name]{Owner: me})
		vaulttest.Put(w, w.Vault.Grants(), vault.Record[vault.Grant]{Owner: me, Value: vault.Grant{Until: w.Today()}})
		raw, doc := exported(t, w.Vault, w.DB, me)
		valid(t, reg, raw)
		if len(doc.Kinds) != 5 {
			t.Errorf("%d kinds", len(doc.Kinds))
		}
	})
}

// older is the first shape of wide.
type older struct {
	Words string `json:"words"`
}

func TestOlderValuesAreReadInTodaysShape(t *testing.T) {
	vaulttest.Engines(t, func(t *testing.T, db *sql.DB, dialect vault.Dialect) {
		spec := func(schema int) vault.Spec[older] {
			return vault.Spec[older]{Name: "note", Sentence: "s", Purposes: []string{"p"}, Basis: vault.Consent,
				Retention: vault.UntilErased(), Audience: vault.OnlyMe, Audiences: []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee}, Schema: schema}
		}
		o := vaulttest.Options(t, db, dialect, time.Now)
		if err := vault.Migrate(t.Context(), db, dialect); err != nil {
			t.Fatal(err)
		}
		reg := vault.NewRegistry()
		was := vault.Declare(reg, spec(1))
		v := openWith(t, reg, o)
		var put vault.Record[older]
		vaulttest.Tx(t, db, func(ctx context.Context, tx *sql.Tx) error {
			owner, err := v.NewOwner(ctx, tx, vault.Person, vault.Never)
			if err == nil {
				put, err = was.Put(ctx, tx, vault.Self(owner), vault.Record[older]{Owner: owner, Value: older{"hello"}})
			}
			return err
		})
		reg = vault.NewRegistry()
		is := vault.Declare(reg, upgraded())
		v = openWith(t, reg, o)
		check := func(when string) {
			t.Helper()
			got, err := is.Get(t.Context(), db, vault.Self(put.Owner), put.Owner, put.ID)
			if err != nil || got.Value.Text != "hello" {
				t.Errorf("%s: %+v, %v", when, got, err)
			}
			raw, doc := exported(t, v, db, put.Owner)
			valid(t, reg, raw)
			if e := doc.Kinds["note"][0]; e.Schema != 2 || !bytes.Contains(e.Value, []byte(`"text":"hello"`)) {
				t.Errorf("%s: exported as %+v", when, e)
			}
		}
		check("before it is written again")
		vaulttest.Tx(t, db, func(ctx context.Context, tx *sql.Tx) error {
			return is.SetAudience(ctx, tx, vault.Self(put.Owner), put.Owner, put.ID, vault.AnyoneMaySee)
		})
		check("afterwards")
	})
}

func upgraded() vault.Spec[wide] {
	return vault.Spec[wide]{Name: "note", Sentence: "s", Purposes: []string{"p"}, Basis: vault.Consent, Schema: 2,
		Retention: vault.UntilErased(), Audience: vault.OnlyMe, Audiences: []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee},
		Upgrade: func(_ int, raw json.RawMessage) (json.RawMessage, error) {
			var old older
			if err := json.Unmarshal(raw, &old); err != nil {
				return nil, err
			}
			return json.Marshal(wide{Text: old.Words, Any: json.RawMessage("null")})
		}}
}

func openWith(t *testing.T, reg *vault.Registry, o vault.Options) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), reg, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestAnExportNeedsNoMoreMemoryForMoreRecords measures the heap while 500 and
// 5,000 records are written out.
func TestAnExportNeedsNoMoreMemoryForMoreRecords(t *testing.T) {
	w := vaulttest.NewWorld(t, vaulttest.SQLite(t), vault.SQLite)
	peak := func(n int) uint64 {
		me := w.Person()
		w.Tx(func(ctx context.Context, tx *sql.Tx) error {
			all := make([]vault.Record[vaulttest.Note], n)
			for i := range all {
				all[i] = vault.Record[vaulttest.Note]{Owner: me, Value: vaulttest.Note{Text: string(bytes.Repeat([]byte("x"), 1000))}}
			}
			return w.Notes.PutAll(ctx, tx, vault.Self(me), all)
		})
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		out := &gauge{base: before.HeapAlloc}
		if err := w.Vault.Export(t.Context(), w.DB, me, out); err != nil {
			t.Fatal(err)
		}
		return out.peak
	}
	few, many := peak(500), peak(5000)
	if many > few+1<<20 {
		t.Errorf("%d KB for 500 records, %d KB for 5,000", few>>10, many>>10)
	}
}

// gauge looks at the live heap now and then.
type gauge struct {
	base, peak uint64
	writes     int
}

func (g *gauge) Write(b []byte) (int, error) {
	if g.writes++; g.writes%16 == 0 {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		g.peak = max(g.peak, now.HeapAlloc-min(now.HeapAlloc, g.base))
	}
	return len(b), nil
}

var _ io.Writer = (*gauge)(nil)
