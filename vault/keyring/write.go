package keyring

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// change is a slot and what it shall hold.
type change struct {
	number uint32
	slot   slot
}

// New gives each of the owners a random key of the class; day is the UTC day
// since 1970-01-01 on which it was made. All of them are on the disk when it
// returns nil, with one flush for the batch (two when the file had to grow).
//
// Errors: [ErrExists] when one of them has such a key or is named twice,
// [ErrClass], [ErrFull], [ErrStorage]; then no owner has got a key.
func (r *Ring) New(class Class, day int32, ids ...ID) error {
	if !class.valid() {
		return fmt.Errorf("%w: %d", ErrClass, class)
	}
	if len(ids) == 0 {
		return nil
	}
	return r.inLock(true, func() error {
		if err := r.allNew(class, ids); err != nil {
			return err
		}
		if err := r.grow(len(ids)); err != nil {
			return err
		}
		changes, err := r.allot(class, day, ids)
		if err != nil {
			return err
		}
		return r.commit(changes, false)
	})
}

func (r *Ring) allNew(class Class, ids []ID) error {
	batch := make(map[ID]struct{}, len(ids))
	for _, id := range ids {
		if _, ok := r.index.get(id, class); ok {
			return ErrExists
		}
		batch[id] = struct{}{}
	}
	if len(batch) < len(ids) {
		return fmt.Errorf("%w: an owner is named twice", ErrExists)
	}
	return nil
}

