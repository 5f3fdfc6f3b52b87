package apptest

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kept/internal/app"
	"kept/internal/browser"
	"kept/vault"
)

// looks are the ways in which every page is looked at.
var looks = []browser.Options{{Phone: true}, {Phone: true, Dark: true}, {}, {Dark: true}}

// strangersPages are those that anybody may open; membersPages need a sign-in.
var strangersPages = []string{"/", "/courses/first-steps-in-javascript", "/courses/first-steps-in-javascript/say-something",
	"/progress", "/search?q=value", "/search?q=wrzlbrmpft", "/offline", "/sign-in", "/sign-in/link/used", "/nowhere",
	"/privacy", "/privacy/versions", "/privacy/processors", "/privacy/promises", "/log",
	"/articles", "/articles/reading-an-error-message", "/articles/tags/beginning", "/articles/authors/the-authors-of-kept",
	"/podcasts", "/podcasts/small-programs-out-loud", "/podcasts/small-programs-out-loud/a-name-for-a-value",
	"/verify", "/claim", "/certifications/first-steps-in-javascript",
	"/privacy/contact", "/privacy/contact/sent", "/privacy/contact/closed", "/privacy/next", "/privacy/1", "/privacy/compare"}

var membersPages = []string{"/", "/courses/first-steps-in-javascript/say-something", "/you/page", "/you/page/stranger", "/you/page/link",
	"/you/page/project", "/you", "/you/sessions", "/you/address", "/you/handle", "/you/data", "/you/data/read",
	"/you/data/import", "/you/data/record?kind=address&id=ID", "/you/data/kind?kind=session", "/you/data/kind?kind=address", "/you/certificates",
	"/progress", "/progress/reset?course=first-steps-in-javascript", "/projects", "/operator/certificates", "/operator"}

// mostBytes is what a page may weigh, packed, without pictures, and
// mostRequests how often it may ask.
const (
	mostBytes    = 50_000
	mostRequests = 6
)

// signIn makes a new member in a real browser, by the real pages, and looks at
// each of them if look says how.
func signIn(s *Program, p *browser.Page, look func(p *browser.Page, name string)) {
	if look == nil {
		look = func(*browser.Page, string) {}
	}
	address := "b" + vault.NewID()[:8] + "@example.org"
	p.Go(s.URL + "/sign-in")
	p.Type(browser.Field("Email address"), "no address")
	browser.Eval[any](p, `document.querySelector("main form").noValidate = true`) // as an older browser sends it
	p.Follow(browser.Button("Send me a link"))
	look(p, "sign-in-wrong")
	p.Type(browser.Field("Email address"), address)
	p.Follow(browser.Button("Send me a link"))
	p.See("Look into your mail")
	look(p, "sign-in-sent")
	s.mustWork()
	parcel, _ := s.Outbox.Last(address)
	p.Go(parcel.Links()[0])
	look(p, "sign-in-link")
	p.Follow(browser.CSS("main form button.main"))
	p.See("Choose a handle")
	look(p, "welcome")
	p.Follow(browser.Button("Make my account"))
	p.See("to put right")
	look(p, "welcome-wrong")
	p.Type(browser.Field("Handle"), "h"+vault.NewID()[:8])
	p.Click(browser.CSS("main form label.pick:first-of-type input"))
	p.Follow(browser.Button("Make my account"))
	p.Until(settled)
}

// settled: past the welcome, and past the page that asks whether what lies in
// the browser is theirs, unless something does.
const settled = `location.pathname !== "/you/welcome" && !location.pathname.startsWith("/sign-in") &&
	(location.pathname !== "/you/merge" || document.querySelector("[data-ask]:not([hidden])") !== null)`

// shot is where a picture of a page goes if KEPT_SCREENSHOTS names a folder.
func shot(p *browser.Page, o browser.Options, path string) {
	folder := os.Getenv("KEPT_SCREENSHOTS")
	if folder == "" {
		return
	}
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "&", "-", "=", "-", "@", "at-").Replace(path), "-")
	if name == "" {
		name = "home"
	}
	p.Screenshot(filepath.Join(folder, name+" "+o.String()+".png"))
}

// inspect looks at one page as a designer, an auditor and a slow line would.
func inspect(t *testing.T, s *Program, p *browser.Page, o browser.Options, name string) {
	path := s.filled(t, p, name)
	p.Forget()
	status := p.Go(s.URL + path)
	shot(p, o, name)
	upright(t, p, path)
	if hosts := p.OtherHosts(strings.TrimPrefix(s.URL, "http://")); len(hosts) > 0 {
		t.Errorf("%s asks %v", path, hosts)
	}
	for _, problem := range p.Problems() {
		if status < http.StatusBadRequest {
			t.Errorf("%s: %s: %s", path, problem.Kind, problem.Text)
		}
	}
	weigh(t, p, path)
}

// upright holds a page to what axe-core asks and to the width of the window.
func upright(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	browser.Axe(t, p)
	if wide := browser.Eval[bool](p, `document.documentElement.scrollWidth > document.documentElement.clientWidth`); wide {
		t.Errorf("%s is wider than the window", name)
	}
}

// weigh holds a page to its budget.
func weigh(t *testing.T, p *browser.Page, path string) {
	bytes := browser.Eval[float64](p, `performance.getEntriesByType("navigation")[0].encodedBodySize +
		performance.getEntriesByType("resource").filter(r => r.initiatorType !== "img").reduce((n, r) => n + r.encodedBodySize, 0)`)
	if bytes > mostBytes {
		t.Errorf("%s weighs %.0f bytes", path, bytes)
	}
	if n := asked(p); n > mostRequests {
		t.Errorf("%s asks %d times", path, n)
	}
}

// asked is how often the page asked the server, but for the icon of the site,
// which a browser asks for once.
func asked(p *browser.Page) (n int) {
	for _, r := range p.Requests() {
		if r.Host() != "" && r.Type != "Other" {
			n++
		}
	}
	return n
}

func TestBrowserEveryPage(t *testing.T) {
	b := browser.Open(t)
	for _, o := range looks {
		t.Run(o.String(), func(t *testing.T) {
			s := Start(t, app.ScratchOptions{})
			p := b.Page(t, o)
			p.PastWorkers()
			for _, path := range strangersPages {
				inspect(t, s, p, o, path)
			}
			if n := len(p.Cookies()); n > 0 {
				t.Errorf("a stranger has %d cookies", n)
			}
			signIn(s, p, nil)
			s.makeOperator(t, p, o)
			for _, path := range membersPages {
				inspect(t, s, p, o, path)
			}
		})
	}
}

// makeOperator opens a first-run link, as the first operator does.
func (s *Program) makeOperator(t *testing.T, p *browser.Page, o browser.Options) {
	t.Helper()
	link, err := s.FirstRun(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.Go(link)
	shot(p, o, "first-run")
	upright(t, p, "first-run")
	p.Click(browser.CSS("main form button"))
	p.Until(`!location.pathname.includes("first-run")`)
}

// filled puts the id of a record into a path that needs one.
func (s *Program) filled(t *testing.T, p *browser.Page, path string) string {
	if !strings.Contains(path, "ID") {
		return path
	}
	p.Go(s.URL + "/you/data?kind=address")
	link := p.Attr(browser.CSS("table.rows tbody a"), "href")
	return link
}
