package certificate

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kept/internal/credential"
)

// issuerFile lies in the keys folder. It is one file, so that a crash cannot
// leave a key without its history.
const issuerFile = "issuer.json"

const seedSize = 32

// keyEntry is a key in the history.
type keyEntry struct {
	Public  string     `json:"public"` // Multikey
	From    time.Time  `json:"from"`
	Until   *time.Time `json:"until,omitempty"`
	Revoked *time.Time `json:"revoked,omitempty"`
}

// keyRing is what the file holds: the secret half of the present key alone.
type keyRing struct {
	Seed    []byte     `json:"seed"`
	History []keyEntry `json:"history"`
}

// keyFile is the issuer: its keys on the disk, read again when another process
// has changed them.
type keyFile struct {
	folder, id string
	now        func() time.Time

	mu     sync.Mutex
	stamp  os.FileInfo
	issuer *credential.Issuer
	key    credential.Key
}

// openKeys reads the issuer's keys, or makes the first one where nothing was
// issued yet: elsewhere a new key could not verify what the lost one signed.
func openKeys(folder, id string, fresh bool, now func() time.Time) (*keyFile, error) {
	k := &keyFile{folder: folder, id: id, now: now}
	_, err := os.Stat(k.path(issuerFile))
	if errors.Is(err, fs.ErrNotExist) && fresh {
		err = k.replace(keyRing{}, false)
	}
	if err != nil {
		return nil, fmt.Errorf("issuer's keys: %w", err)
	}
	_, _, err = k.current()
	return k, err
}

func (k *keyFile) path(name string) string { return filepath.Join(k.folder, name) }

// current is the issuer with its history, and the key that signs now.
func (k *keyFile) current() (*credential.Issuer, credential.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.path(issuerFile))
	if err != nil {
		return nil, credential.Key{}, fmt.Errorf("issuer's keys: %w", err)
	}
	if k.issuer != nil && os.SameFile(info, k.stamp) && info.ModTime().Equal(k.stamp.ModTime()) {
		return k.issuer, k.key, nil
	}
	issuer, key, err := k.read()
	if err == nil {
		k.issuer, k.key, k.stamp = issuer, key, info
	}
	return issuer, key, err
}

var errKeys = fmt.Errorf("issuer's keys: %s in the keys folder is damaged", issuerFile)

func (k *keyFile) read() (*credential.Issuer, credential.Key, error) {
	ring, err := k.ring()
	if err != nil || len(ring.Seed) != seedSize {
		return nil, credential.Key{}, errors.Join(errKeys, err)
	}
	key := credential.NewKey(k.id, ring.Seed)
	issuer := &credential.Issuer{ID: k.id}
	for _, e := range ring.History {
		public, err := credential.ParseMultikey(e.Public)
		if err != nil {
			return nil, key, errKeys
		}
		issuer.Keys = append(issuer.Keys, credential.PublicKey{ID: credential.KeyID(k.id, public), Key: public,
			From: e.From, Until: timeOf(e.Until), Revoked: timeOf(e.Revoked)})
	}
	if present, ok := issuer.Key(key.ID); !ok || !present.Until.IsZero() {
		return nil, key, errKeys
	}
	return issuer, key, nil
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func (k *keyFile) ring() (ring keyRing, err error) {
	text, err := os.ReadFile(k.path(issuerFile))
	if err != nil {
		return ring, err
	}
	return ring, json.Unmarshal(text, &ring)
}

// replace puts a new key in the place of the present one, whose secret half is
// gone afterwards. If the old one was stolen, nothing that it signed holds.
func (k *keyFile) replace(ring keyRing, stolen bool) error {
	now := k.now().UTC().Truncate(time.Second)
	for i := range ring.History {
		if ring.History[i].Until != nil {
			continue
		}
		ring.History[i].Until = &now
		if stolen {
			ring.History[i].Revoked = &now
		}
	}
	ring.Seed = make([]byte, seedSize)
	rand.Read(ring.Seed)
	key := credential.NewKey(k.id, ring.Seed)
	ring.History = append(ring.History, keyEntry{Public: credential.Multikey(key.Public()), From: now})
	text, err := json.MarshalIndent(ring, "", "  ")
	if err != nil {
		return err
	}
	return k.write(text)
}

// write replaces the file as a whole.
func (k *keyFile) write(data []byte) error {
	fresh := k.path(issuerFile + ".new")
	file, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(fresh, k.path(issuerFile)); err != nil {
		return err
	}
	folder, err := os.Open(k.folder)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// RotateKey makes a new key for the issuer of a site. What the old one signed
// still holds, unless it is said to be stolen.
func RotateKey(folder, base string, stolen bool, now func() time.Time) (id string, err error) {
	issuer, err := credential.WebID(base)
	if err != nil {
		return "", err
	}
	k := &keyFile{folder: folder, id: issuer, now: now}
	ring, err := k.ring()
	if err != nil {
		return "", fmt.Errorf("issuer's keys: %w", err)
	}
	if err := k.replace(ring, stolen); err != nil {
		return "", fmt.Errorf("issuer's keys: %w", err)
	}
	_, key, err := k.current()
	return key.ID, err
}
