package learn

import (
	"context"
	"encoding/xml"
	"errors"
	"io/fs"
	"net/http"

	"kept/internal/course/asset"
	"kept/internal/fault"
)

func (f *Feature) serveFile(w http.ResponseWriter, r *http.Request) error {
	e := f.edition()
	c, ok := e.Course(r.PathValue("course"))
	if !ok {
		return fault.NotFound{What: "course"}
	}
	name := r.PathValue("file")
	file, err := e.OpenAsset(c, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return fault.NotFound{What: "file"}
	}
	if err != nil {
		return err
	}
	defer file.Close()
	return asset.Send(w, r, file, name, e.stamp)
}

// urlSet is the map of the site, by sitemaps.org's schema.
type urlSet struct {
	XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []place  `xml:"url"`
}

type place struct {
	Loc string `xml:"loc"`
}

// mostPlaces is what the schema allows in one file.
const mostPlaces = 50_000

// siteMap lists what a search engine may find: courses and lessons, and what
// other features say may be found.
func (f *Feature) siteMap(w http.ResponseWriter, r *http.Request) error {
	paths, err := f.publicPaths(r.Context())
	if err != nil {
		return err
	}
	var set urlSet
	for _, p := range paths[:min(len(paths), mostPlaces)] {
		set.URLs = append(set.URLs, place{f.Site.Absolute(p)})
	}
	body, err := xml.MarshalIndent(set, "", " ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	_, err = w.Write(append([]byte(xml.Header), body...))
	return err
}

func (f *Feature) publicPaths(ctx context.Context) ([]string, error) {
	paths := []string{"/"}
	e := f.edition()
	for _, c := range e.Courses {
		paths = append(paths, coursePath(c))
		for p, ok := e.First(c); ok && p != nil; p = p.Next {
			paths = append(paths, lessonPath(p))
		}
	}
	if f.c.Public == nil {
		return paths, nil
	}
	more, err := f.c.Public(ctx)
	return append(paths, more...), err
}
