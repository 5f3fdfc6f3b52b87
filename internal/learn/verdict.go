package learn

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"kept/internal/check"
	"kept/internal/course"
	"kept/internal/fault"
	"kept/internal/job"
	"kept/vault"
)

// Judge checks answers, as check.Pool does. A nil Judge checks nothing: then
// solutions are checked in the learner's own browser only.
type Judge interface {
	Can(check.Exercise) bool
	Check(ctx context.Context, key string, e check.Exercise, a check.Answer) (check.Verdict, error)
}

// jobCheck checks the oldest code that a member handed in.
const jobCheck = "learn.check"

// proofOf marks a solution that the server's check has passed. It stands in a
// field that an import cannot bring.
func proofOf(lesson string, files []File) string {
	raw, err := json.Marshal(append([]File{{Name: lesson}}, files...))
	if err != nil {
		return "" // strings always marshal
	}
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// proven tells whether the server, or a person, checked just this solution.
func proven(d Done) bool {
	return (d.Checked == CheckedServer || d.Checked == CheckedPerson) && d.Proof != "" && d.Proof == proofOf(d.Lesson, d.Files)
}

// checkedOf is how a solution was checked, as far as this site knows.
func checkedOf(d Done) string {
	if d.Checked != CheckedBrowser && !proven(d) {
		return CheckedNone
	}
	return d.Checked
}

// Checked says which of the lessons an owner has finished with a solution that
// the server, or a person, has checked: those that a certificate may count. A
// project counts once a person, or its tests, accepted it. Another lesson that
// asks for no code has nothing to check, and counts once it is finished.
func (f *Feature) Checked(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID, lessonIDs []string) (map[string]bool, error) {
	all, err := f.done.All(ctx, q, who, owner)
	if err != nil {
		return nil, err
	}
	e, found := f.edition(), map[string]bool{}
	for _, r := range all {
		p, taught := e.LessonByID(r.Value.Lesson)
		if slices.Contains(lessonIDs, r.Value.Lesson) && (proven(r.Value) || taught && !judgedAtAll(p)) {
			found[r.Value.Lesson] = true
		}
	}
	return found, nil
}

// judgedAtAll tells whether somebody else than the learner says that it is done.
func judgedAtAll(p *course.Place) bool { return asksForCode(p) || p.Lesson.Kind == course.Project }

func asksForCode(p *course.Place) bool {
	x := p.Lesson.In().Exercise
	return x != nil && len(x.Tests) > 0
}

// exerciseOf is what an answer to a lesson is checked against. A lesson has
// the same tests in every language, so the original's count.
func exerciseOf(p *course.Place) check.Exercise { return check.Of(p.Lesson.ID, p.Lesson.In().Exercise) }

// judged tells whether the server can check this lesson's code.
func (f *Feature) judged(p *course.Place) bool {
	return f.c.Judge != nil && asksForCode(p) && f.c.Judge.Can(exerciseOf(p))
}

// handIn keeps code as a version. If the server can check it, a job is queued;
// if not, what the learner's own browser says counts as just that.
func (f *Feature) handIn(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, x finished, claim bool) error {
	v := Version{Course: x.of.Course.ID, Lesson: x.of.Lesson.ID, Title: x.title, Files: x.files, At: f.Now().UTC(), State: stateKept, Claim: claim}
	if claimCounts(claim) {
		x.checked, x.engine = CheckedServer, "browser"
		return f.finish(ctx, tx, vault.Self(owner), owner, x)
	}
	if f.judged(x.of) {
		v.State = stateWaiting
	}
	if err := f.putVersion(ctx, tx, owner, v); err != nil {
		return err
	}
	if err := f.tried(ctx, tx, owner, x.of); err != nil {
		return err
	}
	if v.State == stateWaiting {
		return f.Jobs.Add(ctx, tx, checkJob(owner))
	}
	x.checked = claimed(claim)
	return f.finish(ctx, tx, vault.Self(owner), owner, x)
}

// checkJob is at most one that waits for each member. It checks one version
// and queues itself again for the next, so that whoever hands in much at once
// stands behind everybody else for the second.
func checkJob(owner vault.OwnerID) job.Job {
	return job.Job{Kind: jobCheck, Args: map[string]string{"owner": string(owner)}, Unique: jobCheck + ":" + string(owner)}
}

// putVersion adds a version, once for the same code. Of those that did not
// pass only the last is kept: nobody looks back on attempts.
func (f *Feature) putVersion(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, v Version) error {
	all, err := f.versionsOf(ctx, tx, vault.Self(owner), owner, v.Lesson)
	if err != nil {
		return err
	}
	kept := 0
	for _, r := range all {
		switch {
		case slices.Equal(r.Value.Files, v.Files) || r.Value.State == stateNotYet && v.State == stateWaiting:
			if err := f.version.Delete(ctx, tx, vault.Self(owner), owner, r.ID); err != nil {
				return err
			}
		default:
			kept++
		}
	}
	if kept >= maxVersions {
		return fault.Invalid{Fields: []fault.Field{{Message: "This lesson holds 200 versions of your code. Erase one that you no longer need, then hand in again."}}}
	}
	_, err = f.version.Put(ctx, tx, vault.Self(owner), vault.Record[Version]{Owner: owner, Value: v})
	return err
}

// runCheck does the job. Running code takes long, so it stands between two
// transactions; the second looks whether the version still waits.
func (f *Feature) runCheck(ctx context.Context, run *job.Run) error {
	owner := vault.OwnerID(run.Args["owner"])
	waiting, err := f.waiting(ctx, f.DB.Read, owner)
	if gone(err) || err == nil && len(waiting) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	next := waiting[0]
	p, taught := f.edition().LessonByID(next.Value.Lesson)
	var verdict *check.Verdict
	if taught && f.judged(p) {
		found, err := f.c.Judge.Check(ctx, string(owner), exerciseOf(p), answerOf(next.Value.Files))
		switch {
		case errors.Is(err, check.ErrNoEngine):
		case err != nil && !errors.Is(err, check.ErrAnswer):
			return f.giveUp(ctx, run, next, err)
		default:
			verdict = &found
		}
	}
	return f.settle(ctx, run, next, p, verdict)
}

// waiting are the versions of an owner that no check has looked at, the oldest
// first.
func (f *Feature) waiting(ctx context.Context, q vault.Querier, owner vault.OwnerID) ([]vault.Record[Version], error) {
	return f.version.Find(ctx, q, vault.Work(toCheck), vault.Query{Name: byWaiting, Value: "yes", Owner: owner})
}

// gone tells that there is nobody any more whose code could be checked, or
// that they asked for it not to be used.
func gone(err error) bool {
	return errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrRestricted)
}

