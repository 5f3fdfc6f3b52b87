package learn

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"strings"

	"kept/internal/course"
	"kept/internal/page"
	"kept/vault"
)

// homePage is the first page of the site.
type homePage struct {
	page.Head
	Says    string // how many courses and lessons
	Way     template.HTML
	Caption string
	Begin   *link
	GoOn    *goOn
	Tracks  []trackView
	Many    bool
	Search  string
	Picks   []picks
	Member  bool
}

// trackView is a section of the list.
type trackView struct {
	ID, Title string
	Summary   template.HTML
	Courses   []card
}

// goOn is where a member was.
type goOn struct {
	link
	Course courseView
}

func (f *Feature) showHome(w http.ResponseWriter, r *http.Request) error {
	e := f.edition()
	asked := f.narrowed(e, r)
	owner, member := f.c.Who(r.Context())
	if !member {
		return f.Site.Shared(w, r, "learn.home "+asked.key(), e.version, func() (page.Finished, error) {
			return page.Finished{Status: http.StatusOK, Name: "learn/home.html", Page: f.homePage(e, asked)}, nil
		})
	}
	p := f.homePage(e, asked)
	if err := f.forMember(r.Context(), e, owner, asked.lang, p); err != nil {
		return err
	}
	return f.Site.Render(w, r, http.StatusOK, "learn/home.html", p)
}

func (f *Feature) homePage(e *edition, asked choice) *homePage {
	lang := asked.lang
	p := &homePage{Head: page.Head{Current: "/", Canonical: "/", Scripts: []string{progressScript, searchScript},
		Description: lang.Text("Courses for people who learn to code. All of them open without an account."),
		Knows:       f.visitorKnows(lang, lang.Text("Lessons you finish are kept in this browser until you take them into an account or clear them."))}}
	p.Canonical = homePath(asked.track, lang, lang.Reads)
	p.Tracks, p.Picks, p.Many = f.tracks(e, asked), f.picks(e, asked), len(e.Courses) > many
	p.Search = f.c.Search
	p.Says = asked.says(p.Tracks)
	if !p.Many && p.Canonical == "/" {
		p.Way, p.Caption = f.way(e, asked)
	}
	if len(e.Courses) == 1 {
		p.Begin, _ = f.wayOn(e, e.Courses[0], lang, nil)
	}
	return p
}

// tracks lists the courses by track, and those in none at the end.
func (f *Feature) tracks(e *edition, asked choice) []trackView {
	lang, short := asked.lang, len(e.Courses) > many
	var all []trackView
	listed := map[string]bool{}
	for _, t := range e.Tracks {
		if asked.track != "" && asked.track != t.Slug {
			continue
		}
		words := t.In(lang.Reads)
		v := trackView{ID: t.Slug, Title: words.Title, Summary: f.renderers[lang.Tag].Inline(words.Summary)}
		for _, id := range t.Courses {
			if c, ok := e.Course(id); ok && asked.shows(e, c) {
				v.Courses = append(v.Courses, f.card(e, c, lang, short))
				listed[id] = true
			}
		}
		if len(v.Courses) > 0 {
			all = append(all, v)
		}
	}
	rest := trackView{ID: "courses", Title: lang.Text("Courses")}
	if len(all) > 0 {
		rest.Title = lang.Text("More courses")
	}
	for _, c := range e.Courses {
		if asked.track == "" && !listed[c.ID] && asked.shows(e, c) {
			rest.Courses = append(rest.Courses, f.card(e, c, lang, short))
		}
	}
	if len(rest.Courses) > 0 {
		all = append(all, rest)
	}
	return all
}

// forMember puts in what is done and where the member was.
func (f *Feature) forMember(ctx context.Context, e *edition, owner vault.OwnerID, lang *page.Language, p *homePage) error {
	p.Member = true
	p.Knows = f.memberKnows(lang, lang.Text("What you have done comes from the lessons you finished, which are kept in your account until you erase them."))
	standing, err := f.Standing(ctx, f.DB.Read, owner)
	if err != nil {
		return err
	}
	for _, t := range p.Tracks {
		for i := range t.Courses {
			c := &t.Courses[i]
			c.Known, c.Done = true, min(len(standing[c.ID].Lessons), c.Lessons)
		}
	}
	at, err := f.where(ctx, e, owner, standing)
	if err != nil || at == nil {
		return err
	}
	v := f.courseView(e, at.Course, lang)
	v.Done = min(len(standing[v.ID].Lessons), v.Lessons)
	p.GoOn, p.Begin = &goOn{link: *linkTo(at, lang), Course: v}, nil
	return nil
}

