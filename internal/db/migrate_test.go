package db

import (
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// Histories of the tests. Each step of the second adds to a number, so that a
// step done twice shows.
var (
	one = fstest.MapFS{"0001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE a (n BIGINT NOT NULL);\nINSERT INTO a VALUES (0);\n")}}
	two = fstest.MapFS{"0001_a.sql": one["0001_a.sql"], "0002_b.sql": {Data: []byte("-- +goose Up\nUPDATE a SET n = n + 1;\n")}}
	bad = fstest.MapFS{"0001_a.sql": one["0001_a.sql"], "0002_b.sql": {Data: []byte("-- +goose Up\nUPDATE a SET n = n + 1;\nUPDATE nowhere SET n = 1;\n")}}
)

func number(t *testing.T, d *DB) (n int) {
	t.Helper()
	if err := d.Read.QueryRow(`SELECT n FROM a`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrateFromManyProcessesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		var done sync.WaitGroup
		for range 6 {
			done.Go(func() {
				d, err := Open(t.Context(), dsn)
				if err != nil {
					t.Error(err)
					return
				}
				defer d.Close()
				if err := d.migrate(t.Context(), two); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if got := number(t, open(t, dsn)); got != 1 {
			t.Errorf("the second step was done %d times, want 1", got)
		}
	})
}

func TestMigrateGoesOnWhereItStoppedAndUndoesAHalfStep(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		d := open(t, dsn)
		if err := d.migrate(t.Context(), bad); err == nil {
			t.Fatal("a step that cannot be done was done")
		}
		if got := number(t, d); got != 0 {
			t.Errorf("half a step stayed: %d", got)
		}
		if err := d.migrate(t.Context(), two); err != nil {
			t.Fatal(err)
		}
		if got := number(t, d); got != 1 {
			t.Errorf("got %d, want 1", got)
		}
	})
}

func TestMigrateRefusesANewerDatabase(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		d := open(t, dsn)
		if err := d.migrate(t.Context(), two); err != nil {
			t.Fatal(err)
		}
		err := d.migrate(t.Context(), one)
		if err == nil || !strings.Contains(err.Error(), "version 2") {
			t.Errorf("got %v", err)
		}
	})
}

func open(t *testing.T, dsn string) *DB {
	t.Helper()
	d, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// each is dbtest.EachDSN with databases that nothing was migrated in, which
// only this package needs (and dbtest imports it).
func each(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, t.TempDir()+"/kept.db") })
	if os.Getenv("KEPT_TEST_ENGINES") == "sqlite" {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		server := os.Getenv("KEPT_TEST_POSTGRES")
		if server == "" {
			t.Fatal("KEPT_TEST_POSTGRES is not set: see package dbtest")
		}
		test(t, emptySchema(t, server))
	})
}

// emptySchema names a schema of its own on the server's database.
func emptySchema(t *testing.T, server string) string {
	t.Helper()
	d := open(t, server)
	name := "kept_" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
	for _, query := range []string{`DROP SCHEMA IF EXISTS ` + name + ` CASCADE`, `CREATE SCHEMA ` + name} {
		if _, err := d.Write.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { d.Write.Exec(`DROP SCHEMA ` + name + ` CASCADE`) })
	mark := "?"
	if strings.Contains(server, "?") {
		mark = "&"
	}
	return server + mark + "search_path=" + name
}
