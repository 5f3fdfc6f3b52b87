package learn_test

import (
	"context"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/browser"
	"kept/internal/check"
	"kept/internal/check/chrome"
	"kept/internal/course"
	"kept/internal/course/native"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/vault"
)

// workshop is a small course with a page, React and Python.
const workshop = "/courses/workshop/"

var workshopFiles = fstest.MapFS{
	"workshop/course.md": {Data: []byte("---\nid: workshop\ntitle: Workshop\nsummary: Pages and Python.\nlanguage: en\nlicence: CC BY 4.0\nauthors: [the authors of Kept]\n" +
		"chapters:\n  - title: All\n    id: all\n    summary: All of it.\n    lessons: [page.md, greeting.md, adding.md]\n---\n\nA workshop.\n")},
	"workshop/boat.svg": {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><path d="M0 0h40v20H0z"/></svg>`)},
	"workshop/page.md": {Data: []byte("---\nid: a-page\ntitle: A page\ntype: exercise\nminutes: 5\n---\n\nSome text.\n\n# Task: A heading\n\nGive the page a heading.\n\n# Files\n\n## index.html\n\n" +
		"```html\n<img src=\"./boat.svg\" alt=\"A boat\">\n<img src=\"https://elsewhere.example/boat.png\" alt=\"Another\">\n```\n\n# Tests\n\n## There is a heading\n\n```js\nassert.strictEqual(document.querySelectorAll(\"h1\").length, 1, \"there is no h1\");\n```\n\n" +
		"# Solution\n\n```html\n<h1>Boats</h1>\n```\n")},
	"workshop/greeting.md": {Data: []byte("---\nid: greeting\ntitle: A greeting\ntype: exercise\nminutes: 5\n---\n\nSome text.\n\n# Task: Greet\n\nShow a greeting.\n\n# Files\n\n## greeting.js\n\n" +
		"```js\nconst Greeting = () => null;\nReactDOM.render(<Greeting />, document.body.appendChild(document.createElement(\"div\")));\n```\n\n# Tests\n\n## It says ahoy\n\n```js\nassert.include(document.body.textContent, \"Ahoy\", \"nobody says ahoy\");\n```\n\n" +
		"# Solution\n\n```js\nconst Greeting = () => <p>Ahoy</p>;\nReactDOM.render(<Greeting />, document.body.appendChild(document.createElement(\"div\")));\n```\n")},
	"workshop/adding.md": {Data: []byte("---\nid: adding\ntitle: Adding\ntype: exercise\nminutes: 5\n---\n\nSome text.\n\n# Task: Add\n\nAdd two numbers.\n\n# Files\n\n## add.py\n\n" +
		"```python\ndef add(a, b):\n    return 0\n```\n\n# Tests\n\n## It adds\n\n```python\nassert add(2, 3) == 5, \"add(2, 3) is not 5\"\n```\n\n# Solution\n\n```python\ndef add(a, b):\n    return a + b\n```\n")},
}

// jsx loads our own format, and takes what draws a greeting for React, which
// our own format has no word for.
type jsx struct{ native.Loader }

func (l jsx) Load(ctx context.Context, fsys fs.FS) (*course.Shelf, []course.Warning, error) {
	shelf, warnings, err := l.Loader.Load(ctx, fsys)
	if err != nil {
		return nil, nil, err
	}
	for _, one := range shelf.Courses {
		for _, lesson := range one.Chapters[0].Lessons {
			x := lesson.In().Exercise
			if x != nil && strings.Contains(x.Files[0].Text, "ReactDOM") {
				x.Engine, x.Tools, x.Files[0].Lang = course.React, []string{"react", "react-dom"}, "jsx"
			}
		}
	}
	return shelf, warnings, nil
}

func inWorkshop(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), []course.Loader{jsx{}}, []course.Source{{Name: "workshop", Root: workshopFiles}})
}

// trade is a lesson of the workshop: an answer that does not pass, what the
// page then says, one that passes, and what is said before anything is fetched.
type trade struct{ lesson, wrong, why, right, size string }

var trades = []trade{
	{"a-page", "<h2>Boats</h2>", "there is no h1", "<h1>Boats</h1>", ""},
	{"greeting", "const Greeting = () => <p>Bye</p>;\nReactDOM.render(<Greeting />, document.body);", "nobody says ahoy",
		"const Greeting = () => <p>Ahoy</p>;\nReactDOM.render(<Greeting />, document.body);", "The tools for React are fetched at the first run, from this site alone: at most "},
	{"adding", "def add(a, b):\n    return a - b", "add(2, 3) is not 5", "def add(a, b):\n    return a + b", "Python is fetched at the first run, from this site alone: about 6.1 MB, once."},
}

// fetched are the addresses of vendored files that the page has asked for.
func fetched(p *browser.Page, part string) []string {
	return browser.Eval[[]string](p, `performance.getEntriesByType("resource").map((r) => r.name).filter((name) => name.includes("/runner/vendor/`+part+`"))`)
}

