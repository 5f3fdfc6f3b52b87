// Package frame serves the frame in which learners' code runs: to lessons'
// pages, and to the headless Chromium of package check/chrome, the same bytes
// under the same headers.
//
// It owns the frame's headers, above all its content policy, under which the
// frame can ask nobody for anything. It refuses every file that the manifest of
// web/runner does not name. Start at New.
package frame

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"kept/web/runner"
)

// policy lets nothing out: no request of any kind leaves the frame, and what it
// makes itself (blobs, srcdoc) is under the same policy. Inline scripts and
// eval are what it is for. It is sandboxed by this header too, so opening its
// address in a tab gives nobody a page of this site's origin.
const policy = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; " +
	"img-src data: blob:; media-src data: blob:; font-src data:; connect-src 'none'; frame-src 'none'; form-action 'none'; " +
	"base-uri 'none'; object-src 'none'; frame-ancestors 'self'; sandbox allow-scripts"

// permissions are those of a page that may do nothing but show itself.
const permissions = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), clipboard-write=(), display-capture=(), encrypted-media=(), " +
	"fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), " +
	"picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=(), browsing-topics=()"

// Frame answers below /runner/.
type Frame struct {
	page  []byte
	tag   string
	files map[string]file // by the name under which they are asked for
}

// file is a vendored file, compressed on disk where that is smaller.
type file struct {
	data   []byte
	packed bool
	sum    string
}

// New reads the embedded files.
func New() (*Frame, error) {
	f := &Frame{files: map[string]file{}}
	sources, err := f.read()
	if err != nil {
		return nil, err
	}
	if f.page, err = page(sources); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(f.page)
	f.tag = strconv.Quote(hex.EncodeToString(sum[:16]))
	return f, nil
}

// Patterns are the routes that it answers.
func Patterns() []string {
	return []string{"GET /runner/frame", "GET /runner/client.js", "GET /runner/vendor/{file}"}
}

// Has tells whether there is a vendored file of that name.
func (f *Frame) Has(name string) bool {
	_, ok := f.files[name]
	return ok
}

// sourcesOf are what the frame's script holds as text, to begin realms with.
type sourcesOf struct {
	Realm        string         `json:"realm"`
	InPage       string         `json:"inPage"`
	Preview      string         `json:"preview"`
	PythonWorker string         `json:"pythonWorker"`
	Sizes        map[string]int `json:"sizes"`
}

func (f *Frame) read() (sourcesOf, error) {
	s := sourcesOf{Sizes: map[string]int{}}
	manifest, err := fs.ReadFile(runner.Files, "vendor/MANIFEST.tsv")
	if err != nil {
		return s, fmt.Errorf("frame: %w", err)
	}
	for line := range strings.Lines(string(manifest)) {
		cols := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") || len(cols) < 4 {
			continue
		}
		data, err := fs.ReadFile(runner.Files, path.Join("vendor", cols[0]))
		if err != nil {
			return s, fmt.Errorf("frame: %w", err)
		}
		name, packed := strings.CutSuffix(cols[0], ".gz")
		f.files[name] = file{data: data, packed: packed, sum: cols[3]}
		s.Sizes[name] = len(data)
	}
	for name, to := range map[string]*string{"realm.js": &s.Realm, "world.js": &s.InPage, "preview.js": &s.Preview, "python-worker.js": &s.PythonWorker} {
		if *to, err = text(name); err != nil {
			return s, err
		}
	}
	return s, nil
}

func text(name string) (string, error) {
	data, err := fs.ReadFile(runner.Files, name)
	if err != nil {
		return "", fmt.Errorf("frame: %w", err)
	}
	return string(data), nil
}

// page puts the frame's scripts into its page, so that it asks for nothing.
func page(s sourcesOf) ([]byte, error) {
	html, err := text("frame.html")
	if err != nil {
		return nil, err
	}
	held, err := json.Marshal(s) // escapes <, so that nothing in it ends the element
	if err != nil {
		return nil, fmt.Errorf("frame: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s<script type=\"application/json\" id=\"sources\">%s</script>\n", html, held)
	for _, name := range []string{"page.js", "python.js", "frame.js"} {
		code, err := text(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "<script>%s</script>\n", inline.Replace(code))
	}
	return b.Bytes(), nil
}

// inline keeps a string in a script from ending the element that holds it.
var inline = strings.NewReplacer("</script", `<\/script`, "<!--", `<\!--`)

// ServeHTTP answers the frame's own address, its client and the vendored files.
func (f *Frame) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch name := strings.TrimPrefix(r.URL.Path, "/runner/"); {
	case name == "frame":
		f.servePage(w, r)
	case name == "client.js":
		code, err := text("client.js")
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write([]byte(code))
	default:
		f.serveFile(w, r, strings.TrimPrefix(name, "vendor/"))
	}
}

func (f *Frame) servePage(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Permissions-Policy", permissions)
	h.Set("Connection-Allowlist", "()")
	h.Set("X-DNS-Prefetch-Control", "off")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("ETag", f.tag)
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(f.page)
}

func (f *Frame) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	one, ok := f.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	tag := strconv.Quote(one.sum[:32])
	h.Set("ETag", tag)
	h.Set("Cache-Control", "public, max-age=86400, stale-while-revalidate=604800")
	h.Set("Content-Type", kind(name))
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if one.packed {
		h.Set("Content-Encoding", "gzip") // no browser that runs the frame asks for anything else
	}
	h.Set("Content-Length", strconv.Itoa(len(one.data)))
	_, _ = w.Write(one.data)
}

func kind(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".zip":
		return "application/zip"
	}
	return "text/plain; charset=utf-8"
}
