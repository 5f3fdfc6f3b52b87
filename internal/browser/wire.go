package browser

import (
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"sync"
)

// wire is the only way out of a cookie jar: a forward proxy that passes requests to this machine and refuses all others.
// The browser reports what its pages ask for, but not what service workers, prefetches and frames of other sites do;
// here all of them must pass.
type wire struct {
	server *httptest.Server

	mu    sync.Mutex
	off   bool
	hosts map[string]bool
	open  map[net.Conn]bool
}

func newWire(t T) *wire {
	w := &wire{hosts: map[string]bool{}, open: map[net.Conn]bool{}}
	w.server = httptest.NewServer(w.handler())
	t.Cleanup(func() {
		w.cut(true) // Close waits for what is under way
		w.server.Close()
	})
	return w
}

func (w *wire) address() string { return w.server.Listener.Addr().String() }

func (w *wire) handler() http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite:       func(*httputil.ProxyRequest) {},
		Transport:     &http.Transport{DisableCompression: true},
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) },
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case w.note(r.Host):
			panic(http.ErrAbortHandler)
		case !local(r.Host):
			http.Error(rw, "another host", http.StatusForbidden)
		case r.Method == http.MethodConnect:
			w.tunnel(rw, r.Host)
		default:
			forward.ServeHTTP(rw, r)
		}
	})
}

// note remembers the host and reports whether the line is cut.
func (w *wire) note(host string) (off bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[host] = true
	return w.off
}

func (w *wire) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.hosts))
}

// tunnel joins the browser to host, as WebSockets and TLS want it.
func (w *wire) tunnel(rw http.ResponseWriter, host string) {
	there, err := net.Dial("tcp", host)
	if err != nil {
		http.Error(rw, "no answer", http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	w.hold(here, true)
	defer w.hold(here, false)
	if _, err := io.WriteString(here, "HTTP/1.1 200 Connected\r\n\r\n"); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(there, buffered)
		there.Close()
	}()
	_, _ = io.Copy(here, there)
}

func (w *wire) hold(c net.Conn, open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if open {
		w.open[c] = true
	} else {
		delete(w.open, c)
	}
}

// cut refuses whatever comes and ends what is under way.
func (w *wire) cut(off bool) {
	w.mu.Lock()
	w.off = off
	if off {
		for c := range w.open {
			c.Close()
		}
	}
	w.mu.Unlock()
	if off {
		w.server.CloseClientConnections()
	}
}

func local(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
