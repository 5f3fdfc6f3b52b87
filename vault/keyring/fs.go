package keyring

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// FS is every call that a ring or a journal makes to the file system. OS is
// the real one; package crashfs is one that can lose power between two calls.
type FS interface {
	// OpenFile is os.OpenFile; a missing file is fs.ErrNotExist.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// Rename replaces newname at once.
	Rename(oldname, newname string) error
	Remove(name string) error
	// List gives the names in a folder, in any order.
	List(dir string) ([]string, error)
	// SyncDir makes what was created, renamed and removed in dir durable.
	SyncDir(dir string) error
	// Lock takes the exclusive lock that name stands for, among all processes
	// of the host and all holders in this one, until Close. Without wait it
	// answers ErrLocked when somebody has it. A process that dies lets go.
	Lock(name string, wait bool) (io.Closer, error)
}

// File is an open file of an FS.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes what was written to the file durable.
	Sync() error
	Truncate(size int64) error
	// Size is the file's length in bytes.
	Size() (int64, error)
}

// ErrLocked is the answer of FS.Lock when it does not wait.
var ErrLocked = errors.New("keyring: locked by another holder")

// OS is the file system of the operating system.
type OS struct{}

// OpenFile is os.OpenFile.
func (OS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Rename is os.Rename.
func (OS) Rename(oldname, newname string) error { return os.Rename(oldname, newname) }

// Remove is os.Remove.
func (OS) Remove(name string) error { return os.Remove(name) }

// List reads a folder.
func (OS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// SyncDir flushes a folder.
func (OS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock uses flock on a file that is made when needed and never removed:
// removing it would let two holders lock two files of one name.
func (OS) Lock(name string, wait bool) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return f, nil // closing lets go
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrLocked
	}
	return nil, err
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
