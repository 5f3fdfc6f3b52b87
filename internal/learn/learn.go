// Package learn is what people come for: the list of courses, a course, a
// lesson, and what of it is done.
//
// It owns the pages from / down to a lesson, the files that courses bring
// along, the map of the site, and a member's progress: which lessons are
// finished and the code that is kept for them. It refuses to know a visitor.
// Their pages are the same bytes for everybody, nothing is written for them
// here, and their progress lies in their own browser until they bring it.
//
// Where things are: records.go keeps progress, merge.go takes over what a
// browser brings, content.go makes a lesson ready to show, http.go and
// member_http.go answer. What a browser keeps is described in web/progress.js.
// Start at New and Routes.
package learn

import (
	"context"
	"embed"
	"net/http"
	"sync/atomic"

	"kept/internal/course"
	"kept/internal/course/render"
	"kept/internal/feature"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault"
)

//go:embed *.html *.go
var files embed.FS

// Config is what app hands over.
type Config struct {
	Library *course.Library
	// Who says which member asks; ok is false for a visitor.
	Who func(ctx context.Context) (owner vault.OwnerID, ok bool)
	// Knows is what every page of a member remembers by itself; nil if nothing.
	Knows func(lang *page.Language) string
	// Public lists paths of other features for the map of the site; nil if
	// there are none. It must name no person's page that is not to be found.
	Public func(ctx context.Context) ([]string, error)
}

// Feature serves the pages.
type Feature struct {
	c         Config
	done      vault.Kind[Done]
	work      vault.Kind[Work]
	current   atomic.Pointer[edition]
	editions  atomic.Int64
	renderers map[string]*render.Renderer // by language
	feature.Services
}

var _ feature.Feature = (*Feature)(nil)

// New declares what is kept here.
func New(reg *vault.Registry, c Config) *Feature {
	return &Feature{c: c, done: declareDone(reg), work: declareWork(reg)}
}

// Source hands over the templates, with the Go files for their texts.
func (f *Feature) Source() page.Source { return page.Source{Name: "learn", Files: files} }

// Start takes what the feature stands on.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	f.renderers = map[string]*render.Renderer{}
	for _, lang := range s.Site.Catalogue().All() {
		f.renderers[lang.Tag] = render.New(render.Labels{Copy: lang.Text("Copy"), Code: lang.Text("Code"), Table: lang.Text("Table"),
			Picture: lang.Text("Picture on"), Opens: lang.Text("Opens")})
	}
	return nil
}

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	return []page.Route{
		{Pattern: "GET /{$}", Handler: f.showHome},
		{Pattern: "GET /courses/{course}", Handler: f.showCourse},
		{Pattern: "GET /courses/{course}/{lesson}", Handler: f.showLesson},
		{Pattern: "GET /courses/{course}/files/{file...}", Handler: f.serveFile},
		{Pattern: "POST /courses/{course}/{lesson}/done", Handler: f.member(f.markDone)},
		{Pattern: "POST /courses/{course}/{lesson}/undo", Handler: f.member(f.markUndone)},
		{Pattern: "POST /courses/{course}/{lesson}/code", Handler: f.member(f.keepWork)},
		{Pattern: "GET /progress", Handler: f.showProgress},
		{Pattern: "GET " + mergePath, Handler: f.member(f.showMerge)},
		{Pattern: "POST " + mergePath, Handler: f.merge, MaxBody: maxBrought},
		{Pattern: "GET /sitemap.xml", Handler: f.siteMap},
	}
}

// Plants puts a marker into each kind.
func (f *Feature) Plants() []prove.Plant {
	return []prove.Plant{{Kind: kindDone, Put: f.plantDone}, {Kind: kindWork, Put: f.plantWork}}
}

// asked is a request of a signed-in member.
type asked struct {
	*http.Request
	w  http.ResponseWriter
	me vault.OwnerID
}

// member sends visitors to sign in. A form is not sent again by itself, so
// they come back to the lesson that it stood on.
func (f *Feature) member(do func(asked) error) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		me, ok := f.c.Who(r.Context())
		if !ok {
			http.Redirect(w, r, signInFor(r), http.StatusSeeOther)
			return nil
		}
		return do(asked{r, w, me})
	}
}
