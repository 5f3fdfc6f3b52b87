package learn_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"kept/internal/browser"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page"
	"kept/web"
)

// gate holds some requests back until held is closed.
type gate struct {
	next  http.Handler
	held  chan struct{}
	holds func(path string) bool
	began atomic.Bool // something was held
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.holds(r.URL.Path) {
		g.began.Store(true)
		select {
		case <-g.held:
		case <-r.Context().Done():
			return
		}
	}
	g.next.ServeHTTP(w, r)
}

func (g *gate) open(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return server
}

// holdsAll waits until a lesson is kept with all that its exercise is written
// and run with.
func holdsAll(p *browser.Page, path string) {
	holds(p, path)
	browser.Eval[bool](p, `(async () => {
		const copy = new DOMParser().parseFromString(await (await caches.match(`+"`"+path+"`"+`)).text(), "text/html");
		const needs = copy.querySelector("[data-needs]").dataset.needs.split(" ");
		while (!(await Promise.all(needs.map((one) => caches.match(one)))).every(Boolean)) await new Promise((again) => setTimeout(again, 20));
		return needs.length > 5;
	})()`)
}

// unpacked is the body of an answer as a browser keeps it.
func unpacked(t *testing.T, got *httptest.ResponseRecorder) []byte {
	t.Helper()
	if got.Header().Get("Content-Encoding") != "gzip" {
		return got.Body.Bytes()
	}
	z, err := gzip.NewReader(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// walled asks the frame in which code runs, from inside, what it can reach. It
// runs as a test of a page, two levels below the lesson's page.
const walled = `(async () => {
	const {Runner} = await import(JSON.parse(document.querySelector("script[data-about]").textContent).runner);
	const place = document.createElement("div");
	document.body.append(place);
	const runner = new Runner(place);
	const verdict = await runner.run({engine: "page", files: [{name: "index.html", lang: "html", text: "<script>window.got = [];"
		+ "Object.entries({origin: () => self.origin === 'null' ? '' : self.origin, cookie: () => document.cookie, local: () => localStorage.length,"
		+ " databases: () => indexedDB.open('kept') && 'open', caches: () => caches.keys().then(() => got.push('caches'), () => {}) && '', above: () => parent.document.title, top: () => top.document.title, room: () => parent.parent.document.title,"
		+ " worker: () => navigator.serviceWorker.controller && 'controlled'}).forEach(([name, get]) => { try { const it = get(); if (it) got.push(name + ' ' + it); } catch {} });"
		+ "window.asked = fetch('" + location.origin + "/').then(() => got.push('fetch'), () => {});</scr" + "ipt>"}],
		tests: [{says: "reaches nothing", code: "await window.asked; assert.deepEqual(window.got, [])"}]});
	const frames = [...place.querySelectorAll("iframe")].map((room) => room.contentDocument.querySelector("iframe").getAttribute("sandbox"));
	runner.close();
	place.remove();
	return [verdict.passed, frames, verdict.tests[0].message, verdict.why, ...verdict.console.map((line) => line.text)].join(" ");
})()`

func TestBrowserPassesOffline(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	b := browser.Open(t)
	for _, options := range []browser.Options{{}, {Phone: true}} {
		t.Run(options.String(), func(t *testing.T) {
			p := b.Page(t, options)
			p.Go(server.URL + naming)
			holdsAll(p, naming)
			p.Offline(true)
			p.Reload()
			p.See("This is the copy of")
			write(p, "const people = 4;")
			p.Click(browser.Button("Run tests"))
			p.See("Ran in this browser.")
			if text := p.Text(browser.CSS("[data-tests]")); !strings.Contains(text, "there is no name lunch yet") {
				t.Errorf("tests that did not pass say %q", text)
			}
			write(p, w.solution(t))
			p.Press("Control+Enter")
			p.See("Every test passes: the lesson is done. Kept in this browser only.")
			if got := browser.Eval[string](p, walled); got != "true allow-scripts  " {
				t.Errorf("the frame without a connection: %s", got)
			}
			p.Reload()
			p.See("Done on")
			p.Until(`document.querySelector("#f0").value.trim() === ` + quoted(strings.TrimSpace(w.solution(t))))
			if have := kept(t, p).Lessons[course1+"names-for-values"]; have.Done == "" || !have.Passed {
				t.Errorf("kept %+v", have)
			}
			p.Offline(false)
			p.Reload()
			p.Gone("This is the copy of")
			p.See("Done on")
			if got := browser.Eval[string](p, walled); got != "true allow-scripts  " {
				t.Errorf("the frame with a connection: %s", got)
			}
		})
	}
}

// A line on which the page never ends does not keep a reader from the copy,
// with which they work as ever.
func TestBrowserSlowLineDoesNotHangWhatIsKept(t *testing.T) {
	w := onSQLite(t)
	var slow atomic.Bool
	g := &gate{next: w.whole(t), held: make(chan struct{}), holds: func(string) bool { return slow.Load() }}
	trickle := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if slow.Load() && r.URL.Path == naming { // the head comes, the rest does not
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			rw.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(rw).Flush()
			g.began.Store(true)
			<-r.Context().Done()
			return
		}
		g.ServeHTTP(rw, r)
	})
	server := httptest.NewServer(trickle)
	t.Cleanup(server.Close)
	p := browser.Open(t).Page(t, browser.Options{Phone: true})
	p.Go(server.URL + naming)
	holdsAll(p, naming)
	slow.Store(true)
	defer close(g.held)
	p.Slow(400, 50e3/8) // "2G"
	p.Go(server.URL + naming)
	p.See("This is the copy of")
	write(p, w.solution(t))
	p.Press("Control+Enter")
	p.See("Every test passes: the lesson is done.")
	if !g.began.Load() {
		t.Error("the line was not slow")
	}
}

