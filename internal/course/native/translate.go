package native

import (
	"kept/internal/course"
)

// translate adds a translation to its lesson. Code, tests and solutions that
// it leaves out are those of the original.
func (r *reader) translate(lesson *course.Lesson, p parsed) {
	file := p.draft.version.File
	if lesson == nil {
		r.warn(file, 0, "is a translation of %s, which does not exist; add it, or take the language out of the name", p.name)
		return
	}
	if id := p.draft.id; id != "" && id != lesson.Slug {
		r.warn(file, p.draft.idLine, "the id %q is not that of the original, %q; take it away", id, lesson.Slug)
	}
	if kind := p.draft.kind; kind != "" && kind != lesson.Kind {
		r.warn(file, p.draft.kindLine, "the type %q is not that of the original, %q; take it away", string(kind), string(lesson.Kind))
	}
	version := p.draft.version
	version.Lang = p.lang
	r.borrow(&version, lesson.Versions[0])
	lesson.Versions = append(lesson.Versions, &version)
}

func (r *reader) borrow(to, from *course.Version) {
	if from.Exercise == nil {
		return
	}
	if to.Exercise == nil {
		r.warn(to.File, 0, "has no section # Task and shows that of the original; translate it")
		to.Exercise = from.Exercise
		return
	}
	own := to.Exercise
	if len(own.Files) == 0 {
		own.Files, own.Engine = from.Exercise.Files, from.Exercise.Engine
	}
	if len(own.Solutions) == 0 {
		own.Solutions = from.Exercise.Solutions
	}
	if len(own.Hints) == 0 {
		own.Hints = from.Exercise.Hints
	}
	r.borrowTests(to, from.Exercise.Tests)
}

// borrowTests puts the original's code below translated expectations, in the
// order in which they stand.
func (r *reader) borrowTests(to *course.Version, tests []course.Test) {
	own := to.Exercise.Tests
	if len(own) != len(tests) {
		if len(own) > 0 {
			r.warn(to.File, 0, "has %d tests and the original has %d, which are shown; translate each of them in order", len(own), len(tests))
		}
		to.Exercise.Tests = tests
		return
	}
	for i := range own {
		if own[i].Code == "" {
			own[i].Code, own[i].Lang = tests[i].Code, tests[i].Lang
		}
	}
}
