package outbound

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Reason says why a connection was refused.
type Reason string

const (
	UnknownProcessor Reason = "no such processor is declared"
	NotDeclared      Reason = "host is not declared for this processor"
	Elsewhere        Reason = "redirect leaves the declared host"
	TooManyRedirects Reason = "too many redirects"
	PrivateAddress   Reason = "name points to an address that is not public"
	NotEncrypted     Reason = "connection would not be encrypted"
	WrongNetwork     Reason = "network is not tcp"
	StandardDefault  Reason = "the standard library's default client is closed"
)

// RefusedError is the answer to a connection that no processor declared.
type RefusedError struct {
	Processor string
	Host      string // host, without port, path or anything else
	Reason    Reason
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("outbound: %s to %s refused: %s", e.Processor, e.Host, e.Reason)
}

// TooLargeError is the answer to reading past the agreed size of a response.
type TooLargeError struct {
	Processor string
	Limit     int64 // bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("outbound: answer of %s is larger than %d bytes", e.Processor, e.Limit)
}

// WithoutURL strips the address from an error of an [http.Client], whose text
// holds it with path and query: these may carry a token or a name.
func WithoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s: %w", strings.ToLower(u.Op), u.Err)
	}
	return err
}

// Refusal is one line for the operator: who tried to reach what.
type Refusal struct {
	Processor string
	Host      string
	Count     int
	Last      string // day, UTC, as in 2026-11-21
}

type refusalKey struct{ processor, host string }

// A remote side chooses where its redirects point, so the list of hosts must
// not grow as it likes, nor hold more than host names.
const (
	maxRefusals = 100
	otherHosts  = "(others)"
	oddHost     = "(unreadable)"
)

// refuse counts the attempt and returns the error to hand on.
func (g *Gate) refuse(processor, host string, why Reason) error {
	host = strings.Trim(strings.ToLower(host), "[].")
	if !plainHostName(strings.ReplaceAll(host, ":", "")) {
		host = oddHost
	}
	if first := g.count(processor, host); first {
		g.log.Warn("outbound connection refused", "processor", processor, "host", host, "why", string(why))
	}
	return &RefusedError{Processor: processor, Host: host, Reason: why}
}

// count reports whether this is the first refusal of its kind today.
func (g *Gate) count(processor, host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := refusalKey{processor, host}
	if g.refused[key] == nil && len(g.refused) >= maxRefusals {
		key = refusalKey{otherHosts, otherHosts}
	}
	r := g.refused[key]
	if r == nil {
		r = &Refusal{Processor: key.processor, Host: key.host}
		g.refused[key] = r
	}
	day := g.now().UTC().Format(time.DateOnly)
	first := r.Last != day
	r.Count++
	r.Last = day
	return first
}

// Refused lists what was refused since the start, most frequent first.
func (g *Gate) Refused() []Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Refusal, 0, len(g.refused))
	for _, r := range g.refused {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Processor, b.Processor), cmp.Compare(a.Host, b.Host))
	})
	return list
}
