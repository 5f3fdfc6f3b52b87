// Package dbtest gives each test a database of its own, migrated and empty, on
// every engine.
//
// PostgreSQL must run already and be named by KEPT_TEST_POSTGRES, the URL of a
// server on which databases may be made; without it a test fails rather than
// pass on half of the engines. KEPT_TEST_ENGINES=sqlite leaves PostgreSQL out,
// for the inner loop alone.
//
// Start at [Each]; [EachDSN] is for tests that open one database several times,
// as several processes would.
package dbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/internal/db"
)

// Each runs test once per engine on a fresh database.
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachDSN(t, func(t *testing.T, dsn string) { test(t, Open(t, dsn)) })
}

// EachDSN runs test once per engine with the name of a fresh database.
func EachDSN(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	for _, engine := range engines() {
		t.Run(string(engine), func(t *testing.T) { test(t, Fresh(t, engine)) })
	}
}

// EachBench is [Each] for benchmarks.
func EachBench(b *testing.B, bench func(b *testing.B, d *db.DB)) {
	b.Helper()
	for _, engine := range engines() {
		b.Run(string(engine), func(b *testing.B) { bench(b, Open(b, Fresh(b, engine))) })
	}
}

// Fresh makes a migrated, empty database that goes with the test, and returns
// its name for [Open] or [db.Open].
func Fresh(t testing.TB, engine db.Engine) string {
	t.Helper()
	if engine == db.PostgreSQL {
		return freshPostgres(t)
	}
	dsn := filepath.Join(t.TempDir(), "kept.db")
	migrate(t, dsn)
	return dsn
}

// Open opens a database until the test ends. On SQLite it does not wait for the
// disk: what a test has to show is never a power cut.
func Open(t testing.TB, dsn string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if d.Engine == db.SQLite {
		exec(t, d.Write, `PRAGMA synchronous = OFF`)
	}
	return d
}

func engines() []db.Engine {
	switch os.Getenv("KEPT_TEST_ENGINES") {
	case "sqlite":
		return []db.Engine{db.SQLite}
	case "postgres": // for the race detector, under which the pure-Go SQLite crawls
		return []db.Engine{db.PostgreSQL}
	}
	return []db.Engine{db.SQLite, db.PostgreSQL}
}

func migrate(t testing.TB, dsn string) {
	t.Helper()
	d, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Engine == db.SQLite {
		exec(t, d.Write, `PRAGMA synchronous = OFF`)
	}
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// freshPostgres copies a database from one that was migrated once for this
// schema on this server, by whichever process came first.
func freshPostgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("KEPT_TEST_POSTGRES")
	if server == "" {
		t.Fatal("KEPT_TEST_POSTGRES is not set: run `tools/postgres start` and set what it prints, or KEPT_TEST_ENGINES=sqlite for SQLite alone")
	}
	d, err := db.Open(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	name, template := "kept_test_"+strings.ToLower(rand.Text()), "kept_template_"+schemaHash(t)
	ensureTemplate(t, d.Write, server, template)
	exec(t, d.Write, `CREATE DATABASE `+name+` TEMPLATE `+template)
	t.Cleanup(func() { drop(t, server, name) })
	return withDatabase(t, server, name)
}

// ensureTemplate makes the template under another name first, so that one that
// was left half-made by a killed process is never copied.
func ensureTemplate(t testing.TB, server *sql.DB, dsn, template string) {
	t.Helper()
	tx, err := server.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var found bool
	if _, err := tx.Exec(`SELECT pg_advisory_xact_lock(5024377919604)`); err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, template).Scan(&found); err != nil {
		t.Fatal(err)
	}
	if found {
		return
	}
	half := template + "_half"
	exec(t, server, `DROP DATABASE IF EXISTS `+half+` WITH (FORCE)`)
	exec(t, server, `CREATE DATABASE `+half)
	migrate(t, withDatabase(t, dsn, half))
	exec(t, server, `ALTER DATABASE `+half+` RENAME TO `+template)
}

func drop(t testing.TB, server, name string) {
	// The test's own context has ended by now.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d, err := db.Open(ctx, server)
	if err != nil {
		t.Error(err)
		return
	}
	defer d.Close()
	if _, err := d.Write.ExecContext(ctx, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
		t.Error(err)
	}
}

func withDatabase(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("KEPT_TEST_POSTGRES is no URL")
	}
	u.Path = "/" + name
	return u.String()
}

// schemaHash changes with every change of the schema's history.
func schemaHash(t testing.TB) string {
	t.Helper()
	sum := sha256.New()
	err := fs.WalkDir(db.Schema(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(db.Schema(), path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

func exec(t testing.TB, pool *sql.DB, query string) {
	t.Helper()
	if _, err := pool.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}
