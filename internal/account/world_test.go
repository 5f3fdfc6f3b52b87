package account

import (
	"context"
	"database/sql"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/internal/page/pagetest"
	"kept/vault"
	"kept/vault/vaulttest"
	"kept/web"
)

// world is the feature on everything that it stands on, behind a server with
// TLS, so that cookies are those of a real site.
type world struct {
	t      testing.TB
	a      *Account
	db     *db.DB
	v      *vault.Vault
	jobs   *job.Queue
	outbox *mail.Outbox
	site   *page.Site
	server *httptest.Server
	now    time.Time
	from   netip.Addr // where requests come from
}

// base is the address that the site believes to have.
const base = "https://kept.example"

// each runs a test on both engines.
func each(t *testing.T, test func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(newWorld(t, d, base)) })
}

func newWorld(t testing.TB, d *db.DB, base string) *world {
	t.Helper()
	w := &world{t: t, db: d, now: time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC), from: netip.MustParseAddr("192.0.2.7")}
	reg := vault.NewRegistry()
	a, err := New(reg, Config{Community: "Harbour Code School", Age: 16,
		Client: func(*http.Request) netip.Addr { return w.from },
		Links:  []page.Link{{Path: "/you/data", Text: "Your data"}}})
	w.must(err)
	letters := mail.Declare(reg, "")
	dialect := vault.SQLite
	if d.Engine == db.PostgreSQL {
		dialect = vault.PostgreSQL
	}
	w.v = vaulttest.New(t, reg, d.Write, dialect, w.clock)
	w.a, w.outbox = a, mail.NewOutbox(1000, nil)
	quiet := slog.New(slog.DiscardHandler)
	w.jobs = job.New(job.Config{DB: d, Now: w.clock, Log: quiet})
	from, err := mail.ParseAddress("school@example.org")
	w.must(err)
	post, err := mail.New(mail.Config{DB: d, Vault: w.v, Kind: letters, Queue: w.jobs, Sender: w.outbox, Now: w.clock, Log: quiet,
		Site: mail.Site{Name: "Harbour Code School", URL: base, From: from, Lang: "en"}})
	w.must(err)
	signIn, signOut := Paths()
	w.site, err = page.New(page.Config{Community: "Harbour Code School", Hue: 225, Base: base, Sources: []page.Source{a.Source()},
		Static: fs.FS(web.Files), Paths: page.Paths{SignIn: signIn, SignOut: signOut}, Notices: a.Notices(), Log: quiet, Now: w.clock, Count: true})
	w.must(err)
	w.must(a.Start(feature.Services{DB: d, Vault: w.v, Jobs: w.jobs, Post: post, Site: w.site, Now: w.clock, Log: quiet}))
	w.must(w.site.Add(a.Routes()...))
	w.must(w.site.Add(w.extraRoutes()...))
	w.server = serve(w.site.Handler(a.Middleware), strings.HasPrefix(base, "https:"))
	t.Cleanup(w.server.Close)
	return w
}

func serve(h http.Handler, secure bool) *httptest.Server {
	if secure {
		return httptest.NewTLSServer(h)
	}
	return httptest.NewServer(h)
}

// extraRoutes stand for pages of other features.
func (w *world) extraRoutes() []page.Route {
	say := func(out http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(out, "hello "+MemberOf(r.Context()).Handle)
		return err
	}
	home := func(out http.ResponseWriter, r *http.Request) error { return w.a.renderSignIn(out, r, 200, nil, "") }
	return []page.Route{
		{Pattern: "GET /", Handler: home},
		{Pattern: "GET /members", Handler: Required(say)},
		{Pattern: "GET /operators", Handler: NeedRole(say, Operator)},
		{Pattern: "GET /workshop-1", Handler: NeedRole(say, Organiser, "workshop-1")},
	}
}

func (w *world) clock() time.Time { return w.now }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tx(do func(ctx context.Context, tx *sql.Tx) error) {
	w.t.Helper()
	w.must(w.db.Transact(w.t.Context(), func(tx *sql.Tx) error { return do(w.t.Context(), tx) }))
}

// advance moves the clock and does the jobs that fall due.
func (w *world) advance(d time.Duration) {
	w.t.Helper()
	w.now = w.now.Add(d)
	w.work()
}

