package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"kept/internal/backup"
	"kept/internal/db"
	"kept/internal/mail"
	"kept/internal/outbound"
	"kept/vault"
)

// Backup says where copies go. To and Keys are a folder, or s3://bucket/prefix.
type Backup struct {
	To         string   `toml:"to"`
	Keys       string   `toml:"keys"`
	Recipients []string `toml:"recipients"` // age1…
	At         string   `toml:"at"`         // 03:40, UTC
	Limit      int      `toml:"limit"`      // kB/s; 0 is none
	S3         S3       `toml:"s3"`
	KeysS3     S3       `toml:"keys_s3"`

	NoMachineSnapshots bool `toml:"no_machine_snapshots"`
}

// S3 is how a bucket is reached, and what the policy says of who runs it.
type S3 struct {
	Endpoint   string `toml:"endpoint"`
	Region     string `toml:"region"`
	AccessKey  string `toml:"access_key"`
	SecretFile string `toml:"secret_file"`
	Operator   string `toml:"operator"`
	Country    string `toml:"country"`
	PolicyURL  string `toml:"policy_url"`
	Since      string `toml:"since"`
	Private    bool   `toml:"private"`
}

func backupDefaults() Backup {
	s3 := S3{Operator: "the store of this site", Country: "not stated", Since: firstDay}
	return Backup{At: "03:40", S3: s3, KeysS3: s3}
}

// absolute makes paths relative to the configuration's folder absolute.
func (b *Backup) absolute(base string) {
	for _, path := range []*string{&b.To, &b.Keys, &b.S3.SecretFile, &b.KeysS3.SecretFile} {
		if *path != "" && !filepath.IsAbs(*path) && !strings.HasPrefix(*path, bucketScheme) {
			*path = filepath.Join(base, *path)
		}
	}
}

// The processors that keep copies, in the register.
const (
	dataProcessor = "backup store"
	keysProcessor = "key copy store"
)

const bucketScheme = "s3://"

// backupProcessors are those who keep copies for us.
func (c *Config) backupProcessors() []outbound.Processor {
	var all []outbound.Processor
	for _, one := range []struct {
		name, to, purpose string
		s3                S3
	}{
		{dataProcessor, c.Backup.To, "Keeps the daily backups for %d days: sealed records without the keys that open them. It is run by %s.", c.Backup.S3},
		{keysProcessor, c.Backup.Keys, "Keeps one copy of the keys, sealed so that only we can open it; it is made anew after each erasure. Backups themselves are kept %d days. It is run by %s.", c.Backup.KeysS3},
	} {
		at, err := url.Parse(one.s3.Endpoint)
		if !strings.HasPrefix(one.to, bucketScheme) || err != nil {
			continue
		}
		host := at.Host
		if at.Port() == "" && at.Scheme == "http" {
			host += ":80"
		}
		all = append(all, outbound.Processor{Name: one.name, Country: one.s3.Country, Since: one.s3.Since, PolicyURL: one.s3.PolicyURL,
			Purpose: fmt.Sprintf(one.purpose, c.Policy.BackupDays, one.s3.Operator), Hosts: []string{host}, Private: one.s3.Private, MaxResponse: largestBackupFile})
	}
	return all
}

// largestBackupFile bounds one answer of a store.
const largestBackupFile = 256 << 20

// checkBackup finds what cannot work in [backup].
func (c *Config) checkBackup() error {
	b := c.Backup
	if _, err := time.Parse("15:04", b.At); err != nil {
		return bad("backup.at", "write a time of the day in UTC, as in 03:40")
	}
	if b.Limit < 0 {
		return bad("backup.limit", "write kB a second, or 0 for no limit")
	}
	if _, err := b.recipients(); err != nil {
		return bad("backup.recipients", "write what age-keygen calls the public key: it begins with age1")
	}
	for name, one := range map[string]struct {
		to string
		s3 S3
	}{"s3": {b.To, b.S3}, "keys_s3": {b.Keys, b.KeysS3}} {
		if !strings.HasPrefix(one.to, bucketScheme) {
			continue
		}
		if at, err := url.Parse(one.s3.Endpoint); err != nil || at.Host == "" {
			return bad("backup."+name+".endpoint", "write the address of the store, as in https://s3.example.org")
		}
		if !isDay(one.s3.Since) {
			return bad("backup."+name+".since", "write the day since when the store is used, as in 2027-01-31")
		}
	}
	if c.Policy.End != "" && !isDay(c.Policy.End) {
		return bad("policy.end", "write the last day of the project, as in 2027-12-31, or leave it out")
	}
	return nil
}

func (b *Backup) recipients() ([]age.Recipient, error) {
	if len(b.Recipients) == 0 {
		return nil, nil
	}
	return age.ParseRecipients(strings.NewReader(strings.Join(b.Recipients, "\n")))
}

