package page_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kept/internal/page"
	"kept/internal/page/pagetest"
)

// nobody is the other end of an answer, as cheap as it can be.
type nobody struct {
	header http.Header
	bytes  int
}

func (n *nobody) Header() http.Header         { return n.header }
func (n *nobody) WriteHeader(int)             {}
func (n *nobody) Write(p []byte) (int, error) { n.bytes += len(p); return len(p), nil }

// benchSite has one lesson of about 10 kB in three ways, and everything on
// that a real site has on, the request log included.
func benchSite(b *testing.B) *sample {
	s := newSample(b, func(c *page.Config) {
		c.Now = time.Now
		c.Requests = openLog(b, b.TempDir(), time.Now)
		c.Limits = page.Limits{PerAddress: 1e9, AddressBurst: 1e9, PerNetwork: 1e9, NetworkBurst: 1e9}
	})
	err := s.Add(page.Route{Pattern: "GET /fragment", Handler: func(w http.ResponseWriter, r *http.Request) error {
		html, err := s.Fragment(r.Context(), "lesson", "1", func() (page.HTML, error) {
			return s.Part(r.Context(), "sample/body.html", lessonOnce.Paragraphs)
		})
		if err != nil {
			return err
		}
		p := *lessonOnce
		p.Cached = html
		return s.Render(w, r, http.StatusOK, "sample/lesson.html", &p)
	}}, page.Route{Pattern: "GET /full", Handler: func(w http.ResponseWriter, r *http.Request) error {
		p := *lessonOnce
		return s.Render(w, r, http.StatusOK, "sample/lesson.html", &p)
	}})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

var lessonOnce = lesson()

// BenchmarkHandler measures the handler alone: a page rendered anew, a page
// around a cached fragment, a page from memory, and the same bytes bare.
func BenchmarkHandler(b *testing.B) {
	s := benchSite(b)
	for _, way := range []struct {
		name, path string
		handler    http.Handler
	}{
		{"full", "/full", s.handler}, {"fragment", "/fragment", s.handler}, {"shared", "/shared", s.handler}, {"bare", "/shared", pagetest.Bare(s.get("/shared").Body.Bytes())},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest("GET", way.path, nil)
			for b.Loop() {
				way.handler.ServeHTTP(&nobody{header: http.Header{}}, r)
			}
		})
	}
}

// BenchmarkServer holds the site against a bare handler that writes the shared
// page.
func BenchmarkServer(b *testing.B) {
	s := benchSite(b)
	for _, path := range []string{"/shared", "/fragment", "/full"} {
		b.Run(path[1:], func(b *testing.B) { pagetest.AgainstBare(b, s.handler, path, s.get("/shared").Body.Bytes()) })
	}
}

// TestSamplePagesForLooking writes pages and their files into the folder that
// KEPT_LOOK names, for a look in a browser; without it, into a throw-away
// folder, so that the writing itself is tried.
func TestSamplePagesForLooking(t *testing.T) {
	folder := os.Getenv("KEPT_LOOK")
	if folder == "" {
		folder = t.TempDir()
	}
	s := newSample(t, func(c *page.Config) { c.Texts = twoLanguages(t) })
	pages := map[string][]byte{
		"lesson.html":  s.get("/lesson").Body.Bytes(),
		"member.html":  s.get("/plain", "Test-Member", "noor", "Test-Theme", "dark").Body.Bytes(),
		"form.html":    s.post("/sign-up", "email=samir.example.org&name=Samir").Body.Bytes(),
		"missing.html": s.get("/nowhere").Body.Bytes(),
		"broken.html":  s.get("/fault/x").Body.Bytes(),
	}
	for name, body := range pages {
		if len(body) < 1000 || len(body) > 50_000 {
			t.Errorf("%s has %d bytes, want 1 to 50 kB", name, len(body))
		}
		if err := os.WriteFile(filepath.Join(folder, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
