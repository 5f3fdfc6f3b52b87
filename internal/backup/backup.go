// Package backup keeps copies of the site that forget: daily snapshots of
// sealed rows without the keys that open them, and apart from them one copy of
// the key ring, sealed to somebody offline and made anew after each erasure. A
// restore brings back nothing that was erased, hidden, withdrawn or ended.
//
// It owns the format of backups (chunk.go, snapshot.go; docs/backup.md), the
// places they lie in (store.go, s3.go), their end (prune.go), the restore, and
// /privacy/next, the page of the next deletions. It reads declarations, never
// features. It refuses to put a key that is not sealed to a recipient anywhere,
// to keep a snapshot past its day, and to restore from a ring copy of which a
// newer one is known.
//
// Start at New, Backup and Restoration.
package backup

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"kept/internal/db"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
	"kept/vault/sabotage"
)

//go:embed *.html
var files embed.FS

// Config is what app hands over.
type Config struct {
	Now  func() time.Time
	Days vault.Days // how long a snapshot is kept
	// To is where snapshots go, Keys where the ring copy goes; nil if none is
	// configured. The operator's limit in bytes a second holds for both.
	To, Keys   Store
	Limit      int
	Recipients []age.Recipient
	Hour, Min  int    // of the daily backup, UTC
	Folder     string // of our own in the data folder
	Data       string // the data folder
	KeyFolder  string // with the epoch key and the site's keys

	Ring    *keyring.Ring
	Journal *journal.File
	// Replay opens what was restored into these folders as a restored site, and
	// closes it after look; see Restoration.
	Replay Replay
	// NoMachineSnapshots says that the operator knows of snapshots of the whole
	// machine and has none made.
	NoMachineSnapshots bool
	End                vault.Day // of the project; 0 if none is set

	Knows func(*page.Language) string
	// Deleted is told the ids of backups that were deleted; may be nil.
	Deleted func(ctx context.Context, ids []string) error
	// Trial opens the ring copy of a scratch site, for the checks. A site that
	// serves has nothing that could.
	Trial []age.Identity
}

// Replay opens a restored site, lets look see it, and closes it.
type Replay func(ctx context.Context, at Place, ringCopy uint64, look func(*vault.Vault, *db.DB) error) error

// Place is where a site lies.
type Place struct{ Data, Keys, Database string }

// Feature makes backups and shows what goes next.
type Feature struct {
	c     Config
	mu    sync.Mutex // the state file
	once  sync.Mutex // one backup at a time in this process
	turn  sync.Mutex // one ring copy at a time, which must not wait for a slow backup
	keys  *keys
	shown counted
	feature.Services
}

// New makes the feature; it keeps nothing about anybody. Ring and Journal come
// with Attach, once they are open.
func New(c Config) *Feature { return &Feature{c: c} }

// Source hands over the templates.
func (f *Feature) Source() page.Source { return page.Source{Name: "backup", Files: files} }

// The jobs of this package.
const (
	jobDaily  = "backup"
	jobKeys   = "backup-keys"
	jobErased = "backup-keys-erased"
)

// dailyTimeout is for the whole of a backup, slow as a store may be.
const dailyTimeout = 12 * time.Hour

// Start takes what the feature stands on, and enters the timetable.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	if err := f.settleEnd(context.Background()); err != nil {
		return err
	}
	if f.c.To == nil {
		return nil
	}
	if f.c.Keys != nil && len(f.c.Recipients) > 0 {
		f.keys = &keys{Ring: f.c.Ring, Journal: f.c.Journal, Path: filepath.Join(f.c.Data, "journal"), Secrets: f.c.KeyFolder,
			To: limited(f.c.Keys, f.c.Limit), Data: limited(f.c.To, f.c.Limit), Recipients: f.c.Recipients, Today: f.today, again: true}
		// It comes after the key is gone, whatever the journal tells by then.
		s.Jobs.Handle(job.Kind{Name: jobErased, Do: func(ctx context.Context, _ *job.Run) error {
			f.turn.Lock()
			f.keys.again = true
			f.turn.Unlock()
			return f.KeepKeys(ctx, false)
		}})
		s.Jobs.Every(job.Every(time.Minute), job.Kind{Name: jobKeys, Do: f.keepKeysQuietly})
	}
	s.Jobs.Every(job.Daily(f.c.Hour, f.c.Min), job.Kind{Name: jobDaily, Timeout: dailyTimeout, Do: func(ctx context.Context, _ *job.Run) error {
		_, err := f.Backup(ctx, true, nil)
		return err
	}})
	return nil
}

func (f *Feature) today() vault.Day { return vault.DayOf(f.c.Now()) }

// Erased is to be called when an owner was erased: the ring copy is made anew
// at once. Were it forgotten, the minute's look at the journal does it.
func (f *Feature) Erased(ctx context.Context) {
	if f.keys == nil {
		return
	}
	err := f.DB.Transact(ctx, func(tx *sql.Tx) error {
		return f.Jobs.Add(ctx, tx, job.Job{Kind: jobErased, Lane: job.Fast, Unique: jobErased})
	})
	if err != nil {
		f.Log.Error("the copy of the key ring waits for the minute", "error", err)
		return
	}
	f.Jobs.Wake()
}

// keepKeysQuietly is what each minute does. A place that cannot be reached is
// logged once and tried again the next minute, not by the queue as well; the
// doctor and receipts tell of it.
func (f *Feature) keepKeysQuietly(ctx context.Context, _ *job.Run) error {
	before, err := f.loadState()
	if err != nil {
		return err
	}
	if err := f.KeepKeys(ctx, false); err != nil && before.RingFailed.IsZero() {
		f.Log.Error("the copy of the key ring could not be made anew; it is tried every minute", "error", err)
	}
	return nil
}

