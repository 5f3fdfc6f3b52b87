package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
)

// writeOptions set up the connection that writes. The driver runs the _pragma
// list by the alphabet and the named options after it; page_size counts only
// before journal_mode writes the first page, so that one must be named.
//
// secure_delete is off by default and belongs to the connection, not the file.
//
// synchronous is FULL, at one fsync for each commit: under NORMAL, WAL commits
// of the last seconds can vanish with the power. A sign-up lost so is a
// nuisance; a deletion that was confirmed to its person and came back is a
// broken promise, and the same connection does both.
var writeOptions = url.Values{
	"_txlock":       {"immediate"},
	"_journal_mode": {"WAL"},
	"_synchronous":  {"FULL"},
	"_foreign_keys": {"ON"},
	"_pragma":       {"page_size(8192)", "secure_delete(ON)", "trusted_schema(OFF)", "cache_size(-16384)", "journal_size_limit(67108864)"},
}

var readOptions = url.Values{
	"_txlock":     {"deferred"},
	"_query_only": {"ON"},
	"_pragma":     {"trusted_schema(OFF)", "cache_size(-8192)"},
}

// busyTimeout is how long, in ms, SQLite waits for the lock of another process.
const busyTimeout = "5000"

func openSQLite(ctx context.Context, path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := makePrivate(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	write, err := sql.Open("sqlite", sqliteURI(path, writeOptions))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	read, err := sql.Open("sqlite", sqliteURI(path, readOptions))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", errors.Join(err, write.Close()))
	}
	keep(write, 1)
	keep(read, max(4, runtime.GOMAXPROCS(0)))
	d := &DB{Write: write, Read: read, Engine: SQLite, path: path}
	if err := d.firstConnections(ctx); err != nil {
		return nil, fmt.Errorf("open database: %w", errors.Join(err, d.Close()))
	}
	return d, nil
}

// firstConnections opens the writer first: it is the one that makes the file a
// database. Two processes that make it at once can refuse each other.
func (d *DB) firstConnections(ctx context.Context) error {
	var mode string
	err := retry(ctx, attempts, func() error {
		return d.Write.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode)
	})
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("this file system cannot hold SQLite's write-ahead log (journal mode %s)", mode)
	}
	return d.Read.PingContext(ctx)
}

// makePrivate makes the file before SQLite would, which asks for 0644; its log
// and index files take over the mode. A file that is there is left alone, and
// not even opened.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteURI escapes the path, so that no character in it becomes an option.
func sqliteURI(path string, options url.Values) string {
	options = maps.Clone(options)
	options.Set("mode", "rw")
	options.Set("_dqs", "0") // a misspelt "column" is an error, not a string
	options.Set("_busy_timeout", busyTimeout)
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: options.Encode()}
	return u.String()
}

// keep makes a pool of n connections that are kept: opening one costs more than
// a query, and the writer's settings must not be lost with it.
func keep(pool *sql.DB, n int) {
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
}
