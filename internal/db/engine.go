package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"kept/vault"
)

// Engine is the database engine behind a [DB].
type Engine string

// The engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

// ErrBusy says that SQLite's log could not be emptied because a reader still
// needs it: what was deleted may still stand in it. Try again later.
var ErrBusy = errors.New("the write-ahead log is still being read")

// IsUnique says whether err is the engine's refusal of a second row with a
// unique value or primary key.
func IsUnique(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return pgCode(err) == "23505"
}

// isCollision says whether err means that the transaction lost against another
// one and would do nothing different if it had come later.
func isCollision(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_BUSY // the low byte is the primary code
	}
	code := pgCode(err)
	return code == "40001" || code == "40P01" // serialization failure, deadlock
}

func pgCode(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// VaultDialect is the engine as the vault calls it.
func (d *DB) VaultDialect() vault.Dialect {
	if d.Engine == PostgreSQL {
		return vault.PostgreSQL
	}
	return vault.SQLite
}

// txOptions names the isolation for PostgreSQL in each BEGIN: a server may be
// set to another default, and a pooler in between refuses session settings.
func (e Engine) txOptions() *sql.TxOptions {
	if e == PostgreSQL {
		return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	return nil
}

// ForUpdateSkipLocked ends a SELECT of rows that the same transaction is about
// to take, where several take at once: rows that another one is taking are
// passed over. SQLite has one writer and needs nothing.
func (e Engine) ForUpdateSkipLocked() string {
	if e == PostgreSQL {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// Checkpoint moves SQLite's write-ahead log into the file and cuts it to
// nothing, so that deleted bytes are in neither; [ErrBusy] if a reader is in
// the way. PostgreSQL has no counterpart that would remove anything.
func (d *DB) Checkpoint(ctx context.Context) error {
	if d.Engine == PostgreSQL {
		return nil
	}
	return d.checkpointSQLite(ctx)
}

// Compact rewrites SQLite's file without its free pages, which needs as much
// free disk again and stops writers meanwhile, and empties the log. On
// PostgreSQL it frees dead rows for reuse without stopping anyone; the files
// keep their size.
func (d *DB) Compact(ctx context.Context) error {
	if _, err := d.Write.ExecContext(ctx, `VACUUM`); err != nil {
		return fmt.Errorf("compact: %w", err)
	}
	return d.Checkpoint(ctx)
}

// FreeRatio is the part of the database that holds nothing any more, between 0
// and 1: free pages on SQLite, dead rows by the statistics on PostgreSQL.
func (d *DB) FreeRatio(ctx context.Context) (float64, error) {
	query := `SELECT CAST(f.freelist_count AS REAL) / p.page_count FROM pragma_freelist_count f, pragma_page_count p`
	if d.Engine == PostgreSQL {
		query = `SELECT coalesce(sum(n_dead_tup)::float8 / nullif(sum(n_live_tup + n_dead_tup), 0), 0) FROM pg_stat_user_tables`
	}
	var ratio float64
	if err := d.Read.QueryRowContext(ctx, query).Scan(&ratio); err != nil {
		return 0, fmt.Errorf("ask for free space: %w", err)
	}
	return ratio, nil
}

// Size is the size of the database in bytes, without its log.
func (d *DB) Size(ctx context.Context) (int64, error) {
	query := `SELECT p.page_count * s.page_size FROM pragma_page_count p, pragma_page_size s`
	if d.Engine == PostgreSQL {
		query = `SELECT pg_database_size(current_database())`
	}
	var bytes int64
	if err := d.Read.QueryRowContext(ctx, query).Scan(&bytes); err != nil {
		return 0, fmt.Errorf("ask for size: %w", err)
	}
	return bytes, nil
}
