package project

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"kept/internal/fault"
	"kept/internal/mail"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/sabotage"
)

// leaseTime is how long somebody has a project for themselves.
const leaseTime = 24 * time.Hour

// reviewer is who asks, as a reader of one course.
type reviewer struct {
	Member
	who  vault.Who
	role string
}

// reviewer finds the role in which somebody reads the projects of a course.
func (f *Feature) reviewer(ctx context.Context, me Member, courseID string) (reviewer, bool) {
	for _, role := range roleNames() {
		if who, ok := f.c.As(ctx, role, ScopeOf(courseID)); ok {
			return reviewer{Member: me, who: who, role: role}, true
		}
	}
	if sabotage.Is(breakAnyReader) {
		return reviewer{Member: me, who: vault.Work(toReview), role: "none"}, true
	}
	return reviewer{}, false
}

// scoped is a course whose projects somebody may review.
type scoped struct {
	reviewer
	course, slug, Title string
	Stops               string // path of where its learners stop
}

// scopes are the courses whose projects somebody may review.
func (f *Feature) scopes(ctx context.Context, me Member, lang *page.Language) []scoped {
	var all []scoped
	for _, c := range f.c.Catalogue().Courses {
		if who, ok := f.reviewer(ctx, me, c.ID); ok {
			all = append(all, scoped{who, c.ID, c.Slug, c.In(lang.Reads).Title, f.c.Stops(c)})
		}
	}
	return all
}

// queued is a project with the course under which it was found.
type queued struct {
	vault.Record[Submission]
	in scoped
}

// pageSize is how many projects a page of the queue shows.
const pageSize = 20

// queue reads what waits in so many courses, the oldest first: one query for
// each course, whatever waits there. The cursor of the last of a page says where
// the next begins in all of them.
func (f *Feature) queue(ctx context.Context, q vault.Querier, in []scoped, after string) (all []queued, next string, err error) {
	for _, s := range in {
		some, err := f.kinds.submissions.Find(ctx, q, s.who, vault.Query{Name: bySubmission, Value: openIn(s.course), Limit: pageSize + 1, After: after})
		if ended(err) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		for _, rec := range some {
			all = append(all, queued{rec, s})
		}
	}
	slices.SortFunc(all, func(a, b queued) int {
		return cmp.Or(a.Value.Since.Compare(b.Value.Since), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.ID, b.ID))
	})
	if len(all) > pageSize {
		last := all[pageSize-1]
		next = f.kinds.submissions.Cursor(vault.Query{Name: bySubmission, Value: openIn(last.in.course)}, last.Record)
		all = all[:pageSize]
	}
	return all, next, nil
}

// ended reports that a role is over, though the session still names it.
func ended(err error) bool {
	var refused *vault.RefusedError
	return errors.As(err, &refused)
}

// holding are the projects that somebody has taken.
func (f *Feature) holding(ctx context.Context, q vault.Querier, me Member, in []scoped) (all []queued, err error) {
	for _, s := range in {
		some, err := f.kinds.submissions.Find(ctx, q, s.who, vault.Query{Name: bySubmission, Value: heldBy(me.Owner)})
		if err != nil && !ended(err) {
			return nil, err
		}
		for _, rec := range some {
			if rec.Value.Course == s.course && rec.Value.held(f.Now()) {
				all = append(all, queued{rec, s})
			}
		}
	}
	return all, nil
}

// find reads one project as its reviewer.
func (f *Feature) find(ctx context.Context, q vault.Querier, r reviewer, key string) (vault.Record[Submission], error) {
	return f.kinds.submissions.FindOne(ctx, q, r.who, bySubmission, keyOf(key))
}

// mayTake reports whether somebody may take what waits: not their own, not what
// another one has, and not what they gave an opinion on already.
func (f *Feature) mayTake(me Member, rec vault.Record[Submission]) bool {
	s := &rec.Value
	free := !s.held(f.Now()) || s.Reviewer == me.Owner
	return s.open() && free && rec.Owner != me.Owner && !slices.Contains(s.Before, me.Owner)
}

// errGone says that a project is not there for this reviewer, or not any more.
var errGone = errors.New("project: taken back, erased, or another one's")

// take gives a project to a reviewer for a day. Of two at once one is told that
// it is gone.
func (f *Feature) take(ctx context.Context, tx *sql.Tx, r reviewer, key string) error {
	rec, err := f.find(ctx, tx, r, key)
	if err != nil || !f.mayTake(r.Member, rec) {
		return gone(err)
	}
	rec.Value.Reviewer, rec.Value.Lease = r.Owner, f.Now().UTC().Add(leaseTime)
	_, err = f.kinds.submissions.Put(ctx, tx, r.who, rec)
	if err != nil {
		return gone(err)
	}
	return nil
}

func gone(err error) error {
	if err == nil || errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrConflict) || errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrRestricted) {
		return errGone
	}
	return err
}

