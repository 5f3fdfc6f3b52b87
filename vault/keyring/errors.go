package keyring

import (
	"errors"
	"fmt"
	"syscall"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrNoRing     = errors.New("keyring: there is no key ring file")
	ErrNoEpoch    = errors.New("keyring: the epoch key is missing")
	ErrWrongEpoch = errors.New("keyring: the epoch key does not fit this key ring")
	ErrEpochInUse = errors.New("keyring: the epoch folder holds the key of another key ring")
	ErrTruncated  = errors.New("keyring: the end of the key ring file is missing")
	ErrCorrupt    = errors.New("keyring: the key ring file is damaged")
	ErrExists     = errors.New("keyring: it exists already")
	ErrNoKey      = errors.New("keyring: the owner has no such key")
	ErrClass      = errors.New("keyring: unknown class of key")
	ErrFull       = errors.New("keyring: no space left")
	ErrStorage    = errors.New("keyring: storage error")
	ErrClosed     = errors.New("keyring: closed")
	ErrCopy       = errors.New("keyring: the ring copy is not usable")
)

// A CorruptError is an [ErrCorrupt] that says where. Slot -1 is the header,
// -2 the epoch key file.
type CorruptError struct {
	Slot   int
	Reason string
}

// Error names the place, never the owner.
func (e *CorruptError) Error() string {
	switch e.Slot {
	case atHeader:
		return "keyring: header: " + e.Reason
	case atEpoch:
		return "keyring: epoch key: " + e.Reason
	}
	return fmt.Sprintf("keyring: slot %d: %s", e.Slot, e.Reason)
}

// Is makes every CorruptError an ErrCorrupt.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

const (
	atHeader = -1
	atEpoch  = -2
)

// A CopyError is an [ErrCopy] that names the file of the copy that is missing,
// altered, or not for this identity.
type CopyError struct {
	Name   string
	Reason string
	Err    error // nil when the file itself is the reason
}

// Error names the file and the reason.
func (e *CopyError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("keyring: copy %s: %s: %v", e.Name, e.Reason, e.Err)
	}
	return fmt.Sprintf("keyring: copy %s: %s", e.Name, e.Reason)
}

// Is makes every CopyError an ErrCopy.
func (e *CopyError) Is(target error) bool { return target == ErrCopy }

// Unwrap gives the error of the store, or of age.
func (e *CopyError) Unwrap() error { return e.Err }

// storage marks an error of the file system: ErrFull where space is the
// reason, ErrStorage otherwise.
func storage(doing string, err error) error {
	if err == nil {
		return nil
	}
	kind := ErrStorage
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		kind = ErrFull
	}
	return fmt.Errorf("%w: %s: %w", kind, doing, err)
}
