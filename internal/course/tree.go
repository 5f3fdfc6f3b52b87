package course

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// tree is a picture of a source's folders at one moment: names, sizes and
// times, no contents. A loader reads it like any folder; that spares thousands
// of questions to the system, and tells which files are as they were.
//
// Hidden folders are not looked into: a checkout's history is no course.
type tree struct {
	root   fs.FS
	dirs   map[string]*listing
	memory *memory
}

// listing is what lies in a folder. It does not change.
type listing struct {
	entries []*entry // by name
	stamp   stamp    // of its own entries, not of those below
}

// entry is a file as it was seen. It is an fs.DirEntry and an fs.FileInfo.
type entry struct {
	name string
	size int64
	mode fs.FileMode
	time time.Time
}

func (e *entry) Name() string               { return e.name }
func (e *entry) Size() int64                { return e.size }
func (e *entry) Mode() fs.FileMode          { return e.mode }
func (e *entry) Type() fs.FileMode          { return e.mode.Type() }
func (e *entry) ModTime() time.Time         { return e.time }
func (e *entry) IsDir() bool                { return e.mode.IsDir() }
func (e *entry) Sys() any                   { return nil }
func (e *entry) Info() (fs.FileInfo, error) { return e, nil }

// mostFolders bounds what is looked at in one source. The largest curriculum
// known has a tenth of it.
const mostFolders = 50_000

// FolderError says that a source is not a folder of courses but a disk.
type FolderError struct{}

func (*FolderError) Error() string {
	return "there are more than 50,000 folders; name the one with the courses"
}

// look makes a picture of a whole source, on two processors' worth of threads:
// most of the time goes into asking the system.
func look(root fs.FS, now time.Time) (*tree, error) {
	t := &tree{root: root, dirs: map[string]*listing{}}
	return t, t.lookInto([]string{"."}, now)
}

// lookAgain makes a picture in which some folders, and what is new below them,
// were looked at again.
func (t *tree) lookAgain(dirs []string, now time.Time) (*tree, error) {
	next := &tree{root: t.root, dirs: make(map[string]*listing, len(t.dirs))}
	for name, l := range t.dirs {
		next.dirs[name] = l
	}
	for _, dir := range dirs {
		next.drop(dir)
	}
	err := next.lookInto(dirs, now)
	next.prune()
	return next, err
}

// drop forgets a folder. What lies below it stays, if it is still listed.
func (t *tree) drop(dir string) { delete(t.dirs, dir) }

// prune forgets folders that no folder lists any more.
func (t *tree) prune() {
	for _, dir := range slices.SortedFunc(keysOf(t.dirs), byDepth) {
		if dir == "." {
			continue
		}
		above := t.dirs[path.Dir(dir)]
		if e := above.find(path.Base(dir)); e == nil || !e.IsDir() {
			delete(t.dirs, dir)
		}
	}
}

func byDepth(a, b string) int {
	return cmp.Or(cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")), cmp.Compare(a, b))
}

const lookers = 4

// lookInto lists folders and, level by level, those below that are not listed.
func (t *tree) lookInto(dirs []string, now time.Time) error {
	for len(dirs) > 0 {
		if len(t.dirs)+len(dirs) > mostFolders {
			return &FolderError{}
		}
		found := make([]*listing, len(dirs))
		each(len(dirs), lookers, func(i int) { found[i] = list(t.root, dirs[i], now) })
		var below []string
		for i, l := range found {
			if l == nil {
				continue
			}
			t.dirs[dirs[i]] = l
			for _, e := range l.entries {
				child := path.Join(dirs[i], e.name)
				if _, known := t.dirs[child]; !known && e.IsDir() && looksInto(e.name) {
					below = append(below, child)
				}
			}
		}
		dirs = below
	}
	return nil
}

// each does n things, at most so many at a time.
func each(n, at int, do func(int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(at, n) {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// looksInto leaves out what a checkout has besides its texts.
func looksInto(name string) bool {
	return !strings.HasPrefix(name, ".") && name != "node_modules" && name != "__pycache__"
}

// list is nil for a folder that cannot be read: whoever asks for it hears why
// from the system.
func list(root fs.FS, dir string, now time.Time) *listing {
	found, err := fs.ReadDir(root, dir)
	if err != nil {
		return nil
	}
	l := &listing{entries: make([]*entry, 0, len(found))}
	s := newStamp(dir)
	for _, d := range found {
		info, err := d.Info()
		if err != nil {
			continue // it went away meanwhile
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			// The link's own entry stays a link; its stamp is that of both.
			if to, err := fs.Stat(root, path.Join(dir, d.Name())); err == nil {
				s.add(to.Name(), to.Size(), to.ModTime(), now)
			}
		}
		e := &entry{name: info.Name(), size: info.Size(), mode: info.Mode(), time: info.ModTime()}
		l.entries = append(l.entries, e)
		if !e.IsDir() {
			s.add(e.name, e.size, e.time, now)
		} else {
			s.add(e.name, 0, longAgo, now)
		}
	}
	l.stamp = s
	return l
}

func (l *listing) find(name string) *entry {
	if l == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(l.entries, name, func(e *entry, name string) int { return cmp.Compare(e.name, name) })
	if !ok {
		return nil
	}
	return l.entries[i]
}

// Open opens the real file.
func (t *tree) Open(name string) (fs.File, error) { return t.root.Open(name) }

// ReadDir answers from the picture where it can.
func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	l, ok := t.dirs[name]
	if !ok {
		return fs.ReadDir(t.root, name)
	}
	out := make([]fs.DirEntry, len(l.entries))
	for i, e := range l.entries {
		out[i] = e
	}
	return out, nil
}

// Stat answers from the picture, but for links, which are followed.
func (t *tree) Stat(name string) (fs.FileInfo, error) {
	info, err := t.Lstat(name)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fs.Stat(t.root, name)
	}
	return info, err
}

// Lstat is Stat, but tells of a link itself.
func (t *tree) Lstat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) || name == "." {
		return fs.Stat(t.root, name)
	}
	above, ok := t.dirs[path.Dir(name)]
	if !ok {
		return fs.Lstat(t.root, name)
	}
	if e := above.find(path.Base(name)); e != nil {
		return e, nil
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// ReadLink tells where a link leads.
func (t *tree) ReadLink(name string) (string, error) {
	if links, ok := t.root.(fs.ReadLinkFS); ok {
		return links.ReadLink(name)
	}
	return "", &fs.PathError{Op: "readlink", Path: name, Err: errors.ErrUnsupported}
}

// folders are all folders of the picture.
func (t *tree) folders() []string { return slices.Sorted(keysOf(t.dirs)) }
