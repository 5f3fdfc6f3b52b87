package keyring

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"filippo.io/age"
)

// A CopySource is where a ring copy is read from.
type CopySource interface {
	// Get opens a file; one that is not there is fs.ErrNotExist.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
}

// A CopySink is where a ring copy is kept: a [Folder], or an object store.
type CopySink interface {
	CopySource
	// Put stores a file, or replaces it, wholly or not at all.
	Put(ctx context.Context, name string, content io.Reader) error
	Remove(ctx context.Context, name string) error
	// List gives the names of all files.
	List(ctx context.Context) ([]string, error)
}

// ManifestName is the file of a ring copy that says which others belong to it.
const ManifestName = "ring.json"

// A Manifest describes a ring copy. It holds no owner and no key.
type Manifest struct {
	Format   int         `json:"format"`
	Ring     string      `json:"ring"`     // id of the ring, hexadecimal
	Sequence uint64      `json:"sequence"` // grows with every copy to this place
	Version  uint64      `json:"version"`  // of the ring, when the oldest of the new chunks was read
	Day      int32       `json:"day"`      // UTC day since 1970-01-01 of this copy
	Slots    uint32      `json:"slots"`
	Chunks   []CopyChunk `json:"chunks"` // all of them, in order
}

// A CopyChunk is one age file with the keys of [ChunkSlots] slots.
type CopyChunk struct {
	Name    string `json:"name"`
	SHA256  string `json:"sha256"`  // of the age file
	Version uint64 `json:"version"` // of the ring when the chunk was read
	Day     int32  `json:"day"`     // on which it was written
}

// WriteCopy writes the raw keys to dst as age files for the recipients, whose
// identities should lie elsewhere, offline. day is the UTC day since
// 1970-01-01. With only, it makes these chunks anew and keeps the others of
// the copy that is there, if that is a copy of this ring; chunks that it lacks
// are made too. Nil makes all.
//
// The copy that is there stays whole until the new one is complete and was
// read back; then files that belong to no copy are removed, so that a key
// destroyed before the call is not in dst after it. Copies of one ring are
// made one at a time.
//
// Errors: [ErrCopy] when what was written does not read back, those of dst,
// [ErrStorage], [ErrCorrupt].
func (r *Ring) WriteCopy(ctx context.Context, dst CopySink, recipients []age.Recipient, day int32, only []int) (Manifest, error) {
	return r.WriteCopyAfter(ctx, dst, recipients, day, only, 0)
}

// WriteCopyAfter is [Ring.WriteCopy] with a sequence number above the given one:
// copies go on counting when they move to another place.
func (r *Ring) WriteCopyAfter(ctx context.Context, dst CopySink, recipients []age.Recipient, day int32, only []int, after uint64) (Manifest, error) {
	lock, err := r.opt.FS.Lock(r.copyPath(), true)
	if err != nil {
		return Manifest{}, storage("lock the ring copy", err)
	}
	defer lock.Close()
	c := copier{r: r, dst: dst, recipients: recipients}
	m, err := c.begin(ctx, day, after)
	if err != nil {
		return Manifest{}, err
	}
	for n := range m.Chunks {
		if only != nil && m.Chunks[n].Name != "" && !slices.Contains(only, n) {
			continue
		}
		if m.Chunks[n], err = c.chunk(ctx, &m, n); err != nil {
			return Manifest{}, err
		}
	}
	return m, c.finish(ctx, &m)
}

// Chunks tells which chunks of a ring copy hold keys of these owners, in
// order. Ask before [Ring.Destroy], and make these anew after it.
func (r *Ring) Chunks(ids ...ID) []int {
	if r.inLock(false, func() error { return nil }) != nil {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	var chunks []int
	for _, id := range ids {
		for _, class := range []Class{Ordinary, Law} {
			if n, ok := r.index.get(id, class); ok {
				chunks = append(chunks, int(n/ChunkSlots))
			}
		}
	}
	slices.Sort(chunks)
	return slices.Compact(chunks)
}

// Stale tells which chunks of a copy are missing or older than the ring: keys
// were made or destroyed in them since. It reads every slot.
func (r *Ring) Stale(m Manifest) ([]int, error) {
	var stale []int
	err := r.inLock(false, func() error {
		newest := make([]uint64, r.seen.capacity/ChunkSlots)
		err := readSlots(r.file, &r.ring, 0, r.seen.capacity, func(n uint32, s *slot, ok bool) error {
			if !ok {
				return &CorruptError{int(n), "the checksum is wrong"}
			}
			newest[n/ChunkSlots] = max(newest[n/ChunkSlots], s.changed)
			return nil
		})
		ours := m.Ring == hex.EncodeToString(r.ring[:])
		for n := range newest {
			if !ours || n >= len(m.Chunks) || m.Chunks[n].Version < newest[n] {
				stale = append(stale, n)
			}
		}
		return err
	})
	return stale, err
}

// ReadManifest reads what a copy says of itself. No copy is fs.ErrNotExist,
// one that makes no sense [ErrCopy].
func ReadManifest(ctx context.Context, src CopySource) (Manifest, error) {
	var m Manifest
	b, err := getAll(ctx, src, ManifestName)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, &CopyError{ManifestName, "it is not a manifest", err}
	}
	if m.Format != format || m.Slots > maxCapacity || int(m.Slots) != len(m.Chunks)*ChunkSlots {
		return m, &CopyError{ManifestName, "its chunks do not add up", nil}
	}
	return m, nil
}

