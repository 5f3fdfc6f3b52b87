package scan

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
)

const word = "Marker-7f3a9c20b1d84e65-planted-Once-0000"

func scanner(t testing.TB, words ...string) *Scanner {
	t.Helper()
	var all [][]byte
	for _, w := range words {
		all = append(all, []byte(w))
	}
	s, err := New(all...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func packed(open func(io.Writer) io.WriteCloser) func(string) []byte {
	return func(text string) []byte {
		var b bytes.Buffer
		w := open(&b)
		io.WriteString(w, text)
		w.Close()
		return b.Bytes()
	}
}

func asUTF16(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.Create("a.txt")
	io.WriteString(w, text)
	z.Close()
	return b.Bytes()
}

// encoded are the ways to write a text, made by others' code where there is some.
var encoded = map[string]func(string) []byte{
	"raw":          func(s string) []byte { return []byte(s) },
	"lower":        func(s string) []byte { return []byte(strings.ToLower(s)) },
	"upper":        func(s string) []byte { return []byte(strings.ToUpper(s)) },
	"utf-16":       asUTF16,
	"hex":          func(s string) []byte { return []byte(hex.EncodeToString([]byte(s))) },
	"dump":         func(s string) []byte { return fmt.Appendf(nil, "%X", s) },
	"percent":      func(s string) []byte { return each([]byte(s), "%%%02X") },
	"query":        func(s string) []byte { return []byte(url.QueryEscape(s)) },
	"json":         func(s string) []byte { b, _ := json.Marshal(s); return b },
	"json escapes": func(s string) []byte { return each([]byte(s), `\u%04x`) },
	"base64":       func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(s))) },
	"base64url":    func(s string) []byte { return []byte(base64.URLEncoding.EncodeToString([]byte(s))) },
	"gzip":         packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }),
	"zlib":         packed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }),
	"zstd":         packed(func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }),
	"zip":          zipped,
}

// TestAWordIsFoundHoweverItIsWritten writes it in every way, at every alignment,
// with up to eight bytes missing at each end.
func TestAWordIsFoundHoweverItIsWritten(t *testing.T) {
	s := scanner(t, "another-word-that-is-not-there-at-all-0000", word)
	for how, write := range encoded {
		for shift := range 9 {
			text := strings.Repeat("x", shift) + word[shift%(Cut+1):len(word)-(shift*5)%(Cut+1)] + "yy"
			hits := s.Bytes("f", append([]byte("begin "), write(text)...))
			if len(hits) == 0 || hits[0].Word != 1 {
				t.Errorf("%s, shift %d: %v", how, shift, hits)
			}
		}
	}
}

func TestAWordIsFoundInArchivesInArchives(t *testing.T) {
	s := scanner(t, word)
	inner := encoded["gzip"]("some text, " + word)
	hits := s.Bytes("f", append([]byte("head of a file "), encoded["zstd"](string(zipped(string(inner))))...))
	if len(hits) == 0 || hits[0].Inside != "zstd/zip/gzip/" {
		t.Errorf("got %v", hits)
	}
	broken := encoded["gzip"](word + strings.Repeat(" and a long tail that is cut off", 1000))
	if hits := s.Bytes("f", broken[:len(broken)-20]); len(hits) == 0 {
		t.Error("an archive that is broken off hides the word")
	}
}

func TestNothingIsFoundWhereNothingIs(t *testing.T) {
	s := scanner(t, word)
	chance := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(chance.Uint32())
	}
	if hits := s.Bytes("f", noise); len(hits) != 0 {
		t.Errorf("in noise: %v", hits)
	}
	if hits := s.Bytes("f", []byte("Marker-7f3a9c20b1d84e66-planted-Once-0000")); len(hits) != 0 {
		t.Errorf("another word: %v", hits)
	}
}

func TestKeysAreFoundAsBytes(t *testing.T) {
	key := []byte("\x00\x01\xff\xfe0123456789abcdef0123456789ab")
	s, err := New(key)
	if err != nil {
		t.Fatal(err)
	}
	if hits := s.Bytes("f", append([]byte{1, 2, 3}, key[3:30]...)); len(hits) != 1 {
		t.Errorf("got %v", hits)
	}
	if _, err := New([]byte("short")); err == nil {
		t.Error("a short word is taken: it would be found everywhere")
	}
}

func TestEveryFileBelowAFolderIsRead(t *testing.T) {
	folder := t.TempDir()
	deep := filepath.Join(folder, "a", "b")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(folder, "one"), filepath.Join(deep, ".two")} {
		if err := os.WriteFile(path, []byte("x "+word), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hits, err := scanner(t, word).Folder(folder)
	if err != nil || len(hits) != 2 {
		t.Errorf("%v, %v", hits, err)
	}
}

func FuzzBytes(f *testing.F) {
	s := scanner(f, word)
	for _, write := range encoded {
		f.Add(write(word), uint8(3))
	}
	f.Fuzz(func(t *testing.T, content []byte, at uint8) {
		s.Bytes("f", content) // whatever it is, it must end without a panic
		i := int(at) % (len(content) + 1)
		planted := append(append(bytes.Clone(content[:i]), word...), content[i:]...)
		if len(s.Bytes("f", planted)) == 0 {
			t.Error("a word in plain is not found")
		}
	})
}

func BenchmarkBytes(b *testing.B) {
	var words []string
	for i := range 300 {
		words = append(words, fmt.Sprintf("Marker-%032x-planted", i))
	}
	s := scanner(b, words...)
	chance := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 8<<20)
	for i := range noise {
		noise[i] = byte(chance.Uint32())
	}
	b.SetBytes(int64(len(noise)))
	for b.Loop() {
		s.Bytes("f", noise)
	}
}

// TestAWordIsFoundInPictures puts it where cameras and editors put texts.
func TestAWordIsFoundInPictures(t *testing.T) {
	var plain bytes.Buffer
	if err := png.Encode(&plain, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	chunk := func(kind string, data []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		b = append(append(b, kind...), data...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
		const head = 8 + 4 + 4 + 13 + 4 // signature and first chunk
		return slices.Concat(plain.Bytes()[:head], b, plain.Bytes()[head:])
	}
	segment := func(marker byte, data []byte) []byte {
		b := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, marker}, uint16(len(data)+2))
		return append(append(b, data...), 0xff, 0xd9)
	}
	zlibbed := encoded["zlib"](word)
	for name, file := range map[string][]byte{
		"PNG, tEXt":       chunk("tEXt", []byte("Author\x00"+word)),
		"PNG, zTXt":       chunk("zTXt", append([]byte("Author\x00\x00"), zlibbed...)),
		"PNG, iTXt":       chunk("iTXt", append([]byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00"), zlibbed...)),
		"JPEG, comment":   segment(0xfe, []byte(word)),
		"JPEG, EXIF":      segment(0xe1, append([]byte("Exif\x00\x00II*\x00"), word...)),
		"JPEG, XPAuthor":  segment(0xe1, append([]byte("Exif\x00\x00II*\x00"), asUTF16(word)...)),
		"JPEG, XMP":       segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta><dc:creator>"+word+"</dc:creator>")),
		"picture in gzip": encoded["gzip"](string(chunk("zTXt", append([]byte("Author\x00\x00"), zlibbed...)))),
	} {
		if hits := scanner(t, word).Bytes("f", file); len(hits) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}
