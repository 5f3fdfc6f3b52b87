package project

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// minePage lists a member's projects, and those that they could hand in.
type minePage struct {
	page.Head
	Mine    []mine
	Courses []offer
	Reviews bool // the member reviews others'
}

// mine is a project of the member.
type mine struct {
	Submission
	Path     string
	Due      vault.Day // until which a person must answer; 0 if none must
	Busy     bool      // somebody reads it now
	LastTime step
}

// offer is a course with the projects that were not handed in yet.
type offer struct {
	Title   string
	Lessons []lesson
}

func (f *Feature) showMine(a asked) error {
	lang := f.lang(a)
	all, err := f.kinds.submissions.All(a.Context(), f.DB.Read, a.self(), a.me.Owner)
	if err != nil {
		return err
	}
	p := &minePage{Reviews: len(f.scopes(a.Context(), a.me, lang)) > 0,
		Head: page.Head{Title: lang.Text("Projects"), NoIndex: true, Knows: f.c.Knows(lang) + " " + lang.Text("What you handed in is kept with its reviews until you erase it.")}}
	has := map[string]bool{}
	for _, rec := range all {
		s := rec.Value
		has[s.Lesson] = true
		p.Mine = append(p.Mine, mine{Submission: s, Path: HandInPath(s.Lesson), Due: standingOf(&s).Due, Busy: s.open() && s.held(f.Now()), LastTime: stepsOf(a.Context(), &s, 0)[0]})
	}
	slices.SortFunc(p.Mine, func(x, y mine) int { return y.LastTime.At.Compare(x.LastTime.At) })
	for _, c := range f.c.Catalogue().Courses {
		o := offer{Title: c.In(lang.Reads).Title}
		for _, l := range c.Lessons {
			if l.Kind != course.Project || has[l.ID] {
				continue
			}
			if one, ok := f.lesson(l.ID, lang); ok {
				o.Lessons = append(o.Lessons, one)
			}
		}
		if len(o.Lessons) > 0 {
			p.Courses = append(p.Courses, o)
		}
	}
	return f.Site.Render(a.w, a.Request, http.StatusOK, "project/mine.html", p)
}

// projectPage is one project of a member: where it stands, what people said,
// what was handed in, and the form to hand in.
type projectPage struct {
	page.Head
	Form    *page.Form
	L       lesson
	Has     bool
	S       Submission
	Due     vault.Day // until which a person must answer; 0 if none must
	Busy    bool
	Since   step
	Steps   []step
	Said    []said
	Version *shown
	Path    string
	Texts   []textField
	Handle  string
	CanHand bool
	Many    bool
	Begun   string // what a fresh form holds: the text of the "editor", or the "last" that was handed in
}

// textField is a row of the form: a name, and the text below it.
type textField struct {
	Form       *page.Form
	Number     int
	Name, Text string // of the fields
	First      bool
	Open       bool
}

// lessonAsked finds the lesson of a page; one that has left the catalogue is
// known by what was handed in.
func (f *Feature) lessonAsked(a asked) (l lesson, rec vault.Record[Submission], has bool, err error) {
	id := a.PathValue("lesson")
	rec, err = f.ofLesson(a.Context(), f.DB.Read, a.self(), a.me.Owner, id)
	has = err == nil
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return l, rec, false, err
	}
	l, ok := f.lesson(id, f.lang(a))
	switch {
	case ok && (l.Project || has):
		return l, rec, has, nil
	case has:
		return lesson{ID: id, Title: rec.Value.Title, CourseTitle: rec.Value.CourseTitle}, rec, true, nil
	}
	return l, rec, false, fault.NotFound{What: "project"}
}

// FileWrong is what is wrong with the file that was chosen.
func (p *projectPage) FileWrong() string {
	for _, wrong := range p.Form.Errors() {
		if wrong.Name == "file" {
			return wrong.Message
		}
	}
	return ""
}

// MoreOpen reports whether something stands in a text after the first.
func (p *projectPage) MoreOpen() bool {
	return slices.ContainsFunc(p.Texts, func(t textField) bool { return t.Open && !t.First })
}

// State is for the words that say where a project stands.
func (p *projectPage) State() State { return p.S.State }

func (f *Feature) showProject(a asked) error {
	return f.renderProject(a, http.StatusOK, nil)
}

// begin makes a form that holds what stands in the lesson's editor, or else
// what was handed in last.
func (f *Feature) begin(a asked, p *projectPage) error {
	texts, err := f.c.Kept(a.Context(), f.DB.Read, a.me.Owner, p.L.ID)
	if err != nil {
		return err
	}
	p.Form, p.Begun = page.FormOf(url.Values{}), "editor"
	if len(texts) == 0 && p.Version != nil {
		texts, p.Begun = p.Version.Texts, "last"
	}
	if len(texts) == 0 {
		p.Begun = ""
	}
	for i, text := range texts[:min(len(texts), maxTexts)] {
		number := strconv.Itoa(i + 1)
		p.Form.Set("name-"+number, text.Name)
		p.Form.Set("text-"+number, text.Text)
	}
	return nil
}

