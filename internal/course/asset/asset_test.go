package asset_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"kept/internal/course/asset"
)

func TestFilesAreSentSoThatNoneRuns(t *testing.T) {
	files := fstest.MapFS{}
	for name, want := range map[string]string{
		"a.PNG": "image/png", "a.svg": "image/svg+xml", "a.mp3": "audio/mpeg", "a.vtt": "text/vtt; charset=utf-8",
		"a.js": "text/plain; charset=utf-8", "a.html": "text/plain; charset=utf-8", "a": "text/plain; charset=utf-8",
		"a.tar.gz": "application/octet-stream", "a.f90": "text/plain; charset=utf-8",
	} {
		files[name] = &fstest.MapFile{Data: []byte("0123456789")}
		file, err := files.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		out := httptest.NewRecorder()
		if err := asset.Send(out, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), file, name, "1"); err != nil {
			t.Fatal(err)
		}
		if h := out.Header(); h.Get("Content-Type") != want || h.Get("Content-Security-Policy") != asset.Policy || h.Get("Etag") == "" {
			t.Errorf("%s: %v", name, h)
		}
	}
}

// patient notes how long it may take.
type patient struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (p *patient) SetWriteDeadline(t time.Time) error {
	p.until = t
	return nil
}

func TestAnHourOfSoundHasTimeToArrive(t *testing.T) {
	for size, want := range map[int]bool{1000: false, 20 << 20: true} {
		files := fstest.MapFS{"a.mp3": &fstest.MapFile{Data: make([]byte, size)}}
		file, err := files.Open("a.mp3")
		if err != nil {
			t.Fatal(err)
		}
		out := &patient{ResponseRecorder: httptest.NewRecorder()}
		begin := time.Now()
		if err := asset.Send(out, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), file, "a.mp3", "1"); err != nil {
			t.Fatal(err)
		}
		if more := out.until.After(begin.Add(10 * time.Minute)); more != want {
			t.Errorf("%d bytes may take until %v", size, out.until)
		}
	}
}

func TestAPartOfAFileIsSent(t *testing.T) {
	files := fstest.MapFS{"a.mp3": &fstest.MapFile{Data: []byte("0123456789")}}
	file, err := files.Open("a.mp3")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header.Set("Range", "bytes=2-4")
	out := httptest.NewRecorder()
	if err := asset.Send(out, r, file, "a.mp3", "1"); err != nil {
		t.Fatal(err)
	}
	if out.Code != http.StatusPartialContent || out.Body.String() != "234" || out.Header().Get("Content-Range") != "bytes 2-4/10" {
		t.Errorf("%d %q %v", out.Code, out.Body, out.Header())
	}
}
