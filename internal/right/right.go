// Package right is "Your data": the page on which a member sees everything that
// is held about them and can change, hide, take along and erase it, for every
// kind of record alike.
//
// It owns the pages under /you/data, requests with a clock (objection,
// restriction, a person instead of a machine) and receipts of erasure. It reads
// declarations, never features: a new kind is shown, exported and erased here
// without a line of code. It refuses to show anything to anybody but its owner.
//
// Start at New and http.go.
package right

import (
	"context"
	"crypto/ed25519"
	"embed"
	"net/http"
	"time"

	"kept/internal/feature"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault"
)

//go:embed *.html
var files embed.FS

// Who says which member asks; ok is false for a visitor.
type Who func(ctx context.Context) (m Member, ok bool)

// Member is who asks.
type Member struct {
	Owner  vault.OwnerID
	Handle string
}

// Owed is an answer that a member is owed by a day.
type Owed struct {
	Title, Path string
	Asked       time.Time
	Due         vault.Day
}

// Config is what app hands over.
type Config struct {
	Who       Who
	SignOut   func(w http.ResponseWriter)          // forgets the browser's session after an erasure
	Erased    func(owner vault.OwnerID)            // drops what memory holds of somebody
	Asks      func() (kinds []string, version int) // for which older records the policy asks a yes
	GoesAlong func(kind string) bool               // goes with the account only, never alone
	Seed      []byte                               // 32 bytes: the key that signs receipts
	Knows     func(lang *page.Language) string     // what a page of a member remembers by itself
	Base      string                               // the site's address, named in receipts
	// Forgotten says by which day no copy of the key ring and no backup holds
	// what is erased on a day; the first is empty where there are no copies.
	Forgotten func(day vault.Day) (ringCopies, backups string)
	// Owed lists the verdicts of machines that a person shall look at, and has not.
	Owed func(ctx context.Context, q vault.Querier, owner vault.OwnerID) ([]Owed, error)
	// Note lets a receipt's entry wait for the public log.
	Note func(ctx context.Context, receipt []byte) error
}

// Feature serves the pages.
type Feature struct {
	c        Config
	key      ed25519.PrivateKey
	requests vault.Kind[Request]
	imports  vault.Kind[Upload]
	feature.Services
}

// New declares what is kept here.
func New(reg *vault.Registry, c Config) *Feature {
	return &Feature{c: c, key: ed25519.NewKeyFromSeed(c.Seed), requests: declareRequest(reg), imports: declareUpload(reg)}
}

// Source hands over the templates.
func (f *Feature) Source() page.Source { return page.Source{Name: "right", Files: files} }

// Start takes what the feature stands on.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	return nil
}

// The ways to break this feature on purpose; see kept/vault/sabotage.
const (
	breakRestriction = "right-restriction-ignored"
	breakNoHandle    = "right-needs-handle"
)

// Breaks lists the ways to break what is promised here, beside those of the vault.
func (f *Feature) Breaks() []prove.Break {
	return []prove.Break{
		{Name: breakRestriction, What: "a restriction is noted and not done", Breaks: []string{"F12"}},
		{Name: breakNoHandle, What: "whoever has an address and no account cannot reach their data", Breaks: []string{"C18"}},
	}
}

// Notices are what the next page says after a form was sent.
func (f *Feature) Notices() []page.Notice {
	return []page.Notice{
		{Key: "right.erased", State: "Erased.", Text: "It is gone from here, and from backups in a few days.", Done: true},
		{Key: "right.changed", State: "Changed.", Text: "This is what we hold now.", Done: true},
		{Key: "right.hidden", State: "Hidden.", Text: "Only you see it from now on.", Done: true},
		{Key: "right.shown", State: "Shown.", Text: "It can be seen by those you chose.", Done: true},
		{Key: "right.renewed", State: "Agreed.", Text: "These records follow the present policy from now on.", Done: true},
		{Key: "right.asked", State: "Noted.", Text: "You find your request and its date under “Your requests”.", Done: true},
		{Key: "right.imported", State: "Taken over.", Text: "Only you see what came in, until you show it.", Done: true},
	}
}

// AnswerBy is the day until which a request must be answered: one month, by
// GDPR Art. 12(3).
func AnswerBy(now time.Time) vault.Day { return vault.DayOf(now.UTC().AddDate(0, 1, 0)) }
