package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func processor(hosts ...string) Processor {
	return Processor{Name: "relay", Country: "Sweden", Purpose: "Sends mail.", Since: "2026-11-21", Hosts: hosts}
}

func newGate(t *testing.T, c Config) *Gate {
	t.Helper()
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

func wantRefused(t *testing.T, err error, why Reason) {
	t.Helper()
	r, ok := errors.AsType[*RefusedError](err)
	if !ok || r.Reason != why {
		t.Errorf("got error %v, want refused: %s", err, why)
	}
}

// names answers look-ups from a table and notes what was asked.
type names struct {
	table map[string][]string
	asked []string
}

func (n *names) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	n.asked = append(n.asked, host)
	var ips []netip.Addr
	for _, s := range n.table[host] {
		ips = append(ips, netip.MustParseAddr(s))
	}
	return ips, nil
}

func TestNewRefusesIncompleteProcessors(t *testing.T) {
	for name, change := range map[string]func(*Processor){
		"no name":    func(p *Processor) { p.Name = "" },
		"no country": func(p *Processor) { p.Country = " " },
		"no purpose": func(p *Processor) { p.Purpose = "" },
		"no day":     func(p *Processor) { p.Since = "soon" },
		"policy":     func(p *Processor) { p.PolicyURL = "http://example.org" },
		"wildcard":   func(p *Processor) { p.Hosts = []string{"*.example.org"} },
		"scheme":     func(p *Processor) { p.Hosts = []string{"https://example.org"} },
		"path":       func(p *Processor) { p.Hosts = []string{"example.org/a"} },
		"port":       func(p *Processor) { p.Hosts = []string{"example.org:smtp"} },
		"empty host": func(p *Processor) { p.Hosts = []string{""} },
		"size":       func(p *Processor) { p.MaxResponse = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			p := processor("example.org")
			change(&p)
			if _, err := New(Config{Processors: []Processor{p}}); err == nil {
				t.Error("was accepted")
			}
		})
	}
	if _, err := New(Config{Processors: []Processor{processor(), processor()}}); err == nil {
		t.Error("two processors of one name were accepted")
	}
}

func TestDialRefusesWhatIsNotDeclared(t *testing.T) {
	n := &names{table: map[string][]string{
		"inside.example.org":   {"10.1.2.3"},
		"both.example.org":     {"93.184.215.14", "127.0.0.1"},
		"mapped.example.org":   {"::ffff:192.168.0.1"},
		"metadata.example.org": {"169.254.169.254"},
		"hidden.example.org":   {"64:ff9b::7f00:1"},
	}}
	g := newGate(t, Config{Lookup: n.lookup, Processors: []Processor{
		processor("inside.example.org:25", "both.example.org:25", "mapped.example.org:25", "metadata.example.org:25", "hidden.example.org:25", "[::ffff:169.254.169.254]:25"),
		{Name: "other", Country: "Norway", Purpose: "Else.", Since: "2026-11-21", Private: true, Hosts: []string{"other.example.org", "metadata.example.org"}},
	}})
	for _, c := range []struct {
		processor, network, addr string
		why                      Reason
	}{
		{"relay", "tcp", "example.com:25", NotDeclared},
		{"relay", "tcp", "inside.example.org:26", NotDeclared},
		{"relay", "tcp", "other.example.org:443", NotDeclared},
		{"relay", "tcp", "no port", NotDeclared},
		{"nobody", "tcp", "inside.example.org:25", UnknownProcessor},
		{"relay", "udp", "inside.example.org:25", WrongNetwork},
		{"relay", "tcp", "inside.example.org:25", PrivateAddress},
		{"relay", "tcp", "both.example.org:25", PrivateAddress},
		{"relay", "tcp", "mapped.example.org:25", PrivateAddress},
		{"relay", "tcp", "metadata.example.org:25", PrivateAddress},
		{"relay", "tcp", "hidden.example.org:25", PrivateAddress},
		{"relay", "tcp", "169.254.169.254:25", PrivateAddress},
		{"other", "tcp", "metadata.example.org:443", PrivateAddress},
	} {
		conn, err := g.Dial(t.Context(), c.processor, c.network, c.addr)
		if conn != nil {
			t.Fatalf("%v: got a connection", c)
		}
		t.Run(fmt.Sprint(c), func(t *testing.T) { wantRefused(t, err, c.why) })
	}
	for _, host := range n.asked {
		if n.table[host] == nil {
			t.Errorf("looked up %s, which nobody declared", host)
		}
	}
}