// When the site's files change, what browsers kept of the old ones goes, and
// lessons that were opened before work without a connection all the same.
func TestBrowserKeepsWorkingAfterAnUpgrade(t *testing.T) {
	d := dbtest.Open(t, dbtest.Fresh(t, db.SQLite))
	before := newWorld(t, d, sample())
	after := newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), sample(), func(c *page.Config) { c.Static = changed(t, "kept.css", "lesson.js", "bench.js") })
	var now atomic.Pointer[http.Handler]
	old, next := before.whole(t), after.whole(t)
	now.Store(&old)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*now.Load()).ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + naming)
	holdsAll(p, naming)
	p.Go(server.URL + lessons + "say-something")
	holds(p, lessons+"say-something")
	shells := `(await caches.keys()).filter((name) => name.startsWith("kept-site ")).join()`
	first := browser.Eval[string](p, `(async () => `+shells+`)()`)
	now.Store(&next)
	p.Go(server.URL + lessons + "say-something")
	browser.Eval[any](p, `(async () => {
		await (await navigator.serviceWorker.ready).update();
		for (;;) {
			const now = `+shells+`;
			if (now !== "`+first+`" && !now.includes(",")) return null;
			await new Promise((again) => setTimeout(again, 20));
		}
	})()`)
	css, err := after.site.Static("kept.css")
	if err != nil {
		t.Fatal(err)
	}
	holds(p, css)
	p.Offline(true)
	p.Go(server.URL + naming) // not opened since
	p.See("This is the copy of")
	write(p, before.solution(t))
	p.Press("Control+Enter")
	p.See("Every test passes: the lesson is done.")
	p.Offline(false)
	p.Reload()
	p.Gone("This is the copy of")
	oldBench, err := before.site.Static("bench.js")
	if err != nil {
		t.Fatal(err)
	}
	browser.Eval[any](p, `(async () => { while (await caches.match("`+oldBench+`")) await new Promise((again) => setTimeout(again, 20)); return null; })()`)
	p.Offline(true)
	p.Reload()
	p.See("This is the copy of")
	p.Click(browser.Button("Run tests"))
	p.See("All 6 tests pass.")
}

// changed are the site's files with a line more in some of them.
func changed(t *testing.T, names ...string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	err := fs.WalkDir(web.Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(web.Files, name)
		all[name] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		all[name].Data = append(all[name].Data, "\n/* another version */\n"...)
	}
	return all
}

// A course that was taken along brings the editor, the frame and what its runs
// need, and says so in the size.
func TestBrowserPassesInACourseTakenAlong(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{Phone: true})
	p.Go(server.URL + strings.TrimSuffix(lessons, "/"))
	p.Click(browser.Button("Take this course along"))
	p.See(" pages and ")
	p.Click(browser.Button("Yes, keep it in this browser"))
	p.See("It is here.")
	p.Offline(true)
	p.Go(server.URL + naming) // for the first time
	p.See("This is the copy of")
	write(p, w.solution(t))
	p.Press("Control+Enter")
	p.See("Every test passes: the lesson is done.")
}
