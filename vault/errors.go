package vault

import (
	"errors"
	"fmt"
)

// What a caller can act on; compare with errors.Is.
var (
	ErrNotFound   = errors.New("vault: no such record")
	ErrConflict   = errors.New("vault: the record was changed by somebody else")
	ErrErased     = errors.New("vault: the owner is erased")
	ErrRestricted = errors.New("vault: the owner has restricted processing")
	ErrRestoring  = errors.New("vault: restored data must be replayed before it is used")
	ErrDamaged    = errors.New("vault: stored bytes or columns were changed, or sealed under another key")
	ErrWrongRing  = errors.New("vault: the key ring has no key of any owner: it is another database's, or new")
	ErrOldRing    = errors.New("vault: the key ring copy is older than the newest one in the journal")
)

// RefusedError says that a reader or writer asked for what the kind does not allow.
type RefusedError struct {
	Kind string
	Why  string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("vault: %s: refused: %s", e.Kind, e.Why) }

// TakenError says that a unique look-up belongs to another owner, or is still
// reserved after one was erased.
type TakenError struct{ Name string }

func (e *TakenError) Error() string { return fmt.Sprintf("vault: %s is taken", e.Name) }

// HeldError says that a law keeps the record until a day.
type HeldError struct {
	Kind  string
	Law   string
	Until Day
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("vault: %s is held until %s: %s", e.Kind, e.Until, e.Law)
}

// ValueError says that a value does not fit its kind.
type ValueError struct {
	Kind string
	Err  error
}

func (e *ValueError) Error() string { return fmt.Sprintf("vault: value of %s: %v", e.Kind, e.Err) }
func (e *ValueError) Unwrap() error { return e.Err }

// SealError says which stored body could not be opened. It wraps ErrDamaged when
// its bytes or columns were changed, ErrErased when its key is gone, or what went
// wrong with the key ring or an Upgrade. The text names the kind alone.
type SealError struct {
	Owner OwnerID
	Kind  string
	ID    string
	Err   error
}

func (e *SealError) Error() string {
	return fmt.Sprintf("vault: open a record of %s: %v", e.Kind, e.Err)
}
func (e *SealError) Unwrap() error { return e.Err }

func refuse(kind, why string) error { return &RefusedError{Kind: kind, Why: why} }
