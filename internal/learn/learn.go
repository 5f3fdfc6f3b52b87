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
// browser brings, content.go makes a lesson ready to show, person.go turns to
// people where a machine errs, http.go and member_http.go answer. What a browser keeps is described in web/progress.js.
// Start at New and Routes.
package learn

import (
	"context"
	"embed"
	"net/http"
	"sync/atomic"
	"time"

	"kept/internal/check/frame"
	"kept/internal/course"
	"kept/internal/course/render"
	"kept/internal/feature"
	"kept/internal/job"
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
	// Zone is the time zone in which the owner's days begin; nil for UTC.
	Zone func(ctx context.Context, q vault.Querier, owner vault.OwnerID) (*time.Location, error)
	// Judge checks the code that members hand in; nil where there is none.
	Judge Judge
	// Runner is the frame in which code runs in a browser.
	Runner *frame.Frame
	// People look at projects, and at code where a machine errs; nil if nobody does.
	People *People
	// Public lists paths of other features for the map of the site; nil if
	// there are none. It must name no person's page that is not to be found.
	Public func(ctx context.Context) ([]string, error)
	// Search is the address at which everything can be looked for; empty if
	// there is none.
	Search string
}

// Feature serves the pages.
type Feature struct {
	c Config
	kinds
	news      news
	current   atomic.Pointer[edition]
	editions  atomic.Int64
	renderers map[string]*render.Renderer // by language
	framed    []string                    // the content policy of pages that show the frame in which code runs
	tools     *tools
	feature.Services
}

var _ feature.Feature = (*Feature)(nil)

// New declares what is kept here.
func New(reg *vault.Registry, c Config) *Feature {
	return &Feature{c: c, kinds: declare(reg)}
}

// Source hands over the templates, with the Go files for their texts.
func (f *Feature) Source() page.Source { return page.Source{Name: "learn", Files: files} }

// Start takes what the feature stands on.
func (f *Feature) Start(s feature.Services) (err error) {
	f.Services = s
	if f.tools, err = newTools(s.Site, f.c.Runner); err != nil {
		return err
	}
	f.framed = []string{s.Site.Policy(map[string]string{"frame-src": "'self'"})}
	s.Jobs.Handle(job.Kind{Name: jobCheck, Do: f.runCheck, Attempts: checkAttempts})
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
		{Pattern: "GET /courses/{course}/chapters/{chapter}", Handler: f.showChapter},
		{Pattern: "GET /courses/{course}/along.json", Handler: f.serveAlong},
		{Pattern: "GET /courses/{course}/files/{file...}", Handler: f.serveFile},
		{Pattern: "GET " + workerPath, Handler: f.serveWorker},
		{Pattern: "GET " + offlinePath, Handler: f.showOffline},
		{Pattern: "POST /courses/{course}/{lesson}/done", Handler: f.member(f.markDone)},
		{Pattern: "POST /courses/{course}/{lesson}/undo", Handler: f.member(f.markUndone)},
		{Pattern: "POST /courses/{course}/{lesson}/code", Handler: f.member(f.keepWork)},
		{Pattern: "POST /courses/{course}/{lesson}/choose", Handler: f.member(f.chooseWork)},
		{Pattern: "POST /courses/{course}/{lesson}/hand-in", Handler: f.member(f.postHandIn)},
		{Pattern: "POST /courses/{course}/{lesson}/person", Handler: f.member(f.postPerson)},
		{Pattern: "GET /learn/{course}/{lesson}/verdict", Handler: f.member(f.showVerdict)},
		{Pattern: "GET /learn/{course}/stops", Handler: f.showStops},
		{Pattern: "GET /learn/{course}/{lesson}/versions", Handler: f.member(f.showVersions)},
		{Pattern: "POST /learn/{course}/{lesson}/versions/{version}/take", Handler: f.member(f.takeVersion)},
		{Pattern: "POST /learn/{course}/{lesson}/versions/{version}/erase", Handler: f.member(f.eraseVersion)},
		{Pattern: "GET /progress", Handler: f.showProgress},
		{Pattern: "GET /progress/reset", Handler: f.member(f.showReset)},
		{Pattern: "POST /progress/reset", Handler: f.member(f.postReset)},
		{Pattern: "POST /progress/aside", Handler: f.member(f.postAside)},
		{Pattern: "GET " + mergePath, Handler: f.member(f.showMerge)},
		{Pattern: "POST " + mergePath, Handler: f.merge, MaxBody: maxBrought},
		{Pattern: "GET /sitemap.xml", Handler: f.siteMap},
	}
}

// Plants puts a marker into each kind.
func (f *Feature) Plants() []prove.Plant {
	return []prove.Plant{{Kind: kindDone, Put: f.plantDone}, {Kind: kindWork, Put: f.plantWork},
		{Kind: kindVersion, Put: f.plantVersion}, {Kind: kindSummary, Put: f.plantSummary}, {Kind: kindAside, Put: f.plantAside}}
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