func TestDialPinsTheCheckedAddress(t *testing.T) {
	l := listen(t)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := processor("mail.example.org:" + port)
	p.Private = true
	n := &names{table: map[string][]string{"mail.example.org": {"127.0.0.1"}}}
	g := newGate(t, Config{Lookup: n.lookup, Processors: []Processor{p}})
	conn, err := g.Dial(t.Context(), "relay", "tcp", "Mail.Example.org:"+port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if len(n.asked) != 1 {
		t.Errorf("looked up %d times, want once", len(n.asked))
	}
}

func TestDialTriesTheNextAddress(t *testing.T) {
	l := listen(t)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := processor("mail.example.org:" + port)
	p.Private = true
	n := &names{table: map[string][]string{"mail.example.org": {"127.0.0.77", "127.0.0.1"}}}
	g := newGate(t, Config{Lookup: n.lookup, Processors: []Processor{p}})
	conn, err := g.Dial(t.Context(), "relay", "tcp", "mail.example.org:"+port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// serve starts a web server of this machine and a gate that declares it.
func serve(t *testing.T, h http.HandlerFunc, change func(*Processor)) (*httptest.Server, *Gate) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	p := processor(strings.TrimPrefix(s.URL, "http://"))
	if change != nil {
		change(&p)
	}
	return s, newGate(t, Config{Processors: []Processor{p}})
}

func TestClientReachesADeclaredHost(t *testing.T) {
	s, g := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }, nil)
	body, err := get(g.Client("relay", time.Minute), s.URL)
	if err != nil || body != "hello" {
		t.Errorf("got %q, %v", body, err)
	}
	if list := g.Refused(); len(list) != 0 {
		t.Errorf("refused %v", list)
	}
}

func get(c *http.Client, url string) (string, error) {
	answer, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestClientIgnoresProxiesOfTheEnvironment(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Error("the proxy was asked")
	}))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("ALL_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "")
	// Not a loopback name: the library would exempt those from proxies.
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "straight") }))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	p := processor("web.example.org:" + port)
	p.Private = true
	n := &names{table: map[string][]string{"web.example.org": {"127.0.0.1"}}}
	g := newGate(t, Config{Lookup: n.lookup, Processors: []Processor{p}})
	if body, err := get(g.Client("relay", time.Minute), "http://web.example.org:"+port); err != nil || body != "straight" {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestClientRefuses(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Error("a redirect to another host was followed")
	}))
	defer elsewhere.Close()
	s, g := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		}
	}, func(p *Processor) { p.Hosts = append(p.Hosts, "example.org", "example.org:80") })
	for _, c := range []struct {
		processor, url string
		why            Reason
	}{
		{"relay", "https://example.com/", NotDeclared},
		{"relay", "https://example.org:8443/", NotDeclared},
		{"relay", "http://example.org/", NotEncrypted},
		{"relay", s.URL + "/away", Elsewhere},
		{"relay", s.URL + "/round", TooManyRedirects},
		{"nobody", s.URL, UnknownProcessor},
	} {
		t.Run(string(c.why), func(t *testing.T) {
			_, err := get(g.Client(c.processor, time.Minute), c.url)
			wantRefused(t, err, c.why)
		})
	}
}

