package vault

import (
	"context"
	"database/sql"
)

// Ending says how many records of a kind have the same last day.
type Ending struct {
	Info  Info
	Day   Day
	Count int
}

// NextEndings lists the next deletions by day and kind. It opens nothing.
func (v *Vault) NextEndings(ctx context.Context, q Querier, limit int) ([]Ending, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, expires_day, COUNT(*) FROM vault_record
		WHERE expires_day < 2932896 AND expires_day >= $1 GROUP BY expires_day, kind ORDER BY expires_day, kind LIMIT $2`,
		int64(v.Today()), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return v.endings(rows)
}

func (v *Vault) endings(rows *sql.Rows) ([]Ending, error) {
	var all []Ending
	for rows.Next() {
		var e Ending
		var kind string
		if err := rows.Scan(&kind, &e.Day, &e.Count); err != nil {
			return nil, err
		}
		if d := v.reg.decls[kind]; d != nil {
			e.Info = d.Info
		} else {
			e.Info.Title = kind
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// EndingsBefore counts by kind what goes before a day, with the last of its days.
// It opens nothing.
func (v *Vault) EndingsBefore(ctx context.Context, q Querier, day Day) ([]Ending, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, MAX(expires_day), COUNT(*) FROM vault_record
		WHERE expires_day < 2932896 AND expires_day < $1 GROUP BY kind ORDER BY kind`, int64(day))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return v.endings(rows)
}

// CountOwnersBefore counts the owners whose own day is over before a day, by type.
func (v *Vault) CountOwnersBefore(ctx context.Context, q Querier, day Day) (map[OwnerType]int, error) {
	rows, err := q.QueryContext(ctx, `SELECT type, COUNT(*) FROM vault_owner
		WHERE expires_day < 2932896 AND expires_day < $1 AND state IN ('live', 'joined') GROUP BY type`, int64(day))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[OwnerType]int{}
	for rows.Next() {
		var t OwnerType
		var n int
		if err := rows.Scan(&t, &n); err != nil {
			return nil, err
		}
		all[t] = n
	}
	return all, rows.Err()
}

// CountOwners says how many live owners of a type there are.
func (v *Vault) CountOwners(ctx context.Context, q Querier, t OwnerType) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM vault_owner WHERE type = $1 AND state = 'live'`, string(t)).Scan(&n)
	return n, err
}

// ListOwners lists live owners of a type in the order of their ids, which is no
// order of time: those after the given one, at most limit.
func (v *Vault) ListOwners(ctx context.Context, q Querier, t OwnerType, after OwnerID, limit int) ([]OwnerID, error) {
	return owners(ctx, q, `SELECT id FROM vault_owner WHERE id > $1 AND type = $2 AND state = 'live'
		ORDER BY id LIMIT $3`, string(after), string(t), limit)
}
