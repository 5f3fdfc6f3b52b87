package pagetest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

// Bare writes the bytes of a page from memory, with nothing around.
func Bare(body []byte) http.Handler {
	length := strconv.Itoa(len(body))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", length)
		w.Write(body)
	})
}

// AgainstBare asks a real server over loopback for a page, one request after
// the other on one connection, with a client that does next to nothing, in turns
// with a bare handler that writes the same bytes. "ratio" is the bare handler's
// time over the site's.
func AgainstBare(b *testing.B, site http.Handler, path string, body []byte) {
	b.Helper()
	bare, whole := dial(b, Bare(body), path), dial(b, site, path)
	var bareTime, siteTime time.Duration
	for b.Loop() {
		bareTime += bare.ask(b)
		siteTime += whole.ask(b)
	}
	b.ReportMetric(float64(bareTime)/float64(siteTime), "ratio")
	b.ReportMetric(float64(len(body)), "bytes")
	b.ReportMetric(float64(b.N)*asksAtOnce/siteTime.Seconds(), "pages/s")
}

// wire is a connection that knows how long the answer is.
type wire struct {
	conn    net.Conn
	request []byte
	answer  []byte
}

const asksAtOnce = 10

func dial(b *testing.B, h http.Handler, path string) *wire {
	b.Helper()
	server := httptest.NewServer(h)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		conn.Close()
		server.Close()
	})
	w := &wire{conn: conn, request: []byte("GET " + path + " HTTP/1.1\r\nHost: harbour.example\r\n\r\n")}
	if _, err := conn.Write(w.request); err != nil {
		b.Fatal(err)
	}
	first := &counting{from: conn}
	answer, err := http.ReadResponse(bufio.NewReaderSize(first, 16), nil)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("status %d, %v", answer.StatusCode, err)
	}
	w.answer = make([]byte, first.n)
	return w
}

type counting struct {
	from io.Reader
	n    int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += n
	return n, err
}

// ask sends ten requests and reads their answers.
func (w *wire) ask(b *testing.B) time.Duration {
	start := time.Now()
	for range asksAtOnce {
		if _, err := w.conn.Write(w.request); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(w.conn, w.answer); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}
