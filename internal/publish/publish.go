// Package publish is what a community writes and says besides its courses:
// articles and podcasts, from files to pages and feeds.
//
// It owns both formats (docs/articles.md), the pages below /articles and
// /podcasts, their feeds, and the files that texts bring along. It refuses to
// know a reader: nothing is written here for anybody, and nothing of these
// pages asks another host. Sound that lies elsewhere is a link that names the
// host before the click. What has its day ahead, and drafts, are not there.
//
// Where things are: library.go holds what was read; text.go, article.go,
// podcast.go and transcript.go read it; view.go is what of it shows today;
// content.go makes a text ready for its page; http.go, podcast_http.go and
// feed.go answer. Start at Library and New.
package publish

import (
	"context"
	"embed"
	"sync/atomic"

	"kept/internal/course/render"
	"kept/internal/feature"
	"kept/internal/page"
	"kept/internal/prove"
)

//go:embed *.html *.go
var files embed.FS

// Config is what app hands over.
type Config struct {
	Community string
	Library   *Library
	// Knows is what every page of a member remembers by itself; nil if nothing.
	Knows func(lang *page.Language) string
}

// Feature serves the pages.
type Feature struct {
	c         Config
	current   atomic.Pointer[view]
	views     atomic.Int64
	renderers map[string]*render.Renderer // by language
	feature.Services
}

var _ feature.Feature = (*Feature)(nil)

// New makes the feature. It keeps nothing about anybody.
func New(c Config) *Feature { return &Feature{c: c} }

// Source hands over the templates, with the Go files for their texts.
func (f *Feature) Source() page.Source { return page.Source{Name: "publish", Files: files} }

// Start takes what the feature stands on.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	f.renderers = map[string]*render.Renderer{}
	for _, lang := range s.Site.Catalogue().All() {
		f.renderers[lang.Tag] = render.New(render.Labels{Copy: lang.Text("Copy"), Code: lang.Text("Code"), Table: lang.Text("Table"),
			Picture: lang.Text("Picture on"), Opens: lang.Text("Opens")})
	}
	return nil
}

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	return []page.Route{
		{Pattern: "GET /articles", Handler: f.showArticles},
		{Pattern: "GET /articles/page/{page}", Handler: f.showArticles},
		{Pattern: "GET /articles/feed.xml", Handler: f.articlesFeed},
		{Pattern: "GET /articles/{article}", Handler: f.showArticle},
		{Pattern: "GET /articles/tags/{tag}", Handler: f.showTag},
		{Pattern: "GET /articles/tags/{tag}/page/{page}", Handler: f.showTag},
		{Pattern: "GET /articles/tags/{tag}/feed.xml", Handler: f.tagFeed},
		{Pattern: "GET /articles/authors/{author}", Handler: f.showAuthor},
		{Pattern: "GET /articles/authors/{author}/page/{page}", Handler: f.showAuthor},
		{Pattern: "GET /articles/files/{folder}/{file...}", Handler: f.articleFile},
		{Pattern: "GET /podcasts", Handler: f.showPodcasts},
		{Pattern: "GET /podcasts/{show}", Handler: f.showShow},
		{Pattern: "GET /podcasts/{show}/feed.xml", Handler: f.showFeed},
		{Pattern: "GET /podcasts/{show}/{episode}", Handler: f.showEpisode},
		{Pattern: "GET /podcasts/{show}/transcripts/{file}", Handler: f.transcriptFile},
		{Pattern: "GET /podcasts/{show}/files/{file...}", Handler: f.podcastFile},
	}
}

// Plants is empty: nothing is kept here.
func (f *Feature) Plants() []prove.Plant { return nil }

// Nav are the links of the layout, each there only while there is something
// to find.
func (f *Feature) Nav() []page.Link {
	return []page.Link{
		{Path: articlesPath, Live: func(lang *page.Language) string {
			if f.Site == nil || len(f.view().articles) == 0 {
				return ""
			}
			return lang.Text("Articles")
		}},
		{Path: podcastsPath, Live: func(lang *page.Language) string {
			if f.Site == nil || len(f.view().shows) == 0 {
				return ""
			}
			return lang.Text("Podcasts")
		}},
	}
}

// Public lists the paths that anybody may find, without escapes, for the map
// of the site.
func (f *Feature) Public(context.Context) ([]string, error) {
	v := f.view()
	var paths []string
	if len(v.articles) > 0 {
		paths = append(paths, articlesPath)
	}
	for _, a := range v.articles {
		paths = append(paths, a.Path())
	}
	for _, g := range v.tags {
		paths = append(paths, tagPath(g.Slug))
	}
	for _, g := range v.authors {
		paths = append(paths, authorPath(g.Slug))
	}
	if len(v.shows) > 0 {
		paths = append(paths, podcastsPath)
	}
	for _, s := range v.shows {
		paths = append(paths, s.Path())
		for _, e := range s.Episodes {
			paths = append(paths, e.Path())
		}
	}
	return paths, nil
}
