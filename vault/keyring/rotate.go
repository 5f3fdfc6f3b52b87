package keyring

import (
	"errors"
	"io/fs"
	"os"
)

// Rotate wraps all keys under a new epoch key and destroys the old one, so
// that every older copy of the ring file is worthless from then on. Readers go
// on all the while; writers wait only while the slots that changed meanwhile
// are done again. One rotation runs at a time.
//
// A rotation that dies leaves the ring as it was or as it shall be; the next
// [Open], [Ring.Destroy] or Rotate removes what is left.
//
// Errors: [ErrFull], [ErrStorage], [ErrCorrupt] when a slot does not open
// (then nothing has changed).
func (r *Ring) Rotate() error {
	lock, err := r.opt.FS.Lock(r.rotatePath(), true)
	if err != nil {
		return storage("lock the rotation", err)
	}
	defer lock.Close()
	var t rotation
	err = r.inLock(true, func() error {
		t = rotation{r: r, old: r.file, from: r.epoch, since: r.seen}
		return r.tidy()
	})
	if err != nil {
		return err
	}
	if err := t.firstPass(); err != nil {
		return errors.Join(err, t.abandon())
	}
	if err := r.inLock(true, t.secondPass); err != nil {
		if t.renamed {
			return err
		}
		return errors.Join(err, t.abandon())
	}
	return r.epochs().shred(r.epochs().path(t.from.number))
}

// rotation is one rotation under way. The new epoch key stays in memory until
// the second pass: what a crash leaves of the first pass, perhaps with keys
// that were destroyed since, can be opened by nobody.
type rotation struct {
	r       *Ring
	old     File
	from    *epoch
	since   live // when the first pass began
	next    File
	h       *header
	to      *epoch
	torn    []uint32 // slots that were being written when the first pass read them
	renamed bool
}

func (t *rotation) firstPass() (err error) {
	t.h = &header{ring: t.r.ring, epoch: t.from.number + 1, live: t.since}
	t.to = newEpoch(t.h)
	t.next, err = t.r.opt.FS.OpenFile(t.r.nextPath(), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return storage("write the new key ring", err)
	}
	if _, err := t.next.WriteAt(make([]byte, blockSize), 0); err != nil {
		return storage("write the new key ring", err)
	}
	buf := make([]byte, ChunkSlots*slotSize)
	for at := uint32(0); at < t.since.capacity; at += ChunkSlots {
		if err := t.chunk(at, buf); err != nil {
			return err
		}
	}
	return storage("write the new key ring", t.next.Sync())
}

// chunk copies one chunk without any lock.
func (t *rotation) chunk(first uint32, buf []byte) error {
	err := readSlots(t.old, &t.r.ring, first, first+ChunkSlots, func(n uint32, s *slot, ok bool) error {
		if !ok {
			t.torn = append(t.torn, n)
			*s = slot{}
		}
		if err := t.rewrap(n, s); err != nil {
			return err
		}
		s.encode(buf[(n-first)*slotSize:], &t.r.ring, n)
		return nil
	})
	if err != nil {
		return err
	}
	_, err = t.next.WriteAt(buf, slotAt(first))
	return storage("write the new key ring", err)
}

func (t *rotation) rewrap(n uint32, s *slot) error {
	if !s.live {
		return nil
	}
	var key [keySize]byte
	defer clear(key[:])
	if err := s.unwrap(t.from, &t.r.ring, n, &key); err != nil {
		return err
	}
	s.wrap(t.to, &t.r.ring, n, &key)
	return nil
}

