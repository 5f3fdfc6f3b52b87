package page

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestScrub(t *testing.T) {
	for text, want := range map[string]string{
		`open store: disk full`:                            `open store: disk full`,
		`SQLITE_BUSY (5): database is locked`:              `SQLITE_BUSY (5): database is locked`,
		`parsing "ada@example.org": no`:                    `parsing …: no`,
		`550 ada.l@example.org unknown`:                    `550 … unknown`,
		`dial tcp 203.0.113.7: refused`:                    `dial tcp …: refused`,
		`peer 2001:db8::1 left`:                            `peer … left`,
		`get https://x.example/p?token=abc: timeout`:       `get … timeout`,
		`handle value99 taken`:                             `handle … taken`,
		`owner k3v9qz7m2x4c6b8n1d5f0g9hjw gone`:            `owner … gone`,
		`card 4242424242424242`:                            `card …`,
		`strconv.ParseInt: parsing 'noor': invalid syntax`: `strconv.ParseInt: parsing …: invalid syntax`,
		strings.Repeat("word ", 300):                       strings.Repeat("word ", 100) + "…",
	} {
		if got := scrub(text, []string{"value99"}); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("parsing ", "ada", ": no")
	f.Add("\"", "\\", "\"")
	f.Fuzz(func(t *testing.T, before, value, after string) {
		if len(value) < 3 || strings.Contains("…", value) || strings.Contains(value, "…") {
			return
		}
		if got := scrub(before+value+after, []string{value}); strings.Contains(strings.ReplaceAll(got, "…", "\n"), value) && !strings.Contains(value, "\n") {
			t.Errorf("%q is still in %q", value, got)
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"203.0.113.7:80", "[::ffff:203.0.113.7]:80", "fe80::1%eth0", "", "@", "1.2.3.4.5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr := parseAddress(text)
		net := Network(addr)
		if addr.IsValid() && (!net.Contains(addr) || net.Bits() > 48 || household(addr).Bits() < net.Bits()) {
			t.Errorf("%q: network %s of %s", text, net, addr)
		}
		if addr.Is4In6() || addr.Zone() != "" {
			t.Errorf("%q: one address has two forms: %s", text, addr)
		}
	})
}

func FuzzOpenNotice(f *testing.F) {
	s := &Site{cfg: Config{NoticeKey: []byte("key"), Now: func() time.Time { return time.Unix(1000, 0) }}, notices: map[string]Notice{"a": {Key: "a", Text: "x"}}}
	good := s.sealNotice("a", time.Unix(1060, 0))
	f.Add(good)
	f.Add("a|1|x")
	f.Fuzz(func(t *testing.T, value string) {
		if n := s.openNotice(value); n != nil && value != good {
			t.Errorf("%q was taken", value)
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache(10_000, func(s string) int64 { return int64(len(s)) })
	for i := range 100 {
		c.put(fmt.Sprint(i), "1", strings.Repeat("x", 800))
		c.get("0", "1") // in use, so it stays
	}
	if c.used > 10_000 || len(c.names) < 8 || len(c.names) != c.order.Len() {
		t.Errorf("%d bytes, %d names, %d in order", c.used, len(c.names), c.order.Len())
	}
	if _, ok := c.get("0", "1"); !ok {
		t.Error("what was used latest is gone")
	}
	if _, ok := c.get("1", "1"); ok {
		t.Error("what was used longest ago is still there")
	}
	c.put("0", "2", "new")
	if _, ok := c.get("0", "1"); ok {
		t.Error("an older version is still there")
	}
	c.put("0", "3", strings.Repeat("x", 5000))
	if _, ok := c.get("0", "2"); ok || c.names["0"] != nil {
		t.Error("a version too large to keep left the older one")
	}
	for name := range c.names {
		c.forget(name)
	}
	if c.used != 0 || c.order.Len() != 0 {
		t.Errorf("empty, yet %d bytes", c.used)
	}
}

func TestFloodForgets(t *testing.T) {
	l := Limits{PerAddress: 10, AddressBurst: 100, PerNetwork: 10, NetworkBurst: 100, Remembered: 50}
	f := newFlood(l)
	now := time.Unix(1_000_000, 0)
	for i := range 10_000 {
		f.allow(netip.AddrFrom4([4]byte{byte(i >> 8), byte(i), 1, 1}), now)
	}
	if len(f.seen) > 50 || f.order.Len() != len(f.seen) {
		t.Errorf("%d remembered, want at most 50", len(f.seen))
	}
	f.sweep(now.Add(11 * time.Second))
	if len(f.seen) != 0 {
		t.Errorf("%d still remembered after the calm", len(f.seen))
	}
}
