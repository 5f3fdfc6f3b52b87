package learn_test

import (
	"cmp"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kept/internal/browser"
	"kept/internal/course"
	"kept/internal/db"
	"kept/internal/db/dbtest"
)

// named finds what a lesson's source names as a link, a picture or a file: in
// Markdown, in HTML, as a directive, as a role.
var named = []*regexp.Regexp{
	regexp.MustCompile(`\]\(\s*<?([^)\s>]+)`),
	regexp.MustCompile(`(?m)^\[[^\]]+\]:\s*(\S+)`),
	regexp.MustCompile(`(?:src|href|poster)\s*=\s*["']([^"']+)`),
	regexp.MustCompile("(?m)^\\s*(?:\\.\\. |`{3,}|:{3,}|~{3,})\\{?(?:figure|figure-md|image|literalinclude|csv-table|download)\\}?(?:::)?\\s+(\\S+)"),
	regexp.MustCompile("\\{download\\}`[^`<]*<?([^`>]+)>?`"),
	regexp.MustCompile("`[^`<]+<([^`>]+)>`_"),
	regexp.MustCompile(`(?m)^\s*:file:\s*(\S+)`),
}

// files are the files that the sources of a course name and that are there, by
// the ending of their names.
func files(t *testing.T, of *course.Course, root fs.FS) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := fs.WalkDir(root, of.Dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".md", ".rst"}, path.Ext(name)) {
			return err
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		for _, target := range targets(string(text)) {
			full := path.Join(path.Dir(name), target)
			if rest, ok := strings.CutPrefix(target, "/"); ok {
				full = path.Join(of.Dir, rest)
			}
			info, err := fs.Stat(root, full)
			if err == nil && info.Mode().IsRegular() && !slices.Contains(found[path.Ext(full)], full) {
				found[path.Ext(full)] = append(found[path.Ext(full)], full)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func targets(text string) (all []string) {
	for _, r := range named {
		for _, m := range r.FindAllStringSubmatch(text, -1) {
			name, _, _ := strings.Cut(m[1], "#")
			name, _, _ = strings.Cut(name, "?")
			if name != "" && !strings.Contains(name, ":") {
				all = append(all, name)
			}
		}
	}
	return all
}

// TestEveryFileThatLessonsNameIsServed: whatever its ending, unless it is a
// text of a course itself.
func TestEveryFileThatLessonsNameIsServed(t *testing.T) {
	for name, sources := range shelves(t) {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), formats(), sources)
			all := w.library.Catalogue()
			counts := map[string]int{}
			for _, of := range all.Courses {
				for ending, names := range files(t, of, all.Folder(of)) {
					for _, full := range names {
						if ending == ".md" || ending == ".rst" {
							continue
						}
						counts[ending]++
						file, err := all.OpenAsset(of, strings.TrimPrefix(full, of.Dir+"/"))
						if err != nil {
							t.Errorf("%s names %s, which is not served: %v", of.Slug, full, err)
							continue
						}
						file.Close()
					}
				}
			}
			for _, ending := range slices.Sorted(maps.Keys(counts)) {
				t.Logf("%q: %d", ending, counts[ending])
			}
		})
	}
}

// sampled are lessons of every type there is, the first and the last of each;
// where a format has no types, of each course.
func sampled(all *course.Catalogue) (paths []string) {
	first, last := map[string]string{}, map[string]string{}
	for _, of := range all.Courses {
		for p, ok := all.First(of); ok && p != nil; p = p.Next {
			key, here := of.Format+" "+cmp.Or(p.Lesson.Type, of.Slug), "/courses/"+of.Slug+"/"+p.Slug
			if first[key] == "" {
				first[key] = here
			}
			last[key] = here
		}
	}
	for _, key := range slices.Sorted(maps.Keys(first)) {
		paths = append(paths, first[key])
		if last[key] != first[key] {
			paths = append(paths, last[key])
		}
	}
	return paths
}

// TestBrowserLessonsAskNoOtherHost opens lessons of each type to their end, so
// that all that waits to be seen is loaded too.
func TestBrowserLessonsAskNoOtherHost(t *testing.T) {
	b := browser.Open(t)
	for name, sources := range shelves(t) {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), formats(), sources, unhurried)
			server := w.open(t)
			p := b.Page(t, browser.Options{})
			p.Resize(1280, 20_000) // a window that shows all
			paths := append([]string{"/"}, sampled(w.library.Catalogue())...)
			for _, path := range paths {
				p.Go(server.URL + path)
				p.Until(`[...document.images].every(i => i.complete)`)
				if hosts := p.OtherHosts(strings.TrimPrefix(server.URL, "http://")); len(hosts) > 0 {
					t.Fatalf("%s asks %q", path, hosts)
				}
			}
			t.Logf("%d pages", len(paths))
		})
	}
}
