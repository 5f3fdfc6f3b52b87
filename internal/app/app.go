// Package app puts the program together: configuration, the one list of
// features, the order in which they start and stop, and the commands. Nothing
// imports it but cmd/kept and the whole-program tests.
//
// Start at Open; the list of features is in features.go.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"kept/internal/check"
	"kept/internal/check/frame"
	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/outbound"
	"kept/internal/page"
	"kept/internal/publish"
	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
	"kept/web"
)

// Options are what differs between serving, the demo and tests.
type Options struct {
	Now    func() time.Time
	Log    *slog.Logger
	Outbox *mail.Outbox // instead of the relay
	Dev    string       // the source folder, to read templates from
	Count  bool         // count executed templates
	// Rehearse adds a version of the policy that takes effect soon, to try what
	// happens then.
	Rehearse bool
	Limits   page.Limits // zero values mean the defaults

	compiled string         // the folder for engines that were compiled; empty: in the data folder
	trial    []age.Identity // opens the ring copy of a scratch site
	ringCopy uint64         // above 0: the data was restored, with this copy of the key ring
	guest    guest
}

// guest is one more feature, and whom it tells, for tests of the whole.
type guest struct {
	name      string // empty: there is none
	open      func(*vault.Registry) feature.Feature
	processor outbound.Processor
}

// App is the program, opened but not yet serving.
type App struct {
	Config   Config
	DB       *db.DB
	Registry *vault.Registry
	Vault    *vault.Vault
	Ring     *keyring.Ring
	Gate     *outbound.Gate
	Jobs     *job.Queue
	Post     *mail.Post
	Site     *page.Site
	Handler  http.Handler

	options  Options
	features features
	secrets  secrets
	journal  *journal.File
	letters  mail.Kind
	library  *course.Library
	requests *page.RequestLog
	counts   *metrics
	closers  []func() error

	published *publish.Library // articles and podcasts
	checker   *check.Pool      // of learners' code
	runner    *frame.Frame     // that it runs in, in a browser
}

// secrets are the keys of the site besides the ring's: for look-ups, for
// messages after a form, for the signature of receipts.
type secrets struct{ lookup, notice, receipt []byte }

// Open makes or opens the site's folders, database and keys, finishes what a
// crash left, and is ready to serve when it returns.
func Open(ctx context.Context, c Config, o Options) (_ *App, err error) {
	a := &App{Config: c, options: o, Registry: vault.NewRegistry()}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	for _, step := range []func(context.Context) error{
		a.openFolders, a.openDatabase, a.openKeys, a.openWays, a.openFeatures, a.openVault, a.openSite,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *App) path(name string) string { return filepath.Join(a.Config.Data, name) }

func (a *App) openFolders(context.Context) error {
	if err := a.refuseUnfinished(); err != nil {
		return err
	}
	for _, folder := range []string{a.Config.Data, a.Config.Keys, a.path("logs")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return hinted(fmt.Errorf("make folder: %w", err), "set data and keys in the configuration to folders that this user may write")
		}
	}
	return nil
}

func (a *App) openDatabase(ctx context.Context) (err error) {
	if a.DB, err = db.Open(ctx, a.Config.Database); err != nil {
		return err
	}
	a.closers = append(a.closers, a.DB.Close)
	if err := a.DB.Migrate(ctx); err != nil {
		return err
	}
	return vault.Migrate(ctx, a.DB.Write, a.DB.VaultDialect())
}

