package learn

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/web"
)

// Reading without a connection. A worker in the reader's browser keeps the
// lessons that they open, and a whole course if they ask for it. It keeps what
// a stranger gets and nothing else: where a member's own page was opened, it
// asks for the page again without saying who asks. See web/worker.js.

const (
	workerPath  = "/worker.js"
	offlinePath = "/offline"
)

// sharedFiles are what every page of these needs, by their names in web.
var sharedFiles = []string{"kept.css", "kept.svg", progressScript, lessonScript, offlineScript}

// serveWorker sends the worker with the addresses of this version of the site
// before it. They carry hashes of their content: a browser that asks again
// gets other bytes exactly when something changed, and then replaces what it
// holds.
func (f *Feature) serveWorker(w http.ResponseWriter, _ *http.Request) error {
	body, err := f.worker()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	_, err = w.Write(body)
	return err
}

func (f *Feature) worker() ([]byte, error) {
	source, err := web.Files.ReadFile("worker.js")
	if err != nil {
		return nil, err
	}
	files := make([]string, len(sharedFiles))
	for i, name := range sharedFiles {
		if files[i], err = f.Site.Static(name); err != nil {
			return nil, err
		}
	}
	list, err := json.Marshal(files)
	if err != nil {
		return nil, err
	}
	tools, err := json.Marshal(f.tools.all())
	if err != nil {
		return nil, err
	}
	version := hashOf(string(source), string(list), string(tools))
	return fmt.Appendf(nil, "const site = {version: %q, files: %s, offline: %q, tools: %s};\n%s", version, list, offlinePath, tools, source), nil
}

// hashOf is short: it tells versions apart and guards nothing.
func hashOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// offlinePage lists what the browser holds; the list is made there.
type offlinePage struct{ page.Head }

func (f *Feature) showOffline(w http.ResponseWriter, r *http.Request) error {
	lang := f.Site.Printer(r.Context())
	knows := f.visitorKnows(lang, lang.Text("What is listed here lies in your browser, and was written there by this site."))
	if _, member := f.c.Who(r.Context()); member {
		knows = f.memberKnows(lang, lang.Text("What is listed here lies in your browser, and was written there by this site."))
	}
	return f.Site.Shared(w, r, "learn.offline", f.edition().version, func() (page.Finished, error) {
		p := &offlinePage{page.Head{Title: lang.Text("Without a connection"), Current: "/", NoIndex: true, Knows: knows, Scripts: []string{offlineScript}}}
		return page.Finished{Status: http.StatusOK, Name: "learn/offline.html", Page: p}, nil
	})
}

// along is all that a course needs to be read without a connection.
type along struct {
	Title   string   `json:"title"`
	Version string   `json:"version"` // another one if anything in it changed
	From    string   `json:"from"`    // the address of this list
	Pages   []string `json:"pages"`
	Files   []string `json:"files"`
	Bytes   int64    `json:"bytes"` // about, as it will lie in the browser
}

func alongPath(c *course.Course) string { return coursePath(c) + "/along.json" }