func TestAnswersAreLimited(t *testing.T) {
	s, g := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("x", len(r.URL.Path)-1))
	}, func(p *Processor) { p.MaxResponse = 10 })
	c := g.Client("relay", time.Minute)
	if body, err := get(c, s.URL+"/1234567890"); err != nil || len(body) != 10 {
		t.Errorf("at the limit: %d bytes, %v", len(body), err)
	}
	body, err := get(c, s.URL+"/12345678901")
	if tooLarge, ok := errors.AsType[*TooLargeError](err); !ok || tooLarge.Limit != 10 || len(body) != 10 {
		t.Errorf("past the limit: %d bytes, %v", len(body), err)
	}
}

func TestErrorsHideTheAddress(t *testing.T) {
	g := newGate(t, Config{})
	_, err := g.Client("relay", time.Minute).Get("https://example.org/in?token=secret")
	if !strings.Contains(err.Error(), "secret") {
		t.Fatal("the library no longer quotes addresses; WithoutURL can go")
	}
	if got := WithoutURL(err).Error(); strings.Contains(got, "secret") || !strings.Contains(got, "example.org refused") {
		t.Errorf("got %q", got)
	}
}

func TestRefusedIsCountedByDayAndBounded(t *testing.T) {
	now := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)
	g := newGate(t, Config{Now: func() time.Time { return now }})
	g.Dial(t.Context(), "stripe", "tcp", "evil.example:443")
	now = now.Add(2 * time.Hour)
	g.Dial(t.Context(), "stripe", "tcp", "EVIL.example.:443")
	g.Dial(t.Context(), "stripe", "tcp", "ada@example.org:443")
	want := []Refusal{{"stripe", "evil.example", 2, "2026-11-22"}, {"stripe", oddHost, 1, "2026-11-22"}}
	if got := g.Refused(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for i := range 300 {
		g.Dial(t.Context(), "stripe", "tcp", fmt.Sprintf("h%d.example:443", i))
	}
	list := g.Refused()
	if len(list) != maxRefusals+1 || list[0].Host != otherHosts {
		t.Errorf("%d lines, first %v", len(list), list[0])
	}
}

func TestCloseDefaults(t *testing.T) {
	g := newGate(t, Config{})
	restore := g.CloseDefaults()
	_, one := http.Get("https://example.org/")
	_, two := (&http.Client{}).Get("https://example.org/")
	restore()
	wantRefused(t, one, StandardDefault)
	wantRefused(t, two, StandardDefault)
	if _, ok := http.DefaultTransport.(*http.Transport); !ok {
		t.Error("not restored")
	}
}

func TestReach(t *testing.T) {
	for ip, want := range map[string]reach{
		"8.8.8.8": public, "2606:4700::1111": public, "172.32.0.1": public, "100.128.0.1": public,
		"127.0.0.1": inside, "::1": inside, "10.255.255.255": inside, "172.31.0.1": inside, "fd00::1": inside, "100.64.0.1": inside,
		"0.0.0.0": never, "::": never, "169.254.169.254": never, "fe80::1%eth0": never, "ff02::1": never, "2002:7f00:1::": never,
		"::127.0.0.1": never, "64:ff9b::a00:1": never, "255.255.255.255": never,
	} {
		if got := reachOf(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s: got %d, want %d", ip, got, want)
		}
	}
}

func FuzzParseHost(f *testing.F) {
	for _, s := range []string{"example.org", "example.org:25", "[::1]:25", "::1", "127.0.0.1", "*", "a b", "EXAMPLE.org.:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseHost(s)
		if err != nil {
			return
		}
		host, port, err := net.SplitHostPort(got)
		if err != nil || host == "" || port == "" {
			t.Fatalf("%q became %q", s, got)
		}
		if again, err := parseHost(got); err != nil || again != got {
			t.Fatalf("%q became %q, then %q, %v", s, got, again, err)
		}
	})
}
