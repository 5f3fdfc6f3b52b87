package apptest

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kept/internal/app"
)

// TestConfiguredArticlesTakeThePlaceOfTheSamples: an operator who names a
// folder publishes that and nothing of ours.
func TestConfiguredArticlesTakeThePlaceOfTheSamples(t *testing.T) {
	folder := t.TempDir()
	text := "---\ntitle: A text of our own\ndate: 2026-01-31\nauthors: [Ida]\nlanguage: en\nlicence: CC0 1.0\n---\n\nWords.\n"
	if err := os.WriteFile(filepath.Join(folder, "own.md"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Start(t, app.ScratchOptions{Config: func(c *app.Config) { c.Articles = []app.Folder{{Path: folder}, {Path: folder}} }})
	_, list := read(t, s.Browser(), s.URL+"/articles")
	if !strings.Contains(list, "A text of our own") || strings.Contains(list, "Twenty minutes a day") {
		t.Errorf("the list is %s", list)
	}
	if strings.Contains(list, `href="/podcasts"`) {
		t.Error("there is a link to podcasts, and none is there")
	}
	_, places := read(t, s.Browser(), s.URL+"/sitemap.xml")
	for _, path := range []string{"/articles/own</loc>", "/articles/own-2</loc>", "/articles/authors/ida</loc>"} {
		if !strings.Contains(places, s.URL+path) {
			t.Errorf("the map of the site lacks %s", path)
		}
	}
	if status, _ := read(t, s.Browser(), s.URL+"/podcasts/small-programs-out-loud"); status != http.StatusNotFound {
		t.Errorf("the sample podcast answers %d", status)
	}
}

func TestASiteWithNothingConfiguredShowsTheSamples(t *testing.T) {
	s := Start(t, app.ScratchOptions{})
	for _, path := range []string{"/articles", "/articles/twenty-minutes-a-day", "/podcasts/small-programs-out-loud/a-name-for-a-value"} {
		status, body := read(t, s.Browser(), s.URL+path)
		if status != http.StatusOK || !strings.Contains(body, `href="/podcasts"`) {
			t.Errorf("%s: %d", path, status)
		}
	}
}
