package page_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/page"
	"kept/internal/page/pagetest"
)

func TestLayout(t *testing.T) {
	s := newSample(t)
	w := s.get("/lesson")
	if w.Code != http.StatusOK {
		t.Fatalf("status %d, want 200", w.Code)
	}
	doc := read(t, w)
	if got, want := doc.One("title").Text(), "Names for values · Harbour Code School"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	if first := doc.All("body > a, body > header")[0]; first.Attr("class") != "skip" || first.Attr("href") != "#main" {
		t.Errorf("first in body is %s, want the skip link", first.HTML())
	}
	if got := doc.One("nav[aria-label=Site] [aria-current=page]").Text(); got != "Courses" {
		t.Errorf("current navigation is %q, want Courses", got)
	}
	if got := doc.One("footer .knows p").Text(); got != "What this page remembers of you: nothing on our side." {
		t.Errorf("counterpart says %q", got)
	}
	doc.One("main#main article h1")
	doc.One("body > nav.bar button.main") // after main, before the foot
	doc.One(`link[rel=canonical][href=https://harbour.example/lesson]`)
	doc.One(`meta[property=og:image][content=https://harbour.example/lesson.png]`)
	doc.One(`link[type=application/atom+xml][href=/feed.xml]`)
	doc.One(`footer a[lang=ar][dir=rtl][href=/ar/lesson]`)
	doc.One(`link[rel=alternate][hreflang=de][href=https://harbour.example/de/lesson]`)
	if got := doc.One("footer li a[href=/promises]").Text(); got != "51 promises, tried last night" {
		t.Errorf("live link says %q", got)
	}
	if got := doc.One(`time[datetime=2027-03-19]`).Text(); got != "19 March 2027" {
		t.Errorf("day reads %q", got)
	}
}

func TestNavigationFollowsTheViewer(t *testing.T) {
	s := newSample(t)
	visitor := read(t, s.get("/plain"))
	visitor.One("nav a[href=/sign-in]")
	visitor.None("nav form")
	member := read(t, s.get("/plain", "Test-Member", "noor", "Test-Theme", "dark"))
	member.None("nav a[href=/sign-in]")
	member.One("nav a[href=/you]")
	member.One("nav a[href=/you/data]")
	member.One("nav form[method=post][action=/sign-out] button") // a link could be prefetched
	member.One("html[data-theme=dark]")
	odd := read(t, s.get("/plain", "Test-Member", "noor", "Test-Theme", `"><script>`))
	odd.None("html[data-theme]")
}

func TestMembersPagesAreNotStored(t *testing.T) {
	s := newSample(t)
	if got := s.get("/plain", "Test-Member", "noor").Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("member: Cache-Control %q, want no-store", got)
	}
	if got := s.get("/plain").Header().Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("visitor: Cache-Control %q", got)
	}
}

func TestPageWithoutCounterpartIsRefused(t *testing.T) {
	s := newSample(t)
	if w := s.get("/silent"); w.Code != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", w.Code)
	}
	if !strings.Contains(s.log.String(), "does not say what it remembers") {
		t.Errorf("log does not say why:\n%s", s.log)
	}
}

func TestBrokenTemplateGivesNoHalfPage(t *testing.T) {
	s := newSample(t)
	w := s.get("/broken")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "half a page") {
		t.Errorf("status %d, body %s", w.Code, w.Body)
	}
}

func TestSpriteHoldsWhatThePageUses(t *testing.T) {
	doc := read(t, newSample(t).get("/plain"))
	for _, use := range doc.All("use") {
		doc.One("symbol[id=" + strings.TrimPrefix(use.Attr("href"), "#") + "]")
	}
	doc.None("symbol#failed")
	if len(doc.All("use")) != 3 {
		t.Errorf("got %d uses, want 3", len(doc.All("use")))
	}
}

