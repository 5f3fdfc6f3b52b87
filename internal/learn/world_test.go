package learn_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kept/courses"
	"kept/internal/check/frame"
	"kept/internal/course"
	"kept/internal/course/native"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/learn"
	"kept/internal/page"
	"kept/internal/page/pagetest"
	"kept/internal/prove"
	"kept/vault"
	"kept/vault/vaulttest"
	"kept/web"
)

// world is a site with the feature on it. A cookie "who" stands for a session.
type world struct {
	*learn.Feature
	t       testing.TB
	clock   *pagetest.Clock
	db      *db.DB
	vault   *vault.Vault
	site    *page.Site
	library *course.Library
	handler http.Handler
	jobs    *job.Queue
	judge   *judge
	people  *people
}

type whoKey struct{}

func whoOf(ctx context.Context) (vault.OwnerID, bool) {
	owner, ok := ctx.Value(whoKey{}).(vault.OwnerID)
	return owner, ok
}

// session stands for account's middleware.
func session(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("who"); err == nil && c.Value != "" {
			ctx := context.WithValue(r.Context(), whoKey{}, vault.OwnerID(c.Value))
			r = r.WithContext(page.WithViewer(ctx, page.Viewer{SignedIn: true, Handle: "noor"}))
		}
		next.ServeHTTP(w, r)
	})
}

// sample is the course that comes with the program.
func sample() []course.Source { return []course.Source{{Name: "sample", Root: courses.Files}} }

func newWorld(t testing.TB, d *db.DB, sources []course.Source, change ...func(*page.Config)) *world {
	t.Helper()
	return newWorldOf(t, d, []course.Loader{native.Loader{}}, sources, change...)
}

// runner is the frame in which code runs.
func runner(t testing.TB) *frame.Frame {
	t.Helper()
	f, err := frame.New()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// newWorldOf is a world with courses in any format.
func newWorldOf(t testing.TB, d *db.DB, loaders []course.Loader, sources []course.Source, change ...func(*page.Config)) *world {
	t.Helper()
	w := &world{t: t, db: d, clock: pagetest.NewClock()}
	w.library = course.NewLibrary(loaders, sources)
	if err := w.library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	reg := vault.NewRegistry()
	w.judge = &judge{}
	w.people = &people{map[vault.OwnerID]learn.Plea{}, map[vault.OwnerID]learn.Answer{}, func() vault.Day { return vault.DayOf(w.clock.Now()) }}
	w.Feature = learn.New(reg, learn.Config{Library: w.library, Who: whoOf, Judge: w.judge, Runner: runner(t), People: w.people.asPeople(),
		Knows:  func(*page.Language) string { return "that you opened it today." },
		Public: func(context.Context) ([]string, error) { return []string{"/@noor"}, nil }})
	w.vault = vaulttest.New(t, reg, d.Write, d.VaultDialect(), w.clock.Now)
	cfg := page.Config{Community: "Harbour Code School", Hue: 225, Base: "http://harbour.example", Sources: []page.Source{w.Source()}, Static: web.Files,
		Nav: []page.Link{{Path: "/", Text: "Courses"}}, Foot: []page.Link{{Path: "/privacy", Text: "Privacy"}},
		Paths: page.Paths{SignIn: "/sign-in", YourPage: "/you/page", YourData: "/you/data", SignOut: "/sign-out"},
		Log:   slog.New(slog.NewTextHandler(testLog{t}, nil)), Now: w.clock.Now, Count: true}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if w.site, err = page.New(cfg); err != nil {
		t.Fatal(err)
	}
	jobs := job.New(job.Config{DB: d, Now: w.clock.Now, Log: cfg.Log})
	w.jobs = jobs
	if err := w.Start(feature.Services{DB: d, Vault: w.vault, Jobs: jobs, Site: w.site, Now: w.clock.Now, Log: cfg.Log}); err != nil {
		t.Fatal(err)
	}
	if err := w.site.Add(w.Routes()...); err != nil {
		t.Fatal(err)
	}
	w.handler = w.site.Handler(session)
	return w
}

// testLog shows what the program logs beside the test that made it.
type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func onSQLite(t testing.TB) *world {
	t.Helper()
	return newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), sample())
}

