package publish_test

import (
	"bytes"
	"strconv"
	"testing"
	"testing/fstest"

	"kept/articles"
	"kept/internal/publish"
)

// BenchmarkLoad reads 10,000 articles.
func BenchmarkLoad(b *testing.B) {
	text, err := articles.Files.ReadFile("2026-11-12-reading-an-error-message.md")
	if err != nil {
		b.Fatal(err)
	}
	picture, err := articles.Files.ReadFile("error-message.svg")
	if err != nil {
		b.Fatal(err)
	}
	files := fstest.MapFS{"error-message.svg": {Data: picture}}
	for i := range 10_000 {
		files["t/a"+strconv.Itoa(i)+".md"] = &fstest.MapFile{Data: bytes.Replace(text, []byte("cover: "), []byte("cover: ../"), 1)}
	}
	library := publish.NewLibrary([]publish.Source{{Name: "folder", Root: files}}, nil)
	for b.Loop() {
		if err := library.Reload(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	if n := len(library.Edition().Articles); n != 10_000 {
		b.Fatal(n)
	}
}

// BenchmarkArticle sends a page that was made before.
func BenchmarkArticle(b *testing.B) {
	w := sampled(b)
	for b.Loop() {
		w.get(article, "Accept-Encoding", "gzip")
	}
}
