// Package outbound is the only way out of the program.
//
// It owns the register of processors (who receives data from us, where they
// are, what for) and every connection that the program opens: HTTP through
// [Gate.Client], anything else through [Gate.Dial].
//
// It refuses, counts and lists: a host or port that no processor declared, a
// host declared for another processor, a redirect that leaves the declared
// host, plain HTTP to anything but this machine, an answer that is larger than
// agreed, and a declared name that suddenly points into a private network.
// Only declared names are ever looked up, proxies named in the environment are
// not used, and the address that was checked is the address that is dialled.
//
// Start at [New]. A test here reads the whole source tree and fails when a
// package other than this one opens a connection or looks up a name.
package outbound

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Processor is somebody who receives data from us, as the policy page names
// them.
type Processor struct {
	Name      string   // also how code asks for it, as in "stripe"
	Country   string   // where it processes, as a person would say it
	Purpose   string   // one plain sentence
	PolicyURL string   // its own privacy policy; may be empty for our own machines
	Hosts     []string // "api.example.org" is port 443; otherwise "host:port"
	Kinds     []string // vault kinds that may be handed over
	Since     string   // first day, as in 2026-11-21

	// Private says that the hosts stand in the operator's own network, so
	// that their names may point to private addresses.
	Private bool
	// MaxResponse limits an HTTP answer in bytes; 0 is DefaultMaxResponse.
	MaxResponse int64
}

// DefaultMaxResponse is the largest HTTP answer, unpacked, if the processor
// says nothing else.
const DefaultMaxResponse = 8 << 20

// Config is what a gate is made of. Only Processors is needed.
type Config struct {
	Processors []Processor
	Log        *slog.Logger
	Now        func() time.Time
	Roots      *x509.CertPool // instead of the system's certificates
	// Lookup resolves a name instead of the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Gate lets connections out to declared processors. It is safe for use by
// many goroutines.
type Gate struct {
	processors []Processor
	ways       map[string]*way
	lookup     func(ctx context.Context, host string) ([]netip.Addr, error)
	dialer     net.Dialer
	log        *slog.Logger
	now        func() time.Time

	mu      sync.Mutex
	refused map[refusalKey]*Refusal
}

// way is what one processor may reach.
type way struct {
	gate      *Gate
	name      string
	hosts     map[string]bool // "host:port", lower case
	private   bool
	limit     int64
	transport *http.Transport
}

// New checks the register and makes the gate.
func New(c Config) (*Gate, error) {
	g := &Gate{
		processors: slices.Clone(c.Processors),
		ways:       make(map[string]*way),
		lookup:     c.Lookup,
		dialer:     net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second},
		log:        c.Log,
		now:        c.Now,
		refused:    make(map[refusalKey]*Refusal),
	}
	if g.lookup == nil {
		g.lookup = systemLookup
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	if g.now == nil {
		g.now = time.Now
	}
	for _, p := range g.processors {
		if err := g.add(p, c.Roots); err != nil {
			return nil, fmt.Errorf("processor %q: %w", p.Name, err)
		}
	}
	return g, nil
}

func (g *Gate) add(p Processor, roots *x509.CertPool) error {
	if err := p.check(); err != nil {
		return err
	}
	if g.ways[p.Name] != nil {
		return errors.New("is declared twice")
	}
	w := &way{gate: g, name: p.Name, hosts: make(map[string]bool), private: p.Private, limit: p.MaxResponse}
	if w.limit == 0 {
		w.limit = DefaultMaxResponse
	}
	for _, h := range p.Hosts {
		target, err := parseHost(h)
		if err != nil {
			return err
		}
		w.hosts[target] = true
	}
	w.transport = newTransport(w, roots)
	g.ways[p.Name] = w
	return nil
}

// check asks for what the policy page must be able to say.
func (p Processor) check() error {
	for _, f := range []struct{ name, value string }{
		{"name", p.Name}, {"country", p.Country}, {"purpose", p.Purpose}, {"since", p.Since},
	} {
		if strings.TrimSpace(f.value) == "" {
			return fmt.Errorf("%s is missing", f.name)
		}
	}
	if _, err := time.Parse(time.DateOnly, p.Since); err != nil {
		return fmt.Errorf("since %q is no day like 2026-11-21", p.Since)
	}
	if p.PolicyURL != "" {
		if u, err := url.Parse(p.PolicyURL); err != nil || u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("policy %q is no https address", p.PolicyURL)
		}
	}
	if p.MaxResponse < 0 {
		return errors.New("largest answer is negative")
	}
	return nil
}

// parseHost reads one entry of Hosts as "host:port". A pattern, a path or a
// scheme is refused: what is declared is exactly what may be reached.
func parseHost(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), "443"
	}
	if _, err := netip.ParseAddr(host); err != nil && !plainHostName(host) {
		return "", fmt.Errorf("host %q is no plain host name", s)
	}
	if !plainPort(port) {
		return "", fmt.Errorf("port %q of host %q is no number", port, host)
	}
	return target(host, port), nil
}

func plainPort(port string) bool {
	return port != "" && len(port) <= 5 && port[0] != '0' && strings.Trim(port, "0123456789") == ""
}

func plainHostName(host string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-."
	host = strings.ToLower(host)
	return host != "" && len(host) <= 253 && strings.Trim(host, letters) == "" &&
		!strings.HasPrefix(host, ".") && !strings.Contains(host, "..")
}

// target is the one spelling under which a host and port are compared.
func target(host, port string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	return net.JoinHostPort(host, port)
}

// Processors returns the register, for the policy page.
func (g *Gate) Processors() []Processor {
	return slices.Clone(g.processors)
}

// Close drops idle connections. Connections in use are not touched.
func (g *Gate) Close() {
	for _, w := range g.ways {
		w.transport.CloseIdleConnections()
	}
}
