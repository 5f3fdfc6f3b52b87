package learn_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/browser"
	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page/pagetest"
)

// fixtures is a world with our fixtures of every format.
func fixtures(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), formats(), shelves(t)["our own"], unhurried)
}

// twoPages is a lesson with tabs of one group on two pages, and marked code.
func twoPages(t *testing.T) *world {
	t.Helper()
	tabs := "::::{tabs}\n:::{group-tab} Linux\nOn Linux.\n:::\n:::{group-tab} Windows\nOn Windows.\n:::\n::::\n\n"
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"conf.py": "project = 'Ropes'\nlicense = 'CC BY 4.0'\n", "index.md": "# Ropes\n\n```{toctree}\none\ntwo\nthree\n```\n",
		"one.md":   "# One\n\n" + tabs + "## Next\n\n" + tabs + "Back to [the start](index.md).\n",
		"two.md":   "# Two\n\n" + tabs,
		"three.md": "# Three\n\n```{exercise} Tie it\nTie one.\n```\n\n```{code-block} py\n:emphasize-lines: 2\na = 1\nb = 2\n```\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return newWorldOf(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), formats(), []course.Source{{Name: "ropes", Root: files}}, unhurried)
}

func TestBrowserTabsRememberTheChoiceOnEveryPage(t *testing.T) {
	w := twoPages(t)
	server := w.open(t)
	b := browser.Open(t)
	p := b.Page(t, browser.Options{})
	p.Go(server.URL + "/courses/ropes/one")
	shown := func() int {
		return browser.Eval[int](p, `[...document.querySelectorAll("[role=tabpanel]")].filter((n) => n.innerText.includes("On Windows") && n.getClientRects().length).length`)
	}
	if shown() != 0 {
		t.Error("the second tab is shown first")
	}
	p.Focus(browser.CSS(".tabs-of:nth-of-type(1) [role=tab][aria-selected=true]"))
	p.Press("ArrowRight")
	if shown() != 2 {
		t.Errorf("%d of both tabs changed", shown())
	}
	if _, name := p.Focused(); name != "Windows" {
		t.Errorf("the focus is on %q", name)
	}
	browser.Axe(t, p)
	p.Go(server.URL + "/courses/ropes/two")
	if shown() != 1 {
		t.Error("the next page does not remember the choice")
	}
	if got := p.Stored().Local["kept.reading"]; got != `{"tabs":{"group":"windows"}}` {
		t.Errorf("kept %s", got)
	}
	plain := b.Page(t, browser.Options{NoScript: true})
	plain.Go(server.URL + "/courses/ropes/two")
	plain.See("On Linux.")
	plain.See("On Windows.")
}

func TestBrowserArrowKeysTurnThePage(t *testing.T) {
	w := twoPages(t)
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + "/courses/ropes/one")
	p.Press("ArrowRight")
	p.At("/courses/ropes/two")
	p.Focus(browser.CSS("[role=tab][aria-selected=true]"))
	p.Press("ArrowLeft")
	p.At("/courses/ropes/two") // the key was for the tabs
	p.Click(browser.Button("Switch these keys off"))
	browser.Eval[any](p, `document.activeElement.blur()`)
	p.Press("ArrowLeft")
	p.At("/courses/ropes/two")
	p.Reload()
	p.Click(browser.Button("Switch these keys on"))
	browser.Eval[any](p, `document.activeElement.blur()`)
	p.Press("Shift+ArrowLeft")
	p.At("/courses/ropes/two")
	p.Press("ArrowLeft")
	p.At("/courses/ropes/one")
}

func TestALessonsWays(t *testing.T) {
	w := twoPages(t)
	first := w.see("", "/courses/ropes/one")
	if got := first.One(".links a").Text(); got != "The next exercise: Three" {
		t.Errorf("the way to the exercise says %q", got)
	}
	if got := first.All(`.prose a`); !slices.ContainsFunc(got, func(a pagetest.Node) bool { return a.Attr("href") == "/courses/ropes" }) {
		t.Error("the link to the first page of the course is lost")
	}
	third := w.see("", "/courses/ropes/three")
	third.One("aside.exercise")
	if got := third.One(".hl").Text(); got != "b = 2" {
		t.Errorf("the marked line is %q", got)
	}
	third.None(".links")
}

