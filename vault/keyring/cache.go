package keyring

import (
	"crypto/cipher"
	"sync/atomic"
)

// cache holds ready ciphers by slot, at most limit of them. When it is full
// the one goes that was not asked for since the hand last passed. Reading
// needs the ring's read lock, changing its write lock.
type cache struct {
	limit   int
	entries map[uint32]*cached
	order   []uint32
	hand    int
}

type cached struct {
	aead cipher.AEAD
	used atomic.Bool
}

func newCache(limit int) *cache {
	return &cache{limit: limit, entries: map[uint32]*cached{}}
}

func (c *cache) get(n uint32) cipher.AEAD {
	e := c.entries[n]
	if e == nil {
		return nil
	}
	if !e.used.Load() { // a store would move the cache line between cores each time
		e.used.Store(true)
	}
	return e.aead
}

func (c *cache) put(n uint32, aead cipher.AEAD) {
	if e := c.entries[n]; e != nil {
		e.aead = aead
		return
	}
	if len(c.order) < c.limit {
		c.order = append(c.order, n)
	} else {
		c.order[c.evict()] = n
	}
	c.entries[n] = &cached{aead: aead}
}

// evict frees one place in order and gives its position.
func (c *cache) evict() int {
	for {
		at := c.hand
		c.hand = (c.hand + 1) % c.limit
		if e := c.entries[c.order[at]]; !e.used.Swap(false) {
			delete(c.entries, c.order[at])
			return at
		}
	}
}

// reset forgets everything; the memory itself goes with the next collection.
func (c *cache) reset() {
	c.entries = map[uint32]*cached{}
	c.order, c.hand = nil, 0
}