func (f *Feature) serveAlong(w http.ResponseWriter, r *http.Request) error {
	e := f.edition()
	c, ok := e.Course(r.PathValue("course"))
	if !ok || c.Slug != r.PathValue("course") {
		return fault.NotFound{What: "course"}
	}
	lang := f.reading(r, e.facts[c].tongues)
	body, err := f.Site.Fragment(r.Context(), "learn.along "+c.Slug+" "+lang.Reads, e.version, func() (template.HTML, error) {
		list, err := f.along(e, c, lang)
		if err != nil {
			return "", err
		}
		text, err := json.Marshal(list)
		return template.HTML(text), err
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-cache")
	h.Add("Vary", "Accept-Language")
	_, err = w.Write([]byte(body))
	return err
}

// pageFrame is about what a page holds besides its lesson, in bytes.
const pageFrame = 9 << 10

// along renders every lesson once for an edition, since only the page itself
// tells which pictures it shows.
func (f *Feature) along(e *edition, c *course.Course, lang *page.Language) (along, error) {
	a := along{Title: c.In(lang.Reads).Title, From: asks(alongPath(c), lang), Pages: []string{coursePath(c)}}
	o := e.outlines[c]
	if o.folded {
		a.Pages = append(a.Pages, chapterPages(c, o.top)...)
	}
	a.Bytes = int64(len(a.Pages)) * pageFrame * 3
	seen, hashes := map[string]bool{}, []string{}
	for p, ok := e.First(c); ok && p != nil; p = p.Next {
		l := f.lesson(e, p, lang)
		a.Pages = append(a.Pages, lessonPath(p))
		a.Bytes += int64(l.size()) + pageFrame
		hashes = append(hashes, l.hash())
		for _, file := range append(l.files(c), slices.Sorted(maps.Keys(e.pictures(p)))...) {
			if !seen[file] {
				seen[file] = true
				a.add(e, c, file)
			}
		}
	}
	for _, name := range sharedFiles {
		address, err := f.Site.Static(name)
		if err != nil {
			return a, err
		}
		hashes = append(hashes, address)
	}
	for _, tool := range f.tools.along(c) {
		a.Files, a.Bytes = append(a.Files, tool.address), a.Bytes+tool.size
		hashes = append(hashes, tool.address)
	}
	for i := range a.Pages {
		a.Pages[i] = asks(a.Pages[i], lang)
	}
	a.Version = hashOf(append(hashes, a.Pages...)...)
	return a, nil
}

func (a *along) add(e *edition, c *course.Course, name string) {
	file, err := e.OpenAsset(c, name)
	if err != nil {
		return
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil {
		a.Files, a.Bytes = append(a.Files, filePath(c, name)), a.Bytes+info.Size()
	}
}

func chapterPages(c *course.Course, branches []*branch) []string {
	var all []string
	for _, b := range branches {
		all = append(all, chapterPath(c, b))
		for _, one := range pagesOf(c, b, 0)[min(1, len(pagesOf(c, b, 0))):] {
			all = append(all, one.Path)
		}
		all = append(all, chapterPages(c, b.children)...)
	}
	return all
}

// texts are everything of a lesson that was rendered.
func (l *lesson) texts() []template.HTML {
	all := []template.HTML{l.Body, l.Needs}
	if t := l.Task; t != nil {
		all = append(all, t.Title, t.Text)
		for _, one := range t.Tests {
			all = append(all, one.Says, one.Why)
		}
		for _, one := range t.Hints {
			all = append(all, one.Text)
		}
	}
	if l.Film != nil {
		all = append(all, l.Film.Poster, l.Film.Transcript)
	}
	if b := l.Blanks; b != nil {
		all = append(all, b.Before, b.After)
		for _, part := range b.Parts {
			all = append(all, part.Text, part.Why)
		}
	}
	for _, set := range l.Quizzes {
		for _, q := range set.Questions {
			all = append(all, q.Legend, q.Rest, q.After)
			for _, a := range q.Answers {
				all = append(all, a.Text, a.Feedback)
			}
		}
	}
	return append(all, l.Tasks...)
}

func (l *lesson) hash() string {
	parts := []string{l.Title}
	for _, text := range l.texts() {
		parts = append(parts, string(text))
	}
	if l.Task != nil {
		for _, file := range l.Task.Files {
			parts = append(parts, file.Text)
		}
	}
	if l.Scene != nil {
		for _, line := range l.Scene.Lines {
			parts = append(parts, line.Who, line.Text)
		}
	}
	return hashOf(parts...)
}

var sources = regexp.MustCompile(`\ssrc="([^"#]+)`)

// plainAddress is a part of an address as people would write it.
func plainAddress(s string) string {
	if text, err := url.PathUnescape(s); err == nil {
		return text
	}
	return s
}

// files are the names of the course's own files that a lesson shows.
func (l *lesson) files(c *course.Course) []string {
	var names []string
	add := func(address string) {
		if name, ok := strings.CutPrefix(address, coursePath(c)+"/files/"); ok {
			names = append(names, plainAddress(name))
		}
	}
	for _, text := range l.texts() {
		for _, m := range sources.FindAllStringSubmatch(string(text), -1) {
			add(html.UnescapeString(m[1]))
		}
	}
	if l.Scene != nil {
		address, _, _ := strings.Cut(l.Scene.Audio, "#")
		add(address)
	}
	return names
}
