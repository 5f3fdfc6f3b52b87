package frame

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"kept/web/runner"
)

func open(t *testing.T) *Frame {
	t.Helper()
	f, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func get(t *testing.T, f *Frame, path string, head ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

// Each vendored file is the one that the manifest names, and there is no other.
func TestVendoredFilesAreThoseOfTheManifest(t *testing.T) {
	manifest, err := fs.ReadFile(runner.Files, "vendor/MANIFEST.tsv")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{"MANIFEST.tsv": true}
	for line := range strings.Lines(string(manifest)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cols := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(cols) != 5 || cols[4] == "" {
			t.Errorf("a line of the manifest: %q", line)
			continue
		}
		listed[cols[0]] = true
		data, err := fs.ReadFile(runner.Files, "vendor/"+cols[0])
		if err != nil {
			t.Error(err)
			continue
		}
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != cols[3] || strconv.Itoa(len(data)) != cols[1] {
			t.Errorf("%s: %d bytes, sum %s; the manifest says %s, %s", cols[0], len(data), got, cols[1], cols[3])
		}
	}
	entries, err := fs.ReadDir(runner.Files, "vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !listed[e.Name()] {
			t.Errorf("%s is not in the manifest", e.Name())
		}
	}
	if len(listed) < 15 {
		t.Errorf("the manifest lists %d files", len(listed))
	}
}

// What leaves the frame is decided by these headers, so they stand here in
// full: those of its own address, and those of the room it inherits from.
func TestFrameLetsNothingOut(t *testing.T) {
	for address, sandbox := range map[string]string{"/runner/frame": "allow-scripts", "/runner/room": "allow-scripts allow-same-origin"} {
		h := get(t, open(t), address).Header
		policy := map[string]string{}
		for part := range strings.SplitSeq(h.Get("Content-Security-Policy"), "; ") {
			name, value, _ := strings.Cut(part, " ")
			policy[name] = value
		}
		for name, want := range map[string]string{"default-src": "'none'", "connect-src": "'none'", "frame-src": "'none'", "form-action": "'none'",
			"object-src": "'none'", "base-uri": "'none'", "sandbox": sandbox, "frame-ancestors": "'self'", "img-src": "data: blob:"} {
			if policy[name] != want {
				t.Errorf("%s: %s is %q, want %q", address, name, policy[name], want)
			}
		}
		for name, value := range policy {
			if strings.Contains(value, "http") || strings.Contains(value, "*") || strings.Contains(value, "'self'") && name != "frame-ancestors" {
				t.Errorf("%s: %s lets requests out: %q", address, name, value)
			}
		}
		if h.Get("Permissions-Policy") == "" || h.Get("Connection-Allowlist") != "()" {
			t.Errorf("%s: %v", address, h)
		}
	}
}

// The room is of the site's origin, so nothing of its own may run in it.
func TestTheRoomIsEmpty(t *testing.T) {
	page, err := io.ReadAll(get(t, open(t), "/runner/room").Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<iframe", "<link", "<meta http", " on", "src="} {
		if strings.Contains(string(page), bad) {
			t.Errorf("the room holds %q", bad)
		}
	}
}

// An address holds a hash of what stands there, and only then may be kept; the
// client's changes with any other.
func TestAddressesNameTheirContent(t *testing.T) {
	f := open(t)
	client, err := io.ReadAll(get(t, f, "/runner/client.js").Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range f.Names() {
		address := f.Address(name)
		if res := get(t, f, address); res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, %s", address, res.StatusCode, res.Header.Get("Cache-Control"))
		}
		old := strings.Replace(address, f.files[name].hash, "0123456789", 1)
		for _, other := range []string{"/runner/" + name, old} {
			if res := get(t, f, other); res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-cache" || !f.Has(other) {
				t.Errorf("%s: %d, %s", other, res.StatusCode, res.Header.Get("Cache-Control"))
			}
		}
		if name != "client.js" && !strings.Contains(string(client), strconv.Quote(address)) {
			t.Errorf("the client does not know %s", address)
		}
	}
}

// A script's text that holds the end of a script element must not end it.
func TestFrameIsOneDocument(t *testing.T) {
	page, err := io.ReadAll(get(t, open(t), "/runner/frame").Body)
	if err != nil {
		t.Fatal(err)
	}
	opened, closed := strings.Count(string(page), "<script"), strings.Count(string(page), "</script")
	if closed != 5 || opened < 5 {
		t.Errorf("%d script elements begin and %d end, want 5 ends", opened, closed)
	}
	if strings.Contains(string(page), " src=") && strings.Contains(string(page), "<script src") {
		t.Error("the page asks for a script")
	}
}

func TestVendoredFilesArriveUnpacked(t *testing.T) {
	f := open(t)
	res := get(t, f, "/runner/vendor/pyodide.asm.wasm")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Encoding") != "gzip" || res.Header.Get("Content-Type") != "application/wasm" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	start := make([]byte, 4)
	if _, err := io.ReadFull(z, start); err != nil || string(start) != "\x00asm" {
		t.Errorf("it begins with %q (%v)", start, err)
	}
	if again := get(t, f, "/runner/vendor/pyodide.asm.wasm", "If-None-Match", res.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %d", again.StatusCode)
	}
	for _, path := range []string{"/runner/vendor/none.js", "/runner/vendor/../realm.js", "/runner/realm.js", "/runner/", "/runner/vendor/", "/other/frame"} {
		if res := get(t, f, path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
