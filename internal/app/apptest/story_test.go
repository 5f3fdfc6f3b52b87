package apptest

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/internal/app"
	"kept/internal/browser"
	"kept/vault"
)

// TestBrowserTheWayOfAMember goes the whole way as a person would: learns
// without being known, becomes a member, shows, hides, takes along, leaves. It
// goes two ways, and all four if pictures are asked for.
func TestBrowserTheWayOfAMember(t *testing.T) {
	b := browser.Open(t)
	ways := []browser.Options{{Phone: true, Dark: true}, {}}
	if os.Getenv("KEPT_SCREENSHOTS") != "" {
		ways = looks
	}
	for _, o := range ways {
		t.Run(o.String(), func(t *testing.T) {
			s := Start(t, app.ScratchOptions{})
			w := &walk{t: t, s: s, b: b, o: o, p: b.Page(t, o), name: "Noor" + vault.NewID()[:8]}
			w.learn()
			w.join()
			w.show()
			w.hideOne()
			w.changeHandle()
			w.changeAddress()
			w.hearOfAChange()
			w.takeAlong()
			w.leave()
		})
	}
}

// walk is one person's way.
type walk struct {
	t      *testing.T
	s      *Program
	b      *browser.Browser
	o      browser.Options
	p      *browser.Page
	name   string
	handle string
	export string // a file
}

// look checks what a page shows now, and takes its picture.
func (w *walk) look(p *browser.Page, name string) {
	w.t.Helper()
	shot(p, w.o, "way-"+name)
	upright(w.t, p, name)
}

// learn does three lessons without an account: nothing is stored but progress,
// no cookie, no request to another host.
func (w *walk) learn() {
	w.p.Go(w.s.URL + "/")
	w.p.Follow(browser.Link("Begin with lesson 1: Say something"))
	for range 3 {
		w.p.Click(browser.Button("Mark as done"))
		w.p.See("Kept in this browser only.")
		w.p.Follow(browser.CSS(".turn a:last-child"))
	}
	if cookies := w.p.Cookies(); len(cookies) > 0 {
		w.t.Errorf("learning without an account set %d cookies", len(cookies))
	}
	stored := w.p.Stored()
	if len(stored.Local) != 1 || len(stored.Session) > 0 {
		w.t.Errorf("the browser keeps %v and %v", stored.Local, stored.Session)
	}
	if hosts := w.p.OtherHosts(strings.TrimPrefix(w.s.URL, "http://")); len(hosts) > 0 {
		w.t.Errorf("lessons ask %v", hosts)
	}
}

// join signs up and takes the progress of the browser along.
func (w *walk) join() {
	signIn(w.s, w.p, w.look)
	w.p.See("Is this yours?")
	w.look(w.p, "merge")
	w.p.Click(browser.Button("Yes, take it into my account"))
	w.p.See("New in your account: 3.")
	w.look(w.p, "merged")
	w.p.Go(w.s.URL + "/courses/first-steps-in-javascript/names-for-values")
	w.p.Follow(browser.Button("Mark as done"))
	w.p.See("Done on")
}

func (w *walk) show() {
	w.p.Go(w.s.URL + "/you/page")
	w.p.Type(browser.Field("Name (if you like)"), w.name)
	w.p.Follow(browser.Button("Save these details"))
	address := browser.Eval[string](w.p, `document.querySelector("main .mono, main code").textContent`)
	_, w.handle, _ = strings.Cut(address, "@")
	if status := w.stranger("/@" + w.handle); status != http.StatusNotFound {
		w.t.Errorf("before the yes, the page answers %d", status)
	}
	w.p.Follow(browser.Link("Look at it and decide"))
	w.p.See("Nobody sees it yet.")
	w.look(w.p, "page-before-the-yes")
	w.p.Follow(browser.Button("Make my page public"))
	w.p.See("Your page is public.")
	if status, body := read(w.t, w.s.Browser(), w.s.URL+"/@"+w.handle); status != http.StatusOK || !strings.Contains(body, w.name) {
		w.t.Errorf("after the yes, the page answers %d", status)
	}
}

// stranger opens a path in a browser that knows nothing.
func (w *walk) stranger(path string) int {
	status, _ := read(w.t, w.s.Browser(), w.s.URL+path)
	return status
}

// hideOne hides a lesson that was finished, and looks as a stranger.
func (w *walk) hideOne() {
	lesson := "Names for values"
	_, before := read(w.t, w.s.Browser(), w.s.URL+"/@"+w.handle)
	w.p.Go(w.s.URL + "/you/data?kind=lesson-done")
	w.p.Click(browser.CSS(`table.rows tr:has(td:nth-child(2)):first-child form[action$="/audience"] button`))
	w.p.See("Hidden.")
	_, after := read(w.t, w.s.Browser(), w.s.URL+"/@"+w.handle)
	if strings.Count(after, "/courses/first-steps-in-javascript/") >= strings.Count(before, "/courses/first-steps-in-javascript/") {
		w.t.Errorf("hiding a lesson changed nothing for strangers (%s)", lesson)
	}
	w.p.Go(w.s.URL + "/you/page/stranger")
	w.p.See("This is what a stranger sees.")
	w.p.Go(w.s.URL + "/@" + w.handle)
	w.look(w.p, "page")
}

