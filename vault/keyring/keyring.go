// Package keyring keeps the keys of a vault in one file of fixed slots, so
// that one owner's key can be destroyed at once and for good.
//
// It owns three things: the ring file (the keys, wrapped), the epoch key (a
// small file in another folder that unwraps them, replaced by [Ring.Rotate]),
// and ring copies (age files for an offline recipient, see [Ring.WriteCopy]).
// It knows nothing about records, people or databases: an owner is 16 random
// bytes, a key is random and never derived from anything.
//
// Several processes of one host may open the same ring. Writers take turns by
// a lock file beside the ring; a reader asks the ring's header before every
// key, so that a key destroyed in one process is gone from the caches of all
// others when [Ring.Destroy] returns.
//
// # What it relies on
//
// A slot and the header lie inside one disk sector each; a sector is written
// whole or not at all, as every disk promises. Renaming replaces a file at
// once, and flush calls tell the truth. Folders must exist and belong to the
// ring alone; the epoch folder must not be part of what is backed up together
// with the ring. It runs on Unix systems with flock on a local file system.
//
// # What it refuses
//
// It opens no ring with a damaged slot, a missing end, or a key that does not
// fit, and never writes over a slot that belongs to somebody.
//
// Start with [Create], [Open], [Ring.New], [Ring.Key] and [Ring.Destroy].
package keyring

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// An ID names an owner: 16 random bytes, never derived from a person.
type ID [16]byte

// A Class tells which of an owner's keys is meant.
type Class uint8

// Every owner may have one key of each class.
const (
	Ordinary Class = 1 // destroyed when the owner is erased
	Law      Class = 2 // what a law holds; made when first needed, destroyed with its date
)

func (c Class) valid() bool { return c == Ordinary || c == Law }

// A Ref names one key: an owner and a class.
type Ref struct {
	ID    ID
	Class Class
}

// DefaultCache is the number of ready ciphers that a ring keeps in memory when
// Options does not say. One takes about 0.8 KB.
const DefaultCache = 65536

// Options change where a ring keeps its files and how much it remembers. The
// zero value is what [Create] and [Open] use.
type Options struct {
	FS    FS  // nil is the operating system
	Cache int // ciphers kept in memory; 0 is DefaultCache
}

// A Ring is an open ring file. Its methods may be called from many goroutines.
type Ring struct {
	opt            Options
	path, epochDir string

	// writer comes before the lock file, the lock file before mu.
	writer sync.Mutex

	mu    sync.RWMutex
	file  File // nil once closed
	ring  [16]byte
	epoch *epoch
	seen  live // the changing part of the header that index and cache agree with
	index *index
	cache *cache

	buffers sync.Pool // of *[liveSize]byte: a read through an interface would allocate

	stale  bool // index and file may differ: read every slot again
	unsure bool // as the bit of the header, when even that could not be written
}

// Create makes an empty ring at path and its first epoch key in epochDir, and
// opens it. Both folders must exist.
//
// Errors: [ErrExists] when a ring is there, [ErrEpochInUse] when epochDir holds
// the key of another ring (a data folder that is not mounted looks like a new
// installation; this tells them apart), [ErrFull], [ErrStorage].
func Create(path, epochDir string) (*Ring, error) { return Options{}.Create(path, epochDir) }

// Open opens the ring at path with its epoch key from epochDir, and finishes
// or undoes what a crash left of a rotation.
//
// Errors: [ErrNoRing], [ErrNoEpoch], [ErrWrongEpoch], [ErrTruncated],
// [ErrCorrupt] (as [*CorruptError], which names the slot), [ErrStorage].
func Open(path, epochDir string) (*Ring, error) { return Options{}.Open(path, epochDir) }

// Create is [Create] with these options.
func (o Options) Create(path, epochDir string) (*Ring, error) {
	o = o.filled()
	m := maker{opt: o, path: path, epochDir: epochDir, fresh: true}
	if err := m.run(func(File, *header, *epoch) error { return nil }); err != nil {
		return nil, err
	}
	return o.Open(path, epochDir)
}

