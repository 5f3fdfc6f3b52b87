package portfolio

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestAbout(t *testing.T) {
	for markdown, want := range map[string]string{
		"plain":                         "<p>plain</p>",
		"a\nb":                          "<p>a\nb</p>",
		"a\n\nb":                        "<p>a</p><p>b</p>",
		"**b** *e* `c<d`":               "<p><strong>b</strong> <em>e</em> <code>c&lt;d</code></p>",
		"- x\n- y":                      "<ul><li>x</li><li>y</li></ul>",
		"1. x":                          "<ol><li>x</li></ol>",
		"<script>alert(1)</script>":     "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
		"[a](javascript:alert(1))":      "<p>a</p>",
		"[a](http://b.example)":         "<p>a</p>",
		"![a](https://b.example/x.png)": `<p>a</p>`,
		"[a](https://b.example/?q=\"<)": "<p>a</p>",
		"[a](https://b.example)":        `<p><a href="https://b.example" rel="me nofollow ugc noopener">a</a></p>`,
		"<https://b.example/x>":         `<p><a href="https://b.example/x" rel="me nofollow ugc noopener">https://b.example/x</a></p>`,
		"# no heading":                  "<p># no heading</p>",
		"&lt;b&gt; &amp; \\*":           "<p>&amp;lt;b&amp;gt; &amp;amp; *</p>",
	} {
		if got := string(aboutHTML(markdown)); got != want {
			t.Errorf("%q\n got %s\nwant %s", markdown, got, want)
		}
	}
	if got := aboutLine("I *mend* boats\nby [day](https://a.example).\n\n- and more", 30); got != "I mend boats by day. and more" {
		t.Errorf("in a line: %q", got)
	}
	if got := aboutLine(strings.Repeat("word ", 30), 20); got != "word word word…" {
		t.Errorf("cut: %q", got)
	}
}

// FuzzAbout looks for markup that a member could smuggle onto a page.
func FuzzAbout(f *testing.F) {
	for _, seed := range []string{"a *b*", "[a](https://b.example)", "<img src=x onerror=y>", "`<`", "[a]: https://x\n\n[a]", "- a\n  - b", "[x](https://a.example \"t\")"} {
		f.Add(seed)
	}
	allowed := map[string]bool{"html": true, "head": true, "body": true, "p": true, "ul": true, "ol": true, "li": true, "em": true, "strong": true, "code": true, "a": true, "br": true}
	f.Fuzz(func(t *testing.T, markdown string) {
		doc, err := html.Parse(strings.NewReader(string(aboutHTML(markdown))))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if !allowed[n.Data] {
				t.Errorf("%q makes <%s>", markdown, n.Data)
			}
			for _, a := range n.Attr {
				if n.Data != "a" || a.Key != "rel" && (a.Key != "href" || !strings.HasPrefix(a.Val, "https://")) {
					t.Errorf("%q makes %s=%q on <%s>", markdown, a.Key, a.Val, n.Data)
				}
			}
		}
		aboutLine(markdown, 40)
	})
}

func FuzzSecureAddress(f *testing.F) {
	for _, seed := range []string{"https://a.example", "https://a.example/\\x", "HTTPS://a", "https://[::1]:80/", "https:\\\\a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if secureAddress(address) != nil {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(address, "\\\"'<> \n") && !strings.Contains(address, "'") {
			t.Errorf("%q was taken", address)
		}
	})
}

func TestColoured(t *testing.T) {
	for file, want := range map[File]string{
		{"a.js", "const x = 1; // y\n"}:        `<span class="k">const</span> x = <span class="n">1</span>; <span class="c">// y</span>`,
		{"a.unknown", "<b>"}:                   "&lt;b&gt;",
		{"noending", "</code></pre><script>x"}: "&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;x",
		{"a.js", "\"</script><img src=x>\""}:   `<span class="s">&#34;&lt;/script&gt;&lt;img src=x&gt;&#34;</span>`,
	} {
		if got := string(coloured(file)); got != want {
			t.Errorf("%q\n got %s\nwant %s", file.Text, got, want)
		}
	}
}

// corners is a picture with one colour in each corner.
func corners(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(255 * (2 * x / w)), uint8(255 * (2 * y / h)), 0, 255})
		}
	}
	return img
}

func encoded(t *testing.T, format string, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	var err error
	switch format {
	case "png":
		err = png.Encode(&out, img)
	case "gif":
		err = gif.Encode(&out, img, nil)
	default:
		err = jpeg.Encode(&out, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// withExif adds what a camera writes: how it was held, and where.
func withExif(photo []byte, turn uint16) []byte {
	tiff := append([]byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"), byte(turn>>8), byte(turn), 0, 0, 0, 0, 0, 0)
	tiff = append(tiff, "GPS 69.6492 N 18.9553 E"...)
	block := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(block)+2))
	return append(append(head, block...), photo[2:]...)
}

func TestRedraw(t *testing.T) {
	for _, format := range []string{"png", "gif", "jpeg"} {
		p, err := redraw(encoded(t, format, corners(400, 300)))
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if err := checkPicture(p); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	p, err := redraw(withExif(encoded(t, "jpeg", corners(300, 300)), 6))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(p.Large, []byte("GPS")) || bytes.Contains(p.Large, []byte("Exif")) {
		t.Error("what the camera wrote is kept")
	}
	upright, err := jpeg.Decode(bytes.NewReader(p.Large))
	if err != nil {
		t.Fatal(err)
	}
	// Turned clockwise, the corner that was below on the left, green, is above on the left.
	if r, g, _, _ := upright.At(20, 20).RGBA(); r > 0x3000 || g < 0xc000 {
		t.Errorf("the corner above on the left is %x %x", r, g)
	}
}

func TestRedrawRefuses(t *testing.T) {
	huge := encoded(t, "png", image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(huge[16:], 100_000) // says that it is 100,000 wide; its checksum no longer fits either
	for name, sent := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>`),
		"HTML": []byte("<!doctype html><script>x</script>"), "half": encoded(t, "png", corners(50, 50))[:60],
		"too many bytes": make([]byte, maxUpload+1), "too many dots": wideGIF(), "a lie": huge,
	} {
		if _, err := redraw(sent); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// wideGIF says in a few bytes that it is 65,535 dots wide and high.
func wideGIF() []byte {
	return append([]byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff"), "\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x44\x01\x00\x3b"...)
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08"))
	f.Fuzz(func(t *testing.T, sent []byte) { turned(image.NewRGBA(image.Rect(0, 0, 2, 2)), orientation(sent)) })
}

func TestShelfStartsAgainWhenFull(t *testing.T) {
	s := newShelf[int](3)
	for i, name := range []string{"a", "b", "c", "d"} {
		s.put(name, "1", i)
	}
	if len(s.all) != 1 {
		t.Errorf("%d are kept", len(s.all))
	}
	s.put("d", "2", 9)
	if _, ok := s.get("d", "1"); ok {
		t.Error("an older version is still there")
	}
	s.forgetIf(func(v int) bool { return v == 9 })
	if _, _, ok := s.last("d"); ok {
		t.Error("what was forgotten is still there")
	}
}

func TestInitials(t *testing.T) {
	for called, want := range map[string]string{"Noor Halvorsen": "NH", "@ada": "A", "": "·", "…": "·", "élodie de la tour": "ÉT", "李雷": "李"} {
		if got := initials(called); got != want {
			t.Errorf("%q: got %q, want %q", called, got, want)
		}
	}
}
