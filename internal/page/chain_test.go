package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"kept/internal/page"
)

func TestSecurityHeaders(t *testing.T) {
	s := newSample(t)
	want := map[string]string{
		"Content-Security-Policy": "base-uri 'none'; connect-src 'self'; default-src 'none'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; " +
			"img-src 'self'; manifest-src 'self'; media-src 'self'; object-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; upgrade-insecure-requests",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
	}
	for _, path := range []string{"/", "/shared", "/nowhere", "/fault/x", "/panic/x", "/static/kept.css"} {
		h := s.get(path).Header()
		for name, value := range want {
			if got := h.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", path, name, got, value)
			}
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: Permissions-Policy %q", path, h.Get("Permissions-Policy"))
		}
	}
	plain := newSample(t, func(c *page.Config) { c.Base = "http://127.0.0.1:8080" })
	if got := plain.get("/").Header().Get("Strict-Transport-Security"); got != "" {
		t.Errorf("without TLS: %q", got)
	}
	if got := s.Policy(map[string]string{"script-src": "'self' 'wasm-unsafe-eval'"}); !strings.Contains(got, "script-src 'self' 'wasm-unsafe-eval';") {
		t.Errorf("policy %q", got)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := newSample(t)
	for _, c := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"our own page", []string{"Sec-Fetch-Site", "same-origin"}, http.StatusSeeOther},
		{"another site", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"a sister site", []string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		{"old browser, our page", []string{"Origin", "https://example.com"}, http.StatusSeeOther},
		{"old browser, another", []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"no browser", nil, http.StatusSeeOther},
	} {
		if w := s.post("/sign-up", "email=a@b&day=1", c.headers...); w.Code != c.want {
			t.Errorf("%s: status %d, want %d", c.name, w.Code, c.want)
		}
	}
}

func TestHosts(t *testing.T) {
	s := newSample(t, func(c *page.Config) { c.Hosts = []string{"harbour.example", "127.0.0.1"} })
	for host, want := range map[string]int{
		"harbour.example": 200, "HARBOUR.example:443": 200, "127.0.0.1:8080": 200,
		"evil.example": 421, "": 421, "[::1]": 421, "harbour.example.evil.example": 421,
	} {
		r := httptest.NewRequest("GET", "/plain", nil)
		r.Host = host
		if w := s.do(r); w.Code != want {
			t.Errorf("%q: status %d, want %d", host, w.Code, want)
		}
	}
}

func from(addr string) *http.Request {
	r := httptest.NewRequest("GET", "/plain", nil)
	r.RemoteAddr = addr
	return r
}

func TestClassBehindOneAddressIsServed(t *testing.T) {
	s := newSample(t)
	for second := range 60 {
		for range 30 { // every pupil, every other second, a page or a file of it
			if second%2 == 0 || second < 5 {
				if w := s.do(from("203.0.113.7:1")); w.Code != 200 {
					t.Fatalf("second %d: status %d", second, w.Code)
				}
			}
		}
		s.clock.Add(time.Second)
	}
}