// held reads a project that the reviewer has taken.
func (f *Feature) held(ctx context.Context, q vault.Querier, r reviewer, key string) (vault.Record[Submission], error) {
	rec, err := f.find(ctx, q, r, key)
	if err != nil {
		return rec, gone(err)
	}
	if !rec.Value.open() || rec.Value.Reviewer != r.Owner || !rec.Value.held(f.Now()) || rec.Owner == r.Owner {
		return rec, errGone
	}
	return rec, nil
}

func (f *Feature) release(ctx context.Context, tx *sql.Tx, r reviewer, key string) error {
	rec, err := f.held(ctx, tx, r, key)
	if err != nil {
		return err
	}
	rec.Value.Reviewer, rec.Value.Lease = "", time.Time{}
	_, err = f.kinds.submissions.Put(ctx, tx, r.who, rec)
	return err
}

// errNewer says that another version was handed in while one was read.
var errNewer = errors.New("project: a newer version is there")

// decide writes a review and what follows from it. A second opinion always
// decides.
func (f *Feature) decide(ctx context.Context, tx *sql.Tx, r reviewer, key string, review Review) (asked bool, err error) {
	rec, err := f.held(ctx, tx, r, key)
	if err != nil {
		return false, err
	}
	s := &rec.Value
	if review.Version != s.version() {
		return false, errNewer
	}
	review.Second = review.Second && s.State != Second
	review.Submission, review.Title, review.Role, review.Reviewer, review.At = s.Key, s.Title, r.role, r.Owner, f.Now().UTC()
	if _, err := f.kinds.reviews.Put(ctx, tx, r.who, vault.Record[Review]{Owner: rec.Owner, Scope: rec.Scope, Audience: vault.Team, Value: review}); err != nil {
		return false, gone(err)
	}
	s.Reviewer, s.Lease = "", time.Time{}
	switch {
	case review.Second:
		s.State, s.Before = Second, append(s.Before, r.Owner)
	case review.Verdict == Accept:
		s.State, s.Before, rec.Audience = Accepted, nil, vault.OnlyMe
	default:
		s.State, s.Before = Changes, nil
	}
	if rec, err = f.kinds.submissions.Put(ctx, tx, r.who, rec); err != nil {
		return false, gone(err)
	}
	if s.State == Accepted {
		if err := f.accepted(ctx, tx, rec); err != nil {
			return false, gone(err)
		}
	}
	if review.Second {
		return true, nil
	}
	return false, f.tell(ctx, tx, rec.Owner)
}

// accepted tells the lesson, and takes the work out of every reviewer's sight.
func (f *Feature) accepted(ctx context.Context, tx *sql.Tx, rec vault.Record[Submission]) error {
	who := vault.Work(toReview)
	var code []Text
	if rec.Value.Machine {
		v, err := f.version(ctx, tx, who, rec, rec.Value.version())
		if err != nil && fault.Of(err) != fault.KindNotFound { // it may be erased by itself
			return err
		}
		code = v.Texts
	}
	if err := f.c.Accepted(ctx, tx, rec.Owner, rec.Value.Lesson, code); err != nil {
		return err
	}
	return f.hide(ctx, tx, who, rec)
}

// tell writes the learner that a review is there, and nothing of it.
func (f *Feature) tell(ctx context.Context, tx *sql.Tx, owner vault.OwnerID) error {
	to, lang, ok, err := f.c.Letter(ctx, tx, owner)
	if err != nil || !ok {
		return err
	}
	draft, err := f.mails.Write("reviewed", lang, map[string]string{"Link": f.Site.Absolute("/projects")})
	if err != nil {
		return err
	}
	return f.Post.Queue(ctx, tx, mail.Receiver{Owner: to.Owner, Address: to.Address, Name: to.Name}, draft)
}

// earlier are the reviews that a reviewer may read: those of versions before
// this one, and of this one their own. What another said of it stays out of
// sight until they have said theirs, which ends their reading.
func (f *Feature) earlier(ctx context.Context, q vault.Querier, r reviewer, rec vault.Record[Submission]) ([]Review, error) {
	all, err := f.kinds.reviews.Find(ctx, q, r.who, vault.Query{Name: byReview, Value: rec.Value.Key, Owner: rec.Owner})
	var seen []Review
	for _, one := range all {
		if one.Value.Version < rec.Value.version() || one.Value.Reviewer == r.Owner {
			seen = append(seen, one.Value)
		}
	}
	return seen, err
}

// version reads one version of a project.
func (f *Feature) version(ctx context.Context, q vault.Querier, who vault.Who, rec vault.Record[Submission], n int) (Version, error) {
	all, err := f.kinds.versions.Find(ctx, q, who, vault.Query{Name: byVersion, Value: versionOf(rec.Value.Key, n), Owner: rec.Owner, Limit: 1})
	if err != nil {
		return Version{}, err
	}
	if len(all) == 0 {
		return Version{}, fault.NotFound{What: "version"}
	}
	return all[0].Value, nil
}
