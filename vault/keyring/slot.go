package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"hash/crc32"
)

// A slot (all numbers big-endian):
//
//	0    owner, 16
//	16   class, 1
//	17   state, 1: 0 free, 1 live
//	18   zero, 2
//	20   generation, 4: grows each time the slot is given to an owner
//	24   day it was made, 4 (UTC days since 1970-01-01)
//	28   zero, 4
//	32   version of the ring at the last change, 8
//	40   wrapped key, 60: nonce, 32 bytes under AES-256-GCM, tag
//	100  zero, 24
//	124  CRC32C over ring id, slot number and the above
//
// Ring id and slot number in the checksum find a slot in the wrong place
// before anybody asks for its key; in the additional data of the wrapped key
// they also stop somebody who mends checksums.
type slot struct {
	owner      ID
	class      Class
	live       bool
	generation uint32
	day        int32
	changed    uint64
	wrapped    [wrappedSize]byte
}

const (
	keySize     = 32
	wrappedSize = 12 + keySize + 16
	crcAt       = slotSize - 4
)

func (s *slot) encode(b []byte, ring *[16]byte, number uint32) {
	clear(b[:slotSize])
	copy(b, s.owner[:])
	b[16] = byte(s.class)
	if s.live {
		b[17] = 1
	}
	binary.BigEndian.PutUint32(b[20:], s.generation)
	binary.BigEndian.PutUint32(b[24:], uint32(s.day))
	binary.BigEndian.PutUint64(b[32:], s.changed)
	copy(b[40:], s.wrapped[:])
	binary.BigEndian.PutUint32(b[crcAt:], slotSum(b, ring, number))
}

// decode answers false when the slot is damaged, or read while it was written.
func (s *slot) decode(b []byte, ring *[16]byte, number uint32) bool {
	if binary.BigEndian.Uint32(b[crcAt:]) != slotSum(b, ring, number) {
		return false
	}
	s.owner = ID(b[:16])
	s.class = Class(b[16])
	s.live = b[17] == 1
	s.generation = binary.BigEndian.Uint32(b[20:])
	s.day = int32(binary.BigEndian.Uint32(b[24:]))
	s.changed = binary.BigEndian.Uint64(b[32:])
	copy(s.wrapped[:], b[40:])
	return b[17] <= 1 && (!s.live || s.class.valid())
}

func slotSum(b []byte, ring *[16]byte, number uint32) uint32 {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], number)
	sum := crc32.Update(0, castagnoli, ring[:])
	sum = crc32.Update(sum, castagnoli, n[:])
	return crc32.Update(sum, castagnoli, b[:crcAt])
}

// bound is what a wrapped key is bound to: it opens in no other ring, slot,
// generation, and for no other owner or class.
func (s *slot) bound(ring *[16]byte, number uint32) []byte {
	b := make([]byte, 0, 16+4+16+1+4+4)
	b = append(b, ring[:]...)
	b = binary.BigEndian.AppendUint32(b, number)
	b = append(b, s.owner[:]...)
	b = append(b, byte(s.class))
	b = binary.BigEndian.AppendUint32(b, s.generation)
	return binary.BigEndian.AppendUint32(b, uint32(s.day))
}

func (s *slot) wrap(e *epoch, ring *[16]byte, number uint32, key *[keySize]byte) {
	e.aead.Seal(s.wrapped[:0], nil, key[:], s.bound(ring, number))
}

func (s *slot) unwrap(e *epoch, ring *[16]byte, number uint32, key *[keySize]byte) error {
	if _, err := e.aead.Open(key[:0], nil, s.wrapped[:], s.bound(ring, number)); err != nil {
		return &CorruptError{int(number), "the wrapped key does not open"}
	}
	return nil
}

// cipherOf makes the cipher that callers get.
func cipherOf(key *[keySize]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are always a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// readSlots calls each for the slots from first to before end, read in
// chunks; ok is false for a slot that does not decode.
func readSlots(f File, ring *[16]byte, first, end uint32, each func(number uint32, s *slot, ok bool) error) error {
	buf := make([]byte, ChunkSlots*slotSize)
	var s slot
	for at := first; at < end; {
		n := min(end-at, ChunkSlots)
		part := buf[:n*slotSize]
		if err := readFull(f, part, slotAt(at)); err != nil {
			return err
		}
		for i := range n {
			ok := s.decode(part[i*slotSize:], ring, at+i)
			if err := each(at+i, &s, ok); err != nil {
				return err
			}
		}
		at += n
	}
	return nil
}

// readSlot reads one slot.
func readSlot(f File, ring *[16]byte, number uint32, s *slot) error {
	var b [slotSize]byte
	if err := readFull(f, b[:], slotAt(number)); err != nil {
		return err
	}
	if !s.decode(b[:], ring, number) {
		return &CorruptError{int(number), "the checksum is wrong"}
	}
	return nil
}
