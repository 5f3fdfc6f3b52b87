package learn

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/page"
)

// Static files of these pages.
const (
	progressScript = "progress.js" // what the browser keeps
	lessonScript   = "lesson.js"   // questions, tabs, copying, the table of contents
	offlineScript  = "offline.js"  // reading without a connection
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
type link struct {
	Path, Title string
	spoken
}

// spoken is the language of a title, where it is not that of what stands around
// it: a screen reader must know.
type spoken struct{ Lang, Dir string }

func spokenIn(lang, around string) spoken {
	if lang == "" || lang == around {
		return spoken{}
	}
	return spoken{lang, dirOf(lang)}
}

func (f *Feature) courseView(e *edition, c *course.Course, lang *page.Language) courseView {
	words, facts := c.In(lang.Reads), e.facts[c]
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
	tongues
	C        courseView
	Track    string
	Lang     string // of the texts, if it is not the page's
	Dir      string
	AbleTo   []template.HTML
	Intro    template.HTML
	Chapters []chapterView
	Known    bool // a member asks
	Rights   *rights
	Begin    *link
	GoOn     *link
	Stops    string // path of where its learners stop
	Along    string // address of what to take along for reading without a connection
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
	lang := f.reading(r, e.facts[c].tongues)
	owner, member := f.c.Who(r.Context())
	if !member {
		return f.Site.Shared(w, r, "learn.course "+c.Slug+" "+lang.Reads, e.version, func() (page.Finished, error) {
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
	p.C.Known, p.C.Done, p.Known = true, len(done), true
	return f.Site.Render(w, r, http.StatusOK, "learn/course.html", p)
}

func (f *Feature) coursePage(ctx context.Context, e *edition, c *course.Course, lang *page.Language, done map[string]bool) (*coursePage, error) {
	words := c.In(lang.Reads)
	p := &coursePage{C: f.courseView(e, c, lang), Chapters: lister{f, c, lang, done}.list(e.outlines[c].top), Along: asks(alongPath(c), lang)}
	p.Head = page.Head{Title: words.Title, Description: plain(words.Summary), Current: "/", Canonical: coursePath(c),
		Knows: f.visitorKnows(lang, lang.Text("Lessons you finish are kept in this browser until you take them into an account or clear them.")), Scripts: []string{progressScript, offlineScript}}
	if words.Lang != lang.Tag {
		p.Lang, p.Dir = words.Lang, dirOf(words.Lang)
	}
	r := f.renderers[lang.Tag]
	for _, one := range words.AbleTo {
		p.AbleTo = append(p.AbleTo, r.Inline(one))
	}
	p.Rights, p.Stops = rightsOf(r, c.Rights, nil), StopsPath(c)
	p.Track = f.trackOf(e, c, lang)
	p.Begin, p.GoOn = f.wayOn(e, c, lang, done)
	p.speak(e, c, lang)
	var err error
	p.Intro, err = f.Site.Fragment(ctx, "learn.intro "+c.Slug+" "+lang.Reads, e.version, func() (template.HTML, error) {
		first := c.FirstPage(lang.Reads)
		return r.Page(f.home(e, c, first.File), first.Blocks).HTML, nil
	})
	return p, err
}

func (f *Feature) trackOf(e *edition, c *course.Course, lang *page.Language) string {
	for _, t := range e.Tracks {
		for _, id := range t.Courses {
			if id == c.ID {
				return t.In(lang.Reads).Title
			}
		}
	}
	return ""
}

// wayOn is where a course begins, and the first lesson that a member who has
// begun has not finished.
func (f *Feature) wayOn(e *edition, c *course.Course, lang *page.Language, done map[string]bool) (begin, goOn *link) {
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
	words := p.Lesson.In(lang.Reads)
	return &link{lessonPath(p), words.Title, spokenIn(words.Lang, lang.Tag)}
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
	tongues
	L          *lesson
	ID, Path   string
	Asked      string // "?lang=es" on a page that was asked for so, for what is sent from it
	Course     courseLink
	Number, Of int
	NotchDone  int
	Member     bool
	Done       *Done
	Bench      *bench // where one writes code; nil if the lesson asks for none
	Prev, Next *link
	NextTask   *link // the next lesson in which one does something, if it is not the next one
	Chapter    *link // if it has a page of its own
	Quiz       *quiz
	Sets       []numbered // of questions, if there are several to choose from
	Sections   []section
	HandIn     string // path of the page on which a project is handed in
	Answer     Answer // of the people who read it
	Alone      bool   // they alone judge it, and no machine
	Proven     bool   // a machine or a person found that it is done
}

type courseLink struct{ ID, Path, Title string }

// section is an entry of the table of contents besides the text's own headings.
type section struct{ ID, Title string }

func (f *Feature) showLesson(w http.ResponseWriter, r *http.Request) error {
	e := f.edition()
	p, ok := e.Lesson(r.PathValue("course"), r.PathValue("lesson"))
	if !ok {
		return fault.NotFound{What: "lesson"}
	}
	set := setAsked(p, r)
	lang := f.reading(r, e.facts[p.Course].tongues)
	owner, member := f.c.Who(r.Context())
	if !member && walled(p) {
		http.Redirect(w, r, signInFor(r), http.StatusSeeOther)
		return nil
	}
	f.allowFrame(w, p)
	if !member {
		f.noteVisit(r.Context())
		return f.Site.Shared(w, r, "learn.lesson "+p.Course.Slug+"/"+p.Slug+"/"+strconv.Itoa(set)+" "+lang.Reads, e.version, func() (page.Finished, error) {
			return page.Finished{Status: http.StatusOK, Name: "learn/lesson.html", Page: f.lessonPage(e, p, lang, set)}, nil
		})
	}
	s, err := f.stateOf(r.Context(), f.DB.Read, owner, p)
	if err != nil {
		return err
	}
	view := f.lessonPage(e, p, lang, set)
	f.fillLesson(view, s, lang)
	f.fillBench(view, p, owner, &s, lang)
	return f.Site.Render(w, r, http.StatusOK, "learn/lesson.html", view)
}

// setAsked is the number of the set of questions that is asked for, from 0. Of
// several sets a page shows one.
func setAsked(p *course.Place, r *http.Request) int {
	if r.URL.RawQuery == "" {
		return 0
	}
	n, err := strconv.Atoi(r.URL.Query().Get("set"))
	if err != nil || n < 1 || n > len(p.Lesson.Versions[0].Quizzes) {
		return 0
	}
	return n - 1
}

func (f *Feature) lessonPage(e *edition, p *course.Place, lang *page.Language, set int) *lessonPage {
	l := f.lesson(e, p, lang)
	words := p.Course.In(lang.Reads)
	v := &lessonPage{L: l, ID: p.Lesson.ID, Path: lessonPath(p), Course: courseLink{p.Course.ID, coursePath(p.Course), words.Title},
		Number: p.Number, Of: p.Of, Prev: linkTo(p.Prev, lang), Next: linkTo(p.Next, lang), NextTask: linkTo(nextTask(p), lang)}
	v.Head = page.Head{Title: l.Title + ", " + words.Title, Description: l.Summary, Current: "/", Canonical: v.Path,
		Knows: f.visitorKnows(lang, lang.Text("Lessons you open or finish are kept in this browser, to be read without a connection too, until you take them into an account or clear them. So are your choice of tabs and what you tick off.")), Scripts: []string{progressScript, lessonScript, offlineScript}}
	if l.Task != nil {
		v.Knows = f.visitorKnows(lang, lang.Text("Lessons you open or finish, and the code you type, are kept in this browser, to be read without a connection too, until you take them into an account or clear them. So are your choice of tabs and what you tick off."))
		f.fillBench(v, p, "", nil, lang)
		v.Sections = append(v.Sections, section{"task", lang.Text("Try it yourself")})
	}
	if o := e.outlines[p.Course]; o.folded && o.of[p.Chapter] != nil {
		v.Chapter = chapterLink(p.Course, o.of[p.Chapter], lang)
	}
	if p.Lesson.Kind == course.Project && f.c.People != nil {
		v.HandIn, v.Alone = f.c.People.HandIn(p.Lesson.ID), !asksForCode(p)
	}
	v.ask(set)
	if len(l.Quizzes) > 0 {
		v.Sections = append(v.Sections, section{"questions", lang.Text("Questions")})
	}
	v.speak(p, lang)
	return v
}

// ask chooses one of the sets of questions.
func (v *lessonPage) ask(set int) {
	if set >= len(v.L.Quizzes) {
		set = 0
	}
	if len(v.L.Quizzes) == 0 {
		return
	}
	v.Quiz = &v.L.Quizzes[set]
	for i := range v.L.Quizzes {
		if len(v.L.Quizzes) > 1 {
			v.Sets = append(v.Sets, numbered{Path: v.Path + "?set=" + strconv.Itoa(i+1) + "#questions", First: i + 1, Here: i == set})
		}
	}
}

// nextTask is the next lesson in which one does something, behind the next.
func nextTask(p *course.Place) *course.Place {
	if p.Next == nil || hasTask(p.Next.Lesson) {
		return nil
	}
	for next := p.Next.Next; next != nil; next = next.Next {
		if hasTask(next.Lesson) {
			return next
		}
	}
	return nil
}

func hasTask(l *course.Lesson) bool {
	return l.Kind == course.Exercise || l.Kind == course.Project || hasExercise(l.Versions[0].Blocks)
}

// hasExercise tells whether a text asks its reader to do something.
func hasExercise(blocks []course.Block) bool {
	return slices.ContainsFunc(blocks, func(b course.Block) bool {
		return b.Shape == course.Box && b.Style == "exercise" || hasExercise(b.Blocks)
	})
}

// fillLesson puts what the records say into the page.
func (f *Feature) fillLesson(v *lessonPage, s state, lang *page.Language) {
	v.Member, v.NotchDone = true, s.inCourse
	v.Knows = f.memberKnows(lang, lang.Text("Once you say that you finished this lesson, that and the time are kept until you erase them. They stand on your page if it is open and you do not hide them."))
	if s.done != nil {
		v.Done, v.Proven = &s.done.Value, proven(s.done.Value)
	}
	v.Answer = s.answer
	if v.L.Task != nil {
		v.Knows = f.memberKnows(lang, lang.Text("Code you type is kept for you alone, until 13 months after your last change, and a copy in this browser until you sign out. What you hand in is run on this site to check it, and kept with the result until you erase it. That you finished this lesson, when and with which code stands on your page if it is open and you do not hide it."))
	}
	if v.Alone {
		v.Knows = f.memberKnows(lang, lang.Text("Code you type is kept for you alone, until 13 months after your last change, and a copy in this browser until you sign out. What you hand in is kept on the page of your project, and read by reviewers of the course until it is accepted or you take it back. That you finished this lesson, when, and its code if you marked it as done yourself, stand on your page if it is open and you do not hide it."))
	}
	v.Knows += " " + lang.Text("The page as strangers see it is kept in this browser, to be read without a connection, until you sign out; so are your choice of tabs and what you tick off.")
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