func TestBrowserQuiz(t *testing.T) {
	w := fixtures(t)
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{Phone: true})
	quiz := server.URL + "/courses/garden-v9/soil-quiz"
	p.Go(quiz)
	p.See("questions. Enough are right: ")
	const order = `[...document.querySelectorAll("[data-question] legend")].map((n) => n.textContent.trim()).join("|")`
	first, changed := browser.Eval[string](p, order), false
	for range 20 {
		p.Reload()
		changed = changed || browser.Eval[string](p, order) != first
	}
	if !changed {
		t.Error("the questions come in the same order each time")
	}
	browser.Eval[any](p, `document.querySelectorAll("[data-question]").forEach((field, i) => {
		const right = [...field.querySelectorAll(".answers > ul > li")].findIndex((li) => "right" in li.dataset);
		const input = field.querySelector('input[value="' + (i === 0 ? right === 0 ? 1 : 0 : right) + '"]');
		input.click();
	})`)
	p.Click(browser.Button("Check all my answers"))
	all := p.Count("[data-question]")
	p.See(fmt.Sprintf("Right so far: %d of %d.", all-1, all))
	browser.Axe(t, p)
	p.Click(browser.Button("Begin again, in another order"))
	p.Gone("Right so far")
	if n := p.Count("[data-question] input:checked"); n != 0 {
		t.Errorf("%d answers stay ticked", n)
	}
	p.Follow(browser.Link("set 2"))
	p.At("/courses/garden-v9/soil-quiz?set=2")
}

func TestBrowserFillIn(t *testing.T) {
	w := fixtures(t)
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + "/courses/shed-talk/talk-in-the-shed-task-1")
	answers := browser.Eval[[]string](p, `[...document.querySelectorAll("li[data-gap]")].map((n) => n.querySelector("[data-fits]").textContent)`)
	if len(answers) == 0 {
		t.Fatal("there is no gap")
	}
	p.Click(browser.Button("Check my answer"))
	p.See("Fill in the gaps first.")
	p.Type(browser.Field("Gap 1"), "wrong")
	p.Focus(browser.Field("Gap 1"))
	p.Press("Enter")
	p.See("Look again at: ")
	if got := p.Attr(browser.Field("Gap 1"), "aria-invalid"); got != "true" {
		t.Errorf("the gap says %q of itself", got)
	}
	for i, answer := range answers {
		p.Type(browser.Field("Gap "+string(rune('1'+i))), "  "+strings.ToUpper(answer))
	}
	p.Click(browser.Button("Check my answer"))
	p.See("All of it fits.")
	browser.Axe(t, p)
}

func TestBrowserTicksStay(t *testing.T) {
	w := fixtures(t)
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + "/courses/garden-v9/what-is-soil")
	p.Click(browser.CSS(".ticks li:nth-child(1) input"))
	p.Reload()
	if !browser.Eval[bool](p, `document.querySelector(".ticks input").checked`) {
		t.Error("the tick is lost")
	}
	// A member's ticks go with them.
	signIn(p, server, w.newMember())
	p.Go(server.URL + "/courses/garden-v9/what-is-soil")
	p.Click(browser.CSS(".ticks li:nth-child(1) input"))
	p.Follow(browser.Button("Sign out"))
	if got, there := p.Stored().Local["kept.reading"]; there {
		t.Errorf("after signing out there is %s", got)
	}
}

// What a lesson of every type must have on its page.
func TestEveryTypeHasItsPage(t *testing.T) {
	w := fixtures(t)
	for path, selectors := range map[string][]string{
		"shed-talk/in-the-shed":             {".scene dt", ".scene dd"},
		"shed-talk/talk-in-the-shed-task-1": {".fill input[data-gap]", ".fill details"},
		"shed-talk/talk-in-the-shed-task-2": {"fieldset legend", "input[type=radio]", "details.answers"},
		"garden-v9/how-deep":                {".film svg", `.film a[rel=noreferrer]`, ".words"},
		"garden-v9/what-is-soil":            {".ticks input", ".prose .code"},
		"garden-v9/soil-quiz":               {"[data-shuffle]", ".sets a"},
		"outside-things/outside-outside-1":  {`aside[aria-label]`},
		"first-garden/water-the-rows":       {"textarea"},
	} {
		page := w.see("", "/courses/"+path)
		for _, selector := range selectors {
			if len(page.All(selector)) == 0 {
				t.Errorf("%s has no %s", path, selector)
			}
		}
	}
}

