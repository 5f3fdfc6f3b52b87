// Package crashfs is a disk in memory that can lose power, or a process,
// between any two calls. It is for tests of code that works on a keyring.FS:
// the key ring, the restore journal and whatever stands on them.
//
// What it models, and what it is stricter in than most disks:
//
//   - A write is durable when the file was flushed after it. Until then each
//     512-byte sector of it may be lost or kept on its own; a sector is never
//     half written.
//   - A name made, renamed or removed is durable when its folder was flushed.
//     Until then it may be lost; what is kept is kept in order.
//   - A flush that fails drops what it should have written: reads go on to
//     show it, later flushes say all is well, and a power cut shows the truth.
//   - Space may run out; a write then stores what fits.
//
// It knows no folders of its own: any path may be used. Start with [New].
package crashfs

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"kept/vault/keyring"
)

// ErrCrashed is the answer to every call between a crash and the restart.
var ErrCrashed = errors.New("crashfs: the power is off")

const sector = 512

// A Disk is a file system; use it in place of keyring.OS.
type Disk struct {
	mu      sync.Mutex
	free    *sync.Cond // a lock was let go, or everything was
	folders map[string]*folder
	locks   map[string]bool
	life    int // files and locks of an earlier life are dead

	calls   int // changing calls so far
	crashAt int
	failAt  int // and up to before failEnd
	failEnd int
	failure error
	down    bool
	limit   int64 // bytes, 0 without
}

var _ keyring.FS = (*Disk)(nil)

type inode struct {
	now     []byte // what a read shows
	durable []byte
	pending []func([]byte) []byte // unflushed changes, one per sector
}

type folder struct {
	now     map[string]*inode
	durable map[string]*inode
	pending []func(map[string]*inode)
}

// New gives an empty disk.
func New() *Disk {
	d := &Disk{folders: map[string]*folder{}, locks: map[string]bool{}}
	d.free = sync.NewCond(&d.mu)
	return d
}

// Calls counts the calls so far that change something or make it durable.
// Crashing between two reads is the same as crashing before the next such call.
func (d *Disk) Calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// CrashAt turns the power off at the nth changing call from now (1 is the
// next): that call and all later ones do nothing and answer ErrCrashed.
func (d *Disk) CrashAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crashAt = d.calls + n
}

// FailAt makes the nth changing call from now, and so many after it that they
// are times altogether, answer err and do nothing.
func (d *Disk) FailAt(n, times int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failAt, d.failEnd, d.failure = d.calls+n, d.calls+n+times, err
}

// Limit lets all files together grow to so many bytes more than now; a
// negative number lifts the limit.
func (d *Disk) Limit(more int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit = 0
	if more >= 0 {
		d.limit = d.used() + more + 1
	}
}

// Crashed tells whether the power is off.
func (d *Disk) Crashed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.down
}

// A Fate decides, for one unflushed change after another, whether it reached
// the disk before the power went.
type Fate func() bool

// Lost is the fate that loses all that was not flushed.
func Lost() bool { return false }

// Kept is the fate of a lucky disk that wrote everything at once.
func Kept() bool { return true }

// Chance loses about half, the same half for the same seed.
func Chance(seed uint64) Fate {
	r := rand.New(rand.NewPCG(seed, 0x6b657074))
	return func() bool { return r.IntN(2) == 0 }
}

// Restart is a power cut (if there was none yet) and a start. All open files
// and locks are dead, and what was not flushed has met its fate.
func (d *Disk) Restart(fate Fate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(d.folders)) {
		d.folders[name].settle(fate)
	}
	d.revive()
}

// Kill ends the process but not the machine: open files and locks are dead,
// nothing is lost, and nothing more is durable than was.
func (d *Disk) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.revive()
}

func (d *Disk) revive() {
	d.life++
	d.locks = map[string]bool{}
	d.crashAt, d.failAt, d.failEnd, d.down = 0, 0, 0, false
	d.free.Broadcast()
}

func (f *folder) settle(fate Fate) {
	for _, change := range f.pending {
		if !fate() {
			break // later ones build on it
		}
		change(f.durable)
	}
	f.pending = nil
	f.now = maps.Clone(f.durable)
	for _, name := range slices.Sorted(maps.Keys(f.now)) {
		f.now[name].settle(fate)
	}
}

func (n *inode) settle(fate Fate) {
	for _, change := range n.pending {
		if fate() {
			n.durable = change(n.durable)
		}
	}
	n.pending = nil
	n.now = slices.Clone(n.durable)
}

// Clone gives a second disk with the same files, all of them durable.
func (d *Disk) Clone() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := New()
	for dir, f := range d.folders {
		for name, n := range f.now {
			c.put(filepath.Join(dir, name), n.now)
		}
	}
	return c
}

