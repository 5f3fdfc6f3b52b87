package db

import (
	"database/sql"
	"errors"

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
