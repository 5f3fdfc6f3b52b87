package vaulttest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
)

// ErrKilled is what statements answer between a crash and the restart.
var ErrKilled = errors.New("vaulttest: the process is dead")

// A Fuse kills the program's connections between two statements. It stands for
// the end of a process: the engine rolls back what was not committed. Commits
// have two places to die in, before and after.
type Fuse struct {
	mu    sync.Mutex
	left  int // statements until it blows, 0 when it is not lit
	blown bool

	// Also is asked before every statement; what it answers ends the process, too.
	Also func() error
	// Blow is called once when the fuse blows.
	Blow func()
}

// Light makes the nth statement from now the one that is not run any more.
func (f *Fuse) Light(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = n
}

// Reset puts in a new fuse that is not lit.
func (f *Fuse) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.blown = 0, false
}

// Blown tells whether the program is dead.
func (f *Fuse) Blown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.blown
}

func (f *Fuse) step() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.blown {
		return ErrKilled
	}
	if f.left > 0 {
		if f.left--; f.left == 0 {
			return f.blow()
		}
	}
	if f.Also != nil && f.Also() != nil {
		return f.blow()
	}
	return nil
}

func (f *Fuse) blow() error {
	f.blown = true
	if f.Blow != nil {
		f.Blow()
	}
	return ErrKilled
}

// Fused opens a database whose connections hang on the fuse.
func Fused(driverName, dsn string, f *Fuse) (*sql.DB, error) {
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close() // asked for its driver alone
	return sql.OpenDB(fused{db.Driver(), dsn, f}), nil
}

type fused struct {
	driver driver.Driver
	dsn    string
	fuse   *Fuse
}

func (c fused) Driver() driver.Driver { return c.driver }

func (c fused) Connect(context.Context) (driver.Conn, error) {
	if err := c.fuse.step(); err != nil {
		return nil, err
	}
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &fusedConn{conn, c.fuse}, nil
}

// conn is what both drivers' connections can do.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type fusedConn struct {
	driver.Conn
	fuse *Fuse
}

func (c *fusedConn) step() error {
	err := c.fuse.step()
	if err != nil {
		c.Conn.Close() // the engine rolls back; the pool's own Close finds it done
	}
	return err
}

// IsValid keeps the pool from using a dead connection again.
func (c *fusedConn) IsValid() bool { return !c.fuse.Blown() }

func (c *fusedConn) Close() error {
	if c.fuse.Blown() {
		c.Conn.Close() // perhaps a second time
		return nil
	}
	return c.Conn.Close()
}

func (c *fusedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	value, err := driver.DefaultParameterConverter.ConvertValue(v.Value)
	v.Value = value
	return err
}

func (c *fusedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	tx, err := c.Conn.(conn).BeginTx(ctx, o)
	return fusedTx{tx, c}, err
}

func (c *fusedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	return c.Conn.(conn).ExecContext(ctx, query, args)
}

func (c *fusedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	return c.Conn.(conn).QueryContext(ctx, query, args)
}

type fusedTx struct {
	driver.Tx
	conn *fusedConn
}

func (t fusedTx) Commit() error {
	if err := t.conn.step(); err != nil {
		return err
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	return t.conn.step()
}

func (t fusedTx) Rollback() error {
	if t.conn.fuse.Blown() {
		return ErrKilled
	}
	return t.Tx.Rollback()
}