// renderProject shows a project with a form that was sent, or with a fresh one.
func (f *Feature) renderProject(a asked, status int, form *page.Form) error {
	lang := f.lang(a)
	l, rec, has, err := f.lessonAsked(a)
	if err != nil {
		return err
	}
	p := &projectPage{Form: form, L: l, Has: has, S: rec.Value, Path: HandInPath(l.ID), Handle: a.me.Handle, CanHand: l.Path != "",
		Head: page.Head{Title: l.Title + ", " + lang.Text("Projects"), NoIndex: true, Wrong: !form.OK(),
			Knows: f.c.Knows(lang) + " " + lang.Text("What you hand in here is kept, and read by reviewers of this course until it is accepted or you take it back. You can erase it at any time.")}}
	if has {
		if err := f.fillProject(a, p, rec); err != nil {
			return err
		}
	}
	if form == nil {
		if err := f.begin(a, p); err != nil {
			return err
		}
	}
	p.Texts = textFields(p.Form)
	return f.Site.Render(a.w, a.Request, status, "project/project.html", p)
}

func (f *Feature) fillProject(a asked, p *projectPage, rec vault.Record[Submission]) error {
	s, lang, ctx := &p.S, f.lang(a), a.Context()
	n, err := numberOf(a.URL.Query().Get("version"), s.version())
	if err != nil {
		return err
	}
	p.Busy, p.Steps = s.open() && s.held(f.Now()), stepsOf(ctx, s, n)
	p.Since, p.Due = p.Steps[0], standingOf(s).Due
	p.CanHand = p.CanHand && s.State != Accepted && s.version() < maxVersions
	p.Many = s.version() >= maxVersions
	v, err := f.version(ctx, f.DB.Read, a.self(), rec, n)
	if err == nil {
		p.Version = f.show(ctx, v, p.Path)
	} else if fault.Of(err) != fault.KindNotFound { // it may be erased by itself
		return err
	}
	reviews, err := f.kinds.reviews.Find(ctx, f.DB.Read, a.self(), vault.Query{Name: byReview, Value: s.Key, Owner: rec.Owner})
	if err != nil {
		return err
	}
	slices.Reverse(reviews)
	for _, r := range reviews {
		one, err := f.said(ctx, f.DB.Read, lang, r.Value)
		if err != nil {
			return err
		}
		p.Said = append(p.Said, one)
	}
	return nil
}

// textFields are the rows of the form; those after the first are folded away
// until something stands in them.
func textFields(form *page.Form) []textField {
	var all []textField
	for n := 1; n <= maxTexts; n++ {
		number := strconv.Itoa(n)
		t := textField{Form: form, Number: n, Name: "name-" + number, Text: "text-" + number, First: n == 1}
		t.Open = form.Text(t.Name) != "" || form.Text(t.Text) != ""
		all = append(all, t)
	}
	return all
}

func (f *Feature) postHandIn(a asked) error {
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	l, rec, _, err := f.lessonAsked(a)
	if err != nil {
		return err
	}
	lang := f.lang(a)
	v := readVersion(lang, form)
	if l.Path == "" {
		form.Wrong("", lang.Text("This lesson is no longer taught, so nobody reviews it."))
	}
	if !form.OK() {
		return f.renderProject(a, http.StatusUnprocessableEntity, form)
	}
	name := ""
	if form.Has("shown") {
		name = a.me.Handle
	}
	err = f.DB.Transact(a.Context(), func(tx *sql.Tx) error {
		return f.handIn(a.Context(), tx, a.me.Owner, l, v, name, rec.Value.Machine)
	})
	if full(err) {
		form.Wrong("", fullWords(lang, err))
		return f.renderProject(a, http.StatusConflict, form)
	}
	if err != nil {
		return err
	}
	return f.Site.Notify(a.w, a.Request, HandInPath(l.ID), "project.handed")
}

func fullWords(lang *page.Language, err error) string {
	switch {
	case errors.Is(err, errManyVersions):
		return lang.Text("%d versions are kept of one project. Erase it to begin anew.", maxVersions)
	case errors.Is(err, errAccepted):
		return lang.Text("This project is accepted. Erase it if you want to begin anew.")
	}
	return lang.Text("%d of your projects wait already. Hand this one in when one of them is reviewed, or take one back.", maxOpen)
}

// change does something to the project of a page, and says so.
func (f *Feature) change(a asked, notice, to string, do func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lessonID string) error) error {
	id := a.PathValue("lesson")
	err := f.DB.Transact(a.Context(), func(tx *sql.Tx) error { return do(a.Context(), tx, a.me.Owner, id) })
	if err != nil {
		return err
	}
	return f.Site.Notify(a.w, a.Request, to, notice)
}

func (f *Feature) postWithdraw(a asked) error {
	return f.change(a, "project.withdrawn", HandInPath(a.PathValue("lesson")), f.withdraw)
}

func (f *Feature) postErase(a asked) error {
	return f.change(a, "project.erased", "/projects", f.erase)
}

func (f *Feature) serveMyFile(a asked) error {
	rec, err := f.ofLesson(a.Context(), f.DB.Read, a.self(), a.me.Owner, a.PathValue("lesson"))
	if err != nil {
		return err
	}
	n, err := numberOf(a.PathValue("version"), rec.Value.version())
	if err != nil {
		return err
	}
	v, err := f.version(a.Context(), f.DB.Read, a.self(), rec, n)
	if err != nil {
		return err
	}
	return sendFile(a.w, v)
}