func (w *walk) changeHandle() {
	former := w.handle
	w.handle = "n" + vault.NewID()[:9]
	w.p.Go(w.s.URL + "/you/handle")
	w.p.Type(browser.CSS("main input[name=handle]"), w.handle)
	w.p.Follow(browser.CSS("main form button.main"))
	for _, handle := range []string{former, w.handle} {
		if status := w.stranger("/@" + handle); status != http.StatusOK {
			w.t.Errorf("/@%s answers %d", handle, status)
		}
	}
}

// changeAddress asks for another address and looks at what both addresses get.
func (w *walk) changeAddress() {
	other := "eine-ziemlich-lange-anschrift-" + vault.NewID()[:8] + "@donaudampfschifffahrtsgesellschaft.example.org"
	w.p.Go(w.s.URL + "/you/handle")
	w.look(w.p, "handle-changed")
	w.p.Go(w.s.URL + "/you/address")
	address := w.p.Text(browser.CSS("main .lead"))
	w.p.Type(browser.Field("New address"), other)
	w.p.Follow(browser.Button("Ask both addresses"))
	w.look(w.p, "address-asked")
	w.s.mustWork()
	for _, one := range [][2]string{{"address-confirm-old", address}, {"address-confirm-new", other}} {
		parcel, ok := w.s.Outbox.Last(one[1])
		if !ok {
			w.t.Fatalf("no mail came for %s", one[0])
		}
		w.p.Go(parcel.Links()[0])
		w.p.See("If that is you, say yes.")
		w.look(w.p, one[0])
	}
	w.p.Follow(browser.Button("No, change nothing"))
	w.look(w.p, "address-no")
}

// hearOfAChange lets a day pass, on which the next version of the policy is
// posted.
func (w *walk) hearOfAChange() {
	if err := w.s.Advance(w.t.Context(), 24*time.Hour); err != nil {
		w.t.Fatal(err)
	}
	for _, one := range [][2]string{{"policy-home", "/"}, {"policy-announced", "/privacy"}, {"policy-coming", "/privacy/2"},
		{"policy-versions", "/privacy/versions"}, {"policy-differences", "/privacy/compare"}} {
		w.p.Go(w.s.URL + one[1])
		w.p.See("The privacy policy changes on")
		w.look(w.p, one[0])
	}
	w.p.See("What is new is underlined")
	if _, body := read(w.t, w.s.Browser(), w.s.URL+"/"); strings.Contains(body, "The privacy policy changes on") {
		w.t.Error("strangers are told of the change above the page")
	}
}

// takeAlong downloads everything and brings it to a second site.
func (w *walk) takeAlong() {
	w.p.Go(w.s.URL + "/you/data")
	doc := browser.Eval[string](w.p, `fetch("/you/data/export").then(r => r.text())`)
	if !strings.Contains(doc, w.name) {
		w.t.Error("the download does not hold the name")
	}
	w.export = filepath.Join(w.t.TempDir(), "your-data.json")
	if err := os.WriteFile(w.export, []byte(doc), 0o600); err != nil {
		w.t.Fatal(err)
	}
	second := Start(w.t, app.ScratchOptions{})
	p := w.b.Page(w.t, w.o)
	signIn(second, p, nil)
	p.Go(second.URL + "/you/data/import")
	p.Upload(browser.CSS("#f-document"), w.export)
	p.Follow(browser.Button("Look what is in it"))
	p.See("This is what would come in")
	w.look(p, "import-preview")
	p.Follow(browser.CSS(`form[action$="/import/take"] button.main`))
	p.See("Taken over.")
	w.look(p, "import-done")
	p.Go(second.URL + "/you/data")
	p.See(w.name)
}

// leave erases everything; the page is gone and no file holds the name.
func (w *walk) leave() {
	w.p.Go(w.s.URL + "/you/data#go")
	w.look(w.p, "data")
	w.p.Type(browser.CSS("#f-handle"), "somebody-else")
	w.p.Follow(browser.Button("Erase everything"))
	w.look(w.p, "data-wrong-handle")
	w.p.Type(browser.CSS("#f-handle"), w.handle)
	w.p.Follow(browser.Button("Erase everything"))
	w.p.See("Your receipt")
	w.look(w.p, "goodbye")
	if saved := w.p.Save(browser.Link("Save the receipt")); string(saved) != browser.Eval[string](w.p, `document.querySelector(".receipt").textContent`) {
		w.t.Errorf("the receipt that is saved is not the one that is shown: %s", saved)
	}
	if status := w.stranger("/@" + w.handle); status != http.StatusNotFound {
		w.t.Errorf("after leaving, the page answers %d", status)
	}
	for _, folder := range w.s.Folders() {
		if files := filesWith(w.t, folder, w.name); len(files) > 0 {
			w.t.Errorf("the name stands in %v", files)
		}
	}
	if cookies := w.p.Cookies(); len(cookies) > 0 {
		w.t.Errorf("after leaving, the browser has %d cookies", len(cookies))
	}
}
