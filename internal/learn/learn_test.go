package learn_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/learn"
	"kept/internal/page"
)

func TestEveryPageOfTheCourseOpensForAVisitor(t *testing.T) {
	w := onSQLite(t)
	catalogue := w.library.Catalogue()
	c := catalogue.Courses[0]
	paths := []string{"/", "/courses/" + c.Slug, "/progress", "/sitemap.xml"}
	for p, _ := catalogue.First(c); p != nil; p = p.Next {
		paths = append(paths, "/courses/"+c.Slug+"/"+p.Slug)
	}
	if len(paths) < 19 {
		t.Fatalf("only %d pages", len(paths))
	}
	for _, path := range paths {
		got := w.send("", path, nil)
		if got.Code != http.StatusOK || len(got.Body.Bytes()) > 50_000 || len(got.Result().Cookies()) > 0 {
			t.Errorf("%s: status %d, %d bytes, %d cookies; want 200, at most 50000, none", path, got.Code, got.Body.Len(), len(got.Result().Cookies()))
		}
	}
}

func TestHomeListsTracksAndCourses(t *testing.T) {
	w := onSQLite(t)
	home := w.see("", "/")
	if got := home.One("section.side h2").Text(); got != "Programming" {
		t.Errorf("track %q, want Programming", got)
	}
	item := home.One("li.course").Text()
	for _, want := range []string{"First steps in JavaScript", "16 lessons", "about 4 hours", "English"} {
		if !strings.Contains(item, want) {
			t.Errorf("the course says %q, want %q in it", item, want)
		}
	}
	if got := len(home.All("figure svg a")); got != 4 {
		t.Errorf("the picture has %d chapters, want 4", got)
	}
	if !home.One("[data-go-on]").Has("hidden") {
		t.Error("a visitor of whom nothing is known sees where they were")
	}
}

func TestEmptySiteSaysSo(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), nil)
	if got := w.see("", "/").One(".empty").Text(); !strings.Contains(got, "No course is here so far.") {
		t.Errorf("an empty site says %q", got)
	}
}

func TestUnknownPagesAreNotFound(t *testing.T) {
	w := onSQLite(t)
	for _, path := range []string{"/courses/knots", lessons + "knots", lessons + "files/none.png", lessons + "files/course.md", lessons + "files/", "/courses/x/files/tags.svg"} {
		if got := w.send("", path, nil).Code; got != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, got)
		}
	}
}

func TestLessonHoldsExerciseHintsAndQuestions(t *testing.T) {
	lesson := onSQLite(t).see("", naming)
	if got := lesson.One("h1").Text(); got != "Names for values" {
		t.Errorf("title %q", got)
	}
	for selector, want := range map[string]int{"textarea": 1, ".tests li": 6, "fieldset[data-question]": 3, "nav.toc li": 5, ".try details": 1, ".answers li[data-right]": 3} {
		if got := len(lesson.All(selector)); got != want {
			t.Errorf("%s: %d, want %d", selector, got, want)
		}
	}
	if !strings.Contains(lesson.One("textarea[data-file]").Text(), "const ticket = 12;") {
		t.Error("the editor does not begin with the exercise's file")
	}
	if got := lesson.One("nav.turn a[rel=next]").Attr("href"); got != lessons+"comparing" {
		t.Errorf("next is %s", got)
	}
	if got := lesson.One("#questions").Text(); got != "Questions" {
		t.Errorf("heading %q", got)
	}
}

func TestFilesOfACourseCannotRun(t *testing.T) {
	w := onSQLite(t)
	got := w.send("", "/courses/first-steps-in-javascript/files/tags.svg", nil)
	h := got.Header()
	if got.Code != http.StatusOK || h.Get("Content-Type") != "image/svg+xml" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
		!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("status %d, headers %v", got.Code, h)
	}
	if again := w.send("", "/courses/first-steps-in-javascript/files/tags.svg", nil, "If-None-Match", h.Get("Etag")); again.Code != http.StatusNotModified {
		t.Errorf("asked again with the tag: %d, want 304", again.Code)
	}
}

