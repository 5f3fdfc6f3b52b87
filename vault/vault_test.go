package vault_test

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"kept/vault"
	"kept/vault/vaulttest"
)

// each runs a test on both engines.
func each(t *testing.T, test func(t *testing.T, w *vaulttest.World)) {
	vaulttest.Engines(t, func(t *testing.T, db *sql.DB, dialect vault.Dialect) {
		test(t, vaulttest.NewWorld(t, db, dialect))
	})
}

func TestConform(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		vaulttest.Conform(t, func(t *testing.T) (*sql.DB, vault.Dialect) { return vaulttest.SQLite(t), vault.SQLite })
	})
	if vaulttest.SQLiteOnly() {
		return
	}
	t.Run("postgresql", func(t *testing.T) {
		vaulttest.Conform(t, func(t *testing.T) (*sql.DB, vault.Dialect) { return vaulttest.PostgreSQL(t), vault.PostgreSQL })
	})
}

func TestFaultyDeclarationsFailAtTheStart(t *testing.T) {
	r := vault.NewRegistry()
	good := vault.Spec[vaulttest.Note]{Name: "a", Sentence: "s", Purposes: []string{"p"}, Basis: vault.Consent, Retention: vault.UntilErased(), Audience: vault.OnlyMe}
	vault.Declare(r, good)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*vault.Spec[vaulttest.Note]){
		"twice":        func(*vault.Spec[vaulttest.Note]) {},
		"no purpose":   func(s *vault.Spec[vaulttest.Note]) { s.Name, s.Purposes = "b", nil },
		"no retention": func(s *vault.Spec[vaulttest.Note]) { s.Name, s.Retention = "c", vault.Retention{} },
		"no sentence":  func(s *vault.Spec[vaulttest.Note]) { s.Name, s.Sentence = "d", "" },
		"no basis":     func(s *vault.Spec[vaulttest.Note]) { s.Name, s.Basis = "e", "" },
		"bad name":     func(s *vault.Spec[vaulttest.Note]) { s.Name = "A b" },
		"no upgrade":   func(s *vault.Spec[vaulttest.Note]) { s.Name, s.Schema = "f", 2 },
	} {
		r := vault.NewRegistry()
		vault.Declare(r, good)
		s := good
		change(&s)
		vault.Declare(r, s)
		if r.Err() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
