package apptest

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"kept/internal/account"
	"kept/internal/app"
	"kept/internal/prove"
	"kept/vault"
)

// shows says whose records a route may show, and to whom.
type shows int

const (
	nobodys shows = iota // no member's record, to nobody
	own                  // to each member their own, to others nothing
	public               // to everybody what its owner shows to anybody
)

// oracle says for every route that can be read whose records it may show. A
// route that is not listed fails the test.
var oracle = map[string]shows{
	"/{handle}": public, "/you/page/stranger": own,

	"/you": own, "/you/welcome": own, "/you/sessions": own, "/you/handle": own, "/you/address": own, "/you/merge": own,
	"/you/page": own, "/you/page/picture.jpg": own, "/you/page/link": own, "/you/page/project": own,
	"/you/page/deeds": own,
	"/you/data":       own, "/you/data/record": own, "/you/data/take": own, "/you/data/kind": own, "/you/data/export": own,
	"/you/data/read": own, "/you/data/import": own,
	// A member's own code stands in the lesson that it was written for.
	"/{$}": own, "/courses/{course}": own, "/courses/{course}/{lesson}": own, "/progress": own,
	"/learn/{course}/{lesson}/verdict": own, "/learn/{course}/{lesson}/versions": own, "/progress/reset": own, "/learn/{course}/stops": nobodys,

	"/articles": nobodys, "/articles/page/{page}": nobodys, "/articles/feed.xml": nobodys, "/articles/{article}": nobodys,
	"/articles/tags/{tag}": nobodys, "/articles/tags/{tag}/page/{page}": nobodys, "/articles/tags/{tag}/feed.xml": nobodys,
	"/articles/authors/{author}": nobodys, "/articles/authors/{author}/page/{page}": nobodys,
	"/articles/files/{folder}/{file...}": nobodys, "/podcasts": nobodys, "/podcasts/{show}": nobodys, "/podcasts/{show}/feed.xml": nobodys,
	"/podcasts/{show}/{episode}": nobodys, "/podcasts/{show}/transcripts/{file}": nobodys, "/podcasts/{show}/files/{file...}": nobodys,

	"/runner/{file}": nobodys, "/runner/vendor/{file}": nobodys,
	"/you/certificates": own, "/you/certificates/claim/{certification}": own, "/c/{id}": public, "/c/{id}/{form}": public,
	"/certifications/{certification}": nobodys, "/certificates/status/{list}": nobodys, "/certificates/template/{template}/{picture}": nobodys,
	"/.well-known/did.json": nobodys, "/.well-known/jwks.json": nobodys, "/verify": nobodys, "/claim": nobodys, "/claim/{set}": nobodys,
	"/claim/{set}/sent": nobodys, "/claimed/{token}": nobodys, "/claimed/{token}/{form}": nobodys, "/operator/certificates": nobodys,
	"/operator/certificates/preview": nobodys, "/operator/certificates/preview/{form}": nobodys,

	// Reviewers see what has the scope of their course; nothing planted has one.
	"/projects": own, "/projects/lessons/{lesson}": own, "/projects/lessons/{lesson}/file/{version}": own,
	"/projects/review": nobodys, "/projects/review/{course}/{key}": nobodys, "/projects/review/{course}/{key}/file/{version}": nobodys,

	"/operator": nobodys, "/sitemap.xml": nobodys, "/static/{file...}": nobodys, "/search": nobodys, "/search/suggest": nobodys, "/courses/{course}/files/{file...}": nobodys,
	"/courses/{course}/chapters/{chapter}": own, "/courses/{course}/along.json": nobodys, "/worker.js": nobodys, "/offline": nobodys,
	"/sign-in": nobodys, "/sign-in/sent": nobodys, "/sign-in/link/{token}": nobodys, "/sign-in/first-run/{token}": nobodys,
	"/you/address/{token}": nobodys, "/schema/export.json": nobodys,
	"/privacy": nobodys, "/privacy/{version}": nobodys, "/privacy/versions": nobodys, "/privacy/compare": nobodys,
	"/privacy/feed.xml": nobodys, "/privacy/register.json": nobodys, "/privacy/processors": nobodys, "/privacy/promises": nobodys,
	"/privacy/contact": nobodys, "/privacy/contact/sent": nobodys, "/privacy/contact/answered/{token}": nobodys,
	"/privacy/contact/closed": nobodys,
	"/privacy/next":           nobodys,
	"/log":                    nobodys, "/log/checkpoint": nobodys, "/log/export": nobodys, "/log/proof": nobodys, "/log/consistency": nobodys,
	"/.well-known/kept-receipts.json": nobodys, "/.well-known/security.txt": nobodys, "/.well-known/gpc.json": nobodys,
}

