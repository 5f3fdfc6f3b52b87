package keyring

import (
	"bytes"
	"hash/maphash"
)

// index knows which slot an owner's key is in, and who is in which slot. It
// takes 17 bytes a slot and 8 to 16 bytes a key, so that a million owners fit
// in about 25 MB; a Go map from owners to slots would take three times that
// and still not answer the second question.
type index struct {
	seed   maphash.Seed
	owners []ID
	class  []byte   // 0 is a free slot
	table  []uint32 // slot+1, linear probing, length a power of two
	live   int
	cursor int // no free slot lies before it
}

func newIndex(capacity uint32) *index {
	x := &index{seed: maphash.MakeSeed(), table: make([]uint32, 16)}
	x.grow(capacity)
	return x
}

// readIndex reads every slot, and finds the newest change among them.
func readIndex(f File, h *header) (x *index, newest uint64, err error) {
	x = newIndex(h.capacity)
	err = readSlots(f, &h.ring, 0, h.capacity, func(n uint32, s *slot, ok bool) error {
		if !ok {
			return &CorruptError{int(n), "the checksum is wrong"}
		}
		newest = max(newest, s.changed)
		if !s.live {
			return nil
		}
		if _, twice := x.get(s.owner, s.class); twice {
			return &CorruptError{int(n), "its owner has another slot"}
		}
		x.put(n, s.owner, s.class)
		return nil
	})
	return x, newest, err
}

func (x *index) grow(capacity uint32) {
	more := int(capacity) - len(x.owners)
	if more <= 0 {
		return
	}
	x.owners = append(x.owners, make([]ID, more)...)
	x.class = append(x.class, make([]byte, more)...)
}

func (x *index) capacity() uint32 { return uint32(len(x.class)) }

func (x *index) free() int { return len(x.class) - x.live }

// nextFree gives the first free slot at or after from; there must be one.
func (x *index) nextFree(from uint32) uint32 {
	if from > uint32(x.cursor) {
		return from + uint32(bytes.IndexByte(x.class[from:], 0))
	}
	x.cursor += bytes.IndexByte(x.class[x.cursor:], 0)
	return uint32(x.cursor)
}

func (x *index) get(id ID, class Class) (uint32, bool) {
	mask := uint64(len(x.table) - 1)
	for i := x.home(id, class); ; i = (i + 1) & mask {
		entry := x.table[i]
		if entry == 0 {
			return 0, false
		}
		if n := entry - 1; x.class[n] == byte(class) && x.owners[n] == id {
			return n, true
		}
	}
}

// put gives a free slot to an owner who has none of that class.
func (x *index) put(n uint32, id ID, class Class) {
	if (x.live+1)*2 > len(x.table) {
		x.rehash(len(x.table) * 2)
	}
	x.owners[n], x.class[n] = id, byte(class)
	x.live++
	x.link(n)
}

// drop frees a slot; a free one stays free.
func (x *index) drop(n uint32) {
	if x.class[n] == 0 {
		return
	}
	x.unlink(n)
	x.owners[n], x.class[n] = ID{}, 0
	x.live--
	x.cursor = min(x.cursor, int(n))
}

// set makes the index agree with what a slot of the file says.
func (x *index) set(n uint32, s *slot) {
	if s.live && x.class[n] == byte(s.class) && x.owners[n] == s.owner {
		return
	}
	x.drop(n)
	if s.live {
		x.put(n, s.owner, s.class)
	}
}

func (x *index) home(id ID, class Class) uint64 {
	h := maphash.Bytes(x.seed, id[:]) + uint64(class)*0x9E3779B97F4A7C15
	return h & uint64(len(x.table)-1)
}

func (x *index) link(n uint32) {
	mask := uint64(len(x.table) - 1)
	i := x.home(x.owners[n], Class(x.class[n]))
	for x.table[i] != 0 {
		i = (i + 1) & mask
	}
	x.table[i] = n + 1
}

// unlink closes the gap it makes, so that no marks of removed entries pile up.
func (x *index) unlink(n uint32) {
	mask := uint64(len(x.table) - 1)
	gap := x.home(x.owners[n], Class(x.class[n]))
	for x.table[gap] != n+1 {
		gap = (gap + 1) & mask
	}
	for at := (gap + 1) & mask; x.table[at] != 0; at = (at + 1) & mask {
		other := x.table[at] - 1
		home := x.home(x.owners[other], Class(x.class[other]))
		// An entry may fill the gap unless its home lies after the gap.
		if (at-home)&mask >= (at-gap)&mask {
			x.table[gap] = x.table[at]
			gap = at
		}
	}
	x.table[gap] = 0
}

func (x *index) rehash(size int) {
	x.table = make([]uint32, size)
	for n, class := range x.class {
		if class != 0 {
			x.link(uint32(n))
		}
	}
}
