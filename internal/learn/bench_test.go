package learn_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page"
)

// benchWorld has everything on that a real site has, the request log included.
func benchWorld(b *testing.B) *world {
	log, err := page.OpenRequestLog(page.RequestLogConfig{Folder: b.TempDir(), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { log.Close() })
	return newWorld(b, dbtest.Open(b, dbtest.Fresh(b, db.SQLite)), sample(), func(c *page.Config) {
		c.Requests, c.Count = log, false
		c.Limits = page.Limits{PerAddress: 1e9, AddressBurst: 1e9, PerNetwork: 1e9, NetworkBurst: 1e9}
	})
}

// bare writes the bytes of a page from memory, with nothing around.
func (w *world) bare(path string) http.Handler {
	body := w.send("", path, nil).Body.Bytes()
	length := strconv.Itoa(len(body))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", length)
		w.Write(body)
	})
}

// BenchmarkVisitorsLesson asks a real server over loopback for a lesson, one
// request after the other on one connection, in turns with a bare handler that
// writes the same bytes. "ratio" is the bare handler's time over the site's:
// with -cpu 1, at least 0.6.
func BenchmarkVisitorsLesson(b *testing.B) {
	w := benchWorld(b)
	plain, site := dial(b, w.bare(naming), naming), dial(b, w.handler, naming)
	var bareTime, siteTime time.Duration
	for b.Loop() {
		bareTime += plain.ask(b)
		siteTime += site.ask(b)
	}
	b.ReportMetric(float64(bareTime)/float64(siteTime), "ratio")
}

// BenchmarkMembersLesson renders the lesson anew, with three look-ups.
func BenchmarkMembersLesson(b *testing.B) {
	w := benchWorld(b)
	me := w.newMember()
	b.ReportAllocs()
	for b.Loop() {
		if got := w.send(me, naming, nil); got.Code != http.StatusOK {
			b.Fatal(got.Code)
		}
	}
}

// wire is a connection that knows how long the answer is.
type wire struct {
	conn    net.Conn
	request []byte
	answer  []byte
}

func dial(b *testing.B, h http.Handler, path string) *wire {
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
	for range 10 {
		if _, err := w.conn.Write(w.request); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(w.conn, w.answer); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}
