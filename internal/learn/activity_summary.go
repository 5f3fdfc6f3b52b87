package learn

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"kept/internal/course"
	"kept/vault"
)

// Standing is how far a member is in each course, by the course's id.
type Standing map[string]Summary

// Done is the set of finished lessons of a course.
func (s Standing) Done(course string) map[string]bool {
	found := map[string]bool{}
	for _, id := range s[course].Lessons {
		found[id] = true
	}
	return found
}

// latest is the course in which a lesson was finished last; empty if none was.
func (s Standing) latest() (last Summary) {
	for _, one := range s {
		if one.Last.After(last.Last) {
			last = one
		}
	}
	return last
}

// Standing reads the sums that are kept beside the finished lessons: a record
// for each course, however many lessons are done. Where the sums do not fit the
// records, as after an import, it counts these.
func (f *Feature) Standing(ctx context.Context, q vault.Querier, owner vault.OwnerID) (Standing, error) {
	kept, _, fits, err := f.sums(ctx, q, vault.Self(owner), owner)
	if err != nil || fits {
		return standingOf(kept), err
	}
	all, err := f.done.All(ctx, q, vault.Self(owner), owner)
	return sumUp(all), err
}

func standingOf(kept []vault.Record[Summary]) Standing {
	s := Standing{}
	for _, r := range kept {
		s[r.Value.Course] = r.Value
	}
	return s
}

// sums reads what is kept, and whether it sums up just the records there are.
func (f *Feature) sums(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) (kept []vault.Record[Summary], records int, fits bool, err error) {
	if kept, err = f.summary.All(ctx, q, who, owner); err != nil {
		return nil, 0, false, err
	}
	groups, err := f.Vault.Subject(owner).Groups(ctx, q)
	if err != nil {
		return nil, 0, false, err
	}
	for _, g := range groups {
		if g.Info.Name == kindDone {
			records += g.Count
		}
	}
	summed, courses := 0, map[string]bool{}
	for _, r := range kept {
		summed += r.Value.Records
		courses[r.Value.Course] = true
	}
	return kept, records, summed == records && len(courses) == len(kept), nil
}

// sumUp counts finished lessons by course.
func sumUp(all []vault.Record[Done]) Standing {
	s := Standing{}
	for _, r := range all {
		s[r.Value.Course] = s[r.Value.Course].with(r.Value)
	}
	return s
}

// with adds a finished lesson to a sum.
func (s Summary) with(d Done) Summary {
	s.Course, s.Title = d.Course, d.CourseTitle
	s.Records++
	if !slices.Contains(s.Lessons, d.Lesson) {
		s.Lessons = append(s.Lessons, d.Lesson)
	}
	if d.At.After(s.Last) || s.Newest == "" {
		s.Last, s.Newest = d.At, d.Lesson
	}
	return s
}

// finishedNow follows a lesson that was finished for the first time: its
// course's sum, and the counter of where learners stop.
func (f *Feature) finishedNow(ctx context.Context, tx *sql.Tx, who vault.Who, owner vault.OwnerID, of *course.Place, d Done) error {
	if err := f.count(ctx, tx, of, countFinished); err != nil {
		return err
	}
	kept, records, _, err := f.sums(ctx, tx, who, owner)
	if err != nil {
		return err
	}
	summed := 0
	for _, r := range kept {
		summed += r.Value.Records
	}
	if summed != records-1 {
		return f.sumAgain(ctx, tx, who, owner, kept)
	}
	rec := vault.Record[Summary]{Owner: owner}
	for _, r := range kept {
		if r.Value.Course == d.Course {
			rec = r
		}
	}
	rec.Value = rec.Value.with(d)
	_, err = f.summary.Put(ctx, tx, who, rec)
	return err
}

// sumAgain makes all sums anew.
func (f *Feature) sumAgain(ctx context.Context, tx *sql.Tx, who vault.Who, owner vault.OwnerID, old []vault.Record[Summary]) error {
	for _, r := range old {
		if err := f.summary.Delete(ctx, tx, who, owner, r.ID); err != nil {
			return err
		}
	}
	all, err := f.done.All(ctx, tx, who, owner)
	if err != nil {
		return err
	}
	var sums []vault.Record[Summary]
	for _, s := range sumUp(all) {
		sums = append(sums, vault.Record[Summary]{Owner: owner, Value: s})
	}
	return f.summary.PutAll(ctx, tx, who, sums)
}

// forgetSummary is the last word of a finished lesson: whoever erases one must
// not find it in a sum. The sum is thrown away; the next lesson makes it again.
func (k kinds) forgetSummary(ctx context.Context, tx *sql.Tx, d vault.Record[Done]) error {
	who := vault.Self(d.Owner)
	all, err := k.summary.Find(ctx, tx, who, vault.Query{Name: byCourse, Value: d.Value.Course, Owner: d.Owner})
	for _, r := range all {
		if err = k.summary.Delete(ctx, tx, who, d.Owner, r.ID); err != nil {
			break
		}
	}
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNotFound) {
		return nil // the owner's time is over, and everything goes
	}
	return err
}

// doneIn is the set of finished lessons of a course, by id.
func (f *Feature) doneIn(ctx context.Context, q vault.Querier, owner vault.OwnerID, c *course.Course) (map[string]bool, error) {
	s, err := f.Standing(ctx, q, owner)
	return s.Done(c.ID), err
}
