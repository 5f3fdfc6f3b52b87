package mail

import (
	"maps"
	"sync"
)

// counter counts by code. A relay makes its own codes, so their number is
// bounded.
type counter struct {
	mu    sync.Mutex
	codes map[string]int
}

const (
	maxCodes  = 200
	otherCode = "other"
)

func (c *counter) add(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.codes == nil {
		c.codes = make(map[string]int)
	}
	if _, known := c.codes[code]; !known && len(c.codes) >= maxCodes {
		code = otherCode
	}
	c.codes[code]++
}

func (c *counter) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.codes)
}