func TestNothingInline(t *testing.T) {
	s := newSample(t)
	for _, path := range []string{"/", "/lesson", "/form", "/nowhere", "/fault/x"} {
		doc := read(t, s.get(path))
		doc.None("style, [style], [onclick], [onload], [onerror]")
		for _, script := range doc.All("script") {
			if script.Attr("src") == "" {
				t.Errorf("%s: inline script", path)
			}
		}
		for _, n := range doc.All("[src], link[href]") {
			if strings.Contains(n.Attr("src"), "//") {
				t.Errorf("%s: %s is from elsewhere", path, n.HTML())
			}
		}
	}
}

func TestHostileValuesAreEscapedWhereTheyStand(t *testing.T) {
	const evil = `"><script>alert(1)</script><a href="`
	files := fstest.MapFS{"evil.html": {Data: []byte(
		`<p title="{{.V}}">{{.V}}</p><a href="{{.Link}}">x</a><input value="{{.V}}">{{template "errors" .Form}}{{template "field" (field .Form "v" "label" .V)}}`)}}
	s := newSample(t, func(c *page.Config) { c.Sources = []page.Source{{Name: "evil", Files: files}}; c.Community = evil })
	err := s.Add(page.Route{Pattern: "GET /evil", Handler: func(w http.ResponseWriter, r *http.Request) error {
		form := page.FormOf(map[string][]string{"v": {evil}})
		form.Wrong("v", evil)
		p := &struct {
			page.Head
			V, Link string
			Form    *page.Form
		}{V: evil, Link: "javascript:alert(1)", Form: form}
		p.Title, p.Description, p.Knows = evil, evil, evil
		return s.Render(w, r, 200, "evil/evil.html", p)
	}})
	if err != nil {
		t.Fatal(err)
	}
	doc := read(t, s.get("/evil"))
	doc.None("script")
	if got := doc.One("main p[title]").Attr("title"); got != evil {
		t.Errorf("attribute reads %q, want %q", got, evil)
	}
	if got := doc.One("main > a").Attr("href"); strings.HasPrefix(got, "javascript:") {
		t.Errorf("link leads to %q", got)
	}
	if got := doc.One("#f-v").Attr("value"); got != evil {
		t.Errorf("field keeps %q, want %q", got, evil)
	}
}

func TestEveryTemplateIsExecuted(t *testing.T) {
	s := newSample(t, func(c *page.Config) { c.Count = true })
	for _, path := range []string{"/lesson", "/plain", "/broken", "/nowhere"} {
		s.get(path)
	}
	if got, want := s.Unexecuted(), []string{"attributes", "errors", "field", "picks", "sample/form.html", "wrong"}; !slices.Equal(got, want) {
		t.Errorf("not executed yet: %q, want %q", got, want)
	}
	s.post("/sign-up", "email=ada")
	pagetest.Executed(t, s.Site)
}

func TestMistakesInTemplatesAreFound(t *testing.T) {
	for name, text := range map[string]string{
		"syntax":        `{{if}}`,
		"context":       `<a href="{{if .X}}">`,
		"no function":   `{{nosuch}}`,
		"no such part":  `{{template "nosuch"}}`,
		"open comment":  `<!--{{.X}}`,
		"open textarea": `<textarea>{{.X}}`,
	} {
		cfg := config(pagetest.NewClock(), &lockedBuffer{})
		cfg.Sources = []page.Source{{Name: "bad", Files: fstest.MapFS{"bad.html": {Data: []byte(text)}}}}
		site, err := page.New(cfg)
		if err == nil {
			err = site.CheckTemplates()
		}
		if err == nil {
			t.Errorf("%s: %s was taken", name, text)
		} else if !strings.Contains(err.Error(), "bad") {
			t.Errorf("%s: %v does not name the file", name, err)
		}
	}
}

