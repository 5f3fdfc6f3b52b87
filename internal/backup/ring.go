package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"filippo.io/age"

	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
	"kept/vault/sabotage"
)

// Files beside the ring copy, sealed to the same recipients.
const (
	journalName = "journal.age"
	secretsName = "secrets.age"
)

// head is what the store of the data knows of the ring copies, so that an older
// one, put back with the journal that belongs to it, is still known as older.
type head struct {
	Sequence uint64 `json:"sequence"`
	Day      int32  `json:"day"`
}

// keys keeps the copy of the key ring.
type keys struct {
	Ring       *keyring.Ring
	Journal    *journal.File
	Path       string // of the journal's file
	Secrets    string // folder of the site's other keys
	To, Data   Store
	Recipients []age.Recipient
	Today      func() vault.Day

	again   bool   // an erasure was seen: look once more, its key may have gone after the copy
	shipped string // sum of the journal that was stored last
}

// SecretFiles are the site's own keys, without which a restored site finds
// nobody. The epoch key is not among them: it never leaves its folder.
var secretFiles = []string{"lookup.key", "notice.key", "receipt.key"}

// maybeFiles are there once the site needed them: what certificates are signed with.
var maybeFiles = []string{"issuer.json"}

// status is what the journal tells of ring copies.
type status struct {
	sequence uint64 // of the newest copy
	erased   bool   // somebody was erased since
}

func readStatus(j *journal.File) (s status, err error) {
	err = j.Read(func(e journal.Entry) error {
		switch e.Op {
		case journal.Copied:
			n, err := strconv.ParseUint(e.Arg, 10, 64)
			if err != nil {
				return err
			}
			s.sequence, s.erased = max(s.sequence, n), false
		case journal.Erased:
			s.erased = true
		}
		return nil
	})
	return s, err
}

// keep makes the copy anew after an erasure, and ships the journal when it has
// changed. With all, every chunk of the copy is made anew.
func (k *keys) keep(ctx context.Context, all bool) (made *keyring.Manifest, err error) {
	s, err := readStatus(k.Journal)
	if err != nil {
		return nil, err
	}
	if all || (s.erased || k.again) && !sabotage.Is(breakRingKept) {
		if made, err = k.copy(ctx, all, s); err != nil {
			k.again = true
			return nil, fmt.Errorf("backup: copy the key ring: %w", err)
		}
	}
	// Somebody may have been erased while the copy was made: look once more.
	k.again = s.erased || made != nil
	if err := k.shipJournal(ctx); err != nil {
		return made, fmt.Errorf("backup: store the restore journal: %w", err)
	}
	return made, nil
}

func (k *keys) copy(ctx context.Context, all bool, s status) (*keyring.Manifest, error) {
	var only []int
	if !all {
		m, err := keyring.ReadManifest(ctx, ringSink{k.To})
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, keyring.ErrCopy) {
			return nil, err
		}
		if only, err = k.Ring.Stale(m); err != nil || len(only) == 0 {
			return nil, err
		}
	}
	m, err := k.Ring.WriteCopyAfter(ctx, ringSink{k.To}, k.Recipients, int32(k.Today()), only, s.sequence)
	if err != nil {
		return nil, err
	}
	entry := journal.Entry{Day: int32(k.Today()), Op: journal.Copied, Arg: strconv.FormatUint(m.Sequence, 10)}
	if err := k.Journal.Append([]journal.Entry{entry}); err != nil {
		return nil, err
	}
	if err := k.shipSecrets(ctx); err != nil {
		return nil, err
	}
	b, err := json.Marshal(head{m.Sequence, m.Day})
	if err != nil {
		return nil, err
	}
	return &m, putChecked(ctx, k.Data, headName, b)
}

// shipJournal stores the journal if it is not the one that is stored.
func (k *keys) shipJournal(ctx context.Context) error {
	b, err := os.ReadFile(k.Path)
	if err != nil {
		return err
	}
	if sumOf(b) == k.shipped {
		return nil
	}
	if err := k.put(ctx, journalName, b); err != nil {
		return err
	}
	k.shipped = sumOf(b)
	return nil
}

func (k *keys) shipSecrets(ctx context.Context) error {
	all := map[string][]byte{}
	for _, name := range slices.Concat(secretFiles, maybeFiles) {
		b, err := os.ReadFile(filepath.Join(k.Secrets, name))
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(maybeFiles, name) {
			continue
		}
		if err != nil {
			return err
		}
		all[name] = b
	}
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return k.put(ctx, secretsName, b)
}

// put stores a file sealed to the recipients.
func (k *keys) put(ctx context.Context, name string, b []byte) error {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, k.Recipients...)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return putChecked(ctx, k.To, name, sealed.Bytes())
}

// open reads a file that put has stored.
func open(ctx context.Context, from Store, name string, identities []age.Identity) ([]byte, error) {
	sealed, err := from.Get(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged(name, "it is missing beside the ring copy")
	}
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), identities...)
	if err != nil {
		return nil, damaged(name, "it does not open with this identity")
	}
	return io.ReadAll(r)
}

// newest refuses a ring copy of which a later one is known.
func newest(ctx context.Context, m keyring.Manifest, data Store, all []*Snapshot) error {
	known := uint64(0)
	for _, s := range all {
		known = max(known, s.Ring)
	}
	b, err := data.Get(ctx, headName)
	if err == nil {
		var h head
		if err := json.Unmarshal(b, &h); err != nil {
			return damaged(headName, "it is not what it should be")
		}
		known = max(known, h.Sequence)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if m.Sequence < known {
		return &OldRingError{m.Sequence, known, vault.Day(m.Day)}
	}
	return nil
}

// OldRingError refuses a copy of the key ring that is not the newest: it holds
// keys of people who were erased since.
type OldRingError struct {
	Sequence, Newest uint64
	Day              vault.Day
}

// Error says which copy is wanted.
func (e *OldRingError) Error() string {
	return fmt.Sprintf("backup: this is copy %d of the key ring, of %s; copy %d was made after it, so this one may hold keys of people who were erased since",
		e.Sequence, e.Day, e.Newest)
}

// Is makes it the vault's own refusal.
func (e *OldRingError) Is(target error) bool { return target == vault.ErrOldRing }

// checkCopy reads a whole ring copy, without opening it.
func checkCopy(ctx context.Context, from Store) (keyring.Manifest, error) {
	m, err := keyring.ReadManifest(ctx, ringSink{from})
	if err != nil {
		return m, err
	}
	for _, c := range m.Chunks {
		b, err := from.Get(ctx, c.Name)
		if err != nil || sumOf(b) != c.SHA256 {
			return m, damaged(c.Name, "it is missing or was altered")
		}
	}
	names, err := ringSink{from}.List(ctx)
	for _, name := range []string{journalName, secretsName} {
		if err == nil && !slices.Contains(names, name) {
			return m, damaged(name, "it is missing beside the ring copy")
		}
	}
	return m, err
}