// grow adds chunks until there is room. They are on the disk before the
// header counts them.
func (r *Ring) grow(need int) error {
	missing := need - r.index.free()
	if missing <= 0 {
		return nil
	}
	from := r.index.capacity()
	to := from + uint32((missing+ChunkSlots-1)/ChunkSlots)*ChunkSlots
	if to > maxCapacity {
		return fmt.Errorf("%w: a ring holds at most %d keys", ErrFull, maxCapacity)
	}
	err := writeFree(r.file, &r.ring, from, to)
	if err == nil {
		err = r.file.Sync()
	}
	if err != nil {
		return storage("grow the key ring", errors.Join(err, r.file.Truncate(slotAt(from))))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index.grow(to)
	return nil
}

// writeFree writes free slots from one number to before another.
func writeFree(f File, ring *[16]byte, from, to uint32) error {
	buf := make([]byte, ChunkSlots*slotSize)
	for from < to {
		n := min(to-from, ChunkSlots)
		for i := range n {
			new(slot).encode(buf[i*slotSize:], ring, from+i)
		}
		if _, err := f.WriteAt(buf[:n*slotSize], slotAt(from)); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// allot picks free slots, looks into the file that they are free, and fills
// them.
func (r *Ring) allot(class Class, day int32, ids []ID) ([]change, error) {
	var key [keySize]byte
	defer clear(key[:])
	changes := make([]change, len(ids))
	from := uint32(0)
	for i, id := range ids {
		n := r.index.nextFree(from)
		from = n + 1
		c := &changes[i]
		c.number = n
		if err := readSlot(r.file, &r.ring, n, &c.slot); err != nil {
			return nil, err
		}
		if c.slot.live {
			return nil, &CorruptError{int(n), "it is taken, and was free when last read"}
		}
		c.slot = slot{owner: id, class: class, live: true, day: day, generation: c.slot.generation + 1}
		rand.Read(key[:])
		c.slot.wrap(r.epoch, &r.ring, n, &key)
	}
	return changes, nil
}

// Destroy ends keys for good: their slots are overwritten and flushed, and no
// cache of any process that has the ring open holds them when it returns nil.
// A key that is not there counts as destroyed. Ciphers that [Ring.Key] gave
// out before live as long as their holder keeps them: hold none.
//
// Errors: [ErrStorage], [ErrCorrupt]. After an error some of the keys may be
// gone; call it again until it returns nil. It needs no free space on the
// disk.
func (r *Ring) Destroy(refs ...Ref) error {
	return r.inLock(true, func() error {
		// A rotation that died may have left a second wrapping of these keys.
		if err := r.tidyIfAbandoned(); err != nil {
			return err
		}
		changes, err := r.doomed(refs)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			// What looks destroyed may be the work of a process that was
			// killed before its flush.
			return storage("flush the key ring", r.file.Sync())
		}
		return r.commit(changes, true)
	})
}

// doomed finds the slots and looks into the file whose they are.
func (r *Ring) doomed(refs []Ref) ([]change, error) {
	var numbers []uint32
	for _, ref := range refs {
		if n, ok := r.index.get(ref.ID, ref.Class); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	changes := make([]change, len(numbers))
	for i, n := range numbers {
		var s slot
		if err := readSlot(r.file, &r.ring, n, &s); err != nil {
			return nil, err
		}
		if !s.live || s.owner != r.index.owners[n] || byte(s.class) != r.index.class[n] {
			return nil, &CorruptError{int(n), "it belongs to another owner than when last read"}
		}
		changes[i] = change{n, slot{generation: s.generation}}
	}
	return changes, nil
}

// commit writes changes, sorted by number, and flushes once. The header goes
// first: should the process die between the two writes, then others look at
// slots that did not change, but never miss one that did.
func (r *Ring) commit(changes []change, erase bool) error {
	next := r.seen
	next.capacity = r.index.capacity()
	if erase {
		next.erasures++
	}
	for i := range changes {
		next.version++
		changes[i].slot.changed = next.version
	}
	r.announce(next, changes, erase)
	if err := r.write(next, changes); err != nil {
		r.doubt(next, changes, erase)
		return storage("write key slots", err)
	}
	if !erase {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := range changes {
			r.index.set(changes[i].number, &changes[i].slot)
		}
	}
	return nil
}

// announce tells the readers of this process before the file tells the others,
// so that these readers do not queue for the lock during the flush.
func (r *Ring) announce(next live, changes []change, erase bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = next
	if !erase {
		return
	}
	for i := range changes {
		r.index.drop(changes[i].number)
	}
	r.cache.reset()
}

func (r *Ring) write(next live, changes []change) error {
	if err := r.writeLog(changes); err != nil {
		return err
	}
	if err := writeLive(r.file, &next); err != nil {
		return err
	}
	if err := r.writeSlots(changes); err != nil {
		return err
	}
	return r.file.Sync()
}

// writeLog notes the numbers of the slots, as many as the log holds.
func (r *Ring) writeLog(changes []change) error {
	changes = changes[max(0, len(changes)-logLen):]
	for len(changes) > 0 {
		at := logOffset(changes[0].slot.changed)
		n := min(len(changes), int(blockSize-at)/4)
		buf := make([]byte, 0, n*4)
		for i := range n {
			buf = binary.BigEndian.AppendUint32(buf, changes[i].number)
		}
		if _, err := r.file.WriteAt(buf, at); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

// writeSlots writes neighbours in one call.
func (r *Ring) writeSlots(changes []change) error {
	buf := make([]byte, 0, len(changes)*slotSize)
	for first := 0; first < len(changes); {
		end := first + 1
		for end < len(changes) && changes[end].number == changes[end-1].number+1 {
			end++
		}
		buf = buf[:(end-first)*slotSize]
		for i := first; i < end; i++ {
			changes[i].slot.encode(buf[(i-first)*slotSize:], &r.ring, changes[i].number)
		}
		if _, err := r.file.WriteAt(buf, slotAt(changes[first].number)); err != nil {
			return err
		}
		first = end
	}
	return nil
}

// doubt comes after a failed write or flush. New keys are taken back; a key
// that was to be destroyed is not put back. What the file shows and what the
// disk holds may now differ (after a failed flush a second one says all is
// well), so the header asks the next writer, of whatever process, to write
// everything once more.
func (r *Ring) doubt(next live, changes []change, erase bool) {
	if !erase {
		for i := range changes {
			s := &changes[i].slot
			changes[i].slot = slot{generation: s.generation, changed: s.changed}
		}
		r.writeSlots(changes) // in vain on a dead disk; the owners are then orphans
	}
	next.state |= unsure
	writeLive(r.file, &next)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unsure, r.stale = true, true
}

// rewrite writes every byte of the file again and flushes, so that what is
// read is what the disk holds.
func (r *Ring) rewrite() error {
	size := slotAt(r.index.capacity())
	buf := make([]byte, ChunkSlots*slotSize)
	for at := int64(0); at < size; {
		part := buf[:min(size-at, int64(len(buf)))]
		if err := readFull(r.file, part, at); err != nil {
			return err
		}
		if _, err := r.file.WriteAt(part, at); err != nil {
			return storage("write the key ring again", err)
		}
		at += int64(len(part))
	}
	if err := r.file.Sync(); err != nil {
		return storage("write the key ring again", err)
	}
	return nil
}
