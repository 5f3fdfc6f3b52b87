package learn

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/page"
)

// A page lists so many lessons, or so many chapters, and no more: beyond that
// nobody finds anything, and it takes long on a slow line.
const (
	mostLessons = 100
	mostParts   = 60
)

// outline is a course as a tree of chapters, with the places of its lessons.
type outline struct {
	top    []*branch
	bySlug map[string]*branch
	of     map[*course.Chapter]*branch
	folded bool // its lessons stand on pages of their chapters
}

// branch is a chapter where it stands in a course.
type branch struct {
	*course.Chapter
	slug             string // unique in the course
	parent           *branch
	children         []*branch
	places           []*course.Place // its own lessons, not those of its chapters
	lessons, minutes int             // of all below
}

func outlineOf(e *course.Catalogue, c *course.Course) *outline {
	o := &outline{bySlug: map[string]*branch{}, of: map[*course.Chapter]*branch{}}
	places := map[*course.Chapter][]*course.Place{}
	all := 0
	for p, ok := e.First(c); ok && p != nil; p = p.Next {
		places[p.Chapter] = append(places[p.Chapter], p)
		all++
	}
	o.top = o.grow(nil, c.Chapters, places)
	o.folded = all > mostLessons
	return o
}

func (o *outline) grow(parent *branch, chapters []*course.Chapter, places map[*course.Chapter][]*course.Place) []*branch {
	var all []*branch
	for _, c := range chapters {
		b := &branch{Chapter: c, parent: parent, places: places[c], lessons: len(places[c])}
		for _, p := range b.places {
			b.minutes += minutesOf(p.Lesson)
		}
		b.children = o.grow(b, c.Chapters, places)
		for _, child := range b.children {
			b.lessons, b.minutes = b.lessons+child.lessons, b.minutes+child.minutes
		}
		if b.lessons == 0 {
			continue
		}
		b.slug = o.freeSlug(c.Slug)
		o.bySlug[b.slug], o.of[c] = b, b
		all = append(all, b)
	}
	return all
}

// pathOf is where a chapter is shown: on the course's page, or on its own.
func (o *outline) pathOf(c *course.Course, chapter *course.Chapter) string {
	b := o.of[chapter]
	switch {
	case b == nil:
		return coursePath(c)
	case o.folded:
		return chapterPath(c, b)
	}
	return coursePath(c) + "#c-" + b.slug
}

func (o *outline) freeSlug(wish string) string {
	if wish == "" {
		wish = "part"
	}
	slug := wish
	for n := 2; o.bySlug[slug] != nil; n++ {
		slug = wish + "-" + strconv.Itoa(n)
	}
	return slug
}

// leaves are the branches that have lessons of their own, in reading order.
func leaves(branches []*branch) []*branch {
	var all []*branch
	for _, b := range branches {
		if len(b.places) > 0 {
			all = append(all, b)
		}
		all = append(all, leaves(b.children)...)
	}
	return all
}

func lessonsIn(branches []*branch) (n int) {
	for _, b := range branches {
		n += b.lessons
	}
	return n
}

// chapterView is a heading with lessons below it, or with chapters that have
// pages of their own.
type chapterView struct {
	ID, Title string
	spoken    // of title and summary
	Summary   template.HTML
	Lessons   []lessonLine
	Parts     []partLine
	More      []numbered // pages that the rest of the lessons stand on
}

type lessonLine struct {
	ID, Path, Title, Kind, Time string
	spoken
	Number int
	Done   bool
}

// partLine leads to the page of a chapter.
type partLine struct {
	Path, Title string
	spoken
	Summary       template.HTML
	Says          []string
	Done, Lessons int
	Known         bool
}

// lister writes the outline of a course for one reader.
type lister struct {
	f    *Feature
	c    *course.Course
	lang *page.Language
	done map[string]bool // nil for a visitor
}

