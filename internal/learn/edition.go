package learn

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kept/internal/course"
	"kept/internal/course/render"
	"kept/internal/page"
)

// edition is a catalogue with what was worked out from it. A newer catalogue
// has an edition of its own, so no page mixes two.
type edition struct {
	*course.Catalogue
	version string // different for each edition of this process
	stamp   string // different for each process too
	lessons *render.Cache[lessonKey, *lesson]
	facts   map[*course.Course]facts
}

type lessonKey struct {
	version *course.Version
	lang    string // of the words around
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
		lessons: render.NewCache[lessonKey](lessonMemory, (*lesson).size), facts: map[*course.Course]facts{}}
	for _, one := range c.Courses {
		e.facts[one] = factsOf(one)
	}
	f.current.Store(e)
	return e
}

// facts are what a list says about a course.
type facts struct {
	lessons, minutes int
	langs            []string
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

// ownNames are languages in their own words.
var ownNames = map[string]string{
	"ar": "العربية", "da": "Dansk", "de": "Deutsch", "en": "English", "es": "Español", "fi": "Suomi", "fr": "Français",
	"he": "עברית", "hi": "हिन्दी", "it": "Italiano", "ja": "日本語", "ko": "한국어", "nb": "Norsk bokmål", "nl": "Nederlands",
	"pl": "Polski", "pt": "Português", "pt-BR": "Português (Brasil)", "sv": "Svenska", "sw": "Kiswahili", "tr": "Türkçe",
	"uk": "Українська", "zh": "中文", "zh-Hant": "繁體中文",
}

func ownName(tag string) string {
	if name, ok := ownNames[tag]; ok {
		return name
	}
	return tag
}

// dirOf is the direction that a language is written in.
func dirOf(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	if slices.Contains([]string{"ar", "fa", "he", "ur", "yi"}, base) {
		return "rtl"
	}
	return "ltr"
}

// Addresses of pages.
func coursePath(c *course.Course) string { return "/courses/" + url.PathEscape(c.Slug) }

func lessonPath(p *course.Place) string { return coursePath(p.Course) + "/" + url.PathEscape(p.Slug) }

func filePath(c *course.Course, name string) string {
	return coursePath(c) + "/files/" + (&url.URL{Path: name}).EscapedPath()
}
