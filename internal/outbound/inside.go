package outbound

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// Inside is a client that reaches one handler of this program and nothing else:
// no socket is opened. It has cookies of its own and follows redirects, as a
// browser does; checks of promises look through it.
func Inside(h http.Handler) *http.Client {
	jar, _ := cookiejar.New(nil) // without options it cannot fail
	return &http.Client{Jar: secureJar{jar}, Timeout: 30 * time.Second, Transport: loopback{h}}
}

// secureJar holds the cookies of a browser that, like real ones, trusts this
// machine's own address: Go's jar would never send a Secure cookie to http.
type secureJar struct{ jar *cookiejar.Jar }

func (j secureJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.jar.SetCookies(trusted(u), cookies)
}

func (j secureJar) Cookies(u *url.URL) []*http.Cookie { return j.jar.Cookies(trusted(u)) }

func trusted(u *url.URL) *url.URL {
	copied := *u
	copied.Scheme = "https"
	return &copied
}

// loopback answers requests by the program's own handler, without a socket: a
// check cannot reach anything else. A handler that panics cuts the answer short
// and nothing more, as in net/http's server.
type loopback struct{ handler http.Handler }

func (l loopback) RoundTrip(r *http.Request) (*http.Response, error) {
	body, write := io.Pipe()
	answer := &answer{header: http.Header{}, body: write, ready: make(chan struct{})}
	cut := make(chan struct{})
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "127.0.0.1:1", r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	go func() {
		defer func() {
			if recover() == nil {
				return
			}
			write.CloseWithError(io.ErrUnexpectedEOF)
			if answer.status == 0 {
				close(cut)
			}
		}()
		l.handler.ServeHTTP(answer, in)
		answer.WriteHeader(http.StatusOK)
		write.Close()
	}()
	select {
	case <-answer.ready:
	case <-cut:
		return nil, io.ErrUnexpectedEOF
	case <-r.Context().Done():
		body.Close()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: answer.status, Status: http.StatusText(answer.status), Proto: "HTTP/1.1", ProtoMajor: 1,
		ProtoMinor: 1, Header: answer.sent, Body: body, ContentLength: -1, Request: r}, nil
}

// answer is the response that a handler writes.
type answer struct {
	header, sent http.Header
	status       int
	body         *io.PipeWriter
	ready        chan struct{}
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status != 0 || status < 200 {
		return
	}
	a.status, a.sent = status, a.header.Clone()
	close(a.ready)
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