func TestFloodIsStopped(t *testing.T) {
	limits := page.Limits{PerAddress: 1, AddressBurst: 10, PerNetwork: 2, NetworkBurst: 25, Remembered: 100}
	s := newSample(t, func(c *page.Config) { c.Limits = limits })
	served := func(addr string, n int) (ok int) {
		for range n {
			if s.do(from(addr)).Code == 200 {
				ok++
			}
		}
		return ok
	}
	if got := served("203.0.113.7:1", 100); got != 10 {
		t.Errorf("one address: %d served, want 10", got)
	}
	if got := served("203.0.113.8:1", 100); got != 10 {
		t.Errorf("its neighbour: %d served, want 10", got)
	}
	if got := served("203.0.113.9:1", 100); got != 5 {
		t.Errorf("the rest of the network: %d served, want 5", got)
	}
	if got := served("198.51.100.1:1", 5); got != 5 {
		t.Errorf("another network: %d served, want 5", got)
	}
	w := s.do(from("203.0.113.7:1"))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
		t.Errorf("status %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	s.clock.Add(3 * time.Second)
	if got := served("203.0.113.7:1", 100); got != 3 {
		t.Errorf("after three seconds: %d served, want 3", got)
	}
	one := 0
	for i := range 200 { // one house with IPv6 has more addresses than anybody can count
		one += served(fmt.Sprintf("[2001:db8:1:2::%x]:1", i), 1)
	}
	if one != 10 {
		t.Errorf("one /64: %d served, want 10", one)
	}
}

func TestForwardedForIsBelievedFromProxiesOnly(t *testing.T) {
	behind := func(proxies ...netip.Prefix) *sample {
		return newSample(t, func(c *page.Config) {
			c.Limits = page.Limits{PerAddress: 1, AddressBurst: 1}
			c.Proxies = proxies
		})
	}
	direct := behind()
	direct.do(from("192.0.2.1:1"), "X-Forwarded-For", "198.51.100.1")
	if w := direct.do(from("192.0.2.1:1"), "X-Forwarded-For", "198.51.100.2"); w.Code != http.StatusTooManyRequests {
		t.Error("a stranger chose an address")
	}
	proxied := behind(netip.MustParsePrefix("192.0.2.0/24"))
	for i, c := range []struct {
		header string
		want   int
	}{
		{"198.51.100.1", 200}, {"198.51.100.2", 200}, {"198.51.100.2", 429},
		{"9.9.9.9, 198.51.100.3", 200}, {"8.8.8.8, 198.51.100.3", 429}, // what comes before is the stranger's word
		{"198.51.100.4, 192.0.2.77", 200}, {"198.51.100.4", 429}, // two proxies
	} {
		if w := proxied.do(from("192.0.2.1:1"), "X-Forwarded-For", c.header); w.Code != c.want {
			t.Errorf("%d: %s: status %d, want %d", i, c.header, w.Code, c.want)
		}
	}
}

func TestRoutes(t *testing.T) {
	s := newSample(t)
	for _, c := range []struct {
		method, path string
		status       int
		location     string
	}{
		{"GET", "/", 200, ""},
		{"HEAD", "/lesson", 200, ""},
		{"GET", "/nowhere", 404, ""},
		{"GET", "/notes/1/2", 404, ""},
		{"GET", "/lesson/", 308, "/lesson"},
		{"GET", "/notes/7/?a=b", 308, "/notes/7?a=b"},
		{"GET", "//lesson", 307, "/lesson"},
		{"GET", "/x/../lesson", 307, "/lesson"},
		{"GET", "/nowhere/", 404, ""},
		{"POST", "/sign-up/", 404, ""},
		{"GET", "//evil.example/", 307, "/evil.example/"}, // a path of ours, which is then not found
		{"GET", "/\\evil.example/", 404, ""},
		{"DELETE", "/lesson", 405, ""},
		{"OPTIONS", "/notes/1", 405, ""},
		{"BREW", "/lesson", 405, ""},
	} {
		r := httptest.NewRequest(c.method, "http://harbour.example/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(c.path, "?")
		w := s.do(r)
		location := w.Header().Get("Location")
		if w.Code != c.status || location != c.location {
			t.Errorf("%s %s: status %d to %q, want %d to %q", c.method, c.path, w.Code, location, c.status, c.location)
		}
	}
	r := httptest.NewRequest("POST", "/notes/1", nil)
	if got := s.do(r).Header().Get("Allow"); got != "GET, HEAD, PUT" {
		t.Errorf("Allow %q", got)
	}
}

func TestRouteMistakesAreErrors(t *testing.T) {
	s := newSample(t)
	ok := func(http.ResponseWriter, *http.Request) error { return nil }
	for _, route := range []page.Route{
		{Pattern: "/x", Handler: ok}, {Pattern: "GET x", Handler: ok}, {Pattern: "GET /x/", Handler: ok},
		{Pattern: "GET /x"}, {Pattern: "GET /plain", Handler: ok}, {Pattern: "GET /{", Handler: ok}, {Pattern: "PATHC /x", Handler: ok},
	} {
		if err := s.Add(route); err == nil {
			t.Errorf("%q was taken", route.Pattern)
		}
	}
	if got := len(s.Routes()); got != 14 {
		t.Errorf("%d routes, want 13 and the static files", got)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("GET", "/lesson", "harbour.example", "Accept-Language", "de;q=0.1")
	f.Add("POST", "/sign-up", "evil.example", "X-Forwarded-For", "::1%eth0, 300.1.1.1")
	f.Add("GET", "/static/kept-.css", "[::1]:x", "Range", "bytes=9-1")
	f.Add("GET", "//a\\b/%2f..", "", "Accept-Encoding", "gzip;q=;;,,*")
	f.Add("GET", "/plain", "x", "Cookie", "__Host-notice=erased|1|x")
	s := newSample(f, func(c *page.Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	f.Fuzz(func(t *testing.T, method, path, host, header, value string) {
		if method == "" || len(path) > 1000 {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL.Path, r.Host = method, "/"+path, host
		r.Header.Set(header, value)
		s.clock.Add(time.Hour) // whoever was stopped may come again
		w := s.do(r)
		if w.Code >= 500 && !strings.HasPrefix(path, "fault/") && !strings.HasPrefix(path, "panic/") && path != "broken" && path != "silent" {
			t.Fatalf("status %d: %s", w.Code, s.log)
		}
		if w.Header().Get("Content-Security-Policy") == "" {
			t.Error("no content policy")
		}
		if location := w.Header().Get("Location"); strings.HasPrefix(location, "//") || strings.HasPrefix(location, `/\`) {
			t.Errorf("leads away to %q", location)
		}
	})
}
