package backup

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
)

// note is a kind for tests, and token one that no restore brings back.
type note struct {
	Text string `json:"text"`
}

type kinds struct {
	note, token, consent, dated vault.Kind[note]
	phase                       vault.Kind[note]
}

func declare(reg *vault.Registry) kinds {
	spec := func(name string) vault.Spec[note] {
		return vault.Spec[note]{Name: name, Sentence: "A note.", Purposes: []string{"test"}, Basis: vault.Consent, Retention: vault.UntilErased(),
			Audience: vault.OnlyMe, Audiences: []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee}}
	}
	var k kinds
	s := spec("note")
	s.Indexes = []vault.Index[note]{{Name: "text", Of: func(n note) []vault.Key { return []vault.Key{{Value: n.Text}} }}}
	k.note = vault.Declare(reg, s)
	s = spec("token")
	s.DropAtRestore = true
	k.token = vault.Declare(reg, s)
	k.consent = vault.Declare(reg, spec("consent"))
	s = spec("dated")
	s.Retention = vault.For(30)
	k.dated = vault.Declare(reg, s)
	s = spec("phase")
	s.Retention = vault.Anchored("until the end of the project", 0, 365)
	k.phase = vault.Declare(reg, s)
	return k
}

// world is a site's data with its backups.
type world struct {
	t  testing.TB
	db *db.DB
	v  *vault.Vault
	kinds
	ring     *keyring.Ring
	journal  *journal.File
	f        *Feature
	identity *age.X25519Identity
	now      time.Time
	place    Place
	to, keys Store
}

var lookupKey = make([]byte, 32)

func newWorld(t testing.TB, dsn string, to, keys Store) *world {
	t.Helper()
	w := &world{t: t, to: to, keys: keys, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		place: Place{Data: t.TempDir(), Keys: t.TempDir(), Database: dsn}}
	var err error
	if w.identity, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	w.db = dbtest.Open(t, dsn)
	must(t, vault.Migrate(t.Context(), w.db.Write, w.db.VaultDialect()))
	if w.ring, err = keyring.Create(filepath.Join(w.place.Data, "ring"), w.place.Keys); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.ring.Close() })
	if w.journal, err = journal.Open(filepath.Join(w.place.Data, "journal"), nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range secretFiles {
		must(t, Folder(w.place.Keys).Put(t.Context(), name, lookupKey))
	}
	reg := vault.NewRegistry()
	w.kinds = declare(reg)
	if w.v, err = vault.Open(t.Context(), reg, w.options(w.db, w.ring, w.journal)); err != nil {
		t.Fatal(err)
	}
	w.start()
	return w
}

func (w *world) options(d *db.DB, ring *keyring.Ring, log *journal.File) vault.Options {
	return vault.Options{DB: d.Write, Dialect: d.VaultDialect(), Ring: ring, Journal: log, LookupKey: lookupKey, Now: func() time.Time { return w.now }}
}

// start makes the feature, as a new process does.
func (w *world) start() {
	w.t.Helper()
	w.f = New(Config{Now: func() time.Time { return w.now }, Days: 7, To: w.to, Keys: w.keys, Recipients: []age.Recipient{w.identity.Recipient()},
		Folder: filepath.Join(w.place.Data, "backup"), Data: w.place.Data, KeyFolder: w.place.Keys, Ring: w.ring, Journal: w.journal, Replay: w.replay})
	must(w.t, w.f.Start(feature.Services{DB: w.db, Vault: w.v, Jobs: job.New(job.Config{DB: w.db, Now: func() time.Time { return w.now }}),
		Now: func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}))
}

func (w *world) replay(ctx context.Context, at Place, ringCopy uint64, look func(*vault.Vault, *db.DB) error) error {
	d, err := db.Open(ctx, at.Database)
	if err != nil {
		return err
	}
	defer d.Close()
	ring, err := keyring.Open(filepath.Join(at.Data, "ring"), at.Keys)
	if err != nil {
		return err
	}
	defer ring.Close()
	log, err := journal.Open(filepath.Join(at.Data, "journal"), nil)
	if err != nil {
		return err
	}
	reg := vault.NewRegistry()
	declare(reg)
	v, err := vault.OpenRestored(ctx, reg, w.options(d, ring, log), ringCopy)
	if err != nil {
		return err
	}
	return look(v, d)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) tx(do func(tx *sql.Tx) error) {
	w.t.Helper()
	must(w.t, w.db.Transact(w.t.Context(), do))
}

func (w *world) person() (id vault.OwnerID) {
	w.t.Helper()
	w.tx(func(tx *sql.Tx) (err error) {
		id, err = w.v.NewOwner(w.t.Context(), tx, vault.Person, vault.Never)
		return err
	})
	return id
}

func (w *world) put(k vault.Kind[note], r vault.Record[note]) (out vault.Record[note]) {
	w.t.Helper()
	w.tx(func(tx *sql.Tx) (err error) {
		out, err = k.Put(w.t.Context(), tx, vault.Self(r.Owner), r)
		return err
	})
	return out
}

func (w *world) write(owner vault.OwnerID, text string) vault.Record[note] {
	w.t.Helper()
	return w.put(w.note, vault.Record[note]{Owner: owner, Value: note{text}})
}

// crowd makes people with some notes each.
func (w *world) crowd(people, notes int) []vault.OwnerID {
	w.t.Helper()
	var ids []vault.OwnerID
	for range people {
		id := w.person()
		w.tx(func(tx *sql.Tx) error {
			for n := range notes {
				r := vault.Record[note]{Owner: id, Value: note{fmt.Sprintf("note %d %s", n, rand.Text())}}
				if _, err := w.note.Put(w.t.Context(), tx, vault.Self(id), r); err != nil {
					return err
				}
			}
			return nil
		})
		ids = append(ids, id)
	}
	return ids
}

func (w *world) backup() Made {
	w.t.Helper()
	made, err := w.f.Backup(w.t.Context(), false, nil)
	must(w.t, err)
	return made
}

// fresh is a place to restore into.
func fresh(t testing.TB) Place {
	data := filepath.Join(t.TempDir(), "data")
	return Place{Data: data, Keys: filepath.Join(t.TempDir(), "keys"), Database: filepath.Join(data, "kept.db")}
}

func (w *world) restoration(at Place) *Restoration {
	return &Restoration{From: w.to, Ring: w.keys, Identities: []age.Identity{w.identity}, Place: at, Replay: w.replay, Say: func(string) {}}
}