func (w *world) newMember() vault.OwnerID {
	w.t.Helper()
	var owner vault.OwnerID
	err := w.db.Transact(w.t.Context(), func(tx *sql.Tx) (err error) {
		owner, err = w.vault.NewOwner(w.t.Context(), tx, vault.Person, vault.Never)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return owner
}

// send makes a request; a form makes it a POST. headers are pairs.
func (w *world) send(who vault.OwnerID, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if who != "" {
		r.AddCookie(&http.Cookie{Name: "who", Value: string(who)})
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

// see is the page that a reader gets; anything but 200 fails the test.
func (w *world) see(who vault.OwnerID, path string) pagetest.Node {
	w.t.Helper()
	got := w.send(who, path, nil)
	if got.Code != http.StatusOK {
		w.t.Fatalf("GET %s: status %d, want 200", path, got.Code)
	}
	return pagetest.Parse(w.t, got.Body)
}

func (w *world) post(who vault.OwnerID, path string, form url.Values, want int) *httptest.ResponseRecorder {
	w.t.Helper()
	got := w.send(who, path, form)
	if got.Code != want {
		w.t.Fatalf("POST %s: status %d, want %d; %s", path, got.Code, want, got.Body)
	}
	return got
}

func (w *world) deeds(who vault.Who, owner vault.OwnerID) []learn.Deed {
	w.t.Helper()
	deeds, err := w.Deeds(w.t.Context(), w.db.Read, who, owner)
	if err != nil {
		w.t.Fatal(err)
	}
	return deeds
}

// items are the owner's records of a kind as "your data" shows them.
func (w *world) items(owner vault.OwnerID, kind string) []vault.Item {
	w.t.Helper()
	items, err := w.vault.Subject(owner).Page(w.t.Context(), w.db.Read, kind, "", "", 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return items
}

// erase does what a member can do on "your data".
func (w *world) erase(owner vault.OwnerID, kind, id string) {
	w.t.Helper()
	err := w.db.Transact(w.t.Context(), func(tx *sql.Tx) error { return w.vault.Subject(owner).Delete(w.t.Context(), tx, kind, id) })
	if err != nil {
		w.t.Fatal(err)
	}
}

// carry exports what one has and imports it for another.
func (w *world) carry(from, to vault.OwnerID) {
	w.t.Helper()
	var document bytes.Buffer
	if err := w.vault.Export(w.t.Context(), w.db.Read, from, &document); err != nil {
		w.t.Fatal(err)
	}
	err := w.db.Transact(w.t.Context(), func(tx *sql.Tx) error {
		_, err := w.vault.Import(w.t.Context(), tx, to, &document)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// scratch is the world as a site to try promises on.
func (w *world) scratch(t *testing.T) *prove.Site {
	w.engine(t)
	server := w.open(t)
	return &prove.Site{URL: server.URL, Vault: w.vault, DB: w.db, Plants: w.Plants(),
		Work:    func(ctx context.Context) error { _, err := w.jobs.RunDue(ctx); return err },
		Browser: func() *http.Client { return &http.Client{} },
		SignIn: func(context.Context) (*prove.Member, error) {
			owner := w.newMember()
			return &prove.Member{Owner: owner, Browser: &http.Client{Transport: signedIn(owner)}}, nil
		}}
}

// signedIn sends a session with each request.
type signedIn vault.OwnerID

func (s signedIn) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.AddCookie(&http.Cookie{Name: "who", Value: string(s)})
	return http.DefaultTransport.RoundTrip(r)
}

// chapter is the slug of the sample's first chapter.
func (w *world) chapter() string { return w.library.Catalogue().Courses[0].Chapters[0].Slug }

const (
	lessons = "/courses/first-steps-in-javascript/"
	naming  = lessons + "names-for-values"
	project = lessons + "your-own-logbook"
	last    = lessons + "looking-back"
)
