package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// maxRedirects is how often a declared host may send us on to itself.
const maxRedirects = 5

// Client returns an HTTP client that reaches the hosts of one processor and
// nothing else. The timeout covers everything up to the last byte of the
// answer. A processor that nobody declared gets a client that refuses.
func (g *Gate) Client(processor string, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:   timeout,
		Transport: doorman{g, processor},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if sameOrigin(next.URL, via[0].URL) && len(via) <= maxRedirects {
				return nil
			}
			why := Elsewhere
			if len(via) > maxRedirects {
				why = TooManyRedirects
			}
			return g.refuse(processor, next.URL.Hostname(), why)
		},
	}
}

func newTransport(w *way, roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy: nil, // an environment variable must not choose a processor
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return w.gate.Dial(ctx, w.name, network, addr)
		},
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    connectTimeout,
		ResponseHeaderTimeout:  time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        90 * time.Second,
	}
}

// doorman looks at each request before a transport does.
type doorman struct {
	gate      *Gate
	processor string
}

func (d doorman) RoundTrip(r *http.Request) (*http.Response, error) {
	w, err := d.way(r.URL)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	answer, err := w.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &limited{ReadCloser: answer.Body, left: w.limit, full: &TooLargeError{w.name, w.limit}}
	return answer, nil
}

func (d doorman) way(u *url.URL) (*way, error) {
	w, host := d.gate.ways[d.processor], u.Hostname()
	switch {
	case w == nil:
		return nil, d.gate.refuse(d.processor, host, UnknownProcessor)
	case !w.hosts[target(host, portOf(u))]:
		return nil, d.gate.refuse(d.processor, host, NotDeclared)
	case u.Scheme != "https" && !(u.Scheme == "http" && (w.private || loopbackHost(host))):
		return nil, d.gate.refuse(d.processor, host, NotEncrypted)
	}
	return w, nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && target(a.Hostname(), portOf(a)) == target(b.Hostname(), portOf(b))
}

// limited fails a read past the limit instead of ending it, so that a cut
// answer is never taken for a whole one.
type limited struct {
	io.ReadCloser
	left int64
	full error
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, l.full
	}
	// One byte more than allowed tells a full answer from one too long.
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n - 1, l.full
	}
	return n, err
}

// CloseDefaults makes the standard library's own client refuse, for the
// modules that would quietly fall back to it, and returns what undoes it. It
// changes the whole process: call it once, where the program starts.
func (g *Gate) CloseDefaults() (restore func()) {
	transport, client := http.DefaultTransport, *http.DefaultClient
	http.DefaultTransport = closed{g}
	*http.DefaultClient = http.Client{Transport: closed{g}}
	return func() {
		http.DefaultTransport = transport
		*http.DefaultClient = client
	}
}

type closed struct{ gate *Gate }

func (c closed) RoundTrip(r *http.Request) (*http.Response, error) {
	closeBody(r)
	return nil, c.gate.refuse("(none)", r.URL.Hostname(), StandardDefault)
}
