package backup

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/vault"
	"kept/vault/keyring"
)

// TestTheRestoreDrill is what an operator does after a loss: backup, then life
// goes on, then everything is lost but the two places of the backups.
func TestTheRestoreDrill(t *testing.T) {
	for name, place := range stores(t) {
		t.Run(name, func(t *testing.T) {
			dbtest.EachDSN(t, func(t *testing.T, dsn string) { drill(t, newWorld(t, dsn, place(t), place(t))) })
		})
	}
}

func drill(t *testing.T, w *world) {
	ctx := t.Context()
	others := w.crowd(5, 5)
	erased, deletes, hides, withdraws, ends := w.person(), w.person(), w.person(), w.person(), w.person()
	w.write(erased, "everything of the first")
	detail := w.write(deletes, "a detail")
	w.write(deletes, "another that stays")
	shown := w.put(w.note, vault.Record[note]{Owner: hides, Audience: vault.AnyoneMaySee, Value: note{"shown"}})
	w.tx(func(tx *sql.Tx) error { return w.v.SetOpen(ctx, tx, hides, true) })
	consent := w.put(w.consent, vault.Record[note]{Owner: withdraws, Value: note{"yes"}})
	role := w.put(w.consent, vault.Record[note]{Owner: ends, Value: note{"a role"}})
	w.put(w.token, vault.Record[note]{Owner: others[0], Value: note{"a session"}})
	w.backup()
	before := exports(t, w.v, w.db, others)
	old := copyStore(t, w.keys)

	_, err := w.v.EraseOwner(ctx, erased)
	must(t, err)
	w.tx(func(tx *sql.Tx) error { return w.note.Delete(ctx, tx, vault.Self(deletes), deletes, detail.ID) })
	w.tx(func(tx *sql.Tx) error {
		return w.note.SetAudience(ctx, tx, vault.Self(hides), hides, shown.ID, vault.OnlyMe)
	})
	w.tx(func(tx *sql.Tx) error { return w.consent.Delete(ctx, tx, vault.Self(withdraws), withdraws, consent.ID) })
	w.tx(func(tx *sql.Tx) error { return w.consent.Delete(ctx, tx, vault.Self(ends), ends, role.ID) })
	must(t, w.v.Flush(ctx))
	must(t, w.f.KeepKeys(ctx, false)) // as every minute

	late := w.restoration(fresh(t))
	late.Ring = old
	if _, err := late.Run(ctx); !errors.Is(err, vault.ErrOldRing) {
		t.Fatalf("an older ring copy is taken: %v", err)
	}
	if _, err := os.Stat(late.Data); err == nil {
		t.Error("a restore that was refused has made a folder")
	}

	r := w.restoration(fresh(t))
	r.Look = func(v *vault.Vault, d *db.DB) error {
		if _, err := v.Owner(ctx, d.Read, erased); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("the erased is back: %v", err)
		}
		left := map[string]vault.Audience{}
		for _, id := range []vault.OwnerID{erased, deletes, hides, withdraws, ends} {
			must(t, v.Subject(id).Each(ctx, d.Read, func(i vault.Item) error { left[i.ID] = i.Audience; return nil }))
		}
		for what, id := range map[string]string{"the detail": detail.ID, "the consent": consent.ID, "the role": role.ID} {
			if _, back := left[id]; back {
				t.Errorf("%s is back", what)
			}
		}
		if left[shown.ID] != vault.OnlyMe || len(left) != 2 {
			t.Errorf("of the five is left: %v", left)
		}
		after := exports(t, v, d, others)
		for id := range before {
			if string(before[id]) != string(after[id]) {
				t.Errorf("somebody else came back changed:\n%s\n%s", before[id], after[id])
			}
		}
		var tokens, finds int
		must(t, d.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM vault_record WHERE kind = 'token'`).Scan(&tokens))
		must(t, d.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM vault_find`).Scan(&finds))
		if tokens != 0 || finds != 5*5+2 {
			t.Errorf("%d sessions, %d look-ups came back", tokens, finds)
		}
		return nil
	}
	_, err = r.Run(ctx)
	must(t, err)
	left, err := filepath.Glob(filepath.Join(r.Keys, "epoch-*.key"))
	must(t, err)
	if len(left) != 1 {
		t.Errorf("%d epoch keys are left", len(left))
	}
}

