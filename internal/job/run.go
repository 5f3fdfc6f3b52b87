package job

import (
	"context"
	"maps"
	"sync"
	"time"
)

// How long Run rests between two looks at the database: doubled while nothing
// is found. A job that is known to come due cuts the rest short, Wake ends it.
const (
	shortRest = 100 * time.Millisecond
	longRest  = 500 * time.Millisecond
)

// Run works until ctx ends; then it takes no more jobs, lets those that run
// finish within Grace, ends the others' contexts, gives their leases back and
// returns. It returns no error: while the database does not answer it logs so
// and tries again.
func (q *Queue) Run(ctx context.Context) {
	w := &workers{q: q, free: map[string]int{}, running: map[*Run]context.CancelFunc{}}
	for lane, n := range q.lanes {
		w.free[lane] = n
	}
	stopRenewing := w.keepRenewing(context.WithoutCancel(ctx))
	defer stopRenewing()
	w.loop(ctx)
	w.stop(context.WithoutCancel(ctx))
}

// workers is the state of one Run.
type workers struct {
	q    *Queue
	done sync.WaitGroup
	tick time.Time // when the timetable wants attention; the loop's alone
	down bool      // the database did not answer last time; the loop's alone

	mu      sync.Mutex
	free    map[string]int // workers of each lane that have nothing to do
	running map[*Run]context.CancelFunc
}

func (w *workers) loop(ctx context.Context) {
	rest := shortRest
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.q.wake:
			rest = shortRest
		case <-timer.C:
		}
		started, next, err := w.startDue(ctx)
		w.noteDown(ctx, err)
		rest = min(2*rest, longRest)
		if started > 0 {
			rest = shortRest
		}
		timer.Reset(w.q.until(next, rest))
	}
}

// noteDown logs once when the database stops answering, not at every look.
func (w *workers) noteDown(ctx context.Context, err error) {
	if err != nil && !w.down && ctx.Err() == nil {
		w.q.log.Error("jobs wait for the database", "code", codeOf(err))
	}
	w.down = err != nil
}

// until is how long to rest before next, at least a moment, at most rest.
func (q *Queue) until(next time.Time, rest time.Duration) time.Duration {
	if next.IsZero() {
		return rest
	}
	return max(min(next.Sub(q.now()), rest), time.Millisecond)
}

// startDue starts as many due jobs as there are free workers, and says when the
// next one is due that a free worker could take.
func (w *workers) startDue(ctx context.Context) (started int, next time.Time, err error) {
	if !w.q.now().Before(w.tick) {
		if w.tick, err = w.q.tick(ctx); err != nil {
			return 0, time.Time{}, err
		}
	}
	next = w.tick
	for _, lane := range w.q.order {
		n, due, err := w.startLane(ctx, lane)
		if err != nil {
			return started, time.Time{}, err
		}
		started += n
		if !due.IsZero() && due.Before(next) {
			next = due
		}
	}
	return started, next, nil
}

func (w *workers) startLane(ctx context.Context, lane string) (started int, next time.Time, err error) {
	free := w.freeIn(lane)
	if free == 0 {
		return 0, time.Time{}, nil // a worker that gets free wakes the loop
	}
	due, found, err := w.q.nextDue(ctx, lane)
	if err != nil || !found {
		return 0, time.Time{}, err
	}
	if due.After(w.q.now()) {
		return 0, due, nil
	}
	runs, err := w.q.claim(ctx, lane, free)
	for _, r := range runs {
		w.start(ctx, r)
	}
	return len(runs), time.Time{}, err
}

func (w *workers) freeIn(lane string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.free[lane]
}

// start runs a job on a worker of its lane. Its context outlives ctx, until stop
// or a lost lease cancels it.
func (w *workers) start(ctx context.Context, r *Run) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.mu.Lock()
	w.free[r.lane]--
	w.running[r] = cancel
	w.mu.Unlock()
	w.done.Go(func() {
		defer w.end(r, cancel)
		if err := w.q.attempt(ctx, r); err != nil {
			// The lease will end, and the job be taken again.
			w.q.log.Error("end of job not recorded", "kind", r.Kind, "job", r.ID, "code", codeOf(err))
		}
	})
}

func (w *workers) end(r *Run, cancel context.CancelFunc) {
	cancel()
	w.mu.Lock()
	w.free[r.lane]++
	delete(w.running, r)
	w.mu.Unlock()
	w.q.Wake()
}

// keepRenewing renews the leases of running jobs until the returned function is
// called, three times in a lease, so that one slow answer loses none.
func (w *workers) keepRenewing(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		ticker := time.NewTicker(w.q.lease / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				w.renewAll(ctx)
			}
		}
	})
	return func() { cancel(); done.Wait() }
}

func (w *workers) renewAll(ctx context.Context) {
	for r, cancel := range w.list() {
		if r.done.Load() {
			continue // the handler's transaction holds the row, if it is still there
		}
		if ours, err := w.q.renew(ctx, r); err == nil && !ours && !r.done.Load() {
			cancel() // another process may have it by now
		}
	}
}

func (w *workers) list() map[*Run]context.CancelFunc {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.running)
}

// stop waits for running jobs, then cancels them, which gives them back. Those
// whose handlers do not listen are given back over their heads: they can no
// longer finish.
func (w *workers) stop(ctx context.Context) {
	finished := make(chan struct{})
	go func() { w.done.Wait(); close(finished) }()
	if within(w.q.grace, finished) {
		return
	}
	for _, cancel := range w.list() {
		cancel()
	}
	if within(time.Second, finished) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for r := range w.list() {
		if err := w.q.giveBack(ctx, w.q.kind(r.Kind), r); err != nil {
			w.q.log.Error("job not given back", "kind", r.Kind, "job", r.ID, "code", codeOf(err))
		}
	}
}

func within(d time.Duration, done <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}
