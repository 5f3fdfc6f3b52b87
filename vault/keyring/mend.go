package keyring

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"

	"filippo.io/age"
)

// Mended says what became of the damaged slots of a ring.
type Mended struct {
	Back []int // whose key was taken from the copy
	// Empty are free now. Most were free before; where one held a key that is
	// younger than the copy, what that key sealed is lost.
	Empty []int
}

// Damaged lists the slots whose checksum is wrong, of a ring that may be too
// damaged for [Open]. It changes nothing.
func Damaged(path, epochDir string) ([]int, error) {
	var bad []int
	err := Options{}.forMending(path, epochDir, func(_ *Ring, found []int) error { bad = found; return nil })
	return bad, err
}

// Mend writes damaged slots anew: with the key that a copy of this ring has for
// the slot, if keep says that its owner still is to have it, or else as free.
// keep must refuse whoever was erased, for the copy may be older than that.
// The slots that are whole stay as they are.
//
// Errors: those of [Open], but for damaged slots; [ErrCopy] when the copy is of
// another ring, or the part that is needed is altered or does not open.
func Mend(ctx context.Context, path, epochDir string, src CopySource, identities []age.Identity, keep func(Ref) (bool, error)) (Mended, error) {
	return Options{}.Mend(ctx, path, epochDir, src, identities, keep)
}

// Mend is [Mend] with these options.
func (o Options) Mend(ctx context.Context, path, epochDir string, src CopySource, identities []age.Identity, keep func(Ref) (bool, error)) (done Mended, err error) {
	err = o.forMending(path, epochDir, func(r *Ring, bad []int) error {
		if len(bad) == 0 {
			return nil
		}
		m := mender{r: r, src: src, identities: identities, keep: keep, bad: map[uint32]bool{}}
		for _, n := range bad {
			m.bad[uint32(n)] = true
		}
		changes, err := m.changes(ctx, bad)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if c.slot.live {
				done.Back = append(done.Back, int(c.number))
			} else {
				done.Empty = append(done.Empty, int(c.number))
			}
		}
		return r.commit(changes, true)
	})
	return done, err
}

// forMending opens a ring as [Options.Open] does, but takes damaged slots for
// free ones and gives their numbers to do.
func (o Options) forMending(path, epochDir string, do func(r *Ring, bad []int) error) error {
	o = o.filled()
	r := &Ring{opt: o, path: path, epochDir: epochDir, cache: newCache(o.Cache)}
	if err := r.exists(); err != nil {
		return err
	}
	lock, err := o.FS.Lock(r.lockPath(), true)
	if err != nil {
		return storage("lock the key ring", err)
	}
	defer lock.Close()
	f, h, e, err := r.openFile()
	if err != nil {
		return err
	}
	defer f.Close()
	x, bad, newest, err := readWhole(f, h)
	if err != nil {
		return err
	}
	r.file, r.ring, r.epoch, r.index, r.seen = f, h.ring, e, x, h.live
	r.seen.version = max(r.seen.version, newest)
	return do(r, bad)
}

// readWhole is readIndex that passes over damaged slots.
func readWhole(f File, h *header) (x *index, bad []int, newest uint64, err error) {
	x = newIndex(h.capacity)
	err = readSlots(f, &h.ring, 0, h.capacity, func(n uint32, s *slot, ok bool) error {
		_, twice := x.get(s.owner, s.class)
		switch {
		case !ok:
			bad = append(bad, int(n))
			return nil
		case s.live && twice:
			return &CorruptError{int(n), "its owner has another slot"}
		case s.live:
			x.put(n, s.owner, s.class)
		}
		newest = max(newest, s.changed)
		return nil
	})
	return x, bad, newest, err
}

// mender finds keys in a copy.
type mender struct {
	r          *Ring
	src        CopySource
	identities []age.Identity
	keep       func(Ref) (bool, error)
	bad        map[uint32]bool
}

// changes are what the damaged slots shall hold, by number.
func (m *mender) changes(ctx context.Context, bad []int) (all []change, err error) {
	copied, err := ReadManifest(ctx, m.src)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &CopyError{ManifestName, "it is missing", err}
	}
	if err != nil {
		return nil, err
	}
	if copied.Ring != hex.EncodeToString(m.r.ring[:]) {
		return nil, &CopyError{ManifestName, "it is of another key ring", nil}
	}
	found := map[uint32]*slot{}
	read := -1 // the chunk that was read last
	for _, n := range bad {
		if chunk := n / ChunkSlots; chunk != read && chunk < len(copied.Chunks) {
			if err := m.take(ctx, &copied, chunk, found); err != nil {
				return nil, err
			}
			read = chunk
		}
		c := change{number: uint32(n)}
		if s := found[c.number]; s != nil {
			c.slot = *s
		}
		all = append(all, c)
	}
	return all, nil
}

// take wraps those keys of a chunk anew that belong into damaged slots.
func (m *mender) take(ctx context.Context, copied *Manifest, chunk int, found map[uint32]*slot) error {
	text, err := copyText(ctx, m.src, m.identities, copied, chunk)
	if err != nil {
		return err
	}
	defer clear(text)
	var key [keySize]byte
	defer clear(key[:])
	for b := text[textHead:]; len(b) > 0; b = b[textEntry:] {
		number, s := decodeEntry(b, &key)
		if _, elsewhere := m.r.index.get(s.owner, s.class); elsewhere || !m.bad[number] || !s.class.valid() {
			continue
		}
		keep, err := m.keep(Ref{s.owner, s.class})
		if err != nil {
			return err
		}
		if keep {
			s.wrap(m.r.epoch, &m.r.ring, number, &key)
			found[number] = s
		}
	}
	return nil
}
