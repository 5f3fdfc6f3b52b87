package apptest

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"kept/internal/app"
	"kept/vault"
)

// TestTheDataPagesWork opens every page of "your data" and of the operator, in
// each of its states, and uses each of their forms.
func TestTheDataPagesWork(t *testing.T) {
	s := Start(t, app.ScratchOptions{Count: true})
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Log)
		}
	})
	me := member(t, s)
	markers := plant(t, s, me.Owner)
	if err := s.GiveRole(t.Context(), me.Handle, "operator", ""); err != nil {
		t.Fatal(err)
	}
	data := s.URL + "/you/data"
	for _, path := range []string{"", "?kind=request", "?kind=none", "/read", "/import", "/kind?kind=session", "/kind?kind=address"} {
		if status, body := read(t, me.Browser, data+path); status != 200 || strings.Contains(body, "Zgotmpl") {
			t.Errorf("/you/data%s answers %d", path, status)
		}
	}
	submit(t, me.Browser, s.URL+"/you/page", "/you/page/details", url.Values{"name": {"Ada"}})
	name := s.only(t, me.Owner, "name")
	record := data + "/record?kind=name&id=" + name.ID
	submit(t, me.Browser, record, "/you/data/change", url.Values{"v.text": {"Ada L."}})
	if _, body := read(t, me.Browser, record); !strings.Contains(body, "Ada L.") {
		t.Error("the name was not changed")
	}
	submit(t, me.Browser, record, "/you/data/audience", nil)
	if s.only(t, me.Owner, "name").Audience != vault.OnlyMe {
		t.Error("the name was not hidden")
	}
	if _, body := read(t, me.Browser, data+"/take?kind=name&id="+name.ID); !strings.Contains(body, `"text": "Ada L."`) {
		t.Errorf("taken along: %s", body)
	}
	submit(t, me.Browser, record, "/you/data/erase", nil)
	if status, _ := read(t, me.Browser, record); status != 404 {
		t.Errorf("the erased name answers %d", status)
	}
	submit(t, me.Browser, s.URL+"/operator", "/operator/role", url.Values{"handle": {me.Handle}, "role": {"helper"}, "scope": {"w1"}, "days": {"3"}})
	if _, body := read(t, me.Browser, s.URL+"/operator"); !strings.Contains(body, "helper") || strings.Contains(body, markers["address"]) {
		t.Error("the operator's page does not show the role, or shows a member's data")
	}
	submit(t, me.Browser, data, "/everything", url.Values{"handle": {me.Handle}})
	for _, name := range s.App.Site.Unexecuted() {
		if strings.HasPrefix(name, "right") || strings.HasPrefix(name, "operator") {
			t.Errorf("%s was never executed", name)
		}
	}
}

// only is the one record of a kind that a member has.
func (s *Program) only(t *testing.T, owner vault.OwnerID, kind string) (item vault.Item) {
	t.Helper()
	err := s.DB.Transact(t.Context(), func(tx *sql.Tx) error {
		items, err := s.Vault.Subject(owner).Page(t.Context(), tx, kind, "", "", 1)
		if err == nil && len(items) == 1 {
			item = items[0]
		}
		return err
	})
	if err != nil || item.ID == "" {
		t.Fatalf("no record of %s: %v", kind, err)
	}
	return item
}
