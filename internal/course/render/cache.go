package render

import (
	"container/list"
	"sync"
)

// Cache keeps rendered pages up to a number of bytes and forgets those that
// nobody opened for longest. Its keys hold pointers into a catalogue, so a
// page of an older catalogue is never found under a newer one.
type Cache[K comparable, V any] struct {
	size func(V) int
	most int

	mu    sync.Mutex
	held  int
	order *list.List // of entry[K, V], the latest first
	items map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
	bytes int
}

// NewCache makes a cache of at most so many bytes, counted by size.
func NewCache[K comparable, V any](most int, size func(V) int) *Cache[K, V] {
	return &Cache[K, V]{size: size, most: most, order: list.New(), items: map[K]*list.Element{}}
}

// Get finds a page or makes it. Two that ask at once may both make it.
func (c *Cache[K, V]) Get(key K, make func() V) V {
	if v, ok := c.find(key); ok {
		return v
	}
	v := make()
	c.put(key, v)
	return v
}

func (c *Cache[K, V]) find(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	item, ok := c.items[key]
	if !ok {
		var none V
		return none, false
	}
	c.order.MoveToFront(item)
	return item.Value.(entry[K, V]).value, true
}

func (c *Cache[K, V]) put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.items[key]; known {
		return
	}
	bytes := c.size(value)
	c.items[key] = c.order.PushFront(entry[K, V]{key, value, bytes})
	c.held += bytes
	for c.held > c.most && c.order.Len() > 0 {
		last := c.order.Remove(c.order.Back()).(entry[K, V])
		delete(c.items, last.key)
		c.held -= last.bytes
	}
}

// Clear forgets all pages, for when a new catalogue takes over.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.Init()
	clear(c.items)
	c.held = 0
}
