package course

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// How a library that is watched waits. A checkout changes many files; what is
// half of it should not be read.
const (
	quiet     = 30 * time.Millisecond // after the last change
	mostQuiet = 2 * time.Second       // after the first one, whatever else changes
	mostLock  = time.Minute           // while git says that it is at work
	lookEvery = time.Minute           // where the system tells of changes, for those that it did not see
	leastLook = 2 * time.Second       // where it does not
	lookShare = 100                   // at most one part in so many of a processor goes into looking
)

// dirty are folders in which something changed; nil folders mean all of a
// source.
type dirty map[*reading][]string

// Watch reloads what changes until ctx ends; it is called once. It hears of changes from the
// system where the system tells, and looks by itself now and then. What goes
// wrong is told each time it becomes something else.
func (l *Library) Watch(ctx context.Context, tell func(error)) {
	w := &watcher{library: l, tell: tell, wait: quiet}
	heard := make(chan change)
	told := w.listen(ctx, heard)
	w.reload(ctx, nil) // what changed before anybody listened
	close(l.watched)
	for {
		every := lookEvery
		if !told {
			every = max(leastLook, lookShare*l.State().Took)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
			w.reload(ctx, nil)
		case first := <-heard:
			all, ok := w.settle(ctx, first, heard)
			if !ok {
				return
			}
			w.reload(ctx, all)
		}
	}
}

// change is something that the system told. An empty folder means that it
// lost count.
type change struct {
	of  *reading
	dir string
}

// watcher keeps a library up to date.
type watcher struct {
	library *Library
	tell    func(error)
	wait    time.Duration
	said    string
}

// listen asks the system to tell of changes in all sources that are folders,
// and says whether it will.
func (w *watcher) listen(ctx context.Context, heard chan<- change) bool {
	told := true
	for _, source := range w.library.sources {
		folder, ok := source.Root.(*Folder)
		if !ok {
			continue // part of the program
		}
		if err := listen(ctx, folder.dir, func(dir string) {
			select {
			case heard <- change{source, dir}:
			case <-ctx.Done():
			}
		}); err != nil {
			told = false
			w.report(err)
		}
	}
	return told
}

// settle gathers changes until it is quiet and git is not at work.
func (w *watcher) settle(ctx context.Context, first change, heard <-chan change) (dirty, bool) {
	all := dirty{}
	all.add(first)
	begin := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil, false
		case c := <-heard:
			all.add(c)
			if time.Since(begin) < mostQuiet || all.locked() && time.Since(begin) < mostLock {
				continue
			}
		case <-time.After(w.wait):
			if all.locked() && time.Since(begin) < mostLock {
				continue
			}
		}
		return all, true
	}
}

func (d dirty) add(c change) {
	dirs, known := d[c.of]
	switch {
	case c.dir == "" || known && dirs == nil:
		d[c.of] = nil
	case !slices.Contains(dirs, c.dir):
		d[c.of] = append(dirs, c.dir)
	}
}

// locked tells whether git is changing one of the folders, or one above it.
func (d dirty) locked() bool {
	for source := range maps.Keys(d) {
		folder, ok := source.Root.(*Folder)
		if !ok {
			continue
		}
		for dir := folder.dir; ; dir = filepath.Dir(dir) {
			if _, err := os.Lstat(filepath.Join(dir, ".git", "index.lock")); err == nil {
				return true
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return false
}

func (w *watcher) reload(ctx context.Context, of dirty) {
	if err := w.library.reload(ctx, of); ctx.Err() == nil {
		w.report(err)
	}
}

// report says each problem once.
func (w *watcher) report(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != w.said {
		w.tell(err)
	}
	w.said = text
}

// errNoNotice says that the system does not tell of changes.
var errNoNotice = errors.New("the system does not tell of changed files, so the folder is looked at every few seconds")
