package myst

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kept/internal/course"
)

// course makes a course of a book that was read.
func (b *book) course() *course.Course {
	id := b.id()
	c := &course.Course{ID: id, Slug: id, Dir: b.dir, Rights: b.rights()}
	title := b.conf.project
	if title == "" {
		title = plainText(b.index.title)
	}
	c.Words = []course.Words{{Lang: b.conf.language, Title: title, Summary: escapeText(b.conf.summary)}}
	c.Intro = []course.Intro{{Lang: b.conf.language, File: b.index.file, Blocks: b.writer(b.index).pageBlocks()}}
	c.Chapters = b.chapters(c)
	return c
}

// id is stable as long as the repository keeps its name.
func (b *book) id() string {
	for _, name := range []string{b.conf.repo, path.Base(b.root), b.conf.project} {
		if slug := course.Slug(name); slug != "" {
			return slug
		}
	}
	return "lesson"
}

// chapters follow the tables of contents. Pages that none of them lists are
// published too, so they stand in a chapter at the end.
func (b *book) chapters(c *course.Course) []*course.Chapter {
	seen := map[string]bool{b.index.doc: true}
	var chapters []*course.Chapter
	slugs := map[string]int{}
	for _, t := range trees(b.index.pieces) {
		var lessons []*course.Lesson
		b.follow(b.index, t, seen, 0, &lessons)
		if len(lessons) > 0 {
			chapters = append(chapters, b.chapter(c, t.opts["caption"], slugs, lessons))
		}
	}
	var rest []*course.Lesson
	for _, doc := range b.docs() {
		if p := b.pages[doc]; !seen[doc] {
			seen[doc] = true
			rest = append(rest, b.lesson(p))
			if !p.orphan {
				b.warn(p.file, 0, "no toctree lists this page and it stands at the end; add it to one, or write orphan: true")
			}
		}
	}
	if len(rest) > 0 {
		chapters = append(chapters, b.chapter(c, "Further pages", slugs, rest))
	}
	return chapters
}

func (b *book) chapter(c *course.Course, caption string, slugs map[string]int, lessons []*course.Lesson) *course.Chapter {
	if caption == "" {
		caption = c.Words[0].Title
	}
	slug := course.Slug(plainText(caption))
	if slug == "" {
		slug = "chapter"
	}
	slug = freeName(slugs, slug)
	return &course.Chapter{ID: c.ID + "/" + slug, Slug: slug, Lessons: lessons,
		Words: []course.Words{{Lang: b.conf.language, Title: plainText(caption)}}}
}

// trees lists the tables of contents of a page, also those inside a box.
func trees(pieces []piece) []*directive {
	var out []*directive
	for _, p := range pieces {
		if p.kind != directivePiece {
			continue
		}
		if specOf(p.dir.name).shape == treeShape {
			out = append(out, p.dir)
		}
		out = append(out, trees(p.dir.pieces)...)
	}
	return out
}

// follow adds the pages of a table of contents, and behind each the pages of
// its own.
func (b *book) follow(from *page, tree *directive, seen map[string]bool, depth int, lessons *[]*course.Lesson) {
	for _, e := range b.entries(from, tree) {
		if e.page == nil || seen[e.page.doc] {
			continue
		}
		seen[e.page.doc] = true
		*lessons = append(*lessons, b.lesson(e.page))
		if depth > maxNested {
			continue
		}
		for _, inner := range trees(e.page.pieces) {
			b.follow(e.page, inner, seen, depth+1, lessons)
		}
	}
}

// lesson makes a lesson of a page.
func (b *book) lesson(p *page) *course.Lesson {
	rights := b.rights()
	rights.Original = b.original(p)
	v := &course.Version{Lang: b.conf.language, Title: plainText(p.title), File: p.file, Blocks: b.writer(p).pageBlocks()}
	return &course.Lesson{ID: b.id() + "/" + p.doc, Slug: course.Slug(p.doc), Kind: course.Reading, Type: "page",
		Minutes: p.minutes, Rights: &rights, Versions: []*course.Version{v}}
}

// treeEntry is a line of a table of contents: a page, or an address of the
// web.
type treeEntry struct {
	page    *page
	title   string // of its own, or ""
	address string
	line    int
}

func (b *book) entries(from *page, tree *directive) []treeEntry {
	w := b.writer(from)
	var out []treeEntry
	for _, l := range tree.body {
		text := strings.TrimSpace(l.text)
		if text == "" || strings.HasPrefix(text, "#") || text == "self" {
			continue
		}
		title, name := titleAndTarget(text)
		if title == name {
			title = ""
		}
		switch p, ok := w.findPage(name); {
		case isURL(name):
			out = append(out, treeEntry{title: title, address: name, line: l.num})
		case ok:
			out = append(out, treeEntry{page: p, title: title, line: l.num})
		case tree.opts.has("glob") && strings.ContainsAny(name, "*?["):
			out = append(out, w.glob(name, l.num)...)
		default:
			out = append(out, treeEntry{title: text, line: l.num})
		}
	}
	if tree.opts.has("reversed") {
		slices.Reverse(out)
	}
	return out
}

