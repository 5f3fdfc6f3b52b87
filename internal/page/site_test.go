package page_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/internal/page/pagetest"
	"kept/web"
)

// lockedBuffer is a log that a server's goroutines may write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// sample is a site with a few pages of every sort.
type sample struct {
	*page.Site
	handler http.Handler
	clock   *pagetest.Clock
	log     *lockedBuffer
}

func config(clock *pagetest.Clock, log io.Writer) page.Config {
	return page.Config{
		Community: "Harbour Code School", Hue: 150, Base: "https://harbour.example",
		Sources: []page.Source{{Name: "sample", Files: os.DirFS("testdata/sample")}},
		Static:  web.Files,
		Nav:     []page.Link{{Path: "/lesson", Text: "Courses"}, {Path: "/plain", Text: "Workshops"}},
		Foot:    []page.Link{{Path: "/promises", Live: func(l *page.Language) string { return l.Text("%d promises, tried last night", 51) }}, {Path: "/privacy", Text: "Privacy"}},
		Paths:   page.Paths{SignIn: "/sign-in", YourPage: "/you", YourData: "/you/data", SignOut: "/sign-out"},
		Notices: []page.Notice{{Key: "erased", State: "Erased.", Text: "It is gone, from every backup too.", Done: true}, {Key: "plain", Text: "The policy changes."}},
		Log:     slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:     clock.Now,
	}
}

func newSample(t testing.TB, change ...func(*page.Config)) *sample {
	t.Helper()
	s := &sample{clock: pagetest.NewClock(), log: &lockedBuffer{}}
	cfg := config(s.clock, s.log)
	for _, f := range change {
		f(&cfg)
	}
	site, err := page.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Site = site
	if err := site.Add(s.routes()...); err != nil {
		t.Fatal(err)
	}
	s.handler = site.Handler(viewerFromHeader)
	return s
}

// viewerFromHeader stands for account's middleware.
func viewerFromHeader(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handle := r.Header.Get("Test-Member"); handle != "" {
			v := page.Viewer{SignedIn: true, Handle: handle, Theme: r.Header.Get("Test-Theme"), Lang: r.Header.Get("Test-Lang")}
			r = r.WithContext(page.WithViewer(r.Context(), v))
		}
		next.ServeHTTP(w, r)
	})
}

func (s *sample) routes() []page.Route {
	return []page.Route{
		{Pattern: "GET /", Handler: s.plain},
		{Pattern: "GET /plain", Handler: s.plain},
		{Pattern: "GET /lesson", Handler: s.lesson},
		{Pattern: "GET /shared", Handler: s.shared},
		{Pattern: "GET /form", Handler: func(w http.ResponseWriter, r *http.Request) error { return s.form(w, r, http.StatusOK, nil) }},
		{Pattern: "POST /sign-up", Handler: s.signUp},
		{Pattern: "POST /large", Handler: s.signUp, MaxBody: 4 << 20},
		{Pattern: "GET /broken", Handler: s.broken},
		{Pattern: "GET /silent", Handler: func(w http.ResponseWriter, r *http.Request) error {
			return s.Render(w, r, http.StatusOK, "sample/plain.html", &plainPage{})
		}},
		{Pattern: "GET /notes/{id}", Handler: func(w http.ResponseWriter, r *http.Request) error { return fault.NotFound{What: "note"} }},
		{Pattern: "PUT /notes/{id}", Handler: func(w http.ResponseWriter, r *http.Request) error { return fault.Conflict{What: "note"} }},
		{Pattern: "GET /fault/{kind}", Handler: s.fault},
		{Pattern: "GET /panic/{what}", Handler: func(w http.ResponseWriter, r *http.Request) error { panic("no such thing: " + r.PathValue("what")) }},
	}
}

type plainPage struct {
	page.Head
	At time.Time
}

func (s *sample) plain(w http.ResponseWriter, r *http.Request) error {
	p := &plainPage{At: s.clock.Now()}
	p.Title, p.Knows, p.Current = "Plain", "nothing.", "/plain"
	return s.Render(w, r, http.StatusOK, "sample/plain.html", p)
}

type lessonPage struct {
	page.Head
	Course     string
	Lessons    int
	Day        int32
	Cached     any
	Paragraphs []paragraph
}