// list shows the lessons below some branches where they are few, else the
// chapters that hold them, and else the branches alone.
func (l lister) list(branches []*branch) []chapterView {
	all := leaves(branches)
	switch {
	case lessonsIn(branches) <= mostLessons:
		views := make([]chapterView, len(all))
		for i, b := range all {
			views[i] = l.heading(b)
			views[i].Lessons = l.lines(b.places)
		}
		return views
	case len(all) == 1:
		only := l.heading(all[0])
		only.Lessons, only.More = l.lines(all[0].places[:mostLessons]), pagesOf(l.c, all[0], 0)
		return []chapterView{only}
	case len(all) <= mostParts && len(all) > len(branches):
		views := make([]chapterView, len(branches))
		for i, b := range branches {
			views[i] = l.heading(b)
			views[i].Parts = l.parts(leaves([]*branch{b}))
		}
		return views
	}
	return []chapterView{{ID: "chapters", Title: l.lang.Text("Chapters"), Parts: l.parts(branches)}}
}

func (l lister) heading(b *branch) chapterView {
	words := b.In(l.lang.Reads)
	return chapterView{ID: "c-" + b.slug, Title: words.Title, spoken: spokenIn(words.Lang, l.lang.Tag), Summary: l.f.renderers[l.lang.Tag].Inline(words.Summary)}
}

func (l lister) lines(places []*course.Place) []lessonLine {
	lines := make([]lessonLine, len(places))
	for i, p := range places {
		_, finished := l.done[p.Lesson.ID]
		words := p.Lesson.In(l.lang.Reads)
		lines[i] = lessonLine{ID: p.Lesson.ID, Path: lessonPath(p), Title: words.Title, spoken: spokenIn(words.Lang, l.lang.Tag), Number: p.Number,
			Kind: kindWords(l.lang, p.Lesson.Kind), Time: duration(l.lang, minutesOf(p.Lesson)), Done: finished}
	}
	return lines
}

func (l lister) parts(branches []*branch) []partLine {
	lines := make([]partLine, len(branches))
	for i, b := range branches {
		h := l.heading(b)
		lines[i] = partLine{Path: chapterPath(l.c, b), Title: h.Title, spoken: h.spoken, Summary: h.Summary, Lessons: b.lessons, Known: l.done != nil,
			Says: []string{countLessons(l.lang, b.lessons), duration(l.lang, b.minutes)}}
		for _, leaf := range leaves([]*branch{b}) {
			for _, p := range leaf.places {
				if _, finished := l.done[p.Lesson.ID]; finished {
					lines[i].Done++
				}
			}
		}
	}
	return lines
}

func chapterLink(c *course.Course, b *branch, lang *page.Language) *link {
	words := b.In(lang.Reads)
	return &link{chapterPath(c, b), words.Title, spokenIn(words.Lang, lang.Tag)}
}

func chapterPath(c *course.Course, b *branch) string {
	return coursePath(c) + "/chapters/" + url.PathEscape(b.slug)
}

// chapterPage is a chapter of a course that is too long for one page.
type chapterPage struct {
	page.Head
	tongues
	Course    courseLink
	Above     []link
	Title     string
	Summary   template.HTML
	Says      []string
	Lang, Dir string
	Chapters  []chapterView
	Known     bool // a member asks
	// A chapter of very many lessons has several pages.
	Pages      []numbered
	Prev, Next *link
}

// numbered is one of several pages of a list.
type numbered struct {
	Path        string
	First, Last int
	Here        bool
}

func (f *Feature) showChapter(w http.ResponseWriter, r *http.Request) error {
	e := f.edition()
	c, ok := e.Course(r.PathValue("course"))
	if !ok {
		return fault.NotFound{What: "course"}
	}
	b, from, err := chapterAsked(e, c, r)
	if err != nil {
		return err
	}
	lang := f.reading(r, e.facts[c].tongues)
	owner, member := f.c.Who(r.Context())
	if !member {
		name := "learn.chapter " + c.Slug + "/" + b.slug + "/" + strconv.Itoa(from) + " " + lang.Reads
		return f.Site.Shared(w, r, name, e.version, func() (page.Finished, error) {
			return page.Finished{Status: http.StatusOK, Name: "learn/chapter.html", Page: f.chapterPage(c, b, from, lang, nil)}, nil
		})
	}
	done, err := f.doneIn(r.Context(), f.DB.Read, owner, c)
	if err != nil {
		return err
	}
	if done == nil {
		done = map[string]bool{}
	}
	p := f.chapterPage(c, b, from, lang, done)
	p.Knows = f.memberKnows(lang, lang.Text("The ticks come from the lessons you finished, which are kept in your account until you erase them."))
	return f.Site.Render(w, r, http.StatusOK, "learn/chapter.html", p)
}

