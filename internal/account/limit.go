package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"kept/vault"
)

// limit is how often something may be done: burst times at once, and as often
// again in each period.
type limit struct {
	name   string
	burst  float64
	period time.Duration
}

// The limits. Those on a network leave room for a class of thirty behind one
// address whose mail is slow: three tries each, and three codes for each try.
// Those on an address keep a mailbox from being flooded, and guesses at codes
// at twenty times five a day.
var (
	mailsAnHour   = limit{"mails an hour", 5, time.Hour}
	mailsADay     = limit{"mails a day", 20, 24 * time.Hour}
	asksFromHome  = limit{"asks from one address", 100, time.Hour}
	asksFromNet   = limit{"asks from one network", 400, time.Hour}
	codesFromHome = limit{"codes from one address", 300, time.Hour}
	handleTries   = limit{"handles tried", 20, time.Hour}
	changeTries   = limit{"changes of address", 5, time.Hour}
)

// limits counts in memory, under hashes made with a key that lives a day and is
// written nowhere: so a count says nothing about an address or a person, and no
// row is made for somebody whom we do not know.
type limits struct {
	mu   sync.Mutex
	day  vault.Day
	key  [32]byte
	have map[[16]byte]*allowance
}

type allowance struct {
	level float64 // how much is left
	last  time.Time
}

// mostCounted bounds the memory of a flood: about 10 MB.
const mostCounted = 100_000

func newLimits() *limits { return &limits{have: map[[16]byte]*allowance{}} }

// take uses up one of a limit for somebody, and says when to come back if
// nothing is left.
func (l *limits) take(now time.Time, of limit, who string) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(now)
	have := l.of(now, of, who)
	rate := of.burst / float64(of.period)
	have.level = min(of.burst, have.level+rate*float64(now.Sub(have.last)))
	have.last = now
	if have.level < 1 {
		return time.Duration((1 - have.level) / rate), false
	}
	have.level--
	return 0, true
}

// turn makes a new key each day, which forgets all counts.
func (l *limits) turn(now time.Time) {
	if today := vault.DayOf(now); today != l.day || len(l.have) >= mostCounted {
		l.day = today
		rand.Read(l.key[:])
		clear(l.have)
	}
}

func (l *limits) of(now time.Time, of limit, who string) *allowance {
	mac := hmac.New(sha256.New, l.key[:])
	mac.Write([]byte(of.name + "\x00" + who))
	name := [16]byte(mac.Sum(nil))
	if have := l.have[name]; have != nil {
		return have
	}
	have := &allowance{level: of.burst, last: now}
	l.have[name] = have
	return have
}

// client is where a request comes from: one home, and the network around it.
func (a *Account) client(r *http.Request) (home, network string) {
	addr := a.clientAddress(r)
	homeBits, netBits := 32, 24
	if addr.Is6() {
		homeBits, netBits = 64, 48
	}
	return prefix(addr, homeBits), prefix(addr, netBits)
}

func (a *Account) clientAddress(r *http.Request) netip.Addr {
	if a.cfg.Client != nil {
		return a.cfg.Client(r).Unmap()
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap().WithZone("")
}

// prefix writes the first bits of an address. Those that are unknown are one.
func prefix(addr netip.Addr, bits int) string {
	cut, err := addr.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return cut.String()
}
