package keyring

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// errMoved says that another process changed the ring in a way that matters
// for the question.
var errMoved = errors.New("keyring: the ring has changed")

// Key gives the cipher (AES-256-GCM, 12-byte nonces) for an owner's key. It is
// ready from memory when it was used lately; else its slot is read. Use it and
// let it go: a cipher that is kept outlives the key's destruction.
//
// Errors: [ErrNoKey], [ErrCorrupt] when its slot is damaged, [ErrStorage],
// [ErrClosed].
func (r *Ring) Key(id ID, class Class) (cipher.AEAD, error) {
	found, err := r.look(id, class, false)
	if errors.Is(err, errMoved) {
		err = r.inLock(false, func() error {
			found, err = r.look(id, class, true)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	r.remember(found)
	return found.aead, nil
}

// Keys gives the ciphers of many owners, in their order and as [Ring.Key]
// would; an owner without such a key has nil.
func (r *Ring) Keys(class Class, ids ...ID) ([]cipher.AEAD, error) {
	found, err := r.lookAll(class, ids, false)
	if errors.Is(err, errMoved) {
		err = r.inLock(false, func() error {
			found, err = r.lookAll(class, ids, true)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	r.remember(found...)
	aeads := make([]cipher.AEAD, len(found))
	for i := range found {
		aeads[i] = found[i].aead
	}
	return aeads, nil
}

// Has tells whether the owner has a key of the class. A ring that cannot be
// read answers false; [Ring.Key] says why.
func (r *Ring) Has(id ID, class Class) bool {
	has, err := r.has(id, class)
	if errors.Is(err, errMoved) {
		err = r.inLock(false, func() error {
			has, err = r.has(id, class)
			return err
		})
	}
	return err == nil && has
}

// Version grows with every key made or destroyed, in whatever process, and
// never goes back.
func (r *Ring) Version() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	now, err := r.peek()
	if err != nil {
		return r.seen.version
	}
	return max(now.version, r.seen.version)
}

// Owners calls yield for every key in the ring, until it answers false, with
// the day the key was made. Keys that come or go meanwhile may be left out.
// It is for finding keys that nothing needs.
func (r *Ring) Owners(yield func(id ID, class Class, madeDay int32) bool) error {
	if err := r.inLock(false, func() error { return nil }); err != nil {
		return err
	}
	buf := make([]Owner, 0, ChunkSlots)
	for at := uint32(0); ; at += ChunkSlots {
		var more bool
		var err error
		if buf, more, err = r.ownersFrom(at, buf[:0]); err != nil || !more {
			return err
		}
		for i := range buf {
			if !yield(buf[i].ID, buf[i].Class, buf[i].MadeDay) {
				return nil
			}
		}
	}
}

// An Owner is a key in the ring, without the key.
type Owner struct {
	Ref
	MadeDay int32
}

func (r *Ring) ownersFrom(at uint32, buf []Owner) ([]Owner, bool, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.file == nil {
		return nil, false, ErrClosed
	}
	if at >= r.index.capacity() {
		return nil, false, nil
	}
	end := min(at+ChunkSlots, r.index.capacity())
	err := readSlots(r.file, &r.ring, at, end, func(_ uint32, s *slot, ok bool) error {
		if ok && s.live {
			buf = append(buf, Owner{Ref{s.owner, s.class}, s.day})
		}
		return nil
	})
	return buf, true, err
}

// found is a cipher; fresh when it came from the file and not from the cache.
type found struct {
	aead     cipher.AEAD
	slot     uint32
	fresh    bool
	erasures uint64 // how many there had been when it was read
}

// look answers errMoved when it cannot know; final is for callers who hold the
// lock, where nothing moves and a damaged slot is just that.
func (r *Ring) look(id ID, class Class, final bool) (found, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	now, err := r.current()
	if err != nil {
		return found{}, err
	}
	return r.find(id, class, now, final)
}

func (r *Ring) lookAll(class Class, ids []ID, final bool) ([]found, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	now, err := r.current()
	if err != nil {
		return nil, err
	}
	all := make([]found, len(ids))
	for i, id := range ids {
		all[i], err = r.find(id, class, now, final)
		if err != nil && !errors.Is(err, ErrNoKey) {
			return nil, err
		}
	}
	return all, nil
}

func (r *Ring) has(id ID, class Class) (bool, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	now, err := r.current()
	if err != nil {
		return false, err
	}
	if now.version != r.seen.version {
		return false, errMoved
	}
	_, ok := r.index.get(id, class)
	return ok, nil
}

// current reads the header's counters: one read of 28 bytes before every key
// is what makes an erasure in another process count here.
func (r *Ring) current() (live, error) {
	now, err := r.peek()
	if err != nil {
		return now, err
	}
	if r.stale || now.state != r.seen.state || now.erasures != r.seen.erasures {
		return now, errMoved
	}
	return now, nil
}

func (r *Ring) find(id ID, class Class, now live, final bool) (found, error) {
	n, ok := r.index.get(id, class)
	if !ok {
		if now.version != r.seen.version {
			return found{}, errMoved
		}
		return found{}, ErrNoKey
	}
	f := found{slot: n, erasures: r.seen.erasures}
	if f.aead = r.cache.get(n); f.aead != nil {
		return f, nil
	}
	f.fresh = true
	var err error
	f.aead, err = r.unwrap(n, id, class)
	if errors.Is(err, ErrCorrupt) && !final {
		err = errMoved // or in the middle of being written
	}
	return f, err
}

func (r *Ring) unwrap(n uint32, id ID, class Class) (cipher.AEAD, error) {
	var s slot
	if err := readSlot(r.file, &r.ring, n, &s); err != nil {
		return nil, err
	}
	if !s.live || s.owner != id || s.class != class {
		return nil, &CorruptError{int(n), "it belongs to another owner than when last read"}
	}
	var key [keySize]byte
	defer clear(key[:])
	if err := s.unwrap(r.epoch, &r.ring, n, &key); err != nil {
		return nil, err
	}
	return cipherOf(&key), nil
}

// remember caches what came from the file, unless something was destroyed
// since it was read: it could be that very key.
func (r *Ring) remember(all ...found) {
	if !anyFresh(all) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range all {
		if f.fresh && f.aead != nil && r.file != nil && f.erasures == r.seen.erasures {
			r.cache.put(f.slot, f.aead)
		}
	}
}

func anyFresh(all []found) bool {
	for i := range all {
		if all[i].fresh {
			return true
		}
	}
	return false
}

// peek reads the header's counters as they are, perhaps half written: that is
// enough to see that they are not the ones we know.
func (r *Ring) peek() (live, error) {
	var now live
	if r.file == nil {
		return now, ErrClosed
	}
	b, ok := r.buffers.Get().(*[liveSize]byte)
	if !ok {
		b = new([liveSize]byte)
	}
	defer r.buffers.Put(b)
	if err := readFull(r.file, b[:], liveAt); err != nil {
		return now, err
	}
	now.decode(b[:])
	return now, nil
}

// inLock runs do as the only one on this host who changes or catches up with
// the ring. Writers also mend what a failed flush left.
func (r *Ring) inLock(writer bool, do func() error) error {
	r.writer.Lock()
	defer r.writer.Unlock()
	if r.file == nil {
		return ErrClosed
	}
	lock, err := r.opt.FS.Lock(r.lockPath(), true)
	if err != nil {
		return storage("lock the key ring", err)
	}
	defer lock.Close()
	if err := r.catchUp(writer); err != nil {
		return err
	}
	return do()
}

// catchUp brings index and cache in line with the file. The lock is held.
func (r *Ring) catchUp(writer bool) error {
	now, err := r.counters()
	if err != nil {
		return err
	}
	if now.state&superseded != 0 {
		if now, err = r.reopen(); err != nil {
			return err
		}
	}
	if writer && (r.unsure || now.state&unsure != 0) {
		if now, err = r.mend(now); err != nil {
			return err
		}
	}
	return r.follow(now)
}

// counters reads the changing part of the header and checks it.
func (r *Ring) counters() (live, error) {
	var now live
	b := make([]byte, liveSize)
	if err := readFull(r.file, b, liveAt); err != nil {
		return now, err
	}
	if binary.BigEndian.Uint32(b[24:]) != crc32.Checksum(b[:24], castagnoli) {
		return now, &CorruptError{atHeader, "the checksum of the counters is wrong"}
	}
	now.decode(b)
	return now, nil
}

// reopen takes the file that path names now. Slots keep their numbers over a
// rotation and the log of changes goes along, so the index stays.
func (r *Ring) reopen() (live, error) {
	f, h, e, err := r.openFile()
	if err != nil {
		return live{}, err
	}
	if h.ring != r.ring {
		f.Close()
		return live{}, &CorruptError{atHeader, "another ring lies in this one's place"}
	}
	// Marked, yet still at its path: that rotation never came to its rename.
	h.state &= unsure
	err = writeLive(f, &h.live)
	if err == nil {
		err = r.syncName()
	}
	if err != nil {
		f.Close()
		return live{}, storage("take over a new key ring", err)
	}
	r.swap(f, e)
	return h.live, nil
}

func (r *Ring) swap(f File, e *epoch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.Close() // only read and flushed from here: nothing to lose
	r.file, r.epoch = f, e
}

// mend writes everything again after a failed flush.
func (r *Ring) mend(now live) (live, error) {
	r.mu.Lock()
	r.stale = true
	r.mu.Unlock()
	if err := r.rewrite(); err != nil {
		return now, err
	}
	now.state &^= unsure
	if err := writeLive(r.file, &now); err != nil {
		return now, storage("write the key ring's header", err)
	}
	r.unsure = false
	return now, nil
}

// follow reads the slots that changed since we last looked.
func (r *Ring) follow(now live) error {
	if !r.stale && now == r.seen {
		return nil
	}
	changes, x, err := r.news(now)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if x != nil {
		r.index = x
	}
	r.index.grow(now.capacity)
	for i := range changes {
		r.index.set(changes[i].number, &changes[i].slot)
	}
	if r.stale || now.erasures != r.seen.erasures {
		r.cache.reset()
	}
	r.seen, r.stale = now, false
	return nil
}

// news gives the changes, or a whole new index when they are too many or not
// to be known.
func (r *Ring) news(now live) ([]change, *index, error) {
	if !r.stale && now.version >= r.seen.version {
		changes, ok, err := r.changesSince(r.seen.version, now)
		if ok || err != nil {
			return changes, nil, err
		}
	}
	x, _, err := readIndex(r.file, &header{ring: r.ring, live: now})
	return nil, x, err
}

// changesSince reads the log of changes; ok is false when it does not go back
// that far.
func (r *Ring) changesSince(version uint64, now live) (changes []change, ok bool, err error) {
	if now.version-version > logLen {
		return nil, false, nil
	}
	changes = make([]change, 0, now.version-version)
	var b [4]byte
	for v := version + 1; v <= now.version; v++ {
		if err := readFull(r.file, b[:], logOffset(v)); err != nil {
			return nil, false, err
		}
		c := change{number: binary.BigEndian.Uint32(b[:])}
		if c.number >= now.capacity {
			return nil, false, nil
		}
		if err := readSlot(r.file, &r.ring, c.number, &c.slot); err != nil {
			return nil, false, err
		}
		changes = append(changes, c)
	}
	return changes, true, nil
}