// Open is [Open] with these options.
func (o Options) Open(path, epochDir string) (*Ring, error) {
	o = o.filled()
	r := &Ring{opt: o, path: path, epochDir: epochDir, cache: newCache(o.Cache)}
	// Looked at before the lock: asking for a ring that is not there must not
	// leave a lock file in a folder that somebody mistyped.
	if err := r.exists(); err != nil {
		return nil, err
	}
	lock, err := o.FS.Lock(r.lockPath(), true)
	if err != nil {
		return nil, storage("lock the key ring", err)
	}
	defer lock.Close()
	if err := r.load(); err != nil {
		return nil, err
	}
	if err := r.settle(); err != nil {
		r.file.Close()
		return nil, err
	}
	return r, nil
}

// Close ends the use of the ring and forgets its keys. A second call does
// nothing.
func (r *Ring) Close() error {
	r.writer.Lock()
	defer r.writer.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file, r.epoch, r.index = nil, nil, newIndex(0)
	r.cache.reset()
	return err
}

func (o Options) filled() Options {
	if o.FS == nil {
		o.FS = OS{}
	}
	if o.Cache <= 0 {
		o.Cache = DefaultCache
	}
	return o
}

func (r *Ring) lockPath() string   { return r.path + ".lock" }
func (r *Ring) rotatePath() string { return r.path + ".rotate.lock" }
func (r *Ring) copyPath() string   { return r.path + ".copy.lock" }
func (r *Ring) nextPath() string   { return r.path + ".next" }

func (r *Ring) exists() error {
	f, err := r.opt.FS.OpenFile(r.path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoRing
	}
	if err != nil {
		return storage("open the key ring", err)
	}
	return f.Close()
}

// load opens the file that path names now, with its epoch key, and reads every
// slot. The lock file is held.
func (r *Ring) load() error {
	f, h, e, err := r.openFile()
	if err != nil {
		return err
	}
	x, newest, err := readIndex(f, h)
	if err != nil {
		f.Close()
		return err
	}
	r.file, r.ring, r.epoch, r.index, r.seen = f, h.ring, e, x, h.live
	// Slots are durable before the header is: a power cut can leave the
	// header's counter behind the slots, and a number must never come twice.
	r.seen.version = max(r.seen.version, newest)
	return nil
}

// openFile opens the file at path and finds the key that fits it.
func (r *Ring) openFile() (File, *header, *epoch, error) {
	f, err := r.opt.FS.OpenFile(r.path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, ErrNoRing
	}
	if err != nil {
		return nil, nil, nil, storage("open the key ring", err)
	}
	h, err := readHeader(f)
	if err != nil {
		f.Close()
		return nil, nil, nil, err
	}
	e, err := r.epochs().open(h)
	if err != nil {
		f.Close()
		return nil, nil, nil, err
	}
	return f, h, e, nil
}

// settle brings the header in line with the slots, rewrites what a failed
// flush left unsure, and removes what a crashed rotation left.
func (r *Ring) settle() error {
	if r.seen.state&unsure != 0 {
		if err := r.rewrite(); err != nil {
			return err
		}
	}
	// The file that path names is the live one, whatever a process that died
	// in a rotation had begun to say about it.
	r.seen.state = 0
	err := writeLive(r.file, &r.seen)
	if err == nil {
		err = r.file.Sync() // a killed process may have left writes unflushed
	}
	if err != nil {
		return storage("write the key ring's header", err)
	}
	if err := r.syncName(); err != nil {
		return err
	}
	return r.tidyIfAbandoned()
}

// syncName makes it durable that path names this file. Whoever renamed it may
// have died before doing so, and what is written into a file without a durable
// name is not durable either.
func (r *Ring) syncName() error {
	return storage("flush the folder of the key ring", r.opt.FS.SyncDir(filepath.Dir(r.path)))
}
