// Package project is work that people look at: a member hands in code, a file
// or a link, and somebody of the course reads it, writes notes and decides.
//
// It owns what was handed in with its versions, the reviews, the queue of those
// who review, and the letter that says that a review is there. It refuses to
// fetch a link, to show a file in this site's own pages, to tell a reviewer who
// handed in unless that person wants it, and to let anybody review their own
// work. A reviewer reads in a role and in the scope of one course; what ends
// with the role ends here, too.
//
// Start at New. handin.go and learner_http.go are the member's side, queue.go
// and review_http.go the reviewer's, ask.go is for those whom a machine refused.
package project

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"net/http"
	"net/url"
	"time"

	"kept/internal/course"
	"kept/internal/course/render"
	"kept/internal/fault"
	"kept/internal/feature"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
)

//go:embed *.html *.go *.mail.txt
var files embed.FS

// Member is who asks.
type Member struct {
	Owner  vault.OwnerID
	Handle string
}

// Config is what app hands over.
type Config struct {
	// Catalogue is what is taught at this moment.
	Catalogue func() *course.Catalogue
	// Who says which member asks; ok is false for a visitor.
	Who func(ctx context.Context) (m Member, ok bool)
	// As is who asks as a reader in a role, if they have it in that scope.
	As func(ctx context.Context, role, scope string) (who vault.Who, ok bool)
	// Required lets only members in.
	Required func(page.Handler) page.Handler
	// Knows is what every page of a member remembers by itself.
	Knows func(*page.Language) string
	// Handle is the handle of a member if strangers may see it, else empty.
	Handle func(ctx context.Context, q vault.Querier, owner vault.OwnerID) (string, error)
	// Letter says where a letter about the service goes and in which language;
	// ok is false if none may be sent.
	Letter func(ctx context.Context, q vault.Querier, owner vault.OwnerID) (to mail.Receiver, lang string, ok bool, err error)
	// AnswerBy is the day until which a person must answer what is asked now.
	AnswerBy func(now time.Time) vault.Day
	// Accepted tells the lesson that a person has accepted what was handed in for
	// it, inside the transaction that says so. code is what a machine had refused,
	// and nil for a project.
	Accepted func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lessonID string, code []Text) error
	// Kept is the code that a member has in a lesson's editor.
	Kept func(ctx context.Context, q vault.Querier, owner vault.OwnerID, lessonID string) ([]Text, error)
	// Stops is the page on which learners of a course stop, for who reviews there.
	Stops func(c *course.Course) string
	// GiveRole gives a role to the member with a handle, for checks.
	GiveRole func(ctx context.Context, handle, role, scope string, until vault.Day) error
}

// Feature serves the pages.
type Feature struct {
	c         Config
	kinds     kinds
	mails     *mail.Templates
	renderers map[string]*render.Renderer // by language
	feature.Services
}

var _ feature.Feature = (*Feature)(nil)

// New declares what is kept here.
func New(reg *vault.Registry, c Config) (*Feature, error) {
	mails, err := mail.Parse(files)
	return &Feature{c: c, kinds: declare(reg), mails: mails}, err
}

// Source hands over the templates, with the Go files for their texts.
func (f *Feature) Source() page.Source { return page.Source{Name: "project", Files: files} }

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

