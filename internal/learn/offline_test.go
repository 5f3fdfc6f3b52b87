package learn_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kept/courses"
	"kept/internal/browser"
	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// publicPages fails if the browser keeps a page that is not the same for
// everybody, or anything else that is not there for reading.
func publicPages(t *testing.T, p *browser.Page, addresses []string) {
	t.Helper()
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if u.Path != "/offline" && !strings.HasPrefix(u.Path, "/courses/") && !strings.HasPrefix(u.Path, "/static/") && !strings.HasPrefix(u.Path, "/runner/") {
			t.Errorf("the browser keeps %s", address)
		}
	}
	texts := browser.Eval[[]string](p, `(async () => {
		const texts = [];
		for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) {
			const copy = await (await caches.open(name)).match(request);
			if ((copy.headers.get("Content-Type") ?? "").startsWith("text/html")) texts.push(await copy.text());
		}
		return texts;
	})()`)
	for _, text := range texts {
		if strings.Contains(text, `action="/sign-out"`) || strings.Contains(text, "/you/page") {
			t.Errorf("a member's page is kept: %.200s", text)
		}
	}
}

// holds waits until a page is kept.
func holds(p *browser.Page, path string) {
	browser.Eval[bool](p, `(async () => {
		while (!await caches.match(`+"`"+path+"`"+`)) await new Promise((again) => setTimeout(again, 20));
		return true;
	})()`)
}

// without waits until no page of a kind is kept.
func without(p *browser.Page, kind string) {
	browser.Eval[bool](p, `(async () => {
		while ((await caches.keys()).some((name) => name.startsWith("`+kind+`"))) await new Promise((again) => setTimeout(again, 20));
		return true;
	})()`)
}

func TestBrowserReadsOpenedLessonsOffline(t *testing.T) {
	server := onSQLite(t).open(t)
	b := browser.Open(t)
	for _, options := range []browser.Options{{}, {Phone: true}} {
		t.Run(options.String(), func(t *testing.T) {
			p := b.Page(t, options)
			p.Go(server.URL + naming)
			holds(p, naming)
			p.Go(server.URL + lessons + "say-something")
			holds(p, lessons+"say-something")
			p.Offline(true)
			p.Go(server.URL + naming)
			p.See("This is the copy of")
			p.See("Names for values")
			if got := browser.Eval[string](p, `getComputedStyle(document.querySelector("h1")).fontWeight`); got != "700" {
				t.Errorf("without a connection the page has no style: %s", got)
			}
			p.Click(browser.Button("Mark as done"))
			p.See("Kept in this browser only.")
			p.Go(server.URL + lessons + "numbers") // never opened
			p.See("Lessons opened")
			p.See("Say something")
			publicPages(t, p, p.Stored().Caches)
			p.Offline(false)
			p.Go(server.URL + naming)
			p.Gone("This is the copy of")
		})
	}
}

func TestBrowserTakesACourseAlong(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{Phone: true})
	course := strings.TrimSuffix(lessons, "/")
	p.Go(server.URL + course)
	if !p.Stored().Empty() {
		t.Error("the course's page keeps something before anybody asked for it")
	}
	p.Click(browser.Button("Take this course along"))
	p.See(" pages and ")
	if !p.Stored().Empty() {
		t.Error("something was brought before the yes")
	}
	p.Click(browser.Button("Yes, keep it in this browser"))
	p.See("It is here.")
	p.Offline(true)
	for _, path := range []string{course, naming, last} {
		p.Go(server.URL + path)
		p.See("This is the copy of")
		if missing := browser.Eval[int](p, `[...document.images].filter((i) => i.complete && !i.naturalWidth).length`); missing > 0 {
			t.Errorf("%s: %d pictures are missing", path, missing)
		}
	}
	p.Go(server.URL + "/offline")
	p.See("Courses taken along")
	p.Click(browser.Button("Remove"))
	p.See("This browser holds no pages of this site.")
	p.Offline(false)
}

func TestBrowserKeepsNothingOfAMember(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	me := w.newMember()
	p := browser.Open(t).Page(t, browser.Options{})
	course := strings.TrimSuffix(lessons, "/")
	signIn(p, server, me)
	if !p.Stored().Empty() {
		t.Error("a member's browser keeps something before a lesson is opened")
	}
	p.Go(server.URL + naming)
	holds(p, naming)
	p.Go(server.URL + course)
	p.Click(browser.Button("Take this course along"))
	p.Click(browser.Button("Yes, keep it in this browser"))
	p.See("It is here.")
	p.Go(server.URL + naming)
	p.Until(`document.querySelector('form[action="/sign-out"]') !== null`) // their own page, with a connection
	publicPages(t, p, p.Stored().Caches)
	p.Follow(browser.Button("Sign out"))
	without(p, "kept-along")
	without(p, "kept-opened")
}

