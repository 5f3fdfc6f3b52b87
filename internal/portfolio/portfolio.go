// Package portfolio is a member's own page at /@handle: what they want to show
// of themselves, of what they learned and of what they made.
//
// It owns the details (name, place, some lines about oneself, picture, links,
// projects), the page that strangers see, the same as JSON, feed and preview
// picture, and the pages on which a member decides what stands there. Lessons,
// solutions and certificates belong to other features and come in through
// Config.Deeds.
//
// It refuses to show a stranger anything that a query as vault.Anyone did not
// return, to show anything at all before its member saw a preview of just that
// and said yes, and to keep a page for longer than its owner's version lasts.
//
// Start at New; sheet.go says what is shown, public.go to strangers, edit.go to
// the member.
package portfolio

import (
	"context"
	"embed"
	"sync"
	"time"

	"kept/internal/feature"
	"kept/internal/page"
	"kept/vault"
)

//go:embed *.html *.go
var files embed.FS

// Member is who asks.
type Member struct {
	Owner  vault.OwnerID
	Handle string
}

// Config is what app hands over.
type Config struct {
	Community string // drawn on preview pictures
	Hue       int    // 0 to 359, the community's colour
	// Who says which member asks; ok is false for a visitor.
	Who func(ctx context.Context) (m Member, ok bool)
	// Required lets only members in who have a handle.
	Required func(page.Handler) page.Handler
	// Knows says what a member's page remembers of its reader by itself.
	Knows func(*page.Language) string
	// OwnerOf finds whose page a handle is, as the reader may see it; current is
	// the present handle. vault.ErrNotFound if there is no such page.
	OwnerOf func(ctx context.Context, q vault.Querier, who vault.Who, handle string) (owner vault.OwnerID, current string, err error)
	// Zone is the time zone in which the owner's days begin.
	Zone func(ctx context.Context, q vault.Querier, owner vault.OwnerID) (*time.Location, error)
	// Deeds are what the owner did here, as far as the reader may see it. Each
	// lies in a record of the same owner, so that the owner's version moves with it.
	Deeds func(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) ([]Deed, error)
}

// Sort tells deeds apart.
type Sort int8

// The sorts of deeds.
const (
	Finished    Sort = iota // a lesson
	Solved                  // a lesson that is finished with a solution: it stands under both
	Certificate             // of a course or workshop
)

// Deed is one thing that a member did here, in a record of another feature.
type Deed struct {
	Kind, ID string // the record
	Sort     Sort
	Course   Course // nothing where it belongs to none
	Lesson   string // title of the lesson, exercise or certificate
	Path     string // its page here
	At       time.Time
	Solution []File
	Verified bool // the server tried the solution, or the certificate's signature
	Audience vault.Audience
}

// Course is a course as the page names it.
type Course struct {
	Title, Path string
	Lessons     int // how many it has
}

// File is a file of a solution.
type File struct {
	Name string // with its ending, which tells the language
	Text string
}

// Feature serves the pages.
type Feature struct {
	c     Config
	kinds kinds
	names *shelf[address] // by handle
	docs  *shelf[[]byte]  // JSON, feed and picture, by owner
	owner *prepared
	brush sync.Mutex // one picture is drawn at a time: unpacked it may take hundreds of megabytes
	feature.Services
}

var _ feature.Feature = (*Feature)(nil)

// New declares what is kept here.
func New(reg *vault.Registry, c Config) *Feature {
	return &Feature{c: c, kinds: declare(reg), names: newShelf[address](mostNames), docs: newShelf[[]byte](mostDocs)}
}

// Bounds of what is kept in memory: handles, and documents of a page.
const (
	mostNames = 10_000
	mostDocs  = 300
)

// Source hands over the templates, with the Go files for their texts.
func (f *Feature) Source() page.Source { return page.Source{Name: "portfolio", Files: files} }

// Start takes what the feature stands on.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	f.owner = newPrepared(s.DB.Read)
	return nil
}

// Notices are what the next page says after a form was sent.
func (f *Feature) Notices() []page.Notice {
	return []page.Notice{
		{Key: "portfolio.saved", State: "Saved.", Text: "Your page shows it as you chose.", Done: true},
		{Key: "portfolio.hidden", State: "Hidden.", Text: "Only you see it from now on.", Done: true},
		{Key: "portfolio.shown", State: "Shown.", Text: "It stands on your page.", Done: true},
		{Key: "portfolio.erased", State: "Erased.", Text: "It is gone from here, and from backups in a few days.", Done: true},
		{Key: "portfolio.opened", State: "Your page is public.", Text: "Anyone with its address can see it. You can close it at any time.", Done: true},
		{Key: "portfolio.closed", State: "Your page is closed.", Text: "Nobody but you sees it, from now on.", Done: true},
	}
}

// Forget drops what memory holds of an owner's page, as after an erasure. What
// strangers see does not wait for it: they are refused by the owner's state.
func (f *Feature) Forget(owner vault.OwnerID) {
	for _, name := range docNames {
		f.docs.forget(name + string(owner))
	}
	f.Site.Forget(pageName(owner))
	f.Site.Forget(allName(owner))
	f.names.forgetIf(func(a address) bool { return a.owner == owner })
}
