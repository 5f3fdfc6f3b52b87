package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"kept/internal/db"
	"kept/vault"
	"kept/vault/keyring"
)

// Restoration is a restore into a new folder and a new database.
type Restoration struct {
	From, Ring Store
	Identities []age.Identity // that the ring copy was sealed to
	Snapshot   string         // its id; empty is the newest
	Place                     // new folders and a new database, or what this restore left when it was broken off
	// Replay opens the site with the vault's OpenRestored, which replays the
	// restore journal, drops sessions and makes the look-ups anew.
	Replay   Replay
	Loaded   func(ctx context.Context, s *Snapshot) error // looks at the rows before the replay; may be nil
	Look     func(v *vault.Vault, d *db.DB) error         // looks at the restored site; may be nil
	Progress Progress
	Say      func(step string)
}

// markerName is the file in the data folder that says that a restore is under
// way. Who serves refuses a folder that has it.
const markerName = "restoring.json"

// Unfinished reports whether a restore into the folder was begun and not ended.
func Unfinished(data string) bool {
	_, err := os.Stat(filepath.Join(data, markerName))
	return err == nil
}

// marker is how far a restore is.
type marker struct {
	Snapshot string `json:"snapshot"`
	Ring     uint64 `json:"ring"`
	Loaded   bool   `json:"loaded"`
}

// ErrInUse refuses to restore over something.
var ErrInUse = errors.New("backup: nothing is overwritten")

var (
	errNoSnapshot = errors.New("backup: there is no snapshot to restore")
	errNotEmpty   = fmt.Errorf("%w: the folder to restore into is not empty", ErrInUse)
	errUsed       = fmt.Errorf("%w: the database to restore into is not empty", ErrInUse)
	errAnother    = fmt.Errorf("%w: another restore into this folder was begun", ErrInUse)
)

// Run restores, or goes on with a restore that was broken off. When it returns
// nil, the folder and the database can be served.
//
// Errors: *OldRingError for a ring copy that is not the newest, *DamagedError
// for a file that is missing or was altered.
func (r *Restoration) Run(ctx context.Context) (*Snapshot, error) {
	s, m, err := r.choose(ctx)
	if err != nil {
		return nil, err
	}
	mark, err := r.begin(ctx, s, m)
	if err != nil {
		return nil, err
	}
	if !mark.Loaded {
		r.Say("rows of " + s.ID)
		l := loading{From: r.From, DSN: r.Database, Fetched: filepath.Join(r.Data, "fetched"), Progress: r.Progress}
		if _, local := r.From.(Folder); local {
			l.Fetched = ""
		}
		if err := l.load(ctx, s); err != nil {
			return nil, err
		}
		if r.Loaded != nil {
			if err := r.Loaded(ctx, s); err != nil {
				return nil, err
			}
		}
		mark.Loaded = true
		if err := r.write(mark); err != nil {
			return nil, err
		}
	}
	return s, r.finish(ctx, mark)
}

// choose takes the snapshot and the ring copy, and refuses an older ring copy
// before anything is made.
func (r *Restoration) choose(ctx context.Context) (*Snapshot, keyring.Manifest, error) {
	m, err := keyring.ReadManifest(ctx, ringSink{r.Ring})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, m, damaged(keyring.ManifestName, "there is no copy of the key ring")
	}
	if err != nil {
		return nil, m, err
	}
	all, _, err := snapshots(ctx, r.From)
	if err != nil {
		return nil, m, err
	}
	if err := newest(ctx, m, r.From, all); err != nil {
		return nil, m, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if r.Snapshot == "" || all[i].ID == r.Snapshot {
			return all[i], m, nil
		}
	}
	return nil, m, errNoSnapshot
}