func getAll(ctx context.Context, src CopySource, name string) ([]byte, error) {
	f, err := src.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	return b, errors.Join(err, f.Close())
}

type copier struct {
	r          *Ring
	dst        CopySink
	recipients []age.Recipient
}

// begin makes the new manifest, with the chunks of the last copy that may stay.
func (c *copier) begin(ctx context.Context, day int32, after uint64) (Manifest, error) {
	last, err := ReadManifest(ctx, c.dst)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrCopy) {
		return Manifest{}, fmt.Errorf("keyring: read the last ring copy: %w", err)
	}
	m := Manifest{Format: format, Ring: hex.EncodeToString(c.r.ring[:]), Sequence: max(last.Sequence, after) + 1, Day: day}
	if m.Sequence, err = c.unused(ctx, m.Sequence); err != nil {
		return m, err
	}
	err = c.r.inLock(false, func() error {
		m.Version, m.Slots = c.r.seen.version, c.r.seen.capacity
		return nil
	})
	m.Chunks = make([]CopyChunk, m.Slots/ChunkSlots)
	if last.Ring == m.Ring {
		copy(m.Chunks, last.Chunks)
	}
	return m, err
}

// unused passes over numbers that files already bear: a copy that was broken
// off must not be mixed up with this one.
func (c *copier) unused(ctx context.Context, sequence uint64) (uint64, error) {
	names, err := c.dst.List(ctx)
	if err != nil {
		return 0, fmt.Errorf("keyring: list the ring copy: %w", err)
	}
	for _, name := range names {
		var chunk int
		var n uint64
		if _, err := fmt.Sscanf(name, chunkName, &chunk, &n); err == nil {
			sequence = max(sequence, n+1)
		}
	}
	return sequence, nil
}

const chunkName = "ring-%06d-%012d.age"

func (c *copier) chunk(ctx context.Context, m *Manifest, n int) (CopyChunk, error) {
	out := CopyChunk{Name: fmt.Sprintf(chunkName, n, m.Sequence), Day: m.Day}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	text, version, err := c.r.chunkText(n)
	if err != nil {
		return out, err
	}
	defer clear(text)
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, c.recipients...)
	if err != nil {
		return out, fmt.Errorf("keyring: seal a ring copy: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return out, fmt.Errorf("keyring: seal a ring copy: %w", err)
	}
	if err := w.Close(); err != nil {
		return out, fmt.Errorf("keyring: seal a ring copy: %w", err)
	}
	out.SHA256, out.Version = sumOf(sealed.Bytes()), version
	return out, c.put(ctx, out.Name, sealed.Bytes())
}

// put stores a file and reads it back.
func (c *copier) put(ctx context.Context, name string, b []byte) error {
	if err := c.dst.Put(ctx, name, bytes.NewReader(b)); err != nil {
		return fmt.Errorf("keyring: store %s: %w", name, err)
	}
	back, err := getAll(ctx, c.dst, name)
	if err != nil {
		return &CopyError{name, "it does not read back", err}
	}
	if !bytes.Equal(back, b) {
		return &CopyError{name, "it reads back differently", nil}
	}
	return nil
}

// finish makes the new chunks the copy, and removes what is in no copy.
func (c *copier) finish(ctx context.Context, m *Manifest) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := c.put(ctx, ManifestName, b); err != nil {
		return err
	}
	names, err := c.dst.List(ctx)
	if err != nil {
		return fmt.Errorf("keyring: list the ring copy: %w", err)
	}
	keep := make(map[string]bool, len(m.Chunks))
	for i := range m.Chunks {
		keep[m.Chunks[i].Name] = true
	}
	for _, name := range names {
		if strings.HasPrefix(name, "ring-") && !keep[name] {
			if err := c.dst.Remove(ctx, name); err != nil {
				return fmt.Errorf("keyring: remove %s of an older ring copy: %w", name, err)
			}
		}
	}
	return nil
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
