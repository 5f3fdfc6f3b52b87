package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fragment returns rendered HTML for a name and a version, from memory if it
// was made before in this language. Escaping 10 kB costs hundreds of
// microseconds; a page around a fragment costs the layout alone.
func (s *Site) Fragment(ctx context.Context, name, version string, make func() (template.HTML, error)) (template.HTML, error) {
	name = s.Printer(ctx).Tag + " " + name
	if html, ok := s.fragments.get(name, version); ok && !s.cfg.Dev {
		return template.HTML(html), nil
	}
	html, err := make()
	if err != nil {
		return "", err
	}
	s.fragments.put(name, version, string(html))
	return html, nil
}

// Forget drops what Fragment and Shared hold under a name, as after an
// erasure.
func (s *Site) Forget(name string) {
	for _, lang := range s.languages.all {
		s.fragments.forget(lang.Tag + " " + name)
		s.pages.forget(lang.Tag + " " + name)
	}
}

// Finished is what a page is rendered from: see Render.
type Finished struct {
	Status int
	Name   string
	Page   Page
}

// finished is a whole page as bytes, for all visitors alike.
type finished struct {
	status int
	body   []byte
	packed []byte // gzip
	until  time.Time

	etag, packedTag, length, packedLength []string
}

func (f *finished) size() int64 { return int64(len(f.body) + len(f.packed)) }

// sharedLife bounds how old a shared page may be, because the layout's live
// links are not part of its version.
const sharedLife = time.Minute

// Shared writes a page that is the same for every visitor, from memory if
// this version was made before. The name must say all that the page depends
// on besides language and version: its path, and a query that the handler
// has checked. A member gets the page rendered with their own layout.
func (s *Site) Shared(w http.ResponseWriter, r *http.Request, name, version string, make func() (Finished, error)) error {
	if s.cfg.Dev || personal(r) {
		f, err := make()
		if err != nil {
			return err
		}
		return s.Render(w, r, f.Status, f.Name, f.Page)
	}
	name = s.Printer(r.Context()).Tag + " " + name
	page, ok := s.pages.get(name, version)
	if !ok || s.cfg.Now().After(page.until) {
		var err error
		if page, err = s.finish(r, make); err != nil {
			return err
		}
		s.pages.put(name, version, page)
	}
	return s.writeFinished(w, r, page)
}

// personal reports whether an answer may differ from every visitor's. A
// visitor sends no cookie; whoever sends one may have a notice waiting.
func personal(r *http.Request) bool {
	return len(r.Header["Cookie"]) > 0 || ViewerOf(r.Context()).SignedIn
}

func (s *Site) finish(r *http.Request, make func() (Finished, error)) (*finished, error) {
	f, err := make()
	if err != nil {
		return nil, err
	}
	b := pool.Get().(*buffers)
	defer release(b)
	if err := s.compose(b, r.Context(), f.Name, f.Page, nil); err != nil {
		return nil, err
	}
	body := bytes.Clone(b.out.Bytes())
	page := &finished{status: f.Status, body: body, packed: pack(body), until: s.cfg.Now().Add(sharedLife)}
	tag := tagOf(body)
	page.etag, page.packedTag = []string{`"` + tag + `"`}, []string{`"` + tag + `-g"`}
	page.length = []string{strconv.Itoa(len(page.body))}
	page.packedLength = []string{strconv.Itoa(len(page.packed))}
	return page, nil
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

var writers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

// pack compresses what will be sent many times.
func pack(body []byte) []byte {
	var out bytes.Buffer
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&out)
	w.Write(body) // a bytes.Buffer takes everything
	w.Close()
	return out.Bytes()
}

var (
	varyBoth   = []string{"Accept-Encoding, Accept-Language, Cookie"}
	gzipped    = []string{"gzip"}
	mayRevisit = []string{"private, no-cache"}
	everybody  = []string{"everybody"} // browsers may keep it for reading without a connection
)

// writeFinished sets headers by assignment: these names are canonical and
// the slices shared, which is most of what such an answer costs.
func (s *Site) writeFinished(w http.ResponseWriter, r *http.Request, page *finished) error {
	h := w.Header()
	h["Content-Type"] = htmlType
	h["Vary"] = varyBoth
	h["Cache-Control"] = mayRevisit
	h["Kept-For"] = everybody
	body, tag, length := page.body, page.etag, page.length
	if acceptsGzip(r) {
		body, tag, length = page.packed, page.packedTag, page.packedLength
		h["Content-Encoding"] = gzipped
	}
	h["Etag"] = tag
	if page.status == http.StatusOK && matches(r, tag[0]) {
		delete(h, "Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h["Content-Length"] = length
	w.WriteHeader(page.status)
	_, err := w.Write(body)
	return gone(err)
}

// matches answers If-None-Match by weak comparison, as a GET asks for.
func matches(r *http.Request, tag string) bool {
	for _, header := range r.Header["If-None-Match"] {
		for candidate := range strings.SplitSeq(header, ",") {
			candidate = strings.TrimSpace(candidate)
			if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
				return true
			}
		}
	}
	return false
}