// openKeys opens the ring, or makes one for a site that has no data yet.
func (a *App) openKeys(ctx context.Context) (err error) {
	var used bool
	if err := a.DB.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM vault_owner)`).Scan(&used); err != nil {
		return err
	}
	if a.secrets.lookup, err = secret(a.Config.Keys, "lookup.key", !used); err != nil {
		return err
	}
	if a.secrets.notice, err = secret(a.Config.Keys, "notice.key", true); err != nil {
		return err
	}
	if a.secrets.receipt, err = secret(a.Config.Keys, "receipt.key", true); err != nil {
		return err
	}
	if a.Ring, err = openRing(a.path("ring"), a.Config.Keys, !used); err != nil {
		return err
	}
	a.closers = append(a.closers, a.Ring.Close)
	a.journal, err = journal.Open(a.path("journal"), nil)
	return err
}

func openRing(path, keys string, fresh bool) (*keyring.Ring, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && fresh {
		return keyring.Create(path, keys)
	}
	ring, err := keyring.Open(path, keys)
	switch {
	case errors.Is(err, keyring.ErrNoRing):
		return nil, hinted(err, "the database has data and its key ring is gone: kept restore brings back both from a backup")
	case errors.Is(err, keyring.ErrNoEpoch), errors.Is(err, keyring.ErrWrongEpoch):
		return nil, hinted(err, "set keys in the configuration to the folder that holds this site's epoch key")
	case errors.Is(err, keyring.ErrCorrupt):
		return nil, damagedRing(err, path, keys)
	}
	return ring, err
}

// damagedRing names the slots. A site with a damaged ring does not start: to whom
// a slot belonged cannot be read, so that nobody could tell an erased person from
// one whose key is lost, and an erasure could not be confirmed.
func damagedRing(err error, path, keys string) error {
	slots, unusable := keyring.Damaged(path, keys)
	if unusable != nil || len(slots) == 0 {
		return hinted(err, "kept restore brings keys and data back into new folders")
	}
	return hinted(fmt.Errorf("%d slots of the key ring are damaged, the first is %d: %w", len(slots), slots[0], err),
		"kept restore --mend --identity FILE takes their keys from the copy of the ring; the others are not touched")
}

// openWays opens the way out and the queue.
func (a *App) openWays(context.Context) (err error) {
	a.Gate, err = outbound.New(outbound.Config{Processors: a.processors(), Log: a.options.Log, Now: a.options.Now})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, func() error { a.Gate.Close(); return nil })
	a.Jobs = job.New(job.Config{DB: a.DB, Now: a.options.Now, Log: a.options.Log})
	return nil
}

func (a *App) openVault(ctx context.Context) (err error) {
	o := vault.Options{DB: a.DB.Write, Dialect: a.DB.VaultDialect(),
		Ring: a.Ring, Journal: a.journal, LookupKey: a.secrets.lookup, Now: a.options.Now, Policy: a.features.policy.PolicyVersion}
	if a.options.ringCopy > 0 {
		a.Vault, err = vault.OpenRestored(ctx, a.Registry, o, a.options.ringCopy)
	} else {
		a.Vault, err = vault.Open(ctx, a.Registry, o)
	}
	if errors.Is(err, vault.ErrRestoring) {
		return hinted(err, "kept restore finishes what it began")
	}
	if err != nil {
		return err
	}
	a.Post, err = a.openPost()
	return err
}

func (a *App) openSite(context.Context) (err error) {
	a.requests, err = page.OpenRequestLog(page.RequestLogConfig{Folder: a.path("logs"), Keep: a.Config.logKeep(), Now: a.options.Now, Log: a.options.Log})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, a.requests.Close)
	a.Site, err = page.New(page.Config{
		Community: a.Config.Community, Hue: a.Config.Hue, Base: a.Config.Base, Language: a.Config.Language,
		Sources: a.features.sources(a.options.Dev), Static: web.Files, Nav: a.nav(), Foot: a.foot(), Paths: paths,
		Notices: a.features.notices(), NoticeKey: a.secrets.notice, Proxies: a.Config.proxies(), Limits: a.options.Limits,
		Requests: a.requests, Knows: a.knows, Ahead: a.ahead(), Log: a.options.Log, Now: a.options.Now, Dev: a.options.Dev != "", Count: a.options.Count,
	})
	if err != nil {
		return err
	}
	if err := a.start(); err != nil {
		return err
	}
	a.counts = newMetrics(a)
	a.Handler = a.counts.watch(a.Site.Handler(a.features.account.Middleware))
	return nil
}

// start hands each feature what it stands on and takes its routes.
func (a *App) start() error {
	services := feature.Services{DB: a.DB, Vault: a.Vault, Jobs: a.Jobs, Post: a.Post, Site: a.Site, Gate: a.Gate,
		Now: a.options.Now, Log: a.options.Log}
	for _, f := range a.features.all {
		if err := f.Start(services); err != nil {
			return fmt.Errorf("start %s: %w", f.name, err)
		}
		if err := a.Site.Add(f.Routes()...); err != nil {
			return err
		}
	}
	if err := a.Site.Add(runnerRoutes(a.runner)...); err != nil {
		return err
	}
	a.timetable()
	return nil
}

// timetable is what happens by itself, whichever process does it.
func (a *App) timetable() {
	a.Jobs.Every(job.Every(30*time.Minute), job.Kind{Name: "sweep", Do: func(ctx context.Context, _ *job.Run) error {
		if _, err := a.Vault.Sweep(ctx); err != nil {
			return err
		}
		return a.Vault.Compact(ctx)
	}})
	a.Jobs.Every(job.Daily(3, 10), job.Kind{Name: "rotate", Do: func(context.Context, *job.Run) error { return a.Ring.Rotate() }})
}

// Run does what happens by itself: jobs, the timetable, the journal. It returns
// when ctx ends and what was running has been put away.
func (a *App) Run(ctx context.Context) {
	done := make(chan struct{})
	go func() { defer close(done); a.Jobs.Run(ctx) }()
	go a.Site.Run(ctx)
	go a.watchCourses(ctx)
	go a.watchPublished(ctx)
	a.keepUp(ctx)
	<-done
}

const (
	flushEvery  = time.Second // how long a deletion may wait to be in the restore journal
	settleEvery = time.Minute // and what it left to be gone from the write-ahead log, while readers allow it
)

// keepUp does what is too frequent for a job: it ships the restore journal and
// lets go of what deletions left behind.
func (a *App) keepUp(ctx context.Context) {
	flush, settle := time.NewTicker(flushEvery), time.NewTicker(settleEvery)
	defer flush.Stop()
	defer settle.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
			err = a.Vault.Flush(ctx)
		case <-settle.C:
			err = a.Vault.Settle(ctx)
		}
		if err != nil && ctx.Err() == nil {
			a.options.Log.Error("the vault could not be kept up", "error", err)
		}
	}
}

// Close puts everything away, in the reverse order of opening.
func (a *App) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}
