package portfolio

import (
	"context"
	"database/sql"
	"sync"

	"kept/vault"
)

// prepared is a database for the one question that every request asks, the
// owner's version: parsing it would take longer than answering it.
type prepared struct {
	*sql.DB
	mu    sync.Mutex
	asked map[string]*sql.Stmt
}

var _ vault.Querier = (*prepared)(nil)

func newPrepared(db *sql.DB) *prepared { return &prepared{DB: db, asked: map[string]*sql.Stmt{}} }

// QueryRowContext asks through a statement that is kept until the database is
// closed.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := p.statement(query)
	if err != nil {
		return p.DB.QueryRowContext(ctx, query, args...) // it says what is wrong
	}
	return stmt.QueryRowContext(ctx, args...)
}

// statement prepares a question once. It outlives the request that asked first,
// so that request's context has no part in it.
func (p *prepared) statement(query string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stmt := p.asked[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := p.Prepare(query)
	if err == nil {
		p.asked[query] = stmt
	}
	return stmt, err
}
