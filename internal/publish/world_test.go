package publish_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"kept/articles"
	"kept/internal/feature"
	"kept/internal/page"
	"kept/internal/page/pagetest"
	"kept/internal/prove"
	"kept/internal/publish"
	"kept/podcasts"
	"kept/web"
)

// world is a site with the feature on it. A cookie "who" stands for a session.
type world struct {
	*publish.Feature
	t       testing.TB
	clock   *pagetest.Clock
	library *publish.Library
	site    *page.Site
	handler http.Handler
}

func session(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("who"); err == nil {
			r = r.WithContext(page.WithViewer(r.Context(), page.Viewer{SignedIn: true, Handle: "noor"}))
		}
		next.ServeHTTP(w, r)
	})
}

func newWorld(t testing.TB, texts, casts []publish.Source) *world {
	t.Helper()
	w := &world{t: t, clock: pagetest.NewClock(), library: publish.NewLibrary(texts, casts)}
	if err := w.library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Feature = publish.New(publish.Config{Community: "Harbour Code School", Library: w.library,
		Knows: func(*page.Language) string { return "that you opened it today." }})
	log := slog.New(slog.NewTextHandler(testLog{t}, nil))
	var err error
	w.site, err = page.New(page.Config{Community: "Harbour Code School", Hue: 225, Base: "http://harbour.example", Sources: []page.Source{w.Source()},
		Static: web.Files, Nav: append([]page.Link{{Path: "/", Text: "Courses"}}, w.Nav()...), Foot: []page.Link{{Path: "/privacy", Text: "Privacy"}},
		Log: log, Now: w.clock.Now, Count: true, Limits: page.Limits{PerAddress: 1e9, AddressBurst: 1e9, PerNetwork: 1e9, NetworkBurst: 1e9}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(feature.Services{Site: w.site, Now: w.clock.Now, Log: log}); err != nil {
		t.Fatal(err)
	}
	if err := w.site.Add(w.Routes()...); err != nil {
		t.Fatal(err)
	}
	w.handler = w.site.Handler(session)
	return w
}

// sampled is the world with the texts that come with the program.
func sampled(t testing.TB) *world {
	t.Helper()
	return newWorld(t, []publish.Source{{Name: "sample", Root: articles.Files}}, []publish.Source{{Name: "sample", Root: podcasts.Files}})
}

// written is a world with files of a test's own. Those below cast/ are podcasts.
func written(t testing.TB, files map[string]string) *world {
	t.Helper()
	texts, casts := fstest.MapFS{}, fstest.MapFS{}
	for name, text := range files {
		file := &fstest.MapFile{Data: []byte(text)}
		if rest, ok := strings.CutPrefix(name, "cast/"); ok {
			casts[rest] = file
			continue
		}
		texts[name] = file
	}
	return newWorld(t, []publish.Source{{Name: "folder", Root: texts}}, publish.WithShows([]publish.Source{{Name: "folder", Root: casts}}))
}

// testLog shows what the program logs beside the test that made it.
type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// get asks for a page; headers are pairs.
func (w *world) get(path string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

// see is the page that a visitor gets; anything but 200 fails the test.
func (w *world) see(path string) pagetest.Node {
	w.t.Helper()
	got := w.get(path)
	if got.Code != http.StatusOK {
		w.t.Fatalf("GET %s: status %d, want 200", path, got.Code)
	}
	return pagetest.Parse(w.t, got.Body)
}

// wants fails unless a text holds each of some pieces.
func wants(t *testing.T, text string, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		if !strings.Contains(text, piece) {
			t.Errorf("%q is missing in\n%s", piece, text)
		}
	}
}

// said are the warnings of a world as lines.
func (w *world) said() string {
	var b strings.Builder
	e := w.library.Edition()
	for _, one := range append(e.Warnings, e.Lint()...) {
		b.WriteString(one.String() + "\n")
	}
	return b.String()
}

// scratch is the world as a site to try promises on.
func (w *world) scratch(t *testing.T) *prove.Site {
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	return &prove.Site{URL: server.URL, Browser: func() *http.Client { return &http.Client{} },
		SignIn: func(context.Context) (*prove.Member, error) { return &prove.Member{Browser: &http.Client{}}, nil }}
}

const (
	article = "/articles/reading-an-error-message"
	show    = "/podcasts/small-programs-out-loud"
	episode = show + "/a-name-for-a-value"
)
