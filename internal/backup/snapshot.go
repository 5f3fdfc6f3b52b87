package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"kept/vault"
)

// Names in a store.
const (
	chunkFolder    = "rows/"
	snapshotFolder = "snapshots/"
	headName       = "newest-ring.json"
)

const snapshotFormat = 1

// Snapshot is the manifest of one backup: which rows of which chunks it is. It
// names no owner and no record.
type Snapshot struct {
	Format int       `json:"format"`
	ID     string    `json:"id"` // its time and some random letters
	Taken  time.Time `json:"taken"`
	Engine string    `json:"engine"` // of the database it was taken from
	Schema int64     `json:"schema"` // last step of the house's schema
	Vault  int       `json:"vault"`  // version of the vault's tables
	Rows   int64     `json:"rows"`
	Ring   uint64    `json:"ring"` // sequence of the newest ring copy known when it was taken
	Chunks []Part    `json:"chunks"`
	Stored int64     `json:"stored"` // bytes that this backup added to the store
	Left   []string  `json:"left"`   // kinds that are left out, since no restore brings them back
}

// Part is a chunk and which of its rows belong to the snapshot.
type Part struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // of the file
	Rows int    `json:"rows"` // in the file
	// Live has a bit for each row, lowest first; left out if all belong.
	Live []byte `json:"live,omitempty"`
}

func (p *Part) has(row int) bool { return p.Live == nil || p.Live[row/8]&(1<<(row%8)) != 0 }

func (p *Part) set(row int) { p.Live[row/8] |= 1 << (row % 8) }

// count says how many rows belong, and settles Live: nil for all.
func (p *Part) count() int {
	if p.Live == nil {
		return p.Rows
	}
	n := 0
	for row := range p.Rows {
		if p.has(row) {
			n++
		}
	}
	if n == p.Rows {
		p.Live = nil
	}
	return n
}

// Day is the day of the snapshot.
func (s *Snapshot) Day() vault.Day { return vault.DayOf(s.Taken) }

func newID(now time.Time) string {
	return now.UTC().Format("20060102-150405") + "-" + vault.NewID()[:6]
}

func snapshotName(id string) string { return snapshotFolder + id + ".json" }

// write stores a manifest and reads it back.
func (s *Snapshot) write(ctx context.Context, to Store) error {
	b, err := encodeManifest(s)
	if err != nil {
		return err
	}
	return putChecked(ctx, to, snapshotName(s.ID), b)
}

// putChecked stores a file and reads it back.
func putChecked(ctx context.Context, to Store, name string, b []byte) error {
	if err := to.Put(ctx, name, b); err != nil {
		return fmt.Errorf("backup: store %s: %w", name, err)
	}
	back, err := to.Get(ctx, name)
	if err != nil {
		return fmt.Errorf("backup: read %s back: %w", name, err)
	}
	if !slices.Equal(back, b) {
		return damaged(name, "it reads back differently")
	}
	return nil
}

// A manifest's file is the SHA-256 of the rest in hexadecimal, a newline, and
// JSON packed by zstd.
func encodeManifest(s *Snapshot) ([]byte, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	z, err := newEncoder()
	if err != nil {
		return nil, err
	}
	defer z.Close()
	packed := z.EncodeAll(raw, nil)
	return append([]byte(sumOf(packed)+"\n"), packed...), nil
}

func decodeManifest(name string, b []byte) (*Snapshot, error) {
	if len(b) < 65 || sumOf(b[65:]) != string(b[:64]) {
		return nil, damaged(name, "its content is not what its sum says")
	}
	z, err := newDecoder()
	if err != nil {
		return nil, err
	}
	defer z.Close()
	raw, err := z.DecodeAll(b[65:], nil)
	if err != nil {
		return nil, damaged(name, "it cannot be unpacked")
	}
	var s Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, damaged(name, "it is not a manifest")
	}
	if s.Format != snapshotFormat {
		return nil, damaged(name, fmt.Sprintf("it is of format %d, this program knows %d", s.Format, snapshotFormat))
	}
	for _, p := range s.Chunks {
		if p.Rows < 0 || p.Rows > maxChunk || p.Live != nil && len(p.Live) != (p.Rows+7)/8 {
			return nil, damaged(name, "its chunks do not add up")
		}
	}
	return &s, nil
}

// snapshots reads all manifests, the oldest first. One that cannot be read is
// an error in the list beside the others: it must not keep them from being used.
func snapshots(ctx context.Context, from Store) (all []*Snapshot, unreadable []error, err error) {
	objects, err := from.List(ctx, snapshotFolder)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range objects {
		if !strings.HasSuffix(o.Name, ".json") {
			continue
		}
		b, err := from.Get(ctx, o.Name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		s, err := decodeManifest(o.Name, b)
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Snapshot) int { return a.Taken.Compare(b.Taken) })
	return all, unreadable, nil
}