func answerOf(files []File) check.Answer {
	var a check.Answer
	for _, file := range files {
		a.Files = append(a.Files, check.File{Name: file.Name, Text: file.Text})
	}
	return a
}

// checkAttempts is how often a check is tried whose engine fails.
const checkAttempts = 4

// giveUp lets the job be tried again, and says after the last time that the
// check could not be carried out: the code is safe, and the learner knows.
func (f *Feature) giveUp(ctx context.Context, run *job.Run, v vault.Record[Version], cause error) error {
	if run.Attempt < checkAttempts || ctx.Err() != nil {
		return &job.Failure{Code: "engine", Err: cause}
	}
	return f.settle(ctx, run, v, nil, nil)
}

// settle writes down what came out: the version's verdict, the finished lesson
// and the counters of where learners stop, and the job is done with it.
func (f *Feature) settle(ctx context.Context, run *job.Run, v vault.Record[Version], p *course.Place, verdict *check.Verdict) error {
	err := f.transact(ctx, func(tx *sql.Tx) error {
		owner := v.Owner
		now, err := f.version.Get(ctx, tx, vault.Work(toCheck), owner, v.ID)
		if err == nil && now.Value.State == stateWaiting {
			err = f.write(ctx, tx, now, p, verdict)
		}
		if err != nil && !gone(err) {
			return err
		}
		rest, err := f.waiting(ctx, tx, owner)
		if err != nil && !gone(err) {
			return err
		}
		if err := run.Finish(ctx, tx); err != nil || len(rest) == 0 {
			return err
		}
		return f.Jobs.Add(ctx, tx, checkJob(owner))
	})
	f.news.tell(v.Owner)
	return err
}