func TestConfigMistakesEndTheStart(t *testing.T) {
	for name, change := range map[string]func(*page.Config){
		"base":         func(c *page.Config) { c.Base = "harbour.example" },
		"hue":          func(c *page.Config) { c.Hue = 360 },
		"language":     func(c *page.Config) { c.Language = "xx" },
		"two notices":  func(c *page.Config) { c.Notices = append(c.Notices, c.Notices[0]) },
		"two sources":  func(c *page.Config) { c.Sources = append(c.Sources, c.Sources[0]) },
		"stylesheet":   func(c *page.Config) { c.Static = fstest.MapFS{} },
		"broken texts": func(c *page.Config) { c.Texts = fstest.MapFS{"en.json": {Data: []byte(`{"name":"English"}`)}} },
	} {
		cfg := config(pagetest.NewClock(), &lockedBuffer{})
		change(&cfg)
		if _, err := page.New(cfg); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}

func TestDevReadsAgain(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "plain.html"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`<p id="v">one</p>`)
	s := newSample(t, func(c *page.Config) {
		c.Dev, c.Sources = true, []page.Source{{Name: "sample", Files: os.DirFS(dir)}}
	})
	if got := read(t, s.get("/plain")).One("#v").Text(); got != "one" {
		t.Fatalf("got %q", got)
	}
	write(`<p id="v">two</p>`)
	if got := read(t, s.get("/plain")).One("#v").Text(); got != "two" {
		t.Errorf("after an edit: %q, want two", got)
	}
}

func TestSharedPage(t *testing.T) {
	s := newSample(t)
	made := 0
	version := "1"
	add := page.Route{Pattern: "GET /made", Handler: func(w http.ResponseWriter, r *http.Request) error {
		return s.Shared(w, r, "/made", version, func() (page.Finished, error) {
			made++
			return page.Finished{Status: 200, Name: "sample/lesson.html", Page: lesson()}, nil
		})
	}}
	if err := s.Add(add); err != nil {
		t.Fatal(err)
	}
	first := s.get("/made")
	second := s.get("/made")
	if made != 1 || first.Body.String() != second.Body.String() {
		t.Errorf("made %d times, want once and the same", made)
	}
	tag := first.Header().Get("Etag")
	if w := s.get("/made", "If-None-Match", tag); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("revisit: %d with %d bytes, want 304 with none", w.Code, w.Body.Len())
	}
	if w := s.get("/made", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Etag") == tag {
		t.Errorf("packed: headers %v", w.Header())
	}
	member := read(t, s.get("/made", "Test-Member", "noor"))
	member.One("nav form[action=/sign-out]")
	read(t, s.get("/made")).None("nav form") // a member's page never becomes the visitors'
	made = 0
	version = "2"
	s.get("/made")
	s.clock.Add(2 * 60e9)
	s.get("/made")
	s.Forget("/made")
	s.get("/made")
	if made != 3 {
		t.Errorf("made %d times, want anew for a version, an age and an erasure", made)
	}
}

func TestNotchesAndRing(t *testing.T) {
	got := string(page.Notches(3, true, 5))
	want := `<svg class="notch" viewBox="0 0 45 20" width="45" height="20" aria-hidden="true"><path stroke="currentColor" stroke-width="4.5" d="M4 2v16M13 2v16M22 2v16"/>` +
		`<path stroke="currentColor" stroke-width="2" d="M40 12v6"/><path fill="none" stroke="currentColor" stroke-width="2" d="M29 3h5v14h-5z"/></svg>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, odd := range [][2]int{{-1, -1}, {9, 3}, {0, 1 << 30}} {
		if n := len(page.Notches(odd[0], false, odd[1])); n > 8000 {
			t.Errorf("notches %v: %d bytes", odd, n)
		}
	}
	if ring := string(page.Ring(2, 11, `"2"`)); !strings.Contains(ring, `stroke-dasharray="18.2 100"`) || !strings.Contains(ring, `aria-label="&#34;2&#34;"`) {
		t.Errorf("ring: %s", ring)
	}
}

func TestCountingDoesNotChangeAPage(t *testing.T) {
	s := newSample(t, func(c *page.Config) { c.Count = true })
	if body := s.post("/sign-up", "email=ada").Body.String(); strings.Contains(body, "Zgotmpl") {
		t.Errorf("counting executed templates spoils a tag: %s", body)
	}
}
