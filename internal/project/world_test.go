package project

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kept/internal/account"
	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/vaulttest"
	"kept/web"
)

// world is a site with the feature on it. A cookie "who" stands for a session.
type world struct {
	*Feature
	t       testing.TB
	now     time.Time
	vault   *vault.Vault
	outbox  *mail.Outbox
	handler http.Handler
	base    string
	roles   map[vault.OwnerID][]account.Role
	handles map[vault.OwnerID]string
	kept    map[string][]Text // what stands in a lesson's editor
	done    map[string]int    // how many texts a person accepted, by lesson; 0 for a project
}

// harbour is a course with a project and an exercise, and forge one with a project.
const harbour, board, exercise, forge, kettle = "harbour", "board", "sum", "forge", "kettle"

func place(id, title string, kind course.Kind) *course.Lesson {
	return &course.Lesson{ID: id, Slug: id, Kind: kind, Versions: []*course.Version{{Lang: "en", Title: title, Summary: "What it is about."}}}
}

func catalogue(t testing.TB) *course.Catalogue {
	t.Helper()
	made := func(id, title string, lessons ...*course.Lesson) *course.Course {
		return &course.Course{ID: id, Slug: id, Words: []course.Words{{Lang: "en", Title: title}}, Chapters: []*course.Chapter{{ID: id, Slug: "all", Lessons: lessons}}}
	}
	library := course.NewLibrary([]course.Loader{&shelf{course.Shelf{Courses: []*course.Course{
		made(harbour, "Programs for a harbour", place(board, "A board of arrivals", course.Project), place(exercise, "Adding up", course.Exercise)),
		made(forge, "Work at the forge", place(kettle, "A kettle", course.Project))}}}}, []course.Source{{Name: "made", Root: fstest.MapFS{"made": {}}}})
	if err := library.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return library.Catalogue()
}

// shelf is a loader of courses that are made, not read.
type shelf struct{ of course.Shelf }

func (*shelf) Name() string      { return "made" }
func (*shelf) Detect(fs.FS) bool { return true }
func (s *shelf) Load(context.Context, fs.FS) (*course.Shelf, []course.Warning, error) {
	return &s.of, nil, nil
}

func everyEngine(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, newWorld(t, d)) })
}

func onSQLite(t testing.TB) *world { return newWorld(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite))) }