// What an author says about a wrong answer was lost once.
func TestWhatFitsIsExplained(t *testing.T) {
	page := fixtures(t).see("", "/courses/shed-talk/talk-in-the-shed-task-1")
	if got := page.One("[data-fill] details").Text(); !strings.Contains(got, "behind") || !strings.Contains(got, "Not in front.") || !strings.Contains(got, "Both words are in the talk.") {
		t.Errorf("got %q", got)
	}
	if got := page.One(".sentence").Text(); !strings.Contains(got, "the 1*") {
		t.Errorf("the sentence is %q", got)
	}
}

// A course of hundreds of lessons has pages of chapters, and a chapter of
// hundreds has several.
func TestALongCourseHasPagesOfChapters(t *testing.T) {
	w := newWorldOf(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), []course.Loader{long{}}, []course.Source{{Name: "long", Root: fstest.MapFS{}}}, unhurried)
	c := w.crawl()
	for _, b := range append(c.broken, c.weights(t)...) {
		t.Error(b)
	}
	if len(c.pages) < 3*250 {
		t.Errorf("only %d pages are led to", len(c.pages))
	}
	first := w.see("", "/courses/long")
	if got := len(first.All(".parts li")); got != 3 {
		t.Errorf("the course leads to %d chapters, want 3", got)
	}
	chapter := w.see("", "/courses/long/chapters/part-1?from=200")
	if got := len(chapter.All(".lessons li")); got != 50 {
		t.Errorf("the last page of a chapter has %d lessons, want 50", got)
	}
	for _, path := range []string{"/courses/long/chapters/none", "/courses/long/chapters/part-1?from=7", "/courses/long/chapters/part-1?from=9999", "/courses/none/chapters/part-1"} {
		if got := w.send("", path, nil).Code; got != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, got)
		}
	}
	lesson := w.see("", "/courses/long/l-2-7")
	if got := lesson.One(`header a[href="/courses/long/chapters/part-2"]`).Text(); got != "Part 2" {
		t.Errorf("the lesson leads to the chapter %q", got)
	}
	me := w.newMember()
	w.post(me, "/courses/long/l-2-7/done", url.Values{}, http.StatusSeeOther)
	if got := w.see(me, "/courses/long").All(".parts li"); !strings.Contains(got[1].Text(), "1 of 250 done") {
		t.Errorf("a member sees %q", got[1].Text())
	}
}

// long is a loader of a course with three chapters of 250 lessons.
type long struct{}

func (long) Name() string      { return "long" }
func (long) Detect(fs.FS) bool { return true }

func (long) Load(context.Context, fs.FS) (*course.Shelf, []course.Warning, error) {
	c := &course.Course{ID: "long", Slug: "long", Words: []course.Words{{Lang: "en", Title: "Long"}}}
	for part := 1; part <= 3; part++ {
		chapter := &course.Chapter{ID: fmt.Sprint("long/", part), Slug: fmt.Sprint("part-", part), Words: []course.Words{{Lang: "en", Title: fmt.Sprint("Part ", part)}}}
		for n := 1; n <= 250; n++ {
			slug := fmt.Sprintf("l-%d-%d", part, n)
			chapter.Lessons = append(chapter.Lessons, &course.Lesson{ID: slug, Slug: slug, Kind: course.Reading,
				Versions: []*course.Version{{Lang: "en", Title: "A lesson with a title of usual length", File: slug + ".md", Blocks: course.MarkdownBlocks("Text.", 1)}}})
		}
		c.Chapters = append(c.Chapters, chapter)
	}
	return &course.Shelf{Courses: []*course.Course{c}}, nil, nil
}
