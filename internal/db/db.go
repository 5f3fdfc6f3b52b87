// Package db opens the one SQL database, brings its schema up to date, runs
// transactions, and holds everything in which SQLite and PostgreSQL differ.
//
// It refuses to know a single table: features bring their SQL, as one text for
// both engines ($1 placeholders; TEXT, BIGINT, BOOLEAN, BYTEA; ids and times
// made in Go). What cannot be said in one text is a named function here.
//
// Start at [Open], then [DB.Migrate] once, then [DB.Transact] for every change.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// DB is an open database. On SQLite Write is a pool of one connection, because
// SQLite has one writer, and Read a pool of several that cannot write; on
// PostgreSQL both are the same pool.
//
// Inside [DB.Transact] use the transaction alone: on SQLite a call on Write
// would wait for the connection that the transaction holds.
type DB struct {
	Write, Read *sql.DB
	Engine      Engine

	path string // SQLite's file, absolute
}

// Open opens the database that dsn names: a file path (SQLite, made if it is
// missing, readable by this user alone) or a postgres:// URL. It makes a first
// connection, so that a wrong name or password shows here. Errors never hold
// the URL, which may hold a password.
//
// While the program runs, nothing else in this process may open the SQLite
// file itself: closing it again would drop SQLite's locks on it.
func Open(ctx context.Context, dsn string) (*DB, error) {
	scheme, _, isURL := strings.Cut(dsn, "://")
	switch {
	case dsn == "":
		return nil, errors.New("open database: no file path or postgres:// URL given")
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgres(ctx, dsn)
	case isURL:
		return nil, errors.New("open database: only a file path or a postgres:// URL can be opened")
	}
	return openSQLite(ctx, dsn)
}

// Close closes all connections.
func (d *DB) Close() error {
	if d.Read == d.Write {
		return d.Write.Close()
	}
	return errors.Join(d.Read.Close(), d.Write.Close())
}

// attempts bounds how often a collision is tried again: over about a second of
// pauses (on SQLite each attempt also waits for the lock).
const attempts = 8

// Transact runs do in a transaction and commits it; an error or a panic of do
// rolls it back. If the engine reports a collision with another transaction
// (busy, serialization, deadlock), it is rolled back and do runs again, so do
// must change nothing but through tx. Isolation is read committed on
// PostgreSQL; on SQLite transactions run one after another.
func (d *DB) Transact(ctx context.Context, do func(tx *sql.Tx) error) error {
	return retry(ctx, attempts, func() error { return d.once(ctx, do) })
}

func (d *DB) once(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := d.Write.BeginTx(ctx, d.Engine.txOptions())
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// retry repeats do after collisions, at most times times, and after no other error.
func retry(ctx context.Context, times int, do func() error) error {
	for n := 1; ; n++ {
		err := do()
		if err == nil || n == times || !isCollision(err) {
			return err
		}
		if err := pause(ctx, backoff(n)); err != nil {
			return err
		}
	}
}

// backoff is between half and all of 5 ms doubled with each attempt: the jitter
// keeps two that collided from colliding again.
func backoff(attempt int) time.Duration {
	most := 5 * time.Millisecond << min(attempt, attempts)
	return most/2 + rand.N(most/2)
}

func pause(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
