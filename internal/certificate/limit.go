package certificate

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// limits counts in memory, under hashes made with a key that lives an hour and is
// written nowhere.
type limits struct {
	slow sync.Mutex // one slow hash at a time

	mu    sync.Mutex
	hour  int64
	key   [32]byte
	count map[[16]byte]int
}

// How often something may be done in an hour.
const (
	mailsToAddress   = 5
	mailsFromNetwork = 100
	looksFromNetwork = 200 // at links: each costs a slow hash
)

// mostCounted bounds the memory of a flood.
const mostCounted = 100_000

func newLimits() *limits { return &limits{count: map[[16]byte]int{}} }

// take uses up one of most for somebody, and says when to come back if nothing
// is left.
func (l *limits) take(now time.Time, what, who string, most int) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if hour := now.Unix() / 3600; hour != l.hour || len(l.count) >= mostCounted {
		l.hour = hour
		rand.Read(l.key[:])
		clear(l.count)
	}
	mac := hmac.New(sha256.New, l.key[:])
	mac.Write([]byte(what + "\x00" + who))
	name := [16]byte(mac.Sum(nil))
	l.count[name]++
	if l.count[name] > most {
		return time.Duration(3600-now.Unix()%3600) * time.Second, false
	}
	return 0, true
}
