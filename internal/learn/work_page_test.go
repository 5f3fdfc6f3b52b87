package learn_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/browser"
	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// boats is a course of one exercise with two files, of which one is locked but
// for a few lines, as freeCodeCamp's are.
type boats struct{}

func (boats) Name() string      { return "boats" }
func (boats) Detect(fs.FS) bool { return true }

func (boats) Load(context.Context, fs.FS) (*course.Shelf, []course.Warning, error) {
	works := &course.Exercising{Engine: course.Page,
		Task: []course.Block{{Shape: course.Prose, Text: "Give the boat a name."}},
		Files: []course.File{
			{Name: "index.html", Lang: "html", Text: "<main>\n  <h1>Boats</h1>\n</main>\n<footer></footer>", Editable: []course.Region{{From: 3, To: 2}}},
			{Name: "styles.css", Lang: "css", Text: "h1 { color: navy; }"},
		},
		Tests:     []course.Test{{Says: "There is a paragraph", Why: "Write a `p` below the heading.", Code: `assert.exists(document.querySelector("main p"), "no p yet");`}},
		Solutions: [][]course.File{{{Name: "index.html", Lang: "html", Text: "<main>\n  <h1>Boats</h1>\n<p>Ada</p>\n</main>\n<footer></footer>"}}},
	}
	lesson := &course.Lesson{ID: "boats/name", Slug: "name", Kind: course.Exercise, Versions: []*course.Version{{Lang: "en", Title: "A name", Exercise: works}}}
	return &course.Shelf{Courses: []*course.Course{{ID: "boats", Slug: "boats", Words: []course.Words{{Lang: "en", Title: "Boats"}},
		Chapters: []*course.Chapter{{ID: "boats/all", Slug: "all", Words: []course.Words{{Lang: "en", Title: "All"}}, Lessons: []*course.Lesson{lesson}}}}}}, nil, nil
}

func TestBrowserOnlyTheLearnersLinesChange(t *testing.T) {
	w := newWorldOf(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), []course.Loader{boats{}}, []course.Source{{Name: "boats", Root: fstest.MapFS{}, Format: "boats"}})
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{Phone: true})
	p.Go(server.URL + "/courses/boats/name")
	p.See("Yours to change: line 3.")
	toEditor(p)
	const start = "<main>\n  <h1>Boats</h1>\n\n</main>\n<footer></footer>"
	inEditor(p, start)
	if n := p.Count(".cm-line.yours"); n != 1 {
		t.Errorf("%d lines are tinted, want 1", n)
	}
	paste := func(text string) {
		browser.Eval[any](p, `(() => {
			const clipboardData = new DataTransfer();
			clipboardData.setData("text/plain", `+quoted(text)+`);
			document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
		})()`)
	}
	p.Focus(browser.CSS("#f0-p .cm-content"))
	p.Press("Control+Home")
	paste("not mine")
	p.See("Only the tinted lines are yours to change.")
	inEditor(p, start)
	p.Press("Control+a")
	paste("all of it")
	inEditor(p, start)
	p.Press("Control+Home", "ArrowDown", "ArrowDown")
	paste("<p>Ada</p>\n<p>Bo</p>")
	inEditor(p, "<main>\n  <h1>Boats</h1>\n<p>Ada</p>\n<p>Bo</p>\n</main>\n<footer></footer>")
	p.Until(`document.querySelectorAll(".cm-line.yours").length === 2`)
	p.See("Kept in this browser.")
	p.Reload()
	toEditor(p)
	p.Until(`document.querySelectorAll(".cm-line.yours").length === 2`)
	browser.Axe(t, p)

	p.Click(browser.CSS("#f1-t"))
	if got := browser.Eval[string](p, `document.querySelector("#f1-p .cm-content").innerText`); !strings.Contains(got, "navy") {
		t.Errorf("the second file shows %q", got)
	}
	p.Focus(browser.CSS("#f1-t"))
	p.Press("ArrowLeft")
	if _, name := p.Focused(); name != "index.html" {
		t.Errorf("the arrow leads to %q", name)
	}
	p.Click(browser.Button("Run tests"))
	p.See("Every test passes: the lesson is done.")
	p.Until(`document.querySelector("[data-preview] iframe").getClientRects()[0].height > 100`)
	if inside := browser.Eval[string](p, `(() => { try { return document.querySelector("[data-preview] iframe").contentDocument.querySelector("iframe[sandbox=allow-scripts]").contentDocument === null ? "closed" : "open"; } catch (error) { return String(error); } })()`); inside != "closed" {
		t.Error("the page can look into the frame, so the frame can look out")
	}
}
