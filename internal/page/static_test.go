package page_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/page"
)

func oneFile(name, text string) fstest.MapFS { return fstest.MapFS{name: {Data: []byte(text)}} }

func gunzip(t testing.TB, packed []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestStaticFiles(t *testing.T) {
	s := newSample(t)
	address, err := s.Static("kept.css")
	if err != nil || !strings.HasPrefix(address, "/static/kept-") || !strings.HasSuffix(address, ".css") {
		t.Fatalf("address %q, error %v", address, err)
	}
	w := s.get(address)
	plain := w.Body.String()
	h := w.Header()
	if w.Code != 200 || h.Get("Content-Type") != "text/css; charset=utf-8" || h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("Vary") != "Accept-Encoding" {
		t.Errorf("status %d, headers %v", w.Code, h)
	}
	if !strings.Contains(plain, ":root { --hue: 150; }") {
		t.Error("the community's hue is missing")
	}
	packed := s.get(address, "Accept-Encoding", "br, gzip")
	if packed.Header().Get("Content-Encoding") != "gzip" || gunzip(t, packed.Body.Bytes()) != plain {
		t.Errorf("packed differs; headers %v", packed.Header())
	}
	if packed.Header().Get("Etag") == h.Get("Etag") {
		t.Error("two forms share an Etag")
	}
	part := s.get(address, "Accept-Encoding", "gzip", "Range", "bytes=3-9")
	if part.Code != http.StatusPartialContent || part.Body.String() != plain[3:10] || part.Header().Get("Content-Encoding") != "" {
		t.Errorf("part: status %d %q", part.Code, part.Body)
	}
	for _, encoding := range []string{"", "gzip"} {
		tag := s.get(address, "Accept-Encoding", encoding).Header().Get("Etag")
		if again := s.get(address, "Accept-Encoding", encoding, "If-None-Match", `"x", `+tag); again.Code != http.StatusNotModified {
			t.Errorf("revisit with %q: %d", encoding, again.Code)
		}
	}
}

func TestStaticAddressChangesWithContentAndHue(t *testing.T) {
	address := func(hue int) string {
		a, err := newSample(t, func(c *page.Config) { c.Hue = hue }).Static("kept.css")
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	one, again, two := address(1), address(1), address(2)
	if one == two || one != again {
		t.Error("the address does not follow the content")
	}
}

func TestOldStaticAddressGivesTheNewFile(t *testing.T) {
	s := newSample(t)
	w := s.get("/static/kept-0123456789.css")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("status %d, Cache-Control %q", w.Code, w.Header().Get("Cache-Control"))
	}
	for _, path := range []string{"/static/none.css", "/static/web.go", "/static/../go.mod", "/static/%2e%2e/go.mod", "/static/kept-.css"} {
		if w := s.get(path); w.Code == 200 {
			t.Errorf("%s: status 200", path)
		}
	}
	if _, err := s.Static("none.css"); err == nil {
		t.Error("an unknown file has an address")
	}
}