// knots is a small course with every part that the sample does not use.
func knots(t *testing.T) *world {
	files := fstest.MapFS{
		"knots/course.md": {Data: []byte("---\nid: knots\ntitle: Knots\nlanguage: de\nlicence: CC BY 4.0\ncredit: Thanks to *all*.\noriginal: https://knots.example/\n---\n\nLies.\n")},
		"knots/01-a.md":   {Data: []byte("---\nid: a\ntitle: Erster\ntype: project\n---\n\nText.\n\n# Steps\n\n- [ ] Tie it\n- [ ] Pull it\n\n# Needs\n\nA rope.\n")},
		"knots/script.js": {Data: []byte("alert(1)")},
		"knots/data.zip":  {Data: []byte("PK")},
	}
	return newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), []course.Source{{Name: "knots", Root: files}})
}

func TestCourseInAnotherLanguageSaysWhich(t *testing.T) {
	w := knots(t)
	p := w.see("", "/courses/knots")
	if got := p.One("h1").Attr("lang"); got != "de" {
		t.Errorf("lang %q, want de", got)
	}
	if got := p.One("dl.facts").Text(); !strings.Contains(got, "CC BY 4.0") || !strings.Contains(got, "Thanks to all.") || !strings.Contains(got, "https://knots.example/") {
		t.Errorf("terms: %q", got)
	}
	l := w.see("", "/courses/knots/a")
	if l.One("h1").Attr("lang") != "de" || len(l.All("input[type=checkbox]")) != 2 || !strings.Contains(l.One("aside.note").Text(), "A rope.") {
		t.Errorf("lesson: %s", l.One("article").HTML())
	}
	for file, want := range map[string]string{"script.js": "text/plain; charset=utf-8", "data.zip": "application/octet-stream"} {
		got := w.send("", "/courses/knots/files/"+file, nil)
		if got.Code != http.StatusOK || got.Header().Get("Content-Type") != want {
			t.Errorf("%s: %d %s, want %s", file, got.Code, got.Header().Get("Content-Type"), want)
		}
	}
}

func TestSiteMapListsLessons(t *testing.T) {
	w := onSQLite(t)
	body := w.send("", "/sitemap.xml", nil).Body.String()
	if got := strings.Count(body, "<loc>http://harbour.example/"); got != 19 || !strings.Contains(body, "harbour.example/@noor</loc>") {
		t.Errorf("%d places, want 19, the member's page that may be found among them", got)
	}
}

func TestHomeOfSeveralCoursesShowsWhereToBegin(t *testing.T) {
	files := fstest.MapFS{}
	for id, track := range map[string]string{"knots": "\ntrack: Boats", "sails": "\ntrack: Boats", "tides": "", "maps": "\ntrack: Finding the way"} {
		files[id+"/course.md"] = &fstest.MapFile{Data: []byte("---\nid: " + id + "\ntitle: The " + id + "\nlanguage: en\nlicence: CC0 1.0" + track + "\n---\n")}
		files[id+"/01-a.md"] = &fstest.MapFile{Data: []byte("---\nid: a\ntitle: First\ntype: reading\nminutes: 150\n---\n\nWords.\n")}
	}
	w := newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), []course.Source{{Name: "c", Root: files}})
	home := w.see("", "/")
	var sections []string
	for _, h := range home.All("section.side h2") {
		sections = append(sections, h.Text())
	}
	if got := strings.Join(sections, ", "); got != "Boats, Finding the way, More courses" && got != "Finding the way, Boats, More courses" {
		t.Errorf("sections %q", got)
	}
	if got := home.One("figure").Text(); len(home.All("figure a")) != 3 || !strings.Contains(got, "Boats, about 3 hours") || !strings.Contains(got, "The tides") {
		t.Errorf("the picture says %q", got)
	}
	home.None("[data-begin]")
}

