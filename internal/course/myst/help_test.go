package myst_test

import (
	"context"
	"html"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"kept/internal/course"
	"kept/internal/course/myst"
	"kept/internal/course/render"
)

// open reads a folder as the site does.
func open(t testing.TB, fsys fs.FS) *course.Catalogue {
	t.Helper()
	library := course.NewLibrary([]course.Loader{myst.Loader{}}, []course.Source{{Name: "test", Root: fsys}})
	if err := library.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	return library.Catalogue()
}

// knots is our own lesson, which uses all that the format has.
func knots(t *testing.T) (*course.Folder, *course.Catalogue) {
	t.Helper()
	folder, err := course.OpenFolder("testdata/knots")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	return folder, open(t, folder)
}

// one makes a lesson of an index and the files given.
func one(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	all := map[string]string{"conf.py": `license = "CC BY 4.0"`, "index.md": "# Index\n\n```{toctree}\npage\n```\n"}
	maps.Copy(all, files)
	for name, text := range all {
		fsys[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return fsys
}

// page reads one page of Markdown and gives its HTML and all warnings.
func page(t testing.TB, text string) (string, []string) {
	t.Helper()
	return pageOf(t, one(map[string]string{"page.md": text}))
}

func pageOf(t testing.TB, fsys fs.FS) (string, []string) {
	t.Helper()
	catalogue := open(t, fsys)
	var warnings []string
	for _, w := range append(slices.Clone(catalogue.Warnings), render.Lint(catalogue)...) {
		warnings = append(warnings, w.String())
	}
	place, ok := catalogue.Lesson(catalogue.Courses[0].Slug, "page")
	if !ok {
		t.Fatal("the page is missing")
	}
	v := place.Lesson.Versions[0]
	return string(render.New(render.English).Page(homeOf(catalogue, v.File), v.Blocks).HTML), warnings
}

// homeOf gives every lesson the address of its file.
func homeOf(catalogue *course.Catalogue, file string) render.Home {
	return render.Home{Course: catalogue.Courses[0], Catalogue: catalogue, File: file,
		Lesson: func(p *course.Place) string { return "/" + p.Lesson.Versions[0].File },
		Asset:  func(_ *course.Course, name string) string { return "/asset/" + name }}
}

// site is a rendered course: the HTML of each page by the name of its file.
func site(catalogue *course.Catalogue, c *course.Course) map[string]string {
	pages := map[string]string{}
	r := render.New(render.English)
	for _, lesson := range c.Lessons {
		v := lesson.Versions[0]
		home := homeOf(catalogue, v.File)
		home.Course = c
		pages[v.File] = string(r.Page(home, v.Blocks).HTML)
	}
	home := homeOf(catalogue, c.Dir+"/index.md")
	home.Course = c
	pages[c.Dir+"/index"] = string(r.Page(home, c.Intro[0].Blocks).HTML)
	return pages
}

var (
	hrefs = regexp.MustCompile(`href="([^"]*)"`)
	ids   = regexp.MustCompile(` id="([^"]*)"`)
)

// brokenLinks crawls a site: each link within it must lead to a page, and to
// an anchor that the page has.
func brokenLinks(pages map[string]string) (broken []string, followed int) {
	known := map[string]map[string]bool{}
	for file, page := range pages {
		known[file] = map[string]bool{"main": true}
		for _, m := range ids.FindAllStringSubmatch(page, -1) {
			known[file][html.UnescapeString(m[1])] = true
		}
	}
	for file, page := range pages {
		for _, m := range hrefs.FindAllStringSubmatch(page, -1) {
			address := html.UnescapeString(m[1])
			if strings.Contains(address, "://") || strings.HasPrefix(address, "mailto:") || strings.HasPrefix(address, "/asset/") {
				continue
			}
			to, anchor, _ := strings.Cut(address, "#")
			if to = strings.TrimPrefix(to, "/"); to == "" {
				to = file
			}
			followed++
			if known[to] == nil || anchor != "" && !known[to][anchor] {
				broken = append(broken, file+" → "+address)
			}
		}
	}
	slices.Sort(broken)
	return broken, followed
}

// What is markup in a source and so does not stand on the page.
var markup = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?s)\A---\n.*?\n---\n`), ""},
	{regexp.MustCompile(`(?s)<!--.*?-->`), ""},
	{regexp.MustCompile("(?ms)^[ ]*(`{3,}|:{3,})\\{toctree\\}.*?^[ ]*(`{3,}|:{3,})[ ]*$"), ""},
	{regexp.MustCompile(`(?ms)^\.\. toctree::\n(?:[ ]+.*\n|\n)*`), ""},
	{regexp.MustCompile(`(?m)^\([^()]*\)=[ ]*$`), ""},
	{regexp.MustCompile(`(?m)^% .*$`), ""},
	{regexp.MustCompile("(?s)```\\{math\\}.*?```"), ""},
	{regexp.MustCompile("(?m)^([ >]*(?:[-*][ ])?)(?:`{3,}|:{3,})\\{(?:figure|image|literalinclude|code-block|code-cell|include|code-tab py|highlight)\\}.*$"), "$1"},
	{regexp.MustCompile("(?m)(?:`{3,}|:{3,})\\{code-tab\\}[ ]*[a-z]*"), ""},
	{regexp.MustCompile("(?m)(?:`{3,}|:{3,})\\{[a-z-]+\\}"), ""},
	{regexp.MustCompile("(?m)^([ ]*(?:\\d+\\. )?)```[a-zA-Z]+[ ]*$"), "$1"},
	{regexp.MustCompile(`(?m)^([ >]*):(?:alt|caption|author|time):`), ""},
	{regexp.MustCompile("(?m)^[ >]*:[a-z-]+:(?:[^`\n]*)?$"), ""},
	{regexp.MustCompile(`(?m)^[ ]*(?:---\n(?:[ ]*[a-z-]+:.*\n)+[ ]*---)$`), ""},
	{regexp.MustCompile("\\{math\\}`[^`]*`|\\$[^$`\n0-9]+\\$"), ""},
	{regexp.MustCompile(":[a-z]+:`([^`<]+?)\\s*<[^`>]*>`"), "$1"},
	{regexp.MustCompile(`(?s)\$\$.*?\$\$(?: \([a-z-]+\))?|\\begin\{align\}.*?\\end\{align\}`), ""},
	{regexp.MustCompile("\\{[a-z:+]+\\}`([^`<]+?)\\s*<[^`>]*>`"), "$1"},
	{regexp.MustCompile("\\{(?:doc|ref|numref|eq|download)\\}`[^`]*`"), ""},
	{regexp.MustCompile("\\{(?:kbd|sub|abbr|term|octicon|guilabel|menuselection)\\}`"), " "},
	{regexp.MustCompile("`([^`<\n]*?)\\s*<[^`>]*>`__?"), "$1"},
	{regexp.MustCompile(":[a-z]+:`[^`<]*`"), ""},
	{regexp.MustCompile(`(?m)^\.\. (?:_.*|[a-z-]+:: (?:img|python).*|\[\d+\]|This is a remark.*)`), ""},
	{regexp.MustCompile(`(?m)^([ ]*)\.\. [a-z-]+::`), "$1"},
	{regexp.MustCompile(`\]\([^()\s]*(?:\([^()]*\))?[^()\s]*\)`), "]"},
	{regexp.MustCompile(`(?m)^\[[^\]^]+\]: .*$`), ""},
	{regexp.MustCompile(`\]\[[a-z]+\]`), "]"},
	{regexp.MustCompile(`\[\^?\d+\]_?|\[\^why\]`), ""},
	{regexp.MustCompile(`</?[a-z]+[^>]*>`), ""},
	{regexp.MustCompile(`(?m)^[ >]*(?:[-*] )?\d+[.)]\s`), " "},
	{regexp.MustCompile(`(?m)^[ ]*- \[[ x]\]`), ""},
}

