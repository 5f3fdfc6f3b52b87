// Package vaulttest opens vaults for tests, in temporary folders, and holds the
// suite that every engine must pass (see Conform).
package vaulttest

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
)

// LookupKey is the key of look-ups in tests.
var lookupKey = bytes.Repeat([]byte{7}, 32)

// New makes the vault's tables in db and opens a vault with a fresh ring and
// journal, which go with the test.
func New(t testing.TB, reg *vault.Registry, db *sql.DB, dialect vault.Dialect, now func() time.Time) *vault.Vault {
	t.Helper()
	if err := vault.Migrate(t.Context(), db, dialect); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), reg, Options(t, db, dialect, now))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Options are what New opens a vault with: a fresh ring and journal.
func Options(t testing.TB, db *sql.DB, dialect vault.Dialect, now func() time.Time) vault.Options {
	t.Helper()
	data, keys := t.TempDir(), t.TempDir()
	ring, err := keyring.Create(filepath.Join(data, "ring"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ring.Close() })
	log, err := journal.Open(filepath.Join(data, "journal"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return vault.Options{DB: db, Dialect: dialect, Ring: ring, Journal: log, LookupKey: lookupKey, Now: now}
}

// Tx runs fn in a transaction and fails the test if it does not commit.
func Tx(t testing.TB, db *sql.DB, fn func(ctx context.Context, tx *sql.Tx) error) {
	t.Helper()
	if err := InTx(t.Context(), db, fn); err != nil {
		t.Fatal(err)
	}
}

// InTx runs fn in a transaction and returns what went wrong.
func InTx(ctx context.Context, db *sql.DB, fn func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}
