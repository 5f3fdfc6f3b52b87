package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// connectTimeout bounds one attempt to one address.
const connectTimeout = 10 * time.Second

// Dial opens a connection for a processor to "host:port". The name is looked
// up only if it is declared, every address is checked, and what was checked is
// dialled, so that a second look-up cannot answer differently.
func (g *Gate) Dial(ctx context.Context, processor, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, g.refuse(processor, "", NotDeclared)
	}
	w := g.ways[processor]
	if w == nil {
		return nil, g.refuse(processor, host, UnknownProcessor)
	}
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, g.refuse(processor, host, WrongNetwork)
	}
	if !w.hosts[target(host, port)] {
		return nil, g.refuse(processor, host, NotDeclared)
	}
	return w.dial(ctx, network, strings.ToLower(host), port)
}

func (w *way) dial(ctx context.Context, network, host, port string) (net.Conn, error) {
	ips, err := w.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, ip := range ips {
		conn, err := w.gate.dialer.DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("connect to %s for %s: %w", host, w.name, errors.Join(errs...))
}

// addresses returns where the declared host may be reached. One address that
// is not public makes the whole answer suspect, so nothing of it is used.
func (w *way) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return w.allowed(host, []netip.Addr{ip.Unmap()}, true)
	}
	ips, err := w.gate.lookup(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("look up %s for %s: %w", host, w.name, err)
	}
	if len(ips) == 0 {
		return nil, fmt.Errorf("look up %s for %s: no address", host, w.name)
	}
	return w.allowed(host, ips, w.private)
}

func (w *way) allowed(host string, ips []netip.Addr, private bool) ([]netip.Addr, error) {
	local := strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
	list := make([]netip.Addr, 0, len(ips))
	for _, ip := range ips {
		ip = ip.Unmap()
		switch reachOf(ip) {
		case public:
		case inside:
			if !private && !(local && ip.IsLoopback()) {
				return nil, w.gate.refuse(w.name, host, PrivateAddress)
			}
		case never:
			return nil, w.gate.refuse(w.name, host, PrivateAddress)
		}
		list = append(list, ip)
	}
	return list, nil
}

// loopbackHost says whether a declared host is this machine by its very name.
func loopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// systemLookup asks the system's resolver. The final dot keeps it from trying
// the search list, which would tell our declared names to other zones.
func systemLookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if strings.Contains(host, ".") && !strings.HasSuffix(host, ".") {
		host += "."
	}
	r := net.Resolver{PreferGo: true}
	return r.LookupNetIP(ctx, "ip", host)
}

type reach int

const (
	public reach = iota
	inside       // this machine or the operator's network: only if declared so
	never        // cloud metadata, groups, documentation: nobody's processor
)

// Ranges of the IANA special-purpose registries, in the words above.
// IPv4 addresses wrapped into IPv6 are never needed and could hide any other.
var (
	insideRanges = prefixes("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
		"::1/128", "fc00::/7")
	neverRanges = prefixes("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/128", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
		"3fff::/20", "5f00::/16", "fe80::/10", "fec0::/10", "ff00::/8")
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func reachOf(ip netip.Addr) reach {
	ip = ip.Unmap().WithZone("")
	switch {
	case !ip.IsValid():
		return never
	case contains(insideRanges, ip):
		return inside
	case contains(neverRanges, ip):
		return never
	}
	return public
}

func contains(list []netip.Prefix, ip netip.Addr) bool {
	for _, p := range list {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
