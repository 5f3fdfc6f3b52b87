package learn

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"time"

	"kept/internal/course"
	"kept/internal/prove"
	"kept/vault"
)

// workChecks try what is promised of learners' code.
func (f *Feature) workChecks() []prove.Check {
	return []prove.Check{
		{Promise: "F3", How: "A stranger opens an exercise. The page must bring the editor, the tests and the frame in which code runs.", Try: f.tryExercise},
		{Promise: "F4", How: "A member types code in two browsers that do not know of each other. Both must be kept, and the lesson must ask which to go on with.", Try: f.tryTwoBrowsers},
		{Promise: "B3", How: "A member hands in code that solves nothing and says that it passed, then the author's solution. Only the second may count.", Try: f.tryHandingIn},
		{Promise: "F12", How: "A member's code is refused by a check. The lesson must offer a person, and asking for one must put the code before the people of the course, to be answered within a month.", Try: f.tryPerson},
	}
}

// exercise is the first lesson that fits, and code that solves it.
func (f *Feature) exercise(fits func(*course.Place) bool) (p *course.Place, solution []course.File) {
	e := f.edition()
	for _, c := range e.Courses {
		for p, ok := e.First(c); ok && p != nil; p = p.Next {
			x := p.Lesson.In().Exercise
			if x != nil && len(x.Tests) > 0 && len(x.Solutions) > 0 && fits(p) {
				return p, x.Solutions[0]
			}
		}
	}
	return nil, nil
}

func whichever(*course.Place) bool { return true }

func (f *Feature) tryExercise(ctx context.Context, s *prove.Site) (string, error) {
	p, _ := f.exercise(whichever)
	if p == nil {
		return "no exercise is here, so none is closed", nil
	}
	browser := s.Browser()
	got, err := ask(ctx, browser, s.URL+lessonPath(p), nil)
	if err != nil {
		return "", err
	}
	for _, part := range []string{"data-editor=", "data-try", `id="tests"`, "<textarea"} {
		if got.status != http.StatusOK || !bytes.Contains(got.body, []byte(part)) {
			return "", prove.Failed("%s answers a stranger with %d and without %s", lessonPath(p), got.status, part)
		}
	}
	for _, path := range []string{"/runner/frame", "/runner/client.js", "/static/editor/editor.js"} {
		if got, err := ask(ctx, browser, s.URL+path, nil); err != nil || got.status != http.StatusOK {
			return "", errOr(err, prove.Failed("%s answers a stranger with %d", path, got.status))
		}
	}
	return "an exercise opened without an account, with editor, tests and the frame that runs code", nil
}

