package learn_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kept/internal/browser"
	"kept/vault"
)

// open serves the world to a browser. /test/sign-in?who=ID stands for signing
// in, and goes on to where a sign-in goes.
func (w *world) open(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(w.whole(t))
	t.Cleanup(server.Close)
	return server
}

// signIn signs in somebody whose browser holds nothing, and waits until the page that asks about that has gone on by itself.
func signIn(p *browser.Page, server *httptest.Server, who vault.OwnerID) {
	p.Go(server.URL + "/test/sign-in?who=" + string(who))
	p.At("/progress")
}

// whole is the world's site with what other packages add to it.
func (w *world) whole(t *testing.T) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", w.handler)
	mux.Handle("/runner/", runner(t))
	mux.HandleFunc("POST /you/data/request", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, "/progress", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /test/sign-in", func(rw http.ResponseWriter, r *http.Request) {
		http.SetCookie(rw, &http.Cookie{Name: "who", Value: r.FormValue("who"), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(rw, r, "/you/merge?next=/progress", http.StatusSeeOther)
	})
	return mux
}

// progress is what a browser keeps, as web/progress.js describes it.
type progress struct {
	Version int
	Here    map[string]string
	Lessons map[string]struct {
		Course, Path, Title, Opened, Done string
		Passed                            bool
	}
}

