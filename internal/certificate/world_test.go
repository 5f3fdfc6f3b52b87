package certificate

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/fault"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/vaulttest"
	"kept/web"
)

// world is a site with the feature on it. A cookie "who" stands for a session,
// the value "operator" for the operator's.
type world struct {
	*Feature
	t       testing.TB
	now     time.Time
	db      *db.DB
	vault   *vault.Vault
	site    *page.Site
	outbox  *mail.Outbox
	handler http.Handler
	missing []Missing
}

type whoKey struct{}

func session(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("who"); err == nil && c.Value != "" {
			ctx := context.WithValue(r.Context(), whoKey{}, c.Value)
			r = r.WithContext(page.WithViewer(ctx, page.Viewer{SignedIn: true, Handle: "noor"}))
		}
		next.ServeHTTP(w, r)
	})
}

func who(ctx context.Context) (Member, bool) {
	owner, ok := ctx.Value(whoKey{}).(string)
	return Member{Owner: vault.OwnerID(owner), Handle: "noor"}, ok
}

// certified is a certification of two lessons.
var certified = &course.Catalogue{Certifications: []*course.Certification{{ID: "programs", Slug: "programs", Lessons: []string{"a", "b"},
	Words: []course.Words{{Lang: "en", Title: "Programs", Summary: "45 lessons and two projects in JavaScript, each solution checked by running it.", AbleTo: []string{"read a program", "write one"}}}}}}

func newWorld(t testing.TB, d *db.DB, change ...func(*Config)) *world {
	t.Helper()
	return newWorldAt(t, d, time.Date(2027, 3, 14, 16, 4, 0, 0, time.UTC), change...)
}

func newWorldAt(t testing.TB, d *db.DB, now time.Time, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, db: d, now: now, outbox: mail.NewOutbox(100, nil)}
	clock := func() time.Time { return w.now }
	reg := vault.NewRegistry()
	letters := mail.Declare(reg, "")
	c := Config{Community: "Harbour Code School", Base: "http://harbour.example", Hue: 225, Language: "en", Keys: t.TempDir(), Fresh: true,
		Catalogue: func() *course.Catalogue { return certified },
		Earned: func(context.Context, vault.Querier, vault.OwnerID, []string) ([]Missing, error) {
			return w.missing, nil
		},
		Who: who,
		Required: func(next page.Handler) page.Handler {
			return func(w http.ResponseWriter, r *http.Request) error {
				if _, ok := who(r.Context()); !ok {
					http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
					return nil
				}
				return next(w, r)
			}
		},
		Operator: func(next page.Handler) page.Handler {
			return func(w http.ResponseWriter, r *http.Request) error {
				if m, _ := who(r.Context()); m.Owner != "operator" {
					return fault.NotFound{What: "page"}
				}
				return next(w, r)
			}
		},
		Knows:   func(*page.Language) string { return "that you opened it today." },
		Address: func(context.Context, vault.Querier, vault.OwnerID) (string, error) { return "noor@example.org", nil }}
	for _, f := range change {
		f(&c)
	}
	feat, err := New(reg, c)
	if err != nil {
		t.Fatal(err)
	}
	w.Feature = feat
	// The first key is made before the test's clock is known.
	w.issuer.now = clock
	if err := w.issuer.replace(keyRing{}, false); err != nil {
		t.Fatal(err)
	}
	w.open(reg, letters, clock)
	return w
}

func (w *world) open(reg *vault.Registry, letters mail.Kind, clock func() time.Time) {
	t, d := w.t, w.db
	t.Helper()
	w.vault = vaulttest.New(t, reg, d.Write, d.VaultDialect(), clock)
	log := slog.New(slog.NewTextHandler(testLog{t}, nil))
	var err error
	w.site, err = page.New(page.Config{Community: "Harbour Code School", Hue: 225, Base: "http://harbour.example", Sources: []page.Source{w.Source()}, Static: web.Files,
		Nav: []page.Link{{Path: "/", Text: "Courses"}}, Foot: []page.Link{{Path: "/privacy", Text: "Privacy"}}, Notices: w.Notices(),
		Paths: page.Paths{SignIn: "/sign-in", YourPage: "/you/page", YourData: "/you/data", SignOut: "/sign-out"}, Log: log, Now: clock, Count: true})
	if err != nil {
		t.Fatal(err)
	}
	jobs := job.New(job.Config{DB: d, Now: clock, Log: log})
	from, _ := mail.ParseAddress("kept@harbour.example")
	post, err := mail.New(mail.Config{DB: d, Vault: w.vault, Kind: letters, Queue: jobs, Sender: w.outbox,
		Site: mail.Site{Name: "Harbour Code School", URL: "http://harbour.example", From: from, Lang: "en"}, Now: clock, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(feature.Services{DB: d, Vault: w.vault, Jobs: jobs, Post: post, Site: w.site, Now: clock, Log: log}); err != nil {
		t.Fatal(err)
	}
	if err := w.site.Add(w.Routes()...); err != nil {
		t.Fatal(err)
	}
	w.handler = w.site.Handler(session)
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func onSQLite(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	return newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), change...)
}

// member makes a member whose page is public.
func (w *world) member() vault.OwnerID {
	w.t.Helper()
	var owner vault.OwnerID
	err := w.db.Transact(w.t.Context(), func(tx *sql.Tx) (err error) {
		if owner, err = w.vault.NewOwner(w.t.Context(), tx, vault.Person, vault.Never); err != nil {
			return err
		}
		return w.vault.SetOpen(w.t.Context(), tx, owner, true)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return owner
}

// ask sends a request as a member, or as a stranger if owner is empty; a form
// makes it a POST.
func (w *world) ask(owner vault.OwnerID, path string, form url.Values) *httptest.ResponseRecorder {
	w.t.Helper()
	path = strings.TrimPrefix(path, w.c.Base)
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://harbour.example"+path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if owner != "" {
		r.AddCookie(&http.Cookie{Name: "who", Value: string(owner)})
	}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

// claimed makes a member with a certificate and returns its path.
func (w *world) claimed(owner vault.OwnerID, name string) string {
	w.t.Helper()
	got := w.ask(owner, "/you/certificates/claim/programs", url.Values{"name": {name}, "whom": {"address"}, "seen": {"anyone"}, "honest": {"1"}, "do": {"sign"}})
	if got.Code != http.StatusSeeOther {
		w.t.Fatalf("claim: %d %s", got.Code, got.Body.String())
	}
	return got.Header().Get("Location")
}

func (w *world) work() {
	w.t.Helper()
	for range 50 {
		n, err := w.Jobs.RunDue(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	w.t.Fatal("the jobs do not come to an end")
}