func (w *writer) glob(pattern string, num int) []treeEntry {
	var out []treeEntry
	pattern = strings.TrimPrefix(path.Join(path.Dir(w.from.doc), pattern), "/")
	for _, doc := range w.docs() {
		if ok, err := path.Match(pattern, doc); ok && err == nil && w.pages[doc] != w.from {
			out = append(out, treeEntry{page: w.pages[doc], line: num})
		}
	}
	return out
}

// tree is what a table of contents leaves on its page. The index has chapters
// instead, so only what lies elsewhere is listed there.
func (w *writer) tree(d *directive) []course.Block {
	var rows []string
	for _, e := range w.entries(w.from, d) {
		switch {
		case e.address != "":
			title := e.title
			if title == "" {
				title = e.address
			}
			rows = append(rows, "- ["+escapeText(title)+"]("+angled(e.address)+")")
		case e.page == nil:
			w.warn(e.line, "the toctree lists %q, which is not here; correct the name or add the page", cut(e.title))
			rows = append(rows, "- "+escapeText(e.title))
		case w.from == w.index || d.opts.has("hidden"):
		default:
			title := e.title
			if title == "" {
				title = plainText(e.page.title)
			}
			rows = append(rows, "- "+w.leadTo(pageTarget(e.page), escapeText(title)))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if caption := d.opts["caption"]; caption != "" {
		rows = append([]string{"**" + escapeText(caption) + "**", ""}, rows...)
	}
	return []course.Block{{Shape: course.Prose, Text: strings.Join(rows, "\n"), Line: d.line}}
}

var (
	minutesCell = regexp.MustCompile(`^\s*(\d{1,3})\s*(?:min|minutes|')\.?\s*$`)
	docCell     = regexp.MustCompile("\\{doc\\}`([^`]+)`|\\]\\(([^()]+)\\)")
)

// noteMinutes reads how long a page takes from a row of a timetable in the
// index: "15 min ; {doc}`motivation`".
func (w *writer) noteMinutes(fields []string) {
	if w.from != w.index || len(fields) < 2 {
		return
	}
	time := minutesCell.FindStringSubmatch(fields[0])
	link := docCell.FindStringSubmatch(fields[1])
	if time == nil || link == nil {
		return
	}
	_, name := titleAndTarget(link[1] + link[2])
	if p, ok := w.findPage(name); ok {
		if n, err := strconv.Atoi(time[1]); err == nil {
			p.minutes = n
		}
	}
}

// maxLists bounds how often one lesson repeats its exercises.
const maxLists = 5

// exercises shows the exercises and solutions of all pages once more.
func (w *writer) exercises(d *directive) []course.Block {
	if w.lists++; w.lists > maxLists || w.copying {
		w.book.warn(w.from.file, d.line, "the lesson lists its exercises more than %d times and this list is left out; take one away", maxLists)
		return nil
	}
	include := wordsOr(d.opts["include"], "exercise solution challenge exerciselist-include")
	exclude := wordsOr(d.opts["exclude"], "exerciselist-exclude")
	var out []course.Block
	for _, p := range w.inOrder() {
		copied := &writer{book: w.book, page: w.page, from: p, copying: true, headed: map[string]bool{}}
		var blocks []course.Block
		for _, e := range chosen(p.pieces, include, exclude) {
			blocks = append(blocks, copied.make(e)...)
		}
		if len(blocks) > 0 {
			out = append(out, course.Block{Shape: course.Section, Title: w.leadTo(pageTarget(p), escapeText(plainText(p.title))), Line: d.line, Blocks: blocks})
		}
	}
	return out
}

func wordsOr(option, fallback string) []string {
	if option == "" {
		option = fallback
	}
	return strings.Fields(strings.ReplaceAll(option, ",", " "))
}

// chosen are the boxes of the kinds asked for, from anywhere on a page.
func chosen(pieces []piece, include, exclude []string) []*directive {
	var out []*directive
	for _, p := range pieces {
		if p.kind != directivePiece {
			continue
		}
		kinds := append(strings.Fields(p.dir.opts["class"]), p.dir.name)
		if overlap(kinds, exclude) {
			continue
		}
		if overlap(kinds, include) {
			out = append(out, p.dir)
			continue
		}
		out = append(out, chosen(p.dir.pieces, include, exclude)...)
	}
	return out
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// inOrder lists the pages as one reads them.
func (b *book) inOrder() []*page {
	seen := map[*page]bool{}
	var out []*page
	var follow func(p *page, depth int)
	follow = func(p *page, depth int) {
		if seen[p] || depth > maxNested {
			return
		}
		seen[p] = true
		out = append(out, p)
		for _, t := range trees(p.pieces) {
			for _, e := range b.entries(p, t) {
				if e.page != nil {
					follow(e.page, depth+1)
				}
			}
		}
	}
	follow(b.index, 0)
	for _, doc := range b.docs() {
		follow(b.pages[doc], 0)
	}
	return out
}