// write puts the verdict into the version, and finishes the lesson if it passed.
func (f *Feature) write(ctx context.Context, tx *sql.Tx, v vault.Record[Version], p *course.Place, verdict *check.Verdict) error {
	found := verdictOf(verdict, f.Now().UTC())
	v.Value.Verdict, v.Value.State = found, stateUnchecked
	if verdict == nil && p != nil {
		return f.unjudged(ctx, tx, v, p)
	}
	if verdict != nil {
		v.Value.State = stateNotYet
		if verdict.Passed {
			v.Value.State = statePassed
		}
	}
	if _, err := f.version.Put(ctx, tx, vault.Work(toCheck), v); err != nil {
		return err
	}
	switch v.Value.State {
	case statePassed:
		return f.finish(ctx, tx, vault.Work(toCheck), v.Owner, finished{of: p, title: v.Value.Title, files: v.Value.Files, checked: CheckedServer, engine: verdict.Engine})
	case stateNotYet:
		return f.stopped(ctx, tx, p, found)
	}
	return nil
}

// unjudged treats code that waited for an engine which is no longer here like
// code that is handed in without one.
func (f *Feature) unjudged(ctx context.Context, tx *sql.Tx, v vault.Record[Version], p *course.Place) error {
	v.Value.Verdict, v.Value.State = nil, stateKept
	if _, err := f.version.Put(ctx, tx, vault.Work(toCheck), v); err != nil {
		return err
	}
	return f.finish(ctx, tx, vault.Work(toCheck), v.Owner, finished{of: p, title: v.Value.Title, files: v.Value.Files, checked: claimed(v.Value.Claim)})
}

// claimed is how code counts that no server has checked.
func claimed(browser bool) string {
	if browser {
		return CheckedBrowser
	}
	return CheckedNone
}

// verdictOf keeps what a learner can use: not the console, which the page
// shows when they run their code themselves.
func verdictOf(found *check.Verdict, now time.Time) *Verdict {
	if found == nil {
		return nil
	}
	v := &Verdict{At: now, Engine: found.Engine, Why: string(found.Why)}
	for _, one := range found.Tests {
		v.Tests = append(v.Tests, Outcome{Passed: one.Passed, Message: strings.ToValidUTF8(one.Message, "")})
	}
	return v
}

// handedInLast is the last version that a check looked at, or will; nil if
// there is none.
func handedInLast(versions []vault.Record[Version]) *vault.Record[Version] {
	for i := len(versions) - 1; i >= 0; i-- {
		if versions[i].Value.State != stateKept {
			return &versions[i]
		}
	}
	return nil
}

// news tells pages that wait for a verdict that there is one. It is of this
// process alone: a page that hears nothing asks again.
type news struct {
	mu      sync.Mutex
	waiting map[vault.OwnerID]chan struct{}
}

// of is closed at the next news for an owner.
func (n *news) of(owner vault.OwnerID) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting == nil {
		n.waiting = map[vault.OwnerID]chan struct{}{}
	}
	if n.waiting[owner] == nil {
		n.waiting[owner] = make(chan struct{})
	}
	return n.waiting[owner]
}

func (n *news) tell(owner vault.OwnerID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if ch := n.waiting[owner]; ch != nil {
		close(ch)
		delete(n.waiting, owner)
	}
}
