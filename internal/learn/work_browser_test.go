package learn_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"kept/internal/browser"
	"kept/internal/check"
)

// inEditor waits until the editor holds a text.
func inEditor(p *browser.Page, text string) {
	p.Until(`document.querySelector("#f0").value === ` + quoted(text))
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// typed is an entry of what a browser keeps of code, as web/progress.js
// describes it.
type typed struct {
	Who, Lesson, Course, Path, Title, Changed, Base, Key string
	Files                                                map[string]string
	Dirty, Conflict                                      bool
	At                                                   int64
}

func typedHere(p *browser.Page) []typed { return browser.Eval[[]typed](p, `window.kept.code.all()`) }

// untilTrue waits until the promise of an expression brings something true.
func untilTrue(p *browser.Page, promise string) {
	browser.Eval[any](p, `(async () => { while (!await (`+promise+`)) await new Promise((again) => setTimeout(again, 20)); return null; })()`)
}

// engine gives the world the engine that checks JavaScript in child processes.
func (w *world) engine(t *testing.T) {
	t.Helper()
	js := check.NewJavaScript(t.TempDir())
	t.Cleanup(func() { js.Close() })
	w.judge.Judge = check.NewPool(runtime.NumCPU(), js)
}

// solution is code that passes every test of "Names for values".
func (w *world) solution(t *testing.T) string {
	t.Helper()
	p, ok := w.library.Catalogue().Lesson("first-steps-in-javascript", "names-for-values")
	if !ok {
		t.Fatal("no lesson")
	}
	return p.Lesson.In().Exercise.Solutions[0][0].Text
}

// toEditor scrolls to the editor, which is when it is loaded.
func toEditor(p *browser.Page) {
	browser.Eval[any](p, `document.querySelector("#code").scrollIntoView()`)
	p.Until(`document.querySelector(".cm-content") !== null`)
}

// write replaces what stands in the editor, as pasting does.
func write(p *browser.Page, text string) {
	toEditor(p)
	p.Focus(browser.CSS(".cm-content"))
	p.Press("Control+a")
	browser.Eval[any](p, `(() => {
		const clipboardData = new DataTransfer();
		clipboardData.setData("text/plain", `+quoted(text)+`);
		document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
	})()`)
	p.Until(`document.querySelector("#f0").value.trim() === ` + quoted(strings.TrimSpace(text)))
}

// work does the jobs that are due while a page waits for them. One that failed,
// as on a machine so busy that an engine did not start in time, is tried again
// when the clock says so; that is put forward.
func (w *world) work(t *testing.T, until func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for !until() {
		n, err := w.jobs.RunDue(ctx)
		if err != nil {
			t.Fatal("the check did not come to an end: ", err)
		}
		if n > 0 {
			w.clock.Add(time.Minute)
		}
		runtime.Gosched()
	}
}

func TestBrowserFailsSeesWhyAndPasses(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{Phone: true})
	p.Go(server.URL + naming)
	write(p, "const people = 4;")
	p.Click(browser.Button("Run tests"))
	p.See("Ran in this browser.")
	if text := p.Text(browser.CSS("[data-tests]")); !strings.Contains(text, "Not yet:") {
		t.Errorf("the tests say %q", text)
	}
	if text := p.Text(browser.CSS("[data-tests]")); !strings.Contains(text, "there is no name lunch yet") || !strings.Contains(text, "Multiply ticket by people") {
		t.Errorf("tests that did not pass say %q", text)
	}
	browser.Axe(t, p)
	p.Click(browser.Button("Start over"))
	write(p, w.solution(t))
	p.Press("Control+Enter")
	p.See("Every test passes: the lesson is done. Kept in this browser only.")
	if text := strings.TrimSpace(p.Text(browser.CSS("[data-console]"))); text != "78" {
		t.Errorf("the console shows %q, want what the code prints, once", text)
	}
	if have := kept(t, p).Lessons[course1+"names-for-values"]; have.Done == "" || !have.Passed {
		t.Errorf("kept %+v", have)
	}
	if problems := p.Problems(); len(problems) > 0 {
		t.Errorf("the browser complains: %+v", problems)
	}
	p.Click(browser.Button("Start over"))
	p.Click(browser.Button("Compare with an earlier version"))
	p.Click(browser.Button("Compare"))
	if n := p.Count(".compare ins, .compare del"); n == 0 {
		t.Error("the comparison shows no difference")
	}
	browser.Axe(t, p)
	p.Click(browser.Button("Take it into the editor"))
	p.Until(`document.querySelector("#f0").value.trim() === ` + quoted(strings.TrimSpace(w.solution(t))))
	p.Click(browser.Button("Erase"))
	untilTrue(p, `window.kept.versions.all().then((all) => all.length === 0)`)
	p.Go(server.URL + "/progress")
	p.See("done on")
}

