package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"filippo.io/age"

	"kept/internal/mail"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault"
	"kept/vault/keyring"
)

// Scratch is a whole instance of the program in a temporary folder, on a port
// of this machine, with a clock that can be moved and an outbox. kept prove
// tries promises on it; the whole-program tests use it, too.
type Scratch struct {
	*App
	URL    string
	Outbox *mail.Outbox
	Clock  *Clock

	folder string
	ours   bool // the folder was made here
	server *http.Server
	others []*Scratch
}

// Clock is a time that moves only when it is told to, but for the real time
// that passes.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

// Now is the time by this clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// ScratchOptions is what tests decide about a scratch instance.
type ScratchOptions struct {
	Folder   string // empty: a temporary one, removed by Close
	Database string // empty: SQLite in the folder
	Log      io.Writer
	Count    bool // count executed templates
	Sample   bool // with the demo's sample member
	Config   func(*Config)

	compiled string // a folder that several instances share for what they compile
	guest    guest
}

// outboxSize is how many mails a scratch instance remembers.
const outboxSize = 1000

// OpenScratch starts an instance. Jobs run only when Work or Advance is called.
func OpenScratch(ctx context.Context, o ScratchOptions) (_ *Scratch, err error) {
	s := &Scratch{Outbox: mail.NewOutbox(outboxSize, nil), Clock: &Clock{}, folder: o.Folder}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if o.Folder == "" {
		s.ours = true
		if s.folder, err = os.MkdirTemp("", "kept-scratch-"); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	config, err := demoConfig(s.folder, listener.Addr().String())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	if o.Database != "" {
		config.Database = o.Database
	}
	trial, err := scratchBackups(&config, s.folder)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	if o.Config != nil {
		o.Config(&config)
	}
	s.URL = config.Base
	if o.Log == nil {
		o.Log = io.Discard
	}
	s.App, err = Open(ctx, config, Options{Now: s.Clock.Now, Log: slog.New(slog.NewTextHandler(o.Log, nil)), Outbox: s.Outbox, Count: o.Count, Rehearse: true, Limits: noLimits, compiled: o.compiled, trial: trial, guest: o.guest})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.server = s.App.server(s.Handler)
	go s.server.Serve(listener)
	if o.Sample {
		return s, s.sampleData(ctx)
	}
	return s, nil
}

// scratchBackups lets a scratch instance make backups, into its own folder.
func scratchBackups(c *Config, folder string) ([]age.Identity, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	c.Backup.To, c.Backup.Keys = filepath.Join(folder, "backups"), filepath.Join(folder, "key-copy")
	c.Backup.Recipients = []string{identity.Recipient().String()}
	for _, dir := range []string{c.Backup.To, c.Backup.Keys} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	return []age.Identity{identity}, nil
}

// noLimits lets one machine ask as often as it takes to try everything.
var noLimits = page.Limits{PerAddress: 1e6, AddressBurst: 1e6, PerNetwork: 1e6, NetworkBurst: 1e6}

// Close ends the instance and those opened by Another, and removes its folder.
func (s *Scratch) Close() error {
	var errs []error
	for _, other := range s.others {
		errs = append(errs, other.Close())
	}
	if s.server != nil {
		errs = append(errs, s.server.Close())
	}
	if s.App != nil {
		errs = append(errs, s.App.Close())
	}
	if s.ours && s.folder != "" {
		errs = append(errs, os.RemoveAll(s.folder))
	}
	return errors.Join(errs...)
}

// Advance moves the clock and does what falls due.
func (s *Scratch) Advance(ctx context.Context, d time.Duration) error {
	s.Clock.Add(d)
	s.App.Site.Upkeep()
	return s.Work(ctx)
}

// Folders are all that the instance writes to.
func (s *Scratch) Folders() []string {
	return []string{filepath.Join(s.folder, "data"), filepath.Join(s.folder, "keys"), filepath.Join(s.folder, "backups"), filepath.Join(s.folder, "key-copy")}
}

// ForChecks is the instance as checks see it.
func (s *Scratch) ForChecks(ctx context.Context) *prove.Site {
	return &prove.Site{URL: s.URL, Vault: s.Vault, DB: s.DB, Plants: s.plants(), Checks: s.checks(), Folders: s.Folders(),
		Browser: s.Browser, SignIn: s.SignIn, SignInAs: s.signInAs, Enter: s.EnterOnly, Mails: s.mails, HasKey: s.hasKey, Advance: s.Advance, Work: s.Work,
		Another: func(ctx context.Context) (*prove.Site, error) {
			other, err := OpenScratch(ctx, ScratchOptions{})
			if err != nil {
				return nil, err
			}
			s.others = append(s.others, other)
			return other.ForChecks(ctx), nil
		}}
}

func (s *Scratch) hasKey(owner vault.OwnerID) bool {
	found := false
	err := s.Ring.Owners(func(id keyring.ID, _ keyring.Class, _ int32) bool {
		found = found || vault.OwnerOf(id) == owner
		return !found
	})
	return found || err != nil
}

func (s *Scratch) mails() []prove.Mail {
	var all []prove.Mail
	for _, p := range s.Outbox.Sent() {
		all = append(all, prove.Mail{To: p.To.Shown(), Subject: p.Subject, Text: p.Text, HTML: p.HTML})
	}
	return all
}

// GiveRole gives a member a role for a month, for checks and tests.
func (s *Scratch) GiveRole(ctx context.Context, handle, role, scope string) error {
	return s.features.account.GiveRole(ctx, handle, role, scope, s.Vault.Today()+30)
}

// SignIn makes a new member by the real pages.
func (s *Scratch) SignIn(ctx context.Context) (*prove.Member, error) {
	m := &prove.Member{Address: "member-" + vault.NewID()[:8] + "@example.org", Browser: s.Browser(), Handle: "m" + vault.NewID()[:10]}
	if err := s.enter(ctx, m); err != nil {
		return nil, err
	}
	owner, _, err := s.features.account.OwnerByHandle(ctx, s.DB.Read, vault.Work("your page"), m.Handle)
	m.Owner = owner
	return m, err
}

// signInAs signs a member in again, in a new browser.
func (s *Scratch) signInAs(ctx context.Context, m *prove.Member) (*http.Client, error) {
	again := &prove.Member{Address: m.Address, Browser: s.Browser()}
	for _, step := range []func(context.Context, *prove.Member) error{s.askForLink, s.followLink} {
		if err := step(ctx, again); err != nil {
			return nil, err
		}
	}
	return again.Browser, nil
}

// EnterOnly proves an address by a link and goes no further: no handle, no account.
func (s *Scratch) EnterOnly(ctx context.Context) (*prove.Member, error) {
	m := &prove.Member{Address: "visitor-" + vault.NewID()[:8] + "@example.org", Browser: s.Browser()}
	for _, step := range []func(context.Context, *prove.Member) error{s.askForLink, s.followLink} {
		if err := step(ctx, m); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// scratches is what promise.Run opens for each check. They share a folder for
// what they compile.
func scratches(compiled string) func(context.Context) (*prove.Site, func(), error) {
	return func(ctx context.Context) (*prove.Site, func(), error) {
		s, err := OpenScratch(ctx, ScratchOptions{compiled: compiled})
		if err != nil {
			return nil, nil, err
		}
		return s.ForChecks(ctx), func() { s.Close() }, nil
	}
}
