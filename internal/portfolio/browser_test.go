package portfolio_test

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
	"kept/internal/portfolio"
)

// browsed is a house with a server, for a browser; noor has a full page, ada an
// empty one that is not public.
func browsed(t *testing.T) (*house, string) {
	h := newHouse(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), func(c *page.Config) { c.Base = "http://127.0.0.1" })
	noor := h.learner("noor", 120)
	h.did(noor, deed{Sort: portfolio.Certificate, Title: "Programs", Path: "/certificates/1", At: h.clock.Now(), Verified: true})
	h.mustPost("/you/page/details", "noor", details("Noor Halvorsen", "Tromsø, Norway", "I mend boats by day and write *tide tables* by night.\n\n- wood\n- [code](https://code.example)")...)
	h.mustPost("/you/page/link", "noor", "label", "my blog", "address", "https://noor.example", "seen", "anyone")
	h.mustPost("/you/page/link", "noor", "label", "code", "address", "https://code.example/noor", "seen", "only me")
	h.mustPost("/you/page/project", "noor", "title", "Tide table", "what", "High and low water for every harbour of the coast, from open data.", "address", "https://tide.example", "seen", "anyone")
	h.savePhoto("noor")
	h.setOpen(noor, true)
	h.join("ada")
	if err := h.site.Add(page.Route{Pattern: "GET /enter/as", Handler: enter}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h.handler)
	t.Cleanup(server.Close)
	return h, server.URL
}

// enter stands for signing in.
func enter(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, &http.Cookie{Name: "member", Value: r.URL.Query().Get("who"), Path: "/", HttpOnly: true})
	http.Redirect(w, r, "/you/page", http.StatusSeeOther)
	return nil
}

func TestBrowserPages(t *testing.T) {
	_, base := browsed(t)
	chrome := browser.Open(t)
	folder := os.Getenv("KEPT_LOOK")
	for _, device := range []browser.Options{{}, {Dark: true}, {Phone: true}, {Phone: true, Dark: true}} {
		for name, path := range map[string]string{
			"portfolio": "/@noor", "portfolio-all": "/@noor?solutions=all", "page-editor": "/you/page", "page-stranger": "/you/page/stranger",
			"page-deeds": "/you/page/deeds?course=Git+from+zero", "page-link": "/you/page/link", "page-project": "/you/page/project",
		} {
			look(t, chrome, device, base, "noor", path, filepath.Join(folder, name+shotName(device)))
		}
		look(t, chrome, device, base, "ada", "/you/page/stranger", filepath.Join(folder, "page-stranger-empty"+shotName(device)))
		look(t, chrome, device, base, "ada", "/you/page", filepath.Join(folder, "page-editor-empty"+shotName(device)))
	}
}

func shotName(o browser.Options) string {
	return "." + strings.NewReplacer(" ", "-", ",", "").Replace(o.String()) + ".png"
}

func look(t *testing.T, chrome *browser.Browser, device browser.Options, base, who, path, shot string) {
	t.Helper()
	p := chrome.Page(t, device)
	if strings.HasPrefix(path, "/you") {
		p.Go(base + "/enter/as?who=" + who)
	}
	if status := p.Go(base + path); status != http.StatusOK {
		t.Errorf("%s: status %d", path, status)
	}
	browser.Axe(t, p)
	for _, problem := range p.Problems() {
		t.Errorf("%s: %s: %s", path, problem.Kind, problem.Text)
	}
	if wide := browser.Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		t.Errorf("%s on %s is %d pixels too wide", path, device, wide)
	}
	if os.Getenv("KEPT_LOOK") != "" {
		p.Screenshot(shot)
	}
}

func TestBrowserFirstPage(t *testing.T) {
	h, base := browsed(t)
	p := browser.Open(t).Page(t, browser.Options{Phone: true, NoScript: true})
	p.Go(base + "/enter/as?who=ada")
	p.Type(browser.Field("Name (if you like)"), "Ada L.")
	p.Follow(browser.Button("Save these details"))
	p.See("Saved.")
	p.Follow(browser.Link("Look at it and decide"))
	p.See("Nobody sees it yet.")
	p.Follow(browser.Button("Make my page public"))
	p.See("Your page is public.")
	stranger := h.get("/@ada", "")
	if stranger.Code != http.StatusOK || !strings.Contains(stranger.Body.String(), "Ada L.") {
		t.Errorf("a stranger gets %d", stranger.Code)
	}
	p.Choose(browser.Field("Who sees the name?"), "Only me")
	p.Follow(browser.Button("Save these details"))
	if strings.Contains(h.get("/@ada", "").Body.String(), "Ada L.") {
		t.Error("the name is hidden, and still shown")
	}
	p.Follow(browser.Button("Close my page"))
	if h.get("/@ada", "").Code != http.StatusNotFound {
		t.Error("the page is closed, and still shown")
	}
	if got := p.OtherHosts(strings.TrimPrefix(base, "http://")); len(got) != 0 {
		t.Errorf("asked other hosts: %v", got)
	}
}