// begin makes the folders, or finds what an earlier attempt of the same restore
// has left.
func (r *Restoration) begin(ctx context.Context, s *Snapshot, m keyring.Manifest) (marker, error) {
	var mark marker
	b, err := os.ReadFile(filepath.Join(r.Data, markerName))
	if err == nil {
		if err := json.Unmarshal(b, &mark); err != nil || mark.Snapshot != s.ID && r.Snapshot != "" {
			return mark, errAnother
		}
		if mark.Snapshot == s.ID && mark.Ring == m.Sequence {
			return mark, nil
		}
		// A newer snapshot or ring copy was made since: begin again with that.
		return r.again(s, m)
	}
	for _, dir := range []string{r.Data, r.Keys} {
		if files, err := os.ReadDir(dir); err == nil && len(files) > 0 {
			return mark, fmt.Errorf("%w: %s", errNotEmpty, dir)
		}
	}
	// Loading begins with an empty database and would make it one.
	if empty, err := db.Empty(ctx, r.Database); err != nil || !empty {
		return mark, errors.Join(err, errUsed)
	}
	return r.again(s, m)
}

func (r *Restoration) again(s *Snapshot, m keyring.Manifest) (marker, error) {
	mark := marker{Snapshot: s.ID, Ring: m.Sequence}
	for _, dir := range []string{r.Data, r.Keys, filepath.Join(r.Data, "fetched")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return mark, err
		}
	}
	for _, path := range []string{r.ring(), r.journal()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return mark, err
		}
	}
	return mark, r.write(mark)
}

func (r *Restoration) ring() string    { return filepath.Join(r.Data, "ring") }
func (r *Restoration) journal() string { return filepath.Join(r.Data, "journal") }

func (r *Restoration) write(m marker) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return Folder(r.Data).Put(context.Background(), markerName, b)
}

// finish brings keys and journal, replays, and only then destroys the epoch
// keys of rings that are no more and takes the mark away.
func (r *Restoration) finish(ctx context.Context, mark marker) error {
	r.Say("keys and restore journal")
	if err := r.bringFiles(ctx); err != nil {
		return err
	}
	if err := r.bringRing(ctx); err != nil {
		return err
	}
	r.Say("what was erased, hidden or withdrawn since; look-ups")
	look := r.Look
	if look == nil {
		look = func(*vault.Vault, *db.DB) error { return nil }
	}
	if err := r.Replay(ctx, r.Place, mark.Ring, look); err != nil {
		return err
	}
	ring, err := keyring.Open(r.ring(), r.Keys)
	if err != nil {
		return err
	}
	if err := errors.Join(ring.ShredForeign(), ring.Close()); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(r.Data, "fetched")); err != nil {
		return err
	}
	return Folder(r.Data).Remove(ctx, markerName)
}

// bringFiles brings the journal and the site's keys. A journal that is there
// stays: a replay that was broken off may have written to it.
func (r *Restoration) bringFiles(ctx context.Context) error {
	if _, err := os.Stat(r.journal()); errors.Is(err, fs.ErrNotExist) {
		b, err := open(ctx, r.Ring, journalName, r.Identities)
		if err != nil {
			return err
		}
		if err := Folder(r.Data).Put(ctx, "journal", b); err != nil {
			return err
		}
	}
	b, err := open(ctx, r.Ring, secretsName, r.Identities)
	if err != nil {
		return err
	}
	var all map[string][]byte
	if err := json.Unmarshal(b, &all); err != nil {
		return damaged(secretsName, "it is not what it should be")
	}
	for _, name := range secretFiles {
		if len(all[name]) == 0 {
			return damaged(secretsName, name+" is missing")
		}
		if err := Folder(r.Keys).Put(ctx, name, all[name]); err != nil {
			return err
		}
	}
	for _, name := range maybeFiles {
		if len(all[name]) == 0 {
			continue
		}
		if err := Folder(r.Keys).Put(ctx, name, all[name]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Restoration) bringRing(ctx context.Context) error {
	ring, err := keyring.RestoreCopy(ctx, ringSink{r.Ring}, r.Identities, r.ring(), r.Keys)
	if errors.Is(err, keyring.ErrExists) {
		return nil
	}
	if err != nil {
		return err
	}
	return ring.Close()
}