// TestBrowserMovesCodeThatLayWithProgress: what browsers kept before there was
// a database is in it after the first page, and nowhere else.
func TestBrowserMovesCodeThatLayWithProgress(t *testing.T) {
	server := onSQLite(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + "/privacy-that-is-not-there")
	browser.Eval[any](p, `localStorage.setItem("kept.progress", JSON.stringify({version: 1, lessons: {"`+course1+`names-for-values": {
		course: "first-steps-in-javascript", path: "`+naming+`", title: "Names for values", opened: "2027-03-01",
		work: {"trip.js": "let old = 1;"}, changed: "2027-03-01T10:00:00.000Z"}}}))`)
	p.Go(server.URL + naming)
	inEditor(p, "let old = 1;")
	if got := typedHere(p); len(got) != 1 || got[0].Files["trip.js"] != "let old = 1;" || got[0].Changed != "2027-03-01T10:00:00.000Z" {
		t.Errorf("the database holds %+v", got)
	}
	kept(t, p) // refuses entries that hold code
}

func TestBrowserTypesOffline(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{Phone: true})
	p.Go(server.URL + naming)
	holdsAll(p, naming)
	write(p, "let before = 1;")
	p.Offline(true)
	write(p, "let offline = 1;")
	p.See("Kept in this browser.")
	p.Reload()
	p.See("This is the copy of")
	inEditor(p, "let offline = 1;")
	write(p, "let still = 1;")
	p.Reload() // before the moment is over
	inEditor(p, "let still = 1;")
	p.Offline(false)
	p.Reload()
	p.Gone("This is the copy of")
	inEditor(p, "let still = 1;")
}

// TestBrowserKeepsBothWhenTypedEarly: whoever types before the page has looked
// at what it kept gets that back, and loses neither.
func TestBrowserKeepsBothWhenTypedEarly(t *testing.T) {
	g := &gate{next: onSQLite(t).whole(t), held: make(chan struct{}), holds: func(path string) bool { return strings.HasPrefix(path, "/static/bench-") }}
	server := g.open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + "/progress")
	browser.Eval[any](p, `window.kept.code.put({who: "", lesson: "`+course1+`names-for-values", course: "first-steps-in-javascript", path: "`+naming+`",
		title: "Names for values", files: {"trip.js": "let kept = 1;"}, changed: new Date().toISOString(), dirty: true, base: "", at: 0, key: ""})`)
	browser.Eval[any](p, `{location.href = "`+naming+`"; null}`)
	p.Until(`location.pathname === "` + naming + `" && document.querySelector("#f0") !== null`)
	p.Type(browser.CSS("#f0"), "let early = 1;")
	close(g.held)
	inEditor(p, "let kept = 1;")
	p.Click(browser.Button("Bring my code back"))
	inEditor(p, "let early = 1;")
	p.Until(`document.querySelectorAll("[data-versions] [data-list] li").length === 1`)
}

func TestBrowserMemberGoesOfflineAndASecondBrowserChooses(t *testing.T) {
	w := onSQLite(t)
	w.engine(t)
	server := w.open(t)
	b, me := browser.Open(t), w.newMember()
	phone, laptop := b.Page(t, browser.Options{Phone: true}), b.Page(t, browser.Options{})
	for _, p := range []*browser.Page{phone, laptop} {
		signIn(p, server, me)
		p.Go(server.URL + naming)
		holds(p, naming)
	}
	write(phone, "let both = 1;")
	phone.See("Kept in your account.")
	laptop.Reload()
	inEditor(laptop, "let both = 1;")

	phone.Offline(true)
	write(phone, "let phone = 1;")
	phone.See("It goes to your account once there is a connection.")
	phone.Reload()
	inEditor(phone, "let phone = 1;")
	write(laptop, "let laptop = 1;")
	laptop.See("Kept in your account.")
	phone.Offline(false)
	phone.Reload()
	phone.See("Which code do you go on with?")
	phone.See("typed in this browser")
	browser.Axe(t, phone)
	if len(w.items(me, "lesson-work")) != 1 || !strings.Contains(string(w.items(me, "lesson-work")[0].Value), "let laptop = 1;") {
		t.Error("the code of the laptop is not in its place")
	}
	phone.Follow(browser.CSS(`[data-choice] button:has([data-mine]:not([hidden]))`))
	inEditor(phone, "let phone = 1;")
	laptop.Reload()
	inEditor(laptop, "let phone = 1;")
	if got := len(w.items(me, "lesson-version")); got != 1 {
		t.Errorf("%d versions; want the code that was not chosen", got)
	}

	write(laptop, w.solution(t))
	laptop.Click(browser.Button("Run tests"))
	laptop.See("All 6 tests pass.")
	laptop.Click(browser.Button("Hand in").Within("[data-bar]"))
	w.work(t, func() bool { return len(w.items(me, "lesson-done")) == 1 })
	laptop.See("Checked on this site: every test passes. The lesson is done.")
	laptop.See("Your solution was checked on this site.")
	if !w.counts(me) {
		t.Error("the lesson does not count")
	}
	laptop.Reload()
	laptop.Until(`document.querySelector("#f0").value.trim() === ` + quoted(strings.TrimSpace(w.solution(t))))
	if got := len(w.items(me, "lesson-work")); got != 0 {
		t.Errorf("%d drafts beside the solution", got)
	}

	laptop.Follow(browser.Link("Reset this lesson"))
	browser.Axe(t, laptop)
	laptop.Follow(browser.Button("Set it aside"))
	laptop.See("is erased at the end of 15 March 2027")
	browser.Axe(t, laptop)
	laptop.Follow(browser.Button("Bring it back"))
	if !w.counts(me) {
		t.Error("what was brought back does not count any more")
	}
}

