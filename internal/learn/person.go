package learn

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/vault"
)

// People are those of a course who look where a machine cannot judge, or errs.
type People struct {
	// Ask puts code before them.
	Ask func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lessonID string, p Plea) error
	// Answer is where it stands.
	Answer func(ctx context.Context, q vault.Querier, owner vault.OwnerID, lessonID string) (Answer, error)
	// HandIn is the path of the page on which a lesson's project is handed in.
	HandIn func(lessonID string) string
	// Path is the page of all that a member handed in to them.
	Path string
}

// Plea is code that a learner puts before a person.
type Plea struct {
	Files []File
	Note  string
	Check string // what the machine said of it, in words
}

// AnswerState says where something stands that a person looks at.
type AnswerState string

// The states; the zero value is that nobody was asked.
const (
	AnswerWaits    AnswerState = "waits"
	AnswerAccepted AnswerState = "accepted"
	AnswerChanges  AnswerState = "changes"
)

// Answer is where something stands that a person looks at.
type Answer struct {
	State AnswerState
	At    time.Time // when it was handed in
	Due   vault.Day // until when they answer; 0 if there is no such day
	Path  string    // of the page that holds it
}

// answerOf asks where a lesson stands with the people of its course.
func (f *Feature) answerOf(ctx context.Context, q vault.Querier, owner vault.OwnerID, p *course.Place) (Answer, error) {
	if f.c.People == nil || !asksForCode(p) && p.Lesson.Kind != course.Project {
		return Answer{}, nil
	}
	return f.c.People.Answer(ctx, q, owner, p.Lesson.ID)
}

// mayAsk tells whether a lesson's page offers a person: to whom a machine has
// refused code, and to whom it could not check it.
func (f *Feature) mayAsk(p *course.Place, s *state) bool {
	if f.c.People == nil || s == nil || noPerson() || !asksForCode(p) {
		return false
	}
	return s.answer.State == "" || s.answer.State == AnswerChanges
}

// disagrees tells whether there is a verdict that somebody may disagree with,
// or none where one was wanted.
func (s *state) disagrees() bool {
	if s.done != nil && proven(s.done.Value) {
		return false
	}
	return s.done != nil && len(s.done.Value.Files) > 0 || s.latest != nil && (s.latest.Value.State == stateNotYet || s.latest.Value.State == stateUnchecked)
}

// postPerson puts what stands in the editor before a person, and keeps it as a
// version like any code that was handed in.
func (f *Feature) postPerson(a asked) error {
	h, err := f.handed(a)
	if err != nil {
		return err
	}
	if f.c.People == nil || !asksForCode(h.of) {
		return fault.NotFound{What: "page"}
	}
	if h.files == nil {
		return fault.Invalid{Fields: []fault.Field{{Message: "Write some code first: this is what the lesson begins with."}}}
	}
	err = f.transact(a.Context(), func(tx *sql.Tx) error { return f.plead(a.Context(), tx, a.me, h) })
	if err != nil {
		return told(err)
	}
	http.Redirect(a.w, a.Request, returnTo(a.Request, h.of, "tests"), http.StatusSeeOther)
	return nil
}

func (f *Feature) plead(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, h handed) error {
	if _, err := f.keep(ctx, tx, owner, h.sent); err != nil {
		return err
	}
	all, err := f.versionsOf(ctx, tx, vault.Self(owner), owner, h.of.Lesson.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(r vault.Record[Version]) bool { return slices.Equal(r.Value.Files, h.files) })
	plea := Plea{Files: h.files, Note: h.note}
	if at >= 0 {
		plea.Check = checkWords(h.of, all[at].Value.Verdict)
	} else if err := f.putVersion(ctx, tx, owner, Version{Course: h.of.Course.ID, Lesson: h.of.Lesson.ID, Title: h.title, Files: h.files, At: f.Now().UTC(), State: stateKept, Claim: h.claim}); err != nil {
		return err
	}
	return f.c.People.Ask(ctx, tx, owner, h.of.Lesson.ID, plea)
}

// checkWords is what a check said, a line for each test that did not pass. It
// is for people of the course, who read the lesson as it was written.
func checkWords(p *course.Place, v *Verdict) string {
	if v == nil {
		return ""
	}
	var lines []string
	tests := p.Lesson.In().Exercise.Tests
	for i, one := range v.Tests {
		if one.Passed || i >= len(tests) {
			continue
		}
		line := strings.TrimSpace("✗ " + tests[i].Says)
		if one.Message != "" {
			line += "\n  " + one.Message
		}
		lines = append(lines, line)
	}
	if v.Why != "" {
		lines = append(lines, v.Why)
	}
	return strings.Join(lines, "\n")
}

// Kept is the code that a member has in the editor of a lesson, or handed in
// there, so that it can be handed in to people without typing it again.
func (f *Feature) Kept(ctx context.Context, q vault.Querier, owner vault.OwnerID, lessonID string) ([]File, error) {
	p, taught := f.edition().LessonByID(lessonID)
	if !taught {
		return nil, nil
	}
	s, err := f.stateOf(ctx, q, owner, p)
	if err != nil {
		return nil, err
	}
	return f.fillKept(&bench{}, owner, &s), nil
}

// AcceptedByPerson finishes a lesson whose code, or whose project, a person has
// accepted. code is what they read in place of a machine; what was handed in as
// a project stays with its readers, and is not taken into the lesson's record,
// which others may see.
func (f *Feature) AcceptedByPerson(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lessonID string, code []File) error {
	p, taught := f.edition().LessonByID(lessonID)
	if !taught {
		return nil
	}
	files := []File{} // not nil: what stands in the editor was not read by anybody
	if checkFiles(code) == nil {
		files = append(files, withLangs(p, code)...)
	}
	return f.finish(ctx, tx, vault.Work(toCheck), owner, finished{of: p, title: p.Lesson.In().Title, files: files, checked: CheckedPerson})
}

// withLangs puts the languages back that files have in their exercise.
func withLangs(p *course.Place, files []File) []File {
	x := p.Lesson.In().Exercise
	if x == nil {
		return files
	}
	for i := range files {
		for _, file := range x.Files {
			if file.Name == files[i].Name {
				files[i].Lang = file.Lang
			}
		}
	}
	return files
}

// Refuses tells whether a machine has a say on a lesson: whoever says that it is
// done, and is not believed, was refused by one.
func (f *Feature) Refuses(lessonID string) bool {
	p, taught := f.edition().LessonByID(lessonID)
	return taught && asksForCode(p)
}
