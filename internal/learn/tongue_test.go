package learn_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/vault"
)

// bilingual is a course in which one lesson is translated and one is not.
func bilingual() fstest.MapFS {
	text := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"knots/course.md":    text("---\nid: knots\ntitle: Knots\nsummary: How to tie.\nlanguage: en\nlicence: CC BY 4.0\nable to: [tie a bowline]\n---\n\nBring a rope.\n"),
		"knots/course.de.md": text("---\ntitle: Knoten\nsummary: Wie man bindet.\n---\n\nBring ein Seil mit.\n"),
		"knots/a.md":         text("---\nid: bowline\ntitle: The bowline\ntype: reading\n---\n\nSee [the hitch](b.md).\n"),
		"knots/a.de.md":      text("---\ntitle: Der Palstek\n---\n\nSieh den [Stek](b.md).\n"),
		"knots/b.md":         text("---\nid: hitch\ntitle: The hitch\ntype: reading\n---\n\nTwo turns.\n"),
	}
}

func onFiles(t testing.TB, files fstest.MapFS) *world {
	t.Helper()
	return newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), []course.Source{{Name: "s", Root: files}})
}

func TestLanguageSwitchKeepsThePlace(t *testing.T) {
	w := onFiles(t, bilingual())
	lesson := w.see("", "/courses/knots/bowline")
	if got := lesson.One("nav.tongues a[hreflang=de]").Attr("href"); got != "/courses/knots/bowline?lang=de" {
		t.Errorf("the switch leads to %s", got)
	}
	if got := lesson.One("link[rel=alternate][hreflang=de]").Attr("href"); got != "http://harbour.example/courses/knots/bowline?lang=de" {
		t.Errorf("search engines are told %s", got)
	}
	german := w.see("", "/courses/knots/bowline?lang=de")
	if got := german.One("h1"); got.Text() != "Der Palstek" || got.Attr("lang") != "de" {
		t.Errorf("the title is %q in %q", got.Text(), got.Attr("lang"))
	}
	for _, to := range []string{".prose a", "nav.turn a[rel=next]"} {
		if got := german.One(to).Attr("href"); got != "/courses/knots/hitch?lang=de" {
			t.Errorf("%s leads to %s", to, got)
		}
	}
	// What is not translated comes in its own language, and says so, and the
	// way on stays in the one that was asked for.
	rest := w.see("", "/courses/knots/hitch?lang=de")
	rest.None("h1[lang]")
	if got := rest.One("header .meta a").Attr("href"); got != "/courses/knots?lang=de" {
		t.Errorf("the way back leads to %s", got)
	}
	index := w.see("", "/courses/knots?lang=de")
	if got := index.One("h1"); got.Text() != "Knoten" || got.Attr("lang") != "de" {
		t.Errorf("the course is %q in %q", got.Text(), got.Attr("lang"))
	}
	if got := index.All("li[data-lesson] a")[0].Attr("href"); got != "/courses/knots/bowline?lang=de" {
		t.Errorf("the list leads to %s", got)
	}
}

// A screen reader changes its voice at each title that is not in the language
// around it, and only there.
func TestEachTitleSaysItsLanguage(t *testing.T) {
	w := onFiles(t, bilingual())
	titles := w.see("", "/courses/knots?lang=de").All("li[data-lesson] b")
	for i, want := range []struct{ text, lang string }{{"Der Palstek", "de"}, {"The hitch", ""}} {
		if got := titles[i]; got.Text() != want.text || got.Attr("lang") != want.lang {
			t.Errorf("%q is marked %q, want %q", got.Text(), got.Attr("lang"), want.lang)
		}
	}
	w.see("", "/courses/knots?lang=de").None("section[lang] li[data-lesson]")
	if got := w.see("", "/courses/knots/hitch?lang=de").One("nav.turn a[rel=prev] bdi"); got.Text() != "Der Palstek" || got.Attr("lang") != "de" {
		t.Errorf("the lesson before is %q in %q", got.Text(), got.Attr("lang"))
	}
}

