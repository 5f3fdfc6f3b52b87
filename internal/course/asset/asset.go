// Package asset sends the files that courses, articles and podcasts bring
// along: pictures, sound, things to download. It decides what a browser takes
// them for, and refuses to let any of them run: code is sent as text, and a
// drawing that is opened by itself is cut off from everything. Start at Send.
package asset

import (
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// types are how files are sent. Everything else is text.
var types = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".svg": "image/svg+xml", ".avif": "image/avif", ".ico": "image/x-icon",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".m4a": "audio/mp4", ".mp4": "video/mp4", ".webm": "video/webm",
	".wav": "audio/wav", ".vtt": "text/vtt; charset=utf-8", ".pdf": "application/pdf",
	".zip": binary, ".gz": binary, ".tgz": binary, ".tar": binary, ".bz2": binary, ".xz": binary, ".npy": binary, ".npz": binary,
	".h5": binary, ".nc": binary, ".xlsx": binary, ".ods": binary, ".docx": binary, ".odt": binary, ".pptx": binary, ".odp": binary,
}

const binary = "application/octet-stream"

// Policy keeps a file that is opened by itself from running or loading
// anything: it has styles, as most drawings do, plays itself, as sound does,
// and nothing else.
const Policy = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

// TypeOf is how a file is sent, by the end of its name.
func TypeOf(name string) string {
	if kind := types[strings.ToLower(path.Ext(name))]; kind != "" {
		return kind
	}
	return "text/plain; charset=utf-8"
}

// slowest is the line over which a whole file still arrives, in bytes a second.
const slowest = 32 << 10

// allowTime gives a large file, such as an hour of sound, more time than the
// server has for a page.
func allowTime(w http.ResponseWriter, size int64) {
	if need := time.Duration(size/slowest) * time.Second; need > time.Minute {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(need)) // where it cannot be set, there is none
	}
}

// Send answers with a file, in parts if it is asked for parts. The stamp says
// which edition of the content the file belongs to.
func Send(w http.ResponseWriter, r *http.Request, file fs.File, name, stamp string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	allowTime(w, info.Size())
	h := w.Header()
	kind := TypeOf(name)
	if kind == binary || kind == "application/pdf" || strings.EqualFold(path.Ext(name), ".ipynb") {
		h.Set("Content-Disposition", "attachment") // a browser should save it and not show it
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", Policy)
	h.Set("Cache-Control", "public, max-age=300")
	// Edition, size and day, so that reading the file is not needed to make a tag.
	h.Set("Etag", `"`+stamp+"-"+strconv.FormatInt(info.Size(), 36)+"-"+strconv.FormatInt(info.ModTime().Unix(), 36)+`"`)
	if seeker, ok := file.(io.ReadSeeker); ok {
		http.ServeContent(w, r, "", time.Time{}, seeker)
		return nil
	}
	_, err = io.Copy(w, file)
	return err
}
