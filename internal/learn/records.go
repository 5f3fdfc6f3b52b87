package learn

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kept/internal/course"
	"kept/internal/fault"
	"kept/vault"
)

// Bounds of what one record holds.
const (
	maxFiles = 20
	maxCode  = 128 << 10 // bytes in all files of a lesson
	maxName  = 200       // bytes of a file's name
	maxTitle = 500       // bytes
	// Versions of one lesson, and devices that disagree about one.
	maxVersions = 200
	maxOthers   = 5
	maxKey      = 64
)

// Errors of values that no page makes.
var (
	errNameless = errors.New("a record of a lesson names its course, its lesson and its title")
	errTooMuch  = errors.New("a lesson keeps 20 files and 128 kB of code at most")
	errNotText  = errors.New("code is text: it must be UTF-8")
	errChecked  = errors.New("a solution is checked by server, person, browser or none")
)

func checkDone(d Done) error {
	if !slices.Contains([]string{CheckedServer, CheckedPerson, CheckedBrowser, CheckedNone}, d.Checked) {
		return errChecked
	}
	return checkRecord(d.Course, d.Lesson, d.Title, d.Files)
}

func checkWork(w Work) error {
	if len(w.Others) > maxOthers {
		return errTooMuch
	}
	for _, other := range w.Others {
		if len(other.Key) > maxKey {
			return errTooMuch
		}
		if err := checkFiles(other.Files); err != nil {
			return err
		}
	}
	return checkRecord(w.Course, w.Lesson, w.Title, w.Files)
}

func checkRecord(course, lesson, title string, files []File) error {
	if course == "" || lesson == "" || title == "" || len(course)+len(lesson) > maxTitle || len(title) > maxTitle {
		return errNameless
	}
	return checkFiles(files)
}

func checkFiles(files []File) error {
	size := 0
	for _, file := range files {
		if file.Name == "" || len(file.Name) > maxName || !utf8.ValidString(file.Name) || !utf8.ValidString(file.Text) {
			return errNotText
		}
		size += len(file.Name) + len(file.Text)
	}
	if len(files) > maxFiles || size > maxCode {
		return errTooMuch
	}
	return nil
}

// state is what a member's records say of one lesson.
type state struct {
	done     *vault.Record[Done]
	work     *vault.Record[Work]
	latest   *vault.Record[Version] // handed in last
	answer   Answer                 // of a person
	versions int
	inCourse int            // lessons of the course that are done
	zone     *time.Location // the member's, where a time is to be shown
}

// stateOf asks a few look-ups, however much the member has done.
func (f *Feature) stateOf(ctx context.Context, q vault.Querier, owner vault.OwnerID, p *course.Place) (state, error) {
	var s state
	var err error
	if s.done, err = f.doneOf(ctx, q, vault.Self(owner), owner, p.Lesson.ID); err != nil {
		return s, err
	}
	if s.work, err = f.workOf(ctx, q, vault.Self(owner), owner, p.Lesson.ID); err != nil {
		return s, err
	}
	if s.answer, err = f.answerOf(ctx, q, owner, p); err != nil {
		return s, err
	}
	if s.work != nil && len(s.work.Value.Others) > 0 {
		if s.zone, err = f.zoneOf(ctx, q, owner); err != nil {
			return s, err
		}
	}
	versions, err := f.versionsOf(ctx, q, vault.Self(owner), owner, p.Lesson.ID)
	if err != nil {
		return s, err
	}
	s.versions, s.latest = len(versions), handedInLast(versions)
	inCourse, err := f.doneIn(ctx, q, owner, p.Course)
	s.inCourse = len(inCourse)
	return s, err
}

// doneOf is the record of a finished lesson, or nil. An import can bring a
// second one: the earlier counts.
func (f *Feature) doneOf(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID, lesson string) (*vault.Record[Done], error) {
	return firstOf(f.done.Find(ctx, q, who, vault.Query{Name: byLesson, Value: lesson, Owner: owner, Limit: 1}))
}

// workOf is the newest code kept for a lesson, or nil.
func (f *Feature) workOf(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID, lesson string) (*vault.Record[Work], error) {
	all, err := f.work.Find(ctx, q, who, vault.Query{Name: byLesson, Value: lesson, Owner: owner})
	slices.Reverse(all)
	return firstOf(all, err)
}