// Who finishes a lesson in another language comes back to it in that language.
func TestWhatIsSentKeepsTheLanguage(t *testing.T) {
	w := onFiles(t, bilingual())
	me := w.newMember()
	const to = "/courses/knots/bowline/done?lang=de"
	w.see(me, "/courses/knots/bowline?lang=de").One("form[action=" + to + "]")
	if got := w.post(me, to, url.Values{}, http.StatusSeeOther).Header().Get("Location"); got != "/courses/knots/bowline?lang=de#finish" {
		t.Errorf("one comes back to %s", got)
	}
}

// An address with a language that is not there is the page without one.
func TestUnknownLanguageIsPassedOver(t *testing.T) {
	w := onFiles(t, bilingual())
	for _, lang := range []string{"fr", "en", "%00", strings.Repeat("x", 500), `"><script>`} {
		page := w.see("", "/courses/knots/bowline?lang="+url.QueryEscape(lang))
		if got := page.One("link[rel=canonical]").Attr("href"); got != "http://harbour.example/courses/knots/bowline" {
			t.Errorf("%q: the page says that it is %s", lang, got)
		}
	}
}

func TestHomeNarrowsDown(t *testing.T) {
	files := fstest.MapFS{}
	for n := range 60 {
		lang := []string{"en", "de"}[n%2]
		files[fmt.Sprintf("c%d/course.md", n)] = &fstest.MapFile{Data: fmt.Appendf(nil, "---\nid: course-%d\ntitle: Course number %d\nsummary: %s\nlanguage: %s\ntrack: Track %d\nlicence: CC BY 4.0\n---\n",
			n, n, strings.Repeat("All that one needs to know about it. ", 12), lang, n%3)}
		files[fmt.Sprintf("c%d/a.md", n)] = &fstest.MapFile{Data: fmt.Appendf(nil, "---\nid: a\ntitle: A %d\ntype: reading\n---\n\nText.\n", n)}
	}
	w := onFiles(t, files)
	for path, want := range map[string]int{"/": 60, "/?lang=de": 30, "/?track=track-1": 20, "/?track=track-1&lang=de": 10, "/?track=nothing&lang=xx": 60} {
		got := w.send("", path, nil)
		if n := strings.Count(got.Body.String(), `class="course"`); n != want || got.Body.Len() > 60_000 {
			t.Errorf("%s: %d courses in %d bytes, want %d in at most 60000", path, n, got.Body.Len(), want)
		}
	}
	home := w.see("", "/?lang=de")
	if got := len(home.All(".picks a[aria-current]")); got != 2 {
		t.Errorf("%d choices are marked, want one of each kind", got)
	}
	if got := home.One(".picks a[hreflang=de]").Text(); !strings.Contains(got, "30") {
		t.Errorf("the choice says %q", got)
	}
}

// Progress hangs on ids: it outlives lessons that are moved, renamed or gone.
func TestProgressOutlivesAChangedCourse(t *testing.T) {
	files := bilingual()
	w := onFiles(t, files)
	me := w.newMember()
	for _, slug := range []string{"bowline", "hitch"} {
		if got := w.send(me, "/courses/knots/"+slug+"/done", url.Values{}).Code; got != http.StatusSeeOther {
			t.Fatalf("marking %s: status %d", slug, got)
		}
	}
	files["knots/z.md"] = &fstest.MapFile{Data: []byte("---\nid: bowline\ntitle: The king of knots\ntype: reading\n---\n\nMoved.\n")}
	for _, gone := range []string{"knots/a.md", "knots/a.de.md", "knots/b.md"} {
		delete(files, gone)
	}
	if err := w.library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, d := range w.deeds(vault.Self(me), me) {
		titles = append(titles, d.Lesson)
	}
	if len(titles) != 2 {
		t.Errorf("kept are %v, want the moved lesson and the removed one", titles)
	}
	if got := w.see(me, "/courses/knots").All("li[data-lesson]")[0].Text(); !strings.Contains(got, "done") {
		t.Errorf("the moved lesson says %q", got)
	}
	if got := w.send(me, "/courses/knots/hitch", nil).Code; got != http.StatusNotFound {
		t.Errorf("the removed lesson answers %d", got)
	}
}
