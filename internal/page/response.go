package page

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// response stands between the handlers and the connection. It counts bytes
// for the request log and compresses what gains from it and is not packed
// yet. Unwrap gives http.ResponseController the connection beneath.
type response struct {
	http.ResponseWriter
	r      *http.Request
	status int
	bytes  int64
	pack   *gzip.Writer
}

// smallest is the size under which compression costs more than it saves.
const smallest = 1 << 10

var fastWriters = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader decides about compression: all headers are known by now.
func (w *response) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.status != 0 {
		return
	}
	w.status = status
	if w.wantsPacking() {
		w.startPacking()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) wantsPacking() bool {
	h := w.Header()
	if w.status < 200 || w.status == http.StatusNoContent || w.status == http.StatusNotModified || w.status == http.StatusPartialContent {
		return false
	}
	if h.Get("Content-Encoding") != "" || h.Get("Content-Range") != "" || !compressible(h.Get("Content-Type")) {
		return false
	}
	if strings.Contains(h.Get("Cache-Control"), "no-transform") {
		return false
	}
	if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil && n < smallest {
		return false
	}
	addVary(h, "Accept-Encoding")
	return w.r.Method != http.MethodHead && acceptsGzip(w.r)
}

func (w *response) startPacking() {
	h := w.Header()
	h.Del("Content-Length")
	h.Del("Accept-Ranges") // ranges would be of bytes that change with the packing
	h["Content-Encoding"] = gzipped
	if tag := h.Get("Etag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("Etag", "W/"+tag)
	}
	w.pack = fastWriters.Get().(*gzip.Writer)
	w.pack.Reset(counted{w})
}

// counted counts what goes to the connection.
type counted struct{ w *response }

func (c counted) Write(p []byte) (int, error) {
	n, err := c.w.ResponseWriter.Write(p)
	c.w.bytes += int64(n)
	return n, err
}

func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.implicitHeader(p)
	}
	if w.pack != nil {
		return w.pack.Write(p)
	}
	return counted{w}.Write(p)
}

// implicitHeader does what net/http does for a handler that just writes.
func (w *response) implicitHeader(p []byte) {
	if h := w.Header(); h.Get("Content-Type") == "" {
		h.Set("Content-Type", http.DetectContentType(p))
	}
	w.WriteHeader(http.StatusOK)
}

// ReadFrom lets a large file take the short way where it is not packed.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	from, direct := w.ResponseWriter.(io.ReaderFrom)
	if w.status == 0 || w.pack != nil || !direct {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	n, err := from.ReadFrom(src)
	w.bytes += n
	return n, err
}

// FlushError sends what was written so far, for answers that grow.
func (w *response) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.pack != nil {
		if err := w.pack.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is FlushError for those who ask for an http.Flusher.
func (w *response) Flush() { w.FlushError() }

// finish ends a compressed answer.
func (w *response) finish() {
	if w.pack == nil {
		return
	}
	w.pack.Close() // an error here means that the reader has left
	fastWriters.Put(w.pack)
	w.pack = nil
}

// abandon leaves a compressed answer without its end, so that the reader
// sees that it is not whole.
func (w *response) abandon() { w.pack = nil }

func addVary(h http.Header, name string) {
	for _, vary := range h["Vary"] {
		if strings.Contains(vary, name) || strings.Contains(strings.ToLower(vary), strings.ToLower(name)) {
			return
		}
	}
	h.Add("Vary", name)
}

func compressible(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	switch kind = strings.TrimSpace(strings.ToLower(kind)); kind {
	case "text/event-stream":
		return false // each event must leave at once
	case "application/json", "application/javascript", "application/wasm", "image/svg+xml", "application/manifest+json":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}

// acceptsGzip reads Accept-Encoding as RFC 9110 says: a quality of nought
// refuses, an exact name weighs more than a star.
func acceptsGzip(r *http.Request) bool {
	star := false
	for _, header := range r.Header["Accept-Encoding"] {
		for part := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(part, ";")
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, "gzip") || strings.EqualFold(name, "x-gzip"):
				return !refused(params)
			case name == "*":
				star = !refused(params)
			}
		}
	}
	return star
}

func refused(params string) bool {
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if strings.EqualFold(strings.TrimSpace(key), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return err != nil || !(q > 0)
		}
	}
	return false
}
