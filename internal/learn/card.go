package learn

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kept/internal/course"
	"kept/internal/page"
)

// The list of courses is short with two and a list to choose from with sixty:
// then each course has less room, and one can narrow the list down.
const (
	many      = 8   // courses
	ableShown = 3   // things one will be able to do
	cardText  = 140 // characters of a summary where there are many
)

// card is a course in the list of all.
type card struct {
	courseView
	Able      []template.HTML
	Licence   string
	Lang, Dir string // of the texts, if it is not the page's
}

func (f *Feature) card(e *edition, c *course.Course, lang *page.Language, short bool) card {
	words := c.In(lang.Reads)
	out := card{courseView: f.courseView(e, c, lang), Licence: c.Rights.Licence}
	if slices.Contains(e.facts[c].tongues, lang.Reads) {
		out.Path = asks(out.Path, lang)
	}
	if words.Lang != lang.Tag {
		out.Lang, out.Dir = words.Lang, dirOf(words.Lang)
	}
	r := f.renderers[lang.Tag]
	if short {
		out.Summary = r.Inline(shorten(firstParagraph(words.Summary), cardText))
		return out
	}
	for _, one := range words.AbleTo[:min(len(words.AbleTo), ableShown)] {
		out.Able = append(out.Able, r.Inline(one))
	}
	return out
}

// firstParagraph is without marks, so that it can be cut anywhere.
func firstParagraph(markdown string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(markdown), "\n\n")
	return plain(first)
}

// choice is what a reader of the list asked for.
type choice struct {
	track string // slug; "" for all
	lang  *page.Language
}

// key tells lists apart that have the same courses in other words.
func (c choice) key() string { return c.track + " " + c.lang.Reads }

// narrowed reads the address. What is not there to choose is left out.
func (f *Feature) narrowed(e *edition, r *http.Request) choice {
	c := choice{lang: f.reading(r, e.tongues())}
	if t, ok := e.Track(r.URL.Query().Get("track")); ok {
		c.track = t.Slug
	}
	if c.track != "" && len(f.tracks(e, c)) == 0 {
		c.track = "" // it has no course in that language
	}
	return c
}

// tongues are the languages of all courses, that of the most courses first.
func (e *edition) tongues() []string {
	count := map[string]int{}
	var all []string
	for _, c := range e.Courses {
		for _, tag := range e.facts[c].tongues {
			if count[tag]++; count[tag] == 1 {
				all = append(all, tag)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return count[b] - count[a] })
	return all
}

// picks are the links that narrow the list down.
type picks struct {
	Title string
	Links []pick
}

type pick struct {
	Path, Text string
	Lang       string
	Count      int
	Here       bool
}

// picks offers languages where there are several, and tracks where a list is
// long.
func (f *Feature) picks(e *edition, c choice) []picks {
	var all []picks
	lang := c.lang
	if tags := e.tongues(); len(tags) > 1 {
		p := picks{Title: lang.Text("Language")}
		p.add(homePath(c.track, lang, lang.Tag), lang.Text("all"), "", len(e.Courses), lang.Reads == lang.Tag)
		for _, tag := range tags {
			if tag != lang.Tag {
				p.add(homePath(c.track, lang, tag), ownName(tag), tag, e.coursesIn(tag), lang.Reads == tag)
			}
		}
		all = append(all, p)
	}
	if len(e.Tracks) > 1 && len(e.Courses) > many {
		p := picks{Title: lang.Text("Track")}
		p.add(homePath("", lang, lang.Reads), lang.Text("all"), "", len(e.Courses), c.track == "")
		for _, t := range e.Tracks {
			p.add(homePath(t.Slug, lang, lang.Reads), t.In(lang.Reads).Title, "", len(t.Courses), c.track == t.Slug)
		}
		all = append(all, p)
	}
	return all
}

func (p *picks) add(path, text, lang string, n int, here bool) {
	p.Links = append(p.Links, pick{Path: path, Text: text, Lang: lang, Count: n, Here: here})
}

func (e *edition) coursesIn(tag string) int {
	n := 0
	for _, c := range e.Courses {
		if slices.Contains(e.facts[c].tongues, tag) {
			n++
		}
	}
	return n
}

func homePath(track string, lang *page.Language, reads string) string {
	path := "/"
	if track != "" {
		path += "?track=" + url.QueryEscape(track)
	}
	return asks(path, lang.Reading(reads))
}

// shows tells whether a course stands in the list that was asked for.
func (c choice) shows(e *edition, of *course.Course) bool {
	return c.lang.Reads == c.lang.Tag || slices.Contains(e.facts[of].tongues, c.lang.Reads)
}

// says counts what is listed.
func (c choice) says(tracks []trackView) string {
	courses, lessons := 0, 0
	for _, t := range tracks {
		for _, one := range t.Courses {
			courses++
			lessons += one.Lessons
		}
	}
	return countCourses(c.lang, courses) + ", " + countLessons(c.lang, lessons)
}
