package keyring

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// An epoch key file, 76 bytes (numbers big-endian): magic 8, format 4, zero 4,
// number 8, ring id 16, key 32, CRC32C 4. It lies inside one sector.
const (
	epochMagic = "keptepok"
	epochSize  = 76
)

type epoch struct {
	number uint64
	ring   [16]byte
	key    [keySize]byte // wiped once the cipher is made and the file written
	aead   cipher.AEAD
}

// epochs is the folder of epoch keys.
type epochs struct {
	fs  FS
	dir string
}

func (r *Ring) epochs() epochs { return epochs{r.opt.FS, r.epochDir} }

func (d epochs) path(number uint64) string {
	return filepath.Join(d.dir, fmt.Sprintf("epoch-%d.key", number))
}

// newEpoch makes a random key for the ring file that h begins, and seals the
// header's check under it.
func newEpoch(h *header) *epoch {
	e := &epoch{number: h.epoch, ring: h.ring}
	rand.Read(e.key[:])
	e.ready()
	e.aead.Seal(h.check[:0], nil, nil, e.bound())
	return e
}

func (e *epoch) ready() {
	block, err := aes.NewCipher(e.key[:])
	if err != nil {
		panic(err) // 32 bytes are always a key
	}
	if e.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		panic(err)
	}
}

func (e *epoch) wipe() { clear(e.key[:]) }

func (e *epoch) bound() []byte {
	return binary.BigEndian.AppendUint64(bytes.Clone(e.ring[:]), e.number)
}

// open reads the key that the header names.
func (d epochs) open(h *header) (*epoch, error) {
	e, err := d.read(d.path(h.epoch))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoEpoch
	}
	if err != nil {
		return nil, err
	}
	defer e.wipe()
	if e.number != h.epoch || e.ring != h.ring {
		return nil, ErrWrongEpoch
	}
	e.ready()
	if _, err := e.aead.Open(nil, nil, h.check[:], e.bound()); err != nil {
		return nil, ErrWrongEpoch
	}
	return e, nil
}

// errOverwritten tells a key file that was wiped, but not yet removed, when
// the power went.
var errOverwritten = errors.New("keyring: this epoch key was destroyed")

func (d epochs) read(path string) (*epoch, error) {
	f, err := d.fs.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, storage("open the epoch key", err)
	}
	defer f.Close()
	b := make([]byte, epochSize)
	defer clear(b)
	if err := readFull(f, b, 0); errors.Is(err, ErrTruncated) {
		return nil, &CorruptError{atEpoch, "the file is too short"}
	} else if err != nil {
		return nil, err
	}
	return decodeEpoch(b)
}

func decodeEpoch(b []byte) (*epoch, error) {
	switch {
	case bytes.Equal(b, make([]byte, epochSize)):
		return nil, errOverwritten
	case !bytes.HasPrefix(b, []byte(epochMagic)) || binary.BigEndian.Uint32(b[8:]) != format:
		return nil, &CorruptError{atEpoch, "this is not an epoch key"}
	case binary.BigEndian.Uint32(b[72:]) != crc32.Checksum(b[:72], castagnoli):
		return nil, &CorruptError{atEpoch, "the checksum is wrong"}
	}
	e := &epoch{number: binary.BigEndian.Uint64(b[16:])}
	copy(e.ring[:], b[24:])
	copy(e.key[:], b[40:])
	return e, nil
}

// save makes the key durable under its name, or not at all.
func (d epochs) save(e *epoch) error {
	b := make([]byte, epochSize)
	defer clear(b)
	copy(b, epochMagic)
	binary.BigEndian.PutUint32(b[8:], format)
	binary.BigEndian.PutUint64(b[16:], e.number)
	copy(b[24:], e.ring[:])
	copy(b[40:], e.key[:])
	binary.BigEndian.PutUint32(b[72:], crc32.Checksum(b[:72], castagnoli))
	path := d.path(e.number)
	if err := writeNew(d.fs, path+".tmp", b); err != nil {
		return err
	}
	if err := d.fs.Rename(path+".tmp", path); err != nil {
		return err
	}
	return d.fs.SyncDir(d.dir)
}

// writeNew writes and flushes a whole file that only its owner may read.
func writeNew(fsys FS, path string, b []byte) error {
	f, err := fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// numbers lists the epochs of which there is a key file, of whatever ring.
func (d epochs) numbers() ([]uint64, error) {
	names, err := d.fs.List(d.dir)
	if err != nil {
		return nil, storage("list the epoch folder", err)
	}
	var found []uint64
	for _, name := range names {
		if n, ok := epochNumber(name); ok {
			found = append(found, n)
		}
	}
	return found, nil
}

func epochNumber(name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, "epoch-")
	if !ok {
		return 0, false
	}
	if digits, ok = strings.CutSuffix(digits, ".key"); !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil
}

// strays lists what must not stay: unfinished key files, and keys of this ring
// from any epoch but its own. Keys of other rings are nobody's to remove here.
func (d epochs) strays(ring [16]byte, keep uint64) ([]string, error) {
	names, err := d.fs.List(d.dir)
	if err != nil {
		return nil, storage("list the epoch folder", err)
	}
	var found []string
	for _, name := range names {
		path := filepath.Join(d.dir, name)
		if base, ok := strings.CutSuffix(name, ".tmp"); ok {
			if _, ok := epochNumber(base); ok {
				found = append(found, path)
			}
			continue
		}
		if n, ok := epochNumber(name); ok && n != keep && d.stray(path, ring) {
			found = append(found, path)
		}
	}
	return found, nil
}

func (d epochs) stray(path string, ring [16]byte) bool {
	e, err := d.read(path)
	if err != nil {
		return errors.Is(err, errOverwritten)
	}
	e.wipe()
	return e.ring == ring
}

// shred overwrites key files, removes them, and makes that durable.
func (d epochs) shred(paths ...string) error {
	var errs []error
	for _, path := range paths {
		errs = append(errs, d.overwrite(path), d.fs.Remove(path))
	}
	if len(paths) > 0 {
		errs = append(errs, d.fs.SyncDir(d.dir))
	}
	return storage("destroy an epoch key", errors.Join(errs...))
}

func (d epochs) overwrite(path string) error {
	f, err := d.fs.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, epochSize), 0)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
