package learn

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"kept/internal/fault"
)

// fileTypes are how files of a course are sent. Code is text: nothing that a
// course brings may run on this site.
var fileTypes = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".svg": "image/svg+xml", ".avif": "image/avif", ".ico": "image/x-icon",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".m4a": "audio/mp4", ".mp4": "video/mp4", ".webm": "video/webm",
	".vtt": "text/vtt; charset=utf-8", ".pdf": "application/pdf",
}

// saved are files that a browser should save and not show.
var saved = map[string]bool{".zip": true, ".ipynb": true, ".pdf": true}

// filePolicy keeps a drawing that is opened by itself from running or loading
// anything: it has styles, as most drawings do, and nothing else.
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

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
	setFileHeaders(w.Header(), name)
	return send(w, r, file, e.stamp)
}

func setFileHeaders(h http.Header, name string) {
	ext := strings.ToLower(path.Ext(name))
	kind := fileTypes[ext]
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	if saved[ext] {
		h.Set("Content-Disposition", "attachment")
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cache-Control", "public, max-age=300")
}

// send answers parts and repeated requests. Its tag is the edition, the size
// and the day of the file, so that reading it is not needed to make one.
func send(w http.ResponseWriter, r *http.Request, file fs.File, stamp string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	w.Header().Set("Etag", `"`+stamp+"-"+strconv.FormatInt(info.Size(), 36)+"-"+strconv.FormatInt(info.ModTime().Unix(), 36)+`"`)
	if seeker, ok := file.(io.ReadSeeker); ok {
		http.ServeContent(w, r, "", time.Time{}, seeker)
		return nil
	}
	_, err = io.Copy(w, file)
	return err
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