// versionsOf are the versions of a lesson's code, the oldest first.
func (f *Feature) versionsOf(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID, lesson string) ([]vault.Record[Version], error) {
	return f.version.Find(ctx, q, who, vault.Query{Name: byLesson, Value: lesson, Owner: owner})
}

func firstOf[T any](all []vault.Record[T], err error) (*vault.Record[T], error) {
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// errAgain says that another request wrote the same lesson first: what was
// read before is not so any more.
var errAgain = errors.New("learn: the lesson was written by another request")

// transact is db.Transact, begun again where another request was faster.
func (f *Feature) transact(ctx context.Context, do func(tx *sql.Tx) error) error {
	const attempts = 4
	for n := 1; ; n++ {
		err := f.DB.Transact(ctx, do)
		again := errors.Is(err, errAgain) || errors.Is(err, vault.ErrConflict)
		if again && n == attempts {
			return fault.Conflict{What: "lesson"}
		}
		if !again {
			return err
		}
	}
}

// finished is a lesson that is being finished.
type finished struct {
	of      *course.Place
	title   string
	files   []File // nil for "what was kept so far"
	checked string
	engine  string // with CheckedServer
}

// finish records that a lesson is done. A second time changes the solution
// alone: the first day stays. A solution that the server or a person has
// checked is replaced by one that the server checked, and by no other.
func (f *Feature) finish(ctx context.Context, tx *sql.Tx, who vault.Who, owner vault.OwnerID, x finished) error {
	work, err := f.workOf(ctx, tx, who, owner, x.of.Lesson.ID)
	if err != nil {
		return err
	}
	if x.files == nil && work != nil {
		x.files = work.Value.Files
	}
	rec, err := f.doneOf(ctx, tx, who, owner, x.of.Lesson.ID)
	if err != nil {
		return err
	}
	fresh := rec == nil
	if fresh {
		rec = &vault.Record[Done]{Owner: owner, Value: Done{Course: x.of.Course.ID, CourseTitle: x.of.Course.In().Title,
			Lesson: x.of.Lesson.ID, Title: x.title, At: f.Now().UTC(), Checked: CheckedNone}}
	}
	if x.betters(rec.Value) {
		x.into(&rec.Value, f.Now().UTC())
	}
	if err := f.putOnce(ctx, tx, who, *rec); err != nil {
		return err
	}
	if fresh {
		if err := f.finishedNow(ctx, tx, who, owner, x.of, rec.Value); err != nil {
			return err
		}
	}
	if work == nil || !slices.Equal(work.Value.Files, rec.Value.Files) || len(work.Value.Others) > 0 {
		return nil
	}
	return f.dropWork(ctx, tx, who, owner, x.of.Lesson.ID)
}

// betters tells whether a solution takes the place of the one that is kept.
func (x finished) betters(kept Done) bool {
	return x.checked == CheckedServer || !proven(kept) || slices.Equal(x.files, kept.Files)
}

func (x finished) into(d *Done, now time.Time) {
	if proven(*d) && x.checked != CheckedServer {
		return // the same code, and what is known of it is more
	}
	if len(x.files) > 0 {
		d.Files, d.Solved = x.files, now
	} else if x.checked == CheckedPerson {
		d.Files, d.Solved = nil, time.Time{} // they read a project, not this code
	}
	d.Checked, d.Engine, d.CheckedAt, d.Proof = x.checked, x.engine, time.Time{}, ""
	if x.checked != CheckedNone {
		d.CheckedAt = now
	}
	if x.checked == CheckedServer || x.checked == CheckedPerson {
		d.Proof = proofOf(d.Lesson, d.Files)
	}
}

// putOnce writes a finished lesson and looks whether it is the only record of
// it. Put locks the owner until the transaction ends, so of two requests that
// both found none, the second sees the first one's here and begins again.
func (f *Feature) putOnce(ctx context.Context, tx *sql.Tx, who vault.Who, rec vault.Record[Done]) error {
	if _, err := f.done.Put(ctx, tx, who, rec); err != nil || rec.Rev > 0 {
		return err
	}
	all, err := f.done.Find(ctx, tx, who, vault.Query{Name: byLesson, Value: rec.Value.Lesson, Owner: rec.Owner, Limit: 2})
	if err == nil && len(all) > 1 {
		return errAgain
	}
	return err
}

// dropWork erases the code in progress of a lesson.
func (f *Feature) dropWork(ctx context.Context, tx *sql.Tx, who vault.Who, owner vault.OwnerID, lesson string) error {
	all, err := f.work.Find(ctx, tx, who, vault.Query{Name: byLesson, Value: lesson, Owner: owner})
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := f.work.Delete(ctx, tx, who, owner, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// unfinish erases that a lesson is done. Its solution becomes code in
// progress again, so that nothing typed is lost.
func (f *Feature) unfinish(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, of *course.Place) error {
	who := vault.Self(owner)
	all, err := f.done.Find(ctx, tx, who, vault.Query{Name: byLesson, Value: of.Lesson.ID, Owner: owner})
	if err != nil {
		return err
	}
	var files []File
	for _, r := range all {
		if len(r.Value.Files) > 0 {
			files = r.Value.Files
		}
		if err := f.done.Delete(ctx, tx, who, owner, r.ID); err != nil {
			return err
		}
	}
	work, err := f.workOf(ctx, tx, who, owner, of.Lesson.ID)
	if err != nil || work != nil || len(files) == 0 {
		return err
	}
	_, err = f.work.Put(ctx, tx, who, vault.Record[Work]{Owner: owner,
		Value: Work{Course: of.Course.ID, Lesson: of.Lesson.ID, Title: all[0].Value.Title, Files: files, Changed: f.Now().UTC()}})
	return err
}

// Deed is a finished lesson as other features show it.
type Deed struct {
	ID, Course, CourseTitle, Lesson, Title string
	Path                                   string // of the lesson's page; empty if it is no longer taught here
	At                                     time.Time
	Files                                  []File
	Checked                                string // CheckedServer, CheckedPerson, CheckedBrowser or CheckedNone; true, whatever was imported
	Audience                               vault.Audience
}

// Deeds are the finished lessons of an owner that a reader may see, the
// newest first, each lesson once.
func (f *Feature) Deeds(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) ([]Deed, error) {
	all, err := f.done.All(ctx, q, who, owner)
	if err != nil {
		return nil, err
	}
	catalogue := f.c.Library.Catalogue()
	slices.SortFunc(all, func(a, b vault.Record[Done]) int {
		return cmp.Or(a.Value.At.Compare(b.Value.At), strings.Compare(a.ID, b.ID))
	})
	seen := map[string]bool{}
	deeds := make([]Deed, 0, len(all))
	for _, r := range all {
		if seen[r.Value.Lesson] {
			continue
		}
		seen[r.Value.Lesson] = true
		deeds = append(deeds, deedOf(catalogue, r))
	}
	slices.Reverse(deeds)
	return deeds, nil
}

func deedOf(catalogue *course.Catalogue, r vault.Record[Done]) Deed {
	d := Deed{ID: r.ID, Course: r.Value.Course, CourseTitle: r.Value.CourseTitle, Lesson: r.Value.Lesson, Title: r.Value.Title,
		At: r.Value.At, Files: r.Value.Files, Checked: checkedOf(r.Value), Audience: r.Audience}
	if p, ok := catalogue.LessonByID(r.Value.Lesson); ok {
		d.Path = lessonPath(p)
	}
	return d
}

// CourseProgress counts what is done of a course.
type CourseProgress struct {
	Course, Title string
	Path          string // empty if the course is no longer taught here
	Done, Of      int    // Of is Done for a course that is gone
	Last          time.Time
}

// Progress counts deeds by course, the latest first. A lesson that was taken
// out of its course stays done, so Done never passes Of.
func (f *Feature) Progress(deeds []Deed, lang string) []CourseProgress {
	catalogue := f.c.Library.Catalogue()
	var all []CourseProgress
	at := map[string]int{}
	for _, d := range deeds {
		i, known := at[d.Course]
		if !known {
			i = len(all)
			at[d.Course] = i
			all = append(all, progressOf(catalogue, d, lang))
		}
		all[i].Done++
	}
	for i := range all {
		all[i].Of = max(all[i].Of, all[i].Done)
	}
	return all
}

func progressOf(catalogue *course.Catalogue, newest Deed, lang string) CourseProgress {
	p := CourseProgress{Course: newest.Course, Title: newest.CourseTitle, Last: newest.At}
	if c, ok := catalogue.Course(newest.Course); ok {
		p.Title, p.Path = c.In(lang).Title, coursePath(c)
		if first, ok := catalogue.First(c); ok {
			p.Of = first.Of
		}
	}
	return p
}
