package page

import (
	"bytes"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"kept/internal/fault"
)

// static serves files under an address that carries a hash of their content,
// so that a browser asks once and never again.
type static struct {
	files map[string]*asset
}

// asset is one file.
type asset struct {
	path   string // /static/kept-<hash>.css
	hash   string
	kind   string
	body   []byte
	packed func() []byte // nil inside if compression gains nothing
}

const staticPrefix = "/static/"

func loadStatic(files fs.FS, hue int) (*static, error) {
	if hue < 0 || hue > 359 {
		return nil, fmt.Errorf("page: hue %d: want 0 to 359", hue)
	}
	s := &static{files: map[string]*asset{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, ".go") {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if name == "kept.css" {
			body = fmt.Appendf(body, ":root { --hue: %d; }\n", hue) // no inline style may set it
		}
		s.files[name] = newAsset(name, body)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("page: static files: %w", err)
	}
	for _, name := range []string{"kept.css", "kept.svg"} {
		if s.files[name] == nil {
			return nil, fmt.Errorf("page: static files: no %s", name)
		}
	}
	return s, nil
}

func newAsset(name string, body []byte) *asset {
	ext := path.Ext(name)
	hash := tagOf(body)[:10]
	a := &asset{path: staticPrefix + strings.TrimSuffix(name, ext) + "-" + hash + ext, hash: hash, kind: kindOf(ext), body: body}
	a.packed = sync.OnceValue(func() []byte {
		if !compressible(a.kind) {
			return nil
		}
		if packed := pack(body); len(packed) < len(body) {
			return packed
		}
		return nil
	})
	return a
}

// kinds are those that a machine's own table may lack or get wrong.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".wasm": "application/wasm", ".woff2": "font/woff2",
	".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
}

func kindOf(ext string) string {
	if kind := kinds[ext]; kind != "" {
		return kind
	}
	if kind := mime.TypeByExtension(ext); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// Static returns the address of a static file. An unknown name is a mistake
// in a template.
func (s *Site) Static(name string) (string, error) {
	a := s.static.files[name]
	if a == nil {
		return "", fmt.Errorf("page: no static file %q", name)
	}
	if s.cfg.Dev {
		return staticPrefix + name, nil
	}
	return a.path, nil
}

func (s *Site) addStatic() error {
	return s.Add(Route{Pattern: "GET " + staticPrefix + "{file...}", Handler: s.serveStatic})
}

func (s *Site) serveStatic(w http.ResponseWriter, r *http.Request) error {
	name, hash := splitHash(r.PathValue("file"))
	files := s.static
	if s.cfg.Dev {
		fresh, err := loadStatic(s.cfg.Static, s.cfg.Hue)
		if err != nil {
			return err
		}
		files = fresh
	}
	a := files.files[r.PathValue("file")]
	if hashed := files.files[name]; hashed != nil && hash != "" {
		a = hashed
	}
	if a == nil {
		return fault.NotFound{What: "static file"}
	}
	return a.serve(w, r, hash == a.hash && !s.cfg.Dev)
}

// splitHash takes kept-abc.css apart into kept.css and abc.
func splitHash(file string) (name, hash string) {
	ext := path.Ext(file)
	stem := strings.TrimSuffix(file, ext)
	// the hash itself may hold a hyphen, so its place is counted from the end
	if at := len(stem) - 11; at > 0 && stem[at] == '-' {
		return stem[:at] + ext, stem[at+1:]
	}
	return file, ""
}

var (
	forever  = []string{"public, max-age=31536000, immutable"}
	askAgain = []string{"no-cache"}
	varyGzip = []string{"Accept-Encoding"}
)

// serve answers a part of the file from its plain form and the whole from
// the smaller one. An address with an old hash gets today's file, which the
// browser then may not keep.
func (a *asset) serve(w http.ResponseWriter, r *http.Request, current bool) error {
	h := w.Header()
	h["Content-Type"] = []string{a.kind}
	h["Cache-Control"] = askAgain
	if current {
		h["Cache-Control"] = forever
	}
	if compressible(a.kind) {
		h["Vary"] = varyGzip
	}
	if packed := a.packedFor(r); packed != nil {
		return a.servePacked(w, r, packed)
	}
	h["Etag"] = []string{`"` + a.hash + `"`}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
	return nil
}

func (a *asset) packedFor(r *http.Request) []byte {
	if r.Header.Get("Range") != "" || !acceptsGzip(r) {
		return nil
	}
	return a.packed()
}

func (a *asset) servePacked(w http.ResponseWriter, r *http.Request, packed []byte) error {
	h := w.Header()
	tag := `"` + a.hash + `-g"`
	h["Etag"] = []string{tag}
	if matches(r, tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h["Content-Encoding"] = gzipped
	h["Content-Length"] = []string{strconv.Itoa(len(packed))}
	_, err := w.Write(packed)
	return gone(err)
}
