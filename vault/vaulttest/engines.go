package vaulttest

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kept/vault"
)

// Engines runs a test on an empty database of each engine. Importers link the
// drivers "sqlite" (modernc.org/sqlite) and "pgx". PostgreSQL is where
// KEPT_TEST_POSTGRES points, as "tools/postgres start" prints it; with
// KEPT_TEST_ENGINES=sqlite only SQLite runs.
func Engines(t *testing.T, test func(t *testing.T, db *sql.DB, dialect vault.Dialect)) {
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t), vault.SQLite) })
	if SQLiteOnly() {
		return
	}
	t.Run("postgresql", func(t *testing.T) { test(t, PostgreSQL(t), vault.PostgreSQL) })
}

// SQLiteOnly reports whether tests shall leave PostgreSQL out.
func SQLiteOnly() bool { return os.Getenv("KEPT_TEST_ENGINES") == "sqlite" }

// SQLite opens an empty database in a temporary folder.
func SQLite(t testing.TB) *sql.DB {
	t.Helper()
	return open(t, "sqlite", SQLiteDSN(t, "normal"))
}

// SQLiteDSN names a database that is not there yet, in a temporary folder.
// synchronous is the engine's setting.
func SQLiteDSN(t testing.TB, synchronous string) string {
	path := (&url.URL{Path: filepath.Join(t.TempDir(), "db")}).EscapedPath() // a test's name may have a # in it
	return "file:" + path + "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=secure_delete(on)" +
		"&_pragma=synchronous(" + synchronous + ")"
}

// PostgreSQL opens an empty schema on the server for tests, dropped at the end.
func PostgreSQL(t testing.TB) *sql.DB {
	t.Helper()
	return open(t, "pgx", PostgreSQLDSN(t))
}

// PostgreSQLDSN names an empty schema on the server for tests, dropped at the end.
func PostgreSQLDSN(t testing.TB) string {
	t.Helper()
	url := os.Getenv("KEPT_TEST_POSTGRES")
	if url == "" {
		t.Fatal("KEPT_TEST_POSTGRES is not set: run tools/postgres start, or set KEPT_TEST_ENGINES=sqlite")
	}
	schema := "vault_" + vault.NewID()
	admin := open(t, "pgx", url)
	if _, err := admin.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Exec("DROP SCHEMA " + schema + " CASCADE") })
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	return fmt.Sprintf("%s%ssearch_path=%s", url, sep, schema)
}

func open(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
