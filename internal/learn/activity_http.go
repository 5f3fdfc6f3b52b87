package learn

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"slices"
	"time"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// progressPage shows what is known of what one has done, here and in the
// browser.
type progressPage struct {
	page.Head
	Member   bool
	GoOn     *link
	Activity *activity
	Courses  []CourseProgress
	Shelves  []shelf
}

func (f *Feature) showProgress(w http.ResponseWriter, r *http.Request) error {
	lang := f.Site.Printer(r.Context())
	p := &progressPage{Head: page.Head{Title: lang.Text("Your progress"), NoIndex: true, Scripts: []string{progressScript},
		Knows: f.visitorKnows(lang, lang.Text("What it shows is read by your browser out of itself, and is not sent."))}}
	owner, member := f.c.Who(r.Context())
	if !member {
		return f.Site.Shared(w, r, "learn.progress", f.edition().version, func() (page.Finished, error) {
			return page.Finished{Status: http.StatusOK, Name: "learn/progress.html", Page: p}, nil
		})
	}
	if err := f.fillProgress(r.Context(), owner, lang, p); err != nil {
		return err
	}
	p.Knows = f.memberKnows(lang, lang.Text("It shows the lessons you finished, which are kept in your account until you erase them, and what this browser holds, which is not sent."))
	return f.Site.Render(w, r, http.StatusOK, "learn/progress.html", p)
}

func (f *Feature) fillProgress(ctx context.Context, owner vault.OwnerID, lang *page.Language, p *progressPage) error {
	deeds, err := f.Deeds(ctx, f.DB.Read, vault.Self(owner), owner)
	if err != nil {
		return err
	}
	zone, err := f.zoneOf(ctx, f.DB.Read, owner)
	if err != nil {
		return err
	}
	counts := map[time.Time]int{}
	for _, d := range deeds {
		counts[dayIn(d.At, zone)]++
	}
	p.Member, p.Courses = true, f.Progress(deeds, lang.Tag)
	p.Activity = activityOf(counts, dayIn(f.Now(), zone), lang)
	standing, err := f.Standing(ctx, f.DB.Read, owner)
	if err != nil {
		return err
	}
	at, err := f.where(ctx, f.edition(), owner, standing)
	if err != nil {
		return err
	}
	p.GoOn = linkTo(at, lang)
	p.Shelves, err = f.shelves(ctx, f.DB.Read, owner, lang.Tag)
	return err
}

// resetPage asks how to take something away.
type resetPage struct {
	page.Head
	What                    string // title of the lesson, the part or the course
	Course, Chapter, Lesson string
	Done, Work, Versions    int
	Back                    string
	Tomorrow                time.Time
	Nothing                 bool
	Projects                string // path of what people read, which a reset leaves alone
	Parts                   []link // of the course, if all of it is meant
}

// scopeOf reads what a reset is about: the course by its id, and at most one
// part of it.
func (f *Feature) scopeOf(values url.Values, lang *page.Language) (scope, error) {
	e := f.edition()
	s := scope{course: values.Get("course"), title: values.Get("course"), back: "/progress"}
	if s.course == "" {
		return s, fault.NotFound{What: "course"}
	}
	c, taught := e.Course(s.course)
	if taught {
		s.course, s.title = c.ID, c.In(lang.Tag).Title
	}
	if id := values.Get("lesson"); id != "" {
		s.lessons = map[string]bool{id: true}
		if p, ok := e.LessonByID(id); ok {
			s.title, s.back = p.Lesson.In(lang.Tag).Title, lessonPath(p)
		}
	} else if slug := values.Get("chapter"); slug != "" {
		if !taught {
			return s, fault.NotFound{What: "part of the course"}
		}
		ids, chapter := lessonsOf(c, slug)
		if chapter == nil {
			return s, fault.NotFound{What: "part of the course"}
		}
		s.lessons, s.title, s.back = ids, chapter.In(lang.Tag).Title, coursePath(c)
	}
	return s, nil
}

func (f *Feature) showReset(a asked) error {
	lang, query := f.Site.Printer(a.Context()), a.URL.Query()
	s, err := f.scopeOf(query, lang)
	if err != nil {
		return err
	}
	b, err := f.belongingsIn(a.Context(), f.DB.Read, a.me, s)
	if err != nil {
		return err
	}
	if _, taught := f.edition().Course(s.course); !taught && len(b.done) > 0 && s.lessons == nil {
		s.title = b.done[0].Value.CourseTitle
	}
	p := &resetPage{What: s.title, Course: s.course, Chapter: query.Get("chapter"), Lesson: query.Get("lesson"), Done: len(b.done), Work: len(b.work), Versions: len(b.versions),
		Back: s.back, Tomorrow: (vault.DayOf(f.Now()) + vault.Day(asideDays)).Time(), Nothing: b.empty(),
		Head: page.Head{Title: lang.Text("Reset"), NoIndex: true, Knows: f.memberKnows(lang, lang.Text("What you set aside is erased at the end of the next day; what you erase is gone at once."))}}
	if f.c.People != nil {
		p.Projects = f.c.People.Path
	}
	if c, taught := f.edition().Course(s.course); taught && s.lessons == nil && len(c.Chapters) > 1 {
		for _, part := range c.Chapters {
			p.Parts = append(p.Parts, link{Path: "/progress/reset?" + url.Values{"course": {c.ID}, "chapter": {part.Slug}}.Encode(), Title: part.In(lang.Tag).Title, spoken: spokenIn(part.In(lang.Tag).Lang, lang.Tag)})
		}
	}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "learn/reset.html", p)
}

func (f *Feature) postReset(a asked) error {
	return f.onShelf(a, func(ctx context.Context, tx *sql.Tx, s scope, how string) error {
		return f.reset(ctx, tx, a.me, s, how == "aside")
	}, "aside", "erase")
}

func (f *Feature) postAside(a asked) error {
	return f.onShelf(a, func(ctx context.Context, tx *sql.Tx, s scope, how string) error {
		if how == "back" {
			return f.bringBack(ctx, tx, a.me, s.course)
		}
		all, err := f.asidesOf(ctx, tx, a.me, s.course)
		if err != nil {
			return err
		}
		return eraseAll(ctx, tx, vault.Self(a.me), f.aside, all)
	}, "back", "erase")
}

func (f *Feature) onShelf(a asked, do func(ctx context.Context, tx *sql.Tx, s scope, how string) error, known ...string) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	how := form.Raw("how")
	if !slices.Contains(known, how) {
		return fault.Invalid{Fields: []fault.Field{{Message: "Choose from the page what is to be done."}}}
	}
	values := url.Values{"course": {form.Raw("course")}, "chapter": {form.Raw("chapter")}, "lesson": {form.Raw("lesson")}}
	s, err := f.scopeOf(values, f.Site.Printer(a.Context()))
	if err != nil {
		return err
	}
	if err := f.transact(a.Context(), func(tx *sql.Tx) error { return do(a.Context(), tx, s, how) }); err != nil {
		return told(err)
	}
	http.Redirect(a.w, a.Request, "/progress", http.StatusSeeOther)
	return nil
}
