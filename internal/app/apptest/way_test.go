package apptest

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kept/internal/app"
	"kept/internal/prove"
	"kept/vault"
)

// read gets a page and returns its status and body.
func read(t *testing.T, browser *http.Client, address string) (int, string) {
	t.Helper()
	status, body, err := prove.Page(t.Context(), browser, address)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

func submit(t *testing.T, browser *http.Client, address, action string, values url.Values) {
	t.Helper()
	if _, err := prove.Submit(t.Context(), browser, address, action, values); err != nil {
		t.Fatal(err)
	}
}

func member(t *testing.T, s *Program) *prove.Member {
	t.Helper()
	m, err := s.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// plant puts a marker of its own into every kind, for a member, and returns
// them by kind.
func plant(t *testing.T, s *Program, owner vault.OwnerID) map[string]string {
	t.Helper()
	markers := map[string]string{}
	err := s.DB.Transact(t.Context(), func(tx *sql.Tx) error {
		for _, p := range s.ForChecks(t.Context()).Plants {
			markers[p.Kind] = prove.Marker()
			if _, err := p.Put(t.Context(), tx, owner, markers[p.Kind]); err != nil {
				return fmt.Errorf("plant %s: %w", p.Kind, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return markers
}

func TestEveryKindHasAPlant(t *testing.T) {
	s := Start(t, app.ScratchOptions{})
	var planted []string
	for _, p := range s.ForChecks(t.Context()).Plants {
		if slices.Contains(planted, p.Kind) {
			t.Errorf("%s is planted twice", p.Kind)
		}
		planted = append(planted, p.Kind)
	}
	for _, k := range s.Vault.Kinds() {
		if !slices.Contains(planted, k.Name) {
			t.Errorf("%s has no plant", k.Name)
		}
	}
}

func TestAnExportHoldsEveryMarkerOfOneMemberAndNoneOfAnother(t *testing.T) {
	Each(t, func(t *testing.T, s *Program) {
		me, other := member(t, s), member(t, s)
		mine, theirs := plant(t, s, me.Owner), plant(t, s, other.Owner)
		status, doc := read(t, me.Browser, s.URL+"/you/data/export")
		if status != http.StatusOK || !json.Valid([]byte(doc)) {
			t.Fatalf("the export answers %d", status)
		}
		for kind, marker := range mine {
			if !strings.Contains(doc, marker) {
				t.Errorf("the marker of %s is not in the export", kind)
			}
		}
		for kind, marker := range theirs {
			if strings.Contains(doc, marker) {
				t.Errorf("somebody else's marker of %s is in the export", kind)
			}
		}
		if strings.Contains(doc, string(other.Owner)) {
			t.Error("another owner's id is in the export")
		}
	})
}

func TestMarkersStandNowhereButSealed(t *testing.T) {
	Each(t, func(t *testing.T, s *Program) {
		me := member(t, s)
		markers := plant(t, s, me.Owner)
		read(t, me.Browser, s.URL+"/you/data")
		read(t, me.Browser, s.URL+"/nowhere/"+markers["request"]+"?q="+markers["request"])
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		markers["address"] = me.Address
		for kind, marker := range markers {
			for _, folder := range s.Folders() {
				for _, file := range filesWith(t, folder, marker) {
					t.Errorf("the marker of %s stands in %s", kind, file)
				}
			}
			if strings.Contains(s.Log.String(), marker) {
				t.Errorf("the marker of %s stands in the log", kind)
			}
			if n := jobsWith(t, s, marker); n > 0 {
				t.Errorf("the marker of %s stands in %d jobs", kind, n)
			}
		}
	})
}

// filesWith lists the files below a folder whose bytes or name hold a text.
func filesWith(t *testing.T, folder, text string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(data), text) || strings.Contains(path, text) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func jobsWith(t *testing.T, s *Program, text string) (n int) {
	t.Helper()
	row := s.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM job
		WHERE args LIKE $1 OR uniq LIKE $1 OR code LIKE $1 OR request LIKE $1`, "%"+text+"%")
	if err := row.Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhoErasesEverythingIsGone(t *testing.T) {
	Each(t, func(t *testing.T, s *Program) {
		me, other := member(t, s), member(t, s)
		plant(t, s, me.Owner)
		theirs := plant(t, s, other.Owner)
		submit(t, me.Browser, s.URL+"/you/data", "/everything", url.Values{"handle": {me.Handle}})
		if _, err := s.Vault.Owner(t.Context(), s.DB.Read, me.Owner); err == nil {
			t.Error("the owner is still there")
		}
		if _, body := read(t, me.Browser, s.URL+"/you/data"); !strings.Contains(body, "Send me a link") {
			t.Error("the browser is still signed in")
		}
		if status, _ := read(t, s.Browser(), s.URL+"/@"+me.Handle); status != http.StatusNotFound {
			t.Errorf("the page of the erased answers %d", status)
		}
		if _, doc := read(t, other.Browser, s.URL+"/you/data/export"); !strings.Contains(doc, theirs["request"]) {
			t.Error("somebody else lost a record")
		}
	})
}

func TestTheWrongHandleErasesNothing(t *testing.T) {
	s := Start(t, app.ScratchOptions{})
	me := member(t, s)
	_, err := prove.Submit(t.Context(), me.Browser, s.URL+"/you/data", "/everything", url.Values{"handle": {"somebody-else"}})
	if err == nil {
		t.Error("it was accepted")
	}
	if _, err := s.Vault.Owner(t.Context(), s.DB.Read, me.Owner); err != nil {
		t.Errorf("the owner: %v", err)
	}
}
