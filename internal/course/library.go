package course

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"
)

// Loader reads one format of courses.
type Loader interface {
	// Name is what configuration calls the format.
	Name() string
	// Detect tells whether a folder is written in this format, by looking at
	// file names and no more than a few lines.
	Detect(fsys fs.FS) bool
	// Load reads all of it. What is wrong with a single file is a warning; an
	// error means that nothing useful could be read. What it hands back is
	// changed by nobody afterwards. See Remember for reading it again.
	Load(ctx context.Context, fsys fs.FS) (*Shelf, []Warning, error)
}

// Source is a folder to read courses from.
type Source struct {
	Name   string // unique
	Root   fs.FS
	Format string // a loader's name; "" or "auto": the first that knows it
}

// Library holds the catalogue that is read from at this moment.
type Library struct {
	loaders []Loader
	current atomic.Pointer[Catalogue]

	loading sync.Mutex
	sources []*reading

	mu      sync.Mutex
	changed chan struct{}
	watched chan struct{}
	state   State
}

// State is how the last reading went, for whoever runs the site.
type State struct {
	Lessons  int
	Warnings int
	Reloads  int           // since the start
	Took     time.Duration // the last one
	Problem  error         // why a source stays as it was before; nil if all were read
}

// reading is a source with what was read from it.
type reading struct {
	Source
	tree     *tree
	stamp    stamp
	loader   Loader
	shelf    *Shelf
	warnings []Warning
}

// NewLibrary makes a library that is empty until Reload.
func NewLibrary(loaders []Loader, sources []Source) *Library {
	l := &Library{loaders: loaders, changed: make(chan struct{}), watched: make(chan struct{})}
	for _, s := range sources {
		l.sources = append(l.sources, &reading{Source: s})
	}
	l.current.Store(newBuilder(0).finish())
	return l
}

// Catalogue is the present state. A caller keeps it for the whole of a
// request, so that it never sees half of a change.
func (l *Library) Catalogue() *Catalogue { return l.current.Load() }

// Changed is closed when another catalogue has taken the place of this one.
func (l *Library) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Watching is closed once Watch hears of changes.
func (l *Library) Watching() <-chan struct{} { return l.watched }

// State is how the last reading went.
func (l *Library) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Reload looks at all sources, reads what has changed, and then puts the new
// catalogue in place of the old. A source that cannot be read stays as it was;
// if it was never read, so does the whole catalogue.
func (l *Library) Reload(ctx context.Context) error { return l.reload(ctx, nil) }

// reload looks at some folders of some sources, or at everything if dirty is
// nil.
func (l *Library) reload(ctx context.Context, dirty map[*reading][]string) error {
	l.loading.Lock()
	defer l.loading.Unlock()
	begin := time.Now()
	var problems []error
	changed := false
	for _, source := range l.sources {
		dirs, asked := dirty[source]
		if dirty != nil && !asked {
			continue
		}
		read, err := l.read(ctx, source, dirs)
		if err != nil {
			err = fmt.Errorf("read courses from %s: %w", source.Name, err)
			if source.shelf == nil {
				return l.note(time.Since(begin), err)
			}
			problems = append(problems, err)
		}
		changed = changed || read
	}
	if changed {
		l.publish()
	}
	return l.note(time.Since(begin), errors.Join(problems...))
}

// read reads a source if anything in it has changed.
func (l *Library) read(ctx context.Context, source *reading, dirs []string) (changed bool, err error) {
	now := time.Now()
	next, err := source.look(dirs, now)
	if err != nil {
		return false, err
	}
	next.memory = source.memory().next(now)
	stamp := next.stampOf([]string{"."})
	if source.shelf != nil && stamp == source.stamp && !stamp.young {
		return false, nil
	}
	loader, err := l.loaderFor(source.Source, next)
	if err != nil {
		return false, err
	}
	shelf, warnings, err := loader.Load(ctx, next)
	next.memory.old = nil
	if err != nil {
		return false, err
	}
	source.tree, source.stamp, source.loader, source.shelf, source.warnings = next, stamp, loader, shelf, warnings
	return true, nil
}

func (s *reading) look(dirs []string, now time.Time) (*tree, error) {
	if s.tree != nil && dirs != nil {
		return s.tree.lookAgain(dirs, now)
	}
	if folder, ok := s.Root.(*Folder); ok {
		if err := folder.renew(); err != nil {
			return nil, err
		}
	}
	return look(s.Root, now)
}

func (s *reading) memory() *memory {
	if s.tree == nil {
		return nil
	}
	return s.tree.memory
}

// publish makes a catalogue of all that was read.
func (l *Library) publish() {
	b := newBuilder(l.Catalogue().Lessons)
	for _, s := range l.sources {
		if s.shelf != nil {
			b.Warnings = append(b.Warnings, s.warnings...)
			b.add(s)
		}
	}
	catalogue := b.finish()
	l.current.Store(catalogue)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Lessons, l.state.Warnings = catalogue.Lessons, len(catalogue.Warnings)
	l.state.Reloads++
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *Library) note(took time.Duration, problem error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Took, l.state.Problem = took, problem
	return problem
}

// FormatError says that no loader fits a source.
type FormatError struct{ Format string }

func (e *FormatError) Error() string {
	if e.Format == "" {
		return "no known course format was found there"
	}
	return fmt.Sprintf("there is no course format %q", e.Format)
}

func (l *Library) loaderFor(source Source, fsys fs.FS) (Loader, error) {
	automatic := source.Format == "" || source.Format == "auto"
	for _, loader := range l.loaders {
		if loader.Name() == source.Format || automatic && loader.Detect(fsys) {
			return loader, nil
		}
	}
	if automatic {
		return nil, &FormatError{}
	}
	return nil, &FormatError{Format: source.Format}
}