// Notices are what the next page says after a form was sent.
func (f *Feature) Notices() []page.Notice {
	return []page.Notice{
		{Key: "project.handed", State: "Handed in.", Text: "Somebody of the course will read it. You get a mail when they have.", Done: true},
		{Key: "project.withdrawn", State: "Taken back.", Text: "No reviewer can read it from now on. You can hand it in again.", Done: true},
		{Key: "project.erased", State: "Erased.", Text: "It is gone from here with its reviews, and from backups in a few days.", Done: true},
		{Key: "project.taken", State: "It is yours for a day.", Text: "Nobody else reviews it until then.", Done: true},
		{Key: "project.released", State: "Given back.", Text: "It waits for another reviewer.", Done: true},
		{Key: "project.reviewed", State: "Thank you.", Text: "Your notes are with the learner.", Done: true},
		{Key: "project.second", State: "Noted.", Text: "Another reviewer decides, without seeing what you wrote.", Done: true},
		{Key: "project.gone", State: "It is no longer there.", Text: "It was taken back or erased, or somebody else has it. Nothing was sent."},
	}
}

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	const mine, item = "/projects/lessons/{lesson}", "/projects/review/{course}/{key}"
	return []page.Route{
		{Pattern: "GET /projects", Handler: f.member(f.showMine)},
		{Pattern: "GET " + mine, Handler: f.member(f.showProject)},
		{Pattern: "POST " + mine, Handler: f.member(f.postHandIn), MaxBody: maxBody},
		{Pattern: "POST " + mine + "/withdraw", Handler: f.member(f.postWithdraw)},
		{Pattern: "POST " + mine + "/erase", Handler: f.member(f.postErase)},
		{Pattern: "GET " + mine + "/file/{version}", Handler: f.member(f.serveMyFile)},
		{Pattern: "GET /projects/review", Handler: f.member(f.showQueue)},
		{Pattern: "GET " + item, Handler: f.member(f.showReview)},
		{Pattern: "POST " + item + "/take", Handler: f.member(f.postTake)},
		{Pattern: "POST " + item + "/release", Handler: f.member(f.postRelease)},
		{Pattern: "POST " + item + "/verdict", Handler: f.member(f.postVerdict)},
		{Pattern: "GET " + item + "/file/{version}", Handler: f.member(f.serveFile)},
	}
}

// asked is a request of a signed-in member.
type asked struct {
	*http.Request
	w  http.ResponseWriter
	me Member
}

// member lets members in.
func (f *Feature) member(do func(asked) error) page.Handler {
	return f.c.Required(func(w http.ResponseWriter, r *http.Request) error {
		me, ok := f.c.Who(r.Context())
		if !ok {
			return fault.NotFound{What: "page"}
		}
		return told(do(asked{r, w, me}))
	})
}

func (f *Feature) lang(a asked) *page.Language { return f.Site.Printer(a.Context()) }

func (a asked) self() vault.Who { return vault.Self(a.me.Owner) }

// told turns what the vault says into what a person may be told. A role that has
// ended is the same as none.
func told(err error) error {
	var refused *vault.RefusedError
	switch {
	case errors.Is(err, vault.ErrNotFound), errors.Is(err, vault.ErrCursor), errors.As(err, &refused):
		return fault.NotFound{What: "project"}
	case errors.Is(err, vault.ErrConflict):
		return fault.Conflict{What: "project"}
	}
	return err
}

// lesson is what a project belongs to.
type lesson struct {
	ID, Title, Summary, Path        string
	Course, CourseTitle, CoursePath string // Course is its id
	Slug                            string // of the course
	Scope                           string
	Project                         bool // people look at it; else only when asked
}

// ScopeOf is the scope in which a role opens the projects of a course.
func ScopeOf(courseID string) string { return "course-" + courseID }

// HandInPath is the page on which a lesson's project is handed in.
func HandInPath(lessonID string) string { return "/projects/lessons/" + url.PathEscape(lessonID) }

// HandIn is the page on which it is handed in.
func (l lesson) HandIn() string { return HandInPath(l.ID) }

func (f *Feature) lesson(id string, lang *page.Language) (lesson, bool) {
	p, ok := f.c.Catalogue().LessonByID(id)
	if !ok {
		return lesson{}, false
	}
	return lessonOf(p, lang), true
}

func lessonOf(p *course.Place, lang *page.Language) lesson {
	reads := ""
	if lang != nil {
		reads = lang.Reads
	}
	words, in := p.Lesson.In(reads), "/courses/"+p.Course.Slug
	return lesson{ID: p.Lesson.ID, Title: words.Title, Summary: words.Summary, Path: in + "/" + url.PathEscape(p.Slug),
		Course: p.Course.ID, CourseTitle: p.Course.In(reads).Title, CoursePath: in, Slug: p.Course.Slug,
		Scope: ScopeOf(p.Course.ID), Project: p.Lesson.Kind == course.Project}
}
