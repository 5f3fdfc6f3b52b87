package course

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
)

// Loader reads one format of courses.
type Loader interface {
	// Name is what configuration calls the format.
	Name() string
	// Detect tells whether a folder is written in this format, by looking at
	// file names and no more than a few lines.
	Detect(fsys fs.FS) bool
	// Load reads all of it. What is wrong with a single file is a warning; an
	// error means that nothing useful could be read.
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
	sources []Source
	current atomic.Pointer[Catalogue]
	loading sync.Mutex
}

// NewLibrary makes a library that is empty until Reload.
func NewLibrary(loaders []Loader, sources []Source) *Library {
	l := &Library{loaders: loaders, sources: sources}
	l.current.Store(newBuilder().finish())
	return l
}

// Catalogue is the present state. A caller keeps it for the whole of a
// request, so that it never sees half of a change.
func (l *Library) Catalogue() *Catalogue { return l.current.Load() }

// Reload reads all sources and then puts the new catalogue in place of the
// old. After an error the old one stays.
func (l *Library) Reload(ctx context.Context) error {
	l.loading.Lock()
	defer l.loading.Unlock()
	b := newBuilder()
	for _, source := range l.sources {
		if err := l.read(ctx, b, source); err != nil {
			return fmt.Errorf("read courses from %s: %w", source.Name, err)
		}
	}
	l.current.Store(b.finish())
	return nil
}

func (l *Library) read(ctx context.Context, b *builder, source Source) error {
	loader, err := l.loaderFor(source)
	if err != nil {
		return err
	}
	shelf, warnings, err := loader.Load(ctx, source.Root)
	if err != nil {
		return err
	}
	b.Warnings = append(b.Warnings, warnings...)
	b.add(source.Name, source.Root, loader.Name(), shelf)
	return nil
}

// FormatError says that no loader fits a source.
type FormatError struct{ Format string }

func (e *FormatError) Error() string {
	if e.Format == "" {
		return "no known course format was found there"
	}
	return fmt.Sprintf("there is no course format %q", e.Format)
}

func (l *Library) loaderFor(source Source) (Loader, error) {
	automatic := source.Format == "" || source.Format == "auto"
	for _, loader := range l.loaders {
		if loader.Name() == source.Format || automatic && loader.Detect(source.Root) {
			return loader, nil
		}
	}
	if automatic {
		return nil, &FormatError{}
	}
	return nil, &FormatError{Format: source.Format}
}