// KeepKeys makes the ring copy anew if somebody was erased since, or wholly
// with all, and ships the restore journal.
func (f *Feature) KeepKeys(ctx context.Context, all bool) error {
	if f.keys == nil {
		return nil
	}
	f.turn.Lock()
	defer f.turn.Unlock()
	m, err := f.keys.keep(ctx, all)
	return errors.Join(err, f.change(func(s *state) {
		switch {
		case err != nil && s.RingFailed.IsZero():
			s.RingFailed = f.c.Now().UTC().Truncate(time.Second)
		case err == nil:
			s.RingFailed = time.Time{}
		}
		if m != nil {
			s.RingSequence = m.Sequence
			if all {
				s.RingMade = f.c.Now().UTC().Truncate(time.Second)
			}
		}
	}))
}

// Made says what a backup did.
type Made struct {
	*Snapshot
	pruned
}

// ErrNowhere says that no place for backups is configured.
var ErrNowhere = errors.New("backup: no place for backups is configured")

// Backup takes a snapshot, copies the ring after it, and removes the snapshots
// whose time is over: they go also if the new one could not be made. gently is
// for when a site is served beside.
func (f *Feature) Backup(ctx context.Context, gently bool, progress Progress) (Made, error) {
	if f.c.To == nil {
		return Made{}, ErrNowhere
	}
	f.once.Lock()
	defer f.once.Unlock()
	lock, err := f.lock()
	if err != nil {
		return Made{}, err
	}
	defer lock()
	s, err := f.take(ctx, gently, progress)
	// What a broken-off backup has stored is found again within a day.
	var spare time.Time
	if err != nil {
		spare = time.Now().Add(-20 * time.Hour)
	}
	p, errPrune := f.prune(ctx, "", spare)
	return Made{s, p}, errors.Join(err, errPrune)
}

// lock keeps other processes of this host from making a backup.
func (f *Feature) lock() (unlock func(), err error) {
	if err := os.MkdirAll(f.c.Folder, 0o700); err != nil {
		return nil, err
	}
	held, err := keyring.OS{}.Lock(filepath.Join(f.c.Folder, "lock"), false)
	if errors.Is(err, keyring.ErrLocked) {
		return nil, errors.New("backup: another process is making one")
	}
	if err != nil {
		return nil, err
	}
	return func() { held.Close() }, nil
}

func (f *Feature) take(ctx context.Context, gently bool, progress Progress) (*Snapshot, error) {
	known, err := readStatus(f.c.Journal)
	if err != nil {
		return nil, err
	}
	now := f.c.Now().UTC().Truncate(time.Second)
	s := &Snapshot{Format: snapshotFormat, ID: newID(now), Taken: now, Engine: string(f.DB.Engine), Ring: known.sequence, Left: f.left()}
	t := &taking{DB: f.DB, To: limited(f.c.To, f.c.Limit), Folder: f.c.Folder, Leave: f.leave(), Gentle: gently, Progress: progress}
	if err := t.take(ctx, s); err != nil {
		return nil, err
	}
	err = f.change(func(st *state) {
		st.Snapshot, st.Taken, st.Stored, st.Rows = s.ID, s.Taken, s.Stored, s.Rows
	})
	// Every person in the snapshot has a key in the ring by now: so its copy
	// comes after.
	return s, errors.Join(err, f.KeepKeys(ctx, true))
}

// left are the kinds that no restore brings back, so that no backup holds them.
func (f *Feature) left() []string {
	var all []string
	for _, k := range f.Vault.Kinds() {
		if k.DropAtRestore {
			all = append(all, k.Name)
		}
	}
	return all
}

// leave says what of which table is left out: look-ups are made anew by a
// restore, and so are the claims on unique values but for bare reservations.
func (f *Feature) leave() map[string]string {
	leave := map[string]string{"vault_find": "", "vault_claim": "owner <> ''"}
	if kinds := f.left(); len(kinds) > 0 {
		leave["vault_record"] = "kind IN ('" + strings.Join(kinds, "', '") + "')" // letters, digits and dashes, says Declare
	}
	return leave
}

func (f *Feature) prune(ctx context.Context, also string, spare time.Time) (pruned, error) {
	keep := f.c.Days
	if sabotage.Is(breakKept) {
		keep = 1000
	}
	cache := (&taking{Folder: f.c.Folder}).cache()
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return pruned{}, err
	}
	p, err := prune(ctx, limited(f.c.To, f.c.Limit), cache, pruning{f.today(), keep, also, spare})
	if f.c.Deleted != nil && len(p.gone) > 0 {
		err = errors.Join(err, f.c.Deleted(ctx, p.gone))
	}
	return p, err
}

// Forget removes one snapshot and gives its space back.
func (f *Feature) Forget(ctx context.Context, id string) (freed int64, err error) {
	if f.c.To == nil {
		return 0, ErrNowhere
	}
	f.once.Lock()
	defer f.once.Unlock()
	lock, err := f.lock()
	if err != nil {
		return 0, err
	}
	defer lock()
	if _, dated := takenOn(id); !dated {
		return 0, fmt.Errorf("%w: %s", errNoSnapshot, id)
	}
	p, err := f.prune(ctx, id, time.Time{})
	return p.Freed, err
}

// List reads the snapshots that there are, the oldest first.
func (f *Feature) List(ctx context.Context) ([]*Snapshot, error) {
	if f.c.To == nil {
		return nil, ErrNowhere
	}
	all, unreadable, err := snapshots(ctx, f.c.To)
	return all, errors.Join(append(unreadable, err)...)
}
