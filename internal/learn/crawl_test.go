package learn_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kept/courses"
	"kept/internal/course"
	"kept/internal/course/freecodecamp"
	"kept/internal/course/myst"
	"kept/internal/course/native"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page"
)

// folder opens courses on disk.
func folder(t testing.TB, dir string) course.Source {
	t.Helper()
	root, err := course.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return course.Source{Name: dir, Root: root}
}

// shelves are what is crawled: our own course and our fixtures in the other
// formats, and what lies in KEPT_CORPUS if that names a folder.
func shelves(t testing.TB) map[string][]course.Source {
	t.Helper()
	all := map[string][]course.Source{"our own": {
		{Name: "sample", Root: courses.Files}, folder(t, "../course/myst/testdata"),
		folder(t, "../course/freecodecamp/testdata/2025"), folder(t, "../course/freecodecamp/testdata/2026")}}
	corpus := os.Getenv("KEPT_CORPUS")
	if corpus == "" {
		return all
	}
	all["coderefinery"] = []course.Source{folder(t, filepath.Join(corpus, "coderefinery"))}
	layouts, err := filepath.Glob(filepath.Join(corpus, "freecodecamp", "*"))
	if err != nil || len(layouts) == 0 {
		t.Fatalf("KEPT_CORPUS names no folder with freecodecamp/*: %v", err)
	}
	for _, dir := range layouts {
		all["freecodecamp"] = append(all["freecodecamp"], folder(t, dir))
	}
	return all
}

// formats are all loaders.
func formats() []course.Loader {
	return []course.Loader{native.Loader{}, freecodecamp.Loader{}, myst.Loader{}}
}

func unhurried(c *page.Config) {
	c.Limits = page.Limits{PerAddress: 1e9, AddressBurst: 1e9, PerNetwork: 1e9, NetworkBurst: 1e9}
}

// crawl opens every page of a site, and what pages show.
type crawl struct {
	*world
	seen   map[string]int             // status by path
	pages  map[string]string          // HTML by path
	marks  map[string]map[string]bool // anchors by path
	leads  map[string]string          // each address led to, and a page that does
	broken []string
}

var (
	addressed = regexp.MustCompile(`\s(href|src|srcset|poster|action|data|background)="([^"]*)"`)
	marked    = regexp.MustCompile(`\sid="([^"]*)"`)
)

// elsewhere are paths of other features, which this test's site does not have.
func elsewhere(path string) bool {
	return slices.ContainsFunc([]string{"/sign-in", "/you", "/privacy", "/projects"}, func(p string) bool { return strings.HasPrefix(path, p) })
}

func (w *world) crawl() *crawl {
	c := &crawl{world: w, seen: map[string]int{}, pages: map[string]string{}, marks: map[string]map[string]bool{}, leads: map[string]string{}}
	for todo := []string{"/", "/offline"}; len(todo) > 0; {
		path := todo[0]
		todo = todo[1:]
		if _, known := c.seen[path]; known {
			continue
		}
		got := w.send("", path, nil)
		c.seen[path] = got.Code
		if got.Code == http.StatusOK && strings.HasPrefix(got.Header().Get("Content-Type"), "text/html") {
			c.pages[path] = got.Body.String()
			todo = append(todo, c.links(path)...)
		}
	}
	for address, from := range c.leads {
		c.check(address, from)
	}
	slices.Sort(c.broken)
	return c
}

