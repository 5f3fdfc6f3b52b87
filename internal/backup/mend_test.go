package backup

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"kept/vault"
	"kept/vault/keyring"
)

// TestDamagedKeysAreMended damages every slot of a ring, of which one person was
// erased since the copy was made and one joined.
func TestDamagedKeysAreMended(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		people := w.crowd(5, 2)
		w.backup()
		old := copyStore(t, w.keys)
		late := w.crowd(1, 2)[0]
		_, err := w.v.EraseOwner(ctx, people[0])
		must(t, err)
		before := exports(t, w.v, w.db, people[1:])
		must(t, w.ring.Close())

		path := filepath.Join(w.place.Data, "ring")
		b, err := os.ReadFile(path)
		must(t, err)
		for at := 4096; at < len(b); at += 128 {
			b[at+60] ^= 1
		}
		must(t, os.WriteFile(path, b, 0o600))
		if _, err := keyring.Open(path, w.place.Keys); !errors.Is(err, keyring.ErrCorrupt) {
			t.Fatalf("a damaged ring opens: %v", err)
		}
		done, err := MendKeys(ctx, w.place, old, []age.Identity{w.identity})
		must(t, err)
		if len(done.Back) != 4 || len(done.Empty) != keyring.ChunkSlots-4 {
			t.Errorf("%d came back, %d are empty", len(done.Back), len(done.Empty))
		}

		ring, err := keyring.Open(path, w.place.Keys)
		must(t, err)
		defer ring.Close()
		for id, want := range map[vault.OwnerID]bool{people[0]: false, people[1]: true, late: false} {
			found := false
			must(t, ring.Owners(func(o keyring.ID, _ keyring.Class, _ int32) bool {
				found = found || vault.OwnerOf(o) == id
				return true
			}))
			if found != want {
				t.Errorf("a key is there: %v, want %v", found, want)
			}
		}
		reg := vault.NewRegistry()
		declare(reg)
		v, err := vault.Open(ctx, reg, w.options(w.db, ring, w.journal))
		must(t, err)
		for id, after := range exports(t, v, w.db, people[1:]) {
			if string(before[id]) != string(after) {
				t.Error("somebody came back changed")
			}
		}
	})
}
