package keyring

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// The ring file:
//
//	0     header, 128 bytes
//	128   the last 992 slots that changed, 4 bytes each, at version mod 992
//	4096  slots, 128 bytes each, as many as the header's capacity says
//
// The header (all numbers big-endian):
//
//	0   magic, 8
//	8   format, 4
//	12  zero, 4
//	16  ring id, 16
//	32  epoch number, 8
//	40  an empty text sealed under the epoch key, 28: tells whether a key fits
//	68  CRC32C of the above: this part is written once per file
//	72  state, 4
//	76  capacity in slots, 4
//	80  version, 8: how many slots were ever changed
//	88  erasures, 8: how many destructions there were
//	96  CRC32C of 72–95: this part changes with every write
//
// What changed lately lets other processes learn of new owners without
// reading every slot. Only running processes use it, so it needs no checksum:
// whoever opens the file reads all slots.
const (
	magic     = "keptring"
	format    = 1
	blockSize = 4096
	slotSize  = 128
	headSize  = 128
	fixedSize = 68
	liveAt    = 72
	liveSize  = 28
	logAt     = 128
	logLen    = (blockSize - logAt) / 4

	// ChunkSlots is how many slots the file grows by, and how many one file of
	// a ring copy holds.
	ChunkSlots = 1024

	maxCapacity = 1 << 28
)

// Bits of live.state.
const (
	superseded uint32 = 1 << iota // a rotation is replacing this file: look at the path again
	unsure                        // a flush failed: what the file shows may not be on the disk
	making                        // not yet renamed to its name for the first time
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type header struct {
	ring  [16]byte
	epoch uint64
	check [28]byte
	live
}

// live is the part of the header that readers compare before every key.
type live struct {
	state    uint32
	capacity uint32
	version  uint64
	erasures uint64
}

func (h *header) encode() []byte {
	b := make([]byte, headSize)
	copy(b, magic)
	binary.BigEndian.PutUint32(b[8:], format)
	copy(b[16:], h.ring[:])
	binary.BigEndian.PutUint64(b[32:], h.epoch)
	copy(b[40:], h.check[:])
	binary.BigEndian.PutUint32(b[fixedSize:], crc32.Checksum(b[:fixedSize], castagnoli))
	h.live.encode(b[liveAt:])
	return b
}

func (l *live) encode(b []byte) {
	binary.BigEndian.PutUint32(b, l.state)
	binary.BigEndian.PutUint32(b[4:], l.capacity)
	binary.BigEndian.PutUint64(b[8:], l.version)
	binary.BigEndian.PutUint64(b[16:], l.erasures)
	binary.BigEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
}

// decode reads without looking at the checksum: a reader that races a writer
// only asks whether anything differs.
func (l *live) decode(b []byte) {
	l.state = binary.BigEndian.Uint32(b)
	l.capacity = binary.BigEndian.Uint32(b[4:])
	l.version = binary.BigEndian.Uint64(b[8:])
	l.erasures = binary.BigEndian.Uint64(b[16:])
}

func decodeHeader(b []byte) (*header, error) {
	switch {
	case !bytes.HasPrefix(b, []byte(magic)):
		return nil, &CorruptError{atHeader, "this is not a key ring"}
	case binary.BigEndian.Uint32(b[fixedSize:]) != crc32.Checksum(b[:fixedSize], castagnoli):
		return nil, &CorruptError{atHeader, "the checksum is wrong"}
	case binary.BigEndian.Uint32(b[8:]) != format:
		return nil, &CorruptError{atHeader, "the format is unknown"}
	case binary.BigEndian.Uint32(b[liveAt+24:]) != crc32.Checksum(b[liveAt:liveAt+24], castagnoli):
		return nil, &CorruptError{atHeader, "the checksum of the counters is wrong"}
	}
	h := &header{epoch: binary.BigEndian.Uint64(b[32:])}
	copy(h.ring[:], b[16:])
	copy(h.check[:], b[40:])
	h.live.decode(b[liveAt:])
	if h.capacity > maxCapacity || h.capacity%ChunkSlots != 0 {
		return nil, &CorruptError{atHeader, "the capacity is impossible"}
	}
	return h, nil
}

// readHeader reads the header and holds the file's length against it.
func readHeader(f File) (*header, error) {
	b := make([]byte, headSize)
	if err := readFull(f, b, 0); err != nil {
		return nil, err
	}
	h, err := decodeHeader(b)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err != nil {
		return nil, storage("read the key ring's length", err)
	}
	if size < slotAt(h.capacity) {
		return nil, ErrTruncated
	}
	return h, nil
}

func writeLive(f File, l *live) error {
	var b [liveSize]byte
	l.encode(b[:])
	_, err := f.WriteAt(b[:], liveAt)
	return err
}

// readFull reads all of b; a file that ends before is ErrTruncated.
func readFull(f File, b []byte, at int64) error {
	n, err := f.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case errors.Is(err, io.EOF):
		return ErrTruncated
	}
	return storage("read the key ring", err)
}

func slotAt(slot uint32) int64 { return blockSize + int64(slot)*slotSize }

func logOffset(version uint64) int64 { return logAt + int64(version%logLen)*4 }
