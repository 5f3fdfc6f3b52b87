package course

import (
	"encoding/binary"
	"hash/maphash"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// stamp stands for names, sizes and times of files. Two that are the same
// stand for the same contents, unless a file is young.
type stamp struct {
	sum   uint64
	young bool // a file changed so lately that it may change again within the same tick
}

// seed makes stamps of one process comparable. They are never kept.
var seed = maphash.MakeSeed()

// young is longer than the clock of any file system on a disk needs to tick.
const young = 100 * time.Millisecond

// longAgo is the time of folders: theirs says nothing about what lies in them.
var longAgo = time.Unix(1, 0)

func newStamp(text string) stamp { return stamp{sum: maphash.String(seed, text)} }

// add mixes in a file. A file without a time, as in an archive, may have
// changed whenever one looks.
func (s *stamp) add(name string, size int64, at, now time.Time) {
	var b [32]byte
	binary.LittleEndian.PutUint64(b[0:], s.sum)
	binary.LittleEndian.PutUint64(b[8:], maphash.String(seed, name))
	binary.LittleEndian.PutUint64(b[16:], uint64(size))
	binary.LittleEndian.PutUint64(b[24:], uint64(at.UnixNano()))
	s.sum = maphash.Bytes(seed, b[:])
	s.young = s.young || at.IsZero() || at.After(now.Add(-young))
}

func (s *stamp) join(other stamp) {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[0:], s.sum)
	binary.LittleEndian.PutUint64(b[8:], other.sum)
	s.sum = maphash.Bytes(seed, b[:])
	s.young = s.young || other.young
}

// stampOf is the stamp of files and of folders with all that lies below them.
func (t *tree) stampOf(names []string) stamp {
	s := newStamp("")
	for _, name := range names {
		if _, isDir := t.dirs[name]; isDir {
			t.below(name, &s)
			continue
		}
		s.join(t.fileStamp(name))
	}
	return s
}

func (t *tree) fileStamp(name string) stamp {
	s := newStamp(name)
	switch info, err := t.Stat(name); {
	case err != nil:
	case info.IsDir():
		s.young = true // a folder that the picture does not show
	default:
		s.add(info.Name(), info.Size(), info.ModTime(), t.memory.now)
	}
	return s
}

func (t *tree) below(dir string, s *stamp) {
	l := t.dirs[dir]
	if l == nil {
		return
	}
	s.join(l.stamp)
	for _, e := range l.entries {
		if e.IsDir() {
			t.below(path.Join(dir, e.name), s)
		}
	}
}

// assetStamp stands for the files of a course that pages show or link to.
func (t *tree) assetStamp(dir string) stamp {
	s := newStamp(dir)
	for _, name := range slices.SortedFunc(keysOf(t.dirs), strings.Compare) {
		if name != dir && dir != "." && !strings.HasPrefix(name, dir+"/") {
			continue
		}
		for _, e := range t.dirs[name].entries {
			if !e.IsDir() && isAsset(e.name) {
				s.add(path.Join(name, e.name), e.size, e.time, longAgo)
			}
		}
	}
	return s
}

// memory is what was made of a source's files when they were read before.
type memory struct {
	now  time.Time
	mu   sync.Mutex
	old  map[string]remembered
	held map[string]remembered
}

type remembered struct {
	stamp stamp
	value any
}

// next is the memory for another reading.
func (m *memory) next(now time.Time) *memory {
	n := &memory{now: now, held: map[string]remembered{}}
	if m != nil {
		n.old = m.held
	}
	return n
}

// Remember makes something of files and folders, or hands back what was made
// of them the last time if none has changed. Loaders call it with the file
// system that they were given; with any other it makes. The key must tell
// apart what is made of the same files, and what is made must not be changed
// afterwards by anybody.
func Remember[T any](fsys fs.FS, key string, names []string, make func() T) T {
	t, ok := fsys.(*tree)
	if !ok {
		return make()
	}
	stamp := t.stampOf(names)
	if known, ok := t.memory.find(key, stamp); ok {
		return known.(T)
	}
	value := make()
	t.memory.keep(key, stamp, value)
	return value
}

// Forget lets what has this key be made again.
func Forget(fsys fs.FS, key string) {
	if t, ok := fsys.(*tree); ok {
		t.memory.mu.Lock()
		defer t.memory.mu.Unlock()
		delete(t.memory.old, key)
		delete(t.memory.held, key)
	}
}

func (m *memory) find(key string, s stamp) (any, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, all := range []map[string]remembered{m.held, m.old} {
		if known, ok := all[key]; ok && known.stamp == s && !s.young {
			m.held[key] = known
			return known.value, true
		}
	}
	return nil, false
}

func (m *memory) keep(key string, s stamp, value any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held[key] = remembered{s, value}
}

func keysOf[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
