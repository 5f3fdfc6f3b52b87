package learn

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kept/internal/course"
	"kept/internal/page"
)

// Texts exist in languages that the site itself may not speak. "?lang=es" asks
// for a page with its texts in one of them; links on such a page ask for the
// same, so that a learner stays in the language without anything being
// remembered. Without it texts come in the site's language, or in the one that
// they were written in.

// reading is the language of the words around, and of the texts as they are
// asked for if they exist in it.
func (f *Feature) reading(r *http.Request, langs []string) *page.Language {
	lang := f.Site.Printer(r.Context())
	asked := r.URL.Query().Get("lang")
	if asked == "" || asked == lang.Tag || !slices.Contains(langs, asked) {
		return lang
	}
	return lang.Reading(asked)
}

// tonguesOf are all languages that any text of a course exists in.
func tonguesOf(c *course.Course) []string {
	var all []string
	add := func(tag string) {
		if tag != "" && !slices.Contains(all, tag) {
			all = append(all, tag)
		}
	}
	for _, w := range c.Words {
		add(w.Lang)
	}
	for _, l := range c.Lessons {
		for _, v := range l.Versions {
			add(v.Lang)
		}
	}
	return all
}

// tongues is the switch of a page: the same place in other languages.
type tongues struct{ Tongues []tongue }

type tongue struct {
	page.Alternate
	Here bool
}

// offer makes the switch, and tells search engines the same. here is the
// language of the text that is shown.
func (t *tongues) offer(head *page.Head, langs []string, here, path string, lang *page.Language) {
	if len(langs) < 2 {
		return
	}
	for _, tag := range langs {
		to := path
		if tag != lang.Tag {
			to = withLang(path, tag)
		}
		one := page.Alternate{Lang: tag, Name: page.OwnName(tag), Dir: page.DirOf(tag), Path: to}
		head.Alternates = append(head.Alternates, one)
		t.Tongues = append(t.Tongues, tongue{one, tag == here})
	}
}

// asks adds to an address what a page was asked for in.
func asks(path string, lang *page.Language) string {
	if lang.Reads == lang.Tag || path == "" {
		return path
	}
	return withLang(path, lang.Reads)
}

func withLang(path, tag string) string {
	path, anchor, found := strings.Cut(path, "#")
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	path += sign + "lang=" + url.QueryEscape(tag)
	if found {
		path += "#" + anchor
	}
	return path
}

// keep makes links lead to pages in the same language.
func keep(lang *page.Language, links ...*link) {
	for _, l := range links {
		if l != nil {
			l.Path = asks(l.Path, lang)
		}
	}
}

func keepChapters(lang *page.Language, views []chapterView) {
	for _, v := range views {
		for i := range v.Lessons {
			v.Lessons[i].Path = asks(v.Lessons[i].Path, lang)
		}
		for i := range v.Parts {
			v.Parts[i].Path = asks(v.Parts[i].Path, lang)
		}
	}
}

func keepNumbered(lang *page.Language, pages []numbered) {
	for i := range pages {
		pages[i].Path = asks(pages[i].Path, lang)
	}
}

func (p *coursePage) speak(e *edition, c *course.Course, lang *page.Language) {
	p.offer(&p.Head, e.facts[c].tongues, c.In(lang.Reads).Lang, coursePath(c), lang)
	p.Canonical = asks(p.Canonical, lang)
	keep(lang, p.Begin, p.GoOn)
	keepChapters(lang, p.Chapters)
}

func (p *chapterPage) speak(e *edition, c *course.Course, lang *page.Language) {
	p.offer(&p.Head, e.facts[c].tongues, c.In(lang.Reads).Lang, p.Canonical, lang)
	p.Canonical, p.Course.Path = asks(p.Canonical, lang), asks(p.Course.Path, lang)
	keep(lang, p.Prev, p.Next)
	for i := range p.Above {
		keep(lang, &p.Above[i])
	}
	keepChapters(lang, p.Chapters)
	keepNumbered(lang, p.Pages)
}

func (v *lessonPage) speak(p *course.Place, lang *page.Language) {
	v.offer(&v.Head, p.Lesson.Langs(), p.Lesson.In(lang.Reads).Lang, v.Path, lang)
	v.Canonical, v.Course.Path = asks(v.Canonical, lang), asks(v.Course.Path, lang)
	v.Asked = strings.TrimPrefix(asks(v.Path, lang), v.Path)
	keep(lang, v.Prev, v.Next, v.NextTask, v.Chapter)
	keepNumbered(lang, v.Sets)
}

// returnTo is a lesson's address for who sent something from its page, in the
// language that the page was asked for.
func returnTo(r *http.Request, p *course.Place, anchor string) string {
	path := lessonPath(p) + "#" + anchor
	if tag := r.URL.Query().Get("lang"); tag != "" && slices.Contains(p.Lesson.Langs(), tag) {
		return withLang(path, tag)
	}
	return path
}

// pathsIn gives addresses of lessons to links in a text.
func pathsIn(lang *page.Language) func(*course.Place) string {
	return func(p *course.Place) string { return asks(lessonPath(p), lang) }
}
