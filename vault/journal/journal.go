// Package journal is the restore journal of a vault: what must be done again
// after a backup was restored, because it happened after the backup was made
// (an owner erased, a record deleted, an audience lowered).
//
// It owns one append-only file of JSON lines, flushed at every append, shared
// by all processes of a host, pruned after some days, and shipped beside the
// copies of the key ring. It refuses to read past damage, and knows nothing of
// what the operations mean: owners and records stand in it as random ids, and
// nothing personal may be put into an argument.
//
// Start with [Open], [File.Append] and [File.Read].
//
// # The file
//
// Every append is one line, so that it is there as a whole or not at all:
//
//	{"crc":"0f1e2d3c","entries":[{"id":"…","day":20778,"op":"erased","owner":"…"}]}
//
// The CRC32C covers the line from the comma on. The first line names the file:
// a journal that was pruned has another name, so that other processes see it.
package journal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"kept/vault/keyring"
)

// Operations that the vault writes. A journal takes others as well.
const (
	Erased  = "erased"  // the owner and all keys
	Deleted = "deleted" // one record
	Lowered = "lowered" // a record's audience, to Arg
	Closed  = "closed"  // the owner is not public any more
	Merged  = "merged"  // the owner went into Arg
	Copied  = "copied"  // a copy of the key ring was made, sequence Arg
)

// An Entry is one thing to do again after a restore.
type Entry struct {
	ID     string `json:"id"`  // 26 random characters; Append fills it when empty
	Day    int32  `json:"day"` // UTC days since 1970-01-01
	Op     string `json:"op"`
	Owner  string `json:"owner,omitempty"`
	Kind   string `json:"kind,omitempty"`
	Record string `json:"record,omitempty"`
	Arg    string `json:"arg,omitempty"`
}

// Errors that callers tell apart with errors.Is.
var (
	ErrCorrupt   = errors.New("journal: damaged")
	ErrTruncated = errors.New("journal: the end of what was shipped is missing")
	ErrFull      = errors.New("journal: no space left")
	ErrStorage   = errors.New("journal: storage error")
)

// A CorruptError is an [ErrCorrupt] that says at which byte the damaged line
// begins.
type CorruptError struct{ Offset int64 }

// Error tells the place.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("journal: the line at byte %d is damaged", e.Offset)
}

// Is makes every CorruptError an ErrCorrupt.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// A File is a restore journal. Its methods may be called from many goroutines;
// it holds no file open between calls.
type File struct {
	fs   keyring.FS
	path string

	mu   sync.Mutex
	name string // first line of the file that good belongs to
	good int64  // bytes up to which its lines are known to be whole
}

// Open opens the journal at path, or makes an empty one; its folder must
// exist. A nil fs is the operating system.
//
// Errors: [ErrCorrupt], [ErrFull], [ErrStorage].
func Open(path string, fs keyring.FS) (*File, error) {
	if fs == nil {
		fs = keyring.OS{}
	}
	j := &File{fs: fs, path: path}
	err := j.inLock(func() error {
		if err := j.create(); err != nil {
			return err
		}
		return j.with(func(keyring.File) error { return nil })
	})
	if err != nil {
		return nil, err
	}
	return j, nil
}

// Append writes entries as one line and flushes: all of them are durable when
// it returns nil. After an error none of them is to be counted on.
//
// Errors: [ErrFull], [ErrStorage], [ErrCorrupt].
func (j *File) Append(entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	batch := make([]Entry, len(entries))
	for i, e := range entries {
		if e.ID == "" {
			e.ID = NewID()
		}
		batch[i] = e
	}
	b, err := encode(line{Entries: batch})
	if err != nil {
		return err
	}
	return j.inLock(func() error {
		return j.with(func(f keyring.File) error { return j.write(f, b) })
	})
}

// NewID gives 26 random lower-case letters and digits.
func NewID() string { return strings.ToLower(rand.Text()) }

// write appends at the end of the good lines.
func (j *File) write(f keyring.File, b []byte) error {
	_, err := f.WriteAt(b, j.good)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		// Half a line would be cut off by the next append all the same; this
		// gives the space back now, and keeps a whole line of an unknown fate
		// from being read.
		return storage("append", errors.Join(err, cut(f, j.good)))
	}
	j.good += int64(len(b))
	return nil
}

