package app

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/internal/prove"
)

// TestACopyOfTheLogIsCheckedOffline checks two copies of different days, and one
// in which a digit was changed.
func TestACopyOfTheLogIsCheckedOffline(t *testing.T) {
	s, err := OpenScratch(t.Context(), ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	folder := t.TempDir()
	january := logCopy(t, s, filepath.Join(folder, "january.json"))
	s.Clock.Add(24 * time.Hour)
	if err := s.features.log.AddReceipt(t.Context(), []byte("a receipt")); err != nil {
		t.Fatal(err)
	}
	now := logCopy(t, s, filepath.Join(folder, "now.json"))
	if out, status := run1(t, "log", "verify", now, "--older", january); status != 0 || strings.Count(out, "ok ") != 2 {
		t.Errorf("status %d: %s", status, out)
	}
	if out, status := run1(t, "log", "verify", january, "--older", now); status == 0 {
		t.Errorf("a log goes on from its own future: %s", out)
	}
	text, err := os.ReadFile(now)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(text, []byte(`"leaves":["`)) + len(`"leaves":["`)
	text[at] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", text[at])+1)%16]
	changed := filepath.Join(folder, "changed.json")
	if err := os.WriteFile(changed, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, status := run1(t, "log", "verify", changed); status == 0 || !strings.Contains(out, "signed over other entries") {
		t.Errorf("status %d: %s", status, out)
	}
}

func logCopy(t *testing.T, s *Scratch, path string) string {
	t.Helper()
	if err := s.features.log.Today(t.Context()); err != nil {
		t.Fatal(err)
	}
	status, body, err := prove.Page(t.Context(), s.Browser(), s.URL+"/log/export")
	if err != nil || status != http.StatusOK {
		t.Fatal(status, err)
	}
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run1 runs a command and returns all that it said.
func run1(t *testing.T, args ...string) (said string, status int) {
	t.Helper()
	var out bytes.Buffer
	status = Main(t.Context(), args, func(string) string { return "" }, strings.NewReader(""), &out, &out)
	return out.String(), status
}

// TestADeletedBackupStandsInTheLog: one that was removed by hand, and one whose
// days are over.
func TestADeletedBackupStandsInTheLog(t *testing.T) {
	s, err := OpenScratch(t.Context(), ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var ids []string
	for range 2 {
		made, err := s.features.backup.Backup(t.Context(), false, nil)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, made.ID)
	}
	if _, err := s.features.backup.Forget(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	s.Clock.Add(time.Duration(s.Config.Policy.BackupDays+1) * 24 * time.Hour)
	last, err := s.features.backup.Backup(t.Context(), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(logCopy(t, s, filepath.Join(t.TempDir(), "log.json")))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{ids[0]: true, ids[1]: true, last.ID: false} {
		if told := bytes.Contains(text, []byte("Backup "+id+" was deleted.")); told != want {
			t.Errorf("backup %s: the log says that it was deleted: %v, want %v", id, told, want)
		}
	}
}
