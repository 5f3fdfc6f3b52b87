package learn

import (
	"net/url"
	"slices"
	"strconv"

	"kept/internal/course"
	"kept/internal/course/render"
	"kept/internal/page"
)

// edition is a catalogue with what was worked out from it. A newer catalogue
// has an edition of its own, so no page mixes two.
type edition struct {
	*course.Catalogue
	version string                            // different for each edition of this process
	stamp   string                            // different for each process too
	lessons *render.Cache[lessonKey, *lesson] // that of the edition before: its keys tell what is still right
	facts   map[*course.Course]facts

	outlines map[*course.Course]*outline
}

type lessonKey struct {
	version *course.Version
	lang    string // of the words around
	reads   string // that links lead to
	state   uint64 // of the course
}

// lessonMemory is how many bytes of rendered lessons are kept.
const lessonMemory = 16 << 20

func (f *Feature) edition() *edition {
	c := f.c.Library.Catalogue()
	if e := f.current.Load(); e != nil && e.Catalogue == c {
		return e
	}
	version := strconv.FormatInt(f.editions.Add(1), 36)
	e := &edition{Catalogue: c, version: version, stamp: strconv.FormatInt(f.Now().UnixNano(), 36) + version,
		lessons: f.lessonsOf(), facts: map[*course.Course]facts{}, outlines: map[*course.Course]*outline{}}
	for _, one := range c.Courses {
		e.facts[one] = factsOf(one)
		e.outlines[one] = outlineOf(c, one)
	}
	f.current.Store(e)
	return e
}

// lessonsOf is the memory for rendered lessons, which goes from edition to
// edition: a lesson that is the same one need not be made again.
func (f *Feature) lessonsOf() *render.Cache[lessonKey, *lesson] {
	if e := f.current.Load(); e != nil {
		return e.lessons
	}
	return render.NewCache[lessonKey](lessonMemory, (*lesson).size)
}

// facts are what a list says about a course.
type facts struct {
	lessons, minutes int
	langs            []string // of its title
	tongues          []string // of any of its texts
}

func factsOf(c *course.Course) facts {
	var f facts
	for _, l := range c.Lessons {
		f.lessons++
		f.minutes += minutesOf(l)
	}
	if c.Minutes > 0 {
		f.minutes = c.Minutes
	}
	for _, w := range c.Words {
		if !slices.Contains(f.langs, w.Lang) {
			f.langs = append(f.langs, w.Lang)
		}
	}
	f.tongues = tonguesOf(c)
	return f
}

// minutesOf is what the author says, or a guess from the length of the text.
func minutesOf(l *course.Lesson) int {
	if l.Minutes > 0 {
		return l.Minutes
	}
	const lettersPerMinute = 1000
	return max(1, lettersIn(l.Versions[0].Blocks)/lettersPerMinute)
}

func lettersIn(blocks []course.Block) int {
	n := 0
	for _, b := range blocks {
		n += len(b.Text) + lettersIn(b.Blocks)
	}
	return n
}

// duration says how long something takes, as roughly as it is known.
func duration(lang *page.Language, minutes int) string {
	switch {
	case minutes == 1:
		return lang.Text("1 minute")
	case minutes < 60:
		return lang.Text("%d minutes", minutes)
	case minutes < 90:
		return lang.Text("about 1 hour")
	default:
		return lang.Text("about %d hours", (minutes+30)/60)
	}
}

// countLessons and countCourses know that English has a form for one.
func countLessons(lang *page.Language, n int) string {
	if n == 1 {
		return lang.Text("1 lesson")
	}
	return lang.Text("%d lessons", n)
}

func countCourses(lang *page.Language, n int) string {
	if n == 1 {
		return lang.Text("1 course")
	}
	return lang.Text("%d courses", n)
}

// ownName is a language in its own words.
func ownName(tag string) string { return page.OwnName(tag) }

// dirOf is the direction that a language is written in.
func dirOf(tag string) string { return page.DirOf(tag) }

// Addresses of pages.
func coursePath(c *course.Course) string { return "/courses/" + url.PathEscape(c.Slug) }

func lessonPath(p *course.Place) string { return coursePath(p.Course) + "/" + url.PathEscape(p.Slug) }

// CoursePath is the address of a course in one of so many languages.
func CoursePath(c *course.Course, lang string, of int) string {
	if of < 2 {
		return coursePath(c)
	}
	return coursePath(c) + inLanguage(lang)
}

// LessonPath is the address of a lesson in one of its languages.
func LessonPath(p *course.Place, lang string) string {
	if len(p.Lesson.Versions) < 2 {
		return lessonPath(p)
	}
	return lessonPath(p) + inLanguage(lang)
}

// inLanguage asks for a page with its texts in one language.
func inLanguage(tag string) string { return "?lang=" + url.QueryEscape(tag) }

func filePath(c *course.Course, name string) string {
	return coursePath(c) + "/files/" + (&url.URL{Path: name}).EscapedPath()
}