// secondPass holds the lock: it does again what changed, and puts the new file
// in the old one's place.
func (t *rotation) secondPass() error {
	for _, step := range []func() error{t.redo, t.writeHead, t.saveEpoch, t.replace} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// redo copies the slots that changed since the first pass began, told by the
// version in each slot; never by comparing contents, where a chance match
// would bring a destroyed key back.
func (t *rotation) redo() error {
	now := t.r.seen
	changed, ok, err := t.r.changesSince(t.since.version, now)
	if err != nil {
		return err
	}
	if err := writeFree(t.next, &t.r.ring, t.since.capacity, now.capacity); err != nil {
		return storage("write the new key ring", err)
	}
	if !ok {
		return t.redoAll(now)
	}
	for i := range changed {
		if err := t.copySlot(changed[i].number, &changed[i].slot); err != nil {
			return err
		}
	}
	for _, n := range t.torn {
		var s slot
		if err := readSlot(t.old, &t.r.ring, n, &s); err != nil {
			return err
		}
		if err := t.copySlot(n, &s); err != nil {
			return err
		}
	}
	return nil
}

func (t *rotation) redoAll(now live) error {
	torn := make(map[uint32]bool, len(t.torn))
	for _, n := range t.torn {
		torn[n] = true
	}
	return readSlots(t.old, &t.r.ring, 0, now.capacity, func(n uint32, s *slot, ok bool) error {
		switch {
		case !ok:
			return &CorruptError{int(n), "the checksum is wrong"}
		case s.changed <= t.since.version && !torn[n]:
			return nil
		}
		return t.copySlot(n, s)
	})
}

func (t *rotation) copySlot(n uint32, s *slot) error {
	if err := t.rewrap(n, s); err != nil {
		return err
	}
	var b [slotSize]byte
	s.encode(b[:], &t.r.ring, n)
	_, err := t.next.WriteAt(b[:], slotAt(n))
	return storage("write the new key ring", err)
}

// writeHead takes over the log of changes, for the processes that are behind.
func (t *rotation) writeHead() error {
	block := make([]byte, blockSize)
	if err := readFull(t.old, block, 0); err != nil {
		return err
	}
	t.h.live = t.r.seen
	copy(block, t.h.encode())
	_, err := t.next.WriteAt(block, 0)
	if err == nil {
		err = t.next.Sync()
	}
	return storage("write the new key ring", err)
}

func (t *rotation) saveEpoch() error {
	defer t.to.wipe()
	return storage("write the new epoch key", t.r.epochs().save(t.to))
}

// replace marks the old file before the rename. A process that still has it
// open then looks at the path again, whenever this one dies; the other way
// round it could go on writing into a file without a name.
func (t *rotation) replace() error {
	r := t.r
	marked := r.seen
	marked.state |= superseded
	err := writeLive(t.old, &marked)
	if err == nil {
		err = r.opt.FS.Rename(r.nextPath(), r.path)
	}
	if err != nil {
		return storage("replace the key ring", errors.Join(err, writeLive(t.old, &r.seen)))
	}
	t.renamed = true
	r.swap(t.next, t.to)
	// Both epoch keys stay until the rename is on the disk.
	return r.syncName()
}

func (t *rotation) abandon() error {
	t.to.wipe()
	if t.next != nil {
		t.next.Close()
	}
	return t.r.inLock(false, t.r.tidy)
}

// tidyIfAbandoned removes what a rotation left, unless one is running. The
// lock is held.
func (r *Ring) tidyIfAbandoned() error {
	lock, err := r.opt.FS.Lock(r.rotatePath(), false)
	if errors.Is(err, ErrLocked) {
		return nil
	}
	if err != nil {
		return storage("lock the rotation", err)
	}
	defer lock.Close()
	return r.tidy()
}

// tidy leaves the ring file and the one epoch key it needs. The header of the
// file that path names decides. Both locks are held.
func (r *Ring) tidy() error {
	if err := r.opt.FS.Remove(r.nextPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return storage("remove an unfinished key ring", err)
	}
	strays, err := r.epochs().strays(r.ring, r.epoch.number)
	if err != nil || len(strays) == 0 {
		return err
	}
	// One of them may be the key of the file that this one replaced, and a
	// power cut could bring that file back while its rename is not durable.
	if err := r.syncName(); err != nil {
		return err
	}
	return r.epochs().shred(strays...)
}
