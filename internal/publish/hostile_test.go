package publish_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"kept/internal/course"
	"kept/internal/publish"
)

const hostileHead = "date: 2027-01-01\nauthors: [I]\nlanguage: en\nlicence: CC0 1.0\n---\n\n"

func TestScriptsAndHandlersAreTakenAway(t *testing.T) {
	w := written(t, map[string]string{
		"a.md": "---\ntitle: \"<script>alert(1)</script>\"\nsummary: \"<img src=x onerror=alert(1)> [x](javascript:alert(1))\"\ncredit: \"<svg onload=alert(1)>\"\n" + hostileHead +
			"<script>alert(1)</script>\n\n<p onclick=\"alert(1)\">words</p>\n\n[a](javascript:alert(1)) <iframe src=\"https://spy.example/\"></iframe> ![p](https://spy.example/p.gif)\n",
		"cast/s/show.md": castHead,
		"cast/s/c.svg":   `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><script>alert(1)</script></svg>`,
		"cast/s/1.md":    "---\nid: x\ntitle: T\naudio: 1.mp3\nduration: 1:00\ntranscript: 1.vtt\n" + hostileHead,
		"cast/s/1.mp3":   "x",
		"cast/s/1.vtt":   "WEBVTT\n\n00:00.000 --> 00:01.000\n<v <script>alert(1)</script>>&lt;script&gt;alert(2)&lt;/script&gt; <c.x onclick=alert(1)>said</c>\n",
	})
	for _, path := range []string{"/articles", "/articles/a", "/podcasts/s/1", "/podcasts/s"} {
		p := w.see(path)
		for _, n := range p.All("main script, main iframe, main svg[onload], main object") {
			if n.Attr("src") == "" || n.Tag() != "script" {
				t.Errorf("%s holds %s", path, n.HTML())
			}
		}
		p.None("main [onclick], main [onerror], main [onload], main [href^=javascript], main img[src^=http]")
	}
	if got := w.get("/podcasts/s/files/c.svg").Header().Get("Content-Security-Policy"); !strings.Contains(got, "sandbox") || !strings.Contains(got, "default-src 'none'") {
		t.Errorf("a drawing by itself may do %q", got)
	}
}

func TestFilesOutsideTheFolderStayOutside(t *testing.T) {
	outside, inside := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(outside, "secret.png"), "secret")
	write(filepath.Join(outside, "secret.md"), "---\ntitle: Secret\n"+hostileHead+"secret\n")
	write(filepath.Join(inside, "a.md"), "---\ntitle: A\ncover: ../secret.png\ncover alt: x\n"+hostileHead+"Text\n")
	write(filepath.Join(inside, "b.md"), "---\ntitle: B\ncover: link.png\ncover alt: x\n"+hostileHead+"Text\n")
	for from, to := range map[string]string{"link.png": "secret.png", "link.md": "secret.md"} {
		if err := os.Symlink(filepath.Join(outside, to), filepath.Join(inside, from)); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := course.OpenFolder(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	w := newWorld(t, []publish.Source{{Name: "folder", Root: folder}}, nil)
	wants(t, w.said(), `a.md:3: cover "../secret.png" leads out of the folder; put a copy inside`, `b.md:3: cover "link.png" is missing or leads out of the folder`)
	for _, path := range []string{"/articles/files/folder/link.png", "/articles/link", "/articles/files/folder/..%2fsecret.png"} {
		if got := w.get(path); got.Code != http.StatusNotFound || strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
	w.see("/articles/a")
}

// bomb is the head of a PNG file that claims a size.
func bomb(width, height uint32) string {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	head = append(binary.BigEndian.AppendUint32(head, height), 8, 6, 0, 0, 0)
	b.Write(binary.BigEndian.AppendUint32(nil, 13))
	b.Write(head)
	b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(head)))
	return b.String()
}

