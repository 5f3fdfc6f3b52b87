package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// poolSize bounds the connections of one process. PostgreSQL's own default
// bound is 100 for all of them.
const poolSize = 16

func openPostgres(ctx context.Context, dsn string) (*DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The parser's text repeats the URL; it hides what it takes for a password.
		return nil, errors.New("open database: the postgres:// URL cannot be read")
	}
	pool := stdlib.OpenDB(*config)
	keep(pool, poolSize)
	// A server that moved (a failover, a new address) is found again in time.
	pool.SetConnMaxLifetime(30 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("open database: %w", errors.Join(err, pool.Close()))
	}
	return &DB{Write: pool, Read: pool, Engine: PostgreSQL}, nil
}
