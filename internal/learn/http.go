package learn

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/page"
)

// Static files of these pages.
const (
	progressScript = "progress.js" // what the browser keeps
	lessonScript   = "lesson.js"   // questions, copying, the table of contents
)

// courseView is a course in a list.
type courseView struct {
	ID, Path, Title string
	Summary         template.HTML
	Lessons         int
	Says            []string // lessons, time, languages
	Done            int
	Known           bool // Done is known, because a member asks
}

// link leads to a page.
type link struct{ Path, Title string }

func (f *Feature) courseView(e *edition, c *course.Course, lang *page.Language) courseView {
	words, facts := c.In(lang.Tag), e.facts[c]
	v := courseView{ID: c.ID, Path: coursePath(c), Title: words.Title, Lessons: facts.lessons,
		Summary: f.renderers[lang.Tag].Inline(words.Summary)}
	v.Says = []string{countLessons(lang, facts.lessons), duration(lang, facts.minutes)}
	names := make([]string, len(facts.langs))
	for i, tag := range facts.langs {
		names[i] = ownName(tag)
	}
	v.Says = append(v.Says, strings.Join(names, ", "))
	return v
}

// coursePage is the first page of a course.
type coursePage struct {
	page.Head
	C        courseView
	Track    string
	Lang     string // of the texts, if it is not the page's
	Dir      string
	AbleTo   []template.HTML
	Intro    template.HTML
	Chapters []chapterView
	Rights   *rights
	Begin    *link
	GoOn     *link
}

type chapterView struct {
	ID, Title string
	Summary   template.HTML
	Lessons   []lessonLine
}

type lessonLine struct {
	ID, Path, Title, Kind, Time string
	Number                      int
	Done                        bool
}

func (f *Feature) showCourse(w http.ResponseWriter, r *http.Request) error {
	e := f.edition()
	c, ok := e.Course(r.PathValue("course"))
	if !ok {
		return fault.NotFound{What: "course"}
	}
	if c.Slug != r.PathValue("course") {
		http.Redirect(w, r, coursePath(c), http.StatusPermanentRedirect)
		return nil
	}
	lang := f.Site.Printer(r.Context())
	owner, member := f.c.Who(r.Context())
	if !member {
		return f.Site.Shared(w, r, "learn.course "+c.Slug, e.version, func() (page.Finished, error) {
			p, err := f.coursePage(r.Context(), e, c, lang, nil)
			return page.Finished{Status: http.StatusOK, Name: "learn/course.html", Page: p}, err
		})
	}
	done, err := f.doneIn(r.Context(), f.DB.Read, owner, c)
	if err != nil {
		return err
	}
	p, err := f.coursePage(r.Context(), e, c, lang, done)
	if err != nil {
		return err
	}
	p.Knows = f.memberKnows(lang, lang.Text("The ticks come from the lessons you finished, which are kept in your account until you erase them."))
	p.C.Known, p.C.Done = true, len(done)
	return f.Site.Render(w, r, http.StatusOK, "learn/course.html", p)
}

func (f *Feature) coursePage(ctx context.Context, e *edition, c *course.Course, lang *page.Language, done map[string]Done) (*coursePage, error) {
	words := c.In(lang.Tag)
	p := &coursePage{C: f.courseView(e, c, lang), Chapters: f.chapters(e, c, lang, done)}
	p.Head = page.Head{Title: words.Title, Description: plain(words.Summary), Current: "/", Canonical: coursePath(c),
		Knows: f.visitorKnows(lang, lang.Text("Lessons you finish are kept in this browser until you take them into an account or clear them.")), Scripts: []string{progressScript}}
	if words.Lang != lang.Tag {
		p.Lang, p.Dir = words.Lang, dirOf(words.Lang)
	}
	r := f.renderers[lang.Tag]
	for _, one := range words.AbleTo {
		p.AbleTo = append(p.AbleTo, r.Inline(one))
	}
	p.Rights = rightsOf(r, c.Rights, nil)
	p.Track = f.trackOf(e, c, lang)
	p.Begin, p.GoOn = f.wayOn(e, c, lang, done)
	var err error
	p.Intro, err = f.Site.Fragment(ctx, "learn.intro "+c.Slug, e.version, func() (template.HTML, error) {
		return r.Page(f.home(e, c, c.Dir+"/course.md"), c.IntroIn(lang.Tag)).HTML, nil
	})
	return p, err
}