// openBackup makes the feature and its places.
func (a *App) openBackup() (err error) {
	b := a.Config.Backup
	c := backup.Config{Now: a.options.Now, Days: vault.Days(a.Config.Policy.BackupDays), Limit: b.Limit * 1000,
		Folder: a.path("backup"), Data: a.Config.Data, KeyFolder: a.Config.Keys, Ring: a.Ring, Journal: a.journal,
		Replay: a.replay, NoMachineSnapshots: b.NoMachineSnapshots, Knows: a.knows, Deleted: a.deletedBackups, Trial: a.options.trial}
	if c.To, err = a.openStore(b.To, b.S3, dataProcessor); err != nil {
		return err
	}
	if c.Keys, err = a.openStore(b.Keys, b.KeysS3, keysProcessor); err != nil {
		return err
	}
	if c.Recipients, err = b.recipients(); err != nil {
		return err
	}
	at, err := time.Parse("15:04", b.At)
	if err != nil {
		return err
	}
	c.Hour, c.Min = at.Hour(), at.Minute()
	if a.Config.Policy.End != "" {
		end, err := time.Parse(time.DateOnly, a.Config.Policy.End)
		if err != nil {
			return err
		}
		c.End = vault.DayOf(end)
	}
	a.features.backup = backup.New(c)
	return nil
}

// deletedBackups says in the public log which backups are no more. An id is a time
// and some letters.
func (a *App) deletedBackups(ctx context.Context, ids []string) error {
	var all []string
	for _, id := range ids {
		all = append(all, "Backup "+id+" was deleted.")
	}
	return a.features.log.Tell(ctx, all...)
}

// openStore opens a folder or a bucket; nil if none is named.
func (a *App) openStore(to string, s S3, processor string) (backup.Store, error) {
	bucket, isBucket := strings.CutPrefix(to, bucketScheme)
	switch {
	case to == "":
		return nil, nil
	case !isBucket:
		return backup.Folder(to), nil
	}
	bucket, prefix, _ := strings.Cut(bucket, "/")
	store, err := backup.OpenS3(backup.S3Config{Endpoint: s.Endpoint, Region: s.Region, Bucket: bucket, Prefix: strings.Trim(prefix, "/"),
		AccessKey: s.AccessKey, SecretFile: s.SecretFile, Transport: a.Gate.Client(processor, 0).Transport})
	if err != nil {
		return nil, hinted(err, "look at [backup] in the configuration")
	}
	return store, nil
}

// replay opens what was restored as another instance, which replays the restore
// journal, and closes it again.
func (a *App) replay(ctx context.Context, at backup.Place, ringCopy uint64, look func(*vault.Vault, *db.DB) error) error {
	c := a.Config
	c.Data, c.Keys, c.Database = at.Data, at.Keys, at.Database
	return replay(ctx, c, a.options.Now, ringCopy, look)
}

func replay(ctx context.Context, c Config, now func() time.Time, ringCopy uint64, look func(*vault.Vault, *db.DB) error) (err error) {
	other, err := Open(ctx, c, Options{Now: now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Outbox: mail.NewOutbox(1, nil), ringCopy: ringCopy})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, other.Close()) }()
	if err := look(other.Vault, other.DB); err != nil {
		return err
	}
	return errors.Join(other.features.log.Restored(ctx), other.features.certificate.Restored(ctx))
}

// erased drops what is held of somebody outside the vault.
func (a *App) erased(owner vault.OwnerID) {
	a.features.portfolio.Forget(owner)
	a.features.backup.Erased(context.Background())
}

func (a *App) examineBackups(ctx context.Context) []finding {
	var all []finding
	for _, f := range a.features.backup.Examine(ctx) {
		all = append(all, finding{f.What, f.Bad, f.Do})
	}
	return all
}

// refuseUnfinished keeps a folder that is being restored into from being used.
func (a *App) refuseUnfinished() error {
	if a.options.ringCopy == 0 && backup.Unfinished(a.Config.Data) {
		return hinted(vault.ErrRestoring, "run the same kept restore again: it finishes what it began")
	}
	return nil
}

// identities reads what opens the copy of the key ring.
func identities(path string) ([]age.Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, hinted(err, "name the file that age-keygen wrote with --identity")
	}
	defer f.Close()
	all, err := age.ParseIdentities(f)
	if err != nil {
		return nil, hinted(fmt.Errorf("%s is no identity of age", filepath.Base(path)), "name the file that age-keygen wrote with --identity")
	}
	return all, nil
}

// Backups is the feature that keeps copies, for tests of the whole.
func (a *App) Backups() *backup.Feature { return a.features.backup }

// TryRestore restores the newest backup of a scratch instance into a folder.
func (s *Scratch) TryRestore(ctx context.Context, folder string) error {
	r, done, err := restoration(s.Config, s.options.trial)
	if err != nil {
		return err
	}
	defer done()
	r.Place, r.Say = placeIn(folder), func(string) {}
	_, err = r.Run(ctx)
	return err
}
