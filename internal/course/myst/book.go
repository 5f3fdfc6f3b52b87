package myst

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
)

// book is one lesson folder while it is read.
type book struct {
	fsys  fs.FS
	dir   string // the folder of conf.py and the pages
	root  string // nothing outside this one is read
	conf  conf
	pages map[string]*page // by document name: "code/install"
	index *page

	labels map[string]target // by name, small
	terms  map[string]target // of the glossary, small
	titles map[string]target // headings by their words, small

	warnings []course.Warning

	included int // bytes of files that pages include
	lists    int // lists of exercises
}

// maxIncluded bounds what all pages of a lesson include together, in bytes:
// the same file may be included again and again.
const maxIncluded = 32 << 20

func newBook(fsys fs.FS, dir string) *book {
	root := dir
	switch path.Base(dir) {
	case "content", "source", "src", "doc", "docs":
		root = path.Dir(dir)
	}
	return &book{fsys: fsys, dir: dir, root: root, pages: map[string]*page{}, labels: map[string]target{}, terms: map[string]target{}, titles: map[string]target{}}
}

func (b *book) warn(file string, num int, format string, args ...any) {
	b.warnings = append(b.warnings, course.Warning{File: file, Line: num, What: fmt.Sprintf(format, args...)})
}

// page is one text of a lesson.
type page struct {
	doc      string // its name without ending, relative to the lesson
	file     string
	orphan   bool // says itself that no toctree lists it
	pieces   []piece
	headings []*heading
	title    string // Markdown
	notes    []*footnote
	links    map[string]string // link definitions, by name, small
	places   map[string]target // headings by the names that MyST gives them
	anchors  map[string]int    // names that headings and labels have taken, and how often
	figures  int               // that have a caption, so far
	formulas int               // that have a label, so far
	minutes  int
}

// footnote is a remark below a page.
type footnote struct {
	name   string
	pieces []piece
	number int // in the order in which the page refers to them; 0: not yet
	line   int
}

func (p *page) note(name string) *footnote {
	for _, n := range p.notes {
		if n.name == name {
			return n
		}
	}
	return nil
}

func (p *page) addNote(name string, pieces []piece, line int) {
	p.notes = append(p.notes, &footnote{name: name, pieces: pieces, line: line})
}

func (p *page) defineLink(name, address, title string) {
	key := linkKey(name)
	if _, known := p.links[key]; known || len(p.links) > 2000 {
		return
	}
	address = strings.Trim(address, "<>")
	if title != "" {
		address += " " + title
	}
	p.links[key] = address
}

func linkKey(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// read reads the settings and all pages.
func (b *book) read(ctx context.Context) error {
	b.conf = readConf(b)
	files, err := b.textFiles()
	if err != nil {
		return fmt.Errorf("list %s: %w", b.dir, err)
	}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.readPage(file)
	}
	b.index = b.pages["index"]
	if b.index == nil {
		b.index = b.newPage(path.Join(b.dir, "index.md"))
	}
	for _, doc := range b.docs() {
		b.collect(b.pages[doc])
	}
	return nil
}

// docs lists the pages by name.
func (b *book) docs() []string {
	names := make([]string, 0, len(b.pages))
	for name := range b.pages {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// maxPages is more than any lesson has.
const maxPages = 2000

// textFiles lists all pages, whether or not a toctree names them: Sphinx
// publishes them all.
func (b *book) textFiles() ([]string, error) {
	var files []string
	err := fs.WalkDir(b.fsys, b.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			b.warn(name, 0, "cannot be opened; look at its permissions")
			return fs.SkipDir
		}
		if name == b.dir {
			return nil
		}
		if strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || b.conf.excludes(b.within(name)) {
			return skip(d)
		}
		if ext := path.Ext(name); d.IsDir() || ext != ".md" && ext != ".rst" {
			return nil
		}
		if !d.Type().IsRegular() {
			b.warn(name, 0, "is a symbolic link and is not followed; put a copy in its place")
			return nil
		}
		if files = append(files, name); len(files) > maxPages {
			b.warn(b.dir, 0, "has more than %d pages and the rest is left out; split it", maxPages)
			return fs.SkipAll
		}
		return nil
	})
	return files, err
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// within is a file's name relative to the folder of the pages.
func (b *book) within(file string) string {
	if b.dir == "." {
		return file
	}
	return strings.TrimPrefix(file, b.dir+"/")
}

func (b *book) newPage(file string) *page {
	name := b.within(file)
	return &page{doc: strings.TrimSuffix(name, path.Ext(name)), file: file,
		links: map[string]string{}, places: map[string]target{}, anchors: map[string]int{}}
}

func (b *book) readPage(file string) {
	p := b.newPage(file)
	if other, taken := b.pages[p.doc]; taken {
		b.warn(file, 0, "has the name of %s and is left out; give it another name", other.file)
		return
	}
	text, err := course.ReadText(b.fsys, file)
	if err != nil {
		b.warnings = append(b.warnings, warningOf(file, err))
		return
	}
	b.pages[p.doc] = p
	s := &scanner{page: p, book: b, stack: []string{file}}
	p.pieces = s.scan(b.pageLines(p, text), 0)
	p.findTitle()
}

// pageLines drops the front matter, in which only "orphan" means anything
// here, and turns reStructuredText into Markdown.
func (b *book) pageLines(p *page, text string) []line {
	if path.Ext(p.file) == ".rst" {
		lines := splitLines(text, 1)
		p.orphan = strings.HasPrefix(text, ":orphan:")
		return fromRST(lines)
	}
	head := frontmatter.Read(p.file, text, &b.warnings)
	p.orphan = head.Has("orphan")
	return splitLines(head.Body, head.BodyLine)
}

// findTitle takes the first heading of the first level for the page's own.
func (p *page) findTitle() {
	for _, h := range p.headings {
		if h.level == 1 && h.text != "" {
			h.title = true
			p.title = h.text
			return
		}
	}
	name := []rune(strings.ReplaceAll(path.Base(p.doc), "-", " "))
	p.title = string(unicode.ToUpper(name[0])) + string(name[1:])
}

func warningOf(file string, err error) course.Warning {
	if e, ok := errors.AsType[*course.FileError](err); ok {
		return e.Warning()
	}
	return course.Warning{File: file, What: "cannot be read; look at its permissions"}
}
