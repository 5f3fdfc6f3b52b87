package keyring

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"

	"filippo.io/age"
)

// The text of a chunk, inside its age file (numbers big-endian): ring id 16,
// chunk 4, then for each key: slot 4, owner 16, class 1, generation 4, day 4,
// key 32.
const (
	textHead  = 16 + 4
	textEntry = 4 + 16 + 1 + 4 + 4 + keySize
)

// chunkText reads and unwraps one chunk, and tells the ring's version then.
// The caller wipes the text.
func (r *Ring) chunkText(n int) (text []byte, version uint64, err error) {
	text = make([]byte, 0, textHead+ChunkSlots*textEntry) // never grown: a copy would not be wiped
	text = append(text, r.ring[:]...)
	text = binary.BigEndian.AppendUint32(text, uint32(n))
	var key [keySize]byte
	defer clear(key[:])
	first := uint32(n) * ChunkSlots
	err = r.inLock(false, func() error {
		version = r.seen.version
		return readSlots(r.file, &r.ring, first, first+ChunkSlots, func(i uint32, s *slot, ok bool) error {
			if !ok {
				return &CorruptError{int(i), "the checksum is wrong"}
			}
			if !s.live {
				return nil
			}
			if err := s.unwrap(r.epoch, &r.ring, i, &key); err != nil {
				return err
			}
			text = appendEntry(text, i, s, &key)
			return nil
		})
	})
	if err != nil {
		clear(text)
	}
	return text, version, err
}

func appendEntry(text []byte, n uint32, s *slot, key *[keySize]byte) []byte {
	text = binary.BigEndian.AppendUint32(text, n)
	text = append(text, s.owner[:]...)
	text = append(text, byte(s.class))
	text = binary.BigEndian.AppendUint32(text, s.generation)
	text = binary.BigEndian.AppendUint32(text, uint32(s.day))
	return append(text, key[:]...)
}

// RestoreCopy makes a ring at path from a copy, with a new ring id under a new
// epoch key in epochDir, and opens it. Keys that were destroyed after the copy
// was made are in it again: replay the restore journal before anything is
// served. The epoch key of the ring that was lost stays where it is; once that
// ring is not needed any more, [Ring.ShredForeign] destroys it.
//
// Errors: [ErrExists] when a ring is there; [ErrCopy] (as [*CopyError], which
// names the file) when part of the copy is missing, altered, or not for these
// identities; those of src; [ErrFull], [ErrStorage]. Then no ring was made.
func RestoreCopy(ctx context.Context, src CopySource, identities []age.Identity, path, epochDir string) (*Ring, error) {
	return Options{}.RestoreCopy(ctx, src, identities, path, epochDir)
}

// RestoreCopy is [RestoreCopy] with these options.
func (o Options) RestoreCopy(ctx context.Context, src CopySource, identities []age.Identity, path, epochDir string) (*Ring, error) {
	o = o.filled()
	m, err := ReadManifest(ctx, src)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &CopyError{ManifestName, "it is missing", err}
	}
	if err != nil {
		return nil, err
	}
	mk := maker{opt: o, path: path, epochDir: epochDir}
	err = mk.run(func(f File, h *header, e *epoch) error {
		h.capacity, h.version = m.Slots, m.Version
		rs := restorer{src, identities, &m, f, h, e}
		for n := range m.Chunks {
			if err := rs.chunk(ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return o.Open(path, epochDir)
}

// ShredForeign destroys the epoch keys of other rings in the epoch folder, so
// that no copy of their files can ever be opened. It is for after a restore.
func (r *Ring) ShredForeign() error {
	return r.inLock(true, func() error {
		numbers, err := r.epochs().numbers()
		if err != nil {
			return err
		}
		var paths []string
		for _, n := range numbers {
			path := r.epochs().path(n)
			e, err := r.epochs().read(path)
			if err == nil && e.ring != r.ring {
				paths = append(paths, path)
			}
		}
		return r.epochs().shred(paths...)
	})
}

type restorer struct {
	src        CopySource
	identities []age.Identity
	m          *Manifest
	file       File
	h          *header
	to         *epoch
}

func (rs *restorer) chunk(ctx context.Context, n int) error {
	text, err := copyText(ctx, rs.src, rs.identities, rs.m, n)
	if err != nil {
		return err
	}
	defer clear(text)
	return rs.write(n, text)
}

// copyText opens a chunk of a copy. The caller wipes it.
func copyText(ctx context.Context, src CopySource, identities []age.Identity, m *Manifest, n int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := m.Chunks[n].Name
	sealed, err := getAll(ctx, src, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &CopyError{name, "it is missing", err}
	}
	if err != nil {
		return nil, err
	}
	if sumOf(sealed) != m.Chunks[n].SHA256 {
		return nil, &CopyError{name, "it was altered", nil}
	}
	text := make([]byte, textHead+ChunkSlots*textEntry+1)
	size, err := unseal(sealed, identities, text)
	text = text[:size]
	switch {
	case err != nil:
		err = &CopyError{name, "it does not open", err}
	case size < textHead || (size-textHead)%textEntry != 0 ||
		hex.EncodeToString(text[:16]) != m.Ring || int(binary.BigEndian.Uint32(text[16:])) != n:
		err = &CopyError{name, "it is another chunk", nil}
	}
	if err != nil {
		clear(text[:cap(text)])
		return nil, err
	}
	return text, nil
}

// unseal reads into text, which has room for more than the largest chunk.
func unseal(sealed []byte, identities []age.Identity, text []byte) (int, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), identities...)
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(r, text)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return n, nil
	}
	if err == nil {
		err = errors.New("it is too long")
	}
	return 0, err
}

// write wraps the keys of one chunk anew, in the slots they had.
func (rs *restorer) write(n int, text []byte) error {
	name := rs.m.Chunks[n].Name
	first := uint32(n) * ChunkSlots
	buf := make([]byte, ChunkSlots*slotSize)
	for i := range uint32(ChunkSlots) {
		new(slot).encode(buf[i*slotSize:], &rs.h.ring, first+i)
	}
	var key [keySize]byte
	defer clear(key[:])
	for b := text[textHead:]; len(b) > 0; b = b[textEntry:] {
		number, s := decodeEntry(b, &key)
		if number < first || number >= first+ChunkSlots || !s.class.valid() {
			return &CopyError{name, "a key is out of place", nil}
		}
		s.changed = rs.m.Version
		s.wrap(rs.to, &rs.h.ring, number, &key)
		s.encode(buf[(number-first)*slotSize:], &rs.h.ring, number)
	}
	_, err := rs.file.WriteAt(buf, slotAt(first))
	return storage("restore the key ring", err)
}

func decodeEntry(b []byte, key *[keySize]byte) (uint32, *slot) {
	copy(key[:], b[29:])
	return binary.BigEndian.Uint32(b), &slot{
		owner:      ID(b[4:20]),
		class:      Class(b[20]),
		live:       true,
		generation: binary.BigEndian.Uint32(b[21:]),
		day:        int32(binary.BigEndian.Uint32(b[25:])),
	}
}