type paragraph struct{ ID, Heading, Text, Link string }

func lesson() *lessonPage {
	p := &lessonPage{Course: "First steps in JavaScript", Lessons: 15, Day: 20896}
	p.Title, p.Description, p.Current = "Names for values", "How a program remembers.", "/lesson"
	p.Knows = "nothing on our side."
	p.Canonical, p.Image, p.Bar = "/lesson", "/lesson.png", "sample/bar"
	p.Feeds = []page.Feed{{Path: "/feed.xml", Title: "New lessons", Type: "application/atom+xml"}}
	p.Alternates = []page.Alternate{{Lang: "de", Name: "Deutsch", Path: "/de/lesson"}, {Lang: "ar", Name: "العربية", Dir: "rtl", Path: "/ar/lesson"}}
	text := strings.Repeat("Think of a luggage tag on a string & a suitcase. ", 8)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"} {
		p.Paragraphs = append(p.Paragraphs, paragraph{ID: name, Heading: "A name is a <tag>", Text: text, Link: "/glossary?word=" + name})
	}
	return p
}

func (s *sample) lesson(w http.ResponseWriter, r *http.Request) error {
	return s.Render(w, r, http.StatusOK, "sample/lesson.html", lesson())
}

func (s *sample) shared(w http.ResponseWriter, r *http.Request) error {
	return s.Shared(w, r, "/shared", "1", func() (page.Finished, error) {
		return page.Finished{Status: http.StatusOK, Name: "sample/lesson.html", Page: lesson()}, nil
	})
}

type brokenPage struct{ page.Head }

// Fail ends the template in its middle.
func (*brokenPage) Fail() (string, error) { return "", errors.New("ends here") }

func (s *sample) broken(w http.ResponseWriter, r *http.Request) error {
	p := &brokenPage{}
	p.Knows = "nothing."
	return s.Render(w, r, http.StatusOK, "sample/broken.html", p)
}

type formPage struct {
	page.Head
	Form  *page.Form
	Day   int32
	Days  []page.Option
	Roles []page.Option
}

func (s *sample) form(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	p := &formPage{Form: form, Day: 20896}
	p.Title, p.Knows, p.Wrong = "Sign up", "nothing until you press “Sign up”.", !form.OK()
	p.Days = []page.Option{{Value: "1", Label: "Tuesday 20 April"}, {Value: "2", Label: "Wednesday 21 April", Hint: "In the afternoon"}}
	p.Roles = []page.Option{{Value: "learner", Label: "Learner"}, {Value: "helper", Label: "Helper"}}
	return s.Render(w, r, status, "sample/form.html", p)
}

func (s *sample) signUp(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if !strings.Contains(form.Text("email"), "@") {
		form.Wrong("email", "Write your email address with an @, as in name@example.org.")
	}
	if len(form.All("day")) == 0 {
		form.Wrong("day", "Choose at least one day.")
	}
	if !form.OK() {
		return s.form(w, r, http.StatusUnprocessableEntity, form)
	}
	return s.Notify(w, r, "/plain", "erased")
}

func (s *sample) fault(w http.ResponseWriter, r *http.Request) error {
	switch r.PathValue("kind") {
	case "invalid":
		return fault.Invalid{Fields: []fault.Field{{Name: "x", Message: "Choose a day."}}}
	case "forbidden":
		return fault.Forbidden{What: "look"}
	case "conflict":
		return fault.Conflict{What: "handle"}
	case "too-many":
		return fault.TooMany{After: 90 * time.Second}
	}
	return errors.New("boom for " + r.PathValue("kind"))
}

// get asks the handler without a network.
func (s *sample) get(path string, headers ...string) *httptest.ResponseRecorder {
	return s.do(httptest.NewRequest("GET", path, nil), headers...)
}

func (s *sample) do(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func (s *sample) post(path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(r, headers...)
}

func read(t testing.TB, w *httptest.ResponseRecorder) pagetest.Node {
	t.Helper()
	return pagetest.Parse(t, w.Body)
}

// twoLanguages is what the program offers and German beside it.
func twoLanguages(t testing.TB) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	for name, path := range map[string]string{"en.json": "text/en.json", "de.json": "testdata/de/de.json"} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}