// TestCounterpartIsTrue: what the page says it remembers, for a visitor and a member.
func TestCounterpartIsTrue(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	for _, path := range []string{"/", "/courses/first-steps-in-javascript", naming, last, "/progress", "/you/merge"} {
		if path != "/you/merge" {
			if got := w.see("", path).One(".knows").Text(); !strings.Contains(got, "remembers of you: nothing.") || strings.Contains(got, "Code you type is kept for you alone") {
				t.Errorf("%s tells a visitor %q", path, got)
			}
		}
		if got := w.see(me, path).One(".knows").Text(); !strings.Contains(got, "that you opened it today. ") {
			t.Errorf("%s tells a member %q", path, got)
		}
	}
}

func TestNewCatalogueShowsAtOnce(t *testing.T) {
	files := fstest.MapFS{
		"c/course.md": {Data: []byte("---\nid: c\ntitle: C\nlanguage: en\nlicence: CC0 1.0\n---\n")},
		"c/01-a.md":   {Data: []byte("---\nid: a\ntitle: First\ntype: reading\n---\n\nOld words.\n")},
	}
	w := newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), []course.Source{{Name: "c", Root: files}})
	w.see("", "/courses/c/a")
	files["c/01-a.md"] = &fstest.MapFile{Data: []byte("---\nid: a\ntitle: First\ntype: reading\n---\n\nNew words.\n")}
	if err := w.library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.see("", "/courses/c/a").One(".prose").Text(); got != "New words." {
		t.Errorf("after a reload the lesson says %q", got)
	}
}

func TestAfterSignInAsksOnceAndComesBack(t *testing.T) {
	for next, want := range map[string]string{"/you": "/you/merge?next=%2Fyou", "/you/merge?next=%2F": "/you/merge?next=%2F"} {
		if got := learn.After(next); got != want {
			t.Errorf("After(%q) = %q, want %q", next, got, want)
		}
	}
	w := onSQLite(t)
	me := w.newMember()
	for next, want := range map[string]string{"/you?a=b": "/you?a=b", "//other.example": "/", "https://other.example": "/", "/\\other.example": "/", "": "/", "javascript:alert(1)": "/", "/\tx": "/", "/you/merge?next=/": "/"} {
		if got := w.see(me, "/you/merge?next="+url.QueryEscape(next)).One("[data-merge]").Attr("data-next"); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
	}
}

func TestEveryTemplateIsExecuted(t *testing.T) {
	w := fixtures(t)
	me := w.newMember()
	for _, path := range []string{"/", "/courses/first-steps-in-javascript", "/courses/first-steps-in-javascript/chapters/" + w.chapter(), naming, last, "/progress", "/offline"} {
		w.see("", path)
		w.see(me, path)
	}
	w.post(me, naming+"/done", url.Values{}, http.StatusSeeOther)
	for _, path := range []string{"/", naming, "/progress", "/you/merge"} {
		w.see(me, path)
	}
	w.seeWork(me)
	w.people.answers[me] = learn.Answer{State: learn.AnswerWaits}
	w.see(me, project)
	for _, path := range []string{"shed-talk/in-the-shed", "shed-talk/talk-in-the-shed-task-1", "garden-v9/how-deep"} {
		w.see("", "/courses/"+path)
	}
	for _, name := range w.site.Unexecuted() {
		if strings.HasPrefix(name, "learn") {
			t.Errorf("nothing executed %s", name)
		}
	}
}

func TestTextsAreInTheCatalogue(t *testing.T) {
	keys, err := page.Keys([]page.Source{learnSource(t)})
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) < 80 {
		t.Errorf("only %d texts were found", len(keys))
	}
}

func learnSource(t *testing.T) page.Source { return onSQLite(t).Source() }

func TestAnswersStayBelowTheirBounds(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	long := strings.Repeat("x", 129<<10)
	w.post(me, naming+"/code", url.Values{"file:trip.js": {long}}, http.StatusUnprocessableEntity)
	w.post(me, naming+"/code", url.Values{"other": {"1"}}, http.StatusUnprocessableEntity)
	if got := len(w.items(me, "lesson-work")); got != 0 {
		t.Errorf("%d records, want none", got)
	}
}
