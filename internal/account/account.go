// Package account knows who is asking. It owns signing up, which is signing in
// for the first time; sessions; the address that mail goes to; the handle; the
// settings; the roles and their end.
//
// It refuses passwords, and every answer that would tell whether an address has
// an account: asking for a link never looks an address up. It refuses to let a
// GET use up a link, since programs that scan mail follow links. It keeps no
// date of birth, no network address and nothing of a browser but its kind in
// words. No cookie goes to anybody who only reads.
//
// Start at New, Start and Middleware; pages of other features ask MemberOf and
// stand behind Required, Known or NeedRole. What others may ask of the accounts
// is in service.go.
package account

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"kept/internal/db"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
)

//go:embed *.html *.go
var files embed.FS

//go:embed *.mail.txt
var letters embed.FS

// Config is what the operator and app decide.
type Config struct {
	Community string // the site's name, for mails
	// Age under which everything starts private; 0 asks nobody for their age.
	Age int
	// After says where a browser goes from a sign-in that wanted next: the page,
	// for instance, that asks whether what lies in the browser is theirs. Nil is
	// next itself.
	After func(next string) string
	// Client says from which address a request comes; nil is its other end,
	// which is right without a proxy.
	Client    func(*http.Request) netip.Addr
	Providers []Provider  // other ways to sign in
	Links     []page.Link // of other features, on the page of settings
	Operating []page.Link // the same, for operators alone
}

// Provider is another way to sign in, with what it costs said before the click.
type Provider struct {
	Name   string
	Path   string // where the way begins
	Says   string // who learns what, an English text of the catalogue
	Policy string // address of the provider's own policy, or empty
}

// Account is the feature.
type Account struct {
	cfg    Config
	kinds  kinds
	mails  *mail.Templates
	limits *limits

	db     *db.DB
	vault  *vault.Vault
	jobs   *job.Queue
	post   *mail.Post
	site   *page.Site
	now    func() time.Time
	log    *slog.Logger
	secure bool // the site is served under https
}

var _ feature.Feature = (*Account)(nil)

// New declares the kinds. Start must follow before anything else.
func New(reg *vault.Registry, cfg Config) (*Account, error) {
	mails, err := mail.Parse(letters)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	return &Account{cfg: cfg, kinds: declare(reg), mails: mails, limits: newLimits()}, nil
}

// Start takes what the program stands on and registers the job that forgets
// links which nobody used.
func (a *Account) Start(s feature.Services) error {
	a.db, a.vault, a.jobs, a.post, a.site = s.DB, s.Vault, s.Jobs, s.Post, s.Site
	a.now, a.log = s.Now, s.Log
	a.secure = strings.HasPrefix(a.site.Absolute("/"), "https:")
	a.jobs.Handle(job.Kind{Name: forgetJob, Do: a.forget})
	return nil
}

// Source is the feature's templates, with the Go files for their texts.
func (a *Account) Source() page.Source { return page.Source{Name: "account", Files: files} }

// Purposes for which this package works with its kinds.
const (
	toSignIn   = "sign-in"
	toServe    = "service mail"
	toAnnounce = "announcements"
	toShow     = "your page"
	toGiveRole = "roles"
)

// forgetJob erases an errand when its time is over.
const forgetJob = "account.forget"

func (a *Account) forget(ctx context.Context, run *job.Run) error {
	owner, err := a.vault.Owner(ctx, a.db.Read, vault.OwnerID(run.Args["errand"]))
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if owner.Type != vault.Errand {
		return &job.Failure{Code: "not-an-errand", Final: true}
	}
	if _, err := a.vault.EraseOwner(ctx, owner.ID); !errors.Is(err, vault.ErrErased) {
		return err
	}
	return nil
}

// transact is db.Transact, begun again where another one changed a record or
// took a unique value first: what do reads is different then.
func (a *Account) transact(ctx context.Context, do func(tx *sql.Tx) error) error {
	const attempts = 4
	for n := 1; ; n++ {
		err := a.db.Transact(ctx, do)
		if n == attempts || !(errors.Is(err, vault.ErrConflict) || isTaken(err)) {
			return err
		}
	}
}

func isTaken(err error) bool {
	_, ok := errors.AsType[*vault.TakenError](err)
	return ok
}
