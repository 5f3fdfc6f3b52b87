package learn

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"kept/internal/course"
	"kept/vault"
)

// scope is what is reset: a course, a part of it, or one lesson.
type scope struct {
	course  string // id
	title   string
	lessons map[string]bool // ids; nil for all of the course
	back    string          // where one came from
}

func (s scope) holds(course, lesson string) bool {
	return course == s.course && (s.lessons == nil || s.lessons[lesson])
}

// belongings are a member's records in a scope.
type belongings struct {
	done     []vault.Record[Done]
	work     []vault.Record[Work]
	versions []vault.Record[Version]
}

func (b belongings) empty() bool { return len(b.done)+len(b.work)+len(b.versions) == 0 }

func (f *Feature) belongingsIn(ctx context.Context, q vault.Querier, owner vault.OwnerID, s scope) (b belongings, err error) {
	who := vault.Self(owner)
	if b.done, err = f.done.Find(ctx, q, who, vault.Query{Name: byCourse, Value: s.course, Owner: owner}); err != nil {
		return b, err
	}
	if b.versions, err = f.version.Find(ctx, q, who, vault.Query{Name: byCourse, Value: s.course, Owner: owner}); err != nil {
		return b, err
	}
	if b.work, err = f.work.All(ctx, q, who, owner); err != nil {
		return b, err
	}
	b.done = slices.DeleteFunc(b.done, func(r vault.Record[Done]) bool { return !s.holds(r.Value.Course, r.Value.Lesson) })
	b.work = slices.DeleteFunc(b.work, func(r vault.Record[Work]) bool { return !s.holds(r.Value.Course, r.Value.Lesson) })
	b.versions = slices.DeleteFunc(b.versions, func(r vault.Record[Version]) bool { return !s.holds(r.Value.Course, r.Value.Lesson) })
	return b, nil
}

// reset takes everything in a scope away: for good, or aside until tomorrow.
// Undo never means that something was not erased: what can come back lies in
// records of its own, with their own last day, and the page says which.
func (f *Feature) reset(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, s scope, aside bool) error {
	b, err := f.belongingsIn(ctx, tx, owner, s)
	if err != nil {
		return err
	}
	if aside {
		if err := f.aside.PutAll(ctx, tx, vault.Self(owner), b.asides(owner)); err != nil {
			return err
		}
	}
	who := vault.Self(owner)
	return errors.Join(eraseAll(ctx, tx, who, f.done, b.done), eraseAll(ctx, tx, who, f.work, b.work), eraseAll(ctx, tx, who, f.version, b.versions))
}

func eraseAll[T any](ctx context.Context, tx *sql.Tx, who vault.Who, kind vault.Kind[T], all []vault.Record[T]) error {
	for _, r := range all {
		if err := kind.Delete(ctx, tx, who, r.Owner, r.ID); err != nil {
			return err
		}
	}
	return nil
}

func (b belongings) asides(owner vault.OwnerID) []vault.Record[Aside] {
	var all []vault.Record[Aside]
	add := func(a Aside) { all = append(all, vault.Record[Aside]{Owner: owner, Value: a}) }
	for _, r := range b.done {
		shelved := Shelved(r.Value)
		add(Aside{Course: r.Value.Course, Lesson: r.Value.Lesson, Title: r.Value.Title, Done: &shelved, Seen: r.Audience.String()})
	}
	for _, r := range b.work {
		add(Aside{Course: r.Value.Course, Lesson: r.Value.Lesson, Title: r.Value.Title, Work: &r.Value})
	}
	for _, r := range b.versions {
		add(Aside{Course: r.Value.Course, Lesson: r.Value.Lesson, Title: r.Value.Title, Version: &r.Value})
	}
	return all
}

// bringBack undoes a reset. What was done meanwhile stays, and what comes back
// to the same lesson stands beside it.
func (f *Feature) bringBack(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, course string) error {
	all, err := f.asidesOf(ctx, tx, owner, course)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := f.bringOne(ctx, tx, owner, r.Value); err != nil {
			return err
		}
	}
	who := vault.Self(owner)
	if err := eraseAll(ctx, tx, who, f.aside, all); err != nil {
		return err
	}
	old, err := f.summary.All(ctx, tx, who, owner)
	if err != nil {
		return err
	}
	return f.sumAgain(ctx, tx, who, owner, old)
}

