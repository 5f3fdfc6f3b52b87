// Package prove holds what a promise's check is made of: the check itself, the
// ways to break it, the records planted for it, and the scratch site on which
// it is tried. Features declare checks with these types; internal/promise runs
// them; app builds the scratch site.
//
// A check looks at the running program from outside wherever it can: pages,
// files, mails. It returns what it saw, in words, and an error if the promise
// is not kept.
package prove

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"time"

	"kept/internal/db"
	"kept/vault"
)

// Check tries one promise.
type Check struct {
	Promise string // its id, as "F10"
	Feature string // who brings it; filled in by app
	How     string // how it is tried, in one sentence for everybody
	Try     func(ctx context.Context, s *Site) (seen string, err error)
}

// Break is one way to break the program on purpose, in a build with the tag
// "sabotage" (see kept/vault/sabotage), and the promises that must turn red.
type Break struct {
	Name   string
	What   string   // what is broken, in words
	Breaks []string // ids of exactly the promises that fail then
}

// Plant puts a record of a kind with a marker in its value, for a member.
// Every declared kind has one: a marker that turns up where it must not, or
// does not turn up where it must, is what most checks look for.
type Plant struct {
	Kind string
	Put  func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (id string, err error)
}

// Site is a scratch instance of the whole program with a clock that can be
// moved, filled with nobody but those whom checks make.
type Site struct {
	URL     string
	Vault   *vault.Vault
	DB      *db.DB
	Plants  []Plant
	Checks  []Check  // of this instance
	Folders []string // data, logs, keys: every file that the program writes lies in one of them

	Browser  func() *http.Client // a new stranger: no cookies yet
	SignIn   func(ctx context.Context) (*Member, error)
	SignInAs func(ctx context.Context, m *Member) (*http.Client, error) // a member again, in a new browser
	Enter    func(ctx context.Context) (*Member, error)                 // a proven address, and no account made of it
	Mails    func() []Mail                                              // all that were sent, oldest first
	Advance  func(ctx context.Context, d time.Duration) error           // moves the clock and does what falls due
	HasKey   func(owner vault.OwnerID) bool                             // whether the ring holds any key of the owner
	Work     func(ctx context.Context) error                            // does the jobs that are due
	Another  func(ctx context.Context) (*Site, error)                   // a second, empty instance; closed with this one
}

// Member is a new member of the scratch site.
type Member struct {
	Owner   vault.OwnerID
	Handle  string
	Address string
	Browser *http.Client // signed in
}

// Mail is a message as its receiver has it.
type Mail struct {
	To, Subject, Text, HTML string
}

// Marker is a word that stands nowhere else, for planting.
func Marker() string { return "marker" + vault.NewID() }

// Failed says that a promise is not kept.
func Failed(format string, args ...any) error {
	return &BrokenError{fmt.Sprintf(format, args...)}
}

// BrokenError is a promise that was tried and is not kept, as against a check
// that could not be carried out.
type BrokenError struct{ Seen string }

func (e *BrokenError) Error() string { return e.Seen }
