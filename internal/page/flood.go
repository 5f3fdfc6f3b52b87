package page

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound how fast requests may come. The defaults leave room for a
// class of thirty behind one address: each loads a page with its files in
// the same minute, and goes on reading.
type Limits struct {
	PerAddress   float64 // requests a second in the long run; 0 means 30
	AddressBurst int     // 0 means 900
	PerNetwork   float64 // of a /24 or /48; 0 means 120
	NetworkBurst int     // 0 means 3600
	Remembered   int     // addresses and networks at once; 0 means 20000
}

func (l *Limits) defaults() {
	set := func(value *float64, def float64) {
		if *value == 0 {
			*value = def
		}
	}
	setInt := func(value *int, def int) {
		if *value == 0 {
			*value = def
		}
	}
	set(&l.PerAddress, 30)
	set(&l.PerNetwork, 120)
	setInt(&l.AddressBurst, 900)
	setInt(&l.NetworkBurst, 3600)
	setInt(&l.Remembered, 20000)
}

// flood counts requests by address and network, in memory only. An entry
// that has been quiet until its allowance is full again says no more than
// none, so it is dropped: addresses are forgotten within a minute of calm.
type flood struct {
	limits Limits
	full   time.Duration // after which any allowance is full

	mu    sync.Mutex
	seen  map[netip.Prefix]*list.Element
	order list.List // of *visitor, the latest first
}

type visitor struct {
	who   netip.Prefix
	allow *rate.Limiter
	last  time.Time
}

func newFlood(l Limits) *flood {
	longest := max(float64(l.AddressBurst)/l.PerAddress, float64(l.NetworkBurst)/l.PerNetwork)
	return &flood{limits: l, full: time.Duration(longest * float64(time.Second)), seen: map[netip.Prefix]*list.Element{}}
}

// allow reports whether one more request may come from an address, and if
// not, after how long.
func (f *flood) allow(addr netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(now)
	home := f.visit(household(addr), rate.Limit(f.limits.PerAddress), f.limits.AddressBurst, now)
	if !home.allow.AllowN(now, 1) {
		return after(home.allow, now), false
	}
	net := f.visit(Network(addr), rate.Limit(f.limits.PerNetwork), f.limits.NetworkBurst, now)
	if !net.allow.AllowN(now, 1) {
		return after(net.allow, now), false
	}
	return 0, true
}

func after(l *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now)
	return time.Duration(missing / float64(l.Limit()) * float64(time.Second))
}

func (f *flood) visit(who netip.Prefix, limit rate.Limit, burst int, now time.Time) *visitor {
	if e := f.seen[who]; e != nil {
		f.order.MoveToFront(e)
		v := e.Value.(*visitor)
		v.last = now
		return v
	}
	if len(f.seen) >= f.limits.Remembered {
		f.drop(f.order.Back())
	}
	v := &visitor{who: who, allow: rate.NewLimiter(limit, burst), last: now}
	f.seen[who] = f.order.PushFront(v)
	return v
}

// forget drops entries from the quiet end, a few at a time.
func (f *flood) forget(now time.Time) {
	for range 4 {
		e := f.order.Back()
		if e == nil || now.Sub(e.Value.(*visitor).last) < f.full {
			return
		}
		f.drop(e)
	}
}

func (f *flood) drop(e *list.Element) {
	delete(f.seen, f.order.Remove(e).(*visitor).who)
}

// sweep drops every address that has been quiet.
func (f *flood) sweep(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for e := f.order.Back(); e != nil && now.Sub(e.Value.(*visitor).last) >= f.full; e = f.order.Back() {
		f.drop(e)
	}
}