// Colours of code do not end a word, all other tags do, as marks do in the
// source.
var (
	inlineTag = regexp.MustCompile(`</?span( [^>]*)?>`)
	anyTag    = regexp.MustCompile(`<[^>]*>`)
	spoken    = regexp.MustCompile(`(?:alt|aria-label)="([^"]*)"`)
)

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// lost lists the words of a source that are shown less often than written.
func lost(source, page string) []string {
	for _, m := range markup {
		source = m.pattern.ReplaceAllString(source, m.instead)
	}
	shown := anyTag.ReplaceAllString(inlineTag.ReplaceAllString(page, ""), " ")
	for _, m := range spoken.FindAllStringSubmatch(page, -1) {
		shown += " " + m[1]
	}
	count := map[string]int{}
	for _, w := range words(html.UnescapeString(shown)) {
		count[w]++
	}
	var missing []string
	for _, w := range words(source) {
		if count[w]--; count[w] < 0 {
			missing = append(missing, w)
		}
	}
	return missing
}

// loses compares every page of a course with its source.
func loses(t *testing.T, fsys fs.FS, catalogue *course.Catalogue, c *course.Course) {
	t.Helper()
	pages := site(catalogue, c)
	for _, lesson := range c.Lessons {
		v := lesson.Versions[0]
		raw, err := fs.ReadFile(fsys, v.File)
		if err != nil {
			t.Fatal(err)
		}
		if missing := lost(string(raw), "<h1>"+html.EscapeString(v.Title)+"</h1> "+pages[v.File]); len(missing) > 0 {
			t.Errorf("%s loses %q", v.File, missing)
		}
	}
}

// sound fails on links that lead nowhere and on warnings of the kinds that
// must not be.
func sound(t *testing.T, catalogue *course.Catalogue, unwanted *regexp.Regexp) {
	t.Helper()
	for _, w := range append(slices.Clone(catalogue.Warnings), render.Lint(catalogue)...) {
		if unwanted.MatchString(w.What) {
			t.Error(w)
		}
	}
	for _, c := range catalogue.Courses {
		broken, followed := brokenLinks(site(catalogue, c))
		for _, b := range broken {
			t.Errorf("%s leads nowhere", b)
		}
		if followed < 10 {
			t.Errorf("only %d links of %s were followed", followed, c.ID)
		}
	}
}

func corpus() (string, bool) { return os.LookupEnv("KEPT_CORPUS") }
