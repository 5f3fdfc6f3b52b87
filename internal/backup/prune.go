package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"kept/vault"
)

// pruned says what a clean-up removed.
type pruned struct {
	Snapshots int
	gone      []string // their ids
	Freed     int64    // bytes
	Rewritten int64    // bytes of chunks that were written anew without what nobody needs
}

// prune removes the snapshots whose time is over, or the one that is named,
// and with them every row that no other snapshot has: a chunk that holds such a
// row is written anew without it, the manifests that use it are changed, and
// then it is removed. Each step can be done again.
//
// So the space of a snapshot is given back as soon as it goes, and a record
// that was deleted is in no file once the snapshots that had it are gone.
//
// Rows that belong to no snapshot and are younger than spare stay: a backup that
// was broken off goes on with them.
func prune(ctx context.Context, in Store, cache string, o pruning) (p pruned, err error) {
	p.gone, err = dropSnapshots(ctx, in, o)
	if p.Snapshots = len(p.gone); err != nil {
		return p, err
	}
	left, _, err := snapshots(ctx, in)
	if err != nil {
		return p, err
	}
	c := &compactor{in: in, reader: idReader{from: in, cache: cache}, left: left, replaced: map[string]bool{}}
	defer c.close()
	if p.Rewritten, err = c.compact(ctx); err != nil {
		return p, err
	}
	p.Freed, err = sweepChunks(ctx, in, left, c.replaced, o.spare)
	return p, err
}

// pruning is what to remove.
type pruning struct {
	today vault.Day
	keep  vault.Days
	also  string    // id of a snapshot that goes before its day
	spare time.Time // rows without a snapshot that were stored since then stay
}

// dropSnapshots goes by the names, so that a manifest that cannot be read goes
// on its day, too.
func dropSnapshots(ctx context.Context, in Store, p pruning) (gone []string, err error) {
	objects, err := in.List(ctx, snapshotFolder)
	if err != nil {
		return nil, fmt.Errorf("backup: list snapshots: %w", err)
	}
	for _, o := range objects {
		id, ok := strings.CutSuffix(strings.TrimPrefix(o.Name, snapshotFolder), ".json")
		taken, dated := takenOn(id)
		if ok && dated && id != p.also && taken+vault.Day(p.keep) > p.today {
			continue
		}
		if err := in.Remove(ctx, o.Name); err != nil {
			return gone, fmt.Errorf("backup: remove a snapshot: %w", err)
		}
		if dated {
			gone = append(gone, id)
		}
	}
	return gone, nil
}

// takenOn is the day in the id of a snapshot.
func takenOn(id string) (vault.Day, bool) {
	if len(id) < 15 {
		return 0, false
	}
	at, err := time.Parse("20060102-150405", id[:15])
	return vault.DayOf(at), err == nil
}

// compactor writes chunks anew without the rows that no snapshot has.
type compactor struct {
	in     Store
	reader idReader
	z      *zstd.Encoder
	left   []*Snapshot

	replaced map[string]bool // by name, what was written anew
}

func (c *compactor) close() {
	c.reader.close()
	if c.z != nil {
		c.z.Close()
	}
}

// use is a chunk and the rows of it that any snapshot has.
type use struct {
	Part
	by []*Snapshot
}

func (c *compactor) compact(ctx context.Context) (rewritten int64, err error) {
	uses := map[string]*use{}
	var order []string
	for _, s := range c.left {
		for i := range s.Chunks {
			p := &s.Chunks[i]
			u := uses[p.Name]
			if u == nil {
				u = &use{Part: Part{Name: p.Name, Size: p.Size, Rows: p.Rows, Live: make([]byte, (p.Rows+7)/8)}}
				uses[p.Name] = u
				order = append(order, p.Name)
			}
			u.unite(p)
			u.by = append(u.by, s)
		}
	}
	changed := map[*Snapshot]bool{}
	for _, name := range order {
		u := uses[name]
		if u.count() == u.Rows {
			continue
		}
		next, err := c.rewrite(ctx, u)
		if _, bad := errors.AsType[*DamagedError](err); bad {
			continue // the doctor tells of it; the rest must go all the same
		}
		if err != nil {
			return rewritten, err
		}
		rewritten += next.Size
		for _, s := range u.by {
			s.replace(u.Part, next)
			changed[s] = true
		}
		c.replaced[chunkFolder+name] = true
	}
	for s := range changed {
		if err := s.write(ctx, c.in); err != nil {
			return rewritten, err
		}
	}
	return rewritten, nil
}

func (u *use) unite(p *Part) {
	for row := range p.Rows {
		if p.has(row) {
			u.set(row)
		}
	}
}

// rewrite stores the rows of a chunk that are used.
func (c *compactor) rewrite(ctx context.Context, u *use) (Part, error) {
	old, err := c.reader.fetch(ctx, u.Name)
	if err != nil {
		return Part{}, err
	}
	ids, err := c.reader.ids(ctx, u.Name)
	if err != nil {
		return Part{}, err
	}
	p, row := newPacker(), 0
	for r, err := range old.each() {
		if err != nil || row >= len(ids) || row >= u.Rows {
			return Part{}, damaged(u.Name, "it does not hold the rows that it should")
		}
		if u.has(row) {
			p.add(old.tables[r.table], r.values, ids[row])
		}
		row++
	}
	if c.z == nil {
		if c.z, err = newEncoder(); err != nil {
			return Part{}, err
		}
	}
	next := p.seal(c.z)
	if err := c.in.Put(ctx, chunkFolder+next.name, next.file); err != nil {
		return Part{}, fmt.Errorf("backup: store rows: %w", err)
	}
	return Part{Name: next.name, Size: int64(len(next.file)), Rows: len(next.ids)}, writeIDs(c.reader.cache, next.name, next.ids)
}

// replace puts a chunk in place of another that it was made from: kept are the
// rows of the other that any snapshot has, in their order.
func (s *Snapshot) replace(kept, next Part) {
	for i, p := range s.Chunks {
		if p.Name != kept.Name {
			continue
		}
		live, at := make([]byte, (next.Rows+7)/8), 0
		out := Part{Name: next.Name, Size: next.Size, Rows: next.Rows, Live: live}
		for row := range p.Rows {
			if !kept.has(row) {
				continue
			}
			if p.has(row) {
				out.set(at)
			}
			at++
		}
		out.count()
		s.Chunks[i] = out
	}
}

// sweepChunks removes what no manifest names.
func sweepChunks(ctx context.Context, in Store, left []*Snapshot, replaced map[string]bool, spare time.Time) (freed int64, err error) {
	named := map[string]bool{}
	for _, s := range left {
		for _, p := range s.Chunks {
			named[chunkFolder+p.Name] = true
		}
	}
	objects, err := in.List(ctx, chunkFolder)
	if err != nil {
		return 0, fmt.Errorf("backup: list what is stored: %w", err)
	}
	for _, o := range objects {
		young := !spare.IsZero() && o.Changed.After(spare) && !replaced[o.Name]
		if named[o.Name] || young {
			continue
		}
		if err := in.Remove(ctx, o.Name); err != nil {
			return freed, fmt.Errorf("backup: remove rows: %w", err)
		}
		freed += o.Size
	}
	return freed, nil
}
