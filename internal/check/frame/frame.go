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
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"kept/web/runner"
)

// policy lets nothing out: no request of any kind leaves the frame, and what it
// makes itself (blobs, srcdoc) is under the same policy. Inline scripts and
// eval are what it is for. It is sandboxed by this header too, so opening its
// address in a tab gives nobody a page of this site's origin.
const policy = walls + "; sandbox allow-scripts"

// walls hold for the frame by inheritance, too: it is the srcdoc of an iframe
// in the room, a page without content, whose policy therefore becomes its own.
// The room is of the site's origin, so that the page around can put the frame
// into it; the frame is not, by the sandbox attribute of that iframe.
const (
	walls = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; " +
		"img-src data: blob:; media-src data: blob:; font-src data:; connect-src 'none'; frame-src 'none'; form-action 'none'; " +
		"base-uri 'none'; object-src 'none'; frame-ancestors 'self'"
	roomPolicy = walls + "; sandbox allow-scripts allow-same-origin"
)

// permissions are those of a page that may do nothing but show itself.
const permissions = "accelerometer=(), camera=(), clipboard-read=(), clipboard-write=(), display-capture=(), encrypted-media=(), " +
	"fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), " +
	"picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=(), browsing-topics=()"

// Frame answers below /runner/.
type Frame struct {
	files map[string]file // by their addresses without a hash, as "vendor/assert.js"
}

// file is something that is served: one of ours, or a vendored one, compressed
// on disk where that is smaller.
type file struct {
	data   []byte
	packed bool
	size   int    // unpacked
	hash   string // of the content; part of the address
	policy string // "" for what is no page
}

// New reads the embedded files.
func New() (*Frame, error) {
	f := &Frame{files: map[string]file{}}
	sources, err := f.read()
	if err != nil {
		return nil, err
	}
	frame, err := page(sources)
	if err != nil {
		return nil, err
	}
	room, err := text("room.html")
	if err != nil {
		return nil, err
	}
	f.add("frame", frame, policy)
	f.add("room", []byte(room), roomPolicy)
	return f, f.addClient()
}

func (f *Frame) add(name string, data []byte, policy string) {
	sum := sha256.Sum256(data)
	f.files[name] = file{data: data, size: len(data), hash: hex.EncodeToString(sum[:])[:hashLength], policy: policy}
}

// addClient puts the addresses of everything else before the client's script,
// so that the hash in its own address changes with any of them.
func (f *Frame) addClient() error {
	code, err := text("client.js")
	if err != nil {
		return err
	}
	addresses := map[string]string{}
	for name := range f.files {
		addresses[name] = f.Address(name)
	}
	list, err := json.Marshal(addresses) // in the order of the names
	if err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	f.add("client.js", fmt.Appendf(nil, "const addresses = %s;\n%s", list, code), "")
	return nil
}

// Patterns are the routes that it answers.
func Patterns() []string { return []string{"GET /runner/{file}", "GET /runner/vendor/{file}"} }

const (
	prefix     = "/runner/"
	hashLength = 10
)

// Address is where a file is, as "client.js" or "vendor/assert.js", with a hash
// of its content: what stands there never changes. "" if there is none.
func (f *Frame) Address(name string) string {
	one, ok := f.files[name]
	if !ok {
		return ""
	}
	ext := path.Ext(name)
	return prefix + strings.TrimSuffix(name, ext) + "-" + one.hash + ext
}

// Size is how many bytes a file takes, and how many are sent for it.
func (f *Frame) Size(name string) (unpacked, sent int) {
	one := f.files[name]
	return one.size, len(one.data)
}

// Names lists all files.
func (f *Frame) Names() []string { return slices.Sorted(maps.Keys(f.files)) }

// find is the file of an address, with or without a hash, and whether the hash
// is that of what the file holds now.
func (f *Frame) find(address string) (name string, current, ok bool) {
	name, ok = strings.CutPrefix(address, prefix)
	if !ok {
		return "", false, false
	}
	if _, ok = f.files[name]; ok {
		return name, false, true
	}
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	at := len(stem) - hashLength - 1
	if at < 1 || stem[at] != '-' {
		return "", false, false
	}
	name = stem[:at] + ext
	one, ok := f.files[name]
	return name, stem[at+1:] == one.hash, ok
}

// Has tells whether there is a file at that address.
func (f *Frame) Has(address string) bool {
	_, _, ok := f.find(address)
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
		size, err := strconv.Atoi(cols[2])
		if err != nil {
			return s, fmt.Errorf("frame: the size of %s: %w", name, err)
		}
		f.files["vendor/"+name] = file{data: data, packed: packed, size: size, hash: cols[3][:hashLength]}
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
	for _, name := range []string{"sass.js", "page.js", "python.js", "frame.js"} {
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
// An address with an old hash, or with none, gets today's file, which the
// browser then may not keep.
func (f *Frame) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, current, ok := f.find(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	one, h := f.files[name], w.Header()
	tag := strconv.Quote(one.hash)
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if current {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("Content-Type", kind(name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if one.policy != "" {
		setWalls(h, one.policy)
	}
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

// setWalls sets the headers of a page in which, or below which, code runs.
func setWalls(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Permissions-Policy", permissions)
	h.Set("Connection-Allowlist", "()")
	h.Set("X-DNS-Prefetch-Control", "off")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Kept-For", "everybody") // so that a browser may keep it for the time without a connection
}

func kind(name string) string {
	switch path.Ext(name) {
	case "":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".zip":
		return "application/zip"
	}
	return "text/plain; charset=utf-8"
}
