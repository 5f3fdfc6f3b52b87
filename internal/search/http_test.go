package search_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kept/internal/feature"
	"kept/internal/page"
	"kept/internal/page/pagetest"
	"kept/internal/search"
	"kept/web"
)

// shelf is a list of documents that a test changes.
type shelf struct {
	version int
	docs    []search.Document
	asked   int
}

func (s *shelf) put(title, text string) {
	s.version++
	s.docs = append(s.docs, search.Document{Key: title, Of: text, Kind: search.Lesson, Lang: "en", Course: "first", Within: "First steps", Title: title,
		Path: "/courses/first/" + url.PathEscape(title), Text: func(yield func(search.Field, string) bool) { yield(search.Body, text) }})
}

func site(t testing.TB, s *shelf, log *strings.Builder) http.Handler {
	t.Helper()
	now := func() time.Time { return time.Date(2027, 3, 14, 16, 4, 0, 0, time.UTC) }
	f := search.New(search.Config{
		Shelves: []search.Shelf{{State: func() any { return s.version }, Documents: func() []search.Document { s.asked++; return s.docs }}},
		Knows:   func(context.Context, *page.Language) (string, bool) { return "", false },
	})
	logger := slog.New(slog.NewTextHandler(log, nil))
	built, err := page.New(page.Config{Community: "Harbour Code School", Base: "http://harbour.example", Sources: []page.Source{f.Source()}, Static: web.Files, Log: logger, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Start(feature.Services{Site: built, Now: now, Log: logger}); err != nil {
		t.Fatal(err)
	}
	if err := built.Add(f.Routes()...); err != nil {
		t.Fatal(err)
	}
	return built.Handler()
}

func get(t testing.TB, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://harbour.example"+path, nil))
	return w
}

func open(t testing.TB, h http.Handler, path string) pagetest.Node {
	t.Helper()
	w := get(t, h, path)
	if w.Code != http.StatusOK {
		t.Fatalf("%s answers %d", path, w.Code)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s may be kept: %q", path, w.Header().Get("Cache-Control"))
	}
	return pagetest.Parse(t, w.Body)
}

func TestSearchPage(t *testing.T) {
	var s shelf
	s.put("Loops", "A loop goes round <again> and again.")
	s.put("Names", "A name is a tag.")
	h := site(t, &s, new(strings.Builder))
	if text := open(t, h, "/search").One(".empty").Text(); !strings.Contains(text, "Write a word or two") {
		t.Errorf("the empty page says %q", text)
	}
	doc := open(t, h, "/search?q=round+lops")
	if got := doc.One(".hits a").Attr("href"); got != "/courses/first/Loops" {
		t.Errorf("the hit leads to %s", got)
	}
	if got := doc.One(".hits p mark").Text(); got != "loop" && got != "round" {
		t.Errorf("marked is %q", got)
	}
	if got := doc.One("input[name=q]").Attr("value"); got != "round lops" {
		t.Errorf("the field holds %q", got)
	}
	if text := open(t, h, "/search?q=zebra").One("#found").Text(); text != "Nothing was found." {
		t.Errorf("without a hit the page says %q", text)
	}
}

func TestOddQuestionsAreAnswered(t *testing.T) {
	var s shelf
	s.put("Loops", "round")
	h := site(t, &s, new(strings.Builder))
	for _, q := range []string{"q=%00", "q=%ff%fe", "q=" + strings.Repeat("a", 3000), "q=loops&page=-1", "q=loops&page=99999999999999999999", "q=loops&kind=x&in=%22%3E&course=%2e%2e", "q=%3Cscript%3E"} {
		open(t, h, "/search?"+q)
	}
}

func TestSuggestions(t *testing.T) {
	var s shelf
	s.put("Loops", "round")
	w := get(t, site(t, &s, new(strings.Builder)), "/search/suggest?q=loo")
	var got struct {
		Places []struct{ Title, Within, Path, Kind string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Places) != 1 || got.Places[0].Path != "/courses/first/Loops" || got.Places[0].Within != "First steps" {
		t.Errorf("got %+v", got.Places)
	}
}

// What is written is found at the next question, and nothing is read again as
// long as nothing is written.
func TestChangesAreFound(t *testing.T) {
	var s shelf
	s.put("Loops", "round")
	h := site(t, &s, new(strings.Builder))
	open(t, h, "/search?q=zebra")
	if s.asked != 1 {
		t.Errorf("documents were asked for %d times", s.asked)
	}
	s.put("Zebra", "stripes")
	if n := len(open(t, h, "/search?q=zebra").All(".hits li")); n != 1 {
		t.Errorf("%d hits after a document came", n)
	}
	s.docs, s.version = s.docs[:1], s.version+1
	if n := len(open(t, h, "/search?q=zebra").All(".hits li")); n != 0 {
		t.Errorf("%d hits after it went", n)
	}
}

func TestQuestionsAreNotLogged(t *testing.T) {
	var s shelf
	var log strings.Builder
	s.put("Loops", "round")
	h := site(t, &s, &log)
	open(t, h, "/search?q=quagga")
	get(t, h, "/search/suggest?q=quagga")
	get(t, h, "/search/nothing?q=quagga")
	if strings.Contains(log.String(), "quagga") {
		t.Errorf("the log has the question: %s", log.String())
	}
}
