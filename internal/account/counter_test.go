package account

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync/atomic"
	"testing"

	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// counter counts the statements that reach the engine.
type counter struct{ statements atomic.Int64 }

func (c *counter) total() int64 { return c.statements.Load() }

// eachCounted is each with every statement counted.
func eachCounted(t *testing.T, test func(w *world, count *counter)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		plain := dbtest.Open(t, dsn)
		if plain.Engine == db.SQLite {
			dsn = "file:" + dsn + "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=synchronous(off)"
		}
		count := &counter{}
		pool := sql.OpenDB(counting{count, plain.Write.Driver(), dsn})
		t.Cleanup(func() { pool.Close() })
		test(newWorld(t, &db.DB{Write: pool, Read: pool, Engine: plain.Engine}, base), count)
	})
}

// counting is a driver.Connector whose connections count.
type counting struct {
	count *counter
	real  driver.Driver
	dsn   string
}

func (c counting) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.real.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &countedConn{conn, c.count}, nil
}

func (c counting) Driver() driver.Driver { return c.real }

type countedConn struct {
	driver.Conn
	count *counter
}

func (c *countedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.count.statements.Add(1)
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func (c *countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.note(query)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(query)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *countedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *countedConn) note(query string) {
	if strings.TrimSpace(query) != "" {
		c.count.statements.Add(1)
	}
}
