package vault

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

// Querier is what reads need: a *sql.DB, *sql.Tx or *sql.Conn.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Dialect names the database engine behind the *sql.DB.
type Dialect int

// The engines that the vault's SQL has been run on.
const (
	SQLite     Dialect = iota + 1 // modernc.org/sqlite; others that bind $1 by number should do
	PostgreSQL                    // pgx, through database/sql
)

// Rows writes the places of many rows' values for one INSERT. SQLite compares every name of a
// place with all others when it binds, so that it gets places without names.
func (d Dialect) Rows(rows, columns int) string {
	var b strings.Builder
	for n := range rows * columns {
		switch {
		case n == 0:
			b.WriteByte('(')
		case n%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteByte(',')
		}
		if d == SQLite {
			b.WriteByte('?')
		} else {
			b.WriteString("$" + strconv.Itoa(n+1))
		}
	}
	return b.String() + ")"
}

//go:embed schema.sql
var schemaText string

// schemaVersion is the number of the newest block in schema.sql.
const schemaVersion = 1

// Migrate creates or brings forward the vault's own tables, all of which are
// named vault_…, in one transaction.
func Migrate(ctx context.Context, db *sql.DB, dialect Dialect) error {
	return MigrateTo(ctx, db, dialect, schemaVersion)
}

// MigrateTo is Migrate up to an older version: what a backup of that version is
// loaded into. Migrate does the rest afterwards.
func MigrateTo(ctx context.Context, db *sql.DB, dialect Dialect, version int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("vault: migrate: %w", err)
	}
	defer tx.Rollback()
	if err := migrate(ctx, tx, dialect, version); err != nil {
		return fmt.Errorf("vault: migrate: %w", err)
	}
	return tx.Commit()
}

func migrate(ctx context.Context, tx *sql.Tx, dialect Dialect, version int) error {
	if dialect == PostgreSQL { // SQLite's writer is alone already
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(7205759)`); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS vault_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)`); err != nil {
		return err
	}
	have, err := metaNumber(ctx, tx, "schema")
	if err != nil {
		return err
	}
	if newest := max(have, version); newest > schemaVersion {
		return fmt.Errorf("the tables are of version %d, this program knows %d", newest, schemaVersion)
	}
	for n, block := range strings.Split(schemaText, "-- version ")[1:] {
		if n+1 <= have || n+1 > version {
			continue
		}
		if err := execBlock(ctx, tx, dialect, block); err != nil {
			return fmt.Errorf("version %d: %w", n+1, err)
		}
	}
	return setMeta(ctx, tx, "schema", strconv.Itoa(max(have, version)))
}

func execBlock(ctx context.Context, tx *sql.Tx, dialect Dialect, block string) error {
	_, block, _ = strings.Cut(block, "\n")
	clustered := ""
	if dialect == SQLite {
		clustered = "WITHOUT ROWID"
	}
	block = strings.ReplaceAll(block, "/*clustered*/", clustered)
	for statement := range strings.SplitSeq(block, ";") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// lockTables keeps others from writing records and look-ups until the
// transaction ends. SQLite's writer is alone once it has written.
func (v *Vault) lockTables(ctx context.Context, tx *sql.Tx) error {
	if v.dialect == SQLite {
		return nil
	}
	_, err := tx.ExecContext(ctx, `LOCK TABLE vault_record, vault_find, vault_claim IN SHARE ROW EXCLUSIVE MODE`)
	return err
}

// lockAnchor keeps the date of an anchor from moving while records are written
// that hang on it, and the other way round.
func (v *Vault) lockAnchor(ctx context.Context, tx *sql.Tx, name string, move bool) error {
	if v.dialect == SQLite {
		return nil
	}
	text := `SELECT pg_advisory_xact_lock_shared(7205760, hashtext($1))`
	if move {
		text = `SELECT pg_advisory_xact_lock(7205760, hashtext($1))`
	}
	_, err := tx.ExecContext(ctx, text, name)
	return err
}

func metaNumber(ctx context.Context, q Querier, key string) (int, error) {
	text, err := meta(ctx, q, key)
	if err != nil || text == "" {
		return 0, err
	}
	return strconv.Atoi(text)
}

func meta(ctx context.Context, q Querier, key string) (string, error) {
	var value string
	err := q.QueryRowContext(ctx, `SELECT value FROM vault_meta WHERE key = $1`, key).Scan(&value)
	if err == sql.ErrNoRows {
		return "", nil
	}
	return value, err
}

func setMeta(ctx context.Context, q Querier, key, value string) error {
	_, err := q.ExecContext(ctx, `INSERT INTO vault_meta (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return err
}

// arg appends a value and returns its placeholder.
func arg(args *[]any, value any) string {
	*args = append(*args, value)
	return "$" + strconv.Itoa(len(*args))
}

// changed reports whether a statement touched a row.
func changed(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
