package chrome

import (
	_ "embed"
	"net"
	"net/http"
	"time"

	"kept/internal/check/frame"
)

//go:embed host.js
var hostScript []byte

const hostPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Checks</title>
<style>body{margin:0}iframe{border:0;width:1200px;height:800px;display:block}</style><body><script type="module" src="/host.js"></script>`

// hostPolicy lets the page around the frame load what is ours and nothing else.
const hostPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'; style-src 'unsafe-inline'; base-uri 'none'"

// wire is all of the network that the browser has: it is told to ask this
// listener, as a proxy, for everything, and the listener knows one host.
type wire struct {
	server *http.Server
	addr   string
}

const origin = "http://localhost"

func newWire(f *frame.Frame) (*wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{addr: l.Addr().String(), server: &http.Server{Handler: only(pages(f)), ReadHeaderTimeout: 10 * time.Second}}
	go func() { _ = w.server.Serve(l) }()
	return w, nil
}

// only refuses whatever is asked of another host, tunnels among it.
func only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Host != "localhost" {
			http.Error(w, "There is no network here.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func pages(f *frame.Frame) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/runner/", f)
	mux.HandleFunc("GET /host.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(hostScript)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", hostPolicy)
		_, _ = w.Write([]byte(hostPage))
	})
	return mux
}

func (w *wire) close() { _ = w.server.Close() }