// where is the lesson to go on with: the one with the newest code, or the
// first one not done after the newest that is, or one that was left out before
// it. A course of which all is done leads nowhere.
func (f *Feature) where(ctx context.Context, e *edition, owner vault.OwnerID, s Standing) (*course.Place, error) {
	var newest Work
	works, err := f.work.All(ctx, f.DB.Read, vault.Self(owner), owner)
	if err != nil {
		return nil, err
	}
	for _, w := range works {
		if w.Value.Changed.After(newest.Changed) {
			newest = w.Value
		}
	}
	last := s.latest()
	if newest.Changed.After(last.Last) {
		p, _ := e.LessonByID(newest.Lesson)
		return p, nil
	}
	done := s.Done(last.Course)
	p, _ := e.LessonByID(last.Newest)
	if next := firstLeft(p, done); next != nil || p == nil {
		return next, nil
	}
	first, _ := e.First(p.Course)
	return firstLeft(first, done), nil
}

// firstLeft is the first lesson from a place on that is not done.
func firstLeft(p *course.Place, done map[string]bool) *course.Place {
	for p != nil && done[p.Lesson.ID] {
		p = p.Next
	}
	return p
}

// stop is a dot on the picture of the way.
type stop struct {
	path, title, says string
	minutes           int
}

// searchScript offers places while one types.
const searchScript = "search.js"

// mostStops is how many dots the picture has at most.
const mostStops = 6

// way draws where to begin: the chapters of the only course, or the first
// course of each track. The same stands in words in the list below it.
func (f *Feature) way(e *edition, asked choice) (picture template.HTML, caption string) {
	lang := asked.lang
	if len(e.Courses) == 1 {
		return drawWay(lang.Text("The chapters of the course, from the first to the last"), f.chapterStops(e, lang)),
			lang.Text("The way through the course. A larger dot takes longer.")
	}
	var stops []stop
	for _, t := range f.tracks(e, asked) {
		c := t.Courses[0]
		course, _ := e.Course(c.ID)
		stops = append(stops, stop{c.Path, c.Title, t.Title + ", " + c.Says[1], e.facts[course].minutes})
	}
	return drawWay(lang.Text("Where to begin, one course for each track"), stops), lang.Text("Begin at any dot. A larger one takes longer.")
}

func (f *Feature) chapterStops(e *edition, lang *page.Language) []stop {
	c := e.Courses[0]
	var stops []stop
	lessons := 0
	for p, ok := e.First(c); ok && p != nil; p = p.Next {
		if p.Prev == nil || p.Prev.Chapter != p.Chapter {
			stops = append(stops, stop{path: e.outlines[c].pathOf(c, p.Chapter), title: p.Chapter.In(lang.Reads).Title})
			lessons = 0
		}
		lessons++
		at := &stops[len(stops)-1]
		at.minutes += minutesOf(p.Lesson)
		at.says = countLessons(lang, lessons) + ", " + duration(lang, at.minutes)
	}
	return stops
}

// drawWay is nothing for fewer than two stops.
func drawWay(title string, stops []stop) template.HTML {
	if len(stops) < 2 {
		return ""
	}
	const step, left, textAt = 64, 24, 60
	stops = stops[:min(len(stops), mostStops)]
	height := step*len(stops) + 8
	esc := template.HTMLEscapeString
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="pic" viewBox="0 0 372 %d" width="372" height="%d" role="group" aria-labelledby="way-t"><title id="way-t">%s</title>`, height, height, esc(title))
	fmt.Fprintf(&b, `<path fill="none" stroke="currentColor" stroke-width="2" d="M%d %dV%d"/>`, left, step/2, step*len(stops)-step/2)
	for i, s := range stops {
		y := step*i + step/2
		radius := min(6+math.Sqrt(float64(s.minutes))*.9, 18)
		fmt.Fprintf(&b, `<a href="%s"><rect x="0" y="%d" width="372" height="%d" fill="none" pointer-events="all"/><circle class="dot" cx="%d" cy="%d" r="%.1f" fill="currentColor"/>`+
			`<text x="%d" y="%d" font-size="17" font-weight="600">%s</text><text class="q" x="%d" y="%d" font-size="14">%s</text></a>`,
			esc(s.path), step*i, step, left, y, radius, textAt, y, esc(shorten(s.title, 34)), textAt, y+20, esc(s.says))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // all texts in it are escaped
}

func shorten(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	cut := string(runes[:most-1])
	if at := strings.LastIndexByte(cut, ' '); at > len(cut)/2 {
		cut = cut[:at]
	}
	return strings.TrimRight(cut, " .,;:") + "…"
}
