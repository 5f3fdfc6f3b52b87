package portfolio_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/feature"
	"kept/internal/page"
	"kept/internal/page/pagetest"
	"kept/internal/portfolio"
	"kept/vault"
	"kept/vault/vaulttest"
	"kept/web"
)

// deed and handle stand for the kinds of other features.
type deed struct {
	Sort          portfolio.Sort
	Course, Title string
	Path          string
	Lessons       int
	At            time.Time
	Code          string
	Verified      bool
}

type handle struct {
	Handle string
	Former bool
}

// house is a site with a portfolio, and as much of its neighbours as it asks for.
type house struct {
	t       testing.TB
	db      *db.DB
	vault   *vault.Vault
	site    *page.Site
	handler http.Handler
	clock   *pagetest.Clock
	f       *portfolio.Feature
	deeds   vault.Kind[deed]
	handles vault.Kind[handle]
	zone    *time.Location
}

func everyEngine(t *testing.T, test func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, newHouse(t, d)) })
}

// oneEngine is for what knows nothing of a database.
func oneEngine(t testing.TB) *house { return newHouse(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite))) }

func newHouse(t testing.TB, d *db.DB, change ...func(*page.Config)) *house {
	t.Helper()
	h := &house{t: t, db: d, clock: pagetest.NewClock(), zone: time.UTC}
	reg := vault.NewRegistry()
	h.declareNeighbours(reg)
	h.f = portfolio.New(reg, portfolio.Config{
		Community: "Harbour Code School", Hue: 225, Who: who, Required: required, OwnerOf: h.ownerOf, Deeds: h.deedsOf,
		Knows: func(l *page.Language) string { return l.Text("that you opened it today.") },
		Zone:  func(context.Context, vault.Querier, vault.OwnerID) (*time.Location, error) { return h.zone, nil },
	})
	h.vault = vaulttest.New(t, reg, d.Write, d.VaultDialect(), h.clock.Now)
	cfg := page.Config{
		Community: "Harbour Code School", Hue: 225, Base: "https://harbour.example", Sources: []page.Source{h.f.Source()}, Static: web.Files,
		Nav:     []page.Link{{Path: "/", Text: "Courses"}},
		Foot:    []page.Link{{Path: "/privacy", Text: "Privacy"}},
		Paths:   page.Paths{SignIn: "/sign-in", YourPage: "/you/page", YourData: "/you/data", SignOut: "/sign-out"},
		Notices: h.f.Notices(), Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: h.clock.Now, Count: true,
		Limits: page.Limits{PerAddress: 1e9, AddressBurst: 1e9, PerNetwork: 1e9, NetworkBurst: 1e9},
	}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if h.site, err = page.New(cfg); err != nil {
		t.Fatal(err)
	}
	h.start()
	return h
}

func (h *house) start() {
	h.t.Helper()
	err := h.f.Start(feature.Services{DB: h.db, Vault: h.vault, Site: h.site, Now: h.clock.Now})
	if err == nil {
		err = h.site.Add(h.f.Routes()...)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.handler = h.site.Handler(h.member)
}

func (h *house) declareNeighbours(reg *vault.Registry) {
	both := []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee}
	h.deeds = vault.Declare(reg, vault.Spec[deed]{Name: "deed", Sentence: "What you did.", Purposes: []string{"your page"},
		Basis: vault.Contract, Retention: vault.UntilErased(), Audience: vault.AnyoneMaySee, Audiences: both})
	h.handles = vault.Declare(reg, vault.Spec[handle]{Name: "handle", Sentence: "Your handle.", Purposes: []string{"your page"},
		Basis: vault.Contract, Retention: vault.UntilErased(), Audience: vault.AnyoneMaySee, Essential: true,
		Indexes: []vault.Index[handle]{{Name: "handle", Unique: true, Of: func(v handle) []vault.Key { return []vault.Key{{Value: v.Handle}} }}}})
}

type memberKey struct{}

func who(ctx context.Context) (portfolio.Member, bool) {
	m, ok := ctx.Value(memberKey{}).(portfolio.Member)
	return m, ok
}

func required(next page.Handler) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, ok := who(r.Context()); !ok {
			http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
			return nil
		}
		return next(w, r)
	}
}

// member stands for account's middleware: a header or cookie names the member.
func (h *house) member(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Header.Get("Test-Member")
		if c, err := r.Cookie("member"); err == nil {
			name = c.Value
		}
		if name == "" {
			next.ServeHTTP(w, r)
			return
		}
		if owner, current, err := h.ownerOf(r.Context(), h.db.Read, vault.Work("your page"), name); err == nil {
			ctx := context.WithValue(r.Context(), memberKey{}, portfolio.Member{Owner: owner, Handle: current})
			r = r.WithContext(page.WithViewer(ctx, page.Viewer{SignedIn: true, Handle: current}))
		}
		next.ServeHTTP(w, r)
	})
}

func (h *house) ownerOf(ctx context.Context, q vault.Querier, who vault.Who, name string) (vault.OwnerID, string, error) {
	rec, err := h.handles.FindOne(ctx, q, who, "handle", name)
	if err != nil || !rec.Value.Former {
		return rec.Owner, rec.Value.Handle, err
	}
	all, err := h.handles.All(ctx, q, who, rec.Owner)
	for _, other := range all {
		if !other.Value.Former {
			return rec.Owner, other.Value.Handle, err
		}
	}
	return "", "", errors.Join(err, vault.ErrNotFound)
}