func kept(t *testing.T, p *browser.Page) progress {
	t.Helper()
	stored := p.Stored()
	if len(stored.Session) > 0 {
		t.Errorf("the browser keeps more than progress and pages: %+v", stored)
	}
	publicPages(t, p, stored.Caches)
	if keys := slices.Sorted(maps.Keys(stored.Local)); !slices.Equal(keys, []string{"kept.progress"}) {
		t.Errorf("local storage holds %q, want kept.progress alone", keys)
	}
	var out progress
	decoder := json.NewDecoder(strings.NewReader(stored.Local["kept.progress"]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&out); err != nil {
		t.Errorf("what is kept is not as described: %v", err)
	}
	return out
}

func TestBrowserThreeLessonsWithoutAccount(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	b := browser.Open(t)
	for _, options := range []browser.Options{{}, {Phone: true}} {
		t.Run(options.String(), func(t *testing.T) {
			p := b.Page(t, options)
			p.Go(server.URL + "/")
			if !p.Stored().Empty() {
				t.Error("the first page keeps something of a visitor")
			}
			p.Follow(browser.Link("Begin with lesson 1: Say something"))
			for range 3 {
				p.Click(browser.Button("Mark as done"))
				p.See("Kept in this browser only.")
				if _, name := p.Focused(); !strings.HasPrefix(name, "Next: ") || browser.Eval[bool](p, `document.querySelector("[data-mark]").getClientRects().length > 0`) {
					t.Errorf("after marking, the focus is on %q, or the button is still there", name)
				}
				p.Follow(browser.CSS("#finish [data-next]"))
			}
			p.At(naming)
			have := kept(t, p)
			if len(have.Lessons) != 4 || have.Here["path"] != naming {
				t.Errorf("kept %+v", have)
			}
			if len(p.Cookies()) > 0 {
				t.Errorf("%d cookies", len(p.Cookies()))
			}
			if hosts := p.OtherHosts(strings.TrimPrefix(server.URL, "http://")); len(hosts) > 0 {
				t.Errorf("other hosts were asked: %q", hosts)
			}
			if problems := p.Problems(); len(problems) > 0 {
				t.Errorf("the browser complains: %+v", problems)
			}
			p.Go(server.URL + "/")
			p.See("Go on where you were")
			if text := p.Text(browser.CSS("[data-go-on]")); !strings.Contains(text, "Names for values") || !strings.Contains(text, "3 of 16 done, kept in this browser only") {
				t.Errorf("going on says %q", text)
			}
			p.Go(server.URL + "/courses/first-steps-in-javascript")
			if got := browser.Eval[int](p, `[...document.querySelectorAll("[data-tick]")].filter((n) => n.getClientRects().length).length`); got != 3 {
				t.Errorf("%d lessons are ticked, want 3", got)
			}
			if n, err := w.vault.CountOwners(t.Context(), w.db.Read, vault.Thing); err != nil || n != 0 {
				t.Errorf("%d owners, %v", n, err)
			}
		})
	}
}

func TestBrowserKeepsWhatIsTyped(t *testing.T) {
	server := onSQLite(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + naming)
	start := browser.Eval[string](p, `document.querySelector("#f0").value`)
	p.Type(browser.Field("trip.js"), "let mine = 1;")
	p.Reload() // before the moment is over
	inEditor(p, "let mine = 1;")
	p.Click(browser.Button("Start over"))
	inEditor(p, start)
	p.Click(browser.Button("Bring my code back"))
	inEditor(p, "let mine = 1;")
	untilTrue(p, `window.kept.code.all().then((all) => all.length === 1 && all[0].files["trip.js"] === "let mine = 1;")`)
	if got := typedHere(p); len(got) != 1 || got[0].Files["trip.js"] != "let mine = 1;" || got[0].Who != "" || len(kept(t, p).Lessons) != 1 {
		t.Errorf("kept %+v", got)
	}
	p.Go(server.URL + "/progress")
	p.See("with code of yours")
	p.Click(browser.Button("Clear this browser"))
	p.Click(browser.Button("Erase it from this browser"))
	p.See("This browser holds nothing of this site.")
	if !p.Stored().Empty() {
		t.Error("something is left after clearing")
	}
}

func TestBrowserQuestionsAnswerByKeyboard(t *testing.T) {
	server := onSQLite(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + naming)
	first := browser.CSS("fieldset:nth-of-type(1) input[value='0']")
	p.Focus(first)
	p.Press(" ", "Tab", "Enter")
	p.See("The tag b stayed where it was.")
	p.Focus(first)
	p.Press("ArrowDown", "Tab", "Enter")
	p.See("Right so far: 1 of 3. Enough: 3.")
	if got := p.Text(browser.CSS("fieldset:nth-of-type(1) [data-verdict]")); !strings.Contains(got, "b was tied to the value 1") {
		t.Errorf("verdict %q", got)
	}
}

func TestBrowserWithoutScript(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	p := browser.Open(t).Page(t, browser.Options{NoScript: true, Phone: true})
	p.Go(server.URL + naming)
	p.Click(browser.CSS("fieldset:nth-of-type(1) summary"))
	p.See("The tag b stayed where it was.")
	p.Go(server.URL + "/test/sign-in?who=" + string(w.newMember()))
	p.Follow(browser.Link("Go on"))
	p.Go(server.URL + naming)
	p.Type(browser.Field("trip.js"), "let mine = 1;")
	p.Follow(browser.Button("Mark as done"))
	p.See("Done on 14 March 2027.")
	if got := p.Value(browser.Field("trip.js")); got != "let mine = 1;" {
		t.Errorf("the solution is %q", got)
	}
}

func TestBrowserMergesAtSignIn(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	b := browser.Open(t)
	learned := func(t *testing.T) *browser.Page {
		p := b.Page(t, browser.Options{Phone: true})
		p.Go(server.URL + lessons + "say-something")
		p.Click(browser.Button("Mark as done"))
		p.See("Kept in this browser only.")
		p.Go(server.URL + naming)
		p.Type(browser.Field("trip.js"), "let mine = 1;")
		p.See("Kept in this browser.")
		return p
	}
	t.Run("it is mine", func(t *testing.T) {
		p, me := learned(t), w.newMember()
		p.Go(server.URL + "/test/sign-in?who=" + string(me))
		p.See("Is this yours?")
		p.Click(browser.Button("Yes, take it into my account"))
		p.See("New in your account: 2. Known there already: 0.")
		if !p.Stored().Empty() {
			t.Errorf("the browser still holds %v", p.Stored().Local)
		}
		if len(w.items(me, "lesson-done")) != 1 || len(w.items(me, "lesson-work")) != 1 {
			t.Error("the account does not hold both lessons")
		}
		p.Go(server.URL + naming)
		p.Type(browser.Field("trip.js"), "let mine = 2;")
		p.See("Kept in your account.")
		if got := string(w.items(me, "lesson-work")[0].Value); !strings.Contains(got, "mine = 2") {
			t.Errorf("the account holds %s", got)
		}
		if here := typedHere(p); len(here) != 1 || here[0].Who == "" || strings.Contains(here[0].Who, string(me)) || here[0].Dirty {
			t.Errorf("the browser holds %+v; want a copy for the time until signing out", here)
		}
		browser.Eval[any](p, `fetch("/test/sign-in?who=", {redirect: "manual"}).then(() => null)`)
		p.Go(server.URL + "/")
		untilTrue(p, `indexedDB.databases().then((all) => all.length === 0)`)
	})
	t.Run("it is not mine", func(t *testing.T) {
		p, me := learned(t), w.newMember()
		p.Go(server.URL + "/test/sign-in?who=" + string(me))
		p.Click(browser.Button("No, it is not mine"))
		p.Click(browser.Button("Clear it from this browser"))
		p.See("This browser holds no lessons any more.")
		if !p.Stored().Empty() || len(w.items(me, "")) != 0 {
			t.Errorf("the browser holds %v, the account %d records", p.Stored().Local, len(w.items(me, "")))
		}
	})
	t.Run("nothing is there", func(t *testing.T) {
		p := b.Page(t, browser.Options{})
		signIn(p, server, w.newMember())
	})
	t.Run("the session ended meanwhile", func(t *testing.T) {
		p := learned(t)
		p.Go(server.URL + "/test/sign-in?who=" + string(w.newMember()))
		p.See("Is this yours?")
		w.t = t
		browser.Eval[any](p, `fetch("/test/sign-in?who=", {redirect: "manual"}).then(() => null)`)
		p.Click(browser.Button("Yes, take it into my account"))
		p.See("It could not be taken over, and is still in this browser.")
		if len(kept(t, p).Lessons) != 2 {
			t.Error("the browser lost its lessons")
		}
	})
}

// TestBrowserPagesLookRight checks every page with axe-core at every size and
// in both colours, and writes pictures into the folder that KEPT_LOOK names.
func TestBrowserPagesLookRight(t *testing.T) {
	w := onSQLite(t)
	server := w.open(t)
	me := w.newMember()
	for _, lesson := range []string{"say-something", "numbers", "text"} {
		w.post(me, lessons+lesson+"/done", url.Values{}, http.StatusSeeOther)
	}
	b := browser.Open(t)
	for _, options := range looks {
		t.Run(options.String(), func(t *testing.T) {
			p := b.Page(t, options)
			look := func(name, path, settled string) {
				p.Go(server.URL + path)
				p.Until(settled)
				lookAt(t, p, options, name)
			}
			look("home", "/", loaded)
			look("course", "/courses/first-steps-in-javascript", loaded)
			look("lesson", naming, loaded)
			toEditor(p)
			p.Click(browser.CSS("fieldset:nth-of-type(1) input[value='1']"))
			p.Click(browser.CSS("fieldset:nth-of-type(1) [data-check]"))
			p.Click(browser.CSS("fieldset:nth-of-type(2) input[value='0']"))
			p.Click(browser.CSS("fieldset:nth-of-type(2) [data-check]"))
			write(p, "let mine = 1;")
			p.See("Kept in this browser.")
			p.Click(browser.Button("Mark as done"))
			p.See("Kept in this browser only.")
			lookAt(t, p, options, "lesson-done")
			look("home-known", "/", shown("[data-go-on]"))
			look("quiz", last, loaded)
			look("progress", "/progress", shown("[data-some]"))
			look("merge", "/test/sign-in?who="+string(me), shown("[data-ask]"))
			look("member-home", "/", loaded)
			look("member-course", "/courses/first-steps-in-javascript", loaded)
			look("member-lesson", lessons+"numbers", loaded)
			look("member-progress", "/progress", shown("[data-some]"))
		})
	}
}

// looks are the ways in which pages are looked at.
var looks = []browser.Options{{}, {Dark: true}, {Phone: true}, {Phone: true, Dark: true}}

// loaded is true of every page that Go has opened.
const loaded = `document.readyState === "complete"`

// shown is true once a script has shown a part of the page.
func shown(selector string) string {
	return `document.querySelector(` + quoted(selector) + `)?.getClientRects().length > 0`
}

// lookAt checks what the page shows now, and takes a picture of it if
// KEPT_LOOK names a folder.
func lookAt(t *testing.T, p *browser.Page, o browser.Options, name string) {
	t.Helper()
	if wide := browser.Eval[int](p, "document.documentElement.scrollWidth - innerWidth"); wide > 0 {
		t.Errorf("%s, %s: %d px too wide", name, o, wide)
	}
	browser.Axe(t, p)
	if folder := os.Getenv("KEPT_LOOK"); folder != "" {
		p.Screenshot(filepath.Join(folder, strings.ReplaceAll(o.String(), " ", "-")+"-"+name+".png"))
	}
}
