package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"kept/internal/backup"
	"kept/internal/outbound"
)

// restoreCommand brings a site back into the folders and the database that its
// configuration names, which must be new.
type restoreCommand struct {
	Config   string `type:"path" help:"The configuration file of the site that is to be." env:"KEPT_CONFIG"`
	Identity string `type:"path" required:"" help:"The file with what opens the copy of the key ring, as age-keygen wrote it."`
	Snapshot string `placeholder:"ID" help:"Which backup; the newest if it is left out."`
	Verify   bool   `help:"Restore into a temporary place, compare every row, open every record, and remove it again."`
	Mend     bool   `help:"Restore nothing: take only the damaged slots of the key ring that is there from its copy."`
	Quiet    bool   `help:"Say nothing but what went wrong."`
}

func (c *restoreCommand) Run(ctx context.Context, std *streams) error {
	config, err := LoadConfig(c.Config, std.getenv)
	if err != nil {
		return err
	}
	ids, err := identities(c.Identity)
	if err != nil {
		return err
	}
	meter := newMeter(std.err, c.Quiet)
	defer meter.end()
	r, done, err := restoration(config, ids)
	if err != nil {
		return err
	}
	defer done()
	if c.Mend {
		return c.mend(ctx, std, r)
	}
	r.Snapshot, r.Progress = c.Snapshot, meter.to
	r.Say = func(step string) {
		if !c.Quiet {
			meter.end()
			fmt.Fprintln(std.err, "restore:", step)
		}
	}
	if c.Verify {
		return c.verify(ctx, std, r)
	}
	s, err := r.Run(ctx)
	if err != nil {
		return hintedBackup(err)
	}
	_, err = fmt.Fprintf(std.out, "restored %s, of %s; kept serve may start\n", s.ID, s.Taken.Format("2006-01-02 15:04 MST"))
	return err
}

// mend says of each slot what became of it.
func (c *restoreCommand) mend(ctx context.Context, std *streams, r *backup.Restoration) error {
	done, err := backup.MendKeys(ctx, r.Place, r.Ring, r.Identities)
	if err != nil {
		return hintedBackup(err)
	}
	for _, slot := range done.Back {
		fmt.Fprintf(std.out, "slot %d: its key was taken from the copy\n", slot)
	}
	for _, slot := range done.Empty {
		fmt.Fprintf(std.out, "slot %d: the copy has no key for it that anybody may have; if it held one that is younger than the copy, what that sealed is lost\n", slot)
	}
	_, err = fmt.Fprintf(std.out, "%d keys taken back, %d slots emptied; kept serve may start\n", len(done.Back), len(done.Empty))
	return err
}

func (c *restoreCommand) verify(ctx context.Context, std *streams, r *backup.Restoration) (err error) {
	folder, err := os.MkdirTemp("", "kept-verify-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	r.Place = placeIn(folder)
	v, err := r.Verify(ctx)
	if err != nil {
		return hintedBackup(err)
	}
	_, err = fmt.Fprintf(std.out, "%s can be restored: %d rows as they were; %d records of %d people open\n", v.Snapshot.ID, v.Snapshot.Rows, v.Records, v.People)
	return err
}

// placeIn is a site on SQLite in a folder.
func placeIn(folder string) backup.Place {
	data := filepath.Join(folder, "data")
	return backup.Place{Data: data, Keys: filepath.Join(folder, "keys"), Database: filepath.Join(data, "kept.db")}
}

// restoration opens the places that the configuration names, without opening
// the site: there is none yet.
func restoration(c Config, ids []age.Identity) (r *backup.Restoration, done func(), err error) {
	gate, err := outbound.New(outbound.Config{Processors: c.backupProcessors()})
	if err != nil {
		return nil, nil, err
	}
	a := &App{Config: c, Gate: gate, options: Options{Now: time.Now}}
	r = &backup.Restoration{Identities: ids, Place: backup.Place{Data: c.Data, Keys: c.Keys, Database: c.Database}, Replay: a.replay}
	if r.From, err = a.openStore(c.Backup.To, c.Backup.S3, dataProcessor); err != nil {
		return nil, nil, err
	}
	if r.Ring, err = a.openStore(c.Backup.Keys, c.Backup.KeysS3, keysProcessor); err != nil {
		return nil, nil, err
	}
	if r.From == nil || r.Ring == nil {
		return nil, nil, hinted(backup.ErrNowhere, "set backup.to and backup.keys to where the backups lie")
	}
	return r, gate.Close, nil
}