// copyStore keeps what a store has now, as somebody would who copies it away.
func copyStore(t *testing.T, from Store) Store {
	t.Helper()
	to := Folder(filepath.Join(t.TempDir(), "copy"))
	objects, err := from.List(t.Context(), "")
	must(t, err)
	for _, o := range objects {
		b, err := from.Get(t.Context(), o.Name)
		must(t, err)
		must(t, to.Put(t.Context(), o.Name, b))
	}
	return to
}

// TestARestoreThatIsKilledGoesOn breaks a restore off at every read of a store
// and at the replay, and does it again.
func TestARestoreThatIsKilledGoesOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := w.crowd(5, 5)
		w.backup()
		before := exports(t, w.v, w.db, people)
		at := fresh(t)
		tries := 0
		for {
			tries++
			if tries > 40 {
				t.Fatal("it does not come to an end")
			}
			r := w.restoration(at)
			r.From, r.Ring = &failing{Store: r.From, gets: tries}, &failing{Store: r.Ring, gets: tries}
			if tries%2 == 0 {
				r.Replay = func(context.Context, Place, uint64, func(*vault.Vault, *db.DB) error) error { return errBroken }
			}
			looked := false
			r.Look = func(v *vault.Vault, d *db.DB) error {
				looked = true
				after := exports(t, v, d, people)
				for id := range before {
					if string(before[id]) != string(after[id]) {
						t.Error("somebody came back changed")
					}
				}
				return nil
			}
			_, err := r.Run(t.Context())
			if err == nil {
				if !looked || tries < 3 {
					t.Errorf("looked %v after %d tries", looked, tries)
				}
				return
			}
			if !errors.Is(err, errBroken) {
				t.Fatalf("try %d: %v", tries, err)
			}
			if _, err := os.Stat(at.Data); err == nil && !Unfinished(at.Data) {
				t.Fatalf("try %d: the folder does not say that the restore is unfinished", tries)
			}
		}
	})
}

func TestTheRingCopyIsMadeAnewAfterAnErasure(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := w.crowd(3, 2)
		w.backup()
		was, err := keyring.ReadManifest(t.Context(), ringSink{w.keys})
		must(t, err)
		must(t, w.f.KeepKeys(t.Context(), false))
		if same, _ := keyring.ReadManifest(t.Context(), ringSink{w.keys}); same.Sequence != was.Sequence {
			t.Error("the copy was made anew though nobody was erased")
		}
		_, err = w.v.EraseOwner(t.Context(), people[0])
		must(t, err)
		must(t, w.f.KeepKeys(t.Context(), false))
		now, err := keyring.ReadManifest(t.Context(), ringSink{w.keys})
		must(t, err)
		if now.Sequence <= was.Sequence {
			t.Error("the copy still holds the key of the erased")
		}
		if hasKey(t, w, people[0]) || !hasKey(t, w, people[1]) {
			t.Error("the copy has the key of the erased, or not that of another")
		}
		if w.f.RingCopiesDeadBy() != w.v.Today() {
			t.Error("the receipt would not say today")
		}
	})
}

func TestAnUnreachableRingCopyIsSaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := w.crowd(3, 2)
		w.backup()
		made := w.v.Today()
		good := w.keys
		w.keys = &failing{Store: good, match: "", puts: 0}
		w.start()
		_, err := w.v.EraseOwner(t.Context(), people[0])
		must(t, err)
		if err := w.f.KeepKeys(t.Context(), false); !errors.Is(err, errBroken) {
			t.Fatalf("got %v", err)
		}
		if got := w.f.RingCopiesDeadBy(); got != made+3 {
			t.Errorf("the receipt says %s, want %s", got, made+3)
		}
		if !told(w, "copy of the key ring") {
			t.Error("the doctor says nothing")
		}
		w.keys = good
		w.start()
		must(t, w.f.KeepKeys(t.Context(), false))
		if got := w.f.RingCopiesDeadBy(); got != made {
			t.Errorf("now that it is reached again, the receipt says %s", got)
		}
	})
}

func told(w *world, what string) bool {
	for _, f := range w.f.Examine(w.t.Context()) {
		if f.What == what && f.Bad != "" {
			return true
		}
	}
	return false
}

func TestTheDoctorSeesWhatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if !told(w, "daily backup") {
			t.Error("no backup was made, and nothing is said")
		}
		w.crowd(3, 3)
		w.backup()
		for _, what := range []string{"daily backup", "backups can be read", "copy of the key ring", "offline recipient of the key ring", "data and keys apart", "epoch key outside of backups"} {
			if told(w, what) {
				t.Errorf("all is well, and %s is complained of", what)
			}
		}
		must(t, os.WriteFile(filepath.Join(w.place.Keys, "identity.txt"), []byte(w.identity.String()), 0o600))
		if !told(w, "offline recipient of the key ring") {
			t.Error("the identity lies beside the keys, and nothing is said")
		}
		objects, err := w.to.List(t.Context(), chunkFolder)
		must(t, err)
		must(t, w.to.Remove(t.Context(), objects[0].Name))
		if !told(w, "backups can be read") {
			t.Error("rows are missing, and nothing is said")
		}
		w.backup()
		w.now = w.now.Add(4 * 24 * time.Hour)
		for _, what := range []string{"daily backup", "copy of the key ring"} {
			if !told(w, what) {
				t.Errorf("four days later nothing is said of %s", what)
			}
		}
		w.f.c.Keys = Folder(filepath.Join(string(w.to.(Folder)), "keys"))
		w.f.c.KeyFolder = string(w.to.(Folder))
		for _, what := range []string{"data and keys apart", "epoch key outside of backups"} {
			if !told(w, what) {
				t.Errorf("%s: nothing is said", what)
			}
		}
	})
}

// hasKey restores the ring copy and looks for an owner's key in it.
func hasKey(t *testing.T, w *world, owner vault.OwnerID) (found bool) {
	t.Helper()
	ring, err := keyring.RestoreCopy(t.Context(), ringSink{w.keys}, []age.Identity{w.identity}, filepath.Join(t.TempDir(), "ring"), t.TempDir())
	must(t, err)
	defer ring.Close()
	must(t, ring.Owners(func(id keyring.ID, _ keyring.Class, _ int32) bool {
		found = found || vault.OwnerOf(id) == owner
		return !found
	}))
	return found
}

// TestABackupOfOneEngineRestoresIntoTheOther, and never into a database that is
// in use.
func TestABackupOfOneEngineRestoresIntoTheOther(t *testing.T) {
	if withoutS3() { // the inner loop has one engine
		return
	}
	each(t, func(t *testing.T, w *world) {
		people := w.crowd(5, 5)
		w.backup()
		before := exports(t, w.v, w.db, people)
		at := fresh(t)
		at.Database = dbtest.Fresh(t, db.PostgreSQL)
		r := w.restoration(at)
		if _, err := r.Run(t.Context()); !errors.Is(err, errUsed) {
			t.Fatalf("a database with tables is restored into: %v", err)
		}
		must(t, db.Drop(t.Context(), at.Database))
		r.Look = func(v *vault.Vault, d *db.DB) error {
			for id, after := range exports(t, v, d, people) {
				if string(before[id]) != string(after) {
					t.Error("somebody came back changed")
				}
			}
			return nil
		}
		_, err := r.Run(t.Context())
		must(t, err)
	})
}
