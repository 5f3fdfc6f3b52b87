package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/vault"
)

func exec(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	if _, err := d.Write.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, d *db.DB, query string, args ...any) (n int64) {
	t.Helper()
	if err := d.Read.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func counter(t *testing.T, d *db.DB) {
	t.Helper()
	exec(t, d, `CREATE TABLE tally (name TEXT PRIMARY KEY, n BIGINT NOT NULL)`)
	exec(t, d, `INSERT INTO tally VALUES ('a', 0), ('b', 0)`)
}

func TestOpenRefusesWhatItCannotOpenWithoutSayingThePassword(t *testing.T) {
	for _, dsn := range []string{
		"",
		"mysql://ada:hunter2@127.0.0.1/kept",
		"postgres://ada:hunter2@127.0.0.1:notaport/kept",
		"postgres://ada:hunter2@127.0.0.1:1/kept",
		"postgres://ada:hunter2@%zz/kept",
		filepath.Join(t.TempDir(), "no", "such", "folder", "kept.db"),
	} {
		d, err := db.Open(t.Context(), dsn)
		if err == nil {
			d.Close()
			t.Errorf("%q was opened", dsn)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error says the password: %v", err)
		}
	}
}

func TestSQLiteFileNameIsNeverAnOption(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a?mode=memory&_pragma=synchronous(OFF)#%20 b.db")
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got := number(t, d, `PRAGMA synchronous`); got != 2 { // FULL; the reader's default
		t.Errorf("synchronous = %d, want 2", got)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
}

func TestSQLiteIsSetUpToForget(t *testing.T) {
	d, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "kept.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for pragma, want := range map[string]string{
		"secure_delete": "1", "synchronous": "2", "foreign_keys": "1", "page_size": "8192", "journal_mode": "wal", "busy_timeout": "5000",
	} {
		var got string
		if err := d.Write.QueryRow(`PRAGMA ` + pragma).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
	if _, err := d.Read.Exec(`CREATE TABLE x (y TEXT)`); err == nil {
		t.Error("the read pool wrote")
	}
}

func TestTransactKeepsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		counter(t, d)
		add := func(after func() error) error {
			return d.Transact(t.Context(), func(tx *sql.Tx) error {
				if _, err := tx.Exec(`UPDATE tally SET n = n + 1 WHERE name = 'a'`); err != nil {
					return err
				}
				return after()
			})
		}
		broken := errors.New("broken")
		if err := add(func() error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
		func() {
			defer func() {
				if got := recover(); got != "thrown" {
					t.Errorf("recovered %v, want the panic itself", got)
				}
			}()
			add(func() error { panic("thrown") })
		}()
		if err := add(func() error { return nil }); err != nil {
			t.Error(err)
		}
		if got := number(t, d, `SELECT n FROM tally WHERE name = 'a'`); got != 1 {
			t.Errorf("counted %d, want 1", got)
		}
	})
}

// Two processes write at once: SQLite's wait for the one lock, PostgreSQL's for
// the row.
func TestTransactLosesNoUpdateAmongManyWriters(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		first, second := dbtest.Open(t, dsn), dbtest.Open(t, dsn)
		counter(t, first)
		const writers, each = 4, 25
		var done sync.WaitGroup
		for w := range writers {
			done.Go(func() {
				for range each {
					err := []*db.DB{first, second}[w%2].Transact(t.Context(), func(tx *sql.Tx) error {
						_, err := tx.Exec(`UPDATE tally SET n = n + 1 WHERE name = 'a'`)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		done.Wait()
		if got := number(t, first, `SELECT n FROM tally WHERE name = 'a'`); got != writers*each {
			t.Errorf("counted %d, want %d", got, writers*each)
		}
	})
}

// SQLite's writers hold one lock each and cannot meet in a deadlock.
func TestTransactRunsAgainAfterADeadlock(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn)
		if d.Engine != db.PostgreSQL {
			return
		}
		d = dbtest.Open(t, dsn+deadlockSoon(dsn))
		counter(t, d)
		var runs [2]int
		var both, done sync.WaitGroup
		both.Add(2)
		for w, order := range [][]string{{"a", "b"}, {"b", "a"}} {
			done.Go(func() {
				err := d.Transact(t.Context(), func(tx *sql.Tx) error {
					runs[w]++
					return takeBoth(tx, order, func() {
						if runs[w] == 1 {
							both.Done()
							both.Wait() // each holds what the other wants
						}
					})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if runs[0]+runs[1] < 3 {
			t.Errorf("ran %v times: no deadlock was met", runs)
		}
		if got := number(t, d, `SELECT CAST(sum(n) AS BIGINT) FROM tally`); got != 4 {
			t.Errorf("counted %d, want 4", got)
		}
	})
}

func deadlockSoon(dsn string) string {
	if strings.Contains(dsn, "?") {
		return "&deadlock_timeout=10ms"
	}
	return "?deadlock_timeout=10ms"
}

func takeBoth(tx *sql.Tx, order []string, between func()) error {
	if _, err := tx.Exec(`UPDATE tally SET n = n + 1 WHERE name = $1`, order[0]); err != nil {
		return err
	}
	between()
	_, err := tx.Exec(`UPDATE tally SET n = n + 1 WHERE name = $1`, order[1])
	return err
}

func TestTransactNeverRepeatsOtherErrors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		counter(t, d)
		runs := 0
		err := d.Transact(t.Context(), func(tx *sql.Tx) error {
			runs++
			_, err := tx.Exec(`INSERT INTO tally VALUES ('a', 9)`)
			return fmt.Errorf("take a name: %w", err)
		})
		if !db.IsUnique(err) {
			t.Errorf("IsUnique is false for %v", err)
		}
		if runs != 1 {
			t.Errorf("ran %d times, want 1", runs)
		}
	})
}

func TestIsUniqueKnowsKeysAndIndexesAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		exec(t, d, `CREATE TABLE u (id TEXT PRIMARY KEY, name TEXT NOT NULL, parent TEXT REFERENCES u (id))`)
		exec(t, d, `CREATE UNIQUE INDEX u_name ON u (name)`)
		exec(t, d, `INSERT INTO u VALUES ('1', 'one', NULL)`)
		for _, c := range []struct {
			insert string
			want   bool
		}{
			{`INSERT INTO u VALUES ('1', 'two', NULL)`, true},
			{`INSERT INTO u VALUES ('2', 'one', NULL)`, true},
			{`INSERT INTO u VALUES ('2', NULL, NULL)`, false},
			{`INSERT INTO u VALUES ('2', 'two', 'none')`, false},
			{`INSERT INTO nowhere VALUES (1)`, false},
		} {
			_, err := d.Write.Exec(c.insert)
			if err == nil {
				t.Errorf("%s went in", c.insert)
			}
			if got := db.IsUnique(err); got != c.want {
				t.Errorf("%s: IsUnique = %v, want %v", c.insert, got, c.want)
			}
		}
		if db.IsUnique(nil) || db.IsUnique(errors.New("UNIQUE constraint failed")) {
			t.Error("IsUnique went by text")
		}
	})
}

func TestTheVaultAndTheFragmentsFitTheEngine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := vault.Migrate(t.Context(), d.Write, d.VaultDialect()); err != nil {
			t.Fatal(err)
		}
		err := d.Transact(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(`SELECT id FROM job WHERE state = 'dead'` + d.Engine.ForUpdateSkipLocked())
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestTransactStopsWaitingWithItsContext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := d.Transact(ctx, func(tx *sql.Tx) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	})
}