func (f *Feature) trackOf(e *edition, c *course.Course, lang *page.Language) string {
	for _, t := range e.Tracks {
		for _, id := range t.Courses {
			if id == c.ID {
				return t.In(lang.Tag).Title
			}
		}
	}
	return ""
}

// wayOn is where a course begins, and the first lesson that a member who has
// begun has not finished.
func (f *Feature) wayOn(e *edition, c *course.Course, lang *page.Language, done map[string]Done) (begin, goOn *link) {
	first, ok := e.First(c)
	if !ok {
		return nil, nil
	}
	begin = linkTo(first, lang)
	for p := first; p != nil && len(done) > 0; p = p.Next {
		if _, finished := done[p.Lesson.ID]; !finished {
			return begin, linkTo(p, lang)
		}
	}
	return begin, nil
}

func linkTo(p *course.Place, lang *page.Language) *link {
	if p == nil {
		return nil
	}
	return &link{Path: lessonPath(p), Title: p.Lesson.In(lang.Tag).Title}
}

// chapters lists the lessons under the names of their chapters.
func (f *Feature) chapters(e *edition, c *course.Course, lang *page.Language, done map[string]Done) []chapterView {
	var all []chapterView
	var last *course.Chapter
	for p, ok := e.First(c); ok && p != nil; p = p.Next {
		if p.Chapter != last || len(all) == 0 {
			last = p.Chapter
			words := p.Chapter.In(lang.Tag)
			all = append(all, chapterView{ID: p.Chapter.Slug, Title: words.Title, Summary: f.renderers[lang.Tag].Inline(words.Summary)})
		}
		_, finished := done[p.Lesson.ID]
		at := &all[len(all)-1]
		at.Lessons = append(at.Lessons, lessonLine{ID: p.Lesson.ID, Path: lessonPath(p), Title: p.Lesson.In(lang.Tag).Title,
			Number: p.Number, Kind: kindWords(lang, p.Lesson.Kind), Time: duration(lang, minutesOf(p.Lesson)), Done: finished})
	}
	return all
}

func kindWords(lang *page.Language, k course.Kind) string {
	switch k {
	case course.Exercise:
		return lang.Text("exercise")
	case course.Quiz, course.Choice:
		return lang.Text("questions")
	case course.FillIn:
		return lang.Text("fill in")
	case course.Dialogue:
		return lang.Text("dialogue")
	case course.Video:
		return lang.Text("video")
	case course.Project:
		return lang.Text("project")
	case course.Elsewhere:
		return lang.Text("elsewhere")
	}
	return lang.Text("reading")
}

// visitorKnows is the counterpart of a page for visitors, with what their own
// browser keeps.
func (f *Feature) visitorKnows(lang *page.Language, browser string) string {
	return f.Site.KnowsNothing(lang) + " " + browser
}

// memberKnows is the counterpart of a page for members, with what else is kept.
func (f *Feature) memberKnows(lang *page.Language, kept string) string {
	if f.c.Knows == nil {
		return f.Site.KnowsNothing(lang) + " " + kept
	}
	return f.c.Knows(lang) + " " + kept
}

// lessonPage is one lesson.
type lessonPage struct {
	page.Head
	L          *lesson
	ID, Path   string
	Course     courseLink
	Number, Of int
	NotchDone  int
	Member     bool
	Done       *Done
	Files      []fileView
	Draft      bool // the code differs from the solution that is kept
	Prev, Next *link
	Sections   []section
}

type courseLink struct{ ID, Path, Title string }

// section is an entry of the table of contents besides the text's own headings.
type section struct{ ID, Title string }

// fileView is a file as it stands in the editor.
type fileView struct {
	Index       int
	Name        string
	Text, Start string
	Rows        int
}

