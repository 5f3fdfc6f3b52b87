package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"kept/articles"
	"kept/internal/course"
	"kept/internal/publish"
	"kept/podcasts"
)

// Folder is a folder of articles or podcasts.
type Folder struct {
	Path string `toml:"path"`
}

func folderPaths(folders []Folder) []*string {
	paths := make([]*string, len(folders))
	for i := range folders {
		paths[i] = &folders[i].Path
	}
	return paths
}

// openPublished reads articles and podcasts: the configured folders, or the
// samples that come with the program where no content at all is configured.
func (a *App) openPublished(ctx context.Context) (*publish.Library, error) {
	texts, err := a.openFoldersOf("articles", a.Config.Articles)
	if err != nil {
		return nil, err
	}
	casts, err := a.openFoldersOf("podcasts", a.Config.Podcasts)
	if err != nil {
		return nil, err
	}
	if len(a.Config.Courses)+len(texts)+len(casts) == 0 {
		texts = []publish.Source{{Name: "sample", Root: articles.Files}}
		casts = []publish.Source{{Name: "sample", Root: podcasts.Files}}
	}
	library := publish.NewLibrary(texts, casts)
	if err := library.Reload(ctx); err != nil {
		return nil, fmt.Errorf("articles and podcasts: %w", err)
	}
	return library, nil
}

// watchPublished keeps articles and podcasts as their files are.
func (a *App) watchPublished(ctx context.Context) {
	a.published.Watch(ctx, func(err error) {
		a.options.Log.Warn("articles and podcasts: what cannot be read stays as it was", "error", err)
	})
}

// openFoldersOf names each folder after the end of its path: the addresses of
// its files have that in them.
func (a *App) openFoldersOf(setting string, folders []Folder) ([]publish.Source, error) {
	var sources []publish.Source
	for _, f := range folders {
		folder, err := course.OpenFolder(f.Path)
		if err != nil {
			return nil, hinted(fmt.Errorf("%s: %w", setting, err), "set path of [["+setting+"]] to a folder that can be read")
		}
		a.closers = append(a.closers, folder.Close)
		sources = append(sources, publish.Source{Name: freeName(sources, course.Slug(filepath.Base(f.Path))), Root: folder})
	}
	return sources, nil
}

func freeName(taken []publish.Source, wish string) string {
	if wish == "" {
		wish = "folder"
	}
	name := wish
	for n := 2; slices.ContainsFunc(taken, func(s publish.Source) bool { return s.Name == name }); n++ {
		name = wish + "-" + strconv.Itoa(n)
	}
	return name
}

// public lists what other features than learn say may be found, for the map of
// the site. A feature with pages for everybody adds its list here.
func (a *App) public(ctx context.Context) ([]string, error) {
	var all []string
	for _, list := range []func(context.Context) ([]string, error){a.features.publish.Public} {
		paths, err := list(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, paths...)
	}
	return all, nil
}
