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

// markDone takes the learner's word for it. The code is a version like any
// other, so that a later solution does not take its place.
func (f *Feature) markDone(a asked) error {
	h, err := f.handed(a)
	if err != nil {
		return err
	}
	if doneUnseen() {
		return back(a, h.of)
	}
	err = f.transact(a.Context(), func(tx *sql.Tx) error {
		if h.files != nil {
			if _, err := f.keep(a.Context(), tx, a.me, h.sent); err != nil {
				return err
			}
			v := Version{Course: h.of.Course.ID, Lesson: h.of.Lesson.ID, Title: h.title, Files: h.files, At: f.Now().UTC(), State: stateKept, Claim: h.claim}
			if err := f.putVersion(a.Context(), tx, a.me, v); err != nil {
				return err
			}
		}
		return f.finish(a.Context(), tx, vault.Self(a.me), a.me, finished{of: h.of, title: h.title, files: h.files, checked: claimed(h.claim)})
	})
	if err != nil {
		return told(err)
	}
	return back(a, h.of)
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

func back(a asked, p *course.Place) error {
	http.Redirect(a.w, a.Request, returnTo(a.Request, p, "finish"), http.StatusSeeOther)
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
