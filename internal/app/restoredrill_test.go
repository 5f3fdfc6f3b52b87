package app

import (
	"bytes"
	"errors"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/internal/account"
	"kept/internal/db"
	"kept/internal/prove"
	"kept/vault"
)

// TestARestoreEndsRolesAndConsents: of the members of a site one keeps a role, one
// has it ended by the operator, one by its date, and one withdraws a consent on the
// page for it, all since the backup that is restored.
func TestARestoreEndsRolesAndConsents(t *testing.T) {
	s, err := OpenScratch(t.Context(), ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	who := map[string]*prove.Member{"keeps": nil, "ended": nil, "ran out": nil, "withdraws": nil}
	today := s.Vault.Today()
	for name := range who {
		m, err := s.SignIn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		who[name] = m
		until := map[string]vault.Day{"keeps": today + 30, "ended": today + 30, "ran out": today}[name]
		if until > 0 {
			err = s.features.account.GiveRole(t.Context(), m.Handle, account.Helper, "workshop for who "+name, until)
		} else {
			err = announcements(t, s, m, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	had, want := held(t, s.Vault, s.DB, who), map[string]bool{"keeps": true}
	if len(had) != len(who) {
		t.Fatalf("before the backup there are %v", had)
	}
	made, err := s.features.backup.Backup(t.Context(), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := announcements(t, s, who["withdraws"], false); err != nil {
		t.Fatal(err)
	}
	if held(t, s.Vault, s.DB, who)["withdraws"] {
		t.Fatal("the consent was not withdrawn")
	}
	given, err := s.features.account.Given(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range given {
		if strings.HasSuffix(role.Scope, "ended") {
			err = errors.Join(err, s.features.account.EndRole(t.Context(), role.Key))
		}
	}
	if err != nil || len(given) != 3 {
		t.Fatalf("%d roles were given, %v", len(given), err)
	}
	if err := s.Advance(t.Context(), 48*time.Hour); err != nil { // as a site that runs
		t.Fatal(err)
	}
	if err := s.Vault.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.features.backup.KeepKeys(t.Context(), false); err != nil {
		t.Fatal(err)
	}

	r, done, err := restoration(s.Config, s.options.trial)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	r.Snapshot, r.Place, r.Say, r.Replay = made.ID, placeIn(filepath.Join(t.TempDir(), "restored")), func(string) {}, s.App.replay
	r.Look = func(v *vault.Vault, d *db.DB) error {
		if back := held(t, v, d, who); !maps.Equal(back, want) {
			t.Errorf("after the restore there are roles and consents of %v, want %v", back, want)
		}
		return nil
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// announcements says yes or no on the member's page.
func announcements(t *testing.T, s *Scratch, m *prove.Member, yes bool) error {
	t.Helper()
	values := url.Values{"what": {"announcements"}}
	if yes {
		values.Set("yes", "1")
	}
	_, err := prove.Submit(t.Context(), m.Browser, s.URL+"/you", "/you", values)
	return err
}

// held names the members who have a role or a consent.
func held(t *testing.T, v *vault.Vault, d *db.DB, who map[string]*prove.Member) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for name, m := range who {
		err := v.Subject(m.Owner).Each(t.Context(), d.Read, func(i vault.Item) error {
			if i.Info.Name == "role" || i.Info.Name == "announcements" {
				all[name] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestADamagedRingIsMended: a site with damaged slots does not start and says what to
// do; after that everybody is there.
func TestADamagedRingIsMended(t *testing.T) {
	folder := t.TempDir()
	s, err := OpenScratch(t.Context(), ScratchOptions{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.features.backup.Backup(t.Context(), false, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ring := s.path("ring")
	b, err := os.ReadFile(ring)
	if err != nil {
		t.Fatal(err)
	}
	for at := 4096; at < len(b); at += 128 {
		b[at+60] ^= 1
	}
	if err := os.WriteFile(ring, b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = OpenScratch(t.Context(), ScratchOptions{Folder: folder})
	hint, ok := errors.AsType[*hintError](err)
	if !ok || !strings.Contains(err.Error(), "slots of the key ring are damaged, the first is 0") || !strings.Contains(hint.hint, "--mend") {
		t.Fatalf("got %v", err)
	}
	r, done, err := restoration(s.Config, s.options.trial)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	var said bytes.Buffer
	if err := new(restoreCommand).mend(t.Context(), &streams{out: &said}, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "slot 0: its key was taken from the copy") {
		t.Errorf("said %q", said.String()[:min(len(said.String()), 300)])
	}
	if s, err = OpenScratch(t.Context(), ScratchOptions{Folder: folder}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := len(exportedKinds(t, s, m.Owner)); n == 0 || !s.hasKey(m.Owner) {
		t.Errorf("the member has %d kinds of records", n)
	}
}

// exportedKinds are the kinds of which a member's records open.
func exportedKinds(t *testing.T, s *Scratch, owner vault.OwnerID) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := s.Vault.Subject(owner).Each(t.Context(), s.DB.Read, func(i vault.Item) error { all[i.Info.Name] = true; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return all
}
