package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"kept/vault/journal"
	"kept/vault/keyring"
)

// Options are what a vault stands on. All are needed but Policy.
type Options struct {
	DB      *sql.DB // one that may write; the vault uses it for erasure and upkeep alone
	Dialect Dialect
	Ring    *keyring.Ring
	Journal *journal.File
	// LookupKey hashes what records are found by: 32 random bytes, kept outside the database.
	LookupKey []byte
	Now       func() time.Time
	// Policy is the version of the privacy policy in force; it is stamped on each record.
	Policy func() int
}

// Vault keeps the records of owners.
type Vault struct {
	db      *sql.DB
	dialect Dialect
	reg     *Registry
	ring    *keyring.Ring
	journal *journal.File
	lookup  []byte
	macs    sync.Pool // of hash.Hash keyed with lookup
	cursor  cipher.AEAD
	now     func() time.Time
	policy  func() int
	residue atomic.Bool // something was deleted, and SQLite's log still holds it
}

// Open checks the declarations and finishes what a crash left half done: the
// tables must have been made by Migrate. Restored data is refused with
// ErrRestoring (see OpenRestored), a ring that knows none of the owners with
// ErrWrongRing.
func Open(ctx context.Context, reg *Registry, o Options) (*Vault, error) {
	v, err := build(reg, o)
	if err != nil {
		return nil, err
	}
	state, err := meta(ctx, o.DB, "restored")
	if err != nil {
		return nil, fmt.Errorf("vault: open: %w", err)
	}
	if state != "" {
		return nil, ErrRestoring
	}
	if err := v.checkRing(ctx); err != nil {
		return nil, err
	}
	if err := v.Recover(ctx); err != nil {
		return nil, err
	}
	return v, v.renewLookups(ctx)
}

func build(reg *Registry, o Options) (*Vault, error) {
	if err := reg.Err(); err != nil {
		return nil, err
	}
	if o.DB == nil || o.Ring == nil || o.Journal == nil || o.Now == nil || o.Dialect == 0 {
		return nil, errors.New("vault: DB, Dialect, Ring, Journal and Now are needed")
	}
	if len(o.LookupKey) != 32 {
		return nil, errors.New("vault: LookupKey must be 32 bytes")
	}
	if o.Policy == nil {
		o.Policy = func() int { return 1 }
	}
	cursor, err := cursorCipher(o.LookupKey)
	if err != nil {
		return nil, err
	}
	v := &Vault{db: o.DB, dialect: o.Dialect, reg: reg, ring: o.Ring, journal: o.Journal,
		lookup: o.LookupKey, cursor: cursor, now: o.Now, policy: o.Policy}
	v.residue.Store(true) // what ran before may have ended in the middle
	for _, d := range reg.decls {
		d.vault = v
	}
	return v, nil
}

func cursorCipher(lookupKey []byte) (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, lookupKey)
	mac.Write([]byte("page cursor"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Kinds lists what is declared.
func (v *Vault) Kinds() []Info { return v.reg.Kinds() }

// Today is the current UTC day.
func (v *Vault) Today() Day { return DayOf(v.now()) }

// inTx runs one of the vault's own transactions.
func (v *Vault) inTx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := v.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
