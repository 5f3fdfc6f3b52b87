package page

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress returns who is at the other end. A header is believed only
// from a declared proxy, and only as far back as the proxies reach.
func (s *Site) ClientAddress(r *http.Request) netip.Addr {
	peer := parseAddress(r.RemoteAddr)
	if !s.isProxy(peer) {
		return peer
	}
	headers := r.Header["X-Forwarded-For"]
	for i := len(headers) - 1; i >= 0; i-- {
		list := headers[i]
		for list != "" {
			var last string
			list, last = cutLast(list)
			addr := parseAddress(strings.TrimSpace(last))
			if !addr.IsValid() {
				return peer
			}
			peer = addr
			if !s.isProxy(addr) {
				return addr
			}
		}
	}
	return peer
}

func cutLast(list string) (before, last string) {
	if at := strings.LastIndexByte(list, ','); at >= 0 {
		return list[:at], list[at+1:]
	}
	return "", list
}

func (s *Site) isProxy(addr netip.Addr) bool {
	for _, prefix := range s.cfg.Proxies {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

func parseAddress(text string) netip.Addr {
	if port, err := netip.ParseAddrPort(text); err == nil {
		return port.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// Network cuts an address to what a log may hold: /24 of IPv4, /48 of IPv6.
func Network(addr netip.Addr) netip.Prefix {
	if addr.Is4() {
		return cut(addr, 24)
	}
	return cut(addr, 48)
}

// household is what one computer can choose from by itself: an IPv4
// address, or the /64 in which IPv6 lets it change as it likes.
func household(addr netip.Addr) netip.Prefix {
	if addr.Is4() {
		return cut(addr, 32)
	}
	return cut(addr, 64)
}

func cut(addr netip.Addr, bits int) netip.Prefix {
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // an unknown address: all such share one place
	}
	return prefix
}
