package page

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"kept/internal/fault"
)

// Handler returns the whole site as one handler. The middle handlers stand
// between the chain and the routes, the first one outermost; account's, which
// finds out who is asking, is one of them.
func (s *Site) Handler(middle ...func(http.Handler) http.Handler) http.Handler {
	var inner http.Handler = s.mux
	for _, wrap := range slices.Backward(middle) {
		inner = wrap(inner)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, inner) })
}

func (s *Site) serve(out http.ResponseWriter, r *http.Request, next http.Handler) {
	start := s.cfg.Now()
	a := &asked{id: newID(), lang: s.languages.accepted(r)}
	r = r.WithContext(context.WithValue(r.Context(), askedKey{}, a))
	w := &response{ResponseWriter: out, r: r}
	from := s.ClientAddress(r)
	defer s.logRequest(w, r, a, from, start)
	defer s.caught(w, r)
	s.setSecurity(w.Header())
	if err := s.admit(r, from, start); err != nil {
		s.fail(w, r, err)
	} else {
		next.ServeHTTP(w, r)
	}
	w.finish()
}

// admit refuses what no route should have to think of.
func (s *Site) admit(r *http.Request, from netip.Addr, now time.Time) error {
	if !s.isOurs(r.Host) {
		return misdirected{}
	}
	if wait, ok := s.flood.allow(from, now); !ok {
		return fault.TooMany{After: wait}
	}
	if err := s.cross.Check(r); err != nil {
		return crossOrigin{}
	}
	return nil
}

func (s *Site) isOurs(host string) bool {
	if len(s.cfg.Hosts) == 0 {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return slices.ContainsFunc(s.cfg.Hosts, func(ours string) bool { return strings.EqualFold(ours, host) })
}

// newID makes a request's number: short enough to be read out, random so
// that it tells nothing, not even how many requests there were.
func newID() string {
	const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	id := [10]byte{'r', '-'}
	n := rand.Uint64()
	for i := 2; i < len(id); i++ {
		id[i] = letters[n%uint64(len(letters))]
		n /= uint64(len(letters))
	}
	return string(id[:])
}
