// Package search finds public texts by their words: lessons in all languages,
// courses, articles, episodes.
//
// It owns the page /search, the suggestions as one types, and one index in
// memory, made of documents that app hands over. It refuses to know who looks
// for what: a question stands in the address that a browser asks for and in
// the answer, and is written nowhere, neither to the request log (which has
// route patterns) nor to an error, a cache or a record. No person's page is in
// the index: what somebody hides must be gone from every answer at once, and
// the pages of people are found by their handle, which they give to whom they
// like.
//
// Start at Feature for the pages, at Index for how words are found.
package search

import (
	"context"
	"embed"
	"net/http"
	"sync"
	"sync/atomic"

	"kept/internal/feature"
	"kept/internal/page"
	"kept/internal/prove"
)

//go:embed *.html *.go
var files embed.FS

// Path is the address of the page.
const Path = "/search"

// Shelf is where documents come from.
type Shelf struct {
	// State stands for all documents of the shelf; while it is equal they
	// need not be asked for. It must be comparable and quick.
	State func() any
	// Documents are all public documents of the shelf at this moment.
	Documents func() []Document
}

// Config is what app hands over.
type Config struct {
	Shelves []Shelf
	// Courses gives the titles by which one can choose a course, by slug.
	CourseTitle func(slug, lang string) string
	// Knows is what every page of a member remembers by itself; ok is false
	// for a visitor.
	Knows func(ctx context.Context, lang *page.Language) (knows string, ok bool)
}

// Feature serves the pages.
type Feature struct {
	c Config
	feature.Services

	index    atomic.Pointer[Index]
	updating sync.Mutex
	states   []any // of the shelves that the index was made of; guarded by updating
}

var _ feature.Feature = (*Feature)(nil)

// New makes the feature; it keeps nothing about anybody.
func New(c Config) *Feature {
	f := &Feature{c: c, states: make([]any, len(c.Shelves))}
	return f
}

// Source hands over the templates, with the Go files for their texts.
func (f *Feature) Source() page.Source { return page.Source{Name: "search", Files: files} }

// Start takes what the feature stands on. The index is made by Refresh, or by
// the first who asks.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	return nil
}

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	return []page.Route{
		{Pattern: "GET " + Path, Handler: f.show},
		{Pattern: "GET " + Path + "/suggest", Handler: f.suggest},
	}
}

// Checks, Breaks and Plants: nothing is kept here.
func (f *Feature) Checks() []prove.Check { return nil }

// Breaks lists none.
func (f *Feature) Breaks() []prove.Break { return nil }

// Plants lists none.
func (f *Feature) Plants() []prove.Plant { return nil }

// Refresh brings the index up to date. Whoever searches meanwhile has the one
// before.
func (f *Feature) Refresh() {
	f.updating.Lock()
	defer f.updating.Unlock()
	f.refresh()
}

func (f *Feature) refresh() {
	x := f.index.Load()
	changed := x == nil
	for i, shelf := range f.c.Shelves {
		if state := shelf.State(); state != f.states[i] {
			f.states[i], changed = state, true
		}
	}
	if !changed {
		return
	}
	if x == nil {
		x = new(Index)
	}
	var docs []Document
	for _, shelf := range f.c.Shelves {
		docs = append(docs, shelf.Documents()...)
	}
	f.index.Store(x.Update(docs))
}

// fresh is the index, brought up to date by the first who asks. Others have
// the one before, or wait for the very first.
func (f *Feature) fresh() *Index {
	if f.index.Load() == nil {
		f.Refresh()
	} else if f.updating.TryLock() {
		defer f.updating.Unlock()
		f.refresh()
	}
	return f.index.Load()
}

// private keeps an answer to a question out of every store.
func private(w http.ResponseWriter) { w.Header().Set("Cache-Control", "no-store") }
