package publish_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kept/internal/page/pagetest"
	"kept/internal/publish"
)

func TestSampleTextsHaveNothingToMend(t *testing.T) {
	w := sampled(t)
	if said := w.said(); said != "" {
		t.Errorf("the samples warn:\n%s", said)
	}
	e := w.library.Edition()
	if len(e.Articles) < 3 || len(e.Shows) != 1 || len(e.Shows[0].Episodes) != 1 {
		t.Errorf("%d articles, %d shows", len(e.Articles), len(e.Shows))
	}
}

func TestPromisesAreKept(t *testing.T) {
	w := sampled(t)
	s := w.scratch(t)
	for _, check := range w.Checks() {
		seen, err := check.Try(t.Context(), s)
		if err != nil || seen == "" {
			t.Errorf("%s: %q, %v", check.Promise, seen, err)
		}
	}
}

func TestEveryPageOpensForAVisitorAndIsSmall(t *testing.T) {
	w := sampled(t)
	paths, err := w.Public(t.Context())
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d pages, %v", len(paths), err)
	}
	for _, path := range paths {
		got := w.get(path)
		if got.Code != http.StatusOK || got.Body.Len() > 50_000 || len(got.Result().Cookies()) > 0 {
			t.Errorf("%s: status %d, %d bytes, %d cookies; want 200, at most 50000, none", path, got.Code, got.Body.Len(), len(got.Result().Cookies()))
		}
	}
}

func TestEveryTemplateIsExecuted(t *testing.T) {
	w := sampled(t)
	for _, path := range []string{"/articles", article, "/podcasts", show, episode} {
		w.see(path)
	}
	for _, name := range w.site.Unexecuted() {
		if strings.HasPrefix(name, "publish") {
			t.Errorf("%s was never executed", name)
		}
	}
}

func TestArticleShowsWhatItsHeadSays(t *testing.T) {
	w := written(t, map[string]string{
		"2027-01-02-knots.md": "---\ntitle: Knots & <b>bends</b>\nsummary: How to *tie*.\ndate: 2027-01-02\nupdated: 2027-02-03\nauthors: [Ida Marchetti, Kofi Mensah]\n" +
			"tags: [Sea, Café]\nlanguage: en\nlicence: CC BY 4.0\ncredit: Thanks to the crew.\ncover: a.svg\ncover alt: A knot\noriginal: https://elsewhere.example/knots\n---\n\n" +
			"## One\n\nx\n\n## Two\n\ny\n\n## Three\n\nsee [other](other.md)\n",
		"other.md": "---\ntitle: Other\ndate: 2027-01-03\nauthor: Ida Marchetti\nlanguage: ar\nlicence: CC0 1.0\n---\n\nText\n",
		"a.svg":    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"/>`,
	})
	if said := w.said(); said != "" {
		t.Fatal(said)
	}
	p := w.see("/articles/knots")
	if got := p.One("h1").Text(); got != "Knots & <b>bends</b>" {
		t.Errorf("title %q", got)
	}
	if got := p.One("link[rel=canonical]").Attr("href"); got != "https://elsewhere.example/knots" {
		t.Errorf("canonical %q", got)
	}
	wants(t, p.One("article").Text(), "2 January 2027", "1 minute", "Last changed on 3 February 2027.", "First published at elsewhere.example.", "CC BY 4.0", "Thanks to the crew.")
	img := p.One("figure.cover img")
	if img.Attr("width") != "40" || img.Attr("height") != "20" || img.Attr("alt") != "A knot" || img.Attr("src") != "/articles/files/folder/a.svg" {
		t.Errorf("cover %s", img.HTML())
	}
	p.One(`meta[property=og:image][content=http://harbour.example/articles/files/folder/a.svg]`)
	p.One(`meta[property=og:type][content=article]`)
	if got := len(p.All("nav.toc li")); got != 3 {
		t.Errorf("%d lines of contents, want 3", got)
	}
	p.One(`.prose a[href=/articles/other]`)
	p.One(`nav.turn a[rel=next][href=/articles/other]`)
	p.One(`a[href=https://creativecommons.org/licenses/by/4.0/]`)
	other := w.see("/articles/other")
	if h1 := other.One("h1"); h1.Attr("lang") != "ar" || h1.Attr("dir") != "rtl" {
		t.Errorf("heading %s", h1.HTML())
	}
	if got := len(w.see("/articles/authors/ida-marchetti").All("ol.posts > li")); got != 2 {
		t.Errorf("an author of two has %d", got)
	}
	w.see("/articles/tags/caf%C3%A9").One("h1")
	if got := w.get("/articles/files/folder/a.svg"); got.Code != http.StatusOK || got.Header().Get("Content-Type") != "image/svg+xml" {
		t.Errorf("cover: %d %v", got.Code, got.Header())
	}
}

