package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// RunDue does everything that is due now, one job after another, timetable
// first, then the lanes in order of urgency, including what these jobs add, and
// returns how many attempts it made. Jobs that fail wait as they always do;
// the error is the database's alone. It is for tests and commands, where the
// clock stands still or nothing else runs.
func (q *Queue) RunDue(ctx context.Context) (n int, err error) {
	if _, err := q.tick(ctx); err != nil {
		return 0, err
	}
	for {
		r, err := q.claimFirst(ctx)
		if err != nil || r == nil {
			return n, err
		}
		n++
		if err := q.attempt(ctx, r); err != nil {
			return n, err
		}
	}
}

// claimFirst takes one job from the most urgent lane that has one due.
func (q *Queue) claimFirst(ctx context.Context) (*Run, error) {
	for _, lane := range q.order {
		runs, err := q.claim(ctx, lane, 1)
		if err != nil {
			return nil, err
		}
		if len(runs) == 1 {
			return runs[0], nil
		}
	}
	return nil, nil
}

// attempt runs a claimed job and records what came of it. The error is the
// database's; the job's own is dealt with.
func (q *Queue) attempt(ctx context.Context, r *Run) error {
	k := q.kind(r.Kind)
	if r.Attempt > k.Attempts {
		return q.failed(ctx, k, r, &Failure{Code: codeCrashed, Final: true})
	}
	err := q.call(ctx, k, r)
	interrupted := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx) // what came of it is recorded all the same
	switch {
	case err == nil:
		ours, err := q.finish(ctx, r)
		return count(&k.done, &k.lost, ours, err)
	case interrupted:
		return q.giveBack(ctx, k, r)
	}
	return q.failed(ctx, k, r, err)
}

// call runs the handler under the kind's timeout and turns a panic into an error.
func (q *Queue) call(ctx context.Context, k *kind, r *Run) (err error) {
	if k.Do == nil {
		return &Failure{Code: codeUnknownKind}
	}
	ctx, cancel := context.WithTimeout(ctx, k.Timeout)
	defer cancel()
	defer func() {
		if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = &Failure{Code: codeTimeout, Err: err} // whatever the handler made of it
		}
	}()
	defer func() {
		if thrown := recover(); thrown != nil {
			// The value may hold anything; the stack holds our own names.
			q.log.Error("job panicked", "kind", r.Kind, "type", fmt.Sprintf("%T", thrown), "stack", string(debug.Stack()))
			err = &Failure{Code: codePanic}
		}
	}()
	return k.Do(ctx, r)
}

// failed buries the job or lets it wait for its next attempt.
func (q *Queue) failed(ctx context.Context, k *kind, r *Run, failure error) error {
	code := codeOf(failure)
	die, after := verdict(failure, r.Attempt, k.Attempts)
	q.log.Warn("job failed", "kind", r.Kind, "job", r.ID, "attempt", r.Attempt, "code", code, "dead", die, "request", r.request)
	if die {
		ours, err := q.bury(ctx, r, code)
		return count(&k.died, &k.lost, ours, err)
	}
	ours, err := q.requeue(ctx, r, q.now().Add(after), code, false)
	return count(&k.retried, &k.lost, ours, err)
}

// giveBack lets a job that was interrupted wait as if it had not begun.
func (q *Queue) giveBack(ctx context.Context, k *kind, r *Run) error {
	ours, err := q.requeue(ctx, r, q.now(), "", true)
	return count(&k.returned, &k.lost, ours, err)
}
