package backup

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kept/internal/db"
	"kept/internal/prove"
	"kept/vault"
	"kept/vault/keyring"
)

// Checks try what is promised about backups and dates.
func (f *Feature) Checks() []prove.Check {
	return []prove.Check{
		{Promise: "F11", How: "The clock makes a backup. Then one member erases everything and another a single record, and the backup is restored: neither may be back, and nothing else may be missing. Days later the backup must be gone, and the record from every one that is left.", Try: f.tryForgetting},
		{Promise: "B4", How: "A backup is made, and a member is erased. A minute later the copy of the keys is opened with what the operator keeps offline: it must not hold the member's key, and still that of another.", Try: f.tryRingCopy},
		{Promise: "C14", How: "A record of every kind is planted. At the end of its last day each must still be there, and an hour after midnight each must be gone.", Try: func(ctx context.Context, s *prove.Site) (string, error) { return tryDates(ctx, s, "") }},
		{Promise: "C5", How: "A question to the people who run the site is left unanswered. On its last day it must be there, and an hour after midnight it must be gone.", Try: func(ctx context.Context, s *prove.Site) (string, error) { return tryDates(ctx, s, "privacy-request") }},
	}
}

// plant puts a record of every kind, or of one, for a new member.
func plant(ctx context.Context, s *prove.Site, kind string) (*prove.Member, error) {
	m, err := s.SignIn(ctx)
	if err != nil {
		return nil, err
	}
	return m, s.DB.Transact(ctx, func(tx *sql.Tx) error {
		for _, p := range s.Plants {
			if kind != "" && p.Kind != kind {
				continue
			}
			if _, err := p.Put(ctx, tx, m.Owner, prove.Marker()); err != nil {
				return fmt.Errorf("plant %s: %w", p.Kind, err)
			}
		}
		return nil
	})
}

const day = 24 * time.Hour

func (f *Feature) tryForgetting(ctx context.Context, s *prove.Site) (string, error) {
	gone, err := plant(ctx, s, "")
	if err != nil {
		return "", err
	}
	stays, err := plant(ctx, s, "")
	if err != nil {
		return "", err
	}
	had, err := recordsOf(ctx, s.Vault, s.DB, stays.Owner)
	if err != nil {
		return "", err
	}
	if err := s.Work(ctx); err != nil { // from here on the timetable runs
		return "", err
	}
	if err := s.Advance(ctx, day); err != nil {
		return "", err
	}
	made, err := f.List(ctx)
	if err != nil || len(made) != 1 {
		return "", errors.Join(err, prove.Failed("after a day there are %d backups", len(made)))
	}
	detail, err := eraseSome(ctx, s, gone.Owner, stays.Owner)
	if err != nil {
		return "", err
	}
	left, err := recordsOf(ctx, s.Vault, s.DB, stays.Owner)
	if err != nil {
		return "", err
	}
	maps.DeleteFunc(had, func(name string, _ bool) bool { return !left[name] })
	if err := s.Advance(ctx, time.Minute); err != nil { // the journal is shipped every minute
		return "", err
	}
	if err := f.tryRestore(ctx, gone.Owner, stays.Owner, detail, had); err != nil {
		return "", err
	}
	if err := f.tryEnd(ctx, s, made[0].ID, detail); err != nil {
		return "", err
	}
	return fmt.Sprintf("a restore brought back %d records and neither what was erased; after %d days the backup was gone, and the record from all others", len(had), f.c.Days), nil
}

// recordsOf are the records of a member that a restore brings back.
func recordsOf(ctx context.Context, v *vault.Vault, d *db.DB, owner vault.OwnerID) (map[string]bool, error) {
	all := map[string]bool{}
	return all, v.Subject(owner).Each(ctx, d.Read, func(i vault.Item) error {
		if !i.Info.DropAtRestore {
			all[i.Info.Name+"/"+i.ID] = true
		}
		return nil
	})
}