func (w *world) work() {
	w.t.Helper()
	_, err := w.jobs.RunDue(w.t.Context())
	w.must(err)
}

// visitor is one person's browser.
type visitor struct {
	w      *world
	client *http.Client
	agent  string
}

const firefox = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"

func (w *world) visitor() *visitor {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	client := *w.server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{w, &client, firefox}
}

// reply is an answer.
type reply struct {
	t      testing.TB
	status int
	to     string
	header http.Header
	body   string
	set    map[string]*http.Cookie
}

func (b *visitor) get(path string) reply {
	b.w.t.Helper()
	return b.send(http.MethodGet, path, nil)
}

func (b *visitor) post(path string, pairs ...string) reply {
	b.w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.send(http.MethodPost, path, form)
}

func (b *visitor) send(method, path string, form url.Values) reply {
	b.w.t.Helper()
	r, err := http.NewRequestWithContext(b.w.t.Context(), method, b.w.server.URL+path, strings.NewReader(form.Encode()))
	b.w.must(err)
	r.Header.Set("User-Agent", b.agent)
	r.Header.Set("Accept-Language", "de-AT,de;q=0.8,en;q=0.5")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := b.client.Do(r)
	b.w.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	b.w.must(err)
	got := reply{b.w.t, answer.StatusCode, answer.Header.Get("Location"), answer.Header, string(body), map[string]*http.Cookie{}}
	for _, c := range answer.Cookies() {
		got.set[c.Name] = c
	}
	return got
}

// cookie is the value that the browser would send along.
func (b *visitor) cookie(name string) string {
	u, err := url.Parse(b.w.server.URL)
	b.w.must(err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d; to %q\n%s", r.status, status, r.to, r.text())
	}
	return r
}

// goes wants a redirect.
func (r reply) goes(to string) reply {
	r.t.Helper()
	if r.want(http.StatusSeeOther).to != to {
		r.t.Fatalf("goes to %q, want %q", r.to, to)
	}
	return r
}

func (r reply) page() pagetest.Node { return pagetest.ParseString(r.t, r.body) }

// text is what stands in the page itself.
func (r reply) text() string {
	for _, main := range r.page().All("main") {
		return main.Text()
	}
	return r.body
}

func (r reply) says(words string) reply {
	r.t.Helper()
	if !strings.Contains(r.text(), words) {
		r.t.Fatalf("does not say %q:\n%s", words, r.text())
	}
	return r
}

func (r reply) hides(words string) reply {
	r.t.Helper()
	if strings.Contains(r.body, words) {
		r.t.Fatalf("says %q:\n%s", words, r.text())
	}
	return r
}

// letter returns the newest mail to an address, as link (a path) and code.
func (w *world) letter(to string) (link, code string) {
	w.t.Helper()
	w.work()
	parcel, ok := w.outbox.Last(to)
	if !ok {
		w.t.Fatalf("no mail to %s", to)
	}
	links := parcel.Links()
	if len(links) != 1 {
		w.t.Fatalf("links in the mail: %q", links)
	}
	code = regexp.MustCompile(`\d{3} \d{3}`).FindString(parcel.Text)
	return strings.TrimPrefix(links[0], base), code
}

// signIn takes a fresh browser to a session by the link.
func (w *world) signIn(address string) *visitor {
	w.t.Helper()
	b := w.visitor()
	b.post("/sign-in", "email", address).goes("/sign-in/sent")
	link, _ := w.letter(address)
	b.post(link).want(http.StatusSeeOther)
	return b
}

// join makes a new member.
func (w *world) join(address, handle string) *visitor {
	w.t.Helper()
	b := w.signIn(address)
	b.post("/you/welcome", "handle", handle, "zone", "Europe/Vienna", "age", "yes").goes("/you")
	return b
}

// owner is whose account an address is; "" if nobody's.
func (w *world) owner(address string) vault.OwnerID {
	w.t.Helper()
	owner, err := w.a.kinds.addresses.OwnerOf(w.t.Context(), w.db.Read, vault.Work(toSignIn), byAddress, addressKey(address))
	if err != nil && err != vault.ErrNotFound {
		w.t.Fatal(err)
	}
	return owner
}