func newWorld(t testing.TB, d *db.DB, base ...string) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2027, 3, 14, 16, 4, 0, 0, time.UTC), outbox: mail.NewOutbox(100, nil),
		roles: map[vault.OwnerID][]account.Role{}, handles: map[vault.OwnerID]string{}, done: map[string]int{}}
	w.base = append(base, "http://harbour.example")[0]
	clock := func() time.Time { return w.now }
	reg := vault.NewRegistry()
	letters := mail.Declare(reg, "")
	taught := catalogue(t)
	feat, err := New(reg, Config{Catalogue: func() *course.Catalogue { return taught }, Who: w.who, As: w.as, Required: w.required,
		Knows:    func(*page.Language) string { return "that you opened it today." },
		AnswerBy: func(now time.Time) vault.Day { return vault.DayOf(now.AddDate(0, 1, 0)) },
		Kept: func(_ context.Context, _ vault.Querier, _ vault.OwnerID, lesson string) ([]Text, error) {
			return w.kept[lesson], nil
		},
		Stops: func(c *course.Course) string { return "/learn/" + c.Slug + "/stops" },
		Accepted: func(_ context.Context, _ *sql.Tx, _ vault.OwnerID, lesson string, code []Text) error {
			w.done[lesson] = len(code)
			return nil
		},
		Handle: func(_ context.Context, _ vault.Querier, owner vault.OwnerID) (string, error) {
			return w.handles[owner], nil
		},
		Letter: func(_ context.Context, _ vault.Querier, owner vault.OwnerID) (mail.Receiver, string, bool, error) {
			to, err := mail.ParseAddress(w.handles[owner] + "@example.org")
			return mail.Receiver{Owner: owner, Address: to}, "en", err == nil, err
		},
		GiveRole: func(_ context.Context, handle, role, scope string, until vault.Day) error {
			for owner, name := range w.handles {
				if name == handle {
					w.give(owner, role, scope, until)
				}
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	w.Feature = feat
	w.open(d, reg, letters, clock)
	return w
}

func (w *world) open(d *db.DB, reg *vault.Registry, letters mail.Kind, clock func() time.Time) {
	t := w.t
	t.Helper()
	w.vault = vaulttest.New(t, reg, d.Write, d.VaultDialect(), clock)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	site, err := page.New(page.Config{Community: "Harbour Code School", Hue: 225, Base: w.base, Sources: []page.Source{w.Source()}, Static: web.Files,
		Nav: []page.Link{{Path: "/", Text: "Courses"}}, Foot: []page.Link{{Path: "/privacy", Text: "Privacy"}}, Notices: w.Notices(),
		Paths:  page.Paths{SignIn: "/sign-in", YourPage: "/you/page", YourData: "/you/data", SignOut: "/sign-out"},
		Limits: page.Limits{PerAddress: 1e9, AddressBurst: 1e9, PerNetwork: 1e9, NetworkBurst: 1e9}, Log: log, Now: clock, Count: true})
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
	err = w.Start(feature.Services{DB: d, Vault: w.vault, Jobs: jobs, Post: post, Site: site, Now: clock, Log: log})
	if err == nil {
		err = site.Add(w.Routes()...)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.handler = site.Handler(w.session)
}

type whoKey struct{}

func (w *world) session(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("who"); err == nil && c.Value != "" {
			owner := vault.OwnerID(c.Value)
			ctx := context.WithValue(r.Context(), whoKey{}, Member{Owner: owner, Handle: w.handles[owner]})
			r = r.WithContext(page.WithViewer(ctx, page.Viewer{SignedIn: true, Handle: w.handles[owner]}))
		}
		next.ServeHTTP(out, r)
	})
}

func (w *world) who(ctx context.Context) (Member, bool) {
	m, ok := ctx.Value(whoKey{}).(Member)
	return m, ok
}

// as does what account does: a role that has ended is still named by a session
// that began before, and the vault refuses it.
func (w *world) as(ctx context.Context, role, scope string) (vault.Who, bool) {
	m, _ := w.who(ctx)
	roles := w.roles[m.Owner]
	return (&account.Member{Owner: m.Owner, Roles: roles}).As(role, scope)
}

func (w *world) required(next page.Handler) page.Handler {
	return func(out http.ResponseWriter, r *http.Request) error {
		if _, ok := w.who(r.Context()); !ok {
			http.Redirect(out, r, "/sign-in?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
			return nil
		}
		return next(out, r)
	}
}

func (w *world) give(owner vault.OwnerID, role, scope string, until vault.Day) {
	w.roles[owner] = append(w.roles[owner], account.Role{Role: role, Scope: scope, Until: until})
}

func (w *world) join(handle string) (owner vault.OwnerID) {
	w.t.Helper()
	err := w.DB.Transact(w.t.Context(), func(tx *sql.Tx) (err error) {
		owner, err = w.vault.NewOwner(w.t.Context(), tx, vault.Person, vault.Never)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.handles[owner] = handle
	return owner
}

// helper joins and helps in a course.
func (w *world) helper(handle, courseID string) vault.OwnerID {
	w.t.Helper()
	owner := w.join(handle)
	w.give(owner, account.Helper, ScopeOf(courseID), w.vault.Today()+30)
	return owner
}

func (w *world) send(owner vault.OwnerID, method, path, kind string, body io.Reader) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(method, "http://harbour.example"+path, body)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if owner != "" {
		r.AddCookie(&http.Cookie{Name: "who", Value: string(owner)})
	}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

func (w *world) get(owner vault.OwnerID, path string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.send(owner, "GET", path, "", nil)
}

// sees reads a page and fails unless it has the texts.
func (w *world) sees(owner vault.OwnerID, path string, texts ...string) string {
	w.t.Helper()
	got := w.get(owner, path)
	if got.Code != http.StatusOK {
		w.t.Fatalf("%s: status %d", path, got.Code)
	}
	for _, text := range texts {
		if !strings.Contains(got.Body.String(), text) {
			w.t.Errorf("%s does not say %q\n%s", path, text, got.Body)
		}
	}
	return got.Body.String()
}

func (w *world) post(owner vault.OwnerID, path string, fields ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return w.send(owner, "POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (w *world) mustPost(owner vault.OwnerID, path string, fields ...string) string {
	w.t.Helper()
	got := w.post(owner, path, fields...)
	if got.Code != http.StatusSeeOther {
		w.t.Fatalf("POST %s: status %d\n%s", path, got.Code, got.Body)
	}
	return got.Header().Get("Location")
}

// upload hands in a file with other fields.
func (w *world) upload(owner vault.OwnerID, path string, file []byte, fields ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			w.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", `../../evil"; filename=x.html`)
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return w.send(owner, "POST", path, form.FormDataContentType(), &body)
}

// submission reads what a member handed in for a lesson.
func (w *world) submission(owner vault.OwnerID, lessonID string) vault.Record[Submission] {
	w.t.Helper()
	rec, err := w.ofLesson(w.t.Context(), w.DB.Read, vault.Self(owner), owner, lessonID)
	if err != nil {
		w.t.Fatal(err)
	}
	return rec
}

// handed hands in code for the board, and returns the page for reviewers.
func (w *world) handed(owner vault.OwnerID, code string) string {
	w.t.Helper()
	w.mustPost(owner, HandInPath(board), "name-1", "main.js", "text-1", code)
	return itemPath(harbour, w.submission(owner, board).Value.Key)
}

func (w *world) review(owner vault.OwnerID, item string, verdict Verdict, notes string, more ...string) {
	w.t.Helper()
	w.mustPost(owner, item+"/take")
	w.mustPost(owner, item+"/verdict", append([]string{"version", "1", "verdict", string(verdict), "notes", notes}, more...)...)
}

func (w *world) work() {
	w.t.Helper()
	for range 20 {
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
