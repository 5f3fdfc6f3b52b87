package project

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kept/internal/browser"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page"
	"kept/vault"
)

// browsed is a world with a server. The address /enter/as?who=NAME stands for
// signing in.
func browsed(t *testing.T) (*world, string) {
	w := newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), "http://127.0.0.1")
	enter := func(out http.ResponseWriter, r *http.Request) error {
		for owner, handle := range w.handles {
			if handle == r.URL.Query().Get("who") {
				http.SetCookie(out, &http.Cookie{Name: "who", Value: string(owner), Path: "/", HttpOnly: true})
			}
		}
		http.Redirect(out, r, "/projects", http.StatusSeeOther)
		return nil
	}
	if err := w.Site.Add(page.Route{Pattern: "GET /enter/as", Handler: enter}); err != nil {
		t.Fatal(err)
	}
	w.handler = w.Site.Handler(w.session)
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	return w, server.URL
}

const boardCode = `// The board of arrivals: ships by the hour, the next first.
const ships = [
  { name: "Aurora", at: "06:40", berth: 2 },
  { name: "Brita", at: "05:15", berth: 4 },
];

function board(list) {
  return [...list].sort((a, b) => a.at.localeCompare(b.at)).map((s) => s.at + "  " + s.name + "  berth " + s.berth).join("\n");
}
`

// furnish makes what there is to look at and returns the page of a reviewer.
func furnish(w *world) string {
	noor, kim, lee := w.join("noor"), w.helper("kim", harbour), w.helper("lee", harbour)
	w.give(kim, "helper", ScopeOf(forge), w.vault.Today()+30)
	w.upload(noor, HandInPath(board), []byte("\x89PNG\r\n\x1a\n"+strings.Repeat("x", 40_000)), "name-1", "board.js", "text-1", boardCode, "name-2", "notes.txt", "text-2", "Brita always comes early.",
		"link", "https://harbour.example/noor/board-of-arrivals", "note", "The times are strings. Is that all right?")
	item := itemPath(harbour, w.submission(noor, board).Value.Key)
	w.review(lee, item, Change, "It works, and it reads well. Two things:\n\n- two ships at the same time come in any order; sort those by **berth**\n- `board` should not know how wide a berth is\n\nStrings are fine for times of one day.")
	w.mustPost(noor, HandInPath(board), "name-1", "board.js", "text-1", boardCode, "note", "Sorted by berth now.")
	w.mustPost(noor, HandInPath(kettle), "text-1", "iron", "shown", "yes")
	for _, name := range []string{"ada", "bo"} {
		other := w.join(name)
		w.handed(other, "1")
		if name == "bo" {
			w.mustPost(lee, itemPath(harbour, w.submission(other, board).Value.Key)+"/take")
		}
	}
	w.join("empty")
	w.helper("idle", "nowhere")
	for owner, handle := range w.handles {
		if handle == "idle" {
			w.give(owner, "helper", ScopeOf(kettle), w.vault.Today()+1)
		}
	}
	w.mustPost(kim, item+"/take")
	return item
}

func TestBrowserPages(t *testing.T) {
	w, base := browsed(t)
	item := furnish(w)
	chrome := browser.Open(t)
	folder := os.Getenv("KEPT_LOOK")
	if folder == "" {
		folder = t.TempDir()
	}
	for _, device := range []browser.Options{{}, {Dark: true}, {Phone: true}, {Phone: true, Dark: true}} {
		for _, look := range []struct{ name, who, path string }{
			{"mine", "noor", "/projects"}, {"mine-empty", "empty", "/projects"}, {"project", "noor", HandInPath(board)}, {"hand-in", "empty", HandInPath(board)},
			{"queue", "kim", queuePath}, {"review", "kim", item},
		} {
			p := chrome.Page(t, device)
			p.Go(base + "/enter/as?who=" + look.who)
			if status := p.Go(base + look.path); status != http.StatusOK {
				t.Errorf("%s: status %d", look.name, status)
			}
			browser.Axe(t, p)
			if wide := browser.Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
				t.Errorf("%s on %s is %d pixels too wide", look.name, device, wide)
			}
			name := look.name + "." + strings.NewReplacer(" ", "-", ",", "").Replace(device.String()) + ".png"
			p.Screenshot(filepath.Join(folder, name))
			for _, problem := range p.Problems() {
				t.Errorf("%s: %s: %s", look.name, problem.Kind, problem.Text)
			}
		}
	}
}

// TestBrowserWithoutScripts hands in and reviews on a phone without scripts.
func TestBrowserWithoutScripts(t *testing.T) {
	w, base := browsed(t)
	noor := w.join("noor")
	w.helper("kim", harbour)
	p := browser.Open(t).Page(t, browser.Options{Phone: true, NoScript: true})
	p.Go(base + "/enter/as?who=noor")
	p.See("You have handed in nothing yet.")
	p.Go(base + HandInPath(board))
	p.Follow(browser.Button("Hand in"))
	p.See("one of them at least")
	p.Type(browser.Field("A link (if you like)"), "https://example.org/board")
	p.Follow(browser.Button("Hand in"))
	p.See("Handed in.")
	p.Go(base + "/enter/as?who=kim")
	p.Go(base + queuePath)
	p.Follow(browser.Button("Take it A board of arrivals"))
	p.See("It is yours for a day.")
	p.Click(browser.CSS("#f-verdict"))
	p.Type(browser.Field("Notes to the learner"), "Good.")
	p.Follow(browser.Button("Send the review"))
	p.See("Thank you.")
	if yes, err := w.Accepted(t.Context(), w.DB.Read, vault.Self(noor), noor, []string{board}); err != nil || !yes[board] {
		t.Errorf("accepted: %v, %v", yes, err)
	}
}