// links notes what a page leads to and has anchors for. What it loads by
// itself must come from this site.
func (c *crawl) links(path string) (more []string) {
	c.marks[path] = map[string]bool{}
	here, err := url.Parse(path)
	if err != nil {
		c.broken = append(c.broken, path+" is no address")
		return nil
	}
	for _, m := range marked.FindAllStringSubmatch(c.pages[path], -1) {
		c.marks[path][html.UnescapeString(m[1])] = true
	}
	for _, m := range addressed.FindAllStringSubmatch(c.pages[path], -1) {
		address := html.UnescapeString(m[2])
		to, err := here.Parse(address)
		if err != nil {
			c.broken = append(c.broken, path+" has the address "+address)
			continue
		}
		loads := m[1] != "href" && m[1] != "action"
		if to.Host != "" || to.Scheme != "" {
			if loads {
				c.broken = append(c.broken, path+" loads "+address)
			}
			continue
		}
		c.leads[to.String()] = path
		if !elsewhere(to.Path) {
			more = append(more, to.RequestURI())
		}
	}
	return more
}

func (c *crawl) check(address, from string) {
	to, err := url.Parse(address)
	if err != nil || elsewhere(to.Path) {
		return
	}
	status := c.seen[to.RequestURI()]
	if status != http.StatusOK && status != http.StatusPermanentRedirect {
		c.broken = append(c.broken, fmt.Sprintf("%s leads to %s: %d", from, address, status))
	}
	if marks := c.marks[to.RequestURI()]; to.Fragment != "" && marks != nil && !marks[to.Fragment] {
		c.broken = append(c.broken, from+" leads to "+address+", an anchor that is not there")
	}
}

// mostBytes is what a page may weigh without pictures.
const mostBytes = 60_000

func packed(t *testing.T, body string) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// isList tells whether this site decides how long a page is.
func isList(path string) bool {
	return strings.Count(path, "/") <= 2 || strings.Contains(path, "/chapters/")
}

var needed = regexp.MustCompile(`<(?:link rel="stylesheet"|script)[^>]* (?:href|src)="([^"]+)"`)

// weights says what of a page is too heavy: all of it as it is sent, and of a
// list its HTML as it is written, too. A lesson may be as long as its author
// wrote it.
func (c *crawl) weights(t *testing.T) (heavy []string) {
	files := map[string]int{}
	for path, body := range c.pages {
		if len(body) > mostBytes && isList(path) {
			heavy = append(heavy, fmt.Sprintf("%s has %d bytes", path, len(body)))
		}
		sent := packed(t, body)
		for _, m := range needed.FindAllStringSubmatch(body, -1) {
			if files[m[1]] == 0 {
				files[m[1]] = packed(t, c.send("", m[1], nil).Body.String())
			}
			sent += files[m[1]]
		}
		if sent > mostBytes {
			heavy = append(heavy, fmt.Sprintf("%s and what it needs are %d bytes packed", path, sent))
		}
	}
	return heavy
}

// TestCrawl opens every page there is: no link or picture is broken, no page
// is heavy, and none loads anything from another host.
func TestCrawl(t *testing.T) {
	for name, sources := range shelves(t) {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), formats(), sources, unhurried)
			c := w.crawl()
			for _, b := range c.broken {
				t.Error(b)
			}
			for _, h := range c.weights(t) {
				t.Error(h)
			}
			if lessons := w.library.Catalogue().Lessons; len(c.pages) <= lessons {
				t.Errorf("%d pages were seen of %d lessons", len(c.pages), lessons)
			}
			t.Logf("%d pages, %d addresses", len(c.pages), len(c.leads))
		})
	}
}

// The crawl must see what is wrong where something is.
func TestCrawlSeesWhatIsWrong(t *testing.T) {
	c := &crawl{seen: map[string]int{"/a": 200, "/b": 404}, pages: map[string]string{}, marks: map[string]map[string]bool{}, leads: map[string]string{}}
	c.pages["/a"] = `<p id="x"><a href="/b">b</a> <a href="#y">y</a> <a href="#x">x</a><img src="https://other.example/p.png"><a href="https://other.example/">o</a>`
	c.links("/a")
	for address, from := range c.leads {
		c.check(address, from)
	}
	if len(c.broken) != 3 {
		t.Errorf("got %q, want a page, an anchor and a picture", c.broken)
	}
}