// inForm is code as a lesson's form sends it.
func inForm(files []course.File, more ...string) url.Values {
	form := url.Values{}
	for _, file := range files {
		form.Set(fieldOf(file.Name), file.Text)
	}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

// wrong is an exercise's beginning with a remark: work, and no solution.
func wrong(p *course.Place, remark string) []course.File {
	var files []course.File
	for _, file := range p.Lesson.In().Exercise.Files {
		file.Text += "\n" + remark + "\n"
		files = append(files, file)
	}
	return files
}

func (f *Feature) tryTwoBrowsers(ctx context.Context, s *prove.Site) (string, error) {
	p, _ := f.exercise(whichever)
	if p == nil {
		return "no exercise is here, so no code can be typed", nil
	}
	member, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	for _, remark := range []string{"typed on a phone", "typed on a laptop"} {
		if _, err := ask(ctx, member.Browser, s.URL+lessonPath(p)+"/code", inForm(wrong(p, remark), "base", "")); err != nil {
			return "", err
		}
	}
	got, err := ask(ctx, member.Browser, s.URL+lessonPath(p), nil)
	if err != nil {
		return "", err
	}
	for _, want := range []string{"typed on a phone", "typed on a laptop", "data-choice"} {
		if !bytes.Contains(got.body, []byte(want)) {
			return "", prove.Failed("after two browsers sent different code, the lesson does not hold %q", want)
		}
	}
	return "two browsers sent different code for one lesson: both were kept, and the lesson asks", nil
}

func (f *Feature) tryHandingIn(ctx context.Context, s *prove.Site) (string, error) {
	p, solution := f.exercise(f.judged)
	if p == nil {
		return "nothing here can be checked on the server, so no solution counts", nil
	}
	member, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	counts, err := f.handedIn(ctx, s, member, p, wrong(p, "// solves nothing"))
	if err != nil {
		return "", err
	}
	if counts {
		return "", prove.Failed("code that solves nothing counts, because its learner's browser says so")
	}
	if counts, err = f.handedIn(ctx, s, member, p, solution); err != nil || counts {
		return "code that solves nothing did not count, whatever its browser said; the author's solution did, after it ran on the server", err
	}
	return "", prove.Failed("the author's own solution does not count after the server has run it")
}

// handedIn hands code in with the claim that it passed, and tells whether the
// lesson counts then.
func (f *Feature) handedIn(ctx context.Context, s *prove.Site, m *prove.Member, p *course.Place, files []course.File) (bool, error) {
	if _, err := ask(ctx, m.Browser, s.URL+lessonPath(p)+"/hand-in", inForm(files, "browser", "passed")); err != nil {
		return false, err
	}
	if err := s.Work(ctx); err != nil {
		return false, err
	}
	found, err := f.Checked(ctx, s.DB.Read, vault.Self(m.Owner), m.Owner, []string{p.Lesson.ID})
	return found[p.Lesson.ID], err
}

func (f *Feature) tryPerson(ctx context.Context, s *prove.Site) (string, error) {
	p, _ := f.exercise(f.judged)
	if p == nil || f.c.People == nil {
		return "no machine judges anybody's code here", nil
	}
	member, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	if _, err := f.handedIn(ctx, s, member, p, wrong(p, "// solves nothing")); err != nil {
		return "", err
	}
	got, err := ask(ctx, member.Browser, s.URL+lessonPath(p), nil)
	if err != nil {
		return "", err
	}
	if !bytes.Contains(got.body, []byte(`formaction="`+lessonPath(p)+`/person"`)) {
		return "", prove.Failed("a lesson whose check refused code does not offer a person")
	}
	if got, err = ask(ctx, member.Browser, s.URL+lessonPath(p)+"/person", inForm(wrong(p, "// solves nothing"), "note", "Look at it, please.")); err != nil {
		return "", err
	}
	if got.status != http.StatusSeeOther {
		return "", prove.Failed("asking for a person is answered with %d", got.status)
	}
	answer, err := f.c.People.Answer(ctx, s.DB.Read, member.Owner, p.Lesson.ID)
	if err != nil || answer.State != AnswerWaits || answer.Due == 0 || answer.Due > vault.DayOf(f.Now().AddDate(0, 1, 0)) {
		return "", errOr(err, prove.Failed("code that a person shall look at waits for nobody, or for longer than a month"))
	}
	return "a check refused code; its lesson offers a person, and the code waits for one, with a day within a month", nil
}

func (f *Feature) plantVersion(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
	r, err := f.version.Put(ctx, tx, vault.Self(owner), vault.Record[Version]{Owner: owner, Value: Version{Course: "planted", Lesson: "planted/" + marker,
		Title: "A lesson " + marker, At: f.Now().UTC().Truncate(time.Second), State: stateNotYet, Files: planted(marker),
		Verdict: &Verdict{At: f.Now().UTC().Truncate(time.Second), Engine: "quickjs", Tests: []Outcome{{Message: marker}}}}})
	return r.ID, err
}

func (f *Feature) plantSummary(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
	r, err := f.summary.Put(ctx, tx, vault.Self(owner), vault.Record[Summary]{Owner: owner, Value: Summary{Course: "planted/" + marker, Title: "A course " + marker,
		Lessons: []string{"planted/" + marker}, Records: 1, Last: f.Now().UTC().Truncate(time.Second)}})
	return r.ID, err
}

func (f *Feature) plantAside(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
	r, err := f.aside.Put(ctx, tx, vault.Self(owner), vault.Record[Aside]{Owner: owner, Value: Aside{Course: "planted", Lesson: "planted/" + marker,
		Title: "A lesson " + marker, Work: &Work{Course: "planted", Lesson: "planted/" + marker, Title: "A lesson " + marker, Files: planted(marker)}}})
	return r.ID, err
}

func planted(marker string) []File {
	return []File{{Name: "plant.js", Lang: "js", Text: "// " + marker}}
}