func (f *Feature) asidesOf(ctx context.Context, q vault.Querier, owner vault.OwnerID, course string) ([]vault.Record[Aside], error) {
	return f.aside.Find(ctx, q, vault.Self(owner), vault.Query{Name: byCourse, Value: course, Owner: owner})
}

func (f *Feature) bringOne(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, a Aside) error {
	who := vault.Self(owner)
	switch {
	case a.Done != nil:
		now, err := f.doneOf(ctx, tx, who, owner, a.Lesson)
		if err != nil {
			return err
		}
		rec := vault.Record[Done]{Owner: owner, Value: Done(*a.Done), Audience: vault.ParseAudience(a.Seen)}
		if now != nil {
			rec = *now
			rec.Value = mostOf(now.Value, Done(*a.Done))
		}
		_, err = f.done.Put(ctx, tx, who, rec)
		return err
	case a.Work != nil:
		now, err := f.workOf(ctx, tx, who, owner, a.Lesson)
		if err != nil {
			return err
		}
		if now != nil {
			return f.putAway(ctx, tx, owner, *a.Work, Draft{Files: a.Work.Files, Changed: a.Work.Changed})
		}
		_, err = f.work.Put(ctx, tx, who, vault.Record[Work]{Owner: owner, Value: *a.Work})
		return err
	case a.Version != nil:
		return f.putVersion(ctx, tx, owner, *a.Version)
	}
	return nil
}

// mostOf keeps the earlier day and the better checked solution of two.
func mostOf(a, b Done) Done {
	if proven(b) && !proven(a) {
		a, b = b, a
	}
	if b.At.Before(a.At) {
		a.At = b.At
	}
	return a
}

// shelf is what lies aside of a course.
type shelf struct {
	Course, Title string
	Lessons       int
	Until         time.Time // its last day
}

func (f *Feature) shelves(ctx context.Context, q vault.Querier, owner vault.OwnerID, lang string) ([]shelf, error) {
	all, err := f.aside.All(ctx, q, vault.Self(owner), owner)
	if err != nil {
		return nil, err
	}
	at, lessons := map[string]*shelf{}, map[string]bool{}
	for _, r := range all {
		s := at[r.Value.Course]
		if s == nil {
			s = &shelf{Course: r.Value.Course, Title: f.courseTitle(r.Value.Course, r.Value.Title, lang)}
			at[r.Value.Course] = s
		}
		if !lessons[r.Value.Lesson] {
			lessons[r.Value.Lesson] = true
			s.Lessons++
		}
		if until := r.Expires.Time(); until.After(s.Until) {
			s.Until = until
		}
	}
	var list []shelf
	for _, s := range at {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b shelf) int { return cmp.Compare(a.Title, b.Title) })
	return list, nil
}

func (f *Feature) courseTitle(id, otherwise, lang string) string {
	if c, ok := f.c.Library.Catalogue().Course(id); ok {
		return c.In(lang).Title
	}
	return otherwise
}

// lessonsOf lists the lessons of a chapter and all below it.
func lessonsOf(c *course.Course, slug string) (title map[string]bool, chapter *course.Chapter) {
	var find func([]*course.Chapter) *course.Chapter
	find = func(all []*course.Chapter) *course.Chapter {
		for _, one := range all {
			if one.Slug == slug {
				return one
			}
			if below := find(one.Chapters); below != nil {
				return below
			}
		}
		return nil
	}
	if chapter = find(c.Chapters); chapter == nil {
		return nil, nil
	}
	ids := map[string]bool{}
	part := course.Course{Chapters: []*course.Chapter{chapter}}
	part.Lessons(func(_ *course.Chapter, l *course.Lesson) bool {
		ids[l.ID] = true
		return true
	})
	return ids, chapter
}