// eraseSome erases a member, and one record of another.
func eraseSome(ctx context.Context, s *prove.Site, gone, stays vault.OwnerID) (detail string, err error) {
	if _, err := s.Vault.EraseOwner(ctx, gone); err != nil {
		return "", err
	}
	var kind, id string
	err = s.Vault.Subject(stays).Each(ctx, s.DB.Read, func(i vault.Item) error {
		if kind == "" && i.Info.Portable && len(i.ID) > len(vault.SingleID) {
			kind, id = i.Info.Name, i.ID
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	err = s.DB.Transact(ctx, func(tx *sql.Tx) error { return s.Vault.Subject(stays).Delete(ctx, tx, kind, id) })
	if err == nil {
		err = s.Vault.Flush(ctx) // as every second
	}
	return kind + "/" + id, err
}

// tryRestore restores into a temporary folder and looks for what may not be back.
func (f *Feature) tryRestore(ctx context.Context, gone, stays vault.OwnerID, detail string, had map[string]bool) (err error) {
	folder, err := os.MkdirTemp("", "kept-restore-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	data := filepath.Join(folder, "data")
	r := &Restoration{From: f.c.To, Ring: f.c.Keys, Identities: f.c.Trial, Replay: f.c.Replay, Say: func(string) {},
		Place: Place{Data: data, Keys: filepath.Join(folder, "keys"), Database: filepath.Join(data, "kept.db")}}
	r.Look = func(v *vault.Vault, d *db.DB) error {
		if _, err := v.Owner(ctx, d.Read, gone); !errors.Is(err, vault.ErrNotFound) {
			return prove.Failed("a restore brings an erased member back")
		}
		back, err := recordsOf(ctx, v, d, stays)
		if err != nil {
			return err
		}
		if back[detail] {
			return prove.Failed("a restore brings an erased record back")
		}
		for name := range had {
			if !back[name] {
				return prove.Failed("a restore does not bring back a record of %s", name[:strings.Index(name, "/")])
			}
		}
		return nil
	}
	_, err = r.Run(ctx)
	return err
}

// tryEnd lets the days of the backup pass.
func (f *Feature) tryEnd(ctx context.Context, s *prove.Site, id, detail string) error {
	_, record, _ := strings.Cut(detail, "/")
	for range f.c.Days {
		if err := s.Advance(ctx, day); err != nil {
			return err
		}
	}
	left, err := f.List(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(left, func(one *Snapshot) bool { return one.ID == id }) {
		return prove.Failed("a backup is there still, %d days after it was made", f.c.Days)
	}
	n, err := f.recordsNamed(ctx, record)
	if err == nil && n > 0 {
		err = prove.Failed("an erased record is in the backups still")
	}
	return err
}

// recordsNamed counts the records in all backups that have an id.
func (f *Feature) recordsNamed(ctx context.Context, id string) (n int, err error) {
	objects, err := f.c.To.List(ctx, chunkFolder)
	if err != nil {
		return 0, err
	}
	reader := idReader{from: f.c.To}
	defer reader.close()
	for _, o := range objects {
		u, err := reader.fetch(ctx, filepath.Base(o.Name))
		if err != nil {
			return n, err
		}
		for row, err := range u.each() {
			if err != nil {
				return n, err
			}
			if u.tables[row.table].Name == "vault_record" && bytes.Contains(row.values, []byte(id)) {
				n++
			}
		}
	}
	return n, nil
}

func (f *Feature) tryRingCopy(ctx context.Context, s *prove.Site) (string, error) {
	gone, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	stays, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	if _, err := f.Backup(ctx, false, nil); err != nil {
		return "", err
	}
	had, err := f.copied(ctx, gone.Owner)
	if err != nil || !had {
		return "", errors.Join(err, prove.Failed("the copy of the keys lacks a member's key"))
	}
	if _, err := s.Vault.EraseOwner(ctx, gone.Owner); err != nil {
		return "", err
	}
	if err := s.Advance(ctx, time.Minute); err != nil {
		return "", err
	}
	if has, err := f.copied(ctx, gone.Owner); err != nil || has {
		return "", errors.Join(err, prove.Failed("a minute after the erasure the copy of the keys still opens the erased"))
	}
	if has, err := f.copied(ctx, stays.Owner); err != nil || !has {
		return "", errors.Join(err, prove.Failed("the copy of the keys has lost somebody else"))
	}
	return "a minute after the erasure the copy of the keys opened nothing of the erased, and still the others", nil
}

// copied reports whether the copy of the key ring holds a key of an owner.
func (f *Feature) copied(ctx context.Context, owner vault.OwnerID) (found bool, err error) {
	folder, err := os.MkdirTemp("", "kept-ring-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	ring, err := keyring.RestoreCopy(ctx, ringSink{f.c.Keys}, f.c.Trial, filepath.Join(folder, "ring"), folder)
	if err != nil {
		return false, err
	}
	defer ring.Close()
	err = ring.Owners(func(id keyring.ID, _ keyring.Class, _ int32) bool {
		found = found || vault.OwnerOf(id) == owner
		return !found
	})
	return found, err
}

// tryDates follows the records of a member to their last days.
func tryDates(ctx context.Context, s *prove.Site, kind string) (string, error) {
	m, err := plant(ctx, s, kind)
	if err != nil {
		return "", err
	}
	if err := s.Work(ctx); err != nil { // from here on the timetable runs
		return "", err
	}
	c := calendar{s: s, owner: m.Owner, kind: kind}
	for {
		next, n, err := c.next(ctx)
		if err != nil {
			return "", err
		}
		if n == 0 {
			break
		}
		if err := c.follow(ctx, next); err != nil {
			return "", err
		}
	}
	if c.seen == 0 {
		return "", errors.New("no record has a last day")
	}
	return fmt.Sprintf("%d records of %d days stayed until the end of their day and were gone within an hour", c.seen, c.days), nil
}

// calendar walks from one last day to the next.
type calendar struct {
	s          *prove.Site
	owner      vault.OwnerID
	kind       string
	moved      time.Duration
	seen, days int
}

// next is the next last day of a record, and how many records have it.
func (c *calendar) next(ctx context.Context) (next vault.Day, n int, err error) {
	var first sql.NullInt64
	err = c.s.DB.Read.QueryRowContext(ctx, `SELECT MIN(expires_day), COUNT(*) FROM vault_record
		WHERE owner = $1 AND (kind = $2 OR $2 = '') AND expires_day < $3`, string(c.owner), c.kind, int64(vault.Never)).Scan(&first, &n)
	return vault.Day(first.Int64), n, err
}

func (c *calendar) count(ctx context.Context, d vault.Day) (n int, err error) {
	err = c.s.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM vault_record
		WHERE owner = $1 AND (kind = $2 OR $2 = '') AND expires_day = $3`, string(c.owner), c.kind, int64(d)).Scan(&n)
	return n, err
}

// follow goes to the last half hour of a day, and to an hour after it.
func (c *calendar) follow(ctx context.Context, d vault.Day) error {
	before, err := c.count(ctx, d)
	if err != nil {
		return err
	}
	midnight := (d + 1).Time()
	if err := c.moveTo(ctx, midnight.Add(-30*time.Minute)); err != nil {
		return err
	}
	still, err := c.count(ctx, d)
	if err != nil {
		return err
	}
	if still < before {
		return prove.Failed("%d records went before the end of their last day", before-still)
	}
	if err := c.moveTo(ctx, midnight.Add(time.Hour)); err != nil {
		return err
	}
	left, err := c.count(ctx, d)
	if err != nil {
		return err
	}
	if left > 0 {
		return prove.Failed("%d records are there an hour after the end of their last day", left)
	}
	c.seen, c.days = c.seen+before, c.days+1
	return nil
}

// moveTo moves the clock, which no check has moved before this one.
func (c *calendar) moveTo(ctx context.Context, at time.Time) error {
	by := time.Until(at) - c.moved
	if by <= 0 {
		return nil
	}
	c.moved += by
	return c.s.Advance(ctx, by)
}