func (h *house) deedsOf(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) ([]portfolio.Deed, error) {
	all, err := h.deeds.All(ctx, q, who, owner)
	var deeds []portfolio.Deed
	for _, rec := range all {
		v := rec.Value
		d := portfolio.Deed{Kind: "deed", ID: rec.ID, Sort: v.Sort, Lesson: v.Title, Path: v.Path, At: v.At, Verified: v.Verified, Audience: rec.Audience}
		if v.Course != "" {
			d.Course = portfolio.Course{Title: v.Course, Path: "/courses/" + strings.ToLower(strings.ReplaceAll(v.Course, " ", "-")), Lessons: v.Lessons}
		}
		if v.Code != "" {
			d.Solution = []portfolio.File{{Name: "main.js", Text: v.Code}}
		}
		deeds = append(deeds, d)
	}
	return deeds, err
}

func (h *house) tx(do func(ctx context.Context, tx *sql.Tx) error) {
	h.t.Helper()
	ctx := context.Background()
	if err := h.db.Transact(ctx, func(tx *sql.Tx) error { return do(ctx, tx) }); err != nil {
		h.t.Fatal(err)
	}
}

// join makes a member with a handle and nothing else.
func (h *house) join(name string) (owner vault.OwnerID) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		if owner, err = h.vault.NewOwner(ctx, tx, vault.Person, vault.Never); err != nil {
			return err
		}
		_, err = h.handles.Put(ctx, tx, vault.Self(owner), vault.Record[handle]{Owner: owner, Value: handle{Handle: name}})
		return err
	})
	return owner
}

func (h *house) rename(owner vault.OwnerID, old, name string) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx *sql.Tx) error {
		rec, err := h.handles.FindOne(ctx, tx, vault.Self(owner), "handle", old)
		if err != nil {
			return err
		}
		rec.Value.Former = true
		if _, err = h.handles.Put(ctx, tx, vault.Self(owner), rec); err != nil {
			return err
		}
		_, err = h.handles.Put(ctx, tx, vault.Self(owner), vault.Record[handle]{Owner: owner, Value: handle{Handle: name}})
		return err
	})
}

func (h *house) setOpen(owner vault.OwnerID, open bool) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx *sql.Tx) error { return h.vault.SetOpen(ctx, tx, owner, open) })
}

func (h *house) did(owner vault.OwnerID, deeds ...deed) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx *sql.Tx) error {
		var all []vault.Record[deed]
		for _, d := range deeds {
			all = append(all, vault.Record[deed]{Owner: owner, Value: d})
		}
		return h.deeds.PutAll(ctx, tx, vault.Self(owner), all)
	})
}

func (h *house) hide(owner vault.OwnerID, kind, id string, seen vault.Audience) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx *sql.Tx) error {
		return h.vault.Subject(owner).SetAudience(ctx, tx, kind, id, seen)
	})
}

// ask sends a request; as is the member's handle, or empty for a stranger.
func (h *house) ask(method, path, as string, body io.Reader, kind string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest(method, path, body)
	if as != "" {
		r.Header.Set("Test-Member", as)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func (h *house) get(path, as string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.ask("GET", path, as, nil, "")
}

func (h *house) post(path, as string, fields ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return h.ask("POST", path, as, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded")
}

// mustPost fails the test unless the form was taken.
func (h *house) mustPost(path, as string, fields ...string) {
	h.t.Helper()
	if w := h.post(path, as, fields...); w.Code != http.StatusSeeOther {
		h.t.Fatalf("POST %s: status %d\n%s", path, w.Code, w.Body)
	}
}

func (h *house) records(owner vault.OwnerID, kind string) []vault.Item {
	h.t.Helper()
	items, err := h.vault.Subject(owner).Page(context.Background(), h.db.Read, kind, "", "", 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	return items
}

func details(name, location, about string) []string {
	return []string{"name", name, "name-seen", "anyone", "name-rev", "0", "location", location, "location-seen", "anyone", "location-rev", "0",
		"about", about, "about-seen", "anyone", "about-rev", "0"}
}

// photo is a picture of two colours, wider than high.
func photo(w, h int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), 90, 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// learner makes a member with n lessons, a tenth of them solved.
func (h *house) learner(name string, n int) vault.OwnerID {
	h.t.Helper()
	owner := h.join(name)
	courses := []string{"First steps in JavaScript", "Working with data", "Git from zero", "Programs that talk", "Small machines"}
	var all []deed
	for i := range n {
		c := i * len(courses) / n
		at := h.clock.Now().AddDate(0, 0, -350+i*340/n).Add(-time.Duration(i%7) * time.Hour)
		d := deed{Course: courses[c], Title: fmt.Sprintf("Lesson %d: the longest word", i), Path: fmt.Sprintf("/courses/c%d/l%d-longest", c, i), Lessons: n/len(courses) + c%2, At: at}
		all = append(all, d)
		if i%10 == 9 {
			d.Sort, d.Code, d.Verified = portfolio.Solved, fmt.Sprintf("// adds up\nfunction fare(adults, children) {\n  return adults * %d + \"x\";\n}\n", i), i%20 == 9
			all[i] = d
		}
	}
	h.did(owner, all...)
	return owner
}
