package vault

import (
	"context"
	"database/sql"
)

// Outdated counts, by kind, the records that were written under an older policy
// than the given version and keep its dates.
func (s Subject) Outdated(ctx context.Context, q Querier, policy int) (map[string]int, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, COUNT(*) FROM vault_record
		WHERE owner = $1 AND policy < $2 AND expires_day >= $3 GROUP BY kind`,
		string(s.owner), policy, int64(s.v.Today()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	count := map[string]int{}
	for rows.Next() {
		var kind string
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			return nil, err
		}
		count[kind] = n
	}
	return count, rows.Err()
}

// Renew is the owner's yes to the policy in force for the records of a kind:
// they are dated as if they were written today. It says how many there were.
func (s Subject) Renew(ctx context.Context, tx *sql.Tx, kind string) (int, error) {
	d, err := s.v.declared(kind)
	if err != nil {
		return 0, err
	}
	rows, err := scan(tx.QueryContext(ctx, "SELECT "+columns+` FROM vault_record r
		WHERE r.owner = $1 AND r.kind = $2 AND r.policy < $3 AND r.expires_day >= $4`,
		string(s.owner), kind, s.v.policy(), int64(s.v.Today())))
	if err != nil {
		return 0, err
	}
	for i, row := range rows {
		value, err := s.v.value(d, row)
		if err != nil {
			return i, err
		}
		again := stored{owner: row.owner, kind: kind, id: row.id, schema: d.Schema, rev: row.rev, seen: row.seen,
			scope: row.scope, anchor: row.anchor}
		if _, err := d.put(ctx, tx, Self(s.owner), again, value); err != nil {
			return i, err
		}
	}
	return len(rows), nil
}
