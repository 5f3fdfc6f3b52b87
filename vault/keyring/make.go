package keyring

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// maker makes a ring file where there is none. The order decides what a crash
// leaves: the file under a working name that says it is being made, then the
// epoch key, then the rename. So a key that no ring needs can be told by the
// unfinished file beside it.
type maker struct {
	opt            Options
	path, epochDir string
	fresh          bool // an empty ring, for which there must be no other epoch key
}

func (m maker) epochs() epochs { return epochs{m.opt.FS, m.epochDir} }
func (m maker) next() string   { return m.path + ".next" }

// run makes the file; fill writes its slots and sets the header's counters.
func (m maker) run(fill func(File, *header, *epoch) error) error {
	lock, err := m.opt.FS.Lock(m.path+".lock", true)
	if err != nil {
		return storage("lock the key ring", err)
	}
	defer lock.Close()
	if err := m.vacant(); err != nil {
		return err
	}
	if err := m.discard(); err != nil {
		return err
	}
	h, err := m.begin()
	if err != nil {
		return err
	}
	if err := m.build(h, fill); err != nil {
		m.discard() // the next attempt does it again if this one cannot
		return err
	}
	return nil
}

func (m maker) vacant() error {
	f, err := m.opt.FS.OpenFile(m.path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return storage("look for a key ring", err)
	}
	f.Close()
	return ErrExists
}

// discard removes what an attempt left that did not come to its rename.
func (m maker) discard() error {
	f, err := m.opt.FS.OpenFile(m.next(), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return storage("open an unfinished key ring", err)
	}
	h, err := readHeader(f)
	f.Close()
	if err == nil && h.state&making != 0 {
		strays, err := m.epochs().strays(h.ring, 0) // no epoch has the number 0
		if err != nil {
			return err
		}
		if err := m.epochs().shred(strays...); err != nil {
			return err
		}
	}
	return storage("remove an unfinished key ring", m.opt.FS.Remove(m.next()))
}

func (m maker) begin() (*header, error) {
	numbers, err := m.epochs().numbers()
	if err != nil {
		return nil, err
	}
	if m.fresh && len(numbers) > 0 {
		return nil, ErrEpochInUse
	}
	h := &header{epoch: 1, live: live{state: making}}
	if len(numbers) > 0 {
		h.epoch = slices.Max(numbers) + 1
	}
	rand.Read(h.ring[:])
	return h, nil
}

func (m maker) build(h *header, fill func(File, *header, *epoch) error) error {
	e := newEpoch(h)
	defer e.wipe()
	if err := m.write(h, e, fill); err != nil {
		return err
	}
	fsys, dir := m.opt.FS, filepath.Dir(m.path)
	if err := fsys.SyncDir(dir); err != nil {
		return storage("make a key ring", err)
	}
	if err := m.epochs().save(e); err != nil {
		return storage("write the epoch key", err)
	}
	if err := fsys.Rename(m.next(), m.path); err != nil {
		return storage("make a key ring", err)
	}
	return storage("make a key ring", fsys.SyncDir(dir))
}

func (m maker) write(h *header, e *epoch, fill func(File, *header, *epoch) error) (err error) {
	f, err := m.opt.FS.OpenFile(m.next(), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return storage("make a key ring", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := fill(f, h, e); err != nil {
		return err
	}
	block := make([]byte, blockSize)
	copy(block, h.encode())
	if _, err := f.WriteAt(block, 0); err != nil {
		return storage("make a key ring", err)
	}
	return storage("make a key ring", f.Sync())
}
