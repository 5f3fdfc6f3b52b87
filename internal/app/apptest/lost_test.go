package apptest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/internal/app"
	"kept/internal/db"
	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
)

// used is a folder in which a site has run and has a member.
func used(t *testing.T) (folder string, member vault.OwnerID) {
	t.Helper()
	folder = t.TempDir()
	s, err := app.OpenScratch(t.Context(), app.ScratchOptions{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return folder, m.Owner
}

func TestASiteStartsAgainWithWhatItHad(t *testing.T) {
	folder, owner := used(t)
	s, err := app.OpenScratch(t.Context(), app.ScratchOptions{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Vault.Owner(t.Context(), s.DB.Read, owner); err != nil {
		t.Error(err)
	}
}

func TestASiteWithoutItsKeysSaysWhichOneIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		lose func(folder string) error
		want error
	}{
		"ring":  {func(f string) error { return os.Remove(filepath.Join(f, "data", "ring")) }, keyring.ErrNoRing},
		"epoch": {func(f string) error { return removeAll(filepath.Join(f, "keys", "epoch-*.key")) }, keyring.ErrNoEpoch},
		"torn":  {func(f string) error { return os.Truncate(filepath.Join(f, "data", "ring"), 5000) }, keyring.ErrTruncated},
		"look":  {func(f string) error { return os.Remove(filepath.Join(f, "keys", "lookup.key")) }, nil},
	} {
		folder, _ := used(t)
		if err := c.lose(folder); err != nil {
			t.Fatal(err)
		}
		s, err := app.OpenScratch(t.Context(), app.ScratchOptions{Folder: folder})
		if err == nil {
			s.Close()
			t.Errorf("%s: the site starts without", name)
		}
		if c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func removeAll(pattern string) error {
	files, err := filepath.Glob(pattern)
	for _, f := range files {
		err = errors.Join(err, os.Remove(f))
	}
	return err
}

// TestARestoreBringsNobodyBack takes a snapshot, erases one member, and opens
// the snapshot with the ring and the journal of the site.
func TestARestoreBringsNobodyBack(t *testing.T) {
	s := Start(t, app.ScratchOptions{})
	gone, stays := member(t, s), member(t, s)
	plant(t, s, gone.Owner)
	markers := plant(t, s, stays.Owner)
	snapshot := filepath.Join(t.TempDir(), "snapshot.db")
	if _, err := s.DB.Write.ExecContext(t.Context(), `VACUUM INTO $1`, snapshot); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Vault.EraseOwner(t.Context(), gone.Owner); err != nil {
		t.Fatal(err)
	}
	other, err := app.OpenScratch(t.Context(), app.ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	restored := openRestored(t, s, other, snapshot)
	if _, err := restored.v.Owner(t.Context(), restored.db.Read, gone.Owner); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("the erased is back: %v", err)
	}
	after := exported(t, restored.v, restored.db, stays.Owner)
	for _, kind := range []string{"request", "grant", "look", "role"} {
		if !strings.Contains(after, markers[kind]) {
			t.Errorf("the other member lost a record of %s", kind)
		}
	}
	if strings.Contains(after, `"session"`) {
		t.Error("a session came back")
	}
}

type restored struct {
	v  *vault.Vault
	db *db.DB
}

// openRestored opens the snapshot with the registry of another instance and the
// ring and journal of the first.
func openRestored(t *testing.T, s *Program, other *app.Scratch, snapshot string) restored {
	t.Helper()
	d, err := db.Open(t.Context(), snapshot)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := vault.MarkRestored(t.Context(), d.Write); err != nil {
		t.Fatal(err)
	}
	log, err := journal.Open(filepath.Join(s.Config.Data, "journal"), nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(s.Config.Keys, "lookup.key"))
	if err != nil {
		t.Fatal(err)
	}
	o := vault.Options{DB: d.Write, Dialect: d.VaultDialect(), Ring: s.Ring, Journal: log, LookupKey: key, Now: time.Now}
	if _, err := vault.Open(t.Context(), other.Registry, o); !errors.Is(err, vault.ErrRestoring) {
		t.Fatalf("restored data is served before the journal was replayed: %v", err)
	}
	v, err := vault.OpenRestored(t.Context(), other.Registry, o, 0)
	if err != nil {
		t.Fatal(err)
	}
	return restored{v, d}
}

func exported(t *testing.T, v *vault.Vault, d *db.DB, owner vault.OwnerID) string {
	t.Helper()
	var b strings.Builder
	if err := v.Export(t.Context(), d.Read, owner, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
