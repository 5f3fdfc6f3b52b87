package page_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kept/internal/page"
)

func TestProblemPages(t *testing.T) {
	s := newSample(t)
	for _, c := range []struct {
		path    string
		status  int
		heading string
		says    string
	}{
		{"/nowhere", 404, "We do not have that page", "We cannot tell you which."},
		{"/notes/7", 404, "We do not have that page", "Go to the first page"},
		{"/fault/invalid", 422, "Please look again", "Choose a day."},
		{"/fault/forbidden", 403, "This is not open to you", "sign in"},
		{"/fault/conflict", 409, "This has changed since you opened it", "Nothing was overwritten."},
		{"/fault/too-many", 429, "A moment, please", "in 90 seconds"},
		{"/fault/other", 500, "Something broke, and it was us", "this number helps: r-"},
		{"/panic/other", 500, "Something broke, and it was us", "this number helps: r-"},
	} {
		w := s.get(c.path)
		if w.Code != c.status || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d, want %d; Cache-Control %q", c.path, w.Code, c.status, w.Header().Get("Cache-Control"))
		}
		doc := read(t, w)
		if got := doc.One("main h1").Text(); got != c.heading {
			t.Errorf("%s: heading %q, want %q", c.path, got, c.heading)
		}
		if got := doc.One("main").Text(); !strings.Contains(got, c.says) {
			t.Errorf("%s: %q does not say %q", c.path, got, c.says)
		}
		doc.One("meta[name=robots][content=noindex]")
		doc.One("footer .knows")
	}
}

// The last day of a member's sign-in is kept whatever a page comes to.
func TestAMissingPageIsTrueToMembersToo(t *testing.T) {
	s := newSample(t, func(c *page.Config) {
		c.Knows = func(l *page.Language) string { return l.Text("that you opened it today.") }
	})
	for who, want := range map[string]string{"": "nothing.", "noor": "that you opened it today."} {
		w := s.get("/nowhere", "Test-Member", who)
		if got := read(t, w).One("footer .knows p").Text(); got != "What this page remembers of you: "+want {
			t.Errorf("%q is told %q", who, got)
		}
	}
}

func TestMembersAreToldWhatIsAhead(t *testing.T) {
	says := "The privacy policy changes on 7 December 2026."
	s := newSample(t, func(c *page.Config) {
		c.Ahead = page.Link{Path: "/privacy/compare", Live: func(*page.Language) string { return says }}
	})
	read(t, s.get("/plain")).None(".ahead")
	if got := read(t, s.get("/plain", "Test-Member", "noor")).One(".ahead a"); got.Text() != says || got.Attr("href") != "/privacy/compare" {
		t.Errorf("members read %q", got.Text())
	}
	says = ""
	read(t, s.get("/plain", "Test-Member", "noor")).None(".ahead")
}

func TestErrorIsLoggedOnceUnderTheNumberThatIsShown(t *testing.T) {
	for _, path := range []string{"/fault/other", "/panic/other"} {
		s := newSample(t)
		number := read(t, s.get(path)).One("main .mono").Text()
		if got := strings.Count(s.log.String(), "request="+number); got != 1 {
			t.Errorf("%s: number %s stands %d times in\n%s", path, number, got, s.log)
		}
		if !strings.Contains(s.log.String(), path[:6]) {
			t.Errorf("%s: the log does not name the route:\n%s", path, s.log)
		}
	}
}

// TestLogsHoldNoMarkers plants markers everywhere a request can carry one
// and looks for them in both logs, after answers of every sort.
func TestLogsHoldNoMarkers(t *testing.T) {
	folder := t.TempDir()
	s := newSample(t, func(c *page.Config) { c.Requests = openLog(t, folder, c.Now) })
	const marker = "zzmarkerzz"
	err := s.Add(page.Route{Pattern: "POST /echo/{id}", Handler: func(w http.ResponseWriter, r *http.Request) error {
		if _, err := page.ParseForm(r); err != nil {
			return err
		}
		return &echo{r.PathValue("id"), r.PostForm.Get("name"), r.URL.Query().Get("q"), r.RemoteAddr, r.UserAgent()}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/nowhere/", "/notes/", "/fault/", "/panic/", "/static/", "/echo/"} {
		for _, method := range []string{"GET", "POST", strings.ToUpper(marker)} {
			r := httptest.NewRequest(method, path+marker+"?q="+marker+"&"+marker, strings.NewReader("name="+marker))
			r.RemoteAddr = "203.0.113.77:4242"
			r.Host = marker + ".example"
			for _, name := range []string{"User-Agent", "Referer", "Cookie", "X-Forwarded-For", "Authorization", "Accept-Language"} {
				r.Header.Set(name, marker)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			s.do(r)
		}
	}
	requests := readLog(t, s, folder)
	for name, text := range map[string]string{"request log": requests, "error log": s.log.String()} {
		if text == "" {
			t.Errorf("%s is empty", name)
		}
		for _, planted := range []string{marker, "203.0.113.77", "4242"} {
			if strings.Contains(strings.ToLower(text), planted) {
				t.Errorf("%s holds %q:\n%s", name, planted, text)
			}
		}
	}
	if !strings.Contains(requests, "203.0.113.0/24") || !strings.Contains(requests, "/echo/{id} 500") {
		t.Errorf("request log lacks what it is for:\n%s", requests)
	}
}

// echo is an error as bad libraries make them: it repeats what it was given.
type echo [5]string

func (e *echo) Error() string {
	return "cannot parse " + e[0] + ": near '" + e[1] + "' at " + e[2] + " from " + e[3] + " by " + e[4]
}

func TestReaderWhoLeftIsNoError(t *testing.T) {
	s := newSample(t)
	r := httptest.NewRequest("GET", "/plain", nil)
	s.handler.ServeHTTP(&brokenPipe{header: http.Header{}}, r)
	if s.log.String() != "" {
		t.Errorf("logged:\n%s", s.log)
	}
}

type brokenPipe struct{ header http.Header }

func (b *brokenPipe) Header() http.Header       { return b.header }
func (b *brokenPipe) WriteHeader(int)           {}
func (b *brokenPipe) Write([]byte) (int, error) { return 0, http.ErrHandlerTimeout }

func TestProblemTellsOfTheLog(t *testing.T) {
	folder := t.TempDir()
	s := newSample(t, func(c *page.Config) { c.Requests = openLog(t, folder, c.Now) })
	if got := read(t, s.get("/nowhere")).One(".knows p").Text(); !strings.Contains(got, "deleted after 24 hours") {
		t.Errorf("counterpart says %q", got)
	}
}

func openLog(t testing.TB, folder string, now func() time.Time) *page.RequestLog {
	t.Helper()
	log, err := page.OpenRequestLog(page.RequestLogConfig{Folder: folder, Log: quiet(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}