// Read calls each for every entry, oldest first, until it returns an error,
// which Read returns. The last line may be torn: the crash that tore it came
// before its Append returned. Entries appended meanwhile may be left out.
//
// Errors: [ErrCorrupt] (as [*CorruptError]) for damage before the last line,
// [ErrStorage].
func (j *File) Read(each func(Entry) error) error {
	b, err := j.bytes()
	if err != nil {
		return err
	}
	_, err = scan(b, func(_ int64, l *line) error {
		for i := range l.Entries {
			if err := each(l.Entries[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// Prune forgets the entries from days before beforeDay. The file is replaced
// as a whole or stays as it was.
//
// Errors: [ErrFull], [ErrStorage], [ErrCorrupt].
func (j *File) Prune(beforeDay int32) error {
	return j.inLock(func() error {
		b, err := j.bytes()
		if err != nil {
			return err
		}
		kept, err := freshFile()
		if err != nil {
			return err
		}
		_, err = scan(b, func(_ int64, l *line) error {
			l.Entries = keepFrom(l.Entries, beforeDay)
			if len(l.Entries) == 0 {
				return nil
			}
			again, err := encode(*l)
			kept = append(kept, again...)
			return err
		})
		if err != nil {
			return err
		}
		return j.replace(kept)
	})
}

func keepFrom(entries []Entry, day int32) (kept []Entry) {
	for _, e := range entries {
		if e.Day >= day {
			kept = append(kept, e)
		}
	}
	return kept
}

// replace puts a new file in place of the old one.
func (j *File) replace(b []byte) error {
	next := j.path + ".next"
	f, err := j.fs.OpenFile(next, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return storage("write a new file", err)
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return storage("write a new file", errors.Join(err, j.fs.Remove(next)))
	}
	if err := j.fs.Rename(next, j.path); err != nil {
		return storage("write a new file", err)
	}
	return storage("write a new file", j.fs.SyncDir(filepath.Dir(j.path)))
}

// create makes the file when there is none, and removes what a crash left of
// another attempt.
func (j *File) create() error {
	f, err := j.fs.OpenFile(j.path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		b, err := freshFile()
		if err != nil {
			return err
		}
		return j.replace(b)
	}
	if err != nil {
		return storage("open", err)
	}
	f.Close()
	if err := j.fs.Remove(j.path + ".next"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return storage("remove an unfinished file", err)
	}
	return nil
}

// with opens the file that path names now, looks at what others appended, and
// cuts off a torn end. The lock is held.
func (j *File) with(do func(keyring.File) error) error {
	f, err := j.fs.OpenFile(j.path, os.O_RDWR, 0)
	if err != nil {
		return storage("open", err)
	}
	defer f.Close()
	if err := j.check(f); err != nil {
		return err
	}
	return do(f)
}

// check moves good to the end of the last whole line.
func (j *File) check(f keyring.File) error {
	size, err := f.Size()
	if err != nil {
		return storage("read", err)
	}
	if name, err := readAt(f, 0, min(size, nameSize)); err != nil {
		return err
	} else if string(name) != j.name {
		// Who renamed it may have died before making that durable.
		if err := j.fs.SyncDir(filepath.Dir(j.path)); err != nil {
			return storage("flush the folder", err)
		}
		j.name, j.good = string(name), 0
	}
	if size == j.good && size > 0 {
		return nil
	}
	b, err := readAt(f, j.good, size-j.good)
	if err != nil {
		return err
	}
	n, err := scanFrom(b, j.good, func(int64, *line) error { return nil })
	if err != nil {
		return err
	}
	j.good += n
	if j.good < size {
		return storage("cut off a torn line", cut(f, j.good))
	}
	return nil
}

// cut is durable before anything is written in the same place: the disk could
// else mix the torn line with its successor.
func cut(f keyring.File, size int64) error {
	return errors.Join(f.Truncate(size), f.Sync())
}

// bytes reads the whole file; a journal of eight days is small.
func (j *File) bytes() ([]byte, error) {
	f, err := j.fs.OpenFile(j.path, os.O_RDONLY, 0)
	if err != nil {
		return nil, storage("open", err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, storage("read", err)
	}
	return readAt(f, 0, size)
}

func readAt(f keyring.File, at, size int64) ([]byte, error) {
	b := make([]byte, size)
	n, err := f.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, storage("read", err)
	}
	return b[:n], nil
}

func (j *File) inLock(do func() error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	lock, err := j.fs.Lock(j.path+".lock", true)
	if err != nil {
		return storage("lock", err)
	}
	defer lock.Close()
	return do()
}

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

// scan calls each for the lines of a whole file and tells how many bytes of it
// are whole lines.
func scan(b []byte, each func(at int64, l *line) error) (int64, error) {
	return scanFrom(b, 0, each)
}

// scanFrom is scan for the part of a file that begins at byte base. A line that
// does not decode is torn when it is the last, and damage otherwise; the first
// line of a file is never torn, because the file got its name after it, and two
// lines whose newline was lost are not one torn line.
func scanFrom(b []byte, base int64, each func(at int64, l *line) error) (int64, error) {
	at := int64(0)
	for at < int64(len(b)) {
		text, rest, ended := bytes.Cut(b[at:], []byte("\n"))
		l, ok := decode(text)
		first := base+at == 0
		switch {
		case ended && ok && first == (l.Journal != ""):
		case first || len(rest) > 0 || bytes.LastIndex(text, []byte(lead)) > 0:
			return at, &CorruptError{base + at}
		default:
			return at, nil
		}
		if err := each(base+at, l); err != nil {
			return at, err
		}
		at += int64(len(text)) + 1
	}
	if base+at == 0 {
		return 0, &CorruptError{0}
	}
	return at, nil
}
