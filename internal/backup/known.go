package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// known is what the chunks in a store hold already, so that a row that has not
// changed is not stored again.
type known struct {
	parts []Part // with no row alive
	first []uint32
	at    map[rowID]uint32 // rows, counted through all parts
}

// Small chunks are what quiet days leave. When there are many, their rows are
// stored again, together.
const (
	smallChunk = 128 << 10
	fewSmall   = 32
)

// learn lists what a store has. The ids of a chunk's rows come from the cache
// beside the database; where that lacks them, the chunk is fetched and read.
// An id is half of the SHA-256 of a sealed row and tells nothing about it.
func learn(ctx context.Context, from Store, cache string, pace pace) (*known, error) {
	objects, err := from.List(ctx, chunkFolder)
	if err != nil {
		return nil, fmt.Errorf("backup: list what is stored: %w", err)
	}
	k := &known{at: map[rowID]uint32{}}
	reader := idReader{from: from, cache: cache}
	defer reader.close()
	small := 0
	for _, o := range objects {
		if o.Size < smallChunk {
			small++
		}
	}
	pace.begin()
	for _, o := range objects {
		name := strings.TrimPrefix(o.Name, chunkFolder)
		if !isSum(name) || o.Size < smallChunk && small > fewSmall {
			continue
		}
		if err := pace.rest(ctx); err != nil {
			return nil, err
		}
		ids, err := reader.ids(ctx, name)
		if _, bad := errors.AsType[*DamagedError](err); bad {
			continue // what it holds is stored again; the doctor tells of it
		}
		if err != nil {
			return nil, err
		}
		k.add(Part{Name: name, Size: o.Size, Rows: len(ids)}, ids)
	}
	return k, reader.forget(objects)
}

func isSum(name string) bool {
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}

func (k *known) add(p Part, ids []rowID) {
	if total := len(k.at) + len(ids); total >= math.MaxUint32 {
		return // such a site stores the rest again, whole
	}
	base := uint32(0)
	if n := len(k.parts); n > 0 {
		base = k.first[n-1] + uint32(k.parts[n-1].Rows)
	}
	p.Live = make([]byte, (p.Rows+7)/8)
	k.parts, k.first = append(k.parts, p), append(k.first, base)
	for i, id := range ids {
		k.at[id] = base + uint32(i)
	}
}

// mark notes that a row is alive; false if no chunk has it.
func (k *known) mark(id rowID) bool {
	at, ok := k.at[id]
	if !ok {
		return false
	}
	n := sort.Search(len(k.first), func(i int) bool { return k.first[i] > at }) - 1
	k.parts[n].set(int(at - k.first[n]))
	return true
}

// alive are the parts that hold a row of this backup.
func (k *known) alive() []Part {
	var all []Part
	for _, p := range k.parts {
		if p.count() > 0 {
			all = append(all, p)
		}
	}
	return all
}

// idReader reads the ids of chunks' rows.
type idReader struct {
	from  Store
	cache string
	z     *zstd.Decoder
}

func (r *idReader) close() {
	if r.z != nil {
		r.z.Close()
	}
}

func (r *idReader) ids(ctx context.Context, name string) ([]rowID, error) {
	if b, err := os.ReadFile(filepath.Join(r.cache, name)); err == nil && len(b)%len(rowID{}) == 0 {
		ids := make([]rowID, len(b)/len(rowID{}))
		for i := range ids {
			ids[i] = rowID(b[i*len(rowID{}):])
		}
		return ids, nil
	}
	u, err := r.fetch(ctx, name)
	if err != nil {
		return nil, err
	}
	ids, err := u.ids()
	if err != nil {
		return nil, damaged(name, err.Error())
	}
	return ids, writeIDs(r.cache, name, ids)
}

func (r *idReader) fetch(ctx context.Context, name string) (u unpacked, err error) {
	if r.z == nil {
		if r.z, err = newDecoder(); err != nil {
			return u, err
		}
	}
	b, err := r.from.Get(ctx, chunkFolder+name)
	if errors.Is(err, fs.ErrNotExist) {
		return u, damaged(name, "it is missing")
	}
	if err != nil {
		return u, fmt.Errorf("backup: read %s: %w", name, err)
	}
	return unpack(r.z, name, b)
}

// forget removes from the cache what is not in the store any more.
func (r *idReader) forget(objects []Object) error {
	stored := map[string]bool{}
	for _, o := range objects {
		stored[strings.TrimPrefix(o.Name, chunkFolder)] = true
	}
	files, err := os.ReadDir(r.cache)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !stored[f.Name()] {
			err = errors.Join(err, os.Remove(filepath.Join(r.cache, f.Name())))
		}
	}
	return err
}

// writeIDs needs no flush: a file that is not whole is made again.
func writeIDs(cache, name string, ids []rowID) error {
	b := make([]byte, 0, len(ids)*len(rowID{}))
	for i := range ids {
		b = append(b, ids[i][:]...)
	}
	path := filepath.Join(cache, name)
	if err := os.WriteFile(path+unfinished, b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+unfinished, path)
}