// ReadFile gives a file's bytes as a process would see them.
func (d *Disk) ReadFile(name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.folder(name).now[filepath.Base(name)]
	if n == nil {
		return nil, notExist("read", name)
	}
	return slices.Clone(n.now), nil
}

// WriteFile puts a durable file on the disk, as if it had always been there.
func (d *Disk) WriteFile(name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(name, data)
}

func (d *Disk) put(name string, data []byte) {
	n := &inode{now: slices.Clone(data), durable: slices.Clone(data)}
	f := d.folder(name)
	f.now[filepath.Base(name)], f.durable[filepath.Base(name)] = n, n
}

// folder gives the folder that a file of this name lies in.
func (d *Disk) folder(name string) *folder { return d.at(filepath.Dir(name)) }

func (d *Disk) at(dir string) *folder {
	dir = filepath.Clean(dir)
	f := d.folders[dir]
	if f == nil {
		f = &folder{now: map[string]*inode{}, durable: map[string]*inode{}}
		d.folders[dir] = f
	}
	return f
}

func (d *Disk) used() (sum int64) {
	for _, f := range d.folders {
		for _, n := range f.now {
			sum += int64(len(n.now))
		}
	}
	return sum
}

// change stands before everything that changes the disk.
func (d *Disk) change() error {
	if d.down {
		return ErrCrashed
	}
	d.calls++
	switch {
	case d.calls == d.crashAt:
		d.down = true
		d.free.Broadcast()
		return ErrCrashed
	case d.calls >= d.failAt && d.calls < d.failEnd:
		return d.failure
	}
	return nil
}

func (f *folder) do(change func(map[string]*inode)) {
	change(f.now)
	f.pending = append(f.pending, change)
}

func notExist(op, name string) error {
	return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// OpenFile knows the flags O_CREATE, O_EXCL and O_TRUNC.
func (d *Disk) OpenFile(name string, flag int, _ fs.FileMode) (keyring.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return nil, ErrCrashed
	}
	f, base := d.folder(name), filepath.Base(name)
	n := f.now[base]
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, notExist("open", name)
	case n != nil && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case n == nil:
		if err := d.change(); err != nil {
			return nil, err
		}
		n = &inode{}
		f.do(func(names map[string]*inode) { names[base] = n })
	case flag&os.O_TRUNC != 0:
		if err := d.change(); err != nil {
			return nil, err
		}
		n.truncate(0)
	}
	return &file{d, n, d.life}, nil
}

// Rename moves a name, also into another folder; both change or neither.
func (d *Disk) Rename(oldname, newname string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.change(); err != nil {
		return err
	}
	from, to := d.folder(oldname), d.folder(newname)
	was, is := filepath.Base(oldname), filepath.Base(newname)
	n := from.now[was]
	if n == nil {
		return notExist("rename", oldname)
	}
	if from != to {
		return errors.New("crashfs: rename between folders is not modelled")
	}
	from.do(func(names map[string]*inode) {
		delete(names, was)
		names[is] = n
	})
	return nil
}

// Remove removes a name; open files go on.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return ErrCrashed
	}
	f, base := d.folder(name), filepath.Base(name)
	if f.now[base] == nil {
		return notExist("remove", name)
	}
	if err := d.change(); err != nil {
		return err
	}
	f.do(func(names map[string]*inode) { delete(names, base) })
	return nil
}

// List gives the names in a folder, sorted.
func (d *Disk) List(dir string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return nil, ErrCrashed
	}
	return slices.Sorted(maps.Keys(d.at(dir).now)), nil
}

// SyncDir makes the names of a folder durable.
func (d *Disk) SyncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.change(); err != nil {
		return err
	}
	f := d.at(dir)
	for _, change := range f.pending {
		change(f.durable)
	}
	f.pending = nil
	return nil
}

// Lock keeps locks apart from files; whoever waits when the power goes gets
// ErrCrashed.
func (d *Disk) Lock(name string, wait bool) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	life := d.life
	for d.locks[name] && !d.down && life == d.life {
		if !wait {
			return nil, keyring.ErrLocked
		}
		d.free.Wait()
	}
	if d.down || life != d.life {
		return nil, ErrCrashed
	}
	d.locks[name] = true
	return &held{d, name, life}, nil
}

type held struct {
	d    *Disk
	name string
	life int
}

// Close lets the lock go.
func (h *held) Close() error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if h.life == h.d.life {
		delete(h.d.locks, h.name)
		h.d.free.Broadcast()
	}
	return nil
}

var errFull = &fs.PathError{Op: "write", Path: "crashfs", Err: syscall.ENOSPC}
