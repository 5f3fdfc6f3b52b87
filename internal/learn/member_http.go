package learn

import (
	"database/sql"
	"errors"
	"net/http"
	"strings"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// place is the lesson that a form stands on.
func (f *Feature) place(r *http.Request) (*course.Place, error) {
	p, ok := f.edition().Lesson(r.PathValue("course"), r.PathValue("lesson"))
	if !ok {
		return nil, fault.NotFound{What: "lesson"}
	}
	return p, nil
}

func (f *Feature) titleOf(r *http.Request, p *course.Place) string {
	return p.Lesson.In(f.Site.Printer(r.Context()).Tag).Title
}

func (f *Feature) markDone(a asked) error {
	p, err := f.place(a.Request)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	files, _ := typed(form, p.Lesson.In(f.Site.Printer(a.Context()).Tag))
	if doneUnseen() {
		return back(a, p)
	}
	err = f.transact(a.Context(), func(tx *sql.Tx) error {
		return f.finish(a.Context(), tx, a.me, p, f.titleOf(a.Request, p), files)
	})
	if err != nil {
		return told(err)
	}
	return back(a, p)
}

func (f *Feature) markUndone(a asked) error {
	p, err := f.place(a.Request)
	if err != nil {
		return err
	}
	if err := f.transact(a.Context(), func(tx *sql.Tx) error { return f.unfinish(a.Context(), tx, a.me, p) }); err != nil {
		return told(err)
	}
	return back(a, p)
}

func (f *Feature) keepWork(a asked) error {
	p, err := f.place(a.Request)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(a.Request)
	if err != nil {
		return err
	}
	files, sent := typed(form, p.Lesson.In(f.Site.Printer(a.Context()).Tag))
	if !sent {
		return fault.Invalid{Fields: []fault.Field{{Message: "Send the code from the lesson's page."}}}
	}
	err = f.transact(a.Context(), func(tx *sql.Tx) error {
		return f.keep(a.Context(), tx, a.me, p, f.titleOf(a.Request, p), files)
	})
	if err != nil {
		return told(err)
	}
	if byScript(a.Request) {
		a.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(a.w, a.Request, lessonPath(p)+"#code", http.StatusSeeOther)
	return nil
}

// byScript tells a form that a script sent, which needs no page.
func byScript(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

func back(a asked, p *course.Place) error {
	http.Redirect(a.w, a.Request, lessonPath(p)+"#finish", http.StatusSeeOther)
	return nil
}

// fieldOf is the name of the form's field for a file.
func fieldOf(file string) string { return "file:" + file }

// typed is the code in a form. It is nil if it is what the exercise begins
// with: that is no work of the learner's. sent is false if there is none.
func typed(form *page.Form, v *course.Version) (files []File, sent bool) {
	if v.Exercise == nil {
		return nil, false
	}
	changed := false
	for _, file := range v.Exercise.Files {
		if !form.Has(fieldOf(file.Name)) {
			continue
		}
		text := form.Raw(fieldOf(file.Name))
		sent = true
		changed = changed || strings.TrimRight(text, "\n") != strings.TrimRight(file.Text, "\n")
		files = append(files, File{Name: file.Name, Lang: file.Lang, Text: text})
	}
	if !changed {
		return nil, sent
	}
	return files, sent
}

// told turns the vault's errors into what a person may be told.
func told(err error) error {
	if value, ok := errors.AsType[*vault.ValueError](err); ok {
		return fault.Invalid{Fields: []fault.Field{{Message: sentence(value.Err)}}}
	}
	if errors.Is(err, vault.ErrNotFound) {
		return fault.NotFound{What: "record"}
	}
	return err
}

func sentence(err error) string {
	if errors.Is(err, errTooMuch) {
		return "Shorten the code: a lesson keeps 20 files and 128 kB at most."
	}
	return "Send the code as text, from the lesson's page."
}

// progressPage shows what is known of what one has done, here and in the
// browser.
type progressPage struct {
	page.Head
	Member  bool
	Courses []CourseProgress
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
	deeds, err := f.Deeds(r.Context(), f.DB.Read, vault.Self(owner), owner)
	if err != nil {
		return err
	}
	p.Member, p.Courses = true, f.Progress(deeds, lang.Tag)
	p.Knows = f.memberKnows(lang, lang.Text("It shows the lessons you finished, which are kept in your account until you erase them, and what this browser holds, which is not sent."))
	return f.Site.Render(w, r, http.StatusOK, "learn/progress.html", p)
}
