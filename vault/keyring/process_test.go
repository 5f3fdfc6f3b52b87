package keyring_test

import (
	"io"
	"io/fs"
	"strings"
	"sync"

	"kept/vault/keyring"
	"kept/vault/vaulttest/crashfs"
)

// process is one of several on a disk: it dies before its nth changing call,
// while the machine and the others go on.
type process struct {
	*crashfs.Disk
	mu    sync.Mutex
	left  int // calls to go; negative is for ever
	dead  bool
	locks []io.Closer

	firstPass func() // called once, when a rotation flushes its first pass
}

func (p *process) alive() error {
	if p.dead {
		return crashfs.ErrCrashed
	}
	return nil
}

func (p *process) change() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left > 0 {
		p.left--
		p.dead = p.left == 0
	}
	return p.alive()
}

// die lets go of the locks, as the kernel does.
func (p *process) die() {
	p.dead = true
	for _, l := range p.locks {
		l.Close()
	}
}

func (p *process) OpenFile(name string, flag int, perm fs.FileMode) (keyring.File, error) {
	if err := p.change(); err != nil {
		return nil, err
	}
	f, err := p.Disk.OpenFile(name, flag, perm)
	return processFile{f, p, name}, err
}

func (p *process) Rename(oldname, newname string) error {
	if err := p.change(); err != nil {
		return err
	}
	return p.Disk.Rename(oldname, newname)
}

func (p *process) Remove(name string) error {
	if err := p.change(); err != nil {
		return err
	}
	return p.Disk.Remove(name)
}

func (p *process) SyncDir(dir string) error {
	if err := p.change(); err != nil {
		return err
	}
	return p.Disk.SyncDir(dir)
}

func (p *process) Lock(name string, wait bool) (io.Closer, error) {
	if err := p.alive(); err != nil {
		return nil, err
	}
	l, err := p.Disk.Lock(name, wait)
	if err != nil {
		return nil, err
	}
	held := &processLock{Closer: l, p: p}
	p.locks = append(p.locks, held)
	return held, nil
}

// processLock is let go once: another may hold it by then.
type processLock struct {
	io.Closer
	p    *process
	once sync.Once
}

func (l *processLock) Close() (err error) {
	l.once.Do(func() { err = l.Closer.Close() })
	return err
}

type processFile struct {
	keyring.File
	p    *process
	name string
}

func (f processFile) WriteAt(b []byte, off int64) (int, error) {
	if err := f.p.change(); err != nil {
		return 0, err
	}
	return f.File.WriteAt(b, off)
}

func (f processFile) Sync() error {
	if do := f.p.firstPass; do != nil && strings.HasSuffix(f.name, ".next") {
		f.p.firstPass = nil
		do()
	}
	if err := f.p.change(); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f processFile) Truncate(size int64) error {
	if err := f.p.change(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}