// reader is somebody who looks.
type reader struct {
	name    string
	browser *http.Client
	self    bool // the member who is looked at
}

func readers(t *testing.T, s *Program, me *prove.Member) []reader {
	t.Helper()
	withRole := func(role, scope string) *http.Client {
		m := member(t, s)
		if err := s.GiveRole(t.Context(), m.Handle, role, scope); err != nil {
			t.Fatal(err)
		}
		return m.Browser
	}
	return []reader{
		{"a stranger", s.Browser(), false},
		{"the member", me.Browser, true},
		{"another member", member(t, s).Browser, false},
		{"the operator", withRole(account.Operator, ""), false},
		{"somebody of the staff", withRole(account.Staff, ""), false},
		{"an organiser", withRole(account.Organiser, "workshop-1"), false},
	}
}

// settings are what a member chose, by chance.
type settings struct {
	open, restricted bool
	seen             map[string]vault.Audience // by marker
	items            []vault.Item
}

// choose sets open, restricted and the audience of every record by chance.
func choose(t *testing.T, s *Program, me *prove.Member, markers map[string]string, chance *rand.Rand) settings {
	t.Helper()
	c := settings{open: chance.IntN(4) > 0, restricted: chance.IntN(5) == 0, seen: map[string]vault.Audience{}}
	err := s.DB.Transact(t.Context(), func(tx *sql.Tx) error {
		if err := s.Vault.Restrict(t.Context(), tx, me.Owner, false); err != nil {
			return err
		}
		subject := s.Vault.Subject(me.Owner)
		items, err := subject.Page(t.Context(), tx, "", "", "", 1000)
		if err != nil {
			return err
		}
		c.items = items
		for _, item := range items {
			seen := item.Info.Audiences[chance.IntN(len(item.Info.Audiences))]
			if err := subject.SetAudience(t.Context(), tx, item.Info.Name, item.ID, seen); err != nil {
				return fmt.Errorf("%s: %w", item.Info.Name, err)
			}
			if strings.Contains(string(item.Value), markers[item.Info.Name]) {
				c.seen[markers[item.Info.Name]] = seen
			}
		}
		if err := s.Vault.SetOpen(t.Context(), tx, me.Owner, c.open); err != nil {
			return err
		}
		return s.Vault.Restrict(t.Context(), tx, me.Owner, c.restricted)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// may says whether a marker may stand in an answer.
func (c settings) may(kind shows, who reader, marker string) bool {
	switch {
	case who.self && kind != nobodys:
		return true
	case kind == public:
		return c.open && !c.restricted && c.seen[marker] == vault.AnyoneMaySee
	}
	return false
}

func TestEveryRouteHasAnEntryInTheOracle(t *testing.T) {
	s := Start(t, app.ScratchOptions{})
	for _, pattern := range readable(s) {
		if _, ok := oracle[pattern]; !ok {
			t.Errorf("%s: say in the oracle whose records it may show", pattern)
		}
	}
	for pattern := range oracle {
		if !slices.Contains(readable(s), pattern) {
			t.Errorf("%s stands in the oracle and is no route", pattern)
		}
	}
}

// readable are the patterns of all pages that can be read.
func readable(s *Program) []string {
	var all []string
	for _, r := range s.Site.Routes() {
		if pattern, ok := strings.CutPrefix(r.Pattern, "GET "); ok {
			all = append(all, pattern)
		}
	}
	return all
}

// rounds is how many random settings are tried.
const rounds = 6

func TestNoRouteShowsWhatItsMemberDoesNotShow(t *testing.T) {
	Each(t, func(t *testing.T, s *Program) {
		me := member(t, s)
		markers := plant(t, s, me.Owner)
		everybody := readers(t, s, me)
		chance := rand.New(rand.NewPCG(2027, 3))
		public, shown := 0, 0
		for range rounds {
			c := choose(t, s, me, markers, chance)
			for _, pattern := range readable(s) {
				for _, who := range everybody {
					n := lookAt(t, s, c, me, markers, who, pattern)
					shown += n
					if !who.self {
						public += n
					}
				}
			}
		}
		if shown == 0 || public == 0 && slices.ContainsFunc(readable(s), isPublic) {
			t.Errorf("%d markers were seen by their member, %d by others: the test looks at nothing", shown, public)
		}
	})
}

func isPublic(pattern string) bool { return oracle[pattern] == public }

// lookAt reads the pages of a pattern as somebody and counts the markers that
// they show.
func lookAt(t *testing.T, s *Program, c settings, me *prove.Member, markers map[string]string, who reader, pattern string) (n int) {
	t.Helper()
	for _, path := range c.paths(pattern, me) {
		status, body := read(t, who.browser, s.URL+path)
		if status == http.StatusOK && pattern == "/{handle}" && !who.self && !c.pictureMay(path, markers["picture"]) {
			t.Errorf("%s gets %s (open %t, restricted %t)", who.name, path, c.open, c.restricted)
		}
		for name, marker := range markers {
			if !strings.Contains(body, marker) {
				continue
			}
			n++
			if !c.may(oracle[pattern], who, marker) && !givesRoles(who, pattern, name) {
				t.Errorf("%s sees the %s of a member on %s (open %t, restricted %t, audience %s)",
					who.name, name, path, c.open, c.restricted, c.seen[marker])
			}
		}
	}
	return n
}

// pictureMay says whether anything at all may be at an address of the member's
// page: pixels hold no marker that could be looked for.
func (c settings) pictureMay(path, picture string) bool {
	if strings.HasSuffix(path, ".jpg") && c.seen[picture] != vault.AnyoneMaySee {
		return false
	}
	return c.open && !c.restricted
}

// givesRoles: an operator sees which roles there are and when they end, but not
// whose they are.
func givesRoles(who reader, pattern, kind string) bool {
	return who.name == "the operator" && pattern == "/operator" && kind == "role"
}

// paths are the addresses of a pattern at which the member's records could show.
func (c settings) paths(pattern string, me *prove.Member) []string {
	switch pattern {
	case "/{handle}":
		page := "/@" + me.Handle
		return []string{page, page + ".json", page + ".atom", page + ".png", page + ".96.jpg", page + ".256.jpg"}
	case "/you/data/record", "/you/data/take", "/you/page/link", "/you/page/project":
		return c.each(pattern + "?kind=KIND&id=ID")
	case "/you/data/kind":
		return c.each(pattern + "?kind=KIND")
	}
	return []string{strings.NewReplacer("{$}", "", "{course}", "first-steps-in-javascript", "{lesson}", "say-something",
		"{article}", "twenty-minutes-a-day", "{tag}", "beginning", "{author}", "the-authors-of-kept", "{page}", "2",
		"{show}", "small-programs-out-loud", "{episode}", "a-name-for-a-value", "{folder}", "sample", "{file}", "a-name-for-a-value.txt",
		"{version}", "1", "{token}", "none", "{file...}", "none").Replace(pattern)}
}

// each fills the member's records into a path.
func (c settings) each(path string) []string {
	var all []string
	for _, item := range c.items {
		all = append(all, strings.NewReplacer("KIND", item.Info.Name, "ID", item.ID).Replace(path))
	}
	return all
}
