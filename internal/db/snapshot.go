package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

// Table is a table as the engine describes it.
type Table struct {
	Name    string
	Columns []Column
}

// Column is a column of a table, and whether it holds bytes, or yes and no:
// SQLite gives those as numbers.
type Column struct {
	Name        string
	Bytes, Bool bool
}

// Snapshot runs do in a transaction that sees the database as it is now,
// whatever others write meanwhile, and cannot write itself. On SQLite the
// write-ahead log cannot be emptied until it ends.
func (d *DB) Snapshot(ctx context.Context, do func(tx *sql.Tx) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if d.Engine == PostgreSQL {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := d.Read.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin a snapshot: %w", err)
	}
	defer tx.Rollback()
	return do(tx)
}

// Tables lists the tables of the program, by name, without the engine's own and
// without the history of the schema.
func (e Engine) Tables(ctx context.Context, tx *sql.Tx) ([]Table, error) {
	text := `SELECT m.name, c.name, c.type = 'BYTEA', c.type = 'BOOLEAN' FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'schema_version' ORDER BY m.name, c.cid`
	if e == PostgreSQL {
		text = `SELECT c.table_name, c.column_name, c.data_type = 'bytea', c.data_type = 'boolean' FROM information_schema.columns c
			JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
			WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name <> 'schema_version'
			ORDER BY c.table_name COLLATE "C", c.ordinal_position`
	}
	rows, err := tx.QueryContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer rows.Close()
	var all []Table
	for rows.Next() {
		var name string
		var c Column
		if err := rows.Scan(&name, &c.Name, &c.Bytes, &c.Bool); err != nil {
			return nil, err
		}
		if len(all) == 0 || all[len(all)-1].Name != name {
			all = append(all, Table{Name: name})
		}
		all[len(all)-1].Columns = append(all[len(all)-1].Columns, c)
	}
	return all, rows.Err()
}

// SchemaVersion is the number of the last step of the schema's history that the
// database has taken.
func (d *DB) SchemaVersion(ctx context.Context, tx *sql.Tx) (version int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM schema_version WHERE is_applied`).Scan(&version)
	return version, err
}

// MigrateTo brings an empty database to an older version of the schema, so that
// the rows of a backup fit; Migrate does the rest afterwards.
func (d *DB) MigrateTo(ctx context.Context, version int64) error {
	history, err := goose.NewProvider(d.Engine.gooseDialect(), d.Write, Schema(),
		goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, known, err := history.GetVersions(ctx); err != nil || version > known {
		return errors.Join(err, fmt.Errorf("migrate: the backup is of version %d, this program knows %d: run the newer program", version, known))
	}
	if _, err := history.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// loadOptions are for a file that is worth nothing until it is whole: no log,
// no flushing. Settle makes it durable.
var loadOptions = url.Values{
	"_txlock":       {"immediate"},
	"_journal_mode": {"OFF"},
	"_synchronous":  {"OFF"},
	"_pragma":       {"page_size(8192)", "locking_mode(EXCLUSIVE)", "cache_size(-65536)", "trusted_schema(OFF)"},
}

// OpenToLoad opens a new database to fill it fast. A crash before Settle leaves
// nothing that can be used.
func OpenToLoad(ctx context.Context, dsn string) (*DB, error) {
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		return Open(ctx, dsn)
	}
	path, err := filepath.Abs(dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := makePrivate(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool, err := sql.Open("sqlite", sqliteURI(path, loadOptions))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	keep(pool, 1)
	if err := pool.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("open database: %w", errors.Join(err, pool.Close()))
	}
	return &DB{Write: pool, Read: pool, Engine: SQLite, path: path}, nil
}

// Settle closes a database that was opened to be loaded and returns when all of
// it is on the disk.
func (d *DB) Settle() error {
	if err := d.Close(); err != nil || d.Engine == PostgreSQL {
		return err
	}
	f, err := os.OpenFile(d.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Empty reports whether nothing is there yet: no file, or a PostgreSQL database
// without tables.
func Empty(ctx context.Context, dsn string) (empty bool, err error) {
	if u, err := url.Parse(dsn); err != nil || u.Scheme == "" {
		_, err := os.Stat(dsn)
		return errors.Is(err, os.ErrNotExist), nil
	}
	d, err := Open(ctx, dsn)
	if err != nil {
		return false, err
	}
	defer d.Close()
	err = d.Snapshot(ctx, func(tx *sql.Tx) error {
		tables, err := d.Engine.Tables(ctx, tx)
		empty = len(tables) == 0
		return err
	})
	return empty, err
}

// Drop removes all that a load that was broken off has left.
func Drop(ctx context.Context, dsn string) error {
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		return dropTables(ctx, dsn)
	}
	for _, end := range []string{"", "-wal", "-shm", "-journal", ".migrate"} {
		if err := os.Remove(dsn + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func dropTables(ctx context.Context, dsn string) error {
	d, err := Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Transact(ctx, func(tx *sql.Tx) error {
		tables, err := d.Engine.Tables(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range append(tables, Table{Name: "schema_version"}) {
			if _, err := tx.ExecContext(ctx, `DROP TABLE IF EXISTS "`+t.Name+`" CASCADE`); err != nil {
				return err
			}
		}
		return nil
	})
}

// Size is the size of the database in bytes, without its log.
func (d *DB) Size(ctx context.Context) (bytes int64, err error) {
	query := `SELECT p.page_count * s.page_size FROM pragma_page_count p, pragma_page_size s`
	if d.Engine == PostgreSQL {
		query = `SELECT pg_database_size(current_database())`
	}
	err = d.Read.QueryRowContext(ctx, query).Scan(&bytes)
	return bytes, err
}
