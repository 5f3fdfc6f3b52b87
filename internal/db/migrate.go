package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"

	"github.com/pressly/goose/v3"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema is the schema's history, one SQL file a step.
func Schema() fs.FS {
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		panic(err) // the folder's name is wrong, which no run gets past
	}
	return files
}

// Migrate brings the schema up to date with the history in schema/, one
// transaction a file. Processes that start at once do it one after another.
// Files are added, never edited.
func (d *DB) Migrate(ctx context.Context) error {
	return d.migrate(ctx, Schema())
}

func (d *DB) migrate(ctx context.Context, files fs.FS) (err error) {
	unlock, err := d.lockSchema(ctx)
	if err != nil {
		return fmt.Errorf("migrate: wait for the lock: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	history, err := goose.NewProvider(d.Engine.gooseDialect(), d.Write, files,
		goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := tooNew(ctx, history); err != nil {
		return err
	}
	if _, err := history.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// tooNew refuses a database that a newer program has been at: this one would
// write rows that the newer schema no longer means.
func tooNew(ctx context.Context, history *goose.Provider) error {
	have, known, err := history.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if have > known {
		return fmt.Errorf("migrate: the database is at version %d, this program knows %d: run the newer program", have, known)
	}
	return nil
}

func (e Engine) gooseDialect() goose.Dialect {
	if e == PostgreSQL {
		return goose.DialectPostgres
	}
	return goose.DialectSQLite3
}

// lockSchema keeps other processes from migrating until unlock is called or
// this process ends. The lock lies outside the migrations' own transactions:
// on PostgreSQL in a transaction beside them, which also a pooler keeps on one
// server connection; on SQLite on an empty file beside the database, because
// one on the database itself would shut out its readers.
func (d *DB) lockSchema(ctx context.Context) (unlock func() error, err error) {
	if d.Engine == PostgreSQL {
		return lockWith(ctx, d.Write, `SELECT pg_advisory_xact_lock(5024377919603)`)
	}
	if err := makePrivate(d.path + ".migrate"); err != nil {
		return nil, err
	}
	file, err := sql.Open("sqlite", sqliteURI(d.path+".migrate", url.Values{"_txlock": {"exclusive"}}))
	if err != nil {
		return nil, err
	}
	release, err := lockWith(ctx, file, `SELECT 1`)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error { return errors.Join(release(), file.Close()) }, nil
}

// lockWith holds a transaction open in which query was run, until release. It
// waits as long as ctx allows: another process's migration can take its time.
func lockWith(ctx context.Context, pool *sql.DB, query string) (release func() error, err error) {
	var tx *sql.Tx
	err = retry(ctx, math.MaxInt, func() error {
		if tx, err = pool.BeginTx(ctx, nil); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return tx.Rollback, nil
}
