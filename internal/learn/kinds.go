package learn

import (
	"time"

	"kept/internal/page"
	"kept/vault"
)

// File is one file of a learner's code.
type File struct {
	Name string `json:"name" doc:"its name in the exercise"`
	Lang string `json:"lang" doc:"the language it is written in, as js, html, css, py"`
	Text string `json:"text"`
}

// Done is a lesson that a member finished.
type Done struct {
	Course      string    `json:"course" doc:"id of the course"`
	CourseTitle string    `json:"courseTitle" doc:"what the course was called then"`
	Lesson      string    `json:"lesson" doc:"id of the lesson"`
	Title       string    `json:"title" doc:"what the lesson was called then"`
	At          time.Time `json:"at" doc:"when it was finished first"`
	Files       []File    `json:"files,omitempty" doc:"the solution, if the lesson asks for code"`
	Solved      time.Time `json:"solved,omitzero" doc:"when this solution was kept"`
	Checked     string    `json:"checked" doc:"how it was checked"`
}

// Work is code that a member has not finished.
type Work struct {
	Course  string    `json:"course" doc:"id of the course"`
	Lesson  string    `json:"lesson" doc:"id of the lesson"`
	Title   string    `json:"title" doc:"what the lesson was called then"`
	Files   []File    `json:"files"`
	Changed time.Time `json:"changed" doc:"when it was last changed"`
}

// ByYourself is how a lesson was checked if the learner says so and nobody looked.
const ByYourself = "by yourself"

const (
	kindDone = "lesson-done"
	kindWork = "lesson-work"
)

// The purposes of progress.
const (
	toShow    = "your page"
	toCertify = "certificates"
	toGoOn    = "your progress"
)

// The look-ups of both kinds.
const (
	byLesson = "lesson"
	byCourse = "course"
)

// workDays is 13 months: long enough to come back to a course next year.
const workDays vault.Days = 396

func declareDone(reg *vault.Registry) vault.Kind[Done] {
	return vault.Declare(reg, vault.Spec[Done]{
		Name: kindDone, Title: page.Key("Finished lesson"),
		Sentence:  page.Key("That you finished a lesson, when, with which code, and how that was checked."),
		Purposes:  []string{toShow, toCertify, toGoOn},
		Basis:     vault.Contract,
		Retention: vault.UntilErased(),
		Audience:  vault.AnyoneMaySee,
		Audiences: []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee},
		Portable:  true,
		ByProgram: true,
		Indexes: []vault.Index[Done]{
			{Name: byLesson, Of: func(d Done) []vault.Key { return []vault.Key{{Value: d.Lesson, Sort: d.At.Unix()}} }},
			{Name: byCourse, Of: func(d Done) []vault.Key { return []vault.Key{{Value: d.Course, Sort: d.At.Unix()}} }},
		},
		Check:    func(d Done) error { return checkRecord(d.Course, d.Lesson, d.Title, d.Files) },
		Describe: func(d Done) string { return d.Title + ", " + d.CourseTitle },
	})
}

func declareWork(reg *vault.Registry) vault.Kind[Work] {
	return vault.Declare(reg, vault.Spec[Work]{
		Name: kindWork, Title: page.Key("Code you are working on"),
		Sentence:  page.Key("What you typed in a lesson and have not finished, so that you can go on in any browser."),
		Purposes:  []string{toGoOn},
		Basis:     vault.Contract,
		Retention: vault.For(workDays),
		Audience:  vault.OnlyMe,
		Portable:  true,
		ByProgram: true,
		Indexes: []vault.Index[Work]{
			{Name: byLesson, Of: func(w Work) []vault.Key { return []vault.Key{{Value: w.Lesson, Sort: w.Changed.Unix()}} }},
		},
		Check:    func(w Work) error { return checkRecord(w.Course, w.Lesson, w.Title, w.Files) },
		Describe: func(w Work) string { return w.Title },
	})
}