// A course that was taken along is brought anew where it has changed, once it
// is opened again.
func TestBrowserBringsWhatChanged(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, courses.Files); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), []course.Source{folder(t, dir)})
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	course := strings.TrimSuffix(lessons, "/")
	p.Go(server.URL + course)
	p.Click(browser.Button("Take this course along"))
	p.Click(browser.Button("Yes, keep it in this browser"))
	p.See("It is here.")
	found, err := filepath.Glob(filepath.Join(dir, "*", "01-hello.md"))
	if err != nil || len(found) != 1 {
		t.Fatalf("found %q, %v", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(found[0], append(text, "\n## News\n\nsomething new stands here\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Go(server.URL + course)
	browser.Eval[bool](p, `(async () => {
		while (!(await (await caches.match("`+lessons+`say-something")).text()).includes("something new stands here")) await new Promise((again) => setTimeout(again, 20));
		return true;
	})()`)
	p.Offline(true)
	p.Go(server.URL + lessons + "say-something")
	p.See("something new stands here")
	p.Offline(false)
}

func TestWhatIsTakenAlong(t *testing.T) {
	w := onSQLite(t)
	var list struct {
		Title, Version string
		Pages, Files   []string
		Bytes          int
	}
	get := func() {
		t.Helper()
		got := w.send("", strings.TrimSuffix(lessons, "/")+"/along.json", nil)
		if err := json.Unmarshal(got.Body.Bytes(), &list); err != nil || got.Code != http.StatusOK {
			t.Fatal(got.Code, err)
		}
	}
	get()
	if len(list.Pages) < 16 || !slices.Contains(list.Pages, naming) || list.Bytes < 50_000 {
		t.Errorf("got %+v", list)
	}
	if missing := slices.IndexFunc([]string{"/static/editor/", "/runner/client-", "/runner/frame-", "/runner/room-", "/runner/vendor/assert-"}, func(part string) bool {
		return !slices.ContainsFunc(list.Files, func(file string) bool { return strings.HasPrefix(file, part) })
	}); missing >= 0 {
		t.Errorf("part %d of what a run needs is missing in %q", missing, list.Files)
	}
	real, all := 0, w.whole(t)
	for _, path := range append(slices.Clone(list.Pages), list.Files...) {
		got := httptest.NewRecorder()
		all.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if got.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, got.Code)
		}
		real += len(unpacked(t, got))
	}
	if list.Bytes < real/2 || list.Bytes > real*2 {
		t.Errorf("it is said to be %d bytes and is %d", list.Bytes, real)
	}
	before := list.Version
	if get(); list.Version != before {
		t.Error("the version changed and nothing else did")
	}
}

// What may be kept by browsers says so; a member's pages never do.
func TestOnlyWhatIsForEverybodyMayBeKept(t *testing.T) {
	w := onSQLite(t)
	me := w.newMember()
	for _, path := range []string{naming, strings.TrimSuffix(lessons, "/")} {
		if got := w.send("", path, nil).Header().Get("Kept-For"); got != "everybody" {
			t.Errorf("%s for a visitor: %q", path, got)
		}
		if got := w.send(me, path, nil).Header(); got.Get("Kept-For") != "" || got.Get("Cache-Control") != "no-store" {
			t.Errorf("%s for a member may be kept: %v", path, got)
		}
	}
}

// The worker's bytes change with the files that pages need, and with nothing
// else: that is what makes browsers replace what they hold.
func TestTheWorkerNamesItsVersion(t *testing.T) {
	w := onSQLite(t)
	one, two := w.send("", "/worker.js", nil), w.send("", "/worker.js", nil)
	if one.Body.String() != two.Body.String() || one.Header().Get("Cache-Control") != "no-cache" {
		t.Error("the worker changes by itself, or is not asked for again")
	}
	first, _, _ := strings.Cut(one.Body.String(), "\n")
	css, err := w.site.Static("kept.css")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first, `const site = {version: "`) || !strings.Contains(first, css) {
		t.Errorf("got %s", first)
	}
}