func TestBrowserEditorByKeyboard(t *testing.T) {
	server := onSQLite(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + naming)
	write(p, "x")
	p.Press("Tab")
	p.Until(`document.querySelector("#f0").value === "  x"`)
	p.See("leaves the editor.")
	p.Press("Escape")
	if _, name := p.Focused(); name != "Run tests" {
		t.Errorf("after Esc the focus is on %q", name)
	}
	p.Press("Shift+Tab")
	if _, name := p.Focused(); name == "trip.js" {
		t.Error("the keyboard is caught in the editor")
	}
}

// TestBrowserFirstKeystrokeOnASlowLine: the textarea takes the first key long
// before the editor is there, and the editor goes on with what it holds.
func TestBrowserFirstKeystrokeOnASlowLine(t *testing.T) {
	server := onSQLite(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{Phone: true})
	p.Go(server.URL + "/progress")
	const latency, speed = 150, 1.6e6 / 8 // "Fast 3G"
	p.Slow(latency, speed)
	p.Go(server.URL + "/")
	began := time.Now()
	browser.Eval[any](p, `{location.href = "`+naming+`"; null}`)
	p.Until(`location.pathname === "` + naming + `" && document.querySelector("#f0") !== null`)
	p.Focus(browser.CSS("#f0"))
	p.Press("a")
	p.Until(`document.querySelector("#f0").value.includes("a")`)
	took := time.Since(began)
	t.Logf("first keystroke after %d ms", took.Milliseconds())
	if took > time.Second {
		t.Errorf("the first keystroke took %s, want less than a second", took)
	}
	p.Until(`document.querySelector(".cm-content") !== null`)
	if browser.Eval[bool](p, `document.activeElement.classList.contains("cm-content")`) != true {
		t.Error("the editor did not take the focus over")
	}
	p.Press("b")
	p.Until(`/ab|ba/.test(document.querySelector("#f0").value)`)
}

// TestBrowserEditorIsSmall: what the editor loads for JavaScript, as it comes
// over the line, and all of its parts together.
func TestBrowserEditorIsSmall(t *testing.T) {
	const most = 200_000
	server := onSQLite(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + naming)
	toEditor(p)
	p.Until(`document.querySelector(".cm-content .k") !== null`)
	loaded := 0
	for _, address := range browser.Eval[[]string](p, `performance.getEntriesByType("resource").map((r) => r.name).filter((n) => n.includes("/static/editor/"))`) {
		loaded += packedSize(t, address)
	}
	t.Logf("the editor loads %d bytes", loaded)
	if loaded == 0 || loaded > most {
		t.Errorf("the editor loads %d bytes, want at most %d", loaded, most)
	}
}

// packedSize is how many bytes an address sends to a browser.
func packedSize(t *testing.T, address string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	n, err := io.Copy(io.Discard, got.Body)
	if err != nil || got.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%s: %q, %v", address, got.Header.Get("Content-Encoding"), err)
	}
	return int(n)
}

func TestBrowserWorkLooksRight(t *testing.T) {
	w := onSQLite(t)
	w.judge.Judge = reader{}
	server := w.open(t)
	b := browser.Open(t)
	for _, options := range looks {
		me := w.newMember()
		for i, lesson := range []string{"say-something", "numbers", "text"} {
			w.post(me, lessons+lesson+"/done", url.Values{}, http.StatusSeeOther)
			w.clock.Add(time.Duration(24*(i%2)) * time.Hour)
		}
		w.handIn(me, "wrong", "")
		w.sync(me, naming, "let other = 2;\nlet more = 3;", "x")
		p := b.Page(t, options)
		look := func(name string) {
			browser.Eval[any](p, `scrollTo(0, 0)`)
			lookAt(t, p, options, "work-"+name)
		}
		p.Go(server.URL + naming)
		toEditor(p)
		p.Until(`document.querySelector(".cm-content .k") !== null`)
		p.Click(browser.Button("Run tests"))
		p.See("Ran in this browser.")
		look("visitor")
		holdsAll(p, naming)
		p.Offline(true)
		p.Reload()
		p.See("This is the copy of")
		write(p, "const people = 4;")
		p.Press("Control+Enter")
		p.See("Ran in this browser.")
		look("offline")
		p.Click(browser.Button("Start over"))
		untilTrue(p, `window.kept.code.all().then((all) => all.length === 0)`)
		p.Offline(false)
		signIn(p, server, me)
		p.Go(server.URL + naming)
		toEditor(p)
		look("choice")
		for _, one := range [][2]string{{"versions", "/learn/first-steps-in-javascript/names-for-values/versions"}, {"reset", "/progress/reset?course=first-steps-in-javascript"}, {"progress", "/progress"}, {"stops", "/learn/first-steps-in-javascript/stops"}} {
			p.Go(server.URL + one[1])
			look(one[0])
		}
	}
}