func TestBrowserPagesReactAndPython(t *testing.T) {
	server := inWorkshop(t).open(t)
	b := browser.Open(t)
	for _, one := range trades {
		t.Run(one.lesson, func(t *testing.T) {
			p := b.Page(t, browser.Options{Phone: true})
			p.Go(server.URL + workshop + one.lesson)
			toEditor(p)
			if one.size != "" {
				p.See(one.size)
			}
			if early := append(fetched(p, "pyodide"), fetched(p, "react")...); len(early) > 0 {
				t.Errorf("fetched before the first run: %q", early)
			}
			write(p, one.wrong)
			p.Click(browser.Button("Run tests"))
			p.See("Ran in this browser.")
			if text := p.Text(browser.CSS("[data-tests]")); !strings.Contains(text, "Not yet:") || !strings.Contains(text, one.why) {
				t.Errorf("the test that did not pass says %q", text)
			}
			browser.Axe(t, p)
			write(p, one.right)
			p.Press("Control+Enter")
			p.See("Every test passes: the lesson is done.")

			// What a run has fetched, later ones have without a connection.
			p.Reload()
			holdsAll(p, workshop+one.lesson)
			p.Gone("are fetched at the first run")
			p.Gone("is fetched at the first run")
			p.Offline(true)
			p.Reload()
			p.See("This is the copy of")
			write(p, one.wrong)
			p.Click(browser.Button("Run tests"))
			p.See("Ran in this browser.")
			if text := p.Text(browser.CSS("[data-tests]")); !strings.Contains(text, one.why) {
				t.Errorf("without a connection the test says %q", text)
			}
			if one.size == "" {
				return
			}
			p.Go(server.URL + "/offline")
			p.See("Tools that run code, as React or Python, fetched once: about ")
			p.Click(browser.Button("Remove"))
			p.Gone("Tools that run code")
		})
	}
}

// Whoever takes the course along is told of Python's size, and has it.
func TestBrowserPythonInACourseTakenAlong(t *testing.T) {
	server := inWorkshop(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + strings.TrimSuffix(workshop, "/"))
	p.Click(browser.Button("Take this course along"))
	p.See("about 22 MB")
	p.Click(browser.Button("Yes, keep it in this browser"))
	p.See("It is here.")
	p.Offline(true)
	for _, one := range trades {
		p.Go(server.URL + workshop + one.lesson)
		p.See("This is the copy of")
		write(p, one.right)
		p.Click(browser.Button("Run tests"))
		p.See("Every test passes: the lesson is done.")
	}
}

// A lesson that was opened and never run says without a connection what it
// lacks.
func TestBrowserSaysWhatWasNotFetched(t *testing.T) {
	server := inWorkshop(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + workshop + "adding")
	holdsAll(p, workshop+"adding")
	p.Offline(true)
	p.Reload()
	toEditor(p)
	p.Click(browser.Button("Run tests"))
	p.See("Run it once with a connection: from then on it runs without one, too.")
}

// What the course serves, the preview shows; what lies elsewhere, it does not,
// and says so.
func TestBrowserPreviewShowsTheCoursesPictures(t *testing.T) {
	server := inWorkshop(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + workshop + "a-page")
	toEditor(p)
	p.Click(browser.Button("Run tests"))
	p.See("Ran in this browser.")
	p.Click(browser.CSS("#result-t1"))
	p.See("Not shown here: https://elsewhere.example/boat.png.")
	if text := p.Text(browser.CSS("[data-console]")); strings.Contains(text, "boat.svg") {
		t.Errorf("the course's own picture was refused: %q", text)
	}
	if asked := p.OtherHosts(strings.TrimPrefix(server.URL, "http://")); len(asked) > 0 {
		t.Errorf("other hosts were asked: %q", asked)
	}
	write(p, `<h1>Boats</h1><img src="boat.svg" alt="A boat"><script>setTimeout(() => { const i = document.images[0]; i.decode().then(() => console.log("boat of " + i.naturalWidth)); }, 0)</script>`)
	p.See("boat of 40")
}

// TestBrowserHandsInWhatChromiumChecks: from the page through the queue to the
// server's own Chromium, and back to the page.
func TestBrowserHandsInWhatChromiumChecks(t *testing.T) {
	w := inWorkshop(t)
	path, err := chrome.Find("auto")
	if err != nil {
		t.Fatal(err)
	}
	engine, err := chrome.New(chrome.Options{Path: path, Frame: runner(t), Pages: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	w.judge.Judge = check.NewPool(runtime.NumCPU(), engine)
	server := w.open(t)
	me := w.newMember()
	p := browser.Open(t).Page(t, browser.Options{})
	signIn(p, server, me)
	for i, one := range trades {
		p.Go(server.URL + workshop + one.lesson)
		write(p, one.wrong)
		p.See("Kept in your account.")
		p.Click(browser.Button("Hand in").Within("#finish"))
		p.See("Handed in. It is being checked on this site")
		w.work(t, func() bool { return w.judged(me, one.lesson) })
		p.See("Checked on this site: 0 of 1 pass.")
		if text := p.Text(browser.CSS("[data-tests]")); !strings.Contains(text, one.why) {
			t.Errorf("%s: the test that did not pass says %q", one.lesson, text)
		}
		write(p, one.right)
		p.See("Kept in your account.")
		p.Click(browser.Button("Hand in").Within("#finish"))
		w.work(t, func() bool { return len(w.items(me, "lesson-done")) == i+1 })
		p.See("Checked on this site: every test passes. The lesson is done.")
		p.See("Your solution was checked on this site.")
	}
	for _, done := range w.items(me, "lesson-done") {
		if !strings.Contains(string(done.Value), `"engine":"chromium"`) {
			t.Errorf("checked with something else: %s", done.Value)
		}
	}
}

// judged tells whether there is a verdict on what a member handed in.
func (w *world) judged(me vault.OwnerID, lesson string) bool {
	return slices.ContainsFunc(w.items(me, "lesson-version"), func(v vault.Item) bool {
		return strings.Contains(string(v.Value), `"lesson":"workshop/`+lesson+`"`) && strings.Contains(string(v.Value), `"verdict"`)
	})
}