// chapterAsked finds the chapter, and the first lesson of the part of it.
func chapterAsked(e *edition, c *course.Course, r *http.Request) (*branch, int, error) {
	b := e.outlines[c].bySlug[r.PathValue("chapter")]
	if b == nil || c.Slug != r.PathValue("course") {
		return nil, 0, fault.NotFound{What: "chapter"}
	}
	asked := r.URL.Query().Get("from")
	if asked == "" {
		return b, 0, nil
	}
	from, err := strconv.Atoi(asked)
	if err != nil || from <= 0 || from >= len(b.places) || from%mostLessons != 0 {
		return nil, 0, fault.NotFound{What: "chapter"}
	}
	return b, from, nil
}

func (f *Feature) chapterPage(c *course.Course, b *branch, from int, lang *page.Language, done map[string]bool) *chapterPage {
	l := lister{f, c, lang, done}
	words, own := c.In(lang.Reads), b.In(lang.Reads)
	p := &chapterPage{Course: courseLink{c.ID, coursePath(c), words.Title}, Title: own.Title, Known: done != nil,
		Says: []string{countLessons(lang, b.lessons), duration(lang, b.minutes)}, Summary: f.renderers[lang.Tag].Inline(own.Summary)}
	p.Head = page.Head{Title: own.Title + ", " + words.Title, Description: plain(own.Summary), Current: "/", Canonical: chapterPath(c, b),
		Knows: f.visitorKnows(lang, lang.Text("Lessons you finish are kept in this browser until you take them into an account or clear them.")), Scripts: []string{progressScript}}
	if words.Lang != lang.Tag {
		p.Lang, p.Dir = words.Lang, dirOf(words.Lang)
	}
	for up := b.parent; up != nil; up = up.parent {
		p.Above = append([]link{*chapterLink(c, up, lang)}, p.Above...)
	}
	p.Chapters = l.chapter(b, from)
	p.Pages = pagesOf(c, b, from)
	p.Prev, p.Next = l.beside(b)
	p.speak(f.edition(), c, lang)
	return p
}

// chapter lists what is in a chapter: its own lessons and then its chapters.
func (l lister) chapter(b *branch, from int) []chapterView {
	var views []chapterView
	if len(b.places) > 0 {
		last := min(from+mostLessons, len(b.places))
		views = append(views, chapterView{ID: "lessons", Title: l.lang.Text("Lessons"), Lessons: l.lines(b.places[from:last])})
	}
	if len(b.children) > 0 {
		views = append(views, l.list(b.children)...)
	}
	return views
}

func pagesOf(c *course.Course, b *branch, from int) []numbered {
	if len(b.places) <= mostLessons {
		return nil
	}
	var all []numbered
	for first := 0; first < len(b.places); first += mostLessons {
		last := min(first+mostLessons, len(b.places))
		one := numbered{Path: chapterPath(c, b), First: b.places[first].Number, Last: b.places[last-1].Number, Here: first == from}
		if first > 0 {
			one.Path += "?from=" + strconv.Itoa(first)
		}
		all = append(all, one)
	}
	return all
}

// beside are the chapters before and after one, on the same level.
func (l lister) beside(b *branch) (prev, next *link) {
	around := l.siblings(b)
	for i, one := range around {
		if one != b {
			continue
		}
		if i > 0 {
			prev = chapterLink(l.c, around[i-1], l.lang)
		}
		if i+1 < len(around) {
			next = chapterLink(l.c, around[i+1], l.lang)
		}
	}
	return prev, next
}

func (l lister) siblings(b *branch) []*branch {
	if b.parent != nil {
		return b.parent.children
	}
	return l.f.edition().outlines[l.c].top
}
