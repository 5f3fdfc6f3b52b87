package vaulttest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Snapshot is what a backup holds: every row of the vault's tables, without keys.
type Snapshot struct{ tables []table }

type table struct {
	name    string
	columns []string
	rows    [][]any
}

// Take reads a snapshot. Nobody may write meanwhile.
func Take(ctx context.Context, db *sql.DB) (Snapshot, error) {
	var s Snapshot
	for _, name := range []string{"owner", "record", "find", "claim", "anchor", "journal", "meta"} {
		t := table{name: "vault_" + name}
		if err := t.read(ctx, db); err != nil {
			return s, fmt.Errorf("snapshot of %s: %w", t.name, err)
		}
		s.tables = append(s.tables, t)
	}
	return s, nil
}

func (t *table) read(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT * FROM "+t.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	if t.columns, err = rows.Columns(); err != nil {
		return err
	}
	for rows.Next() {
		row, to := make([]any, len(t.columns)), make([]any, len(t.columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		t.rows = append(t.rows, row)
	}
	return rows.Err()
}

// Restore puts the snapshot in place of what is there.
func (s Snapshot) Restore(ctx context.Context, db *sql.DB) error {
	return InTx(ctx, db, func(ctx context.Context, tx *sql.Tx) error {
		for _, t := range s.tables {
			if err := t.write(ctx, tx); err != nil {
				return fmt.Errorf("restore %s: %w", t.name, err)
			}
		}
		return nil
	})
}

func (t table) write(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM "+t.name); err != nil {
		return err
	}
	places := make([]string, len(t.columns))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	insert := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", t.name, strings.Join(t.columns, ", "), strings.Join(places, ", "))
	for _, row := range t.rows {
		if _, err := tx.ExecContext(ctx, insert, row...); err != nil {
			return err
		}
	}
	return nil
}