func (f *Feature) showLesson(w http.ResponseWriter, r *http.Request) error {
	e := f.edition()
	p, ok := e.Lesson(r.PathValue("course"), r.PathValue("lesson"))
	if !ok {
		return fault.NotFound{What: "lesson"}
	}
	lang := f.Site.Printer(r.Context())
	owner, member := f.c.Who(r.Context())
	if !member && walled(p) {
		http.Redirect(w, r, signInFor(r), http.StatusSeeOther)
		return nil
	}
	if !member {
		f.noteVisit(r.Context())
		return f.Site.Shared(w, r, "learn.lesson "+p.Course.Slug+"/"+p.Slug, e.version, func() (page.Finished, error) {
			return page.Finished{Status: http.StatusOK, Name: "learn/lesson.html", Page: f.lessonPage(e, p, lang)}, nil
		})
	}
	s, err := f.stateOf(r.Context(), f.DB.Read, owner, p)
	if err != nil {
		return err
	}
	view := f.lessonPage(e, p, lang)
	f.fillLesson(view, s, lang)
	return f.Site.Render(w, r, http.StatusOK, "learn/lesson.html", view)
}

func (f *Feature) lessonPage(e *edition, p *course.Place, lang *page.Language) *lessonPage {
	l := f.lesson(e, p, lang)
	words := p.Course.In(lang.Tag)
	v := &lessonPage{L: l, ID: p.Lesson.ID, Path: lessonPath(p), Course: courseLink{p.Course.ID, coursePath(p.Course), words.Title},
		Number: p.Number, Of: p.Of, Prev: linkTo(p.Prev, lang), Next: linkTo(p.Next, lang)}
	v.Head = page.Head{Title: l.Title + ", " + words.Title, Description: l.Summary, Current: "/", Canonical: v.Path,
		Knows: f.visitorKnows(lang, lang.Text("Lessons you open or finish are kept in this browser until you take them into an account or clear them.")), Scripts: []string{progressScript, lessonScript}}
	if l.Task != nil {
		v.Knows = f.visitorKnows(lang, lang.Text("Lessons you open or finish, and the code you type, are kept in this browser until you take them into an account or clear them."))
		v.Files = filesOf(l.Task, nil)
		v.Sections = append(v.Sections, section{"task", lang.Text("Try it yourself")})
	}
	if len(l.Quizzes) > 0 {
		v.Sections = append(v.Sections, section{"questions", lang.Text("Questions")})
	}
	return v
}

// fillLesson puts what the records say into the page.
func (f *Feature) fillLesson(v *lessonPage, s state, lang *page.Language) {
	v.Member, v.NotchDone = true, s.inCourse
	v.Knows = f.memberKnows(lang, lang.Text("Once you say that you finished this lesson, that and the time are kept until you erase them. They stand on your page if it is open and you do not hide them."))
	var kept []File
	if s.done != nil {
		v.Done = &s.done.Value
		kept = v.Done.Files
	}
	if s.work != nil {
		kept, v.Draft = s.work.Value.Files, true
	}
	if v.L.Task != nil {
		v.Knows = f.memberKnows(lang, lang.Text("Code you type is kept for you alone, until 13 months after your last change. Once you say that you finished this lesson, that, the time and the code are kept until you erase them. They stand on your page if it is open and you do not hide them."))
		v.Files = filesOf(v.L.Task, kept)
	}
}

// filesOf are an exercise's files, with the learner's text where it is kept.
func filesOf(t *task, kept []File) []fileView {
	views := make([]fileView, len(t.Files))
	for i, file := range t.Files {
		views[i] = fileView{Index: i, Name: file.Name, Text: file.Text, Start: file.Text}
		for _, k := range kept {
			if k.Name == file.Name {
				views[i].Text = k.Text
			}
		}
		views[i].Rows = min(max(strings.Count(views[i].Text, "\n")+3, 12), 28)
	}
	return views
}

// signInFor sends to sign in and back: to the page, or for a form to the
// lesson that it stands on.
func signInFor(r *http.Request) string {
	next := r.URL.RequestURI()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		next = (&url.URL{Path: r.URL.Path[:strings.LastIndexByte(r.URL.Path, '/')]}).EscapedPath()
	}
	return "/sign-in?next=" + url.QueryEscape(next)
}
