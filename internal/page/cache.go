package page

import (
	"container/list"
	"sync"
)

// cache keeps values up to a number of bytes and drops the longest unused.
// It holds one version of a name: a newer one takes the place of the older,
// so what a person hid or erased does not linger.
type cache[V any] struct {
	most int64
	size func(V) int64

	mu    sync.Mutex
	used  int64
	order list.List // of *kept[V], the latest used first
	names map[string]*list.Element
}

type kept[V any] struct {
	name, version string
	value         V
	bytes         int64
}

// overhead is about what an entry costs besides its value.
const overhead = 200

func newCache[V any](most int64, size func(V) int64) *cache[V] {
	return &cache[V]{most: most, size: size, names: map[string]*list.Element{}}
}

func (c *cache[V]) get(name, version string) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.names[name]
	if e == nil || e.Value.(*kept[V]).version != version {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*kept[V]).value, true
}

func (c *cache[V]) put(name, version string, value V) {
	k := &kept[V]{name: name, version: version, value: value}
	k.bytes = c.size(value) + int64(len(name)+len(version)) + overhead
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.names[name])
	if k.bytes > c.most/8 {
		return // one value may not push out all others
	}
	c.names[name] = c.order.PushFront(k)
	c.used += k.bytes
	for c.used > c.most {
		c.remove(c.order.Back())
	}
}

func (c *cache[V]) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.names[name])
}

func (c *cache[V]) remove(e *list.Element) {
	if e == nil {
		return
	}
	k := c.order.Remove(e).(*kept[V])
	delete(c.names, k.name)
	c.used -= k.bytes
}
