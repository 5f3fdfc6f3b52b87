package portfolio_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"
	"time"

	"kept/internal/db/dbtest"

	"kept/internal/db"
)

// BenchmarkPage asks for the page of a member with 300 records and, in turns,
// for the same bytes from a bare handler, over one connection each with a client
// that does next to nothing, on one core. "ratio" is the bare handler's time
// over the page's; it must be at least 0.4.
func BenchmarkPage(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		h := newHouse(b, d)
		h.setOpen(h.learner("noor", 300), true)
		h.get("/@noor", "")
		page, bare := dial(b, h.handler), dial(b, bareOf(h.get("/@noor", "").Body.Bytes()))
		var pageTime, bareTime time.Duration
		for b.Loop() {
			bareTime += bare.ask()
			pageTime += page.ask()
		}
		b.ReportMetric(float64(bareTime)/float64(pageTime), "ratio")
		b.ReportMetric(float64(len(page.answer)), "bytes")
		b.ReportMetric(float64(b.N)*asksAtOnce/pageTime.Seconds(), "pages/s")
	})
}

// BenchmarkFirst measures a page that is not in memory: what a change costs the
// next reader.
func BenchmarkFirst(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		h := newHouse(b, d)
		owner := h.learner("noor", 300)
		h.setOpen(owner, true)
		for b.Loop() {
			h.f.Forget(owner)
			if w := h.get("/@noor", ""); w.Code != http.StatusOK {
				b.Fatalf("status %d", w.Code)
			}
		}
	})
}

func bareOf(body []byte) http.Handler {
	length := strconv.Itoa(len(body))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", length)
		w.Write(body)
	})
}

// wire is a connection that knows how long the answer is.
type wire struct {
	conn    net.Conn
	request []byte
	answer  []byte
	b       *testing.B
}

const asksAtOnce = 10

func dial(b *testing.B, h http.Handler) *wire {
	server := httptest.NewServer(h)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		conn.Close()
		server.Close()
	})
	w := &wire{conn: conn, b: b, request: []byte("GET /@noor HTTP/1.1\r\nHost: harbour.example\r\n\r\n")}
	conn.Write(w.request)
	counted := &counter{from: conn}
	r, err := http.ReadResponse(bufio.NewReaderSize(counted, 16), nil)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != http.StatusOK {
		b.Fatalf("status %d, error %v", r.StatusCode, err)
	}
	w.answer = make([]byte, counted.n)
	return w
}

type counter struct {
	from io.Reader
	n    int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += n
	return n, err
}

func (w *wire) ask() time.Duration {
	start := time.Now()
	for range asksAtOnce {
		w.conn.Write(w.request)
		if _, err := io.ReadFull(w.conn, w.answer); err != nil {
			w.b.Fatal(err)
		}
	}
	return time.Since(start)
}
