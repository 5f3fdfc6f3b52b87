package publish

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"kept/internal/course"
)

// Source is a folder of articles, or of podcasts.
type Source struct {
	Name string // unique among its kind; the files of articles have it in their address
	Root fs.FS
}

// Library holds the edition that is read from at this moment.
type Library struct {
	articles []Source
	podcasts []Source
	current  atomic.Pointer[Edition]
	loading  sync.Mutex
}

// NewLibrary makes a library that is empty until Reload.
func NewLibrary(articles, podcasts []Source) *Library {
	l := &Library{articles: articles, podcasts: podcasts}
	l.current.Store(&Edition{})
	return l
}

// Edition is everything that was written, at one moment, with what is not
// shown yet. It does not change; a newer one takes its place.
type Edition struct {
	Articles []*Article // the newest first
	Shows    []*Show
	Warnings []course.Warning

	texts *course.Catalogue // articles, a course for each folder
	casts *course.Catalogue // podcasts, a course for each show
	of    map[*course.Lesson]item
}

// item is an article or an episode.
type item interface {
	Path() string
	common() *Text
}

// Edition is the present state. A caller keeps it for the whole of a request,
// so that it never sees half of a change.
func (l *Library) Edition() *Edition { return l.current.Load() }

// Reload reads all folders and then puts the new edition in place of the old.
// After an error the old one stays.
func (l *Library) Reload(ctx context.Context) error {
	l.loading.Lock()
	defer l.loading.Unlock()
	e := &Edition{of: map[*course.Lesson]item{}}
	if err := e.readArticles(ctx, l.articles); err != nil {
		return err
	}
	if err := e.readPodcasts(ctx, l.podcasts); err != nil {
		return err
	}
	course.SortWarnings(e.Warnings)
	l.current.Store(e)
	return nil
}

// Watch reloads when a file changes, until ctx ends. What goes wrong is told
// each time it becomes something else.
func (l *Library) Watch(ctx context.Context, tell func(error)) {
	var sources []course.Source
	for _, s := range append(slices.Clone(l.articles), l.podcasts...) {
		sources = append(sources, course.Source{Name: s.Name, Root: s.Root, Format: "any"})
	}
	// The course library knows how to wait for changes; here it reads nothing
	// itself.
	nothing := func(context.Context, *reader) (*course.Shelf, error) { return &course.Shelf{}, nil }
	eyes := course.NewLibrary([]course.Loader{format{"any", nothing}}, sources)
	go eyes.Watch(ctx, tell)
	for {
		changed := eyes.Changed()
		if err := l.Reload(ctx); err != nil && ctx.Err() == nil {
			tell(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

func (e *Edition) readArticles(ctx context.Context, sources []Source) (err error) {
	taken := map[string]string{}
	loaders := map[string]loader{}
	for _, s := range sources {
		loaders[s.Name] = func(ctx context.Context, r *reader) (*course.Shelf, error) {
			articles, shelf, err := r.articles(ctx)
			for _, a := range articles {
				r.settleSlug(&a.Text, taken)
				e.of[a.lesson] = a
			}
			e.Articles = append(e.Articles, articles...)
			return shelf, err
		}
	}
	if e.texts, err = e.catalogue(ctx, sources, loaders); err != nil {
		return err
	}
	for _, a := range e.Articles {
		a.settle(e.texts)
	}
	slices.SortStableFunc(e.Articles, func(a, b *Article) int { return newestFirst(&a.Text, &b.Text) })
	return nil
}

func (e *Edition) readPodcasts(ctx context.Context, sources []Source) (err error) {
	taken := map[string]string{}
	loaders := map[string]loader{}
	for _, s := range sources {
		loaders[s.Name] = func(ctx context.Context, r *reader) (*course.Shelf, error) {
			shows, shelf, err := r.shows(ctx, taken)
			for _, show := range shows {
				for _, one := range show.Episodes {
					e.of[one.lesson] = one
				}
			}
			e.Shows = append(e.Shows, shows...)
			return shelf, err
		}
	}
	if e.casts, err = e.catalogue(ctx, sources, loaders); err != nil {
		return err
	}
	for _, show := range e.Shows {
		show.settle(e.casts)
		for _, one := range show.Episodes {
			one.settle(e.casts)
		}
	}
	return nil
}

// settle points to the catalogue's own copy of a course.
func (t *Text) settle(in *course.Catalogue) {
	if c, ok := in.Course(t.course.ID); ok {
		t.course = c
	}
}

// catalogue reads folders as courses are read, so that links between texts,
// pictures and files follow the same rules.
func (e *Edition) catalogue(ctx context.Context, sources []Source, loaders map[string]loader) (*course.Catalogue, error) {
	var all []course.Source
	var formats []course.Loader
	for _, s := range sources {
		all = append(all, course.Source{Name: s.Name, Root: s.Root, Format: s.Name})
		formats = append(formats, format{s.Name, loaders[s.Name]})
	}
	library := course.NewLibrary(formats, all)
	if err := library.Reload(ctx); err != nil {
		return nil, err
	}
	e.Warnings = append(e.Warnings, library.Catalogue().Warnings...)
	return library.Catalogue(), nil
}

type loader func(context.Context, *reader) (*course.Shelf, error)

// format is how the course library is told to read one folder. Folders are
// never guessed at: each has its own.
type format struct {
	name string
	load loader
}

func (f format) Name() string      { return f.name }
func (f format) Detect(fs.FS) bool { return false }

func (f format) Load(ctx context.Context, fsys fs.FS) (*course.Shelf, []course.Warning, error) {
	r := &reader{fsys: fsys, source: f.name}
	shelf, err := f.load(ctx, r)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", f.name, err)
	}
	return shelf, r.warnings, nil
}

// settleSlug gives a text the end of its address: its wish, or another if an
// earlier one has it.
func (r *reader) settleSlug(t *Text, taken map[string]string) {
	slug := t.Slug
	for n := 2; taken[slug] != ""; n++ {
		slug = t.Slug + "-" + strconv.Itoa(n)
	}
	if slug != t.Slug {
		r.warn(t.File, 1, "has the short name %q of %s; its address ends in %q now, write slug: with another", t.Slug, taken[t.Slug], slug)
		t.Slug = slug
	}
	taken[slug] = t.File
}

// newestFirst orders by day, and by title within one.
func newestFirst(a, b *Text) int {
	if n := b.Date.Compare(a.Date); n != 0 {
		return n
	}
	return compareText(a.Title, b.Title)
}