func TestDraftsAndWhatHasItsDayAheadAreNotThere(t *testing.T) {
	head := "language: en\nlicence: CC BY 4.0\nauthors: [Ida]\n---\n\nText\n"
	w := written(t, map[string]string{
		"out.md":           "---\ntitle: Out\ndate: 2027-03-14\n" + head,
		"tomorrow.md":      "---\ntitle: Tomorrow\ndate: 2027-03-15\ncover: t.svg\ncover alt: x\ntags: [Secret]\n" + head,
		"draft.md":         "---\ntitle: Draft\ndate: 2027-01-01\ndraft: true\n" + head,
		"dateless.md":      "---\ntitle: Dateless\n" + head,
		"t.svg":            `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"/>`,
		"cast/s/show.md":   "---\ntitle: Show\nlanguage: en\nlicence: CC0 1.0\n---\n",
		"cast/s/1-next.md": "---\nid: s1\ntitle: Next\ndate: 2027-03-15T10:00:00+02:00\naudio: 1.mp3\nduration: 1:00\n---\n",
		"cast/s/1.mp3":     "sound",
	})
	wants(t, w.said(), "dateless.md:1: has no day of publication and is not shown")
	hidden := []string{"/articles/tomorrow", "/articles/tags/secret", "/articles/files/folder/t.svg", "/podcasts/s/next", "/podcasts/s/files/1.mp3"}
	for _, path := range append(hidden, "/articles/draft", "/articles/dateless") {
		if got := w.get(path).Code; got != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, got)
		}
	}
	for _, path := range []string{"/articles", "/articles/feed.xml", "/podcasts/s", "/podcasts/s/feed.xml", "/podcasts"} {
		if body := w.get(path).Body.String(); strings.Contains(body, "Tomorrow") || strings.Contains(body, "Draft") || strings.Contains(body, "Next") {
			t.Errorf("%s tells of what is not out", path)
		}
	}
	w.clock.Add(24 * time.Hour)
	for _, path := range hidden {
		if got := w.get(path).Code; got != http.StatusOK {
			t.Errorf("%s on its day: %d, want 200", path, got)
		}
	}
	if got := w.get("/articles/draft").Code; got != http.StatusNotFound {
		t.Errorf("a draft: %d", got)
	}
}

func TestListsGoPageByPage(t *testing.T) {
	files := map[string]string{}
	for i := range 45 {
		files["t"+strconv.Itoa(i)+".md"] = "---\ntitle: Text " + strconv.Itoa(i) + "\ndate: 2027-01-" + strconv.Itoa(10+i%20) + "\ntags: [All]\nauthors: [Ida]\nlanguage: en\nlicence: CC0 1.0\n---\n\nText\n"
	}
	w := written(t, files)
	seen := map[string]bool{}
	for _, base := range []string{"/articles", "/articles/tags/all", "/articles/authors/ida"} {
		path, pages := base, 0
		clear(seen)
		for path != "" {
			p := w.see(path)
			for _, a := range p.All("ol.posts h2 a") {
				seen[a.Attr("href")] = true
			}
			pages++
			path = ""
			if next := p.All("nav.turn a[rel=next]"); len(next) == 1 {
				path = next[0].Attr("href")
			}
		}
		if pages != 3 || len(seen) != 45 {
			t.Errorf("%s: %d pages with %d articles, want 3 with 45", base, pages, len(seen))
		}
	}
	for _, n := range []string{"0", "1", "4", "02", "-1", "x"} {
		if got := w.get("/articles/page/" + n).Code; got != http.StatusNotFound {
			t.Errorf("page %s: %d, want 404", n, got)
		}
	}
}

func TestEmptySiteHasNoLinksAndSaysSo(t *testing.T) {
	w := newWorld(t, nil, nil)
	for _, path := range []string{"/articles", "/podcasts"} {
		p := w.see(path)
		wants(t, p.One(".empty").Text(), "is here so far.")
		p.None("header.top nav a[href=/articles], header.top nav a[href=/podcasts]")
	}
	if paths, _ := w.Public(t.Context()); len(paths) != 0 {
		t.Errorf("an empty site lists %q", paths)
	}
}

func TestReloadPutsTheNewInPlaceOfTheOld(t *testing.T) {
	texts := fstest.MapFS{"a.md": {Data: []byte("---\ntitle: First\ndate: 2027-01-01\nauthors: [I]\nlanguage: en\nlicence: CC0 1.0\n---\n\nText\n")}}
	w := newWorld(t, []publish.Source{{Name: "folder", Root: texts}}, nil)
	if got := w.see("/articles/a").One("h1").Text(); got != "First" {
		t.Fatal(got)
	}
	before := w.library.Edition()
	texts["a.md"] = &fstest.MapFile{Data: []byte(strings.Replace(string(texts["a.md"].Data), "First", "Second", 1))}
	if got := w.see("/articles/a").One("h1").Text(); got != "First" {
		t.Errorf("before a reload the title is %q", got)
	}
	if err := w.library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.see("/articles/a").One("h1").Text(); got != "Second" {
		t.Errorf("after a reload the title is %q", got)
	}
	if before.Articles[0].Title != "First" {
		t.Error("the old edition changed")
	}
}

func TestDocumentsHoldTheWords(t *testing.T) {
	kinds := map[string]int{}
	for d := range sampled(t).Documents() {
		kinds[d.Kind]++
		if d.Title == "" || d.Path == "" || d.Lang != "en" || strings.ContainsAny(d.Text, "<>") && d.Kind == publish.KindEpisode {
			t.Errorf("%+v", d)
		}
		switch d.Path {
		case article:
			wants(t, d.Text, "Read it slowly, to the end", "nmae is not defined")
		case episode:
			wants(t, d.Text, "Mugs does not follow cups around.", "To try:")
		}
		if strings.Contains(d.Text, "Copy let") {
			t.Errorf("%s holds the words of a button", d.Path)
		}
	}
	if kinds[publish.KindArticle] < 3 || kinds[publish.KindEpisode] != 1 {
		t.Errorf("documents %v", kinds)
	}
}

func TestMembersAreToldWhatIsRemembered(t *testing.T) {
	w := sampled(t)
	got := pagetest.Parse(t, w.get(article, "Cookie", "who=1").Body).One("footer.foot .knows p").Text()
	wants(t, got, "that you opened it today.")
	wants(t, w.see(article).One("footer.foot .knows p").Text(), "nothing.")
}
