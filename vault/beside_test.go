package vault_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
	"kept/vault/vaulttest"
)

// beside opens the same data once more, as another process would: with its own
// registry, ring and journal on the same files.
func beside(t *testing.T, w *vaulttest.World, dir, keys string) *vaulttest.World {
	t.Helper()
	other := *w
	var err error
	if other.Options.Ring, err = keyring.Open(filepath.Join(dir, "ring"), keys); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Options.Ring.Close() })
	if other.Options.Journal, err = journal.Open(filepath.Join(dir, "journal"), nil); err != nil {
		t.Fatal(err)
	}
	other.Reopen()
	return &other
}

// two opens a vault twice on both engines.
func two(t *testing.T, test func(t *testing.T, a, b *vaulttest.World)) {
	each(t, func(t *testing.T, w *vaulttest.World) {
		dir, keys := t.TempDir(), t.TempDir()
		ring, err := keyring.Create(filepath.Join(dir, "ring"), keys)
		if err != nil {
			t.Fatal(err)
		}
		ring.Close()
		test(t, beside(t, w, dir, keys), beside(t, w, dir, keys))
	})
}

func TestAnErasureCountsInTheOtherProcessAtOnce(t *testing.T) {
	two(t, func(t *testing.T, a, b *vaulttest.World) {
		me, other := a.Person(), b.Person()
		mine := vaulttest.Put(a, a.Notes, vault.Record[vaulttest.Note]{Owner: me})
		theirs := vaulttest.Put(b, b.Notes, vault.Record[vaulttest.Note]{Owner: other})
		if _, err := b.Notes.Get(t.Context(), b.DB, vault.Self(me), me, mine.ID); err != nil {
			t.Fatalf("the other reads: %v", err)
		}
		backup, err := vaulttest.Take(t.Context(), a.DB)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Vault.EraseOwner(t.Context(), me); err != nil {
			t.Fatal(err)
		}
		// The rows come back, the key does not.
		if err := backup.Restore(t.Context(), a.DB); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Notes.Get(t.Context(), b.DB, vault.Self(me), me, mine.ID); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("the other still reads: %v", err)
		}
		if _, err := vaulttest.TryPut(b, b.Notes, vault.Self(me), mine); err == nil {
			t.Error("the other still writes")
		}
		if _, err := a.Notes.Get(t.Context(), a.DB, vault.Self(other), other, theirs.ID); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	})
}

func TestOneValueHasOneOwnerWhoeverIsFaster(t *testing.T) {
	two(t, func(t *testing.T, a, b *vaulttest.World) {
		for _, handle := range []string{"ada", "bob", "eve"} {
			var wg sync.WaitGroup
			errs := make([]error, 6)
			for i, w := range []*vaulttest.World{a, b, a, b, a, b} {
				me := w.Person()
				wg.Go(func() {
					_, errs[i] = vaulttest.TryPut(w, w.Notes, vault.Self(me), vault.Record[vaulttest.Note]{Owner: me, Value: vaulttest.Note{Handle: handle}})
				})
			}
			wg.Wait()
			won := 0
			for _, err := range errs {
				_, taken := errors.AsType[*vault.TakenError](err)
				switch {
				case err == nil:
					won++
				case !taken:
					t.Errorf("got %v", err)
				}
			}
			if won != 1 {
				t.Errorf("%d have it", won)
			}
		}
	})
}

// TestWritersAndAnErasure writes to an owner from two processes while a third
// call erases it: afterwards nothing is left, and whoever came late was told.
func TestWritersAndAnErasure(t *testing.T) {
	two(t, func(t *testing.T, a, b *vaulttest.World) {
		me := a.Person()
		var wg sync.WaitGroup
		for _, w := range []*vaulttest.World{a, b} {
			wg.Go(func() {
				for {
					_, err := vaulttest.TryPut(w, w.Notes, vault.Self(me), vault.Record[vaulttest.Note]{Owner: me})
					if errors.Is(err, vault.ErrErased) {
						return
					}
					if err != nil {
						t.Errorf("a writer got %v", err)
						return
					}
				}
			})
		}
		if _, err := a.Vault.EraseOwner(t.Context(), me); err != nil {
			t.Error(err)
		}
		wg.Wait()
		for _, table := range []string{"record", "find", "claim"} {
			var n int
			if err := a.DB.QueryRow(`SELECT COUNT(*) FROM vault_` + table).Scan(&n); n != 0 || err != nil {
				t.Errorf("%d rows are left in %s, %v", n, table, err)
			}
		}
	})
}

// TestAnAnchorMovesForThoseWhoSignUpMeanwhile has sign-ups and a moved date
// beside each other: all end up with the same last day.
func TestAnAnchorMovesForThoseWhoSignUpMeanwhile(t *testing.T) {
	two(t, func(t *testing.T, a, b *vaulttest.World) {
		move := func(day vault.Day) error {
			return a.Try(func(ctx context.Context, tx *sql.Tx) error { return a.Vault.MoveAnchor(ctx, tx, "w1", day) })
		}
		if err := move(a.Today() + 100); err != nil {
			t.Fatal(err)
		}
		var people []vault.OwnerID
		for range 12 {
			people = append(people, b.Person())
		}
		var wg sync.WaitGroup
		for _, id := range people {
			wg.Go(func() {
				if _, err := vaulttest.TryPut(b, b.SignUps, vault.Self(id), vault.Record[vaulttest.SignUp]{Owner: id, Anchor: "w1"}); err != nil {
					t.Error(err)
				}
			})
		}
		if err := move(a.Today() + 10); err != nil {
			t.Error(err)
		}
		wg.Wait()
		var days int
		if err := a.DB.QueryRow(`SELECT COUNT(DISTINCT expires_day) FROM vault_record`).Scan(&days); days != 1 || err != nil {
			t.Errorf("%d last days, %v", days, err)
		}
	})
}