func TestHugeThingsAreRefusedWithAClearMessage(t *testing.T) {
	w := written(t, map[string]string{
		"bomb.md":     "---\ntitle: Bomb\ncover: bomb.png\ncover alt: x\n" + hostileHead + "Text\n",
		"bomb.png":    bomb(60_000, 60_000),
		"heavy.md":    "---\ntitle: Heavy\ncover: heavy.png\ncover alt: x\n" + hostileHead + "Text\n",
		"heavy.png":   bomb(10, 10) + strings.Repeat("x", 9<<20),
		"broken.md":   "---\ntitle: Broken\ncover: broken.png\ncover alt: x\n" + hostileHead + "Text\n",
		"broken.png":  "no picture",
		"line.md":     "---\ntitle: Line\n" + hostileHead + strings.Repeat("x", 300<<10),
		"long.md":     "---\ntitle: " + strings.Repeat("y", 5000) + "\n" + hostileHead + strings.Repeat("Text\n", 1<<20),
		"title.md":    "---\ntitle: " + strings.Repeat("y", 5000) + "\n" + hostileHead + "Text\n",
		"deep.md":     "---\ntitle: Deep\n" + hostileHead + strings.Repeat("> ", 5000) + "x\n",
		"many.md":     "---\ntitle: Many\ntags: [" + strings.Repeat("a, b, c1, ", 2000) + "]\n" + hostileHead + "Text\n",
		"alias.md":    "---\ntitle: &a [x, x]\ntags: [*a, *a]\n" + hostileHead + "Text\n",
		"zero\x01.md": "---\ntitle: Zero\n" + hostileHead + "a\x00b\n",
	})
	wants(t, w.said(), `bomb.md:3: the cover "bomb.png" claims 60000 × 60000 pixels and is left out; make it at most 40 megapixels`,
		`heavy.md:3: cover "heavy.png" has 9437217 bytes and at most 8388608 are served; make it smaller`,
		`broken.md:3: the cover "broken.png" cannot be read; save it as PNG`, "line.md: has a line of", "long.md: has", "title.md:2: title has 5000 letters and is cut",
		"deep.md:9: nests deeper than", "alias.md:", ".md: holds a zero byte")
	for _, path := range []string{"/articles", "/articles/bomb", "/articles/heavy", "/articles/deep", "/articles/title", "/articles/many", "/articles/alias"} {
		if got := w.get(path); got.Code != http.StatusOK || got.Body.Len() > 60_000 {
			t.Errorf("%s: %d, %d bytes", path, got.Code, got.Body.Len())
		}
	}
}

// FuzzArticle reads whatever may stand in a file, as an article and as an
// episode. Every page must come, and hold nothing that runs.
func FuzzArticle(f *testing.F) {
	f.Add("---\ntitle: T\ndate: 2027-01-01\ncover: a.svg\ntags: [a, b]\n---\n\n## One\n\n[x](y.md)\n")
	f.Add("---\nid: x\ntitle: T\ndate: 2027-01-01\naudio: https://a.example/b.mp3\nduration: 1:02:03\ntranscript: t.vtt\n---\n<b onclick=x>")
	f.Add("---\ntitle: [a]\ndate: 2027-01-01T00:00:00+25:00\noriginal: javascript:alert(1)\nauthors: {a: b}\n---\n")
	f.Add("---\ndate: 9999-12-31\nupdated: 0001-01-01\nslug: ../x\nlanguage: \"x\\\"y\"\n---\n")
	texts, casts := fstest.MapFS{"a.svg": {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"/>`)}},
		fstest.MapFS{"s/show.md": {Data: []byte(castHead)}, "s/1.mp3": {Data: []byte("x")}}
	w := newWorld(f, []publish.Source{{Name: "folder", Root: texts}}, []publish.Source{{Name: "folder", Root: casts}})
	f.Fuzz(func(t *testing.T, text string) {
		w.t = t
		file := &fstest.MapFile{Data: []byte(text)}
		texts["a.md"], casts["s/1.md"], casts["s/t.vtt"] = file, file, file
		if err := w.library.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.said()
		paths, err := w.Public(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range append(paths, "/articles/feed.xml", "/podcasts/s/feed.xml") {
			got := w.get(strings.ReplaceAll(path, " ", "%20"))
			if got.Code != http.StatusOK {
				t.Fatalf("%s: %d", path, got.Code)
			}
			if body := got.Body.String(); strings.Contains(strings.ToLower(body), "href=\"javascript:") {
				t.Errorf("%s links to a script", path)
			}
		}
		for range w.Documents() {
			continue
		}
	})
}
