package page_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kept/internal/page"
)

// reply answers as its query says, to try what compression makes of it.
func reply(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	for key, values := range r.URL.Query() {
		if strings.HasPrefix(key, "H-") {
			h.Set(key[2:], values[0])
		}
	}
	status, size := 200, 5000
	fmt.Sscan(r.URL.Query().Get("status"), &status)
	fmt.Sscan(r.URL.Query().Get("size"), &size)
	w.WriteHeader(status)
	if status != 204 && status != 304 {
		w.Write(bytes.Repeat([]byte("a"), size))
	}
	return nil
}

func withReply(t testing.TB) *sample {
	t.Helper()
	s := newSample(t)
	if err := s.Add(page.Route{Pattern: "GET /reply", Handler: reply}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCompression(t *testing.T) {
	s := withReply(t)
	for _, c := range []struct {
		name, query, accept string
		packed, vary        bool
	}{
		{"text", "H-Content-Type=text/plain", "gzip", true, true},
		{"among others", "H-Content-Type=text/html", "br;q=1, gzip;q=0.5", true, true},
		{"any", "H-Content-Type=application/activity%2bjson", "*", true, true},
		{"not accepted", "H-Content-Type=text/plain", "", false, true},
		{"refused", "H-Content-Type=text/plain", "gzip;q=0, *", false, true},
		{"nonsense quality", "H-Content-Type=text/plain", "gzip;q=no", false, true},
		{"picture", "H-Content-Type=image/png", "gzip", false, false},
		{"events", "H-Content-Type=text/event-stream", "gzip", false, false},
		{"packed already", "H-Content-Type=text/plain&H-Content-Encoding=br", "gzip", false, false},
		{"must not change", "H-Content-Type=text/plain&H-Cache-Control=no-transform", "gzip", false, false},
		{"small", "H-Content-Type=text/plain&H-Content-Length=10&size=10", "gzip", false, false},
		{"part", "H-Content-Type=text/plain&status=206&H-Content-Range=bytes+0-9/10", "gzip", false, false},
		{"nothing", "status=204", "gzip", false, false},
		{"an error too", "H-Content-Type=text/html&status=404", "gzip", true, true},
	} {
		w := s.get("/reply?"+c.query, "Accept-Encoding", c.accept)
		h := w.Header()
		if packed := h.Get("Content-Encoding") == "gzip"; packed != c.packed {
			t.Errorf("%s: packed %t, want %t", c.name, packed, c.packed)
			continue
		}
		if vary := strings.Contains(strings.Join(h.Values("Vary"), ","), "Accept-Encoding"); vary != c.vary {
			t.Errorf("%s: Vary %q", c.name, h.Values("Vary"))
		}
		if c.packed && (gunzip(t, w.Body.Bytes()) != strings.Repeat("a", 5000) || h.Get("Content-Length") != "") {
			t.Errorf("%s: wrong content or length %q", c.name, h.Get("Content-Length"))
		}
	}
}

func TestPackedEtagIsWeak(t *testing.T) {
	s := withReply(t)
	w := s.get(`/reply?H-Content-Type=text/plain&H-Etag="x"&H-Accept-Ranges=bytes`, "Accept-Encoding", "gzip")
	if w.Header().Get("Etag") != `W/"x"` || w.Header().Get("Accept-Ranges") != "" {
		t.Errorf("headers %v", w.Header())
	}
}

// TestOverTheWire asks a real server: HEAD, lengths and cut answers are the
// business of net/http.
func TestOverTheWire(t *testing.T) {
	s := withReply(t)
	flushed := make(chan struct{})
	err := s.Add(
		page.Route{Pattern: "GET /grow", Handler: func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "first\n")
			if err := http.NewResponseController(w).Flush(); err != nil {
				return err
			}
			<-flushed
			io.WriteString(w, "second\n")
			return nil
		}},
		page.Route{Pattern: "GET /cut", Handler: func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, strings.Repeat("whole? ", 1000))
			panic("too late")
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.handler)
	defer server.Close()
	t.Run("head", func(t *testing.T) { headEqualsGet(t, server.URL+"/lesson") })
	t.Run("grow", func(t *testing.T) {
		r, err := http.Get(server.URL + "/grow")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		lines := bufio.NewReader(r.Body)
		if line, err := lines.ReadString('\n'); err != nil || line != "first\n" {
			t.Fatalf("got %q, %v before the end", line, err)
		}
		close(flushed)
		if line, err := lines.ReadString('\n'); err != nil || line != "second\n" {
			t.Errorf("got %q, %v", line, err)
		}
	})
	t.Run("cut", func(t *testing.T) {
		r, err := http.Get(server.URL + "/cut")
		if err == nil {
			_, err = io.ReadAll(r.Body)
			r.Body.Close()
		}
		if err == nil {
			t.Error("an answer that broke off looks whole")
		}
	})
	t.Run("hostile host", func(t *testing.T) { hostileHost(t, server.Listener.Addr().String()) })
}

func headEqualsGet(t *testing.T, url string) {
	got, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	head, err := http.Head(url)
	if err != nil {
		t.Fatal(err)
	}
	defer head.Body.Close()
	if body, _ := io.ReadAll(head.Body); len(body) != 0 || head.StatusCode != got.StatusCode {
		t.Errorf("HEAD: status %d with %d bytes", head.StatusCode, len(body))
	}
	for _, name := range []string{"Content-Type", "Cache-Control", "Content-Security-Policy"} {
		if head.Header.Get(name) != got.Header.Get(name) {
			t.Errorf("%s: HEAD %q, GET %q", name, head.Header.Get(name), got.Header.Get(name))
		}
	}
}

func hostileHost(t *testing.T, addr string) {
	for _, host := range []string{"evil.example", "evil.example:80\r\nX: y", "a<script>", "", "harbour.example@evil.example"} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET /lesson HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host)
		answer, err := io.ReadAll(conn)
		conn.Close()
		if err != nil || bytes.Contains(answer, []byte("evil")) || bytes.Contains(answer, []byte("a<script>")) {
			t.Errorf("host %q comes back (error %v)", host, err)
		}
	}
}
